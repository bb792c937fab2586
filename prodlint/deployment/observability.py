"""What people learn of a service while it runs: what it logs and where, who is told of its errors, who asks for its
health.

Each question is answered by a module of its own, which is loaded when somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from prodlint.deployment.repository import Repository
from prodlint.deployment.service import Service
from prodlint.deployment.traffic import Traffic

if TYPE_CHECKING:
    from prodlint.deployment.proxies.public_metrics import PublicMetrics
    from prodlint.deployment.served.printed_lines import PrintedLines
    from prodlint.deployment.telemetry.error_tracker import ErrorTracker, UnusedTracker
    from prodlint.deployment.telemetry.health_route import MissingHealth
    from prodlint.deployment.telemetry.log_files import LogFile
    from prodlint.deployment.telemetry.silenced_loggers import SilencedLoggers
    from prodlint.deployment.telemetry.verbose_logging import Verbose
    from prodlint.deployment.telemetry.web_logging import LostLines
    from prodlint.finding import Evidence

__all__ = ["Observability"]


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
        from prodlint.deployment.telemetry.error_tracker import error_trackers

        return tuple(error_trackers(self._service, self._repository))

    @property
    def unused_tracker(self) -> UnusedTracker | None:
        """The error tracker that it installs and never starts."""
        from prodlint.deployment.telemetry.error_tracker import unused_tracker

        return unused_tracker(self._service, self._repository)

    @property
    def missing_health(self) -> MissingHealth | None:
        """The lack of a route that its orchestrator could ask for its health."""
        from prodlint.deployment.telemetry.health_route import missing_health

        return missing_health(self._service, self._repository)

    @property
    def printed_lines(self) -> PrintedLines | None:
        """The lines that it prints and that are kept back in a buffer."""
        from prodlint.deployment.served.printed_lines import printed_lines

        return printed_lines(self._service, self._repository)

    @property
    def silenced_loggers(self) -> SilencedLoggers | None:
        """The loggers of its server that the configuration of its app makes silent."""
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
        from prodlint.deployment.telemetry.access_log import unrecorded_requests

        if self._may_be_logged_elsewhere:
            return None
        return unrecorded_requests(self._service, self._traffic().dials, self._repository)

    @property
    def public_metrics(self) -> PublicMetrics | None:
        """The metrics that it shows to everybody, through a proxy."""
        from prodlint.deployment.proxies.public_metrics import public_metrics

        return public_metrics(self._service, self._traffic().passages, self._repository)
