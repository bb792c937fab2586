"""Data of a Helm template as text: what an action prints, `toYaml` and `toJson`, as Go writes them.

Sources: Go's `fmt` and `encoding/json`; `sigs.k8s.io/yaml`, which sorts keys and never indents lists.
What the repository does not tell is one character of a private range, a mark, which the renderer
turns into a placeholder again.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from prodlint.readers.helm_data import Data, Hidden, Open, Stopped, resolved
from prodlint.regex import regex

__all__ = ["FIRST_MARK", "LAST_MARK", "MARKED", "formatted", "has_mark", "json_text", "printed", "quoted", "yaml_text"]

FIRST_MARK = 0xF0000
LAST_MARK = 0xFFFFD
MARKED = regex("[\U000f0000-\U000ffffd]")
Mark = Callable[[Hidden], str]
_DEEPEST = 40
_LONGEST = 1_000_000
_WIDTH = 80
_BLANK = regex(r" +")
_AMBIGUOUS = regex(r"[-?:](?:\s|\Z)|[,\[\]{}#&*!|>'\"%@`\s]|.*(?::\s|\s#|:$|\s$)|---|\.\.\.")
# Texts that YAML 1.1 takes for dates and for numbers of base 60.
_DATED = regex(r"\d{4}-\d{1,2}-\d{1,2}(?:[Tt \t].*)?|[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?|<<")
_CONTROL = regex(r"[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def has_mark(text: str) -> bool:
    """Whether something in a text is not told by the repository."""
    return MARKED.search(text) is not None


def printed(data: Data, mark: Mark, depth: int = 0) -> str:
    """What `{{ data }}` writes: Go's `%v`, nothing for nothing."""
    if depth > _DEEPEST:
        raise Stopped("its data is nested too deep")
    if data is None:
        return "" if depth == 0 else "<nil>"
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, Hidden):
        return mark(data)
    if isinstance(data, float):
        return _float(data, 6)
    if isinstance(data, list):
        return _bounded("[" + " ".join(printed(item, mark, depth + 1) for item in data) + "]")
    if isinstance(data, dict):
        pairs = " ".join(f"{key}:{printed(data[key], mark, depth + 1)}" for key in sorted(data))
        return _bounded(f"map[{pairs}{_more(data, mark)}]")
    if callable(data):
        raise Stopped("it prints a function")
    return str(data)


def _more(data: dict[str, Data], mark: Mark) -> str:
    return mark(Hidden(data.reason, "…")) if isinstance(data, Open) else ""


def _bounded(text: str) -> str:
    if len(text) > _LONGEST:
        raise Stopped("it writes too much")
    return text


