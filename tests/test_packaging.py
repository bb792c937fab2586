"""What a user installs: the files of the wheel, its metadata, and that it runs from an empty environment."""

from __future__ import annotations

import email
import email.message
import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
import tomli

import prodlint

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NO_PART_OF_THE_SOURCE = shutil.ignore_patterns(
    ".git", ".venv*", "build", "dist", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis"
)


@dataclass(frozen=True)
class Environment:
    """A virtual environment with nothing in it but what a test puts there."""

    folder: Path

    @classmethod
    def empty(cls, folder: Path) -> Environment:
        venv.create(folder, symlinks=os.name != "nt")
        return cls(folder)

    @property
    def scripts(self) -> Path:
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    def install(self, *what: str | Path) -> None:
        run(
            sys.executable,
            "-m",
            "pip",
            "--python",
            self.scripts / "python",
            "install",
            "--quiet",
            *what,
            cwd=self.folder,
        )

    def prodlint(self, *arguments: str) -> str:
        """Run the console script from a folder that is no checkout, and give its standard output."""
        return run(self.scripts / "prodlint", *arguments, cwd=self.folder)

    def python(self, code: str) -> str:
        return run(self.scripts / "python", "-c", code, cwd=self.folder)


def run(*command: str | Path, cwd: Path) -> str:
    variables = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    # `no` is how pip's variables say --no-compile: a run compiles what it needs, which is little of what is installed.
    variables["PIP_NO_COMPILE"] = "no"
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{command} exits {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


def packages_of_the_tree() -> set[str]:
    """The packages by the names that they are installed under."""
    folders = [
        init.parent.relative_to(ROOT) for top in ("prodlint", "rules") for init in (ROOT / top).rglob("__init__.py")
    ]
    return {".".join(("prodlint", *folder.parts) if folder.parts[0] == "rules" else folder.parts) for folder in folders}


def installed_places_of_the_tree() -> set[str]:
    """Where the wheel must hold each module and each file of data, from the tree itself."""
    files = [
        file
        for top in ("prodlint", "rules")
        for file in (ROOT / top).rglob("*")
        if file.suffix in (".py", ".json", ".typed")
    ]
    places = [file.relative_to(ROOT).as_posix() for file in files]
    return {place if place.startswith("prodlint/") else f"prodlint/{place}" for place in places}


def test_every_folder_of_modules_is_a_package_of_the_distribution() -> None:
    folders = {file.parent for top in ("prodlint", "rules") for file in (ROOT / top).rglob("*.py")}
    assert {folder for folder in folders if not (folder / "__init__.py").is_file()} == set()
    assert set(PYPROJECT["tool"]["setuptools"]["packages"]) == packages_of_the_tree()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree, so that building writes nothing into the checkout."""
    return Path(shutil.copytree(ROOT, tmp_path_factory.mktemp("source") / "prodlint", ignore=NO_PART_OF_THE_SOURCE))


@pytest.fixture(scope="module")
def distributions(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds the source distribution, and the wheel that was built out of it."""
    folder = tmp_path_factory.mktemp("distributions")
    run(sys.executable, "-m", "build", "--outdir", folder, source, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(distributions: Path) -> Path:
    [wheel] = distributions.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def sdist(distributions: Path) -> Path:
    [sdist] = distributions.glob("*.tar.gz")
    return sdist


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> email.message.Message:
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return email.message_from_bytes(archive.read(name))


@pytest.mark.real
@pytest.mark.installs
class TestDistributions:
    def test_the_wheel_holds_the_whole_tree_and_nothing_else(self, wheel: Path) -> None:
        with zipfile.ZipFile(wheel) as archive:
            held = {name for name in archive.namelist() if ".dist-info/" not in name}
        assert held == installed_places_of_the_tree()

    def test_the_wheel_is_for_every_python_and_system(self, wheel: Path) -> None:
        assert wheel.name == f"prodlint-{prodlint.__version__}-py3-none-any.whl"

    def test_metadata_says_version_and_pythons(self, metadata: email.message.Message) -> None:
        assert metadata["Name"] == "prodlint"
        assert metadata["Version"] == prodlint.__version__
        assert metadata["Requires-Python"] == ">=3.10"
        pythons = [line.rpartition(" ")[2] for line in metadata.get_all("Classifier", []) if "Python :: 3." in line]
        assert pythons == ["3.10", "3.11", "3.12", "3.13", "3.14"]
        assert "Typing :: Typed" in metadata.get_all("Classifier", [])

    def test_the_readme_is_the_long_description(self, metadata: email.message.Message) -> None:
        assert metadata["Description-Content-Type"] == "text/markdown"
        assert metadata.get_payload(decode=True) == (ROOT / "README.md").read_bytes()

    def test_the_source_distribution_holds_tests_and_manual(self, sdist: Path) -> None:
        with tarfile.open(sdist) as archive:
            held = {name.partition("/")[2] for name in archive.getnames()}
        expected = {
            "Makefile",
            "CHANGELOG.md",
            "LICENSE",
            "docs/index.md",
            "tests/test_packaging.py",
            "rules/__init__.py",
        }
        assert expected <= held
        assert {name for name in held if name.endswith(".pyc")} == set()

    @pytest.mark.parametrize("kind", ["wheel", "sdist"])
    def test_installed_in_an_empty_environment_it_runs(
        self, kind: str, tmp_path: Path, request: pytest.FixtureRequest
    ) -> None:
        environment = Environment.empty(tmp_path / "environment")
        environment.install(request.getfixturevalue(kind))
        assert prodlint.__version__ in environment.prodlint("--version")
        assert "dev-server-in-production" in environment.prodlint("rules")

    def test_the_wheel_installs_no_package_but_prodlint(self, wheel: Path, tmp_path: Path) -> None:
        environment = Environment.empty(tmp_path / "environment")
        environment.install("--no-deps", wheel)
        [modules] = environment.folder.rglob("site-packages")
        assert sorted(entry.name for entry in modules.iterdir() if entry.suffix != ".dist-info") == ["prodlint"]
        assert environment.python("import prodlint.rules; print(prodlint.rules.__name__)") == "prodlint.rules\n"

    def test_an_editable_install_works_from_another_folder(self, source: Path, tmp_path: Path) -> None:
        environment = Environment.empty(tmp_path / "environment")
        environment.install("--editable", source)
        where = environment.python("import prodlint.rules; print(prodlint.rules.__file__)").strip()
        assert Path(where).resolve() == (source / "rules" / "__init__.py").resolve()
        assert "dev-server-in-production" in environment.prodlint("rules")
