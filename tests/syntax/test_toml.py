"""TOML: tomli's values, and the place of each of them."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.source import Source, SyntaxProblem
from prodlint.syntax.toml import Toml, parse_toml

PYPROJECT = """\
# who
[project]
name = "shop"
dependencies = [
  "flask>=3",   # web
  'gunicorn',
]

[tool.poetry.dependencies]
python = "^3.11"
"ruamel.yaml" = { version = "1", extras = ["x"] }
uvicorn.version = "0.30"
uvicorn.extras = ["standard"]

[[tool.poetry.source]]
name = "a"

[[tool.poetry.source]]
name = "b"
[tool.poetry.source.auth]
user = "u"

[tool]
top = 2024-01-01 10:00:00
"""


def toml(text: str) -> Toml:
    return parse_toml(Source("pyproject.toml", text))


def written(document: Toml, *path: str | int) -> str | None:
    span = document.span(*path)
    return span.text if span else None


def key(document: Toml, *path: str | int) -> str | None:
    span = document.key_span(*path)
    return span.text if span else None


def problem(text: str) -> SyntaxProblem:
    with pytest.raises(SyntaxProblem) as caught:
        toml(text)
    return caught.value


def leaves(value: Any, *path: str | int) -> list[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, dict):
        return [leaf for name, item in value.items() for leaf in leaves(item, *path, name)]
    if isinstance(value, list):
        return [leaf for index, item in enumerate(value) for leaf in leaves(item, *path, index)]
    return [(path, value)]


def test_values_are_found_by_path() -> None:
    document = toml(PYPROJECT)
    assert document.get("project", "dependencies", 1) == "gunicorn"
    assert document.get("tool", "poetry", "source", 1, "auth") == {"user": "u"}
    for path in (("project", "x"), ("project", "name", "x"), ("project", "dependencies", 2), ("project", 0), (0,)):
        assert document.get(*path) is document.span(*path) is document.key_span(*path) is document.text(*path) is None
    assert document.get() is document.data
    assert written(document) == PYPROJECT


@pytest.mark.parametrize(
    ("path", "value", "name"),
    [
        (("project", "name"), '"shop"', "name"),
        (("project", "dependencies", 0), '"flask>=3"', None),
        (("project", "dependencies", 1), "'gunicorn'", None),
        (("tool", "poetry", "dependencies", "ruamel.yaml"), '{ version = "1", extras = ["x"] }', '"ruamel.yaml"'),
        (("tool", "poetry", "dependencies", "ruamel.yaml", "version"), '"1"', "version"),
        (("tool", "poetry", "dependencies", "ruamel.yaml", "extras", 0), '"x"', None),
        (("tool", "poetry", "dependencies", "uvicorn", "extras"), '["standard"]', "extras"),
        (
            ("tool", "poetry", "dependencies", "uvicorn"),
            'uvicorn.version = "0.30"\nuvicorn.extras = ["standard"]',
            "uvicorn",
        ),
        (("tool", "poetry", "source", 0), '[[tool.poetry.source]]\nname = "a"', "source"),
        (("tool", "poetry", "source", 1, "name"), '"b"', "name"),
        (("tool", "poetry", "source", 1, "auth"), '[tool.poetry.source.auth]\nuser = "u"', "auth"),
        (("tool", "poetry"), "[tool.poetry.dependencies]", "poetry"),
        (("tool",), "[tool]\ntop = 2024-01-01 10:00:00", "tool"),
        (("tool", "top"), "2024-01-01 10:00:00", "top"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_each_value_and_key_has_its_place(path: tuple[str | int, ...], value: str, name: str | None, end: str) -> None:
    document = toml(PYPROJECT.replace("\n", end))
    assert written(document, *path) == value.replace("\n", end)
    assert key(document, *path) == name


def test_the_array_of_tables_spans_its_elements() -> None:
    span = toml(PYPROJECT).span("tool", "poetry", "source")
    assert span is not None
    assert span.text.startswith("[[tool.poetry.source]]")
    assert span.text.endswith('name = "b"')


@pytest.mark.parametrize(
    ("string", "value"),
    [
        (r'"a\tb\u00e9\U0001d11e\\\"c"', 'a\tbé𝄞\\"c'),
        ("'a\\tb'", "a\\tb"),
        ('"""\nx\\\n   \n  y\n"z""""', 'xy\n"z"'),
        ('"""a"""""', 'a""'),
        ("'''\r\nx\r\ny\\\r\n'z'''''", "x\ny\\\n'z''"),
        ('"""x\r\ny"""', "x\ny"),
        ("''", ""),
        ('""""""', ""),
    ],
)
def test_the_text_of_a_string_maps_each_character(string: str, value: str) -> None:
    text = toml(f"k = {string} # c\n").text("k")
    assert text is not None
    assert text.value == value
    places = list(text.offsets[:-1])
    assert places == sorted(set(places))
    for character, place in zip(value, places, strict=True):
        assert text.source.text[place] in (character, "\\", "\r")


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a = 1\nb = x y\n", 2, 5, "strings need quotes"),
        ("a = 1\nb = \n", 2, 5, "strings need quotes"),
        ("a = 1\r\na = 2\r\nb = 3", 2, 1, "written twice"),
        ("[a]\nb = 1\n[a]\n", 3, 1, "`a` is written twice"),
        ("a = [1\nb = 2", 2, 1, "array"),
        ("'é' = \"x\nb = 2", 1, 9, "not closed"),
        ('a = "\\q"', 1, 6, "escape"),
        ("a b", 1, 3, "`=`"),
        ("a = 1 b", 1, 7, "behind the end"),
    ],
)
def test_a_fault_is_told_at_its_place(text: str, line: int, column: int, words: str) -> None:
    caught = problem(text)
    assert words in caught.message
    assert (caught.span.line, caught.span.column) == (line, column)


@pytest.mark.parametrize("text", ["a = ", "a = 'x", "[", "[a", "[[a]", "a = {b", "=", "a = '''", "\\"])
def test_a_file_that_breaks_off_is_a_problem_inside_of_the_file(text: str) -> None:
    span = problem(text).span
    assert 0 <= span.start <= span.end <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "a = " + "[" * 150 + "]" * 150,
        "a = " + "{a = " * 150 + "1" + "}" * 150,
        ".".join("a" * 60_000) + " = 1",
        "[" + '"a" . ' * 60_000 + "a]",
        "a = " + "1" * 5000,
    ],
)
def test_hostile_files_are_refused_at_once(text: str) -> None:
    problem(text)


def test_deep_but_bounded_nesting_has_places() -> None:
    depth = 90
    document = toml("a = " + "[" * depth + "'x'" + "]" * depth)
    assert written(document, "a", *[0] * depth) == "'x'"


def test_many_dots_in_a_value_are_fine() -> None:
    assert toml(f"a = [{'1.5, ' * 1000}]\nb = '{'.' * 1000}'\n").get("a", 999) == 1.5


def test_a_huge_file_is_refused() -> None:
    assert "larger than" in problem("#" * 10_000_001).message


strings = st.text(st.sampled_from("ab é𝄞'\"\\\n\r\t#=[]{},.x"), max_size=12)


def escaped(value: str) -> str:
    table = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "é": "\\u00e9", "𝄞": "\\U0001D11E"}
    return "".join(table.get(character, character) for character in value)


@st.composite
def string_texts(draw: st.DrawFn) -> str:
    value = draw(strings)
    form = draw(st.sampled_from(['"', '"""', "'", "'''", "joined"]))
    if form == "'":
        return "'" + "".join(character for character in value if character not in "'\n\r") + "'"
    if form == "'''":
        return "'''\n" + value.replace("'", "").replace("\r", "\r\n") + "'''"
    if form == '"""':
        return '"""' + escaped(value).replace("\\n", "\n").replace("\\r", "\r\n") + '"""'
    if form == "joined":
        return '"""\r\n' + escaped(value).replace("\\n", "\\ \n\n  ") + '"""'
    return '"' + escaped(value) + '"'


