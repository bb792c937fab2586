"""Whose a Procfile is: several platforms read it, and where one of them is named it is not Heroku's."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from prodlint.deployment.process import Platform, Process
from prodlint.deployment.repository import Repository, normal_path

__all__ = ["taken_procfiles"]


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
