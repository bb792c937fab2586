"""Helm charts: their files, their values, and the objects that they come to.

Sources: the catalogue's platform page, 2.3.2; Helm, Charts and Values Files.
"""

from __future__ import annotations

import posixpath

from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository
from prodlint.readers.declared import mappings_at, scalar_at
from prodlint.readers.helm_data import Data, Hidden, Stopped, copied, data_of, laid_over, opened, with_value
from prodlint.readers.helm_functions import FUNCTIONS
from prodlint.readers.helm_output import objects_of
from prodlint.readers.helm_template import Renderer
from prodlint.readers.helm_text import MARKED
from prodlint.readers.kubernetes_manifest import Manifest
from prodlint.record import entity, record
from prodlint.regex import regex
from prodlint.source import Source, Span, SyntaxProblem
from prodlint.syntax.go_template import parse_go_template
from prodlint.syntax.go_template_tree import Body

__all__ = ["Chart", "Gap", "Given", "Rendered", "chart_at", "rendered"]

WORKLOADS = frozenset(
    (
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "ReplicaSet",
        "Job",
        "CronJob",
        "Pod",
        "Rollout",
        "DeploymentConfig",
        "ReplicationController",
    )
)
"""Kinds that start something."""

_KINDS = regex(r"(?m)^[ \t]*kind:[ \t]*[\"']?(" + "|".join(sorted(WORKLOADS)) + r")\b")
_RUNS = regex(r"(?m)^[ \t]*kind:[ \t]*[\"']?(?:Cron)?Job\b|\binitContainers:|\bmigrat|\balembic\b|\bdb upgrade\b")
# Charts that bring a database, a broker or what belongs to a cluster, by the last word of their names.
_BACKING = regex(
    r"(?:.*-)?(?:postgresql|postgres|postgresql-ha|pgbouncer|mysql|mariadb|mariadb-galera|redis|redis-cluster|valkey"
    r"|keydb|memcached|rabbitmq|kafka|zookeeper|nats|mongodb|elasticsearch|opensearch|meilisearch|typesense|clickhouse"
    r"|cassandra|minio|nginx|traefik|haproxy|prometheus|grafana|loki|jaeger|cert-manager|ingress-nginx|nginx-ingress"
    r"|external-secrets|cloudnative-pg|redis-operator|common|influxdb|etcd|consul|vault|seaweedfs|qdrant|weaviate)"
)
_FILES = 400
_TEMPLATES = (".yaml", ".yml", ".tpl", ".json", ".txt")


@record
class Given:
    """What one installation gives to a chart; `files` are paths of values files, in their order.

    `is_open` says that it gives more than the repository tells.
    """

    files: tuple[str, ...] = ()
    sets: tuple[tuple[tuple[str | int, ...], Data], ...] = ()
    release: str | None = None
    namespace: str | None = None
    is_open: bool = False


@record
class Gap:
    """A part of a chart that was not read, and why."""

    reason: str
    span: Span


@entity
class Chart:
    """A chart: its folder, its description, the templates in Helm's order, and what it needs of others."""

    folder: str
    about: Data
    templates: tuple[tuple[str, Source, Body], ...]
    values: Data
    dependencies: tuple[tuple[str, str, Span], ...]
    gaps: tuple[Gap, ...]
    span: Span


@entity
class Rendered:
    """The objects of a chart with one set of values, its gaps, and what the values leave out.

    `doubtful` holds the objects of which keys or items are not told.
    """

    manifests: tuple[Manifest, ...]
    gaps: tuple[Gap, ...]
    left_out: tuple[Span, ...]
    doubtful: frozenset[Manifest]


@per_repository
def chart_at(repository: Repository, path: str) -> Chart | None:
    """The chart of a `Chart.yaml`; None when that is no YAML."""
    documents = repository.yaml(path)
    if not documents or documents[0].root is None:
        return None
    folder = posixpath.dirname(path)
    source = documents[0].source
    gaps: list[Gap] = []
    templates = _templates(repository, folder, gaps, source)
    about: Data = {}
    values: Data = {}
    try:
        about = data_of(documents[0].root)
        held = repository.yaml(posixpath.join(folder, "values.yaml"))
        values = data_of(held[0].root) if held else {}
    except Stopped as stopped:
        gaps.append(Gap(str(stopped), source.line_span(1)))
    dependencies = []
    for name in ("Chart.yaml", "requirements.yaml"):
        for document in repository.yaml(posixpath.join(folder, name))[:1]:
            for entry in mappings_at(document.root, "dependencies"):
                title, alias = scalar_at(entry, "name"), scalar_at(entry, "alias")
                if title is not None:
                    dependencies.append((title.value, (alias or title).value, title.span))
    return Chart(
        folder,
        about if isinstance(about, dict) else {},
        tuple(templates),
        values if isinstance(values, dict) else {},
        tuple(dependencies),
        tuple(gaps),
        source.line_span(1),
    )


