"""What a simple command is made of: assignments, redirections and here-documents, each with its exact place."""

from __future__ import annotations

import pytest

from prodlint.source import Source, Span
from prodlint.syntax.shell import (
    AndOr,
    Assignment,
    Background,
    Command,
    Function,
    Node,
    Pipeline,
    Redirection,
    Sequence,
    Unparsed,
    parse_shell,
)
from prodlint.syntax.word import Expansion, Literal, Substitution


def only(text: str) -> Node:
    """The only item of a script."""
    (item,) = parse_shell(Source("run.sh", text).content).body.items
    return item


def command(text: str) -> Command:
    node = only(text)
    assert isinstance(node, Command)
    return node


def place(span: Span) -> tuple[int, int, int, int]:
    """First line and column, then line and column just behind the last character."""
    return span.first.line, span.first.column, span.last.line, span.last.column


def pairs(text: str) -> list[tuple[str, str | None, bool]]:
    """Name, value as written, and whether the command exports it."""
    return [
        (one.name, None if one.value is None else one.value.written, one.exported) for one in command(text).assignments
    ]


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        pytest.param("A=b", "", [("A", "b", False)], id="alone"),
        pytest.param("A=b C='d e' f g=h", "f g=h", [("A", "b", False), ("C", "'d e'", False)], id="before a command"),
        pytest.param(">x A=b c", "c", [("A", "b", False)], id="behind a redirection"),
        pytest.param("A= b", "b", [("A", "", False)], id="empty"),
        pytest.param("A=$(b c)$d", "", [("A", "$(b c)$d", False)], id="expansions"),
        pytest.param("A=(b c # d\n'e f')", "", [("A", None, False)], id="an array"),
        pytest.param("A[1]=b", "", [("A[1]", None, False)], id="an element"),
        pytest.param("A[$b[1] + 2]=c", "", [("A[$b[1] + 2]", None, False)], id="an element of a computed index"),
        pytest.param("export A=b C", "export A=b C", [("A", "b", True)], id="export"),
        pytest.param("export -n A=b", "export -n A=b", [("A", "b", False)], id="no longer exported"),
        pytest.param("declare -gx A=b", "declare -gx A=b", [("A", "b", True)], id="declared and exported"),
        pytest.param("declare -r A=b", "declare -r A=b", [("A", "b", False)], id="declared"),
        pytest.param("typeset -x A=b", "typeset -x A=b", [("A", "b", True)], id="typeset"),
        pytest.param("local A=b C=d", "local A=b C=d", [("A", "b", False), ("C", "d", False)], id="local"),
        pytest.param("readonly A=b", "readonly A=b", [("A", "b", False)], id="read-only"),
        pytest.param("export A=(b)", "export A=(b)", [("A", None, True)], id="an exported array"),
        pytest.param('export "A=$b c"', 'export "A=$b c"', [("A", "$b c", True)], id="a quoted pair"),
        pytest.param(
            "export 'A=' B='c'", "export 'A=' B='c'", [("A", "", True), ("B", "'c'", True)], id="quoted, empty"
        ),
        pytest.param("eval A=(b)", "eval A=(b)", [], id="eval takes an array"),
        pytest.param("alias a=b c='d e'", "alias a=b c='d e'", [], id="an alias is no variable"),
        pytest.param("echo A=b --c=d", "echo A=b --c=d", [], id="arguments"),
        pytest.param("2A=b A-B=c", "2A=b A-B=c", [], id="no names"),
    ],
)
def test_assignments(text: str, words: str, expected: list[tuple[str, str | None, bool]]) -> None:
    assert " ".join(word.written for word in command(text).words) == words
    assert pairs(text) == expected


def test_an_assignment_has_exact_places() -> None:
    first, second = command("  A='b c' D=$e f").assignments
    assert (place(first.span), place(second.span)) == ((1, 3, 1, 10), (1, 11, 1, 15))
    assert first.value is not None
    assert place(first.value.span) == (1, 5, 1, 10)
    assert second.value is not None
    assert place(second.value.span) == (1, 13, 1, 15)


