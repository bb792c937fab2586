"""Kustomizations: which files each one brings, and what they come to when it is built.

A part of `kustomize build` is done in thought: resources, components, generators, patches, images,
replicas and the namespace. What else a kustomization asks for is named as not read. Sources: the
catalogue's platform page, 2.3.1; measured with `kubectl kustomize` (tests/readers/test_kustomize.py).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from prodlint.deployment.command import Link
from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository, normal_path
from prodlint.readers.declared import mapping_at, mappings_at, scalar_at, scalars_of
from prodlint.readers.kubernetes_manifest import Manifest, labels_of, manifests_in
from prodlint.readers.kubernetes_patch import patched_by_operations, patched_by_strategy, rewritten, yaml_inside
from prodlint.readers.kustomize_generator import generated, merged_keys
from prodlint.record import Record, replace
from prodlint.regex import regex
from prodlint.syntax.yaml import Mapping, Node, Scalar, Sequence

__all__ = ["Built", "build", "claimed_files", "is_kustomization", "leaves"]

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_ELSEWHERE = ("helmCharts", "helmChartInflationGenerator", "generators", "transformers", "vars", "replacements")
_SCHEMALESS = ("Rollout", "DeploymentConfig")
_BUILDS = 300
_OBJECTS = 5_000
_CHANGES = 300


class Built(Record):
    """The objects that a kustomization brings, what of it could not be read, and the labels that it puts on."""

    manifests: tuple[Manifest, ...]
    unread: tuple[Link, ...]
    labels: tuple[tuple[str, str], ...] = ()


def is_kustomization(path: str) -> bool:
    """Whether a file is a kustomization by its name."""
    return posixpath.basename(path) in NAMES


def claimed_files(repository: Repository) -> frozenset[str]:
    """The files that kustomizations bring: by themselves they are not what is applied."""
    return _relations(repository, "")[0]


def leaves(repository: Repository) -> frozenset[str]:
    """The kustomizations that no other one brings (platform page, 2.3.1): those are applied."""
    return _relations(repository, "")[1]


@per_repository
def _relations(repository: Repository, _: str) -> tuple[frozenset[str], frozenset[str]]:
    claimed: set[str] = set()
    brought: set[str] = set()
    every = [path for path in repository.named(*NAMES) if "{{" not in path]
    for path in every:
        body = _body(path, repository)
        if body is None:
            continue
        for entry in _entries(body, "resources", "bases", "components"):
            found = _located(entry, path, repository)
            if found is not None:
                (brought if is_kustomization(found) else claimed).add(found)
        for entry in (*_entries(body, "patchesStrategicMerge", "crds"), *_patch_files(body)):
            claimed.add(normal_path(posixpath.dirname(path), entry.value))
    components = {path for path in every if _kind(path, repository) == "Component"}
    return frozenset(claimed), frozenset(every) - brought - components


def _body(path: str, repository: Repository) -> Mapping | None:
    documents = repository.yaml(path)
    root = documents[0].root if documents else None
    version = scalar_at(root, "apiVersion")
    if version is not None and not version.value.startswith("kustomize.config.k8s.io"):
        return None
    return root if isinstance(root, Mapping) else None


def _kind(path: str, repository: Repository) -> str:
    kind = scalar_at(_body(path, repository), "kind")
    return kind.value if kind is not None else ""


def _entries(body: Mapping, *keys: str) -> Iterator[Scalar]:
    for key in keys:
        yield from scalars_of(body.get(key))


def _patch_files(body: Mapping) -> Iterator[Scalar]:
    for key in ("patches", "patchesJson6902"):
        for entry in mappings_at(body, key):
            path = scalar_at(entry, "path")
            if path is not None:
                yield path


def _located(entry: Scalar, path: str, repository: Repository) -> str | None:
    """The file, or the kustomization of the folder, that an entry names; None when it lies elsewhere."""
    written = entry.value
    if "://" in written or "?ref=" in written or written.startswith(("git@", "github.com", "/")):
        return None
    target = normal_path(posixpath.dirname(path), written)
    if target in repository.paths:
        return target
    return next((found for name in NAMES if (found := normal_path(target, name)) in repository.paths), None)


def build(path: str, repository: Repository) -> Built:
    """What a kustomization brings."""
    builder = _Builder(repository)
    manifests = builder.build(path)
    return Built(tuple(manifests), tuple(builder.unread), tuple(builder.labels.items()))


def _labels(body: Mapping) -> Iterator[tuple[str, str]]:
    yield from labels_of(body, "commonLabels").items()
    for entry in mappings_at(body, "labels"):
        yield from labels_of(entry, "pairs").items()


class _Builder:
    """One build. A base may be brought twice, under two names; nothing brings itself."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.unread: list[Link] = []
        self.open: list[str] = []
        self.count = 0
        self.labels: dict[str, str] = {}

    def build(self, path: str) -> list[Manifest]:
        return self._with_kustomization([], path)

    def _with_kustomization(self, manifests: list[Manifest], path: str) -> list[Manifest]:
        """The objects with all that one more kustomization brings and changes."""
        body = _body(path, self.repository)
        self.count += 1
        if body is None or path in self.open or self.count > _BUILDS:
            return manifests
        self.open.append(path)
        found = list(manifests)
        for entry in _entries(body, "resources", "bases"):
            found.extend(self._resource(entry, path))
        for entry in _entries(body, "components"):
            target = _located(entry, path, self.repository)
            if target is None:
                self._is_missing(entry)
            else:
                found = self._with_kustomization(found, target)
        found = self._over(found, body, path)
        self.open.pop()
        return found[:_OBJECTS]

    def _is_missing(self, entry: Scalar) -> None:
        self.unread.append(Link(entry.span, f"brings {entry.value}, which is not in this repository"))

    def _resource(self, entry: Scalar, path: str) -> list[Manifest]:
        target = _located(entry, path, self.repository)
        if target is None:
            self._is_missing(entry)
            return []
        if is_kustomization(target):
            return self._with_kustomization([], target)
        return list(manifests_in(target, self.repository))

    def _over(self, manifests: list[Manifest], body: Mapping, path: str) -> list[Manifest]:
        """What one kustomization makes of the objects that it has so far."""
        for key in _ELSEWHERE:
            place = body.key(key)
            if place is not None:
                self.unread.append(Link(place.span, f"uses {key}, which is not followed"))
        self.labels.update(_labels(body))
        folder = posixpath.dirname(path)
        manifests = _with_generated(manifests, body, folder, self.repository)
        for entry in list(_entries(body, "patchesStrategicMerge"))[:_CHANGES]:
            manifests = _patched(manifests, self._patch(entry, None, folder), None)
        for key in ("patches", "patchesJson6902"):
            for entry_body in list(mappings_at(body, key))[:_CHANGES]:
                file, inline = scalar_at(entry_body, "path"), scalar_at(entry_body, "patch")
                patch = self._patch(file, inline, folder)
                manifests = _patched(manifests, patch, mapping_at(entry_body, "target"))
        prefix, suffix = scalar_at(body, "namePrefix"), scalar_at(body, "nameSuffix")
        if prefix is not None or suffix is not None:
            before, behind = prefix.value if prefix else "", suffix.value if suffix else ""
            manifests = [_affixed(one, before, behind) for one in manifests]
        namespace = scalar_at(body, "namespace")
        if namespace is not None:
            manifests = [_with(one, ("metadata", "namespace"), namespace) for one in manifests]
        for entry_body in list(mappings_at(body, "replicas"))[:_CHANGES]:
            name, count = scalar_at(entry_body, "name"), scalar_at(entry_body, "count")
            if name is not None and count is not None:
                manifests = [
                    _with(one, ("spec", "replicas"), count) if _is_called(one, name.value) else one for one in manifests
                ]
        images = {
            name.value: entry for entry in mappings_at(body, "images") if (name := scalar_at(entry, "name")) is not None
        }
        return [_with_images(one, images) for one in manifests] if images else manifests

    def _patch(self, file: Scalar | None, inline: Scalar | None, folder: str) -> tuple[Node, ...]:
        """The documents of a patch that stands in a file or in the kustomization itself."""
        if inline is not None:
            return yaml_inside(inline)
        if file is None:
            return ()
        path = normal_path(folder, file.value)
        if path not in self.repository.paths:
            # Old kustomizations may write the patch in the place of its file's name.
            found = yaml_inside(file) if "\n" in file.value else ()
            if not found:
                self.unread.append(Link(file.span, f"applies {file.value}, which is not in this repository"))
            return found
        return tuple(document.root for document in self.repository.yaml(path) if document.root is not None)


