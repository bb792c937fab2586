"""Draws the map of a deployment: which services, releases and doubts a document shows."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from prodlint.deployment.backing_service import BackingService
from prodlint.deployment.builds.published import PublishedImage, published_images
from prodlint.deployment.dependency import Dependency, DependencyFile, Install
from prodlint.deployment.environment import Environment
from prodlint.deployment.migration import MigrationSystem, System
from prodlint.deployment.model import Deployment
from prodlint.deployment.packages.install_platform import package_manager_files
from prodlint.deployment.pipeline import Release
from prodlint.deployment.process import Platform
from prodlint.deployment.procfile import may_be_of_another
from prodlint.deployment.repository import Repository
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, UNKNOWN
from prodlint.deployment.variables.secret import masked_command
from prodlint.map.contract_facts import published
from prodlint.map.document import (
    Doubt,
    Fact,
    Map,
    MappedProject,
    MappedProxy,
    MappedRelease,
    MappedService,
    MappedStep,
    State,
)
from prodlint.map.image_facts import published_facts
from prodlint.map.proxy_facts import mapped_proxies, proxies_fact
from prodlint.map.service_facts import sample_text, service_facts, setting_facts, taken_from, variable_facts
from prodlint.source import Span

__all__ = ["draw"]

# Places that apply migrations.
_SHOWN_RUNS = 2


def draw(deployment: Deployment, environment: Environment) -> Map:
    """The map of what runs in one environment; services of unknown environment are shown beside production."""
    shown = (environment, Environment.UNKNOWN) if environment is Environment.PRODUCTION else (environment,)
    projects = tuple(_projects(deployment, shown, environment))
    releases = deployment.roads if environment is Environment.PRODUCTION else ()
    services = [service for project in projects for service in project.services]
    proxies = tuple(mapped_proxies(deployment, shown))
    others = Counter(one.environment.value for one in deployment.services if one.environment not in shown)
    return Map(
        environment=environment.value,
        projects=projects,
        releases=tuple(_release(one) for one in releases),
        # Files that are combined in several ways name theirs several times.
        beside=tuple(
            dict.fromkeys(_beside(one, deployment.repository) for one in _backing(deployment, environment, shown))
        ),
        proxies=proxies,
        doubts=(*_doubts(services, deployment), *_doubts_of_routes(proxies)),
        others=tuple(sorted(others.items())),
    )


def _backing(
    deployment: Deployment, environment: Environment, shown: tuple[Environment, ...]
) -> Iterator[BackingService]:
    """The backing services of the environment; of a file whose environment is unknown, if its services are shown."""
    files = {one.process.path for one in deployment.services if one.environment in shown}
    for one in deployment.backing_services:
        if one.environment is environment or (one.environment in shown and one.span.path in files):
            yield one


def _projects(
    deployment: Deployment, shown: tuple[Environment, ...], environment: Environment
) -> Iterator[MappedProject]:
    is_production = environment is Environment.PRODUCTION
    releasing = {one.name for one in deployment.releases} if is_production else set()
    # What pull requests and checks push is published to nobody.
    steps = [one for one in deployment.pipeline_steps if one.pipeline.path in releasing]
    published = published_images(steps, deployment.pipeline_steps, deployment.services, deployment.repository)
    for project in deployment.projects:
        services = [one for one in project.services if one.environment in shown]
        if services:
            yield MappedProject(
                root=project.root,
                services=tuple(_service(one, deployment, published) for one in services),
                migrations=tuple(
                    _migrations(one, project.migration_systems, deployment, environment)
                    for one in project.migration_systems
                ),
                dependencies=tuple(_dependencies(services, deployment.repository)),
            )


def _service(service: Service, deployment: Deployment, published: tuple[PublishedImage, ...]) -> MappedService:
    usual = service.usual
    return MappedService(
        name=service.name,
        label=service.label,
        role=usual.role.value,
        environment=service.environment.value,
        platform=_platform(service, deployment.repository),
        span=service.span,
        facts=(
            *service_facts(usual, deployment),
            *published_facts(service, published),
            *_proxies(service, deployment),
        ),
        settings=tuple(setting_facts(usual)),
        variables=tuple(variable_facts(usual)),
    )


def _platform(service: Service, repository: Repository) -> str:
    """What starts it; empty where a Procfile does not tell which of several platforms that is."""
    process = service.process
    is_open = process.platform is Platform.HEROKU and may_be_of_another(process, repository)
    return "" if is_open else process.platform.value


def _proxies(service: Service, deployment: Deployment) -> Iterator[Fact]:
    fact = proxies_fact(service, deployment.passages_to(service))
    if fact is not None:
        yield fact


def _doubts_of_routes(proxies: Iterable[MappedProxy]) -> Iterator[Doubt]:
    """The routes of which it is not known where they lead."""
    for proxy in proxies:
        for route in proxy.routes:
            for one in route.destinations:
                if one.fact.state is State.UNKNOWN:
                    yield Doubt(f"{proxy.product} {route.path}", one.fact.text, one.fact.span, told=True)


def _beside(service: BackingService, repository: Repository) -> Fact:
    """A database, broker or proxy that runs beside the app."""
    known = f"{service.product} {service.version}".strip() if service.product else service.image
    known += f", managed by {service.managed_by}" if service.managed_by else ""
    if service.made_by is not None:
        known += f", built here by {service.made_by.builder} ({service.made_by.span})"
    ports = published(service.process) if service.process is not None else ""
    known += f", published on {ports}" if ports else ""
    files = service.process.variables_from if service.process is not None else ()
    more = list(dict.fromkeys(taken_from(link, repository) for link in files))
    held = service.process.env_files if service.process is not None else ()
    more += [sample_text(file) for file in held if file.stands_for]
    known += f", env from {'; '.join(more)}" if more else ""
    return Fact(service.name, known, span=service.span)


def _migrations(
    system: MigrationSystem, systems: Sequence[MigrationSystem], deployment: Deployment, environment: Environment
) -> Fact:
    """What migrates a database of a project with some `systems`."""
    left = _left(deployment) if environment is Environment.PRODUCTION else {}
    runs = [
        run
        for run in deployment.runs_of(system)
        if run.environment is environment or (run.environment is Environment.UNKNOWN and run.span in left)
    ]
    label = f"{system.label}{_apart(system, systems)}" if system.count else _nobodys(system)
    deployed = sorted((run for run in runs if not run.in_image), key=lambda one: one.span in left)
    if deployed:
        places = list(dict.fromkeys(f"{run.span}{left.get(run.span, '')}" for run in deployed))
        more = f" and {len(places) - _SHOWN_RUNS} more" if len(places) > _SHOWN_RUNS else ""
        label += f", applied by {', '.join(places[:_SHOWN_RUNS])}{more}"
    elif runs:
        label += f", applied by {runs[0].span} while the image is built"
    elif environment is not Environment.PRODUCTION:
        pass
    elif (code := _in_code(system, deployment)) is not None:
        label += f", perhaps applied by the code in {code}"
    elif (system.count or system.system is System.DJANGO) and deployment.is_migrated(system) is NO:
        label += ", applied by nothing in production"
    return Fact("migrations", label, span=system.span)


def _in_code(system: MigrationSystem, deployment: Deployment) -> Span | None:
    """The first call in Python that applies migrations where it is reached: nothing tells whether it is."""
    runs = (run for run in deployment.runs_of(system) if run.environment is Environment.UNKNOWN)
    return next((run.span for run in runs if run.span.path.endswith(".py")), None)


def _apart(system: MigrationSystem, systems: Sequence[MigrationSystem]) -> str:
    """The folder of migrations, where one tool keeps several histories in a project."""
    folder = posixpath.dirname(system.span.path).removesuffix("/versions")
    return f" in {folder}" if folder and sum(one.system is system.system for one in systems) > 1 else ""


def _left(deployment: Deployment) -> dict[Span, str]:
    """The places of what only services do that no pipeline is known to start, each with a note of that."""
    reached = {step.span for road in deployment.roads if not road.part_of for step in road.steps}
    return {
        step.span: f" when {step.owner} starts, which no pipeline is known to do"
        for road in deployment.roads
        for step in road.steps
        if road.part_of and step.span not in reached
    }


def _nobodys(system: MigrationSystem) -> str:
    if system.system is System.DJANGO:
        return "none of its own; Django's own apps have some"
    return f"{system.system.value} is set up ({system.span}), no revision is in the repository"


def _dependencies(services: Sequence[Service], repository: Repository) -> Iterator[Fact]:
    """The files that the services install from, each with how many packages of it they install, groups among them.

    What an image of another version was built from may have been something else.
    """
    found: dict[str, tuple[Install, dict[str, str]]] = {}
    for service in (one for one in services if not one.is_of_another_version):
        for install in service.installs:
            for file in install.files:
                asked = found.setdefault(file.path, (install, {}))[1]
                asked.update((one.name or one.written, one.group) for one in install.dependencies if _of(one, file))
    refused = list(_refused(services, repository))
    yield from refused
    for path, (install, asked) in found.items():
        count, groups = len(asked), sorted({group for group in asked.values() if group})
        perhaps = "perhaps " if refused and install.complete is UNKNOWN else ""
        more = {one.name or one.written for one in install.perhaps if one.span.path == path} - asked.keys()
        most = count + len(more)
        number = f"{count} to {most}" if more else str(count)
        text = f"{path}: {perhaps}{number} package{'' if most == 1 else 's'}"
        text += f" with {', '.join(groups)}" if groups else ""
        text += f", locked by {install.lock.path}" if install.lock is not None else ""
        # A file of references to other files brings nothing by itself.
        yield Fact("dependencies", text, span=install.span, quiet=most == 0)


def _refused(services: Sequence[Service], repository: Repository) -> Iterator[Fact]:
    """The files of several package managers side by side, with which Heroku's build fails."""
    ours = [one.process for one in services if one.process.platform is Platform.HEROKU and one.process.build is None]
    for root, span in {one.root or "": one.span for one in ours}.items():
        files = package_manager_files(repository, root)
        if len(files) > 1:
            text = f"Heroku refuses several package managers side by side: {', '.join(files)}"
            yield Fact("dependencies", text, span=span)


