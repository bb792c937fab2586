"""What a step of a pipeline does, by its command or its action: the tables of the delivery page, 2.1."""

from __future__ import annotations

import re

from prodlint.deployment.command import Step
from prodlint.deployment.pipeline import Action, StepKind
from prodlint.deployment.server import program_of
from prodlint.regex import regex

__all__ = ["kinds_of_action", "kinds_of_step"]

_DEPLOY_ACTIONS = regex(
    r"^(aws-actions/(amazon-ecs-deploy-task-definition|amazon-ecs-deploy-express-service|aws-lambda-deploy"
    r"|aws-cloudformation-github-deploy|amazon-app-runner-deploy)|awslabs/amazon-app-runner-deploy"
    r"|einaregilsson/beanstalk-deploy|serverless/github-action|google-github-actions/(deploy-cloudrun|deploy-appengine"
    r"|deploy-cloud-functions|create-cloud-deploy-release)|azure/(webapps-deploy|functions-action|k8s-deploy"
    r"|container-apps-deploy-action|aci-deploy)|superfly/flyctl-actions|akhileshns/heroku-deploy"
    r"|gonuit/heroku-docker-deploy|digitalocean/app_action.*|johnbeynon/render-deploy-action"
    r"|jorgelnhdz/render-deploy-action|bervproject/railway-deploy|dokku/github-action|dawidd6/action-ansible-playbook"
    r"|bitovi/github-actions-deploy-docker-to-ec2|deliverybot/helm|koyeb/action-git-deploy|cloudflare/wrangler-action"
    r"|amondnet/vercel-action|nwtgck/actions-netlify|steebchen/kubectl|actions-hub/kubectl|tale/kubectl-action"
    r"|wahyd4/kubectl-helm-action)$"
)
_ACTIONS = (
    (
        StepKind.SETUP,
        regex(
            r"^(actions/(checkout|setup-.*|cache|upload-artifact|download-artifact)|astral-sh/setup-uv"
            r"|abatilo/actions-poetry|snok/install-poetry|pdm-project/setup-pdm|conda-incubator/setup-miniconda"
            r"|mamba-org/setup-micromamba|docker/(setup-.*|metadata-action|login-action)|azure/(setup-.*|login"
            r"|docker-login|k8s-set-context|aks-set-context)|hashicorp/(setup-terraform|vault-action)"
            r"|superfly/flyctl-actions/setup-flyctl|google-github-actions/(setup-gcloud|auth|get-gke-credentials)"
            r"|digitalocean/action-doctl|aws-actions/(setup-sam|aws-cli|configure-aws-credentials|amazon-ecr-login)"
            r"|webfactory/ssh-agent|shimataro/ssh-key-action|1password/load-secrets-action|redhat-actions/podman-login)$"
        ),
    ),
    (StepKind.DEPLOY, _DEPLOY_ACTIONS),
    (
        StepKind.PACKAGE,
        regex(
            r"^(pypa/gh-action-pypi-publish|softprops/action-gh-release|ncipollo/release-action|actions/create-release"
            r"|python-semantic-release/.*|googleapis/release-please-action|goreleaser/.*|changesets/action"
            r"|helm/chart-releaser-action|stefanprodan/helm-gh-pages)$"
        ),
    ),
    (
        StepKind.DOCUMENTATION,
        regex(
            r"^(actions/(deploy-pages|configure-pages|upload-pages-artifact)|peaceiris/actions-gh-pages"
            r"|jamesives/github-pages-deploy-action|cloudflare/pages-action|readthedocs/.*|chromaui/action)$"
        ),
    ),
    (
        StepKind.UPLOAD,
        regex(
            r"^(appleboy/scp-action|burnett01/rsync-deployments|contention/rsync-deployments|easingthemes/ssh-deploy"
            r"|wlixcc/sftp-deploy-action|wangyucode/sftp-upload-action|samkirkland/ftp-deploy-action"
            r"|jakejarvis/s3-sync-action)$"
        ),
    ),
    (
        StepKind.TEST,
        regex(r"^(schemathesis/action|grafana/run-k6-action|cypress-io/github-action|wntrblm/nox)$"),
    ),
    (
        StepKind.LINT,
        regex(
            r"^(pre-commit/action|astral-sh/ruff-action|chartboost/ruff-action|psf/black|jakebailey/pyright-action"
            r"|hadolint/hadolint-action|tox-dev/action-pre-commit-uv)$"
        ),
    ),
    (
        StepKind.SCAN,
        regex(
            r"^(pypa/gh-action-pip-audit|github/codeql-action.*|aquasecurity/trivy-action|anchore/scan-action|snyk/actions.*"
            r"|zizmorcore/zizmor-action|gitleaks/gitleaks-action|bridgecrewio/checkov-action|azure/container-scan)$"
        ),
    ),
    (
        StepKind.BUILD,
        regex(
            r"^(docker/(build-push-action|bake-action)|(depot|useblacksmith)/build-push-action"
            r"|redhat-actions/buildah-build|mr-smithers-excellent/docker-build-push"
            r"|elgohr/publish-docker-github-action|aws-actions/aws-codebuild-run-build|azure/k8s-bake)$"
        ),
    ),
    (StepKind.PUSH, regex(r"^redhat-actions/push-to-registry$")),
    (StepKind.PROVISION, regex(r"^(pulumi/actions|hashicorp/tfc-workflows-github.*)$")),
    (
        StepKind.NOTIFY,
        regex(
            r"^(slackapi/slack-github-action|8398a7/action-slack|rtcamp/action-slack-notify|appleboy/telegram-action"
            r"|appleboy/discord-action|sarisia/actions-status-discord|getsentry/action-release)$"
        ),
    ),
)
# These build and push in one, unless an input says no.
_ALWAYS_PUSH = regex(r"^(mr-smithers-excellent/docker-build-push|elgohr/publish-docker-github-action)$")


