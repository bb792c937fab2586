"""Where the code of a service begins: the modules that its process imports first, and all that these import."""

from __future__ import annotations

from prodlint.deployment.apps.import_graph import ImportGraph
from prodlint.deployment.repository import Repository
from prodlint.deployment.service import Service

__all__ = ["import_graph_of"]


def import_graph_of(service: Service, repository: Repository) -> ImportGraph:
    """The modules that the process of a service imports, from those with which it begins."""
    from prodlint.deployment.settings.start import agreed_start

    app = () if service.app is None else (service.app.path,)
    if service.step is None:
        return ImportGraph(repository, service.roots, app if service.handled_at is not None else ())
    start = agreed_start(service, repository)
    module = () if service.module is None else (service.module,)
    if start is None:
        return ImportGraph(repository, service.roots, (*module, *app))
    entries: tuple[str, ...] = (*module, *(one.path for one in start.modules), *app)
    if start.is_django:
        from prodlint.deployment.served.django import DjangoImports

        imports = DjangoImports(service, repository, start)
        return ImportGraph(repository, start.roots, entries, imports.of, imports.are_known)
    return ImportGraph(repository, start.roots, entries)