def _of(dependency: Dependency, file: DependencyFile) -> bool:
    return dependency.span.path == file.path


def _release(release: Release) -> MappedRelease:
    steps = tuple(
        MappedStep(
            kind=step.kind.value,
            text=masked_command(" ".join(step.written.split())),
            span=step.span,
            owner=step.owner,
            conditional=step.conditional,
            condition=" ".join(step.condition.split()),
            on_host=step.on_host,
            own_condition=" ".join(step.own_condition.split()),
            started_by=step.started_by,
        )
        for step in release.steps
    )
    return MappedRelease(release.name, release.span, steps, release.triggers, release.part_of)


def _doubts(services: Iterable[MappedService], deployment: Deployment) -> Iterator[Doubt]:
    """What could not be decided: unknown facts, then what was not followed."""
    for service in services:
        for fact in (*service.facts, *service.written_settings, *service.variables):
            if fact.state is State.UNKNOWN and not fact.quiet:
                yield Doubt(f"{service.name}.{fact.name}", fact.text, fact.span, told=True)
    seen = set()
    for one in deployment.services:
        for link in one.execution.unread if one.environment is Environment.PRODUCTION else ():
            if (link.span, link.note) not in seen:
                seen.add((link.span, link.note))
                yield Doubt(one.name, link.note, link.span)
    for link in deployment.open:
        yield Doubt("deployment", link.note, link.span)
