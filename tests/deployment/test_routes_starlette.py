"""Routes in a list: Starlette is asked what it makes of the same files."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from routes_found import served

from prodlint.deployment.route import Routes
from prodlint.deployment.value import NO, YES

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
