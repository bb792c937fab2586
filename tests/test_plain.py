"""`prodlint PATH…` without an option: what it prints and its exit status are those of `prodlint check PATH…`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from prodlint.plain import is_plain

BROKEN = {
    "Procfile": "web: flask run\n",
    "requirements.txt": "flask==3.1.3\n",
    "app.py": "from flask import Flask\n\napp = Flask(__name__)\n",
}
CLEAN = {**BROKEN, "Procfile": "web: gunicorn app:app\n", "requirements.txt": "flask==3.1.3\ngunicorn==27.0.1\n"}


def run(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> tuple[int, str, str, bool]:
    """The exit status, what is printed without its time, and whether click was loaded."""
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: sys.stderr.write(f'click: {\"click\" in sys.modules}'))\n"
        "from prodlint.__main__ import main\n"
        f"sys.argv = ['prodlint', *{list(arguments)!r}]\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **(environment or {})},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    errors, _, loaded = done.stderr.rpartition("click: ")
    return (
        done.returncode,
        re.sub(r"[\d.]+ s$|\"seconds\": [\d.]+", "", done.stdout, flags=re.MULTILINE),
        errors,
        loaded == "True",
    )


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PRODLINT_OUTPUT_FORMAT", "FORCE_COLOR", "NO_COLOR", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("files", "paths"),
    [
        pytest.param(BROKEN, ["."], id="findings"),
        pytest.param(CLEAN, [], id="nothing found in the current folder"),
        pytest.param(BROKEN, ["./app.py", "Procfile"], id="files"),
        pytest.param({}, ["."], id="an empty folder"),
        pytest.param(BROKEN, ["./missing"], id="a path that is not there"),
        pytest.param({**BROKEN, "prodlint.toml": 'output-format = "json"\n'}, ["."], id="settings"),
        pytest.param({**BROKEN, "prodlint.toml": 'fail-on = "never"\nignore = ["serving"]\n'}, ["."], id="a threshold"),
        pytest.param({**BROKEN, "prodlint.toml": 'selekt = 1\nfail-on = "now"\n'}, ["."], id="settings that are wrong"),
        pytest.param({**BROKEN, "compose.yml": "services: [\n"}, ["."], id="a file that cannot be read"),
        pytest.param({**CLEAN, "ä\x1b[31m.py": "", "Procfile": "wéb: flask run\n"}, ["."], id="other letters"),
    ],
)
def test_it_says_what_the_command_says(tmp_path: Path, files: dict[str, str], paths: list[str]) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    *plain, loads_click = run(tmp_path, *paths)
    assert plain == list(run(tmp_path, "check", *paths)[:3])
    assert not loads_click


def test_colours_are_those_of_the_command(tmp_path: Path) -> None:
    for name, content in BROKEN.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    coloured = {"FORCE_COLOR": "1"}
    *plain, loads_click = run(tmp_path, ".", environment=coloured)
    assert plain == list(run(tmp_path, "check", ".", environment=coloured)[:3])
    assert "\x1b[" in plain[1]
    assert not loads_click


def test_a_variable_may_stand_for_an_option(tmp_path: Path) -> None:
    for name, content in BROKEN.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    status, text, _, loads_click = run(tmp_path, ".", environment={"PRODLINT_OUTPUT_FORMAT": "json"})
    assert (status, text[0], loads_click) == (1, "{", True)


def test_where_letters_cannot_be_written_it_is_left_to_click(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text("wéb: flask run\n", encoding="utf-8")
    latin = {"PYTHONIOENCODING": "ascii"}
    *plain, loads_click = run(tmp_path, ".", environment=latin)
    assert plain == list(run(tmp_path, "check", ".", environment=latin)[:3])
    assert loads_click


@pytest.mark.parametrize(
    "arguments", [["-q", "."], [".", "--fix"], ["map"], ["rules"], ["check", "."], ["-"], [".", "-o", "json"]]
)
def test_options_and_commands_are_left_to_click(arguments: list[str]) -> None:
    assert is_plain(["."])
    assert not is_plain(arguments)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such pipe")
def test_a_reader_that_leaves_early_is_no_fault(tmp_path: Path) -> None:
    for name, content in BROKEN.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "prodlint", "."], cwd=tmp_path, stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")