def _patched(manifests: list[Manifest], patches: tuple[Node, ...], target: Mapping | None) -> list[Manifest]:
    for patch in patches[:_CHANGES]:
        result: list[Manifest] = []
        for one in manifests:
            changed: Manifest | None = one
            if isinstance(patch, Sequence) and target is not None and _is_target(one, target):
                body = patched_by_operations(one.body, patch)
                changed = one if body is None else _renewed(one, body)
            elif isinstance(patch, Mapping) and (
                _is_target(one, target) if target is not None else _is_same(one, patch)
            ):
                body = patched_by_strategy(one.body, _unnamed(patch), one.kind not in _SCHEMALESS)
                changed = None if body is None else _renewed(one, body)
            if changed is not None:
                result.append(changed)
        manifests = result
    return manifests


def _is_same(manifest: Manifest, patch: Mapping) -> bool:
    kind, name = scalar_at(patch, "kind"), scalar_at(patch, "metadata", "name")
    return kind is not None and name is not None and manifest.kind == kind.value and _is_called(manifest, name.value)


def _is_target(manifest: Manifest, target: Mapping) -> bool:
    """Whether an object is one of those that a patch asks for: kind and name are anchored expressions."""
    kind, name = scalar_at(target, "kind"), scalar_at(target, "name")
    if kind is not None and not _fits(kind.value, (manifest.kind,)):
        return False
    if name is not None and not _fits(name.value, (manifest.name, *manifest.aliases)):
        return False
    selector = scalar_at(target, "labelSelector")
    if selector is None:
        return True
    labels = labels_of(manifest.body, "metadata", "labels")
    wanted = [part.partition("=") for part in selector.value.replace("==", "=").split(",")]
    return all(labels.get(key.strip()) == value.strip() for key, equals, value in wanted if equals)


