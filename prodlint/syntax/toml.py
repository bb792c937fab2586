"""TOML: tomli says what is valid and what the values are, a scanner says where they are written.

The scanner runs at the first question about a place, so that lock files are read for their data
alone. It may be lenient: it only sees what tomli accepted.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from prodlint.record import LazyEntity
from prodlint.regex import regex
from prodlint.source import Source, Span, SyntaxProblem, Text

__all__ = ["Toml", "parse_toml"]

MAX_LENGTH = 10_000_000
MAX_DEPTH = 100


class Toml(LazyEntity):
    """A TOML document. A path is made of keys, and of indexes into arrays and arrays of tables."""

    source: Source
    data: dict[str, Any]

    def get(self, *path: str | int) -> Any:
        """The value at a path, None when there is none."""
        value: Any = self.data
        for step in path:
            if isinstance(value, dict) and isinstance(step, str):
                value = value.get(step)
            elif isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
                value = value[step]
            else:
                return None
        return value

    def span(self, *path: str | int) -> Span | None:
        """Where the value at a path is written.

        A table with a header goes from the header to the last of its own entries; a table that only
        the headers of its subtables imply lies at the first of these headers.
        """
        place = self._place(path)
        return Span(self.source, place.start, place.end) if place else None

    def key_span(self, *path: str | int) -> Span | None:
        """Where the last key of a path is written, its quotes included; None for an item of an inline array."""
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
        if self.get(*path) is None:
            return None
        place: _Place | None = self._places
        for step in path:
            place = place.children.get(step) if place else None
        return place

    @cached_property
    def _places(self) -> _Place:
        return _Scanner(self.source).scan()

    def __repr__(self) -> str:
        return f"Toml({self.source.path!r})"


def parse_toml(source: Source) -> Toml:
    """The document in a source. Raises SyntaxProblem at the first fault."""
    import tomli

    if len(source.text) > MAX_LENGTH:
        raise SyntaxProblem(f"the file is larger than {MAX_LENGTH:,} characters", Span(source, 0, 0))
    _refuse_long_keys(source)
    try:
        data = tomli.loads(source.text)
    except tomli.TOMLDecodeError as error:
        raise _explained(error, source) from None
    except RecursionError:
        raise SyntaxProblem(_TOO_DEEP, Span(source, 0, 0)) from None
    except ValueError as error:
        # An integer with thousands of digits, say.
        raise SyntaxProblem(str(error).partition(";")[0], Span(source, 0, 0)) from None
    _refuse_depth(data, source)
    return Toml(source, data)


_TOO_DEEP = f"the values are nested more than {MAX_DEPTH} levels deep"
_LONG_LINE = regex(rf"^[^\n]{{{2 * MAX_DEPTH},}}", re.MULTILINE)
_DOTTED = regex(r"""(?<![\w-])(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*)+""")


def _refuse_long_keys(source: Source) -> None:
    """Some versions of tomli take a minute for a key of 60,000 parts."""
    for line in _LONG_LINE.finditer(source.text):
        if line.group().count(".") > MAX_DEPTH:
            for key in _DOTTED.finditer(source.text, *line.span()):
                if key.group().count(".") > MAX_DEPTH:
                    raise SyntaxProblem(f"a key of more than {MAX_DEPTH} parts", Span(source, *key.span()))


def _refuse_depth(data: dict[str, Any], source: Source) -> None:
    level: list[Any] = [data]
    for _ in range(MAX_DEPTH + 1):
        level = [
            item
            for value in level
            for item in (value.values() if isinstance(value, dict) else value)
            if isinstance(item, (dict, list))
        ]
        if not level:
            return
    raise SyntaxProblem(_TOO_DEEP, Span(source, 0, 0))


_COORDINATES = regex(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_TWICE = regex(r"Cannot (?:declare|mutate immutable namespace) \((.*?),?\)")
_EXPLANATIONS = {
    "Cannot overwrite a value": "a key that is written twice",
    "Invalid value": "a value that TOML does not know: strings need quotes",
    "Invalid statement": "neither a `key = value` nor a `[table]`",
    "Expected '=' after a key in a key/value pair": "a `=` is missing behind the key",
    "Expected newline or end of document after a statement": "text behind the end of the value",
    "Unescaped '\\' in a string": "an unknown escape: double the backslash, or use single quotes",
    'Expected "\'"': "a string that is not closed",
    "Unterminated string": "a string that is not closed",
    "Illegal character '\\n'": "a string that is not closed on its line",
}


def _explained(error: ValueError, source: Source) -> SyntaxProblem:
    written = str(error)
    coordinates = _COORDINATES.search(written)
    message = written[: coordinates.start()] if coordinates else written
    at = len(source.text)
    if coordinates and coordinates[1]:
        # By line and column: tomli counts offsets in a text without carriage returns.
        at = source.offset(int(coordinates[1]), int(coordinates[2]))
    if message.startswith("Unescaped") and source.text.startswith("\\", at - 2):
        at -= 2
    span = Span(source, at, at + (source.text[at : at + 1].strip() != ""))
    twice = _TWICE.match(message)
    if twice:
        name = ".".join(part.strip(" '\"") for part in twice[1].split(","))
        return SyntaxProblem(f"the table `{name}` is written twice", source.line_span(span.line))
    if message == "Cannot overwrite a value":
        span = source.line_span(span.line)
    return SyntaxProblem(_EXPLANATIONS.get(message, message), span)


class _Place:
    """Where a value and its key are written."""

    __slots__ = ("children", "declared", "end", "key", "start")

    def __init__(self, start: int, end: int, key: tuple[int, int] | None = None, declared: bool = True) -> None:
        self.start = start
        self.end = end
        self.key = key
        # False for a table that has only been implied yet, by the header of a table in it.
        self.declared = declared
        self.children: dict[str | int, _Place] = {}


_GAP = regex(r"(?:[ \t\r\n]+|#[^\n]*)*")
_BLANK = regex(r"[ \t]*")
_BARE_KEY = regex(r"[\w-]+")
_STRING = regex(
    r'"""[^\\"]*(?:(?:\\[\s\S]|"{1,2}(?!"))[^\\"]*)*"{3,5}'
    r"|'''[^']*(?:'{1,2}(?!')[^']*)*'{3,5}"
    r'|"[^\\"\n]*(?:\\.[^\\"\n]*)*"'
    r"|'[^'\n]*'"
)
_BARE_VALUE = regex(r"\d{4}-\d\d-\d\d[ Tt]\d\d:[^\s,\]}#]+|[^\s,\]}#]+")

