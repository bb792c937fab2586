"""Start commands written anew, in each form in which files hold them; and where none is offered."""

from __future__ import annotations

import json
import shlex

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.engine import built_in_rules
from prodlint.testing import check_project, fixed

RULES = [rule for rule in built_in_rules() if rule.name in ("dev-server-in-production", "app-run-in-production")]
REQUIREMENTS = {
    "requirements.txt": "flask==3.1.3\ngunicorn==27.0.1\ndjango==5.2.19\nuvicorn==0.54.0\nfastapi==0.165.0\n"
}
FLASK = {"app.py": "from flask import Flask\n\napp = Flask(__name__)\n"}
FACTORY = {"shop/__init__.py": "from flask import Flask\n\n\ndef create_app():\n    return Flask(__name__)\n"}
FASTAPI = {"main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n"}
DJANGO = {
    "manage.py": 'import os\n\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n',
    "shop/settings.py": 'WSGI_APPLICATION = "shop.wsgi.application"\n',
    "shop/wsgi.py": (
        "import os\n\nfrom django.core.wsgi import get_wsgi_application\n\n"
        'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\napplication = get_wsgi_application()\n'
    ),
}
IMAGE = "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n"


def fixed_line(files: dict[str, str], path: str, old: str) -> str:
    """What the fix writes in the place of an old text; nothing else may change, and nothing may be left to find."""
    files = {**REQUIREMENTS, **files}
    after = fixed(files, RULES)
    assert {name: text for name, text in after.items() if name != path} == {
        name: text for name, text in files.items() if name != path
    }
    text = after[path]
    assert isinstance(text, str)
    before, behind = files[path].split(old)
    assert text.startswith(before)
    assert text.endswith(behind)
    if text != files[path]:
        assert check_project(after, RULES) == ()
    return text[len(before) : len(text) - len(behind)]


COMMANDS = [
    ('["flask", "run", "--host=0.0.0.0"]', '["gunicorn", "--bind=0.0.0.0:5000", "app:app"]'),
    ('["flask","run","-h","0.0.0.0","-p","80"]', '["gunicorn", "--bind=0.0.0.0:80", "app:app"]'),
    ('["flask", \\\n  "run", \\\n  "--host=0.0.0.0"]', '["gunicorn", \\\n  "--bind=0.0.0.0:5000", \\\n  "app:app"]'),
    ("flask run --host 0.0.0.0", "gunicorn --bind=0.0.0.0:5000 app:app"),
    ("flask run \\\n  --host 0.0.0.0", "gunicorn --bind=0.0.0.0:5000 app:app"),
    ("flask run -h 0.0.0.0 -p ${PORT:-80}", "gunicorn --bind=0.0.0.0:${PORT:-80} app:app"),
    (
        '["sh", "-c", "exec flask run -h 0.0.0.0 -p $PORT"]',
        '["sh", "-c", "exec gunicorn --bind=0.0.0.0:$PORT app:app"]',
    ),
    ("sleep 1 && FLASK_DEBUG=0 python -m flask run", "sleep 1 && FLASK_DEBUG=0 gunicorn --bind=127.0.0.1:5000 app:app"),
    ("/usr/local/bin/flask run", "/usr/local/bin/gunicorn --bind=127.0.0.1:5000 app:app"),
    ("/usr/local/bin/python -m flask run", "/usr/local/bin/python -m gunicorn --bind=127.0.0.1:5000 app:app"),
]


@pytest.mark.parametrize(("old", "new"), COMMANDS)
def test_a_dockerfile_starts_gunicorn_where_it_started_flask(old: str, new: str) -> None:
    assert fixed_line({**FLASK, "Dockerfile": f"{IMAGE}CMD {old}\n"}, "Dockerfile", old) == new


