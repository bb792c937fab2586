"""Connections that stay open: what they do to real servers, as the rules about them promise."""

from __future__ import annotations

import contextlib
import json
import shlex
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from prodlint.engine import built_in_rules
from prodlint.testing import example_cases
from tests.rules.real_server import Running, free_port, started, until, write_files

pytestmark = pytest.mark.real


def example(name: str, wrong: bool) -> dict[str, str]:
    """The files of a rule's page: those of its Example, or those of "Use instead"."""
    [rule] = [one for one in built_in_rules() if one.name == name]
    bad, good = example_cases(rule.page)
    return dict((bad if wrong else good).files)


def composed(files: dict[str, str]) -> str:
    """The command of the only service of a compose file."""
    [line] = [one for one in files["compose.prod.yml"].splitlines() if "command:" in one]
    return line.partition("command: ")[2]


@contextlib.contextmanager
def serving(folder: Path, files: dict[str, str], *options: str) -> Iterator[Running]:
    """The command of a Procfile, with options behind its program, started and listening."""
    write_files(folder, files)
    program, *words = shlex.split(files["Procfile"].partition(":")[2])
    port = free_port()
    with started(folder, [program, *(one.format(port=port) for one in options), *words], port) as running:
        assert running.listens(), running.written
        yield running


def opened(running: Running, path: str = "/ws") -> tuple[socket.socket, bytes]:
    """A connection on which a client asked for a websocket, and the first line of the answer."""
    client = socket.create_connection(("127.0.0.1", running.port), timeout=10)
    headers = (
        f"GET {path} HTTP/1.1",
        "Host: localhost",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    )
    client.sendall("\r\n".join((*headers, "", "")).encode())
    return client, client.recv(4096).partition(b"\r\n")[0]


@contextlib.contextmanager
def websockets(running: Running, count: int) -> Iterator[list[socket.socket]]:
    """So many open websockets."""
    with contextlib.ExitStack() as stack:
        clients = []
        for _ in range(count):
            client, line = opened(running)
            stack.enter_context(client)
            assert b" 101 " in line, line
            clients.append(client)
        yield clients


def is_cut(client: socket.socket) -> bool:
    """Whether the other side ended a websocket without saying so: gunicorn writes a page of HTTP into it."""
    data = client.recv(4096)
    return data == b"" or data.startswith(b"HTTP/1.1 500")


def test_websockets_hold_sync_workers_until_these_are_killed(tmp_path: Path) -> None:
    files = example("websocket-on-wsgi-worker", wrong=True)
    with serving(tmp_path, files, "--bind=127.0.0.1:{port}", "--timeout=4") as running:
        assert running.status("/") == 200
        with websockets(running, 2) as clients:
            assert running.status("/", timeout=1) is None
            assert all(is_cut(one) for one in clients)
        assert running.says("WORKER TIMEOUT")
        assert running.status("/") == 200


def test_threads_leave_room_beside_websockets(tmp_path: Path) -> None:
    files = example("websocket-on-wsgi-worker", wrong=False)
    with (
        serving(tmp_path, files, "--bind=127.0.0.1:{port}", "--timeout=2") as running,
        websockets(running, 9) as clients,
    ):
        assert running.status("/") == 200
        clients[0].settimeout(4)
        with pytest.raises(TimeoutError):
            clients[0].recv(1)


def test_websockets_hold_threads(tmp_path: Path) -> None:
    files = {**example("websocket-on-wsgi-worker", wrong=True), "Procfile": "web: gunicorn --threads=2 chat:app"}
    with serving(tmp_path, files, "--bind=127.0.0.1:{port}") as running, websockets(running, 2):
        assert running.status("/", timeout=2) is None


@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("waitress-serve chat:app", "--listen=127.0.0.1:{port}"),
        ("uvicorn --interface=wsgi chat:app", "--port={port}"),
        ("granian --interface=wsgi chat:app", "--port={port}"),
        ("hypercorn chat:app", "--bind=127.0.0.1:{port}"),
    ],
)
def test_servers_that_keep_connections_refuse_websockets(tmp_path: Path, command: str, option: str) -> None:
    files = {**example("websocket-on-wsgi-worker", wrong=True), "Procfile": f"web: {command}"}
    with serving(tmp_path, files, option) as running:
        assert running.status("/") == 200
        client, line = opened(running)
        client.close()
        assert b" 500 " in line or b" 403 " in line, line


CHAT = """
from flask import Flask
from flask_socketio import SocketIO

app = Flask(__name__)
socketio = SocketIO(app)


@app.get("/")
def index():
    return "the page"
"""


@pytest.mark.parametrize(("options", "answers"), [("--workers=1", False), ("--threads=100", True)])
def test_a_client_of_socketio_holds_a_sync_worker(tmp_path: Path, options: str, answers: bool) -> None:
    files = {"Procfile": f"web: gunicorn {options} chat:app", "chat.py": CHAT}
    with serving(tmp_path, files, "--bind=127.0.0.1:{port}") as running, polling(running):
        assert (running.status("/", timeout=2) == 200) is answers


