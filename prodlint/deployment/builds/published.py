"""Images that pipelines push for others to run: which stage of which Dockerfile, under which names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prodlint.deployment.builds.mentions import image_mentions
from prodlint.deployment.builds.names import names_given
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.image import Image, build_image
from prodlint.deployment.pipeline import StepKind
from prodlint.deployment.process import Platform
from prodlint.deployment.releases.action_words import GivenNames
from prodlint.deployment.releases.pipeline_builds import builds_in
from prodlint.deployment.releases.release import PipelineStep
from prodlint.deployment.repository import Repository
from prodlint.deployment.service import Service
from prodlint.record import Record, replace
from prodlint.source import Span

__all__ = ["PublishedImage", "published_images"]

_NOT_PRODUCTION = (Environment.DEVELOPMENT, Environment.TEST)
_MOST = 100


class PublishedImage(Record):
    """An image that a pipeline pushes under the names that it is `given`.

    It is `deployed` where a file says that just this stage runs, and `shown` where a service is what it starts;
    something else that is read `may_run` it.
    """

    image: Image
    given: GivenNames
    span: Span
    deployed: bool
    shown: bool
    may_run: bool = False


def published_images(
    steps: Iterable[PipelineStep],
    others: Iterable[PipelineStep],
    services: Iterable[Service],
    repository: Repository,
) -> tuple[PublishedImage, ...]:
    """The images that jobs push which are no tests; a stage for developers is none of them.

    `others` are the steps of every pipeline: what may run the images.
    """
    ours = [one for one in services if one.image is not None]
    run = {_stage(one.image) for one in ours if one.image is not None and _deploys(one)}
    shown = {_stage(one.image) for one in ours if one.image is not None and one.process.platform is Platform.DOCKER}
    found: dict[tuple[str, str], PublishedImage] = {}
    pushing: dict[tuple[str, str], set[str]] = {}
    for image, given, span, pipeline in _published(tuple(steps), repository):
        before = found.get(_stage(image))
        given = given if before is None else before.given.with_those_of(given)
        span = span if before is None else before.span
        found[_stage(image)] = PublishedImage(image, given, span, _stage(image) in run, _stage(image) in shown)
        pushing.setdefault(_stage(image), set()).add(pipeline)
        if len(found) >= _MOST:
            break
    if all(one.deployed for one in found.values()):
        return tuple(found.values())
    mentions = image_mentions(others, repository)
    asked_for = {_stage(one.image) for one in ours if one.image is not None and _asks_by_name(one)}
    return tuple(
        replace(
            one, may_run=stage in asked_for or any(mentions.may_run(one.given.names, path) for path in pushing[stage])
        )
        for stage, one in found.items()
    )


def _stage(image: Image) -> tuple[str, str]:
    """What two builds of one image have in common."""
    return image.path, image.stage


def _deploys(service: Service) -> bool:
    """Whether a file says that the service runs, rather than that its image exists, or what it would start."""
    of_the_image = service.process.platform in (Platform.DOCKER, Platform.SUPERVISOR)
    return not of_the_image and service.environment not in _NOT_PRODUCTION


def _asks_by_name(service: Service) -> bool:
    """Whether a file runs the image by its name, as one that users are told to copy does."""
    build = service.process.build
    # The build of an image that a file only names is told by a pipeline.
    is_named = service.process.image is not None and (build is None or build.span.path != service.process.path)
    return is_named and service.process.platform not in (Platform.DOCKER, Platform.SUPERVISOR)


def _published(
    steps: tuple[PipelineStep, ...], repository: Repository
) -> Iterator[tuple[Image, GivenNames, Span, str]]:
    pushes = [one for one in steps if one.kind is StepKind.PUSH]
    # An action pushes what it builds itself; another step pushes what its job built.
    building = {id(one.action) for one in steps if one.kind is StepKind.BUILD and one.action is not None}
    by_itself = {id(one.action) for one in pushes} & building
    jobs = {(one.pipeline.path, one.job.name) for one in pushes if id(one.action) not in by_itself}
    for step in steps:
        is_pushed = id(step.action) in by_itself or (step.pipeline.path, step.job.name) in jobs
        if not is_pushed or step.environment in _NOT_PRODUCTION:
            continue
        for build in builds_in((step,)):
            given = names_given(step)
            # Without a name it is no image that somebody could push: files that a build leaves in a folder.
            image = build_image(repository, build) if given.names else None
            if image is not None and environment_of(image.stage or image.path) not in _NOT_PRODUCTION:
                yield image, given, step.span, step.pipeline.path