COMPOSE = [
    (" python manage.py runserver 0:8000", " gunicorn --bind=0.0.0.0:8000 shop.wsgi:application"),
    (' "python manage.py runserver 0:8000"', ' "gunicorn --bind=0.0.0.0:8000 shop.wsgi:application"'),
    (" 'python manage.py runserver 0:8000' # web", " 'gunicorn --bind=0.0.0.0:8000 shop.wsgi:application' # web"),
    (" [python, manage.py, runserver, '0:8000']", " [gunicorn, --bind=0.0.0.0:8000, shop.wsgi:application]"),
    (
        ' ["python", "manage.py", "runserver", "0:8000"]',
        ' ["gunicorn", "--bind=0.0.0.0:8000", "shop.wsgi:application"]',
    ),
    (
        "\n    - python\n    - manage.py\n    - runserver\n    - 0:8000",
        "\n    - gunicorn\n    - --bind=0.0.0.0:8000\n    - shop.wsgi:application",
    ),
    (
        " >\n      python manage.py\n      runserver 0:8000",
        " >\n      gunicorn --bind=0.0.0.0:8000 shop.wsgi:application",
    ),
    (
        ' sh -c "python manage.py check && python manage.py runserver 0:8000"',
        ' sh -c "python manage.py check && gunicorn --bind=0.0.0.0:8000 shop.wsgi:application"',
    ),
    (" python manage.py runserver 0:$WEB", " gunicorn --bind=0.0.0.0:$WEB shop.wsgi:application"),
    (' sh -c "python manage.py runserver 0:$$WEB"', ' sh -c "gunicorn --bind=0.0.0.0:$$WEB shop.wsgi:application"'),
]


@pytest.mark.parametrize(("old", "new"), COMPOSE)
def test_a_compose_file_starts_gunicorn_where_it_started_runserver(old: str, new: str) -> None:
    text = f"services:\n  web:\n    build: .\n    command:{old}\n    environment:\n      WEB: 8000\n"
    files = {**DJANGO, "Dockerfile": IMAGE, "compose.prod.yml": text}
    assert fixed_line(files, "compose.prod.yml", old) == new


PROCFILES = [
    (DJANGO, "python manage.py runserver 0.0.0.0:$PORT", "gunicorn shop.wsgi:application"),
    (FLASK, "flask run", "gunicorn app:app"),
    (FLASK, "flask run -h 0.0.0.0 -p 8000", "gunicorn --bind=0.0.0.0:8000 app:app"),
    (FACTORY, "flask --app shop run -p $PORT", "gunicorn 'shop:create_app()'"),
    (FASTAPI, "fastapi dev main.py --port $PORT", "fastapi run main.py --port $PORT"),
    (FASTAPI, "uvicorn --reload main:app --port $PORT", "uvicorn main:app --port $PORT"),
    (FASTAPI, "uvicorn main:app --reload --reload-dir src --reload-dir lib", "uvicorn main:app"),
]


@pytest.mark.parametrize(("app", "old", "new"), PROCFILES)
def test_a_procfile_leaves_the_port_to_the_platform(app: dict[str, str], old: str, new: str) -> None:
    assert fixed_line({**app, "Procfile": f"web: {old}\n"}, "Procfile", old) == new


def test_a_script_two_files_away_is_changed_where_the_command_stands() -> None:
    files = {**FLASK, "Procfile": "web: bin/web\n", "bin/web": '#!/bin/sh\nexec poetry run flask run --port "$PORT"\n'}
    old = 'flask run --port "$PORT"'
    assert fixed_line(files, "bin/web", old) == "gunicorn app:app"


def test_a_folder_of_its_own_goes_with_the_app() -> None:
    moved = {f"src/{path}": text for path, text in DJANGO.items()}
    old = '"python", "src/manage.py", "runserver", "0.0.0.0:8000"'
    new = '"gunicorn", "--bind=0.0.0.0:8000", "--pythonpath=src", "shop.wsgi:application"'
    assert fixed_line({**moved, "Dockerfile": f"{IMAGE}CMD [{old}]\n"}, "Dockerfile", old) == new


MAIN = """\
from flask import Flask

app = Flask(__name__)

if __name__ == "__main__":
    app.run(host="0.0.0.0", port=8080)
"""


