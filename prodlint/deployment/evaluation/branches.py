"""The dictionaries between which variables choose, each with the place where it is written."""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.evaluation.domain import DictValue, Driven
from prodlint.deployment.evaluation.shown import shown
from prodlint.deployment.value import Value
from prodlint.record import Record
from prodlint.source import Span

__all__ = ["Branch", "branches_below"]

_MOST = 8


class Branch(Record):
    """One of the values that something may have, and where it is written."""

    value: Value[object]
    span: Span


def branches_below(value: object, key: str, span: Span) -> tuple[Branch, ...]:
    """What stands below a key of a dictionary, and of those that variables may put in its place.

    The first is what holds when none of the variables is set, the others follow in the order of their lines. `span`
    is the place of what no display makes.
    """
    found = [
        Branch(shown(inner, place), place)
        for outer, above in _alternatives(value, span)
        if isinstance(outer, DictValue) and isinstance(outer.content, dict) and key in outer.content
        for inner, place in _alternatives(outer.content[key], above)
    ]
    return (*found[:1], *sorted(found[1:], key=lambda one: (one.span.path, one.span.start)))


def _alternatives(value: object, span: Span) -> Iterator[tuple[object, Span]]:
    """A value, and the displays that variables may put in its place."""
    if not isinstance(value, Driven):
        yield value, _place(value, span)
        return
    plain = value.default
    while isinstance(plain, Driven):
        plain = plain.default
    # A database that a URL names has no display: it is shown as the variable decides it.
    yield (plain if _is_written(plain) else value), _place(plain, span)
    yield from ((one, _place(one, span)) for one in value.holds[:_MOST] if one is not plain and _is_written(one))


def _is_written(value: object) -> bool:
    return isinstance(value, DictValue) and value.place is not None


def _place(value: object, span: Span) -> Span:
    return (value.place if isinstance(value, DictValue) else None) or span
