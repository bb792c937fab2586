"""Locks: what each part of a project brings, and in which version."""

from __future__ import annotations

import json

import pytest
from dependency_repositories import UV_LOCK, of

from prodlint.deployment.packages.locks import lock_file, lock_files


def test_uv_lock_tells_what_each_part_brings():
    lock = lock_file(of({"uv.lock": UV_LOCK}), "uv.lock")
    assert lock is not None
    assert lock.default == {"shop", "fastapi", "starlette", "uvicorn"}
    assert lock.packages["fastapi"] == "0.115.0"
    assert lock.closure(["shop:dev"]) == {"pytest"}
    assert lock.closure(["shop[redis]"]) == lock.default | {"redis"}
    assert lock.closure(["fastapi"]) == {"fastapi", "starlette"}


def test_a_workspace_member_is_locked_by_the_lock_above():
    member = UV_LOCK.replace('virtual = "."', 'editable = "services/api"')
    repo = of({"uv.lock": member, "services/api/pyproject.toml": "", "tools/x/pyproject.toml": ""})
    assert [lock.path for lock in lock_files(repo, "services/api")] == ["uv.lock"]
    assert lock_files(repo, "tools/x") == ()


def test_poetry_lock_groups_and_optional_edges():
    lock = lock_file(
        of(
            {
                "poetry.lock": """
                [[package]]
                name = "Flask"
                version = "3.0.0"
                optional = false
                groups = ["main"]
                [package.dependencies]
                Werkzeug = ">=3.0"
                asgiref = {version = ">=3.2", optional = true, markers = "extra == \\"async\\""}
                [package.extras]
                async = ["asgiref (>=3.2)"]

                [[package]]
                name = "werkzeug"
                version = "3.0.1"
                optional = false
                groups = ["main", "dev"]

                [[package]]
                name = "pytest"
                version = "8.0"
                optional = false
                groups = ["dev"]
                """
            }
        ),
        "poetry.lock",
    )
    assert lock is not None
    assert lock.default == {"flask", "werkzeug"}
    assert lock.group_members["dev"] == {"werkzeug", "pytest"}
    assert lock.closure(["flask"]) == {"flask", "werkzeug"}
    assert lock.closure(["flask[async]"]) == {"flask", "werkzeug", "asgiref"}


def test_old_poetry_locks_have_categories_and_some_have_nothing():
    old = '[[package]]\nname = "a"\nversion = "1"\ncategory = "main"\noptional = false\n'
    plain = '[[package]]\nname = "a"\nversion = "1"\noptional = false\n'
    locks = [lock_file(of({"poetry.lock": text}), "poetry.lock") for text in (old, plain)]
    assert [lock and lock.default for lock in locks] == [{"a"}, None]


def test_pdm_lock_and_pipfile_lock():
    pdm = lock_file(
        of(
            {
                "pdm.lock": """
                [[package]]
                name = "uvicorn"
                version = "0.30"
                groups = ["default"]
                dependencies = ["click>=7.0"]
                [[package]]
                name = "uvicorn"
                version = "0.30"
                extras = ["standard"]
                groups = ["default"]
                dependencies = ["httptools>=0.5", "uvicorn==0.30"]
                """
            }
        ),
        "pdm.lock",
    )
    assert pdm is not None
    assert pdm.closure(["uvicorn[standard]"]) == {"uvicorn", "click", "httptools"}
    content = {"_meta": {}, "default": {"flask": {"version": "==3.0"}}, "develop": {"pytest": {}}}
    pipfile = lock_file(of({"Pipfile.lock": json.dumps(content)}), "Pipfile.lock")
    assert pipfile is not None
    assert (pipfile.default, pipfile.packages) == ({"flask"}, {"flask": "3.0", "pytest": None})


@pytest.mark.parametrize("name", ["uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml"])
@pytest.mark.parametrize("text", ["", "[[package", "{", "[]", "package = 3", "[package]\nname = 1\n", "[[package]]\n"])
def test_a_malformed_lock_never_raises(name, text):
    lock = lock_file(of({name: text}), name)
    assert lock is None or lock.packages == {}
