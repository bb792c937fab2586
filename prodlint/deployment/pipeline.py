"""Pipelines: the jobs of a CI system or a deploy script as ordered, typed steps."""

from __future__ import annotations

from enum import Enum

from prodlint.deployment.command import CommandLine, Link
from prodlint.deployment.environment import Environment
from prodlint.deployment.process import EnvDefinition
from prodlint.record import Record
from prodlint.source import Span

__all__ = [
    "Action",
    "Condition",
    "Job",
    "JobStep",
    "Occasion",
    "Pipeline",
    "Release",
    "ReleaseStep",
    "Served",
    "StepKind",
]


class StepKind(Enum):
    """What a step of a pipeline does (delivery page, 2.1)."""

    INSTALL = "install"
    TEST = "test"
    LINT = "lint"
    SCAN = "scan"
    BUILD = "build"
    PUSH = "push"
    PROVISION = "provision"
    COLLECT_STATIC = "collect static"
    MIGRATE = "migrate"
    DEPLOY = "deploy"
    UPLOAD = "upload"
    RESTART = "restart"
    HEALTH_CHECK = "health check"
    NOTIFY = "notify"
    PREPARE = "prepare"
    RELEASE = "release phase"
    START = "start"
    PACKAGE = "package release"
    DOCUMENTATION = "documentation"
    SETUP = "setup"
    OTHER = "other"


class Action(Record):
    """A reusable action or orb that a step calls, with its inputs."""

    name: str
    inputs: tuple[tuple[str, str], ...]
    span: Span

    @property
    def plain_name(self) -> str:
        """Its name in lower case, without the version behind it."""
        return self.name.partition("@")[0].lower()

    def input(self, name: str) -> str | None:
        return next((value for key, value in self.inputs if key == name), None)


class JobStep(Record):
    """One declared step: a script, an action, or a script for another machine (`remote`).

    `variables` are those that the step, its job and its workflow set, the innermost last. `condition` is what
    it asks for, as it is written. `matrix` holds the names and values of the combination for which it runs, where they
    are told apart. Other steps ask by its `id` for what it told.
    """

    span: Span
    name: str = ""
    script: CommandLine | None = None
    action: Action | None = None
    directory: str | None = ""
    remote: bool = False
    variables: tuple[EnvDefinition, ...] = ()
    condition: str = ""
    matrix: tuple[tuple[str, str], ...] = ()
    id: str = ""


class Occasion(Record):
    """One way in which a pipeline is set off: the name of the event, empty where it is not known.

    `ref` is what the ref begins with (`refs/heads/`), all of it where it `is_whole`. `told` is how people call it,
    empty where the `events` of the pipeline do. `caller` is the path of the pipeline that calls this one then,
    `cause` what sets that one off, and `asked` what is open of the condition under which it calls.
    """

    event: str = ""
    ref: str = ""
    is_whole: bool = False
    told: str = ""
    caller: str = ""
    cause: str = ""
    asked: str = ""


class Condition(Record):
    """What a job or a step asks for, as it is written, and on which occasions of its pipeline it may and does hold.

    On those `by_hand` it does once somebody starts it.
    """

    text: str
    may: tuple[Occasion, ...]
    does: tuple[Occasion, ...]
    by_hand: tuple[Occasion, ...] = ()


class Job(Record):
    """One job. `needs` are the jobs that it waits for; `calls` is a workflow that it runs instead of steps.

    `on_host` says that it runs on the machine that serves: a self-hosted runner, a deploy script. `asked` is what it
    asks for where the reader has the answers already, as rules of GitLab are no single expression. Of an `unsaid` one
    no name says that it deploys: what it starts does, or nothing (`make update`).
    """

    name: str
    span: Span
    steps: tuple[JobStep, ...] = ()
    needs: tuple[str, ...] = ()
    environment: str | None = None
    calls: str | None = None
    condition: str = ""
    on_host: bool = False
    asked: Condition | None = None
    unsaid: bool = False


class Pipeline(Record):
    """One workflow or CI file. `open` says what of it lies elsewhere and cannot be read.

    `events` are the triggers as people name them, with their branches and times: `push to main`. `occasions`
    are all ways in which it may be set off.
    """

    path: str
    name: str
    span: Span
    jobs: tuple[Job, ...]
    triggers: tuple[str, ...] = ()
    open: tuple[Link, ...] = ()
    events: tuple[str, ...] = ()
    occasions: tuple[Occasion, ...] = (Occasion(),)


class ReleaseStep(Record):
    """One step of a road to production; `owner` is the job or the service whose step it is.

    A `conditional` one may be left out. `condition` is what its job asks for, as it is written,
    `own_condition` what the step itself does, each empty where it holds in every release; `on_host` says that
    it runs on the machine that serves. `started_by` is the step that starts the service whose step it is.
    """

    kind: StepKind
    written: str
    span: Span
    owner: str = ""
    conditional: bool = False
    condition: str = ""
    on_host: bool = False
    own_condition: str = ""
    started_by: Span | None = None


class Served(Record):
    """A web service that a release brings: the folder of its code and its framework, None for what is not known."""

    root: str | None
    framework: str | None
    span: Span

    def runs(self, root: str, django: bool) -> bool:
        """Whether it may run the project in a folder, one of Django or of another framework."""
        holds = not self.root or root == self.root or root.startswith(f"{self.root}/")
        return holds and (self.framework is None or (self.framework == "Django") is django)


class Release(Record):
    """A road to production: what it is, where it brings the new code live, whether it was read whole.

    `served` are the web services that it brings; without one, it may bring anything. `steps` are in
    the order in which they happen, `triggers` what sets a pipeline off. `part_of` is the road on which something
    starts what the file of this one declares, empty for a road of its own; `left` are the steps of the services of that
    file that no pipeline is known to start.
    """

    name: str
    span: Span
    environment: Environment
    complete: bool = True
    served: tuple[Served, ...] = ()
    steps: tuple[ReleaseStep, ...] = ()
    triggers: tuple[str, ...] = ()
    part_of: str = ""
    left: tuple[ReleaseStep, ...] = ()

    def brings(self, root: str, django: bool) -> Span | None:
        """Where the code of a project goes live on this road, None when it does not go this way."""
        if not self.served:
            return self.span
        return next((one.span for one in self.served if one.runs(root, django)), None)
