"""Records behave as the frozen dataclasses that they stand for; the standard library is asked."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as standard_field
from dataclasses import replace as standard_replace
from functools import cached_property

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodlint.record import Entity, LazyEntity, Record, State, compared_without, field, kept, replace


class Point(Record):
    """A place."""

    x: int
    y: int = 0
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standard:
    """The same by the standard library."""

    x: int
    y: int = 0
    tags: tuple[str, ...] = ()


class Place(Point):
    """A place with a name."""

    name: str = "here"


@compared_without("notes", "draft")
class Remark(Record):
    text: str
    notes: list[str] = field(default_factory=list)
    draft: bool = False


@dataclass(frozen=True, slots=True)
class StandardRemark:
    text: str
    notes: list[str] = standard_field(default_factory=list, compare=False)
    draft: bool = standard_field(default=False, compare=False)


class Thing(Entity):
    name: str


class Count(State):
    found: int = 0


class Text(LazyEntity):
    lines: list[str]
    name: str = "x"

    @cached_property
    def length(self) -> int:
        return len(self.lines)


NUMBERS = st.integers(0, 3)


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_equality_hash_text_and_replacing_are_those_of_a_dataclass(a: int, b: int, c: int, d: int) -> None:
    assert (Point(a, b) == Point(c, d)) is (Standard(a, b) == Standard(c, d))
    assert (len({Point(a, b), Point(c, d)}) == 1) is (len({Standard(a, b), Standard(c, d)}) == 1)
    assert repr(Point(a, b)) == repr(Standard(a, b)).replace("Standard", "Point")
    assert repr(replace(Point(a), y=b)) == repr(standard_replace(Standard(a), y=b)).replace("Standard", "Point")


@given(st.sampled_from("ab"), st.sampled_from("ab"), st.lists(st.text()), st.booleans())
def test_fields_that_follow_from_others_are_not_compared(one: str, other: str, notes: list[str], draft: bool) -> None:
    equal = StandardRemark(one) == StandardRemark(other, notes, draft)
    assert (Remark(one) == Remark(other, notes, draft)) is equal
    assert (len({Remark(one), Remark(other, notes, draft)}) == 1) is equal


def test_a_record_of_a_record_has_the_fields_of_both_and_equals_none_of_the_other() -> None:
    place = replace(Place(1, name="there"), y=2)
    assert (place.x, place.y, place.name) == (1, 2, "there")
    assert Place.__match_args__ == ("x", "y", "tags", "name")
    assert place != Point(1, 2)
    assert Point(1) != Standard(1)


def test_what_is_made_for_each_object_is_its_own() -> None:
    assert Remark("a").notes is not Remark("a").notes
    assert not hasattr(Point(1), "__dict__")


@pytest.mark.parametrize("one", [Point(1), Place(1), Remark("a"), Thing("a"), Text([])])
def test_nothing_can_be_changed(one: object) -> None:
    name = next(iter(type(one).__match_args__))  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        setattr(one, name, 2)
    with pytest.raises(AttributeError):
        delattr(one, name)
    with pytest.raises(AttributeError):
        setattr(one, "another", 2)


def test_a_state_can_be_changed_and_equals_only_itself() -> None:
    one, other = Count(), Count()
    one.found += 1
    assert (one.found, other.found) == (1, 0)
    assert Count() != Count()


def test_what_is_no_field_is_refused() -> None:
    for call in (lambda: Point(), lambda: Point(1, x=1), lambda: Point(1, 2, (), 4), lambda: Point(1, wrong=2)):  # type: ignore[call-arg, misc]
        with pytest.raises(TypeError):
            call()
    with pytest.raises(TypeError):
        replace(Place(1), wrong=2)  # type: ignore[call-arg]


def test_a_lazy_entity_keeps_what_it_worked_out() -> None:
    text = Text(["a", "b"])
    assert (text.length, text.length) == (2, 2)
    assert (replace(text, lines=[]).length, replace(text, name="y").name) == (0, "y")
    assert text != Text(text.lines)


class Counted(LazyEntity):
    asked: list[str]

    @kept
    def first(self) -> str | None:
        """The first of them."""
        self.asked.append("first")
        return None


def test_a_kept_answer_is_worked_out_once_for_each_object_also_when_it_is_none() -> None:
    one, other = Counted([]), Counted([])
    assert (one.first, one.first, other.first) == (None, None, None)
    assert one.asked == other.asked == ["first"]
    assert Counted.first.__doc__ == "The first of them."


def test_an_entity_is_equal_only_to_itself() -> None:
    one, other = Thing("a"), Thing("a")
    assert one == one
    assert one != other
    assert len({one, other}) == 2
    assert repr(one) == "Thing(name='a')"
