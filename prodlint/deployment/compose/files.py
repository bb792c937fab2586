"""Compose: files of services, and what they come to when they are merged in the order of `-f`."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping

from prodlint.deployment.command import CommandLine, Link
from prodlint.deployment.compose.interpolation import (
    by_name,
    filled,
    filled_command,
    filled_labels,
    under_shell,
    with_given,
)
from prodlint.deployment.condition import from_outside, word_value
from prodlint.deployment.process import (
    HOST,
    AbsentEnvFile,
    Build,
    EnvDefinition,
    EnvFile,
    Exposure,
    Mount,
    Platform,
    PlatformSetting,
    Port,
    Process,
    Reach,
    Volume,
)
from prodlint.deployment.repository import normal_path
from prodlint.deployment.value import EnvDriven, Known, Unknown, Value
from prodlint.record import Record, replace
from prodlint.regex import regex
from prodlint.source import Span
from prodlint.syntax.env_dialect import Dialect
from prodlint.syntax.word import Expansion, Word

__all__ = [
    "ComposeBuild",
    "ComposeEnvFile",
    "ComposeFile",
    "ComposeInclude",
    "ComposePort",
    "ComposeService",
    "merged",
    "over",
    "process_of",
]


_MOST_INCLUDED = 10
# `${DOCKERFILE:-Dockerfile}` is the default as long as nobody sets the variable.
_CHOSEN = regex(r"\$\{[A-Za-z_]\w*:?-([^${}]+)\}")


class ComposeBuild(Record):
    """A service's `build`: the context from the root (None: not in this repository)."""

    span: Span
    context: str | None
    dockerfile: str | None
    target: str | None
    arguments: tuple[EnvDefinition, ...]
    inline: bool


class ComposeEnvFile(Record):
    """An entry of `env_file`: `folder` is what its path starts from, None for the folder of the project.

    `raw` files are read as `docker run --env-file` reads them.
    """

    name: Word
    span: Span
    folder: str | None = None
    required: bool = True
    raw: bool = False


class ComposePort(Record):
    """An entry of `ports`: the port of the host (None: Docker chooses it) and the one of the container.

    `address` is that of the host, None for all of them.
    """

    span: Span
    published: Word | None
    target: Word
    address: Word | None = None


class ComposeService(Record):
    """What one file says of one service. A reset (`command:` null) hides what lies below it.

    `names` are what others may call it besides its own name, `links` what it calls others. `network` is
    what `network_mode` says. `volumes` are the volumes by name and the folders of the host by their path,
    `memory` the folders that lie in memory.
    `exposed` are the ports of `expose`, `replicas`
    is `deploy.replicas` or `scale`. `foreign` is set for one that extends a service of another file,
    from whose folder its paths start, `is_watched` for one with a `develop`, which brings changes in. `bases`
    are the files from which it takes services that it extends, `needs` the services of `depends_on`. `overlaid` are the
    paths at which it puts something over the files of its image, None where not all are known.
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
    memory: tuple[Volume, ...] = ()
    labels: tuple[EnvDefinition, ...] = ()
    foreign: bool = False
    exposed: tuple[Word, ...] = ()
    replicas: Word | None = None
    settings: tuple[PlatformSetting, ...] = ()
    is_watched: bool = False
    bases: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    overlaid: tuple[str, ...] | None = None


class ComposeInclude(Record):
    """An entry of `include`: files that are merged by themselves, in the folder of a project of their own.

    `given` are the variables that they find in the files of that project.
    """

    paths: tuple[str, ...]
    folder: str
    span: Span
    given: tuple[EnvDefinition, ...] = ()


class ComposeFile(Record):
    """One compose file; `open` when it includes what is not in this repository.

    `given` are the variables of the `.env` beside it, which compose reads where it is the first of its set.
    `files` are the paths of the repository: what an `env_file` may name. `removed` are the services of files before it
    that it takes out.
    """

    path: str
    span: Span
    services: tuple[ComposeService, ...]
    open: bool = False
    given: tuple[EnvDefinition, ...] = ()
    files: frozenset[str] = frozenset()
    includes: tuple[ComposeInclude, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def is_layer(self) -> bool:
        """Whether the file only overrides: some service of it has neither an image nor a build."""
        return any(not (one.image or one.build or one.extends) for one in self.services)


def merged(
    files: tuple[ComposeFile, ...], given: tuple[EnvDefinition, ...], known: Mapping[str, ComposeFile]
) -> tuple[ComposeService, ...]:
    """The services of several files, a later file over an earlier one (container page, 2.10, Merge).

    What `given` says is put in the place of variables: the shell of whoever runs compose still comes
    before it, where that is not itself among them. `known` are all compose files of the repository, by their paths.
    """
    folder = posixpath.dirname(files[0].path)
    given = under_shell(given)
    return tuple(
        _interpolated(service, folder, given, files[0].files)
        for service in _merged(files, folder, given, known, ()).values()
    )


def _merged(
    files: Iterable[ComposeFile],
    folder: str,
    given: tuple[EnvDefinition, ...],
    known: Mapping[str, ComposeFile],
    above: tuple[str, ...],
) -> dict[str, ComposeService]:
    """The services by name; `above` are the files that included these."""
    result: dict[str, ComposeService] = {}
    for file in files:
        inside = (*above, file.path)
        for include in file.includes if len(inside) <= _MOST_INCLUDED else ():
            result.update(_included(include, given, known, inside))
        for service in file.services:
            placed = _placed(service, posixpath.dirname(file.path), folder)
            below = result.get(service.name)
            result[service.name] = placed if below is None else over(placed, below)
        for name in file.removed:
            result.pop(name, None)
    return result


def _included(
    include: ComposeInclude, given: tuple[EnvDefinition, ...], known: Mapping[str, ComposeFile], above: tuple[str, ...]
) -> Iterator[tuple[str, ComposeService]]:
    """The services of included files: paths start from their own folder, and the project's own variables win."""
    files = [known[path] for path in include.paths if path in known and path not in above]
    words = {one.name: one for one in (*include.given, *given)}
    own = under_shell(tuple(words.values()))
    for name, service in _merged(files, include.folder, own, known, above).items():
        env_files = tuple(
            replace(one, folder=include.folder if one.folder is None else one.folder) for one in service.env_files
        )
        made = _interpolated(replace(service, env_files=env_files), include.folder, own, frozenset())
        yield name, replace(made, read_files=(), variables_from=(), foreign=True)


