"""The tree of a script: every kind of command, each with its exact place, and what is left unread."""

from __future__ import annotations

from time import process_time

import pytest

from prodlint.source import Source, Span, Text
from prodlint.syntax.shell import (
    AndOr,
    Background,
    Case,
    Command,
    Function,
    Group,
    If,
    Loop,
    Node,
    Pipeline,
    Sequence,
    ShellScript,
    Subshell,
    Unparsed,
    parse_shell,
    walk,
)
from prodlint.syntax.shell import Test as Condition


def parsed(text: str) -> ShellScript:
    return parse_shell(Source("run.sh", text).content)


def only(text: str) -> Node:
    """The only item of a script."""
    (item,) = parsed(text).body.items
    return item


def command(text: str) -> Command:
    node = only(text)
    assert isinstance(node, Command)
    return node


def shown(node: Node | None) -> object:
    """A tree in short: a command is what is written of it, anything else begins with its kind."""
    if node is None:
        return None
    if isinstance(node, Command):
        return node.span.text
    if isinstance(node, Sequence):
        return [shown(item) for item in node.items]
    if isinstance(node, AndOr):
        return (node.operator, shown(node.left), shown(node.right))
    if isinstance(node, Pipeline):
        return ("!" if node.negated else "|", *map(shown, node.commands))
    if isinstance(node, Background):
        return ("&", shown(node.body))
    if isinstance(node, Subshell | Group):
        return ("()" if isinstance(node, Subshell) else "{}", shown(node.body))
    if isinstance(node, If):
        branches = [(shown(branch.condition), shown(branch.body)) for branch in node.branches]
        return ("if", branches, shown(node.otherwise))
    if isinstance(node, Loop):
        return (node.kind, node.variable, list(map(str, node.words)), shown(node.condition), shown(node.body))
    if isinstance(node, Case):
        return ("case", str(node.subject), [(list(map(str, arm.patterns)), shown(arm.body)) for arm in node.arms])
    if isinstance(node, Function):
        return ("function", node.name, shown(node.body))
    if isinstance(node, Condition):
        return ("test", node.expression.value, list(map(str, node.words)))
    return ("unread", node.span.text)


def tree(text: str) -> object:
    return shown(parsed(text).body)


