"""Python modules: their syntax tree, the place of each node, and the dotted names they import.

Detection reads the standard `ast`, which is ten times as fast as a lossless tree.
"""

from __future__ import annotations

import ast
import io
import sys
import warnings
from functools import cached_property
from typing import Any

from prodlint.record import LazyEntity
from prodlint.source import Source, Span, SyntaxProblem, Text, decode
from prodlint.syntax.python_bindings import Binding, Guard, Import, is_main_guard, is_typing_guard
from prodlint.syntax.python_literals import NOT_LITERAL, literal, string_text
from prodlint.syntax.python_names import ModuleNames
from prodlint.syntax.python_positions import PythonLines
from prodlint.syntax.python_tree import nodes_in

__all__ = [
    "NOT_LITERAL",
    "Binding",
    "Guard",
    "Import",
    "PythonModule",
    "is_main_guard",
    "is_typing_guard",
    "literal",
    "parse_python",
    "read_python",
]

# Codecs that do not read bytes as text one by one: slow on purpose-made input, and no editor writes them.
_NOT_FILE_ENCODINGS = frozenset({"idna", "punycode", "raw_unicode_escape", "undefined", "unicode_escape"})


def read_python(path: str, data: bytes) -> Source:
    """A source from the bytes of a Python file, decoded as its encoding comment says (PEP 263).

    Without a comment, with one that names no encoding, or when the bytes do not follow it, the
    text is what `prodlint.source.decode` makes of it. Line ends are kept as they are.
    """
    end = data.find(b"\n", data.find(b"\n") + 1)
    if b"coding" not in (data if end < 0 else data[:end]):
        return Source(path, decode(data))
    import tokenize

    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        if encoding.replace("-", "_") in _NOT_FILE_ENCODINGS:
            return Source(path, decode(data))
        return Source(path, data.decode(encoding))
    except (SyntaxError, LookupError, ValueError):
        return Source(path, decode(data))


