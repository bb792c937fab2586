"""The headers of a proxy that a server does not believe although its app needs what they say, and those of anybody."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from prodlint.deployment.app import Interface
from prodlint.deployment.process import Exposure
from prodlint.deployment.proxies.dial import Dial, Dialler
from prodlint.deployment.proxies.forwarding import Forwarding, Trust, forwarding_of
from prodlint.deployment.served.code import ServedCode
from prodlint.deployment.servers.server import Server
from prodlint.deployment.service import Service
from prodlint.deployment.value import YES, EnvDriven
from prodlint.record import Entity

if TYPE_CHECKING:
    from prodlint.deployment.proxies.needs import ProxyNeed
    from prodlint.deployment.route import Routes

__all__ = ["IgnoredHeaders", "OpenDoor", "ignored_headers", "open_door"]

# What sets the headers without being told to.
_SET_BY_ITSELF = ("Traefik", "Caddy", "Ingress", "HTTPRoute", "VirtualService")


class IgnoredHeaders(Entity):
    """A proxy whose headers a server does not believe, whom it believes instead, and what the app needs them for."""

    dial: Dial
    forwarding: Forwarding
    need: ProxyNeed
    server: Server

    @property
    def believes(self) -> str:
        """Whom it believes, for people."""
        if self.forwarding.trust is Trust.NOBODY:
            return "reads no X-Forwarded headers"
        if self.need.of_client and not self.forwarding.takes_client:
            return "takes no address from X-Forwarded-For"
        return "believes X-Forwarded headers from 127.0.0.1 alone"

    @property
    def help(self) -> str:
        """What to do about it, as the server has it."""
        if self.server.interface is Interface.WSGI:
            return (
                "wrap the app in ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1), for as many proxies as there are"
            )
        if self.server.product == "daphne":
            return "start daphne with --proxy-headers, and let nobody but the proxy reach its port"
        if self.forwarding.trust is Trust.NOBODY and self.forwarding.is_default:
            return "serve it with a server that reads them, or wrap the app in a middleware that does"
        return "set FORWARDED_ALLOW_IPS to the network of the proxy, or to * where no port of the service is published"


class OpenDoor(Entity):
    """A published port behind which the headers of everybody are believed."""

    dial: Dial
    forwarding: Forwarding


def ignored_headers(
    service: Service, dials: Iterable[Dial], code_of: Callable[[], ServedCode], routes_of: Callable[[], Routes]
) -> IgnoredHeaders | None:
    """The first proxy of which a service needs more than it believes; None where everything fits, or is not known."""
    server, app = service.server, service.app
    forwarding = forwarding_of(server) if server is not None else None
    if server is None or app is None or forwarding is None or forwarding.trust in (Trust.SOME, Trust.EVERYONE):
        return None
    behind = [one for one in dials if _is_not_believed(one, forwarding)]
    if not behind:
        return None
    code = code_of()
    from prodlint.deployment.proxies.needs import handles_headers_itself, proxy_needs

    if handles_headers_itself(code):
        return None
    for need in proxy_needs(app, code, routes_of()):
        for dial in behind:
            if _sends(dial, "x-forwarded-for" if need.of_client else "x-forwarded-proto", need):
                return IgnoredHeaders(dial, forwarding, need, server)
    return None


def _is_not_believed(dial: Dial, forwarding: Forwarding) -> bool:
    """Whether a server takes a proxy for somebody else: uvicorn knows no peer of a Unix socket."""
    if dial.kind is not Dialler.PROXY or dial.destination is None or dial.destination.certain is not YES:
        return False
    is_socket = bool(dial.destination.upstream.socket)
    return forwarding.takes_client if is_socket else dial.is_outside is YES


def _sends(dial: Dial, header: str, need: ProxyNeed) -> bool:
    passage = dial.passage
    if passage is None or (not need.of_client and passage.is_encrypted is not YES):
        # Without TLS in front the scheme is http indeed.
        return False
    if passage.proxy.product in _SET_BY_ITSELF:
        return True
    return passage.route.headers is not None and header in passage.route.headers


def open_door(service: Service, dials: Iterable[Dial]) -> OpenDoor | None:
    """A port that compose publishes on every address of its host, of a server that believes everybody's headers."""
    forwarding = forwarding_of(service.server) if service.server is not None else None
    if forwarding is None or forwarding.trust is not Trust.EVERYONE or not forwarding.takes_client:
        return None
    for dial in dials:
        if dial.kind is Dialler.PUBLISHED and dial.is_outside is YES and _is_for_all(dial.exposure):
            return OpenDoor(dial, forwarding)
    return None


def _is_for_all(exposure: Exposure | None) -> bool:
    """Whether a port is published on every address of the host, unless somebody sets a variable to another one."""
    address = exposure.address if exposure is not None else None
    if address is None:
        return exposure is not None
    return isinstance(address, EnvDriven) and address.default == ""
