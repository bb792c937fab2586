"""Python literals: the constant behind an expression, and where each character of a string stands."""

from __future__ import annotations

import ast
import enum
import re
from typing import Final

from prodlint.regex import regex
from prodlint.source import Span, Text

__all__ = ["NOT_LITERAL", "STRING_OPENING", "literal", "string_end", "string_text"]


class _NotLiteral(enum.Enum):
    NOT_LITERAL = "not a literal"


NOT_LITERAL: Final = _NotLiteral.NOT_LITERAL
"""What `literal` answers for an expression whose value is not written in it."""

_DEEPEST = 60
_LARGEST = 1 << 256

STRING_OPENING = regex(r"([A-Za-z]{0,2})('''|\"\"\"|'|\")")
"""The prefix and the quotes that a string starts with."""

_ENDINGS = {
    "'": regex(r"\\(?:\r\n|.)|(')|[\r\n]", re.DOTALL),
    '"': regex(r'\\(?:\r\n|.)|(")|[\r\n]', re.DOTALL),
    "'''": regex(r"\\.|(''')", re.DOTALL),
    '"""': regex(r'\\.|(""")', re.DOTALL),
}
_BETWEEN = regex(r"(?:[ \t\f\r\n]|\\(?:\r\n?|\n)|#[^\r\n]*)*")
_ESCAPES = {
    "\\": "\\",
    "'": "'",
    '"': '"',
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}
_RAW_PART = regex(r"\r\n?")
_PART = regex(
    r"\r\n?|\\(?:(?P<newline>\r\n?|\n)|(?P<octal>[0-7]{1,3})|x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})"
    r"|U(?P<U>[0-9a-fA-F]{8})|N\{(?P<name>[^}]*)\}|(?P<simple>[\\'\"abfnrtv]))"
)


def literal(expression: ast.expr) -> object:
    """The constant value of an expression, or `NOT_LITERAL`.

    Known are constants, lists, tuples, sets and dictionaries of them, f-strings without
    placeholders, strings and lists joined by `+`, and small sums, products and powers of numbers
    (`60 * 60 * 24`). No name is looked up and nothing is called.
    """
    return _value(expression, 0)


def _value(node: ast.expr, depth: int) -> object:
    if depth > _DEEPEST:
        return NOT_LITERAL
    if isinstance(node, ast.Constant):
        return NOT_LITERAL if node.value is Ellipsis else node.value
    if isinstance(node, ast.JoinedStr):
        parts = [part.value for part in node.values if isinstance(part, ast.Constant)]
        return "".join(map(str, parts)) if len(parts) == len(node.values) else NOT_LITERAL
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return _collection(node, depth)
    if isinstance(node, ast.Dict):
        return _dictionary(node, depth)
    if isinstance(node, ast.UnaryOp):
        operand = _value(node.operand, depth + 1)
        if isinstance(operand, (int, float)) and isinstance(node.op, ast.USub):
            return -operand
        return not operand if isinstance(node.op, ast.Not) and operand is not NOT_LITERAL else NOT_LITERAL
    if isinstance(node, ast.BinOp):
        return _sum(node, depth) if isinstance(node.op, ast.Add) else _product(node, depth)
    return NOT_LITERAL


def _collection(node: ast.List | ast.Tuple | ast.Set, depth: int) -> object:
    values = []
    for element in node.elts:
        value = _value(element, depth + 1)
        if value is NOT_LITERAL:
            return NOT_LITERAL
        values.append(value)
    if isinstance(node, ast.List):
        return values
    if isinstance(node, ast.Tuple):
        return tuple(values)
    try:
        return set(values)
    except TypeError:
        return NOT_LITERAL


def _dictionary(node: ast.Dict, depth: int) -> object:
    result = {}
    for key, item in zip(node.keys, node.values, strict=True):
        name = NOT_LITERAL if key is None else _value(key, depth + 1)
        value = _value(item, depth + 1)
        if name is NOT_LITERAL or value is NOT_LITERAL:
            return NOT_LITERAL
        try:
            result[name] = value
        except TypeError:
            return NOT_LITERAL
    return result


