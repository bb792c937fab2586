"""Dependencies: what the repository declares, what its locks hold, what production really installs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from prodlint.deployment.value import UNKNOWN, Answer
from prodlint.source import Span

__all__ = ["Dependency", "DependencyFile", "FileFormat", "Install", "LockFile", "Scope"]


class Scope(Enum):
    """What a dependency is for."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"
    BUILD = "build"
    OPTIONAL = "optional"


class FileFormat(Enum):
    """The formats that declare dependencies by hand."""

    REQUIREMENTS = "requirements"
    PYPROJECT = "pyproject"
    PIPFILE = "Pipfile"
    SETUP = "setup"
    CONDA = "conda"


@dataclass(frozen=True, slots=True)
class Dependency:
    """One declared requirement.

    `name` is normalised (PEP 503), `written` is the author's spelling. `group` is the extra, the
    dependency group or empty. `pinned` says whether this line alone fixes one version.
    """

    name: str
    written: str
    span: Span
    specifier: str = ""
    extras: tuple[str, ...] = ()
    marker: str | None = None
    scope: Scope = Scope.PRODUCTION
    group: str = ""
    pinned: Answer = UNKNOWN
    local: bool = False


@dataclass(frozen=True, slots=True)
class DependencyFile:
    """A file that declares dependencies.

    `includes` are the paths behind `-r`, `constraints` those behind `-c`, both from the
    repository's root. `complete` is NO when something in it cannot be read (a missing include, a
    dynamic list). `hashed` files are locks. `compiled` files are the output of a resolver.
    `library` answers whether the file describes a package for others to install.
    """

    path: str
    format: FileFormat
    dependencies: tuple[Dependency, ...]
    includes: tuple[tuple[str, Span], ...] = ()
    constraints: tuple[tuple[str, Span], ...] = ()
    complete: Answer = Answer.YES
    hashed: bool = False
    compiled: bool = False
    library: Answer = UNKNOWN


@dataclass(frozen=True, slots=True)
class LockFile:
    """A lock: normalised names to versions (None where it gives none), for the project in its folder."""

    path: str
    kind: str
    packages: dict[str, str | None]
    default: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Install:
    """One installation of Python packages, as a command or a platform performs it.

    `files` are the dependency files that it reads (repository paths), with everything they
    include. `dependencies` is what it asks for. `locked` answers whether versions come from a
    lock, hashes or constraints. `lock` is that file. `complete` is YES when every package that it
    brings directly is known, UNKNOWN when some part could not be read.
    """

    span: Span
    tool: str
    written: str
    dependencies: tuple[Dependency, ...] = ()
    files: tuple[DependencyFile, ...] = ()
    lock: LockFile | None = None
    locked: Answer = Answer.NO
    complete: Answer = Answer.YES
    isolated: bool = False
