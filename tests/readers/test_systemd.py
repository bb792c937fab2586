"""What units of systemd declare, and where the checkout that they name lies."""

import pytest

from prodlint.deployment.environment import Environment
from prodlint.deployment.link import link
from prodlint.deployment.process import Process, Role
from prodlint.deployment.repository import Repository
from prodlint.deployment.service import Service
from prodlint.deployment.value import Known, Unknown
from prodlint.inspection import inspect
from prodlint.readers import declare
from prodlint.tree import MemoryTree

WSGI = "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"


def repository_of(files: dict[str, str]) -> Repository:
    held = {path: text.encode() for path, text in files.items()}
    return Repository(held, held.__getitem__)


def processes(files: dict[str, str]) -> dict[str, Process]:
    return {fact.name: fact for fact in declare(repository_of(files))[0] if isinstance(fact, Process)}


def service(files: dict[str, str]) -> Service:
    repository = repository_of(files)
    (found,) = [
        one for one in link(declare(repository)[0], repository).services if one.process.path.endswith(".service")
    ]
    return found


def unit(more: str) -> str:
    return f"[Unit]\nDescription=Shop\n[Service]\n{more}\n[Install]\nWantedBy=multi-user.target\n"


def values(process: Process) -> dict[str, str | None]:
    return {one.name: None if one.value is None else str(one.value) for one in process.variables}


def test_a_unit_declares_its_command_folder_user_and_settings() -> None:
    process = processes(
        {
            "deploy/shop.service": unit(
                "Type=notify\nUser=shop\nWorkingDirectory=/srv/shop\nRestart=always\n"
                "ExecStartPre=/srv/shop/venv/bin/python manage.py migrate\n"
                "ExecStart=-/srv/shop/venv/bin/gunicorn \\\n  --workers 3 shop.wsgi"
            )
        }
    )["shop"]
    assert process.command is not None
    assert [str(word) for word in process.command.words] == [
        "/srv/shop/venv/bin/gunicorn",
        "--workers",
        "3",
        "shop.wsgi",
    ]
    assert [line.written for line in process.before] == ["/srv/shop/venv/bin/python manage.py migrate"]
    assert process.directory == "/srv/shop"
    assert process.environment is Environment.PRODUCTION
    assert isinstance(process.user, Known)
    assert process.user.value == "shop"
    assert {one.name: getattr(one.value, "value", None) for one in process.settings} == {
        "Type": "notify",
        "Restart": "always",
        "WantedBy": "multi-user.target",
    }


def test_variables_come_from_the_unit_and_its_files() -> None:
    process = processes(
        {
            "deploy/shop.service": unit(
                'Environment=A=1 "B=two words" C=%i\nEnvironment=D=$A "E=50%%"\nPassEnvironment=F\n'
                "EnvironmentFile=/srv/shop/deploy/shop.env\nEnvironmentFile=-/etc/default/shop\n"
                "WorkingDirectory=/srv/shop\nExecStart=/usr/bin/python3 /srv/shop/serve.py"
            ),
            "deploy/shop.env": "X=1\n",
            "serve.py": "",
        }
    )["shop"]
    assert values(process) == {"F": None, "A": "1", "B": "two words", "C": None, "D": "$A", "E": "50%"}
    assert [one.path for one in process.env_files] == ["deploy/shop.env"]
    assert [one.note for one in process.variables_from] == [
        "takes variables from /etc/default/shop, which is not in this repository"
    ]


def test_a_drop_in_resets_and_adds() -> None:
    found = processes(
        {
            "shop.service": unit("Environment=A=1\nExecStart=/usr/bin/flask run"),
            "shop.service.d/10-server.conf": "[Service]\nExecStart=\nExecStart=/usr/bin/gunicorn app:app\n",
            "shop.service.d/20-more.conf": "[Service]\nEnvironment=A=2\n",
            "other.service.d/x.conf": "[Service]\nExecStart=/usr/bin/uvicorn main:app\n",
        }
    )
    shop = found["shop"].command
    other = found["other"].command
    assert shop is not None
    assert other is not None
    assert (shop.written, other.written) == ("/usr/bin/gunicorn app:app", "/usr/bin/uvicorn main:app")
    assert [str(one.value) for one in found["shop"].variables] == ["1", "2"]


def test_a_socket_and_a_timer_belong_to_the_service_of_their_name() -> None:
    found = processes(
        {
            "shop.service": unit("ExecStart=/usr/bin/gunicorn app:app"),
            "shop.socket": "[Socket]\nListenStream=/run/shop.sock\nSocketUser=www-data\n",
            "clean.service": unit("Type=oneshot\nExecStart=/usr/bin/a\nExecStart=/usr/bin/b"),
            "clean.timer": "[Timer]\nOnCalendar=daily\n",
            "shop-migrate.service": unit("Type=oneshot\nExecStart=/usr/bin/python manage.py migrate"),
        }
    )
    listening = found["shop"].setting("ListenStream")
    assert isinstance(listening, Known)
    assert (listening.value, str(listening.span)) == ("/run/shop.sock", "shop.socket:2")
    clean = found["clean"]
    assert isinstance(clean.schedule, Known)
    assert (clean.schedule.value, clean.role, clean.before[0].written) == ("daily", Role.WORKER, "/usr/bin/a")
    assert clean.command is not None
    assert clean.command.written == "/usr/bin/b"
    assert found["shop-migrate"].role is Role.RELEASE


