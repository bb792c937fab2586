"""gevent patches too late: what real gunicorn workers then do, and that they serve when it is in time."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from prodlint.engine import built_in_rules
from prodlint.testing import cases_of, example_cases
from tests.rules.real_server import free_port, started, write_files

pytestmark = pytest.mark.real
for name in ("gevent", "requests"):
    pytest.importorskip(name)

CASES = Path(__file__).parent / "serving" / "monkey-patch-too-late.md"
CLIENT_HELLO = b"\x16\x03"


class Listener:
    """Takes connections, keeps the first bytes of each, and answers nothing."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection:
                connection.settimeout(10)
                try:
                    self.heard.append(connection.recv(2))
                except OSError:
                    self.heard.append(b"")


def example(is_wrong: bool, port: int) -> dict[str, str]:
    """The files of the page, asking a server of this machine."""
    [rule] = [one for one in built_in_rules() if one.name == "monkey-patch-too-late"]
    bad, good = example_cases(rule.page)
    files = (bad if is_wrong else good).files
    return {path: text.replace("rates.example.com", f"127.0.0.1:{port}") for path, text in files.items()}


def case(beginning: str) -> dict[str, str]:
    [found] = [one for one in cases_of(CASES.read_text(encoding="utf-8")) if one.name.startswith(beginning)]
    return dict(found.files)


@pytest.mark.parametrize("is_wrong", [True, False])
def test_urllib3_recurses_where_the_app_is_preloaded_before_gevent_patches(tmp_path: Path, is_wrong: bool) -> None:
    listener, port = Listener(), free_port()
    write_files(tmp_path, example(is_wrong, listener.port))
    command = ["gunicorn", "--worker-class=gevent", "--preload", f"--bind=127.0.0.1:{port}", "shop:app"]
    with started(tmp_path, command, port) as running:
        # Nobody answers, so that the view fails either way: what matters is how far it comes.
        assert running.status("/rates") == 500
        assert running.says("RecursionError" if is_wrong else "requests.exceptions")
        assert ("RecursionError" in running.written) is is_wrong
        assert (CLIENT_HELLO in listener.heard) is not is_wrong


def test_threads_that_are_older_than_the_patch_hang(tmp_path: Path) -> None:
    write_files(tmp_path, case("The app is patched below threads"))
    port, other = free_port(), free_port()
    threads = ["gunicorn", "--threads=8", f"--bind=127.0.0.1:{port}", "wsgi:app"]
    worker = ["gunicorn", "--worker-class=gevent", f"--bind=127.0.0.1:{other}", "wsgi:app"]
    with started(tmp_path, threads, port) as hanging, started(tmp_path, worker, other) as serving:
        assert [serving.status() for _ in range(3)] == [404, 404, 404]
        assert [hanging.status(timeout=2) for _ in range(3)].count(None) >= 2
