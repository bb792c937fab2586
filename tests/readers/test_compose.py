"""Compose files: which files are, what each service says, and what becomes of variables in it."""

import pytest

from prodlint.deployment import Deployment, Service
from prodlint.deployment.value import EnvDriven, Known
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

PATH = "compose.prod.yml"
DOCKERFILE = 'FROM python:3.13\nWORKDIR /app\nCOPY . .\nCMD ["gunicorn", "app:app"]\n'


def deployment_of(text: str, **others: str) -> Deployment:
    files = {PATH: text, "Dockerfile": DOCKERFILE, "api/Dockerfile": DOCKERFILE.replace("app:app", "api:app"), **others}
    return inspect(MemoryTree(files), []).deployment


def services(text: str, **others: str) -> dict[str, Service]:
    return {one.name: one for one in deployment_of(text, **others).services if one.process.path == PATH}


def web(*lines: str, **others: str) -> Service:
    """A service built from the root, with some lines of its own."""
    body = "".join(f"    {line}\n" for line in lines)
    return services(f"services:\n  web:\n    build: .\n{body}", **others)["web"]


@pytest.mark.parametrize(
    ("path", "text", "is_one"),
    [
        ("compose.prod.yml", "services:\n  a:\n    build: .\n", True),
        ("production.yaml", "services:\n  a:\n    build: .\n", True),
        ("production.yaml", "services:\n  a:\n    image: x\n    build: .\n", True),
        ("production.yaml", "services:\n  a:\n    port: 80\n", False),
        ("production.yaml", "services: [a]\n", False),
        ("production.yaml", "x:\n  services:\n    a:\n      build: .\n", False),
        ("render.yaml", "services:\n- type: web\n  build: .\n", False),
        ("production.json", '{"services": {"a": {"build": "."}}}', False),
    ],
)
def test_a_file_of_services_that_are_built_or_pulled_is_a_compose_file(path: str, text: str, is_one: bool) -> None:
    read_as = inspect(MemoryTree({path: text}), []).read_as
    assert (read_as.get(path) == "Compose file") is is_one


@pytest.mark.parametrize(
    ("build", "image"),
    [
        ("build: .", "Dockerfile"),
        ("build: ./api", "api/Dockerfile"),
        ("build: {context: api}", "api/Dockerfile"),
        ("build: {context: ., dockerfile: api/Dockerfile}", "api/Dockerfile"),
        ("build: {dockerfile: api/Dockerfile}", "api/Dockerfile"),
        ("build: {context: api, dockerfile: ../Dockerfile}", "Dockerfile"),
        ("build: https://example.com/shop.git", None),
        ("build: ../elsewhere", None),
        ("build: {context: ., dockerfile: '${FILE}'}", None),
        ("build: {context: ., dockerfile_inline: 'FROM x'}", None),
    ],
)
def test_the_build_leads_to_a_dockerfile(build: str, image: str | None) -> None:
    service = services(f"services:\n  web:\n    {build}\n    command: gunicorn x:y\n")["web"]
    assert (service.image.path if service.image is not None else None) == image


def test_an_image_that_another_service_builds_is_the_same_image() -> None:
    found = services(
        "services:\n  web:\n    build: api\n    image: shop\n  worker:\n    image: shop\n    command: rq worker\n"
    )
    assert found["worker"].image is found["web"].image


@pytest.mark.parametrize(
    "environment",
    [
        "environment: {A: one, B: two, C: three}",
        "environment: [A=one, B=two, 'C=three']",
        "environment:\n      A: one\n      B: two\n      C: three",
        "environment:\n      <<: *shared\n      C: three",
    ],
)
def test_an_environment_is_a_mapping_or_a_list(environment: str) -> None:
    text = f"x-shared: &shared {{A: one, B: two}}\nservices:\n  web:\n    build: .\n    {environment}\n"
    place = services(text)["web"].place
    found = {name: value.value for name, value in place.environment.items() if isinstance(value, Known)}
    assert {name: found[name] for name in "ABC"} == {"A": "one", "B": "two", "C": "three"}


