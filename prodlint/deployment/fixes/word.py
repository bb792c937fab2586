"""A change of one word where it is written."""

from __future__ import annotations

from prodlint.finding import Edit
from prodlint.source import Span

__all__ = ["replaced_once"]


def replaced_once(place: Span, word: str, replacement: str) -> Edit | None:
    """A word of a place replaced; None where it does not stand there exactly once, by itself."""
    text = place.source.text[place.start : place.end]
    at = text.find(word)
    if not word or at < 0 or text.count(word) != 1:
        return None
    around = text[at - 1 : at] + text[at + len(word) : at + len(word) + 1]
    if any(one.isalnum() or one in "_-./" for one in around):
        return None
    start = place.start + at
    return Edit(Span(place.source, start, start + len(word)), replacement)
