"""The app behind a target: followed through imports, re-exports, factories and wrappers, or not known."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.deployment import App, Service
from prodlint.deployment.environment import Environment
from prodlint.inspection import inspect
from prodlint.map.draw import draw
from prodlint.map.text import render
from prodlint.report.terminal import Terminal
from prodlint.tree import MemoryTree

FLASK = "from flask import Flask\napp = Flask(__name__)\n"
FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n"


def served(command: str, files: dict[str, str]) -> App | None:
    """The app of a Procfile's web process."""
    services = inspect(MemoryTree({"Procfile": f"web: {command}\n", **files}), []).deployment.services
    assert [one.name for one in services] == ["web"]
    return services[0].app


def told(app: App | None) -> str:
    """An app in words: framework, interface, place, and whether it must first be called."""
    if app is None:
        return "unknown"
    return f"{app.framework} {app.interface.value} {app.span}{' factory' if app.is_factory else ''}"


def image_service(files: dict[str, str]) -> Service:
    services = inspect(MemoryTree(files), []).deployment.services
    assert len(services) == 1
    return services[0]


@pytest.mark.parametrize(
    ("source", "app"),
    [
        (FLASK, "Flask WSGI app.py:2"),
        ("import flask\napp: flask.Flask = flask.Flask('x')\n", "Flask WSGI app.py:2"),
        ("import flask as f\n\napp = f.Flask(__name__)\n", "Flask WSGI app.py:3"),
        ("from flask import Flask as Web\napp = Web(__name__)\n", "Flask WSGI app.py:2"),
        ("from apiflask import APIFlask\napp = APIFlask(__name__)\n", "Flask WSGI app.py:2"),
        (FASTAPI, "FastAPI ASGI app.py:2"),
        ("from starlette.applications import Starlette\napp = Starlette()\n", "Starlette ASGI app.py:2"),
        ("from quart import Quart\napp = Quart(__name__)\n", "Quart ASGI app.py:2"),
        (
            "from quart import Quart\nfrom quart_cors import cors\napp = Quart(__name__)\napp = cors(app)\n",
            "Quart ASGI app.py:3",
        ),
        ("from litestar import Litestar\napp = Litestar([])\n", "Litestar ASGI app.py:2"),
        ("import falcon\napp = falcon.App()\n", "Falcon WSGI app.py:2"),
        ("import falcon.asgi\napp = falcon.asgi.App()\n", "Falcon ASGI app.py:2"),
        ("from django.core.wsgi import get_wsgi_application\napp = get_wsgi_application()\n", "Django WSGI app.py:2"),
        ("from django.core.asgi import get_asgi_application\napp = get_asgi_application()\n", "Django ASGI app.py:2"),
        (
            "from channels.routing import ProtocolTypeRouter\n"
            "from django.core.asgi import get_asgi_application\n"
            "app = ProtocolTypeRouter({'http': get_asgi_application()})\n",
            "Django ASGI app.py:3",
        ),
        ("import bottle\napp = bottle.default_app()\n", "Bottle WSGI app.py:2"),
        ("from aiohttp import web\napp = web.Application()\n", "aiohttp its own server app.py:2"),
        ("from flask import Flask\nclass Shop(Flask):\n    pass\napp = Shop('x')\n", "Flask WSGI app.py:4"),
        ("from flask import Flask\nweb = Flask('x')\napp = web\n", "Flask WSGI app.py:2"),
        ("from flask import Flask\napp = None\napp = Flask('x')\n", "Flask WSGI app.py:3"),
        ("from dash import Dash\ndash = Dash()\napp = dash.server\n", "Dash WSGI app.py:2"),
        ("from flask import Flask\napp = Flask('x').wsgi_app\n", "Flask WSGI app.py:2"),
        ("from flask import Flask\nimport x\ndef app() -> Flask:\n    return x.y()\n", "Flask WSGI app.py:3 factory"),
        ("def app(environ, start_response):\n    return []\n", "plain WSGI app.py:1"),
        ("async def app(scope, receive, send):\n    pass\n", "plain ASGI app.py:1"),
        (
            "from fastapi import FastAPI\nimport chat\napi = FastAPI()\n"
            "async def app(scope, receive, send):\n    if scope['type'] == 'http':\n"
            "        await api(scope, receive, send)\n    else:\n        await chat(scope, receive, send)\n"
            "async def chat(scope, receive, send):\n    pass\n",
            "FastAPI ASGI app.py:3",
        ),
        (
            "class App:\n    def __call__(self, environ, start_response):\n        return []\napp = App()\n",
            "plain WSGI app.py:4",
        ),
        (
            "from pyramid.config import Configurator\nconfig = Configurator()\napp = config.make_wsgi_app()\n",
            "Pyramid WSGI app.py:3",
        ),
        ("try:\n    from shop import app\nexcept ImportError:\n    app = None\n", "Flask WSGI shop.py:2"),
        ("from flask import Flask\nimport x\napp = Flask('a') if x.y else Flask('b')\n", "Flask WSGI app.py:3"),
        (
            "from flask import Flask\ntry:\n    import x\nexcept ImportError:\n    app = Flask('a')\n"
            "else:\n    app = Flask('b')\n",
            "Flask WSGI app.py:5",
        ),
    ],
)
def test_an_expression_makes_an_app_of_a_framework(source: str, app: str) -> None:
    assert told(served("gunicorn app:app", {"app.py": source, "shop.py": FLASK})) == app


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("from shop.framework import Flask\napp = Flask(__name__)\n", id="a name alone says nothing"),
        pytest.param("from celery import Celery\napp = Celery('shop')\n", id="Celery's app serves no requests"),
        pytest.param("import typer\napp = typer.Typer()\n", id="Typer's app serves no requests"),
        pytest.param("from slack_bolt import App\napp = App()\n", id="Bolt's app is an app of its own kind"),
        pytest.param("from vendor import build\napp = build()\n", id="a function of a package"),
        pytest.param("apps = {}\napp = apps['main']\n", id="a subscript"),
        pytest.param("from flask import Flask\nother = Flask('x')\n", id="another name"),
        pytest.param("def application(environ, start_response):\n    return []\n", id="not the name asked for"),
        pytest.param(
            "import os\nfrom flask import Flask\nfrom fastapi import FastAPI\n"
            "if os.environ.get('NEW'):\n    app = FastAPI()\nelse:\n    app = Flask('x')\n",
            id="two branches that differ",
        ),
        pytest.param("from app import app\n", id="a module that imports from itself"),
        pytest.param("app = app\n", id="a name that is itself"),
        pytest.param("from flask import Flask\nimport x\napp = x.wrap(Flask('x'))\n", id="an unknown wrapper"),
        pytest.param(
            "from flask import Flask\nimport x\napp = Flask('x')\nif x.y:\n    app = x.wrap(app)\n",
            id="an unknown wrapper on a condition",
        ),
        pytest.param(
            "import x\nasync def app(scope, receive, send):\n    await x.y(scope, receive, send)\n",
            id="a function that hands on to what is not known",
        ),
        pytest.param("def app(event, context):\n    return {}\n", id="a function of other parameters"),
        pytest.param("from a import app\n", id="a circle of modules"),
        pytest.param("app = app = (", id="a syntax error"),
        pytest.param("", id="an empty file"),
    ],
)
def test_what_is_not_an_app_for_certain_is_unknown(source: str) -> None:
    files = {"app.py": source, "a.py": "from b import app\n", "b.py": "from a import app\n"}
    assert told(served("gunicorn app:app", files)) == "unknown"


