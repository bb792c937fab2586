"""Programs of supervisor: as their files declare them, and as the supervisord of an image starts them."""

import pytest

from prodlint.deployment.environment import Environment
from prodlint.deployment.link import link
from prodlint.deployment.model import Deployment
from prodlint.deployment.process import Platform, Process
from prodlint.deployment.repository import Repository
from prodlint.deployment.service import Service
from prodlint.deployment.value import Known
from prodlint.readers import declare

WSGI = "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"
CONFIG = "[supervisord]\nnodaemon=true\n\n[program:web]\ncommand=gunicorn shop.wsgi\ndirectory=/app\n"


def repository_of(files: dict[str, str]) -> Repository:
    held = {path: text.encode() for path, text in files.items()}
    return Repository(held, held.__getitem__)


def processes(files: dict[str, str]) -> dict[str, Process]:
    return {fact.name: fact for fact in declare(repository_of(files))[0] if isinstance(fact, Process)}


def linked(files: dict[str, str]) -> Deployment:
    repository = repository_of(files)
    return link(declare(repository)[0], repository)


def programs(files: dict[str, str]) -> list[Service]:
    return [one for one in linked(files).services if one.process.platform is Platform.SUPERVISOR]


def test_a_program_is_read_with_its_settings() -> None:
    process = processes(
        {
            "supervisord.conf": '[supervisord]\nenvironment=A="1"\n; note\n[program:web]\n'
            "command = /venv/bin/gunicorn -b 0.0.0.0:%(ENV_PORT)s 'a b' 100%% ; a note\n"
            "directory=/srv/shop\nuser=shop\nnumprocs=2\nstopasgroup=true\nenvironment=B='two',\n    C=/x:y\n"
        }
    )["web"]
    assert process.command is not None
    assert [word.literal for word in process.command.words] == ["/venv/bin/gunicorn", "-b", None, "a b", "100%"]
    assert process.directory == "/srv/shop"
    assert isinstance(process.user, Known)
    assert isinstance(process.replicas, Known)
    assert (process.user.value, process.replicas.value) == ("shop", 2)
    assert [(one.name, str(one.value)) for one in process.variables] == [("A", "1"), ("B", "two"), ("C", "/x:y")]
    assert isinstance(process.setting("stopasgroup"), Known)


# Measured with supervisor 4.3.0: `dict_of_key_value_pairs`.
@pytest.mark.parametrize(
    ("written", "variables"),
    [
        ('A="1",B=2', {"A": "1", "B": "2"}),
        ("A=\"a b\", B='c'", {"A": "a b", "B": "c"}),
        ('A="x,y",C=/a/b.c', {"A": "x,y", "C": "/a/b.c"}),
        ('A="x",', {"A": "x"}),
    ],
)
def test_variables_are_those_that_supervisor_reads(written: str, variables: dict[str, str]) -> None:
    process = processes({"s.conf": f"[program:web]\ncommand=x\nenvironment={written}\n"})["web"]
    assert {one.name: str(one.value) for one in process.variables} == variables
    assert process.variables_from == ()


@pytest.mark.parametrize("written", ["A=,B=1", '"A"'])
def test_variables_that_supervisor_refuses_are_not_guessed(written: str) -> None:
    process = processes({"s.conf": f"[program:web]\ncommand=x\nenvironment={written}\n"})["web"]
    assert process.variables == ()
    assert process.variables_from


def dockerfile(copy: str, command: str) -> str:
    return f"FROM python:3.13-slim\nWORKDIR /app\nCOPY shop shop\n{copy}\nENV A=1\nCMD {command}\n"


@pytest.mark.parametrize(
    ("copy", "command"),
    [
        ("COPY deploy/supervisord.conf /etc/", '["supervisord", "-c", "/etc/supervisord.conf"]'),
        ("COPY deploy/supervisord.conf /etc/supervisor/supervisord.conf", '["/usr/bin/supervisord", "-n"]'),
        ("COPY deploy/supervisord.conf .", "supervisord --configuration=supervisord.conf"),
        ("COPY deploy/supervisord.conf /etc/supervisor/conf.d/", '["/usr/bin/supervisord"]'),
        ("COPY deploy/supervisord.conf /etc/supervisor/conf.d/", "supervisord -c /etc/supervisor/supervisord.conf"),
    ],
)
def test_the_supervisord_of_an_image_starts_the_programs_of_its_file(copy: str, command: str) -> None:
    files = {
        "Dockerfile": dockerfile(copy, command),
        "deploy/supervisord.conf": CONFIG,
        "shop/__init__.py": "",
        "shop/wsgi.py": WSGI,
    }
    (web,) = programs(files)
    assert web.environment is Environment.PRODUCTION
    assert web.image is not None
    assert web.app is not None
    assert (web.app.path, web.written) == ("shop/wsgi.py", "gunicorn shop.wsgi")
    assert linked(files).open == ()


def test_included_files_are_read_with_the_file_that_includes_them() -> None:
    found = programs(
        {
            "Dockerfile": dockerfile("COPY deploy/ /etc/sv/", "supervisord -c /etc/sv/main.conf"),
            "deploy/main.conf": "[supervisord]\nnodaemon=true\n[include]\nfiles = conf.d/*.conf\n",
            "deploy/conf.d/web.conf": CONFIG,
            "deploy/other/x.conf": "[program:never]\ncommand=x\n",
            "shop/wsgi.py": WSGI,
        }
    )
    assert {one.name: one.environment for one in found} == {
        "web": Environment.PRODUCTION,
        "never": Environment.PRODUCTION,
    }
    assert {one.name: one.image is not None for one in found} == {"web": True, "never": False}


def test_a_supervisord_whose_file_is_elsewhere_leaves_the_model_open() -> None:
    model = linked({"Dockerfile": dockerfile("", "supervisord -c /etc/other.conf"), "shop/wsgi.py": WSGI})
    assert [one.note for one in model.open] == ["starts supervisord with a file that is not in this repository"]


def test_a_compose_service_gives_its_programs_its_environment() -> None:
    found = programs(
        {
            "docker-compose.prod.yml": "services:\n  web:\n    build: .\n    environment: {B: '2'}\n",
            "Dockerfile": dockerfile("COPY sv.conf /sv.conf", "supervisord -c /sv.conf"),
            "sv.conf": CONFIG + "environment=B='3'\n",
            "shop/wsgi.py": WSGI,
        }
    )
    (web,) = found
    assert [(one.name, str(one.value)) for one in web.process.variables] == [("B", "2"), ("B", "3")]
    assert web.environment is Environment.PRODUCTION


def test_a_file_for_a_host_is_production_and_one_beside_an_image_is_unknown() -> None:
    assert processes({"etc/shop.conf": CONFIG})["web"].environment is Environment.PRODUCTION
    assert processes({"etc/shop.conf": CONFIG, "Dockerfile": "FROM x\n"})["web"].environment is None


@pytest.mark.parametrize(
    "text", ["[program:web]", "[program:web]\ncommand=", "[program:web]\ncommand='a", "[supervisord]\n[include]"]
)
def test_what_starts_nothing_is_survived(text: str) -> None:
    for process in processes({"s.conf": text}).values():
        assert not process.complete
