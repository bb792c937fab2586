"""Any text as a Dockerfile: each character keeps its place, and dockerfile-parse agrees on ordinary files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO

from dockerfiles import parse, values
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from prodlint.source import Source, Text
from prodlint.syntax.dockerfile import Dockerfile, is_dockerfile


def texts_in(value: object) -> Iterator[Text]:
    if isinstance(value, Text):
        yield value
    elif isinstance(value, tuple):
        for member in value:
            yield from texts_in(member)
    elif isinstance(value, Struct) and not isinstance(value, Source):
        for name in value.__struct_fields__:
            yield from texts_in(getattr(value, name))


def check_places(dockerfile: Dockerfile) -> None:
    text = dockerfile.source.text
    for one in texts_in(dockerfile.instructions):
        assert len(one.offsets) == len(one.value) + 1
        assert list(one.offsets) == sorted(one.offsets)
        assert 0 <= one.offsets[0] <= one.offsets[-1] <= len(text)
        for character, offset in zip(one.value, one.offsets, strict=False):
            assert text[offset] == character or text[offset] in "\\`"


FRAGMENTS = [
    *("FROM a", "RUN", "CMD", "COPY", "ENV", "ARG", "HEALTHCHECK", "ONBUILD", "LABEL", "SHELL", "x"),
    *("\n", "\n", "\r\n", "\\\n", "`\n", "\\\\\n", "\n\n", " ", "\t", "\r", "\u2028", "\x1c", "\x85", "\x00", "\ufeff"),
    *("# c\n", "# escape=`\n", "#\\\n", "<<EOF", "<<-'EOF'", "EOF\n", "\tEOF\n", "<<", "--a=b", "--", "CMD", "NONE"),
    *(
        '["a", "\\u00e9"]',
        "[1]",
        "[",
        "'",
        '"',
        "\\",
        "`",
        "$a",
        "${a:-",
        "}",
        "${a/",
        "a=b",
        "=",
        "{{",
        "é",
        "😀",
        "\ud800",
    ),
]


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join))
@settings(max_examples=150, deadline=None)
def test_anything_can_be_parsed_and_every_character_keeps_its_place(text: str) -> None:
    dockerfile = parse(text)
    check_places(dockerfile)
    for instruction in dockerfile.instructions:
        assert instruction.span.text.startswith(instruction.keyword_span.text)
        written = instruction.keyword_span.text.upper()
        assert instruction.keyword == written or "\n" in written
    for problem in dockerfile.problems:
        assert 0 <= problem.span.start <= problem.span.end <= len(text)
    is_dockerfile(text)


ARGUMENT = st.text("abc/.:=-_ #&|$", min_size=1, max_size=12).map(lambda text: f"x{text.strip()}")
PIECES = st.lists(ARGUMENT, min_size=1, max_size=4)
SHELL_LINES = PIECES.map(" \\\n    ".join)
EXEC_FORM = PIECES.map(lambda words: json.dumps(words, ensure_ascii=False))
INSTRUCTIONS = st.one_of(
    st.tuples(st.sampled_from(["RUN", "CMD", "ENTRYPOINT", "run"]), SHELL_LINES),
    st.tuples(st.sampled_from(["CMD", "ENTRYPOINT", "RUN"]), EXEC_FORM),
    st.tuples(st.just("ENV"), ARGUMENT.map(lambda value: f"NAME {value}")),
    st.tuples(st.sampled_from(["WORKDIR", "USER"]), st.just("/srv/app")),
    st.tuples(st.sampled_from(["COPY", "ADD"]), st.just("--chown=a:b . /srv")),
)
GAPS = st.sampled_from(["", "\n", "# a comment\n", "\n# FROM b \\\n\n"])


@given(st.lists(st.tuples(INSTRUCTIONS, GAPS), max_size=12), st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=80, deadline=None)
def test_an_ordinary_file_gives_the_instructions_it_was_made_of(
    made: list[tuple[tuple[str, str], str]], line_end: str
) -> None:
    from dockerfile_parse import DockerfileParser

    text = "FROM python:3.13-slim\n" + "".join(f"{keyword} {value}\n{gap}" for (keyword, value), gap in made)
    text = text.replace("\n", line_end)
    dockerfile = parse(text)
    expected = [
        (keyword.upper(), value.replace("\\\n", "").removeprefix("--chown=a:b ")) for (keyword, value), _ in made
    ]
    assert [(one.keyword, one.value.value) for one in dockerfile.instructions[1:]] == expected
    for instruction, (_, value) in zip(dockerfile.instructions[1:], (pair for pair, _ in made), strict=True):
        if value.startswith("["):
            assert values(instruction.json) == json.loads(value)
    structure = DockerfileParser(fileobj=BytesIO(text.encode()), env_replace=False).structure
    listed = [
        (e["instruction"], e["startline"] + 1, e["endline"] + 1) for e in structure if e["instruction"] != "COMMENT"
    ]
    assert [(one.keyword, one.span.line, one.span.last.line) for one in dockerfile.instructions] == listed
    check_places(dockerfile)