@pytest.mark.parametrize(
    ("target", "files", "app"),
    [
        ("wsgi:app", {"wsgi.py": "from app import app\n", "app.py": FLASK}, "Flask WSGI app.py:2"),
        (
            "wsgi:application",
            {"wsgi.py": "from app import app as application\n", "app.py": FLASK},
            "Flask WSGI app.py:2",
        ),
        ("wsgi", {"wsgi.py": "from app import app as application\n", "app.py": FLASK}, "Flask WSGI app.py:2"),
        ("shop:app", {"shop/__init__.py": "from .web import app\n", "shop/web.py": FLASK}, "Flask WSGI shop/web.py:2"),
        (
            "shop.wsgi:app",
            {"shop/wsgi.py": "from shop.web import app\n", "shop/web.py": FLASK},
            "Flask WSGI shop/web.py:2",
        ),
        ("shop.wsgi:app", {"shop/wsgi.py": "from ..web import app\n", "web.py": FLASK}, "unknown"),
        ("wsgi:app", {"wsgi.py": "import web\napp = web.app\n", "web.py": FLASK}, "Flask WSGI web.py:2"),
        (
            "wsgi:app",
            {"wsgi.py": "import shop.web\napp = shop.web.app\n", "shop/web.py": FLASK},
            "Flask WSGI shop/web.py:2",
        ),
        ("wsgi:app", {"wsgi.py": "from app import *\n", "app.py": FLASK}, "Flask WSGI app.py:2"),
        (
            "a:app",
            {
                "a.py": "from b import app\n",
                "b.py": "from c import app\n",
                "c.py": "from d import app\n",
                "d.py": FLASK,
            },
            "Flask WSGI d.py:2",
        ),
        ("app:app.wsgi_app", {"app.py": FLASK}, "Flask WSGI app.py:2"),
        (
            "app:shop.web",
            {"app.py": "from flask import Flask\nclass Shop:\n    web = Flask('x')\nshop = Shop()\n"},
            "Flask WSGI app.py:3",
        ),
        (
            "app:shop.web",
            {
                "app.py": "from flask import Flask\nclass Shop:\n    def __init__(self):\n"
                "        self.web = Flask('x')\nshop = Shop()\n"
            },
            "Flask WSGI app.py:4",
        ),
        ("app:web.app", {"app.py": "import web\n", "web.py": FLASK}, "Flask WSGI web.py:2"),
        ("shop.web:app", {"src/shop/web.py": FLASK}, "Flask WSGI src/shop/web.py:2"),
        ("--chdir backend web:app", {"backend/web.py": FLASK}, "Flask WSGI backend/web.py:2"),
        ("--chdir=backend web:app", {"backend/web.py": FLASK, "web.py": FASTAPI}, "Flask WSGI backend/web.py:2"),
        ("--pythonpath backend web:app", {"backend/web.py": FLASK}, "Flask WSGI backend/web.py:2"),
    ],
)
def test_a_name_is_followed_to_where_the_app_is_made(target: str, files: dict[str, str], app: str) -> None:
    assert told(served(f"gunicorn {target}", files)) == app


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("cd backend && gunicorn web:app", "backend/web.py"),
        ("PYTHONPATH=backend gunicorn web:app", "backend/web.py"),
        ("uvicorn --app-dir backend web:app", "backend/web.py"),
        ("uvicorn --app-dir=backend web:app", "backend/web.py"),
        ("sh -c 'cd backend; exec gunicorn web:app'", "backend/web.py"),
    ],
)
def test_a_module_is_looked_for_where_the_server_looks(command: str, path: str) -> None:
    app = served(command, {path: FASTAPI})
    assert app is not None
    assert app.path == path


