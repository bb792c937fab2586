"""Installations of production: who installs packages, with what, for which services."""

from __future__ import annotations

from collections.abc import Iterable

from prodlint.deployment.dependency import Dependency, DependencyFile, Install
from prodlint.deployment.environment import Environment
from prodlint.deployment.install import open_dependencies
from prodlint.record import Record
from prodlint.source import Span

__all__ = ["Installation", "InstalledFile", "installed_files"]


class Installation(Record):
    """One install of packages as one deployment performs it: `owner` is the image's or platform's file."""

    install: Install
    owner: str
    environment: Environment

    @property
    def span(self) -> Span:
        """The command or the declaration that installs."""
        return self.install.span

    @property
    def said(self) -> str:
        """What it does with a dependency file, as evidence says it."""
        rivals = self.install.rivals
        if not rivals:
            return f"{self.owner} installs it"
        return f"{self.owner} would install it, but for {' and '.join(rivals)} side by side"


class InstalledFile(Record):
    """A dependency file with every production installation that reads it.

    `open` are the direct dependencies whose version each of those builds resolves anew, `asked` the names
    of all that they take from the file.
    """

    file: DependencyFile
    installations: tuple[Installation, ...]
    open: tuple[Dependency, ...]
    asked: frozenset[str] = frozenset()

    @property
    def path(self) -> str:
        return self.file.path


def installed_files(installations: Iterable[Installation]) -> tuple[InstalledFile, ...]:
    """The files that leave versions open, each once, in the order of their paths."""
    found: dict[str, InstalledFile] = {}
    before: dict[str, list[Install]] = {}
    for installation in installations:
        earlier = before.setdefault(installation.owner, [])
        # What a platform may install instead of something else is declared at one place.
        loose = open_dependencies(installation.install, tuple(one for one in earlier if one.span != installation.span))
        earlier.append(installation.install)
        for file, dependencies in loose:
            known = found.get(file.path)
            users = (*known.installations, installation) if known is not None else (installation,)
            others = known.open if known is not None else ()
            open_ = tuple(dict.fromkeys((*others, *dependencies)))
            asked = {one.name or one.written for one in installation.install.dependencies if one in file.dependencies}
            asked.update(known.asked if known is not None else ())
            ordered = tuple(sorted(open_, key=lambda one: one.span.start))
            found[file.path] = InstalledFile(file, users, ordered, frozenset(asked))
    return tuple(found[path] for path in sorted(found))
