"""Compose files in small repositories, and the services that they run."""

from __future__ import annotations

from collections.abc import Mapping

from prodlint.deployment.model import Deployment
from prodlint.deployment.service import Service
from prodlint.deployment.value import EnvDriven, Known
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

__all__ = ["DOCKERFILE", "WEB", "composed", "deployment", "value"]


DOCKERFILE = 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nCMD ["gunicorn", "app:app"]\n'
WEB = "services:\n  web:\n    build: .\n    restart: always\n"


def deployment(files: Mapping[str, str]) -> Deployment:
    """The model of a repository that holds an app and its Dockerfile besides."""
    inspection = inspect(MemoryTree({"Dockerfile": DOCKERFILE, "app.py": "", **files}), ())
    assert inspection.crashes == ()
    return inspection.deployment


def composed(files: Mapping[str, str]) -> list[Service]:
    """The services of compose files."""
    return [one for one in deployment(files).services if one.process.platform.value == "Compose"]


def value(service: Service, name: str) -> str | None:
    """What is known of a variable of a service: its value, `$NAME else DEFAULT`, or `?`; None where it is not set."""
    found = service.variables.get(name)
    if isinstance(found, Known):
        return found.value
    if isinstance(found, EnvDriven):
        return f"${found.name} else {found.default}"
    return None if found is None else "?"
