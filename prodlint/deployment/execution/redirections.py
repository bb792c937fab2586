"""What redirections and pipes hand to programs: the files that are written, the commands that a shell reads.

`bash <<EOF`, `ssh host < deploy.sh` and `cat deploy.sh | ssh host bash -s` are ways to run a script.
Sources: POSIX, "Shell Command Language" (2.7) and "sh"; bash(1), "Here Documents".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from prodlint.deployment.command import Link
from prodlint.deployment.execution.shell_variables import ShellVariables
from prodlint.deployment.execution.shell_walk import SHELLS, Shell, with_arguments
from prodlint.deployment.filemap import absolute
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import EnvDriven, Known, Unknown
from prodlint.record import replace
from prodlint.regex import regex
from prodlint.source import Span, Text
from prodlint.syntax.shell import Command, Node, Redirection, parse_document, walk
from prodlint.syntax.word import Literal, Substitution, Word

__all__ = ["Redirections", "is_running", "read_by", "reading", "script_argument"]

_WRITES = (">", ">>", ">|", "&>", "&>>")
_INPUTS = ("<", "<<", "<<-", "<<<")
_READERS = frozenset((*SHELLS, "ssh", "su", "sudo", "runuser"))
_INPUT = ("/dev/stdin", "/proc/self/fd/0", "/dev/fd/0")
# What they fetch is an installer, in nearly every case: no step of ours.
_FETCHES = ("curl", "wget")


class Redirections:
    """The redirections of one walk; `locate` finds the file that a process names from a directory."""

    def __init__(
        self, repository: Repository, variables: ShellVariables, locate: Callable[[str, str | None], str | None]
    ) -> None:
        self.repository = repository
        self.variables = variables
        self.locate = locate

    def written(self, node: Command, shell: Shell) -> Iterator[str]:
        """The absolute paths of the files that a command writes."""
        for one in node.redirections:
            if one.operator in _WRITES and one.target is not None and shell.directory is not None:
                name = self.variables.settled(one.target, shell)
                path = absolute(name, shell.directory) if name else None
                if path is not None:
                    yield path

    def handed(self, node: Command, words: tuple[Word, ...], shell: Shell) -> Shell:
        """The shell as a program is started from it, with what that may read.

        What a program reads is not left for the next one.
        """
        if not _may_read(words, shell):
            return shell
        fed = shell.fed
        for one in node.redirections:
            if one.descriptor in ("", "0") and one.operator in _INPUTS:
                fed = self._read(one, shell)
        if fed is shell.fed and fed is None:
            return shell
        child = replace(shell, fed=fed)
        shell.fed = None
        return child

    def piped(self, before: Node, after: Node, shell: Shell) -> Text | Unknown | None:
        """What a command gives to the one behind its pipe: `cat FILE`, `cat <<EOF`, `echo TEXT`."""
        if not any(isinstance(one, Command) and one.words and _may_read(one.words, shell) for one in walk(after)):
            return None
        words = with_arguments(before.words, shell) if isinstance(before, Command) else ()
        if not isinstance(before, Command) or not words:
            return Unknown("hands a shell what is computed when it runs", before.span)
        name, arguments = words[0].literal, words[1:]
        if name in _FETCHES:
            return None
        inputs = [one for one in before.redirections if one.operator in _INPUTS]
        if name == "cat" and len(inputs) == 1 and all(word.literal == "-" for word in arguments):
            return self._read(inputs[0], shell)
        if name == "cat" and len(arguments) == 1 and not inputs:
            return self._file(arguments[0], shell)
        if name == "echo" and len(arguments) == 1 and "\\" not in arguments[0].written:
            return self._expanded(arguments[0], shell)
        return Unknown(f"hands a shell what {words[0]} prints", before.span)

    def _read(self, one: Redirection, shell: Shell) -> Text | Unknown | None:
        if one.operator == "<":
            return None if one.target is None else self._file(one.target, shell)
        if one.operator == "<<<":
            return None if one.target is None else self._expanded(one.target, shell)
        if one.heredoc is None or one.heredoc_quoted:
            return one.heredoc
        body = parse_document(one.heredoc)
        return (
            Unknown("hands a shell what could not be read", one.span) if body is None else self._expanded(body, shell)
        )

    def _file(self, name: Word, shell: Shell) -> Text | Unknown | None:
        written = self.variables.settled(name, shell)
        if written in ("/dev/null", *_INPUT):
            return None
        path = None if written is None else self.locate(written, shell.directory)
        source = None if path is None else self.repository.source(path)
        if source is not None:
            return source.content
        why = "whose name is computed" if written is None else f"which {self.repository.absence(written)}"
        return Unknown(f"runs {name}, {why}", name.span)

    def _expanded(self, word: Word, shell: Shell) -> Text | Unknown:
        """A text in which its own shell replaced the variables, for another one to read."""
        from prodlint.deployment.execution.respelling import COMPUTED, Quotes, part_value, placed, respelled, unquoted

        pieces: list[Text] = []
        quotes = Quotes()
        assigned = _assigned(word)
        lookup = self.variables.of(shell)
        for part in word.parts:
            if isinstance(part, Literal):
                piece = part.text
            elif isinstance(part, Substitution) and part.span.text.startswith("${{"):
                piece = Text.verbatim(part.span)
            else:
                value = part_value(part, lookup)
                known = isinstance(value, Known)
                is_mistaken = isinstance(value, EnvDriven) and value.name in assigned
                written = COMPUTED if is_mistaken else respelled(value)
                told = value.value if isinstance(value, Known) else written
                piece = unquoted(told, part.span) if quotes.single and not known else placed(told, part.span)
                if not known:
                    pieces.append(piece)
                    continue
            quotes.read(piece.value)
            pieces.append(piece)
        if len({piece.source for piece in pieces}) > 1:
            return Unknown("hands a shell a text of several files", word.span)
        return Text.join(pieces) if pieces else Text("", word.span.source, (word.span.start,))


_ASSIGNMENT = regex(r"(?:^|(?<=[\s;&|({]))([A-Za-z_]\w*)\+?=([^\s;&]*)", 0)


def _assigned(word: Word) -> frozenset[str]:
    """The names that a script gives values of its own: the reader of the script would mistake them for ours."""
    if "=" not in word.written:
        return frozenset()
    return frozenset(
        found[1]
        for found in _ASSIGNMENT.finditer(word.written)
        if found[2].strip("\"'") not in (f"${found[1]}", f"${{{found[1]}}}")
    )


def _may_read(words: tuple[Word, ...], shell: Shell) -> bool:
    """Whether a command may read other commands: looked at before any file is."""
    first = words[0].literal
    if first is None or first in shell.functions or "/" in first or first.endswith((".sh", ".bash")):
        return True
    return any((word.literal or "").rpartition("/")[2] in _READERS for word in words)


def script_argument(words: tuple[Word, ...]) -> tuple[Word, ...] | None:
    """`sh -e FILE args…`: the words from the file on; None where the shell reads its commands."""
    index, reads = _behind_options(words)
    is_input = index < len(words) and words[index].literal in _INPUT
    return None if reads or is_input or index >= len(words) else words[index:]


def is_running(commands: Text, shell: Shell) -> bool:
    """Whether a shell reads a whole file that is being run already."""
    source = commands.source
    return commands.value == source.text and any(link.note == f"runs {source.path}" for link in shell.chain)


def reading(words: tuple[Word, ...], shell: Shell, span: Span) -> Shell:
    """The shell that a command starts to read what it is fed: `bash -es a b`, `bash /dev/stdin a b`."""
    index, reads = _behind_options(words)
    chain = shell.chain
    if isinstance(shell.fed, Text) and shell.fed.source is not span.source:
        chain = (*chain, Link(span, f"runs {shell.fed.source.path}"))
    return replace(
        shell,
        arguments=words[index if reads else index + 1 :],
        functions={},
        errexit=any(re.fullmatch(r"-[a-z]*e[a-z]*", word.literal or "") for word in words[:index]),
        variables=dict(shell.variables),
        chain=chain,
        fed=None,
    )


def read_by(words: tuple[Word, ...]) -> bool:
    """Whether a program that is no shell starts one that reads its commands: `su - deploy`, `sudo -i`."""
    name = (words[0].literal or "").rpartition("/")[2]
    if name == "sudo":
        return any(re.fullmatch(r"-[a-zA-Z]*[is]|--login|--shell", word.literal or "") for word in words[1:])
    return name in ("su", "runuser")


def _behind_options(words: tuple[Word, ...]) -> tuple[int, bool]:
    """The index behind the options of a shell, and whether `-s` is among them."""
    index = 1
    reads = False
    while index < len(words):
        value = words[index].literal
        if value is None or not value.startswith(("-", "+")):
            break
        index += 1
        if value in ("-", "--"):
            break
        if value in ("--rcfile", "--init-file") or (not value.startswith("--") and value.endswith(("o", "O"))):
            index += 1
        elif value.startswith("-") and not value.startswith("--"):
            reads = reads or "s" in value
    return index, reads
