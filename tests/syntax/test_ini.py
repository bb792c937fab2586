"""INI files: what configparser reads, with places, and what it refuses besides."""

from __future__ import annotations

import configparser
import re
import sys

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from prodlint.source import Source, SyntaxProblem
from prodlint.syntax.ini import Ini, parse_ini


def ini(text: str, *inline_comments: str) -> Ini:
    return parse_ini(Source("uwsgi.ini", text), inline_comments)


def values(document: Ini) -> list[tuple[str, list[tuple[str, str]]]]:
    return [(part.name, [(option.name, option.value.value) for option in part.options]) for part in document.sections]


def test_sections_and_options_in_their_order_with_repeated_ones_kept() -> None:
    document = ini("[uwsgi]\nenv = A=1\nHTTP: :8000\nenv=B=2\n\n[other]\n[uwsgi]\nenv = C\n")
    assert values(document) == [
        ("uwsgi", [("env", "A=1"), ("HTTP", ":8000"), ("env", "B=2")]),
        ("other", []),
        ("uwsgi", [("env", "C")]),
    ]
    assert [option.value.value for option in document.all("uwsgi", "ENV")] == ["A=1", "B=2", "C"]
    last, http = document.get("uwsgi", "env"), document.get("uwsgi", "http")
    assert last is not None
    assert http is not None
    assert (last.span.line, http.delimiter) == (8, ":")
    assert document.get("other", "env") is document.get("nowhere", "env") is None


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_places_are_exact(end: str) -> None:
    text = end.join(["; é", "[program:web]", "  command = gunicorn é:app  ", "user: www", "", "[x] ; y"])
    document = ini(text)
    web, other = document.sections
    assert (web.span.text, other.span.text) == ("[program:web]", "[x]")
    command, user = web.options
    assert (command.span.text, command.value.span.text) == ("command = gunicorn é:app", "gunicorn é:app")
    assert (command.value.span.line, command.value.span.column) == (3, 13)
    assert (user.span.text, user.value.span.text, user.span.line) == ("user: www", "www", 4)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_continuation_lines_keep_the_place_of_each_character(end: str) -> None:
    lines = ["[a]", "env =", "    A=1,", "", "  # not this", "    B=2", "", "next = x"]
    document = ini(end.join(lines))
    option = document.get("a", "env")
    assert option is not None
    assert option.value.value == "\nA=1,\n\nB=2"
    assert option.span.text.endswith("B=2")
    places = list(option.value.offsets[:-1])
    assert places == sorted(set(places))
    for character, place in zip(option.value.value, places, strict=True):
        assert document.source.text[place] in (character, "\r")
    assert option.value.span_of(option.value.value.index("B"), len(option.value.value)).line == 6


def test_comments_stand_on_their_own_lines_unless_inline_ones_are_asked_for() -> None:
    text = "[a]\n; x = 1\n  # y\nb = 1 ; c\nd = 2;3\n"
    assert values(ini(text)) == [("a", [("b", "1 ; c"), ("d", "2;3")])]
    assert values(ini(text, ";", "#")) == [("a", [("b", "1"), ("d", "2;3")])]


def test_what_configparser_refuses_is_kept() -> None:
    document = ini("top = 1\n[a]\nflag\n = x\n[b\n")
    assert values(document) == [("", [("top", "1")]), ("a", [("flag", "\n= x"), ("[b", "")])]
    flag = document.get("a", "flag")
    assert flag is not None
    assert flag.delimiter == ""


def test_a_file_without_options_has_no_nameless_section() -> None:
    assert ini("").sections == ini("# only a comment\n").sections == ()
    assert [part.name for part in ini("[a]\n").sections] == ["a"]


def test_a_huge_file_is_refused_and_a_large_one_is_read_in_time() -> None:
    with pytest.raises(SyntaxProblem, match="larger than"):
        ini("a = b\n" * 1_000_000)
    ini("[" * 300_000 + " " * 300_000 + "=;" * 300_000, ";")
    ini("[a]\nb = c\n" + "  d\n" * 100_000)


PIECES = [
    "[a]",
    "[b]",
    "[c]d]",
    "k",
    "Key two",
    " = ",
    "=",
    ":",
    ": ",
    "é",
    "v w",
    "\n",
    "\n",
    "\n  ",
    "\n    ",
    "\r\n",
]
PIECES += ["\n; c", "\n  # c", " ; c", " # c", ";", "#", "\t", " ", "%(x)s", "[", "\x0b"]


@example("[a]# # c[a] ; c", (";", "#"))
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join), st.sampled_from([(), (";",), (";", "#")]))
@settings(max_examples=400, deadline=None)
def test_what_configparser_reads_is_read_alike(text: str, inline_comments: tuple[str, ...]) -> None:
    text = f"[start]\n{text}"
    # From 3.13 on, configparser cuts the comment behind a header off before it looks for the bracket.
    assume(sys.version_info < (3, 13) or not re.search(r"(?m)^\s*\[.*[;#].*\]", text))
    oracle = configparser.RawConfigParser(
        strict=False, default_section="\0", inline_comment_prefixes=inline_comments or None
    )
    document = ini(text, *inline_comments)
    for part in document.sections:
        for option in part.options:
            assert option.value.span.start >= option.span.start
            places = list(option.value.offsets[:-1])
            assert places == sorted(set(places))
            for character, place in zip(option.value.value, places, strict=True):
                assert text[place] == character or character == "\n"
    try:
        oracle.read_string(text)
    except configparser.Error:
        return
    assert [part.name for part in document.sections if part.name not in oracle.sections()] == []
    for name in oracle.sections():
        ours = {option.name.lower() for part in document.sections if part.name == name for option in part.options}
        assert ours == set(oracle.options(name))
        for option_name in ours:
            found = document.get(name, option_name)
            assert found is not None
            assert found.value.value == oracle.get(name, option_name)
