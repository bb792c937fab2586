"""The database that the settings of a service name: its kind, where it is kept, and which variables decide."""

from __future__ import annotations

from typing import Any

from prodlint.deployment.evaluation.interpreter import ROOT, Namespace
from prodlint.deployment.service import Service
from prodlint.deployment.settings.found import AppSettings
from prodlint.deployment.value import YES, EnvDriven, JointlyDriven, Known
from prodlint.deployment.variable import Variables, masked
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Span
from prodlint.syntax.word import Expansion

__all__ = ["AskedBefore", "Database", "SettingsDatabase", "settings_database"]

_CLIENTS = {"psql": "PostgreSQL", "pg_isready": "PostgreSQL", "mysql": "MySQL", "mysqladmin": "MySQL"}
_KINDS = {
    "sqlite3": "SQLite",
    "postgresql": "PostgreSQL",
    # Django takes its old name for it (`load_backend`).
    "postgresql_psycopg2": "PostgreSQL",
    "postgis": "PostgreSQL",
    "mysql": "MySQL",
    "oracle": "Oracle",
}
# A variable that is not set, in the place of a user, a host or a name.
_UNSET = regex(r"(?<=[/:@])None(?=[/:@?]|$)")


class Database(Record):
    """One database: its kind, empty for an address, and its name; a file by its path in the repository.

    `name` is the address itself, secrets masked, where no kind is told. `variable` may give another name, or has to
    where `name` is empty.
    """

    kind: str
    name: str = ""
    variable: str = ""


class AskedBefore(Record):
    """A client that connects to the address of a variable before the service starts: `kind` is that of its database."""

    variable: str
    kind: str
    span: Span


class SettingsDatabase(Record):
    """The database that holds where nobody outside says otherwise.

    `names` are the variables that may choose another one, `others` those among which they choose, each with its line.
    `is_known` is False where what the settings hold depends on anything outside. `asked` is set where the service does
    not start without another database than this one.
    """

    database: Database
    span: Span
    is_known: bool
    names: tuple[str, ...] = ()
    others: tuple[tuple[Database, Span], ...] = ()
    asked: AskedBefore | None = None


def settings_database(settings: AppSettings, service: Service) -> SettingsDatabase | None:
    """The default database of Django's settings, or the address that Flask-SQLAlchemy is given.

    None without one, and where a variable that is certainly set gives another one than the settings show.
    """
    variables = service.variables
    is_django = settings.framework == "Django"
    held = settings.get("DATABASES") if is_django else settings.get("SQLALCHEMY_DATABASE_URI")
    told = _told(held, variables)
    if held is None or told is None:
        return None
    database, names = told
    branches = settings.values.branches("DATABASES", "default") if isinstance(settings.values, Namespace) else ()
    others: dict[Database, Span] = {}
    for branch in branches[1:] if is_django and names else ():
        other = _told(branch.value, variables)
        if other is not None and other[0] != database:
            others.setdefault(other[0], branch.span)
    return SettingsDatabase(
        database,
        branches[0].span if is_django and branches else held.span or settings.span,
        isinstance(held, Known) and not names,
        names,
        tuple(others.items()),
        _asked_before(service, names) if database.kind == "SQLite" else None,
    )


def _asked_before(service: Service, names: tuple[str, ...]) -> AskedBefore | None:
    """The client of a database that connects by the address of a variable before the service starts.

    `until psql $DATABASE_URL -c '\\q'` of an entrypoint: without that database nothing is served.
    """
    for step in service.execution.steps:
        kind = _CLIENTS.get(step.program)
        if kind is None or step.conditional or service.stays(step):
            continue
        for word in step.argv[1:]:
            part = word.parts[0] if len(word.parts) == 1 else None
            if isinstance(part, Expansion) and part.name in names:
                return AskedBefore(part.name, kind, step.span)
    return None


def _told(held: Any, variables: Variables) -> tuple[Database, tuple[str, ...]] | None:
    """A database, and the variables that may name another one."""
    if isinstance(held, Known):
        return _told(held.value, variables)
    if isinstance(held, EnvDriven | JointlyDriven):
        names = (held.name,) if isinstance(held, EnvDriven) else held.names
        if any(variables.is_set(name) is YES for name in names):
            return None
        if isinstance(held.default, str) and _UNSET.search(held.default):
            return _by_variables(held.default, names), ()
        default = _told(held.default, variables)
        return None if default is None else (default[0], tuple(dict.fromkeys((*names, *default[1]))))
    if isinstance(held, str):
        return (Database("", masked("URL", held)), ()) if held else None
    if isinstance(held, dict):
        default = held.get("default", held)
        if isinstance(default, EnvDriven) and default.default in (None, {}):
            # `dj_database_url.config()`: the variable is the address.
            return Database("", variable=default.name), ()
        return _of_django(default) if isinstance(default, dict) else _told(default, variables)
    return None


def _by_variables(without: str, names: tuple[str, ...]) -> Database:
    """An address that is none without its variables: `postgresql://None:None@None/None`."""
    scheme = without.partition(":")[0].partition("+")[0]
    kind = {"postgres": "PostgreSQL", "sqlite": "SQLite", **_KINDS}.get(scheme, scheme)
    shown = [f"${name}" for name in names]
    return Database(kind, "by " + " and ".join(one for one in (", ".join(shown[:-1]), shown[-1]) if one))


def _of_django(database: dict[str, Any]) -> tuple[Database, tuple[str, ...]] | None:
    engine, name = database.get("ENGINE"), database.get("NAME")
    if isinstance(engine, EnvDriven):
        default = _of_django({**database, "ENGINE": engine.default})
        return None if default is None else (default[0], (engine.name, *default[1]))
    if not isinstance(engine, str):
        return None
    kind = _KINDS.get(engine.rpartition(".")[2], engine)
    variable = name.name if isinstance(name, EnvDriven) else ""
    named = name.default if isinstance(name, EnvDriven) else name
    # A file by its path in the repository: its folder tells whether it lies on a volume.
    own = named.removeprefix(f"{ROOT}/") if isinstance(named, str) else ""
    return Database(kind, own, variable), ()
