"""The way of SIGTERM to a server and the seconds until the kill, in projects as their files declare them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from prodlint.deployment import Environment
from prodlint.deployment.processes.stopping import Arrival
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

SERVER = "gunicorn shop.wsgi"
# Where a script starts its server.
SCRIPTS = (
    "{}",
    "true; {}",
    "true && {}",
    "true && true && {}",
    "A=b {}",
    "exec {}",
    "A=b exec {}",
    "true && exec {}",
    "true; exec {}",
    "( {} )",
    "( exec {} )",
    "{{ {}; }}",
    "{{ exec {}; }}",
    "if true; then {}; fi",
    "if true; then exec {}; fi",
    "{} & wait",
    "exec {} & wait",
    "{} | cat",
    "exec {} | cat",
    "{} > out",
    "true && {} 2>&1",
    "exec {} > out",
    "true || true; {}",
    "f() {{ {}; }}; f",
    "f() {{ exec {}; }}; f",
    "false || {}",
    "{} || true",
    "{} && true",
    "{}; true",
    "sh -c '{}'",
    "sh -c 'exec {}'",
    "exec sh -c '{}'",
    "exec sh -c 'exec {}'",
    "exec env A=b {}",
    "env A=b {}",
)


def arrival(files: dict[str, str]) -> Arrival:
    deployment = inspect(MemoryTree(files), []).deployment
    services = [one for one in deployment.services if one.environment is Environment.PRODUCTION]
    assert len(services) == 1
    assert services[0].server is not None
    return deployment.lifecycle_of(services[0]).signal_path.arrival


def of_image(command: list[str], files: dict[str, str] | None = None, base: str = "python:3.13-slim") -> Arrival:
    dockerfile = f"FROM {base}\nWORKDIR /app\nCOPY . .\nCMD {json.dumps(command)}\n"
    return arrival({"Dockerfile": dockerfile, **(files or {})})


@pytest.fixture(scope="module")
def replaced(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, ...], bool]:
    """Whether real shells give their process to the server, for each way to hand them each script."""
    if shutil.which("dash") is None or shutil.which("bash") is None or "dash" not in str(Path("/bin/sh").resolve()):
        pytest.skip("this machine has not the shells of Debian")
    folder = tmp_path_factory.mktemp("shells")
    server = folder / "gunicorn"
    server.write_text("#!/bin/sh\necho $$ > pid\n")
    server.chmod(0o755)
    variables = {"PATH": f"{folder}:{os.environ['PATH']}"}
    found = {}
    for script in SCRIPTS:
        for shell in ("dash", "bash"):
            text = script.format(SERVER)
            (folder / "start.sh").write_text(text + "\n")
            for command in ((shell, "-c", text), (shell, "start.sh")):
                process = subprocess.Popen(command, cwd=folder, env=variables, stdout=subprocess.DEVNULL)
                process.wait()
                found[(script, *command[:2])] = int((folder / "pid").read_text()) == process.pid
    return found


@pytest.mark.real
@pytest.mark.parametrize("shell", ["dash", "bash"])
@pytest.mark.parametrize("script", SCRIPTS)
def test_the_signal_is_lost_where_a_real_shell_stays(
    script: str, shell: str, replaced: dict[tuple[str, ...], bool]
) -> None:
    text = script.format(SERVER)
    interpreter = "sh" if shell == "dash" else "bash"
    told = {
        "-c": of_image([interpreter, "-c", text]),
        "start.sh": of_image([interpreter, "start.sh"], {"start.sh": text + "\n"}),
    }
    for way, answer in told.items():
        assert answer is (Arrival.DIRECT if replaced[(script, shell, way)] else Arrival.SWALLOWED)


@pytest.mark.parametrize("base", ["python:3.13-slim", "python:3.13", "debian:trixie", "ubuntu:24.04"])
def test_the_shell_of_debian_waits(base: str) -> None:
    assert of_image(["sh", "-c", SERVER], base=base) is Arrival.SWALLOWED


@pytest.mark.parametrize("base", ["python:3.13-alpine", "alpine:3.22", "almalinux:9"])
def test_busybox_and_bash_become_their_last_command(base: str) -> None:
    assert of_image(["sh", "-c", SERVER], base=base) is Arrival.DIRECT


@pytest.mark.parametrize("base", ["registry.example.com/python:3", "tiangolo/uvicorn-gunicorn:python3.11"])
def test_nothing_is_known_above_an_image_of_others(base: str) -> None:
    assert of_image(["sh", "-c", SERVER], base=base) is Arrival.UNKNOWN


def test_another_shell_in_the_place_of_sh_is_not_known() -> None:
    dockerfile = "FROM python:3.13-slim\nWORKDIR /app\nRUN ln -sf /bin/busybox /bin/sh\nCOPY . .\nCMD " + SERVER + "\n"
    assert arrival({"Dockerfile": dockerfile}) is Arrival.UNKNOWN


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90s", 90),
        ("1m30s", 90),
        ("2m", 120),
        ("1h", 3600),
        ("500ms", 0.5),
        ("45", 45),
        ("soon", None),
        ("${GRACE}", None),
    ],
)
def test_the_grace_period_of_compose_is_read(written: str, seconds: float | None) -> None:
    compose = f"services:\n  web:\n    build: .\n    restart: always\n    stop_grace_period: {written}\n"
    files = {"docker-compose.prod.yml": compose, "Dockerfile": f"FROM python:3.13-slim\nCMD exec {SERVER}\n"}
    deployment = inspect(MemoryTree(files), []).deployment
    grace = deployment.lifecycle_of(deployment.services[0]).grace
    assert (None if grace is None else grace.seconds) == seconds
