"""What a compose file puts over the files of an image: volumes, folders in memory, secrets and configs.

Source: compose specification, "Services top-level element" (`volumes`, `tmpfs`, `secrets`, `configs`).
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.process import Volume, VolumeKind
from prodlint.regex import regex
from prodlint.syntax.yaml import Mapping, Node, Scalar, Sequence

__all__ = ["overlaid_by", "tmpfs_of", "volumes_of"]

_EXPANSION = regex(r"\$\{[^{}]*\}")


def tmpfs_of(body: Mapping) -> Iterator[Volume]:
    """The folders of a service that lie in memory: under `tmpfs` (`/run`, `/tmp:size=64m`), or as volumes."""
    listed = body.get("tmpfs")
    places: list[Node | None] = [*listed.items] if isinstance(listed, Sequence) else [listed]
    volumes = body.get("volumes")
    for item in volumes.items if isinstance(volumes, Sequence) else ():
        if isinstance(item, Mapping):
            kind = item.get("type")
            places += [item.get("target")] if isinstance(kind, Scalar) and kind.value == "tmpfs" else []
    for place in places:
        target = place.value.partition(":")[0] if isinstance(place, Scalar) else ""
        if place is not None and target.startswith("/"):
            yield Volume(target, place.span, VolumeKind.EPHEMERAL)


def volumes_of(node: Node | None) -> Iterator[Volume]:
    """The volumes of the project by their names, and the folders of the host by their paths."""
    for item in node.items if isinstance(node, Sequence) else ():
        if isinstance(item, Scalar):
            source, colon, rest = item.value.partition(":")
            target = rest.partition(":")[0]
            if not colon:
                continue
        elif isinstance(item, Mapping):
            named, placed = item.get("source"), item.get("target")
            source = named.value if isinstance(named, Scalar) else ""
            target = placed.value if isinstance(placed, Scalar) else ""
        else:
            continue
        if source and target.startswith("/"):
            kind = VolumeKind.HOST if source.startswith(("/", ".", "~")) else VolumeKind.PERSISTENT
            yield Volume(target, item.span, kind, source)


def overlaid_by(body: Mapping) -> tuple[str, ...] | None:
    """The paths of a container at which something else than its image lies; None where not all are written out."""
    if body.get("volumes_from") is not None:
        return None
    found = [one.target for one in tmpfs_of(body)]
    for key, folder in (("volumes", ""), ("secrets", "/run/secrets/"), ("configs", "/")):
        listed = body.get(key)
        if isinstance(listed, Scalar) and listed.is_null:
            continue
        if listed is not None and not isinstance(listed, Sequence):
            return None
        for item in listed.items if isinstance(listed, Sequence) else ():
            target = _volume_target(item) if key == "volumes" else _file_target(item, folder)
            if not target.startswith("/") or "$" in target:
                return None
            found.append(target)
    return tuple(found)


def _volume_target(item: Node) -> str:
    """Where a volume lies: `source:target:ro`, or a target alone."""
    if isinstance(item, Mapping):
        target = item.get("target")
        return target.value if isinstance(target, Scalar) else ""
    if not isinstance(item, Scalar):
        return ""
    parts = _EXPANSION.sub("$", item.value).split(":")
    return parts[0] if len(parts) == 1 else parts[1]


def _file_target(item: Node, folder: str) -> str:
    """Where the file of a secret or a config lies: by its name in a folder, or where `target` says."""
    named: Node | None = item
    if isinstance(item, Mapping):
        target = item.get("target")
        named = item.get("source") if target is None else target
    text = named.value if isinstance(named, Scalar) else ""
    return f"{folder}{text}" if text and not text.startswith("/") else text
