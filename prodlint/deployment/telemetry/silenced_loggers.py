"""Loggers that exist before `logging.config` runs, and that it makes silent.

`disable_existing_loggers` is on unless the configuration says otherwise (Python, `logging.config`): the loggers of the
server, and of what was imported before, write nothing from then on (measured in tests/rules/test_real_logging.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import served_code
from prodlint.deployment.service import Service
from prodlint.deployment.value import YES
from prodlint.finding import Edit, Evidence, Fix, Safety
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Span

if TYPE_CHECKING:
    from prodlint.deployment.telemetry.log_config import LogConfig

__all__ = ["SilencedLoggers", "silenced_loggers"]

_LOGGERS = {
    "uvicorn": ("uvicorn.error", "uvicorn.access"),
    "gunicorn": ("gunicorn.error",),
    "hypercorn": ("hypercorn.error",),
}
_TRUE = regex(r"\s*:\s*(True)\b")
_EFFECTS = {
    "uvicorn.error": "a crash of the app leaves no line",
    "uvicorn.access": "no request is logged",
    "gunicorn.error": "an exception that reaches gunicorn leaves no line",
    "hypercorn.error": "an exception that reaches hypercorn leaves no line",
}


class SilencedLoggers(Record):
    """A call that makes loggers of the server silent: which, what that means, and how the process comes to it."""

    span: Span
    names: tuple[str, ...]
    effect: str
    chain: tuple[Evidence, ...]
    fix: Fix | None


def silenced_loggers(service: Service, repository: Repository) -> SilencedLoggers | None:
    """The loggers of a service's server that the configuration of its app makes silent."""
    server = service.server
    if server is None or server.product not in _LOGGERS or not service.starts_certainly or service.module is None:
        return None
    if server.in_code or server.settings.doubt is not None:
        return None
    code = served_code(service, repository)
    if not code.graph.holding(b"dictConfig"):
        return None
    from prodlint.deployment.telemetry.log_config import logging_of_calls

    found = logging_of_calls(code)
    if found is None or found[0].disables is not YES:
        return None
    config, call = found
    names = tuple(one for one in _LOGGERS[server.product] if not _is_named(one, config))
    if not names:
        return None
    return SilencedLoggers(call, names, _EFFECTS[names[0]], code.chain(call.path) or (), _fix(config))


def _fix(config: LogConfig) -> Fix | None:
    """The key put behind `version`, or told the opposite."""
    key, first = config.written("disable_existing_loggers"), config.written("version")
    if key is not None:
        whole = config.span.source.text[key.end : config.span.end]
        found = _TRUE.match(whole)
        place = None if found is None else Span(key.source, key.end + found.start(1), key.end + found.end(1))
        edit = None if place is None else Edit(place, "False")
    else:
        edit = None if first is None else _behind(first)
    return Fix("keep the loggers that exist", (edit,), Safety.SAFE) if edit is not None else None


def _behind(first: Span) -> Edit | None:
    text = first.source.text
    line = text.rfind("\n", 0, first.start) + 1
    indent = text[line : first.start]
    end = text.find("\n", first.start)
    if indent.strip() or end < 0 or not text[first.start : end].rstrip().endswith(","):
        return None
    quote = text[first.start]
    at = end + 1
    return Edit(Span(first.source, at, at), f"{indent}{quote}disable_existing_loggers{quote}: False,\n")


def _is_named(name: str, config: LogConfig) -> bool:
    """Whether a configuration names a logger or one above it: those go on."""
    named = {one.name for one in config.loggers}
    return name in named or any(name.startswith(f"{one}.") for one in named)
