"""Which Python a service runs on, and which version of a package it has: each as far as the repository tells.

Where platforms look: the catalogue's delivery page, 2.7, and platform page, 2.4 to 2.6.
"""

from __future__ import annotations

import posixpath
import re

from prodlint.deployment.image import Image
from prodlint.deployment.images.base import python_in
from prodlint.deployment.process import Platform, Process
from prodlint.deployment.procfile import may_be_of_another
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.service import Service
from prodlint.deployment.value import Known, Unknown, Value
from prodlint.regex import regex
from prodlint.source import Source

__all__ = ["python_of"]

_NUMBER = regex(r"(?:c?python[-@]?)?(?P<version>\d+(?:\.\d+){0,2})")
_RUNTIME = regex(r"(?:python)?(?P<major>[23])(?:\.(?P<minor>\d+(?:\.\d+)?)|(?P<short>\d{1,2}))?")
# The Python buildpack of Cloud Foundry takes the newest of a line (`python-3.12.x`).
_OF_A_LINE = regex(r"(?:python-)?(?P<version>\d+\.\d+(?:\.\d+)?)(?:\.x)?")
_FILES = (".python-version", "runtime.txt")


def python_of(service: Service, repository: Repository) -> Value[str]:
    """The version of Python that a service runs on: `3.13` or `3.13.1`, as precisely as it is written."""
    if service.image is not None:
        return _of_image(service.image, repository)
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
        is_open = may_be_of_another(service.process, repository)
        whose = "its platform" if is_open else service.process.platform.value
        return Unknown(f"no file tells {whose} which Python to use", service.span)
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


def _of_image(image: Image, repository: Repository) -> Value[str]:
    if image.base is None:
        return Unknown("the base of the image is computed", image.span)
    version = python_in(image.base)
    if version is None:
        brought = _brought_by_uv(image, repository)
        return Unknown(f"{image.base} does not say which Python it holds", image.span) if brought is None else brought
    return Known(version, image.span)


def _brought_by_uv(image: Image, repository: Repository) -> Value[str] | None:
    """The Python that `uv sync` makes the environment with: that of the .python-version where it runs.

    uv looks there before it looks for a Python of the image, and downloads it where there is none
    (docs.astral.sh/uv, Python versions).
    """
    for built in image.steps:
        step = built.step
        words = [word.literal or "" for word in step.argv[1:]]
        is_sync = step.program == "uv" and words[:1] == ["sync"] and not step.conditional
        if not is_sync or step.directory is None or any(word.startswith(("-p", "--python")) for word in words):
            continue
        for path in built.files.candidates(posixpath.join(step.directory, ".python-version")):
            source = repository.source(path)
            if source is not None:
                return _first_number(source)
    return None


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
