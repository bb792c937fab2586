"""`.env` files as each program reads them: the same line gives other values to other readers.

Grammars: python-dotenv 1.2, django-environ 0.14, python-decouple 3.8, Starlette 1.10 (each asked in
the tests), `docker run --env-file` (the docker client asked), compose-go's `dotenv` package (read) and
systemd's `load_env_file` (asked once through libsystemd-shared 252).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Source, Span, SyntaxProblem, Text
from prodlint.syntax.dotenv import MAX_LENGTH
from prodlint.syntax.env_dialect import Dialect
from prodlint.syntax.interpolation import interpolated
from prodlint.syntax.word import Expansion, Literal, Part, Word

__all__ = ["EnvLine", "read_env_file"]


class EnvLine(Record):
    """A variable as its reader takes it; `value` is None for a name that stands alone.

    Expansions are left in the value of those readers that replace them.
    """

    name: str
    value: Word | None
    span: Span


def read_env_file(source: Source, dialect: Dialect) -> tuple[EnvLine, ...]:
    """The variables of a file in their order; a later one of a name counts.

    Raises SyntaxProblem for a file that is too large, or that its reader refuses as a whole (compose, docker).
    """
    if len(source.text) > MAX_LENGTH:
        raise SyntaxProblem(f"the file is larger than {MAX_LENGTH:,} characters", Span(source, 0, 0))
    return tuple(_READERS[dialect](source))


def _plain(source: Source, start: int, end: int) -> Word:
    return Word.of(Text.verbatim(Span(source, start, end)))


# --- python-dotenv -------------------------------------------------------------------------------

_SPACE = regex(r"\s*")
_EXPORT = regex(r"(?:export[^\S\r\n]+)?")
_KEY = regex(r"(?:'(?P<quoted>[^']+)'|(?P<plain>[^=\#\s'][^=\#\s]*))[^\S\r\n]*")
_UNQUOTED = regex(r"[^\r\n]*")
_EQUALS = regex(r"=(?P<space>[^\S\r\n]*)")
_QUOTED = regex(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)
_LINE_END = regex(r"[^\S\r\n]*(?:#[^\r\n]*)?[^\S\r\n]*(?:\r\n|\n|\r|\Z)")
_REST = regex(r"[^\r\n]*(?:\r\n|\r|\n)?")
_COMMENT = regex(r"\s+#.*")
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def _python_dotenv(source: Source) -> Iterator[EnvLine]:
    text = source.text
    at = 0
    while (at := _end_of(_SPACE, text, at)) < len(text):
        line, end = _python_dotenv_line(source, at)
        closing = _LINE_END.match(text, end)
        if closing is None:
            # An error: the next line is looked at.
            at = _end_of(_REST, text, end)
            continue
        at = closing.end()
        if line is not None:
            yield line


def _end_of(expression: re.Pattern[str], text: str, at: int) -> int:
    found = expression.match(text, at)
    return found.end() if found is not None else at


def _python_dotenv_line(source: Source, at: int) -> tuple[EnvLine | None, int]:
    """The variable at a place and where it ends, or where it is found to be none."""
    text = source.text
    key_at = _end_of(_EXPORT, text, at)
    key = _KEY.match(text, key_at)
    if key is None:
        return None, key_at
    name = key["quoted"] or key["plain"]
    value: Word | None = None
    end = key.end()
    equals = _EQUALS.match(text, end)
    if equals is not None:
        end = equals.end()
        quoted = _QUOTED.match(text, end)
        if text.startswith(("'", '"'), end):
            if quoted is None:
                return None, end
            value, end = _braced(_unescaped(Span(source, quoted.start() + 1, quoted.end() - 1))), quoted.end()
        elif equals["space"] and text.startswith("#", end):
            value = _plain(source, end, end)
        else:
            end = _end_of(_UNQUOTED, text, end)
            kept = _COMMENT.sub("", text[equals.end() : end]).rstrip()
            value = _braced(Text.verbatim(Span(source, equals.end(), equals.end() + len(kept))))
    return EnvLine(name, value, Span(source, at, end)), end


def _unescaped(inside: Span) -> Text:
    """What stands in quotes: all escapes between double ones, only those of quote and backslash between single ones."""
    known = "\\'\"abfnrtv" if inside.source.text[inside.start - 1] == '"' else "\\'"
    parts: list[Text] = []
    at = inside.start
    for escape in re.finditer(rf"\\[{re.escape(known)}]", inside.text):
        start = inside.start + escape.start()
        parts.append(Text.verbatim(Span(inside.source, at, start)))
        at = start + 2
        parts.append(Text.at(_ESCAPES.get(escape[0][1], escape[0][1]), Span(inside.source, start, at)))
    parts.append(Text.verbatim(Span(inside.source, at, inside.end)))
    return Text.join(parts)


def _braced(text: Text) -> Word:
    """python-dotenv replaces `${NAME}` and `${NAME:-default}`, in quotes of either kind, and nothing else."""
    value = text.value
    parts: list[Part] = []
    at = 0
    stop = close = -1
    opening = value.find("${")
    while opening >= 0:
        # What ends a name, and what ends a default, is looked for once: values may be hostile.
        if stop < opening:
            stop = _first_of(":}", value, opening)
        if close < stop:
            close = _first_of("}", value, stop)
        if close == len(value):
            break
        if value[stop] == "}" or value.startswith(":-", stop):
            end = stop if value[stop] == "}" else close
            if opening > at:
                parts.append(Literal(text.slice(at, opening), True))
            # Unset it is the default; set to nothing it stays empty.
            operand = Word.of(text.slice(min(stop + 2, end), end))
            name = value[opening + 2 : stop]
            parts.append(Expansion(name, text.span_of(opening, end + 1), "-", operand, True))
            at = end + 1
        opening = value.find("${", max(at, opening + 2))
    if at < len(value) or not parts:
        parts.append(Literal(text.slice(at), True))
    return Word(tuple(parts), text.span)


def _first_of(characters: str, value: str, start: int) -> int:
    """Where the first of some characters stands, the length of the value when none does."""
    return min((found for one in characters if (found := value.find(one, start)) >= 0), default=len(value))


# --- readers that take each line for itself ------------------------------------------------------


def _lines(source: Source, ends: str = r"\r\n|\n|\r") -> Iterator[tuple[int, int]]:
    """The lines of a file, without their ends."""
    at = 0
    for found in re.finditer(ends, source.text):
        yield at, found.start()
        at = found.end()
    if at < len(source.text):
        yield at, len(source.text)


_ENVIRON = regex(r"(?:export )?([A-Za-z_0-9]+)=(.*)")
_FORMAT_ESCAPE = regex(r"\\(.)")
_SPLITLINES = r"\r\n|[\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]"


def _django_environ(source: Source) -> Iterator[EnvLine]:
    for start, end in _lines(source, _SPLITLINES):
        found = _ENVIRON.fullmatch(source.text, start, end)
        if found is None:
            continue
        value, begin, stop = found[2], found.start(2), end
        if len(value) >= 2 and value[0] == value[-1] == "'":
            value, begin, stop = value[1:-1], begin + 1, stop - 1
        span = Span(source, begin, stop)
        if len(value) >= 2 and value[0] == value[-1] == '"':
            value = _FORMAT_ESCAPE.sub(lambda one: one[0] if one[1] in "rnt" else one[1], value[1:-1])
        yield EnvLine(found[1], Word.of(Text.at(value, span), span), Span(source, start, end))


def _stripped_pairs(source: Source) -> Iterator[EnvLine]:
    """python-decouple and Starlette: a name and a value around the first `=`, blanks and equal quotes taken off."""
    for start, end in _lines(source):
        line = source.text[start:end]
        begin = start + len(line) - len(line.lstrip())
        line = line.strip()
        name, equals, value = line.partition("=")
        if line.startswith("#") or not equals:
            continue
        at = begin + len(name) + 1 + len(value) - len(value.lstrip())
        value = value.strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
            value, at = value[1:-1], at + 1
        yield EnvLine(name.strip(), _plain(source, at, at + len(value)), Span(source, begin, begin + len(line)))


def _docker(source: Source) -> Iterator[EnvLine]:
    for start, end in _lines(source, r"\r?\n"):
        line = source.text[start:end]
        begin = start + len(line) - len(line.lstrip(" \t"))
        name, equals, _ = source.text[begin:end].partition("=")
        if begin == end or name.startswith("#"):
            continue
        span = Span(source, begin, end)
        if not name:
            raise SyntaxProblem("docker refuses a line without a name", span)
        if re.search(r"[ \t]", name):
            raise SyntaxProblem(f"docker refuses the blank in the name '{name}'", span)
        yield EnvLine(name, _plain(source, begin + len(name) + 1, end) if equals else None, span)


# --- compose -------------------------------------------------------------------------------------

_GO_SPACE = " \t\v\f\r\x85\xa0"
_GO_NAME = regex(rf"(?:export\s+)?(?P<name>[\w.\-\[\]{_GO_SPACE}]*)(?P<end>[=:\n]|\Z)")
_GO_SPACES = regex(rf"[{_GO_SPACE}]*")
_GO_ESCAPE = regex(r"\\(?:[abfnrtv$\"\\]|0[0-7]{3}(?!\d))")
_GO_QUOTE = regex(r"\\'")
_GO_QUOTED = regex(r"'((?:\\[\s\S]|[^'\\])*)'|\"((?:\\[\s\S]|[^\"\\])*)\"")


def _compose(source: Source) -> Iterator[EnvLine]:
    text = source.text
    at = 0
    while (at := _end_of(_SPACE, text, at)) < len(text):
        if text[at] == "#":
            at = _line_end(text, at)
            continue
        found = _GO_NAME.match(text, at)
        if found is not None and not found["end"]:
            return  # a last name without a line end is passed over
        name = found["name"].rstrip() if found is not None else ""
        if found is None or re.search(r"\s", name):
            raise SyntaxProblem("compose refuses the file: this is not a variable", _rest_of_line(source, at))
        if found["end"] == "\n":
            yield EnvLine(name, None, Span(source, at, at + len(found[0].rstrip())))
            at = found.end()
            continue
        value_at = _end_of(_GO_SPACES, text, found.end())
        value, end = _compose_value(source, value_at)
        if name:
            yield EnvLine(name, value, Span(source, at, end))
        at = end


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _rest_of_line(source: Source, at: int) -> Span:
    return Span(source, at, _line_end(source.text, at))


def _compose_value(source: Source, at: int) -> tuple[Word, int]:
    """A value and where it ends: what follows a closing quote is read as the next variable."""
    text = source.text
    if not text.startswith(("'", '"'), at):
        end = _line_end(text, at)
        kept = text[at:end].partition(" #")[0].rstrip()
        return interpolated(Text.verbatim(Span(source, at, at + len(kept))), True), end
    quoted = _GO_QUOTED.match(text, at)
    if quoted is None:
        raise SyntaxProblem("compose refuses the file: the quote is not closed", _rest_of_line(source, at))
    inside = Span(source, at + 1, quoted.end() - 1)
    if text[at] == "'":
        return Word.of(_replaced(inside, _GO_QUOTE, lambda escape: "'"), inside), quoted.end()
    # `\"` is taken first, then the other escapes, then `$$` and the variables.
    return _dollars(inside), quoted.end()


def _replaced(inside: Span, escapes: re.Pattern[str], value: Callable[[str], str]) -> Text:
    parts: list[Text] = []
    at = inside.start
    for found in escapes.finditer(inside.source.text, inside.start, inside.end):
        parts.append(Text.verbatim(Span(inside.source, at, found.start())))
        at = found.end()
        parts.append(Text.at(value(found[0]), Span(inside.source, found.start(), at)))
    parts.append(Text.verbatim(Span(inside.source, at, inside.end)))
    return Text.join(parts)


def _dollars(inside: Span) -> Word:
    def value(escape: str) -> str:
        if escape == r"\$":
            return "$$"
        if escape.startswith(r"\0"):
            return chr(int(escape[2:], 8))
        return _ESCAPES.get(escape[1], escape[1])

    return interpolated(_replaced(inside, _GO_ESCAPE, value), True)


# --- systemd -------------------------------------------------------------------------------------

_SD_NAME = regex(r"[A-Za-z_][A-Za-z0-9_]*")
_SD_SPACE = regex(r"[ \t\r\n]*")
_SD_COMMENT = regex(r"[^\r\n\\]*(?:\\[\s\S][^\r\n\\]*)*\\?(?:[\r\n]|\Z)")
_SD_KEY = regex(r"(?P<name>[^\r\n][^=\r\n]*)(?P<equals>=?)")
_SD_ESCAPE = regex(r"\\([\s\S]|\Z)")
_SD_PIECE = regex(
    r"(?P<blank>[ \t]+)|'(?P<single>[^']*)(?:'|\Z)|\"(?P<double>(?:\\[\s\S]|[^\"\\])*)(?:\"|\\?\Z)"
    r"|(?P<plain>(?:\\[\s\S]|\\\Z|[^\r\n\\])+)|(?P<end>[\r\n])"
)


def _systemd(source: Source) -> Iterator[EnvLine]:
    text = source.text
    at = 0
    while (at := _end_of(_SD_SPACE, text, at)) < len(text):
        if text[at] in "#;":
            at = _end_of(_SD_COMMENT, text, at)
            continue
        key = _SD_KEY.match(text, at)
        assert key is not None
        if not key["equals"]:
            at = key.end()
            continue
        value, end = _systemd_value(text, key.end())
        name = key["name"].strip(" \t")
        if _SD_NAME.fullmatch(name):
            span = Span(source, at, end)
            yield EnvLine(name, Word.of(Text.at(value, Span(source, key.end(), end)), span), span)
        at = end


def _systemd_value(text: str, at: int) -> tuple[str, int]:
    """A value from behind its `=`: quoted pieces and what follows them are put together."""
    value: list[str] = []
    while at < len(text):
        piece = _SD_PIECE.match(text, at)
        assert piece is not None
        if piece["end"]:
            return "".join(value), at
        at = piece.end()
        if piece["single"] is not None:
            value.append(piece["single"])
        elif piece["double"] is not None:
            value.append(re.sub(r"\\([\s\S])", _systemd_escape, piece["double"]))
        elif piece["plain"] is not None:
            # Quotes behind the first other character are characters; the value ends with its line.
            unescaped = _SD_ESCAPE.sub(lambda one: "" if one[1] in "\r\n" else one[1], piece["plain"])
            trailing = re.search(r"(?<!\\)[ \t]+\Z", piece["plain"])
            value.append(unescaped[: len(unescaped) - len(trailing[0])] if trailing else unescaped)
    return "".join(value), at


def _systemd_escape(escape: re.Match[str]) -> str:
    if escape[1] in '"\\`$':
        return escape[1]
    return "" if escape[1] == "\n" else escape[0]


_READERS: dict[Dialect, Callable[[Source], Iterator[EnvLine]]] = {
    Dialect.COMPOSE: _compose,
    Dialect.DOCKER: _docker,
    Dialect.SYSTEMD: _systemd,
    Dialect.PYTHON_DOTENV: _python_dotenv,
    Dialect.DJANGO_ENVIRON: _django_environ,
    Dialect.DECOUPLE: _stripped_pairs,
    Dialect.STARLETTE: _stripped_pairs,
}
