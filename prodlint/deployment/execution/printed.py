"""What `$(dirname "$0")`, `$(cd "$(dirname "$0")/.." && pwd)` and their like print: where a script lies, and moves.

Most scripts begin so, and go on from there: without it nobody knows in which folder they start a server.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from prodlint.deployment.command import Step
from prodlint.deployment.condition import Lookup, word_value
from prodlint.deployment.execution.place import Place
from prodlint.deployment.execution.shell_walk import Shell
from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import Known
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Text
from prodlint.syntax.shell import AndOr, Command, Node, Pipeline, Redirection, Sequence
from prodlint.syntax.word import Expansion, Literal, Part, Substitution, Word

__all__ = ["Reader", "may_be_printed", "only_prints", "printers", "with_printed"]

_PRINTS = frozenset(
    "awk basename cat cut date dirname egrep expr fgrep getent getopt grep head hostname id jq ls md5sum nproc pgrep "
    "ps pwd readlink realpath sed seq sha256sum sort stat tail tput tr uname uniq uuidgen wc which whoami".split()
)

_TELLS = frozenset(("echo", "test", "[", "true", "false"))
_WRITES = (">", ">>", "&>", "&>>")
_DEEPEST = 6
_OWN_PLACE = regex(r"\$BASH_SOURCE|\$\{BASH_SOURCE(\[0\])?\}")
_FOLLOWS = regex(r"-[nqsv]*[fem][nqsv]*|--canonicalize(-existing|-missing)?")
_OPTIONS = {
    "pwd": regex(r"-[LP]"),
    "cd": regex(r"-[LPe]"),
    "dirname": regex(r"--"),
    "basename": regex(r"--"),
    "readlink": regex(r"-[nqsvfem]+|--canonicalize(-existing|-missing)?"),
    "greadlink": regex(r"-[nqsvfem]+|--canonicalize(-existing|-missing)?"),
    "realpath": regex(r"-[qemP]+|--(canonicalize-(existing|missing)|quiet|physical)"),
}


class Reader(Record):
    """The shell that reads a word, with what it looks things up in."""

    shell: Shell
    lookup: Lookup
    place: Place
    repository: Repository

    def real(self, path: str, directory: str | None) -> str | None:
        """A path of ours without symbolic links."""
        return self.place.real(path, directory, self.repository)


def only_prints(step: Step) -> bool:
    """Whether a program only prints something: inside of `$(…)` it changes nothing.

    `xargs` without a command prints what it reads (POSIX): `export $(grep -v '^#' .env | xargs)`.
    """
    return step.program in _PRINTS or (
        step.program == "xargs" and all(word is not None and word.startswith("-") for word in step.arguments)
    )


def with_printed(word: Word, reader: Reader) -> Word:
    """A word in which the substitutions whose output is known are replaced by it."""
    return Word(tuple(_replaced(part, reader) for part in word.parts), word.span)


@per_repository
def printers(repository: Repository, commands: Text) -> frozenset[str] | None:
    """The programs of `$(…)` that only print, and leave nothing behind; None where it does anything else."""
    return _printers(repository.commands(commands), repository)


def _printers(node: Node, repository: Repository) -> frozenset[str] | None:
    if isinstance(node, Sequence) and len(node.items) == 1:
        return _printers(node.items[0], repository)
    if isinstance(node, Pipeline):
        return _together(_printers(command, repository) for command in node.commands)
    if not isinstance(node, Command) or node.assignments or node.name not in _PRINTS | _TELLS:
        return None
    if not all(map(_keeps_nothing, node.redirections)) or any(map(_assigns, node.words)):
        return None
    inside = _together(printers(repository, commands) for commands in node.substituted)
    return None if inside is None else inside | {node.name}


def _together(found: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    result: frozenset[str] = frozenset()
    for one in found:
        if one is None:
            return None
        result |= one
    return result


def _keeps_nothing(one: Redirection) -> bool:
    is_null = one.operator in _WRITES and one.target is not None and one.target.literal == "/dev/null"
    return is_null or one.operator == ">&"


def _assigns(word: Word) -> bool:
    """Whether a word may set a variable by itself: `${A:=x}`."""
    found = (part for part in word.parts if isinstance(part, Expansion))
    return any(
        one.operator in (":=", "=") or (one.operand is not None and one.operand.literal is None) for one in found
    )


def may_be_printed(word: Word) -> bool:
    """Whether a word holds anything that is looked at here."""
    return any(not _is_kept(part) for part in word.parts)


def _is_kept(part: Part) -> bool:
    return isinstance(part, Literal) or (isinstance(part, Expansion) and part.name not in ("0", "BASH_SOURCE", "PWD"))


def _replaced(part: Part, reader: Reader) -> Part:
    if isinstance(part, Literal) or _is_kept(part):
        return part
    told = _text(part, reader, reader.shell.directory, 0)
    return part if told is None else Literal(Text.at(told, part.span), True)


def _text(part: Part, reader: Reader, directory: str | None, depth: int) -> str | None:
    """What a part of a word comes to in a directory; None where that is not known."""
    if isinstance(part, Literal):
        return part.text.value
    if isinstance(part, Substitution):
        inside = part.commands if depth < _DEEPEST else None
        return None if inside is None else _output(reader.repository.commands(inside), reader, directory, depth)[0]
    if part.name == "0" and not part.operator:
        return reader.shell.script
    if _OWN_PLACE.fullmatch(part.span.text):
        return reader.shell.lying.get(part.span.source.path)
    if part.name == "PWD" and not part.operator and part.name not in reader.shell.variables and not part.outside:
        return directory
    value = word_value(Word((part,), part.span), reader.lookup)
    return value.value if isinstance(value, Known) else None


def _word(word: Word, reader: Reader, directory: str | None, depth: int) -> str | None:
    texts = [_text(part, reader, directory, depth + 1) for part in word.parts]
    return None if None in texts else "".join(text for text in texts if text is not None)


def _output(node: Node | None, reader: Reader, directory: str | None, depth: int) -> tuple[str | None, str | None]:
    """What commands print and the directory in which they end; None for what is not known."""
    if isinstance(node, Pipeline) and len(node.commands) == 1 and not node.negated:
        return _output(node.commands[0], reader, directory, depth)
    if isinstance(node, Sequence) and len(node.items) in (1, 2):
        items: tuple[Node, ...] = node.items
    elif isinstance(node, AndOr) and node.operator == "&&":
        items = (node.left, node.right)
    elif isinstance(node, Command) and not node.assignments:
        return _of_command(node, reader, directory, depth)
    else:
        return None, None
    printed: list[str] = []
    for item in items:
        text, directory = _output(item, reader, directory, depth)
        if text is None:
            return None, None
        printed.append(text)
    return "".join(printed), directory


def _of_command(node: Command, reader: Reader, directory: str | None, depth: int) -> tuple[str | None, str | None]:
    name = node.words[0].literal if node.words else None
    words = list(node.words[1:])
    options = []
    while words and (words[0].literal or "").startswith("-"):
        options.append(words.pop(0).literal)
        if options[-1] == "--":
            break
    if name not in _OPTIONS or not all(one == "--" or _OPTIONS[name].fullmatch(one or "") for one in options):
        return None, None
    is_physical = "-P" in options
    if name == "pwd":
        return (reader.real(".", directory) if is_physical else directory), directory
    told = _word(words[0], reader, directory, depth) if len(words) in (1, 2) else None
    if told is None or (len(words) == 2 and name != "basename"):
        return None, None
    if name == "cd":
        moved = reader.real(told, directory) if is_physical else reader.place.moved(told, directory)
        return ("" if moved is not None else None), moved
    if name == "dirname":
        return posixpath.dirname(told.rstrip("/") or "/") or ".", directory
    if name == "basename":
        ending = _word(words[1], reader, directory, depth) if len(words) == 2 else ""
        return (None if ending is None else posixpath.basename(told.rstrip("/")).removesuffix(ending)), directory
    if name != "realpath" and not any(_FOLLOWS.fullmatch(one or "") for one in options):
        return None, None
    return reader.real(told, directory), directory
