"""Text from inspected files is hostile: what a terminal or a build log would obey is made visible.

File names, messages and source lines may hold escape sequences, characters that reverse the
direction of writing, or commands for the runner of a pipeline. GitHub's runner obeys a line that
begins, behind white space, with `::`, and one with `##[` anywhere in it.
"""

from __future__ import annotations

from prodlint.regex import regex

__all__ = ["at_line_start", "visible"]

RUNNER_PREFIX = regex(r"##(?=\[)")


def visible(text: str) -> str:
    """The text on one line; each character that does not print is spelled as its escape (`\\x1b`)."""
    if not text.isprintable():
        text = "".join(
            character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
            for character in text
        )
    return RUNNER_PREFIX.sub(r"#\\x23", text) if "##[" in text else text


def at_line_start(text: str) -> str:
    """A visible text that may be printed at the beginning of a line, indented or not."""
    content = text.lstrip()
    if not content.startswith("::"):
        return text
    return f"{text[: len(text) - len(content)]}\\x3a{content[1:]}"
