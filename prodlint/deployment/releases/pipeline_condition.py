"""Conditions of workflows (`if:`, inputs that are switches), answered for each way in which their pipeline is set off.

Source: GitHub, "Evaluate expressions in workflows and actions" (literals, operators, functions, strings are compared
without their case) and "Contexts reference" (github.event_name, ref, ref_name, ref_type, base_ref).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from prodlint.deployment.pipeline import Condition, Occasion
from prodlint.deployment.releases.expression_tokens import DEEPEST, Tokens, UnreadableError
from prodlint.deployment.value import UNKNOWN, Answer, answer
from prodlint.record import Record
from prodlint.regex import regex

__all__ = ["both", "condition_of", "joined", "plain", "switch_of"]

_TOKEN = regex(r"\s*(?:('(?:[^']|'')*')|([A-Za-z_][\w.*-]*)|(\d+(?:\.\d+)?)|(&&|\|\||==|!=|<=|>=|[!()\[\],<>]))")
_WHOLE = regex(r"\s*\$\{\{((?:[^}]|\}(?!\}))*)\}\}\s*")
_WORDS = {"true": True, "false": False, "null": None}
# What holds as long as nothing fails.
_STATES = {"success": True, "always": True}


class _Begun(Record):
    """A text of which only the beginning is known."""

    start: str


class _Open:
    """A value that nothing here tells."""


_OPEN: Final = _Open()
_Operand = str | bool | None | _Begun | _Open


def condition_of(text: str, occasions: tuple[Occasion, ...], variable: Callable[[str], str | None]) -> Condition:
    """A condition on each occasion. `variable` gives the value of one of `env` or of `matrix.NAME`, if known."""
    if not text.strip():
        return Condition("", occasions, occasions)
    return _answered(text, occasions, lambda one: _truth(_value(plain(text), one, variable)))


def switch_of(text: str, occasions: tuple[Occasion, ...], variable: Callable[[str], str | None]) -> Condition:
    """An input of an action that switches something on where its text is `true`, on each occasion."""
    whole = _WHOLE.fullmatch(text)
    if whole is None:
        return _answered(text, occasions, lambda one: UNKNOWN if "${{" in text else _is_on(text))
    return _answered(text, occasions, lambda one: _is_on(_value(whole[1], one, variable)))


def both(first: Condition, second: Condition) -> Condition:
    """What holds where two conditions do; its text tells what is open of them."""
    may = tuple(one for one in first.may if one in second.may)
    does = tuple(one for one in first.does if one in second.does)
    asked = [one for one in (first, second) if one.text]
    asked = [one for one in asked if any(occasion not in one.does for occasion in may)] or asked
    return Condition(joined(one.text for one in asked), may, does)


def joined(texts: Iterable[str]) -> str:
    """Conditions of which all have to hold, as one text."""
    asked = [one for one in texts if one.strip()]
    if len(asked) < 2:
        return asked[0] if asked else ""
    return " && ".join(f"({plain(one)})" for one in asked)


def plain(text: str) -> str:
    """A condition without the brackets of an expression, which it need not have."""
    found = _WHOLE.fullmatch(text)
    return text.strip() if found is None else found[1].strip()


def _answered(text: str, occasions: tuple[Occasion, ...], holds: Callable[[Occasion], Answer]) -> Condition:
    answers = [(one, holds(one)) for one in occasions]
    may = tuple(one for one, found in answers if found is UNKNOWN or bool(found))
    return Condition(text, may, tuple(one for one, found in answers if found is not UNKNOWN and bool(found)))


def _value(text: str, occasion: Occasion, variable: Callable[[str], str | None]) -> _Operand:
    if "${{" in text:
        return _OPEN
    try:
        tokens = Tokens(text, _TOKEN)
        value = _Parser(tokens, occasion, variable).either(0)
        tokens.end()
    except UnreadableError:
        return _OPEN
    return value


def _is_on(value: _Operand) -> Answer:
    """Whether an input is `true`: actions take the text of a value, of which `false` is no truth."""
    if isinstance(value, _Open | _Begun):
        return UNKNOWN
    return answer(value is True or (isinstance(value, str) and value.strip().lower() == "true"))


def _truth(value: _Operand) -> Answer:
    if isinstance(value, _Open):
        return UNKNOWN
    if isinstance(value, _Begun):
        return answer(True) if value.start else UNKNOWN
    return answer(bool(value))


class _Parser:
    """Reads one expression from its tokens and has its value at once."""

    def __init__(self, tokens: Tokens, occasion: Occasion, variable: Callable[[str], str | None]) -> None:
        self.tokens = tokens
        self.occasion = occasion
        self.variable = variable

    def either(self, depth: int) -> _Operand:
        """`a || b`: the first that is true, else the last."""
        value = self._both(depth)
        while self.tokens.taken("||"):
            value = _chosen(value, self._both(depth), True)
        return value

    def _both(self, depth: int) -> _Operand:
        value = self._compared(depth)
        while self.tokens.taken("&&"):
            value = _chosen(value, self._compared(depth), False)
        return value

    def _compared(self, depth: int) -> _Operand:
        value = self._single(depth)
        while operator := self.tokens.taken("==", "!=", "<", ">", "<=", ">="):
            other = self._single(depth)
            same = _same(value, other) if operator in ("==", "!=") else UNKNOWN
            value = _OPEN if same is UNKNOWN else bool(same) is (operator == "==")
        return value

    def _single(self, depth: int) -> _Operand:
        if depth > DEEPEST:
            raise UnreadableError
        if self.tokens.taken("!"):
            found = _truth(self._single(depth + 1))
            return _OPEN if found is UNKNOWN else not bool(found)
        if self.tokens.taken("("):
            value = self.either(depth + 1)
            self.tokens.need(")")
            return value
        token = self.tokens.take()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token[0].isdigit():
            return _OPEN
        if not (token[0].isalpha() or token[0] == "_"):
            raise UnreadableError
        if self.tokens.taken("("):
            return _called(token.lower(), list(self._arguments(depth + 1)))
        value = self._named(token)
        while self.tokens.taken("["):
            self.either(depth + 1)
            self.tokens.need("]")
            value = _OPEN
        return value

    def _arguments(self, depth: int) -> Iterator[_Operand]:
        if self.tokens.taken(")"):
            return
        yield self.either(depth)
        while self.tokens.taken(","):
            yield self.either(depth)
        self.tokens.need(")")

    def _named(self, name: str) -> _Operand:
        lowered = name.lower()
        if lowered in _WORDS:
            return _WORDS[lowered]
        context, _, rest = name.partition(".")
        if context.lower() in ("env", "matrix"):
            value = self.variable(rest if context.lower() == "env" else name)
            return _OPEN if value is None else value
        return _of_github(rest.lower(), self.occasion) if context.lower() == "github" else _OPEN


def _of_github(name: str, occasion: Occasion) -> _Operand:
    if not occasion.event:
        return _OPEN
    if name == "event_name":
        return occasion.event
    if name.startswith("event.pull_request") and not occasion.event.startswith("pull_request"):
        return None
    if name in ("base_ref", "head_ref") and not occasion.event.startswith("pull_request"):
        return ""
    folder = next((one for one in ("refs/heads/", "refs/tags/") if occasion.ref.startswith(one)), None)
    if name == "ref":
        return occasion.ref if occasion.is_whole else _Begun(occasion.ref)
    if name == "ref_type" and folder is not None:
        return "branch" if folder == "refs/heads/" else "tag"
    if name == "ref_name" and folder is not None:
        short = occasion.ref[len(folder) :]
        return short if occasion.is_whole else _Begun(short)
    return _OPEN


def _chosen(left: _Operand, right: _Operand, stops_when: bool) -> _Operand:
    """What `left || right` (which `stops_when` True) or `left && right` comes to."""
    first = _truth(left)
    if first is not UNKNOWN:
        return left if bool(first) is stops_when else right
    second = _truth(right)
    # Whatever the left one is: `x && false` is never true.
    return stops_when if second is not UNKNOWN and bool(second) is stops_when else _OPEN


def _same(left: _Operand, right: _Operand) -> Answer:
    if isinstance(left, _Begun) and isinstance(right, str):
        return UNKNOWN if right.lower().startswith(left.start.lower()) else answer(False)
    if isinstance(right, _Begun) and isinstance(left, str):
        return _same(right, left)
    if isinstance(left, str) and isinstance(right, str):
        return answer(left.lower() == right.lower())
    if isinstance(left, bool) and isinstance(right, bool):
        return answer(left is right)
    # Values of two kinds become numbers first.
    return answer(True) if left is None and right is None else UNKNOWN


def _called(name: str, given: list[_Operand]) -> _Operand:
    if name in _STATES:
        return _STATES[name]
    if len(given) != 2 or not isinstance(given[1], str):
        return _OPEN
    held, part = given[0], given[1].lower()
    if isinstance(held, _Begun):
        start = held.start.lower()
        if name == "startswith":
            return True if start.startswith(part) else _OPEN if part.startswith(start) else False
        return True if name == "contains" and part in start else _OPEN
    if not isinstance(held, str):
        return _OPEN
    tests = {"startswith": held.lower().startswith, "endswith": held.lower().endswith, "contains": held.lower().count}
    return bool(tests[name](part)) if name in tests and part else _OPEN
