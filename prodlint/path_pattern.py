"""Patterns over paths, as in git's ignore files, translated to regular expressions that cannot run away.

A pattern comes from the repository under inspection, so that a hostile one (`*a*a*a*a*a*b`) must
cost no more than a friendly one: every wildcard but the last of its kind takes the first place
that fits and never tries another, which for these patterns finds every match.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from prodlint.regex import regex

__all__ = ["PathMatcher", "glob_problem", "literal_prefix", "translate"]

SPECIAL = regex(r"[*?\[\\]")

CHARACTER_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": r"\x21-\x7e",
    "lower": "a-z",
    "print": r"\x20-\x7e",
    "punct": r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    "space": r"\t\n\r ",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}

NEVER = "(?!)"
STAR = "*"
ANY_FOLDERS = "**/"
ANYTHING = "**"


def literal_prefix(pattern: str) -> str:
    """The part of a pattern before its first special character."""
    special = SPECIAL.search(pattern)
    return pattern[: special.start()] if special else pattern


def translate(pattern: str, groups: Iterator[int]) -> str:
    """The regular expression, for `fullmatch` with `re.DOTALL`, of git's pattern over a path.

    `*`, `?` and sets never match a slash; `**` matches any folders where it fills the space
    between slashes; a malformed pattern matches nothing. `groups` numbers the groups of all the
    expressions that are put together into one.
    """
    items = _items(pattern)
    if items is None:
        return NEVER
    blocks: list[tuple[str, list[str]]] = [("", [""])]
    for item in items:
        if item in (ANY_FOLDERS, ANYTHING):
            blocks.append((item, [""]))
        elif item == STAR:
            blocks[-1][1].append("")
        else:
            blocks[-1][1][-1] += item
    regex = ""
    for number, (lead, chunks) in enumerate(blocks):
        text = chunks[0]
        for chunk in chunks[1:-1]:
            text += _first_fit(f"[^/]*?{chunk}", groups)
        if len(chunks) > 1:
            text += f"[^/]*{chunks[-1]}"
        if not lead:
            regex += text
        elif number == len(blocks) - 1:
            regex += ("(?:.*/)?" if lead == ANY_FOLDERS else ".*") + text
        else:
            regex += _first_fit(("(?:.*?/)??" if lead == ANY_FOLDERS else ".*?") + text, groups)
    return regex


def _first_fit(regex: str, groups: Iterator[int]) -> str:
    """The first match of an expression and no other: an atomic group, which Python 3.10 lacks."""
    name = f"g{next(groups)}"
    return f"(?=(?P<{name}>{regex}))(?P={name})"


def _items(pattern: str) -> list[str] | None:
    """The wildcards of a pattern, and expressions of one character each; None if malformed."""
    items: list[str] = []
    at, end = 0, len(pattern)
    while at < end:
        character = pattern[at]
        if character == "*":
            start = at
            while at < end and pattern[at] == "*":
                at += 1
            fills = (start == 0 or pattern[start - 1] == "/") and (at == end or pattern.startswith(("/", "\\/"), at))
            if at - start == 1 or not fills:
                items.append(STAR)
            elif pattern.startswith("/", at):
                items.append(ANY_FOLDERS)
                at += 1
            else:
                items.append(ANYTHING)
            continue
        if character == "?":
            items.append("[^/]")
        elif character == "[":
            found = _set(pattern, at + 1)
            if found is None:
                return None
            regex, at = found
            items.append(regex)
            continue
        elif character == "\\":
            at += 1
            if at == end:
                return None
            items.append(re.escape(pattern[at]))
        else:
            items.append(re.escape(character))
        at += 1
    return items


def _set(pattern: str, at: int) -> tuple[str, int] | None:
    """The expression of a set whose content begins at `at`, and where the pattern goes on."""
    negated = pattern.startswith(("!", "^"), at)
    at += negated
    parts: list[str] = []
    previous = ""
    first = True
    while True:
        if at >= len(pattern):
            return None
        character = pattern[at]
        if character == "]" and not first:
            break
        first = False
        if character == "-" and previous and pattern[at + 1 : at + 2] not in ("", "]"):
            at += 1
            if pattern[at] == "\\":
                at += 1
                if at >= len(pattern):
                    return None
            if previous <= pattern[at]:
                parts.append(f"{re.escape(previous)}-{re.escape(pattern[at])}")
            previous = ""
        elif character == "[" and pattern.startswith(":", at + 1):
            close = pattern.find("]", at + 2)
            if close < 0:
                return None
            if close > at + 2 and pattern[close - 1] == ":":
                members = CHARACTER_CLASSES.get(pattern[at + 2 : close - 1])
                if members is None:
                    return None
                parts.append(members)
                previous = ""
                at = close
            else:
                parts.append(re.escape("["))
                previous = "["
        else:
            if character == "\\":
                at += 1
                if at >= len(pattern):
                    return None
            previous = pattern[at]
            parts.append(re.escape(previous))
        at += 1
    members = "".join(parts)
    if negated:
        return f"[^/{members}]", at + 1
    return (f"(?!/)[{members}]" if members else NEVER), at + 1


def glob_problem(glob: str) -> str | None:
    """Why a glob in settings cannot mean what its author hoped, or None."""
    if not glob or glob.isspace():
        return "an empty pattern matches nothing"
    if glob.strip() != glob:
        return "a pattern must not begin or end with white space"
    if glob.startswith("!"):
        return "a pattern cannot be negated"
    if "\\" in glob:
        return 'folders are separated by "/", not by "\\"'
    if len(glob) > 1 and glob[1] == ":":
        return "a pattern is relative to the folder of the settings, without a drive"
    if "{" in glob or "}" in glob:
        return "braces are not expanded: write one pattern for each alternative"
    parts = glob.split("/")
    if "." in parts or ".." in parts:
        return 'a pattern must not hold "." or ".." as a folder'
    if "" in parts[1:-1] or parts == ["", ""]:
        return 'a folder between two "/" has no name'
    if _items(glob) is None:
        return 'a set of characters is not closed by "]"'
    return None


class PathMatcher:
    """Globs of settings over paths.

    A glob without a slash (`*.py`, `legacy`) matches a name in any folder; one with a slash
    (`deploy/*.sh`, `/legacy`) matches from the top. `*` stays inside a folder, `**` crosses
    folders, `legacy/` is a folder. Whatever lies below a matching folder matches too. The globs are
    relative to a folder from which `base` leads to the folder that paths are relative to.
    """

    def __init__(self, globs: Iterable[str], base: str = "") -> None:
        self.globs = tuple(globs)
        self._base = f"{base.strip('/')}/".lstrip("/")
        groups = iter(range(1_000_000))
        alternatives = "|".join(_whole_path(glob, groups) for glob in self.globs)
        self._regex = re.compile(alternatives, re.DOTALL) if alternatives else None

    def matches(self, path: str) -> bool:
        """Whether a path, relative and with forward slashes, matches; a folder ends with a slash."""
        return self._regex is not None and self._regex.fullmatch(self._base + path) is not None

    def __bool__(self) -> bool:
        return bool(self.globs)


def _whole_path(glob: str, groups: Iterator[int]) -> str:
    below = "/.*" if glob.endswith("/") else "(?:/.*)?"
    pattern = glob.removesuffix("/")
    anywhere = "" if "/" in pattern else "**/"
    return translate(anywhere + pattern.removeprefix("/"), groups) + below
