"""What tests of servers share: a command of a Procfile, resolved in a small repository."""

from collections.abc import Callable, Mapping

import pytest

from prodlint.deployment.command import Step, shell_form
from prodlint.deployment.execution.place import Place
from prodlint.deployment.execution.steps import execute
from prodlint.deployment.filemap import CHECKOUT
from prodlint.deployment.repository import Repository
from prodlint.deployment.servers.configuration import configured
from prodlint.deployment.servers.server import Server, server_of
from prodlint.deployment.value import Known
from prodlint.source import Source

Serve = Callable[..., Server]


def resolved(
    command: str, files: Mapping[str, str] | None = None, environment: Mapping[str, str] | None = None
) -> tuple[Server | None, Step]:
    """The server that a shell command starts at the root of a repository, and its step."""
    held = {path: text.encode() for path, text in (files or {}).items()}
    repository = Repository(held, held.__getitem__)
    source = Source("Procfile", command)
    values = {name: Known(value, source.span) for name, value in (environment or {}).items()}
    place = Place(CHECKOUT, "/", values)
    execution = execute(shell_form(source.content), place, repository)
    step = execution.processes[0]
    server = server_of(step)
    return (None if server is None else configured(server, step, place, repository)), step


@pytest.fixture(name="serve", scope="session")
def serve_fixture() -> Serve:
    """`serve("gunicorn app:app", {"gunicorn.conf.py": …}, PORT="80")`: the server with its settings."""

    def serve(command: str, files: Mapping[str, str] | None = None, **environment: str) -> Server:
        server, _ = resolved(command, files, environment)
        assert server is not None, f"no server in {command}"
        return server

    return serve
