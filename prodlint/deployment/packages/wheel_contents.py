"""Which folders of a project its build backend puts into a wheel, and where below site-packages they come to lie.

Told for backends whose settings say it: hatchling, uv's, Poetry's, flit's, and setuptools as pyproject.toml tells it.
Wheels of all of them were looked into (hatchling 1.33, uv_build 0.13, poetry-core 2.5, flit_core 4.2, setuptools 84).
What patterns leave out of a folder (`exclude`) is not followed, nor are modules that lie in no package.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Callable, Iterator
from typing import Any

from prodlint.record import Record
from prodlint.regex import regex

__all__ = ["ProjectFolder", "wheel_contents"]

Content = tuple[str, str]
"""A folder, from that of the project, and its place below site-packages."""

_MOST = 50
_SRC = "src"


class ProjectFolder(Record):
    """What is asked of the folder of a project, by paths from it: its settings, its files, the folders in a folder."""

    pyproject: dict[str, Any]
    hatch: dict[str, Any] | None
    is_file: Callable[[str], bool]
    folders: Callable[[str], list[str]]

    def table(self, *keys: str) -> dict[str, Any]:
        """A table of pyproject.toml, an empty one where there is none."""
        return _table(self.pyproject, *keys)

    @property
    def module(self) -> str:
        """The name of the project as a module is called: `my-shop` is `my_shop`."""
        name = self.table("project").get("name", self.table("tool", "poetry").get("name"))
        return re.sub(r"[-_.]+", "_", name).lower() if isinstance(name, str) else ""

    def is_package(self, path: str) -> bool:
        """Whether a folder has an `__init__.py`."""
        return self.is_file(posixpath.join(path, "__init__.py"))

    def is_folder(self, path: str) -> bool:
        """Whether a folder is there."""
        return posixpath.basename(path) in self.folders(posixpath.dirname(path))


def wheel_contents(project: ProjectFolder) -> list[Content] | None:
    """The folders of a wheel; None where the backend is another one, or its settings leave open what it takes."""
    written = project.table("build-system").get("build-backend", "setuptools.build_meta")
    told = _BACKENDS.get(written) if isinstance(written, str) else None
    found = told(project) if told is not None else None
    if found is None:
        return None
    known = [one for path, place in found for one in _folders(project, _cleaned(path), _cleaned(place))]
    return list(dict.fromkeys(one for one in known if not any(part.startswith("..") for part in one)))[:_MOST]


def _folders(project: ProjectFolder, path: str, place: str) -> list[Content]:
    """A folder as it is; what lies in it, where its contents come to the top."""
    if place:
        return [(path, place)]
    return [(posixpath.join(path, name), name) for name in project.folders(path) if name.isidentifier()]


def _table(value: Any, *keys: str) -> dict[str, Any]:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str) and one] if isinstance(value, list) else []


def _cleaned(path: str) -> str:
    """A path without needless parts, empty for the folder itself."""
    normal = posixpath.normpath(path).strip("/")
    return "" if normal == "." else normal


# Patterns of .gitignore that stand for all of a folder.
_WHOLE = regex(r"/?(?P<folder>[\w.-]+(?:/[\w.-]+)*?)(?:/|/\*|/\*\*(?:/\*(?:\.py)?)?)?")

_ANYTHING = ("*", "**", "**/*", "**/*.py")


def _hatchling(project: ProjectFolder) -> list[Content] | None:
    build = _table(project.hatch, "build") if project.hatch is not None else {}
    build = build or project.table("tool", "hatch", "build")
    settings = {**build, **_table(build, "targets", "wheel")}
    packages, chosen = _texts(settings.get("packages")), _texts(settings.get("only-include"))
    patterns = _texts(settings.get("include"))
    forced = _table(settings, "force-include")
    if not packages and not chosen and not patterns:
        found = _hatchling_default(project)
        if found is None and not forced:
            return None
        packages = [found] if found is not None else []
    chosen = chosen or packages
    if not chosen:
        matched = [_WHOLE.fullmatch(one) for one in patterns]
        chosen = [one["folder"] for one in matched if one is not None and project.is_folder(_cleaned(one["folder"]))]
        if len(chosen) < len(patterns) and not forced:
            return None
    moves = _moves(settings.get("sources"), packages)
    return [
        (path, _moved(_cleaned(place), moves)) for path, place in [*((one, one) for one in chosen), *_pairs(forced)]
    ]


def _pairs(table: dict[str, Any]) -> list[Content]:
    return [(key, value) for key, value in table.items() if isinstance(value, str)]


def _hatchling_default(project: ProjectFolder) -> str | None:
    """The package that is called as the project, in the folders in which hatchling looks for it."""
    name = project.module
    for path in (name, f"{_SRC}/{name}"):
        if name and project.is_package(path):
            return path
    if not name or project.is_file(f"{name}.py"):
        return None
    around = [one for one in project.folders("") if project.is_package(f"{one}/{name}")]
    return around[0] if len(around) == 1 else None


def _moves(sources: Any, packages: list[str]) -> list[Content]:
    """The beginnings of paths that hatchling takes off or replaces: those of `sources`, and what is above packages."""
    moves = dict.fromkeys(_texts(sources), "") if isinstance(sources, list) else dict(_pairs(_table(sources)))
    above = [posixpath.dirname(_cleaned(one)) for one in packages if _cleaned(one) not in map(_cleaned, moves)]
    return sorted([(_cleaned(key), value) for key, value in moves.items()] + [(one, "") for one in above if one])


def _moved(path: str, moves: list[Content]) -> str:
    for source, place in moves:
        if path == source or path.startswith(f"{source}/"):
            return posixpath.join(place, path[len(source) :].lstrip("/"))
    return path


def _uv(project: ProjectFolder) -> list[Content]:
    settings = project.table("tool", "uv", "build-backend")
    root = settings.get("module-root", _SRC)
    named = settings.get("module-name", project.module)
    names = [named] if isinstance(named, str) else _texts(named)
    return [_at_top(root, one.partition(".")[0]) for one in names] if isinstance(root, str) else []


def _at_top(root: str, name: str) -> Content:
    return posixpath.join(root, name), name


def _poetry(project: ProjectFolder) -> list[Content]:
    settings = project.table("tool", "poetry")
    listed = settings.get("packages")
    if isinstance(listed, list):
        return list(_poetry_packages(listed))
    name = project.module
    return [_at_top(root, name) for root in ("", _SRC) if name and project.is_folder(posixpath.join(root, name))][:1]


def _poetry_packages(listed: list[Any]) -> Iterator[Content]:
    for one in listed:
        entry = _table(one)
        formats = entry.get("format", "wheel")
        include, around, into = (entry.get(key, "") for key in ("include", "from", "to"))
        if not (formats == "wheel" or "wheel" in _texts(formats)) or not all(
            isinstance(text, str) for text in (include, around, into)
        ):
            continue
        matched = _WHOLE.fullmatch(include)
        if matched is not None or include in _ANYTHING:
            folder = matched["folder"] if matched is not None else ""
            yield posixpath.join(around, folder), posixpath.join(into, folder)


def _flit(project: ProjectFolder) -> list[Content]:
    written = project.table("tool", "flit", "module").get("name", project.module)
    name = written.partition(".")[0] if isinstance(written, str) else ""
    return [_at_top(root, name) for root in ("", _SRC) if name and project.is_folder(posixpath.join(root, name))][:1]


def _setuptools(project: ProjectFolder) -> list[Content] | None:
    settings = project.table("tool", "setuptools")
    moved = dict(_pairs(_table(settings, "package-dir")))
    packages = settings.get("packages")
    if isinstance(packages, list):
        return [_listed(one.partition(".")[0], moved) for one in _texts(packages)]
    if isinstance(packages, dict):
        return list(_searched(project, _table(packages, "find")))
    has_script = project.is_file("setup.py") or project.is_file("setup.cfg")
    if has_script or "project" not in project.pyproject or settings.get("py-modules") is not None:
        return None
    root = moved.get("", _SRC)
    names = [one for one in project.folders(root) if one.isidentifier()]
    return [_at_top(root, one) for one in names] or None


def _listed(name: str, moved: dict[str, str]) -> Content:
    return (moved[name], name) if name in moved else _at_top(moved.get("", ""), name)


def _searched(project: ProjectFolder, find: dict[str, Any]) -> Iterator[Content]:
    include, exclude = _texts(find.get("include")) or ["*"], _texts(find.get("exclude"))
    for around in _texts(find.get("where")) or [""]:
        for name in project.folders(_cleaned(around)):
            is_taken = any(fnmatch.fnmatchcase(name, one) for one in include)
            is_left_out = any(fnmatch.fnmatchcase(name, one) for one in exclude)
            is_found = find.get("namespaces") is not False or project.is_package(posixpath.join(around, name))
            if name.isidentifier() and is_taken and not is_left_out and is_found:
                yield _at_top(around, name)


_BACKENDS: dict[str, Callable[[ProjectFolder], list[Content] | None]] = {
    "hatchling.build": _hatchling,
    "uv_build": _uv,
    "poetry.core.masonry.api": _poetry,
    "poetry.masonry.api": _poetry,
    "flit_core.buildapi": _flit,
    "setuptools.build_meta": _setuptools,
    "setuptools.build_meta:__legacy__": _setuptools,
}
