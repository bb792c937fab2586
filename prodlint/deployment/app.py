"""WSGI and ASGI objects, and the files that a process imports them from."""

from __future__ import annotations

import posixpath
from enum import Enum

from prodlint.deployment.execution.place import Place
from prodlint.deployment.filemap import absolute
from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository, normal_path
from prodlint.record import Record
from prodlint.source import Span

__all__ = [
    "App",
    "Interface",
    "files_of_module",
    "locate_module",
    "module_at",
    "roots_of",
]

_SITE = "/site-packages/"


class Interface(Enum):
    """How a server calls an app."""

    WSGI = "WSGI"
    ASGI = "ASGI"
    OWN = "its own server"


_OWN_SERVERS = {
    "aiohttp": "gunicorn's `-k aiohttp.GunicornWebWorker`, or web.run_app()",
    "Tornado": "gunicorn's `-k tornado`, or its own HTTP server",
    "Sanic": "`sanic`, its own command",
}


class App(Record):
    """An app object: framework, interface, where it is made, whether it must first be called.

    `others` are the places where else it may be made, where a condition chooses among apps of one framework.
    """

    framework: str
    interface: Interface
    span: Span
    is_factory: bool = False
    target: str = ""
    others: tuple[Span, ...] = ()

    @property
    def path(self) -> str:
        return self.span.path

    @property
    def own_servers(self) -> str:
        """What serves it, for people."""
        if self.interface is Interface.OWN:
            return _OWN_SERVERS.get(self.framework, "its own server")
        if self.interface is Interface.WSGI:
            return "gunicorn, or another server for WSGI"
        return "uvicorn, or gunicorn with `-k uvicorn_worker.UvicornWorker`"


def roots_of(place: Place, repository: Repository, extra: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The folders of the repository from which a process imports, in order: its directory, PYTHONPATH, src layouts."""
    roots: list[str] = []
    for directory in (*extra, place.directory or ""):
        path = absolute(directory, place.directory)
        candidates = place.files.candidates(path) if path else ()
        roots.extend(candidate for candidate in candidates if candidate in repository.folders)
    for root in list(roots):
        source_folder = normal_path(root, "src")
        if source_folder in repository.folders:
            roots.append(source_folder)
    return tuple(dict.fromkeys((*roots, *_installed(place, repository))))


def _installed(place: Place, repository: Repository) -> list[str]:
    """The folders of the repository whose packages an image holds among its installed ones."""
    found = []
    for one in place.files.placements:
        if one.path is None or _SITE not in one.target:
            continue
        name = one.target.rpartition(_SITE)[2]
        if "/" not in name and posixpath.basename(one.path) == name and one.path in repository.folders:
            found.append(posixpath.dirname(one.path))
    return list(dict.fromkeys(found))


def locate_module(repository: Repository, roots: tuple[str, ...], dotted: str) -> str | None:
    """The file of a module, searched from the roots in order; None when it is not one of the repository."""
    relative = dotted.replace(".", "/")
    paths = repository.paths
    for root in roots:
        folder = normal_path(root, relative)
        for path in (f"{folder}.py", f"{folder}/__init__.py"):
            if path in paths:
                return path
    return None


@per_repository
def files_of_module(repository: Repository, dotted: str) -> tuple[str, ...]:
    """The files of the repository that are a module of that name below some folder, the nearest to the root first."""
    relative = dotted.replace(".", "/")
    ends = tuple(f"/{relative}{end}" for end in (".py", "/__init__.py"))
    named = repository.named(posixpath.basename(ends[0]), "__init__.py") if dotted else ()
    found = (path for path in named if f"/{path}".endswith(ends))
    return tuple(sorted(found, key=lambda path: (path.count("/"), path)))


def module_at(place: Place, folders: tuple[str, ...], dotted: str, repository: Repository) -> str | None:
    """The file of a module where a process itself looks: in some folders, then in its directory.

    Images hold files one by one (`COPY app ./app`), so that no folder of the repository is their directory.
    """
    relative = dotted.removesuffix(".py").replace(".", "/")
    for folder in (*folders, ""):
        for name in (f"{relative}.py", f"{relative}/__init__.py"):
            path = absolute(posixpath.join(folder, name), place.directory)
            for candidate in place.files.candidates(path) if path is not None else ():
                if candidate in repository.paths:
                    return candidate
    return None
