"""From a Dockerfile's lines to its instructions: directives, comments, continuations and heredocs, as BuildKit does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Source, Span, SyntaxProblem, Text
from prodlint.syntax.dockerfile_words import SPACE, expanded_word, split_word, stripped, take_flags
from prodlint.syntax.word import Literal

__all__ = ["Heredoc", "Lines", "Statement", "read_lines", "split_keyword"]

# Nobody wrote a longer one by hand, and nothing is to be learned from it.
MAX_INSTRUCTION_LINES = 20_000
# BuildKit's scanner refuses more in one line.
MAX_LINE_BYTES = 65_535

_DIRECTIVE = regex(r"#[\t\n\f\r ]*([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=[\t\n\f\r ]*(.+?)[\t\n\f\r ]*", re.DOTALL)
_DIRECTIVES = ("syntax", "escape", "check")
_KEYWORD = regex(r"([^\t\v\f\r ]+)[\t\v\f\r ]*")
_HEREDOC = regex(r"\d*<<(-?)([^<]+)")
_WITH_HEREDOC = ("RUN", "COPY", "ADD")


class Heredoc(Record):
    """`<<NAME` on an instruction's line, and the lines up to the one that holds just the name.

    `span` is the place of the `<<NAME` word. `expands` is whether the name stands without quotes;
    with `strip_tabs` (`<<-`) the body's lines have lost their leading tabs.
    """

    name: str
    body: Text
    expands: bool
    strip_tabs: bool
    span: Span


class Statement(Record):
    """One instruction before it is taken apart: its lines joined, and its heredocs.

    `first` and `last` are 0-based line numbers; `last` is that of the heredocs, if there are any.
    """

    first: int
    last: int
    text: Text
    heredocs: tuple[Heredoc, ...]


class Lines(Record):
    """A whole file: its instructions in order."""

    escape: str
    statements: tuple[Statement, ...]
    problems: tuple[SyntaxProblem, ...]


def split_keyword(text: Text) -> tuple[Text, Text]:
    """The first word of an instruction, and the rest."""
    match = _KEYWORD.match(text.value)
    if match is None:
        return text.slice(0, 0), text
    return text.slice(0, match.end(1)), text.slice(match.end())


def read_lines(source: Source) -> Lines:
    """The instructions of a Dockerfile by BuildKit's rules; never raises."""
    reader = _Reader(source)
    reader.read_directives()
    while reader.number < reader.count:
        reader.read_line()
    return Lines(reader.escape, tuple(reader.statements), tuple(reader.problems))


