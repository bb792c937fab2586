"""Routes: which paths an app answers. Flask, FastAPI and Django are asked what they make of the same files."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from prodlint.deployment.apps.search import app_of
from prodlint.deployment.repository import Repository
from prodlint.deployment.route import Route, Routes
from prodlint.deployment.routes.django import routes_of_urlconf
from prodlint.deployment.routes.of_service import routes_of
from prodlint.deployment.routes.tables import routes_of_tables
from prodlint.deployment.value import NO, UNKNOWN, YES
from prodlint.inspection import inspect
from prodlint.source import Source
from prodlint.tree import MemoryTree

PLACE = Source("app.py", "").span

FLASK = {
    "shop/__init__.py": """\
from flask import Flask

from .api import api
from .views import pages as site


def create_app():
    app = Flask(__name__, static_folder=None)
    app.register_blueprint(site)
    app.register_blueprint(api, url_prefix="/v1")

    @app.route("/health")
    def health():
        return "ok"

    return app
""",
    "shop/views.py": """\
from flask import Blueprint

pages = Blueprint("pages", __name__, url_prefix="/pages")


@pages.route("/", methods=["GET", "POST"])
def index():
    return ""


@pages.get("/<int:number>/<name>")
def page(number, name):
    return ""
""",
    "shop/api.py": """\
from flask import Blueprint

from shop.orders import orders

api = Blueprint("api", __name__, url_prefix="/api")
api.register_blueprint(orders, url_prefix="/orders")
api.add_url_rule("/status", view_func=lambda: "", endpoint="status")
""",
    "shop/orders.py": """\
from flask import Blueprint

orders = Blueprint("orders", __name__)


@orders.post("/<uuid:key>")
def order(key):
    return ""
""",
}
FASTAPI = {
    "main.py": """\
from fastapi import FastAPI

from api.routes import router

PREFIX = "/api/v1"
app = FastAPI()
app.include_router(router, prefix=PREFIX)


@app.get("/health")
def health():
    return {}
""",
    "api/__init__.py": "",
    "api/routes.py": """\
from fastapi import APIRouter

from . import items

router = APIRouter(prefix="/shop")
router.include_router(items.router)
""",
    "api/items.py": """\
from fastapi import APIRouter

router = APIRouter(prefix="/items")


@router.get("/")
def listed():
    return []


@router.delete("/{key:int}/parts/{rest:path}")
def part(key, rest):
    return {}
""",
}
DJANGO = {
    "site_/__init__.py": "",
    "site_/urls.py": """\
from django.contrib import admin
from django.urls import include, path, re_path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("blog/", include("blog.urls")),
    re_path(r"^old/(?P<year>[0-9]{4})/$", lambda request, year: None),
    path("nested/", include([path("one/", lambda request: None)])),
]
urlpatterns += [path("health", lambda request: None)]
""",
    "blog/__init__.py": "",
    "blog/urls.py": """\
from django.urls import path

from . import views

app_name = "blog"
urlpatterns = [
    path("", views.index),
    path("<int:year>/<slug:slug>/", views.post),
]
""",
    "blog/views.py": "def index(request):\n    pass\n\n\ndef post(request, year, slug):\n    pass\n",
}
PATHS = [
    "/",
    "/health",
    "/health/",
    "/pages/",
    "/pages",
    "/pages/3/x",
    "/pages/x/3",
    "/v1/status",
    "/api/status",
    "/v1/orders/12345678-1234-1234-1234-123456789012",
    "/v1/orders/1",
    "/api/v1/shop/items/",
    "/api/v1/shop/items/3/parts/a/b",
    "/shop/items/",
    "/docs",
    "/openapi.json",
    "/admin/",
    "/admin/auth/user/",
    "/blog/",
    "/blog/2024/a-post/",
    "/blog/x/a-post/",
    "/old/1999/",
    "/old/99/",
    "/nested/one/",
    "/nested/two/",
]


def of(files: dict[str, str]) -> Repository:
    written = {path: text.encode() for path, text in files.items()}
    return Repository(written, written.__getitem__)


def served(files: dict[str, str], target: str) -> Routes:
    repository = of(files)
    app = app_of(repository, ("",), target, None)
    assert app is not None
    return routes_of_tables(app, repository, ("",))


def answers(routes: Routes, methods: tuple[str, ...] = ("GET", "POST", "DELETE")) -> dict[str, list[str]]:
    assert routes.complete is YES
    return {
        path: [method for method in methods if routes.answering(path, method)[0] is YES]
        for path in PATHS
        if any(routes.answering(path, method)[0] is YES for method in methods)
    }


def ask(files: dict[str, str], folder: Path, program: str) -> dict[str, list[str]]:
    """What the framework itself answers: the methods by path, in a process of its own."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    command = [sys.executable, "-c", program, json.dumps(PATHS)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


