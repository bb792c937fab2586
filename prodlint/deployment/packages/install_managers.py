"""Project managers that install from a lock: uv, Poetry, PDM and pipenv."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from prodlint.deployment.dependency import Dependency, DependencyFile, Install, LockFile
from prodlint.deployment.packages.files import dependency_file
from prodlint.deployment.packages.install_arguments import Arguments, Settings
from prodlint.deployment.packages.install_sources import Sources
from prodlint.deployment.packages.locks import lock_files
from prodlint.deployment.repository import normal_path
from prodlint.deployment.requirement import canonical_name
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer
from prodlint.record import Record, replace
from prodlint.source import Span
from prodlint.syntax.word import Word

__all__ = ["ManagerCall", "pdm_install", "pipenv_install", "poetry_install", "uv_export", "uv_run", "uv_sync"]


class ManagerCall(Record):
    """A command of a project manager, taken apart."""

    span: Span
    written: str
    arguments: Arguments
    settings: Settings
    sources: Sources

    def install(self, tool: str) -> Install:
        """The installation of what was gathered so far, before its lock is looked at."""
        return self.sources.install(self.span, tool, self.written)

    def names(self, *options: str) -> tuple[str, ...]:
        """The values of list options, which may hold several names at once."""
        found: list[str] = []
        for word in self.arguments.values(*options):
            if word.literal is None:
                self.sources.complete = False
            else:
                found.extend(word.literal.replace(",", " ").split())
        return tuple(name if name == ":all" else canonical_name(name) for name in found)

    def opened(self) -> bool:
        """Whether a variable may hold more options: `poetry install $OPTIONS`. What is installed is not known then."""
        found = any(word.literal is None and len(word.parts) == 1 for word in self.arguments.positional)
        self.sources.complete = self.sources.complete and not found
        return found

    def folder_option(self, *options: str) -> str | None:
        """The folder that the command works in, as written; None when it is not known."""
        word = self.arguments.value(*options)
        return "." if word is None else word.literal


class _Project(Record):
    """A project file, its lock, and whether the process finds that lock."""

    file: DependencyFile
    lock: LockFile | None
    has_lock: Answer


def _project(call: ManagerCall, written: str | None, name: str, lock_name: str) -> _Project | None:
    """The project in a folder as the command names it; None when its file is not known."""
    found = None if written is None else call.sources.path(posixpath.join(written, name))
    file = None if found is None else dependency_file(call.sources.repository, found)
    if file is None or written is None or found is None:
        return None
    folder = posixpath.dirname(found)
    lock = next((lock for lock in lock_files(call.sources.repository, folder) if lock.kind == lock_name), None)
    if lock is None:
        malformed = normal_path(folder, lock_name) in call.sources.repository.paths
        return _Project(file, None, UNKNOWN if malformed else NO)
    to_lock = posixpath.relpath(lock.path, folder or ".")
    return _Project(file, lock, YES if call.sources.path(posixpath.join(written, to_lock)) == lock.path else UNKNOWN)


def _unknown(call: ManagerCall, tool: str, locked: Answer = UNKNOWN) -> Install:
    """An installation of a project whose file was not found: only its name is known."""
    call.sources.complete = False
    return replace(call.install(tool), locked=locked)


def _nodes(dependencies: Iterable[Dependency]) -> list[str]:
    found = []
    for dependency in dependencies:
        if dependency.name:
            found.append(dependency.name)
            found.extend(f"{dependency.name}[{extra}]" for extra in dependency.extras)
    return found


def _selected(
    call: ManagerCall, file: DependencyFile, main: bool, extras: Iterable[str], groups: Iterable[str]
) -> None:
    if main:
        call.sources.declared_by(file, extras, groups)
    else:
        call.sources.parts_of(file, extras, groups)


def _locked_by(install: Install, lock: LockFile | None, locked: Answer, installed: frozenset[str] | None) -> Install:
    names = None if installed is None else installed | {d.name for d in install.dependencies if d.name}
    return replace(install, lock=lock, locked=locked, installed=names)


def uv_sync(call: ManagerCall) -> Install | None:
    """`uv sync`: the project's dependencies, extras and groups, from uv.lock where that is fresh."""
    arguments, settings = call.arguments, call.settings
    if arguments.has("--dry-run", "--check", "--help"):
        return None
    if settings.is_open("UV_NO_DEV", "UV_FROZEN", "UV_LOCKED", "UV_NO_DEFAULT_GROUPS", "UV_PROJECT"):
        call.sources.complete = False
    strict = arguments.has("--frozen", "--locked") or settings.is_on("UV_FROZEN") or settings.is_on("UV_LOCKED")
    written = call.folder_option("--directory", "--project")
    if not arguments.has("--directory", "--project") and settings.get("UV_PROJECT"):
        written = settings.get("UV_PROJECT")
    project = _project(call, written, "pyproject.toml", "uv.lock")
    if project is None:
        return _unknown(call, "uv", YES if strict else UNKNOWN)
    projects = _uv_members(call, project)
    only = arguments.has("--only-group", "--only-dev")
    for file in projects:
        extras = file.extras if arguments.has("--all-extras") else call.names("--extra")
        extras = frozenset(extras) - set(call.names("--no-extra"))
        _selected(call, file, not only, extras, _uv_groups(call, file))
        if not only and not arguments.has("--no-install-project", "--no-install-workspace"):
            call.sources.projects.append(file)
    if project.lock is not None:
        # The lock tells what the members of the workspace need.
        call.sources.names_members = False
    locked = YES if strict else project.has_lock
    if arguments.has("--upgrade", "-U"):
        locked = NO
    return _locked_by(call.install("uv"), project.lock, locked, _uv_installed(call, project, projects))


