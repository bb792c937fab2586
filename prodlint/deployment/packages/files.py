"""The files that declare dependencies by hand, each read into one DependencyFile."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from prodlint.deployment.dependency import Dependency, DependencyFile, FileFormat, Scope
from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.requirement import conda_dependency, declared, from_text, pipfile_dependency
from prodlint.deployment.value import NO, YES, answer
from prodlint.record import replace
from prodlint.regex import regex
from prodlint.source import Span, Text

if TYPE_CHECKING:
    from prodlint.syntax.requirements import Requirements

__all__ = [
    "declarations",
    "dependency_file",
    "dependency_paths",
    "format_of",
    "is_development_name",
    "project_files",
    "with_includes",
]

# The catalogue's delivery page, 2.6: "Is the file production?".
_DEVELOPMENT = frozenset(
    "dev develop development local test tests testing ci lint doc docs typing types qa debug bench tool tools tox "
    "build style precommit example examples notebook jupyter".split()
)
_ENDS_WORDS = str.maketrans("-_.", "///")
_ENDS_NAMES = str.maketrans(dict.fromkeys("-_.0123456789", " "))
_REQUIREMENTS = frozenset("requirement requirements req reqs deps dependencies constraint constraints".split())
_CONDA_NAME = regex(r"(conda[-_.])?(environment|env|conda)([-_.][\w.-]*)?")
_FROZEN_LENGTH = 10
_OPTION = regex(r"(-[rce]|--requirement|--constraint|--editable)(?:\s*=\s*|\s+|(?<=^-[rce]))(?P<value>\S.*)")


def format_of(path: str) -> FileFormat | None:
    """The format that a path's name says, None for a file that declares no dependencies (a lock among them)."""
    folder, name = posixpath.split(path)
    if name == "pyproject.toml":
        return FileFormat.PYPROJECT
    if name == "Pipfile":
        return FileFormat.PIPFILE
    if name in ("setup.py", "setup.cfg"):
        return FileFormat.SETUP
    stem, suffix = posixpath.splitext(name)
    lower = stem.lower()
    if suffix in (".yml", ".yaml"):
        may_be = "env" in lower or "conda" in lower
        return FileFormat.CONDA if may_be and _CONDA_NAME.fullmatch(lower) else None
    if suffix in (".txt", ".in", ".pip"):
        above = posixpath.basename(folder).lower()
        named = "requirements" in above or "reqs" in above or not _REQUIREMENTS.isdisjoint(_words(lower))
        return FileFormat.REQUIREMENTS if named else None
    return None


def _words(name: str) -> list[str]:
    return name.translate(_ENDS_NAMES).split(" ")


def is_development_name(path: str) -> bool:
    """Whether a path says by a whole word that it serves developers, tests or documentation."""
    stem = posixpath.splitext(path.lower())[0].replace("pre-commit", "precommit")
    return not _DEVELOPMENT.isdisjoint(stem.translate(_ENDS_WORDS).split("/"))


@per_repository
def dependency_paths(repository: Repository) -> tuple[str, ...]:
    """The paths whose names say that they declare dependencies, in order."""
    named = repository.named("pyproject.toml", "Pipfile", "setup.py", "setup.cfg")
    others = repository.ending(".yml", ".yaml", ".txt", ".in", ".pip")
    return tuple(sorted([*named, *(path for path in others if format_of(path) is not None)]))


@per_repository
def dependency_file(repository: Repository, path: str) -> DependencyFile | None:
    """What a file declares; None when it is missing or cannot be parsed.

    A name that says nothing means a requirements file: pip reads whatever it is given. A malformed
    entry makes the file incomplete, it never hides the others.
    """
    if path not in repository.paths:
        return None
    named = format_of(path)
    if named is FileFormat.PYPROJECT:
        from prodlint.deployment.packages.pyproject import read_pyproject

        return read_pyproject(repository, path)
    if named is FileFormat.SETUP:
        from prodlint.deployment.packages.setup import read_setup

        return read_setup(repository, path)
    if named is FileFormat.PIPFILE:
        return _read_pipfile(repository, path)
    if named is FileFormat.CONDA or path.endswith((".yml", ".yaml")):
        return _read_conda(repository, path)
    return _read_requirements(repository, path)


