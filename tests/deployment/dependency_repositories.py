"""Dependency files in small repositories."""

from __future__ import annotations

from textwrap import dedent

from prodlint.deployment.dependency import DependencyFile
from prodlint.deployment.packages.files import dependency_file
from prodlint.deployment.repository import Repository

__all__ = ["UV_LOCK", "of", "read"]


def of(files: dict[str, str]) -> Repository:
    """A repository with files in memory, their common indentation taken off."""
    written = {path: dedent(text).lstrip("\n").encode() for path, text in files.items()}
    return Repository(written, written.__getitem__)


def read(path: str, text: str, **others: str) -> DependencyFile:
    """A text as the dependency file at a path, beside other files."""
    file = dependency_file(of({path: text, **others}), path)
    assert file is not None
    return file


UV_LOCK = """
    version = 1

    [[package]]
    name = "shop"
    version = "0.1"
    source = { virtual = "." }
    dependencies = [{ name = "fastapi", extra = ["standard"] }]

    [package.optional-dependencies]
    redis = [{ name = "redis" }]

    [package.dev-dependencies]
    dev = [{ name = "pytest" }]

    [[package]]
    name = "fastapi"
    version = "0.115.0"
    dependencies = [{ name = "starlette" }]

    [package.optional-dependencies]
    standard = [{ name = "uvicorn" }]

    [[package]]
    name = "starlette"
    version = "0.38"

    [[package]]
    name = "uvicorn"
    version = "0.30"

    [[package]]
    name = "pytest"
    version = "8.0"

    [[package]]
    name = "redis"
    version = "5.0"
"""
