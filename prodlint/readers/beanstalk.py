"""Elastic Beanstalk: what `.ebextensions` set and run before a new version serves (platform page, 2.11).

Sources: AWS Elastic Beanstalk developer guide, "Customizing software on Linux servers", "Python platform
options" and "Buildfile and Procfile".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.command import CommandLine, exec_form, shell_form
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.memo import per_repository
from prodlint.deployment.process import EnvDefinition, Platform, PlatformSetting, Probe, ProbeKind, Process, Role
from prodlint.deployment.repository import Repository, normal_path
from prodlint.readers.declared import declared_text, is_placeholder, mapping_at, mappings_at, scalar_at, scalars_of
from prodlint.readers.default_start import beanstalk_default
from prodlint.readers.procfile_lines import procfile_command
from prodlint.regex import regex
from prodlint.source import Span
from prodlint.syntax.word import Word
from prodlint.syntax.yaml import Mapping, Node, Scalar

_PYTHON = "aws:elasticbeanstalk:container:python"
_VARIABLES = "aws:elasticbeanstalk:application:environment"
_NUMBERS = (("NumProcesses", "1"), ("NumThreads", "15"))
_TARGET = regex(r"[\w./-]+:[\w.]+")
_PROCESS = "aws:elasticbeanstalk:environment:process:default"
_KEPT = (_PYTHON, _PROCESS, "aws:elasticbeanstalk:command", "aws:elasticbeanstalk:environment", "aws:autoscaling:asg")


def read(path: str, repository: Repository) -> Iterator[Process]:
    """The web process of the application that the folder of these files belongs to: once for all of them."""
    folder = posixpath.dirname(posixpath.dirname(path))
    source = repository.source(path)
    if source is None or "{{" in path or path not in _files(repository, folder)[:1]:
        return
    bodies = [(one, root) for one in _files(repository, folder) if (root := _root(one, repository)) is not None]
    options = [option for _, root in bodies for option in _options(root)]
    written = procfile_command(repository, folder, "web")
    start = written or _default_command(options, folder, repository, source.line_span(1))
    commands = [line for _, root in bodies for line in _container_commands(root)]
    checks = [value for space, name, value in options if (space, name.value) == (_PROCESS, "HealthCheckPath")]
    yield Process(
        name="web",
        span=start.span if start is not None else source.line_span(1),
        platform=Platform.BEANSTALK,
        role=Role.WEB,
        command=start,
        root=folder,
        variables=tuple(_variables(options)),
        environment=environment_of(path) or Environment.PRODUCTION,
        before=tuple(commands),
        complete=start is not None,
        default_of="Elastic Beanstalk" if written is None and start is not None else "",
        probes=tuple(Probe(ProbeKind.DEPLOY, one.span, path=declared_text(one)) for one in checks[-1:]),
        settings=tuple(
            PlatformSetting(name.value, declared_text(value), value.span)
            for space, name, value in options
            if space in _KEPT
        ),
    )


@per_repository
def _files(repository: Repository, folder: str) -> tuple[str, ...]:
    """The configuration files of one application, in the order in which Beanstalk reads them."""
    extensions = normal_path(folder, ".ebextensions")
    found = [path for path in repository.files_in(extensions) if path.endswith(".config")]
    own = normal_path(folder, ".elasticbeanstalk/config.yml")
    return (*found, *([own] if own in repository.paths else []))


def _root(path: str, repository: Repository) -> Mapping | None:
    documents = repository.yaml(path) if path.endswith(".config") else ()
    root = documents[0].root if documents else None
    return root if isinstance(root, Mapping) else None


_Option = tuple[str, Scalar, Scalar]


def _options(root: Mapping) -> Iterator[_Option]:
    """`option_settings` as a mapping of namespaces, or as a list of single options."""
    named = mapping_at(root, "option_settings")
    for space, body in named.items() if named is not None else ():
        for name, value in body.items() if isinstance(body, Mapping) else ():
            if isinstance(space, Scalar) and isinstance(name, Scalar) and isinstance(value, Scalar):
                yield space.value, name, value
    for entry in mappings_at(root, "option_settings"):
        namespace = scalar_at(entry, "namespace")
        option, given = scalar_at(entry, "option_name"), scalar_at(entry, "value")
        if option is not None and given is not None:
            yield namespace.value if namespace is not None else _VARIABLES, option, given


def _variables(options: list[_Option]) -> Iterator[EnvDefinition]:
    for space, name, value in options:
        if space == _VARIABLES:
            known = not is_placeholder(value.value)
            yield EnvDefinition(name.value, Word.of(value.text, value.span) if known else None, name.span)


def _container_commands(root: Mapping) -> Iterator[CommandLine]:
    """The commands that run in the new version's folder, in the order of their names."""
    found = mapping_at(root, "container_commands")
    pairs = found.items() if found is not None else ()
    named = {key.value: body for key, body in pairs if isinstance(key, Scalar)}
    for name in sorted(named):
        body = named[name]
        command: Node | None = body.get("command") if isinstance(body, Mapping) else None
        if isinstance(command, Scalar) and not command.is_null:
            yield shell_form(command.text, command.span)
        elif (words := scalars_of(command)) and command is not None:
            yield exec_form(tuple(Word.of(one.text, one.span) for one in words), command.span)


def _default_command(options: list[_Option], folder: str, repository: Repository, span: Span) -> CommandLine | None:
    """gunicorn on the app that `WSGIPath` names, with its processes and threads; None where they are filled in."""
    given = {name.value: value for space, name, value in options if space == _PYTHON}
    numbers = [given[name].value if name in given else usual for name, usual in _NUMBERS]
    path = given.get("WSGIPath")
    if not all(number.isdecimal() for number in numbers) or (path is not None and is_placeholder(path.value)):
        return None
    target = None
    if path is not None:
        target = path.value.removesuffix(".py").replace("/", ".") if ":" not in path.value else path.value
        target = target if ":" in target else f"{target}:application"
        if not _TARGET.fullmatch(target):
            return None
    return beanstalk_default(repository, folder, target, numbers[0], numbers[1], path.span if path else span)
