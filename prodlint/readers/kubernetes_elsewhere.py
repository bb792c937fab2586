"""Objects of Kubernetes in another set than what refers to them: found by namespace, or told where they are."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from prodlint.deployment.environment import environment_of
from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository
from prodlint.readers.kubernetes_manifest import (
    AUTOSCALERS,
    Manifest,
    Scope,
    is_chart_template,
    manifests_in,
    may_share,
    scaled_by,
)
from prodlint.readers.kustomization import Built, build, claimed_files, leaves
from prodlint.syntax.yaml import Mapping, Scalar, Sequence

__all__ = ["affordable_builds", "autoscaler_of", "elsewhere_named", "in_namespace"]

_SUFFIXES = (".yml", ".yaml", ".json")
_OBJECTS = 3_000
_FILES = 2_000
_AUTOSCALERS = 20

_Named = dict[tuple[str, str], list[Manifest]]


@per_repository
def affordable_builds(repository: Repository, _: str) -> dict[str, Built]:
    """What the kustomizations come to, as long as it is not far more than anybody has."""
    found: dict[str, Built] = {}
    left = _OBJECTS
    for path in sorted(leaves(repository)):
        if left > 0:
            found[path] = build(path, repository)
            left -= len(found[path].manifests)
    return found


def in_namespace(scope: Scope, kinds: tuple[str, ...], name: str, namespace: str | None) -> Manifest | None:
    """The one object of a name in a namespace that another set applies; None when none is, or several differ.

    Of overlays that differ the one is meant that is called as the asking set is: `overlays/production`.
    """
    if namespace is None or scope.repository is None:
        return None
    applied = _applied(scope.repository, "")
    found = [pair for kind in kinds for pair in applied.get((kind, name), ()) if pair[1].namespace == namespace]
    own = posixpath.basename(posixpath.dirname(scope.name))
    named = [pair for pair in found if own and posixpath.basename(posixpath.dirname(pair[0])) == own]
    for pairs in (found, named):
        distinct = {(one.span, _content(one.body)): one for _, one in pairs}
        if len(distinct) == 1:
            return next(iter(distinct.values()))
    return None


def _content(node: object) -> object:
    """What an object says, without its places."""
    if isinstance(node, Mapping):
        return tuple((_content(key), _content(value)) for key, value in node.items())
    if isinstance(node, Sequence):
        return tuple(_content(one) for one in node.items)
    return node.value if isinstance(node, Scalar) else None


def elsewhere_named(repository: Repository, kinds: tuple[str, ...], name: str) -> tuple[Manifest, ...]:
    """The objects of a name in any file."""
    written = _written(repository, "")
    return tuple(one for kind in kinds for one in written.get((kind, name), ()))


def autoscaler_of(repository: Repository, manifest: Manifest) -> Manifest | None:
    """The one autoscaler in another set than the object that it is for: of its namespace, or of a folder beside it."""
    held = _autoscalers(repository, "").get((manifest.kind, manifest.name), [])[:_AUTOSCALERS]
    found = {one.span: one for one in held if _is_for(one, manifest, repository)}
    return next(iter(found.values())) if len(found) == 1 else None


def _is_for(autoscaler: Manifest, manifest: Manifest, repository: Repository) -> bool:
    if autoscaler.namespace is not None and autoscaler.namespace == manifest.namespace:
        return True
    return may_share(autoscaler.namespace, manifest.namespace) and _stands_beside(autoscaler, manifest, repository)


def _stands_beside(autoscaler: Manifest, manifest: Manifest, repository: Repository) -> bool:
    """Whether a file that is applied by itself, without what it is for, lies in a folder beside, above or below."""
    path = autoscaler.span.path
    own, other = posixpath.dirname(path), posixpath.dirname(manifest.span.path)
    above, above_other = posixpath.dirname(own), posixpath.dirname(other)
    if own == other or not (above in (other, above_other) or own == above_other):
        return False
    if path in claimed_files(repository) or environment_of(path) is not environment_of(manifest.span.path):
        return False
    return (manifest.kind, manifest.name) not in _objects_in(repository, own)


@per_repository
def _objects_in(repository: Repository, folder: str) -> set[tuple[str, str]]:
    """The kinds and the names of what the files of a folder hold."""
    found = (one for path in repository.files_in(folder) for one in manifests_in(path, repository))
    return {(one.kind, one.name) for one in found}


@per_repository
def _autoscalers(repository: Repository, _: str) -> dict[tuple[str, str], list[Manifest]]:
    """By what they are for: those of files, and those that kustomizations make of them."""
    paths = list(_files(repository, tuple(kind.encode() for kind in AUTOSCALERS)))
    claimed = claimed_files(repository)
    whole = [one for path in paths if path not in claimed for one in manifests_in(path, repository)]
    if any(path in claimed for path in paths):
        whole += [one for built in affordable_builds(repository, "").values() for one in built.manifests]
    found: dict[tuple[str, str], list[Manifest]] = {}
    for one in whole:
        target = scaled_by(one)
        if target is not None:
            found.setdefault(target, []).append(one)
    return found


@per_repository
def _applied(repository: Repository, _: str) -> dict[tuple[str, str], list[tuple[str, Manifest]]]:
    """The objects that kustomizations build, and those of files that none of them brings, each with its set."""
    claimed = claimed_files(repository)
    found: dict[tuple[str, str], list[tuple[str, Manifest]]] = {}
    for path in _files(repository):
        for one in manifests_in(path, repository) if path not in claimed else ():
            found.setdefault((one.kind, one.name), []).append((path, one))
    for path, built in affordable_builds(repository, "").items():
        for one in built.manifests:
            found.setdefault((one.kind, one.name), []).append((path, one))
    return found


@per_repository
def _written(repository: Repository, _: str) -> _Named:
    return _by_name(one for path in _files(repository) for one in manifests_in(path, repository))


def _by_name(manifests: Iterable[Manifest]) -> _Named:
    found: _Named = {}
    for one in manifests:
        found.setdefault((one.kind, one.name), []).append(one)
    return found


def _files(repository: Repository, words: tuple[bytes, ...] = (b"ConfigMap", b"Secret")) -> Iterator[str]:
    left = _FILES
    for path in sorted(repository.paths):
        if not path.endswith(_SUFFIXES) or "{{" in path or left <= 0:
            continue
        data = repository.data(path) or b""
        if any(word in data for word in words) and not is_chart_template(path, repository):
            left -= 1
            yield path
