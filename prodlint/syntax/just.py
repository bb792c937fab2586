"""justfiles as far as commands need them: recipes with their lines, and variables that are plain text.

A part of just's grammar (just.systems, "Grammar"): recipes with parameters and needs, strings, `+`, `/`,
`env()`, interpolations. Other functions, conditional expressions and backticks are not decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from prodlint.record import Record, field
from prodlint.regex import regex
from prodlint.source import Source, Span, SyntaxProblem, Text
from prodlint.syntax.logical_lines import logical_lines

__all__ = ["Justfile", "Need", "Parameter", "Recipe", "parse_just"]

MAX_LENGTH = 2_000_000
_LONGEST = 20_000


class Parameter(Record):
    """A parameter of a recipe: its default as an expression, and whether it takes all that is left."""

    name: str
    default: str | None = None
    variadic: bool = False


class Need(Record):
    """A recipe that another one needs, with the expressions that it is given."""

    name: str
    arguments: tuple[str, ...] = ()


class Recipe(Record):
    """A recipe: what runs before and after it, and its lines with `@` and `-` taken off.

    A recipe with an `interpreter` is one script for it, otherwise each line is a script of its own.
    """

    name: str
    parameters: tuple[Parameter, ...]
    needs: tuple[Need, ...]
    then: tuple[Need, ...]
    lines: tuple[Text, ...]
    span: Span
    interpreter: str | None = None


class Justfile(Record):
    """The recipes of a file in their order, by name, and its variables as expressions.

    `complete` is False when it takes in other files. `directory` is where its recipes run, from the file's own.
    """

    source: Source
    recipes: Mapping[str, Recipe] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True
    directory: str | None = None

    @property
    def first(self) -> str | None:
        """The recipe that `just` alone runs."""
        return "default" if "default" in self.recipes else next(iter(self.recipes), None)

    def value(self, expression: str, given: Mapping[str, str]) -> str | None:
        """An expression as the text that a shell gets, None when it is not known. `given` are arguments."""
        return _value(_tokens(expression), {**self.variables}, given, 0)

    def expanded(self, text: Text, given: Mapping[str, str]) -> Text:
        """A line as the shell gets it: what is interpolated and not known is a variable that nothing sets."""
        parts: list[Text] = []
        at = 0
        for found in _INTERPOLATION.finditer(text.value):
            span = text.span_of(*found.span())
            if found.start() > at:
                parts.append(text.slice(at, found.start()))
            if found[0] == "{{{{":
                value: str | None = "{{"
            else:
                value = self.value(found[1], given)
            parts.append(Text.at("${just}" if value is None else value, span))
            at = found.end()
        if not parts:
            return text
        if at < len(text.value):
            parts.append(text.slice(at))
        result = Text.join(parts)
        return result if len(result.value) <= _LONGEST else text


_INTERPOLATION = regex(r"\{\{\{\{|\{\{((?:[^}\"'`]|\"[^\"]*\"|'[^']*'|`[^`]*`|\}(?!\}))*)\}\}")
_TOKEN = regex(
    r"\s+|#.*|\"\"\"(?P<lines>(?:[^\\]|\\.)*?)\"\"\"|'''(?P<rawlines>.*?)'''|\"(?P<text>(?:[^\"\\]|\\.)*)\""
    r"|'(?P<raw>[^']*)'|(?P<name>[A-Za-z_][\w-]*)|(?P<mark>:=|&&|\|\||[-+/:=*$@(){},!<>|?.\[\]])|(?P<other>.)",
    16,  # re.DOTALL
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "\n": ""}
_ESCAPE = regex(r"\\(.)", 16)


class _Token(Record):
    kind: str
    text: str


def _tokens(expression: str) -> list[_Token]:
    found: list[_Token] = []
    for match in _TOKEN.finditer(expression):
        kind = match.lastgroup
        if kind in ("text", "lines"):
            written = match[kind]
            found.append(_Token("text", _ESCAPE.sub(lambda one: _ESCAPES.get(one[1], one[0]), written)))
        elif kind in ("raw", "rawlines"):
            found.append(_Token("text", match[kind]))
        elif kind is not None:
            found.append(_Token(kind, match[0]))
    return found


_DEPTH = 20


def _value(tokens: list[_Token], variables: Mapping[str, str], given: Mapping[str, str], depth: int) -> str | None:
    """Operands joined by `+` (put together) and `/` (put together as paths)."""
    result: str | None = None
    operator = ""
    index = 0
    while index < len(tokens):
        operand, index = _operand(tokens, index, variables, given, depth)
        if operand is None:
            return None
        if result is None:
            result = operand
        else:
            result += operand if operator == "+" else f"/{operand}"
        if len(result) > _LONGEST:
            return None
        if index < len(tokens):
            operator = tokens[index].text
            if operator not in ("+", "/") or index + 1 == len(tokens):
                return None
            index += 1
    return result


def _operand(
    tokens: list[_Token], index: int, variables: Mapping[str, str], given: Mapping[str, str], depth: int
) -> tuple[str | None, int]:
    token = tokens[index]
    following = tokens[index + 1].text if index + 1 < len(tokens) else ""
    if token.kind == "text":
        return token.text, index + 1
    if token.text == "(" or (token.kind == "name" and following == "("):
        end = _closing(tokens, index if token.text == "(" else index + 1)
        inside = tokens[index + 1 if token.text == "(" else index + 2 : end]
        if token.text == "(":
            return _value(inside, variables, given, depth + 1) if depth < _DEPTH else None, end + 1
        return _called(token.text, inside), end + 1
    if token.kind == "name" and depth < _DEPTH:
        if token.text in given:
            return given[token.text], index + 1
        if token.text in variables:
            return _value(_tokens(variables[token.text]), variables, {}, depth + 1), index + 1
    return None, index + 1


def _closing(tokens: list[_Token], start: int) -> int:
    open_ = 0
    for index in range(start, len(tokens)):
        open_ += {"(": 1, ")": -1}.get(tokens[index].text, 0) if tokens[index].kind == "mark" else 0
        if not open_:
            return index
    return len(tokens)


def _called(function: str, inside: list[_Token]) -> str | None:
    """`env('X')` and `env('X', 'default')` in a shell's words; other functions are not decided."""
    words = [one.text for one in inside if one.kind == "text"]
    plain = all(one.kind == "text" or one.text == "," for one in inside)
    if not plain or not words or not _VARIABLE.fullmatch(words[0]):
        return None
    if function in ("env", "env_var") and len(words) == 1:
        return f"${{{words[0]}}}"
    if function in ("env", "env_var_or_default") and len(words) == 2 and _PLAIN.fullmatch(words[1]):
        return f"${{{words[0]}-{words[1]}}}"
    return None


