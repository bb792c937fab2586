"""What the fields of pydantic-settings classes hold in a service: environment, `.env` file, default, cast.

Rules: pydantic-settings' documentation, "Field value priority", and the catalogue's configuration page, 2.5
(measured with pydantic-settings 2.16.3); real pydantic is asked in the tests. A secret is its text here.
"""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from prodlint.deployment.app import locate_module
from prodlint.deployment.condition import NOWHERE
from prodlint.deployment.env_read_settings import SettingsClass, SettingsField, settings_classes
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.evaluation.interpreter import Interpreter
from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.service import Service
from prodlint.deployment.settings_found import AppSettings, SettingsSource
from prodlint.deployment.settings_installed import installed_in
from prodlint.deployment.settings_pydantic_checks import doubts_of
from prodlint.deployment.settings_start import Start
from prodlint.deployment.value import EnvDriven, Known, Unknown, Value
from prodlint.regex import regex
from prodlint.source import Span, SyntaxProblem
from prodlint.syntax.dotenv_dialects import Dialect, read_env_file
from prodlint.syntax.python import NOT_LITERAL, literal

__all__ = ["pydantic_settings"]

_TELLING = regex(rb"BaseSettings|\bclass\s+\w+\s*\(\s*[\w.]*Settings\b")
_MOST_FILES = 200
_TRUE = frozenset({"1", "t", "true", "y", "yes", "on"})
_FALSE = frozenset({"0", "f", "false", "n", "no", "off"})
_INTEGER = regex(r"[+-]?\d{1,18}")
_FLOAT = regex(r"[+-]?(\d{1,18}\.\d{0,18}|\.?\d{1,18})(e[+-]?\d{1,2})?")
_LISTS = ("list", "List", "Sequence")


def pydantic_settings(service: Service, start: Start, repository: Repository) -> tuple[AppSettings, ...]:
    """The settings classes that the code of a service imports, each with what its fields hold."""
    telling = _telling_files(repository)
    found: list[AppSettings] = []
    for path in _imported(start, telling, repository):
        module = repository.python(path)
        if module is not None:
            found += [_settings(one, path, service, start, repository) for one in settings_classes(module, repository)]
    return tuple(found)


@per_repository
def _telling_files(repository: Repository) -> frozenset[str]:
    return frozenset(path for path in repository.python_files if _tells(path, repository))


def _tells(path: str, repository: Repository) -> bool:
    """Whether a file of production may hold a settings class."""
    if environment_of(path) in (Environment.TEST, Environment.DEVELOPMENT):
        return False
    return _TELLING.search(repository.data(path) or b"") is not None


def _imported(start: Start, wanted: frozenset[str], repository: Repository) -> Iterator[str]:
    """Those of some files that a process imports, in the order in which they are found; not those of functions."""
    if not wanted:
        return
    roots = (*start.roots, "")
    waiting = [module.path for module in start.modules]
    seen = set(waiting)
    missing = set(wanted)
    for path in waiting:
        if path in wanted:
            missing.discard(path)
            yield path
        if not missing or len(seen) >= _MOST_FILES:
            continue
        module = repository.python(path)
        for one in module.imports if module is not None else ():
            names = [one.module] if one.name in (None, "*") else [one.module, f"{one.module}.{one.name}"]
            # The packages around a module run first.
            parts = [name.split(".") for name in names]
            dotted = dict.fromkeys(".".join(part[:count]) for part in parts for count in range(1, len(part) + 1))
            for name in dotted:
                other = locate_module(repository, roots, name)
                if other is not None and other not in seen:
                    seen.add(other)
                    waiting.append(other)


