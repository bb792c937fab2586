"""Places as `ast` counts them: lines that also end at a lone carriage return, columns in UTF-8 bytes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cached_property
from io import StringIO
from itertools import accumulate

__all__ = ["PythonLines"]


class PythonLines:
    """Turns the 1-based lines and 0-based byte columns of `ast` into offsets of a text, and back."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._is_ascii = text.isascii()
        self._wide: dict[int, list[int]] = {}

    @cached_property
    def starts(self) -> list[int]:
        """The offset of each line's first character."""
        found = [0, *accumulate(map(len, StringIO(self._text, newline="")))]
        return found if self._text.endswith(("\r", "\n")) or not self._text else found[:-1]

    def offset(self, line: int, column: int) -> int:
        """The offset in code points of a line and a byte column, held inside the text."""
        starts = self.starts
        if line > len(starts):
            return len(self._text)
        start = starts[line - 1]
        if not self._is_ascii:
            column -= self._surplus(line, column)
        return min(start + column, len(self._text))

    def line(self, offset: int) -> int:
        """The line of an offset."""
        return bisect_right(self.starts, offset)

    def place(self, offset: int) -> tuple[int, int]:
        """The line and the byte column of an offset."""
        line = bisect_right(self.starts, offset)
        start = self.starts[line - 1]
        return line, len(self._text[start:offset].encode("utf-8", "replace"))

    def _surplus(self, line: int, column: int) -> int:
        """How many bytes before a byte column are not the first of their character."""
        wide = self._wide.get(line)
        if wide is None:
            wide = self._wide[line] = self._continuation_bytes(line)
        return bisect_left(wide, column)

    def _continuation_bytes(self, line: int) -> list[int]:
        """The byte columns on a line that are not the first byte of a character."""
        starts = self.starts
        written = self._text[starts[line - 1] : starts[line] if line < len(starts) else None]
        if written.isascii():
            return []
        return [column for column, byte in enumerate(written.encode("utf-8", "replace")) if byte & 0xC0 == 0x80]
