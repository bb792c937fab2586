"""Python programs that start a server by themselves: when they are run, and when they are merely imported."""

import pytest

from prodlint.deployment import Environment, Service
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, EnvDriven, Known, Unknown
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

FLASK = "from flask import Flask\napp = Flask(__name__)\n"
FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n"
GUARD = '\nif __name__ == "__main__":\n'


def web(command: str, files: dict[str, str]) -> Service:
    """The web process of a Procfile."""
    services = inspect(MemoryTree({"Procfile": f"web: {command}\n", **files}), []).deployment.services
    assert [one.environment for one in services] == [Environment.PRODUCTION]
    return services[0]


def run(main: str, **others: str) -> Service:
    """`python main.py`, beside some other modules."""
    return web("python main.py", {"main.py": main, **{f"{name}.py": text for name, text in others.items()}})


@pytest.mark.parametrize(
    ("main", "product", "is_development"),
    [
        (f"{FLASK}app.run()\n", "Flask", YES),
        (f"{FLASK}{GUARD}    app.run(host='0.0.0.0')\n", "Flask", YES),
        (f"{FLASK}\ndef main():\n    app.run()\n{GUARD}    main()\n", "Flask", YES),
        (f"{FLASK}\ntry:\n    app.run()\nfinally:\n    pass\n", "Flask", YES),
        ("from quart import Quart\napp = Quart('x')\napp.run()\n", "Quart", YES),
        ("import dash\napp = dash.Dash()\napp.run(debug=False)\n", "Dash", YES),
        (
            "from flask import Flask\ndef make():\n    return Flask('x')\nmake_app = make\napp = make()\napp.run()\n",
            "Flask",
            YES,
        ),
        ("from werkzeug.serving import run_simple\nrun_simple('0.0.0.0', 80, None)\n", "Werkzeug", YES),
        ("from wsgiref.simple_server import make_server\nmake_server('', 80, None).serve_forever()\n", "wsgiref", YES),
        ("import bottle\nbottle.run(host='0.0.0.0')\n", "bottle", YES),
        ("import bottle\nbottle.run(server='gunicorn')\n", "bottle", NO),
        ("import uvicorn\nuvicorn.run('app:app', host='0.0.0.0')\n", "uvicorn", NO),
        ("import uvicorn\nuvicorn.run('app:app', reload=True)\n", "uvicorn", YES),
        ("import uvicorn\nuvicorn.run('app:app', reload=False)\n", "uvicorn", NO),
        ("import os, uvicorn\nuvicorn.run('app:app', reload=bool(os.environ.get('X')))\n", "uvicorn", UNKNOWN),
        ("import uvicorn\nuvicorn.run(**{'reload': True})\n", "uvicorn", YES),
        ("import json, uvicorn\nuvicorn.run('app:app', **json.load(open('x')))\n", "uvicorn", UNKNOWN),
        ("from waitress import serve\nserve(None, listen='*:8080')\n", "waitress", NO),
        ("from cheroot.wsgi import Server\nServer(('', 80), None).start()\n", "cheroot", NO),
        ("from gevent.pywsgi import WSGIServer\nWSGIServer(('', 80), None).serve_forever()\n", "gevent", NO),
        ("from aiohttp import web\nweb.run_app(web.Application())\n", "aiohttp", NO),
        ("import asyncio\nfrom hypercorn.asyncio import serve\nasyncio.run(serve(None, None))\n", "hypercorn", NO),
        ("import os\nos.execvp('gunicorn', ['gunicorn', 'app:app'])\n", "gunicorn", NO),
        ("import subprocess\nsubprocess.run(['uvicorn', 'app:app'])\n", "uvicorn", NO),
        ("import subprocess\nsubprocess.run(['flask', 'run'])\n", "flask", YES),
        ("import os\nos.system('gunicorn --reload app:app')\n", "gunicorn", NO),
        ("import subprocess, sys\nsubprocess.run([sys.argv[1], 'uvicorn'])\n", "uvicorn", UNKNOWN),
    ],
)
def test_a_script_starts_a_server(main: str, product: str, is_development: Answer) -> None:
    server = run(main).server
    assert server is not None
    assert (server.product, server.is_development, server.in_code) == (product, is_development, True)


