"""The packages of one service: what it lacks, which version it has, and how to ask for one.

Each question is answered by a module of its own, which is loaded when somebody asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prodlint.deployment.repository import Repository
from prodlint.deployment.service import Service
from prodlint.deployment.value import YES
from prodlint.finding import Evidence, Fix

if TYPE_CHECKING:
    from prodlint.deployment.installed.server_needs import Need
    from prodlint.source import Span

__all__ = ["ServicePackages"]


class ServicePackages:
    """The answers for one service."""

    def __init__(self, service: Service, repository: Repository) -> None:
        self._service = service
        self._repository = repository

    @property
    def worker_need(self) -> Need | None:
        """The worker class that gunicorn is told to use and certainly cannot load."""
        from prodlint.deployment.installed.server_needs import worker_need_of

        return worker_need_of(self._service, self._repository) if self._service.starts_certainly else None

    @property
    def option_needs(self) -> tuple[Need, ...]:
        """The options of its server that need a package which is certainly not installed."""
        from prodlint.deployment.installed.server_needs import option_needs_of

        return option_needs_of(self._service) if self._service.starts_certainly else ()

    @property
    def async_need(self) -> Need | None:
        """The coroutine that Flask is to call for requests, where what it calls it with is certainly not installed."""
        from prodlint.deployment.installed.server_needs import async_need_of

        return async_need_of(self._service, self._repository) if self._service.starts_certainly else None

    def since(self, distribution: str, version: str) -> Evidence | None:
        """The place that gives it a version of a package or a later one; None where it may be an earlier one."""
        from prodlint.deployment.packages.installed_version import placed_version_of
        from prodlint.deployment.servers.versions import is_since

        installs = self._service.installs
        if is_since(installs, distribution, version) is not YES:
            return None
        placed = placed_version_of(installs, distribution, self._repository)
        if placed is not None:
            return Evidence(placed.span, f"installs {distribution} {placed.value}")
        asked = self._asked(distribution)
        return Evidence(asked[0], f"installs {distribution} {version} or later") if asked else None

    def asking_for(self, distribution: str) -> tuple[Evidence, ...]:
        """The place where what it installs names a package."""
        return tuple(Evidence(span, f"asks for {distribution}") for span in self._asked(distribution)[:1])

    def _asked(self, distribution: str) -> list[Span]:
        installs = self._service.installs
        return [one.span for install in installs for one in install.dependencies if one.name == distribution]

    def with_distribution(self, distribution: str) -> Fix | None:
        """A package added to the file that it installs from; None where that is not certain."""
        from prodlint.deployment.fixes.requirement import with_distribution

        return with_distribution(self._service, distribution, self._repository)

    def with_extra(self, distribution: str, extra: str) -> Fix | None:
        """An extra of a package asked for in the file that it installs from; None where that is not certain."""
        from prodlint.deployment.fixes.requirement import with_extra

        return with_extra(self._service, distribution, extra)

    def with_needed(self, need: Need) -> Fix | None:
        """What its server needs asked for where it installs from; None where that is not certain."""
        if need.extra is not None:
            return self.with_extra(*need.extra)
        return self.with_distribution(need.distribution) if need.distribution is not None else None
