"""AWS Lambda functions of SAM and CloudFormation templates (platform page, 2.10).

Sources: AWS SAM specification, `AWS::Serverless::Function` and `Globals`; `AWS::Lambda::Function`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.backing_service import BackingService
from prodlint.deployment.command import CommandLine, exec_form
from prodlint.deployment.environment import Environment, environment_of_template
from prodlint.deployment.process import Build, EnvDefinition, Platform, PlatformSetting, Process, Role, UnreadDeployment
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.value import Known, Value
from prodlint.readers.cloudformation import Template, stores, text
from prodlint.readers.declared import mapping_at, scalar_at, scalars_of
from prodlint.syntax.word import Word
from prodlint.syntax.yaml import Mapping, Node, Scalar, Sequence

_HTTP = ("Api", "HttpApi")
_SETTINGS = ("Runtime", "Timeout", "MemorySize", "PackageType", "CodeUri", "ReservedConcurrentExecutions")


def read(path: str, repository: Repository) -> Iterator[Process | UnreadDeployment | BackingService]:
    """A process for each function that runs Python, and the databases and queues beside them."""
    if "{{" in path or ".aws-sam/" in f"/{path}":
        return
    documents = repository.yaml(path)
    root = documents[0].root if documents else None
    if not isinstance(root, Mapping) or mapping_at(root, "Resources") is None:
        return
    template = Template(root)
    shared = mapping_at(root, "Globals", "Function")
    found = False
    for key, body in template.resources("AWS::Serverless::Function", "AWS::Lambda::Function"):
        properties = mapping_at(body, "Properties")
        if properties is not None:
            function = _Function(key, body, properties, shared, template, posixpath.dirname(path))
            if function.is_python:
                found = True
                yield function.process(path, repository)
    if found:
        yield from stores(template, environment_of_template(path) or Environment.PRODUCTION)


class _Function:
    """One function: its own properties over those that all functions of the template share."""

    def __init__(
        self,
        key: Scalar,
        body: Mapping,
        properties: Mapping,
        shared: Mapping | None,
        template: Template,
        folder: str,
    ) -> None:
        self.key = key
        self.body = body
        self.properties = properties
        self.shared = shared
        self.template = template
        self.folder = folder

    def node(self, *path: str) -> Node | None:
        own = self.properties.path(*path)
        if own is None and self.shared is not None:
            return self.shared.path(*path)
        return own

    def value(self, *path: str) -> Value[str] | None:
        return self.template.value(self.node(*path))

    @property
    def is_image(self) -> bool:
        return text(self.value("PackageType")) == "Image"

    @property
    def is_python(self) -> bool:
        runtime = text(self.value("Runtime"))
        return (runtime is not None and runtime.startswith("python")) or self.is_image

    def process(self, path: str, repository: Repository) -> Process:
        handler = None if self.is_image else self.value("Handler")
        command = self._command("Command")
        root = self._root(repository)
        span = command.span if command is not None else handler.span if handler is not None else None
        return Process(
            name=self.key.value,
            span=span or self.key.span,
            platform=Platform.LAMBDA,
            role=Role.WEB if self._is_web() else Role.WORKER,
            command=command,
            entrypoint=self._command("EntryPoint"),
            build=self._build(),
            root=root if root is not None else self.folder,
            variables=tuple(self._variables()),
            environment=environment_of_template(path) or Environment.PRODUCTION,
            complete=handler is not None or self.is_image,
            handler=handler,
            events=tuple(self._events()),
            settings=tuple(self._settings()),
        )

    def _command(self, key: str) -> CommandLine | None:
        node = self.node("ImageConfig", key) if self.is_image else None
        words = tuple(Word.of(one.text, one.span) for one in scalars_of(node))
        return exec_form(words, node.span) if words and node is not None else None

    def _root(self, repository: Repository) -> str | None:
        """The folder of the code: `CodeUri`, by default the folder of the template."""
        written = text(self.value("CodeUri"))
        if written is None or "://" in written:
            return None
        folder = normal_path(self.folder, written)
        return folder if folder in repository.folders else None

    def _build(self) -> Build | None:
        if not self.is_image:
            return None
        written = scalar_at(self.body, "Metadata", "Dockerfile")
        context = scalar_at(self.body, "Metadata", "DockerContext")
        target = scalar_at(self.body, "Metadata", "DockerBuildTarget")
        if written is None and context is None:
            return None
        folder = normal_path(self.folder, context.value if context is not None else ".")
        dockerfile = normal_path(folder, written.value if written is not None else "Dockerfile")
        return Build(dockerfile, folder, (written or context or self.key).span, target.value if target else None)

    def _is_web(self) -> bool:
        """Whether a gateway or an address of its own calls it."""
        if self.node("FunctionUrlConfig") is not None:
            return True
        events = self.node("Events")
        kinds = [scalar_at(one, "Type") for _, one in events.items()] if isinstance(events, Mapping) else []
        return any(kind is not None and kind.value in _HTTP for kind in kinds)

    def _events(self) -> Iterator[PlatformSetting]:
        """What calls it: the method and path of a gateway, the schedule, else the kind alone."""
        events = self.node("Events")
        for _, one in events.items() if isinstance(events, Mapping) else ():
            kind = scalar_at(one, "Type")
            if kind is None:
                continue
            properties = mapping_at(one, "Properties")
            path, method = scalar_at(properties, "Path"), scalar_at(properties, "Method")
            schedule = scalar_at(properties, "Schedule") or scalar_at(properties, "ScheduleExpression")
            if kind.value in _HTTP:
                shown = f"{(method.value if method is not None else 'any').upper()} {path.value if path else '/*'}"
                yield PlatformSetting("http", Known(shown, one.span), one.span)
            else:
                yield PlatformSetting(kind.value, Known(schedule.value if schedule else "", one.span), one.span)

    def _variables(self) -> Iterator[EnvDefinition]:
        places = (self.shared, self.properties)
        for place in places:
            found = mapping_at(place, "Environment", "Variables")
            for key, value in found.items() if found is not None else ():
                if isinstance(key, Scalar):
                    known = self.template.value(value)
                    is_written = isinstance(value, Scalar) and isinstance(known, Known) and known.value == value.value
                    word = Word.of(value.text, value.span) if is_written and isinstance(value, Scalar) else None
                    yield EnvDefinition(key.value, word, key.span, given=None if word is not None else known)

    def _settings(self) -> Iterator[PlatformSetting]:
        for name in _SETTINGS:
            value = self.value(name)
            if value is not None:
                yield PlatformSetting(name, value, value.span or self.key.span)
        layers = self.node("Layers")
        for layer in layers.items if isinstance(layers, Sequence) else ():
            written = self.template.value(layer)
            if written is not None:
                yield PlatformSetting("Layers", written, layer.span)
