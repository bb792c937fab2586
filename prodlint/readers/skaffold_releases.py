"""The charts that Skaffold installs, each with its values: what a command of Helm would say.

Source: skaffold.dev, "skaffold.yaml" (v2beta to v4beta), `helm.releases`: paths start from the file's folder;
`artifactOverrides` give a value the name of an image that Skaffold has built, `setValueTemplates` of later versions do
it by `{{.IMAGE_REPO_name}}`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from itertools import islice

from prodlint.deployment.repository import Repository, normal_path
from prodlint.readers.declared import mapping_at, mappings_at, scalar_at, scalars_of
from prodlint.readers.helm_data import Data, Hidden
from prodlint.readers.helm_install import Install, settings_of
from prodlint.regex import regex
from prodlint.syntax.yaml import Mapping, Scalar

__all__ = ["skaffold_installs"]

_FILE = regex(r"skaffold(\..+)?\.ya?ml")
_IMAGE = regex(r"\{\{\s*\.(IMAGE_REPO|IMAGE_FULLY_QUALIFIED)_(\w+)\s*\}\}")
_OTHER_THAN_A_NAME = regex(r"\W")
_MOST = 200
_MOST_PARTS = 50
_Sets = list[tuple[tuple[str | int, ...], Data]]


def skaffold_installs(repository: Repository) -> Iterator[Install]:
    """One for each release of each file and of its profiles; `named` is the profile."""
    for path in repository.ordered:
        if _FILE.fullmatch(posixpath.basename(path)):
            yield from islice(_installs(path, repository), _MOST)


def _installs(path: str, repository: Repository) -> Iterator[Install]:
    folder = posixpath.dirname(path)
    for document in repository.yaml(path):
        root = document.root
        if not isinstance(root, Mapping):
            continue
        parts = [root, *mappings_at(root, "profiles")][:_MOST_PARTS]
        images = [image.value for part in parts for image in _images(part)]
        for part in parts:
            name = scalar_at(part, "name")
            profile = name.value if part is not root and name is not None else ""
            for key in ("deploy", "manifests"):
                for release in mappings_at(mapping_at(part, key, "helm"), "releases"):
                    install = _install(release, folder, profile, images)
                    if install is not None:
                        yield install


def _images(part: Mapping) -> Iterator[Scalar]:
    for artifact in mappings_at(part, "build", "artifacts"):
        image = scalar_at(artifact, "image")
        if image is not None:
            yield image


def _install(release: Mapping, folder: str, profile: str, images: list[str]) -> Install | None:
    chart, name, namespace = (scalar_at(release, key) for key in ("chartPath", "name", "namespace"))
    if chart is None:
        return None
    files = [normal_path(folder, one.value) for one in scalars_of(release.get("valuesFiles"))]
    sets, is_open = _sets(release, images)
    return Install(
        chart=normal_path(folder, chart.value),
        release=_told(name),
        namespace=_told(namespace),
        files=tuple(files),
        sets=tuple(sets),
        is_open=is_open or release.get("overrides") is not None,
        span=release.span,
        named=profile,
    )


def _told(scalar: Scalar | None) -> str | None:
    return None if scalar is None or "{{" in scalar.value else scalar.value


def _sets(release: Mapping, images: list[str]) -> tuple[_Sets, bool]:
    """What a release sets beside its files, and whether it sets more than can be told."""
    found: _Sets = []
    is_open = False
    in_parts = mapping_at(release, "imageStrategy", "helm") is not None
    for block in ("setValues", "setValueTemplates", "setFiles", "artifactOverrides"):
        body = mapping_at(release, block)
        for key, node in body.pairs if body is not None else ():
            keys = settings_of(f"{key.value}=x") if isinstance(key, Scalar) else None
            if keys is None or len(keys) != 1 or not isinstance(node, Scalar):
                is_open = True
                continue
            path = keys[0][0]
            if block == "artifactOverrides" and in_parts:
                found += [((*path, "repository"), node.value), ((*path, "tag"), _HIDDEN)]
            else:
                found.append((path, _value(block, node.value, images)))
    return found, is_open


_HIDDEN = Hidden("Skaffold fills it in", "Skaffold", True)


def _value(block: str, written: str, images: list[str]) -> Data:
    if block == "artifactOverrides":
        return written
    if block == "setFiles":
        return Hidden("a file gives it", block, True)
    if "{{" not in written:
        typed = settings_of(f"x={written}") if "," not in written else None
        return typed[0][1] if typed else written
    image = _IMAGE.fullmatch(written)
    named = [one for one in images if image is not None and _OTHER_THAN_A_NAME.sub("_", one) == image[2]]
    return named[0] if len(named) == 1 else _HIDDEN
