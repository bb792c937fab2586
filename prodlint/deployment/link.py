"""Joins the facts of all files into one Deployment: which command runs in which image, for whom."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator

from prodlint.deployment.app import App
from prodlint.deployment.apps.search import app_files, apps_in
from prodlint.deployment.backing_service import BackingService, backing_product, backing_service, name_and_tag
from prodlint.deployment.builds.names import ImageNames, built_images, image_names, image_path, with_builds
from prodlint.deployment.builds.own_command import image_processes
from prodlint.deployment.builds.project_names import ProjectNames
from prodlint.deployment.command import Link, Step, is_of_entrypoint
from prodlint.deployment.compose.builds import with_arguments
from prodlint.deployment.compose.files import ComposeBuild, ComposeFile, merged, process_of
from prodlint.deployment.compose.sets import ComposeSet, compose_sets, is_override
from prodlint.deployment.environment import Environment, environment_of, environment_of_template
from prodlint.deployment.image import Image, build_image
from prodlint.deployment.install import where_else
from prodlint.deployment.installation import installed_files
from prodlint.deployment.installed.service_install import installs_of, production_installations
from prodlint.deployment.migration import System, migration_in
from prodlint.deployment.migrations.files import migration_systems
from prodlint.deployment.migrations.runs import pipeline_runs, service_runs
from prodlint.deployment.model import Deployment
from prodlint.deployment.network import Proxy
from prodlint.deployment.pipeline import Pipeline, StepKind
from prodlint.deployment.process import (
    Build,
    BuiltImage,
    ImageDefinition,
    MadeImage,
    Platform,
    Process,
    TakenImage,
    UnreadDeployment,
)
from prodlint.deployment.processes.supervision import SupervisorConfig, supervised
from prodlint.deployment.procfile import is_procfile, taken_procfiles
from prodlint.deployment.project import projects_of
from prodlint.deployment.releases.branch_push import with_deploying_pushes
from prodlint.deployment.releases.callers import with_callers
from prodlint.deployment.releases.compose_start import ComposeStart
from prodlint.deployment.releases.path import release_paths
from prodlint.deployment.releases.pipeline_builds import builds_computed_folders, builds_for_tests, builds_in
from prodlint.deployment.releases.release import PipelineStep, deploy_scripts, read_pipeline
from prodlint.deployment.releases.step_kind import kinds_of_step
from prodlint.deployment.repository import Repository
from prodlint.deployment.servers.script import ServerStart, starts_on_import
from prodlint.deployment.servers.versions import with_defaults_of_its_version
from prodlint.deployment.service import Service
from prodlint.deployment.service_start import resolve_service
from prodlint.deployment.value import NO
from prodlint.record import Record, replace
from prodlint.source import Span

__all__ = ["Classification", "link"]

Classification = Callable[[str], Environment | None]
"""What the settings say of a path, None when they are silent."""


def link(facts: Iterable[object], repository: Repository, classify: Classification = lambda path: None) -> Deployment:
    """The model of a repository from what its files declare."""
    return _Linker(tuple(facts), repository, classify).link()


class _ReadSet(Record):
    """The compose files of one set, and what they start in which environment."""

    paths: tuple[str, ...]
    environment: Environment
    services: tuple[Service, ...]
    backing: tuple[BackingService, ...]
    proxies: tuple[Proxy, ...]

    def is_part_of(self, other: _ReadSet) -> bool:
        """Whether compose reads its files together with an override that the other set has: on the same desks."""
        desks = self.environment is other.environment is Environment.DEVELOPMENT
        return desks and self.paths == other.paths[:-1] and is_override(other.paths[-1])


class _Linker:
    """One linking: holds what several of its steps need."""

    def __init__(self, facts: tuple[object, ...], repository: Repository, classify: Classification) -> None:
        self.repository = repository
        self.classify = classify
        self.processes = [fact for fact in facts if isinstance(fact, Process)]
        self.compose = {fact.path: fact for fact in facts if isinstance(fact, ComposeFile)}
        taken = {fact.dockerfile for fact in facts if isinstance(fact, TakenImage)}
        definitions = [fact for fact in facts if isinstance(fact, ImageDefinition)]
        self.definitions = {fact.path: fact for fact in definitions if fact.path not in taken}
        roads = _roads([fact for fact in facts if isinstance(fact, Pipeline)], repository)
        self.pipelines = with_callers(list(roads), repository)
        self.supervisors = [fact for fact in facts if isinstance(fact, SupervisorConfig)]
        self.built = [fact for fact in facts if isinstance(fact, BuiltImage)]
        self.unread = [fact for fact in facts if isinstance(fact, UnreadDeployment)]
        self.open = [Link(fact.span, f"{fact.system} is not read") for fact in self.unread]
        self.proxies = [self._placed(fact) for fact in facts if isinstance(fact, Proxy)]
        self.backing = [self._managed(fact) for fact in facts if isinstance(fact, BackingService)]
        self.images: dict[tuple[object, ...], Image | None] = {}
        self.made = tuple(fact for fact in facts if isinstance(fact, MadeImage))
        self.names = ImageNames((), (), ProjectNames(frozenset()))
        self.starts: tuple[ComposeStart, ...] = ()
        self.releases_containers = False

    def _read_pipelines(self) -> tuple[list[Pipeline], list[PipelineStep]]:
        """The pipelines and deploy scripts, those aside that others run, with their steps."""
        steps: list[PipelineStep] = []
        pipelines: list[Pipeline] = []
        for pipeline in (*self.pipelines, *deploy_scripts(self.repository)):
            if pipeline not in self.pipelines and _is_run_by(pipeline, steps):
                continue
            pipelines.append(pipeline)
            found, unread = read_pipeline(pipeline, self.repository)
            steps.extend(found)
            if self.classify(pipeline.path) not in (Environment.DEVELOPMENT, Environment.TEST):
                self.open.extend(unread)
        return pipelines, steps

    def _read_services(self, declared: list[Process], steps: list[PipelineStep]) -> list[Service]:
        """Everything that is started: what files declare, what images start, what supervisors start in those."""
        built = built_images(self.built, self.compose.values(), steps, self.repository)
        self.names = image_names(declared, built, self.definitions.values(), self.made, steps, self.repository)
        if any("github" in one.name.lower() for one in built):
            from prodlint.deployment.builds.repository_name import under_repository_name

            own = under_repository_name(built, self.pipelines, self.definitions, self.repository)
            self.names = replace(self.names, own=own)
        processes, unknown = with_builds(declared, self.names)
        self.open.extend(unknown)
        if any(one.platform is Platform.KUBERNETES for one in declared):
            from prodlint.deployment.pods.beside import containers_beside

            self.backing.extend(containers_beside(declared, processes, self.names, self._environment_of_process))
        services = [self._service(process, self._environment_of_process(process)) for process in processes]
        services.extend(self._compose_services(steps, services))
        builds = {build.dockerfile or "": build for build in sorted(builds_in(_pushed_last(steps)), key=_is_whole)}
        images = image_processes(
            self.definitions,
            builds,
            services,
            self.classify,
            self._image,
            self.repository,
            self.unread,
            builds_computed_folders(_of_pushing_jobs(steps)),
            frozenset(build.dockerfile for build in builds_for_tests(steps) if build.dockerfile),
        )
        services.extend([_unless_test(self._service(process, environment)) for process, environment in images])
        services.extend(self._pushed_stages(steps, tuple(services)))
        services.extend(self._supervised(services))
        return [self._in_its_environment(service) for service in services]

    def link(self) -> Deployment:
        pipelines, steps = self._read_pipelines()
        declared = self._platform_processes()
        steps = [self._corrected(one) for one in with_deploying_pushes(steps, pipelines, declared, self.unread)]
        if any(one.platform is Platform.HEROKU for one in declared):
            from prodlint.deployment.releases.heroku_release import releases_containers

            self.releases_containers = releases_containers(steps)
        services = self._read_services(declared, steps)
        if any(one.reach.exposures for one in declared):
            from prodlint.deployment.pods.ports import with_ports_of_pods

            services, self.backing = with_ports_of_pods(services, self.backing)
        installations = production_installations(services)
        runs = [
            *service_runs(services, self._applied, self.repository),
            *pipeline_runs(steps, self._applied, self.repository),
        ]
        systems = migration_systems(self.repository)
        return Deployment(
            repository=self.repository,
            processes=tuple(service.process for service in services),
            services=tuple(services),
            images=tuple(image for image in self.images.values() if image is not None),
            installations=installations,
            installed_files=installed_files(installations),
            pipelines=tuple(pipelines),
            pipeline_steps=tuple(steps),
            releases=release_paths(services, steps, self.starts, self.repository),
            migration_systems=systems,
            declared_runs=tuple(runs),
            backing_services=tuple(self.backing),
            proxies=tuple(self.proxies),
            supervisors=tuple(self.supervisors),
            projects=projects_of(services, systems, self.repository),
            open=tuple(self.open),
            unread=tuple(self.unread),
        )

    def _applied(self, step: Step) -> System | None:
        return migration_in(step, self.repository)

    def _placed(self, proxy: Proxy) -> Proxy:
        """A proxy with what the settings say of its file; the objects of a cluster are where those beside them are."""
        said = self.classify(proxy.path)
        if said is None and proxy.group:
            named = _named_by_place(proxy.path, Platform.KUBERNETES)
            said = named if named in (Environment.DEVELOPMENT, Environment.TEST) else None
        return proxy if said is None else replace(proxy, environment=said)

    def _managed(self, service: BackingService) -> BackingService:
        said = self.classify(service.span.path)
        return service if said is None else replace(service, environment=said)

    def _pushed_stages(self, steps: list[PipelineStep], services: tuple[Service, ...]) -> list[Service]:
        """The services of stages that pipelines push beside the one that runs."""
        pushed = [one for one in builds_in(_of_pushing_jobs(steps)) if one.target is not None]
        if not pushed:
            return []
        from prodlint.deployment.builds.stages import stage_processes

        found = stage_processes(pushed, services, self.classify, self._image)
        return [_unless_test(self._service(process, environment)) for process, environment in found]

    def _supervised(self, services: list[Service]) -> list[Service]:
        """The programs that the services' supervisords start, and those that nothing here starts."""
        started, others, unread = supervised(services, self.processes, self.supervisors)
        self.open.extend(unread)
        return [
            *(self._service(one.process, one.parent.environment) for one in started),
            *(self._service(one, self._environment_of_process(one)) for one in others),
        ]

    def _platform_processes(self) -> list[Process]:
        """The processes of platform files, without those of Procfiles that are not Heroku's."""
        taken = taken_procfiles(self.processes, self.repository)
        return [
            one
            for one in self.processes
            if one.platform is not Platform.SUPERVISOR and not (one.platform is Platform.HEROKU and one.path in taken)
        ]

    def _corrected(self, step: PipelineStep) -> PipelineStep:
        environment = self.classify(step.pipeline.path)
        return step if environment is None else replace(step, environment=environment)

    def _named(self, path: str) -> Environment | None:
        """What the settings or the name of a path say."""
        return self.classify(path) or environment_of(path)

    def _environment_of_process(self, process: Process) -> Environment:
        said = self.classify(process.path)
        if said is not None:
            return said
        named = _named_by_place(process.path, process.platform)
        if named in (Environment.DEVELOPMENT, Environment.TEST):
            return named
        # Whoever runs `shop:dev` runs what developers build, wherever it is declared.
        tagged = environment_of(name_and_tag(process.image)[1]) if process.image is not None else None
        if tagged in (Environment.DEVELOPMENT, Environment.TEST):
            return tagged
        if self.releases_containers and process.platform is Platform.HEROKU and is_procfile(process.path):
            return Environment.UNKNOWN
        return process.environment or named or Environment.UNKNOWN

    def _image(self, build: Build | None) -> Image | None:
        if build is None:
            return None
        arguments = tuple((one.name, None if one.value is None else str(one.value)) for one in build.arguments)
        key = (build.dockerfile, build.context, build.target, arguments)
        if key not in self.images:
            self.images[key] = build_image(self.repository, build)
        return self.images[key]

    def _service(self, process: Process, environment: Environment) -> Service:
        service = resolve_service(process, environment, self._image(process.build), self.repository)
        if service.server is None or service.server.product != "uwsgi":
            return service
        from prodlint.deployment.processes.uwsgi import with_hooks

        return with_hooks(service, self.repository)

    def _compose_services(self, steps: list[PipelineStep], others: list[Service]) -> list[Service]:
        """The services of every set of compose files, each set in its environment."""
        sets = compose_sets(self.compose, steps, self._named, self.repository)
        if any("compose" in one.written for one in others):
            # A unit of the host that starts compose may start any service.
            sets = tuple(replace(one, touched=None) for one in sets)
        # Units for hosts are often offered beside images: they do not make a compose file one for desks.
        production_elsewhere = any(
            service.environment is Environment.PRODUCTION and service.process.platform is not Platform.SYSTEMD
            for service in others
        ) or any(one.environment is Environment.PRODUCTION for one in sets)
        production_elsewhere = production_elsewhere or any(
            step.environment is Environment.PRODUCTION and step.kind is StepKind.DEPLOY for step in steps
        )
        self.starts = tuple(start for one in sets for start in one.commands)
        read = [self._read_set(one, production_elsewhere) for one in sets]
        result: list[Service] = []
        for one in read:
            if not any(one.is_part_of(other) for other in read):
                result.extend(one.services)
                self.backing.extend(one.backing)
                self.proxies.extend(one.proxies)
        return result

    def _read_set(self, project: ComposeSet, production_elsewhere: bool) -> _ReadSet:
        files = project.files
        declared = merged(files, project.given, self.compose)
        group = project.group
        images: dict[str, ComposeBuild] = {
            one.image: one.build for one in declared if one.image is not None and one.build is not None
        }
        services: list[Service] = []
        backing: list[BackingService] = []
        for one in declared:
            process = process_of(one, images, group)
            if process.build is not None and project.arguments:
                process = replace(process, build=with_arguments(process.build, one.name, project.arguments))
            process = self._with_build(process)
            beside = backing_service(one.name, process, one.span) if process.build is None else None
            if beside is not None and (beside.product or not self._may_be_ours(process)):
                backing.append(replace(beside, made_by=self.names.maker(beside.image)))
                continue
            services.append(self._service(process, Environment.UNKNOWN))
        paths = [file.path for file in files]
        said = next((found for path in paths if (found := self.classify(path)) is not None), None)
        folder = environment_of(posixpath.dirname(paths[0]))
        if said is None and folder in (Environment.DEVELOPMENT, Environment.TEST):
            said = folder
        # A file that is called so, or that the settings name, is production's as a whole.
        is_commanded = said is None and all(self._named(path) is not Environment.PRODUCTION for path in paths)
        if said is None:
            said = project.environment or self._named(paths[-1])
        if said is None and production_elsewhere:
            from prodlint.deployment.compose.environment import environment_beside_production

            said = environment_beside_production(services, declared, self.repository)
        if said is None:
            from prodlint.deployment.compose.environment import environment_by_content

            said = environment_by_content(services, declared, backing, self.repository, not self.unread)
        backing = [
            replace(one, environment=said if one.process is None else self._profiled(one.process, said, project))
            for one in backing
        ]
        proxies: tuple[Proxy, ...] = ()
        if any(label.name.startswith("traefik.") for one in declared for label in one.labels):
            from prodlint.deployment.proxies.traefik import traefik_proxies

            proxies = tuple(traefik_proxies(declared, group, said))
        services = [replace(one, environment=self._profiled(one.process, said, project)) for one in services]
        if project.commands and said is Environment.PRODUCTION and is_commanded:
            services = _as_started(services, project)
        return _ReadSet(tuple(paths), said, tuple(services), tuple(backing), proxies)

    def _with_build(self, process: Process) -> Process:
        """A service that pulls what a pipeline of this repository pushed runs the image that is built here."""
        if process.build is not None or process.image is None:
            return process
        if backing_product(process.image) and len(image_path(process.image)) < 2:
            # `nginx` is the product's own image, whoever builds one of that name; `shop/nginx` is not.
            return process
        return replace(process, build=self.names.pushed(process.image))

    @staticmethod
    def _may_be_ours(process: Process) -> bool:
        """A service of an outside image may run our code when it is told what to run, beyond options of its own."""
        command = process.command
        return process.entrypoint is not None or (command is not None and not is_of_entrypoint(command))

    @staticmethod
    def _profiled(process: Process, environment: Environment, project: ComposeSet) -> Environment:
        """The environment of a service: one whose profile nobody asks for is perhaps never started."""
        named = [environment_of(profile) for profile in process.profiles]
        if Environment.DEVELOPMENT in named or Environment.TEST in named:
            return Environment.DEVELOPMENT
        is_started = project.starts(process.name, process.profiles)
        return environment if is_started or environment is not Environment.PRODUCTION else Environment.UNKNOWN

    def _in_its_environment(self, service: Service) -> Service:
        """A service whose environment is known now, with what it installs; of production more is asked."""
        installs, known = installs_of(service, self.repository)
        server = service.server
        server = None if server is None else with_defaults_of_its_version(server, installs)
        service = replace(service, installs=installs, installs_known=known, server=server)
        return self._of_production(service) if service.environment is Environment.PRODUCTION else service

    def _of_production(self, service: Service) -> Service:
        """With what takes a look at many files: no rule asks it of another environment."""
        server = service.server
        elsewhere: dict[str, Span] = {}
        distribution = server.distribution if server is not None else None
        if distribution is not None and service.installs_distribution(distribution) is NO:
            place = where_else(self.repository, distribution)
            elsewhere = {distribution: place} if place is not None else {}
        starts: tuple[ServerStart, ...] = ()
        if service.module is not None and server is not None and server.is_development is NO:
            starts = starts_on_import(self.repository, service.roots, service.module)
        return replace(
            service, elsewhere=elsewhere, image_app=service.app or self._app_in(service), import_starts=starts
        )

    def _app_in(self, service: Service) -> App | None:
        """An app whose file the service's image or platform holds."""
        held = (path for path in app_files(self.repository) if service.place.files.holds(path))
        return next((app for path in held for app in apps_in(self.repository, path)), None)


