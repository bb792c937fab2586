"""Which program a service runs: what image and platform say, joined as they join it, with every wrapper taken off."""

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.deployment import Environment, Role, Service
from prodlint.deployment.value import NO, UNKNOWN, Known, Unknown
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

WSGI = "from django.core.wsgi import get_wsgi_application\n\napplication = get_wsgi_application()\n"
EXEC = '#!/bin/sh\nset -e\npython manage.py migrate\nexec "$@"\n'
PLAIN = '#!/bin/sh\n"$@"\n'
DEAF = "#!/bin/sh\nexec gunicorn deaf.wsgi\n"


def services_of(files: dict[str, str]) -> tuple[Service, ...]:
    return inspect(MemoryTree(files), []).deployment.services


def only(files: dict[str, str]) -> Service:
    services = [one for one in services_of(files) if one.environment is Environment.PRODUCTION]
    assert len(services) == 1
    return services[0]


def procfile(command: str, files: dict[str, str] | None = None) -> Service:
    return only({"Procfile": f"web: {command}\n", **(files or {})})


def image(*instructions: str, files: dict[str, str] | None = None) -> Service:
    lines = ("FROM python:3.13-slim", "WORKDIR /app", "COPY . .", *instructions)
    return only({"Dockerfile": "".join(f"{line}\n" for line in lines), **(files or {})})


@pytest.mark.parametrize(
    ("instructions", "written"),
    [
        (['CMD ["gunicorn", "shop.wsgi"]'], "gunicorn shop.wsgi"),
        (["CMD gunicorn shop.wsgi"], "gunicorn shop.wsgi"),
        (["CMD exec gunicorn shop.wsgi --bind 0.0.0.0:$PORT"], "gunicorn shop.wsgi --bind 0.0.0.0:$PORT"),
        (['ENTRYPOINT ["gunicorn", "shop.wsgi"]'], "gunicorn shop.wsgi"),
        (["ENTRYPOINT gunicorn shop.wsgi"], "gunicorn shop.wsgi"),
        (['ENTRYPOINT ["gunicorn"]', 'CMD ["shop.wsgi"]'], "gunicorn shop.wsgi"),
        (['CMD ["shop.wsgi"]', 'ENTRYPOINT ["gunicorn"]'], "gunicorn shop.wsgi"),
        (['CMD ["uvicorn", "old:app"]', 'CMD ["gunicorn", "shop.wsgi"]'], "gunicorn shop.wsgi"),
        (["ENTRYPOINT gunicorn shop.wsgi", 'CMD ["--reload"]'], "gunicorn shop.wsgi"),
        (['ENTRYPOINT ["./exec.sh"]', 'CMD ["gunicorn", "shop.wsgi"]'], "gunicorn shop.wsgi"),
        (['ENTRYPOINT ["/app/exec.sh"]', "CMD gunicorn shop.wsgi"], "gunicorn shop.wsgi"),
        (['ENTRYPOINT ["sh", "/app/exec.sh"]', 'CMD ["gunicorn", "shop.wsgi"]'], "gunicorn shop.wsgi"),
        (['ENTRYPOINT ["tini", "--", "/app/exec.sh"]', 'CMD ["gunicorn", "shop.wsgi"]'], "gunicorn shop.wsgi"),
        (['ENTRYPOINT ["/app/plain.sh"]', 'CMD ["gunicorn", "shop.wsgi"]'], "gunicorn shop.wsgi"),
        (['ENTRYPOINT ["/app/deaf.sh"]', 'CMD ["gunicorn", "shop.wsgi"]'], "gunicorn deaf.wsgi"),
        (['CMD ["sh", "-c", "python manage.py migrate && gunicorn shop.wsgi"]'], "gunicorn shop.wsgi"),
        (["CMD python manage.py migrate && gunicorn shop.wsgi"], "gunicorn shop.wsgi"),
        (['CMD ["/app/deaf.sh"]'], "gunicorn deaf.wsgi"),
        (["COPY deaf.sh /usr/local/bin/", 'CMD ["deaf.sh"]'], "gunicorn deaf.wsgi"),
        (["COPY exec.sh /usr/bin/begin", 'ENTRYPOINT ["begin"]', 'CMD ["gunicorn", "a"]'], "gunicorn a"),
        (["ENV PATH=/app:$PATH", 'ENTRYPOINT ["exec.sh"]', 'CMD ["gunicorn", "a"]'], "gunicorn a"),
        (["ENV PATH=/app", 'CMD ["deaf.sh"]'], "gunicorn deaf.wsgi"),
        (["ENV SERVER=gunicorn", "CMD $SERVER shop.wsgi"], "gunicorn shop.wsgi"),
        (["CMD nginx & celery -A shop worker & gunicorn shop.wsgi & wait -n"], "gunicorn shop.wsgi"),
        (["CMD ['gunicorn', 'shop.wsgi']"], "[gunicorn, shop.wsgi]"),
    ],
)
def test_entrypoint_and_command_are_joined_as_docker_joins_them(instructions: list[str], written: str) -> None:
    assert image(*instructions, files={"exec.sh": EXEC, "plain.sh": PLAIN, "deaf.sh": DEAF}).written == written


