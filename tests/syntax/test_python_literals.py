"""Literals and strings: their values, and the place of each of their characters."""

from __future__ import annotations

import ast
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_modules import expression, module

from prodlint.source import Source
from prodlint.syntax.python import NOT_LITERAL, PythonModule, literal, parse_python
from prodlint.syntax.python_newer import TEMPLATE


def written(tree: ast.Module, text: str) -> list[str]:
    parsed = PythonModule(Source("a.py", text), tree)
    kinds = (ast.Name, ast.Attribute, ast.Call, ast.Constant, ast.keyword, ast.arg, ast.FunctionDef, ast.ExceptHandler)
    inside = {id(value) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for value in node.values}
    return sorted(
        f"{type(node).__name__} {parsed.span(node).text}"
        for node in ast.walk(tree)
        if isinstance(node, kinds) and id(node) not in inside and getattr(node, "id", "") != TEMPLATE
    )


@pytest.mark.parametrize(
    "text",
    [
        "'a' 'b'", "'a' + 'b' + f'c'", "f'{{x}}'", "1", "-1.5", "True", "None", "not True", "(1, 'a', [2, None])",
        "{'a': {1: (2,)}}", "{1, 2}", "[1] + [2]", "(1,) + (2,)", "60 * 60 * 24 * 365", "10 * 1024 ** 2", "5 - 3",
        "b'a'", "...".replace("...", "''"), "1 + 2.5", "-True", "{}", "()",
    ],
)  # fmt: skip
def test_a_literal_has_the_value_that_python_gives_it(text: str) -> None:
    value = literal(expression(text))
    assert value == eval(text)
    assert type(value) is type(eval(text))


@pytest.mark.parametrize(
    "text",
    [
        "x", "f'{x}'", "[x]", "{'a': x}", "{**{}}", "[*[]]", "f()", "'a' + x", "'a' * 9", "'a' + 1", "1 / 2", "...",
        "10 ** 10 ** 10", "2.0 ** 1e9", "{[]: 1}", "{[1]}", "a.b", "lambda: 1", "'a' % 1", "1 if x else 2", "~1",
        "[" * 99 + "]" * 99, "(1e308 + " + "9" * 400 + ")",
    ],
)  # fmt: skip
def test_what_is_not_written_is_no_literal(text: str) -> None:
    assert literal(expression(text)) is NOT_LITERAL


@pytest.mark.parametrize(
    "written",
    [
        "'plain'", '"""tri\nple"""', r"'a\tb\x41\u00e9\101\N{BULLET}\\\'\d'", r"r'\d\''", "'a' \"b\"  # c\n 'd'",
        "'con\\\ntinued'", "f'a{{b}}c'", "rf'\\{{'", "'a' + 'b'", "'é' f'ü' u'x'", "'''a\r\nb\rc'''", "''",
        "'{{' f'{{'",
    ],
)  # fmt: skip
def test_each_character_of_a_string_knows_its_place(written: str) -> None:
    source = Source("a.py", f"é = ({written})")
    parsed = parse_python(source)
    node = parsed.bindings("é")[0].value
    assert isinstance(node, ast.expr)
    text = parsed.text(node)
    assert text is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = eval(f"({written})".replace("\r\n", "\n").replace("\r", "\n"))
    assert text.value == value
    assert list(text.offsets) == sorted(text.offsets)
    for character, offset in zip(text.value, text.offsets, strict=False):
        assert source.text[offset] in {character, "\\", "\r"}
    if len(text.value) > 1:
        assert len(set(text.offsets)) > len(text.value) - 1


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=20).filter(lambda text: "\r" not in text), st.sampled_from(["repr", "triple"]))
def test_the_text_of_a_string_is_its_value(value: str, style: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        return
    raw = repr(value)
    written = raw if style == "repr" else raw[0] * 3 + raw[1:-1] + " " + raw[0] * 3
    parsed = parse_python(Source("a.py", f"x = {written}"))
    node = parsed.bindings("x")[0].value
    assert isinstance(node, ast.expr)
    text = parsed.text(node)
    assert text is not None
    assert text.value == eval(written)
    for character, offset in zip(text.value, text.offsets, strict=False):
        assert parsed.source.text[offset] in {character, "\\"}


@pytest.mark.parametrize("text", ["x", "1", "f'{x}'", "'a' + x", "b'a'", "'a' % 'b'"])
def test_what_is_no_string_literal_has_no_text(text: str) -> None:
    parsed = module(f"y = {text}")
    node = parsed.bindings("y")[0].value
    assert isinstance(node, ast.expr)
    assert parsed.text(node) is None
