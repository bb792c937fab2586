"""The tokens of a condition of a pipeline, taken one after another: how GitHub's and GitLab's expressions are read."""

from __future__ import annotations

import re

__all__ = ["DEEPEST", "Tokens", "UnreadableError"]

DEEPEST = 40
"""How far the readers of expressions go into what is nested."""
_LONGEST = 2_000


class UnreadableError(Exception):
    """The text is no expression that is understood."""


class Tokens:
    """The tokens of an expression; each is taken once, from the left.

    `token` matches one with the spaces before it. Raises UnreadableError for a text that holds anything else.
    """

    def __init__(self, text: str, token: re.Pattern[str]) -> None:
        self.texts: list[str] = []
        self._next = 0
        text = text.strip()
        at = 0
        while at < len(text):
            found = token.match(text, at) if len(text) <= _LONGEST else None
            if found is None:
                raise UnreadableError
            self.texts.append(found[0].strip())
            at = found.end()

    def take(self) -> str:
        """The next one, whatever it is. Raises UnreadableError behind the last one."""
        if self._next == len(self.texts):
            raise UnreadableError
        self._next += 1
        return self.texts[self._next - 1]

    def taken(self, *wanted: str) -> str | None:
        """The next one where it is one of these, else None."""
        return self.take() if self._next < len(self.texts) and self.texts[self._next] in wanted else None

    def need(self, wanted: str) -> None:
        """Takes just this one. Raises UnreadableError for another one."""
        if self.taken(wanted) is None:
            raise UnreadableError

    def end(self) -> None:
        """Raises UnreadableError where something is left."""
        if self._next < len(self.texts):
            raise UnreadableError
