"""Railway: the service of a railway.json or railway.toml, with Nixpacks and Railpack (platform page, 2.5).

Sources: docs.railway.com, "Config as Code"; Nixpacks and Railpack, their configuration files.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.command import CommandLine, exec_form, shell_form
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.process import Build, Platform, PlatformSetting, Probe, ProbeKind, Process, Role
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.value import Value
from prodlint.readers.declared import number_at, text_of
from prodlint.readers.default_start import nixpacks_default, railpack_default
from prodlint.readers.procfile_lines import procfile_command
from prodlint.source import Span, SyntaxProblem, Text
from prodlint.syntax.json import Json
from prodlint.syntax.shell import split_words
from prodlint.syntax.toml import Toml

_SETTINGS = (
    ("build", "builder"),
    ("deploy", "healthcheckTimeout"),
    ("deploy", "restartPolicyType"),
    ("deploy", "overlapSeconds"),
    ("deploy", "drainingSeconds"),
    ("deploy", "sleepApplication"),
)


def read(path: str, repository: Repository) -> Iterator[Process]:
    """The one service of the file; what the file leaves out, the panel may say."""
    if posixpath.basename(path) in ("nixpacks.toml", "railpack.json"):
        yield from _of_builder(path, repository)
        return
    document = repository.json(path) if path.endswith(".json") else repository.toml(path)
    source = repository.source(path)
    if document is None or source is None or not isinstance(document.data, dict) or "{{" in path:
        return
    folder = posixpath.dirname(path)
    build = _build(document, folder, repository, source.line_span(1))
    start = _text(document, "deploy", "startCommand")
    command, entrypoint = None, None
    if start is not None and build is not None:
        entrypoint = _words(start)
    elif start is not None:
        command = shell_form(start)
    elif build is None:
        command = _by_builder(folder, repository)
    default = None
    if command is None and build is None and start is None:
        default = _default(_text(document, "build", "builder"), folder, repository, source.line_span(1))
    schedule = _text(document, "deploy", "cronSchedule")
    probes = tuple(_probes(document))
    declared = command or entrypoint
    yield Process(
        name=posixpath.basename(folder) or "railway",
        span=declared.span if declared is not None else source.line_span(1),
        platform=Platform.RAILWAY,
        role=Role.WORKER if schedule is not None else Role.WEB if probes else Role.UNKNOWN,
        command=command or default,
        entrypoint=entrypoint,
        build=build,
        root=folder,
        environment=environment_of(path) or Environment.PRODUCTION,
        before=tuple(_before(document)),
        # The panel supplies every key that the file leaves out.
        complete=declared is not None or build is not None,
        replicas=_replicas(document),
        probes=probes,
        schedule=text_of(schedule.value, schedule.span) if schedule is not None else None,
        settings=tuple(_settings(document)),
        default_of="Railway" if default is not None else "",
    )


_BEFORE_A_BUILDER = ("railway.json", "railway.toml", "Dockerfile")


def _of_builder(path: str, repository: Repository) -> Iterator[Process]:
    """A builder's own file tells of a service that no railway.json beside it declares.

    Beside a Dockerfile, which Railway always builds ("Dockerfiles"), it is read by nobody, or by another host.
    """
    folder = posixpath.dirname(path)
    source = repository.source(path)
    if source is None or any(normal_path(folder, name) in repository.paths for name in _BEFORE_A_BUILDER):
        return
    command = _by_builder(folder, repository)
    yield Process(
        name=posixpath.basename(folder) or "railway",
        span=command.span if command is not None else source.line_span(1),
        platform=Platform.RAILWAY,
        command=command,
        root=folder,
        environment=environment_of(path) or Environment.PRODUCTION,
        complete=command is not None,
    )


def _text(document: Json | Toml, section: str, key: str) -> Text | None:
    """A text of the production environment, else of the file as a whole."""
    for path in (("environments", "production", section, key), (section, key)):
        text = document.text(*path)
        if text is not None and text.value.strip():
            return text
    return None


def _build(document: Json | Toml, folder: str, repository: Repository, span: Span) -> Build | None:
    """A Dockerfile in the root of the service is always used, whatever the builder is called."""
    named = _text(document, "build", "dockerfilePath")
    dockerfile = normal_path(folder, named.value.lstrip("/") if named is not None else "Dockerfile")
    if dockerfile not in repository.paths:
        return None if named is None else Build(None, folder, named.span)
    return Build(dockerfile, folder, named.span if named is not None else span)


def _words(text: Text) -> CommandLine | None:
    """A start command of an image: words that no shell reads, in the place of its ENTRYPOINT."""
    try:
        words = split_words(text)
    except SyntaxProblem:
        return None
    return exec_form(words, text.span) if words else None


def _by_builder(folder: str, repository: Repository) -> CommandLine | None:
    """What Nixpacks and Railpack start when the file says nothing: their own file, then the Procfile's `web`."""
    nixpacks = normal_path(folder, "nixpacks.toml")
    if nixpacks in repository.paths:
        document = repository.toml(nixpacks)
        text = document.text("start", "cmd") if document is not None else None
        if text is not None:
            return shell_form(text)
    railpack = normal_path(folder, "railpack.json")
    if railpack in repository.paths:
        packed = repository.json(railpack)
        text = packed.text("deploy", "startCommand") if packed is not None else None
        if text is not None:
            return shell_form(text)
    return procfile_command(repository, folder, "web", "worker")


def _default(builder: Text | None, folder: str, repository: Repository, span: Span) -> CommandLine | None:
    """What the builder starts by itself; new services of Railway are built by Railpack."""
    if builder is not None and builder.value.upper() == "NIXPACKS":
        return nixpacks_default(repository, folder, span)
    if builder is not None and builder.value.upper() != "RAILPACK":
        return None
    return railpack_default(repository, folder, span)


def _before(document: Json | Toml) -> Iterator[CommandLine]:
    built = _text(document, "build", "buildCommand")
    if built is not None:
        yield shell_form(built)
    single = _text(document, "deploy", "preDeployCommand")
    if single is not None:
        yield shell_form(single)
    listed = document.get("deploy", "preDeployCommand")
    for index in range(len(listed) if isinstance(listed, list) else 0):
        text = document.text("deploy", "preDeployCommand", index)
        if text is not None:
            yield shell_form(text)


def _replicas(document: Json | Toml) -> Value[int] | None:
    return number_at(document, "deploy", "numReplicas")


def _probes(document: Json | Toml) -> Iterator[Probe]:
    path = _text(document, "deploy", "healthcheckPath")
    if path is not None:
        yield Probe(ProbeKind.DEPLOY, path.span, path=text_of(path.value, path.span))


def _settings(document: Json | Toml) -> Iterator[PlatformSetting]:
    for section, key in _SETTINGS:
        value, span = document.get(section, key), document.span(section, key)
        if span is not None and isinstance(value, str | int | float):
            text = str(value).lower() if isinstance(value, bool) else str(value)
            yield PlatformSetting(f"{section}.{key}", text_of(text, span), span)
