"""Lines of the map in columns: a label, a text that wraps below itself, and the place behind it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from prodlint.regex import regex
from prodlint.report.escape import visible
from prodlint.report.terminal import Ink, Terminal
from prodlint.source import Span

__all__ = ["LABEL", "entry", "place_of", "wrapped"]

# The columns of a label; a longer one pushes its text aside.
LABEL = 12
_DIGEST = regex(r"(@sha256:[0-9a-f]{8})[0-9a-f]{56}")


def place_of(span: Span | None) -> str:
    """`app/main.py:7`; empty for what stands nowhere in the repository."""
    return f"{visible(span.path)}:{span.line}" if span is not None and span.path else ""


def entry(indent: int, label: str, text: str, terminal: Terminal, place: str = "") -> Iterator[str]:
    """A label and its text, with the place in brackets at the end; further lines stand below the text."""
    label = visible(label)
    head = f"{label:{LABEL}} "
    behind = f"  ({place})" if place else ""
    lines = wrapped(f"{head}{visible(text)}{behind}", indent, indent + LABEL + 1, terminal)
    start = " " * indent + label
    for number, line in enumerate(lines):
        if number == 0 and line.startswith(start):
            yield " " * indent + terminal.paint(label, Ink.GUTTER) + line[len(start) :]
        else:
            yield line


def wrapped(text: str, indent: int, hanging: int, terminal: Terminal) -> list[str]:
    """A text over as many lines as the width asks for; the second and the further ones stand at `hanging`."""
    lines = textwrap.wrap(
        # Nobody reads sixty-four digits.
        _DIGEST.sub(r"\1…", text),
        terminal.columns,
        initial_indent=" " * indent,
        subsequent_indent=" " * hanging,
        break_on_hyphens=False,
    )
    return lines or [""]
