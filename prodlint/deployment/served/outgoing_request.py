"""Requests to others that a web process makes and that may never come back: those without a time limit.

Requests: "Timeouts" (none by default); urllib, smtplib and socket wait for ever too (socket.getdefaulttimeout). httpx
and aiohttp have limits of their own unless they are switched off.
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import ServedCall, ServedCode, served_code
from prodlint.deployment.servers.concurrency import request_timeout_of
from prodlint.deployment.service import Service
from prodlint.deployment.value import Known
from prodlint.finding import Edit, Fix, Safety
from prodlint.record import Record
from prodlint.source import Span

__all__ = ["EndlessRequests", "endless_requests"]

_VERBS = "get post put patch delete head options request".split()
_REQUESTS = frozenset(f"requests.{name}" for name in _VERBS)
_SESSIONS = frozenset(f"requests.{made}.{name}" for made in ("Session", "session") for name in _VERBS)
# Where a time limit may stand among the arguments by position.
_POSITIONS = {
    "urllib.request.urlopen": 2,
    "socket.create_connection": 1,
    "smtplib.SMTP": 3,
    "smtplib.SMTP_SSL": 5,
}
_NAMES = _REQUESTS | _SESSIONS | frozenset(_POSITIONS)
_SWITCHED_OFF = frozenset(
    {f"httpx.{name}" for name in _VERBS}
    | {f"httpx.{client}.{name}" for client in ("Client", "AsyncClient") for name in _VERBS}
    | {"httpx.Client", "httpx.AsyncClient"}
)
_NEEDLES = (b"requests", b"urlopen", b"create_connection", b"smtplib")
_DEFAULTS = (b"setdefaulttimeout",)
_SECONDS = 10


class EndlessRequests(Record):
    """The requests of one file without a time limit: the first one, and how many there are.

    `server_timeout` is the time in seconds after which the server kills the worker that waits, where it does;
    `is_endless` answers whether it certainly never does.
    `patience` is set for requests whose time limit is not shorter than that: the seconds for which they wait.
    """

    first: ServedCall
    count: int
    server_timeout: Known[int] | None = None
    fix: Fix | None = None
    patience: float | None = None
    is_endless: bool = False

    @property
    def others(self) -> str:
        """` (and 2 more in this file)`."""
        return f" (and {self.count - 1} more in this file)" if self.count > 1 else ""


def endless_requests(service: Service, repository: Repository) -> Iterator[EndlessRequests]:
    """The files of a service whose code makes requests without a time limit while a request of ours waits."""
    code = served_code(service, repository)
    found: dict[str, list[ServedCall]] = {}
    calls = [
        *(one for one in code.calls_on_request(_NEEDLES, _NAMES) if _has_no_limit(one)),
        *(one for one in code.calls_on_request((b"httpx",), _SWITCHED_OFF) if _is_switched_off(one)),
    ]
    limit = _server_timeout(service)
    if not calls or code.graph.holding(*_DEFAULTS):
        calls = []
    for call in calls:
        if not _is_set_up_elsewhere(call, code):
            found.setdefault(call.path, []).append(call)
    for held in found.values():
        held.sort(key=lambda one: one.span.start)
        yield EndlessRequests(held[0], len(held), limit, _with_limit(held), is_endless=_is_endless(service))
    for call in code.calls_on_request(_NEEDLES, _NAMES) if limit is not None else ():
        patience = _patience(call)
        if limit is not None and patience is not None and patience >= limit.value:
            yield EndlessRequests(call, 1, limit, patience=patience)


def _patience(call: ServedCall) -> float | None:
    """The seconds for which a request waits for each part of its answer: the second of a pair of limits."""
    limit = call.argument("timeout", _POSITIONS.get(call.name))
    value = limit.value if isinstance(limit, Known) else None
    value = value[-1] if isinstance(value, tuple) and value else value
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _has_no_limit(call: ServedCall) -> bool:
    limit = call.argument("timeout", _POSITIONS.get(call.name))
    return limit is None or (isinstance(limit, Known) and limit.value is None)


def _is_switched_off(call: ServedCall) -> bool:
    limit = call.argument("timeout")
    return isinstance(limit, Known) and limit.value is None


def _is_set_up_elsewhere(call: ServedCall, code: ServedCode) -> bool:
    """Whether a session may have got a time limit where it was made: by an adapter, or by a class of its own."""
    if call.name not in _SESSIONS:
        return False
    return call.made is None or code.graph.mentions(call.made.path, (".mount(", "HTTPAdapter", ".request ="))


def _server_timeout(service: Service) -> Known[int] | None:
    limit = request_timeout_of(service.server) if service.server is not None else None
    return Known(limit.value, limit.span) if isinstance(limit, Known) and limit.value is not None else None


def _is_endless(service: Service) -> bool:
    limit = request_timeout_of(service.server) if service.server is not None else None
    return isinstance(limit, Known) and limit.value is None


def _with_limit(calls: list[ServedCall]) -> Fix | None:
    """A time limit for each of the calls; None where one of them is written in a way that is not plain."""
    edits = []
    for call in calls:
        node = call.call.node
        if call.name not in _REQUESTS | _SESSIONS or not (node.args or node.keywords):
            return None
        if any(one.arg == "timeout" for one in node.keywords):
            return None
        module = call.module
        end = max(module.span(one).end for one in (*node.args, *(keyword.value for keyword in node.keywords)))
        rest = call.span.source.text[end : call.span.end]
        if rest.strip(" \t\r\n") not in (")", ",)") and rest.replace(" ", "").replace("\n", "") not in (")", ",)"):
            return None
        edits.append(Edit(Span(call.span.source, end, end), f", timeout={_SECONDS}"))
    return Fix(f"give up after {_SECONDS} seconds", tuple(edits), Safety.UNSAFE)
