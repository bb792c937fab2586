"""Pipelines: the jobs of a CI system or a deploy script as ordered, typed steps."""

from __future__ import annotations

import re
from enum import Enum

from prodlint.deployment.command import CommandLine, Link, Step
from prodlint.deployment.environment import Environment
from prodlint.deployment.process import EnvDefinition
from prodlint.deployment.server import program_of
from prodlint.record import record
from prodlint.regex import regex
from prodlint.source import Span

__all__ = [
    "Action",
    "Job",
    "JobStep",
    "Pipeline",
    "Release",
    "ReleaseStep",
    "Served",
    "StepKind",
    "kind_of_action",
    "kind_of_step",
]


class StepKind(Enum):
    """What a step of a pipeline does."""

    TEST = "test"
    BUILD = "build"
    MIGRATE = "migrate"
    DEPLOY = "deploy"
    UPLOAD = "upload"
    RESTART = "restart"
    PREPARE = "prepare"
    RELEASE = "release phase"
    START = "start"
    PACKAGE = "package release"
    DOCUMENTATION = "documentation"
    OTHER = "other"


@record
class Action:
    """A reusable action or orb that a step calls, with its inputs."""

    name: str
    inputs: tuple[tuple[str, str], ...]
    span: Span

    def input(self, name: str) -> str | None:
        return next((value for key, value in self.inputs if key == name), None)


@record
class JobStep:
    """One declared step: a script, an action, or a script for another machine (`remote`).

    `variables` are those that the step, its job and its workflow set, the innermost last.
    """

    span: Span
    name: str = ""
    script: CommandLine | None = None
    action: Action | None = None
    directory: str | None = ""
    remote: bool = False
    variables: tuple[EnvDefinition, ...] = ()


@record
class Job:
    """One job. `needs` are the jobs that it waits for; `calls` is a workflow that it runs instead of steps.

    `on_host` says that it runs on the machine that serves: a self-hosted runner, a deploy script.
    """

    name: str
    span: Span
    steps: tuple[JobStep, ...] = ()
    needs: tuple[str, ...] = ()
    environment: str | None = None
    calls: str | None = None
    condition: str = ""
    on_host: bool = False


@record
class Pipeline:
    """One workflow or CI file. `open` says what of it lies elsewhere and cannot be read."""

    path: str
    name: str
    span: Span
    jobs: tuple[Job, ...]
    triggers: tuple[str, ...] = ()
    open: tuple[Link, ...] = ()


@record
class ReleaseStep:
    """One step of a road to production; `owner` is the job or the service whose step it is.

    A `conditional` one may be left out.
    """

    kind: StepKind
    written: str
    span: Span
    owner: str = ""
    conditional: bool = False


@record
class Served:
    """A web service that a release brings: the folder of its code and its framework, None for what is not known."""

    root: str | None
    framework: str | None
    span: Span

    def runs(self, root: str, django: bool) -> bool:
        """Whether it may run the project in a folder, one of Django or of another framework."""
        holds = not self.root or root == self.root or root.startswith(f"{self.root}/")
        return holds and (self.framework is None or (self.framework == "Django") is django)


@record
class Release:
    """A road to production: what it is, where it brings the new code live, whether it was read whole.

    `served` are the web services that it brings; without one, it may bring anything. `steps` are in
    the order in which they happen.
    """

    name: str
    span: Span
    environment: Environment
    complete: bool = True
    served: tuple[Served, ...] = ()
    steps: tuple[ReleaseStep, ...] = ()

    def brings(self, root: str, django: bool) -> Span | None:
        """Where the code of a project goes live on this road, None when it does not go this way."""
        if not self.served:
            return self.span
        return next((one.span for one in self.served if one.runs(root, django)), None)


