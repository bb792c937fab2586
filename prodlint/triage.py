"""What becomes of the findings: comments hide some, settings hide some and weigh the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from prodlint.finding import Finding, Severity
from prodlint.record import Record, replace
from prodlint.source import Source, Span
from prodlint.suppression import INVALID, UNUSED, Suppressions, may_suppress, read_suppressions, unused

__all__ = ["Triaged", "apply_settings", "hide", "triage"]


class Triaged(Record):
    """The findings to report, sorted by path, line, column and rule, and how many are hidden.

    `suppressed` counts those that comments hide, `ignored` those that settings hide.
    """

    findings: tuple[Finding, ...]
    suppressed: int = 0
    ignored: int = 0


def triage(
    findings: Iterable[Finding],
    sources: Iterable[Source],
    *,
    known_rules: frozenset[str],
    ran: frozenset[str],
    is_reported: Callable[[str], bool] = lambda path: True,
    is_ignored: Callable[[str, str], bool] = lambda rule, path: False,
    severities: Mapping[str, Severity] | None = None,
    require_reason: bool = False,
) -> Triaged:
    """The findings of a run as they are to be reported.

    `sources` are the files that were read; those for which `may_suppress` is false may be left
    out. `known_rules` names every rule there is and `ran` those that ran, among them
    `unused-suppression` and `invalid-suppression` where these are wanted. Findings in files for
    which `is_reported(path)` is false are dropped and not counted; `is_ignored(rule, path)` and
    `severities` (by rule) are what the settings say.
    """
    wanted = [finding for finding in findings if is_reported(finding.path)]
    files = {source.path: source for source in sources if is_reported(source.path)}
    files.update((finding.path, finding.span.source) for finding in wanted)
    rules = known_rules | {INVALID, UNUSED}
    suppressions = {
        path: read_suppressions(source, rules, require_reason=require_reason)
        for path, source in files.items()
        if may_suppress(source.text)
    }
    visible, used = hide(wanted, suppressions)
    told = list(visible)
    for file in suppressions.values():
        if INVALID in ran:
            told.extend(file.problems)
        if UNUSED in ran:
            told.extend(unused(file, used, ran - {INVALID, UNUSED}))
    kept = apply_settings(told, is_ignored, severities or {})
    return Triaged(tuple(sorted(kept, key=_order)), len(wanted) - len(visible), len(told) - len(kept))


def hide(
    findings: Iterable[Finding], suppressions: Mapping[str, Suppressions]
) -> tuple[list[Finding], frozenset[Span]]:
    """The findings that no comment hides, and the places of the names that have hidden one.

    `suppressions` are those of each file, by its path.
    """
    visible = []
    used: set[Span] = set()
    for finding in findings:
        file = suppressions.get(finding.path)
        names = file.hiding(finding) if file else []
        used.update(names)
        if not names:
            visible.append(finding)
    return visible, frozenset(used)


def apply_settings(
    findings: Iterable[Finding], is_ignored: Callable[[str, str], bool], severities: Mapping[str, Severity]
) -> list[Finding]:
    """The findings that the settings do not ignore, each with the severity they give to its rule."""
    return [
        replace(finding, severity=severities[finding.rule]) if finding.rule in severities else finding
        for finding in findings
        if not is_ignored(finding.rule, finding.path)
    ]


def _order(finding: Finding) -> tuple[str, int, int, str, str]:
    first = finding.span.first
    return finding.path, first.line, first.column, finding.rule, finding.message
