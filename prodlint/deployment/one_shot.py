"""What a command does that ends: its steps one after the other, where nothing of it stays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prodlint.deployment.command import Execution, Step
from prodlint.deployment.commands.short_lived import RETURN_AT_ONCE
from prodlint.record import Record

__all__ = ["Errand", "errands_of", "matters", "most_telling", "told"]

# They ask whether something is there yet, as `psql -c '\q'` does.
_ASKING = frozenset("pg_isready nc ncat nslookup ping wait-for wait-for-it".split())
_QUESTIONS = frozenset({"\\q", "select 1", "select 1;", "ping"})
_CLIENTS = frozenset({"psql", "mysql", "mysqladmin", "mariadb", "mariadb-admin", "redis-cli"})
_WHOLE = 3
_FEWEST = 2
_ROOM = 280
_LENGTH = 100


class Errand(Record):
    """One thing that is done: a program, or the programs of one pipeline."""

    steps: tuple[Step, ...]

    @property
    def written(self) -> str:
        """It in its author's spelling."""
        pieces: dict[int, list[str]] = {}
        for step in self.steps:
            pieces.setdefault(step.piece.number if step.piece is not None else 0, []).append(step.written)
        return " | ".join("; ".join(one) for one in pieces.values())

    @property
    def conditional(self) -> bool:
        """Whether it may be left out."""
        return all(step.conditional for step in self.steps)

    @property
    def matters(self) -> bool:
        """Whether it is more than housekeeping."""
        return any(matters(step) for step in self.steps)

    @property
    def asks(self) -> bool:
        """Whether it only asks whether something is there yet."""
        return all(_asks(step) for step in self.steps)


def errands_of(steps: Iterable[Step]) -> tuple[Errand, ...]:
    """Steps in their order, those of one pipeline together."""
    found: list[list[Step]] = []
    for step in steps:
        last = found[-1][0].piece if found else None
        if last is not None and step.piece is not None and last.whole == step.piece.whole:
            found[-1].append(step)
        else:
            found.append([step])
    return tuple(Errand(tuple(one)) for one in found)


def matters(step: Step) -> bool:
    """Whether a step is more than housekeeping: no `chown`, no `mkdir`, no question whether the database is there."""
    if step.program == "xargs":
        return not any(word in RETURN_AT_ONCE for word in step.arguments)
    return step.program not in RETURN_AT_ONCE and not _asks(step)


def _asks(step: Step) -> bool:
    return step.program in _ASKING or (
        step.program in _CLIENTS and any((word or "").lower() in _QUESTIONS for word in step.arguments)
    )


def most_telling(execution: Execution, last: tuple[Step, ...]) -> tuple[Step, ...]:
    """The last step that is more than housekeeping, where what a command ends with is not; else what it ends with."""
    if not last or any(matters(step) for step in last):
        return last
    found = [one for one in execution.steps if matters(one) and not one.conditional and not one.background]
    return tuple(found[-1:]) or last


def told(errands: Sequence[Errand]) -> str:
    """`python manage.py migrate; python manage.py collectstatic; … and 3 more`: a few in their order, what matters."""
    errands = [one for one in errands if not one.asks] or errands
    whole = "; ".join(_spelt(one) for one in errands)
    if len(errands) <= _WHOLE and len(whole) <= _ROOM:
        return whole
    if len(errands) <= _WHOLE:
        return "; ".join(_short(one) for one in errands)
    shown = [one for one in errands if one.matters][:_WHOLE]
    shown += [one for one in errands if not one.matters][: max(0, _FEWEST - len(shown))]
    texts = [_short(one) for one in errands if any(one is other for other in shown)]
    return f"{'; '.join(texts)}; … and {len(errands) - len(shown)} more"


def _short(errand: Errand) -> str:
    text = _spelt(errand)
    return text if len(text) <= _LENGTH else f"{text[: _LENGTH - 1].rstrip()}…"


def _spelt(errand: Errand) -> str:
    text = " ".join(errand.written.split())
    return f"perhaps {text}" if errand.conditional else text
