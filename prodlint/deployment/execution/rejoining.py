"""What holds behind a condition of a shell script, whichever of its arms was taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from prodlint.deployment.condition import Lookup
from prodlint.deployment.execution.condition_words import Asked, in_words
from prodlint.deployment.execution.shell_walk import DECIDED, Composed, Held, Items, Shell, exportable
from prodlint.deployment.value import NO, EnvDriven, Unknown
from prodlint.record import replace
from prodlint.syntax.word import Expansion, Substitution, Word

__all__ = ["rejoin"]


def rejoin(shell: Shell, arms: Iterable[Shell], lookup: Lookup) -> None:
    """Leave in a shell what holds behind a condition: what the arms differ on is unknown.

    But for a variable that an arm fills in where it is not set: `if [ -z "$A" ]; then A=x; fi` is `A=${A:-x}`.
    """
    outcomes = list(arms)
    if not outcomes:
        return
    directories = {arm.directory for arm in outcomes}
    shell.directory = directories.pop() if len(directories) == 1 else None
    shell.left = outcomes[0].left if all(arm.left == outcomes[0].left for arm in outcomes) else ()
    shell.marked = frozenset(name for arm in outcomes for name in arm.marked)
    when = [None if one.when is None or shell.when is None else one.when[len(shell.when) :] for one in outcomes]
    shell.arguments = _agreed_items([arm.arguments for arm in outcomes], when)
    touched = _touched(shell.variables, [arm.variables for arm in outcomes])
    filled = _filled_in(shell, touched, outcomes, when, lookup) if touched else {}
    for name in touched:
        values = [arm.variables.get(name) for arm in outcomes]
        shell.variables[name] = filled[name] if name in filled else _agreed(values, when, name, lookup)
    for name in _touched(shell.exported, [arm.exported for arm in outcomes]):
        words = [arm.exported.get(name) for arm in outcomes]
        if all(word == words[0] for word in words):
            shell.exported[name] = words[0]
        elif name in filled:
            shell.exported[name] = exportable(filled[name])
        else:
            shell.exported[name] = _as_it_was(name, outcomes, when)


def _touched(before: Mapping[str, object], arms: Iterable[Mapping[str, object]]) -> set[str]:
    """The names to which an arm gave a value; each began with all that was held before."""
    # Most arms set nothing: an equal mapping is found out by the objects that both hold.
    others = [arm for arm in arms if arm is not before and arm != before]
    return {name for arm in others for name, held in arm.items() if name not in before or before[name] is not held}


def _filled_in(
    shell: Shell, touched: set[str], outcomes: list[Shell], when: list[tuple[Asked, ...] | None], lookup: Lookup
) -> dict[str, EnvDriven[str]]:
    """The variables that one arm sets where nothing is in them, and no other arm touches: that is their default."""
    found: dict[str, EnvDriven[str]] = {}
    for arm, own in zip(outcomes, when, strict=True):
        if own is None or len(own) != 1 or not own[0].is_empty:
            continue
        others = [one for one in outcomes if one is not arm]
        for name in touched:
            before, held = shell.variables.get(name), arm.variables.get(name)
            if held == before or not isinstance(held, Word) or held.literal is None:
                continue
            value = lookup(name)
            is_alone = bool(others) and all(one.variables.get(name) == before for one in others)
            if is_alone and isinstance(value, EnvDriven) and value.is_variable and value.name == own[0].name:
                found[name] = EnvDriven(own[0].name, held.literal, held.span)
    return found


def _as_it_was(name: str, outcomes: list[Shell], when: list[tuple[Asked, ...] | None]) -> Word | None:
    """What a variable is to programs that is exported only where it is set from outside; None where that is not so.

    `A=${A:-x}; if [ "$A" != x ]; then export A; fi` hands on what is set, and nothing else.
    """
    for arm, own in zip(outcomes, when, strict=True):
        word = arm.exported.get(name)
        part = word.parts[0] if word is not None and len(word.parts) == 1 else None
        is_own = isinstance(part, Expansion) and part.name == name and part.outside
        asks = any(one.name == name and one.unset is NO for one in own or ())
        others = [one for one in outcomes if one is not arm]
        if isinstance(part, Expansion) and is_own and asks and not any(name in one.exported for one in others):
            return Word((replace(part, operator="", operand=None),), part.span)
    return None


def _agreed(values: list[Held | None], when: list[tuple[Asked, ...] | None], name: str, lookup: Lookup) -> Held:
    """What a variable holds behind arms that leave it so; of arrays, what all begin with is known."""
    first = values[0]
    if first is not None and all(value == first for value in values):
        return first
    lists = [value.words for value in values if isinstance(value, Items)]
    if lists and len(lists) == len(values):
        return Items(_agreed_items(lists, when))
    if any(isinstance(one, Composed) or (isinstance(one, Word) and "eval" in one.span.source.text) for one in values):
        from prodlint.deployment.execution.evaluated import chosen

        found = chosen(values, when, lookup(name) if None in values else None)
        return Unknown(DECIDED) if found is None else found
    return Unknown(DECIDED)


def _agreed_items(lists: list[tuple[Word, ...]], when: list[tuple[Asked, ...] | None]) -> tuple[Word, ...]:
    """The words with which all lists begin, and where they differ one that stands for any number of others.

    `when` is what each list asks for beside what all of them do.
    """
    same = tuple(_begun_alike(lists))
    differing = next((words[len(same)] for words in lists if len(words) > len(same)), None)
    if differing is None:
        return same
    # Where only the value of an option differs, the option is known, and a part of each choice.
    begun = len(same) - _ends_with_option(same, lists)
    choices = _choices([words[begun:] for words in lists], when)
    rest = Substitution(differing.span, reason=DECIDED, choices=choices, has_option=begun < len(same))
    return (*same, Word((rest,), differing.span))


def _ends_with_option(same: tuple[Word, ...], lists: list[tuple[Word, ...]]) -> bool:
    """Whether the words with which all begin end with an option (`--workers`), and each goes on with its value."""
    last = same[-1].literal or "" if same else ""
    values = [str(words[len(same)]) if len(words) > len(same) else "-" for words in lists]
    return last.startswith("-") and "=" not in last and not any(one.startswith("-") for one in values)


def _choices(lists: list[tuple[Word, ...]], when: list[tuple[Asked, ...] | None]) -> str:
    """Which words it is under which condition, as text; empty where something of it cannot be told."""
    told = []
    for words, own in zip(lists, when, strict=True):
        condition = in_words(own)
        if not condition or any(word.literal is None for word in words):
            return ""
        told.append(f"{' '.join(map(str, words)) or 'nothing'} if {condition}")
    return ", ".join(told)


def _begun_alike(lists: list[tuple[Word, ...]]) -> Iterator[Word]:
    for words in zip(*lists, strict=False):
        if any(word != words[0] and (word.literal is None or word.literal != words[0].literal) for word in words):
            return
        yield words[0]
