"""What binds names in Python statements: assignments, imports, definitions, and on which conditions."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from prodlint.record import Entity
from prodlint.syntax.python_tree import children_of, nodes_in

__all__ = [
    "Binding",
    "BindingKind",
    "Context",
    "Guard",
    "Import",
    "collect_bindings",
    "collect_imports",
    "imports_of",
    "is_main_guard",
    "is_typing_guard",
    "resolve_relative",
    "statements",
]

BindingKind = Literal["assignment", "function", "class", "import", "loop", "with", "delete", "other"]

Guard = tuple[ast.expr, bool]
"""The test of an `if` and which of its answers leads here."""

# An `elif` chain nests without indentation, so a file can make it as long as it likes.
_MOST_GUARDS = 200


class Context(Entity):
    """What encloses a statement in its module, function or class.

    `guarded` and `rescued` name the `try` statement whose body, or whose handler, it stands in.
    `typing_only` holds where no program runs it: below `if TYPE_CHECKING`.
    """

    conditional: bool = False
    typing_only: bool = False
    guard: Guard | None = None
    guarded: ast.stmt | None = None
    rescued: ast.stmt | None = None
    outer: Context | None = None

    def within(
        self, guard: Guard | None = None, guarded: ast.stmt | None = None, rescued: ast.stmt | None = None
    ) -> Context:
        """The context of a block of a compound statement that stands here."""
        return Context(True, self.typing_only, guard, guarded, rescued, self)

    def enclosing(self) -> Iterator[Context]:
        """This context and those around it, the innermost first."""
        context: Context | None = self
        for _ in range(_MOST_GUARDS):
            if context is None:
                return
            yield context
            context = context.outer

    @property
    def guards(self) -> tuple[Guard, ...]:
        return tuple(context.guard for context in self.enclosing() if context.guard is not None)[::-1]


class Import(Entity):
    """One name of an import statement; `alias` is the part of the statement that says it.

    `module` is absolute; a relative import that leaves its package, or whose package is not
    known, keeps its dots. `name` is None for `import module` and `*` for all names.
    """

    module: str
    name: str | None
    asname: str | None
    level: int
    node: ast.Import | ast.ImportFrom
    alias: ast.alias
    context: Context

    @property
    def conditional(self) -> bool:
        """Whether it stands in an `if`, `try`, `for`, `while`, `with` or `match`."""
        return self.context.conditional

    @property
    def guards(self) -> tuple[Guard, ...]:
        """The tests of the enclosing `if` statements with the branch that leads here, outermost first."""
        return self.context.guards

    @property
    def bound_name(self) -> str:
        """The name that the import binds, `*` for a star import."""
        return self.asname or self.name or self.module.partition(".")[0]

    @property
    def target(self) -> str | None:
        """The dotted name that the bound name stands for; None for a star import or an unknown package."""
        if self.name == "*" or self.module.startswith("."):
            return None
        if self.name is not None:
            return f"{self.module}.{self.name}"
        return self.module if self.asname else self.module.partition(".")[0]


class Binding(Entity):
    """One statement that binds a name.

    `value` is the expression assigned, or the `def` or `class` itself; None where the value is not
    one expression (a loop, `with`, an import, `+=`, an unpacking that cannot be followed). `target`
    is the dotted name that an import binds. `node` is the statement.
    """

    name: str
    kind: BindingKind
    value: ast.expr | ast.stmt | None
    node: ast.stmt
    context: Context
    target: str | None = None

    @property
    def conditional(self) -> bool:
        """Whether it stands in an `if`, `try`, `for`, `while`, `with` or `match`, or in a function (`global`)."""
        return self.context.conditional

    @property
    def guards(self) -> tuple[Guard, ...]:
        """The tests of the enclosing `if` statements with the branch that leads here, outermost first."""
        return self.context.guards


def is_main_guard(test: ast.expr) -> bool:
    """Whether a test holds only in a module that is run as a script: `__name__ == "__main__"`.

    Either way round, as a part of an `and`, and as `__name__ in {"__main__", "__mp_main__"}` too.
    """
    if isinstance(test, ast.BoolOp):
        return isinstance(test.op, ast.And) and any(is_main_guard(value) for value in test.values)
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return False
    left, right = test.left, test.comparators[0]
    if isinstance(test.ops[0], ast.In) and _is_name(left, "__name__"):
        elements = right.elts if isinstance(right, (ast.Tuple, ast.List, ast.Set)) else []
        names = {element.value for element in elements if isinstance(element, ast.Constant)}
        return "__main__" in names and all(
            isinstance(element, ast.Constant) and element.value in {"__main__", "__mp_main__"} for element in elements
        )
    return isinstance(test.ops[0], ast.Eq) and any(
        _is_name(name, "__name__") and isinstance(value, ast.Constant) and value.value == "__main__"
        for name, value in ((left, right), (right, left))
    )


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _typing_branch(test: ast.expr) -> bool | None:
    """The branch of an `if` that only a type checker takes, None for any other test."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return False if _typing_branch(test.operand) is True else None
    return True if is_typing_guard(test) else None


