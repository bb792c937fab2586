"""Installations: what a command installs, whether a lock decides the versions, what is there in the end."""

from __future__ import annotations

import json
import posixpath
import re
import subprocess
import sys
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.deployment.command import Step
from prodlint.deployment.dependency import Install
from prodlint.deployment.install import (
    applies_on_linux,
    development_dependencies,
    install_of,
    joined,
    open_arguments,
    open_dependencies,
    provides,
    provision,
    where_else,
)
from prodlint.deployment.packages.install_platform import package_manager_files, platform_install
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import NO, UNKNOWN, YES, EnvDriven, Known, Value
from prodlint.source import Source, Span, Text
from prodlint.syntax.word import Expansion, Literal, Part, Word

LOCK = """
    version = 1

    [[package]]
    name = "shop"
    version = "0.1"
    source = { virtual = "." }
    dependencies = [{ name = "fastapi" }]

    [package.dev-dependencies]
    dev = [{ name = "pytest" }, { name = "gunicorn" }]

    [[package]]
    name = "fastapi"
    version = "0.115.0"
    dependencies = [{ name = "starlette" }]

    [[package]]
    name = "starlette"
    version = "0.38"

    [[package]]
    name = "gunicorn"
    version = "22.0"

    [[package]]
    name = "pytest"
    version = "8.0"
"""
PROJECT = """
    [project]
    name = "shop"
    version = "0.1"
    dependencies = ["fastapi>=0.115"]

    [dependency-groups]
    dev = ["pytest", "gunicorn"]
"""
UV = {"pyproject.toml": PROJECT, "uv.lock": LOCK}
POETRY = {
    "pyproject.toml": """
        [tool.poetry]
        name = "shop"
        [tool.poetry.dependencies]
        python = "^3.12"
        flask = "^3.0"
        redis = {version = "^5", optional = true}
        [tool.poetry.extras]
        cache = ["redis"]
        [tool.poetry.group.dev.dependencies]
        pytest = "^8"
        [tool.poetry.group.server]
        optional = true
        [tool.poetry.group.server.dependencies]
        gunicorn = "22.0.0"
    """,
    "poetry.lock": """
        [[package]]
        name = "flask"
        version = "3.0.0"
        optional = false
        [package.dependencies]
        werkzeug = ">=3"
        [[package]]
        name = "werkzeug"
        version = "3.0.0"
        optional = false
        [[package]]
        name = "pytest"
        version = "8.0"
        optional = false
        [[package]]
        name = "gunicorn"
        version = "22.0.0"
        optional = false
        [[package]]
        name = "redis"
        version = "5.0"
        optional = true
    """,
}
PIPENV = {
    "Pipfile": '[packages]\nflask = "*"\n[dev-packages]\ngunicorn = "*"\n',
    "Pipfile.lock": json.dumps({"_meta": {}, "default": {"flask": {}, "werkzeug": {}}, "develop": {"gunicorn": {}}}),
}


def repository(files: dict[str, str]) -> Repository:
    written = {path: dedent(text).lstrip("\n").encode() for path, text in files.items()}
    return Repository(written, written.__getitem__)


def words(command: str) -> tuple[Word, ...]:
    """The command split at blanks; `$NAME` is an expansion, quotes are left to the caller."""
    source = Source("Dockerfile", command)
    found = []
    for match in re.finditer(r"\S+", command):
        parts: list[Part] = []
        for piece in re.finditer(r"\$(\w+)|[^$]+", match.group()):
            span = Span(source, match.start() + piece.start(), match.start() + piece.end())
            name = piece.group(1)
            parts.append(Expansion(name, span) if name else Literal(Text.verbatim(span)))
        found.append(Word(tuple(parts), Span(source, match.start(), match.end())))
    return tuple(found)


def run(
    command: str,
    files: dict[str, str],
    directory: str | None = "/app",
    hidden: tuple[str, ...] = (),
    environment: dict[str, Value[str]] | None = None,
    **variables: str,
) -> Install | None:
    """What a command installs in a container with the whole repository in /app, but for what is hidden."""
    repo = repository(files)

    def locate(path: str) -> str | None:
        path = posixpath.normpath(posixpath.join("/app", path))
        inside = posixpath.relpath(path, "/app")
        return inside if inside in repo.paths and inside not in hidden else None

    argv = words(command)
    step = Step(
        argv,
        argv[0].span.to(argv[-1].span),
        directory,
        {name: words(value)[0] if value else None for name, value in variables.items()},
    )
    return install_of(step, directory, repo, locate, environment)


def ran(command: str, files: dict[str, str], **more: str) -> Install:
    install = run(command, files, **more)
    assert install is not None
    return install


def asked(install: Install) -> set[str]:
    return {dependency.name for dependency in install.dependencies}


REQUIREMENTS = {
    "requirements.txt": "-r base.txt\nflask==3.0.0\n",
    "base.txt": "redis>=5\n",
    "requirements-dev.txt": "-r requirements.txt\npytest\n",
}


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