@pytest.mark.parametrize(
    ("build", "written"),
    [
        ("    build: .\n", "gunicorn last.wsgi"),
        ("    build: {context: ., target: web}\n", "gunicorn web.wsgi"),
        ("    build: {context: ., target: base}\n", "gunicorn base.wsgi"),
        ("    build: {context: ., target: plain}\n", "gunicorn base.wsgi"),
        ("    build: {context: ., target: entry}\n", "gunicorn"),
    ],
)
def test_the_stage_that_is_built_decides_its_command(build: str, written: str) -> None:
    dockerfile = (
        'FROM python:3.13 AS base\nCMD ["gunicorn", "base.wsgi"]\n'
        'FROM base AS web\nCMD ["gunicorn", "web.wsgi"]\n'
        "FROM base AS plain\nRUN true\n"
        'FROM base AS entry\nENTRYPOINT ["gunicorn"]\n'
        'FROM base AS last\nCMD ["gunicorn", "last.wsgi"]\n'
    )
    assert only({"Dockerfile": dockerfile, "compose.prod.yml": f"services:\n  web:\n{build}"}).written == written


@pytest.mark.parametrize(
    ("override", "written"),
    [
        ("", "gunicorn image.wsgi"),
        ("    command: other.wsgi\n", "gunicorn other.wsgi"),
        ("    command: [other.wsgi, --reload]\n", "gunicorn other.wsgi --reload"),
        ("    command: --bind 0.0.0.0 'other.wsgi'\n", "gunicorn --bind 0.0.0.0 other.wsgi"),
        ("    command: null\n", "gunicorn image.wsgi"),
        ("    entrypoint: uvicorn\n", "uvicorn"),
        ("    entrypoint: [uvicorn]\n    command: [app:app]\n", "uvicorn app:app"),
        ("    entrypoint: uvicorn app:app\n", "uvicorn app:app"),
        ("    command: other.wsgi && echo never\n", "gunicorn other.wsgi"),
        ("    command: >\n      other.wsgi\n      --workers 3\n", "gunicorn other.wsgi --workers 3"),
        ("    command: other.wsgi --bind 0.0.0.0:${PORT:-8000}\n", "gunicorn other.wsgi --bind 0.0.0.0:${PORT:-8000}"),
    ],
)
def test_compose_replaces_the_command_or_the_entrypoint_of_an_image(override: str, written: str) -> None:
    files = {
        "Dockerfile": 'FROM python:3.13\nENTRYPOINT ["gunicorn"]\nCMD ["image.wsgi"]\n',
        "compose.prod.yml": f"services:\n  web:\n    build: .\n{override}",
    }
    assert only(files).written == written


@pytest.mark.parametrize("value", ["[]", '""'])
def test_an_emptied_entrypoint_leaves_the_command_alone(value: str) -> None:
    files = {
        "Dockerfile": 'FROM python:3.13\nENTRYPOINT ["gunicorn"]\nCMD ["image.wsgi"]\n',
        "compose.prod.yml": f"services:\n  web:\n    build: .\n    entrypoint: {value}\n    command: uvicorn app:app\n",
    }
    assert only(files).written == "uvicorn app:app"


