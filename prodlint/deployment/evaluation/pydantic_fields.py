"""What the fields of a pydantic-settings class hold, given the variables that it finds: environment, `.env`, default.

Rules: pydantic-settings' documentation, "Field value priority", and the catalogue's configuration page, 2.5
(measured with pydantic-settings 2.16.3); real pydantic is asked in the tests. A secret is its text here.
"""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from prodlint.deployment.condition import Lookup
from prodlint.deployment.evaluation.pydantic_checks import Sources
from prodlint.deployment.filemap import CHECKOUT, FileMap
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.value import EnvDriven, JointlyDriven, Known, PerCpu, PerProcess, Unknown, Value
from prodlint.deployment.variables.read_settings import SettingsClass, SettingsField
from prodlint.record import Entity, replace
from prodlint.regex import regex
from prodlint.source import Span, SyntaxProblem
from prodlint.syntax.env_dialect import Dialect
from prodlint.syntax.python import NOT_LITERAL, literal
from prodlint.syntax.python_tree import nodes_in

if TYPE_CHECKING:
    from prodlint.syntax.dotenv_dialects import EnvLine

__all__ = ["Fields", "Surroundings"]

_TRUE = frozenset({"1", "t", "true", "y", "yes", "on"})
_FALSE = frozenset({"0", "f", "false", "n", "no", "off"})
_INTEGER = regex(r"[+-]?\d{1,18}")
_FLOAT = regex(r"[+-]?(\d{1,18}\.\d{0,18}|\.?\d{1,18})(e[+-]?\d{1,2})?")
_LISTS = ("list", "List", "Sequence")


class Surroundings(Entity):
    """What a class finds where an object of it is made.

    `names` are the variables that are set, as they are spelt; `folder` is where its `.env` files are looked for.
    `computed` tells what the class holds as the default of a field that is no literal, `files` what the process sees.
    """

    repository: Repository
    lookup: Lookup
    names: tuple[str, ...]
    folder: str
    computed: Callable[[str], Value[object] | None]
    files: FileMap = CHECKOUT


class Fields(Mapping[str, Value[object]]):
    """The fields of a class, each worked out when somebody asks."""

    def __init__(self, one: SettingsClass, around: Surroundings, sources: Sources) -> None:
        self._class = one
        self._around = around
        self._sources = sources
        self._fields = {field.name: field for field in one.fields}
        names = Counter(name for field in one.fields for name in (field.read.name, *field.read.alternatives))
        self._shared = frozenset(name for name, count in names.items() if count > 1)
        self._lines: tuple[tuple[EnvLine, ...], ...] | None = None

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __getitem__(self, name: str) -> Value[object]:
        field = self._fields[name]
        doubts = self._sources.doubts
        reason = doubts.get(name) or doubts.get("*")
        if reason is None and not self._shared.isdisjoint((field.read.name, *field.read.alternatives)):
            # What one field finds under its second name is given to the others under its first.
            reason = "shares a name with another field"
        if reason is not None:
            return Unknown(reason, field.read.span)
        return self._value(field)

    def _value(self, field: SettingsField) -> Value[object]:
        names = (field.read.name, *field.read.alternatives)
        deciding: list[EnvDriven[str]] = []
        text: str | None = None
        place = field.read.span
        for name in names:
            value = self._variable(name, field.read.case_sensitive)
            if isinstance(value, Unknown):
                return value
            if isinstance(value, EnvDriven):
                deciding.append(value)
                text = value.default
            elif value is not None:
                text = value.value
            text = None if text == "" and self._ignores_empty else text
            if text is not None:
                place = value.span if isinstance(value, Known) else place
                break
        if text is None and self._sources.env_files:
            deciding += [EnvDriven(name, None, place) for name in names]
            found = self._in_files(names, field.read.case_sensitive)
            if isinstance(found, Unknown):
                return found
            text = found
        if text is None and not self._has_no_secrets:
            return Unknown("may come from a file of secrets", field.read.span)
        held = self._default(field) if text is None else _checked(field, text, place, is_text=True)
        return _decided(held, deciding, field.read.span) if deciding else held

    @cached_property
    def _has_no_secrets(self) -> bool:
        """Whether there are certainly no files that hold a value each."""
        folders = self._sources.secrets
        return folders is not None and all(self._around.files.is_bare(folder) for folder in folders)

    @property
    def _ignores_empty(self) -> bool:
        node = self._class.config.get("env_ignore_empty")
        return node is not None and literal(node) is not False

    def _variable(self, name: str, is_sensitive: bool) -> Value[str] | None:
        if not is_sensitive:
            # The last spelling wins where several are set.
            spelt = [one for one in self._around.names if one.upper() == name.upper()]
            name = spelt[-1] if spelt else name
        return self._around.lookup(name)

    def _in_files(self, names: tuple[str, ...], is_sensitive: bool) -> str | Unknown | None:
        """What the `.env` files of the repository say, the last file first."""
        wanted = names if is_sensitive else tuple(name.upper() for name in names)
        if self._lines is None:
            self._lines = tuple(self._read_files())
        for lines in self._lines:
            for name in wanted:
                for line in reversed(lines):
                    if (line.name if is_sensitive else line.name.upper()) == name and line.value is not None:
                        text = line.value.literal
                        return Unknown("is computed in a .env file", line.span) if text is None else text
        return None

    def _read_files(self) -> Iterator[tuple[EnvLine, ...]]:
        repository = self._around.repository
        from prodlint.syntax.dotenv_dialects import read_env_file

        for file in reversed(self._sources.env_files):
            path = normal_path(self._around.folder, file.path.value) if isinstance(file.path, Known) else ""
            # The `.env` of a desk is seldom copied to an image.
            is_there = path in repository.paths and self._around.files.holds(path)
            source = repository.source(path) if is_there else None
            try:
                yield tuple(read_env_file(source, Dialect.PYTHON_DOTENV)) if source is not None else ()
            except SyntaxProblem:
                continue

    def _default(self, field: SettingsField) -> Value[object]:
        read = field.read
        default = read.default
        if default is None:
            return EnvDriven(read.name, None, read.span, is_required=True)
        if isinstance(default, Unknown):
            default = self._computed(field, default)
        held = default.value if isinstance(default, Known) else getattr(default, "default", None)
        if self._class.is_old or held is None or isinstance(held, PerCpu | PerProcess):
            return default
        # BaseSettings validates its defaults too.
        made = _checked(field, held, default.span or read.span)
        if isinstance(default, EnvDriven | JointlyDriven) and isinstance(made, Known):
            return replace(default, default=made.value)
        return made

    def _computed(self, field: SettingsField, default: Unknown) -> Value[object]:
        """A default that is an expression, as the class holds it."""
        found = self._around.computed(field.name)
        return default if found is None else found


