"""Three values: an unknown one never passes for a truth."""

import itertools

import pytest

from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, Unknown, answer

ANSWERS = (YES, NO, UNKNOWN)
POSSIBLE = {YES: {True}, NO: {False}, UNKNOWN: {True, False}}


def of(truths: set[bool]) -> Answer:
    """The answer for what may be true."""
    return UNKNOWN if len(truths) == 2 else answer(truths == {True})


@pytest.mark.parametrize(("left", "right"), list(itertools.product(ANSWERS, repeat=2)))
def test_and_and_or_know_just_what_can_be_known(left: Answer, right: Answer) -> None:
    pairs = list(itertools.product(POSSIBLE[left], POSSIBLE[right]))
    assert (left & right) is of({one and other for one, other in pairs})
    assert (left | right) is of({one or other for one, other in pairs})


@pytest.mark.parametrize("one", ANSWERS)
def test_not_turns_what_is_known(one: Answer) -> None:
    assert ~one is of({not truth for truth in POSSIBLE[one]})


def test_what_is_unknown_has_no_truth_value() -> None:
    assert YES
    assert not NO
    with pytest.raises(TypeError, match="is YES"):
        bool(UNKNOWN)
    with pytest.raises(TypeError, match="nobody tells"):
        bool(Unknown("nobody tells"))
