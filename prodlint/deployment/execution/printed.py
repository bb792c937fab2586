"""What `$(dirname "$0")`, `$(cd "$(dirname "$0")/.." && pwd)` and their like print: where a script lies, and moves.

Most scripts begin so, and go on from there: without it nobody knows in which folder they start a server.
"""

from __future__ import annotations

import posixpath

from prodlint.deployment.condition import Lookup, word_value
from prodlint.deployment.execution.shell_walk import Shell, substituted
from prodlint.deployment.filemap import absolute
from prodlint.deployment.value import Known
from prodlint.regex import regex
from prodlint.source import Text
from prodlint.syntax.shell import AndOr, Command, Node, Pipeline, Sequence, parse_shell
from prodlint.syntax.word import Expansion, Literal, Part, Substitution, Word

__all__ = ["PRINTS", "with_printed"]

PRINTS = frozenset(
    "awk basename cat cut date dirname egrep expr fgrep getent getopt grep head hostname id jq ls md5sum nproc pgrep "
    "ps pwd readlink realpath sed seq sha256sum sort stat tail tput tr uname uniq uuidgen wc which whoami".split()
)
"""Programs that only print something: inside of `$(…)` they change nothing."""

_DEEPEST = 6
_OWN_PLACE = regex(r"\$BASH_SOURCE|\$\{BASH_SOURCE(\[0\])?\}")
_FOLLOWS = regex(r"-[a-zA-Z]*[fem][a-zA-Z]*|--canonicalize(-existing|-missing)?")


def with_printed(word: Word, shell: Shell, lookup: Lookup) -> Word:
    """A word in which the substitutions whose output is known are replaced by it."""
    if all(isinstance(part, Literal) for part in word.parts):
        return word
    return Word(tuple(_replaced(part, shell, lookup) for part in word.parts), word.span)


def _replaced(part: Part, shell: Shell, lookup: Lookup) -> Part:
    if isinstance(part, Literal) or (isinstance(part, Expansion) and part.name not in ("0", "BASH_SOURCE", "PWD")):
        return part
    told = _text(part, shell, shell.directory, lookup, 0)
    return part if told is None else Literal(Text.at(told, part.span), True)


def _text(part: Part, shell: Shell, directory: str | None, lookup: Lookup, depth: int) -> str | None:
    """What a part of a word comes to in a directory; None where that is not known."""
    if isinstance(part, Literal):
        return part.text.value
    if isinstance(part, Substitution):
        inside = next(substituted(Word((part,), part.span)), None) if depth < _DEEPEST else None
        return None if inside is None else _output(parse_shell(inside).body, shell, directory, lookup, depth)[0]
    if part.name == "0" and not part.operator:
        return shell.script
    if _OWN_PLACE.fullmatch(part.span.text):
        return shell.lying.get(part.span.source.path)
    if part.name == "PWD" and not part.operator and part.name not in shell.variables and not part.outside:
        return directory
    value = word_value(Word((part,), part.span), lookup)
    return value.value if isinstance(value, Known) else None


def _word(word: Word, shell: Shell, directory: str | None, lookup: Lookup, depth: int) -> str | None:
    texts = [_text(part, shell, directory, lookup, depth + 1) for part in word.parts]
    return None if None in texts else "".join(text for text in texts if text is not None)


def _output(
    node: Node | None, shell: Shell, directory: str | None, lookup: Lookup, depth: int
) -> tuple[str | None, str | None]:
    """What commands print and the directory in which they end; None for what is not known."""
    if isinstance(node, Pipeline) and len(node.commands) == 1 and not node.negated:
        return _output(node.commands[0], shell, directory, lookup, depth)
    if isinstance(node, Sequence) and len(node.items) in (1, 2):
        items: tuple[Node, ...] = node.items
    elif isinstance(node, AndOr) and node.operator == "&&":
        items = (node.left, node.right)
    elif isinstance(node, Command) and not node.assignments:
        return _of_command(node, shell, directory, lookup, depth)
    else:
        return None, None
    printed: list[str] = []
    for item in items:
        text, directory = _output(item, shell, directory, lookup, depth)
        if text is None:
            return None, None
        printed.append(text)
    return "".join(printed), directory


def _of_command(
    node: Command, shell: Shell, directory: str | None, lookup: Lookup, depth: int
) -> tuple[str | None, str | None]:
    name = node.words[0].literal if node.words else None
    if name == "pwd":
        return directory, directory
    if name not in ("cd", "dirname", "basename", "readlink", "realpath", "greadlink"):
        return None, None
    options = [word.literal or "" for word in node.words[1:] if (word.literal or "").startswith("-")]
    words = [word for word in node.words[1:] if not (word.literal or "").startswith("-")]
    told = _word(words[0], shell, directory, lookup, depth) if len(words) in (1, 2) else None
    if told is None or (len(words) == 2 and name != "basename"):
        return None, None
    if name == "cd":
        moved = absolute(told, directory)
        return ("" if moved is not None else None), moved
    if name == "dirname":
        return posixpath.dirname(told.rstrip("/") or "/") or ".", directory
    if name == "basename":
        ending = _word(words[1], shell, directory, lookup, depth) if len(words) == 2 else ""
        return (None if ending is None else posixpath.basename(told.rstrip("/")).removesuffix(ending)), directory
    if name != "realpath" and not any(_FOLLOWS.fullmatch(one) for one in options):
        return None, None
    return absolute(told, directory), directory
