"""The app that a server with a command line of its own loads: its settings first, then the module that it names."""

from __future__ import annotations

from prodlint.deployment.app import App, locate_module, module_at, roots_of
from prodlint.deployment.apps.search import app_of
from prodlint.deployment.command import Step
from prodlint.deployment.execution.place import Place
from prodlint.deployment.repository import Repository
from prodlint.deployment.servers.configuration import configured, import_folders
from prodlint.deployment.servers.server import Server
from prodlint.deployment.value import EnvDriven, Known
from prodlint.record import Record, replace

__all__ = ["Loading", "loading"]


class Loading(Record):
    """A configured server, the app that it loads, the file of the module and the folders from which it imports."""

    server: Server
    app: App | None = None
    module: str | None = None
    roots: tuple[str, ...] = ()


def loading(server: Server, step: Step, place: Place, repository: Repository, roots: tuple[str, ...]) -> Loading:
    """What a server loads that a step starts; `roots` are the folders to import from where its own are not known."""
    server = configured(server, step, place, repository)
    folders = import_folders(server, step, place)
    here = replace(place, directory=step.directory)
    roots = roots_of(here, repository, folders) or roots
    target = server.target.value if isinstance(server.target, Known) else None
    if isinstance(server.target, EnvDriven):
        target = server.target.default
    module, app = server.target_file, None
    if target is not None:
        name = target.partition(":")[0]
        module = module or module_at(here, folders, name, repository) or locate_module(repository, roots, name)
        app = app_of(repository, roots, target, server.attribute, module)
    return Loading(server, app, module, roots)
