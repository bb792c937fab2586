"""Functions of a shell: what a call leaves in the shell that makes it, since both are one process.

From an equal shell a function does the same again. Installers call one from arms that leave everything as it was.
"""

from __future__ import annotations

from prodlint.deployment.command import Link
from prodlint.deployment.condition import Lookup
from prodlint.deployment.execution.shell_walk import Flow, Shell
from prodlint.record import Entity, astuple, replace
from prodlint.syntax.shell import Function
from prodlint.syntax.word import Word

__all__ = ["Call", "entered", "kept", "leave", "rejoin_returns"]


class Call(Entity):
    """One call that was walked: the shell `before` and `after` it, and what it added to each list of the walk.

    `opened_before` and `opened` are the first place after which any variable may be set, before and after it.
    """

    before: Shell
    opened_before: Link | None
    after: Shell
    opened: Link | None
    flow: Flow
    made: tuple[tuple[object, ...], ...]
    calls: int

    def is_of(self, inside: Shell, opened: Link | None) -> bool:
        """Whether a shell that enters the function is equal to the one that did."""
        return (
            self.before.arguments == inside.arguments
            and self.opened_before == opened
            and astuple(self.before) == astuple(inside)
        )


def entered(words: tuple[Word, ...], shell: Shell) -> Shell:
    """The shell as a function finds it that is called with words: it has arguments of its own."""
    return replace(shell, arguments=words[1:], depth=shell.depth + 1, variables=dict(shell.variables), piece=None)


def kept(inside: Shell) -> Shell:
    """A shell as it is now, whatever is done to it later."""
    return replace(
        inside, variables=dict(inside.variables), exported=dict(inside.exported), functions=dict(inside.functions)
    )


def rejoin_returns(flow: Flow, inside: Shell, begun: Shell, lookup: Lookup) -> None:
    """Leave in a shell what every way out of a function or a sourced file leaves, where a condition made some return.

    `inside` is the shell at the end of the text, `begun` what it was at the beginning.
    """
    from prodlint.deployment.execution.rejoining import rejoin

    after = replace(inside, variables=dict(begun.variables), exported=dict(begun.exported))
    is_at_end = flow.returned or not flow.ended
    outcomes = (inside, *flow.returning) if is_at_end else flow.returning
    rejoin(after, outcomes, lookup)
    # Both are shared with the shells around it.
    inside.variables.clear()
    inside.variables.update(after.variables)
    inside.exported.clear()
    inside.exported.update(after.exported)
    inside.directory, inside.left, inside.marked = after.directory, after.left, after.marked
    inside.arguments, inside.errexit = after.arguments, all(one.errexit for one in outcomes)


def leave(function: Function, inside: Shell, shell: Shell) -> None:
    """Leave in a shell what a function did to it: its directory, options and variables, but for `local` ones."""
    shell.directory, shell.left, shell.marked = inside.directory, inside.left, inside.marked
    shell.errexit, shell.exports = inside.errexit, inside.exports
    held, local = inside.variables, function.local
    shell.variables.update({name: held[name] for name in held if name not in local} if local else held)