@pytest.mark.parametrize(
    ("command", "followed"),
    [
        ("/srv/shop/bin/serve", True),
        ("/home/me/repo/bin/serve", True),
        ("/usr/bin/serve", False),
        ("/srv/shop/venv/bin/serve", False),
        ("/srv/shop/bin/other", False),
    ],
)
def test_a_script_that_a_unit_starts_tells_where_the_checkout_lies(command: str, followed: bool) -> None:
    files = {
        "shop.service": f"[Service]\nExecStart={command}\n",
        "bin/serve": '#!/bin/sh\ncd "$(dirname "$(dirname "$0")")"\nexec gunicorn shop:app\n',
        "bin/other": "no script\n",
        "shop.py": "from flask import Flask\n\napp = Flask('x')\n",
    }
    [service] = inspect(MemoryTree(files), ()).deployment.services
    assert (service.app is not None) is followed


@pytest.mark.parametrize(
    ("directory", "command"),
    [
        ("/srv/shop", "/srv/shop/venv/bin/gunicorn shop.wsgi"),
        ("/home/me/repo/backend", "gunicorn shop.wsgi"),
        ("/srv/shop", "/usr/bin/env gunicorn --chdir /srv/shop/backend shop.wsgi"),
        ("/srv/shop", "/bin/bash -c 'cd backend && exec gunicorn shop.wsgi'"),
    ],
)
def test_the_app_is_found_where_the_unit_says_the_checkout_lies(directory: str, command: str) -> None:
    root = "backend/" if "backend" in directory + command else ""
    found = service(
        {
            "deploy/shop.service": unit(f"WorkingDirectory={directory}\nExecStart={command}"),
            f"{root}shop/wsgi.py": WSGI,
            f"{root}shop/__init__.py": "",
        }
    )
    assert found.app is not None
    assert found.app.path == f"{root}shop/wsgi.py"
    assert found.environment is Environment.PRODUCTION


def test_a_script_is_found_by_the_end_of_its_path() -> None:
    found = service(
        {
            "shop.service": unit("ExecStart=/usr/bin/python3 /home/pi/shop/web/app.py"),
            "web/app.py": "from flask import Flask\napp = Flask(__name__)\nif __name__ == '__main__':\n    app.run()\n",
        }
    )
    assert found.server is not None
    assert (found.server.product, found.place.directory) == ("Flask", "/")


def test_a_unit_is_no_road_to_production_by_itself() -> None:
    files = {
        "shop.service": unit("WorkingDirectory=/srv/shop\nExecStart=gunicorn shop.wsgi"),
        "shop/wsgi.py": WSGI,
    }
    repository = repository_of(files)
    assert link(declare(repository)[0], repository).releases == ()


def test_templates_keep_their_program_and_leave_the_rest_open() -> None:
    process = processes(
        {
            "roles/web/shop.service.j2": unit(
                "User={{ user }}\nWorkingDirectory={{ root }}\nEnvironment=A={{ a }}\n"
                "ExecStart={{ venv }}/bin/gunicorn --bind {{ bind }} shop.wsgi"
            )
        }
    )["shop"]
    assert process.command is not None
    assert [word.literal for word in process.command.words] == ["{{venv}}/bin/gunicorn", "--bind", None, "shop.wsgi"]
    assert isinstance(process.user, Unknown)
    assert values(process) == {"A": None}
    assert not process.complete
    assert process.directory is None


def test_a_unit_that_envsubst_fills_in_has_no_empty_names() -> None:
    started = "ExecStart={}/bin/gunicorn ${{APP}}.wsgi --workers 3 $MORE"
    for head, literals in {
        started.format("${ROOT}"): ["${ROOT}/bin/gunicorn", None, "--workers", "3", None],
        "User=$NAME\n" + started.format("/srv"): ["/srv/bin/gunicorn", None, "--workers", "3", None],
        started.format("$ROOT"): ["$ROOT/bin/gunicorn", None, "--workers", "3", None],
        "User=${NAME}\n" + started.format("/srv"): ["/srv/bin/gunicorn", None, "--workers", "3", None],
    }.items():
        process = processes({"deploy/shop.service": unit(head)})["shop"]
        assert process.command is not None
        assert [word.literal for word in process.command.words] == literals
        reasons = [part.reason for word in process.command.words[1:2] for part in word.parts if hasattr(part, "reason")]
        assert reasons == ["it is filled in when the unit is installed"]


def test_a_checkout_in_a_folder_that_a_playbook_names_by_variables_is_found() -> None:
    files = {
        "roles/web/.service": unit(
            "WorkingDirectory=/home/{{ user }}/{{ app_name }}\n"
            "ExecStart=/home/{{ user }}/{{ app_name }}/env/bin/gunicorn --bind unix:{{ app_name }}.sock wsgi:app"
        ),
        "wsgi.py": "from flask import Flask\n\napp = Flask(__name__)\n",
    }
    repository = repository_of(files)
    [service] = link(declare(repository)[0], repository).services
    assert service.name == ".service"
    assert service.app is not None
    assert service.app.path == "wsgi.py"


@pytest.mark.parametrize(
    "files",
    [
        {"dev/shop.service": unit("ExecStart=/usr/bin/flask run")},
        {"example/shop.service": unit("ExecStart=/usr/bin/flask run")},
    ],
)
def test_a_unit_of_developers_is_not_production(files: dict[str, str]) -> None:
    assert processes(files)["shop"].environment is Environment.DEVELOPMENT


@pytest.mark.parametrize(
    "text",
    [
        "ExecStart",
        "ExecStart=",
        "[Service]\nExecStart='open",
        "[Service]\nExecStart=;",
        "[Service]\nExecStart=@",
        "\0ExecStart",
    ],
)
def test_what_starts_nothing_declares_nothing(text: str) -> None:
    assert len(processes({"shop.service": text})) == (1 if text.endswith("@") else 0)
