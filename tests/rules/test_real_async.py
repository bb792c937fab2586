"""What the rules about async apps promise, seen with the real uvicorn, FastAPI and Starlette."""

import socket
import time
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from prodlint.engine import built_in_rules
from prodlint.testing import example_cases
from tests.rules.real_page import page, start
from tests.rules.real_server import Running, free_port, started, until, write_files

pytestmark = pytest.mark.real
PAGES = {rule.name: rule.page for rule in built_in_rules()}
LIFESPAN = (
    "from contextlib import asynccontextmanager\nfrom fastapi import APIRouter, FastAPI\n"
    "@asynccontextmanager\nasync def lifespan(app):\n    yield\ndef say():\n    print('the handler ran', flush=True)\n"
)
NO_LIBRARY = """\
import sys


class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("websockets", "wsproto"):
            raise ModuleNotFoundError(name)


sys.meta_path.insert(0, Missing())
"""


def serve(folder: Path, files: Mapping[str, str], *options: str, path: str = "") -> "Served":
    write_files(folder, files)
    port = free_port()
    command = ["uvicorn", "main:app", "--port", str(port), *options]
    return Served(folder, command, port, {"PYTHONPATH": path} if path else {})


class Served:
    """A project that uvicorn serves while the block runs."""

    def __init__(self, folder: Path, command: list[str], port: int, environment: Mapping[str, str]) -> None:
        self.context = started(folder, command, port, environment)

    def __enter__(self) -> Running:
        return self.context.__enter__()

    def __exit__(self, *error: object) -> None:
        self.context.__exit__(None, None, None)


# The page's own app, whose `time.sleep` ends early when another request is answered meanwhile.
BESIDE = """
import threading
import time
import types
from pathlib import Path

import main

app, answered, found = main.app, threading.Event(), []


def sleep(seconds):
    Path("begun").touch()
    found.append(answered.wait(seconds))


main.time = types.SimpleNamespace(sleep=sleep)


@app.get("/quick")
async def quick():
    answered.set()


@app.get("/found")
async def told():
    return found
"""


def answers_beside(server: Running, slow: str) -> str:
    """Whether another request is answered while a slow one waits: a list of JSON."""
    assert server.listens()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(server.status, slow, 30.0)
        assert until((server.output.parent / "begun").exists)
        assert server.status("/quick", 30.0) == 200
        assert waiting.result() == 200
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/found") as answer:
        return str(answer.read().decode())


def test_a_blocking_call_in_a_coroutine_keeps_other_requests_waiting(tmp_path: Path) -> None:
    wrong, right = page("blocking-call-in-async-endpoint")
    with ExitStack() as stack, ThreadPoolExecutor() as pool:
        servers = [
            start(stack, tmp_path / name, {**case.files, "beside.py": BESIDE}, target="beside:app")
            for name, case in (("wrong", wrong), ("right", right))
        ]
        assert list(pool.map(lambda one: answers_beside(one, "/report"), servers)) == ["[false]", "[true]"]


def test_hashing_a_password_holds_the_process_for_a_tenth_of_a_second_and_more() -> None:
    bcrypt = pytest.importorskip("bcrypt")
    begun = time.process_time()
    bcrypt.hashpw(b"correct horse", bcrypt.gensalt())
    assert time.process_time() - begun > 0.05


def test_a_startup_handler_beside_a_lifespan_leaves_the_app_without_what_it_sets_up(tmp_path: Path) -> None:
    wrong, right = example_cases(PAGES["startup-handlers-ignored"])
    with serve(tmp_path / "wrong", wrong.files) as one, serve(tmp_path / "right", right.files) as other:
        assert one.status() == 500
        assert other.status() == 200


STARTS = {
    "beside a lifespan": ("app = FastAPI(lifespan=lifespan)\napp.on_event('startup')(say)\n", False),
    "alone": ("app = FastAPI()\napp.on_event('startup')(say)\n", True),
    "of a router beside a lifespan": (
        "router = APIRouter()\nrouter.on_event('startup')(say)\napp = FastAPI(lifespan=lifespan)\n"
        "app.include_router(router)\n",
        True,
    ),
    "of a mounted app": (
        "app, sub = FastAPI(), FastAPI()\nsub.on_event('startup')(say)\napp.mount('/s', sub)\n",
        False,
    ),
    "off": ("app = FastAPI()\napp.on_event('startup')(say)\n", False),
}


def test_which_startup_handlers_run(tmp_path: Path) -> None:
    def runs(name: str) -> bool:
        options = ("--lifespan", "off") if name == "off" else ()
        with serve(tmp_path / name.replace(" ", "-"), {"main.py": LIFESPAN + STARTS[name][0]}, *options) as server:
            assert server.status() == 404
            return "the handler ran" in server.written

    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(STARTS, pool.map(runs, STARTS), strict=True))
    assert found == {name: expected for name, (_, expected) in STARTS.items()}


def handshake(server: Running, path: str) -> str:
    """The status line that answers the opening handshake of a websocket (RFC 6455, 1.3)."""
    assert server.listens()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        return connection.recv(4096).decode("latin-1").partition("\r\n")[0]


