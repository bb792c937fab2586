"""Expressions of GitLab CI (`rules: if`), answered for each way in which a pipeline is set off.

Sources: GitLab, "Specify when jobs run with rules" (operators, precedence, `null`, patterns, the table of variables by
kind of pipeline) and "Predefined CI/CD variables reference". Variables of the file are unknown here: those of the
project and those given by hand win over them.
"""

from __future__ import annotations

import re
from typing import Final

from prodlint.deployment.pipeline import Occasion
from prodlint.deployment.releases.expression_tokens import DEEPEST, Tokens, UnreadableError
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, answer
from prodlint.record import Record
from prodlint.regex import regex

__all__ = ["DEFAULT_BRANCH", "MERGE_REQUEST", "holds", "literals_of", "matches"]

DEFAULT_BRANCH = "refs/heads/$CI_DEFAULT_BRANCH"
"""The ref of a push to the default branch, whose name the repository does not tell."""
MERGE_REQUEST = "merge_request_event"

_TOKEN = regex(r"\s*(?:(\$\w+)|(\"[^\"]*\"|'[^']*')|(/(?:[^/\\]|\\.)+/[ismU]*)|(null\b)|(&&|\|\||==|!=|=~|!~|[()]))")
# GitLab itself takes no more.
_MOST_TOKENS = 100
# What Ruby, RE2 and Python read alike, and what cannot take long: few repetitions, none of a group.
_PLAIN = regex(r"(?:\\[dws./\-]|[\w.^$|()/@ -]|\[\^?[\w.-]+\]|(?<![)])[*+?])*")
_REPEATED = regex(r"[*+?]")
_MOST_REPEATED = 3
_LONGEST_PATTERN = 200
_LONGEST_NAME = 60


class _Other(Record):
    """The name of a branch or a tag: none of `names`, and not the default branch."""

    names: frozenset[str]


class _Special:
    """A value of which only the kind is known."""


_OPEN: Final = _Special()
_SOME: Final = _Special()
_DEFAULT: Final = _Special()
_Operand = str | None | _Special | _Other


class _Pattern(Record):
    text: str


def literals_of(text: str, variables: tuple[str, ...]) -> tuple[str, ...]:
    """The texts in an expression that names one of some variables."""
    try:
        tokens = _tokens(text).texts
    except UnreadableError:
        return ()
    return tuple(one[1:-1] for one in tokens if one[0] in "\"'") if any(one in variables for one in tokens) else ()


def holds(text: str, occasion: Occasion, names: frozenset[str]) -> Answer:
    """Whether an expression holds on an occasion; `names` are the branches that have occasions of their own."""
    try:
        tokens = _tokens(text)
        found = _Parser(tokens, occasion, names).either(0)
        tokens.end()
    except UnreadableError:
        return UNKNOWN
    return found


def matches(pattern: str, text: str | None) -> Answer:
    """Whether `/pattern/flags` is found in a text; UNKNOWN for a pattern that is more than plain."""
    body, _, flags = pattern[1:].rpartition("/")
    repeated = len(_REPEATED.findall(body))
    is_plain = len(body) <= _LONGEST_PATTERN and repeated <= _MOST_REPEATED and _PLAIN.fullmatch(body) is not None
    if not is_plain or flags not in ("", "i") or len(text or "") > _LONGEST_NAME:
        return UNKNOWN
    try:
        found = re.search(body, text or "", re.IGNORECASE if flags else 0) is not None
    except re.error:
        return UNKNOWN
    # Versions differ in what an empty pattern finds in a variable that is not set.
    return UNKNOWN if text is None and found else answer(found)


def _tokens(text: str) -> Tokens:
    tokens = Tokens(text, _TOKEN)
    if len(tokens.texts) > _MOST_TOKENS:
        raise UnreadableError
    return tokens


class _Parser:
    """Reads one expression from its tokens and has its answer at once."""

    def __init__(self, tokens: Tokens, occasion: Occasion, names: frozenset[str]) -> None:
        self.tokens = tokens
        self.occasion = occasion
        self.names = names

    def either(self, depth: int) -> Answer:
        """`a || b`."""
        found = self._both(depth)
        while self.tokens.taken("||"):
            found = found | self._both(depth)
        return found

    def _both(self, depth: int) -> Answer:
        found = self._compared(depth)
        while self.tokens.taken("&&"):
            found = found & self._compared(depth)
        return found

    def _compared(self, depth: int) -> Answer:
        if depth > DEEPEST:
            raise UnreadableError
        if self.tokens.taken("("):
            found = self.either(depth + 1)
            self.tokens.need(")")
            return found
        left = self._single()
        operator = self.tokens.taken("==", "!=", "=~", "!~")
        if operator is None:
            return _truth(left)
        right = self._single()
        if isinstance(left, _Pattern):
            raise UnreadableError
        if operator in ("==", "!="):
            found = UNKNOWN if isinstance(right, _Pattern) else _same(left, right)
        else:
            is_told = isinstance(right, _Pattern) and (left is None or isinstance(left, str))
            found = matches(right.text, left) if is_told else UNKNOWN  # type: ignore[union-attr, arg-type]
        return found if operator in ("==", "=~") else ~found

    def _single(self) -> _Operand | _Pattern:
        token = self.tokens.take()
        if token[0] == "$":
            return self._variable(token[1:])
        if token[0] in "\"'":
            return token[1:-1]
        if token[0] == "/":
            return _Pattern(token)
        if token == "null":
            return None
        raise UnreadableError

    def _variable(self, name: str) -> _Operand:
        event, ref = self.occasion.event, self.occasion.ref
        if not event:
            return _OPEN
        if name == "CI_PIPELINE_SOURCE":
            return event
        if name == "CI_DEFAULT_BRANCH":
            return _DEFAULT
        if name.startswith("CI_MERGE_REQUEST_"):
            sure = name in ("CI_MERGE_REQUEST_IID", "CI_MERGE_REQUEST_ID")
            return None if event != MERGE_REQUEST else _SOME if sure else _OPEN
        if name in ("CI_COMMIT_BRANCH", "CI_COMMIT_TAG"):
            if event == MERGE_REQUEST:
                return None
            folder = "refs/heads/" if name == "CI_COMMIT_BRANCH" else "refs/tags/"
            return self._name() if ref.startswith(folder) else None if ref else _OPEN
        return self._name() if name == "CI_COMMIT_REF_NAME" and ref.startswith(("refs/heads/", "refs/tags/")) else _OPEN

    def _name(self) -> _Operand:
        ref = self.occasion.ref
        if ref == DEFAULT_BRANCH:
            return _DEFAULT
        return ref.partition("/")[2].partition("/")[2] if self.occasion.is_whole else _Other(self.names)


def _truth(value: _Operand | _Pattern) -> Answer:
    if value is _OPEN or isinstance(value, _Pattern):
        return UNKNOWN
    return answer(bool(value)) if value is None or isinstance(value, str) else YES


def _same(left: _Operand, right: _Operand) -> Answer:
    if _OPEN in (left, right):
        return UNKNOWN
    if left is None or right is None:
        return answer(left is right)
    if isinstance(left, str) and isinstance(right, str):
        return answer(left == right)
    if "" in (left, right):
        return NO
    if left is right:
        return YES if left is _DEFAULT else UNKNOWN
    if isinstance(right, _Other):
        left, right = right, left
    if isinstance(left, _Other):
        return NO if right is _DEFAULT or (isinstance(right, str) and right in left.names) else UNKNOWN
    return UNKNOWN
