"""Whether a command starts and stops, shown by shells and servers themselves: what the rules' messages promise.

A container's first process is PID 1 of a PID namespace here as well: the kernel hands it no signal without a handler.
"""

from __future__ import annotations

import shutil
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from prodlint.engine import built_in_rules
from prodlint.testing import Case, example_cases
from tests.rules.real_server import Running, as_first_process, free_port, started, terminate_first_process, write_files

pytestmark = pytest.mark.real
PAGES = {rule.name: rule.page for rule in built_in_rules()}
WSGI = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]
"""
ASGI = """
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})
"""
FILES = {
    "web.py": WSGI,
    "api.py": ASGI,
    "manage.py": "",
    "shop/wsgi.py": "from web import app as application\n",
    "plain.sh": "#!/bin/sh\ngunicorn --bind=127.0.0.1:$PORT web:app\n",
    "plain.bash": "#!/bin/bash\ngunicorn --bind=127.0.0.1:$PORT web:app\n",
}
GUNICORN = "gunicorn --bind=127.0.0.1:$PORT web:app"
# Each is the first process of a container; the shells are those of Debian.
REACHED = {
    "gunicorn": GUNICORN.split(),
    "uvicorn": "uvicorn --port=$PORT api:app".split(),
    "hypercorn": "hypercorn --bind=127.0.0.1:$PORT api:app".split(),
    "the string of dash with exec": ["dash", "-c", f"true && exec {GUNICORN}"],
    "the last command of bash": ["bash", "-c", f"true && {GUNICORN}"],
}
KEPT = {
    "the string of dash": ["dash", "-c", GUNICORN],
    "the last command of dash": ["dash", "-c", f"true && {GUNICORN}"],
    "a variable in front of the server": ["dash", "-c", f"A=b {GUNICORN}"],
    "a script of sh": ["./plain.sh"],
    "a script of bash": ["./plain.bash"],
    "a server in the background": ["bash", "-c", f"{GUNICORN} & wait"],
}
IGNORED = {
    "waitress": "waitress-serve --listen=127.0.0.1:$PORT web:app".split(),
    "http.server": [sys.executable, "-m", "http.server", "--bind=127.0.0.1", "$PORT"],
}


def first(stack: ExitStack, folder: Path, command: list[str]) -> Running:
    """A command as the first process, with a port of its own in the place of `$PORT`."""
    port = free_port()
    programs = {"gunicorn", "uvicorn", "hypercorn"}
    words = [word if word in programs else word.replace("$PORT", str(port)) for word in command]
    argv = as_first_process(words)
    if argv is None:
        pytest.skip("this machine allows no PID namespace")
    return stack.enter_context(started(folder, argv, port, {"PORT": str(port)}))


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bool]:
    """Of each command, all started at once, whether it ended on SIGTERM while those that it reaches all did."""
    folder = tmp_path_factory.mktemp("signals")
    write_files(folder, FILES)
    missing = [name for name in ("dash", "bash") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{missing[0]} is not here")
    with ExitStack() as stack:
        running = {name: first(stack, folder, words) for name, words in {**REACHED, **KEPT, **IGNORED}.items()}
        for name, one in running.items():
            assert one.listens(), f"{name}: {one.written}"
        for one in running.values():
            terminate_first_process(one)
        ended = {name: running[name].ended() is not None for name in REACHED}
        for name in (*KEPT, *IGNORED):
            ended[name] = running[name].ended(0.3) is not None
            # It serves on as if nothing had happened.
            assert ended[name] or running[name].status() == 200
        return ended


@pytest.mark.parametrize("name", REACHED)
def test_a_server_that_is_the_first_process_ends_on_sigterm(stopped: dict[str, bool], name: str) -> None:
    assert stopped[name]


@pytest.mark.parametrize("name", KEPT)
def test_a_shell_above_a_server_keeps_sigterm_to_itself(stopped: dict[str, bool], name: str) -> None:
    assert not stopped[name]


@pytest.mark.parametrize("name", IGNORED)
def test_a_server_without_a_handler_ignores_sigterm_as_the_first_process(stopped: dict[str, bool], name: str) -> None:
    assert not stopped[name]


def test_the_script_of_the_page_ends_on_sigterm_once_it_execs(tmp_path: Path) -> None:
    def script(case: Case) -> str:
        return case.files["start.sh"].replace("0.0.0.0:8000", "127.0.0.1:$PORT")

    bad, good = example_cases(PAGES["shell-form-swallows-signals"])
    write_files(tmp_path, {**FILES, "bad.sh": script(bad), "good.sh": script(good)})
    with ExitStack() as stack:
        keeps, ends = (first(stack, tmp_path, [f"./{name}.sh"]) for name in ("bad", "good"))
        for one in (keeps, ends):
            assert one.status() == 200
            terminate_first_process(one)
        assert ends.ended() == 0
        assert keeps.ended(0.3) is None


def test_a_shell_finds_no_program_of_the_name_that_a_list_begins_with(tmp_path: Path) -> None:
    bad, _ = example_cases(PAGES["single-quoted-exec-form"])
    written = bad.files["Dockerfile"].partition("CMD ")[2]
    with started(tmp_path, ["/bin/sh", "-c", written], free_port()) as one:
        assert one.ended() == 127
        assert "[gunicorn,: not found" in one.written


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["gunicorn", "--bind=0.0.0.0:$PORT", "web:app"], "not a valid port number"),
        (["uvicorn", "--port=$PORT", "api:app"], "not a valid integer"),
        (["gunicorn", "$APP_MODULE"], "APP_MODULE"),
        (["gunicorn", "--workers=$WORKERS", "web:app"], "invalid int value"),
        (["uvicorn", "api:app", "&&", "echo", "done"], "unexpected extra arguments"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_server_ends_at_once_with_a_text_that_no_shell_read(command: list[str], said: str, tmp_path: Path) -> None:
    write_files(tmp_path, FILES)
    with started(tmp_path, command, free_port(), {"PORT": "8000"}) as one:
        assert one.ended() not in (0, None)
        assert said in one.written


def test_a_server_that_goes_to_the_background_ends_its_command_and_the_container(tmp_path: Path) -> None:
    write_files(tmp_path, FILES)
    with ExitStack() as stack:
        gone = first(stack, tmp_path, ["gunicorn", "--daemon", "--bind=127.0.0.1:$PORT", "web:app"])
        left = first(stack, tmp_path, ["sh", "-c", f"{GUNICORN} &"])
        for one in (gone, left):
            assert one.ended() == 0
            assert not one.listens()


def test_what_stands_behind_a_server_waits_for_its_end(tmp_path: Path) -> None:
    bad, _ = example_cases(PAGES["command-after-server-never-runs"])
    script = bad.files["start.sh"].replace("0.0.0.0:8000", "127.0.0.1:$PORT").replace("python", sys.executable)
    ran = "import pathlib\n\npathlib.Path('ran').touch()\n"
    write_files(tmp_path, {**FILES, "start.sh": script, "manage.py": ran})
    port = free_port()
    with started(tmp_path, ["./start.sh"], port, {"PORT": str(port)}) as one:
        assert one.status() == 200
        assert not (tmp_path / "ran").exists()
