"""What a walk through a shell script carries along: the flow of control, and the state of each shell."""

from __future__ import annotations

import fnmatch

from prodlint.deployment.command import Ancestor, Link, Parent, Piece, Step
from prodlint.deployment.commands.ancestry import last_command
from prodlint.deployment.commands.wrappers import value_of
from prodlint.deployment.condition import Lookup, asked, holds, word_value
from prodlint.deployment.execution.condition_words import Asked, both
from prodlint.deployment.execution.task import Task
from prodlint.deployment.filemap import absolute
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, EnvDriven, Known, Unknown, Value
from prodlint.record import Record, State, field, replace
from prodlint.regex import regex
from prodlint.source import Source, Span, Text
from prodlint.syntax.shell import AndOr, Command, Function, Loop, Node, Pipeline, ShellScript
from prodlint.syntax.word import Expansion, Literal, Part, Substitution, Word

__all__ = [
    "BUILTINS",
    "DECIDED",
    "ENDS",
    "FILLS",
    "MOVES",
    "NOTHING",
    "QUIET",
    "SHELLS",
    "Composed",
    "Flow",
    "Held",
    "Items",
    "Shell",
    "Wording",
    "argument",
    "around",
    "branched",
    "called",
    "closed",
    "command_span",
    "copied",
    "ends_others",
    "exportable",
    "fields",
    "flattened",
    "goes_to",
    "inside_of",
    "is_endless",
    "is_several",
    "is_test",
    "matches",
    "of_script",
    "of_task",
    "plain",
    "prepares",
    "reads_as_shell",
    "set_arguments",
    "shifted",
    "split_assignment",
    "with_arguments",
]

SHELLS = ("sh", "bash", "ash", "dash", "zsh", "ksh")

QUIET = frozenset(
    "echo printf true false : sleep test [ trap read ulimit umask unset hash type alias unalias shopt "
    "dirs getopts local kill break continue let".split()
)
"""Commands of the shell itself that start nothing."""

MOVES = frozenset(("cd", "pushd", "popd"))
FILLS = frozenset("read mapfile readarray getopts printf let unset".split())
"""Commands that give variables what nobody knows, or take it."""

ENDS = frozenset(("kill", "pkill", "killall"))
"""Commands that end what runs in the background."""

BUILTINS = QUIET | MOVES | FILLS | ENDS | frozenset("exit return . source wait fg set shift eval exec".split())
"""Commands of which a walk does something itself."""

_OWN = frozenset((*MOVES, ".", "eval", "exit", "return", "set", "shift", "source", "wait"))

DECIDED = "a condition decides it"
# `set -- "$@" "$@"` doubles them with every line.
_MOST_WORDS = 1_000

_PREPARING = frozenset("ssh-agent pyenv direnv conda mamba micromamba brew mise fnm rbenv".split())


class Flow(State):
    """What a stretch of shell leaves behind: steps that may be the last one, and whether it ends here.

    `left` are the steps that it ends with in the background. It is `lost` where the last thing that it starts could
    not be followed: none of its steps is known to be the one that stays. It is `skipped` where a condition decides
    whether any of its `last` steps is started. It has `returned` where a `return` ends it; `returning` are the shells
    that a condition may have made return before.
    """

    last: tuple[Step, ...] = ()
    replaced: tuple[Step, ...] = ()
    ended: bool = False
    left: tuple[Step, ...] = ()
    lost: Link | None = None
    returned: bool = False
    returning: tuple[Shell, ...] = ()
    skipped: bool = False


NOTHING = Flow()
"""What nearly every command of a shell itself leaves behind."""


class Items(Record):
    """An array of a shell, worked out when it is assigned; a word that is not known may be any number of them."""

    words: tuple[Word, ...]


class Wording(Record):
    """One way in which a text may read, and what must hold for it; None where nobody can tell."""

    word: Word
    when: tuple[Asked, ...] | None = ()


class Composed(Record):
    """A text that a script may evaluate later: its value, and the wordings between which conditions choose."""

    value: Value[str]
    wordings: tuple[Wording, ...]


