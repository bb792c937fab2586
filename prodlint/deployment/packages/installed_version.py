"""Which version of a distribution installations fix: by a pin, a lock or a constraint."""

from __future__ import annotations

import re
from collections.abc import Iterable

from prodlint.deployment.dependency import Install
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import Known
from prodlint.regex import regex
from prodlint.source import Span

__all__ = ["placed_version_of", "version_of"]

_EXACT = regex(r"={2,3}\s*(?P<version>[0-9][^\s,*]*)")


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
