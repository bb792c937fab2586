"""Kustomize: the workloads of each kustomization that nothing else brings, as it is built (platform page, 2.3.1)."""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.network import Proxy
from prodlint.deployment.process import Process, UnreadDeployment
from prodlint.deployment.repository import Repository
from prodlint.readers.kubernetes import facts_of
from prodlint.readers.kubernetes_elsewhere import affordable_builds
from prodlint.readers.kubernetes_manifest import Scope
from prodlint.readers.kustomization import Built, leaves
from prodlint.record import replace


def read(path: str, repository: Repository) -> Iterator[Process | Proxy | UnreadDeployment]:
    """The workloads of a kustomization that no other one brings."""
    if path not in leaves(repository):
        return
    built = affordable_builds(repository, "").get(path)
    if built is None:
        source = repository.source(path)
        if source is not None:
            yield UnreadDeployment("one kustomization of very many", source.line_span(1))
        return
    environment = _environment(path, built)
    scope = Scope(built.manifests, path, repository)
    for manifest in built.manifests:
        for fact in facts_of(manifest, scope, environment):
            yield replace(fact, complete=False) if built.unread and isinstance(fact, Process) else fact
    if built.unread and environment not in (Environment.DEVELOPMENT, Environment.TEST):
        yield UnreadDeployment("a part of a kustomization", built.unread[0].span)


def _environment(path: str, built: Built) -> Environment | None:
    """What the folder of an overlay or its labels say of production."""
    named = environment_of(path)
    if named is not None:
        return named
    said = [environment_of(value) for key, value in built.labels if key in ("environment", "env")]
    return next((one for one in said if one is not None), None)
