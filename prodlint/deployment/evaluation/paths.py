"""Paths: `Path(__file__).resolve().parent / "x"` and `os.path.join(BASE_DIR, "x")`, below the repository.

Nobody knows where the repository lies in production: its own path is a mark (see `MARK`), and only
what keeps the mark whole is done.
"""

from __future__ import annotations

import ast
import posixpath
from pathlib import PurePosixPath

from prodlint.deployment.evaluation.concrete import MOST_TEXT, on_defaults
from prodlint.deployment.evaluation.domain import (
    MARK,
    DictValue,
    Gap,
    ListValue,
    Method,
    Opaque,
    PathValue,
    Raised,
    is_marked,
)
from prodlint.deployment.evaluation.machine import Call, Machine

__all__ = ["make_path", "os_path", "path_attribute", "path_method", "text_of"]

_TOP = f"/{MARK}"


def text_of(value: object) -> str | None:
    """The text of a path or of a string."""
    if isinstance(value, PathValue):
        return value.text
    return value if isinstance(value, str) else None


def make_path(machine: Machine, call: Call) -> object:
    """`Path(a, b)`."""

    def made(*parts: object) -> object:
        texts = [text_of(part) for part in parts]
        known = [text for text in texts if text is not None]
        if len(known) < len(texts):
            return _unknown(machine, call.node, *parts)
        return _sized(machine, call.node, str(PurePosixPath(*known)))

    return on_defaults(machine, call.node, made, *call.arguments)


def _sized(machine: Machine, node: ast.AST, text: str) -> object:
    return PathValue(text) if len(text) < MOST_TEXT else machine.unknown("is too large", node)


def _unknown(machine: Machine, node: ast.AST, *values: object) -> Opaque:
    machine.risk()
    return machine.unknown("is a path that is not known", node, *values)


def _parent(text: str) -> str | None:
    """The folder of a path; None above the repository, where nothing is known."""
    if text == _TOP or text.endswith("/..") or text == "..":
        return None
    return str(PurePosixPath(text).parent)


def _resolved(text: str) -> str | None:
    """An absolute path without `..`; None where it leads out of the repository or from an unknown folder."""
    if not text.startswith("/"):
        return None
    found = posixpath.normpath(text)
    return None if is_marked(text) and not (found == _TOP or found.startswith(f"{_TOP}/")) else found


def path_attribute(machine: Machine, owner: PathValue, name: str, node: ast.expr) -> object:
    """`path.parent` and the other properties of a path."""
    path = PurePosixPath(owner.text)
    if name == "parent":
        parent = _parent(owner.text)
        return _unknown(machine, node) if parent is None else PathValue(parent)
    if name == "parents":
        found: list[object] = []
        at = _parent(owner.text)
        for _ in range(64):
            if at is None or (found and found[-1] == at):
                break
            found.append(PathValue(at))
            if at in ("/", "."):
                return tuple(found)
            at = _parent(at)
        return (*found, _gap(machine, node))
    if name in ("name", "stem", "suffix") and owner.text != _TOP and not owner.text.endswith("/.."):
        found_text: str = getattr(path, name)
        return found_text
    if name == "parts" and not is_marked(owner.text):
        return path.parts
    if name in _METHODS:
        return Method(owner, name)
    if name in ("name", "stem", "suffix", "parts", "root", "anchor", "drive", "suffixes"):
        return _unknown(machine, node)
    return Method(owner, name)


def _gap(machine: Machine, node: ast.AST) -> object:
    return Gap("lies above the repository", machine.span(node))


_METHODS = frozenset(
    "resolve absolute joinpath as_posix with_name with_suffix is_absolute relative_to __str__ __fspath__".split()
)


def path_method(machine: Machine, owner: PathValue, name: str, call: Call) -> object:
    """`path.resolve()` and the other methods of a path; what looks at the disk is not known."""
    node = call.node
    texts = [text_of(value) for value in call.arguments]
    if name == "joinpath" and None not in texts:
        return _sized(machine, node, str(PurePosixPath(owner.text, *[text for text in texts if text is not None])))
    if name in ("resolve", "absolute"):
        if name == "absolute" and owner.text.startswith("/"):
            return owner
        found = _resolved(owner.text)
        return _unknown(machine, node) if found is None else PathValue(found)
    if name in ("as_posix", "__str__", "__fspath__"):
        return owner.text
    if name == "is_absolute":
        return owner.text.startswith("/")
    if name in ("with_name", "with_suffix") and len(texts) == 1 and texts[0] is not None and owner.text != _TOP:
        try:
            return PathValue(str(getattr(PurePosixPath(owner.text), name)(texts[0])))
        except ValueError:
            raise Raised("ValueError") from None
    other = texts[0] if len(texts) == 1 else None
    if name == "relative_to" and other is not None and is_marked(owner.text) == is_marked(other):
        try:
            return PathValue(str(PurePosixPath(owner.text).relative_to(other)))
        except ValueError:
            raise Raised("ValueError") from None
    if name in ("exists", "is_file") and not call.values:
        return _exists(machine, owner.text, node)
    machine.risk()
    return machine.unknown(f"is what {name}() of a path returns", node)


def _exists(machine: Machine, text: str, node: ast.AST) -> object:
    """Whether a file exists. Python files of the repository alone are decided.

    One that it lacks is somebody's own (`local_settings.py`) and is in no image that is built from the
    repository; other files may be made when it is deployed.
    """
    found = _resolved(text)
    if found is None or not is_marked(found) or not found.endswith(".py"):
        machine.risk()
        return machine.unknown("depends on which files there are", node)
    return found.removeprefix(f"{_TOP}/") in machine.repository.paths


def os_path(machine: Machine, name: str, call: Call) -> object:
    """`os.path.join`, `os.path.dirname` and their like, which return strings."""

    def made(*values: object) -> object:
        texts = [text_of(value) for value in values]
        known = [text for text in texts if text is not None]
        if len(known) < len(texts) or not known:
            wrong = [
                value for value in values if value is None or isinstance(value, (int, float, ListValue, DictValue))
            ]
            if wrong:
                raise Raised("TypeError")
            return _unknown(machine, call.node, *values)
        if name in ("exists", "isfile") and len(known) == 1:
            return _exists(machine, known[0], call.node)
        found = _os_path(name, known)
        if found is None:
            return _unknown(machine, call.node, *values)
        return found if len(str(found)) < MOST_TEXT else machine.unknown("is too large", call.node)

    if call.keywords:
        return _unknown(machine, call.node, *call.values)
    return on_defaults(machine, call.node, made, *call.arguments)


def _os_path(name: str, texts: list[str]) -> object:
    first = texts[0]
    if name == "join":
        return posixpath.join(*texts)
    if len(texts) > 1:
        return None
    if name == "dirname":
        return None if first == _TOP else posixpath.dirname(first)
    if name in ("abspath", "realpath"):
        return _resolved(first)
    if name == "normpath":
        return _resolved(first) if first.startswith("/") else posixpath.normpath(first)
    if name == "basename":
        return None if first == _TOP else posixpath.basename(first)
    if name == "isabs":
        return first.startswith("/")
    if name == "expanduser":
        return None if first.startswith("~") else first
    if name == "splitext":
        return None if first == _TOP else posixpath.splitext(first)
    if name == "split":
        return None if first == _TOP else posixpath.split(first)
    return None
