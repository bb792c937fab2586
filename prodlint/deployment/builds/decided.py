"""Dockerfiles that a program of an infrastructure tool builds which is not read: what runs in them is decided there.

AWS CDK and Pulumi build images of folders, give them other commands, or only take files out of them
(`Code.from_docker_build`): a CMD says little then.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from itertools import islice

from prodlint.deployment.command import Link
from prodlint.deployment.process import UnreadDeployment
from prodlint.deployment.repository import Repository
from prodlint.regex import regex

__all__ = ["decided_by"]

_PROGRAMS = ("AWS CDK", "Pulumi")
_CODE = (".py", ".ts", ".js", ".mts", ".mjs")
_MOST_FILES = 2_000
_BUILDS = regex(rb"from_?(?:docker_?build|image_?asset|asset)\b|DockerImageAsset|docker\.Image\b|awsx", re.IGNORECASE)


def decided_by(dockerfile: str, unread: Iterable[UnreadDeployment], repository: Repository) -> Link | None:
    """The program in whose folder a Dockerfile lies, the nearest one.

    One at the root has the whole repository in its folder: there its code must name the folder of the Dockerfile.
    """
    programs = [one for one in unread if one.system in _PROGRAMS and _is_below(dockerfile, _folder(one))]
    if not programs:
        return None
    nearest = max(programs, key=lambda one: len(_folder(one)))
    if not _folder(nearest) and not _is_named(posixpath.dirname(dockerfile), repository):
        return None
    return Link(nearest.span, f"{nearest.system} ({nearest.span.path}) decides what runs in it, if anything")


def _folder(program: UnreadDeployment) -> str:
    return posixpath.dirname(program.span.path)


def _is_below(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


def _is_named(folder: str, repository: Repository) -> bool:
    """Whether code that builds images names a folder in quotes: `from_asset("./functions/resize")`."""
    if not folder:
        return False
    named = re.compile(rb"[\"'`](?:\.{0,2}/)*" + re.escape(folder.encode()) + rb"(?:/[\w.-]*)?[\"'`]")
    found = (repository.data(path) or b"" for path in islice(repository.ending(*_CODE), _MOST_FILES))
    return any(_BUILDS.search(data) is not None and named.search(data) is not None for data in found)
