"""Installations of uv, Poetry, Pipenv, PDM and conda, and the files that they export for pip."""

from __future__ import annotations

import pytest
from installations import LOCK, PIPENV, POETRY, PROJECT, UV, asked, ran, run

from prodlint.deployment.install import joined, open_dependencies, provides
from prodlint.deployment.value import NO, UNKNOWN, YES, EnvDriven, Known
from prodlint.source import Source


@pytest.mark.parametrize(
    ("command", "names", "installed"),
    [
        ("uv sync", {"fastapi", "pytest", "gunicorn"}, {"shop", "fastapi", "starlette", "pytest", "gunicorn"}),
        ("uv sync --frozen --no-dev", {"fastapi"}, {"shop", "fastapi", "starlette"}),
        ("uv sync --locked --no-default-groups", {"fastapi"}, {"shop", "fastapi", "starlette"}),
        ("uv sync --no-group dev", {"fastapi"}, {"shop", "fastapi", "starlette"}),
        ("uv sync --only-group dev", {"pytest", "gunicorn"}, {"pytest", "gunicorn"}),
        ("uv sync --project /app --no-dev --group dev", {"fastapi", "pytest", "gunicorn"}, None),
    ],
)
def test_uv_sync_installs_what_its_options_choose(command, names, installed):
    install = ran(command, UV)
    assert asked(install) == names
    assert installed is None or install.installed == installed
    assert install.locked is YES
    assert open_dependencies(install) == ()


def test_uv_reads_its_switches_from_the_environment():
    span = Source("Dockerfile", "ENV UV_NO_DEV=1").span
    assert asked(ran("uv sync", UV, UV_NO_DEV="1")) == {"fastapi"}
    assert asked(ran("uv sync", UV, UV_NO_DEV="0")) == {"fastapi", "pytest", "gunicorn"}
    known = run("uv sync", UV, environment={"UV_NO_DEV": Known("true", span)})
    assert known is not None
    assert asked(known) == {"fastapi"}
    driven = run("uv sync", UV, environment={"UV_NO_DEV": EnvDriven("X", None, span)})
    assert driven is not None
    assert driven.complete is UNKNOWN


def test_uv_without_a_lock_resolves_afresh():
    install = ran("uv sync --no-dev", {"pyproject.toml": PROJECT})
    assert install.locked is NO
    assert [[d.name for d in loose] for _, loose in open_dependencies(install)] == [["fastapi"]]


def test_a_lock_that_the_process_may_not_have_is_unknown():
    assert ran("uv sync", UV, hidden=("uv.lock",)).locked is UNKNOWN
    assert ran("uv sync --frozen", UV, hidden=("uv.lock",)).locked is YES
    assert ran("poetry install", POETRY, hidden=("poetry.lock",)).locked is UNKNOWN
    assert ran("uv sync", UV, hidden=("pyproject.toml",)).complete is UNKNOWN


def test_a_workspace_member_is_chosen_by_name():
    member = {
        "pyproject.toml": '[tool.uv.workspace]\nmembers = ["api"]\n[dependency-groups]\ndev = ["pytest"]\n',
        "uv.lock": LOCK.replace('virtual = "."', 'editable = "api"'),
        "api/pyproject.toml": PROJECT,
    }
    install = ran("uv sync --frozen --no-dev --package shop", member)
    assert install.installed == {"shop", "fastapi", "starlette"}
    assert [file.path for file in install.files] == ["api/pyproject.toml"]
    inside = ran("uv sync --frozen --no-dev", member, directory="/app/api")
    assert inside.installed == install.installed
    assert inside.lock is not None


def test_uv_run_syncs_first_unless_it_is_told_not_to():
    assert asked(ran("uv run gunicorn --group x app:app", UV)) == {"fastapi", "pytest", "gunicorn"}
    assert asked(ran("uv run --no-dev --with waitress waitress-serve app:app", UV)) == {"fastapi", "waitress"}
    assert run("uv run --no-sync gunicorn app:app", UV) is None


