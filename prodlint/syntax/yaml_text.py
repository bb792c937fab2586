"""Where each character of a YAML scalar was written: shell scripts live in `run: |` blocks."""

from __future__ import annotations

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
_LINE = regex(rf"([^{_BREAKS}]*)(\r\n|[{_BREAKS}]|\Z)")

# A character of a value and its place.
_Places = list[tuple[str, int]]


def located(value: str, style: Style, span: Span) -> Text:
    """A scalar's value with the place of each of its characters.

    `span` is the scalar as written, with its quotes or from its block header on. A value that this
    module would read otherwise lies at the span as a whole.
    """
    if style != "plain" and span.source.text[span.start : span.start + 1] != _OPENERS[style]:
        return Text.at(value, span)
    if style in ("literal", "folded"):
        places = _block_places(value, style, span)
        end = places[-1][1] + 1 if places else span.end
    else:
        quoted = style != "plain"
        inner = Span(span.source, span.start + quoted, max(span.start + quoted, span.end - quoted))
        if inner.text == value:
            return Text.verbatim(inner)
        places = _flow_places(inner, style)
        end = inner.end
    if "".join(character for character, _ in places) != value:
        return Text.at(value, span)
    return Text(value, span.source, (*(place for _, place in places), end))


def _breaks(text: str, start: int, end: int) -> _Places:
    """The line breaks in a range, as YAML hands them on."""
    found = _BREAK.finditer(text, start, end)
    return [(_handed_on(written.group()), written.start()) for written in found]


def _handed_on(line_break: str) -> str:
    return line_break if line_break in ("\u2028", "\u2029", "") else "\n"


def _flow_places(inner: Span, style: Style) -> _Places:
    """The characters of a plain or quoted scalar: folds joined, escapes decoded."""
    text, at, end = inner.source.text, inner.start, inner.end
    places: _Places = []
    while at < end:
        run = _RUN.match(text, at, end)
        if run is not None:
            breaks = _breaks(text, at, run.end())
            if not breaks:
                places.extend((text[place], place) for place in range(at, run.end()))
            elif breaks[0][0] != "\n":
                places.extend(breaks)
            else:
                places.extend(breaks[1:] or [(" ", breaks[0][1])])
            at = run.end()
        elif text[at] == "\\" and style == "double":
            code = text[at + 1 : at + 2]
            joined = _BREAK.match(text, at + 1, end)
            if joined is not None:
                run = _RUN.match(text, joined.end(), end)
                at = run.end() if run is not None else joined.end()
                places.extend(_breaks(text, joined.end(), at))
            elif code in _CODES:
                digits = text[at + 2 : at + 2 + _CODES[code]]
                places.append((chr(int(digits, 16)), at))
                at += 2 + len(digits)
            else:
                places.append((_ESCAPES.get(code, code), at))
                at += 2
        elif text[at] == "'" and style == "single":
            places.append(("'", at))
            at += 2
        else:
            ordinary = _ORDINARY.match(text, at, end)
            stop = ordinary.end() if ordinary is not None else at + 1
            places.extend((text[place], place) for place in range(at, stop))
            at = stop
    return places


def _block_places(value: str, style: Style, span: Span) -> _Places:
    """The characters of a literal or folded block: indentation cut off, folds joined."""
    text = span.source.text
    header = _LINE.match(text, span.start)
    if header is None or not value:
        return []
    body = header.end()
    indent = _block_indent(text, body, value)
    places: _Places = []
    last_break: _Places = []
    blank_lines: _Places = []
    last_is_indented = False
    for line in _LINE.finditer(text, body):
        start = line.start() + min(indent, len(line[1]) - len(line[1].lstrip(" ")))
        ended = [(_handed_on(line[2]), line.start(2))] if line[2] else []
        if start < line.end(1):
            if start < line.start() + indent:
                break
            indented = text[start] in " \t"
            foldable = style == "folded" and last_break and last_break[0][0] == "\n"
            if foldable and not last_is_indented and not indented:
                places.extend(blank_lines or [(" ", last_break[0][1])])
            else:
                places.extend(last_break + blank_lines)
            places.extend((text[place], place) for place in range(start, line.end(1)))
            last_break, blank_lines, last_is_indented = ended, [], indented
        else:
            blank_lines.extend(ended)
        if len(places) >= len(value) or not line[2]:
            break
    places.extend(last_break + blank_lines)
    return places[: len(value)]


def _block_indent(text: str, body: int, value: str) -> int:
    """How many columns each line of a block begins with; the first line that shows it decides."""
    content = value.lstrip(_WHITE)
    if not content:
        return len(text)
    kept = value[: len(value) - len(content)]
    kept = kept[max(kept.rfind(character) for character in _BREAKS) + 1 :]
    blank = _RUN.match(text, body)
    written = text[body : blank.end()] if blank is not None else ""
    written = written[max(written.rfind(character) for character in _BREAKS) + 1 :]
    return len(written) - len(kept)
