"""Fixes as they are put together: byte by byte, whole or not at all, the first of two that collide."""

from __future__ import annotations

import codecs
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.finding import Change, Edit, Finding, Fix, Guard, Safety
from prodlint.fix import MOST_ROUNDS, CannotFix, Round, combine, diff, settle, spliced
from prodlint.source import Source, Span
from prodlint.syntax.python import read_python

SEGMENTS = st.lists(
    st.tuples(
        st.booleans(), st.lists(st.sampled_from([b"a", b" ", b"\r\n", b"\n", "é".encode(), "🐍".encode(), b"\xff"]))
    ),
    max_size=8,
)


@given(SEGMENTS, st.sampled_from([b"", codecs.BOM_UTF8]), st.sampled_from(["", "x", "é\n", "a\nb"]))
@settings(max_examples=100, deadline=None)
def test_every_byte_outside_of_the_edits_stays(
    segments: list[tuple[bool, list[bytes]]], mark: bytes, replacement: str
) -> None:
    data = mark + b"".join(b"".join(pieces) for _, pieces in segments)
    source = Source.of("Procfile", data)
    ends_with_return = data.count(b"\r\n") * 2 > data.count(b"\n")
    written = replacement.replace("\n", "\r\n").encode() if ends_with_return else replacement.encode()
    edits, expected, at = [], [mark], 0
    for is_replaced, pieces in segments:
        length = sum(1 if piece == b"\xff" else len(piece.decode()) for piece in pieces)
        # Two that begin at one place collide, which is another test.
        replaced = is_replaced and pieces != []
        if replaced:
            edits.append(Edit(Span(source, at, at + length), replacement))
        expected.append(written if replaced else b"".join(pieces))
        at += length
    if edits:
        assert spliced("Procfile", data, edits) == b"".join(expected)


@pytest.mark.parametrize(
    ("path", "head", "encoding"),
    [
        ("shop.py", "# coding: latin-1\n", "latin-1"),
        ("shop.py", "# -*- coding: cp1251 -*-\n", "cp1251"),
        ("notes.txt", "", "utf-16"),
        ("shop.py", "# coding: shift_jis\n", "shift_jis"),
    ],
)
def test_a_file_keeps_its_encoding(path: str, head: str, encoding: str) -> None:
    letter = {"latin-1": "é", "cp1251": "ж", "utf-16": "é", "shift_jis": "テ"}[encoding]
    text = f"{head}a = '{letter}'\r\nb = 1\r\n"
    data = text.encode(encoding)
    source = read_python(path, data) if path.endswith(".py") else Source.of(path, data)
    start = source.text.index("b = 1")
    result = spliced(path, data, [Edit(Span(source, start, start + 5), f"b = '{letter}'\nc = 2")])
    assert result == text.replace("b = 1", f"b = '{letter}'\r\nc = 2").encode(encoding)


def test_a_file_whose_encoding_cannot_hold_the_replacement_is_left_alone() -> None:
    data = b"# coding: latin-1\nb = '\xe9'\n"
    source = read_python("shop.py", data)
    start = source.text.index("b")
    with pytest.raises(CannotFix, match=r"shop\.py is written in iso-8859-1, which cannot hold what the fix writes"):
        spliced("shop.py", data, [Edit(Span(source, start, start + 1), "ж")])


def test_a_file_that_does_not_hold_what_was_read_is_left_alone() -> None:
    source = Source.of("Procfile", b"web: flask run\n")
    with pytest.raises(CannotFix, match="byte by byte"):
        spliced("Procfile", b"web: other\n", [Edit(Span(source, 5, 10), "gunicorn")])


