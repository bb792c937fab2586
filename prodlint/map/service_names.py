"""What tells services of one name apart: the map refers to one in the words that `--why` understands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import combinations

from prodlint.map.document import MappedService

__all__ = ["distinct_names", "places_of_service"]


def distinct_names(services: Iterable[MappedService]) -> dict[int, str]:
    """How each service is asked for, by its identity: `web`, `web@compose.prod.yml`, `web@x.conf:4@Dockerfile`.

    Of services that nothing tells apart, the name alone.
    """
    named: dict[str, list[MappedService]] = {}
    for one in services:
        named.setdefault(one.name, []).append(one)
    found: dict[int, str] = {}
    for name, alike in named.items():
        shared = Counter(told for one in alike for told in _joined(one)) if len(alike) > 1 else Counter[str]()
        for one in alike:
            place = next((told for told in _joined(one) if shared[told] == 1), "") if len(alike) > 1 else ""
            found[id(one)] = f"{name}@{place}" if place else name
    return found


def places_of_service(service: MappedService) -> tuple[str, ...]:
    """The file that declares it, the line of it, the overlay that brings it, what builds its image and its stage."""
    declared = service.fact("declared")
    span = declared.span if declared is not None and declared.span is not None else service.span
    overlay = declared.text.partition(" of ")[2] if declared is not None else ""
    image = service.fact("image")
    at = image.span if image is not None else None
    built = (at.path, f"{at.path}:{at.line}") if at is not None else ()
    return tuple(dict.fromkeys((span.path, f"{span.path}:{span.line}", *((overlay,) if overlay else ()), *built)))


def _joined(service: MappedService) -> Iterator[str]:
    """What may tell a service from others of its name, the shortest first."""
    places = places_of_service(service)
    yield from places
    yield from (f"{one}@{other}" for one, other in combinations(places, 2))