FACTORY = """from flask import Flask

def create_app(config=None):
    app = Flask(__name__)
    app.config.from_object(config)

    @app.get("/")
    def index():
        return "hello"

    class Converter:
        def to_url(self):
            return None

    app.before_request(lambda: None)
    return app
"""


@pytest.mark.parametrize(
    ("command", "files", "app"),
    [
        ("gunicorn 'shop:create_app()'", {"shop.py": FACTORY}, "Flask WSGI shop.py:4"),
        ("gunicorn \"shop:create_app('production')\"", {"shop.py": FACTORY}, "Flask WSGI shop.py:4"),
        ("gunicorn shop:create_app", {"shop.py": FACTORY}, "Flask WSGI shop.py:4 factory"),
        ("uvicorn --factory shop:create_app", {"shop.py": FACTORY}, "Flask WSGI shop.py:4 factory"),
        (
            "gunicorn wsgi:app",
            {"wsgi.py": "from shop import create_app\napp = create_app()\n", "shop.py": FACTORY},
            "Flask WSGI shop.py:4",
        ),
        (
            "gunicorn wsgi:app",
            {"wsgi.py": "import shop\napp = shop.create_app()\n", "shop.py": FACTORY},
            "Flask WSGI shop.py:4",
        ),
        ("gunicorn shop:app", {"shop.py": f"{FACTORY}\napp = create_app()\n"}, "Flask WSGI shop.py:4"),
        (
            "gunicorn shop:app",
            {"shop.py": "from fastapi import FastAPI\ndef make():\n    return FastAPI()\napp = make()\n"},
            "FastAPI ASGI shop.py:3",
        ),
        (
            "gunicorn shop:app",
            {
                "shop.py": "from shop_factory import build\napp = build()\n",
                "shop_factory.py": "def build():\n    return object()\n",
            },
            "unknown",
        ),
        (
            "gunicorn shop:app",
            {
                "shop.py": "from flask import Flask\ndef make(x):\n    if x:\n        return x\n"
                "    return Flask('x')\napp = make(1)\n"
            },
            "unknown",
        ),
    ],
)
def test_a_factory_makes_the_app_that_it_returns(command: str, files: dict[str, str], app: str) -> None:
    assert told(served(command, files)) == app


