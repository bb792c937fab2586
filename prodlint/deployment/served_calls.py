"""What the code of one service calls while it answers requests, and should not, or not like this.

Each question is answered by a module of its own, which is loaded when somebody asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prodlint.deployment.app import Interface
from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import code_holds, served_code
from prodlint.deployment.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prodlint.deployment.served.blocking_call import BlockedLoop
    from prodlint.deployment.served.code import ServedCall
    from prodlint.deployment.served.outgoing_request import EndlessRequests

__all__ = ["ServedCalls"]

# What may wait without an end for an answer.
_REQUESTS = ((b"requests", b"urlopen", b"create_connection", b"smtplib"), (b"httpx",))


class ServedCalls:
    """The answers for one service."""

    def __init__(self, service: Service, repository: Repository) -> None:
        self._service = service
        self._repository = repository

    @property
    def blocked_loops(self) -> Iterator[BlockedLoop]:
        """The coroutines of its app that hold its event loop for requests."""
        if self._service.app is None or self._service.app.interface is Interface.WSGI:
            return iter(())
        from prodlint.deployment.served.blocking_call import blocked_loops

        return blocked_loops(self._service, self._repository)

    @property
    def nested_loops(self) -> Iterator[ServedCall]:
        """The calls that start an event loop where one is running."""
        if not served_code(self._service, self._repository).has_loops:
            return iter(())
        from prodlint.deployment.served.forbidden_call import nested_loops

        return nested_loops(self._service, self._repository)

    @property
    def sync_queries(self) -> Iterator[ServedCall]:
        """The queries of Django's ORM that coroutines make and Django refuses."""
        if not served_code(self._service, self._repository).has_loops:
            return iter(())
        from prodlint.deployment.served.forbidden_call import sync_queries

        return sync_queries(self._service, self._repository)

    @property
    def debugger_stops(self) -> Iterator[ServedCall]:
        """The calls that stop its process for a debugger."""
        if not code_holds(self._service, self._repository, b"breakpoint", b"set_trace", b"IPython"):
            return iter(())
        from prodlint.deployment.served.forbidden_call import debugger_stops

        return debugger_stops(self._service, self._repository)

    @property
    def endless_requests(self) -> Iterator[EndlessRequests]:
        """The requests without a time limit that it makes while it answers one."""
        if not any(code_holds(self._service, self._repository, *needles) for needles in _REQUESTS):
            return iter(())
        from prodlint.deployment.served.outgoing_request import endless_requests

        return endless_requests(self._service, self._repository)