@pytest.mark.parametrize("environment", ["{A: }", "[A]", "{A: $A}", "{A: 'x${A}'}"])
def test_a_variable_from_outside_is_not_known(environment: str) -> None:
    value = web(f"environment: {environment}").place.environment["A"]
    assert not isinstance(value, Known)


def test_a_variable_of_compose_keeps_its_default() -> None:
    service = web("command: gunicorn ${TARGET:-app:app} --bind 0.0.0.0:${PORT-80}")
    assert service.server is not None
    assert isinstance(service.server.target, EnvDriven)
    assert service.server.target.default == "app:app"


@pytest.mark.parametrize(
    ("command", "written"),
    [
        ("command: gunicorn app:app", "gunicorn app:app"),
        ("command: [gunicorn, 'app:app']", "gunicorn app:app"),
        ("command: gunicorn 'app:app' --name \"a b\"", "gunicorn app:app --name a b"),
        ("command: gunicorn app:app; echo x", "gunicorn app:app"),
        ("command: gunicorn app:app | tee x", "gunicorn app:app"),
        ("command: sh -c 'exec gunicorn app:app --name $$HOSTNAME'", "gunicorn app:app --name $$HOSTNAME"),
        ("command: [sh, -c, 'exec gunicorn app:app --name $$HOSTNAME']", "gunicorn app:app --name $$HOSTNAME"),
        ("command: |\n      gunicorn\n      app:app", "gunicorn app:app"),
    ],
)
def test_a_command_is_split_into_words_and_no_shell_runs_it(command: str, written: str) -> None:
    assert web(command).written == written


@pytest.mark.parametrize(
    ("volume", "is_mounted"),
    [
        ("./src:/app", True),
        ("./src:/app:ro", True),
        ("{type: bind, source: ./src, target: /app}", True),
        ("code:/app", False),
        ("/srv/src:/app", False),
        ("/app", False),
        ("{type: volume, source: code, target: /app}", False),
        ("../src:/app", False),
    ],
)
def test_a_folder_of_the_repository_that_is_mounted_lies_over_the_image(volume: str, is_mounted: bool) -> None:
    app = "from flask import Flask\napp = Flask(__name__)\n"
    service = web(
        f"volumes: [{volume!r}]" if not volume.startswith("{") else f"volumes: [{volume}]",
        **{"app.py": app, "src/app.py": app},
    )
    assert service.app is not None
    assert service.app.path == ("src/app.py" if is_mounted else "app.py")


def test_a_working_directory_is_where_the_server_starts() -> None:
    app = "from flask import Flask\napp = Flask(__name__)\n"
    service = web("working_dir: /app/inner", **{"app.py": app, "inner/app.py": app})
    assert service.app is not None
    assert service.app.path == "inner/app.py"


def test_services_share_what_an_anchor_holds() -> None:
    text = (
        "x-base: &base\n  build: .\n  command: gunicorn base:app\n"
        "services:\n  web:\n    <<: *base\n  worker:\n    <<: *base\n    command: rq worker\n"
    )
    assert {name: one.written for name, one in services(text).items()} == {
        "web": "gunicorn base:app",
        "worker": "rq worker",
    }


def test_a_service_that_extends_another_file_is_not_known_whole() -> None:
    service = web("extends: {file: base.yml, service: web}")
    assert not service.process.complete


@pytest.mark.parametrize(
    "text",
    [
        "services:\n",
        "services: {}\n",
        "services:\n  web:\n",
        "services:\n  web: 7\n",
        "services:\n  web: [a]\n",
        "services:\n  7:\n    build: .\n",
        "services:\n  web: {build: {x: y}, command: {x: y}, environment: 7, volumes: {x: y}}\n",
        "services:\n  web: {build: [x], command: [[x], {y: z}], env_file: {x: y}, volumes: [[x], {type: bind}]}\n",
        "services:\n  web:\n    build: .\n    command: 'unclosed\n",
        "services:\n  web: &a\n    build: *a\n",
        'services:\n  web:\n    build: .\n    command: "sh -c \'x"\n',
    ],
)
def test_a_file_of_another_shape_does_no_harm(text: str) -> None:
    assert all(
        one.server is None or one.written == "gunicorn app:app"
        for one in deployment_of(text).services
        if one.process.path == PATH
    )
