"""Which files belong to the repository, and what kind each one is.

What git ignores does not belong, unless it is tracked all the same. What tools and other people
put there (virtual environments, caches, vendored code, nested repositories) is not looked into.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from prodlint.gitignore import MAX_IGNORE_FILE, IgnoreRules, byte_text
from prodlint.path_pattern import PathMatcher
from prodlint.record import Entity, Record
from prodlint.regex import regex
from prodlint.tree import Entry, Tree

if TYPE_CHECKING:
    from prodlint.git_index import TrackedFiles
    from prodlint.kind import Kind

__all__ = ["File", "Skipped", "Survey", "discover", "survey"]

VERSION_CONTROL = "the store of a version control system"
INSTALLED = "installed packages"
CACHE = "a cache of a tool"
VENDORED = "a copy of other people's code"

SKIPPED_FOLDERS: Mapping[str, str] = {
    ".git": VERSION_CONTROL,
    ".hg": VERSION_CONTROL,
    ".svn": VERSION_CONTROL,
    ".jj": VERSION_CONTROL,
    "node_modules": INSTALLED,
    "bower_components": INSTALLED,
    "site-packages": INSTALLED,
    "__pypackages__": INSTALLED,
    ".eggs": INSTALLED,
    ".tox": INSTALLED,
    ".nox": INSTALLED,
    ".terraform": INSTALLED,
    "__pycache__": CACHE,
    ".mypy_cache": CACHE,
    ".ruff_cache": CACHE,
    ".pytest_cache": CACHE,
    ".hypothesis": CACHE,
    ".import_linter_cache": CACHE,
    "vendor": VENDORED,
    "_vendor": VENDORED,
    "third_party": VENDORED,
}
"""Folders that are never looked into, wherever they lie, with the reason."""

MAX_CHART = 100_000
_ENTRY = regex(rb"(?m)^[ \t]*-[ \t]+|\{")
_NAME = regex(rb"\bname:[ \t]*[\"']?([\w.-]+)")
_ELSEWHERE = regex(rb"\brepository:[ \t]*[\"']?(?:https?://|oci://|@|alias:)")
SKIPPED_SUFFIXES = (".egg-info", ".dist-info")
ENVIRONMENT_NAMES = frozenset({"venv", ".venv", "env", ".env", "virtualenv"})
ENVIRONMENT_MARKS = ("bin/activate", "Scripts/activate")


class File(Entity):
    """A file of the repository: its path from the root (forward slashes), and its size in bytes.

    `told` is the kind that the folder around it gives it, None where its own name and content say it.
    """

    path: str
    size: int
    tree: Tree
    told: Kind | None = None

    @property
    def kind(self) -> Kind:
        """What the name and, where that says too little, the first bytes prove; only few who list files ask."""
        if self.told is not None:
            return self.told
        from prodlint.kind import Kind, classify

        kind = classify(self.path)
        from prodlint.kind_of_content import HEAD_SIZE, classify_content, needs_content

        if needs_content(self.path, kind, self.size):
            kind = classify_content(self.path, _content(self.tree, self.path, HEAD_SIZE)) or kind
        return kind or Kind.OTHER


class Skipped(Record):
    """A file or folder that exists and was left out, and why; the path of a folder ends with a slash."""

    path: str
    reason: str


class Survey(Record):
    """The files of a tree and what was left out of it, both sorted by path.

    `is_git_root` tells that the tree is the top of a git work tree, where the files of a pipeline
    and of a platform have their places.
    """

    files: tuple[File, ...]
    skipped: tuple[Skipped, ...]
    is_git_root: bool


def discover(tree: Tree, exclude: Sequence[str] = (), base: str = "") -> tuple[File, ...]:
    """The files of a tree, sorted by path, see `survey`."""
    return survey(tree, exclude, base).files


def survey(tree: Tree, exclude: Sequence[str] = (), base: str = "") -> Survey:
    """The files of a tree, and what was left out.

    `exclude` holds globs (see `PathMatcher`) relative to a folder from which `base` leads to the
    root of the tree. Raises OSError if the root cannot be read.
    """
    return _Walk(tree, PathMatcher(exclude, base)).run()


class _Folder(Record):
    path: str
    """With a slash behind it, unless it is the root."""
    rules: tuple[tuple[int, IgnoreRules], ...]
    """The nearest first, each with the length of the path (as `byte_text`) that leads to it."""
    is_ignored: bool
    kind: Kind | None = None


class _Walk:
    """One walk through a tree."""

    def __init__(self, tree: Tree, excluded: PathMatcher) -> None:
        self.tree = tree
        self.excluded = excluded
        self.files: list[File] = []
        self.skipped: list[Skipped] = []
        self.prefix, self.work_tree = _git_work_tree(tree)
        self._tracked: TrackedFiles | None = None

    @property
    def tracked(self) -> TrackedFiles:
        """Read only when something is ignored: many a walk never needs it."""
        if self._tracked is None:
            from prodlint.git_index import MAX_INDEX, TrackedFiles

            self._tracked = TrackedFiles(_content(self.work_tree, ".git/index", MAX_INDEX) if self.work_tree else b"")
        return self._tracked

    def run(self) -> Survey:
        pending = [_Folder("", self._outer_rules(), False)]
        while pending:
            folder = pending.pop()
            try:
                entries = list(self.tree.entries(folder.path.removesuffix("/")))
            except OSError as error:
                if not folder.path:
                    raise
                self.skipped.append(Skipped(folder.path, f"cannot be read: {error.strerror or error}"))
                continue
            names = {entry.name for entry in entries}
            reason = self._foreign(folder.path, names)
            if reason:
                self.skipped.append(Skipped(folder.path, reason))
                continue
            pending.extend(self._subfolders(folder, entries, names))
        return Survey(
            tuple(sorted(self.files, key=lambda file: file.path)),
            tuple(sorted(self.skipped, key=lambda skipped: skipped.path)),
            self.work_tree is not None and not self.prefix,
        )

    def _foreign(self, path: str, names: set[str]) -> str | None:
        """Why a folder with these names in it is not the repository's own; the root always is."""
        if not path:
            return None
        if "pyvenv.cfg" in names or "conda-meta" in names:
            return INSTALLED
        if ".git" in names:
            return "a repository of its own"
        if path.split("/")[-2] in ENVIRONMENT_NAMES and any(
            _exists(self.tree, path + mark) for mark in ENVIRONMENT_MARKS
        ):
            return INSTALLED
        return None

    def _outer_rules(self) -> tuple[tuple[int, IgnoreRules], ...]:
        """The rules of `.git/info/exclude` and of the folders around the root, nearest first.

        Whoever names a folder that is ignored as a whole wants it read: then they do not count.
        """
        if self.work_tree is None:
            return ()
        rules: tuple[tuple[int, IgnoreRules], ...] = ()
        exclude = _content(self.work_tree, ".git/info/exclude", MAX_IGNORE_FILE)
        if exclude:
            rules = ((0, IgnoreRules(exclude)),)
        folder = ""
        for name in self.prefix.split("/")[:-1]:
            ignore = _content(self.work_tree, f"{folder}.gitignore", MAX_IGNORE_FILE)
            if ignore:
                rules = ((len(byte_text(folder)), IgnoreRules(ignore)), *rules)
            folder = f"{folder}{name}/"
            if _is_ignored(rules, byte_text(folder[:-1]), byte_text(name), True):
                return ()
        return rules

    def _subfolders(self, folder: _Folder, entries: list[Entry], names: set[str]) -> list[_Folder]:
        """Take the files of a folder, and give back the folders in it that are to be walked."""
        rules = folder.rules
        view = byte_text(self.prefix + folder.path)
        if ".gitignore" in names:
            ignore = _content(self.tree, f"{folder.path}.gitignore", MAX_IGNORE_FILE)
            if ignore:
                rules = ((len(view), IgnoreRules(ignore)), *rules)
        is_chart = "Chart.yaml" in names
        foreign = self._charts_of_others(folder.path) if folder.path.endswith("charts/") else frozenset()
        found = []
        for entry in entries:
            name, is_dir = entry.name, entry.is_dir
            path = f"{folder.path}{name}/" if is_dir else folder.path + name
            reason = VENDORED if is_dir and name in foreign else self._left_out(name, path, is_dir)
            ignored = folder.is_ignored
            if reason is None and not ignored and rules:
                seen = byte_text(name)
                ignored = _is_ignored(rules, view + seen, seen, is_dir)
            if ignored and reason is None and not self._is_tracked(path, is_dir):
                reason = "ignored by git"
            if reason:
                self.skipped.append(Skipped(path, reason))
            elif is_dir:
                kind = (_folder_of_chart(name) if is_chart else None) or folder.kind
                found.append(_Folder(path, rules, ignored, kind))
            else:
                told = folder.kind or (_file_of_chart(name) if is_chart else None)
                self.files.append(File(path, entry.size, self.tree, told))
        return found

    def _charts_of_others(self, path: str) -> frozenset[str]:
        """The folders in the `charts` of a Helm chart that hold what it brings from elsewhere."""
        chart = path.removesuffix("charts/")
        if not (chart == "" or chart.endswith("/")):
            return frozenset()
        found = set()
        for file in ("Chart.yaml", "requirements.yaml"):
            for entry in _ENTRY.split(_content(self.tree, chart + file, MAX_CHART)):
                name = _NAME.search(entry)
                if name is not None and _ELSEWHERE.search(entry):
                    found.add(name[1].decode(errors="replace"))
        return frozenset(found)

    def _left_out(self, name: str, path: str, is_dir: bool) -> str | None:
        if "{{" in name:
            return "a template of a project"
        if self.excluded and self.excluded.matches(path):
            return "excluded by the settings"
        if is_dir:
            if name in SKIPPED_FOLDERS:
                return SKIPPED_FOLDERS[name]
            if name.endswith(SKIPPED_SUFFIXES):
                return INSTALLED
        elif name == ".git":
            return VERSION_CONTROL
        return None

    def _is_tracked(self, path: str, is_dir: bool) -> bool:
        if self.work_tree is None:
            return False
        full = self.prefix + path
        return self.tracked.any_below(full[:-1]) if is_dir else full in self.tracked


