"""JSON: the standard library's values, and the place of each of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.source import Source, SyntaxProblem
from prodlint.syntax.json import Json, parse_json

APP = """\
{
  "name": "shop",
  "env": { "DJANGO_DEBUG": {"value": "True", "required": false }, "N": null },
  "formation": [ {"quantity": 1}, -2.5e3, "a\\tb\\u00e9\\ud834\\udd1e\\/" ],
  "name": "again",
  "": []
}
"""


def parsed(text: str) -> Json:
    return parse_json(Source("app.json", text))


def written(document: Json, *path: str | int) -> str | None:
    span = document.span(*path)
    return span.text if span else None


def problem(text: str) -> SyntaxProblem:
    with pytest.raises(SyntaxProblem) as caught:
        parsed(text)
    return caught.value


def nodes(value: Any, *path: str | int) -> list[tuple[tuple[str | int, ...], Any]]:
    found = [(path, value)]
    if isinstance(value, dict):
        found += [node for name, item in value.items() for node in nodes(item, *path, name)]
    if isinstance(value, list):
        found += [node for index, item in enumerate(value) for node in nodes(item, *path, index)]
    return found


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        (("name",), '"again"', '"name"'),
        (("env", "DJANGO_DEBUG"), '{"value": "True", "required": false }', '"DJANGO_DEBUG"'),
        (("env", "DJANGO_DEBUG", "required"), "false", '"required"'),
        (("env", "N"), "null", '"N"'),
        (("formation", 0), '{"quantity": 1}', None),
        (("formation", 0, "quantity"), "1", '"quantity"'),
        (("formation", 1), "-2.5e3", None),
        (("",), "[]", '""'),
        ((), APP.strip(), None),
        (("formation", 3), None, None),
        (("formation", "0"), None, None),
        (("name", "x"), None, None),
        ((0,), None, None),
    ],
)
def test_each_value_and_key_has_its_place(
    mark: str, path: tuple[str | int, ...], value: str | None, key: str | None
) -> None:
    document = parsed(mark + APP)
    assert written(document, *path) == value
    span = document.key_span(*path)
    assert (span.text if span else None) == key
    if value is None:
        assert document.get(*path) is None


def test_of_repeated_keys_the_last_counts_with_all_that_is_in_it() -> None:
    document = parsed('{"a": {"x": 1, "z": 1}, "a": {"y": 2, "z": 3}}')
    assert document.span("a", "x") is document.get("a", "x") is None
    assert written(document, "a", "y") == "2"
    assert written(document, "a", "z") == "3"


def test_the_text_of_a_string_maps_each_character() -> None:
    text = parsed(APP).text("formation", 2)
    assert text is not None
    assert text.value == "a\tbé𝄞/"
    assert [text.source.text[place] for place in text.offsets] == ["a", "\\", "b", "\\", "\\", "\\", '"']
    assert parsed(APP).text("formation", 1) is parsed(APP).text("nowhere") is None


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("", 1, 1, "empty"),
        ("\ufeff \n", 2, 1, "empty"),
        ('{"a": 1,\n}', 1, 8, "behind the last entry"),
        ("[1, ]", 1, 3, "behind the last entry"),
        ("{'a': 1}", 1, 2, "single quotes"),
        ("// why\n{}", 1, 1, "comment"),
        ('{"a": 1 # why\n}', 1, 9, "comment"),
        ('\ufeff{"a" 1}', 1, 7, "`:`"),
        ('{"a": 1\n "b": 2}', 2, 2, "comma"),
        ('{"a": "x\n"}', 1, 9, "not closed"),
        ("{} x", 1, 4, "behind the end"),
        ('{"a": yes}', 1, 7, "value"),
    ],
)
def test_a_fault_is_told_at_its_place(text: str, line: int, column: int, words: str) -> None:
    caught = problem(text)
    assert words in caught.message
    assert (caught.span.line, caught.span.column) == (line, column)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "[" * 500 + "]" * 500,
        '{"a":' * 100_000,
        '{"a":' * 300 + "1" + "}" * 300,
        "1" * 5000,
        "[" * 1_000_000,
    ],
)
def test_hostile_files_are_refused_at_once(text: str) -> None:
    problem(text)


def test_a_huge_file_is_refused() -> None:
    assert "larger than" in problem(" " * 10_000_001).message


strings = st.text(st.sampled_from("ab é𝄞'\"\\\n\r\t/[]{},:\x00\u2028\ud83d"), max_size=12)
data = st.recursive(
    strings | st.integers() | st.floats() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(strings, inner, max_size=3),
    max_leaves=10,
)


@given(data, st.booleans(), st.sampled_from([None, 0, 2, "\t"]), st.sampled_from([(",", ":"), (" ,\r\n", "\t: ")]))
@settings(max_examples=300, deadline=None)
def test_each_value_is_where_its_span_says(value: Any, ascii: bool, indent: Any, separators: tuple[str, str]) -> None:
    text = json.dumps(value, ensure_ascii=ascii, indent=indent, separators=separators)
    document = parsed(text)
    for path, item in nodes(json.loads(text)):
        span, key = document.span(*path), document.key_span(*path)
        assert span is not None
        assert repr(json.loads(span.text)) == repr(item) == repr(document.get(*path))
        if path and isinstance(path[-1], str):
            assert key is not None
            assert json.loads(key.text) == path[-1]
        if isinstance(item, str):
            located = document.text(*path)
            assert located is not None
            assert located.value == item
            places = list(located.offsets[:-1])
            assert places == sorted(set(places))
            assert all(text[place] in (character, "\\") for character, place in zip(item, places, strict=True))


@given(st.text(st.sampled_from('ab1,:"[]{}\n \\t'), max_size=20))
@settings(max_examples=300, deadline=None)
def test_any_text_gives_a_document_or_a_problem(text: str) -> None:
    try:
        expected = json.loads(text)
    except json.JSONDecodeError:
        assert problem(text).span.end <= len(text)
        return
    document = parsed(text)
    assert all(document.span(*path) is not None for path, _ in nodes(expected))
