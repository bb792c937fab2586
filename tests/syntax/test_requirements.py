"""Requirements: what each form tells, what is refused, and that plain lines mean what packaging says."""

from __future__ import annotations

import codecs
import subprocess
import sys
import warnings

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement as Standard

from prodlint.source import Source, SyntaxProblem
from prodlint.syntax.requirements import Requirement, Requirements, parse_requirement, parse_requirements


def read(text: str) -> Requirements:
    return parse_requirements(Source("requirements.txt", text))


def one(line: str) -> Requirement:
    file = read(line)
    assert file.problems == ()
    (found,) = file.requirements
    return found


def refusal(line: str) -> SyntaxProblem:
    file = read(line)
    assert (file.requirements, file.options) == ((), ())
    (problem,) = file.problems
    return problem


# The standard notation


@pytest.mark.parametrize(
    ("line", "name", "extras", "specifier", "written"),
    [
        ("flask", "flask", (), "", "flask"),
        ("Flask==3.0.0", "Flask", (), "==3.0.0", "Flask"),
        ("zope.interface >= 5 , < 7", "zope.interface", (), "<7,>=5", "zope.interface"),
        ("uvicorn[standard]~=0.30", "uvicorn", ("standard",), "~=0.30", "uvicorn[standard]"),
        ("a [ y , X,y ] ==1", "a", ("X", "y"), "==1", "a [ y , X,y ]"),
        ("a[]", "a", (), "", "a[]"),
        ("a (>=1,<2)", "a", (), "<2,>=1", "a"),
        ("a===1.0-anything", "a", (), "===1.0-anything", "a"),
        ("torch==2.1.0+cu118", "torch", (), "==2.1.0+cu118", "torch"),
        ("a==1.*", "a", (), "==1.*", "a"),
        ("a!=1.5,>=1,<2", "a", (), "!=1.5,<2,>=1", "a"),
        ("a>=1,", "a", (), ">=1", "a"),
        ("a;", "a", (), "", "a"),
        ("a==1!2.0.post1.dev3", "a", (), "==1!2.0.post1.dev3", "a"),
    ],
)
def test_a_requirement_has_a_name_extras_and_a_specifier(
    line: str, name: str, extras: tuple[str, ...], specifier: str, written: str
) -> None:
    found = one(line)
    assert (found.name, found.extras, found.specifier, found.written) == (name, extras, specifier, written)
    assert (found.url, found.marker, found.hashes, found.editable, found.has_variable) == (None, None, (), False, False)


@pytest.mark.parametrize(
    ("line", "marker"),
    [
        ("a; python_version<'3.11'", 'python_version < "3.11"'),
        ("a==1 ; (os.name == 'nt' or extra=='X') and 'a' in platform_release", None),
        ("a @ https://h/a.zip ; sys_platform=='win32'", 'sys_platform == "win32"'),
        ("a @ https://h/a.zip; sys_platform=='win32'", 'sys_platform == "win32"'),
        ("https://h/a-1.zip ; sys_platform=='win32'", 'sys_platform == "win32"'),
        ("./a ;sys_platform=='win32'", 'sys_platform == "win32"'),
        ("a[b]>=1,<2;sys_platform=='win32'  # c", 'sys_platform == "win32"'),
    ],
)
def test_a_marker_is_kept_in_its_normal_form(line: str, marker: str | None) -> None:
    found = one(line)
    assert found.marker == (marker or str(Standard(line).marker))
    assert found.span.text == line.partition("  #")[0]


@pytest.mark.parametrize(
    ("line", "exact"),
    [
        ("a==1", True),
        ("a===1", True),
        ("a>=1,==1.5", True),
        ("a==1.*", False),
        ("a>=1", False),
        ("a~=1.2", False),
        ("a", False),
    ],
)
def test_an_exact_version_is_known(line: str, exact: bool) -> None:
    assert one(line).is_exact is exact


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("flask 3.0", 1, "`flask 3.0` is not a requirement"),
        ("flask=3.0", 1, "pip compares versions with `==`"),
        ("flask=3.0=py311_0", 1, "pip compares versions with `==`"),
        ("flask=>3", 1, "is not a requirement"),
        ("six==1.16.0#x", 1, "is not a requirement"),
        ("flask[a", 1, "is not a requirement"),
        ("flask[a b]", 1, "is not a requirement"),
        ("flask~=3", 1, "is not a requirement"),
        ("flask>=3.*", 1, "is not a requirement"),
        ("-e", 1, "--editable needs a value"),
        ("; python_version < '3'", 1, "is not a requirement"),
        ("flask ; python_version", 9, "`python_version` is not an environment marker"),
        ("flask\t--hash=sha256:1", 1, "is not a requirement"),
        ("é", 1, "is not a requirement"),
        ("flask;python_version<'3' and", 7, "is not an environment marker"),
    ],
)
def test_a_malformed_line_is_a_problem_with_its_place_and_the_others_stay(line: str, column: int, reason: str) -> None:
    file = read(f"django==5\n{line}\ncelery\n")
    assert [found.name for found in file.requirements] == ["django", "celery"]
    (problem,) = file.problems
    assert reason in problem.message
    assert (problem.span.line, problem.span.column) == (2, column)