def _templates(repository: Repository, folder: str, gaps: list[Gap], chart: Source) -> list[tuple[str, Source, Body]]:
    """The templates of a chart in the order in which Helm fills them in: the deepest first, then the last name."""
    base = posixpath.join(folder, "templates")
    paths = [path for path in repository.paths if path.startswith(base + "/") and path.endswith(_TEMPLATES)]
    if len(paths) > _FILES:
        gaps.append(Gap("it has too many templates", chart.line_span(1)))
    found = []
    for path in sorted(paths, key=lambda one: (one.count("/"), one), reverse=True)[:_FILES]:
        source = repository.source(path)
        if source is None or posixpath.basename(path) == "NOTES.txt":
            continue
        try:
            if MARKED.search(source.text):
                raise Stopped("it holds characters of a private range")
            found.append((path, source, parse_go_template(source)))
        except (SyntaxProblem, Stopped) as problem:
            if _KINDS.search(source.text) or path.endswith(".tpl"):
                reason = problem.message if isinstance(problem, SyntaxProblem) else str(problem)
                gaps.append(Gap(reason, source.line_span(1)))
    return found


def rendered(chart: Chart, given: Given, repository: Repository) -> Rendered:
    """The objects that a chart comes to with what an installation gives."""
    gaps = list(chart.gaps)
    renderer = Renderer(FUNCTIONS)
    for _, _, body in chart.templates:
        renderer.define(body)
    try:
        context = _context(chart, given, repository)
    except Stopped as stopped:
        return Rendered((), (*gaps, Gap(str(stopped), chart.span)), (), frozenset())
    for name, _, span in chart.dependencies:
        if not _BACKING.fullmatch(name):
            gaps.append(Gap(f"it brings the chart {name}", span))
    manifests: list[Manifest] = []
    left_out: list[Span] = []
    doubtful: set[Manifest] = set()
    base = _named(chart, posixpath.join(chart.folder, "templates"))
    for path, source, body in chart.templates:
        if posixpath.basename(path).startswith("_"):
            continue
        starts = _KINDS.search(source.text) is not None
        itself = {"Name": _named(chart, path), "BasePath": base}
        try:
            filled = renderer.fill_in(source, body, {**context, "Template": itself})
        except Stopped as stopped:
            if starts or not _says_kind(source.text):
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
    return Rendered(tuple(manifests), tuple(gaps), skipped, frozenset(doubtful))


def _says_kind(text: str) -> bool:
    """Whether a template says what kind of object it is, so that the kind is known to start nothing."""
    return regex(r"(?m)^[ \t]*kind:[ \t]*[\"']?\w").search(text) is not None


def _named(chart: Chart, path: str) -> str:
    """The path of a template as Helm calls it: the name of the chart, then the path inside of it."""
    inside = path[len(chart.folder) :].lstrip("/") if chart.folder else path
    return f"{chart.about.get('name', '')}/{inside}"


_ABOUT = "name version appVersion apiVersion description type home icon deprecated kubeVersion keywords sources".split()


def _context(chart: Chart, given: Given, repository: Repository) -> dict[str, Data]:
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
    about = {f"{name[0].upper()}{name[1:]}": chart.about.get(name) for name in _ABOUT}
    about = {name: "" if value is None else value for name, value in about.items()}
    if isinstance(about["AppVersion"], float):
        about["AppVersion"] = str(about["AppVersion"])
    files = opened("a file of the chart that is not read")
    files["Get"] = lambda path: _file(chart, path, repository)
    return {
        "Values": _values(chart, given, repository),
        "Release": release,
        "Chart": about,
        "Capabilities": Hidden("the cluster tells it", ".Capabilities"),
        "Files": files,
        "Subcharts": Hidden("the charts that it brings tell it", ".Subcharts"),
    }


def _file(chart: Chart, path: Data, repository: Repository) -> Data:
    """`.Files.Get`."""
    target = posixpath.normpath(posixpath.join(chart.folder, path)) if isinstance(path, str) else ""
    source = repository.source(target) if target in repository.paths else None
    if source is None or MARKED.search(source.text) or len(source.text) > 200_000:
        return Hidden("a file of the chart that is not read", "")
    return source.text


def _values(chart: Chart, given: Given, repository: Repository) -> Data:
    """`.Values`: the chart's own, then those of each file, then what is set one by one."""
    over: Data = {}
    for path in given.files:
        documents = repository.yaml(path)
        over = _over(over, data_of(documents[0].root) if documents else {})
    for place, value in given.sets:
        with_value(over, list(place), copied(value))
    values = laid_over(chart.values, over)
    for _, alias, _ in chart.dependencies:
        held = values.get(alias)
        values[alias] = _opened(held if isinstance(held, dict) else {}, "a chart that Chart.yaml brings may set it")
    return _opened(values, "values from elsewhere may set it") if given.is_open else values


def _over(below: Data, above: Data) -> Data:
    """One file of values over another; what is `null` stays so, since it takes away what the chart has."""
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return {**below, **{key: _over(below.get(key), value) for key, value in above.items()}}


def _opened(data: Data, reason: str) -> Data:
    """Mappings that may have more keys, all the way down."""
    if not isinstance(data, dict):
        return data
    made = opened(reason)
    made.update((key, _opened(value, reason)) for key, value in data.items())
    return made
