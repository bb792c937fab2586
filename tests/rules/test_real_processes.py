"""What workers, threads and copies of an app do to one another: promises of rules, with gunicorn and real libraries."""

from __future__ import annotations

import socket
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.rules.real_page import page, start
from tests.rules.real_server import Running, free_port, started, until, write_files

pytestmark = pytest.mark.real
WSGI = 'def application(environ, start_response):\n    start_response("200 OK", [])\n    return [b"ok"]\n'
DJANGO = 'SECRET_KEY = "of-a-test"\nROOT_URLCONF = "shop.urls"\nALLOWED_HOSTS = ["*"]\n'


def told(server: Running, path: str, body: bytes | None = None) -> tuple[int, str]:
    """The status and the text of an answer."""
    assert server.listens(), server.written
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", body, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_gunicorn_serves_with_one_worker_without_its_file(tmp_path: Path) -> None:
    bad, good = page("gunicorn-config-not-loaded")
    with ExitStack() as stack:
        alone, several = (start(stack, tmp_path / name, case.files) for name, case in (("bad", bad), ("good", good)))
        assert (alone.status(), several.status()) == (404, 404)
        assert until(lambda: several.written.count("Booting worker") == 4)
        alone.process.terminate()
        assert alone.ended() is not None
        assert alone.written.count("Booting worker") == 1


LIMITS = 'def post_worker_init(worker):\n    worker.log.info("until %s", worker.max_requests)\n'


def test_workers_restart_after_as_many_requests_until_there_is_jitter(tmp_path: Path) -> None:
    with ExitStack() as stack:
        servers = [
            start(stack, tmp_path / str(number), {**case.files, "gunicorn.conf.py": LIMITS})
            for number, case in enumerate(page("max-requests-without-jitter"))
        ]
        assert all(until(lambda one=one: one.written.count("until ") == 4) for one in servers)
        same, spread = (
            {line.rpartition(" ")[2] for line in one.written.splitlines() if "until " in line} for one in servers
        )
    assert same == {"1000"}
    assert len(spread) > 1


THREADS = "\n\n@app.get('/threads')\nasync def threads():\n    import threading\n    return threading.active_count()\n"


def test_threads_change_nothing_for_workers_of_uvicorn(tmp_path: Path) -> None:
    with ExitStack() as stack:
        servers = [
            start(stack, tmp_path / str(number), {**case.files, "main.py": case.files["main.py"] + THREADS})
            for number, case in enumerate(page("threads-ignored-by-worker-class"))
        ]
        assert [told(one, "/threads") for one in servers] == [(200, "1"), (200, "1")]


def test_a_worker_in_the_background_dies_without_anybody_starting_it_again(tmp_path: Path) -> None:
    ends = "#!/bin/sh\necho ended >> ended\nexit 1\n"
    with ExitStack() as stack:
        servers = []
        for name, case in zip(("bad", "good"), page("background-task-in-web-process"), strict=True):
            script = case.files["start.sh"].replace("celery", "./celery")
            files = {**case.files, "start.sh": script, "celery": ends, "shop/wsgi.py": WSGI}
            servers.append(start(stack, tmp_path / name, files))
        assert [one.status() for one in servers] == [200, 200]
        assert until((tmp_path / "bad" / "ended").exists)
        assert [one.status() for one in servers] == [200, 200]
        assert (tmp_path / "bad" / "ended").read_text() == "ended\n"
        assert not (tmp_path / "good" / "ended").exists()


SCHEDULER = """
import os
from pathlib import Path

from apscheduler.schedulers.background import BackgroundScheduler

scheduler = BackgroundScheduler()
scheduler.add_job(lambda: Path(f"job-{os.getpid()}").touch())
scheduler.start()
"""


@pytest.mark.parametrize(("option", "times"), [("--workers=3", 3), ("--preload", 1)])
def test_a_scheduler_of_the_app_runs_a_job_once_for_each_import(tmp_path: Path, option: str, times: int) -> None:
    write_files(tmp_path, {"shop.py": WSGI + SCHEDULER})
    port = free_port()
    command = ["gunicorn", "--workers=3", option, f"--bind=127.0.0.1:{port}", "shop"]
    with started(tmp_path, command, port) as running:
        assert running.status() == 200
        assert until(lambda: len(list(tmp_path.glob("job-*"))) == times)
        assert until(lambda: running.written.count("Booting worker") == 3)
        running.process.terminate()
        assert running.ended() == 0
    assert len(list(tmp_path.glob("job-*"))) == times


