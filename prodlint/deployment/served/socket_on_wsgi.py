"""Websockets of a WSGI app: whether its server lets it have them, and what each takes from the requests.

WSGI has no websockets. Libraries take the connection itself where the server hands it to the app, so that a socket
holds what a request would hold, a worker or a thread, until it is closed. Measured: Flask-Sock 0.7 is refused by
waitress 3.0, uWSGI 2.0, granian 2.8, hypercorn 0.18, `uvicorn --interface wsgi` and a2wsgi (500 or 403), and holds a
worker or a thread of gunicorn 27.0, whose sync workers are killed at their timeout; gevent serves any number. A client
of Flask-SocketIO 5.7 holds as much of gunicorn, waitress and uWSGI while it polls. Flask-Sockets 0.2 wants a worker of
gevent-websocket, and a FastAPI app inside of a2wsgi answers 404.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from prodlint.deployment.app import App, Interface
from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import ServedCall, ServedCode, served_code
from prodlint.deployment.served.socketio_server import lets_poll
from prodlint.deployment.served.websocket import declared_websocket
from prodlint.deployment.servers.concurrency import request_timeout_of, slots_of
from prodlint.deployment.servers.server import Server
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, YES, Known
from prodlint.record import Record, replace
from prodlint.source import Span
from prodlint.syntax.python_tree import nodes_in

__all__ = ["SocketOnWsgi", "socket_on_wsgi_of"]

# So many at once are a pool that somebody chose for sockets.
_ENOUGH = 50
# They hand no connection to the app.
_WITHOUT_CONNECTION = frozenset({"waitress", "uwsgi", "granian", "hypercorn", "uvicorn"})
_GEVENT_WEBSOCKET = frozenset({"flask_sockets.worker", "geventwebsocket.gunicorn.workers.GeventWebSocketWorker"})
_WORKERS = frozenset({"sync", "gthread", "gevent", "eventlet"})
_SOCKETIO = frozenset({"flask_socketio.SocketIO", "flask_socketio.SocketIO.init_app"})
_SIMPLE = frozenset({"simple_websocket.Server", "simple_websocket.Server.accept"})
_THREADS = "serve it with gunicorn and a thread for each socket, as `gunicorn --threads=100`"


class SocketOnWsgi(Record):
    """A socket of a WSGI app where its server makes trouble of it.

    `span` declares it; a `polling` one is a client of Socket.IO, any other a websocket. `refusal` says why every
    handshake fails, empty where each socket holds a worker or a thread: `slots` of them hold all, None where the number
    is not known.
    `instead` is what to do. `is_sync` is set for workers that do one thing at a time; gunicorn ends those after
    `cut_after` seconds.
    """

    span: Span
    instead: str
    refusal: str = ""
    slots: int | None = None
    is_sync: bool = False
    cut_after: int | None = None
    polling: bool = False

    @property
    def note(self) -> str:
        """What stands at `span`, for evidence."""
        return "makes the Socket.IO server" if self.polling else "answers websockets"

    @property
    def unit(self) -> str:
        """What is open, for people."""
        return "client of Socket.IO" if self.polling else "websocket"

    @property
    def all(self) -> str:
        """Those that hold all of the server: `2 websockets are`."""
        several = "clients of Socket.IO" if self.polling else "websockets"
        return f"1 {self.unit} is" if self.slots == 1 else f"{self.slots} {several} are"


def socket_on_wsgi_of(service: Service, app: App, repository: Repository) -> SocketOnWsgi | None:
    """The first socket of a service's WSGI app that its server refuses, or that holds what requests need."""
    server = service.server
    if server is None or app.is_factory:
        return None
    # A server that cannot call the app at all is another fault.
    if server.interface is not None and server.interface is not app.interface:
        return None
    code = served_code(service, repository)
    if app.framework in ("FastAPI", "Starlette"):
        call = declared_websocket(service, repository) if app.interface is Interface.WSGI else None
        instead = "serve the ASGI app inside of it with uvicorn"
        return None if call is None else SocketOnWsgi(call.span, instead, "WSGI carries none")
    if app.interface is Interface.ASGI:
        # Flask in a wrapper, which passes on requests alone.
        spans = _sockets(code) if app.framework in ("Flask", "Dash") else ()
        return next((_refused(one, "behind ASGI it never sees a connection") for one in spans), None)
    return next(_found(service, server, code), None)