def _placed(service: ComposeService, own: str, folder: str) -> ComposeService:
    """A service whose paths start from the folder of the project, wherever its file lies (measured)."""
    if own == folder or service.foreign:
        return service
    build = service.build
    if build is not None and build.context is not None:
        build = replace(build, context=_moved(build.context, own, folder))
    mounts = [(one, _moved(one.source, own, folder)) for one in service.mounts]
    kept = tuple(replace(one, source=source) for one, source in mounts if source is not None)
    return replace(service, build=build, mounts=kept)


def _moved(path: str, own: str, folder: str) -> str | None:
    """A path that was read as if it started in one folder, as it is from another; None outside of the repository."""
    found = normal_path(folder, posixpath.relpath(path or ".", own or "."))
    return None if found.startswith("..") else found


def _interpolated(
    service: ComposeService, folder: str, project: tuple[EnvDefinition, ...], files: frozenset[str]
) -> ComposeService:
    given = by_name(project)
    build = service.build
    found, elsewhere = _env_files(service, folder, project, files)
    return replace(
        service,
        build=None if build is None else replace(build, arguments=filled(build.arguments, given)),
        command=filled_command(service.command, given),
        entrypoint=filled_command(service.entrypoint, given),
        variables=filled(service.variables, given),
        labels=filled_labels(service.labels, given),
        replicas=None if service.replicas is None else with_given(service.replicas, given),
        ports=tuple(
            replace(
                one,
                published=None if one.published is None else with_given(one.published, given),
                target=with_given(one.target, given),
                address=None if one.address is None else with_given(one.address, given),
            )
            for one in service.ports
        ),
        read_files=found,
        variables_from=elsewhere,
    )


def _env_files(
    service: ComposeService, project: str, given: tuple[EnvDefinition, ...], files: frozenset[str]
) -> tuple[tuple[EnvFile, ...], tuple[Link, ...]]:
    """The files of variables that are in the repository, and those that only the host has."""
    found: dict[str, EnvFile] = {}
    elsewhere: list[Link] = []
    if not service.env_files:
        return (), ()
    from prodlint.deployment.variables.sample import sample_beside, sample_of

    for one in service.env_files:
        value = word_value(with_given(one.name, by_name(given)), from_outside)
        written = value.value if isinstance(value, Known) else value.default if isinstance(value, EnvDriven) else None
        folder = project if one.folder is None else one.folder
        path = normal_path(folder, written) if written else None
        if path in files and path is not None and not (written or "").startswith(("/", "~")):
            dialect = Dialect.DOCKER if one.raw else Dialect.COMPOSE
            found[path] = EnvFile(path, one.span, dialect, given, isinstance(value, Known))
        elif isinstance(value, Known) and path is not None and (sample := sample_of(path, files)) is not None:
            found[path] = EnvFile(sample, one.span, Dialect.COMPOSE, stands_for=path)
        else:
            is_own = path is not None and not (written or "").startswith(("/", "~", "../"))
            shown = path if is_own else written or one.name.written
            beside = sample_beside(path, files) if isinstance(value, Known) and path is not None else None
            said = f"takes variables from {shown}, which is not in this repository"
            elsewhere.append(AbsentEnvFile(one.span, said, beside or ""))
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
        foreign=top.foreign or below.foreign,
        exposed=tuple(dict.fromkeys((*below.exposed, *top.exposed))),
        ports=tuple(dict.fromkeys((*below.ports, *top.ports))),
        names=tuple(dict.fromkeys((*below.names, *top.names))),
        links=tuple(dict.fromkeys((*below.links, *top.links))),
        network=top.network or below.network,
        volumes=tuple(volumes.values()),
        memory=(*below.memory, *top.memory),
        labels=tuple(labels.values()),
        replicas=top.replicas or below.replicas,
        settings=(*below.settings, *top.settings),
        is_watched=top.is_watched or below.is_watched,
        bases=tuple(dict.fromkeys((*top.bases, *below.bases))),
        needs=tuple(dict.fromkeys((*below.needs, *top.needs))),
        overlaid=None if None in (below.overlaid, top.overlaid) else (*(below.overlaid or ()), *(top.overlaid or ())),
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
        declaration=service.span,
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
        # A variable that names another Dockerfile has the last word.
        complete=not service.extends and (build is None or "$" not in (build.dockerfile or "")),
        replicas=None if service.replicas is None else _number(service.replicas),
        settings=service.settings,
        volumes=service.memory,
        ports=tuple(Port(_number(word), word.span) for word in service.exposed),
        exposures=tuple(_exposures(service.ports)),
        reach=Reach(group, (service.name, *service.names), _machine(service, group), service.volumes, service.links),
        brings=tuple(dict.fromkeys((*service.needs, *(name for _, name in service.links)))),
        overlaid=None if service.is_watched else service.overlaid,
    )