@pytest.mark.parametrize(
    ("returned", "app"),
    [
        ("return app, socketio", "Flask WSGI shop.py:4"),
        ("if 1:\n        return app, None\n    return app, socketio", "Flask WSGI shop.py:4"),
        ("return socketio, app", "unknown"),
        ("if 1:\n        return None\n    return app, socketio", "unknown"),
        ("return app, socketio, 3", "unknown"),
    ],
)
def test_an_app_is_found_among_what_a_function_returns(returned: str, app: str) -> None:
    shop = "from flask import Flask\n\ndef create_app(argv):\n    app = Flask(__name__)\n    socketio = 3\n"
    shop += f"    {returned}\n"
    run = "from shop import create_app\n\napp, socketio = create_app([])\n"
    assert told(served("gunicorn run:app", {"shop.py": shop, "run.py": run})) == app
    assert told(served("gunicorn shop:app", {"shop.py": f"{shop}\napp, _ = create_app([])\n"})) == app


@pytest.mark.parametrize(
    ("imported", "expression", "interface"),
    [
        ("from whitenoise import WhiteNoise", "WhiteNoise(app, root='static')", "WSGI"),
        ("from werkzeug.middleware.proxy_fix import ProxyFix", "ProxyFix(app)", "WSGI"),
        ("from werkzeug.middleware.dispatcher import DispatcherMiddleware", "DispatcherMiddleware(app, {})", "WSGI"),
        ("from sentry_sdk.integrations.wsgi import SentryWsgiMiddleware", "SentryWsgiMiddleware(app)", "WSGI"),
        ("from asgiref.wsgi import WsgiToAsgi", "WsgiToAsgi(app)", "ASGI"),
        ("from a2wsgi import WSGIMiddleware", "WSGIMiddleware(app)", "ASGI"),
        ("import socketio", "socketio.WSGIApp(socketio.Server(), app)", "WSGI"),
        ("import socketio", "socketio.ASGIApp(socketio.AsyncServer(), app)", "ASGI"),
        ("import socketio", "socketio.ASGIApp(socketio.AsyncServer(), other_asgi_app=app)", "ASGI"),
        (
            "from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware",
            "OpenTelemetryMiddleware(app)",
            "WSGI",
        ),
        ("from werkzeug.middleware.http_proxy import ProxyMiddleware", "ProxyMiddleware(app, {})", "WSGI"),
    ],
)
def test_a_wrapper_serves_the_app_inside_of_it(imported: str, expression: str, interface: str) -> None:
    source = f"{imported}\n{FLASK}application = {expression}\n"
    assert told(served("gunicorn app", {"app.py": source})) == f"Flask {interface} app.py:3"
    # The same name may hold the app first and what wraps it then, in a module and in a factory.
    again = f"{imported}\n{FLASK}app = {expression}\n"
    assert told(served("gunicorn app:app", {"app.py": again})) == f"Flask {interface} app.py:3"
    body = f"    app = Flask('x')\n    app = {expression}\n    return app\n"
    made = f"{imported}\nfrom flask import Flask\ndef make():\n{body}"
    assert told(served("gunicorn 'app:make()'", {"app.py": made})) == f"Flask {interface} app.py:4"


