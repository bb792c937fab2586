"""Routes that functions, settings and imported modules register on an app."""

from __future__ import annotations

import pytest
from routes_found import served

from prodlint.deployment.apps.search import app_of
from prodlint.deployment.repository import Repository
from prodlint.deployment.routes.django import routes_of_urlconf
from prodlint.deployment.routes.of_service import routes_of
from prodlint.deployment.routes.tables import routes_of_tables
from prodlint.deployment.value import NO, UNKNOWN, YES
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

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


@pytest.mark.parametrize(
    ("start", "test", "paths", "moved"),
    [
        ("", 'os.getenv("DEBUG") == "1"', ["/"], ("DEBUG",)),
        ("", 'getenv("DEBUG")', ["/"], ("DEBUG",)),
        ("", "debug", ["/"], ("DEBUG",)),
        ("", 'not os.environ.get("PLAIN")', ["/", "/dbg/"], ()),
        ("DEBUG=1 ", "debug", ["/", "/dbg/"], ()),
        ("DEBUG=0 ", 'os.environ["DEBUG"] == "1"', ["/"], ()),
        # What is not decided is there, perhaps.
        ("", "os.path.exists('x')", ["/", "/dbg/"], ()),
        ("", "__name__ != 'x'", ["/", "/dbg/"], ()),
    ],
)
def test_routes_behind_a_variable_are_those_of_the_app_where_it_is_set_so(
    start: str, test: str, paths: list[str], moved: tuple[str, ...]
) -> None:
    code = (
        "import os\nfrom os import getenv\nfrom fastapi import FastAPI\n\napp = FastAPI(openapi_url=None)\n"
        "debug = os.getenv('DEBUG', '') == '1'\n"
        f"if {test}:\n    @app.get('/dbg/')\n    def dbg(): ...\n\n\n@app.get('/')\ndef index(): ...\n"
    )
    found = inspect(MemoryTree({"Procfile": f"web: {start}uvicorn app:app\n", "app.py": code}), ()).deployment
    (service,) = found.services
    routes = routes_of(service, found.repository)
    assert (sorted(route.path for route in routes.routes), routes.moved_by) == (paths, moved)
    undecided = ["/dbg/"] if test.startswith(("os.path", "__name__")) else []
    assert [route.path for route in routes.routes if route.perhaps] == undecided


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


def test_what_tests_add_to_an_app_is_no_route_of_it() -> None:
    app = "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/health')\ndef health(): ...\n"
    added = "from main import app\n@app.get('/boom')\ndef boom(): ...\n"
    files = {"main.py": app, "tests/test_errors.py": added}
    assert served(files, "main:app").answering("/boom")[0] is NO
    files = {"main.py": f"{app}import tests.added\n", "tests/__init__.py": "", "tests/added.py": added}
    assert served(files, "main:app").answering("/boom")[0] is YES


@pytest.mark.parametrize(
    ("guard", "told"),
    [
        ("settings.DEBUG", [("/", False)]),
        ("not settings.DEBUG", [("/", False), ("/more/", False)]),
        ("settings.MEDIA", [("/", False)]),
        ("settings.MEDIA or settings.DEBUG", [("/", False)]),
        ("not settings.MEDIA", [("/", False), ("/more/", False)]),
        ("settings.OTHER", [("/", False), ("/more/", True)]),
        ("os.path.exists('x')", [("/", False), ("/more/", True)]),
    ],
)
def test_a_pattern_behind_a_setting_that_a_variable_decides_is_told_as_it_is_without_it(
    guard: str, told: list[tuple[str, bool]]
) -> None:
    files = {
        "Procfile": "web: DJANGO_SETTINGS_MODULE=shop.settings gunicorn shop.wsgi\n",
        "shop/__init__.py": "",
        "shop/wsgi.py": "import os\nfrom django.core.wsgi import get_wsgi_application\n"
        "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\napplication = get_wsgi_application()\n",
        "shop/settings.py": "import os\nfrom socket import gethostname\nROOT_URLCONF = 'shop.urls'\nDEBUG = False\n"
        "MEDIA = bool(int(os.getenv('MEDIA', '0')))\nOTHER = gethostname()\n",
        "shop/urls.py": "import os\nfrom django.conf import settings\nfrom django.urls import path\n"
        f"urlpatterns = [path('', view)]\nif {guard}:\n    urlpatterns += [path('more/', view)]\n",
    }
    found = inspect(MemoryTree(files), ()).deployment
    (service,) = found.services
    routes = routes_of(service, found.repository)
    assert [(one.path, one.perhaps) for one in routes.routes] == told
    assert routes.moved_by == (("MEDIA",) if "MEDIA" in guard else ())
    # What may be there is not known to be missing, nor to answer.
    is_open = len(told) > 1 or bool(routes.moved_by)
    assert routes.answering("/more/")[0] is (YES if ("/more/", False) in told else UNKNOWN if is_open else NO)
