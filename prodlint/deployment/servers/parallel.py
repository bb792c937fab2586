"""The processes of a service that run beside each other, and whether what one of them makes is what the others find.

Whatever an app keeps in its memory (a key, a counter, a cache) is there once for each process that imported it.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from prodlint.deployment.servers.concurrency import forks_after_import
from prodlint.deployment.servers.server import Server
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, Bounded, Known, PerCpu, Value, is_several
from prodlint.finding import Evidence
from prodlint.record import Record

__all__ = ["Parallel", "StateKind"]


class StateKind(Enum):
    """What is kept in one process alone."""

    SCHEDULER = "a scheduler"
    LIMITER = "the counts of a limiter"
    SESSIONS = "sessions"
    THROTTLES = "throttles"
    LOGIN_FAILURES = "failed logins"
    CHANNELS = "a channel layer"
    WEBSOCKETS = "the websockets of its clients"


class Parallel(Record):
    """The workers of one copy of a service, and its copies."""

    workers: Value[int]
    replicas: Value[int]
    server: Server | None = None

    @property
    def is_several(self) -> Answer:
        """Whether more than one process serves requests."""
        return is_several(self.replicas) if self.server is None else self.has_several_copies | is_several(self.workers)

    @property
    def has_several_workers(self) -> Answer:
        """Whether one copy serves with more than one process."""
        return NO if self.server is None else is_several(self.workers)

    @property
    def imports_several_times(self) -> Answer:
        """Whether more than one process imports the app by itself, so that each has its own of what that makes."""
        if self.server is None:
            return UNKNOWN
        return self.has_several_copies | (is_several(self.workers) & ~forks_after_import(self.server))

    @property
    def has_several_copies(self) -> Answer:
        """Whether more than one copy runs, each with files of its own."""
        return is_several(self.replicas)

    @property
    def per_cpu(self) -> PerCpu | None:
        """The workers where they are as many as the CPUs of the machine make them, however many that are."""
        workers = self.workers
        return workers if isinstance(workers, PerCpu) and workers.most is None and workers.span is not None else None

    @property
    def said(self) -> str:
        """`4 gunicorn workers`, `3 copies`: the processes, for people."""
        if self.server is not None and is_several(self.workers) is YES:
            return f"{_number(self.workers)} {self.server.product} workers"
        return self.said_of_copies

    @property
    def said_of_copies(self) -> str:
        """`3 copies`."""
        return f"{_number(self.replicas)} copies"

    @property
    def said_of_imports(self) -> str:
        """The processes that import the app by themselves."""
        if self.server is not None and is_several(self.workers) & ~forks_after_import(self.server) is YES:
            return self.said
        return self.said_of_copies

    def has_several(self, is_imported: bool) -> Answer:
        """Whether there is more than one of something, which importing the app makes or which each process has."""
        return self.imports_several_times if is_imported else self.is_several

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Where the numbers stand that make them several."""
        return tuple(self._evidence())

    @property
    def evidence_of_copies(self) -> tuple[Evidence, ...]:
        """Where the number of copies stands."""
        span = self.replicas.span if self.has_several_copies is YES else None
        return () if span is None else (Evidence(span, f"runs {_number(self.replicas)} copies"),)

    def _evidence(self) -> Iterator[Evidence]:
        if self.server is not None and is_several(self.workers) is YES and self.workers.span is not None:
            yield Evidence(self.workers.span, f"starts {_number(self.workers)} workers")
        yield from self.evidence_of_copies


def _number(value: Value[int]) -> str:
    if isinstance(value, Known):
        return str(value.value)
    if isinstance(value, PerCpu):
        return value.formula
    return f"{value.least:g} or more" if isinstance(value, Bounded) else "several"
