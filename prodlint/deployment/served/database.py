"""The databases that a service's app opens: those of its settings, and engines that SQLAlchemy makes on import."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.evaluation.shown import ROOT
from prodlint.deployment.process import Process
from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import ServedCall, served_code
from prodlint.deployment.service import Service
from prodlint.deployment.settings_module import settings_of
from prodlint.deployment.value import YES, Known
from prodlint.record import Record
from prodlint.source import Span

__all__ = ["AppDatabase", "databases_of"]

_DJANGO = {
    "django.db.backends.sqlite3": "sqlite",
    "django.contrib.gis.db.backends.spatialite": "sqlite",
    "django.db.backends.postgresql": "postgresql",
    "django.db.backends.postgresql_psycopg2": "postgresql",
    "django.contrib.gis.db.backends.postgis": "postgresql",
    "django.db.backends.mysql": "mysql",
    "django.contrib.gis.db.backends.mysql": "mysql",
}
_ENGINES = frozenset(
    {
        "sqlalchemy.create_engine",
        "sqlalchemy.engine.create_engine",
        "sqlalchemy.ext.asyncio.create_async_engine",
        "sqlmodel.create_engine",
    }
)


class AppDatabase(Record):
    """A database that is known whatever is set outside of the repository.

    `dialect` is what SQLAlchemy calls its kind (`sqlite`), `driver` the one that a URL names. `name` is the file of
    SQLite, as `ROOT/…` where it lies below the repository; empty in memory. `engine` is the call that makes it.
    """

    dialect: str
    driver: str
    name: str
    span: Span
    engine: ServedCall | None = None

    @property
    def file(self) -> str:
        """The name of the file, for people."""
        return posixpath.basename(self.name)

    def is_kept_by(self, process: Process) -> bool:
        """Whether its file may lie on a volume of a process, and not in the container alone."""
        targets = process.folders
        if self.name.startswith("/") and not self.name.startswith(ROOT):
            return any(self.name.startswith(f"{target.rstrip('/')}/") for target in targets)
        return bool(targets)


def databases_of(service: Service, repository: Repository) -> tuple[AppDatabase, ...]:
    """The databases of a service that are known for certain; none where there may be others beside one."""
    settings = settings_of(service, repository)
    if settings is not None and settings.is_certain is not YES:
        return ()
    if settings is not None and settings.framework == "Django":
        return tuple(_of_django(settings.get("DATABASES")))
    url = settings.get("SQLALCHEMY_DATABASE_URI") if settings is not None else None
    if url is not None:
        return tuple(_of_url(url))
    return _of_engines(service, repository)


def _of_django(value: object) -> Iterator[AppDatabase]:
    databases = value.value if isinstance(value, Known) else None
    default = databases.get("default") if isinstance(databases, dict) else None
    if not isinstance(value, Known) or not isinstance(default, dict):
        return
    dialect, name = _DJANGO.get(str(default.get("ENGINE"))), default.get("NAME")
    if dialect is not None and (dialect != "sqlite" or isinstance(name, str)):
        yield AppDatabase(dialect, "", name if isinstance(name, str) else "", value.span)


def _of_url(value: object, engine: ServedCall | None = None) -> Iterator[AppDatabase]:
    url = value.value if isinstance(value, Known) else None
    if not isinstance(value, Known) or not isinstance(url, str) or ":" not in url:
        return
    scheme, _, rest = url.partition(":")
    dialect, _, driver = scheme.partition("+")
    name = ""
    if dialect == "sqlite":
        # Three slashes before a relative path, four before an absolute one; options stand behind a question mark.
        name = rest.removeprefix("///").partition("?")[0]
        if rest in ("", "//") or ":memory:" in rest or "mode=" in rest or "immutable=" in rest:
            name = ""
    yield AppDatabase({"postgres": "postgresql"}.get(dialect, dialect), driver, name, value.span, engine)


def _of_engines(service: Service, repository: Repository) -> tuple[AppDatabase, ...]:
    if service.app is None:
        return ()
    calls = list(served_code(service, repository).calls_on_import((b"create_engine", b"create_async_engine"), _ENGINES))
    # A file that is developed with the code is often a set of data that nobody writes to.
    found = [one for call in calls for one in _of_url(call.argument("url", 0), call)]
    return tuple(one for one in found if not repository.named(one.file)) if len(found) == len(calls) else ()
