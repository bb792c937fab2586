"""Files of hosted platforms: Railway, App Engine, Cloud Run, App Platform, Render, Fly and Heroku's formation."""

import json

import pytest

from prodlint.deployment.environment import Environment
from prodlint.deployment.link import link
from prodlint.deployment.process import Platform, Process, Role, VolumeKind
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import YES, Known, Unknown
from prodlint.readers import declare


def repository_of(files: dict[str, str]) -> Repository:
    held = {path: text.encode() for path, text in files.items()}
    return Repository(held, held.__getitem__)


def processes(files: dict[str, str]) -> dict[str, Process]:
    return {fact.name: fact for fact in declare(repository_of(files))[0] if isinstance(fact, Process)}


def only(files: dict[str, str], platform: Platform) -> Process:
    (found,) = [one for one in processes(files).values() if one.platform is platform]
    return found


def values(process: Process) -> dict[str, str | None]:
    return {one.name: None if one.value is None else str(one.value) for one in process.variables}


def settings_of(process: Process) -> dict[str, object]:
    return {one.name: getattr(one.value, "value", None) for one in process.settings}


def number(value: object) -> int | None:
    return value.value if isinstance(value, Known) else None  # type: ignore[no-any-return]


RAILWAY = {
    "build": {"builder": "RAILPACK", "buildCommand": "make assets"},
    "deploy": {
        "startCommand": "gunicorn shop.wsgi",
        "preDeployCommand": ["python manage.py migrate"],
        "healthcheckPath": "/up",
        "numReplicas": 2,
        "drainingSeconds": 10,
    },
}


def test_railway_starts_a_command_in_a_shell_after_its_preparations() -> None:
    process = only({"backend/railway.json": json.dumps(RAILWAY, indent=1)}, Platform.RAILWAY)
    assert process.command is not None
    assert (process.command.form.value, process.command.written) == ("shell", "gunicorn shop.wsgi")
    assert [line.written for line in process.before] == ["make assets", "python manage.py migrate"]
    assert (process.root, process.name, process.role, number(process.replicas)) == ("backend", "backend", Role.WEB, 2)
    assert settings_of(process) == {"build.builder": "RAILPACK", "deploy.drainingSeconds": "10"}


def test_railway_gives_a_dockerfile_the_command_in_the_place_of_its_entrypoint() -> None:
    text = '[deploy]\nstartCommand = "gunicorn -b :$PORT shop.wsgi"\n'
    process = only({"railway.toml": text, "Dockerfile": "FROM x\n"}, Platform.RAILWAY)
    assert process.command is None
    assert process.build is not None
    assert process.entrypoint is not None
    assert [word.literal for word in process.entrypoint.words] == ["gunicorn", "-b", ":$PORT", "shop.wsgi"]
    assert str(process.entrypoint.span) == "railway.toml:2"


def test_the_production_environment_of_railway_counts_first() -> None:
    told = {"deploy": {"startCommand": "a"}, "environments": {"production": {"deploy": {"startCommand": "b"}}}}
    command = only({"railway.json": json.dumps(told)}, Platform.RAILWAY).command
    assert command is not None
    assert command.written == "b"


@pytest.mark.parametrize(
    ("files", "written"),
    [
        ({"railway.json": "{}", "nixpacks.toml": "[start]\ncmd = 'a'\n", "Procfile": "web: c\n"}, "a"),
        ({"railway.json": "{}", "railpack.json": '{"deploy": {"startCommand": "b"}}', "Procfile": "web: c\n"}, "b"),
        ({"railway.json": "{}", "Procfile": "release: r\nworker: w\nweb: c\n"}, "c"),
        ({"nixpacks.toml": "[start]\ncmd = 'a'\n"}, "a"),
        ({"railway.json": "{}"}, None),
        ({"railway.json": "[]", "nixpacks.toml": "x = 1\n"}, None),
    ],
)
def test_without_a_start_command_the_builder_of_railway_decides(files: dict[str, str], written: str | None) -> None:
    found = [one for one in declare(repository_of(files))[0] if isinstance(one, Process)]
    railway = [one for one in found if one.platform is Platform.RAILWAY]
    assert [one.command.written if one.command is not None else None for one in railway] in ([written], [])
    assert all(one.complete is (written is not None) for one in railway)


