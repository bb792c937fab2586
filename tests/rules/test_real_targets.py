"""What servers do with the wrong app object, shown by the servers themselves: what the rules' messages promise."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from prodlint.engine import built_in_rules
from prodlint.testing import example_cases
from tests.rules.real_server import Running, accepts, free_port, started, until, write_files

pytestmark = pytest.mark.real
PAGES = {rule.name: rule.page for rule in built_in_rules()}
FLASK = """
from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    return "ok"


def create_app():
    return app


def create_app_with(config=None, testing=False):
    return app
"""
STARLETTE = """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

app = Starlette(routes=[Route("/", lambda request: PlainTextResponse("ok"))])


def create_app():
    return app


def create_app_with(settings):
    return app
"""
DJANGO = {
    "shop/settings.py": 'SECRET_KEY = "test"\nROOT_URLCONF = "shop.urls"\nALLOWED_HOSTS = ["*"]\n',
    "shop/urls.py": "from django.http import HttpResponse\nfrom django.urls import path\n\n"
    'urlpatterns = [path("", lambda request: HttpResponse("ok"))]\n',
}
FILES = {"web.py": FLASK, "api.py": STARLETTE}
BINDS = {
    "gunicorn": ("--bind=127.0.0.1:{}",),
    "uvicorn": ("--port={}",),
    "hypercorn": ("--bind=127.0.0.1:{}",),
    "granian": ("--port={}",),
    "daphne": ("-p", "{}"),
    "waitress-serve": ("--listen=127.0.0.1:{}",),
}


def run(stack: ExitStack, folder: Path, command: str, environment: dict[str, str] | None = None) -> Running:
    """A command that names no port, started on a free one."""
    program, *words = command.split()
    port = free_port()
    modules = {"waitress-serve": "waitress"}
    binds = [word.format(port) for word in BINDS[program]]
    argv = [sys.executable, "-m", modules.get(program, program), *binds, *words]
    return stack.enter_context(started(folder, argv, port, environment))


def statuses(folder: Path, commands: list[str]) -> dict[str, int | None]:
    """What each command, all started at once, answers to a request."""
    with ExitStack() as stack:
        running = {command: run(stack, folder, command) for command in commands}
        return {command: one.status() for command, one in running.items()}


def ends(folder: Path, commands: list[str]) -> dict[str, int | None]:
    """The status with which each command ends by itself, None for one that does not."""
    with ExitStack() as stack:
        running = {command: run(stack, folder, command) for command in commands}
        return {command: one.ended() for command, one in running.items()}


def page_files(rule: str, wrong: bool) -> dict[str, str]:
    bad, good = example_cases(PAGES[rule])
    return dict((bad if wrong else good).files)


def served(files: dict[str, str]) -> str:
    """The command of a Procfile with one process, without the options that say where it listens."""
    command = files["Procfile"].strip().removeprefix("web: ")
    return command.replace(" --host 0.0.0.0 --port $PORT", "").replace("'", "")


@pytest.mark.parametrize("rule", ["asgi-app-on-wsgi-worker", "wsgi-app-on-asgi-server", "app-factory-not-called"])
def test_the_example_of_a_rule_answers_500_and_what_to_use_instead_answers(rule: str, tmp_path: Path) -> None:
    bad, good = page_files(rule, True), page_files(rule, False)
    settings = {"DJANGO_SETTINGS_MODULE": "shop.settings"}
    for name, files in (("bad", bad), ("good", good)):
        (tmp_path / name).mkdir()
        write_files(tmp_path / name, {**(DJANGO if "shop/wsgi.py" in files else {}), **files})
    instead = served(good)
    with ExitStack() as stack:
        wrong = run(stack, tmp_path / "bad", served(bad), settings)
        right = run(stack, tmp_path / "good", instead, settings)
        assert (wrong.status(), right.status()) == (500, 200)


def test_granian_answers_500_until_it_is_told_the_interface(tmp_path: Path) -> None:
    bad, good = page_files("granian-interface-missing", True), page_files("granian-interface-missing", False)
    write_files(tmp_path, bad)
    commands = [
        next(line for line in files["compose.prod.yml"].splitlines() if "command:" in line)
        .partition("command: ")[2]
        .replace("--host 0.0.0.0 ", "")
        for files in (bad, good)
    ]
    assert list(statuses(tmp_path, commands).values()) == [500, 200]


def test_servers_answer_500_for_an_app_of_the_other_interface(tmp_path: Path) -> None:
    write_files(tmp_path, FILES)
    wrong = [
        "gunicorn --threads=2 api:app",
        "waitress-serve api:app",
        "granian --interface=wsgi api:app",
        "gunicorn -k asgi web:app",
        "gunicorn -k uvicorn.workers.UvicornWorker web:app",
        "daphne web:app",
        "granian --interface=asgi web:app",
    ]
    assert set(statuses(tmp_path, wrong).values()) == {500}


def test_servers_answer_for_an_app_of_their_interface(tmp_path: Path) -> None:
    write_files(tmp_path, FILES)
    right = [
        "gunicorn -k asgi api:app",
        "daphne api:app",
        "waitress-serve web:app",
        "granian --interface=wsgi web:app",
        "uvicorn --interface=wsgi web:app",
        "hypercorn web:app",
        "hypercorn api:app",
    ]
    assert set(statuses(tmp_path, right).values()) == {200}


def test_servers_answer_500_for_a_factory_that_nobody_calls(tmp_path: Path) -> None:
    write_files(tmp_path, FILES)
    wrong = [
        "gunicorn web:create_app_with",
        "waitress-serve web:create_app",
        "hypercorn api:create_app",
        "daphne api:create_app",
        "granian --interface=asgi api:create_app",
        "gunicorn -k asgi api:create_app",
        "uvicorn api:create_app_with",
    ]
    assert set(statuses(tmp_path, wrong).values()) == {500}


def test_servers_answer_for_a_factory_that_they_call(tmp_path: Path) -> None:
    write_files(tmp_path, FILES)
    right = [
        "uvicorn api:create_app",
        "uvicorn --factory api:create_app",
        "gunicorn -k uvicorn.workers.UvicornWorker api:create_app",
        "granian --interface=asgi --factory api:create_app",
        "waitress-serve --call web:create_app",
        "hypercorn api:create_app()",
    ]
    assert set(statuses(tmp_path, right).values()) == {200}


def test_servers_end_without_the_app_that_they_are_told_to_serve(tmp_path: Path) -> None:
    write_files(tmp_path, {**FILES, "pack/main.py": FLASK})
    ended = {
        "gunicorn web:nope": 4,
        "gunicorn web": 4,
        "gunicorn web:app.wsgi_app": 4,
        "gunicorn web:create_app_with(colour='red')": 4,
        "gunicorn nothing:app": 3,
        "gunicorn web.py:app": 3,
        "gunicorn pack/main:app": 3,
        "uvicorn api:nope": 3,
        "uvicorn nothing:app": 3,
        "uvicorn api": 3,
        "uvicorn api:create_app()": 3,
        "uvicorn --factory api:app": 3,
        "uvicorn --factory api:create_app_with": 3,
    }
    assert ends(tmp_path, list(ended)) == ended


def test_hypercorn_and_granian_take_a_path(tmp_path: Path) -> None:
    write_files(tmp_path, {"pack/main.py": STARLETTE})
    assert set(
        statuses(tmp_path, ["hypercorn pack/main:app", "granian --interface=asgi pack/main.py:app"]).values()
    ) == {200}


def test_uvicorn_cannot_start_workers_with_the_app_itself(tmp_path: Path) -> None:
    rule = "uvicorn-run-needs-import-string"
    port = free_port()
    with ExitStack() as stack:
        running = []
        plain = page_files(rule, True)["main.py"].replace(", workers=4", "")
        mains = {
            "bad": page_files(rule, True)["main.py"],
            "variable": plain,
            "good": page_files(rule, False)["main.py"],
        }
        for name, main in mains.items():
            (tmp_path / name).mkdir()
            write_files(
                tmp_path / name,
                {"main.py": main.replace("workers=4", "workers=2").replace('"0.0.0.0"', f'"127.0.0.1", port={port}')},
            )
            environment = {"WEB_CONCURRENCY": "2"} if name == "variable" else {}
            running.append(
                stack.enter_context(started(tmp_path / name, [sys.executable, "main.py"], port, environment))
            )
        assert [one.ended() for one in running[:2]] == [3, 3]
        assert all(one.says("import string") for one in running[:2])
        assert running[2].status("/openapi.json") == 200


def test_servers_end_without_what_their_options_need(tmp_path: Path) -> None:
    # No package but the servers' own: what is not installed here stays so.
    blocked = {f"{name}/__init__.py": "raise ImportError\n" for name in ("gevent", "eventlet", "uvloop", "httptools")}
    write_files(tmp_path, {**FILES, **blocked, "prod.env": "A=b\n", "dotenv/__init__.py": "raise ImportError\n"})
    ended = {
        "gunicorn -k gevent web:app": 1,
        "gunicorn -k eventlet web:app": 1,
        "gunicorn -k nothing.Worker web:app": 1,
        "gunicorn -c nothing.py web:app": 1,
        "uvicorn --loop uvloop api:app": 1,
        "uvicorn --http httptools api:app": 1,
        "uvicorn --env-file prod.env api:app": 1,
    }
    assert ends(tmp_path, list(ended)) == ended


def test_servers_end_with_an_option_of_another(tmp_path: Path) -> None:
    write_files(tmp_path, FILES)
    commands = [
        "gunicorn --host=0.0.0.0 web:app",
        "gunicorn --worker=4 web:app",
        "uvicorn --max-requests=1000 api:app",
        "uvicorn -w 4 api:app",
        "hypercorn --host=0.0.0.0 api:app",
        "daphne --workers=4 api:app",
    ]
    assert set(ends(tmp_path, commands).values()) == {2}


def test_flask_answers_500_for_a_coroutine_without_its_extra(tmp_path: Path) -> None:
    rule = "flask-async-view-without-extra"
    for name, files in (("bad", page_files(rule, True)), ("good", page_files(rule, False))):
        (tmp_path / name).mkdir()
        write_files(tmp_path / name, files)
    write_files(tmp_path / "bad", {"asgiref/__init__.py": "", "asgiref/sync.py": "raise ImportError\n"})
    with ExitStack() as stack:
        running = [run(stack, tmp_path / name, "gunicorn shop:app") for name in ("bad", "good")]
        assert [one.status() for one in running] == [500, 200]
        assert running[0].says("Install Flask with the 'async' extra")


def test_gunicorn_skips_a_name_that_is_no_setting_and_reads_the_file_where_it_starts(tmp_path: Path) -> None:
    said = 'access_log = "access.txt"\nworker = 3\n'
    for name, conf in (("skipped", said), ("read", 'accesslog = "access.txt"\n')):
        (tmp_path / name).mkdir()
        write_files(tmp_path / name, {**FILES, "gunicorn.conf.py": conf})
    write_files(tmp_path, {"inside/web.py": FLASK, "inside/gunicorn.conf.py": 'accesslog = "access.txt"\n'})
    with ExitStack() as stack:
        running = [run(stack, tmp_path / name, "gunicorn web:app") for name in ("skipped", "read")]
        running.append(run(stack, tmp_path, "gunicorn --chdir inside web:app"))
        assert [one.status() for one in running] == [200, 200, 200]
    found = [(tmp_path / name / "access.txt").exists() for name in ("skipped", "read", "inside")]
    assert found == [False, True, False]


def test_gunicorn_looks_for_a_file_with_the_space_in_its_name_when_option_and_value_are_one_word(
    tmp_path: Path,
) -> None:
    write_files(tmp_path, {**FILES, "gunicorn.conf.py": "workers = 1\n"})
    with started(tmp_path, [sys.executable, "-m", "gunicorn", "-c gunicorn.conf.py", "web:app"], free_port()) as one:
        assert one.ended() == 1
        assert "' gunicorn.conf.py' doesn't exist" in one.written


def test_uvicorn_guesses_a_factory_with_a_warning(tmp_path: Path) -> None:
    write_files(tmp_path, FILES)
    with ExitStack() as stack:
        guessed, told = (run(stack, tmp_path, f"uvicorn {option}api:create_app") for option in ("", "--factory "))
        assert (guessed.status(), told.status()) == (200, 200)
        assert ["factory" in one.written for one in (guessed, told)] == [True, False]


def test_the_module_of_uvicorn_for_gunicorn_warns(tmp_path: Path) -> None:
    write_files(tmp_path, FILES)
    with ExitStack() as stack:
        command = "gunicorn -k uvicorn.workers.UvicornWorker api:app"
        running = run(stack, tmp_path, command, {"PYTHONWARNINGS": "default"})
        assert running.status() == 200
        assert running.says("deprecated")


def test_python_imports_from_the_folder_of_a_script_not_from_where_it_starts(tmp_path: Path) -> None:
    port = free_port()
    start = f'\n\nif __name__ == "__main__":\n    import uvicorn\n\n    uvicorn.run("shop.main:app", port={port})\n'
    write_files(tmp_path, {"shop/main.py": STARLETTE + start})
    with started(tmp_path, [sys.executable, "shop/main.py"], port) as script:
        assert script.ended() == 1
        assert "No module named 'shop'" in script.written or "Could not import module" in script.written
    with started(tmp_path, [sys.executable, "-m", "shop.main"], port) as module:
        assert module.status() == 200


UNGUARDED = """
from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    return "ok"


GUARD
    app.run(port={port})
"""


@pytest.mark.parametrize(("guard", "answered"), [("if True:", None), ('if __name__ == "__main__":', 200)])
def test_gunicorn_never_answers_for_an_app_that_runs_itself_on_import(
    tmp_path: Path, guard: str, answered: int | None
) -> None:
    port, own = free_port(), free_port()
    write_files(tmp_path, {"shop.py": UNGUARDED.replace("GUARD", guard).format(port=own)})
    with started(tmp_path, ["gunicorn", f"--bind=127.0.0.1:{port}", "shop:app"], port) as running:
        assert running.listens()
        if answered is None:
            assert until(lambda: accepts(own)), running.written
        assert running.status(timeout=3.0) == answered