def _folder_of_chart(name: str) -> Kind | None:
    from prodlint.kind import Kind

    return Kind.HELM_TEMPLATE if name == "templates" else None


def _file_of_chart(name: str) -> Kind | None:
    from prodlint.kind import Kind

    return Kind.HELM_VALUES if name.startswith("values") and name.endswith((".yaml", ".yml")) else None


def _is_ignored(rules: tuple[tuple[int, IgnoreRules], ...], view: str, name: str, is_dir: bool) -> bool:
    for start, ignore in rules:
        verdict = ignore.verdict(view[start:], name, is_dir)
        if verdict is not None:
            return verdict
    return False


def _git_work_tree(tree: Tree) -> tuple[str, Tree | None]:
    """The path from the top of the git work tree to the root of a tree, and the tree of the top.

    The `.git` of a submodule or of a further work tree is a file; what its store elsewhere says is
    not read.
    """
    prefix = ""
    around = tree
    while not (_exists(around, ".git/HEAD") or _exists(around, ".git")):
        parent = around.parent()
        if parent is None:
            return "", None
        around, name = parent
        prefix = f"{name}/{prefix}"
    return prefix, around


def _exists(tree: Tree, path: str) -> bool:
    try:
        tree.read(path, 1)
    except OSError:
        return False
    return True


def _content(tree: Tree, path: str, limit: int) -> bytes:
    """The beginning of a file; empty when it cannot be read."""
    try:
        return tree.read(path, limit)
    except OSError:
        return b""
