"""Whether a service listens on the port that somebody dials, and what else may in the same place."""

from __future__ import annotations

from prodlint.deployment.command import Step
from prodlint.deployment.image import Image
from prodlint.deployment.process import HOST, Platform, Process
from prodlint.deployment.servers.bind import Bind
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, EnvDriven, Known, Value

__all__ = [
    "answering",
    "is_at",
    "is_of_proxy",
    "is_same_port",
    "listening_at_home",
    "listening_to_others",
    "machine_of",
    "may_listen",
    "names_proxy",
    "plain_path",
    "settled_port",
    "shown_port",
]

_PROXIES = ("nginx", "openresty", "caddy")
# What listens in a container without being one of its services.
_LISTENERS = frozenset(
    "nginx caddy apache2 apache2ctl apachectl httpd haproxy envoy traefik varnishd lighttpd socat stunnel stunnel4 "
    "rinetd simpleproxy gost tailscaled cloudflared ngrok service rc-service systemctl supervisord s6-svscan runsvdir "
    "monit aws-lambda-web-adapter start-nginx start-nginx-solo".split()
)


def machine_of(process: Process, service: Service | None) -> str:
    """What shares its addresses with a program; empty where that is not known."""
    if service is not None:
        return service.machine
    return process.reach.machine or (HOST if process.platform in (Platform.SYSTEMD, Platform.SUPERVISOR) else "")


def plain_path(path: str) -> str:
    """The path of a socket without the alias of `/run`."""
    return path.removeprefix("/var") if path.startswith("/var/run/") else path


def is_of_proxy(image: Image | None) -> bool:
    """Whether an image is built on one of a proxy."""
    return image is not None and image.base is not None and names_proxy(image.base)


def names_proxy(text: str) -> bool:
    """Whether the name of an image, or a command, names a proxy whose files are read."""
    return any(name in text for name in _PROXIES)


def may_listen(step: Step, service: Service) -> bool:
    """Whether a program that a service starts may listen for it: a proxy, or what runs beside the server."""
    if step.program in _LISTENERS or not _LISTENERS.isdisjoint(step.layers):
        return True
    return step is not service.step and step.background


def settled_port(value: Value[int] | Value[object] | None) -> int | None:
    """A port that is known, or that holds unless somebody sets a variable."""
    found = value.value if isinstance(value, Known) else value.default if isinstance(value, EnvDriven) else None
    return found if isinstance(found, int) else None


def shown_port(value: Value[int] | None) -> str:
    """A port as people write it."""
    settled = settled_port(value)
    return str(settled) if settled is not None else f"${value.name}" if isinstance(value, EnvDriven) else "?"


def is_same_port(one: Value[int] | None, other: Value[int] | None) -> bool:
    """Whether two ports are settled, and the same."""
    return settled_port(one) is not None and settled_port(one) == settled_port(other)


def listening_at_home(service: Service | None, port: Value[int] | None) -> tuple[Answer, Bind | None]:
    """Whether a service listens on a port for programs of its own machine, and the socket that says so."""
    return _judged(_binds(service), port)


def listening_to_others(service: Service | None, port: Value[int] | None) -> tuple[Answer, Bind | None]:
    """Whether a service listens on a port for other machines and containers, and the socket that says so.

    What it binds to the loopback they do not reach.
    """
    binds = _binds(service)
    outside = tuple(bind for bind in binds if bind.is_loopback is not YES)
    if binds and not outside:
        return NO, binds[0]
    answer, bind = _judged(outside, port)
    return (UNKNOWN if answer is YES and bind is not None and bind.is_loopback is UNKNOWN else answer), bind


def answering(service: Service, port: Value[int]) -> Answer:
    """Whether some socket of a service has a port, on whichever address."""
    return _judged(_binds(service), port)[0]


def _binds(service: Service | None) -> tuple[Bind, ...]:
    server = service.server if service is not None else None
    # Flower is told its port by variables of its own.
    return () if server is None or server.product == "flower" else server.binds


def _judged(binds: tuple[Bind, ...], port: Value[int] | None) -> tuple[Answer, Bind | None]:
    if not binds or port is None:
        return UNKNOWN, None
    answers: list[Answer] = []
    for bind in binds:
        answer = is_at(bind, port)
        if answer is YES:
            return YES, bind
        answers.append(answer)
    return (UNKNOWN if UNKNOWN in answers else NO), binds[0]


def is_at(bind: Bind, port: Value[int]) -> Answer:
    """Whether a socket has a port."""
    if bind.socket is not None:
        return NO
    if isinstance(bind.port, EnvDriven) and isinstance(port, EnvDriven):
        return YES if bind.port.name == port.name else UNKNOWN
    if isinstance(bind.port, Known) and isinstance(port, Known):
        return YES if bind.port.value == port.value else NO
    return UNKNOWN
