"""Start commands as deployment files declare them, with what surrounds them there."""

from __future__ import annotations

from enum import Enum

from prodlint.deployment.command import CommandLine, Link
from prodlint.deployment.environment import Environment
from prodlint.deployment.value import Known, Value
from prodlint.record import Record, field
from prodlint.source import Span
from prodlint.syntax.env_dialect import Dialect
from prodlint.syntax.word import Word

__all__ = [
    "HOST",
    "Build",
    "BuiltImage",
    "EnvDefinition",
    "EnvFile",
    "Exposure",
    "ImageDefinition",
    "MadeImage",
    "Mount",
    "Platform",
    "PlatformSetting",
    "Port",
    "Probe",
    "ProbeKind",
    "Process",
    "Reach",
    "Role",
    "TakenImage",
    "UnreadDeployment",
    "Volume",
    "VolumeKind",
]

HOST = "the host"
"""The machine of whatever runs beside the containers."""


class Role(Enum):
    """What a process is for."""

    WEB = "web"
    WORKER = "worker"
    BEAT = "beat"
    RELEASE = "release"
    UNKNOWN = "unknown"


class Platform(Enum):
    """The system that starts a process."""

    DOCKER = "Docker"
    COMPOSE = "Compose"
    HEROKU = "Heroku"
    RENDER = "Render"
    RAILWAY = "Railway"
    FLY = "Fly.io"
    APP_ENGINE = "App Engine"
    CLOUD_RUN = "Cloud Run"
    DIGITALOCEAN = "DigitalOcean"
    CLOUD_FOUNDRY = "Cloud Foundry"
    KUBERNETES = "Kubernetes"
    SYSTEMD = "systemd"
    SUPERVISOR = "supervisor"
    LAMBDA = "AWS Lambda"
    BEANSTALK = "Elastic Beanstalk"
    ECS = "Amazon ECS"
    APP_RUNNER = "App Runner"


class EnvDefinition(Record):
    """A variable that a deployment file sets; `value` is None when it is passed on from outside.

    `is_secret` says that the file itself keeps it as a secret: its value must not be shown. `given` is
    set where the file tells more than a word can hold: a value that the platform fills in from others, or
    Unknown with the place that the value comes from.
    """

    name: str
    value: Word | None
    span: Span
    is_secret: bool = False
    given: Value[str] | None = None


class EnvFile(Record):
    """A file of the repository whose lines become variables, read as `dialect` says.

    `given` is what its expansions find before anything else: the `.env` that compose itself reads.
    `certain` is False where the file may be another one (`env_file: ${ENV_FILE:-.env}`). `stands_for` is the
    file that only the host has, where this one is its sample: then only the names of its variables hold.
    """

    path: str
    span: Span
    dialect: Dialect
    given: tuple[EnvDefinition, ...] = ()
    certain: bool = True
    stands_for: str = ""


class AbsentEnvFile(Link):
    """A file of variables that only the host has, and the path of the sample that is committed beside it, if any."""

    sample: str = ""


class Mount(Record):
    """A folder of the repository that lies over a path of the container (`source` from the root)."""

    source: str
    target: str
    span: Span


class VolumeKind(Enum):
    """What lies behind a path that a platform puts over the files of a process."""

    PERSISTENT = "a disk that stays"
    EPHEMERAL = "a folder that goes with the process"
    CONFIGURATION = "files of a configuration"
    SECRET = "files of a secret"
    HOST = "a folder of the host"
    UNKNOWN = "something that is not known"


class Volume(Record):
    """Something that hides what the image has at `target`; `name` is what the file calls it."""

    target: str
    span: Span
    kind: VolumeKind = VolumeKind.UNKNOWN
    name: str = ""
    read_only: bool = False


class Port(Record):
    """A port that a deployment file names for a process; `name` is what other parts of the file call it."""

    number: Value[int]
    span: Span
    name: str = ""


class Exposure(Record):
    """A port that others dial, and the port of the process that it is passed on to.

    `port` is None where the platform chooses it (443 of a router), `owner` is what exposes it (a
    Kubernetes Service, a router), `name` what other objects call the port. `address` is that of the
    host on which it is dialled, None for all of them; where one variable holds it together with the port
    (`${FORWARD:-127.0.0.1:8000}`) both are driven by it, and an empty text stands for all.
    """

    owner: str
    port: Value[int] | None
    target: Value[int]
    span: Span
    name: str = ""
    address: Value[str] | None = None


