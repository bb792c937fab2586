"""What a name may hold while Python is evaluated: the plain values of Python, and what is only partly known.

Strings, numbers, booleans, None and tuples are Python's own. Lists, dictionaries and sets have an identity
(two names may share one) and are objects of this module; so are classes, functions and modules. Where
the environment decides stands a `Driven`, where nothing is known an `Opaque`.
"""

from __future__ import annotations

import ast
import enum
from collections.abc import Iterable, Mapping
from typing import Any, Final

from prodlint.deployment.value import Reading
from prodlint.record import Entity
from prodlint.source import Span

__all__ = [
    "ABSENT",
    "APP_CLASSES",
    "MARK",
    "RAISES",
    "UNSET",
    "AppValue",
    "Assigned",
    "BoundMethod",
    "Cells",
    "ClassValue",
    "ConfigValue",
    "CpuSet",
    "Cpus",
    "DictValue",
    "Driven",
    "External",
    "Fresh",
    "FunctionValue",
    "Gap",
    "InstanceValue",
    "IteratorValue",
    "Limited",
    "ListValue",
    "LoadedObject",
    "Method",
    "ModuleValue",
    "NamespaceValue",
    "ObjectValue",
    "OneOf",
    "Opaque",
    "PathValue",
    "Raised",
    "ReaderValue",
    "SetValue",
    "Told",
    "as_read",
    "as_text",
    "as_truth",
    "as_variable",
    "held_objects",
    "is_marked",
    "is_plain",
    "marked",
]

MARK: Final = "\ue000"
"""Stands in a string for the absolute path of the repository: no operation that would see its length is done."""


class _Marker(enum.Enum):
    ABSENT = "not there"
    RAISES = "an error"
    UNSET = "taken out of the environment"


ABSENT: Final = _Marker.ABSENT
"""What a name holds that is not bound, and a variable that is not set."""
RAISES: Final = _Marker.RAISES
"""The default of a value that cannot be computed without its variable: Python raises an error."""
UNSET: Final = _Marker.UNSET
"""What is noted of a variable that the evaluated code removed."""


class Raised(Exception):
    """The evaluated code raises an error, for certain; `kind` is the name of its class."""

    def __init__(self, kind: str, reason: str = "") -> None:
        super().__init__(kind)
        self.kind = kind
        self.reason = reason


class Opaque(Entity):
    """Something that is not known, and why. `holds` are the objects that may be reached through it."""

    reason: str
    span: Span | None = None
    holds: tuple[object, ...] = ()


class OneOf(Opaque):
    """One of some plain values, and nobody knows which."""

    choices: tuple[object, ...] = ()


class Limited(Opaque):
    """A number, or its text, that something outside decides within limits: the model's Bounded."""

    least: float = 0
    most: float | None = None


class Told(Opaque):
    """What is not known, but of which the model tells more than a reason: it may be the default of a variable."""


class Cpus(Told):
    """A number that is computed from the CPUs of the machine; the fields are those of the model's PerCpu."""

    formula: str = "CPUs"
    least: float = 1
    most: float | None = None


class CpuSet(Opaque):
    """The CPUs that a process may run on: `os.sched_getaffinity(0)`, of which there are as many as `Cpus` says."""


class Fresh(Told):
    """A text or a number that is another one in each process that runs the code; `maker` makes it."""

    maker: str = ""


class Driven(Entity):
    """Something that variables decide: `default` holds when none of `names` is set.

    `holds` are the objects that may be reached through it when one is. `is_variable` tells what a variable
    says, as it is or as a number, from what is made of it or depends on it; `reading` what is taken as it is.
    """

    names: frozenset[str]
    default: object
    span: Span | None = None
    holds: tuple[object, ...] = ()
    is_variable: bool = False
    reading: Reading | None = None


class Gap(Entity):
    """In a list or tuple: any number of elements that are not known, perhaps none.

    As the key of a dictionary: any number of further keys. When none of `names` is set, `default` stands there.
    """

    reason: str
    span: Span | None = None
    names: frozenset[str] = frozenset()
    default: tuple[object, ...] | None = None
    holds: tuple[object, ...] = ()


