"""AWS App Runner: the service of an apprunner.yaml (platform page, 2.11).

Sources: AWS App Runner developer guide, "App Runner configuration file reference".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.command import CommandLine, shell_form
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.process import EnvDefinition, Platform, PlatformSetting, Port, Process, Role
from prodlint.deployment.repository import Repository
from prodlint.readers.declared import (
    declared_number,
    declared_text,
    is_placeholder,
    mapping_at,
    mappings_at,
    scalar_at,
    scalars_of,
)
from prodlint.syntax.word import Word
from prodlint.syntax.yaml import Mapping, Scalar


def read(path: str, repository: Repository) -> Iterator[Process]:
    """The service; its build commands, and the `pre-run` that each instance runs, come before it."""
    documents = repository.yaml(path)
    root = documents[0].root if documents else None
    start = scalar_at(root, "run", "command")
    if not isinstance(root, Mapping) or start is None:
        return
    runtime, port = scalar_at(root, "runtime"), scalar_at(root, "run", "network", "port")
    yield Process(
        name=posixpath.basename(posixpath.dirname(path)) or "apprunner",
        span=start.span,
        platform=Platform.APP_RUNNER,
        role=Role.WEB,
        command=shell_form(start.text, start.span),
        root=posixpath.dirname(path),
        variables=tuple(_variables(root)),
        environment=environment_of(path) or Environment.PRODUCTION,
        before=tuple(_before(root)),
        ports=(Port(declared_number(port), port.span),) if port is not None else (),
        settings=tuple(
            PlatformSetting(name, declared_text(written), written.span)
            for name, written in (("runtime", runtime), ("runtime-version", scalar_at(root, "run", "runtime-version")))
            if written is not None
        ),
    )


def _before(root: Mapping) -> Iterator[CommandLine]:
    commands = [
        *(one for key in ("pre-build", "build", "post-build") for one in _lines(root, "build", "commands", key)),
        *_lines(root, "run", "pre-run"),
    ]
    for one in commands:
        yield shell_form(one.text, one.span)


def _lines(root: Mapping, *path: str) -> tuple[Scalar, ...]:
    return scalars_of(root.path(*path))


def _variables(root: Mapping) -> Iterator[EnvDefinition]:
    port = scalar_at(root, "run", "network", "env")
    number = scalar_at(root, "run", "network", "port")
    if port is not None and number is not None:
        yield EnvDefinition(port.value, Word.of(number.text, number.span), port.span)
    for entry in mappings_at(mapping_at(root, "run"), "env"):
        name, value = scalar_at(entry, "name"), scalar_at(entry, "value")
        if name is not None:
            known = value is not None and not is_placeholder(value.value)
            yield EnvDefinition(name.value, Word.of(value.text) if known and value is not None else None, name.span)
    for entry in mappings_at(mapping_at(root, "run"), "secrets"):
        name = scalar_at(entry, "name")
        if name is not None:
            yield EnvDefinition(name.value, None, name.span, True)
