"""The variables without which a service fails and that nobody in the repository sets, as the map tells them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prodlint.deployment.repository import Repository
from prodlint.deployment.served.needed_variables import Need, needed_variables
from prodlint.deployment.service import Service
from prodlint.map.document import Fact, Source, State

__all__ = ["needs_facts"]

_SHOWN = 6


def needs_facts(service: Service, repository: Repository) -> Iterator[Fact]:
    """`DATABASE_URL (src/config.py:16), SECRET_KEY (:17)`; nothing where nothing certain is known."""
    needs = needed_variables(service, repository)
    if needs:
        more = f" and {len(needs) - _SHOWN} more" if len(needs) > _SHOWN else ""
        sources = tuple(Source(_named(one), one.span, _why(one)) for one in needs)
        text = f"{', '.join(_told(needs[:_SHOWN]))}{more}"
        yield Fact("needs", text, State.ENVIRONMENT, needs[0].span, sources)


def _told(needs: Sequence[Need]) -> Iterator[str]:
    """A file is named where it is another than before."""
    before = ""
    for one in needs:
        path, line = one.span.path, one.span.line
        yield f"{'perhaps ' if one.asked_by else ''}{_named(one)} ({path if path != before else ''}:{line})"
        before = path


def _named(need: Need) -> str:
    return " or ".join((need.name, *need.others))


def _why(need: Need) -> str:
    asked = f"{need.asked_by} may ask for it" if need.asked_by else "has no default"
    return f"{asked} and nothing here sets it"
