"""Whether two names may be those of one image as a whole: registry, owner and all.

The last segment alone says little: `othercorp/web` is no build of what a Makefile here calls `web`.
"""

from __future__ import annotations

from prodlint.regex import regex

__all__ = ["COMPUTED", "agree", "alternatives", "segments", "without_tag"]

COMPUTED = regex(r"\$|\{\{|<|>|^__|^[A-Z][A-Z0-9_]*$")
"""A segment of a name that somebody fills in: by a variable, a template or a placeholder (`OWNER`)."""

_TAG = regex(r"[:@][^/]*$")
_EXPRESSION = regex(r"\$\{\{([^{}]*(?:\{\d\}[^{}]*)*)\}\}")
_CHOSEN = regex(r"(?:&&|\|\|)\s*'([a-z0-9][\w./:-]{0,200})'(?=\s*(?:\|\||\)|$))")
_START = regex(r"[^${<>]*")
_HUB = frozenset(("docker.io", "index.docker.io", "registry-1.docker.io"))
_MOST_SEGMENTS = 8


def without_tag(image: str) -> str:
    """The name of an image without its tag and digest."""
    return _TAG.sub("", image)


def alternatives(name: str) -> list[str]:
    """A name, and those between which an expression of it chooses: `${{ github.ref == 'x' && 'shop/a' || env.B }}`."""
    found = _EXPRESSION.fullmatch(name)
    return [name, *_CHOSEN.findall(found[1])] if found is not None else [name]


def segments(image: str) -> list[str]:
    """The segments of an image's name with its registry, which is left out where it is Docker Hub; without a tag."""
    found = [one for one in without_tag(image.strip().strip("\"'")).split("/") if one]
    if len(found) > 1 and found[0].lower() in _HUB:
        del found[0]
    if found[:1] == ["library"]:
        del found[0]
    return found


def agree(told: str, image: str) -> bool:
    """Whether they may be one name; what is computed in them may stand for any part, but for the last."""
    first, second = segments(told), segments(image)
    if not first or not second or max(len(first), len(second)) > _MOST_SEGMENTS:
        return False
    if any(COMPUTED.search(one) for one in (first[-1], second[-1])):
        return False
    return first[-1].lower() == second[-1].lower() and _match(first, second)


def _match(first: list[str], second: list[str]) -> bool:
    """Whether two lists of segments may be one; where both are computed, that of the first stands for more."""
    if not first or not second:
        return not first and not second
    for one, other in ((first, second), (second, first)):
        if COMPUTED.search(one[0]):
            known = _start(one[0])
            is_same = other[0].startswith(known) or COMPUTED.search(other[0]) is not None
            return is_same and any(_match(one[1:], other[count:]) for count in range(1, len(other)))
    return first[0].lower() == second[0].lower() and _match(first[1:], second[1:])


def _start(segment: str) -> str:
    """What of a computed segment stands in front of all that is computed; of a placeholder (`OWNER`) nothing."""
    found = _START.match(segment)
    return found[0] if found is not None and found[0] != segment and not segment.startswith("__") else ""
