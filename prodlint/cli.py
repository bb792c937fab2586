"""The command line: options in, one run, a report out, an exit status."""

from __future__ import annotations

import gettext  # noqa: F401 - click's; it hands its expression to `re.finditer`, which takes a compiled one alone
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from prodlint import __version__
from prodlint.checking import (
    FAILURE,
    FINDINGS,
    SUCCESS,
    Refused,
    load_rules,
    load_settings_for,
    notes_on,
    report_on,
    status_of,
    terminal_for,
    terminal_of_file,
)
from prodlint.regex import compiled_on_first_use

with compiled_on_first_use():
    import click

if TYPE_CHECKING:
    from prodlint.applying import FixedRun
    from prodlint.inspection import Policy
    from prodlint.rule import Rule
    from prodlint.settings import Settings
    from prodlint.target import Target

__all__ = ["main"]


class _DefaultGroup(click.Group):
    """A group in which `prodlint .` means `prodlint check .`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        plain = ("--help", "-h", "--version")
        if not args or (args[0] not in self.commands and args[0] not in plain):
            args.insert(0, "check")
        return super().parse_args(ctx, args)


@click.group(
    cls=_DefaultGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="`prodlint .` is short for `prodlint check .`; see `prodlint check --help` for its options.",
)
@click.version_option(__version__, message="prodlint %(version)s")
def main() -> None:
    """Find out what will really run in production, and what of it is not ready."""


def _stop(*messages: object) -> NoReturn:
    for message in messages:
        click.echo(f"prodlint: {message}", err=True)
    raise SystemExit(FAILURE)


@main.command()
@click.argument("paths", nargs=-1)
@click.option(
    "--output-format",
    "-o",
    type=click.Choice(["text", "concise", "json"]),
    envvar="PRODLINT_OUTPUT_FORMAT",
    help="How findings are shown (default: text).",
)
@click.option("--output-file", type=click.Path(dir_okay=False), help="Write the report to a file.")
@click.option("--config", type=click.Path(dir_okay=False), help="Read the settings from this file alone.")
@click.option("--isolated", is_flag=True, help="Read no settings at all.")
@click.option("--select", multiple=True, metavar="NAMES", help="Only these rules or families (comma-separated).")
@click.option("--ignore", multiple=True, metavar="NAMES", help="Not these rules or families.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "info", "never"]),
    help="The least severity that makes the exit status 1 (default: warning).",
)
@click.option("--fix", is_flag=True, help="Apply the fixes that are safe, and report what is left.")
@click.option("--unsafe-fixes", is_flag=True, help="Apply the others, too: read what they change.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and change nothing.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even when there are findings.")
@click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True, help="Use colours."
)
@click.option("--stdin-filename", metavar="PATH", help="With `-`: the file that standard input stands for.")
@click.option("--show-files", is_flag=True, help="Print what would be read, and as what.")
@click.option("--show-settings", is_flag=True, help="Print the settings, and where each of them comes from.")
@click.option("--plugin", multiple=True, type=click.Path(), help="Also run the rules of this Python file or folder.")
@click.option("--quiet", "-q", is_flag=True, help="Print findings only.")
def check(
    paths: tuple[str, ...],
    output_format: str | None,
    output_file: str | None,
    config: str | None,
    isolated: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: str | None,
    fix: bool,
    unsafe_fixes: bool,
    diff: bool,
    exit_zero: bool,
    color: str,
    stdin_filename: str | None,
    show_files: bool,
    show_settings: bool,
    plugin: tuple[str, ...],
    quiet: bool,
) -> None:
    """Check the deployment of a repository (the default command).

    PATHS are folders or files, by default the current folder. Files are checked with the project
    around them, and only their findings are shown; `-` reads one file from standard input.
    """
    started = time.perf_counter()
    from prodlint.target import TargetError, target_of

    try:
        target = target_of(paths, stdin_filename, Path.cwd(), lambda: sys.stdin.buffer.read())
    except TargetError as error:
        _stop(str(error))
    rules = _rules(plugin)
    settings = _settings(target.root, config, isolated, rules, _given(select, ignore, fail_on, output_format))
    if show_settings:
        from prodlint.settings import describe

        click.echo(describe(settings), nl=False)
        return
    from prodlint.configure import policy_for
    from prodlint.inspection import inspect

    chosen, policy = policy_for(settings, rules, target.root, target.is_reported)
    if show_files:
        _print_files(target, policy)
        return
    has_failed = False
    if diff:
        _show_changes(_fixed(target, chosen, policy, unsafe_fixes), exit_zero)
    if fix or unsafe_fixes:
        run = _fixed(target, chosen, policy, unsafe_fixes)
        _write_changes(run, quiet)
        result, has_failed = run.inspection, run.has_failed
    else:
        result = inspect(target.tree, chosen, policy)
    form = settings.output_format
    terminal = terminal_for(form, color) if output_file is None else terminal_of_file(form, color)
    text = report_on(result, form, terminal, time.perf_counter() - started, quiet)
    if output_file is not None:
        _write_report(output_file, text)
    else:
        # With a fixed file on standard output, as its readers expect it alone, the report goes elsewhere.
        aside = target.stdin is not None and (fix or unsafe_fixes)
        click.echo(text, nl=False, color=terminal.colour or None, err=aside)
    for note in notes_on(result, target.root):
        click.echo(note, err=True)
    if result.crashes or has_failed:
        raise SystemExit(FAILURE)
    raise SystemExit(SUCCESS if exit_zero else status_of(result, settings))


def _given(
    select: tuple[str, ...], ignore: tuple[str, ...], fail_on: str | None, output_format: str | None
) -> dict[str, object]:
    """The settings that options give, by their names in a settings file."""
    given: dict[str, object] = {}
    if select:
        given["select"] = _words(select)
    if ignore:
        given["ignore"] = _words(ignore)
    if fail_on is not None:
        given["fail-on"] = fail_on
    if output_format is not None:
        given["output-format"] = output_format
    return given


def _rules(plugins: Iterable[str] = ()) -> tuple[Rule, ...]:
    try:
        return load_rules(plugins)
    except Refused as error:
        _stop(*error.args)


def _settings(
    root: Path, config: str | None, isolated: bool, rules: tuple[Rule, ...], given: dict[str, object]
) -> Settings:
    from prodlint.configure import known_names
    from prodlint.settings import Settings, SettingsError, override

    try:
        settings = Settings() if isolated else load_settings_for(root, rules, config)
        return override(settings, given, known_names(rules)) if given else settings
    except Refused as error:
        _stop(*error.args)
    except SettingsError as error:
        _stop(*error.problems)


def _words(values: Iterable[str]) -> list[str]:
    return [word.strip() for value in values for word in value.split(",") if word.strip()]


def _print_files(target: Target, policy: Policy) -> None:
    from prodlint.inspection import load

    _, survey, read_as = load(target.tree, policy)
    for file in survey.files:
        if target.is_reported(file.path):
            click.echo(f"{file.path}: {read_as.get(file.path, file.kind.value)}")


def _fixed(target: Target, rules: tuple[Rule, ...], policy: Policy, unsafe: bool) -> FixedRun:
    from prodlint.applying import SAFE, SAFE_AND_UNSAFE, fixed

    run = fixed(target, rules, policy, SAFE_AND_UNSAFE if unsafe else SAFE)
    for line in run.refusals:
        click.echo(f"prodlint: {line}", err=True)
    return run


def _show_changes(run: FixedRun, exit_zero: bool) -> NoReturn:
    """Print what would change, and nothing else."""
    from prodlint.fix import diff

    shown = diff(run.outcome)
    if sys.stdout.isatty():
        from prodlint.report.escape import visible

        for line in shown.decode("utf-8", "replace").splitlines():
            click.echo(visible(line.expandtabs()))
    else:
        # For `patch`, which needs every byte as it is.
        sys.stdout.buffer.write(shown)
    for crash in run.inspection.crashes:
        click.echo(str(crash), err=True)
    if run.has_failed or run.inspection.crashes:
        raise SystemExit(FAILURE)
    raise SystemExit(FINDINGS if run.outcome.after and not exit_zero else SUCCESS)


def _write_changes(run: FixedRun, quiet: bool) -> None:
    from prodlint.applying import CannotWrite, write

    stdin = run.target.stdin
    if stdin is not None:
        text = run.outcome.after.get(stdin, run.target.tree.read(stdin))
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
        return
    try:
        write(run)
    except CannotWrite as error:
        _stop(str(error))
    if run.summary and not quiet:
        click.echo(f"prodlint: fixed {run.summary}", err=True)


def _write_report(path: str, text: str) -> None:
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        _stop(f"{path}: cannot be written: {error.strerror}")


@main.command(name="map")
@click.argument("path", default=".")
@click.option(
    "--output-format",
    "-o",
    type=click.Choice(["text", "json", "mermaid", "dot"]),
    default="text",
    show_default=True,
    help="How the map is drawn.",
)
@click.option(
    "--environment",
    type=click.Choice(["production", "development", "test"]),
    default="production",
    show_default=True,
    help="Whose services are shown.",
)
@click.option("--why", metavar="SERVICE.FACT", help="Tell which lines decided one value, such as web.bind.")
@click.option("--config", type=click.Path(dir_okay=False), help="Read the settings from this file alone.")
@click.option("--isolated", is_flag=True, help="Read no settings at all.")
@click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True, help="Use colours."
)
def draw_map(
    path: str, output_format: str, environment: str, why: str | None, config: str | None, isolated: bool, color: str
) -> None:
    """Show what runs: services, releases, and what could not be decided and why.

    PATH is a folder, by default the current one.
    """
    from prodlint.deployment.environment import Environment
    from prodlint.inspection import load
    from prodlint.map import renderer
    from prodlint.map.draw import draw
    from prodlint.target import TargetError, target_of

    try:
        target = target_of((path,), None, Path.cwd(), lambda: b"")
    except TargetError as error:
        _stop(str(error))
    rules = _rules()
    from prodlint.configure import policy_for

    _, policy = policy_for(_settings(target.root, config, isolated, rules, {}), rules, target.root, target.is_reported)
    deployment, _, _ = load(target.tree, policy)
    whole = draw(deployment, Environment(environment))
    terminal = terminal_for(output_format, color)
    if why is not None:
        from prodlint.map.why import UnknownSubject
        from prodlint.map.why import why as tell

        try:
            text = tell(whole, why, terminal)
        except UnknownSubject as error:
            _stop(str(error))
    else:
        text = renderer(output_format)(whole, terminal)
    click.echo(text, nl=False, color=terminal.colour or None)


@main.command()
@click.argument("name")
@click.option("--plugin", multiple=True, type=click.Path(), help="Also look among the rules of this file or folder.")
def explain(name: str, plugin: tuple[str, ...]) -> None:
    """Print the manual page of a rule."""
    from prodlint.inspection import ENGINE_RULES

    rules = _rules(plugin)
    known = {rule.name: rule for rule in rules}
    known.update({old: rule for rule in rules for old in rule.formerly})
    if name in ENGINE_RULES:
        click.echo(f"# {name}\n\n{ENGINE_RULES[name]}")
        return
    if name not in known:
        from prodlint.setting_types import near

        meant = near(name, [*known, *ENGINE_RULES])
        _stop(f'there is no rule "{name}"' + (f'; did you mean "{meant}"?' if meant else "; see `prodlint rules`"))
    rule = known[name]
    facts = ", ".join([rule.family, rule.severity.label, f"since {rule.since}", _fixes(rule)])
    click.echo(f"# {rule.name}\n\n{facts}\n\n{rule.page.strip()}")


def _fixes(rule: Rule) -> str:
    """Whether prodlint can mend what a rule finds: `safe or unsafe fix`."""
    return f"{' or '.join(safety.value for safety in rule.fixes)} fix" if rule.fixes else "no fix"


@main.command()
@click.option("--output-format", "-o", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--plugin", multiple=True, type=click.Path(), help="Also list the rules of this file or folder.")
def rules(output_format: str, plugin: tuple[str, ...]) -> None:
    """List every rule with its family, its severity, whether it can mend what it finds, and one line about it."""
    found = _rules(plugin)
    if output_format == "json":
        import json

        rows = [
            {
                "name": rule.name,
                "family": rule.family,
                "severity": rule.severity.label,
                "summary": rule.summary,
                "since": rule.since,
                "preview": rule.preview,
                "fixes": [safety.value for safety in rule.fixes],
            }
            for rule in found
        ]
        click.echo(json.dumps({"version": 1, "rules": rows}, indent=2))
        return
    width = max((len(rule.name) for rule in found), default=0)
    room = max((len(_fixes(rule)) for rule in found), default=0)
    for family in sorted({rule.family for rule in found}):
        click.echo(family)
        for rule in found:
            if rule.family == family:
                click.echo(f"  {rule.name:{width}}  {rule.severity.label:7}  {_fixes(rule):{room}}  {rule.summary}")
