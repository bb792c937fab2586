"""Defaults of servers by version: the version that is installed decides, and the servers themselves are asked."""

from __future__ import annotations

import pytest

from prodlint.deployment.servers.server import Server
from prodlint.deployment.servers.setting import Setting
from prodlint.deployment.value import EnvDriven, Known, Unknown
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree


def setting(requirement: str, command: str = "gunicorn app:app", name: str = "forwarded_allow_ips") -> Setting:
    files = {
        "Dockerfile": f"FROM python:3.13\nCOPY . .\nRUN pip install -r requirements.txt\nCMD {command}\n",
        "requirements.txt": f"{requirement}\n",
        "main.py": "import uvicorn\nuvicorn.run('app:app')\n",
    }
    (service,) = inspect(MemoryTree(files), []).deployment.services
    assert isinstance(service.server, Server)
    return service.server.settings[name]


def shown(found: Setting) -> object:
    value = found.value
    return value.value if isinstance(value, Known) else value.default if isinstance(value, EnvDriven) else "?"


_OLD, _NEW = "127.0.0.1", "127.0.0.1,::1"


@pytest.mark.parametrize(
    ("requirement", "default"),
    [
        ("gunicorn==19.9.0", _OLD),
        ("gunicorn==22.0.0", _OLD),
        ("gunicorn==23.0.0", _NEW),
        ("gunicorn==23", _NEW),
        ("gunicorn==27.0.1", _NEW),
        ("gunicorn>=23", _NEW),
        ("gunicorn>=20.1,<24", "?"),
        ("gunicorn<23", _OLD),
        ("gunicorn<=23", "?"),
        ("gunicorn~=22.0", _OLD),
        ("gunicorn~=23.0", _NEW),
        ("gunicorn==22.*", _OLD),
        ("gunicorn==23.*", _NEW),
        ("gunicorn", "?"),
        ("flask", "?"),
    ],
)
def test_the_version_of_gunicorn_decides_whose_headers_it_trusts(requirement: str, default: str) -> None:
    assert shown(setting(requirement)) == default


@pytest.mark.parametrize(
    ("requirement", "command", "default"),
    [
        ("uvicorn==0.52.4", "uvicorn app:app", _OLD),
        ("uvicorn==0.53.0", "uvicorn app:app", _NEW),
        ("uvicorn[standard]==0.49.0", "uvicorn app:app", _OLD),
        ("uvicorn==0.49.0\nfastapi-cli==0.0.34", "fastapi run", _OLD),
        ("uvicorn==0.49.0", "python main.py", _OLD),
        ("uvicorn==0.54.0", "python main.py", _NEW),
        ("uvicorn", "uvicorn app:app", "?"),
    ],
)
def test_the_version_of_uvicorn_decides_however_it_is_started(requirement: str, command: str, default: str) -> None:
    assert shown(setting(requirement, command)) == default


def test_what_is_told_is_the_same_in_every_version() -> None:
    assert shown(setting("gunicorn", "gunicorn --forwarded-allow-ips=* app:app")) == "*"
    told = setting("gunicorn==22.0.0", "FORWARDED_ALLOW_IPS=10.0.0.1 gunicorn app:app")
    assert [shown(Setting("", one.value, ())) for one in told.sources] == [_OLD, "10.0.0.1"]


def test_a_default_that_versions_disagree_on_says_so() -> None:
    value = setting("gunicorn").value
    assert isinstance(value, Unknown)
    assert value.reason == "127.0.0.1 before gunicorn 23.0.0, 127.0.0.1,::1 since"
    assert shown(setting("gunicorn", name="timeout")) == 30


def test_a_variable_stays_the_one_that_decides() -> None:
    value = setting("gunicorn==22.0.0").value
    assert isinstance(value, EnvDriven)
    assert (value.name, value.default) == ("FORWARDED_ALLOW_IPS", _OLD)
