"""The lines of a Procfile, which several platforms read: `web: gunicorn app:app`."""

from __future__ import annotations

from prodlint.deployment.command import CommandLine, shell_form
from prodlint.deployment.repository import Repository, normal_path
from prodlint.regex import regex
from prodlint.source import Source, Span, Text

__all__ = ["procfile_command", "procfile_lines"]

_LINE = regex(r"(?m)^([A-Za-z0-9_-]+):[ \t]*([^\r\n]*[^\s])")


def procfile_lines(source: Source) -> dict[str, Span]:
    """The place of each process's command; a later line of the same name replaces an earlier one."""
    return {found[1]: Span(source, found.start(2), found.end(2)) for found in _LINE.finditer(source.text)}


def procfile_command(repository: Repository, folder: str, *names: str) -> CommandLine | None:
    """The command of the first of some processes that the Procfile of a folder has; None when there is none."""
    source = repository.source(normal_path(folder, "Procfile"))
    lines = procfile_lines(source) if source is not None else {}
    span = next((lines[name] for name in names if name in lines), None)
    return None if span is None else shell_form(Text.verbatim(span))