def test_a_name_an_extra_and_a_carrier_provide():
    files = {"requirements.txt": "fastapi[standard]\nQuart\nuvicorn-worker\n"}
    installs = (ran("pip install -r requirements.txt", files),)
    for name in ("fastapi", "uvicorn", "hypercorn", "gunicorn", "Uvicorn_Worker"):
        assert provides(installs, name) is YES
    assert provides(installs, "daphne") is NO
    found = provision(installs, "uvicorn")
    assert found.span is not None
    assert (found.span.path, found.span.line, found.note) == ("requirements.txt", 1, "fastapi[standard] brings uvicorn")


def test_fastapi_alone_brings_no_server_but_in_one_series():
    assert provides((ran("pip install fastapi", {}),), "uvicorn") is NO
    assert provides((ran("pip install fastapi==0.111.0", {}),), "uvicorn") is YES


@pytest.mark.parametrize(
    "requirement",
    ["git+https://github.com/acme/base.git", "acme-gunicorn", "https://example.com/x.zip", "$MORE", "-r nowhere.txt"],
)
def test_what_may_bring_the_server_leaves_the_answer_open(requirement):
    assert provides((ran(f"pip install flask {requirement}", {}),), "gunicorn") is UNKNOWN


def test_a_marker_that_never_holds_on_linux_provides_nothing():
    files = {"requirements.txt": "gunicorn; sys_platform == 'win32'\n"}
    assert provides((ran("pip install -r requirements.txt", files),), "gunicorn") is NO


@pytest.mark.parametrize(
    ("marker", "expected"),
    [
        (None, YES),
        ("sys_platform != 'win32'", YES),
        ("platform_system == 'Windows' or os_name == 'nt'", NO),
        ("python_version < '3.11'", UNKNOWN),
        ("python_version >= '3'", YES),
        ("platform_machine == 'x86_64'", UNKNOWN),
        ("extra == 'x'", NO),
        ("no marker at all", UNKNOWN),
    ],
)
def test_markers_are_judged_for_linux(marker, expected):
    assert applies_on_linux(marker) is expected


def test_a_lock_decides_what_is_there():
    assert provides((ran("uv sync --no-dev", UV),), "starlette") is YES
    assert provides((ran("uv sync --no-dev", UV),), "gunicorn") is NO
    assert provides((ran("uv sync", UV),), "gunicorn") is YES
    assert provides((ran("poetry install --only main", POETRY),), "gunicorn") is NO


def test_no_installation_provides_nothing():
    assert provides((), "gunicorn") is NO


def test_development_dependencies_are_told_apart():
    assert {d.name for d in development_dependencies(ran("uv sync", UV))} == {"pytest", "gunicorn"}
    assert development_dependencies(ran("uv sync --no-dev", UV)) == ()
    assert [d.name for d in development_dependencies(ran("pip install -r requirements-dev.txt", REQUIREMENTS))] == [
        "pytest"
    ]


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


def test_heroku_installs_the_main_part_by_its_only_manager():
    span = Source("Procfile", "web: gunicorn app\n").span
    poetry = platform_install(repository(POETRY), "", "heroku", span)
    assert poetry is not None
    assert (poetry.installed, poetry.locked, poetry.span) == ({"flask", "werkzeug"}, YES, span)
    uv = platform_install(repository(UV), "", "heroku", span)
    assert uv is not None
    assert provides((uv,), "gunicorn") is NO
    pipenv = platform_install(repository(PIPENV), "", "heroku", span)
    assert pipenv is not None
    assert pipenv.installed == {"flask", "werkzeug"}
    assert platform_install(repository({"setup.py": ""}), "", "heroku", span) is None


def test_heroku_with_two_managers_is_uncertain():
    files = {**UV, "requirements.txt": "flask\n"}
    install = platform_install(repository(files), "", "heroku", Source("Procfile", "").span)
    assert install is not None
    assert install.complete is UNKNOWN
    assert package_manager_files(repository(files), "") == ("requirements.txt", "uv.lock")


def test_railway_takes_requirements_before_a_lock():
    files = {f"api/{path}": text for path, text in {**UV, "requirements.txt": "flask\n"}.items()}
    span = Source("railway.toml", "").span
    install = platform_install(repository(files), "api", "railway", span)
    assert install is not None
    assert asked(install) == {"flask"}
    assert install.complete is YES
    del files["api/requirements.txt"]
    install = platform_install(repository(files), "api", "railway", span)
    assert install is not None
    assert (asked(install), install.locked) == ({"fastapi"}, YES)


def test_a_platform_whose_choice_is_not_known():
    span = Source("app.yaml", "").span
    assert platform_install(repository(UV), "", "render", span) is None
    install = platform_install(repository(UV), "", "appengine", span)
    assert install is not None
    assert install.complete is UNKNOWN


def test_where_else_names_a_declaration_that_is_not_installed():
    files = {
        "requirements/base.txt": "flask\n",
        "requirements/dev.txt": "Gunicorn\n",
        "requirements/prod.txt": "-r base.txt\ngunicorn==22.0.0\n",
    }
    repo = repository(files)
    place = where_else(repo, "gunicorn", (ran("pip install -r requirements/base.txt", files),))
    assert place is not None
    assert (place.path, place.line) == ("requirements/prod.txt", 2)
    assert where_else(repo, "daphne") is None


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
