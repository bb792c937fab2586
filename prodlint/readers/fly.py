"""fly.toml: the processes of a Fly.io app, its image, its router and its release command (platform page, 2.7).

Sources: fly.io/docs, "App configuration (fly.toml)".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any

from prodlint.deployment.command import CommandLine, exec_form
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.process import (
    Build,
    EnvDefinition,
    Exposure,
    Platform,
    PlatformSetting,
    Port,
    Probe,
    ProbeKind,
    Process,
    Role,
    Volume,
    VolumeKind,
)
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.value import Known, Value
from prodlint.readers.declared import number_at, text_of
from prodlint.readers.procfile_lines import procfile_command
from prodlint.record import Record
from prodlint.source import Source, Span, SyntaxProblem, Text
from prodlint.syntax.shell import split_words
from prodlint.syntax.toml import Toml
from prodlint.syntax.word import Word

_SETTINGS = (
    ("primary_region",),
    ("kill_signal",),
    ("kill_timeout",),
    ("swap_size_mb",),
    ("deploy", "strategy"),
    ("deploy", "wait_timeout"),
    ("http_service", "force_https"),
    ("http_service", "auto_stop_machines"),
    ("http_service", "auto_start_machines"),
    ("http_service", "min_machines_running"),
    ("http_service", "concurrency", "type"),
    ("http_service", "concurrency", "hard_limit"),
)
_DEFAULT_PORT = 8080
_SERVICES = 50


class _App(Record):
    """What all the processes of one file share."""

    document: Toml
    source: Source
    build: Build | None
    folder: str
    environment: Environment
    variables: tuple[EnvDefinition, ...]
    complete: bool


def read(path: str, repository: Repository) -> Iterator[Process]:
    """A process for each entry of `[processes]`, or one for the image, and the release command."""
    document = repository.toml(path)
    source = repository.source(path)
    if document is None or source is None:
        return
    folder = posixpath.dirname(path)
    app = _App(
        document,
        source,
        _build(document, source, folder, repository),
        folder,
        environment_of(path) or Environment.PRODUCTION,
        tuple(_variables(document)),
        document.get("build", "image") is None,
    )
    processes = document.get("processes")
    names = list(processes) if isinstance(processes, dict) else []
    for name in names:
        command = _words(document, "processes", name)
        if command is not None:
            yield _process(app, name, command)
    if not names:
        yield _process(app, "app", _packed(app, repository))
    release = _words(document, "deploy", "release_command")
    if release is not None:
        yield Process(
            "release",
            release.span,
            Platform.FLY,
            Role.RELEASE,
            release,
            build=app.build,
            root=folder,
            variables=app.variables,
            environment=app.environment,
        )


def _build(document: Toml, source: Source, folder: str, repository: Repository) -> Build | None:
    built = document.get("build", "dockerfile")
    dockerfile = normal_path(folder, built if isinstance(built, str) else "Dockerfile")
    if dockerfile not in repository.paths:
        return None
    target = document.get("build", "build-target")
    arguments = tuple(_pairs(document, "build", "args"))
    span = document.span("build", "dockerfile") or source.line_span(1)
    return Build(dockerfile, folder, span, target if isinstance(target, str) and target else None, arguments)


def _packed(app: _App, repository: Repository) -> CommandLine | None:
    """What a buildpack starts: the `web` line of the Procfile (platform page, 2.7)."""
    builder = app.document.get("build", "builder") or app.document.get("build", "buildpacks")
    return procfile_command(repository, app.folder, "web") if builder and app.build is None else None


def _process(app: _App, name: str, command: CommandLine | None) -> Process:
    document = app.document
    routed = tuple(_exposures(document, name))
    role = Role.WEB if routed or name in ("app", "web") else Role.UNKNOWN
    return Process(
        name=name,
        span=command.span if command is not None and command.span.source is app.source else app.source.line_span(1),
        platform=Platform.FLY,
        role=role,
        command=command,
        build=app.build,
        root=app.folder,
        variables=app.variables,
        environment=app.environment,
        complete=app.complete,
        ports=tuple(Port(one.target, one.span) for one in routed[:1]),
        exposures=routed,
        probes=tuple(_probes(document, name)),
        volumes=tuple(_volumes(document, name)),
        settings=tuple(_settings(document)),
    )


def _pairs(document: Toml, *path: str) -> Iterator[EnvDefinition]:
    table = document.get(*path)
    for name, value in table.items() if isinstance(table, dict) else ():
        place, key = document.span(*path, name), document.key_span(*path, name)
        if place is None or key is None or isinstance(value, dict | list):
            continue
        text = document.text(*path, name) or Text.at(_written(value), place)
        yield EnvDefinition(name, Word.of(text, place), key)


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _variables(document: Toml) -> Iterator[EnvDefinition]:
    yield from _pairs(document, "env")


def _items(document: Toml, *path: str | int) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    """The table or the tables at a path, `[x]` or `[[x]]`."""
    found = document.get(*path)
    if isinstance(found, dict):
        yield path, found
    for index, one in enumerate(found[:_SERVICES] if isinstance(found, list) else ()):
        if isinstance(one, dict):
            yield (*path, index), one


def _serves(document: Toml, table: dict[str, Any], name: str) -> bool:
    """Whether a table is for a group of processes: it names its groups, or it is for the default one.

    That is `app` if there is one, else the first by name (flyctl, internal/appconfig, `DefaultProcessName`).
    """
    groups, declared = table.get("processes"), document.get("processes")
    if isinstance(groups, list) and groups:
        return name in groups
    names = [*declared] if isinstance(declared, dict) and declared else ["app"]
    return name == ("app" if "app" in names else min(names))


def _exposures(document: Toml, name: str) -> Iterator[Exposure]:
    """What Fly's router passes on to a group of processes."""
    for key in ("http_service", "services"):
        for path, table in _items(document, key):
            if not _serves(document, table, name):
                continue
            place = document.span(*path, "internal_port") or document.span(*path)
            if place is None:
                continue
            written = number_at(document, *path, "internal_port")
            target = Known(_DEFAULT_PORT, place) if written is None else written
            for outside in [Known(443, place)] if key == "http_service" else _ports(document, path):
                yield Exposure("Fly's router", outside, target, place)
            forced = document.get(*path, "force_https")
            if key == "http_service" and forced in (None, False):
                # Without force_https, whose default is false, the router serves it unencrypted as well.
                yield Exposure("Fly's router", Known(80, document.span(*path, "force_https") or place), target, place)


