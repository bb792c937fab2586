"""The functions of Helm's templates that are modelled, as Sprig and Helm define them.

Source: Sprig's documentation and source (`Masterminds/sprig`), Helm, Template Function List; measured
with Helm itself (tests/readers/test_helm.py). What asks a cluster, a clock or chance is not here: the
renderer hides what a function would say that it does not know.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable

from prodlint.readers.helm_collections import COLLECTIONS
from prodlint.readers.helm_data import RANDOM, Data, Hidden, Open, Stopped, data_of
from prodlint.readers.helm_template import Renderer, truth
from prodlint.readers.helm_text import formatted, has_mark, json_text, printed, quoted, yaml_text
from prodlint.source import Source, SyntaxProblem
from prodlint.syntax.yaml import Mapping, Sequence, parse_yaml

__all__ = ["FUNCTIONS"]

Function = Callable[[Renderer, "list[Data]"], Data]
_LONGEST = 1_000_000


def hidden_among(renderer: Renderer, values: list[Data]) -> Hidden | None:
    """What hides the result of a function that needs all of its arguments."""
    for value in values:
        if isinstance(value, Hidden):
            return value
        if isinstance(value, str) and has_mark(value):
            return renderer.hidden_in(value)
        if isinstance(value, Open):
            return Hidden(value.reason, "…")
        if isinstance(value, list):
            found = hidden_among(renderer, [one for one in value if not isinstance(one, list | dict)])
            if found is not None:
                return found
    return None


def _plain(function: Callable[..., Data], least: int, most: int | None = None) -> Function:
    """A function of arguments that must all be told."""

    def call(renderer: Renderer, values: list[Data]) -> Data:
        _count(values, least, most)
        hidden = hidden_among(renderer, values)
        if hidden is not None:
            return Hidden(hidden.reason, "")
        try:
            return function(*values)
        except (ValueError, TypeError, IndexError, KeyError, OverflowError, ZeroDivisionError):
            raise Stopped("a function is given what it does not take") from None

    return call


def _count(values: list[Data], least: int, most: int | None) -> None:
    if len(values) < least or (most is not None and len(values) > most):
        raise Stopped("a function is given the wrong number of values")


def _textual(function: Callable[..., str], count: int) -> Function:
    """A function of texts that keeps marks in its last one, or else hides what it comes to."""

    def call(renderer: Renderer, values: list[Data]) -> Data:
        _count(values, count, count)
        *others, text = values
        hidden = hidden_among(renderer, others)
        if hidden is not None:
            return Hidden(hidden.reason, "")
        if isinstance(text, Hidden):
            text = renderer.mark(text)
        if not isinstance(text, str):
            raise Stopped("a function of texts is given something else")
        try:
            result = function(*others, text)
        except (ValueError, TypeError, OverflowError):
            raise Stopped("a function is given what it does not take") from None
        if len(result) > _LONGEST:
            raise Stopped("it writes too much")
        return result if not has_mark(text) or has_mark(result) else renderer.hidden_in(text)

    return call


def _trunc(count: float, text: str) -> str:
    number = int(count)
    if number < 0:
        return _bytes(text, max(0, _size(text) + number), None)
    return _bytes(text, 0, number)


def _size(text: str) -> int:
    return len(text) if has_mark(text) else len(text.encode())


def _bytes(text: str, start: int, end: int | None) -> str:
    """A part of a text, by bytes as Go counts, or by characters where some are marks.

    Raises ValueError where a part of a character is left: what Go writes for it depends on what comes behind.
    """
    return text[start:end] if has_mark(text) else text.encode()[start:end].decode()


def _indent(count: float, text: str) -> str:
    if not 0 <= count <= 1_000 or text.count("\n") * count > _LONGEST:
        raise Stopped("it writes too much")
    pad = " " * int(count)
    return pad + text.replace("\n", "\n" + pad)


def _repeat(count: float, text: str) -> str:
    if count * len(text) > _LONGEST:
        raise Stopped("it writes too much")
    return text * int(count)


def _replaced(old: str, new: str, text: str) -> str:
    if (len(text) + 1) * max(len(new), 1) > 50 * _LONGEST:
        raise Stopped("it writes too much")
    return text.replace(old, new)


def _substring(start: float, end: float, text: str) -> str:
    first, last = int(start), int(end)
    if first < 0:
        return _bytes(text, 0, last)
    if first > _size(text):
        raise Stopped("a function is given what it does not take")
    return _bytes(text, first, None if last < 0 or last > _size(text) else last)


def _strings(quote: Callable[[str], str]) -> Function:
    """`quote` and `squote`: every value that is not nothing, as a text in quotes."""

    def call(renderer: Renderer, values: list[Data]) -> Data:
        return " ".join(quote(printed(one, renderer.mark)) for one in values if one is not None)

    return call


def _trimmed(function: Callable[[str, str], str]) -> Callable[[str, str], str]:
    return lambda cut, text: function(text, cut)


def _printf(renderer: Renderer, values: list[Data]) -> Data:
    _count(values, 1, None)
    if not isinstance(values[0], str):
        hidden = hidden_among(renderer, values)
        return Hidden(hidden.reason if hidden is not None else "a format that is no text", "")
    text = formatted(values[0], values[1:], renderer.mark)
    return Hidden(f"the format {values[0][:40]} is not modelled", "") if text is None else text


def _print(renderer: Renderer, values: list[Data]) -> Data:
    """Go's `Sprint`: a space between two values of which none is a text."""
    parts: list[str] = []
    for index, value in enumerate(values):
        if index and not isinstance(value, str) and not isinstance(values[index - 1], str):
            parts.append(" ")
        parts.append("<nil>" if value is None else printed(value, renderer.mark))
    return "".join(parts)


