"""Dockerfiles by the rules of BuildKit: the cases were measured with its own parser."""

from __future__ import annotations

import builtins
import dataclasses
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.source import Source, Text
from prodlint.syntax.dockerfile import Dockerfile, Instruction, is_dockerfile, parse_dockerfile
from prodlint.syntax.dockerfile_lines import read_lines
from prodlint.syntax.word import Expansion, Literal, Word

BOM = "\ufeff"


def parse(text: str) -> Dockerfile:
    return parse_dockerfile(Source("Dockerfile", text))


def only(text: str) -> Instruction:
    """The one instruction behind a `FROM a` that has nothing wrong with it."""
    dockerfile = parse(f"FROM a\n{text}")
    assert [problem.message for problem in dockerfile.problems] == []
    assert len(dockerfile.instructions) == 2
    return dockerfile.instructions[1]


def outline(text: str) -> list[tuple[str, str]]:
    return [(instruction.keyword, instruction.value.value) for instruction in parse(text).instructions]


def messages(text: str) -> list[str]:
    return [problem.message for problem in parse(text).problems]


def values(words: tuple[Word, ...] | None) -> list[str] | None:
    return None if words is None else [str(word) for word in words]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(f"{BOM}FROM a\n", [("FROM", "a")], id="a byte-order mark is dropped"),
        pytest.param("FROM a\r\nRUN b \\\r\n c\r\n", [("FROM", "a"), ("RUN", "b  c")], id="CRLF ends a line"),
        pytest.param("FROM a\nRUN b\rCMD c\n", [("FROM", "a"), ("RUN", "b\rCMD c")], id="a lone CR ends no line"),
        pytest.param("FROM a\nRUN b\u2028c\x85d\x0ce\n", [("FROM", "a"), ("RUN", "b\u2028c\x85d\x0ce")], id="U+2028"),
        pytest.param(
            "FROM a\n\x1cRUN b\nCMD c", [("FROM", "a"), ("\x1cRUN", "b"), ("CMD", "c")], id="U+001C is no blank"
        ),
        pytest.param("\n  \n# c\n\t# d\nFROM a\n", [("FROM", "a")], id="comments and blank lines"),
        pytest.param("from a\n  rUn b\n", [("FROM", "a"), ("RUN", "b")], id="lower case and indented"),
        pytest.param("FROM a\nRUN\t\tb  c\t\n", [("FROM", "a"), ("RUN", "b  c")], id="tabs"),
        pytest.param("FROM a\nRUN b # c\n", [("FROM", "a"), ("RUN", "b # c")], id="no comment behind an instruction"),
        pytest.param(
            "FROM a\nRUN b \\\n# x\n  # y \\\n c\nCMD d",
            [("FROM", "a"), ("RUN", "b  c"), ("CMD", "d")],
            id="comment inside",
        ),
        pytest.param(
            "FROM a\nRUN b && \\\n\n \nCMD c\n", [("FROM", "a"), ("RUN", "b && CMD c")], id="empty lines inside"
        ),
        pytest.param(
            "FROM a\nRUN pip install \\\ngunicorn\\\n flask\\\nuvicorn\n",
            [("FROM", "a"), ("RUN", "pip install gunicorn flaskuvicorn")],
            id="joined with nothing between",
        ),
        pytest.param("FROM a\nRUN b \\ \t\nc\n", [("FROM", "a"), ("RUN", "b c")], id="blanks behind the escape"),
        pytest.param(
            "FROM a\nENV C x\\\\\nCMD c\n", [("FROM", "a"), ("ENV", "C x\\\\"), ("CMD", "c")], id="doubled escape"
        ),
        pytest.param("FROM a\nRUN b\\\\\r\nCMD c", [("FROM", "a"), ("RUN", "b\\\\"), ("CMD", "c")], id="doubled, CRLF"),
        pytest.param("FROM a\nRUN b \\", [("FROM", "a"), ("RUN", "b")], id="ends in the escape"),
        pytest.param("FROM a\nRUN b \\ \\", [("FROM", "a"), ("RUN", "b \\")], id="ends in two apart"),
        pytest.param("FROM a\nRUN b \\\n# c", [("FROM", "a"), ("RUN", "b")], id="ends in a comment inside"),
        pytest.param(
            "FROM a\nRUN\\\nx b\n\\\nCMD c", [("FROM", "a"), ("RUNX", "b"), ("CMD", "c")], id="inside the keyword"
        ),
        pytest.param("# escape=`\nFROM a\nRUN b `\nc\\\n", [("FROM", "a"), ("RUN", "b c\\")], id="the other escape"),
        pytest.param(
            "# syntax=x\n#check = y\n  # Escape= ` \nFROM a`\nb\n", [("FROM", "ab")], id="directives in any order"
        ),
        pytest.param("# c\n# escape=`\nFROM a\\\nb\n", [("FROM", "ab")], id="a comment ends the directives"),
        pytest.param("\n# escape=`\nFROM a\\\nb\n", [("FROM", "ab")], id="so does an empty line"),
        pytest.param("# other=1\n# escape=`\nFROM a\\\nb\n", [("FROM", "ab")], id="and an unknown directive"),
    ],
)
def test_lines_become_instructions(text: str, expected: list[tuple[str, str]]) -> None:
    assert outline(text) == expected


