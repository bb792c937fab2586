"""Joins the routes of proxies to the services behind them: by name, by port, by socket.

Sources: the catalogue's configuration page, 2.9, Upstream resolution; platform page, 2.3, Ports. Docker,
"Networking in Compose": services of one project dial one another by their names and aliases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from prodlint.deployment.backing_service import BackingService
from prodlint.deployment.command import Link
from prodlint.deployment.environment import Environment
from prodlint.deployment.network import Listen, Proxy, ProxyRoute, Upstream, told_name
from prodlint.deployment.process import HOST, Exposure, Platform, Role
from prodlint.deployment.proxies.dialling import (
    is_of_proxy,
    is_same_port,
    listening_at_home,
    listening_to_others,
    machine_of,
    settled_port,
    shown_port,
)
from prodlint.deployment.proxies.holder import holders_of, with_variables
from prodlint.deployment.proxies.passage import Destination, Holder, Passage
from prodlint.deployment.proxies.peers import Peer, Peers
from prodlint.deployment.proxies.platform_routing import platform_passages
from prodlint.deployment.repository import Repository
from prodlint.deployment.servers.bind import Bind
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, Known, Unknown, Value
from prodlint.record import replace
from prodlint.source import Span

__all__ = ["passages"]

_PORTS = {"http": 80, "https": 443}
_LOOPBACK = frozenset(("localhost", "[::1]", "0.0.0.0"))
_OF_THE_HOST = frozenset({"host.docker.internal", "gateway.docker.internal", "172.17.0.1"})
_OF_CLUSTERS = ("Ingress", "HTTPRoute", "VirtualService")
_NOT_SERVING = (Role.RELEASE, Role.WORKER, Role.BEAT)
_MOST = 2_000
_MOST_FILES = 300
_MOST_GROUPS = 200


def passages(
    proxies: Iterable[Proxy],
    services: Sequence[Service],
    backing: Sequence[BackingService],
    repository: Repository,
) -> tuple[Passage, ...]:
    """Every route of every proxy, once for each program that runs it."""
    peers = Peers(services, backing)
    found: list[Passage] = list(platform_passages(services, repository))[:_MOST]
    held: dict[tuple[str, str, str], tuple[Holder, ...]] = {}
    for proxy in proxies:
        key = (proxy.product, proxy.group, proxy.configuration if proxy.group else proxy.path)
        if key not in held:
            held[key] = holders_of(proxy, services, backing) if len(held) < _MOST_FILES else ()
        for holder in held[key] or (None,):
            joiner = _Joiner(proxy, holder, peers, repository)
            for route in proxy.routes:
                if len(found) >= _MOST:
                    return _through_own_proxies(found)
                destinations = tuple(joiner.joined(route))
                found.append(Passage(proxy, route, joiner.environment, holder, destinations))
    return _through_own_proxies(found)


def _through_own_proxies(found: list[Passage]) -> tuple[Passage, ...]:
    """With the ports that the proxies inside of a service's own container listen on."""
    fronts: dict[int, list[Listen]] = {}
    for passage in found:
        if passage.holder is not None and passage.holder.service is not None:
            fronts.setdefault(id(passage.holder.service), []).extend(passage.proxy.listens)

    def answered(end: Destination) -> Destination:
        listens = fronts.get(id(end.service)) if end.listens is NO else None
        if listens is None:
            return end
        return replace(end, listens=YES if any(is_same_port(one.port, end.port) for one in listens) else UNKNOWN)

    return tuple(
        replace(one, destinations=tuple(answered(end) for end in one.destinations)) if fronts else one for one in found
    )


