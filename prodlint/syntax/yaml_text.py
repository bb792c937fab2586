"""Where each character of a YAML scalar was written: shell scripts live in `run: |` blocks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, islice
from typing import Literal

from prodlint.regex import regex
from prodlint.source import Span, Text

__all__ = ["Style", "located"]

Style = Literal["plain", "single", "double", "literal", "folded"]

_OPENERS: dict[Style, str] = {"single": "'", "double": '"', "literal": "|", "folded": ">"}
_BREAKS = "\r\n\x85\u2028\u2029"
_WHITE = f" \t{_BREAKS}"
_ESCAPES = dict(
    zip('0abt\tnvfre "/\\N_LP', '\0\a\b\t\t\n\v\f\r\x1b "/\\\x85\xa0\u2028\u2029', strict=True),
)
_CODES = {"x": 2, "u": 4, "U": 8}
_BREAK = regex(rf"\r\n|[{_BREAKS}]")
_RUN = regex(rf"[{_WHITE}]+")
_ORDINARY = regex(rf"[^{_WHITE}\\']+")

# A part of a value and the places of its characters.
_Piece = tuple[str, Sequence[int]]


def located(value: str, style: Style, span: Span) -> Text:
    """A scalar's value with the place of each of its characters.

    `span` is the scalar as written, with its quotes or from its block header on. A value that this
    module would read otherwise lies at the span as a whole.
    """
    if style != "plain" and span.source.text[span.start : span.start + 1] != _OPENERS[style]:
        return Text.at(value, span)
    if style in ("literal", "folded"):
        pieces = _block_pieces(value, style, span)
        written = "".join(piece for piece, _ in pieces)[: len(value)]
        end = None
    else:
        quoted = style != "plain"
        inner = Span(span.source, span.start + quoted, max(span.start + quoted, span.end - quoted))
        if inner.text == value:
            return Text.verbatim(inner)
        pieces = _flow_pieces(inner, style)
        written = "".join(piece for piece, _ in pieces)
        end = inner.end
    if written != value:
        return Text.at(value, span)
    places = tuple(islice(chain.from_iterable(places for _, places in pieces), len(value)))
    if end is None:
        end = places[-1] + 1 if places else span.end
    return Text(value, span.source, (*places, end))


def _breaks(text: str, start: int, end: int) -> list[_Piece]:
    """The line breaks in a range, as YAML hands them on."""
    found = _BREAK.finditer(text, start, end)
    return [(_handed_on(written.group()), (written.start(),)) for written in found]


def _handed_on(line_break: str) -> str:
    return line_break if line_break in ("\u2028", "\u2029", "") else "\n"


def _flow_pieces(inner: Span, style: Style) -> list[_Piece]:
    """The characters of a plain or quoted scalar: folds joined, escapes decoded."""
    text, at, end = inner.source.text, inner.start, inner.end
    pieces: list[_Piece] = []
    while at < end:
        run = _RUN.match(text, at, end)
        if run is not None:
            breaks = _breaks(text, at, run.end())
            if not breaks:
                pieces.append((text[at : run.end()], range(at, run.end())))
            elif breaks[0][0] != "\n":
                pieces.extend(breaks)
            else:
                pieces.extend(breaks[1:] or [(" ", breaks[0][1])])
            at = run.end()
        elif text[at] == "\\" and style == "double":
            code = text[at + 1 : at + 2]
            joined = _BREAK.match(text, at + 1, end)
            if joined is not None:
                run = _RUN.match(text, joined.end(), end)
                at = run.end() if run is not None else joined.end()
                pieces.extend(_breaks(text, joined.end(), at))
            elif code in _CODES:
                digits = text[at + 2 : at + 2 + _CODES[code]]
                pieces.append((chr(int(digits, 16)), (at,)))
                at += 2 + len(digits)
            else:
                pieces.append((_ESCAPES.get(code, code), (at,)))
                at += 2
        elif text[at] == "'" and style == "single":
            pieces.append(("'", (at,)))
            at += 2
        else:
            ordinary = _ORDINARY.match(text, at, end)
            stop = ordinary.end() if ordinary is not None else at + 1
            pieces.append((text[at:stop], range(at, stop)))
            at = stop
    return pieces


def _block_pieces(value: str, style: Style, span: Span) -> list[_Piece]:
    """The characters of a literal or folded block, and maybe more breaks: indentation cut off, folds joined."""
    text = span.source.text
    stop = span.end
    while text[stop : stop + 1] in _WHITE and stop < len(text):
        stop += 1
    # What else ends a line for Python, YAML does not allow.
    header, *lines = text[span.start : stop].splitlines(keepends=True)
    at = span.start + len(header)
    indent = _block_indent(text[at:stop], value)
    pieces: list[_Piece] = []
    last_break: list[_Piece] = []
    blank_lines: list[_Piece] = []
    last_is_indented = False
    left = len(value)
    for line in lines:
        content = line.rstrip(_BREAKS)
        skipped = min(indent, len(content) - len(content.lstrip(" ")))
        ended: list[_Piece] = []
        if len(content) < len(line):
            ended.append((_handed_on(line[len(content) :]), (at + len(content),)))
        if skipped < len(content):
            if skipped < indent:
                break
            indented = content[skipped] in " \t"
            foldable = style == "folded" and last_break and last_break[0][0] == "\n"
            if foldable and not last_is_indented and not indented:
                before = blank_lines or [(" ", last_break[0][1])]
            else:
                before = last_break + blank_lines
            pieces += [*before, (content[skipped:], range(at + skipped, at + len(content)))]
            left -= len(before) + len(content) - skipped
            last_break, blank_lines, last_is_indented = ended, [], indented
        else:
            blank_lines += ended
        if left <= 0 or not ended:
            break
        at += len(line)
    return [*pieces, *last_break, *blank_lines]


def _block_indent(body: str, value: str) -> int:
    """How many columns each line of a block begins with; the first line that shows it decides."""
    content = value.lstrip(_WHITE)
    if not content:
        return len(body)
    kept = value[: len(value) - len(content)]
    written = body[: len(body) - len(body.lstrip(_WHITE))]
    return len(_last_line(written)) - len(_last_line(kept))


def _last_line(blank: str) -> str:
    return blank[max(blank.rfind(character) for character in _BREAKS) + 1 :]
