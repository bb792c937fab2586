"""The files of the repository as the process finds them: an image leaves some out, and writes others anew."""

from __future__ import annotations

import posixpath
import re

from prodlint.deployment.evaluation.domain import Opaque
from prodlint.deployment.filemap import FileMap, Rewriting
from prodlint.deployment.repository import Repository
from prodlint.source import Span

__all__ = ["HeldFiles"]


class HeldFiles:
    """The files that a process imports. A file counts as it is in the repository unless the image certainly differs."""

    def __init__(self, repository: Repository, files: FileMap) -> None:
        self._repository = repository
        self.files = files
        self._rewritten: dict[str, Opaque | None] = {}
        self._changes: dict[str, tuple[Rewriting, dict[int, tuple[str, str]] | None]] = {}
        self._lacking: dict[str, bool] = {}

    def rewritten(self, path: str) -> Opaque | None:
        """Why what a file holds is not known; None when it is the text of the repository."""
        if path not in self._rewritten:
            made = self.files.rewriting(path)
            reason = None
            changed = self._changed_lines(made) if made is not None else None
            if made is not None and changed != {}:
                self._changes[path] = made, changed
                where = f"{made.span.path}:{made.span.first.line}"
                reason = Opaque(f"{where} rewrites {path} while the image is built", made.span)
            self._rewritten[path] = reason
        return self._rewritten[path]

    def as_written(self, path: str, value: object, span: Span) -> object:
        """A value that a statement of a file says, as it is where the process runs.

        It is known where the statement holds the one line that was changed, and the value all of the change.
        """
        reason = self.rewritten(path)
        if reason is None:
            return value
        made, changed = self._changes[path]
        if made.substitution is None or not isinstance(value, str) or not value or changed is None or len(changed) > 1:
            return reason
        ((number, (old, new)),) = changed.items()
        then = _replaced(made.substitution, value)
        is_all = old.count(value) == 1 and old.replace(value, then) == new
        return then if is_all and span.first.line <= number <= span.last.line else reason

    def _changed_lines(self, made: Rewriting) -> dict[int, tuple[str, str]] | None:
        """The lines of a file that a substitution changes, before and after it; None when nobody knows."""
        source = self._repository.source(made.path)
        if made.substitution is None or source is None:
            return None
        lines = enumerate(source.text.split("\n"), 1)
        pairs = {number: (line, _replaced(made.substitution, line)) for number, line in lines}
        return {number: pair for number, pair in pairs.items() if pair[0] != pair[1]}

    def has(self, path: str) -> bool:
        """Whether a module is in the repository, and not certainly missing where the process runs."""
        if path not in self._repository.paths:
            return False
        if path not in self._lacking:
            self._lacking[path] = self._is_missing(path)
        return not self._lacking[path]

    def may_be_put(self, path: str, near: str) -> bool:
        """Whether a volume or a step of the build may put a module where the process runs that the repository lacks.

        `near` is a module of which it is known where it lies.
        """
        folder, name = posixpath.split(path)
        beside = [one for one in (f"{folder}/__init__.py", near) if posixpath.dirname(one) == folder]
        places = (posixpath.dirname(at) for one in beside for at in self.files.places(one))
        return any(self.files.is_put(posixpath.join(at, name)) for at in places)

    def _is_missing(self, path: str) -> bool:
        """Whether the image holds the package of a module, and the module at none of its places.

        Without the package nobody knows: an installed one may be imported instead.
        """
        files, paths = self.files, self._repository.paths
        if not files.complete or files.places(path):
            return False
        package = path.removesuffix("/__init__.py").removesuffix(".py")
        folder = posixpath.dirname(package)
        places = files.places(posixpath.join(folder, "__init__.py")) if f"{folder}/__init__.py" in paths else ()
        return bool(places) and all(
            files.certainly_lacks(posixpath.join(posixpath.dirname(place), path[len(folder) + 1 :]), paths.__contains__)
            for place in places
        )


def _replaced(substitution: tuple[str, str, int], text: str) -> str:
    old, new, count = substitution
    return re.sub(old, lambda found: new, text, count=count)