@pytest.mark.parametrize("layer", ["entrypoint: []", 'entrypoint: ""', "command: []", 'command: ""'])
def test_an_emptied_entrypoint_or_command_clears_the_command_of_the_image(layer: str) -> None:
    files = {
        "Dockerfile": 'FROM python:3.13\nCMD ["gunicorn", "image.wsgi"]\n',
        "compose.prod.yml": f"services:\n  web:\n    build: .\n    {layer}\n",
    }
    assert only(files).step is None


@pytest.mark.parametrize(
    ("layer", "written"),
    [
        ("command: null", "hypercorn"),
        ("command: []", "hypercorn"),
        ("entrypoint: null", "gunicorn base.wsgi"),
        ("entrypoint: []", "base.wsgi"),
        ("entrypoint: uvicorn", "uvicorn base.wsgi"),
        ("restart: always", "hypercorn base.wsgi"),
    ],
)
def test_a_production_layer_lies_over_the_base_file(layer: str, written: str) -> None:
    files = {
        "Dockerfile": 'FROM python:3.13\nENTRYPOINT ["gunicorn"]\nCMD ["image.wsgi"]\n',
        "compose.yml": "services:\n  web:\n    build: .\n    entrypoint: hypercorn\n    command: base.wsgi\n",
        "compose.prod.yml": f"services:\n  web:\n    {layer}\n",
    }
    assert only(files).written == written


def test_a_shell_in_compose_is_followed_although_compose_replaces_its_variables() -> None:
    command = 'sh -c "python manage.py migrate && gunicorn shop.wsgi --bind 0.0.0.0:${PORT:-8000}"'
    service = only(
        {"compose.prod.yml": f"services:\n  web:\n    build: .\n    command: {command}\n", "Dockerfile": "FROM x\n"}
    )
    assert service.server is not None
    assert service.server.product == "gunicorn"
    assert [step.program for step in service.execution.steps] == ["python", "gunicorn"]


@pytest.mark.parametrize(
    ("command", "written"),
    [
        ("gunicorn shop.wsgi", "gunicorn shop.wsgi"),
        ("PYTHONUNBUFFERED=1 gunicorn shop.wsgi", "gunicorn shop.wsgi"),
        ("A=b C=d exec gunicorn shop.wsgi", "gunicorn shop.wsgi"),
        ("cd backend && gunicorn shop.wsgi", "gunicorn shop.wsgi"),
        ("python manage.py migrate && gunicorn shop.wsgi", "gunicorn shop.wsgi"),
        ("python manage.py migrate; gunicorn shop.wsgi", "gunicorn shop.wsgi"),
        (
            "python manage.py collectstatic --noinput && python manage.py migrate && gunicorn shop.wsgi",
            "gunicorn shop.wsgi",
        ),
        ("export X=1; gunicorn shop.wsgi", "gunicorn shop.wsgi"),
        ("newrelic-admin run-program gunicorn shop.wsgi", "gunicorn shop.wsgi"),
        ("ddtrace-run gunicorn shop.wsgi", "gunicorn shop.wsgi"),
        ("bash start.sh", "gunicorn shop.wsgi"),
        ("./start.sh", "gunicorn shop.wsgi"),
        ("sh ./start.sh production", "gunicorn shop.wsgi"),
        ('if [ -n "$X" ]; then gunicorn shop.wsgi; else gunicorn shop.wsgi --reload; fi', "gunicorn shop.wsgi"),
        ("${SERVER:-gunicorn} shop.wsgi", "gunicorn shop.wsgi"),
        ("python -m gunicorn shop.wsgi", "python -m gunicorn shop.wsgi"),
        ("gunicorn shop.wsgi & wait", "gunicorn shop.wsgi"),
        ('setpriv --reuid="$ID" --regid=$GROUP --init-groups gunicorn shop.wsgi', "gunicorn shop.wsgi"),
        ("nice -n $LEVEL timeout -k $A $B gunicorn shop.wsgi", "gunicorn shop.wsgi"),
        ("gunicorn shop.wsgi 2>&1 | tee log", "gunicorn shop.wsgi"),
    ],
)
def test_a_procfile_line_is_read_as_bash_reads_it(command: str, written: str) -> None:
    assert procfile(command, {"start.sh": "#!/bin/bash\nexec gunicorn shop.wsgi\n"}).written == written


