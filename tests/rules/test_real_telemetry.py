"""What the rules about errors, metrics and statements promise, seen with the real Sentry, Prometheus and SQLAlchemy."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.rules.real_page import page, start
from tests.rules.real_server import Running, free_port, until

pytestmark = pytest.mark.real
BOOM = "\n\n@app.get('/boom')\ndef boom():\n    raise ValueError('no such order')\n"


class Receiver:
    """What Sentry's client sends, by project: the types of the items, and the environments of events."""

    def __init__(self) -> None:
        received: list[tuple[str, str, str]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                body = gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body
                project = self.path.split("/")[2]
                lines = [json.loads(line) for line in body.splitlines() if line.startswith(b"{")]
                kind = next(str(line["type"]) for line in lines[1:] if "type" in line)
                received.append((project, kind, next((line["environment"] for line in lines if "level" in line), "")))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.received = received
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def dsn(self, project: int) -> dict[str, str]:
        return {"SENTRY_DSN": f"http://key@127.0.0.1:{self.server.server_port}/{project}"}

    def of(self, project: int, kind: str) -> list[str]:
        return [environment for found, each, environment in self.received if (found, each) == (str(project), kind)]


@pytest.fixture
def sentry() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


def ended(server: Running) -> None:
    """A server that was told to end: what its error tracker holds is sent first."""
    server.process.terminate()
    assert server.ended() is not None


@pytest.mark.parametrize("rule", ["error-tracker-not-initialised", "error-tracker-without-dsn"])
def test_nobody_hears_of_an_error_until_the_tracker_is_started_with_a_dsn(
    rule: str, tmp_path: Path, sentry: Receiver
) -> None:
    bad, good = page(rule)
    with ExitStack() as stack:
        servers = []
        for number, (case, name) in enumerate(((bad, "bad"), (good, "good"))):
            main = "shop/main.py" if "shop/main.py" in case.files else "main.py"
            files = {**case.files, main: case.files[main] + BOOM}
            has_dsn = name == "good" or rule == "error-tracker-not-initialised"
            servers.append(start(stack, tmp_path / name, files, sentry.dsn(number) if has_dsn else {}))
        assert [one.status("/boom") for one in servers] == [500, 500]
        for one in servers:
            ended(one)
        assert until(lambda: sentry.of(1, "event"))
        assert not sentry.of(0, "event")


def test_staging_reports_as_production_until_it_says_that_it_is_staging(tmp_path: Path, sentry: Receiver) -> None:
    with ExitStack() as stack:
        servers = []
        for number, case in enumerate(page("error-tracker-without-environment")):
            files = {**case.files, "main.py": case.files["main.py"] + BOOM}
            told = {"SENTRY_ENVIRONMENT": "staging"} if "SENTRY_ENV" in files["compose.staging.yml"] else {}
            servers.append(start(stack, tmp_path / str(number), files, {**sentry.dsn(number), **told}))
        assert [one.status("/boom") for one in servers] == [500, 500]
        assert until(lambda: sentry.of(0, "event") and sentry.of(1, "event"))
        assert (set(sentry.of(0, "event")), set(sentry.of(1, "event"))) == ({"production"}, {"staging"})


def test_a_rate_of_one_sends_a_trace_of_every_request(tmp_path: Path, sentry: Receiver) -> None:
    with ExitStack() as stack:
        servers = []
        for number, case in enumerate(page("error-tracker-samples-everything")):
            files = {**case.files, "main.py": case.files["main.py"] + "\n\n@app.get('/ok')\ndef ok():\n    pass\n"}
            servers.append(start(stack, tmp_path / str(number), files, sentry.dsn(number)))
        for one in servers:
            assert {one.status("/ok") for _ in range(20)} == {200}
            ended(one)
        assert until(lambda: len(sentry.of(0, "transaction")) == 20)
        assert len(sentry.of(1, "transaction")) < 20


COUNT = "\n\n@app.get('/order')\ndef order():\n    orders.inc()\n    return 'ok'\n"


def test_each_worker_tells_prometheus_its_own_count_until_they_are_added_up(tmp_path: Path) -> None:
    (tmp_path / "counts").mkdir()
    with ExitStack() as stack, ThreadPoolExecutor(8) as pool:
        servers = []
        for number, case in enumerate(page("metrics-without-multiprocess")):
            files = {**case.files, "shop.py": case.files["shop.py"] + COUNT}
            variables = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "counts")} if number else {}
            servers.append(start(stack, tmp_path / str(number), files, variables))
        alone, together = servers
        for one in servers:
            assert set(pool.map(lambda _, one=one: one.status("/order"), range(40))) == {200}
        assert until(lambda: len({scraped(alone) for _ in range(20)}) > 1)
        assert set(pool.map(lambda _: scraped(together), range(20))) == {"orders_total 40.0"}


def scraped(server: Running) -> str:
    """The line of `/metrics` that tells the count."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        text = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    return next(line for line in text.splitlines() if line.startswith("orders_total "))


QUERY = """
from sqlalchemy import text

from shop.database import engine
from shop.main import app


@app.get("/login")
def login():
    with engine.connect() as connection:
        return connection.execute(text("SELECT :secret"), {"secret": "of-the-house"}).scalar()
"""


def test_an_echo_writes_statements_with_their_values(tmp_path: Path) -> None:
    with ExitStack() as stack:
        servers = [
            start(
                stack,
                tmp_path / str(number),
                {**case.files, "shop/query.py": QUERY},
                {"DATABASE_URL": "sqlite://"},
                target="shop.query:app",
            )
            for number, case in enumerate(page("debug-logging-in-production"))
        ]
        assert [one.status("/login") for one in servers] == [200, 200]
        for one in servers:
            ended(one)
        assert ["of-the-house" in one.written for one in servers] == [True, False]


def test_a_debugger_listens_beside_the_app(tmp_path: Path) -> None:
    bad, good = page("debugger-in-production")
    port = free_port()
    files = {**bad.files, "shop.py": bad.files["shop.py"].replace("5678", str(port))}
    with ExitStack() as stack:
        debugged = start(stack, tmp_path / "bad", files)
        plain = start(stack, tmp_path / "good", good.files)
        assert (debugged.status(), plain.status()) == (404, 404)
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            # The Debug Adapter Protocol: whoever connects is greeted with a first event.
            assert connection.recv(65536).startswith(b"Content-Length: ")