def project_files(repository: Repository, folder: str) -> tuple[DependencyFile, ...]:
    """The files that tell what the project in a folder needs when it is installed itself.

    That is pyproject.toml unless it leaves the list to setup.cfg and setup.py beside it; empty when the
    folder holds no project.
    """
    pyproject = dependency_file(repository, normal_path(folder, "pyproject.toml"))
    tells = pyproject is not None and bool(pyproject.project or pyproject.main)
    if pyproject is not None and tells and (pyproject.complete is YES or pyproject.main):
        return (pyproject,)
    beside = [dependency_file(repository, normal_path(folder, name)) for name in ("setup.cfg", "setup.py")]
    found = [file for file in beside if file is not None]
    if len(found) > 1 and found[0].main and not found[1].main:
        # A setup.py that only calls setup() leaves everything to setup.cfg.
        found = found[:1]
    if pyproject is None or not tells:
        return tuple(found)
    # What pyproject.toml declares dynamic, the other two list.
    return (replace(pyproject, complete=YES) if found else pyproject, *found)


def with_includes(
    repository: Repository, files: Iterable[DependencyFile]
) -> tuple[tuple[DependencyFile, ...], tuple[DependencyFile, ...], bool]:
    """Files with all that they include, the constraint files among that, and whether every one was found.

    Both tuples are in the order of reading and name each file once.
    """
    found: dict[str, DependencyFile] = {}
    constraints: dict[str, DependencyFile] = {}
    whole = True
    waiting = [(file, False) for file in files]
    for file, constrains in waiting:
        seen = constraints if constrains else found
        if file.path in seen:
            continue
        seen[file.path] = file
        followed = [(path, constrains) for path, _ in file.includes]
        followed += [(path, True) for path, _ in file.constraints]
        for path, as_constraint in followed:
            included = dependency_file(repository, path)
            if included is None:
                whole = False
            else:
                waiting.append((included, as_constraint))
    return tuple(found.values()), tuple(constraints.values()), whole


def _scope(path: str) -> Scope:
    return Scope.DEVELOPMENT if is_development_name(path) else Scope.PRODUCTION


def _read_requirements(repository: Repository, path: str) -> DependencyFile | None:
    parsed = repository.requirements(path)
    if parsed is None:
        return None
    scope = _scope(path)
    dependencies = tuple(declared(requirement, scope) for requirement in parsed.requirements)
    includes: list[tuple[str, Span]] = []
    constraints: list[tuple[str, Span]] = []
    whole = not parsed.problems
    for target, kind in parsed.includes:
        place = _included(path, target)
        if place is None:
            whole = False
        else:
            (constraints if kind == "constraint" else includes).append((place, target.span))
            whole = whole and place in repository.paths
    return DependencyFile(
        path=path,
        format=FileFormat.REQUIREMENTS,
        dependencies=dependencies,
        includes=tuple(includes),
        constraints=tuple(constraints),
        complete=answer(whole),
        hashed=any(requirement.hashes for requirement in parsed.requirements),
        compiled=_is_compiled(parsed, dependencies),
        compiled_to=_compiled_to(repository, path),
    )


def _compiled_to(repository: Repository, path: str) -> str | None:
    """The output beside an input file `NAME.in`, if a resolver wrote it."""
    if not path.endswith(".in"):
        return None
    output = dependency_file(repository, path[: -len(".in")] + ".txt")
    if output is None:
        return None
    pinned = all(dependency.pinned is YES for dependency in output.dependencies)
    return output.path if output.hashed or output.compiled or pinned else None


def _included(path: str, target: Text) -> str | None:
    """The repository path behind `-r`, None for a URL, a variable or a path of another file system."""
    if "://" in target.value or "$" in target.value or target.value.startswith(("/", "~")):
        return None
    return normal_path(posixpath.dirname(path), target.value)


