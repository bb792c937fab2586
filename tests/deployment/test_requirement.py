"""One requirement as a dependency: whether it is local, and whether its line alone fixes what is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from prodlint.deployment.dependency import Dependency
from prodlint.deployment.install import applies_on_linux
from prodlint.deployment.requirement import conda_dependency, declared, revision_pinned
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer
from prodlint.source import Source
from prodlint.syntax.requirements import parse_requirements

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def dependency(line: str) -> Dependency:
    (found,) = parse_requirements(Source("requirements.txt", line)).requirements
    return declared(found)


def conda(specification: str) -> Dependency | None:
    return conda_dependency(Source("environment.yml", specification).content)


@pytest.mark.parametrize(
    ("line", "pinned"),
    [
        ("a==1.0", YES),
        ("a===1.0", YES),
        ("a", NO),
        ("a>=1", NO),
        ("a==1.*", NO),
        ("a>=1 --hash=sha256:00", YES),
        ("a==${V}", UNKNOWN),
        ("a==1.0; python_version < '${V}'", YES),
        (f"git+https://h/r@{COMMIT}", YES),
        ("git+https://h/r@v1.2.3", UNKNOWN),
        ("git+https://h/r@0123abc", UNKNOWN),
        ("git+https://h/r@main", NO),
        ("git+https://h/r", NO),
        (f"git+https://${{TOKEN}}@h/r@{COMMIT}", YES),
        ("a @ git+https://${TOKEN}@h/r@main", NO),
        ("a @ git+https://h/r@${REVISION}", UNKNOWN),
        ("a @ ${URL}", UNKNOWN),
        ("-e git+https://h/r@main#egg=a", NO),
        ("https://h/a-1.0-py3-none-any.whl", YES),
        ("https://h/archive/a-1.0-py3-none-any.whl", YES),
        ("https://h/a-1.0.tar.gz", YES),
        ("https://${USER}:${PASSWORD}@h/a-1.0.tar.gz", YES),
        ("https://h/latest.zip", NO),
        ("https://h/latest.zip#sha256=" + "0" * 64, YES),
        ("https://github.com/o/r/archive/main.zip", NO),
        ("https://github.com/o/r/archive/refs/heads/v1.0.zip", NO),
        ("https://github.com/o/r/archive/refs/tags/anything.zip", UNKNOWN),
        ("https://github.com/o/r/archive/v1.0.tar.gz", UNKNOWN),
        ("https://github.com/o/r/archive/feature-1.zip", UNKNOWN),
        (f"https://github.com/o/r/archive/{COMMIT}.tar.gz", YES),
        ("https://gitlab.com/o/r/-/archive/main/r-main.tar.gz", NO),
        (f"https://gitlab.com/o/r/-/archive/{COMMIT}/r-{COMMIT}.zip", YES),
    ],
)
def test_a_line_that_fixes_one_version_is_pinned(line: str, pinned: Answer) -> None:
    assert dependency(line).pinned is pinned


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("./libs/one[x]", "./libs/one"),
        ("-e .", "."),
        ("-e git", "git"),
        ("file:./libs/one", "./libs/one"),
        ("a @ file:///srv/one", "/srv/one"),
        ("dist/a-1.0.tar.gz", "dist/a-1.0.tar.gz"),
        ("./libs/${NAME}", "./libs/${NAME}"),
        ("https://h/a.zip", None),
        ("a", None),
        ("a @ git+git@h:o/r", None),
        ("a @ ${URL}", None),
        ("git+file:///srv/r", None),
        ("-e git://h/r#egg=a", None),
    ],
)
def test_a_path_is_local_and_a_repository_is_not(line: str, path: str | None) -> None:
    found = dependency(line)
    assert (found.local, found.path) == (path is not None, path or "")
    assert found.is_vcs is ("git" in line and path is None)


def test_a_marker_that_a_variable_completes_may_hold_or_not() -> None:
    assert applies_on_linux(dependency("a; sys_platform == '${PLATFORM}'").marker) is UNKNOWN
    assert applies_on_linux(dependency("a==${V}; sys_platform == 'win32'").marker) is NO


@pytest.mark.parametrize(
    ("specification", "name", "specifier", "pinned"),
    [
        ("numpy", "numpy", "", NO),
        ("numpy=1.26", "numpy", "=1.26", NO),
        ("numpy=1.26.4", "numpy", "=1.26.4", UNKNOWN),
        ("numpy==1.26", "numpy", "==1.26", YES),
        ("numpy 1.26", "numpy", "1.26", YES),
        ("numpy=1.26=py311_0", "numpy", "=1.26=py311_0", YES),
        ("conda-forge::Num_Py >=1,<2", "num-py", ">=1,<2", NO),
        ("numpy[version='1.26']", "numpy", "", UNKNOWN),
    ],
)
def test_conda_specifications_are_read(specification: str, name: str, specifier: str, pinned: Answer) -> None:
    found = conda(specification)
    assert found is not None
    assert (found.name, found.specifier, found.pinned) == (name, specifier, pinned)


@pytest.mark.parametrize("specification", ["python=3.12", "pip", "numpy[version=1", "https://h/x.tar.bz2", "", "["])
def test_what_is_no_package_for_an_app_is_left_out_of_conda_files(specification: str) -> None:
    assert conda(specification) is None


def test_hostile_specifications_and_revisions_end() -> None:
    assert conda("a" * 200_000 + " " * 200_000 + "[") is None
    assert conda("a:" * 200_000) is None
    assert revision_pinned("1" + ".1" * 500_000 + "\n") is UNKNOWN
    assert dependency("https://h/" + "a-1" * 30_000).pinned is NO


def test_a_run_over_plain_requirements_does_not_load_packaging(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text("web: gunicorn app:app\n")
    (tmp_path / "app.py").write_text("from flask import Flask\napp = Flask(__name__)\n")
    requirements = tmp_path / "requirements.txt"
    plain = "flask==3.0.0\ngunicorn[gevent] >= 22, < 24  # later\ncelery\n"
    command = [sys.executable, "-X", "importtime", "-m", "prodlint", "--isolated", str(tmp_path)]
    loaded = {}
    for text in (plain, plain + "redis; python_version < '3'\n"):
        requirements.write_text(text)
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
        assert "gunicorn" in done.stdout
        loaded[text] = "packaging.markers" in done.stderr
    assert list(loaded.values()) == [False, True]
