"""The projects of the repository that `uv sync --no-editable` copies to its environment, and where that lies.

Docs: docs.astral.sh/uv, "Non-editable installs", "Virtual dependencies"; tried with uv 0.13. Editable projects stay
where they are, and are not placed anew.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from prodlint.deployment.command import Step
from prodlint.deployment.filemap import absolute
from prodlint.deployment.images.files import ImageFiles
from prodlint.deployment.packages.install_arguments import Settings
from prodlint.deployment.packages.install_commands import install_of
from prodlint.deployment.packages.locks import lock_files
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.requirement import canonical_name
from prodlint.deployment.value import Value
from prodlint.record import Record

__all__ = ["Synced", "synced_projects"]

# With these the projects are others, lie elsewhere, or are not installed.
_OTHERS = (
    *("--project", "--directory", "--active", "--script", "--dry-run", "--check", "--help"),
    *("--no-install-workspace", "--no-install-local", "--only-install"),
)
_OTHER_ROOTS = ("--package", "--all-packages")


class Synced(Record):
    """The folders of projects that are copied into an environment, all paths absolute."""

    environment: str
    folders: tuple[str, ...]


_NOTHING = Synced("", ())


def synced_projects(step: Step, seen: ImageFiles, environment: Mapping[str, Value[str]]) -> Synced:
    """What a step of uv copies; nothing where it is another command, or that is not known."""
    words = [word.literal or "" for word in step.argv]
    settings = Settings(step.environment, environment)
    is_copied = "--no-editable" in words or settings.is_on("UV_NO_EDITABLE")
    if words[1:2] != ["sync"] or not is_copied or any(word.startswith(_OTHERS) for word in words):
        return _NOTHING
    if step.directory is None or settings.is_open("UV_PROJECT_ENVIRONMENT") or settings.get("UV_PROJECT"):
        return _NOTHING
    declared = _file_at(seen, posixpath.join(step.directory, "pyproject.toml"))
    if declared is None:
        return _NOTHING
    root, folders = _projects(step, seen, declared, words, environment)
    place = absolute(settings.get("UV_PROJECT_ENVIRONMENT") or ".venv", root)
    return _NOTHING if place is None else Synced(place, folders)


def _file_at(seen: ImageFiles, path: str) -> str | None:
    found = seen.files.candidates(path)[:1]
    return found[0] if found and found[0] in seen.context.repository.paths else None


def _projects(
    step: Step, seen: ImageFiles, declared: str, words: list[str], environment: Mapping[str, Value[str]]
) -> tuple[str, tuple[str, ...]]:
    """The root of the workspace, and the folders of the projects that a sync installs from there."""
    repository, here = seen.context.repository, step.directory or "/"
    folder = posixpath.dirname(declared)
    lock = next((one for one in lock_files(repository, folder) if one.kind == "uv.lock"), None)
    itself = "--no-install-project" not in words
    if lock is None:
        return here, (here,) if itself and _is_packaged(repository, declared) else ()
    above = posixpath.dirname(lock.path)
    root = absolute(posixpath.relpath(above or ".", folder or "."), here) or here
    install = install_of(step, here, repository, lambda path: _file_at(seen, path) or "", environment)
    installed = install.installed if install is not None else None
    is_found = _file_at(seen, posixpath.join(root, "pyproject.toml")) == normal_path(above, "pyproject.toml")
    if installed is None or not is_found:
        return root, ()
    own = lock.members.get(posixpath.relpath(folder or ".", above or "."))
    left_out = {*lock.virtual, *map(canonical_name, _values(words, "--no-install-package"))}
    if not itself:
        if any(word.startswith(_OTHER_ROOTS) for word in words):
            return root, ()
        left_out.add(own or "")
    members = [posixpath.join(root, at) for at, name in lock.members.items() if name in installed - left_out]
    return root, tuple(posixpath.normpath(one) for one in members)


def _values(words: list[str], option: str) -> list[str]:
    separate = [words[at + 1] for at, word in enumerate(words[:-1]) if word == option]
    return separate + [word.partition("=")[2] for word in words if word.startswith(f"{option}=")]


def _is_packaged(repository: Repository, declared: str) -> bool:
    """Whether uv installs a project itself: by its setting, else because it says how it is built."""
    document = repository.toml(declared)
    if document is None:
        return False
    written = document.get("tool", "uv", "package")
    return written if isinstance(written, bool) else document.get("build-system") is not None