def _found(service: Service, server: Server, code: ServedCode) -> Iterator[SocketOnWsgi]:
    for span in _sockets(code):
        if server.product in _WITHOUT_CONNECTION:
            yield _refused(span, f"{server.product} keeps the connection from the app")
        else:
            yield from _holding(server, span)
    for one in code.decorated_handlers("Flask-Sockets", b"flask_sockets"):
        if server.product in _WITHOUT_CONNECTION or server.settings.known("worker_class") in _WORKERS:
            instead = "Flask-Sockets is given up: use Flask-Sock, and start gunicorn with --threads=100"
            yield SocketOnWsgi(one.span, instead, "Flask-Sockets needs a worker of gevent-websocket")
    for call in code.calls_on_import((b"flask_socketio",), _SOCKETIO):
        given = call.argument("app", 0)
        # Without an app it emits to the clients of others.
        if given is None or (isinstance(given, Known) and given.value is None):
            continue
        polls = lets_poll(call)
        # Several workers refuse clients that poll, which is worse; other servers refuse those that do not.
        fits = service.parallel.has_several_workers is NO if polls is YES else polls is NO and _hands_on(server)
        if fits:
            # How long a poll lasts is for Socket.IO to say, not for the timeout of workers.
            yield from (replace(one, polling=True, cut_after=None) for one in _holding(server, call.span))


def _hands_on(server: Server) -> bool:
    """Whether the app may take the connection itself."""
    return server.product == "gunicorn"


def _refused(span: Span, why: str) -> SocketOnWsgi:
    return SocketOnWsgi(span, _THREADS, why)


def _sockets(code: ServedCode) -> Iterator[Span]:
    """Where sockets of simple-websocket are opened that stay for as long as their clients."""
    if not code.graph.holding(b"flask_sock", b"simple_websocket"):
        return
    from prodlint.deployment.served.lasting import waits_for_client

    for one in code.decorated_handlers("Flask-Sock", b".route("):
        given = [*one.function.node.args.posonlyargs, *one.function.node.args.args]
        if given and waits_for_client(one.function, given[0].arg):
            yield one.span
    for call in code.calls_on_request((b"simple_websocket",), _SIMPLE):
        if call.function is not None and waits_for_client(call.function, _held_as(call)):
            yield call.span


def _held_as(call: ServedCall) -> str:
    """The variable of its function that holds what a call makes; empty where none does."""
    assigned = nodes_in(call.function.node) if call.function is not None else ()
    names = [one.targets[0] for one in assigned if isinstance(one, ast.Assign) and one.value is call.call.node]
    return names[0].id if len(names) == 1 and isinstance(names[0], ast.Name) else ""


def _holding(server: Server, span: Span) -> Iterator[SocketOnWsgi]:
    """What a socket is to a server that gives each a worker or a thread."""
    is_sync = server.product == "gunicorn" and server.settings.known("worker_class") == "sync"
    if server.product == "gunicorn" and not is_sync and server.settings.known("worker_class") != "gthread":
        return
    slots = slots_of(server)
    count = slots.value if isinstance(slots, Known) else None
    if slots is None or not (is_sync or (count is not None and count < _ENOUGH)):
        return
    limit = request_timeout_of(server) if is_sync else None
    seconds = limit.value if isinstance(limit, Known) else None
    instead = "start it with a thread for each of them: --threads=100" if _hands_on(server) else _THREADS
    yield SocketOnWsgi(span, instead, slots=count, is_sync=is_sync, cut_after=seconds)
