"""Imports: modules of the repository are run, others stay names that nothing is known of."""

from __future__ import annotations

import ast
import posixpath
import sys
from typing import Any

from prodlint.deployment.app import locate_module
from prodlint.deployment.evaluation.binding import bind_name
from prodlint.deployment.evaluation.domain import ABSENT, External, ListValue, ModuleValue, Opaque, Raised
from prodlint.deployment.evaluation.machine import Machine
from prodlint.deployment.repository import normal_path
from prodlint.deployment.value import NO, YES

__all__ = ["external_attribute", "find_module", "locate", "module_attribute", "run_import"]


def run_import(machine: Machine, node: ast.Import | ast.ImportFrom) -> None:
    """`import a.b`, `from .base import *` …"""
    if isinstance(node, ast.Import):
        for alias in node.names:
            found = find_module(machine, alias.name, node)
            if alias.asname is None and "." in alias.name:
                top = alias.name.partition(".")[0]
                found = find_module(machine, top, node, may_lack=True)
            bind_name(machine, alias.asname or alias.name.partition(".")[0], found, node)
        return
    if node.level:
        source = _relative(machine, node)
    else:
        source = find_module(machine, node.module or "", node)
    for alias in node.names:
        if alias.name == "*":
            _star(machine, source, node)
        else:
            _bind_from(machine, source, alias, node)


def _bind_from(machine: Machine, source: object, alias: ast.alias, node: ast.ImportFrom) -> None:
    name = alias.asname or alias.name
    if not isinstance(source, ModuleValue):
        value = machine.attribute(source, alias.name, _expression(node))
        bind_name(machine, name, value, node)
        return
    value = _module_name(machine, source, alias.name, node)
    if value is ABSENT:
        if machine.regions:
            raise Raised("ImportError")
        value = machine.unknown(f"is not found in {source.path}", node)
    outer = machine.reads
    machine.reads = outer | source.reads.get(alias.name, frozenset())
    bind_name(machine, name, value, node)
    machine.reads = outer
    if name in machine.frame.module.writes and alias.name in source.writes and machine.frame.kind == "module":
        machine.frame.module.writes[name] = source.writes[alias.name]


def _expression(node: ast.ImportFrom) -> Any:
    return node


def _star(machine: Machine, source: object, node: ast.ImportFrom) -> None:
    target = machine.frame.module
    if not isinstance(source, ModuleValue):
        name = source.name if isinstance(source, External) else "a module that is not known"
        reason = f"may come from {name}"
        if isinstance(source, External) and _is_standard(name):
            machine.put(target, "rest", Opaque(reason, machine.span(node)))
        else:
            machine.open_module(target, reason, machine.span(node))
        return
    if source.rest is not None or source.state == "running":
        rest = source.rest if isinstance(source.rest, Opaque) else Opaque(f"may come from {source.path}")
        machine.open_module(target, rest.reason, rest.span)
    outer = machine.reads
    for name in _public_names(machine, source, node):
        value = source.cells.get(name, ABSENT)
        if value is ABSENT:
            continue
        machine.reads = outer | source.reads.get(name, frozenset())
        bind_name(machine, name, value, node)
        if name in source.writes:
            target.writes[name] = source.writes[name]
    machine.reads = outer


def _public_names(machine: Machine, source: ModuleValue, node: ast.ImportFrom) -> list[str]:
    listed = source.cells.get("__all__", ABSENT)
    names = [name for name in source.cells if isinstance(name, str) and not name.startswith("_")]
    if listed is ABSENT:
        return names
    content = listed.content if isinstance(listed, ListValue) else listed
    if isinstance(content, tuple) and all(isinstance(name, str) for name in content):
        return list(content)
    machine.open_module(machine.frame.module, f"may be listed in __all__ of {source.path}", machine.span(node))
    return []


# Finding modules


def find_module(machine: Machine, dotted: str, node: ast.AST, may_lack: bool = False) -> object:
    """The module that a dotted name stands for. Raises Raised where a `try` waits for its absence."""
    path = locate(machine, dotted)
    if path is not None:
        return machine.load(path, dotted) or machine.unknown(f"is a module that cannot be read: {path}", node)
    top = dotted.partition(".")[0]
    if _is_own(machine, top):
        is_lacking = not may_lack and not _is_folder(machine, dotted)
        if machine.regions and is_lacking and not _may_be_put(machine, dotted):
            raise Raised("ModuleNotFoundError")
        return External(dotted)
    if _is_standard(top):
        return External(dotted)
    installed = machine.installed(top)
    if installed is NO and machine.regions:
        raise Raised("ModuleNotFoundError")
    if installed is not YES:
        machine.risk(None, "ModuleNotFoundError")
    return External(dotted)


def _may_be_put(machine: Machine, dotted: str) -> bool:
    paths = (normal_path(root, f"{dotted.replace('.', '/')}.py") for root in machine.roots)
    return any(machine.held.may_be_put(path, machine.frame.module.path) for path in paths)


def locate(machine: Machine, dotted: str) -> str | None:
    found = _module_below(machine, machine.roots, dotted)
    if found is not None or _is_standard(dotted.partition(".")[0]):
        return found
    path = machine.frame.module.path
    folders = _folders_around(machine) or _above_own_package(machine, dotted)
    return next(
        (found for root in folders if (found := _module_below(machine, (root,), dotted)) is not None and found != path),
        None,
    )


