"""How many copies of a process run at once.

Source: the catalogue's serving page, 2.6. A rolling release runs two of one copy for some seconds; that is not
counted here.
"""

from __future__ import annotations

from prodlint.deployment.process import Platform, Process
from prodlint.deployment.value import Known, Unknown, Value

__all__ = ["replicas_of"]

# Where one runs unless the file says otherwise, and nothing but the file does.
_ONE = frozenset({Platform.COMPOSE, Platform.KUBERNETES, Platform.SYSTEMD, Platform.SUPERVISOR})


def replicas_of(process: Process) -> Value[int]:
    """How many of a process run, by its file or by its platform's default."""
    if process.replicas is not None:
        return process.replicas
    if process.platform in _ONE:
        return Known(1, process.span)
    return Unknown(f"{process.platform.value} decides how many run", process.span)
