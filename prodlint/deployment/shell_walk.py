"""What a walk through a shell script carries along: the flow of control, and the state of each shell."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass, field

from prodlint.deployment.command import Link, Step
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, Value
from prodlint.source import Span
from prodlint.syntax.shell import AndOr, Command, Node, Pipeline
from prodlint.syntax.word import Literal, Word

__all__ = ["Flow", "Shell", "closed", "command_span", "is_test", "matches", "script_argument", "split_assignment"]


@dataclass(slots=True)
class Flow:
    """What a stretch of shell leaves behind: steps that may be the last one, and whether it ends here."""

    last: tuple[Step, ...] = ()
    replaced: tuple[Step, ...] = ()
    ended: bool = False


@dataclass(slots=True)
class Shell:
    """One running shell: its variables, arguments, functions and directory."""

    directory: str | None
    variables: dict[str, Word | Value[str]]
    exported: dict[str, Word | None]
    arguments: tuple[Word, ...]
    chain: tuple[Link, ...]
    name: Word | None = None
    functions: dict[str, Node] = field(default_factory=dict)
    conditional: bool = False
    background: bool = False
    errexit: bool = False
    layers: tuple[str, ...] = ()
    depth: int = 0


def closed(flow: Flow) -> Flow:
    """What a child shell leaves to its parent: an `exec` or `exit` in it ends the child alone."""
    return Flow((*flow.replaced, *flow.last))


def is_test(node: Node) -> bool:
    if isinstance(node, Pipeline) and len(node.commands) == 1:
        return is_test(node.commands[0])
    if isinstance(node, Command) and node.words:
        return node.words[0].literal in ("[", "test", "command", "which", "type", "grep", "id")
    return not isinstance(node, Command | AndOr)


def matches(value: str, pattern: str | None) -> Answer:
    if pattern is None:
        return UNKNOWN
    if not re.search(r"[*?\[]", pattern):
        return YES if value == pattern else NO
    return YES if fnmatch.fnmatchcase(value, pattern) else NO


def script_argument(words: tuple[Word, ...]) -> tuple[Word, ...] | None:
    """`sh -e FILE args…`: the words from the file on."""
    index = 1
    while index < len(words):
        value = words[index].literal
        if value is None or not value.startswith(("-", "+")):
            return words[index:]
        index += 2 if value.endswith("o") and not value.startswith("--") else 1
    return None


def split_assignment(word: Word) -> tuple[str, Word]:
    """`NAME=value` as `env` takes it."""
    first = word.parts[0]
    assert isinstance(first, Literal)
    name, _, _ = first.text.value.partition("=")
    rest = first.text.slice(len(name) + 1) if len(first.text.value) > len(name) else first.text
    return name, Word((Literal(rest, True), *word.parts[1:]), word.span)


def command_span(words: tuple[Word, ...], whole: Span) -> Span:
    """The command; where all its words were handed over from another file (`exec "$@"`), their place there."""
    if len({word.span.source for word in words}) != 1 or words[0].span.source is whole.source:
        return whole
    return words[0].span.to(words[-1].span)