def _settings(one: SettingsClass, path: str, service: Service, start: Start, repository: Repository) -> AppSettings:
    root = next((root for root in start.roots if not root or path.startswith(f"{root}/")), "")
    dotted = path[len(root) :].lstrip("/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    span = one.module.span(one.node)
    name = f"{dotted}.{one.node.name}"
    values = _Fields(one, path, dotted, service, start, repository)
    source = SettingsSource(Known(name, span), span, f"class in {path}")
    return AppSettings(
        "pydantic-settings", Known(name, span), path, source.origin, span, (source,), values, start.roots
    )


class _Fields(Mapping[str, Value[object]]):
    """The fields of a class, each worked out when somebody asks."""

    def __init__(
        self, one: SettingsClass, path: str, dotted: str, service: Service, start: Start, repository: Repository
    ) -> None:
        self._class = one
        self._path = path
        self._dotted = dotted
        self._service = service
        self._start = start
        self._repository = repository
        self._fields = {field.name: field for field in one.fields}
        self._doubts = doubts_of(one)
        names = Counter(name for field in one.fields for name in (field.read.name, *field.read.alternatives))
        self._shared = frozenset(name for name, count in names.items() if count > 1)
        self._evaluated: Mapping[str, Value[object]] | None = None

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __getitem__(self, name: str) -> Value[object]:
        field = self._fields[name]
        reason = self._doubts.get(name) or self._doubts.get("*")
        if reason is None and not self._shared.isdisjoint((field.read.name, *field.read.alternatives)):
            # What one field finds under its second name is given to the others under its first.
            reason = "shares a name with another field"
        if reason is not None:
            return Unknown(reason, field.read.span)
        return self._value(field)

    def _value(self, field: SettingsField) -> Value[object]:
        names = (field.read.name, *field.read.alternatives)
        driven = None
        for name in names:
            value = self._variable(name, field.read.case_sensitive)
            if isinstance(value, Known) and not (value.value == "" and self._ignores_empty):
                return self._cast(field, value.value, value.span)
            if isinstance(value, Unknown):
                return value
            if isinstance(value, EnvDriven):
                driven = driven or (name, value.default)
        if driven is None and self._class.files:
            driven = (names[0], None)
        if driven is None:
            return self._default(field)
        name, text = driven
        text = self._in_files(names, field.read.case_sensitive) if text is None else text
        default = self._default(field) if text is None else self._cast(field, text, field.read.span)
        if isinstance(default, Known):
            return EnvDriven(name, default.value, field.read.span)
        if isinstance(default, EnvDriven) and default.name == name and not default.is_required:
            return EnvDriven(name, default.default, field.read.span)
        if isinstance(default, EnvDriven) and default.is_required:
            return EnvDriven(name, None, field.read.span, is_required=True)
        return Unknown(default.reason if isinstance(default, Unknown) else f"depends on {name}", field.read.span)

    @property
    def _ignores_empty(self) -> bool:
        node = self._class.config.get("env_ignore_empty")
        return node is not None and literal(node) is not False

    def _variable(self, name: str, is_sensitive: bool) -> Value[str] | None:
        variables = self._start.variables
        if not is_sensitive:
            # The last spelling wins where several are set.
            spelt = [one for one in variables.names if one.upper() == name.upper()]
            name = spelt[-1] if spelt else name
        return self._start.lookup(name)

    def _in_files(self, names: tuple[str, ...], is_sensitive: bool) -> str | None:
        """What the `.env` files of the repository say, the last file first."""
        wanted = names if is_sensitive else tuple(name.upper() for name in names)
        for file in reversed(self._class.files):
            path = normal_path(self._root, file.path.value) if isinstance(file.path, Known) else ""
            source = self._repository.source(path) if path in self._repository.paths else None
            try:
                lines = read_env_file(source, Dialect.PYTHON_DOTENV) if source is not None else ()
            except SyntaxProblem:
                continue
            for name in wanted:
                for line in reversed(lines):
                    if (line.name if is_sensitive else line.name.upper()) == name and line.value is not None:
                        return line.value.literal
        return None

    @property
    def _root(self) -> str:
        return self._start.roots[0] if self._start.roots else ""

    def _default(self, field: SettingsField) -> Value[object]:
        read = field.read
        default = read.default
        if default is None:
            return EnvDriven(read.name, None, read.span, is_required=True)
        if isinstance(default, Unknown):
            default = self._computed(field, default)
        if not isinstance(default, Known) or self._class.is_old or default.value is None:
            return default
        # BaseSettings validates its defaults too.
        return _checked(field, default.value, default.span)

    def _computed(self, field: SettingsField, default: Unknown) -> Value[object]:
        """A default that is an expression, as the class holds it."""
        if isinstance(field.value, ast.Call) and getattr(field.value.func, "id", "") == "Field":
            return default
        if self._evaluated is None:
            start = self._start
            interpreter = Interpreter(
                self._repository,
                start.roots,
                start.lookup,
                start.argv,
                installed_in(self._service),
                start.place.files,
            )
            names = interpreter.run(self._path, self._dotted)
            self._evaluated = names.of_class(self._class.node.name) or {}
        return self._evaluated.get(field.name, default)

    def _cast(self, field: SettingsField, text: str, span: Span | None) -> Value[object]:
        return _checked(field, text, span or NOWHERE, is_text=True)


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
    elif kind == "json" and _is_list_of_texts(field.annotation):
        made = _texts(value, is_text)
    if made is NOT_LITERAL:
        return Unknown(f"is made into a {kind} by pydantic", span)
    return Known(made, span)


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
