"""Charts filled in: the objects that a chart and the charts in it come to with what an installation gives.

Sources: the catalogue's platform page, 2.3.2; Helm, Subcharts and Global Values; Chart Dependencies.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.repository import Repository
from prodlint.readers.helm_chart import STARTS, WORKLOADS, Chart, Gap
from prodlint.readers.helm_data import Data, Hidden, Stopped, opened
from prodlint.readers.helm_family import Given, Member, family
from prodlint.readers.helm_functions import FUNCTIONS
from prodlint.readers.helm_output import objects_of
from prodlint.readers.helm_template import Renderer
from prodlint.readers.helm_text import MARKED, printed
from prodlint.readers.kubernetes_manifest import Manifest
from prodlint.record import Entity
from prodlint.regex import regex
from prodlint.source import Source, Span
from prodlint.syntax.go_template_tree import Body

__all__ = ["Rendered", "rendered"]

_KIND = regex(r"(?m)^[ \t]*kind:[ \t]*[\"']?\w")
_RUNS = regex(r"(?m)^[ \t]*kind:[ \t]*[\"']?(?:Cron)?Job\b|\binitContainers:|\bmigrat|\balembic\b|\bdb upgrade\b")
_ABOUT = "name version appVersion apiVersion description type home icon deprecated kubeVersion keywords sources".split()


class Rendered(Entity):
    """The objects of a chart with one set of values, its gaps, and what the values leave out.

    `doubtful` holds the objects of which keys or items are not told; `is_open` says that not all values were read.
    """

    manifests: tuple[Manifest, ...]
    gaps: tuple[Gap, ...]
    left_out: tuple[Span, ...]
    doubtful: frozenset[Manifest]
    is_open: bool


def rendered(chart: Chart, given: Given, repository: Repository) -> Rendered:
    """The objects that a chart comes to with what an installation gives."""
    gaps: list[Gap] = []
    renderer = Renderer(FUNCTIONS)
    try:
        members = family(chart, given, repository, gaps)
    except Stopped as stopped:
        return Rendered((), (*gaps, Gap(str(stopped), chart.span)), (), frozenset(), True)
    templates = list(_templates(members))
    for _, _, _, body in templates:
        renderer.define(body)
    contexts = {id(member): _context(member, given, repository) for member in members}
    manifests: list[Manifest] = []
    left_out: list[Span] = []
    doubtful: set[Manifest] = set()
    for member, name, source, body in templates:
        if posixpath.basename(name).startswith("_") or member.chart.about.get("type") == "library":
            continue
        starts = STARTS.search(source.text) is not None
        itself = {"Name": name, "BasePath": f"{member.title}/templates"}
        try:
            filled = renderer.fill_in(source, body, {**contexts[id(member)], "Template": itself})
        except Stopped as stopped:
            # A template that says of another kind what it is starts nothing.
            if starts or not _KIND.search(source.text):
                gaps.append(Gap(str(stopped), source.line_span(1)))
            continue
        output = objects_of(filled, renderer)
        manifests.extend(output.manifests)
        left_out.extend(filled.left_out)
        if output.problem is not None and starts:
            gaps.append(Gap(f"what it writes is no YAML: {output.problem}", source.line_span(1)))
        gaps.extend(Gap(lost.reason, lost.span) for lost in filled.lost if not WORKLOADS.isdisjoint(lost.kinds))
        for manifest, reason in output.doubtful:
            if manifest.kind in WORKLOADS:
                doubtful.add(manifest)
                gaps.append(Gap(reason, manifest.span))
    manifests.sort(key=lambda one: one.span.path)
    skipped = tuple(span for span in left_out if _RUNS.search(span.text))
    is_open = given.is_open or any(member.chart.is_open for member in members)
    return Rendered(tuple(manifests), tuple(gaps), skipped, frozenset(doubtful), is_open)


def _templates(members: list[Member]) -> Iterator[tuple[Member, str, Source, Body]]:
    """The templates of all charts with the names that Helm gives them, in its order: the deepest first.

    Of two templates of one name, that of the outer chart counts, which comes last.
    """
    found: list[tuple[str, Member, Source, Body]] = []
    for member in members:
        start = len(member.chart.folder) + 1 if member.chart.folder else 0
        found.extend(
            (f"{member.title}/{path[start:]}", member, source, body) for path, source, body in member.chart.templates
        )
    for name, member, source, body in sorted(found, key=lambda one: (one[0].count("/"), one[0]), reverse=True):
        yield member, name, source, body


def _context(member: Member, given: Given, repository: Repository) -> dict[str, Data]:
    """What `.` is in the templates of a chart."""
    unsure = "it is given when the chart is installed"
    release: dict[str, Data] = {
        "Name": given.release or Hidden(unsure, ".Release.Name", True),
        "Namespace": given.namespace or Hidden(unsure, ".Release.Namespace", True),
        "Service": "Helm",
        "IsInstall": Hidden(unsure, ".Release.IsInstall"),
        "IsUpgrade": Hidden(unsure, ".Release.IsUpgrade"),
        "Revision": Hidden(unsure, ".Release.Revision", True),
    }
    about: dict[str, Data] = {}
    for name in _ABOUT:
        value = member.chart.about.get(name)
        # `appVersion: 1.10` is the number 1.1, written as a text.
        text = printed(value, lambda _: "") if isinstance(value, float) else value
        about[f"{name[0].upper()}{name[1:]}"] = "" if text is None else text
    about["Name"] = posixpath.basename(member.title)
    files = opened("a file of the chart that is not read")
    files["Get"] = lambda path: _file(member.chart, path, repository)
    return {
        "Values": member.values,
        "Release": release,
        "Chart": about,
        "Capabilities": Hidden("the cluster tells it", ".Capabilities"),
        "Files": files,
        "Subcharts": Hidden("the charts that it brings tell it", ".Subcharts"),
    }


def _file(chart: Chart, path: Data, repository: Repository) -> Data:
    """`.Files.Get`."""
    target = posixpath.normpath(posixpath.join(chart.folder, path)) if isinstance(path, str) else ""
    is_inside = target in repository.paths and target.startswith(f"{chart.folder}/" if chart.folder else "")
    source = repository.source(target) if is_inside else None
    if source is None or MARKED.search(source.text) or len(source.text) > 200_000:
        return Hidden("a file of the chart that is not read", "")
    return source.text
