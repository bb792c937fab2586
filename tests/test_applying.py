"""`--fix`, `--unsafe-fixes` and `--diff` as users run them: what is written, what is said, and the exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from prodlint.cli import main

APP = "from flask import Flask\n\napp = Flask(__name__)\napp.run()\n"
FIXED = 'from flask import Flask\n\napp = Flask(__name__)\nif __name__ == "__main__":\n    app.run()\n'
BROKEN = {
    "Procfile": "web: gunicorn shop:app\n",
    "requirements.txt": "flask==3.1.3\ngunicorn==27.0.1\n",
    "shop.py": APP,
}

# A rule whose fix changes a word in each of two files.
TWO_FILES = '''
"""Say the same in both files."""

from prodlint.deployment import Deployment
from prodlint.rule import Edit, Finding, Findings, Fix, Safety, Severity, Span, rule


@rule(Severity.WARNING)
def old_word(deployment: Deployment) -> Findings:
    edits = []
    for path in ("a.txt", "b.txt"):
        source = deployment.repository.source(path)
        if source is not None and "old" in source.text:
            start = source.text.index("old")
            edits.append(Edit(Span(source, start, start + 3), "new"))
    if edits:
        yield Finding(edits[0].span, "says old", fix=Fix("say new", tuple(edits), Safety.SAFETY))
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    for name in ("PRODLINT_OUTPUT_FORMAT", "FORCE_COLOR", "NO_COLOR", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    return root


def write(folder: Path, files: dict[str, str] | dict[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def prodlint(*arguments: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(main, list(arguments), input=stdin)


def plugin(folder: Path, safety: str = "SAFE") -> str:
    path = folder.parent / "old_word.py"
    path.write_text(TWO_FILES.replace("SAFETY)", f"{safety})"), encoding="utf-8")
    return str(path)


def test_fix_writes_what_is_safe_and_reports_what_is_left(folder: Path) -> None:
    write(folder, {**BROKEN, "requirements.txt": "flask==3.1.3\ngunicorn\n"})
    result = prodlint("--fix", "-o", "json")
    assert [one["rule"] for one in json.loads(result.stdout)["findings"]] == ["unpinned-dependency"]
    assert (result.exit_code, result.stderr) == (1, "prodlint: fixed 1 finding in shop.py\n")
    assert (folder / "shop.py").read_text() == FIXED


def test_a_second_fix_changes_nothing(folder: Path) -> None:
    write(folder, BROKEN)
    assert prodlint("--fix").exit_code == 0
    once = content(folder)
    again = prodlint("--fix")
    assert (again.exit_code, again.stderr) == (0, "")
    assert content(folder) == once
    assert prodlint("--diff").exit_code == 0


def test_without_an_option_nothing_is_written(folder: Path) -> None:
    write(folder, BROKEN)
    result = prodlint()
    assert "(safe, apply with --fix)" in result.stdout
    assert content(folder) == {name: text.encode() for name, text in BROKEN.items()}


def test_diff_shows_the_change_and_makes_none(folder: Path) -> None:
    write(folder, BROKEN)
    result = prodlint("--diff")
    assert result.exit_code == 1
    assert result.stdout == (
        "--- shop.py\n+++ shop.py\n@@ -1,4 +1,5 @@\n from flask import Flask\n \n app = Flask(__name__)\n"
        '-app.run()\n+if __name__ == "__main__":\n+    app.run()\n'
    )
    assert content(folder) == {name: text.encode() for name, text in BROKEN.items()}
    assert prodlint("--diff", "--exit-zero").exit_code == 0


@pytest.mark.real
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_patch_makes_of_the_diff_what_fix_writes(folder: Path, end: str) -> None:
    text = APP.replace("app.run()", "app.run(\n    port=5000,  # \xe9\n)").removesuffix("\n").replace("\n", end)
    files = {**BROKEN, "shop.py": f"# coding: latin-1{end}{text}".encode("latin-1")}
    write(folder, files)  # type: ignore[arg-type]
    done = subprocess.run([sys.executable, "-m", "prodlint", "--diff"], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 1, done.stderr
    subprocess.run(["patch", "-p0", "--binary", "--quiet"], cwd=folder, input=done.stdout, check=True)
    patched = (folder / "shop.py").read_bytes()
    write(folder, files)  # type: ignore[arg-type]
    prodlint("--fix")
    assert (folder / "shop.py").read_bytes() == patched
    assert b"    port=5000,  # \xe9" in patched
    assert (b"\r\n" in patched) == (end == "\r\n")


def test_unsafe_fixes_are_applied_when_they_are_asked_for(folder: Path) -> None:
    write(folder, {"a.txt": "old", "b.txt": "old", "prodlint.toml": ""})
    rule = plugin(folder, "UNSAFE")
    assert "(unsafe, apply with --unsafe-fixes)" in prodlint("--fix", "--plugin", rule).stdout
    assert prodlint("--diff", "--plugin", rule).stdout == ""
    assert "+new" in prodlint("--diff", "--unsafe-fixes", "--plugin", rule).stdout
    assert content(folder)["a.txt"] == b"old"
    result = prodlint("--unsafe-fixes", "--plugin", rule)
    assert (result.exit_code, result.stderr) == (0, "prodlint: fixed 1 finding in a.txt, b.txt\n")
    assert (content(folder)["a.txt"], content(folder)["b.txt"]) == (b"new", b"new")


def test_a_fix_by_hand_is_never_applied(folder: Path) -> None:
    write(folder, {"a.txt": "old", "b.txt": "old"})
    assert prodlint("--unsafe-fixes", "--plugin", plugin(folder, "MANUAL")).exit_code == 1
    assert content(folder)["a.txt"] == b"old"


@pytest.mark.parametrize("obstacle", ["read-only", "a link"])
def test_of_a_fix_over_two_files_nothing_is_made_when_one_cannot_be_written(folder: Path, obstacle: str) -> None:
    write(folder, {**BROKEN, "a.txt": "old", "b.txt": "old"})
    if obstacle == "read-only":
        (folder / "b.txt").chmod(0o400)
    else:
        (folder / "b.txt").rename(folder / "real.txt")
        (folder / "b.txt").symlink_to("real.txt")
    result = prodlint("--fix", "--plugin", plugin(folder))
    assert result.exit_code == 2
    assert "prodlint: a.txt:1 old-word was not fixed: b.txt is " in result.stderr
    assert "says old" in result.stdout
    assert (content(folder)["a.txt"], content(folder)["b.txt"]) == (b"old", b"old")
    # The others are made.
    assert (folder / "shop.py").read_text() == FIXED
    assert not list(folder.glob(".prodlint-*"))


def test_a_finding_that_a_comment_hides_is_not_fixed(folder: Path) -> None:
    hidden = APP.replace("app.run()", "app.run()  # prodlint: ignore[app-run-in-production] -- ours")
    write(folder, {**BROKEN, "shop.py": hidden})
    assert prodlint("--fix").exit_code == 0
    assert (folder / "shop.py").read_text() == hidden


def test_only_findings_of_the_named_files_are_fixed(folder: Path) -> None:
    write(folder, {**BROKEN, "a.txt": "old", "b.txt": "old", "prodlint.toml": ""})
    prodlint("--fix", "--plugin", plugin(folder), "shop.py")
    assert (folder / "shop.py").read_text() == FIXED
    assert content(folder)["a.txt"] == b"old"


def test_standard_input_is_fixed_to_standard_output_and_the_report_goes_to_standard_error(folder: Path) -> None:
    write(folder, BROKEN)
    result = prodlint("--fix", "-", "--stdin-filename", "shop.py", stdin=APP)
    assert (result.exit_code, result.stdout) == (0, FIXED)
    assert result.stderr.startswith("No problems found.\n")
    assert content(folder)["shop.py"] == APP.encode()
    unchanged = prodlint("--fix", "-", "--stdin-filename", "shop.py", stdin=FIXED)
    assert (unchanged.exit_code, unchanged.stdout) == (0, FIXED)
    shown = prodlint("--diff", "-", "--stdin-filename", "shop.py", stdin=APP)
    assert shown.exit_code == 1
    assert shown.stdout.startswith("--- shop.py\n+++ shop.py\n")


def test_a_fix_of_standard_input_changes_no_other_file(folder: Path) -> None:
    write(folder, {"a.txt": "old", "b.txt": "old", "prodlint.toml": ""})
    result = prodlint("--fix", "--plugin", plugin(folder), "-", "--stdin-filename", "a.txt", stdin="old")
    assert (result.exit_code, result.stdout) == (2, "old")
    assert "b.txt is not the file on standard input" in result.stderr


def test_a_byte_order_mark_and_bytes_that_are_no_text_stay(folder: Path) -> None:
    write(folder, {"a.txt": b"\xef\xbb\xbf\xff old\r\n", "b.txt": b"old \x80"})
    assert prodlint("--fix", "--plugin", plugin(folder)).exit_code == 0
    assert (content(folder)["a.txt"], content(folder)["b.txt"]) == (b"\xef\xbb\xbf\xff new\r\n", b"new \x80")


@pytest.mark.real
def test_libcst_is_loaded_for_a_fix_of_python_alone(folder: Path) -> None:
    code = "import sys; from prodlint.cli import main; main(standalone_mode=False)"
    shown = "import atexit, sys; atexit.register(lambda: print('libcst' in sys.modules, file=sys.stderr)); " + code

    def loads(*arguments: str) -> bool:
        command = [sys.executable, "-c", shown, *arguments]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        return done.stderr.splitlines()[-1] == "True"

    write(folder, {**BROKEN, "a.txt": "old", "b.txt": "old"})
    assert loads("--diff", "--exit-zero")
    write(folder, {"shop.py": FIXED})
    assert not loads("--fix", "--plugin", plugin(folder), "--exit-zero")
    assert content(folder)["a.txt"] == b"new"
