"""Helm charts: the workloads of a chart as its values make them (platform page, 2.3.2).

A chart is filled in with the values that a pipeline installs it with, else with its values for
production, else with its own. What of it could not be read keeps "nothing does X" unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prodlint.deployment.backing_service import BackingService, backing_product
from prodlint.deployment.command import Link
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.network import Proxy
from prodlint.deployment.process import Process, Role, UnreadDeployment
from prodlint.deployment.repository import Repository
from prodlint.readers.declared import scalar_at
from prodlint.readers.kubernetes import facts_of
from prodlint.readers.kubernetes_manifest import Manifest, Scope, is_chart_template
from prodlint.record import replace
from prodlint.regex import regex

if TYPE_CHECKING:
    from prodlint.readers.helm_chart import Chart
    from prodlint.readers.helm_rendering import Rendered
    from prodlint.readers.helm_variants import Variant


_PLACEHOLDER = regex(r"\{\{.*?\}\}")
_FURTHER = regex(r"[-_.]?\{\{.*?\}\}")
_NOT_PRODUCTION = (Environment.DEVELOPMENT, Environment.TEST)
_NOT_WHEN_RELEASED = frozenset(
    ("test", "test-success", "test-failure", "pre-delete", "post-delete", "pre-rollback", "post-rollback")
)


def read(path: str, repository: Repository) -> Iterator[Process | Proxy | BackingService | UnreadDeployment]:
    """The workloads of a chart, in production and for developers."""
    source = repository.source(path)
    if source is None or "{{" in path or is_chart_template(path, repository):
        return
    # Few repositories hold a chart.
    from prodlint.readers.helm_chart import chart_at
    from prodlint.readers.helm_variants import is_part, variants

    chart = chart_at(repository, path)
    place = environment_of(path)
    if chart is not None and is_part(chart, repository):
        return
    if chart is None or not (chart.templates or chart.dependencies):
        if place not in _NOT_PRODUCTION:
            yield UnreadDeployment("a Helm chart", source.line_span(1))
        return
    for variant in variants(chart, repository):
        yield from _of_variant(chart, variant, place, repository)


def _of_variant(
    chart: Chart, variant: Variant, place: Environment | None, repository: Repository
) -> Iterator[Process | Proxy | BackingService | UnreadDeployment]:
    from prodlint.readers.helm_family import backing_charts
    from prodlint.readers.helm_rendering import rendered

    environment = place if place in _NOT_PRODUCTION else variant.environment
    found = rendered(chart, variant.given, repository)
    given = [*variant.given.files, variant.given.release or ""]
    scope = Scope(found.manifests, " ".join((chart.span.path, *given)).strip())
    for manifest in found.manifests:
        hooks = _hooks(manifest)
        if hooks and hooks <= _NOT_WHEN_RELEASED:
            continue
        for fact in facts_of(manifest, scope, environment):
            yield _named(fact, chart, manifest, found, bool(hooks)) if isinstance(fact, Process) else fact
    for dependency in backing_charts(chart, variant.given, repository):
        product = backing_product(dependency.name)
        if product:
            runs_in = environment or Environment.PRODUCTION
            yield BackingService(dependency.alias, dependency.name, product, "", dependency.span, runs_in)
    if environment in _NOT_PRODUCTION:
        return
    if variant.given.is_open:
        yield UnreadDeployment("values of a Helm chart", variant.span)
    elif found.gaps:
        gap = found.gaps[0]
        yield UnreadDeployment(f"a part of a Helm chart: {gap.reason}", gap.span)
    elif found.left_out and not variant.is_chosen:
        yield UnreadDeployment("a part of a Helm chart that other values would bring", found.left_out[0])


def _named(process: Process, chart: Chart, manifest: Manifest, found: Rendered, is_hook: bool) -> Process:
    """A process with a name for people, and with what its chart does not tell."""
    name = _PLACEHOLDER.sub(chart.name.replace("\\", ""), process.name, count=1)
    name = _FURTHER.sub("", name)
    role = Role.RELEASE if is_hook else process.role
    if manifest in found.doubtful:
        unsure = Link(manifest.span, "may get more from parts of its chart that are not read")
        return replace(process, name=name, role=role, complete=False, variables_from=(*process.variables_from, unsure))
    return replace(process, name=name, role=role, complete=process.complete and not found.is_open)


def _hooks(manifest: Manifest) -> frozenset[str]:
    """When Helm starts an object that it does not keep: `pre-install`, `post-upgrade`, `test` and others."""
    written = scalar_at(manifest.body, "metadata", "annotations", "helm.sh/hook")
    return frozenset(part.strip() for part in written.value.split(",")) if written is not None else frozenset()
