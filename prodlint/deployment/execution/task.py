"""What stands in another file under a name: one command of a Makefile, a justfile, a Procfile, a table of scripts."""

from __future__ import annotations

from collections.abc import Callable

from prodlint.record import Record
from prodlint.source import Span, Text

__all__ = ["MANAGERS", "Locate", "Task", "is_in_runner", "may_stand_for_tasks"]

MANAGERS = frozenset("honcho foreman forego goreman overmind hivemind".split())
"""Programs that start the processes of a Procfile."""

_READ_A_FILE = MANAGERS | {"make", "gmake", "just", "poe", "task"}
# Programs whose `run NAME` may name a command of pyproject.toml or a Pipfile.
_RUNNERS = frozenset("pdm hatch pipenv rye".split())


class Task(Record):
    """One command of another file: its text, where it stands, and how it is reached.

    `beside` marks one of several that run at the same time; `conditional` one that may not run;
    `script` one that a shell reads, else its words are split and nothing is expanded.
    """

    text: Text
    path: str
    span: Span
    directory: str | None = None
    conditional: bool = False
    beside: bool = False
    guarded: bool = False
    script: bool = True


def may_stand_for_tasks(program: str, layers: tuple[str, ...]) -> bool:
    """Whether a program, behind some wrappers, may stand for commands of another file."""
    return program in _READ_A_FILE or is_in_runner(layers)


def is_in_runner(layers: tuple[str, ...]) -> bool:
    """Whether what a program that runs tasks starts may be the name of one."""
    return bool(layers) and layers[-1] in _RUNNERS


Locate = Callable[[str], "str | None"]
"""The repository path of a file as the process names it, None when it is not (known to be) one of ours."""
