"""What an installation finds in its image: the variables that installers read, and the Python that markers ask for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.deployment.dependency import Install
from prodlint.deployment.install import applies_on_linux, open_dependencies
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, UNKNOWN, YES
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

CMD = 'CMD ["gunicorn", "app:app"]\n'


def service(files: Mapping[str, str], name: str = "Dockerfile") -> Service:
    inspection = inspect(MemoryTree(files), ())
    assert inspection.crashes == ()
    return next(one for one in inspection.deployment.services if one.name == name)


def install(dockerfile: str, **files: str) -> Install:
    held = {name.replace("__", "."): text for name, text in files.items()}
    return service({"Dockerfile": dockerfile + CMD, **held}).installs[0]


def loose(one: Install) -> list[str]:
    return [dependency.name for _, found in open_dependencies(one) for dependency in found]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("ENV PIP_CONSTRAINT=c.txt\nRUN pip install -r r.txt\n", []),
        ("ENV UV_CONSTRAINT=/app/c.txt\nRUN uv pip install -r r.txt\n", []),
        ("ENV UV_CONSTRAINT=c.txt\nRUN pip install -r r.txt\n", ["flask"]),
        ("RUN pip install -r r.txt\nENV PIP_CONSTRAINT=c.txt\n", ["flask"]),
        ("RUN PIP_CONSTRAINT=c.txt pip install -r r.txt\n", []),
        ("ENV PIP_CONSTRAINT=c.txt\nRUN PIP_CONSTRAINT= pip install -r r.txt\n", ["flask"]),
    ],
)
def test_constraints_of_the_environment_hold_where_they_are_set(lines: str, expected: list[str]) -> None:
    dockerfile = f"FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\n{lines}"
    assert loose(install(dockerfile, r__txt="flask\n", c__txt="flask==3.1.3\n")) == expected


@pytest.mark.parametrize(
    ("dockerfile", "python"),
    [
        ("FROM python:3.12-slim\nRUN pip install x\n", "3.12"),
        ("FROM python:3.12.4 AS build\nRUN pip install x\nFROM debian\nCOPY --from=build /x /x\n", "3.12.4"),
        ("FROM python:3.12\nRUN uv pip install --python 3.11 x\n", None),
        ("FROM python:3.12\nRUN conda install x\n", None),
        ("FROM python:3.12\nRUN pipx install x\n", None),
        ("FROM debian:12\nRUN pip install x\n", None),
    ],
)
def test_an_installation_is_for_the_python_of_its_stage(dockerfile: str, python: str | None) -> None:
    assert install(dockerfile).python == python


def test_a_file_that_uv_reads_may_choose_another_python() -> None:
    dockerfile = "FROM python:3.12\nCOPY . .\nRUN uv sync\n"
    project = {"pyproject.toml": '[project]\nname = "x"\nversion = "1"\n'}
    assert service({"Dockerfile": dockerfile + CMD, **project}).installs[0].python == "3.12"
    pinned = {**project, ".python-version": "3.13\n"}
    assert service({"Dockerfile": dockerfile + CMD, **pinned}).installs[0].python is None


def test_a_platform_installs_for_the_python_that_a_file_names() -> None:
    files = {"Procfile": "web: gunicorn app:app\n", "requirements.txt": "flask\n", ".python-version": "3.12\n"}
    assert [one.python for one in service({**files, "app.json": "{}"}, "web").installs] == ["3.12"]


@pytest.mark.parametrize(
    ("marker", "python", "expected"),
    [
        ("python_version < '3.11'", "3.10", YES),
        ("python_version < '3.11'", "3.13", NO),
        ("python_version < '3.11'", "3", UNKNOWN),
        ("python_version < '3.11'", None, UNKNOWN),
        ("python_full_version < '3.12.4'", "3.12", UNKNOWN),
        ("python_full_version < '3.12.4'", "3.12.3", YES),
        ("python_version < '3.11' and platform_machine == 'x86_64'", "3.10", UNKNOWN),
        ("sys_platform == 'win32'", "3.10", NO),
    ],
)
def test_a_marker_is_answered_for_one_python(marker: str, python: str | None, expected: object) -> None:
    assert applies_on_linux(marker, python) is expected


_OPERATORS = st.sampled_from(["<", "<=", "==", "!=", ">", ">="])
_MINORS = st.integers(8, 15).map(lambda minor: f"3.{minor}")


@settings(deadline=None, max_examples=100)
@given(operator=_OPERATORS, wanted=_MINORS, python=_MINORS)
def test_a_version_of_python_compares_by_its_numbers(operator: str, wanted: str, python: str) -> None:
    held, asked = (tuple(map(int, one.split("."))) for one in (python, wanted))
    truth = {
        "<": held < asked,
        "<=": held <= asked,
        "==": held == asked,
        "!=": held != asked,
        ">": held > asked,
        ">=": held >= asked,
    }[operator]
    assert applies_on_linux(f"python_version {operator} '{wanted}'", python) is (YES if truth else NO)


@pytest.mark.real
def test_pip_reads_the_constraints_of_its_environment(tmp_path: Path) -> None:
    """pip refuses what the file behind PIP_CONSTRAINT forbids, before it looks for anything."""
    (tmp_path / "c.txt").write_text("pip==0.0.1\n", encoding="utf-8")
    found = []
    for given_ in ({"PIP_CONSTRAINT": "c.txt"}, {}):
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-index", "pip>=1"]
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **given_}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        found.append(done.returncode == 0)
    assert found == [False, True]
