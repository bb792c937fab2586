"""Installations of production: who installs packages, with what, for which services."""

from __future__ import annotations

from dataclasses import dataclass

from prodlint.deployment.dependency import Dependency, DependencyFile, Install
from prodlint.deployment.environment import Environment
from prodlint.deployment.install import open_dependencies
from prodlint.source import Span

__all__ = ["Installation"]


@dataclass(frozen=True, slots=True)
class Installation:
    """One install of packages as one deployment performs it: `owner` is the image's or platform's file."""

    install: Install
    owner: str
    environment: Environment

    @property
    def span(self) -> Span:
        """The command or the declaration that installs."""
        return self.install.span

    @property
    def open_dependencies(self) -> tuple[tuple[DependencyFile, tuple[Dependency, ...]], ...]:
        """By file, the direct dependencies whose version this installation resolves anew each time."""
        return open_dependencies(self.install)