ASK_FLASK = """
import json, sys
sys.path.insert(0, ".")
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from shop import create_app
adapter = create_app().url_map.bind("localhost")
found = {}
for path in json.loads(sys.argv[1]):
    for method in ("GET", "POST", "DELETE"):
        try:
            adapter.match(path, method)
        except (HTTPException, RequestRedirect):
            continue
        found.setdefault(path, []).append(method)
print(json.dumps(found))
"""
ASK_FASTAPI = """
import json, sys
sys.path.insert(0, ".")
from starlette.routing import Match
from main import app
found = {}
for path in json.loads(sys.argv[1]):
    for method in ("GET", "POST", "DELETE"):
        scope = {"type": "http", "path": path, "method": method, "root_path": "", "path_params": {}}
        if any(route.matches(scope)[0] is Match.FULL for route in app.router.routes):
            found.setdefault(path, []).append(method)
print(json.dumps(found))
"""
ASK_DJANGO = """
import json, sys
sys.path.insert(0, ".")
import django
from django.conf import settings
apps = ["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.messages"]
settings.configure(ROOT_URLCONF="site_.urls", INSTALLED_APPS=apps)
django.setup()
from django.urls import Resolver404, resolve
found = {}
for path in json.loads(sys.argv[1]):
    try:
        resolve(path)
    except Resolver404:
        continue
    found[path] = ["GET", "POST", "DELETE"]
print(json.dumps(found))
"""


@pytest.mark.real
@pytest.mark.skipif(find_spec("flask") is None, reason="asks Flask, which is not installed")
def test_flask_answers_the_same_paths(tmp_path: Path) -> None:
    assert answers(served(FLASK, "shop:create_app()")) == ask(FLASK, tmp_path, ASK_FLASK)


@pytest.mark.real
@pytest.mark.skipif(find_spec("fastapi") is None, reason="asks FastAPI, which is not installed")
def test_fastapi_answers_the_same_paths(tmp_path: Path) -> None:
    assert answers(served(FASTAPI, "main:app")) == ask(FASTAPI, tmp_path, ASK_FASTAPI)


@pytest.mark.real
@pytest.mark.skipif(find_spec("django") is None, reason="asks Django, which is not installed")
def test_django_answers_the_same_paths(tmp_path: Path) -> None:
    assert answers(routes_of_urlconf("site_.urls", of(DJANGO), ("",))) == ask(DJANGO, tmp_path, ASK_DJANGO)


def test_a_route_knows_where_it_is_written() -> None:
    found, route = served(FLASK, "shop:create_app()").answering("/v1/status")
    assert found is YES
    assert route is not None
    assert str(route.span) == "shop/api.py:7"


def test_a_path_that_no_route_has_is_missing() -> None:
    assert served(FASTAPI, "main:app").answering("/healthz") == (NO, None)


@pytest.mark.parametrize(
    "line",
    [
        "app.register_blueprint(made(), url_prefix='/x')",
        "app.add_url_rule(rule, view_func=view)",
        "app.register_blueprint(pages, url_prefix=prefix())",
        "from flask_restful import Api",
    ],
)
def test_with_a_route_that_is_computed_no_path_is_known_to_be_missing(line: str) -> None:
    files = {
        "app.py": f"from flask import Blueprint, Flask\n\napp = Flask(__name__)\npages = Blueprint('p', 'p')\n{line}\n"
    }
    assert served(files, "app:app").answering("/healthz")[0] is UNKNOWN


def test_a_router_of_django_rest_framework_leaves_the_rest_open() -> None:
    files = {**DJANGO, "blog/urls.py": "from x import router\n\nurlpatterns = router.urls\n"}
    routes = routes_of_urlconf("site_.urls", of(files), ("",))
    assert routes.answering("/health")[0] is YES
    assert routes.answering("/blog/posts/")[0] is UNKNOWN


