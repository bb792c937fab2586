"""Logging as a dictionary says it: Django's LOGGING, and what `logging.config.dictConfig` is given.

Source: Python, `logging.config`, "Dictionary Schema Details".
"""

from __future__ import annotations

import ast

from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import ServedCode
from prodlint.deployment.service import Service
from prodlint.deployment.value import UNKNOWN, YES, Answer, EnvDriven, Known, Unknown, Value, answer
from prodlint.record import Record
from prodlint.source import Span

__all__ = ["LogConfig", "LogHandler", "Logger", "django_logging", "logging_of_calls"]

_STREAMS = frozenset({"logging.StreamHandler", "rich.logging.RichHandler", "colorlog.StreamHandler"})
_FILES = frozenset(
    {"logging.FileHandler", "logging.handlers.WatchedFileHandler"}
    | {"logging.handlers.RotatingFileHandler", "logging.handlers.TimedRotatingFileHandler"}
)
_ROTATING = frozenset({"logging.handlers.RotatingFileHandler", "logging.handlers.TimedRotatingFileHandler"})
_DICT_CONFIG = frozenset({"logging.config.dictConfig", "logging.config.dictConfigClass"})


class LogHandler(Record):
    """One handler: its class, the least level that it writes, the file that it writes to; None where nothing says it.

    `is_filtered` is set where a filter may keep lines from it, `is_off` where one keeps all from it in production.
    """

    name: str
    kind: str | None
    level: Value[object] | None
    file: Value[object] | None
    is_filtered: bool
    is_off: bool = False

    @property
    def is_stream(self) -> bool:
        return self.kind in _STREAMS

    @property
    def is_file(self) -> bool:
        return self.kind in _FILES

    @property
    def rotates(self) -> bool:
        """Whether it renames its file by itself, which only one process at a time can do."""
        return self.kind in _ROTATING

    @property
    def writes_debug(self) -> bool:
        """Whether lines of the level DEBUG certainly get through it."""
        level = self.level
        written = level is None or (isinstance(level, Known) and level.value in ("DEBUG", "NOTSET", 0, 10))
        return written and not self.is_filtered and (self.is_stream or self.is_file)


class Logger(Record):
    """One logger, `root` by that name: its level, its handlers (None where they are not known)."""

    name: str
    level: Value[object] | None
    handlers: tuple[LogHandler, ...] | None


