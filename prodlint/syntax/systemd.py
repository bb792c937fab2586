"""Unit files of systemd, with the place of each setting, and the command lines that they hold.

Grammar: systemd.syntax(7) and "Command lines" in systemd.service(5). Words are split as
`extract_first_word` of libsystemd splits them (tests/syntax/test_systemd.py asks it).
"""

from __future__ import annotations

import re

from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Source, Span, SyntaxProblem, Text
from prodlint.syntax.word import Expansion, Literal, Part, Substitution, Word

__all__ = ["ExecLine", "Setting", "Unit", "UnitSection", "exec_lines", "parse_unit", "unit_words"]

MAX_LENGTH = 300_000


class Setting(Record):
    """`Key=value`. A value over several lines has a space for each backslash at a line's end."""

    key: str
    value: Text
    span: Span


class UnitSection(Record):
    """`[Service]` with its settings in the order of the file."""

    name: str
    span: Span
    settings: tuple[Setting, ...]


class Unit(Record):
    """A unit file: its sections; what stands before the first one is left out, as systemd leaves it out."""

    source: Source
    sections: tuple[UnitSection, ...]

    def all(self, section: str, key: str) -> tuple[Setting, ...]:
        """Every setting of a key that takes a list: an empty one takes back those before it."""
        found: list[Setting] = []
        for one in self._named(section, key):
            if one.value.value:
                found.append(one)
            else:
                found.clear()
        return tuple(found)

    def get(self, section: str, key: str) -> Setting | None:
        """The setting of a key that takes one value: the last one, None when it is empty."""
        found = self._named(section, key)
        return found[-1] if found and found[-1].value.value else None

    def _named(self, section: str, key: str) -> tuple[Setting, ...]:
        return tuple(one for part in self.sections if part.name == section for one in part.settings if one.key == key)


_HEADER = regex(r"\[([^\[\]\n]+)\]")
_WHITE = " \t\r"


def parse_unit(source: Source) -> Unit:
    """The sections of a unit file. Raises SyntaxProblem only for a file that is too large."""
    if len(source.text) > MAX_LENGTH:
        raise SyntaxProblem(f"the file is larger than {MAX_LENGTH:,} characters", Span(source, 0, 0))
    sections: list[tuple[str, Span, list[Setting]]] = []
    for line in _logical_lines(source):
        header = _HEADER.fullmatch(line.value)
        if header is not None:
            sections.append((header[1], line.span, []))
        elif sections and "=" in line.value:
            key, _, value = line.value.partition("=")
            setting = Setting(key.rstrip(_WHITE), line.slice(len(line.value) - len(value)).strip(), line.span)
            sections[-1][2].append(setting)
    return Unit(source, tuple(UnitSection(name, span, tuple(settings)) for name, span, settings in sections))


def _logical_lines(source: Source) -> list[Text]:
    """The lines with those that continue them; comments may stand between, and white space around goes."""
    found: list[Text] = []
    parts: list[Text] = []
    for start, end in _physical_lines(source.text):
        line = source.text[start:end]
        stripped = line.lstrip(_WHITE)
        if stripped[:1] in ("#", ";") or (not stripped and not parts):
            continue
        text = Text.verbatim(Span(source, start, end))
        if _is_continued(line):
            parts.extend((text.slice(0, len(line) - 1), Text.at(" ", Span(source, end - 1, end))))
            continue
        found.append(Text.join([*parts, text]).strip())
        parts = []
    if parts:
        found.append(Text.join(parts).strip())
    return [one for one in found if one.value]


def _physical_lines(text: str) -> list[tuple[int, int]]:
    found = []
    at = 0
    while at <= len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        found.append((at, end - 1 if end > at and text[end - 1] == "\r" else end))
        at = end + 1
    return found


def _is_continued(line: str) -> bool:
    """Whether the backslash at the end is not itself escaped."""
    count = len(line) - len(line.rstrip("\\"))
    return count % 2 == 1


_ESCAPE = regex(
    r"\\(?:([abfnrtvs\\\"'])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))",
)
_MEANINGS = dict(zip("abfnrtvs\\\"'", "\a\b\f\n\r\t\v \\\"'", strict=True))
_PLAIN = regex(r"""[^\\'" \t\r\n]+""")


def unit_words(text: Text) -> tuple[tuple[Text, bool], ...]:
    """The words of a value, each without quotes and escapes, and whether any part of it was quoted.

    Raises SyntaxProblem when a quote is not closed: systemd ignores the whole line then.
    """
    value = text.value
    words: list[tuple[Text, bool]] = []
    at = 0
    while at < len(value):
        if value[at] in " \t\r\n":
            at += 1
            continue
        parts: list[Text] = [text.slice(at, at)]
        quoted = False
        while at < len(value) and value[at] not in " \t\r\n":
            run = _PLAIN.match(value, at)
            if run is not None:
                parts.append(text.slice(at, run.end()))
                at = run.end()
            elif value[at] == "\\":
                at = _unescaped(text, at, parts)
            else:
                quoted = True
                at = _quoted(text, at, parts)
        end = text.slice(at, at)
        words.append((Text.join([*parts, end]), quoted))
    return tuple(words)


