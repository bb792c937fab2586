"""What code means where it names a field of its settings: `prefix=settings.API_V1_STR`.

A module of its own because few apps keep their paths there, and those alone need what reads settings of pydantic.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from prodlint.deployment.app import locate_module
from prodlint.deployment.apps.search import around
from prodlint.deployment.repository import Repository
from prodlint.deployment.service import Service
from prodlint.deployment.settings.found import AppSettings
from prodlint.deployment.settings_module import settings_classes_of
from prodlint.deployment.value import EnvDriven, Known, Unknown, Value
from prodlint.record import Record
from prodlint.source import Span
from prodlint.syntax.python import PythonModule
from prodlint.syntax.python_tree import nodes_in

__all__ = ["FieldReader"]

_DEPTH = 8
_MOST_PARTS = 20
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class _Place(Record):
    """Where an expression stands: names mean what they mean there."""

    path: str
    module: PythonModule
    scope: ast.AST | None = None


class FieldReader:
    """Answers what an expression comes to in a service, as far as it is made of texts and fields of settings."""

    def __init__(self, service: Service, repository: Repository, roots: tuple[str, ...]) -> None:
        self.service = service
        self.repository = repository
        self.roots = roots
        self.classes: tuple[AppSettings, ...] | None = None

    def __call__(self, path: str, module: PythonModule, scope: ast.AST | None, node: ast.expr) -> Value[object]:
        return self._value(_Place(path, module, scope), node, 0)

    def _value(self, place: _Place, node: ast.expr, depth: int) -> Value[object]:
        span = place.module.span(node)
        if depth > _DEPTH:
            return Unknown("is nested too deep", span)
        if isinstance(node, ast.Constant):
            return Known(node.value, span)
        if isinstance(node, ast.JoinedStr) and len(node.values) <= _MOST_PARTS:
            return self._joined(place, node, depth)
        if isinstance(node, ast.Attribute):
            return self._field(place, node, depth)
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq | ast.NotEq):
            pair = [self._value(place, one, depth + 1) for one in (node.left, *node.comparators)]
            return _combined(pair, lambda one, other: (one == other) is isinstance(node.ops[0], ast.Eq), span)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return _combined([self._value(place, node.operand, depth + 1)], lambda one: not one, span)
        bound = self._bound(place, node.id) if isinstance(node, ast.Name) and depth < _DEPTH else None
        if bound is not None and isinstance(bound[1], ast.expr):
            return self._value(bound[0], bound[1], depth + 1)
        return Unknown("is computed", span)

    def _joined(self, place: _Place, node: ast.JoinedStr, depth: int) -> Value[object]:
        values: list[Value[object]] = []
        for part in node.values:
            inner = part.value if isinstance(part, ast.FormattedValue) and part.format_spec is None else part
            values.append(self._value(place, inner, depth + 1))
        return _combined(values, _text, place.module.span(node))

    def _field(self, place: _Place, node: ast.Attribute, depth: int) -> Value[object]:
        """A field of an object of settings: known where all classes that it may be of agree."""
        if self.classes is None:
            self.classes = settings_classes_of(self.service, self.repository)
        span = place.module.span(node)
        held = [one for one in self.classes if node.attr in one.values]
        if not held:
            return Unknown("is no field of settings", span)
        spans = [found.module.span(made) for found, made in self._made_of(place, node.value, depth)]
        exact = [one for one in held if one.span in spans]
        # What a function says that it returns may be of any class below that one.
        values = [one.values[node.attr] for one in (exact if len(spans) == 1 and exact else held if spans else ())]
        first = values[0] if values else Unknown("is no field of settings", span)
        return first if all(_said(one) == _said(first) for one in values) else Unknown("is not the same in all", span)

    def _made_of(self, place: _Place, node: ast.expr, depth: int) -> Iterator[tuple[_Place, ast.ClassDef]]:
        """The classes of which an object may be."""
        if depth > _DEPTH:
            return
        if isinstance(node, ast.Call):
            called = self._resolved(place, node.func, depth + 1)
            if called is None:
                return
            at, made = called
            if isinstance(made, ast.ClassDef):
                yield at, made
            elif isinstance(made, _FUNCTIONS):
                results = [one.value for one in nodes_in(made) if isinstance(one, ast.Return) and one.value is not None]
                inside = _Place(at.path, at.module, made)
                for result in results[:_MOST_PARTS]:
                    yield from self._made_of(inside, result, depth + 1)
                said = self._resolved(at, made.returns, depth + 1) if made.returns is not None else None
                if said is not None and isinstance(said[1], ast.ClassDef):
                    yield said[0], said[1]
            return
        bound = self._resolved(place, node, depth + 1)
        if bound is not None and isinstance(bound[1], ast.expr):
            yield from self._made_of(bound[0], bound[1], depth + 1)

    def _resolved(self, place: _Place, node: ast.expr, depth: int) -> tuple[_Place, ast.AST] | None:
        """The class, the function or the expression that a name stands for, and where that is."""
        if isinstance(node, ast.Name):
            return self._bound(place, node.id)
        owner, _, name = (place.module.qualified_name(node) or "").rpartition(".")
        return self._imported(place, owner, name, depth) if owner else None

    def _bound(self, place: _Place, name: str) -> tuple[_Place, ast.AST] | None:
        assigned = _assigned(place.scope, name)
        if assigned is not None:
            return place, assigned
        for binding in reversed(place.module.bindings(name)):
            if binding.value is not None:
                return _Place(place.path, place.module), binding.value
            if binding.target is not None:
                owner, _, attribute = binding.target.rpartition(".")
                return self._imported(place, owner, attribute, 0) if owner else None
        return None

    def _imported(self, place: _Place, owner: str, name: str, depth: int) -> tuple[_Place, ast.AST] | None:
        for _ in range(_DEPTH - depth):
            path = locate_module(self.repository, around(self.roots, place.path), owner) if owner else None
            module = self.repository.python(path) if path is not None else None
            if path is None or module is None:
                return None
            place = _Place(path, module)
            bindings = module.bindings(name)
            if not bindings:
                return None
            if bindings[-1].value is not None:
                return place, bindings[-1].value
            owner, _, name = (bindings[-1].target or "").rpartition(".")
        return None


def _assigned(scope: ast.AST | None, name: str) -> ast.expr | None:
    """What a function's own variable was last assigned."""
    found: ast.expr | None = None
    for node in nodes_in(scope) if scope is not None else ():
        if isinstance(node, ast.Assign):
            if any(isinstance(target, ast.Name) and target.id == name for target in node.targets):
                found = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            found = node.value or found
    return found


def _combined(values: list[Value[object]], operation: Callable[..., object], span: Span) -> Value[object]:
    """What is made of values; a variable among them has a say in it."""
    name = ""
    parts: list[object] = []
    for value in values:
        if isinstance(value, Unknown) or (isinstance(value, EnvDriven) and value.is_required):
            return Unknown("is computed", span)
        name = name or (value.name if isinstance(value, EnvDriven) else "")
        parts.append(value.value if isinstance(value, Known) else value.default)
    made = operation(*parts)
    if made is None:
        return Unknown("is computed", span)
    return EnvDriven(name, made, span, form=None) if name else Known(made, span)


def _text(*parts: object) -> str | None:
    texts = [one for one in parts if isinstance(one, str)]
    return "".join(texts) if len(texts) == len(parts) else None


def _said(value: Value[object]) -> object:
    if isinstance(value, Unknown):
        return Unknown, value.reason
    return (type(value), value.value) if isinstance(value, Known) else (type(value), value.name, value.default)
