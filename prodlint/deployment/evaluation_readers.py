"""Libraries that read the environment for the settings: django-environ, environs, decouple, starlette."""

from __future__ import annotations

from prodlint.deployment.evaluation_domain import ReaderValue
from prodlint.deployment.evaluation_machine import Call, Machine

__all__ = ["READERS", "call_reader", "make_reader"]

READERS: dict[str, str] = {}


def make_reader(machine: Machine, name: str, call: Call) -> object:
    """`environ.Env(…)`, and functions that read at once."""
    return machine.unknown(f"is what {name}() returns", call.node)


def call_reader(machine: Machine, reader: ReaderValue, method: str, call: Call) -> object:
    """`env("NAME")`, `env.bool("NAME")`."""
    return machine.unknown("is not read", call.node)
