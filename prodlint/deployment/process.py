"""Start commands as deployment files declare them, with what surrounds them there."""

from __future__ import annotations

from dataclasses import field
from enum import Enum

from prodlint.deployment.command import CommandLine
from prodlint.deployment.environment import Environment
from prodlint.record import record
from prodlint.source import Span
from prodlint.syntax.word import Word

__all__ = ["Build", "EnvDefinition", "ImageDefinition", "Mount", "Platform", "Process", "Role", "UnreadDeployment"]


class Role(Enum):
    """What a process is for."""

    WEB = "web"
    WORKER = "worker"
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
    DIGITALOCEAN = "DigitalOcean"
    KUBERNETES = "Kubernetes"
    SYSTEMD = "systemd"
    SUPERVISOR = "supervisor"
    LAMBDA = "AWS Lambda"


@record
class EnvDefinition:
    """A variable that a deployment file sets; `value` is None when it is passed on from outside."""

    name: str
    value: Word | None
    span: Span


@record
class Mount:
    """A folder of the repository that lies over a path of the container (`source` from the root)."""

    source: str
    target: str
    span: Span


@record
class Build:
    """The building of an image: Dockerfile and context are paths from the root; None is unknown."""

    dockerfile: str | None
    context: str | None
    span: Span
    target: str | None = None
    arguments: tuple[EnvDefinition, ...] = ()


@record
class ImageDefinition:
    """A Dockerfile that the repository holds."""

    path: str
    span: Span


@record
class UnreadDeployment:
    """A deployment that is declared in a form that prodlint does not read: `system` names it."""

    system: str
    span: Span


@record
class Process:
    """One start command of one deployment file.

    `command` replaces the image's CMD, `entrypoint` its ENTRYPOINT (and clears the CMD); None
    leaves the image's own. `root` is the folder of the repository that the platform starts in.
    `environment` is what the file itself says about production, None when its name decides.
    `profiles` are the compose profiles that must be asked for. `complete` is False when the file
    is not the whole truth about its process.
    """

    name: str
    span: Span
    platform: Platform
    role: Role = Role.UNKNOWN
    command: CommandLine | None = None
    entrypoint: CommandLine | None = None
    build: Build | None = None
    image: str | None = None
    root: str = ""
    directory: str | None = None
    variables: tuple[EnvDefinition, ...] = ()
    env_files: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()
    environment: Environment | None = None
    profiles: tuple[str, ...] = ()
    before: tuple[CommandLine, ...] = field(default=())
    complete: bool = True

    @property
    def path(self) -> str:
        """The file that declares it."""
        return self.span.path
