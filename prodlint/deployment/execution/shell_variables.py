"""The variables of a shell while it runs: what its script sets, over what it finds.

A name that nothing sets is empty for sure only while all that the script did is understood: after a
file that cannot be read was sourced, or a computed name exported, it may hold anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from prodlint.deployment.command import Link, Step
from prodlint.deployment.condition import NOWHERE, Lookup, from_outside, settle, word_value
from prodlint.deployment.execution.condition_words import by_default, in_words
from prodlint.deployment.execution.place import Place
from prodlint.deployment.execution.printed import Reader, may_be_printed, with_printed
from prodlint.deployment.execution.shell_walk import (
    NOTHING,
    Composed,
    Flow,
    Held,
    Items,
    Shell,
    argument,
    command_span,
    exportable,
    fields,
    flattened,
    goes_to,
    is_several,
    set_arguments,
    with_arguments,
)
from prodlint.deployment.filemap import absolute
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import EnvDriven, Known, Unknown, Value
from prodlint.regex import regex
from prodlint.source import Source, Span, Text
from prodlint.syntax.shell import Assignment, Command, split_words
from prodlint.syntax.word import Expansion, Substitution, Word

__all__ = ["DECLARES", "ShellVariables", "interpolations"]

DECLARES = frozenset(("export", "declare", "typeset", "readonly", "local"))
_MOST_LEFT = 20
_DEFAULTS = (":=", "=", ":-", "-")
_NAME = regex(r"[A-Za-z_][A-Za-z0-9_]*")


# What begins with the output of a program is not known to begin with any command.
_EVALUATES = regex(r"\beval\s+(?![\"']?(?:\$\(|`))")


class ShellVariables:
    """The variables of one walk; `opened` is the first place after which anything may be set."""

    def __init__(self, place: Place, repository: Repository) -> None:
        self.place = place
        self.repository = repository
        self.opened: Link | None = None
        self.evaluating: dict[Source, bool] = {}

    def open(self, span: Span, note: str) -> None:
        """From here on a variable that nothing sets may be set all the same."""
        self.opened = self.opened or Link(span, note)

    def lookup(self, shell: Shell, name: str) -> Value[str] | None:
        """A variable as the shell sees it."""
        if name in shell.variables:
            held = shell.variables[name]
            if isinstance(held, Composed):
                return held.value
            if isinstance(held, Items):
                # `$A` of an array is its first element.
                return word_value(held.words[0], self.outer_of(shell)) if held.words else None
            return word_value(held, self.outer_of(shell)) if isinstance(held, Word) else held
        if name.isdigit() and name != "0":
            given = argument(int(name), shell)
            return None if given is None else word_value(given, self.of(shell))
        if name == "#":
            if any(is_several(word) for word in shell.arguments):
                return Unknown("the arguments are not known")
            return Known(str(len(shell.arguments)), _nowhere(shell))
        if name in ("@", "*"):
            values = [settle(word, self.of(shell)) for word in shell.arguments]
            if None in values:
                return Unknown("the arguments are not known")
            return Known(" ".join(value or "" for value in values), _nowhere(shell))
        if name in shell.exported:
            word = shell.exported[name]
            return Unknown("it is computed when it runs") if word is None else word_value(word, self.outer_of(shell))
        return self.outer_of(shell)(name)

    def of(self, shell: Shell) -> Lookup:
        """The look-up of one shell."""
        return lambda name: self.lookup(shell, name)

    def settled(self, word: Word, shell: Shell) -> str | None:
        """What a word comes to, or would by its default; None where that is not known."""
        value = word_value(word, self.of(shell))
        if isinstance(value, Known):
            return value.value
        return value.default if isinstance(value, EnvDriven) else None

    def printed(self, word: Word, shell: Shell) -> Word:
        """A word with what `$(dirname "$0")` and its like print in it."""
        if not may_be_printed(word):
            return word
        return with_printed(word, Reader(shell, self.of(shell), self.place, self.repository))

    def flattened(self, words: tuple[Word, ...], shell: Shell) -> tuple[Word, ...]:
        """Words with their variables replaced by what these hold."""
        lookup = self.of(shell)
        return tuple(flat for word in words for flat in flattened(word, lookup))

    def directory_of(self, words: tuple[Word, ...], shell: Shell) -> str | None:
        """The working directory of a program: that of its shell, or where it goes by itself."""
        goes = goes_to(words)
        if goes is None:
            return shell.directory
        written = self.settled(goes, shell)
        return None if written is None else absolute(written, shell.directory)

    def move(self, words: tuple[Word, ...], shell: Shell) -> Flow:
        """`cd`, `pushd` and `popd`: the directory of a shell, and those to which it goes back."""
        name, named = words[0].literal, words[1:]
        if name == "cd":
            shell.directory = self.moved(words, shell)
        elif named and named[0].literal == "-n":
            # It stays where it is: only whereto it goes back is another.
            shell.left = ()
        elif name == "pushd" and len(named) == 1 and not (named[0].literal or "").startswith(("+", "-")):
            shell.left, shell.directory = (shell.directory, *shell.left[:_MOST_LEFT]), self.moved(words, shell)
        elif name == "popd" and len(words) == 1 and shell.left:
            shell.directory, shell.left = shell.left[0], shell.left[1:]
        else:
            shell.directory, shell.left = None, ()
        return NOTHING

    def moved(self, words: tuple[Word, ...], shell: Shell) -> str | None:
        """The directory behind `cd WORDS`."""
        rest = list(words[1:])
        is_physical = False
        while rest and rest[0].literal in ("-L", "-P", "-e", "-Pe", "--"):
            is_physical = is_physical or "P" in (rest[0].literal or "")
            if rest.pop(0).literal == "--":
                break
        written = self.settled(rest[0], shell) if rest else None
        # A home is that of a user, whom nothing here tells.
        if not written or written.startswith("-") or rest[0].written.startswith("~"):
            return None
        if is_physical:
            return self.place.real(written, shell.directory, self.repository)
        return self.place.moved(written, shell.directory)

    def step(self, words: tuple[Word, ...], shell: Shell, span: Span, replaces: bool) -> Step:
        """A program that a shell starts, with what it finds."""
        return Step(
            argv=self.flattened(words, shell),
            span=command_span(words, span),
            directory=self.directory_of(words, shell),
            environment=dict(shell.exported),
            conditional=shell.conditional,
            when=in_words(shell.when),
            unset=by_default(shell.when),
            background=shell.background,
            replaces_shell=replaces,
            guarded=shell.errexit,
            layers=shell.layers,
            chain=shell.chain,
            opened=self.opened,
            ancestors=shell.starting,
            fed=shell.fed,
            piece=shell.piece,
        )

    def expanded(self, words: tuple[Word, ...], shell: Shell) -> tuple[Word, ...] | None:
        """A command that begins with `$VARIABLE`, split as a shell does it: at blanks alone, a quote is text."""
        text = self.settled(words[0], shell)
        if not text:
            return None
        parts = fields(Text.at(text, words[0].span))
        return (*parts, *words[1:]) if parts else None

    def outer_of(self, shell: Shell) -> Lookup:
        """The look-up of what the first shell finds, where a script has come to: conditions on its way tell values."""
        told = {one.name: one.value for one in shell.when or () if one.value is not None}
        return lambda name: Known(told[name], _nowhere(shell)) if name in told else self.outer(name)

    def outer(self, name: str) -> Value[str] | None:
        """A variable as the first shell finds it."""
        value = self.place.variable(name)
        if value is None and (self.opened is not None or not _NAME.fullmatch(name)):
            return from_outside(name)
        return value

    def listed(self, items: tuple[Word, ...], shell: Shell) -> Value[str] | Items:
        """What an array holds, worked out when it is assigned."""
        self.note(items, shell)
        return Items(self.flattened(with_arguments(items, shell), shell))

    def assigned(self, value: Word | None, shell: Shell) -> Word | Value[str] | Composed:
        """What an assignment holds, worked out when it is made: `A=${A:-x}` reads the older A."""
        if value is None:
            return Unknown("it is a list")
        self.note((value,), shell)
        value = self.printed(value, shell)
        known = word_value(value, self.of(shell))
        if self._is_evaluating(value.span.source):
            from prodlint.deployment.execution.evaluated import composed

            return composed(value, known, shell, self.of(shell))
        if isinstance(known, Known):
            return Word.of(Text.at(known.value, value.span), value.span)
        return known

    def _is_evaluating(self, source: Source) -> bool:
        """Whether the script that gives a variable its value may evaluate it later."""
        if source not in self.evaluating:
            self.evaluating[source] = "eval" in source.text and _EVALUATES.search(source.text) is not None
        return self.evaluating[source]

    def for_program(self, value: Word | None, shell: Shell) -> Word | None:
        """What a program finds in a variable that the command in front of it sets; None when that is computed."""
        found = exportable(self.assigned(value, shell))
        own = value is not None and any(name in shell.variables for name in _names(value))
        return value if found is None and not own else found

    def before(self, assignments: Iterable[Assignment], shell: Shell) -> dict[str, Word | None]:
        """What a program finds exported that has assignments in front of it."""
        given = {one.name: self.for_program(one.value, shell) for one in assignments}
        return {**shell.exported, **given}

    def set(self, name: str, value: Held, shell: Shell, exported: bool) -> None:
        """An assignment that holds from now on."""
        shell.variables[name] = value
        # What stands in the environment is exported already.
        marked = exported or shell.exports or name in shell.marked
        if marked or name in shell.exported or name in self.place.environment:
            # After `unset` nobody knows whether it is exported still.
            lost = not marked and name in shell.exported and shell.exported[name] is None
            shell.exported[name] = None if lost else exportable(value)

    def declare(self, node: Command, shell: Shell) -> None:
        """`A=b`, `export A`, `local A=b`."""
        name = node.name
        for assignment in node.assignments:
            value: Held
            held = shell.variables.get(assignment.name)
            if assignment.items is not None and "[" not in assignment.name:
                value = self.listed(assignment.items, shell)
            else:
                value = self.assigned(assignment.value, shell)
                if not node.words and isinstance(held, Items):
                    # `A=b` of an array sets its first element.
                    is_one = not held.words or held.words[0].literal is not None
                    first = value if isinstance(value, Word) and is_one else None
                    value = Unknown("it is a list") if first is None else Items((first, *held.words[1:]))
            self.set(assignment.name.partition("[")[0], value, shell, name == "export" or assignment.exported)
        for word in node.words[1:]:
            written = word.literal
            if written is None and not any(one.span.start == word.span.start for one in node.assignments):
                self.open(word.span, "exports variables whose names are computed")
            elif name == "export" and written is not None and _NAME.fullmatch(written):
                shell.marked |= {written}
                if written in shell.variables:
                    shell.exported[written] = exportable(shell.variables[written])

    def switch(self, words: tuple[Word, ...], shell: Shell) -> None:
        """`set -ea`, `set -- ARGUMENTS`."""
        given = set_arguments(words)
        flags = [word.literal or "" for word in words[: len(words) - len(given or ())]]
        on = any((f.startswith("-") and not f.startswith("--") and "e" in f) or f == "errexit" for f in flags)
        shell.errexit = (shell.errexit or on) and "+e" not in flags
        exports = any(re.fullmatch(r"-[a-z]*a[a-z]*|allexport", flag) for flag in flags)
        shell.exports = (shell.exports or exports) and not any(flag in ("+a", "+o") for flag in flags)
        if given is not None:
            shell.arguments = self.flattened(given, shell)

    def takes_arguments(self, words: tuple[Word, ...], shell: Shell) -> bool:
        """Whether `eval` is given `set -- "$ARGS"`, what getopt put in order: any number of arguments."""
        content = words[0].content if len(words) == 1 else None
        told = _SETS.fullmatch(content.value) if content is not None else None
        if content is not None and told is not None:
            # The quotes gave it one word.
            shell.arguments = split_words(content.slice(told.start("words"), told.end("words")))
            return True
        if words[0].literal != "set" and not _SETS_OPEN.match(words[0].written):
            return False
        shell.arguments = (Word((Substitution(words[-1].span, reason="it is computed"),), words[-1].span),)
        return True

    def note(self, words: Iterable[Word], shell: Shell) -> None:
        """What the words of a command set by themselves: `: "${PORT:=8000}"`."""
        for word in words:
            for part in word.parts:
                if isinstance(part, Expansion) and part.operator in _DEFAULTS and not part.outside:
                    self._default(part, word, shell)

    def _default(self, part: Expansion, word: Word, shell: Shell) -> None:
        held = self.lookup(shell, part.name)
        if isinstance(held, Known) and (held.value or not part.operator.startswith(":")):
            return
        operand = () if part.operand is None else (part.operand,)
        is_read = held is None or isinstance(held, Known)
        if is_read:
            self.note(operand, shell)
        if part.operator.endswith("="):
            value = word_value(Word((part,), word.span), self.of(shell))
            known = Word.of(Text.at(value.value, part.span), part.span) if isinstance(value, Known) else value
            self.set(part.name, known, shell, False)
        if not is_read:
            self._perhaps(operand, part, shell)

    def _perhaps(self, operand: tuple[Word, ...], around: Expansion, shell: Shell) -> None:
        """What a default sets by itself that is only read where another variable is not set."""
        for word in operand:
            for part in word.parts:
                if isinstance(part, Expansion) and part.operator in _DEFAULTS and not part.outside:
                    held = self.lookup(shell, part.name)
                    if part.operator.endswith("=") and not (isinstance(held, Known) and held.value):
                        reason = f"it is set only where {around.name} is not"
                        self.set(part.name, Unknown(reason, part.span), shell, False)
                    self._perhaps(() if part.operand is None else (part.operand,), around, shell)

    def fill(self, words: tuple[Word, ...], shell: Shell) -> None:
        """`read`, `getopts` and their like give their variables what nobody knows; `unset` takes it."""
        name = words[0].literal
        if name == "unset":
            for word in words[1:]:
                taken = (word.literal or "").partition("[")[0]
                if _NAME.fullmatch(taken):
                    self.set(taken, Unknown("it is taken away", word.span), shell, False)
                    shell.exported[taken] = None
                    shell.marked -= {taken}
            return
        if name == "printf" and not any(word.literal == "-v" for word in words):
            return
        shell.variables["REPLY"] = Unknown("it is read when it runs", words[0].span)
        for word in words[1:]:
            if word.literal is None:
                self.open(word.span, f"sets variables by {name}")
            for found in _NAME.findall(word.literal or ""):
                self.set(found, Unknown("it is read when it runs", word.span), shell, False)


# `eval "set -- …"`, in one word, without and with what the shell fills in.
_SETS = regex(r"\s*set\s+--\s+(?P<words>[\w./:=@,+ -]+)")
_SETS_OPEN = regex(r"[\"']?\s*set\s+--\s[^;&|]*$")


def interpolations(script: Word) -> dict[str, Value[str]]:
    """The variables of a string that are replaced before a shell reads it, by their names."""
    found: dict[str, Value[str]] = {}
    for part in script.parts:
        if isinstance(part, Expansion) and part.outside:
            value = word_value(Word((part,), script.span), from_outside)
            held = value if isinstance(value, EnvDriven) else from_outside(part.name)
            found[part.name] = held if found.get(part.name, held) == held else from_outside(part.name)
    return found


def _names(word: Word) -> Iterable[str]:
    for part in word.parts:
        if isinstance(part, Expansion):
            yield part.name
            yield from _names(part.operand) if part.operand is not None else ()


def _nowhere(shell: Shell) -> Span:
    return shell.chain[-1].span if shell.chain else NOWHERE
