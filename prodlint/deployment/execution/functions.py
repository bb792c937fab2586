"""Functions of a shell: what a call leaves in the shell that makes it, since both are one process."""

from __future__ import annotations

from prodlint.deployment.execution.shell_walk import Shell
from prodlint.record import replace
from prodlint.syntax.shell import Function
from prodlint.syntax.word import Word

__all__ = ["entered", "leave"]


def entered(words: tuple[Word, ...], shell: Shell) -> Shell:
    """The shell as a function finds it that is called with words: it has arguments of its own."""
    return replace(shell, arguments=words[1:], depth=shell.depth + 1, variables=dict(shell.variables))


def leave(function: Function, inside: Shell, shell: Shell) -> None:
    """Leave in a shell what a function did to it: its directory, options and variables, but for `local` ones."""
    shell.directory, shell.left, shell.marked = inside.directory, inside.left, inside.marked
    shell.errexit, shell.exports = inside.errexit, inside.exports
    local = function.local
    shell.variables.update((name, value) for name, value in inside.variables.items() if name not in local)
