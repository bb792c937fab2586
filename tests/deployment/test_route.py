"""Routes: which paths an app answers. Flask, FastAPI and Django are asked what they make of the same files."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from routes_found import of, served

from prodlint.deployment.route import Route, Routes
from prodlint.deployment.routes.django import routes_of_urlconf
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer
from prodlint.source import Source

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


def test_patterns_of_django_are_read_by_the_names_of_their_arguments() -> None:
    text = (
        "from django.urls import include, path, re_path\n"
        "urlpatterns = [\n    path('a/', view=views.a, name='a'),\n    path(route='b/', view=views.b),\n"
        "    path('c/', view=include([path('d/', views.d)])),\n    re_path(route='^e$', view=views.e),\n]\n"
    )
    routes = routes_of_urlconf("urls", of({"urls.py": text}), ("",))
    assert [route.path for route in routes.routes if route.regex is None] == ["/a/", "/b/", "/c/d/"]
    assert routes.answering("/e")[0] is YES
    assert routes.complete is YES


def test_patterns_below_the_code_of_a_language_are_read() -> None:
    text = (
        "from django.conf.urls.i18n import i18n_patterns\nfrom django.urls import include, path, re_path\n"
        "urlpatterns = [path('health/', views.health)]\n"
        "urlpatterns += i18n_patterns(\n    path('about/', views.about),\n"
        "    re_path(r'^old/', include('old')),\nKEYWORDS)\n"
    )
    old = {"old.py": "from django.urls import path\nurlpatterns = [path('shop', views.shop)]\n"}

    def asked(keywords: str, *paths: str) -> list[Answer]:
        files = {"urls.py": text.replace("KEYWORDS", keywords), **old}
        routes = routes_of_urlconf("urls", of(files), ("",))
        assert routes.complete is YES
        return [routes.answering(path)[0] for path in paths]

    paths = ("/health/", "/en/about/", "/de-at/old/shop", "/about/", "/old/shop", "/en/health/")
    assert asked("", *paths) == [YES, YES, YES, NO, NO, NO]
    assert asked("    prefix_default_language=True,\n", *paths) == [YES, YES, YES, NO, NO, NO]
    assert asked("    prefix_default_language=False,\n", *paths) == [YES, YES, YES, YES, YES, NO]


@pytest.mark.parametrize("call", ["path(*given)", "path('a/', *given)", "path(**given)", "path('a/')"])
def test_a_pattern_of_django_whose_arguments_are_handed_on_is_not_read(call: str) -> None:
    text = f"from django.urls import path\nurlpatterns = [{call}]\n"
    routes = routes_of_urlconf("urls", of({"urls.py": text}), ("",))
    assert list(routes.routes) == []
    assert routes.complete is not YES


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
