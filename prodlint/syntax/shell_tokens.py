"""What a simple command is made of: words, assignments, redirections and the here-documents behind them."""

from __future__ import annotations

import re
from collections.abc import Callable

from prodlint.regex import regex
from prodlint.source import Span, Text
from prodlint.syntax.shell_tree import Assignment, Redirection
from prodlint.syntax.shell_words import Unreadable, WordReader
from prodlint.syntax.word import Expansion, Literal, Substitution, Word

__all__ = ["ASSIGNMENT", "Malformed", "TokenReader"]

ASSIGNMENT = regex(r"([A-Za-z_][A-Za-z_0-9]*)(\[[^\]\n]{0,200}\])?(\+?)=")
_BLANK = regex(r"(?:[ \t]|\\\n)*(?:#[^\n]*)?")
_OPERATOR = regex(r"&&|\|\||\|&|;;&|;;|;&|&(?!>)|[|;()\n]")
_KEYWORD = regex(
    r"(?:if|then|elif|else|fi|while|until|for|select|do|done|case|in|esac|function|coproc|time|\[\[|[!{}])"
    r"(?=[ \t\n;&|<>()]|\\\n|\Z)"
)
_REDIRECTION = regex(
    r"([0-9]+|\{[A-Za-z_][A-Za-z_0-9]*\})?(&>>|&>|<<<|<<-|<<|<>|<&|<(?!\()|>>|>\||>&|>(?!\())",
)
_NAME = regex(r"""[^ \t\n;&|<>()'"`$\\]+""")


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

    def span(self, start: int, end: int | None = None) -> Span:
        return self.text.span_of(start, self.at if end is None else end)

    def blank(self) -> None:
        found = _BLANK.match(self.value, self.at)
        assert found is not None
        self.at = found.end()

    def lines(self) -> None:
        """Goes over blanks, comments and line ends, and over the here-documents that wait there."""
        while True:
            self.blank()
            if not self.value.startswith("\n", self.at):
                return
            self.at += 1
            if self.heredocs:
                self._heredoc_bodies()

    def sign(self) -> str:
        """The keyword or operator that comes next, or nothing."""
        found = _KEYWORD.match(self.value, self.at) or _OPERATOR.match(self.value, self.at)
        return found[0] if found else ""

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
        start = self.at
        word = self._possible_word()
        if self.at == start:
            raise Malformed(start)
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
        found = _OPERATOR.match(self.value, self.at) or _REDIRECTION.match(self.value, self.at)
        if found is not None:
            self.at = found.end()
            return
        try:
            self.word()
        except Malformed as problem:
            self.at = max(problem.at, self.at + 1)

    def assignment(self, found: re.Match[str], exported: bool) -> Assignment:
        name, subscript, appends = found.groups()
        start, self.at = found.span()
        value: Word | None = None
        if self.value.startswith("(", self.at):
            self._array()
        else:
            value = self._possible_word()
        if value is not None and appends:
            before = Expansion(name, self.span(start, start + len(name)), quoted=True)
            value = Word((before, *value.parts), value.span)
        if subscript is not None:
            name, value = name + subscript, None
        return Assignment(name, value, self.span(start), exported)

    def declared(self, found: re.Match[str], assignment: Assignment) -> Word:
        """An assignment as the argument that `export` and its like are handed."""
        name = Literal(self.text.slice(*found.span()))
        if found.end() == self.at:
            return Word((name,), assignment.span)
        if assignment.value is None:
            return Word((name, Substitution(self.span(found.end()))), assignment.span)
        parts = assignment.value.parts[1:] if found[3] else assignment.value.parts
        return Word((name, *parts), assignment.span)

    def _array(self) -> None:
        self.at += 1
        while True:
            self.lines()
            if self.value.startswith(")", self.at):
                self.at += 1
                return
            self.word()

    def redirection(self) -> Redirection | None:
        found = _REDIRECTION.match(self.value, self.at)
        if found is None:
            return None
        self.at = found.end()
        self.blank()
        start = self.at
        target = self.word()
        descriptor, operator = found[1] or "", found[2]
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
            tabs = "\t" if redirection.operator == "<<-" else ""
            lines: list[Text] = []
            continued = False
            while self.at < len(self.value):
                end = self.value.find("\n", self.at) + 1 or len(self.value)
                line = self.value[self.at : end]
                start = self.at + len(line) - len(line.lstrip(tabs)) if tabs else self.at
                self.at = end
                if not continued and self.value[start:end].removesuffix("\n") == delimiter:
                    break
                lines.append(self.text.slice(start, end))
                body = line.removesuffix("\n")
                continued = not redirection.heredoc_quoted and (len(body) - len(body.rstrip("\\"))) % 2 == 1
            if lines:
                # The command was built when its line was read: this completes it before anyone sees it.
                object.__setattr__(redirection, "heredoc", Text.join(lines))