# A part of a dotted key and its place.
_KeyPart = tuple[str, int, int]


class _Scanner:
    """Finds the place of each value in a document that tomli accepted."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.at = 0

    def scan(self) -> _Place:
        root = _Place(0, len(self.text))
        open_places: tuple[_Place, ...] = ()
        self.skip(_GAP)
        while self.at < len(self.text):
            start = self.at
            if self.text.startswith("[", start):
                open_places = self.header(root)
            else:
                self.pair(open_places[0] if open_places else root)
                for place in open_places:
                    place.end = self.at
            self.skip(_GAP)
            if self.at == start:
                break
        return root

    def header(self, root: _Place) -> tuple[_Place, ...]:
        """A table's header; the places that the entries below it extend, the table first."""
        start = self.at
        is_array = self.text.startswith("[[", start)
        self.at += 1 + is_array
        parts = self.key()
        self.at += 1 + is_array
        table = root
        for name, *key in parts[:-1]:
            table = table.children.setdefault(name, _Place(start, self.at, (key[0], key[1]), declared=False))
            if 0 in table.children:
                # An array of tables: headers speak of its last one.
                table = table.children[len(table.children) - 1]
        name, *key = parts[-1]
        here = (key[0], key[1])
        if is_array:
            array = table.children.setdefault(name, _Place(start, self.at, here))
            array.end = self.at
            element = _Place(start, self.at, here)
            array.children[len(array.children)] = element
            return element, array
        declared = table.children.setdefault(name, _Place(start, self.at, here))
        if not declared.declared:
            declared.start, declared.end, declared.key, declared.declared = start, self.at, here, True
        return (declared,)

    def pair(self, table: _Place) -> None:
        start = self.at
        parts = self.key()
        self.at += 1
        self.skip(_BLANK)
        value = self.value()
        for name, *key in parts[:-1]:
            table = table.children.setdefault(name, _Place(start, value.end, (key[0], key[1])))
            table.end = value.end
        name, *key = parts[-1]
        value.key = (key[0], key[1])
        table.children[name] = value

    def key(self) -> list[_KeyPart]:
        """A dotted key, and the blanks around it."""
        parts: list[_KeyPart] = []
        while True:
            self.skip(_BLANK)
            start = self.at
            quoted = _STRING.match(self.text, start)
            if quoted is not None:
                self.at = quoted.end()
                parts.append((_string(Span(self.source, start, self.at)).value, start, self.at))
            else:
                self.skip(_BARE_KEY)
                parts.append((self.text[start : self.at], start, self.at))
            self.skip(_BLANK)
            if not self.text.startswith(".", self.at):
                return parts
            self.at += 1

    def value(self) -> _Place:
        start = self.at
        place = _Place(start, start)
        opener = self.text[start : start + 1]
        if opener in ("[", "{"):
            self.collection(place, opener)
        else:
            written = _STRING.match(self.text, start) or _BARE_VALUE.match(self.text, start)
            self.at = written.end() if written else start + 1
        place.end = self.at
        return place

    def collection(self, place: _Place, opener: str) -> None:
        """An inline array or table; its nesting was bounded before."""
        self.at += 1
        self.skip(_GAP)
        while self.at < len(self.text) and self.text[self.at] not in "]}":
            if opener == "[":
                place.children[len(place.children)] = self.value()
            else:
                self.pair(place)
            self.skip(_GAP)
            if self.text.startswith(",", self.at):
                self.at += 1
                self.skip(_GAP)
        self.at += 1

    def skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()


