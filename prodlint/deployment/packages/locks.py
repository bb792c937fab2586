"""Lock files: which versions they hold, and what each part of a project brings by them.

They run to megabytes, so they are read as plain data: a lock is compared with, no finding points into it.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable
from typing import Any

from prodlint.deployment.dependency import LockFile
from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.requirement import canonical_name
from prodlint.record import replace
from prodlint.regex import regex

__all__ = ["LOCK_NAMES", "lock_file", "lock_files", "uv_lock_above"]

LOCK_NAMES = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml")
_NAME = regex(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?")
_MAIN = "main"


def lock_files(repository: Repository, folder: str) -> tuple[LockFile, ...]:
    """The locks that hold for the project in a folder: those in it, and the uv.lock of a workspace around it."""
    found = [lock_file(repository, normal_path(folder, name)) for name in LOCK_NAMES]
    if found[0] is None:
        found[0] = uv_lock_above(repository, folder)
    return tuple(lock for lock in found if lock is not None)


def uv_lock_above(repository: Repository, folder: str) -> LockFile | None:
    """The nearest uv.lock in a folder above, if it locks the project in this one as a workspace member."""
    above = folder
    while above:
        above = posixpath.dirname(above)
        path = normal_path(above, "uv.lock")
        if path in repository.paths:
            lock = lock_file(repository, path)
            return lock if lock is not None and posixpath.relpath(folder, above or ".") in lock.members else None
    return None


@per_repository
def lock_file(repository: Repository, path: str) -> LockFile | None:
    """A lock by its path; None when it is missing, no lock or malformed."""
    name = posixpath.basename(path)
    if name == "Pipfile.lock":
        data = repository.data(path)
        return None if data is None else _pipfile_lock(path, data)
    toml = repository.toml(path) if name.endswith((".lock", ".toml")) else None
    if toml is None:
        return None
    tables = toml.data
    if name == "uv.lock":
        return _uv_lock(path, tables)
    if name == "poetry.lock":
        return _poetry_lock(path, tables)
    if name == "pdm.lock":
        return _pdm_lock(path, tables)
    if re.fullmatch(r"pylock(\.[^.]+)?\.toml", name):
        return LockFile(path, "pylock.toml", _packages(_entries(tables, "packages")))
    return None


def _entries(tables: dict[str, Any], key: str) -> list[dict[str, Any]]:
    listed = tables.get(key)
    if not isinstance(listed, list):
        return []
    return [entry for entry in listed if isinstance(entry, dict) and isinstance(entry.get("name"), str)]


def _packages(entries: Iterable[dict[str, Any]]) -> dict[str, str | None]:
    packages: dict[str, str | None] = {}
    for entry in entries:
        version = entry.get("version")
        packages.setdefault(canonical_name(entry["name"]), version if isinstance(version, str) else None)
    return packages


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _nodes(name: str, extras: Iterable[str]) -> list[str]:
    canonical = canonical_name(name)
    return [canonical, *(f"{canonical}[{canonical_name(extra)}]" for extra in extras if extra.strip())]


def _requirement_nodes(text: str) -> list[str]:
    """The nodes that a requirement leads to, such as `uvicorn[standard]>=0.30; python_version < "3.9"`."""
    match = _NAME.match(text)
    return _nodes(match[1], (match[2] or "").split(",")) if match else []


class _Graph:
    """Edges under construction; a package locked in several versions has those of all of them."""

    def __init__(self) -> None:
        self.edges: dict[str, list[str]] = {}

    def add(self, node: str, targets: Iterable[str]) -> None:
        known = self.edges.setdefault(node, [])
        known.extend(target for target in targets if target not in known)

    def finished(self) -> dict[str, tuple[str, ...]]:
        return {node: tuple(targets) for node, targets in self.edges.items() if targets}


def _uv_targets(listed: object) -> list[str]:
    found: list[str] = []
    for entry in listed if isinstance(listed, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("name"), str):
            extras = entry.get("extra")
            found += _nodes(entry["name"], [extras] if isinstance(extras, str) else _strings(extras))
    return found


def _uv_lock(path: str, tables: dict[str, Any]) -> LockFile:
    graph = _Graph()
    members: dict[str, str] = {}
    virtual: set[str] = set()
    entries = _entries(tables, "package")
    for entry in entries:
        name = canonical_name(entry["name"])
        graph.add(name, _uv_targets(entry.get("dependencies")))
        for extra, listed in _table(entry.get("optional-dependencies")).items():
            graph.add(f"{name}[{canonical_name(extra)}]", [name, *_uv_targets(listed)])
        for key in ("dev-dependencies", "dependency-groups"):
            for group, listed in _table(entry.get(key)).items():
                graph.add(f"{name}:{canonical_name(group)}", _uv_targets(listed))
        source = _table(entry.get("source"))
        folder = source.get("virtual", source.get("editable"))
        if isinstance(folder, str):
            members[posixpath.normpath(folder)] = name
        if "virtual" in source:
            virtual.add(name)
    manifest = _table(tables.get("manifest"))
    for group, listed in _table(manifest.get("dependency-groups")).items():
        # Groups of a workspace root that is no project itself.
        graph.add(f":{canonical_name(group)}", _uv_targets(listed))
    edges = graph.finished()
    lock = LockFile(path, "uv.lock", _packages(entries), members=members, virtual=frozenset(virtual), edges=edges)
    roots = [members["."]] if "." in members else list(members.values())
    return replace(lock, default=lock.closure(roots) if roots else None)


def _poetry_lock(path: str, tables: dict[str, Any]) -> LockFile:
    graph = _Graph()
    members: dict[str, set[str]] = {}
    entries = _entries(tables, "package")
    for entry in entries:
        name = canonical_name(entry["name"])
        for target, value in _table(entry.get("dependencies")).items():
            variants = value if isinstance(value, list) else [value]
            extras = [extra for variant in variants for extra in _strings(_table(variant).get("extras"))]
            # An optional one comes with an extra alone, and extras are read below.
            if not all(_table(variant).get("optional") is True for variant in variants):
                graph.add(name, _nodes(target, extras))
        for extra, listed in _table(entry.get("extras")).items():
            targets = [node for text in _strings(listed) for node in _requirement_nodes(text)]
            graph.add(f"{name}[{canonical_name(extra)}]", [name, *targets])
        if entry.get("optional") is True:
            continue
        groups = _strings(entry.get("groups"))
        if isinstance(entry.get("category"), str):
            groups.append(entry["category"])
        for group in groups:
            members.setdefault(canonical_name(group), set()).add(name)
    return LockFile(
        path,
        "poetry.lock",
        _packages(entries),
        default=frozenset(members[_MAIN]) if _MAIN in members else None,
        edges=graph.finished(),
        group_members={group: frozenset(names) for group, names in members.items()},
    )


def _pdm_lock(path: str, tables: dict[str, Any]) -> LockFile:
    graph = _Graph()
    members: dict[str, set[str]] = {}
    entries = _entries(tables, "package")
    for entry in entries:
        # A package with extras has an entry of its own for each set of them.
        node, *with_extras = _nodes(entry["name"], _strings(entry.get("extras")))
        targets = [target for text in _strings(entry.get("dependencies")) for target in _requirement_nodes(text)]
        for key in with_extras or [node]:
            graph.add(key, [target for target in targets if target != key])
        for group in _strings(entry.get("groups")):
            name = _MAIN if group == "default" else canonical_name(group)
            members.setdefault(name, set()).add(node)
    return LockFile(
        path,
        "pdm.lock",
        _packages(entries),
        default=frozenset(members[_MAIN]) if _MAIN in members else None,
        edges=graph.finished(),
        group_members={group: frozenset(names) for group, names in members.items()},
    )


def _pipfile_lock(path: str, data: bytes) -> LockFile | None:
    try:
        tables = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(tables, dict):
        return None
    packages: dict[str, str | None] = {}
    members: dict[str, frozenset[str]] = {}
    for section, table in tables.items():
        if section == "_meta" or not isinstance(table, dict):
            continue
        for name, entry in table.items():
            version = _table(entry).get("version")
            packages.setdefault(canonical_name(name), version.removeprefix("==") if isinstance(version, str) else None)
        group = _MAIN if section == "default" else section
        members[group] = frozenset(canonical_name(name) for name in table)
    return LockFile(path, "Pipfile.lock", packages, default=members.get(_MAIN, frozenset()), group_members=members)
