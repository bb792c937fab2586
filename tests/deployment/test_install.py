"""Installations of pip: what a command installs, whether a lock or constraints decide the versions."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from installations import PROJECT, REQUIREMENTS, UV, asked, ran, run

from prodlint.deployment.install import open_arguments, open_dependencies, provides
from prodlint.deployment.value import NO, UNKNOWN, YES


@pytest.mark.parametrize(
    "command",
    [
        "pip install -r requirements.txt",
        "pip3 install --no-cache-dir -rrequirements.txt",
        "/venv/bin/pip install --requirement=requirements.txt",
        "python -m pip install -qr requirements.txt",
        "python -W ignore -Im pip install -r requirements.txt",
        "python -mpip install -r requirements.txt",
        "python3.12 -u -m pip --no-cache-dir install -U -r /app/requirements.txt",
        "uv pip install --system -r requirements.txt",
        "uv --quiet pip install -p 3.12 -r requirements.txt",
    ],
)
def test_every_spelling_of_a_requirements_install_reads_the_file_and_its_includes(command):
    install = ran(command, REQUIREMENTS)
    assert asked(install) == {"flask", "redis"}
    assert [file.path for file in install.files] == ["requirements.txt", "base.txt"]
    assert (install.complete, install.locked, install.isolated) == (YES, NO, False)


@pytest.mark.parametrize(
    "command",
    [
        "pip list",
        "pip uninstall -y flask",
        "pip install --dry-run flask",
        "pip --version",
        "pip",
        "python manage.py migrate",
        "python -m gunicorn",
        "python -c x",
        "uv lock",
        "uv python install 3.12",
        "uv venv",
        "poetry config virtualenvs.create false",
        "poetry lock",
        "pipenv lock",
        "pdm config python.use_venv false",
        "conda clean -afy",
        "conda env list",
        "pipx ensurepath",
        "apt-get install python3-gunicorn",
        "npm install",
    ],
)
def test_other_commands_install_nothing(command):
    assert run(command, REQUIREMENTS) is None


def test_a_relative_path_is_meant_from_the_working_directory():
    files = {"api/requirements.txt": "flask\n"}
    assert asked(ran("pip install -r requirements.txt", files, directory="/app/api")) == {"flask"}
    missing = ran("pip install -r requirements.txt", files)
    assert missing.complete is UNKNOWN
    assert [path for path, _ in missing.missing] == ["requirements.txt"]


def test_packages_on_the_command_line():
    install = ran("pip install gunicorn==22.0.0 uvicorn[standard]>=0.30 poetry==$POETRY_VERSION", {})
    assert [(d.name, d.extras, d.pinned) for d in install.dependencies] == [
        ("gunicorn", (), YES),
        ("uvicorn", ("standard",), NO),
        ("poetry", (), UNKNOWN),
    ]
    assert install.complete is YES
    assert install.dependencies[1].span.text == "uvicorn[standard]>=0.30"


@pytest.mark.parametrize(
    "command", ["pip install $PACKAGES", "pip install -r $FILE", "pip install -r /tmp/elsewhere.txt"]
)
def test_what_cannot_be_read_makes_the_installation_incomplete(command):
    assert ran(command, REQUIREMENTS).complete is UNKNOWN


def test_a_project_brings_its_dependencies_and_the_extras_that_are_named():
    files = {"pyproject.toml": PROJECT + '\n[project.optional-dependencies]\nredis = ["redis"]\n'}
    plain, extra = ran("pip install .", files), ran("pip install -e .[redis]", files)
    assert asked(plain) == {"fastapi"}
    assert asked(extra) == {"fastapi", "redis"}
    assert [project.project for project in extra.projects] == ["shop"]
    assert asked(ran("pip install --no-deps /app", files)) == set()
    assert ran("pip install --no-deps .", files).complete is YES


def test_a_project_that_is_not_known_is_incomplete():
    assert ran("pip install ./elsewhere", {"pyproject.toml": PROJECT}).complete is UNKNOWN


def test_a_local_project_behind_a_requirement_is_followed_but_not_for_ever():
    files = {
        "requirements.txt": "-e .\n-e ./libs/common\n",
        "setup.py": "",
        "pyproject.toml": PROJECT,
        "libs/common/pyproject.toml": '[project]\nname = "common"\ndependencies = ["structlog"]\n',
    }
    assert asked(ran("pip install -r requirements.txt", files)) >= {"fastapi", "structlog"}
    turning = {
        "a/pyproject.toml": '[tool.poetry]\nname = "a"\n[tool.poetry.dependencies]\nb = {path = "../b"}\n',
        "b/pyproject.toml": '[tool.poetry]\nname = "b"\n[tool.poetry.dependencies]\na = {path = "../a"}\nx = "1"\n',
    }
    assert asked(ran("pip install ./a", turning)) == {"a", "b", "x"}


def test_a_dependency_group_for_pip():
    assert asked(ran("pip install --group dev", UV)) == {"pytest", "gunicorn"}
    assert asked(ran("pip install --group pyproject.toml:dev", UV)) == {"pytest", "gunicorn"}
    assert ran("pip install --group nowhere/pyproject.toml:dev", UV).complete is UNKNOWN


def test_constraints_that_pin_everything_lock():
    files = {"requirements.txt": "flask\nredis>=5\n", "constraints.txt": "flask==3.0.0\nredis==5.0.1\n"}
    install = ran("pip install -r requirements.txt -c constraints.txt", files)
    assert install.locked is YES
    assert open_dependencies(install) == ()
    by_environment = ran("pip install -r requirements.txt", files, PIP_CONSTRAINT="constraints.txt")
    assert by_environment.locked is YES


def test_constraints_that_pin_something_leave_the_rest_open():
    files = {"requirements.txt": "flask\nredis>=5\n", "constraints.txt": "flask==3.0.0\nredis<6\n"}
    install = ran("pip install -r requirements.txt -c constraints.txt", files)
    assert install.locked is NO
    assert [[d.name for d in found] for _, found in open_dependencies(install)] == [["redis"]]


def test_constraints_that_cannot_be_read_may_pin_anything():
    install = ran("pip install -r requirements.txt -c https://example.com/constraints.txt", REQUIREMENTS)
    assert install.locked is UNKNOWN
    assert open_dependencies(install) == ()


def test_a_local_library_keeps_its_ranges_and_the_application_does_not():
    files = {
        "requirements.txt": "-e .\n-e ./libs/common\n",
        "pyproject.toml": PROJECT,
        "libs/common/pyproject.toml": '[project]\nname = "common"\ndependencies = ["structlog"]\n',
    }
    found = open_dependencies(ran("pip install -r requirements.txt", files))
    assert [(file.path, [d.name for d in loose]) for file, loose in found] == [("pyproject.toml", ["fastapi"])]


def test_open_dependencies_are_counted_for_each_file():
    files = {
        "requirements.txt": "-r base.txt\nflask==3.0.0\ncelery[redis]\npip\nsix>=1.16\nwin; os_name == 'nt'\n",
        "base.txt": "celery==5.4.0\nrequests~=2.32\nurllib3==2.*\ngit+https://github.com/a/b.git@v1.2#egg=b\n",
    }
    found = open_dependencies(ran("pip install -r requirements.txt", files))
    assert [(file.path, [d.name for d in loose]) for file, loose in found] == [
        ("requirements.txt", ["six"]),
        ("base.txt", ["requests", "urllib3"]),
    ]


def test_hashed_and_compiled_files_are_locks():
    hashed = {"requirements.txt": "six>=1.16 --hash=sha256:" + "0" * 64 + "\n"}
    compiled = {"requirements.txt": "# This file was autogenerated by uv via: uv pip compile\nflask==3.0.0\n"}
    for files in (hashed, compiled):
        install = ran("pip install -r requirements.txt", files)
        assert install.locked is YES
        assert open_dependencies(install) == ()
        assert install.installed == asked(install)


def test_an_input_file_beside_its_compiled_output_is_not_open():
    files = {"requirements.in": "flask>=3\n", "requirements.txt": "flask==3.0.0\n    # via -r requirements.in\n"}
    assert open_dependencies(ran("pip install -r requirements.in", files)) == ()
    assert open_dependencies(ran("pip install -r requirements.in", {"requirements.in": "flask>=3\n"}))


def test_a_project_installed_over_its_locked_requirements_leaves_nothing_open():
    files = {**UV, "requirements.txt": "# autogenerated by uv\nfastapi==0.115.0\n    # via shop\n"}
    first, second = ran("pip install -r requirements.txt", files), ran("pip install .", files)
    assert open_dependencies(second)
    assert open_dependencies(second, earlier=(first,)) == ()


def test_arguments_are_open_apart_from_the_tools():
    install = ran("pip install gunicorn uvicorn==0.30.1 pip poetry", {})
    assert [d.name for d in open_arguments(install)] == ["gunicorn"]
    assert open_dependencies(install) == ()


def test_wheels_are_installed_when_their_folder_is():
    files = {"requirements.txt": "flask==3.0.0\ngunicorn\n"}
    build = ran("pip wheel --no-cache-dir --wheel-dir /usr/src/app/wheels -r requirements.txt", files)
    assert build.wheels_directory == "/usr/src/app/wheels"
    assert not build.installs
    for command in ("pip install --no-cache /wheels/*", "pip install --no-index --find-links=/wheels /wheels/*.whl"):
        install = ran(command, files)
        assert install.from_wheels
        assert provides((build, install), "gunicorn") is YES
        assert provides((build, install), "daphne") is NO
    assert provides((build,), "gunicorn") is NO
    named = ran("pip install --no-index --find-links=/wheels -r requirements.txt", files)
    assert provides((build, named), "gunicorn") is YES


def test_wheels_that_nothing_here_built_are_unknown():
    assert provides((ran("pip install /wheels/*", {}),), "gunicorn") is UNKNOWN


def test_pip_sync_installs_just_what_is_listed():
    files = {"requirements.txt": "flask==3.0.0\n    # via -r requirements.in\n"}
    for command in ("pip-sync", "pip-sync requirements.txt", "uv pip sync requirements.txt"):
        assert ran(command, files).installed == {"flask"}


PIECES = st.sampled_from(
    "pip uv poetry pipenv pdm conda install sync -r -e . requirements.txt --group dev --with -E $X --only main -- -qr "
    "== flask[a] ./x --no-dev export -o --package * /wheels/* wheel env create -f --project".split()
)


@given(st.lists(PIECES, min_size=1, max_size=10))
@settings(max_examples=300, deadline=None)
def test_no_command_makes_the_model_raise(pieces):
    install = run(" ".join(pieces), {**UV, **REQUIREMENTS})
    if install is not None:
        assert provides((install,), "gunicorn") in (YES, NO, UNKNOWN)
        assert open_dependencies(install) == () or install.locked is NO


@pytest.mark.real
def test_pip_reads_our_spelling_of_options_as_we_do(tmp_path):
    """`-qr FILE` and `-rFILE` are one option each to pip itself: it looks for that file."""
    for command in (["-qrmissing.txt"], ["-qr", "missing.txt"], ["--requirement=missing.txt"]):
        done = subprocess.run(
            [sys.executable, "-m", "pip", "install", "--no-index", "--dry-run", *command],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=False,
        )
        assert "missing.txt" in done.stderr
        assert ran(f"pip install {' '.join(command)}", {}).missing[0][0] == "missing.txt"
