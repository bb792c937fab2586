"""The lines of a requirements file as pip cuts them: joined, without comments, requirement and options apart.

Source: `pip/_internal/req/req_file.py` of pip 26.3, which the tests ask as an oracle.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Source, Span, SyntaxProblem, Text

__all__ = ["VARIABLE", "Line", "Option", "read_lines"]

# What `str.splitlines` takes for the end of a line, as pip does.
_LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
# A thousand hashes for one requirement take less.
_LONGEST = 100_000
# What `shlex` divides words by; other white space is part of a word.
_BLANKS = " \t"
_WORD = regex(r"""(?:[^ \t'"\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+""", re.DOTALL)
_PIECE = regex(r"""\\(?P<escaped>.)|"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>[^']*)'|(?P<plain>[^'"\\]+)""", re.DOTALL)
_ESCAPE_IN_DOUBLE = regex(r'\\(["\\])')

VARIABLE = regex(r"\$\{[A-Z0-9_]+\}")
"""What pip fills in from the environment; other dollars stay as they are."""

_SHORT = {
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
    "-i": "--index-url",
    "-f": "--find-links",
    "-C": "--config-settings",
}
_LISTS = frozenset(("--no-binary", "--only-binary", "--all-releases", "--only-final"))
_WITH_VALUE = frozenset(
    (*_SHORT.values(), *_LISTS, "--pypi-url", "--extra-index-url", "--trusted-host", "--use-feature", "--hash")
)
_FLAGS = frozenset(("--no-index", "--prefer-binary", "--require-hashes", "--no-require-hashes", "--pre"))
# pip 26.3 knows it no more, but nobody knows which pip will read the file.
_FORMER = frozenset(("--global-option",))
_SAME = {"--pypi-url": "--index-url"}
_HASHES = ("sha256:", "sha384:", "sha512:")


class Option(Record):
    """An option by its long name (`-r` is `--requirement`), its value if it takes one, and where it stands."""

    name: str
    value: Text | None
    span: Span


class Line(Record):
    """A logical line: what stands in front of the options (empty if nothing does), the options, and all of it."""

    requirement: Text
    options: tuple[Option, ...]
    text: Text

    @property
    def span(self) -> Span:
        return self.text.span


def read_lines(source: Source, problems: list[SyntaxProblem]) -> Iterator[Line]:
    """The logical lines that are neither empty nor comments; those that pip refuses go to `problems`.

    So do lines of more than 100,000 characters, which pip would read.
    """
    for text in _joined(source, problems):
        line = _without_comment(text) if "#" in text.value else text
        value = line.value
        if not value or value[0].isspace() or value[-1].isspace():
            line = line.strip()
            value = line.value
        if not value:
            continue
        begin = _options_begin(value)
        if begin == len(value):
            yield Line(line, (), line)
            continue
        try:
            yield Line(line.slice(0, begin).strip(), tuple(_options(line.slice(begin))), line)
        except SyntaxProblem as problem:
            problems.append(problem)


def _joined(source: Source, problems: list[SyntaxProblem]) -> Iterator[Text]:
    """Lines with those behind them that a backslash at the end joins; a comment ends what came before."""
    waiting: list[Text] = []
    for text in _physical_lines(source):
        line = text.value
        is_comment = "#" in line and line.lstrip().startswith("#")
        if line.endswith("\\") and not is_comment:
            # Backslashes at the beginning fall away, too.
            inner = line.strip("\\")
            if inner or not waiting:
                begin = len(line) - len(line.lstrip("\\"))
                waiting.append(text.slice(begin, begin + len(inner)))
        elif waiting:
            # A comment right behind a joined line is one, as if a blank stood in front of it.
            yield from _whole(waiting if is_comment else [*waiting, text], problems)
            waiting = []
        elif len(line) > _LONGEST:
            yield from _whole([text], problems)
        elif not is_comment:
            yield text
    if waiting:
        yield from _whole(waiting, problems)


def _physical_lines(source: Source) -> Iterator[Text]:
    at = 0
    for written in source.text.splitlines(keepends=True):
        line = written.rstrip(_LINE_ENDS)
        yield Text(line, source, range(at, at + len(line) + 1))
        at += len(written)


def _whole(parts: list[Text], problems: list[SyntaxProblem]) -> Iterator[Text]:
    """The parts as one line, unless that gets too long."""
    if sum([len(part.value) for part in parts]) <= _LONGEST:
        yield Text.join(parts)
        return
    message = f"a line of more than {_LONGEST:,} characters is not read"
    problems.append(SyntaxProblem(message, parts[0].span.to(parts[-1].span)))


def _without_comment(text: Text) -> Text:
    """The text up to a `#` that stands at the beginning or behind white space."""
    line = text.value
    at = line.find("#")
    while at > 0 and not line[at - 1].isspace():
        at = line.find("#", at + 1)
    return text if at < 0 else text.slice(0, at)


def _options_begin(line: str) -> int:
    """The index of the first word that begins with `-`; only a blank divides words here, a tab does not."""
    if line.startswith("-"):
        return 0
    found = line.find(" -")
    return len(line) if found < 0 else found + 1


def _options(text: Text) -> Iterator[Option]:
    words = iter(list(_words(text)))
    for written, span in words:
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
        if name is None:
            raise SyntaxProblem(f"pip does not know the option {_shown(word)} in a requirements file", span)
        if name in _FLAGS:
            if attached is not None:
                raise SyntaxProblem(f"the option {name} takes no value", span)
            yield Option(name, None, span)
            continue
        value, end = (attached, span) if attached is not None else next(words, (None, span))
        if value is None:
            raise SyntaxProblem(f"the option {name} needs a value", span)
        _check(name, value)
        yield Option(name, value, span.to(end))


def _shown(word: str) -> str:
    return word if len(word) <= 60 else f"{word[:60]}…"


def _check(name: str, value: Text) -> None:
    """Raises for a value that pip refuses whatever the variables in it stand for."""
    if VARIABLE.search(value.value):
        return
    if name == "--hash" and not value.value.startswith(_HASHES):
        raise SyntaxProblem(f"a hash begins with {' or '.join(_HASHES)}", value.span)
    if name == "--config-settings" and "=" not in value.value:
        raise SyntaxProblem("a setting for the build is written KEY=VALUE", value.span)
    if name in _LISTS and value.value.startswith("-"):
        raise SyntaxProblem(f"the option {name} needs a value", value.span)


def _long_name(written: str) -> str | None:
    """The option that a long name means: it may be cut short as long as only one begins so."""
    for known in (_WITH_VALUE | _FLAGS, _FORMER):
        meant = [written] if written in known else [name for name in known if name.startswith(written)]
        if meant:
            return _SAME.get(meant[0], meant[0]) if len(meant) == 1 else None
    return None


def _words(text: Text) -> Iterator[tuple[Text, Span]]:
    """The words of a text by the quotes and backslashes of `shlex.split`, and the place of each with its quotes."""
    value = text.value
    at = 0
    while at < len(value):
        if value[at] in _BLANKS:
            at += 1
            continue
        found = _WORD.match(value, at)
        if found is None or not (found.end() == len(value) or value[found.end()] in _BLANKS):
            raise SyntaxProblem("a quote in the options is not closed", text.span_of(at, len(value)))
        at = found.end()
        yield _unquoted(text, found), text.span_of(found.start(), found.end())


def _unquoted(text: Text, word: re.Match[str]) -> Text:
    if not any(sign in word[0] for sign in "\\\"'"):
        return text.slice(word.start(), word.end())
    parts = []
    for piece in _PIECE.finditer(text.value, word.start(), word.end()):
        kind = piece.lastgroup or "plain"
        inner = text.slice(piece.start(kind), piece.end(kind))
        if kind == "double":
            at = 0
            for escape in _ESCAPE_IN_DOUBLE.finditer(inner.value):
                parts.append(inner.slice(at, escape.start()))
                at = escape.start(1)
            inner = inner.slice(at)
        parts.append(inner)
    return Text.join(parts)
