"""Fields of a settings class of pydantic without which one of its validators fails, at least under a condition.

pydantic, "Validators": a `model_validator` that raises ValueError ends the making of the object.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from prodlint.deployment.value import UNKNOWN, Answer, Known, Value, answer
from prodlint.record import Record
from prodlint.source import Span
from prodlint.syntax.python import PythonModule, literal
from prodlint.syntax.python_tree import nodes_in

__all__ = ["AskedField", "asked_by_validators", "decided"]

_DECORATORS = ("model_validator", "root_validator")


Test = tuple["ast.expr | None", bool]
"""What is asked before, None for what nobody here decides, and whether it has to hold."""


class AskedField(Record):
    """A field that a validator wants to hold something, or it raises.

    `tests` are those that lead there; `held` is what the validator calls the object.
    """

    name: str
    validator: str
    span: Span
    tests: tuple[Test, ...] = ()
    held: str = "self"


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
    waiting: list[tuple[list[ast.stmt], tuple[Test, ...]]] = [(method.body, ())]
    while waiting:
        body, tests = waiting.pop(0)
        for node in body:
            if not isinstance(node, ast.If):
                inner = [one for one in nodes_in(node) if isinstance(one, ast.If)]
                waiting += [([one], (*tests, _UNDECIDED)) for one in inner]
                continue
            if any(isinstance(one, ast.Raise) for one in node.body):
                for part, beside in _parts(node.test):
                    field = _missing(part, held)
                    if field is not None:
                        yield AskedField(field, method.name, module.span(part), (*tests, *beside), held)
            waiting += [(node.body, (*tests, (node.test, True))), (node.orelse, (*tests, (node.test, False)))]
            if any(isinstance(one, ast.Return) for one in nodes_in(node)):
                # What stands behind it may not be reached.
                tests = (*tests, _UNDECIDED)


_UNDECIDED: Test = (None, True)


def _parts(test: ast.expr) -> list[tuple[ast.expr, tuple[Test, ...]]]:
    """What is asked, each with what has to hold beside it: of an `or` each part is enough."""
    if not isinstance(test, ast.BoolOp):
        return [(test, ())]
    is_and = isinstance(test.op, ast.And)
    found = []
    for value in test.values:
        others: tuple[Test, ...] = tuple((one, True) for one in test.values if one is not value) if is_and else ()
        found += [(part, (*beside, *others)) for part, beside in _parts(value)]
    return found


def decided(test: Test, held: str, value_of: Callable[[str], Value[object] | None]) -> Answer:
    """Whether a test comes out as it has to, where it asks one field of the object for texts that are written out."""
    node, branch = test
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return decided((node.operand, not branch), held, value_of)
    compared = node.left if isinstance(node, ast.Compare) and len(node.ops) == 1 else node
    is_field = isinstance(compared, ast.Attribute) and getattr(compared.value, "id", "") in ("self", held)
    value = value_of(compared.attr) if is_field and isinstance(compared, ast.Attribute) else None
    if not isinstance(value, Known) or not isinstance(value.value, str | bool | int | None):
        return UNKNOWN
    if not isinstance(node, ast.Compare):
        return answer(bool(value.value) is branch)
    others = literal(node.comparators[0])
    if isinstance(node.ops[0], ast.Eq | ast.NotEq) and isinstance(others, str | bool | int):
        return answer((value.value == others) is (isinstance(node.ops[0], ast.Eq) is branch))
    if isinstance(node.ops[0], ast.In | ast.NotIn) and isinstance(others, list | tuple | set | frozenset):
        return answer((value.value in others) is (isinstance(node.ops[0], ast.In) is branch))
    return UNKNOWN


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