Held = Word | Value[str] | Items | Composed
"""What a variable of a shell holds."""


class Shell(State):
    """One running shell: its variables, arguments, functions and directory.

    It `exports` all that it sets after `set -a`; `marked` are the names that `export NAME` named before
    anything set them. `ancestors` are the processes down to this shell, `starting` those above the program that it
    is about to start. `last_command` is the one that it ends with; it is `forked` where it stands for a copy of itself.
    `script` is the file that it runs, by the name by which it was called (`$0`), `lying` is that of each file of the
    repository that it runs or sources. `when` is what must hold so that it comes here, None where nobody can tell.
    `fed` is what its programs find on their standard input, None where that is nothing that anyone wrote down. `left`
    are the directories to which `popd` goes back. `piece` is its place in a pipeline, None without one.
    """

    directory: str | None
    variables: dict[str, Held]
    exported: dict[str, Word | None]
    arguments: tuple[Word, ...]
    chain: tuple[Link, ...]
    name: Word | None = None
    functions: dict[str, Function] = field(default_factory=dict)
    conditional: bool = False
    when: tuple[Asked, ...] | None = ()
    background: bool = False
    errexit: bool = False
    exports: bool = False
    marked: frozenset[str] = frozenset()
    layers: tuple[str, ...] = ()
    depth: int = 0
    ancestors: tuple[Ancestor, ...] = ()
    starting: tuple[Ancestor, ...] = ()
    last_command: Command | None = None
    forked: bool = False
    fed: Text | Unknown | None = None
    script: str | None = None
    lying: dict[str, str] = field(default_factory=dict)
    left: tuple[str | None, ...] = ()
    piece: Piece | None = None