def test_the_escape_character_is_known() -> None:
    assert parse("# escape=`\nFROM a").escape == "`"
    assert parse("FROM a").escape == "\\"


def test_a_value_over_several_lines_knows_the_place_of_each_character() -> None:
    run = only("RUN pip install \\\n  # why\n\n  gunicorn\\\n  flask\n")
    place = run.value.span_of(run.value.value.index("flask"), len(run.value.value))
    assert (place.line, place.column, place.text) == (6, 3, "flask")
    assert run.span.text.startswith("RUN pip")
    assert run.span.text.endswith("  flask")
    assert run.keyword_span.text == "RUN"


def test_the_span_ends_before_comments_and_escapes_that_continue_nothing() -> None:
    assert only("RUN a \\\n  b  \\\n# c\n").span.text == "RUN a \\\n  b"


@pytest.mark.parametrize(
    ("text", "bodies"),
    [
        ("RUN <<EOF\n# c\nFROM x\n\\\nEOF\n", [("EOF", "# c\nFROM x\n\\\n", True)]),
        ("RUN <<-EOF\n\t\ta\n\tEOF\n", [("EOF", "a\n", True)]),
        ("RUN <<EOF\n\tEOF\nEOF\n", [("EOF", "\tEOF\n", True)]),
        ("RUN <<'EOF'\na\nEOF", [("EOF", "a\n", False)]),
        ('COPY <<"EOF" /x\nEOF', [("EOF", "", False)]),
        ("COPY <<A <<-'B' /x/\n1\nA\n\t2\n\tB\n", [("A", "1\n", True), ("B", "2\n", False)]),
        ("RUN python - 3<<PY \\\n  && b\nimport a\nPY\n", [("PY", "import a\n", True)]),
        ("RUN cat <<EOF > /f\r\na\r\nEOF\r\n", [("EOF", "a\r\n", True)]),
        ("ONBUILD RUN <<EOF\na\nEOF\n", [("EOF", "a\n", True)]),
        ("RUN <<$A\nb\n$A\n", [("$A", "b\n", True)]),
        ("RUN cat <<<word\n", []),
        ("RUN echo $((1<<2))\n", []),
        ("RUN echo '<<EOF' \"<<EOF\" \\<<EOF a<<EOF\n", []),
        ("RUN echo \"a <<EOF\" b\\ <<EOF 'c <<EOF'\n", []),
        ("RUN echo 'it <<EOF\n", []),
        ("RUN echo ${} <<EOF\n", []),
        ('RUN ["a", "<<EOF"]\n', []),
        ("CMD cat <<EOF\n", []),
    ],
)
def test_heredocs(text: str, bodies: list[tuple[str, str, bool]]) -> None:
    instruction = only(text)
    assert [(one.name, one.body.value, one.expands) for one in instruction.heredocs] == bodies


