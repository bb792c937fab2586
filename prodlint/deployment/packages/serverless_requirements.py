"""What serverless-python-requirements leaves out of a package, by its version.

Source: the plugin as published on npm, read on 2026-11-26. Version 2.5.0 (index.js) drops the lines of
requirements.txt that hold `#no-deploy`; 3.3.1 and 4.3.0 know the comment no more and drop a list of their own; 5 and
later (6.1.2) drop nothing unless `noDeploy` says so.
"""

from __future__ import annotations

import posixpath

from prodlint.deployment.dependency import Dependency, Install
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.value import UNKNOWN
from prodlint.record import replace
from prodlint.regex import regex

__all__ = ["as_packed"]

_PLUGIN = "serverless-python-requirements"
_MARK = "#no-deploy"
_OF_THE_RUNTIME = frozenset("boto3 botocore docutils jmespath python-dateutil s3transfer six pip setuptools".split())
_LAST_WITH_MARKS = 2
_LAST_WITH_LIST = 4
# `^5.0.1`, `~2.4`, `5.x`: the first number is that of every version that may come.
_MAJOR = regex(r"\s*[\^~=v]*\s*(\d{1,4})(?:\.[\w.+-]*)?\s*")
_NAME_ENDS = regex(r"[=<> \t]")


def as_packed(install: Install, repository: Repository, folder: str) -> Install:
    """An installation from a folder's requirements file, without what the plugin leaves out there.

    What Lambda's runtime brings in its place is not known. Where no package.json tells the version, all that
    one of them leaves out is `perhaps` there.
    """
    major = _major(repository, folder)
    kept = tuple(one for one in install.dependencies if not _is_left_out(one, major))
    if len(kept) == len(install.dependencies):
        return install
    perhaps = tuple(one for one in install.dependencies if major is None and _is_left_out(one, major))
    return replace(install, dependencies=kept, complete=UNKNOWN, perhaps=perhaps)


def _is_left_out(dependency: Dependency, major: int | None) -> bool:
    span = dependency.span
    if (major is None or major <= _LAST_WITH_MARKS) and _MARK in span.source.line(span.line):
        return True
    by_list = major is None or _LAST_WITH_MARKS < major <= _LAST_WITH_LIST
    return by_list and _NAME_ENDS.split(span.text, maxsplit=1)[0] in _OF_THE_RUNTIME


def _major(repository: Repository, folder: str) -> int | None:
    """The major version that the nearest package.json asks for, None where none tells."""
    while True:
        path = normal_path(folder, "package.json")
        document = repository.json(path) if path in repository.paths else None
        for group in ("dependencies", "devDependencies") if document is not None else ():
            written = document.get(group, _PLUGIN) if document is not None else None
            found = _MAJOR.fullmatch(written) if isinstance(written, str) else None
            if found is not None:
                return int(found[1])
        if not folder:
            return None
        folder = posixpath.dirname(folder)
