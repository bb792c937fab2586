"""Tests of a shell script, answered with what is known of the environment: yes, no or unknown."""

from __future__ import annotations

from collections.abc import Callable
from operator import eq, ge, gt, le, lt, ne

from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, EnvDriven, Formed, Known, Unknown, Value, answer
from prodlint.record import replace
from prodlint.regex import regex
from prodlint.source import Source, Span
from prodlint.syntax.shell import AndOr, Command, Group, Node, Pipeline, Sequence, Subshell, Test
from prodlint.syntax.word import Expansion, Literal, Substitution, Word

__all__ = ["NOWHERE", "OUTSIDE", "Lookup", "asked", "from_outside", "holds", "settle", "word_value"]

# Values that double with every line (`A=$A$A`) end here.
_LONGEST = 20_000

_INTEGER = regex(r"-?[0-9]{1,15}")
_NUMERIC: dict[str, Callable[[int, int], bool]] = {
    "-eq": eq,
    "-ne": ne,
    "-lt": lt,
    "-le": le,
    "-gt": gt,
    "-ge": ge,
}

Lookup = Callable[[str], Value[str] | None]
"""The value of a variable: None when it is certainly not set."""

OUTSIDE = "it is kept outside of the repository"
"""Why a value that a file names without giving it is not known."""

NOWHERE = Span(Source("", ""), 0, 0)
"""The place of what comes from outside of the repository."""


def from_outside(name: str) -> Value[str]:
    """A variable of which the repository says nothing: it may be set where the command runs."""
    return EnvDriven(name, None, NOWHERE)


def asked(part: Expansion, lookup: Lookup) -> Value[str] | None:
    """The value of the variable that an expansion names."""
    return from_outside(part.name) if part.outside else lookup(part.name)


def word_value(word: Word, lookup: Lookup) -> Value[str]:
    """The text of a word once its variables are replaced.

    EnvDriven when one variable that the repository does not set decides it and has a default.
    """
    written = word.literal
    if written is not None and len(written) <= _LONGEST:
        return Known(written, word.span)
    pieces: list[str] = []
    forms: list[str | None] = []
    driven: EnvDriven[str] | None = None
    missing: Unknown | None = None
    names: list[str] = []
    for part in word.parts:
        if isinstance(part, Literal):
            pieces.append(part.text.value)
            forms.append(part.text.value)
            continue
        if not isinstance(part, Expansion) or part.operator == "other":
            reason = part.reason if isinstance(part, Substitution) else ""
            return Unknown(reason or "the value is computed when it runs", word.span)
        value = _expansion(part, lookup)
        if isinstance(value, Known):
            pieces.append(value.value)
            forms.append(value.value)
        elif isinstance(value, EnvDriven):
            driven = value if driven is None else driven
            forms.append(f"${value.name}" if value.is_variable else value.form)
            names.append(value.name)
            if value.default is None and missing is None:
                is_elsewhere = value.span is not None and bool(value.span.path)
                said = "is set where it runs" if is_elsewhere else "is not set in this repository"
                missing = Unknown(f"${value.name} {said}", word.span)
            pieces.append(value.default or "")
        elif part.reason:
            missing = Unknown(value.reason, word.span) if missing is None else missing
            forms.append(f"${part.name}")
            names.append(part.name)
        else:
            return Unknown(value.reason, word.span)
    if sum(len(piece) for piece in (*pieces, *(form or "" for form in forms))) > _LONGEST:
        return Unknown("the value is too long", word.span)
    if missing is not None:
        form = _joined(forms) if len(word.parts) > 1 else None
        return missing if not form else Formed(missing.reason, word.span, form, tuple(dict.fromkeys(names)))
    text = "".join(pieces)
    if driven is not None:
        return EnvDriven(driven.name, text, word.span, form=driven.form if len(word.parts) == 1 else _joined(forms))
    return Known(text, word.span)


def _joined(forms: list[str | None]) -> str | None:
    """The form of a text that is put together; None where one of its parts has none."""
    known = [form for form in forms if form is not None]
    return "".join(known) if len(known) == len(forms) else None


