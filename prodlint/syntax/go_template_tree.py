"""The tree of a Go template: text as it is, actions, and the words of their pipelines."""

from __future__ import annotations

from prodlint.record import Entity
from prodlint.source import Span, SyntaxProblem

__all__ = [
    "Body",
    "Branch",
    "Call",
    "Chain",
    "Constant",
    "Define",
    "FunctionName",
    "Jump",
    "Node",
    "Operand",
    "Output",
    "Pipe",
    "Subpipe",
    "TemplateProblem",
    "Variable",
    "Verbatim",
]


class TemplateProblem(SyntaxProblem):
    """A template that does not follow the grammar of `text/template`."""


class Constant(Entity):
    """A string, a number, a boolean or `nil`."""

    value: str | int | float | bool | None


class FunctionName(Entity):
    """A word that names a function."""

    name: str


class Variable(Entity):
    """`$x`; the empty name is `$`, what the template was given."""

    name: str


class Subpipe(Entity):
    """A pipeline in parentheses."""

    pipe: Pipe


class Chain(Entity):
    """Fields behind a base: `.a.b` (base None), `$x.a`, `(…).a`; without fields the base itself."""

    base: Variable | Subpipe | None
    fields: tuple[str, ...]


Operand = Constant | FunctionName | Chain


class Pipe(Entity):
    """Commands that hand their result on; `declares` are the variables in front, `assigns` says `=` for `:=`."""

    commands: tuple[tuple[Operand, ...], ...]
    span: Span
    declares: tuple[str, ...] = ()
    assigns: bool = False


class Verbatim(Entity):
    """Text that is written out as it is."""

    span: Span


class Output(Entity):
    """An action that writes what its pipeline comes to, or that only sets a variable."""

    pipe: Pipe
    span: Span


class Body(Entity):
    """What stands between two control actions."""

    nodes: tuple[Node, ...]
    span: Span


class Branch(Entity):
    """`if`, `with` or `range` with its `else`; `span` is the opening action."""

    kind: str
    pipe: Pipe
    then: Body
    otherwise: Body
    span: Span


class Call(Entity):
    """`{{ template "name" pipeline }}`."""

    name: str
    pipe: Pipe | None
    span: Span


class Define(Entity):
    """A template that is named inside of another."""

    name: str
    body: Body


class Jump(Entity):
    """`break` or `continue`."""

    kind: str


Node = Verbatim | Output | Branch | Call | Define | Jump
