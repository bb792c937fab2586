"""Dependencies: what the repository declares, what its locks hold, what production really installs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum

from prodlint.deployment.value import NO, UNKNOWN, YES, Answer
from prodlint.record import Record, field
from prodlint.source import Span
from prodlint.syntax.requirement_links import is_repository

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


class Dependency(Record):
    """One declared requirement.

    `name` is normalised (PEP 503) and empty where a URL or a path does not tell it; `written` is the
    author's spelling. `group` is the extra (scope OPTIONAL), the dependency group or empty. `pinned`
    says whether this line alone fixes one version; a VCS tag is UNKNOWN. `url` is set for a direct
    reference. A `local` one names a file or folder by `path`: as written in a requirements file or
    a command (pip reads it from the working directory), else from the repository's root.
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
    path: str = ""
    url: str | None = None

    @property
    def label(self) -> str:
        """What people call it: its name, else the end of its URL."""
        end = (self.url or self.written).split("#")[0].rstrip("/").rpartition("/")[2]
        return self.name or end.split("@")[0].removesuffix(".git")

    @property
    def is_vcs(self) -> bool:
        """Whether it is taken from a version control system."""
        return self.url is not None and is_repository(self.url)


class DependencyFile(Record):
    """A file that declares dependencies.

    `includes` are the paths behind `-r`, `constraints` those behind `-c`, both from the
    repository's root; for a pyproject.toml, the files that its build backend reads. `complete` is
    NO when something in it cannot be read (a URL behind `-r`, a dynamic list). `hashed` files are
    locks. `compiled` files are the output of a resolver. `library` answers whether the file itself
    describes a package for others to install; whether it is deployed, the file cannot tell.

    `project` is the normalised name of the project that it describes. `extras` and `groups` are the
    names that it defines, `unread` those of them whose content is not known; `group_includes` says
    which group contains which others. `optional_groups` are left out unless asked for (Poetry).
    `default_groups` are those that uv installs unasked. `compiled_to` is the compiled requirements file
    that stands beside an input file.
    """

    path: str
    format: FileFormat
    dependencies: tuple[Dependency, ...]
    includes: tuple[tuple[str, Span], ...] = ()
    constraints: tuple[tuple[str, Span], ...] = ()
    complete: Answer = YES
    hashed: bool = False
    compiled: bool = False
    library: Answer = UNKNOWN
    project: str = ""
    extras: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()
    group_includes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    optional_groups: frozenset[str] = frozenset()
    default_groups: frozenset[str] = frozenset()
    compiled_to: str | None = None

    @property
    def looks_like_library(self) -> bool:
        """Whether it has a build system and metadata that only readers of a package index need."""
        return self.library is YES

    @property
    def main(self) -> tuple[Dependency, ...]:
        """What is installed whenever the project or file is."""
        return tuple(
            dependency
            for dependency in self.dependencies
            if not dependency.group and dependency.scope not in (Scope.OPTIONAL, Scope.BUILD)
        )

    def of_extras(self, extras: Iterable[str]) -> tuple[Dependency, ...]:
        """What extras add; an extra that names other extras of the same project brings those too."""
        wanted: list[str] = list(extras)
        seen = set(wanted)
        found = []
        for extra in wanted:
            for dependency in self.dependencies:
                if dependency.scope is Scope.OPTIONAL and dependency.group == extra:
                    if dependency.name and dependency.name == self.project:
                        wanted.extend(name for name in dependency.extras if name not in seen)
                        seen.update(dependency.extras)
                    else:
                        found.append(dependency)
        return tuple(found)

    def with_included_groups(self, groups: Iterable[str]) -> frozenset[str]:
        """Groups and those that they include."""
        wanted = list(groups)
        seen = set(wanted)
        for group in wanted:
            included = [name for name in self.group_includes.get(group, ()) if name not in seen]
            wanted.extend(included)
            seen.update(included)
        return frozenset(wanted)

    def of_groups(self, groups: Iterable[str]) -> tuple[Dependency, ...]:
        """What dependency groups hold, those that they include among them."""
        wanted = self.with_included_groups(groups)
        return tuple(
            dependency
            for dependency in self.dependencies
            if dependency.scope is not Scope.OPTIONAL and dependency.group and dependency.group in wanted
        )


class LockFile(Record):
    """A lock: normalised names to versions (None where it gives none), for the project in its folder.

    `kind` is the file's name, such as `uv.lock`. `default` is what an installation without any
    group or extra brings, None when the lock does not tell. `members` maps the folders of the
    projects that it locks, relative to its own, to their names (uv); those that are `virtual` are
    never installed themselves. `edges` leads from a node to what it needs; a node is `name`,
    `name[extra]` or `name:group`. `group_members` holds the names that the lock itself assigns to
    a group (`main` is the default one).
    """

    path: str
    kind: str
    packages: dict[str, str | None]
    default: frozenset[str] | None = None
    members: Mapping[str, str] = field(default_factory=dict)
    virtual: frozenset[str] = frozenset()
    edges: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    group_members: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def closure(self, nodes: Iterable[str]) -> frozenset[str]:
        """The names of all packages that the nodes lead to, their own among them; a group is no package."""
        found = list(dict.fromkeys(nodes))
        seen = set(found)
        for node in found:
            for target in self.edges.get(node, ()):
                if target not in seen:
                    seen.add(target)
                    found.append(target)
        return frozenset(node.partition("[")[0] for node in found if ":" not in node)


class Install(Record):
    """One installation of Python packages, as a command or a platform performs it.

    `files` are the dependency files that it reads (repository paths), with everything they
    include. `dependencies` is what it asks for. `locked` answers whether versions come from a
    lock, hashes or constraints. `lock` is that file. `complete` is YES when every package that it
    brings directly is known, UNKNOWN when some part could not be read.

    `installed` holds the names of all that it brings when a lock tells, else None. `constraints`
    are the files behind `-c`. `missing` are the paths it reads that `locate` did not know.
    `projects` are the files of the projects that are installed themselves; `members` are the paths of
    those that are read because something else depends on a folder: to it, they are libraries. An `isolated` install
    gives a command and nothing to import. `wheels_directory` is set for `pip wheel` and `pip
    download`, which fill that folder and install nothing; `from_wheels` are the folders whose
    wheels are installed. `exports_to` is set for an export, which writes a requirements file (empty
    for standard output) and installs nothing. `target` is the folder behind `--prefix`, `--target`
    and `--root`: what lies there counts where it is put on the path. `python` is the version of Python
    that it installs for, as precisely as it is written, None where it is not known. `rivals` are the files of several
    package managers side by side, its own among them, where a platform goes by one of them or refuses them all.
    `perhaps` is what only some versions of the tool bring, where its version is not known.
    """

    span: Span
    tool: str
    written: str
    dependencies: tuple[Dependency, ...] = ()
    files: tuple[DependencyFile, ...] = ()
    lock: LockFile | None = None
    locked: Answer = NO
    complete: Answer = YES
    isolated: bool = False
    installed: frozenset[str] | None = None
    constraints: tuple[DependencyFile, ...] = ()
    missing: tuple[tuple[str, Span], ...] = ()
    projects: tuple[DependencyFile, ...] = ()
    wheels_directory: str | None = None
    from_wheels: tuple[str, ...] = ()
    exports_to: str | None = None
    target: str | None = None
    members: frozenset[str] = frozenset()
    python: str | None = None
    rivals: tuple[str, ...] = ()
    perhaps: tuple[Dependency, ...] = ()

    @property
    def installs(self) -> bool:
        """Whether it puts packages into an environment, rather than into a file or a folder."""
        return self.wheels_directory is None and self.exports_to is None
