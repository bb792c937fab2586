"""Fixes: which of them are applied, what the files become, and what that looks like as a diff.

Nothing here touches the disk: `settle` works on the bytes that were read, round by round, and
`prodlint.writing` brings the result there.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TypeVar

from prodlint.finding import Edit, Finding, Guard, Safety, WithoutArgument
from prodlint.kind import Kind, classify
from prodlint.record import Record, State, field
from prodlint.source import Source

__all__ = ["MOST_ROUNDS", "CannotFix", "Outcome", "Refusal", "Round", "combine", "diff", "settle", "spliced"]

MOST_ROUNDS = 10
"""One fix may make room for the next; so many rounds are worked before what is left is only reported."""

L = TypeVar("L")
Data = Callable[[str], "bytes | None"]
Hindrance = Callable[[str, bytes], "str | None"]


class CannotFix(Exception):
    """A fix cannot be applied: why. `is_failure` says that the fault lies with a file that cannot be written."""

    def __init__(self, reason: str, *, is_failure: bool = False) -> None:
        super().__init__(reason)
        self.is_failure = is_failure


class Refusal(Record):
    """A finding whose fix is not applied, and why."""

    finding: Finding
    reason: str
    is_failure: bool = False


class Round(Record):
    """What one look at the findings comes to: the files that change, with their new bytes."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    applied: tuple[Finding, ...] = ()
    postponed: tuple[Finding, ...] = ()
    refused: tuple[Refusal, ...] = ()


class Outcome(Record):
    """All rounds together: the bytes of each changed file before and after, and what could not be fixed.

    `is_unfinished` says that the last round had still something to fix.
    """

    before: Mapping[str, bytes]
    after: Mapping[str, bytes]
    applied: tuple[Finding, ...]
    refused: tuple[Refusal, ...]
    is_unfinished: bool = False


def settle(
    look: Callable[[Mapping[str, bytes]], tuple[L, Iterable[Finding], Data]],
    safeties: Collection[Safety],
    hindrance: Hindrance,
) -> tuple[Outcome, L]:
    """Fix, look again, and fix what is left, until nothing is; also what the last look saw.

    `look` inspects the project with the given files in the place of its own, and answers with whatever
    the caller wants of it, the findings, and the bytes of a file. `hindrance(path, bytes)` says why a
    file cannot be changed, None where it can.
    """
    before: dict[str, bytes] = {}
    after: dict[str, bytes] = {}
    applied: list[Finding] = []
    done: set[tuple[object, ...]] = set()
    refused: tuple[Refusal, ...] = ()
    unfinished = False
    for count in range(MOST_ROUNDS + 1):
        seen, findings, data = look(after)
        # What was written once and is asked for again would be written without end.
        waiting = [finding for finding in findings if _identity(finding) not in done]
        result = combine(waiting, data, safeties, hindrance)
        refused = result.refused
        unfinished = bool(result.applied)
        if not unfinished or count == MOST_ROUNDS:
            break
        done.update(_identity(finding) for finding in result.applied)
        applied.extend(result.applied)
        for path, new in result.files.items():
            before.setdefault(path, data(path) or b"")
            after[path] = new
    changed = {path: new for path, new in after.items() if new != before[path]}
    return Outcome({path: before[path] for path in changed}, changed, tuple(applied), refused, unfinished), seen


def _identity(finding: Finding) -> tuple[object, ...]:
    fix = finding.fix
    changes = () if fix is None else tuple((one.span.path, getattr(one, "replacement", "")) for one in fix.edits)
    return finding.rule, finding.path, fix.title if fix is not None else "", changes, finding.message


class _Accepted(State):
    """What is to be changed so far."""

    edits: dict[str, list[Edit]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)


def combine(findings: Iterable[Finding], data: Data, safeties: Collection[Safety], hindrance: Hindrance) -> Round:
    """The fixes that can be applied at once, the first of two that touch the same place; each whole or not at all."""
    accepted = _Accepted()
    applied: list[Finding] = []
    postponed: list[Finding] = []
    refused: list[Refusal] = []
    for finding in findings:
        fix = finding.fix
        if fix is None or not fix.edits or fix.safety not in safeties:
            continue
        try:
            edits = tuple(_edits_of(fix.edits))
            room = _accept(edits, accepted, data, hindrance)
        except CannotFix as reason:
            refused.append(Refusal(finding, str(reason), reason.is_failure))
            continue
        (applied if room else postponed).append(finding)
    return Round(accepted.files, tuple(applied), tuple(postponed), tuple(refused))


def _edits_of(changes: Iterable[Edit | Guard | WithoutArgument]) -> Iterator[Edit]:
    for change in changes:
        if isinstance(change, Edit):
            yield change
            continue
        from prodlint.codemod import CannotChange, as_edits

        try:
            yield from as_edits(change)
        except CannotChange as reason:
            raise CannotFix(str(reason)) from None