def _float(number: float, widest: int = 21, least: int = -4) -> str:
    """The shortest digits of a `float64`, with an exponent from 10 to the power of `widest` on and below `least`."""
    if number != number or number in (float("inf"), float("-inf")):
        return "NaN" if number != number else "+Inf" if number > 0 else "-Inf"
    if number == 0:
        return f"{number:.0f}"
    sign = "-" if number < 0 else ""
    digits = repr(abs(number))
    head, _, power = digits.partition("e")
    whole, _, fraction = head.partition(".")
    figures = (whole + fraction).lstrip("0")
    # Where the point stands behind the first figure.
    leading = len(whole) if whole.strip("0") else len(fraction.lstrip("0")) - len(fraction)
    exponent = int(power or 0) + leading - 1
    figures = figures.rstrip("0") or "0"
    if least <= exponent < widest:
        if exponent < 0:
            return f"{sign}0.{'0' * (-1 - exponent)}{figures}"
        front, behind = figures[: exponent + 1].ljust(exponent + 1, "0"), figures[exponent + 1 :]
        return f"{sign}{front}.{behind}" if behind else sign + front
    shown = figures[0] + (f".{figures[1:]}" if len(figures) > 1 else "")
    return f"{sign}{shown}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def quoted(text: str) -> str:
    """Go's `%q`."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    known = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\a": "\\a", "\b": "\\b", "\f": "\\f"}
    if character in known:
        return known[character]
    if character == "\v":
        return "\\v"
    if FIRST_MARK <= ord(character) <= LAST_MARK or character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def formatted(pattern: str, values: list[Data], mark: Mark) -> str | None:
    """`printf` with the verbs that charts use; None for everything else."""
    parts: list[str] = []
    at = 0
    waiting = list(values)
    while (found := pattern.find("%", at)) >= 0:
        parts.append(pattern[at:found])
        verb = pattern[found + 1 : found + 2]
        at = found + 2
        if verb == "%":
            parts.append("%")
            continue
        if not waiting:
            return None
        value = waiting.pop(0)
        text = _by_verb(verb, value, mark)
        if text is None:
            return None
        parts.append(text)
    if waiting:
        return None
    parts.append(pattern[at:])
    return _bounded("".join(parts))


def _by_verb(verb: str, value: Data, mark: Mark) -> str | None:
    if verb == "v":
        return "<nil>" if value is None else printed(value, mark)
    if isinstance(value, Hidden):
        return mark(value) if verb in ("s", "d", "t") else None
    if verb == "s":
        return value if isinstance(value, str) else None
    if verb == "q":
        return quoted(value) if isinstance(value, str) else None
    if verb == "d":
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else None
    if verb == "t":
        return printed(value, mark) if isinstance(value, bool) else None
    return None


def json_text(data: Data, mark: Mark, depth: int = 0) -> str:
    """`toJson`."""
    if depth > _DEEPEST:
        raise Stopped("its data is nested too deep")
    if isinstance(data, Hidden):
        return f'"{mark(data)}"'
    if isinstance(data, dict):
        pairs = [f"{json_text(key, mark)}:{json_text(data[key], mark, depth + 1)}" for key in sorted(data)]
        if isinstance(data, Open):
            hidden = mark(Hidden(data.reason, "…"))
            pairs.append(f'"{hidden}":"{hidden}"')
        return _bounded("{" + ",".join(pairs) + "}")
    if isinstance(data, list):
        return _bounded("[" + ",".join(json_text(item, mark, depth + 1) for item in data) + "]")
    if isinstance(data, str):
        written = json.dumps(data, ensure_ascii=False)
        for character, code in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
            written = written.replace(character, code)
        return written
    if isinstance(data, float):
        return _float(data, least=-6).replace("e-0", "e-")
    return "null" if data is None else printed(data, mark)


def yaml_text(data: Data, mark: Mark) -> str:
    """`toYaml`, without the line break at its end."""
    first, *rest = _yaml_lines(data, mark, 0, 0)
    if isinstance(data, str):
        rest = [f"  {line}" if line else "" for line in rest]
    return _bounded("\n".join((first, *rest)))


def _yaml_lines(data: Data, mark: Mark, depth: int, indent: int) -> list[str]:
    """The lines of a value that stands by itself, `indent` columns from the left."""
    if depth > _DEEPEST:
        raise Stopped("its data is nested too deep")
    if isinstance(data, dict) and (data or isinstance(data, Open)):
        lines: list[str] = []
        for key in sorted(data):
            value = data[key]
            if isinstance(value, Hidden) and value.may_lack:
                hidden = mark(value)
                lines.append(f"{hidden}: {hidden}")
                continue
            name = _yaml_scalar(key, mark, -_LONGEST, 0)[0]
            if isinstance(value, dict | list) and (value or isinstance(value, Open)):
                inner = _yaml_lines(value, mark, depth + 1, indent if isinstance(value, list) else indent + 2)
                lines.append(f"{name}:")
                lines.extend(inner if isinstance(value, list) else [f"  {line}" if line else "" for line in inner])
            else:
                first, *rest = _yaml_scalar(value, mark, indent + len(name) + 2, indent + 2)
                lines.append(f"{name}: {first}")
                lines.extend(f"  {line}" if line else "" for line in rest)
        if isinstance(data, Open):
            hidden = mark(Hidden(data.reason, "…"))
            lines.append(f"{hidden}: {hidden}")
        return _few(lines)
    if isinstance(data, list) and data:
        lines = []
        for item in data:
            first, *rest = _yaml_lines(item, mark, depth + 1, indent + 2)
            lines.append(f"- {first}")
            lines.extend(f"  {line}" if line else "" for line in rest)
        return _few(lines)
    return _yaml_scalar(data, mark, indent, max(indent, 2))


def _few(lines: list[str]) -> list[str]:
    if len(lines) > 20_000:
        raise Stopped("it writes too much")
    return lines


def _yaml_scalar(data: Data, mark: Mark, column: int, indent: int) -> list[str]:
    """The lines of a scalar that begins at a column; what follows its first line is indented."""
    if isinstance(data, Hidden):
        return [mark(data)]
    if isinstance(data, dict):
        return ["{}"]
    if isinstance(data, list):
        return ["[]"]
    if data is None:
        return ["null"]
    if not isinstance(data, str):
        return [_yaml_number(data) if isinstance(data, float) else printed(data, mark)]
    has_lines = "\n" in data
    if _CONTROL.search(data) or (has_lines and (" \n" in data or data.endswith(" "))):
        return _folded(json.dumps(data) if data.isascii() else quoted(data), '"', column, indent)
    if has_lines:
        return _literal(data)
    if not isinstance(resolved(data), str) or _DATED.fullmatch(data):
        return _folded(json.dumps(data, ensure_ascii=False), '"', column, indent)
    if _AMBIGUOUS.match(data):
        return _folded("'" + data.replace("'", "''") + "'", "'", column, indent)
    return _folded(data, "", column, indent)


def _yaml_number(number: float) -> str:
    """A whole number that 64 bits hold is written with all of its digits."""
    if number == 0:
        return "0"
    return _float(number, 21 if number == int(number) and -(2.0**63) <= number < 2.0**64 else 6)


def _folded(written: str, quote: str, column: int, indent: int) -> list[str]:
    """A scalar with a line break in the place of the first blank behind column 80 of each line, as libyaml folds it."""
    if column + len(written) <= _WIDTH:
        return [written]
    lines: list[str] = []
    begun = 0
    prefix = ""
    for found in _BLANK.finditer(written):
        at = found.start()
        is_long = column + at - begun > _WIDTH and len(quote) < at < len(written) - len(quote) - 1
        if not is_long or (len(found[0]) > 1 and quote != '"'):
            continue
        lines.append(prefix + written[begun:at])
        # A blank at the beginning of a line is kept by a backslash.
        prefix = "\\" if len(found[0]) > 1 else ""
        begun = at + 1
        column = indent + len(prefix)
    return [*lines, prefix + written[begun:]]


def _literal(text: str) -> list[str]:
    """A block of lines, with the header that keeps the line breaks at its end."""
    stripped = text.rstrip("\n")
    ends = len(text) - len(stripped)
    if not stripped:
        return [json.dumps(text, ensure_ascii=False)]
    # White space at the beginning would hide how deep the block is.
    depth = "2" if stripped[0] in " \n" else ""
    header = "|" + depth + ("-" if ends == 0 else "" if ends == 1 else "+")
    lines = stripped.split("\n") + [""] * (ends - 1)
    return [header, *lines]
