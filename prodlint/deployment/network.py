"""Proxies: what stands in front of the services, where it listens, and which path it passes on to whom."""

from __future__ import annotations

from prodlint.deployment.environment import Environment
from prodlint.deployment.value import Value
from prodlint.record import record
from prodlint.source import Span

__all__ = ["Listen", "Proxy", "ProxyRoute", "Upstream"]


@record
class Listen:
    """An address that a proxy listens on; `socket` is the path of a Unix socket, empty for a port."""

    span: Span
    port: Value[int] | None = None
    address: str = ""
    socket: str = ""
    tls: bool = False
    is_default: bool = False


@record
class Upstream:
    """One place that requests are passed on to: a host with a port, or a Unix socket.

    `protocol` is `http`, `https`, `uwsgi`, `fastcgi` or `grpc`. `host` is None when a variable
    decides it. `path` is the path that replaces the matched one, None when the path is passed on
    as it came.
    """

    protocol: str
    host: str | None
    span: Span
    port: Value[int] | None = None
    socket: str = ""
    path: str | None = None


@record
class ProxyRoute:
    """What a proxy does with the paths that fit: `modifier` is empty for a prefix, `=`, `~`, `~*` or `^~`.

    Requests go to one of `upstreams`, or `folder` is served as files (None: neither).
    """

    path: str
    span: Span
    modifier: str = ""
    upstreams: tuple[Upstream, ...] = ()
    folder: str | None = None


@record
class Proxy:
    """One server of a proxy: the names that it answers to and its routes. `product` is nginx, Ingress …

    `environment` is what its file says of production, None when it says nothing. `complete` is
    False when a part of it lies elsewhere.
    """

    product: str
    span: Span
    names: tuple[str, ...] = ()
    listens: tuple[Listen, ...] = ()
    routes: tuple[ProxyRoute, ...] = ()
    environment: Environment | None = None
    complete: bool = True

    @property
    def path(self) -> str:
        """The file that declares it."""
        return self.span.path