def test_a_script_that_does_nothing_but_start_its_app_is_served_by_gunicorn() -> None:
    files = {"main.py": MAIN, "Dockerfile": f'{IMAGE}CMD ["python", "main.py"]\n'}
    assert fixed_line(files, "Dockerfile", '["python", "main.py"]') == '["gunicorn", "--bind=0.0.0.0:8080", "main:app"]'
    files = {"src/main.py": MAIN, "Dockerfile": f"{IMAGE}CMD python src/main.py\n"}
    assert fixed_line(files, "Dockerfile", "python src/main.py") == (
        "gunicorn --bind=0.0.0.0:8080 --pythonpath=src main:app"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    app.run(", "    prepare()\n    app.run("),
        ("app.run(", "app.run(ssl_context='adhoc', "),
        (
            'app = Flask(__name__)\n\nif __name__ == "__main__":\n',
            'if __name__ == "__main__":\n    app = Flask(__name__)\n',
        ),
    ],
)
def test_a_script_that_does_more_is_left_alone(old: str, new: str) -> None:
    files = {"main.py": MAIN.replace(old, new), "Procfile": "web: python main.py\n"}
    assert fixed_line(files, "Procfile", "python main.py") == "python main.py"
    assert check_project({**REQUIREMENTS, **files}, RULES)


def test_reloading_is_taken_out_of_gunicorns_file_and_out_of_a_call() -> None:
    files = {**FLASK, "Procfile": "web: gunicorn -c conf.py app:app\n", "conf.py": "reload = True  # for now\n"}
    assert fixed_line(files, "conf.py", "reload = True  # for now") == "reload = False  # for now"
    call = 'import uvicorn\n\nuvicorn.run("main:app", reload=True, port=80)\n'
    files = {**FASTAPI, "Procfile": "web: python run.py\n", "run.py": call}
    assert fixed_line(files, "run.py", '"main:app", reload=True, port=80') == '"main:app", port=80'


LEFT_ALONE = {
    "no server is installed": {**FLASK, "requirements.txt": "flask==3.1.3\n", "Procfile": "web: flask run\n"},
    "the app is not found": {"Procfile": "web: flask --app other run\n"},
    "an option is not known": {**FLASK, "Procfile": "web: flask run $OPTIONS\n"},
    "the port is computed": {**FLASK, "Dockerfile": f"{IMAGE}CMD flask run -h 0.0.0.0 -p $(cat port)\n"},
    "nothing expands the variable": {**FLASK, "Dockerfile": f'{IMAGE}CMD ["flask", "run", "-p", "$PORT"]\n'},
    "it serves more than WSGI": {
        **DJANGO,
        "requirements.txt": "django==5.2.19\ngunicorn==27.0.1\nchannels==4.3.0\n",
        "Procfile": "web: python manage.py runserver\n",
    },
    "two lines make the command": {
        **FLASK,
        "Dockerfile": f'{IMAGE}ENTRYPOINT ["flask"]\nCMD ["run", "--host=0.0.0.0"]\n',
    },
    "single quotes are taken": {
        **FACTORY,
        "Dockerfile": f"{IMAGE}CMD sh -c 'flask --app shop run --host=0.0.0.0'\n",
    },
    "developers start the same line": {
        **FLASK,
        "Dockerfile": f'{IMAGE}CMD ["flask", "run", "--host=0.0.0.0"]\n',
        "compose.prod.yml": "services:\n  web:\n    build: .\n",
        "compose.dev.yml": "services:\n  web:\n    build: .\n",
    },
    "the app has other settings under another server": {
        **DJANGO,
        "shop/live.py": "from shop.settings import *\n",
        "shop/wsgi.py": DJANGO["shop/wsgi.py"].replace("shop.settings", "shop.live"),
        "Procfile": "web: python manage.py runserver\n",
    },
    "the command names the settings": {
        **DJANGO,
        "Procfile": "web: python manage.py runserver --settings=shop.settings\n",
    },
    "TLS is its own": {**FLASK, "Procfile": "web: flask run --cert adhoc\n"},
    "the app is not imported from there": {
        "src/shop/__init__.py": "",
        "src/shop/web.py": FLASK["app.py"],
        "Dockerfile": f'{IMAGE}CMD ["flask", "--app", "src/shop/web.py", "run", "--host=0.0.0.0"]\n',
    },
}


@pytest.mark.parametrize("files", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_nothing_is_offered_where(files: dict[str, str]) -> None:
    found = check_project({**REQUIREMENTS, **files}, RULES)
    assert found
    assert [one.fix for one in found] == [None] * len(found)


def test_two_services_that_start_one_line_differently_keep_it() -> None:
    service = "    build: .\n    environment: {FLASK_APP: app}\n"
    text = f"services:\n  a:\n{service}  b:\n{service}"
    files = {**FLASK, "Dockerfile": f'{IMAGE}CMD ["flask", "run", "--host=0.0.0.0"]\n', "compose.prod.yml": text}
    assert fixed_line(files, "Dockerfile", '"flask", "run", "--host=0.0.0.0"') == (
        '"gunicorn", "--bind=0.0.0.0:5000", "app:app"'
    )
    text = f"services:\n  a:\n{service}  b:\n{service.replace('app}', 'shop}')}"
    files = {**REQUIREMENTS, **files, **FACTORY, "compose.prod.yml": text}
    assert {one.fix for one in check_project(files, RULES)} == {None}


def _json(words: list[str]) -> str:
    return json.dumps(words)


def _block(words: list[str]) -> str:
    return "".join(f"\n      - {json.dumps(word) if index % 2 else word}" for index, word in enumerate(words))


# How a command is written as the value of `command:`, and how somebody else than prodlint reads it.
FORMS = {
    "list": _json,
    "single quotes": lambda words: "[" + ", ".join(f"'{word}'" for word in words) + "]",
    "bare list": lambda words: "[" + ", ".join(words) + "]",
    "lines": _block,
    "string": " ".join,
    "quoted string": lambda words: json.dumps(" ".join(words)),
    "folded string": lambda words: " >-\n      " + "\n      ".join(words),
    "shell": lambda words: json.dumps(["sh", "-c", f"exec {' '.join(words)}"]),
}


def read_by_others(text: str) -> list[str]:
    command = yaml.safe_load(text)["services"]["web"]["command"]
    words = shlex.split(command) if isinstance(command, str) else command
    return shlex.split(words[2])[1:] if words[0] == "sh" else words


@given(
    st.sampled_from(sorted(FORMS)),
    st.sampled_from(["0.0.0.0", "127.0.0.1", "10.0.0.7"]),
    st.sampled_from(["80", "8000"]),
    st.sampled_from(["--host={}", "--host {}", "-h {}"]),
    st.sampled_from(["--port={}", "--port {}", "-p {}"]),
    st.lists(st.sampled_from(["--debug", "--no-reload", "--with-threads"]), max_size=2, unique=True),
    st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_what_is_written_is_read_by_others_as_the_command_that_is_meant(
    form: str, host: str, port: str, host_option: str, port_option: str, more: list[str], is_factory: bool
) -> None:
    app = ["flask", "--app", "shop", "run"] if is_factory else ["flask", "run"]
    words = [*app, *more, *host_option.format(host).split(), *port_option.format(port).split()]
    text = f"services:\n  web:\n    build: .\n    command: {FORMS[form](words)}\n    restart: always\n"
    files = {**REQUIREMENTS, **(FACTORY if is_factory else FLASK), "Dockerfile": IMAGE, "compose.prod.yml": text}
    after = fixed(files, RULES)["compose.prod.yml"]
    assert isinstance(after, str)
    target = "shop:create_app()" if is_factory else "app:app"
    assert read_by_others(after) == ["gunicorn", f"--bind={host}:{port}", target]
    assert {**yaml.safe_load(after)["services"]["web"], "command": 0} == {
        **yaml.safe_load(text)["services"]["web"],
        "command": 0,
    }
