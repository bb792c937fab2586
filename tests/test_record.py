"""Records behave as the frozen dataclasses that they stand for; the standard library is asked."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field, replace
from functools import cached_property

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodlint.record import entity, lazy_entity, record
from prodlint.record import replace as own_replace


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


@lazy_entity
class Text:
    lines: list[str] = field(repr=False)
    name: str = "x"
    notes: list[str] = field(default_factory=list)

    @cached_property
    def length(self) -> int:
        return len(self.lines)


@pytest.mark.parametrize("made_before", [0, 200])
def test_the_first_objects_of_a_class_are_made_like_all_others(made_before: int) -> None:
    """Their constructor is another one: it is compiled for classes of which there are many."""

    @record
    class Pair:
        left: int
        right: int = 2
        more: list[int] = field(default_factory=list)

        def __post_init__(self) -> None:
            if self.left < 0:
                raise ValueError("left")

    for number in range(made_before):
        Pair(number)
    assert (Pair(1).right, Pair(1, right=3).right, Pair(1, 4).right) == (2, 3, 4)
    assert Pair(1).more is not Pair(1).more
    with pytest.raises(ValueError, match="left"):
        Pair(-1)
    for call in (lambda: Pair(), lambda: Pair(1, left=1), lambda: Pair(1, 2, [], 4), lambda: Pair(1, wrong=2)):  # type: ignore[call-arg, misc]
        with pytest.raises(TypeError):
            call()
    assert Pair(5) == Pair(5, 2, [])


def test_a_lazy_entity_keeps_what_it_worked_out() -> None:
    text = Text(["a", "b"])
    assert (text.length, text.length) == (2, 2)
    assert repr(text) == "Text(name='x', notes=[])"
    assert own_replace(text, name="y").name == "y"
    assert text != Text(text.lines)
    with pytest.raises(dataclasses.FrozenInstanceError):
        text.name = "z"  # type: ignore[misc]


def test_replace_is_that_of_the_library() -> None:
    assert own_replace(Place(1, name="there"), y=2) == replace(Place(1, name="there"), y=2)
    with pytest.raises(TypeError):
        own_replace(Place(1), wrong=2)  # type: ignore[call-arg]


def test_an_entity_is_equal_only_to_itself() -> None:
    one, other = Thing("a"), Thing("a")
    assert one == one
    assert one != other
    assert len({one, other}) == 2
    assert repr(one) == "Thing(name='a')"
