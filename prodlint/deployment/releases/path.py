"""The roads by which new code reaches production, each as its steps in the order in which they happen.

A deploy job waits for what it needs; a platform runs its release phase and its build before it starts
the processes of its file (delivery page, 2.1; platform page, 2.4 to 2.7).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from prodlint.deployment.command import CommandLine, Step
from prodlint.deployment.environment import Environment
from prodlint.deployment.execution.steps import execute
from prodlint.deployment.migration import migration_in
from prodlint.deployment.one_shot import Errand, errands_of
from prodlint.deployment.pipeline import Condition, Job, Occasion, Pipeline, Release, ReleaseStep, Served, StepKind
from prodlint.deployment.process import Platform, Role
from prodlint.deployment.releases.callers import CALL, told_callers
from prodlint.deployment.releases.compose_start import ComposeStart
from prodlint.deployment.releases.release import PipelineStep, is_task
from prodlint.deployment.repository import Repository
from prodlint.deployment.servers.server import program_of, role_of
from prodlint.deployment.service import Service
from prodlint.deployment.value import Known
from prodlint.record import replace
from prodlint.regex import regex
from prodlint.source import Span

__all__ = ["jobs_in_order", "release_paths"]

_LIVE = (StepKind.DEPLOY, StepKind.RESTART)
_MAY_BE_PRODUCTION = (Environment.PRODUCTION, Environment.UNKNOWN)
_TESTS = regex(r"(^|[^a-z])(tests?|testing|e2e|perf|benchmarks?)([^a-z]|$)")
# Occasions of GitLab that stand for many branches or tags.
_MANY = ("refs/heads/", "refs/tags/")
_REVIEWS = {"pull_request", "merge_group", "merge_request_event"}
_ASIDE = (StepKind.OTHER, StepKind.DOCUMENTATION, StepKind.SETUP, StepKind.INSTALL, StepKind.NOTIFY)
_PROJECT_FILES = ("Dockerfile", "package.json", "pyproject.toml", "requirements.txt", "setup.py", "go.mod")
# These start what somebody else brings.
_STARTERS = (Platform.DOCKER, Platform.SYSTEMD, Platform.SUPERVISOR)


def release_paths(
    services: Iterable[Service],
    steps: Iterable[PipelineStep],
    starts: Iterable[ComposeStart],
    repository: Repository,
) -> tuple[Release, ...]:
    """Platform files and production compose sets that run a web process, and pipelines that deploy.

    `starts` are the steps of pipelines that start services of compose sets.
    """
    by_pipeline: dict[str, list[PipelineStep]] = {}
    for step in steps:
        by_pipeline.setdefault(step.pipeline.path, []).append(step)
    production = _of_production(services)
    found = _of_platforms(production, tuple(services), repository)
    started = _Started(_of_sets(services), tuple(starts), repository)
    for path, own in by_pipeline.items():
        pipeline = own[0].pipeline
        live = [one for one in own if one.environment is Environment.PRODUCTION and one.kind in _LIVE]
        pushed = [one for one in own if one.environment in _MAY_BE_PRODUCTION and one.kind is StepKind.PUSH]
        if path not in found and (live or (pushed and not _is_a_check(pipeline))):
            # Who starts an image that is pushed is not known.
            release = Release(path, (live or pushed)[0].span, Environment.PRODUCTION, complete=bool(live))
            occasions = _occasions(live or pushed)
            found[path] = replace(
                release,
                served=tuple(_uploaded(live)) or tuple(_of_its_folder(pipeline, release.span, repository)),
                steps=tuple(_pipeline_steps(own, occasions, started)),
                triggers=tuple(_triggers(pipeline, occasions)),
            )
    return tuple(started.placed(found))


def _uploaded(live: list[PipelineStep]) -> Iterator[Served]:
    """The folders of code that the steps of a pipeline upload; nothing where one of them may bring anything."""
    from prodlint.deployment.releases.function_deploy import folder_deployed

    found = [(step, folder_deployed(step.step)) for step in live if step.step is not None]
    if len(found) == len(live) and all(folder is not None for _, folder in found):
        for step, folder in found:
            yield Served(folder, None, step.span)


def _of_its_folder(pipeline: Pipeline, span: Span, repository: Repository) -> Iterator[Served]:
    """The project that a script for people lies in, as `services/ui/deploy.sh` does: it deploys no other."""
    folder = posixpath.dirname(pipeline.path)
    is_script = all(job.on_host for job in pipeline.jobs)
    if is_script and folder and any(f"{folder}/{name}" in repository.paths for name in _PROJECT_FILES):
        yield Served(folder, None, span)


def _occasions(bringing: list[PipelineStep]) -> list[Occasion]:
    """Those on which steps that bring new code may run.

    Where rules of GitLab let them run certainly on some, those are left out of which nobody tells for which branch
    they are: a schedule, a start by hand, a branch that may be the default one.
    """
    found = [one for one in bringing[0].pipeline.occasions if any(step.may_run(one) for step in bringing)]
    certain = [one for one in found if one.told and any(step.does_run(one) for step in bringing)]
    return [one for one in found if one in certain or one.ref in _MANY] if certain else found


def _triggers(pipeline: Pipeline, occasions: list[Occasion]) -> Iterator[str]:
    """The triggers of a pipeline on which it may bring new code."""
    known = {one.event for one in occasions if not one.caller}
    pushes = [one for one in pipeline.occasions if one.event == "push" and one.told]
    # Those of the branches that no rule names and of tags among them.
    is_any = {"refs/heads/", "refs/tags/"} <= {one.ref for one in pushes} and all(one in occasions for one in pushes)
    yield from dict.fromkeys("push" if is_any and one.event == "push" else one.told for one in occasions if one.told)
    for number, told in enumerate(pipeline.events):
        event = pipeline.triggers[number] if number < len(pipeline.triggers) else ""
        if "" in known or event in known:
            yield told
    by_callers = told_callers(occasions)
    if by_callers:
        yield by_callers


def _is_a_check(pipeline: Pipeline) -> bool:
    """Whether only pull requests start a pipeline, or its name says that it tests."""
    events = set(pipeline.triggers)
    if CALL in events:
        events = events - {CALL} | {one.event for one in pipeline.occasions if one.caller or not one.event}
    for_reviews = bool(events) and events <= _REVIEWS
    return for_reviews or _TESTS.search(posixpath.basename(pipeline.path).lower()) is not None


class _Started:
    """What steps of pipelines start of the services of compose sets."""

    def __init__(self, services: list[Service], starts: tuple[ComposeStart, ...], repository: Repository) -> None:
        self.repository = repository
        self.services: dict[str, list[Service]] = {}
        for one in services:
            self.services.setdefault(one.process.reach.group, []).append(one)
        self.starts: dict[int, list[ComposeStart]] = {}
        for start in starts:
            if start.group in self.services:
                self.starts.setdefault(id(start.step), []).append(start)
        self.roads: dict[str, str] = {}
        self.told: dict[str, set[str]] = {}

    def by(self, one: PipelineStep, told: ReleaseStep) -> Iterator[ReleaseStep]:
        """The steps of the services that a step starts, under its conditions; `told` is that step in its release.

        Where it may start one of several sets, those of the services that all of them have.
        """
        starts = self.starts.get(id(one), [])
        names = [start.started(service.process for service in self.services[start.group]) for start in starts]
        seen = set()
        for start in starts:
            self.roads.setdefault(start.group, one.pipeline.path)
            services = [one for one in self.services[start.group] if all(one.process.name in some for some in names)]
            self.told.setdefault(start.group, set()).update(one.process.name for one in services)
            for _, step in (*_steps_of_services(services, self.repository), *_unknown_starts(services)):
                key = (step.kind, step.written, step.span, step.owner)
                if key not in seen:
                    seen.add(key)
                    yield _under(told, step)

    def placed(self, found: dict[str, Release]) -> Iterator[Release]:
        """The releases; one of a compose file whose sets a pipeline starts is a part of that pipeline's."""
        for path, release in found.items():
            own = [one for services in self.services.values() for one in services if one.process.path == path]
            roads = [self.roads.get(one.process.reach.group, "") for one in own]
            if not roads or not all(roads):
                yield release
                continue
            left = [one for one in own if one.process.name not in self.told[one.process.reach.group]]
            steps = tuple(_platform_steps(path, left, self.repository))
            # A profile is there for those who ask for it: that nobody does is no news.
            is_news = any(step.kind is not StepKind.START for step in steps) or any(
                not o.process.profiles for o in left
            )
            yield replace(release, part_of=roads[0], left=steps if is_news else ())


