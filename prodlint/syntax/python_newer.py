"""Syntax newer than the running interpreter, rewritten until `ast.parse` reads it.

A production image often runs a newer Python than the machine that lints it. Each newer form is
replaced by an older one of the same meaning for static reading, the result is parsed, and every
node is moved back to the place where the file has it. Nothing here judges whether the newer form
is correct: `ast.parse` judges what is left.
"""

from __future__ import annotations

import ast
import keyword
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from prodlint.record import Record
from prodlint.regex import regex
from prodlint.syntax.python_positions import PythonLines
from prodlint.syntax.python_tokens import Field, FormattedString, Piece, Tokens, scan

__all__ = ["TEMPLATE", "Rewriting", "parse_relocated", "rewrite"]

TEMPLATE = "<template string>"
"""The name that is called in place of a t-string, with the values that it interpolates; no code can bind it."""

_LONGEST = 2_000_000
_CONVERSIONS = {"": -1, "s": 115, "r": 114, "a": 97}
_DEEPEST_FORMAT = 5
_LINE_END = regex(r"[\r\n]")


class _Edit(Record):
    """The characters from `start` to `end` of the file stand as `text` in what is parsed."""

    start: int
    end: int
    text: str


class Rewriting:
    """A text with edits applied, and the way back from its offsets to those of the file."""

    def __init__(self, original: str, edits: list[_Edit], markers: dict[str, str]) -> None:
        self.original = original
        self.markers = markers
        self._edits = _without_overlaps(edits)
        parts: list[str] = []
        at = 0
        length = 0
        self._starts: list[int] = []
        self._ends: list[int] = []
        for edit in self._edits:
            parts += original[at : edit.start], edit.text
            length += edit.start - at
            self._starts.append(length)
            length += len(edit.text)
            self._ends.append(length)
            at = edit.end
        parts.append(original[at:])
        self.text = "".join(parts)

    def original_start(self, offset: int) -> int:
        """The place in the file of what begins at an offset of the rewritten text."""
        index = bisect_right(self._starts, offset) - 1
        if index < 0:
            return offset
        if offset < self._ends[index]:
            return self._edits[index].start
        return self._edits[index].end + offset - self._ends[index]

    def original_end(self, offset: int) -> int:
        """The place in the file of what ends at an offset of the rewritten text."""
        index = bisect_left(self._starts, offset) - 1
        if index < 0:
            return offset
        return self._edits[index].end + max(0, offset - self._ends[index])

    def edited_lines(self, lines: PythonLines) -> set[int] | None:
        """The lines (of the rewritten text, from 1) that are not as in the file; None when they have other numbers."""
        edited: set[int] = set()
        for edit, start, end in zip(self._edits, self._starts, self._ends, strict=True):
            if _LINE_END.search(edit.text) or _LINE_END.search(self.original, edit.start, edit.end):
                return None
            edited.update(range(lines.line(start), lines.line(end) + 1))
        return edited


def _without_overlaps(edits: list[_Edit]) -> list[_Edit]:
    kept: list[_Edit] = []
    for edit in sorted(edits, key=lambda edit: edit.start):
        if not kept or edit.start >= kept[-1].end:
            kept.append(edit)
    return kept


def rewrite(text: str, running: tuple[int, int] = sys.version_info[:2]) -> Rewriting | None:
    """The text without the syntax that is newer than the `running` Python, or None when it has none."""
    if len(text) > _LONGEST:
        return None
    tokens = scan(text)
    if tokens is None:
        return None
    markers = {role: _unused_name(role, text) for role in ("joined", "field", "template")}
    # Strings come first: where one edit ends at the place at which another begins, the earlier in
    # this list goes first, and a string is the innermost thing there is.
    edits = list(_formatted_strings(tokens, running, markers))
    has_strings = bool(edits)
    for index, token in enumerate(tokens.tokens):
        if token.kind == "name" and text[token.start : token.end] in _STATEMENTS:
            edits += _newer_statement(tokens, index, running)
        elif token.kind == "op" and text[token.start] == "*":
            edits += _newer_expression(tokens, index, running)
    return Rewriting(text, edits, markers if has_strings else {}) if edits else None


