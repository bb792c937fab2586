"""What a `.dockerignore` leaves out: the verdicts were measured with what Docker sends to a build."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.syntax.dockerignore import Dockerignore, parse_dockerignore


def known(text: str) -> Dockerignore:
    ignore = parse_dockerignore(text)
    assert ignore is not None
    return ignore


def kept(text: str, *paths: str) -> list[str]:
    ignore = known(text)
    return [path for path in paths if not ignore.ignores(path)]


@pytest.mark.parametrize(
    ("text", "ignored", "not_ignored"),
    [
        pytest.param(".env", [".env", ".env/x"], ["app/.env", ".envrc"], id="anchored at the root"),
        pytest.param(
            "*.pyc\nvenv/\n__pycache__", ["a.pyc", "venv/x", "__pycache__/y"], ["a/b.pyc", "a/venv/x"], id="root"
        ),
        pytest.param("**/.env", [".env", "a/.env", "a/b/.env/c"], ["a/x.env"], id="at every depth"),
        pytest.param("**/*.pyc", ["a.pyc", "a/b/c.pyc"], ["a.py", "pyc"], id="wildcard at every depth"),
        pytest.param("**/.git*", [".gitignore", "x/.git/y", "x/.gitmodules"], ["git"], id="folders at every depth"),
        pytest.param("*", ["a", "a/b", ".c"], [], id="everything"),
        pytest.param("**", ["a", "a/b", ".c"], [], id="everything, doubled"),
        pytest.param("*/a", ["x/a", "x/a/b"], ["a", "x/y/a"], id="a star holds within one folder"),
        pytest.param("a?c", ["abc", "a.c"], ["ac", "a/c", "abbc"], id="a question mark is one character"),
        pytest.param("foo**bar", ["foobar", "foo/bar", "foo/x/bar", "foox/bar"], ["fooxbar"], id="two stars in a name"),
        pytest.param("a/**", ["a/b", "a/b/c"], ["a", "ab"], id="what a folder holds"),
        pytest.param("a**", ["a", "abc/x", "ab"], ["ba"], id="a prefix"),
        pytest.param("**.pyc", ["a.pyc", "a/b.pyc", ".pyc"], ["pyc"], id="a suffix"),
        pytest.param("**_test.*", ["_test.py", "a/_test.py"], ["a/x_test.py"], id="no suffix with another wildcard"),
        pytest.param("**/a/**/b.[ch]", ["a/b.c", "x/a/y/z/b.h"], ["a/b.d", "b.c"], id="folders twice"),
        pytest.param("a/**/**", ["a/b", "a/b/c"], [], id="two stars twice"),
        pytest.param("***", ["a", "a/b"], [], id="three stars"),
        pytest.param("[a-c]x\n[^a]y", ["ax", "cx", "by"], ["dx", "ay", "[a-c]x"], id="sets"),
        pytest.param(r"\*a" + "\n" + r"\!b", ["*a", "!b"], ["xa", "b"], id="escapes"),
        pytest.param("a+(b)|{c}.$", ["a+(b)|{c}.$"], ["aab", "c"], id="signs of regular expressions"),
        pytest.param("*(x).py", ["a(x).py"], ["ax.py", "a(x)py"], id="the same with a wildcard"),
        pytest.param("{a,b}", ["{a,b}"], ["a", "b"], id="braces are no choice"),
        pytest.param("a^b", ["a^b"], ["ab"], id="a caret"),
        pytest.param("*]", ["a]"], ["a"], id="a closing bracket"),
        pytest.param("Readme.md", ["Readme.md"], ["README.md"], id="case counts"),
        pytest.param("/a\n./b\nc/\nd/../e\n//f\n\t g \r\n", list("abcefg"), ["d"], id="patterns are cleaned"),
        pytest.param("/\n.\n", [], ["a", "a/b"], id="the root alone"),
        pytest.param("\ufeff.env", [".env"], [], id="a byte-order mark"),
        pytest.param("#a\n #b\n# c", ["#b"], ["#a", "a", "b", "c", "# c"], id="a comment begins in the first column"),
        pytest.param(".env #secret", [".env #secret"], [".env"], id="no comment behind a pattern"),
        pytest.param("!.env\n.env", [".env"], [], id="put back too early"),
        pytest.param(".env*\n!.env.example", [".env", ".env.prod"], [".env.example"], id="put back"),
        pytest.param("**\n!app/", ["x", "x/app"], ["app/main.py", "app/a/b"], id="put back below an ignored folder"),
        pytest.param("d\n!d/.env", ["d/x", "d/e/.env"], ["d/.env"], id="one file put back below a folder"),
        pytest.param("*\n!app", ["x"], ["app/.env"], id="an allow-list lets a secret pass"),
        pytest.param("*\n! /app/", ["x"], ["app/.env"], id="blanks and slashes behind the mark"),
        pytest.param("*\n!**/*.py", ["a.txt", "a/b.txt"], ["a.py", "a/b.py"], id="wildcards put back"),
        pytest.param("*\n!app\napp/.env", ["app/.env"], ["app/x"], id="taken out again"),
        pytest.param("app/.env\n!app", ["app/.env"], ["app/x"], id="a folder that was never out is not put back"),
        pytest.param("**/*.pyc\n!app", ["app/a.pyc"], ["app/a.py"], id="nor what is out by a name of its own"),
        pytest.param("app/.env\n!app/*", [], ["app/.env"], id="unless the file itself is meant"),
        pytest.param("", [], ["a"], id="an empty file"),
        # The examples of Docker's reference (Build context, .dockerignore files).
        pytest.param(
            "# comment\n*/temp*\n*/*/temp*\ntemp?",
            ["somedir/temporary.txt", "somedir/temp", "somedir/subdir/temporary.txt", "tempa", "tempb"],
            ["temporary.txt", "temp", "a/b/c/temp", "tempab", "# comment"],
            id="documented: names below one and two folders",
        ),
        pytest.param("**/*.go", ["a.go", "a/b/c.go"], ["a.god", "go"], id="documented: every depth with the root"),
        pytest.param("*.md\n!README.md", ["a.md"], ["README.md", "a/b.md"], id="documented: one is kept"),
        pytest.param(
            "*.md\n!README*.md\nREADME-secret.md",
            ["a.md", "README-secret.md"],
            ["README.md", "README-x.md"],
            id="documented: the last line wins",
        ),
        pytest.param(
            "*.md\nREADME-secret.md\n!README*.md",
            ["a.md"],
            ["README.md", "README-secret.md"],
            id="documented: a middle line is overruled",
        ),
    ],
)
def test_patterns(text: str, ignored: list[str], not_ignored: list[str]) -> None:
    assert kept(text, *ignored, *not_ignored) == not_ignored


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a\n!", id="a mark alone"),
        pytest.param("! ", id="a mark and a blank"),
        pytest.param("!/", id="a mark and a slash"),
        pytest.param("a[", id="a set without an end"),
        pytest.param("[]a]", id="an empty set"),
        pytest.param("[a-]", id="a range without an end"),
        pytest.param("[c-a]", id="a range backwards"),
        pytest.param("a\\", id="an escape of nothing"),
        pytest.param("\\d", id="an escape that means something else to Docker"),
        pytest.param("[*]", id="a wildcard in a set"),
        pytest.param("a^*", id="a caret with a wildcard"),
        pytest.param("a|*", id="a bar with a wildcard"),
        pytest.param("a" * 70_000, id="a line that Docker does not read"),
        pytest.param("a\n" * 10_001, id="too many patterns"),
        pytest.param("\n" * (1024 * 1024 + 1), id="too long"),
    ],
)
def test_what_docker_refuses_or_nobody_can_tell_is_unknown(text: str) -> None:
    assert parse_dockerignore(text) is None


def test_a_pattern_knows_its_line() -> None:
    ignore = known("# secrets\n\n ! ./a/ \n*.pem\n")
    assert [(one.line, one.text, one.negated, one.path) for one in ignore.patterns] == [
        (3, "! ./a/", True, "a"),
        (4, "*.pem", False, "*.pem"),
    ]


def test_the_pattern_that_decides_is_known_for_both_verdicts() -> None:
    ignore = known("*\n!app\napp/*.key\n")
    deciding = {
        path: pattern and pattern.line for path in ("x", "app/a", "app/a.key") if (pattern := ignore.decided_by(path))
    }
    assert deciding == {"x": 1, "app/a": 2, "app/a.key": 3}
    assert known("a").decided_by("b") is None


def test_a_pattern_can_be_asked_alone() -> None:
    (pattern,) = known("app").patterns
    assert pattern.matches("app")
    assert not pattern.matches("app/x")


def test_a_path_may_be_written_with_a_leading_dot_or_slash() -> None:
    assert known("a/b").ignores("./a/b")
    assert known("a/b").ignores("/a//b/")


@pytest.mark.parametrize("pattern", ["*a" * 40 + "b", "**/" * 40 + "*a*a*a*ab", "a*" * 40 + "/b"])
def test_many_wildcards_take_no_exponential_time(pattern: str) -> None:
    assert kept(pattern, "a" * 250, "a/" * 100) == ["a" * 250, "a/" * 100]


NAMES = st.sampled_from(["a", "b", "ab", ".env", "x.py"])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


@given(st.text("ab/*?!#.[]^-\\ \n\r", max_size=30), PATHS)
@settings(max_examples=150, deadline=None)
def test_any_text_can_be_read_and_asked(text: str, path: str) -> None:
    ignore = parse_dockerignore(text)
    if ignore is not None:
        pattern = ignore.decided_by(path)
        assert ignore.ignores(path) == (pattern is not None and not pattern.negated)


@given(
    st.lists(PATHS | st.sampled_from(["*", "**/a", "**", "!a", "!b/a", "!**/x.py"]), max_size=5),
    st.lists(PATHS, max_size=6),
)
@settings(max_examples=150, deadline=None)
def test_the_verdict_does_not_depend_on_what_was_asked_before(lines: list[str], paths: list[str]) -> None:
    text = "\n".join(lines)
    asked = known(text)
    assert [asked.ignores(path) for path in paths] == [known(text).ignores(path) for path in paths]


@given(st.lists(PATHS, min_size=1, max_size=4), PATHS)
@settings(max_examples=150, deadline=None)
def test_a_plain_path_ignores_itself_and_all_below_and_nothing_else(lines: list[str], path: str) -> None:
    expected = any(path == line or path.startswith(f"{line}/") for line in lines)
    assert known("\n".join(lines)).ignores(path) is expected