def _expansion(part: Expansion, lookup: Lookup) -> Value[str]:
    if part.reason:
        return Unknown(part.reason, part.span)
    value = asked(part, lookup)
    if part.operator in ("", ":?", "?"):
        return Known("", part.span) if value is None else value
    operand = Known("", part.span) if part.operand is None else word_value(part.operand, lookup)
    if part.operator == "#" and (value is None or isinstance(value, Known)) and isinstance(operand, Known):
        return Known("" if value is None else value.value.removeprefix(operand.value), part.span)
    if part.operator in (":-", "-", ":=", "="):
        unset = value is None or (isinstance(value, Known) and not value.value and part.operator.startswith(":"))
        if unset:
            return operand
        if isinstance(value, EnvDriven) and value.default is None:
            if isinstance(operand, Known):
                return EnvDriven(value.name, operand.value, part.span)
            # `${A:-${B:-c}}`: A is asked first.
            return replace(operand, name=value.name, form="") if isinstance(operand, EnvDriven) else operand
        assert value is not None
        return value
    if part.operator in (":+", "+"):
        if value is None:
            return Known("", part.span)
        if isinstance(value, Known):
            return operand if value.value or part.operator == "+" else Known("", part.span)
        return Unknown("depends on the environment", part.span)
    return Unknown("the value is computed when it runs", part.span)


def settle(word: Word, lookup: Lookup) -> str | None:
    """The text of a word when it is known, else None."""
    written = word.literal
    if written is not None and len(written) <= _LONGEST:
        return written
    value = word_value(word, lookup)
    return value.value if isinstance(value, Known) else None


def holds(node: Node | None, lookup: Lookup) -> Answer:
    """Whether a condition succeeds. Only `[ … ]`, `[[ … ]]`, `test`, `true`, `false` and combinations are decided."""
    if isinstance(node, Sequence) and len(node.items) == 1:
        return holds(node.items[0], lookup)
    if isinstance(node, Group | Subshell):
        return holds(node.body, lookup)
    if isinstance(node, Pipeline):
        result = holds(node.commands[0], lookup) if len(node.commands) == 1 else UNKNOWN
        return ~result if node.negated else result
    if isinstance(node, AndOr):
        left, right = holds(node.left, lookup), holds(node.right, lookup)
        return left & right if node.operator == "&&" else left | right
    if isinstance(node, Test):
        # A pattern on the right side of `[[ … ]]` asks for more than one value.
        return _test(node.words, lookup) if all(map(_is_plain, node.words[2:])) else UNKNOWN
    if isinstance(node, Command) and node.words:
        name = node.words[0].literal
        if name in ("true", ":"):
            return YES
        if name == "false":
            return NO
        if name == "[":
            return _test(node.words[1:-1], lookup)
        if name == "test":
            return _test(node.words[1:], lookup)
    return UNKNOWN


def _is_plain(word: Word) -> bool:
    return word.literal is not None and not any(sign in word.literal for sign in "*?[")


def _test(words: tuple[Word, ...], lookup: Lookup) -> Answer:
    if len(words) > 4:
        return _joined_tests(words, lookup)
    if words and words[0].literal == "!":
        return ~_test(words[1:], lookup)
    if len(words) == 1:
        text = settle(words[0], lookup)
        return UNKNOWN if text is None else answer(text != "")
    if len(words) == 2 and words[0].literal in ("-n", "-z"):
        text = settle(words[1], lookup)
        if text is None:
            return UNKNOWN
        return answer((text != "") == (words[0].literal == "-n"))
    if len(words) == 3:
        left, operator, right = settle(words[0], lookup), words[1].literal, settle(words[2], lookup)
        if left is None or right is None:
            return UNKNOWN
        if operator in ("=", "=="):
            return answer(left == right)
        if operator == "!=":
            return answer(left != right)
        compare = _NUMERIC.get(operator or "")
        if compare is not None and _INTEGER.fullmatch(left) and _INTEGER.fullmatch(right):
            return answer(compare(int(left), int(right)))
    return UNKNOWN


def _joined_tests(words: tuple[Word, ...], lookup: Lookup) -> Answer:
    """`[ A = b -a C -ne 0 -o D = e ]`: `-a` binds tighter than `-o`."""
    if any(word.literal in ("(", ")") for word in words):
        return UNKNOWN
    alternatives = []
    for part in _split(words, "-o"):
        tests = [_test(one, lookup) if 0 < len(one) < 5 else UNKNOWN for one in _split(part, "-a")]
        alternatives.append(NO if NO in tests else UNKNOWN if UNKNOWN in tests else YES)
    # What is no number makes the whole of it fail.
    return UNKNOWN if UNKNOWN in alternatives else answer(YES in alternatives)


def _split(words: tuple[Word, ...], operator: str) -> list[tuple[Word, ...]]:
    found: list[tuple[Word, ...]] = [()]
    for word in words:
        if word.literal == operator:
            found.append(())
        else:
            found[-1] = (*found[-1], word)
    return found
