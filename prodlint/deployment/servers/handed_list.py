"""The list of words that a call is handed: one that stands there, or the only one that a name of the module holds."""

from __future__ import annotations

import ast

from prodlint.syntax.python import PythonModule

__all__ = ["handed_list"]

_GROWS = ("append", "extend")
_READS = ("copy", "count", "index")


def handed_list(module: PythonModule, node: ast.expr | None) -> list[ast.expr] | None:
    """The elements of a list, one starred for any number of others; None where it cannot be told what it begins with.

    A list that is added to later may hold more behind what it was made with.
    """
    if isinstance(node, ast.List | ast.Tuple):
        return node.elts
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left = handed_list(module, node.left)
        if left is None:
            return None
        right = node.right
        return [*left, *(right.elts if isinstance(right, ast.List | ast.Tuple) else [_others(right)])]
    return _of_name(module, node) if isinstance(node, ast.Name) else None


def _others(node: ast.expr) -> ast.Starred:
    return ast.copy_location(ast.Starred(node, ast.Load()), node)


def _of_name(module: PythonModule, name: ast.Name) -> list[ast.expr] | None:
    made: list[ast.expr] = []
    stores = grown = 0
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name) and node.id == name.id and not isinstance(node.ctx, ast.Load):
            stores += 1
        elif isinstance(node, ast.arg) and node.arg == name.id:
            return None
        elif isinstance(node, ast.Assign | ast.AnnAssign) and _assigns(node, name.id) and node.value is not None:
            made.append(node.value)
        elif isinstance(node, ast.AugAssign) and _is(node.target, name.id):
            grown += 1
            stores -= isinstance(node.op, ast.Add)
        elif isinstance(node, ast.Attribute) and _is(node.value, name.id) and node.attr not in _READS:
            if node.attr not in _GROWS:
                return None
            grown += 1
        elif isinstance(node, ast.Subscript) and _is(node.value, name.id) and not isinstance(node.ctx, ast.Load):
            return None
    if stores != 1 or len(made) != 1 or not isinstance(made[0], ast.List | ast.Tuple):
        return None
    return [*made[0].elts, *([_others(name)] if grown else [])]


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _assigns(node: ast.Assign | ast.AnnAssign, name: str) -> bool:
    return any(_is(target, name) for target in (node.targets if isinstance(node, ast.Assign) else [node.target]))
