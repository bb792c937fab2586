"""INI files with the place of each option, in the dialect of Python's configparser, but tolerant.

Repeated options are kept, since some programs (uWSGI) give them a meaning, and so are repeated
sections. Values are not interpolated and the section DEFAULT is a section like any other.
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Source, Span, SyntaxProblem, Text

__all__ = ["Ini", "Option", "Section", "parse_ini"]

MAX_LENGTH = 5_000_000


class Option(Record):
    """`name = value`. The name stands as written; continuation lines are joined with line feeds.

    `delimiter` is `=` or `:`, empty on a line that has none of them; the value is empty there.
    """

    name: str
    value: Text
    span: Span
    delimiter: str = "="


class Section(Record):
    """A section with its header's place; the name is empty for what stands before the first header."""

    name: str
    span: Span
    options: tuple[Option, ...]


class Ini(Record):
    """The sections of a file in their order; the one without a name only when it has options."""

    source: Source
    sections: tuple[Section, ...]

    def get(self, section: str, option: str) -> Option | None:
        """The last option of that name; the case of option names does not count."""
        found = self.all(section, option)
        return found[-1] if found else None

    def all(self, section: str, option: str) -> tuple[Option, ...]:
        """Every option of that name, in the order of the file."""
        name = option.lower()
        return tuple(
            candidate
            for part in self.sections
            if part.name == section
            for candidate in part.options
            if candidate.name.lower() == name
        )


def parse_ini(source: Source, inline_comments: tuple[str, ...] = ()) -> Ini:
    """The sections of an INI file.

    A line that begins with `#` or `;` is a comment. One of `inline_comments` begins a comment
    behind white space, too; configparser knows none by default, supervisor takes `;`. A line that
    is indented deeper than its option continues the option's value. Raises SyntaxProblem only for a
    file that is too large.
    """
    if len(source.text) > MAX_LENGTH:
        raise SyntaxProblem(f"the file is larger than {MAX_LENGTH:,} characters", Span(source, 0, 0))
    sections = [_OpenSection("", Span(source, 0, 0))]
    indent = 0
    for line in _lines(source, inline_comments):
        section = sections[-1]
        if line.start == line.end:
            if not line.is_comment:
                section.continue_value(line)
        elif section.lines and line.indent > indent:
            section.continue_value(line)
        else:
            indent = line.indent
            header = _HEADER.match(source.text, line.start, line.end)
            section.end_option()
            if header is None:
                section.lines = [line]
            else:
                sections.append(_OpenSection(header[1], Span(source, header.start(), header.end())))
    sections[-1].end_option()
    closed = [Section(section.name, section.span, tuple(section.options)) for section in sections]
    return Ini(source, tuple(closed if closed[0].options else closed[1:]))


class _Line(Record):
    """The range of a line without its comment and the white space around it."""

    start: int
    end: int
    indent: int
    is_comment: bool


class _OpenSection:
    """A section whose next header has not come yet."""

    def __init__(self, name: str, span: Span) -> None:
        self.name = name
        self.span = span
        self.options: list[Option] = []
        # The lines of the last option, which may go on.
        self.lines: list[_Line] = []

    def continue_value(self, line: _Line) -> None:
        if self.lines:
            self.lines.append(line)

    def end_option(self) -> None:
        if self.lines:
            self.options.append(_option(self.span.source, self.lines))
        self.lines = []


_HEADER = regex(r"\[(.+)\]")
_DELIMITER = regex(r"[=:]")


def _lines(source: Source, inline_comments: tuple[str, ...]) -> Iterator[_Line]:
    text = source.text
    starts = source.line_starts
    for number, start in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else len(text)
        line = text[start:end].rstrip()
        indent = len(line) - len(line.lstrip())
        is_comment = line[indent : indent + 1] in ("#", ";")
        cut = indent if is_comment else _inline_comment(line, inline_comments)
        if cut is not None:
            is_comment = True
            line = line[:cut].rstrip()
        indent = min(indent, len(line))
        yield _Line(start + indent, start + len(line), indent, is_comment)


def _inline_comment(line: str, prefixes: tuple[str, ...]) -> int | None:
    """Where a comment begins that stands behind white space.

    As configparser looks for it: all prefixes at their first place, then at their second, and so on, until
    one of them fits.
    """
    places = dict.fromkeys(prefixes, -1)
    while places:
        found = {prefix: line.find(prefix, place + 1) for prefix, place in places.items()}
        places = {prefix: place for prefix, place in found.items() if place >= 0}
        cuts = [place for place in places.values() if place == 0 or line[place - 1].isspace()]
        if cuts:
            return min(cuts)
    return None


def _option(source: Source, lines: list[_Line]) -> Option:
    text = source.text
    first, *others = lines
    delimiter = _DELIMITER.search(text, first.start, first.end)
    if delimiter is None:
        # A name that stands alone, with its continuation lines if there are any.
        name_end = value_start = first.end
    else:
        name_end = delimiter.start()
        value_start = first.end - len(text[delimiter.end() : first.end].lstrip())
    while others and others[-1].start == others[-1].end:
        others.pop()
    values = [text[value_start : first.end]]
    offsets = [*range(value_start, first.end)]
    last = first.end
    for line in others:
        # The line feed that the value has here lies at the end of what was read before it.
        values.append(text[line.start : line.end])
        offsets.append(last)
        offsets.extend(range(line.start, line.end))
        last = line.end
    name = text[first.start : name_end].rstrip()
    if others:
        value = Text("\n".join(values), source, (*offsets, last))
    else:
        value = Text.verbatim(Span(source, value_start, first.end))
    return Option(name, value, Span(source, first.start, last), delimiter.group() if delimiter else "")
