"""How servers and tools spell their options: grammars as text, and the words of a command read by them.

One line of a grammar is one option: `OWN[=NAME] SPELLING… KIND [DEFAULT]`. OWN is the tool's own
name for it (the key of its configuration file, the end of its environment variable), NAME the
model's where it differs.
"""

from __future__ import annotations

from functools import cache

from prodlint.record import Record, compared_without, field
from prodlint.regex import regex
from prodlint.source import Span
from prodlint.syntax.word import Expansion, Literal, Word

__all__ = ["Given", "Grammar", "Option", "Parsed", "Style", "grammar", "head", "parse", "tail"]

# Kinds that take no value. Of the others, "optional" may take one, "attached" only behind an equals sign,
# "many" takes all that follow and "pair" two.
_BARE = frozenset({"flag", "off", "switch", "count"})


class Style(Record):
    """How a parser reads options.

    `prefixes`: a long option may be cut short while it stays unique. `mixed`: options may stand
    behind positional words. `dashes`: a value may begin with a dash.
    """

    prefixes: bool = True
    mixed: bool = True
    dashes: bool = True


ARGPARSE = Style(dashes=False)
CLICK = Style(prefixes=False)
GETOPT = Style(mixed=False)
OPTPARSE = Style()
_STYLES = {
    "argparse": ARGPARSE,
    "click": CLICK,
    "getopt": GETOPT,
    "optparse": OPTPARSE,
    "group": Style(prefixes=False, mixed=False),
}


class Option(Record):
    """One option: its spellings, those that switch it off, what its value is, what holds without it."""

    own: str
    name: str
    spellings: tuple[str, ...]
    off: tuple[str, ...]
    kind: str
    constant: str | None = None
    default: str | None = None

    @property
    def spelling(self) -> str:
        """The spelling that says most: the first long one, its own name where it has none."""
        return next((one for one in self.spellings if one.startswith("--")), (*self.spellings, self.own)[0])


@compared_without("by_spelling")
class Grammar(Record):
    """The options of one program. `open`: it has others, which all take a value."""

    style: Style
    options: tuple[Option, ...]
    open: bool = False
    by_spelling: dict[str, Option] = field(default_factory=dict)

    def named(self, name: str) -> Option | None:
        """The option by the model's name for it."""
        return next((option for option in self.options if option.name == name), None)

    def spelt(self, spelling: str) -> Option | None:
        """The option that a word on the command line means, None when it is not (clearly) one of these."""
        exact = self.by_spelling.get(spelling)
        if exact is not None or not self.style.prefixes or not spelling.startswith("--") or len(spelling) < 3:
            return exact
        found = [option for name, option in self.by_spelling.items() if name.startswith(spelling)]
        return found[0] if len(found) == 1 else None

    def meant(self, spelling: str) -> str:
        """A spelling in full."""
        if spelling in self.by_spelling or not self.style.prefixes:
            return spelling
        return next((name for name in self.by_spelling if name.startswith(spelling)), spelling)


class Given(Record):
    """An option as a command gives it: its value, None for a flag; `written` is the spelling in full."""

    option: Option | None
    written: str
    value: Word | None
    span: Span


class Parsed(Record):
    """The words of a command, sorted.

    `complete` is False when a word is not in the grammar. `loose` holds words such as `$OPTIONS`
    that may expand to any number of others.
    """

    given: tuple[Given, ...]
    positional: tuple[Word, ...]
    complete: bool = True
    loose: tuple[Word, ...] = ()


@cache
def grammar(table: str, style: str) -> Grammar:
    """The grammar that a table describes, read in one of the styles argparse, click, getopt, optparse, group."""
    options = [_option(line) for line in table.splitlines() if line.strip()]
    is_open = any(option.own == "*" for option in options)
    options = [option for option in options if option.own != "*"]
    by_spelling = {name: option for option in options for name in (*option.spellings, *option.off)}
    return Grammar(_STYLES[style], tuple(options), is_open, by_spelling)


def _option(line: str) -> Option:
    first, *rest = line.split()
    own, _, name = first.partition("=")
    spellings: list[str] = []
    off: list[str] = []
    while rest and rest[0].startswith("-"):
        on, _, negative = rest.pop(0).partition("/")
        spellings.append(on)
        off.extend([negative] if negative else [])
    kind, _, constant = (rest.pop(0) if rest else "text").partition(":")
    default = " ".join(rest) if rest else None
    return Option(own, name or own, tuple(spellings), tuple(off), kind, constant or None, default)


_NUMBER = regex(r"-\d+|-\d*\.\d+")


def head(word: Word) -> str:
    """The text of a word up to its first expansion."""
    pieces = []
    for part in word.parts:
        if not isinstance(part, Literal):
            break
        pieces.append(part.text.value)
    return "".join(pieces)


def tail(word: Word, count: int) -> Word:
    """A word without its first characters, which must be literal."""
    parts = list(word.parts)
    while count and parts:
        first = parts[0]
        if not isinstance(first, Literal):
            break
        length = len(first.text.value)
        if length > count:
            parts[0] = Literal(first.text.slice(count), first.quoted)
            break
        count -= length
        parts.pop(0)
    end = Span(word.span.source, word.span.end, word.span.end)
    if not parts:
        return Word((), end)
    spans = [part.text.span if isinstance(part, Literal) else part.span for part in (parts[0], parts[-1])]
    return Word(tuple(parts), spans[0].to(spans[1]))


