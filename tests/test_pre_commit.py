"""The hook that pre-commit installs: it runs on the right files, and its exit status is prodlint's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from prodlint.kind import NAMES, PATH_RULES, SUFFIXES, Kind, classify

ROOT = Path(__file__).resolve().parent.parent
[HOOK] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
NO_PART_OF_THE_SOURCE = shutil.ignore_patterns(
    ".git", ".venv*", "build", "dist", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis"
)


def test_the_hook_reads_the_whole_project_in_one_process() -> None:
    assert HOOK["id"] == HOOK["entry"] == "prodlint"
    assert HOOK["language"] == "python"
    assert HOOK["pass_filenames"] is False
    assert HOOK["require_serial"] is True


def runs_on(path: str) -> bool:
    """Whether a change of this file runs the hook, as pre-commit decides it."""
    return re.search(HOOK["files"], path) is not None


@pytest.mark.parametrize("name", [*NAMES, *(f"name.{suffix}" for suffix in SUFFIXES)])
def test_the_hook_runs_on_every_file_that_discovery_knows_by_name(name: str) -> None:
    assert runs_on(name)
    assert runs_on(f"services/shop/{name}")


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_the_hook_runs_on_every_file_that_discovery_knows_by_its_path(data: st.DataObject) -> None:
    suffixes, pattern, _ = data.draw(st.sampled_from(PATH_RULES))
    suffix = data.draw(st.sampled_from(suffixes.split()))
    path = data.draw(st.from_regex(pattern, fullmatch=True)) + f".{suffix}"
    assume(path.isprintable() and classify(path) not in (None, Kind.TEMPLATE))
    assert runs_on(path)


@pytest.mark.parametrize(
    "path",
    [
        "docker/Dockerfile.production",
        "docker/web.Dockerfile",
        "Dockerfile.dockerignore",
        "deploy/docker-entrypoint",
        "docker/start-worker",
        "bin/release",
        "Procfile.staging",
        "Makefile.deploy",
        ".env.production",
        "env.production",
        ".envs/.production/.django",
        "requirements/base.in",
        "nginx/default.conf.template",
        "nginx/sites-enabled/shop",
    ],
)
def test_the_hook_runs_on_files_with_telling_names(path: str) -> None:
    assert classify(path) is not None
    assert runs_on(path)


@pytest.mark.parametrize("path", ["README.md", "docs/notes.txt", "static/logo.png", "templates/base.html", "LICENSE"])
def test_the_hook_does_not_run_on_texts_and_pictures(path: str) -> None:
    assert not runs_on(path)


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=tests", "-c", "user.email=tests@example.invalid", "-c", "commit.gpgsign=false"]
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def repository(folder: Path, files: dict[str, str]) -> Path:
    """Make a git repository that holds the files, committed."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Files of the test")
    return folder


FLASK_APP = "from flask import Flask\n\napp = Flask(__name__)\n"
DOCKERFILE = """\
FROM python:3.13-slim
WORKDIR /srv
COPY requirements.txt app.py ./
RUN pip install -r requirements.txt
CMD {command}
"""


def hook_repository(folder: Path) -> Path:
    """This checkout as it stands, committed or not, as a repository that pre-commit can clone."""
    shutil.copytree(ROOT, folder, ignore=NO_PART_OF_THE_SOURCE)
    return repository(folder, {})


@pytest.mark.real
@pytest.mark.installs
@pytest.mark.skipif(shutil.which("git") is None, reason="pre-commit needs git")
def test_pre_commit_installs_the_hook_and_stops_only_what_is_broken(tmp_path: Path) -> None:
    hooks = hook_repository(tmp_path / "prodlint")
    revision = git(hooks, "rev-parse", "HEAD").strip()
    configuration = {"repos": [{"repo": str(hooks), "rev": revision, "hooks": [{"id": "prodlint"}]}]}
    project = repository(
        tmp_path / "project",
        {
            ".pre-commit-config.yaml": yaml.safe_dump(configuration),
            "Dockerfile": DOCKERFILE.format(command='["flask", "run", "--host=0.0.0.0"]'),
            "requirements.txt": "Flask==3.1.2\ngunicorn==23.0.0\n",
            "app.py": FLASK_APP,
        },
    )
    ours = ("GIT_", "PYTHON")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    # `no` is how pip's variables say --no-compile: a run compiles what it needs, which is little of what is installed.
    variables |= {"PRE_COMMIT_HOME": str(tmp_path / "cache"), "PIP_NO_COMPILE": "no"}
    command = [sys.executable, "-m", "pre_commit", "run", "prodlint", "--all-files", "--verbose"]

    def hook() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=project, env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )

    broken = hook()
    assert broken.returncode == 1, broken.stdout + broken.stderr
    assert "dev-server-in-production" in broken.stdout
    assert "Dockerfile:5" in broken.stdout

    dockerfile = project / "Dockerfile"
    dockerfile.write_text(DOCKERFILE.format(command='["gunicorn", "--bind=0.0.0.0:8000", "app:app"]'), encoding="utf-8")
    mended = hook()
    assert mended.returncode == 0, mended.stdout + mended.stderr
    assert "Passed" in mended.stdout
