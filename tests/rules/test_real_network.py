"""What the rules about traffic promise, seen with the real servers: who is refused, and whose headers are believed.

127.0.0.2 stands for another machine: on Linux it is an address of this one, and not the loopback of a container.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from prodlint.deployment.environment import Environment
from prodlint.deployment.proxies.forwarding import Trust, forwarding_of
from prodlint.deployment.servers.concurrency import kept_open_of
from prodlint.deployment.servers.server import Server
from prodlint.engine import built_in_rules
from prodlint.inspection import Policy, load
from prodlint.testing import example_cases
from prodlint.tree import MemoryTree
from tests.rules.real_server import Running, accepts, free_port, started, write_files

PAGES = {rule.name: rule.page for rule in built_in_rules()}
OTHER = "127.0.0.2"
# What it finds of the scheme and the client, for each interface.
WSGI = """\
import json


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps([environ["wsgi.url_scheme"], environ.get("REMOTE_ADDR")]).encode()]
"""
ASGI = """\
import json


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    client = scope["client"][0] if scope["client"] else None
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps([scope["scheme"], client]).encode()})
"""
FLASK = "from flask import Flask\n\napp = Flask(__name__)\n"
FILES = {"wsgi_app.py": WSGI, "asgi_app.py": ASGI, "flask_app.py": FLASK}


def has_another_address() -> bool:
    with socket.socket() as one:
        try:
            one.bind((OTHER, 0))
        except OSError:
            return False
    return True


pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not has_another_address(), reason="127.0.0.2 is no address of this machine"),
]


def understood(command: str) -> Server:
    """The server as the model understands it, in an image that sets no variables."""
    compose = f"services:\n  web:\n    build: .\n    command: {json.dumps(command)}\n"
    files = {**FILES, "Dockerfile": "FROM python:3.13-slim\nCOPY . .\n", "compose.prod.yaml": compose}
    deployment = load(MemoryTree(files), Policy())[0]
    (service,) = [one for one in deployment.services if one.environment is Environment.PRODUCTION]
    assert service.server is not None
    return service.server


def command_of(files: Mapping[str, str]) -> list[str]:
    """The CMD of a page's Dockerfile."""
    found = re.search(r"(?m)^CMD (\[.*\])$", files["Dockerfile"])
    assert found is not None
    command: list[str] = json.loads(found[1])
    return command


def test_a_server_on_the_loopback_refuses_whoever_comes_from_elsewhere(tmp_path: Path) -> None:
    bad, good = example_cases(PAGES["loopback-bind-in-container"])
    with ExitStack() as stack:
        servers: list[Running] = []
        for name, case in (("bad", bad), ("good", good)):
            write_files(tmp_path / name, dict(case.files))
            port = free_port()
            command = [*command_of(case.files), f"--port={port}"]
            servers.append(stack.enter_context(started(tmp_path / name, command, port)))
        assert [server.status() for server in servers] == [200, 200]
        assert [accepts(server.port, OTHER) for server in servers] == [False, True]


DEFAULTS = [
    ("uvicorn asgi_app:app --port={port}", False),
    ("daphne asgi_app:app -p {port}", False),
    ("granian --interface=wsgi wsgi_app:app --port={port}", False),
    ("waitress-serve --port={port} wsgi_app:app", True),
    ("flask --app flask_app:app run --port={port}", False),
]


def test_servers_listen_by_default_where_the_model_says(tmp_path: Path) -> None:
    write_files(tmp_path, FILES)
    with ExitStack() as stack:
        servers = []
        for command, is_open in DEFAULTS:
            port = free_port()
            written = command.format(port=port)
            servers.append((stack.enter_context(started(tmp_path, written.split(), port)), written, is_open))
        for server, written, is_open in servers:
            assert server.listens(), server.written
            assert accepts(server.port, OTHER) is is_open, written
            assert [bind.is_loopback.value for bind in understood(written).binds] == ["no" if is_open else "yes"]


