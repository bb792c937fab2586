"""What a simple command is made of: words, assignments, redirections and the here-documents behind them."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice, takewhile

from prodlint.record import force_setattr
from prodlint.regex import regex
from prodlint.source import Span, Text
from prodlint.syntax.shell_tree import Assignment, Redirection
from prodlint.syntax.shell_words import Unreadable, WordReader
from prodlint.syntax.word import Expansion, Literal, Substitution, Word

__all__ = ["ASSIGNMENT", "PLAIN", "TAKING_PAIRS", "Malformed", "TokenReader"]

ASSIGNMENT = regex(r"([A-Za-z_][A-Za-z_0-9]*)(\[(?:[^\[\]\n]|\[[^\[\]\n]{0,100}\]){0,200}\])?(\+?)=")
PLAIN = regex(r"""[ \t]*([^ \t\n\\'"$`;&|<>()]*)""")
"""Blanks, and a stretch of a word without quotes, expansions or signs."""
TAKING_PAIRS = frozenset(("export", "declare", "typeset", "readonly", "local", "alias", "eval", "let"))
"""Builtins that may be handed an array."""
_DECLARING = TAKING_PAIRS - {"alias", "eval", "let"}
_BLANK = regex(r"(?:[ \t]|\\\n)*(?:#[^\n]*)?")
_BLANK_STARTS = " \t\\#"
_LINE_STARTS = " \t\n\\#"
_LINES = regex(r"(?:[ \t\n]+|\\\n|#[^\n]*)*")
_OPERATORS = r"&&|\|\||\|&|;;&|;;|;&|&(?!>)|[|;()\n]"
_OPERATOR = regex(_OPERATORS)
_KEYWORDS = frozenset("if then elif else fi while until for select do done case in esac function coproc time".split())
_SIGN = regex(rf"(?:[a-z]{{2,8}}|\[\[|[!{{}}])(?=[ \t\n;&|<>()]|\\\n|\Z)|{_OPERATORS}")
_REDIRECTION = regex(
    r"([0-9]+|\{[A-Za-z_][A-Za-z_0-9]*\})?(<<<|<<-|<<|<>|<&|<(?!\()|>>|>\||>&|>(?!\())|(&>>|&>)",
)
_REDIRECTION_STARTS = "<>&{0123456789"
_NAME = regex(r"""[^ \t\n;&|<>()'"`$\\]+""")
_INDEXED = regex(r"\[[^\]\n]{0,200}\]\+?=")


class Malformed(Exception):
    """The text is no shell at an index."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


class TokenReader:
    """Reads one text; `at` is the index that comes next.

    What does not fit raises `Malformed`. `commands_end` is as in `WordReader`.
    """

    def __init__(self, text: Text, commands_end: Callable[[int], int]) -> None:
        self.text = text
        self.value = text.value
        self.at = 0
        self.words = WordReader(text, commands_end)
        self.heredocs: list[tuple[Redirection, str]] = []
        self._sign = ""
        self._sign_at = -1

    def span(self, start: int, end: int | None = None) -> Span:
        return self.text.span_of(start, self.at if end is None else end)

    def blank(self) -> None:
        """Goes over blanks, continued lines and a comment."""
        if self.value[self.at : self.at + 1] in _BLANK_STARTS:
            found = _BLANK.match(self.value, self.at)
            assert found is not None
            self.at = found.end()

    def lines(self) -> None:
        """Goes over blanks, comments and line ends, and over the here-documents that wait there."""
        while self.heredocs:
            self.blank()
            if not self.value.startswith("\n", self.at):
                return
            self.at += 1
            self._heredoc_bodies()
        if self.value[self.at : self.at + 1] in _LINE_STARTS:
            found = _LINES.match(self.value, self.at)
            assert found is not None
            self.at = found.end()

    def sign(self) -> str:
        """The keyword or operator that comes next, or nothing."""
        if self._sign_at != self.at:
            found = _SIGN.match(self.value, self.at)
            self._sign = found[0] if found and (found[0] in _KEYWORDS or not found[0].isalpha()) else ""
            self._sign_at = self.at
        return self._sign

    def operator(self) -> str:
        """The operator that comes next, or nothing."""
        found = _OPERATOR.match(self.value, self.at)
        return found[0] if found else ""

    @property
    def at_end(self) -> bool:
        """Whether all of the text was read."""
        return self.at >= len(self.value)

    def expect(self, sign: str) -> None:
        if self.sign() != sign:
            raise Malformed(self.at)
        self.at += len(sign)

    def word(self) -> Word:
        try:
            word, end = self.words.read(self.at)
        except Unreadable:
            raise Malformed(len(self.value)) from None
        if end == self.at:
            raise Malformed(end)
        self.at = end
        return word

    def _possible_word(self) -> Word:
        """The word that comes next, without parts when there is none."""
        try:
            word, self.at = self.words.read(self.at)
        except Unreadable:
            raise Malformed(len(self.value)) from None
        return word

    def name(self) -> str:
        found = _NAME.match(self.value, self.at)
        if found is None:
            raise Malformed(self.at)
        self.at = found.end()
        return found[0]

    def skip(self) -> None:
        """Goes over one operator, redirection or word, whatever it is."""
        operator = _OPERATOR.match(self.value, self.at)
        if operator is not None:
            self.at = operator.end()
            return
        start = self.at
        try:
            if self.redirection() is None:
                self.word()
        except Malformed as problem:
            self.at = max(problem.at, start + 1)

    def assignment(self, found: re.Match[str], exported: bool) -> Assignment:
        name, subscript, appends = found.groups()
        start, self.at = found.span()
        value: Word | None = None
        items: tuple[Word, ...] | None = None
        own = self.span(start, start + len(name))
        if self.value.startswith("(", self.at):
            items = self._array()
            if items is not None and appends:
                items = (Word((Expansion(name, own, "[@]", quoted=True),), own), *items)
        else:
            value = self._possible_word()
        if value is not None and appends:
            value = Word((Expansion(name, own, quoted=True), *value.parts), value.span)
        if subscript is not None:
            name, value, items = name + subscript, None, None
        return Assignment(name, value, self.span(start), exported, items)

    def argument(self, words: list[Word], assignments: list[Assignment]) -> None:
        """What `export` and its like are handed: a word, and what it assigns."""
        declares = words[0].literal in _DECLARING
        exported = declares and _exports(words)
        pair = ASSIGNMENT.match(self.value, self.at)
        assignment: Assignment | None
        # Of the others only an array is more than a word.
        if pair is not None and (declares or self.value.startswith("(", pair.end())):
            assignment = self.assignment(pair, exported)
            words.append(self._declared(pair, assignment))
        else:
            words.append(self.word())
            assignment = self._quoted_pair(words[-1], exported)
        if assignment is not None and declares:
            assignments.append(assignment)

    def _declared(self, found: re.Match[str], assignment: Assignment) -> Word:
        """An assignment as the argument that `export` and its like are handed."""
        name = Literal(self.text.slice(*found.span()))
        if found.end() == self.at:
            return Word((name,), assignment.span)
        if assignment.value is None:
            return Word((name, Substitution(self.span(found.end()))), assignment.span)
        parts = assignment.value.parts[1:] if found[3] else assignment.value.parts
        return Word((name, *parts), assignment.span)

    def _quoted_pair(self, word: Word, exported: bool) -> Assignment | None:
        """What `export "A=$b"` assigns, None when the word is no such pair."""
        first = word.parts[0]
        found = ASSIGNMENT.match(first.text.value) if isinstance(first, Literal) else None
        if found is None or found[2] or found[3]:
            return None
        assert isinstance(first, Literal)
        rest = Literal(first.text.slice(found.end()), quoted=True)
        parts = (rest, *word.parts[1:]) if rest.text.value or len(word.parts) == 1 else word.parts[1:]
        last = parts[-1].text.span if isinstance(parts[-1], Literal) else parts[-1].span
        return Assignment(found[1], Word(parts, rest.text.span.to(last)), word.span, exported)

    def _array(self) -> tuple[Word, ...] | None:
        """The words of an array; None where one says which element it is."""
        self.at += 1
        found: list[Word] = []
        by_index = False
        while True:
            self.lines()
            if self.value.startswith(")", self.at):
                self.at += 1
                return None if by_index else tuple(found)
            by_index = by_index or _INDEXED.match(self.value, self.at) is not None
            found.append(self.word())

    def redirection(self) -> Redirection | None:
        """The redirection that comes next; the body of a here-document waits for the line to end."""
        if self.value[self.at : self.at + 1] not in _REDIRECTION_STARTS:
            return None
        found = _REDIRECTION.match(self.value, self.at)
        if found is None:
            return None
        self.at = found.end()
        self.blank()
        start = self.at
        if _REDIRECTION.match(self.value, start):
            raise Malformed(start)
        target = self.word()
        descriptor, operator = found[1] or "", found[2] or found[3]
        span = self.span(found.start())
        if operator not in ("<<", "<<-"):
            return Redirection(operator, target, span, descriptor=descriptor)
        written = self.value[start : self.at]
        quoted = any(mark in written for mark in "'\"\\")
        empty = self.text.slice(self.at, self.at)
        redirection = Redirection(operator, None, span, empty, quoted, descriptor)
        delimiter = target.literal
        self.heredocs.append((redirection, written if delimiter is None else delimiter))
        return redirection

    def _heredoc_bodies(self) -> None:
        waiting, self.heredocs = self.heredocs, []
        for redirection, delimiter in waiting:
            pieces: list[tuple[int, int]] = []
            while self.at < len(self.value):
                line = self._heredoc_line(redirection)
                if "".join(self.value[start:end] for start, end in line).removesuffix("\n") == delimiter:
                    break
                if pieces and pieces[-1][1] == line[0][0]:
                    line[0] = (pieces.pop()[0], line[0][1])
                pieces.extend(line)
            if pieces:
                body = [self.text.slice(*piece) for piece in pieces]
                # The command was built when its line was read: this completes it before anyone sees it.
                force_setattr(redirection, "heredoc", body[0] if len(body) == 1 else Text.join(body))

    def _heredoc_line(self, redirection: Redirection) -> list[tuple[int, int]]:
        """Goes over one line; the indexes of what counts of it.

        In a here-document that expands, a continued line is one line with the next before anything in it is looked at.
        """
        pieces: list[tuple[int, int]] = []
        continued = True
        while continued and self.at < len(self.value):
            begin = self.at
            self.at = self.value.find("\n", begin) + 1 or len(self.value)
            line = self.value[begin : self.at].removesuffix("\n")
            continued = not redirection.heredoc_quoted and (len(line) - len(line.rstrip("\\"))) % 2 == 1
            continued = continued and self.value.endswith("\n", begin, self.at)
            pieces.append((begin, self.at - 2 if continued else self.at))
        start, end = pieces[0]
        while redirection.operator == "<<-" and start < end and self.value.startswith("\t", start):
            start += 1
        return [(start, end), *pieces[1:]]


def _exports(words: list[Word]) -> bool:
    """Whether `export` or its like, with the options behind it, hands its variables to programs."""
    name = words[0].literal
    options = takewhile(lambda option: option.startswith("-"), (word.literal or "" for word in islice(words, 1, 20)))
    flags = "".join(option[1:] for option in options)
    return "n" not in flags if name == "export" else name != "readonly" and "x" in flags
