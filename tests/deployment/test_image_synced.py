"""Projects that `uv sync --no-editable` copies into an environment: that of a folder, members of a workspace."""

import pytest

from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

API = "from fastapi import FastAPI\n\napp = FastAPI()\n"
BUILT = '[build-system]\nrequires = ["uv_build"]\nbuild-backend = "uv_build"\n'
LAST = ("FROM python:3.13", "WORKDIR /srv")
VENV = "COPY --from=0 /src/.venv /opt/venv"


def entry(name: str, source: str, *needs: str, group: str = "") -> str:
    listed = ", ".join(f'{{ name = "{one}" }}' for one in needs)
    needed = f"[package.dev-dependencies]\n{group} = [{listed}]" if group else f"dependencies = [{listed}]"
    return f'[[package]]\nname = "{name}"\nversion = "1"\nsource = {{ {source} }}\n{needed}\n'


def declared(name: str, rest: str = BUILT) -> str:
    return f'[project]\nname = "{name}"\nversion = "1"\n{rest}'


SHOP = {"pyproject.toml": declared("shop"), "src/shop/__init__.py": "", "src/shop/api.py": API}
WORKSPACE = {
    "pyproject.toml": declared("shop", '[tool.uv.workspace]\nmembers = ["libs/*"]\n'),
    "libs/web/pyproject.toml": declared("web"),
    "libs/web/src/web/__init__.py": "",
    "libs/web/src/web/api.py": API,
    "uv.lock": entry("shop", 'virtual = "."', "web") + entry("web", 'editable = "libs/web"'),
}


def app_path(sync: str, *lines: str, files: dict[str, str], target: str) -> str | None:
    """The file of the app where one stage syncs and another one takes the environment alone."""
    first = ("FROM python:3.13", "WORKDIR /src", "COPY . .", *lines[:1], f"RUN {sync}")
    copied = lines[1] if len(lines) > 1 else VENV
    text = "\n".join((*first, *LAST, copied, f'CMD ["gunicorn", "{target}"]', ""))
    (service,) = inspect(MemoryTree({**files, "Dockerfile": text}), []).deployment.services
    return service.app.path if service.app is not None else None


def test_a_project_that_is_built_is_copied() -> None:
    sync = "uv sync --locked --no-dev --no-editable"
    assert app_path(sync, files=SHOP, target="shop.api:app") == "src/shop/api.py"


@pytest.mark.parametrize("rest", ["", f"{BUILT}[tool.uv]\npackage = false\n"])
def test_a_project_that_is_no_package_is_not_copied(rest: str) -> None:
    files = {**SHOP, "pyproject.toml": declared("shop", rest)}
    assert app_path("uv sync --no-editable", files=files, target="shop.api:app") is None


def test_a_project_that_calls_itself_a_package_is_copied() -> None:
    files = {**SHOP, "pyproject.toml": declared("shop", "[tool.uv]\npackage = true\n")}
    assert app_path("uv sync --no-editable", files=files, target="shop.api:app") == "src/shop/api.py"


@pytest.mark.parametrize(
    ("sync", "is_found"),
    [
        ("uv sync --frozen --no-editable", True),
        ("uv sync --no-editable --no-install-project", True),
        ("uv sync --no-editable --package web", True),
        ("uv sync --no-editable --all-packages", True),
        ("UV_NO_EDITABLE=1 uv sync", True),
        ("uv sync --no-editable --package shop --only-group dev", False),
        ("uv sync --no-editable --no-install-workspace", False),
        ("uv sync --no-editable --no-install-package web", False),
        ("uv sync --no-editable --only-group dev", False),
        ("uv sync --no-editable --dry-run", False),
        ("uv sync", False),
    ],
)
def test_members_that_the_root_depends_on_are_copied(sync: str, is_found: bool) -> None:
    found = app_path(sync, files=WORKSPACE, target="web.api:app")
    assert found == ("libs/web/src/web/api.py" if is_found else None)


def test_a_member_that_nothing_asks_for_is_not_copied() -> None:
    lock = entry("shop", 'virtual = "."') + entry("web", 'editable = "libs/web"')
    assert app_path("uv sync --no-editable", files={**WORKSPACE, "uv.lock": lock}, target="web.api:app") is None


def test_a_member_of_a_group_is_copied_with_that_group() -> None:
    lock = entry("shop", 'virtual = "."', "web", group="server") + entry("web", 'editable = "libs/web"')
    files = {**WORKSPACE, "uv.lock": lock}
    assert app_path("uv sync --no-editable --group server", files=files, target="web.api:app") is not None
    assert app_path("uv sync --no-editable", files=files, target="web.api:app") is None


def test_a_member_that_is_virtual_is_not_copied() -> None:
    files = {**WORKSPACE, "uv.lock": WORKSPACE["uv.lock"].replace("editable", "virtual")}
    assert app_path("uv sync --no-editable", files=files, target="web.api:app") is None


def test_the_environment_of_a_workspace_lies_at_its_root() -> None:
    sync = "cd libs/web && uv sync --no-editable"
    assert app_path(sync, files=WORKSPACE, target="web.api:app") == "libs/web/src/web/api.py"


@pytest.mark.parametrize(
    ("variable", "copied", "is_found"),
    [
        ("ENV UV_PROJECT_ENVIRONMENT=/opt/venv", "COPY --from=0 /opt/venv /opt/venv", True),
        ("ENV UV_PROJECT_ENVIRONMENT=/opt/venv", VENV, False),
        ("ENV UV_PROJECT_ENVIRONMENT=env", "COPY --from=0 /src/env /opt/venv", True),
        ("ARG PLACE\nENV UV_PROJECT_ENVIRONMENT=$PLACE", VENV, False),
    ],
)
def test_the_environment_lies_where_a_variable_says(variable: str, copied: str, is_found: bool) -> None:
    found = app_path("uv sync --no-editable", variable, copied, files=WORKSPACE, target="web.api:app")
    assert found == ("libs/web/src/web/api.py" if is_found else None)


def test_members_that_are_not_in_the_image_are_not_copied() -> None:
    lines = ("FROM python:3.13", "WORKDIR /src", "COPY pyproject.toml uv.lock ./", "RUN uv sync --no-editable")
    text = "\n".join((*lines, *LAST, VENV, 'CMD ["gunicorn", "web.api:app"]', ""))
    (service,) = inspect(MemoryTree({**WORKSPACE, "Dockerfile": text}), []).deployment.services
    assert service.app is None
