"""Comments are found in every kind of file, and nowhere else."""

import argparse
import ast
import dataclasses
import difflib
import inspect
import io
import logging
import tokenize
import typing
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.source import Source
from prodlint.syntax.comment import read_comments


def found(path: str, text: str) -> list[tuple[int, str]]:
    """The line and the text of each comment."""
    return [(comment.line, comment.body.text) for comment in read_comments(Source(path, text), "word").comments]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("app.py", "x = 1  # word a"),
        ("app.py", 'x = \'y # word b\', """z # word c"""  # word a'),
        ("compose.yaml", "image: x  # word a"),
        ("compose.yaml", "image: it's  # word a"),
        ("compose.yaml", "image: 'x # word b'  # word a"),
        ("pyproject.toml", 'name = "x # \\" # word b"  # word a'),
        ("Dockerfile", "# word a"),
        ("docker/Dockerfile.prod", "    # word a"),
        ("api.dockerfile", "# word a"),
        ("requirements.txt", "flask==3.0 # word a"),
        ("entrypoint.sh", "exec gunicorn app # word a"),
        (".env.production", "DEBUG=1 # word a"),
        ("Procfile", "web: gunicorn app # word a"),
        ("Makefile", "\tgunicorn app # word a"),
        ("nginx.conf", "listen 80; # word a"),
        ("supervisord.conf", "command=gunicorn app ; word a"),
        ("supervisor/web.ini", "command=gunicorn app ; word a"),
        ("alembic.ini", "; word a"),
        ("web.service", "# word a"),
        ("app.json", '"key": 1, // word a'),
        ("app.json", '"key": "http://x", /* word a */'),
        ("main.tf", "name = 1 // word a"),
        ("main.tf", "name = 1 # word a"),
        ("Jenkinsfile", "sh 'gunicorn' // word a"),
        ("vite.config.js", "a = '// word b' /* word a */ + 1"),
        ("README.md", "text <!-- word a -->"),
        ("index.html", "<p> {# word a #}"),
        ("nginx.conf.j2", "listen 80; # word a"),
        ("nginx.conf.j2", "listen {# word a #} 80;"),
        ("templates/default.conf.template", "listen 80; # word a"),
    ],
)
def test_each_kind_of_file_has_its_own_form(path, line):
    assert found(path, f"first\n{line}\nlast\n") == [(2, "word a")]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("app.py", "x = '# word a'"),
        ("app.py", 'x = """\n# word a\n"""'),
        ("app.py", "x = 1  # a word"),
        ("compose.yaml", "image: x#word"),
        ("compose.yaml", "image: 'x # word a'"),
        ("compose.yaml", 'image: "x # word a"'),
        ("pyproject.toml", 'name = "x \\" # word a"'),
        ("entrypoint.sh", "echo ${#word}"),
        ("compose.yaml", "command: x // word a"),
        ("app.json", '"key": "// word a"'),
        ("app.json", "/* word a"),
        ("README.md", "# word a"),
        ("nginx.conf", "listen 80;word a"),
    ],
)
def test_what_only_looks_like_a_comment_is_none(path, line):
    assert found(path, f"{line}\n") == []


def test_a_comment_may_stand_behind_another_one():
    assert found("app.py", "x = 1  # noqa: E501  # word a, see #12  # and b") == [(1, "word a, see #12")]
    assert found("compose.yaml", "x: 1  #noqa #word a\n##word b\n") == [(1, "word a"), (2, "word b")]


def test_it_is_known_whether_a_comment_is_alone_and_whether_it_may_stand_there():
    text = "RUN x # word a\n  # word b\n# note  # word c\n"
    comments = read_comments(Source("Dockerfile", text), "word").comments
    assert [(one.alone, one.fills_line, one.allowed) for one in comments] == [
        (False, False, False),
        (True, True, True),
        (True, False, True),
    ]
    assert [one.span.text for one in comments] == ["# word a", "# word b", "# word c"]