@pytest.mark.parametrize(
    "main",
    [
        pytest.param(f"{FLASK}\ndef serve():\n    app.run()\n", id="a function that nobody calls"),
        pytest.param(f"{FLASK}\nclass A:\n    def run(self):\n        app.run()\n", id="a method that nobody calls"),
        pytest.param(f"{FLASK}\nif __name__ != '__main__':\n    app.run()\n", id="only when it is imported"),
        pytest.param(f"{FLASK}serve = lambda: app.run()\n", id="a lambda that nobody calls"),
        pytest.param("import subprocess\nsubprocess.run(['ls'])\n", id="another program"),
        pytest.param("import celery\napp = celery.Celery()\napp.run()\n", id="something else that runs"),
        pytest.param(
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import app\n    app.run()\n", id="for types"
        ),
        pytest.param("def f():\n    f()\nf()\n", id="endless recursion"),
        pytest.param("app.run(\n", id="a syntax error"),
    ],
)
def test_a_script_that_starts_no_server_has_none(main: str) -> None:
    assert run(main, app=FLASK).server is None


def test_the_way_to_the_call_is_told() -> None:
    service = run(
        f"from serve import start\n{GUARD}    start()\n",
        serve="from shop import app\nimport web\n\ndef start():\n    web.go(app)\n",
        web="from shop import app\n\ndef go(application):\n    app.run()\n",
        shop=FLASK,
    )
    assert [str(one.span) for one in service.starts] == ["web.py:4"]
    assert [str(span) for span in service.starts[0].through] == ["main.py:4", "serve.py:5"]
    assert service.app is not None
    assert str(service.app.span) == "shop.py:2"


def test_starts_that_differ_leave_the_server_unknown() -> None:
    service = run(
        f"import os, waitress\n{FLASK}if os.environ.get('DEV'):\n    app.run()\nelse:\n    waitress.serve(app)\n"
    )
    assert service.server is None
    assert [(one.product, one.conditional) for one in service.starts] == [("Flask", True), ("waitress", True)]


@pytest.mark.parametrize(
    ("command", "files", "place"),
    [
        ("python -m shop", {"shop/__main__.py": f"{FLASK}app.run()\n"}, "shop/__main__.py:3"),
        ("python -m shop.serve", {"shop/serve.py": f"{FLASK}app.run()\n"}, "shop/serve.py:3"),
        ("python -u shop/serve.py --port 80", {"shop/serve.py": f"{FLASK}app.run()\n"}, "shop/serve.py:3"),
        ("cd shop && python serve.py", {"shop/serve.py": f"{FLASK}app.run()\n"}, "shop/serve.py:3"),
        (
            "python src/serve.py",
            {"src/serve.py": "from web import app\napp.run()\n", "src/web.py": FLASK},
            "src/serve.py:2",
        ),
        ("uv run serve.py", {"serve.py": f"{FLASK}app.run()\n"}, "serve.py:3"),
    ],
)
def test_the_file_of_a_program_is_found(command: str, files: dict[str, str], place: str) -> None:
    assert [str(one.span) for one in web(command, files).starts] == [place]


