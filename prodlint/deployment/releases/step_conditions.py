"""What a job or a step of a pipeline asks for, answered with its variables and the values of its matrix."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prodlint.deployment.pipeline import Action, Condition, Occasion
from prodlint.deployment.releases.step_kind import push_switch
from prodlint.deployment.value import Known
from prodlint.deployment.variables.table import Variables

__all__ = ["condition_in", "condition_of_push"]


def condition_in(
    text: str, occasions: tuple[Occasion, ...], variables: Variables, matrix: Mapping[str, str]
) -> Condition:
    """A condition as it is written (`if:`), on each occasion."""
    if not text.strip():
        return Condition("", occasions, occasions)
    from prodlint.deployment.releases.pipeline_condition import condition_of

    return condition_of(text, occasions, _values_of(variables, matrix))


def condition_of_push(
    action: Action, own: Condition, occasions: tuple[Occasion, ...], variables: Variables, matrix: Mapping[str, str]
) -> Condition:
    """What holds where an action pushes what it builds: its `own` condition, and what switches the push on."""
    switch = push_switch(action)
    if "${{" not in switch:
        return own
    from prodlint.deployment.releases.pipeline_condition import both, switch_of

    return both(own, switch_of(switch, occasions, _values_of(variables, matrix)))


def _values_of(variables: Variables, matrix: Mapping[str, str]) -> Callable[[str], str | None]:
    """What gives a condition the value of one of `env` or of `matrix.NAME`."""

    def value_of(name: str) -> str | None:
        value = variables.get(name) if not name.startswith("matrix.") else None
        if value is None:
            held = matrix.get(name.removeprefix("matrix."))
            return held if held is None or "${{" not in held else None
        return value.value if isinstance(value, Known) else None

    return value_of