def _accept(edits: tuple[Edit, ...], accepted: _Accepted, data: Data, hindrance: Hindrance) -> bool:
    """Whether the edits have room beside those that are accepted; then they are, too. Raises CannotFix."""
    own: dict[str, list[Edit]] = {}
    for edit in dict.fromkeys(edits):
        if edit in accepted.edits.get(edit.span.path, ()):
            continue
        others = own.setdefault(edit.span.path, [])
        if any(_collide(edit, other) for other in others):
            raise CannotFix(f"its edits of {edit.span.path} overlap")
        others.append(edit)
    if any(_collide(edit, other) for path in own for edit in own[path] for other in accepted.edits.get(path, ())):
        return False
    files: dict[str, bytes] = {}
    for path, added in own.items():
        content = data(path)
        if content is None:
            raise CannotFix(f"{path} cannot be read")
        reason = hindrance(path, content)
        if reason is not None:
            raise CannotFix(reason, is_failure=True)
        files[path] = spliced(path, content, [*accepted.edits.get(path, ()), *added])
    accepted.files.update(files)
    for path, added in own.items():
        accepted.edits.setdefault(path, []).extend(added)
    return True


def _collide(one: Edit, other: Edit) -> bool:
    """Whether two edits touch the same text, or begin at the same place so that their order would decide."""
    first, second = one.span, other.span
    return max(first.start, second.start) < min(first.end, second.end) or first.start == second.start


def spliced(path: str, data: bytes, edits: Iterable[Edit]) -> bytes:
    """The bytes of a file with its edits made; every other byte stays. Raises CannotFix.

    A line feed of a replacement becomes the line end of the file.
    """
    ordered = sorted(edits, key=lambda edit: edit.span.start)
    read = {id(edit.span.source): edit.span.source for edit in ordered}
    mark, encoding, errors, text = _decoded(path, data, read.values())
    ends_with_return = text.count("\r\n") * 2 > text.count("\n")
    parts, at = [], 0
    for edit in ordered:
        replacement = edit.replacement.replace("\r\n", "\n")
        parts += [text[at : edit.span.start], replacement.replace("\n", "\r\n") if ends_with_return else replacement]
        at = edit.span.end
    changed = "".join([*parts, text[at:]])
    try:
        result = changed.encode(encoding, errors)
    except UnicodeEncodeError:
        raise CannotFix(f"{path} is written in {encoding}, which cannot hold what the fix writes") from None
    first, last = text[: ordered[0].span.start].encode(encoding, errors), text[at:].encode(encoding, errors)
    if not (result.startswith(first) and result.endswith(last) and result.decode(encoding, errors) == changed):
        raise CannotFix(f"{path} is written in {encoding}, which is not given back byte by byte")
    _check(path, text, changed, len(ordered))
    return mark + result


def _check(path: str, before: str, after: str, edits: int) -> None:
    """Have another reader look at what a number of edits made of a text. Raises CannotFix."""
    from prodlint.codemod import CannotChange, check_python

    try:
        if path.endswith((".py", ".pyw")):
            check_python(path, before, after)
        elif classify(path) is Kind.DOCKERFILE:
            from prodlint.rewritten_dockerfile import check_dockerfile

            check_dockerfile(path, before, after, edits)
    except CannotChange as reason:
        raise CannotFix(str(reason)) from None


def _decoded(path: str, data: bytes, sources: Iterable[Source]) -> tuple[bytes, str, str, str]:
    """Byte-order mark, encoding, how its errors are kept, and the text in which the offsets of the sources hold."""
    texts = [source.text for source in sources]
    for mark, encoding, errors in _encodings(path, data):
        try:
            text = data[len(mark) :].decode(encoding, errors)
            if mark + text.encode(encoding, errors) != data:
                continue
        except (UnicodeError, LookupError):
            continue
        shown = "".join("�" if "\udc80" <= one <= "\udcff" else one for one in text) if errors != "strict" else text
        if all(shown == other for other in texts):
            return mark, encoding, errors, text
    raise CannotFix(f"{path} is in an encoding that is not given back byte by byte")


def _encodings(path: str, data: bytes) -> Iterator[tuple[bytes, str, str]]:
    for mark, encoding, errors in (
        (codecs.BOM_UTF8, "utf-8", "surrogateescape"),
        (codecs.BOM_UTF16_LE, "utf-16-le", "strict"),
        (codecs.BOM_UTF16_BE, "utf-16-be", "strict"),
    ):
        if data.startswith(mark):
            yield mark, encoding, errors
            return
    if path.endswith((".py", ".pyw")):
        import contextlib
        import io
        import tokenize

        with contextlib.suppress(SyntaxError, UnicodeError):
            yield b"", tokenize.detect_encoding(io.BytesIO(data).readline)[0], "strict"
    yield b"", "utf-8", "surrogateescape"


def diff(outcome: Outcome) -> bytes:
    """The changed files as one unified diff, which `patch -p0` understands; in the files' own bytes."""
    import difflib

    parts: list[bytes] = []
    for path in sorted(outcome.after):
        name = path.encode("utf-8", "surrogateescape")
        old, new = (_lines(content[path]) for content in (outcome.before, outcome.after))
        lines = difflib.diff_bytes(difflib.unified_diff, old, new, name, name)
        parts += [line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n" for line in lines]
    return b"".join(parts)


def _lines(data: bytes) -> list[bytes]:
    """Lines with their ends; only a line feed ends one."""
    lines = data.split(b"\n")
    return [*(line + b"\n" for line in lines[:-1]), *filter(None, lines[-1:])]