class _Joiner:
    """Joins the routes of one proxy, as one program runs it."""

    def __init__(self, proxy: Proxy, holder: Holder | None, peers: Peers, repository: Repository) -> None:
        self.proxy = proxy
        self.holder = holder
        self.peers = peers
        self.repository = repository
        self.environment = holder.environment if holder is not None else proxy.environment or Environment.UNKNOWN
        self.links = dict(holder.process.reach.links) if holder is not None else {}
        # Without a container that holds it, it lies on the host, if the host runs anything.
        self.machine = HOST if peers.has_host else ""
        if holder is not None:
            self.machine = machine_of(holder.process, holder.service)

    def joined(self, route: ProxyRoute) -> Iterator[Destination]:
        """Where each upstream of a route leads."""
        if route.unread:
            yield Destination(Upstream("http", None, route.span), unknown=Unknown(route.unread, route.span))
        for written in route.upstreams:
            upstream = written
            if "$" in written.written and (written.host is None or isinstance(written.port, Unknown)):
                filled = with_variables(written, self.holder, self.repository)
                if isinstance(filled, Unknown):
                    yield Destination(written, unknown=filled)
                    continue
                upstream = filled
            found = self._destination(upstream)
            start = Link(route.span, f"is a route of {self.proxy.product}")
            passes = Link(upstream.span, f"passes requests on to {_shown(upstream)}")
            chain = (start, *upstream.via, *(() if upstream.span == route.span else (passes,)), *found.chain)
            yield replace(found, chain=chain)

    def _destination(self, upstream: Upstream) -> Destination:
        if upstream.socket:
            return self._by_socket(upstream)
        if upstream.host is None:
            return Destination(upstream, unknown=Unknown(_unread(upstream), upstream.span))
        host = upstream.host
        if host in _LOOPBACK or host.startswith("127."):
            return self._by_port(upstream)
        if host in _OF_THE_HOST:
            return self._by_published_port(upstream, [])
        return self._by_name(upstream, host)

    # By name.

    def _by_name(self, upstream: Upstream, host: str) -> Destination:
        group = self.proxy.group or (self.holder.process.reach.group if self.holder is not None else "")
        if not group:
            return self._by_name_alone(upstream, host)
        found = self._named(group, host)
        if found:
            return self._one_of(upstream, found)
        if "." in host and not self._is_inside(host):
            return Destination(upstream, outside=host)
        if self.proxy.group:
            return self._by_name_alone(upstream, host)
        return Destination(
            upstream, unknown=Unknown(f"nothing that is read in {group} is called {host}", upstream.span)
        )

    def _is_inside(self, host: str) -> bool:
        """Whether a name with dots is one of a cluster."""
        return host.endswith((".svc", ".svc.cluster.local"))

    def _named(self, group: str, host: str) -> list[Peer]:
        """The programs of a group that answer to a name, which a link may have changed."""
        return [one for one in self.peers.named(group, self._names(host)) if self._may_meet(one)]

    def _names(self, host: str) -> tuple[str, ...]:
        """The names that a host may be meant by: in a cluster the first part is enough."""
        linked = self.links.get(host, host)
        return (linked, host.partition(".")[0]) if self._is_inside(host) or self._is_cluster else (linked,)

    def _may_meet(self, peer: Peer) -> bool:
        """Whether a peer may be in the network of the proxy: the objects of a cluster lead to its pods alone."""
        return self.proxy.product not in _OF_CLUSTERS or peer.process.platform is Platform.KUBERNETES

    @property
    def _is_cluster(self) -> bool:
        return self.proxy.product in _OF_CLUSTERS or (
            self.holder is not None and self.holder.process.platform is Platform.KUBERNETES
        )

    def _by_name_alone(self, upstream: Upstream, host: str) -> Destination:
        """No file says where the proxy runs: a name that one group alone knows is taken for the one that is meant."""
        groups = self.peers.groups_with(self._names(host))[:_MOST_GROUPS]
        known = [found for group in groups if (found := self._named(group, host))]
        wanted = (self.proxy.environment or Environment.PRODUCTION, Environment.UNKNOWN)
        for environment in wanted:
            fitting = [found for found in known if found[0].environment is environment]
            if len(fitting) == 1:
                return replace(self._one_of(upstream, fitting[0]), certain=UNKNOWN)
            if fitting:
                paths = ", ".join(found[0].process.path for found in fitting[:3])
                reason = f"{host} is in several files ({paths}); nothing says which is meant"
                return Destination(upstream, unknown=Unknown(reason, upstream.span))
        if "." in host and not self._is_inside(host):
            return Destination(upstream, outside=host)
        reason = f"nothing that is read is called {host}"
        if known:
            where = " and ".join(dict.fromkeys(found[0].environment.value for found in known))
            reason = f"what is called {host} runs in {where} alone ({known[0][0].process.path})"
        return Destination(upstream, unknown=Unknown(reason, upstream.span))

    def _one_of(self, upstream: Upstream, found: list[Peer]) -> Destination:
        """The one program among those of a name that the port leads to.

        A Service leads to a pod, and to whichever of its containers listens: what a container declares is
        documentation (platform page, 2.3, Ports).
        """
        port = _dialled(upstream)
        exposed = {one.machine: held for one in found if (held := _exposed(_led(one), upstream, port)) is not None}
        reached = [(self._reached(upstream, one, port, exposed), one) for one in found]
        sure = [end for end, _ in reached if end.listens is YES]
        declared = [end for end, one in reached if _exposed(one.process.exposures, upstream, port) is not None]
        perhaps = [end for end, _ in reached if end.listens is not NO]
        for ends in (sure, declared, perhaps, [end for end, _ in reached]):
            if ends and len({_name(end) for end in ends}) == 1:
                return ends[0]
        names = ", ".join(sorted({_name(end) for end, _ in reached}))
        return Destination(
            upstream, unknown=Unknown(f"{told_name(upstream.host or '')} is the name of {names}", upstream.span)
        )

    def _reached(
        self, upstream: Upstream, peer: Peer, port: Value[int] | None, exposed: dict[str, Exposure]
    ) -> Destination:
        """What a peer does with requests that are sent to its name."""
        exposure = exposed.get(peer.machine)
        if exposure is not None:
            link = Link(exposure.span, f"{exposure.owner} leads to port {shown_port(exposure.target)}")
            return self._ending(upstream, peer, exposure.target, (link,))
        if any(one.owner.startswith("the Service") for one in _led(peer)):
            # The Service has ports, and none of them is the one that is dialled.
            answer = NO if upstream.port_name or isinstance(upstream.port, Known) else UNKNOWN
            link = Link(peer.process.span, f"is what {told_name(upstream.host or '')} selects")
            return Destination(
                upstream, service=peer.service, backing=peer.backing, port=port, listens=answer, chain=(link,)
            )
        return self._ending(upstream, peer, port, ())

    def _ending(self, upstream: Upstream, peer: Peer, port: Value[int] | None, chain: tuple[Link, ...]) -> Destination:
        listens, bind = self._listening(peer, port)
        declared = Link(peer.process.span, f"is {peer.name}")
        hops = [*chain, declared]
        if bind is not None and bind.span.path:
            hops = list(chain) if _same_line(bind.span, declared.span) else hops
            hops.append(Link(bind.span, f"{peer.name} listens on {bind}"))
        return Destination(
            upstream, service=peer.service, backing=peer.backing, port=port, listens=listens, chain=tuple(hops)
        )

    def _listening(self, peer: Peer, port: Value[int] | None) -> tuple[Answer, Bind | None]:
        """Whether a peer listens on a port, as the proxy reaches it."""
        near = peer.machine and peer.machine == self.machine
        return (listening_at_home if near else listening_to_others)(peer.service, port)

    # On the same machine.

    def _by_port(self, upstream: Upstream) -> Destination:
        """An address of the machine itself: the one program there that listens on the port."""
        if not self.machine:
            reason = "nothing says on which machine this configuration lies"
            return Destination(upstream, unknown=Unknown(reason, upstream.span))
        near = [
            one
            for one in self.peers.on(self.machine)
            if one.service is not None and one.service.role not in _NOT_SERVING
        ]
        return self._by_published_port(upstream, near) if self.machine == HOST else self._with_port(upstream, near)

    def _with_port(self, upstream: Upstream, near: list[Peer]) -> Destination:
        port = _dialled(upstream)
        judged = [(listening_at_home(one.service, port)[0], one) for one in near]
        sure = [one for answer, one in judged if answer is YES]
        if len({one.name for one in sure}) == 1:
            return self._ending(upstream, sure[0], port, ())
        number = shown_port(port)
        if sure:
            names = ", ".join(sorted({one.name for one in sure}))
            return Destination(upstream, unknown=Unknown(f"{names} all listen on port {number}", upstream.span))
        perhaps = [one.name for answer, one in judged if answer is UNKNOWN and not _is_proxy(one)]
        return self._nothing(upstream, f"port {number}", perhaps)

    @staticmethod
    def _nothing(upstream: Upstream, wanted: str, perhaps: list[str]) -> Destination:
        """Nothing is known to listen there; `perhaps` are the programs of which it is not known where they listen."""
        names = list(dict.fromkeys(perhaps))
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        reason = f"which of {', '.join(names[:3])}{more} listens on {wanted} is not known"
        if len(names) == 1:
            reason = f"where {names[0]} listens is not known"
        elif not names:
            reason = f"nothing beside it is known to listen on {wanted}"
        return Destination(upstream, unknown=Unknown(reason, upstream.span))

    def _by_published_port(self, upstream: Upstream, near: list[Peer]) -> Destination:
        """A port of the host: a program of it, or the container that publishes the port."""
        port = _dialled(upstream)
        wanted = self.environment if self.environment is not Environment.UNKNOWN else Environment.PRODUCTION
        published = self.peers.publishing(settled_port(port) or 0)
        exact = [one for one in published if one[0].environment in (wanted, Environment.UNKNOWN)]
        # A program of the host that may listen there comes first: both cannot.
        own = [one for one in near if listening_at_home(one.service, port)[0] is not NO and not _is_proxy(one)]
        if exact and not own:
            names = {(one.name, one.group) for one, _ in exact}
            if len(names) == 1:
                peer, exposure = exact[0]
                link = Link(exposure.span, f"publishes port {shown_port(exposure.port)} of the host")
                return self._ending(upstream, peer, exposure.target, (link,))
            reason = f"several files publish port {shown_port(port)}: {', '.join(sorted(name for name, _ in names))}"
            return Destination(upstream, unknown=Unknown(reason, upstream.span))
        return self._with_port(upstream, near)

    # By socket.

    def _by_socket(self, upstream: Upstream) -> Destination:
        """A Unix socket: the program that listens on the same file."""
        process = self.holder.process if self.holder is not None else None
        found = self.peers.at_socket(self.machine, upstream.socket, process)
        if len({(one.name, one.group) for one, _ in found}) == 1:
            peer, listening = found[0]
            chain = [Link(peer.process.span, f"is {peer.name}")]
            if listening is not None:
                chain.append(Link(listening.span, f"{peer.name} listens on {listening}"))
            return Destination(upstream, service=peer.service, listens=YES, chain=tuple(chain))
        if found:
            reason = f"several services listen on {upstream.socket}"
            return Destination(upstream, unknown=Unknown(reason, upstream.span))
        perhaps = [one.name for one in self.peers.perhaps_at_sockets(self.machine)]
        return self._nothing(upstream, upstream.socket, perhaps)


