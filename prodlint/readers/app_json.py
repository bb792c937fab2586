"""app.json: the add-ons that an app of Heroku is created with (platform page, 2.4).

Source: devcenter.heroku.com, "app.json Schema".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.backing_service import BackingService
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.process import EnvDefinition
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.value import Unknown
from prodlint.readers import Files
from prodlint.readers.managed import ADDON_VARIABLES, addon
from prodlint.source import Text
from prodlint.syntax.json import Json

__all__ = ["addon_variables"]

READS = Files("Heroku app", names=("app.json",), contains=(b'"addons"',))
_MOST = 50


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


def addon_variables(document: Json | None) -> tuple[EnvDefinition, ...]:
    """The variables that the add-ons of an app.json set: their values are Heroku's."""
    found = []
    for plan, index in _addons(document) if document is not None else ():
        name = plan.value.partition(":")[0].strip()
        label = document.text("addons", index, "as") if document is not None else None
        variable = f"{label.value.upper()}_URL" if label is not None else ADDON_VARIABLES.get(name)
        if variable is not None and variable.isidentifier():
            found.append(EnvDefinition(variable, None, plan.span, given=Unknown(f"from the add-on {name}", plan.span)))
    return tuple(found)
