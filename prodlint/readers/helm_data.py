"""The data of a Helm template: what YAML gives to Go, and what the repository does not tell.

Source: `sigs.k8s.io/yaml` and `goyaml.v2` (`resolve.go`), which Helm reads values with: numbers are
`float64`, `yes` and `on` are booleans. Measured with Helm itself (tests/readers/test_helm.py).
"""

from __future__ import annotations

from typing import Any

from prodlint.record import Entity
from prodlint.regex import regex
from prodlint.syntax.yaml import Mapping, Node, Scalar, Sequence

__all__ = [
    "Data",
    "Hidden",
    "Open",
    "Stopped",
    "copied",
    "data_of",
    "field_of",
    "items_of",
    "laid_over",
    "opened",
    "resolved",
    "unsure_keys",
    "with_value",
]

Data = Any
"""None, a boolean, a number, a text, a list, a dict or a `Hidden`."""

RANDOM = "a random text that the chart makes"
"""Why the value of `randAlphaNum` is not told."""
_MOST = 50_000
_DEEPEST = 60
_INTEGER = regex(r"[-+]?(?:0b[01]+|0x[0-9a-fA-F]+|0o[0-7]+|0[0-7]*|[1-9]\d*)")
_FLOAT = regex(r"[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_INFINITE = regex(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


class Stopped(Exception):
    """Helm itself would stop here, or the template does more than prodlint is willing to do."""


class Hidden(Entity):
    """A value that the repository does not tell, and why; `label` is what stands for it in a text.

    `truth` is what a condition makes of it all the same. `may_lack` says that the key that holds it need not be there.
    """

    reason: str
    label: str
    truth: bool | None = None
    may_lack: bool = False


class Open(dict[str, Data]):
    """A mapping that may have more keys than the repository tells."""

    reason = "more of it may be set elsewhere"


def unsure_keys(data: dict[str, Data]) -> str | None:
    """Why the keys of a mapping are not all told, None when they are."""
    if isinstance(data, Open):
        return data.reason
    return next((value.reason for value in data.values() if isinstance(value, Hidden) and value.may_lack), None)


def opened(reason: str) -> Open:
    """An empty mapping that may have more keys, for a reason."""
    made = Open()
    made.reason = reason
    return made


def resolved(text: str) -> Data:
    """A plain scalar as Go reads it."""
    if text in _WORDS:
        return _WORDS[text]
    plain = text.replace("_", "")
    if len(plain) < 400:
        if _INTEGER.fullmatch(plain):
            sign, digits = (plain[0], plain[1:]) if plain[0] in "+-" else ("", plain)
            octal = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
            number = int(digits, 8) if octal else int(digits, 0)
            return float(-number if sign == "-" else number)
        if _FLOAT.fullmatch(plain):
            return float(plain)
    if _INFINITE.fullmatch(text):
        return float(text.replace(".", ""))
    return text


def data_of(node: Node | None) -> Data:
    """The data of a YAML document. Raises Stopped when there is more of it than anybody has."""
    return _Converter().data(node, 0)


class _Converter:
    def __init__(self) -> None:
        self.count = 0

    def data(self, node: Node | None, depth: int) -> Data:
        self.count += 1
        if self.count > _MOST or depth > _DEEPEST:
            raise Stopped("its values are too many")
        if isinstance(node, Scalar):
            return resolved(node.value) if node.style == "plain" and node._tag is None else node.value
        if isinstance(node, Sequence):
            return [self.data(item, depth + 1) for item in node.items]
        if isinstance(node, Mapping):
            made: dict[str, Data] = {}
            for key, value in node.items():
                if not isinstance(key, Scalar):
                    # `port: {{ port }}` is a mapping whose key is a mapping.
                    raise Stopped("a part of it is filled in by another program")
                made[_key(key)] = self.data(value, depth + 1)
            return made
        return None


def _key(node: Scalar) -> str:
    """A key as JSON has it: `on` is `true` there."""
    known = resolved(node.value) if node.style == "plain" and node._tag is None else None
    return ("true" if known else "false") if isinstance(known, bool) else node.value


def copied(data: Data) -> Data:
    """The same data, none of it shared."""
    if isinstance(data, dict):
        made = opened(data.reason) if isinstance(data, Open) else {}
        made.update((key, copied(value)) for key, value in data.items())
        return made
    return [copied(item) for item in data] if isinstance(data, list) else data


def laid_over(below: Data, above: Data) -> Data:
    """Values with others over them: mappings merge, `null` takes a key away (Helm, Values Files)."""
    if not isinstance(below, dict) or not isinstance(above, dict):
        return without_nothing(above)
    result = without_nothing(below)
    for key, value in above.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = laid_over(result[key], value) if key in result else without_nothing(value)
    return result


def without_nothing(data: Data) -> Data:
    """A copy of data in which no mapping has a key whose value is `null`, as Helm hands it to templates."""
    if isinstance(data, dict):
        return {key: without_nothing(value) for key, value in data.items() if value is not None}
    return copied(data)


def with_value(data: dict[str, Data], path: list[str | int], value: Data) -> None:
    """Sets what `--set a.b[0]=…` names, and makes what leads there."""
    held: Data = data
    for index, part in enumerate(path):
        last = index == len(path) - 1
        fresh: Data = value if last else ([] if isinstance(path[index + 1], int) else {})
        if isinstance(part, int):
            if not isinstance(held, list) or part > 1_000:
                return
            held.extend([None] * (part + 1 - len(held)))
        elif not isinstance(held, dict):
            return
        present = held[part] if isinstance(part, int) else held.get(part)
        if last or not isinstance(present, type(fresh)):
            held[part] = fresh
        held = held[part]


def field_of(value: Data, name: str) -> Data:
    """`.name` of a value."""
    if isinstance(value, Hidden):
        return Hidden(value.reason, f"{value.label}.{name}" if value.label else "")
    if isinstance(value, dict):
        if name in value:
            return value[name]
        return Hidden(value.reason, f".{name}") if isinstance(value, Open) else None
    if value is None:
        raise Stopped(f"nothing is set that has a {name}")
    raise Stopped(f"a value has no {name}")


def items_of(value: Data) -> list[tuple[Data, Data]]:
    """What `range` goes through."""
    if isinstance(value, list):
        return list(enumerate(value))
    if isinstance(value, dict):
        # A key that need not be there is a part of what the range leaves open.
        told = [key for key, held in value.items() if not (isinstance(held, Hidden) and held.may_lack)]
        return [(key, value[key]) for key in sorted(told)]
    if isinstance(value, int) and not isinstance(value, bool):
        return [(number, number) for number in range(min(value, 10_000))]
    raise Stopped("`range` over what is no list")
