"""The ways out of a condition of a shell script: which of them may be taken, and what must hold for each."""

from __future__ import annotations

from prodlint.deployment.condition import Lookup, word_value
from prodlint.deployment.execution.condition_words import Asked, both, is_one_of
from prodlint.deployment.execution.shell_walk import matches
from prodlint.deployment.value import UNKNOWN, YES, Known
from prodlint.record import Record
from prodlint.syntax.shell import Case, Node

__all__ = ["Arm", "arms_of_case"]


class Arm(Record):
    """One way out: what it runs, whether it is the only one, and what must hold for it (None: nobody can tell)."""

    body: Node | None
    is_certain: bool
    when: tuple[Asked, ...] | None = None


def arms_of_case(node: Case, lookup: Lookup, asked: tuple[Asked, ...] | None) -> list[Arm]:
    """The arms of a `case` that may be taken, the way around all of them included; `asked` is what holds for all."""
    subject = word_value(node.subject, lookup)
    arms: list[Arm] = []
    failed = asked
    for arm in node.arms:
        values = [pattern.literal for pattern in arm.patterns]
        if isinstance(subject, Known):
            verdicts = [matches(subject.value, value) for value in values]
            if YES in verdicts:
                return [*arms, Arm(arm.body, not arms)]
            if UNKNOWN not in verdicts:
                continue
        if failed is None:
            arms.append(Arm(arm.body, False))
            continue
        taken = () if values == ["*"] else is_one_of(node.subject, values, lookup, True)
        arms.append(Arm(arm.body, False, both(failed, taken)))
        failed = both(failed, is_one_of(node.subject, values, lookup, False))
    if not any(pattern.literal == "*" for arm in node.arms for pattern in arm.patterns):
        arms.append(Arm(None, not arms, failed))
    return arms