_STATEMENTS = frozenset({"except", "def", "class", "type", "lazy"})


def _unused_name(role: str, text: str) -> str:
    name = f"_{role}"
    while name in text:
        name += "_"
    return name


def _newer_statement(tokens: Tokens, index: int, running: tuple[int, int]) -> Iterator[_Edit]:
    word = tokens.written(index)
    following = tokens.written(index + 1)
    if word == "except":
        yield from _except_clause(tokens, index, running)
    elif word in {"def", "class"} and running < (3, 13):
        yield from _type_parameters(tokens, index + 2)
    elif word == "type" and running < (3, 13):
        if tokens.kind(index + 1) == "name" and not keyword.iskeyword(following):
            yield _deletion(tokens, index, index + 1)
            yield from _type_parameters(tokens, index + 2)
    elif word == "lazy" and following in {"import", "from"} and running < (3, 15):
        yield _deletion(tokens, index, index + 1)


def _deletion(tokens: Tokens, first: int, behind: int) -> _Edit:
    """From one token up to another."""
    return _Edit(tokens.tokens[first].start, tokens.tokens[behind].start, "")


def _type_parameters(tokens: Tokens, index: int) -> Iterator[_Edit]:
    closing = tokens.closing.get(index)
    if tokens.written(index) == "[" and closing is not None:
        yield _Edit(tokens.tokens[index].start, tokens.tokens[closing].end, "")


def _except_clause(tokens: Tokens, index: int, running: tuple[int, int]) -> Iterator[_Edit]:
    first = index + 1
    if tokens.written(first) == "*":
        if running < (3, 11):
            yield _Edit(tokens.tokens[first].start, tokens.tokens[first].end, "")
        first += 1
    commas = [at for at in _level(tokens, first) if tokens.written(at) == ","]
    last = next((at for at in _level(tokens, first) if tokens.written(at) == ":"), 0) - 1
    if commas and commas[0] < last and running < (3, 14):
        yield _Edit(tokens.tokens[first].start, tokens.tokens[first].start, "(")
        yield _Edit(tokens.tokens[last].end, tokens.tokens[last].end, ")")


def _level(tokens: Tokens, first: int) -> Iterator[int]:
    """Tokens from `first` on that stand in the same brackets, to the end of those or of the line."""
    at = first
    while at < len(tokens.tokens):
        if tokens.kind(at) in {"newline", "close field"} or tokens.written(at) in {")", "]", "}"}:
            return
        yield at
        at = tokens.closing.get(at, at) + 1


def _newer_expression(tokens: Tokens, index: int, running: tuple[int, int]) -> Iterator[_Edit]:
    star = tokens.written(index)
    if star not in {"*", "**"}:
        return
    before = tokens.written(index - 1)
    token = tokens.tokens[index]
    if before in {"(", "[", "{"} and running < (3, 15) and _is_comprehension(tokens, index + 1):
        # A display that is unpacked into is a comprehension still; of a mapping, its keys are not known.
        yield _Edit(token.start, token.end, "0:" if star == "**" else "")
    elif running < (3, 11) and star == "*":
        if before == ":" and tokens.written(index - 3) == "*" and tokens.written(index - 4) in {"(", ","}:
            yield _Edit(token.start, token.end, "")
        elif before == "[" and _is_subscript(tokens, index - 1):
            yield from _starred_subscript(tokens, index - 1)


def _is_comprehension(tokens: Tokens, first: int) -> bool:
    for at in _level(tokens, first):
        if tokens.written(at) == ",":
            return False
        if tokens.written(at) == "for":
            return True
    return False


