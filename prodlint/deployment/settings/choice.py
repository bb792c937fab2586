"""Which of several settings classes a program makes: bases that are never made are left out, a table chooses.

`environments = {Kind.prod: Prod, Kind.dev: Dev}` with `environments[Base().kind]()` makes the class whose key is the
default of that field, unless the variable of the field is set.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from prodlint.deployment.condition import Lookup
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import EnvDriven, Known, Unknown
from prodlint.deployment.variables.read_settings import SettingsClass, SettingsField
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.syntax.python import PythonModule
from prodlint.syntax.python_tree import children_of

__all__ = ["Choice", "made_classes"]

_MOST_CLASSES = 50
_HUMP = regex(r"(?<=[a-z0-9])(?=[A-Z])")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Choice(Record):
    """A settings class that a program makes objects of; `variable` is set where another one may be made instead."""

    made: SettingsClass
    variable: str = ""


def made_classes(found: Sequence[SettingsClass], repository: Repository, lookup: Lookup) -> tuple[Choice, ...]:
    """Those of some classes that a program makes objects of; `lookup` is what it finds in its environment."""
    if len(found) < 2 or len(found) > _MOST_CLASSES:
        return tuple(Choice(one) for one in found)
    extended = {node for one in found for node, _ in one.nodes if node is not one.node}
    names = {one.node.name.encode() for one in found}
    modules = [
        module
        for path in repository.python_files
        if environment_of(path) not in (Environment.TEST, Environment.DEVELOPMENT)
        and any(name in (repository.data(path) or b"") for name in names)
        and (module := repository.python(path)) is not None
    ]
    used = {name for module in modules for name in _used(module)}
    made = [one for one in found if one.node not in extended or _dotted_of(one) in used]
    kept = [one for one in made if not _is_for_tests(one)] or made
    chosen = next((choice for module in modules for choice in _tables(module, modules, kept, found, lookup)), None)
    if chosen is None:
        return tuple(Choice(one) for one in kept)
    choice, others = chosen
    below = {node for node, _ in choice.made.nodes}
    return tuple(
        choice if one is choice.made else Choice(one)
        for one in kept
        if one is choice.made or (one not in others and one.node not in below)
    )


def _is_for_tests(one: SettingsClass) -> bool:
    """Whether a class is called one for tests: `TestConfig`, `SettingsForTests`."""
    return environment_of(_HUMP.sub("-", one.node.name)) is Environment.TEST


def _dotted_of(one: SettingsClass) -> str:
    """The name of a class with that of its file: `Base` of `app/core/base.py` is `base.Base`."""
    return f"{_stem(one.module)}.{one.node.name}"


def _stem(module: PythonModule) -> str:
    return module.source.path.removesuffix(".py").removesuffix("/__init__").rpartition("/")[2]


def _short(dotted: str | None) -> str:
    """The last two parts of a name."""
    return ".".join((dotted or "").split(".")[-2:])


def _used(module: PythonModule) -> Iterator[str]:
    """The names that code uses as values: not those of annotations, of bases, or in front of an attribute."""
    own = _stem(module)
    waiting: list[ast.AST] = [module.tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.ClassDef):
            waiting += [*node.body, *node.decorator_list, *(one.value for one in node.keywords)]
        elif isinstance(node, ast.AnnAssign):
            waiting += [node.value] if node.value is not None else []
        elif isinstance(node, _FUNCTIONS):
            defaults = (*node.args.defaults, *(one for one in node.args.kw_defaults if one is not None))
            waiting += [*node.body, *node.decorator_list, *defaults]
        elif isinstance(node, ast.Name | ast.Attribute) and (dotted := module.qualified_name(node)) is not None:
            yield _short(dotted if "." in dotted else f"{own}.{dotted}")
        elif isinstance(node, ast.Name):
            yield f"{own}.{node.id}"
        elif not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
            waiting += children_of(node)


def _tables(
    module: PythonModule,
    modules: Sequence[PythonModule],
    kept: Sequence[SettingsClass],
    found: Sequence[SettingsClass],
    lookup: Lookup,
) -> Iterator[tuple[Choice, tuple[SettingsClass, ...]]]:
    """The class that a table of the module chooses, with the other classes of the table."""
    if not any(isinstance(node, ast.Subscript) for node in module.nodes):
        return
    by_name = {_dotted_of(one): one for one in found}
    # What is asked for the field may be a base that is left out elsewhere.
    asked = {
        f"{_stem(owner)}.{base.name}": [field for field in one.fields if _holds(base, field.value)]
        for one in found
        for base, owner in one.nodes
    }
    for node in module.nodes:
        if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Name):
            continue
        table = _bound(module, node.value)
        field = _field(module, node.slice, asked) if isinstance(table, ast.Dict) else None
        if field is None or not isinstance(table, ast.Dict):
            continue
        held = lookup(field.read.name)
        text = held.value if isinstance(held, Known) else held.default if isinstance(held, EnvDriven) else None
        is_driven = not (held is None or isinstance(held, Known))
        listed = [
            (_key(key), by_name.get(_named(module, value)))
            for key, value in zip(table.keys, table.values, strict=True)
            if key is not None
        ]
        default = _key(field.value)
        matching = (
            one for key, one in listed if key is not None and (_says(modules, key, text) if text else key == default)
        )
        made = next(matching, None)
        if made is not None and made in kept and not isinstance(held, Unknown):
            others = tuple(one for _, one in listed if one is not None and one is not made)
            yield Choice(made, field.read.name if is_driven else ""), others


def _holds(node: ast.ClassDef, value: ast.expr | None) -> bool:
    return any(getattr(statement, "value", None) is value for statement in node.body if value is not None)


def _says(modules: Sequence[PythonModule], key: object, text: str) -> bool:
    """Whether a key is a text, or the member of an enumeration that stands for it."""
    owner, _, member = str(key).partition(".")
    for module in modules if member else ():
        for node in (one for one in module.tree.body if isinstance(one, ast.ClassDef) and one.name == owner):
            for one in node.body:
                targets = one.targets if isinstance(one, ast.Assign) else [getattr(one, "target", None)]
                if any(isinstance(target, ast.Name) and target.id == member for target in targets):
                    value = getattr(one, "value", None)
                    return isinstance(value, ast.Constant) and value.value == text
    return key == text


def _field(module: PythonModule, node: ast.expr, asked: dict[str, list[SettingsField]]) -> SettingsField | None:
    """The field of settings that an expression reads: `Base().kind`, or a name that holds that."""
    if isinstance(node, ast.Name):
        node = _bound(module, node) or node
    if not isinstance(node, ast.Attribute):
        return None
    owner: ast.expr | None = node.value
    if isinstance(owner, ast.Name):
        owner = _bound(module, owner)
    fields = asked.get(_named(module, owner.func), ()) if isinstance(owner, ast.Call) else ()
    return next((field for field in fields if field.name == node.attr), None)


def _bound(module: PythonModule, name: ast.Name) -> ast.expr | None:
    """What the one assignment to a name, anywhere in the module, gives it."""
    found = [
        node.value
        for node in module.nodes
        if (
            isinstance(node, ast.Assign)
            and any(isinstance(one, ast.Name) and one.id == name.id for one in node.targets)
        )
        or (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name.id)
    ]
    return found[0] if len(found) == 1 else None


def _named(module: PythonModule, node: ast.expr) -> str:
    dotted = module.qualified_name(node)
    return _short(dotted if dotted is not None and "." in dotted else f"{_stem(module)}.{dotted}")


def _key(node: ast.expr | None) -> object:
    """What tells one key from another: a text, or `Kind.prod`."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return None
