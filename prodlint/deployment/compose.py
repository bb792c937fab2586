"""Compose: files of services, and what they come to when they are merged in the order of `-f`."""

from __future__ import annotations

from dataclasses import replace

from prodlint.deployment.command import CommandLine
from prodlint.deployment.process import Build, EnvDefinition, Mount, Platform, Process
from prodlint.deployment.repository import normal_path
from prodlint.record import record
from prodlint.source import Span

__all__ = ["ComposeBuild", "ComposeFile", "ComposeService", "merged", "process_of"]


@record
class ComposeBuild:
    """A service's `build`: the context from the root (None: not in this repository)."""

    span: Span
    context: str | None
    dockerfile: str | None
    target: str | None
    arguments: tuple[EnvDefinition, ...]
    inline: bool


@record
class ComposeService:
    """What one file says of one service. A reset (`command:` null) hides what lies below it."""

    name: str
    span: Span
    image: str | None = None
    build: ComposeBuild | None = None
    command: CommandLine | None = None
    command_reset: bool = False
    entrypoint: CommandLine | None = None
    entrypoint_reset: bool = False
    variables: tuple[EnvDefinition, ...] = ()
    env_files: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()
    directory: str | None = None
    profiles: tuple[str, ...] = ()
    restart: str | None = None
    extends: bool = False


@record
class ComposeFile:
    """One compose file; `open` when it includes others."""

    path: str
    span: Span
    services: tuple[ComposeService, ...]
    open: bool = False

    @property
    def is_layer(self) -> bool:
        """Whether the file only overrides: some service of it has neither an image nor a build."""
        return any(not (one.image or one.build or one.extends) for one in self.services)


def merged(files: tuple[ComposeFile, ...]) -> tuple[ComposeService, ...]:
    """The services of several files, a later file over an earlier one (container page, 2.10, Merge)."""
    result: dict[str, ComposeService] = {}
    for file in files:
        for service in file.services:
            below = result.get(service.name)
            result[service.name] = service if below is None else _over(service, below)
    return tuple(result.values())


def _over(top: ComposeService, below: ComposeService) -> ComposeService:
    variables = {one.name: one for one in (*below.variables, *top.variables)}
    mounts = {one.target: one for one in (*below.mounts, *top.mounts)}
    return replace(
        below,
        image=top.image or below.image,
        build=_build_over(top.build, below.build),
        command=None if top.command_reset else top.command or below.command,
        entrypoint=None if top.entrypoint_reset else top.entrypoint or below.entrypoint,
        variables=tuple(variables.values()),
        env_files=tuple(dict.fromkeys((*below.env_files, *top.env_files))),
        mounts=tuple(mounts.values()),
        directory=top.directory or below.directory,
        profiles=tuple(dict.fromkeys((*below.profiles, *top.profiles))),
        restart=top.restart or below.restart,
        extends=top.extends or below.extends,
    )


def _build_over(top: ComposeBuild | None, below: ComposeBuild | None) -> ComposeBuild | None:
    if top is None or below is None:
        return top or below
    return replace(
        top,
        dockerfile=top.dockerfile or below.dockerfile,
        target=top.target or below.target,
        arguments=(*below.arguments, *top.arguments),
    )


def process_of(service: ComposeService, images: dict[str, ComposeBuild]) -> Process:
    """A merged service as a start command; `images` are the builds of the set by their image's name."""
    build = service.build or (images.get(service.image) if service.image else None)
    command = service.command
    declared = command or service.entrypoint
    return Process(
        name=service.name,
        span=service.span if declared is None else declared.span,
        platform=Platform.COMPOSE,
        command=command,
        entrypoint=service.entrypoint,
        build=None if build is None else _plain_build(build),
        image=service.image,
        directory=service.directory,
        variables=service.variables,
        env_files=service.env_files,
        mounts=service.mounts,
        profiles=service.profiles,
        complete=not service.extends,
    )


def _plain_build(build: ComposeBuild) -> Build:
    dockerfile = None
    if build.context is not None and not build.inline and "$" not in (build.dockerfile or ""):
        dockerfile = normal_path(build.context, build.dockerfile or "Dockerfile")
    return Build(dockerfile, build.context, build.span, build.target, build.arguments)
