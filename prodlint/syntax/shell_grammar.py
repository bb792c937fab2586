"""The grammar of bash by recursive descent: what begins a command, and so what is a keyword and what a word.

Written by hand, because in a shell only the place in the grammar tells a keyword from a word. A
reader that guesses takes `! { a; }` for a command named `{`, and the second of two here-documents
on one line for commands. Time is linear in the text, also in one that is no shell.
"""

from __future__ import annotations

from collections.abc import Callable

from prodlint.record import replace
from prodlint.regex import regex
from prodlint.source import Span, Text
from prodlint.syntax.shell_tokens import ASSIGNMENT, PLAIN, TAKING_PAIRS, Malformed, TokenReader
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
from prodlint.syntax.shell_words import DEPTH, Unreadable
from prodlint.syntax.word import Literal, Word

__all__ = ["ShellReader"]

_END = ""
_CLOSING = frozenset(("then", "elif", "else", "fi", "do", "done", "esac", "}", ")", ";;", ";&", ";;&"))
_THEN = frozenset(("then",))
_BRANCH_ENDS = frozenset(("elif", "else", "fi"))
_FI = frozenset(("fi",))
_DO = frozenset(("do",))
_DONE = frozenset(("done",))
_BRACE = frozenset(("}",))
_BRACKET = frozenset((")",))
_ARM_ENDS = frozenset((";;", ";&", ";;&", "esac"))
_COMPOUND = r"[({!]|\[\[|(?:if|for|while|until|case|select)\b"
_COPROCESS_NAME = regex(rf"[A-Za-z_][A-Za-z_0-9]*(?=[ \t\n]+(?:{_COMPOUND}))")
# Before a simple command `time` may be the keyword or a program: there it stays the first word.
_TIME = regex(
    rf"time(?:[ \t]+-p)?(?=[ \t\n]+"
    rf"(?:{_COMPOUND}|(?:function|coproc)\b|[A-Za-z_][A-Za-z_0-9]*(?:\[|\+?=|[ \t]*\()))"
)
_NO_PARAMETERS = regex(r"\([ \t]*\)")
_SEPARATORS = " \t\n;&|"
_COMMAND_ENDS = "\n;|()"
_TEST_END = regex(r"\]\](?=[ \t\n;&|<>()]|\Z)")
_TEST_OPERATOR = regex(r"&&|\|\||[()<>&|;]")