def _machine(service: ComposeService, group: str) -> str:
    """What shares its addresses with the service: itself, a service that it joins, or the host."""
    mode, _, other = service.network.partition(":")
    if mode == "host":
        return HOST
    return f"{group}#{other if mode == 'service' else service.name}"


def _exposures(ports: Iterable[ComposePort]) -> Iterator[Exposure]:
    for one in ports:
        published = _of_both(one.target) if one.published is None else _number(one.published)
        yield Exposure("the host", published, _number(one.target), one.span, address=_address(one))


def _of_both(target: Word) -> Value[int] | None:
    """The port of the host in a default that holds both sides: `${PORT:-443:443}`."""
    value = word_value(target, from_outside)
    host = (value.default or "").rpartition(":")[0].rpartition(":")[2] if isinstance(value, EnvDriven) else ""
    if not isinstance(value, EnvDriven) or not host.isdecimal() or len(host) > 5:
        return None
    # Whoever sets the variable may leave one side out.
    return EnvDriven(value.name, int(host), target.span, form=None)


def _address(port: ComposePort) -> Value[str] | None:
    """The address of the host, None for every one; `${FORWARD:-127.0.0.1:8000}` may hold it with the port."""
    if port.address is not None:
        return _host(port.address)
    value = word_value(port.published, from_outside) if port.published is not None else None
    if isinstance(value, EnvDriven) and value.is_variable:
        # Whoever sets the variable may put an address into it, or leave out that of the default.
        return EnvDriven(value.name, _shown_host((value.default or "").rpartition(":")[0]), value.span, form=None)
    if isinstance(value, Known) and ":" in value.value:
        return _kept(Known(_shown_host(value.value.rpartition(":")[0]), value.span))
    return None


def _host(word: Word) -> Value[str] | None:
    value = word_value(word, from_outside)
    if isinstance(value, Known):
        return _kept(Known(_shown_host(value.value), value.span))
    if isinstance(value, EnvDriven):
        return EnvDriven(value.name, _shown_host(value.default or ""), value.span, form=value.form)
    part = word.parts[0]
    if len(word.parts) == 1 and isinstance(part, Expansion) and not part.reason:
        return EnvDriven(part.name, None, word.span)
    return value


def _kept(host: Known[str]) -> Known[str] | None:
    return host if host.value else None


def _shown_host(text: str) -> str:
    """An address without its brackets; empty for all of them."""
    shown = text.strip("[]")
    return "" if shown in ("0.0.0.0", "::") else shown


def _number(word: Word) -> Value[int]:
    """A port; a variable with a default is that number as long as nobody sets it."""
    value = word_value(word, from_outside)
    text = value.value if isinstance(value, Known) else value.default if isinstance(value, EnvDriven) else None
    text = None if text is None else text.rpartition(":")[2]
    number = int(text) if text is not None and text.isdecimal() and len(text) < 6 else None
    if isinstance(value, EnvDriven):
        return EnvDriven(value.name, number, word.span, form=value.form)
    part = word.parts[0]
    if len(word.parts) == 1 and isinstance(part, Expansion) and part.operator in ("", ":?", "?") and not part.reason:
        return EnvDriven(part.name, None, word.span)
    return Known(number, word.span) if number is not None else Unknown("it is no single number", word.span)


def _plain_build(build: ComposeBuild) -> Build:
    dockerfile = None
    named = _CHOSEN.sub(r"\1", build.dockerfile or "Dockerfile")
    if build.context is not None and not build.inline and "$" not in named:
        dockerfile = normal_path(build.context, named)
    return Build(dockerfile, build.context, build.span, build.target, build.arguments)