def is_typing_guard(test: ast.expr) -> bool:
    """Whether a test holds only for type checkers: `TYPE_CHECKING`, `typing.TYPE_CHECKING`."""
    return _is_name(test, "TYPE_CHECKING") or (isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING")


def resolve_relative(package: str, level: int, module: str | None) -> str:
    """The absolute module of `from …module import`, with `level` dots, in a package.

    Where the dots lead out of the package, or it is not known, the written form with its dots.
    """
    if not level:
        return module or ""
    parents = package.split(".") if package else []
    if level > len(parents):
        return "." * level + (module or "")
    base = parents[: len(parents) - level + 1]
    return ".".join([*base, module] if module else base)


def statements(
    body: Iterable[ast.stmt], context: Context, *, into_classes: bool = False
) -> Iterator[tuple[ast.stmt, Context]]:
    """The statements that run with a body, in source order, each with what encloses it.

    Bodies of functions are left out, those of classes too unless they are asked for.
    """
    stack = [(iter(body), context)]
    while stack:
        remaining, context = stack[-1]
        statement = next(remaining, None)
        if statement is None:
            stack.pop()
            continue
        yield statement, context
        if into_classes and isinstance(statement, ast.ClassDef):
            stack.append((iter(statement.body), context))
        else:
            stack += [(iter(block), inner) for block, inner in reversed(_blocks(statement, context))]


def _blocks(statement: ast.stmt, outer: Context) -> list[tuple[list[ast.stmt], Context]]:
    """The blocks of a compound statement, each with its context."""
    if not hasattr(statement, "body") or isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [(case.body, outer.within()) for case in statement.cases] if isinstance(statement, ast.Match) else []
    compound: Any = statement
    if isinstance(statement, ast.If):
        return _branches(statement, outer)
    inner = outer.within()
    if hasattr(statement, "handlers"):
        rescued = outer.within(rescued=statement)
        return [
            (compound.body, outer.within(guarded=statement)),
            *((handler.body, rescued) for handler in compound.handlers),
            (compound.orelse, inner),
            (compound.finalbody, inner),
        ]
    return [(compound.body, inner), (getattr(statement, "orelse", []), inner)]


def _branches(statement: ast.If, outer: Context) -> list[tuple[list[ast.stmt], Context]]:
    typing_branch = _typing_branch(statement.test)
    if typing_branch is None:
        blocks = [(statement.body, outer.within((statement.test, True)))]
        if statement.orelse:
            blocks.append((statement.orelse, outer.within((statement.test, False))))
        return blocks
    typed = Context(True, True, outer=outer)
    if typing_branch:
        return [(statement.body, typed), (statement.orelse, outer)]
    return [(statement.body, outer), (statement.orelse, typed)]


def imports_of(statement: ast.stmt, context: Context, package: str) -> list[Import]:
    """The imports that a statement makes, one for each name; none for another statement."""
    if isinstance(statement, ast.Import):
        return [Import(alias.name, None, alias.asname, 0, statement, alias, context) for alias in statement.names]
    if isinstance(statement, ast.ImportFrom):
        module = resolve_relative(package, statement.level, statement.module)
        return [
            Import(module, alias.name, alias.asname, statement.level, statement, alias, context)
            for alias in statement.names
        ]
    return []


def collect_imports(body: Iterable[ast.stmt], package: str) -> list[Import]:
    """The imports that run with a body: in conditions and class bodies too, not in functions."""
    found = []
    for statement, context in statements(body, Context(), into_classes=True):
        if isinstance(statement, (ast.Import, ast.ImportFrom)) and not context.typing_only:
            found += imports_of(statement, context, package)
    return found


def collect_bindings(body: Iterable[ast.stmt], package: str, *, walrus: bool) -> list[Binding]:
    """What binds names in the namespace of a body, in source order, for type checkers too.

    `walrus` says whether to look for `:=`, which costs a walk through every expression.
    """
    found = []
    for statement, context in statements(body, Context()):
        found += [
            Binding(imported.bound_name, "import", None, statement, context, imported.target)
            for imported in imports_of(statement, context, package)
            if imported.name != "*"
        ]
        found += [Binding(name, kind, value, statement, context) for name, kind, value in _bound(statement)]
        if walrus:
            inner = context.within()
            found += [Binding(name, "assignment", value, statement, inner) for name, value in _walrus(statement)]
    return found


_Bound = tuple[str, BindingKind, "ast.expr | ast.stmt | None"]


def _bound(statement: ast.stmt) -> list[_Bound]:
    if isinstance(statement, ast.Assign):
        return [
            (name, "assignment", value)
            for target in statement.targets
            for name, value in _targets(target, statement.value)
        ]
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return [(statement.name, "function", statement)]
    if isinstance(statement, ast.ClassDef):
        return [(statement.name, "class", statement)]
    if isinstance(statement, ast.AnnAssign):
        return [(name, "assignment", value) for name, value in _targets(statement.target, statement.value) if value]
    if isinstance(statement, ast.AugAssign):
        return [(name, "other", None) for name, _ in _targets(statement.target, None)]
    if isinstance(statement, (ast.For, ast.AsyncFor)):
        return [(name, "loop", None) for name, _ in _targets(statement.target, None)]
    if isinstance(statement, (ast.With, ast.AsyncWith)):
        variables = [item.optional_vars for item in statement.items if item.optional_vars is not None]
        return [(name, "with", None) for variable in variables for name, _ in _targets(variable, None)]
    if isinstance(statement, ast.Delete):
        return [(name, "delete", None) for target in statement.targets for name, _ in _targets(target, None)]
    if isinstance(statement, ast.Match):
        return [(name, "other", None) for case in statement.cases for name in _captures(case.pattern)]
    other: Any = statement
    if hasattr(statement, "handlers"):
        return [(handler.name, "other", None) for handler in other.handlers if handler.name]
    if type(statement).__name__ == "TypeAlias":
        return [(other.name.id, "assignment", other.value)]
    return []


def _targets(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[str, ast.expr | None]]:
    """The names that an assignment binds, each with the expression it gets, None where it is unknown."""
    waiting: list[tuple[ast.expr, ast.expr | None]] = [(target, value)]
    while waiting:
        target, value = waiting.pop()
        if isinstance(target, ast.Name):
            yield target.id, value
        elif isinstance(target, ast.Starred):
            waiting.append((target.value, None))
        elif isinstance(target, (ast.Tuple, ast.List)):
            values: list[ast.expr] = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
            starred = any(isinstance(element, ast.Starred) for element in [*target.elts, *values])
            if starred or len(values) != len(target.elts):
                waiting += [(element, None) for element in reversed(target.elts)]
            else:
                waiting += reversed(list(zip(target.elts, values, strict=True)))


def _captures(pattern: ast.pattern) -> Iterator[str]:
    for node in nodes_in(pattern):
        if isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
            yield node.name
        elif isinstance(node, ast.MatchMapping) and node.rest:
            yield node.rest


def _walrus(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """The names that `:=` binds in a statement itself, not in its blocks and not in lambdas."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        for node in children_of(waiting.pop()):
            if isinstance(node, (ast.stmt, ast.excepthandler, ast.Lambda)):
                continue
            if isinstance(node, ast.NamedExpr):
                yield node.target.id, node.value
            waiting.append(node)
