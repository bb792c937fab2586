"""Objects of Kubernetes in another set than what refers to them: found by namespace, or told where they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository
from prodlint.readers.kubernetes_manifest import Manifest, is_chart_template, manifests_in
from prodlint.readers.kustomization import Built, build, claimed_files, leaves

__all__ = ["affordable_builds", "elsewhere_named", "in_namespace"]

_SUFFIXES = (".yml", ".yaml", ".json")
_OBJECTS = 3_000
_FILES = 2_000

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


def in_namespace(repository: Repository, kinds: tuple[str, ...], name: str, namespace: str | None) -> Manifest | None:
    """The one object of a name in a namespace that some set applies; None when none is, or several are."""
    if namespace is None:
        return None
    applied = _applied(repository, "")
    found = {one.span: one for kind in kinds for one in applied.get((kind, name), ()) if one.namespace == namespace}
    return next(iter(found.values())) if len(found) == 1 else None


def elsewhere_named(repository: Repository, kinds: tuple[str, ...], name: str) -> tuple[Manifest, ...]:
    """The objects of a name in any file."""
    written = _written(repository, "")
    return tuple(one for kind in kinds for one in written.get((kind, name), ()))


@per_repository
def _applied(repository: Repository, _: str) -> _Named:
    """The objects that kustomizations build, and those of files that none of them brings."""
    claimed = claimed_files(repository)
    plain = (one for path in _files(repository) if path not in claimed for one in manifests_in(path, repository))
    return _by_name([*plain, *(one for built in affordable_builds(repository, "").values() for one in built.manifests)])


@per_repository
def _written(repository: Repository, _: str) -> _Named:
    return _by_name(one for path in _files(repository) for one in manifests_in(path, repository))


def _by_name(manifests: Iterable[Manifest]) -> _Named:
    found: _Named = {}
    for one in manifests:
        found.setdefault((one.kind, one.name), []).append(one)
    return found


def _files(repository: Repository) -> Iterator[str]:
    left = _FILES
    for path in sorted(repository.paths):
        if not path.endswith(_SUFFIXES) or "{{" in path or left <= 0:
            continue
        data = repository.data(path) or b""
        if (b"ConfigMap" in data or b"Secret" in data) and not is_chart_template(path, repository):
            left -= 1
            yield path
