"""What the imports of a file lead to, for a process that looks for modules in some folders.

Imports are read from the bytes, which is a hundred times as fast as parsing and finds a few too many.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.app import locate_module
from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository
from prodlint.regex import regex
from prodlint.syntax.python_bindings import resolve_relative

__all__ = ["Modules", "first_names", "modules_below"]

_IMPORT = regex(
    rb"(?m)^([ \t]*)(?:from[ \t]+(\.*[ \t]*[\w.]*)[ \t]+import[ \t]*(\([^)]{0,20000}\)|[^\n]*(?:\\\r?\n[^\n]*){0,50})"
    rb"|import[ \t]+([^\n]*(?:\\\r?\n[^\n]*){0,50}))"
)
_COMMENT = regex(rb"#[^\n]*")
# Of a name with more parts nothing is looked up: no module of a project lies so deep.
_MOST_PARTS = 100


@per_repository
def first_names(repository: Repository) -> frozenset[str]:
    """Every name that the first part of a module of the repository can have."""
    folders = {posixpath.basename(folder) for folder in repository.folders}
    return frozenset(folders | {posixpath.basename(path).removesuffix(".py") for path in repository.python_files})


@per_repository
def _written_imports(repository: Repository, path: str) -> tuple[tuple[str, bool], ...]:
    """The modules that a file names in imports, and whether it does so at its left margin."""
    data = repository.data(path)
    if data is None:
        return ()
    package = posixpath.dirname(path).replace("/", ".")
    known = first_names(repository)
    found: dict[tuple[str, bool], None] = {}
    for indent, module, names, plain in _IMPORT.findall(data):
        is_outer = not indent
        if plain:
            for part in _parts(plain):
                if part.partition(".")[0] in known:
                    found[part, is_outer] = None
            continue
        written = module.decode("ascii", "replace").replace(" ", "").replace("\t", "")
        bare = written.lstrip(".")
        owner = resolve_relative(package, len(written) - len(bare), bare or None)
        if not owner and written:
            owner = ""
        if owner.startswith(".") or (owner and owner.partition(".")[0] not in known):
            continue
        if owner:
            found[owner, is_outer] = None
        for name in _parts(names):
            # Most are functions and classes of the module.
            if name in known:
                found[f"{owner}.{name}" if owner else name, is_outer] = None
    return tuple(found)


def _parts(names: bytes) -> Iterator[str]:
    """`a`, `b.c` of `a, b.c as d`."""
    text = _COMMENT.sub(b"", names).replace(b"\\", b" ").strip(b" \t\r\n()").decode("ascii", "replace")
    for part in text.split(",") if ";" not in text else text.partition(";")[0].split(","):
        words = part.split()
        if words:
            yield words[0]


@per_repository
def modules_below(repository: Repository, roots: tuple[str, ...]) -> Modules:
    """The modules as they are found from some folders: the same for every process that begins in these."""
    return Modules(repository, roots)


class Modules:
    """The modules of the repository by the names under which files import them, for one list of folders."""

    def __init__(self, repository: Repository, roots: tuple[str, ...]) -> None:
        self.repository = repository
        self.roots = roots
        self._located: dict[tuple[str, str], str | None] = {}
        self._packages: dict[tuple[str, str], tuple[str, ...]] = {}
        self._above: dict[str, tuple[str, ...]] = {}
        self._imported: dict[str, tuple[tuple[str, bool], ...]] = {}

    def locate(self, dotted: str, near: str) -> str | None:
        """The file of a module that a file imports, None for one of another package."""
        return self._file(dotted, near.rpartition("/")[0])

    def _file(self, dotted: str, folder: str) -> str | None:
        key = (dotted, folder)
        if key not in self._located:
            self._located[key] = self._find(dotted, folder)
        return self._located[key]

    def _find(self, dotted: str, folder: str) -> str | None:
        known = first_names(self.repository)
        # The last part is the name of a file or a folder too: most are those of functions and classes.
        if not dotted or dotted.partition(".")[0] not in known or dotted.rpartition(".")[2] not in known:
            return None
        if folder not in self._above:
            self._above[folder] = self._around(folder)
        return locate_module(self.repository, self._above[folder], dotted)

    def _around(self, folder: str) -> tuple[str, ...]:
        """Where a file's imports are looked for: the process's folders, then those above the file."""
        above: list[str] = []
        while folder:
            above.append(folder)
            folder = posixpath.dirname(folder)
        return tuple(dict.fromkeys((*self.roots, "", *reversed(above))))

    def of(self, dotted: str, near: str) -> tuple[str, ...]:
        """The file of a module, behind those of the packages around it, which run first."""
        found = self._with_packages(dotted, near.rpartition("/")[0]) if dotted.count(".") < _MOST_PARTS else ()
        return tuple(one for one in found if one != near) if near in found else found

    def _with_packages(self, dotted: str, folder: str) -> tuple[str, ...]:
        key = (dotted, folder)
        if key not in self._packages:
            owner = dotted.rpartition(".")[0]
            around = self._with_packages(owner, folder) if owner else ()
            path = self._file(dotted, folder)
            self._packages[key] = around if path is None else (*around, path)
        return self._packages[key]

    def imported(self, path: str) -> tuple[tuple[str, bool], ...]:
        """The files that one may import, and whether only in a function or a block."""
        if path not in self._imported:
            written = _written_imports(self.repository, path)
            found = ((one, not is_outer) for dotted, is_outer in written for one in self.of(dotted, path))
            self._imported[path] = tuple(dict.fromkeys(found))
        return self._imported[path]
