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
from prodlint.deployment.value import Unknown
from prodlint.readers.managed import ADDON_VARIABLES, addon
from prodlint.source import Text
from prodlint.syntax.json import Json
from prodlint.syntax.word import Word

__all__ = ["app_variables"]

_MOST = 50
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
    """The variables that an app.json sets, and those of its add-ons, whose values are Heroku's."""
    if document is None:
        return ()
    return (*_of_addons(document), *_written(document))


def _of_addons(document: Json) -> Iterator[EnvDefinition]:
    for plan, index in _addons(document):
        name = plan.value.partition(":")[0].strip()
        label = document.text("addons", index, "as")
        variable = f"{label.value.upper()}_URL" if label is not None else ADDON_VARIABLES.get(name)
        if variable is not None and variable.isidentifier():
            yield EnvDefinition(variable, None, plan.span, given=Unknown(f"from the add-on {name}", plan.span))


def _written(document: Json) -> Iterator[EnvDefinition]:
    """Each entry of `env`: its value, or who gives it one; what nobody must set may be missing."""
    entries = document.get("env")
    for name in islice(entries, _MOST_VARIABLES) if isinstance(entries, dict) else ():
        span = document.span("env", name) or document.source.line_span(1)
        value = document.text("env", name) or document.text("env", name, "value")
        if not name.isidentifier():
            continue
        if value is not None and value.value:
            yield EnvDefinition(name, Word.of(value), value.span)
        elif document.get("env", name, "generator") is not None:
            yield EnvDefinition(name, None, span, given=Unknown("Heroku generates it", span))
        elif document.get("env", name, "required") is not False:
            yield EnvDefinition(name, None, span, given=Unknown("asked for when the app is created", span))
