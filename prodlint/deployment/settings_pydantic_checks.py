"""What a settings class does to its own fields: validators, sources of its own, arguments of its calls.

Only what leaves a field alone for certain counts as harmless: a field with a validator of its own is not known.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from prodlint.deployment.env_read_settings import SettingsClass
from prodlint.syntax.python import PythonModule

__all__ = ["doubts_of"]

_ALL = "*"
_OF_FIELDS = frozenset({"field_validator", "validator"})
_OF_MODELS = frozenset({"model_validator", "root_validator"})
# Methods that change where values come from, or what is made of them.
_OWN = frozenset({"settings_customise_sources", "customise_sources", "__init__", "__new__", "model_post_init"})
_CHANGING = frozenset({"update", "setdefault", "pop", "setattr", "__setattr__", "model_copy", "clear", "popitem"})


def doubts_of(one: SettingsClass) -> dict[str, str]:
    """By field, or `*` for all of them, why what its variable says need not be what it holds."""
    found: dict[str, str] = {}
    for node, _ in one.nodes:
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                found.update(_of_method(statement))
            elif isinstance(statement, ast.ClassDef) and statement.name == "Config":
                found.update(
                    dict.fromkeys([_ALL] * bool(_own_methods(statement)), "its Config takes values from elsewhere")
                )
    if "secrets_dir" in one.config:
        found[_ALL] = "may come from a file of secrets"
    if "alias_generator" in one.config:
        found[_ALL] = "is read by a name that is computed"
    found.update(_arguments(one.node.name, one.module))
    return found


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
    for node in ast.walk(method):
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
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != name:
            continue
        for keyword in node.keywords:
            if keyword.arg is None or keyword.arg.startswith("_"):
                yield _ALL, "may be given where the object is made"
            else:
                yield keyword.arg, "may be given where the object is made"
        if node.args:
            yield _ALL, "may be given where the object is made"
