"""Cloud Run: services and jobs that a knative manifest declares (platform page, 2.9).

Sources: cloud.google.com, "Cloud Run YAML Reference".
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.process import Platform, PlatformSetting, Process, Role
from prodlint.deployment.repository import Repository
from prodlint.readers.declared import declared_text, mapping_at, scalar_at
from prodlint.readers.kubernetes_manifest import Manifest, Scope, is_chart_template, manifests_in
from prodlint.readers.kubernetes_pod import processes_of
from prodlint.record import replace
from prodlint.syntax.yaml import Mapping, Node, Scalar

_ANNOTATIONS = (
    "autoscaling.knative.dev/minScale",
    "autoscaling.knative.dev/maxScale",
    "run.googleapis.com/cpu-throttling",
    "run.googleapis.com/startup-cpu-boost",
    "run.googleapis.com/cloudsql-instances",
    "run.googleapis.com/execution-environment",
)
_SETTINGS = ("containerConcurrency", "timeoutSeconds", "serviceAccountName")


def read(path: str, repository: Repository) -> Iterator[Process]:
    """A process for each container; with several, the one with a port is the one that is served."""
    if "{{" in path or is_chart_template(path, repository):
        return
    for manifest in manifests_in(path, repository):
        job = manifest.kind == "Job" and manifest.version.startswith("run.googleapis.com")
        if not job and not (manifest.kind == "Service" and manifest.version.startswith("serving.knative.dev")):
            continue
        template = mapping_at(manifest.body, "spec", "template", "spec", "template") if job else None
        template = template or mapping_at(manifest.body, "spec", "template")
        if template is None:
            continue
        environment = environment_of(path) or manifest.environment or Environment.PRODUCTION
        settings = tuple(_settings(template))
        processes = list(
            processes_of(_as_deployment(manifest, template), Scope((), path), environment, Platform.CLOUD_RUN)
        )
        for process in processes:
            role = Role.RELEASE if job else Role.WEB if process.ports or len(processes) == 1 else Role.UNKNOWN
            yield replace(process, role=role, settings=(*process.settings, *settings))


def _as_deployment(manifest: Manifest, template: Mapping) -> Manifest:
    """The same pods in the shape that Kubernetes gives to a Deployment."""
    pair: tuple[Node, Node] = (Scalar("template", "plain", template.span), template)
    spec = Mapping.of([pair], template.span)
    body = Mapping.of([(Scalar("spec", "plain", template.span), spec)], template.span)
    return replace(manifest, kind="Deployment", body=body)


def _settings(template: Mapping) -> Iterator[PlatformSetting]:
    for name in _ANNOTATIONS:
        written = scalar_at(template, "metadata", "annotations", name)
        if written is not None:
            yield PlatformSetting(name, declared_text(written), written.span)
    for name in _SETTINGS:
        written = scalar_at(template, "spec", name)
        if written is not None:
            yield PlatformSetting(name, declared_text(written), written.span)