class _Reader:
    """One pass over the lines; `number` is the next line."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.count = len(source.line_starts)
        self.number = 0
        self.escape = "\\"
        self.statements: list[Statement] = []
        self.problems: list[SyntaxProblem] = []
        self.too_long = set(self.long_lines())
        for number in self.too_long:
            message = f"BuildKit reads no line of more than {MAX_LINE_BYTES} bytes"
            self.problems.append(SyntaxProblem(message, Span(source, *self.bounds(number))))

    def long_lines(self) -> Iterator[int]:
        text = self.source.text
        for number, (start, end) in enumerate(pairwise((*self.source.line_starts, len(text) + 1))):
            # A character has up to four bytes.
            if (
                end - start > MAX_LINE_BYTES // 4
                and len(text[start : end - 1].encode("utf-8", "replace")) > MAX_LINE_BYTES
            ):
                yield number

    def start_of(self, number: int) -> int:
        """The offset of a line, or the end of the file."""
        return self.source.line_starts[number] if number < self.count else len(self.source.text)

    def bounds(self, number: int) -> tuple[int, int]:
        """The offsets of a line without its end."""
        start = self.start_of(number)
        end = self.start_of(number + 1) - (number + 1 < self.count)
        if number == 0 and self.source.text.startswith("\ufeff"):
            start = 1
        while end > start and self.source.text[end - 1] == "\r":
            end -= 1
        return start, end

    def read_directives(self) -> None:
        """Go over the `# name=value` lines at the top; only the escape character matters here."""
        seen = set()
        while self.number < self.count:
            start, end = self.bounds(self.number)
            line = self.source.text[start:end].lstrip(SPACE)
            named = line.startswith("#") and line[1:].partition("=")[0].strip(SPACE).lower() in _DIRECTIVES
            match = _DIRECTIVE.fullmatch(line) if named else None
            if match is None:
                # An unknown directive is a comment, and no directive comes after a comment.
                break
            name, value = match[1].lower(), match[2]
            span = self.source.line_span(self.number + 1)
            if name in seen:
                self.problems.append(SyntaxProblem(f"the directive {name} is given twice", span))
            elif name == "escape" and value not in ("\\", "`"):
                self.problems.append(SyntaxProblem("the escape character can only be \\ or `", span))
            elif name == "escape":
                self.escape = value
            seen.add(name)
            self.number += 1

    def read_line(self) -> None:
        """Go over one line, or over one instruction with all its lines and heredocs."""
        first = self.number
        start, end = self.bounds(first)
        line = self.source.text[start:end]
        if not line.lstrip(SPACE) or _is_comment(line):
            self.number += 1
            return
        pieces = []
        start = end - len(line.lstrip(SPACE))
        goes_on = True
        while goes_on and self.number < self.count:
            if self.number > first:
                start, end = self.bounds(self.number)
            line = self.source.text[start:end]
            if self.number > first and (not line.lstrip(SPACE) or _is_comment(line)):
                self.number += 1
                continue
            content = self.before_continuation(line)
            goes_on = content is not None
            pieces.append((start, end if content is None else start + len(content)))
            self.number += 1
        self.close(first, stripped(Text.join([Text.verbatim(Span(self.source, *piece)) for piece in pieces])))

    def close(self, first: int, text: Text) -> None:
        """Add an instruction whose lines were read, and read its heredocs."""
        too_many = self.number - first > MAX_INSTRUCTION_LINES
        if too_many:
            message = f"an instruction of more than {MAX_INSTRUCTION_LINES} lines is not read"
            self.problems.append(SyntaxProblem(message, self.source.line_span(first + 1)))
        if too_many or not self.too_long.isdisjoint(range(first, self.number)):
            return
        heredocs = tuple(self.read_heredoc(word) for word in self.heredoc_words(text))
        self.statements.append(Statement(first, self.number - 1, text, heredocs))

    def before_continuation(self, line: str) -> str | None:
        """What stands before the escape at the end of a line, None where the line is complete."""
        content = line.rstrip(" \t")
        if content.endswith(self.escape) and not content.endswith(self.escape * 2):
            return content[:-1]
        return None

    def heredoc_words(self, text: Text) -> list[Text]:
        """The `<<NAME` words of an instruction that may have them."""
        if "<<" not in text.value:
            return []
        keyword, rest = split_keyword(text)
        if keyword.value.upper() == "ONBUILD":
            keyword, _ = split_keyword(take_flags(rest)[1])
        if keyword.value.upper() not in _WITH_HEREDOC:
            return []
        # Within the strings of an exec form everything is quoted.
        return [word for word in split_word(text) if _heredoc_name(word)]

    def read_heredoc(self, word: Text) -> Heredoc:
        """The heredoc of a word, whose body begins at the next line."""
        match = _HEREDOC.fullmatch(word.value)
        name = _heredoc_name(word)
        strip_tabs = match is not None and match[1] == "-"
        lines: list[Text] = []
        begin = self.start_of(self.number)
        found = False
        while self.number < self.count and not found:
            start, end = self.bounds(self.number)
            line = self.source.text[start:end]
            tabs = len(line) - len(line.lstrip("\t")) if strip_tabs else 0
            found = line[tabs:] == name
            self.number += 1
            if not found:
                lines.append(Text.verbatim(Span(self.source, start + tabs, self.start_of(self.number))))
        if not found:
            message = f"the heredoc has no end: no line holds just {name}"
            self.problems.append(SyntaxProblem(message, word.span))
        if not lines:
            body = Text("", self.source, (begin,))
        elif strip_tabs:
            body = Text.join(lines)
        else:
            body = Text.verbatim(lines[0].span.to(lines[-1].span))
        expands = match is not None and name == match[2]
        return Heredoc(name, body, expands, strip_tabs, word.span)


def _is_comment(line: str) -> bool:
    return line.lstrip(SPACE).startswith("#")


def _heredoc_name(word: Text) -> str:
    """The name of a heredoc without its quotes; empty where the word begins none."""
    match = _HEREDOC.fullmatch(word.value)
    if match is None:
        return ""
    problems: list[SyntaxProblem] = []
    name = expanded_word(word.slice(match.start(2)), "\\", problems)
    if problems:
        return ""
    # Nothing is expanded here: `<<$NAME` ends at a line that holds `$NAME`.
    return "".join(part.text.value if isinstance(part, Literal) else part.span.text for part in name.parts)
