"""The command line: what users type, what they read, and the exit status that their CI sees."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from prodlint import __version__
from prodlint.cli import main

BROKEN = {
    "Procfile": "web: flask run\n",
    "requirements.txt": "flask==3.1.3\n",
    "app.py": "from flask import Flask\n\napp = Flask(__name__)\n",
}
CLEAN = {**BROKEN, "Procfile": "web: gunicorn app:app\n", "requirements.txt": "flask==3.1.3\ngunicorn==27.0.1\n"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("PRODLINT_OUTPUT_FORMAT", "FORCE_COLOR", "NO_COLOR", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def write(folder: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def prodlint(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, list(arguments), input=stdin)


def rules_of(result: Result) -> list[str]:
    return [finding["rule"] for finding in json.loads(result.stdout)["findings"]]


def test_the_exit_status_is_1_with_findings_and_0_without(folder: Path) -> None:
    write(folder, BROKEN)
    assert prodlint(".").exit_code == 1
    write(folder, CLEAN)
    clean = prodlint()
    assert clean.exit_code == 0
    assert clean.stdout.startswith(
        "No problems found.\n1 service: web: gunicorn app:app (Procfile); 1 release path: Procfile"
    )


def test_fail_on_and_exit_zero_decide_the_exit_status_only(folder: Path) -> None:
    write(folder, {**CLEAN, "requirements.txt": "flask\ngunicorn\n"})
    assert prodlint("-o", "json").exit_code == 1
    for arguments in (["--fail-on", "error"], ["--fail-on", "never"], ["--exit-zero"]):
        result = prodlint("-o", "json", *arguments)
        assert result.exit_code == 0
        assert rules_of(result) == ["unpinned-dependency"]


def test_check_is_the_command_when_none_is_named(folder: Path) -> None:
    write(folder, BROKEN)
    assert rules_of(prodlint("check", "-o", "json", ".")) == rules_of(prodlint("-o", "json"))


def test_a_file_is_checked_with_the_project_around_it(folder: Path) -> None:
    write(folder, {**BROKEN, "requirements.txt": "flask\n", "prodlint.toml": ""})
    assert rules_of(prodlint("-o", "json", "Procfile")) == ["dev-server-in-production"]
    assert rules_of(prodlint("-o", "json", "requirements.txt")) == ["unpinned-dependency"]
    assert sorted(rules_of(prodlint("-o", "json", "."))) == ["dev-server-in-production", "unpinned-dependency"]


def test_standard_input_stands_for_a_file_of_the_project(folder: Path) -> None:
    write(folder, CLEAN)
    result = prodlint("-o", "json", "-", "--stdin-filename", "Procfile", stdin="web: flask run\n")
    assert rules_of(result) == ["dev-server-in-production"]
    assert prodlint("-", stdin="").exit_code == 2
    assert (folder / "Procfile").read_text() == CLEAN["Procfile"]


def test_rules_are_chosen_by_name_and_by_family(folder: Path) -> None:
    write(folder, {**BROKEN, "requirements.txt": "flask\n"})
    assert rules_of(prodlint("-o", "json", "--select", "dependencies")) == ["unpinned-dependency"]
    assert rules_of(prodlint("-o", "json", "--ignore", "serving,dependencies")) == []


def test_settings_are_read_from_the_project(folder: Path) -> None:
    write(folder, {**BROKEN, "pyproject.toml": '[tool.prodlint]\nignore = ["dev-server-in-production"]\n'})
    assert rules_of(prodlint("-o", "json")) == []
    assert rules_of(prodlint("-o", "json", "--isolated")) == ["dev-server-in-production"]
    shown = prodlint("--show-settings")
    assert 'ignore = ["dev-server-in-production"]' in shown.stdout
    assert "pyproject.toml:2" in shown.stdout


def test_settings_correct_what_production_is(folder: Path) -> None:
    write(folder, {**BROKEN, "prodlint.toml": 'development = ["Procfile"]\n'})
    assert rules_of(prodlint("-o", "json")) == []
    (folder / "Procfile").rename(folder / "Procfile.dev")
    write(folder, {"prodlint.toml": 'production = ["Procfile.dev"]\n'})
    assert rules_of(prodlint("-o", "json")) == ["dev-server-in-production"]


def test_options_of_a_rule_are_read_from_the_settings(folder: Path) -> None:
    write(folder, {**CLEAN, "requirements.txt": "flask\ngunicorn\n"})
    write(folder, {"prodlint.toml": "[rules.unpinned-dependency]\nper-line = true\n"})
    assert rules_of(prodlint("-o", "json")) == ["unpinned-dependency"] * 2


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ('selct = ["all"]\n', 'prodlint.toml:1: unknown setting "selct"; did you mean "select"?'),
        ('select = ["dev-server"]\n', "prodlint.toml:1: "),
        ("select = 3\n", "prodlint.toml:1: "),
        ("\nselect = [\n", "prodlint.toml:"),
        ("[rules.unpinned-dependency]\nper-lin = true\n", "prodlint.toml:2: "),
        ('[rules.unpinned-dependency]\nper-line = "yes"\n', "prodlint.toml:2: "),
    ],
)
def test_wrong_settings_end_the_run_with_their_place(folder: Path, settings: str, problem: str) -> None:
    write(folder, {**CLEAN, "prodlint.toml": settings})
    result = prodlint(".")
    assert result.exit_code == 2
    assert problem in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "arguments", [["nowhere"], ["--select", "nothing"], ["--config", "no.toml"], ["--plugin", "no.py"]]
)
def test_a_wrong_command_line_is_told_in_one_line(folder: Path, arguments: list[str]) -> None:
    result = prodlint(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("prodlint: ")
    assert result.stderr.count("\n") == 1


def test_an_empty_folder_is_clean_and_said_to_be_empty(folder: Path) -> None:
    result = prodlint(".")
    assert result.exit_code == 0
    assert "holds no files to check" in result.stderr


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("Dockerfile", b"\x7fELF\x00\x01\x02"),
        ("compose.prod.yaml", b"services:\n  web: [\n"),
        ("compose.prod.yaml", b"services:\n  web: &a [*a]\n"),
        ("fly.toml", b"[[[\n"),
        ("requirements.txt", b"flask==3.1.3\n" * 4_000_000),
        (".github/workflows/deploy.yml", b"jobs: " + b"[" * 100_000),
    ],
    ids=["binary Dockerfile", "broken YAML", "endless YAML", "broken TOML", "50 MB requirements", "deep YAML"],
)
def test_a_file_that_cannot_be_read_is_one_finding(folder: Path, name: str, content: bytes) -> None:
    write(folder, {"Procfile": "web: gunicorn app:app\n", name: content})
    result = prodlint("-o", "json", "--select", "unreadable-file")
    assert result.exit_code == 1, result.output
    [finding] = json.loads(result.stdout)["findings"]
    assert finding["location"]["path"] == name
    assert result.stderr == ""


@pytest.mark.parametrize("size", [1, 6_000_000])
def test_a_compiled_program_that_a_pipeline_starts_is_nothing_to_be_read(folder: Path, size: int) -> None:
    workflow = "on: push\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    steps:\n      - run: ./shop-cli install\n"
    write(folder, {**CLEAN, ".github/workflows/deploy.yml": workflow, "shop-cli": b"\x7fELF\0" * size})
    assert rules_of(prodlint("-o", "json", "--select", "unreadable-file")) == []


def test_a_python_file_that_cannot_be_parsed_is_one_finding(folder: Path) -> None:
    write(folder, {**CLEAN, "app.py": "from flask import Flask\nprint 'hello'\n"})
    [finding] = json.loads(prodlint("-o", "json").stdout)["findings"]
    assert finding["rule"] == "unreadable-file"
    assert finding["location"]["path"] == "app.py"


def test_a_yaml_bomb_is_refused_in_no_time(folder: Path) -> None:
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    write(folder, {**CLEAN, "compose.prod.yaml": "services:\n  web:\n    image: x\n" + "\n".join(lines) + "\n"})
    [finding] = json.loads(prodlint("-o", "json").stdout)["findings"]
    assert finding["rule"] == "unreadable-file"
    assert "aliases" in finding["message"]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read every file")
def test_an_unreadable_file_is_one_finding(folder: Path) -> None:
    write(folder, CLEAN)
    (folder / "Procfile").chmod(0)
    assert rules_of(prodlint("-o", "json")) == ["unreadable-file"]


def test_comments_hide_findings_and_useless_ones_are_told(folder: Path) -> None:
    write(folder, {**BROKEN, "Procfile": "# prodlint: ignore[dev-server-in-production] -- a demo\nweb: flask run\n"})
    result = prodlint(".")
    assert result.exit_code == 0
    assert "1 hidden by comments" in result.stdout
    write(folder, {"Procfile": "# prodlint: ignore[dev-server-in-production] -- a demo\nweb: gunicorn app:app\n"})
    assert "unused-suppression" in rules_of(prodlint("-o", "json"))


def test_show_files_says_what_is_read_and_as_what(folder: Path) -> None:
    write(
        folder,
        {**CLEAN, "ignored/Procfile": "web: x\n", ".gitignore": "ignored/\n", "Dockerfile": "FROM python:3.13\n"},
    )
    shown = prodlint("--show-files").stdout.splitlines()
    assert "Procfile: Procfile" in shown
    assert "Dockerfile: Dockerfile" in shown
    assert not any("ignored/" in line for line in shown)


def test_the_report_goes_to_a_file(folder: Path) -> None:
    write(folder, BROKEN)
    result = prodlint("-o", "concise", "--output-file", "report.txt", "-q")
    assert result.stdout == ""
    line, *others = (folder / "report.txt").read_text().splitlines()
    assert line.startswith("Procfile:1:6: error[dev-server-in-production] ")
    assert others == []


def test_explain_prints_the_page_of_a_rule(folder: Path) -> None:
    result = prodlint("explain", "dev-server-in-production")
    assert result.exit_code == 0
    assert "Use instead:" in result.stdout
    wrong = prodlint("explain", "dev-server-in-prod")
    assert wrong.exit_code == 2
    assert 'did you mean "dev-server-in-production"?' in wrong.stderr


def test_rules_are_listed_for_people_and_for_programs(folder: Path) -> None:
    listed = json.loads(prodlint("rules", "-o", "json").stdout)
    names = {row["name"]: row["family"] for row in listed["rules"]}
    assert names["missing-migration-step"] == "platform"
    assert all(name in prodlint("rules").stdout for name in names)


def test_the_version_is_printed(folder: Path) -> None:
    assert prodlint("--version").stdout == f"prodlint {__version__}\n"


@pytest.mark.parametrize(("variables", "is_one_line"), [({}, True), ({"PRODLINT_TRACEBACK": "1"}, False)])
def test_a_fault_of_prodlint_is_told_in_a_line(folder: Path, variables: dict[str, str], is_one_line: bool) -> None:
    write(folder, CLEAN)
    broken = "import sys, prodlint.inspection as one; del one.survey; sys.argv[1:] = ['.']; "
    broken += "from prodlint.__main__ import main; main()"
    run = subprocess.run(
        [sys.executable, "-c", broken], capture_output=True, text=True, check=False, env={**os.environ, **variables}
    )
    assert "NameError" in run.stderr
    assert run.returncode == 2
    assert (len(run.stderr.splitlines()) == 1) is is_one_line


PLUGIN = '''"""Name the services that run."""

from __future__ import annotations

from prodlint.deployment import Service
from prodlint.rule import Finding, Findings, Severity, rule


@rule(Severity.INFO)
def names_services(service: Service) -> Findings:
    yield Finding(service.span, f"this is {service.name}")
'''


def test_a_plugin_runs_only_when_it_is_named(folder: Path) -> None:
    write(folder, {**CLEAN, "local_rules/names_services.py": PLUGIN})
    assert rules_of(prodlint("-o", "json")) == []
    assert rules_of(prodlint("-o", "json", "--plugin", "local_rules")) == ["names-services"]
    assert rules_of(prodlint("-o", "json", "--plugin", "local_rules/names_services.py")) == ["names-services"]


def test_a_rule_that_raises_is_contained(folder: Path) -> None:
    write(folder, {**BROKEN, "crash.py": PLUGIN.replace("yield", "raise RuntimeError('no')\n    yield")})
    result = prodlint("-o", "json", "--plugin", "crash.py")
    assert result.exit_code == 2
    assert rules_of(result) == ["dev-server-in-production"]
    assert "names-services failed on Service at Procfile:1 (RuntimeError: no)" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("service: Service", "service: str"), "looks at str, but the model only holds"),
        (("service: Service", "service"), "has no type"),
        (("yield Finding", "return Finding"), "must yield its findings"),
        (("from prodlint.deployment import Service\n", ""), "import the type at run time"),
        (('"""Name the services that run."""', ""), "has no page"),
    ],
)
def test_a_rule_with_a_wrong_signature_is_refused(folder: Path, change: tuple[str, str], complaint: str) -> None:
    write(folder, {**CLEAN, "wrong.py": PLUGIN.replace(*change)})
    result = prodlint("--plugin", "wrong.py")
    assert result.exit_code == 2
    assert complaint in result.stderr