# The templates of a Helm chart, which need not be for developers, lie in a folder of that name; App Platform starts
# what a deploy button's template says.
_TEMPLATES = {Platform.KUBERNETES: "/templates/", Platform.DIGITALOCEAN: "/deploy.template."}


def _named_by_place(path: str, platform: Platform) -> Environment | None:
    """What the name of a file of a platform says, and those of its folders."""
    if platform in (Platform.LAMBDA, Platform.ECS):
        return environment_of_template(path)
    template = _TEMPLATES.get(platform, "")
    return environment_of(f"/{path}".replace(template, "/") if template else path)


def _unless_test(service: Service) -> Service:
    """The service of an image; one that runs tests or load on others is no production, whatever its place says."""
    tests = service.step is not None and StepKind.TEST in kinds_of_step(service.step)
    return replace(service, environment=Environment.TEST) if tests else service


def _roads(pipelines: list[Pipeline], repository: Repository) -> Iterator[Pipeline]:
    """The pipelines with the jobs that deploy by their name or by what they start."""
    for pipeline in pipelines:
        road: Pipeline | None = pipeline
        if any(job.unsaid for job in pipeline.jobs):
            from prodlint.deployment.compose.by_hand import without_others

            road = without_others(pipeline, repository)
        if road is not None:
            yield road


