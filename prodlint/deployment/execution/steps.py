"""From a declared command to the ordered steps that really run: shells, scripts and wrappers followed.

The rules of the walk are the catalogue's (serving page, 2.1): the first `exec` on the
unconditional path is the process, else the last foreground step; arms that nothing decides are
all kept.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from prodlint.deployment.command import CommandLine, Execution, Form, Link, Parent
from prodlint.deployment.commands.ancestry import is_of_a_text, shell_ancestor, started_by
from prodlint.deployment.commands.wrappers import unwrap
from prodlint.deployment.condition import settle
from prodlint.deployment.execution.constructs import MOST_STEPS, Constructs
from prodlint.deployment.execution.place import Place
from prodlint.deployment.execution.printed import only_prints, printers
from prodlint.deployment.execution.redirections import Redirections, is_running, read_by, reading, script_argument
from prodlint.deployment.execution.shell_variables import DECLARES, ShellVariables, interpolations
from prodlint.deployment.execution.shell_walk import (
    BUILTINS,
    ENDS,
    FILLS,
    MOVES,
    NOTHING,
    QUIET,
    SHELLS,
    Flow,
    Shell,
    around,
    called,
    closed,
    ends_others,
    inside_of,
    of_script,
    of_task,
    plain,
    prepares,
    reads_as_shell,
    shifted,
    split_assignment,
    with_arguments,
)
from prodlint.deployment.execution.task import Task, is_in_runner, may_stand_for_tasks
from prodlint.deployment.filemap import absolute
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import Unknown
from prodlint.record import replace
from prodlint.source import Span, Text
from prodlint.syntax.shell import Command, Function
from prodlint.syntax.word import Word

if TYPE_CHECKING:
    from prodlint.deployment.execution.functions import Call

__all__ = ["GIVEN_NOTHING", "execute"]

GIVEN_NOTHING = "ends with the command that it is given, and no file names one"

_TOO_DEEP = "is nested too deeply to follow"
_DEPTH = 12
_CALLS = 20_000
# Calls of one function that are looked at, before it is walked once more.
_MOST_KNOWN = 10

_SCRIPT = (".sh", ".bash", ".zsh")


class _Run(Constructs):
    """One execution: what simple commands start, and what is followed of it."""

    def __init__(self, repository: Repository, place: Place) -> None:
        self.repository = repository
        self.place = place
        variables = ShellVariables(place, repository)
        super().__init__(variables, Redirections(repository, variables, self.locate))
        self.calls = 0
        # So many of the steps a `kill` may have ended.
        self.ended = 0
        self.written: list[str] = []
        self.found: dict[str, str | None] = {}
        self.made: tuple[list[Any], ...] = (self.steps, self.unread, self.written, self.successions)
        self.known: dict[Function, deque[Call]] = {}
        # Grows where a command looks at what ran before it.
        self.looked_back = 0

    def argv(self, words: tuple[Word, ...], shell: Shell, span: Span) -> Flow:
        """Start a program: wrappers off, scripts of the repository followed, the rest is a step."""
        if self._is_too_deep(shell):
            return self._lose(Link(span, _TOO_DEEP))
        inside = unwrap(words)
        above = started_by(shell.ancestors, words, span, inside.layers, shell.last_command, shell.forked)
        shell = replace(shell, layers=(*shell.layers, *inside.layers), depth=shell.depth + 1, starting=above)
        if inside.directory is not None:
            written = self.variables.settled(inside.directory, shell)
            shell.directory = None if written is None else absolute(written, shell.directory)
        if inside.assignments:
            shell = replace(shell, exported=dict(shell.exported))
            for word in inside.assignments:
                name, value = split_assignment(word)
                shell.exported[name] = self.variables.for_program(value, shell)
        if inside.script is not None:
            flow = self._string(inside.script, inside.argv, shell, span, inside.layers[-1])
        elif not inside.argv:
            is_waiting = any(layer.startswith("wait") for layer in inside.layers)
            flow = Flow() if is_waiting or not inside.layers else Flow(lost=Link(span, GIVEN_NOTHING))
        else:
            flow = self._program(inside.argv, shell, span, inside.replaces_shell)
        if inside.replaces_shell:
            return Flow((), (*flow.replaced, *flow.last), True, lost=flow.lost)
        return flow

    def _is_too_deep(self, shell: Shell) -> bool:
        self.calls += 1
        return shell.depth > _DEPTH or len(self.steps) >= MOST_STEPS or self.calls > _CALLS

    def _call(self, words: tuple[Word, ...], child: Shell, shell: Shell, span: Span) -> Flow:
        """A function, which runs in the shell itself."""
        if self._is_too_deep(child):
            return self._lose(Link(span, _TOO_DEEP))
        from prodlint.deployment.execution.functions import entered, leave

        function, inside = child.functions[words[0].literal or ""], entered(words, child)
        known = self.known.setdefault(function, deque(maxlen=_MOST_KNOWN))
        call = next((one for one in known if one.is_of(inside, self.variables.opened) and self._has_room(one)), None)
        if call is None:
            looked_back = self.looked_back
            call = self._walked(function, inside)
            if looked_back == self.looked_back:
                known.append(call)
        else:
            self._repeat(call, inside)
        leave(function, call.after, shell)
        return call.flow

    def _walked(self, function: Function, inside: Shell) -> Call:
        """A call whose function is walked."""
        from prodlint.deployment.execution.functions import Call, kept, rejoin_returns

        before, opened, calls = kept(inside), self.variables.opened, self.calls
        begun = [len(one) for one in self.made]
        flow = self.walk(function.body, inside)
        if flow.returning:
            rejoin_returns(flow, inside, before, self.variables.of(inside))
        made = tuple(tuple(one[start:]) for one, start in zip(self.made, begun, strict=True))
        return Call(before, opened, kept(inside), self.variables.opened, called(flow), made, self.calls - calls)

    def _repeat(self, call: Call, inside: Shell) -> None:
        """Do once more what a call did that was walked already."""
        for one, more in zip(self.made, call.made, strict=True):
            one.extend(more)
        self.calls += call.calls
        self.variables.opened = call.opened
        inside.exported.update(call.after.exported)
        inside.functions.update(call.after.functions)

    def _has_room(self, call: Call) -> bool:
        """Whether what a call did may be done once more before there is too much of it."""
        fits = all(len(one) + len(more) < MOST_STEPS for one, more in zip(self.made, call.made, strict=True))
        return fits and self.calls + call.calls <= _CALLS

    def _lose(self, link: Link) -> Flow:
        """What is started, and cannot be followed."""
        self.unread.append(link)
        return Flow(lost=link)

    def _string(self, script: Word, rest: tuple[Word, ...], shell: Shell, span: Span, program: str) -> Flow:
        """`sh -c STRING name args…`."""
        content = script.content
        if content is None:
            known = settle(script, self.variables.of(shell))
            content = script.respelled if known is None else Text.at(known, script.span)
        if content is None:
            return self._lose(Link(span, "hands a computed string to a shell"))
        name = rest[0] if rest else None
        child = replace(shell, arguments=rest[1:], name=name, script=None, functions={}, errexit=False)
        if script.literal is None and (given := interpolations(script)):
            child.variables = {**shell.variables, **given}
        body = self.repository.commands(content)
        own = shell_ancestor(Parent.STRING, program, span, content.value)
        return closed(self.walk(body, inside_of(own, body, child)))

    def _program(self, words: tuple[Word, ...], shell: Shell, span: Span, replaces: bool) -> Flow:
        name = words[0].literal
        if name is None:
            expanded = self.variables.expanded(words, shell)
            if expanded is not None and expanded[0].literal is not None:
                return self.argv(expanded, replace(shell, ancestors=shell.starting), span)
            return self._lose(Link(span, "starts a program whose name is computed"))
        base = name.rpartition("/")[2]
        if name in shell.functions:  # `time f`; what it leaves in the shell is not looked at.
            return self._call(words, shell, replace(shell), span)
        if base in SHELLS:
            following = script_argument(words)
            if following is not None:
                return self._file(following[0], following[1:], shell, span, True) or self._step(
                    words, shell, span, replaces
                )
        if shell.fed is not None and (base in SHELLS or read_by(words)):
            return self._commands(words, shell, span)
        found = self._found(name) if "/" not in name else None
        if found is not None or "/" in name or name.endswith(_SCRIPT):
            named = words[0] if found is None else Word.of(Text.at(found, words[0].span), words[0].span)
            flow = self._file(named, words[1:], shell, span, False)
            if flow is not None:
                return flow
        directory = shell.directory
        if may_stand_for_tasks(base, shell.layers):
            from prodlint.deployment.execution.task_files import tasks_of

            tasks = tasks_of(base, words, shell.layers, lambda path: self.locate(path, directory), self.repository)
            if tasks is not None:
                return self._tasks(tasks, shell, span)
        return self._step(words, shell, span, replaces)

    def _found(self, name: str) -> str | None:
        """Where a program lies that is named without a path, when the repository holds it."""
        if name not in self.found:
            self.found[name] = self.place.program(name, self.repository)
        return self.found[name]

    def _tasks(self, tasks: list[Task], shell: Shell, span: Span) -> Flow:
        """Commands of another file, one after the other or beside each other."""
        last = NOTHING
        for task in tasks:
            flow = closed(self.walk(self.repository.commands(task.text), of_task(task, shell, span)))
            last = flow if flow.last and not task.beside else last
        return last

    def _file(self, name: Word, arguments: tuple[Word, ...], shell: Shell, span: Span, is_shell: bool) -> Flow | None:
        """A script of the repository, followed; None when the file is not a shell script of ours."""
        written = self.variables.settled(name, shell)
        if written is None:
            return None
        path = self.locate(written, shell.directory)
        if path is None:
            text = self.place.files.text(absolute(written, shell.directory) or "")
            from prodlint.deployment.execution.made_script import made_script

            if text is not None and (made := made_script(text, (name, *arguments), shell, span, is_shell)) is not None:
                return closed(self.walk(*made))
            if is_shell or written.endswith(_SCRIPT):
                lost = self._lose(Link(span, f"runs {written}, which {self.repository.absence(written)}"))
                # What is left running beside the rest is told, whoever wrote it.
                return None if shell.background else lost
            return None
        if not is_shell and (self.repository.is_program(path) or not reads_as_shell(self.repository.source(path))):
            return None
        script = self.repository.shell(path)
        if script is None:
            return None
        link = Link(around(name.span, span), f"runs {path}")
        if any(one.note == link.note for one in shell.chain):
            return NOTHING
        child = of_script(script, (name, *arguments), shell, link)
        child.script, child.lying = written, {**shell.lying, path: written}
        own = shell_ancestor(Parent.SCRIPT, path, span, script.text.value)
        return closed(self.walk(script.body, inside_of(own, script.body, child)))

    def _commands(self, words: tuple[Word, ...], shell: Shell, span: Span) -> Flow:
        """A shell that reads its commands from its standard input."""
        if isinstance(shell.fed, Unknown):
            self.unread.append(Link(span, shell.fed.reason))
        if not isinstance(shell.fed, Text) or is_running(shell.fed, shell):
            return NOTHING
        body = self.repository.commands(shell.fed)
        own = shell_ancestor(Parent.SCRIPT, shell.fed.source.path, span, shell.fed.value)
        return closed(self.walk(body, inside_of(own, body, reading(words, shell, span))))

    def locate(self, written: str, directory: str | None) -> str | None:
        """The repository path of a file as a process names it, None when it is not (known to be) one of ours."""
        return self.place.locate(written, directory, self.repository)

    def _step(self, words: tuple[Word, ...], shell: Shell, span: Span, replaces: bool) -> Flow:
        self.steps.append(self.variables.step(words, shell, span, replaces))
        return Flow((self.steps[-1],))

    def _substituted(self, node: Command, shell: Shell) -> None:
        """The programs of `$(…)` run as well: `task=$(aws ecs run-task …)`. What they print is not known."""
        for inside in node.substituted:
            if self._is_printed(inside, shell):
                continue
            before = len(self.steps)
            child = replace(shell, variables=dict(shell.variables), depth=shell.depth + 1)
            self.walk(self.repository.commands(inside), child)
            self.steps[before:] = [one for one in self.steps[before:] if not only_prints(one)]

    def _is_printed(self, commands: Text, shell: Shell) -> bool:
        """Whether `$(…)` runs nothing but programs that print, none of them a function or a script of ours."""
        if shell.depth >= _DEPTH or is_in_runner(shell.layers):
            return False
        names = printers(self.repository, commands)
        return (
            names is not None
            and shell.functions.keys().isdisjoint(names)
            and all(self._found(name) is None for name in names)
        )

    def command(self, node: Command, shell: Shell) -> Flow:
        """A simple command: what the shell does itself, else what it starts."""
        if node.redirections:
            self.written.extend(self.redirections.written(node, shell))
        if node.substituted and shell.depth <= _DEPTH and len(self.steps) < MOST_STEPS:
            self._substituted(node, shell)
        words = node.words
        if not node.only_looks_up:
            words = tuple(self.variables.printed(word, shell) for word in with_arguments(words, shell))
            self.variables.note(node.words, shell)
        words = plain(words)
        name = words[0].literal if words else None
        if not words or name in DECLARES:
            self.variables.declare(node, shell)
            return NOTHING
        if name in BUILTINS:
            flow = self._builtin(name, words, node, shell)
            if flow is not None:
                return flow
        child = self.redirections.handed(node, words, shell)
        if node.assignments:
            # `A=1 cmd $A` expands the older A.
            words = self.variables.flattened(words, shell)
            child = replace(child, exported=self.variables.before(node.assignments, shell))
        named = words if name is not None else self.variables.expanded(words, shell) or words
        if named[0].literal in shell.functions:
            return self._call(named, child, shell, node.span)
        return self.argv(words, child, node.span)

    def _builtin(self, name: str | None, words: tuple[Word, ...], node: Command, shell: Shell) -> Flow | None:
        """A command that the shell knows itself; None where what it starts comes next (`exec`, `pkill`)."""
        if name in FILLS:
            self.variables.fill(words, shell)
        if name in ENDS and ends_others(words):
            self.looked_back += 1
            self.ended = len(self.steps)
        if name in QUIET:
            return NOTHING
        if name in MOVES:
            return self.variables.move(words, shell)
        if name in ("exit", "return"):
            return Flow(ended=True, returned=name == "return")
        if name in (".", "source"):
            return self._source(words, shell, node.span)
        if name in ("wait", "fg"):  # It stays for as long as what was started before it, and not ended.
            self.looked_back += 1
            return Flow(tuple(step for step in self.steps[self.ended :] if step.background))
        if name == "set":
            self.variables.switch(words[1:], shell)
            return NOTHING
        if name == "shift":
            shell.arguments = shifted(shell.arguments, words)
            return NOTHING
        if name == "eval":
            rest = words[1:]
            if all(map(prepares, rest)) or self.variables.takes_arguments(rest, shell):
                return NOTHING
            return self._evaluated(rest, node, shell)
        if name == "exec" and all(word.literal == "--" for word in words[1:]):
            # What a script writes behind the name of another one is all that this one is given.
            is_empty = len(node.words) == 2 and not is_of_a_text(shell.ancestors)
            return Flow(lost=Link(node.span, GIVEN_NOTHING)) if is_empty else Flow()
        return None

    def _evaluated(self, words: tuple[Word, ...], node: Command, shell: Shell) -> Flow:
        """`eval WORDS`: the shell itself reads the text that they come to, or one of those that it may be."""
        from prodlint.deployment.execution.arms import Arm
        from prodlint.deployment.execution.evaluated import evaluated

        if self._is_too_deep(shell):
            return self._lose(Link(node.span, _TOO_DEEP))
        texts = evaluated(words, shell, self.variables.of(shell)) if not node.assignments else ()
        if not all(one.whole for one in texts) or not texts:
            self.variables.open(node.span, "evaluates what is computed")
        if not texts:
            return self._lose(Link(node.span, "evaluates what is computed"))
        shell.depth += 1
        flow = self._arms([Arm(self.repository.commands(one.text), len(texts) == 1, one.when) for one in texts], shell)
        shell.depth -= 1
        return flow

    def _source(self, words: tuple[Word, ...], shell: Shell, span: Span) -> Flow:
        written = self.variables.settled(words[1], shell) if len(words) > 1 else None
        path = self.locate(written, shell.directory) if written else None
        script = self.repository.shell(path) if path else None
        if path is None or script is None or shell.depth > _DEPTH:
            if not (written or "").endswith("/activate"):
                self.variables.open(span, f"takes variables from {written or words[-1].written}")
            return NOTHING
        shell.depth += 1
        shell.lying = {**shell.lying, path: written or ""}
        held = shell.arguments
        # Bash gives a sourced file the words behind it as its own, and takes them away again.
        shell.arguments = words[2:] or held
        from prodlint.deployment.execution.functions import kept, rejoin_returns

        begun = kept(shell)
        flow = self.walk(script.body, shell)
        if flow.returning:
            rejoin_returns(flow, shell, begun, self.variables.of(shell))
        shell.arguments = held if words[2:] else shell.arguments
        return called(flow)


def execute(
    command: CommandLine,
    place: Place,
    repository: Repository,
    arguments: tuple[Word, ...] = (),
    fed: Text | Unknown | None = None,
) -> Execution:
    """Run a command in thought: every step that it starts, and which of them may be the process.

    `fed` is what stands on its standard input.
    """
    run = _Run(repository, place)
    shell = Shell(place.directory, {}, {}, arguments, (Link(command.span, "starts"),), fed=fed)
    flow = NOTHING
    try:
        if command.form is Form.EXEC or command.text is None:
            flow = run.argv(command.words, shell, command.span)
        else:
            body = repository.commands(command.text)
            own = shell_ancestor(Parent.STRING, "", command.span, command.text.value)
            flow = run.walk(body, inside_of(own, body, shell))
    except RecursionError:  # A chain of `&&` may be as long as its file.
        run.unread.append(Link(command.span, _TOO_DEEP))
    steps, left = tuple(run.steps), () if flow.ended else flow.left
    processes = (*flow.replaced, *flow.last)
    unread = (*run.unread, *((flow.lost,) if flow.lost is not None and flow.lost not in run.unread else ()))
    return Execution(steps, processes, unread, tuple(run.written), tuple(run.successions), left, flow.lost is not None)
