"""Objects of pydantic-settings classes: what their fields hold is what pydantic's own rules say.

Those rules are told by `evaluation.pydantic_fields`, here they only meet the evaluated code: the variables that it
has written, the defaults that it computes, the arguments that it gives.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from prodlint.deployment.condition import NOWHERE
from prodlint.deployment.evaluation.domain import (
    ABSENT,
    ClassValue,
    External,
    InstanceValue,
    ListValue,
    OneOf,
    Opaque,
    is_marked,
)
from prodlint.deployment.evaluation.environment import repository_file, told_variable
from prodlint.deployment.evaluation.held_values import held_value
from prodlint.deployment.evaluation.machine import Call, Machine
from prodlint.deployment.evaluation.paths import text_of
from prodlint.deployment.evaluation.pydantic_checks import Sources, doubts_of, secrets_of
from prodlint.deployment.evaluation.pydantic_fields import Fields, Surroundings
from prodlint.deployment.evaluation.shown import shown
from prodlint.deployment.value import NO, Known, Unknown, Value
from prodlint.deployment.variables.env_read import EnvFileRead
from prodlint.deployment.variables.read_settings import SettingsClass, settings_class
from prodlint.syntax.env_dialect import Dialect
from prodlint.syntax.python_tree import nodes_in

__all__ = ["make_settings"]

_PLAIN = (ast.AnnAssign, ast.Assign, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Expr, ast.Pass)
# Arguments that say where an object looks for values.
_FOLLOWED = frozenset({"_env_file", "_env_file_encoding", "_secrets_dir"})
# Methods by which a class answers for its attributes itself.
_ANSWERING = frozenset({"__new__", "__getattribute__", "__getattr__", "__setattr__", "__call__"})


def make_settings(machine: Machine, cls: ClassValue, call: Call) -> InstanceValue | None:
    """An object of a settings class with its fields; None where pydantic's rules do not tell what it is."""
    described = settings_class(cls.node, cls.module.module, machine.repository)
    if described is None or call.is_open or call.arguments or not _is_followed(cls, described):
        return None
    machine.charge(50 + 5 * len(described.fields))
    # A text that does not fit its field is an error.
    machine.risk()
    own = {name: value for name, value in call.keywords.items() if name.startswith("_")}
    given = call.keywords.keys() - own.keys()
    values = Fields(described, _surroundings(machine, cls, call.node), _sources(machine, described, own, call.node))
    made = InstanceValue(cls, machine.born())
    for field in described.fields:
        if not own.keys() <= _FOLLOWED or field.name in given:
            value: object = machine.unknown("is given where the object is made", call.node)
        elif "validate_assignment" in described.config:
            # The class says what it holds; code that assigns to an object may come to something else.
            value = machine.unknown("is validated when it is assigned", call.node)
        elif _is_secret(field.annotation):
            value = Opaque("is a secret", field.read.span)
        else:
            value = held_value(machine, values[field.name])
        made.cells[field.name] = value
    # A field may be given by its alias.
    if not given <= set(values) - _aliased(described):
        machine.taint("is given where the object is made", call.node, made)
    return made


def _sources(machine: Machine, one: SettingsClass, own: Mapping[str, object], node: ast.AST) -> Sources:
    """The sources of an object, as the class and the arguments of its call name them."""
    files = one.files
    if "_env_file" in own:
        files = tuple(_env_file(machine, part, node) for part in _parts(own["_env_file"]))
    return Sources(files, _secrets(one, own.get("_secrets_dir")), doubts_of(one))


def _secrets(one: SettingsClass, given: object) -> tuple[str, ...] | None:
    """The folders in which an object may look for secrets: those that its call names, else those of the class."""
    choices = given.choices if isinstance(given, OneOf) else (given,)
    found: list[str] = []
    for choice in choices:
        folders = secrets_of(one) if choice is None else tuple(text_of(part) for part in _parts(choice))
        if folders is None or None in folders:
            return None
        found += [folder for folder in folders if folder is not None]
    return tuple(found)


def _parts(value: object) -> tuple[object, ...]:
    content = value.content if isinstance(value, ListValue) else value
    return content if isinstance(content, tuple) else () if content is None else (content,)


def _env_file(machine: Machine, value: object, node: ast.AST) -> EnvFileRead:
    """A file that a call names; one below the repository as if that were the root of all."""
    text, span = text_of(value), machine.span(node)
    path: Value[str] = Unknown("it is computed", span)
    if text is not None and is_marked(text):
        path = Known("/" + repository_file(machine, value), span)
    elif text is not None and not text.startswith("/"):
        path = Known(text, span)
    return EnvFileRead(path, Dialect.PYTHON_DOTENV, NO, span, "pydantic-settings")


def _aliased(one: SettingsClass) -> frozenset[str]:
    """Fields that are not given by their own name."""
    return frozenset(
        field.name for field in one.fields if isinstance(field.value, ast.Call) or _is_annotated(field.annotation)
    )


def _is_annotated(node: ast.expr | None) -> bool:
    return any(isinstance(part, ast.Call) for part in nodes_in(node)) if node is not None else False


def _is_secret(node: ast.expr | None) -> bool:
    """Whether it is an object that shows its text to those who ask for it only."""
    names = (getattr(part, "id", getattr(part, "attr", "")) for part in nodes_in(node)) if node is not None else ()
    return any(name.startswith("Secret") for name in names)


def _is_followed(cls: ClassValue, described: SettingsClass) -> bool:
    """Whether the class is what its description says: no other bases, no fields or attributes of another kind."""
    nodes = {id(node) for node, _ in described.nodes}
    fields = {field.name for field in described.fields}
    for base in cls.lineage:
        if isinstance(base, External):
            if not base.name.endswith(".BaseSettings"):
                return False
            continue
        if not isinstance(base, ClassValue) or id(base.node) not in nodes:
            return False
        if not all(isinstance(one, _PLAIN) for one in base.node.body) or not _ANSWERING.isdisjoint(base.cells):
            return False
        own = {name for name, one in base.annotations.items() if "ClassVar" not in ast.unparse(one.annotation)[:30]}
        if not {name for name in own if not name.startswith("_") and name != "model_config"} <= fields:
            return False
    return True


def _surroundings(machine: Machine, cls: ClassValue, node: ast.AST) -> Surroundings:
    def lookup(name: str) -> Value[str] | None:
        machine.charge()
        value = told_variable(machine, name, NOWHERE)
        if isinstance(value, Known) and not isinstance(value.value, str):
            return Unknown("is set to what is no text", value.span)
        return value  # type: ignore[return-value]

    def computed(name: str) -> Value[object] | None:
        for base in cls.lineage:
            value = base.cells.get(name, ABSENT) if isinstance(base, ClassValue) else ABSENT
            if value is not ABSENT and isinstance(base, ClassValue):
                return shown(value, base.place(name))
        return None

    written = [name for name in machine.variables if isinstance(name, str) and name]
    folder = machine.roots[0] if machine.roots else ""
    return Surroundings(machine.repository, lookup, (*machine.names, *written), folder, computed, machine.held.files)
