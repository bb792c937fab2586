"""The nodes of a syntax tree."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from prodlint.syntax.python_tree import children_of, nodes_in

SHARED = (ast.expr_context, ast.operator, ast.cmpop, ast.boolop, ast.unaryop)
FILES = [*Path(ast.__file__).parent.glob("*.py")][:60]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_nodes_are_those_of_ast_without_contexts_and_operators(path: Path) -> None:
    tree = ast.parse(path.read_bytes())
    assert nodes_in(tree) == [node for node in ast.walk(tree) if not isinstance(node, SHARED)]
    for node in nodes_in(tree):
        assert children_of(node) == [one for one in ast.iter_child_nodes(node) if not isinstance(one, SHARED)]
