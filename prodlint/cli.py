"""The command line: options in, one run, a report out, an exit status."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from prodlint import __version__

if TYPE_CHECKING:
    from prodlint.inspection import Inspection
    from prodlint.rule import Rule
    from prodlint.settings import Settings
    from prodlint.tree import Tree

__all__ = ["main"]

SUCCESS, FINDINGS, FAILURE = 0, 1, 2


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


def _stop(message: str) -> NoReturn:
    click.echo(f"prodlint: {message}", err=True)
    raise SystemExit(FAILURE)


@main.command()
@click.argument("paths", nargs=-1)
@click.option(
    "--output-format",
    "-o",
    type=click.Choice(["text", "concise", "json"]),
    envvar="PRODLINT_OUTPUT_FORMAT",
    default="text",
    show_default=True,
    help="How findings are shown.",
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
    output_format: str,
    output_file: str | None,
    config: str | None,
    isolated: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: str | None,
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
    settings = _settings(target.root, config, isolated, rules, select, ignore, fail_on)
    if show_settings:
        from prodlint.settings import describe

        click.echo(describe(settings), nl=False)
        return
    policy, chosen = _policy(settings, rules, target.root, target.is_reported)
    if show_files:
        _print_files(target.tree, settings)
        return
    from prodlint.inspection import inspect

    result = inspect(target.tree, chosen, policy)
    _report(result, output_format, output_file, color, quiet, time.perf_counter() - started)
    for crash in result.crashes:
        click.echo(str(crash), err=True)
    if result.crashes:
        raise SystemExit(FAILURE)
    least = settings.fail_on
    worst = max((finding.severity for finding in result.triaged.findings if finding.severity), default=None)
    if worst is not None and least is not None and worst >= least and not exit_zero:
        raise SystemExit(FINDINGS)


def _rules(plugins: Iterable[str] = ()) -> tuple[Rule, ...]:
    from prodlint.engine import PluginError, built_in_rules, installed_plugins, local_plugin

    try:
        rules = [*built_in_rules(), *installed_plugins()]
        for path in plugins:
            rules.extend(local_plugin(Path(path)))
    except PluginError as error:
        _stop(str(error))
    names: set[str] = set()
    for rule in rules:
        if rule.name in names:
            _stop(f"two rules are called {rule.name}; rename the one of the plugin")
        names.add(rule.name)
    return tuple(rules)


def _words(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())


def _settings(
    root: Path,
    config: str | None,
    isolated: bool,
    rules: tuple[Rule, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: str | None,
) -> Settings:
    from prodlint.configure import settings_for
    from prodlint.settings import SettingsError

    try:
        return settings_for(root, config, isolated, rules, _words(select), _words(ignore), fail_on)
    except SettingsError as error:
        for problem in error.problems:
            click.echo(f"prodlint: {problem}", err=True)
        raise SystemExit(FAILURE) from None


def _policy(settings: Settings, rules: tuple[Rule, ...], root: Path, is_reported: object) -> object:
    raise NotImplementedError


def _print_files(tree: Tree, settings: Settings) -> None:
    from prodlint.inspection import Policy, load

    _, survey, read_as = load(tree, Policy(exclude=settings.exclude))
    for file in survey.files:
        click.echo(f"{file.path}\t{read_as.get(file.path, file.kind.value)}")


def _report(result: Inspection, form: str, output_file: str | None, color: str, quiet: bool, seconds: float) -> None:
    from prodlint.inspection import understood
    from prodlint.report import ColourChoice, Report, Summary, Terminal, renderer, wants_colour

    choice = ColourChoice(color)
    if output_file is not None and choice is ColourChoice.AUTO:
        choice = ColourChoice.NEVER
    colour = form != "json" and wants_colour(choice, os.environ, sys.stdout.isatty())
    width = None
    if sys.stdout.isatty() and output_file is None:
        import shutil

        width = shutil.get_terminal_size().columns
    triaged = result.triaged
    summary = Summary(
        files=len(result.survey.files),
        seconds=seconds,
        understood=understood(result.deployment),
        hidden_by_comments=triaged.suppressed,
        hidden_by_settings=triaged.ignored,
    )
    text = renderer(form)(Report(triaged.findings, summary), Terminal(colour, width))
    if output_file is None:
        click.echo(text, nl=False, color=colour or None)
        return
    try:
        Path(output_file).write_text(text, encoding="utf-8")
    except OSError as error:
        _stop(f"{output_file}: cannot be written: {error.strerror}")
