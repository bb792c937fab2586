"""A step of a pipeline that starts services of a set of compose files, and which of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prodlint.deployment.process import Process
from prodlint.deployment.releases.release import PipelineStep
from prodlint.record import Record

__all__ = ["ComposeStart"]


class ComposeStart(Record):
    """A step of a pipeline that starts services of a set of compose files.

    `names` are those that it names, empty where it starts all; `profiles` those that it asks for, None where nobody
    knows. `alone` says that it leaves out what they depend on.
    """

    step: PipelineStep
    group: str
    names: frozenset[str]
    profiles: frozenset[str] | None
    alone: bool = False

    def started(self, processes: Iterable[Process]) -> frozenset[str]:
        """The names of the services of the set that it certainly starts."""
        by_name = {one.name: one for one in processes}
        if not self.names:
            return frozenset(name for name, one in by_name.items() if self._asks_for(one))
        return self.names & by_name.keys() if self.alone else _with_needed(self.names, by_name)

    def _asks_for(self, process: Process) -> bool:
        asked = self.profiles or frozenset()
        return not process.profiles or not asked.isdisjoint((*process.profiles, "*"))


def _with_needed(names: frozenset[str], by_name: Mapping[str, Process]) -> frozenset[str]:
    found: dict[str, None] = {}
    waiting = sorted(names)
    while waiting:
        name = waiting.pop()
        if name not in found and name in by_name:
            found[name] = None
            waiting.extend(by_name[name].brings)
    return frozenset(found)
