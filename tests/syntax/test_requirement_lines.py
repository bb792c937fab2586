"""The lines of requirements files: what is joined, what is a comment, where requirements and options stand."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from prodlint.source import Source, SyntaxProblem
from prodlint.syntax.requirement_lines import Line, Option, read_lines


def read(text: str) -> tuple[list[Line], list[SyntaxProblem]]:
    problems: list[SyntaxProblem] = []
    return list(read_lines(Source("requirements.txt", text), problems)), problems


def asked(text: str) -> list[str]:
    lines, problems = read(text)
    assert problems == []
    return [line.requirement.value for line in lines]


def options(text: str) -> list[tuple[str, str | None]]:
    lines, problems = read(text)
    assert problems == []
    return [(one.name, one.value.value if one.value else None) for line in lines for one in line.options]


def refusal(text: str) -> SyntaxProblem:
    lines, (problem,) = read(text)
    assert lines == []
    return problem


def place(option: Option) -> tuple[int, int, str]:
    return option.span.line, option.span.column, option.span.text


def test_blank_lines_and_comments_are_no_lines() -> None:
    assert asked("\n# c\n  \t\n  # c\nflask\n\n") == ["flask"]
    assert asked("") == asked("\n") == asked("\\\n\\\n") == []


@pytest.mark.parametrize(
    ("line", "requirement"),
    [
        ("flask # c", "flask"),
        ("flask\t#c", "flask"),
        ("flask\u00a0# c", "flask"),
        ("flask#c", "flask#c"),
        ("flask#c # d", "flask#c"),
        ("git+https://h/x#egg=x#y #z", "git+https://h/x#egg=x#y"),
        ("  flask  ", "flask"),
    ],
)
def test_a_comment_begins_with_a_number_sign_behind_white_space(line: str, requirement: str) -> None:
    assert asked(line + "\n") == [requirement]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"])
def test_every_line_end_of_python_ends_a_line(end: str) -> None:
    text = f"flask{end}django \\{end}  # no more{end}celery \\{end} ==5"
    assert asked(text) == ["flask", "django", "celery  ==5"]


def test_a_backslash_joins_lines_and_each_character_keeps_its_place() -> None:
    (line, _), _ = read("# c\nflask \\\n  ==3.0 ; \\\n  python_version>'3' \\\n --hash=sha256:1\nx")
    assert line.requirement.value == "flask   ==3.0 ;   python_version>'3'"
    assert (line.requirement.span.line, line.requirement.span.last.line) == (2, 4)
    version = line.requirement.value.index("3.0")
    found = line.requirement.span_of(version, version + 3)
    assert (found.line, found.column, found.text) == (3, 5, "3.0")
    assert place(line.options[0]) == (5, 2, "--hash=sha256:1")
    assert (line.span.line, line.span.last.line) == (2, 5)


def test_a_comment_ends_what_a_backslash_began() -> None:
    assert asked("flask \\\n# c \\\ndjango\n") == ["flask", "django"]
    assert asked("flask \\\n  # c\n==1\n") == ["flask", "==1"]
    # Behind white space it is a comment of the joined line, and its backslash joins.
    assert asked("flask # c \\\ndjango\n") == ["flask"]
    assert asked("flask\\\n#c\n") == ["flask"]
    assert asked("fla\\\nsk#c\n") == ["flask#c"]


def test_a_backslash_at_the_end_of_the_file_joins_nothing() -> None:
    assert asked("flask \\") == asked("flask \\\n") == ["flask"]


def test_backslashes_at_both_ends_of_a_joined_line_fall_away() -> None:
    assert asked("\\fla\\\\\nsk\n") == ["flask"]
    assert asked("\\flask\n") == ["\\flask"]


@pytest.mark.parametrize(
    ("short", "name"),
    [
        ("-r", "--requirement"),
        ("-c", "--constraint"),
        ("-e", "--editable"),
        ("-i", "--index-url"),
        ("-f", "--find-links"),
    ],
)
def test_an_option_is_known_in_every_spelling(short: str, name: str) -> None:
    expected = [(name, "x.txt")]
    for written in (f"{short} x.txt", f"{short}x.txt", f"{name} x.txt", f"{name}=x.txt", f"{short}  'x.txt'  # c"):
        assert options(written) == expected, written
    for written in (f'{name}="x.txt"', f"{name[:-1]}=x.txt", f'{short}x".txt"', f"{short} x\\.txt"):
        assert options(written) == expected, written


def test_the_place_of_an_option_is_name_and_value_and_that_of_a_value_its_characters() -> None:
    (line,), _ = read("flask  --hash=\"sha256:a\" --pre -r \\\n  'b c'")
    digest, pre, file = line.options
    assert [place(option) for option in line.options] == [
        (1, 8, '--hash="sha256:a"'),
        (1, 26, "--pre"),
        (1, 32, "-r \\\n  'b c'"),
    ]
    assert digest.value is not None
    assert (digest.value.span.column, digest.value.span.text) == (16, "sha256:a")
    assert pre.value is None
    assert file.value is not None
    assert (file.value.span.line, file.value.span.column, file.value.value) == (2, 4, "b c")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("a\\ b", "a b"),
        ("'a\\b'", "a\\b"),
        ('"a\\b"', "a\\b"),
        ('"a\\"b"', 'a"b'),
        ('"\\\\\\\\"', "\\\\"),
        ('"\\\\\\""', '\\"'),
        ("a'b 'c\"d\"", "ab cd"),
        ("''", ""),
        ("a\u00a0b", "a\u00a0b"),
        ("--pre", "--pre"),
        ("=x", "=x"),
    ],
)
def test_values_are_quoted_as_in_a_shell(written: str, value: str) -> None:
    assert options(f"-r {written}") == [("--requirement", value)]


def test_several_options_of_a_line_are_kept_in_their_order() -> None:
    assert options("--no-index -f a --find-links=b --pypi-url c") == [
        ("--no-index", None),
        ("--find-links", "a"),
        ("--find-links", "b"),
        ("--index-url", "c"),
    ]


def test_words_that_are_no_options_and_what_stands_behind_two_dashes_are_dropped() -> None:
    assert options("--pre words - -r x -- --no-such") == [("--pre", None), ("--requirement", "x")]


def test_options_begin_at_the_first_dash_behind_a_blank() -> None:
    lines, _ = read("a-b ; x == '-y' --pre\nc\t--pre\n")
    assert [(line.requirement.value, len(line.options)) for line in lines] == [("a-b ; x == '-y'", 1), ("c\t--pre", 0)]


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        ("--no-such", 1, "does not know the option --no-such"),
        ("flask --upgrade", 7, "does not know the option --upgrade"),
        ("-q", 1, "does not know the option -q"),
        ("--req x", 1, "does not know the option --req"),
        ("--pre=1", 1, "--pre takes no value"),
        ("--index-url", 1, "--index-url needs a value"),
        ("flask --hash", 7, "--hash needs a value"),
        ("flask --hash=md5:1", 14, "a hash begins with sha256: or sha384: or sha512:"),
        ("flask --hash=sha256", 14, "a hash begins with"),
        ("-C x", 4, "KEY=VALUE"),
        ("--no-binary --pre", 13, "--no-binary needs a value"),
        ("-r 'x", 4, "a quote in the options is not closed"),
        ('-r x"', 4, "a quote in the options is not closed"),
    ],
)
def test_a_line_that_pip_refuses_is_a_problem_at_its_place(line: str, column: int, message: str) -> None:
    lines, (problem,) = read(f"first\n{line}\nlast --pre\n")
    assert message in problem.message
    assert (problem.span.line, problem.span.column) == (2, column)
    assert [one.requirement.value for one in lines] == ["first", "last"]


def test_a_value_that_a_variable_completes_is_not_refused() -> None:
    assert options("a --hash=${HASH} -C ${X}") == [("--hash", "${HASH}"), ("--config-settings", "${X}")]
    assert "begins with" in refusal("a --hash=${hash}").message


def test_options_of_older_and_newer_versions_of_pip_are_known() -> None:
    assert options("a --global-option=x") == [("--global-option", "x")]
    assert options("--only-final=x --all-releases :all:") == [("--only-final", "x"), ("--all-releases", ":all:")]
    assert options("--no-require-hashes --use-feature=anything")[1] == ("--use-feature", "anything")


def test_a_line_that_is_too_long_is_a_problem_and_the_others_stay() -> None:
    for long in ("a" * 100_001, "a\\\n" * 50_001 + "b" * 50_001):
        lines, (problem,) = read(f"flask\n{long}\ndjango\n")
        assert [line.requirement.value for line in lines] == ["flask", "django"]
        assert "100,000" in problem.message
        assert problem.span.line == 2
    assert asked("a" * 100_000) == ["a" * 100_000]


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="a1 -=\\\"'#\t\n\r\x0b${}A[;:\u2028é", max_size=60))
@example("--\\\n")
@example("'\\\n'")
def test_any_text_is_read_and_every_place_lies_inside_of_it(text: str) -> None:
    lines, problems = read(text)
    for line in lines:
        for part in (line.requirement, *(one.value for one in line.options if one.value)):
            assert len(part.offsets) == len(part.value) + 1
            places = list(part.offsets[:-1])
            assert places == sorted(set(places))
            assert all(text[at] == character for at, character in zip(places, part.value, strict=True))
    for span in (*(line.span for line in lines), *(problem.span for problem in problems)):
        assert 0 <= span.start <= span.end <= len(text)
