"""Serverless Framework: the Lambda functions of a serverless.yml (platform page, 2.10).

Sources: serverless.com, "Serverless.yml Reference"; the plugins serverless-wsgi and
serverless-python-requirements.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.process import EnvDefinition, Platform, PlatformSetting, Process, Role, UnreadDeployment
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import EnvDriven, Known, Unknown, Value
from prodlint.readers import Files
from prodlint.readers.declared import mapping_at, scalar_at, scalars_of
from prodlint.regex import regex
from prodlint.syntax.word import Word
from prodlint.syntax.yaml import Mapping, Node, Scalar, Sequence

READS = Files(
    "Serverless Framework service",
    names=(
        "serverless.yml",
        "serverless.yaml",
        "serverless.*.yml",
        "serverless.ts",
        "serverless.js",
        "serverless.json",
    ),
)
_HTTP = ("http", "httpApi", "websocket", "alb")
_SETTINGS = ("runtime", "timeout", "memorySize", "reservedConcurrency", "provisionedConcurrency")
_VARIABLE = regex(r"\$\{(self|opt|sls|env|param)\s*:\s*([^,{}]*)(?:,\s*([^{}]*))?\}")
_DEPTH = 10


def read(path: str, repository: Repository) -> Iterator[Process | UnreadDeployment]:
    """A process for each function that runs Python; a service that is a program is not read."""
    source = repository.source(path)
    if source is None or "{{" in path:
        return
    if path.endswith((".ts", ".js")):
        if environment_of(path) not in (Environment.DEVELOPMENT, Environment.TEST):
            yield UnreadDeployment("a Serverless Framework service in JavaScript", source.line_span(1))
        return
    documents = repository.yaml(path)
    root = documents[0].root if documents else None
    provider = mapping_at(root, "provider")
    if not isinstance(root, Mapping) or provider is None:
        return
    service = _Service(root, provider)
    functions = root.get("functions")
    if functions is not None and not isinstance(functions, Mapping):
        # `${file(functions.yml)}`, or a list of such files.
        yield UnreadDeployment("a list of functions in another file", functions.span)
        return
    for key, body in functions.items() if isinstance(functions, Mapping) else ():
        if isinstance(key, Scalar) and isinstance(body, Mapping) and service.is_python(body):
            yield _process(key, body, service, path)


class _Service:
    """A service file: its variables are resolved as far as the file tells."""

    def __init__(self, root: Mapping, provider: Mapping) -> None:
        self.root = root
        self.provider = provider
        self.plugins = {one.value for one in scalars_of(root.get("plugins"))}

    def is_python(self, body: Mapping) -> bool:
        runtime = scalar_at(body, "runtime") or scalar_at(self.provider, "runtime")
        return runtime is not None and runtime.value.startswith("python")

    def text(self, node: Node | None, depth: int = 0) -> Value[str] | None:
        """A text with its `${…}` filled in; None when nothing is there."""
        if not isinstance(node, Scalar) or node.is_null:
            return None if node is None or isinstance(node, Scalar) else Unknown("it is computed", node.span)
        pieces: list[str] = []
        forms: list[str | None] = []
        driven = None
        at = 0
        for found in _VARIABLE.finditer(node.value):
            pieces.append(node.value[at : found.start()])
            forms.append(pieces[-1])
            at = found.end()
            value = self._resolved(found[1], found[2].strip(), found[3], node, depth)
            if isinstance(value, Unknown):
                return value
            if isinstance(value, EnvDriven):
                driven = driven or value
                pieces.append(value.default or "")
                forms.append(f"${value.name}" if value.is_variable else value.form)
            else:
                pieces.append(value.value)
                forms.append(value.value)
        rest = "".join((*pieces, node.value[at:]))
        if "${" in rest or len(rest) > 10_000:
            return Unknown("it comes from outside of the file", node.span)
        if driven is None:
            return Known(rest, node.span)
        known = [form for form in (*forms, node.value[at:]) if form is not None]
        form = "".join(known) if len(known) > len(forms) else None
        return EnvDriven(driven.name, rest, node.span, form="" if form == f"${driven.name}" else form)

    def _resolved(self, kind: str, name: str, default: str | None, node: Scalar, depth: int) -> Value[str]:
        fallback = default.strip().strip("'\"") if default is not None and "$" not in default else None
        if kind == "self" and depth < _DEPTH:
            found = self.text(self.root.path(*name.split(".")), depth + 1)
            if found is not None:
                return found
            if fallback is not None:
                return Known(fallback, node.span)
        elif kind in ("opt", "sls", "env", "param"):
            if fallback is None and (kind, name) == ("sls", "stage"):
                fallback = "dev"
            if fallback is not None:
                return EnvDriven(name, fallback, node.span)
        return Unknown("it comes from outside of the file", node.span)


def _process(key: Scalar, body: Mapping, service: _Service, path: str) -> Process:
    written = body.get("handler")
    handler = service.text(written)
    wsgi = service.text(service.root.path("custom", "wsgi", "app"))
    if isinstance(handler, Known) and handler.value.endswith("wsgi_handler.handler") and wsgi is not None:
        # serverless-wsgi calls the app that it is told.
        handler = wsgi
    return Process(
        name=key.value,
        span=written.span if written is not None else key.span,
        platform=Platform.LAMBDA,
        role=Role.WEB if any(_is_http(event) for event in _events(body)) else Role.WORKER,
        root=posixpath.dirname(path),
        variables=tuple(_variables(body, service)),
        environment=environment_of(path) or Environment.PRODUCTION,
        complete=isinstance(handler, Known),
        handler=handler,
        schedule=_schedule(body, service),
        settings=tuple(_settings(body, service)),
    )


def _events(body: Mapping) -> tuple[Node, ...]:
    events = body.get("events")
    return events.items if isinstance(events, Sequence) else ()


def _is_http(event: Node) -> bool:
    if isinstance(event, Scalar):
        return event.value in _HTTP
    return isinstance(event, Mapping) and any(event.get(name) is not None for name in _HTTP)


def _schedule(body: Mapping, service: _Service) -> Value[str] | None:
    for event in _events(body):
        if isinstance(event, Mapping) and event.get("schedule") is not None:
            return service.text(scalar_at(event, "schedule") or scalar_at(event, "schedule", "rate"))
    return None


def _variables(body: Mapping, service: _Service) -> Iterator[EnvDefinition]:
    for place in (service.provider, body):
        found = mapping_at(place, "environment")
        for key, value in found.items() if found is not None else ():
            if isinstance(key, Scalar):
                known = service.text(value)
                word = (
                    Word.of(value.text, value.span) if isinstance(value, Scalar) and _is_plain(known, value) else None
                )
                yield EnvDefinition(key.value, word, key.span)


def _is_plain(known: Value[str] | None, node: Scalar) -> bool:
    return isinstance(known, Known) and known.value == node.value


def _settings(body: Mapping, service: _Service) -> Iterator[PlatformSetting]:
    for name in _SETTINGS:
        node = body.get(name) or service.provider.get(name)
        value = service.text(node)
        if value is not None and node is not None:
            yield PlatformSetting(name, value, node.span)
    for plugin in sorted(service.plugins & {"serverless-wsgi", "serverless-python-requirements"}):
        yield PlatformSetting("plugin", Known(plugin, service.root.span), service.root.span)
