"""What the map tells of variables that are not wholly known, and of files of variables that are not here."""

from __future__ import annotations

from maps import DOCKERFILE, MIGRATED, UWSGI, drawn, of, pod

from prodlint.deployment.environment import Environment
from prodlint.deployment.value import Formed
from prodlint.inspection import inspect
from prodlint.map.document import Fact, State
from prodlint.map.text import render
from prodlint.map.why import why
from prodlint.report.terminal import Terminal
from prodlint.tree import MemoryTree


def variables(lines: str) -> dict[str, Fact]:
    text = f"services:\n  web:\n    build: .\n    environment:\n{lines}"
    [service] = drawn({"Dockerfile": DOCKERFILE, "app.py": "", "compose.prod.yml": text}).services
    return {one.name: one for one in service.variables}


def test_a_text_that_is_known_but_for_a_variable_is_told_with_the_variable_in_its_place() -> None:
    found = variables("      HOST: https://$DOMAIN/x\n      PLAIN: $OTHER\n      PAIR: $A-${B:-b}\n")
    assert (found["HOST"].text, found["HOST"].state) == ("https://$DOMAIN/x", State.ENVIRONMENT)
    assert (found["PLAIN"].text, found["PLAIN"].state) == ("$OTHER is not set in this repository", State.UNKNOWN)
    assert found["PAIR"].text == "$A-$B"


def test_the_known_part_of_a_secret_is_hidden() -> None:
    found = variables(
        "      DB_PASSWORD: hunter2-$X\n      URL: postgres://u:hunter2@$HOST/d\n      OK: pg://u:$P@db\n"
    )
    assert not any("hunter2" in one.text for one in found.values())
    assert found["OK"].text == "pg://u:$P@db"


def test_a_value_that_is_known_but_for_variables_is_still_unknown_to_rules() -> None:
    text = "services:\n  web:\n    build: .\n    environment: {HOST: 'https://$DOMAIN'}\n"
    files = {"Dockerfile": DOCKERFILE, "app.py": "", "compose.prod.yml": text}
    [service] = inspect(MemoryTree(files), ()).deployment.services
    value = service.variables.get("HOST")
    assert isinstance(value, Formed)
    assert (value.form, value.names) == ("https://$DOMAIN", ("DOMAIN",))


def test_a_variable_of_uwsgi_that_its_platform_sets_is_decided_by_it() -> None:
    files = {
        "Dockerfile": "FROM python:3.13-slim\nENV PORT=8000\nCOPY . /app\nWORKDIR /app\nCMD uwsgi uwsgi.ini\n",
        "uwsgi.ini": "[uwsgi]\nhttp-socket = :$(PORT)\nmodule = app:app\n",
        "app.py": "from flask import Flask\n\napp = Flask('x')\n",
        "heroku.yml": "build:\n  docker:\n    web: Dockerfile\n",
    }
    assert [one.subject for one in drawn(files).doubts if "socket" in one.subject] == []


def test_what_runs_beside_the_app_tells_the_files_of_variables_that_it_lacks() -> None:
    [database] = drawn(MIGRATED).beside
    assert database.text == "PostgreSQL 17, env from .env.prod.db, which is not in this repository"


def test_a_number_that_something_outside_decides_is_told_with_its_limits() -> None:
    text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec:\n  template:\n    spec:\n      "
    text += "containers: [{name: shop, image: shop, command: [gunicorn, 'app:app']}]\n---\n"
    text += "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: load}\nspec:\n"
    text += "  {scaleTargetRef: {kind: Deployment, name: shop}, minReplicas: 2, maxReplicas: 5}\n"
    files = {
        "k8s/production/shop.yaml": text,
        "Dockerfile": DOCKERFILE,
        "app.py": "",
        "build.sh": "docker build -t shop .",
    }
    [service] = [one for one in drawn(files).services if one.name == "shop"]
    found = {one.name: one for one in service.facts}
    told = "2 to 5, the HorizontalPodAutoscaler load decides how many run"
    assert (found["replicas"].text, found["replicas"].state) == (told, State.ENVIRONMENT)


