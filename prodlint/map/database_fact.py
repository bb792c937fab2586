"""The database that the settings of a service name, as the map tells it: its kind, where it is kept, who decides."""

from __future__ import annotations

from prodlint.deployment.settings.database import Database, SettingsDatabase
from prodlint.deployment.value import unless
from prodlint.map.document import Fact, Source, State

__all__ = ["database_fact"]


def database_fact(found: SettingsDatabase) -> Fact:
    """`SQLite db.sqlite3, unless $DATABASE_URL changes it`."""
    text, span, asked = _shown(found.database), found.span, found.asked
    if asked is not None:
        sources = [
            Source(text, span, f"holds without ${asked.variable}"),
            Source(f"${asked.variable}", asked.span, "is asked for before it starts"),
        ]
        shown = f"${asked.variable} ({asked.kind}: {asked.span} asks for it before the start), else {text}"
        return Fact("database", shown, State.ENVIRONMENT, span, tuple(sources))
    state = State.KNOWN if found.is_known else State.ENVIRONMENT
    if not found.others:
        return Fact("database", unless(text, found.names) if found.names else text, state, span)
    chosen = " or ".join(f"${name}" for name in found.names)
    others = [(_shown(database), place) for database, place in found.others]
    sources = [Source(other, place, f"holds if {chosen} chooses it") for other, place in others]
    shown = f"{text}, unless {chosen} chooses {' or '.join(other for other, _ in others)}"
    return Fact("database", shown, state, span, (*sources, Source(text, span, f"holds without {chosen}")))


def _shown(database: Database) -> str:
    """`PostgreSQL shop ($NAME)`, `PostgreSQL $NAME`, `$DATABASE_URL`, or the address."""
    variable = f"${database.variable}" if database.variable else ""
    if not database.name:
        return f"{database.kind} {variable}".strip()
    return f"{database.kind} {database.name}{f' ({variable})' if variable else ''}".strip()
