"""Assignment: names, parts of containers and attributes, each write with its place."""

from __future__ import annotations

import ast

from prodlint.deployment.evaluation.domain import (
    ABSENT,
    RAISES,
    AppValue,
    ClassValue,
    ConfigValue,
    DictValue,
    Driven,
    External,
    FunctionValue,
    Gap,
    InstanceValue,
    IteratorValue,
    ListValue,
    ModuleValue,
    NamespaceValue,
    Opaque,
    PathValue,
    Raised,
    ReaderValue,
    SetValue,
    is_plain,
)
from prodlint.deployment.evaluation.environment import forget_variable, write_variable
from prodlint.deployment.evaluation.lists import extend, parts_of, reason_of
from prodlint.deployment.evaluation.machine import Frame, Machine
from prodlint.deployment.evaluation.mappings import delete_item, set_item, update
from prodlint.deployment.evaluation.operations import binary

__all__ = ["bind", "bind_name", "inplace", "note_write", "put_item", "unbind"]

_MOST_WRITES = 40


def bind(machine: Machine, target: ast.expr, value: object) -> None:
    """`target = value`. Raises Raised where Python certainly raises."""
    machine.charge()
    if isinstance(target, ast.Name):
        if isinstance(value, IteratorValue):
            value = machine.unknown("is an iterator", target, *value.parts)
        bind_name(machine, target.id, value, target)
    elif isinstance(target, (ast.Tuple, ast.List)):
        _unpack(machine, target, value)
    elif isinstance(target, ast.Starred):
        bind(machine, target.value, value)
    elif isinstance(target, ast.Subscript):
        owner = machine.expression(target.value)
        if isinstance(target.slice, ast.Slice):
            machine.risk()
            machine.taint("is changed in a part", target, owner, value)
        else:
            put_item(machine, target, owner, machine.expression(target.slice), value)
        note_write(machine, target)
    elif isinstance(target, ast.Attribute):
        _set_attribute(machine, target, machine.expression(target.value), value)
        note_write(machine, target)


def _frame_of(machine: Machine, name: str) -> Frame | ModuleValue:
    """Whose name it is that is bound."""
    frame = machine.frame
    return frame.module if frame.kind == "module" or name in frame.global_names else frame


def bind_name(machine: Machine, name: str, value: object, node: ast.AST) -> None:
    """Bind a name in the current frame."""
    owner = _frame_of(machine, name)
    machine.put(owner.cells, name, value)
    if isinstance(owner, ModuleValue):
        span = machine.span(node)
        owner.writes[name] = (*owner.writes.get(name, ()), span)[-_MOST_WRITES:]
        owner.reads[name] = frozenset(machine.reads)


def note_write(machine: Machine, target: ast.AST) -> None:
    """What a name of the module holds was changed here (`X["a"] = 1`, `X.append(1)`)."""
    base: ast.AST = target
    while isinstance(base, (ast.Subscript, ast.Attribute)):
        base = base.value
    if isinstance(base, ast.Name) and machine.frame.kind == "module" and base.id in machine.frame.module.writes:
        module = machine.frame.module
        module.writes[base.id] = (*module.writes[base.id], machine.span(target))[-_MOST_WRITES:]
        module.reads[base.id] = module.reads.get(base.id, frozenset()) | machine.reads


def _unpack(machine: Machine, target: ast.Tuple | ast.List, value: object) -> None:
    if isinstance(value, Driven) and value.default is not RAISES and value.default is not ABSENT:
        shown = parts_of(machine, target, value.default)
        is_plain_target = not any(isinstance(one, ast.Starred) for one in target.elts)
        if is_plain_target and len(shown) == len(target.elts) and not any(isinstance(part, Gap) for part in shown):
            for element, part in zip(target.elts, shown, strict=True):
                bind(machine, element, machine.driven(value.names, part, element, value))
            return
    parts: tuple[object, ...] | None = None
    if not isinstance(value, (Driven, Opaque)):
        parts = parts_of(machine, target, value)
    if parts is None or any(isinstance(part, Gap) for part in parts):
        machine.risk()
        for element in target.elts:
            bind(machine, element, machine.unknown("is a part of something that is not known", element, value))
        return
    stars = [index for index, element in enumerate(target.elts) if isinstance(element, ast.Starred)]
    if not stars:
        if len(parts) != len(target.elts):
            raise Raised("ValueError")
        for element, part in zip(target.elts, parts, strict=True):
            bind(machine, element, part)
        return
    behind = len(target.elts) - stars[0] - 1
    if len(parts) < len(target.elts) - 1:
        raise Raised("ValueError")
    middle = parts[stars[0] : len(parts) - behind]
    given = (*parts[: stars[0]], machine.list(middle), *parts[len(parts) - behind :])
    for element, part in zip(target.elts, given, strict=True):
        bind(machine, element, part)