def _ports(document: Toml, path: tuple[str | int, ...]) -> list[Value[int] | None]:
    """The ports on which the router takes requests for a service of `[[services]]`; None where nothing names one."""
    return [number_at(document, *each, "port") for each, _ in _items(document, *path, "ports")] or [None]


def _probes(document: Toml, name: str) -> Iterator[Probe]:
    places: list[tuple[str | int, ...]] = []
    for path, table in _items(document, "http_service"):
        if _serves(document, table, name):
            places.extend(each for each, _ in _items(document, *path, "checks"))
    for path, table in _items(document, "services"):
        if _serves(document, table, name):
            for kind in ("http_checks", "tcp_checks"):
                places.extend(each for each, _ in _items(document, *path, kind))
    checks = document.get("checks")
    named = list(checks.items())[:_SERVICES] if isinstance(checks, dict) else []
    places.extend(("checks", label) for label, one in named if isinstance(one, dict) and _serves(document, one, name))
    for place in places:
        span = document.span(*place)
        if span is not None:
            yield _probe(document, place, span)


def _probe(document: Toml, place: tuple[str | int, ...], span: Span) -> Probe:
    path = document.text(*place, "path")
    scheme = document.get(*place, "protocol")
    return Probe(
        ProbeKind.DEPLOY,
        path.span if path is not None else span,
        path=text_of(path.value, path.span) if path is not None else None,
        port=number_at(document, *place, "port"),
        scheme="https" if scheme == "https" else "http",
        headers=tuple(_headers(document.get(*place, "headers"))),
    )


def _headers(found: object) -> Iterator[tuple[str, str]]:
    for name, value in found.items() if isinstance(found, dict) else ():
        if isinstance(value, str):
            yield str(name), value


def _volumes(document: Toml, name: str) -> Iterator[Volume]:
    for key in ("mounts", "mount"):
        for path, table in _items(document, key):
            target = document.text(*path, "destination")
            source = table.get("source")
            if target is not None and _serves(document, table, name):
                label = source if isinstance(source, str) else ""
                yield Volume(target.value, target.span, VolumeKind.PERSISTENT, label)


def _settings(document: Toml) -> Iterator[PlatformSetting]:
    paths: list[tuple[str | int, ...]] = [*_SETTINGS]
    for path, _ in _items(document, "vm"):
        paths.extend((*path, key) for key in ("size", "memory", "cpus", "cpu_kind"))
    for path in paths:
        value, span = document.get(*path), document.span(*path)
        if span is not None and isinstance(value, str | int | float):
            name = ".".join(str(part) for part in path if isinstance(part, str))
            yield PlatformSetting(name, text_of(_written(value), span), span)


def _words(document: Toml, *path: str) -> CommandLine | None:
    """A command as Fly splits it into words, without a shell."""
    text = document.text(*path)
    if text is None or not text.value.strip():
        return None
    try:
        return exec_form(split_words(text), text.span)
    except SyntaxProblem:
        return None