APP_ENGINE = """runtime: python312
service: shop
instance_class: F2
entrypoint: gunicorn -b :$PORT shop.wsgi
env_variables:
  A: "1"
  B: ${B}
automatic_scaling:
  max_instances: 5
readiness_check: {path: /ready}
"""


def test_app_engine_is_read_from_a_file_with_a_runtime() -> None:
    process = only({"app.yaml": APP_ENGINE}, Platform.APP_ENGINE)
    assert process.command is not None
    assert (process.command.written, process.name, process.role) == ("gunicorn -b :$PORT shop.wsgi", "shop", Role.WEB)
    assert values(process) == {"A": "1", "B": None}
    assert settings_of(process)["automatic_scaling.max_instances"] == "5"
    assert process.environment is Environment.PRODUCTION


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("app.yaml", "runtime: go122\n"),
        ("docs.yaml", "runtime: python312\nname: x\n"),
        ("app.yaml", "a:\n  runtime: python312\n"),
        ("app.yaml", "runtime: [python312]\n"),
    ],
)
def test_other_runtimes_and_other_files_are_no_app_engine(path: str, text: str) -> None:
    assert processes({path: text}) == {}


def test_an_image_of_app_engine_is_the_dockerfile_beside_it() -> None:
    process = only({"api/app.yaml": "runtime: custom\nenv: flex\n", "api/Dockerfile": "FROM x\n"}, Platform.APP_ENGINE)
    assert process.build is not None
    assert process.build.dockerfile == "api/Dockerfile"


CLOUD_RUN = """apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: shop}
spec:
  template:
    metadata:
      annotations: {autoscaling.knative.dev/minScale: "1"}
    spec:
      containerConcurrency: 40
      containers:
      - image: gcr.io/p/shop
        args: [--port, $(PORT)]
        ports: [{containerPort: 9000}]
        env: [{name: PORT, value: "9000"}]
        startupProbe: {httpGet: {path: /up}}
      - {name: proxy, image: gcr.io/p/proxy}
"""


def test_a_knative_service_is_a_cloud_run_service_and_no_kubernetes_service() -> None:
    found = processes({"service.yaml": CLOUD_RUN})
    assert {name: (one.platform, one.role) for name, one in found.items()} == {
        "shop": (Platform.CLOUD_RUN, Role.WEB),
        "shop/proxy": (Platform.CLOUD_RUN, Role.UNKNOWN),
    }
    shop = found["shop"]
    assert [number(one.number) for one in shop.ports] == [9000]
    assert settings_of(shop) == {"autoscaling.knative.dev/minScale": "1", "containerConcurrency": "40"}
    assert (str(shop.span), shop.environment) == ("service.yaml:12", Environment.PRODUCTION)


def test_a_cloud_run_job_prepares() -> None:
    text = (
        "apiVersion: run.googleapis.com/v1\nkind: Job\nmetadata: {name: migrate}\nspec:\n  template:\n    spec:\n"
        "      template:\n        spec:\n          containers: [{image: x, command: [python, manage.py, migrate]}]\n"
    )
    process = only({"job.yaml": text}, Platform.CLOUD_RUN)
    assert process.entrypoint is not None
    assert (process.role, process.entrypoint.written) == (Role.RELEASE, "python manage.py migrate")


APP_PLATFORM = """name: shop
envs:
- {key: SHARED, value: "1"}
services:
- name: web
  source_dir: /backend
  build_command: python manage.py collectstatic
  run_command: gunicorn shop.wsgi
  http_port: 8000
  instance_count: 3
  envs:
  - {key: URL, value: "${db.DATABASE_URL}"}
  - {key: KEY, type: SECRET, value: "EV[1:x]"}
  - {key: BUILD, value: x, scope: BUILD_TIME}
  - {key: HOST, value: example.com}
  health_check: {http_path: /up}
workers:
- {name: queue, dockerfile_path: worker/Dockerfile, source_dir: worker}
jobs:
- {name: migrate, kind: PRE_DEPLOY, run_command: python manage.py migrate}
- {name: clean, kind: SCHEDULED, schedule: {cron: "0 1 * * *"}, run_command: x}
"""


