"""pyproject.toml and setup.py as dependency files: extras, groups, Poetry's tables, and what is computed."""

from __future__ import annotations

import pytest
from dependency_repositories import of, read

from prodlint.deployment.dependency import Scope
from prodlint.deployment.packages.files import project_files
from prodlint.deployment.value import NO, UNKNOWN, YES

PYPROJECT = """
    [build-system]
    requires = ["hatchling"]
    build-backend = "hatchling.build"

    [project]
    name = "Shop.API"
    dependencies = [
        "fastapi[standard]>=0.115",
        "shared",
        "gunicorn==22.0.0; sys_platform != 'win32'",
    ]

    [project.optional-dependencies]
    redis = ["redis>=5"]
    all = ["shop-api[redis]", "sentry-sdk"]

    [dependency-groups]
    dev = [{include-group = "test"}, "ruff"]
    test = ["pytest>=8"]
    prod = ["gevent==24.2.1"]

    [tool.uv]
    default-groups = ["dev", "prod"]

    [tool.uv.sources]
    shared = { path = "../shared" }
"""


def test_pyproject_main_dependencies_stand_at_their_own_place():
    file = read("api/pyproject.toml", PYPROJECT)
    fastapi, shared, gunicorn = file.main
    assert file.project == "shop-api"
    assert (fastapi.name, fastapi.extras, fastapi.span.text) == ("fastapi", ("standard",), "fastapi[standard]>=0.115")
    assert (shared.local, shared.path) == (True, "shared")
    assert gunicorn.marker is not None
    assert gunicorn.span.line == 10


def test_an_extra_may_name_extras_of_its_own_project():
    file = read("pyproject.toml", PYPROJECT)
    assert file.extras == {"redis", "all"}
    assert {d.name for d in file.of_extras(["all"])} == {"sentry-sdk", "redis"}


def test_a_group_brings_the_groups_that_it_includes():
    file = read("pyproject.toml", PYPROJECT)
    assert {d.name for d in file.of_groups(["dev"])} == {"pytest", "ruff"}
    assert file.default_groups == {"dev", "prod"}
    assert {d.scope for d in file.of_groups(["prod"])} == {Scope.PRODUCTION}
    assert {d.scope for d in file.of_groups(["dev"])} == {Scope.DEVELOPMENT}


def test_groups_that_include_each_other_end():
    file = read("pyproject.toml", '[dependency-groups]\na = [{include-group="b"}]\nb = [{include-group="a"}, "x"]\n')
    assert [d.name for d in file.of_groups(["a"])] == ["x"]


def test_an_application_that_carries_no_index_metadata_is_no_library():
    build = '[build-system]\nrequires = ["hatchling"]\n'
    project = '[project]\nname = "x"\ndependencies = []\n'
    assert read("pyproject.toml", project + 'readme = "README.md"\n').library is NO
    assert read("pyproject.toml", build + project).library is UNKNOWN
    library = read("pyproject.toml", build + project + 'classifiers = ["Framework :: Django"]\n')
    assert library.looks_like_library
    assert read("pyproject.toml", build + '[tool.poetry]\npackage-mode = false\nhomepage = "R"\n').library is NO
    assert read("pyproject.toml", build + '[tool.poetry]\nreadme = "README.md"\n').library is UNKNOWN


POETRY = """
    [tool.poetry]
    name = "shop"
    version = "1"

    [tool.poetry.dependencies]
    python = "^3.11"
    Django = "^5.0"
    celery = {version = "5.4.0", extras = ["redis"]}
    psycopg2 = {version = "*", optional = true}
    helpers = {git = "https://example.com/helpers.git", branch = "main"}
    local = {path = "../local", develop = true}
    colorama = [{version = "^0.4", platform = "win32"}, {version = "0.3", markers = "python_version < '3.8'"}]

    [tool.poetry.extras]
    postgres = ["psycopg2"]

    [tool.poetry.group.docs]
    optional = true

    [tool.poetry.group.docs.dependencies]
    sphinx = "*"

    [tool.poetry.dev-dependencies]
    pytest = "^8"
"""


def test_poetry_tables_are_read_with_groups_and_extras():
    file = read("api/pyproject.toml", POETRY)
    main = {d.name: d for d in file.main}
    assert set(main) == {"django", "celery", "helpers", "local", "colorama"}
    assert main["django"].span.text == 'Django = "^5.0"'
    assert (main["django"].pinned, main["celery"].pinned, main["helpers"].pinned) == (NO, YES, NO)
    assert main["celery"].extras == ("redis",)
    assert main["helpers"].is_vcs
    assert (main["local"].local, main["local"].path) == (True, "local")
    assert len([d for d in file.main if d.name == "colorama"]) == 2
    assert [d.name for d in file.of_extras(["postgres"])] == ["psycopg2"]
    assert (file.groups, file.optional_groups) == ({"docs", "dev"}, {"docs"})
    assert [d.name for d in file.of_groups(["dev"])] == ["pytest"]


