"""Zappa and Chalice: Lambda functions whose app a settings file names (platform page, 2.10).

Sources: github.com/zappa/Zappa, "Advanced Settings"; aws.github.io/chalice, "Configuration File".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.command import Link
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.process import EnvDefinition, Platform, PlatformSetting, Process, Role, UnreadDeployment
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import Known, Value
from prodlint.readers.declared import text_of
from prodlint.source import Text
from prodlint.syntax.json import Json
from prodlint.syntax.toml import Toml
from prodlint.syntax.word import Word

_SETTINGS = (
    "runtime",
    "timeout_seconds",
    "memory_size",
    "keep_warm",
    "slim_handler",
    "django_settings",
    "lambda_timeout",
    "lambda_memory_size",
)
_VARIABLES = ("environment_variables", "aws_environment_variables")
_STAGES = 50


def read(path: str, repository: Repository) -> Iterator[Process | UnreadDeployment]:
    """A process for each stage."""
    source = repository.source(path)
    if source is None or "{{" in path:
        return
    if path.endswith((".py", ".yml", ".yaml")):
        yield UnreadDeployment("Zappa", source.line_span(1))
        return
    document = repository.toml(path) if path.endswith(".toml") else repository.json(path)
    if document is None or not isinstance(document.data, dict):
        return
    if posixpath.basename(path) == "config.json":
        yield from _chalice(document, path)
        return
    for name in list(document.data)[:_STAGES]:
        if isinstance(document.data[name], dict):
            yield _zappa(document, name, path)


def _zappa(document: Json | Toml, name: str, path: str) -> Process:
    """A stage with what it takes over from another one."""
    stages = [name]
    while (above := document.get(stages[-1], "extends")) and isinstance(above, str) and above not in stages:
        stages.append(above)
    app = _first(document, stages, "app_function")
    settings = _first(document, stages, "django_settings")
    named = app or settings
    place = (named.span if named is not None else document.key_span(name)) or document.source.line_span(1)
    variables = [one for stage in reversed(stages) for one in _variables(document, (stage,))]
    if settings is not None:
        variables.append(EnvDefinition("DJANGO_SETTINGS_MODULE", Word.of(settings), settings.span))
    remote = _first(document, stages, "remote_env")
    return Process(
        name=name,
        span=place,
        platform=Platform.LAMBDA,
        role=Role.WEB,
        root=posixpath.dirname(path),
        variables=tuple(variables),
        variables_from=() if remote is None else (Link(remote.span, f"takes variables from {remote.value}"),),
        environment=_environment(name, path),
        complete=app is not None or settings is not None,
        handler=_text(app),
        settings=tuple(one for stage in reversed(stages) for one in _settings(document, (stage,))),
    )


def _chalice(document: Json | Toml, path: str) -> Iterator[Process]:
    """Chalice serves `app` of `app.py` beside its folder."""
    stages = document.get("stages")
    for name in list(stages)[:_STAGES] if isinstance(stages, dict) else ():
        span = document.key_span("stages", name) or document.source.line_span(1)
        yield Process(
            name=name,
            span=span,
            platform=Platform.LAMBDA,
            role=Role.WEB,
            root=posixpath.dirname(posixpath.dirname(path)),
            variables=(*_variables(document, ()), *_variables(document, ("stages", name))),
            environment=_environment(name, path),
            handler=Known("app.app", span),
            settings=(*_settings(document, ()), *_settings(document, ("stages", name))),
        )


def _environment(name: str, path: str) -> Environment:
    return environment_of(path) or environment_of(name) or Environment.PRODUCTION


def _first(document: Json | Toml, stages: list[str], key: str) -> Text | None:
    return next((text for stage in stages if (text := document.text(stage, key)) is not None), None)


def _text(text: Text | None) -> Value[str] | None:
    return None if text is None else text_of(text.value, text.span)


def _variables(document: Json | Toml, path: tuple[str, ...]) -> Iterator[EnvDefinition]:
    for key in _VARIABLES:
        table = document.get(*path, key)
        for name in table if isinstance(table, dict) else ():
            place = document.key_span(*path, key, name)
            text = document.text(*path, key, name)
            if place is not None:
                yield EnvDefinition(name, None if text is None else Word.of(text), place)


def _settings(document: Json | Toml, path: tuple[str, ...]) -> Iterator[PlatformSetting]:
    for key in _SETTINGS:
        value, span = document.get(*path, key), document.span(*path, key)
        if span is not None and isinstance(value, str | int | float):
            written = str(value).lower() if isinstance(value, bool) else str(value)
            yield PlatformSetting(key, text_of(written, span), span)
