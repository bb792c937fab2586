"""Which services of a set of compose files a command of a pipeline starts: those that it names, or all.

Source: Docker's reference of `docker compose up` and `docker compose run`: services that are named are started with
those that they depend on, unless `--no-deps` says otherwise; without a name all are, but for those of profiles.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from prodlint.deployment.command import Step
from prodlint.deployment.releases.release import positional
from prodlint.syntax.word import Literal, Word

__all__ = ["may_name", "started_by"]

_FILE = ("-f", "--file")
# Options of `up` with a value, beside those that `positional` knows.
_VALUED = frozenset("-t --timeout --wait-timeout --pull --attach --no-attach --exit-code-from".split())


def started_by(step: Step) -> tuple[frozenset[str], bool] | None:
    """The services that `docker compose up` or `run -d` names, none for all, and whether it leaves out what they need.

    None where a name is computed, and for other commands.
    """
    words = step.argv[1:]
    places = positional(words)
    verb = next((number for number, index in enumerate(places) if words[index].literal in ("up", "run")), None)
    if verb is None:
        return None
    before = [words[index - 1].literal for index in places]
    named = [
        words[index].literal
        for index, option in list(zip(places, before, strict=True))[verb + 1 :]
        if option not in _VALUED
    ]
    if words[places[verb]].literal == "run":
        named = named[:1]
    if any(name is None for name in named):
        return None
    alone = any(word.literal == "--no-deps" for word in words)
    return frozenset(name for name in named if name), alone


def may_name(step: Step, paths: tuple[str, ...]) -> bool:
    """Whether the files that a command names with variables in them may be those of a set, by what is written."""
    named = list(_files(step))
    if len(named) != len(paths):
        return False
    return all(_fits(word, path) for word, path in zip(named, paths, strict=True))


def _files(step: Step) -> Iterator[Word]:
    words = step.argv[1:]
    for index, word in enumerate(words):
        if word.literal in _FILE and index + 1 < len(words):
            yield words[index + 1]


def _fits(word: Word, path: str) -> bool:
    """Whether a path ends as a word does, of which at least a part of the file's name is written out."""
    written = [part.text.value.removeprefix("./") if isinstance(part, Literal) else None for part in word.parts]
    if not any(text is not None and text not in ("", ".", "/", ".yml", ".yaml") for text in written):
        return False
    expression = "".join("[^/]*" if text is None else re.escape(text) for text in written)
    return re.fullmatch(rf"(.*/)?{expression}", path) is not None
