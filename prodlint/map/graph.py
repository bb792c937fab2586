"""A map as a picture: services, what they serve and run in, the proxies before them, and the releases.

One graph is drawn, in the language of Mermaid or of Graphviz.
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.map.document import Map, MappedService, State
from prodlint.record import Record
from prodlint.report.escape import visible
from prodlint.report.terminal import Terminal

__all__ = ["render_dot", "render_mermaid"]


_JOINED = ("service", "backing service")


class _Node(Record):
    """One box: a key that is unique in the graph, what it says, and what it is."""

    key: str
    text: str
    shape: str


class _Edge(Record):
    """One arrow, with a word on it."""

    start: str
    end: str
    text: str


class _Graph(Record):
    """Boxes in the order in which they are drawn, each once, and arrows."""

    nodes: tuple[_Node, ...]
    edges: tuple[_Edge, ...]


def render_mermaid(whole: Map, terminal: Terminal) -> str:
    """A Mermaid flowchart; ends with a line feed."""
    graph = _graph(whole)
    shapes = {
        "service": ("[", "]"),
        "app": ("([", "])"),
        "image": ("[[", "]]"),
        "release": (">", "]"),
        "proxy": ("{{", "}}"),
    }
    lines = ["flowchart LR"]
    for node in graph.nodes:
        opening, closing = shapes[node.shape]
        lines.append(f'  {node.key}{opening}"{_mermaid(node.text)}"{closing}')
    lines += [f'  {edge.start} -->|"{_mermaid(edge.text)}"| {edge.end}' for edge in graph.edges]
    return "\n".join(lines) + "\n"


def render_dot(whole: Map, terminal: Terminal) -> str:
    """A directed graph in the language of Graphviz; ends with a line feed."""
    graph = _graph(whole)
    shapes = {"service": "box", "app": "ellipse", "image": "component", "release": "cds", "proxy": "diamond"}
    lines = ["digraph deployment {", "  rankdir=LR;"]
    lines += [f'  {node.key} [shape={shapes[node.shape]}, label="{_dot(node.text)}"];' for node in graph.nodes]
    lines += [f'  {edge.start} -> {edge.end} [label="{_dot(edge.text)}"];' for edge in graph.edges]
    return "\n".join([*lines, "}"]) + "\n"


def _graph(whole: Map) -> _Graph:
    nodes: dict[tuple[str, str], _Node] = {}
    edges: list[_Edge] = []

    def node(shape: str, text: str, owner: str = "") -> str:
        key = (shape, owner or text)
        return nodes.setdefault(key, _Node(f"n{len(nodes) + 1}", text, shape)).key

    keys: list[tuple[str, MappedService]] = []
    for number, service in enumerate(whole.services):
        key = node("service", service.label, f"{number}")
        keys.append((key, service))
        edges.extend(_Edge(key, node(shape, text), word) for shape, text, word in _neighbours(service))
    for release in whole.releases:
        start = node("release", release.name)
        started = {step.owner for step in release.steps if step.started_by is not None}
        left = {step.owner for step in release.steps} if release.part_of else None
        own = [key for key, one in keys if one.span.path == release.name and (left is None or one.name in left)]
        brought = [key for key, service in keys if key in own or service.name in started]
        edges.extend(_Edge(start, key, "brings") for key in brought or [key for key, _ in keys])
    for number, proxy in enumerate(whole.proxies):
        led = [(one, route) for route in proxy.routes for one in route.destinations if one.kind in _JOINED]
        if not led:
            continue
        where = ", ".join(proxy.names or proxy.listens)
        start = node("proxy", f"{proxy.product} {where}".strip(), f"{number}")
        for one, route in led:
            ends = [key for key, service in keys if one.kind == "service" and service.label == one.label]
            target = ends[0] if ends else node("service", one.fact.text, f"beside {one.fact.text}")
            edges.append(_Edge(start, target, route.path))
    return _Graph(tuple(nodes.values()), tuple(dict.fromkeys(edges)))


def _neighbours(service: MappedService) -> Iterator[tuple[str, str, str]]:
    for name, word in (("app", "serves"), ("image", "runs in")):
        fact = service.fact(name)
        if fact is not None and fact.state is not State.UNKNOWN:
            yield name, fact.text, word


def _mermaid(text: str) -> str:
    """Text inside of quotes: Mermaid knows entities, not escapes."""
    return visible(text).replace("&", "&amp;").replace('"', "#quot;").replace("<", "&lt;").replace(">", "&gt;")


def _dot(text: str) -> str:
    return visible(text).replace("\\", "\\\\").replace('"', '\\"')
