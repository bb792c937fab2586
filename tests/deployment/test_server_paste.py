"""Apps that a file of PasteDeploy names."""

from __future__ import annotations

import pytest

from prodlint.deployment.environment import Environment
from prodlint.inspection import inspect
from prodlint.map.draw import draw
from prodlint.tree import MemoryTree

CODE = "from flask import Flask\n\n\ndef create_app(global_config, **settings):\n    return Flask(__name__)\n"
PYPROJECT = """\
[project]
name = "The_Shop"
[project.entry-points."paste.app_factory"]
main = "shop.app:create_app"
"""


def app_of(ini: str, command: str = "gunicorn --paste conf/production.ini", **files: str) -> str:
    """What the map says of the app."""
    held = {"Procfile": f"web: {command}\n", "shop/__init__.py": "", "shop/app.py": CODE, "pyproject.toml": PYPROJECT}
    tree = MemoryTree({**held, "conf/production.ini": ini, **files})
    [service] = draw(inspect(tree, []).deployment, Environment.PRODUCTION).services
    fact = service.fact("app")
    assert fact is not None
    return fact.text


@pytest.mark.parametrize(
    "ini",
    [
        "[app:main]\nuse = call:shop.app:create_app\n",
        "[pipeline:main]\npipeline:\n  proxy-prefix\n  shop\n[app:shop]\nuse = call:shop.app:create_app\n",
        "[app:main]\nuse = egg:the-shop\n",
        "[app:main]\nuse = other\n[app:other]\nuse = egg:the-shop#main\n",
    ],
)
@pytest.mark.parametrize(
    "command", ["gunicorn --paste conf/production.ini", "uwsgi --http :80 --ini-paste conf/production.ini"]
)
def test_the_app_is_the_one_that_the_file_names(ini: str, command: str) -> None:
    found = app_of(ini, command)
    assert found == "shop.app:create_app() → shop/app.py:5, Flask, WSGI"


def test_a_name_behind_the_file_chooses_the_app() -> None:
    ini = "[app:main]\nuse = egg:other\n[app:api]\nuse = call:shop.app:create_app\n"
    assert app_of(ini, "gunicorn --paste conf/production.ini#api").startswith("shop.app:create_app() → ")


@pytest.mark.parametrize(
    ("ini", "said"),
    [
        (
            "[app:main]\nuse = egg:other\n",
            "conf/production.ini names egg:other for PasteDeploy, which is not found here",
        ),
        (
            "[app:main]\nuse = main\n",
            "conf/production.ini names the app for PasteDeploy, in a way that is not followed",
        ),
        ("[server:main]\n", "conf/production.ini names the app for PasteDeploy, in a way that is not followed"),
    ],
)
def test_what_is_not_followed_is_said_with_the_file(ini: str, said: str) -> None:
    assert app_of(ini) == said


def test_a_file_that_is_not_here_is_said() -> None:
    said = "gone.ini names the app for PasteDeploy, and is not in this repository"
    assert app_of("", "gunicorn --paste gone.ini") == said


def test_a_factory_of_another_framework_is_not_said_to_be_missing() -> None:
    code = "from shop.made import made\n\n\ndef create_app(_config, **settings):\n    return made(settings)\n"
    ini = "[app:main]\nuse = call:shop.app:create_app\n"
    found = app_of(ini, **{"shop/app.py": code})
    assert found == "what shop.app:create_app() is could not be told from shop/app.py"
