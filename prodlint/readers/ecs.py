"""Amazon ECS: the containers of a task definition, as JSON or in a CloudFormation template (platform page, 2.11).

Sources: Amazon ECS developer guide, "Task definition parameters"; `AWS::ECS::TaskDefinition`.
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.command import CommandLine, Link, exec_form, shell_form
from prodlint.deployment.environment import Environment, environment_of, environment_of_template
from prodlint.deployment.process import (
    EnvDefinition,
    Platform,
    PlatformSetting,
    Port,
    Probe,
    ProbeKind,
    Process,
    Role,
    Volume,
    VolumeKind,
)
from prodlint.deployment.repository import Repository
from prodlint.readers.cloudformation import Template
from prodlint.readers.declared import (
    declared_number,
    declared_text,
    is_placeholder,
    mapping_at,
    mappings_at,
    scalar_at,
    scalars_of,
)
from prodlint.regex import regex
from prodlint.source import Source, SyntaxProblem
from prodlint.syntax.word import Word
from prodlint.syntax.yaml import Document, Mapping, Node, Scalar, parse_yaml

# The schemas of the API, which SDKs bring along by the megabyte, have the name before an object.
_LIST = regex(rb"""ontainerDefinitions["']?[ \t]*:\s*[^\s{]""")
_SETTINGS = ("stopTimeout", "essential", "memory", "memoryReservation", "cpu", "user", "readonlyRootFilesystem")


def read(path: str, repository: Repository) -> Iterator[Process]:
    """A process for each container of each task."""
    if not _LIST.search(repository.data(path) or b""):
        return
    source = repository.source(path)
    documents = _documents(path, source, repository) if source is not None and "{{" not in path else ()
    root = documents[0].root if documents else None
    if not isinstance(root, Mapping):
        return
    environment = environment_of(path)
    for task in (root, mapping_at(root, "taskDefinition")):
        if task is not None:
            yield from _task(task, "", environment)
    if mapping_at(root, "Resources") is not None:
        for key, body in Template(root).resources("AWS::ECS::TaskDefinition"):
            properties = mapping_at(body, "Properties")
            if properties is not None:
                yield from _task(properties, key.value, environment_of_template(path))


def _documents(path: str, source: Source, repository: Repository) -> tuple[Document, ...]:
    """JSON is YAML but for its tabs; a file with template marks need not be either."""
    if "{{" in source.text or "<%" in source.text:
        return ()
    if not path.endswith(".json"):
        return repository.yaml(path)
    try:
        return parse_yaml(source)
    except SyntaxProblem:
        return ()


def _get(body: Node | None, name: str) -> Node | None:
    """A field by its name in the API, or by the one of CloudFormation."""
    if not isinstance(body, Mapping):
        return None
    found = body.get(name)
    return body.get(name[0].upper() + name[1:]) if found is None else found


def _scalar(body: Node | None, name: str) -> Scalar | None:
    found = _get(body, name)
    return found if isinstance(found, Scalar) and not found.is_null else None


def _items(body: Mapping, name: str) -> Iterator[Mapping]:
    yield from mappings_at(body, name)
    yield from mappings_at(body, name[0].upper() + name[1:])


def _task(task: Mapping, key: str, environment: Environment | None) -> Iterator[Process]:
    family = _scalar(task, "family")
    name = family.value if family is not None and not is_placeholder(family.value) else key
    containers = list(_items(task, "containerDefinitions"))[:50]
    for container in containers:
        yield _process(container, name, len(containers) == 1, environment)


def _process(container: Mapping, family: str, is_only: bool, environment: Environment | None) -> Process:
    named, image = _scalar(container, "name"), _scalar(container, "image")
    command, entrypoint = _command(container, "command"), _command(container, "entryPoint")
    declared = command or entrypoint
    own = named.value if named is not None else family
    directory = _scalar(container, "workingDirectory")
    user = _scalar(container, "user")
    ports = tuple(_ports(container))
    span = declared.span if declared is not None else (named or image or container).span
    return Process(
        name=own if is_only or not family else f"{family}/{own}",
        span=span,
        platform=Platform.ECS,
        role=Role.WEB if ports else Role.UNKNOWN,
        command=command,
        entrypoint=entrypoint,
        image=image.value if image is not None else None,
        directory=directory.value if directory is not None else None,
        variables=tuple(_variables(container)),
        environment=environment,
        ports=ports,
        probes=tuple(_probes(container)),
        volumes=tuple(_volumes(container)),
        user=declared_text(user) if user is not None else None,
        variables_from=tuple(_files(container)),
        settings=tuple(_settings(container)),
    )


def _command(container: Mapping, name: str) -> CommandLine | None:
    node = _get(container, name)
    words = tuple(Word.of(one.text, one.span) for one in scalars_of(node) if not one.tag.startswith("!"))
    return exec_form(words, node.span) if words and node is not None and len(words) == len(scalars_of(node)) else None


def _ports(container: Mapping) -> Iterator[Port]:
    for entry in _items(container, "portMappings"):
        number, name = _scalar(entry, "containerPort"), _scalar(entry, "name")
        if number is not None:
            yield Port(declared_number(number), number.span, name.value if name is not None else "")


def _variables(container: Mapping) -> Iterator[EnvDefinition]:
    for field, is_secret in (("environment", False), ("secrets", True)):
        for entry in _items(container, field):
            name, value = _scalar(entry, "name"), _scalar(entry, "value")
            if name is None:
                continue
            known = (
                value is not None
                and not is_secret
                and not value.tag.startswith("!")
                and not is_placeholder(value.value)
            )
            word = Word.of(value.text, value.span) if known and value is not None else None
            yield EnvDefinition(name.value, word, name.span, is_secret)


def _files(container: Mapping) -> Iterator[Link]:
    for entry in _items(container, "environmentFiles"):
        value = _scalar(entry, "value")
        if value is not None:
            yield Link(value.span, f"takes variables from {value.value}, which is not in this repository")


def _probes(container: Mapping) -> Iterator[Probe]:
    """`["CMD-SHELL", "curl …"]`, or `["CMD", …]`."""
    check = _get(container, "healthCheck")
    words = scalars_of(_get(check, "command"))
    if check is None or not words:
        return
    command = None
    if words[0].value == "CMD-SHELL" and len(words) > 1:
        command = shell_form(words[1].text, words[1].span)
    else:
        rest = words[1:] if words[0].value == "CMD" else words
        command = exec_form(tuple(Word.of(one.text, one.span) for one in rest), check.span) if rest else None
    yield Probe(ProbeKind.LIVENESS, check.span, command=command)


def _volumes(container: Mapping) -> Iterator[Volume]:
    for entry in _items(container, "mountPoints"):
        target, name = _scalar(entry, "containerPath"), _scalar(entry, "sourceVolume")
        read_only = _scalar(entry, "readOnly")
        if target is not None:
            is_read_only = read_only is not None and read_only.value == "true"
            label = name.value if name is not None else ""
            yield Volume(target.value, target.span, VolumeKind.UNKNOWN, label, is_read_only)


def _settings(container: Mapping) -> Iterator[PlatformSetting]:
    for name in _SETTINGS:
        written = _scalar(container, name)
        if written is not None:
            yield PlatformSetting(name, declared_text(written), written.span)
    init = scalar_at(_get(container, "linuxParameters"), "initProcessEnabled")
    if init is not None:
        yield PlatformSetting("initProcessEnabled", declared_text(init), init.span)
