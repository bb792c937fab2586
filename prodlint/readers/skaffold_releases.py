"""The charts that Skaffold installs, each with its values: what a command of Helm would say.

Source: skaffold.dev, "skaffold.yaml" (v2beta to v4beta), `helm.releases`: paths start from the file's folder;
`artifactOverrides` give a value the name of an image that Skaffold has built, `setValueTemplates` of later versions do
it by `{{.IMAGE_REPO_name}}`. `skaffold dev` is for developers: what no command deploys is theirs. A profile puts
releases of its own, or patches, in the place of those of the file ("Profiles").
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from itertools import islice

from prodlint.deployment.repository import Repository, normal_path
from prodlint.readers.declared import mapping_at, mappings_at, scalar_at, scalars_of
from prodlint.readers.helm_data import Data, Hidden
from prodlint.readers.helm_install import Install, may_install, settings_of
from prodlint.record import replace
from prodlint.regex import regex
from prodlint.syntax.yaml import Mapping, Scalar

__all__ = ["skaffold_installs"]

_FILE = regex(r"skaffold(\..+)?\.ya?ml")
_IMAGE = regex(r"\{\{\s*\.(IMAGE_REPO|IMAGE_FULLY_QUALIFIED)_(\w+)\s*\}\}")
_OTHER_THAN_A_NAME = regex(r"\W")
# A command goes on behind a backslash, and in folded YAML with the options on the next lines.
_DEPLOYS = regex(rb"\bskaffold\s+(?:-\S+\s+)*(?:run|deploy|apply|render)\b(?:\\\r?\n|\n[ \t]+(?=-\S)|[^\n])*")
_NAMES_A_PROFILE = regex(rb"\s(-p|--profile)\b")
_PARTS = ("deploy", "manifests")
_MOST = 200
_MOST_PARTS = 50
_Sets = list[tuple[tuple[str | int, ...], Data]]


def skaffold_installs(repository: Repository) -> Iterator[Install]:
    """One for each release of each file and of its profiles; `named` is the profile."""
    paths = [path for path in repository.ordered if _FILE.fullmatch(posixpath.basename(path))]
    if paths:
        commands = [one for path in repository.ordered if may_install(path) for one in _commands(path, repository)]
        for path in paths:
            yield from islice(_installs(path, commands, repository), _MOST)


def _commands(path: str, repository: Repository) -> list[bytes]:
    """The commands of a file that deploy with Skaffold, as far as their lines go."""
    return [found[0] for found in _DEPLOYS.finditer(repository.data(path) or b"")]


def _installs(path: str, commands: list[bytes], repository: Repository) -> Iterator[Install]:
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
            for key in _PARTS:
                for release in mappings_at(mapping_at(part, key, "helm"), "releases"):
                    install = _install(release, folder, profile, images)
                    if install is not None:
                        is_replaced = part is root and any(_may_replace(one, commands) for one in parts[1:])
                        is_open = install.is_open or is_replaced
                        yield replace(install, for_developers=not commands, is_open=is_open)


def _may_replace(profile: Mapping, commands: list[bytes]) -> bool:
    """Whether a profile that takes the place of the releases of its file may be the one with which is deployed."""
    if profile.get("activation") is None and not any(_NAMES_A_PROFILE.search(one) for one in commands):
        return False
    patched = (scalar_at(patch, "path") for patch in mappings_at(profile, "patches"))
    return any(mapping_at(profile, key, "helm") is not None for key in _PARTS) or any(
        path is not None and path.value.startswith(tuple(f"/{key}" for key in _PARTS)) for path in patched
    )


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
