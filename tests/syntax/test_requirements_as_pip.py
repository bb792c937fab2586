"""Requirements files as pip itself reads them: one pip answers for every generated file."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from prodlint.source import Source, SyntaxProblem
from prodlint.syntax.requirement_lines import Line, read_lines
from prodlint.syntax.requirements import Requirement, parse_requirements

# Only what has kept its name and shape from pip 23 to 26 is asked for.
_WORKER = """
import json, sys
try:
    from pip._internal.req.constructors import install_req_from_editable, install_req_from_line
    from pip._internal.req.req_file import get_line_parser, preprocess
except ImportError as error:
    print(json.dumps(f"pip's own reader cannot be imported: {error}"), flush=True)
    sys.exit()
print(json.dumps(None), flush=True)

def made(requirement, options):
    try:
        if requirement:
            found = install_req_from_line(requirement)
        else:
            found = install_req_from_editable(options.editables[0])
    except Exception:
        return None
    return {
        "name": found.req.name if found.req else None,
        "specifier": str(found.req.specifier) if found.req else "",
        "extras": sorted({*found.extras, *(found.req.extras if found.req else ())}),
        "marker": str(found.markers) if found.markers else None,
        "link": found.link is not None,
    }

for asked in sys.stdin:
    answer = []
    for number, written in preprocess(json.loads(asked)):
        try:
            requirement, options = get_line_parser(None)(written)
        except Exception:
            answer.append([number, None, None, None])
            continue
        plain = {name: value for name, value in vars(options).items() if isinstance(value, (str, bool, list))}
        plain["hashes"] = options.hashes
        asks = requirement or options.editables
        answer.append([number, requirement.strip(), plain, made(requirement, options) if asks else None])
    print(json.dumps(answer), flush=True)
