"""What an expression stands for: a name of another package, or a function, class or instance of the repository.

Names are followed through imports, assignments, annotations and the attributes that `__init__` sets. Nothing is
guessed from its spelling: what cannot be followed is None.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator
from typing import TypeAlias

from prodlint.deployment.apps.import_graph import ImportGraph
from prodlint.deployment.apps.index import CodeCall, CodeFunction, code_index
from prodlint.deployment.repository import Repository
from prodlint.record import Entity, Record
from prodlint.source import Span
from prodlint.syntax.python import Binding, PythonModule
from prodlint.syntax.python_tree import nodes_in, statements_in

__all__ = ["CodeNames", "Defined", "External", "Here", "Meaning"]

_DEPTH = 12
_MOST_VALUES = 20
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Held: TypeAlias = ast.expr | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | None
_ANNOTATED = frozenset({"typing.Annotated", "typing_extensions.Annotated"})
_BUILTINS = frozenset({"breakpoint", "input", "print"})
_OPTIONAL = frozenset({"typing.Optional"})


class External(Record):
    """A dotted name outside of the repository; `requests.Session.get` stands for that method of an instance too.

    `made` is the first call that made the object, where one did; `node` is that call.
    """

    name: str
    made: Span | None = None
    node: ast.Call | None = None


class Defined(Entity):
    """A function or a class of the repository, or (`is_instance`) an object of that class."""

    path: str
    module: PythonModule
    node: _Function | ast.ClassDef
    is_instance: bool = False


class _File(Record):
    """A module or package of the repository."""

    path: str


Meaning = External | Defined | _File


class Here(Record):
    """Where an expression stands."""

    path: str
    module: PythonModule
    function: CodeFunction | None = None
    depth: int = 0

    @property
    def deeper(self) -> Here:
        return Here(self.path, self.module, self.function, self.depth + 1)


class CodeNames:
    """Answers for the code that one process imports from some folders."""

    def __init__(self, repository: Repository, graph: ImportGraph) -> None:
        self.repository = repository
        self.graph = graph
        self._entered: set[tuple[object, str]] = set()
        self._attributes: dict[ast.AST, dict[str, list[ast.expr]]] = {}
        self._locals: dict[ast.AST, dict[str, list[_Held]]] = {}
        self._called: dict[ast.AST, Meaning | None] = {}

    def called(self, call: CodeCall, path: str, module: PythonModule) -> Meaning | None:
        """What a call of a file calls; many rules ask for the same ones."""
        node = call.node.func
        # While a name is being followed, what leads back to it has no meaning.
        if self._entered:
            return self.meaning(node, Here(path, module, call.function))
        if node not in self._called:
            self._called[node] = self.meaning(node, Here(path, module, call.function))
        return self._called[node]

    def meaning(self, node: ast.expr, here: Here) -> Meaning | None:
        """What an expression stands for; None when that is not known."""
        if here.depth > _DEPTH:
            return None
        here = here.deeper
        if isinstance(node, ast.Name):
            return self._name(node, here)
        if isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Name) and here.function is not None:
                own = self._own(node.value.id, node.attr, here)
                if own is not None:
                    return own
            found = self.meaning(node.value, here)
            return None if found is None else self.member(found, node.attr, here.depth)
        if isinstance(node, ast.Call):
            return self._result(node, here)
        if isinstance(node, ast.Subscript):
            held = self.meaning(node.value, here)
            is_made = isinstance(held, External) and held.made is not None
            return self.member(held, "item", here.depth) if held is not None and is_made else None
        if isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
            return self._awaited(node.value, here)
        return None

    def _awaited(self, node: ast.Call, here: Here) -> Meaning | None:
        """What a coroutine of the repository is annotated to return."""
        made = self.meaning(node.func, here)
        if (
            not isinstance(made, Defined)
            or not isinstance(made.node, ast.AsyncFunctionDef)
            or made.node.returns is None
        ):
            return None
        return self.annotated(made.node.returns, Here(made.path, made.module, None, here.depth))

    def _result(self, node: ast.Call, here: Here) -> Meaning | None:
        """What a call returns."""
        made = self.meaning(node.func, here)
        if isinstance(made, External):
            return External(made.name, made.made or here.module.span(node), made.node or node)
        if isinstance(made, Defined) and not made.is_instance:
            if isinstance(made.node, ast.ClassDef):
                return Defined(made.path, made.module, made.node, True)
            if made.node.returns is not None and not isinstance(made.node, ast.AsyncFunctionDef):
                return self.annotated(made.node.returns, Here(made.path, made.module, None, here.depth))
        return None

    def _name(self, node: ast.Name, here: Here) -> Meaning | None:
        dotted = here.module.qualified_name(node)
        if dotted is not None:
            return self.dotted(dotted, here.path, here.depth)
        function = here.function
        while function is not None:
            found = self._local(node.id, function, here)
            if not isinstance(found, _Elsewhere):
                return found
            function = function.outer
        found = self.bound(node.id, Here(here.path, here.module, None, here.depth))
        if found is None and node.id in _BUILTINS and not here.module.bindings(node.id):
            return External(f"builtins.{node.id}")
        return found

    def _local(self, name: str, function: CodeFunction, here: Here) -> Meaning | _Elsewhere | None:
        """What a function's own name holds; `_ELSEWHERE` where the name is none of its own."""
        inside = Here(here.path, here.module, function, here.depth)
        arguments = function.node.args
        parameters = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
        values = self._held(function.node, function.module).get(name, [])
        for parameter in parameters:
            if parameter.arg == name:
                if values or parameter.annotation is None:
                    return None
                return self.annotated(parameter.annotation, inside)
        if any(one is not None and one.arg == name for one in (arguments.vararg, arguments.kwarg)):
            return None
        if not values:
            # The variable of a comprehension hides what is outside.
            return None if f"for {name} in" in here.module.span(function.node).text else _ELSEWHERE
        called = {method for one in values for method in _called_on_itself(one, name)}
        values = [one for one in values if not _called_on_itself(one, name)] or values
        first = values[0]
        if any(one is None for one in values) or first is None:
            return None
        if isinstance(first, _Function | ast.ClassDef):
            return Defined(here.path, here.module, first) if len(values) == 1 else None
        if len(values) > _MOST_VALUES or not self._enters((function.node, name)):
            return None
        meanings = [self.meaning(one, inside) for one in values if isinstance(one, ast.expr)]
        self._entered.discard((function.node, name))
        if len(meanings) != len(values):
            return None
        names = {one.name if isinstance(one, External) else one for one in meanings}
        # `query = query.filter(…)` leaves a query a query.
        return meanings[0] if len(names) == 1 and called <= _refining(meanings[0]) else None

    def _held(self, function: _Function, module: PythonModule) -> dict[str, list[_Held]]:
        if function not in self._locals:
            found: dict[str, list[_Held]] = {}
            for name, value in _assigned(function, ":=" in module.source.text):
                found.setdefault(name, []).append(value)
            self._locals[function] = found
        return self._locals[function]

    def _set_in(self, function: ast.FunctionDef) -> dict[str, list[ast.expr]]:
        """What `__init__` puts into attributes."""
        if function not in self._attributes:
            found: dict[str, list[ast.expr]] = {}
            for name, value in _set_on_self(function):
                found.setdefault(name, []).append(value)
            self._attributes[function] = found
        return self._attributes[function]

    def bound(self, name: str, here: Here) -> Meaning | None:
        """What a name of a module holds when it has run."""
        if here.depth > _DEPTH:
            return None
        here = here.deeper
        bindings = here.module.bindings(name)
        if not bindings:
            return self._starred(name, here)
        if len(bindings) > _MOST_VALUES or not self._enters((here.path, name)):
            return None
        found = [self._binding(one, here) for one in bindings]
        self._entered.discard((here.path, name))
        names = {one.name if isinstance(one, External) else one for one in found}
        return found[0] if len(found) == 1 or len(names) == 1 else None

    def _enters(self, what: tuple[object, str]) -> bool:
        """Whether a name is not being followed already: `q = q.filter(…)` asks for itself."""
        if what in self._entered:
            return False
        self._entered.add(what)
        return True

    def _starred(self, name: str, here: Here) -> Meaning | None:
        for starred in here.module.star_imports:
            path = self.graph.locate(starred, here.path)
            module = self.repository.python(path) if path is not None and path != here.path else None
            if path is not None and module is not None:
                found = self.bound(name, Here(path, module, None, here.depth))
                if found is not None:
                    return found
        return None

    def _binding(self, binding: Binding, here: Here) -> Meaning | None:
        if binding.kind == "import":
            return None if binding.target is None else self.dotted(binding.target, here.path, here.depth)
        if isinstance(binding.node, _Function | ast.ClassDef):
            return Defined(here.path, here.module, binding.node)
        if isinstance(binding.value, ast.expr):
            if isinstance(binding.value, ast.Subscript):
                return self.annotated(binding.value, here)
            return self.meaning(binding.value, here)
        return None

    def dotted(self, name: str, near: str, depth: int = 0) -> Meaning | None:
        """What a dotted name means in a file: as much of it as possible is a module of the repository."""
        parts = name.split(".")
        if not self.graph.may_hold(parts[0]):
            return External(name)
        for count in range(len(parts), 0, -1):
            path = self.graph.locate(".".join(parts[:count]), near)
            if path is None:
                continue
            found: Meaning | None = _File(path)
            for part in parts[count:]:
                found = None if found is None else self.member(found, part, depth)
            return found
        return External(name)

    def member(self, meaning: Meaning, name: str, depth: int) -> Meaning | None:
        """What an attribute of something stands for."""
        if depth > _DEPTH:
            return None
        if isinstance(meaning, External):
            longer = f"{meaning.name}.{name}"
            if meaning.made is None and self.graph.may_hold(longer.partition(".")[0]):
                # A folder without `__init__.py` is a package too.
                return self.dotted(longer, "", depth + 1)
            return External(longer, meaning.made, meaning.node)
        if isinstance(meaning, _File):
            module = self.repository.python(meaning.path)
            if module is None:
                return None
            found = self.bound(name, Here(meaning.path, module, None, depth))
            if found is None and not module.bindings(name):
                inside = posixpath.join(posixpath.dirname(meaning.path), name)
                for path in (f"{inside}.py", f"{inside}/__init__.py"):
                    if posixpath.basename(meaning.path) == "__init__.py" and path in self.repository.paths:
                        return _File(path)
            return found
        if isinstance(meaning.node, ast.ClassDef):
            return self._attribute(meaning, name, depth + 1)
        return None

    def _attribute(self, cls: Defined, name: str, depth: int) -> Meaning | None:
        """A method of a class of the repository or of one of its bases, or what it puts into an attribute."""
        if not self._enters((cls.node, name)):
            return None
        found = self._attribute_of(cls, name, depth)
        self._entered.discard((cls.node, name))
        return found

    def _attribute_of(self, cls: Defined, name: str, depth: int) -> Meaning | None:
        assert isinstance(cls.node, ast.ClassDef)
        here = Here(cls.path, cls.module, None, depth)
        for statement in cls.node.body:
            if isinstance(statement, _Function) and statement.name == name:
                if not _is_property(statement):
                    return Defined(cls.path, cls.module, statement)
                return None if statement.returns is None else self.annotated(statement.returns, here)
            if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
                targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                if any(isinstance(one, ast.Name) and one.id == name for one in targets):
                    return self.meaning(statement.value, here)
        for statement in cls.node.body:
            if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
                values = self._set_in(statement).get(name)
                index = code_index(self.repository, cls.path)
                function = index.by_node.get(statement) if index is not None else None
                if values:
                    inside = Here(cls.path, cls.module, function, depth)
                    return self.meaning(values[0], inside) if len(values) == 1 else None
        for base in cls.node.bases:
            found = self.meaning(base, here)
            inherited = None if found is None else self.member(found, name, depth)
            if inherited is not None:
                return inherited
        return None

    def _own(self, receiver: str, name: str, here: Here) -> Meaning | None:
        """`self.NAME` and `cls.NAME` in a method."""
        function = here.function
        while function is not None and function.owner is None:
            function = function.outer
        if function is None or function.owner is None or not function.node.args.args:
            return None
        if function.node.args.args[0].arg != receiver or receiver not in ("self", "cls"):
            return None
        return self._attribute(Defined(here.path, here.module, function.owner, True), name, here.depth + 1)

    def annotated(self, node: ast.expr, here: Here) -> Meaning | None:
        """An object of the type that an annotation names."""
        if here.depth > _DEPTH:
            return None
        here = here.deeper
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                parsed = ast.parse(node.value, mode="eval").body
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return None
            return self.annotated(ast.copy_location(parsed, node), here) if isinstance(parsed, ast.Name) else None
        if isinstance(node, ast.Subscript):
            outer = here.module.qualified_name(node.value)
            inner = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) and node.slice.elts else node.slice
            return self.annotated(inner, here) if outer in _ANNOTATED | _OPTIONAL else None
        if isinstance(node, ast.BinOp) and isinstance(node.right, ast.Constant) and node.right.value is None:
            return self.annotated(node.left, here)
        found = self.meaning(node, here) if isinstance(node, ast.Name | ast.Attribute) else None
        if isinstance(found, Defined) and isinstance(found.node, ast.ClassDef):
            return Defined(found.path, found.module, found.node, True)
        return found if isinstance(found, External) else None

    def bases(self, cls: Defined) -> Iterator[str]:
        """The dotted names of the bases of a class that are of other packages, through its own."""
        waiting, seen = [cls], {cls.node}
        while waiting:
            one = waiting.pop()
            for base in one.node.bases if isinstance(one.node, ast.ClassDef) else ():
                node = base.value if isinstance(base, ast.Subscript) else base
                found = self.meaning(node, Here(one.path, one.module))
                if isinstance(found, External):
                    yield found.name
                elif isinstance(found, Defined) and found.node not in seen:
                    seen.add(found.node)
                    waiting.append(found)


