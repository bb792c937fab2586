"""The files of the repository as the process finds them: an image leaves some out, and writes others anew."""

from __future__ import annotations

import posixpath

from prodlint.deployment.evaluation.domain import Opaque
from prodlint.deployment.filemap import FileMap
from prodlint.deployment.repository import Repository

__all__ = ["HeldFiles"]


class HeldFiles:
    """The files that a process imports. A file counts as it is in the repository unless the image certainly differs."""

    def __init__(self, repository: Repository, files: FileMap) -> None:
        self._repository = repository
        self._files = files
        self._rewritten: dict[str, Opaque | None] = {}
        self._lacking: dict[str, bool] = {}

    def rewritten(self, path: str) -> Opaque | None:
        """Why what a file holds is not known; None when it is the text of the repository."""
        if path not in self._rewritten:
            span = self._files.rewriting(path)
            reason = None
            if span is not None:
                where = f"{span.path}:{span.first.line}"
                reason = Opaque(f"{where} rewrites {path} while the image is built", span)
            self._rewritten[path] = reason
        return self._rewritten[path]

    def has(self, path: str) -> bool:
        """Whether a module is in the repository, and not certainly missing where the process runs."""
        if path not in self._repository.paths:
            return False
        if path not in self._lacking:
            self._lacking[path] = self._is_missing(path)
        return not self._lacking[path]

    def _is_missing(self, path: str) -> bool:
        """Whether the image holds the package of a module, and the module at none of its places.

        Without the package nobody knows: an installed one may be imported instead.
        """
        files, paths = self._files, self._repository.paths
        if not files.complete or files.places(path):
            return False
        package = path.removesuffix("/__init__.py").removesuffix(".py")
        folder = posixpath.dirname(package)
        places = files.places(posixpath.join(folder, "__init__.py")) if f"{folder}/__init__.py" in paths else ()
        return bool(places) and all(
            files.certainly_lacks(posixpath.join(posixpath.dirname(place), path[len(folder) + 1 :]), paths.__contains__)
            for place in places
        )
