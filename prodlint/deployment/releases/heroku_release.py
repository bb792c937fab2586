"""What pipelines release to Heroku: code, or images."""

from __future__ import annotations

from collections.abc import Iterable

from prodlint.deployment.environment import Environment
from prodlint.deployment.pipeline import StepKind
from prodlint.deployment.releases.release import PipelineStep

__all__ = ["releases_containers"]

_MAY_BE_PRODUCTION = (Environment.PRODUCTION, Environment.UNKNOWN)


def releases_containers(steps: Iterable[PipelineStep]) -> bool:
    """Whether all that pipelines release to Heroku are images, beside which it reads no Procfile.

    Heroku Dev Center, "Container Registry & Runtime"; the actions' manuals.
    """
    found = [_releases_a_container(one) for one in steps if one.environment in _MAY_BE_PRODUCTION]
    known = [one for one in found if one is not None]
    return bool(known) and all(known)


def _releases_a_container(one: PipelineStep) -> bool | None:
    """Whether a step releases an image to Heroku, False where it brings code; None where it is about something else."""
    name = one.action.plain_name if one.action is not None else ""
    if one.action is not None and name == "akhileshns/heroku-deploy":
        return (one.action.input("usedocker") or "").lower() == "true"
    if name == "gonuit/heroku-docker-deploy":
        return True
    if one.step is None or one.kind is not StepKind.DEPLOY:
        return None
    words = [word or "" for word in one.step.arguments[:2]]
    if one.step.program == "heroku" and words[:1] in (["container:release"], ["builds:create"]):
        return words[0] == "container:release"
    is_pushed = one.step.program == "git" and words[:1] == ["push"] and "heroku" in one.step.written
    return False if is_pushed else None
