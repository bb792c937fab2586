"""Joins the routes of proxies to the services behind them: by name, by port, by socket.

Sources: the catalogue's configuration page, 2.9, Upstream resolution; platform page, 2.3, Ports. Docker,
"Networking in Compose": services of one project dial one another by their names and aliases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from prodlint.deployment.backing_service import BackingService
from prodlint.deployment.command import Link
from prodlint.deployment.environment import Environment
from prodlint.deployment.network import Proxy, ProxyRoute, Upstream
from prodlint.deployment.passage import Destination, Holder, Passage
from prodlint.deployment.process import HOST, Exposure, Platform, Process, Role
from prodlint.deployment.proxy_holder import holders_of, is_of_proxy, with_variables
from prodlint.deployment.repository import Repository
from prodlint.deployment.server_bind import Bind
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, EnvDriven, Known, Unknown, Value
from prodlint.record import record
from prodlint.regex import regex
from prodlint.source import Span

__all__ = ["passages"]

_PORTS = {"http": 80, "https": 443}
_LOOPBACK = regex(r"localhost|127(?:\.\d+){3}|\[::1\]|0\.0\.0\.0")
_OF_THE_HOST = frozenset({"host.docker.internal", "gateway.docker.internal", "172.17.0.1"})
_NUMBERED = regex(r"(.+)[-_]\d+")
_OF_CLUSTERS = ("Ingress", "HTTPRoute", "VirtualService")
_NOT_SERVING = (Role.RELEASE, Role.WORKER, Role.BEAT)
_MOST = 2_000


@record
class _Peer:
    """A program that may stand behind a proxy."""

    name: str
    process: Process
    environment: Environment
    service: Service | None = None
    backing: BackingService | None = None

    @property
    def machine(self) -> str:
        """What shares its addresses with it; empty where that is not known."""
        process = self.process
        if process.reach.machine:
            return process.reach.machine
        image = self.service.image if self.service is not None else None
        if image is not None:
            return f"{image.path} {image.stage}"
        return HOST if process.platform in (Platform.SYSTEMD, Platform.SUPERVISOR) else ""


def passages(
    proxies: Iterable[Proxy],
    services: Iterable[Service],
    backing: Iterable[BackingService],
    repository: Repository,
) -> tuple[Passage, ...]:
    """Every route of every proxy, once for each program that runs it."""
    peers = [
        *(_Peer(one.name, one.process, one.environment, service=one) for one in services),
        *(_Peer(one.name, one.process, one.environment, backing=one) for one in backing if one.process is not None),
    ]
    found: list[Passage] = []
    for proxy in proxies:
        holders = holders_of(proxy, services, backing)
        for holder in holders or (None,):
            joiner = _Joiner(proxy, holder, peers, repository)
            for route in proxy.routes:
                if len(found) >= _MOST:
                    return tuple(found)
                destinations = tuple(joiner.joined(route))
                environment = joiner.environment
                found.append(Passage(proxy, route, environment, holder, destinations))
    return tuple(found)


class _Joiner:
    """Joins the routes of one proxy, as one program runs it."""

    def __init__(self, proxy: Proxy, holder: Holder | None, peers: list[_Peer], repository: Repository) -> None:
        self.proxy = proxy
        self.holder = holder
        self.peers = peers
        self.repository = repository
        self.environment = holder.environment if holder is not None else proxy.environment or Environment.UNKNOWN

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
            return Destination(upstream, unknown=Unknown("the address is not understood", upstream.span))
        host = upstream.host
        if _LOOPBACK.fullmatch(host):
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

    def _named(self, group: str, host: str) -> list[_Peer]:
        """The programs of a group that answer to a name, which a link may have changed."""
        links = dict(self.holder.process.reach.links) if self.holder is not None else {}
        wanted = {links.get(host, host)}
        if self._is_inside(host) or self._is_cluster:
            wanted.add(host.partition(".")[0])
        numbered = _NUMBERED.fullmatch(host)
        near = [one for one in self.peers if one.process.reach.group == group]
        found = [one for one in near if wanted & {name.lower() for name in one.process.reach.names}]
        if not found and numbered is not None:
            # What Docker calls the containers of a service: `project-service-1`.
            found = [one for one in near if numbered[1].endswith(("-" + one.name.lower(), "_" + one.name.lower()))]
        return found

    @property
    def _is_cluster(self) -> bool:
        return self.proxy.product in _OF_CLUSTERS or (
            self.holder is not None and self.holder.process.platform is Platform.KUBERNETES
        )

    def _by_name_alone(self, upstream: Upstream, host: str) -> Destination:
        """No file says where the proxy runs: a name that one group alone knows is taken for the one that is meant."""
        groups = dict.fromkeys(one.process.reach.group for one in self.peers if one.process.reach.group)
        known = {group: found for group in groups if (found := self._named(group, host))}
        wanted = (self.proxy.environment or Environment.PRODUCTION, Environment.UNKNOWN)
        for environment in wanted:
            fitting = [found for found in known.values() if found[0].environment is environment]
            if len(fitting) == 1:
                return replace(self._one_of(upstream, fitting[0]), certain=UNKNOWN)
            if fitting:
                paths = ", ".join(found[0].process.path for found in fitting[:3])
                return Destination(
                    upstream, unknown=Unknown(f"{host} is in several files ({paths}), and none runs it", upstream.span)
                )
        if "." in host and not self._is_inside(host):
            return Destination(upstream, outside=host)
        return Destination(upstream, unknown=Unknown(f"nothing that is read is called {host}", upstream.span))

    def _one_of(self, upstream: Upstream, found: list[_Peer]) -> Destination:
        """The one program among those of a name that the port leads to.

        A Service leads to a pod, and to whichever of its containers listens: what a container declares is
        documentation (platform page, 2.3, Ports).
        """
        port = _dialled(upstream)
        exposed = {one.machine: held for one in found if (held := _exposed(one.process, upstream, port)) is not None}
        reached = [(self._reached(upstream, one, port, exposed), one) for one in found]
        sure = [end for end, _ in reached if end.listens is YES]
        declared = [end for end, one in reached if _exposed(one.process, upstream, port) is not None]
        perhaps = [end for end, _ in reached if end.listens is not NO]
        for ends in (sure, declared, perhaps, [end for end, _ in reached]):
            if ends and len({_name(end) for end in ends}) == 1:
                return ends[0]
        names = ", ".join(sorted({_name(end) for end, _ in reached}))
        return Destination(upstream, unknown=Unknown(f"{upstream.host} is the name of {names}", upstream.span))

    def _reached(
        self, upstream: Upstream, peer: _Peer, port: Value[int] | None, exposed: dict[str, Exposure]
    ) -> Destination:
        """What a peer does with requests that are sent to its name."""
        exposure = exposed.get(peer.machine)
        if exposure is not None:
            link = Link(exposure.span, f"{exposure.owner} leads to port {_number(exposure.target)}")
            return self._ending(upstream, peer, exposure.target, (link,))
        if any(one.owner.startswith("the Service") for one in peer.process.exposures):
            # The Service has ports, and none of them is the one that is dialled.
            answer = NO if upstream.port_name or isinstance(port, Known) else UNKNOWN
            link = Link(peer.process.span, f"is what {upstream.host} selects")
            return Destination(upstream, service=peer.service, port=port, listens=answer, chain=(link,))
        return self._ending(upstream, peer, port, ())

    def _ending(self, upstream: Upstream, peer: _Peer, port: Value[int] | None, chain: tuple[Link, ...]) -> Destination:
        listens, bind = _listening(peer.service, port)
        declared = Link(peer.process.span, f"is {peer.name}")
        hops = [*chain, declared]
        if bind is not None and bind.span.path:
            hops = list(chain) if _same_line(bind.span, declared.span) else hops
            hops.append(Link(bind.span, f"{peer.name} listens on {bind}"))
        return Destination(
            upstream, service=peer.service, backing=peer.backing, port=port, listens=listens, chain=tuple(hops)
        )

    # On the same machine.

    def _by_port(self, upstream: Upstream) -> Destination:
        """An address of the machine itself: the one program there that listens on the port."""
        machines = self._machines()
        if not machines:
            return Destination(
                upstream, unknown=Unknown("nothing says on which machine this configuration lies", upstream.span)
            )
        near = [
            one
            for one in self.peers
            if one.machine in machines and one.service is not None and one.service.role not in _NOT_SERVING
        ]
        if HOST in machines:
            return self._by_published_port(upstream, near)
        return self._with_port(upstream, near)

    def _with_port(self, upstream: Upstream, near: list[_Peer]) -> Destination:
        port = _dialled(upstream)
        judged = [(_listening(one.service, port)[0], one) for one in near]
        sure = [one for answer, one in judged if answer is YES]
        if len({one.name for one in sure}) == 1:
            return self._ending(upstream, sure[0], port, ())
        number = _number(port)
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
        reason = f"where {', '.join(names[:3])}{more} listens is not known"
        if not names:
            reason = f"nothing beside it is known to listen on {wanted}"
        return Destination(upstream, unknown=Unknown(reason, upstream.span))

    def _machines(self) -> tuple[str, ...]:
        """Where the configuration lies; without a container that holds it, on the host if the host runs anything."""
        if self.holder is not None:
            peer = _Peer(self.holder.name, self.holder.process, self.environment, self.holder.service)
            return (peer.machine,) if peer.machine else ()
        runs = any(one.machine == HOST for one in self.peers)
        published = any(one.owner == HOST for peer in self.peers for one in peer.process.exposures)
        return (HOST,) if runs or published else ()

    def _by_published_port(self, upstream: Upstream, near: list[_Peer]) -> Destination:
        """A port of the host: a program of it, or the container that publishes the port."""
        port = _dialled(upstream)
        wanted = self.environment if self.environment is not Environment.UNKNOWN else Environment.PRODUCTION
        published = [
            (one, exposure)
            for one in self.peers
            for exposure in one.process.exposures
            if exposure.owner == HOST and _is_number(exposure.port, port)
        ]
        exact = [one for one in published if one[0].environment in (wanted, Environment.UNKNOWN)]
        # A program of the host that may listen there comes first: both cannot.
        own = [one for one in near if _listening(one.service, port)[0] is not NO and not _is_proxy(one)]
        if exact and not own:
            names = {(one.name, one.process.reach.group) for one, _ in exact}
            if len(names) == 1:
                peer, exposure = exact[0]
                link = Link(exposure.span, f"publishes port {_number(exposure.port)} of the host")
                return self._ending(upstream, peer, exposure.target, (link,))
            reason = f"several files publish port {_number(port)}: {', '.join(sorted(name for name, _ in names))}"
            return Destination(upstream, unknown=Unknown(reason, upstream.span))
        return self._with_port(upstream, near)

    # By socket.

    def _by_socket(self, upstream: Upstream) -> Destination:
        """A Unix socket: the program that listens on the same file."""
        mine = self._file(upstream.socket, self.holder.process if self.holder is not None else None)
        near = self._machines()
        found: list[tuple[_Peer, Bind | None]] = []
        perhaps: list[str] = []
        for peer in self.peers:
            for bind in peer.service.server.binds if peer.service is not None and peer.service.server else ():
                path = bind.socket.value if isinstance(bind.socket, Known) else None
                if path is None:
                    open_host = bind.socket is not None or isinstance(bind.host, Unknown)
                    perhaps.extend([peer.name] if open_host and peer.machine in near else [])
                    continue
                same_place = peer.machine in near and _plain(path) == _plain(upstream.socket)
                shared = mine is not None and self._file(path, peer.process) == mine
                if same_place or shared:
                    found.append((peer, bind))
            found.extend((peer, None) for one in _activated(peer.process, upstream.socket) if peer.machine in near)
        if len({(one.name, one.process.reach.group) for one, _ in found}) == 1:
            peer, listening = found[0]
            chain = [Link(peer.process.span, f"is {peer.name}")]
            if listening is not None:
                chain.append(Link(listening.span, f"{peer.name} listens on {listening}"))
            return Destination(upstream, service=peer.service, listens=YES, chain=tuple(chain))
        if found:
            reason = f"several services listen on {upstream.socket}"
            return Destination(upstream, unknown=Unknown(reason, upstream.span))
        return self._nothing(upstream, upstream.socket, perhaps)

    @staticmethod
    def _file(path: str, process: Process | None) -> tuple[str, str, str] | None:
        """A file as others see it: the volume that it lies in and its path there."""
        path = _plain(path)
        for volume in process.reach.volumes if process is not None else ():
            inside = volume.target.rstrip("/") + "/"
            if path.startswith(inside) and process is not None:
                return process.reach.group, volume.name, path[len(inside) :]
        return None


def _same_line(one: Span, other: Span) -> bool:
    return one.path == other.path and one.line == other.line


def _is_proxy(peer: _Peer) -> bool:
    """Whether a program is a proxy itself."""
    return peer.service is not None and peer.service.server is None and is_of_proxy(peer.service.image)


def _name(end: Destination) -> str:
    """The name of what a route leads to."""
    return end.service.name if end.service is not None else end.backing.name if end.backing is not None else ""


def _plain(path: str) -> str:
    """A path without the alias of `/run`."""
    return path.removeprefix("/var") if path.startswith("/var/run/") else path


def _activated(process: Process, socket: str) -> Iterator[Span]:
    """The sockets that systemd opens for a service."""
    for one in process.settings:
        if one.name == "ListenStream" and isinstance(one.value, Known) and _plain(one.value.value) == _plain(socket):
            yield one.span


def _shown(upstream: Upstream) -> str:
    if upstream.socket:
        return f"unix:{upstream.socket}"
    port = upstream.port_name or (_number(upstream.port) if upstream.port is not None else "")
    return f"{upstream.host}:{port}" if port else f"{upstream.host}"


def _dialled(upstream: Upstream) -> Value[int] | None:
    if upstream.port is not None:
        return upstream.port
    default = _PORTS.get(upstream.protocol)
    return Known(default, upstream.span) if default is not None else None


def _exposed(process: Process, upstream: Upstream, port: Value[int] | None) -> Exposure | None:
    """The port of a Kubernetes Service that is dialled, by its number or its name."""
    owner = f"the service {(upstream.host or '').partition('.')[0]}"
    mine = [one for one in process.exposures if one.owner.lower() == owner]
    if upstream.port_name:
        return next((one for one in mine if one.name == upstream.port_name), None)
    if upstream.port is None and len(mine) == 1:
        return mine[0]
    return next((one for one in mine if _is_number(one.port, port)), None)


def _is_number(one: Value[int] | None, other: Value[int] | None) -> bool:
    return _settled(one) is not None and _settled(one) == _settled(other)


def _settled(value: Value[int] | Value[object] | None) -> int | None:
    """A port that is known, or that holds unless somebody sets a variable."""
    found = value.value if isinstance(value, Known) else value.default if isinstance(value, EnvDriven) else None
    return found if isinstance(found, int) else None


def _number(value: Value[int] | None) -> str:
    settled = _settled(value)
    return str(settled) if settled is not None else f"${value.name}" if isinstance(value, EnvDriven) else "?"


def _listening(service: Service | None, port: Value[int] | None) -> tuple[Answer, Bind | None]:
    """Whether a service listens on a port, and the socket that says so."""
    server = service.server if service is not None else None
    # Flower is told its port by variables of its own.
    if server is None or not server.binds or not isinstance(port, Known) or server.product == "flower":
        return UNKNOWN, None
    answers: list[Answer] = []
    for bind in server.binds:
        if bind.socket is not None:
            answers.append(NO)
        elif isinstance(bind.port, Known):
            if bind.port.value == port.value:
                return YES, bind
            answers.append(NO)
        else:
            answers.append(UNKNOWN)
    return (UNKNOWN if UNKNOWN in answers else NO), server.binds[0]