def test_a_problem_quotes_no_more_than_the_beginning_of_a_line() -> None:
    assert len(refusal("a b" * 10_000).message) < 300
    assert len(refusal(f"a;{'b' * 10_000}").message) < 300


def test_a_file_of_refused_lines_is_given_up() -> None:
    file = read("flask\n" + "a b\n" * 5000 + "django\n")
    assert [found.name for found in file.requirements] == ["flask"]
    assert len(file.problems) == 1001
    assert "what follows is not read" in file.problems[-1].message


def test_strings_in_markers_cannot_do_harm() -> None:
    both = "a ; python_version == 'x\\x22\\x27'"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert one(both).marker is not None
        assert read("a ; python_version == 'a\\d'\n").source
        assert read("a ; python_version == '\\N{no such name}\\x'\nb").requirements[-1].name == "b"
    nested = "a ; " + "(" * 40_000 + "os_name == ''" + ")" * 40_000
    assert read(nested + "\nb\n").requirements[-1].name == "b"


# URLs, repositories, paths


@pytest.mark.parametrize(
    ("line", "name", "extras", "url"),
    [
        ("https://h/x/my_pkg-1.0-py3-none-any.whl", "my_pkg", (), "https://h/x/my_pkg-1.0-py3-none-any.whl"),
        ("https://h/my-pkg-1.0.tar.gz#sha256=0", "my-pkg", (), "https://h/my-pkg-1.0.tar.gz#sha256=0"),
        ("https://h/x.zip?y=1#egg=my_pkg", "my_pkg", (), "https://h/x.zip?y=1#egg=my_pkg"),
        ("https://h/x.zip#subdirectory=a&egg=b[c,a]", "b", ("a", "c"), "https://h/x.zip#subdirectory=a&egg=b[c,a]"),
        ("https://h/x.zip#egg=b==1.0", "b", (), "https://h/x.zip#egg=b==1.0"),
        ("https://github.com/o/r/archive/r-1.0.zip", None, (), "https://github.com/o/r/archive/r-1.0.zip"),
        ("https://h/latest.tar.gz", None, (), "https://h/latest.tar.gz"),
        ("https://h/x;y", None, (), "https://h/x;y"),
        ("HTTPS://h/a-1.zip", "a", (), "HTTPS://h/a-1.zip"),
        ("file:./libs/one", None, (), "file:./libs/one"),
        ("my.Pkg[x] @ https://h/any.zip", "my.Pkg", ("x",), "https://h/any.zip"),
        ("pkg@file:///srv/a.whl", "pkg", (), "file:///srv/a.whl"),
        (".", None, (), "."),
        ("./libs/one[b,a]", None, ("a", "b"), "./libs/one"),
        ("libs/one", None, (), "libs/one"),
        ("../shared/", None, (), "../shared/"),
        ("/srv/one", None, (), "/srv/one"),
        ("dist/my_pkg-1.0-py3-none-any.whl[x]", "my_pkg", ("x",), "dist/my_pkg-1.0-py3-none-any.whl"),
        ("my_pkg-1.0.tar.gz", "my_pkg", (), "my_pkg-1.0.tar.gz"),
        ("x.ZIP", None, (), "x.ZIP"),
        ("./a@b.zip", None, (), "./a@b.zip"),
    ],
)
def test_a_url_or_path_tells_a_name_where_it_can(
    line: str, name: str | None, extras: tuple[str, ...], url: str
) -> None:
    found = one(line)
    assert (found.name, found.extras, found.url, found.specifier) == (name, extras, url, "")
    assert (found.is_vcs, found.editable) == (False, False)
    if name is None:
        assert found.written == (f"{url}[{','.join(extras)}]" if extras else url)


