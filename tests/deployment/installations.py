"""Installations: what a command installs in a small repository."""

from __future__ import annotations

import json
import posixpath
import re
from textwrap import dedent

from prodlint.deployment.command import Step
from prodlint.deployment.dependency import Install
from prodlint.deployment.install import install_of
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import Value
from prodlint.source import Source, Span, Text
from prodlint.syntax.word import Expansion, Literal, Part, Word

__all__ = ["LOCK", "PIPENV", "POETRY", "PROJECT", "REQUIREMENTS", "UV", "asked", "ran", "repository", "run"]


LOCK = """
    version = 1

    [[package]]
    name = "shop"
    version = "0.1"
    source = { virtual = "." }
    dependencies = [{ name = "fastapi" }]

    [package.dev-dependencies]
    dev = [{ name = "pytest" }, { name = "gunicorn" }]

    [[package]]
    name = "fastapi"
    version = "0.115.0"
    dependencies = [{ name = "starlette" }]

    [[package]]
    name = "starlette"
    version = "0.38"

    [[package]]
    name = "gunicorn"
    version = "22.0"

    [[package]]
    name = "pytest"
    version = "8.0"
"""
PROJECT = """
    [project]
    name = "shop"
    version = "0.1"
    dependencies = ["fastapi>=0.115"]

    [dependency-groups]
    dev = ["pytest", "gunicorn"]
"""
UV = {"pyproject.toml": PROJECT, "uv.lock": LOCK}
POETRY = {
    "pyproject.toml": """
        [tool.poetry]
        name = "shop"
        [tool.poetry.dependencies]
        python = "^3.12"
        flask = "^3.0"
        redis = {version = "^5", optional = true}
        [tool.poetry.extras]
        cache = ["redis"]
        [tool.poetry.group.dev.dependencies]
        pytest = "^8"
        [tool.poetry.group.server]
        optional = true
        [tool.poetry.group.server.dependencies]
        gunicorn = "22.0.0"
    """,
    "poetry.lock": """
        [[package]]
        name = "flask"
        version = "3.0.0"
        optional = false
        [package.dependencies]
        werkzeug = ">=3"
        [[package]]
        name = "werkzeug"
        version = "3.0.0"
        optional = false
        [[package]]
        name = "pytest"
        version = "8.0"
        optional = false
        [[package]]
        name = "gunicorn"
        version = "22.0.0"
        optional = false
        [[package]]
        name = "redis"
        version = "5.0"
        optional = true
    """,
}
PIPENV = {
    "Pipfile": '[packages]\nflask = "*"\n[dev-packages]\ngunicorn = "*"\n',
    "Pipfile.lock": json.dumps({"_meta": {}, "default": {"flask": {}, "werkzeug": {}}, "develop": {"gunicorn": {}}}),
}


def repository(files: dict[str, str]) -> Repository:
    """A repository with files in memory, their common indentation taken off."""
    written = {path: dedent(text).lstrip("\n").encode() for path, text in files.items()}
    return Repository(written, written.__getitem__)


def words(command: str) -> tuple[Word, ...]:
    """The command split at blanks; `$NAME` is an expansion, quotes are left to the caller."""
    source = Source("Dockerfile", command)
    found = []
    for match in re.finditer(r"\S+", command):
        parts: list[Part] = []
        for piece in re.finditer(r"\$(\w+)|[^$]+", match.group()):
            span = Span(source, match.start() + piece.start(), match.start() + piece.end())
            name = piece.group(1)
            parts.append(Expansion(name, span) if name else Literal(Text.verbatim(span)))
        found.append(Word(tuple(parts), Span(source, match.start(), match.end())))
    return tuple(found)


def run(
    command: str,
    files: dict[str, str],
    directory: str | None = "/app",
    hidden: tuple[str, ...] = (),
    environment: dict[str, Value[str]] | None = None,
    **variables: str,
) -> Install | None:
    """What a command installs in a container with the whole repository in /app, but for what is hidden."""
    repo = repository(files)

    def locate(path: str) -> str | None:
        path = posixpath.normpath(posixpath.join("/app", path))
        inside = posixpath.relpath(path, "/app")
        return inside if inside in repo.paths and inside not in hidden else None

    argv = words(command)
    step = Step(
        argv,
        argv[0].span.to(argv[-1].span),
        directory,
        {name: words(value)[0] if value else None for name, value in variables.items()},
    )
    return install_of(step, directory, repo, locate, environment)


def ran(command: str, files: dict[str, str], **more: str) -> Install:
    install = run(command, files, **more)
    assert install is not None
    return install


def asked(install: Install) -> set[str]:
    return {dependency.name for dependency in install.dependencies}


REQUIREMENTS = {
    "requirements.txt": "-r base.txt\nflask==3.0.0\n",
    "base.txt": "redis>=5\n",
    "requirements-dev.txt": "-r requirements.txt\npytest\n",
}
