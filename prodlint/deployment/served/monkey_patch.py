"""Where gevent replaces Python's sockets and threads too late: after somebody took the ones that wait in C.

Measured with gevent 24.11 and 26.9, gunicorn 20.1 to 27.0, requests 2.29 to 2.34 on Python 3.11 and 3.13. urllib3 takes
`ssl.SSLContext` when it is imported; patched behind that, every HTTPS request through it raises RecursionError, while
`import ssl` alone, Flask and Django do no harm. gunicorn's gevent worker patches before it imports the app, but not
before what its configuration imports, nor with `--preload` before the app. The gthread worker makes its threads before
it imports the app: patched in between, it answers one request at most.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from prodlint.deployment.apps.index import code_index
from prodlint.deployment.apps.names import External, Here
from prodlint.deployment.apps.text import python_with
from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import ServedCode, served_code
from prodlint.deployment.servers.concurrency import forks_after_import, threads_of
from prodlint.deployment.servers.server import Server
from prodlint.deployment.service import Service
from prodlint.deployment.settings.start import MAIN, agreed_start
from prodlint.deployment.value import NO, YES, is_several
from prodlint.finding import Evidence
from prodlint.record import Record
from prodlint.source import Span
from prodlint.syntax.python import PythonModule

if TYPE_CHECKING:
    from prodlint.deployment.apps.import_order import Ran

__all__ = ["LatePatch", "late_patch_of"]

# Importing one of these imports urllib3 (measured with the newest of each, and with sentry-sdk 1.45).
_TAKES_SSL = frozenset({"urllib3", "requests", "boto3", "sentry_sdk"})
# These patch when they are imported.
_PATCHES_ITSELF = frozenset({"grequests", "locust"})
_PATCH = "gevent.monkey.patch_all"
_CALLS = ("gevent.monkey.", "eventlet.monkey_patch", "eventlet.patcher.")
_NEEDLES = (b"gevent", b"eventlet", b"patch_all")
_GEVENT = frozenset({"gevent", "gevent_wsgi", "gevent_pywsgi"})
_THREADED = frozenset({"sync", "gthread"})
# These import the app and take nothing that gevent replaces; uWSGI patches by an option of its own.
_PLAIN = frozenset({"gunicorn", "waitress", "uvicorn", "hypercorn"})


class LatePatch(Record):
    """A patch that comes too late: `span` is its call, or the place that chose the worker which patches.

    `taken` is the package that took the unpatched `ssl` before; empty where gunicorn's threads were made before.
    """

    span: Span
    taken: str
    evidence: tuple[Evidence, ...]


class _Race(Record):
    """What took the unpatched `ssl`, and the call that patches, as far as either is certain to come."""

    taken: Ran | None
    patch: Ran | None


def late_patch_of(service: Service, repository: Repository) -> LatePatch | None:
    """The patch of gevent that comes too late in a service's process; None where none is known to."""
    server = service.server
    if server is None or service.step is None or "monkey" in service.step.written:
        return None
    if server.product not in _PLAIN and not server.in_code:
        return None
    kind = server.settings.known("worker_class") if server.product == "gunicorn" else None
    if kind in _GEVENT:
        return _by_worker(service, server, repository)
    if (server.product == "gunicorn" and kind not in _THREADED) or not python_with(repository, (b"gevent",)):
        return None
    return _by_app(service, server, repository)


def _by_worker(service: Service, server: Server, repository: Repository) -> LatePatch | None:
    """Where gunicorn's gevent worker patches behind what its configuration, or a preloaded app, imports."""
    preloads = forks_after_import(server) is YES
    if not preloads and server.configuration is None:
        return None
    race = _race(service, server, repository, with_app=preloads)
    if race is None or race.taken is None:
        return None
    if race.patch is not None:
        return _late_call(race.patch, race.taken)
    evidence = _taking(race.taken)
    if not _is_of(race.taken, server.configuration):
        evidence = (Evidence(server.settings["preload"].source.span, "imports the app before that"), *evidence)
    return LatePatch(server.settings["worker_class"].source.span, _package(race.taken), evidence)


