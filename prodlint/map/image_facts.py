"""What is published of a service's Dockerfile, and whether anything here runs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prodlint.deployment.builds.published import PublishedImage
from prodlint.deployment.image import Image
from prodlint.deployment.process import Platform
from prodlint.deployment.service import Service
from prodlint.map.document import Fact, Source
from prodlint.regex import regex
from prodlint.source import Span

__all__ = ["published_facts"]

_COMPUTED_TAG = regex(r":[^/{}$]*\$.*\Z")
_NOWHERE = "nothing that is read deploys"


def published_facts(service: Service, published: Iterable[PublishedImage]) -> Iterator[Fact]:
    """The names under which pipelines push the image of a service that only its Dockerfile declares, and other stages.

    Those are told that start the same: what starts something else is a service of its own.
    """
    image, platform = service.image, service.process.platform
    if image is None or platform is Platform.SUPERVISOR:
        return
    ours = [one for one in published if one.image.path == image.path and not one.deployed]
    own = [one for one in ours if one.image.stage == image.stage and platform is Platform.DOCKER]
    rest = [one for one in ours if one.image.stage != image.stage and not one.shown]
    others = [one for one in rest if _start(one.image) == _start(image)]
    told = [f"as {_named(one)}" for one in own] + [f"{_stage(one.image)} as {_named(one)}" for one in others]
    if told:
        # By a name that is computed nobody can tell who asks for it.
        known = not any(one.may_run or any(map(_is_computed, one.given.all)) for one in (*own, *others))
        told[-1] += f", which {_NOWHERE}" if known else ""
        sources = tuple(Source(", ".join(one.given.all), one.span, "builds and pushes it") for one in (*own, *others))
        yield Fact("published", "; ".join(told), span=sources[0].span, sources=sources)


def _is_computed(name: str) -> bool:
    return "$" in _COMPUTED_TAG.sub("", name)


def _named(one: PublishedImage) -> str:
    return one.given.told(_COMPUTED_TAG.sub("", one.given.names[0]))


def _start(image: Image) -> Span | None:
    declared = image.command or image.entrypoint
    return declared.span if declared is not None else None


def _stage(image: Image) -> str:
    return f"stage {image.stage}" if image.stage else "the last stage"
