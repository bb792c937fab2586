"""Socket.IO servers in the code of a service: what they let their clients do, and what they share among processes.

A client that may poll makes its handshake with several requests, and all of them have to reach the same process
(Flask-SocketIO, Deployment; measured with three gunicorn workers: 3 of 10 clients were refused).
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import ServedCall, served_code
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, Known, answer
from prodlint.record import Record
from prodlint.source import Span

__all__ = ["SocketIOServer", "lets_poll", "socketio_server_of"]

_NAMES = frozenset(
    {
        "flask_socketio.SocketIO",
        "flask_socketio.SocketIO.init_app",
        "socketio.Server",
        "socketio.AsyncServer",
        "fastapi_socketio.SocketManager",
    }
)
_MANAGERS = ("message_queue", "client_manager")


class SocketIOServer(Record):
    """A server: whether its clients may poll, and whether it reaches those of other processes."""

    span: Span
    lets_poll: Answer
    is_shared: Answer


def socketio_server_of(service: Service, repository: Repository) -> SocketIOServer | None:
    """The Socket.IO server that a service makes when it starts; None when it makes none that is known."""
    if service.app is None:
        return None
    calls = list(served_code(service, repository).calls_on_import((b"socketio",), _NAMES))
    if not calls:
        return None
    polls, shared = YES, NO
    for call in calls:
        polls &= lets_poll(call)
        for one in _given(call):
            shared |= one
    return SocketIOServer(calls[0].span, polls, shared)


def lets_poll(call: ServedCall) -> Answer:
    """Whether the server that a call makes lets its clients poll."""
    value = call.argument("transports")
    if value is None:
        return YES
    return answer("polling" in str(value.value)) if isinstance(value, Known) else UNKNOWN


def _given(call: ServedCall) -> Iterator[Answer]:
    for name in _MANAGERS:
        value = call.argument(name)
        if value is not None:
            yield answer(value.value is not None) if isinstance(value, Known) else UNKNOWN
