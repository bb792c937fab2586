"""Kubernetes objects as their files write them, and the sets in which they refer to one another.

Sources: the catalogue's platform page, 2.3; the Kubernetes API reference for `v1`, `apps/v1` and `batch/v1`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository
from prodlint.readers.declared import is_placeholder, mapping_at, mappings_at, scalar_at
from prodlint.record import Entity
from prodlint.regex import regex
from prodlint.source import Span, SyntaxProblem
from prodlint.syntax.yaml import Mapping, Node, Scalar, Sequence, parse_yaml

__all__ = [
    "AUTOSCALERS",
    "SCALED",
    "Manifest",
    "Scope",
    "configuration_name",
    "is_chart_template",
    "is_templated",
    "labels_of",
    "manifests_in",
    "manifests_of",
    "may_share",
    "scaled_by",
]

SCALED = ("Deployment", "StatefulSet", "ReplicaSet", "Rollout", "DeploymentConfig", "ReplicationController")
"""Kinds that run as many pods as `replicas` says."""

AUTOSCALERS = ("HorizontalPodAutoscaler", "ScaledObject")
"""That of Kubernetes, and that of KEDA."""

_TEMPLATES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((*SCALED, "DaemonSet", "Job"), ("spec", "template")),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "Pod": (),
}
_MARK = regex(r"\{\{|\{%|<%")
_OBJECTS = 5_000
_SERVICES = 500


class Manifest(Entity):
    """One object: its kind, its name and its body; `span` is where its name stands.

    `aliases` are the names that prefixes and suffixes make of it.
    """

    kind: str
    version: str
    name: str
    body: Mapping
    span: Span
    aliases: tuple[str, ...] = ()

    @property
    def namespace(self) -> str | None:
        found = scalar_at(self.body, "metadata", "namespace")
        return None if found is None else found.value

    @property
    def template(self) -> Mapping | None:
        """What describes its pods, None for a kind that has none."""
        path = _TEMPLATES.get(self.kind)
        if path is None:
            return None
        return mapping_at(self.body, *path) if path else self.body

    @property
    def environment(self) -> Environment | None:
        """What its labels or its namespace say of production (platform page, 2.2)."""
        for labels in ("labels", "annotations"):
            for key in ("environment", "env", "app.kubernetes.io/environment"):
                label = scalar_at(self.body, "metadata", labels, key)
                named = environment_of(label.value) if label is not None and not is_placeholder(label.value) else None
                if named is not None:
                    return named
        namespace = self.namespace
        return environment_of(namespace) if namespace is not None and not is_placeholder(namespace) else None

    def environment_within(self, said: Environment | None) -> Environment | None:
        """What it says of production as a part of a set of files; what is for developers is so as a whole."""
        own = self.environment
        return said if own is None or said in (Environment.DEVELOPMENT, Environment.TEST) else own


class Scope:
    """Objects that are applied together, so that one may refer to another by its name.

    `name` is their folder or their kustomization; `repository` holds other sets, None where they are none of ours.
    """

    def __init__(self, manifests: Iterable[Manifest], name: str, repository: Repository | None = None) -> None:
        self.name = name
        self.repository = repository
        self.manifests = tuple(manifests)
        self._named: dict[tuple[str, str], list[Manifest]] = {}
        self._services: list[tuple[Manifest, dict[str, str]]] = []
        self._autoscalers: dict[tuple[str, str], Manifest] = {}
        self._with_pods: dict[Span, bool] = {}
        for one in self.manifests:
            self._named.setdefault((one.kind, one.name), []).append(one)
            if one.kind == "Service" and one.version == "v1" and len(self._services) < _SERVICES:
                self._services.append((one, labels_of(one.body, "spec", "selector")))
            elif (target := scaled_by(one)) is not None:
                self._autoscalers[target] = one

    def find(self, kinds: tuple[str, ...], name: str, namespace: str | None) -> Manifest | None:
        """The one object of a name and of some kinds; None when there is none, or more than one."""
        found = [one for one in self.find_all(kinds, name) if may_share(one.namespace, namespace)]
        return found[0] if len(found) == 1 else None

    def find_all(self, kinds: tuple[str, ...], name: str) -> list[Manifest]:
        """The objects of a name and of some kinds, in any namespace."""
        return [one for kind in kinds for one in self._named.get((kind, name), ())]

    def services_for(self, labels: dict[str, str], namespace: str | None) -> Iterator[Manifest]:
        """The Services whose selector fits the labels of a pod."""
        for one, selector in self._services:
            if selector and may_share(one.namespace, namespace) and selector.items() <= labels.items():
                yield one

    def has_pods_of(self, service: Manifest) -> bool:
        """Whether an object of the set makes pods that the selector of a Service fits; of very many it is believed."""
        found = self._with_pods.get(service.span)
        if found is None:
            selector = labels_of(service.body, "spec", "selector")
            makers = [one for one in self.manifests if one.template is not None] if selector else []
            found = self._with_pods[service.span] = len(self._with_pods) >= _SERVICES or any(
                selector.items() <= labels_of(one.template, "metadata", "labels").items()
                for one in makers
                if may_share(one.namespace, service.namespace)
            )
        return found

    def autoscaler_of(self, manifest: Manifest) -> Manifest | None:
        """The autoscaler of the set that changes the copies of an object; None without one."""
        return self._autoscalers.get((manifest.kind, manifest.name))


def scaled_by(autoscaler: Manifest) -> tuple[str, str] | None:
    """The kind and the name of what an autoscaler changes the copies of; None for every other object."""
    if autoscaler.kind not in AUTOSCALERS:
        return None
    kind, name = (scalar_at(autoscaler.body, "spec", "scaleTargetRef", key) for key in ("kind", "name"))
    return None if name is None else (kind.value if kind is not None else "Deployment", name.value)


def may_share(one: str | None, other: str | None) -> bool:
    """Whether two objects may live in one namespace: one that is not written is given when they are applied."""
    return one is None or other is None or one == other


def labels_of(node: Node | None, *path: str) -> dict[str, str]:
    """A mapping of names to texts."""
    found = mapping_at(node, *path)
    pairs = found.items() if found is not None else ()
    return {key.value: value.value for key, value in pairs if isinstance(key, Scalar) and isinstance(value, Scalar)}


def manifests_of(roots: Iterable[Node | None]) -> Iterator[Manifest]:
    """The objects of some documents, those of lists among them."""
    waiting = list(roots)[::-1]
    count = 0
    while waiting and count < _OBJECTS:
        node = waiting.pop()
        kind, version = scalar_at(node, "kind"), scalar_at(node, "apiVersion")
        if not isinstance(node, Mapping) or kind is None or version is None:
            continue
        count += 1
        if kind.value.endswith("List") and isinstance(node.get("items"), Sequence):
            waiting.extend(reversed(tuple(mappings_at(node, "items"))))
            continue
        name = scalar_at(node, "metadata", "name") or scalar_at(node, "metadata", "generateName")
        span = (name or kind).span
        yield Manifest(kind.value, version.value, name.value if name is not None else "", node, span)


def configuration_name(name: str) -> str:
    """What the volume of a ConfigMap is called, by those that hold it and those that mount it."""
    return f"the ConfigMap {name}"


def is_templated(text: str) -> bool:
    """Whether a template engine writes the file first, so that it need not be YAML yet."""
    return _MARK.search(text) is not None


def is_chart_template(path: str, repository: Repository) -> bool:
    """Whether a file is a template or a chart of a Helm chart: it is no YAML (platform page, 2.3.2)."""
    folder = posixpath.dirname(path)
    while folder:
        parent = posixpath.dirname(folder)
        if posixpath.basename(folder) in ("templates", "charts", "crds") and f"{parent}/Chart.yaml".lstrip("/") in (
            repository.paths
        ):
            return True
        folder = parent
    return False


def manifests_in(path: str, repository: Repository) -> tuple[Manifest, ...]:
    """The objects of a file; nothing for a template that is no YAML."""
    return _manifests_in(repository, path)


@per_repository
def _manifests_in(repository: Repository, path: str) -> tuple[Manifest, ...]:
    data = repository.data(path)
    if data is None or b"apiVersion" not in data or b"kind" not in data:
        return ()
    source = repository.source(path)
    if source is None:
        return ()
    if is_templated(source.text):
        try:
            documents = parse_yaml(source)
        except SyntaxProblem:
            return ()
    else:
        documents = repository.yaml(path)
    return tuple(manifests_of(document.root for document in documents))
