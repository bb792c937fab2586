"""Findings for people: each with its lines of source, the chain that led to it, and what to do."""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.finding import Finding, Fix, Safety
from prodlint.report.closing import closing_lines
from prodlint.report.data import Report, severity_of
from prodlint.report.escape import at_line_start, visible
from prodlint.report.excerpt import excerpt, last_place
from prodlint.report.layout import wrap
from prodlint.report.terminal import Ink, Terminal
from prodlint.source import Span

__all__ = ["render", "render_finding"]

# Longer lines of prose are hard to read, however wide the terminal.
PROSE_WIDTH = 100

HOW_TO_APPLY = {
    Safety.SAFE: "safe, apply with --fix",
    Safety.UNSAFE: "unsafe, apply with --unsafe-fixes",
    Safety.MANUAL: "by hand",
}


def render(report: Report, terminal: Terminal) -> str:
    """The whole report; ends with a line feed."""
    blocks = [render_finding(finding, terminal) for finding in report.findings]
    if not report.quiet:
        blocks.append("\n".join(closing_lines(report, terminal)))
    return "\n\n".join(blocks) + "\n" if blocks else ""


def render_finding(finding: Finding, terminal: Terminal) -> str:
    """One finding, as several lines without a line feed behind the last."""
    return "\n".join(_finding_lines(finding, terminal))


def _finding_lines(finding: Finding, terminal: Terminal) -> Iterator[str]:
    severity = severity_of(finding)
    head = terminal.paint(f"{severity.label}[{visible(finding.rule)}]", Ink.of(severity))
    yield f"{head}: {terminal.paint(visible(finding.message), Ink.STRONG)}"

    spans = (finding.span, *(evidence.span for evidence in finding.evidence))
    gutter = len(str(max(last_place(span).line for span in spans)))
    bar = terminal.paint(f"{'':{gutter}} |", Ink.GUTTER)
    yield f"{'':{gutter}}{terminal.paint('-->', Ink.GUTTER)} {_place(finding.span)}"
    yield bar
    yield from excerpt(finding.span, "^", Ink.of(severity), "", gutter, terminal)
    for evidence in finding.evidence:
        yield bar
        yield f"{'':{gutter}}{terminal.paint(':::', Ink.GUTTER)} {_place(evidence.span)}"
        yield bar
        yield from excerpt(evidence.span, "-", Ink.GUTTER, visible(evidence.note), gutter, terminal)

    notes = []
    if finding.help.strip():
        notes.append(("help", finding.help))
    if finding.fix is not None:
        notes.append(("fix", f"{finding.fix.title} ({_how_to_apply(finding.fix)})"))
    if notes:
        yield bar
    for name, text in notes:
        yield from _note_lines(name, text, gutter, terminal)


def _place(span: Span) -> str:
    first = span.first
    return f"{visible(span.path)}:{first.line}:{first.column}"


def _how_to_apply(fix: Fix) -> str:
    return HOW_TO_APPLY[fix.safety if fix.edits else Safety.MANUAL]


def _note_lines(name: str, text: str, gutter: int, terminal: Terminal) -> Iterator[str]:
    """`= name: text`, wrapped, with the further lines below the beginning of the text."""
    lead = f"{'':{gutter}} {terminal.paint('=', Ink.GUTTER)} {terminal.paint(f'{name}:', Ink.STRONG)} "
    indent = gutter + len(f" = {name}: ")
    room = min(terminal.columns, PROSE_WIDTH) - indent
    for line in text.strip("\n").split("\n"):
        shown = visible(line.expandtabs(4).rstrip())
        # An indented line is a piece of a file to copy: it keeps its shape.
        for part in [shown] if shown.startswith(" ") else wrap(shown, room):
            yield f"{lead}{at_line_start(part) if lead.isspace() else part}".rstrip()
            lead = " " * indent