def kinds_of_action(action: Action) -> tuple[StepKind, ...]:
    """What an action does, in order: one that builds an image may push it too."""
    name = action.name.partition("@")[0].lower()
    if name == "superfly/flyctl-actions" and "deploy" not in (action.input("args") or ""):
        return (StepKind.OTHER,)
    kind = next((kind for kind, pattern in _ACTIONS if pattern.match(name)), StepKind.OTHER)
    if kind is StepKind.BUILD and (_ALWAYS_PUSH.match(name) or _is_pushed(action)):
        return (StepKind.BUILD, StepKind.PUSH)
    return (kind,)


def _is_pushed(action: Action) -> bool:
    """Whether `push` is on: `true`, or an expression, which is false for pull requests as a rule."""
    push = (action.input("push") or "").strip().lower()
    outputs = (action.input("outputs") or "").replace(" ", "")
    return push not in ("", "false") or "type=registry" in outputs or "push=true" in outputs


_COMMANDS = (
    (StepKind.DOCUMENTATION, regex(r"^(mkdocs gh-deploy|mike deploy|sphinx-build)")),
    (
        StepKind.PACKAGE,
        regex(r"^(twine upload|uv publish|poetry publish|flit publish|hatch publish|pdm publish|npm publish)"),
    ),
    (
        StepKind.TEST,
        regex(
            r"^(pytest|py\.test|tox|nox|unittest|nose2|coverage run|trial|behave|robot|green|django-admin test"
            r"|flask test|hatch test|locust|k6 run|artillery run|newman run"
            r"|make (test|tests|check|ci|verify)|just (test|check)|go test|cargo test|playwright test|cypress run)\b"
        ),
    ),
    (
        StepKind.LINT,
        regex(
            r"^(ruff|flake8|pylint|black|isort|pre-commit run|djlint|hadolint|actionlint|mypy|pyright|pyre|ty"
            r"|basedpyright|codespell|yamllint|shellcheck|sqlfluff|curlylint|eslint|prettier"
            r"|django-admin makemigrations)\b(?!-)"
        ),
    ),
    (
        StepKind.SCAN,
        regex(r"^(bandit|safety|pip-audit|trivy|grype|snyk|semgrep|gitleaks|detect-secrets|checkov)\b"),
    ),
    (
        StepKind.BUILD,
        regex(
            r"^(docker (image |builder )?build\b|docker buildx|docker compose build|docker-compose build|podman build"
            r"|buildah (bud|build)|executor\b|pack build|gcloud builds submit|az acr build|sam build|nixpacks build"
            r"|railpack build|skaffold build)"
        ),
    ),
    (
        StepKind.PUSH,
        regex(
            r"^(docker (image )?push|docker compose push|docker-compose push|podman push|skopeo copy|crane (push|copy))"
        ),
    ),
    (
        StepKind.DEPLOY,
        regex(
            r"^(kubectl (apply|set image|replace|create|patch|rollout restart)|helm (upgrade|install)"
            r"|helmfile (apply|sync)"
            r"|skaffold run|argocd app sync|flux reconcile|aws ecs update-service|aws lambda update-function-code"
            r"|aws deploy create-deployment|aws elasticbeanstalk update-environment|eb deploy"
            r"|aws apprunner start-deployment"
            r"|copilot (deploy|svc deploy)|sam deploy|cdk deploy|serverless deploy|sls deploy|zappa (deploy|update)"
            r"|chalice deploy|gcloud run deploy|gcloud app deploy|gcloud functions deploy|gcloud deploy releases create"
            r"|az webapp (deploy|up|deployment)|az containerapp (up|update)|az functionapp deployment"
            r"|func azure functionapp publish|fly deploy|flyctl deploy|git push .*(heroku|dokku)"
            r"|heroku container:release"
            r"|heroku builds:create|railway (up|redeploy)|render deploys create|doctl apps (create-deployment|update)"
            r"|docker stack deploy|docker service update|ansible-playbook|kamal deploy"
            r"|vercel deploy"
            r"|cap production deploy|nomad job run|cf push|dokku git:from-image|modal deploy|fastapi deploy)\b"
        ),
    ),
    (StepKind.PROVISION, regex(r"^(terraform apply|tofu apply|pulumi up)\b")),
    (
        StepKind.HEALTH_CHECK,
        regex(
            r"^(kubectl (rollout status|wait)|aws ecs wait|copilot svc status|fly(ctl)? (status|checks)"
            r"|systemctl is-active|heroku ps:wait|wait-on)\b"
        ),
    ),
    (StepKind.COLLECT_STATIC, regex(r"^(django-admin collectstatic|flask digest)\b")),
    (
        StepKind.INSTALL,
        regex(
            r"^(pip3? install|pip-sync|uv (sync|pip install|pip sync)|poetry install|pipenv (install|sync)"
            r"|pdm (install|sync)|(conda|mamba|micromamba) (env create|install|create)|npm (ci|install)|yarn install"
            r"|apt(-get)? install)\b"
        ),
    ),
    (StepKind.NOTIFY, regex(r"^sentry-cli releases\b")),
)
_DEPLOYS_ON_HOST = regex(r"^(docker compose up|docker-compose up|docker run|podman run|git pull|git reset)\b")
_RESTARTS = regex(
    r"^(systemctl (restart|reload|try-restart|start)(?! nginx)|service \S+ (restart|reload)"
    r"|supervisorctl (restart|update|reload)"
    r"|docker restart|docker compose restart|docker-compose restart|pm2 (restart|reload)|touch \S*(wsgi\.py|reload\S*)"
    r"|kill -HUP|pkill -HUP|apachectl graceful|heroku restart|doctl apps restart)"
)
_OPTION_VALUES = frozenset(
    "-f --file -p --project-name --profile --env-file --project-directory -n --namespace --context --kubeconfig "
    "-C -c --config --region".split()
)
# Infrastructure that is told which image to run brings new code.
_VERSION = regex(r"(?i)image|tag|version|sha")
_HEALTH_PATH = regex(r"/(healthz?|health[-_]?check|readyz?|livez?|ping|status|up)\b")


