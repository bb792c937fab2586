"""Kubernetes manifests that are applied as they are: workloads, and the Ingresses in front of them.

Objects refer to one another inside of their folder. What a kustomization brings is read with it, in
`kustomize`; what a Helm chart brings is a template and is not read (platform page, 2.3).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.memo import per_repository
from prodlint.deployment.network import Proxy
from prodlint.deployment.process import Process, UnreadDeployment
from prodlint.deployment.repository import Repository
from prodlint.readers.declared import mapping_at
from prodlint.readers.kubernetes_manifest import Manifest, Scope, is_chart_template, is_templated, manifests_in
from prodlint.readers.kubernetes_pod import processes_of
from prodlint.readers.kubernetes_route import proxies_of
from prodlint.readers.kustomization import claimed_files, is_kustomization
from prodlint.regex import regex

_SUFFIXES = (".yml", ".yaml", ".json")
# An expression that begins with letters is sought ten times as fast as one with a choice in front of them.
_KIND = regex(
    rb"""kind["']?:\s*["']?(Deployment|StatefulSet|DaemonSet|ReplicaSet|Job|CronJob|Pod|Rollout"""
    rb"""|DeploymentConfig|ReplicationController|Ingress|HTTPRoute|VirtualService|\w*List|Application|ApplicationSet|HelmRelease"""
    rb"""|Workflow|CronWorkflow|WorkflowTemplate|Kustomization)\b"""
)
_NGINX = (b"proxy_pass", b"uwsgi_pass", b"fastcgi_pass", b"grpc_pass")
_DEEPEST_INDENTATION = 500
# By kind, the group of its API and what to call it.
_ELSEWHERE = {
    "Application": ("argoproj.io", "an Argo CD application"),
    "ApplicationSet": ("argoproj.io", "an Argo CD application"),
    "HelmRelease": ("helm.toolkit.fluxcd.io", "a Flux Helm release"),
    "Kustomization": ("kustomize.toolkit.fluxcd.io", "a Flux kustomization"),
    "Workflow": ("argoproj.io", "an Argo workflow"),
    "CronWorkflow": ("argoproj.io", "an Argo workflow"),
    "WorkflowTemplate": ("argoproj.io", "an Argo workflow"),
}


def read(path: str, repository: Repository) -> Iterator[Process | Proxy | UnreadDeployment]:
    """The workloads of a file that no kustomization brings and that is no template of a chart."""
    data = repository.data(path)
    if data is None or not _names_kind(data) or "{{" in path or is_kustomization(path):
        return
    if is_chart_template(path, repository) or path in claimed_files(repository):
        return
    manifests = manifests_in(path, repository)
    source = repository.source(path)
    named = environment_of(path)
    if not manifests and source is not None and is_templated(source.text):
        if named not in (Environment.DEVELOPMENT, Environment.TEST):
            yield UnreadDeployment("a template of Kubernetes manifests", source.line_span(1))
        return
    scope = _scope(repository, posixpath.dirname(path))
    for manifest in manifests:
        yield from facts_of(manifest, scope, named)


def facts_of(
    manifest: Manifest, scope: Scope, environment: Environment | None
) -> Iterator[Process | Proxy | UnreadDeployment]:
    """What one object declares, in the environment that its set of files names."""
    group, system = _ELSEWHERE.get(manifest.kind, ("", ""))
    if system and manifest.version.startswith(group):
        if environment not in (Environment.DEVELOPMENT, Environment.TEST):
            yield UnreadDeployment(system, manifest.span)
    elif mapping_at(manifest.body, "spec", "workloadRef") is not None:
        yield UnreadDeployment("a Rollout of another object's pods", manifest.span)
    else:
        yield from processes_of(manifest, scope, environment)
        yield from proxies_of(manifest, scope, environment)
        if manifest.kind == "ConfigMap":
            from prodlint.readers.kubernetes_nginx import proxies_of_configuration

            yield from proxies_of_configuration(manifest, scope.name, environment)


def _names_kind(data: bytes) -> bool:
    """Whether the first key of some line is a kind that is read, with nothing but marks in front of it."""
    if b"ConfigMap" in data and any(word in data for word in _NGINX):
        return True
    for found in _KIND.finditer(data):
        before = data[max(0, found.start() - _DEEPEST_INDENTATION) : found.start()]
        if not before.rpartition(b"\n")[2].strip(b" \t\r,{-\"'"):
            return True
    return False


@per_repository
def _scope(repository: Repository, folder: str) -> Scope:
    """The objects of the files of one folder that are applied as they are."""
    claimed = claimed_files(repository)
    found: list[Manifest] = []
    for path in repository.files_in(folder):
        if path.endswith(_SUFFIXES) and path not in claimed and not is_kustomization(path):
            found.extend(manifests_in(path, repository))
    return Scope(found, folder or ".", repository)