def test_beside_project_the_poetry_table_only_says_where_packages_come_from():
    file = read(
        "pyproject.toml",
        """
        [project]
        name = "shop"
        dependencies = ["django>=5", "helpers"]
        [tool.poetry.dependencies]
        helpers = {git = "https://example.com/helpers.git", tag = "v1"}
        """,
    )
    assert [(d.name, d.is_vcs) for d in file.main] == [("django", False), ("helpers", True)]


def test_setuptools_may_read_the_dependencies_from_a_requirements_file():
    text = """
        [project]
        name = "shop"
        dynamic = ["dependencies"]
        [tool.setuptools.dynamic]
        dependencies = {file = ["requirements.txt"]}
    """
    file = read("pyproject.toml", text, **{"requirements.txt": "flask\n"})
    assert [path for path, _ in file.includes] == ["requirements.txt"]
    assert file.complete is YES
    assert read("pyproject.toml", text).complete is NO


def test_dynamic_dependencies_without_a_known_source_are_incomplete():
    assert read("pyproject.toml", '[project]\nname = "x"\ndynamic = ["dependencies"]\n').complete is NO


def test_odd_types_in_pyproject_never_raise():
    text = """
        project = 3
        [tool]
        poetry = ["x"]
        uv = "y"
        [dependency-groups]
        dev = "pytest"
        test = [1, {include-group = 2}, ["a"]]
    """
    file = read("pyproject.toml", text)
    assert file.dependencies == ()
    assert file.unread == {"dev", "test"}


def test_a_literal_setup_script_is_read_through_names():
    file = read(
        "setup.py",
        """
        from setuptools import setup
        BASE = ["flask>=2"]
        setup(name="shop", install_requires=BASE + ["gunicorn==22.0.0"], extras_require={"redis": ["redis"]})
        """,
    )
    assert [(d.name, d.pinned, d.span.line) for d in file.main] == [("flask", NO, 2), ("gunicorn", YES, 3)]
    assert file.main[0].span.text == "flask>=2"
    assert file.complete is YES
    assert [d.name for d in file.of_extras(["redis"])] == ["redis"]


@pytest.mark.parametrize(
    "text",
    [
        "from setuptools import setup\nsetup(install_requires=open('requirements.txt').read().split())\n",
        "from setuptools import setup\nREQ = ['flask']\nREQ.append('gunicorn')\nsetup(install_requires=REQ)\n",
        "from setuptools import setup\nREQ = ['flask']\nREQ += more()\nsetup(install_requires=REQ)\n",
        "from setuptools import setup\nsetup(**settings)\n",
    ],
)
def test_a_computed_setup_script_is_incomplete(text):
    assert read("setup.py", text).complete is NO


def test_setup_cfg_lists_one_requirement_a_line():
    file = read(
        "setup.cfg",
        """
        [metadata]
        name = shop
        [options]
        install_requires =
            flask>=2
            # a comment
            gunicorn==22.0.0
        [options.extras_require]
        redis =
            redis
        """,
    )
    assert [(d.name, d.pinned, d.span.line) for d in file.main] == [("flask", NO, 5), ("gunicorn", YES, 7)]
    assert [d.name for d in file.of_extras(["redis"])] == ["redis"]


def test_a_project_is_described_by_the_file_that_lists_its_dependencies():
    setup = "from setuptools import setup\nsetup(name='x', install_requires=['flask'])\n"
    configured = {"setup.cfg": "[metadata]\nname = x\n[options]\ninstall_requires = django\n"}
    assert [f.path for f in project_files(of({"pyproject.toml": PYPROJECT, "setup.py": setup}), "")] == [
        "pyproject.toml"
    ]
    tools = '[tool.ruff]\nline-length = 100\n[build-system]\nrequires = ["setuptools"]\n'
    assert "setup.py" in [f.path for f in project_files(of({"pyproject.toml": tools, "setup.py": setup}), "")]
    stub = "from setuptools import setup\nsetup()\n"
    assert [f.path for f in project_files(of({**configured, "setup.py": stub}), "")] == ["setup.cfg"]
    assert project_files(of({"README.md": ""}), "") == ()
    dynamic = '[project]\nname = "x"\ndynamic = ["dependencies"]\n'
    both = project_files(of({"pyproject.toml": dynamic, "setup.py": setup}), "")
    assert [(f.path, f.complete) for f in both] == [("pyproject.toml", YES), ("setup.py", YES)]
