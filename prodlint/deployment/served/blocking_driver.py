"""Drivers of databases that stop a worker of gevent or eventlet while they wait.

Such a worker changes to another request whenever Python waits for a socket. psycopg2 and mysqlclient wait in C, where
nobody sees it; psycogreen gives psycopg2 a way to wait in Python (its README).
"""

from __future__ import annotations

from prodlint.deployment.apps.text import any_python_with
from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import served_code
from prodlint.deployment.served.database import databases_of
from prodlint.deployment.servers.concurrency import is_cooperative
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, YES, Known
from prodlint.record import Record
from prodlint.source import Span

__all__ = ["BlockingDriver", "blocking_driver_of"]

_PSYCOPG2 = ("psycopg2", "psycopg2-binary")
_CONNECTS = frozenset(
    {"psycopg2.connect", "psycopg2.pool.SimpleConnectionPool", "psycopg2.pool.ThreadedConnectionPool"}
)
_PATCHES = (b"psycogreen", b"make_psycopg_green", b"set_wait_callback", b"patch_psycopg")


class BlockingDriver(Record):
    """A driver that blocks: its name, the place that chose the workers, and the one that chose the database."""

    driver: str
    workers: str
    span: Span
    database: Span


def blocking_driver_of(service: Service, repository: Repository) -> BlockingDriver | None:
    """The driver that blocks the cooperative workers of a service; None where none is known to."""
    server = service.server
    if server is None or service.app is None or not is_cooperative(server) or any_python_with(repository, _PATCHES):
        return None
    kind = server.settings.value("worker_class")
    assert isinstance(kind, Known)
    for dialect, driver, place in _asked(service, repository):
        if _is_blocking(service, dialect, driver):
            name = "mysqlclient" if dialect == "mysql" else "psycopg2"
            return BlockingDriver(name, str(kind.value), kind.span, place)
    return None


def _asked(service: Service, repository: Repository) -> list[tuple[str, str, Span]]:
    """The dialects and drivers of the databases that a service asks, each with the place that says so."""
    found = [(one.dialect, one.driver, one.span) for one in databases_of(service, repository)]
    if not found:
        code = served_code(service, repository)
        calls = [*code.calls_on_import((b"psycopg2",), _CONNECTS), *code.calls_on_request((b"psycopg2",), _CONNECTS)]
        found = [("postgresql", "psycopg2", call.span) for call in calls]
    return found


def _is_blocking(service: Service, dialect: str, driver: str) -> bool:
    if dialect == "postgresql" and driver in ("", "psycopg2"):
        if service.installs_distribution("psycogreen") is not NO:
            return False
        # Django takes psycopg 3 where it finds it; what may bring that may bring psycogreen too.
        is_only = driver != "" or service.installs_distribution("psycopg") is not YES
        return is_only and any(service.installs_distribution(name) is YES for name in _PSYCOPG2)
    if dialect == "mysql" and driver in ("", "mysqldb"):
        is_only = driver != "" or service.installs_distribution("pymysql") is NO
        return is_only and service.installs_distribution("mysqlclient") is YES
    return False