def place(span: Span) -> tuple[int, int, int, int]:
    """First line and column, then line and column just behind the last character."""
    return span.first.line, span.first.column, span.last.line, span.last.column


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("\n # a\n\t\n", [], id="nothing but comments"),
        pytest.param("a;b\nc ; # d\ne", ["a", "b", "c", "e"], id="one after the other"),
        pytest.param("a b \\\n  c\nd", ["a b \\\n  c", "d"], id="a continued line"),
        pytest.param("a # \\\nb", ["a", "b"], id="no comment is continued"),
        pytest.param("a \\\n# b\nc", ["a", "c"], id="a comment behind a continued line"),
        pytest.param("a && b || c", [("||", ("&&", "a", "b"), "c")], id="chains lean to the left"),
        pytest.param("a &&\n\n# c\nb ||\nc", [("||", ("&&", "a", "b"), "c")], id="a chain over lines"),
        pytest.param("a|b |\n c", [("|", "a", "b", "c")], id="a pipeline"),
        pytest.param("a | b && c", [("&&", ("|", "a", "b"), "c")], id="a pipeline binds tighter"),
        pytest.param("! a", [("!", "a")], id="an inverted command"),
        pytest.param("! ! a | b", [("|", "a", "b")], id="inverted twice"),
        pytest.param("! { a; }", [("!", ("{}", ["a"]))], id="an inverted group"),
        pytest.param("a & b & c", [("&", "a"), ("&", "b"), "c"], id="beside one another"),
        pytest.param("a && b &\nc", [("&", ("&&", "a", "b")), "c"], id="a whole chain in the background"),
        pytest.param("(a; b) && { c; d; }", [("&&", ("()", ["a", "b"]), ("{}", ["c", "d"]))], id="brackets"),
        pytest.param("( (a) )\n((a) )", [("()", [("()", ["a"])])] * 2, id="brackets in brackets"),
        pytest.param("{ { a; } }", [("{}", [("{}", ["a"])])], id="groups end without a semicolon behind a group"),
        pytest.param("if a; then b; fi", [("if", [(["a"], ["b"])], None)], id="if"),
        pytest.param(
            "if a\nthen b\nelif c; d; then e\nelse f\ng\nfi",
            [("if", [(["a"], ["b"]), (["c", "d"], ["e"])], ["f", "g"])],
            id="if, elif and else",
        ),
        pytest.param("if(a)then(b)fi", [("if", [([("()", ["a"])], [("()", ["b"])])], None)], id="if without blanks"),
        pytest.param("for x in a 'b c' $d; do e; done", [("for", "x", ["a", "b c", "$d"], None, ["e"])], id="for"),
        pytest.param("for x\nin a\ndo\nb\ndone", [("for", "x", ["a"], None, ["b"])], id="for over lines"),
        pytest.param("for x; do a; done", [("for", "x", [], None, ["a"])], id="for over the arguments"),
        pytest.param("for x do a; done", [("for", "x", [], None, ["a"])], id="for over the arguments, shorter"),
        pytest.param("for x in do; do a; done", [("for", "x", ["do"], None, ["a"])], id="for over a keyword"),
        pytest.param("for x in a; { b; }", [("for", "x", ["a"], None, ["b"])], id="for with braces"),
        pytest.param(
            "for ((i=0; i<3; i++)); do a; done",
            [("for", None, [], ("test", "i=0; i<3; i++", []), ["a"])],
            id="for as in C",
        ),
        pytest.param("select x in a b; do c; done", [("select", "x", ["a", "b"], None, ["c"])], id="select"),
        pytest.param("while a; b; do c; done", [("while", None, [], ["a", "b"], ["c"])], id="while"),
        pytest.param("until a\ndo\nb\ndone", [("until", None, [], ["a"], ["b"])], id="until"),
        pytest.param(
            "case $x in\n a|'b c') d;;\n (e) f\n g;;\n *)\nesac",
            [("case", "$x", [(["a", "b c"], ["d"]), (["e"], ["f", "g"]), (["*"], None)])],
            id="case",
        ),
        pytest.param("case x in esac", [("case", "x", [])], id="case without arms"),
        pytest.param(
            "case x\nin if) a;& [ab]*) b;;& esac",
            [("case", "x", [(["if"], ["a"]), (["[ab]*"], ["b"])])],
            id="arms that go on",
        ),
        pytest.param("f() { a; }", [("function", "f", ("{}", ["a"]))], id="a function"),
        pytest.param("f ()\n(a)", [("function", "f", ("()", ["a"]))], id="a function in a subshell"),
        pytest.param("function a-b.c\n{\na\n}", [("function", "a-b.c", ("{}", ["a"]))], id="a function by keyword"),
        pytest.param(
            "function f() { a; }", [("function", "f", ("{}", ["a"]))], id="a function by keyword and brackets"
        ),
        pytest.param("function f (a)", [("function", "f", ("()", ["a"]))], id="a function by keyword, in a subshell"),
        pytest.param("f() if a; then b; fi", [("function", "f", ("if", [(["a"], ["b"])], None))], id="an if as a body"),
        pytest.param("f() [[ a ]]", [("function", "f", ("test", "a", ["a"]))], id="a test as a body"),
        pytest.param(
            "[[ -n $x && (a || ! b) ]]", [("test", "-n $x && (a || ! b)", "-n $x && ( a || ! b )".split())], id="[["
        ),
        pytest.param(
            "[[ a =~ ^(b|c)d$ ]]", [("test", "a =~ ^(b|c)d$", "a =~ ^ ( b | c ) d$".split())], id="an expression"
        ),
        pytest.param("[[ a\n&& b ]]", [("test", "a\n&& b", ["a", "&&", "b"])], id="a test over lines"),
        pytest.param("(( x > 1 && (y) ))", [("test", "x > 1 && (y)", [])], id="arithmetic"),
        pytest.param("((a)) && b", [("&&", ("test", "a", []), "b")], id="arithmetic in a chain"),
        pytest.param(
            '((a "$((1 < (2)))") | b)', [("()", [("|", ("()", ['a "$((1 < (2)))"']), "b")])], id="not arithmetic"
        ),
        pytest.param("coproc a b", [("&", "a b")], id="a coprocess"),
        pytest.param("coproc X { a; }", [("&", ("{}", ["a"]))], id="a coprocess with a name"),
        pytest.param("time a", ["time a"], id="time may be a program"),
        pytest.param("time -p { a; }", [("{}", ["a"])], id="time before a group"),
        pytest.param("time x=1 a | b", [("|", "x=1 a", "b")], id="time before an assignment"),
        pytest.param(
            "echo if then { } fi do ! time [[", ["echo if then { } fi do ! time [["], id="keywords as arguments"
        ),
        pytest.param("x=1 if", ["x=1 if"], id="a keyword behind an assignment is a word"),
        pytest.param("if-x; donex; {a,b}", ["if-x", "donex", "{a,b}"], id="words that begin like keywords"),
        pytest.param(
            "a;if b\nthen\\\n c;fi", ["a", ("if", [(["b"], ["c"])], None)], id="a keyword before a continued line"
        ),
        pytest.param("'if' a; \\if b", ["'if' a", "\\if b"], id="a quoted keyword is a word"),
        pytest.param("x=$(a\nb) c", ["x=$(a\nb) c"], id="an assignment over lines"),
        pytest.param("a ${{ b || 'c;d' }} e\n", ["a ${{ b || 'c;d' }} e"], id="an expression of GitHub"),
        pytest.param("a\r\nif b\r\nthen c\r\nfi\r\n", ["a", ("if", [(["b"], ["c"])], None)], id="line ends of Windows"),
    ],
)
def test_the_tree_of_a_script(text: str, expected: object) -> None:
    assert tree(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a\n)\nb", ["a", ("unread", ")"), "b"], id="a bracket too much"),
        pytest.param("a\nfi; b\nc", ["a", ("unread", "fi;"), "b", "c"], id="a keyword too much"),
        pytest.param("a ;; b", [("unread", "a ;;"), "b"], id="arms without case"),
        pytest.param("a (b) c; d", [("unread", "a (b) c;"), "d"], id="brackets behind a word"),
        pytest.param("if a; then\nfi\nb", [("unread", "if a; then\nfi"), "b"], id="an empty body"),
        pytest.param("{ a; ) b; }\nc", [("{}", ["a", ("unread", ") b;")]), "c"], id="inside of a group"),
        pytest.param("(a; & b; c)", [("()", ["a", ("unread", "&"), "b", "c"])], id="inside of a subshell"),
        pytest.param("for x in a & b\nc", [("unread", "for x in a &"), "b", "c"], id="a loop without a body"),
        pytest.param("a >\nb", [("unread", "a >"), "b"], id="a redirection without a target"),
        pytest.param("a > > b\nc", [("unread", "a > > b"), "c"], id="two redirections, one target"),
        pytest.param("x=(1 (2))\nb", [("unread", "x=(1 (2))"), "b"], id="an array in an array"),
        pytest.param("a() b\nc", [("unread", "a() b"), "c"], id="a function without a body"),
        pytest.param("a\nif b; then c\nd", ["a", ("unread", "if b; then c\nd")], id="an if without an end"),
        pytest.param("a\nb 'c\nd", ["a", ("unread", "b 'c\nd")], id="a quote without an end"),
        pytest.param(") <<E\nit's\nE\na", [("unread", ") <<E"), "a"], id="the here-document of what is unread"),
        pytest.param("in; ]] a", [("unread", "in;"), "]] a"], id="in is no command"),
    ],
)
def test_what_lies_around_a_mistake_is_read(text: str, expected: object) -> None:
    assert tree(text) == expected


