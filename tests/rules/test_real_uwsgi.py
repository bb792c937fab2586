"""What the rules about uWSGI promise, seen with the real uWSGI: the build of it that comes as a wheel."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.rules.real_page import page, start
from tests.rules.real_server import Running, as_first_process, terminate_first_process

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(importlib.util.find_spec("pyuwsgi") is None, reason="uWSGI has no wheel for this machine"),
]
WSGI = """\
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]
"""


def uwsgi(stack: ExitStack, folder: Path, files: Mapping[str, str], *before: str) -> Running:
    """A project under uWSGI, behind other words where they are given.

    A wheel is a module of Python: a master that reloads runs the interpreter below this virtual environment anew, which
    finds the module only where it is told.
    """
    found = importlib.util.find_spec("pyuwsgi")
    assert found is not None
    assert found.origin is not None
    return start(stack, folder, files, {"PYTHONPATH": str(Path(found.origin).parent)}, before=before)


def test_uwsgi_stays_up_without_its_app_until_it_needs_one(tmp_path: Path) -> None:
    bad, good = page("uwsgi-starts-without-app")
    broken = {"shop.py": "import nothing_of_this_name\n"}
    with ExitStack() as stack:
        stays = uwsgi(stack, tmp_path / "stays", {**bad.files, **broken})
        ends = uwsgi(stack, tmp_path / "ends", {**good.files, **broken})
        serves = uwsgi(stack, tmp_path / "serves", good.files)
        assert (stays.status(), serves.status()) == (500, 404)
        assert "no python application found" in stays.written
        assert ends.ended() not in (0, None)
        assert "no app loaded" in ends.written


def test_uwsgi_does_not_understand_http_on_a_socket_of_its_own_protocol(tmp_path: Path) -> None:
    bad, good = page("uwsgi-protocol-mismatch")
    with ExitStack() as stack:
        binary = uwsgi(stack, tmp_path / "bad", bad.files)
        http = uwsgi(stack, tmp_path / "good", good.files)
        assert (binary.status(), http.status()) == (None, 404)
        assert binary.says("invalid request block size")


def test_uwsgi_reloads_on_sigterm_until_it_is_told_to_die(tmp_path: Path) -> None:
    before = as_first_process([])
    if before is None:
        pytest.skip("this machine allows no PID namespace")
    bad, good = page("uwsgi-reloads-on-sigterm")
    with ExitStack() as stack:
        # One process: the others may not listen for signals yet when the first has answered.
        bad_files, good_files = (
            {path: text.replace("processes = 4", "processes = 1") for path, text in one.files.items()}
            for one in (bad, good)
        )
        reloads = uwsgi(stack, tmp_path / "bad", {**bad_files, "shop/wsgi.py": WSGI}, *before)
        ends = uwsgi(stack, tmp_path / "good", {**good_files, "shop/wsgi.py": WSGI}, *before)
        for one in (reloads, ends):
            assert one.status() == 200
            terminate_first_process(one)
        assert ends.ended() is not None
        assert reloads.says("(RE)spawned uWSGI master process"), reloads.written
        assert reloads.status() == 200
