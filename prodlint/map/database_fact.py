"""The database that the settings of a service name, as the map tells it: its kind, where it is kept, who decides."""

from __future__ import annotations

from typing import Any

from prodlint.deployment.evaluation.shown import ROOT
from prodlint.deployment.settings.found import AppSettings
from prodlint.deployment.value import YES, EnvDriven, JointlyDriven, Known, unless
from prodlint.deployment.variable import Variables, masked
from prodlint.map.document import Fact, State

__all__ = ["database_fact"]

_KINDS = {
    "sqlite3": "SQLite",
    "postgresql": "PostgreSQL",
    "postgis": "PostgreSQL",
    "mysql": "MySQL",
    "oracle": "Oracle",
}


def database_fact(settings: AppSettings, variables: Variables) -> Fact | None:
    """The default database of Django's settings, or the address that Flask-SQLAlchemy is given.

    None without one, and where a variable that is certainly set gives another one than the settings show.
    """
    held = settings.get("DATABASES") if settings.framework == "Django" else settings.get("SQLALCHEMY_DATABASE_URI")
    text = _told(held, variables)
    if held is None or text is None:
        return None
    state = State.KNOWN if isinstance(held, Known) else State.ENVIRONMENT
    return Fact("database", text, state, held.span or settings.span)


def _told(held: Any, variables: Variables) -> str | None:
    if isinstance(held, Known):
        return _told(held.value, variables)
    if isinstance(held, EnvDriven | JointlyDriven):
        names = (held.name,) if isinstance(held, EnvDriven) else held.names
        default = _told(held.default, variables)
        if any(variables.is_set(name) is YES for name in names):
            return None
        return None if default is None else unless(default, names)
    if isinstance(held, str):
        return masked("URL", held) or None
    if isinstance(held, dict):
        default = held.get("default", held)
        return _of_django(default) if isinstance(default, dict) else _told(default, variables)
    return None


def _of_django(database: dict[str, Any]) -> str | None:
    engine, name = database.get("ENGINE"), database.get("NAME")
    if isinstance(engine, EnvDriven):
        default = _of_django({**database, "ENGINE": engine.default})
        return None if default is None else unless(default, (engine.name,))
    if not isinstance(engine, str):
        return None
    kind = _KINDS.get(engine.rpartition(".")[2], engine)
    named = name.default if isinstance(name, EnvDriven) else name
    # A file by its path in the repository: its folder tells whether it lies on a volume.
    return f"{kind} {named.removeprefix(f'{ROOT}/')}" if isinstance(named, str) and named else kind