gaps = st.sampled_from(["", " ", "\n", " # ]}'\"\n", "\r\n\t"])
scalars = string_texts() | st.sampled_from(["1", "-1.5e3", "true", "1979-05-27 07:32:00Z", "07:32:00", "0xff", "inf"])


@st.composite
def value_texts(draw: st.DrawFn, depth: int = 3) -> str:
    kind = draw(st.sampled_from(["scalar", "scalar", "array", "table"])) if depth else "scalar"
    if kind == "array":
        items = [draw(gaps) + draw(value_texts(depth - 1)) + draw(gaps) for _ in range(draw(st.integers(0, 3)))]
        return "[" + ",".join(items) + draw(st.sampled_from(["", ","] if items else [""])) + draw(gaps) + "]"
    if kind == "table":
        pairs = [f" k{n}{draw(st.sampled_from(['', '.x', ' . y']))} = {draw(value_texts(depth - 1))}" for n in range(2)]
        return "{" + ",".join(pairs) + " }"
    return draw(scalars)


@st.composite
def documents(draw: st.DrawFn) -> str:
    end = draw(st.sampled_from(["\n", "\r\n", " # [x]\n\n"]))
    lines: list[str] = []
    for number in range(draw(st.integers(0, 5))):
        header = draw(
            st.sampled_from(["", "[t{n}]", "[t{n}.'u.v']", "[[a]]", "[[a]]\n[a.b.c{n}]", "[[a]]\n[[a.d]]\n[[a.d]]"])
        )
        lines.append("  " + header.replace("{n}", str(number)) if header or not lines else f"[z{number}]")
        keys = ["k", "bare-key_1", "'q.r'", '"\\u00e9"', "x.y", "x . z", '"" . w']
        for name in draw(st.lists(st.sampled_from(keys), max_size=4, unique=True)):
            lines.append(f"{name} = {draw(value_texts())}")
    return end.join(lines)


@given(documents())
@settings(max_examples=100, deadline=None)
def test_each_leaf_of_a_document_is_where_its_span_says(text: str) -> None:
    data = tomli.loads(text)
    document = toml(text)
    assert repr(document.data) == repr(data)
    for path, value in leaves(data):
        if value in ({}, []):
            continue
        span = document.span(*path)
        assert span is not None
        assert repr(tomli.loads(f"x = {span.text}")["x"]) == repr(value)
        name = document.key_span(*path)
        if isinstance(path[-1], str):
            assert name is not None
            assert list(tomli.loads(f"{name.text} = 1")) == [path[-1]]
            assert name.start < span.start
        if isinstance(value, str):
            located = document.text(*path)
            assert located is not None
            assert located.value == value
            places = list(located.offsets[:-1])
            assert places == sorted(set(places))
            for character, place in zip(value, places, strict=True):
                assert text[place] in (character, "\\", "\r")


@given(st.text(st.sampled_from("ab.='\"[]{}\n #\\,1"), max_size=30))
@settings(max_examples=200, deadline=None)
def test_any_text_gives_a_document_or_a_problem(text: str) -> None:
    try:
        expected = tomli.loads(text)
    except tomli.TOMLDecodeError:
        assert problem(text).span.end <= len(text)
        return
    document = toml(text)
    for path, _ in leaves(expected):
        assert document.span(*path) is not None


def test_importing_the_module_does_not_load_tomli() -> None:
    code = "import sys, prodlint.syntax.toml; sys.exit('tomli' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
