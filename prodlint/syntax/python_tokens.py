"""Tokens of Python newer than the running interpreter: what its own tokenizer cannot read.

The standard `tokenize` follows the running Python, so it does not know nested quotes in f-strings
before 3.12, and not t-strings before 3.14. The scan is a loop with an explicit stack: whatever a
file contains, it takes linear time and cannot exhaust the interpreter's stack.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from prodlint.record import State, field
from prodlint.regex import regex
from prodlint.syntax.python_literals import STRING_OPENING, string_end

__all__ = ["Field", "FormattedString", "Piece", "Token", "Tokens", "scan"]

# CPython's own limit for brackets inside one another.
_DEEPEST = 200

_NEXT = regex(
    r"(?P<skipped>(?:[ \t\f]+|\\(?:\r\n?|\n)|#[^\r\n]*)+)|(?P<newline>\r\n?|\n)|(?P<string>[A-Za-z]{0,2}['\"])"
    r"|(?P<name>[^\W\d]\w*)|(?P<number>\.?\d(?:[eE][+-]|[\w.])*)"
    r"|(?P<op>->|:=|[!=<>]=|\*\*=?|//=?|>>=?|<<=?|[-+*/%&|^@]=?|[][(){}~.,;:=<>!?$`])"
)
_CONVERSION = regex(r"![ \t]*([^\W\d]\w*)")
_PREFIXES = frozenset({"", "r", "u", "b", "f", "t", "br", "rb", "fr", "rf", "tr", "rt"})
_CLOSER = {"(": ")", "[": "]", "{": "}"}


class Token(NamedTuple):
    """`name`, `number`, `op`, `string`, `newline` (the end of a logical line), or a part of a
    formatted string: `open string`, `open field`, `close field`, `close string`."""

    kind: str
    start: int
    end: int


class Piece(NamedTuple):
    """Text between the fields of a formatted string, as written."""

    start: int
    end: int


class Field(State):
    """`{expression=!conversion:spec}`; the expression ends behind its last token.

    `debug_end` is the offset up to which the field shows its own text, None without `=`.
    """

    start: int
    expression_end: int = 0
    debug_end: int | None = None
    conversion: str = ""
    spec: list[Piece | Field] | None = None
    spec_start: int = 0
    end: int = 0


class FormattedString(State):
    """One f-string or t-string literal with its pieces and fields in order."""

    start: int
    prefix: str
    quotes: str
    pieces: list[Piece | Field] = field(default_factory=list)
    end: int = 0


class Tokens(State):
    """A scanned file. `closing` leads from the index of an opening token to that of its closing one."""

    text: str
    tokens: list[Token] = field(default_factory=list)
    closing: dict[int, int] = field(default_factory=dict)
    formatted: dict[int, FormattedString] = field(default_factory=dict)

    def written(self, index: int) -> str:
        """A token as the text spells it; empty where there is no such token."""
        if not 0 <= index < len(self.tokens):
            return ""
        token = self.tokens[index]
        return self.text[token.start : token.end]

    def kind(self, index: int) -> str:
        return self.tokens[index].kind if 0 <= index < len(self.tokens) else ""


class _Frame(State):
    """Something open: a bracket, a formatted string, a field of one, or a field's format."""

    kind: str
    index: int
    string: FormattedString | None = None
    field: Field | None = None