def test_every_command_has_its_place() -> None:
    script = parsed("a b && c |\n  d 'e\nf' # g\nif h; then\n\ti >j\nfi\n")
    places = [place(found.span) for found in script.commands()]
    assert places == [(1, 1, 1, 4), (1, 8, 1, 9), (2, 3, 3, 3), (4, 4, 4, 5), (5, 2, 5, 6)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a && b", AndOr),
        ("a | b", Pipeline),
        ("! a", Pipeline),
        ("a &", Background),
        ("coproc X { a; }", Background),
        ("( a )", Subshell),
        ("{ a; } >b", Group),
        ("if a; then b; else c; fi 2>d", If),
        ("for x in a; do b; done", Loop),
        ("while a; do b; done <c", Loop),
        ("case a in b) c;; esac", Case),
        ("f() { a; }", Function),
        ("function f { a; } >b", Function),
        ("[[ a ]]", Condition),
        ("(( a ))", Condition),
        ("x=1 a >b", Command),
    ],
)
def test_a_construct_covers_all_that_belongs_to_it(text: str, kind: type[Node]) -> None:
    (node,) = parsed(f"\n  {text}  # c\n").body.items
    assert type(node) is kind
    assert (node.span.text, place(node.span)) == (text, (2, 3, 2, 3 + len(text)))


def test_branches_and_arms_have_places() -> None:
    node = only("if a\nthen b\nelif c; then d; fi")
    assert isinstance(node, If)
    assert [branch.span.text for branch in node.branches] == ["if a\nthen b", "elif c; then d"]
    node = only("case a in b) c;;\n(d) esac")
    assert isinstance(node, Case)
    assert [arm.span.text for arm in node.arms] == ["b) c;;", "(d) "]


def test_all_commands_are_found_in_the_order_of_the_text() -> None:
    script = parsed(
        "if a; then b; elif c; then d; else e; fi\nfor x in y; do f & done\ncase x in y) g;; esac\nh() { ! i; }"
    )
    assert [found.name for found in script.commands()] == list("abcdefgi")


