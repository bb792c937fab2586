"""Answers of an app that never end, for which a server that is asked to stop may wait without a limit.

Measured with uvicorn 0.54: after SIGTERM it waits for each open answer until its client goes, and the end of the
lifespan does not run before; so does a generator that asks `request.is_disconnected()`, and FastAPI's own
EventSourceResponse. That of sse-starlette 3.7 ends by itself. Websockets are closed with code 1012: a handler that
sends or receives ends at once, so that none is told here. A hanging `fastapi run` is the same uvicorn.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from prodlint.deployment.apps.index import CodeFunction, code_index
from prodlint.deployment.apps.names import Defined, External
from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import ServedCall, ServedCode, served_code
from prodlint.deployment.service import Service
from prodlint.finding import Evidence
from prodlint.record import Record
from prodlint.source import Span

__all__ = ["EndlessStream", "endless_stream_of"]

_EVENTS = "fastapi.sse.EventSourceResponse"
_STREAMS = frozenset({"starlette.responses.StreamingResponse", "fastapi.responses.StreamingResponse", _EVENTS})


class EndlessStream(Record):
    """A stream without an end: the function that yields it, where it is answered with, and the loop."""

    name: str
    span: Span
    loop: Span

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The answer and the loop, in causal order."""
        return Evidence(self.span, "answers with a stream"), Evidence(self.loop, "yields until its reader goes")


def endless_stream_of(service: Service, repository: Repository) -> EndlessStream | None:
    """The first endless stream of a service's app, where its uvicorn waits for streams without a limit."""
    return next(_streams(served_code(service, repository)), None) if _waits(service) else None


def _waits(service: Service) -> bool:
    server = service.server
    if server is None or service.app is None:
        return False
    if server.product == "fastapi run":
        return True
    setting = server.settings.get("graceful_timeout") if server.product == "uvicorn" else None
    return setting is not None and setting.is_default


def _streams(code: ServedCode) -> Iterator[EndlessStream]:
    for call in code.calls_on_request((b"StreamingResponse", b"EventSourceResponse"), _STREAMS):
        function = _generator(call)
        if function is not None:
            yield from _endless(function, call.span)
    for handler in code.decorated_handlers("FastAPI", b"EventSourceResponse"):
        if any(_is_for_events(one, handler.function, code) for one in handler.function.node.decorator_list):
            yield from _endless(handler.function, handler.span)


def _endless(function: CodeFunction, span: Span) -> Iterator[EndlessStream]:
    from prodlint.deployment.served.lasting import endless_loop

    loop = endless_loop(function)
    if loop is not None:
        whole = function.module.span(loop)
        head = Span(whole.source, whole.start, function.module.span(loop.test).end)
        yield EndlessStream(function.name, span, head)


def _generator(call: ServedCall) -> CodeFunction | None:
    """The function of the repository whose call makes the stream that an answer is given."""
    node = call.call.node
    value = next((one.value for one in node.keywords if one.arg == "content"), node.args[0] if node.args else None)
    if not isinstance(value, ast.Call):
        return None
    meant = call.code.meaning(value.func, call.path, call.function)
    if not isinstance(meant, Defined) or isinstance(meant.node, ast.ClassDef) or meant.node.decorator_list:
        return None
    index = code_index(call.code.repository, meant.path)
    return None if index is None else index.by_node.get(meant.node)


def _is_for_events(decorator: ast.expr, function: CodeFunction, code: ServedCode) -> bool:
    """Whether a decorator of FastAPI answers with the events that its function yields."""
    for one in decorator.keywords if isinstance(decorator, ast.Call) else ():
        if one.arg == "response_class":
            meant = code.meaning(one.value, function.path, function.outer)
            return isinstance(meant, External) and meant.name == _EVENTS
    return False
