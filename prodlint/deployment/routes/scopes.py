"""Functions and their variables: which calls stand in which, under which tests, and what a name held before."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from prodlint.syntax.python_tree import children_of, nodes_in

__all__ = [
    "FUNCTIONS",
    "Guards",
    "assignments_in",
    "calls_in",
    "last_before",
    "parameter_of",
    "unwrapped",
]

Guards = tuple[tuple[ast.expr, bool], ...]
"""The tests around a statement, each with the branch in which it stands."""
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_MOST_GUARDS = 5


def calls_in(
    tree: ast.Module, outer: dict[ast.AST, ast.AST | None]
) -> Iterator[tuple[ast.AST | None, ast.Call, Guards]]:
    """Every call with the function around it, None at the level of the module, and the tests that lead to it.

    `outer` is filled with the function around each function.
    """
    waiting: list[tuple[ast.AST, ast.AST | None, Guards]] = [(tree, None, ())]
    while waiting:
        at, around_it, guards = waiting.pop()
        if isinstance(at, ast.Call):
            yield around_it, at, guards
        if isinstance(at, ast.If):
            waiting += [(child, around_it, (*guards[-_MOST_GUARDS:], (at.test, True))) for child in at.body]
            waiting += [(child, around_it, (*guards[-_MOST_GUARDS:], (at.test, False))) for child in at.orelse]
            waiting.append((at.test, around_it, guards))
            continue
        inside = at if isinstance(at, FUNCTIONS) else around_it
        if isinstance(at, FUNCTIONS):
            outer[at] = around_it
        decorators = at.decorator_list if isinstance(at, FUNCTIONS) else []
        # A decorator runs outside of the function that it decorates.
        waiting += [(child, around_it if child in decorators else inside, guards) for child in children_of(at)]


def assignments_in(scope: ast.AST) -> dict[str, list[ast.expr]]:
    """What the variables of a function, and of those in it, are assigned."""
    found: dict[str, list[ast.expr]] = {}
    for node in nodes_in(scope):
        if isinstance(node, ast.Assign):
            for name in {target.id: None for target in node.targets if isinstance(target, ast.Name)}:
                found.setdefault(name, []).append(node.value)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            found.setdefault(node.target.id, []).append(node.value)
    return found


def unwrapped(value: ast.expr, name: str) -> ast.expr:
    """The older value of a name that a call is given to make the newer: in `app = ProxyFix(app)` it is the app."""
    given = [*value.args, *(one.value for one in value.keywords)] if isinstance(value, ast.Call) else []
    return next((one for one in given if isinstance(one, ast.Name) and one.id == name), value)


def last_before(name: ast.Name | None, values: list[ast.expr]) -> ast.expr | None:
    """The last of some values that ends before a name is used; the very last where none does, as in a loop."""
    # A name that no line of this module uses is seen from outside, when all has run.
    line = name.lineno if name is not None else 0
    earlier = [
        one
        for one in values
        if name is not None and (one.end_lineno or 0, one.end_col_offset or 0) <= (line, name.col_offset)
    ]
    return max(earlier or values, key=lambda one: (one.lineno, one.col_offset), default=None)


def parameter_of(scope: ast.AST | None, name: str) -> ast.arg | None:
    """The parameter of a function that bears a name."""
    if not isinstance(scope, FUNCTIONS):
        return None
    arguments = scope.args
    return next(
        (one for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs) if one.arg == name), None
    )
