"""Python modules: places, names, literals, and syntax newer than the interpreter that runs prodlint."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import textwrap
import warnings

import libcst
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.source import Source, SyntaxProblem
from prodlint.syntax.python import (
    NOT_LITERAL,
    PythonModule,
    is_main_guard,
    literal,
    parse_python,
    read_python,
)
from prodlint.syntax.python_newer import TEMPLATE, parse_relocated, rewrite


def module(text: str, package: str = "") -> PythonModule:
    return parse_python(Source("app.py", textwrap.dedent(text).lstrip("\n")), package)


def expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def spelled(parsed: PythonModule, kind: type[ast.AST]) -> list[str]:
    return [parsed.span(node).text for node in ast.walk(parsed.tree) if isinstance(node, kind)]


def named(parsed: PythonModule, text: str) -> str | None:
    """The qualified name of the last expression that is spelled so."""
    found = [
        node
        for node in ast.walk(parsed.tree)
        if isinstance(node, (ast.Name, ast.Attribute)) and parsed.span(node).text == text
    ]
    assert found, text
    return parsed.qualified_name(max(found, key=lambda node: (node.lineno, node.col_offset)))


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


# Newer syntax


NEWER = {
    "except-without-parentheses": "try:\n    pass\nexcept A, B:\n    pass\n",
    "except-star-without-parentheses": "try:\n    pass\nexcept* A.a, B, C(1, 2):\n    pass\n",
    "except-group": "try:\n    pass\nexcept* A as e:\n    pass\n",
    "type-alias": "type X = int\nif x: type Y[T, *Ts, **P] = dict[T, 'ü']\n",
    "generic-function": "def f[T: (int, str), *Ts, **P](x: T, *a: P.args) -> T: ...\n",
    "generic-class": "@d\nclass C[T](B, m=g[T]): pass\nclass D[S]: pass\nasync def f[T: int = str](): pass\n",
    "generic-over-lines": "def f[\n    T,  # ]\n](x):\n    return 'é', y\n",
    "same-quotes": 'é = f"{d["ü"]} {d["b"]!r:>{w["c"]}}é" + name\n',
    "backslash": "x = f\"{'\\n'.join(lines)}\\t{{{a}}}\\N{BULLET}\"\n",
    "comment": "x = f'''{\n  a # it's\n}''' + name\n",
    "over-lines": "x = f'{\n    a.b(\n 1)\n}' 'é' \"f\" + name\n",
    "deep": 'x = f"{f"{f"{f"{f"{1 + a}"}"}"}"}"\n',
    "raw": 'x = rf"\\{d["a"]}\\d{{"\n',
    "shown": 'x = f"{ d["a"] = }{b = !s}{c=:>5}"\n',
    "concatenated": 'x = ("a" f"{d["b"]}"  # c\n     f"{e}" "\\x41")\n',
    "expressions": 'x = f"{*a, "b"}{(yield "c")}{lambda: "d"}{(lambda: "d")()}{e != "f"}{(g := "h")}"\n'.replace(
        '{lambda: "d"}', ""
    ),
    "nested-format": 'x = f"{v:{"a"}.{p["q"]:>{n}}}"\n',
    "starred-index": "x = a[*b, c]\ny = a()[*b]\ndef f(*args: *Ts, k): pass\n",
    "template": 'x = t"hello {name!r:>{w}} {d["a"]}" + y\nz = rt"\\{a}"\n',
    "lazy-import": "lazy import a.b\nlazy from c import d\nx = a\n",
    "unpacked-comprehension": "[*x for x in y]\nf(*(x.a for x in y))\n",
}


def older(text: str, running: tuple[int, int]) -> ast.Module:
    rewriting = rewrite(text, running)
    return ast.parse(text) if rewriting is None else parse_relocated(rewriting)


def written(tree: ast.Module, text: str) -> list[str]:
    parsed = PythonModule(Source("a.py", text), tree)
    kinds = (ast.Name, ast.Attribute, ast.Call, ast.Constant, ast.keyword, ast.arg, ast.FunctionDef, ast.ExceptHandler)
    inside = {id(value) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for value in node.values}
    return sorted(
        f"{type(node).__name__} {parsed.span(node).text}"
        for node in ast.walk(tree)
        if isinstance(node, kinds) and id(node) not in inside and getattr(node, "id", "") != TEMPLATE
    )


@pytest.mark.parametrize("text", NEWER.values(), ids=NEWER)
def test_newer_syntax_is_read_in_place(text: str) -> None:
    # libcst reads all of these, so none is wrong Python.
    libcst.parse_module(text)
    parsed = module(text)
    for node in ast.walk(parsed.tree):
        if isinstance(node, (ast.Name, ast.Attribute, ast.Constant)) and getattr(node, "id", "") != TEMPLATE:
            assert parsed.span(node).text
        if isinstance(node, ast.Name) and node.id != TEMPLATE:
            assert parsed.span(node).text == node.id


@pytest.mark.parametrize("running", [(3, 10), (3, 11), (3, 12), (3, 13), (3, 14)])
@pytest.mark.parametrize("text", NEWER.values(), ids=NEWER)
def test_what_is_too_new_for_a_python_is_rewritten_for_it(text: str, running: tuple[int, int]) -> None:
    if running <= sys.version_info[:2]:
        assert ast.unparse(older(text, running))


def test_rewriting_keeps_formatted_strings_formatted() -> None:
    parsed = module('x = f"a{d["b"]!r:>{w}}\\n" "c"\n')
    string = next(node for node in ast.walk(parsed.tree) if isinstance(node, ast.JoinedStr))
    assert literal(string) is NOT_LITERAL
    assert ast.dump(string) == ast.dump(expression("f'a{d[\"b\"]!r:>{w}}\\nc'"))
    assert parsed.span(string).text == 'f"a{d["b"]!r:>{w}}\\n" "c"'


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="this Python has template strings of its own")
def test_a_template_string_is_neither_a_string_nor_a_known_name() -> None:
    parsed = module("import t\nquery = t'select {name}'\n")
    value = parsed.bindings("query")[0].value
    assert isinstance(value, ast.Call)
    assert parsed.qualified_name(value.func) is None
    assert literal(value) is NOT_LITERAL
    assert parsed.span(value).text == "t'select {name}'"


def test_a_type_alias_binds_its_name() -> None:
    parsed = module("type X[T] = list[T]\n")
    (binding,) = parsed.bindings("X")
    assert binding.kind == "assignment"
    assert isinstance(binding.value, ast.expr)
    assert parsed.span(binding.value).text == "list[T]"


def test_type_checkers_and_words_that_only_look_newer_are_left_alone() -> None:
    text = "type = 1\ntype (x)\nlazy = type\nmatch = lazy\nexcept_ = f'{a}' t\n"
    with pytest.raises(SyntaxProblem) as problem:
        parse_python(Source("a.py", text))
    assert problem.value.span.line == 5


def _newer_pythons() -> list[str]:
    found = []
    for name in ("python3.12", "python3.13", "python3.14"):
        path = shutil.which(name)
        minor = int(name.rpartition(".")[2])
        if (
            path
            and minor > sys.version_info[1]
            and subprocess.run([path, "-c", ""], capture_output=True).returncode == 0
        ):
            found.append(path)
    return found


_ORACLE = """
import ast, json, sys
for text in json.load(sys.stdin):
    try:
        tree = ast.parse(text)
    except SyntaxError:
        print("null")
        continue
    kinds = (ast.Name, ast.Attribute, ast.Call, ast.FunctionDef, ast.ClassDef, ast.ExceptHandler, ast.JoinedStr)
    print(json.dumps(sorted(
        [type(n).__name__, n.lineno, n.col_offset, n.end_lineno, n.end_col_offset]
        for n in ast.walk(tree) if isinstance(n, kinds)
    )))
