"""What `ssh` starts on its host: the command behind the destination, else what stands on its standard input.

Source: ssh(1), OpenSSH 9: options stand before and behind the destination, a value may be joined to its letter.
"""

from __future__ import annotations

from prodlint.deployment.command import CommandLine, Step, exec_form, shell_form
from prodlint.deployment.value import Unknown
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Span, Text
from prodlint.syntax.word import Word

__all__ = ["Handed", "ssh_command"]

_VALUED = frozenset("BbcDEeFIiJLlmOopPQRSWw")
# A tunnel, a question to the program itself: nothing is started.
_STARTS_NOTHING = frozenset("NWOQVGs")
_READS_NOTHING = frozenset("nf")
# `$SSH_OPTS` holds options: the destination comes behind it.
_OPTIONS = regex(r"(?i)[\"']?\$\{?\w*(opt|arg|flag)\w*(\[@\])?\}?[\"']?")


class Handed(Record):
    """A command for another machine, and what it finds on its standard input."""

    command: CommandLine
    fed: Text | Unknown | None = None


def ssh_command(step: Step) -> Handed | Unknown | None:
    """What an `ssh` starts: None for a tunnel or an open session, Unknown where what it is fed is not known."""
    command, flags = _behind_destination(step.argv[1:])
    if command is None or not flags.isdisjoint(_STARTS_NOTHING):
        return None
    fed = step.fed if flags.isdisjoint(_READS_NOTHING) else None
    if not command:
        return Handed(shell_form(fed)) if isinstance(fed, Text) else fed
    content = command[0].respelled
    if len(command) == 1 and content is not None:
        return Handed(shell_form(content), fed)
    return Handed(exec_form(command, Span(step.span.source, command[0].span.start, command[-1].span.end)), fed)


def _behind_destination(words: tuple[Word, ...]) -> tuple[tuple[Word, ...] | None, set[str]]:
    """The words of the command, None without a destination, and the letters of the options."""
    flags: set[str] = set()
    has_destination = False
    index = 0
    while index < len(words):
        value = words[index].literal
        if value == "--":
            index += 1 if has_destination else 2
            return (words[index:] if index <= len(words) else None), flags
        if value is not None and value.startswith("-") and len(value) > 1:
            index += 1 + _takes_next(value, flags)
        elif not has_destination and not (value is None and _OPTIONS.fullmatch(words[index].written)):
            has_destination = True
            index += 1
        elif has_destination:
            return words[index:], flags
        else:
            index += 1
    return ((), flags) if has_destination else (None, flags)


def _takes_next(option: str, flags: set[str]) -> bool:
    """Whether the value of a cluster of options is the next word; its letters are noted."""
    for place, letter in enumerate(option[1:], 2):
        flags.add(letter)
        if letter in _VALUED:
            return place == len(option)
    return False
