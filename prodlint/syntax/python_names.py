"""Names in one Python module: what binds each of them, and which import an expression leads to."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from prodlint.record import Record, State
from prodlint.regex import regex
from prodlint.syntax.python_bindings import (
    Binding,
    Context,
    Import,
    collect_bindings,
    collect_imports,
    statements,
)
from prodlint.syntax.python_tree import children_of, nodes_in

__all__ = ["ModuleNames"]

_Place = tuple[int, int]
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_SIMPLE = frozenset({ast.Expr, ast.Assign, ast.Return, ast.AugAssign, ast.AnnAssign, ast.Raise, ast.Assert, ast.Pass})
_Function = (ast.FunctionDef, ast.AsyncFunctionDef)
_Comprehension = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

# What stands near a `for` or a `lambda`: only these names can be a variable of an expression.
_NEAR_VARIABLES = regex(r"\bfor\b(.{1,200}?)\bin\b|\blambda\b(?=(.{0,200}))", re.DOTALL)
_WRITING = regex(r"\b(?:exec|globals|locals|vars)\s*\(|\bmodules\s*\[\s*__name__")
_NAMESPACES = frozenset({"globals", "locals", "vars"})
_READING = frozenset({"copy", "get", "items", "keys", "values"})


class _Scope(State):
    """The body of a function, class, lambda or comprehension, with what it binds."""

    node: ast.AST
    start: _Place
    end: _Place
    parent: _Scope | None = None
    names: _ScopeNames | None = None


class _ScopeNames(Record):
    """`variables` are bound by something that is no import: parameters, loop variables."""

    variables: frozenset[str]
    bindings: dict[str, tuple[Binding, ...]]
    module_names: frozenset[str] = frozenset()
    outer_names: frozenset[str] = frozenset()


class ModuleNames:
    """The names of one module; every table is made when it is first asked for."""

    def __init__(self, tree: ast.Module, text: str, package: str) -> None:
        self._tree = tree
        self._text = text
        self._package = package

    def bindings(self, name: str) -> tuple[Binding, ...]:
        return self._running.get(name, ())

    @property
    def bound_names(self) -> tuple[str, ...]:
        return tuple(self._running)

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        return tuple(collect_imports(self._tree.body, self._package))

    @cached_property
    def has_dynamic_names(self) -> bool:
        if "__getattr__" in self._text and self.bindings("__getattr__"):
            return True
        return _WRITING.search(self._text) is not None and _adds_names(self._tree)

    def qualified_name(self, expression: ast.expr) -> str | None:
        attributes: list[str] = []
        while isinstance(expression, ast.Attribute):
            attributes.append(expression.attr)
            expression = expression.value
        if not isinstance(expression, ast.Name) or expression.id not in self._imported_names:
            return None
        root = self._import_of(expression)
        return None if root is None else ".".join([root, *reversed(attributes)])

    @cached_property
    def _all(self) -> dict[str, tuple[Binding, ...]]:
        """Every binding in the module's namespace by name, those for type checkers too."""
        found = collect_bindings(self._tree.body, self._package, walrus=self._has_walrus)
        if "global" in self._text:
            found += self._bound_by_functions()
            found.sort(key=lambda binding: (binding.node.lineno, binding.node.col_offset))
        return _by_name(found)

    @cached_property
    def _running(self) -> dict[str, tuple[Binding, ...]]:
        running = {
            name: tuple(binding for binding in bindings if not binding.context.typing_only)
            for name, bindings in self._all.items()
        }
        return {name: bindings for name, bindings in running.items() if bindings}

    @cached_property
    def _has_walrus(self) -> bool:
        return ":=" in self._text

    def _bound_by_functions(self) -> Iterator[Binding]:
        for node in self._definitions:
            if not isinstance(node, _Function):
                continue
            names = _declared(node, ast.Global)
            for binding in collect_bindings(node.body, self._package, walrus=self._has_walrus) if names else []:
                if binding.name in names:
                    yield Binding(binding.name, "other", None, binding.node, binding.context.within())

    def _import_of(self, name: ast.Name) -> str | None:
        """The dotted name of the import that a name leads to."""
        place = (name.lineno, name.col_offset) if hasattr(name, "lineno") else (0, 0)
        scopes = self._scopes_with_expressions if name.id in self._near_variables else self._scopes
        is_direct = True
        scope = scopes.innermost(place)
        while scope is not None:
            if isinstance(scope.node, _Comprehension) and _contains(scope.node.generators[0].iter, place):
                # The first iterable is evaluated outside of the comprehension.
                scope = scope.parent
                continue
            if is_direct or not isinstance(scope.node, ast.ClassDef):
                names = self._names_of(scope)
                if name.id in names.module_names:
                    break
                if name.id in names.variables:
                    return None
                if name.id in names.bindings and name.id not in names.outer_names:
                    return _agreed_target(names.bindings[name.id])
            is_direct = False
            scope = scope.parent
        return _agreed_target(self._all.get(name.id, ()))

    @property
    def _definitions(self) -> list[_Definition]:
        return self._definitions_and_imports[0]

    @property
    def _imported_names(self) -> set[str]:
        """The names that any import of the module binds, in whatever scope: no other name leads to one."""
        return self._definitions_and_imports[1]

    @cached_property
    def _definitions_and_imports(self) -> tuple[list[_Definition], set[str]]:
        return _definitions_and_imports(self._tree)

    @cached_property
    def _near_variables(self) -> frozenset[str]:
        return frozenset(re.findall(r"\w+", " ".join(map(" ".join, _NEAR_VARIABLES.findall(self._text)))))

    @cached_property
    def _scopes(self) -> _Scopes:
        return _Scopes([_definition_scope(node) for node in self._definitions])

    @cached_property
    def _scopes_with_expressions(self) -> _Scopes:
        found = [_definition_scope(node) for node in self._definitions]
        for node in nodes_in(self._tree):
            if isinstance(node, ast.Lambda):
                found.append(_Scope(node, _start(node.body), _end(node.body)))
            elif isinstance(node, _Comprehension):
                found.append(_Scope(node, _start(node), _end(node)))
        return _Scopes(found)

    def _names_of(self, scope: _Scope) -> _ScopeNames:
        if scope.names is None:
            scope.names = self._read_names(scope.node)
        return scope.names

    def _read_names(self, node: ast.AST) -> _ScopeNames:
        if isinstance(node, _Comprehension):
            targets = [generator.target for generator in node.generators]
            variables = {part.id for target in targets for part in nodes_in(target) if isinstance(part, ast.Name)}
            return _ScopeNames(frozenset(variables), {})
        if isinstance(node, ast.Lambda):
            return _ScopeNames(_parameters(node.args), {})
        definition: Any = node
        found = collect_bindings(definition.body, self._package, walrus=self._has_walrus)
        parameters = _parameters(node.args) if isinstance(node, _Function) else frozenset()
        module_names = _declared(node, ast.Global) if "global" in self._text else frozenset()
        outer_names = _declared(node, ast.Nonlocal) if "nonlocal" in self._text else frozenset()
        return _ScopeNames(parameters, _by_name(found), module_names, outer_names)


