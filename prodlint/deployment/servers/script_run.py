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

__all__ = ["ScriptRun", "script_path", "script_run"]


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
    found = _script(step, place, repository, roots)
    if found is None:
        return None
    path, function = found
    around = _around(path, roots)
    if function is None:
        starts = starts_when_run(repository, around, path)
    else:
        starts = starts_when_called(repository, around, path, function)
    return _run(path, starts, step, place, repository, around)


def script_path(step: Step, place: Place, repository: Repository, roots: tuple[str, ...]) -> str | None:
    """The Python file that such a step runs."""
    found = _script(step, replace(place, directory=step.directory), repository, roots)
    return None if found is None else found[0]


def _script(step: Step, place: Place, repository: Repository, roots: tuple[str, ...]) -> tuple[str, str | None] | None:
    """The file that a step runs, and the function of it that a console script calls."""
    python = python_arguments(step)
    if python is None:
        from prodlint.deployment.apps.console_scripts import console_script

        script = console_script(repository, roots, step.program)
        return None if script is None else (script.path, script.function)
    path = None
    if python.file is not None and python.file.literal:
        target = absolute(python.file.literal, step.directory)
        candidates = place.files.candidates(target) if target else ()
        path = next((candidate for candidate in candidates if candidate in repository.paths), None)
    elif python.module is not None:
        for name in (f"{python.module}.__main__", python.module):
            path = path or module_at(place, (), name, repository) or locate_module(repository, roots, name)
    return None if path is None else (path, None)


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