@pytest.mark.parametrize(
    ("line", "name", "reference"),
    [
        ("git+https://github.com/o/r", None, None),
        ("git+https://github.com/o/r.git@v1.0#egg=r", "r", "v1.0"),
        ("git+https://u:p@github.com/o/r@feature/x#egg=r&subdirectory=y", "r", "feature/x"),
        ("git+https://u@github.com/o/r", None, None),
        ("git+ssh://git@github.com/o/r.git@0123abc", None, "0123abc"),
        ("git+file:///srv/r@main", None, "main"),
        ("r @ git+https://github.com/o/r@a%2Fb", "r", "a/b"),
        ("r[x] @ git+git@github.com:o/r.git@main", "r", "main"),
        ("r @ git+ssh://git@github.com/o/r", "r", None),
        ("hg+static-http://h/r@tip#egg=r", "r", "tip"),
        ("svn+svn://h/r@2019#egg=r", "r", "2019"),
        ("bzr+lp:r@1#egg=r", "r", "1"),
        ("GIT+https://h/r@x", None, "x"),
    ],
)
def test_a_repository_has_a_reference(line: str, name: str | None, reference: str | None) -> None:
    found = one(line)
    assert found.is_vcs
    assert (found.name, found.reference) == (name, reference)


@pytest.mark.parametrize(
    "line",
    [
        "git://h/r",
        "git+nothing://h/r",
        "git+git@h:o/r",
        "https://h/x.whl",
        "./x.whl",
        "https://h/x.zip#egg=",
        "https://h/x.zip#egg=-",
        "./libs/one[a b]",
        "a @",
        "a @ x y",
    ],
)
def test_an_address_that_pip_does_not_know_is_refused(line: str) -> None:
    assert refusal(line).span.text == line


@pytest.mark.parametrize("option", ["-e ", "-e", "--editable ", "--editable="])
@pytest.mark.parametrize(
    ("value", "name", "extras", "url"),
    [
        (".", None, (), "."),
        (".[dev,a]", None, ("a", "dev"), "."),
        ("git", None, (), "git"),
        ("./libs/one#egg=one", "one", (), "./libs/one#egg=one"),
        ("file:libs/one#egg=one", "one", (), "file:libs/one#egg=one"),
        ("git+https://h/r@v1#egg=r", "r", (), "git+https://h/r@v1#egg=r"),
        ("git+https://h/r#egg=r[x]", "r", ("x",), "git+https://h/r#egg=r[x]"),
        ("git://h/r#egg=r", "r", (), "git://h/r#egg=r"),
        ("r[x]@git+https://h/r", "r", ("x",), "git+https://h/r"),
    ],
)
def test_an_editable_project_is_a_folder_or_a_repository(
    option: str, value: str, name: str | None, extras: tuple[str, ...], url: str
) -> None:
    found = one(option + value)
    assert found.editable
    assert (found.name, found.extras, found.url) == (name, extras, url)
    assert (found.span.text, found.span.column) == (value, len(option) + 1)


def test_behind_an_editable_project_nothing_counts_but_what_is_quoted_with_it() -> None:
    assert one("-e . ; python_version < '3' --hash=sha256:1").marker is None
    assert one("-e . --hash=sha256:1").hashes == ()
    found = one("-e 'r @ git+https://h/r ; os_name == \"nt\"'")
    assert (found.name, found.url, found.marker) == ("r", "git+https://h/r", 'os_name == "nt"')
    assert one("-e 'git+https://h/r#egg=r ; os_name == \"nt\"'").marker == 'os_name == "nt"'
    assert one("-e git").is_vcs is False


@pytest.mark.parametrize("value", ["git+https://h/r", "https://h/r.zip", "'r @ https://h/r.zip'", "git+x://h/r#egg=r"])
def test_what_cannot_be_editable_is_refused(value: str) -> None:
    assert "cannot be editable" in refusal(f"-e {value}").message


# Hashes


def test_hashes_are_gathered_over_several_lines() -> None:
    file = read("a==1 \\\n    --hash=sha256:0a \\\n    --hash sha512:0b  # c\nb ; os_name == 'nt' --hash='sha384:0c'\n")
    assert [(found.name, found.hashes, found.span.line) for found in file.requirements] == [
        ("a", ("sha256:0a", "sha512:0b"), 1),
        ("b", ("sha384:0c",), 4),
    ]
    assert file.requirements[0].span.text == "a==1"
    assert file.options == ()


# Variables


