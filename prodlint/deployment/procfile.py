"""Whose a Procfile is: several platforms read it, and where one of them is named it is not Heroku's."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from prodlint.deployment.process import Platform, Process
from prodlint.deployment.repository import Repository, normal_path

__all__ = ["is_exported", "is_of_heroku", "is_procfile", "may_be_of_another", "taken_procfiles"]

# Files that Heroku reads, and hardly anybody else beside a Procfile (platform page, 2.4).
_OF_HEROKU = ("app.json", "runtime.txt", ".slugignore", "Aptfile", "bin/post_compile", "bin/pre_compile")


# Files of other platforms that start what a Procfile says, where they name no command themselves.
_OF_OTHERS = (
    "railway.json",
    "railway.toml",
    "nixpacks.toml",
    "railpack.json",
    ".do/app.yaml",
    ".do/deploy.template.yaml",
)


# The templates by which `foreman export` writes the lines of a Procfile into the init system of a host (foreman(1)).
_OF_EXPORTS = ("process.conf.erb", "process_master.conf.erb", "process.service.erb", "process_master.target.erb")


def may_be_of_another(process: Process, repository: Repository) -> bool:
    """Whether nothing says that a Procfile is Heroku's, and something that another platform or a host starts it.

    One of another name (`Procfile.dev`) is for the tools that are given it: Heroku reads none but `Procfile`.
    """
    if is_procfile(process.path) and posixpath.basename(process.path) != "Procfile":
        return True
    folder = posixpath.dirname(process.path)
    beside = any(normal_path(folder, name) in repository.paths for name in _OF_OTHERS)
    is_other = is_procfile(process.path) and beside and not is_of_heroku(process, repository)
    return is_other or is_exported(process, repository)


def is_exported(process: Process, repository: Repository) -> bool:
    """Whether a Procfile is for hosts, where no router of a platform stands before what foreman makes of its lines."""
    is_for_hosts = is_procfile(process.path) and bool(repository.named(*_OF_EXPORTS))
    return is_for_hosts and not is_of_heroku(process, repository)


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
