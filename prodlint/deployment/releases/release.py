"""Pipelines, run in thought: what each job does in order, where it deploys, what of it cannot be read."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile

from prodlint.deployment.command import CommandLine, Form, Link, Step, exec_form, shell_form
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.execution.place import Place
from prodlint.deployment.execution.steps import execute
from prodlint.deployment.filemap import CHECKOUT, FileMap, Placement
from prodlint.deployment.pipeline import Action, Condition, Job, JobStep, Occasion, Pipeline, StepKind
from prodlint.deployment.releases.action_words import action_words
from prodlint.deployment.releases.daemon import may_be_of_the_job, talks_elsewhere
from prodlint.deployment.releases.handed_text import handed_text, is_for_machine, managed_text, starts_a_task
from prodlint.deployment.releases.pipeline_variables import filled, handed_on, step_variables, told
from prodlint.deployment.releases.step_conditions import condition_in, condition_of_push
from prodlint.deployment.releases.step_kind import (
    DeploymentPlace,
    is_for_clusters,
    kinds_of_action,
    kinds_of_step,
    place_of_deployment,
    plain_words,
    takes_down,
)
from prodlint.deployment.releases.tagging import LIVE, only_tags
from prodlint.deployment.repository import Repository
from prodlint.deployment.servers.server import program_of
from prodlint.deployment.value import Unknown
from prodlint.deployment.variables.table import Variables
from prodlint.record import Record, field, kept, replace
from prodlint.regex import regex
from prodlint.source import Span, Text
from prodlint.syntax.word import Word

__all__ = [
    "Carried",
    "PipelineStep",
    "carried_by",
    "compose_files_of",
    "deploy_scripts",
    "is_task",
    "job_environment",
    "positional",
    "read_pipeline",
]


_ALWAYS = Condition("", (Occasion(),), (Occasion(),))


class PipelineStep(Record, dict=True):
    """One typed step of a job, in the order in which the job runs them. `around` are the variables that it is given.

    `job_condition` is what its job asks for, `condition` what the step itself does; `matrix` is the combination for
    which it runs, where they are told apart.
    """

    kind: StepKind
    span: Span
    job: Job
    pipeline: Pipeline
    environment: Environment
    written: str
    step: Step | None = None
    remote: bool = False
    action: Action | None = None
    around: Variables = field(default_factory=Variables)
    job_condition: Condition = _ALWAYS
    condition: Condition = _ALWAYS
    matrix: tuple[tuple[str, str], ...] = ()

    @kept
    def variables(self) -> Variables:
        """What its command finds: what it is given, and what the script around it exports."""
        return self.around if self.step is None else self.around.seen_by(self.step)

    def may_run(self, occasion: Occasion) -> bool:
        """Whether it may run when its pipeline is set off in one way."""
        return occasion in self.job_condition.may and occasion in self.condition.may

    def does_run(self, occasion: Occasion) -> bool:
        """Whether it certainly runs then, by itself or started by hand, unless something fails."""
        job = self.job_condition
        return (occasion in job.does or occasion in job.by_hand) and occasion in self.condition.does


class Carried(Record):
    """A command that a step runs somewhere else: `service` names a compose service, None another place.

    `fed` is what the command finds on its standard input.
    """

    command: CommandLine
    service: str | None = None
    files: tuple[str, ...] = ()
    fed: Text | Unknown | None = None


_TOOLS = frozenset("make just task invoke inv fab npm yarn pnpm bun tox nox rake gulp bazel pants nix earthly".split())
_UNREAD_TARGETS = ("deploy", "release", "migrat", "prod", "ship", "upgrade", "publish")


def _is_unread_target(word: str) -> bool:
    lower = word.lower()
    return any(one in lower for one in _UNREAD_TARGETS)


def is_task(step: Step) -> bool:
    """Whether a step only names a task of a runner such as make, whose recipe is not followed."""
    return program_of(step)[0] in _TOOLS


def read_pipeline(pipeline: Pipeline, repository: Repository) -> tuple[tuple[PipelineStep, ...], tuple[Link, ...]]:
    """Every step of every job, typed, and what could not be followed in those that may work on production."""
    steps: list[PipelineStep] = []
    missed: dict[str, list[Link]] = {}
    environments: dict[str, Environment] = {}
    for job in pipeline.jobs:
        found: list[PipelineStep] = []
        unread = missed.setdefault(job.name, [])
        asked = job.asked or condition_in(job.condition, pipeline.occasions, Variables(), {})
        for declared in job.steps if asked.may else ():
            variables = step_variables(declared, job)
            own = condition_in(declared.condition, pipeline.occasions, variables, dict(declared.matrix))
            typed = _typed(declared, job, pipeline, repository, unread, variables) if own.may else ()
            found.extend(_under_conditions(typed, asked, own, declared.matrix))
        if job.on_host and only_tags([(one.kind, "" if one.step is None else plain_words(one.step)) for one in found]):
            found = [replace(one, kind=StepKind.OTHER) if one.kind in LIVE else one for one in found]
        environments[job.name] = job_environment(job, pipeline, found)
        steps.extend(found)
    _join(environments, pipeline)
    deploying = [job for job, one in environments.items() if one in (Environment.PRODUCTION, Environment.UNKNOWN)]
    open_ = (*pipeline.open, *(link for job in deploying for link in missed[job]))
    placed = tuple(replace(step, environment=environments[step.job.name]) for step in steps)
    return placed, open_ if deploying or not pipeline.jobs else ()


def _under_conditions(
    typed: Iterable[PipelineStep], asked: Condition, own: Condition, matrix: tuple[tuple[str, str], ...]
) -> Iterator[PipelineStep]:
    """The steps of a declared one with what it and its job ask for."""
    for step in typed:
        condition = own
        if step.action is not None and step.kind is StepKind.PUSH:
            condition = condition_of_push(step.action, own, step.pipeline.occasions, step.around, dict(matrix))
        if condition.may:
            yield replace(step, job_condition=asked, condition=condition, matrix=matrix)


def _join(environments: dict[str, Environment], pipeline: Pipeline) -> None:
    """A job without a word of its own works on what the jobs that it needs, or that need it, work on."""
    needs = {job.name: set(job.needs) for job in pipeline.jobs}
    for _ in pipeline.jobs:
        for name, environment in environments.items():
            near = [*needs.get(name, ()), *(other for other, needed in needs.items() if name in needed)]
            if environment is Environment.UNKNOWN and any(
                environments.get(other) is Environment.PRODUCTION for other in near
            ):
                environments[name] = Environment.PRODUCTION


def _typed(
    declared: JobStep,
    job: Job,
    pipeline: Pipeline,
    repository: Repository,
    unread: list[Link],
    variables: Variables,
) -> Iterator[PipelineStep]:
    if declared.action is not None:
        for kind in kinds_of_action(declared.action):
            yield PipelineStep(
                kind,
                declared.span,
                job,
                pipeline,
                Environment.UNKNOWN,
                action_words(declared.action, job, variables, dict(declared.matrix)),
                remote=declared.remote,
                action=declared.action,
                around=variables,
            )
    if declared.script is None:
        return
    directory = None if declared.directory is None else "/" + declared.directory
    script = filled(declared.script, variables, dict(declared.matrix))
    # Another machine knows nothing of the variables of the runner.
    found = Variables() if declared.remote else variables
    files, folder = (FileMap((), False), None) if declared.remote else (CHECKOUT, directory)
    execution = execute(script, Place(files, folder, found.values, found), repository)
    unread.extend(execution.unread)
    for step in execution.steps:
        yield from _with_carried(step, declared, job, pipeline, repository, unread, 0, found)


def _with_carried(
    step: Step,
    declared: JobStep,
    job: Job,
    pipeline: Pipeline,
    repository: Repository,
    unread: list[Link],
    depth: int,
    variables: Variables,
) -> Iterator[PipelineStep]:
    tool, words = program_of(step)
    if tool in _TOOLS and any(_is_unread_target(word.literal or "") for word in words):
        unread.append(Link(step.span, f"runs {step.written}, which is not followed"))
    on_host = declared.remote or job.on_host or talks_elsewhere(step, declared)
    kinds = (StepKind.DEPLOY,) if on_host and _starts_a_service(step) else kinds_of_step(step, on_host)
    for kind in kinds:
        yield PipelineStep(
            kind, step.span, job, pipeline, Environment.UNKNOWN, told(step, declared), step, on_host, around=variables
        )
    carried = carried_by(step) if depth < 3 else None
    if carried is None:
        if starts_a_task(step):
            unread.append(Link(step.span, "runs a task whose command is not read"))
        if step.program == "ssh":
            from prodlint.deployment.releases.ssh_command import ssh_command

            handed = ssh_command(step)
            if isinstance(handed, Unknown):
                unread.append(Link(step.span, handed.reason))
        return
    found = handed_on(step, carried.command, variables.seen_by(step))
    place = Place(_guessed(carried.command, repository), "/", found.values, found)
    execution = execute(carried.command, place, repository, fed=carried.fed)
    unread.extend(execution.unread)
    if step.program == "ssh" or is_for_machine(step):
        declared = replace(declared, remote=True)
    for inner in execution.steps:
        yield from _with_carried(_under(step, inner), declared, job, pipeline, repository, unread, depth + 1, found)


def _under(step: Step, inner: Step) -> Step:
    """A step that another one carries somewhere, under the conditions of both."""
    if not step.conditional:
        return inner
    told = [one.when for one in (step, inner) if one.conditional]
    return replace(inner, conditional=True, when=" and ".join(told) if all(told) else "")


def _guessed(command: CommandLine, repository: Repository) -> FileMap:
    """The files of a container that is only named: a script is looked for by the end of its path."""
    placements = [Placement("/", "")]
    words = command.words if command.form is Form.EXEC else ()
    for word in words:
        name = (word.literal or "").lstrip("./")
        if not name.endswith((".sh", ".py")):
            continue
        named = repository.named(posixpath.basename(name))
        found = [path for path in named if path == name or path.endswith("/" + name)]
        if len(found) == 1:
            root = found[0][: len(found[0]) - len(name)].rstrip("/")
            placements.append(Placement("/", root))
            written = word.literal or ""
            if written.startswith("/"):
                placements.append(Placement(written, found[0]))
    return FileMap(tuple(placements), False)


_VALUED = frozenset(
    "-f --file -p --project-name --profile --env-file --project-directory -e --env -u --user -w --workdir -v --volume "
    "--name --network --entrypoint -n --namespace -c --container --index -l --label --scale -a --app --size -C "
    "--command --context --ansi --add-host --mount --platform -m --memory --cpus -H --host --log-level --config "
    "--tlscacert --tlscert --tlskey".split()
)


_INTERACTIVE = regex(r"-[a-z]*i[a-z]*|--interactive|--stdin|--(?:interactive|stdin)=true")


def positional(words: tuple[Word, ...]) -> list[int]:
    """The indexes of the words of a command for containers that are neither options nor their values."""
    result: list[int] = []
    index = 0
    while index < len(words):
        literal = words[index].literal
        value = words[index].written if literal is None else literal
        if value.startswith("-") and value != "-" and value != "--":
            index += 2 if value in _VALUED and "=" not in value else 1
            continue
        if value != "--":
            result.append(index)
        index += 1
    return result


def _behind(step: Step, words: tuple[Word, ...], index: int) -> CommandLine | None:
    rest = words[index:]
    if rest and rest[0].literal == "--":
        rest = rest[1:]
    return exec_form(rest, Span(step.span.source, rest[0].span.start, rest[-1].span.end)) if rest else None


def _starts_a_service(step: Step) -> bool:
    """Whether `docker compose run -d SERVICE` starts a service with the command of its own, as `up -d` does."""
    words = step.argv[1:]
    places = positional(words)
    verbs = [words[index].literal or "$" for index in places]
    skip = 0 if step.program.endswith("-compose") else 1
    is_compose = step.program in ("docker-compose", "podman-compose") or (
        step.program in ("docker", "podman") and verbs[:1] == ["compose"]
    )
    if not is_compose or verbs[skip : skip + 1] != ["run"] or len(places) != skip + 2:
        return False
    return any(word.literal in ("-d", "--detach") for word in words[places[skip] + 1 : places[skip + 1]])


def carried_by(step: Step) -> Carried | None:
    """The command that `docker run`, `docker compose exec`, `ssh`, `kubectl exec`, `heroku run` … hand on."""
    words = step.argv[1:]
    name = step.program
    places = positional(words)
    verbs = [words[index].literal or "$" for index in places]
    if name in ("docker-compose", "podman-compose") or (name in ("docker", "podman") and verbs[:1] == ["compose"]):
        skip = 0 if name.endswith("-compose") else 1
        if verbs[skip : skip + 1] in (["run"], ["exec"]) and len(places) > skip + 2:
            command = _behind(step, words, places[skip + 2])
            return (
                None if command is None else Carried(command, verbs[skip + 1], compose_files_of(step) or (), step.fed)
            )
        return None
    if name in ("docker", "podman") and verbs[:1] in (["run"], ["exec"]) and len(places) > 2:
        command = _behind(step, words, places[2])
        return None if command is None else Carried(command, fed=step.fed if _is_attached(words, command) else None)
    if name in ("kubectl", "oc") and verbs[:1] in (["exec"], ["run"], ["create"]):
        dashes = next((index for index, word in enumerate(words) if word.literal == "--"), None)
        command = _behind(step, words, dashes + 1) if dashes is not None else None
        return None if command is None else Carried(command, fed=step.fed if _is_attached(words, command) else None)
    if name in ("heroku", "railway") and verbs[:1] in (["run"], ["run:detached"]) and len(places) > 1:
        command = _behind(step, words, places[1])
        return None if command is None else Carried(command, fed=step.fed)
    if name == "aws" and verbs[:2] == ["ecs", "run-task"]:
        return _task(words)
    if name == "ssh":
        from prodlint.deployment.releases.ssh_command import Handed, ssh_command

        handed = ssh_command(step)
        return Carried(handed.command, fed=handed.fed) if isinstance(handed, Handed) else None
    text = handed_text(step, verbs) or managed_text(step, verbs, words[places[2] :] if len(places) > 2 else ())
    return None if text is None else Carried(text)


def _is_attached(words: tuple[Word, ...], command: CommandLine) -> bool:
    """Whether a container is handed the standard input: `-i`, `-it`, `--interactive`, `--stdin`."""
    start = command.words[0] if command.words else None
    before = (word.literal or "" for word in takewhile(lambda word: word is not start, words))
    return any(_INTERACTIVE.fullmatch(word) for word in before)


def _task(words: tuple[Word, ...]) -> Carried | None:
    """The command of `aws ecs run-task --overrides JSON`, None when its task definition or a file decides it."""
    place = next((index + 1 for index, word in enumerate(words[:-1]) if word.literal == "--overrides"), None)
    text = words[place].respelled if place is not None else None
    import json

    try:
        containers = json.loads(text.value)["containerOverrides"] if text is not None else []
        command = next((one["command"] for one in containers if one.get("command")), None)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    if text is None or not isinstance(command, list) or not all(isinstance(word, str) for word in command):
        return None
    return Carried(exec_form(tuple(Word.of(Text.at(word, text.span)) for word in command), text.span))


_COMPOSE_FILE = ("-f", "--file", "-c", "--compose-file")


def compose_files_of(step: Step) -> tuple[str, ...] | None:
    """The files that a compose or stack command names, as written; empty for the default set.

    None when a name is computed.
    """
    files: list[str] = []
    words = step.argv[1:]
    for index, word in enumerate(words):
        value = word.literal
        if value in _COMPOSE_FILE and index + 1 < len(words):
            named = words[index + 1].literal
            if named is None:
                return None
            files.append(named)
        elif value is None and word.written.startswith("--file="):
            return None
        elif value is not None and value.startswith(("--file=", "--compose-file=")):
            files.append(value.partition("=")[2])
    return tuple(files)


_CHECKS = frozenset((StepKind.TEST, StepKind.LINT))


def job_environment(job: Job, pipeline: Pipeline, steps: Sequence[PipelineStep]) -> Environment:
    """Which environment a job works on: its `environment`, what its steps do, its names (delivery page, 2.1)."""
    kinds = tuple(one.kind for one in steps)
    # Of `review/$BRANCH`, what stands before the variable is known.
    said = (job.environment or "").partition("$")[0]
    if said and re.search(r"(?i)\b(review|preview|pr)\b", said):
        return Environment.DEVELOPMENT
    named = environment_of(said)
    if named is not None:
        return named
    names = f"{job.name} {pipeline.name} {posixpath.basename(pipeline.path)}"
    if not {"preview", "review"}.isdisjoint(re.findall(r"[a-z]+", names.lower())):
        return Environment.DEVELOPMENT
    if any(kind in LIVE for kind in kinds):
        from prodlint.deployment.releases.own_cluster import brings_its_cluster

        if brings_its_cluster(job):
            return Environment.TEST
        if StepKind.TEST in kinds and _only_for_tests(job, steps):
            return Environment.TEST
        said_by = (environment_of(job.name), _named_by_file(pipeline))
        return next(
            (one for one in (Environment.DEVELOPMENT, Environment.TEST) if one in said_by), Environment.PRODUCTION
        )
    if StepKind.PUSH not in kinds and not _CHECKS.isdisjoint(kinds):
        return Environment.TEST
    return environment_of(job.name) or _named_by_file(pipeline) or Environment.UNKNOWN


def _named_by_file(pipeline: Pipeline) -> Environment | None:
    """What the name of a pipeline or its file says; that it is continuous integration says nothing of its jobs."""
    for name in (pipeline.name, posixpath.basename(pipeline.path)):
        named = environment_of(name)
        if named not in (None, Environment.TEST):
            return named
    return None


def _only_for_tests(job: Job, steps: Sequence[PipelineStep]) -> bool:
    """Whether what is deployed before the tests of a job serves these alone: on its runner, or taken down behind them.

    What is deployed on a platform or another machine stays: such tests only look at it.
    """
    last_test = max(index for index, one in enumerate(steps) if one.kind is StepKind.TEST)
    live = [index for index, one in enumerate(steps) if one.kind in LIVE]
    if any(index > last_test for index in live):
        return False
    if any(one.step is not None and takes_down(one.step) for one in steps[last_test + 1 :]):
        return True
    from prodlint.deployment.releases.own_cluster import goes_to_a_lasting_cluster

    real = goes_to_a_lasting_cluster(job)
    return not any(_stays(steps[index], real) for index in live)


def _stays(one: PipelineStep, real_cluster: bool) -> bool:
    """Whether a deployment certainly goes somewhere that outlives its job."""
    if one.action is not None:
        return real_cluster or not is_for_clusters(one.action)
    if one.step is None:
        return False
    if one.remote and not one.job.on_host and not may_be_of_the_job(one.step, one.around):
        return True
    place = place_of_deployment(one.step)
    return place is DeploymentPlace.PLATFORM or (place is DeploymentPlace.CLUSTER and real_cluster)


def _deploys_by_name(path: str) -> bool:
    stem = posixpath.splitext(posixpath.basename(path))[0].lower()
    return "deploy" in stem or stem.startswith("release") or stem == "update"


def deploy_scripts(repository: Repository) -> Iterator[Pipeline]:
    """Shell scripts that deploy, by their name; each is a pipeline of one job (delivery page, 2.4)."""
    scripts = [path for path in repository.ending(".sh", ".bash") if _deploys_by_name(path)]
    for path in sorted([*scripts, *repository.named("post-receive")]):
        if environment_of(path) in (Environment.DEVELOPMENT, Environment.TEST):
            continue
        source = repository.source(path)
        script = repository.shell(path)
        if source is None or script is None or not source.text:
            continue
        declared = JobStep(source.span, script=shell_form(Text.verbatim(source.span)), directory="")
        job = Job(posixpath.basename(path), source.line_span(1), (declared,), on_host=True)
        yield Pipeline(path, path, source.span, (job,))
