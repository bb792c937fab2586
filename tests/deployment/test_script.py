"""Python programs that start a server by themselves: when they are run, and when they are merely imported."""

import pytest

from prodlint.deployment import Environment, Service
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

FLASK = "from flask import Flask\napp = Flask(__name__)\n"
FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n"
GUARD = '\nif __name__ == "__main__":\n'


def web(command: str, files: dict[str, str]) -> Service:
    """The web process of a Procfile."""
    services = inspect(MemoryTree({"Procfile": f"web: {command}\n", **files}), []).deployment.services
    assert [one.environment for one in services] == [Environment.PRODUCTION]
    return services[0]


def run(main: str, **others: str) -> Service:
    """`python main.py`, beside some other modules."""
    return web("python main.py", {"main.py": main, **{f"{name}.py": text for name, text in others.items()}})


@pytest.mark.parametrize(
    ("main", "product", "is_development"),
    [
        (f"{FLASK}app.run()\n", "Flask", YES),
        (f"{FLASK}{GUARD}    app.run(host='0.0.0.0')\n", "Flask", YES),
        (f"{FLASK}\ndef main():\n    app.run()\n{GUARD}    main()\n", "Flask", YES),
        (f"{FLASK}\ntry:\n    app.run()\nfinally:\n    pass\n", "Flask", YES),
        ("from quart import Quart\napp = Quart('x')\napp.run()\n", "Quart", YES),
        ("import dash\napp = dash.Dash()\napp.run(debug=False)\n", "Dash", YES),
        (
            "from flask import Flask\ndef make():\n    return Flask('x')\nmake_app = make\napp = make()\napp.run()\n",
            "Flask",
            YES,
        ),
        ("from werkzeug.serving import run_simple\nrun_simple('0.0.0.0', 80, None)\n", "Werkzeug", YES),
        ("from wsgiref.simple_server import make_server\nmake_server('', 80, None).serve_forever()\n", "wsgiref", YES),
        ("import bottle\nbottle.run(host='0.0.0.0')\n", "bottle", YES),
        ("import bottle\nbottle.run(server='gunicorn')\n", "bottle", NO),
        ("import uvicorn\nuvicorn.run('app:app', host='0.0.0.0')\n", "uvicorn", NO),
        ("import uvicorn\nuvicorn.run('app:app', reload=True)\n", "uvicorn", YES),
        ("import uvicorn\nuvicorn.run('app:app', reload=False)\n", "uvicorn", NO),
        ("import os, uvicorn\nuvicorn.run('app:app', reload=bool(os.environ.get('X')))\n", "uvicorn", UNKNOWN),
        ("import uvicorn\nuvicorn.run(**{'reload': True})\n", "uvicorn", UNKNOWN),
        ("from waitress import serve\nserve(None, listen='*:8080')\n", "waitress", NO),
        ("from cheroot.wsgi import Server\nServer(('', 80), None).start()\n", "cheroot", NO),
        ("from gevent.pywsgi import WSGIServer\nWSGIServer(('', 80), None).serve_forever()\n", "gevent", NO),
        ("from aiohttp import web\nweb.run_app(web.Application())\n", "aiohttp", NO),
        ("import asyncio\nfrom hypercorn.asyncio import serve\nasyncio.run(serve(None, None))\n", "hypercorn", NO),
        ("import os\nos.execvp('gunicorn', ['gunicorn', 'app:app'])\n", "gunicorn", UNKNOWN),
        ("import subprocess\nsubprocess.run(['uvicorn', 'app:app'])\n", "uvicorn", UNKNOWN),
    ],
)
def test_a_script_starts_a_server(main: str, product: str, is_development: Answer) -> None:
    server = run(main).server
    assert server is not None
    assert (server.product, server.is_development, server.in_code) == (product, is_development, True)


