"""Syntax that is newer than the Python that reads it."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys

import libcst
import pytest
from python_modules import expression, module

from prodlint.source import Source, SyntaxProblem
from prodlint.syntax.python import NOT_LITERAL, literal, parse_python
from prodlint.syntax.python_newer import TEMPLATE, parse_relocated, rewrite

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