def _uv_members(call: ManagerCall, project: _Project) -> list[DependencyFile]:
    """The files of the projects that one sync installs: the one here, or those that options name."""
    if project.lock is None:
        return [project.file]
    members = project.lock.members
    names = call.names("--package")
    if names:
        folders = [folder for folder, name in members.items() if name in names]
        if len(folders) < len(set(names)):
            call.sources.complete = False
    elif call.arguments.has("--all-packages"):
        folders = list(members)
    elif project.file.project or not members:
        return [project.file]
    else:
        # A workspace root that is no project: its groups, and every member.
        return [project.file, *_uv_files(call, project.lock, list(members))]
    return _uv_files(call, project.lock, folders)


def _uv_files(call: ManagerCall, lock: LockFile, folders: list[str]) -> list[DependencyFile]:
    paths = [normal_path(posixpath.dirname(lock.path), folder, "pyproject.toml") for folder in folders]
    files = [dependency_file(call.sources.repository, path) for path in paths]
    if None in files:
        call.sources.complete = False
    return [file for file in files if file is not None]


def _uv_groups(call: ManagerCall, file: DependencyFile) -> frozenset[str]:
    arguments, settings = call.arguments, call.settings
    if arguments.has("--only-dev"):
        return frozenset({"dev"})
    only = call.names("--only-group")
    if only:
        return frozenset(only)
    groups = set(file.groups if arguments.has("--all-groups") else file.default_groups)
    if arguments.has("--no-default-groups") or settings.is_on("UV_NO_DEFAULT_GROUPS"):
        groups = set()
    if arguments.has("--no-dev") or settings.is_on("UV_NO_DEV"):
        groups.discard("dev")
    if call.opened():
        groups = set()
    groups.update(call.names("--group"), ["dev"] if arguments.has("--dev") and "dev" in file.groups else [])
    groups.difference_update(call.names("--no-group"), settings.words("UV_NO_GROUP"))
    return frozenset(groups)


