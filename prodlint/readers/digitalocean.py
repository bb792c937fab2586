"""DigitalOcean App Platform: the components of an app spec (platform page, 2.12).

Sources: docs.digitalocean.com, "App Spec Reference".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.backing_service import BackingService
from prodlint.deployment.command import shell_form
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.process import (
    Build,
    EnvDefinition,
    Platform,
    PlatformSetting,
    Port,
    Probe,
    ProbeKind,
    Process,
    Role,
)
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.value import Unknown
from prodlint.readers.declared import (
    declared_number,
    declared_text,
    is_placeholder,
    mapping_at,
    mappings_at,
    scalar_at,
)
from prodlint.readers.managed import managed
from prodlint.readers.procfile_lines import procfile_command
from prodlint.syntax.word import Word
from prodlint.syntax.yaml import Mapping

_KINDS = (("services", Role.WEB), ("workers", Role.WORKER), ("jobs", Role.WORKER))
_ENGINES = {
    "PG": "PostgreSQL",
    "MYSQL": "MySQL",
    "REDIS": "Redis",
    "VALKEY": "Valkey",
    "MONGODB": "MongoDB",
    "KAFKA": "Kafka",
    "OPENSEARCH": "OpenSearch",
}
_SETTINGS = (
    "instance_size_slug",
    "environment_slug",
    "kind",
    "github.branch",
    "github.deploy_on_push",
    "gitlab.branch",
    "gitlab.deploy_on_push",
    "termination.grace_period_seconds",
    "termination.drain_seconds",
)


def read(path: str, repository: Repository) -> Iterator[Process | BackingService]:
    """A process for each service, worker and job that runs code of the repository; the databases."""
    if path.endswith(".template.yaml") and normal_path(posixpath.dirname(path), "app.yaml") in repository.paths:
        # A deploy button's copy of the spec beside it.
        return
    documents = repository.yaml(path)
    root = documents[0].root if documents and "{{" not in path else None
    spec = mapping_at(root, "spec") or root
    if not isinstance(spec, Mapping) or (scalar_at(spec, "name") is None and ".do/" not in f"/{path}"):
        return
    yield from _databases(spec, path)
    shared = tuple(_variables(spec))
    for key, role in _KINDS:
        for body in mappings_at(spec, key):
            name = scalar_at(body, "name")
            if name is not None and mapping_at(body, "image") is None:
                yield _process(body, name.value, role, shared, path, repository)


def _process(
    body: Mapping,
    name: str,
    role: Role,
    shared: tuple[EnvDefinition, ...],
    path: str,
    repository: Repository,
) -> Process:
    folder, dockerfile = scalar_at(body, "source_dir"), scalar_at(body, "dockerfile_path")
    root = normal_path(folder.value) if folder is not None else ""
    start, build = scalar_at(body, "run_command"), scalar_at(body, "build_command")
    kind, schedule = scalar_at(body, "kind"), scalar_at(body, "schedule", "cron")
    if kind is not None and kind.value == "PRE_DEPLOY":
        role = Role.RELEASE
    count, port = scalar_at(body, "instance_count"), scalar_at(body, "http_port")
    command = shell_form(start.text, start.span) if start is not None else None
    if command is None and role is Role.WEB and dockerfile is None:
        # The buildpack starts what the Procfile says.
        command = procfile_command(repository, root, "web")
    return Process(
        name=name,
        span=start.span if start is not None else body.span,
        platform=Platform.DIGITALOCEAN,
        role=role,
        command=command,
        build=Build(normal_path(dockerfile.value), root, dockerfile.span) if dockerfile is not None else None,
        root=root,
        variables=(*shared, *_variables(body)),
        environment=_environment(path),
        before=(shell_form(build.text, build.span),) if build is not None else (),
        complete=command is not None or dockerfile is not None,
        replicas=declared_number(count) if count is not None else None,
        ports=(Port(declared_number(port), port.span),) if port is not None else (),
        probes=tuple(_probes(body)),
        schedule=declared_text(schedule) if schedule is not None else None,
        settings=tuple(_settings(body)),
    )


def _databases(spec: Mapping, path: str) -> Iterator[BackingService]:
    """The databases of the spec; the engine is PostgreSQL where it names none."""
    for body in mappings_at(spec, "databases"):
        name, engine, version = (scalar_at(body, key) for key in ("name", "engine", "version"))
        if name is not None:
            product = _ENGINES.get(engine.value.upper(), engine.value) if engine is not None else "PostgreSQL"
            told = version.value if version is not None else ""
            yield managed(name.value, product, told, "DigitalOcean", name.span, _environment(path))


def _environment(path: str) -> Environment:
    """`deploy.template.yaml` is what a deploy button starts from: production, as the folder's other files."""
    return environment_of(path.replace("deploy.template", "deploy")) or Environment.PRODUCTION


def _variables(body: Mapping) -> Iterator[EnvDefinition]:
    """Values; what binds to another component, or is a secret, is given from outside."""
    for entry in mappings_at(body, "envs"):
        key, value, scope = scalar_at(entry, "key"), scalar_at(entry, "value"), scalar_at(entry, "scope")
        if key is None or (scope is not None and scope.value == "BUILD_TIME"):
            continue
        kind = scalar_at(entry, "type")
        is_secret = kind is not None and kind.value == "SECRET"
        word = None
        if value is not None and not is_secret and not is_placeholder(value.value):
            word = Word.of(value.text, value.span)
        given = None
        if word is None:
            told = (
                "kept as a secret of the app" if is_secret or value is None else f"App Platform fills in {value.value}"
            )
            given = Unknown(told, (value or key).span)
        yield EnvDefinition(key.value, word, key.span, is_secret, given)


def _probes(body: Mapping) -> Iterator[Probe]:
    for key, kind in (("health_check", ProbeKind.DEPLOY), ("liveness_health_check", ProbeKind.LIVENESS)):
        check = mapping_at(body, key)
        if check is not None:
            path, port = scalar_at(check, "http_path"), scalar_at(check, "port")
            yield Probe(
                kind,
                (path or check).span,
                path=declared_text(path) if path is not None else None,
                port=declared_number(port) if port is not None else None,
            )


def _settings(body: Mapping) -> Iterator[PlatformSetting]:
    for name in _SETTINGS:
        written = scalar_at(body, *name.split("."))
        if written is not None:
            yield PlatformSetting(name, declared_text(written), written.span)
