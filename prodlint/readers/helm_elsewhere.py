"""Charts that Argo CD, Flux and Helmfile install: what they give to a chart of the repository is not its own values.

Sources: Argo CD, "Application Specification" and "Helm"; Flux, "Helm Releases"; Helmfile, "Configuration". What they
set by themselves is not read yet: it leaves the values open.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.repository import Repository
from prodlint.readers.declared import mapping_at, mappings_at, scalar_at, scalars_of
from prodlint.readers.helm_install import Install
from prodlint.syntax.yaml import Mapping, Scalar

__all__ = ["installed_elsewhere"]

_MOST = 100
_MARKS = (b"argoproj.io/", b"helm.toolkit.fluxcd.io/")
_HELMFILES = ("helmfile.yaml", "helmfile.yml", "helmfile.yaml.gotmpl")


def installed_elsewhere(repository: Repository) -> tuple[Install, ...]:
    """The installations of charts by these tools that give values to them."""
    found: list[Install] = []
    for path in repository.ending(".yaml", ".yml", ".gotmpl"):
        name = posixpath.basename(path)
        is_helmfile = name in _HELMFILES or posixpath.basename(posixpath.dirname(path)) == "helmfile.d"
        data = repository.data(path) if is_helmfile or "/templates/" not in path else None
        if data is None or not (is_helmfile or any(mark in data for mark in _MARKS)):
            continue
        documents, source = repository.yaml(path), repository.source(path)
        if is_helmfile and not documents and source is not None:
            # A template that is no YAML by itself, which may install any chart.
            found.append(Install(None, None, None, (), (), True, source.line_span(1)))
        for document in documents:
            root = document.root
            if isinstance(root, Mapping):
                found.extend(_of_helmfile(root) if is_helmfile else _of_object(root))
    return tuple(found[:_MOST])


def _of_helmfile(root: Mapping) -> Iterator[Install]:
    for release in mappings_at(root, "releases"):
        chart, name = scalar_at(release, "chart"), scalar_at(release, "name")
        if chart is not None and name is not None:
            yield _install(chart.value, name.value, scalar_at(release, "namespace"), (), release)


def _of_object(root: Mapping) -> Iterator[Install]:
    kind, name = scalar_at(root, "kind"), scalar_at(root, "metadata", "name")
    written = kind.value if kind is not None else ""
    if name is None:
        return
    gives = (("values",), ("valuesFrom",), ("chart", "spec", "valuesFiles"))
    if written == "HelmRelease" and any(root.path("spec", *keys) is not None for keys in gives):
        chart = scalar_at(root, "spec", "chart", "spec", "chart")
        if chart is not None and chart.value.startswith((".", "/")):
            yield _install(chart.value, name.value, scalar_at(root, "spec", "targetNamespace"), (), root)
    if written not in ("Application", "ApplicationSet"):
        return
    above = ("spec", "template", "spec") if written == "ApplicationSet" else ("spec",)
    one = mapping_at(root, *above, "source")
    for source in (*(() if one is None else (one,)), *mappings_at(root, *above, "sources")):
        chart, helm = scalar_at(source, "path"), mapping_at(source, "helm")
        if chart is None or helm is None:
            continue
        files = tuple(file.value for file in scalars_of(helm.get("valueFiles")))
        is_open = any(helm.get(key) is not None for key in ("values", "valuesObject", "parameters", "fileParameters"))
        is_open = is_open or any("$" in file or "{{" in file for file in files)
        if files or is_open:
            namespace = scalar_at(root, *above, "destination", "namespace")
            yield _install(chart.value, name.value, namespace, files, source, is_open)


def _install(
    chart: str, release: str, namespace: Scalar | None, files: tuple[str, ...], node: Mapping, is_open: bool = True
) -> Install:
    named = namespace.value if namespace is not None else ""
    told = tuple(file for file in files if "$" not in file and "{{" not in file)
    return Install(_plain(chart), _plain(release), _plain(named) or None, told, (), is_open, node.span)


def _plain(written: str) -> str | None:
    return None if "{{" in written else written
