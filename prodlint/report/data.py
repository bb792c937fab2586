"""What a report is made from: the findings of one run and a few numbers about it."""

from __future__ import annotations

from collections import Counter

from prodlint.finding import Finding, Severity
from prodlint.record import Record

__all__ = ["Report", "Summary"]


class Summary(Record):
    """What was looked at, and what is not shown.

    `understood` is one sentence without a full stop that names what runs in production.
    `seconds` is None where the report has to come out the same every time.
    """

    files: int
    seconds: float | None = None
    understood: str = ""
    hidden_by_comments: int = 0
    hidden_by_settings: int = 0


class Report(Record):
    """One run: its findings, sorted by path, line, column and rule, and its summary.

    A `quiet` one is shown without its closing lines.
    """

    findings: tuple[Finding, ...]
    summary: Summary
    quiet: bool = False

    @property
    def counts(self) -> dict[Severity, int]:
        """How many findings there are of each severity, the worst first."""
        counts = Counter(severity_of(finding) for finding in self.findings)
        return {severity: counts[severity] for severity in sorted(Severity, reverse=True)}


def severity_of(finding: Finding) -> Severity:
    """The severity of a finding; a warning where nothing has set one."""
    return finding.severity or Severity.WARNING
