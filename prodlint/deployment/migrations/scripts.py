"""Scripts that apply migrations and that nothing here runs: people do, so nobody knows whether a release does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.migration import MigrationRun, System, is_ours
from prodlint.deployment.repository import Repository
from prodlint.regex import regex
from prodlint.source import Span

__all__ = ["migrations_in_scripts"]

_COMMANDS = (
    (System.DJANGO, regex(r"(?:manage\.py|django-admin)[ \t]+migrate\b(?!.*--(?:check|plan|fake))")),
    (System.ALEMBIC, regex(r"\balembic\b.*\bupgrade\b")),
    (System.FLASK_MIGRATE, regex(r"\bflask\b.*\bdb[ \t]+upgrade\b")),
    (System.AERICH, regex(r"\baerich[ \t]+upgrade\b")),
)
_HINTS = (b"migrate", b"upgrade")


def migrations_in_scripts(
    repository: Repository, known: Iterable[MigrationRun], commands: Iterable[str] = ()
) -> Iterator[MigrationRun]:
    """Lines of shell scripts that apply migrations, for scripts that no known run comes from.

    `commands` are those of manage.py by which the project applies them itself.
    """
    read = {run.span.path for run in known}
    own = [(System.DJANGO, re.compile(rf"(?:manage\.py|django-admin)[ \t]+{re.escape(one)}\b")) for one in commands]
    hints = (*_HINTS, b"manage.py", b"django-admin") if own else _HINTS
    for path in repository.ending(".sh", ".bash"):
        if path in read or not is_ours(path):
            continue
        if environment_of(path) in (Environment.DEVELOPMENT, Environment.TEST):
            continue
        data = repository.data(path) or b""
        source = repository.source(path) if any(hint in data for hint in hints) else None
        for system, command in (*_COMMANDS, *own):
            found = command.search(source.text) if source is not None else None
            if source is not None and found is not None:
                span = Span(source, found.start(), found.end())
                yield MigrationRun(system, span, Environment.UNKNOWN, f"{path} applies them when somebody runs it")
