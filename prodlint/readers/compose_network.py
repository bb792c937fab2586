"""How the services of a compose file reach one another and are reached: ports, names, links.

Source: compose specification, "Services top-level element" (`ports`, `networks`, `links`).
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.compose.files import ComposePort
from prodlint.syntax.interpolation import interpolated
from prodlint.syntax.word import Word
from prodlint.syntax.yaml import Mapping, Node, Scalar, Sequence

__all__ = ["exposed_by", "links_of", "names_of", "needed_by", "ports_of"]

# One part of `address:published:target`: a colon inside of `${NAME:-value}` parts nothing.


def ports_of(node: Node | None) -> Iterator[ComposePort]:
    """The entries of `ports`, in their short and their long form, those of UDP aside."""
    for item in node.items if isinstance(node, Sequence) else ():
        if isinstance(item, Scalar):
            if item.value.endswith("/udp"):
                continue
            written = item.text.slice(0, item.value.rfind("/") if item.value.endswith("/tcp") else None)
            found = _parts(written.value)
            parts = [interpolated(written.slice(*part), True) for part in found]
            if parts:
                host = interpolated(written.slice(0, found[-3][1]), True) if len(found) > 2 else None
                yield ComposePort(item.span, parts[-2] if len(parts) > 1 else None, parts[-1], host)
        elif isinstance(item, Mapping) and isinstance(target := item.get("target"), Scalar):
            protocol = item.get("protocol")
            if isinstance(protocol, Scalar) and protocol.value == "udp":
                continue
            outside = item.get("published")
            published = interpolated(outside.text, True) if isinstance(outside, Scalar) else None
            named = item.get("host_ip")
            address = interpolated(named.text, True) if isinstance(named, Scalar) else None
            yield ComposePort(item.span, published, interpolated(target.text, True), address)


def _parts(written: str) -> list[tuple[int, int]]:
    """What colons part, those inside of `${…}` and of `[::1]` aside."""
    found: list[tuple[int, int]] = []
    depth = start = 0
    for at, character in enumerate(written):
        depth += (character in "{[") - (character in "}]")
        if character == ":" and depth <= 0:
            found.append((start, at))
            start = at + 1
    found.append((start, len(written)))
    return [one for one in found if one[0] < one[1]]


def exposed_by(node: Node | None) -> Iterator[Word]:
    """The entries of `expose`, without their protocol, those of UDP aside."""
    for item in node.items if isinstance(node, Sequence) else ():
        if isinstance(item, Scalar) and not item.value.endswith("/udp"):
            end = item.value.rfind("/") if item.value.endswith("/tcp") else None
            yield interpolated(item.text.slice(0, end), True)


def names_of(body: Mapping) -> Iterator[str]:
    """What others may call the service besides its own name: `container_name` and the aliases of its networks."""
    container = body.get("container_name")
    if isinstance(container, Scalar) and not container.is_null and "$" not in container.value:
        yield container.value
    networks = body.get("networks")
    for _, network in networks.items() if isinstance(networks, Mapping) else ():
        aliases = network.get("aliases") if isinstance(network, Mapping) else None
        for alias in aliases.items if isinstance(aliases, Sequence) else ():
            if isinstance(alias, Scalar):
                yield alias.value


def links_of(node: Node | None) -> Iterator[tuple[str, str]]:
    """The entries `service:alias` of `links`: what the service calls another."""
    for item in node.items if isinstance(node, Sequence) else ():
        if isinstance(item, Scalar):
            service, _, alias = item.value.partition(":")
            yield alias or service, service


def needed_by(body: Mapping) -> Iterator[str]:
    """The services that compose starts before the service: those of `depends_on`, and one whose network it joins."""
    needed = body.get("depends_on")
    for name in needed.items if isinstance(needed, Sequence) else ():
        if isinstance(name, Scalar):
            yield name.value
    for name, _ in needed.items() if isinstance(needed, Mapping) else ():
        if isinstance(name, Scalar):
            yield name.value
    mode = body.get("network_mode")
    if isinstance(mode, Scalar) and mode.value.startswith("service:"):
        yield mode.value.partition(":")[2]
