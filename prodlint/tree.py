"""Files as a tree that need not lie on a disk: tests and editors have theirs in memory.

Paths are relative to the root, with forward slashes; the root itself is the empty string.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from prodlint.record import Record

__all__ = ["DiskTree", "Entry", "MemoryTree", "OverlayTree", "Tree"]

# A junction of Windows passes for a folder, so that there each folder's real path is looked up.
LINKS_ARE_NO_FOLDERS = os.name == "posix"


class Entry(Record):
    """A file or a folder in a folder; the size is in bytes, 0 for a folder."""

    name: str
    is_dir: bool
    size: int


class Tree(Protocol):
    """What discovery and the readers of files need to know of a file system."""

    def entries(self, folder: str) -> Iterable[Entry]:
        """The files and folders in a folder, in any order; OSError if it cannot be read."""

    def read(self, path: str, limit: int = -1) -> bytes:
        """The content of a file, at most `limit` bytes of it; OSError if it cannot be read."""

    def is_link(self, path: str) -> bool:
        """Whether a file is a symbolic link to another one."""

    def parent(self) -> tuple[Tree, str] | None:
        """The tree around this one, and the name of this one's root in it."""


class DiskTree:
    """A folder of the disk, of which nothing outside is ever read.

    A symbolic link is a file if it ends at a file inside the root; a link to a folder is left
    out, so that there are no loops, and so is whatever is neither a file nor a folder.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(os.path.realpath(root))
        self._prefix = os.path.join(str(self.root), "")
        self._own_folders: set[str] = {""}

    def entries(self, folder: str) -> Iterator[Entry]:
        place = self._place(folder)
        if place is None:
            raise _denied(folder)
        inside = f"{folder}/" if folder else ""
        with os.scandir(place) as entries:
            for entry in entries:
                try:
                    if entry.is_dir(follow_symlinks=False):
                        if LINKS_ARE_NO_FOLDERS:
                            self._own_folders.add(inside + entry.name)
                        yield Entry(entry.name, True, 0)
                        continue
                    if entry.is_symlink() and not self._is_inside(entry.path):
                        continue
                    status = entry.stat()
                except (OSError, ValueError):
                    continue
                if stat.S_ISREG(status.st_mode):
                    yield Entry(entry.name, False, status.st_size)

    def read(self, path: str, limit: int = -1) -> bytes:
        folder, _, name = path.rpartition("/")
        place = self._place(folder)
        if place is None or name in ("", ".", "..") or "\0" in name or name != os.path.basename(name):
            raise _denied(path)
        # A pipe would block, a link may lead out of the root.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        target = os.path.join(place, name)
        if os.path.islink(target):
            target = os.path.realpath(target)
            if not target.startswith(self._prefix):
                raise _denied(path)
        with open(os.open(target, flags | getattr(os, "O_NOFOLLOW", 0)), "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError(errno.EINVAL, "not a regular file", path)
            return file.read(limit) or b""

    def is_link(self, path: str) -> bool:
        return "\0" not in path and os.path.islink(os.path.join(self._prefix, *path.split("/")))

    def parent(self) -> tuple[DiskTree, str] | None:
        if self.root.parent == self.root:
            return None
        return DiskTree(self.root.parent), self.root.name

    def _place(self, folder: str) -> str | None:
        """The path of a folder on the disk, None if it is not one of this tree's own."""
        place = os.path.join(self._prefix, *folder.split("/"))
        if folder not in self._own_folders:
            if "\0" in folder or os.path.realpath(place) != place or not place.startswith(self._prefix):
                return None
            self._own_folders.add(folder)
        return place

    def _is_inside(self, path: str) -> bool:
        return os.path.realpath(path).startswith(self._prefix)


def _denied(path: str) -> OSError:
    return PermissionError(errno.EACCES, "outside of the inspected tree", path)


class MemoryTree:
    """Files that are only written down: their paths with their content, as text or as bytes."""

    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        self._files: dict[str, bytes] = {}
        self._folders: dict[str, dict[str, Entry]] = {"": {}}
        for path, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            self._add(path, data)

    def _add(self, path: str, data: bytes) -> None:
        parts = path.split("/")
        if any(part in ("", ".", "..") for part in parts):
            raise ValueError(f"not a relative path with forward slashes: {path!r}")
        for depth in range(1, len(parts)):
            folder = "/".join(parts[:depth])
            if folder in self._files:
                raise ValueError(f"both a file and a folder: {folder!r}")
            self._folders["/".join(parts[: depth - 1])][parts[depth - 1]] = Entry(parts[depth - 1], True, 0)
            self._folders.setdefault(folder, {})
        if path in self._folders:
            raise ValueError(f"both a file and a folder: {path!r}")
        self._files[path] = data
        self._folders["/".join(parts[:-1])][parts[-1]] = Entry(parts[-1], False, len(data))

    def entries(self, folder: str) -> Iterator[Entry]:
        if folder not in self._folders:
            raise FileNotFoundError(errno.ENOENT, "no such folder", folder)
        yield from self._folders[folder].values()

    def read(self, path: str, limit: int = -1) -> bytes:
        try:
            data = self._files[path]
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, "no such file", path) from None
        return data if limit < 0 else data[:limit]

    def is_link(self, path: str) -> bool:
        return False

    def parent(self) -> tuple[Tree, str] | None:
        return None


class OverlayTree:
    """A tree in which some files have another content, or exist although they were never saved."""

    def __init__(self, tree: Tree, files: Mapping[str, bytes]) -> None:
        self._tree = tree
        self._files = MemoryTree(files)

    def entries(self, folder: str) -> Iterator[Entry]:
        try:
            over = {entry.name: entry for entry in self._files.entries(folder)}
        except FileNotFoundError:
            over = {}
        try:
            under = list(self._tree.entries(folder))
        except OSError:
            if not over:
                raise
            under = []
        yield from (entry for entry in under if entry.name not in over)
        yield from over.values()

    def read(self, path: str, limit: int = -1) -> bytes:
        try:
            return self._files.read(path, limit)
        except FileNotFoundError:
            return self._tree.read(path, limit)

    def is_link(self, path: str) -> bool:
        return self._tree.is_link(path)

    def parent(self) -> tuple[Tree, str] | None:
        return self._tree.parent()