def test_circular_includes_end() -> None:
    files = {"urls.py": "from django.urls import include, path\n\nurlpatterns = [path('a/', include('urls'))]\n"}
    assert routes_of_urlconf("urls", of(files), ("",)).answering("/a/a/")[0] is UNKNOWN


@pytest.mark.parametrize(
    ("path", "asked", "found"),
    [
        ("/items/<int:key>", "/items/12", YES),
        ("/items/<int:key>", "/items/x", NO),
        ("/items/<custom:key>", "/items/x", UNKNOWN),
        ("/items/<regex('[a-z]'):key>", "/items/x", UNKNOWN),
        ("/files/{rest:path}", "/files/a/b", YES),
        ("/a.b", "/aXb", NO),
    ],
)
def test_a_placeholder_takes_what_its_converter_allows(path: str, asked: str, found: object) -> None:
    assert Route(path, PLACE).matches(asked) is found


def test_patterns_that_include_themselves_below_a_prefix_lose_their_old_place() -> None:
    text = (
        "from django.urls import include, path\n"
        "urlpatterns = [path('a/', view)]\n"
        "urlpatterns = [path('b/', view), *urlpatterns]\n"
        "urlpatterns = [path('app/', include(urlpatterns))]\n"
    )
    routes = routes_of_urlconf("urls", of({"urls.py": text}), ("",))
    assert [route.path for route in routes.routes] == ["/app/b/", "/app/a/"]
    assert routes.complete is YES


def test_patterns_that_grow_with_every_line_end_soon() -> None:
    lines = ["from django.urls import include, path", "p0 = [path('a/', view)]"]
    lines += [f"p{n} = [path('x/', include(p{n - 1})), path('y/', include(p{n - 1}))]" for n in range(1, 40)]
    text = "\n".join([*lines, "urlpatterns = p39 + p39"]) + "\n"
    routes = routes_of_urlconf("urls", of({"urls.py": text}), ("",))
    assert routes.complete is NO
    assert len(routes.routes) < 10_000


@pytest.mark.parametrize(
    "patterns", ["[]" + " + []" * 3_000, "[path('a/', view)]\nif " + "not " * 600 + "x: urlpatterns += []"]
)
def test_patterns_that_are_nested_without_end_are_survived(patterns: str) -> None:
    text = f"from django.urls import path\nurlpatterns = {patterns}\n"
    assert len(routes_of_urlconf("urls", of({"urls.py": text}), ("",)).routes) <= 1


# --- Helpers and settings ---------------------------------------------------------------------------------------------

HELPED = {
    "shop/app.py": """\
from flask import Flask
from . import pages
from .wiring import wire


def create_app():
    app = Flask(__name__)
    register_blueprints(app)
    wire(name="x", target=app)
    pages.init_app(app)
    return app


def register_blueprints(app):
    app.register_blueprint(pages.bp, url_prefix="/v1")


def another(app):
    app.add_url_rule("/never", view_func=print)


def session(client):
    client.get(print)
""",
    "shop/pages.py": "from flask import Blueprint\n\nbp = Blueprint('p', __name__)\n\n\n"
    "@bp.route('/a')\ndef a(): ...\n\n\n"
    "def init_app(application):\n    @application.route('/health')\n    def health(): ...\n",
    "shop/wiring.py": "from flask import Flask\n\n\ndef wire(*, target: Flask, name):\n    inner(target)\n\n\n"
    "def inner(it):\n    it.add_url_rule('/deep', view_func=print)\n",
    "shop/__init__.py": "",
}


def test_what_functions_register_on_the_app_that_they_are_given_are_its_routes() -> None:
    routes = served(HELPED, "shop.app:create_app()")
    assert sorted(route.path for route in routes.routes) == ["/deep", "/health", "/v1/a"]
    assert routes.complete is YES
    assert routes.answering("/never")[0] is NO


def test_helpers_that_call_each_other_without_end_are_survived() -> None:
    code = "from flask import Flask\n\n\ndef a(app):\n    app.add_url_rule('/a')\n    b(app)\n\n\n"
    code += "def b(app):\n    a(app)\n"
    code += "    app.add_url_rule('/b')\n\n\napp = Flask('x')\na(app)\n"
    assert sorted(route.path for route in served({"m.py": code}, "m:app").routes) == ["/a", "/b"]


def test_where_nothing_is_seen_to_register_routes_no_path_is_known_to_be_missing() -> None:
    routes = served({"m.py": "from flask import Flask\n\napp = Flask('x')\nload('x')\n"}, "m:app")
    assert routes.answering("/health")[0] is UNKNOWN
    assert [str(one.span) for one in routes.unread] == ["m.py:3"]


