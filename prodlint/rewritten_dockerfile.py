"""What a fix leaves of a Dockerfile, as another reader sees it.

prodlint reads Dockerfiles by itself (`prodlint.syntax.dockerfile`) and works its edits out from what it read: a mistake
there is a mistake in the edit, too. So the dockerfile-parse library looks at the result. It knows less of BuildKit, and
takes every instruction apart in its own way. Nothing but a fix that is applied or shown loads it (7 ms).
"""

from __future__ import annotations

from collections import Counter
from io import BytesIO

from prodlint.codemod import CannotChange

__all__ = ["check_dockerfile"]

# It needs more than linear time for one long instruction.
_LONGEST = 100_000


def check_dockerfile(path: str, before: str, after: str, edits: int) -> None:
    """Whether a number of edits changed or removed no more instructions than that; raises CannotChange.

    An edit that leaves an escape at the end of its line would take the next instruction with it.
    """
    if max(len(before), len(after)) > _LONGEST:
        raise CannotChange(f"{path} is too long to be changed")
    lost = Counter(_instructions(before)) - Counter(_instructions(after))
    if lost.total() > edits:
        names = ", ".join(sorted({name for name, _ in lost}))
        raise CannotChange(f"{path} would lose instructions that the fix does not name ({names})")


def _instructions(text: str) -> list[tuple[str, str]]:
    from dockerfile_parse import DockerfileParser  # type: ignore[import-untyped]

    # With an open file the library touches no disk; reading `structure` changes nothing.
    data = BytesIO(text.encode("utf-8", "replace"))
    structure = DockerfileParser(fileobj=data, env_replace=False, cache_content=False).structure
    return [(entry["instruction"], entry["value"]) for entry in structure if entry["instruction"] != "COMMENT"]