def _under(told: ReleaseStep, step: ReleaseStep) -> ReleaseStep:
    """A step of a service under the conditions of the step that starts it."""
    asked = [one.own_condition for one in (told, step) if one.conditional or one.own_condition]
    return replace(
        step,
        conditional=told.conditional or step.conditional,
        condition=told.condition,
        own_condition=" and ".join(asked) if all(asked) else "",
        on_host=told.on_host,
        started_by=told.span,
    )


def _of_production(services: Iterable[Service]) -> list[Service]:
    """The services of production that a release brings, without those that only start what others bring."""
    return [
        one
        for one in services
        if one.environment is Environment.PRODUCTION and (one.process.platform not in _STARTERS or _image_prepares(one))
    ]


def _of_sets(services: Iterable[Service]) -> list[Service]:
    """The services of the compose sets of production, with those of which nobody knows who starts them."""
    found = [one for one in services if one.process.platform is Platform.COMPOSE]
    groups = {one.process.reach.group for one in found if one.environment is Environment.PRODUCTION}
    return [
        one
        for one in found
        if one.process.reach.group in groups
        and (
            one.environment is Environment.PRODUCTION
            or (one.environment is Environment.UNKNOWN and not one.process.profiles)
        )
    ]


def _of_platforms(
    production: list[Service], services: tuple[Service, ...], repository: Repository
) -> dict[str, Release]:
    found: dict[str, Release] = {}
    for service in production:
        if not _may_serve(service, services):
            continue
        path = service.process.path
        root = service.image.context if service.image is not None else service.process.root
        complete = service.process.complete and not service.execution.unread and service.step is not None
        complete = complete and service.step is not None and not is_task(service.step)
        # What starts an image that only its Dockerfile tells of may do more.
        complete = complete and service.process.platform not in _STARTERS
        release = found.get(path) or Release(path, service.span, Environment.PRODUCTION)
        framework = service.app.framework if service.app is not None else None
        found[path] = replace(
            release,
            complete=release.complete and complete,
            served=(*release.served, Served(root, framework, service.span)),
        )
    return {
        path: replace(release, steps=tuple(_platform_steps(path, production, repository)))
        for path, release in found.items()
    }