def parse_python(source: Source, package: str = "") -> PythonModule:
    """The module that a source holds.

    `package` is the dotted name that its relative imports start from: `shop.web` for
    `shop/web/views.py` and for `shop/web/__init__.py`. Syntax newer than the running Python is
    read too. Raises SyntaxProblem where the text is not Python.
    """
    zero = source.text.find("\0")
    if zero >= 0:
        raise SyntaxProblem("a null byte, which no Python file may hold", Span(source, zero, zero + 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            try:
                tree = ast.parse(source.text)
            except SyntaxError as error:
                tree = _parse_newer(source, error)
        except (RecursionError, MemoryError):
            message = "nested too deeply to be read"
            raise SyntaxProblem(message, source.line_span(1)) from None
        except ValueError as error:
            raise SyntaxProblem(f"{_READ_AS}: {error}", source.line_span(1)) from None
    return PythonModule(source, tree, package)


_READ_AS = f"not valid Python {sys.version_info[0]}.{sys.version_info[1]}"


def _parse_newer(source: Source, error: SyntaxError) -> ast.Module:
    """The tree of a text that `ast.parse` refused with an error, after rewriting its newer syntax."""
    from prodlint.syntax.python_newer import parse_relocated, rewrite

    rewriting = rewrite(source.text)
    if rewriting is None:
        start, end = _error_range(error, source.text)
        raise SyntaxProblem(f"{_READ_AS}: {error.msg}", Span(source, start, end)) from None
    try:
        return parse_relocated(rewriting)
    except SyntaxError as remaining:
        start, end = _error_range(remaining, rewriting.text)
        span = Span(source, rewriting.original_start(start), rewriting.original_end(end))
        raise SyntaxProblem(f"{_READ_AS}: {remaining.msg}", span) from None


def _error_range(error: SyntaxError, text: str) -> tuple[int, int]:
    """The range of offsets that an error speaks of; its columns count code points, from 1."""
    starts = PythonLines(text).starts
    number = min(max(error.lineno or 1, 1), len(starts))
    begin = starts[number - 1]
    line = text[begin : starts[number] if number < len(starts) else None].rstrip("\r\n")
    # Before 3.12 the columns of an error in an f-string count from the placeholder.
    if not error.offset or error.offset < 1 or isinstance(error, IndentationError) or error.msg.startswith("f-string"):
        return begin + len(line) - len(line.lstrip()), begin + len(line)
    start = min(begin + error.offset - 1, begin + len(line))
    end = start + 1
    if error.end_lineno == error.lineno and error.end_offset and error.end_offset > error.offset:
        end = begin + error.end_offset - 1
    return start, max(start, min(end, begin + len(line)))


def _is_placed(node: ast.AST) -> bool:
    """Whether a node of its kind has a place: `Load` and its like are shared, and what others put on them stays."""
    return "lineno" in node._attributes


class PythonModule(LazyEntity):
    """One Python file as a syntax tree.

    `package` is what its relative imports start from, empty when it is not known to be in one.
    """

    source: Source
    tree: ast.Module
    package: str = ""

    def span(self, node: ast.AST) -> Span:
        """The place of a node; one without a place of its own lies where its parts lie.

        A decorated function or class begins at `def` or `class`. Raises ValueError for a node that
        has neither a place nor parts (an operator, an empty argument list).
        """
        if not _is_placed(node):
            return self.source.span if isinstance(node, ast.Module) else self._span_of_parts(node)
        placed: Any = node
        offset = self._lines.offset
        start = offset(placed.lineno, placed.col_offset)
        return Span(self.source, start, offset(placed.end_lineno, placed.end_col_offset))

    def _span_of_parts(self, node: ast.AST) -> Span:
        spans = [self.span(part) for part in nodes_in(node) if _is_placed(part)]
        if not spans:
            raise ValueError(f"{type(node).__name__} has no place in a file")
        return Span(self.source, min(span.start for span in spans), max(span.end for span in spans))

    def text(self, expression: ast.expr) -> Text | None:
        """The value of a string literal with the place of each character; None for anything else.

        A literal may be several strings behind one another or joined by `+`, or an f-string
        without placeholders.
        """
        parts: list[Text] = []
        waiting = [expression]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
                waiting += [node.right, node.left]
                continue
            value = literal(node) if isinstance(node, (ast.Constant, ast.JoinedStr)) else None
            if not isinstance(value, str):
                return None
            parts.append(string_text(self.span(node), value))
        return Text.join(parts)

    def qualified_name(self, expression: ast.expr) -> str | None:
        """The dotted name of what an expression names, after this module's own imports.

        `f.Flask` is `flask.Flask` below `import flask as f`. None for what is not a chain of names,
        does not begin with an import, or begins with a name that something else binds too.
        """
        return self._names.qualified_name(expression)

    def bindings(self, name: str) -> tuple[Binding, ...]:
        """What binds a name in the module's namespace when it is imported, in source order."""
        return self._names.bindings(name)

    @property
    def bound_names(self) -> tuple[str, ...]:
        """The names that the module's own code binds, in the order in which it first does."""
        return self._names.bound_names

    @property
    def imports(self) -> tuple[Import, ...]:
        """The imports that run when the module does: not those in functions or for type checkers."""
        return self._names.imports

    @property
    def star_imports(self) -> tuple[str, ...]:
        """The modules whose names are all imported (`from m import *`), in source order."""
        return tuple(found.module for found in self.imports if found.name == "*")

    @property
    def has_dynamic_names(self) -> bool:
        """Whether names may appear in this module that no statement of it spells."""
        return self._names.has_dynamic_names

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree, those of a level in front of those of the next."""
        return tuple(nodes_in(self.tree))

    @cached_property
    def _lines(self) -> PythonLines:
        return PythonLines(self.source.text)

    @cached_property
    def _names(self) -> ModuleNames:
        return ModuleNames(self.tree, self.source.text, self.package)