def test_python_that_does_not_parse_is_read_all_the_same():
    text = "# word a\nx = '''\n# word b\n'''\nif x:\n    y\n  z\nv = $ \"  # word c\n\0 # word d\n"
    assert found("app.py", text) == [(1, "word a"), (9, "word d")]


@pytest.mark.parametrize("module", [argparse, ast, dataclasses, difflib, inspect, logging, tokenize, typing])
def test_python_is_read_as_the_tokenizer_reads_it(module):
    text = Path(module.__file__).read_text(encoding="utf-8") + "\n# the\nx = 1\n"
    comments = []
    starts = list(range(text.count("\n") + 2))
    begun = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            body = token.string.lstrip("#").strip()
            if body.lower().startswith("the"):
                comments.append((token.start[0], body))
        elif token.type == tokenize.NEWLINE:
            starts[begun : token.start[0] + 1] = [begun] * (token.start[0] + 1 - begun)
            begun = 0
        elif begun == 0 and token.string.strip():
            begun = token.start[0]
    read = read_comments(Source("module.py", text), "the")
    assert [(comment.line, comment.body.text) for comment in read.comments] == comments
    assert len(comments) > 1
    assert list(read.starts) == starts


def test_a_comment_in_a_script_inside_of_yaml_is_found():
    assert found("ci.yml", "run: |\n  gunicorn app  # word a\n") == [(2, "word a")]


def test_statements_and_continued_instructions_begin_on_their_first_line():
    python = Source("app.py", "run(\n    a,\n\n    b,\n)  # word\nx = 1\n")
    assert list(read_comments(python, "word").starts)[1:7] == [1, 1, 1, 1, 1, 6]
    docker = Source("Dockerfile", "FROM x\nRUN a \\\n# word\n\n  b \\\n  c\nCMD d\n")
    assert list(read_comments(docker, "word").starts)[1:8] == [1, 2, 2, 2, 2, 2, 7]


def test_a_statement_below_the_last_comment_is_still_read():
    python = Source("app.py", "# word\n\nrun(\n    a,\n)\n")
    assert list(read_comments(python, "word").starts)[1:6] == [1, 2, 3, 3, 3]


def test_the_next_line_of_code_and_the_comments_at_the_top_are_known():
    text = dedent("""\
        #!/bin/sh

        # note
        echo
        # word

        # note
    """)
    file = read_comments(Source("run.sh", text), "word")
    assert list(file.code)[1:8] == [4, 4, 4, 4, 0, 0, 0]
    assert file.head == 3
    assert read_comments(Source("a.yaml", "---\n# word\na: 1\n"), "word").head == 2


@given(
    st.text(st.sampled_from("#'\"\\/*{}<!-> ;\n\tword=a(\r\0名")),
    st.sampled_from(["a.py", "Dockerfile", "a.json", "a.html", "a.ini", "a.yaml", "a.j2"]),
)
@settings(max_examples=300, deadline=None)
def test_every_comment_lies_on_its_line_and_begins_with_the_word(text, path):
    source = Source(path, text)
    file = read_comments(source, "word")
    assert len(file.starts) > len(source.line_starts)
    for comment in file.comments:
        assert comment.body.text.startswith("word")
        assert comment.span.start < comment.body.start <= comment.body.end <= comment.span.end
        assert comment.span.line == comment.span.last.line == comment.line
    assert all(start <= line for line, start in enumerate(file.starts))
    assert all(code == 0 or code >= line for line, code in enumerate(file.code) if line)


@pytest.mark.parametrize("line", ['\\"' * 50_000, "' " * 50_000, "/*" * 50_000, "# word " * 20_000, '"' * 99_999])
@pytest.mark.parametrize("path", ["a.json", "a.yaml", "a.py"])
def test_a_hostile_line_takes_no_more_than_its_length(path, line):
    read_comments(Source(path, f"{line} # word\n" * 2), "word")