@pytest.mark.parametrize(
    ("files", "places"),
    [
        ({"app.py": f"{FLASK}app.run()\n"}, ["app.py:3"]),
        ({"app.py": f"{FLASK}{GUARD}    app.run()\n"}, []),
        ({"app.py": f"{FLASK}\nif __name__ != '__main__':\n    app.run()\n"}, ["app.py:5"]),
        ({"app.py": f"{FLASK}{GUARD}    pass\nelse:\n    app.run()\n"}, ["app.py:7"]),
        ({"app.py": "from shop import app\n", "shop.py": f"{FLASK}app.run()\n"}, ["shop.py:3"]),
        ({"app.py": f"{FLASK}\ndef go():\n    app.run()\n\ngo()\n"}, ["app.py:5"]),
        (
            {"app.py": f"import other\n{FLASK}", "other.py": "import third\n", "third.py": f"{FLASK}app.run()\n"},
            ["third.py:3"],
        ),
        ({"app.py": f"{FLASK}", "run.py": "from app import app\napp.run()\n"}, []),
    ],
)
def test_importing_the_app_runs_into_a_server(files: dict[str, str], places: list[str]) -> None:
    service = web("gunicorn app:app", files)
    assert [str(one.span) for one in service.import_starts if not one.conditional] == places


def test_a_server_that_depends_on_what_is_installed_is_no_development_server_for_certain() -> None:
    # Flask-SocketIO serves by eventlet or gevent where one is installed.
    main = "from flask_socketio import SocketIO\nfrom shop import app\nsocketio = SocketIO(app)\nsocketio.run(app)\n"
    server = run(main, shop=FLASK).server
    assert server is not None
    assert server.is_development is UNKNOWN


def told(service: Service, *names: str) -> list[object]:
    """Where the server of a script listens, and some of its settings; a question mark for what is not known."""
    server = service.server
    assert server is not None
    values = [server.settings.value(name) for name in names]
    held = [
        getattr(one, "value", f"${one.name} or {one.default}" if isinstance(one, EnvDriven) else "?") for one in values
    ]
    return [[str(bind) for bind in server.binds], *held]


@pytest.mark.parametrize(
    ("main", "binds"),
    [
        (f"{FLASK}app.run()\n", ["127.0.0.1:5000"]),
        (f"{FLASK}app.run('0.0.0.0', 80)\n", ["0.0.0.0:80"]),
        (f"import os\n{FLASK}app.run(port=int(os.environ.get('PORT', 5000)))\n", ["127.0.0.1:${PORT:-5000}"]),
        (
            f"import os\n{FLASK}{GUARD}    port = int(os.getenv('PORT', '81'))\n    app.run(port=port)\n",
            ["127.0.0.1:${PORT:-81}"],
        ),
        (f"{FLASK}\ndef main(host='0.0.0.0', port=80):\n    app.run(host, port)\n{GUARD}    main()\n", ["0.0.0.0:80"]),
        (f"{FLASK}\ndef main(port):\n    app.run(port=port)\n{GUARD}    main(80)\n", ["127.0.0.1:?"]),
        (
            f"{FLASK}import argparse\na = argparse.ArgumentParser().parse_args()\napp.run(port=a.port)\n",
            ["127.0.0.1:?"],
        ),
        ("import uvicorn\nuvicorn.run('app:app')\n", ["127.0.0.1:8000"]),
        ("import uvicorn\nuvicorn.run('app:app', host='0.0.0.0', port=80)\n", ["0.0.0.0:80"]),
        ("import uvicorn\nuvicorn.run('app:app', uds='/run/x')\n", ["unix:/run/x"]),
        ("import uvicorn\nc = uvicorn.Config('app:app', port=80)\nuvicorn.Server(c).run()\n", ["127.0.0.1:80"]),
        ("from waitress import serve\nserve(None, listen='*:80 127.0.0.1:81')\n", ["0.0.0.0:80", "127.0.0.1:81"]),
        ("from waitress import serve\nserve(None)\n", ["0.0.0.0:8080"]),
        ("from aiohttp import web\nweb.run_app(web.Application())\n", ["0.0.0.0:8080"]),
        ("from gevent.pywsgi import WSGIServer\nWSGIServer(('', 80), None).serve_forever()\n", [":80"]),
        ("import bottle\nbottle.run(host='0.0.0.0')\n", ["0.0.0.0:8080"]),
        (
            "import asyncio\nfrom hypercorn.asyncio import serve\nfrom hypercorn.config import Config\n"
            "config = Config()\nconfig.bind = ['0.0.0.0:80']\nasyncio.run(serve(None, config))\n",
            ["0.0.0.0:80"],
        ),
        (
            "from granian import Granian\nGranian('app:app', address='0.0.0.0', port=80, workers=2).serve()\n",
            ["0.0.0.0:80"],
        ),
        (
            "from gunicorn.app.base import BaseApplication\nclass Web(BaseApplication):\n    pass\n"
            "options = {'bind': '0.0.0.0:80', 'workers': 4}\nWeb(None, options).run()\n",
            ["0.0.0.0:80"],
        ),
        ("import subprocess\nsubprocess.run(['gunicorn', '-b', ':80', 'app:app'])\n", [":80"]),
    ],
)
def test_the_arguments_of_a_call_say_where_it_listens(main: str, binds: list[str]) -> None:
    assert told(run(main)) == [binds]