SETTINGS = """\
from typing import Literal
from pydantic_settings import BaseSettings


class Base(BaseSettings):
    PREFIX: str = "/v1"
    MODE: Literal["dev", "prod"] = "prod"
    model_config = {"env_file": ".env", "validate_assignment": True}


class Settings(Base):
    pass


settings = Settings()


def get_settings() -> Base:
    return Settings()
"""
FAST = """\
from fastapi import APIRouter, FastAPI
from shop.config import get_settings, settings as conf

router = APIRouter()


@router.get("/items")
def items(): ...


def make():
    own = get_settings()
    app = FastAPI(openapi_url=f"{conf.PREFIX}/openapi.json", docs_url=None, redoc_url=None)
    app.include_router(router, prefix=own.PREFIX)
    if conf.MODE == "dev":
        app.include_router(router, prefix="/private")
    else:
        app.include_router(router, prefix="/public")
    return app


app = make()
"""


@pytest.mark.parametrize(
    ("start", "paths", "moved"),
    [
        ("uvicorn shop.main:app", ["/public/items", "/v1/items", "/v1/openapi.json"], ("MODE", "PREFIX")),
        ("PREFIX=/v2 MODE=dev uvicorn shop.main:app", ["/private/items", "/v2/items", "/v2/openapi.json"], ()),
    ],
)
def test_fields_of_settings_are_read_where_they_are_prefixes_and_tests(
    start: str, paths: list[str], moved: tuple[str, ...]
) -> None:
    files = {"Procfile": f"web: {start}\n", "shop/main.py": FAST, "shop/config.py": SETTINGS, "shop/__init__.py": ""}
    found = inspect(MemoryTree(files), ()).deployment
    (service,) = found.services
    routes = routes_of(service, found.repository)
    assert sorted(route.path for route in routes.routes) == paths
    assert tuple(sorted(routes.moved_by)) == moved
    assert routes.unread == ()
    assert routes.answering("/x")[0] is (UNKNOWN if moved else NO)


def test_a_file_of_variables_that_is_not_in_the_image_says_nothing() -> None:
    files = {
        "Dockerfile": "FROM python:3.13-slim\nWORKDIR /app\nCOPY shop ./shop\nCMD uvicorn shop.main:app\n",
        ".env": "PREFIX=/desk\nMODE=dev\n",
        "shop/main.py": FAST,
        "shop/config.py": SETTINGS,
        "shop/__init__.py": "",
    }
    found = inspect(MemoryTree(files), ()).deployment
    (service,) = found.services
    assert "/v1/items" in [route.path for route in routes_of(service, found.repository).routes]


HEALTH = "@app.get('/health')\ndef health(): ...\n"
REBOUND = "from fastapi import FastAPI\nfrom x import Wrapper, other\napp = FastAPI(openapi_url=None)\n"
SAME = "def same(app):\n    app.add_middleware(1)\n    return app\n"


def made(lines: str, spaces: str = "    ") -> str:
    return "def create_app():\n" + "".join(f"{spaces}{line}\n" for line in lines.splitlines()) + f"{spaces}return app\n"


@pytest.mark.parametrize(
    ("code", "target"),
    [
        (f"{REBOUND}{HEALTH}app = Wrapper(app)\n", "main:app"),
        (f"{REBOUND}{HEALTH}app = Wrapper(app, root='x')\n", "main:app"),
        (f"{REBOUND}{HEALTH}if 1:\n    app = Wrapper(app=app)\n", "main:app"),
        (f"{SAME}{REBOUND}app = same(app)\n{HEALTH}", "main:app"),
        (f"{SAME}{REBOUND}{HEALTH}app = same(app=app)\n", "main:app"),
        (f"{REBOUND}from tools import same\napp = same(app)\n{HEALTH}", "main:app"),
        (made(f"{REBOUND}{HEALTH}app = Wrapper(app)"), "main:create_app()"),
        (SAME + made(f"{REBOUND}app = same(app)\n{HEALTH}"), "main:create_app()"),
    ],
)
def test_routes_stay_where_the_name_of_the_app_is_assigned_again(code: str, target: str) -> None:
    code = code.replace(
        "from x import Wrapper, other", "from starlette.middleware.cors import CORSMiddleware as Wrapper"
    )
    files = {"main.py": code, "tools.py": SAME}
    held = {path: text.encode() for path, text in files.items()}
    repository = Repository(held, held.__getitem__)
    app = app_of(repository, ("",), target, None)
    assert app is not None
    found = routes_of_tables(app, repository, ("",))
    assert [route.path for route in found.routes] == ["/health"]
    assert found.complete is YES
    assert found.answering("/other")[0] is NO


