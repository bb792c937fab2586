"""Lines that go on behind a backslash, as make and just join them."""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.source import Source, Text

__all__ = ["logical_lines"]


def logical_lines(source: Source) -> Iterator[Text]:
    """The lines of a file, those that end in a backslash with what follows; the backslashes stay."""
    content = source.content
    text = source.text
    at = 0
    while at < len(text):
        start = at
        end = text.find("\n", at)
        while end > 0 and text[end - 1] == "\\":
            end = text.find("\n", end + 1)
        at = len(text) if end < 0 else end + 1
        yield content.slice(start, len(text) if end < 0 else end)
