"""Templates of a Helm chart filled in: a part of what Helm does, in thought and without running anything.

What a template asks of a cluster, of chance, or of a function that is not modelled is hidden: its
place in the output is a mark, and a condition that rests on it leaves both of its sides out and says
so. Source: Go's `text/template`; Helm, Chart Template Guide. Measured with Helm itself
(tests/readers/test_helm.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from prodlint.readers.helm_data import RANDOM, Data, Hidden, Open, Stopped, field_of, items_of, unsure_keys
from prodlint.readers.helm_text import FIRST_MARK, LAST_MARK, MARKED, has_mark, printed
from prodlint.record import Entity
from prodlint.regex import regex
from prodlint.source import Source, Span, SyntaxProblem
from prodlint.syntax.go_template import parse_go_template
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
    Variable,
    Verbatim,
)

__all__ = ["FilledIn", "Lost", "Piece", "Renderer", "truth"]

_STEPS = 100_000
_DEEPEST = 36
_PARENTHESES = 50
_LONGEST = 1_000_000
_MARKS = LAST_MARK - FIRST_MARK
_KEY = regex(r"[\"']?[\w./-]+[\"']?:(?:\s|\Z)")
_OBJECT = regex(r"(?m)^kind:[ \t]*[\"']?(\w+)")


class Piece(NamedTuple):
    """A part of the output and the part of the template that it comes from; verbatim when they are the same."""

    text: str
    start: int
    end: int
    is_verbatim: bool


# How a variable is written: an item of `env`, an entry of `data` or `stringData`.
_VALUE = regex(r"\n[ \t]*(?:- )?value:[ \t]+[^\n]*\Z")
_SECTION = regex(r"(?m)^([A-Za-z]+):")
_ENTRY = regex(r"\n[ \t]+[\"']?[\w.-]+[\"']?:[ \t]+[^\n]*\Z")
_AS_IT_IS = ("quote", "squote", "b64enc", "trim")
_NEAR, _FAR = 100, 8_000


class Lost(Entity):
    """An object, or the kinds of some, that may be there or not, and why."""

    kinds: tuple[str, ...]
    reason: str
    span: Span


class FilledIn(Entity):
    """The output of one template, and the objects in it that only a cluster decides about."""

    source: Source
    pieces: tuple[Piece, ...]
    lost: tuple[Lost, ...]
    left_out: tuple[Span, ...]


class _Jumped(Exception):
    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def truth(data: Data) -> bool | None:
    """What `if` makes of a value; None when the repository does not tell."""
    if isinstance(data, Hidden):
        return data.truth
    if isinstance(data, dict) and unsure_keys(data) is not None:
        return True if any(not (isinstance(one, Hidden) and one.may_lack) for one in data.values()) else None
    if isinstance(data, str) and has_mark(data):
        return True if MARKED.sub("", data) else None
    return bool(data)


class Renderer:
    """The templates of one chart with one set of values, which all of them share.

    `functions` are called with the renderer and the arguments.
    """

    def __init__(self, functions: Mapping[str, Callable[[Renderer, list[Data]], Data]]) -> None:
        self.functions = functions
        self.defined: dict[str, Body] = {}
        self.hidden: list[Hidden] = []
        self.steps = 0
        self.depth = 0
        self.open = 0
        self.doubts = 0
        self.written = 0
        # The frames of the template that is being executed.
        self.dot: Data = None
        self.scopes: list[dict[str, Data]] = [{}]
        self.pieces: list[Piece] = []
        self.lost: list[Lost] = []
        self.left_out: list[Span] = []

    def define(self, body: Body) -> None:
        """Takes the templates that are named in a file, wherever they stand."""
        waiting: list[Body] = [body]
        while waiting:
            for node in waiting.pop().nodes:
                if isinstance(node, Define):
                    self.defined[node.name] = node.body
                    waiting.append(node.body)
                elif isinstance(node, Branch):
                    waiting.extend((node.then, node.otherwise))

    def fill_in(self, source: Source, body: Body, data: Data) -> FilledIn:
        """The output of a template. Raises Stopped when Helm would stop or there is no end of it."""
        self.pieces, self.lost, self.left_out = [], [], []
        self.depth = self.open = self.doubts = self.written = 0
        self._execute(body, data)
        return FilledIn(source, tuple(self.pieces), tuple(self.lost), tuple(self.left_out))

    def mark(self, hidden: Hidden) -> str:
        """The character that stands for what is hidden."""
        if len(self.hidden) >= _MARKS:
            raise Stopped("too much of it is not told")
        self.hidden.append(hidden)
        return chr(FIRST_MARK + len(self.hidden) - 1)

    def hidden_in(self, text: str) -> Hidden:
        """What a mark in a text stands for."""
        found = MARKED.search(text)
        if found is None or ord(found[0]) - FIRST_MARK >= len(self.hidden):
            return Hidden("it is not told", "…")
        return self.hidden[ord(found[0]) - FIRST_MARK]

    def include(self, name: str, data: Data) -> str:
        """What a named template comes to."""
        body = self.defined.get(name)
        if body is None:
            return self.mark(Hidden(f"no template is named {name}", f'include "{name}"'))
        return self._captured(lambda: self._execute(body, data))

    def evaluate_text(self, text: str, data: Data) -> str:
        """`tpl`: a text that is a template itself."""
        if len(text) > 100_000:
            raise Stopped("it evaluates a text that is too long")
        try:
            body = parse_go_template(Source("", text))
        except SyntaxProblem as problem:
            raise Stopped(problem.message) from None
        self.define(body)
        return self._captured(lambda: self._execute(body, data))

    def tick(self, count: int = 1) -> None:
        """Counts what is done, so that it ends."""
        self.steps += count
        if self.steps > _STEPS:
            raise Stopped("it does too much")

    # Nodes.

    def _execute(self, body: Body, data: Data) -> None:
        """A template from its beginning: `.` and `$` are what it was given."""
        dot, scopes = self.dot, self.scopes
        self.dot, self.scopes = data, [{"": data}]
        try:
            self._body(body)
        except _Jumped:
            raise Stopped("`break` outside of a `range`") from None
        finally:
            self.dot, self.scopes = dot, scopes

    def _body(self, body: Body) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise Stopped("its templates are nested too deep")
        self.scopes.append({})
        try:
            for node in body.nodes:
                self.tick()
                self._node(node)
        finally:
            self.scopes.pop()
            self.depth -= 1

    def _node(self, node: Node) -> None:
        if isinstance(node, Verbatim):
            self._write(node.span.text, node.span, True)
        elif isinstance(node, Output):
            value = self.pipe(node.pipe)
            if not node.pipe.declares:
                if (value is None or value == "") and self._is_absent(node.pipe) and self._sets_variable():
                    value = Hidden("values.yaml does not set it", "")
                self._write(printed(self._labelled(value, node.span), self.mark), node.span, False)
        elif isinstance(node, Branch):
            self._branch(node)
        elif isinstance(node, Call):
            data = self.pipe(node.pipe) if node.pipe is not None else None
            self._write(self.include(node.name, data), node.span, False)
        elif isinstance(node, Jump):
            raise _Jumped(node.kind)

    def _sets_variable(self) -> bool:
        """Whether what is written next is the value of a variable: of a container, a ConfigMap or a Secret."""
        self.tick(20)
        before = "".join(piece.text for piece in self.pieces[-_NEAR:])[-_FAR:]
        if _VALUE.search(before) is not None:
            return True
        sections = _SECTION.findall(before)
        return bool(sections) and sections[-1] in ("data", "stringData") and _ENTRY.search(before) is not None

    def _is_absent(self, pipe: Pipe) -> bool:
        """Whether a pipeline only writes a value that the chart leaves to the installation (`--set`)."""
        asked = pipe.commands[0][-1]
        words = [word for command in pipe.commands for word in command if word is not asked]
        if not isinstance(asked, Chain) or len(asked.fields) < 2 or asked.fields[0] != "Values":
            return False
        if not all(isinstance(word, FunctionName) and word.name in _AS_IT_IS for word in words):
            return False
        return (asked.base is None or isinstance(asked.base, Variable)) and self.operand(asked) is None

    def _labelled(self, value: Data, span: Span) -> Data:
        """A hidden value whose label is the action that asks for it."""
        if isinstance(value, Hidden) and value.reason == RANDOM:
            return Hidden(RANDOM, RANDOM, value.truth)
        if isinstance(value, Hidden) and not value.label:
            return Hidden(value.reason, span.text.strip("{}- \n")[:80], value.truth)
        return value

    def _write(self, text: str, span: Span, is_verbatim: bool) -> None:
        self.written += len(text)
        if self.written > _LONGEST:
            raise Stopped("it writes too much")
        if text:
            self.pieces.append(Piece(text, span.start, span.end, is_verbatim))

    def _captured(self, work: Callable[[], None]) -> str:
        """What some work writes."""
        pieces, self.pieces = self.pieces, []
        try:
            work()
            return "".join(piece.text for piece in self.pieces)
        finally:
            self.pieces = pieces

    def _branch(self, node: Branch) -> None:
        self.scopes.append({})
        try:
            value = self.pipe(node.pipe) if node.kind != "range" else self._pipe_value(node.pipe)
            said = truth(value)
            if node.kind == "range" and isinstance(value, dict) and unsure_keys(value) is not None:
                # More may follow what is told.
                self._range(node, value)
                said = None
            if said is None:
                self._doubtful(node, value)
            elif not said:
                self.left_out.append(node.then.span)
                self._body(node.otherwise)
            elif node.kind == "range":
                self._range(node, value)
            else:
                if node.otherwise.nodes:
                    self.left_out.append(node.otherwise.span)
                self._with_dot(node.then, value if node.kind == "with" else self.dot)
        finally:
            self.scopes.pop()

    def _with_dot(self, body: Body, dot: Data) -> None:
        before, self.dot = self.dot, dot
        try:
            self._body(body)
        finally:
            self.dot = before

    def _range(self, node: Branch, value: Data) -> None:
        for key, item in items_of(value):
            self.scopes.append({})
            try:
                names = node.pipe.declares
                if len(names) == 1:
                    self._set(names[0], item, node.pipe.assigns)
                elif len(names) == 2:
                    self._set(names[0], key, node.pipe.assigns)
                    self._set(names[1], item, node.pipe.assigns)
                self._with_dot(node.then, item)
            except _Jumped as jumped:
                if jumped.kind == "break":
                    break
            finally:
                self.scopes.pop()

    def _doubtful(self, node: Branch, value: Data) -> None:
        """Neither side of a condition that is not told: a mark of the shape that the sides have."""
        reason = _reason(self, value)
        hidden = Hidden(reason, node.span.text.strip("{}- \n")[:80])
        inner = Hidden(reason, hidden.label)
        sides = []
        self.doubts += 1
        lost, left_out = self.lost, self.left_out
        try:
            for name in node.pipe.declares:
                self._set(name, inner if node.kind == "range" else value, False)
            dot = self.dot if node.kind == "if" else inner if node.kind == "range" else value
            sides = [self._attempted(node.then, dot), self._attempted(node.otherwise, self.dot)]
        finally:
            self.doubts -= 1
            self.lost, self.left_out = lost, left_out
        kinds = tuple(dict.fromkeys(kind for side in sides for kind in _OBJECT.findall(side)))
        if kinds:
            self.lost.append(Lost(kinds, reason, node.span))
            return
        shaped = next((side for side in sides if side.strip()), "")
        if shaped:
            self._write(self._in_shape(shaped, hidden), node.span, False)

    def _attempted(self, body: Body, dot: Data) -> str:
        self.lost, self.left_out = [], []

        def work() -> None:
            try:
                self._with_dot(body, dot)
            except Stopped:
                # What stops Helm on this side may never be reached.
                self.tick()
            except _Jumped:
                raise Stopped("whether a `range` goes on is not told") from None

        return self._captured(work)

    def _in_shape(self, text: str, hidden: Hidden) -> str:
        """A mark where an item, a key or a part of a line would stand."""
        content = text.strip()
        before = text[: len(text) - len(text.lstrip())]
        behind = text[len(text.rstrip()) :]
        line = "".join(piece.text for piece in self.pieces[-3:]).rpartition("\n")[2] + before
        mark = self.mark(hidden)
        if "\n" in before or not line.strip():
            if content.startswith("- ") or content == "-":
                return f"{before}- {mark}{behind}"
            if _KEY.match(content) or "\n" in content:
                return f"{before}{mark}: {mark}{behind}"
        return f"{before}{mark}{behind}"

    # Pipelines.

    def pipe(self, pipe: Pipe) -> Data:
        """What a pipeline comes to; its variables are set."""
        value = self._pipe_value(pipe)
        for name in pipe.declares:
            self._set(name, value, pipe.assigns)
        return value

    def _pipe_value(self, pipe: Pipe) -> Data:
        value: Data = None
        for index, command in enumerate(pipe.commands):
            self.tick()
            value = self._command(command, [value] if index else [])
        return value

    def _set(self, name: str, value: Data, assigns: bool) -> None:
        if not assigns:
            self.scopes[-1][name] = value
            return
        scope = next((one for one in reversed(self.scopes) if name in one), None)
        if scope is None:
            raise Stopped(f"${name} is not declared")
        scope[name] = Hidden("a condition that is not told sets it", f"${name}") if self.doubts else value

    def _command(self, command: tuple[Operand, ...], piped: list[Data]) -> Data:
        first = command[0]
        if isinstance(first, FunctionName):
            return self._call(first.name, command[1:], piped)
        if len(command) == 1 and not piped:
            return self.operand(first)
        if isinstance(first, Chain):
            held = self.operand(first)
            arguments = [self.operand(one) for one in command[1:]]
            if callable(held):
                return held(*arguments, *piped)
            if isinstance(held, Hidden):
                return held
        raise Stopped("it calls what is no function")

    def _call(self, name: str, operands: tuple[Operand, ...], piped: list[Data]) -> Data:
        if name in ("and", "or"):
            return self._and_or(name == "or", operands, piped)
        function = self.functions.get(name)
        arguments = [self.operand(one) for one in operands] + piped
        if function is None:
            return Hidden(f"the function {name} is not modelled", "")
        return function(self, arguments)

    def _and_or(self, stops_at: bool, operands: tuple[Operand, ...], piped: list[Data]) -> Data:
        """The first value that decides, else the last."""
        doubt: Data = None
        is_doubtful = False
        value: Data = None
        for one in [*operands, *piped]:
            value = self.operand(one) if isinstance(one, Constant | FunctionName | Chain) else one
            said = truth(value)
            if said is stops_at:
                if not is_doubtful:
                    return value
                return Hidden(_reason(self, doubt), "", stops_at)
            if said is None and not is_doubtful:
                doubt, is_doubtful = value, True
        return Hidden(_reason(self, doubt), "") if is_doubtful else value

    def operand(self, operand: Operand) -> Data:
        """What one word of a command stands for."""
        if isinstance(operand, Constant):
            return operand.value
        if isinstance(operand, FunctionName):
            return self._call(operand.name, (), [])
        if operand.base is None:
            value = self.dot
        elif isinstance(operand.base, Subpipe):
            value = self._inner(operand.base.pipe)
        else:
            value = self._variable(operand.base)
        if value is None and operand.base is not None:
            # `(.Values.a).b` and `$a.b` are nothing where `.Values.a.b` stops.
            return None
        for name in operand.fields:
            value = field_of(value, name)
        return value

    def _inner(self, pipe: Pipe) -> Data:
        self.open += 1
        if self.open > _PARENTHESES:
            raise Stopped("its templates are nested too deep")
        try:
            return self.pipe(pipe)
        finally:
            self.open -= 1

    def _variable(self, variable: Variable) -> Data:
        for scope in reversed(self.scopes):
            if variable.name in scope:
                return scope[variable.name]
        raise Stopped(f"${variable.name} is not declared")


def _reason(renderer: Renderer, value: Data) -> str:
    if isinstance(value, Hidden | Open):
        return value.reason
    if isinstance(value, dict):
        return unsure_keys(value) or "its keys are not all told"
    return renderer.hidden_in(str(value)).reason
