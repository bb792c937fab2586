"""The grammar of bash by recursive descent: what begins a command, and so what is a keyword and what a word.

Written by hand, because in a shell only the place in the grammar tells a keyword from a word. A
reader that guesses takes `! { a; }` for a command named `{`, and the second of two here-documents
on one line for commands. Time is linear in the text, also in one that is no shell.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from prodlint.source import Span, Text
from prodlint.syntax.shell_tree import (
    AndOr,
    Assignment,
    Background,
    Branch,
    Case,
    CaseArm,
    Command,
    Function,
    Group,
    If,
    Loop,
    Node,
    Pipeline,
    Redirection,
    Sequence,
    Subshell,
    Test,
    Unparsed,
)
from prodlint.syntax.shell_words import DEPTH, Unreadable, WordReader
from prodlint.syntax.word import Expansion, Literal, Substitution, Word

__all__ = ["ShellReader"]

_BLANK = re.compile(r"(?:[ \t]|\\\n)*(?:#[^\n]*)?")
_OPERATOR = re.compile(r"&&|\|\||\|&|;;&|;;|;&|&(?!>)|[|;()\n]")
_KEYWORD = re.compile(
    r"(?:if|then|elif|else|fi|while|until|for|select|do|done|case|in|esac|function|coproc|time|\[\[|[!{}])"
    r"(?=[ \t\n;&|<>()]|\\\n|\Z)"
)
_CLOSING = frozenset(("then", "elif", "else", "fi", "do", "done", "esac", "}", ")", ";;", ";&", ";;&"))
_END = ""
_ARM_ENDS = frozenset((";;", ";&", ";;&", "esac"))
_REDIRECTION = re.compile(
    r"([0-9]+|\{[A-Za-z_][A-Za-z_0-9]*\})?(&>>|&>|<<<|<<-|<<|<>|<&|<(?!\()|>>|>\||>&|>(?!\())",
)
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z_0-9]*)(\[[^\]\n]*\])?(\+?)=")
_NAME = re.compile(r"""[^ \t\n;&|<>()'"`$\\]+""")
_COMPOUND_FOLLOWS = r"(?=[ \t\n]+(?:[({!]|\[\[|(?:if|for|while|until|case|select)\b))"
_TIME = re.compile(rf"time(?:[ \t]+-p)?{_COMPOUND_FOLLOWS}")
_COPROCESS_NAME = re.compile(rf"[A-Za-z_][A-Za-z_0-9]*{_COMPOUND_FOLLOWS}")
_TEST_END = re.compile(r"\]\](?=[ \t\n;&|<>()]|\Z)")
_TEST_OPERATOR = re.compile(r"&&|\|\||[()<>&|;]")
_DECLARING = frozenset(("export", "declare", "typeset", "readonly", "local"))


class _Malformed(Exception):
    """The text is no shell at an index."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


class ShellReader:
    """Reads one text; `at` is the index that comes next."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self.value = text.value
        self.at = 0
        self.words = WordReader(text, self._commands_end)
        self.heredocs: list[tuple[Redirection, str]] = []
        self.stops: list[frozenset[str]] = []
        self.compounds: dict[str, Callable[[], Node]] = {
            "if": self._if,
            "while": self._while,
            "until": self._while,
            "for": self._for,
            "select": self._for,
            "case": self._case,
            "{": self._group,
            "(": self._subshell,
            "[[": self._test,
            "function": self._function,
            "coproc": self._coprocess,
        }

    def script(self) -> Sequence:
        """The whole text."""
        return self._list(frozenset((_END,)))

    def _span(self, start: int, end: int | None = None) -> Span:
        return self.text.span_of(start, self.at if end is None else end)

    def _blank(self) -> None:
        found = _BLANK.match(self.value, self.at)
        assert found is not None
        self.at = found.end()

    def _lines(self) -> None:
        """Goes over blanks, comments and line ends, and over the here-documents that wait there."""
        while True:
            self._blank()
            if not self.value.startswith("\n", self.at):
                return
            self.at += 1
            if self.heredocs:
                self._heredoc_bodies()

    def _sign(self) -> str:
        """The keyword or operator that comes next, `_END` at the end of the text or before a word."""
        found = _KEYWORD.match(self.value, self.at) or _OPERATOR.match(self.value, self.at)
        return found[0] if found else _END

    def _expect(self, sign: str) -> None:
        if self._sign() != sign:
            raise _Malformed(self.at)
        self.at += len(sign)

    def _word(self) -> Word:
        try:
            word, end = self.words.read(self.at)
        except Unreadable:
            raise _Malformed(len(self.value)) from None
        if end == self.at:
            raise _Malformed(self.at)
        self.at = end
        return word

    def _name(self) -> str:
        found = _NAME.match(self.value, self.at)
        if found is None:
            raise _Malformed(self.at)
        self.at = found.end()
        return found[0]

    def _commands_end(self, at: int) -> int:
        """The index behind the parenthesis that closes the commands of a substitution."""
        outside = self.at, self.heredocs, self.stops
        self.at, self.heredocs, self.stops = at, [], []
        try:
            self._nested(frozenset((")",)))
            return self.at + 1
        except _Malformed:
            raise Unreadable from None
        finally:
            self.at, self.heredocs, self.stops = outside

    def _nested(self, stop: frozenset[str]) -> Sequence:
        """A list inside of something, up to a sign that is left standing."""
        depth = self.words.depth
        if depth >= DEPTH:
            raise _Malformed(self.at)
        self.words.depth += 1
        try:
            return self._list(stop)
        finally:
            self.words.depth = depth

    def _body(self, *stop: str) -> Sequence:
        body = self._nested(frozenset(stop))
        if not body.items:
            raise _Malformed(self.at)
        return body

    def _list(self, stop: frozenset[str]) -> Sequence:
        self.stops.append(stop)
        items: list[Node] = []
        try:
            self._lines()
            first = self.at
            while not self._is_at_end(stop):
                start = self.at
                try:
                    items.append(self._item())
                except _Malformed as problem:
                    self._resume(max(problem.at, start), start)
                    end = start + len(self.value[start : self.at].rstrip())
                    items.append(Unparsed(self._span(start, end)))
                self._lines()
        finally:
            self.stops.pop()
        return Sequence(tuple(items), items[0].span.to(items[-1].span) if items else self._span(first, first))

    def _is_at_end(self, stop: frozenset[str]) -> bool:
        """Whether a list ends here as it should; raises when it is what lies around it that ends."""
        if self.at >= len(self.value):
            if _END in stop:
                return True
            raise _Malformed(self.at)
        sign = self._sign()
        if sign in stop and sign != _END:
            return True
        if self._closes(sign):
            raise _Malformed(self.at)
        return False

    def _closes(self, sign: str) -> bool:
        return sign in _CLOSING and any(sign in stop for stop in self.stops)

    def _resume(self, at: int, start: int) -> None:
        """Goes to where a command may begin again after an error: the next line, `;` or closing sign."""
        self.at = at
        opened = 0
        while self.at < len(self.value):
            self._blank()
            sign = self._sign()
            if sign == "\n" or (self.at > start and not opened and self._closes(sign)):
                return
            if sign in (";", "&") and not opened:
                self.at += 1
                return
            opened += (sign == "(") - (sign == ")" and opened > 0)
            self._skip()

    def _skip(self) -> None:
        """Goes over one operator, redirection or word."""
        if found := _OPERATOR.match(self.value, self.at) or _REDIRECTION.match(self.value, self.at):
            self.at = found.end()
            return
        try:
            self._word()
        except _Malformed as problem:
            self.at = max(problem.at, self.at + 1)

    def _item(self) -> Node:
        """One command line of a list with what separates it from the next."""
        if self._sign() in _CLOSING:
            raise _Malformed(self.at)
        node = self._and_or()
        self._blank()
        sign = self._sign()
        if sign == "&":
            self.at += 1
            return Background(node, node.span.to(self._span(self.at - 1)))
        if sign == ";":
            self.at += 1
        elif sign != "\n" and not self._closes(sign) and self.at < len(self.value):
            raise _Malformed(self.at)
        return node

    def _and_or(self) -> Node:
        left = self._pipeline()
        while True:
            self._blank()
            operator = self._sign()
            if operator not in ("&&", "||"):
                return left
            self.at += 2
            self._lines()
            right = self._pipeline()
            left = AndOr(left, operator, right, left.span.to(right.span))

    def _pipeline(self) -> Node:
        start = self.at
        negated = False
        while True:
            self._blank()
            if timed := _TIME.match(self.value, self.at):
                self.at = timed.end()
            elif self._sign() == "!":
                self.at += 1
                negated = not negated
            else:
                break
        commands = [self._command()]
        while True:
            self._blank()
            sign = self._sign()
            if sign not in ("|", "|&"):
                break
            self.at += len(sign)
            if sign == "|&":
                span = self._span(self.at - 2)
                errors = Redirection(">&", Word.of(Text.at("1", span)), span, descriptor="2")
                commands[-1] = _redirected(commands[-1], (errors,))
            self._lines()
            commands.append(self._command())
        if len(commands) == 1 and not negated:
            return commands[0]
        return Pipeline(tuple(commands), negated, self._span(start, start).to(commands[-1].span))

    def _command(self) -> Node:
        start = self.at
        sign = self._sign()
        if sign == "(" and (end := self.words.arithmetic_end(start)) is not None:
            self.at = end
            node: Node = Test(self.text.slice(start + 2, end - 2).strip(), (), self._span(start))
        elif read := self.compounds.get(sign):
            node = read()
        elif sign in _CLOSING or sign == "!":
            raise _Malformed(start)
        else:
            return self._simple()
        end = self.at
        redirections: list[Redirection] = []
        while True:
            self._blank()
            redirection = self._redirection()
            if redirection is None:
                break
            redirections.append(redirection)
            end = self.at
        return replace(_redirected(node, tuple(redirections)), span=self._span(start, end))

    def _simple(self) -> Node:
        start = end = self.at
        words: list[Word] = []
        assignments: list[Assignment] = []
        redirections: list[Redirection] = []
        while True:
            self._blank()
            redirection = self._redirection()
            if redirection is not None:
                redirections.append(redirection)
            elif self.at >= len(self.value) or _OPERATOR.match(self.value, self.at):
                break
            elif not words and (prefix := _ASSIGNMENT.match(self.value, self.at)):
                assignments.append(self._assignment(prefix, exported=False))
            elif words and words[0].literal in _DECLARING and (pair := _ASSIGNMENT.match(self.value, self.at)):
                assignments.append(self._assignment(pair, _exports(words)))
                words.append(self._declared(pair, assignments[-1]))
            else:
                words.append(self._word())
            end = self.at
        if end == start:
            raise _Malformed(self.at)
        if self._sign() == "(":
            if len(words) != 1 or assignments or redirections:
                raise _Malformed(self.at)
            return self._definition(start, words[0].written)
        return Command(tuple(words), tuple(assignments), tuple(redirections), self._span(start, end))

    def _assignment(self, found: re.Match[str], exported: bool) -> Assignment:
        name, subscript, appends = found.groups()
        start, self.at = found.span()
        value: Word | None = None
        if self.value.startswith("(", self.at):
            self._array()
        elif self._is_word_end():
            value = Word((), self._span(self.at))
        else:
            value = self._word()
        if value is not None and appends:
            before = Expansion(name, self._span(start, start + len(name)), quoted=True)
            value = Word((before, *value.parts), value.span)
        if subscript is not None:
            name, value = name + subscript, None
        return Assignment(name, value, self._span(start), exported)

    def _declared(self, found: re.Match[str], assignment: Assignment) -> Word:
        """An assignment as the argument that `export` and its like are handed."""
        name = Literal(self.text.slice(*found.span()))
        if found.end() == self.at:
            return Word((name,), assignment.span)
        if assignment.value is None:
            return Word((name, Substitution(self._span(found.end()))), assignment.span)
        parts = assignment.value.parts[1:] if found[3] else assignment.value.parts
        return Word((name, *parts), assignment.span)

    def _is_word_end(self) -> bool:
        return self.at >= len(self.value) or self.value[self.at] in " \t\n;&|<>()"

    def _array(self) -> None:
        self.at += 1
        while True:
            self._lines()
            if self.value.startswith(")", self.at):
                self.at += 1
                return
            self._word()

    def _redirection(self) -> Redirection | None:
        found = _REDIRECTION.match(self.value, self.at)
        if found is None:
            return None
        self.at = found.end()
        self._blank()
        start = self.at
        target = self._word()
        descriptor, operator = found[1] or "", found[2]
        span = self._span(found.start())
        if operator not in ("<<", "<<-"):
            return Redirection(operator, target, span, descriptor=descriptor)
        written = self.value[start : self.at]
        quoted = any(mark in written for mark in "'\"\\")
        empty = self.text.slice(self.at, self.at)
        redirection = Redirection(operator, None, span, empty, quoted, descriptor)
        delimiter = target.literal
        self.heredocs.append((redirection, written if delimiter is None else delimiter))
        return redirection

    def _heredoc_bodies(self) -> None:
        waiting, self.heredocs = self.heredocs, []
        for redirection, delimiter in waiting:
            tabs = "\t" if redirection.operator == "<<-" else ""
            lines: list[Text] = []
            continued = False
            while self.at < len(self.value):
                end = self.value.find("\n", self.at) + 1 or len(self.value)
                line = self.value[self.at : end]
                start = self.at + len(line) - len(line.lstrip(tabs)) if tabs else self.at
                self.at = end
                if not continued and self.value[start:end].removesuffix("\n") == delimiter:
                    break
                lines.append(self.text.slice(start, end))
                body = line.removesuffix("\n")
                continued = not redirection.heredoc_quoted and (len(body) - len(body.rstrip("\\"))) % 2 == 1
            if lines:
                # The command was built when its line was read: this completes it before anyone sees it.
                object.__setattr__(redirection, "heredoc", Text.join(lines))

    def _group(self) -> Node:
        return self._bracketed(Group, "}")

    def _subshell(self) -> Node:
        return self._bracketed(Subshell, ")")

    def _bracketed(self, kind: type[Group | Subshell], closing: str) -> Node:
        start = self.at
        self.at += 1
        body = self._body(closing)
        self.at += 1
        return kind(body, self._span(start))

    def _if(self) -> Node:
        start = self.at
        branches: list[Branch] = []
        otherwise = None
        sign = "if"
        while sign in ("if", "elif"):
            begin = self.at
            self.at += len(sign)
            condition = self._body("then")
            self._expect("then")
            body = self._body("elif", "else", "fi")
            branches.append(Branch(condition, body, self._span(begin, begin).to(body.span)))
            sign = self._sign()
        if sign == "else":
            self._expect("else")
            otherwise = self._body("fi")
        self._expect("fi")
        return If(tuple(branches), otherwise, self._span(start))

    def _while(self) -> Node:
        start = self.at
        kind = self._name()
        condition = self._body("do")
        return Loop(kind, condition, None, (), self._do(), self._span(start))

    def _do(self) -> Sequence:
        self._expect("do")
        body = self._body("done")
        self._expect("done")
        return body

    def _for(self) -> Node:
        start = self.at
        kind = self._name()
        self._blank()
        begin = self.at
        words: list[Word] = []
        variable: str | None = None
        condition: Test | None = None
        end = self.words.arithmetic_end(begin)
        if end is not None:
            self.at = end
            condition = Test(self.text.slice(begin + 2, end - 2).strip(), (), self._span(begin))
        else:
            variable = self._name()
        self._lines()
        if condition is None and self._sign() == "in":
            self._expect("in")
            words = self._words()
        elif self._sign() == ";":
            self._expect(";")
        self._lines()
        if self._sign() == "{":
            group = self._group()
            assert isinstance(group, Group)
            body = group.body
        else:
            body = self._do()
        return Loop(kind, condition, variable, tuple(words), body, self._span(start))

    def _words(self) -> list[Word]:
        """Words up to the end of the line."""
        words: list[Word] = []
        while True:
            self._blank()
            operator = _OPERATOR.match(self.value, self.at)
            if operator is None:
                words.append(self._word())
            elif operator[0] == ";":
                self.at += 1
                return words
            elif operator[0] == "\n":
                return words
            else:
                raise _Malformed(self.at)

    def _case(self) -> Node:
        start = self.at
        self._expect("case")
        self._blank()
        subject = self._word()
        self._lines()
        self._expect("in")
        arms: list[CaseArm] = []
        self._lines()
        while self._sign() != "esac":
            arms.append(self._arm())
            self._lines()
        self._expect("esac")
        return Case(subject, tuple(arms), self._span(start))

    def _arm(self) -> CaseArm:
        start = self.at
        if self._sign() == "(":
            self.at += 1
        patterns: list[Word] = []
        sign = "|"
        while sign == "|":
            self._blank()
            patterns.append(self._word())
            self._blank()
            sign = self._sign()
            if sign not in ("|", ")"):
                raise _Malformed(self.at)
            self.at += 1
        body = self._nested(_ARM_ENDS)
        if self._sign() != "esac":
            self.at += len(self._sign())
        return CaseArm(tuple(patterns), body if body.items else None, self._span(start))

    def _test(self) -> Node:
        start = self.at
        self.at += 2
        begin = self.at
        words: list[Word] = []
        while True:
            self._lines()
            if _TEST_END.match(self.value, self.at):
                break
            operator = _TEST_OPERATOR.match(self.value, self.at)
            if operator is None:
                words.append(self._word())
            else:
                words.append(Word((Literal(self.text.slice(*operator.span())),), self.text.span_of(*operator.span())))
                self.at = operator.end()
        expression = self.text.slice(begin, self.at).strip()
        self.at += 2
        return Test(expression, tuple(words), self._span(start))

    def _function(self) -> Node:
        start = self.at
        self._expect("function")
        self._blank()
        name = self._name()
        self._blank()
        return self._definition(start, name)

    def _definition(self, start: int, name: str) -> Node:
        if self._sign() == "(":
            self.at += 1
            self._blank()
            self._expect(")")
        self._lines()
        if self._sign() not in self.compounds or self._sign() in ("function", "coproc"):
            raise _Malformed(self.at)
        body = self._command()
        return Function(name, body, self._span(start))

    def _coprocess(self) -> Node:
        start = self.at
        self._expect("coproc")
        self._blank()
        if name := _COPROCESS_NAME.match(self.value, self.at):
            self.at = name.end()
            self._blank()
        body = self._command()
        return Background(body, self._span(start))


def _exports(words: list[Word]) -> bool:
    """Whether `export` or its like, with these options, hands its variables to programs."""
    name, *options = (word.literal or "" for word in words)
    flags = "".join(option[1:] for option in options if option.startswith("-"))
    return "n" not in flags if name == "export" else name != "readonly" and "x" in flags


def _redirected(node: Node, more: tuple[Redirection, ...]) -> Node:
    if not more or not isinstance(node, Command | Subshell | Group | If | Loop | Case | Test):
        return node
    return replace(node, redirections=(*node.redirections, *more))
