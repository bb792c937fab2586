"""Databases that a URL in a variable names."""

from __future__ import annotations

from prodlint.deployment.evaluation.concrete import MOST_TEXT, NotConcrete, on_defaults
from prodlint.deployment.evaluation.domain import Driven, Gap, Raised
from prodlint.deployment.evaluation.machine import Call, Machine
from prodlint.deployment.evaluation.mappings import update
from prodlint.deployment.evaluation.operations import truth
from prodlint.deployment.evaluation.reading import new_reader, read
from prodlint.deployment.evaluation.urls import database_of

__all__ = ["database", "database_config", "database_or_none"]


def database_or_none(machine: Machine, call: Call, url: object) -> object:
    """A database of which an empty URL says that there is none."""
    if isinstance(url, Driven):
        return on_defaults(machine, call.node, lambda one: database_or_none(machine, call, one), url)
    if truth(machine, call.node, url) is False:
        return machine.dict({})
    return database(machine, call, url)


def database_config(machine: Machine, call: Call) -> object:
    """`dj_database_url.config(…)`: the default serves a variable that is not set, not one that is empty."""
    inner = Call(call.node, call.arguments[2:], call.keywords)
    default = call.get(1, "default", None)

    def made(url: object) -> object:
        return database_or_none(machine, inner, url)

    reader = new_reader(machine, "plain", call)
    return read(machine, reader, call, call.get(0, "env", "DATABASE_URL"), made, lambda: made(default), "database")


def database(machine: Machine, call: Call, url: object) -> object:
    node = call.node
    if isinstance(url, Driven):
        return on_defaults(machine, node, lambda one: database(machine, call, one), url)
    if not isinstance(url, str) or len(url) > MOST_TEXT:
        machine.risk()
        return machine.unknown("is a database that is not known", node, url)
    if not url:
        raise Raised("ValueError")
    try:
        made = machine.dict(database_of(url))
    except NotConcrete as error:
        return machine.unknown(error.reason, node)
    if "engine" in call.keywords:
        update(machine, node, made, machine.dict({"ENGINE": call.keywords["engine"]}))
    names = {"conn_max_age": "CONN_MAX_AGE", "conn_health_checks": "CONN_HEALTH_CHECKS"}
    given = {names[key]: value for key, value in call.keywords.items() if key in names}
    update(machine, node, made, machine.dict(given))
    reason = "depends on the version of the library that reads the URL"
    rest = Gap(reason, machine.span(node))
    content = made.content
    machine.put(made, "content", {**content, rest: machine.unknown(reason, node)})
    return made