"""

Pip = Callable[[str], list[Any]]


@pytest.fixture(scope="module")
def pip(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pip]:
    """pip in a folder with a few projects: what it makes of each line of a file."""
    folder = tmp_path_factory.mktemp("pip")
    for project in (".", "work", "work/libs/one", "work/libs/two", "shared"):
        (folder / project).mkdir(parents=True, exist_ok=True)
        (folder / project / "pyproject.toml").touch()
    process = subprocess.Popen(
        [sys.executable, "-c", _WORKER],
        cwd=folder / "work",
        env={name: value for name, value in os.environ.items() if not name.startswith("PIP_")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        sends, answers = process.stdin, process.stdout

        def ask(text: str) -> list[Any]:
            sends.write(json.dumps(text) + "\n")
            sends.flush()
            found: list[Any] = json.loads(answers.readline())
            return found

        missing = json.loads(answers.readline())
        if missing:
            pytest.skip(missing)
        yield ask
        sends.close()


_NAMES = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,5}[A-Za-z0-9])?", fullmatch=True)
_BLANK = st.sampled_from(["", "", "", " ", "  ", "\t"])
# What the versions of packaging inside of pip agree on: the others are a matter of test_requirements.py.
_VERSIONS = st.sampled_from(
    ["1", "1.0", "2024.1.30", "1.0a1", "1.0rc2", "1.0.post1", "1.0.dev3", "v2.0", "1!2.0", "1.0-1"]
)
_OPERATORS = st.sampled_from(["==", "==", ">=", "<=", "<", ">", "!="])
_WHOLE = st.sampled_from(["==1.*", "!= 1.2.*", "==1.0+cu118", "~=1.2", "~= 1.2.post1", "=1.0", "=>1"])
_MARKERS = st.sampled_from(
    [
        "python_version < '3.11'",
        'sys_platform == "win32" and python_full_version>="3.8"',
        "(os.name=='nt' or extra == 'a_B') and 'x' not in platform_release",
        "",
        "python_version",
        "nonsense == '1'",
        "python_version < '3.11",
    ]
)


def _row(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map("".join)


def _maybe(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(st.just(""), part)


_EXTRAS = st.one_of(
    st.lists(_row(_BLANK, _NAMES, _BLANK), max_size=3).map(lambda names: f"[{','.join(names)}]"),
    st.sampled_from(["[a b]", "[a,]", "[", "[]]"]),
)
_CLAUSE = st.one_of(_row(_BLANK, _OPERATORS, _BLANK, _VERSIONS, _BLANK), _WHOLE)
_CLAUSES = st.one_of(st.just("===1.0"), st.lists(_CLAUSE, max_size=3).map(",".join))
_MARKED = _row(_BLANK, st.sampled_from([";", "; ", " ; "]), _MARKERS)
_STANDARD = _row(_NAMES, _BLANK, _maybe(_EXTRAS), _BLANK, _CLAUSES, _maybe(_MARKED))
_PLACES = st.sampled_from(
    [
        "https://example.com/a/my_package-1.0-py3-none-any.whl",
        "https://example.com/not-a-wheel.whl",
        "https://example.com/my-package-1.0.tar.gz",
        "HTTP://example.com/x.zip?raw=true",
        "ftp://example.com/x.zip",
        "file:./libs/one",
        "file:///srv/libs/one",
        "git+https://user@example.com/a/b.git@feature/x",
        "git+ssh://git@example.com/a/b@v1.0",
        "git+git@example.com:a/b.git",
        "git+nothing://example.com/a",
        "git://example.com/a/b",
        "svn://example.com/a/b",
        "hg+static-http://example.com/a",
        "svn+svn://example.com/a",
        "bzr+lp:a",
        "bzr:a",
    ]
)
_LOCAL = st.sampled_from(
    [
        *(".", "..", "./", "./libs/one", "libs/two", "libs/two/", "../shared", "./libs/../libs/one", "./missing"),
        *("x.zip", "./x.tar.gz", "x-1.0.tar.bz2", "my_package-1.0-py3-none-any.whl", "./x.whl", "y.tar.foo"),
        *("./a@b.zip", "x.ZIP", ".zip", "x.tar.lzma", "x.lzma"),
    ]
)
_FRAGMENTS = st.sampled_from(["#egg=name", "#subdirectory=x&egg=a.b-c", "#egg=", "#egg=-", "#sha256=0"])
# Versions of pip think differently of a marker without a blank in front, and of a malformed name behind a wheel.
_URLS = st.one_of(
    _row(_PLACES, _maybe(_MARKED)),
    _row(_PLACES.filter(lambda place: ".whl" not in place), _FRAGMENTS, _maybe(_row(st.just("; "), _MARKERS))),
)
_REQUIREMENTS = st.one_of(
    st.just("a@b.zip"),
    _STANDARD,
    _URLS,
    _row(_LOCAL, _maybe(_EXTRAS), _maybe(_MARKED)),
    _row(_NAMES, _BLANK, _maybe(_EXTRAS), st.sampled_from(["@", " @ ", "@ "]), _PLACES, _maybe(_MARKED)),
)
_VALUES = st.sampled_from(
    ["x.txt", "'a b'", '"a\\"b\\\\c\\d"', "a\\ b", "a'b'\"c\"", "''", "=x", "-x", "--pre", "\u00a0", "https://h/?a=b"]
)
_HASH = st.sampled_from(["sha256:00", "sha384:0", "'sha512:0'", "md5:0", "sha256", "sha256:"])
# Names cut short are those that every pip understands alike.
_TAKING = st.sampled_from(
    [
        *("--requirement", "--constraint", "--index-url", "--pypi-url", "--extra-index-url", "--find-links"),
        *("--trusted-host", "--requirem", "--find", "--no-such", "--req", "--no-binary", "--only-binary"),
    ]
)
_OPTIONS = st.one_of(
    _row(_TAKING, st.sampled_from(["=", " ", "  "]), _VALUES),
    _row(st.sampled_from(["-r", "-c", "-i", "-f", "-q"]), st.sampled_from(["", " ", "="]), _VALUES),
    st.sampled_from(
        [
            "--no-index",
            "--pre",
            "--require-hashes",
            "--prefer-binary",
            "--prefer",
            "--pre=1",
            "-",
            "--",
            "word",
            "--hash",
        ]
    ),
    _row(st.sampled_from(["--hash=", "--hash "]), _HASH),
    _row(st.sampled_from(["--config-settings=", "-C", "-C "]), st.sampled_from(["a=b", "a"])),
)
_BEHIND = st.lists(_OPTIONS, min_size=1, max_size=3).map(" ".join)
_EDITABLE = _row(
    st.sampled_from(["-e ", "-e", "--editable=", "--editable "]),
    st.one_of(_URLS, _row(_LOCAL, _maybe(_EXTRAS), _maybe(_MARKED))),
)
_COMMENTS = st.sampled_from(["", "", "", "# c", " # c", "\t#c", "#c", " # c \\", " #", "\u2003# c"])
_GARBAGE = st.text(alphabet="aA1-_.[]=<>~@;,#/\\ '\"\t\u00a0é:+&\x1f", max_size=12)
_LINES = _row(
    _BLANK,
    st.one_of(
        _REQUIREMENTS,
        _row(_REQUIREMENTS, st.just(" "), _BEHIND),
        _BEHIND,
        _EDITABLE,
        st.just(""),
        _GARBAGE,
        st.just("x ${UNSET}"),
    ),
    _COMMENTS,
)
_ENDS = st.sampled_from(
    [
        "\n",
        "\n",
        "\r\n",
        "\\\n",
        " \\\n",
        "\\\r\n",
        "\\\\\n",
        "\r",
        "\v",
        "\f",
        "\x1c",
        "\x1d",
        "\x1e",
        "\x85",
        "\u2028",
    ]
)


@st.composite
def _files(draw: st.DrawFn) -> str:
    text = "".join(draw(st.lists(st.one_of(_LINES, _ENDS), max_size=8)))
    # A line may be joined at any place.
    for at in draw(st.lists(st.integers(0, len(text)), max_size=2)):
        text = text[:at] + draw(st.sampled_from(["\\\n", "\\\r\n", "\n", " ", "#"])) + text[at:]
    return text


def _line_number(text: str, offset: int) -> int:
    return len((text[:offset] + "x").splitlines())


def _first_with_text(text: str, number: int) -> int:
    """pip tells where a joined line begins, prodlint where something stands in it."""
    lines = text.splitlines()
    while lines[number - 1].endswith("\\") and not lines[number - 1].strip("\\").strip():
        number += 1
    return number


_LISTS = {
    "--requirement": "requirements",
    "--constraint": "constraints",
    "--editable": "editables",
    "--extra-index-url": "extra_index_urls",
    "--find-links": "find_links",
    "--trusted-host": "trusted_hosts",
}
_FLAGS = {
    "--no-index": "no_index",
    "--prefer-binary": "prefer_binary",
    "--require-hashes": "require_hashes",
    "--pre": "pre",
}


def _as_pip_keeps(line: Line) -> dict[str, Any]:
    """The options of a line that have a value, by pip's names for them."""
    found: dict[str, Any] = {}
    for option in line.options:
        value = option.value.value if option.value is not None else ""
        if option.name in _FLAGS:
            found[_FLAGS[option.name]] = True
        elif option.name in _LISTS:
            found.setdefault(_LISTS[option.name], []).append(value)
        elif option.name == "--index-url":
            found["index_url"] = value
        elif option.name == "--hash":
            algorithm, _, digest = value.partition(":")
            found.setdefault("hashes", {}).setdefault(algorithm, []).append(digest)
    return {name: value for name, value in found.items() if value}


