"""Go templates as trees: what Helm and other tools of Kubernetes fill in before there is YAML.

Source: the documentation of Go's `text/template` and the lexer in `text/template/parse`; measured with
Helm itself (tests/readers/test_helm.py). Nothing is evaluated here.
"""

from __future__ import annotations

from typing import NamedTuple

from prodlint.regex import regex
from prodlint.source import Source, Span
from prodlint.syntax.go_template_tree import (
    Body,
    Branch,
    Call,
    Chain,
    Constant,
    Define,
    FunctionName,
    Jump,
    Node,
    Operand,
    Output,
    Pipe,
    Subpipe,
    TemplateProblem,
    Variable,
    Verbatim,
)

__all__ = ["parse_go_template"]

_LONGEST = 1_000_000
_DEEPEST = 100
_PARENTHESES = 20
_WHITE = " \t\r\n"
_COMMENT = regex(r"(?s)/\*.*?\*/")
_END = regex(r"\s+-\}\}|\s*\}\}")
_WORD = regex(
    r"(?P<space>\s+)|(?P<field>\.[^\W\d]\w*)|(?P<variable>\$\w*)|(?P<string>\"(?:[^\"\\\n]|\\.)*\")"
    r"|(?P<raw>`[^`]*`)|(?P<number>[+-]?(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?"
    r"|\.\d+(?:[eE][+-]?\d+)?))|(?P<name>[^\W\d]\w*)|(?P<char>'(?:[^'\\\n]|\\.)')|(?P<mark>:=|[=|(),.])"
)
_SPACES = frozenset(_WHITE)
_BEFORE_END = frozenset(" \t\r\n\f\v}")
_CONSTANTS = {"true": True, "false": False, "nil": None}
_ESCAPE = regex(r"\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{3}|.)")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


