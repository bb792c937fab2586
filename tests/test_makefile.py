"""`make demo` works for whoever has Python and nothing else, and says what is wrong for the others."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")


def make(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run make with this Makefile in a folder that is no checkout."""
    shutil.copy(ROOT / "Makefile", folder)
    if not (folder / "pyproject.toml").exists():
        (folder / "pyproject.toml").touch()
    # What the make that runs these tests was told, `make test ARGS=…`, is in its environment.
    told = ("ARGS", "MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "PROJECT", "PYTHON", "VENV")
    inherited = {name: value for name, value in os.environ.items() if name not in told}
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env={**inherited, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def installed(folder: Path, prodlint: str) -> None:
    """Make a folder look as if everything were installed, with this script for prodlint."""
    (folder / "pyproject.toml").touch()
    script(folder / ".venv" / "bin" / "prodlint", prodlint)
    for stamp in (".made", ".installed"):
        (folder / ".venv" / stamp).touch()


@pytest.mark.parametrize(("status", "expected"), [(0, 0), (1, 0), (2, 2), (139, 2)])
def test_findings_are_a_success_of_the_demo_and_failures_are_not(tmp_path: Path, status: int, expected: int) -> None:
    installed(tmp_path, f"exit {status}")
    done = make(tmp_path, "demo")
    assert done.returncode == expected, done.stderr
    assert ("exit status here is 1" in done.stdout) == (status == 1)


def test_the_demo_runs_on_the_folder_that_is_asked_for(tmp_path: Path) -> None:
    installed(tmp_path, 'echo "prodlint looks at: $*"')
    assert "prodlint looks at: docs/demo/shop\n" in make(tmp_path, "demo").stdout
    assert "prodlint looks at: my shop\n" in make(tmp_path, "demo", "PROJECT=my shop").stdout


def test_a_second_run_installs_nothing(tmp_path: Path) -> None:
    installed(tmp_path, "exit 0")
    assert "Installing" not in make(tmp_path, "demo").stdout


def test_a_changed_pyproject_installs_again(tmp_path: Path) -> None:
    installed(tmp_path, "exit 0")
    script(tmp_path / ".venv" / "bin" / "python", 'echo "python $*"')
    old = (tmp_path / "pyproject.toml").stat().st_mtime - 60
    os.utime(tmp_path / ".venv" / ".installed", (old, old))
    done = make(tmp_path, "demo")
    assert "python -m pip install" in done.stdout, done.stderr


def test_an_interpreter_that_is_too_old_is_refused_with_its_version(tmp_path: Path) -> None:
    old = script(tmp_path / "old-python", 'case "$1" in --version) echo "Python 3.8.18";; *) exit 1;; esac')
    done = make(tmp_path, "demo", f"PYTHON={old}")
    assert done.returncode == 2
    assert "prodlint needs Python 3.10 or newer" in done.stderr
    assert "Found: Python 3.8.18." in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_the_first_interpreter_that_is_new_enough_is_chosen(tmp_path: Path) -> None:
    commands = tmp_path / "commands"
    script(commands / "python3", 'case "$1" in --version) echo "Python 3.9.1";; *) exit 1;; esac')
    script(
        commands / "python3.12",
        f'case "$1" in -m) echo "chosen: python3.12"; exit 3;; *) exec {sys.executable} "$@";; esac',
    )
    for name in ("python3.14", "python3.13"):
        script(commands / name, "exit 127")
    done = make(tmp_path, "demo", PATH=f"{commands}{os.pathsep}{os.environ['PATH']}")
    assert "chosen: python3.12" in done.stdout, done.stderr
