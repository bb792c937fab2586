"""What an installation is told to read: files, names, projects and constraints, gathered into one Install."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable

from prodlint.deployment.dependency import Dependency, DependencyFile, FileFormat, Install, LockFile
from prodlint.deployment.packages.files import dependency_file, project_files, with_includes
from prodlint.deployment.packages.install_arguments import leading_text
from prodlint.deployment.repository import Repository
from prodlint.deployment.requirement import canonical_name, from_text
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer
from prodlint.record import State, field
from prodlint.regex import regex
from prodlint.source import Span, Text
from prodlint.syntax.word import Word

__all__ = ["Locate", "Sources", "coverage", "pinned_names"]

Locate = Callable[[str], "str | None"]

_PROJECT_FILES = ("pyproject.toml", "setup.cfg", "setup.py")
_ARCHIVE = (".whl", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".zip")
_NAMED = regex(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[(?P<extras>[^\]]*)\])?\s*(?P<operator>[=<>~!@]=?=?)")
_EXTRAS = regex(r"(?P<path>.*?)(?:\[(?P<extras>[^\]\[]*)\])?")


class Sources(State):
    """Collects what an installation reads; paths are meant as the process in `directory` means them.

    `complete` and `constrained` turn False when a source, or a constraint, could not be read.
    `names_members` says that a dependency is a member of the workspace, whose folder only a lock tells.
    """

    repository: Repository
    locate: Locate
    directory: str | None = None
    dependencies: list[Dependency] = field(default_factory=list)
    files: list[DependencyFile] = field(default_factory=list)
    constraints: list[DependencyFile] = field(default_factory=list)
    projects: list[DependencyFile] = field(default_factory=list)
    missing: list[tuple[str, Span]] = field(default_factory=list)
    from_wheels: list[str] = field(default_factory=list)
    lock: LockFile | None = None
    complete: bool = True
    constrained: bool = True
    names_members: bool = False
    members: set[str] = field(default_factory=set)
    without_dependencies: bool = False

    def path(self, written: str) -> str | None:
        """The repository path of a file that a command names, None when it is not known."""
        place = written
        if self.directory is not None and self.directory.startswith("/") and not written.startswith("/"):
            place = posixpath.join(self.directory, written)
        found = self.locate(posixpath.normpath(place))
        return found if found in self.repository.paths else None

    def declaring(self, written: str) -> DependencyFile | None:
        """The dependency file at a path, as the command means it."""
        found = self.path(written)
        return None if found is None else dependency_file(self.repository, found)

    def requirement_file(self, word: Word, extras: Iterable[str] = (), every_extra: bool = False) -> None:
        """`-r FILE`."""
        written = word.literal
        found = None if written is None else self.path(written)
        if found is None:
            self.missing.append((written or leading_text(word), word.span))
            self.complete = False
            return
        if found.endswith(".toml"):
            from prodlint.deployment.packages.locks import lock_file

            lock = lock_file(self.repository, found)
            if lock is not None:
                self.lock = lock
                return
        file = dependency_file(self.repository, found)
        if file is None:
            self.complete = False
        else:
            self.declared_by(file, file.extras if every_extra else extras)

    def constraint_file(self, written: str | None) -> None:
        """`-c FILE`."""
        file = None if written is None else self.declaring(written)
        if file is None:
            self.constrained = False
            return
        known, more, whole = with_includes(self.repository, [file])
        self.constrained = self.constrained and whole
        self.constraints.extend((*known, *more))

    def declared_by(self, file: DependencyFile, extras: Iterable[str] = (), groups: Iterable[str] = ()) -> None:
        """What a file declares, with everything that it includes, its main part always among that."""
        known, constraints, whole = with_includes(self.repository, [file])
        self.complete = self.complete and whole and all(part.complete is YES for part in known)
        self.constrained = self.constrained and all(part.complete is YES for part in constraints)
        self.constraints.extend(constraints)
        for part in known:
            self._selected(part, part.main)
        self.parts_of(file, extras, groups)

    def parts_of(self, file: DependencyFile, extras: Iterable[str] = (), groups: Iterable[str] = ()) -> None:
        """The extras and groups of a file, without its main part."""
        extras, groups = list(extras), file.with_included_groups(groups)
        if file.unread.intersection(extras) or file.unread.intersection(groups):
            self.complete = False
        if "*" in file.unread and not file.extras.issuperset(extras):
            self.complete = False
        self._selected(file, (*file.of_extras(extras), *file.of_groups(groups)))

    def _selected(self, file: DependencyFile, dependencies: tuple[Dependency, ...]) -> None:
        if all(file.path != known.path for known in self.files):
            self.files.append(file)
        known_dependencies = set(self.dependencies)
        for dependency in dependencies:
            if dependency not in known_dependencies:
                self.dependencies.append(dependency)
                if dependency.local:
                    self._local(dependency, file)

    def _local(self, dependency: Dependency, file: DependencyFile | None) -> None:
        """Reads the project in a folder that a dependency names."""
        if not dependency.path:
            self.names_members = True
            return
        before = len(self.files)
        if file is None or file.format in (FileFormat.REQUIREMENTS, FileFormat.CONDA):
            self.project(dependency.path, dependency.extras)
        elif not self._project_in(dependency.path, dependency.extras):
            self.complete = False
        if file is not None and posixpath.normpath(dependency.path) != ".":
            self.members.update(found.path for found in self.files[before:])

    def requirement(self, word: Word) -> None:
        """A requirement, path, URL or wheel as an argument."""
        text = word.content
        if text is None:
            self._partly_known(word)
        elif _is_path(text.value):
            self._path_argument(text)
        else:
            dependency = from_text(text)
            if dependency is None:
                self.complete = False
            else:
                self.dependencies.append(dependency)
                if dependency.local:
                    self._local(dependency, None)

    def _partly_known(self, word: Word) -> None:
        """`gunicorn==$VERSION` names a package whose version is not known; `$PACKAGES` may be anything."""
        match = _NAMED.match(leading_text(word))
        if match is None:
            self.complete = False
            return
        extras = tuple(canonical_name(extra) for extra in (match["extras"] or "").split(",") if extra.strip())
        name = canonical_name(match["name"])
        self.dependencies.append(Dependency(name, word.written.strip("'\""), word.span, extras=extras, pinned=UNKNOWN))

    def _path_argument(self, text: Text) -> None:
        match = _EXTRAS.fullmatch(text.value)
        path = (match["path"] if match else text.value).removeprefix("file://").removeprefix("file:")
        if any(character in path for character in "*?["):
            self.from_wheels.append(posixpath.dirname(path))
            self.complete = False
            return
        if path.endswith(_ARCHIVE):
            name = canonical_name(posixpath.basename(path).partition("-")[0])
            self.dependencies.append(Dependency(name, text.value, text.span, pinned=YES, local=True, path=path))
            self.from_wheels.append(posixpath.dirname(path))
            self.complete = False
            return
        extras = (match["extras"] or "").split(",") if match else []
        self.project(path, [canonical_name(extra) for extra in extras if extra.strip()])

    def project(self, written: str, extras: Iterable[str] = ()) -> None:
        """The project in a folder that a command names, with extras."""
        found = next(filter(None, (self.path(posixpath.join(written, name)) for name in _PROJECT_FILES)), None)
        if found is None or not self._project_in(posixpath.dirname(found), extras):
            self.complete = False

    def _project_in(self, folder: str, extras: Iterable[str]) -> bool:
        """Adds the project in a folder of the repository; whether there is one."""
        files = project_files(self.repository, "" if folder == "." else folder)
        for file in files:
            if file in self.projects:
                continue
            self.projects.append(file)
            if not self.without_dependencies:
                self.declared_by(file, extras)
        return bool(files)

    def install(self, span: Span, tool: str, written: str) -> Install:
        """The installation of all that was gathered. It is locked when no version in it is left to a resolver."""
        return Install(
            span=span,
            tool=tool,
            written=written,
            dependencies=tuple(self.dependencies),
            files=tuple(self.files),
            constraints=tuple({file.path: file for file in self.constraints}.values()),
            projects=tuple(self.projects),
            missing=tuple(self.missing),
            from_wheels=tuple(self.from_wheels),
            members=frozenset(self.members),
            complete=YES if self.complete and not self.names_members else UNKNOWN,
            lock=self.lock,
            locked=self._locked(),
            installed=self._installed(),
        )

    def _locked(self) -> Answer:
        if not self.dependencies and self.lock is None:
            return NO if self.complete else UNKNOWN
        resolved = {file.path for file in self.files if file.hashed or file.compiled}
        constraining = {d.name for file in self.constraints for d in file.dependencies if d.pinned is YES}
        for dependency in self.dependencies:
            fixed = dependency.local or dependency.span.path in resolved or dependency.name in constraining
            # With a whole set of constraints, an exact version of one's own leaves nothing open either.
            if not fixed and not (constraining and dependency.pinned is YES):
                return NO if self.constrained else UNKNOWN
        return YES if self.complete else UNKNOWN

    def _installed(self) -> frozenset[str] | None:
        """All that comes, where a resolver has written the whole list, or nothing is resolved at all."""
        if self.lock is not None:
            return frozenset(self.lock.packages) | {d.name for d in self.dependencies}
        names = frozenset(d.name for d in self.dependencies if d.name)
        if self.without_dependencies and self.complete:
            return names
        resolved = {file.path for file in self.files if file.hashed or file.compiled}
        everything = all(d.span.path in resolved and d.pinned is not NO for d in self.dependencies)
        return names if everything and self.complete and self.dependencies else None


def pinned_names(install: Install) -> frozenset[str]:
    """The names of which a line of an installation, or of its constraints, fixes the version."""
    lines = (*install.dependencies, *(d for file in install.constraints for d in file.dependencies))
    return frozenset(line.name for line in lines if line.pinned is YES)


def coverage(dependency: Dependency, install: Install, pinned: frozenset[str]) -> Answer:
    """Whether an installation with these `pinned_names` leaves no choice of version for what it asks for."""
    if dependency.pinned is YES or dependency.local or install.locked is YES or dependency.name in pinned:
        return YES
    if install.locked is UNKNOWN:
        return UNKNOWN
    return dependency.pinned


def _is_path(value: str) -> bool:
    if "://" in value and not value.startswith("file:"):
        return False
    return (
        value.startswith((".", "/", "~", "file:")) or value.endswith(_ARCHIVE) or ("/" in value and " @ " not in value)
    )
