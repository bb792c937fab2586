"""Makefiles as far as commands need them: rules with their recipes, and variables that are plain text.

A small part of GNU make: explicit rules, `=`, `:=`, `?=`, `+=`, continued lines, `$(NAME)`. Functions,
pattern rules and `define` are passed over; what stands in a conditional is marked, not decided.
"""

from __future__ import annotations

import re

from prodlint.record import Record, field
from prodlint.regex import regex
from prodlint.source import Source, Span, SyntaxProblem, Text
from prodlint.syntax.logical_lines import logical_lines

__all__ = ["Makefile", "Rule", "parse_make"]

MAX_LENGTH = 2_000_000
_DEPTH = 10
_LONGEST = 20_000


class Rule(Record):
    """A target: what it needs first, and the lines of its recipe with `@`, `-` and `+` taken off.

    `conditional` is set when it stands in an `ifeq` or its like.
    """

    target: str
    needs: tuple[str, ...]
    recipe: tuple[Text, ...]
    span: Span
    conditional: bool = False


class Makefile(Record):
    """The rules of a file in their order, and its variables; `complete` is False when it includes another file.

    With `one_shell` a recipe is one script; otherwise each line is a script of its own.
    """

    source: Source
    rules: tuple[Rule, ...]
    variables: dict[str, str] = field(default_factory=dict)
    complete: bool = True
    one_shell: bool = False

    @property
    def first(self) -> str | None:
        """The target that `make` alone builds."""
        return next((rule.target for rule in self.rules if not rule.target.startswith(".")), None)

    def rule(self, target: str) -> Rule | None:
        """The rule of a target: the last one with a recipe, with the needs of all of them."""
        found = [rule for rule in self.rules if rule.target == target]
        if not found:
            return None
        chosen = next((rule for rule in reversed(found) if rule.recipe), found[-1])
        needs = tuple(dict.fromkeys(need for rule in found for need in rule.needs))
        recipes = sum(bool(rule.recipe) for rule in found)
        return Rule(target, needs, chosen.recipe, chosen.span, chosen.conditional or recipes > 1)

    def expanded(self, text: Text, rule: Rule, given: dict[str, str]) -> Text:
        """A line of a recipe as the shell gets it: `$$` is a `$`, `$(NAME)` what the file or the command sets.

        A variable that neither sets comes from the environment, where the shell finds it too.
        """
        own = {
            "@": rule.target,
            "<": rule.needs[0] if rule.needs else "",
            "^": " ".join(rule.needs),
            "*": "",
            "MAKE": "make",
        }
        variables = self.variables
        if "$(eval" in self.source.text:
            set_later = set(_SET_LATER.findall(self.source.text))
            variables = {name: value for name, value in variables.items() if name not in set_later}
        return _expanded(_without_messages(text), {**variables, **given, **own}, 0)


_SET_LATER = regex(r"\$\(eval[ \t]+(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)")
# What make says or sets while it expands a line leaves nothing for the shell: `$(error …)` ends make itself.
_MESSAGE = regex(r"\$\((?:error|warning|info|eval)\b[^()]*(?:\([^()]*\)[^()]*)*\)")
_CHECK = regex(r"\$\(if [^,()]*(?:\([^()]*\)[^,()]*)*,[ \t]*(?:,[ \t]*)?\)")


def _without_messages(text: Text) -> Text:
    for pattern, *signs in ((_MESSAGE, "$(error", "$(warning", "$(info", "$(eval"), (_CHECK, "$(if ")):
        if not any(sign in text.value for sign in signs):
            continue
        parts: list[Text] = []
        at = 0
        for found in pattern.finditer(text.value):
            parts.append(text.slice(at, found.start()))
            at = found.end()
        text = Text.join([*parts, text.slice(at)]) if parts else text
    return text


_REFERENCE = regex(r"\$(?:\$|\(([^()$]*)\)|\{([^{}$]*)\}|([@<^*?+|A-Za-z_]))")
_NAME = regex(r"[A-Za-z_][A-Za-z0-9_]*")
# `$(filter-out …)` is nothing that a shell could read; of `$(shell …)` it takes the command.
_FUNCTION = regex(r"\$[({](?!shell\b)[a-z][a-z-]*[ \t]")


def _expanded(text: Text, variables: dict[str, str], depth: int) -> Text:
    parts: list[Text] = []
    at = 0
    for found in _REFERENCE.finditer(text.value):
        span = text.span_of(*found.span())
        name = found[1] or found[2] or found[3]
        if found[0] == "$$":
            replaced: Text | None = _standing_for("$", span)
        elif name in variables and depth < _DEPTH and not _FUNCTION.search(variables[name]):
            replaced = _expanded(_standing_for(variables[name], span), variables, depth + 1)
        elif name is not None and _NAME.fullmatch(name):
            replaced = _standing_for(f"${{{name}}}", span)
        else:
            # A function of make, whose value is not known: the shell reads it as one that it would have to run.
            replaced = None
        if replaced is None:
            continue
        if found.start() > at:
            parts.append(text.slice(at, found.start()))
        parts.append(replaced)
        at = found.end()
    if not parts:
        return text
    if at < len(text.value):
        parts.append(text.slice(at))
    result = Text.join(parts)
    return result if len(result.value) <= _LONGEST else text


