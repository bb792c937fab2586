"""Google App Engine: the service of an app.yaml (platform page, 2.8).

Sources: cloud.google.com, "app.yaml reference" of the standard and the flexible environment for Python.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.command import shell_form
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.process import Build, EnvDefinition, Platform, PlatformSetting, Probe, ProbeKind, Process, Role
from prodlint.deployment.repository import Repository, normal_path
from prodlint.readers.declared import declared_text, is_placeholder, mapping_at, scalar_at
from prodlint.readers.default_start import app_engine_default
from prodlint.regex import regex
from prodlint.source import Text
from prodlint.syntax.word import Word
from prodlint.syntax.yaml import Mapping, Node, Scalar

_MARKS = (
    "entrypoint",
    "env_variables",
    "instance_class",
    "handlers",
    "env",
    "service",
    "automatic_scaling",
    "basic_scaling",
    "manual_scaling",
    "runtime_config",
    "resources",
)
_SECOND_GENERATION = regex(r"python3\d{1,2}")
_SETTINGS = (
    "runtime",
    "runtime_config.runtime_version",
    "env",
    "instance_class",
    "service",
    "automatic_scaling.min_instances",
    "automatic_scaling.max_instances",
    "automatic_scaling.max_concurrent_requests",
    "manual_scaling.instances",
    "basic_scaling.max_instances",
    "resources.memory_gb",
    "resources.cpu",
)


def read(path: str, repository: Repository) -> Iterator[Process]:
    """The service of a file with a Python runtime, or with an image of its own."""
    documents = repository.yaml(path) if _may_be_one(path, repository) else ()
    root = documents[0].root if documents else None
    runtime = scalar_at(root, "runtime")
    if not isinstance(root, Mapping) or runtime is None or not runtime.value.startswith(("python", "custom")):
        return
    if posixpath.basename(path) != "app.yaml" and not any(root.get(key) is not None for key in _MARKS):
        return
    folder = posixpath.dirname(path)
    start = scalar_at(root, "entrypoint") or scalar_at(root, "entrypoint", "shell")
    dockerfile = normal_path(folder, "Dockerfile")
    kind = scalar_at(root, "env")
    command = shell_form(start.text, start.span) if start is not None else None
    default = None
    if command is None and _SECOND_GENERATION.fullmatch(runtime.value) and (kind is None or kind.value == "standard"):
        default = app_engine_default(repository, folder, runtime.span)
    build = Build(dockerfile, folder, runtime.span) if runtime.value == "custom" else None
    name = scalar_at(root, "service")
    yield Process(
        name=name.value if name is not None else "default",
        span=(start or runtime).span,
        platform=Platform.APP_ENGINE,
        role=Role.WEB,
        command=command or default,
        build=build,
        root=folder,
        variables=tuple(_variables(root.get("env_variables"))),
        environment=environment_of(path) or Environment.PRODUCTION,
        complete=start is not None or build is not None or default is not None,
        probes=tuple(_probes(root)),
        settings=tuple(_settings(root)),
        default_of="App Engine" if default is not None else "",
    )


def _may_be_one(path: str, repository: Repository) -> bool:
    """A look at the text: most files that hold `runtime:` are something else."""
    source = repository.source(path)
    if source is None or "{{" in path:
        return False
    lines = [line for line in source.text.splitlines() if line.startswith("runtime:")]
    return any(line[len("runtime:") :].strip().strip("\"'").startswith(("python", "custom")) for line in lines)


def _variables(node: Node | None) -> Iterator[EnvDefinition]:
    for key, value in node.items() if isinstance(node, Mapping) else ():
        if isinstance(key, Scalar) and isinstance(value, Scalar):
            text = Text.at("", key.span) if value.is_null else value.text
            yield EnvDefinition(key.value, None if is_placeholder(value.value) else Word.of(text), key.span)


def _probes(root: Mapping) -> Iterator[Probe]:
    for key, kind in (("liveness_check", ProbeKind.LIVENESS), ("readiness_check", ProbeKind.READINESS)):
        path = scalar_at(mapping_at(root, key), "path")
        if path is not None:
            yield Probe(kind, path.span, path=declared_text(path))


def _settings(root: Mapping) -> Iterator[PlatformSetting]:
    for name in _SETTINGS:
        keys = name.split(".")
        written = scalar_at(root, *keys)
        if written is not None:
            yield PlatformSetting(name, declared_text(written), written.span)
