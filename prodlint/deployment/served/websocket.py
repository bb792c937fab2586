"""WebSockets of an app, and whether the server that is given it can speak them.

Uvicorn speaks them by another package, `websockets` or `wsproto`, and refuses every handshake without one (its
settings, `--ws`; measured with uvicorn 0.54). Gunicorn's own ASGI worker, Hypercorn, Granian and Daphne bring theirs.
"""

from __future__ import annotations

from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import ServedCall, served_code
from prodlint.deployment.servers.server import Server
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, Known
from prodlint.record import Record
from prodlint.source import Span

__all__ = ["WebSocketRoute", "declared_websocket", "websocket_of"]

_DECLARING = frozenset(
    f"{owner}.{method}"
    for owner in (
        "fastapi.FastAPI",
        "fastapi.APIRouter",
        "fastapi.applications.FastAPI",
        "fastapi.routing.APIRouter",
        "starlette.applications.Starlette",
        "starlette.routing.Router",
        "quart.Quart",
        "quart.Blueprint",
    )
    for method in ("websocket", "websocket_route", "add_api_websocket_route", "add_websocket_route")
) | {"starlette.routing.WebSocketRoute", "fastapi.routing.APIWebSocketRoute"}
_LIBRARIES = ("websockets", "wsproto")
_WORKERS = frozenset(
    f"{module}.{name}"
    for module in ("uvicorn.workers", "uvicorn_worker", "uvicorn_worker._workers")
    for name in ("UvicornWorker", "UvicornH11Worker")
)


class WebSocketRoute(Record):
    """The first websocket of an app: where it is declared, its path as far as it is written.

    `is_supported` answers whether its server can speak the protocol; `switched_off` is the place that says it is not
    to.
    """

    span: Span
    path: str
    is_supported: Answer
    switched_off: Span | None = None


def websocket_of(service: Service, repository: Repository) -> WebSocketRoute | None:
    """A websocket that the code of a service declares; None where it declares none or the server is another."""
    server = service.server
    if server is None or not _is_uvicorn(server):
        return None
    call = declared_websocket(service, repository)
    if call is None:
        return None
    path = call.argument("path", 0)
    shown = path.value if isinstance(path, Known) and isinstance(path.value, str) else "a websocket"
    setting = server.settings.get("ws") if server.product == "uvicorn" else None
    if setting is not None and not isinstance(setting.value, Known):
        return WebSocketRoute(call.span, shown, UNKNOWN)
    if setting is not None and isinstance(setting.value, Known) and setting.value.value == "none":
        return WebSocketRoute(call.span, shown, NO, setting.source.span)
    answers = [service.installs_distribution(name) for name in _LIBRARIES]
    held = YES if YES in answers else UNKNOWN if UNKNOWN in answers else NO
    return WebSocketRoute(call.span, shown, held)


def declared_websocket(service: Service, repository: Repository) -> ServedCall | None:
    """The first call by which the code of a service declares a websocket of its ASGI app."""
    code = served_code(service, repository)
    return next(code.calls_on_import((b"websocket", b"WebSocketRoute"), _DECLARING), None)


def _is_uvicorn(server: Server) -> bool:
    if server.product == "gunicorn":
        return server.settings.known("worker_class") in _WORKERS
    return server.product == "uvicorn"