TOGETHER = """
import threading

from shop import app, engine

arrived = threading.Barrier(16)


@app.get("/together")
def together():
    with engine.connect():
        try:
            arrived.wait(2)
        except threading.BrokenBarrierError:
            return "apart"
    return "together"
"""


def test_sixteen_threads_have_fifteen_connections(tmp_path: Path) -> None:
    with ExitStack() as stack, ThreadPoolExecutor(32) as pool:
        servers = []
        for number, case in enumerate(page("pool-smaller-than-threads")):
            # One worker: all sixteen requests come to the same pool.
            compose = case.files["compose.prod.yml"].replace("--workers=2", "--workers=1")
            files = {**case.files, "compose.prod.yml": compose, "together.py": TOGETHER}
            servers.append(
                start(
                    stack, tmp_path / str(number), files, {"DATABASE_URL": "sqlite:///shop.db"}, target="together:app"
                )
            )
        assert all(one.status("/nothing") == 404 for one in servers)
        few, enough = (list(pool.map(lambda _, one=one: told(one, "/together")[1], range(16))) for one in servers)
    assert set(few) == {"apart"}
    assert set(enough) == {"together"}


ASKS = """
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.urls import path


def slow(request):
    try:
        connection.ensure_connection()
    except OperationalError:
        pass
    return HttpResponse("slow")


urlpatterns = [path("slow", slow), path("", lambda request: HttpResponse("ok"))]
"""


def answered_beside(server: Running, listener: socket.socket) -> bool:
    """Whether a request is answered while another one waits for a database that says nothing."""
    answered = threading.Event()
    with ThreadPoolExecutor() as pool:
        waits = pool.submit(told, server, "/slow")
        connection, _ = listener.accept()
        quick = pool.submit(told, server, "/")
        quick.add_done_callback(lambda _: answered.set())
        meanwhile = answered.wait(2)
        connection.close()
        listener.close()
        assert waits.result() == (200, "slow")
        assert quick.result() == (200, "ok")
    return meanwhile


def test_psycopg2_holds_all_requests_of_a_gevent_worker_and_psycopg_lets_go(tmp_path: Path) -> None:
    with ExitStack() as stack, ThreadPoolExecutor() as pool:
        found = []
        for name, case in zip(("psycopg2", "psycopg"), page("gevent-without-cooperative-driver"), strict=True):
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            listener.settimeout(30)
            # Django prefers psycopg: the other project does not install it.
            other = {"psycopg/__init__.py": "raise ImportError\n"} if name == "psycopg2" else {}
            files = {
                **case.files,
                **other,
                "shop/urls.py": ASKS,
                "shop/settings.py": case.files["shop/settings.py"] + DJANGO,
                "gunicorn.conf.py": case.files["gunicorn.conf.py"].replace("workers = 2", "workers = 1"),
            }
            variables = {"HOST": "127.0.0.1", "PGPORT": str(listener.getsockname()[1]), "PGSSLMODE": "disable"}
            server = start(stack, tmp_path / name, files, variables)
            found.append(pool.submit(answered_beside, server, listener))
        assert [one.result() for one in found] == [False, True]


STORED = """
from django.db import connection
from django.http import HttpResponse
from django.urls import path


def put(request):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO orders VALUES (1)")
    return HttpResponse("put")


def count(request):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS orders (id INTEGER)")
        cursor.execute("SELECT count(*) FROM orders")
        return HttpResponse(str(cursor.fetchone()[0]))


urlpatterns = [path("put", put), path("", count)]
"""


def test_copies_of_an_app_have_a_database_each(tmp_path: Path) -> None:
    bad, _ = page("sqlite-with-multiple-replicas")
    files = {**bad.files, "shop/urls.py": STORED, "shop/settings.py": bad.files["shop/settings.py"] + DJANGO}
    with ExitStack() as stack:
        copies = [start(stack, tmp_path / name, files) for name in ("one", "other")]
        assert [told(one, "/")[1] for one in copies] == ["0", "0"]
        assert told(copies[0], "/put") == (200, "put")
        assert [told(one, "/")[1] for one in copies] == ["1", "0"]
