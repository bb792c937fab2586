"""Commands that the inspected project brings itself: the functions behind its console scripts.

Read where they are declared: `[project.scripts]`, `[tool.poetry.scripts]`, `[options.entry_points]` of
setup.cfg, `entry_points` of setup.py.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator

from prodlint.deployment.app import locate_module
from prodlint.deployment.repository import Repository
from prodlint.record import Record
from prodlint.source import Span

__all__ = ["ConsoleScript", "console_script"]

_FILES = ("pyproject.toml", "setup.cfg", "setup.py")


class ConsoleScript(Record):
    """A command of the project: the function that it runs, and the file of that function's module."""

    name: str
    module: str
    function: str
    path: str
    span: Span


def console_script(repository: Repository, roots: tuple[str, ...], name: str) -> ConsoleScript | None:
    """The function behind a command, None when no project here (or more than one) declares it."""
    if not name or not name.isprintable() or "/" in name:
        return None
    found = [
        script
        for path in repository.named(*_FILES)
        if name.encode() in (repository.data(path) or b"")
        for script in _declared(repository, path, name, roots)
    ]
    near = [script for script in found if posixpath.dirname(script.span.path) in roots]
    chosen = near if len(near) == 1 else found
    return chosen[0] if len(chosen) == 1 else None


def _declared(repository: Repository, path: str, name: str, roots: tuple[str, ...]) -> Iterator[ConsoleScript]:
    declared = {"pyproject.toml": _pyproject, "setup.cfg": _setup_cfg, "setup.py": _setup_py}[posixpath.basename(path)]
    for target, span in declared(repository, path, name):
        module, _, function = target.partition("[")[0].strip().partition(":")
        folder = posixpath.dirname(path)
        around = (*roots, folder, posixpath.join(folder, "src"))
        file = locate_module(repository, around, module.strip())
        if file is not None and function.strip():
            yield ConsoleScript(name, module.strip(), function.strip(), file, span)


def _pyproject(repository: Repository, path: str, name: str) -> Iterator[tuple[str, Span]]:
    document = repository.toml(path)
    if document is None:
        return
    for table in (("project", "scripts"), ("tool", "poetry", "scripts")):
        for keys in ((*table, name), (*table, name, "reference"), (*table, name, "callable")):
            value, span = document.get(*keys), document.span(*keys)
            if isinstance(value, str) and span is not None:
                yield value, span
                return


def _setup_cfg(repository: Repository, path: str, name: str) -> Iterator[tuple[str, Span]]:
    document = repository.ini(path)
    option = document.get("options.entry_points", "console_scripts") if document is not None else None
    if option is not None:
        yield from _lines(option.value.value, name, option.span)


def _setup_py(repository: Repository, path: str, name: str) -> Iterator[tuple[str, Span]]:
    module = repository.python(path)
    for node in module.nodes if module is not None else ():
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "=" in node.value and module is not None:
            yield from _lines(node.value, name, module.span(node))


def _lines(text: str, name: str, span: Span) -> Iterator[tuple[str, Span]]:
    for line in text.splitlines():
        left, equals, right = line.partition("=")
        if equals and left.strip() == name and ":" in right:
            yield right.strip(), span
            return
