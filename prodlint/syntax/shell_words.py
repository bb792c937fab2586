"""Shell words: quotes, escapes and expansions read as bash reads them, nothing ever expanded."""

from __future__ import annotations

import re
from collections.abc import Callable

from prodlint.regex import regex
from prodlint.source import Span, SyntaxProblem, Text
from prodlint.syntax.word import Expansion, Literal, Substitution, Word, WordParts

__all__ = ["DEPTH", "Unreadable", "WordReader", "split_words"]

DEPTH = 40
"""How deep constructs may lie in one another; one more level is not read."""

_PLAIN = regex(r"""[^ \t\n\\'"$`;&|<>()]+""")
_SEPARATORS = " \t\n;&|)"
_PLAIN_OPERAND = regex(r"""[^\\'"$`}]+""")
_PLAIN_EXTGLOB = regex(r"""[^ \t\n\\'"$`()]+|[ \t]+""")
_PLAIN_DOUBLE = regex(r"""[^\\"$`]+""")
_PLAIN_DOCUMENT = regex(r"[^\\$`]+")
_PLAIN_DOUBLE_OPERAND = regex(r"""[^\\"$`}]+""")
_EXTENDED_GLOB = regex(r"\((?!\))[^\n]{0,1000}\)")
_NAME = regex(r"[A-Za-z_][A-Za-z_0-9]*|[0-9@*#?$!-]")
_PARAMETER = regex(r"[A-Za-z_][A-Za-z_0-9]*|[0-9]+|[@*#?$!-]")
_REWRITTEN = regex(r"[#!](?:[A-Za-z_][A-Za-z_0-9]*|[0-9]+|[@*?$!#-])")
_OPERATOR = regex(r":?[-=?+]")
# A beginning that is no pattern: `${1#-}`, by which scripts ask whether they are given an option.
_PREFIX = regex(r"#(?=[\w./:=-]+\})")
_ELEMENTS = regex(r"(\[[@*]\])(\}|:?\+)")
_BACKQUOTED = regex(r"[^`\\]*(?:\\.[^`\\]*)*`", re.DOTALL)
_OLD_ARITHMETIC = regex(r"\[[^\]\n]{0,1000}\]")
_PARENTHESES = regex(r"""\\.|'[^']*'|"[^"\\]*(?:\\.[^"\\]*)*"|[()]""", re.DOTALL)
_ESCAPE = regex(
    r"\\(?:x(?P<hex>[0-9a-fA-F]{1,2})|(?P<octal>[0-7]{1,3})|u(?P<short>[0-9a-fA-F]{1,4})"
    r"|U(?P<long>[0-9a-fA-F]{1,8})|c(?P<control>.)|(?P<letter>[abeEfnrtv\\'\"?]))",
    re.DOTALL,
)
_LETTERS = dict(zip("abeEfnrtv\\'\"?", "\a\b\x1b\x1b\f\n\r\t\v\\'\"?", strict=True))


class Unreadable(Exception):
    """A quote or an expansion does not end, or they are nested beyond `DEPTH`."""


