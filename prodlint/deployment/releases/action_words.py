"""What an action of a workflow builds, in words: the names of its image, its Dockerfile, its stage.

Grammar: the inputs of docker/build-push-action and docker/metadata-action (delivery page, 2.1).
"""

from __future__ import annotations

import re

from prodlint.deployment.pipeline import Action, Job
from prodlint.deployment.releases.pipeline_variables import expanded
from prodlint.deployment.variables.table import Variables
from prodlint.regex import regex

__all__ = ["action_words", "image_names_of"]

# Blanks and commas part names, but for those of an expression: `${{ format('ghcr.io/{0}', github.actor) }}`.
_NAME = regex(r"(?:\$\{\{(?:(?!\}\}).)*\}\}|[^\s,])+", re.DOTALL)
# What an earlier step told, most often all names at once.
_HANDED_ON = regex(r"\$\{\{(?:(?!\}\}).)*\}\}", re.DOTALL)


def image_names_of(action: Action, job: Job, variables: Variables) -> tuple[str, ...]:
    """The names that a build gives to its image; docker/metadata-action may tell them for a whole job.

    `variables` are those of the step.
    """
    tags = expanded(action.input("tags") or "", variables)
    written = tuple(name for name in _NAME.findall(tags) if not _HANDED_ON.fullmatch(name))
    described = (one.action for one in job.steps if one.action is not None)
    return written or tuple(
        name
        for one in described
        if one.name.startswith("docker/metadata-action")
        for name in _NAME.findall(expanded(one.input("images") or "", variables))
    )


def action_words(action: Action, job: Job, variables: Variables) -> str:
    """`shop/web:latest and 1 more (web/Dockerfile, target prod)` of a build, the name of any other action."""
    if "build" not in action.name or "/" not in action.name:
        return action.name
    names = image_names_of(action, job, variables)
    file, target = action.input("file"), action.input("target")
    file = None if file is None else file.removeprefix("./")
    told = ", ".join(one for one in (file, f"target {target}" if target else None) if one)
    if not names and not told:
        return action.name
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0] if names else action.name}{more}" + (f" ({told})" if told else "")
