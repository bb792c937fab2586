"""What the rules about logs promise, seen with the real gunicorn and uvicorn."""

import logging
from collections.abc import Mapping
from contextlib import ExitStack
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest

from prodlint.engine import built_in_rules
from prodlint.testing import example_cases
from tests.rules.real_server import Running, free_port, started, until, write_files

pytestmark = pytest.mark.real
PAGES = {rule.name: rule.page for rule in built_in_rules()}
FLASK = """\
import logging

from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    logging.getLogger("shop").info("an info of the module")
    app.logger.info("an info of the app")
    logging.getLogger("shop").warning("a warning of the module")
    print("a printed line")
    return "ok"
"""
FASTAPI = """\
from fastapi import FastAPI

app = FastAPI()


@app.get("/orders/7")
def order():
    print("a printed line")
"""


class Servers:
    """Servers that are started together, since each takes a second to import its app."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.stack = stack
        self.count = 0

    def gunicorn(self, files: Mapping[str, str], target: str, *options: str, **environment: str) -> Running:
        port = free_port()
        return self.start(files, port, ["gunicorn", f"--bind=127.0.0.1:{port}", *options, target], environment)

    def uvicorn(self, files: Mapping[str, str], target: str, *options: str) -> Running:
        port = free_port()
        return self.start(files, port, ["uvicorn", "--port", str(port), *options, target], {})

    def start(self, files: Mapping[str, str], port: int, command: list[str], environment: Mapping[str, str]) -> Running:
        self.count += 1
        folder = self.folder / str(self.count)
        write_files(folder, files)
        return self.stack.enter_context(started(folder, command, port, environment))


def wrote(server: Running, text: str) -> bool:
    """Whether a text comes out in the end."""
    return until(lambda: text in server.written)


def test_info_of_an_app_vanishes_under_servers_and_comes_out_once_the_root_is_set_up(tmp_path: Path) -> None:
    wrong, right = example_cases(PAGES["info-logs-discarded"])
    with ExitStack() as stack:
        servers = Servers(tmp_path, stack)
        lost = servers.uvicorn(wrong.files, "main:app")
        kept = servers.uvicorn(right.files, "main:app")
        flask = servers.gunicorn({"main.py": FLASK}, "main:app", "--log-level=debug")
        shown = servers.gunicorn({"main.py": FLASK.replace("\n\n\n", "\napp.logger.setLevel(20)\n\n\n", 1)}, "main:app")
        assert shown.status() == 200
        assert wrote(shown, "an info of the app")
        assert lost.status("/orders/7") == kept.status("/orders/7") == flask.status() == 200
        assert wrote(kept, "order 7: done")
        assert wrote(flask, "a warning of the module")
        assert wrote(lost, '"GET /orders/7')
        assert "order 7" not in lost.written
        assert "an info" not in flask.written


def test_printed_lines_stay_in_a_buffer_until_sigkill_takes_them(tmp_path: Path) -> None:
    wrong, right = example_cases(PAGES["print-instead-of-logging"])
    with ExitStack() as stack:
        servers = Servers(tmp_path, stack)
        kept_back = servers.gunicorn(wrong.files, "main:app")
        logged = servers.gunicorn(right.files, "main:app")
        unbuffered = servers.gunicorn(wrong.files, "main:app", PYTHONUNBUFFERED="1")
        flushed = servers.uvicorn({"main.py": FASTAPI}, "main:app")
        running = (kept_back, logged, unbuffered, flushed)
        assert [one.status("/orders/7") for one in running] == [200, 200, 200, 200]
        assert wrote(flushed, "a printed line")
        assert wrote(logged, "card charged")
        assert wrote(unbuffered, "card charged")
        stack.close()  # SIGKILL
        assert "card charged" not in kept_back.written


def test_a_configuration_of_the_app_silences_the_servers_loggers(tmp_path: Path) -> None:
    wrong, right = example_cases(PAGES["loggers-silenced-by-config"])
    crash = {"shop/main.py": "import shop.log\n\n\ndef app(environ, start_response):\n    raise ValueError\n"}
    with ExitStack() as stack:
        servers = Servers(tmp_path, stack)
        silent = servers.uvicorn(wrong.files, "shop.main:app")
        kept = servers.uvicorn(right.files, "shop.main:app")
        quiet = servers.gunicorn({**wrong.files, **crash}, "shop.main:app")
        loud = servers.gunicorn({**right.files, **crash}, "shop.main:app")
        assert silent.status() == kept.status() == 404
        assert quiet.status() == loud.status() == 500
        assert wrote(kept, '"GET / HTTP/1.1" 404')
        assert wrote(loud, "Error handling request")
        assert '"GET / HTTP/1.1"' not in silent.written
        assert "Error handling request" not in quiet.written


def test_a_log_file_leaves_nothing_on_standard_error(tmp_path: Path) -> None:
    with ExitStack() as stack:
        servers = Servers(tmp_path, stack)
        to_file = servers.gunicorn({"main.py": FLASK}, "main:app", "--error-logfile=error.log")
        to_output = servers.gunicorn({"main.py": FLASK}, "main:app", "--error-logfile=-")
        assert to_file.status() == to_output.status() == 200
        assert "Listening at" in to_output.written
        assert "Listening at" not in to_file.written
        assert "Listening at" in (to_file.output.parent / "error.log").read_text(encoding="utf-8")


def kept(folder: Path, processes: int) -> int:
    """How many of 1,400 lines stay when so many handlers write and rotate one file in turn, as workers do."""
    folder.mkdir()
    handlers = [
        RotatingFileHandler(folder / "shop.log", maxBytes=10_000, backupCount=5, encoding="utf-8")
        for _ in range(processes)
    ]
    for number in range(1400):
        line = logging.LogRecord("shop", logging.INFO, "", 0, "order %05d: was paid and sent away", (number,), None)
        handlers[number % processes].emit(line)
    for one in handlers:
        one.close()
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in folder.iterdir())


def test_handlers_of_several_processes_lose_lines_that_one_keeps(tmp_path: Path) -> None:
    assert kept(tmp_path / "one", 1) == 1400
    assert kept(tmp_path / "four", 4) < 700
