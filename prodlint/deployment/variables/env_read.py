"""Reads of environment variables in Python code: what is said of each, and where it stands in its module."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import cast

from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, Known, Unknown, Value
from prodlint.record import Record, replace
from prodlint.source import Span
from prodlint.syntax.env_dialect import Dialect
from prodlint.syntax.python import NOT_LITERAL, PythonModule, is_main_guard, literal
from prodlint.syntax.python_tree import children_of

__all__ = [
    "COMPUTED",
    "EnvFileRead",
    "EnvRead",
    "Nodes",
    "Place",
    "argument",
    "default_of",
    "name_of",
]

COMPUTED = "*"
"""The name of a variable that is computed; a name that ends like this stands for all with that beginning."""


class EnvRead(Record):
    """One variable that code reads.

    `default` is what a missing one leaves, None when there is no default. `cast` says what the text
    becomes (`str`, `bool`, `int`, `json`, `db` …). `required` tells whether a missing variable stops the
    program when the read is reached; `conditional` reads may not be. `at_import` is NO for what runs
    only when the file is the main program, UNKNOWN inside of a function. Any of `alternatives` serves as
    well. `owner` is the setting that receives it: a field of a settings class.
    """

    name: str
    default: Value[object] | None
    cast: str
    required: Answer
    span: Span
    reader: str
    at_import: Answer = YES
    conditional: bool = False
    alternatives: tuple[str, ...] = ()
    case_sensitive: bool = True
    owner: str = ""

    @property
    def is_pattern(self) -> bool:
        """Whether the name stands for several variables, or for one that is computed."""
        return self.name.endswith(COMPUTED)


class EnvFileRead(Record):
    """A `.env` file that code loads; `path` is None where the library looks for one upward from the code.

    `overrides` tells whether it wins over what is set already.
    """

    path: Value[str] | None
    dialect: Dialect
    overrides: Answer
    span: Span
    reader: str


class Place(Record):
    """Where an expression stands: `parents` are the expressions around it, the innermost last."""

    node: ast.expr
    parents: tuple[ast.expr, ...] = ()
    at_import: Answer = YES
    conditional: bool = False
    caught: frozenset[str] = frozenset()
    prefixes: tuple[tuple[ast.expr, ast.Call], ...] = ()

    def catches(self, *names: str) -> bool:
        """Whether an error of one of these names is caught around it."""
        return bool(self.caught & {"", "Exception", "BaseException", *names})


# Expressions of interest stand at most this deep in others: what is around further out says nothing of them.
_PARENTS = 12
_Compound = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.Lambda,
    ast.If,
    ast.Try,
    ast.With,
    ast.AsyncWith,
    ast.IfExp,
    ast.BoolOp,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ListComp,
    ast.SetComp,
    ast.GeneratorExp,
    ast.DictComp,
    ast.match_case,
    getattr(ast, "TryStar", ast.Try),
)


class Nodes:
    """The nodes of a module, gone through once: calls, subscripts and comparisons, classes, and what is around each."""

    def __init__(self, module: PythonModule) -> None:
        self.module = module
        self.outer: dict[ast.AST, ast.AST] = {}
        self.expressions: list[ast.Call | ast.Subscript | ast.Compare] = []
        self.classes: list[ast.ClassDef] = []
        waiting: list[ast.AST] = [module.tree]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.Call | ast.Subscript | ast.Compare):
                self.expressions.append(node)
            elif isinstance(node, ast.ClassDef):
                self.classes.append(node)
            for name in node._fields:
                value = getattr(node, name, None)
                for child in value if isinstance(value, list) else (value,):
                    if isinstance(child, ast.AST) and not isinstance(child, _Small):
                        self.outer[child] = node
                        waiting.append(child)
        self._around: dict[ast.AST, Place | None] = {module.tree: Place(ast.Constant(None))}

    def places(self, is_wanted: Callable[[ast.expr], bool]) -> Iterator[Place]:
        """The expressions that are wanted and may run, with what is around each."""
        for node in self.expressions:
            if not is_wanted(node):
                continue
            chain: list[ast.AST] = [node]
            while chain[-1] not in self._around:
                chain.append(self.outer[chain[-1]])
            for parent, child in zip(chain[:0:-1], chain[-2::-1], strict=True):
                if child not in self._around:
                    _enter(parent, self._around, self.module)
                    self._around.setdefault(child, None)
            place = self._around[node]
            if place is not None:
                yield replace(place, node=node, parents=_enclosing(node, self.outer))


_Small = (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop, ast.Constant)


def _enclosing(node: ast.AST, outer: Mapping[ast.AST, ast.AST]) -> tuple[ast.expr, ...]:
    """The expressions around an expression, the innermost last."""
    found: list[ast.expr] = []
    while len(found) < _PARENTS and isinstance(parent := outer.get(node), ast.expr):
        found.append(parent)
        node = parent
    return tuple(reversed(found))


def _enter(parent: ast.AST, around: dict[ast.AST, Place | None], module: PythonModule) -> None:
    """Note what is around the parts of a node; a part that no program runs gets nothing."""
    place = around[parent]
    if place is None:
        return
    if isinstance(parent, _Compound):
        around.update((child, inside) for child, inside in _children(parent, place, module))
    else:
        around.update((child, place) for child in children_of(parent))


def _children(node: ast.AST, around: Place, module: PythonModule) -> Iterator[tuple[ast.AST, Place]]:
    maybe = around if around.conditional else replace(around, conditional=True)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        inside = Place(node=around.node, at_import=around.at_import if around.at_import is NO else UNKNOWN)
        body = node.body if isinstance(node.body, list) else [node.body]
        yield from ((one, inside) for one in body)
        yield from ((one, around) for one in [*getattr(node, "decorator_list", []), node.args])
    elif isinstance(node, ast.If):
        yield node.test, around
        if is_main_guard(node.test):
            yield from ((one, replace(maybe, at_import=NO)) for one in node.body)
        elif module.qualified_name(node.test) != "typing.TYPE_CHECKING":
            yield from ((one, maybe) for one in node.body)
        yield from ((one, maybe) for one in node.orelse)
    elif isinstance(node, ast.Try) or node.__class__.__name__ == "TryStar":
        # `try … except*` has the same parts; Python 3.10 has no class for it.
        node = cast("ast.Try", node)
        caught = around.caught | {name for handler in node.handlers for name in _caught(handler)}
        yield from ((one, replace(around, caught=caught)) for one in node.body)
        for handler in node.handlers:
            yield from ((one, maybe) for one in handler.body)
        yield from ((one, around) for one in [*node.orelse, *node.finalbody])
    elif isinstance(node, ast.With | ast.AsyncWith):
        yield from ((item.context_expr, around) for item in node.items)
        yield from ((one, _with(node, around)) for one in node.body)
    elif isinstance(node, ast.IfExp):
        yield node.test, around
        yield node.body, maybe
        yield node.orelse, maybe
    elif isinstance(node, ast.BoolOp):
        yield node.values[0], around
        yield from ((one, maybe) for one in node.values[1:])
    elif isinstance(node, ast.For | ast.AsyncFor | ast.While):
        yield (node.test if isinstance(node, ast.While) else node.iter), around
        yield from ((one, maybe) for one in [*node.body, *node.orelse])
    elif isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp | ast.match_case):
        generators = getattr(node, "generators", [])
        yield from ((one, around if one in generators[:1] else maybe) for one in children_of(node))
    else:
        yield from ((one, around) for one in children_of(node))


def _caught(handler: ast.ExceptHandler) -> Iterator[str]:
    if handler.type is None:
        yield ""
    yield from _last_names(handler.type)


def _last_names(node: ast.expr | None) -> Iterator[str]:
    for one in node.elts if isinstance(node, ast.Tuple) else [node]:
        if isinstance(one, ast.Name):
            yield one.id
        elif isinstance(one, ast.Attribute):
            yield one.attr


def _with(node: ast.With | ast.AsyncWith, around: Place) -> Place:
    """`with suppress(KeyError):` catches, `with env.prefixed("X_"):` puts something in front of names."""
    caught, prefixes = around.caught, around.prefixes
    for item in node.items:
        call = item.context_expr
        if not isinstance(call, ast.Call):
            continue
        function = call.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if name == "suppress":
            caught = caught | {one for argument in call.args for one in _last_names(argument)}
        elif name == "prefixed" and isinstance(function, ast.Attribute) and call.args:
            prefixes = (*prefixes, (function.value, call))
    return replace(around, caught=caught, prefixes=prefixes)


def argument(call: ast.Call, index: int | None, *names: str) -> ast.expr | None:
    """An argument by its place or by one of its names; None when it is not given."""
    for keyword in call.keywords:
        if keyword.arg in names:
            return keyword.value
    if index is None or index >= len(call.args) or any(isinstance(one, ast.Starred) for one in call.args[: index + 1]):
        return None
    return call.args[index]


def name_of(node: ast.expr | None, module: PythonModule) -> str:
    """The name of a variable as an argument gives it, `COMPUTED` when that is not known."""
    value = literal(node) if node is not None else NOT_LITERAL
    if value is NOT_LITERAL and isinstance(node, ast.Name):
        bindings = module.bindings(node.id)
        only = bindings[0].value if len(bindings) == 1 and bindings[0].kind == "assignment" else None
        value = literal(only) if isinstance(only, ast.expr) else NOT_LITERAL
    return value if isinstance(value, str) and value else COMPUTED


def default_of(node: ast.expr | None, module: PythonModule) -> Value[object] | None:
    """A default as it is written; Unknown for one that is computed, None for none."""
    if node is None:
        return None
    value = literal(node)
    span = module.span(node)
    return Unknown("the default is computed", span) if value is NOT_LITERAL else Known(value, span)