class Project:
    """Files in memory, and findings whose fixes change words of them."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = {path: text.encode() for path, text in files.items()}
        self.sources = {path: Source(path, text) for path, text in files.items()}
        self.locked: set[str] = set()

    def edit(self, path: str, word: str, replacement: str) -> Edit:
        start = self.sources[path].text.index(word)
        return Edit(Span(self.sources[path], start, start + len(word)), replacement)

    def finding(self, *edits: Change, safety: Safety = Safety.SAFE) -> Finding:
        return Finding(edits[0].span, "m", fix=Fix("t", edits, safety), rule="r")

    def combine(self, *findings: Finding) -> Round:
        return combine(
            findings,
            self.files.get,
            [Safety.SAFE],
            lambda path, _: f"{path} is locked" if path in self.locked else None,
        )


def test_two_fixes_in_one_file_are_both_applied() -> None:
    project = Project({"a": "one two three"})
    result = project.combine(
        project.finding(project.edit("a", "three", "3")), project.finding(project.edit("a", "one", "1"))
    )
    assert result.files == {"a": b"1 two 3"}
    assert len(result.applied) == 2


def test_of_two_fixes_that_collide_the_first_is_applied_and_the_other_waits() -> None:
    project = Project({"a": "one two three"})
    first = project.finding(project.edit("a", "one two", "1"))
    second = project.finding(project.edit("a", "two three", "2"))
    result = project.combine(first, second)
    assert result.files == {"a": b"1 three"}
    assert (result.applied, result.postponed) == ((first,), (second,))


def test_insertions_at_one_place_collide() -> None:
    project = Project({"a": "one"})
    here = Span(project.sources["a"], 3, 3)
    result = project.combine(project.finding(Edit(here, "x")), project.finding(Edit(here, "y")))
    assert result.files == {"a": b"onex"}
    assert len(result.postponed) == 1


def test_the_same_fix_of_two_findings_is_made_once() -> None:
    project = Project({"a": "one"})
    here = Span(project.sources["a"], 3, 3)
    result = project.combine(project.finding(Edit(here, "x")), project.finding(Edit(here, "x")))
    assert result.files == {"a": b"onex"}
    assert len(result.applied) == 2


def test_a_fix_over_two_files_is_made_in_both_or_in_none() -> None:
    project = Project({"a": "one", "b": "two"})
    both = project.finding(project.edit("a", "one", "1"), project.edit("b", "two", "2"))
    assert project.combine(both).files == {"a": b"1", "b": b"2"}
    project.locked.add("b")
    other = project.finding(project.edit("a", "one", "eins"))
    result = project.combine(both, other)
    assert result.files == {"a": b"eins"}
    assert [(one.reason, one.is_failure) for one in result.refused] == [("b is locked", True)]


def test_a_fix_that_contradicts_itself_is_refused() -> None:
    project = Project({"a": "one two"})
    result = project.combine(project.finding(project.edit("a", "one t", "1"), project.edit("a", "two", "2")))
    assert result.files == {}
    assert [one.reason for one in result.refused] == ["its edits of a overlap"]


def test_only_the_safeties_that_are_asked_for_are_applied() -> None:
    project = Project({"a": "one"})
    edit = project.edit("a", "one", "1")
    for safety in (Safety.UNSAFE, Safety.MANUAL):
        assert project.combine(project.finding(edit, safety=safety)) == Round({})


def test_a_fix_that_would_break_python_is_refused_and_the_others_are_made() -> None:
    project = Project({"a.py": "x = 1\ny = 2\n"})
    broken = project.finding(project.edit("a.py", "x = 1", "x = ("))
    result = project.combine(broken, project.finding(project.edit("a.py", "2", "3")))
    assert result.files == {"a.py": b"x = 1\ny = 3\n"}
    assert [one.finding for one in result.refused] == [broken]
    assert result.refused[0].reason.startswith("a.py would be no Python any more: ")
    assert not result.refused[0].is_failure


DOCKERFILE = "FROM python:3.13\nRUN <<EOF\nUSER x\nEOF\nCMD flask run\nUSER app\nEXPOSE 80\n"


@pytest.mark.parametrize("path", ["Dockerfile", "docker/Dockerfile.prod", "web.dockerfile"])
def test_a_fix_that_would_take_another_instruction_with_it_is_refused(path: str) -> None:
    source = Source(path, DOCKERFILE)
    start = DOCKERFILE.index("flask run")
    fix = [Edit(Span(source, start, start + len("flask run")), "gunicorn app:app \\")]
    with pytest.raises(CannotFix, match=rf"{path} would lose instructions that the fix does not name \(CMD, USER\)"):
        spliced(path, DOCKERFILE.encode(), fix)
    # In a file that is no Dockerfile the same text takes nothing with it.
    notes = [Edit(Span(Source("notes.txt", DOCKERFILE), start, start + len("flask run")), "gunicorn app:app \\")]
    assert b"app:app \\\nUSER app" in spliced("notes.txt", DOCKERFILE.encode(), notes)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("CMD flask run", 'CMD ["gunicorn", "app:app"]'),
        ("CMD flask run\n", ""),
        ("flask run", "gunicorn \\\n    app:app"),
        ("USER app\n", "ENV PYTHONUNBUFFERED=1\nUSER app\n"),
        ("USER x", "echo x"),
    ],
)
def test_a_fix_of_one_instruction_is_made(old: str, new: str) -> None:
    start = DOCKERFILE.index(old)
    edit = Edit(Span(Source("Dockerfile", DOCKERFILE), start, start + len(old)), new)
    assert spliced("Dockerfile", DOCKERFILE.encode(), [edit]) == DOCKERFILE.replace(old, new).encode()


@given(
    st.lists(
        st.sampled_from(["FROM a", "RUN", "CMD x", "ENV A=b", "\n", "\\\n", "<<EOF", "EOF\n", "# c\n", "\t", "'", "é"])
    )
)
@settings(max_examples=60, deadline=None)
def test_what_stands_behind_any_dockerfile_can_be_changed(pieces: list[str]) -> None:
    text = "".join(pieces)
    edit = Edit(Span(Source("Dockerfile", text), len(text), len(text)), "\n# end\n")
    assert spliced("Dockerfile", text.encode(), [edit]).startswith(text.encode())


def test_two_changes_of_python_are_put_together() -> None:
    project = Project({"a.py": "app.run()\nx = 1\n"})
    call = project.edit("a.py", "app.run()", "").span
    result = project.combine(project.finding(Guard(call)), project.finding(project.edit("a.py", "1", "2")))
    assert result.files == {"a.py": b'if __name__ == "__main__":\n    app.run()\nx = 2\n'}


def look_for(words: Mapping[str, str], files: Mapping[str, bytes]):  # type: ignore[no-untyped-def]
    """A project in which each word is to become another."""

    def look(changed: Mapping[str, bytes]):  # type: ignore[no-untyped-def]
        project = Project({path: data.decode() for path, data in {**files, **changed}.items()})
        findings = [
            project.finding(project.edit(path, word, new))
            for path in project.files
            for word, new in words.items()
            if word in project.sources[path].text
        ]
        return len(findings), findings, project.files.get

    return look


def test_fixes_are_made_until_none_is_left() -> None:
    outcome, left = settle(look_for({"one": "two", "two": "three"}, {"a": b"one"}), [Safety.SAFE], lambda *_: None)
    assert (outcome.after, left, outcome.is_unfinished) == ({"a": b"three"}, 0, False)
    assert outcome.before == {"a": b"one"}


def test_fixes_that_never_end_are_stopped() -> None:
    counting = {f"<{number}>": f"<{number + 1}>" for number in range(50)}
    outcome, _ = settle(look_for(counting, {"a": b"<0>"}), [Safety.SAFE], lambda *_: None)
    assert outcome.after == {"a": f"<{MOST_ROUNDS}>".encode()}
    assert outcome.is_unfinished
    same, _ = settle(look_for({"a": "aa"}, {"a": b"a"}), [Safety.SAFE], lambda *_: None)
    assert same.after == {"a": b"aa"}


def test_what_comes_back_to_where_it_began_is_no_change() -> None:
    outcome, _ = settle(look_for({"one": "two", "two": "one"}, {"a": b"one"}), [Safety.SAFE], lambda *_: None)
    assert outcome.after == {}


def test_a_diff_shows_lines_without_an_end_and_returns_as_they_are() -> None:
    outcome, _ = settle(look_for({"one": "two"}, {"a": b"x\r\none"}), [Safety.SAFE], lambda *_: None)
    assert diff(outcome) == (
        b"--- a\n+++ a\n@@ -1,2 +1,2 @@\n x\r\n-one\n\\ No newline at end of file\n+two\n\\ No newline at end of file\n"
    )