@pytest.mark.parametrize(
    ("line", "name", "extras", "specifier", "url", "marker"),
    [
        ("${PACKAGE}", None, (), "", None, None),
        ("${PACKAGE}==1", None, (), "", None, None),
        ("my-${NAME}==1", None, (), "", None, None),
        ("flask==${V}", "flask", (), "", None, None),
        ("flask >=1,<${V}", "flask", (), "", None, None),
        ("flask ${SPECIFIER}", "flask", (), "", None, None),
        ("flask${SPECIFIER}", None, (), "", None, None),
        ("flask[b,a]==${V}", "flask", ("a", "b"), "", None, None),
        ("flask[${EXTRA}]==1", "flask", (), "", None, None),
        ("flask==1; python_version < '${V}'", "flask", (), "==1", None, "python_version < '${V}'"),
        ("flask==${V}; os_name=='nt'", "flask", (), "", None, 'os_name == "nt"'),
        ("r @ ${URL}", "r", (), "", "${URL}", None),
        ("r[x] @ git+https://${T}@h/r@v1", "r", ("x",), "", "git+https://${T}@h/r@v1", None),
        ("git+https://${T}:x@h/r@v1#egg=r", "r", (), "", "git+https://${T}:x@h/r@v1#egg=r", None),
        ("git+https://h/r@${REF}#egg=r-${X}", None, (), "", "git+https://h/r@${REF}#egg=r-${X}", None),
        ("https://h/${V}/r-1.0.zip", "r", (), "", "https://h/${V}/r-1.0.zip", None),
        ("https://h/r-${V}-py3-none-any.whl", "r", (), "", "https://h/r-${V}-py3-none-any.whl", None),
        ("https://h/${NAME}-1.0.zip", None, (), "", "https://h/${NAME}-1.0.zip", None),
        ("./libs/${NAME}[x]", None, ("x",), "", "./libs/${NAME}", None),
        ("${FOLDER}/x", None, (), "", None, None),
    ],
)
def test_around_a_variable_only_what_is_certain_is_told(
    line: str, name: str | None, extras: tuple[str, ...], specifier: str, url: str | None, marker: str | None
) -> None:
    found = one(line)
    assert found.has_variable
    assert (found.name, found.extras, found.specifier) == (name, extras, specifier)
    assert (found.url, found.marker) == (url, marker)


def test_a_variable_may_stand_in_options_and_editable_projects() -> None:
    file = read("-r ${FILE}\n-e ${FOLDER}\n-e git+https://${T}@h/r@v1#egg=r\na --hash=${H}\n")
    assert [(target.value, kind) for target, kind in file.includes] == [("${FILE}", "requirement")]
    folder, repository, hashed = file.requirements
    assert (folder.url, folder.name, folder.has_variable) == ("${FOLDER}", None, True)
    assert (repository.name, repository.reference, repository.has_variable) == ("r", "v1", True)
    assert (hashed.hashes, hashed.has_variable) == (("${H}",), False)


@pytest.mark.parametrize("line", ["flask==$V", "flask==${v}", "flask==${V", "flask==$(V)", "flask==%V%"])
def test_other_dollars_are_no_variables(line: str) -> None:
    assert "is not a requirement" in refusal(line).message


# Files


def test_includes_and_constraints_are_named_with_their_places() -> None:
    file = read("# base\n-r base.txt\n  -c'../the constraints.txt'\n--requirement https://h/r.txt\n")
    assert [(target.value, kind, target.span.line, target.span.column) for target, kind in file.includes] == [
        ("base.txt", "requirement", 2, 4),
        ("../the constraints.txt", "constraint", 3, 6),
        ("https://h/r.txt", "requirement", 4, 15),
    ]


def test_of_several_files_on_a_line_pip_reads_the_first() -> None:
    file = read("-c a -r b -r c --pre\n-c d -c e\n")
    assert [(target.value, kind) for target, kind in file.includes] == [("b", "requirement"), ("d", "constraint")]
    assert "--pre" not in [option.name for option in file.options]


def test_options_that_do_nothing_are_not_told() -> None:
    file = read("flask --index-url=x -r y\n--hash=sha256:1 --no-index\n")
    assert [option.name for option in file.options] == ["--no-index"]
    assert file.includes == ()


def test_utf_16_and_line_ends_of_windows_are_read() -> None:
    text = "flask==3.0\r\ndjango>=5 \\\r\n  ,<6\r\n"
    for data in (
        text.encode(),
        codecs.BOM_UTF8 + text.encode(),
        codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    ):
        file = parse_requirements(Source.of("requirements.txt", data))
        assert file.problems == ()
        assert [(found.name, found.specifier) for found in file.requirements] == [
            ("flask", "==3.0"),
            ("django", "<6,>=5"),
        ]
        assert [(found.span.line, found.span.last.line) for found in file.requirements] == [(1, 1), (2, 3)]


PIP_COMPILE = """\
#
# This file is autogenerated by pip-compile with Python 3.12
# by the following command:
#
#    pip-compile requirements.in
#
"""
UV = "# This file was autogenerated by uv via the following command:\n#    uv export --no-dev\n"
PDM = "# This file is @generated by PDM.\n# Please do not edit it manually.\n\n"
PIPENV = "#\n# These requirements were autogenerated by pipenv\n# To regenerate from the project's Pipfile, run:\n#\n"


