"""The matrix of a workflow's job: the actions that it calls once for each combination.

Source: GitHub's documentation, "Running variations of jobs in a workflow": the product of the lists, without what
`exclude` names, then `include`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from itertools import product

from prodlint.deployment.pipeline import Action, JobStep
from prodlint.deployment.repository import Repository, normal_path
from prodlint.record import replace
from prodlint.regex import regex
from prodlint.syntax.yaml import Mapping, Node, Scalar, Sequence

__all__ = ["combinations_of", "in_each_combination", "in_each_part"]

# GitHub's own limit is 256 jobs; nobody reads more than this.
_MOST = 64
_NAMED = regex(r"\$\{\{\s*matrix\.([\w.-]{1,100})\s*\}\}")
# What tells one image from another; platforms of one image are built by several jobs, too.
_TELLS = ("file", "context", "target", "tags", "build-args")

_USED = regex(r"\bmatrix\.([\w.-]{1,100})")
_MOST_PARTS = 20

_Values = dict[str, str]


def combinations_of(job: Mapping) -> tuple[_Values, ...]:
    """The values of each job that a matrix makes, by `name` or `name.key`; nothing where they are computed."""
    matrix = job.path("strategy", "matrix")
    if not isinstance(matrix, Mapping):
        return ()
    lists: dict[str, list[_Values]] = {}
    for key, value in matrix.items():
        if isinstance(key, Scalar) and key.value not in ("include", "exclude"):
            if not isinstance(value, Sequence):
                return ()
            lists[key.value] = [_flat(key.value, item) for item in value.items]
    found: list[_Values] = []
    for values in product(*lists.values()) if lists else ():
        found.append({name: value for one in values for name, value in one.items()})
        if len(found) > _MOST:
            return ()
    names = set().union(*found)
    found = [one for one in found if not any(_agrees(one, left_out) for left_out in _objects(matrix.get("exclude")))]
    added: list[_Values] = []
    for more in _objects(matrix.get("include")):
        fitting = [one for one in found if _agrees(one, {name: more[name] for name in names if name in more})]
        for one in fitting:
            one.update(more)
        if not fitting:
            added.append(more)
    return (*found, *added)[:_MOST]


def _objects(node: Node | None) -> list[_Values]:
    items = node.items if isinstance(node, Sequence) else ()
    found: list[_Values] = []
    for item in (one for one in items if isinstance(one, Mapping)):
        flat = (_flat(key.value, held) for key, held in item.items() if isinstance(key, Scalar))
        found.append({name: value for one in flat for name, value in one.items()})
    return found[:_MOST]


def _flat(name: str, node: Node) -> _Values:
    if isinstance(node, Mapping):
        return {
            f"{name}.{key.value}": value.value
            for key, value in node.items()
            if isinstance(key, Scalar) and isinstance(value, Scalar)
        }
    return {name: node.value} if isinstance(node, Scalar) else {}


def _agrees(one: _Values, other: _Values) -> bool:
    return all(one.get(name) == value for name, value in other.items())


def in_each_combination(action: Action, combinations: tuple[_Values, ...]) -> Iterator[Action]:
    """An action that builds an image, once for each image that the matrix makes of it; any other as it is."""
    told = {name: text for name, text in action.inputs if name in _TELLS}
    builds = action.plain_name.endswith("/build-push-action")
    if not builds or not combinations or not any(_NAMED.search(text) for text in told.values()):
        yield action
        return
    seen: set[tuple[str, ...]] = set()
    for one in combinations:
        given = tuple((name, _filled(text, one) if name in _TELLS else text) for name, text in action.inputs)
        key = tuple(text for name, text in given if name in _TELLS)
        if key not in seen:
            seen.add(key)
            yield replace(action, inputs=given)


def in_each_part(
    step: JobStep, directory: str, combinations: tuple[_Values, ...], repository: Repository
) -> Iterator[JobStep]:
    """A script once for each part of the repository that the matrix runs it for; any other step as it is.

    `directory` is its working directory as it is written. Of a matrix of versions and machines no step is told apart.
    """
    script = step.script.text.value if step.script is not None and step.script.text is not None else ""
    names = {found[1] for text in (script, step.condition, directory) for found in _USED.finditer(text)}
    chosen = dict.fromkeys(tuple((name, one[name]) for name in sorted(names) if name in one) for one in combinations)
    if step.script is None or not any(chosen) or len(chosen) > _MOST_PARTS or not _are_parts(combinations, repository):
        yield step
        return
    for values in chosen:
        folder = _filled(directory, dict(values)) if directory else ""
        known = normal_path(folder) if folder and "${{" not in folder else step.directory
        yield replace(step, matrix=values, directory=known)


def _are_parts(combinations: tuple[_Values, ...], repository: Repository) -> bool:
    """Whether a value is a folder of the repository, or the last part of the name of one that has a Dockerfile."""
    folders = {posixpath.basename(posixpath.dirname(path)) for path in repository.named("Dockerfile")} - {""}
    values = {value for one in combinations for value in one.values()}
    return any(value in folders or normal_path(value) in repository.folders for value in values if value.strip("./"))


def _filled(text: str, values: _Values) -> str:
    """A text with the values of one combination; one that it lacks is empty."""
    return _NAMED.sub(lambda found: values.get(found[1], ""), text)
