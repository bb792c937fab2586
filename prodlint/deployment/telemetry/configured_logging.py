"""The dictionary that configures the logging of a service, whichever way its code hands it on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prodlint.deployment.served.code import ServedCode

if TYPE_CHECKING:
    from prodlint.deployment.telemetry.log_config import LogConfig

__all__ = ["configured_logging"]


def configured_logging(code: ServedCode) -> LogConfig | None:
    """What Django's LOGGING says, else the only call of `dictConfig`; None where neither can be known."""
    config: LogConfig | None = None
    if code.graph.holding(b"LOGGING"):
        from prodlint.deployment.telemetry.log_config import django_logging

        config = django_logging(code.service, code.repository)
    if config is None and code.graph.holding(b"dictConfig"):
        from prodlint.deployment.telemetry.log_config import logging_of_calls

        found = logging_of_calls(code)
        config = found[0] if found is not None else None
    return config
