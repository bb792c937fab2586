"""Files that an app serves: a folder at the root, and the static folder of Flask."""

from __future__ import annotations

import pytest
from routes_found import served

from prodlint.deployment.value import NO, UNKNOWN


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
