"""systemd: services of units and their drop-ins, with their sockets and timers (platform page, 2.13).

Sources: systemd.service(5), systemd.exec(5), systemd.unit(5).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.command import CommandLine, Link, exec_form
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.process import EnvDefinition, EnvFile, Mount, Platform, PlatformSetting, Process, Role
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.value import Known, Unknown, Value
from prodlint.readers.host import checkout_mounts, file_at, is_templated_value
from prodlint.record import replace
from prodlint.regex import regex
from prodlint.source import SyntaxProblem, Text
from prodlint.syntax.env_dialect import Dialect
from prodlint.syntax.systemd import ExecLine, Setting, Unit, UnitSection, exec_lines, parse_unit, unit_words
from prodlint.syntax.word import Expansion, Literal, Part, Substitution, Word

_SETTINGS = {
    "Unit": ("After", "Requires", "Wants", "StartLimitBurst", "StartLimitIntervalSec"),
    "Service": (
        "Type",
        "Group",
        "DynamicUser",
        "Restart",
        "RestartSec",
        "NotifyAccess",
        "PIDFile",
        "KillMode",
        "KillSignal",
        "TimeoutStartSec",
        "TimeoutStopSec",
        "ExecReload",
        "ExecStop",
        "RuntimeDirectory",
        "RuntimeDirectoryPreserve",
        "StateDirectory",
        "PrivateTmp",
        "ProtectSystem",
        "ProtectHome",
        "ReadWritePaths",
        "LimitNOFILE",
        "MemoryMax",
        "StandardOutput",
        "RemainAfterExit",
        "UMask",
    ),
    "Install": ("WantedBy",),
}


def read(path: str, repository: Repository) -> Iterator[Process]:
    """The service of a unit file with its drop-ins; a drop-in counts alone when its unit is not here."""
    folder = posixpath.dirname(path)
    if "{{" in path or (folder.endswith(".service.d") and folder[: -len(".d")] in repository.paths):
        return
    unit = _unit(path, repository)
    if unit is None:
        return
    lines = _lines(unit, "ExecStart")
    if not lines:
        return
    name = posixpath.basename(folder[: -len(".d")] if folder.endswith(".service.d") else path)
    # A template may have no name but that of its kind: a playbook gives it one.
    yield _process(name.partition(".service")[0] or name, path, unit, lines, repository)


def _unit(path: str, repository: Repository) -> Unit | None:
    """A unit with the sections of its drop-ins behind its own."""
    source = repository.source(path)
    if source is None:
        return None
    sections: list[UnitSection] = []
    drop_ins = sorted(_in_folder(f"{path}.d", repository))
    for each in (path, *drop_ins):
        part = repository.source(each)
        try:
            sections.extend(parse_unit(part).sections if part is not None else ())
        except SyntaxProblem:
            return None
    return Unit(source, tuple(sections))


def _in_folder(folder: str, repository: Repository) -> Iterator[str]:
    return (path for path in repository.files_in(folder) if path.endswith(".conf"))


def _lines(unit: Unit, key: str) -> list[ExecLine]:
    """The commands of a key in their order; systemd passes over what it cannot split."""
    found: list[ExecLine] = []
    for setting in unit.all("Service", key):
        try:
            found.extend(exec_lines(_one_word_each(setting.value)))
        except SyntaxProblem:
            continue
    return found


def _one_word_each(value: Text) -> Text:
    """A command line in which what a template engine fills in has no spaces, so that it stays one word."""
    if "{{" not in value.value:
        return value
    parts: list[Text] = []
    at = 0
    while (start := value.value.find("{{", at)) >= 0:
        end = value.value.find("}}", start)
        if end < 0:
            break
        parts.append(value.slice(at, start))
        inside = value.value[start : end + 2]
        parts.append(Text("".join(inside.split()), value.source, _offsets(value, start, inside)))
        at = end + 2
    return Text.join([*parts, value.slice(at)])


def _offsets(value: Text, start: int, inside: str) -> tuple[int, ...]:
    kept = [value.offsets[start + index] for index, character in enumerate(inside) if not character.isspace()]
    return (*kept, kept[-1] + 1)


def _process(name: str, path: str, unit: Unit, lines: list[ExecLine], repository: Repository) -> Process:
    *earlier, last = lines
    is_filled_in = _is_filled_in(unit, last)
    before = [_command(line, is_filled_in) for line in (*_lines(unit, "ExecStartPre"), *earlier)]
    command = _command(last, is_filled_in)
    directory = unit.get("Service", "WorkingDirectory")
    written = directory.value.value.removeprefix("-") if directory is not None else "/"
    # A folder below `/` that a playbook names by variables is one all the same, whatever they hold.
    is_known = written.startswith("/") and not _is_open(_FILLED_IN.sub("", written))
    known = written if is_known else None
    paths = [word.literal for line in (*lines, *_lines(unit, "ExecStartPre")) for word in line.words if word.literal]
    mounts = checkout_mounts(repository, known, paths, command.span)
    kind = unit.get("Service", "Type")
    user = unit.get("Service", "User")
    env_files, elsewhere = _environment_files(unit, mounts, repository)
    is_oneshot = kind is not None and kind.value.value == "oneshot"
    return Process(
        name=name,
        span=command.span,
        platform=Platform.SYSTEMD,
        role=Role.RELEASE if is_oneshot and "migrat" in name else Role.WORKER if is_oneshot else Role.UNKNOWN,
        command=command,
        directory=known,
        variables=tuple(_variables(unit)),
        env_files=env_files,
        mounts=mounts,
        environment=environment_of(path) or Environment.PRODUCTION,
        before=tuple(before),
        complete=not any(_is_open(str(word)) for word in last.words) and unit.get("Service", "RootDirectory") is None,
        schedule=_schedule(path, repository),
        user=_value(user) if user is not None else None,
        variables_from=elsewhere,
        settings=(*_settings(unit), *_socket_settings(path, repository)),
    )


_FILLED_IN = regex(r"\{\{ *[\w.]+ *\}\}")


def _is_open(text: str) -> bool:
    return "%" in text or is_templated_value(text)


def _is_filled_in(unit: Unit, line: ExecLine) -> bool:
    """Whether `envsubst` or its like fills in a unit: a variable stands where systemd itself puts none."""
    settings = [setting for key in _NO_VARIABLES for setting in unit.all("Service", key)]
    written = (str(line.words[0]), *(setting.value.value for setting in settings))
    return any(_VARIABLE.search(text) is not None for text in written)


_VARIABLE = regex(r"\$\{|(?<!\$)\$[A-Za-z_]")
_NO_VARIABLES = ("User", "Group", "WorkingDirectory", "PIDFile", "RuntimeDirectory", "EnvironmentFile")


def _command(line: ExecLine, is_filled_in: bool) -> CommandLine:
    """A command of a unit: what a template engine fills in is unknown, but for the folder of the program."""
    first, *rest = line.words
    return exec_form((first, *(_opened(word, is_filled_in) for word in rest)), line.span)


def _opened(word: Word, is_filled_in: bool) -> Word:
    parts: list[Part] = []
    for part in word.parts:
        if isinstance(part, Literal) and is_templated_value(part.text.value):
            parts.append(Substitution(part.text.span, True))
        elif isinstance(part, Expansion) and is_filled_in:
            parts.append(Substitution(part.span, True, "it is filled in when the unit is installed"))
        else:
            parts.append(part)
    return Word(tuple(parts), word.span)


def _value(setting: Setting) -> Value[str]:
    text = setting.value.value
    if _is_open(text):
        return Unknown("it is filled in when the unit is installed or started", setting.value.span)
    return Known(text, setting.value.span)


def _variables(unit: Unit) -> Iterator[EnvDefinition]:
    """`Environment=` and `PassEnvironment=`; systemd puts no variables into them."""
    for setting in unit.all("Service", "PassEnvironment"):
        for name in setting.value.value.split():
            yield EnvDefinition(name, None, setting.span)
    for setting in unit.all("Service", "Environment"):
        try:
            words = unit_words(setting.value)
        except SyntaxProblem:
            continue
        for word, _ in words:
            name, equals, value = word.value.partition("=")
            if equals and name:
                text = word.slice(len(name) + 1)
                yield EnvDefinition(name, None if _is_open(value.replace("%%", "")) else _unescaped(text), word.span)


def _unescaped(text: Text) -> Word:
    return Word.of(Text.at(text.value.replace("%%", "%"), text.span) if "%%" in text.value else text, text.span)


def _environment_files(
    unit: Unit, mounts: tuple[Mount, ...], repository: Repository
) -> tuple[tuple[EnvFile, ...], tuple[Link, ...]]:
    """The files of variables that are in the repository, and those that only the host has."""
    found: list[EnvFile] = []
    elsewhere: list[Link] = []
    for setting in unit.all("Service", "EnvironmentFile"):
        written = setting.value.value.removeprefix("-")
        path = file_at(repository, mounts, posixpath.normpath(written))
        if path is not None:
            found.append(EnvFile(path, setting.value.span, Dialect.SYSTEMD))
        else:
            elsewhere.append(
                Link(setting.value.span, f"takes variables from {written}, which is not in this repository")
            )
    return tuple(found), tuple(elsewhere)


def _settings(unit: Unit) -> Iterator[PlatformSetting]:
    for section, keys in _SETTINGS.items():
        for key in keys:
            setting = unit.get(section, key)
            if setting is not None:
                yield PlatformSetting(key, _value(setting), setting.value.span)


def _beside(path: str, kind: str, repository: Repository) -> Unit | None:
    """The socket or the timer that belongs to a service: the unit of its name in its folder."""
    stem = posixpath.basename(path).partition(".service")[0]
    other = normal_path(posixpath.dirname(path), f"{stem}.{kind}")
    return _unit(other, repository) if other in repository.paths else None


def _socket_settings(path: str, repository: Repository) -> Iterator[PlatformSetting]:
    socket = _beside(path, "socket", repository)
    for key in ("ListenStream", "SocketUser", "SocketGroup", "SocketMode"):
        for setting in socket.all("Socket", key) if socket is not None else ():
            yield PlatformSetting(key, _value(setting), setting.value.span)


def _schedule(path: str, repository: Repository) -> Value[str] | None:
    timer = _beside(path, "timer", repository)
    for key, told in (("OnCalendar", "{}"), ("OnUnitActiveSec", "every {}"), ("OnBootSec", "{} after boot")):
        setting = timer.get("Timer", key) if timer is not None else None
        if setting is not None:
            value = _value(setting)
            return replace(value, value=told.format(value.value)) if isinstance(value, Known) else value
    return None
