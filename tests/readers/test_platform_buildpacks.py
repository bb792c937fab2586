"""Platforms that build without a Dockerfile: whose a Procfile is, where the files lie, which variables they bring."""

import pytest

from prodlint.deployment import Platform, Service
from prodlint.deployment.environment import Environment
from prodlint.deployment.install import open_dependencies
from prodlint.deployment.value import UNKNOWN, YES, Answer, EnvDriven, Known
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

APP = {
    "app.py": "from flask import Flask\n\napp = Flask(__name__)\n",
    "requirements.txt": "flask==3.1.3\ngunicorn==27.0.1\n",
}
PROCFILE = "web: gunicorn app:app\nworker: rq worker\n"
BUILDER = (
    '[build]\nbuilder = "paketobuildpacks/builder:base"\n[env]\nPORT = "8080"\n[http_service]\ninternal_port = 8080\n'
)
FUNCTION = "Resources:\n  A:\n    Type: AWS::Serverless::Function\n    Properties:\n"
SPEC = "name: shop\nservices:\n- name: api\n  github: {repo: a/b}\n"


def services(files: dict[str, str]) -> list[Service]:
    return list(inspect(MemoryTree({**APP, **files}), []).deployment.services)


def told(files: dict[str, str]) -> list[tuple[str, str, str, str]]:
    return [(one.name, one.process.platform.value, one.written, str(one.process.span)) for one in services(files)]


def test_a_buildpack_of_fly_runs_the_procfile() -> None:
    assert told({"fly.toml": BUILDER, "Procfile": PROCFILE}) == [("app", "Fly.io", "gunicorn app:app", "fly.toml:1")]


def test_app_platform_runs_the_procfile_where_its_spec_names_no_command() -> None:
    files = {".do/app.yaml": SPEC, "Procfile": PROCFILE}
    assert told(files) == [("api", "DigitalOcean", "gunicorn app:app", ".do/app.yaml:3")]


@pytest.mark.parametrize(
    "files",
    [
        # Another stack, another folder, and a spec that starts something else leave the Procfile to Heroku.
        {"fly.toml": BUILDER, "Dockerfile": "FROM python:3.13\nCMD flask run\n", "Procfile": PROCFILE},
        {"fly.toml": '[processes]\nweb = "gunicorn app:app"\n', "Procfile": PROCFILE},
        {"api/fly.toml": BUILDER, "Procfile": PROCFILE},
        {".do/app.yaml": SPEC + "  run_command: gunicorn shop:app\n", "Procfile": PROCFILE},
        {"render.yaml": "services:\n- {type: web, name: a, runtime: python}\n", "Procfile": PROCFILE},
        # An app.json beside it: it is on both.
        {"fly.toml": BUILDER, "app.json": "{}", "Procfile": PROCFILE},
        {"Procfile": PROCFILE},
    ],
)
def test_a_procfile_stays_herokus_where_no_other_platform_takes_it(files: dict[str, str]) -> None:
    found = [one.name for one in services(files) if one.process.platform is Platform.HEROKU]
    assert found == ["web", "worker"]


def test_the_copy_of_a_deploy_button_is_no_second_service() -> None:
    template = "spec:\n  name: shop\n  services:\n  - name: api\n"
    files = {".do/app.yaml": SPEC, ".do/deploy.template.yaml": template, "Procfile": PROCFILE}
    assert len(services(files)) == 1
    del files[".do/app.yaml"]
    assert [one[0] for one in told(files)] == ["api"]
    # A template that is deployed as it stands is no sample for developers.
    assert [one.environment for one in services(files)] == [Environment.PRODUCTION]


