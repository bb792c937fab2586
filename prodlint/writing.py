"""Writes changed files: each whole or not at all, and nothing that lies outside of the project.

A new file is written beside the old one and takes its name in one step, so that nobody reads a half
of it and no power failure leaves one.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

__all__ = ["CannotWrite", "hindrance", "replace_files"]


class CannotWrite(Exception):
    """A file cannot be written: which one, and why."""


def hindrance(root: Path, path: str, read: bytes) -> str | None:
    """Why a file of a project must not or cannot be written, None where it can be.

    `read` is what the file held when it was looked at.
    """
    place = os.path.join(root, *path.split("/"))
    try:
        status = os.lstat(place)
        if stat.S_ISLNK(status.st_mode):
            return f"{path} is a symbolic link, which prodlint does not write through"
        if os.path.realpath(place) != os.path.join(os.path.realpath(root), *path.split("/")):
            return f"{path} lies behind a symbolic link, which prodlint does not write through"
        if not stat.S_ISREG(status.st_mode):
            return f"{path} is not a file"
        # The mode is asked as well: the administrator may write everything, and must not be led to.
        if not status.st_mode & 0o222 or not os.access(place, os.W_OK):
            return f"{path} is read-only"
        if not os.access(os.path.dirname(place), os.W_OK | os.X_OK):
            return f"{path} is in a folder that is read-only"
        with open(place, "rb") as file:
            return None if file.read() == read else f"{path} has changed since it was read; run prodlint again"
    except OSError as error:
        return f"{path} cannot be written: {error.strerror}"


def replace_files(root: Path, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> None:
    """Give files a new content, all of them or none; raises CannotWrite.

    `before` is what each of them must hold. Permissions stay as they are.
    """
    for path in after:
        reason = hindrance(root, path, before[path])
        if reason is not None:
            raise CannotWrite(reason)
    waiting: dict[str, str] = {}
    replaced: list[str] = []
    try:
        for path, content in after.items():
            waiting[path] = _beside(_place(root, path), content)
        for path in after:
            os.replace(waiting[path], _place(root, path))
            replaced.append(path)
    except OSError as error:
        lost = [done for done in replaced if not _put_back(_place(root, done), before[done])]
        rest = f"{', '.join(lost)} could not be put back" if lost else "nothing was changed"
        raise CannotWrite(f"{path} cannot be written: {error.strerror}; {rest}") from None
    finally:
        for path, temporary in waiting.items():
            if path not in replaced:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)


def _put_back(place: str, content: bytes) -> bool:
    try:
        os.replace(_beside(place, content), place)
    except OSError:
        return False
    return True


def _place(root: Path, path: str) -> str:
    return os.path.join(root, *path.split("/"))


def _beside(place: str, content: bytes) -> str:
    """A file in the same folder with a content and the permissions of the one that it will replace."""
    status = os.stat(place)
    descriptor, name = tempfile.mkstemp(prefix=".prodlint-", dir=os.path.dirname(place))
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if os.name == "posix" and (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
            with contextlib.suppress(OSError):
                os.chown(name, status.st_uid, status.st_gid)
        os.chmod(name, stat.S_IMODE(status.st_mode))
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
    return name
