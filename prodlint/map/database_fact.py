"""The database that the settings of a service name, as the map tells it: its kind, where it is kept, who decides."""

from __future__ import annotations

from typing import Any

from prodlint.deployment.evaluation.interpreter import ROOT, Namespace
from prodlint.deployment.service import Service
from prodlint.deployment.settings.found import AppSettings
from prodlint.deployment.value import YES, EnvDriven, JointlyDriven, Known, unless
from prodlint.deployment.variable import Variables, masked
from prodlint.map.document import Fact, Source, State
from prodlint.source import Span
from prodlint.syntax.word import Expansion

__all__ = ["database_fact"]

_CLIENTS = {"psql": "PostgreSQL", "pg_isready": "PostgreSQL", "mysql": "MySQL", "mysqladmin": "MySQL"}
_KINDS = {
    "sqlite3": "SQLite",
    "postgresql": "PostgreSQL",
    "postgis": "PostgreSQL",
    "mysql": "MySQL",
    "oracle": "Oracle",
}


def database_fact(settings: AppSettings, service: Service) -> Fact | None:
    """The default database of Django's settings, or the address that Flask-SQLAlchemy is given.

    None without one, and where a variable that is certainly set gives another one than the settings show.
    """
    variables = service.variables
    is_django = settings.framework == "Django"
    held = settings.get("DATABASES") if is_django else settings.get("SQLALCHEMY_DATABASE_URI")
    told = _told(held, variables)
    if held is None or told is None:
        return None
    text, names = told
    branches = settings.values.branches("DATABASES", "default") if isinstance(settings.values, Namespace) else ()
    span = branches[0].span if is_django and branches else held.span or settings.span
    others: dict[str, Span] = {}
    for branch in branches[1:] if is_django and names else ():
        other = _told(branch.value, variables)
        if other is not None and other[0] != text:
            others.setdefault(other[0], branch.span)
    state = State.ENVIRONMENT if names or not isinstance(held, Known) else State.KNOWN
    asked = _asked_before(service, names) if text.startswith("SQLite") else None
    if asked is not None:
        name, kind, step = asked
        sources = [
            Source(text, span, f"holds without ${name}"),
            Source(f"${name}", step, "is asked for before it starts"),
        ]
        shown = f"${name} ({kind}: {step} asks for it before the start), else {text}"
        return Fact("database", shown, State.ENVIRONMENT, span, tuple(sources))
    if not others:
        return Fact("database", unless(text, names) if names else text, state, span)
    chosen = " or ".join(f"${name}" for name in names)
    sources = [Source(other, place, f"holds if {chosen} chooses it") for other, place in others.items()]
    return Fact(
        "database",
        f"{text}, unless {chosen} chooses {' or '.join(others)}",
        state,
        span,
        (*sources, Source(text, span, f"holds without {chosen}")),
    )


def _asked_before(service: Service, names: tuple[str, ...]) -> tuple[str, str, Span] | None:
    """The variable by whose address a client of a database connects before the service starts, its kind, and where.

    `until psql $DATABASE_URL -c '\\q'` of an entrypoint: without that database nothing is served.
    """
    for step in service.execution.steps:
        kind = _CLIENTS.get(step.program)
        if kind is None or step.conditional or service.stays(step):
            continue
        for word in step.argv[1:]:
            part = word.parts[0] if len(word.parts) == 1 else None
            if isinstance(part, Expansion) and part.name in names:
                return part.name, kind, step.span
    return None


def _told(held: Any, variables: Variables) -> tuple[str, tuple[str, ...]] | None:
    """A database, and the variables that may name another one."""
    if isinstance(held, Known):
        return _told(held.value, variables)
    if isinstance(held, EnvDriven | JointlyDriven):
        names = (held.name,) if isinstance(held, EnvDriven) else held.names
        if any(variables.is_set(name) is YES for name in names):
            return None
        default = _told(held.default, variables)
        return None if default is None else (default[0], tuple(dict.fromkeys((*names, *default[1]))))
    if isinstance(held, str):
        text = masked("URL", held)
        return (text, ()) if text else None
    if isinstance(held, dict):
        default = held.get("default", held)
        if isinstance(default, EnvDriven) and default.default in (None, {}):
            # `dj_database_url.config()`: the variable is the address.
            return f"${default.name}", ()
        return _of_django(default) if isinstance(default, dict) else _told(default, variables)
    return None


def _of_django(database: dict[str, Any]) -> tuple[str, tuple[str, ...]] | None:
    engine, name = database.get("ENGINE"), database.get("NAME")
    if isinstance(engine, EnvDriven):
        default = _of_django({**database, "ENGINE": engine.default})
        return None if default is None else (default[0], (engine.name, *default[1]))
    if not isinstance(engine, str):
        return None
    kind = _KINDS.get(engine.rpartition(".")[2], engine)
    named = name.default if isinstance(name, EnvDriven) else name
    if not isinstance(named, str) or not named:
        return (f"{kind} ${name.name}" if isinstance(name, EnvDriven) else kind), ()
    # A file by its path in the repository: its folder tells whether it lies on a volume.
    own = named.removeprefix(f"{ROOT}/")
    variable = f" (${name.name})" if isinstance(name, EnvDriven) else ""
    return f"{kind} {own}{variable}", ()
