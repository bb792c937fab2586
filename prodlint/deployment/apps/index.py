"""The calls of a Python file with the function around each, for those who follow code without running it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository
from prodlint.record import Entity, Record
from prodlint.source import Span
from prodlint.syntax.python import Guard, PythonModule, is_main_guard, is_typing_guard
from prodlint.syntax.python_tree import children_of, nodes_in

__all__ = ["CodeCall", "CodeFunction", "CodeIndex", "code_index", "imported_names", "is_local"]

_Function = ast.FunctionDef | ast.AsyncFunctionDef
# What changes how the code inside of it is run.
_SCOPES: frozenset[type] = frozenset(
    (
        ast.FunctionDef,
        ast.AsyncFunctionDef,
        ast.ClassDef,
        ast.Lambda,
        ast.If,
        ast.For,
        ast.AsyncFor,
        ast.While,
        ast.ExceptHandler,
        ast.match_case,
    )
)
# In these there is no call.
_LEAVES: frozenset[type] = frozenset((ast.Name, ast.Constant))


_BINDING: frozenset[type] = frozenset((ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.withitem, ast.arg))


class CodeFunction(Entity):
    """A function of the repository: `owner` is the class, `outer` the function in which it is defined."""

    path: str
    module: PythonModule
    node: _Function
    owner: ast.ClassDef | None = None
    outer: CodeFunction | None = None

    @property
    def name(self) -> str:
        """`checkout`, `Cart.total`."""
        return self.node.name if self.owner is None else f"{self.owner.name}.{self.node.name}"

    @property
    def is_async(self) -> bool:
        return isinstance(self.node, ast.AsyncFunctionDef)

    @property
    def span(self) -> Span:
        """The line of its `def`."""
        whole = self.module.span(self.node)
        end = whole.source.text.find("\n", whole.start)
        return whole if end < 0 else Span(whole.source, whole.start, min(end, whole.end))

    @property
    def awaits(self) -> bool:
        """Whether its body needs to be a coroutine: it awaits, or uses `async for` or `async with`."""
        waiting: list[ast.AST] = [*self.node.body]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith):
                return True
            if isinstance(node, ast.comprehension) and node.is_async:
                return True
            if not isinstance(node, _Function | ast.Lambda):
                waiting.extend(children_of(node))
        return False


class _Place(Record):
    """Where the walk stands."""

    function: CodeFunction | None = None
    owner: ast.ClassDef | None = None
    guards: tuple[Guard, ...] = ()
    is_conditional: bool = False
    is_deferred: bool = False


class CodeCall(Entity):
    """A call as it is written.

    `function` is the one around it, None where it runs on import. `is_deferred` is set in a lambda, which somebody
    else calls. `guards` are the tests around it in its function; `is_conditional` is set in loops and handlers too.
    """

    node: ast.Call
    function: CodeFunction | None
    guards: tuple[Guard, ...] = ()
    is_awaited: bool = False
    is_conditional: bool = False
    is_deferred: bool = False

    @property
    def last_name(self) -> str:
        """The last part of what is called: `get` of `requests.get(…)`."""
        called = self.node.func
        return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""

    @property
    def written(self) -> str:
        """What is called, as it is written but for arguments on the way: `db.query(…).first`."""
        return _without_arguments(self.node.func)


def _without_arguments(called: ast.expr) -> str:
    if isinstance(called, ast.Attribute):
        return f"{_without_arguments(called.value)}.{called.attr}"
    if isinstance(called, ast.Call):
        return f"{_without_arguments(called.func)}({'…' if called.args or called.keywords else ''})"
    return ast.unparse(called)


class CodeIndex:
    """All functions and calls of one file, in the order of the text; not what only type checkers and scripts see."""

    def __init__(self, path: str, module: PythonModule) -> None:
        self.path = path
        self.module = module
        self.functions: list[CodeFunction] = []
        self.calls: list[CodeCall] = []
        self.imports: list[tuple[ast.Import | ast.ImportFrom, CodeFunction | None]] = []
        # The names that it binds in other ways than by defining or importing something that is called so, and the first
        # parts of the modules from which it imports the others.
        self.renamed: set[str] = set()
        self.packages: dict[str, set[str]] = {}
        self._walk()
        self.calls.sort(key=lambda one: (one.node.lineno, one.node.col_offset))

    @cached_property
    def by_node(self) -> dict[ast.AST, CodeFunction]:
        return {one.node: one for one in self.functions}

    @cached_property
    def by_name(self) -> dict[str, list[CodeCall]]:
        """The calls by the last part of what they call."""
        found: dict[str, list[CodeCall]] = {}
        for call in self.calls:
            found.setdefault(call.last_name, []).append(call)
        return found

    @cached_property
    def _numbers(self) -> dict[CodeCall, int]:
        return {call: number for number, call in enumerate(self.calls)}

    @cached_property
    def _plain(self) -> dict[str, list[CodeCall]]:
        """The calls of a name that stands alone, by that name."""
        found: dict[str, list[CodeCall]] = {}
        for call in self.calls:
            if isinstance(call.node.func, ast.Name):
                found.setdefault(call.node.func.id, []).append(call)
        return found

    def called(self, lasts: frozenset[str], is_of_repository: Callable[[str], bool]) -> list[CodeCall]:
        """The calls whose last part is one of some, and those of a name that may stand for one of these, in order.

        `is_of_repository` tells whether the first part of a module may be one of the repository: such a module may hold
        what others make, under another name. A name that the file only defines, or imports from elsewhere as it is
        called there, means itself.
        """
        found = {call for last in lasts & self.by_name.keys() for call in self.by_name[last]}
        for name, calls in self._plain.items():
            if name in self.renamed or "*" in self.packages or any(map(is_of_repository, self.packages.get(name, ()))):
                found.update(calls)
        return sorted(found, key=self._numbers.__getitem__)

    @cached_property
    def given(self) -> dict[str, list[tuple[CodeCall, ast.expr]]]:
        """The arguments that are a name, or the call of a method of one, by the last part of that name."""
        found: dict[str, list[tuple[CodeCall, ast.expr]]] = {}
        for call in self.calls:
            for value in (*call.node.args, *(one.value for one in call.node.keywords)):
                for inner in _elements(value):
                    name = _last_part(inner)
                    if name:
                        found.setdefault(name, []).append((call, inner))
        return found

    def _walk(self) -> None:
        waiting: list[tuple[ast.AST, _Place, bool]] = [(one, _Place(), False) for one in self.module.tree.body]
        while waiting:
            node, place, is_awaited = waiting.pop()
            kind = node.__class__
            if isinstance(node, ast.Call):
                self.calls.append(
                    CodeCall(node, place.function, place.guards, is_awaited, place.is_conditional, place.is_deferred)
                )
            elif isinstance(node, ast.Import | ast.ImportFrom):
                self.imports.append((node, place.function))
                self._note(node)
                continue
            elif kind in _BINDING:
                self.renamed.update(_bound(node))
            if kind in _SCOPES:
                self.renamed.update(_bound(node))
                waiting += [(child, inner, False) for child, inner in self._children(node, place)]
                continue
            is_await = kind is ast.Await
            waiting += [(child, place, is_await) for child in children_of(node) if child.__class__ not in _LEAVES]

    def _note(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.asname is not None:
                self.renamed.add(alias.asname)
            elif isinstance(node, ast.ImportFrom):
                first = "" if node.level else (node.module or "").partition(".")[0]
                self.packages.setdefault(alias.name, set()).add(first)

    def _children(self, node: ast.AST, place: _Place) -> Iterator[tuple[ast.AST, _Place]]:
        if isinstance(node, _Function):
            function = CodeFunction(self.path, self.module, node, place.owner, place.function)
            self.functions.append(function)
            inside = _Place(function)
            for child in children_of(node):
                # Decorators, defaults and annotations are evaluated outside.
                yield child, inside if isinstance(child, ast.stmt) else place
        elif isinstance(node, ast.ClassDef):
            inside = _Place(place.function, node, place.guards, place.is_conditional, place.is_deferred)
            for child in children_of(node):
                yield child, inside if isinstance(child, ast.stmt) else place
        elif isinstance(node, ast.Lambda):
            deferred = _Place(place.function, place.owner, place.guards, place.is_conditional, True)
            yield node.body, deferred
        elif isinstance(node, ast.If):
            yield from self._branches(node, place)
        else:
            inside = _Place(place.function, place.owner, place.guards, True, place.is_deferred)
            for child in children_of(node):
                yield child, inside if isinstance(child, ast.stmt) else place

    def _branches(self, node: ast.If, place: _Place) -> Iterator[tuple[ast.AST, _Place]]:
        yield node.test, place
        is_script = place.function is None and is_main_guard(node.test)
        is_typing = is_typing_guard(node.test)
        for branch, holds in ((node.body, True), (node.orelse, False)):
            if holds and (is_script or is_typing):
                continue
            guards = place.guards if is_script or is_typing else (*place.guards, (node.test, holds))
            conditional = place.is_conditional or not (is_script or is_typing)
            inside = _Place(place.function, place.owner, guards, conditional, place.is_deferred)
            for child in branch:
                yield child, inside


def _bound(node: Any) -> Iterator[str]:
    """The names that a node itself binds: a parameter, or those to which it assigns something."""
    if isinstance(node, ast.arg):
        yield node.arg
        return
    waiting = [*getattr(node, "targets", ()), getattr(node, "target", None), getattr(node, "optional_vars", None)]
    while waiting:
        one = waiting.pop()
        if isinstance(one, ast.Name):
            yield one.id
        elif isinstance(one, ast.Tuple | ast.List):
            waiting += one.elts
        elif isinstance(one, ast.Starred):
            waiting.append(one.value)


def imported_names(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """The dotted names that a statement imports from other packages."""
    if isinstance(node, ast.Import):
        yield from (one.name for one in node.names)
    elif not node.level:
        yield from (f"{node.module}.{one.name}" for one in node.names)


def is_local(name: str, function: CodeFunction) -> bool:
    """Whether a function, or one around it, binds a name itself."""
    around: CodeFunction | None = function
    while around is not None:
        for node in nodes_in(around.node):
            if isinstance(node, ast.arg) and node.arg == name:
                return True
            if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store):
                return True
        around = around.outer
    return False


def _elements(value: ast.expr) -> Iterator[ast.expr]:
    """An argument, or the items of one that is a list."""
    if isinstance(value, ast.List | ast.Tuple):
        yield from value.elts
    else:
        yield value


def _last_part(value: Any) -> str:
    """`orders` of `views.orders`, and of `views.orders.as_view()`."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        value = value.func.value
    return value.attr if isinstance(value, ast.Attribute) else value.id if isinstance(value, ast.Name) else ""


@per_repository
def code_index(repository: Repository, path: str) -> CodeIndex | None:
    """The functions and calls of a Python file; None when it cannot be read."""
    module = repository.python(path)
    try:
        return None if module is None else CodeIndex(path, module)
    except RecursionError:
        return None
