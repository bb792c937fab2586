"""Text with exact places: the ground that every later layer stands on.

Outside of this module lines and columns are 1-based and count code points; inside, a place is an
offset into `Source.text`. A `Text` is a string that was taken from a source by any road (a YAML
block scalar, joined Dockerfile lines, a quoted shell word) and still knows where each of its
characters was written.
"""

from __future__ import annotations

import codecs
from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property

from prodlint.record import LazyEntity, Record

__all__ = ["Position", "Source", "Span", "SyntaxProblem", "Text", "decode"]


def decode(data: bytes) -> str:
    """The text of a file: a byte-order mark decides and is dropped, else UTF-8.

    A byte that is not UTF-8 becomes one U+FFFD, so that columns hold and nothing raises.
    """
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", "surrogateescape")
        return "".join("�" if "\udc80" <= character <= "\udcff" else character for character in text)


class Position(Record):
    """A 1-based line and column, in code points."""

    line: int
    column: int


class Source(LazyEntity):
    """One file: its path from the root of the inspected tree (forward slashes) and its text."""

    path: str
    text: str

    def __repr__(self) -> str:
        return f"Source({self.path!r})"

    @classmethod
    def of(cls, path: str, data: bytes) -> Source:
        """A source from the bytes of a file, see `decode`."""
        return cls(path, decode(data))

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """The offset of each line's first character; only a line feed ends a line."""
        starts = [0]
        at = self.text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.text.find("\n", at + 1)
        return tuple(starts)

    def position(self, offset: int) -> Position:
        """The line and column of an offset."""
        line = bisect_right(self.line_starts, offset)
        return Position(line, offset - self.line_starts[line - 1] + 1)

    def offset(self, line: int, column: int = 1) -> int:
        """The offset of a 1-based line and column, held inside the text."""
        starts = self.line_starts
        if line > len(starts):
            return len(self.text)
        return min(starts[line - 1] + column - 1, len(self.text))

    def line(self, number: int) -> str:
        """A line without its end; empty when there is no such line."""
        starts = self.line_starts
        if not 1 <= number <= len(starts):
            return ""
        end = starts[number] - 1 if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r")

    def line_span(self, number: int) -> Span:
        """The place of a line, without its indentation and its end."""
        text = self.line(number)
        start = self.offset(number)
        return Span(self, start + len(text) - len(text.lstrip()), start + len(text.rstrip()))

    @cached_property
    def span(self) -> Span:
        """The whole file."""
        return Span(self, 0, len(self.text))

    @cached_property
    def content(self) -> Text:
        """The whole text, each character at its own place."""
        return Text.verbatim(self.span)


class Span(Record):
    """A half-open range of offsets in one source."""

    source: Source
    start: int
    end: int

    @property
    def path(self) -> str:
        return self.source.path

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    @property
    def first(self) -> Position:
        """Where the range begins."""
        return self.source.position(self.start)

    @property
    def last(self) -> Position:
        """Just behind the range's last character."""
        return self.source.position(self.end)

    @property
    def line(self) -> int:
        return self.first.line

    @property
    def column(self) -> int:
        return self.first.column

    def to(self, other: Span) -> Span:
        """From the beginning of this range to the end of the other, in the same source."""
        return Span(self.source, min(self.start, other.start), max(self.end, other.end))

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


class Text(Record):
    """A string with the place of each of its characters in a source.

    `offsets` has one entry more than `value`: the last is the offset just behind the string. A
    character that was not written as itself (an escape) carries the place of what stands for it.
    """

    value: str
    source: Source
    offsets: tuple[int, ...] | range

    @classmethod
    def verbatim(cls, span: Span) -> Text:
        """A text that stands in the source just as it is."""
        return cls(span.text, span.source, range(span.start, span.end + 1))

    @classmethod
    def at(cls, value: str, span: Span) -> Text:
        """A value that stands for a range as a whole: each of its characters lies there."""
        if value == span.text:
            return cls.verbatim(span)
        return cls(value, span.source, (span.start,) * len(value) + (span.end,))

    @classmethod
    def join(cls, parts: Iterable[Text]) -> Text:
        """Texts of one source behind one another; at least one is needed."""
        texts = list(parts)
        offsets: list[int] = []
        for text in texts:
            offsets.extend(text.offsets[:-1])
        offsets.append(texts[-1].offsets[-1])
        return cls("".join(text.value for text in texts), texts[0].source, tuple(offsets))

    def slice(self, start: int, end: int | None = None) -> Text:
        """A part of this text, by indexes into `value`."""
        stop = len(self.value) if end is None else end
        offsets = self.offsets
        if start == stop:
            return Text("", self.source, (offsets[start],))
        if isinstance(offsets, range):
            return Text(self.value[start:stop], self.source, offsets[start : stop + 1])
        return Text(self.value[start:stop], self.source, (*offsets[start:stop], self._behind(stop)))

    def _behind(self, end: int) -> int:
        # A part ends behind its own last character, not at the start of the next one: the two
        # differ where something between them was left out.
        return self.offsets[-1] if end >= len(self.value) else self.offsets[end - 1] + 1

    def strip(self) -> Text:
        """Without the white space around it."""
        left = len(self.value) - len(self.value.lstrip())
        return self.slice(left, max(left, len(self.value.rstrip())))

    @property
    def span(self) -> Span:
        """The range of the source that this text covers."""
        return Span(self.source, self.offsets[0], self.offsets[-1])

    def span_of(self, start: int, end: int) -> Span:
        """The place of a part, by indexes into `value`."""
        offsets = self.offsets
        if isinstance(offsets, range):
            return Span(self.source, offsets.start + start, min(offsets.start + end, offsets.stop - 1))
        return Span(self.source, offsets[start], offsets[start] if start == end else self._behind(end))

    def __str__(self) -> str:
        return self.value


class SyntaxProblem(Exception):
    """A file does not follow its grammar: what is wrong, and where."""

    def __init__(self, message: str, span: Span) -> None:
        super().__init__(f"{span}: {message}")
        self.message = message
        self.span = span