class Cells(dict[Any, object]):
    """Names with what they hold. `born` is its place in the order in which objects were made."""

    __slots__ = ("born",)

    def __init__(self, born: int) -> None:
        super().__init__()
        self.born = born


class ObjectValue:
    """Something with an identity. `content` is replaced as a whole, never changed in place."""

    __slots__ = ("born", "content")

    def __init__(self, content: Any, born: int) -> None:
        self.content: Any = content
        self.born = born


class ListValue(ObjectValue):
    """A list; `content` is the tuple of its elements, or an Opaque when they are no longer known."""

    __slots__ = ()


class DictValue(ObjectValue):
    """A dictionary; `content` maps plain keys, and perhaps a Gap, to values. Or it is an Opaque.

    `place` is where its display is written, None for one that a call makes.
    """

    __slots__ = ("place",)

    def __init__(self, content: Any, born: int) -> None:
        super().__init__(content, born)
        self.place: Span | None = None


class SetValue(ObjectValue):
    """A set; `content` is the frozenset of its plain members and Opaques. Or it is an Opaque."""

    __slots__ = ()


class IteratorValue(Entity):
    """Something that is iterated over where it is made and not kept: a generator, the keys of a dictionary."""

    parts: tuple[object, ...]


class PathValue(Entity):
    """A `pathlib.Path`; the text is marked where it lies below the repository."""

    text: str


class External(Entity):
    """What a dotted name outside of the repository stands for: `os.environ`, `builtins.int`."""

    name: str


class Method(Entity):
    """A method of a value that Python itself defines: `"".join`."""

    owner: object
    name: str


class ReaderValue(Entity):
    """An object of a library that reads the environment: `environ.Env(DEBUG=(bool, False))`."""

    library: str
    options: Cells


class ModuleValue:
    """A module of the repository: `cells` maps its names to what they hold.

    `rest` is an Opaque once names may be bound that no statement spells.
    """

    __slots__ = ("born", "cells", "dotted", "module", "path", "reads", "rest", "state", "writes")

    def __init__(self, path: str, dotted: str, module: Any, born: int) -> None:
        self.path = path
        self.dotted = dotted
        self.module = module
        self.born = born
        self.cells = Cells(born)
        self.writes: dict[str, tuple[Span, ...]] = {}
        self.reads: dict[str, frozenset[str]] = {}
        self.rest: object = None
        self.state = "new"


class Assigned(Entity):
    """A variable that the evaluated code sets, or sets unless it is set already (`is_default`)."""

    name: str
    value: object
    span: Span
    is_default: bool


class ConfigValue:
    """The configuration of a Flask app: `cells` maps its keys to what they hold.

    `rest` is an Opaque once there may be keys that no statement spells. `places` are the last writes, `loaded`
    the objects that it was filled from.
    """

    __slots__ = ("born", "cells", "loaded", "places", "rest")

    def __init__(self, born: int) -> None:
        self.born = born
        self.cells = Cells(born)
        self.rest: object = None
        self.places: dict[str, Span] = {}
        self.loaded: list[LoadedObject] = []


class LoadedObject(Entity):
    """An object that filled a configuration: its dotted name, None when not known; `names` may choose another."""

    label: str | None
    names: frozenset[str]
    span: Span
    path: str = ""


APP_CLASSES = frozenset({"flask.Flask", "flask.app.Flask", "apiflask.APIFlask", "quart.Quart", "quart.app.Quart"})
"""The classes of Flask's apps, and of those that are made and configured like them."""


class AppValue:
    """A Flask app, made at `span`; its files are looked for in `folder`. `cls` is its class, if the project has one."""

    __slots__ = ("cls", "config", "folder", "is_relative", "span")

    def __init__(
        self, config: ConfigValue, folder: str, is_relative: bool, span: Span, cls: ClassValue | None = None
    ) -> None:
        self.cls = cls
        self.config = config
        self.folder = folder
        self.is_relative = is_relative
        self.span = span


class NamespaceValue(Entity):
    """`globals()`, or `locals()` at the level of a module."""

    module: ModuleValue


class FunctionValue(Entity):
    """A function or lambda of the repository, with the names around it and its evaluated defaults."""

    node: ast.FunctionDef | ast.Lambda
    scope: Any
    defaults: Mapping[str, object]
    kind: str = "function"


