"""Procfile: one process a line, run by bash in the folder of the file (Heroku and its relatives)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from prodlint.deployment.command import shell_form
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.process import Platform, Process, Role
from prodlint.deployment.repository import Repository
from prodlint.readers import Files
from prodlint.source import Span, Text

READS = Files("Procfile", names=("Procfile", "Procfile.*"))
_LINE = re.compile(r"(?m)^([A-Za-z0-9_-]+):[ \t]*([^\r\n]*[^\s])")
_DEVELOPMENT = re.compile(
    r"(?m)^[A-Za-z0-9_-]+:.*\b(docker|npm run (dev|watch)|yarn (dev|watch)|tailwindcss|postgres|redis-server|webpack)\b"
)


def read(path: str, repository: Repository) -> Iterator[Process]:
    """A process for each line; a later line of the same name replaces an earlier one."""
    source = repository.source(path)
    if source is None:
        return
    lines = {match[1]: match for match in _LINE.finditer(source.text)}
    released = "release" in lines
    environment = environment_of(path)
    if environment is None and not released and _DEVELOPMENT.search(source.text):
        environment = Environment.DEVELOPMENT
    for name, match in lines.items():
        span = Span(source, match.start(2), match.end(2))
        yield Process(
            name=name,
            span=span,
            platform=Platform.HEROKU,
            role={"web": Role.WEB, "release": Role.RELEASE}.get(name, Role.WORKER),
            command=shell_form(Text.verbatim(span)),
            root=posixpath.dirname(path),
            environment=environment or Environment.PRODUCTION,
        )
