"""The matrix of a workflow's job: the actions that it calls once for each combination.

Source: GitHub's documentation, "Running variations of jobs in a workflow": the product of the lists, without what
`exclude` names, then `include`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from itertools import product

from prodlint.deployment.pipeline import JobStep
from prodlint.deployment.releases.action_words import describing
from prodlint.deployment.repository import Repository, normal_path
from prodlint.record import Record, replace
from prodlint.regex import regex
from prodlint.syntax.yaml import Mapping, Node, Scalar, Sequence

__all__ = ["Matrix", "in_each_combination", "in_each_part", "matrix_of"]

# GitHub's own limit is 256 jobs; nobody reads more than this.
_MOST = 64
_NAMED = regex(r"\$\{\{\s*matrix\.([\w.-]{1,100})\s*\}\}")
# What tells one image from another; platforms of one image are built by several jobs, too.
_TELLS = ("file", "context", "target", "tags", "build-args")
# What decides whether it is pushed.
_SWITCHES = ("push", "outputs")

_USED = regex(r"\bmatrix\.([\w.-]{1,100})")
_MOST_PARTS = 20

_Values = dict[str, str]


class Matrix(Record):
    """The values of each job that a matrix makes, by `name` or `name.key`; of an `is_open` one there may be others."""

    combinations: tuple[_Values, ...] = ()
    is_open: bool = False


def matrix_of(job: Mapping) -> Matrix:
    """The matrix of a job; one that is computed has no combinations."""
    written = job.path("strategy", "matrix")
    if not isinstance(written, Mapping):
        return Matrix()
    others = [written.get(name) for name in ("include", "exclude")]
    is_open = any(isinstance(one, Scalar) and not one.is_null for one in others)
    return Matrix(_combinations_of(written), is_open)


def _combinations_of(matrix: Mapping) -> tuple[_Values, ...]:
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
        inside = (_flat(f"{name}.{key.value}", value) for key, value in node.items() if isinstance(key, Scalar))
        return {key: value for one in inside for key, value in one.items()}
    # A list is no text: what asks for it stays as it is written.
    return {name: node.value if isinstance(node, Scalar) else f"${{{{ matrix.{name} }}}}"}


def _agrees(one: _Values, other: _Values) -> bool:
    return all(one.get(name) == value for name, value in other.items())


def in_each_combination(step: JobStep, steps: Iterable[JobStep], matrix: Matrix) -> Iterator[JobStep]:
    """An action that builds an image, once for each image that the matrix makes of it; any other step as it is.

    `steps` are those of its job, of which some may tell its names.
    """
    action = step.action
    if action is None or not matrix.combinations or not action.plain_name.endswith("/build-push-action"):
        yield step
        return
    texts = [text for name, text in action.inputs if name in _TELLS]
    texts += [one.input("images") or "" for one in describing(action, steps)]
    names = {found[1] for text in texts for found in _NAMED.finditer(text)}
    names = _with_asked(names, matrix, step.condition, *(action.input(name) or "" for name in _SWITCHES))
    missing = "${{{{ matrix.{} }}}}" if matrix.is_open else ""
    chosen = (
        tuple((name, one.get(name, missing.format(name))) for name in sorted(names)) for one in matrix.combinations
    )
    for values in dict.fromkeys(chosen):
        given = tuple((name, _filled(text, dict(values)) if name in _TELLS else text) for name, text in action.inputs)
        yield replace(step, action=replace(action, inputs=given), matrix=values)


def _with_asked(names: set[str], matrix: Matrix, *conditions: str) -> set[str]:
    """The names of values with those by which conditions choose.

    These are left out where there may be other combinations: nobody knows for which of them a condition holds.
    """
    asked = {found[1] for text in conditions for found in _USED.finditer(text)}
    return names - asked if matrix.is_open else names | asked


def in_each_part(step: JobStep, directory: str, matrix: Matrix, repository: Repository) -> Iterator[JobStep]:
    """A script once for each part of the repository that the matrix runs it for; any other step as it is.

    `directory` is its working directory as it is written. Of a matrix of versions and machines no step is told apart.
    """
    combinations = matrix.combinations
    script = step.script.text.value if step.script is not None and step.script.text is not None else ""
    names = {found[1] for text in (script, directory) for found in _USED.finditer(text)}
    names = _with_asked(names, matrix, step.condition)
    chosen = dict.fromkeys(tuple((name, one[name]) for name in sorted(names) if name in one) for one in combinations)
    if step.script is None or not any(chosen) or len(chosen) > _MOST_PARTS or not _are_parts(combinations, repository):
        yield step
        return
    # What a combination lacks is empty.
    lacking = {} if matrix.is_open else dict.fromkeys(names, "")
    for values in chosen:
        folder = _filled(directory, {**lacking, **dict(values)}) if directory else ""
        known = normal_path(folder) if folder and "${{" not in folder else step.directory
        yield replace(step, matrix=values, directory=known)


def _are_parts(combinations: tuple[_Values, ...], repository: Repository) -> bool:
    """Whether a value is a folder of the repository, or the last part of the name of one that has a Dockerfile."""
    folders = {posixpath.basename(posixpath.dirname(path)) for path in repository.named("Dockerfile")} - {""}
    values = {value for one in combinations for value in one.values()}
    return any(value in folders or normal_path(value) in repository.folders for value in values if value.strip("./"))


def _filled(text: str, values: _Values) -> str:
    """A text with the values of one combination."""
    return _NAMED.sub(lambda found: values.get(found[1], found[0]), text)