@pytest.mark.parametrize(
    "command",
    [
        "$COMMAND",
        "./missing.sh",
        "make run",
        "case $ROLE in web) gunicorn a;; *) celery -A b worker;; esac",
        "true",
        "",
    ],
)
def test_a_command_that_cannot_be_followed_has_no_server(command: str) -> None:
    found = [one for one in services_of({"Procfile": f"web: {command}\nother: sleep 1\n"}) if one.name == "web"]
    assert [one.server for one in found] == ([None] if command else [])


WRAPPERS = (
    "env A=b {}",
    "env -u X A=b {}",
    "tini -- {}",
    "/usr/bin/tini -g -- {}",
    "dumb-init {}",
    "gosu app {}",
    "su-exec app:app {}",
    "setpriv --reuid=app {}",
    "nice -n 5 {}",
    "stdbuf -oL {}",
    "timeout -k 5 1h {}",
    "nohup {}",
    "sudo -E -u app {}",
    "poetry run {}",
    "pipenv run {}",
    "pdm run {}",
    "uv run {}",
    "uv run --no-sync --group prod {}",
    "hatch run prod:{}",
    "opentelemetry-instrument --service_name shop {}",
    "ddtrace-run {}",
    "newrelic-admin run-program {}",
    "doppler run --project shop -- {}",
    "chamber exec shop -- {}",
    "infisical run --env=prod -- {}",
    "aws-vault exec shop -- {}",
    "dotenv -f .env run -- {}",
    "./wait-for-it.sh db:5432 -t 60 -- {}",
    "wait-for db:5432 -- {}",
    "dockerize -wait tcp://db:5432 -timeout 30s {}",
    "xvfb-run {}",
    "s6-setuidgid app {}",
)
SHELLS = ("sh -c {}", "bash -lc {}", "/bin/sh -ec {}", "su app -c {}")
SERVERS = {
    "gunicorn shop.wsgi": "gunicorn",
    "gunicorn -w 4 --bind=0.0.0.0:8000 shop.wsgi:application": "gunicorn",
    "python -m gunicorn shop.wsgi:application": "gunicorn",
    "uvicorn --host 0.0.0.0 shop.wsgi:application": "uvicorn",
    "hypercorn shop.wsgi:application": "hypercorn",
    "waitress-serve --port=8000 shop.wsgi:application": "waitress",
    "daphne -b 0.0.0.0 shop.wsgi:application": "daphne",
    "granian --interface wsgi shop.wsgi:application": "granian",
}


@st.composite
def wrapped(draw: st.DrawFn) -> tuple[str, str]:
    """A command in any chain of wrappers, and the server that it starts."""
    command = draw(st.sampled_from(sorted(SERVERS)))
    product = SERVERS[command]
    for wrapper in draw(st.lists(st.sampled_from((*WRAPPERS, *SHELLS)), max_size=5)):
        if wrapper in SHELLS:
            before = draw(st.sampled_from(("", "exec ", "python manage.py migrate && ", "set -e; A=b ")))
            command = wrapper.format(shlex.quote(before + command))
        elif not (wrapper.startswith("hatch") and command.startswith(("python", "./", "/"))):
            command = wrapper.format(command)
    return command, product


@given(wrapped())
@settings(deadline=None, max_examples=200)
def test_wrappers_around_a_command_leave_its_server(case: tuple[str, str]) -> None:
    command, product = case
    service = procfile(command, {"shop/wsgi.py": WSGI})
    assert service.server is not None
    assert service.server.product == product
    assert service.app is not None
    assert str(service.app.span) == "shop/wsgi.py:3"


