"""What a command line means by its paths: the root to inspect, and which files to report on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from prodlint.record import Record
from prodlint.tree import DiskTree, OverlayTree, Tree

__all__ = ["Target", "TargetError", "target_of"]

_MARKS = (".git", "prodlint.toml", ".prodlint.toml")


class TargetError(Exception):
    """The paths of the command line cannot be inspected: which one, and why."""


class Target(Record):
    """A root with its tree; `only` are the paths below it to report on, empty for all of them.

    `stdin` is the path of the file that standard input stands for, None where it plays no part.
    """

    root: Path
    tree: Tree
    only: tuple[str, ...] = ()
    stdin: str | None = None

    def is_reported(self, path: str) -> bool:
        """Whether findings in a file were asked for."""
        return not self.only or any(path == one or path.startswith(f"{one}/") or one == "" for one in self.only)


def target_of(paths: tuple[str, ...], stdin_filename: str | None, here: Path, stdin: Callable[[], bytes]) -> Target:
    """The target of a command line; raises TargetError.

    One folder is the root itself. Files are reported on in the project around them: the nearest
    folder above with a git repository or prodlint's settings, else the current folder. `-` stands
    for `stdin_filename`, with what standard input holds in the place of what is on the disk.
    """
    if "-" in paths:
        return _from_stdin(paths, stdin_filename, here, stdin)
    if stdin_filename is not None:
        raise TargetError("--stdin-filename goes with `-`")
    places = [here / path for path in paths] or [here]
    for place, written in zip(places, paths or (".",), strict=True):
        if not place.exists():
            raise TargetError(f"{written}: there is no such file or folder")
    if len(places) == 1 and places[0].is_dir():
        root = places[0].resolve()
        return Target(root, DiskTree(root))
    root = _project_of(places[0].resolve(), here.resolve())
    only = tuple(_relative(place, root) for place in places)
    return Target(root, DiskTree(root), only)


def _from_stdin(paths: tuple[str, ...], name: str | None, here: Path, stdin: Callable[[], bytes]) -> Target:
    if len(paths) > 1:
        raise TargetError("`-` is given alone")
    if name is None:
        raise TargetError("`-` needs --stdin-filename, so that the file has its place in the project")
    place = (here / name).resolve()
    root = _project_of(place, here.resolve())
    path = _relative(place, root)
    return Target(root, OverlayTree(DiskTree(root), {path: stdin()}), (path,), path)


def _project_of(place: Path, here: Path) -> Path:
    start = place if place.is_dir() else place.parent
    for folder in (start, *start.parents):
        if any((folder / mark).exists() for mark in _MARKS):
            return folder
    return here if here in place.parents else start


def _relative(place: Path, root: Path) -> str:
    try:
        path = place.resolve().relative_to(root).as_posix()
    except ValueError:
        raise TargetError(f"{place}: lies outside of the project {root}") from None
    return "" if path == "." else path
