"""Passages: the routes of proxies, joined to what stands behind them."""

from __future__ import annotations

from prodlint.deployment.backing_service import BackingService
from prodlint.deployment.command import Link
from prodlint.deployment.environment import Environment
from prodlint.deployment.network import Proxy, ProxyRoute, Upstream
from prodlint.deployment.process import Platform, Process
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, Unknown, Value
from prodlint.record import Entity
from prodlint.source import Span

__all__ = ["ROUTERS", "SOME_PLATFORM", "Destination", "Holder", "Passage"]

ROUTERS = {
    Platform.HEROKU: "router of Heroku",
    Platform.RENDER: "router of Render",
    Platform.RAILWAY: "router of Railway",
    Platform.FLY: "router of Fly.io",
    Platform.CLOUD_RUN: "router of Cloud Run",
    Platform.APP_ENGINE: "router of App Engine",
    Platform.DIGITALOCEAN: "router of App Platform",
    Platform.APP_RUNNER: "router of App Runner",
    Platform.CLOUD_FOUNDRY: "router of Cloud Foundry",
}
"""The platforms that put a router of their own in front of each web process."""

SOME_PLATFORM = "router of the platform"
"""The router in front of a Procfile of which nothing says whose it is."""


class Holder(Entity):
    """The program that runs a proxy, because its files hold the configuration; `span` is where it was given them.

    Exactly one of `service` and `backing` is set: an image of ours, or one of others.
    """

    name: str
    process: Process
    environment: Environment
    span: Span
    service: Service | None = None
    backing: BackingService | None = None


class Destination(Entity):
    """Where one upstream of a route leads: a service of ours, one of others' images, or a host elsewhere.

    `outside` is the name of a host that no file of the repository declares. Where none of the three is
    known, `unknown` says why. `upstream` has its variables filled in. `port` is the port of the process
    that is dialled in the end, `listens` whether it listens there. `chain` leads from the route to the
    process, each hop in its own file. `certain` is UNKNOWN where only a name says so: no file tells that the
    proxy runs beside what bears that name.
    """

    upstream: Upstream
    service: Service | None = None
    backing: BackingService | None = None
    outside: str = ""
    unknown: Unknown | None = None
    port: Value[int] | None = None
    listens: Answer = UNKNOWN
    chain: tuple[Link, ...] = ()
    certain: Answer = YES


class Passage(Entity):
    """One route of a proxy as one program runs it; `holder` is None where the repository does not tell which.

    `of_platform` marks the router of a platform, which no file declares.
    """

    proxy: Proxy
    route: ProxyRoute
    environment: Environment
    holder: Holder | None = None
    destinations: tuple[Destination, ...] = ()
    of_platform: bool = False

    @property
    def span(self) -> Span:
        """Where the route is written."""
        return self.route.span

    @property
    def is_encrypted(self) -> Answer:
        """Whether clients reach it by TLS; UNKNOWN where the file does not say on which addresses it listens."""
        if not self.proxy.listens:
            return UNKNOWN
        return YES if any(one.tls for one in self.proxy.listens) else NO

    def leads_to(self, service: Service) -> bool:
        """Whether some of its requests reach a service."""
        return any(one.service is service for one in self.destinations)
