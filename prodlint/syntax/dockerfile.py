"""A Dockerfile as BuildKit reads it: every instruction with its flags, words and heredocs, each at its place."""

from __future__ import annotations

import re

from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Source, Span, SyntaxProblem, Text
from prodlint.syntax.dockerfile_lines import Heredoc, Statement, read_lines, split_keyword
from prodlint.syntax.dockerfile_words import (
    Flag,
    Pair,
    bare_words,
    expanded_word,
    json_words,
    quoted_words,
    stripped,
    take_flags,
    take_pairs,
)
from prodlint.syntax.word import Word

__all__ = ["Dockerfile", "Flag", "Heredoc", "Instruction", "Pair", "is_dockerfile", "parse_dockerfile"]

MAX_LENGTH = 1024 * 1024
MAX_PROBLEMS = 100

_KEYWORDS = frozenset(
    "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME "
    "WORKDIR".split()
)
_WITH_FLAGS = ("ADD", "COPY", "FROM", "HEALTHCHECK", "RUN")
_WITH_JSON = ("ADD", "CMD", "COPY", "ENTRYPOINT", "RUN", "SHELL", "VOLUME")
_WITH_ARGUMENT = ("ARG", "ENV", "EXPOSE", "LABEL", "MAINTAINER", "ONBUILD", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR")
_STAGE_NAME = regex(r"[a-z][a-z0-9_.-]*")
_FIRST_KEYWORD = regex(r"(?:FROM|ARG)(?![^\s\\`])", re.IGNORECASE)
_TEMPLATE = regex(r"\{[{%]")


class Instruction(Record):
    """One instruction.

    - `keyword` is in upper case; `span` goes from it to the last character that counts, heredoc
      bodies and the lines that end them included.
    - `value` is everything behind the flags, with continued lines joined as BuildKit joins them.
    - `json` is the exec form of CMD, ENTRYPOINT, RUN, SHELL, VOLUME, COPY and ADD, its strings as
      they are; None for a shell form, and for JSON that BuildKit silently takes for one.
    - `words` are the arguments of ADD, ARG, COPY, EXPOSE, FROM and VOLUME, and the single argument
      of STOPSIGNAL, USER and WORKDIR (BuildKit does not split it); variables are expansions. In a
      JSON form they are the members of the array. A `<<NAME` among them stands for its heredoc.
    - `pairs` are the variables or labels of ARG, ENV and LABEL.
    - `nested` is the instruction behind ONBUILD, or the CMD of a HEALTHCHECK.
    """

    keyword: str
    span: Span
    keyword_span: Span
    flags: tuple[Flag, ...]
    value: Text
    json: tuple[Word, ...] | None = None
    words: tuple[Word, ...] = ()
    pairs: tuple[Pair, ...] = ()
    heredocs: tuple[Heredoc, ...] = ()
    nested: Instruction | None = None

    def flag(self, name: str) -> Flag | None:
        """The first flag with a name, without its dashes."""
        return next((flag for flag in self.flags if flag.name == name), None)


class Dockerfile(Record):
    """A parsed file; `problems` are mistakes that stop a build, in the order of the file."""

    source: Source
    instructions: tuple[Instruction, ...]
    escape: str
    problems: tuple[SyntaxProblem, ...]


def is_dockerfile(text: str) -> bool:
    """Whether a text is a Dockerfile by its content: it begins with FROM or ARG and is no template."""
    for line in text.removeprefix("\ufeff").split("\n"):
        line = line.strip()
        if line and not line.startswith("#"):
            if not _FIRST_KEYWORD.match(line):
                return False
            break
    else:
        return False
    return len(text) > MAX_LENGTH or not _TEMPLATE.search(text) or not _is_template(text)


def _is_template(text: str) -> bool:
    """Whether braces of a template stand anywhere but in a RUN instruction or a heredoc."""
    source = Source("", text)
    at = 0
    for statement in read_lines(source).statements:
        keyword, rest = split_keyword(statement.text)
        if keyword.value.upper() == "ONBUILD":
            keyword = split_keyword(rest)[0]
        is_run = keyword.value.upper() == "RUN"
        if is_run or statement.heredocs:
            own = statement.text.span
            if _TEMPLATE.search(text, at, own.start if is_run else own.end):
                return True
            at = _end_of(statement)
    return _TEMPLATE.search(text, at) is not None


def parse_dockerfile(source: Source) -> Dockerfile:
    """All instructions of a Dockerfile, wrong ones included; never raises.

    A file of more than 1 MiB has one problem and no instructions.
    """
    if len(source.text) > MAX_LENGTH:
        problem = SyntaxProblem(f"a Dockerfile of more than {MAX_LENGTH} characters is not read", Span(source, 0, 0))
        return Dockerfile(source, (), "\\", (problem,))
    lines = read_lines(source)
    problems = list(lines.problems)
    instructions = []
    for statement in lines.statements:
        reader = _InstructionReader(lines.escape, problems)
        instructions.append(reader.read(statement.text, statement.heredocs, _end_of(statement)))
        del problems[MAX_PROBLEMS:]
    _check_stages(source, instructions, problems)
    problems.sort(key=lambda problem: problem.span.start)
    return Dockerfile(source, tuple(instructions), lines.escape, tuple(problems))


def _end_of(statement: Statement) -> int:
    """The offset behind a statement and its heredocs."""
    span = statement.text.span
    if not statement.heredocs:
        return span.end
    end = span.source.line_span(statement.last + 1).end
    return span.start + len(span.source.text[span.start : end].rstrip())


class _InstructionReader:
    """Takes one instruction apart; mistakes go to `problems`."""

    def __init__(self, escape: str, problems: list[SyntaxProblem]) -> None:
        self.escape = escape
        self.problems = problems

    def problem(self, message: str, span: Span) -> None:
        self.problems.append(SyntaxProblem(message, span))

    def read(self, text: Text, heredocs: tuple[Heredoc, ...], end: int) -> Instruction:
        """The instruction in a text; its heredocs, if any, end at an offset."""
        word, rest = split_keyword(text)
        keyword = word.value.upper()
        flags, value = take_flags(rest)
        span = Span(text.source, word.span.start, end)
        if keyword not in _KEYWORDS:
            message = f"unknown instruction {word.value[:40]}" if word.value else "a continued line that holds nothing"
            self.problem(message, word.span)
            return Instruction(keyword, span, word.span, flags, value, heredocs=heredocs)
        if flags and keyword not in _WITH_FLAGS:
            self.problem(f"{keyword} takes no flag --{flags[0].name[:40]}", flags[0].span)
        if keyword in _WITH_ARGUMENT and not value.value:
            self.problem(f"{keyword} needs an argument", word.span)
        json = self.json(keyword, value)
        nested = None
        if keyword == "ONBUILD" and value.value:
            nested = self.onbuild(value, heredocs, end)
        elif keyword == "HEALTHCHECK":
            nested = self.healthcheck(value, word.span)
        instruction = Instruction(
            keyword,
            span,
            word.span,
            flags,
            value,
            json,
            self.words(keyword, value, json),
            take_pairs(value, self.escape, keyword, self.problems) if keyword in ("ARG", "ENV", "LABEL") else (),
            heredocs,
            nested,
        )
        self.check(instruction)
        return instruction

    def json(self, keyword: str, value: Text) -> tuple[Word, ...] | None:
        if keyword not in _WITH_JSON:
            return None
        try:
            return json_words(value)
        except SyntaxProblem as problem:
            self.problems.append(problem)
            return None

    def words(self, keyword: str, value: Text, json: tuple[Word, ...] | None) -> tuple[Word, ...]:
        if keyword in ("ADD", "COPY", "VOLUME") and json is not None:
            return tuple(self.word(content, member.span) for member in json if (content := member.content))
        if keyword in ("ADD", "COPY", "EXPOSE", "FROM", "VOLUME"):
            return tuple(self.word(word) for word in bare_words(value))
        if keyword in ("STOPSIGNAL", "USER", "WORKDIR") and value.value:
            return (self.word(value),)
        if keyword == "ARG":
            # What is wrong with them is said of the pairs.
            return tuple(expanded_word(word, self.escape, []) for word in quoted_words(value, self.escape))
        return ()

    def word(self, text: Text, span: Span | None = None) -> Word:
        return expanded_word(text, self.escape, self.problems, span)

    def onbuild(self, value: Text, heredocs: tuple[Heredoc, ...], end: int) -> Instruction | None:
        keyword = split_keyword(value)[0]
        if keyword.value.upper() in ("ONBUILD", "FROM", "MAINTAINER"):
            self.problem(f"ONBUILD cannot hold {keyword.value.upper()}", keyword.span)
            return None
        return self.read(value, heredocs, end)

    def healthcheck(self, value: Text, keyword: Span) -> Instruction | None:
        """The CMD of a HEALTHCHECK; it takes no flags of its own."""
        kind, rest = split_keyword(value)
        if kind.value.upper() == "NONE":
            if rest.value:
                self.problem("HEALTHCHECK NONE takes no arguments", rest.span)
            return None
        if kind.value.upper() != "CMD":
            message = f"HEALTHCHECK takes CMD or NONE, not {kind.value[:40]}" if kind.value else "HEALTHCHECK needs CMD"
            self.problem(message, kind.span if kind.value else keyword)
            return None
        rest = stripped(rest)
        json = self.json("CMD", rest)
        if not rest.value or json == ():
            self.problem("HEALTHCHECK CMD needs a command", kind.span)
        return Instruction("CMD", value.span, kind.span, (), rest, json)

    def check(self, instruction: Instruction) -> None:
        """Add what BuildKit refuses in the arguments of one instruction."""
        keyword, words = instruction.keyword, instruction.words
        if keyword in ("ADD", "COPY") and len(words) < 2:
            self.problem(f"{keyword} needs a source and a destination", instruction.span)
        elif keyword == "SHELL" and not instruction.json:
            message = 'SHELL needs a JSON array with at least one string, such as ["/bin/bash", "-c"]'
            self.problem(message, instruction.span)
        elif keyword == "FROM":
            self.check_from(instruction)

    def check_from(self, instruction: Instruction) -> None:
        words = bare_words(instruction.value)
        if len(words) != 1 and (len(words) != 3 or words[1].value.lower() != "as"):
            hint = ""
            if comment := next((word for word in words if word.value.startswith("#")), None):
                hint = "; a Dockerfile has no comments behind an instruction"
            span = comment.span if comment else instruction.span
            self.problem(f"FROM takes an image, or an image, AS and a name for the stage{hint}", span)
        elif len(words) == 3 and not _STAGE_NAME.fullmatch(words[2].value.lower()):
            message = "the name of a stage begins with a letter and holds only letters, digits, `_`, `.` and `-`"
            self.problem(message, words[2].span)


def _check_stages(source: Source, instructions: list[Instruction], problems: list[SyntaxProblem]) -> None:
    """Add what is wrong with the order of the instructions."""
    if not instructions:
        if not problems:
            problems.append(SyntaxProblem("the file has no instructions", Span(source, 0, 0)))
        return
    for instruction in instructions:
        if instruction.keyword == "FROM":
            return
        if instruction.keyword in _KEYWORDS and instruction.keyword != "ARG":
            message = f"{instruction.keyword} stands before the first FROM, where only ARG may stand"
            problems.append(SyntaxProblem(message, instruction.keyword_span))
            return
    problems.append(SyntaxProblem("no FROM begins a stage", instructions[0].keyword_span))
