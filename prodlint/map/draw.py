"""Draws the map of a deployment: which services, releases and doubts a document shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from prodlint.deployment.environment import Environment
from prodlint.deployment.migration import MigrationSystem, migration_of
from prodlint.deployment.model import Deployment
from prodlint.deployment.pipeline import Release, StepKind
from prodlint.deployment.process import Role
from prodlint.deployment.service import Service
from prodlint.map.document import Doubt, Fact, Map, MappedProject, MappedRelease, MappedService, MappedStep, State
from prodlint.map.service_facts import service_facts, variable_facts

__all__ = ["draw"]

_QUIET = (StepKind.OTHER, StepKind.DOCUMENTATION)


def draw(deployment: Deployment, environment: Environment) -> Map:
    """The map of what runs in one environment; services of unknown environment are shown beside production."""
    shown = (environment, Environment.UNKNOWN) if environment is Environment.PRODUCTION else (environment,)
    projects = tuple(_projects(deployment, shown))
    releases = _releases(deployment) if environment is Environment.PRODUCTION else ()
    services = [service for project in projects for service in project.services]
    others = Counter(one.environment.value for one in deployment.services if one.environment not in shown)
    return Map(
        environment=environment.value,
        projects=projects,
        releases=tuple(releases),
        proxies=(),
        doubts=tuple(_doubts(services, deployment)),
        others=tuple(sorted(others.items())),
    )


def _projects(deployment: Deployment, shown: tuple[Environment, ...]) -> Iterator[MappedProject]:
    for project in deployment.projects:
        services = [one for one in project.services if one.environment in shown]
        if services:
            yield MappedProject(
                root=project.root,
                services=tuple(_service(one, deployment) for one in services),
                migrations=tuple(_migrations(one, deployment) for one in project.migration_systems),
                dependencies=tuple(_dependencies(services)),
            )


def _service(service: Service, deployment: Deployment) -> MappedService:
    return MappedService(
        name=service.name,
        label=service.label,
        role=service.role.value,
        environment=service.environment.value,
        platform=service.process.platform.value,
        span=service.span,
        facts=tuple(service_facts(service, deployment.repository)),
        variables=tuple(variable_facts(service)),
    )


def _migrations(system: MigrationSystem, deployment: Deployment) -> Fact:
    runs = [run for run in deployment.runs_of(system) if run.environment is Environment.PRODUCTION]
    text = f"{system.label}, applied by {runs[0].span}" if runs else system.label
    return Fact("migrations", text, span=system.span)


def _dependencies(services: Iterable[Service]) -> Iterator[Fact]:
    """The files that the services install from, each with how many packages it declares."""
    seen: set[str] = set()
    for service in services:
        for install in service.installs:
            for file in install.files:
                if file.path not in seen:
                    seen.add(file.path)
                    locked = f", locked by {install.lock.path}" if install.lock is not None else ""
                    count = len(file.main)
                    text = f"{file.path}: {count} package{'' if count == 1 else 's'}{locked}"
                    yield Fact("dependencies", text, span=install.span)


def _releases(deployment: Deployment) -> Iterator[MappedRelease]:
    for release in deployment.releases:
        steps = tuple(_pipeline_steps(release, deployment)) or tuple(_platform_steps(release, deployment))
        yield MappedRelease(release.name, release.span, steps)


def _pipeline_steps(release: Release, deployment: Deployment) -> Iterator[MappedStep]:
    for step in deployment.pipeline_steps:
        if step.pipeline.path != release.name:
            continue
        migrates = step.step is not None and migration_of(step.step) is not None
        if migrates or step.kind not in _QUIET:
            kind = "migrate" if migrates else step.kind.value
            yield MappedStep(kind, " ".join(step.written.split()), step.span, step.job.name)


def _platform_steps(release: Release, deployment: Deployment) -> Iterator[MappedStep]:
    """What a platform does with the services of one file: release phase and preparations first, then the starts."""
    services = [one for one in deployment.services if one.process.path == release.name]
    services = [one for one in services if one.environment is Environment.PRODUCTION]
    for service in services:
        for line in service.process.before:
            yield MappedStep("prepare", line.written, line.span, service.name)
        if service.process.role is Role.RELEASE:
            yield MappedStep("release", service.written, service.span, service.name)
    for service in services:
        if service.process.role is Role.RELEASE:
            continue
        for step in service.execution.steps:
            if step is service.step:
                break
            kind = "migrate" if migration_of(step) is not None else "prepare"
            yield MappedStep(kind, " ".join(step.written.split()), step.span, service.name)
        if service.written:
            yield MappedStep("start", " ".join(service.written.split()), service.span, service.name)


def _doubts(services: Iterable[MappedService], deployment: Deployment) -> Iterator[Doubt]:
    """What could not be decided: unknown facts, then what was not followed."""
    for service in services:
        for fact in (*service.facts, *service.variables):
            if fact.state is State.UNKNOWN:
                yield Doubt(f"{service.name}.{fact.name}", fact.text, fact.span)
    seen = set()
    for one in deployment.services:
        for link in one.execution.unread if one.environment is Environment.PRODUCTION else ():
            if (link.span, link.note) not in seen:
                seen.add((link.span, link.note))
                yield Doubt(one.name, link.note, link.span)
    for link in deployment.open:
        yield Doubt("deployment", link.note, link.span)
