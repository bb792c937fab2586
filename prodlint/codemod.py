"""Changes to Python files: named ones are worked out, and what any change leaves behind is checked.

libcst keeps every character of a file, and its grammar is that of the newest Python, whichever
runs. It is the only library here that writes, and nothing but a fix that is applied or shown as
edits loads it (0.2 s). Its parser kills the process on a text that is nested without end (measured
with 1.9.0: 3,000 parentheses, 15,000 minus signs), so that a depth is asked for first.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from prodlint.finding import Change, Edit, Fix, Guard, Safety, WithoutArgument
from prodlint.record import replace
from prodlint.source import Source, Span, SyntaxProblem
from prodlint.syntax.python import parse_python

if TYPE_CHECKING:
    import libcst

__all__ = ["CannotChange", "as_edits", "check_python", "spelled_out"]

# The depth of real files is below 60; libcst's own limit is Python's for recursion.
_DEEPEST = 150
_LONGEST = 1_000_000


class CannotChange(Exception):
    """A change cannot be made without a doubt: why."""


def as_edits(change: Change) -> tuple[Edit, ...]:
    """A change as ranges and their replacements; raises CannotChange."""
    if isinstance(change, Edit):
        return (change,)
    if isinstance(change, Guard):
        return (_guarded(change),)
    return (_without_argument(change),)


def spelled_out(fix: Fix) -> Fix:
    """A fix of edits alone, for those who cannot work out a change: done by hand where it cannot be worked out."""
    try:
        return replace(fix, edits=tuple(edit for change in fix.edits for edit in as_edits(change)))
    except CannotChange:
        return replace(fix, edits=(), safety=Safety.MANUAL)


def check_python(path: str, before: str, after: str) -> None:
    """Whether a changed text is Python that libcst gives back letter by letter; raises CannotChange.

    Nothing is asked of a file that was no Python before.
    """
    try:
        parse_python(Source(path, before))
    except SyntaxProblem:
        raise CannotChange(f"{path} is not Python that can be read") from None
    if _parsed(path, after).code != after:
        raise CannotChange(f"{path} would not be given back letter by letter")


def _parsed(path: str, text: str) -> libcst.Module:
    if len(text) > _LONGEST:
        raise CannotChange(f"{path} is too long to be changed")
    try:
        tree = parse_python(Source(path, text)).tree
    except SyntaxProblem as problem:
        raise CannotChange(f"{path} would be no Python any more: {problem.message}") from None
    if _depth(tree) > _DEEPEST:
        raise CannotChange(f"{path} is nested too deeply to be changed")
    import libcst

    try:
        return libcst.parse_module(text)
    except libcst.ParserSyntaxError as error:
        raise CannotChange(f"{path} would be no Python any more: {error.message}") from None
    except RecursionError:
        raise CannotChange(f"{path} is nested too deeply to be changed") from None


def _depth(tree: ast.AST) -> int:
    depth = 0
    level = [tree]
    while level and depth <= _DEEPEST:
        depth += 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return depth


def _source_text(span: Span) -> libcst.Module:
    module = _parsed(span.path, span.source.text)
    if module.code != span.source.text:
        raise CannotChange(f"{span.path} is not given back letter by letter")
    return module


def _guarded(change: Guard) -> Edit:
    """The statement, its comments behind it included, one level further in; comments above stay above."""
    import libcst

    span = change.span
    module = _source_text(span)
    at = sum(len(module.code_for_node(line)) for line in module.header)
    for statement in module.body:
        start, at = at, at + len(module.code_for_node(statement))
        if at > span.start:
            break
    else:
        raise CannotChange(f"{span} is no statement")
    if not isinstance(statement, libcst.SimpleStatementLine) or len(statement.body) != 1:
        raise CannotChange(f"{span} is part of another statement")
    own = statement.body[0]
    if not isinstance(own, libcst.Expr) or module.code_for_node(own.value) != span.text:
        raise CannotChange(f"{span} is part of another statement")
    block = libcst.IndentedBlock([statement.with_changes(leading_lines=())])
    guard = libcst.If(libcst.parse_expression('__name__ == "__main__"'), block)
    start += sum(len(module.code_for_node(line)) for line in statement.leading_lines)
    # The last line of a file may have no end.
    end = min(at, len(span.source.text))
    code = module.code_for_node(guard)
    return Edit(
        Span(span.source, start, end), code if module.has_trailing_newline or at == end else code.rstrip("\r\n")
    )


def _without_argument(change: WithoutArgument) -> Edit:
    """The call as it is written, without one argument and the comma that went with it."""

    span = change.span
    module = _source_text(span)
    call = _call_at(module, span)
    index = next((at for at, one in enumerate(call.args) if one.keyword and one.keyword.value == change.name), None)
    if index is None:
        raise CannotChange(f"{span} has no argument {change.name}")
    removed = call.args[index]
    kept = [*call.args[:index], *call.args[index + 1 :]]
    if kept and index == len(kept):
        # The last one of all may end without a comma, and the line of the bracket hangs on it.
        kept[-1] = kept[-1].with_changes(comma=removed.comma, whitespace_after_arg=removed.whitespace_after_arg)
    return Edit(span, module.code_for_node(call.with_changes(args=kept)))


def _call_at(module: libcst.Module, span: Span) -> libcst.Call:
    import libcst
    from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

    wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
    start = len(span.source.text[: span.start].encode())
    length = len(span.text.encode())
    for node, place in wrapper.resolve(ByteSpanPositionProvider).items():
        if isinstance(node, libcst.Call) and (place.start, place.length) == (start, length):
            return node
    raise CannotChange(f"{span} is no call")
