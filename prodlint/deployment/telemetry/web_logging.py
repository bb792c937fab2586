"""How the process of a service logs: who gives its loggers a handler and a level, and what that does in production.

Servers give handlers to their own loggers alone: gunicorn, uvicorn, hypercorn and granian leave the root without one,
and Python writes what is below a warning nowhere then (measured in tests/rules/test_real_logging.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Literal

from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import ServedCall, ServedCode, served_code
from prodlint.deployment.service import Service
from prodlint.deployment.value import YES, Known
from prodlint.finding import Evidence
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Span

if TYPE_CHECKING:
    from prodlint.deployment.telemetry.log_config import LogConfig

__all__ = ["LostLines", "leaves_root_alone", "lost_lines"]

_LEAVE_ROOT_ALONE = frozenset({"gunicorn", "uvicorn", "hypercorn", "granian"})
_SERVER_LOGGING = ("log_config", "logconfig_json", "logconfig_dict", "logger_class")
# What gives a logger a handler: with any of these in the files of the process nobody here knows where lines go.
_HANDLERS = (
    b"Handler(",
    b".handlers",
    b"basicConfig",
    b"dictConfig",
    b"fileConfig",
    b"structlog",
    b"loguru",
    b"logzero",
    b"coloredlogs",
    b"daiquiri",
    b"logbook",
    b"eliot",
    b"logfire",
    b"opentelemetry",
    b"azure.monitor",
    b"google.cloud",
    b"powertools",
    b"absl",
    b"enable_logs",
)
# `setup_logging(`, `configure_app_logger(`: the word in front is looked at where it ends like this.
_CALLED = regex(rb"[lL]og(?:ging|gers?|s)?(?:_config\w*)?\(")
_SETTING_UP = regex(rb"(?i)(?:set_?up|config|init|install|enable|set|make|create|build|get|add|load)\w*_?$")
_WORD = regex(rb"\w*$")
_NAMED = regex(rb"[lL](?:og|OG)(?:ging|ger|s|GING|GER)?_?(?:[cC]onfig|[sS]etup|[sS]ettings|[iI]nit|CONFIG|SETTINGS)")
_BY_MODULE = regex(rb"\blogging\.(?:debug|info|warn(?:ing)?|error|exception|critical|fatal|log)\(")
# A package of others that is about logs may do it when it is imported.
_LOG_PACKAGE = regex(rb"(?m)^[ \t]*(?:from|import)[ \t]+(\w*log(?:s|ger|gers|ging)?(?:_\w+)?)\b")
_INFO = frozenset(
    f"{owner}.info"
    for owner in (
        "logging.getLogger",
        "logging",
        "logging.root",
        "flask.Flask.logger",
        "flask.current_app.logger",
        "quart.Quart.logger",
        "quart.current_app.logger",
    )
)
_OF_FLASK = regex(rb"setLevel\(|\.level\s*=|\.debug\s*=|\bDEBUG\b[\"']?\]?\s*[=:](?!=)(?!\s*False)")
_SERVERS_OWN = ("uvicorn", "gunicorn", "hypercorn", "_granian", "granian", "django")
_WRAPPERS = frozenset({"opentelemetry-instrument", "newrelic-admin", "ddtrace-run", "logfire", "scout-apm"})
_ENOUGH = 3


class LostLines(Record):
    """Lines of a service's own code that are written nowhere: the first call, and how it is written."""

    span: Span
    written: str
    chain: tuple[Evidence, ...]
    others: tuple[Span, ...]
    help: str


def lost_lines(service: Service, repository: Repository) -> LostLines | None:
    """The calls of `logger.info` whose lines go nowhere, because nothing gives a logger a handler."""
    if not leaves_root_alone(service) or service.app is None:
        return None
    code = served_code(service, repository)
    if not code.graph.holding(b".info(") or _may_configure(code) or _flask_may_show(service, code):
        return None
    config: LogConfig | None = None
    if service.app.framework == "Django":
        held = _held_settings(service, repository)
        if held is None:
            return None
        config = held or None
        if config is not None and code.graph.holding(b"setLevel"):
            return None
    elif code.graph.holding(b"LOGGING"):
        return None
    found = [*islice(_own_lines(code, config), _ENOUGH)]
    if len(found) < _ENOUGH:
        return None
    first = found[0]
    remedy = "call `logging.basicConfig(level=logging.INFO)` where the app is made"
    if service.app.framework == "Django":
        remedy = "give LOGGING a `root` with a console handler and the level INFO"
    because = () if config is None else (Evidence(config.place_of("loggers"), "gives this logger no handler or level"),)
    others = tuple(one.span for one in found[1:])
    return LostLines(first.span, first.written, (*first.reached.chain, *because), others, remedy)


