"""Apps that servers find by rules of their own: `flask run`, `fastapi run`, `runserver` and their like."""

from collections.abc import Callable

import pytest

from prodlint.deployment.servers.server import Server
from prodlint.deployment.value import Unknown

Serve = Callable[..., Server]
FLASK = "from flask import Flask\n"


@pytest.mark.parametrize(
    ("command", "files", "target", "file"),
    [
        ("flask run", {"app.py": FLASK + "app = Flask('x')\n"}, "app:app", "app.py"),
        ("flask run", {"wsgi.py": FLASK + "shop = Flask('x')\n", "app.py": ""}, "wsgi:shop", "wsgi.py"),
        ("flask run", {"app.py": FLASK + "def create_app(): return Flask('x')\n"}, "app:create_app()", "app.py"),
        (
            "flask --app shop.web run",
            {"shop/web.py": FLASK + "application = Flask('x')\n"},
            "shop.web:application",
            None,
        ),
        ("flask --app src/shop.py run", {"src/shop.py": FLASK + "app = Flask('x')\n"}, "shop:app", "src/shop.py"),
        ("FLASK_APP=\"shop:make('x')\" flask run", {"shop.py": FLASK}, "shop:make('x')", "shop.py"),
        ("flask run", {".flaskenv": "FLASK_APP=shop:web\n", "shop.py": FLASK}, "shop:web", "shop.py"),
        ("flask -A other:app run", {"shop.py": FLASK}, "other:app", None),
        (
            "fastapi run",
            {"app/main.py": "from fastapi import FastAPI\nb = FastAPI()\na = FastAPI()\n", "app/__init__.py": ""},
            "app.main:a",
            "app/main.py",
        ),
        ("fastapi run src/x.py --app web", {"src/x.py": "from fastapi import *\n"}, "x:web", "src/x.py"),
        ("fastapi run -e shop:api", {}, "shop:api", None),
        (
            "fastapi run",
            {"pyproject.toml": "[tool.fastapi]\nentrypoint = 'shop:api'\n", "main.py": ""},
            "shop:api",
            None,
        ),
        (
            "python manage.py runserver",
            {
                "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings.local')\n",
                "shop/settings/local.py": "from .base import *\n",
                "shop/settings/base.py": "WSGI_APPLICATION = 'shop.web.application'\n",
                "shop/web.py": "",
            },
            "shop.web:application",
            "shop/web.py",
        ),
        (
            "python src/manage.py runserver --settings shop.prod",
            {"src/manage.py": "", "src/shop/prod.py": "", "src/shop/wsgi.py": ""},
            "shop.wsgi:application",
            "src/shop/wsgi.py",
        ),
        ("sanic shop.server.app", {}, "shop.server:app", None),
        ("hypercorn asgi:shop:app", {}, "shop:app", None),
        ("mod_wsgi-express start-server web/wsgi.py", {"web/wsgi.py": ""}, "web/wsgi.py:application", "web/wsgi.py"),
        ("LITESTAR_APP=shop:app litestar run", {}, "shop:app", None),
    ],
)
def test_a_server_finds_its_app_by_its_own_rules(
    serve: Serve, command: str, files: dict[str, str], target: str, file: str | None
) -> None:
    server = serve(command, files)
    assert getattr(server.target, "value", server.target) == target
    if file is not None:
        assert server.target_file == file


def test_an_app_that_is_not_to_be_found_is_unknown_with_the_reason(serve: Serve) -> None:
    target = serve("flask run").target
    assert isinstance(target, Unknown)
    assert target.reason == "neither an option nor FLASK_APP names an app"
    two = serve("flask run", {"app.py": FLASK + "a = Flask('a')\nb = Flask('b')\n"}).target
    assert isinstance(two, Unknown)
    assert isinstance(serve("python manage.py runserver", {"manage.py": ""}).target, Unknown)