def _sum(node: ast.BinOp, depth: int) -> object:
    """Terms joined by `+`, however many: they nest to the left, so a loop unfolds them."""
    terms = [_value(term, depth + 1) for term in _terms(node)]
    first = terms[0]
    if isinstance(first, str):
        strings = [term for term in terms if isinstance(term, str)]
        return "".join(strings) if len(strings) == len(terms) else NOT_LITERAL
    if isinstance(first, list):
        lists = [term for term in terms if isinstance(term, list)]
        return [item for part in lists for item in part] if len(lists) == len(terms) else NOT_LITERAL
    if isinstance(first, tuple):
        tuples = [term for term in terms if isinstance(term, tuple)]
        return tuple(item for part in tuples for item in part) if len(tuples) == len(terms) else NOT_LITERAL
    numbers = [term for term in terms if isinstance(term, (int, float))]
    try:
        return sum(numbers) if len(numbers) == len(terms) else NOT_LITERAL
    except OverflowError:
        return NOT_LITERAL


def _terms(node: ast.BinOp) -> list[ast.expr]:
    terms = []
    left: ast.expr = node
    while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add):
        terms.append(left.right)
        left = left.left
    terms.append(left)
    return terms[::-1]


def _product(node: ast.BinOp, depth: int) -> object:
    left = _value(node.left, depth + 1)
    right = _value(node.right, depth + 1)
    if not isinstance(left, (int, float)) or not isinstance(right, (int, float)):
        return NOT_LITERAL
    if abs(left) > _LARGEST or abs(right) > _LARGEST:
        return NOT_LITERAL
    if isinstance(node.op, ast.Mult):
        return left * right
    if isinstance(node.op, ast.Sub):
        return left - right
    if isinstance(node.op, ast.Pow) and isinstance(left, int) and isinstance(right, int) and 0 <= right <= 64:
        return left**right
    return NOT_LITERAL


def string_end(text: str, start: int, quotes: str) -> int | None:
    """The offset behind the quotes that close a plain string, whose body begins at `start`.

    None when the string is not closed: at the end of the line for one quote, of the text for three.
    """
    for match in _ENDINGS[quotes].finditer(text, start):
        if match[1]:
            return match.end()
        if match[0] in {"\r", "\n"}:
            return None
    return None


def string_text(span: Span, value: str) -> Text:
    """The value of a string literal with the place of each character.

    `span` is the literal as written, with its quotes, or several literals behind one another.
    Characters that an escape wrote lie where the escape lies. When the literal cannot be followed,
    each character of `value` lies in the whole of `span`.
    """
    if span.source.text[span.start + 1 : span.end - 1] == value and "\\" not in value and "{" not in value:
        opening = STRING_OPENING.match(span.text)
        if opening and opening.end() == 1:
            return Text(value, span.source, range(span.start + 1, span.end))
    found = _follow(span)
    if found is None or found.value != value:
        return Text.at(value, span)
    return found


def _follow(span: Span) -> Text | None:
    text = span.source.text
    values: list[str] = []
    offsets: list[int] = []
    at = span.start
    last = at
    while at < span.end:
        opening = STRING_OPENING.match(text, at, span.end)
        end = string_end(text, opening.end(), opening[2]) if opening else None
        if opening is None or end is None or end > span.end:
            return None
        prefix = opening[1].lower()
        last = end - len(opening[2])
        characters = _characters(text, opening.end(), last, raw="r" in prefix)
        if "f" in prefix:
            characters = _without_doubled_braces(characters)
        for value, start in characters:
            values.append(value)
            offsets.extend(range(start, start + len(value)))
        between = _BETWEEN.match(text, end)
        at = between.end() if between else end
    return Text("".join(values), span.source, (*offsets, last))


def _characters(text: str, start: int, end: int, *, raw: bool) -> list[tuple[str, int]]:
    """The parts of a string's body as values with their offsets; several characters are verbatim."""
    found = []
    at = start
    for match in (_RAW_PART if raw else _PART).finditer(text, start, end):
        if match.start() > at:
            found.append((text[at : match.start()], at))
        at = match.end()
        value = _unescaped(match)
        if value:
            found.append((value, match.start()))
    if at < end:
        found.append((text[at:end], at))
    return found


def _unescaped(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind is None:
        return "\n"
    written = match[kind]
    if kind == "newline":
        return ""
    if kind == "simple":
        return _ESCAPES[written]
    try:
        if kind == "name":
            import unicodedata

            return unicodedata.lookup(written)
        return chr(int(written, 8 if kind == "octal" else 16))
    except (KeyError, ValueError, OverflowError):
        return ""


def _without_doubled_braces(parts: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """The parts of an f-string without placeholders: `{{` and `}}` each stand for one brace."""
    characters = [(character, start + index) for value, start in parts for index, character in enumerate(value)]
    found = []
    doubled = False
    for character, place in characters:
        doubled = character in "{}" and not doubled
        if doubled or character not in "{}":
            found.append((character, place))
    return found
