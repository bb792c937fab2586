"""Caddyfile: sites and their directives, each word at its place.

Source: Caddy 2, "Caddyfile Concepts" (blocks, tokens, addresses, snippets, environment variables). A `{` opens a
block only as a word of its own at the end of a line, so that `{path}` and `{$NAME}` are parts of words.
"""

from __future__ import annotations

from prodlint.record import Entity
from prodlint.regex import regex
from prodlint.source import Source, Span, SyntaxProblem, Text

__all__ = ["CaddyDirective", "CaddyProblem", "parse_caddy", "parse_caddy_lines"]

MAX_LENGTH = 2_000_000
MAX_DEPTH = 50
MAX_DIRECTIVES = 20_000

_BLANK = regex(r"[ \t\r]+")
_COMMENT = regex(r"#[^\n]*")
_WORD = regex(r"(?:\\[^\n]|[^\s\\])+")
_QUOTED = regex(r'"((?:\\"|[^"])*)"')
_VERBATIM = regex(r"`([^`]*)`")
_HEREDOC = regex(r"<<([\w.-]+)\s*\n")


class CaddyProblem(SyntaxProblem):
    """Caddy would not start with this file; `directives` are the whole ones in front of the fault."""

    def __init__(self, message: str, span: Span, directives: tuple[CaddyDirective, ...] = ()) -> None:
        super().__init__(message, span)
        self.directives = directives


class CaddyDirective(Entity):
    """A line: its words, and its block where it has one.

    Of a site the words are its addresses, of a snippet its name in brackets; the global options have no words.
    """

    words: tuple[Text, ...]
    span: Span
    block: tuple[CaddyDirective, ...] | None = None

    @property
    def name(self) -> str:
        """The first word, empty for the global options."""
        return self.words[0].value if self.words else ""

    @property
    def arguments(self) -> tuple[Text, ...]:
        """The words behind the first."""
        return self.words[1:]


def parse_caddy(source: Source) -> tuple[CaddyDirective, ...]:
    """The sites, snippets and options of a file. Raises CaddyProblem at the first fault."""
    return _whole(parse_caddy_lines(source))


def parse_caddy_lines(source: Source) -> tuple[CaddyDirective, ...]:
    """The lines of a file that another imports into a site. Raises CaddyProblem at the first fault."""
    if len(source.text) > MAX_LENGTH:
        raise CaddyProblem(f"the file is larger than {MAX_LENGTH:,} characters", Span(source, 0, 0))
    return tuple(_Reader(source).read())


def _whole(directives: tuple[CaddyDirective, ...]) -> tuple[CaddyDirective, ...]:
    """A file of one site may leave its braces out: the first line is its address, the others are in its block."""
    first = next((index for index, one in enumerate(directives) if one.words), None)
    if first is None or directives[first].block is not None or directives[first].name == "import":
        return directives
    address, *rest = directives[first:]
    site = CaddyDirective(address.words, address.span, tuple(rest))
    return (*directives[:first], site)


class _Reader:
    """Reads one file without recursion."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.at = 0
        self.count = 0
        self.words: list[Text] = []
        self.stack: list[tuple[list[Text], int, list[CaddyDirective]]] = [([], 0, [])]

    def read(self) -> list[CaddyDirective]:
        while self.at < len(self.text):
            blank = _BLANK.match(self.text, self.at) or _COMMENT.match(self.text, self.at)
            if blank is not None:
                self.at = blank.end()
            elif self.text[self.at] == "\n":
                self.at += 1
                if not (self.words and self.words[-1].value.endswith(",") and len(self.stack) == 1):
                    self.end_line()
            elif self.text.startswith("\\\n", self.at):
                self.at += 2
            else:
                self.word()
        self.end_line()
        if len(self.stack) > 1:
            raise self.problem("a block is not closed", self.stack[-1][1])
        return self.stack[0][2]

    def word(self) -> None:
        start = self.at
        for pattern in (_QUOTED, _VERBATIM):
            quoted = pattern.match(self.text, start)
            if quoted is not None:
                self.at = quoted.end()
                self.words.append(self.piece(start + 1, quoted.end() - 1))
                return
        heredoc = _HEREDOC.match(self.text, start)
        if heredoc is not None:
            end = self.text.find(heredoc[1], heredoc.end())
            if end < 0:
                raise self.problem("the heredoc is not closed", start)
            self.words.append(self.piece(heredoc.end(), end))
            self.at = end + len(heredoc[1])
            return
        found = _WORD.match(self.text, start)
        self.at = found.end() if found is not None else start + 1
        written = self.text[start : self.at]
        if written == "{" and self.ends_line():
            if len(self.stack) > MAX_DEPTH:
                raise self.problem(f"blocks are nested more than {MAX_DEPTH} levels deep", start)
            self.stack.append((self.words, start, []))
            self.words = []
        elif written == "}" and not self.words:
            if len(self.stack) == 1:
                raise self.problem("a `}` that closes nothing", start)
            words, opened, block = self.stack.pop()
            self.add(words, opened, tuple(block))
        else:
            self.words.append(self.piece(start, self.at))

    def ends_line(self) -> bool:
        """Whether nothing but blanks and a comment follows on the line."""
        end = self.text.find("\n", self.at)
        rest = self.text[self.at : end if end >= 0 else len(self.text)].strip()
        return not rest or rest.startswith("#")

    def end_line(self) -> None:
        if self.words:
            self.add(self.words, self.words[0].span.start, None)
            self.words = []

    def add(self, words: list[Text], opened: int, block: tuple[CaddyDirective, ...] | None) -> None:
        self.count += 1
        if self.count > MAX_DIRECTIVES:
            raise self.problem(f"more than {MAX_DIRECTIVES:,} directives", opened)
        start = words[0].span.start if words else opened
        end = words[-1].span.end if words else opened + 1
        self.stack[-1][2].append(CaddyDirective(tuple(words), Span(self.source, start, end), block))

    def piece(self, start: int, end: int) -> Text:
        return Text.verbatim(Span(self.source, start, end))

    def problem(self, message: str, start: int) -> CaddyProblem:
        place = Span(self.source, start, min(start + 1, len(self.text)))
        return CaddyProblem(message, place, tuple(self.stack[0][2]))