def test_the_arguments_of_a_call_are_settings_with_their_places() -> None:
    call = "uvicorn.run(\n    'shop:app',\n    workers=W * 2,\n    proxy_headers=False,\n    x=1,\n)\n"
    main = f"import uvicorn\nW = 2\n{call}"
    service = run(main, shop=FASTAPI)
    assert told(service, "workers", "proxy_headers", "keep_alive") == [["127.0.0.1:8000"], 4, False, 5]
    server = service.server
    assert server is not None
    setting = server.settings["workers"]
    assert [source.origin for source in setting.sources] == [
        "default of uvicorn",
        "WEB_CONCURRENCY",
        "workers in uvicorn.run()",
    ]
    assert str(setting.source.span) == "main.py:5"
    assert getattr(server.target, "value", None) == "shop:app"
    assert service.app is not None


def test_an_app_that_is_handed_over_is_found() -> None:
    assert (
        getattr(run("import uvicorn\nfrom shop import app\nuvicorn.run(app)\n", shop=FASTAPI).app, "framework", "")
        == "FastAPI"
    )
    main = "from waitress import serve\nfrom shop import make\nif True:\n    app = make()\n    serve(app)\n"
    assert (
        getattr(run(main, shop="from flask import Flask\ndef make():\n    return Flask('x')\n").app, "framework", "")
        == "Flask"
    )


def test_options_that_are_not_known_leave_the_rest_doubtful() -> None:
    service = run("import json, uvicorn\nuvicorn.run('a:b', **json.load(open('x')), port=80)\n")
    assert told(service, "workers", "port") == [["?:80"], "?", 80]


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": "[project]\nname = 'shop'\n[project.scripts]\nserve = 'shop.cli:main'\n"},
        {"pyproject.toml": "[tool.poetry.scripts]\nserve = 'shop.cli:main'\n"},
        {"setup.cfg": "[options.entry_points]\nconsole_scripts =\n    serve = shop.cli:main\n    other = shop:x\n"},
        {"setup.py": "import setuptools as s\ns.setup(entry_points={'console_scripts': ['serve=shop.cli:main']})\n"},
    ],
)
@pytest.mark.parametrize("command", ["serve", "poetry run serve", "uv run serve --port 80"])
def test_a_console_script_runs_its_function(files: dict[str, str], command: str) -> None:
    code = "import uvicorn\n\ndef other():\n    print()\n\ndef main():\n    uvicorn.run('shop.web:app', port=81)\n"
    service = web(command, {**files, "shop/cli.py": code, "shop/web.py": FASTAPI, "shop/__init__.py": ""})
    assert told(service) == [["127.0.0.1:81"]]
    assert [str(start.span) for start in service.starts] == ["shop/cli.py:7"]
    assert service.app is not None
    assert service.app.path == "shop/web.py"


