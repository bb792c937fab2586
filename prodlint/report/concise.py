"""Findings for editors, `grep` and long lists: exactly one line each."""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.finding import Finding
from prodlint.report.closing import closing_lines
from prodlint.report.data import Report, severity_of
from prodlint.report.escape import at_line_start, visible
from prodlint.report.terminal import Ink, Terminal

__all__ = ["render"]


def render(report: Report, terminal: Terminal) -> str:
    """`path:line:column: severity[rule] message` for each finding, then the closing lines."""
    return "".join(f"{line}\n" for line in _lines(report, terminal))


def _lines(report: Report, terminal: Terminal) -> Iterator[str]:
    for finding in report.findings:
        yield _finding_line(finding, terminal)
    if not report.quiet:
        yield from closing_lines(report, terminal)


def _finding_line(finding: Finding, terminal: Terminal) -> str:
    severity, first = severity_of(finding), finding.span.first
    place = at_line_start(f"{visible(finding.path)}:{first.line}:{first.column}:")
    label = f"{severity.label}[{visible(finding.rule)}]"
    return f"{terminal.paint(place, Ink.STRONG)} {terminal.paint(label, Ink.of(severity))} {visible(finding.message)}"
