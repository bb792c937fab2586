"""Settings classes that a program certainly makes no object of: all code that would do so stands behind a condition.

`if engine == "postgres": return Postgres()` in a function that the code for the settings calls: what leads there is
run with the variables of the service, and where every such call was reached but that one, its condition does not hold.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.evaluation.interpreter import FEW_STEPS, Interpreter
from prodlint.deployment.repository import Repository
from prodlint.deployment.variables.read_settings import SettingsClass
from prodlint.record import Entity
from prodlint.syntax.python import PythonModule
from prodlint.syntax.python_tree import children_of

__all__ = ["is_unmade"]

_DEPTH = 5
_MOST_USES = 10
_STEPS = 2 * FEW_STEPS
_CACHES = frozenset({"functools.lru_cache", "functools.cache"})


class _Use(Entity):
    """Where code names a function or a class as a value: the call of it, if it is one, and what is around."""

    module: PythonModule
    call: ast.Call | None
    parents: tuple[ast.AST, ...]

    @property
    def function(self) -> ast.AST | None:
        """The function in which it stands, which may be a method; None for the module itself."""
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
        return next((one for one in reversed(self.parents) if isinstance(one, kinds)), None)


def is_unmade(one: SettingsClass, interpreter: Callable[[], Interpreter], repository: Repository) -> bool:
    """Whether a program makes no object of a class, as far as its variables decide that."""
    made = _uses(one.node.name, repository)
    if not made or not all(_is_conditional(use) for use in made):
        return False
    road = _Road(repository)
    if not all(road.climb(use, 0) for use in made):
        return False
    reached = _reached(road, interpreter())
    called = {use.call for use in made}
    return reached is not None and road.calls <= reached and called.isdisjoint(reached)


class _Road:
    """The calls that lead to some code, and where they begin: functions without parameters, and whole modules."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self.calls: set[ast.AST | None] = set()
        self.functions: dict[str, set[str]] = {}

    def climb(self, use: _Use, depth: int) -> bool:
        """Whether it is known what leads to a place."""
        function, path = use.function, use.module.source.path
        if function is None:
            self.functions.setdefault(path, set())
            return True
        if not isinstance(function, ast.FunctionDef) or depth > _DEPTH:
            return False
        # A function within another one, or one that something else is made of.
        is_plain = function in use.module.tree.body
        if not is_plain or not all(_is_cache(one, use.module) for one in function.decorator_list):
            return False
        arguments = function.args
        if not (arguments.posonlyargs or arguments.args or arguments.kwonlyargs or arguments.vararg or arguments.kwarg):
            self.functions.setdefault(path, set()).add(function.name)
            return True
        callers = _uses(function.name, self._repository)
        if not callers or any(one.call is None for one in callers):
            return False
        self.calls.update(one.call for one in callers)
        return all(self.climb(one, depth + 1) for one in callers)


def _reached(road: _Road, interpreter: Interpreter) -> set[ast.AST] | None:
    """The calls that run where a road begins; None where not all of that could be followed."""
    traced = interpreter.trace()
    for path, functions in road.functions.items():
        names = interpreter.run(path, steps=_STEPS)
        if names.rest is not None:
            return None
        if not all(interpreter.call(names, f"{name}()", _STEPS) for name in sorted(functions)):
            return None
    return traced


def _is_cache(node: ast.expr, module: PythonModule) -> bool:
    return module.qualified_name(node.func if isinstance(node, ast.Call) else node) in _CACHES


def _is_conditional(use: _Use) -> bool:
    """Whether it is a statement of its own, or what one returns or assigns, in a function that has a condition."""
    function = use.function
    if use.call is None or not isinstance(function, ast.FunctionDef):
        return False
    inside = use.parents[use.parents.index(function) + 1 :]
    statement = inside[-1] if inside else None
    is_plain = isinstance(statement, ast.Return | ast.Assign | ast.AnnAssign | ast.Expr) and statement.value is use.call
    return is_plain and all(isinstance(one, ast.If) for one in inside[:-1]) and _has_condition(function)


def _has_condition(function: ast.FunctionDef) -> bool:
    return any(isinstance(one, ast.If) for one in function.body)


def _uses(name: str, repository: Repository) -> list[_Use]:
    """Where the code of production names something as a value, by its last name; none where there are too many."""
    found: list[_Use] = []
    for path in repository.python_files:
        if environment_of(path) in (Environment.TEST, Environment.DEVELOPMENT):
            continue
        module = repository.python(path) if name.encode() in (repository.data(path) or b"") else None
        if module is not None:
            found += _uses_in(module, name)
        if len(found) > _MOST_USES:
            return []
    return found


def _uses_in(module: PythonModule, name: str) -> Iterator[_Use]:
    waiting: list[tuple[ast.AST, tuple[ast.AST, ...]]] = [(module.tree, ())]
    while waiting:
        node, parents = waiting.pop()
        if _is_named(node, name):
            call = parents[-1] if parents else None
            is_called = isinstance(call, ast.Call) and call.func is node
            around = parents[:-1] if is_called else parents
            yield _Use(module, call if isinstance(call, ast.Call) and is_called else None, around)
            continue
        passed = _annotation(node, parents)
        waiting += [(child, (*parents, node)) for child in children_of(node) if child is not passed]


def _annotation(node: ast.AST, parents: tuple[ast.AST, ...]) -> ast.AST | None:
    """What says of which class something is, where that makes no object: pydantic does for a field of a class."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return node.returns
    if isinstance(node, ast.AnnAssign) and not (parents and isinstance(parents[-1], ast.ClassDef)):
        return node.annotation
    # `Annotated[Settings, Depends()]` asks for one.
    is_plain = isinstance(node, ast.arg) and isinstance(node.annotation, ast.Name | ast.Attribute | ast.BinOp)
    return node.annotation if isinstance(node, ast.arg) and is_plain else None


def _is_named(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == name
    return isinstance(node, ast.Name) and node.id == name
