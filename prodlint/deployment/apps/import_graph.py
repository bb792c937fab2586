"""Which files a Python process imports, and through which statements.

Imports are first read from the bytes, which is a hundred times as fast as parsing and finds a few too many; the
statements on the way to a file that somebody asks for are then looked at one by one.
"""

from __future__ import annotations

import ast
import heapq
import posixpath
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from prodlint.deployment.app import locate_module
from prodlint.deployment.apps.text import files_with, python_with, read_files
from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository
from prodlint.regex import regex
from prodlint.source import Span
from prodlint.syntax.python_bindings import resolve_relative

if TYPE_CHECKING:
    from prodlint.deployment.apps.index import CodeFunction

__all__ = ["ImportGraph"]

_IMPORT = regex(
    rb"(?m)^([ \t]*)(?:from[ \t]+(\.*[ \t]*[\w.]*)[ \t]+import[ \t]*(\([^)]{0,20000}\)|[^\n]*(?:\\\r?\n[^\n]*){0,50})"
    rb"|import[ \t]+([^\n]*(?:\\\r?\n[^\n]*){0,50}))"
)
_COMMENT = regex(rb"#[^\n]*")
_DYNAMIC = regex(
    rb"import_module\(|__import__\(|import_string\(|find_modules\(|\bload_module\(|exec_module\(|autodiscover"
)
_MOST_RETRIES = 30
_MOST_PENDING = 10
# An import in a function is only a way where there is no other.
_FAR = 1000


@per_repository
def _first_names(repository: Repository) -> frozenset[str]:
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
    known = _first_names(repository)
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
            if name != "*":
                found[f"{owner}.{name}" if owner else name, is_outer] = None
    return tuple(found)


def _parts(names: bytes) -> Iterator[str]:
    """`a`, `b.c` of `a, b.c as d`."""
    text = _COMMENT.sub(b"", names).replace(b"\\", b" ").strip(b" \t\r\n()").decode("ascii", "replace")
    for part in text.split(",") if ";" not in text else text.partition(";")[0].split(","):
        words = part.split()
        if words:
            yield words[0]


