"""Files that cannot be read: each is one problem, and the rest is still understood."""

import errno

import pytest

from prodlint.deployment.repository import MAXIMUM_SIZE, Repository, normal_path
from prodlint.engine import built_in_rules
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

GOOD = {"Procfile": "web: python app.py\n", "app.py": "from flask import Flask\napp = Flask(__name__)\napp.run()\n"}


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("compose.prod.yml", "services:\n  web: [\n"),
        ("compose.prod.yml", "services:\n  web: !!python/object:os.system {}\n\tx: 1\n"),
        ("fly.toml", "[build\n"),
        ("Dockerfile", "FROM python\nRUN <<EOF\nno end\n"),
        ("wsgi.py", "from flask import Flask\napp = Flask(\n"),
        ("pyproject.toml", "x = [\n"),
        (".github/workflows/a.yml", "on: push\njobs: {a: [}\n"),
        ("heroku.yml", b"\xff\xfe\x00\x01broken"),
        ("requirements.txt", b"flask\0gunicorn"),
    ],
)
def test_a_broken_file_does_not_hide_the_others(path: str, content: str | bytes) -> None:
    files: dict[str, str | bytes] = {**GOOD, path: content}
    result = inspect(MemoryTree(files), built_in_rules())
    assert result.crashes == ()
    assert "app-run-in-production" in {one.rule for one in result.triaged.findings}


def test_a_file_that_cannot_be_read_is_reported_once_with_the_reason() -> None:
    def read(path: str) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied")

    repository = Repository(["a.yml"], read)
    assert repository.source("a.yml") is None
    assert repository.yaml("a.yml") == ()
    assert [problem.message for problem in repository.problems.values()] == ["cannot be read: Permission denied"]


def test_a_file_that_is_too_large_is_not_parsed() -> None:
    repository = Repository(["a.yml"], lambda path: b"a" * (MAXIMUM_SIZE + 1))
    assert repository.source("a.yml") is None
    assert "larger than" in repository.problems["a.yml"].message


def test_a_file_that_is_not_there_is_no_problem() -> None:
    repository = Repository([], lambda path: b"")
    assert repository.source("a.py") is None
    assert repository.python("a.py") is None
    assert repository.problems == {}


def test_each_file_is_read_once() -> None:
    asked: list[str] = []

    def read(path: str) -> bytes:
        asked.append(path)
        return b"a: b\n"

    repository = Repository(["a.yml"], read)
    for _ in range(3):
        repository.data("a.yml")
        repository.source("a.yml")
        repository.yaml("a.yml")
    assert asked == ["a.yml"]


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        (("a", "b"), "a/b"),
        (("", "."), ""),
        (("a", "./b/../c"), "a/c"),
        (("a", "/b"), "b"),
        (("./a/",), "a"),
        (("a", ".."), ""),
    ],
)
def test_paths_are_cleaned(parts: tuple[str, ...], path: str) -> None:
    assert normal_path(*parts) == path
