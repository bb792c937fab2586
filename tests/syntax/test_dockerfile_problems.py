"""What stops a build: problems of Dockerfiles at their places, and hostile ones."""

from __future__ import annotations

import pytest
from dockerfiles import BOM, messages, outline, parse


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("FORM a", "FORM"),
        ("FROM a\npip install b", "pip"),
        ("RUN a\nFROM b", "RUN"),
        ("ARG A", "ARG"),
        ("FROM a # b", "#"),
        ("FROM a b", "FROM a b"),
        ("FROM", "FROM"),
        ("FROM a AS 1b", "1b"),
        ("FROM a AS b/c", "b/c"),
        ("FROM a\nENV A", "A"),
        ("FROM a\nENV", "ENV"),
        ("FROM a\nENV A=1 # x", "#"),
        ("FROM a\nLABEL =b", "=b"),
        ("FROM a\nENV A='b", "'b"),
        ("FROM a\nENV A=${b:=c}", "${b:=c}"),
        ("FROM a\nENV A=${}", "${}"),
        ("FROM a\nENV A=${b", "${b"),
        ("FROM a\nENV A=${b:-c", "${b:-c"),
        ("FROM a\nCOPY b", "COPY b"),
        ('FROM a\nADD ["b"]', 'ADD ["b"]'),
        ('FROM a\nCOPY "a b" c', '"a'),
        ("FROM a\nWORKDIR", "WORKDIR"),
        ("FROM a\nUSER  ", "USER"),
        ("FROM a\nSHELL /bin/sh -c", "SHELL /bin/sh -c"),
        ("FROM a\nCMD --x y", "--x"),
        ("FROM a\nONBUILD ONBUILD RUN x", "ONBUILD"),
        ("FROM a\nONBUILD FROM x", "FROM"),
        ("FROM a\nHEALTHCHECK curl x", "curl"),
        ("FROM a\nHEALTHCHECK", "HEALTHCHECK"),
        ("FROM a\nHEALTHCHECK CMD", "CMD"),
        ("FROM a\nHEALTHCHECK NONE x", "x"),
        ("# escape=x\nFROM a", "# escape=x"),
        ("# syntax=a\n# syntax=b\nFROM a", "# syntax=b"),
        ("FROM a\nCMD cat <<EOF\nhello\nEOF\n", "hello"),
    ],
)
def test_what_stops_a_build_is_a_problem_at_its_place(text: str, place: str) -> None:
    assert parse(text).problems[0].span.text == place


@pytest.mark.parametrize("text", ["FROM a # b", "FROM a\nENV A=1 # x"])
def test_a_comment_behind_an_instruction_is_called_one(text: str) -> None:
    assert "no comments behind an instruction" in messages(text)[0]


def test_an_instruction_that_is_wrong_does_not_hide_the_others() -> None:
    text = "FROM a\nENV A=1 # x\nNOPE\nCMD b\n"
    assert [keyword for keyword, _ in outline(text)] == ["FROM", "ENV", "NOPE", "CMD"]
    assert parse(text).problems[0].span.line == 2


def test_problems_are_in_the_order_of_the_file() -> None:
    lines = [problem.span.line for problem in parse("FROM a\nENV A\nRUN <<EOF\n").problems]
    assert lines == [2, 3]


@pytest.mark.parametrize("text", ["", "\n", "# c\n", BOM])
def test_a_file_without_instructions_is_a_problem(text: str) -> None:
    assert messages(text) == ["the file has no instructions"]


def test_only_arguments_may_stand_before_the_first_from() -> None:
    assert messages("ARG A=1\nFROM b:$A\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\nRUN " + "x \\\n" * 25_000 + "y\nCMD z\n",
        "FROM a\nRUN " + "x" * 70_000 + "\nCMD z\n",
        "FROM a\nRUN x \\\n" + "é" * 40_000 + "\nCMD z\n",
    ],
    ids=["lines", "one line", "bytes"],
)
def test_an_instruction_out_of_bounds_is_a_problem_and_is_left_out(text: str) -> None:
    assert len(messages(text)) == 1
    assert [keyword for keyword, _ in outline(text)] == ["FROM", "CMD"]


def test_a_file_of_more_than_a_mebibyte_is_one_problem() -> None:
    dockerfile = parse("FROM a\n" + "# " * 600_000)
    assert len(dockerfile.problems) == 1
    assert dockerfile.instructions == ()


@pytest.mark.parametrize(
    "text",
    [
        "ENV A=" + "${a:-" * 10_000,
        'ENV A="' + '"$' * 10_000,
        "CMD " + "[" * 50_000,
        "ONBUILD " * 5_000,
        "RUN " + "<<E " * 2_000,
    ],
)
def test_nesting_and_repetition_are_bounded(text: str) -> None:
    assert len(parse(f"FROM a\n{text}\nCMD b").problems) <= 101
