"""What an uncast switch does with `DEBUG=False`, seen with the real Django, Flask and Starlette."""

import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import pytest

from prodlint.engine import built_in_rules
from prodlint.testing import example_cases
from tests.rules.real_server import Running, free_port, started, write_files

pytestmark = pytest.mark.real
PAGES = {rule.name: rule.page for rule in built_in_rules()}
FLASK = """\
import os

from flask import Flask

app = Flask(__name__)
app.config["DEBUG"] = {debug}


@app.get("/")
def index():
    return "debug is on" if app.debug else "debug is off"
"""
FASTAPI = """\
import os

from fastapi import FastAPI

app = FastAPI(debug={debug})


@app.get("/")
def index():
    secret = "of the house"
    raise ValueError("no such order")
"""
TEXT = 'os.environ.get("DEBUG", False)'
TRUTH = 'bool(os.environ.get("DEBUG"))'
CAST = 'os.environ.get("DEBUG", "").lower() in ("1", "true", "yes", "on")'


def told(server: Running, path: str) -> str:
    """What a server answers, whatever the status."""
    assert server.listens(), server.written
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=10) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return error.read().decode()


def serve(stack: ExitStack, folder: Path, files: dict[str, str], *command: str, debug: str = "False") -> Running:
    port = free_port()
    write_files(folder, files)
    words = [word.replace("PORT", str(port)) for word in command]
    return stack.enter_context(started(folder, words, port, {"DEBUG": debug, "SECRET_KEY": "of-a-test"}))


def test_django_shows_its_debug_page_with_debug_false_until_the_text_is_cast(tmp_path: Path) -> None:
    wrong, right = example_cases(PAGES["debug-string-is-always-true"])
    command = ("gunicorn", "--bind=127.0.0.1:PORT", "shop.wsgi")
    with ExitStack() as stack:
        on = serve(stack, tmp_path / "wrong", dict(wrong.files), *command)
        zero = serve(stack, tmp_path / "zero", dict(wrong.files), *command, debug="0")
        empty = serve(stack, tmp_path / "empty", dict(wrong.files), *command, debug="")
        off = serve(stack, tmp_path / "right", dict(right.files), *command)
        meant = serve(stack, tmp_path / "meant", dict(right.files), *command, debug="True")
        shown = [("DEBUG = True" in told(one, "/orders/7")) for one in (on, zero, empty, off, meant)]
    assert shown == [True, True, False, False, True]


@pytest.mark.parametrize(("debug", "is_on"), [(TEXT, True), (TRUTH, True), (CAST, False)])
def test_flask_and_fastapi_take_the_text_false_for_true(debug: str, is_on: bool, tmp_path: Path) -> None:
    with ExitStack() as stack:
        flask = serve(
            stack,
            tmp_path / "flask",
            {"shop.py": FLASK.replace("{debug}", debug)},
            "gunicorn",
            "--bind=127.0.0.1:PORT",
            "shop:app",
        )
        fastapi = serve(
            stack,
            tmp_path / "fastapi",
            {"shop.py": FASTAPI.replace("{debug}", debug)},
            "uvicorn",
            "--port=PORT",
            "shop:app",
        )
        assert told(flask, "/") == ("debug is on" if is_on else "debug is off")
        assert ("no such order" in told(fastapi, "/")) is is_on
