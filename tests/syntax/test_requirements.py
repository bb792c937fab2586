"""Requirements: what each form tells, and what is refused."""

from __future__ import annotations

import warnings

import pytest
from packaging.requirements import Requirement as Standard
from requirement_texts import read

from prodlint.source import SyntaxProblem
from prodlint.syntax.requirements import Requirement


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
