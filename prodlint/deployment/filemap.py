"""Where the files of the repository lie for a process: in an image, on a platform, in a checkout."""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from prodlint.record import Record
from prodlint.source import Span, Text

__all__ = ["CHECKOUT", "FileMap", "Placement", "Rewriting", "absolute"]


def absolute(path: str, directory: str | None) -> str | None:
    """A path as a process in `directory` means it; None for a relative one in an unknown directory."""
    if path.startswith("/"):
        return "/" + posixpath.normpath(path).lstrip("/")
    return None if directory is None else posixpath.normpath(posixpath.join(directory, path))


# In images of today these are links themselves, or lie in one: /bin is /usr/bin, /usr/sbin may be.
_SYSTEM_LINKS = frozenset(
    "/bin /lib /lib32 /lib64 /sbin /usr/lib64 /usr/local/sbin /usr/sbin /usr/tmp /var/lock /var/run".split()
)
_MOST_PARTS = 200
# A file is copied to a few places; a hostile Dockerfile may name a thousand.
_PLACES = 20


class Rewriting(Record):
    """Something wrote over a file of the repository where it lies.

    `substitution` is all that it did, where that is known: a regular expression, the text that it puts there, and
    how often in a line (0: always).
    """

    path: str
    span: Span
    substitution: tuple[str, str, int] | None = None


class Placement(Record):
    """A file or folder of the repository (its path, the root is empty) at an absolute path of the process.

    Without a path the repository has no say in what lies there: it was removed, or made by a
    program. `leaves_out` tells of the files below a folder which of them did not come along.
    `rewritten` tells of a file of the repository whose text is no longer what lies there. `text` is what
    a file holds that a build makes, where the build file says it (a here-document). `link` is where a symbolic link
    leads that lies there, as it is written; `path` is then what it leads to.
    """

    target: str
    path: str | None
    leaves_out: Callable[[str], bool] | None = None
    rewritten: Rewriting | None = None
    text: Text | None = None
    link: str | None = None

    def covers(self, path: str) -> bool:
        """Whether an absolute path is the target, or lies below it."""
        return path == self.target or path.startswith(self.target.rstrip("/") + "/")


class FileMap(Record):
    """Placements in the order in which they were made: the last one that covers a path counts.

    `complete` is False when something else may have put files there. `overlaid` are the paths at which a deployment
    file puts something over those of the image (volumes, secrets), None where not all of them are known.
    """

    placements: tuple[Placement, ...] = ()
    complete: bool = True
    overlaid: tuple[str, ...] | None = None

    def candidates(self, path: str) -> tuple[str, ...]:
        """The repository paths that an absolute path may stand for, the likeliest first."""
        found = []
        for placement in reversed(self.placements):
            # The busiest loop of images: `covers` is spelled out.
            prefix = placement.target.rstrip("/") + "/"
            if path != placement.target and not path.startswith(prefix):
                continue
            if placement.path is None:
                break
            rest = path[len(prefix) :] if path != placement.target else ""
            candidate = posixpath.normpath(posixpath.join(placement.path, rest))
            candidate = "" if candidate == "." else candidate
            if placement.leaves_out is None or not placement.leaves_out(candidate):
                found.append(candidate)
        return tuple(dict.fromkeys(found))

    def with_mount(self, target: str, path: str) -> FileMap:
        """The same with a folder of the repository mounted over `target`."""
        placements = (*self.placements, Placement(posixpath.normpath(target), path))
        return FileMap(placements, self.complete, self.overlaid)

    def places(self, path: str) -> tuple[str, ...]:
        """The absolute paths at which a file of the repository lies, those that something hides aside."""
        found = []
        for placement in self.placements:
            held = placement.path
            if held is None or (placement.leaves_out is not None and placement.leaves_out(path)):
                continue
            if path == held:
                found.append(placement.target)
            elif not held or path.startswith(f"{held}/"):
                found.append(posixpath.join(placement.target, path[len(held) :].lstrip("/")))
        return tuple(one for one in list(dict.fromkeys(found))[-_PLACES:] if self.candidates(one)[:1] == (path,))

    def is_put(self, path: str) -> bool:
        """Whether a volume, a mount or a step puts a file at an absolute path by itself."""
        last = next((one for one in reversed(self.placements) if one.covers(path)), None)
        return last is not None and (last.target == path or (last.path is None and last.link is None))

    def rewriting(self, path: str) -> Rewriting | None:
        """What wrote over a file of the repository where it lies; None when its text is what the repository holds."""
        for placement in reversed(self.placements):
            if placement.rewritten is not None and placement.rewritten.path == path:
                last = next(one for one in reversed(self.placements) if one.covers(placement.target))
                if last is placement:
                    return placement.rewritten
        return None

    def text(self, path: str) -> Text | None:
        """What a file holds that the build made at an absolute path; None where that is not told."""
        last = next((one for one in reversed(self.placements) if one.covers(path)), None)
        return last.text if last is not None and last.target == path else None

    def link_at(self, path: str) -> str | None:
        """Where a symbolic link leads that lies at an absolute path, as it is written; None where none is known."""
        last = next((one for one in reversed(self.placements) if one.target == path), None)
        return None if last is None else last.link

    def real(self, path: str, directory: str | None) -> str | None:
        """A path without symbolic links, as `readlink -f` tells it; None where a part of it may be one elsewhere."""
        if directory is None and not path.startswith("/"):
            return None
        waiting = posixpath.join(directory or "/", path).split("/")[::-1]
        at = "/"
        for _ in range(_MOST_PARTS):
            if not waiting:
                return at
            part = waiting.pop()
            at = posixpath.dirname(at) if part == ".." else posixpath.join(at, "" if part == "." else part)
            at = at.rstrip("/") or "/"
            if (link := self.link_at(at)) is not None:
                # A folder that was copied over it may hold a file in its place.
                if next(one for one in reversed(self.placements) if one.covers(at)).link != link:
                    return None
                waiting += link.split("/")[::-1]
                at = "/" if link.startswith("/") else posixpath.dirname(at)
            elif at in _SYSTEM_LINKS and self.placements[:1] != CHECKOUT.placements:
                return None
        return None

    def certainly_lacks(self, path: str, is_file: Callable[[str], bool]) -> bool:
        """Whether certainly no file lies at an absolute path; `is_file` answers for paths of the repository."""
        touched = any(one.path is None and one.covers(path) for one in self.placements)
        return self.complete and not touched and not any(is_file(one) for one in self.candidates(path))

    def is_bare(self, folder: str) -> bool:
        """Whether certainly nothing of the repository, of a platform or of a program of the build lies in a folder."""
        if self.overlaid is None or not self.complete or not folder.startswith("/"):
            return False
        inside = posixpath.normpath(folder).rstrip("/") + "/"
        targets = (*self.overlaid, *(one.target for one in self.placements))
        around = [f"{posixpath.normpath(one).rstrip('/')}/" for one in targets]
        # Another path may lead to the same folder.
        linked = any(path.startswith(f"{one}/") for one in _SYSTEM_LINKS for path in (inside, *around))
        linked = linked or any(one.link is not None for one in self.placements)
        return not linked and not any(inside.startswith(one) or one.startswith(inside) for one in around)

    def holds(self, path: str) -> bool:
        """Whether a file of the repository lies anywhere."""
        return any(
            placement.path is not None
            and (not placement.path or path == placement.path or path.startswith(placement.path + "/"))
            and not (placement.leaves_out is not None and placement.leaves_out(path))
            for placement in self.placements
        )


CHECKOUT = FileMap((Placement("/", ""),))
"""A checkout of the whole repository; `/` stands for its root."""
