"""Static, three-valued evaluation of Python: what names and expressions hold, without running anything.

What is said to be known is what Python computes; where the repository does not tell, it is Unknown, with
the reason. A path below the repository is a string that begins with ROOT: nobody knows where it lies.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from prodlint.deployment.condition import NOWHERE, Lookup
from prodlint.deployment.evaluation_concrete import lift
from prodlint.deployment.evaluation_domain import (
    ABSENT,
    MARK,
    RAISES,
    BoundMethod,
    ClassValue,
    DictValue,
    Driven,
    External,
    FunctionValue,
    Gap,
    InstanceValue,
    ListValue,
    Method,
    ModuleValue,
    Opaque,
    PathValue,
    SetValue,
    is_plain,
)
from prodlint.deployment.evaluation_environment import dotenv_value, read_variable
from prodlint.deployment.evaluation_lists import reason_of
from prodlint.deployment.evaluation_machine import MOST_STEPS, Exhausted, Frame
from prodlint.deployment.evaluation_run import Evaluator
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, EnvDriven, Known, Unknown, Value
from prodlint.record import record
from prodlint.source import Span
from prodlint.syntax.dotenv_dialects import Dialect
from prodlint.syntax.python import PythonModule

__all__ = [
    "ROOT",
    "ClassNames",
    "Interpreter",
    "Namespace",
    "Rest",
    "VariableWrite",
    "evaluate",
    "has_item",
    "is_whole",
    "namespace",
]

ROOT = "/<repository>"
"""What the path of the repository is called in a value: `/<repository>/shop/db.sqlite3`."""


@record
class Rest(Unknown):
    """In a list or tuple, or as a key and value of a dictionary: any number of parts that are not known."""


class Namespace(Mapping[str, Value[object]]):
    """The names of a module once it ran, with what they hold.

    A name that may be bound, without a statement that says so, is Unknown too: asking for it never
    raises KeyError while `rest` is not None.
    """

    def __init__(self, evaluator: Evaluator, module: ModuleValue) -> None:
        self._evaluator = evaluator
        self._module = module
        self._values: dict[str, Value[object]] = {}
        self.path = module.path
        rest = module.rest
        self.rest: Unknown | None = Unknown(rest.reason, rest.span) if isinstance(rest, Opaque) else None

    def __getitem__(self, name: str) -> Value[object]:
        if name not in self._values:
            if name not in self._module.cells:
                if self.rest is not None:
                    return self.rest
                raise KeyError(name)
            writes = self.writes(name)
            span = writes[-1] if writes else self._module.module.source.span
            self._values[name] = _shown(self._module.cells[name], span)
        return self._values[name]

    def __contains__(self, name: object) -> bool:
        return name in self._module.cells

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._module.cells if not name.startswith("__"))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def writes(self, name: str) -> tuple[Span, ...]:
        """The places that had a say in what a name holds, in order; the last decides."""
        return self._module.writes.get(name, ())

    def reads(self, name: str) -> tuple[str, ...]:
        """The variables that were read for what a name holds, conditions included."""
        return tuple(sorted(self._module.reads.get(name, ())))

    def of_class(self, name: str) -> Mapping[str, Value[object]] | None:
        """The attributes of a class of the module, those of its bases too; None when it holds no such class."""
        cls = self._module.cells.get(name)
        return ClassNames(cls) if isinstance(cls, ClassValue) else None

    def evaluate(self, node: ast.expr) -> Value[object]:
        """What an expression of the module is once it ran."""
        return _evaluated(self._evaluator, self._module, node)


class ClassNames(Mapping[str, Value[object]]):
    """The attributes of a class with what they hold; one that a base of another library may bring is Unknown."""

    def __init__(self, cls: ClassValue) -> None:
        self._cls = cls
        self._names = dict.fromkeys(
            name for base in cls.lineage if isinstance(base, ClassValue) for name in base.cells if isinstance(name, str)
        )

    def __getitem__(self, name: str) -> Value[object]:
        for base in self._cls.lineage:
            if isinstance(base, ClassValue) and name in base.cells:
                spans = base.writes.get(name, ())
                module = base.module.module
                return _shown(base.cells[name], spans[-1] if spans else module.span(base.node))
            if isinstance(base, Opaque):
                return Unknown(base.reason, base.span)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._names if not name.startswith("__"))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def namespace(
    repository: Repository,
    roots: tuple[str, ...],
    path: str,
    lookup: Lookup,
    argv: tuple[str | None, ...] | None = None,
    installed: Callable[[str], Answer] = lambda module: UNKNOWN,
) -> Namespace:
    """Every name of a module after it ran; all are Unknown when the file cannot be read.

    `roots` are the folders that it imports from. `argv` is `sys.argv` where that is known, `installed`
    answers whether a module outside of the repository can be imported.
    """
    return Interpreter(repository, roots, lookup, argv, installed).run(path)


class Interpreter:
    """Runs modules one after another in one process: what one writes into `os.environ`, the next one reads.

    The arguments are those of `namespace`.
    """

    def __init__(
        self,
        repository: Repository,
        roots: tuple[str, ...],
        lookup: Lookup,
        argv: tuple[str | None, ...] | None = None,
        installed: Callable[[str], Answer] = lambda module: UNKNOWN,
    ) -> None:
        self._evaluator = Evaluator(repository, roots, lookup, argv, installed)

    def run(self, path: str, dotted: str = "", steps: int = MOST_STEPS) -> Namespace:
        """A module once it ran, or once more what it is when it did; `__main__` is the name of a program.

        All its names are Unknown when it cannot be read.
        """
        evaluator = self._evaluator
        evaluator.steps = steps
        if hasattr(evaluator, "frame"):
            del evaluator.frame
        reason = f"{path} cannot be read"
        try:
            module = evaluator.load(path, dotted or _dotted(evaluator.roots, path))
        except Exception as error:  # Whatever somebody wrote there, it must not end the run of a linter.
            module, reason = None, f"{path} cannot be evaluated ({type(error).__name__})"
        if module is None:
            module = ModuleValue(path, "", None, 0)
            module.rest = Opaque(reason)
        return Namespace(evaluator, module)

    def load_env_file(self, path: str) -> None:
        """Variables that are not set may come from a file, as python-dotenv reads it."""
        self._evaluator.dotenv[path] = Dialect.PYTHON_DOTENV

    def variable(self, name: str) -> Value[object] | None:
        """What a variable holds by now; None when it is certainly not set."""
        self._evaluator.steps = MOST_STEPS
        value = read_variable(self._evaluator, name, None)
        span = self.writes(name)[-1].span if self.writes(name) else NOWHERE
        if value is ABSENT:
            return None
        if isinstance(value, Driven) and value.default is ABSENT:
            return EnvDriven(name, None, value.span or span)
        return _shown(value, span)

    def writes(self, name: str) -> tuple[VariableWrite, ...]:
        """The places where the modules that ran set a variable, in order."""
        return tuple(
            VariableWrite(_shown(one.value, one.span), one.span, one.is_default)
            for one in self._evaluator.assigned
            if one.name == name
        )

    def env_file_values(self, name: str) -> tuple[Value[object], ...]:
        """What the `.env` files that were loaded say of a variable, in the order in which they were."""
        found = []
        self._evaluator.steps = MOST_STEPS
        for path, dialect in self._evaluator.dotenv.items():
            source = self._evaluator.repository.source(path) if path else None
            value = dotenv_value(self._evaluator, path, name, dialect)
            if source is not None and value is not ABSENT:
                found.append(_shown(value, source.span))
        return tuple(found)


@record
class VariableWrite:
    """Where code sets a variable; a default leaves one that is set already."""

    value: Value[object]
    span: Span
    is_default: bool


def _dotted(roots: tuple[str, ...], path: str) -> str:
    for root in roots:
        if not root or path.startswith(f"{root}/"):
            path = path[len(root) :].lstrip("/")
            break
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def evaluate(node: ast.expr, module: PythonModule, names: Mapping[str, Value[object]], lookup: Lookup) -> Value[object]:
    """What an expression of a module is, with what its names hold.

    A name that `names` lacks is what the module imports under it, where that is outside of the repository.
    """
    if isinstance(names, Namespace) and names.path == module.source.path:
        return names.evaluate(node)
    evaluator = Evaluator(Repository((), lambda path: b""), (), lookup)
    made = ModuleValue(module.source.path, "", module, 0)
    evaluator.frame = Frame(made, made.cells)
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and part.id not in made.cells:
            value = names.get(part.id)
            if isinstance(value, Known | EnvDriven):
                made.cells[part.id] = _held(evaluator, value)
                continue
            dotted = module.qualified_name(part)
            if dotted is not None:
                made.cells[part.id] = External(dotted)
            elif value is not None:
                made.cells[part.id] = Opaque(value.reason, value.span)
            elif module.bindings(part.id) or module.star_imports:
                made.cells[part.id] = Opaque("is bound by the module", module.span(part))
    return _evaluated(evaluator, made, node)


def _evaluated(evaluator: Evaluator, module: ModuleValue, node: ast.expr) -> Value[object]:
    span: Span = module.module.span(node)
    evaluator.frame = Frame(module, module.cells)
    evaluator.steps = max(evaluator.steps, 10_000)
    try:
        outcome = evaluator.branch(lambda: evaluator.expression(node))
    except (Exhausted, RecursionError):
        return Unknown("is too much to evaluate", span)
    if outcome.error is not None:
        return Unknown(f"cannot be computed: {outcome.error.kind}", span)
    return _shown(outcome.value, span)


def _held(evaluator: Evaluator, value: Value[object] | object) -> object:
    """A value of the model as one of an evaluation."""
    if isinstance(value, Known):
        return _held_part(evaluator, value.value, 0)
    if isinstance(value, EnvDriven):
        default = RAISES if value.is_required else _held_part(evaluator, value.default, 0)
        return Driven(frozenset({value.name}), default, value.span)
    return Opaque(getattr(value, "reason", "is not known"), getattr(value, "span", None))


def _held_part(evaluator: Evaluator, value: Any, depth: int) -> object:
    if depth > 40 or isinstance(value, Rest):
        return Opaque("is not known")
    if isinstance(value, Known | EnvDriven | Unknown):
        return _held(evaluator, value)
    if isinstance(value, list):
        return evaluator.list(_held_parts(evaluator, value, depth))
    if isinstance(value, tuple):
        return tuple(_held_parts(evaluator, value, depth))
    if isinstance(value, dict):
        if any(isinstance(key, Rest) for key in value):
            return Opaque("is not known in full")
        return evaluator.dict({key: _held_part(evaluator, part, depth + 1) for key, part in value.items()})
    if isinstance(value, set):
        return evaluator.set(Opaque(part.reason) if isinstance(part, Unknown) else part for part in value)
    if isinstance(value, str):
        return value.replace(ROOT, f"/{MARK}")
    return lift(evaluator, value)


def _held_parts(evaluator: Evaluator, parts: Any, depth: int) -> list[object]:
    return [
        Gap(part.reason, part.span) if isinstance(part, Rest) else _held_part(evaluator, part, depth + 1)
        for part in parts
    ]


# What is shown of a value

_MOST_PARTS = 20_000
_NOBODY: frozenset[str] = frozenset()


def _shown(value: object, span: Span) -> Value[object]:
    """A value of an evaluation as one of the model."""
    return _Showing(span).value(value, _NOBODY)


class _NotShown(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Showing:
    """One value while it is shown: how much of it may still be, and what the part at hand lies in."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._left = _MOST_PARTS
        self._around: set[int] = set()

    def value(self, value: object, unset: frozenset[str]) -> Value[object]:
        """A value as it is when some variables are not set."""
        span = self._span
        if isinstance(value, Opaque):
            return Unknown(value.reason, value.span or span)
        if isinstance(value, Driven):
            names = value.names - unset
            if not names and value.default is not RAISES and value.default is not ABSENT:
                return self.value(value.default, unset)
            if len(names) != 1:
                return Unknown(reason_of(value.names), value.span or span)
            (name,) = names
            if value.default is RAISES:
                return EnvDriven(name, None, span, is_required=True)
            if value.default is ABSENT:
                return Unknown(f"is only there when {name} is set", value.span or span)
            shown = self.value(value.default, unset | value.names)
            return EnvDriven(name, shown.value, span) if isinstance(shown, Known) else shown
        try:
            return Known(self._part(value, unset), span)
        except _NotShown as error:
            return Unknown(error.reason, span)

    def _part(self, value: object, unset: frozenset[str]) -> object:
        self._left -= 1
        if self._left < 0 or len(self._around) > 60:
            raise _NotShown("is too large to be shown")
        if isinstance(value, str):
            return value.replace(f"/{MARK}", ROOT) if MARK in value else value
        if is_plain(value):
            return value
        if isinstance(value, PathValue):
            return value.text.replace(f"/{MARK}", ROOT)
        parts = value.content if isinstance(value, (ListValue, DictValue, SetValue)) else value
        if isinstance(parts, Opaque):
            raise _NotShown(parts.reason)
        if id(value) in self._around:
            raise _NotShown("holds itself")
        self._around.add(id(value))
        try:
            if isinstance(parts, tuple):
                inner = self._parts(cast("tuple[object, ...]", parts), unset)
                return inner if isinstance(value, ListValue) else tuple(inner)
            if isinstance(parts, frozenset):
                return {self._inner(part, unset) for part in cast("frozenset[object]", parts)}
            if isinstance(parts, dict):
                return self._mapping(parts, unset)
        finally:
            self._around.discard(id(value))
        raise _NotShown(_kind_of(value))

    def _parts(self, parts: tuple[object, ...], unset: frozenset[str]) -> list[object]:
        found: list[object] = []
        for part in parts:
            if not isinstance(part, Gap):
                found.append(self._inner(part, unset))
            elif part.default is not None and part.names <= unset:
                found += self._parts(part.default, unset)
            else:
                found.append(Rest(part.reason, part.span or self._span))
        return found

    def _mapping(self, parts: dict[Any, object], unset: frozenset[str]) -> dict[object, object]:
        found: dict[object, object] = {}
        for key, part in parts.items():
            if isinstance(key, Gap):
                rest = Rest(key.reason, key.span or self._span)
                found[rest] = rest
            else:
                found[self._inner(key, unset)] = self._inner(part, unset)
        return found

    def _inner(self, value: object, unset: frozenset[str]) -> object:
        if isinstance(value, (Opaque, Driven)):
            shown = self.value(value, unset)
            return shown.value if isinstance(shown, Known) else shown
        try:
            return self._part(value, unset)
        except _NotShown as error:
            if self._left < 0:
                raise
            return Unknown(error.reason, self._span)


def _kind_of(value: object) -> str:
    if isinstance(value, External):
        return f"is {value.name.removeprefix('builtins.')}, which is not of this repository"
    kinds = {
        FunctionValue: "is a function",
        BoundMethod: "is a function",
        Method: "is a function",
        ClassValue: "is a class",
        InstanceValue: "is an object of a class",
        ModuleValue: "is a module",
    }
    return kinds.get(type(value), "is an object")


def is_whole(value: object) -> bool:
    """Whether all of a value is known: a Known (or its value) with no Unknown or EnvDriven anywhere in it."""
    waiting: list[Any] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Known):
            waiting.append(one.value)
        elif isinstance(one, Unknown | EnvDriven):
            return False
        elif isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, (list, tuple, set, frozenset)):
            waiting += one
    return True


def has_item(value: Value[object] | None, item: object) -> Answer:
    """Whether a list, tuple or set holds an item, or a dictionary a key."""
    if not isinstance(value, Known) or not isinstance(value.value, (list, tuple, set, frozenset, dict)):
        return UNKNOWN
    parts: list[object] = list(value.value)
    if any(part == item for part in parts if not isinstance(part, Unknown | EnvDriven)):
        return YES
    return NO if all(is_whole(part) for part in parts) else UNKNOWN
