"""Installations of Python packages: what a step or platform installs, what is there then, what is left open."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from functools import lru_cache

from prodlint.deployment.dependency import Dependency, DependencyFile, Install, Scope
from prodlint.deployment.packages.carriers import carries
from prodlint.deployment.packages.files import declarations, is_development_name
from prodlint.deployment.packages.install_commands import install_of
from prodlint.deployment.packages.install_sources import coverage, pinned_names
from prodlint.deployment.repository import Repository
from prodlint.deployment.requirement import canonical_name
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer
from prodlint.record import Record, replace
from prodlint.source import Span

__all__ = [
    "Provision",
    "applies_on_linux",
    "development_dependencies",
    "install_of",
    "joined",
    "open_arguments",
    "open_dependencies",
    "provides",
    "provision",
    "where_else",
]

_TOOLS = frozenset(("pip", "setuptools", "wheel", "uv", "poetry", "pipenv", "pdm", "pip-tools", "build", "virtualenv"))
_PYTHONS = tuple(f"3.{minor}" for minor in range(8, 16))


class Provision(Record):
    """Whether a distribution is installed; where that is read from, and how it comes."""

    answer: Answer
    span: Span | None = None
    note: str = ""


@lru_cache(maxsize=1024)
def applies_on_linux(marker: str | None, python: str | None = None) -> Answer:
    """Whether an environment marker holds on Linux: for a version of Python, else for every current one or for none."""
    if not marker:
        return YES
    if "${" in marker:
        # pip fills it in from the environment of the build.
        return UNKNOWN
    from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName

    linux = {
        "os_name": "posix",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "extra": "",
    }
    try:
        parsed = Marker(marker)
        truths = {
            parsed.evaluate(
                {
                    **linux,
                    "python_version": minor,
                    "python_full_version": full,
                    "implementation_version": full,
                    "platform_machine": machine,
                    "platform_release": "6.0",
                    "platform_version": "#1 SMP",
                }
            )
            for minor, full in _pythons(python)
            for machine in ("x86_64", "aarch64")
        }
    except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName, ValueError, RecursionError):
        return UNKNOWN
    if len(truths) > 1:
        return UNKNOWN
    return YES if True in truths else NO


def _pythons(python: str | None) -> tuple[tuple[str, str], ...]:
    """Versions as `3.13` and as `3.13.0`: every release of a minor version that is known, the first of all others."""
    parts = python.split(".") if python is not None else []
    if len(parts) < 2:
        return tuple((one, f"{one}.0") for one in _PYTHONS)
    minor = ".".join(parts[:2])
    return tuple((minor, full) for full in ([python or ""] if len(parts) > 2 else [f"{minor}.0", f"{minor}.99"]))


def provides(installs: tuple[Install, ...], distribution: str) -> Answer:
    """Whether the installations bring a distribution, see `provision`."""
    return provision(installs, distribution).answer


def provision(installs: tuple[Install, ...], distribution: str) -> Provision:
    """Whether installations bring a distribution: by name, by an extra or package that carries it, by a lock.

    UNKNOWN while any of them has a part that could not be read, or holds something that may well bring
    it: a package from a repository or URL, or one whose name contains the distribution's.
    """
    name = canonical_name(distribution)
    doubt = Provision(NO)
    for install in joined(installs):
        found = _provision(install, name)
        if found.answer is YES and not install.isolated:
            return found
        if found.answer is not NO:
            # An isolated environment has the command, but not the app that it is to serve.
            doubt = replace(found, answer=UNKNOWN)
    return doubt


def _provision(install: Install, name: str) -> Provision:
    doubt = Provision(NO)
    for dependency in install.dependencies:
        applies = applies_on_linux(dependency.marker, install.python)
        if applies is NO:
            continue
        if dependency.name == name:
            return Provision(applies, dependency.span, f"asks for {dependency.written}")
        if carries(dependency, name):
            return Provision(applies, dependency.span, f"{dependency.written} brings {name}")
        if install.installed is None and _may_bring(dependency, name):
            doubt = Provision(UNKNOWN, dependency.span, f"{dependency.written} may bring {name}")
    if install.installed is not None and name in install.installed:
        path = install.lock.path if install.lock else "the list"
        return Provision(YES, install.span, f"{path} holds {name}")
    if install.complete is not YES:
        return Provision(UNKNOWN, install.span, "not everything that it installs could be read")
    if install.installed is None and install.locked is not NO and install.lock is not None:
        return Provision(UNKNOWN, install.span, f"what it takes from {install.lock.path} is not known")
    return doubt


def _may_bring(dependency: Dependency, name: str) -> bool:
    if not dependency.name or dependency.is_vcs:
        return True
    return name in dependency.name and dependency.name != name


def joined(installs: Iterable[Install]) -> tuple[Install, ...]:
    """Installations in their order, each completed by what exports and wheel builds before it left behind.

    `poetry export -o F` followed by `pip install -r F` installs what the lock holds; `pip wheel -r F`
    followed by `pip install /wheels/*` installs F. Exports and wheel builds themselves are left out:
    they put nothing into an environment.
    """
    exports: list[Install] = []
    wheels: list[Install] = []
    found: list[Install] = []
    for install in installs:
        if install.exports_to is not None:
            exports.append(install)
        elif install.wheels_directory is not None:
            wheels.append(_with_exports(install, exports))
        else:
            found.append(_with_wheels(_with_exports(install, exports), wheels))
    return tuple(found)


def _merged(install: Install, sources: list[Install], **changes: object) -> Install:
    dependencies = dict.fromkeys((*install.dependencies, *(d for source in sources for d in source.dependencies)))
    files = {file.path: file for part in (install, *sources) for file in part.files}
    parts = [part.installed for part in (*([install] if install.dependencies else []), *sources)]
    known = [part for part in parts if part is not None]
    merged = replace(
        install,
        dependencies=tuple(dependencies),
        files=tuple(files.values()),
        constraints=(*install.constraints, *(file for source in sources for file in source.constraints)),
        projects=(*install.projects, *(file for source in sources for file in source.projects)),
        lock=install.lock or next((source.lock for source in sources if source.lock is not None), None),
        installed=frozenset().union(*known) if len(known) == len(parts) else None,
    )
    return replace(merged, **changes)  # type: ignore[arg-type]


def _locked(sources: list[Install]) -> Answer:
    answers = {source.locked for source in sources}
    return answers.pop() if len(answers) == 1 else NO if NO in answers else UNKNOWN


def _with_exports(install: Install, exports: list[Install]) -> Install:
    """The installation with each file that it reads and the repository lacks taken from the export that wrote it."""
    used: list[Install] = []
    missing = []
    for path, span in install.missing:
        base = posixpath.basename(path)
        written = [e for e in exports if e.exports_to and posixpath.basename(e.exports_to) == base]
        # An export to standard output is redirected to a file whose name the step does not tell.
        candidates = written or [e for e in exports if not e.exports_to]
        if candidates:
            used.append(candidates[-1])
        else:
            missing.append((path, span))
    if not used or missing:
        return install
    complete = YES if all(export.complete is YES for export in used) else UNKNOWN
    own = [] if not install.dependencies else [install]
    return _merged(install, used, missing=(), complete=complete, locked=_locked([*used, *own]))


def _with_wheels(install: Install, wheels: list[Install]) -> Install:
    """The installation with the wheels that it takes from a folder told by the build that filled it."""
    if not install.from_wheels or not wheels:
        return install
    named = [w for w in wheels if any(_same_folder(w.wheels_directory, folder) for folder in install.from_wheels)]
    used = named or wheels
    if install.dependencies and all(not dependency.local for dependency in install.dependencies):
        # It says itself what it takes from there.
        return install
    complete = YES if all(wheel.complete is YES for wheel in used) and not install.missing else UNKNOWN
    return _merged(install, used, complete=complete, locked=_locked(used))


def _same_folder(one: str | None, other: str) -> bool:
    return one is not None and posixpath.basename(one.rstrip("/")) == posixpath.basename(other.rstrip("/"))


def where_else(repository: Repository, name: str, installs: tuple[Install, ...] = ()) -> Span | None:
    """A declaration of a distribution that the given installations do not ask for; production files come first."""
    used = {dependency.span for install in installs for dependency in install.dependencies}
    found = [
        (dependency.scope is not Scope.PRODUCTION, is_development_name(file.path), file.path, dependency.span)
        for file, dependency in declarations(repository, canonical_name(name))
        if dependency.scope is not Scope.BUILD and dependency.span not in used
    ]
    return min(found, key=lambda entry: entry[:3])[3] if found else None


def development_dependencies(install: Install) -> tuple[Dependency, ...]:
    """What an installation brings for developers and tests alone: their groups, and files named for them."""
    return tuple(dependency for dependency in install.dependencies if dependency.scope is Scope.DEVELOPMENT)


def open_dependencies(
    install: Install, earlier: tuple[Install, ...] = ()
) -> tuple[tuple[DependencyFile, tuple[Dependency, ...]], ...]:
    """For each file, the direct dependencies whose version this installation chooses anew.

    Left out are tools such as pip, local projects, groups and files for developers, what does not apply
    on Linux, whatever a lock, a hash or a constraint fixes, an input file beside its compiled output, a
    local project that another one depends on, and what an `earlier` installation of the same environment
    has fixed before. A file that `looks_like_library` is listed as any other: whether it is deployed, the
    caller knows.
    """
    if install.locked is not NO or install.isolated or not install.installs:
        return ()
    fixed, pinned = _fixed_by(earlier), pinned_names(install)
    found = []
    for file in install.files:
        if file.hashed or file.compiled_to is not None or file.path in install.members:
            continue
        loose = tuple(
            dependency
            for dependency in install.dependencies
            if dependency.span.path == file.path and _is_open(dependency, install, fixed, pinned)
        )
        if loose:
            found.append((file, loose))
    return tuple(found)


def open_arguments(install: Install, earlier: tuple[Install, ...] = ()) -> tuple[Dependency, ...]:
    """The packages that the command itself names and whose version it chooses anew."""
    if install.locked is not NO or install.isolated or not install.installs:
        return ()
    files = {file.path for file in install.files}
    fixed, pinned = _fixed_by(earlier), pinned_names(install)
    return tuple(
        dependency
        for dependency in install.dependencies
        if dependency.span.path not in files and _is_open(dependency, install, fixed, pinned)
    )


def _fixed_by(earlier: tuple[Install, ...]) -> frozenset[str]:
    """The names that stand in the environment already, so that a range finds its version there."""
    names: set[str] = set()
    for install in joined(earlier):
        if install.locked is YES:
            names |= install.installed or set()
        if not install.isolated:
            pinned = pinned_names(install)
            names |= {d.name for d in install.dependencies if coverage(d, install, pinned) is YES}
    return frozenset(names)


def _is_open(dependency: Dependency, install: Install, fixed: frozenset[str], pinned: frozenset[str]) -> bool:
    return (
        dependency.pinned is NO
        and coverage(dependency, install, pinned) is NO
        and not dependency.local
        and dependency.scope is not Scope.DEVELOPMENT
        and dependency.scope is not Scope.BUILD
        and dependency.name not in fixed
        and dependency.name not in _TOOLS
        and all(dependency.name != project.project for project in install.projects if project.project)
        and applies_on_linux(dependency.marker, install.python) is not NO
    )
