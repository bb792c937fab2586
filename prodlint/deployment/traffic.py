"""The traffic of one service: who sends it, whether it arrives, and what the service makes of those in front of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from prodlint.deployment.process import Platform
from prodlint.deployment.procfile import is_of_heroku
from prodlint.deployment.proxies.dial import Container, Dial, dials_to, ignored_port, other_protocols, wrong_ports
from prodlint.deployment.proxies.passage import Passage
from prodlint.deployment.repository import Repository
from prodlint.deployment.servers.bind import Bind
from prodlint.deployment.servers.products import product_named
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, EnvDriven
from prodlint.finding import Fix

if TYPE_CHECKING:
    from prodlint.deployment.proxies.ignored_headers import IgnoredHeaders, OpenDoor
    from prodlint.deployment.proxies.patience import Patience, ShortKeep
    from prodlint.deployment.proxies.socket_place import HiddenSocket, TakenPort
    from prodlint.deployment.proxies.stripped_prefix import StrippedPrefix
    from prodlint.deployment.route import Routes
    from prodlint.deployment.served.code import ServedCode

__all__ = ["Traffic"]


class Traffic:
    """What reaches one service, and how. Everything is worked out when it is asked for.

    `passages` are the routes of proxies that lead to it, `container` is what shares its addresses, `code` the code
    that it runs.
    """

    def __init__(
        self,
        service: Service,
        passages: tuple[Passage, ...],
        container: Container,
        repository: Repository,
        code: Callable[[], ServedCode],
        all_passages: tuple[Passage, ...],
        services: tuple[Service, ...],
    ) -> None:
        self.service = service
        self.passages = passages
        self.container = container
        self._repository = repository
        self._code = code
        self._all_passages = all_passages
        self._services = services

    @cached_property
    def dials(self) -> tuple[Dial, ...]:
        """Who sends it: published ports, proxies, routers, probes; each by the line that says so."""
        return dials_to(self.service, self.passages, self.container)

    @property
    def on_every_address(self) -> Fix | None:
        """The change that lets it listen on every address of its container; None where that is not certain."""
        from prodlint.deployment.fixes.bind import listening_everywhere

        return listening_everywhere(self.service, self._services)

    @property
    def wrong_ports(self) -> tuple[Dial, ...]:
        """Who dials a service of compose at a port on which nothing in its container listens."""
        service = self.service
        binds = service.server.binds if service.server is not None else ()
        if not binds or any(bind.socket is not None for bind in binds):
            return ()
        if service.process.platform is not Platform.COMPOSE or self.container.serves_alone is not YES:
            return ()
        return () if self._port_may_be_set else wrong_ports(self.dials)

    @property
    def _port_may_be_set(self) -> bool:
        """Whether a variable of the server's own (UVICORN_PORT), set where nobody here sees it, may be its port."""
        server = self.service.server
        product = product_named(server.product) if server is not None else None
        port = server.settings.get("port") if server is not None else None
        if product is None or not product.environment or port is None or self.service.variables.is_open is NO:
            return False
        return port.source.origin.startswith("default of ")

    @property
    def ignored_port(self) -> Dial | None:
        """The router that dials the port in PORT, where the service listens on a port of its own."""
        return ignored_port(self.service, self.dials) if self.container.serves_alone is YES else None

    @property
    def other_protocols(self) -> tuple[tuple[Dial, Bind], ...]:
        """Who speaks HTTP to a socket of the uwsgi protocol or the other way round, with the socket."""
        return other_protocols(self.service, self.dials)

    @property
    def patience(self) -> Patience | None:
        """Who in front of it gives up first on its most patient route, None where that is not known."""
        from prodlint.deployment.proxies.patience import patience_with

        return patience_with(self.service, self.passages)

    @property
    def short_keep(self) -> ShortKeep | None:
        """A balancer in front of it that uses connections again after the server closed them; None without one."""
        if all(one.proxy.idle is None for one in self.passages):
            return None
        from prodlint.deployment.proxies.patience import short_keep

        return short_keep(self.service, self.passages)

    @property
    def ignored_headers(self) -> IgnoredHeaders | None:
        """The proxy whose headers it does not believe although its app needs them; None where none is known."""
        from prodlint.deployment.proxies.ignored_headers import ignored_headers

        return ignored_headers(self.service, self.dials, self._code, self._routes)

    @property
    def open_door(self) -> OpenDoor | None:
        """A published port of a service that believes everybody's headers; None where none is known."""
        from prodlint.deployment.proxies.ignored_headers import open_door

        return open_door(self.service, self.dials)

    @property
    def hidden_socket(self) -> HiddenSocket | None:
        """The Unix socket on which alone it listens, and that only its own container sees; None where others do."""
        from prodlint.deployment.proxies.socket_place import hidden_socket

        return hidden_socket(self.service, self.container, self._all_passages)

    @property
    def taken_port(self) -> TakenPort | None:
        """What else in its container binds a port of its own; None where nothing is known to."""
        from prodlint.deployment.proxies.socket_place import taken_port

        return taken_port(self.service, self.container)

    @property
    def unknown_prefix(self) -> StrippedPrefix | None:
        """The prefix that nginx takes off the paths of an app which does not know it; None where none is known."""
        app = self.service.app
        if app is None or app.framework != "FastAPI" or not self.passages:
            return None
        from prodlint.deployment.proxies.stripped_prefix import unknown_prefix

        return unknown_prefix(self.service, self.passages, self._all_passages, self._code, self._routes)

    def _routes(self) -> Routes:
        from prodlint.deployment.routes.of_service import routes_of

        return routes_of(self.service, self._repository)

    @property
    def may_come_from_cloud_run(self) -> Answer:
        """Whether Cloud Run starts it: an image or a Procfile that asks for PORT may be made for it."""
        platform, server = self.service.process.platform, self.service.server
        if platform is Platform.CLOUD_RUN:
            return YES
        is_open = platform is Platform.DOCKER or (
            platform is Platform.HEROKU and not is_of_heroku(self.service.process, self._repository)
        )
        binds = server.binds if server is not None else ()
        asks = any(isinstance(bind.port, EnvDriven) and bind.port.name == "PORT" for bind in binds)
        return UNKNOWN if is_open and asks else NO
