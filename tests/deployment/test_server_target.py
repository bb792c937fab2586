"""Apps that servers find by rules of their own: `flask run`, `fastapi run`, `runserver` and their like."""

from collections.abc import Callable

import pytest

from prodlint.deployment.servers.server import Server
from prodlint.deployment.value import NO, YES, Answer, Unknown

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


SCRIPT = """from flask import Flask
from flask_script import Manager, Server

shop = Flask(__name__)
manager = Manager(shop)
{more}
if __name__ == "__main__":
    manager.run()
"""


@pytest.mark.parametrize(
    ("command", "more", "bind", "reload"),
    [
        ("python manage.py runserver -h 0.0.0.0 -p 8082", "", "0.0.0.0:8082", NO),
        ("python manage.py runserver", "", "127.0.0.1:5000", NO),
        (
            "python manage.py runserver -d",
            "manager.add_command('runserver', Server('0.0.0.0', port=80))",
            "0.0.0.0:80",
            YES,
        ),
        ("./manage.py runserver -D -R", "manager.add_command('other', Server(port=1))", "127.0.0.1:5000", NO),
    ],
)
def test_the_runserver_of_flask_script_is_not_that_of_django(
    serve: Serve, command: str, more: str, bind: str, reload: Answer
) -> None:
    server = serve(command, {"manage.py": SCRIPT.format(more=more)})
    assert (server.product, server.owner, server.is_development) == ("Flask-Script", "Flask", YES)
    assert getattr(server.target, "value", server.target) == "manage:shop"
    assert [f"{getattr(one.host, 'value', None)}:{getattr(one.port, 'value', None)}" for one in server.binds] == [bind]
    assert server.reload is reload


def test_what_a_manager_of_flask_script_starts_instead_is_unknown(serve: Serve) -> None:
    more = "manager.add_command('runserver', Other())"
    server = serve("python manage.py runserver", {"manage.py": SCRIPT.format(more=more)})
    assert isinstance(server.binds[0].port, Unknown)