def test_a_heredoc_has_exact_places() -> None:
    run = only("RUN <<-EOF cat\n\tone\n\t\ttwo\n\tEOF\n\n# c\n")
    (heredoc,) = run.heredocs
    assert heredoc.strip_tabs
    assert heredoc.span.text == "<<-EOF"
    place = heredoc.body.span_of(4, 7)
    assert (place.line, place.column, place.text) == (4, 3, "two")
    assert run.span.text == "RUN <<-EOF cat\n\tone\n\t\ttwo\n\tEOF"
    assert run.value.value == "<<-EOF cat"


def test_instructions_go_on_behind_a_heredoc() -> None:
    text = "FROM a\nRUN <<EOF\nFROM b\nEOF\nCMD c\n"
    assert outline(text) == [("FROM", "a"), ("RUN", "<<EOF"), ("CMD", "c")]
    assert messages(text) == []


def test_a_heredoc_without_an_end_is_a_problem_at_its_word() -> None:
    dockerfile = parse("FROM a\nRUN <<EOF\nb\n EOF\n")
    assert [problem.span.text for problem in dockerfile.problems] == ["<<EOF"]
    assert dockerfile.instructions[1].heredocs[0].body.value == "b\n EOF\n"


@pytest.mark.parametrize(
    ("text", "flags", "value"),
    [
        (
            "RUN --mount=type=cache,target=/r --network=none a --b",
            ["mount=type=cache,target=/r", "network=none"],
            "a --b",
        ),
        ("COPY --link --from=x a b", ["link", "from=x"], "a b"),
        ('RUN --mount="type=a b" --x=\\"y c', ["mount=type=a b", 'x="y'], "c"),
        ("RUN --a= -- --b", ["a="], "--b"),
        ("RUN --a=b \\\n # c\n  --d e", ["a=b", "d"], "e"),
        ("RUN -x --y", [], "-x --y"),
        ("RUN --", [], ""),
    ],
)
def test_flags_stand_between_keyword_and_arguments(text: str, flags: list[str], value: str) -> None:
    instruction = only(text)
    assert [one.name if one.value is None else f"{one.name}={one.value.value}" for one in instruction.flags] == flags
    assert instruction.value.value == value


def test_a_flag_is_found_by_name_with_its_place() -> None:
    instruction = only("COPY --chown=a --from='b' c d")
    flag = instruction.flag("from")
    assert flag is not None
    assert flag.value is not None
    assert (flag.span.text, flag.value.span.text) == ("--from='b'", "b")
    assert instruction.flag("chmod") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('CMD ["gunicorn", "-b" ,"0.0.0.0:$PORT"]', ["gunicorn", "-b", "0.0.0.0:$PORT"]),
        ('ENTRYPOINT ["a\\u00e9\\n\\"\\/", "\\ud83d\\ude00\\ud83d"]', ['aé\n"/', "😀\ufffd"]),
        ("CMD []", []),
        ('RUN --mount=type=cache ["a",\\\n"b"]', ["a", "b"]),
        ('SHELL ["/bin/bash", "-c"]', ["/bin/bash", "-c"]),
        ('VOLUME ["/a b"]', ["/a b"]),
        ('COPY ["a b", "c"]', ["a b", "c"]),
        ('CMD ["x"] # y', None),
        ("CMD ['a']", None),
        ('CMD ["a",]', None),
        ('CMD ["a" "b"]', None),
        ('CMD ["a\tb"]', None),
        ('CMD ["a", 01]', None),
        ('CMD ["a", NaN]', None),
        ("CMD [“a”]", None),
        ("CMD [", None),
        ('CMD {"a": "b"}', None),
        ('CMD "a"', None),
        ('STOPSIGNAL ["a"]', None),
    ],
)
def test_the_exec_form_is_an_array_of_strings_and_anything_else_a_shell_form(
    text: str, expected: list[str] | None
) -> None:
    assert values(only(text).json) == expected


def test_a_string_of_the_exec_form_has_its_quotes_in_the_span_of_the_word() -> None:
    words = only('CMD ["a", \\\n "b\\u0041c"]').json
    assert words is not None
    assert [(word.span.line, word.span.text) for word in words] == [(2, '"a"'), (3, '"b\\u0041c"')]
    content = words[1].content
    assert content is not None
    assert [content.span_of(index, index + 1).start for index in range(3)] == [
        content.span.start,
        content.span.start + 1,
        content.span.start + 7,
    ]


