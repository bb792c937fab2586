"""What a settings class does to its own fields: validators, sources of its own, arguments of its calls.

Only what leaves a field alone for certain counts as harmless: a field with a validator of its own is not known.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from prodlint.deployment.variables.env_read import EnvFileRead
from prodlint.deployment.variables.read_settings import SettingsClass
from prodlint.record import Entity
from prodlint.syntax.python import PythonModule, literal
from prodlint.syntax.python_tree import nodes_in

__all__ = ["Sources", "doubts_of", "secrets_of", "sources_of"]

_ALL = "*"
_OF_FIELDS = frozenset({"field_validator", "validator"})
_OF_MODELS = frozenset({"model_validator", "root_validator"})
# Parts of `Annotated` that test a value, or say how it is read, and leave it as it is.
_TESTING = frozenset("Field NoDecode ForceDecode Gt Ge Lt Le Len MinLen MaxLen MultipleOf Doc".split())
# Entries of a configuration by which all values come from elsewhere or become others, and what to say of them.
_CONFIGURED = {
    "alias_generator": "is read by a name that is computed",
    "cli_parse_args": "may come from the command line",
    "env_parse_none_str": "may be a text that stands for None",
    "validate_default": "has a default that is not validated",
    **dict.fromkeys(
        (
            "str_strip_whitespace",
            "str_to_lower",
            "str_to_upper",
            "anystr_strip_whitespace",
            "anystr_lower",
            "anystr_upper",
        ),
        "is changed as all texts are",
    ),
}
# Methods that change where values come from, or what is made of them.
_OWN = frozenset({"settings_customise_sources", "customise_sources", "__init__", "__new__", "model_post_init"})
_CHANGING = frozenset({"update", "setdefault", "pop", "setattr", "__setattr__", "model_copy", "clear", "popitem"})


class Sources(Entity):
    """Where an object looks beside the variables, and by field, or `*` for all, why these need not be what it holds.

    `secrets` are the folders whose files hold a value each, None where it is not known which.
    """

    env_files: tuple[EnvFileRead, ...]
    secrets: tuple[str, ...] | None
    doubts: Mapping[str, str]


def sources_of(one: SettingsClass) -> Sources:
    """The sources of the objects of a class, whatever the calls of its own module give them."""
    return Sources(one.files, secrets_of(one), {**doubts_of(one), **dict(_arguments(one.node.name, one.module))})


def secrets_of(one: SettingsClass) -> tuple[str, ...] | None:
    """The folders of secrets that a class names itself."""
    node = one.config.get("secrets_dir")
    held = literal(node) if node is not None else None
    folders = held if isinstance(held, list | tuple) else () if held is None else (held,)
    return tuple(folders) if all(isinstance(folder, str) for folder in folders) else None


def doubts_of(one: SettingsClass) -> dict[str, str]:
    """What of the class itself makes its fields doubtful: by field, or `*` for all of them, with the reason."""
    found: dict[str, str] = {}
    for node, _ in one.nodes:
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                found.update(_of_method(statement))
            elif isinstance(statement, ast.ClassDef) and statement.name == "Config":
                found.update(
                    dict.fromkeys([_ALL] * bool(_own_methods(statement)), "its Config takes values from elsewhere")
                )
    for name, reason in _CONFIGURED.items():
        entry = one.config.get(name)
        usual = (None, name == "validate_default")
        if entry is not None and not any(literal(entry) is held for held in usual):
            found[_ALL] = reason
    for field in one.fields:
        if field.annotation is not None and any(_changes(part) for part in nodes_in(field.annotation)):
            found[field.name] = "may be changed by what its annotation says"
    return found


def _changes(node: ast.AST) -> bool:
    """Whether it is an `Annotated` with more than tests: `Annotated[str, AfterValidator(f)]`."""
    if not isinstance(node, ast.Subscript) or _name(node.value) != "Annotated":
        return False
    parts = node.slice.elts[1:] if isinstance(node.slice, ast.Tuple) else []
    names = (_name(part.func if isinstance(part, ast.Call) else part) for part in parts if _is_said(part))
    return any(name not in _TESTING for name in names)


def _is_said(node: ast.expr) -> bool:
    """Whether it is more than a remark."""
    return not isinstance(node, ast.Constant)


def _own_methods(node: ast.ClassDef) -> list[str]:
    """`*` where a configuration of pydantic 1 has methods that take part in reading."""
    methods = [one.name for one in node.body if isinstance(one, ast.FunctionDef)]
    return [_ALL] if any(name in (*_OWN, "parse_env_var") for name in methods) else []


def _of_method(method: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, str]:
    if method.name in _OWN:
        return {_ALL: f"{method.name} may set it"}
    found: dict[object, str] = {}
    for decorator in method.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else None
        name = _name(call.func if call is not None else decorator)
        if name in _OF_FIELDS and call is not None:
            reason = f"the validator {method.name} may change it"
            found.update({one.value if isinstance(one, ast.Constant) else _ALL: reason for one in call.args})
        elif name in _OF_MODELS:
            found.update(dict.fromkeys(_written(method), f"the validator {method.name} may change it"))
    return {str(field): reason for field, reason in found.items()}


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _written(method: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """The fields that a validator of the whole writes; `*` unless it returns what it is given and sets these alone."""
    names = {one.arg for one in method.args.args}
    found: set[str] = set()
    for node in nodes_in(method):
        if isinstance(node, ast.Return) and not (isinstance(node.value, ast.Name) and node.value.id in names):
            return {_ALL}
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            if not isinstance(node.value, ast.Name) or node.value.id != "self":
                return {_ALL}
            found.add(node.attr)
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            return {_ALL}
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in names:
            return {_ALL}
        if isinstance(node, ast.Call) and _name(node.func) in _CHANGING:
            return {_ALL}
    return found


def _arguments(name: str, module: PythonModule) -> Iterator[tuple[str, str]]:
    """Fields that a call of the class in its own module gives."""
    for node in module.nodes:
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != name:
            continue
        for keyword in node.keywords:
            if keyword.arg is None or keyword.arg.startswith("_"):
                yield _ALL, "may be given where the object is made"
            else:
                yield keyword.arg, "may be given where the object is made"
        if node.args:
            yield _ALL, "may be given where the object is made"