@pytest.mark.parametrize(
    ("command", "names", "installed"),
    [
        ("poetry install", {"flask", "pytest"}, {"flask", "werkzeug", "pytest"}),
        ("poetry install --only main", {"flask"}, {"flask", "werkzeug"}),
        ("poetry install --only=main,server", {"flask", "gunicorn"}, {"flask", "werkzeug", "gunicorn"}),
        ("poetry install --no-root --without dev", {"flask"}, {"flask", "werkzeug"}),
        ("poetry install --no-dev -E cache", {"flask", "redis"}, {"flask", "werkzeug", "redis"}),
        ("poetry sync --with server --without dev", {"flask", "gunicorn"}, {"flask", "werkzeug", "gunicorn"}),
        ("poetry -C /app install --all-extras --without dev", {"flask", "redis"}, None),
        ("poetry install --only-root", set(), set()),
    ],
)
def test_poetry_installs_what_its_options_choose(command, names, installed):
    install = ran(command, POETRY)
    assert asked(install) == names
    assert installed is None or install.installed == installed
    assert install.locked is YES


def test_poetry_without_a_lock_resolves_afresh():
    install = ran("poetry install --only main", {"pyproject.toml": POETRY["pyproject.toml"]})
    assert install.locked is NO
    assert [[d.name for d in loose] for _, loose in open_dependencies(install)] == [["flask"]]


@pytest.mark.parametrize(
    ("command", "installed", "locked"),
    [
        ("pipenv install --deploy --system", {"flask", "werkzeug"}, YES),
        ("pipenv sync --dev", {"flask", "werkzeug", "gunicorn"}, YES),
        ("pipenv install", {"flask", "werkzeug"}, YES),
        ("pipenv install --skip-lock", None, NO),
    ],
)
def test_pipenv_installs_the_sections_of_its_lock(command, installed, locked):
    install = ran(command, PIPENV)
    assert installed is None or install.installed == installed
    assert install.locked is locked


def test_pdm_installs_groups_unless_it_is_for_production():
    files = {
        "pyproject.toml": PROJECT,
        "pdm.lock": """
            [[package]]
            name = "fastapi"
            version = "0.115"
            groups = ["default"]
            [[package]]
            name = "gunicorn"
            version = "22"
            groups = ["dev"]
        """,
    }
    assert provides((ran("pdm sync --prod", files),), "gunicorn") is NO
    assert provides((ran("pdm install", files),), "gunicorn") is YES


def test_conda_reads_its_environment_file_and_its_arguments():
    files = {"environment.yml": "dependencies:\n  - python=3.12\n  - gunicorn\n  - pip:\n    - flask\n"}
    assert asked(ran("conda env create -f environment.yml", files)) == {"gunicorn", "flask"}
    assert asked(ran("micromamba install -y -n base -f environment.yml", files)) == {"gunicorn", "flask"}
    assert asked(ran("mamba install -y -c conda-forge gunicorn=22.0", {})) == {"gunicorn"}


def test_isolated_tools_give_a_command_and_nothing_to_import():
    for command in ("pipx install gunicorn", "uv tool install gunicorn", "uvx gunicorn app:app"):
        install = ran(command, {})
        assert install.isolated
        assert asked(install) == {"gunicorn"}
        assert provides((install,), "gunicorn") is UNKNOWN


def test_installers_that_are_not_modelled_bring_anything():
    assert provides((ran("flit install", {}),), "gunicorn") is UNKNOWN


def test_an_export_fills_the_file_that_is_installed_later():
    export = ran("poetry export -f requirements.txt -o /tmp/requirements.txt", POETRY)
    install = ran("pip install -r /tmp/requirements.txt", POETRY)
    assert export.exports_to == "/tmp/requirements.txt"
    assert provides((install,), "gunicorn") is UNKNOWN
    (whole,) = joined((export, install))
    assert (whole.complete, whole.locked, whole.missing) == (YES, YES, ())
    assert whole.installed == {"flask", "werkzeug"}
    assert provides((export, install), "gunicorn") is NO
    assert provides((export,), "flask") is NO


def test_an_export_to_standard_output_stands_for_a_file_that_is_missing():
    export, install = ran("pipenv requirements", PIPENV), ran("pip install -r /tmp/r.txt", PIPENV)
    assert provides((export, install), "werkzeug") is YES
