"""What a setting may hold: each type reads a TOML value and says what is wrong with it, and where."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from prodlint.finding import Severity
from prodlint.path_pattern import glob_problem
from prodlint.record import Record, field

__all__ = [
    "BOOLEAN",
    "FORMAT",
    "GLOBS",
    "NAMES",
    "NAMES_BY_GLOB",
    "OPTIONS",
    "SEVERITIES",
    "THRESHOLD",
    "KnownNames",
    "Place",
    "Reading",
    "SettingType",
    "near",
    "printable",
    "quoted",
]

ALL = "all"
NEVER = "never"

Place = tuple[str | int, ...]
"""Where in the settings a value stands: keys, and the index of an item of a list."""


def _accept(rule: str, options: Mapping[str, object]) -> None:
    """Any options will do."""


class KnownNames(Record):
    """The names that settings may use; those of rules come from outside, since plugins bring some.

    `rules` maps each rule to its family, `formerly` each retired name of a rule to its present one,
    and `formats` are the output formats. `check_options` takes the name of a rule and its table of
    options and raises ValueError, with a message that holds a wrong key in double quotes.
    """

    rules: Mapping[str, str]
    formerly: Mapping[str, str] = field(default_factory=dict)
    formats: Collection[str] = ()
    check_options: Callable[[str, Mapping[str, object]], object] = _accept

    @property
    def families(self) -> frozenset[str]:
        return frozenset(self.rules.values())

    def present_name(self, name: str) -> str:
        """The present name of a rule; other names stay as they are."""
        return self.formerly.get(name, name)


class Reading:
    """One reading of settings: the names that are known, and every problem found so far.

    A problem is where it was found, whether the key there is at fault (and not the value), what is
    wrong, and the name that was perhaps meant.
    """

    def __init__(self, known: KnownNames) -> None:
        self.known = known
        self.problems: list[tuple[Place, bool, str, str | None]] = []

    def wrong_value(self, at: Place, message: str, suggestion: str | None = None) -> None:
        self.problems.append((at, False, message, suggestion))

    def wrong_key(self, at: Place, message: str, suggestion: str | None = None) -> None:
        self.problems.append((at, True, message, suggestion))


class SettingType(Record):
    """A type of values: in words, and as the function that turns a TOML value into the setting's.

    A value that is wrong is told to the reading; what the function gives back is then not used.
    A table has entries, each of which is a decision of its own.
    """

    words: str
    read: Callable[[Reading, Place, object], Any]
    is_table: bool = False


def quoted(text: str) -> str:
    """A text in double quotes, as TOML writes it and on one line."""
    return '"' + printable(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def printable(text: str) -> str:
    """A text with escapes for whatever a terminal would obey instead of showing it."""
    return text if text.isprintable() else "".join(c if c.isprintable() else _escape(ord(c)) for c in text)


def _escape(code: int) -> str:
    return {9: "\\t", 10: "\\n", 13: "\\r"}.get(code) or (f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")


def near(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that was perhaps meant; names are written with hyphens."""
    from difflib import get_close_matches

    candidates = sorted(candidates)
    hyphened = name.strip().replace("_", "-").lower()
    return hyphened if hyphened in candidates else next(iter(get_close_matches(hyphened, candidates, 1)), None)


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    kinds = {str: "a string", int: "a number", float: "a number", list: "a list", dict: "a table"}
    return kinds.get(type(value), "a date or time")


def _choices(words: Collection[str]) -> str:
    *first, last = (quoted(word) for word in words)
    return f"{', '.join(first)} or {last}" if first else last


def _subject(at: Place) -> str:
    """What a value is called in a message."""
    name, *rest = (step for step in at if isinstance(step, str))
    return f"{quoted(name)} of {quoted(rest[0])}" if rest else quoted(name)


def _strings(reading: Reading, at: Place, value: object) -> list[tuple[Place, str]]:
    """The strings of a list with their places."""
    if not isinstance(value, list):
        hint = f": write [{quoted(value)}]" if isinstance(value, str) else ""
        reading.wrong_value(at, f"{_subject(at)} must be a list of strings, not {_kind(value)}{hint}")
        return []
    found: list[tuple[Place, str]] = []
    for index, item in enumerate(value):
        if isinstance(item, str):
            found.append(((*at, index), item))
        else:
            reading.wrong_value((*at, index), f"{_subject(at)} must be a list of strings; here is {_kind(item)}")
    return found


def _table(reading: Reading, at: Place, value: object) -> dict[str, object]:
    if isinstance(value, dict):
        return value
    reading.wrong_value(at, f"{_subject(at)} must be a table, not {_kind(value)}")
    return {}


