"""Which files git tracks: a tracked file belongs to the repository whatever `.gitignore` says."""

from __future__ import annotations

from bisect import bisect_left

__all__ = ["MAX_INDEX", "TrackedFiles"]

MAX_INDEX = 64 * 1024 * 1024
"""Bytes; of a larger index, no file counts as tracked."""

HEADER = 12
NAME_AT = 62
"""Bytes of an entry before its name: the state of the file, its object's name (SHA-1), flags."""
EXTENDED = 0x40


class TrackedFiles:
    """The paths in a git index, from the top of the work tree."""

    def __init__(self, index: bytes) -> None:
        """Reads versions 2 to 4; of an index in a form that is not known, nothing counts as tracked."""
        try:
            self._paths = sorted(_paths(index))
        except (IndexError, ValueError):
            self._paths = []

    def __contains__(self, path: str) -> bool:
        at = bisect_left(self._paths, path)
        return at < len(self._paths) and self._paths[at] == path

    def any_below(self, folder: str) -> bool:
        """Whether a tracked file lies in a folder or below it."""
        at = bisect_left(self._paths, folder + "/")
        return at < len(self._paths) and self._paths[at].startswith(folder + "/")


def _paths(index: bytes) -> list[str]:
    version = int.from_bytes(index[4:8], "big")
    if index[:4] != b"DIRC" or version not in (2, 3, 4) or len(index) >= MAX_INDEX:
        return []
    paths = []
    at, name = HEADER, b""
    for _ in range(int.from_bytes(index[8:12], "big")):
        start = at
        at += NAME_AT + (2 if index[at + NAME_AT - 2] & EXTENDED else 0)
        if version == 4:
            dropped, at = _offset_varint(index, at)
            end = index.index(b"\0", at)
            name = name[: len(name) - dropped] + index[at:end]
            at = end + 1
        else:
            end = index.index(b"\0", at)
            name = index[at:end]
            at = start + (end - start + 8) // 8 * 8
        paths.append(name.decode("utf-8", "surrogateescape"))
    return paths


def _offset_varint(data: bytes, at: int) -> tuple[int, int]:
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = ((value + 1) << 7) | (data[at] & 0x7F)
        if value > MAX_INDEX:
            raise ValueError("a path cannot be so long")
    return value, at + 1
