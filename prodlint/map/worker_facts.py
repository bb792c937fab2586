"""What works off a queue or a schedule, as the map tells it: the program with its version, and the app it loads."""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.model import Deployment
from prodlint.deployment.packages.installed_version import placed_version_of
from prodlint.deployment.servers.worker_settings import Worker
from prodlint.deployment.service import Service
from prodlint.deployment.value import EnvDriven, Known
from prodlint.map.document import Fact, Source, State

__all__ = ["worker_facts"]


def worker_facts(service: Service, worker: Worker, deployment: Deployment) -> Iterator[Fact]:
    """Its `server` and its `app`."""
    version = None
    if not service.is_of_another_version:
        version = placed_version_of(service.installs, worker.distribution, deployment.repository)
    sources = [Source(worker.product, worker.span, "starts it")]
    if version is not None:
        sources.insert(0, Source(version.value, version.span, "fixes its version"))
    text = worker.product if version is None else f"{worker.product}, {worker.distribution} {version.value}"
    yield Fact("server", text, span=worker.span, sources=tuple(sources))
    target = worker.target
    if isinstance(target, EnvDriven):
        yield Fact("app", f"${target.name} names it", State.UNKNOWN, target.span)
    elif isinstance(target, Known) and worker.is_celery:
        found = deployment.serving_of(service).worker_app
        text = f"{target.value} → {found}, Celery" if found is not None else f"{target.value} was not found"
        yield Fact("app", text, State.UNKNOWN if found is None else State.KNOWN, found or target.span)