@pytest.mark.parametrize("path", [".do/app.yaml", ".do/deploy.template.yaml", "app.yaml"])
def test_app_platform_components_are_processes(path: str) -> None:
    text = APP_PLATFORM
    if "template" in path:
        text = "spec:\n" + "".join(f"  {line}\n" for line in APP_PLATFORM.splitlines())
    found = processes({path: text})
    assert {name: one.role for name, one in found.items()} == {
        "web": Role.WEB,
        "queue": Role.WORKER,
        "migrate": Role.RELEASE,
        "clean": Role.WORKER,
    }
    web = found["web"]
    assert (web.root, number(web.replicas), web.environment) == ("backend", 3, Environment.PRODUCTION)
    assert values(web) == {"SHARED": "1", "URL": None, "KEY": None, "HOST": "example.com"}
    assert [getattr(one.path, "value", None) for one in web.probes] == ["/up"]
    queue = found["queue"].build
    assert queue is not None
    assert (queue.dockerfile, queue.context) == ("worker/Dockerfile", "worker")


RENDER = """services:
- type: web
  name: shop
  runtime: python
  plan: starter
  buildCommand: ./build.sh
  startCommand: gunicorn shop.wsgi
  healthCheckPath: /up
  numInstances: 2
  disk: {name: media, mountPath: /var/media}
  envVars:
  - {key: A, value: "1"}
  - {key: B, fromDatabase: {name: db, property: connectionString}}
  - {key: C, sync: false}
  - {key: D, generateValue: true}
  - fromGroup: shared
  - fromGroup: gone
- {type: keyvalue, name: cache}
- {type: web, name: site, runtime: static}
- {type: cron, name: clean, runtime: python, schedule: "0 1 * * *", startCommand: x}
- {type: web, name: auto, runtime: python, startCommand: x, scaling: {minInstances: 1, maxInstances: 3}}
envVarGroups:
- name: shared
  envVars: [{key: E, value: x}]
projects:
- name: p
  environments:
  - name: development
    services: [{type: web, name: dev, runtime: python, startCommand: flask run}]
"""


def test_a_render_blueprint_tells_health_disk_variables_and_instances() -> None:
    found = processes({"render.yaml": RENDER})
    assert set(found) == {"shop", "clean", "auto", "dev"}
    shop = found["shop"]
    assert values(shop) == {"A": "1", "B": None, "C": None, "D": None, "E": "x"}
    assert [one.name for one in shop.variables if one.is_secret] == ["D"]
    assert [one.note for one in shop.variables_from] == ["takes variables from gone, which is not in this repository"]
    assert [getattr(one.path, "value", None) for one in shop.probes] == ["/up"]
    assert [(one.target, one.kind) for one in shop.volumes] == [("/var/media", VolumeKind.PERSISTENT)]
    assert (number(shop.replicas), settings_of(shop)["plan"]) == (2, "starter")
    assert isinstance(found["auto"].replicas, Unknown)
    assert isinstance(found["clean"].schedule, Known)
    assert found["dev"].environment is Environment.DEVELOPMENT


FLY = """app = "shop"
kill_signal = "SIGTERM"
kill_timeout = 30
[build.args]
VERSION = "1"
[env]
PORT = "8000"
WORKERS = 2
[processes]
web = "gunicorn shop.wsgi"
queue = "celery -A shop worker"
[http_service]
internal_port = 8000
force_https = true
processes = ["web"]
[[http_service.checks]]
path = "/up"
headers = {Host = "shop.example.com"}
[checks.alive]
type = "tcp"
port = 9000
processes = ["queue"]
[[mounts]]
source = "data"
destination = "/data"
processes = ["queue"]
[[vm]]
memory = "512mb"
[deploy]
release_command = "python manage.py migrate"
"""