def _decided(held: Value[object], deciding: list[EnvDriven[str]], span: Span) -> Value[object]:
    """What some variables decide, with what holds when none of them is set."""
    names = list(dict.fromkeys(one.name for one in deciding))
    form = "" if all(one.is_variable for one in deciding) else None
    if isinstance(held, EnvDriven) and held.is_required:
        return EnvDriven(names[0], None, span, is_required=True, form=form)
    default = held.value if isinstance(held, Known) else held
    if isinstance(held, EnvDriven | JointlyDriven):
        # The class itself asks for more variables.
        more = held.names if isinstance(held, JointlyDriven) else (held.name,)
        names += [name for name in more if name not in names]
        default = held.default
    elif isinstance(held, Unknown) and not isinstance(held, PerCpu | PerProcess):
        return Unknown(held.reason, span)
    if len(names) == 1:
        return EnvDriven(names[0], default, span, form=form)
    names.sort()
    return JointlyDriven(f"depends on {' and '.join(names[:3])}", span, tuple(names), default)


def _checked(field: SettingsField, value: object, span: Span, is_text: bool = False) -> Value[object]:
    """A value as pydantic makes it what the annotation says; a text of the environment is decoded first."""
    kind = field.read.cast
    made: Any = NOT_LITERAL
    if (kind in ("str", "text") and isinstance(value, str)) or (kind == "bool" and isinstance(value, bool)):
        made = value
    elif kind == "bool" and isinstance(value, str):
        text = value.lower()
        made = True if text in _TRUE else False if text in _FALSE else NOT_LITERAL
    elif kind == "int" and isinstance(value, int) and not isinstance(value, bool):
        made = value
    elif kind == "int" and isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        made = int(value.strip())
    elif kind == "float" and isinstance(value, int | float) and not isinstance(value, bool):
        made = float(value)
    elif kind == "float" and isinstance(value, str) and _FLOAT.fullmatch(value.strip()):
        made = float(value.strip())
    elif kind == "literal" and isinstance(value, str) and value in _choices(field.annotation):
        made = value
    elif kind == "json" and _is_list_of_texts(field.annotation):
        made = _texts(value, is_text)
    if made is NOT_LITERAL:
        return Unknown(f"is made into a {kind} by pydantic", span)
    return Known(made, span)


def _choices(node: ast.expr | None) -> tuple[object, ...]:
    """What `Literal["a", "b"]` lists, in an `Optional` too."""
    for part in nodes_in(node) if node is not None else ():
        if isinstance(part, ast.Subscript) and getattr(part.value, "id", getattr(part.value, "attr", "")) == "Literal":
            held = literal(part.slice)
            return held if isinstance(held, tuple) else (held,)
    return ()


def _is_list_of_texts(node: ast.expr | None) -> bool:
    if isinstance(node, ast.BinOp) and isinstance(node.right, ast.Constant) and node.right.value is None:
        node = node.left
    if isinstance(node, ast.Subscript) and getattr(node.value, "id", "") == "Optional":
        node = node.slice
    is_list = isinstance(node, ast.Subscript) and getattr(node.value, "id", "") in _LISTS
    return is_list and isinstance(node, ast.Subscript) and getattr(node.slice, "id", "") == "str"


def _texts(value: object, is_text: bool) -> object:
    if is_text and isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return NOT_LITERAL
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return value
    return NOT_LITERAL