def joined(running: Running) -> str:
    """The address of a session of Socket.IO that a client began, and joined by a second request."""
    url = f"http://127.0.0.1:{running.port}/socket.io/?EIO=4&transport=polling"
    with urllib.request.urlopen(url, timeout=20) as answer:
        url += "&sid=" + json.loads(answer.read()[1:])["sid"]
    with urllib.request.urlopen(urllib.request.Request(url, data=b"40"), timeout=20) as answer:
        answer.read()
    return url


@contextlib.contextmanager
def polling(running: Running) -> Iterator[None]:
    """A client of Socket.IO that waits for events."""
    url = joined(running)
    with urllib.request.urlopen(url, timeout=20) as answer:
        answer.read()
    path = url.removeprefix(f"http://127.0.0.1:{running.port}")
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        client.settimeout(1)
        with pytest.raises(TimeoutError):
            client.recv(1)
        yield


def is_refused(running: Running) -> bool:
    """Whether the second request of a client comes to a worker that does not know its session."""
    try:
        joined(running)
    except urllib.error.HTTPError as error:
        return error.code == 400 and b"Invalid session" in error.read()
    return False


def example_of_socketio(folder: Path, wrong: bool) -> contextlib.AbstractContextManager[Running]:
    """The command of the page on Socket.IO with several workers."""
    files = example("socketio-with-multiple-workers", wrong)
    command = composed(files).replace("--bind=0.0.0.0:8000 ", "")
    return serving(folder, {**files, "Procfile": f"web: {command}"}, "--bind=127.0.0.1:{port}")


def test_several_workers_refuse_the_sessions_of_each_other(tmp_path: Path) -> None:
    with example_of_socketio(tmp_path, wrong=True) as running:
        assert until(lambda: is_refused(running))


def test_one_worker_knows_all_its_sessions(tmp_path: Path) -> None:
    with example_of_socketio(tmp_path, wrong=False) as running:
        assert not any(is_refused(running) for _ in range(20))


SOCKET = """
from fastapi import WebSocket


@app.websocket("/ws")
async def show(socket: WebSocket):
    await socket.accept()
    while True:
        await socket.send_text("tick")
        await asyncio.sleep(0.2)


async def patient(request):
    while True:
        if await request.is_disconnected():
            break
        yield "data: tick\\n\\n"
        await asyncio.sleep(0.2)


@app.get("/patient")
async def show_patiently(request: Request):
    return StreamingResponse(patient(request))


@app.get("/own", response_class=EventSourceResponse)
async def show_events():
    while True:
        yield {"tick": 1}
        await asyncio.sleep(0.2)
"""
IMPORTS = "from fastapi import Request\nfrom fastapi.sse import EventSourceResponse\n"


@contextlib.contextmanager
def streaming(folder: Path, wrong: bool, *options: str) -> Iterator[Running]:
    """The uvicorn of the page on unlimited stops, with a few more streams."""
    files = example("graceful-shutdown-unlimited", wrong)
    command = composed(files).replace("-shutdown=25", "-shutdown=1")
    files = {**files, "main.py": IMPORTS + files["main.py"] + SOCKET, "Procfile": f"web: {command}"}
    with serving(folder, files, "--port={port}", *options) as running:
        yield running


@contextlib.contextmanager
def reading(running: Running, path: str) -> Iterator[None]:
    """Somebody who reads a stream and stays."""
    with urllib.request.urlopen(f"http://127.0.0.1:{running.port}{path}", timeout=20) as answer:
        assert answer.read(4)
        yield


@pytest.mark.parametrize("path", ["/events", "/patient", "/own"])
def test_uvicorn_does_not_stop_while_somebody_reads_a_stream(tmp_path: Path, path: str) -> None:
    with streaming(tmp_path, True) as running, reading(running, path):
        running.process.terminate()
        assert running.says("Waiting for connections to close")
        assert running.ended(1) is None
        assert "all is put away" not in running.written


def test_a_master_of_uvicorn_waits_for_its_workers(tmp_path: Path) -> None:
    with streaming(tmp_path, True, "--workers=2") as running, reading(running, "/events"):
        running.process.terminate()
        assert running.says("Waiting for connections to close")
        assert running.ended(1) is None


def test_uvicorn_with_a_limit_ends_its_streams_and_its_app(tmp_path: Path) -> None:
    with streaming(tmp_path, False) as running, reading(running, "/events"):
        running.process.terminate()
        assert running.ended() is not None
        assert "all is put away" in running.written


def test_uvicorn_closes_websockets_by_itself(tmp_path: Path) -> None:
    with streaming(tmp_path, True) as running:
        client, line = opened(running)
        with client:
            assert b" 101 " in line
            running.process.terminate()
            assert running.ended() is not None
        assert "all is put away" in running.written
