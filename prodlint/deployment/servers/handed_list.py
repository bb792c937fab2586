"""The list of words that a call is handed: one that stands there, or the only one that a name of the module holds."""

from __future__ import annotations

import ast
from collections import Counter

from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository

__all__ = ["handed_list"]

_GROWS = ("append", "extend")
_READS = ("copy", "count", "index")


def handed_list(repository: Repository, path: str, node: ast.expr | None) -> list[ast.expr] | None:
    """The elements of a list, one starred for any number of others; None where it cannot be told what it begins with.

    A list that is added to later may hold more behind what it was made with.
    """
    if isinstance(node, ast.List | ast.Tuple):
        return node.elts
    more: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        right = node.right
        more[:0] = right.elts if isinstance(right, ast.List | ast.Tuple) else [_others(right)]
        node = node.left
    if more:
        first = None if isinstance(node, ast.BinOp) else handed_list(repository, path, node)
        return None if first is None else [*first, *more]
    return _lists(repository, path).get(node.id) if isinstance(node, ast.Name) else None


def _others(node: ast.expr) -> ast.Starred:
    return ast.copy_location(ast.Starred(node, ast.Load()), node)


@per_repository
def _lists(repository: Repository, path: str) -> dict[str, list[ast.expr]]:
    """What lists begin with that a module makes once, by their names, whatever function these belong to."""
    module = repository.python(path)
    made: dict[str, list[ast.List | ast.Tuple]] = {}
    stores: Counter[str] = Counter()
    grown: dict[str, ast.expr] = {}
    lost: set[str] = set()
    for node in module.nodes if module is not None else ():
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            stores[node.id] += 1
        elif isinstance(node, ast.arg):
            lost.add(node.arg)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.List | ast.Tuple):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    made.setdefault(target.id, []).append(node.value)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and isinstance(node.op, ast.Add):
            grown[node.target.id] = node.target
            stores[node.target.id] -= 1
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr not in _READS:
            grown[node.value.id] = node.value
            if node.attr not in _GROWS:
                lost.add(node.value.id)
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            lost.update(one.id for one in [node.value] if isinstance(one, ast.Name))
    return {
        name: [*found[0].elts, *([_others(grown[name])] if name in grown else [])]
        for name, found in made.items()
        if len(found) == 1 and stores[name] == 1 and name not in lost
    }
