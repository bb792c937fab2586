"""Every place that applies migrations: start commands, build commands, pipelines.

Which commands those are is asked of a `Recognition`: the tools' own, or the project's commands that call them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator

from prodlint.deployment.command import Step
from prodlint.deployment.execution.place import Place
from prodlint.deployment.execution.steps import execute
from prodlint.deployment.filemap import CHECKOUT, FileMap, absolute
from prodlint.deployment.migration import MigrationRun, System
from prodlint.deployment.releases.release import PipelineStep, carried_by
from prodlint.deployment.repository import Repository
from prodlint.deployment.servers.server import python_arguments
from prodlint.deployment.service import Service

__all__ = ["pipeline_runs", "service_runs"]

_NOWHERE = FileMap((), False)
_APPLIES = "applies migrations"

Recognition = Callable[[Step], "System | None"]
"""The system whose migrations a step applies, None for one that applies none."""


def service_runs(services: Iterable[Service], system_of: Recognition, repository: Repository) -> Iterator[MigrationRun]:
    """What the services apply when they start, and what their platforms run before."""
    for service in services:
        for step, note, files in _started(service, repository):
            system = system_of(step)
            if system is not None:
                root = _root_of(step, files, repository)
                yield MigrationRun(system, step.span, service.environment, f"{service.name} {note}", root)
        for built in service.image.steps if service.image is not None else ():
            system = system_of(built.step)
            if system is not None:
                # A database that lies in the image is migrated with it.
                note, root = f"the image of {service.name} {_APPLIES}", _root_of(built.step, built.files, repository)
                yield MigrationRun(system, built.step.span, service.environment, note, root, in_image=True)


def _started(service: Service, repository: Repository) -> Iterator[tuple[Step, str, FileMap]]:
    """The steps that a service takes, each with when, and with where its files lie."""
    for step in service.execution.steps:
        yield step, f"{_APPLIES} when it starts", service.place.files
        for one in _carried(step, repository):
            yield one, f"{_APPLIES} when it starts", _NOWHERE
    for line in service.process.before:
        for step in execute(line, service.place, repository).steps:
            yield step, f"{_APPLIES} before it starts", service.place.files


def _carried(step: Step, repository: Repository) -> tuple[Step, ...]:
    """The steps of a command that a step runs elsewhere, such as in another container."""
    carried = carried_by(step)
    if carried is None:
        return ()
    return execute(carried.command, Place(_NOWHERE, None), repository, fed=carried.fed).steps


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


def pipeline_runs(
    steps: Iterable[PipelineStep], system_of: Recognition, repository: Repository
) -> Iterator[MigrationRun]:
    """What the jobs of pipelines apply, each in the environment of its job."""
    for step in steps:
        system = system_of(step.step) if step.step is not None else None
        if system is not None and step.step is not None:
            note = f"the job {step.job.name} {_APPLIES}"
            root = None if step.remote else _root_of(step.step, CHECKOUT, repository)
            yield MigrationRun(system, step.span, step.environment, note, root)