def _above_own_package(machine: Machine, dotted: str) -> list[str]:
    """The folder above the package that a program lies in, where it imports that package by its name.

    `python shop/main.py` with `from shop.config import settings` works where the package is installed, or found by a
    path that nothing here tells; another package is not what it means.
    """
    folder = posixpath.dirname(machine.frame.module.path)
    while folder and f"{folder}/__init__.py" in machine.repository.paths:
        above, name = posixpath.split(folder)
        if name == dotted.partition(".")[0]:
            return [above]
        folder = above
    return []


def _module_below(machine: Machine, roots: tuple[str, ...], dotted: str) -> str | None:
    found = locate_module(machine.repository, roots, dotted)
    return found if found is not None and machine.held.has(found) else None


def _folders_around(machine: Machine) -> list[str]:
    """The folders above the running module that may be a root of imports, where its name does not tell the root.

    Those are the ones that are no packages.
    """
    module = machine.frame.module
    path = module.path
    relative = module.dotted.replace(".", "/")
    if any(
        path in (normal_path(root, f"{relative}.py"), normal_path(root, relative, "__init__.py"))
        for root in machine.roots
    ):
        return []
    found = [""]
    at = posixpath.dirname(path)
    while at:
        if f"{at}/__init__.py" not in machine.repository.paths:
            found.append(at)
        at = posixpath.dirname(at)
    return found


def _is_own(machine: Machine, top: str) -> bool:
    """Whether a package of that name lies in the repository, where imports are looked for."""
    folders = (*machine.roots, *_folders_around(machine))
    return not _is_standard(top) and any(normal_path(folder, top) in machine.repository.folders for folder in folders)


def _is_folder(machine: Machine, dotted: str) -> bool:
    folders = (*machine.roots, *_folders_around(machine))
    relative = dotted.replace(".", "/")
    return any(normal_path(folder, relative) in machine.repository.folders for folder in folders)


def _is_standard(name: str) -> bool:
    return name.partition(".")[0] in sys.stdlib_module_names or name.partition(".")[0] == "distutils"


def _relative(machine: Machine, node: ast.ImportFrom) -> object:
    module = machine.frame.module
    folder = posixpath.dirname(module.path)
    package = module.dotted if module.path.endswith("/__init__.py") else module.dotted.rpartition(".")[0]
    for _ in range(node.level - 1):
        folder = posixpath.dirname(folder)
        package = package.rpartition(".")[0]
    relative = (node.module or "").replace(".", "/")
    dotted = ".".join(part for part in (package, node.module or "") if part)
    for candidate in (f"{relative}.py", f"{relative}/__init__.py") if relative else ("__init__.py",):
        path = normal_path(folder, candidate)
        if machine.held.has(path):
            return machine.load(path, dotted) or machine.unknown(f"is a module that cannot be read: {path}", node)
    if normal_path(folder, relative) in machine.repository.folders:
        return _folder(normal_path(folder, relative), dotted)
    if machine.regions and not machine.held.may_be_put(normal_path(folder, f"{relative}.py"), module.path):
        raise Raised("ModuleNotFoundError")
    machine.risk()
    return machine.unknown(f"is a module that is not in the repository: {dotted}", node)


def _folder(folder: str, dotted: str) -> ModuleValue:
    """A package without `__init__.py`: it holds modules and nothing else."""
    made = ModuleValue(f"{folder}/__init__.py", dotted, None, 0)
    made.state = "done"
    return made


# What a module holds


def _module_name(machine: Machine, source: ModuleValue, name: str, node: ast.AST) -> object:
    if name in source.cells:
        return source.cells[name]
    if source.path.endswith("__init__.py"):
        folder = posixpath.dirname(source.path)
        for candidate in (f"{name}.py", f"{name}/__init__.py"):
            path = normal_path(folder, candidate)
            if machine.held.has(path):
                loaded = machine.load(path, f"{source.dotted}.{name}")
                return loaded or machine.unknown(f"is a module that cannot be read: {path}", node)
        if normal_path(folder, name) in machine.repository.folders:
            return _folder(normal_path(folder, name), f"{source.dotted}.{name}")
    if isinstance(source.rest, Opaque):
        return Opaque(source.rest.reason, source.rest.span)
    if source.state == "running":
        return machine.unknown(f"is imported from {source.path} while that is still being imported", node)
    return ABSENT


def module_attribute(machine: Machine, source: ModuleValue, name: str, node: ast.expr) -> object:
    """`module.name`. Raises Raised when there is none."""
    value = _module_name(machine, source, name, node)
    machine.reads |= source.reads.get(name, frozenset())
    if value is ABSENT:
        if "__getattr__" in source.cells:
            machine.risk()
            return machine.unknown(f"is computed by {source.path}", node)
        raise Raised("AttributeError")
    return value


def external_attribute(machine: Machine, owner: External, name: str) -> object:
    """An attribute of something outside of the repository; a package of it may be a folder of the repository."""
    dotted = f"{owner.name}.{name}"
    if _is_own(machine, owner.name.partition(".")[0]):
        path = locate(machine, dotted)
        if path is not None:
            return machine.load(path, dotted) or External(dotted)
    return External(dotted)
