"""Servers that Python code starts as programs of their own: `os.execvp("gunicorn", [...])`, `subprocess.run([...])`.

Sources: Python, "subprocess" (`args`, `shell`, `cwd`, `env`) and "os" (`execl`, `execv` and their relatives): a list is
the words of a command line, a text is one for a shell (`os.system`, `shell=True`) or the name of a program.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from prodlint.deployment.command import CommandLine, Step, exec_form, shell_form
from prodlint.deployment.execution.place import Place
from prodlint.deployment.execution.steps import execute
from prodlint.deployment.filemap import absolute
from prodlint.deployment.repository import Repository
from prodlint.deployment.servers.handed_list import handed_list
from prodlint.deployment.servers.loading import Loading, loading
from prodlint.deployment.servers.script import ServerStart
from prodlint.deployment.servers.server import Server, server_of
from prodlint.deployment.value import EnvDriven, Known, Unknown, Value
from prodlint.record import Record, replace
from prodlint.source import Span, Text
from prodlint.syntax.python import PythonModule
from prodlint.syntax.word import Expansion, Literal, Part, Substitution, Word

__all__ = ["Child", "child_loading", "child_of", "is_other_program"]

_COMPUTED = "its command is computed in the code"
_MOVED = "the code may change the folder in which it starts"
_Evaluate = Callable[[ast.expr], Value[object]]


class Child(Record):
    """How a call starts a program: its command, None where that is computed, and where it runs.

    `folder` is what `cwd` says, as it is written; `is_moved` is set where nothing tells the folder. It
    `has_own_variables` where the call hands it others than those of the code.
    """

    command: CommandLine | None
    folder: str = ""
    is_moved: bool = False
    has_own_variables: bool = False


def child_of(repository: Repository, module: PythonModule, call: ast.Call, evaluate: _Evaluate) -> Child:
    """The program that a call of `subprocess` or `os` starts; `evaluate` tells what an expression is there."""
    given = {one.arg: one.value for one in call.keywords}
    cwd = given.get("cwd")
    folder = evaluate(cwd) if cwd is not None else None
    name = module.qualified_name(call.func) or ""
    known = isinstance(folder, Known) and isinstance(folder.value, str | None)
    moved = "chdir(" in module.source.text or not (cwd is None or known)
    own = given.get("env")
    if name in ("os.execve", "os.execvpe") and len(call.args) > 2:
        own = call.args[2]
    return Child(
        _command(repository, module, call, name.rpartition(".")[2], evaluate),
        (folder.value or "") if isinstance(folder, Known) and isinstance(folder.value, str) else "",
        moved,
        own is not None and not _is_inherited(module, own),
    )


def _is_inherited(module: PythonModule, node: ast.expr) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "copy":
        node = node.func.value
    return module.qualified_name(node) == "os.environ" or (isinstance(node, ast.Constant) and node.value is None)


def _command(
    repository: Repository, module: PythonModule, call: ast.Call, function: str, evaluate: _Evaluate
) -> CommandLine | None:
    listed: list[ast.expr] | None = None
    first = call.args[0] if call.args else next((one.value for one in call.keywords if one.arg == "args"), None)
    if function.startswith("execl"):
        listed = call.args[1:]
    elif function.startswith("exec"):
        first = call.args[1] if len(call.args) > 1 else None
    listed = listed or handed_list(repository, module.source.path, first)
    if listed is None:
        text = module.text(first) if first is not None else None
        return None if text is None else shell_form(text, module.span(call))
    words = tuple(_word(module, element, evaluate) for element in listed)
    if function.startswith("exec") and words and call.args:
        # The first word is only what the program is told that it is called.
        words = (_word(module, call.args[0], evaluate), *words[1:])
    return exec_form(words, module.span(call)) if words else None


def _word(module: PythonModule, node: ast.expr, evaluate: _Evaluate) -> Word:
    span = module.span(node)
    if isinstance(node, ast.Starred):
        return Word((Substitution(span, reason=_COMPUTED),), span)
    text = module.text(node)
    if text is not None:
        return Word.of(text, span)
    if module.qualified_name(node) == "sys.executable":
        return Word.of(Text.at("python", span), span)
    return Word(tuple(_parts(module, node, evaluate)), span)


def _parts(module: PythonModule, node: ast.expr, evaluate: _Evaluate) -> Iterator[Part]:
    """The parts of a word that code puts together: `f":{port}"` is a colon and what `port` holds."""
    span = module.span(node)
    is_text = isinstance(node, ast.Call) and module.qualified_name(node.func) is None and len(node.args) == 1
    if isinstance(node, ast.JoinedStr):
        for one in node.values:
            yield from _parts(module, one, evaluate)
    elif isinstance(node, ast.FormattedValue) and node.format_spec is None and node.conversion == -1:
        yield from _parts(module, node.value, evaluate)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        added: list[ast.expr] = []
        while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            added.append(node.right)
            node = node.left
        for one in (node, *reversed(added)):
            yield from _parts(module, one, evaluate)
    elif is_text and isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "str":
        yield from _parts(module, node.args[0], evaluate)
    else:
        yield _part(evaluate(node), span)


def _part(value: Value[object], span: Span) -> Part:
    if isinstance(value, Known) and isinstance(value.value, str | int):
        return Literal(Text.at(str(value.value), span), True)
    if isinstance(value, EnvDriven) and value.is_variable:
        default = None if value.default is None else Word.of(Text.at(str(value.default), span), span)
        return Expansion(value.name, span, "" if default is None else "-", default, True, outside=True)
    return Substitution(span, True, value.reason if isinstance(value, Unknown) else _COMPUTED)


def child_loading(
    child: Child, server: Server, place: Place, repository: Repository, roots: tuple[str, ...]
) -> Loading:
    """What the program of a call loads, told as `server`, the call."""
    step = _program(child, place, repository)
    found = None if step is None else server_of(step)
    if step is None or found is None or found.product.partition(" ")[0] != server.product:
        return Loading(replace(server, target=Unknown(_COMPUTED, server.span)))
    loaded = loading(found, step, place, repository, () if child.is_moved else roots)
    made = replace(loaded.server, span=server.span, in_code=True, owner=loaded.server.owner or server.owner)
    if child.has_own_variables:
        made = replace(made, settings=made.settings.copy(doubt="the code sets the variables that it sees"))
    if child.is_moved and loaded.app is None:
        made = replace(made, target=Unknown(_MOVED, server.span))
    return replace(loaded, server=made)


def is_other_program(start: ServerStart, place: Place, repository: Repository) -> bool:
    """Whether a call that names a server certainly starts something else: `pip install gunicorn`."""
    module = repository.python(start.span.path)
    if not start.is_child or start.node is None or module is None:
        return False
    step = _program(child_of(repository, module, start.node, lambda node: Unknown(_COMPUTED)), place, repository)
    return step is not None and bool(step.program) and server_of(step) is None


def _program(child: Child, place: Place, repository: Repository) -> Step | None:
    """The one program that a call comes down to; None where that cannot be told."""
    if child.command is None:
        return None
    directory = absolute(child.folder, place.directory) if child.folder else place.directory
    execution = execute(child.command, replace(place, directory=None if child.is_moved else directory), repository)
    return execution.processes[0] if len(execution.processes) == 1 and not execution.lost else None
