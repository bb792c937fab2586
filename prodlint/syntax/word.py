"""Words: what a shell, an exec form or a YAML list hands to a program, one argument each."""

from __future__ import annotations

import re

from prodlint.record import Record, kept
from prodlint.regex import regex
from prodlint.source import Span, Text

__all__ = ["Expansion", "Literal", "Part", "Substitution", "Word", "WordParts"]


class Literal(Record):
    """Text that is taken as it is, after quotes and escapes were removed."""

    text: Text
    quoted: bool = False


class Expansion(Record):
    """`$NAME` or `${NAME…}`; `$@`, `$1` and the other special parameters have that name.

    `operator` is empty, or one of `:-` `-` `:=` `=` `:?` `?` `:+` `+`, or `[@]` or `[*]` for all elements
    of an array (`${A[@]+"${A[@]}"}` is `"${A[@]}"` too), or `#` for a beginning that is cut off (`${A#-}`), or
    `other` for the forms that rewrite the value
    (`#`, `%`, `/`, `^`, a length, one element). `operand` is the word
    behind the operator, None where there is none. An `outside` one is replaced before the program is
    started, by the variables of whoever starts it: compose asks the shell in which it runs. `reason` is
    set where something certainly sets it, and says why its value is not known here.
    """

    name: str
    span: Span
    operator: str = ""
    operand: Word | None = None
    quoted: bool = False
    outside: bool = False
    reason: str = ""


class Substitution(Record):
    """`$(…)`, backquotes, `$((…))`, `<(…)`: a value that only running it would tell.

    `reason` is set for what is not known for another reason, `choices` where it is one of several texts, each told with
    its condition. `has_option` says that the word before it is of the same array of a shell: an option, of which the
    value is not known.
    """

    span: Span
    quoted: bool = False
    reason: str = ""
    choices: str = ""
    has_option: bool = False

    @property
    def commands(self) -> Text | None:
        """What a shell runs for `$(…)`; None for the others, and for what is written with backslashes."""
        text = self.span.text
        if text.startswith("$(") and not text.startswith("$((") and text.endswith(")") and '\\"' not in text:
            return Text.verbatim(Span(self.span.source, self.span.start + 2, self.span.end - 1))
        return None


_ESCAPED = regex(r"\\([$`\\])")
_ESCAPED_OR_QUOTE = regex(r"\\([$`\\\"])")
_BARE_QUOTE = regex(r"^(?:[^\\\"]|\\.)*\"", re.DOTALL)

Part = Literal | Expansion | Substitution


class Word(Record, dict=True):
    """One argument: its parts behind one another, and its place with any quotes around it."""

    parts: tuple[Part, ...]
    span: Span

    @classmethod
    def of(cls, text: Text, span: Span | None = None) -> Word:
        """A word that holds just this text: nothing in it is expanded."""
        return cls((Literal(text, quoted=True),), span or text.span)

    @kept
    def literal(self) -> str | None:
        """The word's value when nothing in it has to be expanded, else None."""
        # Kept, as a walk asks a word for it ten times.
        parts = self.parts
        if len(parts) == 1:
            return parts[0].text.value if isinstance(parts[0], Literal) else None
        values = [part.text.value for part in parts if isinstance(part, Literal)]
        return "".join(values) if len(values) == len(parts) else None

    @property
    def content(self) -> Text | None:
        """The value of a literal word with the place of each character, else None."""
        texts = []
        for part in self.parts:
            if not isinstance(part, Literal):
                return None
            texts.append(part.text)
        if not texts:
            return Text("", self.span.source, (self.span.start,))
        return Text.join(texts)

    @property
    def respelled(self) -> Text | None:
        """The value with each expansion as it is written, for another shell to read; None when that would change it.

        `$1`, `$@` and their like mean something else there.
        """
        texts = []
        for part in self.parts:
            if isinstance(part, Expansion) and not part.name.isidentifier():
                return None
            texts.append(part.text if isinstance(part, Literal) else Text.verbatim(part.span))
        return Text.join(texts) if texts else self.content

    @property
    def written(self) -> str:
        """The word as the source spells it, quotes included."""
        return self.span.text

    def __str__(self) -> str:
        value = self.literal
        if value is not None:
            return value
        if any(not isinstance(part, Literal) and part.span.text.startswith(("\\$", "\\`")) for part in self.parts):
            return _unescaped(self.span)
        if not any(isinstance(part, Expansion) and part.span.text.startswith("$(") for part in self.parts):
            return self.span.text
        # A variable of make: a shell reads `$(NAME)` as a command.
        return "".join(_told(part) for part in self.parts)


def _unescaped(span: Span) -> str:
    """A word of a text that a shell handed to another: what the other one is given to expand.

    The first took the backslashes off, in a here-document before `$`, a backquote and a backslash, within quotes
    before a quote too (POSIX, "Shell Command Language", 2.2.3 and 2.7.4).
    """
    written = span.text
    if (len(written) - len(written.rstrip("\\"))) % 2:
        # A range ends behind the backslash of an escape that is its last character.
        written += span.source.text[span.end : span.end + 1]
    pattern = _ESCAPED if _BARE_QUOTE.search(written) else _ESCAPED_OR_QUOTE
    return pattern.sub(r"\1", written)


def _told(part: Part) -> str:
    if isinstance(part, Literal):
        return part.text.value
    if not isinstance(part, Expansion) or part.operator == "other":
        return part.span.text
    if not part.operator:
        return f"${{{part.name}}}"
    return f"${{{part.name}{part.operator}{'' if part.operand is None else part.operand}}}"


class WordParts:
    """The parts of a word as they are found: neighbouring literal text becomes one part."""

    __slots__ = ("_end", "_found", "_has_quotes", "_pieces", "_quoted", "_start", "_text")

    def __init__(self, text: Text) -> None:
        self._text = text
        self._found: list[Part] = []
        # Literal text that may go on: pieces that are settled, then a stretch taken as it is.
        self._pieces: list[Text] = []
        self._start = self._end = 0
        self._quoted = False
        self._has_quotes = False

    def literal(self, start: int, end: int, quoted: bool) -> None:
        """Text that stands for itself."""
        if self._quoted != quoted:
            self._flush()
            self._quoted = quoted
        if self._end != start:
            self._settle()
        if self._start == self._end:
            self._start = start
        self._end = end

    def escape(self, value: str, start: int, end: int) -> None:
        """Text that was written otherwise."""
        if not self._quoted:
            self._flush()
            self._quoted = True
        self._settle()
        self._pieces.append(Text.at(value, self._text.span_of(start, end)))

    def part(self, part: Part) -> None:
        self._flush()
        self._found.append(part)

    def quotes(self) -> None:
        """There are quotes, so that the word exists even when nothing is in them."""
        self._has_quotes = True

    def finish(self, end: int) -> tuple[Part, ...]:
        self._flush()
        if not self._found and self._has_quotes:
            return (Literal(self._text.slice(end, end), quoted=True),)
        return tuple(self._found)

    def _settle(self) -> None:
        if self._start < self._end:
            self._pieces.append(self._text.slice(self._start, self._end))
            self._start = self._end

    def _flush(self) -> None:
        if self._pieces:
            self._settle()
            # Unquoted text may be interrupted by a vanished line end: each piece keeps its exact place.
            pieces = [Text.join(self._pieces)] if self._quoted else self._pieces
            self._found.extend([Literal(piece, self._quoted) for piece in pieces])
            self._pieces = []
        elif self._start < self._end:
            self._found.append(Literal(self._text.slice(self._start, self._end), self._quoted))
            self._start = self._end
