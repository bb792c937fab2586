"""`.env` files, read as python-dotenv and compose agree on; where programs differ, the raw text is kept.

`docker run --env-file`, django-environ, decouple and systemd read the same line in other ways: who
asks for one of them finds what it needs in an entry's `raw`, `quote`, `separator` and `exported`.
"""

from __future__ import annotations

import re
from typing import Literal as OneOf

from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Source, Span, SyntaxProblem, Text
from prodlint.syntax.word import Expansion, Literal, Part, Word

__all__ = ["DotenvEntry", "Quote", "parse_dotenv"]

MAX_LENGTH = 5_000_000
MAX_DEPTH = 20

Quote = OneOf["", "'", '"']


class DotenvEntry(Record):
    """`NAME=value`, or a name that stands alone: its value is None.

    `value` is without quotes, escapes and comment; `$NAME` and `${NAME…}` in it are expansions unless
    it stands in single quotes. `\\$` is a literal `$`, while `$$` stays as it is. `quote` surrounds
    the whole value. `raw` is all that is written behind the separator up to the end of the line, a
    comment included; for a quoted value of several lines, up to the end of its last line.
    `separator` is `=` or `:`, empty behind a name that stands alone. `span` goes from the name (or
    `export`) to the end of the value.
    """

    name: str
    value: Word | None
    span: Span
    name_span: Span
    raw: Text
    quote: Quote = ""
    separator: str = "="
    exported: bool = False


def parse_dotenv(source: Source) -> tuple[DotenvEntry, ...]:
    """The entries of a `.env` file in their order; lines that are none are passed over.

    A quote that is never closed, or that does not end the value, is a part of the value. Raises
    SyntaxProblem only for a file that is too large.
    """
    if len(source.text) > MAX_LENGTH:
        raise SyntaxProblem(f"the file is larger than {MAX_LENGTH:,} characters", Span(source, 0, 0))
    entries: list[DotenvEntry] = []
    at = 0
    while at < len(source.text):
        start = _SPACE.match(source.text, at)
        at = start.end() if start else at
        name = _NAME.match(source.text, at)
        if name is None:
            at = _line_end(source, at) + 1
            continue
        entry, at = _entry(source, name)
        if entry is not None:
            entries.append(entry)
        at += 1
    return tuple(entries)


_SPACE = regex(r"\s*")
_NAME = regex(r"(?P<export>export[^\S\n]+(?=[\w.\[]))?(?P<name>[\w.\-\[\]]+)[^\S\n]*(?P<separator>[=:]?)[^\S\n]*")
_NOTHING_MORE = regex(r"[^\S\n]*(?:#[^\n]*)?(?=\n|\Z)")
_QUOTED = regex(r"'[^'\\]*(?:\\[\s\S][^'\\]*)*'|\"[^\"\\]*(?:\\[\s\S][^\"\\]*)*\"")
_COMMENT = regex(r"(?<!\s)\s+#")


def _line_end(source: Source, at: int) -> int:
    end = source.text.find("\n", at)
    return len(source.text) if end < 0 else end


def _entry(source: Source, name: re.Match[str]) -> tuple[DotenvEntry | None, int]:
    """The entry that a name begins, and where its last line ends."""
    text = source.text
    separator = name["separator"]
    start, end = name.end(), _line_end(source, name.end())
    quote: Quote = ""
    value: Word | None = None
    value_end = name.end("name")
    if not separator:
        if not _NOTHING_MORE.match(text, start):
            return None, end
    else:
        quoted = _QUOTED.match(text, start)
        rest = _NOTHING_MORE.match(text, quoted.end()) if quoted else None
        if quoted and rest:
            quote = "'" if text[start] == "'" else '"'
            value_end, end = quoted.end(), rest.end()
        else:
            value_end = _unquoted_end(text, start, end, after_space=start > name.end("separator"))
        value = _word(Span(source, start, value_end), quote)
    raw_end = end - (text[end - 1 : end] == "\r" and end > value_end)
    raw_start = name.end("separator") if separator else value_end
    entry = DotenvEntry(
        name=name["name"],
        value=value,
        span=Span(source, name.start(), value_end),
        name_span=Span(source, *name.span("name")),
        raw=Text.verbatim(Span(source, raw_start, raw_end if separator else raw_start)),
        quote=quote,
        separator=separator,
        exported=name["export"] is not None,
    )
    return entry, end


