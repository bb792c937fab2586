"""Every place that applies migrations: start commands, build commands, pipelines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prodlint.deployment.command import Step
from prodlint.deployment.execution import Place, execute
from prodlint.deployment.filemap import FileMap
from prodlint.deployment.migration import MigrationRun, migration_of
from prodlint.deployment.release import PipelineStep, carried_by
from prodlint.deployment.repository import Repository
from prodlint.deployment.service import Service

__all__ = ["pipeline_runs", "service_runs"]


def service_runs(services: Iterable[Service], repository: Repository) -> Iterator[MigrationRun]:
    """What the services apply when they start, and what their platforms run before."""
    for service in services:
        for step in service.execution.steps:
            for one in _inside(step, repository):
                yield from _run(one, service, f"{service.name} applies migrations when it starts")
        for line in service.process.before:
            for step in execute(line, service.place, repository).steps:
                yield from _run(step, service, f"{service.name} applies migrations before it starts")


def _run(step: Step, service: Service, note: str) -> Iterator[MigrationRun]:
    system = migration_of(step)
    if system is not None:
        yield MigrationRun(system, step.span, service.environment, note)


def _inside(step: Step, repository: Repository) -> tuple[Step, ...]:
    carried = carried_by(step)
    if carried is None:
        return (step,)
    return (step, *execute(carried.command, Place(FileMap((), False), None), repository).steps)


def pipeline_runs(steps: Iterable[PipelineStep]) -> Iterator[MigrationRun]:
    """What the jobs of pipelines apply, each in the environment of its job."""
    for step in steps:
        system = migration_of(step.step) if step.step is not None else None
        if system is not None:
            note = f"the job {step.job.name} applies migrations"
            yield MigrationRun(system, step.span, step.environment, note)
