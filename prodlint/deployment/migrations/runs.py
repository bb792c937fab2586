"""Every place that applies migrations: start commands, build commands, pipelines."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import replace

from prodlint.deployment.command import Step
from prodlint.deployment.execution.place import Place
from prodlint.deployment.execution.steps import execute
from prodlint.deployment.filemap import CHECKOUT, FileMap, absolute
from prodlint.deployment.migration import MigrationRun, migration_of
from prodlint.deployment.releases.release import PipelineStep, carried_by
from prodlint.deployment.repository import Repository
from prodlint.deployment.servers.server import python_arguments
from prodlint.deployment.service import Service

__all__ = ["pipeline_runs", "service_runs"]

_NOWHERE = FileMap((), False)


def service_runs(services: Iterable[Service], repository: Repository) -> Iterator[MigrationRun]:
    """What the services apply when they start, and what their platforms run before."""
    for service in services:
        files = service.place.files
        for step in service.execution.steps:
            note = f"{service.name} applies migrations when it starts"
            yield from _run(step, service, note, files, repository)
            for one in _carried(step, repository):
                yield from _run(one, service, note, _NOWHERE, repository)
        for line in service.process.before:
            for step in execute(line, service.place, repository).steps:
                note = f"{service.name} applies migrations before it starts"
                yield from _run(step, service, note, files, repository)
        for built in service.image.steps if service.image is not None else ():
            # A database that lies in the image is migrated with it.
            note = f"the image of {service.name} applies migrations"
            for run in _run(built.step, service, note, built.files, repository):
                yield replace(run, in_image=True)


def _run(step: Step, service: Service, note: str, files: FileMap, repository: Repository) -> Iterator[MigrationRun]:
    system = migration_of(step)
    if system is not None:
        yield MigrationRun(system, step.span, service.environment, note, _root_of(step, files, repository))


def _carried(step: Step, repository: Repository) -> tuple[Step, ...]:
    """The steps of a command that a step runs elsewhere, such as in another container."""
    carried = carried_by(step)
    return () if carried is None else execute(carried.command, Place(_NOWHERE, None), repository).steps


def _root_of(step: Step, files: FileMap, repository: Repository) -> str | None:
    """The folder of the repository that a tool is run in: that of its manage.py, else the working directory."""
    program = python_arguments(step)
    written = program.file.literal if program is not None and program.file is not None else None
    script = absolute(written, step.directory) if written else None
    for candidate in files.candidates(script) if script is not None else ():
        if candidate in repository.paths:
            return posixpath.dirname(candidate)
    for candidate in files.candidates(step.directory) if step.directory is not None else ():
        if candidate in repository.folders:
            return candidate
    return None


def pipeline_runs(steps: Iterable[PipelineStep], repository: Repository) -> Iterator[MigrationRun]:
    """What the jobs of pipelines apply, each in the environment of its job."""
    for step in steps:
        system = migration_of(step.step) if step.step is not None else None
        if system is not None and step.step is not None:
            note = f"the job {step.job.name} applies migrations"
            root = None if step.remote else _root_of(step.step, CHECKOUT, repository)
            yield MigrationRun(system, step.span, step.environment, note, root)