def _to_string(renderer: Renderer, values: list[Data]) -> Data:
    _count(values, 1, 1)
    if values[0] is None:
        return "<nil>"
    return values[0] if isinstance(values[0], Hidden | str) else printed(values[0], renderer.mark)


def _cat(renderer: Renderer, values: list[Data]) -> Data:
    return " ".join(printed(one, renderer.mark) for one in values if one is not None)


def _default(renderer: Renderer, values: list[Data]) -> Data:
    _count(values, 1, 2)
    if len(values) == 1:
        return values[0]
    fallback, given = values
    said = truth(given)
    if said is None:
        return Hidden(_why(renderer, given), "", truth(fallback) or None)
    return given if said else fallback


def _why(renderer: Renderer, value: Data) -> str:
    if isinstance(value, Hidden | Open):
        return value.reason
    return "its keys are not all told" if isinstance(value, dict) else renderer.hidden_in(str(value)).reason


def _coalesce(renderer: Renderer, values: list[Data]) -> Data:
    for value in values:
        said = truth(value)
        if said is None:
            return Hidden(_why(renderer, value), "")
        if said:
            return value
    return None


def _ternary(renderer: Renderer, values: list[Data]) -> Data:
    _count(values, 3, 3)
    if isinstance(values[2], Hidden):
        return Hidden(values[2].reason, "")
    if not isinstance(values[2], bool):
        raise Stopped("`ternary` of what is no boolean")
    return values[0] if values[2] else values[1]


def _empty(renderer: Renderer, values: list[Data]) -> Data:
    _count(values, 1, 1)
    said = truth(values[0])
    return Hidden(_why(renderer, values[0]), "") if said is None else not said


def _required(renderer: Renderer, values: list[Data]) -> Data:
    _count(values, 2, 2)
    if values[1] is None or values[1] == "":
        return Hidden(f"it must be given at the installation: {str(values[0])[:80]}", "", True)
    return values[1]


def _fail(renderer: Renderer, values: list[Data]) -> Data:
    raise Stopped(f"it fails with these values: {str(values[0] if values else '')[:80]}")