def _is_run_by(script: Pipeline, steps: list[PipelineStep]) -> bool:
    """Whether a script is a part of pipelines that run it: no road of its own."""
    live = [one for one in steps if one.environment in (Environment.PRODUCTION, Environment.UNKNOWN)]
    return any(link.note == f"runs {script.path}" for one in live if one.step is not None for link in one.step.chain)


def _pushed_last(steps: list[PipelineStep]) -> list[PipelineStep]:
    """The steps of jobs that push an image behind the others: their build is the one that somebody starts."""
    pushing = _of_pushing_jobs(steps)
    found = {id(one) for one in pushing}
    return [*(one for one in steps if id(one) not in found), *pushing]


def _of_pushing_jobs(steps: list[PipelineStep]) -> list[PipelineStep]:
    pushing = {(one.pipeline.path, one.job.name) for one in steps if one.kind is StepKind.PUSH}
    return [one for one in steps if (one.pipeline.path, one.job.name) in pushing]


def _is_whole(build: Build) -> bool:
    """Whether a build goes to the end of its Dockerfile: such a one counts, the others only warm a cache."""
    return build.target is None


def _as_started(services: list[Service], project: ComposeSet) -> list[Service]:
    """The services of a set that is production's by its commands alone: what none of these starts is so perhaps."""
    from prodlint.deployment.compose.starts import left_out

    left = left_out(project.commands, project.touched, [one.process for one in services])
    return [replace(one, environment=Environment.UNKNOWN) if one.process.name in left else one for one in services]
