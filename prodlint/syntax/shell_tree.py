"""The tree of a shell script: what runs after, beside, inside of or instead of what.

Two nodes are equal only when they are one: a file may hold a chain that is too long to compare.
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.record import Entity, LazyEntity, kept
from prodlint.source import Span, Text
from prodlint.syntax.word import Expansion, Substitution, Word

__all__ = [
    "AndOr",
    "Assignment",
    "Background",
    "Branch",
    "Case",
    "CaseArm",
    "Command",
    "Function",
    "Group",
    "If",
    "Loop",
    "Node",
    "Pipeline",
    "Redirection",
    "Sequence",
    "ShellScript",
    "Subshell",
    "Test",
    "Unparsed",
    "walk",
]


class Assignment(Entity):
    """`A=b`. `A+=b` has the value `$A` followed by `b`.

    `value` is None for an array and for one element of an array, whose `name` then keeps its
    subscript. `items` are the words between the brackets of an array, those of `A+=(b)` behind
    `"${A[@]}"`; None where there are no brackets, or an element says which one it is (`A=([x]=b)`).
    `exported` tells that this very command exports the variable (`export A=b`,
    `declare -x A=b`); the prefix of a command (`A=b cmd`) reaches that command alone.
    """

    name: str
    value: Word | None
    span: Span
    exported: bool = False
    items: tuple[Word, ...] | None = None


class Redirection(Entity):
    """`> file`, `2>&1`, `<<EOF`, `<<< word`.

    `operator` is written without the `descriptor` before it (`2`, `{fd}` or empty). The `target` is
    the file, the descriptor, the here-string or the delimiter of a here-document; None where the
    text ends too early. `heredoc` is the body of a here-document without its delimiter, and without
    leading tabs for `<<-`; with `heredoc_quoted` nothing in it is expanded.
    """

    operator: str
    target: Word | None
    span: Span
    heredoc: Text | None = None
    heredoc_quoted: bool = False
    descriptor: str = ""


class Command(LazyEntity):
    """A simple command.

    `words` are what is run, with arguments; empty when there are only assignments or redirections.
    Of `export`, `declare`, `typeset`, `readonly` and `local` every argument is in `words`, and the
    pairs among them are in `assignments` too. `cmd1 |& cmd2` gives `cmd1` a redirection `2>&1`.
    """

    words: tuple[Word, ...]
    assignments: tuple[Assignment, ...]
    redirections: tuple[Redirection, ...]
    span: Span

    @property
    def name(self) -> str | None:
        """The first word, when nothing in it has to be expanded."""
        return self.words[0].literal if self.words else None

    @kept
    def only_looks_up(self) -> bool:
        """Whether nothing has to be expanded in its words but variables by their names, and arguments within words."""
        return all(map(_only_looks_up, self.words))

    @kept
    def substituted(self) -> tuple[Text, ...]:
        """The commands that stand in `$(…)` in its words, and in what it assigns."""
        words = (*self.words, *(one.value for one in self.assignments if one.value is not None))
        parts = (part for word in words for part in word.parts if isinstance(part, Substitution))
        return tuple(inside for part in parts if (inside := part.commands) is not None)


def _only_looks_up(word: Word) -> bool:
    if word.literal is not None:
        return True
    for part in word.parts:
        if isinstance(part, Substitution) or (isinstance(part, Expansion) and (part.operator or part.name in _PLACES)):
            return False
    first = word.parts[0]
    return len(word.parts) > 1 or (isinstance(first, Expansion) and first.name.isidentifier())


# They tell where a script lies.
_PLACES = ("0", "BASH_SOURCE", "PWD")


class Pipeline(Entity):
    """Commands joined by `|`, or one command behind `!`."""

    commands: tuple[Node, ...]
    negated: bool
    span: Span


class AndOr(Entity):
    """`left && right` or `left || right`; chains lean to the left."""

    left: Node
    operator: str
    right: Node
    span: Span


class Sequence(Entity):
    """What runs one after the other, whatever comes of it."""

    items: tuple[Node, ...]
    span: Span


class Background(Entity):
    """`body &`, or a coprocess."""

    body: Node
    span: Span


class Subshell(Entity):
    """`( body )`."""

    body: Sequence
    span: Span
    redirections: tuple[Redirection, ...] = ()


class Group(Entity):
    """`{ body; }`."""

    body: Sequence
    span: Span
    redirections: tuple[Redirection, ...] = ()


class Branch(Entity):
    """A condition of an `if`, and what runs when it holds."""

    condition: Node
    body: Node
    span: Span


class If(Entity):
    """`if`, its `elif`s, and `else`."""

    branches: tuple[Branch, ...]
    otherwise: Node | None
    span: Span
    redirections: tuple[Redirection, ...] = ()


class Loop(Entity):
    """A loop of kind `for`, `while`, `until` or `select`.

    A `for` without `in` has no `words` and goes over `"$@"`; `for ((…))` has no `variable` and a
    `Test` as its `condition`.
    """

    kind: str
    condition: Node | None
    variable: str | None
    words: tuple[Word, ...]
    body: Node
    span: Span
    redirections: tuple[Redirection, ...] = ()


class CaseArm(Entity):
    """`pattern | pattern) body ;;`."""

    patterns: tuple[Word, ...]
    body: Node | None
    span: Span


class Case(Entity):
    """`case subject in … esac`."""

    subject: Word
    arms: tuple[CaseArm, ...]
    span: Span
    redirections: tuple[Redirection, ...] = ()


class Function(LazyEntity):
    """A definition: the body runs where the name is called."""

    name: str
    body: Node
    span: Span

    @kept
    def local(self) -> frozenset[str]:
        """The variables that it has for itself."""
        found: set[str] = set()
        for node in walk(self.body):
            if isinstance(node, Command) and node.name in _LOCAL and "-g" not in map(str, node.words):
                found.update(one.name.partition("[")[0] for one in node.assignments)
                found.update(word.literal for word in node.words[1:] if word.literal is not None)
        return frozenset(found)


_LOCAL = ("local", "declare", "typeset")


class Test(Entity):
    """`[[ expression ]]`, whose operators are words too, or `(( expression ))`, which has no words."""

    expression: Text
    words: tuple[Word, ...]
    span: Span
    redirections: tuple[Redirection, ...] = ()


class Unparsed(Entity):
    """Text that is no shell, or nested beyond reason: nothing is known of it."""

    span: Span


Node = (
    Command
    | Pipeline
    | AndOr
    | Sequence
    | Background
    | Subshell
    | Group
    | If
    | Loop
    | Case
    | Function
    | Test
    | Unparsed
)


class ShellScript(Entity):
    """A script or a command line.

    `interpreter` is the program that the `#!` line names, without its folder and looked up through
    `env`; None without such a line. `shebang_flags` are the arguments behind it.
    """

    text: Text
    body: Sequence
    interpreter: str | None = None
    shebang_flags: tuple[str, ...] = ()

    def commands(self) -> Iterator[Command]:
        """Every simple command in the order of the text, those in conditions and functions too."""
        return (node for node in walk(self.body) if isinstance(node, Command))


def walk(node: Node) -> Iterator[Node]:
    """A node and every node inside of it, in the order of the text, however long the chain."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(reversed(_inside(current)))


def _inside(node: Node) -> list[Node]:
    if isinstance(node, Command):
        return []
    if isinstance(node, Sequence):
        return list(node.items)
    if isinstance(node, AndOr):
        return [node.left, node.right]
    if isinstance(node, Pipeline):
        return list(node.commands)
    if isinstance(node, If):
        inside = [part for branch in node.branches for part in (branch.condition, branch.body)]
        return inside if node.otherwise is None else [*inside, node.otherwise]
    if isinstance(node, Loop):
        return [node.body] if node.condition is None else [node.condition, node.body]
    if isinstance(node, Case):
        return [arm.body for arm in node.arms if arm.body is not None]
    if isinstance(node, Background | Subshell | Group | Function):
        return [node.body]
    return []
