"""Values of the model as the map spells them: one way for facts, settings, ports and variables."""

from __future__ import annotations

from typing import Any

from prodlint.deployment.value import Bounded, EnvDriven, unless

__all__ = ["bounded_text", "driven_text", "plain_text", "when_set"]


def driven_text(value: EnvDriven[Any]) -> str:
    """What a variable decides: what holds when it is set, then what holds when it is not."""
    if value.form is None:
        return when_set(value)
    return when_set(value) if value.default is None else f"{when_set(value)}, else {plain_text(value.default)}"


def when_set(value: EnvDriven[Any]) -> str:
    """What holds when the variable is set; of a value that has no form, what it is besides."""
    variable = f"${value.name}"
    if value.form is None:
        if value.default is None:
            return f"{variable} decides"
        return unless(plain_text(value.default), (value.name,))
    told = value.form or variable
    return told if variable in told else f"{told} when {variable} is set"


def plain_text(value: object) -> str:
    """A value as people write it: a list without its brackets, no value as `none`, an empty text as `empty`."""
    if isinstance(value, tuple | list):
        return ", ".join(plain_text(one) for one in value) or "none"
    if value is None or value == "":
        return "none" if value is None else "empty"
    return str(value)


def bounded_text(value: Bounded) -> str:
    """A number that something outside decides: its limits, and what decides."""
    most = "or more" if value.most is None else f"to {value.most:g}"
    return f"{value.least:g} {most}, {value.reason}"
