"""Helm charts as their files: description, templates, values, and the charts that they bring.

Sources: the catalogue's platform page, 2.3.2; Helm, Charts and Values Files.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository, normal_path
from prodlint.readers.declared import mappings_at, scalar_at, scalars_of
from prodlint.readers.helm_data import Data, Stopped, data_of
from prodlint.readers.helm_text import MARKED
from prodlint.record import Entity, Record
from prodlint.regex import regex
from prodlint.source import Source, Span, SyntaxProblem
from prodlint.syntax.go_template import parse_go_template
from prodlint.syntax.go_template_tree import Body

__all__ = ["STARTS", "WORKLOADS", "Chart", "Dependency", "Gap", "chart_at", "values_in"]

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

STARTS = regex(r"(?m)^[ \t]*kind:[ \t]*[\"']?(" + "|".join(sorted(WORKLOADS)) + r")\b")
# Charts that bring a database, a broker or what belongs to a cluster, by the last word of their names.
_BACKING = regex(
    r"(?:.*-)?(?:postgresql|postgres|postgresql-ha|pgbouncer|mysql|mariadb|mariadb-galera|redis|redis-cluster|valkey"
    r"|keydb|memcached|rabbitmq|kafka|zookeeper|nats|mongodb|elasticsearch|opensearch|meilisearch|typesense|clickhouse"
    r"|cassandra|minio|nginx|traefik|haproxy|prometheus|grafana|loki|jaeger|cert-manager|ingress-nginx|nginx-ingress"
    r"|external-secrets|cloudnative-pg|redis-operator|common|influxdb|etcd|consul|vault|seaweedfs|qdrant|weaviate)"
)
_FILES = 400
_CHARTS = 30
_TEMPLATES = (".yaml", ".yml", ".tpl", ".json", ".txt")


class Gap(Record):
    """A part of a chart that was not read, and why."""

    reason: str
    span: Span


class Dependency(Record):
    """A chart that another brings, under the name `alias`; `path` is its Chart.yaml, None when it is not here.

    `condition` and `tags` name the values that switch it on and off.
    """

    name: str
    alias: str
    path: str | None
    span: Span
    condition: str = ""
    tags: tuple[str, ...] = ()
    exports: bool = False

    @property
    def is_backing(self) -> bool:
        """Whether it brings a database, a broker or what belongs to a cluster."""
        return _BACKING.fullmatch(self.name) is not None


class Chart(Entity):
    """A chart: its folder, its description, its templates, its values, and the charts that it brings.

    `is_open` says that its values could not be read.
    """

    folder: str
    about: dict[str, Data]
    templates: tuple[tuple[str, Source, Body], ...]
    values: dict[str, Data]
    dependencies: tuple[Dependency, ...]
    gaps: tuple[Gap, ...]
    is_open: bool
    span: Span

    @property
    def name(self) -> str:
        name = self.about.get("name")
        return name if isinstance(name, str) and name else "chart"


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
    values: Data = None
    try:
        about = data_of(documents[0].root)
        values = values_in(posixpath.join(folder, "values.yaml"), repository)
    except Stopped as stopped:
        gaps.append(Gap(str(stopped), source.line_span(1)))
    return Chart(
        folder,
        about if isinstance(about, dict) else {},
        tuple(templates),
        values or {},
        tuple(_dependencies(repository, folder)),
        tuple(gaps),
        values is None,
        source.line_span(1),
    )


def values_in(path: str, repository: Repository) -> dict[str, Data]:
    """The values of a file, none when there is no such file. Raises Stopped when they cannot be read."""
    documents = repository.yaml(path)
    if path in repository.problems:
        raise Stopped("its values cannot be read")
    values = data_of(documents[0].root) if documents else {}
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise Stopped("its values are no mapping")
    return values


def _dependencies(repository: Repository, folder: str) -> Iterator[Dependency]:
    """The charts that a chart brings: those that it lists, and those that lie in its folder `charts`."""
    inside = posixpath.join(folder, "charts")
    held = {
        posixpath.basename(path): posixpath.join(path, "Chart.yaml")
        for path in repository.inside(inside)
        if posixpath.join(path, "Chart.yaml") in repository.paths
    }
    for name in ("Chart.yaml", "requirements.yaml"):
        for document in repository.yaml(posixpath.join(folder, name))[:1]:
            for entry in list(mappings_at(document.root, "dependencies"))[:_CHARTS]:
                title, alias, place = (scalar_at(entry, key) for key in ("name", "alias", "repository"))
                if title is None:
                    continue
                path = held.pop(title.value, None)
                if place is not None and place.value.startswith("file://"):
                    local = normal_path(folder, place.value.removeprefix("file://"), "Chart.yaml")
                    path = local if local in repository.paths else path
                condition = scalar_at(entry, "condition")
                yield Dependency(
                    title.value,
                    (alias or title).value,
                    path,
                    title.span,
                    condition.value if condition is not None else "",
                    tuple(one.value for one in scalars_of(entry.get("tags"))),
                    entry.get("import-values") is not None,
                )
    for name, path in list(held.items())[:_CHARTS]:
        source = repository.source(path)
        if source is not None:
            yield Dependency(name, name, path, source.line_span(1))


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
            if STARTS.search(source.text) or path.endswith(".tpl"):
                reason = problem.message if isinstance(problem, SyntaxProblem) else str(problem)
                gaps.append(Gap(reason, source.line_span(1)))
    return found
