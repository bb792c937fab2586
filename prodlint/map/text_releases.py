"""The roads to production as lines: what several services do alike is told once, long preparations by their start."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, islice, takewhile

from prodlint.deployment.commands.short_lived import RETURN_AT_ONCE
from prodlint.map.document import Map, MappedRelease, MappedStep
from prodlint.map.layout import place_of, wrapped
from prodlint.record import Record, replace
from prodlint.regex import regex
from prodlint.report.escape import visible
from prodlint.report.terminal import Ink, Terminal

__all__ = ["release_lines"]

# Of one kind in a row; what migrates, deploys and restarts is always shown.
_SHOWN = 3
_FOLDED = ("prepare", "release phase", "test", "build", "package release", "upload")
# One word for a column, where the model tells phases from kinds.
_WORDS = {"release phase": "prepare", "package release": "publish"}
_NAMED = 4
_TEXT = 180
# A word that is longer is cut in its middle.
_WORD = 40
_TELLING = regex(
    r"(?<=\s)--(?:no-traffic|no-promote|promote|dry-run|to-latest|(?:image|image-uri|source|to-revisions)[= ]\S{1,80})"
    r"(?=\s|$)"
)
_MOST_TELLING = 4
_CONDITION = 240
_BRACKET = regex(r"\$\{\{ *| *\}\}")


class _Line(Record):
    """One line of a release: `owners` are those who do the same."""

    kind: str
    text: str
    owners: tuple[str, ...]
    place: str = ""
    condition: str = ""
    is_housekeeping: bool = False
    is_started: bool = False


class _Gap(Record):
    """Lines of one kind that are left out, before others or behind them; the last gap tells how to see them."""

    first: _Line
    size: int
    is_before: bool
    is_last: bool

    def __str__(self) -> str:
        told = f"{self.size} of this kind before" if self.is_before else f"and {self.size} more of this kind"
        return f"{told} (all of them: --output-format json)" if self.is_last else told


def release_lines(whole: Map, terminal: Terminal) -> Iterator[str]:
    """Each release with its steps; those that only start what is told above, and tidy up before, by their names."""
    starting = []
    for release in whole.releases:
        is_told = all(_is_start(step) or _is_housekeeping(step) for step in release.steps)
        if is_told and not release.part_of:
            starting.append(release.name)
            continue
        for line in wrapped(visible(f"release {release.name}{_told(release)}"), 0, 6, terminal):
            yield terminal.paint(line, Ink.STRONG)
        yield from _steps(release, terminal)
        yield ""
    if starting:
        more = f" and {len(starting) - _NAMED} more" if len(starting) > _NAMED else ""
        start = "only starts" if len(starting) == 1 else "only start"
        names = f"{', '.join(starting[:_NAMED])}{more}"
        for line in wrapped(visible(f"release {names}: {start} what is told above"), 0, 6, terminal):
            yield terminal.paint(line, Ink.STRONG)
        yield ""


def _told(release: MappedRelease) -> str:
    """What sets it off, and where it runs when that is the machine that serves."""
    told = [", ".join(release.triggers)] if release.triggers else []
    told += ["what no pipeline is known to start"] if release.part_of else []
    on_host = [step.on_host for step in release.steps]
    told += ["on the machine that serves"] if release.triggers and on_host and all(on_host) else []
    return f" ({'; '.join(told)})" if told else ""


def _steps(release: MappedRelease, terminal: Terminal) -> Iterator[str]:
    number = 0
    owners: tuple[str, ...] = ()
    told: set[tuple[str, ...]] = set()
    for kind, group in groupby(_lines(release), key=lambda one: (one.kind, one.owners)):
        lines = list(group)
        is_short = kind[0] not in _FOLDED or len(lines) <= _SHOWN + 1
        for one in lines if is_short else _folded(lines):
            line = one.first if isinstance(one, _Gap) else one
            asked = f", if {line.condition}" if line.condition else ""
            # What a step starts stands below it; behind that its job is only named again.
            asked = "" if line.is_started or line.owners in told else asked
            heading = f"[{', '.join(line.owners)}{asked}] " if line.owners and line.owners != owners else ""
            owners = line.owners or owners
            told.add(line.owners)
            if isinstance(one, _Gap):
                number += one.size
                yield from wrapped(f"… {visible(heading)}{one}", 6, 8, terminal)
                continue
            number += 1
            behind = f"  ({line.place})" if line.place else ""
            text = f"{number:2}. {_WORDS.get(line.kind, line.kind):10} {visible(heading + line.text)}{behind}"
            yield from wrapped(text, 2, 17, terminal)


def _is_housekeeping(step: MappedStep) -> bool:
    """Whether it only makes folders, moves files or looks around."""
    return step.kind == "prepare" and step.text.partition(" ")[0].rpartition("/")[2] in RETURN_AT_ONCE


def _folded(lines: list[_Line]) -> list[_Line | _Gap]:
    """Of many lines the first few that say more than that folders are made and files are moved, at their places."""
    telling = [number for number, one in enumerate(lines) if not one.is_housekeeping][:_SHOWN] or range(_SHOWN)
    starts = [0, *(number + 1 for number in telling)]
    stretches = [lines[start:end] for start, end in zip(starts, (*telling, len(lines)), strict=True)]
    # A gap of one line would be as long as the line.
    gaps = [number for number, one in enumerate(stretches) if len(one) > 1]
    found: list[_Line | _Gap] = []
    for number, one in enumerate(stretches):
        found += [_Gap(one[0], len(one), number == 0, number == gaps[-1])] if number in gaps else one
        found += [lines[at] for at in telling[number : number + 1]]
    return found


def _lines(release: MappedRelease) -> Iterator[_Line]:
    """The steps, what one of them starts behind it."""
    starter: MappedStep | None = None
    for started_by, group in groupby(release.steps, key=lambda one: one.started_by):
        steps = list(group)
        under = _condition(starter) if starter is not None and started_by is not None else ""
        yield from (replace(line, is_started=started_by is not None) for line in _lines_of(steps, under))
        starter = steps[-1]


def _condition(step: MappedStep) -> str:
    """What is written before a step that may be left out."""
    if step.own_condition:
        return f"[if {_asked(step.own_condition)}] "
    return "perhaps " if step.conditional else ""


def _lines_of(all_steps: list[MappedStep], under: str) -> Iterator[_Line]:
    """The steps; those of services that are started at once stand before what others prepare.

    `under` is the condition of what starts them all.
    """
    blocks = [(owner, list(steps)) for owner, steps in groupby(all_steps, key=lambda one: one.owner)]
    before = len(list(takewhile(lambda block: not any(_is_start(step) for step in block[1]), blocks)))
    at_once = len(list(takewhile(lambda block: all(_is_start(step) for step in block[1]), blocks[before:])))
    yield from _merged(blocks[: before + at_once], under)
    yield from _merged(blocks[before + at_once :], under)


def _is_start(step: MappedStep) -> bool:
    return step.kind == "start"


def _merged(blocks: list[tuple[str, list[MappedStep]]], under: str) -> Iterator[_Line]:
    """The steps by their owners; those of services that do the same in the same order are one list, starts one line."""
    merged: dict[tuple[tuple[str, str, bool, str, str], ...], tuple[list[str], list[MappedStep]]] = {}
    starting: list[str] = []
    for owner, steps in blocks:
        rest = [one for one in steps if not _is_start(one)]
        asked = _asked(steps[0].condition) if steps[0].condition.startswith("profile ") else ""
        starting += [f"{owner} (if {asked})" if asked else owner] * (len(rest) < len(steps))
        if rest:
            # A profile is told where its services start.
            when = "" if asked else rest[0].condition
            key = tuple((one.kind, one.text, one.conditional, when, one.own_condition) for one in rest)
            merged.setdefault(key, ([], rest))[0].append(owner)
    for owners, steps in merged.values():
        for kind, step in _kinds(steps):
            text = _shortened(step.text)
            told = tuple(dict.fromkeys(one for one in owners if one))
            yield _Line(
                kind,
                f"{_condition(step)}{text}",
                told,
                place_of(step.span),
                _asked(step.condition),
                _is_housekeeping(step),
            )
    if starting:
        yield _Line("start", f"{under}{', '.join(dict.fromkeys(starting))}", ())


def _shortened(text: str) -> str:
    """A command by its beginning, and the options behind it that tell what goes live, or that nothing does."""
    if len(text) <= _TEXT:
        return text
    kept = text[: _TEXT - 1]
    whole, _, cut = kept.rpartition(" ")
    if len(cut) < _WORD and not text[_TEXT - 1].isspace():
        kept = whole
    whole, _, cut = kept.rstrip().rpartition(" ")
    # An option without its value tells nothing.
    kept = whole if cut.startswith("-") and "=" not in cut else kept
    behind = [found[0] for found in islice(_TELLING.finditer(text, len(kept)), _MOST_TELLING)]
    return f"{kept.rstrip()} … {' '.join(behind)}" if behind else f"{kept.rstrip()}…"


def _kinds(steps: list[MappedStep]) -> Iterator[tuple[str, MappedStep]]:
    """The steps with their kinds; one command that builds and pushes is one line."""
    for _, group in groupby(steps, key=lambda one: (one.text, place_of(one.span), _condition(one))):
        alike = list(group)
        yield ", ".join(dict.fromkeys(one.kind for one in alike)), alike[0]


def _asked(condition: str) -> str:
    """A condition without the brackets of its expressions; a long one by its beginning."""
    asked = _BRACKET.sub("", condition).strip()
    return asked if len(asked) <= _CONDITION else asked[: _CONDITION - 1] + "…"