def plain(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """A command of the shell itself without `builtin` or `command` in front of it."""
    asks = len(words) > 1 and words[0].literal in ("builtin", "command") and words[1].literal in _OWN
    return words[1:] if asks else words


def ends_others(words: tuple[Word, ...]) -> bool:
    """Whether a `kill` ends programs that the shell has started: `kill $PID`, and not `kill -0` or `pkill -HUP`."""
    shown = [word.literal or "" for word in words[1:3] if not (word.literal or "").isdigit()]
    signals = {one.upper().removeprefix("-").removeprefix("SIG") for one in shown}
    return signals.isdisjoint(("0", "1", "L", "HUP", "USR1", "USR2", "WINCH"))


def branched(shell: Shell, when: tuple[Asked, ...] | None) -> Shell:
    """A shell as an arm of a condition finds it: what the arm sets is not set elsewhere."""
    told = both(shell.when, when)
    return replace(shell, conditional=True, when=told, variables=dict(shell.variables), exported=dict(shell.exported))


def exportable(value: Held) -> Word | None:
    """What a program started later finds in a variable: `export A=${A:-x}` still has its default there."""
    value = value.value if isinstance(value, Composed) else value
    if isinstance(value, Word):
        return value
    if not isinstance(value, EnvDriven) or value.default is None or not value.span.path:
        return None
    operand = Word.of(Text.at(value.default, value.span), value.span)
    return Word((Expansion(value.name, value.span, ":-", operand, True, outside=True),), value.span)


def called(flow: Flow) -> Flow:
    """What a function or a sourced file leaves to whoever asked for it: a `return` in it ends it alone."""
    if flow.returned or flow.returning:
        return replace(flow, ended=False, returned=False, returning=())
    return flow


def closed(flow: Flow) -> Flow:
    """What a child shell leaves to its parent: an `exec` or `exit` in it ends the child alone."""
    skipped = not flow.ended and (flow.skipped or not flow.last)
    return Flow((*flow.replaced, *flow.last), left=flow.left, lost=flow.lost, skipped=skipped)


def is_test(node: Node) -> bool:
    if isinstance(node, Pipeline) and len(node.commands) == 1:
        return is_test(node.commands[0])
    if isinstance(node, Command) and node.words:
        return node.words[0].literal in ("[", "test", "command", "which", "type", "grep", "id")
    return not isinstance(node, Command | AndOr)


def prepares(word: Word) -> bool:
    """Whether `eval` is handed what only sets variables of the shell: `$(ssh-agent -s)` and its like."""
    written = word.written[word.written[:1] in ("'", '"') :]
    first = written.lstrip("$(`").split(maxsplit=1)[:1]
    return written.startswith(("$(", "`")) and not _PREPARING.isdisjoint(one.rstrip(")`'\"") for one in first)


_WILDCARDS = frozenset("*?[")
_ENDS_LOOP = regex(r"(^|[\s;&|{(])(break|return|exit)\b")
_ENDS_TURN = regex(r"(^|[\s;&|{(])(break|continue|return|exit)\b")


def may_end_turn(node: Node) -> bool:
    """Whether what stands behind a construct in the body of a loop may be passed over."""
    return _ENDS_TURN.search(node.span.text) is not None


def is_endless(node: Loop, lookup: Lookup) -> bool:
    """Whether a loop goes on for ever: `while true` without a way out, which those that wait for something have."""
    return node.kind == "while" and holds(node.condition, lookup) is YES and _ENDS_LOOP.search(node.span.text) is None


def runs_at_least_once(node: Loop, lookup: Lookup) -> bool:
    """Whether the body of a loop is begun: `while true`, `until false`, and `for` over a word that is written out."""
    if node.kind in ("while", "until"):
        return holds(node.condition, lookup) is (YES if node.kind == "while" else NO)
    written = [word.literal for word in node.words if word.literal]
    return node.kind == "for" and any(_WILDCARDS.isdisjoint(one) for one in written)


def matches(value: str, pattern: str | None) -> Answer:
    if pattern is None:
        return UNKNOWN
    if _WILDCARDS.isdisjoint(pattern):
        return YES if value == pattern else NO
    return YES if fnmatch.fnmatchcase(value, pattern) else NO


def reads_as_shell(source: Source | None) -> bool:
    """Whether a file is a script of a shell: by its first line, else by its name."""
    if source is None:
        return False
    first = source.line(1)
    if first.startswith("#!"):
        words = first.removeprefix("#!").replace("/", " ").split()
        return any(shell in words for shell in SHELLS)
    return source.path.endswith((".sh", ".bash")) or "." not in source.path.rpartition("/")[2]


def split_assignment(word: Word) -> tuple[str, Word]:
    """`NAME=value` as `env` takes it."""
    first = word.parts[0]
    assert isinstance(first, Literal)
    name, _, _ = first.text.value.partition("=")
    rest = first.text.slice(len(name) + 1) if len(first.text.value) > len(name) else first.text
    return name, Word((Literal(rest, True), *word.parts[1:]), word.span)


def command_span(words: tuple[Word, ...], whole: Span) -> Span:
    """The command; where all its words were handed over from another file (`exec "$@"`), their place there."""
    source = words[0].span.source
    if source is whole.source or any(word.span.source is not source for word in words):
        return whole
    return words[0].span.to(words[-1].span)


def inside_of(own: Ancestor, body: Node | None, shell: Shell) -> Shell:
    """A shell that was started to read a script."""
    above = (*shell.starting, own)
    return replace(shell, ancestors=above, last_command=last_command(body), forked=False, piece=None)


def copied(shell: Shell) -> Shell:
    """A shell that is a copy of itself: what is set in it is not set elsewhere."""
    return replace(shell, variables=dict(shell.variables), exported=dict(shell.exported), forked=True)


def of_script(script: ShellScript, words: tuple[Word, ...], shell: Shell, link: Link) -> Shell:
    """The shell that reads a script of the repository, of whose words the first is its name."""
    return replace(
        shell,
        arguments=words[1:],
        name=words[0],
        functions={},
        errexit=any("e" in flag for flag in script.shebang_flags if flag.startswith("-")),
        variables=dict(shell.variables),
        chain=(*shell.chain, link),
        depth=shell.depth + 1,
        script=words[0].literal,
    )


def goes_to(argv: tuple[Word, ...]) -> Word | None:
    """The folder to which a program goes by itself before it imports anything: `celery --workdir src worker`."""
    named = argv[2] if len(argv) > 2 and argv[1].literal == "-m" else argv[0]
    return value_of(argv, _GO.get((named.literal or "").rpartition("/")[2], ()))


_GO = {"celery": ("--workdir",)}


def of_task(task: Task, shell: Shell, span: Span) -> Shell:
    """The shell of one command of another file, which a command starts."""
    return replace(
        shell,
        directory=shell.directory if task.directory is None else absolute(task.directory, shell.directory),
        variables=dict(shell.variables),
        functions={},
        script=None,
        conditional=shell.conditional or task.conditional,
        when=None if task.conditional else shell.when,
        background=shell.background or task.beside,
        errexit=task.guarded,
        layers=(),
        chain=(*shell.chain, Link(span, f"runs {task.path}")),
        ancestors=(*shell.starting, Ancestor(Parent.OTHER, task.path, span)),
        last_command=None,
        piece=None,
    )


def around(word: Span, command: Span) -> Span:
    """A command, or a word of it that is written elsewhere: ENTRYPOINT and CMD come from two lines."""
    holds = command.source is word.source and command.start <= word.start and word.end <= command.end
    return command if holds else word


_FIELD = regex(r"[^ \t\n]+")


def fields(text: Text) -> tuple[Word, ...]:
    """A text split into words at its blanks."""
    parts = (text.slice(*found.span()) for found in _FIELD.finditer(text.value))
    return tuple(Word.of(part, part.span) for part in parts)


def flattened(word: Word, lookup: Lookup) -> tuple[Word, ...]:
    """A word with its variables replaced by what they hold; a bare `$NAME` may hold several words, or none."""
    if word.literal is not None:
        return (word,)
    parts: list[Part] = []
    for part in word.parts:
        value = word_value(Word((part,), word.span), lookup)
        if isinstance(part, Literal):
            parts.append(part)
        elif isinstance(value, Known):
            if len(word.parts) == 1 and not part.quoted:
                return tuple(Word.of(Text.at(text, word.span), word.span) for text in value.value.split())
            parts.append(Literal(Text.at(value.value, part.span), True))
        elif isinstance(value, EnvDriven) and value.default is not None:
            operand = Word.of(Text.at(value.default, part.span), part.span)
            parts.append(Expansion(value.name, part.span, ":-", operand, part.quoted, outside=True))
        else:
            parts.append(_computed(part, value, lookup))
    return (Word(tuple(parts), word.span),)


def _computed(part: Part, value: Value[str], lookup: Lookup) -> Part:
    """A part whose value is not known: nobody must look its variable up again, where it may be another one."""
    if not isinstance(part, Expansion):
        return part
    held = asked(part, lookup) if part.operator in ("", ":?", "?") else None
    if isinstance(held, EnvDriven):
        return replace(part, name=held.name, outside=True)
    reason = value.reason if isinstance(value, Unknown) else ""
    is_several = part.operator == "[@]" or (part.name == "@")
    return Substitution(part.span, part.quoted and not is_several, reason)


def with_arguments(words: tuple[Word, ...], shell: Shell) -> tuple[Word, ...]:
    """`"$@"`, `$*` and `"${A[@]}"` replaced by the arguments and the arrays of a shell."""
    result: list[Word] = []
    for word in words:
        part = word.parts[0] if len(word.parts) == 1 else None
        inside = _several(part, word, shell) if isinstance(part, Expansion) else None
        result.extend((word,) if inside is None else inside)
        if len(result) > _MOST_WORDS:
            too_many = Word((Substitution(word.span, reason="there are too many words"),), word.span)
            return (*result[:_MOST_WORDS], too_many)
    return tuple(result)


def _several(part: Expansion, word: Word, shell: Shell) -> tuple[Word, ...] | None:
    """The words that one expansion stands for by itself; None where it is to be looked up like any other."""
    if part.operator in ("[@]", "[*]"):
        held = shell.variables.get(part.name)
        if not isinstance(held, Items):
            return None
        if part.operator == "[*]" and part.quoted:
            return (_as_one(held.words, part.span),) if held.words else (Word.of(Text.at("", part.span), part.span),)
        words = held.words if part.quoted else tuple(field for one in held.words for field in _split(one))
        return _placed(words, word.span)
    if part.name in ("@", "*") and not part.operator:
        if part.name == "*" and part.quoted and shell.arguments:
            return (_as_one(shell.arguments, part.span),)
        return _placed(shell.arguments, word.span)
    if part.name in ("@", "*") and part.operator in (":-", "-") and part.operand is not None:
        given = shell.arguments
        is_empty = not given or (part.operator == ":-" and len(given) == 1 and given[0].literal == "")
        return with_arguments((part.operand,), shell) if is_empty else given
    if part.name in ("1", "@") and part.operator in (":+", "+") and part.operand is not None and part.operand.parts:
        # `${1+"$@"}`: for shells that know no empty `"$@"`.
        inside = part.operand.parts[0] if len(part.operand.parts) == 1 else None
        is_all = isinstance(inside, Expansion) and inside.name == "@" and not inside.operator
        return shell.arguments if is_all else None
    if part.name.isdigit() and part.name != "0" and not part.operator:
        one = argument(int(part.name), shell)
        return () if one is None else (one,)
    return None


def _placed(words: tuple[Word, ...], span: Span) -> tuple[Word, ...]:
    """The words of an array as they are handed on; one that stands for several is told as the array is written."""
    return tuple(Word(one.parts, span) if _is_open(one) else one for one in words)


def argument(number: int, shell: Shell) -> Word | None:
    """The argument of a number from 1; behind a word that is any number of them, that word, since nobody knows."""
    for word in shell.arguments[:number]:
        if is_several(word):
            return word
    return shell.arguments[number - 1] if number <= len(shell.arguments) else None


def set_arguments(words: tuple[Word, ...]) -> tuple[Word, ...] | None:
    """The arguments that words behind `set` make (`-e -- a b`, `a b`); None where they are options alone."""
    rest = list(words)
    while rest:
        written = rest[0].literal or ""
        if written == "--":
            return tuple(rest[1:])
        if written in ("-", "+") or written[:1] not in ("-", "+"):
            return tuple(rest)
        # `-o pipefail` takes the next word.
        del rest[: 2 if written.endswith("o") else 1]
    return None


def shifted(arguments: tuple[Word, ...], words: tuple[Word, ...]) -> tuple[Word, ...]:
    """What a `shift` leaves of the arguments; any number of them where nobody knows how many it takes."""
    written = words[1].literal if len(words) > 1 else "1"
    if not arguments or written == "0":
        return arguments
    count = int(written) if written is not None and written.isdecimal() and len(written) < 5 else None
    if count is None or any(is_several(word) for word in arguments[:count]):
        place = arguments[0].span
        return (Word((Substitution(place, reason=DECIDED),), place),)
    # More than there are is an error that leaves them all.
    return arguments[count:] if count <= len(arguments) else arguments


def is_several(word: Word) -> bool:
    """Whether a word that is not known may be any number of them: the words on which arms differ, `$(…)`."""
    part = word.parts[0] if len(word.parts) == 1 else None
    return isinstance(part, Substitution) and not part.quoted


def _split(word: Word) -> tuple[Word, ...]:
    """The words that an element comes to outside of quotes."""
    return (word,) if word.content is None else fields(word.content)


def _is_open(word: Word) -> bool:
    """Whether a word of an array stands for those on which the arms of a condition differ."""
    part = word.parts[0] if len(word.parts) == 1 else None
    return isinstance(part, Substitution) and part.reason == DECIDED


def _as_one(words: tuple[Word, ...], place: Span) -> Word:
    """`"$*"`: all arguments as one word, with spaces between them."""
    parts: list[Part] = [*words[0].parts]
    for word in words[1:]:
        parts += [Literal(Text.at(" ", place), True), *word.parts]
    return Word(tuple(parts), place)