@pytest.mark.parametrize(
    ("files", "directory"),
    [
        ({"Procfile": PROCFILE}, "/app"),
        ({"fly.toml": BUILDER, "Procfile": PROCFILE}, "/workspace"),
        ({".do/app.yaml": SPEC, "Procfile": PROCFILE}, "/workspace"),
        ({"render.yaml": "services:\n- {type: web, startCommand: gunicorn app:app}\n"}, "/opt/render/project/src"),
        (
            {"render.yaml": "services:\n- {type: web, rootDir: api, startCommand: gunicorn app:app}\n"},
            "/opt/render/project/src/api",
        ),
        ({"railway.json": '{"deploy": {"startCommand": "gunicorn app:app"}}'}, "/app"),
        ({"app.yaml": "runtime: python313\nentrypoint: gunicorn app:app\n"}, "/workspace"),
        ({"template.yaml": FUNCTION + "      Runtime: python3.13\n      Handler: app.f\n"}, "/var/task"),
        # An image whose Dockerfile nobody names: where its files lie is not known.
        ({"template.yaml": FUNCTION + "      PackageType: Image\n"}, None),
        ({".ebextensions/a.config": "option_settings: {}\n", "Procfile": PROCFILE}, "/var/app/current"),
        ({"apprunner.yaml": "runtime: python3\nrun:\n  command: gunicorn app:app\n"}, "/app"),
    ],
)
def test_each_platform_has_its_own_place_for_the_files(files: dict[str, str], directory: str | None) -> None:
    assert services(files)[0].place.directory == directory


def test_an_absolute_path_on_render_is_a_file_of_the_repository() -> None:
    (service,) = services(
        {
            "render.yaml": "services:\n- {type: web, startCommand: sh /opt/render/project/src/start.sh}\n",
            "start.sh": "exec gunicorn app:app\n",
        }
    )
    assert service.written == "gunicorn app:app"


def test_render_gives_gunicorn_its_arguments_and_trusts_its_proxy() -> None:
    (service,) = services({"render.yaml": "services:\n- {type: web, startCommand: gunicorn app:app}\n"})
    assert service.server is not None
    assert [str(bind) for bind in service.server.binds] == ["0.0.0.0:10000"]
    assert service.server.settings["preload"].value == Known(True, service.server.settings["preload"].value.span)
    trusted = service.server.settings["forwarded_allow_ips"].value
    assert isinstance(trusted, EnvDriven)
    assert trusted.default == "*"


def test_what_a_blueprint_sets_beats_what_render_sets() -> None:
    lines = "services:\n- type: web\n  startCommand: gunicorn app:app\n  envVars:\n"
    lines += "  - {key: GUNICORN_CMD_ARGS, value: --workers 3}\n  - {key: PORT, value: 9000}\n"
    (service,) = services({"render.yaml": lines})
    assert service.server is not None
    assert [str(bind) for bind in service.server.binds] == ["0.0.0.0:9000"]
    assert getattr(service.server.settings["workers"].value, "value", None) == 3


def test_an_image_on_render_gets_no_arguments_for_gunicorn() -> None:
    files = {
        "render.yaml": "services:\n- {type: web, runtime: docker}\n",
        "Dockerfile": "FROM python:3.13\nCMD gunicorn -w 2 app:app\n",
    }
    (service,) = services(files)
    assert not service.variables.definitions("GUNICORN_CMD_ARGS")
    assert service.variables.definitions("WEB_CONCURRENCY")


@pytest.mark.parametrize(("port", "bind"), [("", "0.0.0.0:${PORT:-8080}"), ("  http_port: 9000\n", "0.0.0.0:9000")])
def test_app_platform_sets_port_to_its_own(port: str, bind: str) -> None:
    (service,) = services({".do/app.yaml": SPEC + port + "  run_command: gunicorn app:app\n"})
    assert service.server is not None
    assert [str(one) for one in service.server.binds] == [bind]


def test_a_buildpack_of_fly_installs_the_requirements() -> None:
    (service,) = services({"fly.toml": BUILDER, "Procfile": PROCFILE})
    assert [file.path for install in service.installs for file in install.files] == ["requirements.txt"]


