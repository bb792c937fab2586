"""A condition of a shell script in words: `$SUPERVISED is True`, for the map."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prodlint.deployment.condition import OUTSIDE, Lookup, asked, holds, word_value
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, EnvDriven, Unknown, Value, answer
from prodlint.record import Record
from prodlint.syntax.shell import AndOr, Command, Group, Node, Pipeline, Sequence, Subshell, Test
from prodlint.syntax.word import Expansion, Word

__all__ = ["Asked", "asked_of", "both", "by_default", "further", "in_words", "is_one_of"]

_LONGEST = 60
_PATTERN = frozenset("*?[")


class Asked(Record):
    """What a condition asks of one variable; it `settles` the variable where it tells its value.

    `is_empty` says that nothing may be in the variable, `value` what certainly is. `unset` is whether it holds where
    nothing sets the variable.
    """

    name: str
    text: str
    settles: bool = False
    is_empty: bool = False
    value: str | None = None
    unset: Answer = UNKNOWN


def both(left: tuple[Asked, ...] | None, right: tuple[Asked, ...] | None) -> tuple[Asked, ...] | None:
    """What is asked together; None where one of the two cannot be told."""
    return None if left is None or right is None else (*left, *right)


def in_words(conditions: Iterable[Asked] | None) -> str:
    """What holds together, as words; empty where something of it cannot be told."""
    if conditions is None:
        return ""
    found = list(dict.fromkeys(conditions))
    settled = {one.name for one in found if one.settles}
    return " and ".join(f"${one.name} {one.text}" for one in found if one.settles or one.name not in settled)


def by_default(conditions: Iterable[Asked] | None) -> Answer:
    """Whether all of it holds where nothing sets the variables that are asked."""
    if conditions is None:
        return UNKNOWN
    answers = {one.unset for one in conditions}
    return NO if NO in answers else UNKNOWN if UNKNOWN in answers else YES


def asked_of(node: Node | None, lookup: Lookup, succeeds: bool) -> tuple[Asked, ...] | None:
    """What must hold so that a condition succeeds, or fails; None where that is more than one may tell in words."""
    return undecided(node, lookup, succeeds) if holds(node, lookup) is UNKNOWN else ()


def further(
    known: tuple[Asked, ...] | None, node: Node | None, lookup: Lookup, succeeds: bool
) -> tuple[Asked, ...] | None:
    """What is asked by a condition that nothing here decides, beside what is asked already."""
    return None if known is None else both(known, undecided(node, lookup, succeeds))


def undecided(node: Node | None, lookup: Lookup, succeeds: bool) -> tuple[Asked, ...] | None:
    """As `asked_of`, of a condition of which it is known already that nothing here decides it."""
    if isinstance(node, Sequence) and len(node.items) == 1:
        return undecided(node.items[0], lookup, succeeds)
    if isinstance(node, Group | Subshell):
        return undecided(node.body, lookup, succeeds)
    if isinstance(node, Pipeline) and len(node.commands) == 1:
        return undecided(node.commands[0], lookup, succeeds != node.negated)
    if isinstance(node, AndOr):
        if (node.operator == "&&") != succeeds:
            return None
        return both(asked_of(node.left, lookup, succeeds), asked_of(node.right, lookup, succeeds))
    words: tuple[Word, ...] = ()
    if isinstance(node, Command) and node.words:
        name = node.words[0].literal
        words = node.words[1:-1] if name == "[" else node.words[1:] if name == "test" else ()
    elif isinstance(node, Test):
        # A pattern on the right side of `[[ … ]]` asks for more than one value.
        plain = all(_PATTERN.isdisjoint(word.literal or "") for word in node.words[2:])
        words = node.words if plain else ()
    found = _test(words, lookup, succeeds)
    return None if found is None else (found,)


def is_one_of(subject: Word, values: Iterable[str | None], lookup: Lookup, succeeds: bool) -> tuple[Asked, ...] | None:
    """What it means that an arm of a `case` is taken, or that it is not."""
    told = [_compared(subject, value, lookup, succeeds) for value in values]
    found = [one for one in told if one is not None]
    if not found or len(found) < len(told):
        return None
    if not succeeds or len(found) == 1:
        return tuple(found)
    unset = YES if any(one.unset is YES for one in found) else NO
    return (Asked(found[0].name, " or ".join(dict.fromkeys(_alternatives(found))), True, unset=unset),)


def _alternatives(found: list[Asked]) -> Iterator[str]:
    yield found[0].text
    for one in found[1:]:
        yield one.text.removeprefix("is ")


def _test(words: tuple[Word, ...], lookup: Lookup, succeeds: bool) -> Asked | None:
    if words and words[0].literal == "!":
        return _test(words[1:], lookup, not succeeds)
    if len(words) == 1:
        return _is_set(words[0], lookup, succeeds)
    if len(words) == 2 and words[0].literal in ("-n", "-z"):
        return _is_set(words[1], lookup, succeeds == (words[0].literal == "-n"))
    if len(words) == 3 and words[1].literal in ("=", "==", "!="):
        return _compared(words[0], words[2].literal, lookup, succeeds == (words[1].literal != "!="))
    return None


def _is_set(word: Word, lookup: Lookup, is_set: bool) -> Asked | None:
    value = _variable(word, lookup)
    if value is None or value.default:
        # With a default there is always something.
        return None
    return _set(value.name, is_set)


def _set(name: str, is_set: bool) -> Asked:
    return Asked(name, "is set", unset=NO) if is_set else Asked(name, "is not set", is_empty=True, unset=YES)


def _compared(word: Word, other: str | None, lookup: Lookup, equal: bool) -> Asked | None:
    value = _variable(word, lookup)
    if value is None or other is None or len(other) > _LONGEST or not _PATTERN.isdisjoint(other):
        return None
    if other == "":
        return None if value.default else _set(value.name, not equal)
    if value.default == other:
        # Where it is not set it is what the default says.
        said = f"is {other} or not set" if equal else f"is set to something else than {other}"
        return Asked(value.name, said, equal, unset=answer(equal))
    said = f"is {other}" if equal else f"is not {other}"
    return Asked(value.name, said, equal, value=other if equal else None, unset=answer(not equal))


def _variable(word: Word, lookup: Lookup) -> EnvDriven[str] | None:
    """The variable that a word holds and nothing else; where a default stands for it, that is known."""
    value: Value[str] | None = word_value(word, lookup)
    part = word.parts[0] if len(word.parts) == 1 else None
    if not isinstance(value, EnvDriven) and isinstance(part, Expansion) and not part.operator and not part.reason:
        # One of which the repository says nothing is unknown as a text.
        value = asked(part, lookup)
        if isinstance(value, Unknown) and value.reason == OUTSIDE and _is_given(value, word):
            return EnvDriven(part.name, None, word.span)
    return value if isinstance(value, EnvDriven) and value.is_variable else None


def _is_given(value: Unknown, word: Word) -> bool:
    """Whether a variable is set for the script, and not by the script from another one."""
    return value.span is not None and value.span.source is not word.span.source
