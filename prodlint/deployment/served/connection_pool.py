"""The pools of connections that SQLAlchemy keeps in each process, and how many connections they give away at once.

Defaults: SQLAlchemy's documentation of `create_engine`, pool_size 5 and max_overflow 10 (2.1); 0 and -1 are no limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prodlint.deployment.apps.text import any_python_with
from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import served_code
from prodlint.deployment.service import Service
from prodlint.deployment.value import Known, Value
from prodlint.record import Record
from prodlint.source import Span

__all__ = ["ConnectionPool", "connection_pools_of"]

_ENGINES = frozenset({"sqlalchemy.create_engine", "sqlalchemy.engine.create_engine", "sqlmodel.create_engine"})
_MAKES = (b"create_engine", b"SQLALCHEMY_DATABASE_URI")
_SIZE, _OVERFLOW = ("pool_size", 5), ("max_overflow", 10)


class ConnectionPool(Record):
    """A pool: the most connections that one process has from it, and where it is made."""

    most: int
    span: Span


def connection_pools_of(service: Service, repository: Repository) -> tuple[ConnectionPool, ...]:
    """The pools of a service whose size is known; looked for when somebody asks."""
    return tuple(_pools(service, repository)) if service.app is not None and any_python_with(repository, _MAKES) else ()


def _pools(service: Service, repository: Repository) -> Iterator[ConnectionPool]:
    from prodlint.deployment.settings_module import settings_of

    settings = settings_of(service, repository)
    if settings is not None and settings.framework == "Django":
        return
    url = settings.get("SQLALCHEMY_DATABASE_URI") if settings is not None else None
    if settings is not None and url is not None and url.span is not None and not _is_sqlite(url):
        options = settings.get("SQLALCHEMY_ENGINE_OPTIONS")
        given = options.value if isinstance(options, Known) else {} if options is None else None
        if isinstance(given, dict):
            most = _most(given.get)
            if most is not None:
                yield ConnectionPool(most, url.span if options is None or options.span is None else options.span)
        return
    for call in served_code(service, repository).calls_on_import((b"create_engine",), _ENGINES):
        most = _most(call.argument)
        address = call.argument("url", 0)
        if most is not None and address is not None and not _is_sqlite(address):
            yield ConnectionPool(most, call.span)


def _is_sqlite(url: Value[object]) -> bool:
    return isinstance(url, Known) and str(url.value).startswith("sqlite")


def _most(option: Callable[[str], object]) -> int | None:
    """The most connections by the options of an engine; None where they are not known or not limited."""
    if option("poolclass") is not None or option("pool") is not None:
        return None
    numbers = []
    for name, default in (_SIZE, _OVERFLOW):
        value = option(name)
        number = value.value if isinstance(value, Known) else default if value is None else value
        if not isinstance(number, int) or number < 0 or (number == 0 and name == "pool_size"):
            return None
        numbers.append(number)
    return sum(numbers)