@pytest.mark.parametrize(
    ("member", "kind"),
    [("4", "a number"), ("[1]", "a list"), ("null", "null"), ("true", "a truth value"), ("{}", "an object")],
)
def test_an_exec_form_with_another_member_is_a_problem_at_that_member(member: str, kind: str) -> None:
    dockerfile = parse(f'FROM a\nCMD ["gunicorn", {member}, "b"]\n')
    assert [(problem.span.text, kind in problem.message) for problem in dockerfile.problems] == [(member, True)]
    assert dockerfile.instructions[1].json is None


def test_onbuild_holds_an_instruction() -> None:
    nested = only('onbuild  run --x ["a"]').nested
    assert nested is not None
    assert (nested.keyword, nested.span.text, values(nested.json)) == ("RUN", 'run --x ["a"]', ["a"])


def test_a_healthcheck_holds_a_cmd() -> None:
    exec_form = only('HEALTHCHECK --interval=5s \\\n  cmd ["curl", "x"]')
    assert exec_form.nested is not None
    assert exec_form.nested.keyword == "CMD"
    assert values(exec_form.nested.json) == ["curl", "x"]
    assert exec_form.nested.span.text == 'cmd ["curl", "x"]'
    assert [one.name for one in exec_form.flags] == ["interval"]
    shell_form = only("HEALTHCHECK CMD curl  -f x || exit 1").nested
    assert shell_form is not None
    assert (shell_form.json, shell_form.value.value) == (None, "curl  -f x || exit 1")
    assert only("HEALTHCHECK none").nested is None


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# syntax=x\n\n# c\nFROM a", True),
        (f"{BOM}from a\n", True),
        ("ARG A\nFROM a", True),
        ("FROM\\\n a", True),
        ("RUN a", False),
        ("FROMAGE\n", False),
        ("", False),
        ("# only\n", False),
        ("FROM {{ image }}\n", False),
        ("FROM a\n{% if b %}\nRUN c\n", False),
        ("FROM a\nRUN docker ps --format '{{.Names}}' && \\\n echo {{b}}\nCMD c", True),
        ("FROM a\nONBUILD RUN echo {{b}}\n", True),
        ("FROM a\nRUN <<EOF\n{{ b }}\nEOF\nCOPY <<EOF /x\n{% c %}\nEOF\n", True),
        ("FROM a\nRUN b\nENV A={{ c }}\nRUN d\n", False),
    ],
)
def test_a_dockerfile_is_known_by_its_content(text: str, expected: bool) -> None:
    assert is_dockerfile(text) is expected


def test_only_parsing_loads_the_library() -> None:
    code = (
        "import sys; import prodlint.syntax.dockerfile as d; from prodlint.source import Source\n"
        "assert 'dockerfile_parse' not in sys.modules\n"
        "d.parse_dockerfile(Source('Dockerfile', 'FROM a'))\n"
        "assert 'dockerfile_parse' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_parsing_opens_no_file_and_logs_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    parse("FROM a\n")

    def refuse(*arguments: object, **named: object) -> None:
        raise AssertionError(f"open{arguments}")

    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(builtins, "open", refuse)
    dockerfile = parse("FROM a\nNOPE\nRUN x \\\n")
    monkeypatch.undo()
    assert len(dockerfile.instructions) == 3
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def texts_in(value: object) -> Iterator[Text]:
    if isinstance(value, Text):
        yield value
    elif isinstance(value, tuple):
        for member in value:
            yield from texts_in(member)
    elif dataclasses.is_dataclass(value) and not isinstance(value, Source):
        for field in dataclasses.fields(value):
            yield from texts_in(getattr(value, field.name))


def check_places(dockerfile: Dockerfile) -> None:
    text = dockerfile.source.text
    for one in texts_in(dockerfile.instructions):
        assert len(one.offsets) == len(one.value) + 1
        assert list(one.offsets) == sorted(one.offsets)
        assert 0 <= one.offsets[0] <= one.offsets[-1] <= len(text)
        for character, offset in zip(one.value, one.offsets, strict=False):
            assert text[offset] == character or text[offset] in "\\`"


FRAGMENTS = [
    *("FROM a", "RUN", "CMD", "COPY", "ENV", "ARG", "HEALTHCHECK", "ONBUILD", "LABEL", "SHELL", "x"),
    *("\n", "\n", "\r\n", "\\\n", "`\n", "\\\\\n", "\n\n", " ", "\t", "\r", "\u2028", "\x1c", "\x85", "\x00", "\ufeff"),
    *("# c\n", "# escape=`\n", "#\\\n", "<<EOF", "<<-'EOF'", "EOF\n", "\tEOF\n", "<<", "--a=b", "--", "CMD", "NONE"),
    *(
        '["a", "\\u00e9"]',
        "[1]",
        "[",
        "'",
        '"',
        "\\",
        "`",
        "$a",
        "${a:-",
        "}",
        "${a/",
        "a=b",
        "=",
        "{{",
        "é",
        "😀",
        "\ud800",
    ),
]


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join))
@settings(max_examples=150, deadline=None)
def test_anything_can_be_parsed_and_every_character_keeps_its_place(text: str) -> None:
    dockerfile = parse(text)
    check_places(dockerfile)
    for instruction in dockerfile.instructions:
        assert instruction.span.text.startswith(instruction.keyword_span.text)
        written = instruction.keyword_span.text.upper()
        assert instruction.keyword == written or "\n" in written
    for problem in dockerfile.problems:
        assert 0 <= problem.span.start <= problem.span.end <= len(text)
    is_dockerfile(text)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join))
