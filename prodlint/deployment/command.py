"""Start commands: as they are declared, and the ordered steps that they come down to."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from prodlint.deployment.value import UNKNOWN, Answer, Unknown
from prodlint.record import Record, field, kept
from prodlint.source import Span, Text
from prodlint.syntax.word import Substitution, Word

__all__ = [
    "Ancestor",
    "CommandLine",
    "Execution",
    "Form",
    "Link",
    "Parent",
    "Piece",
    "Step",
    "Succession",
    "exec_form",
    "is_of_entrypoint",
    "shell_form",
    "unversioned",
]


class Form(Enum):
    """Who splits a command into words and expands its variables."""

    EXEC = "exec"
    SHELL = "shell"


class CommandLine(Record):
    """A command as declared: words for the exec form, text for a shell to read.

    `dropped` is what whoever splits it into words leaves out: the rest behind the first operator of a shell.
    """

    form: Form
    span: Span
    words: tuple[Word, ...] = ()
    text: Text | None = None
    dropped: Text | None = None

    @property
    def written(self) -> str:
        """The command in its author's spelling, on one line."""
        if self.form is Form.EXEC:
            return " ".join(str(word) for word in self.words)
        return " ".join((self.text.value if self.text else "").split())


def exec_form(words: tuple[Word, ...], span: Span) -> CommandLine:
    """A command whose words are given one by one; nobody expands anything."""
    return CommandLine(Form.EXEC, span, words=words)


def shell_form(text: Text, span: Span | None = None) -> CommandLine:
    """A command that a shell splits, expands and runs."""
    return CommandLine(Form.SHELL, span or text.span, text=text)


def is_of_entrypoint(command: CommandLine) -> bool:
    """Whether a command names no program: options, or one word that asks the image's own program for something."""
    words = [word.literal or "" for word in command.words]
    return bool(words) and (words[0].startswith("-") or (len(words) == 1 and words[0] in _ASKED))


# What servers of others are told to do (ntfy, MinIO's relatives, Keycloak, Milvus, Consul).
_ASKED = frozenset("serve server start start-dev standalone agent".split())


class Link(Record):
    """One hop on the way from a declaration to a step: a place and what it does."""

    span: Span
    note: str


class Parent(Enum):
    """What kind of process stands above a program."""

    STRING = "a shell that was given a command"
    SCRIPT = "a shell that runs a file"
    INIT = "an init, which hands signals on"
    FORWARDER = "a program that stays and hands signals on"
    OTHER = "a program of which that is not known"


class Ancestor(Record):
    """A process through which a command comes to a program; `name` is empty for the shell of the platform.

    `starts` is the first word of what it starts, with which `command` begins: the end of its own line. It
    gives up its process for that when it `execs`, and some shells do so for the last command of a string
    (`is_last`), unless that `redirects` something. `traps` is set where the text of a shell handles signals by itself.
    """

    kind: Parent
    name: str
    span: Span
    command: Span | None = None
    starts: Span | None = None
    execs: bool = False
    is_last: bool = False
    redirects: bool = False
    traps: bool = False


class Piece(Record):
    """Where a program stands in a pipeline of several: `whole` is the pipeline, `number` its place there."""

    whole: Span
    number: int


class Step(Record, dict=True):
    """One program that will be started: its arguments once every wrapper was taken off.

    `argv` may still hold expansions. `directory` is the working directory in the file system of
    the process (absolute in an image), None when it cannot be known. `conditional` steps may or
    may not run, `when` something in words holds; `unset` is whether they do where nothing sets the variables that are
    asked. A `background` step runs beside what follows. `layers` names the wrappers that
    were taken off (`poetry`, `tini`, `watchfiles` …). `chain` leads from the declaration here. `opened`
    is the place where a script may have set variables of which nothing is known, None without one.
    `ancestors` are the processes between the first one and it, from the outermost on. `fed` are the commands that it
    may find on its standard input, or why they are not known. `piece` is its place in a pipeline, None without one.
    """

    argv: tuple[Word, ...]
    span: Span
    directory: str | None = None
    environment: Mapping[str, Word | None] = field(default_factory=dict)
    conditional: bool = False
    when: str = ""
    unset: Answer = UNKNOWN
    background: bool = False
    replaces_shell: bool = False
    guarded: bool = False
    layers: tuple[str, ...] = ()
    chain: tuple[Link, ...] = ()
    opened: Link | None = None
    ancestors: tuple[Ancestor, ...] = ()
    fed: Text | Unknown | None = None
    piece: Piece | None = None

    @kept
    def program(self) -> str:
        """The base name of the program, empty when it is not literal."""
        value = self.argv[0].literal if self.argv else None
        return "" if value is None else value.rpartition("/")[2]

    @property
    def is_option(self) -> bool:
        """Whether it names no program but an option for one that is not known: the entrypoint of an image."""
        return bool(self.argv) and (self.argv[0].literal or "").startswith("-")

    @property
    def arguments(self) -> tuple[str | None, ...]:
        """The literal values behind the program; None for a word that has to be expanded."""
        return tuple(word.literal for word in self.argv[1:])

    @property
    def written(self) -> str:
        """The step in its author's spelling: an option is not told beside the array of a shell that holds it."""
        following = (*self.argv[1:], None)
        shown = (word for word, after in zip(self.argv, following, strict=True) if not _has_option(after))
        return " ".join(str(word) for word in shown)


def unversioned(program: str) -> str:
    """The name of a program without the version behind it: `python` for `python3.13`."""
    return program.rstrip("0123456789.")


def _has_option(word: Word | None) -> bool:
    first = word.parts[0] if word is not None and word.parts else None
    return isinstance(first, Substitution) and first.has_option


class Succession(Record):
    """Steps that a shell waits for, and what it starts when they have ended."""

    before: tuple[Step, ...]
    after: tuple[Step, ...]


class Execution(Record):
    """What a start command comes down to.

    `steps` holds everything that is started, in order. `processes` are the steps that may be the
    one that does not return: one when it is certain, several when a condition decides, none when
    nothing is known about it. Those of them that are in the background run beside each other, and a
    `wait` stays for them. `unread` says what could not be followed, and why.
    `written` are the absolute paths of the files that redirections write. `left` are the steps that it ends
    with in the background: nothing waits for them. It is `lost` where what it starts last could not be followed.
    """

    steps: tuple[Step, ...] = ()
    processes: tuple[Step, ...] = ()
    unread: tuple[Link, ...] = ()
    written: tuple[str, ...] = ()
    successions: tuple[Succession, ...] = ()
    left: tuple[Step, ...] = ()
    lost: bool = False
