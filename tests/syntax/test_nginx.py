"""nginx configurations: words, blocks and faults as nginx reads them, each at its place."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prodlint.source import Source
from prodlint.syntax.nginx import Directive, NginxConfig, NginxProblem, parse_nginx

NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")


def parsed(text: str) -> NginxConfig:
    return parse_nginx(Source("nginx.conf", text))


def plain(directives: tuple[Directive, ...]) -> list[object]:
    return [[one.name, *one.values, *([plain(one.block)] if one.block is not None else [])] for one in directives]


def words(text: str) -> list[str]:
    (one,) = parsed(f"x {text};").directives
    return list(one.values)


def test_directives_and_blocks_nest() -> None:
    found = parsed("events {}\nhttp {\n  # note\n  server { listen 80; location / { proxy_pass http://app; } }\n}\n")
    assert plain(found.directives) == [
        ["events", []],
        ["http", [["server", [["listen", "80"], ["location", "/", [["proxy_pass", "http://app"]]]]]]],
    ]
    assert [one.name for one in found.walk()] == ["events", "http", "server", "listen", "location", "proxy_pass"]
    listen = next(one for one in found.walk() if one.name == "listen")
    assert (str(listen.span), listen.span.text, listen.name_span.text) == ("nginx.conf:4", "listen 80;", "listen")
    assert listen.arguments[0].span.text == "80"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a b", ["a", "b"]),
        ('"a b" \'c"d\'', ["a b", 'c"d']),
        (r'"a\"b" a\ b \"', ['a"b', r"a\ b", '"']),
        (r'"\t\n\\ \d" \d', ["\t\n\\ \\d", r"\d"]),
        ("a#b c", ["a#b", "c"]),
        ("a}b", ["a}b"]),
        ("${host}x $uri", ["${host}x", "$uri"]),
        ('a"b', ['a"b']),
        ("$", ["$"]),
        ('""', [""]),
    ],
)
def test_words_are_read_as_nginx_reads_them(text: str, values: list[str]) -> None:
    assert words(text) == values


def test_an_argument_knows_whether_it_was_quoted() -> None:
    (one,) = parsed("x \"a\" b 'c';").directives
    assert [(each.value, each.quoted) for each in one.arguments] == [("a", True), ("b", False), ("c", True)]


def test_an_expression_of_a_location_may_hold_quoted_braces() -> None:
    (one,) = parsed('location ~ "^/a{2}$" { }').directives
    assert (one.values, one.block) == (("~", "^/a{2}$"), ())


def test_code_of_lua_is_passed_over() -> None:
    found = parsed("content_by_lua_block {\n  if x then y = { 1 } end; -- it's\n}\nnext a;")
    assert [one.name for one in found.directives] == ["content_by_lua_block", "next"]
    assert "y = { 1 }" in found.directives[0].raw


def test_the_last_directive_of_a_name_counts() -> None:
    (one,) = parsed("server { root a; root b; listen 1; }").directives
    root = one.get("root")
    assert root is not None
    assert root.values == ("b",)
    assert [each.values for each in one.all("root", "listen")] == [("a",), ("b",), ("1",)]


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("a b", "the file ends where", 1),
        ("a {\n b;\n", "this block is not closed", 1),
        ("a;\n}", "closes nothing", 2),
        ("a {\n b\n}", "a `;` is missing", 3),
        (";", "a `;` without a directive", 1),
        ("{", "a `{` without a directive", 1),
        ("a 'b;\nc;", "this quote is not closed", 1),
        ('a "b"c;', "is missing behind the quote", 1),
        ("a_by_lua_block { {", "the code is not closed", 1),
        ("a {" * 60, "nested more than 50 levels", 1),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, message: str, line: int) -> None:
    with pytest.raises(NginxProblem, match=message) as raised:
        parsed(f"first;{text}" if text != ";" else text)
    assert raised.value.span.line == line
    assert [one.name for one in raised.value.directives][:1] == (["first"] if text != ";" else [])


_SOUP = st.text(st.sampled_from("ab \t\n'\"\\{};#tn"), max_size=25)


@settings(deadline=None, max_examples=150)
@given(_SOUP)
def test_any_text_is_read_or_refused_and_places_hold(text: str) -> None:
    try:
        found = parsed(text)
    except NginxProblem:
        return
    for one in found.walk():
        assert one.span.text.startswith(one.name_span.text)
        for argument in one.arguments:
            for character, offset in zip(argument.value, argument.text.offsets, strict=False):
                assert text[offset] in (character, "\\")


@pytest.mark.real
@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.sampled_from("ab \t\n'\"\\{};#"), max_size=12))
def test_nginx_refuses_what_is_refused_here(tmp_path: Path, soup: str) -> None:
    """`default_type` takes one word: a configuration with it is good when the soup is one word and nothing else."""
    text = f"error_log stderr;\npid {tmp_path}/pid;\nevents {{}}\nhttp {{ default_type {soup}; }}\n"
    path = tmp_path / "nginx.conf"
    path.write_text(text, encoding="utf-8")
    ran = subprocess.run(
        [str(NGINX), "-t", "-c", str(path), "-p", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert _is_one_word(text) is ("syntax is ok" in ran.stderr), ran.stderr


def _is_one_word(text: str) -> bool:
    try:
        found = plain(parsed(text).directives)
    except NginxProblem:
        return False
    body = found[3]
    assert isinstance(body, list)
    return (
        found[:3] != [] and len(found) == 4 and [len(one) for one in body[1]] == [2] and body[1][0][0] == "default_type"
    )
