"""app.json: the add-ons and the variables that an app of Heroku is created with (platform page, 2.4).

Source: devcenter.heroku.com, "app.json Schema".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from itertools import islice

from prodlint.deployment.backing_service import BackingService
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.process import EnvDefinition
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.value import Proposed
from prodlint.deployment.variables.platform import MADE_FROM_IT
from prodlint.deployment.variables.secret import masked
from prodlint.readers.managed import ADDON_VARIABLES, addon
from prodlint.source import Span, Text
from prodlint.syntax.json import Json

__all__ = ["app_variables"]

_MOST = 50
_LONGEST = 60
_MOST_VARIABLES = 200


def read(path: str, repository: Repository) -> Iterator[BackingService]:
    """Each add-on, where a Procfile or a heroku.yml says that the folder is an app of Heroku."""
    folder = posixpath.dirname(path)
    beside = (normal_path(folder, name) for name in ("Procfile", "heroku.yml"))
    document = repository.json(path) if "{{" not in path and any(one in repository.paths for one in beside) else None
    if document is None:
        return
    environment = environment_of(path) or Environment.PRODUCTION
    for plan, place in _addons(document):
        label, version = document.text("addons", place, "as"), document.text("addons", place, "options", "version")
        named = label.value.lower() if label is not None else ""
        yield addon(plan.value, version.value if version is not None else "", named, plan.span, environment)


def _addons(document: Json) -> Iterator[tuple[Text, int]]:
    """The plan of each add-on, written as a text or as an object."""
    listed = document.get("addons")
    for index in range(min(len(listed), _MOST) if isinstance(listed, list) else 0):
        plan = document.text("addons", index) or document.text("addons", index, "plan")
        if plan is not None:
            yield plan, index


def app_variables(document: Json | None) -> tuple[EnvDefinition, ...]:
    """The variables that Heroku sets for an app that it makes from an app.json.

    Its button, review apps and app-setups do so; an app of `heroku create` has none of them. Whether they are set is
    therefore open, and so is to what.
    """
    if document is None:
        return ()
    return (*_of_addons(document), *_written(document))


def _of_addons(document: Json) -> Iterator[EnvDefinition]:
    for plan, index in _addons(document):
        name = plan.value.partition(":")[0].strip()
        label = document.text("addons", index, "as")
        variable = f"{label.value.upper()}_URL" if label is not None else ADDON_VARIABLES.get(name)
        if variable is not None and variable.isidentifier():
            yield _perhaps(variable, f"from the add-on {name}", plan.span)


def _written(document: Json) -> Iterator[EnvDefinition]:
    """Each entry of `env`: what it proposes, or who is to give it a value; what nobody must set may be missing."""
    entries = document.get("env")
    for name in islice(entries, _MOST_VARIABLES) if isinstance(entries, dict) else ():
        span = document.span("env", name) or document.source.line_span(1)
        value = document.text("env", name) or document.text("env", name, "value")
        if not name.isidentifier():
            continue
        if value is not None and value.value:
            shown = masked(name, value.value)
            shown = shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
            yield _perhaps(name, f"app.json proposes {shown}{MADE_FROM_IT}", value.span)
        elif document.get("env", name, "generator") is not None:
            yield _perhaps(name, f"app.json lets Heroku generate it{MADE_FROM_IT}", span)
        elif document.get("env", name, "required") is not False:
            yield _perhaps(name, f"app.json asks for it{MADE_FROM_IT}", span)


def _perhaps(name: str, reason: str, span: Span) -> EnvDefinition:
    return EnvDefinition(name, None, span, given=Proposed(reason, span))