def _may_serve(service: Service, services: tuple[Service, ...]) -> bool:
    """Whether it is a web process, or may become one: a condition or a supervisord decides what it starts."""
    if service.role is Role.WEB or any(role_of(step) is Role.WEB for step in service.execution.processes):
        return True
    starts_others = any(step.program == "supervisord" for step in service.execution.steps)
    return starts_others and any(
        one.process.platform is Platform.SUPERVISOR
        and one.role is Role.WEB
        and one.process.build == service.process.build
        and replace(one.process.reach, machine="") == replace(service.process.reach, machine="")
        for one in services
    )


def _image_prepares(service: Service) -> bool:
    """Whether an image does something before its service starts: that is a part of each release."""
    steps = service.execution.steps
    ends = _ends(service)
    return service.process.platform is Platform.DOCKER and bool(steps) and not any(steps[0] is one for one in ends)


def _ends(service: Service) -> tuple[Step, ...]:
    """The step that stays, or those of which one does."""
    if service.step is None or service.candidates:
        return service.execution.processes
    return (service.step,)


def _platform_steps(path: str, production: list[Service], repository: Repository) -> Iterator[ReleaseStep]:
    """The steps of the services of a file; those of a profile of compose only where somebody asks for it."""
    services = [one for one in production if one.process.path == path]
    if any(one.process.platform is Platform.HEROKU for one in services):
        from prodlint.deployment.releases.buildpack import collected_by_buildpack

        yield from collected_by_buildpack(services, repository)
    known = list(_steps_of_services(services, repository))
    for service, step in (*known, *_unknown_starts(services if known else [])):
        profiles = " or ".join(service.process.profiles)
        yield replace(step, condition=f"profile {profiles}") if profiles else step


def _steps_of_services(services: list[Service], repository: Repository) -> Iterator[tuple[Service, ReleaseStep]]:
    for service in services:
        for line in service.process.before:
            yield from ((service, step) for step in _prepared(line, service, repository))
        if service.process.role is Role.RELEASE:
            for errand in errands_of(service.execution.steps):
                yield service, _done(errand, service.name, repository)
    for service in _in_order([one for one in services if one.process.role is not Role.RELEASE], repository):
        yield from ((service, step) for step in _preparations(service, repository))
        ends = _ends(service)
        for step in ends:
            yield service, replace(_step(step, StepKind.START, service.name, repository), conditional=len(ends) > 1)
        if ends:
            continue
        if isinstance(service.handler, Known):
            yield service, ReleaseStep(StepKind.START, service.handler.value, service.handler.span, service.name, False)


def _preparations(service: Service, repository: Repository) -> Iterator[ReleaseStep]:
    """What a service does before the step that stays."""
    ends = _ends(service)
    for step in service.execution.steps:
        if any(step is one for one in ends):
            break
        # Nobody waits for what runs beside it.
        if not step.background or migration_in(step, repository) is not None:
            yield _step(step, StepKind.PREPARE, service.name, repository)


def _in_order(services: list[Service], repository: Repository) -> list[Service]:
    """Those first that wait for nothing: what another service prepares is not theirs.

    A service of compose comes behind those that compose starts before it.
    """
    waiting = {one.process.name for one in services if any(_preparations(one, repository))}
    for _ in services:
        waiting |= {one.process.name for one in services if not waiting.isdisjoint(one.process.brings)}
    return sorted(services, key=lambda one: one.process.name in waiting)


