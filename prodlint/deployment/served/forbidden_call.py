"""Calls that raise or stop wherever a served process makes them.

Python refuses a second event loop in a thread that runs one (`asyncio.run`); Django refuses queries where a loop runs
(Django, "Asynchronous support": Async safety); a debugger without a terminal reads the end of its input and quits
(all measured in the tests).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import ServedCall, served_code
from prodlint.deployment.service import Service
from prodlint.syntax.python_tree import nodes_in

__all__ = ["debugger_stops", "nested_loops", "sync_queries"]

_LOOPS = frozenset(
    {"asyncio.run", "uvloop.run", "anyio.run"}
    | {
        f"asyncio.{loop}.{method}"
        for loop in ("get_event_loop", "get_running_loop", "new_event_loop")
        for method in ("run_until_complete", "run_forever")
    }
)
# A function that asks whether a loop runs, or is ready for the refusal, knows of the two cases.
_ASKS = frozenset("is_running _get_running_loop current_async_library RuntimeError".split())
_DEBUGGERS = frozenset(
    "builtins.breakpoint pdb.set_trace ipdb.set_trace pudb.set_trace wdb.set_trace IPython.embed "
    "IPython.core.debugger.set_trace".split()
)
_VARIABLE = "PYTHONBREAKPOINT"
_UNSAFE = "DJANGO_ALLOW_ASYNC_UNSAFE"
_ASKING = frozenset(
    "get first last count exists create get_or_create update_or_create update delete bulk_create bulk_update earliest "
    "latest aggregate in_bulk".split()
)
_MODELS = ("django.db.models.Model.", "django.contrib.auth.models.User.", "django.contrib.auth.models.AbstractUser.")
_SAVING = frozenset("save delete refresh_from_db".split())
# A test that speaks of one of these keeps its block out of production.
_GUARDS = ("debug", "dev", "local", "test")


def nested_loops(service: Service, repository: Repository) -> Iterator[ServedCall]:
    """Event loops that a request starts on the event loop that serves it: each raises RuntimeError."""
    code = served_code(service, repository)
    for call in code.calls_on_loop((b"asyncio", b"uvloop", b"anyio"), _LOOPS):
        if code.graph.holding(b"nest_asyncio"):
            return
        if call.function is None or not _asks_for_a_loop(call.function.node):
            yield call


def _asks_for_a_loop(function: ast.AST) -> bool:
    """Whether a function is written for both cases: with an event loop that runs, and without."""
    nodes = nodes_in(function)
    named = {node.id for node in nodes if isinstance(node, ast.Name)}
    named |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return not named.isdisjoint(_ASKS)


def debugger_stops(service: Service, repository: Repository) -> Iterator[ServedCall]:
    """The calls of a debugger in functions that requests reach, and those that run on import."""
    code = served_code(service, repository)
    needles = (b"breakpoint", b"set_trace", b"IPython")
    for call in (*code.calls_on_import(needles, _DEBUGGERS), *code.calls_on_request(needles, _DEBUGGERS)):
        is_redirected = call.name == "builtins.breakpoint" and bool(service.variables.definitions(_VARIABLE))
        if not is_redirected and not any(_is_of_desks(test) for test, _ in call.call.guards):
            yield call


def _is_of_desks(test: ast.expr) -> bool:
    return any(word in ast.unparse(test).lower() for word in _GUARDS)


class _Queries:
    """The dotted names of what asks the database through Django's models."""

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        last = name.rpartition(".")[2]
        if name.startswith("django.db.models.Manager."):
            return last in _ASKING
        owner = next((one for one in _MODELS if name.startswith(one)), None)
        if owner is None:
            return False
        return last in _ASKING if name.startswith(f"{owner}objects.") else name[len(owner) :] in _SAVING


def sync_queries(service: Service, repository: Repository) -> Iterator[ServedCall]:
    """The queries of Django's ORM on the event loop: each raises SynchronousOnlyOperation."""
    if service.variables.definitions(_UNSAFE):
        return
    code = served_code(service, repository)
    if not code.graph.holding(b"django.db", b"django.contrib") or not code.graph.holding(b"async def"):
        return
    for call in code.calls_on_loop((b".objects", b".save(", b".delete("), _Queries(), _ASKING | _SAVING):
        if not call.call.is_awaited and not code.graph.holding(_UNSAFE.encode()):
            yield call
