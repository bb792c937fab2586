"""Packages of the repository that an image installs: what runs from site-packages is a file of the repository."""

import pytest

from prodlint.deployment import Service
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

PROJECT = '[project]\nname = "shop"\nversion = "1"\n'
API = "from fastapi import FastAPI\n\napp = FastAPI()\n"
START = "#!/bin/sh\nexec gunicorn shop.api:app\n"
SHOP = {"pyproject.toml": PROJECT, "shop/__init__.py": "", "shop/api.py": API, "shop/start.sh": START}
LAST = ("FROM python:3.13", "WORKDIR /srv")
COMMAND = 'CMD ["gunicorn", "shop.api:app"]'
IN_VENV = "/venv/lib/python3.13/site-packages/shop"


def service_of(*lines: str, files: dict[str, str] = SHOP) -> Service:
    deployment = inspect(MemoryTree({**files, "Dockerfile": "\n".join((*lines, ""))}), []).deployment
    (service,) = deployment.services
    return service


def app_path(*lines: str, files: dict[str, str] = SHOP) -> str | None:
    app = service_of(*lines, files=files).app
    return app.path if app is not None else None


@pytest.mark.parametrize(
    "install",
    [
        "pip install .",
        "pip3 install --no-cache-dir .[web]",
        "pip --no-cache-dir install -e .",
        "python -m pip install /src",
        "/usr/local/bin/pip install /src/",
        "python setup.py sdist && pip install dist/shop-*.tar.gz",
        "pip wheel . -w dist && pip install dist/*.whl",
        "uv pip install --system .",
        "pip install --user .",
    ],
)
def test_an_installed_package_is_found_from_any_folder(install: str) -> None:
    lines = ("FROM python:3.13", "WORKDIR /src", "COPY . .", f"RUN {install} && rm -rf /src", "WORKDIR /srv", COMMAND)
    assert app_path(*lines) == "shop/api.py"


@pytest.mark.parametrize(
    "install",
    [
        "pip install shop",
        "uv sync",
        "uv sync --no-editable --no-install-project",
        "pip install -r requirements.txt",
        "pip uninstall .",
        "pip download .",
    ],
)
def test_what_does_not_install_the_project_leads_nowhere(install: str) -> None:
    lines = ("FROM python:3.13", "WORKDIR /src", "COPY . .", f"RUN {install}", "WORKDIR /srv", COMMAND)
    assert app_path(*lines) is None


def test_a_folder_without_a_project_file_is_no_project() -> None:
    files = {path: text for path, text in SHOP.items() if path != "pyproject.toml"}
    lines = ("FROM python:3.13", "WORKDIR /src", "COPY . .", "RUN pip install .", "WORKDIR /srv", COMMAND)
    assert app_path(*lines, files=files) is None


@pytest.mark.parametrize(
    ("install", "copied"),
    [
        ("python -m venv /venv && /venv/bin/pip install .", "COPY --from=0 /venv /venv"),
        ("pip install --prefix=/out .", "COPY --from=0 /out /usr/local"),
        ("pip install --user .", "COPY --from=0 /root/.local /root/.local"),
        ("pip install -t /out .", "COPY --from=0 /out /usr/lib/python3.13/site-packages"),
    ],
)
def test_a_package_comes_along_with_the_folder_of_another_stage(install: str, copied: str) -> None:
    first = ("FROM python:3.13", "WORKDIR /src", "COPY . .", f"RUN {install}")
    assert app_path(*first, *LAST, copied, COMMAND) == "shop/api.py"
    assert app_path(*first, *LAST, COMMAND) is None


def test_a_stage_with_its_own_environment_is_followed_by_its_path() -> None:
    first = ("FROM python:3.13", "ENV PATH=/venv/bin:$PATH", "WORKDIR /src", "COPY . .", "RUN pip install .")
    service = service_of(*first, *LAST, "COPY --from=0 /venv /venv", f'ENTRYPOINT ["{IN_VENV}/start.sh"]')
    assert service.server is not None
    assert service.server.product == "gunicorn"
    assert service.app is not None
    assert service.app.path == "shop/api.py"


def test_a_package_below_src_is_found() -> None:
    files = {"pyproject.toml": PROJECT, "src/shop/__init__.py": "", "src/shop/api.py": API, "tests/__init__.py": ""}
    lines = ("FROM python:3.13", "WORKDIR /src", "COPY . .", "RUN pip install .", "WORKDIR /srv", COMMAND)
    assert app_path(*lines, files=files) == "src/shop/api.py"