class _Scopes:
    """Scopes that lie in one another, found by place."""

    def __init__(self, scopes: list[_Scope]) -> None:
        self._scopes = sorted(scopes, key=lambda scope: (scope.start, [-part for part in scope.end]))
        self._starts = [scope.start for scope in self._scopes]
        opened: list[_Scope] = []
        for scope in self._scopes:
            while opened and opened[-1].end <= scope.start:
                opened.pop()
            scope.parent = opened[-1] if opened else None
            opened.append(scope)

    def innermost(self, place: _Place) -> _Scope | None:
        index = bisect_right(self._starts, place) - 1
        scope = self._scopes[index] if index >= 0 else None
        while scope is not None and scope.end <= place:
            scope = scope.parent
        return scope


def _by_name(bindings: list[Binding]) -> dict[str, tuple[Binding, ...]]:
    table: dict[str, list[Binding]] = {}
    for binding in bindings:
        table.setdefault(binding.name, []).append(binding)
    return {name: tuple(found) for name, found in table.items()}


def _agreed_target(bindings: tuple[Binding, ...]) -> str | None:
    """The dotted name that a name stands for, None where its bindings do not agree on one."""
    running = [binding for binding in bindings if not binding.context.typing_only] or bindings
    if not running or running[0].kind != "import":
        return None
    first = running[0]
    if all(other.target == first.target or _is_fallback(first, other) for other in running[1:]):
        return first.target
    return None


