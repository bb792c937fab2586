"""What git ignores: the rules of `.gitignore` files, as git itself applies them.

Checked against git; not taken from a library, because walking a repository asks these rules for
every path before anything else happens, and most patterns are plain names that need no expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from prodlint.path_pattern import SPECIAL, literal_prefix, translate
from prodlint.record import Record, State, field

__all__ = ["MAX_IGNORE_FILE", "IgnoreRules", "byte_text"]

MAX_IGNORE_FILE = 256 * 1024
"""Only so many bytes of an ignore file are read; real ones have a few thousand."""


def byte_text(path: str) -> str:
    """A path as git's patterns see it: one character for each byte of its name."""
    return path if path.isascii() else path.encode("utf-8", "surrogateescape").decode("latin-1")


class _Pattern(Record):
    text: str
    negated: bool
    folder_only: bool
    name_only: bool


class _Group(State):
    """Patterns of which any may match, each kept in the cheapest form that decides it."""

    names: set[str] = field(default_factory=set)
    paths: set[str] = field(default_factory=set)
    prefixes: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    name_regex: re.Pattern[str] | None = None
    path_regex: re.Pattern[str] | None = None

    @classmethod
    def of(cls, patterns: Iterable[_Pattern]) -> _Group:
        group = cls()
        prefixes, suffixes, name_regexes, path_regexes = [], [], [], []
        groups = iter(range(1_000_000))
        for pattern in patterns:
            text = pattern.text
            if not pattern.name_only:
                text = text.removeprefix("/")
                # git compares what stands before the first wildcard, then matches the rest alone,
                # so that `a/b**/c` works as if a slash stood before the stars.
                literal = literal_prefix(text)
                if literal == text:
                    group.paths.add(text)
                else:
                    path_regexes.append(re.escape(literal) + translate(text[len(literal) :], groups))
            elif not SPECIAL.search(text):
                group.names.add(text)
            elif text[0] == "*" and not SPECIAL.search(text[1:]):
                suffixes.append(text[1:])
            elif text[-1] == "*" and not SPECIAL.search(text[:-1]):
                prefixes.append(text[:-1])
            else:
                name_regexes.append(translate(text, groups))
        group.prefixes, group.suffixes = tuple(prefixes), tuple(suffixes)
        group.name_regex, group.path_regex = _any_of(name_regexes), _any_of(path_regexes)
        return group

    def matches(self, path: str, name: str) -> bool:
        return (
            name in self.names
            or path in self.paths
            or name.endswith(self.suffixes)
            or name.startswith(self.prefixes)
            or (self.name_regex is not None and self.name_regex.fullmatch(name) is not None)
            or (self.path_regex is not None and self.path_regex.fullmatch(path) is not None)
        )


def _any_of(regexes: Sequence[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(regexes), re.DOTALL) if regexes else None


class IgnoreRules:
    """The rules of one ignore file."""

    def __init__(self, data: bytes) -> None:
        patterns = _parse(data[:MAX_IGNORE_FILE])
        # The last pattern that matches decides, so that neighbours of one sign may be asked at once.
        self._runs: list[tuple[bool, _Group, _Group]] = []
        run: list[_Pattern] = []
        for pattern in reversed(patterns):
            if run and run[0].negated is not pattern.negated:
                self._add(run)
                run = []
            run.append(pattern)
        if run:
            self._add(run)

    def _add(self, run: list[_Pattern]) -> None:
        for_files = [pattern for pattern in run if not pattern.folder_only]
        everything = _Group.of(run)
        files = everything if len(for_files) == len(run) else _Group.of(for_files)
        self._runs.append((not run[0].negated, files, everything))

    def verdict(self, path: str, name: str, is_folder: bool) -> bool | None:
        """Whether these rules ignore a path: True, False (it was asked back), None (no rule matches).

        The path is relative to the folder of the ignore file; path and name are `byte_text`s.
        """
        for ignored, files, folders in self._runs:
            if (folders if is_folder else files).matches(path, name):
                return ignored
        return None


def _parse(data: bytes) -> list[_Pattern]:
    patterns = []
    for line in data.removeprefix(b"\xef\xbb\xbf").decode("latin-1").split("\n"):
        if line.startswith("#"):
            continue
        text = _without_trailing_spaces(line.removesuffix("\r"))
        negated = text.startswith("!")
        text = text[negated:]
        folder_only = text.endswith("/")
        text = text.removesuffix("/")
        if text:
            patterns.append(_Pattern(text, negated, folder_only, "/" not in text))
    return patterns


def _without_trailing_spaces(line: str) -> str:
    """A line up to its last character that is not a space or that a backslash protects."""
    if not line.endswith(" "):
        return line
    keep = at = 0
    while at < len(line):
        if line[at] == "\\":
            at += 1
        elif line[at] == " ":
            at += 1
            continue
        at += 1
        keep = at
    return line[:keep]
