"""Python is read: bytes are decoded, places are right, and what is no Python is a problem."""

from __future__ import annotations

import ast
import os
import sys
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_modules import module

from prodlint.source import Source, SyntaxProblem
from prodlint.syntax.python import PythonModule, literal, parse_python, read_python


def spelled(parsed: PythonModule, kind: type[ast.AST]) -> list[str]:
    return [parsed.span(node).text for node in ast.walk(parsed.tree) if isinstance(node, kind)]


# Reading


def test_bytes_are_decoded_as_their_encoding_comment_says() -> None:
    source = read_python("a.py", "# -*- coding: latin-1 -*-\nname = 'é'\n".encode("latin-1"))
    assert source.text == "# -*- coding: latin-1 -*-\nname = 'é'\n"


def test_the_encoding_comment_may_stand_on_the_second_line_only() -> None:
    assert "é" in read_python("a.py", "#!/usr/bin/python\n# coding: latin-1\n# é\n".encode("latin-1")).text
    assert "�" in read_python("a.py", "\nx = 1\n# coding: latin-1\n# é\n".encode("latin-1")).text


@pytest.mark.parametrize("name", ["no-such", "rot13", "hex", "punycode", "unicode_escape", "idna"])
def test_an_encoding_that_is_none_is_left_aside(name: str) -> None:
    assert read_python("a.py", f"# coding: {name}\nx = 'é'\n".encode()).text == f"# coding: {name}\nx = 'é'\n"


def test_bytes_that_do_not_follow_their_encoding_become_replacement_characters() -> None:
    source = read_python("a.py", b"# coding: utf-8\nx = '\xff'\n")
    assert source.text == "# coding: utf-8\nx = '�'\n"
    assert spelled(parse_python(source), ast.Constant) == ["'�'"]


def test_byte_order_marks_are_no_part_of_the_text() -> None:
    assert read_python("a.py", b"\xef\xbb\xbfx = 1\n").text == "x = 1\n"
    assert read_python("a.py", b"\xef\xbb\xbf# coding: utf-8\nx = 1\n").text == "# coding: utf-8\nx = 1\n"
    assert read_python("a.py", "x = 1 # coding\n".encode("utf-16")).text == "x = 1 # coding\n"


@given(st.binary(max_size=60), st.sampled_from([b"", b"# coding: utf-7\n", b"# coding: utf-16\n", b"# coding: mbcs\n"]))
def test_any_bytes_are_read(data: bytes, head: bytes) -> None:
    read_python("a.py", head + data)


# Places


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("é = 'ü€𝄞'; target\n", [(1, 12)]),
        ("\tif_ = 1\n".lstrip() + "if x:\n\ttarget\n", [(3, 2)]),
        ("x = 1\r\ntarget\r\n", [(2, 1)]),
        ("x = 1\rtarget\r", [(1, 7)]),
        ("x = 1\r\r\ny = '''a\rb''' ; target", [(2, 17)]),
        ("x = 1\n\x0ctarget\n", [(2, 2)]),
        ("x = '\x0b\x1c\u2028' ; target\n", [(1, 13)]),
        ("x = 1 \\\n  + target\n", [(2, 5)]),
    ],
)
def test_a_place_is_a_line_and_a_column_of_code_points(text: str, places: list[tuple[int, int]]) -> None:
    parsed = parse_python(Source("a.py", text))
    spans = [parsed.span(node) for node in ast.walk(parsed.tree) if isinstance(node, ast.Name) and node.id == "target"]
    assert [(span.line, span.column) for span in spans] == places
    assert all(span.text == "target" for span in spans)


@pytest.mark.parametrize("name", ["argparse", "ast", "json.decoder", "dataclasses", "typing", "http.client"])
def test_the_span_of_an_expression_holds_the_expression(name: str) -> None:
    path = sys.modules["os"].__file__.removesuffix("os.py") + name.replace(".", os.sep) + ".py"  # type: ignore[union-attr]
    with open(path, "rb") as file:
        parsed = parse_python(read_python(path, file.read()))
    lines = [line.encode() for line in parsed.source.text.split("\n")]
    for node in ast.walk(parsed.tree):
        if isinstance(node, ast.expr) and node.end_lineno == node.lineno:
            oracle = lines[node.lineno - 1][node.col_offset : node.end_col_offset].decode()
            assert parsed.span(node).text == oracle
        elif isinstance(node, (ast.Dict, ast.Call)):
            again = ast.parse(f"({parsed.span(node).text})", mode="eval").body
            assert ast.dump(again) == ast.dump(node)


_SNIPPETS = st.sampled_from(
    ["é", "x.ü(1)", "'€𝄞'", "f(a,\n  'ß')", "[1,\r\n 2]", "'''a\r\rb'''", "{'ä': b}", "(\t1)", "-x", "b'a'"]
)
_BETWEEN = st.sampled_from(["; ", "\n", "\r\n", "\r", "\n\x0c", " # é\n", "; 'é' ;"])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(_SNIPPETS, _BETWEEN), min_size=1, max_size=8))
def test_a_span_reads_back_as_its_node_whatever_the_line_ends(parts: list[tuple[str, str]]) -> None:
    parsed = parse_python(Source("a.py", "".join(a + b for a, b in parts).rstrip("; ")))
    for node in ast.walk(parsed.tree):
        if isinstance(node, ast.expr):
            # ast.parse ends lines of a lone carriage return as the module itself does.
            again = ast.parse(f"({parsed.span(node).text})", mode="eval").body
            assert ast.dump(again) == ast.dump(node)


