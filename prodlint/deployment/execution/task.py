"""What stands in another file under a name: one command of a Makefile, a justfile, a Procfile, a table of scripts."""

from __future__ import annotations

from collections.abc import Callable

from prodlint.record import Record
from prodlint.source import Span, Text

__all__ = ["Locate", "Task"]


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


Locate = Callable[[str], "str | None"]
"""The repository path of a file as the process names it, None when it is not (known to be) one of ours."""
