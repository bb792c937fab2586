"""nginx configuration: directives and blocks, each word at its place.

Grammar: `ngx_conf_read_token` of nginx 1.28 (src/core/ngx_conf_file.c). A file that is written by a
template engine is no configuration yet; `${NAME}` of envsubst is a word like any other.
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.record import Entity, Record, replace
from prodlint.regex import regex
from prodlint.source import Source, Span, SyntaxProblem, Text

__all__ = ["Argument", "Directive", "NginxConfig", "NginxProblem", "parse_nginx", "parse_nginx_text"]

MAX_LENGTH = 2_000_000
MAX_DEPTH = 50
MAX_DIRECTIVES = 50_000


class Argument(Record):
    """One word, without its quotes and escapes."""

    text: Text
    quoted: bool = False

    @property
    def value(self) -> str:
        return self.text.value

    @property
    def span(self) -> Span:
        return self.text.span


class Directive(Entity):
    """`name argument … ;`, or with a block of its own: None is a directive without one.

    `span` goes from the name to the `;` or the `}`. `raw` is the code of a `*_by_lua_block`.
    """

    name: str
    arguments: tuple[Argument, ...]
    span: Span
    name_span: Span
    block: tuple[Directive, ...] | None = None
    raw: str = ""

    @property
    def values(self) -> tuple[str, ...]:
        """The arguments as text."""
        return tuple(one.value for one in self.arguments)

    def all(self, *names: str) -> Iterator[Directive]:
        """The directives of these names right inside of the block."""
        return (one for one in self.block or () if one.name in names)

    def get(self, name: str) -> Directive | None:
        """The last directive of a name right inside of the block."""
        return next((one for one in reversed(self.block or ()) if one.name == name), None)

    def __repr__(self) -> str:
        return f"Directive({self.name!r} at {self.span})"


class NginxConfig(Record):
    """The directives of a file, in their order."""

    source: Source
    directives: tuple[Directive, ...]

    def walk(self) -> Iterator[Directive]:
        """Every directive, each in front of those in its block."""
        waiting = list(reversed(self.directives))
        while waiting:
            one = waiting.pop()
            yield one
            waiting.extend(reversed(one.block or ()))


class NginxProblem(SyntaxProblem):
    """nginx would not start with this file; `directives` are the whole ones in front of the fault."""

    def __init__(self, message: str, span: Span, directives: tuple[Directive, ...] = ()) -> None:
        super().__init__(message, span)
        self.directives = directives


def parse_nginx(source: Source) -> NginxConfig:
    """The configuration in a source. Raises NginxProblem at the first fault."""
    if len(source.text) > MAX_LENGTH:
        raise NginxProblem(f"the file is larger than {MAX_LENGTH:,} characters", Span(source, 0, 0))
    return NginxConfig(source, _Reader(source).read())


def parse_nginx_text(text: Text) -> tuple[Directive, ...]:
    """The directives of a configuration that stands inside of another file, those in front of a fault included."""
    try:
        directives = parse_nginx(Source(text.source.path, text.value)).directives
    except NginxProblem as problem:
        directives = problem.directives
    return tuple(_moved(one, text) for one in directives)


def _moved(directive: Directive, text: Text) -> Directive:
    """A directive of a text at its place in the file around it; blocks are at most MAX_DEPTH deep."""
    arguments = tuple(
        replace(one, text=Text(one.value, text.source, tuple(text.offsets[place] for place in one.text.offsets)))
        for one in directive.arguments
    )
    return Directive(
        directive.name,
        arguments,
        text.span_of(directive.span.start, directive.span.end),
        text.span_of(directive.name_span.start, directive.name_span.end),
        None if directive.block is None else tuple(_moved(one, text) for one in directive.block),
        directive.raw,
    )


class _Open:
    """A block whose end has not come yet."""

    __slots__ = ("children", "words")

    def __init__(self, words: list[Argument]) -> None:
        self.words = words
        self.children: list[Directive] = []


_GAP = regex(r"(?:[ \t\r\n]+|#[^\n]*)+")
_PLAIN = regex(r"[^\\$ \t\r\n;{]+")
_QUOTED = {'"': regex(r'[^\\"]+'), "'": regex(r"[^\\']+")}
_ESCAPES = {'"': '"', "'": "'", "\\": "\\", "t": "\t", "r": "\r", "n": "\n"}


class _Reader:
    """Reads one file without recursion."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.at = 0
        self.stack = [_Open([])]
        self.count = 0

    def read(self) -> tuple[Directive, ...]:
        words: list[Argument] = []
        while True:
            gap = _GAP.match(self.text, self.at)
            if gap is not None:
                self.at = gap.end()
            if self.at >= len(self.text):
                break
            character = self.text[self.at]
            if character == ";":
                if not words:
                    raise self.problem("a `;` without a directive")
                self.at += 1
                self.close(words, None)
                words = []
            elif character == "{":
                if not words:
                    raise self.problem("a `{` without a directive")
                self.at += 1
                words = self.open(words)
            elif character == "}":
                if words:
                    raise self.problem("a `}` where a `;` is missing")
                if len(self.stack) == 1:
                    raise self.problem("a `}` that closes nothing")
                self.at += 1
                block = self.stack.pop()
                self.close(block.words, tuple(block.children))
            else:
                words.append(self.word())
        if words:
            raise self.problem("the file ends where a `;` or a block is expected")
        if len(self.stack) > 1:
            first = self.stack[-1].words[0].span
            raise NginxProblem("this block is not closed", first, tuple(self.stack[0].children))
        return tuple(self.stack[0].children)

    def open(self, words: list[Argument]) -> list[Argument]:
        """A block begins; the code of Lua is passed over as a whole."""
        if words[0].value.endswith("_by_lua_block"):
            start = self.at
            end = self.end_of_code()
            raw = self.text[start : end - 1]
            self.at = end
            self.close(words, (), raw)
            return []
        if len(self.stack) > MAX_DEPTH:
            raise self.problem(f"blocks are nested more than {MAX_DEPTH} levels deep")
        self.stack.append(_Open(words))
        return []

    def end_of_code(self) -> int:
        depth = 1
        for index in range(self.at, len(self.text)):
            depth += {"{": 1, "}": -1}.get(self.text[index], 0)
            if depth == 0:
                return index + 1
        raise self.problem("the code is not closed")

    def close(self, words: list[Argument], block: tuple[Directive, ...] | None, raw: str = "") -> None:
        self.count += 1
        if self.count > MAX_DIRECTIVES:
            raise self.problem(f"more than {MAX_DIRECTIVES:,} directives")
        name, *arguments = words
        span = Span(self.source, name.span.start, self.at)
        self.stack[-1].children.append(Directive(name.value, tuple(arguments), span, name.span, block, raw))

    def word(self) -> Argument:
        quote = self.text[self.at]
        if quote in _QUOTED:
            return self.quoted(quote)
        start = self.at
        parts: list[Text] = []
        while self.at < len(self.text):
            plain = _PLAIN.match(self.text, self.at)
            if plain is not None:
                parts.append(self.piece(self.at, plain.end()))
                self.at = plain.end()
            elif self.text[self.at] == "\\":
                parts.append(self.escape())
            elif self.text[self.at] == "$":
                # `${` begins a variable: its brace opens no block.
                end = self.at + (2 if self.text[self.at + 1 : self.at + 2] == "{" else 1)
                parts.append(self.piece(self.at, end))
                self.at = end
            else:
                break
        return Argument(self.joined(parts, start, self.at))

    def quoted(self, quote: str) -> Argument:
        start = self.at
        self.at += 1
        parts: list[Text] = []
        plain = _QUOTED[quote]
        while self.at < len(self.text):
            run = plain.match(self.text, self.at)
            if run is not None:
                parts.append(self.piece(self.at, run.end()))
                self.at = run.end()
            elif self.text[self.at] == quote:
                self.at += 1
                if self.text[self.at : self.at + 1] not in ("", " ", "\t", "\r", "\n", ";", "{", ")"):
                    raise self.problem("a blank or a `;` is missing behind the quote")
                return Argument(self.joined(parts, start + 1, self.at - 1), True)
            else:
                parts.append(self.escape())
        self.at = start
        raise self.problem("this quote is not closed")

    def escape(self) -> Text:
        """A backslash with what follows; nginx knows six escapes and keeps others as they are."""
        follows = self.text[self.at + 1 : self.at + 2]
        place = Span(self.source, self.at, self.at + 1 + len(follows))
        self.at = place.end
        meaning = _ESCAPES.get(follows)
        return Text.verbatim(place) if meaning is None else Text.at(meaning, place)

    def piece(self, start: int, end: int) -> Text:
        return Text.verbatim(Span(self.source, start, end))

    def joined(self, parts: list[Text], start: int, end: int) -> Text:
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return Text("", self.source, (start,))
        joined = Text.join(parts)
        return Text(joined.value, joined.source, (*joined.offsets[:-1], end))

    def problem(self, message: str) -> NginxProblem:
        place = Span(self.source, self.at, min(self.at + 1, len(self.text)))
        return NginxProblem(message, place, tuple(self.stack[0].children))