def _is_subscript(tokens: Tokens, bracket: int) -> bool:
    before = tokens.written(bracket - 1)
    if tokens.kind(bracket - 1) == "name":
        return not keyword.iskeyword(before)
    return before in {")", "]", "}"} or tokens.kind(bracket - 1) in {"string", "close string"}


def _starred_subscript(tokens: Tokens, bracket: int) -> Iterator[_Edit]:
    closing = tokens.closing[bracket]
    has_comma = any(tokens.written(at) == "," for at in _level(tokens, bracket + 1))
    yield _Edit(tokens.tokens[bracket].end, tokens.tokens[bracket].end, "(")
    yield _Edit(tokens.tokens[closing].start, tokens.tokens[closing].start, ")" if has_comma else ",)")


def _formatted_strings(tokens: Tokens, running: tuple[int, int], markers: dict[str, str]) -> Iterator[_Edit]:
    """Edits for the strings that stand behind one another as one, the innermost first."""
    groups = list(_groups(tokens)) if tokens.formatted else []
    needed = [group for group in groups if _is_newer(tokens, group, running)]
    for group in reversed(needed):
        yield from _group_edits(tokens, group, markers)


def _groups(tokens: Tokens) -> Iterator[list[int]]:
    """The indexes of the tokens that open strings, for each run of them that has a formatted one."""
    seen: set[int] = set()
    for first, token in enumerate(tokens.tokens):
        if first in seen or token.kind not in {"string", "open string"}:
            continue
        group: list[int] = []
        at = first
        while tokens.kind(at) in {"string", "open string"}:
            group.append(at)
            at = tokens.closing.get(at, at) + 1
        seen.update(group)
        if any(index in tokens.formatted for index in group):
            yield group


