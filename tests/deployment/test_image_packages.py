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
        ("uv sync --locked --no-dev --no-editable", "COPY --from=0 /src/.venv /app/.venv"),
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
