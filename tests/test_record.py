"""Records behave as the frozen dataclasses that they stand for; the standard library is asked."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodlint.record import entity, record


@record
class Point:
    """A place."""

    x: int
    y: int = 0
    tags: list[str] = field(default_factory=list, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Standard:
    """The same by the standard library."""

    x: int
    y: int = 0
    tags: list[str] = field(default_factory=list, compare=False, repr=False)


@entity
class Thing:
    name: str


@given(st.integers(), st.integers(), st.integers(), st.integers())
def test_equality_hash_and_text_are_those_of_a_dataclass(a: int, b: int, c: int, d: int) -> None:
    assert (Point(a, b) == Point(c, d)) is (Standard(a, b) == Standard(c, d))
    assert hash(Point(a, b, ["ignored"])) == hash(Point(a, b))
    assert repr(Point(a, b)) == repr(Standard(a, b)).replace("Standard", "Point")


def test_a_record_is_a_dataclass_that_can_be_replaced_and_has_slots() -> None:
    point = Point(1)
    assert dataclasses.is_dataclass(Point)
    assert replace(point, y=5) == Point(1, 5)
    assert point.tags == []
    assert point.tags is not Point(1).tags
    assert not hasattr(point, "__dict__")
    assert point != Standard(1)


@record
class Place(Point):
    """A place with a name."""

    name: str = "here"


def test_a_record_of_a_record_has_the_fields_of_both() -> None:
    place = replace(Place(1, name="there"), y=2)
    assert (place.x, place.y, place.name) == (1, 2, "there")
    assert [one.name for one in dataclasses.fields(Place)] == ["x", "y", "tags", "name"]
    assert [one.name for one in dataclasses.fields(Point)] == ["x", "y", "tags"]
    assert place != Point(1, 2)
    assert Place.__match_args__ == ("x", "y", "tags", "name")


def test_fields_are_those_of_a_dataclass() -> None:
    def told(cls: type) -> list[tuple[object, ...]]:
        return [(one.name, one.type, one.default, one.compare, one.repr) for one in dataclasses.fields(cls)]

    assert told(Point) == told(Standard)
    assert Point.__match_args__ == Standard.__match_args__


def test_nothing_can_be_changed() -> None:
    point = Point(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del point.x
    with pytest.raises(TypeError):
        Point()  # type: ignore[call-arg]


def test_an_entity_is_equal_only_to_itself() -> None:
    one, other = Thing("a"), Thing("a")
    assert one == one
    assert one != other
    assert len({one, other}) == 2
    assert repr(one) == "Thing(name='a')"
