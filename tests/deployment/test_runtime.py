"""Which Python a service runs on: by its image, or where its platform looks."""

import pytest

from prodlint.deployment.installed.runtime import python_of
from prodlint.deployment.packages.installed_version import placed_version_of, version_of
from prodlint.deployment.value import Known
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree


def python(files: dict[str, str]) -> str | None:
    """The version of Python of the web service, None when it is not known."""
    deployment = inspect(MemoryTree(files), []).deployment
    (service,) = deployment.services
    value = python_of(service, deployment.repository)
    return value.value if isinstance(value, Known) else None


@pytest.mark.parametrize(
    ("base", "version"),
    [
        ("python:3.13", "3.13"),
        ("python:3.13.1-slim-bookworm", "3.13.1"),
        ("docker.io/library/python:3.12-alpine", "3.12"),
        ("public.ecr.aws/docker/library/python:3.11@sha256:abc", "3.11"),
        ("pypy:3.10", "3.10"),
        ("ghcr.io/astral-sh/uv:0.9-python3.13-bookworm-slim", "3.13"),
        ("tiangolo/uvicorn-gunicorn-fastapi:python3.11", "3.11"),
        ("mcr.microsoft.com/vscode/devcontainers/python:0-3.10-bullseye", "3.10"),
        ("mcr.microsoft.com/devcontainers/python:1-3.12", "3.12"),
        ("mcr.microsoft.com/devcontainers/python:1.0.4-3.12-bookworm", "3.12"),
        ("mcr.microsoft.com/devcontainers/python:dev-3.13", "3.13"),
        ("mcr.microsoft.com/devcontainers/python:3.11-bullseye", "3.11"),
        ("mcr.microsoft.com/devcontainers/python:3.11", "3.11"),
        ("mcr.microsoft.com/devcontainers/python:1-3", "3"),
        ("mcr.microsoft.com/devcontainers/python:3-bookworm", "3"),
        ("mcr.microsoft.com/devcontainers/python:dev-bookworm", None),
        ("python:3.12-2", "3.12"),
        ("python:latest", None),
        ("python", None),
        ("python:slim", None),
        ("debian:12", None),
        ("example.com/python-service:3.2", None),
        ("$BASE", None),
    ],
)
def test_the_base_of_the_image_tells(base: str, version: str | None) -> None:
    assert python({"Dockerfile": f"FROM {base}\nCMD gunicorn a:b\n"}) == version


def test_the_stage_that_runs_tells_not_the_one_that_builds() -> None:
    dockerfile = (
        "FROM python:3.11 AS build\nRUN true\nFROM python:3.13-slim\nCOPY --from=build /x /x\nCMD gunicorn a:b\n"
    )
    assert python({"Dockerfile": dockerfile}) == "3.13"


@pytest.mark.parametrize(
    ("files", "version"),
    [
        ({".python-version": "3.13\n"}, "3.13"),
        ({".python-version": "# ours\n3.13.2\n"}, "3.13.2"),
        ({"runtime.txt": "python-3.12.4\n"}, "3.12.4"),
        ({".python-version": "3.13\n", "runtime.txt": "python-3.9.1\n"}, "3.13"),
        ({"Pipfile": '[requires]\npython_version = "3.11"\n'}, "3.11"),
        ({".python-version": "latest\n"}, None),
        ({".python-version": "\n"}, None),
        ({}, None),
    ],
)
def test_heroku_looks_into_files(files: dict[str, str], version: str | None) -> None:
    assert python({"Procfile": "web: gunicorn a:b\n", **files}) == version


def test_render_takes_its_variable_before_the_file() -> None:
    blueprint = "services:\n- type: web\n  name: a\n  runtime: python\n  startCommand: gunicorn a:b\n"
    variable = "  envVars: [{key: PYTHON_VERSION, value: 3.12.1}]\n"
    assert python({"render.yaml": blueprint + variable, ".python-version": "3.13\n"}) == "3.12.1"
    assert python({"render.yaml": blueprint, ".python-version": "3.13\n"}) == "3.13"


@pytest.mark.parametrize(
    ("requirements", "version"),
    [
        ("django==5.2.19\n", "5.2.19"),
        ("Django === 5.2\n", "5.2"),
        ("django>=5\n", None),
        ("django==5.*\n", None),
        ("flask==3.1.3\n", None),
        ("django\n-c limits.txt\n", "5.1"),
    ],
)
def test_a_version_is_known_when_the_installation_fixes_it(requirements: str, version: str | None) -> None:
    files = {"Procfile": "web: gunicorn a:b\n", "requirements.txt": requirements, "limits.txt": "django==5.1\n"}
    (service,) = inspect(MemoryTree(files), []).deployment.services
    found = version_of(service.installs, "django")
    assert (found.value if found is not None else None) == version


@pytest.mark.parametrize(
    ("files", "place"),
    [
        (
            {
                "Dockerfile": "FROM python:3.13\nCOPY . .\nRUN poetry install\nCMD gunicorn a:b\n",
                "pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.13"\nGunicorn = "*"\n',
                "poetry.lock": '[[package]]\nname = "flask"\nversion = "3.1.3"\n\n[[package]]\nname = "gunicorn"\n'
                'version = "23.0.0"\n',
            },
            ("poetry.lock", 7, 'version = "23.0.0"'),
        ),
        (
            {
                "Procfile": "web: gunicorn a:b\n",
                "Pipfile": '[packages]\ngunicorn = "*"\n',
                "Pipfile.lock": '{"_meta": {}, "default": {\n"flask": {"version": "==3.1.3"},\n"gunicorn": {\n'
                '"hashes": [],\n"version": "==23.0.0"\n}}}\n',
            },
            ("Pipfile.lock", 5, '"version": "==23.0.0"'),
        ),
        (
            {"Procfile": "web: gunicorn a:b\n", "requirements.txt": "flask\ngunicorn==23.0.0\n"},
            ("requirements.txt", 2, "gunicorn==23.0.0"),
        ),
    ],
)
def test_the_line_of_the_lock_fixes_the_version(files: dict[str, str], place: tuple[str, int, str]) -> None:
    deployment = inspect(MemoryTree(files), []).deployment
    (service,) = deployment.services
    version = placed_version_of(service.installs, "gunicorn", deployment.repository)
    assert version is not None
    assert version.value == "23.0.0"
    assert (version.span.path, version.span.line, version.span.text.strip()) == place


@pytest.mark.parametrize(
    ("copied", "command", "version"),
    [
        (".python-version pyproject.toml uv.lock ./", "uv sync --locked", "3.12.8"),
        (". .", "uv sync", "3.12.8"),
        ("pyproject.toml uv.lock ./", "uv sync --locked", None),
        (". .", "uv sync --python 3.11", None),
        (". .", "uv sync -p 3.11", None),
        (". .", "test -f x && uv sync", None),
        (". .", "uv pip install -r requirements.txt", None),
        (". .", "cd /srv && uv sync", None),
    ],
)
def test_uv_brings_the_python_that_its_file_names(copied: str, command: str, version: str | None) -> None:
    dockerfile = f"FROM ubuntu:22.04\nWORKDIR /code\nCOPY {copied}\nRUN {command}\nCMD gunicorn a:b\n"
    files = {".python-version": "3.12.8\n", "pyproject.toml": "[project]\nname = 'a'\n", "uv.lock": ""}
    assert python({"Dockerfile": dockerfile, **files}) == version
    # A base that holds one says what runs where nothing tells otherwise.
    assert python({"Dockerfile": dockerfile.replace("ubuntu:22.04", "python:3.13"), **files}) == "3.13"
