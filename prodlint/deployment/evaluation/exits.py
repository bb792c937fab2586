"""What a statement may do to the block that it stands in, told without running it: end it, bind names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from prodlint.deployment.evaluation.machine import Machine
from prodlint.syntax.python_tree import children_of

__all__ = ["bound_names", "has_exit"]

_EXITS = (ast.Return, ast.Break, ast.Continue)


def has_exit(machine: Machine, node: ast.stmt) -> bool:
    """Whether a statement may end the block that it stands in: `return`, and `break` of a loop around it."""
    return _leaves(machine, node)[0]


def _leaves(machine: Machine, node: ast.stmt) -> tuple[bool, bool]:
    """Whether a statement may end the block around it, and whether it may return."""
    known = machine.exits.get(id(node))
    if known is None:
        inner = [_leaves(machine, part) for part in _parts(node)]
        returns = isinstance(node, ast.Return) or any(part[1] for part in inner)
        if isinstance(node, (ast.For, ast.While)):
            # `break` in its body is its own.
            exits = returns or any(has_exit(machine, part) for part in node.orelse)
        else:
            exits = isinstance(node, _EXITS) or any(part[0] for part in inner)
        known = machine.exits[id(node)] = (exits, returns)
    return known


def _parts(node: ast.stmt) -> Iterator[ast.stmt]:
    """The statements that stand directly in the blocks of another, not those of functions and classes."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return
    compound: Any = node
    for name in ("body", "orelse", "finalbody"):
        yield from getattr(compound, name, ())
    for inner in (*getattr(compound, "handlers", ()), *getattr(compound, "cases", ())):
        yield from inner.body


def bound_names(node: ast.stmt) -> Iterator[tuple[str, ast.AST]]:
    """The names that a statement may bind or change, `*` for all of a module."""
    waiting: list[ast.AST] = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield part.name, part
            continue
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id, part
        elif isinstance(part, (ast.Subscript, ast.Attribute)) and isinstance(part.ctx, ast.Store):
            base: ast.AST = part
            while isinstance(base, (ast.Subscript, ast.Attribute)):
                base = base.value
            if isinstance(base, ast.Name):
                yield base.id, part
        elif isinstance(part, ast.alias):
            yield part.asname or part.name.partition(".")[0], node
        waiting.extend(children_of(part))
