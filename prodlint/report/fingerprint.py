"""What stays of a finding when lines move: the key by which two runs compare their findings.

A fingerprint is made from the rule, the path, the text of the first line of the finding's place,
the part of that line that the finding is about, and a count that tells apart findings that agree
in all four. Runs of white space count as one blank. Line numbers, columns and the message are left
out: a finding keeps its fingerprint when lines above it come and go, when its line is indented
anew, and when a release words the message differently. It gets a new one when its line is edited,
or when its file is renamed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

from prodlint.finding import Finding

__all__ = ["fingerprints"]


def fingerprints(findings: Iterable[Finding]) -> list[str]:
    """One fingerprint a finding, in the same order; no two of a run are equal.

    Each is 32 hexadecimal digits. Findings that agree are counted in the order given.
    """
    seen: Counter[str] = Counter()
    digests = []
    for finding in findings:
        subject = "\x1f".join(_subject(finding))
        seen[subject] += 1
        key = f"{subject}\x1f{seen[subject]}"
        digests.append(sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32])
    return digests


def _subject(finding: Finding) -> Iterable[str]:
    span = finding.span
    line = span.source.line(span.line)
    about = line[span.column - 1 : span.column - 1 + max(0, span.end - span.start)]
    return finding.rule, span.path, _spaced(line), _spaced(about)


def _spaced(text: str) -> str:
    return " ".join(text.split())
