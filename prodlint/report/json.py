"""Findings for programs: an object of a versioned shape, published as `findings.schema.json`.

Lines and columns are 1-based and count code points; an end lies just behind the last character.
Everything is ASCII, so that no encoding of a stream can break it.
"""

from __future__ import annotations

import json
from typing import Any

from prodlint import __version__
from prodlint.finding import Edit, Finding, Fix
from prodlint.report.data import Report, severity_of
from prodlint.report.fingerprint import fingerprints
from prodlint.report.terminal import Terminal
from prodlint.source import Span

__all__ = ["VERSION", "render"]

# Raised when a field changes its meaning or goes away.
VERSION = 1


def render(report: Report, terminal: Terminal) -> str:
    """The whole report, indented by two blanks; ends with a line feed. The terminal plays no part."""
    keys = fingerprints(report.findings)
    whole = {
        "version": VERSION,
        "findings": [_finding(finding, key) for finding, key in zip(report.findings, keys, strict=True)],
        "summary": _summary(report),
    }
    # GitHub's runner obeys `##[` wherever a line holds it; outside of a string it cannot stand.
    return json.dumps(whole, indent=2).replace("##[", "#\\u0023[") + "\n"


def _finding(finding: Finding, fingerprint: str) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "message": finding.message,
        "severity": severity_of(finding).label,
        "location": _location(finding.span),
        "evidence": [{"location": _location(evidence.span), "note": evidence.note} for evidence in finding.evidence],
        "help": finding.help,
        "fix": None if finding.fix is None else _fix(finding.fix),
        "fingerprint": fingerprint,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    if not all(isinstance(change, Edit) for change in fix.edits):
        from prodlint.codemod import spelled_out

        fix = spelled_out(fix)
    edits = [
        {"location": _location(edit.span), "replacement": edit.replacement}
        for edit in fix.edits
        if isinstance(edit, Edit)
    ]
    return {"title": fix.title, "safety": fix.safety.value, "edits": edits}


def _location(span: Span) -> dict[str, Any]:
    first, last = span.first, span.last
    return {
        "path": span.path,
        "line": first.line,
        "column": first.column,
        "end_line": last.line,
        "end_column": last.column,
    }


def _summary(report: Report) -> dict[str, Any]:
    summary = report.summary
    return {
        "prodlint": __version__,
        **{f"{severity.label}s": count for severity, count in report.counts.items()},
        "hidden": {"comments": summary.hidden_by_comments, "settings": summary.hidden_by_settings},
        "files": summary.files,
        "seconds": summary.seconds,
        "understood": summary.understood,
    }
