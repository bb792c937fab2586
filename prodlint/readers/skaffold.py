"""Skaffold: which folder builds which image; the manifests that it applies are read by themselves.

Sources: skaffold.dev, "skaffold.yaml" (v1beta to v4beta); the catalogue's platform page, 2.3.3.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.process import Build, BuiltImage, MadeImage, UnreadDeployment
from prodlint.deployment.repository import Repository, normal_path
from prodlint.readers.declared import is_placeholder, mapping_at, mappings_at, scalar_at
from prodlint.syntax.yaml import Mapping

_BUILDERS = ("jib", "buildpacks", "bazel", "custom", "ko")


def read(path: str, repository: Repository) -> Iterator[BuiltImage | MadeImage | UnreadDeployment]:
    """The image of each artifact; a chart from elsewhere is not read."""
    if "{{" in path:
        return
    folder = posixpath.dirname(path)
    for document in repository.yaml(path):
        root = document.root
        if not isinstance(root, Mapping):
            continue
        parts = [root, *mappings_at(root, "profiles")]
        for part in parts:
            for artifact in mappings_at(part, "build", "artifacts"):
                built = _artifact(artifact, folder, repository)
                if built is not None:
                    yield built
            for key in ("deploy", "manifests"):
                for release in mappings_at(mapping_at(part, key, "helm"), "releases"):
                    if scalar_at(release, "remoteChart") is not None:
                        yield UnreadDeployment("a Helm chart from elsewhere", release.span)


def _artifact(artifact: Mapping, folder: str, repository: Repository) -> BuiltImage | MadeImage | None:
    image, context = scalar_at(artifact, "image"), scalar_at(artifact, "context")
    kind = mapping_at(artifact, "docker") or mapping_at(artifact, "kaniko")
    if image is None or is_placeholder(image.value):
        return None
    other = next((key for key in _BUILDERS if artifact.get(key) is not None), None)
    if other is not None:
        return MadeImage(image.value, other if other != "custom" else "a command of its own", image.span)
    home = normal_path(folder, context.value if context is not None else ".")
    written, target = scalar_at(kind, "dockerfile"), scalar_at(kind, "target")
    dockerfile = normal_path(home, written.value if written is not None else "Dockerfile")
    if dockerfile not in repository.paths:
        return None
    return BuiltImage(image.value, Build(dockerfile, home, image.span, target.value if target else None), image.span)
