"""What a step that runs Python code of the project comes to: the servers that its code starts."""

from __future__ import annotations

import posixpath

from prodlint.deployment.app import locate_module, module_at
from prodlint.deployment.command import Step
from prodlint.deployment.commands.program import python_arguments
from prodlint.deployment.execution.place import Place
from prodlint.deployment.filemap import absolute
from prodlint.deployment.repository import Repository
from prodlint.deployment.servers.loading import Loading
from prodlint.deployment.servers.script import ServerStart, starts_when_called, starts_when_run
from prodlint.record import Record, replace

__all__ = ["ScriptRun", "script_run"]


# More than that are told as one of several.
_MOST_STARTS = 20


class ScriptRun(Record):
    """A run of a Python file or function: the server starts that it reaches.

    `path` is the file that is run, `loading` the server that they agree on with its app.
    """

    path: str
    starts: tuple[ServerStart, ...] = ()
    loading: Loading | None = None


def script_run(step: Step, place: Place, repository: Repository, roots: tuple[str, ...]) -> ScriptRun | None:
    """The run of a step that starts a Python file, module or console script of the repository; None for others."""
    place = replace(place, directory=step.directory)
    python = python_arguments(step)
    if python is None:
        from prodlint.deployment.apps.console_scripts import console_script

        script = console_script(repository, roots, step.program)
        if script is None:
            return None
        around = _around(script.path, roots)
        starts = starts_when_called(repository, around, script.path, script.function)
        return _run(script.path, starts, step, place, repository, around)
    path = None
    if python.file is not None and python.file.literal:
        target = absolute(python.file.literal, step.directory)
        candidates = place.files.candidates(target) if target else ()
        path = next((candidate for candidate in candidates if candidate in repository.paths), None)
    elif python.module is not None:
        for name in (f"{python.module}.__main__", python.module):
            path = path or module_at(place, (), name, repository) or locate_module(repository, roots, name)
    if path is None:
        return None
    around = _around(path, roots)
    return _run(path, starts_when_run(repository, around, path), step, place, repository, around)


def _around(path: str, roots: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((posixpath.dirname(path), *roots)))


def _run(
    path: str,
    starts: tuple[ServerStart, ...],
    step: Step,
    place: Place,
    repository: Repository,
    roots: tuple[str, ...],
) -> ScriptRun:
    if any(start.is_child for start in starts) and len(starts) <= _MOST_STARTS:
        from prodlint.deployment.servers.child import is_other_program

        starts = tuple(start for start in starts if not is_other_program(start, place, repository))
    if not starts:
        return ScriptRun(path)
    from prodlint.deployment.servers.script_settings import server_in_code

    loaded = server_in_code(starts, step, place, repository, roots)
    return ScriptRun(path, starts) if loaded is None else ScriptRun(path, starts, loaded)