def test_a_command_that_two_projects_declare_is_not_followed() -> None:
    files = {
        "a/pyproject.toml": "[project.scripts]\nserve = 'one:main'\n",
        "a/one.py": f"{FLASK}def main():\n    app.run()\n",
        "b/pyproject.toml": "[project.scripts]\nserve = 'two:main'\n",
        "b/two.py": f"{FLASK}def main():\n    app.run()\n",
    }
    assert web("serve", files).server is None
    assert web("cd a && serve", files).server is not None


def test_a_member_of_granians_enumerations_is_its_name_and_no_other_object_is() -> None:
    granian = "from granian import Granian\nfrom granian.constants import Interfaces\n"
    made = run(f"{granian}Granian('app:app', interface=Interfaces.ASGI).serve()\n").server
    assert made is not None
    assert isinstance(made.settings["interface"].value, Known)
    assert made.settings["interface"].value.value == "asgi"
    settings = "import uvicorn\nfrom core import settings\nuvicorn.run('app:app', host=settings.HOST)\n"
    core = "from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    HOST: str = '0.0.0.0'\n"
    service = run(settings, core=f"{core}settings = Settings()\n")
    assert service.server is not None
    assert not isinstance(service.server.settings["host"].value, Known)


@pytest.mark.parametrize("first", [True, False])
def test_of_two_calls_that_start_one_server_neither_is_certain(first: bool) -> None:
    calls = ["uvicorn.run('app:app', reload=True, workers=1)", "uvicorn.run('app:app', workers=4)"]
    one, other = calls if first else reversed(calls)
    service = run(f"import os, uvicorn\nif os.environ.get('DEBUG'):\n    {one}\nelse:\n    {other}\n")
    assert service.server is not None
    assert service.server.is_development is UNKNOWN
    assert service.server.reload is UNKNOWN
    assert not isinstance(service.server.settings["workers"].value, Known)


