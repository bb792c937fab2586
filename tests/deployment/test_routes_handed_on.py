"""Apps that are handed on: what is followed to their routes, and what leaves no path known to be missing."""

from __future__ import annotations

import pytest
from routes_found import served

from prodlint.deployment.value import NO, UNKNOWN, YES

GIVEN = "from fastapi import FastAPI\n{imports}\n\n\ndef get_app():\n    app = FastAPI()\n    app.get('/')(print)\n"
GIVEN += "    {line}\n    return app\n"
SETUP = {"routes.py": "def setup(target):\n    @target.get('/health')\n    def health(): return {}\n"}
EXTENSION = {
    "ext.py": "class Health:\n    def init_app(self, app):\n        self.kept = app\n"
    "        app.add_url_rule('/health', view_func=print)\n\n\nhealth = Health()\n"
}
KEPT = {
    "boot.py": "class Boot:\n    def __init__(self, app): self.kept = app\n\n"
    "    def run(self): self.kept.add_api_route('/health', print)\n"
}
HEIRS = {
    "kinds.py": "class Base:\n    def on_start(self, app): ...\n\n\nclass Own(Base):\n"
    "    def on_start(self, app): app.get('/health')(print)\n\n\ndef make() -> Base: ...\n"
}
PACKAGE = {"shop/tools/logs.py": "", "shop/tools/routes.py": SETUP["routes.py"]}


@pytest.mark.parametrize(
    ("imports", "line", "more"),
    [
        ("from routes import setup", "setup(app)", SETUP),
        ("import shop.tools.logs\nimport shop.tools.routes", "shop.tools.routes.setup(app)", PACKAGE),
        ("from ext import health", "health.init_app(app)", EXTENSION),
        ("from prometheus_fastapi_instrumentator import Instrumentator",
         "Instrumentator().instrument(app).expose(app, endpoint='/health')", {}),
        ("from routes import setup", "app.add_event_handler('startup', lambda: setup(app))", SETUP),
        ("from life import life", "app = FastAPI(lifespan=life)",
         {"life.py": "async def life(app):\n    app.get('/health')(print)\n    yield\n"}),
    ],
)  # fmt: skip
def test_what_is_handed_on_is_followed_to_its_routes(imports: str, line: str, more: dict[str, str]) -> None:
    routes = served({"m.py": GIVEN.format(imports=imports, line=line), **more}, "m:get_app()")
    assert routes.answering("/health")[0] is YES
    assert routes.answering("/other")[0] is NO


@pytest.mark.parametrize(
    ("imports", "line", "more", "note"),
    [
        ("from healthcheck import HealthCheck", "HealthCheck(app, '/health')", {}, "what HealthCheck() registers"),
        ("from kinds import make", "make().on_start(app)", HEIRS, "what make().on_start() registers"),
        ("from boot import Boot", "Boot(app).run()", KEPT, "what is done with self.kept"),
        ("import os", "getattr(os, 'x')(app)", {}, "what getattr(os, 'x')() registers"),
        ("import admin", "admin.register(app.add_api_route)", {}, "what admin.register() registers"),
        ("import os", "app.router.routes.append(os)", {}, "what is put into app.router.routes"),
        ("from lib import Kit\n\n\nkit = Kit()", "kit.app = app; kit.start()", {}, "what is done with kit.app"),
        ("from lib import Kit\n\n\nclass Own(Kit): ...\n\n\nkit = Own()", "kit.app = app; kit.start()", {},
         "what is done with kit.app"),
        ("from prometheus_fastapi_instrumentator import Instrumentator",
         "Instrumentator(should_respect_env_var=True).expose(app)", {},
         "what ….expose() registers"),
    ],
)  # fmt: skip
def test_what_is_handed_to_others_leaves_no_path_known_to_be_missing(
    imports: str, line: str, more: dict[str, str], note: str
) -> None:
    routes = served({"m.py": GIVEN.format(imports=imports, line=line), **more}, "m:get_app()")
    assert routes.answering("/health")[0] is UNKNOWN
    assert [one.note for one in routes.unread] == [note]


