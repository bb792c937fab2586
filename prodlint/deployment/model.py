"""The whole model of one repository: everything that production runs, and how it gets there."""

from __future__ import annotations

import posixpath
import typing
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, TypeVar

from prodlint.deployment.app import App
from prodlint.deployment.app_search import app_files, apps_in
from prodlint.deployment.app_target import AppTarget, target_of
from prodlint.deployment.backing_service import BackingService, backing_product
from prodlint.deployment.command import CommandLine, Link, Step
from prodlint.deployment.dial import (
    Container,
    containers_of,
)
from prodlint.deployment.environment import Environment
from prodlint.deployment.image import Image
from prodlint.deployment.installation import Installation, InstalledFile
from prodlint.deployment.migration import MigrationRun, MigrationSystem, System, applies
from prodlint.deployment.migration_code import migrations_in_code
from prodlint.deployment.migration_scripts import migrations_in_scripts
from prodlint.deployment.network import Proxy
from prodlint.deployment.passage import Passage
from prodlint.deployment.pipeline import Pipeline, Release
from prodlint.deployment.process import Platform, Process, UnreadDeployment
from prodlint.deployment.project import Project
from prodlint.deployment.release import PipelineStep, is_task
from prodlint.deployment.repository import Repository
from prodlint.deployment.server_concurrency import forks_after_import, is_cooperative
from prodlint.deployment.service import Service
from prodlint.deployment.settings_found import AppSettings
from prodlint.deployment.supervision import SupervisorConfig
from prodlint.deployment.traffic import Traffic
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer
from prodlint.finding import Advice, Evidence, Fix, Safety

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prodlint.deployment.app_database import AppDatabase
    from prodlint.deployment.app_lifespan import IgnoredStart
    from prodlint.deployment.async_entry import AsgiNeed
    from prodlint.deployment.blocking_call import BlockedLoop
    from prodlint.deployment.command_form import LostOperator, Unexpanded
    from prodlint.deployment.connection_pool import ConnectionPool
    from prodlint.deployment.cooperative import BlockingDriver
    from prodlint.deployment.dependency import Dependency
    from prodlint.deployment.early_interpolation import EarlyVariable
    from prodlint.deployment.gunicorn_file import IgnoredName, UnloadedFile
    from prodlint.deployment.heartbeat import Heartbeat
    from prodlint.deployment.observability import Observability
    from prodlint.deployment.outgoing_request import EndlessRequests
    from prodlint.deployment.preload import BeforeFork
    from prodlint.deployment.process_state import ProcessState
    from prodlint.deployment.served_code import ServedCall, ServedCode
    from prodlint.deployment.server_needs import Need
    from prodlint.deployment.server_setting import Setting
    from prodlint.deployment.server_unknown_options import UnknownOption
    from prodlint.deployment.signing_keys import KeyMadeAnew
    from prodlint.deployment.socketio_server import SocketIOServer
    from prodlint.deployment.staying import Detached, NeverStarted
    from prodlint.deployment.stopping import Grace, SignalPath
    from prodlint.deployment.uncast_setting import UncastSetting
    from prodlint.deployment.websocket import WebSocketRoute
    from prodlint.source import Span

__all__ = ["Deployment", "subjects"]

T = TypeVar("T")


