"""supervisor: the programs of supervisord.conf and of the files that it includes (platform page, 2.13).

Sources: supervisor's manual, "Configuration File"; `environment` as `dict_of_key_value_pairs` of
supervisor 4.3 reads it (measured in tests/readers/test_supervisor.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.command import CommandLine, Link, exec_form
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.process import EnvDefinition, Platform, PlatformSetting, Process
from prodlint.deployment.processes.supervision import SupervisorConfig
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import Known, Unknown, Value
from prodlint.readers.declared import number_of
from prodlint.readers.host import checkout_mounts, is_templated_value
from prodlint.regex import regex
from prodlint.source import SyntaxProblem, Text
from prodlint.syntax.ini import Option, Section, parse_ini
from prodlint.syntax.shell import split_words
from prodlint.syntax.word import Expansion, Literal, Part, Substitution, Word

_PROGRAMS = ("program:", "fcgi-program:", "eventlistener:")
_SETTINGS = (
    "autostart",
    "autorestart",
    "startsecs",
    "startretries",
    "stopsignal",
    "stopwaitsecs",
    "stopasgroup",
    "killasgroup",
    "priority",
    "stdout_logfile",
    "stderr_logfile",
    "redirect_stderr",
    "nodaemon",
    "socket",
)
_EXPRESSION = regex(r"%(?:%|\(([A-Za-z0-9_]+)\)[sd0-9]+)")
_PAIR = regex(r"""[\s,]*([A-Za-z_]\w*)[ \t]*=[ \t]*("[^"]*"|'[^']*'|[\w/.+():-]+)[ \t]*(?=,|\Z)""")


def read(path: str, repository: Repository) -> Iterator[Process | SupervisorConfig]:
    """What the file includes, and a process for each program."""
    source = repository.source(path)
    if source is None or "{{" in path:
        return
    try:
        document = parse_ini(source, inline_comments=(";",))
    except SyntaxProblem:
        return
    sections = {one.name: one for one in document.sections}
    included = _option(sections.get("include"), "files")
    patterns = tuple(included.value.value.split()) if included is not None else ()
    shared = sections.get("supervisord")
    nodaemon = _option(shared, "nodaemon")
    yield SupervisorConfig(
        path,
        source.line_span(1),
        tuple(one.replace("%(here)s", ".") for one in patterns),
        None if shared is None else shared.span,
        None if nodaemon is None else _value(nodaemon),
    )
    for name, section in sections.items():
        command = _option(section, "command")
        if name.startswith(_PROGRAMS) and command is not None and command.value.value.strip():
            yield _program(name.partition(":")[2].strip(), section, shared, command, repository)


def _option(section: Section | None, name: str) -> Option | None:
    """The last option of a name."""
    options = section.options if section is not None else ()
    return next((one for one in reversed(options) if one.name.lower() == name), None)


def _program(name: str, section: Section, shared: Section | None, command: Option, repository: Repository) -> Process:
    path = command.span.path
    line = _command(command.value, name)
    directory = _option(section, "directory")
    folder = directory.value.value if directory is not None and not _is_open(directory.value.value) else None
    paths = [word.literal for word in line.words if word.literal] if line is not None else []
    variables: list[EnvDefinition] = []
    unread: list[Link] = []
    for part in (shared, section):
        written = _option(part, "environment")
        if written is not None:
            _add_variables(written.value, name, variables, unread)
    user, number = _option(section, "user"), _option(section, "numprocs")
    return Process(
        name=name,
        span=command.value.span,
        platform=Platform.SUPERVISOR,
        command=line,
        directory=folder,
        variables=tuple(variables),
        mounts=checkout_mounts(repository, folder, paths, command.value.span),
        environment=environment_of(path) or _default_environment(repository),
        complete=line is not None and not is_templated_value(command.value.value),
        replicas=number_of(number.value.value, number.value.span) if number is not None else None,
        user=_value(user) if user is not None else None,
        variables_from=tuple(unread),
        settings=tuple(_settings(section, shared)),
    )


def _default_environment(repository: Repository) -> Environment | None:
    """Without an image that could hold it, the file is for a host that serves."""
    has_image = any(
        path.rpartition("/")[2].lower().startswith(("dockerfile", "containerfile")) for path in repository.paths
    )
    return None if has_image else Environment.PRODUCTION


def _is_open(text: str) -> bool:
    return "%(" in text or is_templated_value(text)


def _value(option: Option) -> Value[str]:
    text = option.value.value
    if _is_open(text):
        return Unknown("it is filled in when supervisor starts", option.value.span)
    return Known(text, option.value.span)


def _command(text: Text, name: str) -> CommandLine | None:
    """A command as supervisor starts it: split into words without a shell, `%(ENV_X)s` filled in."""
    try:
        words = split_words(text)
    except SyntaxProblem:
        return None
    made = tuple(_filled(word, name) for word in words)
    return exec_form(made, text.span) if made else None


def _filled(word: Word, name: str) -> Word:
    content = word.content
    if content is None or "%" not in content.value:
        return word
    return Word(tuple(_parts(content, name)), word.span)


def _parts(content: Text, name: str) -> Iterator[Part]:
    """The parts of a value: variables of supervisord's environment, and expressions that only a start decides."""
    at = 0
    for found in _EXPRESSION.finditer(content.value):
        if found.start() > at:
            yield Literal(content.slice(at, found.start()), True)
        at = found.end()
        place = content.span_of(*found.span())
        if found[0] == "%%":
            yield Literal(content.slice(found.start(), found.start() + 1), True)
        elif found[1].startswith("ENV_"):
            yield Expansion(found[1][len("ENV_") :], place, quoted=True)
        elif found[1] == "program_name":
            yield Literal(Text.at(name, place), True)
        else:
            yield Substitution(place, True)
    if at < len(content.value) or not content.value:
        yield Literal(content.slice(at), True)


def _add_variables(text: Text, name: str, found: list[EnvDefinition], unread: list[Link]) -> None:
    """`A="1",B=2`; what does not have this form ends the reading."""
    at = 0
    while True:
        pair = _PAIR.match(text.value, at)
        if pair is None:
            if text.value[at:].strip(" \t\n,"):
                unread.append(Link(text.span, "sets variables in a form that supervisor does not read"))
            return
        quotes = 1 if pair[2][:1] in ("'", '"') else 0
        value = text.slice(pair.start(2) + quotes, pair.end(2) - quotes)
        place = text.span_of(pair.start(1), pair.end(2))
        word = None if is_templated_value(value.value) else Word(tuple(_parts(value, name)), value.span)
        found.append(EnvDefinition(pair[1], word, place))
        at = pair.end()


def _settings(section: Section, shared: Section | None) -> Iterator[PlatformSetting]:
    for part in (shared, section):
        for name in _SETTINGS:
            option = _option(part, name)
            if option is not None:
                yield PlatformSetting(name, _value(option), option.value.span)
