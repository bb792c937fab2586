"""The arguments of package installers: options with their values, and what stands beside them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from prodlint.deployment.value import Known, Value
from prodlint.record import Record, field
from prodlint.source import Text
from prodlint.syntax.word import Literal, Word

__all__ = ["Arguments", "Grammar", "Settings", "grammar", "leading_text", "read_arguments"]

_FALSE = frozenset(("", "0", "false", "no", "off", "f", "n"))


class Grammar(Record):
    """Which options of a command take a value, each spelling mapped to the one that is asked for."""

    values: Mapping[str, str]
    flags: Mapping[str, str] = field(default_factory=dict)


def grammar(values: str, flags: str = "") -> Grammar:
    """A grammar from words such as `-r=--requirement --group`: a short spelling and its long one."""
    return Grammar(_spellings(values), _spellings(flags))


def _spellings(words: str) -> dict[str, str]:
    found = {}
    for word in words.split():
        *short, long = word.split("=")
        found.update(dict.fromkeys([*short, long], long))
    return found


class Arguments(Record):
    """A command line taken apart: options by their long spelling, the rest in order."""

    options: tuple[tuple[str, Word | None], ...]
    positional: tuple[Word, ...]

    def has(self, *names: str) -> bool:
        """Whether one of the options is given."""
        return any(option in names for option, _ in self.options)

    def without(self, *names: str) -> Arguments:
        """The same command line without some options."""
        return Arguments(tuple(entry for entry in self.options if entry[0] not in names), self.positional)

    def values(self, *names: str) -> tuple[Word, ...]:
        """The values of the options, in order."""
        return tuple(value for option, value in self.options if option in names and value is not None)

    def value(self, *names: str) -> Word | None:
        """The value that counts: the last one."""
        found = self.values(*names)
        return found[-1] if found else None


def leading_text(word: Word) -> str:
    """The part of a word in front of its first expansion; all of a literal one."""
    found = []
    for part in word.parts:
        if not isinstance(part, Literal):
            break
        found.append(part.text.value)
    return "".join(found)


def _behind(word: Word, length: int) -> Word:
    """A word without its first characters, which are literal ones."""
    parts = list(word.parts)
    while parts and isinstance(parts[0], Literal):
        first = parts[0]
        if length < len(first.text.value):
            rest = first.text.slice(length)
            return Word((Literal(rest, first.quoted), *parts[1:]), word.span)
        length -= len(first.text.value)
        parts.pop(0)
        if not length:
            break
    if not parts:
        parts.append(Literal(Text("", word.span.source, (word.span.end,)), quoted=True))
    return Word(tuple(parts), word.span)


def read_arguments(words: Sequence[Word], rules: Grammar, only_leading: bool = False) -> Arguments:
    """Options and the rest. `only_leading` stops at the first word that is no option, and takes it all.

    An option that the grammar does not name is a flag.
    """
    options: list[tuple[str, Word | None]] = []
    positional: list[Word] = []
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        text = leading_text(word)
        if text == "--" and word.literal is not None:
            positional.extend(words[at:])
            break
        if text.startswith("--"):
            name, equals, _ = text.partition("=")
            if equals:
                options.append((rules.values.get(name, name), _behind(word, len(name) + 1)))
            elif name in rules.values:
                options.append((rules.values[name], words[at] if at < len(words) else None))
                at += 1
            else:
                options.append((rules.flags.get(name, name), None))
        elif text.startswith("-") and len(text) > 1:
            taken = _short_options(word, text, rules, options)
            if taken and at < len(words):
                name, _ = options[-1]
                options[-1] = (name, words[at])
                at += 1
        else:
            positional.append(word)
            if only_leading:
                positional.extend(words[at:])
                break
    return Arguments(tuple(options), tuple(positional))


def _short_options(word: Word, text: str, rules: Grammar, options: list[tuple[str, Word | None]]) -> bool:
    """Adds the options of a word such as `-qr` or `-rfile`; whether the last one wants the next word."""
    for index in range(1, len(text)):
        short = f"-{text[index]}"
        if short not in rules.values:
            options.append((rules.flags.get(short, short), None))
            continue
        value = _behind(word, index + 1)
        written = value.literal
        if written == "":
            options.append((rules.values[short], None))
            return True
        options.append((rules.values[short], _behind(value, 1) if leading_text(value)[:1] == "=" else value))
        return False
    return False


class Settings(Record):
    """The environment variables that an installer reads: those of its step win over those of its process."""

    step: Mapping[str, Word | None]
    process: Mapping[str, Value[str]]

    def get(self, name: str) -> str | None:
        """The value where it is known, else None (see `is_open`)."""
        if name in self.step:
            word = self.step[name]
            return None if word is None else word.literal
        value = self.process.get(name)
        return value.value if isinstance(value, Known) else None

    def is_on(self, name: str) -> bool:
        """Whether a switch is known to be on."""
        value = self.get(name)
        return value is not None and value.strip().lower() not in _FALSE

    def is_open(self, *names: str) -> bool:
        """Whether one of the variables is set to something that is not known."""
        return any(self._is_open(name) for name in names)

    def _is_open(self, name: str) -> bool:
        if name in self.step:
            return self.get(name) is None
        value = self.process.get(name)
        return value is not None and not isinstance(value, Known)

    def words(self, name: str) -> tuple[str, ...]:
        """The value split at blanks and commas, as pip splits its list options."""
        return tuple(filter(None, re.split(r"[\s,]+", self.get(name) or "")))