@dataclass(frozen=True, eq=False, repr=False)
class Deployment:
    """What the repository deploys. A rule may look at anything that one of these tuples holds.

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

    @cached_property
    def apps(self) -> tuple[App, ...]:
        """Every app that the repository makes, those of tests and examples aside; read when somebody asks."""
        return tuple(app for path in app_files(self.repository) for app in apps_in(self.repository, path))

    @cached_property
    def migration_runs(self) -> tuple[MigrationRun, ...]:
        """Every place that applies migrations: what is declared, code and scripts, read when somebody asks."""
        scripts = migrations_in_scripts(self.repository, self.declared_runs)
        return (*self.declared_runs, *migrations_in_code(self.repository), *scripts)

    @cached_property
    def passages(self) -> tuple[Passage, ...]:
        """The routes of the proxies, joined to what stands behind them when somebody asks."""
        from prodlint.deployment.routing import passages

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
        return containers_of(self.services, self.passages)

    def runs_of(self, system: MigrationSystem) -> tuple[MigrationRun, ...]:
        """Every place that applies the migrations of a system, in any environment."""
        return tuple(run for run in self.migration_runs if applies(run, system))

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

    def production_command(self, service: Service) -> Advice:
        """The installed application server for the app that a development server serves, and how to write it there."""
        from prodlint.deployment.start_command import production_command

        command = production_command(service, self.services, self.repository)
        return Advice(service.production_command_help) if command is None else Advice(command.help, command.fix)

    def without_reload(self, service: Service) -> Fix | None:
        """Reloading taken out of a service's command, file or call; None where that is not certain."""
        from prodlint.deployment.start_command import without_reload

        changes = without_reload(service, self.services, self.repository)
        return Fix("start it without reloading", changes, Safety.UNSAFE) if changes else None

    def broken_list_of(self, service: Service) -> CommandLine | None:
        """A CMD or ENTRYPOINT that looks like a list and is none to Docker."""
        from prodlint.deployment.command_form import broken_list

        return broken_list(service)

    def as_json(self, line: CommandLine) -> Fix | None:
        """A list that is no JSON, as JSON; None where it is not certain what it holds."""
        from prodlint.deployment.command_form import as_json

        return as_json(line)

    def lost_operator_of(self, service: Service) -> LostOperator | None:
        """The first operator of a shell that stands in a start command where no shell reads it."""
        from prodlint.deployment.command_form import lost_operator

        return lost_operator(service)

    def unexpanded_in(self, service: Service) -> tuple[Unexpanded, ...]:
        """The variables that the server of a service gets as text, because nobody puts their values in."""
        from prodlint.deployment.command_form import unexpanded

        return tuple(unexpanded(service))

    def with_reference(self, service: Service, one: Unexpanded) -> Fix | None:
        """A variable as the kubelet puts it in; None where no kubelet reads the command."""
        from prodlint.deployment.command_form import with_reference

        return with_reference(service, one)

    def never_started_by(self, service: Service) -> NeverStarted | None:
        """The first step of a start command that waits for the end of one that does not end."""
        from prodlint.deployment.staying import never_started

        return never_started(service)

    def detached_in(self, service: Service) -> Detached | None:
        """What leaves the command of a service at once, so that it looks as if it had ended."""
        from prodlint.deployment.staying import detached

        return detached(service, self.supervisors)

    def with_shell(self, service: Service, lost: LostOperator) -> Fix | None:
        """A command with an operator, handed to a shell; None where it is not certain how to write that."""
        from prodlint.deployment.form_fixes import with_shell

        return with_shell(service, lost)

    def in_foreground(self, found: Detached) -> Fix | None:
        """A server that stays in its command; None where it is not certain how to write that."""
        from prodlint.deployment.form_fixes import in_foreground

        return in_foreground(found)

    def early_variables_of(self, service: Service) -> tuple[EarlyVariable, ...]:
        """The variables that compose replaces in a command although only the container has them."""
        if service.process.platform is not Platform.COMPOSE:
            return ()
        from prodlint.deployment.early_interpolation import early_variables

        return tuple(early_variables(service, self.pipelines, self.repository))

    def with_dollar(self, one: EarlyVariable) -> Fix | None:
        """A variable that compose leaves alone; None where no shell of the container would read it."""
        from prodlint.deployment.early_interpolation import with_dollar

        return with_dollar(one)

    def reloading_master_of(self, service: Service) -> Setting | None:
        """What makes a uWSGI master that reloads on SIGTERM instead of stopping; None where it stops."""
        if service.server is None or service.server.product != "uwsgi":
            return None
        from prodlint.deployment.uwsgi_stop import reloading_master

        return reloading_master(service)

    def with_die_on_term(self, master: Setting) -> Fix | None:
        """`die-on-term` in the file that makes the master; None where that is no ini file."""
        from prodlint.deployment.uwsgi_stop import with_die_on_term

        return with_die_on_term(master)

    def beside_server(self, service: Service) -> tuple[Step, ...]:
        """What the command of a service starts in the background, where a server and a worker are in one."""
        from prodlint.deployment.staying import beside_server

        return beside_server(service)

    def signal_path_of(self, service: Service) -> SignalPath:
        """How SIGTERM comes to the server of a service, if it comes there."""
        from prodlint.deployment.stopping import signal_path

        return signal_path(service, self.pipelines, self.repository)

    def with_exec(self, path: SignalPath) -> Fix | None:
        """`exec` in front of what the shells that keep a signal wait for; None where that is not certain."""
        from prodlint.deployment.stopping import with_exec

        return with_exec(path)

    def grace_of(self, service: Service) -> Grace | None:
        """The seconds from SIGTERM to SIGKILL; None where they are not known."""
        from prodlint.deployment.stopping import grace_of

        return grace_of(service)

    def with_distribution(self, service: Service, distribution: str) -> Fix | None:
        """A package added to the file that a service installs from; None where that is not certain."""
        from prodlint.deployment.requirement_change import with_distribution

        return with_distribution(service, distribution, self.repository)

    def with_extra(self, service: Service, distribution: str, extra: str) -> Fix | None:
        """An extra of a package asked for in the file that a service installs from; None where that is not certain."""
        from prodlint.deployment.requirement_change import with_extra

        return with_extra(service, distribution, extra)

    def with_locked_versions(self, installed: InstalledFile, open_: tuple[Dependency, ...]) -> Fix | None:
        """Open requirements fixed to what a lock beside them holds; None where it does not hold all of them."""
        from prodlint.deployment.requirement_change import with_locked_versions

        return with_locked_versions(installed, open_, self.repository)

    def with_migration(self, system: MigrationSystem, release: Release) -> Fix | None:
        """A step of a release that applies migrations; None where the file has no place for one that is known."""
        from prodlint.deployment.release_hook import migrating

        return migrating(system, release, self.services, self.repository)

    def app_target_of(self, service: Service) -> AppTarget | None:
        """What a service's server is told to serve, and whether it is there; looked up when somebody asks."""
        known = self._targets
        if id(service) not in known:
            known[id(service)] = target_of(service, self.repository) if service.starts_certainly else None
        return known[id(service)]

    def served_app_of(self, service: Service) -> App | None:
        """The app as a service's server meets it: what a function makes that it calls; None while that is not known."""
        app = service.app if service.starts_certainly else None
        if app is None or not app.is_factory:
            return app
        target = self.app_target_of(service)
        return replace(app, is_factory=False) if target is not None and target.is_called is YES else None

    def worker_need_of(self, service: Service) -> Need | None:
        """The worker class that gunicorn is told to use and certainly cannot load."""
        from prodlint.deployment.server_needs import worker_need_of

        return worker_need_of(service, self.repository) if service.starts_certainly else None

    def option_needs_of(self, service: Service) -> tuple[Need, ...]:
        """The options of a service's server that need a package which is certainly not installed."""
        from prodlint.deployment.server_needs import option_needs_of

        return option_needs_of(service) if service.starts_certainly else ()

    def async_need_of(self, service: Service) -> Need | None:
        """The coroutine that Flask is to call for requests, where what it calls it with is certainly not installed."""
        from prodlint.deployment.server_needs import async_need_of

        return async_need_of(service, self.repository) if service.starts_certainly else None

    def asgi_need_of(self, service: Service) -> AsgiNeed | None:
        """What a Django project has that needs ASGI, where no process serves it so; None while that is not known."""
        from prodlint.deployment.async_entry import asgi_need_of

        return None if self.unread else asgi_need_of(service, self.services, self.repository)

    def ignored_gunicorn_names(self, service: Service) -> tuple[IgnoredName, ...]:
        """The names in the file that a service's gunicorn reads which it skips, although a setting was meant."""
        from prodlint.deployment.gunicorn_file import ignored_names

        return ignored_names(service, self.repository)

    def missing_gunicorn_file(self, service: Service) -> tuple[Span, str] | None:
        """The word that names a configuration file which gunicorn certainly does not find, and the path it looks at."""
        from prodlint.deployment.gunicorn_file import missing_file

        return missing_file(service, self.repository) if service.starts_certainly else None

    def unloaded_gunicorn_file(self, service: Service) -> UnloadedFile | None:
        """The one configuration file of gunicorn that is here, where a service's gunicorn reads none."""
        from prodlint.deployment.gunicorn_file import unloaded_file

        return unloaded_file(service, self.services, self.repository) if service.starts_certainly else None

    def unknown_options_of(self, service: Service) -> tuple[UnknownOption, ...]:
        """The options of a service's command that its server has in no version."""
        from prodlint.deployment.server_unknown_options import unknown_options

        return unknown_options(service.server) if service.server is not None and service.starts_certainly else ()

    def with_need_app(self, service: Service) -> Fix | None:
        """`need-app` behind the app in the file that a service's uWSGI reads; None where it is named elsewhere."""
        from prodlint.deployment.target_change import with_need_app

        return with_need_app(service)

    def since(self, service: Service, distribution: str, version: str) -> Evidence | None:
        """The place that gives a service a version of a package or a later one; None where it may be an earlier one."""
        from prodlint.deployment.installed_version import placed_version_of
        from prodlint.deployment.server_versions import is_since

        if is_since(service.installs, distribution, version) is not YES:
            return None
        placed = placed_version_of(service.installs, distribution, self.repository)
        if placed is not None:
            return Evidence(placed.span, f"installs {distribution} {placed.value}")
        asked = [one.span for install in service.installs for one in install.dependencies if one.name == distribution]
        return Evidence(asked[0], f"installs {distribution} {version} or later") if asked else None

    def asking_for(self, service: Service, distribution: str) -> tuple[Evidence, ...]:
        """The place where what a service installs names a package."""
        asked = [one.span for install in service.installs for one in install.dependencies if one.name == distribution]
        return tuple(Evidence(span, f"asks for {distribution}") for span in asked[:1])

    def with_needed(self, service: Service, need: Need) -> Fix | None:
        """What a server needs asked for where the service installs from; None where that is not certain."""
        if need.extra is not None:
            return self.with_extra(service, *need.extra)
        return self.with_distribution(service, need.distribution) if need.distribution is not None else None

    def with_target(self, service: Service, *words: str) -> Fix | None:
        """The target of a service's server, which serves nobody, replaced by words; None where that is not certain."""
        from prodlint.deployment.target_change import with_target

        return with_target(service, self.services, words)

    def with_asgi_worker(self, service: Service) -> Fix | None:
        """An installed worker class for ASGI, for a gunicorn that is told none; None where that is not certain."""
        from prodlint.deployment.target_change import with_asgi_worker

        return with_asgi_worker(service, self.services)

    def with_import_string(self, service: Service) -> Fix | None:
        """The app that a script hands to `uvicorn.run()` named instead; None where it is not certain how to name it."""
        from prodlint.deployment.target_change import with_import_string

        return with_import_string(service, self.repository)

    def asgi_target_of(self, service: Service) -> str:
        """The ASGI app of Django beside the WSGI app that a service serves, empty where there is none."""
        from prodlint.deployment.target_change import asgi_target_of

        return asgi_target_of(service, self.repository)

    @cached_property
    def _targets(self) -> dict[int, AppTarget | None]:
        return {}

    def settings_of(self, service: Service) -> AppSettings | None:
        """The settings that a service runs with, of Django or Flask; evaluated when somebody asks."""
        from prodlint.deployment.settings_module import settings_of

        return settings_of(service, self.repository)

    def uncast_settings_of(self, service: Service) -> tuple[UncastSetting, ...]:
        """The switches of a service's app that are a variable's text, or `bool()` of it; looked for when asked for."""
        from prodlint.deployment.uncast_setting import uncast_settings

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
        from prodlint.deployment.served_code import served_code

        return served_code(service, self.repository)

    def observability_of(self, service: Service) -> Observability:
        """What people learn of a service while it runs: log, error tracker, health; found when asked for."""
        from prodlint.deployment.observability import Observability

        return Observability(service, self)

    def ignored_starts_of(self, service: Service) -> tuple[IgnoredStart, ...]:
        """The handlers of start and end of a service's ASGI app that nothing runs; looked for when somebody asks."""
        from prodlint.deployment.app_lifespan import ignored_starts

        return ignored_starts(service, self.repository)

    def websocket_of(self, service: Service) -> WebSocketRoute | None:
        """A websocket that a service's app answers, and whether its server can; looked for when somebody asks."""
        from prodlint.deployment.websocket import websocket_of

        return websocket_of(service, self.repository)

    def blocked_loops_of(self, service: Service) -> Iterator[BlockedLoop]:
        """The coroutines of a service's app that hold its event loop for requests; looked for when somebody asks."""
        from prodlint.deployment.blocking_call import blocked_loops

        return blocked_loops(service, self.repository)

    def databases_of(self, service: Service) -> tuple[AppDatabase, ...]:
        """The databases of a service's app that are known for certain; evaluated when somebody asks."""
        from prodlint.deployment.app_database import databases_of

        return databases_of(service, self.repository)

    def socketio_server_of(self, service: Service) -> SocketIOServer | None:
        """The Socket.IO server that a service makes when it starts; looked for when somebody asks."""
        from prodlint.deployment.socketio_server import socketio_server_of

        return socketio_server_of(service, self.repository)

    def process_state_of(self, service: Service) -> tuple[ProcessState, ...]:
        """What each process of a service keeps for itself; looked for when somebody asks."""
        from prodlint.deployment.process_state import process_state_of

        return process_state_of(service, self.repository)

    def metrics_of_one_process(self, service: Service) -> Span | None:
        """Where a service's app tells Prometheus what one process alone counted; looked for when somebody asks."""
        from prodlint.deployment.metrics import metrics_of_one_process

        return metrics_of_one_process(service, self.repository)

    def made_before_fork(self, service: Service) -> tuple[BeforeFork, ...]:
        """What a service's app makes before its workers are forked, and they cannot use; looked for when asked for."""
        if service.server is None or forks_after_import(service.server) is not YES:
            return ()
        from prodlint.deployment.preload import made_before_fork

        return made_before_fork(service, self.repository)

    def connection_pools_of(self, service: Service) -> tuple[ConnectionPool, ...]:
        """The pools of connections that each process of a service keeps; looked for when somebody asks."""
        from prodlint.deployment.connection_pool import connection_pools_of

        return connection_pools_of(service, self.repository)

    def with_heartbeat_in_memory(self, service: Service) -> Fix | None:
        """`--worker-tmp-dir=/dev/shm` in a service's command; None where that is not certain."""
        from prodlint.deployment.heartbeat import in_memory

        return in_memory(service)

    def with_jitter(self, service: Service, requests: int) -> Fix | None:
        """A jitter in the command that says after how many requests workers restart; None where a file says it."""
        from prodlint.deployment.bind_change import with_option

        server = service.server
        if server is None or "command line" not in server.settings["max_requests"].source.origin:
            return None
        edit = with_option(service, server, f"--max-requests-jitter={requests}")
        return None if edit is None else Fix("let each worker restart at a time of its own", (edit,), Safety.SAFE)

    def heartbeat_of(self, service: Service) -> Heartbeat | None:
        """Where gunicorn's workers leave their signs of life, if that is in the files of their container."""
        from prodlint.deployment.heartbeat import heartbeat_of

        return heartbeat_of(service)

    def blocking_driver_of(self, service: Service) -> BlockingDriver | None:
        """The driver of a database that stops cooperative workers while it waits; looked for when somebody asks."""
        if service.server is None or not is_cooperative(service.server):
            return None
        from prodlint.deployment.cooperative import blocking_driver_of

        return blocking_driver_of(service, self.repository)

    def keys_made_anew(self, service: Service) -> tuple[KeyMadeAnew, ...]:
        """The keys that a service signs with and that are others in each of its processes; found when asked for."""
        from prodlint.deployment.signing_keys import keys_made_anew

        return keys_made_anew(service, self.repository)

    def endless_requests_of(self, service: Service) -> Iterator[EndlessRequests]:
        """The requests without a time limit that a service makes while it answers one; looked for on demand."""
        from prodlint.deployment.outgoing_request import endless_requests

        return endless_requests(service, self.repository)

    def debugger_stops_of(self, service: Service) -> Iterator[ServedCall]:
        """The calls that stop a service's process for a debugger; looked for when somebody asks."""
        from prodlint.deployment.forbidden_call import debugger_stops

        return debugger_stops(service, self.repository)

    def nested_loops_of(self, service: Service) -> Iterator[ServedCall]:
        """The calls that start an event loop where one is running; looked for when somebody asks."""
        from prodlint.deployment.forbidden_call import nested_loops

        return nested_loops(service, self.repository)

    def sync_queries_of(self, service: Service) -> Iterator[ServedCall]:
        """The queries of Django's ORM that coroutines make and Django refuses; looked for when somebody asks."""
        from prodlint.deployment.forbidden_call import sync_queries

        return sync_queries(service, self.repository)

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
    """By type, the field or property that holds its instances: those annotated `tuple[X, ...]`."""
    found: dict[type, str] = {}
    hints = typing.get_type_hints(Deployment)
    for name, member in vars(Deployment).items():
        if isinstance(member, cached_property):
            hints[name] = typing.get_type_hints(member.func)["return"]
    for name, hint in hints.items():
        arguments = typing.get_args(hint)
        if typing.get_origin(hint) is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
            found.setdefault(arguments[0], name)
    return found


def subjects() -> tuple[type, ...]:
    """The types that a rule may look at, besides the Deployment itself."""
    return tuple(_holders())
