"""Scripts that are files of no repository: the build of an image writes them, from a text in its Dockerfile."""

from __future__ import annotations

from prodlint.deployment.command import Link, Parent
from prodlint.deployment.commands.ancestry import shell_ancestor
from prodlint.deployment.execution.shell_walk import Shell, around, inside_of, of_script, reads_as_shell
from prodlint.source import Source, Span, Text
from prodlint.syntax.shell import parse_shell
from prodlint.syntax.shell_tree import Sequence
from prodlint.syntax.word import Word

__all__ = ["made_script"]


def made_script(
    text: Text | None, words: tuple[Word, ...], shell: Shell, span: Span, is_shell: bool
) -> tuple[Sequence, Shell] | None:
    """The commands of a script with such a text and the shell that reads them, None where no shell does."""
    name = words[0].written
    if text is None or not (is_shell or reads_as_shell(Source(name.lstrip("/"), text.value))):
        return None
    link = Link(around(words[0].span, span), f"runs {name}, which {text.source.path} writes")
    if any(one.note == link.note for one in shell.chain):
        return None
    script = parse_shell(text)
    own = shell_ancestor(Parent.SCRIPT, name, span, text.value)
    return script.body, inside_of(own, script.body, of_script(script, words, shell, link))
