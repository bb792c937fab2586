"""JSON with the place of each value and key: deployment files of several platforms are written in it.

The standard library decides what is valid and what the values are. A scanner of our own says where
they are written, at the first question about a place.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from prodlint.record import LazyEntity
from prodlint.regex import regex
from prodlint.source import Source, Span, SyntaxProblem, Text

__all__ = ["Json", "parse_json"]

MAX_LENGTH = 10_000_000
MAX_DEPTH = 200


class Json(LazyEntity):
    """A JSON document. A path is made of keys and of indexes; of repeated keys the last counts."""

    source: Source
    data: Any

    def get(self, *path: str | int) -> Any:
        """The value at a path, None when there is none."""
        value = self.data
        for step in path:
            if isinstance(value, dict) and isinstance(step, str):
                value = value.get(step)
            elif isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
                value = value[step]
            else:
                return None
        return value

    def span(self, *path: str | int) -> Span | None:
        """Where the value at a path is written, quotes and brackets included."""
        place = self._place(path)
        return Span(self.source, place.start, place.end) if place else None

    def key_span(self, *path: str | int) -> Span | None:
        """Where the last key of a path is written, with its quotes; None for an item of an array."""
        place = self._place(path)
        return Span(self.source, *place.key) if place and place.key else None

    def text(self, *path: str | int) -> Text | None:
        """A string value with the place of each of its characters."""
        value, span = self.get(*path), self.span(*path)
        if not isinstance(value, str) or span is None:
            return None
        text = _string(span)
        return text if text.value == value else Text.at(value, span)

    def _place(self, path: tuple[str | int, ...]) -> _Place | None:
        place: _Place | None = self._places
        for step in path:
            place = place.children.get(step) if place else None
        return place

    @cached_property
    def _places(self) -> _Place:
        return _scan(self.source)

    def __repr__(self) -> str:
        return f"Json({self.source.path!r})"


def parse_json(source: Source) -> Json:
    """The document in a source; a byte-order mark is passed over. Raises SyntaxProblem at the first fault."""
    if len(source.text) > MAX_LENGTH:
        raise SyntaxProblem(f"the file is larger than {MAX_LENGTH:,} characters", Span(source, 0, 0))
    body = source.text.lstrip("\ufeff")
    skipped = len(source.text) - len(body)
    try:
        data = json.loads(body)
    except json.JSONDecodeError as error:
        raise _explained(error.msg, source, error.pos + skipped) from None
    except RecursionError:
        raise SyntaxProblem(_TOO_DEEP, Span(source, 0, 0)) from None
    except ValueError as error:
        # An integer with thousands of digits, say.
        raise SyntaxProblem(str(error).partition(";")[0], Span(source, 0, 0)) from None
    _refuse_depth(data, source)
    return Json(source, data)


_TOO_DEEP = f"the values are nested more than {MAX_DEPTH} levels deep"
_EXPLANATIONS = {
    "Expecting value": "a value is missing, or is none that JSON knows",
    "Expecting property name enclosed in double quotes": "a key in double quotes is missing",
    "Expecting ',' delimiter": "a comma is missing, or a bracket or quote is misplaced",
    "Expecting ':' delimiter": "a `:` is missing behind the key",
    "Extra data": "text behind the end of the document",
    "Unterminated string starting at": "a string that is not closed",
    "Invalid control character at": "a string that is not closed on its line",
    "Invalid \\escape": "an unknown escape: double the backslash",
}
_CLOSING_COMMA = regex(r",\s*[}\]]")


def _refuse_depth(data: Any, source: Source) -> None:
    level = [data] if isinstance(data, (dict, list)) else []
    for _ in range(MAX_DEPTH):
        level = [
            item
            for value in level
            for item in (value.values() if isinstance(value, dict) else value)
            if isinstance(item, (dict, list))
        ]
        if not level:
            return
    raise SyntaxProblem(_TOO_DEEP, Span(source, 0, 0))


def _explained(message: str, source: Source, at: int) -> SyntaxProblem:
    text = source.text
    here = Span(source, at, at + (text[at : at + 1].strip() != ""))
    if not text.strip("\ufeff \t\r\n"):
        return SyntaxProblem("the file is empty", here)
    if here.text in ("}", "]"):
        # Python places the fault at the bracket, newer versions at the comma before it.
        at = len(text[:at].rstrip()) - 1
    if _CLOSING_COMMA.match(text, at):
        return SyntaxProblem("a comma behind the last entry: JSON takes none", Span(source, at, at + 1))
    if text.startswith(("//", "/*", "#"), here.start):
        return SyntaxProblem("a comment: JSON has none", here)
    if here.text == "'":
        return SyntaxProblem("a string in single quotes: JSON takes double quotes", here)
    return SyntaxProblem(_EXPLANATIONS.get(message.rstrip(": "), message), here)


class _Place:
    """Where a value and its key are written."""

    __slots__ = ("children", "end", "is_array", "key", "start")

    def __init__(self, start: int, end: int, key: tuple[int, int] | None = None, is_array: bool = False) -> None:
        self.start = start
        self.end = end
        self.key = key
        self.is_array = is_array
        self.children: dict[str | int, _Place] = {}


_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_TOKEN = regex(rf'[{{}}\[\]]|(?P<string>{_STRING})(?P<colon>[ \t\r\n]*:)?|[^\s"{{}}\[\],:]+')


def _scan(source: Source) -> _Place:
    """The place of each value in a document that the standard library accepted."""
    root: _Place | None = None
    open_places: list[_Place] = []
    key: tuple[int, int] | None = None
    for token in _TOKEN.finditer(source.text, len(source.text) - len(source.text.lstrip("\ufeff"))):
        written = token.group()
        if written in ("}", "]"):
            open_places.pop().end = token.end()
            continue
        if token["colon"]:
            key = token.span("string")
            continue
        place = _Place(*token.span(), key, is_array=written == "[")
        if root is None:
            root = place
        else:
            parent = open_places[-1]
            if parent.is_array or key is None:
                name: str | int = len(parent.children)
            else:
                name = _string(Span(source, *key)).value
            parent.children[name] = place
        key = None
        if written in ("{", "["):
            open_places.append(place)
    return root or _Place(0, len(source.text))


_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}
_PIECE = regex(
    r"\\u(?P<pair>[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2})"
    r"|\\u(?P<code>[0-9A-Fa-f]{4})|\\(?P<escape>[\s\S])|(?P<plain>[^\\]+|\\)"
)


def _string(span: Span) -> Text:
    """A string as written, without its quotes and with its escapes decoded."""
    inner = Span(span.source, span.start + 1, max(span.start + 1, span.end - 1))
    if "\\" not in inner.text:
        return Text.verbatim(inner)
    values: list[str] = []
    offsets: list[int] = []
    for piece in _PIECE.finditer(span.source.text, inner.start, inner.end):
        if piece["plain"]:
            values.append(piece["plain"])
            offsets.extend(range(piece.start(), piece.end()))
            continue
        if piece["pair"]:
            high, low = piece["pair"][:4], piece["pair"][6:]
            values.append(chr(0x10000 + ((int(high, 16) - 0xD800 << 10) | int(low, 16) - 0xDC00)))
        elif piece["code"]:
            values.append(chr(int(piece["code"], 16)))
        else:
            values.append(_ESCAPES.get(piece["escape"], piece["escape"]))
        offsets.append(piece.start())
    return Text("".join(values), span.source, (*offsets, inner.end))
