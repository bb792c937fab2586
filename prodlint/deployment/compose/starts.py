"""Which services of a set of compose files a command of a pipeline starts: those that it names, or all.

Source: Docker's reference of `docker compose up` and `docker compose run`: services that are named are started with
those that they depend on, unless `--no-deps` says otherwise; without a name all are, but for those of profiles.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from prodlint.deployment.command import Step
from prodlint.deployment.environment import Environment
from prodlint.deployment.process import Process
from prodlint.deployment.releases.compose_start import ComposeStart
from prodlint.deployment.releases.release import positional
from prodlint.syntax.word import Literal, Word

__all__ = ["left_out", "may_name", "started_by", "touched_by"]

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


# What these do to a service says nothing of whether it runs.
_IDLE = frozenset("build config convert down images kill ls pull push rm stop version".split())
# Without a name they are for every service.
_WHOLE = frozenset("up start restart create scale watch unpause deploy".split())
_ASKS = frozenset("attach cp events exec logs port ps run stats top wait".split())


def touched_by(step: Step) -> frozenset[str] | None:
    """Words of a compose command that may name services that it starts or that run; None where it may start any."""
    words = step.argv[1:]
    said = [words[index].literal for index in positional(words)]
    at = next((number for number, word in enumerate(said) if word in _IDLE | _WHOLE | _ASKS), None)
    if at is None:
        return None
    named = said[at + 1 :]
    if said[at] in _WHOLE and (not named or None in named or said[:1] == ["stack"]):
        return None
    # `--scale web=3` names a service, too.
    return frozenset() if said[at] in _IDLE else frozenset((one.literal or "").partition("=")[0] for one in words)


def left_out(
    starts: Iterable[ComposeStart], touched: frozenset[str] | None, processes: list[Process]
) -> frozenset[str]:
    """The services of a set that no command of those that were read starts; none where one may start any.

    `touched` are those that other commands name. A service of a profile is for those who ask for that.
    """
    found = [one for one in starts if one.step.environment is not Environment.DEVELOPMENT]
    if touched is None or not found or not all(one.names for one in found):
        return frozenset()
    started = frozenset(name for one in found for name in one.started(processes))
    if not started:
        return started
    return frozenset(one.name for one in processes if not one.profiles) - started - touched


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