_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b", '"': '"', "\\": "\\"}
_PIECE = regex(
    r"(?P<joined>\\[ \t]*\r?\n[ \t\r\n]*)"
    r"|\\x(?P<x>[0-9A-Fa-f]{2})|\\u(?P<u>[0-9A-Fa-f]{4})|\\U(?P<U>000[0-9A-Fa-f]{5}|0010[0-9A-Fa-f]{4})"
    r"|\\(?P<escape>[\s\S])|(?P<line>\r\n)|(?P<plain>[^\\\r]+|[\s\S])"
)
_LITERAL_PIECE = regex(r"(?P<line>\r\n)|(?P<plain>[^\r]+|\r)")


def _string(span: Span) -> Text:
    """A string as written, without its quotes and with its escapes decoded."""
    written = span.text
    quote = written[:3] if written[:3] in ('"""', "'''") else written[:1]
    start, end = span.start + len(quote), span.end - len(quote)
    text = span.source.text
    if len(quote) == 3:
        start += 2 * text.startswith("\r\n", start) or text.startswith("\n", start)
    inner = Span(span.source, start, max(start, end))
    is_basic = quote.startswith('"')
    if "\r" not in inner.text and not (is_basic and "\\" in inner.text):
        return Text.verbatim(inner)
    values: list[str] = []
    offsets: list[int] = []
    for piece in (_PIECE if is_basic else _LITERAL_PIECE).finditer(text, inner.start, inner.end):
        kind = piece.lastgroup or "plain"
        if kind == "plain":
            values.append(piece[kind])
            offsets.extend(range(piece.start(), piece.end()))
            continue
        if kind == "joined":
            continue
        if kind == "line":
            values.append("\n")
        elif kind == "escape":
            values.append(_ESCAPES.get(piece[kind], piece[kind]))
        else:
            values.append(chr(int(piece[kind], 16)))
        offsets.append(piece.start())
    return Text("".join(values), span.source, (*offsets, inner.end))
