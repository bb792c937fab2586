"""Workflows that others of the repository call: what sets those off sets them off.

Source: GitHub, "Reuse workflows": the `github` context of a called workflow is that of its caller.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence

from prodlint.deployment.pipeline import Job, Occasion, Pipeline
from prodlint.deployment.repository import Repository
from prodlint.record import replace

__all__ = ["CALL", "told_callers", "with_callers"]

CALL = "workflow_call"
"""The trigger of a workflow that others call."""
# GitHub's own limits are smaller.
_DEEPEST = 10
_MOST_OCCASIONS = 100


def with_callers(pipelines: Sequence[Pipeline], repository: Repository) -> list[Pipeline]:
    """The pipelines, those that workflows of the repository call with the occasions of these."""
    if not any(job.calls is not None for pipeline in pipelines for job in pipeline.jobs):
        return [*pipelines]
    callers = _Callers(pipelines, repository)
    return [replace(one, occasions=callers.occasions(one)) if CALL in one.triggers else one for one in pipelines]


def told_callers(occasions: Iterable[Occasion]) -> str:
    """`called by .github/workflows/release.yml (release published), nightly.yml (by hand)`; empty without any."""
    causes: dict[str, dict[str, dict[str, None]]] = {}
    for one in occasions:
        if one.caller:
            causes.setdefault(one.caller, {}).setdefault(one.asked, {})[one.cause] = None
    told: list[str] = []
    for path, by_condition in causes.items():
        each = (", ".join(found) + (f", if {asked}" if asked else "") for asked, found in by_condition.items())
        told.append(f"{posixpath.basename(path) if told else path} ({'; '.join(each)})")
    return f"called by {', '.join(told)}" if told else ""


class _Callers:
    """The occasions of pipelines, each once."""

    def __init__(self, pipelines: Sequence[Pipeline], repository: Repository) -> None:
        self.pipelines = pipelines
        self.repository = repository
        self.known: dict[str, tuple[Occasion, ...]] = {}

    def occasions(self, pipeline: Pipeline, depth: int = 0) -> tuple[Occasion, ...]:
        """The ways in which a pipeline is set off, by itself and by what calls it."""
        if CALL not in pipeline.triggers:
            return pipeline.occasions
        if pipeline.path not in self.known:
            # Where workflows call each other in a circle, none of them runs.
            self.known[pipeline.path] = pipeline.occasions
            found = tuple(dict.fromkeys(self._by_callers(pipeline, depth)))[:_MOST_OCCASIONS]
            own = tuple(one for one in pipeline.occasions if one.event)
            is_open = not found or depth > _DEEPEST or self._may_be_called_by_its_name(pipeline.path)
            self.known[pipeline.path] = (*(pipeline.occasions if is_open else own), *found)
        return self.known[pipeline.path]

    def _by_callers(self, pipeline: Pipeline, depth: int) -> Iterator[Occasion]:
        for caller in self.pipelines:
            jobs = [job for job in caller.jobs if job.calls == pipeline.path]
            if jobs and depth <= _DEEPEST:
                yield from _set_off(caller, self.occasions(caller, depth + 1), jobs)

    def _may_be_called_by_its_name(self, path: str) -> bool:
        """Whether a workflow calls it, or another one that lies there, by the name of its repository."""
        name = f"/{path}@".encode()
        return any(name in (self.repository.data(one.path) or b"") for one in self.pipelines)


def _set_off(caller: Pipeline, occasions: tuple[Occasion, ...], jobs: list[Job]) -> Iterator[Occasion]:
    """The occasions of a caller on which one of its jobs may run that call the same workflow."""
    from prodlint.deployment.releases.pipeline_condition import condition_of, plain

    asked = [condition_of(job.condition, occasions, lambda name: None) for job in jobs]
    for one in occasions:
        may = [condition for condition in asked if one in condition.may]
        if may:
            is_sure = any(one in condition.does for condition in may)
            text = "" if is_sure else " ".join(plain(may[0].text).split())
            yield replace(one, caller=caller.path, cause=_cause(one, caller), asked=text)


def _cause(occasion: Occasion, pipeline: Pipeline) -> str:
    """An occasion as people call it."""
    if occasion.caller:
        asked = f", if {occasion.asked}" if occasion.asked else ""
        return f"called by {posixpath.basename(occasion.caller)} ({occasion.cause}{asked})"
    told = dict(zip(pipeline.triggers, pipeline.events, strict=False))
    return told.get(occasion.event or CALL, occasion.event or "in a way that is not known")
