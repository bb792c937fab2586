"""What a report is shown on: how wide it is, and whether and how it takes colours."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from prodlint.finding import Severity
from prodlint.record import Record

__all__ = ["ColourChoice", "Ink", "Terminal", "wants_colour"]


class ColourChoice(Enum):
    """What `--color` may say."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def wants_colour(choice: ColourChoice, environ: Mapping[str, str], isatty: bool) -> bool:
    """Whether to write colours to a stream.

    An explicit choice wins. Then, in this order: NO_COLOR (any value but an empty one) and
    FORCE_COLOR=0 say no; FORCE_COLOR and CLICOLOR_FORCE (but 0) say yes; GitHub Actions shows
    colours though its log is no terminal; a dumb terminal shows none. For a report that goes to
    a file, ask with the choice NEVER instead of AUTO.
    """
    if choice is not ColourChoice.AUTO:
        return choice is ColourChoice.ALWAYS
    if environ.get("NO_COLOR") or environ.get("FORCE_COLOR") == "0":
        return False
    if environ.get("FORCE_COLOR") or environ.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    if environ.get("GITHUB_ACTIONS") == "true":
        return True
    return isatty and environ.get("TERM") != "dumb"


class Ink(Enum):
    """What a piece of text is, as the parameters of an ANSI escape sequence."""

    ERROR = "1;31"
    WARNING = "1;33"
    INFO = "1;36"
    GUTTER = "1;34"
    STRONG = "1"

    @classmethod
    def of(cls, severity: Severity) -> Ink:
        return cls[severity.name]


class Terminal(Record):
    """`width` is in columns; None where it is not known, as for a pipe."""

    colour: bool = False
    width: int | None = None

    @property
    def columns(self) -> int:
        """The width to lay out for: 120 where it is not known, and never too few to read."""
        return 120 if self.width is None else max(self.width, 40)

    def paint(self, text: str, ink: Ink) -> str:
        """The text in its colour, or as it is where colours are off."""
        return f"\x1b[{ink.value}m{text}\x1b[0m" if self.colour and text else text
