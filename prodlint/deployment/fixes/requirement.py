"""Requirements files changed: a package added, open versions fixed, to what the repository itself says of them."""

from __future__ import annotations

import posixpath

from prodlint.deployment.dependency import Dependency, DependencyFile, FileFormat, Install
from prodlint.deployment.installation import InstalledFile
from prodlint.deployment.packages.locks import lock_files
from prodlint.deployment.repository import Repository
from prodlint.deployment.requirement import from_text
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, YES
from prodlint.finding import Edit, Fix, Safety
from prodlint.regex import regex
from prodlint.source import Span, Text

__all__ = ["with_distribution", "with_extra", "with_locked_versions"]

_VERSION = regex(r"[0-9][0-9A-Za-z.!+_-]*")
_OPEN = regex(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*(?:[ \t]*\[[^\]\n]*\])?)"
    r"(?P<specifier>[ \t]*[<>=!~][^;#\n@\[\\]*?)?[ \t]*(?:;[^\n]*)?"
)


def with_distribution(service: Service, distribution: str, repository: Repository) -> Fix | None:
    """The package added to the file that a service installs from.

    With the version that another file of the repository fixes; without one only where no version of the
    file is fixed, so that each of its packages goes on being treated alike.
    """
    file = _file_of(service.installs)
    source = repository.source(file.path) if file is not None else None
    if file is None or source is None or source.text.rstrip().endswith("\\"):
        return None
    elsewhere = service.elsewhere.get(distribution)
    pinned = _pinned_line(elsewhere, distribution) if elsewhere is not None else None
    if pinned is None and any(one.pinned is not NO for one in file.dependencies):
        return None
    line = pinned or distribution
    lead = "" if not source.text or source.text.endswith("\n") else "\n"
    end = len(source.text)
    edit = Edit(Span(source, end, end), f"{lead}{line}\n")
    return Fix(f"add {line} to {file.path}", (edit,), Safety.SAFE if pinned is not None else Safety.UNSAFE)


def with_extra(service: Service, distribution: str, extra: str) -> Fix | None:
    """An extra asked for where the file that a service installs from names a package without any."""
    file = _file_of(service.installs)
    for one in file.dependencies if file is not None else ():
        found = _OPEN.match(one.span.text)
        if one.name != distribution or one.extras or one.url is not None or found is None:
            continue
        end = one.span.start + found.end("name")
        edit = Edit(Span(one.span.source, end, end), f"[{extra}]")
        return Fix(f"ask for {distribution}[{extra}] in {one.span.path}", (edit,), Safety.SAFE)
    return None


def _file_of(installs: tuple[Install, ...]) -> DependencyFile | None:
    """The one requirements file that is installed and written by hand."""
    if any(install.lock is not None or install.projects for install in installs):
        return None
    named = [install.files[0] for install in installs if install.files]
    if len({file.path for file in named}) != 1:
        return None
    file = named[0]
    written = file.format is FileFormat.REQUIREMENTS and not file.compiled and not file.hashed
    return file if written and file.path.endswith(".txt") else None


def _pinned_line(span: Span, distribution: str) -> str | None:
    """The requirement at a place as a line of its own, when it fixes one version."""
    text = Text.verbatim(span)
    if text.value[:1] in ("'", '"') and text.value[-1:] == text.value[:1]:
        text = text.slice(1, len(text.value) - 1)
    dependency = from_text(text)
    if dependency is None or dependency.name != distribution or dependency.pinned is not YES or dependency.url:
        return None
    return f"{dependency.written}{dependency.specifier.replace(' ', '')}"


def with_locked_versions(installed: InstalledFile, open_: tuple[Dependency, ...], repository: Repository) -> Fix | None:
    """Every open requirement of a file fixed to the version that a lock or a compiled file beside it holds."""
    file = installed.file
    if file.format is not FileFormat.REQUIREMENTS or file.compiled or not open_:
        return None
    versions = _versions_beside(file, repository)
    edits = []
    for dependency in open_:
        version = versions.get(dependency.name)
        found = _OPEN.fullmatch(dependency.span.text)
        if version is None or found is None or dependency.url is not None:
            return None
        start = dependency.span.start
        begin, end = found.span("specifier") if found["specifier"] is not None else (found.end("name"),) * 2
        edits.append(Edit(Span(dependency.span.source, start + begin, start + end), f"=={version}"))
    return Fix(f"fix the versions that {_named(file, repository)} holds", tuple(edits), Safety.UNSAFE)


def _versions_beside(file: DependencyFile, repository: Repository) -> dict[str, str]:
    """The versions that the locks in a file's folder agree on."""
    folder = posixpath.dirname(file.path)
    found: dict[str, set[str | None]] = {}
    for lock in lock_files(repository, folder):
        for name, version in lock.packages.items():
            found.setdefault(name, set()).add(version)
    for path in _compiled_beside(file, repository):
        read = repository.requirements(path)
        for one in read.requirements if read is not None else ():
            if one.name is not None and one.is_exact and one.specifier.startswith("==") and "," not in one.specifier:
                dependency = from_text(Text.verbatim(one.span))
                name = dependency.name if dependency is not None else ""
                found.setdefault(name, set()).add(one.specifier.removeprefix("==").strip())
    return {
        name: version
        for name, versions in found.items()
        if len(versions) == 1 and (version := next(iter(versions))) is not None and _VERSION.fullmatch(version)
    }


def _compiled_beside(file: DependencyFile, repository: Repository) -> list[str]:
    """Requirements files that a resolver wrote, in the same folder."""
    folder = posixpath.dirname(file.path)
    found = []
    for path in repository.files_in(folder):
        if path != file.path and path.endswith((".txt", ".lock")) and not posixpath.basename(path).startswith("."):
            data = repository.data(path) or b""
            if b"generated by" in data[:2000]:
                read = repository.requirements(path)
                found += [path] if read is not None and read.compiled_by else []
    return found


def _named(file: DependencyFile, repository: Repository) -> str:
    folder = posixpath.dirname(file.path)
    paths = [lock.path for lock in lock_files(repository, folder)] + _compiled_beside(file, repository)
    return " and ".join(paths)