def _names(reading: Reading, at: Place, value: object) -> tuple[str, ...]:
    known = reading.known
    names: dict[str, None] = {}
    for place, written in _strings(reading, at, value):
        name = known.present_name(written)
        if name == ALL or name in known.rules or name in known.families:
            names[name] = None
        else:
            message = f"unknown rule or family {quoted(written)} in {_subject(at)}"
            reading.wrong_value(place, message, near(written, {ALL, *known.rules, *known.families}))
    return tuple(names)


def _rule(reading: Reading, at: Place, written: str) -> str:
    """The present name of the rule that a key names."""
    known = reading.known
    name = known.present_name(written)
    if name not in known.rules:
        why = f"{quoted(written)} is a family; name its rules" if name in known.families else ""
        reading.wrong_key(at, why or f"unknown rule {quoted(written)}", None if why else near(written, known.rules))
    return name


def _globs(reading: Reading, at: Place, value: object) -> tuple[str, ...]:
    globs = _strings(reading, at, value)
    for place, glob in globs:
        problem = glob_problem(glob)
        if problem:
            reading.wrong_value(place, f"{quoted(glob)} in {_subject(at)}: {problem}")
    return tuple(glob for _, glob in globs)


def _names_by_glob(reading: Reading, at: Place, value: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = []
    for glob, names in _table(reading, at, value).items():
        problem = glob_problem(glob)
        if problem:
            reading.wrong_key((*at, glob), f"{quoted(glob)} in {_subject(at)}: {problem}")
        found.append((glob, _names(reading, (*at, glob), names)))
    return tuple(found)


def _word(reading: Reading, at: Place, value: object, words: Collection[str]) -> str | None:
    """One of some words."""
    if isinstance(value, str) and value in words:
        return value
    was = quoted(value) if isinstance(value, str) else _kind(value)
    hint = ' (to switch a rule off, name it in "ignore")' if value == "off" else ""
    suggestion = near(value, words) if isinstance(value, str) else None
    reading.wrong_value(at, f"{_subject(at)} must be {_choices(words)}, not {was}{hint}", suggestion)
    return None


SEVERITY_NAMES = tuple(severity.label for severity in sorted(Severity, reverse=True))


def _severity(reading: Reading, at: Place, value: object) -> Severity | None:
    word = _word(reading, at, value, SEVERITY_NAMES)
    return Severity[word.upper()] if word else None


def _threshold(reading: Reading, at: Place, value: object) -> Severity | None:
    word = _word(reading, at, value, (*SEVERITY_NAMES, NEVER))
    return Severity[word.upper()] if word and word != NEVER else None


def _severities(reading: Reading, at: Place, value: object) -> dict[str, Severity]:
    found = {}
    for written, word in _table(reading, at, value).items():
        name = _rule(reading, (*at, written), written)
        severity = _severity(reading, (*at, written), word)
        if severity is not None:
            found[name] = severity
    return found


def _options(reading: Reading, at: Place, value: object) -> dict[str, dict[str, object]]:
    found = {}
    for written, table in _table(reading, at, value).items():
        place = (*at, written)
        before = len(reading.problems)
        name = _rule(reading, place, written)
        given = _table(reading, place, table)
        if len(reading.problems) == before:
            _check_options(reading, place, name, given)
        found[name] = given
    return found


def _check_options(reading: Reading, at: Place, rule: str, given: dict[str, object]) -> None:
    """Every wrong option at its own key; what is wrong with the table as a whole at the table."""
    before = len(reading.problems)
    for key, value in given.items():
        complaint = _complaint(reading.known, rule, {key: value})
        # A complaint about another key is that one is missing; the table as a whole may have it.
        if complaint and f'"{key}"' in complaint:
            reading.wrong_key((*at, key), complaint)
    if len(reading.problems) == before:
        complaint = _complaint(reading.known, rule, given)
        if complaint:
            reading.wrong_key(at, complaint)


def _complaint(known: KnownNames, rule: str, given: dict[str, object]) -> str | None:
    try:
        known.check_options(rule, given)
    except ValueError as error:
        return str(error)
    return None


def _boolean(reading: Reading, at: Place, value: object) -> bool:
    if not isinstance(value, bool):
        reading.wrong_value(at, f"{_subject(at)} must be true or false, not {_kind(value)}")
    return value is True


def _format(reading: Reading, at: Place, value: object) -> str | None:
    return _word(reading, at, value, sorted(reading.known.formats))


NAMES = SettingType("a list of rules and families", _names)
GLOBS = SettingType("a list of path patterns", _globs)
NAMES_BY_GLOB = SettingType("a table from path patterns to lists of rules and families", _names_by_glob, is_table=True)
SEVERITIES = SettingType('a table from rules to "error", "warning" or "info"', _severities, is_table=True)
THRESHOLD = SettingType('"error", "warning", "info" or "never"', _threshold)
OPTIONS = SettingType("a table of options for each rule", _options, is_table=True)
BOOLEAN = SettingType("true or false", _boolean)
FORMAT = SettingType("the name of an output format", _format)
