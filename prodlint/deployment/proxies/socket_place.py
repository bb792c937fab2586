"""Two things that keep traffic out although a server runs: a socket that nobody else sees, a port that is taken."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from prodlint.deployment.environment import Environment
from prodlint.deployment.process import HOST, Platform
from prodlint.deployment.proxies.dial import Container
from prodlint.deployment.proxies.passage import Passage
from prodlint.deployment.servers.bind import Bind
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, YES, Known, Value
from prodlint.finding import Evidence
from prodlint.record import Entity
from prodlint.source import Span

__all__ = ["HiddenSocket", "TakenPort", "hidden_socket", "taken_port"]

_EVERY = frozenset({"", "*", "0.0.0.0", "::", "[::]"})


class HiddenSocket(Entity):
    """A Unix socket that its own container alone sees; `waiting` is the route of a proxy elsewhere that dials one."""

    bind: Bind
    waiting: Passage | None

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The line of the proxy that waits."""
        if self.waiting is None:
            return ()
        dialled = next(end.upstream for end in self.waiting.destinations if end.upstream.socket)
        return (
            Evidence(dialled.span, f"{self.waiting.proxy.product} looks for {dialled.socket} in its own container"),
        )


def hidden_socket(service: Service, container: Container, passages: Iterable[Passage]) -> HiddenSocket | None:
    """The Unix socket on which alone a service listens, in a folder that is in no volume; None where others see it.

    `passages` are those of the whole deployment. Where no proxy waits for it, an image that may bring one has it.
    """
    process, server = service.process, service.server
    if process.platform not in (Platform.COMPOSE, Platform.KUBERNETES) or container.serves_alone is not YES:
        return None
    binds = server.binds if server is not None else ()
    volumes = (*process.reach.volumes, *process.volumes)
    shared = [*(one.target for one in volumes), *(one.target for one in process.mounts)]
    for bind in binds:
        path = bind.socket.value if isinstance(bind.socket, Known) else ""
        if not path.startswith("/") or any(_covers(folder, path) for folder in shared):
            return None
    if not binds:
        return None
    waiting = _waiting(process.reach.group, passages)
    brings_none = service.image is not None and service.image.base_brings_servers is NO
    return HiddenSocket(binds[0], waiting) if waiting is not None or brings_none else None


def _waiting(group: str, passages: Iterable[Passage]) -> Passage | None:
    """The route of a proxy of the same project that passes requests on to a Unix socket of nobody that is known."""
    for one in passages:
        held = one.holder.process.reach.group if one.holder is not None else ""
        ends = [end for end in one.destinations if end.upstream.socket and end.service is None]
        if held and held == group and ends:
            return one
    return None


def _covers(folder: str, path: str) -> bool:
    return f"{posixpath.normpath(path)}/".startswith(posixpath.normpath(folder).rstrip("/") + "/")


class TakenPort(Entity):
    """A port that somebody else binds in the same container: who, and the line that says so."""

    bind: Bind
    who: str
    span: Span


def taken_port(service: Service, container: Container) -> TakenPort | None:
    """What else in its container binds a port of a service; None where nothing is known to."""
    if not container.machine or container.machine == HOST or _reuses(service) or not _starts(service):
        return None
    for bind in _bound(service):
        for proxy in container.fronts:
            for one in proxy.listens:
                if isinstance(one.port, Known) and _clash(bind, one.port.value, one.address):
                    return TakenPort(bind, proxy.product, one.span)
        for other in _before(service, container):
            for held in _bound(other):
                if _clash(bind, _known(held.port), _known(held.host)):
                    return TakenPort(bind, other.name, held.span)
    return None


def _before(service: Service, container: Container) -> Iterator[Service]:
    """The other programs of the container, of which each pair is looked at once."""
    for one in container.services:
        if one is service:
            return
        is_alike = one.process.platform is service.process.platform and one.environment is Environment.PRODUCTION
        if is_alike and one.process.span != service.process.span and _starts(one) and not _reuses(one):
            yield one


def _bound(service: Service) -> Iterator[Bind]:
    for bind in service.server.binds if service.server is not None else ():
        if isinstance(bind.port, Known) and isinstance(bind.host, Known) and bind.port.value:
            yield bind


def _known(value: Value[object] | Value[str]) -> object:
    return value.value if isinstance(value, Known) else None


def _clash(bind: Bind, port: object, host: object) -> bool:
    if not isinstance(bind.port, Known) or not isinstance(bind.host, Known) or bind.port.value != port:
        return False
    own, other = bind.host.value.strip("[]"), str(host).strip("[]")
    return own == other or own in _EVERY or other in _EVERY


def _starts(service: Service) -> bool:
    """Whether a program starts by itself, whatever a variable says."""
    setting = service.process.setting("autostart")
    return setting is None or (isinstance(setting, Known) and setting.value.lower() in ("true", "1", "on", "yes"))


def _reuses(service: Service) -> bool:
    """Whether a server lets others bind its port, or may."""
    settings = service.server.settings if service.server is not None else {}
    held = settings.get("reuse_port")
    return held is not None and not (isinstance(held.value, Known) and not held.value.value)
