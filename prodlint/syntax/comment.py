"""Comments in any kind of file, found without parsing it: a suppression works wherever a finding can lie.

Only comments whose text begins with a given word are looked for. Python is scanned for its strings
and brackets, and only up to the last place that holds the word; for the other kinds a line at a
time is enough, with a look at the quotes on that line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from prodlint.record import LazyEntity, Record
from prodlint.regex import regex
from prodlint.source import Source, Span

__all__ = ["Comment", "CommentForm", "Commented", "form_of", "read_comments"]


class CommentForm(LazyEntity):
    """How a kind of file writes comments: to the end of a line, or between two brackets.

    `trailing` is whether one may stand behind something else on its line.
    """

    markers: tuple[str, ...] = ("#",)
    brackets: tuple[tuple[str, str], ...] = ()
    trailing: bool = True

    @cached_property
    def openings(self) -> re.Pattern[str]:
        """What may begin a comment, or a string that a comment cannot begin in."""
        # In YAML, shell and the others a `#` inside a word is a part of the word.
        words = [rf"(?:(?<=\s)|^){re.escape(marker)}" for marker in self.markers if len(marker) == 1]
        signs = [re.escape(marker) for marker in self.markers if len(marker) > 1]
        pairs = [re.escape(opening) for opening, _ in self.brackets]
        # A quote behind a letter is an apostrophe.
        return re.compile("|".join([*pairs, *signs, *words, r"(?<!\w)[\"']"]))

    def example(self, text: str) -> str:
        """A comment with this text, as this form writes it."""
        if self.markers:
            return f"{self.markers[0]} {text}"
        opening, closing = self.brackets[0]
        return f"{opening} {text} {closing}"

    def fills(self, line: str) -> bool:
        """Whether a line holds a comment and nothing else."""
        text = line.strip()
        return text.startswith(self.markers) or any(
            text.startswith(opening) and text.endswith(closing) for opening, closing in self.brackets
        )


HASH = CommentForm()
HASH_ALONE = CommentForm(trailing=False)
INI = CommentForm(("#", ";"), trailing=False)
CONF = CommentForm(("#", ";"))
SLASHES = CommentForm(("//",), (("/*", "*/"),))
HCL = CommentForm(("#", "//"), (("/*", "*/"),))
MARKUP = CommentForm((), (("<!--", "-->"),))
JINJA = ("{#", "#}")

PYTHON = ("py", "pyi", "pyw")
TEMPLATES = ("j2", "jinja", "jinja2", "template", "tmpl", "tpl")
BY_SUFFIX = {
    **dict.fromkeys((*PYTHON, "yaml", "yml", "toml", "sh", "txt"), HASH),
    **dict.fromkeys(("json", "jsonc", "json5", "js", "mjs", "cjs", "ts", "groovy", "jenkinsfile"), SLASHES),
    **dict.fromkeys(("tf", "tfvars", "hcl", "nomad"), HCL),
    **dict.fromkeys(("md", "xml", "svg"), MARKUP),
    **dict.fromkeys(("html", "htm"), CommentForm((), (*MARKUP.brackets, JINJA))),
    **dict.fromkeys(("ini", "cfg", "service", "socket", "timer", "target"), INI),
    **dict.fromkeys(("dockerfile", "containerfile"), HASH_ALONE),
    "conf": CONF,
}


def form_of(path: str) -> CommentForm:
    """How a file writes comments, by its name; a `#` where the name says nothing else."""
    folder, _, name = path.lower().rpartition("/")
    stem, _, suffix = name.rpartition(".")
    if stem and suffix in TEMPLATES:
        inner = form_of(f"{folder}/{stem}")
        return CommentForm(inner.markers, (*inner.brackets, JINJA), inner.trailing)
    if suffix in ("ini", "conf") and "supervisor" in path.lower():
        return CONF
    if suffix == "conf" and folder.endswith((".service.d", ".socket.d", ".timer.d")):
        return INI
    if suffix in BY_SUFFIX:
        return BY_SUFFIX[suffix]
    if name.startswith(("dockerfile", "containerfile")):
        return HASH_ALONE
    return SLASHES if name.startswith("jenkinsfile") else HASH


class Comment(Record):
    """A comment, or the part of one that a further marker begins.

    `span` runs from the marker to the end, a closing bracket included; `body` is the text in it.
    `alone` says that its line holds comments only, `fills_line` that it is the only one there.
    `allowed` is False where the file's form takes no comment at that place.
    """

    span: Span
    body: Span
    line: int
    alone: bool
    fills_line: bool
    allowed: bool


class Commented(Record):
    """The comments of a file that begin with the word, and how its lines belong together.

    `starts[n]` is the line on which the statement or instruction of line n begins; `code[n]` is
    the first line from n on that holds more than comments, 0 where there is none. The first
    `head` lines hold nothing but comments.
    """

    form: CommentForm
    comments: tuple[Comment, ...]
    starts: Sequence[int]
    code: Sequence[int]
    head: int


def read_comments(source: Source, word: str) -> Commented:
    """The comments whose text begins with `word`, in any case of letters, in order."""
    form = form_of(source.path)
    mentions = sorted({source.position(match.start()).line for match in re.finditer(word, source.text, re.IGNORECASE)})
    count = len(source.line_starts)
    lines = ["", *(line.strip() for line in source.text.split("\n"))]
    is_code = [bool(line) and not form.fills(line) for line in lines]
    code = [0] * (count + 2)
    for number in range(count, 0, -1):
        code[number] = number if is_code[number] else code[number + 1]
    # A document marker of YAML says nothing yet.
    first = next((number for number in range(1, count + 1) if is_code[number] and lines[number] != "---"), count + 1)

    if source.path.endswith(tuple(f".{suffix}" for suffix in PYTHON)):
        columns, starts = _read_python(source.text, is_code, mentions[-1] if mentions else 0)
        found = [
            comment
            for line in mentions
            if line in columns
            for comment in _parts(source, form, line, columns[line], word)
        ]
    else:
        found = [comment for line in mentions for comment in _line_comments(source, form, line, word)]
        starts = _continued(lines, is_code)
    return Commented(form, tuple(found), starts, code, first - 1)


def _continued(lines: list[str], is_code: list[bool]) -> list[int]:
    """For each line the one where its instruction begins: a backslash at the end continues it.

    As in a Dockerfile, comments and empty lines in between do not end it.
    """
    starts = list(range(len(lines)))
    continues = False
    for number in range(1, len(lines)):
        if continues:
            starts[number] = starts[number - 1]
        if is_code[number]:
            continues = lines[number].endswith("\\")
    return starts


# The tokenizer of the standard library takes quadratic time on some lines before Python 3.12, and
# stops at what is newer than itself; here only comments, strings and brackets matter.
PYTHON_TOKEN = regex(r"""#[^\n]*|\"{3}|'{3}|["'\n]|[(\[{]|[)\]}]|\\\r?\n""")
PYTHON_STRING = {quote: regex(rf"\\(?:\r\n|.)|{quote}|\n", re.DOTALL) for quote in ("'", '"')}
PYTHON_LONG_STRING = {quote: regex(rf"\\.|{quote}", re.DOTALL) for quote in ("'''", '"""')}