def leaves_root_alone(service: Service) -> bool:
    """Whether the server of a service gives handlers to its own loggers and to no others."""
    server = service.server
    if server is None or server.product not in _LEAVE_ROOT_ALONE or service.step is None or service.module is None:
        return False
    if not service.starts_certainly or server.settings.doubt is not None or not server.options_complete:
        return False
    mentioned = set(server.settings.mentioned)
    return not mentioned.intersection(_SERVER_LOGGING) and not _WRAPPERS.intersection(service.step.layers)


def _may_configure(code: ServedCode) -> bool:
    """Whether a file that the process may read gives a logger a handler, or has somebody do it."""
    repository, server = code.repository, code.service.server
    everywhere = (path for path in repository.python_files if environment_of(path) is not Environment.TEST)
    paths: tuple[str, ...] = tuple(code.graph.files if code.graph.is_complete else everywhere)
    if server is not None and server.configuration is not None:
        paths = (*paths, server.configuration)
    sets_level = logs_by_module = False
    for path in paths:
        data = repository.data(path) or b""
        if b"log" not in data and b"Log" not in data and b"LOG" not in data:
            continue
        if any(needle in data for needle in _HANDLERS) or _NAMED.search(data) or _sets_up(data):
            return True
        names = (found.decode("ascii", "replace") for found in _LOG_PACKAGE.findall(data))
        if any(one != "logging" and not code.graph.may_hold(one) for one in names):
            return True
        sets_level = sets_level or b"setLevel" in data
        logs_by_module = logs_by_module or _BY_MODULE.search(data) is not None
    # `logging.warning(…)` gives the root logger a handler, which writes all that its level lets through.
    return sets_level and logs_by_module


def _sets_up(data: bytes) -> bool:
    """Whether a function is called, or defined, whose name says that it sets up logging."""
    for found in _CALLED.finditer(data):
        front = data[max(0, found.start() - 40) : found.start()]
        word = _WORD.search(front)
        name = word[0] if word is not None else b""
        if not (name == b"get" and found[0] == b"Logger(") and _SETTING_UP.search(name):
            return True
    return False


def _flask_may_show(service: Service, code: ServedCode) -> bool:
    """Whether the logger of a Flask app may write such lines.

    Flask gives it a handler by itself, and a level where the app is in debug mode (Flask, Logging).
    """
    if service.app is None or service.app.framework not in ("Flask", "Quart"):
        return False
    if any(service.variables.definitions(name) for name in ("FLASK_DEBUG", "FLASK_ENV", "QUART_DEBUG")):
        return True
    held = code.graph.holding(b"setLevel", b"DEBUG", b"debug", b".level")
    return any(_OF_FLASK.search(code.repository.data(path) or b"") for path in held)


def _own_lines(code: ServedCode, config: LogConfig | None) -> Iterator[ServedCall]:
    for call in code.calls_on_request((b".info(",), _INFO):
        name = call.maker_argument("name", 0) if call.name.startswith("logging.getLogger.") else None
        if name is not None and not (isinstance(name, Known) and isinstance(name.value, str)):
            continue
        shown = str(name.value) if isinstance(name, Known) else "root"
        if not shown.startswith(_SERVERS_OWN) and (config is None or config.loses_info(shown)):
            yield call


def _held_settings(service: Service, repository: Repository) -> LogConfig | Literal[False] | None:
    """What the settings of a Django service say of logging: False for nothing at all, None where nobody can know."""
    from prodlint.deployment.settings_module import settings_of

    settings = settings_of(service, repository)
    if settings is None or settings.path is None or settings.is_certain is not YES:
        return None
    if settings.get("LOGGING_CONFIG") is not None:
        return None
    from prodlint.deployment.telemetry.log_config import django_logging

    return False if settings.get("LOGGING") is None else django_logging(service, repository)