class _Word(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


def parse_go_template(source: Source) -> Body:
    """The tree of a template.

    Raises TemplateProblem for what `text/template` would not parse, for more than a million
    characters and for more than a hundred levels of nesting.
    """
    if len(source.text) > _LONGEST:
        raise TemplateProblem("the template is too long", Span(source, 0, 0))
    return _Parser(source).body_of_file()


class _Parser:
    """One pass over the text; `at` is where the next text or action begins."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.at = 0
        self.depth = 0
        # The words of the action that is being read, and where it ends.
        self.words: list[_Word] = []
        self.next = 0
        self.end = 0
        self.trims = False

    def body_of_file(self) -> Body:
        body, stop = self.body()
        if stop is not None:
            raise self.problem(f"`{stop}` without an action that it belongs to")
        return body

    def problem(self, message: str) -> TemplateProblem:
        return TemplateProblem(message, Span(self.source, min(self.at, len(self.text)), min(self.end, len(self.text))))

    def body(self) -> tuple[Body, str | None]:
        """What stands up to `else`, `end` or the end of the file, and which of them came."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.problem("actions are nested too deep")
        start = self.at
        nodes: list[Node] = []
        while True:
            opened = self.text.find("{{", self.at)
            stop = len(self.text) if opened < 0 else opened
            begin = self.at
            if self.trims:
                while begin < stop and self.text[begin] in _WHITE:
                    begin += 1
            trims_before = (
                opened >= 0
                and self.text[opened + 2 : opened + 3] == "-"
                and (self.text[opened + 3 : opened + 4] in _SPACES)
            )
            if trims_before:
                while stop > begin and self.text[stop - 1] in _WHITE:
                    stop -= 1
            if stop > begin:
                nodes.append(Verbatim(Span(self.source, begin, stop)))
            self.trims = False
            if opened < 0:
                self.at = len(self.text)
                self.depth -= 1
                return Body(tuple(nodes), Span(self.source, start, self.at)), None
            self.at = opened
            inside = opened + (3 if trims_before else 2)
            if self.is_comment(inside):
                continue
            self.read_words(inside)
            head = self.peek()
            keyword = head.text if head is not None and head.kind == "name" else ""
            if keyword in ("else", "end"):
                body = Body(tuple(nodes), Span(self.source, start, opened))
                self.depth -= 1
                return body, keyword
            nodes.extend(self.action(keyword, opened))

    def is_comment(self, inside: int) -> bool:
        """Whether a comment begins here; then the place is behind it."""
        start = inside
        while self.text[start : start + 1] in _SPACES:
            start += 1
        found = _COMMENT.match(self.text, start)
        if found is None:
            return False
        end = _END.match(self.text, found.end())
        if end is None:
            raise self.problem("a comment ends before the action does")
        self.trims = end[0].lstrip().startswith("-")
        self.at = end.end()
        return True

    def read_words(self, start: int) -> None:
        """The words of an action; `at` stays in front of it until the action is understood."""
        self.words, self.next = [], 0
        at = start
        while True:
            end = _END.match(self.text, at) if self.text[at : at + 1] in _BEFORE_END else None
            if end is not None:
                self.trims = end[0].lstrip().startswith("-")
                self.end = end.end()
                return
            found = _WORD.match(self.text, at)
            if found is None:
                self.end = at
                raise self.problem("an action that cannot be read")
            self.words.append(_Word(str(found.lastgroup), found[0], found.start(), found.end()))
            at = found.end()

    def action(self, keyword: str, opened: int) -> list[Node]:
        """The nodes of one action, with the bodies that belong to it."""
        span = Span(self.source, opened, self.end)
        if keyword in ("if", "with", "range"):
            return [self.branch(keyword, span)]
        if keyword in ("break", "continue") and len(self.meaningful()) == 1:
            self.at = self.end
            return [Jump(keyword)]
        if keyword in ("define", "block", "template"):
            return self.named(keyword, span)
        pipe = self.pipe(span)
        self.at = self.end
        return [Output(pipe, span)]

    def meaningful(self) -> list[_Word]:
        return [word for word in self.words if word.kind != "space"]

    def branch(self, keyword: str, span: Span) -> Branch:
        self.skip(keyword)
        pipe = self.pipe(span)
        self.at = self.end
        then, stop = self.body()
        otherwise = Body((), Span(self.source, self.at, self.at))
        if stop == "else":
            words = self.meaningful()
            chained = words[1].text if len(words) > 1 else ""
            place = Span(self.source, self.at, self.end)
            if chained in ("if", "with"):
                # Its `end` is the one of the whole.
                self.depth += 1
                if self.depth > _DEEPEST:
                    raise self.problem("actions are nested too deep")
                self.skip("else")
                inner = self.branch(chained, place)
                self.depth -= 1
                return Branch(keyword, pipe, then, Body((inner,), inner.then.span), span)
            self.at = self.end
            otherwise, stop = self.body()
        if stop != "end":
            raise TemplateProblem(f"`{keyword}` without `end`", span)
        self.at = self.end
        return Branch(keyword, pipe, then, otherwise, span)

    def named(self, keyword: str, span: Span) -> list[Node]:
        if keyword == "define" and self.depth > 1:
            raise self.problem("`define` inside of another action")
        self.skip(keyword)
        name = self.take()
        if name is None or name.kind not in ("string", "raw"):
            raise self.problem(f"`{keyword}` without a name")
        title = _unquoted(name)
        pipe = self.pipe(span) if keyword != "define" and self.peek() is not None else None
        self.at = self.end
        if keyword == "template":
            return [Call(title, pipe, span)]
        body, stop = self.body()
        if stop != "end":
            raise TemplateProblem(f"`{keyword}` without `end`", span)
        self.at = self.end
        nodes: list[Node] = [Define(title, body)]
        return nodes if keyword == "define" else [*nodes, Call(title, pipe, span)]

    # The words of one action.

    def peek(self) -> _Word | None:
        """The next word that is no space."""
        while self.next < len(self.words) and self.words[self.next].kind == "space":
            self.next += 1
        return self.words[self.next] if self.next < len(self.words) else None

    def take(self) -> _Word | None:
        word = self.peek()
        self.next += 1
        return word

    def skip(self, keyword: str) -> None:
        word = self.take()
        if word is None or word.text != keyword:
            raise self.problem(f"`{keyword}` is expected here")

    def pipe(self, span: Span) -> Pipe:
        """The pipeline up to the end of the action."""
        pipe = self.pipeline(span, 0)
        if self.peek() is not None:
            raise self.problem("text behind the end of the pipeline")
        return pipe

    def pipeline(self, span: Span, depth: int) -> Pipe:
        if depth > _PARENTHESES:
            raise self.problem("parentheses are nested too deep")
        declares, assigns = self.declared()
        commands: list[tuple[Operand, ...]] = []
        while True:
            command = self.command(span, depth)
            if not command:
                raise self.problem("a value is missing")
            commands.append(command)
            word = self.peek()
            if word is None or word.text != "|":
                return Pipe(tuple(commands), span, declares, assigns)
            self.take()

    def declared(self) -> tuple[tuple[str, ...], bool]:
        """The variables in front of `:=` or `=`."""
        begin = self.next
        names: list[str] = []
        while (word := self.peek()) is not None and word.kind == "variable":
            names.append(word.text[1:])
            self.take()
            mark = self.peek()
            if mark is not None and mark.text in (":=", "="):
                self.take()
                return tuple(names), mark.text == "="
            if mark is None or mark.text != ",":
                break
            self.take()
        self.next = begin
        return (), False

    def command(self, span: Span, depth: int) -> tuple[Operand, ...]:
        operands: list[Operand] = []
        while (word := self.peek()) is not None and word.text not in ("|", ")"):
            operands.append(self.operand(span, depth))
        return tuple(operands)

    def operand(self, span: Span, depth: int) -> Operand:
        word = self.take()
        if word is None:
            raise self.problem("a value is missing")
        base: Variable | Subpipe | None = None
        if word.kind == "name":
            return Constant(_CONSTANTS[word.text]) if word.text in _CONSTANTS else FunctionName(word.text)
        if word.kind in ("string", "raw"):
            return Constant(_unquoted(word))
        if word.kind == "char":
            return Constant(ord(_unquoted(word)))
        if word.kind == "number":
            return Constant(self.number(word))
        if word.kind == "field":
            return Chain(None, (word.text[1:], *self.fields()))
        if word.kind == "variable":
            base = Variable(word.text[1:])
        elif word.text == "(":
            base = Subpipe(self.pipeline(span, depth + 1))
            closed = self.take()
            if closed is None or closed.text != ")":
                raise self.problem("a `)` is missing")
        elif word.text != ".":
            raise self.problem(f"`{word.text}` is not expected here")
        return Chain(base, self.fields() if base is not None else ())

    def fields(self) -> tuple[str, ...]:
        """The fields that follow without a space."""
        found: list[str] = []
        while self.next < len(self.words) and self.words[self.next].kind == "field":
            found.append(self.words[self.next].text[1:])
            self.next += 1
        return tuple(found)

    def number(self, word: _Word) -> int | float:
        text = word.text.replace("_", "")
        try:
            if text.lstrip("+-")[:2].lower() in ("0x", "0b", "0o"):
                return int(text, 0)
            return float(text) if any(mark in text for mark in ".eE") else int(text)
        except ValueError:
            raise self.problem("a number that cannot be read") from None


def _unquoted(word: _Word) -> str:
    if word.kind == "raw":
        return word.text[1:-1].replace("\r", "")
    return _ESCAPE.sub(lambda found: _character(found[1]), word.text[1:-1])


def _character(code: str) -> str:
    if code[0] in "xuU" and len(code) > 1:
        number = int(code[1:], 16)
    elif len(code) == 3:
        number = int(code, 8)
    else:
        return _ESCAPED.get(code, code)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"
