"""The code of the repository that a production process runs: the modules that it imports, the functions that its
requests reach, and the calls in both.

Rules ask for calls by their dotted names and by the bytes that a file must hold to make them: files without those are
never parsed, and how a function is reached is looked up from that function backwards.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from prodlint.deployment.apps.import_graph import ImportGraph
from prodlint.deployment.apps.text import holds_one, last_parts
from prodlint.deployment.condition import Lookup
from prodlint.deployment.repository import Repository
from prodlint.deployment.served.entries import import_graph_of
from prodlint.deployment.served.reached import Hop, Reached
from prodlint.deployment.service import Service
from prodlint.deployment.value import Known, Unknown, Value
from prodlint.finding import Evidence
from prodlint.record import Entity
from prodlint.source import Span
from prodlint.syntax.python import NOT_LITERAL, PythonModule, literal
from prodlint.syntax.python_tree import nodes_in

if TYPE_CHECKING:
    from prodlint.deployment.apps.index import CodeCall, CodeFunction, CodeIndex
    from prodlint.deployment.apps.names import CodeNames, External, Meaning
    from prodlint.deployment.evaluation.interpreter import Interpreter
    from prodlint.deployment.served.handlers import Handler, Handlers

__all__ = ["Hop", "Reached", "ServedCall", "ServedCode", "code_holds", "served_code"]

_DEPTH = 4
_MOST_CALLERS = 60
_MOST_VISITED = 400


class ServedCall(Entity):
    """A call that a served process makes.

    `name` is the dotted name of what is called (`requests.get`, `requests.Session.get`), `made` where the object was
    made of which it is a method. `reached` is how a request, or the start (`handler` None), comes to it.
    """

    name: str
    path: str
    call: CodeCall
    span: Span
    reached: Reached
    code: ServedCode
    made: Span | None = None
    maker: ast.Call | None = None

    @property
    def function(self) -> CodeFunction | None:
        return self.call.function

    @property
    def module(self) -> PythonModule:
        index = self.code.index(self.path)
        assert index is not None
        return index.module

    @property
    def is_conditional(self) -> bool:
        return self.call.is_conditional

    @property
    def in_coroutine(self) -> Hop | None:
        """The place in the innermost coroutine on the way to it from which it is called: itself, or a call before."""
        hops = (*self.reached.hops, Hop(self.span, self.function))
        coroutines = [hop for hop in hops if hop.function is not None and hop.function.is_async]
        return coroutines[-1] if coroutines else None

    @property
    def written(self) -> str:
        """What is called, as it is written: `client.post`."""
        return self.call.written

    @property
    def passes_more(self) -> bool:
        """Whether it passes arguments on that are not written here (`*args`, `**kwargs`)."""
        return _passes_more(self.call.node)

    def argument(self, keyword: str, position: int | None = None, lookup: Lookup | None = None) -> Value[object] | None:
        """What is given for a keyword, or at a position from 0; None when nothing is, Unknown when nobody can know.

        `lookup` finds variables, those of the service unless others are meant.
        """
        return self.code.argument(self.call, self.path, self.call.node, keyword, position, lookup)

    def made_by(self, keyword: str, position: int) -> Span | None:
        """Where the object that it is given for a keyword, or at a position, was made; None when not known."""
        node = self.call.node
        value = next((one.value for one in node.keywords if one.arg == keyword), None)
        if value is None and position < len(node.args):
            value = node.args[position]
        meant = None if value is None else self.code.meaning(value, self.path, self.function)
        from prodlint.deployment.apps.names import External

        return meant.made if isinstance(meant, External) else None

    def made_with(self, keyword: str) -> Span | None:
        """Where the call that made its object is given something for a keyword; None where that may be nothing."""
        return None if self.made is None or self.maker is None else self.code.given(self.maker, self.made.path, keyword)

    def maker_argument(self, keyword: str, position: int | None = None) -> Value[object] | None:
        """The same for the call that made the object of which it is a method."""
        if self.maker is None or self.made is None:
            return None
        return self.code.argument(None, self.made.path, self.maker, keyword, position)


class ServedCode:
    """What one service's process runs of the repository's code. Everything is worked out when it is asked for."""

    def __init__(
        self, service: Service, repository: Repository, graph: ImportGraph, like: ServedCode | None = None
    ) -> None:
        self.service = service
        self.repository = repository
        self.graph: ImportGraph = graph if like is None else like.graph
        self._like = like
        self._requests: dict[ast.AST, Reached | None] = {} if like is None else like._requests
        self._starts: dict[ast.AST, Reached | None] = {} if like is None else like._starts
        self._interpreter: Interpreter | None = None
        self._starting: dict[ast.AST, Reached | None] = {} if like is None else like._starting
        self._loop: dict[ast.AST, Reached | None] = {} if like is None else like._loop
        self._called: dict[ast.AST, tuple[tuple[str, CodeCall], ...]] = {} if like is None else like._called
        if like is None:
            graph.runs = self._runs

    @cached_property
    def names(self) -> CodeNames:
        """What the names of its code stand for."""
        if self._like is not None:
            return self._like.names
        from prodlint.deployment.apps.names import CodeNames

        return CodeNames(self.repository, self.graph)

    @cached_property
    def handlers(self) -> Handlers:
        """What frameworks call of its code."""
        if self._like is not None:
            return self._like.handlers
        from prodlint.deployment.served.handlers import Handlers

        return Handlers(self.names)

    def index(self, path: str) -> CodeIndex | None:
        """The functions and calls of a file; None when it cannot be read."""
        from prodlint.deployment.apps.index import code_index

        return code_index(self.repository, path)

    def holding(self, *needles: bytes) -> tuple[str, ...]:
        """The files that it imports and that hold one of some texts, in order."""
        return tuple(path for path in self.graph.holding(*needles) if self.graph.chain(path) is not None)

    def chain(self, path: str) -> tuple[Evidence, ...] | None:
        """The imports that lead to a file, in causal order; None when it is not known to import it."""
        spans = self.graph.chain(path)
        return None if spans is None else tuple(Evidence(span, "imports it") for span in spans)

    def calls_on_import(self, needles: Iterable[bytes], names: Container[str]) -> Iterator[ServedCall]:
        """The calls of some dotted names that run when its modules are imported, in functions called then too."""
        yield from self._calls(needles, names, self.started, on_import=True)

    def calls_at_start(self, needles: Iterable[bytes], names: Container[str]) -> Iterator[ServedCall]:
        """The calls of some dotted names that each process makes before it serves: in a lifespan or startup hook."""
        yield from self._calls(needles, names, self.starting, on_import=False)

    def calls_on_request(self, needles: Iterable[bytes], names: Container[str]) -> Iterator[ServedCall]:
        """The calls of some dotted names in functions that a request reaches."""
        yield from self._calls(needles, names, self.requested, on_import=False)

    def calls_on_loop(
        self, needles: Iterable[bytes], names: Container[str], lasts: frozenset[str] | None = None
    ) -> Iterator[ServedCall]:
        """Those calls on a request that run on the event loop itself, in no thread of their own.

        `lasts` are the last parts of all the names, where they can be told: other calls need not be followed.
        """
        if self.has_loops:
            yield from self._calls(needles, names, self.on_loop, on_import=False, lasts=lasts)

    @cached_property
    def has_loops(self) -> bool:
        """Whether a framework calls any coroutine of the process on its own loop: most apps have none."""
        paths = self.graph.holding(b"async def ")
        # Those that a framework decorates are known at once, others are looked for in all files.
        likely = [path for path in paths if self.handlers.may_decorate(path)]
        decorated = (next(self.handlers.decorated(one), None) for one in self._coroutines(likely))
        return any(one is not None and one.is_on_loop for one in decorated) or any(
            self._handles_on_loop(one) is not None for one in self._coroutines(paths)
        )

    def _coroutines(self, paths: Iterable[str]) -> Iterator[CodeFunction]:
        for path in paths:
            index = self.index(path)
            yield from (one for one in index.functions if one.is_async) if index is not None else ()

    def coroutine_handlers(self, framework: str) -> Iterator[Handler]:
        """The coroutines that a framework calls for requests as they are: nothing but the framework decorates them."""
        for path in self.holding(b"async def "):
            index = self.index(path)
            for function in index.functions if index is not None else ():
                handler = self.handlers.of(function) if function.is_async else None
                if handler is None or not handler.is_request or handler.framework != framework:
                    continue
                if self.handlers.decorates_alone(function):
                    yield handler

    def decorated_handlers(self, framework: str, *needles: bytes) -> Iterator[Handler]:
        """The functions that decorators of a framework register, in the imported files that hold one of some texts."""
        for path in self.holding(*needles):
            index = self.index(path)
            for function in index.functions if index is not None else ():
                yield from (one for one in self.handlers.decorated(function) if one.framework == framework)

    def may_call(self, needles: Iterable[bytes], names: Container[str]) -> bool:
        """Whether a file that it may import makes such a call at all, however it is reached: for "nothing does X"."""
        return any(True for path in self.graph.holding(*needles) for _ in self._named(path, names))

    def _calls(
        self,
        needles: Iterable[bytes],
        names: Container[str],
        reach: Callable[[CodeFunction], Reached | None],
        on_import: bool,
        lasts: frozenset[str] | None = None,
    ) -> Iterator[ServedCall]:
        for path in self.graph.holding(*needles):
            for call, meant in self._named(path, names, lasts):
                if call.is_deferred:
                    continue
                reached = Reached(None) if call.function is None else reach(call.function)
                if reached is None or (call.function is None and not on_import):
                    continue
                if self.graph.chain(path) is None:
                    break
                index = self.index(path)
                assert index is not None
                span = index.module.span(call.node)
                yield ServedCall(meant.name, path, call, span, reached, self, meant.made, meant.node)

    def _named(
        self, path: str, names: Container[str], lasts: frozenset[str] | None = None
    ) -> Iterator[tuple[CodeCall, External]]:
        """The calls of a file that mean one of some names, in the order of the text."""
        if lasts is None and isinstance(names, frozenset):
            lasts = last_parts(names)
        if lasts is not None and not holds_one(self.repository, path, lasts):
            return
        index = self.index(path)
        if index is None:
            return
        from prodlint.deployment.apps.names import External

        # A plain name may be another one's (`from time import sleep as wait`).
        calls = index.calls if lasts is None else index.called(lasts, self._is_of_repository)
        for call in calls:
            if call.last_name:
                meant = self.names.called(call, path, index.module)
                if isinstance(meant, External) and meant.name in names:
                    yield call, meant

    def _is_of_repository(self, first: str) -> bool:
        return not first or self.graph.may_hold(first)

    def requested(self, function: CodeFunction) -> Reached | None:
        """How requests reach a function; None when they are not known to."""
        return self._reached(function, self._requests, self._handles)

    def on_loop(self, function: CodeFunction) -> Reached | None:
        """How requests reach a function on the event loop, which waits while it runs; None when not known."""
        return self._reached(function, self._loop, self._handles_on_loop)

    def started(self, function: CodeFunction) -> Reached | None:
        """How the start of the process calls a function: from a module, or as the factory of its app."""
        return self._reached(function, self._starts, self._begins)

    def starting(self, function: CodeFunction) -> Reached | None:
        """How a lifespan or a startup hook calls a function, once in each process; None when none is known to."""
        return self._reached(function, self._starting, self._begins_serving)

    def _begins_serving(self, function: CodeFunction) -> Reached | None:
        handler = self.handlers.of(function)
        return Reached(handler) if handler is not None and handler.kind in ("startup", "lifespan") else None

    def _runs(self, function: CodeFunction) -> bool:
        return self.started(function) is not None or self.requested(function) is not None

    def _handles(self, function: CodeFunction) -> Reached | None:
        handler = self.handlers.of(function)
        return Reached(handler) if handler is not None and handler.is_request else None

    def _handles_on_loop(self, function: CodeFunction) -> Reached | None:
        # A plain function gets a thread of its own.
        handler = self.handlers.of(function) if function.is_async else None
        return Reached(handler) if handler is not None and handler.is_on_loop else None

    def _begins(self, function: CodeFunction) -> Reached | None:
        """Whether a function is the factory of the served app, or the hook of a Django application."""
        app, service = self.service.app, self.service
        if function.owner is None and function.outer is None and app is not None and function.path == service.module:
            name = app.target.partition(":")[2].partition("(")[0]
            if name == function.node.name and ("(" in app.target or app.is_factory):
                return Reached(None)
        if function.owner is not None and function.node.name == "ready":
            from prodlint.deployment.apps.names import Defined

            owner = Defined(function.path, function.module, function.owner)
            if "django.apps.AppConfig" in self.names.bases(owner):
                return Reached(None)
        return None

    def _reached(
        self,
        function: CodeFunction,
        known: dict[ast.AST, Reached | None],
        begins: Callable[[CodeFunction], Reached | None],
    ) -> Reached | None:
        """The shortest way to a function, looked for from it backwards through whoever calls it."""
        if function.node in known:
            return known[function.node]
        known[function.node] = None
        waiting: deque[tuple[CodeFunction, tuple[Hop, ...]]] = deque([(function, ())])
        seen = {function.node}
        from prodlint.deployment.served.around import around
        from prodlint.deployment.served.generators import is_plain, runs_on_this_loop

        while waiting:
            at, hops = waiting.popleft()
            begun = known.get(at.node) or begins(at)
            if begun is not None and self.graph.chain(at.path) is not None:
                known[function.node] = Reached(begun.handler, (*begun.hops, *hops))
                break
            if len(hops) >= _DEPTH or len(seen) > _MOST_VISITED or not is_plain(at):
                continue
            for decorated, span in around(at, self.handlers):
                if decorated.node not in seen:
                    seen.add(decorated.node)
                    waiting.append((decorated, (Hop(span, decorated), *hops)))
            for path, call in self._callers(at):
                if call.is_deferred or (at.is_async and not runs_on_this_loop(call)):
                    continue
                # A server iterates over the generator that a view gives it while the request lasts.
                if known is not self._requests and not self._runs_at(at, path, call):
                    continue
                hop = Hop(self._span(path, call), call.function)
                if call.function is not None and call.function.node not in seen:
                    seen.add(call.function.node)
                    waiting.append((call.function, (hop, *hops)))
                elif known is self._starts and self._runs_on_import(path, call):
                    known[function.node] = Reached(None, (hop, *hops))
                    return known[function.node]
        return known[function.node]

    def _runs_at(self, function: CodeFunction, path: str, call: CodeCall) -> bool:
        index = self.index(path)
        from prodlint.deployment.served.generators import runs_where_called

        return index is not None and runs_where_called(function, call, index.module.tree)

    def _runs_on_import(self, path: str, call: CodeCall) -> bool:
        return call.function is None and not call.is_conditional and self.graph.chain(path) is not None

    def _span(self, path: str, call: CodeCall) -> Span:
        index = self.index(path)
        assert index is not None
        return index.module.span(call.node)

    def is_called(self, function: CodeFunction) -> bool:
        """Whether code of the process is known to call a function."""
        return bool(self._callers(function))

    def _callers(self, function: CodeFunction) -> tuple[tuple[str, CodeCall], ...]:
        """The calls of a function that can be followed, in its own file first."""
        if function.node not in self._called:
            self._called[function.node] = tuple(self._found_callers(function))
        return self._called[function.node]

    def _found_callers(self, function: CodeFunction) -> Iterator[tuple[str, CodeCall]]:
        from prodlint.deployment.apps.names import Defined

        name = function.node.name
        if function.outer is not None and function.owner is None:
            paths = [function.path]
        else:
            others = self.graph.holding(name.encode())
            if function.owner is not None:
                stem = function.path.rpartition("/")[2].removesuffix(".py")
                others = tuple(one for one in others if self.graph.mentions(one, (function.owner.name, stem)))
            paths = [function.path, *(one for one in others if one != function.path)]
        for path in paths[:_MOST_CALLERS]:
            index = self.index(path)
            for call in index.by_name.get(name, ()) if index is not None else ():
                if index is None or call.function is function:
                    continue
                meant = self.names.called(call, path, index.module)
                if isinstance(meant, Defined) and meant.node is function.node:
                    yield path, call

    def meaning(self, node: ast.expr, path: str, function: CodeFunction | None) -> Meaning | None:
        """What an expression of a file stands for; see `CodeNames`."""
        from prodlint.deployment.apps.names import Here

        module = self.repository.python(path)
        return None if module is None else self.names.meaning(node, Here(path, module, function))

    def given(self, node: ast.Call, path: str, keyword: str) -> Span | None:
        """Where a call is given a function, a class or an object for a keyword; None where it may be given None."""
        value = next((one.value for one in node.keywords if one.arg == keyword), None)
        index = self.index(path)
        if value is None or index is None:
            return None
        function = next((one.function for one in index.calls if one.node is node), None)
        return None if self.meaning(value, path, function) is None else index.module.span(value)

    def argument(
        self,
        call: CodeCall | None,
        path: str,
        node: ast.Call,
        keyword: str,
        position: int | None,
        lookup: Lookup | None = None,
    ) -> Value[object] | None:
        """What a call is given for a keyword; see `ServedCall.argument`."""
        module = self.repository.python(path)
        value = next((one.value for one in node.keywords if one.arg == keyword), None)
        if value is None and position is not None and position < len(node.args):
            before = node.args[: position + 1]
            value = None if any(isinstance(one, ast.Starred) for one in before) else node.args[position]
        if value is None or module is None:
            if _passes_more(node) and module is not None:
                return Unknown("it is passed on from a caller", module.span(node))
            return None
        plain = literal(value)
        if plain is not NOT_LITERAL:
            return Known(plain, module.span(value))
        # Its own variables and parameters are no names of the module.
        from prodlint.deployment.apps.index import is_local

        function = call.function if call is not None else None
        if function is not None and any(is_local(one.id, function) for one in _names_in(value)):
            return Unknown("a variable of the function holds it", module.span(value))
        from prodlint.deployment.evaluation.interpreter import FEW_STEPS, Interpreter, namespace

        if lookup is not None:
            return namespace(self.repository, self.graph.roots, path, lookup).evaluate(value)
        if self._interpreter is None:
            # One process runs a module once, however many of its calls are asked about.
            self._interpreter = Interpreter(self.repository, self.graph.roots, self.service.variables.get)
        return self._interpreter.run(path, steps=FEW_STEPS).evaluate(value)


def _passes_more(node: ast.Call) -> bool:
    return any(one.arg is None for one in node.keywords) or any(isinstance(one, ast.Starred) for one in node.args)


def _names_in(value: ast.expr) -> Iterator[ast.Name]:
    return (one for one in nodes_in(value) if isinstance(one, ast.Name))


_known: WeakKeyDictionary[Repository, dict[int, tuple[Service, ServedCode]]] = WeakKeyDictionary()


def served_code(service: Service, repository: Repository) -> ServedCode:
    """The code that a service runs."""
    answers = _known.setdefault(repository, {})
    if id(service) not in answers:
        graph = import_graph_of(service, repository)
        # Two services that begin with the same app run the same code: it is followed once.
        like = next((code for _, code in answers.values() if _is_same(code, service, graph)), None)
        # The service is kept with the answer: no other object gets its number.
        answers[id(service)] = (service, ServedCode(service, repository, graph, like))
    return answers[id(service)][1]


def code_holds(service: Service, repository: Repository, *needles: bytes) -> bool:
    """Whether a file that a service may import holds one of some texts: else nothing is loaded to look at its code."""
    return bool(served_code(service, repository).graph.holding(*needles))


def _is_same(code: ServedCode, service: Service, graph: ImportGraph) -> bool:
    one, other = code.service, service
    return (
        (one.app, one.module) == (other.app, other.module)
        and (code.graph.entries, code.graph.roots) == (graph.entries, graph.roots)
        and not (code.graph.is_extended or graph.is_extended)
    )
