"""What workers do to the things that an app keeps in its memory: the promises of these rules, with real servers."""

from __future__ import annotations

import subprocess
import urllib.request
from concurrent.futures import ThreadPoolExecutor
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


def got_by_many(running: Running, path: str = "/", cookie: str = "") -> set[str]:
    """The bodies of answers to many clients at once, whom more than one worker serves sooner or later."""
    with ThreadPoolExecutor(16) as pool:
        return set(pool.map(lambda _: got(running, path, cookie)[0], range(64)))


def got(running: Running, path: str = "/", cookie: str = "") -> tuple[str, str]:
    """The body of an answer, and the cookie that it sets."""
    request = urllib.request.Request(f"http://127.0.0.1:{running.port}{path}", headers={"Cookie": cookie})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.read().decode(), (answer.headers["Set-Cookie"] or "").partition(";")[0]


LOGIN = """
from flask import session

from shop import app


@app.get("/in")
def log_in() -> str:
    session["user"] = "me"
    return "in"


@app.get("/")
def show() -> str:
    return session.get("user", "nobody")
"""


@pytest.mark.parametrize(("is_wrong", "is_preloaded"), [(True, False), (False, False), (True, True)])
def test_workers_with_a_key_each_lose_sessions(tmp_path: Path, is_wrong: bool, is_preloaded: bool) -> None:
    write_files(tmp_path, {**example("random-secret-key", is_wrong), "login.py": LOGIN})
    port = free_port()
    command = ["gunicorn", "--workers=2", f"--bind=127.0.0.1:{port}", "login:app"]
    command += ["--preload"] if is_preloaded else []
    with started(tmp_path, command, port, {"SECRET_KEY": "one for all"}) as running:
        assert running.status("/") == 200
        _, cookie = got(running, "/in")
        if is_wrong and not is_preloaded:
            assert until(lambda: "nobody" in got_by_many(running, "/", cookie))
        else:
            assert got_by_many(running, "/", cookie) == {"me"}


URLS = """
from django.http import HttpResponse
from django.urls import path


def log_in(request):
    request.session["user"] = "me"
    return HttpResponse("in")


def show(request):
    return HttpResponse(request.session.get("user", "nobody"))


urlpatterns = [path("in", log_in), path("", show)]
"""


@pytest.mark.parametrize("is_wrong", [True, False])
def test_sessions_in_the_memory_of_one_worker_are_unknown_to_the_next(tmp_path: Path, is_wrong: bool) -> None:
    settings = "from shop.settings import *\n\nALLOWED_HOSTS = ['127.0.0.1']\n"
    files = example("in-process-state-with-workers", is_wrong)
    write_files(tmp_path, {**files, "shop/urls.py": URLS, "probe.py": settings})
    port = free_port()
    command = ["gunicorn", "--workers=2", f"--bind=127.0.0.1:{port}", "shop.wsgi"]
    environment = {"DJANGO_SETTINGS_MODULE": "probe", "SECRET_KEY": "one for all"}
    with started(tmp_path, command, port, environment) as running:
        assert running.status("/") == 200, running.written
        _, cookie = got(running, "/in")
        if is_wrong:
            assert until(lambda: "nobody" in got_by_many(running, "/", cookie))
        else:
            assert got_by_many(running, "/", cookie) == {"me"}


ALIVE = """
from shop import app, listener


@app.get("/")
def show() -> str:
    return str(listener._thread.is_alive())
"""


@pytest.mark.parametrize("is_wrong", [True, False])
def test_a_thread_that_is_started_before_the_fork_is_in_no_worker(tmp_path: Path, is_wrong: bool) -> None:
    write_files(tmp_path, {**example("preload-loses-threads", is_wrong), "alive.py": ALIVE})
    port = free_port()
    command = ["gunicorn", "--workers=2", f"--bind=127.0.0.1:{port}", "alive:app"]
    with started(tmp_path, [*command, "--preload"] if is_wrong else command, port) as running:
        assert running.status("/") == 200
        assert got(running)[0] == str(not is_wrong)


@pytest.mark.parametrize("is_wrong", [True, False])
def test_gunicorn_does_not_start_where_all_files_are_read_only(tmp_path: Path, is_wrong: bool) -> None:
    write_files(tmp_path, example("worker-heartbeat-on-disk", is_wrong))
    port = free_port()
    gunicorn = ["gunicorn", f"--pythonpath={tmp_path}", f"--bind=127.0.0.1:{port}", "shop:app"]
    gunicorn += [] if is_wrong else ["--worker-tmp-dir=/dev/shm"]
    read_only = ["sh", "-c", 'mount -o remount,ro,bind / && cd / && exec "$@"', "sh"]
    alone = ["unshare", "--user", "--map-root-user", "--mount"]
    check = subprocess.run([*alone, *read_only, "test", "!", "-w", "/tmp"], capture_output=True, check=False)
    if check.returncode != 0:
        pytest.skip("this machine does not mount read-only")
    with started(tmp_path, [*alone, *read_only, *gunicorn], port) as running:
        if is_wrong:
            assert running.ended() not in (0, None)
            assert "No usable temporary directory" in running.written
        else:
            assert running.listens(), running.written


SLOW = """
import pathlib
import time


def application(environ, start_response):
    start_response("200 OK", [])
    if environ["PATH_INFO"] == "/slow":
        pathlib.Path("began").touch()
        for _ in range(30):
            if not pathlib.Path("released").exists():
                time.sleep(0.1)
        pathlib.Path("ended").touch()
    return [b"after" if pathlib.Path("ended").exists() else b"meanwhile"]
"""


@pytest.mark.parametrize(
    ("options", "answered"), [([], "after"), (["--workers=2", "--threads=4"], "meanwhile")], ids=["one", "several"]
)
def test_a_request_waits_for_another_one_where_nobody_says_how_many_workers(
    tmp_path: Path, options: list[str], answered: str
) -> None:
    write_files(tmp_path, {"slow.py": SLOW})
    port = free_port()
    with started(tmp_path, ["gunicorn", *options, f"--bind=127.0.0.1:{port}", "slow"], port) as running:
        assert running.status("/") == 200
        with ThreadPoolExecutor() as pool:
            slow = pool.submit(got, running, "/slow")
            assert until((tmp_path / "began").exists)
            assert got(running, "/")[0] == answered
            (tmp_path / "released").touch()
            assert slow.result()[0] == "after"


OWN = """
import os

OWN = os.urandom(8).hex().encode()


async def app(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": OWN})


def wsgi(environ, start_response):
    start_response("200 OK", [])
    return [OWN]
"""


@pytest.mark.parametrize(
    ("command", "is_shared"),
    [
        ("gunicorn --workers=2 --bind=127.0.0.1:{port} own:wsgi", False),
        ("gunicorn --workers=2 --preload --bind=127.0.0.1:{port} own:wsgi", True),
        ("uvicorn --workers=2 --port={port} own:app", False),
        ("hypercorn --workers=2 --bind=127.0.0.1:{port} own:app", False),
        ("granian --interface=asgi --workers=2 --port={port} own:app", False),
    ],
)
def test_workers_import_the_app_one_by_one_unless_gunicorn_preloads(
    tmp_path: Path, command: str, is_shared: bool
) -> None:
    write_files(tmp_path, {"own.py": OWN})
    port = free_port()
    with started(tmp_path, command.format(port=port).split(), port) as running:
        assert running.listens()
        assert len(got_by_many(running)) == 1 if is_shared else until(lambda: len(got_by_many(running)) > 1)
