"""Pushes of branches that something deploys: `git push origin production` brings code live as a deploy command does.

Sources: Render, "Blueprint YAML reference" (branch, autoDeploy); DigitalOcean, "App spec" (github.branch,
deploy_on_push); Heroku, "GitHub integration" (the branch is chosen in the dashboard); Platform.sh, "Environments"
(each branch is one); GitHub, "Triggering a workflow" (what GITHUB_TOKEN pushes starts no workflow).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence

from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.pipeline import Job, Pipeline, StepKind
from prodlint.deployment.process import Platform, Process, UnreadDeployment
from prodlint.deployment.releases.release import PipelineStep, job_environment
from prodlint.deployment.value import Known
from prodlint.record import Record, replace
from prodlint.regex import regex

__all__ = ["with_deploying_pushes"]

_LIVE = (StepKind.DEPLOY, StepKind.RESTART)
_NOT_PRODUCTION = (Environment.DEVELOPMENT, Environment.TEST)
# Platforms that take their code from a branch, and the settings that name it and switch that off.
_BRANCHES = {
    Platform.HEROKU: ((), ()),
    Platform.RENDER: (("branch",), ("autoDeploy", "autoDeployTrigger")),
    Platform.DIGITALOCEAN: (("github.branch", "gitlab.branch"), ("github.deploy_on_push", "gitlab.deploy_on_push")),
}
_OFF = ("false", "no", "off")
_SAYS_SO = regex(r"(?i)(^|[^a-z])(deploy(s|ment|ing)?|ship|rollout|go.?live)([^a-z]|$)")
_NAME = regex(r"[\w./-]+")
_VALUED = ("-o", "--push-option", "--receive-pack", "--exec", "--repo")
_NO_BRANCH = ("--tags", "--delete", "-d", "--dry-run", "-n")
_OWN_TOKEN = regex(r"(?i)github\.token|GITHUB_TOKEN")
_WITH_A_KEY = regex(r"x-access-token|remote set-url|git@|://[^\s\"']*@")


class _Deployed(Record):
    """The branches that something deploys: by their names, or any where `named` is False."""

    branches: frozenset[str]
    named: bool = True


def with_deploying_pushes(
    steps: Sequence[PipelineStep],
    pipelines: Iterable[Pipeline],
    processes: Iterable[Process],
    unread: Iterable[UnreadDeployment],
) -> list[PipelineStep]:
    """The steps, with pushes of branches that a platform or another workflow deploys as deployments."""
    pushes = [(number, branches) for number, one in enumerate(steps) if (branches := tuple(_pushed(one)))]
    if not pushes:
        return [*steps]
    by_platform = _by_platforms(processes, unread)
    by_workflow = _by_workflows(steps, pipelines)
    found = [*steps]
    for number, branches in pushes:
        one = steps[number]
        others = {name for path, names in by_workflow.items() if path != one.pipeline.path for name in names}
        for branch in branches:
            deploys = branch in by_platform.branches or (not by_platform.named and _says_so(one))
            if deploys or (branch in others and _starts_workflows(one.job, one)):
                found[number] = replace(one, kind=StepKind.DEPLOY)
                _place(found, found[number], branch)
    return found


def _place(found: list[PipelineStep], push: PipelineStep, branch: str) -> None:
    """Give the steps of a job the environment of what it deploys."""
    own = [one for one in found if one.job is push.job]
    said = environment_of(branch)
    environment = said if said in _NOT_PRODUCTION else job_environment(push.job, push.pipeline, own)
    for number, one in enumerate(found):
        if one.job is push.job:
            found[number] = replace(one, environment=environment)


def _pushed(one: PipelineStep) -> Iterator[str]:
    """The branches that `git push REMOTE REF…` moves, where they are written out."""
    words = [word.literal for word in one.step.argv] if one.step is not None else []
    if words[:2] != ["git", "push"] or one.kind is not StepKind.OTHER or any(word in _NO_BRANCH for word in words):
        return
    plain: list[str | None] = []
    skip = False
    for word in words[2:]:
        if not skip and not (word or "").startswith("-"):
            plain.append(word)
        skip = word in _VALUED
    for written in plain[1:]:
        target = (written or "").removeprefix("+").rpartition(":")[2].removeprefix("refs/heads/")
        if _NAME.fullmatch(target) and target != "HEAD" and not target.startswith("refs/"):
            yield target


def _by_platforms(processes: Iterable[Process], unread: Iterable[UnreadDeployment]) -> _Deployed:
    branches: set[str] = set()
    named = not any(one.system == "Platform.sh" for one in unread)
    for process in processes:
        if process.platform not in _BRANCHES or process.environment in _NOT_PRODUCTION:
            continue
        names, switches = _BRANCHES[process.platform]
        if any(isinstance(value := process.setting(one), Known) and value.value.lower() in _OFF for one in switches):
            continue
        told = [value for one in names if (value := process.setting(one)) is not None]
        branches |= {value.value for value in told if isinstance(value, Known)}
        named = named and bool(told)
    return _Deployed(frozenset(branches), named)


def _by_workflows(steps: Sequence[PipelineStep], pipelines: Iterable[Pipeline]) -> dict[str, frozenset[str]]:
    """The branches whose pushes deploy, by the workflow that does so."""
    live = [one for one in steps if one.kind in _LIVE and one.environment not in _NOT_PRODUCTION]
    found: dict[str, frozenset[str]] = {}
    for pipeline in pipelines:
        own = [one for one in live if one.pipeline.path == pipeline.path]
        found[pipeline.path] = frozenset(
            occasion.ref.removeprefix("refs/heads/")
            for occasion in pipeline.occasions
            if occasion.event == "push" and occasion.is_whole and any(one.may_run(occasion) for one in own)
        )
    return found


def _says_so(one: PipelineStep) -> bool:
    """Whether a job, its workflow or its file is called a deployment."""
    names = (one.job.name, one.pipeline.name, posixpath.basename(one.pipeline.path))
    return any(_SAYS_SO.search(name) for name in names)


def _starts_workflows(job: Job, push: PipelineStep) -> bool:
    """Whether a push is made with a key of somebody: what the token of the run itself pushes sets off nothing."""
    for declared in job.steps:
        action = declared.action
        if action is not None and action.name.startswith("webfactory/ssh-agent"):
            return True
        if action is not None and action.name.startswith("actions/checkout"):
            token = action.input("token") or ""
            if action.input("ssh-key") or (token and not _OWN_TOKEN.search(token)):
                return True
        text = declared.script.text if declared.script is not None else None
        if text is not None and _WITH_A_KEY.search(text.value):
            return True
    return _WITH_A_KEY.search(push.written) is not None