def test_what_a_client_of_an_app_asks_for_is_no_route_of_it() -> None:
    files = {"main.py": f"{REBOUND}{HEALTH}client = other(app)\nclient.get('/client')\nother(app).get('/direct')\n"}
    held = {path: text.encode() for path, text in files.items()}
    repository = Repository(held, held.__getitem__)
    app = app_of(repository, ("",), "main:app", None)
    assert app is not None
    assert [route.path for route in routes_of_tables(app, repository, ("",)).routes] == ["/health"]


@pytest.mark.parametrize(
    ("imports", "included"),
    [
        ("from shop import accounts as accounts_urls", "accounts_urls"),
        ("from shop import accounts", "accounts"),
        ("import shop.accounts", "shop.accounts"),
        ("from . import accounts", "(accounts, 'accounts')"),
    ],
)
def test_a_module_that_is_imported_is_included_as_by_its_name(imports: str, included: str) -> None:
    files = {
        "shop/__init__.py": "",
        "shop/accounts.py": "from django.urls import path\nurlpatterns = [path('login/', print)]\n",
        "shop/urls.py": (
            f"from django.urls import include, path, re_path\n{imports}\n"
            f"urlpatterns = [re_path(r'^accounts/', include({included}))]\n"
        ),
    }
    held = {path: text.encode() for path, text in files.items()}
    repository = Repository(held, held.__getitem__)
    found = routes_of_urlconf("shop.urls", repository, ("",), lambda test, module: UNKNOWN)
    assert found.answering("/accounts/login/")[0] is YES
    assert found.answering("/accounts/other/")[0] is NO
    assert [route.path for route in found.routes] == ["/accounts/login/"]


@pytest.mark.parametrize(
    ("pattern", "shown"), [("^$", "/"), ("^rpc/$", "/rpc/"), (r"^v1\.0/a-b/\Z", "/v1.0/a-b/"), ("^x(.*)$", "/x(.*)")]
)
def test_the_end_of_a_regular_expression_is_not_shown(pattern: str, shown: str) -> None:
    urls = f"from django.urls import re_path\nurlpatterns = [re_path(r'{pattern}', print)]\n"
    repository = Repository(("urls.py",), lambda path: urls.encode())
    assert [route.path for route in routes_of_urlconf("urls", repository, ("",)).routes] == [shown]


# --- Handed on --------------------------------------------------------------------------------------------------------

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


STARLETTE = {
    "main.py": """\
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute

from admin import admin

EDIT = "/edit"


def home(request):
    return PlainTextResponse("")


class Item(HTTPEndpoint):
    pass


class Echo:
    pass


inner = [Route("/items/{key:int}", Item), Route(EDIT, home, methods=["POST"])]
routes = [
    Route("/", home),
    Mount("/api", routes=inner + [Route("/", home)]),
    Mount("/admin", admin),
    WebSocketRoute("/ws", home),
]
app = Starlette(routes=routes)
""",
    "admin.py": """\
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route


async def users(request):
    return PlainTextResponse("")


admin = Starlette(routes=[Route("/users", users, methods=["GET", "DELETE"])])
""",
}
STARLETTE_PATHS = ["/", "/api/", "/api/items/3", "/api/edit", "/admin/users", "/users", "/edit", "/items/3"]
ASK_STARLETTE = """
import json, sys
sys.path.insert(0, ".")
from starlette.testclient import TestClient
from main import app
client = TestClient(app, raise_server_exceptions=False)
found = {}
for path in json.loads(sys.argv[1]):
    for method in ("GET", "POST", "DELETE"):
        if client.request(method, path, follow_redirects=False).status_code == 200:
            found.setdefault(path, []).append(method)
print(json.dumps(found))
"""


def starlette_answers(path: str, routes: Routes) -> list[str]:
    return [method for method in ("GET", "POST", "DELETE") if routes.answering(path, method)[0] is YES]


