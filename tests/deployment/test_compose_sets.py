"""Which compose files run together, and with what: includes, default sets, env files, profiles; ports and images."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from compose_projects import DOCKERFILE, WEB, composed, deployment, value

from prodlint.cli import main
from prodlint.deployment.environment import Environment
from prodlint.deployment.process import Platform
from prodlint.deployment.value import EnvDriven, Known
from prodlint.testing import check_project


def test_included_files_bring_their_services_and_start_from_their_own_folder() -> None:
    files = {
        "compose.yml": "include:\n  - backend/compose.yml\n  - path: [tools/a.yml, tools/compose.b.yml]\n" + WEB,
        "backend/compose.yml": "services:\n  api:\n    build: .\n    env_file: api.env\n"
        "    environment: {P: '${P:-1}'}\n",
        "backend/api.env": "A=file\n",
        "backend/.env": "P=7\n",
        "backend/Dockerfile": DOCKERFILE,
        "tools/a.yml": "services:\n  beat:\n    build: ..\n    command: celery beat\n",
        "tools/compose.b.yml": "services:\n  beat:\n    environment: {B: b}\n",
    }
    found = {one.name: one for one in composed(files)}
    assert sorted(found) == ["api", "beat", "web"]
    assert found["api"].image is not None
    assert found["api"].image.path == "backend/Dockerfile"
    assert [value(found["api"], name) for name in "AP"] == ["file", "$P else 7"]
    assert found["beat"].image is not None
    assert (found["beat"].image.path, value(found["beat"], "B")) == ("Dockerfile", "b")


def test_the_variables_of_the_including_project_win_and_an_env_file_may_be_named() -> None:
    files = {
        "compose.yml": "include:\n  - {path: a/c.yml, env_file: x.env, project_directory: .}\n" + WEB,
        "a/c.yml": "services:\n  api:\n    build: .\n    environment: {P: '${P:-0}', Q: '${Q:-0}'}\n"
        "    env_file: e.env\n",
        "x.env": "P=1\nQ=1\n",
        ".env": "Q=2\n",
        "e.env": "E=root\n",
        "a/.env": "P=9\n",
    }
    (api,) = [one for one in composed(files) if one.name == "api"]
    assert [value(api, name) for name in "PQE"] == ["$P else 1", "$Q else 2", "root"]


def test_files_that_include_each_other_end_and_what_lies_elsewhere_does_no_harm() -> None:
    files = {
        "compose.yml": "include: [a.yml, '../x.yml', 'oci://x/y', '${F}', {path: }, 3]\n" + WEB,
        "a.yml": "include: [compose.yml, a.yml]\nservices:\n  api:\n    build: .\n",
    }
    assert sorted(one.name for one in composed(files)) == ["api", "web"]


# --- sets ----------------------------------------------------------------------------------------


def test_paths_of_a_second_file_start_from_the_folder_of_the_first() -> None:
    files = {
        "compose.yml": "services:\n  web:\n    image: web\n",
        "deploy/compose.prod.yml": "services:\n  web:\n    build: api\n    env_file: prod.env\n"
        "    volumes: ['./src:/app']\n",
        "deploy.sh": "docker compose -f compose.yml -f deploy/compose.prod.yml up -d\n",
        "api/Dockerfile": DOCKERFILE,
        "prod.env": "A=root\n",
    }
    (web,) = [one for one in composed(files) if one.environment is Environment.PRODUCTION]
    assert web.image is not None
    assert (web.image.path, value(web, "A")) == ("api/Dockerfile", "root")
    assert [one.source for one in web.process.mounts] == ["src"]


def test_a_command_without_files_takes_the_default_set_of_its_folder() -> None:
    files = {
        "compose.yml": WEB,
        "infra/docker-compose.yml": "services:\n  api:\n    build: ..\n",
        "deploy.sh": "cd infra/scripts && docker compose up -d\n",
        "infra/scripts/x.sh": "",
    }
    found = {one.name: one.environment for one in composed(files)}
    assert found == {"web": Environment.UNKNOWN, "api": Environment.PRODUCTION}


def test_compose_file_in_a_committed_dotenv_lists_the_default_set() -> None:
    files = {
        "compose.yml": WEB,
        "compose.tls.yml": "services:\n  web:\n    environment: {TLS: 'on'}\n",
        ".env": "COMPOSE_FILE=compose.yml:compose.tls.yml\n",
        "deploy.sh": "docker compose up -d\n",
    }
    (web,) = [one for one in composed(files) if one.environment is Environment.PRODUCTION]
    assert value(web, "TLS") == "on"
    files[".env"] = "COMPOSE_PATH_SEPARATOR=,\nCOMPOSE_FILE=compose.yml,compose.tls.yml\n"
    (web,) = [one for one in composed(files) if one.environment is Environment.PRODUCTION]
    assert value(web, "TLS") == "on"
    del files[".env"]
    files["deploy.sh"] = "export COMPOSE_FILE=compose.yml:compose.tls.yml\ndocker compose up -d\n"
    (web,) = [one for one in composed(files) if one.environment is Environment.PRODUCTION]
    assert value(web, "TLS") == "on"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("docker compose --env-file prod.env up -d", "$P else prod"),
        ("docker compose --env-file=prod.env --env-file more.env up -d", "$P else more"),
        ("docker compose --env-file /etc/app.env up -d", "$P else 0"),
        ("COMPOSE_ENV_FILES=prod.env docker compose up -d", "$P else prod"),
        ("docker compose up -d", "$P else dotenv"),
    ],
)
def test_the_env_file_of_a_command_takes_the_place_of_the_dotenv(command: str, expected: str) -> None:
    files = {
        "compose.yml": WEB + "    environment: {P: '${P:-0}'}\n",
        ".env": "P=dotenv\n",
        "prod.env": "P=prod\n",
        "more.env": "P=more\n",
        "deploy.sh": command + "\n",
    }
    (web,) = [one for one in composed(files) if one.environment is Environment.PRODUCTION]
    assert value(web, "P") == expected


@pytest.mark.parametrize(
    ("command", "started"),
    [
        ("docker compose up -d", False),
        ("docker compose --profile extra up -d", True),
        ("docker compose --profile '*' up -d", True),
        ("docker compose up -d --scale web=2 debug", True),
        ("COMPOSE_PROFILES=a,extra docker compose up -d", True),
        ("docker compose --profile other up -d", False),
        ('docker compose --profile "$(hostname)" up -d', True),
        ("docker compose up -d $SERVICE", True),
        ("COMPOSE_PROFILES=$(hostname) docker compose up -d", True),
        ("docker compose build --profile x\ndocker compose up -d", False),
        ("docker compose up -d $SERVICE\ndocker compose up -d", True),
    ],
)
def test_a_service_whose_profile_production_does_not_ask_for_is_perhaps_not_started(
    command: str, started: bool
) -> None:
    files = {
        "compose.yml": WEB + "  debug:\n    build: .\n    profiles: [extra]\n",
        "deploy.sh": command + "\n",
    }
    found = {one.name: one.environment for one in composed(files)}
    assert found["web"] is Environment.PRODUCTION
    assert (found["debug"] is Environment.PRODUCTION) is started


THREE = WEB + "    depends_on: [mail]\n  mail:\n    build: .\n  dev:\n    build: .\n"


@pytest.mark.parametrize(
    ("command", "others", "path", "is_left"),
    [
        ("docker compose up -d web", {}, "compose.yml", True),
        (
            "docker compose pull\ndocker compose build dev\ndocker compose up -d --no-deps web mail",
            {},
            "compose.yml",
            True,
        ),
        # The other roads start it, or say that it runs, or are not read so far.
        ("docker compose up -d web", {"deploy/deploy.sh": "cd ..\ndocker compose up -d dev\n"}, "compose.yml", False),
        ("docker compose up -d web\ndocker compose up -d", {}, "compose.yml", False),
        ("docker compose up -d web\ndocker compose restart", {}, "compose.yml", False),
        ("docker compose up -d web\ndocker compose restart dev", {}, "compose.yml", False),
        ("docker compose up -d --scale dev=0 web", {}, "compose.yml", False),
        ("docker compose up -d web\ndocker compose exec dev flask seed", {}, "compose.yml", False),
        ("docker compose up -d web\ndocker compose run --rm dev flask seed", {}, "compose.yml", False),
        ("docker compose up -d web\ndocker compose up -d $MORE", {}, "compose.yml", False),
        ("docker compose up -d of-elsewhere", {}, "compose.yml", False),
        (
            "docker compose up -d web",
            {"a.service": "[Service]\nExecStart=/usr/bin/docker compose up\n"},
            "compose.yml",
            False,
        ),
        # A person may start it as a whole, and a file that is called so is production's as a whole.
        ("docker compose pull", {}, "compose.yml", False),
        ("docker compose -f compose.prod.yml up -d web", {}, "compose.prod.yml", False),
    ],
)
def test_what_no_command_starts_is_not_known_to_run_in_production(
    command: str, others: dict[str, str], path: str, is_left: bool
) -> None:
    found = {one.name: one.environment for one in composed({path: THREE, "deploy.sh": command + "\n", **others})}
    assert found["mail"] is Environment.PRODUCTION
    assert found["dev"] is (Environment.UNKNOWN if is_left else Environment.PRODUCTION)


def test_a_dotenv_whose_lines_double_ends_soon() -> None:
    lines = "A0=x\n" + "".join(f"A{n}=${{A{n - 1}}}${{A{n - 1}}}\n" for n in range(1, 60))
    (web,) = composed({"compose.yml": WEB + "    environment: {X: '${A59}', Y: '${A3}'}\n", ".env": lines})
    assert (value(web, "X"), value(web, "Y")) == ("?", "$A3 else xxxxxxxx")


# --- ports, images, the map ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("'8000:80'", "8000 → 80"),
        ("127.0.0.1:8000:80", "127.0.0.1:8000 → 80"),
        ("0.0.0.0:8000:80/tcp", "8000 → 80"),
        ("'[::1]:8000:80'", "[::1]:8000 → 80"),
        ("'80'", "the host → 80"),
        ("'${PORT:-443:443}'", "${PORT:-443:443}"),
        ("'${PORT:-8443:443}'", "${PORT:-8443:443}"),
        ("'${PORT:-443}'", "the host → ${PORT:-443}"),
        ("'${FORWARD:-127.0.0.1:8000}:${PORT:-80}'", "${FORWARD:-127.0.0.1:8000} → ${PORT:-80}"),
        ("'${A:-127.0.0.1}:${B:-8000}:80'", "${A:-127.0.0.1}:${B:-8000} → 80"),
        ("'${A}:8000:80'", "$A:8000 → 80"),
        ("'${B:-8000}:80'", "${B:-8000} → 80"),
        ("'${B:?not set}:$C'", "$B → $C"),
        ("'${HOST:+${HOST}:}${PORT:-8080}:80'", "? (it is no single number) → 80"),
        ("{target: 80, published: '8000', host_ip: 127.0.0.1}", "127.0.0.1:8000 → 80"),
        ("{target: 80}", "the host → 80"),
    ],
)
def test_the_map_shows_published_ports(
    entry: str, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Dockerfile").write_text(DOCKERFILE, encoding="utf-8")
    beside = f"  db:\n    image: postgres:17\n    ports: [{entry}]\n"
    (tmp_path / "compose.prod.yml").write_text(WEB + f"    ports:\n      - {entry}\n" + beside, encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["map", str(tmp_path)])
    printed = capsys.readouterr().out
    assert f"ports        {expected}  (compose.prod.yml:6)" in printed
    assert f"PostgreSQL 17, published on {expected}  (compose.prod.yml:7)" in printed


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("'8000:80'", None),
        ("'0.0.0.0:8000:80'", None),
        ("'127.0.0.1:8000:80'", "127.0.0.1"),
        # Whoever sets these decides who may connect.
        ("'${F:-127.0.0.1:8000}:80'", "$F else 127.0.0.1"),
        ("'${F:-8000}:80'", "$F else "),
        ("'${A:-0.0.0.0}:8000:80'", "$A else "),
        ("'${A}:8000:80'", "$A else None"),
    ],
)
def test_the_address_of_a_published_port_is_driven_by_the_variable_that_holds_it(
    entry: str, address: str | None
) -> None:
    (web,) = composed({"compose.yml": WEB + f"    ports: [{entry}]\n"})
    (exposure,) = web.process.exposures
    found = exposure.address
    known = found.value if isinstance(found, Known) else None
    assert (f"${found.name} else {found.default}" if isinstance(found, EnvDriven) else known) == address


def test_exposed_ports_are_ports_of_the_service() -> None:
    (web,) = composed({"compose.yml": WEB + "    expose: ['8000', 9000/tcp, 9001/udp, '${P:-1}']\n"})
    numbers = [port.number for port in web.process.ports]
    shown = [one.value if isinstance(one, Known) else (one.name, one.default) for one in numbers if one is not None]
    assert shown == [8000, 9000, ("P", 1)]


def test_an_image_that_a_pipeline_of_this_repository_pushes_is_no_backing_service() -> None:
    workflow = (
        "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - uses: docker/build-push-action@v6\n        with: {push: true, tags: 'ghcr.io/acme/shop:latest'}\n"
    )
    files = {
        ".github/workflows/release.yml": workflow,
        "compose.prod.yml": "services:\n  web:\n    image: ghcr.io/acme/shop:${TAG:-latest}\n    restart: always\n"
        "  cache:\n    image: redis:8\n  other:\n    image: ghcr.io/else/thing:1\n",
    }
    found = deployment(files)
    (web,) = [one for one in found.services if one.process.platform.value == "Compose"]
    assert web.image is not None
    assert (web.name, web.image.path, web.server.product if web.server else "") == ("web", "Dockerfile", "gunicorn")
    beside = [(one.name, one.product, one.version) for one in found.backing_services]
    assert beside == [("cache", "Redis", "8"), ("other", "", "1")]


def test_the_tag_tells_which_stage_of_a_dockerfile_a_service_runs() -> None:
    step = "    - uses: docker/build-push-action@v6\n"
    step += "      with: {{push: true, tags: 'acme/shop:{tag}', target: {stage}}}\n"
    steps = step.format(tag="latest", stage="plain") + step.format(tag="latest-plus", stage="plus")
    files = {
        "Dockerfile": "FROM python:3.13 AS plain\nCMD gunicorn a:b\nFROM plain AS plus\nCMD gunicorn c:d\n",
        ".github/workflows/cd.yml": f"on: push\njobs:\n  ship:\n    steps:\n{steps}",
        "compose.yml": "services:\n  web:\n    image: acme/shop\n    restart: always\n",
    }
    assert [one.written for one in composed(files)] == ["gunicorn a:b"]


@pytest.mark.parametrize(
    ("web", "environment"),
    [
        ("    restart: always\n", Environment.UNKNOWN),
        ("", Environment.DEVELOPMENT),
        ("    restart: always\n    volumes: ['.:/app']\n", Environment.DEVELOPMENT),
        ("    restart: always\n    command: flask run\n", Environment.DEVELOPMENT),
    ],
)
def test_beside_production_a_set_that_serves_and_restarts_may_be_for_those_who_host_it(
    web: str, environment: Environment
) -> None:
    files = {"render.yaml": "services:\n- {type: web, name: a, runtime: python, startCommand: gunicorn app:app}\n"}
    files["compose.yml"] = "services:\n  web:\n    build: .\n" + web
    files["app.py"] = "from flask import Flask\napp = Flask(__name__)\n"
    assert [one.environment for one in composed(files)] == [environment]


def test_an_image_of_others_is_not_ours_because_a_folder_bears_the_end_of_its_name() -> None:
    files = {
        "api/Dockerfile": DOCKERFILE,
        "compose.yml": "services:\n  x:\n    image: others/api\n    restart: always\n",
    }
    found = deployment(files)
    assert [one.name for one in found.backing_services] == ["x"]


@pytest.mark.parametrize("command", ["up -d", "-p run up -d"])
def test_a_folder_that_is_called_like_a_command_changes_no_command(command: str) -> None:
    files = {
        "deploy.sh": f"docker compose -f config/compose.yml {command}\n",
        "config/compose.yml": "services:\n  web:\n    build: ..\n    restart: always\n",
    }
    assert [one.environment for one in composed(files)] == [Environment.PRODUCTION]


# --- what runs beside them -----------------------------------------------------------------------


def test_a_database_of_a_file_and_its_override_is_told_once_with_what_the_override_adds() -> None:
    database = "  db:\n    image: postgres:18\n"
    found = deployment(
        {
            "compose.yml": "services:\n  web:\n    build: .\n" + database,
            "compose.override.yml": "services:\n  web:\n    command: flask run\n  db:\n    ports: ['5432:5432']\n",
            "compose.prod.yml": WEB + database,
            "deploy.sh": "docker compose -f compose.prod.yml up -d\n",
        }
    ).backing_services
    told = [(one.span.path, one.environment.value, len(one.process.exposures)) for one in found if one.process]
    assert sorted(told) == [("compose.prod.yml", "production", 0), ("compose.yml", "development", 1)]


# --- images that only desks build ----------------------------------------------------------------

ENTRY = '#!/bin/sh\npython manage.py migrate\nexec "$@"\n'
DESK = {
    "Dockerfile": 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nENTRYPOINT ["/app/entrypoint.sh"]\n',
    "Dockerfile.prod": DOCKERFILE,
    "entrypoint.sh": ENTRY,
    "manage.py": "import django\n",
    "compose.yml": "services:\n  web:\n    build: .\n    command: python manage.py runserver\n",
    "compose.prod.yml": "services:\n  web:\n    build: {context: ., dockerfile: Dockerfile.prod}\n",
}


def test_an_image_that_a_service_of_development_runs_is_no_second_service_of_development() -> None:
    found = [(one.name, one.environment, one.process.platform.value) for one in deployment(DESK).services]
    assert sorted(found, key=str) == [
        ("web", Environment.DEVELOPMENT, "Compose"),
        ("web", Environment.PRODUCTION, "Compose"),
    ]


@pytest.mark.parametrize(
    ("path", "environment"),
    [
        ("config/development/web.env", Environment.DEVELOPMENT),
        (".env.dev", Environment.DEVELOPMENT),
        (".env.example", Environment.PRODUCTION),
        ("config/web.env", Environment.PRODUCTION),
    ],
)
def test_the_variables_of_developers_make_a_set_theirs(path: str, environment: Environment) -> None:
    compose = f"services:\n  web:\n    build: .\n    restart: always\n    env_file: {path}\n"
    assert [one.environment for one in composed({"compose.yml": compose, path: "A=1\n"})] == [environment]


def test_a_place_that_two_services_share_is_one_piece_of_evidence() -> None:
    files = {
        **DESK,
        "compose.yml": DESK["compose.yml"] + "  beat:\n    build: .\n    command: python manage.py beat\n",
        "shop/migrations/0001_initial.py": "from django.db import migrations\n\n\nclass Migration("
        "migrations.Migration):\n    dependencies = []\n    operations = []\n",
        "app.py": "from django.core.wsgi import get_wsgi_application\n\napp = get_wsgi_application()\n",
    }
    rule = import_module("prodlint.rules.platform.missing_migration_step").missing_migration_step
    (finding,) = check_project(files, [rule])
    assert [one.note for one in finding.evidence].count("only development applies them") == 1


def test_a_file_whose_services_have_no_image_and_are_extended_starts_none_of_them() -> None:
    sockets = "  sockets:\n    image: soketi/soketi:1.4\n    command: [sh, run.sh]\n"
    base = f"services:\n  base:\n    environment: [A=1]\n{sockets}"
    web = "services:\n  web:\n    extends: {file: compose.common.yml, service: base}\n    build: .\n"
    files = {"docker-compose.yml": web, "compose.common.yml": base}
    assert [(one.name, value(one, "A")) for one in composed(files)] == [("web", "1")]
    # Whole services of a file that others extend run by themselves as well.
    whole = base.replace("    environment", "    build: .\n    environment")
    assert sorted(one.name for one in composed({**files, "compose.common.yml": whole})) == ["base", "sockets", "web"]


@pytest.mark.parametrize("command", ["[-config.file=/etc/tempo.yaml]", "--config.file=/etc/x", "serve"])
def test_arguments_of_an_image_of_others_are_no_command(command: str) -> None:
    told = f"services:\n  tempo:\n    image: grafana/tempo:latest\n    command: {command}\n"
    found = deployment({"docker-compose.yml": told})
    assert [one.name for one in found.backing_services] == ["tempo"]
    assert [one.name for one in found.services if one.process.platform.value == "Compose"] == []
    ours = told.replace(command, "python app.py")
    assert [one.name for one in composed({"docker-compose.yml": ours})] == ["tempo"]


@pytest.mark.parametrize(
    ("body", "names"),
    [("!reset null", ["web"]), ("!reset", ["web"]), ("{}", ["jobs", "web"]), ("null", ["jobs", "web"])],
)
def test_a_service_that_an_override_takes_out_is_not_there(body: str, names: list[str]) -> None:
    files = {
        "compose.yml": "services:\n  web: {image: acme/web, command: gunicorn a:b}\n"
        "  jobs: {image: acme/web, command: rq worker}\n",
        "compose.prod.yml": f"services:\n  web: {{restart: always}}\n  jobs: {body}\n",
        "deploy.sh": "docker compose -f compose.yml -f compose.prod.yml up -d\n",
    }
    services = deployment(files).services
    started = [one for one in services if one.process.platform is Platform.COMPOSE]
    assert sorted(one.name for one in started if one.environment is Environment.PRODUCTION) == names