def _by_app(service: Service, server: Server, repository: Repository) -> LatePatch | None:
    """Where the app patches behind an import of its own, or behind the threads that are to run it."""
    own = b"" if server.configuration is None else repository.data(server.configuration) or b""
    if b"patch_all" not in own and not served_code(service, repository).graph.holding(b"patch_all"):
        return None
    race = _race(service, server, repository, with_app=True)
    if race is None or race.patch is None:
        return None
    threads = threads_of(server) if server.product == "gunicorn" else None
    is_of_app = not _is_of(race.patch, server.configuration)
    if threads is not None and is_several(threads) is YES and is_of_app and forks_after_import(server) is NO:
        chosen = server.settings["threads"].source.span
        made = Evidence(chosen, "makes its threads before it imports the app")
        return LatePatch(race.patch.span, "", (made, *_way(race.patch)))
    return None if race.taken is None else _late_call(race.patch, race.taken)


def _late_call(patch: Ran, taken: Ran) -> LatePatch:
    return LatePatch(patch.span, _package(taken), _taking(taken))


def _race(service: Service, server: Server, repository: Repository, with_app: bool) -> _Race | None:
    """What comes first when the process is imported; None where that is not certain."""
    start = agreed_start(service, repository)
    if start is None:
        return None
    patches = _Patches(served_code(service, repository), server.configuration)
    if patches.may_come_when_called:
        return None
    entries = [] if server.configuration is None else [server.configuration]
    script: str | None = None
    for module in start.modules if with_app else ():
        if module.dotted == MAIN:
            script = module.path
        else:
            entries += patches.code.graph.modules(module.dotted, "")
        entries.append(module.path)
    from prodlint.deployment.apps.import_order import in_order

    return _first(patches, in_order(patches.code.graph, tuple(entries), script))


def _first(patches: _Patches, running: Iterator[Ran]) -> _Race | None:
    taken: Ran | None = None
    for ran in running:
        if ran.name:
            if _package(ran) in _PATCHES_ITSELF:
                return None
            if taken is None and ran.is_certain and _package(ran) in _TAKES_SSL:
                taken = ran
        elif isinstance(ran.node, ast.Call) and (called := patches.name(ran.node, ran.path, ran.module)):
            # What is given says what not to patch.
            is_whole = called == _PATCH and not ran.node.args and not ran.node.keywords
            return _Race(taken, ran) if is_whole and ran.is_certain else None
    return _Race(taken, None)


class _Patches:
    """The calls that patch in the files of a process and in the configuration of its server."""

    def __init__(self, code: ServedCode, configuration: str | None) -> None:
        self.code = code
        own = () if configuration is None else (configuration,)
        self._paths = dict.fromkeys((*own, *code.graph.holding(*_NEEDLES)))

    def name(self, call: ast.Call, path: str, module: PythonModule) -> str:
        """The dotted name of what a call patches with; empty for all other calls."""
        meant = self.code.names.meaning(call.func, Here(path, module)) if path in self._paths else None
        return meant.name if isinstance(meant, External) and meant.name.startswith(_CALLS) else ""

    @property
    def may_come_when_called(self) -> bool:
        """Whether a function may patch, at a time that is not known."""
        for path in self._paths:
            index = code_index(self.code.repository, path)
            for call in index.calls if index is not None else ():
                is_inside = call.function is not None or call.is_deferred
                if index is not None and is_inside and self.name(call.node, path, index.module):
                    return True
        return False


def _package(ran: Ran) -> str:
    return ran.name.partition(".")[0]


def _is_of(ran: Ran, path: str | None) -> bool:
    """Whether something runs in a file, or in one that it imports."""
    return (ran.way[0].path if ran.way else ran.path) == path


def _way(ran: Ran) -> tuple[Evidence, ...]:
    return tuple(Evidence(span, "imports it") for span in ran.way)


def _taking(ran: Ran) -> tuple[Evidence, ...]:
    return (*_way(ran), Evidence(ran.span, f"{_package(ran)} takes the ssl module before it is patched"))
