"""What is told to log at debug level where production runs: a server, the root logger, an engine of SQLAlchemy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import ServedCode, served_code
from prodlint.deployment.servers.setting import SettingSource
from prodlint.deployment.service import Service
from prodlint.deployment.telemetry.configured_logging import configured_logging
from prodlint.deployment.value import YES, Known, Value
from prodlint.finding import Evidence, Fix, Safety, WithoutArgument
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Span

if TYPE_CHECKING:
    pass

__all__ = ["Verbose", "verbose_logging"]

_SERVERS = frozenset({"gunicorn", "uvicorn", "hypercorn", "granian"})
_DEBUG = frozenset({"debug", "trace"})
_BASIC = frozenset({"logging.basicConfig"})
_LEVELS = frozenset({"logging.getLogger.setLevel", "logging.root.setLevel"})
_ENGINES = frozenset(
    f"{module}.{name}"
    for module in ("sqlalchemy", "sqlalchemy.engine", "sqlalchemy.ext.asyncio", "sqlmodel", "sqlmodel.ext.asyncio")
    for name in ("create_engine", "create_async_engine")
)
# Loggers that write what goes over the wire at DEBUG, tokens and personal data with it.
_TALKATIVE = ("root", "sqlalchemy.engine", "sqlalchemy", "boto3", "botocore", "urllib3", "httpx", "httpcore")
_QUOTED = regex(r"""(["'])([A-Za-z_]\w*)\1""")
_STATEMENTS = "prints every SQL statement with its values in production"


class Verbose(Record):
    """Something that logs too much: the place that says so, what it is and does, what to do instead."""

    span: Span
    what: str
    remedy: str
    chain: tuple[Evidence, ...] = ()
    fix: Fix | None = None


def verbose_logging(service: Service, repository: Repository) -> Iterator[Verbose]:
    """Everything that logs at debug level where a service runs."""
    if service.server is None or service.step is None or not service.starts_certainly:
        return
    yield from _of_server(service)
    if service.module is None and service.app is None:
        return
    code = served_code(service, repository)
    yield from _of_engines(code)
    yield from _of_flask(service, code)
    yield from _of_root(service, code)
    yield from _of_dictionary(service, code)


def _of_server(service: Service) -> Iterator[Verbose]:
    server = service.server
    setting = server.settings.get("log_level") if server is not None and server.product in _SERVERS else None
    if setting is None or server is None or not isinstance(setting.value, Known):
        return
    level = setting.value.value
    if isinstance(level, str) and level.lower() in _DEBUG:
        source: SettingSource = setting.source
        same = source.span.source is server.span.source
        chain = () if same else (Evidence(server.span, f"starts {server.product}"),)
        what = f"`{service.label}` logs at level {level} in production"
        from prodlint.deployment.fixes.word import replaced_once

        edit = replaced_once(source.span, level, "info")
        fix = Fix("log at level info", (edit,), Safety.SAFE) if edit is not None else None
        is_written = level.lower() in source.span.text.lower()
        remedy = "take it out: info is the default" if is_written else "set what it comes from to info"
        yield Verbose(source.span, what, remedy, chain, fix)


def _of_engines(code: ServedCode) -> Iterator[Verbose]:
    needles = (b"echo=True", b'echo="debug"', b"echo='debug'", b"echo=", b"echo =")
    holding = code.graph.holding(*needles)
    if not holding:
        return
    for calls in (code.calls_on_import(needles, _ENGINES), code.calls_on_request(needles, _ENGINES)):
        for call in calls:
            echo = call.argument("echo")
            if isinstance(echo, Known) and echo.value in (True, "debug") and not call.is_conditional:
                what, chain = f"`echo` of this engine {_STATEMENTS}", call.reached.chain
                written = echo.span.source.text[echo.span.start : echo.span.end]
                plain = written in ("True", '"debug"', "'debug'")
                fix = Fix("leave `echo` out", (WithoutArgument(call.span, "echo"),), Safety.SAFE) if plain else None
                chain = (*_variables(code.service, echo.span), *chain)
                yield Verbose(echo.span, what, "leave `echo` out", chain, fix)


def _of_flask(service: Service, code: ServedCode) -> Iterator[Verbose]:
    name = "SQLALCHEMY_ECHO"
    if service.app is None or service.app.framework != "Flask" or not code.graph.holding(name.encode()):
        return
    from prodlint.deployment.settings_module import settings_of

    settings = settings_of(service, code.repository)
    value = settings.get(name) if settings is not None and settings.is_certain is YES else None
    if isinstance(value, Known) and value.value is True:
        yield Verbose(value.span, f"{name} {_STATEMENTS}", "take it out, or set it where you develop alone")


def _of_root(service: Service, code: ServedCode) -> Iterator[Verbose]:
    """`logging.basicConfig(level=logging.DEBUG)`, where nothing else has a say in the level of the root logger."""
    if len(code.graph.holding(b"basicConfig")) != 1:
        return
    from prodlint.deployment.telemetry.web_logging import leaves_root_alone

    if not leaves_root_alone(service):
        return
    if code.graph.holding(b"dictConfig", b"fileConfig", b"LOGGING") or not code.graph.is_complete:
        return
    calls = [*code.calls_on_import((b"basicConfig",), _BASIC)]
    if len(calls) != 1 or calls[0].is_conditional or calls[0].argument("handlers") is not None:
        return
    if any(call.maker_argument("name", 0) is None for call in code.calls_on_import((b"setLevel",), _LEVELS)):
        return
    level = calls[0].argument("level")
    if level is not None and _is_debug(level):
        what = f"this sets the level of the root logger of {service.name} to DEBUG in production"
        span = level.span or calls[0].span
        yield Verbose(span, what, "give it the level INFO", (*_variables(service, span), *calls[0].reached.chain))


def _of_dictionary(service: Service, code: ServedCode) -> Iterator[Verbose]:
    config = configured_logging(code)
    for logger in config.loggers if config is not None else ():
        if logger.name not in _TALKATIVE or logger.level is None or not _is_debug(logger.level):
            continue
        if config is not None and any(one.writes_debug for one in logger.handlers or ()):
            what = f"the logger {logger.name} of {service.name} writes at level DEBUG in production"
            yield Verbose(config.place_of(logger.name, "DEBUG"), what, "give it the level INFO or WARNING")


def _variables(service: Service, span: Span) -> tuple[Evidence, ...]:
    """The places that set the variables which an expression reads."""
    text = span.source.text[span.start : span.end]
    named = [name for _, name in _QUOTED.findall(text) if service.variables.definitions(name)]
    found = [service.variables.definitions(name)[-1] for name in dict.fromkeys(named)]
    return tuple(Evidence(one.span, f"sets {one.name}") for one in found)


def _is_debug(level: Value[object]) -> bool:
    held = level.value if isinstance(level, Known) else None
    return held in ("DEBUG", "debug") or (isinstance(held, int) and not isinstance(held, bool) and 0 <= held <= 10)
