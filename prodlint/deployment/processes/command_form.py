"""Commands whose form does not do what they were written for: lists that are no JSON, operators and variables
that nobody reads.

Who splits and who expands in which form: the catalogue's serving page, 2.1 (measured there, and in
tests/rules/test_real_signals.py).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from prodlint.deployment.command import CommandLine, Form, Step
from prodlint.deployment.process import Platform
from prodlint.deployment.service import Service
from prodlint.deployment.value import YES
from prodlint.finding import Edit, Fix, Safety
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Span, Text
from prodlint.syntax.word import Literal, Word

__all__ = ["LostOperator", "Unexpanded", "as_json", "broken_list", "lost_operator", "unexpanded", "with_reference"]

# A quote or a word right behind the bracket: `[ -f x ] && …` is a test.
_LIST = regex(r"(?s)\[(?:\s*['\"‘’“”]|\w).*\]\s*(?:#[^\n]*)?")
_OPERATORS = frozenset("&& || ; | & > >> < 2>".split())
_ENDS_A_COMMAND = regex(r"(?s)(&&|\|\||[;|&])\s*(?=[^\s;|&<>])")
_SHELLS = frozenset("sh bash ash dash zsh ksh eval".split())
_VARIABLE = regex(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)[^{}]*\}|\(([A-Za-z_]\w*)\))")
# Options whose value no server makes anything of while it holds a dollar sign.
_READ_AS_WRITTEN = frozenset("bind host port workers threads timeout".split())
_LONGEST_LIST = 5_000


class LostOperator(Record):
    """An operator of a shell that no shell reads: its place, what is started, and what was meant to come behind.

    `is_passed_on` where the program gets it as an argument; whoever split the command dropped it otherwise.
    """

    operator: str
    span: Span
    rest: str
    is_passed_on: bool


class Unexpanded(Record):
    """A variable that a server gets as text: `written` is the reference, `name` the variable."""

    name: str
    written: str
    span: Span


def broken_list(service: Service) -> CommandLine | None:
    """A CMD or ENTRYPOINT of the image that is a list to whoever wrote it, and text for a shell to Docker."""
    image = service.image
    for line in service.start_lines:
        mine = image is not None and (line is image.command or line is image.entrypoint)
        if mine and line.form is Form.SHELL and line.text is not None and _LIST.fullmatch(line.text.value.strip()):
            return line
    return None


def as_json(line: CommandLine) -> Fix | None:
    """The list as JSON; None where it is no list of Python's either."""
    text = line.text
    if text is None or len(text.value) > _LONGEST_LIST:
        return None
    try:
        held = ast.literal_eval(text.value)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return None
    if not isinstance(held, list) or not held or not all(isinstance(one, str) for one in held):
        return None
    import json

    written = json.dumps(held, ensure_ascii=False)
    return Fix("write the list as JSON", (Edit(text.span, written),), Safety.SAFE)


def lost_operator(service: Service) -> LostOperator | None:
    """The first operator of a start command that stands where no shell reads it."""
    for line in service.start_lines:
        if line.dropped is not None:
            found = _ENDS_A_COMMAND.match(line.dropped.value)
            if found is not None:
                span = line.dropped.slice(0, len(found[1])).span
                return LostOperator(found[1], span, _told(line.dropped.slice(found.end())), False)
    # Of units the rules of systemd speak, and an entrypoint that is not here may hand all words to a shell.
    is_open = service.process.platform is Platform.SYSTEMD or not service.has_known_entrypoint
    steps = () if is_open else service.execution.steps
    for step in steps:
        if step.opened is None and step.program not in _SHELLS:
            for at, word in enumerate(step.argv[1:], 1):
                # Words of a shell's own script were read by that shell: there an operator was quoted.
                if word.literal in _OPERATORS and _is_declared(service, word):
                    rest = " ".join(str(one) for one in step.argv[at + 1 :])
                    return LostOperator(word.literal or "", word.span, rest, True)
    return None


def _told(rest: Text) -> str:
    return " ".join(rest.value.split())


def _is_declared(service: Service, word: Word) -> bool:
    """Whether a word is one of the words of a start command that no shell reads."""
    return any(word.span == one.span for line in service.start_lines for one in line.words)


def unexpanded(service: Service) -> Iterator[Unexpanded]:
    """The variables that the server of a service gets as text, in the words that it has to understand."""
    server, step = service.server, service.step
    if server is None or step is None or step.opened is not None or server.in_code:
        return
    if not service.has_known_entrypoint:
        return
    words = [one.value for one in server.parsed.given if one.option is not None and one.option.name in _READ_AS_WRITTEN]
    for word in (*words, *server.parsed.positional[:1]):
        for part in word.parts if word is not None else ():
            if isinstance(part, Literal) and "$" in part.text.value:
                yield from _references(part.text, service, step)


def _references(text: Text, service: Service, step: Step) -> Iterator[Unexpanded]:
    kubelet = service.process.platform in (Platform.KUBERNETES, Platform.CLOUD_RUN)
    for found in _VARIABLE.finditer(text.value):
        name = found[1] or found[2] or found[3]
        # The kubelet leaves `$(NAME)` as it is when the container has no such variable.
        if found[3] and not (kubelet and service.variables.lacks(name) is YES):
            continue
        yield Unexpanded(name, found[0], text.span_of(*found.span()))


def with_reference(service: Service, one: Unexpanded) -> Fix | None:
    """The reference as the kubelet reads it, where the container certainly has the variable."""
    if service.process.platform is not Platform.KUBERNETES or service.variables.is_set(one.name) is not YES:
        return None
    if one.span.path != service.process.path or one.written not in (f"${one.name}", f"${{{one.name}}}"):
        return None
    return Fix("let the kubelet put it in", (Edit(one.span, f"$({one.name})"),), Safety.SAFE)
