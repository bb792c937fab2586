"""Shell scripts and command lines as trees, read by the grammar of bash, with the place of every word."""

from __future__ import annotations

from prodlint.regex import regex
from prodlint.source import Text
from prodlint.syntax.shell_grammar import ShellReader
from prodlint.syntax.shell_tree import (
    AndOr,
    Assignment,
    Background,
    Branch,
    Case,
    CaseArm,
    Command,
    Function,
    Group,
    If,
    Loop,
    Node,
    Pipeline,
    Redirection,
    Sequence,
    ShellScript,
    Subshell,
    Test,
    Unparsed,
    walk,
)
from prodlint.syntax.shell_words import Unreadable, split_words
from prodlint.syntax.word import Word

__all__ = [
    "AndOr",
    "Assignment",
    "Background",
    "Branch",
    "Case",
    "CaseArm",
    "Command",
    "Function",
    "Group",
    "If",
    "Loop",
    "Node",
    "Pipeline",
    "Redirection",
    "Sequence",
    "ShellScript",
    "Subshell",
    "Test",
    "Unparsed",
    "parse_document",
    "parse_shell",
    "split_words",
    "walk",
]

_LONGEST = 1_000_000
_CARRIAGE_RETURN = regex(r"\r(?=\n|\Z)")
_SHEBANG = regex(r"#![ \t]*([^\n]*)")


def parse_shell(text: Text) -> ShellScript:
    """The tree of a script or a command line.

    Never raises: what the grammar of bash does not allow, what is nested more than 40 deep and a
    text of more than a million characters becomes `Unparsed`, and what lies around it stays.
    `${{ … }}`, which GitHub fills in before a shell starts, is a `Substitution`. Carriage returns
    before line ends are left out.
    """
    interpreter, flags = _shebang(text.value)
    if len(text.value) > _LONGEST:
        return ShellScript(text, Sequence((Unparsed(text.span),), text.span), interpreter, flags)
    return ShellScript(text, ShellReader(_without_carriage_returns(text)).script(), interpreter, flags)


def parse_document(text: Text) -> Word | None:
    """The body of a here-document that expands as one word; None where an expansion in it does not end."""
    try:
        return ShellReader(text).words.document()
    except Unreadable:
        return None


def _shebang(value: str) -> tuple[str | None, tuple[str, ...]]:
    found = _SHEBANG.match(value)
    words = found[1].split() if found else []
    if words and words[0].rpartition("/")[2] == "env":
        del words[0]
        while words and (words[0].startswith("-") or "=" in words[0]):
            # `-Sbash -e` may be written without the blank.
            if words[0].startswith("-S") and len(words[0]) > 2:
                words[0] = words[0][2:]
            else:
                del words[0]
    if not words:
        return None, ()
    return words[0].rpartition("/")[2], tuple(words[1:])


def _without_carriage_returns(text: Text) -> Text:
    parts: list[Text] = []
    at = 0
    for found in _CARRIAGE_RETURN.finditer(text.value):
        parts.append(text.slice(at, found.start()))
        at = found.end()
    return Text.join([*parts, text.slice(at)]) if parts else text
