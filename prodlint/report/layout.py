"""How much room text takes on a terminal, and how it is broken into lines."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from prodlint.regex import regex

__all__ = ["width_of", "wrap"]

# What is quoted with backquotes is a command or a setting: it stays in one piece, to be copied.
WORD = regex(r"[^\s`]*`[^`]*`[^\s`]*|\S+")


def width_of(text: str) -> int:
    """The columns that a text without control characters takes."""
    if text.isascii():
        return len(text)
    return sum(_width(character) for character in text)


def _width(character: str) -> int:
    if unicodedata.east_asian_width(character) in ("W", "F"):
        return 2
    return 0 if unicodedata.category(character) in ("Mn", "Me") else 1


def wrap(text: str, room: int) -> Iterator[str]:
    """A paragraph in lines of at most `room` columns; a longer word keeps a line for itself."""
    line = ""
    for match in WORD.finditer(text):
        word = match.group()
        if line and width_of(line) + 1 + width_of(word) > room:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield line
