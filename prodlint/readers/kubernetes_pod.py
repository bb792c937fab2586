"""Kubernetes workloads as start commands: each container of a pod with all that its objects say of it.

Sources: the catalogue's platform page, 2.3; Kubernetes API reference, PodSpec and Container.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prodlint.deployment.command import CommandLine, exec_form
from prodlint.deployment.environment import Environment
from prodlint.deployment.network import told_name
from prodlint.deployment.process import (
    Exposure,
    Platform,
    PlatformSetting,
    Port,
    Probe,
    ProbeKind,
    Process,
    Reach,
    Role,
    Volume,
    VolumeKind,
)
from prodlint.deployment.value import Known, Unknown, Value
from prodlint.readers.declared import (
    declared_number,
    declared_text,
    is_placeholder,
    mapping_at,
    mappings_at,
    scalar_at,
    scalars_of,
    text_of,
)
from prodlint.readers.kubernetes_manifest import Manifest, Scope, configuration_name, labels_of
from prodlint.readers.kubernetes_replicas import replicas_of
from prodlint.readers.kubernetes_variables import expanded, variables_of_container
from prodlint.record import Record, replace
from prodlint.source import Span
from prodlint.syntax.yaml import Mapping, Scalar

__all__ = ["processes_of"]

_POD_SETTINGS = (
    "terminationGracePeriodSeconds",
    "restartPolicy",
    "enableServiceLinks",
    "hostNetwork",
    "shareProcessNamespace",
    "securityContext.runAsUser",
    "securityContext.runAsNonRoot",
    "securityContext.fsGroup",
)
_CONTAINER_SETTINGS = (
    "imagePullPolicy",
    "resources.limits.memory",
    "resources.limits.cpu",
    "resources.requests.memory",
    "resources.requests.cpu",
    "securityContext.runAsUser",
    "securityContext.runAsNonRoot",
    "securityContext.readOnlyRootFilesystem",
    "lifecycle.preStop.exec.command",
    "lifecycle.preStop.sleep.seconds",
    "lifecycle.stopSignal",
)
_WORKLOAD_SETTINGS = (
    "strategy.type",
    "updateStrategy.type",
    "backoffLimit",
    "concurrencyPolicy",
    "suspend",
    "minReadySeconds",
)
_PROBES = (
    ("livenessProbe", ProbeKind.LIVENESS),
    ("readinessProbe", ProbeKind.READINESS),
    ("startupProbe", ProbeKind.STARTUP),
)
_VOLUMES = (
    ("persistentVolumeClaim", VolumeKind.PERSISTENT),
    ("nfs", VolumeKind.PERSISTENT),
    ("ephemeral", VolumeKind.EPHEMERAL),
    ("emptyDir", VolumeKind.EPHEMERAL),
    ("configMap", VolumeKind.CONFIGURATION),
    ("downwardAPI", VolumeKind.CONFIGURATION),
    ("secret", VolumeKind.SECRET),
    ("hostPath", VolumeKind.HOST),
)
_CONTAINERS = 100


class _Pod(Record):
    """What the containers of one pod share: `led` are the ports of the Services that lead to it.

    Several of them, where it is `shared`, run as long as it does.
    """

    manifest: Manifest
    body: Mapping
    scope: Scope
    labels: tuple[tuple[str, str], ...]
    environment: Environment | None
    led: tuple[Exposure, ...]
    shared: bool


def processes_of(
    manifest: Manifest, scope: Scope, environment: Environment | None = None, platform: Platform = Platform.KUBERNETES
) -> Iterator[Process]:
    """A process for each container of a workload; `environment` is what the set of files says of production."""
    template = manifest.template
    body = mapping_at(template, "spec")
    if template is None or body is None:
        return
    labels = tuple(labels_of(template, "metadata", "labels").items())
    containers = list(mappings_at(body, "containers"))[:_CONTAINERS]
    first = list(mappings_at(body, "initContainers"))[:_CONTAINERS]
    lasting = [*containers, *(one for one in first if _is_sidecar(one))]
    led: tuple[Exposure, ...] = ()
    if manifest.kind not in ("Job", "CronJob"):
        ports = tuple(port for one in lasting for port in _ports(one))
        led = tuple(_exposures(scope.services_for(dict(labels), manifest.namespace), ports))
    said = manifest.environment_within(environment)
    pod = _Pod(manifest, body, scope, labels, said, led, len(lasting) > 1)
    for container in first:
        process = _process(container, pod, False, platform)
        yield process if _is_sidecar(container) else replace(process, role=Role.RELEASE, exposures=(), reach=Reach())
    for container in containers:
        yield _process(container, pod, len(containers) == 1, platform)


def _is_sidecar(container: Mapping) -> bool:
    """Whether an init container stays beside the others."""
    restart = scalar_at(container, "restartPolicy")
    return restart is not None and restart.value == "Always"


def _process(container: Mapping, pod: _Pod, is_only: bool, platform: Platform) -> Process:
    manifest = pod.manifest
    named = scalar_at(container, "name")
    image = scalar_at(container, "image")
    variables = variables_of_container(container, pod.scope, manifest.namespace)
    entrypoint = _command(container, "command", variables.names)
    command = _command(container, "args", variables.names)
    directory = scalar_at(container, "workingDir")
    ports = tuple(_ports(container))
    exposures = tuple(one for one in pod.led if not pod.shared or _leads_to(one, ports))
    declared = command or entrypoint
    schedule = scalar_at(manifest.body, "spec", "schedule") if manifest.kind == "CronJob" else None
    user = scalar_at(container, "securityContext", "runAsUser") or scalar_at(pod.body, "securityContext", "runAsUser")
    return Process(
        name=_name(manifest, named, is_only),
        span=_first_span(declared, named, image, container),
        declaration=_first_span(None, named, image, container),
        platform=platform,
        role=_role(manifest, container, ports, exposures),
        command=command,
        entrypoint=entrypoint,
        image=image.value if image is not None else None,
        image_at=image.span if image is not None else None,
        directory=directory.value if directory is not None and not is_placeholder(directory.value) else None,
        variables=variables.definitions,
        environment=pod.environment,
        complete=_is_complete(container, entrypoint, command),
        replicas=replicas_of(manifest, pod.scope),
        ports=ports,
        exposures=exposures,
        probes=tuple(_probes(container, ports, variables.names)),
        volumes=tuple(_volumes(container, pod)),
        schedule=declared_text(schedule) if schedule is not None else None,
        user=declared_text(user) if user is not None else None,
        variables_from=variables.elsewhere,
        settings=tuple(_settings(container, pod)),
        reach=_reach(pod, container),
    )


def _reach(pod: _Pod, container: Mapping) -> Reach:
    """What dials the pod: by the names of its Services; its containers share one address and some volumes."""
    services = pod.scope.services_for(dict(pod.labels), pod.manifest.namespace)
    place = pod.manifest.span
    machine = f"{place.path}:{place.line}:{pod.manifest.name}"
    volumes = tuple(_shared(container, pod, machine))
    names = tuple(one.name for one in services)
    led = pod.led if pod.shared else ()
    return Reach(pod.scope.name, names, machine, volumes, has_company=pod.shared, exposures=led)


def _shared(container: Mapping, pod: _Pod, machine: str) -> Iterator[Volume]:
    """The ConfigMaps that a container mounts, and the folders that it shares with others of its pod."""
    sources: dict[str, tuple[str, VolumeKind]] = {}
    for entry in mappings_at(pod.body, "volumes"):
        name, configuration = scalar_at(entry, "name"), scalar_at(entry, "configMap", "name")
        if name is not None and configuration is not None:
            sources[name.value] = (configuration_name(configuration.value), VolumeKind.CONFIGURATION)
        elif name is not None and entry.get("emptyDir") is not None:
            sources[name.value] = (f"{machine} {name.value}", VolumeKind.EPHEMERAL)
    for entry in mappings_at(container, "volumeMounts"):
        name, target = scalar_at(entry, "name"), scalar_at(entry, "mountPath")
        if name is not None and target is not None and name.value in sources:
            source, kind = sources[name.value]
            yield Volume(target.value, target.span, kind, source)


def _name(manifest: Manifest, named: Scalar | None, is_only: bool) -> str:
    if is_only or named is None:
        return manifest.name or manifest.kind
    return f"{manifest.name}/{named.value}"


def _first_span(declared: CommandLine | None, named: Scalar | None, image: Scalar | None, container: Mapping) -> Span:
    for one in (declared, named, image):
        if one is not None:
            return one.span
    return container.span


def _role(manifest: Manifest, container: Mapping, ports: tuple[Port, ...], exposures: tuple[Exposure, ...]) -> Role:
    """What a container is for, as far as its objects say (platform page, 2.3, Role)."""
    if manifest.kind == "Job":
        return Role.RELEASE
    if manifest.kind == "CronJob":
        return Role.WORKER
    is_asked = any(mapping_at(container, key, "httpGet") is not None for key, _ in _PROBES)
    return Role.WEB if ports or exposures or is_asked else Role.UNKNOWN


def _command(container: Mapping, key: str, names: frozenset[str]) -> CommandLine | None:
    """`command` or `args`: words that no shell reads."""
    node = container.get(key)
    words = tuple(expanded(one.text, names) for one in scalars_of(node) if not one.is_null)
    return exec_form(words, node.span) if node is not None and words else None


def _is_complete(container: Mapping, entrypoint: CommandLine | None, command: CommandLine | None) -> bool:
    """Whether what is written is what starts: no template engine writes a part of it."""
    if isinstance(container.get("command"), Scalar) or isinstance(container.get("args"), Scalar):
        return False
    written = [line.written for line in (entrypoint, command) if line is not None]
    return not any("{{" in one or "{%" in one for one in written)


def _ports(container: Mapping) -> Iterator[Port]:
    for entry in mappings_at(container, "ports"):
        number, name = scalar_at(entry, "containerPort"), scalar_at(entry, "name")
        if number is not None:
            yield Port(declared_number(number), number.span, name.value if name is not None else "")


def _port(written: Scalar, ports: tuple[Port, ...]) -> Value[int]:
    """A port as a number or by the name that a container gives it."""
    number = declared_number(written)
    if isinstance(number, Known) or is_placeholder(written.value):
        return number
    named = [one for one in ports if one.name == written.value]
    return named[0].number if named else Unknown(f"no port is named {written.value}", written.span)


def _leads_to(exposure: Exposure, ports: tuple[Port, ...]) -> bool:
    """Whether a Service leads to one of the ports that a container declares; who listens there is asked later."""
    target = exposure.target
    return isinstance(target, Known) and any(
        isinstance(one.number, Known) and one.number.value == target.value for one in ports
    )


def _exposures(services: Iterable[Manifest], ports: tuple[Port, ...]) -> Iterator[Exposure]:
    """The ports of the Services that select a pod; its containers share their network, and the names of their ports."""
    for service in services:
        kind = scalar_at(service.body, "spec", "type")
        address = scalar_at(service.body, "spec", "clusterIP")
        if (kind is not None and kind.value == "ExternalName") or (address is not None and address.value == "None"):
            continue
        for entry in mappings_at(service.body, "spec", "ports"):
            port = scalar_at(entry, "port")
            if port is None:
                continue
            written = scalar_at(entry, "targetPort") or port
            target = _port(written, ports)
            called = scalar_at(entry, "name")
            name = called.value if called is not None else ""
            yield Exposure(f"the Service {told_name(service.name)}", declared_number(port), target, written.span, name)


def _probes(container: Mapping, ports: tuple[Port, ...], names: frozenset[str]) -> Iterator[Probe]:
    for key, kind in _PROBES:
        probe = mapping_at(container, key)
        place = container.key(key)
        if probe is None or place is None:
            continue
        asked = mapping_at(probe, "httpGet")
        dialled = asked or mapping_at(probe, "tcpSocket") or mapping_at(probe, "grpc")
        port = scalar_at(dialled, "port")
        number = _port(port, ports) if port is not None else None
        if asked is not None:
            path, scheme = scalar_at(asked, "path"), scalar_at(asked, "scheme")
            yield Probe(
                kind,
                (path or place).span,
                path=declared_text(path) if path is not None else Known("/", place.span),
                port=number,
                scheme=scheme.value.lower() if scheme is not None else "http",
                headers=tuple(_headers(asked)),
            )
        elif dialled is not None:
            yield Probe(kind, place.span, port=number)
        elif (command := mapping_at(probe, "exec")) is not None:
            yield Probe(kind, place.span, command=_command(command, "command", names))


def _headers(asked: Mapping) -> Iterator[tuple[str, str]]:
    for entry in mappings_at(asked, "httpHeaders"):
        name, value = scalar_at(entry, "name"), scalar_at(entry, "value")
        if name is not None and value is not None:
            yield name.value, value.value


def _volumes(container: Mapping, pod: _Pod) -> Iterator[Volume]:
    kinds: dict[str, VolumeKind] = {}
    for entry in mappings_at(pod.body, "volumes"):
        name = scalar_at(entry, "name")
        if name is not None:
            kind = next((kind for key, kind in _VOLUMES if entry.get(key) is not None), VolumeKind.UNKNOWN)
            kinds[name.value] = kind
    for entry in mappings_at(pod.manifest.body, "spec", "volumeClaimTemplates"):
        name = scalar_at(entry, "metadata", "name")
        if name is not None:
            kinds[name.value] = VolumeKind.PERSISTENT
    for entry in mappings_at(container, "volumeMounts"):
        name, target = scalar_at(entry, "name"), scalar_at(entry, "mountPath")
        if name is None or target is None:
            continue
        read_only = scalar_at(entry, "readOnly")
        kind = kinds.get(name.value, VolumeKind.UNKNOWN)
        yield Volume(target.value, target.span, kind, name.value, read_only is not None and read_only.value == "true")


def _settings(container: Mapping, pod: _Pod) -> Iterator[PlatformSetting]:
    workload = mapping_at(pod.manifest.body, "spec")
    places = ((workload, _WORKLOAD_SETTINGS), (pod.body, _POD_SETTINGS), (container, _CONTAINER_SETTINGS))
    for body, names in places:
        for name in names:
            path = name.split(".")
            written = scalar_at(body, *path)
            words = scalars_of(body.path(*path)) if body is not None else ()
            if written is not None:
                yield PlatformSetting(name, declared_text(written), written.span)
            elif words:
                text = " ".join(word.value for word in words)
                yield PlatformSetting(name, text_of(text, words[0].span), words[0].span.to(words[-1].span))