CHILD = """import os, subprocess, sys
extra = os.environ["EXTRA"].split()


def main(port=None):
    port = os.environ.get("PORT", 8080)
    {call}


if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize(
    ("call", "binds", "workers"),
    [
        ("os.execvp('gunicorn', ['gunicorn', '-b', f':{port}', 'shop:app', '-w', '5'])", [":${PORT:-8080}"], 5),
        ("os.execlp('gunicorn', 'web', '-b', '0.0.0.0:' + str(port), 'shop:app')", ["0.0.0.0:${PORT:-8080}"], "?"),
        ("subprocess.run([sys.executable, '-m', 'gunicorn', 'shop:app', '-b', ':80'])", [":80"], "?"),
        ("subprocess.check_call(['gunicorn', '-w', str(2), '-b', ':80', 'shop:app'])", [":80"], 2),
        ("subprocess.Popen('gunicorn -b :80 shop:app', shell=True)", [":80"], "?"),
    ],
)
def test_a_list_of_words_that_code_starts_is_a_command_line(call: str, binds: list[str], workers: object) -> None:
    service = run(CHILD.replace("{call}", call), shop=FASTAPI)
    assert told(service, "workers") == [binds, workers]
    assert service.app is not None
    assert service.app.path == "shop.py"
    assert service.server is not None
    assert service.server.target == Known("shop:app", service.server.target.span)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ("os.system(f'gunicorn {port} shop:app')", "its command is computed in the code"),
        ("os.chdir('web'); os.execvp('gunicorn', ['gunicorn', 'shop:app'])", "the code may change the folder"),
        ("subprocess.run(['gunicorn', 'shop:app'], cwd=port)", "the code may change the folder"),
    ],
)
def test_an_app_of_a_program_that_code_starts_is_not_known(call: str, reason: str) -> None:
    service = run(CHILD.replace("{call}", call), shop=FASTAPI)
    assert service.server is not None
    assert isinstance(service.server.target, Unknown)
    assert service.server.target.reason.startswith(reason)
    assert service.app is None


def test_words_that_code_computes_may_be_options() -> None:
    service = run(CHILD.replace("{call}", "os.execvp('gunicorn', ['gunicorn', *extra, 'shop:app'])"), shop=FASTAPI)
    assert service.app is not None
    assert service.server is not None
    assert not service.server.options_complete
    assert isinstance(service.server.settings["workers"].value, Unknown)


def test_variables_that_code_sets_for_its_program_are_a_doubt() -> None:
    call = "subprocess.run(['gunicorn', 'shop:app'], env={})"
    server = run(CHILD.replace("{call}", call), shop=FASTAPI).server
    assert server is not None
    assert server.settings.doubt is not None


def test_a_folder_that_code_names_for_its_program_is_where_it_imports_from() -> None:
    call = "subprocess.run(['gunicorn', 'shop:app'], cwd='web')"
    service = web("python main.py", {"main.py": CHILD.replace("{call}", call), "web/shop.py": FASTAPI})
    assert service.app is not None
    assert service.app.path == "web/shop.py"


def test_a_folder_that_a_server_is_told_is_where_it_imports_from() -> None:
    call = "subprocess.run(['gunicorn', '--chdir', 'web', 'shop:app'])"
    service = web("python main.py", {"main.py": CHILD.replace("{call}", call), "web/shop.py": FASTAPI})
    assert service.app is not None
    assert service.app.path == "web/shop.py"


def test_of_several_programs_that_agree_on_it_is_known() -> None:
    call = (
        "if port: subprocess.run(['gunicorn', 'shop:app', '-b', ':80', '--reload'])\n"
        "    else: subprocess.run(['gunicorn', 'shop:app', '-b', ':80'])"
    )
    service = run(CHILD.replace("{call}", call), shop=FASTAPI)
    assert told(service) == [[":80"]]
    assert service.server is not None
    assert service.server.reload is UNKNOWN
    assert service.app is not None


@pytest.mark.parametrize("words", ["'pip', 'install', 'gunicorn'", "'pkill', '-HUP', 'gunicorn'"])
def test_a_program_that_is_told_of_a_server_is_none(words: str) -> None:
    service = run(CHILD.replace("{call}", f"subprocess.run([{words}])"), shop=FASTAPI)
    assert service.server is None
    assert service.starts == ()


@pytest.mark.parametrize(
    ("code", "is_complete"),
    [
        ("words = ['gunicorn', 'shop:app', '-w', '5']; os.execvp(words[0], words)", True),
        ("words = ['gunicorn', 'shop:app', '-w', '5']; subprocess.run(words)", True),
        ("subprocess.run(['gunicorn', 'shop:app'] + ['-w', '5'])", True),
        ("words: list[str] = ['gunicorn', 'shop:app', '-w', '5']; words.append('-k'); subprocess.run(words)", False),
        ("words = ['gunicorn', 'shop:app', '-w', '5']; words += extra; subprocess.run(words)", False),
        ("subprocess.run(['gunicorn', 'shop:app', '-w', '5'] + extra)", False),
    ],
)
def test_the_words_of_a_list_are_known_as_far_as_nothing_may_be_added(code: str, is_complete: bool) -> None:
    service = run(CHILD.replace("{call}", code), shop=FASTAPI)
    assert told(service, "workers", "timeout")[1:] == [5, 30 if is_complete else "?"]
    assert service.app is not None


@pytest.mark.parametrize(
    "code",
    [
        "words = ['gunicorn', 'shop:app']; words = other(words); subprocess.run(words)",
        "words = ['gunicorn', 'shop:app']; words.insert(0, 'echo'); subprocess.run(words)",
        "words = ['gunicorn', 'shop:app']; words[0] = 'echo'; subprocess.run(words)",
    ],
)
def test_a_list_that_is_made_anew_starts_nothing_that_is_known(code: str) -> None:
    assert run(CHILD.replace("{call}", code), shop=FASTAPI).server is None
