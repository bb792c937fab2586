"""Commands for the compose files of production that people start by a short name, such as `make update`.

Which files are those of production is said by the names of the files and of their folders, as for the sets that no
command names.
"""

from __future__ import annotations

import posixpath

from prodlint.deployment.command import Step
from prodlint.deployment.compose.starts import started_by
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.execution.place import Place
from prodlint.deployment.execution.steps import execute
from prodlint.deployment.filemap import CHECKOUT, FileMap
from prodlint.deployment.migration import migration_in
from prodlint.deployment.pipeline import Job, Pipeline
from prodlint.deployment.releases.release import carried_by, compose_files_of
from prodlint.deployment.repository import Repository, normal_path
from prodlint.record import replace

__all__ = ["without_others"]

_DEFAULTS = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")


def without_others(pipeline: Pipeline, repository: Repository) -> Pipeline | None:
    """A pipeline without the unsaid jobs that do nothing to the production compose files; None where none is left."""
    jobs = tuple(job for job in pipeline.jobs if not job.unsaid or _works_on_production(job, repository))
    return replace(pipeline, jobs=jobs) if jobs else None


def _works_on_production(job: Job, repository: Repository) -> bool:
    for declared in job.steps:
        if declared.script is not None:
            steps = execute(declared.script, Place(CHECKOUT, f"/{declared.directory or ''}"), repository).steps
            if any(_is_for_production(step, repository) for step in steps):
                return True
    return False


def _is_for_production(step: Step, repository: Repository) -> bool:
    """Whether a step starts all services of the compose files of production, or migrates in a container of them."""
    words = [word.literal for word in step.argv[1:]]
    is_stack = step.program == "docker" and words[:2] == ["stack", "deploy"]
    is_compose = step.program in ("docker-compose", "podman-compose") or (
        step.program in ("docker", "podman") and "compose" in words[:1]
    )
    if not (is_stack or is_compose) or not _names_production(step, repository):
        return False
    started = started_by(step)
    return is_stack or (started is not None and not started[0] and "up" in words) or _migrates(step, repository)


def _names_production(step: Step, repository: Repository) -> bool:
    named = compose_files_of(step)
    if named is None or step.directory is None:
        return False
    folder = step.directory.strip("/")
    paths = [normal_path(folder, name) for name in named]
    if not paths:
        paths = [path for path in (posixpath.join(folder, name) for name in _DEFAULTS) if path in repository.paths]
    said = {environment_of(path) for path in paths}
    return Environment.PRODUCTION in said and said.isdisjoint((Environment.DEVELOPMENT, Environment.TEST))


def _migrates(step: Step, repository: Repository) -> bool:
    carried = carried_by(step)
    if carried is None:
        return False
    found = execute(carried.command, Place(FileMap((), False), None), repository, fed=carried.fed)
    return any(migration_in(one, repository) is not None for one in found.steps)
