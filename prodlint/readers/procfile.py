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
from prodlint.regex import regex
from prodlint.source import Span, Text

READS = Files("Procfile", names=("Procfile", "Procfile.*"))
_LINE = regex(r"(?m)^([A-Za-z0-9_-]+):[ \t]*([^\r\n]*[^\s])")
_DEVELOPMENT = regex(
    r"(?m)^[A-Za-z0-9_-]+:.*\b(docker|npm run (dev|watch)|yarn (dev|watch)|tailwindcss|postgres|redis-server|webpack)\b"
)


def _runs_tools(text: str) -> bool:
    """Whether a Procfile starts what only developers start; one with a release phase is for production."""
    return _DEVELOPMENT.search(text) is not None and not re.search(r"(?m)^release:", text)


def read(path: str, repository: Repository) -> Iterator[Process]:
    """A process for each line; a later line of the same name replaces an earlier one."""
    source = repository.source(path)
    if source is None:
        return
    lines = {match[1]: match for match in _LINE.finditer(source.text)}
    environment = environment_of(path)
    if environment is None and (path.rpartition("/")[2] != "Procfile" or _runs_tools(source.text)):
        # `Procfile.windows`, `Procfile.tilt`: variants are for the desks of developers.
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
