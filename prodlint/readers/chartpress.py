"""Chartpress, which the charts of Jupyter are built with: which folder builds which image of a chart.

Source: github.com/jupyterhub/chartpress, docs/source/configuration.md and `build_images` of chartpress.py (2.3). Paths
start from the file's folder. When a chart is published, the name and the tag of each image are written into its values:
until then these hold `resetTag`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.process import Build, BuiltImage, EnvDefinition
from prodlint.deployment.repository import Repository, normal_path
from prodlint.readers.declared import is_placeholder, mapping_at, mappings_at, scalar_at, scalars_of
from prodlint.syntax.word import Word
from prodlint.syntax.yaml import Mapping, Scalar

_RESET_TAG = "set-by-chartpress"
_TARGET = "--target="
_MOST_IMAGES = 200


def read(path: str, repository: Repository) -> Iterator[BuiltImage]:
    """The images of each chart that a Dockerfile of this repository builds."""
    folder = posixpath.dirname(path)
    for document in repository.yaml(path):
        for chart in mappings_at(document.root, "charts"):
            images = mapping_at(chart, "images")
            for key, options in (images.pairs if images is not None else ())[:_MOST_IMAGES]:
                if isinstance(key, Scalar):
                    yield from _image(key, options if isinstance(options, Mapping) else None, chart, folder, repository)


def _image(
    key: Scalar, options: Mapping | None, chart: Mapping, folder: str, repository: Repository
) -> Iterator[BuiltImage]:
    named, prefix, tag = scalar_at(options, "imageName"), scalar_at(chart, "imagePrefix"), scalar_at(chart, "resetTag")
    image = named.value if named is not None else f"{prefix.value if prefix is not None else ''}{key.value}"
    context, written = scalar_at(options, "contextPath"), scalar_at(options, "dockerfilePath")
    home = context.value if context is not None and context.value else posixpath.join("images", key.value)
    place = written.value if written is not None and written.value else posixpath.join(home, "Dockerfile")
    dockerfile = normal_path(folder, place)
    if is_placeholder(image) or dockerfile not in repository.paths:
        return
    targets = [
        one.value.removeprefix(_TARGET)
        for one in scalars_of(options.get("extraBuildCommandOptions") if options is not None else None)
        if one.value.startswith(_TARGET)
    ]
    build = Build(
        dockerfile,
        normal_path(folder, home),
        key.span,
        targets[-1] if targets else None,
        tuple(_arguments(mapping_at(options, "buildArgs"))),
        stand_in_tag=tag.value if tag is not None else _RESET_TAG,
    )
    yield BuiltImage(image, build, key.span)


def _arguments(listed: Mapping | None) -> Iterator[EnvDefinition]:
    """The arguments of a build; `{TAG}` and the like are filled in when it runs."""
    for key, value in listed.pairs if listed is not None else ():
        if isinstance(key, Scalar) and isinstance(value, Scalar):
            is_computed = "{" in value.value or is_placeholder(value.value)
            yield EnvDefinition(key.value, None if is_computed else Word.of(value.text, value.span), key.span)
