"""Values of deployment files in three values: what is written, and what is only filled in when it is deployed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prodlint.deployment.value import Known, Unknown, Value
from prodlint.regex import regex
from prodlint.source import Span
from prodlint.syntax.yaml import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from prodlint.syntax.json import Json
    from prodlint.syntax.toml import Toml

__all__ = [
    "declared_number",
    "declared_text",
    "is_placeholder",
    "mapping_at",
    "mappings_at",
    "number_at",
    "number_of",
    "scalar_at",
    "scalars_of",
    "text_of",
]

_PLACEHOLDER = regex(r"\$\{|\$\(|\{\{|\{%|<%|<[A-Za-z][\w .-]*>|(?<![A-Za-z0-9])__[A-Za-z]\w*__|^\$[A-Za-z_]\w*$")
_NUMBER = regex(r"\d{1,9}")
_FILLED_IN = "it is filled in when it is deployed"


def is_placeholder(text: str) -> bool:
    """Whether a value waits for a template engine, `envsubst` or `sed` (platform page, 2.3.2)."""
    return _PLACEHOLDER.search(text) is not None


def declared_text(scalar: Scalar) -> Value[str]:
    """The text of a scalar; Unknown for a placeholder."""
    return text_of(scalar.value, scalar.span)


def declared_number(scalar: Scalar) -> Value[int]:
    """A whole number that is not negative; Unknown for everything else."""
    return number_of(scalar.value, scalar.span)


def text_of(text: str, span: Span) -> Value[str]:
    """A text as a value; Unknown for a placeholder."""
    return Unknown(_FILLED_IN, span) if is_placeholder(text) else Known(text, span)


def number_of(value: object, span: Span) -> Value[int]:
    """A whole number, as such or as text, as a value; Unknown for everything else."""
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if _NUMBER.fullmatch(text):
        return Known(int(text), span)
    return Unknown(_FILLED_IN if is_placeholder(text) else "it is not a number", span)


def number_at(document: Json | Toml, *path: str | int) -> Value[int] | None:
    """The number at a path of a JSON or TOML document, None when nothing is there."""
    span = document.span(*path)
    value = document.get(*path)
    return None if span is None or value is None else number_of(value, span)


def scalar_at(node: Node | None, *path: str | int) -> Scalar | None:
    """The scalar behind some keys; None for a null, another kind of node, or nothing."""
    found = node.path(*path) if isinstance(node, Mapping) else None
    return found if isinstance(found, Scalar) and not found.is_null else None


def mapping_at(node: Node | None, *path: str | int) -> Mapping | None:
    """The mapping behind some keys, None when there is none."""
    found = node.path(*path) if isinstance(node, Mapping) else None
    return found if isinstance(found, Mapping) else None


def mappings_at(node: Node | None, *path: str | int) -> Iterator[Mapping]:
    """The mappings of the list behind some keys."""
    found = node.path(*path) if isinstance(node, Mapping) else None
    for item in found.items if isinstance(found, Sequence) else ():
        if isinstance(item, Mapping):
            yield item


def scalars_of(node: Node | None) -> tuple[Scalar, ...]:
    """The scalars of a list."""
    return tuple(one for one in node.items if isinstance(one, Scalar)) if isinstance(node, Sequence) else ()
