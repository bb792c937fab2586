"""Whether a process can import a module: found, certainly not there, or not known.

"Not there" needs every folder of the import path known, nothing that may have put files there unseen, and no
distribution that may bring a package of that name (serving page, 2.3).
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from prodlint.deployment.app import files_of_module
from prodlint.deployment.command import Step
from prodlint.deployment.condition import word_value
from prodlint.deployment.execution.steps import execute
from prodlint.deployment.filemap import absolute
from prodlint.deployment.memo import per_repository
from prodlint.deployment.process import Platform
from prodlint.deployment.repository import Repository
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, EnvDriven, Known
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Span

__all__ = ["ModulePresence", "certainly_lacks", "may_be_brought", "presence_of"]

# What these do leaves no Python module behind, or is followed where the files of an image are worked out.
_HARMLESS = frozenset(
    "apt apt-get apk dnf yum microdnf install_packages pip pip3 uv poetry pipenv pdm mkdir chmod chown chgrp rm rmdir "
    "useradd adduser groupadd addgroup usermod echo printf set export cd true test [ sed npm yarn pnpm "
    "corepack locale-gen update-ca-certificates dpkg-reconfigure ldconfig touch cat ls sleep sh bash which "
    "flask django-admin alembic gunicorn uvicorn pybabel playwright virtualenv env command type exit umask".split()
)
# These bring or move files that another program names, and what a shell or an interpreter is given may do so too.
_MOVERS = frozenset(
    "mv cp ln install rsync dd tee tar unzip bsdtar cpio git curl wget make sh bash ash dash python python3".split()
)
# Words behind which `cp` and its like are not followed: a pattern for some files of a folder, rather than for all or
# all modules; options that turn the arguments around.
_NOT_FOLLOWED = regex(
    r".*[?\[{].*|.*\*(?!(?:\.py)?$).*|.*[^/]\*.*|-[a-zA-Z]*[tT].*|--(?:no-)?target-directory.*|--parents"
)
# Where Python looks for modules besides the folders of the process.
_OF_PYTHON = regex(r"/(?:site|dist)-packages(?:/|$)|/lib/python3[^/]*(?:/[^/]*)?$")
# A project names its own package so, and no distribution does.
_OWN_NAMES = frozenset(
    "app apps application main wsgi asgi api server run manage project mysite mysite config core src backend web site "
    "website service services start index service_api app_api".split()
)
_COMPILED = (".so", ".pyd", ".pyx", ".pyc", ".zip")


class ModulePresence(Record):
    """Where a module lies for a process: `path` is its file in the repository where it is `found`.

    `elsewhere` are files of the repository that hold a module of that name in a folder from which the process does
    not import; `folders` are the folders that it looks in, as the process sees them.
    """

    name: str
    found: Answer
    path: str | None = None
    elsewhere: tuple[Span, ...] = ()
    folders: tuple[str, ...] = ()

    @property
    def shown_folders(self) -> str:
        """The folders that the process looks in, for people."""
        return " or ".join(self.folders)

    @property
    def elsewhere_folder(self) -> str:
        """The folder of the repository from which the nearest module of that name can be imported."""
        if not self.elsewhere:
            return ""
        path = self.elsewhere[0].path.removesuffix("/__init__.py").removesuffix(".py")
        return path.removesuffix(self.name.replace(".", "/")).rstrip("/") or "the root of the repository"


def presence_of(service: Service, name: str, repository: Repository, folder: str | None = None) -> ModulePresence:
    """Whether the server of a service can import a module that is named with dots.

    `folder` is the first place where it looks, None for the directory in which it starts.
    """
    step = service.step
    server = service.server
    if step is None or server is None or not all(part.isidentifier() for part in name.split(".")):
        return ModulePresence(name, UNKNOWN)
    elsewhere = files_of_module(repository, name)
    places = tuple(source.line_span(1) for path in elsewhere[:3] if (source := repository.source(path)) is not None)
    folders, are_all = _folders(service, step, server.folders, folder)
    relative = name.replace(".", "/")
    held: list[str] = []
    for folder in folders:
        for end in (".py", "/__init__.py"):
            held += [
                one
                for one in service.place.files.candidates(posixpath.join(folder, relative) + end)[:1]
                if one in repository.paths
            ]
        if held:
            return ModulePresence(name, YES, held[0], (), folders)
    # No variable brings a module of which the whole repository has no file.
    is_searched = bool(folders) and (are_all or not elsewhere)
    lacks = is_searched and _lacks(service, relative, folders, repository)
    lacks = lacks and not may_be_brought(service, step, repository)
    if not lacks or not _is_ours(service, name, relative, folders, elsewhere, repository):
        return ModulePresence(name, UNKNOWN, None, places, folders)
    return ModulePresence(name, NO, None, places, folders)


def _folders(service: Service, step: Step, own: tuple[str, ...], first: str | None) -> tuple[tuple[str, ...], bool]:
    """The absolute folders that a process imports from, as far as they are known, and whether these are all."""
    directory = step.directory
    if directory is None:
        return (), False
    word = step.environment.get("PYTHONPATH")
    value = word_value(word, service.place.variable) if word is not None else service.variables.get("PYTHONPATH")
    written: list[str] = []
    # An image that cannot start without a variable from outside would say so.
    whole = value is None or (isinstance(value, EnvDriven) and value.default is None and service.image is not None)
    # `export $(xargs < FILE)` may set it.
    whole = whole and step.opened is None
    if isinstance(value, Known):
        written, whole = value.value.split(":"), True
    folders = [absolute(one, directory) for one in (*own, first or "", *(one for one in written if one))]
    return tuple(dict.fromkeys(one for one in folders if one is not None)), whole and None not in folders


def certainly_lacks(service: Service, path: str, is_file: Callable[[str], bool]) -> bool:
    """Whether certainly no file lies at an absolute path for a process: what its volumes hold is not known."""
    # A bind mount of the repository's own is one of the files that are known.
    known = {mount.target for mount in service.process.mounts}
    volumes = [one for one in service.process.reach.volumes if one.target not in known]
    if any(path == one.target or path.startswith(one.target.rstrip("/") + "/") for one in volumes):
        return False
    return service.place.files.certainly_lacks(path, is_file)


def _lacks(service: Service, relative: str, folders: tuple[str, ...], repository: Repository) -> bool:
    """Whether nothing in these folders is a module or a package of that name."""

    def is_there(path: str) -> bool:
        if path in repository.paths or path in repository.folders:
            return True
        beside = repository.files_in(posixpath.dirname(path))
        return any(one.startswith(f"{path}.") and one.endswith(_COMPILED) for one in beside)

    # What a program writes or a volume holds in a folder may lie over any part of the path.
    for folder in folders:
        path = posixpath.join(folder, relative)
        if not all(certainly_lacks(service, path + end, is_there) for end in ("", ".py", "/__init__.py")):
            return False
    return True


def may_be_brought(service: Service, step: Step, repository: Repository) -> bool:
    """Whether something that is not followed may bring files to where the process starts."""
    if step.conditional or {"uvx", "pipx"} & set(step.layers) or _is_generated(repository):
        return True
    if service.image is None and not any(one.endswith(".py") for one in _below(repository, service.process.root)):
        # The folder holds a platform's file alone, and is copied beside the code for a deployment.
        return True
    if service.process.platform is Platform.RAILWAY and service.image is None:
        # The folder of a service is a setting of the panel, wherever its file lies.
        return True
    if service.process.platform is Platform.SUPERVISOR or len(service.execution.processes) > 1:
        return True
    steps = [one for one in service.execution.steps if one is not step]
    if service.image is not None:
        if service.image.unread or service.image.base_brings_servers is not NO:
            return True
        if any(one.path is not None and _OF_PYTHON.search(one.target) for one in service.place.files.placements):
            return True
        if any(".pth" in source.text for source in {one.step.span.source for one in service.image.steps}):
            # Python goes on to the folders that such a file names.
            return True
        steps += [one.step for one in service.image.steps]
    for line in service.process.before:
        execution = execute(line, service.place, repository)
        if execution.unread:
            return True
        steps += execution.steps
    return any(not _is_harmless(one) for one in steps)


def _below(repository: Repository, folder: str) -> list[str]:
    return [path for path in repository.python_files if not folder or path.startswith(f"{folder}/")]


def _is_harmless(step: Step) -> bool:
    words = step.arguments
    if step.program in ("find", "xargs"):
        return not any(word is None or word.rpartition("/")[2] in _MOVERS for word in words)
    if step.program in ("cp", "mv", "ln"):
        # Single files and all of a folder are followed where the files of an image are worked out.
        is_followed = not step.conditional and not any(word is None or _NOT_FOLLOWED.fullmatch(word) for word in words)
        return is_followed and (step.program != "ln" or not any("*" in (word or "") for word in words))
    if step.program in _HARMLESS:
        return True
    if step.program.startswith("python"):
        # A script of the project may write anything; what comes with Python or Django does not write modules.
        return words[:1] == ("manage.py",) or (words[:1] == ("-m",) and words[1:2] in (("pip",), ("venv",), ("flask",)))
    if step.program in ("curl", "wget"):
        return not any(word is None or word.endswith((".py", ".zip", ".gz", ".tgz", ".tar", ".whl")) for word in words)
    return step.program.startswith(("wait", "dockerize", "pg_isready", "nc", "celery", "redis-cli"))


@per_repository
def _is_generated(repository: Repository) -> bool:
    """Whether parts of the repository are made or brought by something else: templates, submodules."""
    return ".gitmodules" in repository.paths or any("{{" in path for path in repository.folders)


def _is_ours(
    service: Service,
    name: str,
    relative: str,
    folders: tuple[str, ...],
    elsewhere: tuple[str, ...],
    repository: Repository,
) -> bool:
    """Whether a module must come from the repository: no distribution brings it."""
    top, _, rest = relative.partition("/")
    if rest:
        for folder in folders:
            for one in service.place.files.candidates(posixpath.join(folder, top))[:1]:
                if one in repository.folders and any(path.endswith(".py") for path in repository.files_in(one)):
                    return True
    if any(install.projects or install.complete is not YES for install in service.installs):
        # The project itself is installed: its package may be there under another folder.
        return False
    names = {one.name.replace("-", "_") for install in service.installs for one in install.dependencies}
    names |= {one.replace("-", "_") for install in service.installs for one in install.installed or ()}
    plain = top.lower()
    if any(one and (one in plain or plain in one) for one in names):
        return False
    if plain in _OWN_NAMES:
        return True
    locked = service.installs_known is YES and all(one.installed is not None for one in service.installs)
    return bool(elsewhere) or locked