class ShellReader(TokenReader):
    """Reads lists, pipelines and compound commands."""

    def __init__(self, text: Text) -> None:
        super().__init__(text, self._commands_end)
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

    def span_to(self, start: int, last: Node) -> Span:
        """From an index to the end of a node."""
        return Span(self.text.source, self.text.offsets[start], last.span.end)

    def _commands_end(self, at: int) -> int:
        """The index behind the parenthesis that closes the commands of a substitution."""
        outside = self.at, self.heredocs, self.stops
        self.at, self.heredocs, self.stops = at, [], []
        try:
            self._nested(_BRACKET)
            return self.at + 1
        except Malformed:
            raise Unreadable from None
        finally:
            self.at, self.heredocs, self.stops = outside

    def _nested(self, stop: frozenset[str]) -> Sequence:
        """A list inside of something, up to a sign that is left standing."""
        depth = self.words.depth
        if depth >= DEPTH:
            raise Malformed(self.at)
        self.words.depth += 1
        try:
            return self._list(stop)
        finally:
            self.words.depth = depth

    def _body(self, stop: frozenset[str]) -> Sequence:
        body = self._nested(stop)
        if not body.items:
            raise Malformed(self.at)
        return body

    def _list(self, stop: frozenset[str]) -> Sequence:
        self.stops.append(stop)
        items: list[Node] = []
        try:
            self.lines()
            first = self.at
            while not self._is_at_end(stop):
                start = self.at
                try:
                    items.append(self._item())
                except Malformed as problem:
                    self._resume(max(problem.at, start), start)
                    end = start + len(self.value[start : self.at].rstrip())
                    items.append(Unparsed(self.span(start, end)))
                self.lines()
        finally:
            self.stops.pop()
        if len(items) == 1:
            return Sequence((items[0],), items[0].span)
        return Sequence(tuple(items), items[0].span.to(items[-1].span) if items else self.span(first, first))

    def _is_at_end(self, stop: frozenset[str]) -> bool:
        """Whether a list ends here as it should; raises when it is what lies around it that ends."""
        sign = self.sign()
        if not sign:
            if self.at < len(self.value):
                return False
            if _END in stop:
                return True
            raise Malformed(self.at)
        if sign in stop:
            return True
        if self._closes(sign):
            raise Malformed(self.at)
        return False

    def _closes(self, sign: str) -> bool:
        return sign in _CLOSING and any(sign in stop for stop in self.stops)

    def _resume(self, at: int, start: int) -> None:
        """Goes to where a command may begin again after an error: the next line, `;` or closing sign."""
        self.at = at
        opened = 0
        while not self.at_end:
            self.blank()
            sign = self.sign()
            if self.at_end or sign == "\n" or (self.at > start and not opened and self._closes(sign)):
                return
            if sign in (";", "&", ";;", ";&", ";;&") and not opened:
                self.at += len(sign)
                return
            opened += (sign == "(") - (sign == ")" and opened > 0)
            self.skip()

    def _item(self) -> Node:
        """One command line of a list with what separates it from the next."""
        node = self._and_or()
        sign = self.sign()
        if sign == "&":
            self.at += 1
            return Background(node, node.span.to(self.span(self.at - 1)))
        if sign == ";":
            self.at += 1
        elif sign != "\n" and not self._closes(sign) and not self.at_end:
            raise Malformed(self.at)
        return node

    def _and_or(self) -> Node:
        left = self._pipeline()
        while (operator := self.sign()) in ("&&", "||"):
            self.at += 2
            self.lines()
            right = self._pipeline()
            left = AndOr(left, operator, right, left.span.to(right.span))
        return left

    def _pipeline(self) -> Node:
        start = self.at
        negated = False
        while (sign := self.sign()) in ("!", "time"):
            if sign == "!":
                self.at += 1
                negated = not negated
            elif timed := _TIME.match(self.value, self.at):
                self.at = timed.end()
            else:
                break
            self.blank()
        commands = [self._command()]
        while (sign := self.sign()) in ("|", "|&"):
            self.at += len(sign)
            if sign == "|&":
                span = self.span(self.at - 2)
                errors = Redirection(">&", Word.of(Text.at("1", span)), span, descriptor="2")
                commands[-1] = _redirected(commands[-1], (errors,))
            self.lines()
            commands.append(self._command())
        if len(commands) == 1 and not negated:
            return commands[0]
        return Pipeline(tuple(commands), negated, self.span_to(start, commands[-1]))

    def _command(self) -> Node:
        """One command; goes over the blanks behind it, too."""
        start = self.at
        sign = self.sign()
        if not sign:
            return self._simple()
        if sign == "(" and (end := self.words.arithmetic_end(start)) is not None:
            self.at = end
            node: Node = Test(self.text.slice(start + 2, end - 2).strip(), (), self.span(start))
        elif read := self.compounds.get(sign):
            node = read()
        elif sign in _CLOSING or sign in ("!", "in"):
            raise Malformed(start)
        else:
            return self._simple()
        end = self.at
        redirections: list[Redirection] = []
        while True:
            self.blank()
            redirection = self.redirection()
            if redirection is None:
                break
            redirections.append(redirection)
            end = self.at
        if not redirections:
            return node
        return replace(_redirected(node, tuple(redirections)), span=self.span(start, end))

    def _simple(self) -> Node:
        value = self.value
        start = end = self.at
        words: list[Word] = []
        assignments: list[Assignment] = []
        redirections: list[Redirection] = []
        takes_pairs = False
        while True:
            plain = PLAIN.match(value, self.at)
            assert plain is not None
            self.at, behind = plain.span(1)
            following = value[behind : behind + 1]
            if self.at == behind:
                if following in _COMMAND_ENDS:
                    break
                if following == "\\" and value.startswith("\n", behind + 1):
                    self.blank()
                    continue
            elif value[self.at] == "#":
                self.blank()
                continue
            elif following in _SEPARATORS and ("=" not in plain[1] or (words and not takes_pairs)):
                words.append(self.words.plain(self.at, behind))
                takes_pairs = takes_pairs or (len(words) == 1 and plain[1] in TAKING_PAIRS)
                self.at = end = behind
                continue
            redirection = self.redirection()
            if redirection is not None:
                redirections.append(redirection)
            elif following == "&" and self.at == behind:
                break
            elif not words and (prefix := ASSIGNMENT.match(value, self.at)):
                assignments.append(self.assignment(prefix, exported=False))
            elif takes_pairs:
                self.argument(words, assignments)
            else:
                words.append(self.word())
                takes_pairs = len(words) == 1 and words[0].literal in TAKING_PAIRS
            end = self.at
        if end == start:
            raise Malformed(self.at)
        if value.startswith("(", self.at):
            found = _NO_PARAMETERS.match(self.value, self.at)
            if len(words) != 1 or assignments or redirections or found is None:
                raise Malformed(self.at + 1)
            self.at = found.end()
            return self._definition(start, words[0].written)
        return Command(tuple(words), tuple(assignments), tuple(redirections), self.text.span_of(start, end))

    def _group(self) -> Node:
        return self._bracketed(Group, _BRACE)

    def _subshell(self) -> Node:
        return self._bracketed(Subshell, _BRACKET)

    def _bracketed(self, kind: type[Group | Subshell], closing: frozenset[str]) -> Node:
        start = self.at
        self.at += 1
        body = self._body(closing)
        self.at += 1
        return kind(body, self.span(start))

    def _if(self) -> Node:
        start = self.at
        branches: list[Branch] = []
        otherwise = None
        sign = "if"
        while sign in ("if", "elif"):
            begin = self.at
            self.at += len(sign)
            condition = self._body(_THEN)
            self.expect("then")
            body = self._body(_BRANCH_ENDS)
            branches.append(Branch(condition, body, self.span_to(begin, body)))
            sign = self.sign()
        if sign == "else":
            self.expect("else")
            otherwise = self._body(_FI)
        self.expect("fi")
        return If(tuple(branches), otherwise, self.span(start))

    def _while(self) -> Node:
        start = self.at
        kind = self.name()
        condition = self._body(_DO)
        return Loop(kind, condition, None, (), self._do(), self.span(start))

    def _do(self) -> Sequence:
        self.expect("do")
        body = self._body(_DONE)
        self.expect("done")
        return body

    def _for(self) -> Node:
        start = self.at
        kind = self.name()
        self.blank()
        begin = self.at
        words: list[Word] = []
        variable: str | None = None
        condition: Test | None = None
        end = self.words.arithmetic_end(begin)
        if end is not None:
            self.at = end
            condition = Test(self.text.slice(begin + 2, end - 2).strip(), (), self.span(begin))
        else:
            variable = self.name()
        self.blank()
        if self.sign() == ";":
            self.expect(";")
        else:
            self.lines()
            if condition is None and self.sign() == "in":
                self.expect("in")
                words = self._words()
        self.lines()
        if self.sign() == "{":
            group = self._group()
            assert isinstance(group, Group)
            body = group.body
        else:
            body = self._do()
        return Loop(kind, condition, variable, tuple(words), body, self.span(start))

    def _words(self) -> list[Word]:
        """Words up to the end of the line."""
        words: list[Word] = []
        while True:
            self.blank()
            operator = self.operator()
            if not operator and not self.at_end:
                words.append(self.word())
            elif operator == ";":
                self.at += 1
                return words
            elif operator == "\n":
                return words
            else:
                raise Malformed(self.at)

    def _case(self) -> Node:
        start = self.at
        self.expect("case")
        self.blank()
        subject = self.word()
        self.lines()
        self.expect("in")
        arms: list[CaseArm] = []
        self.lines()
        while self.sign() != "esac":
            arms.append(self._arm())
            self.lines()
        self.expect("esac")
        return Case(subject, tuple(arms), self.span(start))

    def _arm(self) -> CaseArm:
        start = self.at
        if self.sign() == "(":
            self.at += 1
        patterns: list[Word] = []
        sign = "|"
        while sign == "|":
            self.blank()
            patterns.append(self.word())
            self.blank()
            sign = self.sign()
            if sign not in ("|", ")"):
                raise Malformed(self.at)
            self.at += 1
        body = self._nested(_ARM_ENDS)
        if self.sign() != "esac":
            self.at += len(self.sign())
        return CaseArm(tuple(patterns), body if body.items else None, self.span(start))

    def _test(self) -> Node:
        start = self.at
        self.at += 2
        begin = self.at
        words: list[Word] = []
        while True:
            self.lines()
            if _TEST_END.match(self.value, self.at):
                break
            operator = _TEST_OPERATOR.match(self.value, self.at)
            if operator is None:
                words.append(self.word())
            else:
                words.append(Word((Literal(self.text.slice(*operator.span())),), self.text.span_of(*operator.span())))
                self.at = operator.end()
        expression = self.text.slice(begin, self.at).strip()
        self.at += 2
        return Test(expression, tuple(words), self.span(start))

    def _function(self) -> Node:
        start = self.at
        self.expect("function")
        self.blank()
        name = self.name()
        self.blank()
        if found := _NO_PARAMETERS.match(self.value, self.at):
            self.at = found.end()
        return self._definition(start, name)

    def _definition(self, start: int, name: str) -> Node:
        """A function whose body comes next."""
        self.lines()
        body = self._compound()
        return Function(name, body, self.span_to(start, body))

    def _coprocess(self) -> Node:
        start = self.at
        self.expect("coproc")
        self.blank()
        if name := _COPROCESS_NAME.match(self.value, self.at):
            self.at = name.end()
            self.blank()
        body = self._compound() if self.sign() else self._simple()
        return Background(body, self.span_to(start, body))

    def _compound(self) -> Node:
        """A compound command, which is no definition."""
        if self.sign() not in self.compounds or self.sign() in ("function", "coproc"):
            raise Malformed(self.at)
        return self._command()


def _redirected(node: Node, more: tuple[Redirection, ...]) -> Node:
    if not more or not isinstance(node, Command | Subshell | Group | If | Loop | Case | Test):
        return node
    return replace(node, redirections=(*node.redirections, *more))
