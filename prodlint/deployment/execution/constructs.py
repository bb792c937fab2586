"""The constructs of a shell script in the order in which they run: lists, pipelines, conditions, loops.

What nothing decides is kept in all of its arms, and what only one arm starts is conditional.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from prodlint.deployment.command import Link, Piece, Step, Succession
from prodlint.deployment.condition import holds
from prodlint.deployment.execution.condition_words import Asked, both, further
from prodlint.deployment.execution.redirections import Redirections
from prodlint.deployment.execution.shell_variables import DECLARES, ShellVariables
from prodlint.deployment.execution.shell_walk import (
    NOTHING,
    Flow,
    Items,
    Shell,
    branched,
    called,
    closed,
    copied,
    is_endless,
    is_test,
    may_end_turn,
    runs_at_least_once,
)
from prodlint.deployment.value import NO, UNKNOWN, YES, Unknown
from prodlint.record import replace
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
    Test,
    Unparsed,
    walk,
)

if TYPE_CHECKING:
    from prodlint.deployment.execution.arms import Arm

__all__ = ["MOST_STEPS", "Constructs"]

_DIFFERS = "it differs from turn to turn"
MOST_STEPS = 2_000
"""Of one execution; what would start more is not followed any further."""


class Constructs(ABC):
    """A walk through constructs: collects the steps in the order in which they start."""

    def __init__(self, variables: ShellVariables, redirections: Redirections) -> None:
        self.variables = variables
        self.redirections = redirections
        self.steps: list[Step] = []
        self.unread: list[Link] = []
        self.successions: list[Succession] = []

    @abstractmethod
    def command(self, node: Command, shell: Shell) -> Flow:
        """A simple command: what the shell does itself, else what it starts."""

    def walk(self, node: Node | None, shell: Shell) -> Flow:
        """One construct of a script."""
        if node is None or len(self.steps) >= MOST_STEPS:
            return NOTHING
        if isinstance(node, Command):
            return self.command(node, shell)
        if isinstance(node, Sequence):
            return self._sequence(node.items, shell)
        if isinstance(node, Pipeline):
            return self._pipeline(node, shell)
        if isinstance(node, AndOr):
            return self._and_or(node, shell)
        if isinstance(node, Background):
            before = len(self.steps)
            self.walk(node.body, replace(shell, background=True, forked=True))
            return Flow(left=tuple(self.steps[before:]))
        if isinstance(node, Group):
            return self.walk(node.body, shell)
        if isinstance(node, Subshell):
            return closed(self.walk(node.body, copied(shell)))
        if isinstance(node, If):
            return self._if(node, shell)
        if isinstance(node, Case):
            return self._case(node, shell)
        if isinstance(node, Loop):
            return self._loop(node, shell)
        if isinstance(node, Function):
            shell.functions[node.name] = node
        elif isinstance(node, Unparsed):
            self.unread.append(Link(node.span, "could not be read as shell"))
            self.variables.open(node.span, "holds what could not be read as shell")
        elif isinstance(node, Test) and not node.words:
            # `(( X = 1 ))`
            self.variables.open(node.span, "sets variables by arithmetic")
        return NOTHING

    def _sequence(self, items: tuple[Node, ...], shell: Shell) -> Flow:
        last: tuple[Step, ...] = ()
        lost: Link | None = None
        replaced: list[Step] = []
        returning: list[Shell] = []
        skipped = False
        flow = NOTHING
        for item in items:
            before = len(self.steps)
            flow = self.walk(item, shell)
            if last:
                self._succeed(last, before)
            if flow is NOTHING:
                continue
            replaced.extend(flow.replaced)
            returning.extend(flow.returning)
            last, skipped = _going_on(last, skipped, flow)
            lost = flow.lost or (None if flow.last or flow.replaced else lost)
            if flow.ended:
                taken = bool(flow.replaced) or flow.lost is not None
                last = () if taken else last
                return Flow(last, tuple(replaced), True, (), lost, flow.returned, tuple(returning), skipped)
        return Flow(last, tuple(replaced), left=flow.left, lost=lost, returning=tuple(returning), skipped=skipped)

    def _succeed(self, waited_for: tuple[Step, ...], number: int) -> None:
        """What is started from a number on comes behind steps that a shell waited for."""
        if waited_for and len(self.steps) > number and len(self.successions) < MOST_STEPS:
            self.successions.append(Succession(waited_for, tuple(self.steps[number:])))

    def _pipeline(self, node: Pipeline, shell: Shell) -> Flow:
        flows: list[Flow] = []
        for number, command in enumerate(node.commands):
            child = shell
            if len(node.commands) > 1:
                child = replace(shell, forked=True, piece=Piece(node.span, number))
            if number:
                child.fed = self.redirections.piped(node.commands[number - 1], command, child)
            flows.append(self.walk(command, child))
        # In `server | tee log` the server is the one that matters: the first that is a program of its own.
        found = next((flow for flow in flows if flow.last or flow.replaced or flow.lost), Flow())
        # Each of several is a shell of its own: a `return` ends that one.
        return called(found) if len(flows) > 1 else found

    def _and_or(self, node: AndOr, shell: Shell) -> Flow:
        left = self.walk(node.left, shell)
        outcome = holds(node.left, self.variables.of(shell))
        tests = outcome is not UNKNOWN or is_test(node.left)
        runs = YES if node.operator == "&&" else NO
        if tests:
            runs = outcome if node.operator == "&&" else ~outcome
        if runs is NO and node.operator == "&&":
            return left
        if runs is NO:
            # `a || b`: b only runs when a failed, so it is never what normally runs.
            before = len(self.steps)
            self.walk(node.right, branched(shell, None))
            if tests:
                del self.steps[before:]
            return left
        child = shell
        if runs is UNKNOWN:
            child = branched(shell, further(_begun(shell), node.left, self.variables.of(shell), node.operator == "&&"))
        before = len(self.steps)
        right = self.walk(node.right, child)
        self._succeed(left.last, before)
        if runs is not YES and not right.ended:
            from prodlint.deployment.execution.rejoining import rejoin

            rejoin(shell, (shell, child), self.variables.of(shell))
        lost = right.lost or (None if right.last or right.replaced else left.lost)
        returning = (*left.returning, *(right.returning if runs is YES else _returning(right, child)))
        if runs is YES:
            ended = right.ended or left.ended
            (last, skipped), replaced = _going_on(left.last, left.skipped, right), (*left.replaced, *right.replaced)
            returned = right.returned or left.returned
            return Flow(last, replaced, ended, lost=lost, returned=returned, returning=returning, skipped=skipped)
        last, replaced = (*left.last, *right.last), (*left.replaced, *right.replaced)
        return Flow(last, replaced, lost=lost, returning=returning, skipped=left.skipped or not left.last)

    def _if(self, node: If, shell: Shell) -> Flow:
        from prodlint.deployment.execution.arms import Arm

        arms: list[Arm] = []
        decided = False
        failed = _begun(shell)
        for number, branch in enumerate(node.branches):
            # The first condition is asked in any case.
            asks = replace(shell) if number == 0 else replace(shell, conditional=True, when=both(shell.when, failed))
            self.walk(branch.condition, asks)
            shell.directory = asks.directory if number == 0 or asks.directory == shell.directory else None
            lookup = self.variables.of(shell)
            outcome = holds(branch.condition, lookup)
            if outcome is NO:
                continue
            if outcome is YES:
                arms.append(Arm(branch.body, not arms, failed))
                decided = True
                break
            arms.append(Arm(branch.body, False, further(failed, branch.condition, lookup, True)))
            failed = further(failed, branch.condition, lookup, False)
        if not decided:
            arms.append(Arm(node.otherwise, not arms, failed))
        return self._arms(arms, shell)

    def _case(self, node: Case, shell: Shell) -> Flow:
        self.variables.note((node.subject,), shell)
        from prodlint.deployment.execution.arms import arms_of_case

        return self._arms(arms_of_case(node, self.variables.of(shell), _begun(shell)), shell)

    def _arms(self, arms: list[Arm], shell: Shell) -> Flow:
        if len(arms) == 1 and arms[0].is_certain:
            return self.walk(arms[0].body, shell)
        children = [(arm.body, branched(shell, arm.when)) for arm in arms]
        flows = [(self.walk(body, child), child) for body, child in children]
        from prodlint.deployment.execution.rejoining import rejoin

        ended = all(flow.ended for flow, _ in flows)
        # Where no arm goes on, what those leave that return is left.
        going_on = [child for flow, child in flows if (flow.returned if ended else not flow.ended)]
        rejoin(shell, going_on, self.variables.of(shell))
        last = tuple(step for flow, _ in flows for step in flow.last)
        replaced = tuple(step for flow, _ in flows for step in flow.replaced)
        lost = [flow.lost for flow, _ in flows]
        returning = [one for flow, child in flows for one in (flow.returning if ended else _returning(flow, child))]
        returned = ended and bool(going_on)
        skipped = any(not flow.ended and (flow.skipped or not flow.last) for flow, _ in flows)
        return Flow(last, replaced, ended, (), lost[0] if all(lost) else None, returned, tuple(returning), skipped)

    def _loop(self, node: Loop, shell: Shell) -> Flow:
        self.variables.note(node.words, shell)
        # A condition is asked at least once.
        self.walk(node.condition, asks := replace(shell))
        shell.directory = asks.directory
        lookup = self.variables.of(shell)
        endless = is_endless(node, lookup)
        starts = endless or runs_at_least_once(node, lookup)
        child = shell if starts else branched(shell, None)
        if node.variable is not None:
            self.variables.set(node.variable, Unknown(_DIFFERS, node.span), child, False)
        flow = self._turn(node, child)
        from prodlint.deployment.execution.rejoining import rejoin

        rejoin(shell, (shell, child), self.variables.of(shell))
        # What ends the shell in its first turn ends it for sure.
        return flow if endless or (starts and flow.ended) else Flow(returning=_returning(flow, child))

    def _turn(self, node: Loop, shell: Shell) -> Flow:
        """The body of a loop in any of its turns: what one sets is there in the next, what none sets is as it was."""
        turning = Unknown(_DIFFERS, node.span)
        held = {name: shell.variables[name] for name in _assigned(node.body) if name in shell.variables}
        # Of an array what all turns begin with is known behind the loop.
        held = {name: value for name, value in held.items() if not isinstance(value, Items)}
        exported = {name: shell.exported[name] for name in held if name in shell.exported}
        shell.variables.update(dict.fromkeys(held, turning))
        shell.exported.update(dict.fromkeys(exported))
        flow = self._first_turn(node.body, shell)
        kept = [name for name in held if shell.variables.get(name) is turning]
        shell.variables.update((name, held[name]) for name in kept)
        shell.exported.update((name, exported[name]) for name in kept if name in exported)
        return flow

    def _first_turn(self, body: Node, shell: Shell) -> Flow:
        """The body of a loop: what stands behind a way out is run perhaps, where all before it is."""
        items = body.items if isinstance(body, Sequence) else (body,)
        number = next((number for number, item in enumerate(items, 1) if may_end_turn(item)), len(items))
        if number == len(items):
            return self.walk(body, shell)
        flow = self._sequence(items[:number], shell)
        if flow.ended:
            return flow
        before = len(self.steps)
        child = branched(shell, None)
        rest = self._sequence(items[number:], child)
        self._succeed(flow.last, before)
        from prodlint.deployment.execution.rejoining import rejoin

        rejoin(shell, (shell, child), self.variables.of(shell))
        last, replaced = (*flow.last, *rest.last), (*flow.replaced, *rest.replaced)
        returning = (*flow.returning, *_returning(rest, child))
        return replace(flow, last=last, replaced=replaced, returning=returning, skipped=flow.skipped or not flow.last)


def _going_on(last: tuple[Step, ...], skipped: bool, flow: Flow) -> tuple[tuple[Step, ...], bool]:
    """The steps of which one may be the last behind a further stretch, and whether they may all be passed over.

    Before one that is not followed those that may be passed over are certainly not what stays.
    """
    if flow.last:
        return flow.last, flow.skipped
    return ((), False) if flow.lost is not None and skipped else (last, skipped)


def _assigned(body: Node) -> set[str]:
    """The variables that a loop assigns by itself; what stands before a program is only for that one."""
    commands = (node for node in walk(body) if isinstance(node, Command))
    return {one.name for node in commands if not node.words or node.name in DECLARES for one in node.assignments}


def _returning(flow: Flow, shell: Shell) -> tuple[Shell, ...]:
    """The shells that return in a stretch that may not be run."""
    return (*flow.returning, shell) if flow.returned else flow.returning


def _begun(shell: Shell) -> tuple[Asked, ...] | None:
    """What arms ask before any condition; None where nobody can tell what led to them, whatever they ask themselves."""
    return None if shell.when is None else ()
