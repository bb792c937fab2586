"""Proxies: what stands in front of the services, where it listens, and which path it passes on to whom."""

from __future__ import annotations

from prodlint.deployment.command import Link
from prodlint.deployment.environment import Environment
from prodlint.deployment.value import EnvDriven, Known, Unknown, Value
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Span

__all__ = ["Listen", "Proxy", "ProxyRoute", "Upstream", "listened_port", "port_of", "told_name", "upstream_of"]

_ADDRESS = regex(r"(\[[0-9A-Fa-f:]+\]|[^/:\s]*)(?::([^/\s]+))?(/.*)?")
_VARIABLE = regex(r"\$(?:\{(\w+)\}|([A-Za-z_]\w*))")
_TEMPLATE = regex(r"\{\{[^{}]*\}\}")


class Listen(Record):
    """An address that a proxy listens on; `socket` is the path of a Unix socket, empty for a port.

    `redirects` where all that comes without TLS is sent to the same address with it.
    """

    span: Span
    port: Value[int] | None = None
    address: str = ""
    socket: str = ""
    tls: bool = False
    is_default: bool = False
    redirects: bool = False


class Upstream(Record):
    """One place that requests are passed on to: a host with a port, or a Unix socket.

    `protocol` is `http`, `https`, `uwsgi`, `fastcgi` or `grpc`. `host` is None when a variable
    decides it. `path` is the path that replaces the matched one, None when the path is passed on
    as it came. `written` is the address with its variables, `port_name` the name of a port of Kubernetes,
    `via` what lies between the route and the address (`proxy_pass http://app;` of an `upstream`).
    """

    protocol: str
    host: str | None
    span: Span
    port: Value[int] | None = None
    socket: str = ""
    path: str | None = None
    written: str = ""
    port_name: str = ""
    via: tuple[Link, ...] = ()


class ProxyRoute(Record):
    """What a proxy does with the paths that fit: `modifier` is empty for a prefix, `=`, `~`, `~*` or `^~`.

    Requests go to one of `upstreams`, or `folder` is served as files (None: neither), or `answer` is what
    the proxy says itself (`301 https://…`). `unread` says which part of it is not in the repository.
    `read_timeout` are the seconds that it waits for an answer, None where its file cannot say; `headers` are the names
    of the headers that it sets for the server behind it, None where they are not known. `inside` is the path of the
    location around a pattern: it is tried for these paths alone.
    """

    path: str
    span: Span
    modifier: str = ""
    upstreams: tuple[Upstream, ...] = ()
    folder: str | None = None
    answer: str = ""
    unread: str = ""
    read_timeout: Value[int] | None = None
    headers: tuple[str, ...] | None = None
    inside: str = ""


class Proxy(Record):
    """One server of a proxy: the names that it answers to and its routes. `product` is nginx, Ingress …

    `environment` is what its file says of production, None when it says nothing. `complete` is
    False when a part of it lies elsewhere. `group` is the group of the processes that its upstreams name
    (`Reach`), where its own file says so, `configuration` the name of the volume that holds it (a ConfigMap).
    `balancer` is the load balancer of a cloud that an Ingress is, `idle` the seconds for which that keeps a connection
    to use it again, where that is known.
    """

    product: str
    span: Span
    names: tuple[str, ...] = ()
    listens: tuple[Listen, ...] = ()
    routes: tuple[ProxyRoute, ...] = ()
    environment: Environment | None = None
    complete: bool = True
    group: str = ""
    configuration: str = ""
    balancer: str = ""
    idle: Value[int] | None = None

    @property
    def path(self) -> str:
        """The file that declares it."""
        return self.span.path


def upstream_of(written: str, protocol: str, place: Span) -> Upstream:
    """`http://host:port/path`, `host:port`, `unix:/path:/uri`; a variable in the host leaves it unknown."""
    scheme, separator, rest = written.partition("://")
    if not separator or scheme == "unix":
        scheme, rest = protocol, written
    if rest.startswith("unix:"):
        socket, _, path = rest[len("unix:") :].partition(":")
        return Upstream(scheme, None, place, socket="/" + socket.lstrip("/"), path=path or None, written=written)
    found = _ADDRESS.fullmatch(rest)
    if found is None or "$" in found[1] or "$" in scheme:
        return Upstream(protocol, None, place, written=written)
    port = port_of(found[2], place) if found[2] else None
    return Upstream(scheme, found[1].lower(), place, port, path=found[3], written=written)


def port_of(text: str, place: Span) -> Value[int]:
    """The number that a port is written as."""
    if text.isdecimal() and len(text) < 6:
        return Known(int(text), place)
    return Unknown("a variable decides it", place)


def listened_port(text: str, place: Span) -> Value[int]:
    """The port that nginx is told to listen on; one that `envsubst` fills in is what the variable says."""
    found = _VARIABLE.fullmatch(text)
    return EnvDriven(found[1] or found[2], None, place) if found is not None else port_of(text, place)


def told_name(name: str) -> str:
    """A name for people: a template's part of it is not known, and what the template says of it is no name."""
    return "?" if _TEMPLATE.fullmatch(name.strip()) else _TEMPLATE.sub("…", name)
