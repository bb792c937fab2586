"""What works off a queue or a schedule, as the map tells it: the program with its version, and the app that it loads.

Celery, "Application", find_app: `-A shop` is an attribute of a module, else `app` or `celery` of it, else of its
module `celery`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from prodlint.deployment.app import locate_module, module_at, roots_of
from prodlint.deployment.packages.installed_version import placed_version_of
from prodlint.deployment.repository import Repository
from prodlint.deployment.servers.worker_settings import Worker
from prodlint.deployment.service import Service
from prodlint.deployment.value import EnvDriven, Known
from prodlint.map.document import Fact, Source, State
from prodlint.source import Span

__all__ = ["worker_facts"]

_NAMES = ("app", "celery", "application")


def worker_facts(service: Service, worker: Worker, repository: Repository, is_ours: bool) -> Iterator[Fact]:
    """Its `server` and its `app`; `is_ours` where the files of the repository tell what its image installs."""
    version = placed_version_of(service.installs, worker.distribution, repository) if is_ours else None
    sources = [Source(worker.product, worker.span, "starts it")]
    if version is not None:
        sources.insert(0, Source(version.value, version.span, "fixes its version"))
    text = worker.product if version is None else f"{worker.product}, {worker.distribution} {version.value}"
    yield Fact("server", text, span=worker.span, sources=tuple(sources))
    target = worker.target
    if isinstance(target, EnvDriven):
        yield Fact("app", f"${target.name} names it", State.UNKNOWN, target.span)
    elif isinstance(target, Known) and worker.product.startswith("celery"):
        found = _place(service, target.value, repository)
        text = f"{target.value} → {found}, Celery" if found is not None else f"{target.value} was not found"
        yield Fact("app", text, State.UNKNOWN if found is None else State.KNOWN, found or target.span)


def _place(service: Service, target: str, repository: Repository) -> Span | None:
    """Where the app of a target is made."""
    directory = service.step.directory if service.step is not None else service.place.directory
    place = replace(service.place, directory=directory)
    roots = roots_of(place, repository)
    dotted, _, attribute = target.partition(":")
    owner, _, last = dotted.rpartition(".")
    candidates = [(dotted, attribute)] if attribute else [(owner, last), *((dotted, name) for name in _NAMES)]
    candidates += [] if attribute else [(f"{dotted}.celery", name) for name in _NAMES]
    for module_name, name in candidates:
        path = module_at(place, (), module_name, repository) or locate_module(repository, roots, module_name)
        module = repository.python(path) if module_name and path is not None else None
        bindings = module.bindings(name) if module is not None else ()
        made = next((one for one in reversed(bindings) if isinstance(one.value, ast.expr)), None)
        if module is not None and made is not None:
            return module.span(made.node)
    return None
