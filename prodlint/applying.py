"""One run that fixes: inspect, fix, inspect what that leaves, until nothing is left to be fixed; then write or show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prodlint.finding import Finding, Safety
from prodlint.fix import MOST_ROUNDS, Data, Outcome, settle
from prodlint.inspection import Inspection, Policy, inspect
from prodlint.record import Record
from prodlint.report.escape import visible
from prodlint.rule import Rule
from prodlint.target import Target
from prodlint.tree import OverlayTree
from prodlint.writing import CannotWrite, hindrance, replace_files

__all__ = ["SAFE", "SAFE_AND_UNSAFE", "CannotWrite", "FixedRun", "fixed", "write"]

SAFE = (Safety.SAFE,)
SAFE_AND_UNSAFE = (Safety.SAFE, Safety.UNSAFE)


class FixedRun(Record):
    """What fixing comes to: the last inspection, and the changed files, which are not yet written."""

    target: Target
    inspection: Inspection
    outcome: Outcome

    @property
    def has_failed(self) -> bool:
        """Whether a file that a fix needs cannot be written."""
        return any(refusal.is_failure for refusal in self.outcome.refused)

    @property
    def refusals(self) -> tuple[str, ...]:
        """A line for each fix that was not applied, with the reason."""
        lines = [f"{one.finding.span} {one.finding.rule} was not fixed: {one.reason}" for one in self.outcome.refused]
        if self.outcome.is_unfinished:
            lines.append(f"stopped after {MOST_ROUNDS} rounds of fixes; run prodlint again for the others")
        return tuple(visible(line) for line in lines)

    @property
    def summary(self) -> str:
        """What was fixed, in one line; empty when nothing was."""
        count = len(self.outcome.applied)
        if not self.outcome.after:
            return ""
        return visible(f"{count} finding{'' if count == 1 else 's'} in {', '.join(sorted(self.outcome.after))}")


def fixed(target: Target, rules: Iterable[Rule], policy: Policy, safeties: tuple[Safety, ...]) -> FixedRun:
    """The project with its fixes applied, in memory."""
    rules = tuple(rules)

    def look(changed: Mapping[str, bytes]) -> tuple[Inspection, Iterable[Finding], Data]:
        tree = OverlayTree(target.tree, changed) if changed else target.tree
        result = inspect(tree, rules, policy)
        return result, result.triaged.findings, result.deployment.repository.data

    def cannot(path: str, read: bytes) -> str | None:
        if target.stdin is None:
            # A file of an earlier round is on the disk as it was before.
            return hindrance(target.root, path, originals.setdefault(path, read))
        return None if path == target.stdin else f"{path} is not the file on standard input"

    originals: dict[str, bytes] = {}
    outcome, inspection = settle(look, safeties, cannot)
    return FixedRun(target, inspection, outcome)


def write(run: FixedRun) -> None:
    """Bring the changed files to the disk, all of them or none; raises CannotWrite."""
    replace_files(run.target.root, run.outcome.before, run.outcome.after)