def test_a_condition_of_uwsgi_on_one_value_of_a_variable_leaves_what_holds_without_it() -> None:
    lines = "[uwsgi]\nmodule = app:app\nif-env = QUIET=true\ndisable-logging = true\nendif =\n"
    assert of({**UWSGI, "u.ini": lines}, "web")["disable_logging"] == "False, unless $QUIET changes it"
    quiet = {"compose.prod.yml": UWSGI["compose.prod.yml"].replace("QUIET", "QUIET=true")}
    assert of({**UWSGI, "u.ini": lines, **quiet}, "web")["disable_logging"] == "True"


def test_the_placeholder_of_a_condition_of_uwsgi_is_told_as_its_variable() -> None:
    lines = "[uwsgi]\nmodule = app:app\nif-env = PORT_IN\nattach-daemon = ./mail --port=%(_) -v\nendif =\n"
    assert of({**UWSGI, "u.ini": lines}, "web")["daemons"] == "perhaps ./mail --port=$PORT_IN -v"
    told = why(drawn({**UWSGI, "u.ini": lines}), "web.daemons", Terminal(False))
    assert "  ./mail --port=$PORT_IN -v  is started beside it" in told


def test_a_variable_of_windows_is_a_port_of_runserver() -> None:
    files = {**MIGRATED, "Procfile.windows": "web: python manage.py runserver %PORT%\n", "app.json": "{}"}
    files.pop("compose.dev.yml")
    assert of(files, "web", Environment.DEVELOPMENT)["bind"] == "127.0.0.1:$PORT"


def test_a_database_whose_file_of_variables_has_a_sample_is_told_with_it() -> None:
    [database] = drawn({**MIGRATED, ".env.prod.db-sample": "POSTGRES_USER=x\n"}).beside
    missing = ".env.prod.db, which is not in this repository: .env.prod.db-sample lists what it sets"
    assert database.text == f"PostgreSQL 17, env from {missing}"


def test_a_plain_env_file_that_is_missing_is_told_with_the_sample_beside_it() -> None:
    compose = "services:\n  web:\n    build: .\n    env_file: .env\n"
    files = {**UWSGI, "compose.prod.yml": compose, ".env.example": "DEBUG=1\n"}
    missing = ".env, which is not in this repository"
    sample = f"{missing} (.env.example is a sample of it"
    assert of(files, "web")["env from"] == f"{sample}, for development: DEBUG=1)"
    for lines, said in {
        "export NODE_ENV=dev\nFLASK_DEBUG=on\nAPP=dev\n": ", for development: NODE_ENV=dev, FLASK_DEBUG=on",
        "DEBUG=0\nAPP_ENV=production\nSTATIC_MODE=local-first\nDEBUG_TOKEN=1\n": "",
        "APP_ENV=$NAME\nDEBUG\n": "",
    }.items():
        assert of({**files, ".env.example": lines}, "web")["env from"] == f"{sample}{said})"
    # What developers set is nothing that is set in production.
    assert "DEBUG" not in of(files, "web").get("set outside", "")
    assert of({**UWSGI, "compose.prod.yml": compose}, "web")["env from"] == missing


def test_what_kubernetes_fills_in_is_told_as_what_it_is() -> None:
    fields = {
        "NS": "fieldRef: {fieldPath: metadata.namespace}",
        "TIER": "fieldRef: {fieldPath: \"metadata.labels['tier']\"}",
        "CPUS": "resourceFieldRef: {resource: limits.cpu}",
        "OWN": "fieldRef: {fieldPath: made.up}",
    }
    env = ", ".join(f"{{name: {name}, valueFrom: {{{source}}}}}" for name, source in fields.items())
    files = {
        "k8s/web.yaml": pod(f"{{name: web, image: shop, env: [{env}]}}"),
        "Dockerfile": DOCKERFILE,
        "app.py": "",
        "pyproject.toml": "[project]\nname = 'shop'\n",
    }
    text = " ".join(render(drawn(files), Terminal(False)).split())
    assert "CPUS (limits.cpu of the container)" in text
    assert "NS (the namespace of the pod)" in text
    assert "TIER (the label tier of the pod)" in text
    assert "OWN," in text


def test_a_file_of_variables_that_is_not_there_is_told_by_its_path_in_the_repository() -> None:
    compose = "services:\n  web:\n    build: .\n    restart: always\n    env_file: ./.env\n"
    files = {"compose.prod.yml": compose, "Dockerfile": DOCKERFILE, "app.py": "", ".env.example": "A=1\n"}
    fact = drawn(files).services[0].fact("env from")
    assert fact is not None
    assert fact.text == ".env, which is not in this repository (.env.example is a sample of it)"