def _is_newer(tokens: Tokens, group: list[int], running: tuple[int, int]) -> bool:
    if any("t" in tokens.formatted[index].prefix for index in group if index in tokens.formatted):
        return running < (3, 14)
    if running >= (3, 12):
        return False
    start, end = _extent(tokens, group)
    try:
        ast.parse(f"({tokens.text[start:end]})", mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    return False


def _extent(tokens: Tokens, group: list[int]) -> tuple[int, int]:
    last = tokens.closing.get(group[-1], group[-1])
    return tokens.tokens[group[0]].start, tokens.tokens[last].end


def _group_edits(tokens: Tokens, group: list[int], markers: dict[str, str]) -> Iterator[_Edit]:
    start, end = _extent(tokens, group)
    strings = [tokens.formatted[index] for index in group if index in tokens.formatted]
    role = "template" if any("t" in string.prefix for string in strings) else "joined"
    yield _Edit(start, start, f"{markers[role]}(")
    for index in group:
        string = tokens.formatted.get(index)
        if string is None:
            yield _Edit(tokens.tokens[index].end, tokens.tokens[index].end, ",")
        else:
            opening = tokens.tokens[index]
            yield _Edit(opening.start, opening.end, "")
            yield from _pieces(tokens.text, string, string.pieces, markers)
            yield _Edit(string.end - len(string.quotes), string.end, "")
    yield _Edit(end, end, ")")


def _pieces(
    text: str, string: FormattedString, pieces: list[Piece | Field], markers: dict[str, str], depth: int = 0
) -> Iterator[_Edit]:
    """Edits that turn the parts of a formatted string into arguments of a call."""
    for piece in pieces if depth < _DEEPEST_FORMAT else []:
        if isinstance(piece, Piece):
            value = _value(text[piece.start : piece.end], string, in_spec=depth > 0)
            yield _Edit(piece.start, piece.end, f"{value!r},")
            continue
        shown = "" if piece.debug_end is None else f"{text[piece.start + 1 : piece.debug_end]!r},"
        yield _Edit(piece.start, piece.start + 1, f"{shown}{markers['field']}((")
        by_default = "r" if shown and piece.spec is None else ""
        conversion = _CONVERSIONS.get(piece.conversion or by_default, -1)
        if piece.spec is None:
            yield _Edit(piece.expression_end, piece.end, f"),{conversion}),")
        else:
            colon = piece.spec_start - 1
            yield _Edit(piece.expression_end, colon, f"),{conversion},")
            yield _Edit(colon, piece.spec_start, f"{markers['joined']}(")
            yield from _pieces(text, string, piece.spec, markers, depth + 1)
            yield _Edit(piece.end - 1, piece.end - 1, ")")
            yield _Edit(piece.end - 1, piece.end, "),")


def _value(written: str, string: FormattedString, *, in_spec: bool) -> str:
    """The text between two fields with its escapes read."""
    if not in_spec:
        written = written.replace("{{", "{").replace("}}", "}")
    if "\\" not in written:
        return written
    quotes = string.quotes[0] * 3
    prefix = "r" if "r" in string.prefix else ""
    try:
        # The space keeps a last quote or backslash away from the closing quotes.
        return str(ast.literal_eval(f"{prefix}{quotes}{written} {quotes}"))[:-1]
    except (SyntaxError, ValueError):
        return written


def parse_relocated(rewriting: Rewriting) -> ast.Module:
    """The syntax tree of a rewritten text, each node at its place in the file.

    Raises what `ast.parse` raises, with places in the rewritten text.
    """
    tree = ast.parse(rewriting.text)
    if rewriting.markers:
        _restore_strings(tree, rewriting.markers)
    _relocate(tree, rewriting)
    return tree


def _restore_strings(tree: ast.Module, markers: dict[str, str]) -> None:
    """Turns the calls that stand for formatted strings back into their nodes."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                for index, item in enumerate(value):
                    if isinstance(item, ast.Call):
                        value[index] = _restored(item, markers)
                waiting += [item for item in value if isinstance(item, ast.AST)]
            elif isinstance(value, ast.Call):
                restored = _restored(value, markers)
                setattr(node, name, restored)
                waiting.append(restored)
            elif isinstance(value, ast.AST):
                waiting.append(value)


def _restored(call: ast.Call, markers: dict[str, str]) -> ast.expr:
    if not isinstance(call.func, ast.Name):
        return call
    if call.func.id == markers["template"]:
        call.func.id = TEMPLATE
        call.args = [field.args[0] for field in call.args if isinstance(field, ast.Call)]
        return call
    if call.func.id == markers["joined"]:
        return ast.copy_location(ast.JoinedStr(values=_merged(call.args)), call)
    if call.func.id == markers["field"] and len(call.args) >= 2:
        conversion = ast.literal_eval(call.args[1])
        spec = call.args[2] if len(call.args) == 3 else None
        value = ast.FormattedValue(value=call.args[0], conversion=conversion, format_spec=spec)
        return ast.copy_location(value, call)
    return call


def _merged(parts: list[ast.expr]) -> list[ast.expr]:
    """The parts of a formatted string, constants that touch made one."""
    merged: list[ast.expr] = []
    for part in parts:
        before = merged[-1] if merged else None
        if isinstance(part, ast.Constant) and isinstance(before, ast.Constant):
            before.value = str(before.value) + str(part.value)
            before.end_lineno, before.end_col_offset = part.end_lineno, part.end_col_offset
        else:
            merged.append(part)
    return merged


def _relocate(tree: ast.Module, rewriting: Rewriting) -> None:
    lines = PythonLines(rewriting.text)
    original = PythonLines(rewriting.original)
    edited = rewriting.edited_lines(lines)
    for node in ast.walk(tree):
        if isinstance(node, (ast.expr, ast.stmt, ast.excepthandler, ast.alias, ast.keyword, ast.arg, ast.pattern)):
            if edited is not None and node.lineno not in edited and node.end_lineno not in edited:
                continue
            start = rewriting.original_start(lines.offset(node.lineno, node.col_offset))
            end = lines.offset(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)
            node.lineno, node.col_offset = original.place(start)
            node.end_lineno, node.end_col_offset = original.place(rewriting.original_end(end))