_VARIABLE = regex(r"[A-Za-z_]\w*")
_PLAIN = regex(r"[\w./:@%,+=-]*")
_SET = regex(r"set\s+([\w-]+)(?:\s*:=\s*(.*))?$")
_ASSIGNMENT = regex(r"(?:export\s+|unexport\s+|eager\s+|lazy\s+)*([A-Za-z_][\w-]*)\s*:=\s*(.*)", 16)
_TAKES_IN = regex(r"(import|mod)\b[?]?\s")
_HEADER = regex(r"@?([A-Za-z_][\w-]*)(\s[^:]*)?:")
_SCRIPT = regex(r"\[.*\bscript\b(?:\(\s*['\"]([^'\"]*))?")


def parse_just(source: Source) -> Justfile:
    """The recipes and variables of a justfile. Raises SyntaxProblem only for a file that is too large."""
    if len(source.text) > MAX_LENGTH:
        raise SyntaxProblem(f"the file is larger than {MAX_LENGTH:,} characters", Span(source, 0, 0))
    return _Reading(source).read()


class _Reading:
    """One reading of a file, line by line."""

    def __init__(self, source: Source) -> None:
        self.lines = list(logical_lines(source))
        self.recipes: dict[str, Recipe] = {}
        self.variables: dict[str, str] = {}
        self.aliases: dict[str, str] = {}
        self.settings: dict[str, str] = {}
        self.complete = True
        self.script: str | None = None
        self.source = source

    def read(self) -> Justfile:
        at = 0
        while at < len(self.lines):
            line = self.lines[at]
            at += 1
            text = line.value.strip()
            if not text or text.startswith("#") or line.value[0] in " \t":
                continue
            body = at
            while at < len(self.lines) and (not self.lines[at].value.strip() or self.lines[at].value[0] in " \t"):
                at += 1
            self._item(line, text, self.lines[body:at])
        for alias, name in self.aliases.items():
            if name in self.recipes:
                self.recipes.setdefault(alias, self.recipes[name])
        folder = self.settings.get("working-directory", "")
        directory = _value(_tokens(folder), self.variables, {}, 0) if folder else None
        return Justfile(self.source, self.recipes, self.variables, self.complete, directory)

    def _item(self, line: Text, text: str, body: list[Text]) -> None:
        setting, assignment = _SET.match(text), _ASSIGNMENT.match(text)
        if text.startswith("["):
            found = _SCRIPT.match(text)
            self.script = (found[1] or "sh") if found is not None else self.script
        elif setting is not None:
            self.settings[setting[1]] = setting[2] or ""
        elif text.startswith("alias "):
            name, _, target = text.removeprefix("alias ").partition(":=")
            self.aliases[name.strip()] = target.strip()
        elif _TAKES_IN.match(text):
            self.complete = False
        elif assignment is not None:
            # A string of several lines goes on in what looks like a body.
            self.variables[assignment[1]] = "\n".join((assignment[2], *(one.value for one in body)))
        else:
            self._recipe(line.strip(), text, body)
            self.script = None

    def _recipe(self, line: Text, text: str, body: list[Text]) -> None:
        header = _header(text)
        if header is None:
            return
        name, parameters, needs, then = header
        lines = _dedented(body)
        interpreter = self.script
        if lines and lines[0].value.startswith("#!"):
            words = lines[0].value.removeprefix("#!").split()
            program = [word for word in words if not word.startswith("-") and not word.endswith("/env")]
            interpreter = program[0].rpartition("/")[2] if program else "?"
        if interpreter is None:
            lines = [one for line in lines if (one := _without_prefix(line.strip())).value]
        self.recipes[name] = Recipe(name, parameters, needs, then, tuple(lines), line.span, interpreter)


