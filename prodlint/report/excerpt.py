"""A place in a source as a reader sees it: its lines with their numbers, underlined, with a note."""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.report.escape import visible
from prodlint.report.layout import width_of, wrap
from prodlint.report.terminal import Ink, Terminal
from prodlint.source import Position, Span

__all__ = ["excerpt", "last_place"]

TAB = "    "
CROPPED = "…"
# A span over more lines than this is shown by its first and its last line.
MOST_LINES = 3
# A note that does not fit beside its underline goes below it, in at least so many columns.
NOTE_ROOM = 40


def last_place(span: Span) -> Position:
    """Where the last character of a span lies that is not white space; its start if there is none."""
    return span.source.position(span.start + max(len(span.text.rstrip()) - 1, 0))


def excerpt(span: Span, mark: str, ink: Ink, note: str, gutter: int, terminal: Terminal) -> Iterator[str]:
    """The lines that show a span, each underlined with `mark`, the note beside the last underline.

    `gutter` is the number of columns kept for line numbers.
    """
    first, last = span.first, last_place(span)
    numbers = tuple(range(first.line, last.line + 1))
    cropped = len(numbers) > MOST_LINES
    bar = terminal.paint(f"{'':{gutter}} |", Ink.GUTTER)
    room = terminal.columns - gutter - 3
    for number in (first.line, last.line) if cropped else numbers:
        if cropped and number == last.line:
            yield terminal.paint("...", Ink.GUTTER)
        line = span.source.line(number)
        start = first.column - 1 if number == first.line else len(line) - len(line.lstrip())
        end = last.column if number == last.line else len(line.rstrip())
        text, at, width = view(line, start, end if span.end > span.start else start, room)
        yield f"{terminal.paint(f'{number:>{gutter}} |', Ink.GUTTER)} {text}".rstrip()
        if number == first.line or width:
            underline = f"{'':{at}}{terminal.paint(mark * max(width, 1), ink)}"
            beside = number == last.line and note and at + max(width, 1) + 1 + width_of(note) <= room
            yield f"{bar} {underline} {terminal.paint(note, ink)}" if beside else f"{bar} {underline}"
            if number == last.line and note and not beside:
                indent = max(0, min(at, room - NOTE_ROOM))
                for part in wrap(note, room - indent):
                    yield f"{bar} {'':{indent}}{terminal.paint(part, ink)}"


def view(line: str, start: int, end: int, room: int) -> tuple[str, int, int]:
    """A line as it is printed in `room` columns, and the column and width of a part of it.

    `start` and `end` are indexes into the line. A line that is too long is cropped around the
    part, which may have to be cropped as well.
    """
    start = min(start, len(line))
    end = max(start, min(end, len(line)))
    # A line may be the whole of a minified file: only what could be shown is looked at.
    low, high = max(0, start - room), min(len(line), start + room + 1)
    cells = [_cell(line, index) for index in range(low, high)]
    widths = [width_of(cell) for cell in cells]
    here, there = start - low, min(end, high) - low
    left, right, used = 0, len(cells), sum(widths)
    if low > 0 or high < len(line) or used > room:
        budget = room - 2 * len(CROPPED)
        left, right, used = here, here, 0
        while left > 0 and used + widths[left - 1] <= budget // 3:
            left -= 1
            used += widths[left]
        while right < len(cells) and used + widths[right] <= budget:
            used += widths[right]
            right += 1
        while left > 0 and used + widths[left - 1] <= budget:
            left -= 1
            used += widths[left]
    before = CROPPED if low + left > 0 else ""
    after = CROPPED if low + right < len(line) else ""
    width = sum(widths[here : min(there, right)]) + (len(after) if there > right else 0)
    return f"{before}{''.join(cells[left:right])}{after}", len(before) + sum(widths[left:here]), width


def _cell(line: str, index: int) -> str:
    """How one character of a line is printed, see `visible`."""
    if line[index] == "\t":
        return TAB
    if line[index] == "#" and index > 0 and line[index - 1 : index + 2] == "##[":
        return "\\x23"
    return visible(line[index])
