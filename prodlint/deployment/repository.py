"""The files of the inspected repository, each read and parsed at most once, on demand."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from prodlint.source import Source, SyntaxProblem, Text

if TYPE_CHECKING:
    from prodlint.syntax.dockerfile import Dockerfile
    from prodlint.syntax.ini import Ini
    from prodlint.syntax.json import Json
    from prodlint.syntax.just import Justfile
    from prodlint.syntax.make import Makefile
    from prodlint.syntax.python import PythonModule
    from prodlint.syntax.requirements import Requirements
    from prodlint.syntax.shell import Sequence, ShellScript
    from prodlint.syntax.toml import Toml
    from prodlint.syntax.yaml import Document

__all__ = ["MAXIMUM_SIZE", "Repository", "normal_path"]

T = TypeVar("T")

MAXIMUM_SIZE = 5_000_000
"""Bytes; a larger file is not read. The largest real lock files are below a third of it."""


def normal_path(*parts: str) -> str:
    """Path parts joined and cleaned, relative to the root of the repository; the root itself is empty."""
    path = "/".join(filter(None, parts))
    # Most parts are clean already.
    if "//" in path or "/." in path or path.startswith((".", "/")) or path.endswith("/"):
        path = posixpath.normpath(posixpath.join(*parts)).lstrip("/")
    return "" if path == "." else path


def _is_binary(data: bytes) -> bool:
    return b"\0" in data[:8000] and not data.startswith((b"\xff\xfe", b"\xfe\xff"))


def _grouped(paths: Iterable[str], group: Callable[[str], str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(group(path), []).append(path)
    return found


def _joined(groups: dict[str, list[str]], names: tuple[str, ...]) -> list[str]:
    """The paths of several groups in order, or of the only one as a list of the caller's own."""
    if len(names) == 1:
        return list(groups.get(names[0], ()))
    return sorted(path for name in names for path in groups.get(name, ()))


