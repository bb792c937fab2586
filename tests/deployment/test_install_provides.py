"""What an installation provides: names, extras, carriers, markers, and what is left open."""

from __future__ import annotations

import pytest
from installations import POETRY, REQUIREMENTS, UV, ran

from prodlint.deployment.install import applies_on_linux, development_dependencies, provides, provision
from prodlint.deployment.value import NO, UNKNOWN, YES


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
