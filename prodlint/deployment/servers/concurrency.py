"""How much a server does at once, and how long a request may take: what its settings come to together.

Source: the catalogue's serving page, 2.6 and 2.7.
"""

from __future__ import annotations

from prodlint.deployment.servers.server import Server
from prodlint.deployment.value import (
    NO,
    UNKNOWN,
    YES,
    Answer,
    EnvDriven,
    Known,
    PerCpu,
    Unknown,
    Value,
    answer,
    per_cpu,
)
from prodlint.source import Span

__all__ = [
    "chosen_timeout_of",
    "forks_after_import",
    "is_cooperative",
    "kept_open_of",
    "processes_of",
    "request_timeout_of",
    "silence_limit_of",
    "slots_of",
    "threads_of",
]

_ONE_PROCESS = frozenset(
    "daphne waitress flask quart runserver Flask-Script http.server pserve flower aiohttp Flask Quart Dash bottle "
    "Werkzeug wsgiref bjoern gevent eventlet cheroot Flask-SocketIO".split()
)
_IMPORT_ONE_BY_ONE = frozenset({"uvicorn", "fastapi run", "hypercorn", "granian", "mod_wsgi-express"})
_COOPERATIVE = frozenset("gevent gevent_wsgi gevent_pywsgi eventlet".split())


def processes_of(server: Server) -> Value[int]:
    """The processes that serve requests, in one replica."""
    if server.product in _ONE_PROCESS:
        return Known(1, server.span)
    if server.settings.known("fast") is True:
        return per_cpu(span=server.span)
    if server.product in ("uvicorn", "fastapi run", "fastapi dev") and server.reload is YES:
        return Known(1, server.span)
    return _number(server, "workers", 1)


def forks_after_import(server: Server) -> Answer:
    """Whether its workers share what importing the app made, because the app is imported before they are forked.

    Measured with gunicorn 27.0, uvicorn 0.54, hypercorn 0.18 and granian 2.8, whose workers import it one by one
    unless gunicorn preloads; uWSGI imports first unless its apps are lazy (its manual, "preforking VS lazy-apps").
    """
    if server.product == "gunicorn":
        return _switched(server, "preload")
    if server.product == "uwsgi":
        return ~_switched(server, "lazy_apps")
    if server.product in _IMPORT_ONE_BY_ONE:
        return NO
    return UNKNOWN


def _switched(server: Server, name: str) -> Answer:
    if name not in server.settings:
        return NO
    value = server.settings.value(name)
    return answer(bool(value.value)) if isinstance(value, Known) else UNKNOWN


def slots_of(server: Server) -> Value[int] | None:
    """The requests that it can work on at once, in one replica; None when nothing but memory limits them."""
    processes = processes_of(server)
    if server.product == "gunicorn":
        kind = server.settings.value("worker_class")
        name = kind.value if isinstance(kind, Known) else None
        if name == "sync":
            return processes
        threads = threads_of(server)
        if threads is not None:
            return _times(processes, threads)
        if name in _COOPERATIVE:
            return _times(processes, _number(server, "worker_connections", 1000))
        if name is None:
            return Unknown("the class of its workers is not known", kind.span)
        return None
    if server.product == "waitress":
        return _number(server, "threads", 4)
    if server.product in ("uwsgi", "mod_wsgi-express"):
        if server.product == "uwsgi":
            loops = [server.settings.known(name) for name in ("gevent", "asyncio", "async")]
            if any(loops):
                return Unknown("an event loop decides", server.span)
        return _times(processes, _number(server, "threads", 1))
    return None


def is_cooperative(server: Server) -> bool:
    """Whether gevent or eventlet changes between the requests of a worker whenever one of them waits."""
    return server.product == "gunicorn" and server.settings.known("worker_class") in _COOPERATIVE


def threads_of(server: Server) -> Value[int] | None:
    """The threads of one process that each work on a request; None for a server that works in another way."""
    if server.product == "gunicorn":
        kind = server.settings.known("worker_class")
        # Sync or gthread, as the number of threads decides.
        if kind == "gthread" or server.settings["worker_class"].source.origin.startswith("threads of "):
            return _number(server, "threads", 1)
        return None
    if server.product in ("waitress", "uwsgi", "mod_wsgi-express"):
        return _number(server, "threads", 4 if server.product == "waitress" else 1)
    return None


