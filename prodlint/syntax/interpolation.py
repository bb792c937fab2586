"""`$NAME` and `${NAME:-default}` in the text of a compose file, which compose itself replaces before anything runs.

Grammar: compose-go's `template` package, which reads values of compose files and of `env_file` alike.
"""

from __future__ import annotations

from prodlint.regex import regex
from prodlint.source import Text
from prodlint.syntax.word import Expansion, Literal, Part, Substitution, Word

__all__ = ["interpolated"]

MAX_DEPTH = 20
MAX_LENGTH = 20_000

_DOLLAR = regex(r"\$(?:(?P<escaped>\$)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<brace>\{))")
_BRACED = regex(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<operator>:?[-+?])?")


def interpolated(text: Text, quoted: bool) -> Word:
    """A text as a word: its variables come from the shell that runs compose, and `$$` is a dollar sign.

    What compose refuses (`${`, `${1}`) is a part that nobody can know.
    """
    if "$" not in text.value:
        return Word((Literal(text, quoted),), text.span)
    if len(text.value) > MAX_LENGTH:
        return Word((Substitution(text.span, quoted),), text.span)
    return Word(_Template(text, quoted).parts(0, len(text.value), 0), text.span)


class _Template:
    """One text that is taken apart."""

    def __init__(self, text: Text, quoted: bool) -> None:
        self.text = text
        self.quoted = quoted
        self.closing = _closing_braces(text.value)

    def parts(self, start: int, end: int, depth: int) -> tuple[Part, ...]:
        found: list[Part] = []
        at = start
        for dollar in _DOLLAR.finditer(self.text.value, start, end):
            if dollar.start() < at:
                continue
            if dollar.start() > at:
                found.append(self._literal(at, dollar.start()))
            at = dollar.end()
            if dollar["escaped"]:
                found.append(self._literal(dollar.start(), dollar.start() + 1))
            elif dollar["name"]:
                found.append(Expansion(dollar["name"], self.text.span_of(*dollar.span()), quoted=True))
            else:
                part, at = self._braced(dollar.start(), end, depth)
                found.append(part)
        if at < end or not found:
            found.append(self._literal(at, end))
        return tuple(found)

    def _literal(self, start: int, end: int) -> Literal:
        return Literal(self.text.slice(start, end), self.quoted)

    def _braced(self, start: int, end: int, depth: int) -> tuple[Part, int]:
        """The part that `${` begins, and where it ends."""
        opening = _BRACED.match(self.text.value, start, end)
        close = self.closing.get(start + 1, end)
        if close >= end:
            close = self.text.value.rfind("}", start, end)
        if opening is None or close < opening.end() or "\n" in self.text.value[start:close] or depth == MAX_DEPTH:
            return Substitution(self.text.span_of(start, end), True), end
        span = self.text.span_of(start, close + 1)
        operator = opening["operator"] or ""
        if not operator and opening.end() != close:
            return Substitution(span, True), close + 1
        operand = None
        if operator:
            inner = self.parts(opening.end(), close, depth + 1)
            operand = Word(inner, self.text.span_of(opening.end(), close))
        return Expansion(opening["name"], span, operator, operand, True), close + 1


def _closing_braces(value: str) -> dict[int, int]:
    """By the place of each `{`, the place of the `}` that closes it."""
    found: dict[int, int] = {}
    opened: list[int] = []
    for at, character in enumerate(value):
        if character == "{":
            opened.append(at)
        elif character == "}" and opened:
            found[opened.pop()] = at
    return found