def test_of_two_package_managers_either_may_stay_on_heroku() -> None:
    lock = '{"_meta": {}, "default": {"flask": {"version": "==3.1.3"}}, "develop": {}}'
    files = {"Procfile": PROCFILE, "Pipfile": '[packages]\nflask = "*"\n', "Pipfile.lock": lock}
    web = services(files)[0]
    assert [file.path for install in web.installs for file in install.files] == [
        "Pipfile",
        "requirements.txt",
    ]
    assert web.installs_distribution("uvicorn") is UNKNOWN


def test_app_platform_takes_its_python_from_the_files_of_herokus_buildpack() -> None:
    from prodlint.deployment.installed.runtime import python_of

    files = {".do/app.yaml": SPEC, "Procfile": PROCFILE, "runtime.txt": "python-3.12.4\n"}
    found = inspect(MemoryTree({**APP, **files}), []).deployment
    assert getattr(python_of(found.services[0], found.repository), "value", None) == "3.12.4"


FUNCTIONS = "provider: {name: aws, runtime: python3.12}\nfunctions:\n  web: {handler: app.app}\n"


@pytest.mark.parametrize(
    ("more", "files", "installed"),
    [
        # The framework itself installs nothing: the package holds what lies beside the file.
        ("", {}, []),
        ("plugins: [serverless-offline]\n", {}, []),
        ("plugins: [serverless-python-requirements]\n", {}, ["requirements.txt"]),
        ("plugins: {modules: [serverless-python-requirements]}\n", {}, ["requirements.txt"]),
        ("plugins: [serverless-wsgi]\n", {}, ["requirements.txt"]),
        ("plugins: [serverless-wsgi]\ncustom: {wsgi: {packRequirements: false}}\n", {}, []),
        ("plugins: [serverless-python-requirements]\n", {"Pipfile": "", "Pipfile.lock": "{}"}, ["Pipfile"]),
        ("plugins: [serverless-python-requirements]\ncustom: {pythonRequirements: {fileName: other.txt}}\n", {}, []),
        ("plugins: ${file(plugins.yml)}\n", {}, []),
    ],
)
def test_the_serverless_framework_installs_what_its_plugins_pack(
    more: str, files: dict[str, str], installed: list[str]
) -> None:
    (service,) = services({"serverless.yml": FUNCTIONS + more, **files})
    assert [file.path for one in service.installs for file in one.files] == installed
    assert installed or service.installs_known is UNKNOWN


MARKED = "requests==2.32.5\npynamodb #no-deploy\nboto3\nsix>=1\n"


@pytest.mark.parametrize(
    ("version", "open_ones", "packs"),
    [
        ("^2.4.1", ["boto3", "six"], YES),
        ("~3.3", ["pynamodb"], UNKNOWN),
        ("4.3.0", ["pynamodb"], UNKNOWN),
        ("^5", ["pynamodb", "boto3", "six"], YES),
        ("6.x", ["pynamodb", "boto3", "six"], YES),
        # Which version comes is not known: nothing that one of them leaves out is told.
        (">=2", [], UNKNOWN),
        (None, [], UNKNOWN),
    ],
)
def test_serverless_python_requirements_leaves_out_what_its_version_does(
    version: str | None, open_ones: list[str], packs: Answer
) -> None:
    files = {
        "serverless.yml": FUNCTIONS + "plugins: [serverless-python-requirements]\n",
        "requirements.txt": MARKED,
    }
    if version is not None:
        files["package.json"] = f'{{"devDependencies": {{"serverless-python-requirements": "{version}"}}}}'
    (service,) = services(files)
    (install,) = service.installs
    assert [one.name for _, loose in open_dependencies(install) for one in loose] == open_ones
    assert service.installs_distribution("boto3") is packs


def test_the_mark_of_serverless_python_requirements_says_nothing_to_others() -> None:
    (service,) = services({"serverless.yml": FUNCTIONS + "plugins: [serverless-wsgi]\n", "requirements.txt": MARKED})
    (install,) = service.installs
    assert [one.name for _, loose in open_dependencies(install) for one in loose] == ["pynamodb", "boto3", "six"]