def test_a_quoted_pair_has_exact_places() -> None:
    (pair,) = command('export "A=b $c"').assignments
    assert pair.value is not None
    assert (place(pair.span), place(pair.value.span)) == ((1, 8, 1, 16), (1, 11, 1, 15))


def appended(text: str) -> Assignment:
    (pair,) = command(text).assignments
    return pair


@pytest.mark.parametrize("text", ["A+=b", "export A+=b"])
def test_what_is_appended_stands_behind_the_older_value(text: str) -> None:
    value = appended(text).value
    assert value is not None
    before, behind = value.parts
    assert isinstance(before, Expansion)
    assert isinstance(behind, Literal)
    assert (before.name, behind.text.value, value.span.text) == ("A", "b", "b")


def test_what_export_is_handed_is_a_word_of_its_own() -> None:
    _, *words = command("export A=b C+=$d E= F=(g)").words
    assert [[type(part) for part in word.parts] for word in words] == [
        [Literal, Literal],
        [Literal, Expansion],
        [Literal],
        [Literal, Substitution],
    ]
    assert [word.literal for word in words] == ["A=b", None, "E=", None]


# --- redirections ------------------------------------------------------------------------------------


def redirected(text: str) -> list[tuple[str, str, str | None]]:
    """Descriptor, operator and target of each redirection."""
    node = only(text)
    assert not isinstance(node, Function | Unparsed | Sequence | AndOr | Pipeline | Background)
    return [
        (one.descriptor, one.operator, None if one.target is None else one.target.written) for one in node.redirections
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a >b", [("", ">", "b")], id="to a file"),
        pytest.param("a>'b c'<$d", [("", ">", "'b c'"), ("", "<", "$d")], id="without blanks"),
        pytest.param("a 2>/dev/null 2>&1", [("2", ">", "/dev/null"), ("2", ">&", "1")], id="descriptors"),
        pytest.param("a 2 >b", [("", ">", "b")], id="a number with a blank is an argument"),
        pytest.param("a2>b", [("", ">", "b")], id="a number in a word"),
        pytest.param("a 2&>b", [("", "&>", "b")], id="a number before &> is an argument"),
        pytest.param("a &>b &>>c", [("", "&>", "b"), ("", "&>>", "c")], id="both outputs"),
        pytest.param(
            "a >>b >|c <>d <&- 3>&4-",
            [("", ">>", "b"), ("", ">|", "c"), ("", "<>", "d"), ("", "<&", "-"), ("3", ">&", "4-")],
            id="others",
        ),
        pytest.param("a {fd}>b", [("{fd}", ">", "b")], id="a descriptor by name"),
        pytest.param("a <<<'b c'", [("", "<<<", "'b c'")], id="a here-string"),
        pytest.param("a > >(b) < <(c)", [("", ">", ">(b)"), ("", "<", "<(c)")], id="to and from commands"),
        pytest.param(">a", [("", ">", "a")], id="no command"),
        pytest.param("{ a; } >b 2>&1", [("", ">", "b"), ("2", ">&", "1")], id="a group"),
        pytest.param("(a)<b", [("", "<", "b")], id="a subshell"),
        pytest.param("while a; do b; done <c", [("", "<", "c")], id="a loop"),
        pytest.param("if a; then b; fi >c", [("", ">", "c")], id="if"),
        pytest.param("case a in esac >c", [("", ">", "c")], id="case"),
        pytest.param("[[ a ]] 2>c", [("2", ">", "c")], id="a test"),
    ],
)
def test_redirections(text: str, expected: list[tuple[str, str, str | None]]) -> None:
    assert redirected(text) == expected


def test_redirections_are_no_arguments() -> None:
    found = command("a >b c 2> d e")
    assert [word.literal for word in found.words] == ["a", "c", "e"]
    assert [place(one.span) for one in found.redirections] == [(1, 3, 1, 5), (1, 8, 1, 12)]
    assert found.redirections[1].target is not None
    assert place(found.redirections[1].target.span) == (1, 11, 1, 12)


