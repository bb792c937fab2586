"""Variables of compose files: what files such as `.env` and the shell that runs compose put in their place.

Source: the catalogue's container page, 2.10, and Docker's "Set, use, and manage variables in a Compose file with
interpolation": the shell first, then the file that `--env-file` names, else `.env`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from prodlint.deployment.command import CommandLine
from prodlint.deployment.process import EnvDefinition
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import EnvDriven, Known, Unknown, Value
from prodlint.record import replace
from prodlint.source import SyntaxProblem, Text
from prodlint.syntax.env_dialect import Dialect
from prodlint.syntax.word import Expansion, Literal, Part, Substitution, Word

__all__ = ["Given", "by_name", "filled", "filled_command", "filled_labels", "given_by", "under_shell", "with_given"]

_MOST_NESTED = 500

Given = Mapping[str, EnvDefinition]
"""What compose finds for its variables, by name: `given` is set for what the shell sets, `value` for what files do."""


def by_name(given: Iterable[EnvDefinition]) -> Given:
    """Definitions by the names of their variables, a later one over an earlier one."""
    return {one.name: one for one in given}


def given_by(paths: Iterable[str], repository: Repository) -> tuple[EnvDefinition, ...]:
    """What files such as the `.env` of a project give to the variables of its compose files, a later one first."""
    given: dict[str, EnvDefinition] = {}
    sizes: dict[str, int] = {}
    for path in paths:
        source = repository.source(path) if path in repository.paths else None
        if source is None:
            continue
        from prodlint.syntax.dotenv_dialects import read_env_file

        try:
            for line in read_env_file(source, Dialect.COMPOSE):
                if line.value is not None:
                    size = sum(sizes.get(name, 1) for name in _names(line.value))
                    # Values that double with every line end here.
                    bounded = size <= _MOST_NESTED
                    word = with_given(line.value, given) if bounded else Word((Substitution(line.span),), line.span)
                    sizes[line.name] = size + 1 if bounded else 1
                    given[line.name] = EnvDefinition(line.name, word, line.span)
        except SyntaxProblem:
            return ()
    return tuple(given.values())


def _names(word: Word) -> Iterator[str]:
    for part in word.parts:
        if isinstance(part, Expansion):
            yield part.name
            yield from _names(part.operand) if part.operand is not None else ()


def under_shell(given: tuple[EnvDefinition, ...]) -> tuple[EnvDefinition, ...]:
    """The same where what files say of a variable of the shell is what the shell says."""
    shell = {one.name: one for one in given if one.given is not None}
    if not shell:
        return given
    kept = (one for one in given if one.name not in shell)
    return (*(filled_labels(tuple(kept), shell)), *shell.values())


def filled(definitions: tuple[EnvDefinition, ...], given: Given) -> tuple[EnvDefinition, ...]:
    """Variables of a service as compose hands them to it."""
    found = []
    for one in definitions:
        held = given.get(one.name)
        if one.value is not None:
            found.append(replace(one, value=with_given(one.value, given)))
        elif held is not None:
            # A name alone is handed on from the shell, or else from the `.env`.
            found.append(replace(one, value=with_given(Word((Expansion(one.name, one.span),), one.span), given)))
        else:
            found.append(one)
    return tuple(found)


def filled_labels(labels: tuple[EnvDefinition, ...], given: Given) -> tuple[EnvDefinition, ...]:
    """What has a value of its own as compose reads it; a name alone stays one."""
    return tuple(one if one.value is None else replace(one, value=with_given(one.value, given)) for one in labels)


def filled_command(command: CommandLine | None, given: Given) -> CommandLine | None:
    """A command as compose hands it to the container."""
    if command is None:
        return None
    return replace(command, words=tuple(_by_compose(with_given(word, given)) for word in command.words))


def _by_compose(word: Word) -> Word:
    """A word of a command: its variables are those of the shell of compose, never those of the container."""
    if not any(isinstance(part, Expansion) for part in word.parts):
        return word
    return Word(tuple(_outside(part) for part in word.parts), word.span)


def _outside(part: Part) -> Part:
    if not isinstance(part, Expansion):
        return part
    return replace(part, operand=None if part.operand is None else _by_compose(part.operand), outside=True)


def with_given(word: Word, given: Given) -> Word:
    """A word in which a variable holds what the shell says, or what a file says unless the shell sets another."""
    if not given or not any(isinstance(part, Expansion) for part in word.parts):
        return word
    return Word(tuple(made for part in word.parts for made in _with_given(part, given)), word.span)


def _with_given(part: Part, given: Given) -> tuple[Part, ...]:
    if not isinstance(part, Expansion):
        return (part,)
    operand = None if part.operand is None else with_given(part.operand, given)
    part = replace(part, operand=operand)
    held = given.get(part.name)
    if held is None or part.operator == "other":
        return (part,)
    if held.given is not None:
        return _in_shell(part, held.given)
    value = held.value
    if value is None or part.operator in (":+", "+") or (part.operator == ":-" and value.literal == ""):
        return (part,)
    return (Expansion(part.name, part.span, "-", value, part.quoted),)


def _in_shell(part: Expansion, value: Value[str]) -> tuple[Part, ...]:
    """What an expansion comes to where the shell certainly sets its variable."""
    operand = part.operand.parts if part.operand is not None else ()
    if part.operator == "+":
        return operand
    if isinstance(value, Known):
        if part.operator == ":+":
            return operand if value.value else ()
        if part.operator in (":-", ":=") and not value.value:
            return operand
        return (Literal(Text.at(value.value, part.span), True),)
    reason = value.reason if isinstance(value, Unknown) else f"${value.name} decides it"
    if isinstance(value, EnvDriven) and value.is_variable and part.operator != ":+":
        if value.default is None or (part.operator == ":-" and not value.default):
            return (replace(part, name=value.name),)
        text = Word.of(Text.at(value.default, part.span))
        return (Expansion(value.name, part.span, "-", text, part.quoted),)
    return (replace(part, operator="", operand=None, reason=reason),)
