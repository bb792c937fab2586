"""What a Kubernetes container finds in its environment: `env`, `envFrom`, ConfigMaps and Secrets.

Sources: the catalogue's platform page, 2.3, Environment merge; Kubernetes, "Define Dependent
Environment Variables" and the expansion of `$(NAME)` in `third_party/forked/golang/expansion`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from prodlint.deployment.command import Link
from prodlint.deployment.network import told_name
from prodlint.deployment.process import EnvDefinition
from prodlint.deployment.value import Unknown
from prodlint.readers.declared import is_placeholder, mapping_at, mappings_at, scalar_at
from prodlint.readers.helm_data import RANDOM
from prodlint.readers.kubernetes_manifest import Manifest, Scope
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Text
from prodlint.syntax.word import Expansion, Literal, Part, Word
from prodlint.syntax.yaml import Mapping, Scalar

__all__ = ["ContainerVariables", "expanded", "variables_of_container"]

_REFERENCE = regex(r"\$(?:\$|\(([^()$\s]*)\))")
_NAME = regex(r"[A-Za-z_.-][A-Za-z0-9_.-]*")
# What a chart makes stands for itself (`{{ randAlphaNum 64 | b64enc }}`).
_MADE = f"{{{{ {RANDOM} }}}}"
_SECRETS = ("Secret", "SealedSecret", "ExternalSecret")


class ContainerVariables(Record):
    """The variables that the files set, the later of a name counts, and the places that set more."""

    definitions: tuple[EnvDefinition, ...]
    elsewhere: tuple[Link, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        return frozenset(one.name for one in self.definitions)


def expanded(text: Text, names: frozenset[str]) -> Word:
    """A word as the kubelet reads it: `$(NAME)` is replaced when the container has the variable, `$$` is `$`."""
    parts: list[Part] = []
    at = 0
    for found in _REFERENCE.finditer(text.value):
        if found[0] != "$$" and found[1] not in names:
            continue
        if found.start() > at:
            parts.append(Literal(text.slice(at, found.start()), True))
        at = found.end()
        if found[0] == "$$":
            parts.append(Literal(text.slice(found.start(), found.start() + 1), True))
        else:
            parts.append(Expansion(found[1], text.span_of(*found.span()), quoted=True))
    if at < len(text.value) or not parts:
        parts.append(Literal(text.slice(at), True))
    return Word(tuple(parts), text.span)


def variables_of_container(container: Mapping, scope: Scope, namespace: str | None) -> ContainerVariables:
    """The environment of a container, weakest first: `envFrom` in its order, then `env`."""
    found: list[EnvDefinition] = []
    elsewhere: list[Link] = []
    for entry in mappings_at(container, "envFrom"):
        prefix = scalar_at(entry, "prefix")
        for key, kinds in (("configMapRef", ("ConfigMap",)), ("secretRef", _SECRETS)):
            name = scalar_at(entry, key, "name")
            if name is not None:
                held = _held(scope, kinds, name, namespace, elsewhere)
                found.extend(_prefixed(held, prefix.value if prefix is not None else ""))
    names = {one.name for one in found}
    for entry in mappings_at(container, "env"):
        name = scalar_at(entry, "name")
        if name is not None:
            found.append(_definition(name, entry, frozenset(names), scope, namespace))
            names.add(name.value)
    return ContainerVariables(tuple(found), tuple(elsewhere))


def _prefixed(held: Iterator[EnvDefinition], prefix: str) -> Iterator[EnvDefinition]:
    for one in held:
        if _NAME.fullmatch(one.name):
            yield EnvDefinition(prefix + one.name, one.value, one.span, one.is_secret, given=one.given)


def _definition(
    name: Scalar, entry: Mapping, names: frozenset[str], scope: Scope, namespace: str | None
) -> EnvDefinition:
    source = mapping_at(entry, "valueFrom")
    if source is None:
        value = scalar_at(entry, "value")
        if value is None:
            return EnvDefinition(name.value, Word.of(Text.at("", name.span)), name.span)
        word = None if is_placeholder_value(value.value) else expanded(value.text, names)
        return EnvDefinition(name.value, word, name.span)
    for key, kinds in (("configMapKeyRef", ("ConfigMap",)), ("secretKeyRef", _SECRETS)):
        owner, wanted = scalar_at(source, key, "name"), scalar_at(source, key, "key")
        if owner is None or wanted is None:
            continue
        held = {one.name: one for one in _held(scope, kinds, owner, namespace, [])}
        chosen = held.get(wanted.value)
        value_word = chosen.value if chosen is not None else None
        given = chosen.given if chosen is not None else None
        return EnvDefinition(name.value, value_word, name.span, key == "secretKeyRef", given=given)
    filled = _filled_by_kubernetes(source)
    return EnvDefinition(name.value, None, name.span, given=filled)


# What the kubelet writes into a variable (Kubernetes, "Downward API").
_FIELDS = {
    "metadata.name": "the name of the pod",
    "metadata.namespace": "the namespace of the pod",
    "metadata.uid": "the UID of the pod",
    "spec.nodeName": "the name of the node that the pod runs on",
    "spec.serviceAccountName": "the service account of the pod",
    "status.hostIP": "the address of the node that the pod runs on",
    "status.hostIPs": "the addresses of the node that the pod runs on",
    "status.podIP": "the address of the pod",
    "status.podIPs": "the addresses of the pod",
}
_KEYED = regex(r"metadata\.(label|annotation)s\['([^'\s]{1,100})'\]")


def _filled_by_kubernetes(source: Mapping) -> Unknown | None:
    """What Kubernetes itself fills in: nobody sets it or keeps it anywhere."""
    field = scalar_at(source, "fieldRef", "fieldPath")
    if field is not None:
        keyed = _KEYED.fullmatch(field.value)
        told = f"the {keyed[1]} {keyed[2]} of the pod" if keyed is not None else _FIELDS.get(field.value)
        return Unknown(told, field.span) if told is not None else None
    asked = scalar_at(source, "resourceFieldRef", "resource")
    return Unknown(f"{asked.value} of the container", asked.span) if asked is not None else None


def is_placeholder_value(text: str) -> bool:
    """Whether a value is filled in before the kubelet sees it; `$(NAME)` is not: the kubelet itself reads that."""
    return is_placeholder(_REFERENCE.sub("", text))


def _held(
    scope: Scope, kinds: tuple[str, ...], name: Scalar, namespace: str | None, elsewhere: list[Link]
) -> Iterator[EnvDefinition]:
    """The keys of a ConfigMap or Secret; a note in `elsewhere` when there may be others."""
    manifest = scope.find(kinds, name.value, namespace) or _of_another_set(scope, kinds, name, namespace)
    told = f"takes variables from {told_name(name.value)}"
    if manifest is None:
        elsewhere.append(Link(name.span, f"{told}, {_absent(scope, kinds, name)}"))
        return
    if manifest.kind == "ExternalSecret":
        if any(True for _ in mappings_at(manifest.body, "spec", "dataFrom")):
            elsewhere.append(Link(name.span, f"{told}, whose keys are kept outside"))
        for entry in mappings_at(manifest.body, "spec", "data"):
            key = scalar_at(entry, "secretKey")
            if key is not None:
                yield EnvDefinition(key.value, None, key.span, True)
        return
    yield from _keys(manifest)


def _of_another_set(scope: Scope, kinds: tuple[str, ...], name: Scalar, namespace: str | None) -> Manifest | None:
    """The object that another folder or kustomization applies to the same namespace."""
    if scope.repository is None or namespace is None:
        return None
    from prodlint.readers.kubernetes_elsewhere import in_namespace

    return in_namespace(scope, kinds, name.value, namespace)


def _absent(scope: Scope, kinds: tuple[str, ...], name: Scalar) -> str:
    """What is said of an object that what is applied with its container does not hold."""
    found: tuple[Manifest, ...] = ()
    if scope.repository is not None:
        from prodlint.readers.kubernetes_elsewhere import elsewhere_named

        found = elsewhere_named(scope.repository, kinds, name.value)
    if not found:
        return "which is not in this repository"
    if scope.find_all(kinds, name.value):
        return "of which there are several"
    return f"which {scope.name} does not hold ({found[0].span} has one of that name)"


def _keys(manifest: Manifest) -> Iterator[EnvDefinition]:
    is_secret = manifest.kind != "ConfigMap"
    sections = {
        "ConfigMap": (("binaryData",), ("data",)),
        "Secret": (("data",), ("stringData",)),
        "SealedSecret": (("spec", "encryptedData"),),
    }[manifest.kind]
    for section in sections:
        found = mapping_at(manifest.body, *section)
        for key, value in found.items() if found is not None else ():
            if not isinstance(key, Scalar):
                continue
            word, given = None, None
            if isinstance(value, Scalar) and value.value == _MADE:
                given = Unknown(RANDOM, value.span)
            elif isinstance(value, Scalar) and section in (("data",), ("stringData",)):
                word = _decoded(value) if manifest.kind == "Secret" and section == ("data",) else _written(value)
            yield EnvDefinition(key.value, word, key.span, is_secret, given=given)


def _written(value: Scalar) -> Word | None:
    return None if is_placeholder(value.value) else Word.of(value.text, value.span)


def _decoded(value: Scalar) -> Word | None:
    try:
        text = base64.b64decode("".join(value.value.split()), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    return None if is_placeholder(text) else Word.of(Text.at(text, value.span), value.span)