def test_plain_uvicorn_refuses_a_websocket_handshake(tmp_path: Path) -> None:
    wrong, right = example_cases(PAGES["websocket-without-library"])
    # Another package of this environment brings a library: the project's sitecustomize hides it.
    hidden = {**wrong.files, "sitecustomize.py": NO_LIBRARY}
    folder = tmp_path / "wrong"
    with serve(folder, hidden, path=str(folder)) as one, serve(tmp_path / "right", right.files) as other:
        assert handshake(other, "/ws").startswith("HTTP/1.1 101")
        assert not handshake(one, "/ws").startswith("HTTP/1.1 101")
        assert one.says("No supported WebSocket library detected")


def test_uvicorn_that_is_told_to_refuses_a_websocket_handshake(tmp_path: Path) -> None:
    _, right = example_cases(PAGES["websocket-without-library"])
    with serve(tmp_path, right.files, "--ws", "none") as server:
        assert not handshake(server, "/ws").startswith("HTTP/1.1 101")


SILENT = """
import socket
from urllib.request import urlopen
from flask import Flask
silent = socket.create_server(("127.0.0.1", 0))
app = Flask(__name__)
@app.get("/")
def index():
    return urlopen(f"http://127.0.0.1:{silent.getsockname()[1]}/"LIMIT).read()
"""


def test_gunicorn_kills_the_worker_that_waits_for_an_answer_without_a_time_limit(tmp_path: Path) -> None:
    def status(limit: str) -> tuple[int | None, str]:
        folder = tmp_path / (limit.strip(", =") or "none")
        write_files(folder, {"main.py": SILENT.replace("LIMIT", limit)})
        port = free_port()
        command = ["gunicorn", "--timeout", "3", "--bind", f"127.0.0.1:{port}", "main:app"]
        with started(folder, command, port) as server:
            return server.status(timeout=20), server.written

    with ThreadPoolExecutor(2) as pool:
        endless, limited = pool.map(status, ("", ", timeout=1"))
    assert "WORKER TIMEOUT" in endless[1]
    assert limited[0] == 500
    assert "WORKER TIMEOUT" not in limited[1]


def statuses(folder: Path, rule: str, told: str, *command: str) -> tuple[int | None, int | None, bool]:
    """What the two projects of a rule's page answer, and whether the first one tells the reason."""
    wrong, right = example_cases(PAGES[rule])
    for name, case in (("wrong", wrong), ("right", right)):
        # Without DEBUG, Django tells nobody but its admins what went wrong.
        write_files(
            folder / name, {path: text.replace("ROOT_", "DEBUG = True\nROOT_") for path, text in case.files.items()}
        )
    ports = free_port(), free_port()
    with (
        started(folder / "wrong", [one.format(port=ports[0]) for one in command], ports[0]) as first,
        started(folder / "right", [one.format(port=ports[1]) for one in command], ports[1]) as second,
    ):
        return first.status(), second.status(), first.says(told)


def test_a_second_event_loop_is_refused_in_every_request(tmp_path: Path) -> None:
    told = "cannot be called from a running event loop"
    found = statuses(tmp_path, "nested-event-loop", told, "uvicorn", "main:app", "--port={port}")
    assert found == (500, 200, True)


@pytest.mark.parametrize(
    "command",
    [
        ("uvicorn", "shop.asgi:application", "--port={port}"),
        (
            "gunicorn",
            "django.core.wsgi:get_wsgi_application()",
            "--env=DJANGO_SETTINGS_MODULE=shop.settings",
            "--bind=127.0.0.1:{port}",
        ),
    ],
    ids=["uvicorn", "gunicorn"],
)
def test_django_refuses_a_query_in_a_coroutine(tmp_path: Path, command: tuple[str, ...]) -> None:
    found = statuses(tmp_path, "sync-orm-in-async-view", "SynchronousOnlyOperation", *command)
    assert found == (500, 200, True)


def test_a_breakpoint_without_a_terminal_ends_the_request(tmp_path: Path) -> None:
    command = ("gunicorn", "shop:app", "--bind=127.0.0.1:{port}")
    assert statuses(tmp_path, "breakpoint-in-production", "BdbQuit", *command) == (500, 200, True)


CONSUMER = """
from channels.generic.websocket import WebsocketConsumer
from django.urls import path

websocket_urlpatterns = [path("ws", WebsocketConsumer.as_asgi())]
"""
SHOP = {
    "shop/settings.py": 'SECRET_KEY = "of-a-test"\nROOT_URLCONF = "shop.urls"\nALLOWED_HOSTS = ["*"]\n',
    "shop/urls.py": "urlpatterns = []\n",
    "chat/routing.py": CONSUMER,
}


def test_wsgi_answers_no_handshake_of_a_project_with_websockets(tmp_path: Path) -> None:
    wrong, right = page("async-app-on-wsgi-entrypoint")
    variables = {"DJANGO_SETTINGS_MODULE": "shop.settings"}
    with ExitStack() as stack:
        one = start(stack, tmp_path / "wrong", {**SHOP, **wrong.files}, variables)
        other = start(stack, tmp_path / "right", {**SHOP, **right.files}, variables)
        assert handshake(one, "/ws").startswith("HTTP/1.1 404")
        assert handshake(other, "/ws").startswith("HTTP/1.1 101")
        assert other.status() == 404
