"""Stages of a Dockerfile that pipelines push beside the one that runs: each with a command of its own is a process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.image import Image
from prodlint.deployment.process import Build, Platform, Process
from prodlint.deployment.service import Service
from prodlint.source import Span

__all__ = ["stage_processes"]

_NOT_PRODUCTION = (Environment.DEVELOPMENT, Environment.TEST)


def stage_processes(
    pushed: Iterable[Build],
    services: Iterable[Service],
    classify: Callable[[str], Environment | None],
    image_of: Callable[[Build], Image | None],
) -> Iterator[tuple[Process, Environment]]:
    """A process with its environment for each stage that starts something which no service does.

    Nobody says where such a stage runs, nor whether with its own command.
    """
    taken = {_place(one.image) for one in services if one.image is not None}
    for build in pushed:
        image = image_of(build)
        if image is None or (image.command is None and image.entrypoint is None) or _place(image) in taken:
            continue
        taken.add(_place(image))
        environment = classify(image.path) or environment_of(image.stage or image.path) or Environment.UNKNOWN
        if environment not in _NOT_PRODUCTION:
            name = image.stage or image.path
            yield (
                Process(name, _place(image), Platform.DOCKER, build=build, environment=environment, complete=False),
                environment,
            )


def _place(image: Image) -> Span:
    """Where an image says what it starts, else the image itself."""
    declared = image.command or image.entrypoint
    return declared.span if declared is not None else image.span