def is_loose(word: Word) -> bool:
    """Whether a word may expand to any number of words: an unquoted `$OPTIONS`, `"$@"`."""
    part = word.parts[0] if len(word.parts) == 1 else None
    if part is None or isinstance(part, Literal):
        return False
    if isinstance(part, Expansion) and part.operator in (":-", "-") and part.operand is not None:
        # `${APP:-shop:app}` is meant to be one word.
        default = part.operand.literal
        if default and not default.startswith("-") and not any(character.isspace() for character in default):
            return False
    return not part.quoted or (isinstance(part, Expansion) and part.name in ("@", "*"))


def parse(known: Grammar, words: tuple[Word, ...]) -> Parsed:
    """The options and positional words of a command, without its program."""
    return _Parse(known, words).parse()


class _Parse:
    """One reading of a command's words."""

    def __init__(self, known: Grammar, words: tuple[Word, ...]) -> None:
        self.grammar = known
        self.words = words
        self.index = 0
        self.given: list[Given] = []
        self.positional: list[Word] = []
        self.loose: list[Word] = []
        # Words behind an unknown option: its values, unless nothing else is left to be the target.
        self.doubtful: list[Word] = []
        self.complete = True

    def parse(self) -> Parsed:
        while self.index < len(self.words):
            word = self.words[self.index]
            self.index += 1
            shown = head(word)
            if is_loose(word):
                self.loose.append(word)
            elif shown == "--" and word.literal is not None:
                self.positional.extend(self.words[self.index :])
                break
            elif not shown.startswith("-") or word.literal == "-":
                if not self.grammar.style.mixed:
                    self.positional.extend(self.words[self.index - 1 :])
                    break
                self.positional.append(word)
            elif shown.startswith("--"):
                self._long(word, shown)
            elif shown in self.grammar.by_spelling and word.literal == shown:
                self._take(self.grammar.by_spelling[shown], shown, None, word)
            else:
                self._cluster(word, shown)
        if not self.positional:
            self.positional, self.doubtful = self.doubtful, []
        return Parsed(tuple(self.given), tuple(self.positional), self.complete, tuple(self.loose))

    def _long(self, word: Word, shown: str) -> None:
        name, equals, _ = shown.partition("=")
        option = self.grammar.spelt(name)
        value = tail(word, len(name) + 1) if equals else None
        if option is None:
            self._unknown(name, value, word)
        else:
            self._take(option, self.grammar.meant(name), value, word)

    def _cluster(self, word: Word, shown: str) -> None:
        """`-w4`, `-DR`, `-w=4`: short options, the last of which may have its value attached."""
        at = 1
        while at < len(shown):
            option = self.grammar.by_spelling.get(f"-{shown[at]}")
            behind = at + 1 < len(shown) or len(word.parts) > 1 or word.literal is None
            if option is None:
                self._unknown(shown if at == 1 else f"-{shown[at]}", None, word)
                return
            if option.kind in _BARE:
                self._take(option, f"-{shown[at]}", None, word)
                at += 1
                continue
            skipped = at + 1
            if not self.grammar.style.dashes and shown.startswith("=", skipped):
                skipped += 1
            self._take(option, f"-{shown[at]}", tail(word, skipped) if behind else None, word)
            return

    def _take(self, option: Option, written: str, value: Word | None, word: Word) -> None:
        if option.kind in _BARE:
            self.complete = self.complete and value is None
            self.given.append(Given(option, written, None, word.span))
        elif option.kind == "many":
            while value is None and self.index < len(self.words) and not head(self.words[self.index]).startswith("-"):
                self.given.append(Given(option, written, self.words[self.index], word.span))
                self.index += 1
        elif value is not None or option.kind == "attached":
            self.given.append(Given(option, written, value, word.span))
        elif self.index < len(self.words) and self._is_value(self.words[self.index], option):
            following = self.words[self.index]
            self.index += 2 if option.kind == "pair" else 1
            self.given.append(Given(option, written, following, word.span.to(following.span)))
        elif option.kind == "optional":
            self.given.append(Given(option, written, None, word.span))
        else:
            self.complete = False

    def _is_value(self, word: Word, option: Option) -> bool:
        shown = head(word)
        if option.kind == "optional" and option.constant is not None:
            # Older versions take no value here: only what is one of its words counts as one.
            return word.literal in option.constant.split("|")
        if self.grammar.style.dashes or not shown.startswith("-") or word.literal == "-":
            return True
        return " " in shown or _NUMBER.fullmatch(shown) is not None

    def _unknown(self, name: str, value: Word | None, word: Word) -> None:
        if self.grammar.open and value is None and self.index < len(self.words):
            value = self.words[self.index]
            self.index += 1
        elif not self.grammar.open:
            self.complete = False
        following = self.words[self.index] if self.index < len(self.words) else None
        if value is None and following is not None and not head(following).startswith("-") and not is_loose(following):
            value = following
            self.doubtful.append(following)
            self.index += 1
        self.given.append(Given(None, name, value, word.span))
