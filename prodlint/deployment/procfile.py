"""Whose a Procfile is: several platforms read it, and where one of them is named it is not Heroku's."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from prodlint.deployment.process import Platform, Process
from prodlint.deployment.repository import Repository, normal_path

__all__ = ["is_of_heroku", "is_procfile", "taken_procfiles"]

# Files that Heroku reads, and hardly anybody else beside a Procfile (platform page, 2.4).
_OF_HEROKU = ("app.json", "runtime.txt", ".slugignore", "Aptfile", "bin/post_compile", "bin/pre_compile")


def is_procfile(path: str) -> bool:
    """Whether a file is a Procfile: several platforms read one, and not all of them dial PORT."""
    return posixpath.basename(path).startswith("Procfile")


def is_of_heroku(process: Process, repository: Repository) -> bool:
    """Whether a process runs on Heroku: by its manifest, or by a Procfile that something beside it gives to Heroku.

    A `release:` line does not: Dokku and others run it, too.
    """
    if process.platform is not Platform.HEROKU:
        return False
    folder = posixpath.dirname(process.path)
    is_beside = any(normal_path(folder, name) in repository.paths for name in _OF_HEROKU)
    return is_beside or not is_procfile(process.path)


def taken_procfiles(processes: Iterable[Process], repository: Repository) -> frozenset[str]:
    """The paths of the Procfiles that Heroku does not run.

    It reads none beside a heroku.yml (platform page, 2.4). One that another platform takes its command from
    is that platform's, unless an app.json beside it says that the app is on Heroku, too.
    """
    found = set()
    for one in processes:
        if posixpath.basename(one.path) == "heroku.yml":
            found.add(normal_path(posixpath.dirname(one.path), "Procfile"))
        path = one.command.span.path if one.command is not None else ""
        if one.platform is not Platform.HEROKU and posixpath.basename(path) == "Procfile":
            manifest = normal_path(posixpath.dirname(path), "app.json")
            found.update([path] if manifest not in repository.paths else [])
    return frozenset(found)
