"""Fields of a settings class of pydantic without which one of its validators fails, at least under a condition.

pydantic, "Validators": a `model_validator` that raises ValueError ends the making of the object.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from prodlint.record import record
from prodlint.source import Span
from prodlint.syntax.python import PythonModule

__all__ = ["AskedField", "asked_by_validators"]

_DECORATORS = ("model_validator", "root_validator")


@record
class AskedField:
    """A field that a validator wants to hold something, and the condition on which it raises otherwise."""

    name: str
    validator: str
    span: Span


def asked_by_validators(module: PythonModule, name: str) -> Iterator[AskedField]:
    """The fields of the class of a name for which validators ask before they raise: `not self.KEY`."""
    for node in module.tree.body:
        for method in node.body if isinstance(node, ast.ClassDef) and node.name == name else ():
            if isinstance(method, ast.FunctionDef) and any(map(_is_validator, method.decorator_list)):
                yield from _asked(module, method)


def _is_validator(decorator: ast.expr) -> bool:
    function = decorator.func if isinstance(decorator, ast.Call) else decorator
    if isinstance(function, ast.Attribute):
        return function.attr in _DECORATORS
    return isinstance(function, ast.Name) and function.id in _DECORATORS


def _asked(module: PythonModule, method: ast.FunctionDef) -> Iterator[AskedField]:
    held = method.args.args[-1].arg if method.args.args else "self"
    for node in ast.walk(method):
        if isinstance(node, ast.If) and any(isinstance(one, ast.Raise) for one in node.body):
            for part in _parts(node.test):
                field = _missing(part, held)
                if field is not None:
                    yield AskedField(field, method.name, module.span(part))


def _parts(test: ast.expr) -> list[ast.expr]:
    """What is asked together, or one of which is enough."""
    return [one for part in test.values for one in _parts(part)] if isinstance(test, ast.BoolOp) else [test]


def _missing(test: ast.expr, held: str) -> str | None:
    """The field of which `not self.KEY` or `self.KEY is None` asks whether it is empty."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _field(test.operand, held)
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is) and len(test.ops) == 1:
        other = test.comparators[0]
        return _field(test.left, held) if isinstance(other, ast.Constant) and other.value is None else None
    return None


def _field(node: ast.expr, held: str) -> str | None:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("self", held):
        return node.attr
    # Of a validator that is handed all values: `values.get("KEY")`.
    is_get = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get"
    if is_get and isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        return node.args[0].value if isinstance(node.args[0].value, str) else None
    return None
