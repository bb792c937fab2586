"""What a service finds in its environment decides what its server is told: closed environments leave nothing open."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from prodlint.deployment.servers.server import Server
from prodlint.deployment.service import Service
from prodlint.deployment.value import YES, EnvDriven, Known
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

DOCKERFILE = "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nCMD {}\n"
COMPOSE = "services:\n  web:\n    build: .\n    restart: always\n"


def service(files: Mapping[str, str], name: str = "web") -> Service:
    inspection = inspect(MemoryTree(files), ())
    assert inspection.crashes == ()
    return next(one for one in inspection.deployment.services if one.name == name)


def composed(command: str, lines: str = "", **files: str) -> Server:
    """The server of `web`, whose image starts it by a command in shell form."""
    held = {"Dockerfile": DOCKERFILE.format(command), "compose.yml": COMPOSE + lines, "app.py": ""}
    held.update({name.replace("__", "/").replace("_", "."): text for name, text in files.items()})
    found = service(held).server
    assert found is not None
    return found


def shown(server: Server, name: str) -> object:
    value = server.settings[name].value
    if isinstance(value, Known):
        return value.value
    return (f"${value.name}", value.default) if isinstance(value, EnvDriven) else "?"


CLOSED = "    environment: {A: x}\n"
OPEN = "    env_file: elsewhere.env\n"


@pytest.mark.parametrize(
    ("lines", "workers", "bind"),
    [
        (CLOSED, 2, "0.0.0.0:9000"),
        (OPEN, ("$WORKERS", 2), "0.0.0.0:${PORT:-9000}"),
        ("    environment: {WORKERS: 5, PORT: 80}\n", 5, "0.0.0.0:80"),
        ("    environment: [WORKERS, PORT=80]\n", ("$WORKERS", 2), "0.0.0.0:80"),
    ],
)
def test_a_default_of_the_command_holds_where_nothing_can_set_its_variable(
    lines: str, workers: object, bind: str
) -> None:
    server = composed("gunicorn --workers ${WORKERS:-2} --bind 0.0.0.0:${PORT:-9000} app:app", lines)
    assert shown(server, "workers") == workers
    assert [str(one) for one in server.binds] == [bind]


def test_variables_that_a_server_reads_by_itself_are_certainly_unset_in_a_closed_environment() -> None:
    for lines, workers in ((CLOSED, 1), (OPEN, ("$WEB_CONCURRENCY", 1))):
        assert shown(composed("gunicorn app:app", lines), "workers") == workers
        assert shown(composed("uvicorn app:app", lines), "workers") == workers
    assert [str(one) for one in composed("gunicorn app:app", CLOSED).binds] == ["127.0.0.1:8000"]
    told = composed("uvicorn app:app", "    environment: {UVICORN_HOST: 0.0.0.0, UVICORN_PORT: 81}\n")
    assert [str(one) for one in told.binds] == ["0.0.0.0:81"]
    told = composed("gunicorn app:app", "    environment:\n      GUNICORN_CMD_ARGS: --workers 3\n")
    assert shown(told, "workers") == 3


def test_a_configuration_file_reads_the_environment_of_its_service() -> None:
    text = "import os\nworkers = int(os.environ.get('WORKERS', 4))\nbind = '0.0.0.0:' + os.getenv('PORT', '7000')\n"
    for lines, workers, bind in (
        (CLOSED, 4, "0.0.0.0:7000"),
        ("    environment: {PORT: 90, WORKERS: 2}\n", 2, "0.0.0.0:90"),
        (OPEN, ("$WORKERS", 4), "0.0.0.0:${PORT:-7000}"),
    ):
        server = composed("gunicorn app:app", lines, gunicorn_conf_py=text)
        assert shown(server, "workers") == workers
        assert [str(one) for one in server.binds] == [bind]


def test_a_default_that_is_computed_still_names_its_variable() -> None:
    text = "import os, socket\nproc_name = os.getenv('NAME', socket.gethostname())\n"
    server = composed("gunicorn app:app", OPEN, gunicorn_conf_py=text)
    assert "is set by $NAME, else" in str(server.settings["proc_name"].value)


def test_compose_asks_its_own_shell_and_not_the_container() -> None:
    for command in ("gunicorn -b :${PORT:-1} app:app", 'sh -c "exec gunicorn -b :${PORT:-1} app:app"'):
        lines = f"    environment: {{PORT: 2}}\n    command: {command}\n"
        assert [str(one) for one in composed("true", lines).binds] == [":${PORT:-1}"], command
        given = composed("true", lines, _env="PORT=3\n")
        assert [str(one) for one in given.binds] == [":${PORT:-3}"], command
    lines = "    environment: {PORT: 2}\n    command: sh -c 'exec gunicorn -b :$${PORT:-1} app:app'\n"
    assert [str(one) for one in composed("true", lines).binds] == [":2"]


def test_an_entrypoint_exports_what_the_server_finds() -> None:
    script = '#!/bin/sh\nset -e\n: "${PORT:=8100}"\nexport WEB_CONCURRENCY=${WORKERS:-3}\n'
    script += "exec gunicorn -b :$PORT app:app\n"
    server = composed('["./start.sh"]', CLOSED, start_sh=script)
    assert [str(one) for one in server.binds] == [":8100"]
    assert shown(server, "workers") == 3
    server = composed('["./start.sh"]', OPEN, start_sh=script)
    assert [str(one) for one in server.binds] == [":${PORT:-8100}"]
    assert shown(server, "workers") == ("$WORKERS", 3)


def test_an_arm_that_an_unset_variable_chooses_is_the_only_one() -> None:
    script = '#!/bin/sh\nif [ "$DEV" = 1 ]; then exec flask run; fi\nexec gunicorn app:app\n'
    for lines, product in ((CLOSED, "gunicorn"), ("    environment: {DEV: 1}\n", "flask")):
        assert composed('["./start.sh"]', lines, start_sh=script).product == product
    held = {
        "Dockerfile": DOCKERFILE.format('["./start.sh"]'),
        "compose.yml": COMPOSE + OPEN,
        "start.sh": script,
    }
    assert service(held).server is None


def test_a_platform_that_always_sets_port_leaves_gunicorn_no_loopback() -> None:
    heroku = service({"Procfile": "web: gunicorn app:app\n", "app.py": ""}).server
    assert heroku is not None
    assert [str(one) for one in heroku.binds] == ["0.0.0.0:$PORT"]
    render = "services:\n  - {type: web, name: web, runtime: python, startCommand: 'uvicorn app:app --port $PORT'}\n"
    found = service({"render.yaml": render, "app.py": ""}).server
    assert found is not None
    assert [str(one) for one in found.binds] == ["127.0.0.1:${PORT:-10000}"]
    engine = service({"app.yaml": "runtime: python313\nentrypoint: gunicorn app:app\n", "app.py": ""}, "default").server
    assert engine is not None
    assert [str(one) for one in engine.binds] == ["0.0.0.0:$PORT"]
    settings = '{"deploy": {"startCommand": "gunicorn app:app"}}'
    railway = service({"railway.json": settings, "app.py": "", "requirements.txt": "gunicorn\n"}, "railway").server
    assert railway is not None
    assert [str(one) for one in railway.binds] == ["0.0.0.0:$PORT"]
    worker = service({"Procfile": "web: gunicorn app:app\nother: gunicorn app:app\n", "app.py": ""}, "other").server
    assert worker is not None
    assert worker.binds[0].is_everywhere.value == "unknown"


def test_a_variable_of_kubernetes_may_be_made_of_a_secret() -> None:
    container = (
        "{name: web, image: 'shop:1', command: [gunicorn, 'shop:app'], env: ["
        "{name: PASSWORD, valueFrom: {secretKeyRef: {name: database, key: password}}}, "
        "{name: DATABASE_URL, value: 'postgres://shop:$(PASSWORD)@db/shop'}]}"
    )
    manifest = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"
        f"spec: {{template: {{spec: {{containers: [{container}]}}}}}}\n"
    )
    found = service({"k8s/web.yaml": manifest}).variables
    assert not isinstance(found.get("DATABASE_URL"), Known)
    assert found.is_set("DATABASE_URL") is YES