def _is_fallback(first: Binding, other: Binding) -> bool:
    """Whether a binding stands in for an import that failed: another import, or a constant."""
    guarding = {id(context.guarded) for context in first.context.enclosing() if context.guarded is not None}
    rescuing = {id(context.rescued) for context in other.context.enclosing() if context.rescued is not None}
    if not guarding & rescuing:
        return False
    return other.kind == "import" or isinstance(other.value, ast.Constant)


def _definitions_and_imports(tree: ast.Module) -> tuple[list[_Definition], set[str]]:
    """Every function and class of a module, and every name that it imports, at any depth.

    Reads statements alone: there are ten times as many expressions.
    """
    definitions: list[_Definition] = []
    imported: set[str] = set()
    waiting: list[list[Any]] = [tree.body]
    while waiting:
        for statement in waiting.pop():
            kind = type(statement)
            if kind in _SIMPLE:
                continue
            if kind is ast.Import or kind is ast.ImportFrom:
                imported.update(alias.asname or alias.name.partition(".")[0] for alias in statement.names)
                continue
            if isinstance(statement, _Definition):
                definitions.append(statement)
            for blocks in ("body", "orelse", "finalbody", "handlers", "cases"):
                block = getattr(statement, blocks, None)
                if block:
                    waiting.append(block)
    return definitions, imported


def _definition_scope(node: _Definition) -> _Scope:
    # Defaults, annotations, bases and decorators belong to the scope around: it begins at the body.
    first: Any = node.body[0]
    decorators: list[ast.expr] = getattr(first, "decorator_list", [])
    return _Scope(node, min([_start(first), *map(_start, decorators)]), _end(node))


def _start(node: Any) -> _Place:
    return node.lineno, node.col_offset


def _end(node: Any) -> _Place:
    return node.end_lineno, node.end_col_offset


def _contains(node: ast.expr, place: _Place) -> bool:
    return _start(node) <= place < _end(node)


def _parameters(arguments: ast.arguments) -> frozenset[str]:
    found = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    found += [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
    return frozenset(argument.arg for argument in found)


def _declared(node: Any, kind: type[ast.Global] | type[ast.Nonlocal]) -> frozenset[str]:
    """The names of the `global` or `nonlocal` statements in a function or class body."""
    found: set[str] = set()
    for statement, _ in statements(node.body, Context()):
        if isinstance(statement, kind):
            found.update(statement.names)
    return frozenset(found)


def _adds_names(tree: ast.Module) -> bool:
    """Whether code of the module may write into its namespace by another way than a statement that names it."""
    waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
    while waiting:
        node, in_function = waiting.pop()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "exec" and not in_function:
                return True
            if _is_namespace(node) and (node.func.id == "globals" or not in_function):
                return True
        if _is_own_module(node):
            return True
        in_function = in_function or isinstance(node, (*_Function, ast.Lambda))
        waiting += [(child, in_function) for child in children_of(node) if not _only_reads(node, child)]
    return False


def _is_namespace(node: ast.AST) -> bool:
    """`globals()`, `locals()` or `vars()`."""
    if not isinstance(node, ast.Call) or node.args or node.keywords:
        return False
    return isinstance(node.func, ast.Name) and node.func.id in _NAMESPACES


def _only_reads(node: ast.AST, child: ast.AST) -> bool:
    """Whether a namespace, a part of an expression, is only looked into."""
    if not _is_namespace(child):
        return False
    if isinstance(node, ast.Subscript):
        return isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.Compare):
        return True
    return isinstance(node, ast.Attribute) and node.attr in _READING


def _is_own_module(node: ast.AST) -> bool:
    """`sys.modules[__name__]`."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Name) or node.slice.id != "__name__":
        return False
    table = node.value
    return getattr(table, "attr", None) == "modules" or getattr(table, "id", None) == "modules"