def _uv_installed(call: ManagerCall, project: _Project, files: list[DependencyFile]) -> frozenset[str] | None:
    lock = project.lock
    if lock is None:
        return None
    nodes: list[str] = []
    only = call.arguments.has("--only-group", "--only-dev")
    for file in files:
        folder = posixpath.relpath(posixpath.dirname(file.path) or ".", posixpath.dirname(lock.path) or ".")
        # A root that is no project has groups of its own, under an empty name.
        name = lock.members.get(folder, "" if not file.project else None)
        if name is None:
            return frozenset(lock.packages)
        extras = file.extras if call.arguments.has("--all-extras") else call.names("--extra")
        groups = file.with_included_groups(_uv_groups(call, file))
        nodes.extend(f"{name}:{group}" for group in groups)
        if name and not only:
            nodes.append(name)
            nodes.extend(f"{name}[{extra}]" for extra in extras)
    return lock.closure(nodes)


def uv_export(call: ManagerCall) -> Install | None:
    """`uv export`: what `uv sync` with the same options would install, written to a file."""
    install = uv_sync(call)
    return None if install is None else replace(install, exports_to=_output(call.arguments.value("--output-file")))


def _output(word: Word | None) -> str:
    return "" if word is None or word.literal is None else word.literal


def uv_run(call: ManagerCall) -> Install | None:
    """`uv run` syncs the project before it starts a command, and adds what `--with` names."""
    arguments, settings = call.arguments, call.settings
    synced = None
    if not arguments.has("--no-sync", "--no-project", "--script") and not settings.is_on("UV_NO_SYNC"):
        synced = uv_sync(call)
    added = arguments.values("--with", "--with-editable")
    before = len(call.sources.dependencies)
    for word in added:
        call.sources.requirement(word)
    for word in arguments.values("--with-requirements"):
        call.sources.requirement_file(word)
    if synced is None:
        return call.install("uv") if added or arguments.has("--with-requirements") else None
    more = tuple(call.sources.dependencies[before:])
    complete = synced.complete if call.sources.complete else UNKNOWN
    return replace(synced, dependencies=(*synced.dependencies, *more), complete=complete)


def _by_groups(lock: LockFile | None, install: Install, groups: Iterable[str]) -> frozenset[str] | None:
    """What a lock brings for some groups: what the declared names lead to, and what it assigns to them itself."""
    if lock is None:
        return None
    if install.complete is not YES:
        assigned = [names for group, names in lock.group_members.items() if group in set(groups)]
        return frozenset().union(*assigned) if assigned else frozenset(lock.packages)
    found = lock.closure(_nodes(install.dependencies))
    return found.union(*(lock.group_members.get(group, frozenset()) for group in groups))


def poetry_install(call: ManagerCall, command: str) -> Install | None:
    """`poetry install`, `sync`, `update`, `add` and `export`."""
    arguments = call.arguments
    if arguments.has("--dry-run", "--help"):
        return None
    project = _project(call, call.folder_option("--directory", "--project"), "pyproject.toml", "poetry.lock")
    if project is None:
        install = _unknown(call, "poetry")
        return replace(install, exports_to=_output(arguments.value("--output"))) if command == "export" else install
    file = project.file
    only = call.names("--only")
    if only:
        groups = set(only) - {"main"}
        main = "main" in only
    else:
        groups = set() if command == "export" else set(file.groups - file.optional_groups)
        if arguments.has("--all-groups"):
            groups = set(file.groups)
        groups.update(call.names("--with"), {"dev"} if arguments.has("--dev") else ())
        groups.difference_update(call.names("--without"), {"dev"} if arguments.has("--no-dev") else ())
        main = "main" not in call.names("--without")
    if call.opened():
        # Options that nobody knows leave groups out, most often those of developers.
        groups = set(call.names("--with"))
    if arguments.has("--only-root"):
        groups, main = set(), False
    extras = file.extras if arguments.has("--all-extras") else call.names("--extras")
    _selected(call, file, main, extras, groups)
    if not arguments.has("--no-root") and command != "export":
        call.sources.projects.append(file)
    install = call.install("poetry")
    chosen = file.with_included_groups(groups) | ({"main"} if main else set())
    locked = UNKNOWN if command in ("update", "add") else project.has_lock
    if command == "update":
        locked = NO
    if command == "add":
        for word in arguments.positional:
            call.sources.requirement(word)
        install = call.install("poetry")
    install = _locked_by(install, project.lock, locked, _by_groups(project.lock, install, chosen))
    return replace(install, exports_to=_output(arguments.value("--output"))) if command == "export" else install


