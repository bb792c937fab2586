"""Where a command runs: what every walk through a command has to know of its surroundings."""

from __future__ import annotations

from collections.abc import Mapping

from prodlint.deployment.condition import from_outside
from prodlint.deployment.filemap import FileMap, absolute
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import YES, Value
from prodlint.deployment.variables.table import Variables
from prodlint.record import Record, compared_without, field, kept

__all__ = ["PROGRAM_FOLDERS", "Place"]

PROGRAM_FOLDERS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
"""Where images of Linux look for a program that is named without a path."""


@compared_without("variables")
class Place(Record, dict=True):
    """Where a command runs: its files, its working directory and what its environment says.

    `environment` maps names to values. A name that it lacks may be set from outside of the repository,
    unless `variables`, the merged environment of a service, says that it certainly is not. `programs` are
    the folders of PATH as far as they are known, in their order.
    """

    files: FileMap
    directory: str | None = "/"
    environment: Mapping[str, Value[str]] = field(default_factory=dict)
    variables: Variables | None = None
    programs: tuple[str, ...] = ()

    def variable(self, name: str) -> Value[str] | None:
        """The value of a variable: None when it is certainly not set."""
        if name in self.environment:
            return self.environment[name]
        return from_outside(name) if self.variables is None else self.variables.get(name)

    def certainly_sets(self, name: str) -> bool:
        """Whether a variable holds something, although the value may be known to the platform alone."""
        return self.variables is not None and self.variables.is_set(name) is YES

    def locate(self, written: str, directory: str | None, repository: Repository) -> str | None:
        """The path in the repository of a file as a process names it; None when it is not known there."""
        path = absolute(written, directory)
        candidates = self.files.candidates(path) if path is not None else ()
        return next((one for one in candidates if one in repository.paths), None)

    def real(self, written: str, directory: str | None, repository: Repository) -> str | None:
        """Where a file or folder of the repository lies, links followed; None where that is not known."""
        path = self.files.real(written, directory)
        held = self.files.candidates(path) if path is not None else ()
        if path is None or any(repository.is_link(one) for one in held):
            return None
        prefix = path.rstrip("/") + "/"
        is_ours = any(one in repository.paths or one in repository.folders for one in held)
        is_around = any(one.path is not None and one.target.startswith(prefix) for one in self.files.placements)
        return path if is_ours or is_around else None

    def moved(self, written: str, directory: str | None) -> str | None:
        """Where `cd` goes: it takes `..` off the path as it is written, and follows links only where that fails."""
        lexical = absolute(written, directory)
        if lexical is None or ".." not in written.split("/"):
            return lexical
        physical = self.files.real(written, directory)
        return lexical if physical in (None, self.files.real(lexical, None)) else None

    @kept
    def _own_programs(self) -> tuple[str, ...]:
        """The folders of PATH in which something of the repository may lie."""
        targets = [f"{one.target.rstrip('/')}/" for one in self.files.placements if one.path is not None]
        return tuple(folder for folder in self.programs if _may_hold(folder, targets))

    def program(self, name: str, repository: Repository) -> str | None:
        """Where a program lies that is named without a path, when the repository holds it."""
        paths = (f"{folder}/{name}" for folder in self._own_programs)
        return next((path for path in paths if self.locate(path, None, repository) is not None), None)


def _may_hold(folder: str, targets: list[str]) -> bool:
    prefix = f"{absolute(folder, '/')}/".replace("//", "/")
    return any(prefix.startswith(target) or target.startswith(prefix) for target in targets)