def _header(text: str) -> tuple[str, tuple[Parameter, ...], tuple[Need, ...], tuple[Need, ...]] | None:
    """`@name param='x' *rest: need (other arg) && then`, None for what is no recipe."""
    if not _HEADER.match(text):
        return None
    tokens = _tokens(text)
    if tokens[0].text == "@":
        tokens = tokens[1:]
    colon = next((index for index, one in enumerate(tokens) if one.kind == "mark" and one.text == ":"), None)
    if colon is None or tokens[0].kind != "name":
        return None
    needs: list[Need] = []
    then: list[Need] = []
    into = needs
    index = colon + 1
    while index < len(tokens):
        token = tokens[index]
        if token.text == "&&":
            into = then
        elif token.text == "(":
            end = _closing(tokens, index)
            inside = tokens[index + 1 : end]
            if inside:
                into.append(Need(inside[0].text, tuple(_written(one) for one in inside[1:])))
            index = end
        elif token.kind == "name":
            into.append(Need(token.text))
        index += 1
    return tokens[0].text, tuple(_parameters(tokens[1:colon])), tuple(needs), tuple(then)


def _written(token: _Token) -> str:
    return "'" + token.text.replace("'", "") + "'" if token.kind == "text" else token.text


def _parameters(tokens: list[_Token]) -> Iterator[Parameter]:
    variadic = False
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.text in ("*", "+") and token.kind == "mark":
            variadic = True
        elif token.kind == "name":
            default = None
            if index + 1 < len(tokens) and tokens[index + 1].text == "=":
                end = (
                    _closing(tokens, index + 2) if tokens[index + 2 : index + 3] == [_Token("mark", "(")] else index + 2
                )
                default = " ".join(_written(one) for one in tokens[index + 2 : end + 1])
                index = end
            yield Parameter(token.text, default, variadic)
            variadic = False
        index += 1


def _dedented(body: Iterable[Text]) -> list[Text]:
    """The lines of a body without the indentation of the first."""
    lines = [line for line in body if line.value.strip()]
    if not lines:
        return []
    first = lines[0].value
    indentation = first[: len(first) - len(first.lstrip(" \t"))]
    return [line.slice(len(indentation)) if line.value.startswith(indentation) else line.strip() for line in lines]


def _without_prefix(line: Text) -> Text:
    """A line of a recipe without what tells just how to run it; empty for a comment."""
    kept = line.value.lstrip("@-? \t")
    return line.slice(len(line.value) - len(kept)) if not kept.startswith("#") else line.slice(0, 0)
