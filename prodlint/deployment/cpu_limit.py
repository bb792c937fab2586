"""The CPUs that a container may use, where its platform limits their time and not their number.

Such a limit is a quota of time: `nproc`, `os.cpu_count()` and `sched_getaffinity()` go on counting the CPUs of the
host (measured with a quota on a host of two, the catalogue's container page). Machines of their own (Fly.io) and
sandboxes (Cloud Run) show the program what it was given, so that they are not asked here.
"""

from __future__ import annotations

from prodlint.deployment.process import Platform, Process
from prodlint.deployment.value import Known
from prodlint.record import Record
from prodlint.source import Span

__all__ = ["CpuLimit", "cpu_limit_of"]

_SETTINGS = {
    Platform.COMPOSE: ("deploy.resources.limits.cpus", "cpus"),
    Platform.KUBERNETES: ("resources.limits.cpu",),
}
_PINNED = "cpuset"


class CpuLimit(Record):
    """How many CPUs' worth of time a container gets, and where that is written."""

    cpus: float
    span: Span


def cpu_limit_of(process: Process) -> CpuLimit | None:
    """The limit of a process; None where none is known, or where it is pinned to CPUs that it can count."""
    if process.platform_setting(_PINNED) is not None:
        return None
    for name in _SETTINGS.get(process.platform, ()):
        said = process.platform_setting(name)
        cpus = _number(said.value.value) if said is not None and isinstance(said.value, Known) else 0
        if said is not None and cpus > 0:
            return CpuLimit(cpus, said.span)
    return None


def _number(text: str) -> float:
    """`0.5`, or `500m` as Kubernetes writes it; 0 (no limit) for what is no number."""
    try:
        return float(text[:-1]) / 1000 if text.endswith("m") else float(text)
    except ValueError:
        return 0
