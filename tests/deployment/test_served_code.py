"""What a production process runs of the repository's code: on import, for requests, on the event loop."""

from collections.abc import Mapping

import pytest

from prodlint.deployment import Deployment
from prodlint.deployment.served.code import ServedCall, ServedCode
from prodlint.inspection import Policy, load
from prodlint.tree import MemoryTree

SLEEP = frozenset({"time.sleep"})
FASTAPI = {"Procfile": "web: uvicorn shop.main:app\n", "requirements.txt": "fastapi\nuvicorn\n", "shop/__init__.py": ""}
MAIN = "from fastapi import FastAPI\nfrom shop.api import router\napp = FastAPI()\napp.include_router(router)\n"
ROUTER = "from fastapi import APIRouter, Depends\nimport time\nrouter = APIRouter()\n"
FLASK = {"Procfile": "web: gunicorn 'shop:create_app()'\n", "requirements.txt": "flask\ngunicorn\n"}
DJANGO = {
    "Procfile": "web: gunicorn shop.wsgi\n",
    "requirements.txt": "django\ngunicorn\n",
    "shop/__init__.py": "",
    "shop/wsgi.py": "import os\nfrom django.core.wsgi import get_wsgi_application\n"
    "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\napplication = get_wsgi_application()\n",
    "shop/settings.py": "INSTALLED_APPS = ['orders']\nROOT_URLCONF = 'shop.urls'\nSECRET_KEY = 'x'\n",
    "shop/urls.py": "from django.urls import include, path\nurlpatterns = [path('o/', include('orders.urls'))]\n",
    "orders/__init__.py": "",
    "orders/urls.py": "from django.urls import path\nfrom . import views\n"
    "urlpatterns = [path('', views.index), path('l/', views.Orders.as_view())]\n",
}


def code_of(files: Mapping[str, str]) -> ServedCode:
    deployment: Deployment = load(MemoryTree(files), Policy())[0]
    (service,) = deployment.services
    return deployment.served_code(service)


def places(calls: object) -> list[str]:
    found: list[ServedCall] = list(calls)  # type: ignore[call-overload]
    return [f"{one.span}" for one in found]


def api(text: str, **more: str) -> ServedCode:
    others = {f"shop/{name}.py": content for name, content in more.items()}
    return code_of({**FASTAPI, "shop/main.py": MAIN, "shop/api.py": ROUTER + text, **others})


def sleeps(code: ServedCode) -> list[str]:
    return places(code.calls_on_request((b"sleep",), SLEEP))


def sleeps_on_loop(code: ServedCode) -> list[str]:
    return places(code.calls_on_loop((b"sleep",), SLEEP))


def test_a_coroutine_that_answers_a_route_runs_on_the_loop() -> None:
    code = api("@router.get('/')\nasync def index():\n    time.sleep(1)\n")
    assert sleeps_on_loop(code) == ["shop/api.py:6"]


def test_a_script_without_a_suffix_is_searched_as_a_module_is() -> None:
    script = (
        "import time\nfrom flask import Flask\napp = Flask(__name__)\n@app.route('/')\ndef index():\n"
        "    time.sleep(1)\n    return ''\nif __name__ == '__main__':\n    app.run()\n"
    )
    code = code_of({"Procfile": "web: python bin/serve\n", "requirements.txt": "flask\n", "bin/serve": script})
    assert sleeps(code) == ["bin/serve:6"]


def test_a_plain_function_that_answers_a_route_has_a_thread_of_its_own() -> None:
    code = api("@router.get('/')\ndef index():\n    time.sleep(1)\n")
    assert sleeps(code) == ["shop/api.py:6"]
    assert sleeps_on_loop(code) == []


def test_a_function_that_no_route_reaches_is_not_served() -> None:
    assert sleeps(api("def index():\n    time.sleep(1)\n")) == []


def test_a_call_is_followed_through_imports_and_methods() -> None:
    code = api(
        "from .pay import client\n@router.get('/')\nasync def index():\n    client.charge()\n",
        pay="from time import sleep as wait\nclass Client:\n    def charge(self):\n        self.send()\n"
        "    def send(self):\n        wait(3)\nclient = Client()\n",
    )
    (call,) = code.calls_on_loop((b"sleep",), SLEEP)
    assert str(call.span) == "shop/pay.py:6"
    assert [f"{one.span}: {one.note}" for one in call.reached.chain] == [
        "shop/api.py:6: answers requests",
        "shop/api.py:7: calls on",
        "shop/pay.py:4: calls on",
    ]


