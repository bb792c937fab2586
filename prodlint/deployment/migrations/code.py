"""Calls in a project's own Python that apply migrations: at start, in a script, in a command of manage.py.

Code that is imported or run as a script may be reached in ways that are not followed: in which environment it
applies them is not known. A command of `manage.py` is reached by its name alone: it counts where a command line
or other code names it, and nowhere else.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator

from prodlint.deployment.apps.text import python_with
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.migration import MigrationRun, System, applied_by, is_ours
from prodlint.deployment.repository import Repository
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Span, Text
from prodlint.syntax.python import PythonModule
from prodlint.syntax.python_tree import nodes_in
from prodlint.syntax.shell import Command, Unparsed, parse_shell, walk

__all__ = ["MigratingCode", "migrating_code"]

_UPGRADE = regex(rb"(?<!def )\bupgrade\b")
_SIGNS = (
    ((b"call_command",), (regex(rb"""["'](?:migrate|migrate_schemas|safemigrate)["']"""),)),
    ((b"MigrationExecutor",), ()),
    ((b"alembic",), (regex(rb"\bcommand\b"), _UPGRADE)),
    ((b"flask_migrate",), (_UPGRADE,)),
    (
        (b"manage.py", b"django-admin", b"alembic", b"flask"),
        (regex(rb"\bmigrate\b|\bupgrade\b"), regex(rb"subprocess|\bos\b|\bsh\b|\binvoke\b")),
    ),
)
"""One of the words of a row and all of its expressions stand in every file that applies migrations."""


_COMMAND_FILE = regex(r"(?:^|/)management/commands/(?P<name>[^/_][^/]*)\.py$")
_TESTS = ("test_", "conftest")


class MigratingCode(Record):
    """The calls that apply migrations: as runs, and those of commands of manage.py, each by its command's name."""

    runs: tuple[MigrationRun, ...]
    commands: dict[str, tuple[Span, ...]]


class _Called(Record):
    """Commands of manage.py that a file calls: where, and by which name."""

    path: str
    name: str
    span: Span


def migrating_code(repository: Repository) -> MigratingCode:
    """Every call in the project's own Python that applies migrations, tests aside."""
    runs: list[MigrationRun] = []
    commands: dict[str, tuple[Span, ...]] = {}
    for path in _own_files(repository, b"migrat", b"alembic"):
        for system, span in _applying(repository, path):
            own = _COMMAND_FILE.search(path)
            if own is not None and system is System.DJANGO:
                commands[own["name"]] = (*commands.get(own["name"], ()), span)
            else:
                runs.append(_run(system, span))
    called = list(_called(repository)) if commands else []
    # A command that calls another applies what that one applies: each round finds a command more, or is the last.
    for _ in range(len(called)):
        more = {own["name"]: one for one in called if one.name in commands and (own := _COMMAND_FILE.search(one.path))}
        new = {name: (one.span,) for name, one in more.items() if name not in commands}
        if not new:
            break
        commands.update(new)
    others = (one for one in called if one.name in commands and _COMMAND_FILE.search(one.path) is None)
    runs.extend(_run(System.DJANGO, one.span) for one in others)
    return MigratingCode(tuple(runs), commands)


def _run(system: System, span: Span) -> MigrationRun:
    """A call in code, of which nobody knows where it runs; only a name of desks or tests is taken at its word."""
    named = environment_of(span.path)
    known = named in (Environment.DEVELOPMENT, Environment.TEST)
    environment = named if named is not None and known else Environment.UNKNOWN
    return MigrationRun(
        system, span, environment, f"{span.path} applies them when it runs", posixpath.dirname(span.path)
    )


def _own_files(repository: Repository, *needles: bytes) -> Iterator[str]:
    for path in python_with(repository, needles):
        if "/versions/" not in path and is_ours(path) and not posixpath.basename(path).startswith(_TESTS):
            yield path


def _applying(repository: Repository, path: str) -> Iterator[tuple[System, Span]]:
    data = repository.data(path) or b""
    if not _may_apply(data):
        return
    module = repository.python(path)
    for node in module.nodes if module is not None else ():
        if isinstance(node, ast.Call) and module is not None:
            name = module.qualified_name(node.func)
            system = _applied_by(node, name, module)
            # An executor by itself tells which migrations are open.
            if system is not None and (not (name or "").endswith("MigrationExecutor") or _migrates(module)):
                yield system, module.span(node)


