"""What setup.py and setup.cfg declare, as far as it is written down and not computed."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from prodlint.deployment.dependency import Dependency, DependencyFile, FileFormat, Scope
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.requirement import canonical_name, from_text
from prodlint.deployment.value import UNKNOWN, YES, Answer, answer
from prodlint.source import Span, Text

if TYPE_CHECKING:
    from prodlint.syntax.python import PythonModule

__all__ = ["read_setup"]

_PUBLISHED = frozenset(("classifiers", "url", "project_urls", "long_description", "download_url"))
_NAMES_FOLLOWED = 8


def read_setup(repository: Repository, path: str) -> DependencyFile | None:
    """The dependencies of a setup.py or setup.cfg; None when it cannot be parsed or describes no package."""
    return _read_configuration(repository, path) if path.endswith(".cfg") else _read_script(repository, path)


def _read_configuration(repository: Repository, path: str) -> DependencyFile | None:
    ini = repository.ini(path)
    if ini is None or not (ini.get("metadata", "name") or ini.get("options", "install_requires")):
        return None
    dependencies: list[Dependency] = []
    includes: list[tuple[str, Span]] = []
    complete = True
    required = ini.get("options", "install_requires")
    for line in _lines(required.value) if required is not None else ():
        if line.value.startswith("file:"):
            for written in line.value.removeprefix("file:").split(","):
                target = normal_path(posixpath.dirname(path), written.strip())
                includes.append((target, line.span))
                complete = complete and target in repository.paths
            continue
        dependency = from_text(line)
        complete = complete and dependency is not None
        dependencies.extend([dependency] if dependency is not None else [])
    extras, unread = set(), set()
    sections = [section for section in ini.sections if section.name == "options.extras_require"]
    for option in (option for section in sections for option in section.options):
        extra = canonical_name(option.name)
        extras.add(extra)
        for line in _lines(option.value):
            dependency = from_text(line, Scope.OPTIONAL, extra)
            if dependency is None:
                unread.add(extra)
            else:
                dependencies.append(dependency)
    name = ini.get("metadata", "name")
    published = any(ini.get("metadata", key) is not None for key in _PUBLISHED)
    return DependencyFile(
        path=path,
        format=FileFormat.SETUP,
        dependencies=tuple(dependencies),
        includes=tuple(includes),
        complete=answer(complete),
        library=YES if published else UNKNOWN,
        project=canonical_name(name.value.value) if name is not None else "",
        extras=frozenset(extras),
        unread=frozenset(unread),
    )


def _lines(text: Text) -> Iterator[Text]:
    """The lines that hold something, without indentation and comments."""
    start = 0
    for line in text.value.split("\n"):
        content = text.slice(start, start + len(line)).strip()
        start += len(line) + 1
        if content.value and not content.value.startswith("#"):
            yield content


def _read_script(repository: Repository, path: str) -> DependencyFile | None:
    module = repository.python(path)
    if module is None:
        return None
    call = next((node for node in module.nodes if _calls_setup(node)), None)
    if not isinstance(call, ast.Call):
        return None
    reader = _Script(module)
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    # `setup(**settings)` may hold anything.
    complete = None not in keywords
    dependencies: list[Dependency] = []
    required = keywords.get("install_requires")
    if required is not None:
        whole = reader.add(required, Scope.PRODUCTION, "", dependencies)
        complete = complete and whole
    extras, unread = set(), set()
    for extra, value in reader.mapping(keywords.get("extras_require")):
        if extra is None:
            unread.add("*")
            continue
        extras.add(extra)
        if not reader.add(value, Scope.OPTIONAL, extra, dependencies):
            unread.add(extra)
    name = keywords.get("name")
    return DependencyFile(
        path=path,
        format=FileFormat.SETUP,
        dependencies=tuple(dependencies),
        complete=answer(complete),
        library=_library(keywords.keys()),
        project=canonical_name(name.value) if isinstance(name, ast.Constant) and isinstance(name.value, str) else "",
        extras=frozenset(extras),
        unread=frozenset(unread),
    )


def _library(keywords: Iterable[str | None]) -> Answer:
    return YES if _PUBLISHED.intersection(keywords) else UNKNOWN


def _calls_setup(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    function = node.func
    name = (
        function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""
    )
    return name == "setup"


class _Script:
    """Reads literal lists and dictionaries, through names that a module assigns once."""

    def __init__(self, module: PythonModule) -> None:
        self.module = module
        self.assigned: dict[str, ast.expr | None] = {}
        for node in module.nodes:
            for target, value in _assignments(node):
                self.assigned[target] = None if target in self.assigned else value
        for node in module.nodes:
            # A list that is changed later is not what its assignment says.
            changed = _changed(node)
            if changed is not None:
                self.assigned[changed] = None

    def resolved(self, node: ast.expr | None) -> ast.expr | None:
        for _ in range(_NAMES_FOLLOWED):
            if not isinstance(node, ast.Name):
                return node
            node = self.assigned.get(node.id)
        return None

    def add(self, node: ast.expr, scope: Scope, group: str, found: list[Dependency]) -> bool:
        """Adds the requirements of an expression; whether all of it could be read."""
        waiting = [node]
        whole = True
        for _ in range(10_000):
            if not waiting:
                return whole
            value = self.resolved(waiting.pop())
            if isinstance(value, (ast.List, ast.Tuple, ast.Set)):
                waiting.extend(reversed(value.elts))
            elif isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
                waiting.extend((value.right, value.left))
            elif isinstance(value, ast.Starred):
                waiting.append(value.value)
            elif isinstance(value, ast.Constant) and isinstance(value.value, str):
                for line in _lines(self._text(value, value.value)):
                    dependency = from_text(line, scope, group)
                    whole = whole and dependency is not None
                    found.extend([dependency] if dependency is not None else [])
            else:
                whole = False
        return False

    def mapping(self, node: ast.expr | None) -> Iterator[tuple[str | None, ast.expr]]:
        """The entries of a dictionary, with None for a key that is not known."""
        value = self.resolved(node)
        if isinstance(value, ast.Dict):
            for key, item in zip(value.keys, value.values, strict=True):
                known = isinstance(key, ast.Constant) and isinstance(key.value, str)
                yield (canonical_name(str(key.value)) if known and isinstance(key, ast.Constant) else None), item
        elif node is not None:
            yield None, node

    def _text(self, node: ast.Constant, value: str) -> Text:
        span = self.module.span(node)
        inside = Span(span.source, span.start + 1, span.end - 1)
        # Without prefix, escape or triple quotes the string is what stands between its quotes.
        return Text.verbatim(inside) if inside.text == value else Text.at(value, span)


def _assignments(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, node.value
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
        yield node.target.id, node.value


def _changed(node: ast.AST) -> str | None:
    """The name of a list or dictionary that a statement changes in place."""
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        return node.target.id
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        changes = ("append", "extend", "insert", "remove", "pop", "update", "clear", "setdefault", "add")
        return node.func.value.id if node.func.attr in changes else None
    if (
        isinstance(node, ast.Subscript)
        and isinstance(node.ctx, (ast.Store, ast.Del))
        and isinstance(node.value, ast.Name)
    ):
        return node.value.id
    return None
