"""What stands behind a Dockerfile's keyword: flags, JSON lists, pairs and words, cut up as BuildKit cuts them.

Every part is a `Text`, so that a word that runs over several lines still knows where its characters
stand. Mistakes that stop a build are added to a list of problems and reading goes on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Span, SyntaxProblem, Text
from prodlint.syntax.word import Expansion, Literal, Part, Word

__all__ = [
    "SPACE",
    "Flag",
    "Pair",
    "bare_words",
    "expanded_word",
    "json_words",
    "quoted_words",
    "split_word",
    "stripped",
    "take_flags",
    "take_pairs",
]

# What BuildKit's language takes for white space; Python's own `strip` takes four characters more.
SPACE = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
# Flags are cut up byte by byte.
_ASCII_SPACE = "\t\n\v\f\r "
MAX_NESTING = 50

_BARE_WORD = regex(r"[^\t\v\f\r ]+")
# An escape with nothing behind it is dropped. `\s` takes four control characters more than BuildKit does.
_QUOTED_WORD = r"""(?:[^\s'"ESCAPE]+|[\x1c-\x1f]|ESCAPE[\s\S]|'[^']*'?|"(?:[^"ESCAPE]|ESCAPE[\s\S])*"?)+"""
_QUOTED_WORDS = {escape: regex(_QUOTED_WORD.replace("ESCAPE", re.escape(escape))) for escape in ("\\", "`")}
_SPECIAL = "@*#?-$!0123456789"
_JSON_BLANK = regex(r"[ \t\n\r]*")
_JSON_STRING = regex(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_JSON_PIECE = regex(r"[^\\]+|\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u....|\\.")


class Flag(Record):
    """`--name` or `--name=value` between a keyword and its arguments, quotes removed."""

    name: str
    value: Text | None
    span: Span


class Pair(Record):
    """A variable or label and its value; None is an ARG without a default."""

    name: str
    value: Word | None
    span: Span


def stripped(text: Text) -> Text:
    """A text without what BuildKit takes for white space around it."""
    value = text.value
    left = len(value) - len(value.lstrip(SPACE))
    right = len(value.rstrip(SPACE))
    if left == 0 and right == len(value):
        return text
    return text.slice(left, max(left, right))


def take_flags(text: Text) -> tuple[tuple[Flag, ...], Text]:
    """The flags that a text begins with, and what stands behind them without white space around it."""
    value = text.value
    flags = []
    at = _after_space(value, 0)
    while value.startswith("--", at):
        start = at
        kept: list[int] = []
        quote = ""
        while at < len(value) and (quote or value[at] not in _ASCII_SPACE):
            character = value[at]
            if character == quote:
                quote = ""
            elif not quote and character in "'\"":
                quote = character
            elif character == "\\":
                at += 1
                if at < len(value):
                    kept.append(at)
            else:
                kept.append(at)
            at += 1
        at = min(at, len(value))
        word = "".join(value[index] for index in kept)
        if word == "--":
            break
        name, equals, _ = word[2:].partition("=")
        span = text.span_of(start, at)
        operand = _picked(text, kept[len(name) + 3 :], span) if equals else None
        flags.append(Flag(name, operand, span))
        at = _after_space(value, at)
    return tuple(flags), stripped(text.slice(at))


def bare_words(text: Text) -> list[Text]:
    """The words between blanks; quotes do not hold a word together (FROM, EXPOSE, COPY, ADD, VOLUME)."""
    return [text.slice(*match.span()) for match in _BARE_WORD.finditer(text.value)]


def quoted_words(text: Text, escape: str) -> list[Text]:
    """The words between blanks outside of quotes, with their quotes and escapes (ENV, LABEL, ARG)."""
    return [text.slice(*match.span()) for match in _QUOTED_WORDS[escape].finditer(text.value)]


def take_pairs(text: Text, escape: str, keyword: str, problems: list[SyntaxProblem]) -> tuple[Pair, ...]:
    """The variables or labels of ENV and LABEL, in either form, or of ARG."""
    words = quoted_words(text, escape)
    if keyword != "ARG" and words and "=" not in words[0].value:
        return _spaced_pair(text, escape, keyword, problems)
    pairs = []
    for word in words:
        at = word.value.find("=")
        if at < 0 and keyword != "ARG":
            hint = "; a Dockerfile has no comments behind an instruction" if word.value.startswith("#") else ""
            message = f"{keyword} takes NAME=value pairs, but there is no = in {_shown(word.value)}{hint}"
            problems.append(SyntaxProblem(message, word.span))
            continue
        name = word if at < 0 else word.slice(0, at)
        value = None if at < 0 else expanded_word(word.slice(at + 1), escape, problems)
        if not name.value:
            problems.append(SyntaxProblem(f"{keyword} has a value without a name", word.span))
        pairs.append(Pair(_name(name, escape, problems), value, word.span))
    return tuple(pairs)


def _spaced_pair(text: Text, escape: str, keyword: str, problems: list[SyntaxProblem]) -> tuple[Pair, ...]:
    """`ENV NAME rest of the line`, the older form with one variable."""
    match = _BARE_WORD.match(text.value)
    if match is None or match.end() == len(text.value):
        message = f"{keyword} {_shown(text.value)} has no value: write {keyword} NAME=value"
        problems.append(SyntaxProblem(message, text.span))
        return ()
    rest = text.slice(match.end())
    value = rest.slice(len(rest.value) - len(rest.value.lstrip("\t\v\f\r ")))
    name = _name(text.slice(0, match.end()), escape, problems)
    return (Pair(name, expanded_word(value, escape, problems), text.span),)


def _name(text: Text, escape: str, problems: list[SyntaxProblem]) -> str:
    name = expanded_word(text, escape, problems).literal
    return text.value if name is None else name


def json_words(text: Text) -> tuple[Word, ...] | None:
    """The strings of a JSON array; None where BuildKit takes the text for a command line instead.

    Raises `SyntaxProblem` for an array that holds anything but strings: BuildKit refuses it.
    """
    value = text.value
    if not value.startswith("["):
        return None
    words: list[Word] = []
    at = _after_json_blank(value, 1)
    if value[at : at + 1] == "]":
        return () if _after_json_blank(value, at + 1) == len(value) else None
    while True:
        string = _JSON_STRING.match(value, at)
        if string is None:
            _refuse_other_members(text, at)
            return None
        content = _json_decoded(text, string.start() + 1, string.end() - 1)
        words.append(Word.of(content, text.span_of(*string.span())))
        at = _after_json_blank(value, string.end())
        delimiter = value[at : at + 1]
        at = _after_json_blank(value, at + 1)
        if delimiter == "]":
            return tuple(words) if at == len(value) else None
        if delimiter != ",":
            return None


def _refuse_other_members(text: Text, at: int) -> None:
    """Raise when a text is a JSON array whose member at an index is not a string; else it is no JSON at all."""
    import json

    try:
        member, length = json.JSONDecoder(parse_constant=_refuse_constant).raw_decode(text.value[at:])
        json.loads(text.value, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return
    kind = {bool: "a truth value", type(None): "null", list: "a list", dict: "an object"}.get(type(member), "a number")
    message = f"the JSON array holds {kind}, but each of its members has to be a string in double quotes"
    raise SyntaxProblem(message, text.span_of(at, at + length))


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _json_decoded(text: Text, start: int, end: int) -> Text:
    if "\\" not in text.value[start:end]:
        return text.slice(start, end)
    import json

    pieces = []
    for match in _JSON_PIECE.finditer(text.value, start, end):
        if match.group().startswith("\\"):
            decoded = json.loads(f'"{match.group()}"')
            # Half of a surrogate pair stands for no character.
            character = "\ufffd" if "\ud800" <= decoded <= "\udfff" else decoded
            pieces.append(Text.at(character, text.span_of(*match.span())))
        else:
            pieces.append(text.slice(*match.span()))
    return Text.join(pieces)


def expanded_word(text: Text, escape: str, problems: list[SyntaxProblem], span: Span | None = None) -> Word:
    """A text as one word: quotes and escapes removed, variables as `Expansion`.

    What cannot be read (an open quote, a bad substitution) is added to the problems, and the word
    is the text as it is written.
    """
    if not any(character in text.value for character in ("'", '"', "$", escape)):
        return Word((Literal(text),) if text.value else (), span or text.span)
    try:
        return Word(tuple(_Lexer(text, escape).parts()), span or text.span)
    except SyntaxProblem as problem:
        problems.append(problem)
        return Word((Literal(text),), span or text.span)


def split_word(text: Text) -> Iterator[Text]:
    """The words of a command line as BuildKit looks for heredocs in it: quotes and escapes stay.

    There are no words where a quote or a substitution has no end.
    """
    value = text.value
    lexer = _Lexer(text, "\\")
    words = []
    start = -1
    try:
        while (at := lexer.at) < len(value):
            if value[at] in "'\"\\$":
                lexer.skip()
                # Blanks split an expansion, not what is quoted or escaped.
                breaks = value[at] == "$"
            else:
                lexer.at += 1
                breaks = True
            for index in range(at, lexer.at):
                if not (breaks and value[index] in SPACE):
                    start = index if start < 0 else start
                elif start >= 0:
                    words.append(text.slice(start, index))
                    start = -1
    except SyntaxProblem:
        return
    if start >= 0:
        words.append(text.slice(start))
    yield from words


class _Lexer:
    """BuildKit's shell-like words over one text; `at` is the index of the next character."""

    def __init__(self, text: Text, escape: str) -> None:
        self.text = text
        self.value = text.value
        self.escape = escape
        self.at = 0
        self.depth = 0

    def parts(self, stop: str = "", opening: int = 0) -> list[Part]:
        """The parts up to a character outside of quotes, or up to the end of the text.

        `opening` is where the substitution begins that has to be closed by the character.
        """
        parts: list[Part] = []
        plain: list[Text] = []
        while self.at < len(self.value):
            character = self.value[self.at]
            if character == stop:
                break
            if character in ("'", '"', "$"):
                _close(parts, plain, quoted=False)
                if character == "$":
                    parts.append(self.expansion(quoted=False))
                elif character == "'":
                    parts.append(self.single_quoted())
                else:
                    parts.extend(self.double_quoted())
            elif character == self.escape:
                plain.extend(self.escaped())
            else:
                plain.append(self.run(("'", '"', "$", self.escape, stop)))
        else:
            if stop:
                raise self.problem(f"there is no {stop} to this substitution", opening)
        _close(parts, plain, quoted=False)
        return parts

    def skip(self) -> None:
        """Go over a quoted string, an escaped character or an expansion."""
        character = self.value[self.at]
        if character == "$":
            self.expansion(quoted=False)
        elif character == "'":
            self.single_quoted()
        elif character == '"':
            self.double_quoted()
        else:
            self.at = min(self.at + 2, len(self.value))

    def run(self, ends: tuple[str, ...]) -> Text:
        start = self.at
        while self.at < len(self.value) and self.value[self.at] not in ends:
            self.at += 1
        return self.text.slice(start, self.at)

    def escaped(self) -> list[Text]:
        start = self.at
        self.at = min(start + 2, len(self.value))
        character = self.value[start + 1 : self.at]
        return [Text.at(character, self.text.span_of(start, self.at))] if character else []

    def single_quoted(self) -> Literal:
        start = self.at
        end = self.value.find("'", start + 1)
        if end < 0:
            raise self.problem("there is no second single quote to this one", start)
        self.at = end + 1
        return Literal(self.text.slice(start + 1, end), quoted=True)

    def double_quoted(self) -> list[Part]:
        start = self.at
        parts: list[Part] = []
        plain: list[Text] = []
        self.at += 1
        while True:
            character = self.value[self.at : self.at + 1]
            if not character:
                raise self.problem("there is no second double quote to this one", start)
            if character == '"':
                break
            if character == "$":
                _close(parts, plain, quoted=True)
                parts.append(self.expansion(quoted=True))
            elif character == self.escape:
                if self.value[self.at + 1 : self.at + 2] in ('"', "$", self.escape):
                    plain.extend(self.escaped())
                else:
                    plain.append(self.text.slice(self.at, self.at + 1))
                    self.at += 1
            else:
                plain.append(self.run(('"', "$", self.escape)))
        self.at += 1
        if not parts and not plain:
            return [Literal(self.text.slice(start + 1, start + 1), quoted=True)]
        _close(parts, plain, quoted=True)
        return parts

    def expansion(self, *, quoted: bool) -> Part:
        start = self.at
        self.at += 1
        if self.value[self.at : self.at + 1] != "{":
            name = self.name()
            if not name:
                return Literal(self.text.slice(start, self.at), quoted)
            return Expansion(name, self.text.span_of(start, self.at), quoted=quoted)
        self.at += 1
        if self.value[self.at : self.at + 1] in ("", "{", "}", ":"):
            raise self.problem("a substitution needs a name: ${NAME}", start)
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise self.problem(f"substitutions are nested more than {MAX_NESTING} deep", start)
        name = self.name()
        operator, operand = self.modifier(start)
        self.depth -= 1
        return Expansion(name, self.text.span_of(start, self.at), operator, operand, quoted)

    def name(self) -> str:
        start = self.at
        rest = self.value[start : start + 1]
        if rest and rest in _SPECIAL:
            self.at += 1
            while rest.isdecimal() and self.value[self.at : self.at + 1].isdecimal():
                self.at += 1
        else:
            while (
                (character := self.value[self.at : self.at + 1]).isalpha() or character.isdecimal() or character == "_"
            ):
                self.at += 1
        return self.value[start : self.at]

    def modifier(self, start: int) -> tuple[str, Word | None]:
        """The operator and the operand of a `${NAME…}`, and over its closing brace."""
        operator = self.value[self.at : self.at + 1]
        self.at += 1
        if operator == "}":
            return "", None
        if operator == ":":
            operator += self.value[self.at : self.at + 1]
            self.at += 1
        if operator == "/":
            self.pattern(("/", "}"), start)
            return "other", None
        if operator in ("#", "%"):
            self.pattern(("}",), start)
            return "other", None
        if operator not in (":-", "-", ":+", "+", ":?", "?"):
            raise self.problem(f"a Dockerfile knows no {_shown(operator)} in a substitution", start)
        begin = self.at
        parts = self.parts("}", start)
        operand = Word(tuple(parts), self.text.span_of(begin, self.at))
        self.at += 1
        return operator, operand

    def pattern(self, stops: tuple[str, ...], start: int) -> None:
        if "/" in stops and self.value[self.at : self.at + 1] == "/":
            self.at += 1
        for stop in stops:
            self.parts(stop, start)
            self.at += 1

    def problem(self, message: str, start: int) -> SyntaxProblem:
        return SyntaxProblem(message, self.text.span_of(start, len(self.value)))


def _close(parts: list[Part], plain: list[Text], *, quoted: bool) -> None:
    if plain:
        parts.append(Literal(plain[0] if len(plain) == 1 else Text.join(plain), quoted))
        plain.clear()


def _picked(text: Text, indexes: list[int], span: Span) -> Text:
    """The characters of a text at these indexes; where there are none, nothing at the end of a range."""
    if not indexes:
        return Text("", text.source, (span.end,))
    if indexes[-1] - indexes[0] + 1 == len(indexes):
        return text.slice(indexes[0], indexes[-1] + 1)
    return Text.join([text.slice(index, index + 1) for index in indexes])


def _after_space(value: str, at: int) -> int:
    while at < len(value) and value[at] in _ASCII_SPACE:
        at += 1
    return at


def _after_json_blank(value: str, at: int) -> int:
    match = _JSON_BLANK.match(value, at)
    return match.end() if match else at


def _shown(value: str) -> str:
    """A piece of the file for a message, not longer than a line."""
    return value if len(value) <= 40 else f"{value[:37]}..."