def test_a_name_that_has_to_be_expanded_is_not_known() -> None:
    assert command("'a'b c").name == "ab"
    assert command("$a b").name is None
    assert command("a=b").name is None


# --- the whole ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "interpreter", "flags"),
    [
        ("a", None, ()),
        ("#!/bin/sh\na", "sh", ()),
        ("#! /bin/bash -eu\n", "bash", ("-eu",)),
        ("#!/usr/bin/env bash\r\na", "bash", ()),
        ("#!/usr/bin/env -S bash -e\n", "bash", ("-e",)),
        ("#!/usr/bin/env -Sbash -e\n", "bash", ("-e",)),
        ("#!/usr/bin/env -i A=b zsh\n", "zsh", ()),
        ("#!/usr/bin/env\n", None, ()),
        ("#!\n", None, ()),
        (" #!/bin/sh\n", None, ()),
    ],
)
def test_the_interpreter(text: str, interpreter: str | None, flags: tuple[str, ...]) -> None:
    script = parsed(text)
    assert (script.interpreter, script.shebang_flags) == (interpreter, flags)


def test_carriage_returns_before_line_ends_are_left_out() -> None:
    first, second = parsed("a 'b\r\nc'\r\nd\re\r\n").commands()
    assert [word.literal for word in first.words] == ["a", "b\nc"]
    assert second.name == "d\re"
    assert place(second.span) == (3, 1, 3, 4)


def test_words_of_a_text_that_was_put_together_lie_where_they_were_written() -> None:
    source = Source("x.yml", "- a |\n- 'b c'\n")
    text = Text.join([source.content.slice(2, 6), source.content.slice(8, 13)])
    assert [place(found.words[0].span) for found in parse_shell(text).commands()] == [(1, 3, 1, 4), (2, 3, 2, 8)]


def test_commands_of_a_text_that_was_computed_lie_where_it_was() -> None:
    source = Source("x.yml", "run: computed")
    script = parse_shell(Text.at("a && b", Span(source, 5, 13)))
    assert place(script.body.span) == (1, 6, 1, 14)


# --- bounds ------------------------------------------------------------------------------------------


def unread(text: str) -> list[str]:
    return [node.span.text for node in walk(parsed(text).body) if isinstance(node, Unparsed)]


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ("( ", ")"),
        ("{ ", "; }"),
        ("if ", "; then b; fi"),
        ("while a; do ", "; done"),
        ("f() { ", "; }"),
        ("case x in y) ", ";; esac"),
    ],
)
def test_constructs_are_read_forty_deep_and_no_deeper(before: str, behind: str) -> None:
    assert not unread(before * 40 + "a" + behind * 40)
    assert unread(before * 41 + "a" + behind * 41)


@pytest.mark.parametrize(
    ("before", "behind"), [("$(a ", ")"), ('"$(a ', ')"'), ("${x:-", "}"), ('"${x:-', '}"'), ("<(a ", ")")]
)
def test_expansions_are_read_forty_deep_and_no_deeper(before: str, behind: str) -> None:
    assert not unread("a " + before * 39 + "a" + behind * 39)
    assert unread("a " + before * 41 + "a" + behind * 41)


def test_a_million_characters_are_read_and_no_more() -> None:
    assert not unread("a" + "b" * 999_999)
    assert unread("a" + "b" * 1_000_000) == ["a" + "b" * 1_000_000]


def test_a_chain_may_be_as_long_as_its_text() -> None:
    script = parsed("a && " * 20_000 + "b")
    assert sum(1 for _ in script.commands()) == 20_001


ENDLESS = (
    r"( (( ((a)_#_'\n ) {_ if_ if_a;then_ fi\n for_ case_x_in_ case_x_in_a)_ f()_{_ coproc_ ! [[_ "
    r"""${x:-_ "${x:-_ $( "$(a_ $(( "$((1"_ `a\ ' " $'\x <<E\n a<<E\nE\n a=( a[ export_a=b_ """
    r"""export_"a=b"_ '${{_ @(a| & \n \\n a\r\n <(a_ x=$(case_a_in_b)_ $(a_<<E\n"""
).split()


@pytest.mark.parametrize("piece", ENDLESS)
def test_endless_text_ends_soon(piece: str) -> None:
    repeated = piece.replace("_", " ").replace("\\n", "\n").replace("\\r", "\r")
    before, keyword, repeated = repeated.rpartition("export")
    text = before + keyword + repeated * (30_000 // len(repeated))
    started = process_time()
    script = parsed(text)
    # It takes a tenth of a second; work that grew with the square of the length would take longer.
    assert process_time() - started < 3
    assert len(list(walk(script.body))) <= len(text)
