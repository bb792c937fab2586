"""What an action of a workflow builds, in words: the names of its image, its Dockerfile, its stage.

Grammar: the inputs of docker/build-push-action and docker/metadata-action (delivery page, 2.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from prodlint.deployment.pipeline import Action, Job, JobStep
from prodlint.deployment.releases.pipeline_variables import expanded
from prodlint.deployment.variables.table import Variables
from prodlint.record import Record
from prodlint.regex import regex

__all__ = ["GivenNames", "action_words", "describing", "image_names_of"]

# Blanks and commas part names, but for those of an expression: `${{ format('ghcr.io/{0}', github.actor) }}`.
_NAME = regex(r"(?:\$\{\{(?:(?!\}\}).)*\}\}|[^\s,])+", re.DOTALL)
# What an earlier step told, most often all names at once, or what a caller hands in; the repository is one name.
_HANDED_ON = regex(r"\$\{\{(?!\s*github\.repository\s*\}\})(?:(?!\}\}).)*\}\}", re.DOTALL)
_OF_STEP = regex(r"\bsteps\.([\w-]{1,100})\.")


class GivenNames(Record):
    """The names that a build gives to its image, and the expressions that may give it more."""

    names: tuple[str, ...] = ()
    more: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """The names, and the expressions behind them."""
        return (*self.names, *self.more)

    def with_those_of(self, other: GivenNames) -> GivenNames:
        """The names of two builds of one image, each once."""
        names, more = dict.fromkeys((*self.names, *other.names)), dict.fromkeys((*self.more, *other.more))
        return GivenNames(tuple(names), tuple(more))

    def told(self, first: str) -> str:
        """`shop/web:1, 2 more and what ${{ inputs.tags }} holds`; `first` is the first name as it is shown."""
        others = [f"{len(self.names) - 1} more"] if len(self.names) > 1 else []
        others += [f"what {', '.join(self.more)} holds"] if self.more else []
        return " and ".join([", ".join([first, *others[:-1]]), *others[-1:]])


def describing(action: Action, steps: Iterable[JobStep]) -> tuple[Action, ...]:
    """The actions of a job that tell a build how to call its image: those it asks by their ids, else any of them."""
    written = _NAME.findall(action.input("tags") or "")
    described = [(one.id, one.action) for one in steps if one.action is not None and _describes(one.action)]
    asked = {_asked_step(one) for one in written}
    found = tuple(one for name, one in described if name and name in asked)
    if found or not all(_HANDED_ON.fullmatch(one) for one in written):
        return found
    return tuple(one for _, one in described)


def image_names_of(action: Action, job: Job, variables: Variables, matrix: Mapping[str, str]) -> GivenNames:
    """What a build calls its image; docker/metadata-action may tell it for a whole job.

    `variables` are those of the step, `matrix` the values of the combination for which it runs.
    """
    described = {one.id for one in job.steps if one.action is not None and _describes(one.action)}
    names = [
        name
        for one in describing(action, job.steps)
        for name in _NAME.findall(expanded(one.input("images") or "", variables, matrix))
    ]
    written = _NAME.findall(expanded(action.input("tags") or "", variables, matrix))
    own = [one for one in written if not _HANDED_ON.fullmatch(one)]
    more = [one for one in written if _HANDED_ON.fullmatch(one) and _asked_step(one) not in described]
    return GivenNames(tuple(dict.fromkeys((*own, *names))), tuple(dict.fromkeys(more)) if own else ())


def _describes(action: Action) -> bool:
    return action.name.startswith("docker/metadata-action")


def _asked_step(written: str) -> str:
    """The step that told what is handed on."""
    found = _OF_STEP.search(written) if _HANDED_ON.fullmatch(written) else None
    return found[1] if found is not None else ""


def action_words(action: Action, job: Job, variables: Variables, matrix: Mapping[str, str]) -> str:
    """`shop/web:latest and 1 more (web/Dockerfile, target prod)` of a build, the name of any other action."""
    if "build" not in action.name or "/" not in action.name:
        return action.name
    given = image_names_of(action, job, variables, matrix)
    file, target = action.input("file"), action.input("target")
    file = None if file is None else file.removeprefix("./")
    told = ", ".join(one for one in (file, f"target {target}" if target else None) if one)
    if not given.names and not told:
        return action.name
    return given.told(given.names[0] if given.names else action.name) + (f" ({told})" if told else "")
