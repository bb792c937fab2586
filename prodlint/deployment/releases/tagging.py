"""Tasks that give the source a version: what they pull is for whoever tags it, and brings nothing to a server."""

from __future__ import annotations

from collections.abc import Sequence

from prodlint.deployment.pipeline import StepKind

__all__ = ["LIVE", "only_tags"]

LIVE = (StepKind.DEPLOY, StepKind.RESTART)
"""What brings new code to those who use it."""
# What a server needs of new code, or gets of it.
_BRINGS = (StepKind.INSTALL, StepKind.BUILD, StepKind.PUSH, StepKind.UPLOAD, StepKind.MIGRATE, StepKind.COLLECT_STATIC)
_PULLS = ("git pull", "git reset")


def only_tags(steps: Sequence[tuple[StepKind, str]]) -> bool:
    """Whether a job tags and pushes a version, and all that looks like a deployment in it is `git pull`.

    Of each step the kind and the words.
    """
    words = [text for _, text in steps]
    if not any(text.startswith("git tag ") for text in words) or not any(text.startswith("git push") for text in words):
        return False
    pulls = all(text.startswith(_PULLS) for kind, text in steps if kind in LIVE)
    return pulls and not any(kind in _BRINGS for kind, _ in steps)