@pytest.mark.parametrize(
    "main",
    [
        pytest.param(f"{FLASK}\ndef serve():\n    app.run()\n", id="a function that nobody calls"),
        pytest.param(f"{FLASK}\nclass A:\n    def run(self):\n        app.run()\n", id="a method that nobody calls"),
        pytest.param(f"{FLASK}\nif __name__ != '__main__':\n    app.run()\n", id="only when it is imported"),
        pytest.param(f"{FLASK}serve = lambda: app.run()\n", id="a lambda that nobody calls"),
        pytest.param("import subprocess\nsubprocess.run(['ls'])\n", id="another program"),
        pytest.param("import celery\napp = celery.Celery()\napp.run()\n", id="something else that runs"),
        pytest.param(
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import app\n    app.run()\n", id="for types"
        ),
        pytest.param("def f():\n    f()\nf()\n", id="endless recursion"),
        pytest.param("app.run(\n", id="a syntax error"),
    ],
)
def test_a_script_that_starts_no_server_has_none(main: str) -> None:
    assert run(main, app=FLASK).server is None


def test_the_way_to_the_call_is_told() -> None:
    service = run(
        f"from serve import start\n{GUARD}    start()\n",
        serve="from shop import app\nimport web\n\ndef start():\n    web.go(app)\n",
        web="from shop import app\n\ndef go(application):\n    app.run()\n",
        shop=FLASK,
    )
    assert [str(one.span) for one in service.starts] == ["web.py:4"]
    assert [str(span) for span in service.starts[0].through] == ["main.py:4", "serve.py:5"]
    assert service.app is not None
    assert str(service.app.span) == "shop.py:2"


def test_starts_that_differ_leave_the_server_unknown() -> None:
    service = run(
        f"import os, waitress\n{FLASK}if os.environ.get('DEV'):\n    app.run()\nelse:\n    waitress.serve(app)\n"
    )
    assert service.server is None
    assert [(one.product, one.conditional) for one in service.starts] == [("Flask", True), ("waitress", True)]


@pytest.mark.parametrize(
    ("command", "files", "place"),
    [
        ("python -m shop", {"shop/__main__.py": f"{FLASK}app.run()\n"}, "shop/__main__.py:3"),
        ("python -m shop.serve", {"shop/serve.py": f"{FLASK}app.run()\n"}, "shop/serve.py:3"),
        ("python -u shop/serve.py --port 80", {"shop/serve.py": f"{FLASK}app.run()\n"}, "shop/serve.py:3"),
        ("cd shop && python serve.py", {"shop/serve.py": f"{FLASK}app.run()\n"}, "shop/serve.py:3"),
        (
            "python src/serve.py",
            {"src/serve.py": "from web import app\napp.run()\n", "src/web.py": FLASK},
            "src/serve.py:2",
        ),
        ("uv run serve.py", {"serve.py": f"{FLASK}app.run()\n"}, "serve.py:3"),
    ],
)
def test_the_file_of_a_program_is_found(command: str, files: dict[str, str], place: str) -> None:
    assert [str(one.span) for one in web(command, files).starts] == [place]


@pytest.mark.parametrize(
    ("files", "places"),
    [
        ({"app.py": f"{FLASK}app.run()\n"}, ["app.py:3"]),
        ({"app.py": f"{FLASK}{GUARD}    app.run()\n"}, []),
        ({"app.py": f"{FLASK}\nif __name__ != '__main__':\n    app.run()\n"}, ["app.py:5"]),
        ({"app.py": "from shop import app\n", "shop.py": f"{FLASK}app.run()\n"}, ["shop.py:3"]),
        ({"app.py": f"{FLASK}\ndef go():\n    app.run()\n\ngo()\n"}, ["app.py:5"]),
        (
            {"app.py": f"import other\n{FLASK}", "other.py": "import third\n", "third.py": f"{FLASK}app.run()\n"},
            ["third.py:3"],
        ),
        ({"app.py": f"{FLASK}", "run.py": "from app import app\napp.run()\n"}, []),
    ],
)
def test_importing_the_app_runs_into_a_server(files: dict[str, str], places: list[str]) -> None:
    service = web("gunicorn app:app", files)
    assert [str(one.span) for one in service.import_starts if not one.conditional] == places


def test_a_server_that_depends_on_what_is_installed_is_no_development_server_for_certain() -> None:
    # Flask-SocketIO serves by eventlet or gevent where one is installed.
    main = "from flask_socketio import SocketIO\nfrom shop import app\nsocketio = SocketIO(app)\nsocketio.run(app)\n"
    server = run(main, shop=FLASK).server
    assert server is not None
    assert server.is_development is UNKNOWN