def request_timeout_of(server: Server) -> Value[int | None]:
    """The seconds after which the server itself ends a request; None when it never does.

    Gunicorn's `timeout` is that for sync workers alone: for all others it only asks whether the
    worker is alive.
    """
    if server.product == "gunicorn":
        kind = server.settings.value("worker_class")
        if not isinstance(kind, Known):
            return Unknown("the class of its workers is not known", kind.span)
        if kind.value != "sync":
            return Known(None, kind.span)
    elif server.product not in ("uwsgi", "mod_wsgi-express"):
        return Known(None, server.span)
    value = server.settings.value("timeout")
    if isinstance(value, Known):
        held = value.value if isinstance(value.value, int) else 0
        return Known(held or None, value.span)
    if isinstance(value, EnvDriven):
        return value.with_default(value.default if isinstance(value.default, int) else None)
    return value


def chosen_timeout_of(server: Server) -> Known[int] | None:
    """The seconds that somebody chose as the limit of a request in a server that really ends it then."""
    timeout = request_timeout_of(server)
    source = server.settings["timeout"].source if "timeout" in server.settings else None
    if not isinstance(timeout, Known) or timeout.value is None or source is None:
        return None
    return None if source.origin.startswith("default of ") else Known(timeout.value, source.span)


def kept_open_of(server: Server) -> Known[int] | None:
    """The seconds for which it keeps a connection open for a next request; None where it closes each, or is unknown.

    Sync workers of gunicorn close each connection; its other workers, those of uvicorn among them, take `keepalive`.
    """
    if server.product == "gunicorn":
        kind = server.settings.known("worker_class")
        if not isinstance(kind, str) or kind == "sync":
            return None
    elif server.product not in ("uvicorn", "hypercorn"):
        return None
    setting = server.settings.get("keep_alive")
    value = setting.value if setting is not None else None
    if setting is None or not isinstance(value, Known) or not isinstance(value.value, int):
        return None
    return Known(value.value, setting.source.span)


def silence_limit_of(server: Server) -> Known[int] | None:
    """The seconds after which gunicorn replaces a worker that blocks, 0 for never, where somebody chose them.

    An async worker that blocks nowhere is alive to gunicorn: there the limit is for blocked loops alone.
    """
    kind = server.settings.known("worker_class") if server.product == "gunicorn" else None
    if not isinstance(kind, str) or kind not in ("sync", "gthread", "gevent", "eventlet"):
        return None
    source = server.settings["timeout"].source
    value = source.value
    if source.origin.startswith("default of ") or not isinstance(value, Known) or not isinstance(value.value, int):
        return None
    return Known(value.value, source.span)


def _number(server: Server, name: str, default: int) -> Value[int]:
    if name not in server.settings:
        return Known(default, server.span)
    value = server.settings.value(name)
    if isinstance(value, Unknown):
        return value
    held = value.value if isinstance(value, Known) else value.default
    number = held if isinstance(held, int) and not isinstance(held, bool) else default if held is None else None
    if isinstance(held, PerCpu):
        return Unknown(f"{held.formula}, unless a variable says otherwise", value.span)
    if number is None:
        return Unknown(f"{name} is no number", value.span)
    if isinstance(value, Known):
        return Known(number, value.span)
    return value.with_default(number if held is not None else None)


def _times(one: Value[int], other: Value[int]) -> Value[int]:
    span: Span | None = one.span
    if isinstance(one, Unknown) or isinstance(other, Unknown) or span is None:
        return one if isinstance(one, Unknown) else other
    if isinstance(one, Known) and isinstance(other, Known):
        return Known(one.value * max(1, other.value), span)
    names = {value.name for value in (one, other) if isinstance(value, EnvDriven)}
    held = [value.value if isinstance(value, Known) else value.default for value in (one, other)]
    if len(names) > 1:
        return Unknown(f"{', '.join(f'${name}' for name in sorted(names))} decide", span)
    first, second = held
    product = None if first is None or second is None else first * max(1, second)
    return EnvDriven(names.pop(), product, span, form=None)
