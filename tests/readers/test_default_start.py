"""What platforms start when no file names a command, and what keeps the default away."""

import json

import pytest

from prodlint.deployment import Service
from prodlint.deployment.value import NO, UNKNOWN, YES, Unknown
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

FLASK = "from flask import Flask\n\napp = Flask(__name__)\napplication = app\n"
RAILWAY = {"railway.json": json.dumps({"build": {"builder": "RAILPACK"}})}
NIXPACKS = {"railway.json": json.dumps({"build": {"builder": "NIXPACKS"}})}
DJANGO = {"manage.py": "", "shop/settings.py": 'WSGI_APPLICATION = "shop.wsgi.application"\n'}


def only(files: dict[str, str]) -> Service:
    (service,) = inspect(MemoryTree({"x.txt": "", **files}), []).deployment.services
    return service


def started(files: dict[str, str]) -> tuple[str, str]:
    service = only(files)
    return service.process.default_of, service.process.command.written if service.process.command else ""


@pytest.mark.parametrize(
    ("files", "default"),
    [
        (
            {"app.yaml": "runtime: python312\n", "main.py": FLASK},
            ("App Engine", "gunicorn --bind :$PORT main:app"),
        ),
        (
            {".ebextensions/a.config": "option_settings: {}\n", "application.py": FLASK},
            ("Elastic Beanstalk", "gunicorn --bind :8000 --workers 1 --threads 15 application:application"),
        ),
        (
            {**RAILWAY, **DJANGO, "requirements.txt": "Django\ngunicorn\n"},
            (
                "Railway",
                "python manage.py migrate && gunicorn --bind 0.0.0.0:${PORT:-8000} shop.wsgi:application",
            ),
        ),
        (
            {**RAILWAY, "app.py": "", "requirements.txt": "fastapi\nuvicorn\n"},
            ("Railway", "uvicorn main:app --host 0.0.0.0 --port ${PORT:-8000}"),
        ),
        (
            {**RAILWAY, "main.py": FLASK, "requirements.txt": "flask\ngunicorn\n"},
            ("Railway", "gunicorn --bind 0.0.0.0:${PORT:-8000} main:app"),
        ),
        ({**RAILWAY, "app.py": "", "requirements.txt": "flask\n"}, ("Railway", "python app.py")),
        (
            {**NIXPACKS, **DJANGO, "requirements.txt": "django\n"},
            ("Railway", "python manage.py migrate && gunicorn shop.wsgi"),
        ),
        ({**NIXPACKS, "main.py": "", "requirements.txt": "flask\n"}, ("Railway", "python main.py")),
    ],
)
def test_a_platform_has_a_command_of_its_own(files: dict[str, str], default: tuple[str, str]) -> None:
    assert started(files) == default


@pytest.mark.parametrize(
    "files",
    [
        # What a file says comes first.
        {"app.yaml": "runtime: python312\nentrypoint: gunicorn x:y\n", "main.py": FLASK},
        {".ebextensions/a.config": "option_settings: {}\n", "application.py": FLASK, "Procfile": "web: gunicorn x:y\n"},
        {"railway.json": '{"deploy": {"startCommand": "gunicorn x:y"}}', "main.py": ""},
        {**RAILWAY, "Procfile": "web: gunicorn x:y\n", "main.py": ""},
        {**RAILWAY, "railpack.json": '{"deploy": {"startCommand": "gunicorn x:y"}}', "main.py": ""},
    ],
)
def test_a_command_of_a_file_is_no_default(files: dict[str, str]) -> None:
    assert started(files) == ("", "gunicorn x:y")


@pytest.mark.parametrize(
    "files",
    [
        # Nothing to start, older and flexible runtimes, other builders, options that are filled in later.
        {"app.yaml": "runtime: python312\nservice: a\n"},
        {"app.yaml": "runtime: python312\nenv: flex\n", "main.py": FLASK},
        {"app.yaml": "runtime: python27\nhandlers: []\n", "main.py": FLASK},
        {".ebextensions/a.config": "option_settings: {}\n"},
        {
            ".ebextensions/a.config": "option_settings:\n  aws:elasticbeanstalk:container:python:\n"
            '    WSGIPath: "${APP}"\n',
            "application.py": FLASK,
        },
        {
            ".ebextensions/a.config": "option_settings:\n  aws:elasticbeanstalk:container:python:\n"
            '    WSGIPath: "app:app; rm -rf /"\n',
        },
        {**RAILWAY, "worker.py": ""},
        {"railway.json": json.dumps({"build": {"builder": "HEROKU"}}), "main.py": ""},
        {**NIXPACKS, "main.py": "", "pyproject.toml": '[project]\nname = "shop"\n'},
    ],
)
def test_where_the_default_is_not_known_there_is_no_command(files: dict[str, str]) -> None:
    assert started(files) == ("", "")


def test_two_names_of_the_application_leave_the_default_open() -> None:
    other = {"old/settings.py": 'WSGI_APPLICATION = "old.wsgi.application"\n', "requirements.txt": "django\n"}
    assert started({**RAILWAY, **DJANGO, **other}) == ("", "")


def test_a_dockerfile_at_the_root_is_what_railway_runs() -> None:
    files = {**RAILWAY, "main.py": "", "Dockerfile": "FROM python:3.13\nCMD gunicorn x:y\n"}
    assert only(files).written == "gunicorn x:y"


def test_app_engine_brings_gunicorn_and_chooses_its_workers() -> None:
    service = only({"app.yaml": "runtime: python312\n", "main.py": FLASK, "requirements.txt": "flask==3.1.3\n"})
    assert service.server is not None
    assert service.app is not None
    assert (service.server.product, str(service.app.span)) == ("gunicorn", "main.py:3")
    assert service.installs_distribution("gunicorn") is UNKNOWN
    assert isinstance(service.server.settings["workers"].value, Unknown)
    assert service.is_production is YES


def test_railway_installs_only_what_is_listed_and_its_panel_may_start_something_else() -> None:
    service = only({**RAILWAY, **DJANGO, "requirements.txt": "django==5.2.19\n"})
    assert service.server is not None
    assert service.installs_distribution("gunicorn") is NO
    assert service.is_production is UNKNOWN