class WordReader:
    """Reads the words of one text.

    `commands_end` is asked where the commands of `$(…)` end: it takes the index of the first and
    returns the index just behind the closing parenthesis, or raises `Unreadable`.
    """

    def __init__(self, text: Text, commands_end: Callable[[int], int]) -> None:
        self._text = text
        self._value = text.value
        self._commands_end = commands_end
        self._matching: dict[int, int | None] = {}
        self._matched_to = 0
        self.depth = 0

    def plain(self, start: int, end: int) -> Word:
        """The word between two indexes, in which nothing is quoted or expanded."""
        text, offsets = self._text, self._text.offsets
        if isinstance(offsets, range):
            # What `slice` and `span_of` come down to: most words of most scripts are made here.
            plain = Text(text.value[start:end], text.source, offsets[start : end + 1])
            return Word((Literal(plain),), Span(text.source, offsets[start], offsets[end]))
        return Word((Literal(text.slice(start, end)),), text.span_of(start, end))

    def read(self, at: int) -> tuple[Word, int]:
        """The word at an index and the index behind it; a word without parts when there is none."""
        value = self._value
        parts = WordParts(self._text)
        end = at
        if run := _PLAIN.match(value, at):
            end = run.end()
            if value[end : end + 1] in _SEPARATORS:
                return self.plain(at, end), end
            parts.literal(at, end, quoted=False)
        end = self._unquoted(end, _PLAIN, parts)
        while end < len(value):
            if value[end] in "<>" and value.startswith("(", end + 1):
                start, end = end, self._commands_end(end + 2)
                parts.part(Substitution(self._text.span_of(start, end)))
            elif value[end] == "(" and end > at and value[end - 1] in "?*+@!" and _EXTENDED_GLOB.match(value, end):
                end = self._extended_glob(end, parts)
            else:
                break
            end = self._unquoted(end, _PLAIN, parts)
        return Word(parts.finish(end), self._text.span_of(at, end)), end

    def document(self) -> Word:
        """The whole text as the body of a here-document that expands: a quote is text in it."""
        value = self._value
        parts = WordParts(self._text)
        at = 0
        while at < len(value):
            if run := _PLAIN_DOCUMENT.match(value, at):
                parts.literal(at, run.end(), quoted=True)
                at = run.end()
            elif value[at] == "$":
                at = self._dollar(at, True, parts)
            elif value[at] == "`":
                at = self._backquotes(at, True, parts)
            else:
                following = value[at + 1 : at + 2]
                if following in ("$", "`", "\\"):
                    parts.escape(following, at, at + 2)
                else:
                    parts.literal(at, min(at + 2, len(value)), quoted=True)
                at += 2
        return Word(parts.finish(len(value)), self._text.span)

    def arithmetic_end(self, at: int) -> int | None:
        """The index behind `((…))` that begins at an index; None when these are no such brackets."""
        if not self._value.startswith("((", at):
            return None
        outer, inner = self._closing(at), self._closing(at + 1)
        return outer + 1 if inner is not None and outer == inner + 1 else None

    def _closing(self, at: int) -> int | None:
        """The index of the partner of a bracket, None when there is none."""
        if at not in self._matching:
            # One search finds the partners of all that lie inside, so that many brackets cost no more.
            # What it took for the inside of a quote is searched again, but not far.
            self._match(at, len(self._value) if at >= self._matched_to else at + 500)
        return self._matching[at]

    def _match(self, at: int, stop: int) -> None:
        opened: list[int] = []
        end = stop
        for found in _PARENTHESES.finditer(self._value, at, stop):
            if found[0] == "(":
                opened.append(found.start())
            elif found[0] == ")":
                self._matching[opened.pop()] = found.start()
                if not opened:
                    end = found.end()
                    break
        self._matching.update(dict.fromkeys(opened))
        self._matched_to = max(self._matched_to, end)

    def _unquoted(self, at: int, plain: re.Pattern[str], parts: WordParts) -> int:
        """Reads on, outside of quotes, to the first character that is not `plain` and no quote."""
        value = self._value
        while at < len(value):
            character = value[at]
            if character == '"':
                parts.quotes()
                at = self._double(at + 1, '"', parts)
            elif character == "$":
                at = self._dollar(at, False, parts)
            elif character == "'":
                at = self._single(at, parts)
            elif character == "\\":
                if value.startswith("\n", at + 1):
                    pass
                elif at + 1 == len(value):
                    parts.literal(at, at + 1, quoted=True)
                else:
                    parts.escape(value[at + 1], at, at + 2)
                at = min(at + 2, len(value))
            elif character == "`":
                at = self._backquotes(at, False, parts)
            elif run := plain.match(value, at):
                parts.literal(at, run.end(), quoted=False)
                at = run.end()
            else:
                break
        return at

    def _extended_glob(self, at: int, parts: WordParts) -> int:
        """`?(…)` and its like, which is a pattern and so stays as it is."""
        open_brackets = 0
        while at < len(self._value):
            character = self._value[at]
            if character in "()":
                parts.literal(at, at + 1, quoted=False)
                at += 1
                open_brackets += 1 if character == "(" else -1
                if not open_brackets:
                    return at
                continue
            end = self._unquoted(at, _PLAIN_EXTGLOB, parts)
            if end == at:
                break
            at = end
        raise Unreadable

    def _single(self, at: int, parts: WordParts) -> int:
        parts.quotes()
        at += 1
        while True:
            end = self._value.find("'", at)
            # GitHub replaces its expressions before any shell sees the quotes around them.
            expression = self._value.find("${{", at, max(end, at))
            behind = self._github_end(expression) if expression >= 0 else None
            if behind is not None:
                parts.literal(at, expression, quoted=True)
                parts.part(Substitution(self._text.span_of(expression, behind), quoted=True))
                at = behind
                continue
            if end < 0:
                raise Unreadable
            parts.literal(at, end, quoted=True)
            return end + 1

    def _double(self, at: int, stop: str, parts: WordParts) -> int:
        """What lies in double quotes, to and with the character that ends it."""
        value = self._value
        plain = _PLAIN_DOUBLE if stop == '"' else _PLAIN_DOUBLE_OPERAND
        while at < len(value):
            character = value[at]
            if character == stop:
                return at + 1
            if character == "$":
                at = self._dollar(at, True, parts)
            elif character == "\\":
                following = value[at + 1 : at + 2]
                if not following:
                    break
                if following not in '$`"\\\n' and following != stop:
                    parts.literal(at, at + 2, quoted=True)
                elif following != "\n":
                    parts.escape(following, at, at + 2)
                at += 2
            elif character == "`":
                at = self._backquotes(at, True, parts)
            elif run := plain.match(value, at):
                parts.literal(at, run.end(), quoted=True)
                at = run.end()
            else:
                at = self._double(at + 1, '"', parts)
        raise Unreadable

    def _dollar(self, at: int, quoted: bool, parts: WordParts) -> int:
        value = self._value
        name = _NAME.match(value, at + 1)
        if name is not None:
            parts.part(Expansion(name[0], self._text.span_of(at, name.end()), quoted=quoted))
            return name.end()
        following = value[at + 1 : at + 2]
        if following == "{":
            end = self._github_end(at)
            if end is None:
                return self._parameter(at, quoted, parts)
        elif following == "(":
            end = self.arithmetic_end(at + 1) or self._commands_end(at + 2)
        elif following == "[" and (old := _OLD_ARITHMETIC.match(value, at + 1)):
            end = old.end()
        elif following == "'" and not quoted:
            return self._ansi(at, parts)
        elif following == '"' and not quoted:
            parts.quotes()
            return self._double(at + 2, '"', parts)
        else:
            parts.literal(at, at + 1, quoted)
            return at + 1
        parts.part(Substitution(self._text.span_of(at, end), quoted))
        return end

    def _parameter(self, at: int, quoted: bool, parts: WordParts) -> int:
        """`${…}` that begins at an index."""
        self.depth += 1
        if self.depth > DEPTH:
            raise Unreadable
        value = self._value
        rewritten = _REWRITTEN.match(value, at + 2)
        name = rewritten or _PARAMETER.match(value, at + 2)
        operand = None
        kind = "other"
        end = at + 2 if name is None else name.end()
        if rewritten is None and value.startswith("}", end):
            kind = ""
            end += 1
        elif rewritten is None and name is not None and (elements := _ELEMENTS.match(value, end)):
            if elements[2] == "}":
                kind, end = elements[1], elements.end()
            else:
                # What is only needed by shells for which an empty array is not set.
                again, end = self._operand(elements.end(), quoted)
                if _is_all_of(again, name[0]):
                    kind, quoted = "[@]", True
        elif (
            rewritten is None
            and name is not None
            and (operator := _OPERATOR.match(value, end) or _PREFIX.match(value, end))
        ):
            kind = operator[0]
            operand, end = self._operand(operator.end(), quoted)
        else:
            # Patterns keep their own quotes inside of double quotes, a replaced value does not.
            _, end = self._operand(end, quoted and value[end : end + 1] not in ("#", "%", "/", "^", ","))
        span = self._text.span_of(at, end)
        if name is None:
            parts.part(Substitution(span, quoted))
        else:
            parts.part(Expansion(name[0] if rewritten is None else name[0][1:], span, kind, operand, quoted))
        self.depth -= 1
        return end

    def _operand(self, at: int, quoted: bool) -> tuple[Word, int]:
        """The word behind the operator of `${…}`, and the index behind the closing brace."""
        parts = WordParts(self._text)
        if quoted:
            end = self._double(at, "}", parts)
        else:
            end = self._unquoted(at, _PLAIN_OPERAND, parts) + 1
            if end > len(self._value):
                raise Unreadable
        return Word(parts.finish(end - 1), self._text.span_of(at, end - 1)), end

    def _github_end(self, at: int) -> int | None:
        """The index behind `${{ … }}` that begins at an index, None when there is none."""
        if not self._value.startswith("${{", at):
            return None
        end = self._value.find("}}", at, at + 2_000)
        for _ in range(4):
            if end < 0 or self._value.count("'", at, end) % 2 == 0:
                break
            end = self._value.find("}}", end + 2, at + 2_000)
        return end + 2 if end >= 0 else None

    def _backquotes(self, at: int, quoted: bool, parts: WordParts) -> int:
        found = _BACKQUOTED.match(self._value, at + 1)
        if found is None:
            raise Unreadable
        parts.part(Substitution(self._text.span_of(at, found.end()), quoted))
        return found.end()

    def _ansi(self, at: int, parts: WordParts) -> int:
        """`$'…'` with the escapes of C."""
        value = self._value
        parts.quotes()
        at += 2
        while at < len(value):
            if value[at] == "'":
                return at + 1
            start = at
            octets = bytearray()
            while (found := _ESCAPE.match(value, at)) and (found["hex"] or found["octal"]):
                # Bytes written one by one may be one character together.
                octets.append(int(found["hex"] or found["octal"], 16 if found["hex"] else 8) & 255)
                at = found.end()
            if octets:
                text, nul, _ = octets.decode("utf-8", "replace").partition("\0")
                parts.escape(text, start, at)
                if nul:
                    # Bash drops what follows a NUL, up to the closing quote.
                    parts = WordParts(self._text)
            elif found is not None:
                at = found.end()
                parts.escape(_escaped(found), start, at)
            else:
                step = 2 if value[at] == "\\" else 1
                parts.literal(at, min(at + step, len(value)), quoted=True)
                at += step
        raise Unreadable