class _Elsewhere:
    """Stands for a name that a function does not bind."""


_ELSEWHERE = _Elsewhere()


def _is_property(node: _Function) -> bool:
    names = (str(getattr(one, "attr", getattr(one, "id", ""))) for one in node.decorator_list)
    return any("property" in name for name in names)


# What these methods of queries give back is asked as the object was that they are called on (SQLAlchemy, `Query` and
# `Select`; Django, "Methods that return new QuerySets").
_OF_SQLALCHEMY = frozenset(
    "filter filter_by where order_by group_by having join outerjoin limit offset distinct options".split()
)
_OF_DJANGO = frozenset("filter order_by distinct exclude select_related prefetch_related annotate".split())
_REFINING = {
    "django": _OF_DJANGO,
    "sqlalchemy": _OF_SQLALCHEMY,
    "flask_sqlalchemy": _OF_SQLALCHEMY,
    "sqlmodel": _OF_SQLALCHEMY,
}


def _refining(found: Meaning | None) -> frozenset[str]:
    """The methods of an object that give back another one like it: those of the package that it is of."""
    package = found.name.partition(".")[0] if isinstance(found, External) else ""
    return _REFINING.get(package, frozenset())


def _called_on_itself(value: _Held, name: str) -> tuple[str, ...]:
    """The methods that are called on what a name holds already, where a value comes to just that."""
    methods: list[str] = []
    node: object = value
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        methods.append(node.func.attr)
        node = node.func.value
    return tuple(methods) if isinstance(node, ast.Name) and node.id == name else ()


def _assigned(function: _Function, has_walrus: bool) -> Iterator[tuple[str, _Held]]:
    """Everything that a function binds its names to, None for what is no single expression."""
    for node in statements_in(function.body):
        if isinstance(node, _Function | ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                yield from _target(target, node.value)
        elif isinstance(node, ast.AnnAssign):
            if node.value is not None:
                yield from _target(node.target, node.value)
        elif isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                if item.optional_vars is not None:
                    yield from _target(item.optional_vars, item.context_expr)
        elif isinstance(node, ast.For | ast.AsyncFor | ast.AugAssign):
            yield from _target(node.target, None)
        elif isinstance(node, ast.ExceptHandler) and node.name is not None:
            yield node.name, None
    if has_walrus:
        for one in nodes_in(function):
            if isinstance(one, ast.NamedExpr):
                yield from _target(one.target, one.value)


def _target(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[str, _Held]]:
    if isinstance(target, ast.Name):
        yield target.id, value
        return
    for one in nodes_in(target):
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
            yield one.id, None


def _set_on_self(function: ast.FunctionDef) -> Iterator[tuple[str, ast.expr]]:
    for node in statements_in(function.body):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
                    yield target.attr, node.value
