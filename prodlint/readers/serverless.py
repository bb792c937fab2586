"""Serverless Framework: the Lambda functions of a serverless.yml (platform page, 2.10).

Sources: serverless.com, "Serverless.yml Reference"; the plugins serverless-wsgi and
serverless-python-requirements and serverless-lift.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from itertools import chain

from prodlint.deployment.backing_service import BackingService
from prodlint.deployment.command import CommandLine, Link, exec_form
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.process import (
    Build,
    EnvDefinition,
    Platform,
    PlatformSetting,
    Process,
    Role,
    TakenImage,
    UnreadDeployment,
)
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.value import EnvDriven, Known, Unknown, Value
from prodlint.readers.cloudformation import Template, stores
from prodlint.readers.declared import mapping_at, scalar_at, scalars_of
from prodlint.record import replace
from prodlint.regex import regex
from prodlint.syntax.word import Word
from prodlint.syntax.yaml import Mapping, Node, Scalar, Sequence

_AWS = ("aws", "localstack")
_HTTP = ("http", "httpApi", "websocket", "alb")
_SETTINGS = ("runtime", "timeout", "memorySize", "reservedConcurrency", "provisionedConcurrency")
_VARIABLE = regex(r"\$\{(self|opt|sls|env|param)\s*:\s*([^,{}]*)(?:,\s*([^{}]*))?\}")
_NAMED = regex(r"(self|opt|sls|env|param)\s*:\s*(.+)")
_CONSTRUCT = regex(r"\$\{construct:([\w-]{1,80})\.")
_OR_EMPTY = regex(r"""\s*,\s*(''|"")\s*\}\Z""")
_ANY = regex(r"\$\{[^{}]{0,80}\}?")
# What `self:` gives for a key of the provider that is not written: `dev` is the stage where none is told, the
# examples of serverless.com stand on it.
_DEFAULTS = {"provider.stage": "dev", "provider.region": "us-east-1"}
_CHOOSES_FILES = frozenset(("fileName", "usePoetry", "usePipenv", "usePyProject", "noDeploy", "layer"))
_DEPTH = 10
_LONGEST = 10_000


def read(path: str, repository: Repository) -> Iterator[Process | TakenImage | UnreadDeployment | BackingService]:
    """A process for each function that runs Python, with its databases; a service that is a program is not read."""
    source = repository.source(path)
    if source is None or "{{" in path:
        return
    if path.endswith((".ts", ".js")):
        if environment_of(path) not in (Environment.DEVELOPMENT, Environment.TEST):
            yield UnreadDeployment("a Serverless Framework service in JavaScript", source.line_span(1))
        return
    documents = repository.yaml(path)
    root = documents[0].root if documents else None
    written = root.get("provider") if isinstance(root, Mapping) else None
    if not isinstance(root, Mapping) or written is None:
        return
    provider = written if isinstance(written, Mapping) else Mapping.of([], written.span)
    name = scalar_at(provider, "name") or (written if isinstance(written, Scalar) else None)
    functions = root.get("functions")
    if name is not None and name.value not in _AWS:
        if environment_of(path) not in (Environment.DEVELOPMENT, Environment.TEST) and _may_be_python(
            provider, functions
        ):
            yield UnreadDeployment(f"the Serverless Framework's provider {name.value[:40]}", name.span)
        return
    if functions is not None and not isinstance(functions, Mapping):
        # `${file(functions.yml)}`, or a list of such files.
        yield UnreadDeployment("a list of functions in another file", functions.span)
        return
    service = _Service(root, provider)
    found = False
    for one in chain(_functions(service, path, repository), _workers(service, path)):
        found = found or isinstance(one, Process)
        yield one
    template = mapping_at(root, "resources")
    if found and template is not None:
        yield from stores(Template(template), environment_of(path) or Environment.PRODUCTION)


def _functions(service: _Service, path: str, repository: Repository) -> Iterator[Process | TakenImage]:
    """A process for each function that runs Python, and the images of functions in another language."""
    asked = _authorized_by(service)
    for key, body in service.functions.items():
        if not isinstance(key, Scalar) or not isinstance(body, Mapping):
            continue
        build = _build(body, service, path, repository)
        if build is not None and not _is_of_python(build, repository):
            # The image of another language serves this function, and nothing else.
            yield TakenImage(build.dockerfile or "", build.span)
            continue
        if service.is_python(body) or build is not None:
            process = _process(key, body, service, path)
            if build is not None:
                process = replace(process, build=build, command=_command(body), complete=True)
            caller = asked.get(key.value) if not process.events else None
            if caller is not None:
                calls = (PlatformSetting("authorizer", Known(f"of {caller.value}", caller.span), caller.span),)
                process = replace(process, role=Role.UNKNOWN, events=calls)
            yield process


def _may_be_python(provider: Mapping, functions: Node | None) -> bool:
    """Whether a service of another cloud runs Python, as far as its runtimes tell."""
    bodies = [body for _, body in functions.items()] if isinstance(functions, Mapping) else []
    runtimes = [scalar_at(one, "runtime") for one in (provider, *bodies) if isinstance(one, Mapping)]
    told = [one.value for one in runtimes if one is not None]
    return not told or any("python" in one or "$" in one for one in told)


class _Service:
    """A service file: its variables are resolved as far as the file tells."""

    def __init__(self, root: Mapping, provider: Mapping) -> None:
        self.root = root
        self.provider = provider
        plugins = root.get("plugins")
        if isinstance(plugins, Mapping):
            plugins = plugins.get("modules")
        functions = root.get("functions")
        self.functions = functions if isinstance(functions, Mapping) else Mapping.of([], root.span)
        self.plugins = {one.value for one in scalars_of(plugins)}

    def is_python(self, body: Mapping) -> bool:
        runtime = scalar_at(body, "runtime") or scalar_at(self.provider, "runtime")
        return runtime is not None and runtime.value.startswith("python")

    def text(self, node: Node | None, depth: int = 0) -> Value[str] | None:
        """A text with its `${…}` filled in; None when nothing is there."""
        if not isinstance(node, Scalar) or node.is_null:
            return None if node is None or isinstance(node, Scalar) else Unknown("it is computed", node.span)
        rest, driven = node.value, None
        form: str | None = None
        for turn in range(_DEPTH):
            # The innermost come first: `${opt:stage, ${self:provider.stage}}`.
            pieces, forms, at = [""], [""], 0
            for found in _VARIABLE.finditer(rest):
                value = self._resolved(found[1], found[2].strip(), found[3], node, depth)
                if isinstance(value, Unknown):
                    return value
                driven = driven or (value if isinstance(value, EnvDriven) else None)
                text, shown = _spelt(value)
                pieces += [rest[at : found.start()], text]
                forms += [rest[at : found.start()], shown or "${"]
                at = found.end()
            if not at or len(rest) > _LONGEST:
                break
            form = "".join((*forms, rest[at:])) if turn == 0 else None
            rest = "".join((*pieces, rest[at:]))
        outside = _ANY.search(rest)
        if outside is not None or len(rest) > _LONGEST:
            return Unknown(
                f"it is {self._elsewhere(outside[0])}" if outside is not None else "it is too long", node.span
            )
        if driven is None:
            return Known(rest, node.span)
        form = None if form is None or "${" in form else form
        return EnvDriven(driven.name, rest, node.span, form="" if form == f"${driven.name}" else form)

    def _elsewhere(self, written: str) -> str:
        """Where a variable is kept that this file does not hold: what one of its constructs makes, or its own words."""
        made = _CONSTRUCT.match(written)
        if made is not None and mapping_at(self.root, "constructs", made[1]) is not None:
            return f"made by the construct {made[1]}"
        return _OR_EMPTY.sub("}, else empty", written)

    def _at(self, name: str) -> Node | None:
        """The node behind `custom.x`; `service` is the name of the service in both of its spellings."""
        found = self.root.path(*name.split("."))
        return found.get("name") if name == "service" and isinstance(found, Mapping) else found

    def _resolved(self, kind: str, name: str, default: str | None, node: Scalar, depth: int) -> Value[str]:
        fallback = default.strip().strip("'\"") if default is not None else None
        named = _NAMED.fullmatch(default.strip()) if default is not None else None
        if named is not None and depth < _DEPTH:
            # `${opt:stage, self:provider.stage}`
            other = self._resolved(named[1], named[2].strip(), None, node, depth + 1)
            fallback = other.value if isinstance(other, Known) else getattr(other, "default", None)
        if kind == "self" and depth < _DEPTH:
            found = self.text(self._at(name), depth + 1)
            if found is not None:
                return found
            if fallback is None:
                fallback = _DEFAULTS.get(name)
            if fallback is not None:
                return Known(fallback, node.span)
        elif kind in ("opt", "sls", "env", "param"):
            if fallback is None and (kind, name) == ("sls", "stage"):
                stage = self.text(self.root.path("provider", "stage"), depth + 1) if depth < _DEPTH else None
                told = stage.value if isinstance(stage, Known) else getattr(stage, "default", None)
                fallback = told or "dev"
            if fallback is not None:
                return EnvDriven(name, fallback, node.span)
        return Unknown(f"it is {self._elsewhere(f'${{{kind}:{name[:60]}}}')}", node.span)


def _spelt(value: Known[str] | EnvDriven[str]) -> tuple[str, str | None]:
    """A value as it is by default, and as it is made of its variable."""
    if isinstance(value, Known):
        return value.value, value.value
    return value.default or "", f"${value.name}" if value.is_variable else value.form


def _authorized_by(service: _Service) -> dict[str, Scalar]:
    """The functions that are asked before others are called, each with the first of these."""
    found: dict[str, Scalar] = {}
    for key, body in service.functions.items():
        for event in _events(body) if isinstance(body, Mapping) else ():
            for name in _HTTP:
                asked = scalar_at(event, name, "authorizer") or scalar_at(event, name, "authorizer", "name")
                if asked is not None and isinstance(key, Scalar):
                    found.setdefault(asked.value, key)
    return found


def _workers(service: _Service, path: str) -> Iterator[Process]:
    """The functions that the queues of Lift call, by the names that it gives them.

    Source: serverless-lift, Queue (`serverless logs --function <construct-name>Worker`).
    """
    constructs = mapping_at(service.root, "constructs") if "serverless-lift" in service.plugins else None
    for key, body in constructs.items() if constructs is not None else ():
        worker = mapping_at(body, "worker")
        if isinstance(key, Scalar) and worker is not None and service.is_python(worker):
            process = _process(key, worker, service, path)
            calls = (PlatformSetting("queue", Known(key.value, key.span), key.span),)
            yield replace(process, name=f"{key.value}Worker", role=Role.WORKER, events=calls)


def _build(body: Mapping, service: _Service, path: str, repository: Repository) -> Build | None:
    """The image of ours that a function runs; None for one of others."""
    name = scalar_at(body, "image", "name") or scalar_at(body, "image")
    image = mapping_at(service.provider, "ecr", "images", name.value) if name is not None else None
    folder = scalar_at(image, "path")
    if name is None or image is None or folder is None:
        return None
    file = scalar_at(image, "file")
    context = normal_path(posixpath.dirname(path), folder.value)
    dockerfile = normal_path(context, file.value if file is not None else "Dockerfile")
    return Build(dockerfile, context, name.span) if dockerfile in repository.paths else None


def _is_of_python(build: Build, repository: Repository) -> bool:
    return b"python" in (repository.data(build.dockerfile or "") or b"")


def _command(body: Mapping) -> CommandLine | None:
    node = body.path("image", "command")
    words = tuple(Word.of(one.text, one.span) for one in scalars_of(node))
    return exec_form(words, node.span) if words and node is not None else None


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
        variables_from=tuple(_elsewhere(body, service)),
        environment=environment_of(path) or Environment.PRODUCTION,
        complete=isinstance(handler, Known),
        handler=handler,
        events=tuple(_calls(body, service)),
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


def _calls(body: Mapping, service: _Service) -> Iterator[PlatformSetting]:
    """What calls a function: `GET /orders` of a gateway; of a queue, a topic, a bucket its name."""
    for event in _events(body):
        if isinstance(event, Scalar):
            yield PlatformSetting(event.value, Known("", event.span), event.span)
        for key, value in event.items() if isinstance(event, Mapping) else ():
            if isinstance(key, Scalar) and key.value != "schedule":
                yield PlatformSetting(key.value, _called_for(key.value, value, service), key.span)


def _called_for(kind: str, value: Node, service: _Service) -> Value[str]:
    told = service.text(value) if isinstance(value, Scalar) else None
    if isinstance(told, Known) and kind in ("http", "httpApi"):
        verb, _, written = told.value.strip().partition(" ")
        return Known(_route(verb, "*" if verb == "*" else written), value.span)
    if told is not None:
        return told
    path, method = service.text(scalar_at(value, "path")), service.text(scalar_at(value, "method"))
    if isinstance(path, Known):
        return Known(_route(method.value if isinstance(method, Known) else "*", path.value), value.span)
    named = next((found for name in ("route", "arn", "bucket", "topicName") if (found := scalar_at(value, name))), None)
    told = service.text(named)
    return told if told is not None else Known("", value.span)


def _route(method: str, path: str) -> str:
    return f"{'ANY' if method == '*' else method.upper()} /{path.lstrip('/')}"


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
                yield EnvDefinition(key.value, word, key.span, given=None if word is not None else known)


def _elsewhere(body: Mapping, service: _Service) -> Iterator[Link]:
    """What gives a function more variables than the file lists: `${file(env.yml)}`, a plugin for the `.env`."""
    for node in (service.provider.get("environment"), body.get("environment")):
        if isinstance(node, Scalar) and node.value:
            yield Link(node.span, f"takes variables from {node.value}")
    for plugin in scalars_of(service.root.get("plugins")):
        if plugin.value == "serverless-dotenv-plugin":
            yield Link(plugin.span, "takes variables from the .env beside it")


def _is_plain(known: Value[str] | None, node: Scalar) -> bool:
    return isinstance(known, Known) and known.value == node.value


def _settings(body: Mapping, service: _Service) -> Iterator[PlatformSetting]:
    for name in _SETTINGS:
        node = body.get(name) or service.provider.get(name)
        value = service.text(node)
        if value is not None and node is not None:
            yield PlatformSetting(name, value, node.span)
    yield PlatformSetting("packages", _packages(body, service), (service.root.get("plugins") or service.root).span)


def _packages(body: Mapping, service: _Service) -> Value[str]:
    """The plugin that packs the requirements of a function: without one, the framework installs nothing."""
    place = (service.root.get("plugins") or service.root).span
    custom = mapping_at(service.root, "custom", "pythonRequirements")
    if "serverless-python-requirements" in service.plugins:
        names = [key.value for key, _ in custom.items() if isinstance(key, Scalar)] if custom is not None else []
        if body.get("module") is not None or _CHOOSES_FILES & set(names):
            return Unknown("options of serverless-python-requirements choose what it installs", place)
        return Known("serverless-python-requirements", place)
    packs = scalar_at(service.root, "custom", "wsgi", "packRequirements")
    if "serverless-wsgi" in service.plugins and (packs is None or packs.value != "false"):
        return Known("serverless-wsgi", place)
    return Known("", place)