def _migrates(module: PythonModule) -> bool:
    """Whether code calls a method `migrate`, as the one of an executor is called."""
    called = (node.func for node in module.nodes if isinstance(node, ast.Call))
    return any(isinstance(one, ast.Attribute) and one.attr == "migrate" for one in called)


def _called(repository: Repository) -> Iterator[_Called]:
    """Calls of commands of manage.py by their names, in Python or in another process."""
    for path in _own_files(repository, b"call_command", b"manage.py"):
        module = repository.python(path)
        for node in module.nodes if module is not None else ():
            if not isinstance(node, ast.Call) or module is None:
                continue
            name = module.qualified_name(node.func) or ""
            if name.endswith("call_command"):
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield _Called(path, first.value, module.span(node))
            elif name.startswith(_CHILDREN):
                for text in _commands(node, module):
                    found = _MANAGE.search(text)
                    if found is not None:
                        yield _Called(path, found["name"], module.span(node))
                        break


def _may_apply(data: bytes) -> bool:
    return any(any(word in data for word in words) and all(one.search(data) for one in more) for words, more in _SIGNS)


_CHILDREN = ("subprocess.", "os.system", "os.exec", "sh.", "invoke.")
_COMMAND = (
    (regex(r"manage\.py\S* migrate|django-admin migrate"), System.DJANGO),
    (regex(r"alembic\b.* upgrade"), System.ALEMBIC),
    (regex(r"flask\b.* db upgrade"), System.FLASK_MIGRATE),
)


_MANAGE = regex(r"(?:manage\.py|django-admin) (?P<name>\w+)")
_SHELLS = ("sh", "bash", "ash", "dash", "zsh", "ssh")
_SPEAKS = ("echo", "printf", "git", "logger")


def _commands(call: ast.Call, module: PythonModule) -> Iterator[str]:
    """The commands that a call starts in another process, each as its words; a word with blanks in it is no command."""
    given = [*call.args, *(one.value for one in call.keywords if one.arg in ("args", "command"))]
    if not given or not isinstance(given[0], (*_WRITTEN, ast.List, ast.Tuple)):
        # What is put together elsewhere: any text may be a part of it.
        yield " ".join(str(node.value) for node in nodes_in(call) if isinstance(node, ast.Constant))
        return
    elements = [one for node in given for one in (node.elts if isinstance(node, ast.List | ast.Tuple) else (node,))]
    texts = [_text(one, module) for one in elements if isinstance(one, _WRITTEN)]
    yield from _in_shell(texts[0]) if len(elements) == 1 and texts else _of_words(texts)


_WRITTEN = (ast.Constant, ast.JoinedStr, ast.BinOp)


def _text(node: ast.expr, module: PythonModule) -> Text:
    """A text as far as it is written down."""
    held = [str(one.value) for one in nodes_in(node) if isinstance(one, ast.Constant)]
    return module.text(node) or Text.at(" ".join(held), module.span(node))


def _in_shell(text: Text) -> Iterator[str]:
    for node in walk(parse_shell(text).body):
        if isinstance(node, Command):
            yield from _of_words([one.content or Text.at(one.written, one.span) for one in node.words])
        elif isinstance(node, Unparsed):
            yield text.value


def _of_words(words: list[Text]) -> Iterator[str]:
    """A command, without what it says to people; what it hands to a shell is one of its own."""
    if not words or words[0].value in _SPEAKS:
        return
    plain = [one for one in words if not re.search(r"\s", one.value)]
    yield " ".join(one.value for one in plain)
    if any(one.value.rpartition("/")[2] in _SHELLS for one in plain):
        for text in words:
            if text not in plain:
                yield from _in_shell(text)


def _applied_by(call: ast.Call, name: str | None, module: PythonModule) -> System | None:
    if name is None:
        return None
    if name.startswith(_CHILDREN):
        found = (system for text in _commands(call, module) for pattern, system in _COMMAND if pattern.search(text))
        return next(found, None)
    return System.DJANGO if name.endswith("MigrationExecutor") else applied_by(call, name)