def _same_line(one: Span, other: Span) -> bool:
    return one.path == other.path and one.line == other.line


def _is_proxy(peer: Peer) -> bool:
    """Whether a program is a proxy itself, or only starts others."""
    service = peer.service
    if service is None or service.server is not None:
        return False
    program = service.step.program if service.step is not None else ""
    return program in ("nginx", "supervisord") or is_of_proxy(service.image)


def _name(end: Destination) -> str:
    """The name of what a route leads to."""
    return end.service.name if end.service is not None else end.backing.name if end.backing is not None else ""


def _unread(upstream: Upstream) -> str:
    """Why an address has no host."""
    return "the address is not understood" if upstream.written else "the address is filled in when it is deployed"


def _shown(upstream: Upstream) -> str:
    if upstream.socket:
        return f"unix:{upstream.socket}"
    port = upstream.port_name or (shown_port(upstream.port) if upstream.port is not None else "")
    host = told_name(upstream.host or "")
    return f"{host}:{port}" if port else host


def _dialled(upstream: Upstream) -> Value[int] | None:
    if upstream.port is not None:
        return upstream.port
    default = _PORTS.get(upstream.protocol)
    return Known(default, upstream.span) if default is not None else None


def _led(peer: Peer) -> tuple[Exposure, ...]:
    """What leads to it, or to whichever container of its pod listens."""
    return (*peer.process.exposures, *peer.process.reach.exposures)


def _exposed(exposures: Iterable[Exposure], upstream: Upstream, port: Value[int] | None) -> Exposure | None:
    """The port of a Kubernetes Service that is dialled, by its number or its name."""
    owner = f"the service {told_name(upstream.host or '').partition('.')[0]}"
    mine = list(dict.fromkeys(one for one in exposures if one.owner.lower() == owner))
    if upstream.port_name:
        return next((one for one in mine if one.name == upstream.port_name), None)
    if upstream.port is None and len(mine) == 1:
        return mine[0]
    return next((one for one in mine if is_same_port(one.port, port)), None)