@settings(max_examples=150, deadline=None)
def test_the_library_loses_no_instruction_and_makes_none_up(text: str) -> None:
    ours = [statement.text.span.start for statement in read_lines(Source("Dockerfile", text)).statements]
    assert [instruction.keyword_span.start for instruction in parse(text).instructions] == ours


ARGUMENT = st.text("abc/.:=-_ #&|$", min_size=1, max_size=12).map(lambda text: f"x{text.strip()}")
PIECES = st.lists(ARGUMENT, min_size=1, max_size=4)
SHELL_LINES = PIECES.map(" \\\n    ".join)
EXEC_FORM = PIECES.map(lambda words: json.dumps(words, ensure_ascii=False))
INSTRUCTIONS = st.one_of(
    st.tuples(st.sampled_from(["RUN", "CMD", "ENTRYPOINT", "run"]), SHELL_LINES),
    st.tuples(st.sampled_from(["CMD", "ENTRYPOINT", "RUN"]), EXEC_FORM),
    st.tuples(st.just("ENV"), ARGUMENT.map(lambda value: f"NAME {value}")),
    st.tuples(st.sampled_from(["WORKDIR", "USER"]), st.just("/srv/app")),
    st.tuples(st.sampled_from(["COPY", "ADD"]), st.just("--chown=a:b . /srv")),
)
GAPS = st.sampled_from(["", "\n", "# a comment\n", "\n# FROM b \\\n\n"])


@given(st.lists(st.tuples(INSTRUCTIONS, GAPS), max_size=12), st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=80, deadline=None)
def test_an_ordinary_file_gives_the_instructions_it_was_made_of(
    made: list[tuple[tuple[str, str], str]], line_end: str
) -> None:
    from dockerfile_parse import DockerfileParser

    text = "FROM python:3.13-slim\n" + "".join(f"{keyword} {value}\n{gap}" for (keyword, value), gap in made)
    text = text.replace("\n", line_end)
    dockerfile = parse(text)
    expected = [
        (keyword.upper(), value.replace("\\\n", "").removeprefix("--chown=a:b ")) for (keyword, value), _ in made
    ]
    assert [(one.keyword, one.value.value) for one in dockerfile.instructions[1:]] == expected
    for instruction, (_, value) in zip(dockerfile.instructions[1:], (pair for pair, _ in made), strict=True):
        if value.startswith("["):
            assert values(instruction.json) == json.loads(value)
    structure = DockerfileParser(fileobj=BytesIO(text.encode()), env_replace=False).structure
    listed = [
        (e["instruction"], e["startline"] + 1, e["endline"] + 1) for e in structure if e["instruction"] != "COMMENT"
    ]
    assert [(one.keyword, one.span.line, one.span.last.line) for one in dockerfile.instructions] == listed
    check_places(dockerfile)
