"""The projects of a repository: folders that are developed and installed as one, with what runs of each."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from prodlint.deployment.memo import per_repository
from prodlint.deployment.migration import MigrationSystem
from prodlint.deployment.packages.files import dependency_paths
from prodlint.deployment.repository import Repository
from prodlint.deployment.service import Service
from prodlint.record import Record

__all__ = ["Project", "project_root", "projects_of"]

_MARKERS = ("manage.py", "uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock")


class Project(Record):
    """One project: the folder of its code (the root of the repository is empty) and the services that run it."""

    root: str
    services: tuple[Service, ...]
    migration_systems: tuple[MigrationSystem, ...] = ()

    @property
    def name(self) -> str:
        """Its folder, or a word for the repository as a whole."""
        return self.root or "the repository"


def projects_of(
    services: Iterable[Service], systems: Iterable[MigrationSystem], repository: Repository
) -> tuple[Project, ...]:
    """Every project that a service runs or whose schema is migrated, in the order of their folders."""
    marked = _marked_folders(repository)
    running: dict[str, list[Service]] = {}
    for service in services:
        running.setdefault(_root_of(_folder_of(service), marked), []).append(service)
    migrated: dict[str, list[MigrationSystem]] = {}
    for system in systems:
        migrated.setdefault(_root_of(system.root, marked), []).append(system)
    return tuple(
        Project(root, tuple(running.get(root, ())), tuple(migrated.get(root, ())))
        for root in sorted({*running, *migrated})
    )


def project_root(path: str, repository: Repository) -> str:
    """The folder of the project that a file is of."""
    return _root_of(posixpath.dirname(path), _marked_folders(repository))


def _root_of(folder: str, marked: frozenset[str]) -> str:
    """The nearest marked folder from here upwards; else the root of the repository."""
    at = folder
    while at and at not in marked:
        at = posixpath.dirname(at)
    return at


def _marked_folders(repository: Repository) -> frozenset[str]:
    return _marked(repository, "")


@per_repository
def _marked(repository: Repository, _: str) -> frozenset[str]:
    """The folders that declare dependencies or hold a manage.py."""
    found = (*repository.named(*_MARKERS), *dependency_paths(repository))
    return frozenset(posixpath.dirname(path) for path in found if not _is_part_of_a_package(path, repository))


def _is_part_of_a_package(path: str, repository: Repository) -> bool:
    """Whether a manage.py is a module beside others, of another framework than Django."""
    if posixpath.basename(path) != "manage.py" or f"{posixpath.dirname(path)}/__init__.py" not in repository.paths:
        return False
    return b"django" not in (repository.data(path) or b"")


def _folder_of(service: Service) -> str:
    """Where the code of a service lies: its app or script, else what its image or platform is given."""
    if service.app is not None:
        return posixpath.dirname(service.app.path)
    if service.starts:
        return posixpath.dirname(service.starts[0].span.path)
    if service.image is not None and service.image.context is not None:
        return service.image.context
    return service.process.root or posixpath.dirname(service.process.path)
