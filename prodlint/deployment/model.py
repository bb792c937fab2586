"""The whole model of one repository: everything that production runs, and how it gets there."""

from __future__ import annotations

import posixpath
import typing
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, TypeVar

from prodlint.deployment.app import App
from prodlint.deployment.apps.search import app_files, apps_in
from prodlint.deployment.backing_service import BackingService, backing_product
from prodlint.deployment.command import Link, Step
from prodlint.deployment.environment import Environment
from prodlint.deployment.image import Image
from prodlint.deployment.installation import Installation, InstalledFile
from prodlint.deployment.migration import MigrationRun, MigrationSystem, System, applies, management_command
from prodlint.deployment.migrations.code import MigratingCode, migrating_code
from prodlint.deployment.migrations.runs import pipeline_runs, service_runs
from prodlint.deployment.migrations.scripts import migrations_in_scripts
from prodlint.deployment.network import Proxy
from prodlint.deployment.pipeline import Pipeline, Release
from prodlint.deployment.process import Platform, Process, UnreadDeployment
from prodlint.deployment.processes.supervision import SupervisorConfig
from prodlint.deployment.project import Project
from prodlint.deployment.proxies.passage import ROUTERS, Passage
from prodlint.deployment.releases.release import PipelineStep, is_task
from prodlint.deployment.repository import Repository
from prodlint.deployment.service import Service
from prodlint.deployment.settings.found import AppSettings
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer
from prodlint.finding import Evidence, Fix
from prodlint.record import LazyEntity, field, replace

if TYPE_CHECKING:
    from prodlint.deployment.dependency import Dependency
    from prodlint.deployment.lifecycle import Lifecycle
    from prodlint.deployment.observability import Observability
    from prodlint.deployment.proxies.dial import Container
    from prodlint.deployment.served.code import ServedCode
    from prodlint.deployment.served.uncast_setting import UncastSetting
    from prodlint.deployment.served_calls import ServedCalls
    from prodlint.deployment.server_workers import ServerWorkers
    from prodlint.deployment.service_packages import ServicePackages
    from prodlint.deployment.serving import Serving
    from prodlint.deployment.settings.database import SettingsDatabase
    from prodlint.deployment.traffic import Traffic

__all__ = ["Deployment", "subjects"]

T = TypeVar("T")


