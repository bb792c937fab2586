"""Patches over Kubernetes objects, strategic and JSON 6902; every node keeps the place where it was written.

Sources: the catalogue's platform page, 2.3.1; Kubernetes, "Notes on the strategic merge patch"; RFC 6902.
Measured with `kubectl kustomize` (tests/readers/test_kustomize.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.readers.declared import scalar_at
from prodlint.source import Source, Span, SyntaxProblem
from prodlint.syntax.yaml import Mapping, Node, Scalar, Sequence, parse_yaml

__all__ = ["patched_by_operations", "patched_by_strategy", "rewritten", "yaml_inside"]

_KEYS = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "volumes": ("name",),
    "env": ("name",),
    "imagePullSecrets": ("name",),
    "ports": ("containerPort", "port"),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "hostAliases": ("ip",),
}
_OPERATIONS = 1_000


def patched_by_strategy(node: Mapping, patch: Mapping, keyed: bool = True) -> Mapping | None:
    """An object with a strategic merge patch over it; None when the patch deletes it.

    `keyed` is False for kinds without a schema: their lists are replaced.
    """
    directive = scalar_at(patch, "$patch")
    if directive is not None and directive.value == "delete":
        return None
    if directive is not None and directive.value == "replace":
        return _without(patch, "$patch")
    result = {key.value: (key, value) for key, value in node.items() if isinstance(key, Scalar)}
    for key, value in patch.items():
        if not isinstance(key, Scalar) or key.value.startswith("$"):
            continue
        below = result.get(key.value)
        merged = _merged(key.value, below[1] if below is not None else None, value, keyed)
        if merged is None:
            result.pop(key.value, None)
        else:
            result[key.value] = (key if below is None else below[0], merged)
    return Mapping.of(result.values(), node.span)


def _merged(name: str, below: Node | None, value: Node, keyed: bool) -> Node | None:
    if isinstance(value, Scalar) and value.is_null:
        return None
    if isinstance(value, Mapping):
        return patched_by_strategy(below if isinstance(below, Mapping) else Mapping.of((), value.span), value, keyed)
    if isinstance(value, Sequence) and isinstance(below, Sequence) and keyed and name in _KEYS:
        return _merged_list(_KEYS[name], below, value)
    return value


def _merged_list(keys: tuple[str, ...], below: Sequence, patch: Sequence) -> Sequence:
    """The items of the patch come first, each merged with the one of its key, then the others."""
    if any((one := scalar_at(item, "$patch")) is not None and one.value == "replace" for item in patch.items):
        return Sequence(tuple(item for item in patch.items if scalar_at(item, "$patch") is None), patch.span)
    rest: dict[str | int, Node] = {}
    for index, item in enumerate(below.items):
        identity = _identity(item, keys)
        rest[index if identity is None or identity in rest else identity] = item
    first: list[Node] = []
    for item in patch.items:
        held = rest.pop(_identity(item, keys) or "", None)
        if isinstance(item, Mapping) and isinstance(held, Mapping):
            merged = patched_by_strategy(held, item)
            first.extend([merged] if merged is not None else [])
        elif scalar_at(item, "$patch") is None:
            first.append(item)
    return Sequence((*first, *rest.values()), below.span)


def _identity(item: Node, keys: tuple[str, ...]) -> str | None:
    for key in keys:
        found = scalar_at(item, key)
        if found is not None:
            return f"{key}={found.value}"
    return None


def _without(node: Mapping, name: str) -> Mapping:
    kept = [(key, value) for key, value in node.items() if not (isinstance(key, Scalar) and key.value == name)]
    return Mapping.of(kept, node.span)


def patched_by_operations(node: Mapping, operations: Sequence) -> Mapping | None:
    """An object after a JSON 6902 patch; None when an operation does not fit, which makes the whole patch fail."""
    result: Node = node
    for operation in operations.items[:_OPERATIONS]:
        kind, path = scalar_at(operation, "op"), scalar_at(operation, "path")
        if not isinstance(operation, Mapping) or kind is None or path is None:
            return None
        value = operation.get("value")
        if kind.value in ("move", "copy"):
            source = scalar_at(operation, "from")
            value = _at(result, _pointer(source.value)) if source is not None else None
            if value is None or source is None:
                return None
            if kind.value == "move":
                removed = rewritten(result, _pointer(source.value), None, False)
                if removed is None:
                    return None
                result = removed
        if kind.value == "test":
            continue
        if kind.value != "remove" and value is None:
            return None
        target = _pointer(path.value)
        changed = rewritten(result, target, None if kind.value == "remove" else value, kind.value != "replace")
        if changed is None:
            return None
        result = changed
    return result if isinstance(result, Mapping) else None


def _pointer(path: str) -> tuple[str, ...]:
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:])


def _at(node: Node, path: tuple[str, ...]) -> Node | None:
    found: Node | None = node
    for part in path:
        if isinstance(found, Mapping):
            found = found.get(part)
        elif isinstance(found, Sequence) and part.isdigit() and int(part) < len(found.items):
            found = found.items[int(part)]
        else:
            return None
    return found


def rewritten(node: Node, path: tuple[str, ...], value: Node | None, inserts: bool) -> Node | None:
    """A node with `value` at a path (None takes away what is there); None when there is no such path.

    `inserts` puts a list's item before the one at its index instead of in its place.
    """
    if not path or len(path) > 100:
        return value
    head, rest = path[0], path[1:]
    if isinstance(node, Mapping):
        return _rewritten_mapping(node, head, rest, value, inserts)
    if isinstance(node, Sequence):
        return _rewritten_sequence(node, head, rest, value, inserts)
    return None


def _rewritten_mapping(
    node: Mapping, head: str, rest: tuple[str, ...], value: Node | None, inserts: bool
) -> Node | None:
    entries = {key.value: (key, held) for key, held in node.items() if isinstance(key, Scalar)}
    if head not in entries and (rest or value is None):
        return None
    if not rest and value is None:
        del entries[head]
        return Mapping.of(entries.values(), node.span)
    changed = rewritten(entries[head][1], rest, value, inserts) if rest else value
    if changed is None:
        return None
    key = entries[head][0] if head in entries else Scalar(head, "plain", changed.span)
    entries[head] = (key, changed)
    return Mapping.of(entries.values(), node.span)


def _rewritten_sequence(
    node: Sequence, head: str, rest: tuple[str, ...], value: Node | None, inserts: bool
) -> Node | None:
    items = list(node.items)
    index = len(items) if head == "-" else int(head) if head.isdigit() and len(head) < 7 else -1
    if not 0 <= index <= len(items) or (index == len(items) and (rest or value is None or not inserts)):
        return None
    if rest:
        changed = rewritten(items[index], rest, value, inserts)
        if changed is None:
            return None
        items[index] = changed
    elif value is None:
        del items[index]
    elif inserts:
        items.insert(index, value)
    else:
        items[index] = value
    return Sequence(tuple(items), node.span)


def yaml_inside(scalar: Scalar) -> tuple[Node, ...]:
    """The documents in a text of a YAML file, each node at its place there; nothing when they are malformed."""
    start = 0
    text = scalar.value
    if scalar.style == "literal":
        start = scalar.span.start + len(scalar.span.text.partition("\n")[0])
        text = scalar.span.source.text[start : scalar.span.end]
    try:
        documents = parse_yaml(Source(scalar.span.path, text))
    except SyntaxProblem:
        return ()
    moved = _Mover(scalar, start)
    return tuple(moved.node(one.root) for one in documents if one.root is not None)


class _Mover:
    """Gives nodes of an inner document their place in the file around it."""

    def __init__(self, scalar: Scalar, start: int) -> None:
        self.scalar = scalar
        self.start = start
        self.moved: dict[int, Node] = {}

    def span(self, span: Span) -> Span:
        if self.scalar.style != "literal":
            return self.scalar.span
        return Span(self.scalar.span.source, span.start + self.start, span.end + self.start)

    def node(self, node: Node) -> Node:
        # An alias is the anchored node itself: each node is moved once.
        found = self.moved.get(id(node))
        if found is None:
            found = self.moved[id(node)] = self._fresh(node)
        return found

    def _fresh(self, node: Node) -> Node:
        if isinstance(node, Scalar):
            return Scalar(node.value, node.style, self.span(node.span), node._tag)
        if isinstance(node, Sequence):
            return Sequence(tuple(self.node(item) for item in node.items), self.span(node.span), node.tag)
        return Mapping.of(self._pairs(node), self.span(node.span))

    def _pairs(self, node: Mapping) -> Iterator[tuple[Node, Node]]:
        for key, value in node.items():
            yield self.node(key), self.node(value)