def test_fly_routes_checks_mounts_and_sets_variables() -> None:
    found = processes({"fly.toml": FLY, "Dockerfile": "FROM x\n"})
    web, queue, release = found["web"], found["queue"], found["release"]
    assert (web.role, queue.role, release.role) == (Role.WEB, Role.UNKNOWN, Role.RELEASE)
    assert values(web) == values(release) == {"PORT": "8000", "WORKERS": "2"}
    assert [(number(one.port), number(one.target)) for one in web.exposures] == [(443, 8000)]
    assert queue.exposures == ()
    (check,) = web.probes
    assert (getattr(check.path, "value", None), check.headers) == ("/up", (("Host", "shop.example.com"),))
    assert [number(one.port) for one in queue.probes] == [9000]
    assert ([one.target for one in web.volumes], [one.target for one in queue.volumes]) == ([], ["/data"])
    assert settings_of(web)["vm.memory"] == "512mb"
    assert settings_of(web)["http_service.force_https"] == "true"
    assert web.build is not None
    assert [one.name for one in web.build.arguments] == ["VERSION"]
    assert str(web.exposures[0].span) == "fly.toml:13"


@pytest.mark.parametrize(
    "text",
    [
        "services = 5\n",
        "[http_service]\nchecks = 3\n",
        "[[services]]\nports = []\n",
        "env = []\n",
        "[[services]]\ninternal_port = []\n",
    ],
)
def test_a_malformed_fly_file_is_survived(text: str) -> None:
    assert "app" in processes({"fly.toml": text})


def test_the_formation_of_app_json_is_a_proposal_for_apps_that_are_made_from_it() -> None:
    manifest = {
        "formation": {"web": {"quantity": 2, "size": "standard-1x"}, "worker": {"quantity": "x"}},
        "scripts": {"postdeploy": "python manage.py migrate"},
    }
    found = processes({"Procfile": "web: a\nworker: b\nother: c\n", "app.json": json.dumps(manifest)})
    assert isinstance(found["web"].replicas, Unknown)
    assert found["web"].replicas.reason == "app.json proposes 2 for an app that is made from it"
    assert isinstance(found["worker"].replicas, Unknown)
    assert found["other"].replicas is None
    assert settings_of(found["web"]) == {"size": "standard-1x", "scripts.postdeploy": "python manage.py migrate"}
    assert settings_of(found["worker"]) == {}


def test_a_migration_before_the_start_is_no_list_of_what_is_installed() -> None:
    files = {"railway.json": json.dumps(RAILWAY), "shop/wsgi.py": ""}
    repository = repository_of(files)
    (service,) = link(declare(repository)[0], repository).services
    assert service.installs_known is not YES


def test_railway_installs_what_its_builder_finds() -> None:
    files = {"railway.json": json.dumps(RAILWAY), "requirements.txt": "gunicorn==23.0.0\n"}
    repository = repository_of(files)
    (service,) = link(declare(repository)[0], repository).services
    assert service.installs_distribution("gunicorn") is YES


@pytest.mark.parametrize(
    ("line", "ports"), [("force_https = true", [443]), ("force_https = false", [443, 80]), ("", [443, 80])]
)
def test_fly_serves_an_app_unencrypted_too_unless_it_forces_https(line: str, ports: list[int]) -> None:
    text = f"app = 'shop'\n[http_service]\n  internal_port = 8000\n  {line}\n"
    web = only({"fly.toml": text}, Platform.FLY)
    assert [number(one.port) for one in web.exposures] == ports
    assert {number(one.target) for one in web.exposures} == {8000}


@pytest.mark.parametrize(
    ("tables", "ports"),
    [
        ("  [[services.ports]]\n    port = 80\n  [[services.ports]]\n    port = 443\n", [80, 443]),
        ("  [[services.ports]]\n    port = '443'\n    handlers = ['tls', 'http']\n", [443]),
        ("  ports = [{port = 80}, {port = 443}]\n", [80, 443]),
        ("", [None]),
    ],
)
def test_fly_serves_a_service_on_all_of_its_ports(tables: str, ports: list[int | None]) -> None:
    web = only({"fly.toml": f"app = 'shop'\n[[services]]\n  internal_port = 8000\n{tables}"}, Platform.FLY)
    assert [number(one.port) for one in web.exposures] == ports
    assert {number(one.target) for one in web.exposures} == {8000}
