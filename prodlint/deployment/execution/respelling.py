"""Texts that one shell makes for another to read: what is not known stands in them as an expansion."""

from __future__ import annotations

from prodlint.deployment.condition import Lookup, asked, word_value
from prodlint.deployment.value import EnvDriven, Value
from prodlint.regex import regex
from prodlint.source import Span, Text
from prodlint.syntax.word import Expansion, Substitution, Word

__all__ = ["COMPUTED", "Quotes", "part_value", "placed", "respelled", "unquoted"]

COMPUTED = "${_/_/}"
"""A value that is computed, as any shell would read it."""

_PIECE = regex(r"\\.|['\"#\n]")
_PLAIN = regex(r"[\w./:@%+,=~-]*")


def part_value(part: Expansion | Substitution, lookup: Lookup) -> Value[str]:
    """What a part of a text holds: the variable itself where that alone is told by name."""
    if isinstance(part, Expansion) and part.operator in ("", ":?", "?") and not part.reason:
        held = asked(part, lookup)
        if isinstance(held, EnvDriven):
            return held
    return word_value(Word((part,), part.span), lookup)


def respelled(value: Value[str]) -> str:
    """What is not known, as an expansion that comes to the same wherever it is read."""
    if not isinstance(value, EnvDriven) or not value.is_variable or not value.name.isidentifier():
        return COMPUTED
    if value.default is None:
        return f"${{{value.name}}}"
    return f"${{{value.name}:-{value.default}}}" if _PLAIN.fullmatch(value.default) else COMPUTED


def placed(value: str, span: Span) -> Text:
    """What stands for a range as a whole, so that a word which ends with it ends where the range does."""
    if len(value) < 2 or value == span.text:
        return Text.at(value, span)
    last = max(span.start, span.end - 1)
    return Text(value, span.source, (*(span.start,) * (len(value) - 1), last, span.end))


def unquoted(told: str, span: Span) -> Text:
    """An expansion in the middle of a text in single quotes, in which nothing is expanded."""
    before, after = Span(span.source, span.start, span.start), Span(span.source, span.end, span.end)
    return Text.join((Text.at("'\"", before), placed(told, span), Text.at("\"'", after)))


class Quotes:
    """In which quotes a script stands so far: in single ones nothing is expanded once more."""

    def __init__(self) -> None:
        self.mark = ""

    @property
    def single(self) -> bool:
        return self.mark == "'"

    def read(self, text: str) -> None:
        """Goes over the next stretch of the script."""
        for found in _PIECE.finditer(text):
            sign = found[0]
            if self.mark == "'":
                # `'\'` ends: nothing escapes in single quotes.
                self.mark = "" if sign.endswith("'") else self.mark
            elif self.mark == "#":
                self.mark = "" if sign.endswith("\n") else self.mark
            elif sign in ("'", '"') and self.mark in ("", sign):
                self.mark = "" if self.mark else sign
            elif sign == "#" and not self.mark and text[: found.start()][-1:] in ("", " ", "\t", "\n", ";"):
                self.mark = "#"