_NOT_EVERYWHERE = frozenset(("--all-releases", "--only-final", "--no-require-hashes", "--global-option"))
_LIKE_PIP = settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.real
@_LIKE_PIP
@given(_files())
@example('a --hash="sha256:\\\\\\\\"')
@example("\\\n\\\na\\\n#b\n")
def test_lines_are_those_of_pip(pip: Pip, text: str) -> None:
    # `--only` means something else since there is `--only-final`.
    assume(not re.search(r"--o(?!nly-binary)", re.sub(r"[\\\s'\"]", "", text)))
    problems: list[SyntaxProblem] = []
    lines = list(read_lines(Source("requirements.txt", text), problems))
    ours: list[Line | SyntaxProblem] = sorted([*lines, *problems], key=lambda one: one.span.start)
    theirs = pip(text)
    assert len(ours) == len(theirs), (ours, theirs)
    for one, (number, requirement, options, _) in zip(ours, theirs, strict=True):
        place, expected = _line_number(text, one.span.start), _first_with_text(text, number)
        if isinstance(one, SyntaxProblem):
            # Its place is that of the word at fault, which may stand on a later line.
            assert requirement is None, one
            assert place >= expected
            continue
        if any(option.name in _NOT_EVERYWHERE for option in one.options):
            continue
        assert (one.requirement.value, place) == (requirement, expected)
        known = {*_FLAGS.values(), *_LISTS.values(), "index_url", "hashes"}
        assert _as_pip_keeps(one) == {name: value for name, value in options.items() if value and name in known}


_FOLDERS = frozenset((".", "..", "libs/one", "libs/two", "../shared"))


@pytest.mark.real
@_LIKE_PIP
@given(
    st.one_of(
        _REQUIREMENTS, _REQUIREMENTS, _row(_REQUIREMENTS.map(str.rstrip), st.just(" --hash=sha256:00")), _EDITABLE
    )
)
def test_requirements_are_those_of_pip(pip: Pip, text: str) -> None:
    found = parse_requirements(Source("requirements.txt", text))
    answers = pip(text)
    theirs = answers[0][3] if answers else None
    if not found.requirements:
        assert theirs is None
        assert len(found.problems) == len(answers)
        return
    (ours,) = found.requirements
    if ours.url is not None and "://" not in ours.url and os.path.normpath(ours.url) not in _FOLDERS and theirs is None:
        # The text does not tell that there is no such folder.
        return
    assert theirs is not None
    _agree(ours, theirs)


def _agree(ours: Requirement, theirs: dict[str, Any]) -> None:
    if theirs["name"] is not None:
        # Of an archive without `#egg=` pip learns the name when it builds it.
        assert ours.name is not None
        assert canonicalize_name(ours.name) == canonicalize_name(theirs["name"])
    assert set(map(canonicalize_name, ours.extras)) == set(map(canonicalize_name, theirs["extras"]))
    if ours.url is None:
        assert not theirs["link"]
        assert ours.name == theirs["name"]
        assert SpecifierSet(ours.specifier) == SpecifierSet(theirs["specifier"])
    else:
        assert theirs["link"]
    if not ours.editable:
        assert (ours.marker is None) == (theirs["marker"] is None)
        assert ours.marker is None or Marker(ours.marker) == Marker(theirs["marker"])
