"""Who sends a service its traffic: the port that is dialled, the line that says so, and whether somebody listens there.

Sources: the catalogue's serving page, `loopback-bind-in-container` and `port-mismatch`; platform page, 2.1 and 2.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import Any

from prodlint.deployment.environment import Environment
from prodlint.deployment.network import Proxy
from prodlint.deployment.process import HOST, Exposure, Platform
from prodlint.deployment.proxies.dialling import (
    answering,
    is_at,
    is_of_proxy,
    machine_of,
    may_listen,
    plain_path,
    settled_port,
    shown_port,
)
from prodlint.deployment.proxies.passage import SOME_PLATFORM, Destination, Passage
from prodlint.deployment.servers.bind import Bind
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, EnvDriven, Known, Value, answer
from prodlint.record import Entity
from prodlint.source import Span

__all__ = [
    "Container",
    "Dial",
    "Dialler",
    "containers_of",
    "dials_to",
    "ignored_port",
    "other_protocols",
    "wrong_ports",
]

_OF_HOSTS = (Platform.SYSTEMD, Platform.BEANSTALK, Platform.LAMBDA)
# Debuggers of Python and of Node, which listen when somebody attaches.
_DEBUGGERS = (5678, 5679, 9229, 4444)
_ELSEWHERE = (Environment.DEVELOPMENT, Environment.TEST)
_MOST = 200


class Dialler(Enum):
    """What kind of thing sends the traffic."""

    PUBLISHED = "a port of the host"
    PROXY = "a proxy"
    ROUTER = "the router of a platform"
    SERVICE = "a Service of Kubernetes"
    PROBE = "a probe"
    DOCUMENTED = "EXPOSE"


class Dial(Entity):
    """One way by which traffic reaches a service.

    `who` is the dialler for people, `span` the line that says which port it dials. `port` is the port of the process
    itself. `is_outside` tells whether it has another loopback than the service: what listens on 127.0.0.1 alone it
    never reaches. `listens` tells whether some socket of the service has that port, on whichever address. `protocol`
    is what it speaks, empty where nothing tells; `exposure` is the published port or the port of a Service.
    """

    kind: Dialler
    who: str
    port: Value[int] | None
    span: Span
    is_outside: Answer
    listens: Answer
    protocol: str = ""
    exposure: Exposure | None = None
    passage: Passage | None = None
    destination: Destination | None = None

    @property
    def shown(self) -> str:
        """The port as people write it."""
        return shown_port(self.port)

    @property
    def note(self) -> str:
        """What its line does, as a hop of evidence."""
        number = self.shown
        if self.kind is Dialler.PUBLISHED:
            return f"publishes port {number} of the container"
        if self.kind is Dialler.DOCUMENTED:
            return f"promises port {number}"
        return f"{self.who} dials port {number} here" if self.port is not None else f"{self.who} dials it here"

    @property
    def failure(self) -> str:
        """What comes of it where nothing answers."""
        number = self.shown
        if self.kind is Dialler.PUBLISHED:
            return f"the published port {number} refuses every connection"
        if self.kind is Dialler.DOCUMENTED:
            return f"port {number} of EXPOSE refuses every connection"
        if self.kind is Dialler.SERVICE:
            return f"whatever {self.who} passes on is refused"
        return f"{self.who} is refused"

    @property
    def reaches_a_wrong_port(self) -> bool:
        """Whether it dials, as a file says for certain, a port of a container of compose that nothing listens on.

        What the objects of a cluster and platforms dial is asked for elsewhere, each in its own words.
        """
        if self.listens is not NO or self.is_outside is not YES:
            return False
        if self.kind is Dialler.PROXY:
            return self.destination is not None and self.destination.certain is YES
        return self.kind is Dialler.PUBLISHED

    @property
    def is_certain(self) -> bool:
        """Whether a file says that the traffic comes: no guess about whose router it is, no promise alone."""
        is_guessed = self.passage is not None and self.passage.proxy.product == SOME_PLATFORM
        return self.kind is not Dialler.DOCUMENTED and not is_guessed


class Container(Entity):
    """What shares its addresses with a service: a container, a pod, a dyno; `machine` is its name in the model.

    `serves_alone` is YES where the service is known to be all that listens in it. `services` are all that run in it,
    `fronts` the proxies that do.
    """

    machine: str
    serves_alone: Answer
    services: tuple[Service, ...] = ()
    fronts: tuple[Proxy, ...] = ()


def containers_of(services: Sequence[Service], passages: Iterable[Passage]) -> dict[int, Container]:
    """The container of each service, by the identity of the service."""
    beside: dict[str, list[Service]] = {}
    for service in services:
        beside.setdefault(machine_of(service.process, service), []).append(service)
    fronts: dict[str, dict[Span, Proxy]] = {}
    for one in passages:
        if one.holder is not None:
            inside = fronts.setdefault(machine_of(one.holder.process, one.holder.service), {})
            inside[one.proxy.span] = one.proxy
    found: dict[int, Container] = {}
    for machine, held in beside.items():
        proxies = tuple(fronts.get(machine, {}).values()) if machine else ()
        together = tuple(held) if machine else ()
        for service in held:
            alone = answer(not proxies) & _is_alone(service, held if machine else [service])
            found[id(service)] = Container(machine, alone, together, proxies)
    return found


def _is_alone(service: Service, beside: list[Service]) -> Answer:
    """Whether nothing else that is started in its container may listen."""
    image = service.image
    own = service.process
    if is_of_proxy(image) or service.execution.unread or own.reach.has_company:
        return UNKNOWN
    for other in beside[:_MOST]:
        if other is not service and other.process.platform is not Platform.DOCKER and other.process.span != own.span:
            return UNKNOWN
    return UNKNOWN if any(may_listen(step, service) for step in service.execution.steps) else YES


def dials_to(service: Service, passages: Iterable[Passage], container: Container) -> tuple[Dial, ...]:
    """Everything that dials a service in the environment that it runs in."""
    return tuple(_dials(service, tuple(passages), container))[:_MOST]


def _dials(service: Service, passages: tuple[Passage, ...], container: Container) -> Iterator[Dial]:
    process = service.process
    is_elsewhere = _is_elsewhere(service, container)

    def dial(kind: Dialler, who: str, port: Value[int], span: Span, **more: Any) -> Dial:
        return Dial(kind, who, port, span, is_elsewhere, answering(service, port), **more)

    for one in process.exposures:
        if one.owner == HOST:
            protocol = "http" if settled_port(one.port) == 80 else ""
            yield dial(Dialler.PUBLISHED, "compose", one.target, one.span, protocol=protocol, exposure=one)
        elif process.platform is Platform.KUBERNETES:
            yield dial(Dialler.SERVICE, one.owner, one.target, one.span, exposure=one)
    for probe in process.probes:
        if process.platform is Platform.KUBERNETES and probe.command is None and probe.port is not None:
            who, span = f"the {probe.kind.value} probe", probe.port.span or probe.span
            yield dial(Dialler.PROBE, who, probe.port, span, protocol="" if probe.path is None else "http")
    for passage in passages:
        if passage.environment in _ELSEWHERE and service.environment not in _ELSEWHERE:
            continue
        for end in passage.destinations:
            if end.service is service:
                yield _of_passage(service, passage, end, container, is_elsewhere)
    image = service.image
    for port in image.exposed if image is not None and process.platform is Platform.DOCKER else ():
        yield dial(Dialler.DOCUMENTED, "EXPOSE", port.number, port.span)


def wrong_ports(dials: Iterable[Dial]) -> tuple[Dial, ...]:
    """The dials of a container that serves alone which nothing answers, one for each line.

    Of several published ports one is the app's: the others may be for debuggers and figures.
    """
    dials = tuple(dials)
    published = [one for one in dials if one.kind is Dialler.PUBLISHED and settled_port(one.port) not in _DEBUGGERS]
    found = {one.span: one for one in dials if one.kind is Dialler.PROXY and one.reaches_a_wrong_port}
    if published and all(one.reaches_a_wrong_port for one in published):
        found[published[0].span] = published[0]
    return tuple(found.values())


_BINARY = frozenset({"uwsgi", "fastcgi", "scgi"})


def other_protocols(service: Service, dials: Iterable[Dial]) -> tuple[tuple[Dial, Bind], ...]:
    """Who speaks another protocol than the socket that it reaches, with that socket; one for each line."""
    binds = service.server.binds if service.server is not None else ()
    found: dict[Span, tuple[Dial, Bind]] = {}
    for dial in dials:
        if not dial.protocol or (dial.destination is not None and dial.destination.certain is not YES):
            continue
        reached = [bind for bind in binds if _reaches(dial, bind)]
        if len(reached) == 1 and _differ(dial.protocol, reached[0].protocol):
            found[dial.span] = dial, reached[0]
    return tuple(found.values())


def _reaches(dial: Dial, bind: Bind) -> bool:
    socket = dial.destination.upstream.socket if dial.destination is not None else ""
    if socket or bind.socket is not None:
        return isinstance(bind.socket, Known) and plain_path(bind.socket.value) == plain_path(socket)
    return dial.port is not None and is_at(bind, dial.port) is YES


def _differ(one: str, other: str) -> bool:
    """Whether two programs that speak so do not understand one another: TLS is another matter."""
    return one != other and (one in _BINARY or other in _BINARY)


# Without a variable App Platform and Cloud Foundry dial 8080, Elastic Beanstalk 8000 and Dokku 5000.
_OF_SOME_PLATFORM = (5000, 8000, 8080)
# Render finds whatever port is open; the rest is told its port by a file.
_SETS_PORT = (Platform.HEROKU, Platform.RAILWAY, Platform.APP_ENGINE, Platform.CLOUD_FOUNDRY, Platform.DIGITALOCEAN)


def ignored_port(service: Service, dials: Iterable[Dial]) -> Dial | None:
    """The router that dials the port in PORT where a service listens on one of its own; None where both may agree."""
    server = service.server
    if server is None or not server.binds or service.process.platform not in _SETS_PORT:
        return None
    if any(bind.socket is not None for bind in server.binds):
        return None
    own = {bind.port.value for bind in server.binds if isinstance(bind.port, Known)}
    given = service.variables.get("PORT")
    if len(own) < len(server.binds) or isinstance(given, Known):
        return None
    is_written = any(bind.span != server.span for bind in server.binds)
    for dial in dials:
        if dial.kind is not Dialler.ROUTER or not isinstance(dial.port, EnvDriven) or dial.port.default in own:
            continue
        if dial.is_certain or not is_written or not own.intersection(_OF_SOME_PLATFORM):
            return dial
    return None


def _of_passage(
    service: Service, passage: Passage, end: Destination, container: Container, is_elsewhere: Answer
) -> Dial:
    span = end.upstream.port.span if end.upstream.port is not None else end.upstream.span
    kind = Dialler.ROUTER if passage.of_platform else Dialler.PROXY
    holder = passage.holder
    is_outside = is_elsewhere
    if holder is not None and machine_of(holder.process, holder.service) == container.machine:
        is_outside = NO
    elif end.certain is not YES:
        is_outside &= UNKNOWN
    who = passage.proxy.product if kind is Dialler.PROXY else f"the {passage.proxy.product}"
    listens = answering(service, end.port) if end.port is not None else UNKNOWN
    place = span or passage.span
    protocol = end.upstream.protocol
    return Dial(kind, who, end.port, place, is_outside, listens, protocol, passage=passage, destination=end)


def _is_elsewhere(service: Service, container: Container) -> Answer:
    """Whether whoever is not in its container has another loopback."""
    if container.machine == HOST or service.process.platform in _OF_HOSTS:
        return NO
    if service.process.platform is Platform.SUPERVISOR and service.image is None:
        return NO
    return YES
