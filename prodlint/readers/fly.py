"""fly.toml: the processes of a Fly.io app, its image and its release command (platform page, 2.7)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.command import CommandLine, exec_form
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.process import Build, Platform, Process, Role
from prodlint.deployment.repository import Repository, normal_path
from prodlint.readers import Files
from prodlint.source import SyntaxProblem
from prodlint.syntax.shell import split_words
from prodlint.syntax.toml import Toml

READS = Files("Fly.io app", names=("fly.toml", "fly.*.toml"))


def read(path: str, repository: Repository) -> Iterator[Process]:
    """A process for each entry of `[processes]`, or one for the image, and the release command."""
    document = repository.toml(path)
    source = repository.source(path)
    if document is None or source is None:
        return
    folder = posixpath.dirname(path)
    built = document.get("build", "dockerfile")
    dockerfile = normal_path(folder, built if isinstance(built, str) else "Dockerfile")
    target = document.get("build", "build-target")
    build = None
    if dockerfile in repository.paths:
        span = document.span("build", "dockerfile") or source.line_span(1)
        build = Build(dockerfile, folder, span, target if isinstance(target, str) else None)
    environment = environment_of(path) or Environment.PRODUCTION
    processes = document.get("processes")
    names = list(processes) if isinstance(processes, dict) else []
    complete = document.get("build", "image") is None
    for name in names or ["app"]:
        command = _words(document, "processes", name)
        if names and command is None:
            continue
        yield Process(
            name=name,
            span=command.span if command is not None else source.line_span(1),
            platform=Platform.FLY,
            role=Role.WEB if name in ("app", "web") else Role.UNKNOWN,
            command=command,
            build=build,
            root=folder,
            environment=environment,
            complete=complete,
        )
    release = _words(document, "deploy", "release_command")
    if release is not None:
        yield Process(
            "release", release.span, Platform.FLY, Role.RELEASE, release, build=build, environment=environment
        )


def _words(document: Toml, *path: str) -> CommandLine | None:
    """A command as Fly splits it into words, without a shell."""
    text = document.text(*path)
    if text is None or not text.value.strip():
        return None
    try:
        return exec_form(split_words(text), text.span)
    except SyntaxProblem:
        return None
