"""How migrations follow one another: what each needs, and the ends that nothing follows.

Formats: Django, Writing database migrations; Alembic, Auto Generating and Working with Branches.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from prodlint.deployment.migration import Migration, MigrationSystem, System
from prodlint.deployment.repository import Repository
from prodlint.record import Record
from prodlint.source import Span
from prodlint.syntax.python import PythonModule
from prodlint.syntax.python_tree import nodes_in

__all__ = ["MigrationGraph", "MigrationNode", "graph_of"]

Key = tuple[str, str]


class MigrationNode(Record):
    """One migration with what it needs and what it stands for; keys are (app, name), of Alembic ("", revision)."""

    migration: Migration
    key: Key
    span: Span
    needs: frozenset[Key] = frozenset()
    replaces: frozenset[Key] = frozenset()


class MigrationGraph(Record):
    """The migrations of one system. `unread` are the files whose links could not be read."""

    nodes: tuple[MigrationNode, ...]
    unread: tuple[Migration, ...] = ()

    @property
    def ends(self) -> dict[str, tuple[MigrationNode, ...]]:
        """For each app, the migrations that no other one of that app needs; more than one is a conflict.

        What a squashed migration replaces is gone from the graph.
        """
        replaced = frozenset(key for node in self.nodes for key in node.replaces)
        standing = [node for node in self.nodes if node.key not in replaced]
        needed = {(node.key[0], key) for node in standing for key in node.needs if key[0] == node.key[0]}
        found: dict[str, list[MigrationNode]] = {}
        for node in standing:
            app = node.key[0]
            if (app, node.key) not in needed and not any((app, key) in needed for key in node.replaces):
                found.setdefault(app, []).append(node)
        return {app: tuple(nodes) for app, nodes in found.items()}


def graph_of(system: MigrationSystem, repository: Repository) -> MigrationGraph:
    """The graph of a system's migrations, read from their files."""
    nodes: list[MigrationNode] = []
    unread: list[Migration] = []
    for migration in system.migrations:
        module = repository.python(migration.path)
        node = None
        if module is not None:
            read = _django_node if system.system is System.DJANGO else _alembic_node
            node = read(migration, module)
        if node is None:
            unread.append(migration)
        else:
            nodes.append(node)
    return MigrationGraph(tuple(nodes), tuple(unread))


def _django_node(migration: Migration, module: PythonModule) -> MigrationNode | None:
    for statement in module.tree.body:
        if isinstance(statement, ast.ClassDef) and statement.name == "Migration":
            needs, replaces = _keys(statement, "dependencies"), _keys(statement, "replaces")
            if needs is None or replaces is None:
                return None
            return MigrationNode(migration, (migration.app, migration.name), module.span(statement), needs, replaces)
    return None


def _keys(body: ast.ClassDef, name: str) -> frozenset[Key] | None:
    """The pairs of a list of a migration class; None for a list that is computed."""
    found: set[Key] = set()
    for statement in body.body:
        if not isinstance(statement, ast.Assign) or not any(
            isinstance(target, ast.Name) and target.id == name for target in statement.targets
        ):
            continue
        if not isinstance(statement.value, ast.List | ast.Tuple):
            return None
        for item in statement.value.elts:
            strings = [one.value for one in getattr(item, "elts", ()) if isinstance(one, ast.Constant)]
            if isinstance(item, ast.Tuple) and len(item.elts) == 2 and len(strings) == 2:
                found.add((str(strings[0]), str(strings[1])))
            elif not isinstance(item, ast.Call):
                # A call is `swappable_dependency`, which leads to another app.
                return None
    return frozenset(found)


def _alembic_node(migration: Migration, module: PythonModule) -> MigrationNode | None:
    revision = next(_strings(module, "revision"), None)
    if not revision:
        return None
    down = tuple(_strings(module, "down_revision"))
    span = next((module.span(one.node) for one in module.bindings("revision")), None)
    if span is None:
        return None
    return MigrationNode(migration, ("", revision), span, frozenset(("", one) for one in down))


def _strings(module: PythonModule, name: str) -> Iterator[str]:
    for binding in module.bindings(name):
        value = binding.value
        if isinstance(value, ast.expr):
            yield from (
                node.value for node in nodes_in(value) if isinstance(node, ast.Constant) and isinstance(node.value, str)
            )