def test_middleware_of_the_project_serves_the_app_inside_of_it() -> None:
    source = (
        f"{FLASK}class Prefix:\n    def __init__(self, app):\n        self.app = app\n"
        "    def __call__(self, environ, start_response):\n        return self.app(environ, start_response)\n"
        "app = Prefix(app)\n"
    )
    assert told(served("gunicorn app:app", {"app.py": source})) == "Flask WSGI app.py:2"


WRAPPERS = {
    "whitenoise.WhiteNoise": lambda inner: inner,
    "werkzeug.middleware.proxy_fix.ProxyFix": lambda inner: inner,
    "newrelic.agent.WSGIApplicationWrapper": lambda inner: inner,
    "asgiref.wsgi.WsgiToAsgi": lambda inner: "ASGI",
    "a2wsgi.WSGIMiddleware": lambda inner: "ASGI",
    "a2wsgi.ASGIMiddleware": lambda inner: "WSGI",
}


@given(st.lists(st.sampled_from(sorted(WRAPPERS)), max_size=4))
@settings(deadline=None, max_examples=60)
def test_any_chain_of_wrappers_serves_the_same_app(chain: list[str]) -> None:
    expression, interface = "app", "WSGI"
    for wrapper in chain:
        expression, interface = f"{wrapper}({expression})", WRAPPERS[wrapper](interface)
    imports = "import whitenoise, werkzeug.middleware.proxy_fix, newrelic.agent, asgiref.wsgi, a2wsgi\n"
    source = f"{imports}{FLASK}application = {expression}\n"
    assert told(served("gunicorn app", {"app.py": source})) == f"Flask {interface} app.py:3"


NAMES = st.sampled_from(["app", "api", "web", "main", "wsgi", "core"])


@given(st.lists(NAMES, min_size=1, max_size=4), st.booleans())
@settings(deadline=None, max_examples=60)
def test_any_chain_of_reexports_leads_to_the_same_app(names: list[str], relative: bool) -> None:
    files = {}
    for index, name in enumerate(names):
        source = f".m{index + 1}" if relative else f"pkg.m{index + 1}"
        following = names[index + 1] if index + 1 < len(names) else "made"
        files[f"pkg/m{index}.py"] = f"from {source} import {following} as {name}\n"
    files[f"pkg/m{len(names)}.py"] = "from flask import Flask\nmade = Flask(__name__)\n"
    files["pkg/__init__.py"] = ""
    assert told(served(f"gunicorn pkg.m0:{names[0]}", files)) == f"Flask WSGI pkg/m{len(names)}.py:2"


def test_an_image_serves_the_file_that_was_copied_to_where_the_server_looks() -> None:
    dockerfile = (
        "FROM python:3.13\nWORKDIR /srv\nCOPY backend/app ./app\nCOPY other/main.py app/\n"
        'CMD ["uvicorn", "app.main:app"]\n'
    )
    service = image_service({"Dockerfile": dockerfile, "backend/app/main.py": FLASK, "other/main.py": FASTAPI})
    assert told(service.app) == "FastAPI ASGI other/main.py:2"