def test_a_project_below_the_root_is_found() -> None:
    files = {f"services/api/{path}": text for path, text in SHOP.items()}
    lines = ("FROM python:3.13", "COPY services/api /src", "RUN pip install /src", "WORKDIR /srv", COMMAND)
    assert app_path(*lines, files=files) == "services/api/shop/api.py"


def test_a_package_without_an_init_is_known_by_the_name_of_its_project() -> None:
    files = {"pyproject.toml": PROJECT, "shop/api.py": API}
    lines = ("FROM python:3.13", "WORKDIR /src", "COPY . .", "RUN pip install .", "WORKDIR /srv", COMMAND)
    assert app_path(*lines, files=files) == "shop/api.py"


def test_a_module_in_the_working_directory_comes_before_an_installed_one() -> None:
    files = {**SHOP, "other/shop/__init__.py": "", "other/shop/api.py": API}
    lines = ("FROM python:3.13", "COPY . /src", "RUN pip install /src", "WORKDIR /srv", "COPY other .", COMMAND)
    assert app_path(*lines, files=files) == "other/shop/api.py"


def test_a_project_that_a_run_binds_is_installed() -> None:
    install = "RUN --mount=type=bind,source=.,target=/src pip install /src"
    assert app_path("FROM python:3.13", install, "WORKDIR /srv", COMMAND) == "shop/api.py"


MODULE = {"src/my_shop/__init__.py": "", "src/my_shop/api.py": API}
START_MODULE = 'CMD ["gunicorn", "my_shop.api:app"]'
HATCH = "[tool.hatch.build.targets.wheel]\n"
PLACED = ("FROM python:3.13", "COPY . /src", "RUN pip install /src", "WORKDIR /srv")


def project(backend: str, settings: str = "", name: str = "my-shop") -> str:
    return (
        f'[project]\nname = "{name}"\nversion = "1"\n'
        f'[build-system]\nrequires = []\nbuild-backend = "{backend}"\n{settings}\n'
    )


@pytest.mark.parametrize(
    ("backend", "settings", "path"),
    [
        ("hatchling.build", f"{HATCH}packages = ['backend/shop']", "backend/shop/api.py"),
        ("hatchling.build", f"{HATCH}only-include = ['shop']", "shop/api.py"),
        ("hatchling.build", "[tool.hatch.build]\nonly-include = ['shop']", "shop/api.py"),
        ("hatchling.build", f"{HATCH}only-include = ['lib/shop']\nsources = ['lib']", "lib/shop/api.py"),
        ("hatchling.build", f"{HATCH}only-include = ['lib']\nsources = ['lib']", "lib/shop/api.py"),
        ("hatchling.build", f"{HATCH}packages = ['.']", "shop/api.py"),
        ("hatchling.build", f"{HATCH}include = ['lib/shop/**/*.py']\nsources = ['lib']", "lib/shop/api.py"),
        ("hatchling.build", "[tool.hatch.build.targets.wheel.force-include]\n'lib/shop' = 'shop'", "lib/shop/api.py"),
        ("uv_build", "[tool.uv.build-backend]\nmodule-name = 'shop'\nmodule-root = ''", "shop/api.py"),
        ("uv_build", "[tool.uv.build-backend]\nmodule-name = 'shop'", "src/shop/api.py"),
        ("poetry.core.masonry.api", "[tool.poetry]\npackages = [{include = 'shop', from = 'lib'}]", "lib/shop/api.py"),
        (
            "poetry.core.masonry.api",
            "[tool.poetry]\npackages = [{include = '**/*.py', from = 'lib'}]",
            "lib/shop/api.py",
        ),
        ("flit_core.buildapi", "[tool.flit.module]\nname = 'shop'", "src/shop/api.py"),
        ("setuptools.build_meta", "[tool.setuptools.packages.find]\nwhere = ['backend']", "backend/shop/api.py"),
        (
            "setuptools.build_meta",
            "[tool.setuptools]\npackages = ['shop']\npackage-dir = {'' = 'lib'}",
            "lib/shop/api.py",
        ),
        ("setuptools.build_meta", "", "src/shop/api.py"),
    ],
)
def test_a_package_without_an_init_is_found_where_the_build_backend_takes_it_from(
    backend: str, settings: str, path: str
) -> None:
    files = {"pyproject.toml": project(backend, settings), path: API, "tests/test_api.py": ""}
    assert app_path(*PLACED, COMMAND, files=files) == path