def pdm_install(call: ManagerCall, command: str) -> Install | None:
    """`pdm install`, `sync`, `update`, `add` and `export`."""
    arguments = call.arguments
    if arguments.has("--dry-run", "--help"):
        return None
    project = _project(call, call.folder_option("--project"), "pyproject.toml", "pdm.lock")
    if project is None:
        install = _unknown(call, "pdm")
        return replace(install, exports_to=_output(arguments.value("--output"))) if command == "export" else install
    file = project.file
    named = call.names("--group")
    # Asked in any case: it says that not all is known.
    is_open = call.opened()
    production = arguments.has("--prod", "--production", "--no-dev") or is_open
    groups = set() if production else set(file.groups)
    groups.update(name for name in named if name in file.groups)
    extras = {name for name in named if name in file.extras}
    if ":all" in named:
        extras = set(file.extras)
        groups = set() if production else set(file.groups)
    unwanted = set(call.names("--without"))
    main = not arguments.has("--no-default")
    if not main and named:
        groups &= set(named)
    _selected(call, file, main, extras - unwanted, groups - unwanted)
    install = call.install("pdm")
    chosen = {*file.with_included_groups(groups - unwanted), *(extras - unwanted), *(["main"] if main else [])}
    # `--no-lock` writes none, and installs what the lock file says all the same (pdm 2.2.1 and 2.29.4).
    locked = NO if command == "update" else project.has_lock
    install = _locked_by(install, project.lock, locked, _by_groups(project.lock, install, chosen))
    return replace(install, exports_to=_output(arguments.value("--output"))) if command == "export" else install


def pipenv_install(call: ManagerCall, command: str) -> Install | None:
    """`pipenv install`, `sync`, `update` and `requirements`."""
    arguments, settings = call.arguments, call.settings
    written = settings.get("PIPENV_PIPFILE")
    folder: str | None = "." if written is None else posixpath.dirname(written) or "."
    if settings.is_open("PIPENV_PIPFILE"):
        folder = None
    for word in arguments.values("--requirements"):
        call.sources.requirement_file(word)
    for word in (*arguments.values("--editable"), *arguments.positional):
        call.sources.requirement(word)
    project = _project(call, folder, "Pipfile", "Pipfile.lock")
    if project is None:
        if call.sources.dependencies:
            # Outside of a project `pipenv install NAME` makes one of what it is given.
            return call.install("pipenv")
        return _pipenv_export(
            call, _unknown(call, "pipenv", YES if _pipenv_strict(call, command) else UNKNOWN), command
        )
    file = project.file
    groups = {"develop"} if arguments.has("--dev", "-d", "--dev-only") or settings.is_on("PIPENV_DEV") else set()
    categories = call.names("--categories")
    main = not arguments.has("--dev-only") and (not categories or "packages" in categories or "default" in categories)
    groups.update("develop" if name == "dev-packages" else name for name in categories)
    groups -= {"packages", "default"}
    _selected(call, file, main, (), groups)
    install = call.install("pipenv")
    chosen = {*groups, *(["main"] if main else [])}
    locked = YES if _pipenv_strict(call, command) and project.lock is not None else project.has_lock
    if command == "update" or arguments.has("--skip-lock"):
        locked = NO
    installed = None
    if project.lock is not None:
        installed = frozenset().union(*(project.lock.group_members.get(group, frozenset()) for group in chosen))
    return _pipenv_export(call, _locked_by(install, project.lock, locked, installed), command)


def _pipenv_strict(call: ManagerCall, command: str) -> bool:
    return command in ("sync", "requirements") or call.arguments.has("--deploy", "--ignore-pipfile")


def _pipenv_export(call: ManagerCall, install: Install, command: str) -> Install:
    return replace(install, exports_to="") if command == "requirements" else install