_DEPLOY_ACTIONS = regex(
    r"^(aws-actions/(amazon-ecs-deploy-task-definition|amazon-ecs-deploy-express-service|aws-lambda-deploy"
    r"|aws-cloudformation-github-deploy|amazon-app-runner-deploy)|awslabs/amazon-app-runner-deploy"
    r"|einaregilsson/beanstalk-deploy|serverless/github-action|google-github-actions/(deploy-cloudrun|deploy-appengine"
    r"|deploy-cloud-functions|create-cloud-deploy-release)|azure/(webapps-deploy|functions-action|k8s-deploy"
    r"|container-apps-deploy-action|aci-deploy)|superfly/flyctl-actions|akhileshns/heroku-deploy"
    r"|gonuit/heroku-docker-deploy|digitalocean/app_action.*|johnbeynon/render-deploy-action"
    r"|jorgelnhdz/render-deploy-action|bervproject/railway-deploy|dokku/github-action|dawidd6/action-ansible-playbook"
    r"|bitovi/github-actions-deploy-docker-to-ec2|deliverybot/helm|koyeb/action-git-deploy)$"
)
_SETUP_ACTIONS = regex(r"^superfly/flyctl-actions/setup-flyctl$")
_PACKAGE_ACTIONS = regex(
    r"^(pypa/gh-action-pypi-publish|softprops/action-gh-release|ncipollo/release-action|actions/create-release"
    r"|python-semantic-release/.*|googleapis/release-please-action|goreleaser/.*|changesets/action)$"
)
_DOCUMENTATION_ACTIONS = regex(
    r"^(actions/deploy-pages|peaceiris/actions-gh-pages|jamesives/github-pages-deploy-action|cloudflare/pages-action)$"
)
_UPLOAD_ACTIONS = regex(
    r"^(appleboy/scp-action|burnett01/rsync-deployments|easingthemes/ssh-deploy|wlixcc/sftp-deploy-action)$"
)
REMOTE_ACTIONS = {
    "appleboy/ssh-action": ("script",),
    "fifsky/ssh-action": ("command",),
    "garygrossgarten/github-action-ssh": ("command",),
    "cross-the-world/ssh-pipeline": ("script",),
    "cross-the-world/ssh-scp-ssh-pipelines": ("first_ssh", "last_ssh"),
    "d3rhase/ssh-command-action": ("command",),
    "nyarthan/ssh-action": ("script", "command"),
}
"""Actions that run a script on another machine, and the inputs that hold it (delivery page, 2.1)."""


def kind_of_action(action: Action) -> StepKind:
    """What an action does, by the table of the catalogue's delivery page, 2.1."""
    name = action.name.partition("@")[0].lower()
    if name == "superfly/flyctl-actions" and "deploy" not in (action.input("args") or ""):
        return StepKind.OTHER
    if _DEPLOY_ACTIONS.match(name) and not _SETUP_ACTIONS.match(name):
        return StepKind.DEPLOY
    if _PACKAGE_ACTIONS.match(name):
        return StepKind.PACKAGE
    if _DOCUMENTATION_ACTIONS.match(name):
        return StepKind.DOCUMENTATION
    if _UPLOAD_ACTIONS.match(name):
        return StepKind.UPLOAD
    if name in ("docker/build-push-action", "docker/bake-action", "depot/build-push-action"):
        return StepKind.BUILD
    return StepKind.OTHER


