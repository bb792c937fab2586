"""Wrappers: what they start is found, and what they add is told."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.deployment.command import Step, shell_form
from prodlint.deployment.commands.wrappers import unwrap
from prodlint.deployment.execution.place import Place
from prodlint.deployment.execution.steps import execute
from prodlint.deployment.filemap import CHECKOUT
from prodlint.deployment.repository import Repository
from prodlint.deployment.servers.server import server_of
from prodlint.source import Source, Text
from prodlint.syntax.shell import split_words
from prodlint.syntax.word import Word


def process(command: str) -> Step:
    source = Source("Procfile", command)
    found = execute(shell_form(source.content), Place(CHECKOUT, "/app"), Repository((), lambda path: b""))
    assert len(found.processes) == 1, found
    return found.processes[0]


SERVER = "gunicorn app:app"


@pytest.mark.parametrize(
    "command",
    [
        "opentelemetry-instrument --traces_exporter console --service_name shop gunicorn app:app",
        "newrelic-admin run-python gunicorn app:app",
        "ddtrace-run -d gunicorn app:app",
        "strace -f -o /tmp/trace gunicorn app:app",
        "py-spy record -o profile.svg -- gunicorn app:app",
        "viztracer -o x.json gunicorn app:app",
        "envconsul -config=x.hcl -once gunicorn app:app",
        "envconsul -prefix shop gunicorn app:app",
        "sops exec-env secrets.env 'gunicorn app:app'",
        "doppler run --command 'gunicorn app:app'",
        "infisical run --env=prod -- gunicorn app:app",
        "op run --env-file=.env.op -- gunicorn app:app",
        "summon -p ring.py gunicorn app:app",
        "bws run --project-id x -- gunicorn app:app",
        "vault-env gunicorn app:app",
        "berglas exec -- gunicorn app:app",
        "teller run -- gunicorn app:app",
        "aws-vault exec prod -- gunicorn app:app",
        "dotenv -f .env.prod run -- gunicorn app:app",
        "dotenv run gunicorn app:app",
        "wait4ports -s 10 db=tcp://db:5432 -- gunicorn app:app",
        "wait-for db:5432 -t 30 -- gunicorn app:app",
        "conda run --no-capture-output -n shop gunicorn app:app",
        "micromamba run -n shop --cwd /src gunicorn app:app",
        "mise exec python@3.13 -- gunicorn app:app",
        "pyenv exec gunicorn app:app",
        "direnv exec . gunicorn app:app",
        "uvx --from gunicorn gunicorn app:app",
        "pipx run gunicorn app:app",
        "uv run --with gunicorn --frozen gunicorn app:app",
        "rye run gunicorn app:app",
        "pixi run -e prod gunicorn app:app",
        "flock -n /tmp/lock gunicorn app:app",
        "flock /tmp/lock -c 'gunicorn app:app'",
        "script -qc 'gunicorn app:app' /dev/null",
        "busybox sh -c 'gunicorn app:app'",
        "env -S 'A=b gunicorn app:app'",
        "env -C /srv -u X A=b gunicorn app:app",
        "setuser app gunicorn app:app",
        "/sbin/my_init --quiet -- gunicorn app:app",
        "chroot /jail gunicorn app:app",
        "setpriv --reuid=app --clear-groups --init-groups gunicorn app:app",
        "chpst -u app gunicorn app:app",
        "s6-setuidgid app gunicorn app:app",
        "watchfiles --filter python 'gunicorn app:app' src",
        "watchmedo auto-restart -d src -p '*.py' --recursive gunicorn app:app",
        "reflex -r py -- gunicorn app:app",
        "nodemon --exec gunicorn app:app",
        "tini -s -e 143 -- dumb-init -- gosu app gunicorn app:app",
    ],
)
def test_the_program_inside_is_found(command: str) -> None:
    assert process(command).written == SERVER


@pytest.mark.parametrize(
    ("command", "inside"),
    [
        ("hupper -m waitress --port=80 app:app", "python -m waitress --port=80 app:app"),
        ("debugpy --listen 0.0.0.0:5678 --wait-for-client -m uvicorn app:app", "python -m uvicorn app:app"),
        ("python3 -m debugpy --listen 5678 manage.py runserver", "python3 manage.py runserver"),
        ("python3 -m ptvsd --port 3000 --host 0.0.0.0 manage.py runserver", "python3 manage.py runserver"),
        ("python -m pdb serve.py", "python serve.py"),
        ("python -m coverage run --source shop manage.py runserver", "python manage.py runserver"),
        ("coverage run -m gunicorn app:app", "python -m gunicorn app:app"),
        ("memray run -o out.bin serve.py --port 80", "python serve.py --port 80"),
        ("scalene serve.py --- --port 80", "python serve.py --port 80"),
        ("kernprof -l serve.py", "python serve.py"),
        ("uv run serve.py", "python serve.py"),
        ("pipenv --python /usr/bin/python3.12 run gunicorn shop:app", "gunicorn shop:app"),
        ("jurigged -v serve.py", "python serve.py"),
        ("python -m pytest", "python -m pytest"),
        ("coverage report", "coverage report"),
        ("memray flamegraph out.bin", "memray flamegraph out.bin"),
        ("poetry install", "poetry install"),
        ("sops -d secrets.env", "sops -d secrets.env"),
    ],
)
def test_python_programs_under_a_runner_are_run_by_python(command: str, inside: str) -> None:
    assert process(command).written == inside


@pytest.mark.parametrize(
    ("command", "directory"),
    [
        ("uv --directory backend run gunicorn app:app", "/app/backend"),
        ("uv run --directory=/srv gunicorn app:app", "/srv"),
        ("uv --project backend run gunicorn app:app", "/app"),
        ("poetry -C api run gunicorn app:app", "/app/api"),
        ("env -C src gunicorn app:app", "/app/src"),
        ("conda run -n x --cwd web gunicorn app:app", "/app/web"),
        ("uv --directory $WHERE run gunicorn app:app", None),
        ("nice gunicorn app:app", "/app"),
    ],
)
def test_a_wrapper_may_go_elsewhere_first(command: str, directory: str | None) -> None:
    assert process(command).directory == directory


def test_a_wrapper_tells_what_it_is() -> None:
    def of(command: str) -> tuple[bool, bool, bool, bool]:
        found = unwrap(split_words(Source("Procfile", command).content))
        return found.open_environment, found.auto_reload, found.debugger, found.profiler

    assert of("doppler run -- gunicorn") == (True, False, False, False)
    assert of("tini -- watchfiles 'gunicorn'") == (False, True, False, False)
    assert of("python -m debugpy --listen 1 x.py") == (False, False, True, False)
    assert of("python -m ptvsd --host 0.0.0.0 --port 1 x.py") == (False, False, True, False)
    assert of("memray run x.py") == (False, False, False, True)
    assert of("gunicorn app:app") == (False, False, False, False)


@pytest.mark.parametrize("command", ["uvx gunicorn app:app", "uv run --with gunicorn gunicorn app:app"])
def test_what_a_wrapper_installs_need_not_be_installed_by_the_service(command: str) -> None:
    server = server_of(process(command))
    assert server is not None
    assert (server.product, server.distribution) == ("gunicorn", None)


_WORDS = st.sampled_from(
    "env exec uv run poetry sh -c -- -m -S A=b python debugpy su flock sops exec-env doppler watchfiles hupper conda "
    "timeout 5 --with --directory=x -C dotenv scalene --- coverage run $X".split()
)


@settings(deadline=None, max_examples=200)
@given(st.lists(_WORDS, max_size=10))
def test_any_words_are_unwrapped_into_some_of_them(texts: list[str]) -> None:
    source = Source("Procfile", " ".join(texts) or " ")
    words = tuple(Word.of(Text.at(text, source.span)) for text in texts)
    found = unwrap(words)
    assert {word.literal for word in found.argv} <= {*texts, "python", "b"}