def test_the_span_of_a_module_is_the_file_and_nodes_without_place_lie_where_their_parts_do() -> None:
    parsed = module("def f(a, b=1): return [x for x in a if x]\n")
    function = parsed.tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    assert parsed.span(parsed.tree).text == parsed.source.text
    assert parsed.span(function.args).text == "a, b=1"
    comprehension = next(node for node in ast.walk(function) if isinstance(node, ast.comprehension))
    assert parsed.span(comprehension).text == "x in a if x"
    # Contexts are shared by all trees of the process, and somebody may have put a place on one.
    shared: ast.AST = comprehension.iter.ctx  # type: ignore[attr-defined]
    shared.lineno, shared.col_offset = 1, 0  # type: ignore[attr-defined]
    try:
        assert parsed.span(comprehension).text == "x in a if x"
    finally:
        del shared.lineno, shared.col_offset  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="Load"):
        parsed.span(ast.Load())


# What cannot be read


@pytest.mark.parametrize(
    ("text", "line", "spelled"),
    [
        ("x = 1\nprint 'a'\n", 2, "print 'a'"),
        ("x = 1\r\ny = = 2\r\n", 2, "="),
        ("x = 1\ry = = 2\r", 1, "="),
        ("é = 'ü' b\n", 1, "b"),
        ("x = (1,\n", 1, "("),
        ("if x:\npass\n", 2, "pass"),
        ("x = 1\0\n", 1, "\0"),
        ("\ufeff\ufeffx = 1\n", 1, "\ufeff"),
        ("x = '\\N{no such}'\n", 1, None),
        ("try:\n    pass\nexcept A, error as e:\n    pass\n", 3, None),
        ("def f(:\n", 1, ":"),
        ("type X = int\ny = = 2\n", 2, "="),
        ("try:\n    f()\nexcept A, e:\n    print e\n", 4, "print e"),
        ("x = f'{a b}'\n", 1, None),
        ("x = '\udc80'\n", 1, None),
    ],
)
def test_what_is_not_python_is_a_problem_at_its_place(text: str, line: int, spelled: str | None) -> None:
    with pytest.raises(SyntaxProblem) as problem:
        parse_python(Source("a.py", text))
    assert problem.value.span.line == line
    assert spelled is None or problem.value.span.text == spelled
    assert problem.value.message


def test_a_problem_names_the_python_that_reads() -> None:
    with pytest.raises(SyntaxProblem, match=rf"not valid Python {sys.version_info[0]}\.{sys.version_info[1]}"):
        module("class C: x = = 1")


@pytest.mark.parametrize(
    "text",
    [
        "(" * 3000 + ")" * 3000,
        "x = " + "-" * 100_000 + "1",
        "x = f" + "()" * 60_000,
        "x = " + "[" * 150 + "]" * 150,
        "x = " + "f'{" * 2000,
        "x = t'" + "{1:" * 2000,
        "match x:\n case " + "[" * 60 + "]" * 60 + ": pass\nexcept A, B: pass",
        "x = t'" + "{a!r:>{b}}\\N{BULLET}{{" * 20_000,
        "type X = " + "lambda: " * 20_000,
        "x = 1\n" + "if x: pass\n" + "elif y: pass\n" * 900,
        "x = " + " + ".join(["'a'"] * 900),
    ],
    ids=lambda text: text[:12],
)
def test_hostile_nesting_is_read_or_a_problem_and_never_slow(text: str) -> None:
    try:
        parsed = parse_python(Source("a.py", text))
    except SyntaxProblem:
        pass
    else:
        assert parsed.bindings("nothing") == ()
        assert not parsed.has_dynamic_names
        for node in list(ast.walk(parsed.tree))[:50]:
            if isinstance(node, ast.expr):
                literal(node)
                parsed.qualified_name(node)


_BITS = (
    "try: except A , B * type X = [ ] ( ) { } f' t\" ' \" {{ }} : = ! !r \\ \n \r # def f class lazy import for x"
).split(" ")
_BITS += ["\n    ", " ", "in", "y", "**", "1", "é", "if", "lambda", "f'''", "'''", "\\N{DASH}", ":=", "\t"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(_BITS), max_size=25))
def test_any_text_is_a_module_or_a_syntax_problem(parts: list[str]) -> None:
    try:
        parsed = parse_python(Source("a.py", "".join(parts)))
    except SyntaxProblem as problem:
        spans = [problem.span]
    else:
        spans = [parsed.span(node) for node in ast.walk(parsed.tree) if hasattr(node, "lineno")]
    for span in spans:
        assert 0 <= span.start <= span.end <= len(span.source.text)


def test_nothing_that_python_warns_of_is_shown() -> None:
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        module("x = '\\d'\ny = 1is 1\nassert (x, y)\n")
    assert shown == []