@pytest.mark.parametrize(
    ("variables", "expected"), [({}, "127.0.0.1:8000"), ({"PORT": "5005"}, "0.0.0.0:5005")], ids=["without", "with"]
)
def test_gunicorn_reads_port_by_itself(tmp_path: Path, variables: dict[str, str], expected: str) -> None:
    write_files(tmp_path, FILES)
    gunicorn = str(Path(sys.executable).parent / "gunicorn")
    environment = {"PATH": str(Path(sys.executable).parent), **variables}
    told = subprocess.run(
        [gunicorn, "--print-config", "wsgi_app:app"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert re.search(r"(?m)^bind\s+= \['([^']+)'\]$", told.stdout) is not None, told.stderr
    assert f"['{expected}']" in told.stdout


def test_uvicorn_listens_on_a_port_of_its_own_whatever_port_says(tmp_path: Path) -> None:
    bad, good = example_cases(PAGES["port-not-from-environment"])
    wanted = free_port()
    with ExitStack() as stack:
        found = []
        for name, case in (("bad", bad), ("good", good)):
            write_files(tmp_path / name, dict(case.files))
            line = case.files["Procfile"].partition(": ")[2].strip()
            own = free_port()
            line = line.replace("8000", str(own))
            port = wanted if name == "good" else own
            command = ["sh", "-c", f"exec {line}"]
            server = stack.enter_context(started(tmp_path / name, command, port, {"PORT": str(wanted)}))
            assert server.listens(), server.written
            found.append(accepts(wanted))
        assert found == [False, True]


def test_the_documentation_asks_for_its_schema_below_the_prefix_that_the_app_is_told(tmp_path: Path) -> None:
    bad, good = example_cases(PAGES["root-path-mismatch"])
    with ExitStack() as stack:
        servers = []
        for name, case in (("bad", bad), ("good", good)):
            write_files(tmp_path / name, dict(case.files))
            found = re.search(r"(?m)^    command: (.*)$", case.files["compose.prod.yaml"])
            assert found is not None
            port = free_port()
            command = [*found[1].split(), f"--port={port}"]
            servers.append(stack.enter_context(started(tmp_path / name, command, port)))
        # What nginx passes on of /api/docs.
        pages = [body_of(server, "/docs") for server in servers]
    assert ["url: '/openapi.json'" in pages[0], "url: '/api/openapi.json'" in pages[1]] == [True, True]


def body_of(server: Running, path: str) -> str:
    assert server.status(path) == 200
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", path)
    text = connection.getresponse().read().decode()
    connection.close()
    return text


# The command, what the model says, and whether scheme and client are taken: from the loopback, from elsewhere.
TABLE = [
    ("gunicorn -b 0.0.0.0:{port} wsgi_app:app", Trust.LOOPBACK, "s-", "--"),
    ("gunicorn -b 0.0.0.0:{port} --forwarded-allow-ips=* wsgi_app:app", Trust.EVERYONE, "s-", "s-"),
    ("gunicorn -b 0.0.0.0:{port} --threads=2 wsgi_app:app", Trust.LOOPBACK, "s-", "--"),
    ("uvicorn --host=0.0.0.0 --port={port} asgi_app:app", Trust.LOOPBACK, "sc", "--"),
    ("uvicorn --host=0.0.0.0 --port={port} --forwarded-allow-ips=* asgi_app:app", Trust.EVERYONE, "sc", "sc"),
    ("uvicorn --host=0.0.0.0 --port={port} --no-proxy-headers asgi_app:app", Trust.NOBODY, "--", "--"),
    ("hypercorn --bind=0.0.0.0:{port} asgi_app:app", Trust.NOBODY, "--", "--"),
    ("daphne -b 0.0.0.0 -p {port} asgi_app:app", Trust.NOBODY, "--", "--"),
    ("daphne -b 0.0.0.0 -p {port} --proxy-headers asgi_app:app", Trust.EVERYONE, "sc", "sc"),
    ("granian --host=0.0.0.0 --port={port} --interface=asgi asgi_app:app", Trust.NOBODY, "--", "--"),
    ("waitress-serve --host=0.0.0.0 --port={port} wsgi_app:app", Trust.NOBODY, "--", "--"),
]


def taken(port: int, source: str) -> str:
    """What a server takes from forwarded headers that come from an address: `s` the scheme, `c` the client."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10, source_address=(source, 0))
    connection.request("GET", "/", headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "9.9.9.9"})
    scheme, client = json.loads(connection.getresponse().read())
    connection.close()
    return ("s" if scheme == "https" else "-") + ("c" if client == "9.9.9.9" else "-")


def test_servers_believe_forwarded_headers_of_whom_the_model_says(tmp_path: Path) -> None:
    write_files(tmp_path, FILES)
    with ExitStack() as stack:
        servers = []
        for command, *expected in TABLE:
            port = free_port()
            written = command.format(port=port)
            servers.append((stack.enter_context(started(tmp_path, written.split(), port)), written, expected))
        for server, written, (trust, near, far) in servers:
            assert server.listens(), server.written
            assert (taken(server.port, "127.0.0.1"), taken(server.port, OTHER)) == (near, far), written
            forwarding = forwarding_of(understood(written))
            assert forwarding is not None, written
            assert forwarding.trust is trust, written
            if trust is not Trust.NOBODY:
                assert forwarding.takes_client is ("c" in near), written


KEPT = [
    ("gunicorn -b 127.0.0.1:{port} wsgi_app:app", False),
    ("gunicorn -b 127.0.0.1:{port} --threads=2 --keep-alive=1 wsgi_app:app", True),
    ("uvicorn --port={port} --timeout-keep-alive=1 asgi_app:app", True),
]


def test_servers_close_idle_connections_by_themselves(tmp_path: Path) -> None:
    write_files(tmp_path, FILES)
    with ExitStack() as stack:
        servers = []
        for command, keeps in KEPT:
            port = free_port()
            written = command.format(port=port)
            servers.append((stack.enter_context(started(tmp_path, written.split(), port)), written, keeps))
        for server, written, keeps in servers:
            assert server.listens(), server.written
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
            connection.request("GET", "/")
            answer = connection.getresponse()
            answer.read()
            assert (answer.getheader("Connection") != "close") is keeps, written
            assert (kept_open_of(understood(written)) is not None) is keeps, written
            if connection.sock is not None:
                # It waits for a second, and then closes: what a balancer would write now is lost.
                assert connection.sock.recv(1) == b""
            connection.close()
