"""Compose: files of services, and what they come to when they are merged in the order of `-f`."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from prodlint.deployment.command import CommandLine, Link
from prodlint.deployment.condition import from_outside, word_value
from prodlint.deployment.process import (
    HOST,
    Build,
    EnvDefinition,
    EnvFile,
    Exposure,
    Mount,
    Platform,
    Process,
    Reach,
    Volume,
)
from prodlint.deployment.repository import normal_path
from prodlint.deployment.value import EnvDriven, Known, Unknown, Value
from prodlint.record import record
from prodlint.source import Span
from prodlint.syntax.dotenv_dialects import Dialect
from prodlint.syntax.word import Expansion, Part, Word

__all__ = [
    "ComposeBuild",
    "ComposeEnvFile",
    "ComposeFile",
    "ComposePort",
    "ComposeService",
    "merged",
    "over",
    "process_of",
    "with_given",
]


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
class ComposeEnvFile:
    """An entry of `env_file`: `folder` is what its path starts from, None for the folder of the project.

    `raw` files are read as `docker run --env-file` reads them.
    """

    name: Word
    span: Span
    folder: str | None = None
    required: bool = True
    raw: bool = False


@record
class ComposePort:
    """An entry of `ports`: the port of the host (None: Docker chooses it) and the one of the container."""

    span: Span
    published: Word | None
    target: Word


@record
class ComposeService:
    """What one file says of one service. A reset (`command:` null) hides what lies below it.

    `names` are what others may call it besides its own name, `links` what it calls others. `network` is
    what `network_mode` says. `volumes` are the volumes by name and the folders of the host by their path.
    """

    name: str
    span: Span
    image: str | None = None
    build: ComposeBuild | None = None
    command: CommandLine | None = None
    command_reset: bool = False
    entrypoint: CommandLine | None = None
    entrypoint_reset: bool = False
    variables: tuple[EnvDefinition, ...] = ()
    env_files: tuple[ComposeEnvFile, ...] = ()
    mounts: tuple[Mount, ...] = ()
    directory: str | None = None
    profiles: tuple[str, ...] = ()
    restart: str | None = None
    extends: bool = False
    read_files: tuple[EnvFile, ...] = ()
    variables_from: tuple[Link, ...] = ()
    ports: tuple[ComposePort, ...] = ()
    names: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    network: str = ""
    volumes: tuple[Volume, ...] = ()
    labels: tuple[EnvDefinition, ...] = ()


@record
class ComposeFile:
    """One compose file; `open` when it includes others.

    `given` are the variables of the `.env` beside it, which compose reads where it is the first of its set.
    `files` are the paths of the repository: what an `env_file` may name.
    """

    path: str
    span: Span
    services: tuple[ComposeService, ...]
    open: bool = False
    given: tuple[EnvDefinition, ...] = ()
    files: frozenset[str] = frozenset()

    @property
    def is_layer(self) -> bool:
        """Whether the file only overrides: some service of it has neither an image nor a build."""
        return any(not (one.image or one.build or one.extends) for one in self.services)


def merged(files: tuple[ComposeFile, ...]) -> tuple[ComposeService, ...]:
    """The services of several files, a later file over an earlier one (container page, 2.10, Merge).

    What the `.env` of the first file gives is put in the place of variables: the shell of whoever runs
    compose still comes before it.
    """
    result: dict[str, ComposeService] = {}
    for file in files:
        for service in file.services:
            below = result.get(service.name)
            result[service.name] = service if below is None else over(service, below)
    project = files[0]
    return tuple(_interpolated(service, project) for service in result.values())


def _interpolated(service: ComposeService, project: ComposeFile) -> ComposeService:
    given = {one.name: one.value for one in project.given if one.value is not None}
    build = service.build
    found, elsewhere = _env_files(service, project, given)
    return replace(
        service,
        build=None if build is None else replace(build, arguments=_filled(build.arguments, given)),
        command=_filled_command(service.command, given),
        entrypoint=_filled_command(service.entrypoint, given),
        variables=_filled(service.variables, given),
        labels=tuple(_filled_label(one, given) for one in service.labels),
        ports=tuple(
            replace(
                one,
                published=None if one.published is None else with_given(one.published, given),
                target=with_given(one.target, given),
            )
            for one in service.ports
        ),
        read_files=found,
        variables_from=elsewhere,
    )


def _filled(definitions: tuple[EnvDefinition, ...], given: Mapping[str, Word]) -> tuple[EnvDefinition, ...]:
    found = []
    for one in definitions:
        if one.value is not None:
            found.append(replace(one, value=with_given(one.value, given)))
        elif one.name in given:
            # A name alone is handed on from the shell, or else from the `.env`.
            found.append(replace(one, value=Word((Expansion(one.name, one.span, "-", given[one.name]),), one.span)))
        else:
            found.append(one)
    return tuple(found)


def _filled_label(label: EnvDefinition, given: Mapping[str, Word]) -> EnvDefinition:
    return label if label.value is None else replace(label, value=with_given(label.value, given))


def _filled_command(command: CommandLine | None, given: Mapping[str, Word]) -> CommandLine | None:
    if command is None:
        return None
    return replace(command, words=tuple(_by_compose(with_given(word, given)) for word in command.words))


def _by_compose(word: Word) -> Word:
    """A word of a command: its variables are those of the shell of compose, never those of the container."""
    if not any(isinstance(part, Expansion) for part in word.parts):
        return word
    return Word(tuple(_outside(part) for part in word.parts), word.span)


def _outside(part: Part) -> Part:
    if not isinstance(part, Expansion):
        return part
    return replace(part, operand=None if part.operand is None else _by_compose(part.operand), outside=True)


def with_given(word: Word, given: Mapping[str, Word]) -> Word:
    """A word in which a variable that a `.env` sets holds that value unless the shell sets another."""
    if not given or not any(isinstance(part, Expansion) for part in word.parts):
        return word
    return Word(tuple(_part_given(part, given) for part in word.parts), word.span)


def _part_given(part: Part, given: Mapping[str, Word]) -> Part:
    if not isinstance(part, Expansion):
        return part
    operand = None if part.operand is None else with_given(part.operand, given)
    value = given.get(part.name)
    if value is None or part.operator in (":+", "+", "other"):
        return replace(part, operand=operand)
    if part.operator == ":-" and value.literal == "":
        return replace(part, operand=operand)
    return Expansion(part.name, part.span, "-", value, part.quoted)


def _env_files(
    service: ComposeService, project: ComposeFile, given: Mapping[str, Word]
) -> tuple[tuple[EnvFile, ...], tuple[Link, ...]]:
    """The files of variables that are in the repository, and those that only the host has."""
    found: dict[str, EnvFile] = {}
    elsewhere: list[Link] = []
    for one in service.env_files:
        value = word_value(with_given(one.name, given), from_outside)
        written = value.value if isinstance(value, Known) else value.default if isinstance(value, EnvDriven) else None
        folder = posixpath.dirname(project.path) if one.folder is None else one.folder
        path = normal_path(folder, written) if written else None
        if path in project.files and path is not None and not (written or "").startswith(("/", "~")):
            dialect = Dialect.DOCKER if one.raw else Dialect.COMPOSE
            found[path] = EnvFile(path, one.span, dialect, project.given, isinstance(value, Known))
        else:
            shown = written or one.name.written
            elsewhere.append(Link(one.span, f"takes variables from {shown}, which is not in this repository"))
    return tuple(found.values()), tuple(elsewhere)


def over(top: ComposeService, below: ComposeService) -> ComposeService:
    variables = {one.name: one for one in (*below.variables, *top.variables)}
    mounts = {one.target: one for one in (*below.mounts, *top.mounts)}
    volumes = {one.target: one for one in (*below.volumes, *top.volumes)}
    labels = {one.name: one for one in (*below.labels, *top.labels)}
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
        ports=tuple(dict.fromkeys((*below.ports, *top.ports))),
        names=tuple(dict.fromkeys((*below.names, *top.names))),
        links=tuple(dict.fromkeys((*below.links, *top.links))),
        network=top.network or below.network,
        volumes=tuple(volumes.values()),
        labels=tuple(labels.values()),
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


def process_of(service: ComposeService, images: dict[str, ComposeBuild], group: str = "") -> Process:
    """A merged service as a start command; `images` are the builds of the set by their image's name.

    `group` is a name for the set.
    """
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
        env_files=service.read_files,
        mounts=service.mounts,
        profiles=service.profiles,
        variables_from=service.variables_from,
        complete=not service.extends,
        exposures=tuple(_exposures(service.ports)),
        reach=Reach(group, (service.name, *service.names), _machine(service, group), service.volumes, service.links),
    )


def _machine(service: ComposeService, group: str) -> str:
    """What shares its addresses with the service: itself, a service that it joins, or the host."""
    mode, _, other = service.network.partition(":")
    if mode == "host":
        return HOST
    return f"{group}#{other if mode == 'service' else service.name}"


def _exposures(ports: Iterable[ComposePort]) -> Iterator[Exposure]:
    for one in ports:
        published = None if one.published is None else _number(one.published)
        yield Exposure("the host", published, _number(one.target), one.span)


def _number(word: Word) -> Value[int]:
    """A port; a variable with a default is that number as long as nobody sets it."""
    value = word_value(word, from_outside)
    text = value.value if isinstance(value, Known) else value.default if isinstance(value, EnvDriven) else None
    number = int(text) if text is not None and text.isdecimal() and len(text) < 6 else None
    if isinstance(value, EnvDriven):
        return EnvDriven(value.name, number, word.span)
    return Known(number, word.span) if number is not None else Unknown("it is no single number", word.span)


def _plain_build(build: ComposeBuild) -> Build:
    dockerfile = None
    if build.context is not None and not build.inline and "$" not in (build.dockerfile or ""):
        dockerfile = normal_path(build.context, build.dockerfile or "Dockerfile")
    return Build(dockerfile, build.context, build.span, build.target, build.arguments)
