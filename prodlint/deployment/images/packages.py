"""The packages of the repository that a RUN installs into an image: `pip install .` copies them to site-packages.

What is imported from there is a file of the repository too, at another place. The folders are those of
sysconfig's scheme `posix_prefix`, which pip and venv use.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from prodlint.deployment.command import Step, unversioned
from prodlint.deployment.commands.program import program_of
from prodlint.deployment.filemap import absolute
from prodlint.deployment.images.files import ImageFiles
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.value import Value

__all__ = ["with_packages"]

_ARCHIVES = (".whl", ".tar.gz")
_PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")
# Options that take a folder which is no project.
_TARGET = ("-t", "--target")
_PREFIX = ("--prefix",)
_MOST_PACKAGES = 50
_MOST_FOLDERS = 100


def with_packages(
    files: ImageFiles,
    seen: ImageFiles,
    step: Step,
    programs: tuple[str, ...],
    base: str | None,
    environment: Mapping[str, Value[str]],
) -> ImageFiles:
    """The same files after a step that may install projects of the repository.

    `seen` are the files that the step finds, `programs` the folders of PATH, `base` is the outside image, and
    `environment` holds the variables of the build.
    """
    if step.directory is None:
        return files
    # The model of a service stands on images: it is loaded by now, but not before this module.
    from prodlint.deployment.images.base import python_in

    python = python_in(base)
    words = _arguments(step)
    if words is not None:
        site = _site(words, step, programs, python)
        folders = list(dict.fromkeys(_projects(words, step.directory)))
    elif step.program == "uv":
        from prodlint.deployment.images.synced import synced_projects

        synced = synced_projects(step, seen, environment)
        site, folders = _below(synced.environment, python), list(synced.folders)
    else:
        return files
    for folder in folders:
        for path, place in _packages(seen, folder):
            files = files.moved_from(seen, path, posixpath.join(site, place))
    return files


def _arguments(step: Step) -> list[str] | None:
    """The words behind `pip install`, None for another command."""
    tool, given = program_of(step)
    words = [word.literal or "" for word in given]
    if tool == "uv" and words[:1] == ["pip"]:
        words = words[1:]
    elif unversioned(tool) != "pip":
        return None
    command = next((index for index, word in enumerate(words) if not word.startswith("-")), None)
    return words[command + 1 :] if command is not None and words[command] == "install" else None


def _below(prefix: str, python: str | None) -> str:
    version = ".".join(python.split(".")[:2]) if python is not None else "3"
    return f"{prefix}/lib/python{version}/site-packages".replace("//", "/")


def _site(words: list[str], step: Step, programs: tuple[str, ...], python: str | None) -> str:
    """The folder that packages go to."""
    target = _value(words, _TARGET)
    if target is not None:
        return absolute(target, step.directory) or "/"
    prefix = _value(words, _PREFIX)
    if prefix is None and "--user" in words:
        prefix = "/root/.local"
    if prefix is None:
        called = (step.argv[0].literal or "").rpartition("/")[0]
        folder = called or (programs[0] if programs else "")
        # `/usr/local/sbin` stands first in a PATH that nobody changed.
        prefix = posixpath.dirname(folder) if folder.endswith("/bin") else "/usr/local"
    return _below(absolute(prefix, step.directory) or "/", python)


def _value(words: list[str], names: tuple[str, ...]) -> str | None:
    for index, word in enumerate(words):
        if word in names and index + 1 < len(words):
            return words[index + 1]
        name, equals, value = word.partition("=")
        if equals and name in names:
            return value
    return None


def _projects(words: list[str], directory: str) -> Iterator[str]:
    """The folders of projects that the words may name; an archive was built in the folder around its own."""
    for word in words:
        written = word.partition("[")[0] if not word.startswith("[") else ""
        path = absolute(written, directory) if written and not written.startswith("-") else None
        if path is None or "://" in written:
            continue
        yield posixpath.dirname(posixpath.dirname(path)) if written.endswith(_ARCHIVES) else path


def _packages(seen: ImageFiles, folder: str) -> list[tuple[str, str]]:
    """The packages of a project that lies in a folder: their absolute paths, and their places below site-packages."""
    repository = seen.context.repository
    declared = [
        one
        for name in _PROJECT_FILES
        for one in seen.files.candidates(posixpath.join(folder, name))[:1]
        if one in repository.paths
    ]
    if not declared:
        return []
    told = _told(seen, folder, declared[0]) if declared[0].endswith("pyproject.toml") else None
    if told is not None:
        return [(posixpath.join(folder, path), place) for path, place in told]
    named = _named(repository, declared[0])
    for around in (posixpath.join(folder, "src"), folder):
        found = [path for path in _folders(seen, around) if _is_package(seen, path, named)]
        if found:
            return [(path, posixpath.basename(path)) for path in found[:_MOST_PACKAGES]]
    return []


def _told(seen: ImageFiles, folder: str, declared: str) -> list[tuple[str, str]] | None:
    """The packages that the settings of a build backend name, from the folder of the project."""
    repository = seen.context.repository
    document = repository.toml(declared)
    if document is None:
        return None
    from prodlint.deployment.packages.wheel_contents import ProjectFolder, wheel_contents

    hatch = repository.toml(normal_path(posixpath.dirname(declared), "hatch.toml"))
    return wheel_contents(
        ProjectFolder(
            document.data,
            hatch.data if hatch is not None else None,
            lambda path: any(one in repository.paths for one in seen.files.candidates(posixpath.join(folder, path))),
            lambda path: [posixpath.basename(one) for one in _folders(seen, posixpath.join(folder, path).rstrip("/"))],
        )
    )


def _folders(seen: ImageFiles, around: str) -> list[str]:
    """The folders that lie directly in a folder."""
    repository = seen.context.repository
    prefix = around.rstrip("/") + "/"
    names = {
        one.target[len(prefix) :].partition("/")[0] for one in seen.files.placements if one.target.startswith(prefix)
    }
    for candidate in seen.files.candidates(around):
        names.update(posixpath.basename(one) for one in repository.inside(candidate) if one in repository.folders)
    return [prefix + name for name in sorted(names)[:_MOST_FOLDERS] if name.isidentifier()]


def _is_package(seen: ImageFiles, path: str, named: frozenset[str]) -> bool:
    repository = seen.context.repository
    init = seen.files.candidates(f"{path}/__init__.py")
    if any(one in repository.paths for one in init):
        return True
    is_folder = any(one in repository.folders for one in seen.files.candidates(path))
    return is_folder and posixpath.basename(path) in named


def _named(repository: Repository, declared: str) -> frozenset[str]:
    """The packages that a project names itself, by its own name too: these need no `__init__.py`."""
    document = repository.toml(normal_path(posixpath.dirname(declared), "pyproject.toml"))
    if document is None:
        return frozenset()
    found = [document.get("project", "name"), document.get("tool", "poetry", "name")]
    listed = document.get("tool", "poetry", "packages")
    found += [one.get("include") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return frozenset(one.replace("-", "_").lower() for one in found if isinstance(one, str))
