"""How long those in front of a service wait for its answer.

Sources: the catalogue's serving page, 2.7; platform page, 2.1 and `server-timeout-exceeds-router-timeout`; Heroku,
"Request Timeout" (30 seconds); AWS, "App Runner service quotas" (120 seconds).
"""

from __future__ import annotations

from collections.abc import Iterable

from prodlint.deployment.environment import Environment
from prodlint.deployment.proxies.passage import Passage
from prodlint.deployment.servers.concurrency import kept_open_of
from prodlint.deployment.service import Service
from prodlint.deployment.value import YES, Known
from prodlint.finding import Evidence
from prodlint.record import Entity
from prodlint.source import Span

__all__ = ["Patience", "ShortKeep", "patience_with", "short_keep"]

_LIMITS = {
    "router of Heroku": (30, "503 (H12)"),
    "router of App Runner": (120, "an error"),
}


class Patience(Entity):
    """Who waits for an answer, how many seconds at most, and what the client gets then; `span` says so.

    `is_written` is False where no file has a say.
    """

    who: str
    seconds: int
    answer: str
    span: Span
    is_written: bool = True

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The line of a file that says so, or that leaves the default."""
        note = f"{self.who} waits {self.seconds} s for an answer"
        return (Evidence(self.span, note),) if self.is_written else ()


def patience_with(service: Service, passages: Iterable[Passage]) -> Patience | None:
    """Who gives up first on a service, on its most patient route; None where somebody waits nobody knows how long."""
    found: list[Patience] = []
    for passage in passages:
        if passage.environment is Environment.DEVELOPMENT:
            continue
        if passage.of_platform:
            limit = _LIMITS.get(passage.proxy.product)
            # Behind a socket stands another proxy, which waits as long as it likes.
            if limit is None or _is_at_socket(service):
                return None
            return Patience(f"the {passage.proxy.product}", *limit, passage.span, False)
        waits = passage.route.read_timeout
        if any(end.service is service and end.certain is not YES for end in passage.destinations):
            return None
        if not isinstance(waits, Known):
            return None
        found.append(Patience(passage.proxy.product, waits.value, "504", waits.span))
    return max(found, key=lambda one: one.seconds, default=None)


class ShortKeep(Entity):
    """A load balancer that uses connections again for longer than a server keeps them; `span` is where that is said."""

    who: str
    seconds: int
    span: Span
    kept: Known[int]


def short_keep(service: Service, passages: Iterable[Passage]) -> ShortKeep | None:
    """The first balancer in front of a service that does; None where the server keeps connections long enough."""
    kept = kept_open_of(service.server) if service.server is not None else None
    for passage in passages:
        idle = passage.proxy.idle
        certain = any(end.service is service and end.certain is YES for end in passage.destinations)
        if kept is None or not certain or not isinstance(idle, Known) or kept.value >= idle.value:
            continue
        return ShortKeep(passage.proxy.balancer, idle.value, idle.span, kept)
    return None


def _is_at_socket(service: Service) -> bool:
    return service.server is not None and any(bind.socket is not None for bind in service.server.binds)