@pytest.mark.parametrize(
    ("backend", "settings", "path"),
    [
        ("hatchling.build", f"{HATCH}packages = ['backend']", "backend/shop/api.py"),
        ("hatchling.build", f"{HATCH}packages = ['web']", "shop/api.py"),
        ("hatchling.build", f"{HATCH}only-include = ['lib/shop']", "lib/shop/api.py"),
        ("hatchling.build", f"{HATCH}only-include = ['web']\npackages = ['shop']", "shop/api.py"),
        ("hatchling.build", "", "shop/api.py"),
        ("uv_build", "", "src/shop/api.py"),
        ("uv_build", "[tool.uv.build-backend]\nmodule-name = 'shop'", "shop/api.py"),
        ("poetry.core.masonry.api", "[tool.poetry]\npackages = [{include = 'shop', format = 'sdist'}]", "shop/api.py"),
        ("poetry.core.masonry.api", "[tool.poetry]\npackages = [{include = 'shop', to = 'my'}]", "shop/api.py"),
        ("setuptools.build_meta", "[tool.setuptools.packages.find]\nwhere = ['lib']", "shop/api.py"),
        ("setuptools.build_meta", "[tool.setuptools.packages.find]\nexclude = ['shop*']", "shop/api.py"),
        ("maturin", "", "backend/shop/api.py"),
    ],
)
def test_a_package_that_the_build_backend_leaves_out_leads_nowhere(backend: str, settings: str, path: str) -> None:
    files = {"pyproject.toml": project(backend, settings), path: API}
    assert app_path(*PLACED, COMMAND, files=files) is None


@pytest.mark.parametrize("backend", ["hatchling.build", "uv_build", "poetry.core.masonry.api", "flit_core.buildapi"])
def test_a_package_is_called_as_its_project_where_nothing_else_is_said(backend: str) -> None:
    files = {"pyproject.toml": project(backend), **MODULE}
    assert app_path(*PLACED, START_MODULE, files=files) == "src/my_shop/api.py"


def test_what_hatchling_is_told_in_a_file_of_its_own_counts() -> None:
    hatch = "[build.targets.wheel]\npackages = ['lib/shop']\n"
    files = {"pyproject.toml": project("hatchling.build"), "hatch.toml": hatch, "lib/shop/api.py": API, **MODULE}
    assert app_path(*PLACED, COMMAND, files=files) == "lib/shop/api.py"
    assert app_path(*PLACED, START_MODULE, files=files) is None


def test_several_projects_fill_one_namespace() -> None:
    taken = project("hatchling.build", f"{HATCH}only-include = ['shop']")
    files = {
        "libs/core/pyproject.toml": taken,
        "libs/core/shop/core/__init__.py": "",
        "libs/api/pyproject.toml": taken,
        "libs/api/shop/api/__init__.py": "",
        "libs/api/shop/api/main.py": "from fastapi import FastAPI\nfrom shop.core import x\n\napp = FastAPI()\n",
    }
    copied = ("FROM python:3.13", "COPY libs/ /tmp/libs/")
    command = 'CMD ["gunicorn", "shop.api.main:app"]'
    both = 'RUN python -m pip install /tmp/libs/core["web"] /tmp/libs/api --no-cache-dir'
    assert app_path(*copied, both, "RUN rm -rf /tmp/libs", command, files=files) == "libs/api/shop/api/main.py"
    one = "RUN python -m pip install /tmp/libs/core"
    assert app_path(*copied, one, "RUN rm -rf /tmp/libs", command, files=files) is None


@pytest.mark.parametrize(
    ("backend", "table"),
    [
        ("hatchling.build", "tool.hatch.build.targets.wheel"),
        ("uv_build", "tool.uv.build-backend"),
        ("poetry.core.masonry.api", "tool.poetry"),
        ("flit_core.buildapi", "tool.flit.module"),
        ("setuptools.build_meta", "tool.setuptools"),
        ("setuptools.build_meta", "tool.setuptools.packages.find"),
    ],
)
@pytest.mark.parametrize("value", ["5", "''", "[5, '', '../..']", "{a = 5}", "[{include = 5, format = 5}]"])
def test_settings_that_make_no_sense_place_nothing_else(backend: str, table: str, value: str) -> None:
    keys = "packages only-include include sources force-include module-name module-root name package-dir where"
    settings = f"[{table}]\n" + "".join(f"{key} = {value}\n" for key in keys.split())
    files = {"pyproject.toml": project(backend, settings), "other/shop/api.py": API}
    assert app_path(*PLACED, COMMAND, files=files) is None
