"""What an action of a workflow builds, in words: the names of its image, its Dockerfile, its stage.

Grammar: the inputs of docker/build-push-action and docker/metadata-action (delivery page, 2.1).
"""

from __future__ import annotations

from prodlint.deployment.pipeline import Action, Job
from prodlint.regex import regex

__all__ = ["action_words", "image_names_of"]

_SEPARATOR = regex(r"[\s,]+(?![^{}]*\}\})")


def image_names_of(action: Action, job: Job) -> tuple[str, ...]:
    """The names that a build gives to its image; docker/metadata-action may tell them for a whole job."""
    tags = action.input("tags") or ""
    written = tuple(name for name in _SEPARATOR.split(tags) if name and not name.startswith("${{"))
    described = (one.action for one in job.steps if one.action is not None)
    return written or tuple(
        name
        for one in described
        if one.name.startswith("docker/metadata-action")
        for name in _SEPARATOR.split(one.input("images") or "")
        if name
    )


def action_words(action: Action, job: Job) -> str:
    """`shop/web:latest and 1 more (web/Dockerfile, target prod)` of a build, the name of any other action."""
    if "build" not in action.name or "/" not in action.name:
        return action.name
    names = image_names_of(action, job)
    file, target = action.input("file"), action.input("target")
    file = None if file is None else file.removeprefix("./")
    told = ", ".join(one for one in (file, f"target {target}" if target else None) if one)
    if not names and not told:
        return action.name
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0] if names else action.name}{more}" + (f" ({told})" if told else "")