def _is_all_of(word: Word, name: str) -> bool:
    """Whether a word is `"${NAME[@]}"`."""
    part = word.parts[0] if len(word.parts) == 1 else None
    return isinstance(part, Expansion) and (part.name, part.operator, part.quoted) == (name, "[@]", True)


def _escaped(found: re.Match[str]) -> str:
    if found["letter"]:
        return _LETTERS[found["letter"]]
    if found["control"]:
        return chr(ord(found["control"].upper()[0]) & 0x1F)
    code = int(found["short"] or found["long"], 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "�"


def split_words(text: Text) -> tuple[Word, ...]:
    """The words of a command line that no shell reads.

    Quotes and backslashes count as in Python's `shlex.split`; `$`, `;`, `|` and `#` are plain text.
    Raises `SyntaxProblem` when a quote is not closed or a backslash has nothing behind it.
    """
    value = text.value
    words: list[Word] = []
    at = 0
    while at < len(value):
        if value[at] in " \t\r\n":
            at += 1
            continue
        start = at
        parts = WordParts(text)
        while at < len(value) and value[at] not in " \t\r\n":
            at = _split_piece(text, at, parts)
        words.append(Word(parts.finish(at), text.span_of(start, at)))
    return tuple(words)


_SPLIT_PLAIN = regex(r"""[^ \t\r\n\\'"]+""")
_SPLIT_DOUBLE = regex(r"""[^\\"]+""")


def _split_piece(text: Text, at: int, parts: WordParts) -> int:
    value = text.value
    run = _SPLIT_PLAIN.match(value, at)
    if run is not None:
        parts.literal(at, run.end(), quoted=False)
        return run.end()
    if value[at] == "\\":
        if at + 1 == len(value):
            raise SyntaxProblem("nothing follows the backslash", text.span_of(at, at + 1))
        parts.escape(value[at + 1], at, at + 2)
        return at + 2
    parts.quotes()
    opening = text.span_of(at, at + 1)
    if value[at] == "'":
        end = value.find("'", at + 1)
        if end < 0:
            raise _unclosed("'", opening)
        parts.literal(at + 1, end, quoted=True)
        return end + 1
    at += 1
    while at < len(value):
        run = _SPLIT_DOUBLE.match(value, at)
        if run is not None:
            parts.literal(at, run.end(), quoted=True)
            at = run.end()
        elif value[at] == '"':
            return at + 1
        elif value[at + 1 : at + 2] in ("\\", '"'):
            parts.escape(value[at + 1], at, at + 2)
            at += 2
        else:
            parts.literal(at, at + 1, quoted=True)
            at += 1
    raise _unclosed('"', opening)


def _unclosed(quote: str, span: Span) -> SyntaxProblem:
    return SyntaxProblem(f"the quote {quote} that opens here is not closed", span)