class Repository:
    """Files by their path from the root (forward slashes), with their parsed forms.

    `problems` holds what could not be read or parsed, by path; a parser answers None for such a
    file, so that the rest of the model is still built. `is_link` tells of a file whether it is a symbolic link.
    `answers` is what functions found out about the files, for `prodlint.deployment.memo`.
    """

    def __init__(
        self, paths: Iterable[str], read: Callable[[str], bytes], is_link: Callable[[str], bool] = lambda path: False
    ) -> None:
        self.paths = frozenset(paths)
        self.is_link = is_link
        self.problems: dict[str, SyntaxProblem] = {}
        self._read = read
        self._bytes: dict[str, bytes | None] = {}
        self._sources: dict[str, Source | None] = {}
        self._parsed: dict[tuple[str, str], object] = {}
        self._commands: dict[Text, Sequence] = {}
        self.answers: dict[Callable[..., Any], dict[tuple[object, ...], Any]] = {}

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder that holds a file, the root (empty) among them."""
        found = {""}
        for path in self.paths:
            folder = posixpath.dirname(path)
            while folder not in found:
                found.add(folder)
                folder = posixpath.dirname(folder)
        return frozenset(found)

    @cached_property
    def ordered(self) -> tuple[str, ...]:
        """The paths of all files, in order."""
        return tuple(sorted(self.paths))

    def named(self, *names: str) -> list[str]:
        """The files whose path ends with one of these names, in order."""
        return _joined(self._by_name, names)

    def ending(self, *suffixes: str) -> list[str]:
        """The files with one of these suffixes (`.sh`), in order."""
        return _joined(self._by_suffix, suffixes)

    def absence(self, written: str) -> str:
        """What is said of a file that was not found where a process looks for it."""
        path = normal_path("", written.lstrip("/"))
        # A relative path may start from any folder; of an absolute one, a name alone is that of many files.
        below = self.named(posixpath.basename(path)) if "/" in path or not written.startswith("/") else []
        if path in self.paths or any(one.endswith(f"/{path}") for one in below):
            return "is in this repository, but not certainly where it runs"
        return "is not in this repository"

    def inside(self, folder: str) -> list[str]:
        """The files and folders directly in a folder, in order."""
        return _joined(self._by_folder, (folder,))

    def files_in(self, folder: str) -> list[str]:
        """The files directly in a folder, in order."""
        return [path for path in self.inside(folder) if path in self.paths]

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        return _grouped(self.ordered, lambda path: path[path.rfind("/") + 1 :])

    @cached_property
    def _by_suffix(self) -> dict[str, list[str]]:
        return _grouped(self.ordered, lambda path: path[path.rfind(".") :])

    @cached_property
    def _by_folder(self) -> dict[str, list[str]]:
        return _grouped(sorted((self.paths | self.folders) - {""}), lambda path: path[: max(path.rfind("/"), 0)])

    @property
    def read_paths(self) -> tuple[str, ...]:
        """The files whose text was looked at."""
        return tuple(sorted(path for path, source in self._sources.items() if source is not None))

    @cached_property
    def python_files(self) -> tuple[str, ...]:
        """The paths of the Python files, in order."""
        return tuple(self.ending(".py"))

    def data(self, path: str) -> bytes | None:
        """The bytes of a file; None when it is not there, too large or unreadable (the last two: a problem)."""
        if path not in self._bytes:
            self._bytes[path] = self._load(path)
        return self._bytes[path]

    def _load(self, path: str) -> bytes | None:
        if path not in self.paths:
            return None
        try:
            data = self._read(path)
        except OSError as error:
            self._fail(path, f"cannot be read: {error.strerror or error}")
            return None
        if len(data) > MAXIMUM_SIZE:
            self._fail(path, f"is larger than {MAXIMUM_SIZE // 1_000_000} MB and was not read")
            return None
        return data

    def is_program(self, path: str) -> bool:
        """Whether a file is compiled: one that is started by its name, and that nobody expects to be read as text."""
        try:
            return path in self.paths and _is_binary(self._read(path))
        except OSError:
            return False

    def _fail(self, path: str, message: str) -> None:
        self.problems.setdefault(path, SyntaxProblem(message, Source(path, "").span))

    def source(self, path: str) -> Source | None:
        """The text of a file; None as for `data`, and for a binary file (a problem)."""
        if path not in self._sources:
            data = self.data(path)
            if data is None:
                self._sources[path] = None
            elif path.endswith((".py", ".pyw")):
                from prodlint.syntax.python import read_python

                self._sources[path] = read_python(path, data)
            elif _is_binary(data):
                self._fail(path, "is a binary file, not text")
                self._sources[path] = None
            else:
                self._sources[path] = Source.of(path, data)
        return self._sources[path]

    def _parse(self, form: str, path: str, parse: Callable[[Source], T]) -> T | None:
        key = (form, path)
        if key not in self._parsed:
            source = self.source(path)
            result: T | None = None
            if source is not None:
                try:
                    result = parse(source)
                except SyntaxProblem as problem:
                    self.problems.setdefault(path, problem)
            self._parsed[key] = result
        return self._parsed[key]  # type: ignore[return-value]

    def python(self, path: str) -> PythonModule | None:
        """A Python file; its relative imports are dotted names from the root of the repository."""
        from prodlint.syntax.python import parse_python

        package = posixpath.dirname(path).replace("/", ".")
        return self._parse("python", path, lambda source: parse_python(source, package))

    def shell(self, path: str) -> ShellScript | None:
        from prodlint.syntax.shell import parse_shell

        return self._parse("shell", path, lambda source: parse_shell(source.content))

    def commands(self, text: Text) -> Sequence:
        """The commands of a text that a shell reads; a function that is called ten times is read once."""
        if text not in self._commands:
            from prodlint.syntax.shell import parse_shell

            self._commands[text] = parse_shell(text).body
        return self._commands[text]

    def dockerfile(self, path: str) -> Dockerfile | None:
        from prodlint.syntax.dockerfile import parse_dockerfile

        return self._parse("dockerfile", path, parse_dockerfile)

    def yaml(self, path: str) -> tuple[Document, ...]:
        """The documents of a YAML file, those in front of a syntax error included."""
        from prodlint.syntax.yaml import YamlProblem, parse_yaml

        def parse(source: Source) -> tuple[Document, ...]:
            try:
                return parse_yaml(source)
            except YamlProblem as problem:
                self.problems.setdefault(path, problem)
                return problem.documents

        return self._parse("yaml", path, parse) or ()

    def toml(self, path: str) -> Toml | None:
        from prodlint.syntax.toml import parse_toml

        return self._parse("toml", path, parse_toml)

    def json(self, path: str) -> Json | None:
        from prodlint.syntax.json import parse_json

        return self._parse("json", path, parse_json)

    def makefile(self, path: str) -> Makefile | None:
        from prodlint.syntax.make import parse_make

        return self._parse("make", path, parse_make)

    def justfile(self, path: str) -> Justfile | None:
        from prodlint.syntax.just import parse_just

        return self._parse("just", path, parse_just)

    def ini(self, path: str) -> Ini | None:
        from prodlint.syntax.ini import parse_ini

        return self._parse("ini", path, parse_ini)

    def requirements(self, path: str) -> Requirements | None:
        from prodlint.syntax.requirements import parse_requirements

        return self._parse("requirements", path, parse_requirements)
