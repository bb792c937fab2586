"""What a project decides about prodlint, from `[tool.prodlint]` in pyproject.toml or from prodlint.toml.

Every mistake in a settings file is collected, and all of them are raised at once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from prodlint.finding import Severity
from prodlint.record import Record, field, replace
from prodlint.setting_types import (
    BOOLEAN,
    FORMAT,
    GLOBS,
    NAMES,
    NAMES_BY_GLOB,
    OPTIONS,
    SEVERITIES,
    THRESHOLD,
    KnownNames,
    Place,
    Reading,
    SettingType,
    near,
    printable,
    quoted,
)
from prodlint.source import Source, Span, SyntaxProblem

__all__ = [
    "KnownNames",
    "Setting",
    "Settings",
    "SettingsError",
    "SettingsProblem",
    "all_settings",
    "describe",
    "load_settings",
    "load_settings_file",
    "override",
    "settings_from_toml",
]

FILE_NAMES = ("prodlint.toml", ".prodlint.toml", "pyproject.toml")
"""In one folder the first of these that holds settings counts."""

TABLE = ("tool", "prodlint")
MAX_SIZE = 1024 * 1024

Origin = Span | str
"""Where a setting was written: in a file, or on the command line (the name of the option)."""


class Setting(Record):
    """A setting as users know it: its name in TOML, its type, its default, and one line of help."""

    name: str
    type: SettingType
    default: object
    help: str


class Settings(Record):
    """The settings of one run; those that users can give are in `_DECLARED`, and everything else follows from it.

    Globs are relative to the folder of the file, see `base` and `PathMatcher`. `origins` tells
    where each setting that was given was written, by its name in TOML; an entry of a table also has
    its own (`("severity", "missing-health-endpoint")`).
    """

    select: tuple[str, ...] = ("all",)
    ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    fail_on: Severity | None = Severity.WARNING
    exclude: tuple[str, ...] = ()
    production: tuple[str, ...] = ()
    development: tuple[str, ...] = ()
    require_reason: bool = False
    output_format: str = "text"
    options: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    path: Path | None = None
    origins: Mapping[tuple[str, ...], Origin] = field(default_factory=dict)

    def base(self, root: Path) -> str:
        """The path from the folder of the settings to a folder below it, with forward slashes.

        Empty where they are the same, and where the settings came from elsewhere: the globs of a
        file that does not lie above are relative to the inspected folder.
        """
        if self.path is None or self.path.parent not in root.parents:
            return ""
        return root.relative_to(self.path.parent).as_posix()


# Each setting that users can give, by its field.
_DECLARED: dict[str, tuple[SettingType, str]] = {
    "select": (NAMES, "The rules to run, by name or by family."),
    "ignore": (NAMES, "The rules not to run."),
    "per_file_ignores": (NAMES_BY_GLOB, "The rules whose findings are left out in some files."),
    "severity": (SEVERITIES, "Another severity for some rules."),
    "fail_on": (THRESHOLD, "The least severity of a finding that makes the exit status 1."),
    "exclude": (GLOBS, "Files and folders that are not read."),
    "production": (GLOBS, "Files that describe production, whatever their names say."),
    "development": (GLOBS, "Files that do not describe production."),
    "require_reason": (BOOLEAN, "Whether a comment that hides a finding must say why."),
    "output_format": (FORMAT, "How findings are shown unless an option says so."),
    "options": (OPTIONS, "The options of single rules."),
}
_NAMES = {"options": "rules"}


class SettingsProblem(Record):
    """One mistake in the settings: where (1-based, if it has a place in a file), what, and a near name."""

    message: str
    path: str
    line: int | None = None
    column: int | None = None
    suggestion: str | None = None

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        meant = "" if self.suggestion is None else f"; did you mean {quoted(self.suggestion)}?"
        return f"{place}: {self.message}{meant}"


class SettingsError(Exception):
    """The settings cannot be used; `problems` are all that is wrong with them, in their order."""

    def __init__(self, problems: tuple[SettingsProblem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def all_settings() -> tuple[Setting, ...]:
    """Every setting that there is, in the order of declaration."""
    return tuple(setting for _, setting in _declared())


def _declared() -> Iterator[tuple[str, Setting]]:
    """Each setting with the name of its attribute."""
    defaults = Settings()
    for attribute, (setting_type, help_text) in _DECLARED.items():
        name = _NAMES.get(attribute, attribute.replace("_", "-"))
        yield attribute, Setting(name, setting_type, getattr(defaults, attribute), help_text)


def load_settings(start: Path, known: KnownNames) -> Settings:
    """The nearest settings, from a folder (or the folder of a file) upwards; the defaults without any.

    The search ends at the top of a git work tree, so that a repository means the same everywhere.
    Raises SettingsError.
    """
    folder = Path(os.path.abspath(start))
    if not folder.is_dir():
        folder = folder.parent
    for place in (folder, *folder.parents):
        for name in FILE_NAMES:
            path = place / name
            if path.is_file():
                data = _read(path)
                if name == "pyproject.toml" and b"prodlint" not in data:
                    continue
                settings = _from_file(path, data, known)
                if settings is not None:
                    return settings
        if (place / ".git").exists():
            break
    return Settings()


def load_settings_file(path: Path, known: KnownNames) -> Settings:
    """The settings in one file, whatever its name. Raises SettingsError."""
    path = Path(os.path.abspath(path))
    settings = _from_file(path, _read(path), known)
    if settings is None:
        raise SettingsError((SettingsProblem("there is no table [tool.prodlint]", _shown_path(path)),))
    return settings


def settings_from_toml(source: Source, known: KnownNames) -> Settings:
    """The settings in a TOML source: in pyproject.toml in its table, else at the top. Raises SettingsError."""
    return _from_source(source, known) or Settings()


def override(settings: Settings, given: Mapping[str, object], known: KnownNames) -> Settings:
    """Settings with values from the command line, by name (`fail-on`), as TOML would hold them.

    Raises SettingsError; the place of its problems is the option (`--fail-on`).
    """
    reading = Reading(known)
    values = _values(reading, given)
    _stop(
        [
            SettingsProblem(message, f"--{at[0]}" if at else "command line", suggestion=suggestion)
            for at, _, message, suggestion in reading.problems
        ]
    )
    origins = {place: origin for place, origin in settings.origins.items() if place[0] not in given}
    origins.update(((name,), f"--{name}") for name in given)
    return replace(settings, **values, origins=origins)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SIZE + 1)
    except OSError as error:
        raise SettingsError((SettingsProblem(f"cannot be read: {error.strerror}", _shown_path(path)),)) from None
    if len(data) > MAX_SIZE:
        raise SettingsError((SettingsProblem("is larger than 1 MiB", _shown_path(path)),))
    return data


def _shown_path(path: Path) -> str:
    """The path as a user would write it: relative to the current folder if it lies below."""
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError):
        return path.as_posix()


def _from_file(path: Path, data: bytes, known: KnownNames) -> Settings | None:
    settings = _from_source(Source.of(_shown_path(path), data), known)
    return None if settings is None else replace(settings, path=path)


def _from_source(source: Source, known: KnownNames) -> Settings | None:
    """The settings of a source, None for a pyproject.toml without its table."""
    from prodlint.syntax.toml import parse_toml

    try:
        toml = parse_toml(source)
    except SyntaxProblem as problem:
        raise SettingsError((_placed(problem.message, problem.span),)) from None
    prefix = TABLE if source.path.rpartition("/")[2] == "pyproject.toml" else ()
    table = toml.get(*prefix)
    if table is None:
        return None
    if not isinstance(table, dict):
        raise SettingsError((_placed('"tool.prodlint" must be a table', toml.span(*prefix) or source.span),))
    reading = Reading(known)
    values = _values(reading, table)

    def place_of(at: Place, is_key: bool) -> Span:
        key = toml.key_span(*prefix, *at) if is_key else None
        return key or toml.span(*prefix, *at) or source.span

    problems = [
        _placed(message, place_of(at, is_key), suggestion) for at, is_key, message, suggestion in reading.problems
    ]
    _stop(sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0)))
    origins: dict[tuple[str, ...], Origin] = {}
    for name, value in table.items():
        origins[name,] = place_of((name,), True)
        if isinstance(value, dict):
            origins.update(((name, known.present_name(key)), place_of((name, key), True)) for key in value)
    return Settings(**values, origins=origins)


def _placed(message: str, span: Span, suggestion: str | None = None) -> SettingsProblem:
    return SettingsProblem(printable(message), span.path, span.line, span.column, suggestion)


def _stop(problems: list[SettingsProblem]) -> None:
    if problems:
        raise SettingsError(tuple(problems))


def _values(reading: Reading, table: Mapping[str, object]) -> dict[str, Any]:
    """The values of the settings in a table, by attribute."""
    declared = {setting.name: (attribute, setting) for attribute, setting in _declared()}
    values = {}
    for name, value in table.items():
        if name in declared:
            attribute, setting = declared[name]
            values[attribute] = setting.type.read(reading, (name,), value)
        elif name == TABLE[0] and isinstance(value, dict) and TABLE[1] in value:
            reading.wrong_key((name,), "outside of pyproject.toml settings stand at the top, without [tool.prodlint]")
        else:
            reading.wrong_key((name,), f"unknown setting {quoted(name)}", near(name, declared))
    return values


def describe(settings: Settings) -> str:
    """Every setting with its value and where it comes from, as TOML with comments, a line for each."""
    lines = []
    for attribute, setting in _declared():
        value = getattr(settings, attribute)
        entries = dict(value) if setting.type.is_table else None
        origin = settings.origins.get((setting.name,), "default")
        if not entries:
            shown = {} if entries is not None else value
            lines.append((f"{setting.name} = {_toml(shown)}", origin))
            continue
        for key, entry in entries.items():
            place = settings.origins.get((setting.name, key), origin)
            lines.append((f"{setting.name}.{_key(key)} = {_toml(entry)}", place))
    width = min(max(len(line) for line, _ in lines), 60)
    return "".join(f"{line:<{width}}  # {origin}\n" for line, origin in lines)


def _key(name: str) -> str:
    is_bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if is_bare else quoted(name)


def _toml(value: object) -> str:
    if value is None:
        return quoted("never")
    if isinstance(value, Severity):
        return quoted(value.label)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(key)} = {_toml(item)}" for key, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    return quoted(value) if isinstance(value, str) else str(value)
