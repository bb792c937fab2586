"""Deployments that prodlint cannot read yet: their presence keeps it from saying "nothing does X"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.process import UnreadDeployment
from prodlint.deployment.repository import Repository
from prodlint.readers.files import UNREAD_NAMES, UNREAD_PATHS, fits
from prodlint.regex import regex

_ONLY_WHEN_DEPLOYING = frozenset(
    (
        *("CircleCI", "Travis CI", "Jenkins", "Azure Pipelines", "Bitbucket Pipelines", "Drone", "Woodpecker CI"),
        *("Forgejo Actions", "Gitea Actions", "Buildkite", "Semaphore", "Fabric"),
    )
)
_DEPLOYS = regex(rb"deploy|heroku|\bssh\b|migrate|upgrade|kubectl|docker push", re.IGNORECASE)
# The tasks of Celery bear the same name as those of Invoke, and most of these are for developers.
_OF_INVOKE = regex(rb"(?m)^(?:from|import) invoke\b")
_LEAVES_THE_DESK = regex(
    rb"def deploy|\bcf push|['\"]cf |\bkubectl |\bssh |\bheroku |\bdocker push|\b(fly|flyctl|cdk) deploy"
)
# Among the playbooks lie inventories, variables and settings of Ansible itself.
_IS_PLAYBOOK = regex(rb"(?m)^[ -]*(hosts|(ansible\.builtin\.)?import_playbook|include):")
# Variables, outputs, providers and versions of a Terraform module create nothing.
_CREATES = regex(rb"(?m)^\s*(resource|module)\b")


def read(path: str, repository: Repository) -> Iterator[UnreadDeployment]:
    """One fact for a file that deploys something in a way that is not modelled yet."""
    # What a pipeline does tells more than its name: `ci-cd.yml` may bring code live.
    place = path.rpartition("/")[0] if _system(path) in _ONLY_WHEN_DEPLOYING else path
    if environment_of(place) in (Environment.DEVELOPMENT, Environment.TEST):
        return
    data = repository.data(path)
    source = repository.source(path) if data is not None and _may_deploy(path, data) else None
    if source is not None:
        yield UnreadDeployment(_system(path), source.line_span(1))


def _system(path: str) -> str:
    name = path.rpartition("/")[2]
    named = next((system for pattern, system in UNREAD_NAMES.items() if fits(name, pattern)), None)
    return named or next(system for pattern, system in UNREAD_PATHS.items() if fits(path, pattern))


def _may_deploy(path: str, data: bytes) -> bool:
    system = _system(path)
    if system == "Terraform":
        return _CREATES.search(data) is not None
    if system == "Ansible":
        return path.endswith("/tasks/main.yml") or _IS_PLAYBOOK.search(data) is not None
    if system == "Invoke":
        return _OF_INVOKE.search(data) is not None and _LEAVES_THE_DESK.search(data) is not None
    return system not in _ONLY_WHEN_DEPLOYING or _DEPLOYS.search(data) is not None