@given(wrapped())
@settings(deadline=None, max_examples=60)
def test_all_the_ways_to_write_a_command_start_the_same_server(case: tuple[str, str]) -> None:
    command, product = case
    words = ", ".join(
        f'"{word}"'.replace("\n", "")
        for word in (w.replace("\\", "\\\\").replace('"', '\\"') for w in shlex.split(command))
    )
    files = {"shop/wsgi.py": WSGI}
    found = {
        "shell form": image(f"CMD {command}", files=files),
        "exec form": image(f"CMD [{words}]", files=files),
        "compose": only(
            {
                "compose.prod.yml": f"services:\n  web:\n    build: .\n    command: [{words}]\n",
                "Dockerfile": "FROM python:3.13\nWORKDIR /app\nCOPY . .\n",
                **files,
            }
        ),
    }
    assert {form: one.server.product if one.server else None for form, one in found.items()} == dict.fromkeys(
        found, product
    )


@pytest.mark.parametrize(
    ("command", "role"),
    [
        ("gunicorn shop.wsgi", Role.WEB),
        ("python manage.py runserver", Role.WEB),
        ("celery -A shop worker", Role.WORKER),
        ("celery -A shop beat", Role.BEAT),
        ("python -m celery -A shop worker", Role.WORKER),
        ("rq worker default", Role.WORKER),
        ("dramatiq shop.tasks", Role.WORKER),
        ("python manage.py qcluster", Role.WORKER),
        ("python manage.py rqworker", Role.WORKER),
        ("arq shop.worker.Settings", Role.WORKER),
        ("watchmedo auto-restart --recursive -- celery -A shop worker", Role.WORKER),
    ],
)
def test_a_command_tells_what_a_service_is_for(command: str, role: Role) -> None:
    files = {"compose.prod.yml": f"services:\n  one:\n    build: .\n    command: {command}\n", "Dockerfile": "FROM x\n"}
    assert only(files).role is role


def test_the_chain_leads_from_the_declaration_to_the_program() -> None:
    files = {
        "Dockerfile": 'FROM python:3.13\nWORKDIR /app\nCOPY . .\nENTRYPOINT ["./entrypoint.sh"]\nCMD ["web"]\n',
        "entrypoint.sh": '#!/bin/sh\ncase "$1" in\n  web) exec sh scripts/web.sh ;;\nesac\n',
        "scripts/web.sh": "exec gunicorn shop.wsgi\n",
        "compose.prod.yml": "services:\n  shop:\n    build: .\n",
    }
    service = only(files)
    assert [str(one.span) for one in service.chain] == [
        "compose.prod.yml:2",
        "Dockerfile:5",
        "Dockerfile:4",
        "entrypoint.sh:3",
    ]
    assert str(service.step.span if service.step else None) == "scripts/web.sh:1"


def test_a_long_command_is_cut_in_the_label() -> None:
    service = procfile("gunicorn shop.wsgi " + "--workers 3 " * 20)
    assert service.label.startswith("web: gunicorn shop.wsgi --workers 3")
    assert len(service.label) < 80
    assert service.label.endswith("…")


@pytest.mark.parametrize(
    ("requirements", "answer"),
    [
        ("gunicorn==27.0.1\n", "YES"),
        ("Gunicorn>=20\n", "YES"),
        ("-r base.txt\n", "YES"),
        ("flask==3.1.3\n", "NO"),
        ("# gunicorn\n", "NO"),
        ("gunicorn==27; python_version < '3'\n", "NO"),
        ("-r missing.txt\n", "UNKNOWN"),
        ("-e git+https://example.com/shop.git#egg=shop\n", "UNKNOWN"),
    ],
)
def test_a_service_knows_what_it_installs(requirements: str, answer: str) -> None:
    service = procfile("gunicorn app:app", {"requirements.txt": requirements, "base.txt": "gunicorn==27.0.1\n"})
    assert service.installs_distribution("gunicorn").name == answer