def _include(renderer: Renderer, values: list[Data]) -> Data:
    _count(values, 1, 2)
    if not isinstance(values[0], str) or has_mark(values[0]):
        return Hidden("the name of a template is not told", "")
    return renderer.include(values[0], values[1] if len(values) > 1 else None)


def _tpl(renderer: Renderer, values: list[Data]) -> Data:
    _count(values, 2, 2)
    hidden = hidden_among(renderer, values[:1])
    if hidden is not None:
        return hidden
    if not isinstance(values[0], str):
        raise Stopped("`tpl` of what is no text")
    return renderer.evaluate_text(values[0], values[1]) if "{{" in values[0] else values[0]


def _to_yaml(renderer: Renderer, values: list[Data]) -> Data:
    _count(values, 1, 1)
    return yaml_text(values[0], renderer.mark)


def _to_json(renderer: Renderer, values: list[Data]) -> Data:
    _count(values, 1, 1)
    return json_text(values[0], renderer.mark)


def _from_yaml(text: str) -> Data:
    try:
        documents = parse_yaml(Source("", text))
    except SyntaxProblem:
        return Hidden("a text that is no YAML", "")
    root = documents[0].root if documents else None
    return data_of(root) if isinstance(root, Mapping | Sequence) else Hidden("a text without data", "")


def _number(value: Data) -> float | int:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    if value is None or value == "":
        return 0
    return float(value) if "." in value or "e" in value else int(value, 10)


def _int(value: Data) -> int:
    try:
        number = int(_number(value))
    except ValueError:
        return 0
    except OverflowError:
        raise Stopped("a number is too large") from None
    # Go has 64 bits for it, and what does not fit becomes another number.
    if abs(number) > 1 << 62:
        raise Stopped("a number is too large")
    return number


def _whole(function: Callable[[int, int], int]) -> Function:
    def call(*values: Data) -> int:
        result = _int(values[0])
        for value in values[1:]:
            result = function(result, _int(value))
        if abs(result) > 1 << 62:
            raise Stopped("a number is too large")
        return result

    return _plain(call, 1)


def _divided(one: int, other: int) -> int:
    """Go's division, which cuts towards zero."""
    result = abs(one) // abs(other)
    return result if (one < 0) == (other < 0) else -result