def _is_compiled(parsed: Requirements, dependencies: tuple[Dependency, ...]) -> bool:
    """Whether a resolver wrote this: its header, its `# via` notes, or the look of `pip freeze`."""
    if parsed.compiled_by is not None:
        return True
    versioned = [dependency for dependency in dependencies if not dependency.local]
    if not versioned or any(dependency.pinned is not YES for dependency in versioned):
        return False
    if re.search(r"(?m)^[^#\n]*# via\b", parsed.source.text):
        return True
    names = [dependency.written.lower() for dependency in versioned]
    return len(names) >= _FROZEN_LENGTH and (
        names == sorted(names) or [d.name for d in versioned] == sorted(d.name for d in versioned)
    )


def _read_pipfile(repository: Repository, path: str) -> DependencyFile | None:
    toml = repository.toml(path)
    if toml is None:
        return None
    folder = posixpath.dirname(path)
    dependencies = []
    groups = set()
    for section, table in toml.data.items():
        if not isinstance(table, dict) or section in ("source", "requires", "scripts", "pipenv", "build-system"):
            continue
        group = {"packages": "", "dev-packages": "develop"}.get(section, section)
        groups.add(group)
        scope = Scope.DEVELOPMENT if group else Scope.PRODUCTION
        for name, value in table.items():
            span = toml.key_span(section, name) or toml.span(section, name)
            whole = toml.span(section, name)
            if span is not None:
                place = span.to(whole) if whole else span
                dependencies.append(pipfile_dependency(name, value, place, folder, scope, group))
    return DependencyFile(
        path=path,
        format=FileFormat.PIPFILE,
        dependencies=tuple(dependencies),
        library=NO,
        groups=frozenset(groups - {""}),
    )


def _read_conda(repository: Repository, path: str) -> DependencyFile | None:
    from prodlint.syntax.yaml import Mapping, Scalar, Sequence

    documents = repository.yaml(path)
    root = documents[0].root if documents else None
    listed = root.get("dependencies") if isinstance(root, Mapping) else None
    if not isinstance(listed, Sequence):
        return None
    scope = _scope(path)
    file = DependencyFile(path=path, format=FileFormat.CONDA, dependencies=(), library=NO)
    for item in listed.items:
        if isinstance(item, Scalar):
            dependency = conda_dependency(item.text)
            if dependency is not None:
                file = _with(file, replace(dependency, scope=scope))
        elif isinstance(item, Mapping) and isinstance(item.get("pip"), Sequence):
            lines = item.get("pip")
            assert isinstance(lines, Sequence)
            for line in lines.items:
                file = _with_pip_line(repository, file, line.text, scope) if isinstance(line, Scalar) else file
    return file


def _with(file: DependencyFile, dependency: Dependency) -> DependencyFile:
    return replace(file, dependencies=(*file.dependencies, dependency))


def _with_pip_line(repository: Repository, file: DependencyFile, line: Text, scope: Scope) -> DependencyFile:
    """The file with one more line of its `pip:` list, which is written as in a requirements file."""
    option = _OPTION.fullmatch(line.value)
    if option is not None and option[1] not in ("-e", "--editable"):
        target = line.slice(option.start("value"), option.end("value"))
        place = _included(file.path, target)
        if place is None or place not in repository.paths:
            return replace(file, complete=NO)
        if option[1] in ("-c", "--constraint"):
            return replace(file, constraints=(*file.constraints, (place, target.span)))
        return replace(file, includes=(*file.includes, (place, target.span)))
    if option is None and line.value.startswith("-"):
        return file
    dependency = from_text(line.slice(option.start("value")) if option else line, scope)
    return replace(file, complete=NO) if dependency is None else _with(file, dependency)


def declarations(repository: Repository, name: str) -> Iterator[tuple[DependencyFile, Dependency]]:
    """Every declaration of a distribution (normalised name) in the files whose names say that they declare some."""
    spelling = re.compile(re.escape(name).replace("\\-", "[-_.]").encode(), re.IGNORECASE)
    for path in dependency_paths(repository):
        data = repository.data(path)
        if data is None or not spelling.search(data):
            continue
        file = dependency_file(repository, path)
        for dependency in file.dependencies if file else ():
            if dependency.name == name:
                yield file, dependency  # type: ignore[misc]