class ImportGraph:
    """The files that a process imports when it begins with some `entries`, which are found from `roots`.

    `extra` are imports that no statement spells (Django's applications and URL configurations), by the file that
    causes them; `knows_extra` answers whether these are all that there are. `runs` answers whether a function is known
    to be run by the process, so that its imports are.
    """

    def __init__(
        self,
        repository: Repository,
        roots: tuple[str, ...],
        entries: Iterable[str],
        extra: Callable[[str], Iterable[tuple[str, Span]]] | None = None,
        knows_extra: Callable[[], bool] = lambda: True,
    ) -> None:
        self.repository = repository
        self.roots = roots
        self.entries = tuple(dict.fromkeys(entries))
        self.runs: Callable[[CodeFunction], bool] = lambda function: False
        self.is_extended = extra is not None
        self._knows_extra = knows_extra
        self._extra: Callable[[str], Iterable[tuple[str, Span]]] = extra or (lambda path: ())
        self._located: dict[tuple[str, str], str | None] = {}
        self._modules: dict[tuple[str, str], tuple[str, ...]] = {}
        self._above: dict[str, tuple[str, ...]] = {}
        self._refuted: set[tuple[str, str]] = set()
        self._chains: dict[str, tuple[Span, ...] | None] = {}
        self._pending: set[str] = set()
        self._held: dict[tuple[bytes, ...], tuple[str, ...]] = {}
        self._imports: dict[str, tuple[tuple[str, bool], ...]] = {}
        self._places: dict[str, dict[str, list[tuple[ast.AST, CodeFunction | None]]]] = {}

    def may_hold(self, first: str) -> bool:
        """Whether the first part of a dotted name can be a module of the repository."""
        return first in _first_names(self.repository)

    def locate(self, dotted: str, near: str) -> str | None:
        """The file of a module that a file imports, None for one of another package."""
        folder = near.rpartition("/")[0]
        key = (dotted, folder)
        if key not in self._located:
            self._located[key] = self._locate(dotted, folder)
        return self._located[key]

    def _locate(self, dotted: str, folder: str) -> str | None:
        known = _first_names(self.repository)
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

    @cached_property
    def files(self) -> frozenset[str]:
        """Every file that the process may import; a few of them it does not."""
        return frozenset(self._ways)

    @cached_property
    def is_complete(self) -> bool:
        """Whether no file imports others by names that it computes, or that nobody knows."""
        if not self.entries or not self._knows_extra():
            return False
        return not any(_DYNAMIC.search(self.repository.data(one) or b"") for one in self.files)

    def holding(self, *needles: bytes) -> tuple[str, ...]:
        """The files that it may import and that hold one of some texts, in order."""
        if "_ways" in self.__dict__:
            if needles not in self._held:
                self._held[needles] = tuple(files_with(self._ordered, needles))
            return self._held[needles]
        held = python_with(self.repository, needles)
        return tuple(path for path in held if path in self.files) if held else ()

    @cached_property
    def _ordered(self) -> list[tuple[str, bytes]]:
        return read_files(self.repository, sorted(self._ways))

    def mentions(self, path: str, names: tuple[str, ...]) -> bool:
        """Whether a file holds one of some names."""
        data = self.repository.data(path) or b""
        return any(name.encode() in data for name in names)

    def chain(self, path: str) -> tuple[Span, ...] | None:
        """The statements that lead from an entry to a file; None when the process is not known to import it."""
        if path in self._chains:
            return self._chains[path]
        if path in self._pending or len(self._pending) > _MOST_PENDING:
            return None
        self._pending.add(path)
        found = self._find(path)
        self._pending.discard(path)
        self._chains[path] = found
        return found

    def _find(self, path: str) -> tuple[Span, ...] | None:
        for _ in range(_MOST_RETRIES):
            if path not in self._ways:
                return None
            way = [path]
            while (parent := self._ways[way[-1]]) is not None:
                way.append(parent)
            way.reverse()
            spans: list[Span] = []
            for importer, imported in pairwise(way):
                span = self._statement(importer, imported)
                if span is None:
                    self._refuted.add((importer, imported))
                    self._held.clear()
                    for table in ("_ways", "_ordered", "files"):
                        self.__dict__.pop(table, None)
                    break
                spans.append(span)
            else:
                return tuple(spans)
        return None

    @cached_property
    def _ways(self) -> dict[str, str | None]:
        """By file, the file that imports it on the shortest way; statements at the left margin first."""
        ways: dict[str, str | None] = {}
        waiting: list[tuple[int, int, str, str | None]] = []
        for number, entry in enumerate(self.entries):
            waiting.append((0, number, entry, None))
        heapq.heapify(waiting)
        count = len(waiting)
        while waiting:
            cost, _, path, parent = heapq.heappop(waiting)
            if path in ways:
                continue
            ways[path] = parent
            for imported, far in self._imported(path):
                if imported not in ways and (path, imported) not in self._refuted:
                    count += 1
                    heapq.heappush(waiting, (cost + (_FAR if far else 1), count, imported, path))
        return ways

    def _imported(self, path: str) -> tuple[tuple[str, bool], ...]:
        """The files that one may import, and whether only in a function or a block."""
        if path not in self._imports:
            written = _written_imports(self.repository, path)
            found = [(one, not is_outer) for dotted, is_outer in written for one in self.modules(dotted, path)]
            found += [(one, False) for one, _ in self._extra(path)]
            self._imports[path] = tuple(dict.fromkeys(found))
        return self._imports[path]

    def modules(self, dotted: str, near: str) -> tuple[str, ...]:
        """The file of a module, behind those of the packages around it, which run first."""
        key = (dotted, near)
        if key not in self._modules:
            parts = dotted.split(".")
            found = (self.locate(".".join(parts[:count]), near) for count in range(1, len(parts) + 1))
            self._modules[key] = tuple(one for one in found if one is not None and one != near)
        return self._modules[key]

    def _statement(self, importer: str, imported: str) -> Span | None:
        """The statement by which one file imports another when the process runs it."""
        for path, span in self._extra(importer):
            if path == imported:
                return span
        from prodlint.deployment.apps.index import code_index

        index = code_index(self.repository, importer)
        if index is None:
            return None
        if importer not in self._places:
            places: dict[str, list[tuple[ast.AST, CodeFunction | None]]] = {}
            for node, function in index.imports:
                dotted = _dotted(node, index.module.package)
                for path in dict.fromkeys(found for one in dotted for found in self.modules(one, importer)):
                    places.setdefault(path, []).append((node, function))
            self._places[importer] = places
        for place, function in self._places[importer].get(imported, ()):
            if function is None or self.runs(function):
                return index.module.span(place)
        return None


def _dotted(node: ast.Import | ast.ImportFrom, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (one.name for one in node.names)
        return
    owner = resolve_relative(package, node.level, node.module)
    yield owner
    yield from (f"{owner}.{one.name}" if owner else one.name for one in node.names)
