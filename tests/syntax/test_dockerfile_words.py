"""Words of Dockerfiles: variables, quotes, pairs, and their places."""

from __future__ import annotations

import pytest
from dockerfiles import only, parse, values

from prodlint.syntax.word import Expansion, Literal, Word


def parts(word: Word | None) -> list[object]:
    assert word is not None
    described: list[object] = []
    for part in word.parts:
        if isinstance(part, Literal):
            described.append(part.text.value)
        elif isinstance(part, Expansion):
            operand = None if part.operand is None else parts(part.operand)
            described.append((part.name, part.operator, operand) if part.operator else (part.name,))
    return described


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("$a", [("a",)]),
        ("x${a}y", ["x", ("a",), "y"]),
        ("$a_1-b", [("a_1",), "-b"]),
        ("$12a$", [("12",), "a", "$"]),
        ("${b}" * 60, [("b",)] * 60),
        ("${a:-w}", [("a", ":-", ["w"])]),
        ("${a-}", [("a", "-", [])]),
        ("${a:+w}${a+w}", [("a", ":+", ["w"]), ("a", "+", ["w"])]),
        ("${a:?m}${a?m}", [("a", ":?", ["m"]), ("a", "?", ["m"])]),
        ("${a:-x${b:-'}'}}y", [("a", ":-", ["x", ("b", ":-", ["}"])]), "y"]),
        ("${a#p}${a##p}${a%p}${a%%p}", [("a", "other", None)] * 4),
        ("${a/p/r}${a//p/r}", [("a", "other", None)] * 2),
        (r"\$a", ["$a"]),
        (r"a\ b", ["a b"]),
        ("'$a'", ["$a"]),
        ("\"x $a\"'y'z", ["x ", ("a",), "y", "z"]),
        (r'"a\"b\c"', ['a"b\\c']),
        ('""', [""]),
        ("", []),
    ],
)
def test_variables_and_quotes(value: str, expected: list[object]) -> None:
    (pair,) = only(f"ENV A={value}").pairs
    assert pair.name == "A"
    assert parts(pair.value) == expected
    assert pair.value is not None
    assert pair.value.span.text == value


def test_an_expansion_in_double_quotes_is_quoted_and_has_its_place() -> None:
    (pair,) = only('ENV A="b $c"').pairs
    assert pair.value is not None
    literal, expansion = pair.value.parts
    assert isinstance(literal, Literal)
    assert isinstance(expansion, Expansion)
    assert literal.quoted
    assert expansion.quoted
    assert (expansion.span.column, expansion.span.text) == (10, "$c")


def test_with_the_other_escape_a_backslash_is_a_character() -> None:
    dockerfile = parse("# escape=`\nFROM a\nENV A=c:\\d`$e\n")
    assert parts(dockerfile.instructions[1].pairs[0].value) == ["c:\\d$e"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('ENV K=V K2="a b" K3=a\\ b', [("K", "V"), ("K2", "a b"), ("K3", "a b")]),
        ("ENV A=1 \\\n  B=2", [("A", "1"), ("B", "2")]),
        ("ENV K  rest  of 'the line' # x", [("K", "rest  of the line # x")]),
        ("ENV K a=b", [("K", "a=b")]),
        ("ENV A='b\\' C=d", [("A", "b\\"), ("C", "d")]),
        ("ENV A= B='='", [("A", ""), ("B", "=")]),
        ('LABEL "com.x"="y z"', [("com.x", "y z")]),
        ("ARG A B=1 C=", [("A", None), ("B", "1"), ("C", "")]),
    ],
)
def test_pairs(text: str, expected: list[tuple[str, str | None]]) -> None:
    pairs = only(text).pairs
    assert [(pair.name, None if pair.value is None else pair.value.literal) for pair in pairs] == expected


def test_a_pair_has_its_place() -> None:
    first, second = only("ENV A=1 \\\n  B='2 3'").pairs
    assert (first.span.text, second.span.text, second.span.line) == ("A=1", "B='2 3'", 3)
    assert second.value is not None
    assert second.value.span.text == "'2 3'"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM --platform=$P python:${V}-slim AS Build", ["python:${V}-slim", "AS", "Build"]),
        ("COPY a* 'b' c/", ["a*", "b", "c/"]),
        ('ADD ["a $b", "c"]', ['"a $b"', "c"]),
        ("WORKDIR /a b", ["/a b"]),
        ("USER $U:g", ["$U:g"]),
        ("EXPOSE 80 443/udp", ["80", "443/udp"]),
        ("STOPSIGNAL SIGINT", ["SIGINT"]),
        ("VOLUME /a /b", ["/a", "/b"]),
        ("ARG A=b", ["A=b"]),
        ("RUN a b", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert values(only(text).words) == expected


def test_members_of_a_json_copy_are_expanded() -> None:
    copy = only('COPY ["$a", "b"]')
    assert parts(copy.words[0]) == [("a",)]
    assert values(copy.json) == ["$a", "b"]