def test_a_module_that_the_image_does_not_hold_is_unknown() -> None:
    dockerfile = 'FROM python:3.13\nWORKDIR /srv\nCOPY web.py .\nCMD ["gunicorn", "app:app"]\n'
    assert told(image_service({"Dockerfile": dockerfile, "web.py": FLASK, "app.py": FLASK}).app) == "unknown"


def test_a_stage_copied_from_another_one_still_leads_to_the_app() -> None:
    dockerfile = (
        "FROM python:3.13 AS build\nWORKDIR /src\nCOPY . .\n"
        'FROM python:3.13-slim\nCOPY --from=build /src /app\nWORKDIR /app\nCMD ["gunicorn", "shop.wsgi"]\n'
    )
    files = {"Dockerfile": dockerfile, "shop/wsgi.py": "from app import app as application\n", "app.py": FLASK}
    assert told(image_service(files).app) == "Flask WSGI app.py:2"


def test_a_mount_of_compose_lies_over_the_image() -> None:
    files = {
        "Dockerfile": 'FROM python:3.13\nWORKDIR /app\nCOPY image/ .\nCMD ["gunicorn", "app:app"]\n',
        "compose.prod.yml": "services:\n  web:\n    build: .\n    volumes: ['./mounted:/app']\n",
        "image/app.py": FLASK,
        "mounted/app.py": FASTAPI,
    }
    assert told(image_service(files).app) == "FastAPI ASGI mounted/app.py:2"


@pytest.mark.parametrize(
    ("command", "files", "app"),
    [
        ("fastapi run main.py", {"main.py": FASTAPI}, "FastAPI ASGI main.py:2"),
        ("fastapi run", {"app/main.py": FASTAPI}, "FastAPI ASGI app/main.py:2"),
        ("flask run", {"app.py": FLASK}, "Flask WSGI app.py:2"),
        ("FLASK_APP=shop flask run", {"shop.py": FLASK}, "Flask WSGI shop.py:2"),
        ("flask --app shop run", {"shop/__init__.py": FACTORY}, "Flask WSGI shop/__init__.py:4"),
    ],
)
def test_a_development_command_finds_its_app_by_itself(command: str, files: dict[str, str], app: str) -> None:
    assert told(served(command, files)) == app


def test_an_app_that_a_condition_chooses_is_one_of_several() -> None:
    files = {
        "wsgi.py": "from server import create_app\n\napp = create_app()\n",
        "server.py": "import config\n\n\ndef create_app():\n    if config.MAINTENANCE:\n"
        "        from light import light\n\n        return light()\n    from full import full\n\n    return full()\n",
        "light.py": "from flask import Flask\n\n\ndef light():\n    app = Flask(__name__)\n    return app\n",
        "full.py": "from flask import Flask\n\n\ndef full():\n    app = Flask(__name__)\n    app.config['A'] = 1\n"
        "    return app\n",
    }
    app = served("gunicorn wsgi:app", files)
    assert told(app) == "Flask WSGI light.py:5"
    assert app is not None
    assert [str(one) for one in app.others] == ["full.py:5"]
    # Two ways to the same app are no choice.
    once = {**files, "light.py": "from full import full as light\n"}
    app = served("gunicorn wsgi:app", once)
    assert told(app) == "Flask WSGI full.py:5"
    assert app is not None
    assert app.others == ()
    # Of one of two apps nobody knows the routes.
    routed = {
        **files,
        "light.py": files["light.py"].replace("    return", "    app.add_url_rule('/health')\n    return"),
    }
    deployment = inspect(MemoryTree({"Procfile": "web: gunicorn wsgi:app\n", **routed}), []).deployment
    text = render(draw(deployment, Environment.PRODUCTION), Terminal(False))
    assert "app          wsgi:app → light.py:5 or full.py:5, Flask, WSGI\n" in text
    assert "routes       ? not read: those of one of several apps (light.py:5)\n" in text
