"""The line of the map that tells what is installed: from which files, how many packages, with which groups."""

import pytest

from prodlint.deployment.environment import Environment
from prodlint.deployment.value import UNKNOWN
from prodlint.inspection import inspect
from prodlint.map.draw import draw
from prodlint.tree import MemoryTree

POETRY = """[tool.poetry]
name = "shop"
version = "1"
[tool.poetry.dependencies]
python = "^3.13"
flask = "3.1.3"
[tool.poetry.group.prod]
optional = true
[tool.poetry.group.prod.dependencies]
gunicorn = "27.0.1"
[tool.poetry.group.dev.dependencies]
pytest = "*"
"""
UV = '[project]\nname = "shop"\nversion = "1"\ndependencies = ["flask"]\n[dependency-groups]\ndev = ["pytest"]\n'


def told(command: str, files: dict[str, str]) -> list[str]:
    lines = f"FROM python:3.13\nWORKDIR /app\nCOPY . .\nRUN {command}\nCMD gunicorn app:app\n"
    found = inspect(MemoryTree({"Dockerfile": lines, **files}), []).deployment
    (project,) = draw(found, Environment.PRODUCTION).projects
    return [one.text for one in project.dependencies if not one.quiet]


@pytest.mark.parametrize(
    ("command", "files", "line"),
    [
        ("poetry install --with prod", {"pyproject.toml": POETRY}, "pyproject.toml: 3 packages with dev, prod"),
        ("poetry install --only main,prod", {"pyproject.toml": POETRY}, "pyproject.toml: 2 packages with prod"),
        ("poetry install --only main", {"pyproject.toml": POETRY}, "pyproject.toml: 1 package"),
        ("poetry install $OPTIONS", {"pyproject.toml": POETRY}, "pyproject.toml: 1 package"),
        ("uv sync", {"pyproject.toml": UV}, "pyproject.toml: 2 packages with dev"),
        ("uv sync $OPTIONS", {"pyproject.toml": UV}, "pyproject.toml: 1 package"),
        ("uv sync --no-dev", {"pyproject.toml": UV}, "pyproject.toml: 1 package"),
        ("pip install -r requirements.txt", {"requirements.txt": "flask\ngunicorn\n"}, "requirements.txt: 2 packages"),
    ],
)
def test_groups_that_are_installed_are_counted(command: str, files: dict[str, str], line: str) -> None:
    assert told(command, files) == [line]


def test_a_file_of_references_is_no_line_of_its_own() -> None:
    files = {"requirements.txt": "-r prod.txt\n", "prod.txt": "flask\n"}
    assert told("pip install -r requirements.txt", files) == ["prod.txt: 1 package"]


def test_what_two_images_install_of_one_file_is_told_together() -> None:
    second = "FROM python:3.13\nCOPY . .\nRUN poetry install --only prod\nCMD gunicorn app:app\n"
    found = told("poetry install --only main", {"pyproject.toml": POETRY, "worker.Dockerfile": second})
    assert found == ["pyproject.toml: 2 packages with prod"]


@pytest.mark.parametrize(
    ("version", "line"),
    [
        ("^2.4.1", "requirements.txt: 1 package"),
        ("^6", "requirements.txt: 3 packages"),
        ("*", "requirements.txt: 1 to 3 packages"),
        (">=2", "requirements.txt: 1 to 3 packages"),
    ],
)
def test_what_an_unknown_version_of_the_packager_may_leave_out_is_counted_as_perhaps(version: str, line: str) -> None:
    files = {
        "serverless.yml": "service: x\nplugins: [serverless-python-requirements]\n"
        "provider: {name: aws, runtime: python3.13}\nfunctions:\n  a: {handler: h.f}\n",
        "h.py": "def f(event, context): ...\n",
        "requirements.txt": "pynamodb==4.3.1\nboto3 #no-deploy\nrequests #no-deploy\n",
        "package.json": f'{{"devDependencies": {{"serverless-python-requirements": "{version}"}}}}',
    }
    (project,) = draw(inspect(MemoryTree(files), []).deployment, Environment.PRODUCTION).projects
    assert [one.text for one in project.dependencies] == [line]


def test_a_default_of_arg_tells_what_a_build_installs_and_leaves_the_rest_open() -> None:
    lines = 'FROM python:3.13\nARG MODE="--without dev"\nARG KIND=live\nWORKDIR /app\nCOPY . .\n'
    lines += "RUN poetry install ${MODE} --no-root\nRUN pip install -r needs/$KIND.txt\nCMD gunicorn app:app\n"
    found = inspect(
        MemoryTree({"Dockerfile": lines, "pyproject.toml": POETRY, "needs/live.txt": "flask\n"}), []
    ).deployment
    (project,) = draw(found, Environment.PRODUCTION).projects
    assert [one.text for one in project.dependencies] == ["pyproject.toml: 1 package", "needs/live.txt: 1 package"]
    (service,) = found.services
    assert [one.complete for one in service.installs] == [UNKNOWN, UNKNOWN]


@pytest.mark.parametrize(("tag", "told"), [("1.2", []), ("latest", ["requirements.txt: 1 package"])])
def test_what_an_image_of_another_version_was_built_from_is_not_told(tag: str, told: list[str]) -> None:
    container = f"[{{name: web, image: 'acme/shop:{tag}', command: [gunicorn, 'app:app']}}]"
    manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: "
    push = "    - uses: docker/build-push-action@v6\n      with: {push: true, context: ., tags: 'acme/shop:latest'}\n"
    files = {
        "Dockerfile": "FROM python:3.13\nCOPY . .\nRUN pip install -r requirements.txt\n",
        "requirements.txt": "gunicorn==23.0.0\n",
        "app.py": "app = print\n",
        "k8s/web.yaml": f"{manifest}{container}}}}}}}\n",
        ".github/workflows/cd.yml": f"on: push\njobs:\n  cd:\n    steps:\n{push}",
    }
    whole = draw(inspect(MemoryTree(files), ()).deployment, Environment.PRODUCTION)
    found = [one for project in whole.projects for one in project.dependencies if not one.quiet]
    assert [one.text for one in found] == told
