"""The target of a start command written anew, or with an option in front of it."""

from __future__ import annotations

import ast

from prodlint.deployment.app import Interface, module_at
from prodlint.deployment.apps.search import app_of
from prodlint.deployment.commands.program import python_arguments
from prodlint.deployment.commands.words import replaced_word
from prodlint.deployment.repository import Repository
from prodlint.deployment.service import Service
from prodlint.deployment.value import YES, Known
from prodlint.finding import Edit, Fix, Safety
from prodlint.regex import regex
from prodlint.source import Span
from prodlint.syntax.python import PythonModule, is_main_guard
from prodlint.syntax.python_tree import nodes_in

__all__ = ["asgi_target_of", "with_asgi_worker", "with_import_string", "with_need_app", "with_target"]

_PLAIN_OPTION = regex(r"(?:module|wsgi|wsgi-file|mount)[ \t]*=[^\\]*")
# By the package that brings each; uvicorn's own is on its way out.
_WORKERS = (("uvicorn-worker", "uvicorn_worker.UvicornWorker"), ("uvicorn", "uvicorn.workers.UvicornWorker"))


def with_target(service: Service, services: tuple[Service, ...], words: tuple[str, ...]) -> Fix | None:
    """The word of a command that names the app, replaced; None where it stands elsewhere, or where others start it.

    What these words start today serves nobody, so that the fix is safe.
    """
    edit = _replaced(service, services, words)
    return None if edit is None else Fix(f"serve `{' '.join(words)}`", (edit,), Safety.SAFE)


def _replaced(service: Service, services: tuple[Service, ...], words: tuple[str, ...]) -> Edit | None:
    server, step = service.server, service.step
    if server is None or step is None or not server.parsed.positional or server.in_code:
        return None
    word = server.parsed.positional[0]
    if not any(one.span == word.span for one in step.argv):
        return None
    for other in services:
        if other is service or other.step is None or not other.step.argv or other.server is None:
            continue
        if other.step.argv[0].span == step.argv[0].span and other.app != service.app:
            return None
    return replaced_word(step, word, words)


def with_asgi_worker(service: Service, services: tuple[Service, ...]) -> Fix | None:
    """`-k` with a worker class for ASGI that is installed, in front of the app; None where gunicorn is told another."""
    server = service.server
    if server is None or server.product != "gunicorn" or not server.is_silent_on("worker_class"):
        return None
    word = server.parsed.positional[0].literal if server.parsed.positional else None
    worker = next((name for package, name in _WORKERS if service.installs_distribution(package) is YES), None)
    if word is None or worker is None:
        return None
    edit = _replaced(service, services, ("-k", worker, word))
    return None if edit is None else Fix(f"serve it with {worker}", (edit,), Safety.UNSAFE)


def with_need_app(service: Service) -> Fix | None:
    """`need-app = true` on a line of its own behind the line of an INI file that names the app."""
    server = service.server
    if server is None or server.product != "uwsgi" or not isinstance(server.target, Known):
        return None
    place = server.target.span
    source, path = place.source, server.configuration
    start = source.text.rfind("\n", 0, place.start) + 1
    end = source.text.find("\n", place.end)
    line = source.text[start : end if end >= 0 else None]
    if place.path != path or not place.path.endswith(".ini") or end < 0 or not _PLAIN_OPTION.fullmatch(line):
        return None
    blank = " = " if " = " in line else "="
    edit = Edit(Span(source, end, end), f"\nneed-app{blank}true")
    return Fix("set need-app", (edit,), Safety.SAFE)


def with_import_string(service: Service, repository: Repository) -> Fix | None:
    """`"main:app"` for the app of a script that starts the server in its `__main__` block."""
    start = service.certain_start
    python = python_arguments(service.step) if service.step is not None else None
    file = python.file.literal if python is not None and python.file is not None else None
    module = repository.python(start.span.path) if start is not None else None
    if start is None or start.node is None or start.through or module is None or file is None or not start.node.args:
        return None
    given = start.node.args[0]
    name, stem = file.removeprefix("./").removesuffix(".py"), module.source.path.removesuffix(".py")
    # `python main.py` imports from the folder of the script.
    dotted = name.rpartition("/")[2]
    if not isinstance(given, ast.Name) or not dotted.isidentifier() or not f"/{stem}".endswith(f"/{dotted}"):
        return None
    bindings = module.bindings(given.id)
    if len(bindings) != 1 or bindings[0].conditional or not _is_in_main_block(module, start.node):
        return None
    edit = Edit(module.span(given), f'"{dotted}:{given.id}"')
    return Fix(f'hand over "{dotted}:{given.id}"', (edit,), Safety.SAFE)


def _is_in_main_block(module: PythonModule, call: ast.Call) -> bool:
    """Whether a call runs only when the file is run: the processes that uvicorn starts import it."""
    blocks = [one for one in module.tree.body if isinstance(one, ast.If) and is_main_guard(one.test)]
    place = call.lineno, call.col_offset
    return any(
        isinstance(node, ast.Call) and (node.lineno, node.col_offset) == place
        for block in blocks
        for statement in block.body
        for node in nodes_in(statement)
    )


def asgi_target_of(service: Service, repository: Repository) -> str:
    """`shop.asgi:application` for `shop.wsgi:application`, where that module of Django is there."""
    server, app, step = service.server, service.app, service.step
    if server is None or app is None or step is None or app.framework != "Django" or server.in_code:
        return ""
    if not isinstance(server.target, Known):
        return ""
    module, _, name = server.target.value.partition(":")
    package, _, last = module.rpartition(".")
    if last != "wsgi" or not package:
        return ""
    dotted = f"{package}.asgi"
    path = module_at(service.place, server.folders, dotted, repository)
    found = app_of(repository, service.roots, f"{dotted}:{name}", None, path)
    return f"{dotted}:{name}" if found is not None and found.interface is Interface.ASGI else ""
