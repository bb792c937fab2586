"""The last lines of a report for people: the verdict, and what it was reached on."""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.finding import Safety
from prodlint.report.data import Report, Summary
from prodlint.report.escape import at_line_start, visible
from prodlint.report.terminal import Ink, Terminal

__all__ = ["closing_lines"]


def closing_lines(report: Report, terminal: Terminal) -> Iterator[str]:
    """`Found 2 errors, 1 warning.`, what can be fixed, then what was understood of the project."""
    found = ", ".join(counted(count, severity.label) for severity, count in report.counts.items() if count)
    hidden = ", ".join(_hidden(report.summary))
    verdict = terminal.paint(f"Found {found}." if found else "No problems found.", Ink.STRONG)
    yield f"{verdict} ({hidden})" if hidden else verdict
    yield from _fixable(report)
    yield at_line_start("; ".join(_basis(report.summary)))


def _fixable(report: Report) -> Iterator[str]:
    """How many findings prodlint can fix, and with which option."""
    safeties = [finding.fix.safety for finding in report.findings if finding.fix is not None and finding.fix.edits]
    options = ((Safety.SAFE, "--fix"), (Safety.UNSAFE, "--unsafe-fixes"))
    counts = [(safeties.count(safety), option) for safety, option in options if safety in safeties]
    if counts:
        told = ", ".join(f"{count} with {option}" for count, option in counts)
        yield f"To be fixed: {told}. See what changes with --diff."


def _hidden(summary: Summary) -> Iterator[str]:
    reasons = (("comments", summary.hidden_by_comments), ("settings", summary.hidden_by_settings))
    for index, (reason, count) in enumerate((reason, count) for reason, count in reasons if count):
        yield f"{count} by {reason}" if index else f"{count} hidden by {reason}"


def _basis(summary: Summary) -> Iterator[str]:
    if summary.understood:
        yield visible(summary.understood)
    files = counted(summary.files, "file")
    yield files if summary.seconds is None else f"{files}, {summary.seconds:.2f} s"


def counted(count: int, noun: str) -> str:
    """A number with its noun: `1 error`, `2 errors`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
