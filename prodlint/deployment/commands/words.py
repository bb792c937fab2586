"""How the words of a command stand behind one another, and how other words are written in their place.

Exec form, shell form, a list or a string of YAML, TOML or JSON: the form is read off what stands
between the words, and where that is not one and the same thing, nothing is written.
"""

from __future__ import annotations

import itertools

from prodlint.deployment.command import Step
from prodlint.finding import Edit
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Span
from prodlint.syntax.word import Expansion, Literal, Word

__all__ = ["Piece", "Words", "is_plain", "replaced_word", "separator_of", "spelled", "whole", "with_quotes"]

# These mean themselves in a shell and in a plain scalar of YAML.
_PLAIN = regex(r"[A-Za-z0-9_./:=@%+,\[\]-]+")
_BLANKS = regex(r"[ \t\r\n]+|[ \t]*\\\r?\n[ \t]*")
_COMMA = regex(r"[ \t\r\n]*,(?:[ \t\r\n]|\\\r?\n)*")
_ITEM = regex(r"[ \t]*\r?\n[ \t]*-[ \t]+")
_ESCAPE = regex(r"\\(?!\r?\n)")

# A part of a new word: text, or a part of the old command that is not written as its value (a variable, or what
# compose put in the place of one).
Piece = str | Expansion | Literal


class Words(Record):
    """The words of a new command, and the name of what it starts."""

    product: str
    words: tuple[tuple[Piece, ...], ...]

    @property
    def written(self) -> str:
        return " ".join(self.texts)

    @property
    def texts(self) -> list[str]:
        return ["".join(_source_of(one) for one in word) for word in self.words]

    @property
    def is_literal(self) -> bool:
        return not any(isinstance(one, Expansion) for word in self.words for one in word)


def _source_of(piece: Piece) -> str:
    if isinstance(piece, str):
        return piece
    return piece.span.text if isinstance(piece, Expansion) else piece.text.span.text


def is_plain(text: str) -> bool:
    """Whether a text means itself wherever a command may be written; `()` at its end is seen to by `spelled`."""
    return _PLAIN.fullmatch(text.removesuffix("()")) is not None


def spelled(step: Step, words: Words) -> str | None:
    """The words as they are written where the old ones stand; None when that place is not understood."""
    separator = separator_of(step)
    if separator is None:
        return None
    place = whole(step)
    source = place.source
    if _ESCAPE.search(place.text) or source.text[max(place.start - 1, 0) : place.start] == "\\":
        return None
    if separator == " ":
        line = source.text[source.text.rfind("\n", 0, place.start) + 1 : place.end]
        spelled = []
        for text in words.texts:
            if text.endswith("()"):
                # Single quotes hold it, wherever the line is none of their own.
                if "'" in line:
                    return None
                text = f"'{text}'"
            spelled.append(text)
        return " ".join(spelled)
    if not words.is_literal:
        return None
    quote = place.text[0] if place.text[0] in "\"'" else ""
    texts = words.texts
    if not quote and any(text[0] in "[,%@" or "," in text or "[" in text for text in texts):
        return None
    return separator.join(f"{quote}{text}{quote}" for text in texts)


def replaced_word(step: Step, word: Word, texts: tuple[str, ...]) -> Edit | None:
    """Other words in the place of one, quoted and divided as the command's words are; None where that is not clear."""
    separator = separator_of(step)
    place, raw = word.span, word.span.text
    literal = word.literal
    if separator is None or literal is None or not all(is_plain(text) for text in texts):
        return None
    outer = with_quotes(place)
    quote = raw[:1] if raw[:1] in ("'", '"') else ""
    if raw != f"{quote}{literal}{quote}":
        return None
    if not quote and outer != place:
        place, quote = outer, outer.text[0]
    if not quote and separator == " " and any(text.endswith("()") for text in texts):
        source = place.source
        if "'" in source.text[source.text.rfind("\n", 0, place.start) + 1 : place.end]:
            return None
        texts = tuple(f"'{text}'" if text.endswith("()") else text for text in texts)
    return Edit(place, separator.join(f"{quote}{text}{quote}" for text in texts))


def separator_of(step: Step) -> str | None:
    """What stands between the words of a command: a blank, a comma, the beginning of a list's item."""
    spans = [with_quotes(word.span) for word in step.argv]
    source = spans[0].source
    if len(spans) < 2 or any(span.source is not source for span in spans):
        return None
    pairs = list(itertools.pairwise(spans))
    if any(one.end > other.start or one.start == one.end for one, other in pairs):
        return None
    gaps = [source.text[one.end : other.start] for one, other in pairs]
    if set(gaps) in ({" "}, {", "}):
        return gaps[0]
    if all(_BLANKS.fullmatch(gap) for gap in gaps):
        return " "
    if all(_COMMA.fullmatch(gap) for gap in gaps):
        return gaps[0] if "\n" in gaps[0] else ", "
    return gaps[0] if all(_ITEM.fullmatch(gap) for gap in gaps) else None


def whole(step: Step) -> Span:
    """All words of a command, with their quotes; of no meaning where `separator_of` finds none."""
    first, last = (with_quotes(word.span) for word in (step.argv[0], step.argv[-1]))
    return Span(first.source, first.start, last.end)


def with_quotes(span: Span) -> Span:
    """A place with the quotes around it, which the span of a YAML scalar leaves out."""
    text = span.source.text
    before, behind = text[max(span.start - 1, 0) : span.start], text[span.end : span.end + 1]
    return Span(span.source, span.start - 1, span.end + 1) if before and before in "\"'" and before == behind else span
