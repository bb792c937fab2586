"""From values of the model to those of an evaluation: what was found out elsewhere is computed with."""

from __future__ import annotations

from typing import Any

from prodlint.deployment.evaluation.concrete import lift
from prodlint.deployment.evaluation.domain import MARK, RAISES, Cpus, Driven, Fresh, Gap, Opaque
from prodlint.deployment.evaluation.machine import Machine
from prodlint.deployment.evaluation.shown import ROOT, Rest
from prodlint.deployment.value import EnvDriven, JointlyDriven, Known, PerCpu, PerProcess, Unknown, Value

__all__ = ["held_value"]


def held_value(machine: Machine, value: Value[object] | object) -> object:
    """A value of the model as one of an evaluation."""
    if isinstance(value, Known):
        return _part(machine, value.value, 0)
    if isinstance(value, EnvDriven):
        default = RAISES if value.is_required else _part(machine, value.default, 0)
        return Driven(frozenset({value.name}), default, value.span, (), value.is_variable, value.reading)
    if isinstance(value, JointlyDriven):
        return Driven(frozenset(value.names), _part(machine, value.default, 0), value.span)
    if isinstance(value, PerCpu):
        return Cpus(value.reason, value.span, (), value.formula, value.least, value.most)
    if isinstance(value, PerProcess):
        return Fresh(value.reason, value.made or value.span, (), value.maker)
    return Opaque(getattr(value, "reason", "is not known"), getattr(value, "span", None))


def _part(machine: Machine, value: Any, depth: int) -> object:
    if depth > 40 or isinstance(value, Rest):
        return Opaque("is not known")
    if isinstance(value, Known | EnvDriven | Unknown):
        return held_value(machine, value)
    if isinstance(value, list):
        return machine.list(_parts(machine, value, depth))
    if isinstance(value, tuple):
        return tuple(_parts(machine, value, depth))
    if isinstance(value, dict):
        if any(isinstance(key, Rest) for key in value):
            return Opaque("is not known in full")
        return machine.dict({key: _part(machine, part, depth + 1) for key, part in value.items()})
    if isinstance(value, set):
        return machine.set(Opaque(part.reason) if isinstance(part, Unknown) else part for part in value)
    if isinstance(value, str):
        return value.replace(ROOT, f"/{MARK}")
    return lift(machine, value)


def _parts(machine: Machine, parts: Any, depth: int) -> list[object]:
    return [
        Gap(part.reason, part.span) if isinstance(part, Rest) else _part(machine, part, depth + 1) for part in parts
    ]
