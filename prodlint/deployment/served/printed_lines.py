"""What the code of a web process prints, where Python keeps it in a buffer.

To a pipe, standard output is written when eight kilobytes have come together. Under gunicorn nobody flushes it before;
uvicorn's access log does (measured in tests/rules/test_real_logging.py).
"""

from __future__ import annotations

from itertools import islice

from prodlint.deployment.process import Platform
from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import ServedCall, served_code
from prodlint.deployment.servers.server import Server
from prodlint.deployment.service import Service
from prodlint.deployment.value import YES, Known
from prodlint.record import Record
from prodlint.source import Span

__all__ = ["PrintedLines", "printed_lines"]

_PRINT = frozenset({"builtins.print"})
_UNBUFFERED = "PYTHONUNBUFFERED"
_ENOUGH = 5
_FLUSHES = (b"sys.stdout", b"reconfigure", b"line_buffering", b"flush=")


class PrintedLines(Record):
    """Calls of `print` that requests come to, the first of them, and the others."""

    span: Span
    others: tuple[Span, ...]


def printed_lines(service: Service, repository: Repository) -> PrintedLines | None:
    """The lines that a web process prints and that are kept back; None for a few, and where it may be unbuffered."""
    server = service.server
    if server is None or service.step is None or not service.starts_certainly or not _leaves_buffer(server):
        return None
    # What a platform builds by itself may set the variable in its image: Google's buildpacks do.
    if service.image is None and service.process.platform is not Platform.SYSTEMD:
        return None
    if service.variables.lacks(_UNBUFFERED) is not YES or "-u" in service.step.arguments:
        return None
    code = served_code(service, repository)
    if not code.graph.holding(b"print(") or code.graph.holding(*_FLUSHES):
        return None
    calls = (one for one in code.calls_on_request((b"print(",), _PRINT) if _to_output(one))
    found = [*islice(calls, _ENOUGH)]
    return PrintedLines(found[0].span, tuple(one.span for one in found[1:])) if len(found) == _ENOUGH else None


def _leaves_buffer(server: Server) -> bool:
    if server.settings.doubt is not None:
        return False
    if server.product == "gunicorn":
        own = server.settings.known("access_log") in (None, "")
        return own and not {"enable_stdio_inheritance", "capture_output"}.intersection(server.settings.mentioned)
    return server.product == "uvicorn" and server.settings.known("access_log") is False


def _to_output(call: ServedCall) -> bool:
    flush = call.argument("flush")
    unflushed = flush is None or (isinstance(flush, Known) and not flush.value)
    return unflushed and call.argument("file") is None and not call.passes_more