def _quoted(text: Text, at: int, parts: list[Text]) -> int:
    quote = text.value[at]
    start = at
    at += 1
    plain = re.compile(rf"[^\\{quote}]+")
    while at < len(text.value):
        run = plain.match(text.value, at)
        if run is not None:
            parts.append(text.slice(at, run.end()))
            at = run.end()
        elif text.value[at] == quote:
            return at + 1
        else:
            at = _unescaped(text, at, parts)
    raise SyntaxProblem(f"the quote {quote} that opens here is not closed", text.span_of(start, start + 1))


def _unescaped(text: Text, at: int, parts: list[Text]) -> int:
    """One escape; an unknown one stays as it is, with its backslash."""
    found = _ESCAPE.match(text.value, at)
    meaning = _meaning(found) if found is not None else None
    if found is None or meaning is None:
        end = min(at + 2, len(text.value))
        parts.append(text.slice(at, end))
        return end
    parts.append(Text.at(meaning, text.span_of(at, found.end())))
    return found.end()


def _meaning(found: re.Match[str]) -> str | None:
    """The character of an escape; None for a number that is none."""
    if found[1]:
        return _MEANINGS[found[1]]
    byte = int(found[2], 16) if found[2] else int(found[5], 8) if found[5] else None
    if byte is not None:
        # A byte that is no character by itself.
        return None if byte == 0 or byte > 255 else chr(byte) if byte < 128 else "\ufffd"
    number = int(found[3] or found[4], 16)
    return chr(number) if 0 < number < 0x110000 and not 0xD800 <= number < 0xE000 else None


class ExecLine(Record):
    """One command of `ExecStart=`: its words, and the prefixes in front of its program (`-`, `@`, `+` …).

    Words hold an Expansion where systemd puts in a variable (`$NAME` as a word of its own is split
    again, `${NAME}` is not) and a Substitution for a specifier (`%i`).
    """

    words: tuple[Word, ...]
    span: Span
    prefixes: str = ""


_PREFIXES = regex(r"[@\-:+!|]*")
_SPECIAL = regex(r"%(.)|\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_WHOLE = regex(r"\$([A-Za-z_][A-Za-z0-9_]*)")


def exec_lines(text: Text) -> tuple[ExecLine, ...]:
    """The commands of an `Exec…=` setting; several are separated by ` ; `. Raises SyntaxProblem as `unit_words`."""
    found: list[ExecLine] = []
    words: list[tuple[Text, bool]] = []
    for word, quoted in (*unit_words(text), (text.slice(len(text.value)), False)):
        ends = word.value == "" and not quoted
        if not ends and not (word.value == ";" and not quoted):
            # `\;` is a semicolon that separates nothing.
            words.append((word.slice(1) if word.value == "\\;" else word, quoted))
            continue
        if words:
            found.append(_exec_line(words))
        words = []
    return tuple(found)


def _exec_line(words: list[tuple[Text, bool]]) -> ExecLine:
    first = words[0][0]
    prefix = _PREFIXES.match(first.value)
    prefixes = prefix[0] if prefix is not None else ""
    program = first.slice(len(prefixes))
    rest = [word for word, _ in words[1:]]
    if not program.value and rest:
        program = rest.pop(0)
    if "@" in prefixes and rest:
        # The word behind the program is the name that it is told it has.
        del rest[0]
    expands = ":" not in prefixes
    made = (_word(program, False), *(_word(word, expands) for word in rest))
    return ExecLine(made, Span(first.source, first.span.start, made[-1].span.end), prefixes)


def _word(text: Text, expands: bool) -> Word:
    whole = _WHOLE.fullmatch(text.value) if expands else None
    if whole is not None:
        return Word((Expansion(whole[1], text.span),), text.span)
    parts: list[Part] = []
    at = 0
    for found in _SPECIAL.finditer(text.value):
        is_specifier = found[0].startswith("%")
        if not is_specifier and not expands:
            continue
        if found.start() > at:
            parts.append(Literal(text.slice(at, found.start()), True))
        at = found.end()
        if found[0] in ("%%", "$$"):
            parts.append(Literal(text.slice(found.start(), found.start() + 1), True))
        elif is_specifier:
            parts.append(Substitution(text.span_of(*found.span()), True))
        else:
            parts.append(Expansion(found[2], text.span_of(*found.span()), quoted=True))
    if at < len(text.value) or not parts:
        parts.append(Literal(text.slice(at), True))
    return Word(tuple(parts), text.span)