def scan(text: str) -> Tokens | None:
    """The tokens of a text, or None where it cannot be Python of any version known."""
    return _Scanner(text).run()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found = Tokens(text)
        self.stack: list[_Frame] = []

    def run(self) -> Tokens | None:
        while self.at < len(self.text):
            top = self.stack[-1] if self.stack else None
            if len(self.stack) > _DEEPEST:
                return None
            if top is not None and top.kind in {"string", "spec"}:
                ok = self._formatted_part(top)
            else:
                ok = self._code(top)
            if not ok:
                return None
        return None if self.stack else self.found

    def _add(self, kind: str, end: int) -> int:
        self.found.tokens.append(Token(kind, self.at, end))
        self.at = end
        return len(self.found.tokens) - 1

    def _code(self, top: _Frame | None) -> bool:
        match = _NEXT.match(self.text, self.at)
        kind = match.lastgroup if match is not None else None
        if match is None or kind is None:
            return False
        if kind == "skipped" or (kind == "newline" and top is not None):
            self.at = match.end()
        elif kind == "string":
            opening = STRING_OPENING.match(self.text, self.at)
            if opening is not None and opening[1].lower() in _PREFIXES:
                return self._string(opening)
            # A name that touches a string: what it means, the parser says.
            self._add("name", match.end() - 1)
        elif kind == "op":
            is_end = top is not None and top.kind == "field" and self.text[self.at] in "!:}"
            return (is_end and top is not None and self._field_part(top)) or self._operator(match[0], top)
        else:
            self._add(kind, match.end())
        return True

    def _operator(self, written: str, top: _Frame | None) -> bool:
        index = self._add("op", self.at + len(written))
        if written in _CLOSER:
            self.stack.append(_Frame(written, index))
        elif written in {")", "]", "}"}:
            if top is None or _CLOSER.get(top.kind) != written:
                return False
            self.found.closing[self.stack.pop().index] = index
        return True

    def _string(self, opening: re.Match[str]) -> bool:
        prefix = opening[1].lower()
        if "f" not in prefix and "t" not in prefix:
            end = string_end(self.text, opening.end(), opening[2])
            if end is None:
                return False
            self._add("string", end)
            return True
        string = FormattedString(self.at, prefix, opening[2])
        index = self._add("open string", opening.end())
        self.found.formatted[index] = string
        self.stack.append(_Frame("string", index, string))
        return True

    def _field_part(self, top: _Frame) -> bool:
        """What ends a field's expression: a conversion, a format, or the end of the field."""
        current = top.field
        if current is None:
            return False
        character = self.text[self.at]
        if character == "!":
            conversion = _CONVERSION.match(self.text, self.at)
            if conversion is None or current.conversion:
                return False
            self._end_expression(current)
            current.conversion = conversion[1]
            self.at = conversion.end()
            return True
        self._end_expression(current)
        if self.found.kind(len(self.found.tokens) - 1) == "open field":
            return False
        if character == ":":
            current.spec = []
            self.at += 1
            current.spec_start = self.at
            self.stack.append(_Frame("spec", top.index, top.string, current))
            return True
        self._close_field(top, current)
        return True

    def _end_expression(self, current: Field) -> None:
        """The expression ends behind the last token before this place; a last `=` shows its text too."""
        if current.expression_end:
            return
        last = self.found.tokens[-1]
        if last.kind == "op" and self.text[last.start : last.end] == "=":
            current.debug_end = self.at
            self.found.tokens.pop()
            last = self.found.tokens[-1]
        current.expression_end = last.end

    def _close_field(self, top: _Frame, current: Field) -> None:
        self.found.closing[top.index] = self._add("close field", self.at + 1)
        current.end = self.at
        self.stack.pop()

    def _formatted_part(self, top: _Frame) -> bool:
        string = top.string
        if string is None:
            return False
        in_spec = top.field is not None
        pieces = top.field.spec if top.field is not None else string.pieces
        if pieces is None:
            return False
        run = _literal_run(string, in_spec=in_spec).match(self.text, self.at)
        if run and run.end() > self.at:
            pieces.append(Piece(self.at, run.end()))
            self.at = run.end()
        if self.text.startswith("{", self.at):
            opened = Field(self.at)
            pieces.append(opened)
            self.stack.append(_Frame("field", self._add("open field", self.at + 1), string, opened))
            return True
        if in_spec:
            if not self.text.startswith("}", self.at):
                return False
            self.stack.pop()
            outer = self.stack[-1]
            if outer.field is None:
                return False
            self._close_field(outer, outer.field)
            return True
        if not self.text.startswith(string.quotes, self.at):
            return False
        self.found.closing[top.index] = self._add("close string", self.at + len(string.quotes))
        string.end = self.at
        self.stack.pop()
        return True


_RUNS: dict[tuple[str, bool, bool], re.Pattern[str]] = {}


def _literal_run(string: FormattedString, *, in_spec: bool) -> re.Pattern[str]:
    """Matches text up to the next field or the end of the string or of the format."""
    key = (string.quotes, "r" in string.prefix, in_spec)
    pattern = _RUNS.get(key)
    if pattern is None:
        quote = string.quotes[0]
        plain = rf"[^{{}}\\{quote}" + ("]+" if len(string.quotes) == 3 else r"\r\n]+")
        parts = [plain, r"\\(?:\r\n|[^{}])", r"\\(?=[{}])"]
        if "r" not in string.prefix:
            parts.insert(1, r"\\N\{[^{}]*\}")
        if len(string.quotes) == 3:
            parts.append(rf"{quote}(?!{quote}{quote})")
        if not in_spec:
            parts.append(r"\{\{|\}\}")
        pattern = _RUNS[key] = re.compile(f"(?:{'|'.join(parts)})*")
    return pattern