"""


@pytest.mark.real
def test_places_agree_with_a_python_that_knows_the_syntax() -> None:
    pythons = _newer_pythons()
    if not pythons:
        pytest.skip("no newer Python is installed")
    texts = [text for name, text in NEWER.items() if not name.startswith(("template", "lazy", "unpacked"))]
    for python in pythons:
        answer = subprocess.run([python, "-c", _ORACLE], input=json.dumps(texts), capture_output=True, text=True)
        for text, line in zip(texts, answer.stdout.splitlines(), strict=True):
            oracle = json.loads(line)
            if oracle is None:
                continue
            kinds = (ast.Name, ast.Attribute, ast.Call, ast.FunctionDef, ast.ClassDef, ast.ExceptHandler, ast.JoinedStr)
            ours = [
                [type(node).__name__, node.lineno, node.col_offset, node.end_lineno, node.end_col_offset]
                for node in ast.walk(module(text).tree)
                if isinstance(node, kinds)
            ]
            # Type parameters, and the `type` statement's own name, are gone; all that is left is where it was.
            assert [place for place in ours if place not in oracle] == []


# Names


def test_names_are_resolved_through_the_imports() -> None:
    parsed = module(
        """
        import flask as f
        import os.path
        import xml.dom as dom
        from flask import Flask as F, request
        f.Flask; os.path.join; os.environ; dom.Node; F.x; request; F().y; unknown.z; print
        """
    )
    assert named(parsed, "f.Flask") == "flask.Flask"
    assert named(parsed, "os.path.join") == "os.path.join"
    assert named(parsed, "os.environ") == "os.environ"
    assert named(parsed, "dom.Node") == "xml.dom.Node"
    assert named(parsed, "F.x") == "flask.Flask.x"
    assert named(parsed, "request") == "flask.request"
    assert named(parsed, "F().y") is None
    assert named(parsed, "unknown.z") is None
    assert named(parsed, "print") is None
    assert parsed.qualified_name(expression("f.Flask")) == "flask.Flask"


@pytest.mark.parametrize(
    ("statement", "package", "expected"),
    [
        ("from . import db", "shop.web", "shop.web.db"),
        ("from .models import db", "shop.web", "shop.web.models.db"),
        ("from .. import db", "shop.web", "shop.db"),
        ("from ..core import db", "shop.web", "shop.core.db"),
        ("from ... import db", "shop.web", None),
        ("from . import db", "", None),
    ],
)
def test_relative_imports_start_from_the_package(statement: str, package: str, expected: str | None) -> None:
    parsed = module(f"{statement}\ndb\n", package)
    assert named(parsed, "db") == expected
    assert (parsed.imports[0].target) == expected


def test_a_name_that_something_else_binds_too_is_not_resolved() -> None:
    assert named(module("from flask import Flask\nclass Flask: pass\nFlask\n"), "Flask") is None
    assert named(module("import app\napp = app.create()\napp\n"), "app") is None
    assert named(module("import a\ndel a\na\n"), "a") is None
    assert named(module("if x:\n    import a as c\nelse:\n    import b as c\nc\n"), "c") is None
    assert named(module("import a\ndef f():\n    global a\n    a = 1\na\n"), "a") is None
    assert named(module("import a\nprint(a := 1)\na\n"), "a") is None
    assert named(module("import a\nfor a in b: pass\na.c\n"), "a.c") is None


def test_imports_that_agree_are_resolved() -> None:
    assert named(module("import a.b\nimport a.c\na.c.d\n"), "a.c.d") == "a.c.d"
    assert named(module("if x:\n    import a\nelse:\n    import a\na\n"), "a") == "a"


def test_of_an_import_and_its_fallback_the_first_counts() -> None:
    text = """
        try:
            import ujson as json
        except ImportError:
            import json
        try:
            from redis import Redis
        except ImportError:
            Redis = None
        try:
            from flask import Flask
        except ImportError:
            class Flask: pass
        json.loads; Redis.from_url; Flask
        """
    assert named(module(text), "json.loads") == "ujson.loads"
    assert named(module(text), "Redis.from_url") == "redis.Redis.from_url"
    assert named(module(text), "Flask") is None


def test_an_import_in_a_function_counts_inside_of_it() -> None:
    parsed = module(
        """
        def f():
            import flask
            def g():
                return flask.Flask
            return [flask.request for x in y]
        flask.abort
        """
    )
    assert named(parsed, "flask.Flask") == "flask.Flask"
    assert named(parsed, "flask.request") == "flask.request"
    assert named(parsed, "flask.abort") is None


def test_a_local_variable_hides_the_import() -> None:
    parsed = module(
        """
        import app, flask
        def parameter(app): return app.a
        def local():
            app = 1
            return app.b
        def other(x=app.default): return app.c
        y = [app.d for app in app.e]
        z = lambda app: app.f
        w = lambda x=app.g: app.h
        async def walrus():
            if (app := 1): return app.i
        def nested(app):
            def inner(): return app.j
        def declared(app):
            def inner():
                global app
                return app.k
        {k: v for k, app in x if app.l}
        """
    )
    names = {letter: named(parsed, f"app.{letter}") for letter in "abcdefghijkl"}
    visible = {letter for letter, name in names.items() if name == f"app.{letter}"}
    assert visible == {"c", "e", "g", "h", "k"}
    assert all(name is None for letter, name in names.items() if letter not in visible)
    assert named(parsed, "app.default") == "app.default"


def test_names_of_a_class_are_seen_in_its_body_and_not_in_its_methods() -> None:
    parsed = module(
        """
        import app
        class C:
            app = 1
            x = app.a
            @app.b
            def m(self): return app.c
        """
    )
    assert named(parsed, "app.a") is None
    assert named(parsed, "app.b") is None
    assert named(parsed, "app.c") == "app.c"


def test_imports_for_type_checkers_resolve_names_but_bind_none() -> None:
    parsed = module(
        """
        import typing
        if typing.TYPE_CHECKING:
            from flask import Flask
        else:
            import late
        if not TYPE_CHECKING:
            import always
        def f(app: Flask): ...
        """
    )
    assert named(parsed, "Flask") == "flask.Flask"
    assert parsed.bindings("Flask") == ()
    assert [found.module for found in parsed.imports] == ["typing", "late", "always"]
    assert not parsed.bindings("late")[0].conditional


def test_bindings_come_in_source_order_with_their_conditions() -> None:
    parsed = module(
        """
        app = None
        if DEBUG:
            app = make()
        elif __name__ == "__main__":
            def app(): pass
        else:
            class app: pass
        for app in apps:
            with open(x) as app: pass
        app += 1
        app: int
        app: int = 2
        import app
        from a import b as app
        (x, [app, y]), *app = (1, [2, 3]), 4
        x, app = 5, 6
        try:
            pass
        except E as app:
            pass
        match z:
            case {"k": app, **rest}: pass
        del app
        """
    )
    found = parsed.bindings("app")
    assert [binding.kind for binding in found] == [
        "assignment", "assignment", "function", "class", "loop", "with", "other", "assignment", "import", "import",
        "assignment", "assignment", "assignment", "other", "other", "delete",
    ]  # fmt: skip
    values = [parsed.span(binding.value).text if binding.value else None for binding in found]
    assert values[0] == "None"
    assert values[1] == "make()"
    assert values[10:13] == [None, None, "6"]
    assert [binding.conditional for binding in found][:7] == [False, True, True, True, False, True, False]
    guards = [[(parsed.span(test).text, branch) for test, branch in binding.guards] for binding in found]
    assert guards[1] == [("DEBUG", True)]
    assert guards[2] == [("DEBUG", False), ('__name__ == "__main__"', True)]
    assert guards[3] == [("DEBUG", False), ('__name__ == "__main__"', False)]
    assert [binding.target for binding in found if binding.kind == "import"] == ["app", "a.b"]
    assert all(binding.node in ast.walk(parsed.tree) for binding in found)
    assert [binding.kind for binding in parsed.bindings("rest")] == ["other"]


def test_a_function_that_declares_a_name_global_binds_it_on_condition() -> None:
    parsed = module("app = None\ndef init():\n    global app\n    app = make()\ndef other():\n    app = 3\n")
    assert [(binding.kind, binding.conditional) for binding in parsed.bindings("app")] == [
        ("assignment", False),
        ("other", True),
    ]
    assert parsed.bound_names == ("app", "init", "other")


def test_imports_are_those_that_run_with_the_module() -> None:
    parsed = module(
        """
        import a, b.c as d
        from . import e
        from .f import *
        from g import *
        class C:
            import h
            def m(self): import i
        if x:
            try: import j
            except ImportError: pass
        """,
        "pkg",
    )
    assert [(found.module, found.name, found.asname, found.level) for found in parsed.imports] == [
        ("a", None, None, 0), ("b.c", None, "d", 0), ("pkg", "e", None, 1), ("pkg.f", "*", None, 1),
        ("g", "*", None, 0), ("h", None, None, 0), ("j", None, None, 0),
    ]  # fmt: skip
    assert parsed.star_imports == ("pkg.f", "g")
    assert [found.conditional for found in parsed.imports] == [False] * 6 + [True]
    assert parsed.span(parsed.imports[1].alias).text == "b.c as d"


@pytest.mark.parametrize(
    "text",
    [
        "def __getattr__(name): ...",
        "globals()['x'] = 1",
        "globals().update(x=1)",
        "def f():\n    globals()[name] = 1",
        "exec(open('x').read())",
        "vars()['x'] = 1",
        "if x:\n    locals().update(load())",
        "setattr(sys.modules[__name__], 'x', 1)",
        "import sys\nthis = sys.modules[__name__]\nthis.x = 1",
        "load(globals())",
    ],
)
def test_a_module_may_gain_names_that_it_does_not_spell(text: str) -> None:
    assert module(text).has_dynamic_names


@pytest.mark.parametrize(
    "text",
    [
        "class C:\n    def __getattr__(self, name): ...",
        "x = globals()['y']",
        "x = 'y' in globals()",
        "def f(): return locals()",
        "def f(): exec('x', {})",
        "x = vars(obj)",
        "cursor.exec('x')",
        "# globals()['x'] = 1",
        "x = sys.modules['os']",
        "x = globals().get('y')",
    ],
)
def test_looking_into_a_namespace_adds_no_name(text: str) -> None:
    assert not module(text).has_dynamic_names


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("__name__ == '__main__'", True),
        ("'__main__' == __name__", True),
        ("__name__ in {'__main__', '__mp_main__'}", True),
        ("__name__ == '__main__' and x", True),
        ("__name__ == '__main__' or x", False),
        ("__name__ != '__main__'", False),
        ("__name__ == 'app'", False),
        ("__name__ in ('__main__', 'app')", False),
        ("__name__ in x", False),
        ("__name__ in ('__main__', x)", False),
        ("name == '__main__'", False),
        ("__name__ == '__main__' == x", False),
    ],
)
def test_main_guards_are_known_either_way_round(test: str, expected: bool) -> None:
    assert is_main_guard(expression(test)) is expected


# Literals


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