def _affixed(manifest: Manifest, before: str, behind: str) -> Manifest:
    newest = manifest.aliases[-1] if manifest.aliases else manifest.name
    return replace(manifest, aliases=(*manifest.aliases[-20:], before + newest[:300] + behind))


def _is_called(manifest: Manifest, name: str) -> bool:
    """Patches name an object as it was or as prefixes made it."""
    return name == manifest.name or name in manifest.aliases


_PLAIN = regex(r"[\w.|*-]+")


def _fits(pattern: str, names: tuple[str, ...]) -> bool:
    """Whether one of the names fits an anchored expression; only simple ones are tried."""
    if not _PLAIN.fullmatch(pattern) or pattern.count("*") > 2 or len(pattern) > 200:
        return pattern in names
    try:
        return any(re.fullmatch(pattern, name[:300]) is not None for name in names)
    except re.error:
        return False


def _unnamed(patch: Mapping) -> Mapping:
    """A patch without the names by which it finds its object."""
    kept = [
        (key, value)
        for key, value in patch.items()
        if isinstance(key, Scalar) and key.value not in ("apiVersion", "kind", "metadata")
    ]
    metadata = mapping_at(patch, "metadata")
    key = patch.key("metadata")
    if metadata is not None and key is not None:
        fields = [
            (name, value)
            for name, value in metadata.items()
            if not (isinstance(name, Scalar) and name.value in ("name", "namespace"))
        ]
        kept.append((key, Mapping.of(fields, metadata.span)))
    return Mapping.of(kept, patch.span)


def _renewed(manifest: Manifest, body: Mapping) -> Manifest:
    return replace(manifest, body=body)


def _with(manifest: Manifest, path: tuple[str, ...], value: Node) -> Manifest:
    body = rewritten(manifest.body, path, value, False)
    return _renewed(manifest, body) if isinstance(body, Mapping) else manifest


def _with_generated(manifests: list[Manifest], body: Mapping, folder: str, repository: Repository) -> list[Manifest]:
    """The objects with the ConfigMaps and Secrets that a kustomization makes: new, or over one that is there."""
    result = list(manifests)
    places = {(one.kind, one.name): index for index, one in enumerate(result)}
    for made, behaviour in generated(body, folder, repository):
        held = places.setdefault((made.kind, made.name), len(result))
        if held == len(result):
            result.append(made)
        else:
            result[held] = made if behaviour == "replace" else merged_keys(result[held], made)
    return result


def _with_images(manifest: Manifest, images: dict[str, Mapping]) -> Manifest:
    """The object with the names and tags of its images replaced."""
    template = manifest.template
    if template is None:
        return manifest
    changed: Node = manifest.body
    root = _template_path(manifest)
    for key in ("containers", "initContainers"):
        for index, container in enumerate(mappings_at(template, "spec", key)):
            image = scalar_at(container, "image")
            new = _renamed(image, images) if image is not None and index < 100 else None
            if new is not None:
                changed = rewritten(changed, (*root, "spec", key, str(index), "image"), new, False) or changed
    return _renewed(manifest, changed) if isinstance(changed, Mapping) else manifest


def _template_path(manifest: Manifest) -> tuple[str, ...]:
    if manifest.kind == "Pod":
        return ()
    return ("spec", "jobTemplate", "spec", "template") if manifest.kind == "CronJob" else ("spec", "template")


_TAG = regex(r"[:@][^/]*$")


def _renamed(image: Scalar, images: dict[str, Mapping]) -> Scalar | None:
    name = _TAG.sub("", image.value)
    rest = image.value[len(name) :]
    entry = images.get(name)
    if entry is None:
        return None
    new_name, tag, digest = (scalar_at(entry, key) for key in ("newName", "newTag", "digest"))
    if digest is not None:
        rest = f"@{digest.value}"
    elif tag is not None:
        rest = f":{tag.value}"
    return Scalar((new_name.value if new_name is not None else name) + rest, "plain", image.span)