def _unquoted_end(text: str, start: int, end: int, *, after_space: bool) -> int:
    """Where an unquoted value ends: before a comment that follows white space."""
    if after_space and text.startswith("#", start):
        return start
    comment = _COMMENT.search(text, start, end)
    return start + len(text[start : comment.start() if comment else end].rstrip())


def _word(span: Span, quote: Quote) -> Word:
    start, end = span.start + len(quote), span.end - len(quote)
    return Word(_Parts(span.source, quote).between(start, end), span)


_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_SPECIAL: dict[Quote, re.Pattern[str]] = {
    "": regex(r"\\(?P<escape>\$)|\$\{(?P<braced>)|\$(?P<name>[A-Za-z_][A-Za-z0-9_]*)"),
    '"': regex(r"\\(?P<escape>[\\'\"abfnrtv$])|\$\{(?P<braced>)|\$(?P<name>[A-Za-z_][A-Za-z0-9_]*)"),
    "'": regex(r"\\(?P<escape>[\\'])"),
}
_BRACE = regex(r"\\[\s\S]|(?P<open>\$\{)|(?P<close>\})")
_BRACED_NAME = regex(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = regex(r":?[-=?+]")


class _Parts:
    """Takes the value of one entry apart."""

    def __init__(self, source: Source, quote: Quote) -> None:
        self.source = source
        self.text = source.text
        self.quote = quote
        # Where the brace is closed that a place opens.
        self.closing: dict[int, int] = {}

    def between(self, start: int, end: int) -> tuple[Part, ...]:
        if self.quote != "'":
            opened: list[int] = []
            for brace in _BRACE.finditer(self.text, start, end):
                if brace["open"]:
                    opened.append(brace.start())
                elif brace["close"] and opened:
                    self.closing[opened.pop()] = brace.start()
        return self.parts(start, end, 0)

    def parts(self, start: int, end: int, depth: int) -> tuple[Part, ...]:
        found: list[Part] = []
        literals: list[Text] = []

        def add_literals() -> None:
            if literals:
                found.append(Literal(Text.join(literals), quoted=bool(self.quote)))
                literals.clear()

        at = start
        while at < end:
            special = _SPECIAL[self.quote].search(self.text, at, end)
            stop = special.start() if special else end
            if stop > at:
                literals.append(Text.verbatim(Span(self.source, at, stop)))
            if special is None:
                break
            at = special.end()
            here = Span(self.source, stop, at)
            if special["escape"]:
                value = _ESCAPED.get(special["escape"], special["escape"]) if self.quote == '"' else special["escape"]
                literals.append(Text.at(value, here))
                continue
            expansion = (
                self.braced(stop, depth)
                if special["braced"] is not None
                else Expansion(special["name"], here, quoted=bool(self.quote))
            )
            if expansion is None:
                literals.append(Text.verbatim(here))
            else:
                add_literals()
                found.append(expansion)
                at = expansion.span.end
        add_literals()
        return tuple(found)

    def braced(self, start: int, depth: int) -> Expansion | None:
        """The expansion that `${` begins at a place; None when it is not one."""
        end = self.closing.get(start)
        name = _BRACED_NAME.match(self.text, start + 2, end) if end is not None else None
        if end is None or name is None:
            return None
        span = Span(self.source, start, end + 1)
        quoted = bool(self.quote)
        if name.end() == end:
            return Expansion(name.group(), span, quoted=quoted)
        operator = _OPERATOR.match(self.text, name.end(), end)
        if operator is None or depth == MAX_DEPTH:
            return Expansion(name.group(), span, "other", quoted=quoted)
        operand = Span(self.source, operator.end(), end)
        parts = self.parts(operand.start, operand.end, depth + 1)
        return Expansion(name.group(), span, operator.group(), Word(parts, operand), quoted)
