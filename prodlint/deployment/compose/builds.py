"""The arguments that `docker compose build --build-arg NAME=VALUE` gives to the images of a set of compose files.

Source: Docker, "docker compose build": they count before `args` of the files, for the services that are named.
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.process import Build, EnvDefinition
from prodlint.deployment.releases.release import PipelineStep
from prodlint.record import Record, replace
from prodlint.source import Span
from prodlint.syntax.word import Expansion, Literal, Substitution, Word

__all__ = ["BuildArgument", "build_arguments", "perhaps_given", "with_arguments"]

_VALUED = frozenset("--build-arg --builder --memory -m --progress --provenance --sbom --ssh".split())


class BuildArgument(Record):
    """One argument, for the `services` that the command names: none of them named means all."""

    definition: EnvDefinition
    services: frozenset[str]


def build_arguments(found: PipelineStep) -> tuple[BuildArgument, ...]:
    """The arguments of a `compose build`; the value of one that is only named comes from the shell."""
    words = found.step.argv[1:] if found.step is not None else ()
    at = next((index for index, word in enumerate(words) if word.literal == "build"), len(words))
    pairs: list[Word] = []
    services: set[str] = set()
    index = at + 1
    while index < len(words):
        written = words[index].literal
        first = words[index].parts[0] if words[index].parts else None
        if isinstance(first, Literal) and first.text.value.startswith("--build-arg="):
            start = Literal(first.text.slice(len("--build-arg=")), True)
            pairs.append(Word((start, *words[index].parts[1:]), words[index].span))
        elif written in _VALUED and index + 1 < len(words):
            index += 1
            pairs += [words[index]] if written == "--build-arg" else []
        elif written is not None and not written.startswith("-"):
            services.add(written)
        index += 1
    return tuple(BuildArgument(one, frozenset(services)) for pair in pairs for one in _definition(pair))


def _definition(pair: Word) -> Iterator[EnvDefinition]:
    first = pair.parts[0] if pair.parts else None
    if not isinstance(first, Literal):
        return
    name, equals, _ = first.text.value.partition("=")
    if equals:
        value = Word((Literal(first.text.slice(len(name) + 1), True), *pair.parts[1:]), pair.span)
    else:
        value = Word((Expansion(name, pair.span, quoted=True),), pair.span)
    yield EnvDefinition(name, value, pair.span)


def perhaps_given(argument: BuildArgument, command: Span) -> BuildArgument:
    """An argument of a command whose files are computed: it may be given to any image."""
    reason = f"the build in {command.path}:{command.line} may give it"
    value = Word((Substitution(argument.definition.span, True, reason),), argument.definition.span)
    return replace(argument, definition=replace(argument.definition, value=value))


def with_arguments(build: Build, name: str, arguments: tuple[BuildArgument, ...]) -> Build:
    """The build of a service with the arguments that are meant for it."""
    given = tuple(one.definition for one in arguments if not one.services or name in one.services)
    return replace(build, arguments=(*build.arguments, *given)) if given else build
