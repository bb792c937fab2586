"""The processes that stand above a program: shells, inits and wrappers, and which of them stay there.

Measured (serving page, 3.1; platform page, M8): tests/rules/test_real_signals.py.
"""

from __future__ import annotations

from prodlint.deployment.command import Ancestor, Parent
from prodlint.record import replace
from prodlint.regex import regex
from prodlint.source import Span
from prodlint.syntax.shell import AndOr, Command, Node, Sequence
from prodlint.syntax.word import Word

__all__ = ["is_of_a_text", "last_command", "shell_ancestor", "started_by"]

_INITS = frozenset("tini tini-static docker-init dumb-init catatonit".split())
# `uv run` and `doppler run` stay, and hand SIGTERM on.
_FORWARDERS = frozenset("uv doppler".split())
# These become the program that they start.
_REPLACED = frozenset(
    "exec env command builtin busybox gosu su-exec setpriv chpst nice ionice chrt taskset stdbuf nohup numactl prlimit "
    "chroot setuidgid s6-setuidgid with-contenv poetry pipenv newrelic-admin ddtrace-run opentelemetry-instrument "
    "authbind jemalloc.sh debugpy pdb".split()
)
_SHELLS = frozenset("sh bash ash dash zsh ksh".split())
_SHELL_PARENTS = (Parent.STRING, Parent.SCRIPT)
_TRAP = regex(r"(?:^|[\s;&|({])trap\s")


def is_of_a_text(ancestors: tuple[Ancestor, ...]) -> bool:
    """Whether the text that the last of these shells runs was started by the text of another one."""
    return sum(one.kind in (Parent.STRING, Parent.SCRIPT) for one in ancestors) > 1


def shell_ancestor(kind: Parent, name: str, span: Span, text: str) -> Ancestor:
    """A shell that reads a text."""
    return Ancestor(kind, name, span, traps="trap" in text and _TRAP.search(text) is not None)


def last_command(node: Node | None) -> Command | None:
    """The command behind which a script has nothing left, None where it ends in another way."""
    for _ in range(10_000):
        if isinstance(node, Sequence):
            node = node.items[-1] if node.items else None
        elif isinstance(node, AndOr):
            node = node.right
        else:
            break
    return node if isinstance(node, Command) else None


def started_by(
    ancestors: tuple[Ancestor, ...],
    words: tuple[Word, ...],
    span: Span,
    layers: tuple[str, ...],
    last: Command | None,
    forked: bool,
) -> tuple[Ancestor, ...]:
    """The processes above what a command starts: the shell that reads the command, and the wrappers in it.

    `last` is the last command of that shell, `forked` tells that it starts this one beside itself.
    """
    above = ancestors
    if above and above[-1].kind in _SHELL_PARENTS and above[-1].starts is None:
        execs = "exec" in layers and not forked
        is_last = last is not None and span == last.span and not forked
        redirects = last is not None and bool(last.redirections)
        own = replace(above[-1], command=span, starts=words[0].span, execs=execs, is_last=is_last, redirects=redirects)
        above = (*above[:-1], own)
    return (*above, *(_wrapper(name, span) for name in layers if name not in _REPLACED and name not in _SHELLS))


def _wrapper(name: str, span: Span) -> Ancestor:
    kind = Parent.INIT if name in _INITS else Parent.FORWARDER if name in _FORWARDERS else Parent.OTHER
    return Ancestor(kind, name, span)