def test_a_pipe_of_both_outputs_redirects_the_errors() -> None:
    node = only("a >b |& c")
    assert isinstance(node, Pipeline)
    first, second = node.commands
    assert isinstance(first, Command)
    assert isinstance(second, Command)
    added = first.redirections[1]
    assert (added.descriptor, added.operator, str(added.target), place(added.span)) == ("2", ">&", "1", (1, 6, 1, 8))
    assert not second.redirections


# --- here-documents ----------------------------------------------------------------------------------


def names(text: str) -> list[str | None]:
    return [found.name for found in parse_shell(Source("run.sh", text).content).commands()]


def documents(text: str) -> list[Redirection]:
    return [one for found in parse_shell(Source("run.sh", text).content).commands() for one in found.redirections]


@pytest.mark.parametrize(
    ("text", "bodies", "quoted"),
    [
        pytest.param("a <<E\nb $c\nE\n", ["b $c\n"], False, id="expanded"),
        pytest.param("a <<'E'\nb\nE\n", ["b\n"], True, id="single quotes"),
        pytest.param('a <<"E F"\nb\nE F\n', ["b\n"], True, id="double quotes"),
        pytest.param("a <<\\E\nb\nE\n", ["b\n"], True, id="a backslash"),
        pytest.param("a << E\nb\nE", ["b\n"], False, id="a blank, and the end of the text"),
        pytest.param("a <<-E\n\t b\n\t\tc\n\tE\n", [" b\nc\n"], False, id="tabs are left out"),
        pytest.param("a <<E\n\tE\nE\n", ["\tE\n"], False, id="tabs are not left out"),
        pytest.param("a <<E\nE \n E\nEE\nE\n", ["E \n E\nEE\n"], False, id="nothing but the delimiter ends it"),
        pytest.param("a <<E\nE\n", [""], False, id="empty"),
        pytest.param("a <<E\nb\n", ["b\n"], False, id="no end"),
        pytest.param("a <<E <<F\nb\nE\nc\nF\n", ["b\n", "c\n"], False, id="two on one line"),
        pytest.param("a <<E | b <<F\nb\nE\nc\nF\n", ["b\n", "c\n"], False, id="two commands on one line"),
        pytest.param("a <<E\nb\\\nE\nE\n", ["bE\n"], False, id="a continued line is no delimiter"),
        pytest.param("a <<E\nb\\\\\nE\n", ["b\\\\\n"], False, id="an escaped backslash continues nothing"),
        pytest.param("a <<'E'\nb\\\nE\n", ["b\\\n"], True, id="nothing is continued where nothing is expanded"),
        pytest.param("a <<E\nb\nE\\\n\nE\n", ["b\n"], False, id="a delimiter that is continued with nothing"),
        pytest.param("a <<-E\n\tb\\\n\tc\n\tE\n", ["b\tc\n"], False, id="the tabs of a continued line stay"),
        pytest.param("a <<E\r\nb\r\nE\r\n", ["b\n"], False, id="line ends of Windows"),
    ],
)
def test_here_documents(text: str, bodies: list[str], quoted: bool) -> None:
    found = documents(text)
    assert [one.heredoc.value for one in found if one.heredoc] == bodies
    assert {one.heredoc_quoted for one in found} == {quoted}
    assert {one.target for one in found} == {None}


def test_the_commands_behind_a_here_document_go_on_in_its_line() -> None:
    assert names("a <<E && b\nc ' ( fi\nE\nd") == ["a", "b", "d"]
    assert names("if a <<E; then\nb\nE\nc; fi") == ["a", "c"]
    assert names("{ a; } <<E\nb\nE\nc") == ["a", "c"]


def test_a_here_document_knows_where_its_characters_are() -> None:
    (found,) = documents("a <<-E\n\tb\n\t\tcd\nE\n")
    assert found.heredoc is not None
    assert place(found.heredoc.span_of(0, 1)) == (2, 2, 2, 3)
    assert place(found.heredoc.span_of(2, 4)) == (3, 3, 3, 5)
