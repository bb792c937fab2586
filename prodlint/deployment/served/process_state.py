"""What an app keeps in the memory of one process where all of its processes should have the same.

Only what can be told from the libraries' own names is looked for: schedulers that are started, limiters that count in
memory, and what Django keeps in a cache or a channel layer that is no server. A cache that is nothing but a cache may
be another one in each process.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from itertools import islice

from prodlint.deployment.apps.text import any_python_with
from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import ServedCall, served_code
from prodlint.deployment.servers.parallel import StateKind
from prodlint.deployment.service import Service
from prodlint.deployment.value import YES, Known, Value
from prodlint.finding import Evidence
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Span
from prodlint.syntax.python_tree import nodes_in

__all__ = ["ProcessState", "process_state_of"]


class ProcessState(Record):
    """Something that each process has for itself.

    `is_imported` says that importing the app makes it, so that workers forked later share one; else each worker has
    its own whenever it was forked.
    """

    kind: StateKind
    span: Span
    is_imported: bool = False
    evidence: tuple[Evidence, ...] = ()


_SCHEDULERS = frozenset(
    {
        "apscheduler.schedulers.background.BackgroundScheduler.start",
        "apscheduler.schedulers.asyncio.AsyncIOScheduler.start",
        "apscheduler.schedulers.gevent.GeventScheduler.start",
        "apscheduler.schedulers.tornado.TornadoScheduler.start",
        "flask_apscheduler.APScheduler.start",
        "flask_apscheduler.scheduler.APScheduler.start",
    }
)
_MOST = 20
_SCHEDULER_WORDS = (b"apscheduler", b"Scheduler")
# Something that lets one process in and keeps the others out; or a variable that a single process has.
_KEEPS_OUT = regex(rb"fcntl|flock|[Ff]ile_?[Ll]ock|[Ll]ock\s*\(|advisory_lock|setnx|nx=True|\.bind\(\(")
_LIMITERS = frozenset({"flask_limiter.Limiter", "slowapi.Limiter", "slowapi.extension.Limiter"})
_STORAGE = "RATELIMIT_STORAGE"
_LOCAL_MEMORY = "django.core.cache.backends.locmem.LocMemCache"
_CACHED_SESSIONS = "django.contrib.sessions.backends.cache"
_CACHED_FAILURES = "axes.handlers.cache.AxesCacheHandler"
_CHOICES = (b"cache.AxesCacheHandler", b"backends.cache", b"InMemoryChannelLayer", b"DEFAULT_THROTTLE_CLASSES")
_MEMORY_CHANNELS = "channels.layers.InMemoryChannelLayer"


def process_state_of(service: Service, repository: Repository) -> tuple[ProcessState, ...]:
    """What each process of a service keeps for itself; found when somebody asks."""
    if service.app is None:
        return ()
    return (
        *_schedulers(service, repository),
        *_limiters(service, repository),
        *_django(service, repository),
        *_websockets(service, repository),
    )


def _schedulers(service: Service, repository: Repository) -> Iterator[ProcessState]:
    code = served_code(service, repository)
    for call in islice(code.calls_on_import(_SCHEDULER_WORDS, _SCHEDULERS), _MOST):
        if _is_certain(call, repository):
            yield ProcessState(StateKind.SCHEDULER, call.span, True, call.reached.chain)
    for call in islice(code.calls_at_start(_SCHEDULER_WORDS, _SCHEDULERS), _MOST):
        if _is_certain(call, repository):
            yield ProcessState(StateKind.SCHEDULER, call.span, False, call.reached.chain)


def _is_certain(call: ServedCall, repository: Repository) -> bool:
    """Whether nothing that is seen keeps all processes but one from making a call."""
    paths = {call.path, *(span.path for span in call.reached.through)}
    if call.is_conditional or any(_KEEPS_OUT.search(repository.data(path) or b"") for path in paths):
        return False
    function = call.function
    return function is None or not _may_leave(function.node, call.call.node.lineno)


def _may_leave(function: ast.AST, line: int) -> bool:
    """Whether a function may end above one of its lines."""
    return any(isinstance(one, ast.Return | ast.Raise) and one.lineno < line for one in nodes_in(function))


def _limiters(service: Service, repository: Repository) -> Iterator[ProcessState]:
    code = served_code(service, repository)
    calls = [*code.calls_on_import((b"flask_limiter", b"slowapi"), _LIMITERS)]
    # Both libraries also read it from configuration: wherever its name stands, it may be set.
    if not calls or code.graph.holding(_STORAGE.encode()) or any(_STORAGE in one for one in service.variables.names):
        return
    for call in calls:
        storage = call.argument("storage_uri")
        held = storage.value if isinstance(storage, Known) else None
        if storage is None or (isinstance(held, str) and held.startswith("memory:")):
            yield ProcessState(StateKind.LIMITER, call.span)


def _django(service: Service, repository: Repository) -> Iterator[ProcessState]:
    if not any_python_with(repository, _CHOICES):
        return
    from prodlint.deployment.settings_module import settings_of

    settings = settings_of(service, repository)
    if settings is None or settings.framework != "Django" or settings.is_certain is not YES:
        return
    layers = settings.get("CHANNEL_LAYERS")
    if layers is not None and _backend(layers) == _MEMORY_CHANNELS and layers.span is not None:
        yield ProcessState(StateKind.CHANNELS, layers.span)
    caches = settings.get("CACHES")
    # Without a word on it, Django caches in the memory of the process.
    if caches is not None and _backend(caches) != _LOCAL_MEMORY:
        return
    where = () if caches is None or caches.span is None else (Evidence(caches.span, "caches in its own memory"),)
    engine, handler = settings.get("SESSION_ENGINE"), settings.get("AXES_HANDLER")
    if isinstance(engine, Known) and engine.value == _CACHED_SESSIONS:
        yield ProcessState(StateKind.SESSIONS, engine.span, evidence=where)
    if isinstance(handler, Known) and handler.value == _CACHED_FAILURES:
        yield ProcessState(StateKind.LOGIN_FAILURES, handler.span, evidence=where)
    framework = settings.get("REST_FRAMEWORK")
    if isinstance(framework, Known) and isinstance(framework.value, dict):
        classes = framework.value.get("DEFAULT_THROTTLE_CLASSES")
        if isinstance(classes, list | tuple) and any(isinstance(one, str) for one in classes):
            yield ProcessState(StateKind.THROTTLES, framework.span, evidence=where)


def _websockets(service: Service, repository: Repository) -> Iterator[ProcessState]:
    code = served_code(service, repository)
    if not code.graph.holding(b"WebSocket"):
        return
    from prodlint.deployment.served.broadcast import broadcasts_of

    for one in broadcasts_of(code, repository):
        yield ProcessState(StateKind.WEBSOCKETS, one.span, evidence=one.evidence)


def _backend(value: Value[object]) -> object:
    """The class behind `default`, where all of it is known."""
    held = value.value if isinstance(value, Known) else None
    default = held.get("default") if isinstance(held, Mapping) else None
    return default.get("BACKEND") if isinstance(default, Mapping) else None
