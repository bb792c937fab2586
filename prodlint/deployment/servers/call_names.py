"""What names hold where a call stands: those of its module, and those that the function around it binds before it."""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING

from prodlint.deployment.evaluation.interpreter import FEW_STEPS, Interpreter, evaluate
from prodlint.deployment.servers.layers import Context
from prodlint.deployment.servers.script import ServerStart
from prodlint.deployment.value import Unknown, Value
from prodlint.syntax.python import PythonModule
from prodlint.syntax.python_bindings import Context as Enclosing
from prodlint.syntax.python_bindings import imports_of
from prodlint.syntax.python_tree import nodes_in

if TYPE_CHECKING:
    from prodlint.deployment.evaluation.elsewhere import Elsewhere

__all__ = ["CallNames"]

# Assignments that double what they are made of do not get far.
_MOST_NODES = 200


class CallNames:
    """Tells the value of expressions, once the code before a call was read.

    `calls` and `attributes` are what local names were last assigned, where that is a call, and what was set on them.
    """

    def __init__(self, context: Context, module: PythonModule, start: ServerStart, roots: tuple[str, ...]) -> None:
        self.context = context
        self.module = module
        self.start = start
        self.roots = roots
        path = module.source.path
        files, names = context.place.files, context.variables
        interpreter = Interpreter(context.repository, roots, context.lookup, files=files, names=names)
        self.names = interpreter.run(path, steps=FEW_STEPS)
        self.locals: dict[str, Value[object]] = {}
        self.calls: dict[str, ast.Call] = {}
        self.attributes: dict[str, dict[str, Value[object]]] = {}
        self._written: dict[str, ast.expr] = {}
        self._imports: dict[str, str] = {}
        self._changed: dict[str, Unknown] = {}
        self._elsewhere: Elsewhere | None = None

    def read_to(self, call: ast.Call) -> None:
        """Read what stands before a call in its function, and in the blocks around it."""
        blocks = _blocks_around(self.module.tree.body, call)
        function = self.start.within
        for argument in _parameters(function):
            default = _default(function, argument)
            handed = self.start.caller is not None and (self.start.caller.args or self.start.caller.keywords)
            if default is not None and not handed:
                self.locals[argument] = self.value(default)
                self._written[argument] = default
            else:
                self.locals[argument] = Unknown(f"{argument} is handed over by the caller", self.start.span)
        for index, block in enumerate(blocks):
            # Statements of the module itself are in its namespace.
            if index > 0:
                for statement in block:
                    self._bind(statement)

    def _bind(self, statement: ast.stmt) -> None:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if isinstance(statement, ast.AnnAssign) and statement.value is not None:
            targets = [statement.target]
        value = getattr(statement, "value", None)
        self._drop_changed(statement)
        for one in imports_of(statement, Enclosing(), self.module.package):
            if one.target is not None:
                self._imports[one.bound_name] = one.target
                self.locals[one.bound_name] = Unknown(f"comes from {one.target}", self.module.span(statement))
                self._written.pop(one.bound_name, None)
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(value, ast.expr):
                whole = self._whole(value)
                self.locals[target.id] = self.value(value)
                self._drop(target.id)
                if whole is not None:
                    self._written[target.id] = whole
                if isinstance(value, ast.Call):
                    self.calls[target.id] = value
            elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and value is not None:
                self.attributes.setdefault(target.value.id, {})[target.attr] = self.value(value)
            else:
                self._forget(target)
        if not targets:
            self._forget(statement)

    def _forget(self, node: ast.AST) -> None:
        for inner in nodes_in(node):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                self.locals[inner.id] = Unknown(f"{inner.id} may be bound anew", self.module.span(inner))
                self._drop(inner.id)

    def _drop_changed(self, statement: ast.stmt) -> None:
        """Local objects that a statement may change are no longer what they were assigned."""
        if self._written or self._imports:
            from prodlint.deployment.evaluation.elsewhere import is_changed

            nodes = tuple(nodes_in(statement))
            for name in [one for one in (*self._written, *self._imports) if is_changed(one, nodes)]:
                self._drop(name)

    def _drop(self, name: str) -> None:
        self._written.pop(name, None)
        if self._imports.pop(name, None) is not None:
            self._changed[name] = Unknown(f"{name} may be changed here", self.start.span)

    def _whole(self, node: ast.expr) -> ast.expr | None:
        """An expression with the local names replaced by what they were assigned; None where that is not known.

        Those that are imported stay.
        """
        names = _names_in(node) & self.locals.keys()
        if not names <= self._written.keys() | self._imports.keys():
            return None
        whole = _Replaced(self._written).visit(copy.deepcopy(node)) if names else node
        return whole if sum(1 for _ in nodes_in(whole)) <= _MOST_NODES else None

    def of_module(self, node: ast.expr) -> Value[object]:
        """What an expression is that names nothing of a function."""
        value = self.names.evaluate(node)
        found = self._of_others(node) if type(value) is Unknown else None
        return value if found is None else found

    def _of_others(self, node: ast.expr) -> Value[object] | None:
        """What an expression is that names objects of other modules."""
        if self._elsewhere is None:
            from prodlint.deployment.evaluation.elsewhere import Elsewhere

            context = self.context
            files, names = context.place.files, context.variables
            self._elsewhere = Elsewhere(context.repository, self.roots, context.lookup, files, names)
        return self._elsewhere.evaluate(node, self.module, self.names, self._imports)

    def value(self, node: ast.expr) -> Value[object]:
        """What an expression is where the call stands."""
        names = _names_in(node)
        if not names & self.locals.keys():
            return self.of_module(node)
        held: dict[str, Value[object]] = {}
        for name in names:
            if name in self.locals:
                held[name] = self.locals[name]
            elif name in self.names:
                held[name] = self.names[name]
        value = evaluate(node, self.module, held, self.context.lookup)
        whole = self._whole(node) if type(value) is Unknown else None
        if whole is None:
            changed = sorted(names & self._changed.keys()) if type(value) is Unknown else []
            return self._changed[changed[0]] if changed else value
        imported = sorted(_names_in(whole) & self._imports.keys())
        if not imported:
            return self.of_module(whole)
        found = self._of_others(whole)
        return self.locals[imported[0]] if found is None else found


