"""render.yaml: the services of a Render blueprint (platform page, 2.6)."""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.command import shell_form
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.process import Build, EnvDefinition, Platform, Process, Role
from prodlint.deployment.repository import Repository, normal_path
from prodlint.readers import Files
from prodlint.syntax.word import Word
from prodlint.syntax.yaml import Mapping, Node, Scalar, Sequence

READS = Files("Render blueprint", names=("render.yaml", "render.yml"))
_ROLES = {"web": Role.WEB, "pserv": Role.WEB, "worker": Role.WORKER, "cron": Role.WORKER}


def read(path: str, repository: Repository) -> Iterator[Process]:
    """A process for each service that runs code, with its build and pre-deploy commands before it."""
    documents = repository.yaml(path)
    root = documents[0].root if documents else None
    services = root.get("services") if isinstance(root, Mapping) else None
    for body in services.items if isinstance(services, Sequence) else ():
        kind = _scalar(body, "type")
        if not isinstance(body, Mapping) or kind is None or kind.value not in _ROLES:
            continue
        runtime = _scalar(body, "runtime") or _scalar(body, "env")
        if runtime is not None and runtime.value == "static":
            continue
        name = _scalar(body, "name") or kind
        folder = _scalar(body, "rootDir")
        home = normal_path(folder.value) if folder is not None else ""
        docker = runtime is not None and runtime.value == "docker"
        start = _scalar(body, "dockerCommand" if docker else "startCommand")
        before = [_scalar(body, key) for key in ("buildCommand", "preDeployCommand")]
        yield Process(
            name=name.value,
            span=(start or name).span,
            platform=Platform.RENDER,
            role=_ROLES[kind.value],
            command=shell_form(start.text, start.span) if start is not None else None,
            build=_build(body, home) if docker else None,
            root=home,
            variables=tuple(_variables(body.get("envVars"))),
            environment=environment_of(path) or Environment.PRODUCTION,
            before=tuple(shell_form(one.text, one.span) for one in before if one is not None),
            complete=start is not None or docker,
        )


def _scalar(node: Node, key: str) -> Scalar | None:
    value = node.get(key) if isinstance(node, Mapping) else None
    return value if isinstance(value, Scalar) and not value.is_null else None


def _build(body: Mapping, home: str) -> Build:
    dockerfile = _scalar(body, "dockerfilePath")
    context = _scalar(body, "dockerContext")
    return Build(
        normal_path(home, dockerfile.value if dockerfile is not None else "Dockerfile"),
        normal_path(home, context.value if context is not None else "."),
        (dockerfile or body).span,
    )


def _variables(node: Node | None) -> Iterator[EnvDefinition]:
    for item in node.items if isinstance(node, Sequence) else ():
        key = _scalar(item, "key")
        value = _scalar(item, "value")
        if key is not None:
            yield EnvDefinition(key.value, None if value is None else Word.of(value.text), key.span)
