"""Plain lines are read without packaging, and mean what packaging says."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement as Standard
from requirement_texts import read

from prodlint.source import Source, SyntaxProblem
from prodlint.syntax.requirements import parse_requirement

_NAMES = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,5}[A-Za-z0-9_])?", fullmatch=True)
_BLANKS = st.sampled_from(["", "", "", " ", "\t", " \t "])
_NUMBERS = st.sampled_from(["0", "1", "01", "10", "2024", "9" * 30])
_VERSIONS = st.tuples(
    st.sampled_from(["", "", "", "", "v", "V", "1!"]),
    st.lists(_NUMBERS, min_size=1, max_size=4).map(".".join),
    st.sampled_from(
        [
            *(
                "",
                "",
                "",
                "",
                "a1",
                "b2",
                "rc3",
                "RC1",
                "alpha1",
                ".post1",
                "post2",
                "-1",
                ".dev4",
                "dev0",
                "a1.dev1",
                "a",
            ),
            *("+cu118", "+a.1", "+A-b", "+", ".*", ".", "_", "-", "c1", "\u0660", "ſ"),
        ]
    ),
).map("".join)
_CLAUSES = st.tuples(
    _BLANKS, st.sampled_from(["==", ">=", "<=", "<", ">", "!=", "~=", "===", "=", ""]), _BLANKS, _VERSIONS, _BLANKS
).map("".join)
_EXTRAS = st.lists(st.tuples(_BLANKS, _NAMES, _BLANKS).map("".join), max_size=3).map(
    lambda names: f"[{','.join(names)}]"
)
_STANDARD = st.tuples(
    _NAMES,
    _BLANKS,
    st.one_of(st.just(""), _EXTRAS),
    _BLANKS,
    st.lists(_CLAUSES, max_size=3).map(",".join),
    st.sampled_from(["", "", "", "", "", ",", ";", ")", "x"]),
).map("".join)


@settings(deadline=None, max_examples=200)
@given(st.one_of(_STANDARD, _STANDARD, st.text(alphabet="aB10-_[], ~=<>!+*\t\u00a0é", max_size=14)))
@example("a==1.0,==1")
@example("a>=1,>=1")
@example("a<2,<1,>=1.0")
@example("a~=1")
@example("a~=1.0a1,!=1.*")
@example("a~= 1.2")
def test_names_extras_and_specifiers_are_those_of_packaging(text: str) -> None:
    asked = Source("requirements.txt", text).content
    try:
        # pip takes a semicolon without a marker, packaging does not.
        expected = Standard(text.strip().removesuffix(";"))
    except ValueError:
        with pytest.raises(SyntaxProblem):
            parse_requirement(asked)
        return
    found = parse_requirement(asked)
    assert (found.name, found.specifier) == (expected.name, str(expected.specifier))
    assert found.extras == tuple(sorted(expected.extras))


_VARIABLES = st.sampled_from(
    ["python_version", "os.name", "sys_platform", "extra", "platform_release", "'3.8'", '"a\\tb"', "x"]
)
_COMPARISONS = st.tuples(_VARIABLES, st.sampled_from(["<", "==", " not in ", " in ", "~=", " "]), _VARIABLES).map(
    "".join
)
_MARKERS = st.recursive(
    _COMPARISONS,
    lambda inner: st.one_of(
        inner.map("({})".format), st.tuples(inner, st.sampled_from([" and ", " or ", "and"]), inner).map("".join)
    ),
    max_leaves=4,
)


@settings(deadline=None, max_examples=200)
@given(_STANDARD.filter(lambda text: ";" not in text), st.sampled_from([";", " ; ", "; "]), _MARKERS)
def test_markers_are_those_of_packaging(asked: str, sign: str, marker: str) -> None:
    try:
        expected = Standard(asked + sign + marker)
    except ValueError:
        assert read(asked + sign + marker).requirements == ()
        return
    (found,) = read(asked + sign + marker).requirements
    assert (found.name, found.specifier, found.marker) == (
        expected.name,
        str(expected.specifier),
        str(expected.marker),
    )


PLAIN = """\
# comment
flask
Django==5.0.1  # pinned
uvicorn[standard] >= 0.30, < 1
celery[redis,sqs]~=5.4 \\
    --hash=sha256:00
torch==2.1.0+cu118
a!=1.5,>=1.0rc1
-r other.txt
-e .
./libs/one[x]
git+https://github.com/o/r@v1#egg=r
gunicorn==${VERSION}
"""


def test_plain_files_are_read_without_loading_packaging() -> None:
    code = (
        "import sys\n"
        "from prodlint.source import Source\n"
        "from prodlint.syntax.requirements import parse_requirements\n"
        "file = parse_requirements(Source('r', sys.stdin.read()))\n"
        "print(len(file.requirements), len(file.problems), 'packaging' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], input=PLAIN, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["10", "0", "False"]
