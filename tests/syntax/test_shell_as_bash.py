"""bash as the judge: its words are our words, its syntax errors are what we leave unread, its order is our order."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from prodlint.record import Record
from prodlint.source import Source, SyntaxProblem
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
    Subshell,
    Unparsed,
    parse_shell,
    split_words,
    walk,
)
from prodlint.syntax.shell import Test as Condition
from prodlint.syntax.word import Literal, Substitution, Word

BASH = shutil.which("bash")
needs_bash = pytest.mark.skipif(BASH is None, reason="bash is not installed")


class Answer(Record):
    """What bash printed."""

    output: str
    complaints: str
    status: int


def run(script: str, *options: str) -> Answer:
    """What bash says of a script, without any configuration of this machine."""
    assert BASH is not None
    command = [BASH, "--norc", "--noprofile", *options]
    done = subprocess.run(command, input=script.encode(), capture_output=True, env={"LC_ALL": "C.UTF-8"}, timeout=60)
    # An octet that is no character is replaced in what is read as well.
    return Answer(done.stdout.decode(errors="replace"), done.stderr.decode(), done.returncode)


# --- words -------------------------------------------------------------------------------------------

SET = {"a": "one", "b": "", "d": "two words", "e": "x'*\"\\$a"}
COMMANDS = {
    "$(printf %s 'a )b')": "a )b",
    '$(printf %s "c\'d" # )\n)': "c'd",
    "`printf %s e`": "e",
    "$(case x in x) printf f;; esac)": "f",
    "$((1 + (2 << 1)))": "5",
    "$(((1)+1))": "2",
}
PRINTABLE = "".join(map(chr, range(32, 127))) + "\n\té"


def joined(*parts: st.SearchStrategy[str], most: int = 4) -> st.SearchStrategy[str]:
    return st.lists(st.one_of(*parts), max_size=most).map("".join)


def text(alphabet: str) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=1, max_size=5)


def without(characters: str) -> str:
    return "".join(character for character in PRINTABLE if character not in characters)


plain = text("abd1_-./:=,%^{*?[]#!@+")
escaped = st.sampled_from(PRINTABLE).map("\\{}".format)
single_quoted = text(without("'")).map("'{}'".format)
ansi_quoted = st.lists(
    st.one_of(
        text(without("'\\")),
        st.sampled_from(r"\a \b \e \E \f \n \r \t \v \\ \' \" \x41 \x7 \101 \60 \cA \q \z".split()),
    ),
    max_size=4,
).map(lambda pieces: "$'" + "".join(pieces) + "'")
name = st.sampled_from("abcde")
simple = st.one_of(name.map("${}".format), name.map("${{{}}}".format), st.sampled_from(sorted(COMMANDS)))


def expansion(operand: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operator = st.sampled_from([":-", "-", ":+", "+", ":=", "="])
    return st.tuples(name, operator, operand).map(lambda three: f"${{{three[0]}{three[1]}{three[2]}}}")


def quoted(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return joined(inner, simple, escaped, text(without('"$`\\'))).map('"{}"'.format)


# In quotes inside of an operand in quotes bash and dash disagree about backslashes, about one single
# quote without another, where nothing is in them and right behind a name: there we read as dash does.
requoted = text(without('"$`\\')).map('-"{}"'.format)
in_quotes = st.recursive(
    st.one_of(simple, escaped, requoted, text(without("\"$`\\}'")), st.just("'ab'")),
    lambda inner: expansion(joined(inner)),
    max_leaves=6,
)
outside = st.recursive(
    st.one_of(plain, escaped, single_quoted, ansi_quoted, simple, quoted(expansion(joined(in_quotes)))),
    lambda inner: expansion(joined(inner, text(" ab;|&"))),
    max_leaves=6,
)


def value(word: Word, variables: dict[str, str]) -> str:
    """A word once its expansions are replaced, as bash does it; `:=` sets a variable."""
    pieces = []
    for part in word.parts:
        if isinstance(part, Literal):
            pieces.append(part.text.value)
        elif isinstance(part, Substitution):
            pieces.append(COMMANDS[part.span.text])
        else:
            held = variables.get(part.name)
            is_unset = held is None or (part.operator.startswith(":") and not held)
            if part.operator and is_unset != part.operator.endswith("+"):
                assert part.operand is not None
                replaced = value(part.operand, variables)
                if part.operator.endswith("="):
                    variables[part.name] = replaced
            else:
                replaced = "" if part.operator.endswith("+") else held or ""
            pieces.append(replaced)
    return "".join(pieces)


@pytest.mark.real
@needs_bash
@settings(deadline=None, max_examples=100)
@given(st.lists(joined(outside).map("x{}".format), min_size=1, max_size=8))
@example(["x$'\\600'"])
def test_words_are_those_that_bash_hands_to_a_program(written: list[str]) -> None:
    setup = "".join(f"{name}={shlex.quote(held)}\n" for name, held in SET.items())
    # No splitting, no file names, no braces: what is left are quotes, escapes and expansions.
    done = run(f"set -f +B; IFS=\n{setup}printf '%s\\0' {' '.join(written)}\n")
    script = parse_shell(Source("x", "x " + " ".join(written)).content)
    (command,) = script.commands()
    assert done.complaints == ""
    variables = dict(SET)
    assert [value(word, variables) for word in command.words[1:]] == done.output.split("\0")[:-1]


# --- words that no shell reads -----------------------------------------------------------------------


@settings(deadline=None, max_examples=200)
@given(st.text("ab \t\n'\"\\$#;é", max_size=20))
def test_words_without_a_shell_are_those_of_shlex(written: str) -> None:
    try:
        expected = shlex.split(written)
    except ValueError:
        with pytest.raises(SyntaxProblem):
            split_words(Source("x", written).content)
    else:
        assert [word.literal for word in split_words(Source("x", written).content)] == expected


# --- grammar -----------------------------------------------------------------------------------------

Tokens = list[str]


def some(*tokens: str) -> st.SearchStrategy[Tokens]:
    """One of these; an empty one is none."""
    return st.sampled_from([[token] if token else [] for token in tokens])


def row(*parts: st.SearchStrategy[Tokens] | str) -> st.SearchStrategy[Tokens]:
    """Tokens behind one another."""
    made = [st.just([part]) if isinstance(part, str) else part for part in parts]
    return st.tuples(*made).map(lambda lists: [token for tokens in lists for token in tokens])


def rows(part: st.SearchStrategy[Tokens], least: int, most: int) -> st.SearchStrategy[Tokens]:
    lists = st.lists(part, min_size=least, max_size=most)
    return lists.map(lambda chosen: [token for tokens in chosen for token in tokens])


word = some("a", "-b", "x=1", "$x", "'s t'", '"$x y"', "${x:-y}", "if", "fi", "done", "esac", "{", "}", "a\\\nb", "a#b")
redirections = rows(some(">f", "2> f", "2>&1", "<f", ">>f", "&>f", "<<<a", ">|f", "<>f", "3<&-", "{v}>f"), 0, 1)
assignment = some("x=1", "x=$y", 'x+="a b"', "x=(1 2)", "x[1]=2")
simple_command = st.one_of(
    row(some("a", "echo", "exec", "set -e", "export", "$x"), rows(word, 0, 2), redirections),
    row(assignment, some("", "a"), redirections),
    row(redirections, "a"),
    row("export", assignment),
    some("[[ -n $x && ( a == b* || ! -f c ) ]]", "((x = (1 << 2), 3))", 'x="$(a "b)" # )\n)"', "a <(b) >(c)"),
)
separator = some(";", "\n", "\n \n", "&", "#comment'\n", "; \n")
here_document = some("a <<E\n' ( fi $(\nE\n", "a <<-'E' | b\n\t$x\n\tE\n", "a <<E <<F\n1\nE\n2\nF\n")


def commands(command: st.SearchStrategy[Tokens]) -> st.SearchStrategy[Tokens]:
    """A list of pipelines, each with what ends it."""
    pipeline = row(some("", "", "", "!"), command, rows(row(some("|", "|&"), some("", "\n"), command), 0, 1))
    chain = row(pipeline, rows(row(some("&&", "||"), some("", "\n"), pipeline), 0, 1))
    return rows(st.one_of(row(chain, separator), here_document), 1, 2)


def compound(command: st.SearchStrategy[Tokens]) -> st.SearchStrategy[Tokens]:
    inside = commands(command)
    braces = row("{", inside, "}")
    brackets = row("(", inside, ")")
    loop = row("do", inside, "done")
    ends = some(";", "\n")
    arm = row(
        some("", "("), some("a", "a | b", '"x y"', "*", "[ab]", "$x", "if"), ")", rows(inside, 0, 1), some(";;", ";&")
    )
    otherwise = rows(row("elif", inside, "then", inside), 0, 1), rows(row("else", inside), 0, 1)
    return st.one_of(
        row(braces, redirections),
        row(brackets, redirections),
        row("if", inside, "then", inside, *otherwise, "fi", redirections),
        row(some("while", "until"), inside, loop),
        row(some("for", "select"), "v", rows(row("in", rows(word, 0, 2)), 0, 1), ends, loop),
        row("for ((i=0; i<2; i++))", ends, loop, redirections),
        row("case", word, some("", "\n"), "in", rows(arm, 0, 2), "esac"),
        row(some("f ()", "function g", "function h ()"), some("", "\n"), st.one_of(braces, brackets)),
        row('x="$(', inside, ')"'),
    )


scripts = commands(st.recursive(simple_command, compound, max_leaves=6))


INSERTED = [[], *([token] for token in "; & | ( ) { } then fi do done esac ;; && ' < if while () elif".split()), ["\n"]]
# What we read and bash refuses: mistakes in commands whose output is taken, and inside of `[[ … ]]`. What
# bash reads and we do not: `!` without a command.
PERMITTED = re.compile(r"""\$\(|\[\[|!\s*(?:[;&|)\n#]|\Z)""")


def is_read(script: str) -> bool:
    body = parse_shell(Source("x", script).content).body
    return not any(isinstance(node, Unparsed) for node in walk(body))


@pytest.mark.real
@needs_bash
@settings(deadline=None, max_examples=60)
@given(scripts)
def test_what_bash_reads_is_read(tokens: Tokens) -> None:
    script = " ".join(tokens)
    assert run(script, "-n").complaints == ""
    assert is_read(script)


@pytest.mark.real
@needs_bash
@settings(deadline=None, max_examples=60)
@given(scripts, st.data())
def test_what_bash_refuses_is_left_unread(tokens: Tokens, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(tokens) - 1))
    token = data.draw(st.sampled_from(INSERTED))
    script = " ".join([*tokens[:at], *token, *tokens[at if token else at + 1 :]])
    assume(not PERMITTED.search(script))
    refused = re.search("error|unexpected EOF", run(script, "-n").complaints)
    assert is_read(script) is (refused is None)


# --- order -------------------------------------------------------------------------------------------


class Exit(Exception):
    """`exit`: the shell ends."""


class Break(Exception):
    """`break`: the loop ends."""


class Shell(Record):
    """A shell that knows a handful of commands: it runs the tree and keeps what `echo` and `cat` print."""

    functions: dict[str, Node]
    printed: list[str]

    def run(self, node: Node | None) -> int:
        """Run a node; the status with which it ends."""
        status = 0
        if isinstance(node, Command):
            status = self.command(node)
        elif isinstance(node, Sequence):
            for item in node.items:
                status = self.run(item)
        elif isinstance(node, Pipeline):
            status = self.pipeline(node)
        elif isinstance(node, AndOr):
            status = self.run(node.left)
            if (status == 0) is (node.operator == "&&"):
                status = self.run(node.right)
        elif isinstance(node, Background):
            self.child(node.body)
        elif isinstance(node, Subshell):
            status = self.child(node.body)
        elif isinstance(node, Group):
            status = self.run(node.body)
        elif isinstance(node, If):
            for branch in node.branches:
                if self.run(branch.condition) == 0:
                    return self.run(branch.body)
            status = self.run(node.otherwise)
        elif isinstance(node, Loop):
            status = self.loop(node)
        elif isinstance(node, Case):
            arms = [arm for arm in node.arms if {node.subject.literal, "*"} & {word.literal for word in arm.patterns}]
            status = self.run(arms[0].body) if arms else 0
        elif isinstance(node, Function):
            self.functions[node.name] = node.body
        elif isinstance(node, Condition):
            status = int(node.expression.value in ("0", "! a"))
        else:
            assert node is None
        return status

    def child(self, node: Node) -> int:
        try:
            return Shell(dict(self.functions), self.printed).run(node)
        except Exit as ended:
            return int(ended.args[0])

    def pipeline(self, node: Pipeline) -> int:
        *first, last = node.commands
        for command in first:
            # Nobody reads what they print.
            Shell(dict(self.functions), []).child(command)
        status = self.child(last) if first else self.run(last)
        return int(status == 0) if node.negated else status

    def loop(self, node: Loop) -> int:
        status = 0
        rounds = iter(node.words)
        while True:
            if node.condition is None:
                goes_on = next(rounds, None) is not None
            else:
                goes_on = (self.run(node.condition) == 0) is (node.kind == "while")
            if not goes_on:
                return status
            try:
                status = self.run(node.body)
            except Break:
                return 0

    def command(self, node: Command) -> int:
        name, *arguments = (word.literal or "" for word in node.words)
        if name == "echo":
            self.printed.append(arguments[0])
        elif name == "cat":
            self.printed.extend(text.value.strip() for one in node.redirections if (text := one.heredoc))
        elif name == "exit":
            raise Exit(arguments[0])
        elif name == "break":
            raise Break
        elif name in self.functions:
            return self.run(self.functions[name])
        return int(name == "false")


def runnable(command: st.SearchStrategy[Tokens]) -> st.SearchStrategy[Tokens]:
    """Compound commands that end."""
    pipeline = row(some("", "!", "true |"), command, some("", "", "| true"))
    chain = st.one_of(pipeline, row(pipeline, some("&&", "||"), some("", "\n"), command))
    document = some("cat <<E\n@\nE\n", "cat <<-E && echo @\n\t@\nE\n", "true <<E; echo @\n@\nE\n")
    inside = rows(st.one_of(row(chain, some(";", "\n", " # @\n")), document), 1, 2)
    condition = row(inside, some("", "false ;", "true ;"))
    otherwise = rows(row("elif", condition, "then", inside), 0, 1), rows(row("else", inside), 0, 1)
    once = row("do", inside, "break ; done")
    arm = row(some("a )", "( b )", "b | a )", "* )"), rows(inside, 0, 1), ";;")
    called = st.one_of(row("{", inside, "}"), row("(", inside, ")"))
    return st.one_of(
        row("{", inside, "}"),
        row("(", inside, ")"),
        row("{", chain, "& wait ; }"),
        row("if", condition, "then", inside, *otherwise, "fi"),
        row(some("for v in 1 2 ;", "for v in ;", "for v in 1\n"), "do", inside, "done"),
        row("while", inside, "false ;", once),
        row("until", inside, "true ;", once),
        row(some("while true ;", "until false\n"), once),
        row("case a in", rows(arm, 0, 2), "esac"),
        row("{", some("f ()", "function f", "function f ()"), called, some("; f ;", "\n f; f ;"), "}"),
    )


numbered = some("echo @", "echo @", "true", "false", "((0))", "((1))", "[[ a ]]", "[[ ! a ]]", "exit 3")


@pytest.mark.real
@needs_bash
@settings(deadline=None, max_examples=60)
@given(rows(row(st.recursive(numbered, runnable, max_leaves=8), "\n"), 1, 2))
def test_commands_run_in_the_order_of_the_tree(tokens: Tokens) -> None:
    pieces = " ".join(tokens).split("@")
    script = pieces[0] + "".join(f"{number}{piece}" for number, piece in enumerate(pieces[1:]))
    shell = Shell({}, [])
    status = shell.child(parse_shell(Source("x", script).content).body)
    assert run(script) == Answer("".join(f"{one}\n" for one in shell.printed), "", status)
