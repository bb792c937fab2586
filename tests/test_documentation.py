"""The manual is true: its links lead somewhere, its code is code, and what it says prodlint prints, prodlint prints."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import tomli
import yaml

from prodlint.cli import main
from prodlint.configure import known_names
from prodlint.engine import built_in_rules
from prodlint.readers import readers
from prodlint.rule import Rule
from prodlint.settings import KnownNames, Settings, all_settings, describe, settings_from_toml
from prodlint.source import Source
from prodlint.suppression import may_suppress, read_suppressions

ROOT = Path(__file__).resolve().parent.parent
DEMO = "docs/demo/shop"
PLUGIN_RULES = ("gunicorn-only", "unlisted-service")
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")])

FENCE = re.compile(
    r"^(?P<ticks>`{3,})(?P<language>\w*)(?: title=\"(?P<title>[^\"]*)\")?\n(?P<text>.*?)^(?P=ticks)$", re.M | re.S
)
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.*)$", re.M)


@dataclass(frozen=True)
class Fence:
    """A block of code in a page of the manual."""

    page: str
    language: str
    title: str
    text: str


@cache
def rules() -> dict[str, Rule]:
    return {rule.name: rule for rule in built_in_rules()}


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def fences() -> Iterator[Fence]:
    for page in PAGES:
        for match in FENCE.finditer(page.read_text(encoding="utf-8")):
            yield Fence(name_of(page), match["language"], match["title"] or "", match["text"])


FENCES = list(fences())


def fences_in(*languages: str) -> list[object]:
    chosen = [fence for fence in FENCES if fence.language in languages]
    return [pytest.param(fence, id=f"{fence.page}-{number}") for number, fence in enumerate(chosen)]


def prose_of(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors_of(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    titles = [re.sub(r"[^\w\- ]", "", title.lower()) for title in HEADING.findall(prose_of(page))]
    return {title.strip().replace(" ", "-") for title in titles}


def run(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PRODLINT_")}
    return subprocess.run(
        [sys.executable, "-m", "prodlint", *arguments],
        cwd=cwd,
        env={**variables, "NO_COLOR": "1", "COLUMNS": "120"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in LINK.findall(prose_of(page)):
        if link.startswith(("https://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), f"{name_of(page)} links to {link}"
        assert not anchor or anchor in anchors_of(target), f"{name_of(page)} links to {link}"


def test_the_index_links_to_every_page_of_the_manual() -> None:
    index = ROOT / "docs" / "index.md"
    linked = {link.partition("#")[0] for link in LINK.findall(index.read_text(encoding="utf-8"))}
    assert {page.name for page in ROOT.glob("docs/*.md")} - {"index.md"} <= linked


def test_every_fence_says_its_language() -> None:
    assert [fence for fence in FENCES if not fence.language] == []


@pytest.mark.parametrize("fence", fences_in("python"))
def test_python_in_the_manual_compiles(fence: Fence) -> None:
    compile(fence.text, fence.page, "exec")


@pytest.mark.parametrize("fence", fences_in("toml", "yaml", "json"))
def test_data_in_the_manual_parses(fence: Fence) -> None:
    read = {"toml": tomli.loads, "yaml": yaml.safe_load, "json": json.loads}[fence.language]
    assert read(fence.text)


@pytest.mark.parametrize("fence", fences_in("dockerfile", "python", "yaml", "bash"))
def test_suppressions_in_the_manual_are_written_right(fence: Fence) -> None:
    name = {"dockerfile": "Dockerfile", "python": "app.py", "yaml": "compose.yml", "bash": "run.sh"}[fence.language]
    read = read_suppressions(Source.of(name, fence.text.encode()), frozenset(rules()), require_reason=True)
    assert read.problems == ()
    assert len(read.entries) == fence.text.count("prodlint: ignore")


def test_the_manual_shows_suppressions_in_several_languages() -> None:
    assert len({fence.language for fence in FENCES if may_suppress(fence.text) and "ignore[" in fence.text}) >= 3


def test_the_readme_shows_rules_of_every_family_with_their_severities() -> None:
    rows = re.findall(
        r"^\| `([a-z-]+)` \| (error|warning|info) \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.M
    )
    assert [name for name, severity in rows if rules()[name].severity.label != severity] == []
    assert {rules()[name].family for name, _ in rows} == {rule.family for rule in rules().values()}


def tool_settings(fence: Fence) -> dict[str, object] | None:
    """The settings in a TOML fence, None for one that holds something else."""
    table = tomli.loads(fence.text)
    if fence.title == "prodlint.toml":
        return table
    return table.get("tool", {}).get("prodlint")


@pytest.mark.parametrize("fence", fences_in("toml"))
def test_settings_in_the_manual_are_accepted(fence: Fence) -> None:
    if tool_settings(fence) is None:
        return
    known = known_names(rules().values())
    # The page on plugins has options of a rule that is defined beside them.
    plugins = dict.fromkeys(PLUGIN_RULES, "house")
    name = fence.title or "pyproject.toml"
    read = settings_from_toml(Source.of(name, fence.text.encode()), KnownNames({**known.rules, **plugins}))
    assert read.origins


def test_the_manual_lists_every_setting_with_its_default() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([a-z-]+)` \| .* \| `([^`]*)` \| .* \|$", page, re.M)
    defaults = re.findall(r"^([\w-]+) = (.*?) *# default$", describe(Settings()), re.M)
    assert sorted(listed) == sorted(defaults)
    assert {name for name, _ in listed} == {setting.name for setting in all_settings()}


def test_the_manual_lists_every_option_of_the_command_line() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`-.*?) \|", page, re.M)
    listed = {option for row in rows for option in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", row)}
    assert listed == options_of("check")


def test_the_page_of_the_map_names_every_option_of_it() -> None:
    page = (ROOT / "docs" / "map.md").read_text(encoding="utf-8")
    common = {"--config", "--isolated", "--color", "-o"}
    assert options_of("map") - common <= set(re.findall(r"--[a-z][a-z-]*", page))


def test_the_page_of_what_is_read_names_every_reader() -> None:
    page = (ROOT / "docs" / "reads.md").read_text(encoding="utf-8")
    named = [row.split("|")[1].strip() for row in page.splitlines() if row.startswith("| ")]
    kinds = {reader.files.reads_as for reader in readers() if reader.name != "unread"}
    assert sorted(kinds - set(named)) == []


def options_of(command: str) -> set[str]:
    return {name for option in main.commands[command].params for name in option.opts if name.startswith("-")}


@pytest.mark.parametrize("fence", fences_in("console", "bash", "yaml"))
def test_commands_in_the_manual_use_options_that_exist(fence: Fence) -> None:
    for call in re.findall(r"\bprodlint(?:==\S+)? (.*)", fence.text.replace("pip install prodlint", "")):
        words = call.partition("#")[0].split()
        command = words[0] if words and words[0] in main.commands else "check"
        assert {word for word in words if word.startswith("-")} <= options_of(command) | {"-"}, call


@pytest.fixture(scope="module")
def demo() -> subprocess.CompletedProcess[str]:
    return run(DEMO)


def test_the_demo_is_broken_in_eight_ways(demo: subprocess.CompletedProcess[str]) -> None:
    report = json.loads(run(DEMO, "--output-format", "json").stdout)
    found = sorted((finding["rule"], finding["location"]["path"]) for finding in report["findings"])
    assert len(found) == len(set(found)) == 8
    assert {rules()[rule].family for rule, _ in found} == {"dependencies", "platform", "serving"}
    assert demo.returncode == 1


@pytest.mark.parametrize("page", ["README.md", "docs/getting-started.md"])
def test_output_in_the_manual_is_what_the_demo_prints(page: str, demo: subprocess.CompletedProcess[str]) -> None:
    shown = [fence.text for fence in FENCES if fence.page == page and fence.language == "text"]
    blocks = [block.strip("\n") for text in shown for block in re.split(r"\n\n+", text)]
    assert blocks
    timeless = re.sub(r"[\d.]+ s$", "0.1 s", demo.stdout, flags=re.M)
    assert [block for block in blocks if re.sub(r"[\d.]+ s$", "0.1 s", block) not in timeless] == []


def test_the_changelog_names_every_rule() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert [name for name in rules() if f"`{name}`" not in changes] == []


class TestPlugins:
    """The rules of docs/plugins.md, run as the page says."""

    DOCKERFILE = """\
