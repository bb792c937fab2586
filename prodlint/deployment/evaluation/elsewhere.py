"""What an expression is that names an object of another module, where all that stands between is too much to run.

`from shop.app import settings` imports the whole project, while `settings = get_settings()` in that module needs the
one that defines the function. It runs alone here: nothing on the way may write variables or change the object.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Mapping

from prodlint.deployment.app import locate_module
from prodlint.deployment.apps.search import around
from prodlint.deployment.condition import Lookup
from prodlint.deployment.evaluation.domain import External
from prodlint.deployment.evaluation.interpreter import FEW_STEPS, Interpreter, Namespace
from prodlint.deployment.evaluation.run import WRITES_VARIABLES
from prodlint.deployment.filemap import CHECKOUT, FileMap
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.value import Value
from prodlint.record import Entity
from prodlint.syntax.python import PythonModule
from prodlint.syntax.python_tree import nodes_in

__all__ = ["Elsewhere", "is_changed"]

_DEPTH = 8
# A module of settings imports little; half of this is left to what it imports.
_STEPS = 2 * FEW_STEPS
_MOST_MODULES = 4
_NOTHING: Mapping[str, str] = {}


class _Maker(Entity):
    """Where something is made: the module that has to run, and what it is there; None for the module itself.

    A definition is a function or a class: nobody changes it by using it.
    """

    path: str
    dotted: str
    node: ast.expr | None = None
    is_definition: bool = False


class Elsewhere:
    """Objects that modules of a repository take from one another, in one process."""

    def __init__(
        self,
        repository: Repository,
        roots: tuple[str, ...],
        lookup: Lookup,
        files: FileMap = CHECKOUT,
        names: tuple[str, ...] = (),
    ) -> None:
        self._repository = repository
        self._roots = roots
        self._interpreter = Interpreter(repository, roots, lookup, files=files, names=names)
        self._makers: dict[tuple[str, str, str], _Maker | None] = {}
        self._ran: dict[str, Namespace] = {}
        self._held: dict[_Maker, object] = {}

    def evaluate(
        self,
        node: ast.expr,
        module: PythonModule,
        names: Mapping[str, Value[object]],
        imports: Mapping[str, str] = _NOTHING,
    ) -> Value[object] | None:
        """What an expression of a module is; None where it names no object that another module alone makes.

        `imports` are the names that the function around it imports, with what they stand for.
        """
        path = module.source.path
        made: dict[str, object] = {}
        for name in dict.fromkeys(one.id for one in nodes_in(node) if isinstance(one, ast.Name)):
            key = (path, imports.get(name, ""), name)
            if key not in self._makers:
                found = self._imported(key[1], path, 0) if key[1] else self._named(path, name, 0)
                self._makers[key] = found
            maker = self._makers[key]
            if maker is None and key[1] and not self._is_own(key[1], path):
                made[name] = External(key[1])
            if maker is not None and maker.path != path and self._may_run(maker.path):
                made[name] = self._object(maker)
        return self._interpreter.evaluate(node, module, names, made) if made else None

    def _is_own(self, target: str, path: str) -> bool:
        """Whether a dotted name is one of the repository, or may be."""
        top = target.partition(".")[0]
        folders = around(self._roots, path)
        return any(normal_path(folder, top) in self._repository.folders for folder in folders) or (
            locate_module(self._repository, folders, top) is not None
        )

    def _may_run(self, path: str) -> bool:
        return path in self._ran or len(self._ran) < _MOST_MODULES

    def _object(self, maker: _Maker) -> object:
        if maker.path not in self._ran:
            self._ran[maker.path] = self._interpreter.run(maker.path, maker.dotted, _STEPS)
        if maker not in self._held:
            self._held[maker] = self._ran[maker.path].object(maker.node)
        return self._held[maker]

    def _named(self, path: str, name: str, depth: int, dotted: str = "") -> _Maker | None:
        """What makes the object that a name of a module holds."""
        module = self._repository.python(path)
        if module is None or depth > _DEPTH:
            return None
        bindings = module.bindings(name)
        if not bindings:
            found = (self._imported(f"{star}.{name}", path, depth) for star in module.star_imports)
            return next((one for one in found if one is not None), None)
        if len(bindings) > 1 or bindings[0].conditional:
            return None
        binding = bindings[0]
        made: _Maker | None = None
        if binding.target is not None:
            made = self._imported(binding.target, path, depth)
        elif isinstance(binding.value, ast.Name):
            made = self._named(path, binding.value.id, depth + 1, dotted)
        elif isinstance(binding.value, ast.Call):
            made = self._called(module, path, binding.value, depth)
        if made is None or made.path == path:
            is_definition = isinstance(binding.value, ast.stmt)
            there = _placed(ast.Name(name, ast.Load()), binding.node)
            return None if binding.target is not None else _Maker(path, dotted, there, is_definition)
        # What stands before it here may write the variables that the object is made of.
        data = self._repository.data(path) or b""
        if any(word in data for word in WRITES_VARIABLES):
            return None
        return None if not made.is_definition and is_changed(name, module.nodes) else made

    def _imported(self, target: str, path: str, depth: int) -> _Maker | None:
        owner, _, name = target.rpartition(".")
        folders = around(self._roots, path)
        other = locate_module(self._repository, folders, owner) if owner else None
        made = self._named(other, name, depth + 1, owner) if other is not None and other != path else None
        module = locate_module(self._repository, folders, target) if made is None else None
        return made if module is None or module == path else _Maker(module, target)

    def _called(self, module: PythonModule, path: str, call: ast.Call, depth: int) -> _Maker | None:
        """The object that a function or class of another module gives for plain arguments."""
        target = module.qualified_name(call.func)
        given = (*call.args, *(one.value for one in call.keywords if one.arg is not None))
        is_plain = len(given) == len(call.args) + len(call.keywords) and all(isinstance(a, ast.Constant) for a in given)
        function = self._imported(target, path, depth) if target is not None and is_plain else None
        if function is None or not isinstance(function.node, ast.Name):
            return None
        made = ast.Call(function.node, call.args, call.keywords)
        return _Maker(function.path, function.dotted, _placed(made, function.node))


def _placed(node: ast.expr, at: ast.AST) -> ast.expr:
    """An expression that is written nowhere, as if it stood where another node does."""
    made = copy.deepcopy(node)
    for part in nodes_in(made):
        ast.copy_location(part, at)
    return made


def is_changed(name: str, nodes: Iterable[ast.AST]) -> bool:
    """Whether code may change the object that a name holds: it sets a part of it, or hands it to somebody."""
    for node in nodes:
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            if _is_named(node.value, name):
                return True
        elif isinstance(node, ast.Call):
            if any(_is_named(one, name) for one in (*node.args, *(keyword.value for keyword in node.keywords))):
                return True
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            called = node.value.func
            if isinstance(called, ast.Attribute) and _is_named(called.value, name):
                return True
    return False


def _is_named(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