@pytest.mark.parametrize(
    "handed",
    [
        "await asyncio.to_thread(time.sleep, 1)",
        "await run_in_threadpool(work)",
        "await asyncio.get_running_loop().run_in_executor(None, lambda: time.sleep(1))",
        "await run_in_threadpool(inner)",
    ],
)
def test_what_is_handed_to_a_thread_does_not_run_on_the_loop(handed: str) -> None:
    code = api(
        "import asyncio\nfrom starlette.concurrency import run_in_threadpool\ndef work():\n    time.sleep(1)\n"
        f"@router.get('/')\nasync def index():\n    def inner():\n        time.sleep(1)\n    {handed}\n"
    )
    assert sleeps_on_loop(code) == []


def test_a_nested_function_that_is_called_in_place_runs_on_the_loop() -> None:
    code = api("@router.get('/')\nasync def index():\n    def inner():\n        time.sleep(1)\n    inner()\n")
    assert sleeps_on_loop(code) == ["shop/api.py:7"]


def test_dependencies_and_middleware_run_for_requests() -> None:
    code = api(
        "async def user():\n    time.sleep(1)\n@router.get('/')\nasync def index(one=Depends(user)):\n    pass\n",
    )
    assert sleeps_on_loop(code) == ["shop/api.py:5"]
    code = code_of(
        {
            **FASTAPI,
            "shop/main.py": "import time\nfrom fastapi import FastAPI\napp = FastAPI()\n"
            "@app.middleware('http')\nasync def slow(request, call_next):\n    time.sleep(1)\n",
        }
    )
    assert sleeps_on_loop(code) == ["shop/main.py:6"]


def test_what_starts_with_the_app_is_no_request() -> None:
    code = code_of(
        {
            **FASTAPI,
            "shop/main.py": "import time\nfrom fastapi import FastAPI\n"
            "async def life(app):\n    time.sleep(1)\n    yield\n"
            "app = FastAPI(lifespan=life)\n"
            "@app.on_event('startup')\nasync def begin():\n    time.sleep(1)\n",
        }
    )
    assert sleeps(code) == []


def test_a_module_that_nothing_imports_is_not_served() -> None:
    code = api("", script="import time\ntime.sleep(1)\n")
    assert places(code.calls_on_import((b"sleep",), SLEEP)) == []
    assert code.chain("shop/script.py") is None


def test_what_a_factory_imports_and_calls_runs_at_start() -> None:
    files = {
        **FLASK,
        "shop/__init__.py": "from flask import Flask\ndef create_app():\n    app = Flask(__name__)\n"
        "    from shop.views import bp\n    app.register_blueprint(bp)\n    return app\n"
        "def seed():\n    import shop.seed\n",
        "shop/views.py": "import time\nfrom flask import Blueprint\nbp = Blueprint('a', __name__)\ntime.sleep(1)\n"
        "@bp.route('/')\ndef index():\n    time.sleep(2)\nif __name__ == '__main__':\n    time.sleep(3)\n",
        "shop/seed.py": "import time\ntime.sleep(9)\n",
    }
    code = code_of(files)
    assert places(code.calls_on_import((b"sleep",), SLEEP)) == ["shop/views.py:4"]
    assert sleeps(code) == ["shop/views.py:7"]
    assert [f"{one.span}" for one in code.chain("shop/views.py") or ()] == ["shop/__init__.py:4"]


def test_views_of_the_routed_urlconf_of_django_are_served() -> None:
    views = (
        "import time\nfrom django.views import View\ndef index(request):\n    time.sleep(1)\ndef unrouted(request):\n"
        "    time.sleep(2)\nclass Orders(View):\n    def get(self, request):\n        self.load()\n"
        "    def load(self):\n        time.sleep(3)\n"
    )
    command = "import time\nclass Command:\n    def handle(self):\n        time.sleep(4)\n"
    code = code_of({**DJANGO, "orders/views.py": views, "orders/management/commands/load.py": command})
    assert sleeps(code) == ["orders/views.py:4", "orders/views.py:11"]
    assert [f"{one.span}" for one in code.chain("orders/urls.py") or ()] == [
        "shop/wsgi.py:3",
        "shop/settings.py:2",
        "shop/urls.py:2",
    ]