def _kind(value: Data) -> str:
    if value is None:
        return "invalid"
    kinds = ((bool, "bool"), (int, "int"), (float, "float64"), (str, "string"), (list, "slice"), (dict, "map"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "func")


def _type(value: Data) -> str:
    named = {"slice": "[]interface {}", "map": "map[string]interface {}", "invalid": "<nil>"}
    return named.get(_kind(value), _kind(value))


def _asks_kind(function: Callable[[Data], str]) -> Function:
    def call(renderer: Renderer, values: list[Data]) -> Data:
        _count(values, 2, 2)
        if isinstance(values[1], Hidden):
            return Hidden(values[1].reason, "")
        return function(values[1]) == values[0]

    return call


def _equal(one: Data, other: Data) -> bool:
    """Go's `eq`: values of different kinds cannot be compared."""
    if one is None or other is None:
        return one is None and other is None
    if _kind(one) != _kind(other) or isinstance(one, list | dict):
        raise Stopped("values of different types are compared")
    return bool(one == other)


def _less(one: Data, other: Data) -> bool:
    if _kind(one) != _kind(other) or isinstance(one, bool | list | dict) or one is None:
        raise Stopped("values of different types are compared")
    return bool(one < other)


def _random(renderer: Renderer, values: list[Data]) -> Data:
    return Hidden(RANDOM, "", True)


def _not(renderer: Renderer, values: list[Data]) -> Data:
    _count(values, 1, 1)
    said = truth(values[0])
    return Hidden(_why(renderer, values[0]), "") if said is None else not said


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _from_base64(text: str) -> Data:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return Hidden("a text that is no base64", "")


_TEXTS: dict[str, Function] = {
    "trim": _textual(str.strip, 1),
    "trimAll": _textual(_trimmed(str.strip), 2),
    "trimPrefix": _textual(_trimmed(str.removeprefix), 2),
    "trimSuffix": _textual(_trimmed(str.removesuffix), 2),
    "trunc": _textual(_trunc, 2),
    "lower": _textual(str.lower, 1),
    "upper": _textual(str.upper, 1),
    "indent": _textual(_indent, 2),
    "nindent": _textual(lambda count, text: "\n" + _indent(count, text), 2),
    "replace": _textual(_replaced, 3),
    "repeat": _textual(_repeat, 2),
    "nospace": _textual(lambda text: "".join(text.split()), 1),
    "substr": _textual(_substring, 3),
    "quote": _strings(quoted),
    "squote": _strings(lambda text: f"'{text}'"),
    "printf": _printf,
    "print": _print,
    "toString": _to_string,
    "cat": _cat,
    "include": _include,
    "tpl": _tpl,
    "toYaml": _to_yaml,
    "toJson": _to_json,
}
_VALUES: dict[str, Function] = {
    "default": _default,
    "coalesce": _coalesce,
    "ternary": _ternary,
    "empty": _empty,
    "required": _required,
    "fail": _fail,
    # Before the first installation the cluster holds nothing (Helm, "Using the lookup function"); later it may.
    "lookup": lambda renderer, values: Hidden("what the cluster holds", "", False),
    **dict.fromkeys(("randAlphaNum", "randAlpha", "randNumeric", "randAscii", "randBytes", "uuidv4"), _random),
    "not": _not,
    "eq": _plain(lambda one, *others: any(_equal(one, other) for other in others), 2),
    "ne": _plain(lambda one, other: not _equal(one, other), 2, 2),
    "lt": _plain(_less, 2, 2),
    "gt": _plain(lambda one, other: _less(other, one), 2, 2),
    "le": _plain(lambda one, other: not _less(other, one), 2, 2),
    "ge": _plain(lambda one, other: not _less(one, other), 2, 2),
    "contains": _plain(lambda part, text: _text(part) in _text(text), 2, 2),
    "hasPrefix": _plain(lambda part, text: _text(text).startswith(_text(part)), 2, 2),
    "hasSuffix": _plain(lambda part, text: _text(text).endswith(_text(part)), 2, 2),
    "kindIs": _asks_kind(_kind),
    "typeIs": _asks_kind(_type),
    "kindOf": _plain(_kind, 1, 1),
    "typeOf": _plain(_type, 1, 1),
    "int": _plain(_int, 1, 1),
    "int64": _plain(_int, 1, 1),
    "atoi": _plain(_int, 1, 1),
    "float64": _plain(lambda value: float(_number(value)), 1, 1),
    "add": _whole(lambda one, other: one + other),
    "sub": _whole(lambda one, other: one - other),
    "mul": _whole(lambda one, other: one * other),
    "div": _whole(_divided),
    "mod": _whole(lambda one, other: one - other * _divided(one, other)),
    "max": _whole(max),
    "min": _whole(min),
    "add1": _plain(lambda value: _int(value) + 1, 1, 1),
    "b64enc": _plain(lambda text: _base64(_text(text)), 1, 1),
    "b64dec": _plain(lambda text: _from_base64(_text(text)), 1, 1),
    "sha256sum": _plain(lambda text: hashlib.sha256(_text(text).encode()).hexdigest(), 1, 1),
    "fromYaml": _plain(lambda text: _from_yaml(_text(text)), 1, 1),
    "fromYamlArray": _plain(lambda text: _from_yaml(_text(text)), 1, 1),
    # JSON is YAML; what is no JSON is not told.
    "fromJson": _plain(lambda text: _from_yaml(_text(text)), 1, 1),
    "fromJsonArray": _plain(lambda text: _from_yaml(_text(text)), 1, 1),
}


def _text(value: Data) -> str:
    if not isinstance(value, str):
        raise Stopped("a function of texts is given something else")
    return value


FUNCTIONS: dict[str, Function] = {**_TEXTS, **_VALUES, **COLLECTIONS}
"""By their names in a template."""