class Reach(Record):
    """How programs find one another: those of one `group` (the files of a compose project, the objects of a
    folder) dial a process by one of its `names`.

    Processes of one `machine` share their addresses: containers of a pod, programs of a host. Empty: not known.
    `volumes` are those that other processes may share, by name; `links` are names that it alone dials, with
    the process that each stands for. `has_company` says that its file lists other containers of the same machine.
    `exposures` are the ports that others dial of a pod of several containers, whichever of them listens there.
    """

    group: str = ""
    names: tuple[str, ...] = ()
    machine: str = ""
    volumes: tuple[Volume, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    has_company: bool = False
    exposures: tuple[Exposure, ...] = ()


class ProbeKind(Enum):
    """What a platform does with the answer."""

    LIVENESS = "liveness"
    READINESS = "readiness"
    STARTUP = "startup"
    DEPLOY = "health check"


class Probe(Record):
    """How a platform asks whether a process is well: a path over HTTP, a command, or else a connection.

    `port` is None for the port that the platform routes to. `headers` are those that the file sets.
    """

    kind: ProbeKind
    span: Span
    path: Value[str] | None = None
    port: Value[int] | None = None
    command: CommandLine | None = None
    scheme: str = "http"
    headers: tuple[tuple[str, str], ...] = ()


class PlatformSetting(Record):
    """A setting of the platform for one process, by the platform's own name (`Type`, `kill_timeout`)."""

    name: str
    value: Value[str]
    span: Span


class Build(Record):
    """The building of an image: Dockerfile and context are paths from the root; None is unknown.

    It `ends_anywhere` where the stage up to which it goes is computed: no name that it gives says what is in an image.
    `stand_in_tag` is the tag that files give its image until a release writes the tag of what it built in its place.
    """

    dockerfile: str | None
    context: str | None
    span: Span
    target: str | None = None
    arguments: tuple[EnvDefinition, ...] = ()
    ends_anywhere: bool = False
    stand_in_tag: str = ""


class BuiltImage(Record):
    """The name that a build gives to its image, as a deployment file says it (without tag)."""

    name: str
    build: Build
    span: Span


class MadeImage(Record):
    """The name of an image that something else than a Dockerfile of this repository makes: `builder`, such as jib."""

    name: str
    builder: str
    span: Span


class TakenImage(Record):
    """A Dockerfile whose image something starts that is in another language, so that it is no service of its own."""

    dockerfile: str
    span: Span


class ImageDefinition(Record):
    """A Dockerfile that the repository holds."""

    path: str
    span: Span


class UnreadDeployment(Record):
    """A deployment that is declared in a form that prodlint does not read: `system` names it."""

    system: str
    span: Span


class Process(Record):
    """One start command of one deployment file.

    `command` replaces the image's CMD, `entrypoint` its ENTRYPOINT (and clears the CMD); None
    leaves the image's own. `root` is the folder of the repository that the platform starts in.
    `environment` is what the file itself says about production, None when its name decides.
    `profiles` are the compose profiles that must be asked for. `complete` is False when the file
    is not the whole truth about its process.

    `replicas` is None where the file says nothing and the platform's default holds. `handler` is
    the function that a platform calls without a server (`module.attribute`), `events` what it is called
    for, by kind (`http`: `GET /orders`). `variables_from` are the places that set more variables and are not
    in this repository. `settings` are the platform's own, the last of a name counts. `declaration` is where
    the process itself stands, when `span` is its command. `default_of` is the platform that starts its command
    where no file names one. `brings` are the services that compose starts with it. `image_at` is where its image is
    named, None where that is not told.
    `perhaps_builds` are the Dockerfiles of which its image may be a build, where nothing certain says whose it is.
    `decided_by` is what decides which command runs in its image, and whether one does, where that is not read.
    `overlaid` are the paths at which its file puts something over those of the image, None where not all are known.
    """

    name: str
    span: Span
    platform: Platform
    role: Role = Role.UNKNOWN
    command: CommandLine | None = None
    entrypoint: CommandLine | None = None
    build: Build | None = None
    image: str | None = None
    image_at: Span | None = None
    root: str = ""
    directory: str | None = None
    variables: tuple[EnvDefinition, ...] = ()
    env_files: tuple[EnvFile, ...] = ()
    mounts: tuple[Mount, ...] = ()
    environment: Environment | None = None
    profiles: tuple[str, ...] = ()
    before: tuple[CommandLine, ...] = ()
    complete: bool = True
    replicas: Value[int] | None = None
    ports: tuple[Port, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    probes: tuple[Probe, ...] = ()
    volumes: tuple[Volume, ...] = ()
    schedule: Value[str] | None = None
    handler: Value[str] | None = None
    events: tuple[PlatformSetting, ...] = ()
    user: Value[str] | None = None
    variables_from: tuple[Link, ...] = ()
    settings: tuple[PlatformSetting, ...] = ()
    default_of: str = ""
    reach: Reach = field(default_factory=Reach)
    declaration: Span | None = None
    brings: tuple[str, ...] = ()
    perhaps_builds: frozenset[str] = frozenset()
    decided_by: Link | None = None
    overlaid: tuple[str, ...] | None = None

    @property
    def path(self) -> str:
        """The file that declares it, which may be another one than that of its command."""
        return (self.declaration or self.span).path

    @property
    def ends(self) -> bool:
        """Whether it is started to do something and end: a release phase, a job, what prepares for a pod."""
        return self.role is Role.RELEASE or self.schedule is not None

    @property
    def is_job(self) -> bool:
        """Whether it is a workload of its own that does something and ends, not what prepares for the rest of a pod."""
        return self.schedule is not None or (self.role is Role.RELEASE and bool(self.reach.machine))

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders of its files that a volume or a folder of the host takes the place of, so that it may write."""
        volumes = (*self.volumes, *self.reach.volumes)
        hidden = (VolumeKind.CONFIGURATION, VolumeKind.SECRET)
        kept = [one.target for one in volumes if one.kind not in hidden and not one.read_only]
        return (*kept, *(one.target for one in self.mounts))

    @property
    def pins_image(self) -> bool:
        """Whether its image is named with a version: not without a tag, by `latest`, a variable or a stand-in."""
        name = (self.image or "").rpartition("/")[2]
        tag = name.partition(":")[2]
        stand_in = self.build.stand_in_tag if self.build is not None else ""
        return "@" in name or not (tag in ("", "latest", stand_in) or "$" in tag or "{" in tag)

    @property
    def is_image(self) -> bool:
        """Whether its file says that it is an image, without a word on which Dockerfile builds it."""
        packed = self.setting("PackageType")
        return self.build is None and isinstance(packed, Known) and packed.value == "Image"

    def setting(self, name: str) -> Value[str] | None:
        """What the file says of a setting of the platform, None when it says nothing."""
        found = self.platform_setting(name)
        return found.value if found is not None else None

    def platform_setting(self, name: str) -> PlatformSetting | None:
        """A setting of the platform with its place, None when the file says nothing of it."""
        return next((one for one in reversed(self.settings) if one.name == name), None)