def _standing_for(value: str, span: Span) -> Text:
    """A value in the place of a reference; its last character ends where that does, which shows the whole of it."""
    if not value:
        return Text.at(value, span)
    return Text(value, span.source, (span.start,) * (len(value) - 1) + (span.end - 1, span.end))


_ASSIGNMENT = regex(r"(?:(?:export|override)\s+)*([A-Za-z_][\w.-]*)\s*(:{1,3}=|\?=|\+=|!=|=)\s*(.*)", re.DOTALL)
_PLAIN = regex(r"[\w./:@%,+-]*")
_OR = regex(r"""\$\(or[ \t]+\$[({]([A-Za-z_]\w*)[)}][ \t]*,[ \t]*(["']?)([\w./:@%+-]*)\2[ \t]*\)""")
_CONDITIONAL = regex(r"(ifeq|ifneq|ifdef|ifndef)\b")
_INCLUDE = regex(r"-?s?include\b")


def parse_make(source: Source) -> Makefile:
    """The rules and variables of a Makefile. Raises SyntaxProblem only for a file that is too large."""
    if len(source.text) > MAX_LENGTH:
        raise SyntaxProblem(f"the file is larger than {MAX_LENGTH:,} characters", Span(source, 0, 0))
    return _Reading(source).read()


class _Reading:
    """One reading of a file, line by line."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.rules: list[Rule] = []
        self.variables: dict[str, str] = {}
        self.complete = True
        self.one_shell = False
        self.conditions = 0
        # The rules whose recipe may go on: one for each target of the line.
        self.open: list[tuple[str, tuple[str, ...], Span, bool]] = []
        self.recipe: list[Text] = []

    def read(self) -> Makefile:
        defining = False
        for line in logical_lines(self.source):
            value = line.value
            stripped = value.strip()
            if defining:
                defining = stripped != "endef"
            elif value.startswith("\t") and self.open:
                if stripped and not stripped.startswith("#"):
                    self.recipe.append(_without_prefix(line.strip()))
            elif stripped and not stripped.startswith("#"):
                defining = stripped.startswith(("define ", "override define "))
                if not defining:
                    self._line(line.strip())
        self._close()
        return Makefile(self.source, tuple(self.rules), self.variables, self.complete, self.one_shell)

    def _line(self, line: Text) -> None:
        text = line.value
        if _CONDITIONAL.match(text):
            self.conditions += 1
            return
        if text == "endif" or text.startswith(("endif ", "endif#")):
            self.conditions = max(0, self.conditions - 1)
            return
        if text == "else" or text.startswith("else "):
            return
        if _INCLUDE.match(text):
            self.complete = False
            return
        assignment = _ASSIGNMENT.match(text)
        if assignment is not None and not text.startswith((":", "$")):
            self._assign(assignment[1], assignment[2], assignment[3])
            return
        targets, colon, rest = text.partition(":")
        if colon and "=" not in targets:
            self._close()
            self._open(line, targets, rest.removeprefix(":"))

    def _assign(self, name: str, operator: str, value: str) -> None:
        value = value.partition(" #")[0].rstrip()
        chosen = _OR.fullmatch(value) if value.startswith("$(or") else None
        if chosen is not None and (chosen[1] not in self.variables or chosen[1] == name):
            # `X := $(or $(X), default)`: what the environment or the command gives, else the default.
            value = f"${{{chosen[1]}:-{chosen[3]}}}"
        if self.conditions or operator == "!=" or len(value) > _LONGEST:
            # What a condition or a program decides is not known here.
            self.variables.pop(name, None)
        elif operator == "+=" and name in self.variables:
            joined = f"{self.variables[name]} {value}"
            self.variables[name] = joined if len(joined) <= _LONGEST else value
        elif operator != "?=":
            self.variables[name] = value
        elif name not in self.variables and _PLAIN.fullmatch(value):
            # A default, which the environment may replace: what a shell writes this way.
            self.variables[name] = f"${{{name}:-{value}}}"

    def _open(self, line: Text, targets: str, rest: str) -> None:
        needs, semicolon, command = rest.partition(";")
        if "#" in needs:
            # A comment goes on to the end of the line, whatever it holds.
            needs, semicolon = needs.partition("#")[0], ""
        names = tuple(need for need in needs.split() if need != "|")
        for target in targets.split():
            if target == ".ONESHELL":
                self.one_shell = True
            if "%" not in target and "$" not in target:
                self.open.append((target, names, line.span, self.conditions > 0))
        if semicolon and command.strip():
            self.recipe.append(_without_prefix(line.slice(line.value.index(";") + 1).strip()))

    def _close(self) -> None:
        for target, needs, span, conditional in self.open:
            self.rules.append(Rule(target, needs, tuple(self.recipe), span, conditional))
        self.open, self.recipe = [], []


def _without_prefix(line: Text) -> Text:
    """A line of a recipe without what tells make how to run it."""
    kept = line.value.lstrip("@-+ \t")
    return line.slice(len(line.value) - len(kept))
