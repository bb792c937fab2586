"""Calls in a project's own Python that apply migrations: at start, in a command, in a script."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator

from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.migration import MANAGE_COMMANDS, MigrationRun, System, is_ours
from prodlint.deployment.repository import Repository
from prodlint.regex import regex

__all__ = ["migrations_in_code"]

_UPGRADE = regex(rb"(?<!def )\bupgrade\b")
_SIGNS = (
    (regex(rb"call_command"), regex(rb"""["'](?:migrate|migrate_schemas|safemigrate)["']""")),
    (regex(rb"MigrationExecutor"),),
    (regex(rb"alembic"), regex(rb"\bcommand\b"), _UPGRADE),
    (regex(rb"flask_migrate"), _UPGRADE),
    (
        regex(rb"subprocess|\bos\b|\bsh\b|\binvoke\b"),
        regex(rb"manage\.py|django-admin|alembic|flask"),
        regex(rb"\bmigrate\b|\bupgrade\b"),
    ),
)
"""All of one row stand in every file that applies migrations: a few of the many that speak of them."""


def migrations_in_code(repository: Repository) -> Iterator[MigrationRun]:
    """Calls in the project's own Python that apply migrations: at start, in a command, in a script."""
    for path in repository.python_files:
        data = repository.data(path) or b""
        if (b"migrat" not in data and b"alembic" not in data) or "/versions/" in path or not is_ours(path):
            continue
        if posixpath.basename(path).startswith(("test_", "conftest")) or not _may_apply(data):
            continue
        module = repository.python(path)
        if module is None:
            continue
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call):
                continue
            system = _applied_by(node, module.qualified_name(node.func))
            if system is not None:
                environment = environment_of(path) or Environment.UNKNOWN
                note = f"{path} applies them when it runs"
                yield MigrationRun(system, module.span(node), environment, note, posixpath.dirname(path))


def _may_apply(data: bytes) -> bool:
    return any(all(sign.search(data) for sign in signs) for signs in _SIGNS)


_CHILDREN = ("subprocess.", "os.system", "os.exec", "sh.", "invoke.")
_COMMAND = (
    (regex(r"manage\.py\S* migrate|django-admin migrate"), System.DJANGO),
    (regex(r"alembic\b.* upgrade"), System.ALEMBIC),
    (regex(r"flask\b.* db upgrade"), System.FLASK_MIGRATE),
)


def _applied_by(call: ast.Call, name: str | None) -> System | None:
    first = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
    if name is None:
        return None
    if name.startswith(_CHILDREN):
        words = " ".join(str(node.value) for node in ast.walk(call) if isinstance(node, ast.Constant))
        return next((system for pattern, system in _COMMAND if pattern.search(words)), None)
    if name.endswith("call_command") and first in MANAGE_COMMANDS:
        return System.DJANGO
    if name.endswith("MigrationExecutor"):
        return System.DJANGO
    if name == "alembic.command.upgrade":
        return System.ALEMBIC
    if name == "flask_migrate.upgrade":
        return System.FLASK_MIGRATE
    return None
