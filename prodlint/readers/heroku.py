"""heroku.yml: the container stack of Heroku, its builds, processes and release phase (platform page, 2.4)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.backing_service import BackingService
from prodlint.deployment.command import CommandLine, shell_form
from prodlint.deployment.environment import Environment
from prodlint.deployment.process import Build, Platform, Process, Role
from prodlint.deployment.repository import Repository, normal_path
from prodlint.readers.declared import mappings_at, scalar_at
from prodlint.readers.managed import addon
from prodlint.source import Text
from prodlint.syntax.yaml import Mapping, Node, Scalar, Sequence


def read(path: str, repository: Repository) -> Iterator[Process | BackingService]:
    """A process for each built image, with the command of `run`, one for the release phase, and the add-ons."""
    documents = repository.yaml(path)
    root = documents[0].root if documents else None
    if not isinstance(root, Mapping):
        return
    folder = posixpath.dirname(path)
    for one in mappings_at(root, "setup", "addons"):
        plan, label = scalar_at(one, "plan"), scalar_at(one, "as")
        if plan is not None:
            named = label.value.lower() if label is not None else ""
            yield addon(plan.value, "", named, plan.span, Environment.PRODUCTION)
    docker = root.path("build", "docker")
    run = root.get("run")
    builds: dict[str, Build] = {}
    for key, value in docker.items() if isinstance(docker, Mapping) else ():
        file = value.get("dockerfile") if isinstance(value, Mapping) else value
        if isinstance(key, Scalar) and isinstance(file, Scalar):
            dockerfile = normal_path(folder, file.value)
            builds[key.value] = Build(dockerfile, posixpath.dirname(dockerfile), file.span)
            if not (isinstance(run, Mapping) and run.get(key.value)):
                yield _process(key, builds[key.value], None, folder)
    for key, value in run.items() if isinstance(run, Mapping) else ():
        if isinstance(key, Scalar):
            command = value.get("command") if isinstance(value, Mapping) else value
            image = value.get("image") if isinstance(value, Mapping) else None
            name = image.value if isinstance(image, Scalar) else key.value
            yield _process(key, builds.get(name), _command(command), folder)
    release = root.get("release")
    if isinstance(release, Mapping):
        image = release.get("image")
        phase = root.key("release")
        line = _command(release.get("command"))
        if line is not None and phase is not None:
            build = builds.get(image.value) if isinstance(image, Scalar) else None
            yield _process(phase, build, line, folder)


def _process(key: Scalar, build: Build | None, command: CommandLine | None, folder: str) -> Process:
    return Process(
        name=key.value,
        span=command.span if command is not None else key.span,
        platform=Platform.HEROKU,
        role={"web": Role.WEB, "release": Role.RELEASE}.get(key.value, Role.WORKER),
        command=command,
        build=build,
        root=folder,
        environment=Environment.PRODUCTION,
    )


def _command(node: Node | None) -> CommandLine | None:
    """A command as text or as a list of lines; each is given to a shell."""
    if isinstance(node, Scalar) and not node.is_null:
        return shell_form(node.text, node.span)
    if isinstance(node, Sequence):
        lines = [item.text for item in node.items if isinstance(item, Scalar)]
        if len(lines) == 1:
            return shell_form(lines[0], node.span)
        if lines:
            parts: list[Text] = []
            for line in lines:
                parts.extend((line, Text.at(" && ", line.span.source.line_span(line.span.last.line))))
            return shell_form(Text.join(parts[:-1]), node.span)
    return None
