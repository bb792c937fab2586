"""Where the files of the repository lie for a process: in an image, on a platform, in a checkout."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

__all__ = ["CHECKOUT", "FileMap", "Placement", "absolute"]


def absolute(path: str, directory: str | None) -> str | None:
    """A path as a process in `directory` means it; None for a relative one in an unknown directory."""
    if path.startswith("/"):
        return posixpath.normpath(path)
    return None if directory is None else posixpath.normpath(posixpath.join(directory, path))


@dataclass(frozen=True, slots=True)
class Placement:
    """A file or folder of the repository (its path, the root is empty) at an absolute path of the process."""

    target: str
    path: str


@dataclass(frozen=True, slots=True)
class FileMap:
    """Placements in the order in which they were made: the last one that covers a path counts.

    `complete` is False when something else may have put files there.
    """

    placements: tuple[Placement, ...] = ()
    complete: bool = True

    def candidates(self, path: str) -> tuple[str, ...]:
        """The repository paths that an absolute path may stand for, the likeliest first."""
        found = []
        for placement in reversed(self.placements):
            if path == placement.target:
                found.append(placement.path)
            else:
                prefix = placement.target.rstrip("/") + "/"
                if path.startswith(prefix):
                    found.append(posixpath.normpath(posixpath.join(placement.path, path[len(prefix) :])))
        return tuple("" if candidate == "." else candidate for candidate in found)

    def below(self, root: str) -> FileMap:
        """The same files when the folder `root` of the repository stands for its root."""
        return FileMap(
            tuple(Placement(placement.target, posixpath.join(root, placement.path)) for placement in self.placements),
            self.complete,
        )

    def with_mount(self, target: str, path: str) -> FileMap:
        """The same with a folder of the repository mounted over `target`."""
        return FileMap((*self.placements, Placement(posixpath.normpath(target), path)), self.complete)


CHECKOUT = FileMap((Placement("/", ""),))
"""A checkout of the whole repository; `/` stands for its root."""