@pytest.mark.parametrize(
    ("imports", "line"),
    [
        ("import uvicorn", "uvicorn.run(app)"),
        ("from flask_sqlalchemy import SQLAlchemy\n\n\nclass Db(SQLAlchemy): ...\n\n\ndb = Db()", "db.init_app(app)"),
        ("from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor as One", "One.instrument_app(app)"),
        ("import logging", "print(app, isinstance(app, FastAPI))"),
        ("class Kept:\n    def __init__(self, app): self.held = app", "Kept(app)"),
        ("class Kept: ...\n\n\nkept = Kept()", "kept.held = app"),
        ("from celery import Celery\n\n\nqueue = Celery('m')", "queue.served = app"),
    ],
)
def test_what_only_runs_or_watches_an_app_leaves_its_routes_known(imports: str, line: str) -> None:
    routes = served({"m.py": GIVEN.format(imports=imports, line=line)}, "m:get_app()")
    assert routes.answering("/health")[0] is NO


@pytest.mark.parametrize(
    ("imports", "line", "note"),
    [
        ("from werkzeug.middleware.dispatcher import DispatcherMiddleware",
         "app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {'/health': print})",
         "what DispatcherMiddleware() registers"),
        ("from flask_apscheduler import APScheduler", "APScheduler().init_app(app)",
         "what APScheduler().init_app() registers"),
        ("from health_wsgi import Health", "app.wsgi_app = Health(app.wsgi_app)", "what Health() registers"),
    ],
)  # fmt: skip
def test_what_stands_before_a_flask_app_may_answer_paths_of_its_own(imports: str, line: str, note: str) -> None:
    module = f"from flask import Flask\n{imports}\n\napp = Flask('x')\napp.get('/')(print)\n{line}\n"
    routes = served({"m.py": module}, "m:app")
    assert routes.answering("/health")[0] is UNKNOWN
    assert [one.note for one in routes.unread] == [note]


def test_what_only_mends_the_requests_of_a_flask_app_leaves_its_routes_known() -> None:
    module = "from flask import Flask\nfrom werkzeug.middleware.proxy_fix import ProxyFix\n\napp = Flask('x')\n"
    module += "app.get('/')(print)\napp.wsgi_app = ProxyFix(app.wsgi_app)\n"
    assert served({"m.py": module}, "m:app").answering("/health")[0] is NO


def test_what_the_maker_of_an_app_returns_is_that_app() -> None:
    files = {
        "shop/__init__.py": "from flask import Flask\n\n\ndef create_app():\n    app = Flask('x')\n    return app\n",
        "wsgi.py": "from shop import create_app\n\napp = create_app()\n\n\n@app.get('/health')\ndef health(): ...\n",
    }
    assert served(files, "wsgi:app").answering("/health")[0] is YES


def test_an_extension_of_another_app_of_the_repository_leaves_the_routes_complete() -> None:
    app = "from flask import Flask\napp = Flask(__name__)\n@app.get('/health')\ndef health(): return ''\n"
    other = "from flask import Flask\nfrom flask_smorest import Api\napp = Flask(__name__)\n"
    assert served({"main.py": app, "docs/other.py": other}, "main:app").complete is YES
    assert served({"main.py": f"import other\n{app}", "other.py": other}, "main:app").complete is NO
    computed = f"import importlib\nimportlib.import_module(NAME)\n{app}"
    assert served({"main.py": computed, "other.py": other}, "main:app").complete is NO


@pytest.mark.parametrize(
    "line",
    [
        '"""How to add pages:\n\n    from flask_admin import Admin\n"""',
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from flask_restful import Api",
        "# class Own(Kit): registers more",
        "# kit.app.route('/more')",
    ],
)
def test_a_text_about_an_extension_leaves_the_routes_complete(line: str) -> None:
    setup = "def setup(self, app):\n        self.app = app\n        app.add_url_rule('/health', view_func=print)\n"
    code = f"from flask import Flask\n{line}\nclass Kit:\n    {setup}app = Flask(__name__)\nKit().setup(app)\n"
    assert served({"app.py": code}, "app:app").complete is YES
    more = "class Own(Kit):\n    pass\n"
    assert served({"app.py": code + more}, "app:app").complete is NO
    more = "def extend(kit):\n    kit.app.add_url_rule('/more', view_func=print)\n"
    assert served({"app.py": code + more}, "app:app").complete is NO
