"""The variables that the commands of a pipeline's step find: those of its workflow, its job and itself.

Source: GitHub, "Store information in variables" and "Workflow commands" (GITHUB_ENV); GitLab, "CI/CD
variables". Runners set many more, so none of these environments is closed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from prodlint.deployment.command import CommandLine, Step
from prodlint.deployment.condition import from_outside, word_value
from prodlint.deployment.pipeline import Job, JobStep
from prodlint.deployment.process import EnvDefinition
from prodlint.deployment.value import EnvDriven, Formed, Known, Unknown, Value
from prodlint.deployment.variables.table import Definition, Variables, placed
from prodlint.record import replace
from prodlint.regex import regex
from prodlint.source import Span, Text
from prodlint.syntax.word import Expansion, Literal, Part, Substitution, Word

__all__ = ["expanded", "expression_word", "filled", "handed_on", "named_after_repository", "step_variables", "told"]

_EXPRESSION = regex(r"\$\{\{\s*((?:[^}]|\}(?!\})){0,400}?)\s*\}\}")
_OF_ENV = regex(r"env\.([A-Za-z_][A-Za-z0-9_]*)")
_OF_MATRIX = regex(r"matrix\.([\w.-]+)")
_MATRIX = regex(r"\$\{\{\s*matrix\.([\w.-]+)\s*\}\}")
_OF_RUNNER = {"github.repository": "GITHUB_REPOSITORY", "github.repository_owner": "GITHUB_REPOSITORY_OWNER"}
_BY_RUNNER = {name: f"${{{{ {written} }}}}" for written, name in _OF_RUNNER.items()}
_VARIABLE = regex(r"\$(\w+)")
_KEPT = regex(r"(?:secrets|vars)\.\w+")
_WRITTEN = regex(r"([A-Za-z_][A-Za-z0-9_]*)(?:=|<<)")
_FOR_LATER = ("GITHUB_ENV", "dotenv")
_MOST_DEEP = 20


def expression_word(text: Text, span: Span) -> Word:
    """A text of a workflow as a word: `${{ env.NAME }}` is that variable, any other expression is not known here."""
    parts: list[Part] = []
    at = 0
    for found in _EXPRESSION.finditer(text.value):
        if found.start() > at:
            parts.append(Literal(text.slice(at, found.start()), True))
        place = text.span_of(*found.span())
        name = _OF_ENV.fullmatch(found[1])
        reason = "an expression of the pipeline decides it"
        if _KEPT.fullmatch(found[1]):
            reason = f"{found[1]} of {place}"
        if name is not None:
            parts.append(Expansion(name[1], place, quoted=True))
        elif found[1] in _OF_RUNNER:
            # The runner sets a variable to the same.
            parts.append(Expansion(_OF_RUNNER[found[1]], place, quoted=True, outside=True))
        else:
            parts.append(Substitution(place, True, reason))
        at = found.end()
    if at < len(text.value) or not parts:
        parts.append(Literal(text.slice(at), True))
    return Word(tuple(parts), span)


def step_variables(declared: JobStep, job: Job) -> Variables:
    """The merged variables of one step; one that the job writes for its later steps is not known."""
    written = _written_by(job)
    values = _Values({one.name: one for one in declared.variables})
    return Variables().over(
        Definition(one.name, _unless_written(one, values.of(one), written), one.span, f"variables in {one.span.path}")
        for one in declared.variables
    )


def _written_by(job: Job) -> frozenset[str]:
    """The names that `echo "NAME=…" >> "$GITHUB_ENV"` gives to the steps behind it."""
    scripts = (one.script.text.value for one in job.steps if one.script is not None and one.script.text is not None)
    told = [script for script in scripts if any(word in script for word in _FOR_LATER)]
    return frozenset(found[1] for script in told for found in _WRITTEN.finditer(script))


def _unless_written(one: EnvDefinition, value: Value[str], written: frozenset[str]) -> Value[str]:
    return Unknown("a step of the job writes it", one.span) if one.name in written else value


class _Values:
    """The values of variables that may name one another, in whatever order."""

    def __init__(self, by_name: Mapping[str, EnvDefinition]) -> None:
        self.by_name = by_name
        self.known: dict[str, Value[str]] = {}
        self.depth = 0

    def of(self, one: EnvDefinition) -> Value[str]:
        if one.value is None:
            return EnvDriven(one.name, None, one.span)
        first = one.value.parts[0] if len(one.value.parts) == 1 else None
        if isinstance(first, Expansion) and first.outside and not first.operator:
            return EnvDriven(first.name, None, one.span)
        return placed(word_value(one.value, self.lookup), one.span)

    def lookup(self, name: str) -> Value[str] | None:
        held = self.by_name.get(name)
        if held is None or self.depth > _MOST_DEEP:
            return from_outside(name)
        if name not in self.known:
            self.depth += 1
            self.known[name] = Unknown("it names itself", held.span)
            self.known[name] = self.of(held)
            self.depth -= 1
        return self.known[name]


def handed_on(step: Step, command: CommandLine, seen: Variables) -> Variables:
    """What a command finds that `docker run` or `docker compose run` starts: the variables of `-e` and `--env`.

    A name without a value is handed on from the variables that the step itself has `seen`.
    """
    if not step.program.startswith(("docker", "podman")):
        return Variables()
    words = step.argv[1:]
    end = next((index for index, word in enumerate(words) if command.words and word is command.words[0]), len(words))
    pairs: list[Word] = []
    for word, following in pairwise(words[: end + 1]):
        if word.literal in ("-e", "--env"):
            pairs.append(following)
        elif word.literal is not None and word.literal.startswith("--env=") and (text := word.content) is not None:
            pairs.append(Word.of(text.slice(len("--env=")), word.span))
    return Variables().over(one for pair in pairs for one in _handed_on(pair, seen))


def _handed_on(pair: Word, seen: Variables) -> Iterator[Definition]:
    first = pair.parts[0] if pair.parts else None
    if not isinstance(first, Literal):
        return
    name, equals, _ = first.text.value.partition("=")
    if not equals:
        value = seen.get(name) if len(pair.parts) == 1 else None
        if value is not None:
            yield Definition(name, placed(value, pair.span), pair.span, f"the command in {pair.span.path}")
        return
    rest = Word((Literal(first.text.slice(len(name) + 1), True), *pair.parts[1:]), pair.span)
    value = placed(word_value(rest, from_outside), pair.span)
    yield Definition(name, value, pair.span, f"the command in {pair.span.path}")


def filled(script: CommandLine, variables: Variables, matrix: Mapping[str, str]) -> CommandLine:
    """A script in which `${{ env.NAME }}` is replaced where the variable is known: the pipeline does so, as text.

    So is `${{ matrix.NAME }}`, where `matrix` holds the values of the combination.
    """
    text = script.text
    if text is None or "${{" not in text.value:
        return script
    return replace(script, text=Text.join(_pieces(text, variables, matrix)))


def expanded(text: str, variables: Variables, matrix: Mapping[str, str]) -> str:
    """An input of an action in which `${{ env.NAME }}` and `${{ matrix.NAME }}` are replaced where they are known."""
    if "${{" not in text:
        return text

    def value(found: re.Match[str]) -> str:
        name, of_matrix = _OF_ENV.fullmatch(found[1]), _OF_MATRIX.fullmatch(found[1])
        if of_matrix is not None:
            return matrix.get(of_matrix[1], found[0])
        held = variables.get(name[1]) if name is not None else None
        known = named_after_repository(held)
        return found[0] if known is None else known

    return _EXPRESSION.sub(value, text)


def named_after_repository(value: Value[str] | None) -> str | None:
    """The text of a variable that is known, or known but for the name of the repository, with the expression for it."""
    if isinstance(value, Known):
        return value.value
    if isinstance(value, EnvDriven) and value.default is None and value.is_variable:
        return _BY_RUNNER.get(value.name)
    if isinstance(value, Formed) and all(name in _BY_RUNNER for name in value.names):
        return _VARIABLE.sub(lambda found: _BY_RUNNER.get(found[1], found[0]), value.form)
    return None


def told(step: Step, declared: JobStep) -> str:
    """A step in its author's spelling, with the values of the combination for which it runs."""
    values = dict(declared.matrix)
    if not values:
        return step.written
    return _MATRIX.sub(lambda found: values.get(found[1], found[0]), step.written)


def _pieces(text: Text, variables: Variables, matrix: Mapping[str, str]) -> Iterator[Text]:
    at = 0
    for found in _EXPRESSION.finditer(text.value):
        name, of_matrix = _OF_ENV.fullmatch(found[1]), _OF_MATRIX.fullmatch(found[1])
        value = variables.get(name[1]) if name is not None else None
        known = value.value if isinstance(value, Known) else matrix.get(of_matrix[1]) if of_matrix else None
        if known is not None:
            yield text.slice(at, found.start())
            yield Text.at(known, text.span_of(*found.span()))
            at = found.end()
    yield text.slice(at)
