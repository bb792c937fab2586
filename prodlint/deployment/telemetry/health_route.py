"""Whether an app answers any path that a probe could ask, where an orchestrator has nothing else to go by."""

from __future__ import annotations

from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import served_code
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, YES
from prodlint.record import Record
from prodlint.source import Span

__all__ = ["MissingHealth", "is_written", "missing_health"]

_PATHS = (
    "/ /health /health/ /healthz /healthz/ /healthcheck /healthcheck/ /health-check /health-check/ "
    "/health_check /health_check/ /livez /readyz /live /ready /liveness /readiness /liveness/ /readiness/ "
    "/ping /ping/ /status /status/ /up /up/ /_health /_health/ /heartbeat /heartbeat/ /__heartbeat__ "
    "/__lbheartbeat__ /alive /alive/ /ht/ /version /version/"
).split()
# Middleware answers such a path without a route.
_WRITTEN = tuple(f"{quote}{path}{quote}".encode() for path in _PATHS[1:] for quote in ("'", '"'))
# A route with one of these in its path is there to be asked, whatever stands in front of it.
_WORDS = ("health", "live", "ready", "ping", "status", "beat", "alive", "/up", "probe", "version", "info")


class MissingHealth(Record):
    """An app without a route that a probe could ask: a route that it has, and how many more."""

    route: Span
    count: int


def is_written(path: str, service: Service, repository: Repository) -> bool:
    """Whether code that is served writes a path, as a middleware does that answers it without a route."""
    return bool(served_code(service, repository).graph.holding(f"'{path}'".encode(), f'"{path}"'.encode()))


def missing_health(service: Service, repository: Repository) -> MissingHealth | None:
    """The lack of a route for probes in an app whose routes are all known."""
    # Asked before the routes are worked out: of a large app that takes seconds.
    if served_code(service, repository).graph.holding(*_WRITTEN):
        return None
    from prodlint.deployment.routes.of_service import routes_of

    routes = routes_of(service, repository)
    if routes.complete is not YES or not routes.routes:
        return None
    if any(word in f"{one.path}{one.regex or ''}".lower() for one in routes.routes for word in _WORDS):
        return None
    if any(routes.answering(path)[0] is not NO for path in _PATHS):
        return None
    return MissingHealth(routes.routes[0].span, len(routes.routes))
