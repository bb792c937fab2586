"""The processes and threads of one service's server: what each has for itself, what they share, what stops them.

Each question is answered by a module of its own, which is loaded when somebody asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prodlint.deployment.apps.text import any_python_with, python_with
from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import code_holds
from prodlint.deployment.servers.concurrency import forks_after_import, is_cooperative
from prodlint.deployment.service import Service
from prodlint.deployment.value import YES
from prodlint.finding import Fix, Safety

if TYPE_CHECKING:
    from prodlint.deployment.heartbeat import Heartbeat
    from prodlint.deployment.served.blocking_driver import BlockingDriver
    from prodlint.deployment.served.connection_pool import ConnectionPool
    from prodlint.deployment.served.database import AppDatabase
    from prodlint.deployment.served.monkey_patch import LatePatch
    from prodlint.deployment.served.preload import BeforeFork
    from prodlint.deployment.served.process_state import ProcessState
    from prodlint.deployment.served.signing_keys import KeyMadeAnew
    from prodlint.deployment.served.socketio_server import SocketIOServer
    from prodlint.source import Span

__all__ = ["ServerWorkers"]

# What makes a key has one of these in its name; those with common names are asked of a module, or imported by them.
_MAKES = (
    b"urandom",
    b"getrand",
    b"token_hex",
    b"token_urlsafe",
    b"token_bytes",
    b"uuid1",
    b"uuid4",
    b"generate_key",
    b"get_random_",
    b"SystemRandom",
    b".choice",
    b".sample",
    b"random import",
    b"secrets import",
    b"randbytes",
)


class ServerWorkers:
    """The answers for one service."""

    def __init__(self, service: Service, repository: Repository) -> None:
        self._service = service
        self._repository = repository

    @property
    def process_state(self) -> tuple[ProcessState, ...]:
        """What each of its processes keeps for itself."""
        from prodlint.deployment.served.process_state import process_state_of

        return process_state_of(self._service, self._repository)

    @property
    def keys_made_anew(self) -> tuple[KeyMadeAnew, ...]:
        """The keys that it signs with and that are others in each of its processes."""
        if not any_python_with(self._repository, _MAKES):
            return ()
        from prodlint.deployment.served.signing_keys import keys_made_anew

        return keys_made_anew(self._service, self._repository)

    @property
    def metrics_of_one_process(self) -> Span | None:
        """Where its app tells Prometheus what one process alone counted."""
        if not code_holds(self._service, self._repository, b"prometheus"):
            return None
        from prodlint.deployment.telemetry.metrics import metrics_of_one_process

        return metrics_of_one_process(self._service, self._repository)

    @property
    def socketio_server(self) -> SocketIOServer | None:
        """The Socket.IO server that it makes when it starts."""
        if not code_holds(self._service, self._repository, b"socketio"):
            return None
        from prodlint.deployment.served.socketio_server import socketio_server_of

        return socketio_server_of(self._service, self._repository)

    @property
    def databases(self) -> tuple[AppDatabase, ...]:
        """The databases of its app that are known for certain."""
        from prodlint.deployment.served.database import databases_of

        return databases_of(self._service, self._repository)

    @property
    def connection_pools(self) -> tuple[ConnectionPool, ...]:
        """The pools of connections that each of its processes keeps."""
        from prodlint.deployment.served.connection_pool import connection_pools_of

        return connection_pools_of(self._service, self._repository)

    @property
    def made_before_fork(self) -> tuple[BeforeFork, ...]:
        """What its app makes before its workers are forked, and they cannot use."""
        if self._service.server is None or forks_after_import(self._service.server) is not YES:
            return ()
        from prodlint.deployment.served.preload import made_before_fork

        return made_before_fork(self._service, self._repository)

    @property
    def blocking_driver(self) -> BlockingDriver | None:
        """The driver of a database that stops cooperative workers while it waits."""
        if self._service.server is None or not is_cooperative(self._service.server):
            return None
        from prodlint.deployment.served.blocking_driver import blocking_driver_of

        return blocking_driver_of(self._service, self._repository)

    @property
    def late_patch(self) -> LatePatch | None:
        """Where gevent replaces sockets and threads when somebody has taken them already."""
        server = self._service.server
        if server is None or not (is_cooperative(server) or python_with(self._repository, (b"gevent",))):
            return None
        from prodlint.deployment.served.monkey_patch import late_patch_of

        return late_patch_of(self._service, self._repository)

    @property
    def heartbeat(self) -> Heartbeat | None:
        """Where gunicorn's workers leave their signs of life, if that is in the files of their container."""
        from prodlint.deployment.heartbeat import heartbeat_of

        return heartbeat_of(self._service)

    @property
    def with_heartbeat_in_memory(self) -> Fix | None:
        """`--worker-tmp-dir=/dev/shm` in its command; None where that is not certain."""
        from prodlint.deployment.heartbeat import in_memory

        return in_memory(self._service)

    def with_jitter(self, requests: int) -> Fix | None:
        """A jitter in the command that says after how many requests workers restart; None where a file says it."""
        from prodlint.deployment.fixes.bind import with_option

        server = self._service.server
        if server is None or "command line" not in server.settings["max_requests"].source.origin:
            return None
        edit = with_option(self._service, server, f"--max-requests-jitter={requests}")
        return None if edit is None else Fix("let each worker restart at a time of its own", (edit,), Safety.SAFE)
