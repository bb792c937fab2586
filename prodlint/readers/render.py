"""render.yaml: the services of a Render blueprint (platform page, 2.6).

Sources: render.com/docs, "Blueprint YAML Reference".
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.backing_service import BackingService
from prodlint.deployment.command import Link, shell_form
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.process import (
    Build,
    EnvDefinition,
    Platform,
    PlatformSetting,
    Probe,
    ProbeKind,
    Process,
    Role,
    Volume,
    VolumeKind,
)
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.value import Bounded, Known, Unknown, Value
from prodlint.readers.declared import declared_number, declared_text, is_placeholder, mapping_at, mappings_at, scalar_at
from prodlint.readers.managed import managed
from prodlint.syntax.word import Word
from prodlint.syntax.yaml import Mapping

_ROLES = {"web": Role.WEB, "pserv": Role.WEB, "worker": Role.WORKER, "cron": Role.WORKER}
_CACHES = {"redis": "Redis", "keyvalue": "Valkey"}
_SETTINGS = (
    "type",
    "plan",
    "region",
    "branch",
    "autoDeploy",
    "autoDeployTrigger",
    "maxShutdownDelaySeconds",
    "initialDeployHook",
)


def read(path: str, repository: Repository) -> Iterator[Process | BackingService]:
    """A process for each service that runs code, with its build and pre-deploy commands before it; the databases."""
    documents = repository.yaml(path)
    root = documents[0].root if documents else None
    named = environment_of(path) or Environment.PRODUCTION
    yield from _services(root, _groups(root), named)
    yield from _managed(root, named)
    for project in mappings_at(root, "projects"):
        for part in mappings_at(project, "environments"):
            name = scalar_at(part, "name")
            said = environment_of(name.value) if name is not None else None
            yield from _services(part, {**_groups(root), **_groups(part)}, said or named)
            yield from _managed(part, said or named)


def _managed(node: object, environment: Environment) -> Iterator[BackingService]:
    """The databases, and the services that are caches."""
    if not isinstance(node, Mapping):
        return
    for body in mappings_at(node, "databases"):
        name, version = scalar_at(body, "name"), scalar_at(body, "postgresMajorVersion")
        if name is not None:
            told = version.value if version is not None else ""
            yield managed(name.value, "PostgreSQL", told, "Render", name.span, environment)
    for body in mappings_at(node, "services"):
        kind, name = scalar_at(body, "type"), scalar_at(body, "name")
        product = _CACHES.get(kind.value) if kind is not None else None
        if name is not None and product is not None:
            yield managed(name.value, product, "", "Render", name.span, environment)


def _groups(node: object) -> dict[str, Mapping]:
    """The groups of variables by their name."""
    found = mappings_at(node, "envVarGroups") if isinstance(node, Mapping) else ()
    return {name.value: one for one in found if (name := scalar_at(one, "name")) is not None}


def _services(node: object, groups: dict[str, Mapping], environment: Environment) -> Iterator[Process]:
    for body in mappings_at(node, "services") if isinstance(node, Mapping) else ():
        kind = scalar_at(body, "type")
        runtime = scalar_at(body, "runtime") or scalar_at(body, "env")
        if kind is not None and kind.value in _ROLES and (runtime is None or runtime.value != "static"):
            role = _ROLES[kind.value]
            yield _process(body, kind.value, runtime.value if runtime is not None else "", role, groups, environment)


def _process(
    body: Mapping, kind: str, runtime: str, role: Role, groups: dict[str, Mapping], environment: Environment
) -> Process:
    named, folder = scalar_at(body, "name"), scalar_at(body, "rootDir")
    home = normal_path(folder.value) if folder is not None else ""
    docker = runtime == "docker"
    start = scalar_at(body, "dockerCommand" if docker or runtime == "image" else "startCommand")
    before = [scalar_at(body, key) for key in ("buildCommand", "preDeployCommand")]
    image = scalar_at(body, "image", "url") if runtime == "image" else None
    variables, elsewhere = _variables(body, groups)
    schedule, health = scalar_at(body, "schedule"), scalar_at(body, "healthCheckPath")
    return Process(
        name=named.value if named is not None else kind,
        span=(start or named or body).span,
        platform=Platform.RENDER,
        role=role,
        command=shell_form(start.text, start.span) if start is not None else None,
        build=_build(body, home) if docker else None,
        image=image.value if image is not None else None,
        root=home,
        variables=variables,
        environment=environment,
        before=tuple(shell_form(one.text, one.span) for one in before if one is not None),
        complete=start is not None or docker,
        replicas=_replicas(body),
        probes=(Probe(ProbeKind.DEPLOY, health.span, path=declared_text(health)),) if health is not None else (),
        volumes=tuple(_disk(body)),
        schedule=declared_text(schedule) if schedule is not None else None,
        variables_from=elsewhere,
        settings=tuple(_settings(body)),
    )


def _build(body: Mapping, home: str) -> Build:
    dockerfile = scalar_at(body, "dockerfilePath")
    context = scalar_at(body, "dockerContext")
    return Build(
        normal_path(home, dockerfile.value if dockerfile is not None else "Dockerfile"),
        normal_path(home, context.value if context is not None else "."),
        (dockerfile or body).span,
    )


def _variables(body: Mapping, groups: dict[str, Mapping]) -> tuple[tuple[EnvDefinition, ...], tuple[Link, ...]]:
    """The variables of a service, those of its groups among them, and the groups that only the panel has.

    `generateValue`, `sync: false`, `fromDatabase` and `fromService` give a value that no file holds.
    """
    found: list[EnvDefinition] = []
    elsewhere: list[Link] = []
    for entry in mappings_at(body, "envVars"):
        group = scalar_at(entry, "fromGroup")
        held = groups.get(group.value) if group is not None else None
        if group is not None and held is None:
            elsewhere.append(Link(group.span, f"takes variables from {group.value}, which is not in this repository"))
        for one in mappings_at(held, "envVars") if held is not None else (entry,):
            key, value = scalar_at(one, "key"), scalar_at(one, "value")
            if key is not None:
                known = value is not None and not is_placeholder(value.value)
                word = Word.of(value.text, value.span) if known and value is not None else None
                given = None if word is not None else _given(one)
                is_secret = scalar_at(one, "generateValue") is not None
                found.append(EnvDefinition(key.value, word, key.span, is_secret, given))
    return tuple(found), tuple(elsewhere)


def _given(entry: Mapping) -> Unknown:
    """Who gives a variable its value."""
    place = entry.span
    for key, kind in (("fromDatabase", "database"), ("fromService", "service")):
        source = mapping_at(entry, key)
        name, part = scalar_at(source, "name"), scalar_at(source, "property") or scalar_at(source, "envVarKey")
        if source is not None:
            told = f"from the {kind} {name.value}" if name is not None else f"from a {kind}"
            told += f", {part.value}" if part is not None and part.value != "connectionString" else ""
            return Unknown(told, source.span)
    if scalar_at(entry, "generateValue") is not None:
        return Unknown("Render generates it", place)
    return Unknown("set in Render's dashboard", place)


def _replicas(body: Mapping) -> Value[int] | None:
    scaling = mapping_at(body, "scaling")
    if scaling is not None:
        least, most = (scalar_at(scaling, name) for name in ("minInstances", "maxInstances"))
        bounds = [None if one is None else declared_number(one) for one in (least, most)]
        low, high = (one.value if isinstance(one, Known) else None for one in bounds)
        return Bounded("the load decides how many run", scaling.span, low or 1, high)
    count = scalar_at(body, "numInstances")
    return declared_number(count) if count is not None else None


def _disk(body: Mapping) -> Iterator[Volume]:
    target, name = scalar_at(body, "disk", "mountPath"), scalar_at(body, "disk", "name")
    if target is not None:
        yield Volume(target.value, target.span, VolumeKind.PERSISTENT, name.value if name is not None else "")


def _settings(body: Mapping) -> Iterator[PlatformSetting]:
    for name in _SETTINGS:
        written = scalar_at(body, name)
        if written is not None:
            yield PlatformSetting(name, declared_text(written), written.span)