def test_a_task_that_a_view_sends_off_is_not_served() -> None:
    tasks = "import time\nfrom celery import shared_task\n@shared_task\ndef work():\n    time.sleep(1)\n"
    views = "from .tasks import work\ndef index(request):\n    work.delay()\nclass Orders:\n    pass\n"
    assert sleeps(code_of({**DJANGO, "orders/views.py": views, "orders/tasks.py": tasks})) == []


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("3", "3"),
        ("WAIT", "5"),
        ("seconds", "a variable of the function holds it"),
        ("*more", "it is passed on from a caller"),
    ],
)
def test_an_argument_is_evaluated_or_unknown(given: str, shown: str) -> None:
    code = api(f"WAIT = 2 + 3\n@router.get('/')\ndef index(seconds: int, *more):\n    time.sleep({given})\n")
    (call,) = code.calls_on_request((b"sleep",), SLEEP)
    value = call.argument("seconds", 0)
    assert shown == str(getattr(value, "value", getattr(value, "reason", None)))
    assert call.argument("other") is None or given == "*more"


def test_names_are_followed_and_not_spelt() -> None:
    code = api("class time:\n    sleep = print\n@router.get('/')\nasync def index():\n    time.sleep(1)\n")
    assert sleeps(code) == []


HOSTILE = {
    "a name that is assigned from itself": "def work(q):\n" + "    q = q.a(q)\n" * 300 + "    time.sleep(1)\n",
    "names that are assigned from one another": "".join(
        f"def f{n}():\n    x = y.a\n    x = y.b\n    y = x.a\n    y = x.b\n    x.f{n}()\n" for n in range(40)
    )
    + "def work():\n    time.sleep(1)\n",
    "functions that all call one another": "".join(
        f"def f{n}():\n" + "".join(f"    f{m}()\n" for m in range(60)) for n in range(60)
    )
    + "def work():\n    time.sleep(1)\n    f1()\n",
    "classes that are bases of one another": "".join(
        f"class C{n}(C{(n + 1) % 30}, C{(n + 2) % 30}, C{(n + 3) % 30}):\n    pass\n" for n in range(30)
    )
    + "def work():\n    C1().go()\n    time.sleep(1)\n",
    "aliases in a circle": "".join(f"a{n} = a{(n + 1) % 50}.x\na{n} = a{(n + 2) % 50}.y\n" for n in range(50))
    + "def work():\n    a1.go()\n    time.sleep(1)\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_code_that_goes_in_circles_is_followed_to_an_end(name: str) -> None:
    code = api(HOSTILE[name] + "@router.get('/')\nasync def index():\n    work()\n")
    assert len(sleeps_on_loop(code)) == 1
    assert [*code.calls_on_import((b"go", b"f1"), frozenset({"x.go"}))] == []


def test_modules_that_import_one_another_in_functions_are_followed_to_an_end() -> None:
    others = {
        f"m{n}": f"import time\ndef f():\n    from shop.m{(n + 1) % 60} import f as g\n    g()\ntime.sleep(1)\n"
        for n in range(60)
    }
    code = api("def start():\n    from shop.m0 import f\n    f()\nstart()\n", **others)
    assert places(code.calls_on_import((b"sleep",), SLEEP))[:1] == ["shop/m0.py:5"]


@pytest.mark.parametrize(("length", "expected"), [(20, None), (60, None), (0, "requests")])
def test_what_modules_do_that_are_too_deep_to_follow_is_not_known_to_come_too_late(
    length: int, expected: str | None
) -> None:
    """A patch at the end of a chain of imports comes before `import requests`, however long the chain is."""
    files = {f"m{number}.py": f"import m{number + 1}\n" for number in range(length)}
    first = "import m0\n" if length else ""
    files |= {
        "Procfile": "web: gunicorn --worker-class=gevent --preload shop:app\n",
        "requirements.txt": "flask\ngevent\ngunicorn\nrequests\n",
        f"m{length}.py": "from gevent import monkey\nmonkey.patch_all()\n",
        "shop.py": f"{first}import requests\nfrom flask import Flask\napp = Flask('shop')\n",
    }
    deployment: Deployment = load(MemoryTree(files), Policy())[0]
    (service,) = deployment.services
    late = deployment.workers_of(service).late_patch
    assert (None if late is None else late.taken) == expected
