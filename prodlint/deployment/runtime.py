"""Which Python a service runs on, and which version of a package it has: each as far as the repository tells.

Where platforms look: the catalogue's delivery page, 2.7, and platform page, 2.4 to 2.6.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from prodlint.deployment.dependency import Install
from prodlint.deployment.process import Platform, Process
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.service import Service
from prodlint.deployment.value import Known, Unknown, Value
from prodlint.regex import regex
from prodlint.source import Source, Span

__all__ = ["placed_version_of", "python_in", "python_of", "version_of"]

# Images that are named for the Python in them: `python:3.13-slim`, `uv:0.9-python3.13-bookworm`,
# `tiangolo/uvicorn-gunicorn-fastapi:python3.11`, `public.ecr.aws/lambda/python:3.12`.
_OFFICIAL = regex(r"(?:^|/)(?:python|pypy):(?P<version>\d+(?:\.\d+){0,2})(?=$|[-@a-z])")
_IN_TAG = regex(r":[^:/]*python(?P<version>\d+\.\d+(?:\.\d+)?)(?=$|[-@])")
_NUMBER = regex(r"(?:c?python[-@]?)?(?P<version>\d+(?:\.\d+){0,2})")
_RUNTIME = regex(r"(?:python)?(?P<major>[23])(?:\.(?P<minor>\d+(?:\.\d+)?)|(?P<short>\d{1,2}))?")
# The Python buildpack of Cloud Foundry takes the newest of a line (`python-3.12.x`).
_OF_A_LINE = regex(r"(?:python-)?(?P<version>\d+\.\d+(?:\.\d+)?)(?:\.x)?")
_FILES = (".python-version", "runtime.txt")
_EXACT = regex(r"={2,3}\s*(?P<version>[0-9][^\s,*]*)")


def python_of(service: Service, repository: Repository) -> Value[str]:
    """The version of Python that a service runs on: `3.13` or `3.13.1`, as precisely as it is written."""
    if service.image is not None:
        return _of_image(service)
    named = _of_setting(service.process)
    if named is not None:
        return named
    root = service.process.root
    if service.process.platform is Platform.RENDER:
        set_here = service.place.environment.get("PYTHON_VERSION")
        if isinstance(set_here, Known):
            return set_here
    if service.process.platform is Platform.CLOUD_FOUNDRY:
        source = repository.source(normal_path(root, "runtime.txt"))
        if source is not None:
            return _first_number(source, _OF_A_LINE)
    if service.process.platform in (Platform.HEROKU, Platform.RENDER, Platform.RAILWAY, Platform.DIGITALOCEAN):
        for name in _FILES[: 1 if service.process.platform is Platform.RENDER else 2]:
            source = repository.source(normal_path(root, name))
            if source is not None:
                return _first_number(source)
        if service.process.platform is Platform.HEROKU and (found := _of_pipfile(repository, root)) is not None:
            return found
        return Unknown(f"no file tells {service.process.platform.value} which Python to use", service.span)
    return Unknown("nothing here says which Python it runs on", service.span)


def _of_setting(process: Process) -> Known[str] | None:
    """The runtime that a platform's file names: `python3.12` of Lambda, `python312` of App Engine and App Runner."""
    for name in ("runtime-version", "runtime_config.runtime_version", "Runtime", "runtime"):
        written = process.setting(name)
        found = _RUNTIME.fullmatch(written.value) if isinstance(written, Known) else None
        if found is not None and isinstance(written, Known):
            minor = found["minor"] or found["short"]
            if minor is not None:
                return Known(f"{found['major']}.{minor}", written.span)
    return None


def _of_image(service: Service) -> Value[str]:
    image = service.image
    assert image is not None
    if image.base is None:
        return Unknown("the base of the image is computed", image.span)
    version = python_in(image.base)
    if version is None:
        return Unknown(f"{image.base} does not say which Python it holds", image.span)
    return Known(version, image.span)


def python_in(base: str | None) -> str | None:
    """The version of Python that an image of others is named for, None where its name tells none."""
    found = _OFFICIAL.search(base) or _IN_TAG.search(base) if base is not None else None
    return found["version"] if found is not None else None


def _first_number(source: Source, form: re.Pattern[str] = _NUMBER) -> Value[str]:
    """What a file such as .python-version says on its first line that is no comment."""
    for number in range(1, len(source.line_starts) + 1):
        line = source.line(number).strip()
        if line and not line.startswith("#"):
            found = form.fullmatch(line)
            span = source.line_span(number)
            return Known(found["version"], span) if found else Unknown(f"`{line}` names no version", span)
    return Unknown("the file names no version", source.span)


def _of_pipfile(repository: Repository, root: str) -> Value[str] | None:
    toml = repository.toml(normal_path(root, "Pipfile"))
    for key in ("python_full_version", "python_version"):
        text = toml.text("requires", key) if toml is not None else None
        if text is not None:
            return Known(text.value, text.span)
    return None


def version_of(installs: Iterable[Install], distribution: str) -> Known[str] | None:
    """The version of a distribution that installations fix, None where they leave it open or do not bring it."""
    for install in installs:
        held = install.lock.packages.get(distribution) if install.lock is not None else None
        for dependency in install.dependencies:
            exact = _EXACT.fullmatch(dependency.specifier) if dependency.name == distribution else None
            if exact is not None:
                return Known(exact["version"], dependency.span)
        if held is not None:
            return Known(held, install.span)
        for file in install.constraints:
            for dependency in file.dependencies:
                exact = _EXACT.fullmatch(dependency.specifier) if dependency.name == distribution else None
                if exact is not None:
                    return Known(exact["version"], dependency.span)
    return None


def placed_version_of(installs: Iterable[Install], distribution: str, repository: Repository) -> Known[str] | None:
    """The version that installations fix, at the line of the lock where one does."""
    installs = tuple(installs)
    version = version_of(installs, distribution)
    for install in installs:
        lock = install.lock
        if version is None or lock is None or version.span is not install.span:
            continue
        source = repository.source(lock.path)
        if source is not None and lock.packages.get(distribution) == version.value:
            name = re.escape(distribution).replace("\\-", "[-_.]+")
            number = re.escape(version.value)
            # TOML names a package above its version; Pipfile.lock has one object a package.
            toml = rf'^name = "{name}"\s*\n(?:[^\[\n].*\n){{0,20}}?version = "{number}"'
            pipfile = rf'"{name}": \{{[^{{}}]{{0,20000}}?"version": "==\s*{number}"'
            found = re.search(rf"(?im){toml}|{pipfile}", source.content.value)
            if found is not None:
                start = found.end() - len(found[0].rpartition("\n")[2].lstrip())
                return Known(version.value, Span(source, start, found.end()))
    return version
