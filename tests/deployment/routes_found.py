"""The routes that the model finds in the files of an app."""

from __future__ import annotations

from prodlint.deployment.apps.search import app_of
from prodlint.deployment.repository import Repository
from prodlint.deployment.route import Routes
from prodlint.deployment.routes.tables import routes_of_tables

__all__ = ["of", "served"]


def of(files: dict[str, str]) -> Repository:
    """A repository with files in memory."""
    written = {path: text.encode() for path, text in files.items()}
    return Repository(written, written.__getitem__)


def served(files: dict[str, str], target: str) -> Routes:
    """The routes of the app at a target: `module:name`."""
    repository = of(files)
    app = app_of(repository, ("",), target, None)
    assert app is not None
    return routes_of_tables(app, repository, ("",))