class BoundMethod(Entity):
    """A function of a class, asked for on one of its objects."""

    function: FunctionValue
    owner: object


class ClassValue:
    """A class of the repository. `bases` are ClassValues and Externals; its MRO is `lineage`."""

    __slots__ = ("annotations", "bases", "cells", "is_dataclass", "lineage", "module", "name", "node")

    def __init__(self, node: ast.ClassDef, module: ModuleValue, bases: tuple[object, ...], born: int) -> None:
        self.name = node.name
        self.node = node
        self.module = module
        self.bases = bases
        self.cells = Cells(born)
        self.annotations: dict[str, ast.AnnAssign] = {}
        self.is_dataclass = False
        self.lineage: tuple[object, ...] = (self,)

    def place(self, name: str) -> Span:
        """Where the body of the class binds a name last; the class itself where that is not plain to see."""
        for node in reversed(self.node.body):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            if any(isinstance(one, ast.Name) and one.id == name for one in targets):
                return self._span(node)
        return self._span(self.node)

    def _span(self, node: ast.AST) -> Span:
        found: Span = self.module.module.span(node)
        return found


class InstanceValue:
    """An object of a class of the repository; `cells` are its own attributes."""

    __slots__ = ("cells", "cls")

    def __init__(self, cls: ClassValue, born: int) -> None:
        self.cls = cls
        self.cells = Cells(born)


# Of tuples within tuples.
_DEEPEST = 8
_PLAIN = (str, int, float, bytes, complex, range, frozenset, type(None), type(Ellipsis))


def as_variable(value: object, read: object) -> object:
    """A value that says what a read variable says: `int(read)`, `read or 8000`."""
    if not isinstance(value, Driven) or not isinstance(read, Driven) or not read.is_variable:
        return value
    return Driven(value.names, value.default, value.span, value.holds, value.names == read.names)


def as_text(value: object, read: object) -> object:
    """A value that is the text that a variable holds, where what was read is one: `read.strip()`, `read or "no"`."""
    reading = read.reading if isinstance(read, Driven) else None
    return as_read(as_variable(value, read), read, reading)


def as_truth(value: object, read: object) -> object:
    """Whether a text that was read is empty: `bool(read)`."""
    return as_read(value, read, Reading.TRUTH if isinstance(read, Driven) and read.reading else None)


def as_read(value: object, read: object, reading: Reading | None) -> object:
    """A value that is taken of a variable as it is."""
    if not isinstance(value, Driven) or not isinstance(read, Driven) or value.names != read.names:
        return value
    return Driven(value.names, value.default, value.span, value.holds, value.is_variable, reading)


def is_plain(value: object) -> bool:
    """Whether a value is one of Python's own that has no parts and never changes."""
    return isinstance(value, _PLAIN)


def marked(path: str) -> str:
    """The absolute path of something in the repository, as a marked string."""
    return f"/{MARK}/{path}" if path else f"/{MARK}"


def is_marked(value: object) -> bool:
    """Whether a string depends on where the repository lies."""
    return isinstance(value, str) and MARK in value


def held_objects(values: Iterable[object]) -> tuple[object, ...]:
    """The objects with an identity that can be reached at once from some values."""
    found: dict[int, object] = {}
    _add_held(values, found, 0)
    return tuple(found.values())


def _add_held(values: Iterable[object], found: dict[int, object], depth: int) -> None:
    for value in values:
        # Most values are plain, or names of other packages.
        if value is None or isinstance(value, (str, External)):
            continue
        if isinstance(value, (ObjectValue, ClassValue, InstanceValue, NamespaceValue)):
            found[id(value)] = value
        elif isinstance(value, tuple):
            if depth < _DEEPEST:
                _add_held(value, found, depth + 1)
        elif isinstance(value, IteratorValue):
            _add_held((value.parts,), found, depth + 1)
        elif isinstance(value, (Opaque, Gap, Driven)):
            found.update((id(one), one) for one in value.holds)
            if not isinstance(value, Opaque):
                _add_held((value.default,), found, depth + 1)
        elif isinstance(value, (Method, BoundMethod)):
            _add_held((value.owner,), found, depth + 1)