def test_the_routes_of_a_list_are_those_of_the_app() -> None:
    routes = served(STARLETTE, "main:app")
    assert routes.complete is YES, routes.unread
    assert {path: found for path in STARLETTE_PATHS if (found := starlette_answers(path, routes))} == {
        "/": ["GET"],
        "/api/": ["GET"],
        # A class answers what it has methods for.
        "/api/items/3": ["GET", "POST", "DELETE"],
        "/api/edit": ["POST"],
        "/admin/users": ["GET", "DELETE"],
    }


@pytest.mark.real
@pytest.mark.skipif(find_spec("starlette") is None or find_spec("httpx") is None, reason="asks Starlette itself")
def test_starlette_answers_the_routes_of_a_list(tmp_path: Path) -> None:
    for path, text in STARLETTE.items():
        (tmp_path / path).write_text(text, encoding="utf-8")
    command = [sys.executable, "-c", ASK_STARLETTE, json.dumps(STARLETTE_PATHS)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    routes = served(STARLETTE, "main:app")
    functions = [path for path in STARLETTE_PATHS if path != "/api/items/3"]
    told = {path: found for path in functions if (found := starlette_answers(path, routes))}
    assert told == json.loads(done.stdout)


@pytest.mark.parametrize(
    ("listed", "note"),
    [
        ("[Route('/', home), *more()]", "an entry of a list of routes"),
        ("[Route(compute(), home)]", "a path that is computed"),
        ("[Mount('/x')]", "what is mounted"),
        ("make()", "those of a list"),
        ("routes", "those of a list"),
    ],
)
def test_entries_of_a_list_that_are_not_read_are_told(listed: str, note: str) -> None:
    text = (
        "from starlette.applications import Starlette\nfrom starlette.routing import Mount, Route\n"
        f"def home(request): ...\nroutes = []\nroutes.append(Route('/y', home))\napp = Starlette(routes={listed})\n"
    )
    routes = served({"main.py": text}, "main:app")
    assert note in [one.note for one in routes.unread]
    assert routes.complete is NO


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


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        ("from fastapi import FastAPI\napp = FastAPI()\napp.frontend('/', directory='dist')\n", "/login"),
        (
            "from fastapi import FastAPI\nfrom fastapi.staticfiles import StaticFiles\napp = FastAPI()\n"
            "app.mount('/', StaticFiles(directory='public'))\n",
            "/logo.png",
        ),
        (
            "from flask import Flask\napp = Flask(__name__, static_folder='public', static_url_path='')\n"
            "app.add_url_rule('/x', view_func=print)\n",
            "/logo.png",
        ),
    ],
)
def test_a_folder_at_the_root_may_answer_any_path_and_the_map_tells_it(code: str, asked: str) -> None:
    routes = served({"app.py": code}, "app:app")
    assert [(one.shown, one.files) for one in routes.routes if one.prefix] == [("/…", True)]
    assert routes.answering(asked)[0] is UNKNOWN
    assert routes.answering(asked, "POST")[0] is NO


def test_an_app_of_flask_without_a_static_folder_serves_no_files() -> None:
    code = "from flask import Flask\napp = Flask(__name__, static_folder=None, static_url_path='/x')\n"
    files = {"app.py": f"{code}app.add_url_rule('/health', view_func=print)\n"}
    assert served(files, "app:app").answering("/x/a.css")[0] is NO


def test_an_app_of_flask_serves_the_folder_static_beside_it_by_itself() -> None:
    code = "from flask import Flask\napp = Flask(__name__)\napp.add_url_rule('/x', view_func=print)\n"
    routes = served({"app.py": code, "static/ok.txt": "ok"}, "app:app")
    assert [(one.shown, one.files) for one in routes.routes if one.prefix] == [("/static/…", True)]
    assert routes.answering("/static/ok.txt")[0] is UNKNOWN
    assert routes.answering("/health")[0] is NO
    assert served({"app.py": code, "other/static/ok.txt": "ok"}, "app:app").answering("/static/ok.txt")[0] is NO


def test_what_tests_add_to_an_app_is_no_route_of_it() -> None:
    app = "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/health')\ndef health(): ...\n"
    added = "from main import app\n@app.get('/boom')\ndef boom(): ...\n"
    files = {"main.py": app, "tests/test_errors.py": added}
    assert served(files, "main:app").answering("/boom")[0] is NO
    files = {"main.py": f"{app}import tests.added\n", "tests/__init__.py": "", "tests/added.py": added}
    assert served(files, "main:app").answering("/boom")[0] is YES