@pytest.mark.parametrize(
    ("header", "tool"),
    [
        (PIP_COMPILE, "pip-compile"),
        (UV, "uv"),
        (PDM, "pdm"),
        (PIPENV, "pipenv"),
        ("# SHA1:0\n#\n# This file is autogenerated by pip-compile-multi\n", "pip-compile-multi"),
        ("# This file is autogenerated by hatch-pip-compile with Python 3.12\n", "hatch-pip-compile"),
        ("# generated by rye\n# use `rye lock` to update this lockfile\n", "rye"),
        # `poetry export` and `pip freeze` write none.
        ("", None),
        ("# Not generated by hand\n", None),
        ("# generated by uvicorn\n", None),
    ],
)
def test_a_header_names_the_resolver_that_wrote_the_file(header: str, tool: str | None) -> None:
    body = "--index-url https://pypi.org/simple\nflask==3.0.0 \\\n    --hash=sha256:0\n    # via -r requirements.in\n"
    assert read(header + body).compiled_by == tool
    assert read(header.replace("\n", "\r\n") + body).compiled_by == tool


def test_a_remark_below_the_first_requirement_is_no_header() -> None:
    assert read(f"flask\n{UV}").compiled_by is None
    assert read("x='# generated by uv'").compiled_by is None


def test_a_single_requirement_is_read_at_its_place() -> None:
    source = Source("pyproject.toml", "dependencies = ['  flask>=3  ']")
    found = parse_requirement(source.content.slice(17, 29))
    assert (found.name, found.specifier, found.span.text, found.span.column) == ("flask", ">=3", "flask>=3", 20)
    with pytest.raises(SyntaxProblem, match="is not a requirement"):
        parse_requirement(source.content)


# Plain lines are read without packaging


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


# Large and hostile files


def test_a_file_of_five_megabytes_is_read() -> None:
    file = read("".join(f"package-{number}==1.{number}\n" for number in range(250_000)))
    assert len(file.requirements) == 250_000
    assert file.requirements[-1].span.line == 250_000


_LONG = 90_000


@pytest.mark.parametrize(
    "line",
    [
        "a" + " " * _LONG + "x",
        "a" + "\t " * (_LONG // 2) + "x",
        "./a" + "-1" * (_LONG // 2),
        "./a" + "-1" * (_LONG // 2) + ".zip",
        "./" + "[" * _LONG,
        "./" + "[" * _LONG + "]",
        "a[" + "b," * (_LONG // 2),
        "a[" + "b, " * (_LONG // 3) + "]x",
        "a-" * (_LONG // 2),
        "a==" + "1." * (_LONG // 2) + "_",
        "a==" + "1" * _LONG + ",>1",
        "a" + "<1," * (_LONG // 3) + "x",
        "a ; " + "os_name in '' or " * (_LONG // 20) + "x",
        "a ; '" + "\\x22'" * (_LONG // 5),
        "a" + " @" * (_LONG // 2),
        "git+https://h/" + "@" * _LONG,
        "git+https://h/#egg=" + "a." * (_LONG // 2),
        "${A}" * (_LONG // 4),
        "a" * _LONG + "${A}",
        "a[" * (_LONG // 2) + "${A}",
        "a" + " #" * (_LONG // 2),
        "a" + "#" * _LONG,
        "--hash=" + "''" * (_LONG // 2),
        "--hash=sha256:" + '"\\\\' * (_LONG // 3),
        "--pre " * (_LONG // 6),
        "--" + "a" * _LONG,
        "a \\\n" * (_LONG // 4),
        "\\\n" * _LONG,
        "# generated by" + " generated by" * (_LONG // 13),
    ],
)
def test_a_hostile_line_ends_and_leaves_the_next(line: str) -> None:
    file = read(f"{line}\n\n\nlast==1\n")
    assert file.requirements[-1].name == "last"
    assert file.compiled_by is None


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="ab1.-_[]()=<>!~@;,#/:\\ '\"\t\n${}AVgit+ehw", max_size=40))
@example("-e[")
@example("-e 'a@'")
@example("a@${A}[")
@example("-e ${A}[${A}")
@example("./${A}[")
@example("git+https:#egg=${A}.whl")
def test_any_text_is_read(text: str) -> None:
    file = read(text)
    for span in (*(found.span for found in file.requirements), *(problem.span for problem in file.problems)):
        assert 0 <= span.start <= span.end <= len(text)