class LogConfig(Record):
    """A whole configuration. `disables` answers whether loggers that exist already, and that it does not name, fall
    silent; `span` is the statement that writes the dictionary.
    """

    span: Span
    loggers: tuple[Logger, ...]
    disables: Answer

    def written(self, *words: str) -> Span | None:
        """The place of the last of some words in quotes that follow each other in it; None where they do not."""
        source, at = self.span.source, self.span.start
        for word in words:
            found = (source.text.find(quote + word + quote, at, self.span.end) for quote in "\"'")
            at = min((one for one in found if one >= 0), default=-1)
            if at < 0:
                return None
        return Span(source, at, at + len(words[-1]) + 2)

    def place_of(self, *words: str) -> Span:
        """The same, or its first line."""
        end = self.span.source.text.find("\n", self.span.start, self.span.end)
        first = self.span if end < 0 else Span(self.span.source, self.span.start, end)
        return self.written(*words) or first

    def loses_info(self, name: str) -> bool:
        """Whether lines of the level INFO of a logger certainly go nowhere, although nobody chose a higher level."""
        by_name = {one.name: one for one in self.loggers}
        parts = name.split(".")
        around = [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
        above = [by_name[one] for one in (*around, "root") if one in by_name]
        levels = [one.level for one in above if one.level is not None]
        if levels and not (isinstance(levels[0], Known) and levels[0].value in ("INFO", "DEBUG", "NOTSET", 10, 20)):
            return False
        return not levels or all(one.handlers == () for one in above)

    @property
    def attached(self) -> tuple[LogHandler, ...] | None:
        """Every handler that a logger has; None where that is not known."""
        found: dict[str, LogHandler] = {}
        for logger in self.loggers:
            if logger.handlers is None:
                return None
            found.update({one.name: one for one in logger.handlers})
        return tuple(found.values())


def django_logging(service: Service, repository: Repository) -> LogConfig | None:
    """The LOGGING of a Django service; None where it has none, or where that is not certain."""
    if service.app is None or service.app.framework != "Django":
        return None
    from prodlint.deployment.settings_module import settings_of

    settings = settings_of(service, repository)
    if settings is None or settings.is_certain is not YES or settings.get("LOGGING_CONFIG") is not None:
        return None
    debug = settings.get("DEBUG")
    is_debug = None if debug is not None and not isinstance(debug, Known) else debug is not None and bool(debug.value)
    return _config(settings.get("LOGGING"), repository, is_debug)


def logging_of_calls(code: ServedCode) -> tuple[LogConfig, Span] | None:
    """What the only `dictConfig` that a process calls on its start is given, with the call; None for any other."""
    holding = code.graph.holding(b"dictConfig")
    if len(holding) != 1 or code.graph.holding(b"fileConfig"):
        return None
    calls = [*code.calls_on_import((b"dictConfig",), _DICT_CONFIG)]
    if len(calls) != 1 or calls[0].is_conditional:
        return None
    config = _config(calls[0].argument("config", 0), code.repository)
    return None if config is None else (config, calls[0].span)


def _config(value: Value[object] | None, repository: Repository, is_debug: bool | None = None) -> LogConfig | None:
    if not isinstance(value, Known) or not isinstance(value.value, dict):
        return None
    whole = value.value
    if not all(isinstance(key, str) for key in whole) or whole.get("incremental", False) is not False:
        return None
    declared, loggers = whole.get("handlers", {}), whole.get("loggers", {})
    if not isinstance(declared, dict) or not isinstance(loggers, dict):
        return None
    held = whole.get("filters", {})
    closed = {
        name
        for name, one in (held.items() if isinstance(held, dict) and is_debug is False else ())
        if isinstance(one, dict) and one.get("()") == "django.utils.log.RequireDebugTrue"
    }
    handlers = {
        name: _handler(name, one, value.span, closed) for name, one in declared.items() if isinstance(name, str)
    }
    named = [(name or "root", one) for name, one in loggers.items() if isinstance(name, str)]
    if len(named) != len(loggers):
        return None
    if "root" in whole:
        named.append(("root", whole["root"]))
    disables = whole.get("disable_existing_loggers", True)
    return LogConfig(
        _statement(value.span, repository),
        tuple(_logger(name, one, handlers, value.span) for name, one in named),
        answer(disables) if isinstance(disables, bool) else UNKNOWN,
    )


def _statement(span: Span, repository: Repository) -> Span:
    """The assignment to the name that a span is, or around it."""
    module = repository.python(span.path) if span.path.endswith(".py") else None
    for node in module.nodes if module is not None else ():
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and module is not None:
            whole = module.span(node)
            if whole.source is span.source and whole.start <= span.start and span.end <= whole.end:
                return whole
    return span


def _handler(name: str, held: object, span: Span, closed: set[object]) -> LogHandler:
    if not isinstance(held, dict) or "()" in held:
        return LogHandler(name, None, None, None, True)
    kind = held.get("class")
    filters = held.get("filters", [])
    return LogHandler(
        name,
        kind if isinstance(kind, str) else None,
        _value(held, "level", span),
        _value(held, "filename", span),
        not (isinstance(filters, list | tuple) and not filters),
        isinstance(filters, list | tuple) and any(isinstance(one, str) and one in closed for one in filters),
    )


def _value(held: dict[object, object], key: str, span: Span) -> Value[object] | None:
    if key not in held:
        return None
    value = held[key]
    return value if isinstance(value, Unknown | EnvDriven) else Known(value, span)


def _logger(name: str, held: object, handlers: dict[str, LogHandler], span: Span) -> Logger:
    if not isinstance(held, dict):
        return Logger(name, Unknown("it is computed", span), None)
    names = held.get("handlers", [])
    found: list[LogHandler] | None = []
    for one in names if isinstance(names, list | tuple) else [None]:
        handler = handlers.get(one) if isinstance(one, str) else None
        if handler is None or found is None:
            found = None
        else:
            found.append(handler)
    return Logger(name, _value(held, "level", span), None if found is None else tuple(found))