def branches(one: str, other: str, *before: str) -> Service:
    script = "\n".join((*before, f'if [ "$DEBUG" = 1 ]; then {one}; else {other}; fi'))
    files = {"start.sh": script, "shop/__init__.py": "", "shop/wsgi.py": WSGI, "other.py": WSGI}
    return image('CMD ["sh", "start.sh"]', files=files)


def test_of_two_commands_that_start_one_server_only_what_they_agree_on_is_known() -> None:
    common = "exec gunicorn shop.wsgi --timeout 60"
    service = branches(f"{common} --reload -b :8000 -k gevent", f"{common} -w 4 -b 0.0.0.0:8000 -k gevent")
    assert [one.written for one in service.candidates] == [
        "gunicorn shop.wsgi --timeout 60 --reload -b :8000 -k gevent",
        "gunicorn shop.wsgi --timeout 60 -w 4 -b 0.0.0.0:8000 -k gevent",
    ]
    server = service.server
    assert server is not None
    assert (server.product, server.reload) == ("gunicorn", UNKNOWN)
    assert server.settings.known("timeout") == 60
    assert server.settings.known("worker_class") == "gevent"
    assert isinstance(server.settings.value("workers"), Unknown)
    assert isinstance(server.settings.value("reload"), Unknown)
    (bind,) = server.binds
    assert isinstance(bind.port, Known)
    assert isinstance(bind.host, Unknown)
    assert service.app is not None
    assert not server.options_complete


def test_two_commands_that_serve_different_apps_serve_none_that_is_known() -> None:
    service = branches("exec gunicorn shop.wsgi", "exec gunicorn other")
    assert service.app is None
    assert service.module is None
    assert service.server is not None
    assert isinstance(service.server.target, Unknown)


@pytest.mark.parametrize("first", [True, False])
def test_the_order_of_the_branches_decides_nothing(first: bool) -> None:
    commands = ["exec gunicorn shop.wsgi --reload", "exec gunicorn shop.wsgi"]
    service = branches(*(commands if first else reversed(commands)))
    assert service.server is not None
    assert service.server.reload is UNKNOWN


def test_a_variable_that_one_branch_alone_exports_is_not_known() -> None:
    service = branches("export A=1 B=2 && exec gunicorn shop.wsgi", "export A=1 B=3 && exec gunicorn shop.wsgi")
    assert isinstance(service.variables.get("A"), Known)
    assert isinstance(service.variables.get("B"), Unknown)


def test_the_same_command_in_both_branches_is_the_one_that_stays() -> None:
    service = branches("echo debug; exec gunicorn shop.wsgi -w 2", "exec gunicorn shop.wsgi -w 2")
    assert service.candidates == ()
    assert service.server is not None
    assert service.server.settings.known("workers") == 2


def test_a_branch_that_the_variables_of_the_service_decide_is_the_only_one() -> None:
    service = branches("exec gunicorn shop.wsgi --reload", "exec gunicorn shop.wsgi", "DEBUG=0")
    assert service.candidates == ()
    assert service.server is not None
    assert service.server.reload is NO


@pytest.mark.parametrize("first", [True, False])
def test_what_one_command_says_and_the_other_leaves_to_the_default_is_said(first: bool) -> None:
    commands = ["exec gunicorn shop.wsgi -t 30 --reload", "exec gunicorn shop.wsgi"]
    service = branches(*(commands if first else reversed(commands)))
    assert service.server is not None
    assert service.server.settings.known("timeout") == 30
    assert "timeout" in service.server.settings.mentioned


def test_the_server_that_is_advised_listens_where_the_one_of_developers_does() -> None:
    files = {
        "Dockerfile": "FROM python:3.13-slim\nWORKDIR /app\nRUN pip install flask==3.1.3 gunicorn==23.0.0\nCOPY . .\n"
        'CMD ["flask", "run", "--host=0.0.0.0", "--port=5001"]\n',
        "app.py": "from flask import Flask\napp = Flask(__name__)\n",
    }
    [service] = inspect(MemoryTree(files), ()).deployment.services
    assert service.production_command_help == "start `gunicorn --bind=0.0.0.0:5001 app:app`"
