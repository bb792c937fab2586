"""Routes: which paths an app answers, with the full prefixes, so that a probe's path can be looked up."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from prodlint.deployment.command import Link
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer
from prodlint.record import Record
from prodlint.source import Span

__all__ = ["Route", "Routes", "joined_path", "without_doubles"]

# What a placeholder matches: the converters of Flask and Django, and those of Starlette.
_CONVERTERS = {
    "": r"[^/]+",
    "str": r"[^/]+",
    "string": r"[^/]+",
    "int": r"-?\d+",
    "float": r"-?\d+(?:\.\d+)?",
    "path": r".+",
    "slug": r"[-a-zA-Z0-9_]+",
    "uuid": r"[0-9a-fA-F-]{36}",
}
_ANGLE = re.compile(r"<(?:(?P<kind>[A-Za-z_]+)(?:\([^)]*\))?:)?(?P<name>[A-Za-z_]\w*)>")
_BRACE = re.compile(r"\{(?P<name>[A-Za-z_]\w*)(?::(?P<kind>[A-Za-z_]+))?\}")


class Route(Record):
    """One route: the path as a client spells it, with its placeholders; no methods mean any.

    `regex` is set where the path is a regular expression (Django's `re_path`). A `prefix` route
    answers everything below its path (a mounted app); one of `files` answers what its folder holds, which nobody
    looked up. One that is there `perhaps` is registered under a condition that nothing decides.
    """

    path: str
    span: Span
    methods: frozenset[str] = frozenset()
    regex: str | None = None
    prefix: bool = False
    files: bool = False
    perhaps: bool = False

    @property
    def shown(self) -> str:
        """Its path as people read it: `/static/…` stands for all that is below."""
        return f"{self.path.rstrip('/')}/…" if self.prefix else self.path

    def matches(self, path: str) -> Answer:
        """Whether a path without query belongs to it.

        UNKNOWN for a converter that is not known, for files, and for one that is there perhaps.
        """
        pattern = _pattern(self.path, self.regex, self.prefix)
        if pattern is None:
            return UNKNOWN
        if not pattern.match(path):
            return NO
        return UNKNOWN if self.files or self.perhaps else YES


@lru_cache(maxsize=4096)
def _pattern(path: str, regex: str | None, prefix: bool) -> re.Pattern[str] | None:
    end = r"(?:/.*)?\Z" if prefix else r"\Z"
    try:
        if regex is not None:
            return re.compile(regex)
        return re.compile(_translated(path.rstrip("/") if prefix else path) + end)
    except (re.error, KeyError, RecursionError, OverflowError):
        return None


def _translated(path: str) -> str:
    """A path with placeholders as a regular expression. Raises KeyError for an unknown converter."""
    parts: list[str] = []
    at = 0
    placeholder = _BRACE if "{" in path else _ANGLE
    for found in placeholder.finditer(path):
        parts += [re.escape(path[at : found.start()]), _CONVERTERS[found["kind"] or ""]]
        at = found.end()
    return "".join([*parts, re.escape(path[at:])])


class Routes(Record):
    """The routes of one app. `complete` is NO when some could not be read: then no path is known to be missing.

    `unread` tells which those are, and where they are written; `moved_by` names the variables that give some of
    these another path when they are set.
    `appends_slash` answers whether a path without its slash at the end is redirected to the one with it.
    """

    routes: tuple[Route, ...]
    complete: Answer = YES
    appends_slash: Answer = NO
    unread: tuple[Link, ...] = ()
    moved_by: tuple[str, ...] = ()

    def answering(self, path: str, method: str = "GET") -> tuple[Answer, Route | None]:
        """Whether the app answers a path, and the route that does.

        A path that only a redirect leads to is not answered.
        """
        path = path.partition("?")[0]
        doubtful = False
        for route in self.routes:
            if route.methods and method not in route.methods and not (method == "HEAD" and "GET" in route.methods):
                continue
            found = route.matches(path)
            if found is YES:
                return YES, route
            doubtful = doubtful or found is UNKNOWN
        return (UNKNOWN if doubtful or self.complete is not YES else NO), None


def without_doubles(routes: Iterable[Route]) -> tuple[Route, ...]:
    """Some routes without those that are there perhaps where a certain one says the same."""
    found = tuple(routes)
    certain = {(one.path, one.regex, one.prefix, one.methods) for one in found if not one.perhaps}
    return tuple(
        one for one in found if not one.perhaps or (one.path, one.regex, one.prefix, one.methods) not in certain
    )


def joined_path(*parts: str) -> str:
    """Prefixes and a path behind one another, with one slash where they meet and one in front."""
    path = ""
    for part in parts:
        if part:
            path = path.rstrip("/") + "/" + part.lstrip("/")
    return path or "/"