FROM python:3.13-slim
WORKDIR /srv
RUN pip install uvicorn==0.38.0 starlette==0.50.0
COPY main.py ./
CMD ["uvicorn", "--host=0.0.0.0", "main:app"]
"""

    @pytest.fixture
    def project(self, tmp_path: Path) -> Path:
        files = {fence.title: fence.text for fence in FENCES if fence.page == "docs/plugins.md" and fence.title}
        files["Dockerfile"] = self.DOCKERFILE
        files["main.py"] = "from starlette.applications import Starlette\n\napp = Starlette()\n"
        files["prodlint.toml"] = '[rules.unlisted-service]\nallowed = ["nothing"]\n'
        for path, text in files.items():
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_text(text, encoding="utf-8")
        return tmp_path

    def test_they_find_what_the_page_says(self, project: Path) -> None:
        done = run("--plugin", "house", "--output-format", "json", cwd=project)
        assert done.returncode == 1, done.stderr
        found = {finding["rule"]: finding for finding in json.loads(done.stdout)["findings"]}
        assert set(found) == set(PLUGIN_RULES)
        assert found["gunicorn-only"]["location"]["path"] == "Dockerfile"
        assert found["gunicorn-only"]["location"]["line"] == 5
        assert "served by uvicorn" in found["gunicorn-only"]["message"]

    def test_their_tests_pass(self, project: Path) -> None:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
        done = subprocess.run(
            command, cwd=project, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        assert "2 passed" in done.stdout, done.stdout + done.stderr

    def test_explain_prints_their_page(self, project: Path) -> None:
        done = run("explain", "gunicorn-only", "--plugin", "house", cwd=project)
        assert "as our runbook expects" in done.stdout, done.stderr


def test_the_readme_shows_the_rule_of_the_plugin_page() -> None:
    [rule] = [fence.text for fence in FENCES if fence.title == "house/gunicorn_only.py"]
    assert rule in [fence.text for fence in FENCES if fence.page == "README.md"]