def put_item(machine: Machine, node: ast.expr, owner: object, key: object, value: object) -> None:
    """`owner[key] = value`, for the environment and for namespaces too."""
    from prodlint.deployment.evaluation.config import set_config_item

    if isinstance(owner, External) and owner.name == "os.environ":
        write_variable(machine, key, value, node)
    elif isinstance(owner, NamespaceValue):
        if isinstance(key, str):
            with machine.within(Frame(owner.module, owner.module.cells)):
                bind_name(machine, key, value, node)
        else:
            machine.taint("has names that are computed", node, owner, value)
    elif isinstance(owner, ConfigValue):
        set_config_item(machine, owner, key, value, node)
    else:
        set_item(machine, node, owner, key, value)


def _set_attribute(machine: Machine, target: ast.Attribute, owner: object, value: object) -> None:
    from prodlint.deployment.evaluation.config import set_app_attribute

    if isinstance(owner, (InstanceValue, ClassValue, ModuleValue)):
        machine.put(owner.cells, target.attr, value)
    elif isinstance(owner, AppValue):
        set_app_attribute(machine, owner, target.attr, value, target)
    elif isinstance(owner, ReaderValue):
        machine.put(owner.options, target.attr, value)
    elif isinstance(owner, Driven):
        machine.risk()
        machine.taint(f"{reason_of(owner.names)}", target, owner, value)
    elif is_plain(owner) or isinstance(owner, (tuple, PathValue)):
        raise Raised("AttributeError")
    elif not isinstance(owner, FunctionValue):
        machine.risk()
        machine.taint("was put into something that is not known", target, owner, value)


def unbind(machine: Machine, target: ast.expr) -> None:
    """`del target`."""
    if isinstance(target, ast.Name):
        owner = _frame_of(machine, target.id)
        if target.id not in owner.cells and not (isinstance(owner, ModuleValue) and owner.rest is not None):
            raise Raised("NameError")
        machine.put(owner.cells, target.id, ABSENT)
    elif isinstance(target, (ast.Tuple, ast.List)):
        for element in target.elts:
            unbind(machine, element)
    elif isinstance(target, ast.Subscript):
        owner_value = machine.expression(target.value)
        if isinstance(target.slice, ast.Slice):
            machine.risk()
            machine.taint("is changed in a part", target, owner_value)
            return
        key = machine.expression(target.slice)
        if isinstance(owner_value, External) and owner_value.name == "os.environ":
            forget_variable(machine, key, target)
        elif isinstance(owner_value, NamespaceValue) and isinstance(key, str):
            machine.put(owner_value.module.cells, key, ABSENT)
        else:
            delete_item(machine, target, owner_value, key)
        note_write(machine, target)
    elif isinstance(target, ast.Attribute):
        owner_value = machine.expression(target.value)
        if isinstance(owner_value, (InstanceValue, ClassValue, ModuleValue)):
            machine.put(owner_value.cells, target.attr, ABSENT)
        else:
            machine.risk()
            machine.taint("lost something that is not known", target, owner_value)


def inplace(machine: Machine, node: ast.AST, kind: type, left: object, right: object) -> object:
    """`left += right` and the others: a list, set or dictionary is changed in its place."""
    if isinstance(left, Opaque):
        machine.taint("was changed through a name that is not known", node, left)
    if isinstance(left, ListValue) and kind is ast.Add:
        extend(machine, node, left, right)
        return left
    if isinstance(left, (DictValue, SetValue)) and kind is ast.BitOr:
        update(machine, node, left, right)
        return left
    if isinstance(left, (ListValue, SetValue)):
        made = binary(machine, node, kind, left, right)
        content = made.content if isinstance(made, (ListValue, SetValue)) else machine.unknown("is not known", node)
        machine.put(left, "content", content)
        return left
    return binary(machine, node, kind, left, right)