def _plain_words(step: Step) -> str:
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


def kinds_of_step(step: Step, on_host: bool = False) -> tuple[StepKind, ...]:
    """What a command of a pipeline does, in order: `docker buildx build --push` builds and pushes.

    `docker compose up`, `git pull` and restarts deploy only on the machine that serves; elsewhere
    they prepare a test.
    """
    text = _plain_words(step)
    if on_host and _DEPLOYS_ON_HOST.match(text):
        return (StepKind.DEPLOY,)
    if on_host and _RESTARTS.match(text):
        return (StepKind.RESTART,)
    kind = next((kind for kind, pattern in _COMMANDS if pattern.match(text)), None)
    if kind is StepKind.BUILD and any(word in ("--push", "--publish") for word in step.arguments):
        return (StepKind.BUILD, StepKind.PUSH)
    if kind is StepKind.PROVISION and _VERSION.search(step.written):
        return (StepKind.DEPLOY,)
    return (kind or _by_url(step),)


def _by_url(step: Step) -> StepKind:
    """What a transfer does, by where it goes: a deploy hook, a health check, an upload."""
    if step.program in ("curl", "wget", "http"):
        if re.search(r"(?i)deploy|_hook|api\.heroku\.com/apps/", step.written):
            return StepKind.DEPLOY
        if _HEALTH_PATH.search(step.written):
            return StepKind.HEALTH_CHECK
    if step.program in ("scp", "rsync", "sftp", "lftp") and ":" in step.written:
        return StepKind.UPLOAD
    return StepKind.OTHER
