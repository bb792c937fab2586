"""Variables of a container that compose replaces in its command before there is a container.

Source: the catalogue's container page, M19 (measured with compose-go 2.14.0): the variable is empty there, and a
warning on standard error says so.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.command import CommandLine
from prodlint.deployment.pipeline import Pipeline
from prodlint.deployment.repository import Repository
from prodlint.deployment.service import Service
from prodlint.deployment.value import Known
from prodlint.deployment.variables.table import Definition
from prodlint.finding import Edit, Fix, Safety
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Span
from prodlint.syntax.word import Expansion, Word

__all__ = ["EarlyVariable", "early_variables", "with_dollar"]

# What every shell has, that of whoever runs compose too.
_EVERYWHERE = frozenset("PATH HOME HOSTNAME PWD USER LOGNAME SHELL TERM LANG TZ UID GID".split())
_SHELLS = frozenset("sh bash ash dash zsh ksh".split())
_STRING = regex(r"-[a-z]*c")


class EarlyVariable(Record):
    """A variable that the container has and compose lacks; `for_shell` where a shell there reads the word."""

    name: str
    span: Span
    definition: Definition
    for_shell: bool


def early_variables(
    service: Service, pipelines: tuple[Pipeline, ...], repository: Repository
) -> Iterator[EarlyVariable]:
    """The variables in the command of a compose service that only its container has, each once."""
    process = service.process
    seen: set[str] = set()
    for line in (process.entrypoint, process.command):
        for at, word in enumerate(line.words if line is not None else ()):
            for part in word.parts:
                if not isinstance(part, Expansion) or part.operator or part.name in seen | _EVERYWHERE:
                    continue
                definition = _of_container(service, part.name)
                if definition is None or _may_be_set(part.name, definition, process.path, pipelines, repository):
                    continue
                seen.add(part.name)
                yield EarlyVariable(part.name, part.span, definition, line is not None and _is_script(line, at))


def _of_container(service: Service, name: str) -> Definition | None:
    found = service.variables.definitions(name)
    last = found[-1] if found else None
    known = last is not None and isinstance(last.value, Known) and not last.by_platform and not last.is_given
    return last if known else None


def _may_be_set(
    name: str, definition: Definition, path: str, pipelines: tuple[Pipeline, ...], repository: Repository
) -> bool:
    """Whether compose may find the variable after all: in a `.env` that is kept out, or set by what runs it."""
    folder = posixpath.dirname(path)
    said = name.encode()
    for other in repository.paths:
        base = posixpath.basename(other)
        beside = other != definition.span.path and posixpath.dirname(other) in (folder, "")
        is_told = ".env" in base or base.startswith("env") or base in ("Makefile", "justfile")
        if beside and is_told and said in (repository.data(other) or b""):
            return True
    # `env_file: .env` is the very file in which compose looks for its own variables.
    is_own_file = posixpath.basename(definition.span.path) == ".env"
    return is_own_file or any(said in (repository.data(one.path) or b"") for one in pipelines)


def _is_script(line: CommandLine, at: int) -> bool:
    """Whether a word of a command is the text that a shell is given."""
    words = line.words
    program = (words[0].literal or "").rpartition("/")[2] if words else ""
    return program in _SHELLS and at >= 2 and _STRING.fullmatch(_shown(words[at - 1])) is not None


def _shown(word: Word) -> str:
    return word.literal or ""


def with_dollar(one: EarlyVariable) -> Fix | None:
    """`$$NAME`, which compose hands on as `$NAME`; None where no shell of the container would read that."""
    if not one.for_shell:
        return None
    place = Span(one.span.source, one.span.start, one.span.start)
    return Fix("leave it to the shell of the container", (Edit(place, "$"),), Safety.SAFE)
