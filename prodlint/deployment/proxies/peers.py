"""The programs that may stand behind a proxy, found by what others know of them: names, machines, ports, sockets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prodlint.deployment.backing_service import BackingService
from prodlint.deployment.environment import Environment
from prodlint.deployment.process import HOST, Exposure, Process
from prodlint.deployment.proxies.dialling import machine_of, plain_path, settled_port
from prodlint.deployment.servers.bind import Bind
from prodlint.deployment.service import Service
from prodlint.deployment.value import Known, Unknown
from prodlint.record import Entity
from prodlint.regex import regex

__all__ = ["Peer", "Peers"]

_NUMBERED = regex(r"(.+)[-_]\d+")
_PART = regex(r"[-_]")
_MOST = 50


class Peer(Entity):
    """A program that may stand behind a proxy: a service of ours or one of others' images."""

    name: str
    process: Process
    environment: Environment
    machine: str
    service: Service | None = None
    backing: BackingService | None = None

    @property
    def group(self) -> str:
        """What it must share with a proxy that dials its name."""
        return self.process.reach.group


class Peers:
    """All of them, each found in one step: a repository may hold thousands."""

    def __init__(self, services: Sequence[Service], backing: Sequence[BackingService]) -> None:
        self._named: dict[tuple[str, str], list[Peer]] = {}
        self._called: dict[tuple[str, str], list[Peer]] = {}
        self._groups: dict[str, dict[str, None]] = {}
        self._machines: dict[str, list[Peer]] = {}
        self._published: dict[int, list[tuple[Peer, Exposure]]] = {}
        self._sockets: dict[tuple[str, str], list[tuple[Peer, Bind | None]]] = {}
        self._shared: dict[tuple[str, str, str], list[tuple[Peer, Bind | None]]] = {}
        self._open: dict[str, list[Peer]] = {}
        for service in services:
            machine = machine_of(service.process, service)
            self._add(Peer(service.name, service.process, service.environment, machine, service=service))
        for one in backing:
            if one.process is not None:
                machine = machine_of(one.process, None)
                self._add(Peer(one.name, one.process, one.environment, machine, backing=one))

    def _add(self, peer: Peer) -> None:
        for name in {one.lower() for one in peer.process.reach.names}:
            self._named.setdefault((peer.group, name), []).append(peer)
            self._groups.setdefault(name, {})[peer.group] = None
        self._called.setdefault((peer.group, peer.name.lower()), []).append(peer)
        self._machines.setdefault(peer.machine, []).append(peer)
        for exposure in peer.process.exposures:
            port = settled_port(exposure.port)
            if exposure.owner == HOST and port is not None:
                self._published.setdefault(port, []).append((peer, exposure))
        for socket, bind in _sockets(peer):
            self._sockets.setdefault((peer.machine, plain_path(socket)), []).append((peer, bind))
            file = shared_file(socket, peer.process)
            if file is not None:
                self._shared.setdefault(file, []).append((peer, bind))
        if _may_bind_a_socket(peer):
            self._open.setdefault(peer.machine, []).append(peer)

    def named(self, group: str, names: Sequence[str]) -> list[Peer]:
        """The programs of a group that answer to one of some names."""
        found = [one for name in names for one in self._named.get((group, name), ())]
        if not found:
            # What Docker calls the containers of a service: `project-service-1`.
            found = [
                one for name in names for part in _services_in(name) for one in self._called.get((group, part), ())
            ]
        return list(dict.fromkeys(found))[:_MOST]

    def groups_with(self, names: Sequence[str]) -> list[str]:
        """The groups in which somebody answers to one of some names."""
        wanted = [*names, *(part for name in names for part in _services_in(name))]
        return [group for group in dict.fromkeys(one for name in wanted for one in self._groups.get(name, ())) if group]

    def on(self, machine: str) -> list[Peer]:
        """The programs of a machine."""
        return self._machines.get(machine, []) if machine else []

    @property
    def has_host(self) -> bool:
        """Whether something runs beside the containers, or is reached there."""
        return HOST in self._machines or bool(self._published)

    def publishing(self, port: int) -> list[tuple[Peer, Exposure]]:
        """The containers that publish a port of the host."""
        return self._published.get(port, [])

    def at_socket(self, machine: str, path: str, process: Process | None) -> list[tuple[Peer, Bind | None]]:
        """The programs that listen on a Unix socket: of the same machine, or over a volume shared with `process`."""
        here = self._sockets.get((machine, plain_path(path)), []) if machine else []
        file = shared_file(path, process)
        return [*here, *(one for one in self._shared.get(file, []) if one not in here)] if file else here

    def perhaps_at_sockets(self, machine: str) -> list[Peer]:
        """The programs of a machine of which it is not known on which sockets they listen."""
        return self._open.get(machine, []) if machine else []


def _services_in(name: str) -> Iterator[str]:
    """The services that a container `project-service-1` may be of."""
    numbered = _NUMBERED.fullmatch(name)
    if numbered is not None:
        yield from (numbered[1][found.end() :] for found in _PART.finditer(numbered[1]))


def _sockets(peer: Peer) -> Iterator[tuple[str, Bind | None]]:
    """The Unix sockets that a program binds, or that systemd opens for it."""
    server = peer.service.server if peer.service is not None else None
    for bind in server.binds if server is not None else ():
        if isinstance(bind.socket, Known):
            yield bind.socket.value, bind
    for one in peer.process.settings:
        if one.name == "ListenStream" and isinstance(one.value, Known) and one.value.value.startswith("/"):
            yield one.value.value, None


def _may_bind_a_socket(peer: Peer) -> bool:
    server = peer.service.server if peer.service is not None else None
    for bind in server.binds if server is not None else ():
        if bind.socket is not None:
            if not isinstance(bind.socket, Known):
                return True
        elif isinstance(bind.host, Unknown):
            return True
    return False


def shared_file(path: str, process: Process | None) -> tuple[str, str, str] | None:
    """A file as others see it: the volume that it lies in and its path there."""
    path = plain_path(path)
    for volume in process.reach.volumes if process is not None else ():
        inside = volume.target.rstrip("/") + "/"
        if process is not None and path.startswith(inside):
            return process.reach.group, volume.name, path[len(inside) :]
    return None
