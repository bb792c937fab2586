"""What prodlint tells: plain data, read by everything that selects, prints or applies it."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, IntEnum

from prodlint.record import Record
from prodlint.source import Span

__all__ = [
    "Advice",
    "Change",
    "Edit",
    "Evidence",
    "Finding",
    "Findings",
    "Fix",
    "Guard",
    "Safety",
    "Severity",
    "WithoutArgument",
]


class Severity(IntEnum):
    """How much a finding matters; a greater one is worse."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def label(self) -> str:
        """The word that settings and reports use."""
        return self.name.lower()


class Safety(Enum):
    """Whether a fix may be applied without a person reading it."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    MANUAL = "manual"


class Evidence(Record):
    """Another place that the verdict rests on, and what it contributes."""

    span: Span
    note: str


class Edit(Record):
    """Put `replacement` in the place of a range."""

    span: Span
    replacement: str


class Guard(Record):
    """Put the statement of a Python module that is this range under `if __name__ == "__main__":`."""

    span: Span


class WithoutArgument(Record):
    """Take a keyword argument out of the call in a Python file that is this range."""

    span: Span
    name: str


Change = Edit | Guard | WithoutArgument
"""What a rule may ask for. Whatever is more than a replaced range is worked out when somebody applies it or looks."""


class Fix(Record):
    """What to change, in words and as changes; they hold together or not at all."""

    title: str
    edits: tuple[Change, ...] = ()
    safety: Safety = Safety.UNSAFE


class Advice(Record):
    """What to do, in words, and as a fix where it is certain how to write it."""

    help: str
    fix: Fix | None = None


class Finding(Record):
    """One thing that is not ready for production.

    A rule gives the place, the message, the chain of evidence in causal order, what to do about
    it, and perhaps a fix. The engine fills in the name of the rule and its severity where the
    rule did not set one of its own.
    """

    span: Span
    message: str
    evidence: tuple[Evidence, ...] = ()
    help: str = ""
    fix: Fix | None = None
    severity: Severity | None = None
    rule: str = ""

    @property
    def path(self) -> str:
        return self.span.path


Findings = Iterator[Finding]
