"""ConfigMaps and Secrets that a kustomization makes from literals, files and env files.

Sources: the catalogue's platform page, 2.3.1; measured with `kubectl kustomize`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.repository import Repository, normal_path
from prodlint.readers.declared import mapping_at, mappings_at, scalar_at, scalars_of
from prodlint.readers.kubernetes_manifest import Manifest
from prodlint.record import replace
from prodlint.source import Span, Text
from prodlint.syntax.yaml import Mapping, Node, Scalar

__all__ = ["generated", "merged_keys"]

_Pair = tuple[Node, Node]


def generated(body: Mapping, folder: str, repository: Repository) -> Iterator[tuple[Manifest, str]]:
    """Each generated object, and how it meets one of its name: `create`, `merge` or `replace`."""
    for key, kind, section in (
        ("configMapGenerator", "ConfigMap", "data"),
        ("secretGenerator", "Secret", "stringData"),
    ):
        for entry in mappings_at(body, key):
            name = scalar_at(entry, "name")
            if name is None:
                continue
            pairs = [*_files(entry, folder, repository), *_env_files(entry, folder, repository), *_literals(entry)]
            data = Mapping.of(pairs, entry.span)
            field = Scalar(section, "plain", entry.span)
            behaviour = scalar_at(entry, "behavior")
            manifest = Manifest(kind, "v1", name.value, Mapping.of([(field, data)], entry.span), name.span)
            yield manifest, behaviour.value if behaviour is not None else "create"


def merged_keys(below: Manifest, above: Manifest) -> Manifest:
    """An object with the keys of another one of its kind over its own."""
    result: list[_Pair] = []
    for section in ("data", "stringData", "binaryData"):
        old, new = mapping_at(below.body, section), mapping_at(above.body, section)
        pairs = [*(old.items() if old is not None else ()), *(new.items() if new is not None else ())]
        if pairs:
            key = Scalar(section, "plain", above.span)
            result.append((key, Mapping.of(pairs, above.body.span)))
    kept = [
        (key, value)
        for key, value in below.body.items()
        if isinstance(key, Scalar) and key.value not in ("data", "stringData", "binaryData")
    ]
    return replace(below, body=Mapping.of([*kept, *result], below.body.span))


def _pair(text: Text) -> _Pair | None:
    """`NAME=value` as a key and a value, each at its place."""
    name, equals, _ = text.value.partition("=")
    if not equals or not name:
        return None
    value = text.slice(len(name) + 1)
    written = value.value
    if len(written) > 1 and written[0] == written[-1] and written[0] in "\"'":
        # kustomize takes one pair of quotes off a literal.
        value = value.slice(1, len(written) - 1)
    return Scalar(name, "plain", text.span_of(0, len(name))), Scalar(value.value, "plain", value.span)


def _literals(entry: Mapping) -> Iterator[_Pair]:
    for literal in scalars_of(entry.get("literals")):
        pair = _pair(literal.text)
        if pair is not None:
            yield pair


def _files(entry: Mapping, folder: str, repository: Repository) -> Iterator[_Pair]:
    for written in scalars_of(entry.get("files")):
        name, equals, path = written.value.partition("=")
        target = normal_path(folder, path if equals else written.value)
        key = name if equals else posixpath.basename(written.value)
        source = repository.source(target) if target in repository.paths else None
        value = Scalar(source.text, "plain", source.span) if source is not None else _unknown(written)
        yield Scalar(key, "plain", written.span), value


def _unknown(written: Scalar) -> Scalar:
    return Scalar("${NOT_IN_THIS_REPOSITORY}", "plain", written.span)


def _env_files(entry: Mapping, folder: str, repository: Repository) -> Iterator[_Pair]:
    single = scalar_at(entry, "env")
    for written in (*scalars_of(entry.get("envs")), *([single] if single is not None else [])):
        target = normal_path(folder, written.value)
        source = repository.source(target) if target in repository.paths else None
        if source is None:
            continue
        for number in range(1, min(len(source.line_starts), 5_000) + 1):
            line = source.line(number)
            start = source.offset(number)
            stripped = line.lstrip()
            if not stripped or stripped.startswith("#"):
                continue
            begin = start + len(line) - len(stripped)
            name, equals, value = stripped.partition("=")
            key = Scalar(name, "plain", Span(source, begin, begin + len(name)))
            # A name alone takes its value from the shell that runs kustomize.
            place = Span(source, begin + len(name) + len(equals), start + len(line))
            yield key, Scalar(value, "plain", place) if equals else _unknown(key)