_DEPLOYS = regex(
    r"^(kubectl (apply|set image|replace|create|patch|rollout restart)|helm (upgrade|install)|helmfile (apply|sync)"
    r"|skaffold run|argocd app sync|flux reconcile|aws ecs update-service|aws lambda update-function-code"
    r"|aws deploy create-deployment|aws elasticbeanstalk update-environment|eb deploy|aws apprunner start-deployment"
    r"|copilot (deploy|svc deploy)|sam deploy|cdk deploy|serverless deploy|sls deploy|zappa (deploy|update)"
    r"|chalice deploy|gcloud run deploy|gcloud app deploy|gcloud functions deploy|gcloud deploy releases create"
    r"|az webapp (deploy|up|deployment)|az containerapp (up|update)|az functionapp deployment"
    r"|func azure functionapp publish|fly deploy|flyctl deploy|git push .*(heroku|dokku)|heroku container:release"
    r"|heroku builds:create|railway (up|redeploy)|render deploys create|doctl apps (create-deployment|update)"
    r"|docker stack deploy|docker service update|ansible-playbook|kamal deploy"
    r"|terraform apply|tofu apply|pulumi up|vercel deploy"
    r"|cap production deploy|nomad job run|cf push|dokku git:from-image|modal deploy|fastapi deploy)\b"
)
_DEPLOYS_ON_HOST = regex(r"^(docker compose up|docker-compose up|docker run|podman run|git pull|git reset)\b")
_RESTARTS = regex(
    r"^(systemctl (restart|reload|try-restart|start)(?! nginx)|service \S+ (restart|reload)"
    r"|supervisorctl (restart|update|reload)"
    r"|docker restart|docker compose restart|docker-compose restart|pm2 (restart|reload)|touch \S*(wsgi\.py|reload\S*)"
    r"|kill -HUP|pkill -HUP|apachectl graceful|heroku restart|doctl apps restart)"
)
_TESTS = regex(
    r"^(pytest|py\.test|tox|nox|unittest|nose2|coverage run|trial|behave|robot|django-admin test|flask test|hatch test"
    r"|locust|k6 run|artillery run"
    r"|make (test|tests|check|ci|verify)|just (test|check)|go test|cargo test|playwright test|cypress run)\b"
)
_BUILDS = regex(
    r"^(docker (image |builder )?build\b|docker buildx|docker compose build|docker-compose build|podman build"
    r"|buildah|pack build|gcloud builds submit|az acr build|sam build)"
)
_DOCUMENTS = regex(r"^(mkdocs gh-deploy|mike deploy|sphinx-build)")
_PACKAGES = regex(r"^(twine upload|uv publish|poetry publish|flit publish|hatch publish|pdm publish)")
_OPTION_VALUES = frozenset(
    "-f --file -p --project-name --profile --env-file --project-directory -n --namespace --context --kubeconfig "
    "-C -c --config --region".split()
)


def plain_words(step: Step) -> str:
    """A step as its tool and plain arguments: options are left out, `docker compose -f x up` is `docker compose up`."""
    tool, words = program_of(step)
    kept = [tool]
    index = 0
    while index < len(words):
        value = words[index].literal
        if value is None:
            kept.append("$")
        elif value.startswith("-") and len(kept) < 4 and tool not in ("kill", "pkill"):
            if value in _OPTION_VALUES and "=" not in value:
                index += 1
        else:
            kept.append(value)
        index += 1
    return " ".join(kept)


def kind_of_step(step: Step, on_host: bool = False) -> StepKind:
    """What a command of a pipeline does, by the table of the catalogue's delivery page, 2.1.

    `docker compose up`, `git pull` and restarts deploy only on the machine that serves; elsewhere
    they prepare a test.
    """
    text = plain_words(step)
    if on_host and _DEPLOYS_ON_HOST.match(text):
        return StepKind.DEPLOY
    if on_host and _RESTARTS.match(text):
        return StepKind.RESTART
    for kind, pattern in (
        (StepKind.DOCUMENTATION, _DOCUMENTS),
        (StepKind.PACKAGE, _PACKAGES),
        (StepKind.TEST, _TESTS),
        (StepKind.BUILD, _BUILDS),
        (StepKind.DEPLOY, _DEPLOYS),
    ):
        if pattern.match(text):
            return kind
    if step.program in ("curl", "wget") and re.search(r"(?i)deploy|_hook|api\.heroku\.com/apps/", step.written):
        return StepKind.DEPLOY
    if step.program in ("scp", "rsync", "sftp", "lftp") and ":" in step.written:
        return StepKind.UPLOAD
    return StepKind.OTHER
