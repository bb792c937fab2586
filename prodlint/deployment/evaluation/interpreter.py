"""Static, three-valued evaluation of Python: what names and expressions hold, without running anything.

What is said to be known is what Python computes; where the repository does not tell, it is Unknown, with
the reason. A path below the repository is a string that begins with ROOT: nobody knows where it lies.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from prodlint.deployment.condition import NOWHERE, Lookup
from prodlint.deployment.evaluation.domain import (
    ABSENT,
    AppValue,
    ClassValue,
    External,
    ModuleValue,
    Opaque,
    Raised,
)
from prodlint.deployment.evaluation.environment import dotenv_value, told_variable
from prodlint.deployment.evaluation.machine import MOST_STEPS, Exhausted, Frame
from prodlint.deployment.evaluation.run import Evaluator
from prodlint.deployment.evaluation.shown import ROOT, Rest, has_item, is_whole, shown
from prodlint.deployment.filemap import CHECKOUT, FileMap
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import UNKNOWN, Answer, EnvDriven, JointlyDriven, Known, Unknown, Value
from prodlint.record import Record
from prodlint.source import Span
from prodlint.syntax.env_dialect import Dialect
from prodlint.syntax.python import PythonModule
from prodlint.syntax.python_tree import nodes_in

if TYPE_CHECKING:
    from prodlint.deployment.evaluation.branches import Branch

__all__ = [
    "FEW_STEPS",
    "ROOT",
    "ClassNames",
    "ConfigNames",
    "Interpreter",
    "Namespace",
    "Rest",
    "VariableWrite",
    "evaluate",
    "has_item",
    "is_whole",
    "namespace",
]


FEW_STEPS = 8_000
"""Enough for a file that configures or starts a server; one that imports the whole app says little more for it."""


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
            self._values[name] = shown(self._module.cells[name], span)
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

    def branches(self, name: str, key: str) -> tuple[Branch, ...]:
        """What the dictionaries that a name may hold have below a key: first what holds when no variable is set."""
        from prodlint.deployment.evaluation.branches import branches_below

        writes = self.writes(name)
        span = writes[0] if writes else self._module.module.source.span
        return branches_below(self._module.cells.get(name), key, span)

    def evaluate(self, node: ast.expr) -> Value[object]:
        """What an expression of the module is once it ran."""
        return _evaluated(self._evaluator, self._module, node)

    def object(self, node: ast.expr | None) -> object:
        """What an expression of the module is in its evaluation, where objects have an identity; itself without one."""
        evaluator, module = self._evaluator, self._module
        if node is None:
            return module
        evaluator.frame = Frame(module, module.cells)
        evaluator.steps = max(evaluator.steps, FEW_STEPS)
        try:
            return evaluator.expression(node)
        except Raised as error:
            return Opaque(f"cannot be computed: {error.kind}")
        except (Exhausted, RecursionError):
            return Opaque("is too much to evaluate")


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
                return shown(base.cells[name], base.place(name))
            if isinstance(base, Opaque):
                return Unknown(base.reason, base.span)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._names if not name.startswith("__"))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class ConfigNames(Mapping[str, Value[object]]):
    """The keys of a Flask app's configuration that the project sets; others are asked for by name, with their defaults.

    Any may be there, and is Unknown, where `rest` is not None.
    `loaded` are the objects that filled it, in order: their dotted names, with the place of the call.
    """

    def __init__(self, app: AppValue) -> None:
        config = app.config
        self._config = config
        self.span = app.span
        self.rest = Unknown(config.rest.reason, config.rest.span) if isinstance(config.rest, Opaque) else None
        self.loaded = tuple(config.loaded)

    def __getitem__(self, name: str) -> Value[object]:
        if name not in self._config.cells:
            if self.rest is not None:
                return self.rest
            raise KeyError(name)
        return shown(self._config.cells[name], self._config.places.get(name, self.span))

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._config.places if name in self._config.cells)

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

    The arguments are those of `namespace`; `files` tells where the repository's files lie for the process,
    `names` are the variables that the repository sets, as they are spelt.
    """

    def __init__(
        self,
        repository: Repository,
        roots: tuple[str, ...],
        lookup: Lookup,
        argv: tuple[str | None, ...] | None = None,
        installed: Callable[[str], Answer] = lambda module: UNKNOWN,
        files: FileMap = CHECKOUT,
        names: tuple[str, ...] = (),
    ) -> None:
        self._evaluator = Evaluator(repository, roots, lookup, argv, installed, files)
        self._evaluator.names = names

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

    def call(self, names: Namespace, text: str, steps: int = MOST_STEPS) -> bool:
        """Run an expression in a module that ran: `create_app("production")`. Whether it came to its end."""
        evaluator = self._evaluator
        module = evaluator.modules.get(names.path)
        try:
            node = ast.parse(text, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
        if not isinstance(module, ModuleValue):
            return False
        for part in nodes_in(node):
            # It stands in no file: the module as a whole is its place.
            for name in ("lineno", "end_lineno"):
                setattr(part, name, 1)
            for name in ("col_offset", "end_col_offset"):
                setattr(part, name, 0)
        evaluator.steps = steps
        evaluator.frame = Frame(module, module.cells)
        try:
            evaluator.expression(node)
        except Exception:  # As for a module: whatever goes wrong, it must not end the run of a linter.
            return False
        return True

    def trace(self) -> set[ast.AST]:
        """The calls that run from now on, as they are written."""
        self._evaluator.called = set()
        return self._evaluator.called

    def evaluate(
        self,
        node: ast.expr,
        module: PythonModule,
        names: Mapping[str, Value[object]],
        objects: Mapping[str, object],
    ) -> Value[object]:
        """What an expression of a module is that need not have run here, with what its names hold.

        Some hold `objects` of modules that ran here (`Namespace.object`).
        """
        own = ModuleValue(module.source.path, "", module, 0)
        own.cells.update(objects)
        _fill(self._evaluator, own, node, names)
        return _evaluated(self._evaluator, own, node)

    def flask_config(self, span: Span | None) -> ConfigNames | None:
        """The configuration of the Flask app that is made at a place, the last one; None when none was.

        Without a place, that of the only app.
        """
        apps = self._evaluator.apps
        if span is None:
            return ConfigNames(apps[-1]) if len({app.span for app in apps}) == 1 else None
        found = [app for app in apps if app.span.path == span.path and app.span.start == span.start]
        return ConfigNames(found[-1]) if found else None

    def load_env_file(self, path: str) -> None:
        """Variables that are not set may come from a file, as python-dotenv reads it."""
        self._evaluator.dotenv[path] = Dialect.PYTHON_DOTENV

    def variable(self, name: str) -> Value[object] | None:
        """What a variable holds by now; None when it is certainly not set."""
        self._evaluator.steps = MOST_STEPS
        span = self.writes(name)[-1].span if self.writes(name) else NOWHERE
        return told_variable(self._evaluator, name, span)

    def writes(self, name: str) -> tuple[VariableWrite, ...]:
        """The places where the modules that ran set a variable, in order."""
        return tuple(
            VariableWrite(shown(one.value, one.span), one.span, one.is_default)
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
                found.append(shown(value, source.span))
        return tuple(found)


class VariableWrite(Record):
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
    _fill(evaluator, made, node, names)
    return _evaluated(evaluator, made, node)


def _fill(evaluator: Evaluator, made: ModuleValue, node: ast.expr, names: Mapping[str, Value[object]]) -> None:
    """Give a module the names that an expression of it needs and that it does not hold yet."""
    module = made.module
    evaluator.frame = Frame(made, made.cells)
    from prodlint.deployment.evaluation.held_values import held_value

    for part in nodes_in(node):
        if isinstance(part, ast.Name) and part.id not in made.cells:
            value = names.get(part.id)
            if isinstance(value, Known | EnvDriven | JointlyDriven):
                made.cells[part.id] = held_value(evaluator, value)
                continue
            dotted = module.qualified_name(part)
            if dotted is not None:
                made.cells[part.id] = External(dotted)
            elif value is not None:
                made.cells[part.id] = Opaque(value.reason, value.span)
            elif module.bindings(part.id) or module.star_imports:
                made.cells[part.id] = Opaque("is bound by the module", module.span(part))


def _evaluated(evaluator: Evaluator, module: ModuleValue, node: ast.expr) -> Value[object]:
    if module.module is None:
        return Unknown(module.rest.reason if isinstance(module.rest, Opaque) else "its module cannot be read")
    span: Span = module.module.span(node)
    evaluator.frame = Frame(module, module.cells)
    evaluator.steps = max(evaluator.steps, 10_000)
    try:
        outcome = evaluator.branch(lambda: evaluator.expression(node))
    except (Exhausted, RecursionError):
        return Unknown("is too much to evaluate", span)
    if outcome.error is not None:
        return Unknown(f"cannot be computed: {outcome.error.kind}", span)
    return shown(outcome.value, span)
