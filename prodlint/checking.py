"""One check of a repository, whoever asks for it: which rules and settings, what is told, and the exit status."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from prodlint.record import Record

if TYPE_CHECKING:
    from prodlint.inspection import Inspection
    from prodlint.report import Terminal
    from prodlint.rule import Rule
    from prodlint.settings import Settings

__all__ = [
    "FAILURE",
    "FINDINGS",
    "SUCCESS",
    "Checked",
    "Refused",
    "check",
    "load_rules",
    "load_settings_for",
    "notes_on",
    "report_on",
    "status_of",
    "terminal_for",
    "terminal_of_file",
]

SUCCESS, FINDINGS, FAILURE = 0, 1, 2
# The formats, of reports and of the map, that have colours.
_COLOURED = ("text", "concise")


class Refused(Exception):
    """What was asked for cannot be done; each argument is a line that says why."""


class Checked(Record):
    """What a check comes down to: the report, what goes to standard error, and the exit status."""

    report: str
    notes: tuple[str, ...]
    status: int


def check(paths: tuple[str, ...]) -> Checked:
    """Check folders or files as `prodlint check` does without an option. Raises Refused."""
    started = time.perf_counter()
    from prodlint.target import TargetError, target_of

    try:
        target = target_of(paths, None, Path.cwd(), lambda: b"")
    except TargetError as error:
        raise Refused(str(error)) from None
    rules = load_rules()
    settings = load_settings_for(target.root, rules)
    from prodlint.configure import policy_for
    from prodlint.inspection import inspect

    chosen, policy = policy_for(settings, rules, target.root, target.is_reported)
    result = inspect(target.tree, chosen, policy)
    form = settings.output_format
    report = report_on(result, form, terminal_for(form), time.perf_counter() - started)
    status = FAILURE if result.crashes else status_of(result, settings)
    return Checked(report, notes_on(result, target.root), status)


def load_rules(plugins: Iterable[str] = ()) -> tuple[Rule, ...]:
    """The built-in rules, those of installed plugins, and those of some files. Raises Refused."""
    from prodlint.engine import PluginError, built_in_rules, installed_plugins, local_plugin

    try:
        rules = [*built_in_rules(), *installed_plugins()]
        for path in plugins:
            rules.extend(local_plugin(Path(path)))
    except PluginError as error:
        raise Refused(str(error)) from None
    names: set[str] = set()
    for rule in rules:
        if rule.name in names:
            raise Refused(f"two rules are called {rule.name}; rename the one of the plugin")
        names.add(rule.name)
    return tuple(rules)


def load_settings_for(root: Path, rules: tuple[Rule, ...], config: str | None = None) -> Settings:
    """The settings of a project, or of the file that is given in their place. Raises Refused."""
    from prodlint.configure import known_names
    from prodlint.settings import SettingsError, load_settings, load_settings_file

    known = known_names(rules)
    try:
        return load_settings(root, known) if config is None else load_settings_file(Path(config), known)
    except SettingsError as error:
        raise Refused(*map(str, error.problems)) from None


def terminal_for(form: str, colours: str = "auto") -> Terminal:
    """Standard output, as it shows a format; `colours` is what `--color` says."""
    from prodlint.report import ColourChoice, Terminal, wants_colour

    is_terminal = sys.stdout.isatty()
    colour = form in _COLOURED and wants_colour(ColourChoice(colours), os.environ, is_terminal)
    return Terminal(colour, _columns() if is_terminal else None)


def terminal_of_file(form: str, colours: str) -> Terminal:
    """A file in its place: it has the colours that are asked for by name."""
    from prodlint.report import ColourChoice, Terminal

    return Terminal(form in _COLOURED and ColourChoice(colours) is ColourChoice.ALWAYS)


def report_on(result: Inspection, form: str, terminal: Terminal, seconds: float, quiet: bool = False) -> str:
    """What a run found out in that many seconds, in a format."""
    from prodlint.inspection import understood
    from prodlint.report import Report, Summary, renderer

    triaged = result.triaged
    summary = Summary(
        files=len(result.survey.files),
        seconds=seconds,
        understood=understood(result.deployment),
        hidden_by_comments=triaged.suppressed,
        hidden_by_settings=triaged.ignored,
    )
    return renderer(form)(Report(triaged.findings, summary, quiet=quiet), terminal)


def notes_on(result: Inspection, root: Path) -> tuple[str, ...]:
    """What standard error is told of a run beside its report."""
    empty = () if result.survey.files else (f"prodlint: {root} holds no files to check",)
    return (*empty, *map(str, result.crashes))


def status_of(result: Inspection, settings: Settings) -> int:
    """The exit status: FINDINGS when one is severe enough to make the run fail."""
    worst = max((finding.severity for finding in result.triaged.findings if finding.severity), default=None)
    is_failing = worst is not None and settings.fail_on is not None and worst >= settings.fail_on
    return FINDINGS if is_failing else SUCCESS


def _columns() -> int:
    import shutil

    return shutil.get_terminal_size().columns
