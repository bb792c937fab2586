"""Dockerfiles by the rules of BuildKit: the cases were measured with its own parser."""

from __future__ import annotations

import builtins
import logging

import pytest
from dockerfiles import BOM, messages, only, outline, parse, values

from prodlint.syntax.dockerfile import is_dockerfile


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