class Deployment(LazyEntity):
    """What the repository deploys. A rule may look at anything that one of these tuples holds.

    What one service does is asked of a part that is about one subject, such as `lifecycle_of(service)`: it is made,
    and the modules that answer are loaded, when somebody asks.

    `open` lists what was seen but could not be read, so that "nothing does X" is not known; `unread` are
    the files of systems that are not read at all.
    `declared_runs` are the migrations that commands apply, without those in code and scripts.
    """

    repository: Repository
    processes: tuple[Process, ...] = ()
    services: tuple[Service, ...] = ()
    images: tuple[Image, ...] = ()
    installations: tuple[Installation, ...] = ()
    installed_files: tuple[InstalledFile, ...] = ()
    pipelines: tuple[Pipeline, ...] = ()
    pipeline_steps: tuple[PipelineStep, ...] = ()
    releases: tuple[Release, ...] = ()
    migration_systems: tuple[MigrationSystem, ...] = ()
    declared_runs: tuple[MigrationRun, ...] = ()
    backing_services: tuple[BackingService, ...] = ()
    projects: tuple[Project, ...] = ()
    proxies: tuple[Proxy, ...] = ()
    supervisors: tuple[SupervisorConfig, ...] = ()
    open: tuple[Link, ...] = ()
    unread: tuple[UnreadDeployment, ...] = ()
    read_as: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Deployment({len(self.services)} services)"

    @cached_property
    def apps(self) -> tuple[App, ...]:
        """Every app that the repository makes, those of tests and examples aside; read when somebody asks."""
        return tuple(app for path in app_files(self.repository) for app in apps_in(self.repository, path))

    @cached_property
    def migration_runs(self) -> tuple[MigrationRun, ...]:
        """Every place that applies migrations: what is declared, code and scripts, read when somebody asks."""
        commands = self._migrating_code.commands
        scripts = migrations_in_scripts(self.repository, self.declared_runs, tuple(commands))
        return (*self.declared_runs, *self._command_runs, *self._migrating_code.runs, *scripts)

    @cached_property
    def _migrating_code(self) -> MigratingCode:
        return migrating_code(self.repository)

    @cached_property
    def _command_runs(self) -> tuple[MigrationRun, ...]:
        """Where commands of manage.py that apply migrations are run: those of the project, by their names."""
        commands = self._migrating_code.commands

        def system_of(step: Step) -> System | None:
            return System.DJANGO if management_command(step) in commands else None

        if not commands:
            return ()
        return (
            *service_runs(self.services, system_of, self.repository),
            *pipeline_runs(self.pipeline_steps, system_of, self.repository),
        )

    @cached_property
    def passages(self) -> tuple[Passage, ...]:
        """The routes of the proxies, joined to what stands behind them when somebody asks."""
        if not self.proxies:
            if not any(service.process.platform in ROUTERS for service in self.services):
                return ()
            from prodlint.deployment.proxies.platform_routing import platform_passages

            return tuple(platform_passages(self.services, self.repository))
        from prodlint.deployment.proxies.routing import passages

        return passages(self.proxies, self.services, self.backing_services, self.repository)

    def passages_to(self, service: Service) -> tuple[Passage, ...]:
        """The routes of proxies that lead to a service."""
        return tuple(self._passages_by_service.get(id(service), ()))

    @cached_property
    def _passages_by_service(self) -> dict[int, list[Passage]]:
        found: dict[int, list[Passage]] = {}
        for passage in self.passages:
            for service in {id(one.service): one.service for one in passage.destinations}.values():
                if service is not None:
                    found.setdefault(id(service), []).append(passage)
        return found

    def traffic_to(self, service: Service) -> Traffic:
        """Who sends a service its traffic, whether it arrives, and what the service makes of those in front of it."""
        found = self._traffic.get(id(service))
        if found is None:
            from prodlint.deployment.traffic import Traffic

            container, passages = self._containers[id(service)], self.passages_to(service)
            code = partial(self.served_code, service)
            found = Traffic(service, passages, container, self.repository, code, self.passages, self.services)
            self._traffic[id(service)] = found
        return found

    @cached_property
    def _traffic(self) -> dict[int, Traffic]:
        return {}

    @cached_property
    def _containers(self) -> dict[int, Container]:
        from prodlint.deployment.proxies.dial import containers_of

        return containers_of(self.services, self.passages)

    def runs_of(self, system: MigrationSystem) -> tuple[MigrationRun, ...]:
        """Every place that applies the migrations of a system, in any environment."""
        return tuple(run for run in self.migration_runs if applies(run, system))

    def applied_elsewhere(self, system: MigrationSystem) -> tuple[Evidence, ...]:
        """Where other environments than production apply the migrations of a system, each place once.

        Commands of manage.py that nothing in production runs are among them.
        """
        runs = dict.fromkeys((run.span, run.environment.value) for run in self.runs_of(system))
        commands = self._migrating_code.commands if system.system is System.DJANGO else {}
        return (
            *(Evidence(span, f"only {environment} applies them") for span, environment in runs),
            *(
                Evidence(spans[0], f"`manage.py {name}` would apply them, and nothing in production runs it")
                for name, spans in commands.items()
            ),
        )

    def is_migrated(self, system: MigrationSystem) -> Answer:
        """Whether some road to production applies the migrations; UNKNOWN when something was not read."""
        if system.system is System.ALEMBIC and not system.count:
            # There is nothing to apply yet.
            return UNKNOWN
        runs = self.runs_of(system)
        if any(run.environment is Environment.PRODUCTION for run in runs):
            return YES
        if any(run.environment is Environment.UNKNOWN for run in runs) or self.open:
            return UNKNOWN
        production = [one for one in self.services if one.environment is Environment.PRODUCTION]
        return UNKNOWN if any(_is_open(one) for one in production) else NO

    @property
    def roads(self) -> tuple[Release, ...]:
        """The roads to production; behind them, of those that are parts of others, what nothing there starts."""
        whole = (replace(one, steps=one.left) if one.part_of else one for one in self.releases)
        return tuple(sorted((one for one in whole if one.steps or not one.part_of), key=lambda one: bool(one.part_of)))

    def release_of(self, system: MigrationSystem) -> Release | None:
        """The road to production that new code of a migrated project takes, None when none was read whole.

        Its span is where that project goes live.
        """
        django = system.system is System.DJANGO
        for release in self.releases:
            live = release.brings(system.root, django) if release.complete else None
            if live is not None:
                return replace(release, span=live)
        return None

    def is_started_elsewhere(self, image: Image) -> bool:
        """Whether something else may start the app that an image holds, so that its missing command is no fault.

        That is a process that gives the image a command, in any environment; another process of
        production; or another image that is built on this one, as its name tells.
        """
        names = {_plain(part) for part in (posixpath.basename(posixpath.dirname(image.path)), image.path) if part}
        return any(
            (other.image is not None and other.image.path == image.path)
            or (other.environment is Environment.PRODUCTION and other.process.platform is not Platform.DOCKER)
            for other in self.services
            if other.step is not None
        ) or any(_plain(_image_name(other.base)) in names for other in self.images if other.base is not None)

    def with_locked_versions(self, installed: InstalledFile, open_: tuple[Dependency, ...]) -> Fix | None:
        """Open requirements fixed to what a lock beside them holds; None where it does not hold all of them."""
        from prodlint.deployment.fixes.requirement import with_locked_versions

        return with_locked_versions(installed, open_, self.repository)

    def with_migration(self, system: MigrationSystem, release: Release) -> Fix | None:
        """A step of a release that applies migrations; None where the file has no place for one that is known."""
        from prodlint.deployment.fixes.release_hook import migrating

        return migrating(system, release, self.services, self.repository)

    def settings_of(self, service: Service) -> AppSettings | None:
        """The settings that a service runs with, of Django or Flask; evaluated when somebody asks."""
        from prodlint.deployment.settings_module import settings_of

        return settings_of(service, self.repository)

    def settings_database_of(self, service: Service) -> SettingsDatabase | None:
        """The database that the settings of a service name, and what may choose another one."""
        from prodlint.deployment.settings.database import settings_database

        settings = self.settings_of(service)
        return settings_database(settings, service) if settings is not None else None

    def uncast_settings_of(self, service: Service) -> tuple[UncastSetting, ...]:
        """The switches of a service's app that are a variable's text, or `bool()` of it; looked for when asked for."""
        from prodlint.deployment.served.uncast_setting import uncast_settings

        return uncast_settings(service, self.repository) if service.starts_certainly else ()

    def settings_of_pipeline_step(self, step: PipelineStep) -> AppSettings | None:
        """The Django settings that a step of a pipeline runs with; evaluated when somebody asks."""
        from prodlint.deployment.settings_module import settings_of_pipeline_step

        return settings_of_pipeline_step(step, self.repository)

    def settings_classes_of(self, service: Service) -> tuple[AppSettings, ...]:
        """The settings classes of pydantic that a service imports; evaluated when somebody asks."""
        from prodlint.deployment.settings_module import settings_classes_of

        return settings_classes_of(service, self.repository)

    def served_code(self, service: Service) -> ServedCode:
        """The code that a service runs when it starts and for its requests; followed when somebody asks."""
        from prodlint.deployment.served.code import served_code

        return served_code(service, self.repository)

    def lifecycle_of(self, service: Service) -> Lifecycle:
        """How a service starts, stays and stops: what its command really starts, and how it is told to end."""
        from prodlint.deployment.lifecycle import Lifecycle

        return Lifecycle(service, self.services, self.pipelines, self.supervisors, self.repository)

    def serving_of(self, service: Service) -> Serving:
        """What a service's server is told to serve, and whether it can: the app, its interface, the options."""
        from prodlint.deployment.serving import Serving

        found = self._serving.get(id(service))
        if found is None:
            found = self._serving[id(service)] = Serving(service, self.services, self.unread, self.repository)
        return found

    @cached_property
    def _serving(self) -> dict[int, Serving]:
        return {}

    def packages_of(self, service: Service) -> ServicePackages:
        """The packages of a service: what it lacks, which version it has, and how to ask for one."""
        from prodlint.deployment.service_packages import ServicePackages

        return ServicePackages(service, self.repository)

    def workers_of(self, service: Service) -> ServerWorkers:
        """The processes and threads of a service's server: what each has for itself, what they share."""
        from prodlint.deployment.server_workers import ServerWorkers

        return ServerWorkers(service, self.repository)

    def calls_of(self, service: Service) -> ServedCalls:
        """What the code of a service calls while it answers requests, and should not, or not like this."""
        from prodlint.deployment.served_calls import ServedCalls

        return ServedCalls(service, self.repository)

    def observability_of(self, service: Service) -> Observability:
        """What people learn of a service while it runs: log, error tracker, health."""
        from prodlint.deployment.observability import Observability

        may_be_logged_elsewhere = bool(self.proxies or self.unread)
        traffic = partial(self.traffic_to, service)
        return Observability(service, self.services, traffic, self.repository, may_be_logged_elsewhere)

    def instances_of(self, kind: type[T]) -> tuple[T, ...]:
        """Everything of one type that the model holds."""
        if kind is Deployment:
            return (typing.cast("T", self),)
        name = _holders()[kind]
        return typing.cast("tuple[T, ...]", getattr(self, name))


def _is_open(service: Service) -> bool:
    """Whether a service may do something when it starts that could not be followed."""
    if service.execution.unread:
        return True
    if service.step is None:
        return backing_product(service.image.base) == "" if service.image is not None and service.image.base else True
    return is_task(service.step)


def _image_name(reference: str) -> str:
    """The last part of an image's name, without registry, tag and digest."""
    return reference.partition("@")[0].rpartition("/")[2].partition(":")[0]


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")


@cache
def _holders() -> dict[type, str]:
    """By type, the field or property that holds its instances: those annotated `tuple[X, ...]`.

    Their types are names of this module: `typing.get_type_hints` would compile each annotation to find that out.
    """
    hints: dict[str, str] = dict(Deployment.__annotations__)
    for name, member in vars(Deployment).items():
        if isinstance(member, cached_property) and not name.startswith("_"):
            hints[name] = member.func.__annotations__["return"]
    found: dict[type, str] = {}
    for name, hint in hints.items():
        if hint.startswith("tuple[") and hint.endswith(", ...]"):
            found.setdefault(globals()[hint[len("tuple[") : -len(", ...]")]], name)
    return found


def subjects() -> tuple[type, ...]:
    """The types that a rule may look at, besides the Deployment itself."""
    return tuple(_holders())
