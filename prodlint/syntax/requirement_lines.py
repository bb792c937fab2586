"""The lines of a requirements file as pip cuts them: joined, without comments, requirement and options apart.

Source: `pip/_internal/req/req_file.py` of pip 26.3, which the tests ask as an oracle.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from prodlint.record import record
from prodlint.regex import regex
from prodlint.source import Source, Span, SyntaxProblem, Text

__all__ = ["Line", "Option", "read_lines"]

# What `str.splitlines` takes for the end of a line, as pip does.
_LINE_END = regex("\r\n|[\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
_COMMENT = regex(r"(?:^|\s+)#.*")
_WORD = regex(r"""(?:[^\s'"\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+""", re.DOTALL)
_PIECE = regex(r"""\\(?P<escaped>.)|"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>[^']*)'|(?P<plain>[^'"\\]+)""", re.DOTALL)
_ESCAPE_IN_DOUBLE = regex(r'\\(?=["\\])')

_SHORT = {"-r": "--requirement", "-c": "--constraint", "-e": "--editable", "-i": "--index-url", "-f": "--find-links"}
_SHORT["-C"] = "--config-settings"
_WITH_VALUE = frozenset(
    (
        *_SHORT.values(),
        *("--pypi-url", "--extra-index-url", "--no-binary", "--only-binary", "--trusted-host", "--use-feature"),
        *("--hash", "--config-setting", "--global-option", "--all-releases", "--only-final"),
    )
)
_FLAGS = frozenset(("--no-index", "--prefer-binary", "--require-hashes", "--no-require-hashes", "--pre"))


@record
class Option:
    """An option by its long name (`-r` is `--requirement`), its value if it takes one, and where it stands."""

    name: str
    value: Text | None
    span: Span


@record
class Line:
    """A logical line: what stands in front of the options (empty if nothing does), and the options."""

    requirement: Text
    options: tuple[Option, ...]
    span: Span


def read_lines(source: Source, problems: list[SyntaxProblem]) -> Iterator[Line]:
    """The logical lines that are neither empty nor comments; those that pip refuses go to `problems`."""
    for text in _joined(source):
        comment = _COMMENT.search(text.value)
        line = (text if comment is None else text.slice(0, comment.start())).strip()
        if not line.value:
            continue
        begin = _options_begin(line.value)
        try:
            yield Line(line.slice(0, begin).strip(), tuple(_options(line.slice(begin))), line.span)
        except SyntaxProblem as problem:
            problems.append(problem)


def _joined(source: Source) -> Iterator[Text]:
    """Lines with those behind them that a backslash at the end joins; a comment ends what came before."""
    content = source.content
    waiting: list[Text] = []
    for start, end in _line_ranges(source.text):
        line = source.text[start:end]
        is_comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not is_comment:
            inner = line.strip("\\")
            begin = start + len(line) - len(line.lstrip("\\"))
            waiting.append(content.slice(begin, begin + len(inner)))
        elif is_comment:
            # As if a blank stood in front of it: a comment right behind a joined line is one, too.
            if waiting:
                yield Text.join(waiting)
            waiting = []
        elif waiting:
            yield Text.join([*waiting, content.slice(start, end)])
            waiting = []
        else:
            yield content.slice(start, end)
    if waiting:
        yield Text.join(waiting)


def _line_ranges(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    for found in _LINE_END.finditer(text):
        yield at, found.start()
        at = found.end()
    yield at, len(text)


def _options_begin(line: str) -> int:
    """The index of the first word that begins with `-`; only a blank divides words here, a tab does not."""
    if line.startswith("-"):
        return 0
    found = line.find(" -")
    return len(line) if found < 0 else found + 1


def _options(text: Text) -> Iterator[Option]:
    words = _words(text)
    for written in words:
        word = written.value
        if not word.startswith("-") or word == "-":
            # The option parser of pip drops what is no option.
            continue
        if word == "--":
            return
        if not word.startswith("--"):
            name, attached = _SHORT.get(word[:2]), written.slice(2) if len(word) > 2 else None
        else:
            equals = word.find("=")
            name = _long_name(word if equals < 0 else word[:equals])
            attached = None if equals < 0 else written.slice(equals + 1)
        if name is None or (attached is not None and name in _FLAGS):
            raise SyntaxProblem(f"pip does not know the option {word} in a requirements file", written.span)
        if name in _FLAGS:
            yield Option(name, None, written.span)
            continue
        value = attached if attached is not None else next(words, None)
        if value is None:
            raise SyntaxProblem(f"the option {word} needs a value", written.span)
        yield Option(name, value, written.span.to(value.span))


def _long_name(written: str) -> str | None:
    """The option that a long name means: it may be cut short as long as only one begins so."""
    if written in _WITH_VALUE or written in _FLAGS:
        return written
    meant = [name for name in (*_WITH_VALUE, *_FLAGS) if name.startswith(written)]
    return meant[0] if len(meant) == 1 else None


def _words(text: Text) -> Iterator[Text]:
    """The words of a text by the quotes and backslashes of `shlex.split`, each character at its place."""
    at = 0
    while at < len(text.value):
        if text.value[at].isspace():
            at += 1
            continue
        found = _WORD.match(text.value, at)
        if found is None or not (found.end() == len(text.value) or text.value[found.end()].isspace()):
            raise SyntaxProblem("a quote in the options is not closed", text.span_of(at, len(text.value)))
        at = found.end()
        yield _unquoted(text, found)


def _unquoted(text: Text, word: re.Match[str]) -> Text:
    parts = []
    for piece in _PIECE.finditer(text.value, word.start(), word.end()):
        kind = piece.lastgroup or "plain"
        inner = text.slice(piece.start(kind), piece.end(kind))
        if kind == "double":
            at = 0
            for escape in _ESCAPE_IN_DOUBLE.finditer(inner.value):
                parts.append(inner.slice(at, escape.start()))
                at = escape.end()
            inner = inner.slice(at)
        parts.append(inner)
    return Text.join(parts)