def _read_python(text: str, is_code: list[bool], until: int) -> tuple[dict[int, int], list[int]]:
    """The 0-based column of each line's comment, and for each line where its statement begins.

    The text is read up to the end of the first statement behind a line.
    """
    columns: dict[int, int] = {}
    starts = list(range(len(is_code)))
    at, line, line_start, begun, depth = 0, 1, 0, 1, 0
    while match := PYTHON_TOKEN.search(text, at):
        token, at = match.group(), match.end()
        if token[0] == "#":
            columns[line] = match.start() - line_start
        elif token[0] in "'\"":
            at = _behind_string(text, token, at)
            line += text.count("\n", match.end(), at)
            line_start = max(line_start, text.rfind("\n", match.end(), at) + 1)
        elif token[0] in "([{":
            depth += 1
        elif token[0] in ")]}":
            depth = max(depth - 1, 0)
        else:
            if token == "\n" and depth == 0:
                while begun < line and not is_code[begun]:
                    begun += 1
                starts[begun : line + 1] = [begun] * (line + 1 - begun)
                if line > until and is_code[begun]:
                    break
                begun = line + 1
            line, line_start = line + 1, at
    return columns, starts


def _behind_string(text: str, quote: str, at: int) -> int:
    """The offset behind a string whose content begins at an offset; its line's end if it is not closed."""
    for match in (PYTHON_LONG_STRING if len(quote) == 3 else PYTHON_STRING)[quote].finditer(text, at):
        if match.group() == "\n":
            return match.start()
        if match.group() == quote:
            return match.end()
    return len(text)


def _line_comments(source: Source, form: CommentForm, number: int, word: str) -> Iterator[Comment]:
    """The comments of one line whose quotes are all closed on it."""
    line, offset = source.line(number), source.offset(number)
    unclosed: set[str] = set()
    at = 0
    while match := form.openings.search(line, at):
        sign, at = match.group(), match.end()
        if sign in ("'", '"'):
            if sign not in unclosed:
                closing = _closing(line, sign, at)
                at = closing or at
                if closing is None:
                    unclosed.add(sign)
        elif sign in form.markers:
            yield from _parts(source, form, number, match.start(), word)
            return
        else:
            closing = line.find(dict(form.brackets)[sign], at)
            if closing < 0:
                return
            end = closing + len(dict(form.brackets)[sign])
            body = _stripped(source, offset + at, offset + closing)
            if body.text.lower().startswith(word):
                fills = not line[: match.start()].strip() and not line[end:].strip()
                yield Comment(Span(source, offset + match.start(), offset + end), body, number, fills, fills, True)
            at = end


def _closing(line: str, quote: str, at: int) -> int | None:
    """The index behind the quote that ends a string which begins at an index, if there is one."""
    if quote == "'":
        found = line.find("'", at)
        return None if found < 0 else found + 1
    match = CLOSED.match(line, at)
    return match and match.end()


CLOSED = regex(r'(?:\\.|[^"\\])*"')


def _parts(source: Source, form: CommentForm, number: int, column: int, word: str) -> Iterator[Comment]:
    """The parts of a comment to the end of the line, `# one  # two`, that begin with the word."""
    line, offset = source.line(number), source.offset(number)
    marker = f"(?:{'|'.join(map(re.escape, form.markers))})+"
    begins = [match.start() for match in re.finditer(rf"(?<!\S){marker}(?=\s|{word})", line) if match.start() > column]
    alone = not line[:column].strip()
    for start, end in zip([column, *begins], [*begins, len(line)], strict=True):
        span = _stripped(source, offset + start, offset + end)
        opening = re.match(marker, span.text)
        body = _stripped(source, span.start + (opening.end() if opening else 0), span.end)
        if body.text.lower().startswith(word):
            fills = line.strip() == span.text
            yield Comment(span, body, number, alone, fills, alone or form.trailing)


def _stripped(source: Source, start: int, end: int) -> Span:
    text = source.text[start:end]
    left = len(text) - len(text.lstrip())
    return Span(source, start + left, start + max(left, len(text.rstrip())))
