r"""Files that a build prints: `RUN echo '#!/bin/sh\nexec gunicorn shop.wsgi' > /start.sh && chmod +x /start.sh`.

What `echo` makes of a backslash depends on the shell (POSIX, "echo", Application usage): that of Debian takes `\n` for
the end of a line, and bash does so behind `-e` alone (measured with dash 0.5.12 and bash 5.2). The format of `printf`
is the same for both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prodlint.deployment.filemap import absolute
from prodlint.regex import regex
from prodlint.source import Text
from prodlint.syntax.shell import AndOr, Command, Node, Sequence
from prodlint.syntax.word import Word

__all__ = ["printed_files"]

# What these do to a file changes nothing of its text.
_KEEP = ("chmod", "chown", "mkdir", "set")
_OPTION = regex(r"-[neE]+")
_ENDS = {"n": "\n", "t": "\t", "\\": "\\"}
_OTHERS = frozenset("abcefrvxuU01234567")
_MOST = 100


def printed_files(
    commands: Sequence, directory: str | None, shell: str | None, held: Callable[[str], Text | None]
) -> dict[str, Text]:
    """The files that the commands of a RUN print, by their paths; empty where they do anything else.

    `shell` is the program that reads them, None where that is not known; `held` is what a file holds before.
    """
    found: dict[str, Text] = {}
    nodes = list(_plain(commands))
    if len(nodes) > _MOST or not any(isinstance(one, Command) and one.redirections for one in nodes):
        return {}
    for one in nodes:
        if not isinstance(one, Command) or one.assignments:
            return {}
        if one.name in (*_KEEP, "echo") and not one.redirections:
            continue
        path, text = _target(one, directory), _printed(one, shell)
        if path is None or text is None:
            return {}
        before = found.get(path, held(path)) if one.redirections[0].operator == ">>" else Text("", text.source, (0,))
        if before is None:
            return {}
        found[path] = Text.join((before, text)) if before.value else text
    return found


def _plain(node: Node) -> Iterator[Node]:
    """The commands that run one after the other, as long as each succeeds."""
    if isinstance(node, Sequence):
        for one in node.items:
            yield from _plain(one)
    elif isinstance(node, AndOr) and node.operator == "&&":
        yield from _plain(node.left)
        yield from _plain(node.right)
    else:
        yield node


def _target(command: Command, directory: str | None) -> str | None:
    if len(command.redirections) != 1:
        return None
    one = command.redirections[0]
    if one.operator not in (">", ">>") or one.descriptor not in ("", "1") or one.target is None:
        return None
    name = one.target.literal
    return absolute(name, directory) if name else None


def _printed(command: Command, shell: str | None) -> Text | None:
    """What a command prints; None where that is not known."""
    words = command.words[1:]
    if command.name == "echo":
        return _echoed(words, shell)
    if command.name != "printf" or not words:
        return None
    form = words[0].content
    if form is None:
        return None
    if form.value in ("%s\\n", "%s\n") and len(words) > 1:
        lines = [one.content for one in words[1:]]
        return (
            Text.join([part for one in lines if one is not None for part in (one, _line_end(one))])
            if all(one is not None for one in lines)
            else None
        )
    return _unescaped(form) if "%" not in form.value and len(words) == 1 else None


def _echoed(words: tuple[Word, ...], shell: str | None) -> Text | None:
    options = ""
    if words and words[0].literal is not None and _OPTION.fullmatch(words[0].literal):
        options, words = words[0].literal, words[1:]
    texts = [one.content for one in words]
    if not texts or any(one is None for one in texts):
        return None
    if options.strip("-n") and shell != "bash":
        return None
    parts: list[Text] = []
    for one in texts:
        assert one is not None
        if "\\" in one.value and shell not in ("dash", "bash"):
            return None
        text = _unescaped(one) if shell == "dash" or "e" in options else one
        if text is None:
            return None
        parts += [_sign(" ", text), text] if parts else [text]
    return Text.join(parts if "n" in options else [*parts, _line_end(parts[-1])])


def _unescaped(text: Text) -> Text | None:
    """A text with its line ends and tabs in the place of their escapes; None with one that means something else."""
    parts: list[Text] = []
    start = at = 0
    while (at := text.value.find("\\", at)) >= 0 and at + 1 < len(text.value):
        letter = text.value[at + 1]
        if letter in _OTHERS:
            return None
        if letter in _ENDS:
            sign = Text(_ENDS[letter], text.source, (text.offsets[at], text.offsets[at + 2]))
            parts += [text.slice(start, at), sign]
            start = at + 2
        at += 2
    return Text.join([*parts, text.slice(start)])


def _line_end(text: Text) -> Text:
    return _sign("\n", text)


def _sign(sign: str, beside: Text) -> Text:
    """A sign that stands nowhere in the source: at the end of a text."""
    end = beside.offsets[-1]
    return Text(sign, beside.source, (max(end - 1, 0), end))
