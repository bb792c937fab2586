"""What a buildpack runs by itself before a release, without that any file says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prodlint.deployment.pipeline import ReleaseStep, StepKind
from prodlint.deployment.process import Platform
from prodlint.deployment.procfile import is_procfile, may_be_of_another
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.service import Service

__all__ = ["collected_by_buildpack"]

_COMMAND = "python manage.py collectstatic --noinput, by the buildpack"
_SWITCH = "DISABLE_COLLECTSTATIC"


def collected_by_buildpack(services: Sequence[Service], repository: Repository) -> Iterator[ReleaseStep]:
    """The static files of Django that Heroku's buildpack for Python collects, unless a variable tells it not to.

    It does where a manage.py lies in the root of the app and Django is installed (heroku-buildpack-python,
    bin/steps/collectstatic).
    """
    for service in services:
        process = service.process
        if process.platform is not Platform.HEROKU or not is_procfile(process.path) or service.image is not None:
            continue
        is_django = service.app is not None and service.app.framework == "Django"
        has_manage = normal_path(process.root, "manage.py") in repository.paths
        is_set = _SWITCH in service.variables.by_name
        if is_django and has_manage and not is_set and not may_be_of_another(process, repository):
            asked = f"${_SWITCH} is not set"
            yield ReleaseStep(StepKind.COLLECT_STATIC, _COMMAND, service.span, conditional=True, own_condition=asked)
            return
