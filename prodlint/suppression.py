"""Comments that hide findings: `# prodlint: ignore[rule-name] -- reason`, in each file's own form.

A comment behind something else on its line applies to that line. A comment on a line of its own
applies to the next line that holds more than a comment. `ignore-file[…]`, in the comments at the
top of a file, applies to all of it. A line stands for the statement or instruction that begins on
it. A comment hides what it names and nothing else, and one that is not understood hides nothing
and is reported.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from prodlint.finding import Edit, Finding, Fix, Safety, Severity
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Source, Span

if TYPE_CHECKING:
    from prodlint.syntax.comment import Comment, Commented

__all__ = ["INVALID", "UNUSED", "Suppression", "Suppressions", "may_suppress", "read_suppressions", "unused"]

INVALID = "invalid-suppression"
UNUSED = "unused-suppression"

WORD = "prodlint"
EXAMPLE = "prodlint: ignore[rule-name] -- reason"

DIRECTIVE = regex(r"prodlint:\s*(?P<verb>ignore(?:-file)?)\s*\[(?P<names>[^\[\]]*)\](?P<rest>.*)", re.DOTALL)
NAME = regex(r"[^\s,](?:[^,]*[^\s,])?")
ATTEMPT = regex(r"prodlint(?P<colon>\s*:)?[\s=/-]*(?P<verb>[a-z-]*)\s*(?P<rest>.*)", re.DOTALL | re.IGNORECASE)
VERBS = ("ignore", "ignore-file", "ignore-line", "ignore-next-line", "noqa", "disable", "nolint", "skip", "suppress")

# Nobody reads more, and looking for the nearest name takes its time.
MOST_PROBLEMS = 100


class Suppression(Record):
    """A comment that hides the findings of some rules on one line, or in its file where that is None.

    `names` are the places of the names in it, of rules or not; `listed` is what stands between
    the brackets.
    """

    comment: Comment
    names: tuple[Span, ...]
    listed: Span
    reason: str
    line: int | None


class Suppressions(Record):
    """What the comments of one file hide, and findings about those that are not understood."""

    entries: tuple[Suppression, ...]
    problems: tuple[Finding, ...]
    _names: Mapping[tuple[str, int | None], Span]
    _starts: Sequence[int]

    def hiding(self, finding: Finding) -> list[Span]:
        """The places where a comment names the rule of a finding and applies to it."""
        line = finding.span.line
        start = self._starts[line] if line < len(self._starts) else line
        places = [(finding.rule, place) for place in (line, start, None)]
        return [self._names[place] for place in places if place in self._names]


def may_suppress(text: str) -> bool:
    """Whether a file can hold a suppression or a near miss of one; a quick look without parsing."""
    return any(spelling in text for spelling in (WORD, WORD.capitalize(), WORD.upper()))


def read_suppressions(source: Source, known_rules: frozenset[str], *, require_reason: bool = False) -> Suppressions:
    """All suppressions of a file. `known_rules` has the name of every rule, selected or not."""
    from prodlint.syntax.comment import read_comments

    file = read_comments(source, WORD)
    entries: list[Suppression] = []
    problems: list[Finding] = []
    names: dict[tuple[str, int | None], Span] = {}
    for comment in file.comments:
        for read in _read(comment, file, known_rules):
            if isinstance(read, Suppression):
                entries.append(read)
                for name in read.names:
                    # A second comment that says the same of a line hides nothing.
                    names.setdefault((name.text, read.line), name)
                if require_reason and not read.reason:
                    message = "This suppression gives no reason"
                    problems.append(_invalid(comment.span, message, _write(file)))
            else:
                problems.append(read)
            if len(problems) >= MOST_PROBLEMS:
                break
    return Suppressions(tuple(entries), tuple(problems[:MOST_PROBLEMS]), names, file.starts)


def _read(comment: Comment, file: Commented, known_rules: frozenset[str]) -> Iterator[Suppression | Finding]:
    """What a comment that begins with the word means: nothing, a suppression, or problems with it."""
    match = DIRECTIVE.fullmatch(comment.body.text)
    if match is None or match["rest"].lstrip().startswith((",", "[")):
        fault = _fault(comment.body.text, known_rules)
        if fault:
            yield _invalid(comment.span, f"This comment hides nothing: {fault}", _write(file))
        return
    listed = _part(comment.body, *match.span("names"))
    names = tuple(_part(listed, *name.span()) for name in NAME.finditer(listed.text))
    whole_file = match["verb"] == "ignore-file"
    if not names:
        yield _invalid(comment.span, "This comment hides nothing: it names no rule", _write(file))
    elif not comment.allowed:
        message = "This comment hides nothing: in this kind of file a comment is on a line of its own"
        yield _invalid(comment.span, message, "Move it to the line above.")
    elif whole_file and comment.line > file.head:
        message = "This comment hides nothing: `ignore-file` stands below the beginning of the content"
        instead = "Move it to the comments at the top of the file, or write `ignore` for one line."
        yield _invalid(comment.span, message, instead)
    else:
        line = file.code[comment.line] if comment.alone else comment.line
        reason = match["rest"].strip().lstrip("-:").strip()
        yield Suppression(comment, names, listed, reason, None if whole_file else line)
        yield from (_unknown(name, known_rules) for name in names if name.text not in known_rules)


def _part(span: Span, start: int, end: int) -> Span:
    return Span(span.source, span.start + start, span.start + end)


def _near(text: str, names: Sequence[str], likeness: float) -> list[str]:
    """The name that a text was probably meant to be."""
    from difflib import get_close_matches

    return get_close_matches(text, names, 1, likeness)


def _fault(text: str, known_rules: Collection[str]) -> str:
    """What is wrong with a comment that was meant as a suppression; empty when it was not."""
    match = ATTEMPT.fullmatch(text)
    if match is None:
        return ""
    verb, rest = match["verb"].lower(), match["rest"]
    if match["colon"]:
        meant = verb in VERBS or rest.startswith("[") or bool(_near(verb, VERBS[:2], 0.8))
    else:
        # Without the colon it may well be a sentence about prodlint.
        meant = verb in VERBS and (not rest or rest[0] in "[(=:" or rest.split()[0].strip(",") in known_rules)
    if not meant:
        return ""
    if not rest:
        return "it names no rule"
    if rest.startswith("[") and "]" not in rest:
        return "its bracket is not closed"
    return "it is not written as a suppression"


def _write(file: Commented) -> str:
    return f"Write `{file.form.example(EXAMPLE)}`."


def _invalid(span: Span, message: str, instead: str, fix: Fix | None = None) -> Finding:
    return Finding(span, message, help=instead, fix=fix, severity=Severity.WARNING, rule=INVALID)


def _unknown(name: Span, known_rules: frozenset[str]) -> Finding:
    message = f"`{name.text}` is not the name of a rule"
    if name.text in ("all", "*"):
        return _invalid(name, message, "A suppression hides only the rules that it names.")
    near = _near(name.text, sorted(known_rules), 0.6) if len(name.text) < 80 else []
    if not near:
        return _invalid(name, message, "`prodlint rules` lists the names.")
    fix = Fix(f"Write `{near[0]}`", (Edit(name, near[0]),), Safety.UNSAFE)
    return _invalid(name, message, f"Did you mean `{near[0]}`?", fix)


def unused(suppressions: Suppressions, used: Collection[Span], ran: frozenset[str]) -> Iterator[Finding]:
    """A finding for each comment that names a rule which ran and for which it has hidden nothing.

    `used` has the places of the names that have hidden a finding.
    """
    for entry in suppressions.entries:
        idle = [name for name in entry.names if name.text in ran and name not in used]
        if not idle:
            continue
        others = [name.text for name in entry.names if name.text not in ran or name in used]
        rules = tuple(dict.fromkeys(name.text for name in idle))
        words = " and ".join(f"`{rule}`" for rule in rules)
        where = "in this file" if entry.line is None else "here"
        fact = f"{words} {'is' if len(rules) == 1 else 'are'} not reported {where}"
        if others:
            message, title = fact, f"Delete {words} from the comment"
            span, edit = idle[0], Edit(entry.listed, ", ".join(others))
        else:
            message, title = f"This comment hides nothing: {fact}", "Delete the comment"
            span, edit = entry.comment.span, Edit(_with_space(entry.comment), "")
        yield Finding(
            span,
            message,
            help="Delete it, so that it cannot hide a fault that comes later.",
            fix=Fix(title, (edit,), Safety.SAFE),
            severity=Severity.WARNING,
            rule=UNUSED,
        )


def _with_space(comment: Comment) -> Span:
    """A comment with what would be left behind without it: its line, or the space that sets it off."""
    source, span = comment.span.source, comment.span
    start, end = source.offset(comment.line), source.offset(comment.line + 1)
    if comment.fills_line:
        return Span(source, start, end)
    before, after = source.text[start : span.start], source.text[span.end : end]
    if after.strip():
        return Span(source, span.start, span.end + len(after) - len(after.lstrip()))
    return Span(source, start + len(before.rstrip()), span.end)