def _unknown_starts(services: list[Service]) -> Iterator[tuple[Service, ReleaseStep]]:
    """What starts a service is not always known; that it is started is."""
    for service in services:
        if service.process.role is not Role.RELEASE and not _ends(service) and not isinstance(service.handler, Known):
            yield service, ReleaseStep(StepKind.START, "?", service.span, service.name)


def _prepared(line: CommandLine, service: Service, repository: Repository) -> Iterator[ReleaseStep]:
    """The steps of a build or pre-deploy command."""
    for step in execute(line, service.place, repository).steps:
        yield _step(step, StepKind.PREPARE, service.name, repository)


def _done(errand: Errand, owner: str, repository: Repository) -> ReleaseStep:
    """One thing that a release phase does; the programs of a pipeline are one."""
    first = errand.steps[0]
    migrates = any(migration_in(step, repository) is not None for step in errand.steps)
    kind = StepKind.MIGRATE if migrates else StepKind.RELEASE
    return ReleaseStep(kind, errand.written, first.span, owner, errand.conditional, own_condition=first.when)


def _step(step: Step, kind: StepKind, owner: str, repository: Repository) -> ReleaseStep:
    kind = StepKind.MIGRATE if migration_in(step, repository) is not None else kind
    return ReleaseStep(kind, step.written, step.span, owner, step.conditional, own_condition=step.when)


def _pipeline_steps(steps: list[PipelineStep], occasions: list[Occasion], started: _Started) -> Iterator[ReleaseStep]:
    """The steps of a pipeline that matter to a release, job by job in the order that `needs` and stages impose.

    `occasions` are those on which it releases: what runs on others alone is no part of it. What its steps start of
    compose files follows them.
    """
    preparing = set(_preparing(steps, started.repository))
    # What several combinations of a matrix do alike is told once.
    seen: set[tuple[StepKind, str, Span, str]] = set()
    for job in jobs_in_order(steps[0].pipeline):
        for number, one in enumerate(steps):
            if one.job is not job or not any(one.may_run(occasion) for occasion in occasions):
                continue
            kind = _kind(one, started.repository)
            if kind is StepKind.OTHER and number in preparing:
                kind = StepKind.PREPARE
            key = (kind, one.written, one.span, job.name)
            if kind not in _ASIDE and not (one.matrix and key in seen):
                seen.add(key)
                conditional = one.step.conditional if one.step is not None else False
                told = ReleaseStep(
                    kind,
                    one.written,
                    one.span,
                    job.name,
                    conditional,
                    _asked(one.job_condition, occasions),
                    _is_on_host(one),
                    _asked(one.condition, occasions) or (one.step.when if one.step is not None else ""),
                )
                yield told
                yield from started.by(one, told)


def _is_on_host(one: PipelineStep) -> bool:
    """Whether it runs on the machine that serves; of a GitLab job with an environment that is only possible."""
    return one.job.asked is None if one.job.on_host else one.remote


def _kind(one: PipelineStep, repository: Repository) -> StepKind:
    if one.step is None or migration_in(one.step, repository) is None:
        return one.kind
    # The database of a job that tests is gone when the job ends.
    return StepKind.PREPARE if one.environment is Environment.TEST else StepKind.MIGRATE


def _preparing(steps: list[PipelineStep], repository: Repository) -> Iterator[int]:
    """The numbers of the programs of our own that a job runs before it brings the new code.

    A pipeline runs much else, which is nobody's preparation.
    """
    last = (*_LIVE, StepKind.MIGRATE)
    ends = {one.job.name: number for number, one in enumerate(steps) if _kind(one, repository) in last}
    for number, one in enumerate(steps):
        if one.step is not None and number < ends.get(one.job.name, 0):
            tool, words = program_of(one.step)
            script = tool == "python" and bool(words) and (words[0].literal or "").endswith(".py")
            if script or tool in ("django-admin", "flask"):
                yield number


def _asked(condition: Condition, occasions: list[Occasion]) -> str:
    """The text of a condition, empty where it holds in every release."""
    return "" if all(one in condition.does for one in occasions) else condition.text


def jobs_in_order(pipeline: Pipeline) -> tuple[Job, ...]:
    """The jobs so that each comes behind those that it needs, otherwise as they are written."""
    by_name = {job.name: job for job in pipeline.jobs}
    placed: dict[str, Job] = {}

    def place(job: Job, above: frozenset[str]) -> None:
        for name in job.needs:
            needed = by_name.get(name)
            if needed is not None and name not in placed and name not in above:
                place(needed, above | {name})
        placed.setdefault(job.name, job)

    for job in pipeline.jobs:
        place(job, frozenset((job.name,)))
    return tuple(placed.values())
