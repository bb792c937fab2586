"""What people learn of a service while it runs: what it logs and where, who is told of its errors, who asks for its
health.

Each question is answered by a module of its own, which is loaded when somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from prodlint.deployment.process import Platform
from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import code_holds
from prodlint.deployment.service import Service

if TYPE_CHECKING:
    from prodlint.deployment.proxies.public_metrics import PublicMetrics
    from prodlint.deployment.served.printed_lines import PrintedLines
    from prodlint.deployment.telemetry.error_tracker import ErrorTracker, UnusedTracker
    from prodlint.deployment.telemetry.health_route import MissingHealth
    from prodlint.deployment.telemetry.log_files import LogFile
    from prodlint.deployment.telemetry.silenced_loggers import SilencedLoggers
    from prodlint.deployment.telemetry.verbose_logging import Verbose
    from prodlint.deployment.telemetry.web_logging import LostLines
    from prodlint.deployment.traffic import Traffic
    from prodlint.finding import Evidence

__all__ = ["Observability"]

# These take a process out of the rotation when its health check fails, and know only its port without one.
_ORCHESTRATORS = frozenset(
    {Platform.KUBERNETES, Platform.ECS, Platform.CLOUD_RUN, Platform.FLY, Platform.RENDER, Platform.APP_RUNNER}
)


class Observability:
    """The answers for one service.

    `traffic` makes its traffic when that is asked for; `may_be_logged_elsewhere` is whether something that is not
    read, or a proxy, may write its requests down.
    """

    def __init__(
        self,
        service: Service,
        services: tuple[Service, ...],
        traffic: Callable[[], Traffic],
        repository: Repository,
        may_be_logged_elsewhere: bool,
    ) -> None:
        self._service = service
        self._services = services
        self._traffic = traffic
        self._repository = repository
        self._may_be_logged_elsewhere = may_be_logged_elsewhere

    @property
    def lost_lines(self) -> LostLines | None:
        """The informational lines of its code that are written nowhere."""
        if (
            self._service.server is None
            or self._service.app is None
            or not code_holds(self._service, self._repository, b".info(")
        ):
            return None
        from prodlint.deployment.telemetry.web_logging import lost_lines

        return lost_lines(self._service, self._repository)

    @property
    def verbose(self) -> tuple[Verbose, ...]:
        """Everything in it that logs at debug level."""
        from prodlint.deployment.telemetry.verbose_logging import verbose_logging

        return tuple(verbose_logging(self._service, self._repository))

    @property
    def log_files(self) -> tuple[LogFile, ...]:
        """The files that it logs to."""
        from prodlint.deployment.telemetry.log_files import log_files

        return tuple(log_files(self._service, self._repository))

    @property
    def rotated_log_files(self) -> tuple[LogFile, ...]:
        """The log files that several of its workers rotate, each on its own."""
        from prodlint.deployment.telemetry.log_files import rotated_files

        return tuple(rotated_files(self._service, self._repository))

    @property
    def error_trackers(self) -> tuple[ErrorTracker, ...]:
        """Where its process starts an error tracker."""
        if self._service.step is None or not code_holds(self._service, self._repository, b"sentry_sdk"):
            return ()
        from prodlint.deployment.telemetry.error_tracker import error_trackers

        return tuple(error_trackers(self._service, self._repository))

    @property
    def unused_tracker(self) -> UnusedTracker | None:
        """The error tracker that it installs and never starts."""
        if not any(one.name == "sentry-sdk" for install in self._service.installs for one in install.dependencies):
            return None
        from prodlint.deployment.telemetry.error_tracker import unused_tracker

        return unused_tracker(self._service, self._repository)

    @property
    def missing_health(self) -> MissingHealth | None:
        """The lack of a route that its orchestrator could ask for its health."""
        process = self._service.process
        if process.platform not in _ORCHESTRATORS or process.probes or self._service.server is None:
            return None
        from prodlint.deployment.telemetry.health_route import missing_health

        return missing_health(self._service, self._repository)

    @property
    def printed_lines(self) -> PrintedLines | None:
        """The lines that it prints and that are kept back in a buffer."""
        if self._service.server is None or not code_holds(self._service, self._repository, b"print("):
            return None
        from prodlint.deployment.served.printed_lines import printed_lines

        return printed_lines(self._service, self._repository)

    @property
    def silenced_loggers(self) -> SilencedLoggers | None:
        """The loggers of its server that the configuration of its app makes silent."""
        if self._service.server is None or not code_holds(self._service, self._repository, b"dictConfig"):
            return None
        from prodlint.deployment.telemetry.silenced_loggers import silenced_loggers

        return silenced_loggers(self._service, self._repository)

    @property
    def live_twin(self) -> Service | None:
        """The service of production that runs the same as this one of staging."""
        from prodlint.deployment.telemetry.error_tracker import live_twin

        return live_twin(self._service, self._services)

    @property
    def unrecorded_requests(self) -> tuple[Evidence, ...] | None:
        """The ways of its requests, where certainly nobody writes them down."""
        if self._may_be_logged_elsewhere or self._service.process.platform is not Platform.COMPOSE:
            return None
        from prodlint.deployment.telemetry.access_log import unrecorded_requests

        return unrecorded_requests(self._service, self._traffic().dials, self._repository)

    @property
    def public_metrics(self) -> PublicMetrics | None:
        """The metrics that it shows to everybody, through a proxy."""
        passages = self._traffic().passages
        if not passages or not code_holds(self._service, self._repository, b"prometheus"):
            return None
        from prodlint.deployment.proxies.public_metrics import public_metrics

        return public_metrics(self._service, passages, self._repository)