def _names_in(node: ast.expr) -> set[str]:
    return {one.id for one in nodes_in(node) if isinstance(one, ast.Name)}


class _Replaced(ast.NodeTransformer):
    """Puts expressions in the place of names."""

    def __init__(self, expressions: Mapping[str, ast.expr]) -> None:
        self._expressions = expressions

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._expressions.get(node.id, node)


def _blocks_around(body: list[ast.stmt], call: ast.Call) -> list[list[ast.stmt]]:
    """The statements that stand before a call, in each of the blocks around it, the outermost first."""
    blocks: list[list[ast.stmt]] = []
    while True:
        at = next((index for index, one in enumerate(body) if _holds(one, call)), None)
        if at is None:
            return blocks
        blocks.append(body[:at])
        inner = [
            block
            for name in ("body", "orelse", "finalbody")
            if isinstance(block := getattr(body[at], name, None), list) and any(_holds(one, call) for one in block)
        ]
        if not inner:
            return blocks
        body = inner[0]


def _holds(statement: ast.stmt, call: ast.Call) -> bool:
    first, last = statement.lineno, statement.end_lineno or statement.lineno
    return first <= call.lineno <= last and any(inner is call for inner in nodes_in(statement))


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef | None) -> list[str]:
    if function is None:
        return []
    arguments = function.args
    return [one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


def _default(function: ast.FunctionDef | ast.AsyncFunctionDef | None, name: str) -> ast.expr | None:
    if function is None:
        return None
    positional = [*function.args.posonlyargs, *function.args.args]
    defaults: Mapping[str, ast.expr | None] = {
        **{one.arg: value for one, value in zip(reversed(positional), reversed(function.args.defaults), strict=False)},
        **{one.arg: value for one, value in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)},
    }
    return defaults.get(name)
