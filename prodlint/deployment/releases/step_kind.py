"""What a step of a pipeline does, by its command or its action: the tables of the delivery page, 2.1."""

from __future__ import annotations

import re
from enum import Enum
from functools import cache
from itertools import pairwise, product

from prodlint.deployment.command import Step
from prodlint.deployment.pipeline import Action, StepKind
from prodlint.deployment.releases.daemon import DOCKER, GLOBAL_OPTIONS
from prodlint.deployment.servers.server import program_of
from prodlint.regex import regex

__all__ = [
    "DeploymentPlace",
    "is_for_clusters",
    "kinds_of_action",
    "kinds_of_step",
    "place_of_deployment",
    "plain_words",
    "push_switch",
    "takes_down",
]


class DeploymentPlace(Enum):
    """Where a command that deploys puts what it deploys, as far as the command tells."""

    MACHINE = "the machine that runs it, or one that it reaches"
    CLUSTER = "the cluster that its tool is set to"
    PLATFORM = "a platform"


# A name that ends in a star stands for all that begin so.
_ACTIONS = {
    StepKind.SETUP: """
        actions/checkout actions/setup-* actions/cache actions/upload-artifact actions/download-artifact
        astral-sh/setup-uv abatilo/actions-poetry snok/install-poetry pdm-project/setup-pdm
        conda-incubator/setup-miniconda mamba-org/setup-micromamba docker/setup-* docker/metadata-action
        docker/login-action azure/setup-* azure/login azure/docker-login azure/k8s-set-context azure/aks-set-context
        hashicorp/setup-terraform hashicorp/vault-action superfly/flyctl-actions/setup-flyctl
        google-github-actions/setup-gcloud google-github-actions/auth google-github-actions/get-gke-credentials
        digitalocean/action-doctl aws-actions/setup-sam aws-actions/aws-cli aws-actions/configure-aws-credentials
        aws-actions/amazon-ecr-login webfactory/ssh-agent shimataro/ssh-key-action 1password/load-secrets-action
        redhat-actions/podman-login
    """,
    StepKind.DEPLOY: """
        aws-actions/amazon-ecs-deploy-task-definition aws-actions/amazon-ecs-deploy-express-service
        aws-actions/aws-lambda-deploy aws-actions/aws-cloudformation-github-deploy
        aws-actions/amazon-app-runner-deploy awslabs/amazon-app-runner-deploy einaregilsson/beanstalk-deploy
        serverless/github-action google-github-actions/deploy-cloudrun google-github-actions/deploy-appengine
        google-github-actions/deploy-cloud-functions google-github-actions/create-cloud-deploy-release
        azure/webapps-deploy azure/functions-action azure/k8s-deploy azure/container-apps-deploy-action
        azure/aci-deploy superfly/flyctl-actions akhileshns/heroku-deploy gonuit/heroku-docker-deploy
        digitalocean/app_action* johnbeynon/render-deploy-action jorgelnhdz/render-deploy-action
        bervproject/railway-deploy dokku/github-action dawidd6/action-ansible-playbook
        bitovi/github-actions-deploy-docker-to-ec2 deliverybot/helm koyeb/action-git-deploy
        cloudflare/wrangler-action amondnet/vercel-action nwtgck/actions-netlify steebchen/kubectl
        actions-hub/kubectl tale/kubectl-action wahyd4/kubectl-helm-action
    """,
    StepKind.PACKAGE: """
        pypa/gh-action-pypi-publish softprops/action-gh-release ncipollo/release-action actions/create-release
        python-semantic-release/* googleapis/release-please-action goreleaser/* changesets/action
        helm/chart-releaser-action stefanprodan/helm-gh-pages
    """,
    StepKind.DOCUMENTATION: """
        actions/deploy-pages actions/configure-pages actions/upload-pages-artifact peaceiris/actions-gh-pages
        jamesives/github-pages-deploy-action cloudflare/pages-action readthedocs/* chromaui/action
    """,
    StepKind.UPLOAD: """
        appleboy/scp-action burnett01/rsync-deployments contention/rsync-deployments easingthemes/ssh-deploy
        wlixcc/sftp-deploy-action wangyucode/sftp-upload-action samkirkland/ftp-deploy-action
        jakejarvis/s3-sync-action
    """,
    StepKind.TEST: "schemathesis/action grafana/run-k6-action cypress-io/github-action wntrblm/nox",
    StepKind.LINT: """
        pre-commit/action astral-sh/ruff-action chartboost/ruff-action psf/black jakebailey/pyright-action
        hadolint/hadolint-action tox-dev/action-pre-commit-uv
    """,
    StepKind.SCAN: """
        pypa/gh-action-pip-audit github/codeql-action/analyze aquasecurity/trivy-action anchore/scan-action
        snyk/actions* zizmorcore/zizmor-action gitleaks/gitleaks-action bridgecrewio/checkov-action azure/container-scan
    """,
    StepKind.BUILD: """
        docker/build-push-action docker/bake-action depot/build-push-action useblacksmith/build-push-action
        redhat-actions/buildah-build mr-smithers-excellent/docker-build-push elgohr/publish-docker-github-action
        aws-actions/aws-codebuild-run-build azure/k8s-bake
    """,
    StepKind.PUSH: "redhat-actions/push-to-registry",
    StepKind.PROVISION: "pulumi/actions hashicorp/tfc-workflows-github*",
    StepKind.NOTIFY: """
        slackapi/slack-github-action 8398a7/action-slack rtcamp/action-slack-notify appleboy/telegram-action
        appleboy/discord-action sarisia/actions-status-discord getsentry/action-release
    """,
}
_PUSHED_OUTPUT = regex(r"(?:^|[,\s])push=(true|\$\{\{(?:[^}]|\}(?!\}))*\}\})")
_WHOLE = regex(r"\$\{\{((?:[^}]|\}(?!\}))*)\}\}")
_ALWAYS_PUSH = ("mr-smithers-excellent/docker-build-push", "elgohr/publish-docker-github-action")


def kinds_of_action(action: Action) -> tuple[StepKind, ...]:
    """What an action does, in order: one that builds an image may push it too."""
    name = action.plain_name
    if name == "superfly/flyctl-actions" and "deploy" not in (action.input("args") or ""):
        return (StepKind.OTHER,)
    kind = _kind_by_name(name)
    if kind is StepKind.BUILD and (name in _ALWAYS_PUSH or push_switch(action) != "false"):
        return (StepKind.BUILD, StepKind.PUSH)
    return (kind,)


@cache
def _action_names() -> tuple[dict[str, StepKind], tuple[tuple[str, StepKind], ...]]:
    """The kinds by whole name, and those by the beginning of a name."""
    names = [(name, kind) for kind, listed in _ACTIONS.items() for name in listed.split()]
    begun = tuple((name[:-1], kind) for name, kind in names if name.endswith("*"))
    return {name: kind for name, kind in names if not name.endswith("*")}, begun


def _kind_by_name(name: str) -> StepKind:
    whole, begun = _action_names()
    return whole.get(name) or next((kind for start, kind in begun if name.startswith(start)), StepKind.OTHER)


def push_switch(action: Action) -> str:
    """What decides whether a build pushes its image: `true`, `false`, or the expressions of which one has to hold."""
    written = (action.input("push") or "").strip()
    outputs = action.input("outputs") or ""
    told = [written or "false", *(found[1] for found in _PUSHED_OUTPUT.finditer(outputs))]
    asked = tuple(dict.fromkeys(one for one in told if "${{" in one))
    if "type=registry" in outputs.replace(" ", "") or any(one.lower() != "false" for one in told if one not in asked):
        return "true"
    plain = [found[1].strip() for one in asked if (found := _WHOLE.fullmatch(one)) is not None]
    if len(asked) < 2 or len(plain) < len(asked):
        return asked[0] if asked else "false"
    return f"${{{{ {' || '.join(f'({one})' for one in plain)} }}}}"


# The first words of a command, options left out; alternatives of one word are parted by a stroke.
_COMMANDS = {
    StepKind.DOCUMENTATION: ("mkdocs gh-deploy", "mike deploy", "sphinx-build"),
    StepKind.PACKAGE: ("twine upload", "uv|poetry|flit|hatch|pdm|npm publish"),
    StepKind.TEST: (
        "pytest|py.test|tox|nox|unittest|nose2|trial|behave|robot|green|locust",
        "coverage run",
        "django-admin|flask|hatch|go|cargo|playwright test",
        "k6|artillery|newman|cypress run",
        "make test|tests|check|ci|verify",
        "just test|check",
    ),
    StepKind.LINT: (
        "ruff|flake8|pylint|black|isort|djlint|hadolint|actionlint|mypy|pyright|pyre|ty|basedpyright|codespell",
        "yamllint|shellcheck|sqlfluff|curlylint|eslint|prettier",
        "pre-commit run",
        "django-admin makemigrations",
    ),
    StepKind.SCAN: ("bandit|safety|pip-audit|trivy|grype|snyk|semgrep|gitleaks|detect-secrets|checkov",),
    StepKind.BUILD: (
        "docker|podman build",
        "docker image|builder build",
        "docker buildx",
        "docker compose build",
        "docker-compose build",
        "buildah bud|build",
        "executor",
        "pack|sam|nixpacks|railpack|skaffold build",
        "gcloud builds submit",
        "az acr build",
    ),
    StepKind.PUSH: (
        "docker|podman push",
        "docker image|compose push",
        "docker-compose push",
        "skopeo copy",
        "crane push|copy",
    ),
    StepKind.DEPLOY: (
        "kubectl apply|replace|create|patch",
        "kubectl set image",
        "kubectl rollout restart",
        "helm upgrade|install",
        "helmfile apply|sync",
        "skaffold run|deploy|apply",
        "argocd app sync",
        "flux reconcile",
        "aws ecs update-service",
        "aws lambda update-function-code",
        "aws deploy create-deployment",
        "aws elasticbeanstalk update-environment",
        "aws apprunner start-deployment",
        "eb|copilot|sam|cdk|serverless|sls|zappa|chalice|fly|flyctl|kamal|modal|fastapi|vercel deploy",
        "copilot svc deploy",
        "zappa update",
        "gcloud run|app|functions deploy",
        "gcloud deploy releases create",
        "gcloud run services update-traffic",
        "gcloud app services set-traffic",
        "gcloud app versions migrate",
        "aws lambda update-alias",
        "az webapp deploy|up|deployment",
        "az functionapp deployment",
        "az containerapp up|update",
        "func azure functionapp publish",
        "heroku container:release|builds:create",
        "railway up|redeploy",
        "render deploys create",
        "doctl apps create-deployment|update",
        "docker stack deploy",
        "docker service update",
        "ansible-playbook",
        "cap production deploy",
        "nomad job run",
        "cf push|zero-downtime-push|blue-green-deploy|bg-deploy",
        "dokku git:from-image",
    ),
    StepKind.PROVISION: ("terraform|tofu apply", "pulumi up"),
    StepKind.HEALTH_CHECK: (
        "kubectl rollout status",
        "kubectl wait",
        "aws ecs wait",
        "copilot svc status",
        "fly|flyctl status|checks",
        "systemctl is-active",
        "heroku ps:wait",
        "wait-on",
    ),
    StepKind.COLLECT_STATIC: ("django-admin collectstatic", "flask digest"),
    StepKind.INSTALL: (
        "pip|pip3|poetry|yarn|apt|apt-get install",
        "pip-sync",
        "uv sync",
        "uv pip install|sync",
        "pipenv|pdm install|sync",
        "conda|mamba|micromamba install|create",
        "conda|mamba|micromamba env create",
        "npm ci|install",
    ),
    StepKind.NOTIFY: ("sentry-cli releases",),
}
_LONGEST = 4
_DEPLOYS_ON_HOST = ("docker compose up ", "docker-compose up ", "docker run ", "podman run ", "git pull ", "git reset ")
_CONTAINERS = ("docker", "podman")
# `-d`, `-itd`, `-dp 80:80`
_DETACHED = regex(r"-[a-zA-Z]*d[a-zA-Z]*$")
# What a tool is told that restarts something.
_RESTARTS = {
    "systemctl": regex(r"(restart|reload|try-restart|start)(?! nginx)"),
    "service": regex(r"\S+ (restart|reload)"),
    "supervisorctl": regex(r"restart|update|reload"),
    "docker": regex(r"(compose )?restart"),
    "docker-compose": regex(r"restart"),
    "pm2": regex(r"restart|reload"),
    "touch": regex(r"\S*(wsgi\.py|reload)"),
    "kill": regex(r"-HUP"),
    "pkill": regex(r"-HUP"),
    "apachectl": regex(r"graceful"),
    "heroku": regex(r"restart"),
    "doctl": regex(r"apps restart"),
}
_OPTION_VALUES = frozenset(
    "-f --file -p --project-name --profile --env-file --project-directory -n --namespace --context --kubeconfig "
    "-C -c --config --region".split()
)
_VALUES_OF_DOCKER = _OPTION_VALUES | GLOBAL_OPTIONS
# Infrastructure that is told which image to run brings new code.
_VERSION = regex(r"(?i)image|tag|version|sha")
# What `curl -F a=@FILE`, `curl -T FILE` and `curl --data-binary @FILE` send, where that is built for others to install.
_SENDS = ("-F", "--form", "-T", "--upload-file", "-d", "--data", "--data-binary")
_BUILT_FILE = regex(r"(?i)\.(whl|tar\.gz|tgz|deb|rpm|egg|pex)([;\"'].*)?$")
# Behind these stand a name for the program that asks, and one for the file that it makes; before their letter may be
# those of options of curl that take no value (curl's manual).
_NAMES = ("--user-agent", "--output")
_WITHOUT_VALUE = frozenset("#fgGijJkLnNORsSvZ0123456")
_HEALTH_PATH = regex(r"/(healthz?|health[-_]?check|readyz?|livez?|ping|status|up)\b")


def plain_words(step: Step) -> str:
    """A step as its tool and plain arguments: options are left out, `docker compose -f x up` is `docker compose up`."""
    tool, words = program_of(step)
    valued = _VALUES_OF_DOCKER if tool in DOCKER else _OPTION_VALUES
    kept = [tool]
    index = 0
    while index < len(words):
        literal = words[index].literal
        value = words[index].written if literal is None else literal
        if value.startswith("-") and len(kept) < 4 and tool not in ("kill", "pkill"):
            index += value in valued
        else:
            kept.append("$" if literal is None else literal)
        index += 1
    return " ".join(kept)


def kinds_of_step(step: Step, on_host: bool = False) -> tuple[StepKind, ...]:
    """What a command of a pipeline does, in order: `docker buildx build --push` builds and pushes.

    `docker compose up`, `git pull` and restarts deploy only on the machine that serves; elsewhere
    they prepare a test.
    """
    text = plain_words(step)
    if (
        on_host
        and f"{text} ".startswith(_DEPLOYS_ON_HOST)
        and (step.program not in _CONTAINERS or _is_left_running(step))
    ):
        return (StepKind.DEPLOY,)
    if on_host and _restarts(text):
        return (StepKind.RESTART,)
    kind = _kind_by_words(text)
    if kind is StepKind.BUILD and any(word in ("--push", "--publish") for word in step.arguments):
        return (StepKind.BUILD, StepKind.PUSH)
    if kind is StepKind.PROVISION and _VERSION.search(step.written):
        return (StepKind.DEPLOY,)
    return (kind or _by_url(step),)


def _restarts(text: str) -> bool:
    tool, _, told = text.partition(" ")
    return tool in _RESTARTS and _RESTARTS[tool].match(told) is not None


# Their cluster may be one on the runner, and so may the machine or the emulated cloud of the others.
_CLUSTER_TOOLS = ("kubectl", "oc", "helm", "helmfile", "skaffold", "flux", "argocd", "nomad")
_MACHINE_TOOLS = (
    *("docker", "docker-compose", "podman", "podman-compose", "ansible-playbook", "terraform", "tofu", "git"),
    *("systemctl", "service", "supervisorctl", "pm2", "touch", "kill", "pkill", "apachectl"),
)
_CLUSTER_ACTIONS = regex(r"^(azure/k8s-|deliverybot/helm|steebchen/kubectl|actions-hub/kubectl|tale/kubectl|wahyd4/)")
_ON_THIS_MACHINE = regex(r"--endpoint-url|\blocalhost\b|\b127\.0\.0\.1\b|\blocalstack\b")
_HOOK = regex(r"(?i)api\.render\.com/deploy|api\.heroku\.com/apps/|hooks?[/_.-]")
_TAKES_DOWN = regex(
    r"^(?:(?:terraform|tofu|pulumi|cdk) destroy|sam delete|(?:serverless|sls) remove|zappa undeploy|chalice delete"
    r"|(?:fly|flyctl) (?:apps )?destroy|heroku apps:destroy|gcloud (?:run services|app services|functions) delete"
    r"|aws \S+ delete-(?:stack|function|service)|az (?:webapp|containerapp|group|functionapp) delete"
    r"|copilot (?:svc|app|env) delete|cf delete|railway down|(?:helm|helmfile) (?:uninstall|delete|destroy))\b"
)


def place_of_deployment(step: Step) -> DeploymentPlace:
    """Where a command that deploys puts it: what may be the runner itself is MACHINE."""
    tool = program_of(step)[0]
    if tool in _CLUSTER_TOOLS:
        return DeploymentPlace.CLUSTER
    pushes = plain_words(step).startswith("git push ")
    if (tool in _MACHINE_TOOLS and not pushes) or _ON_THIS_MACHINE.search(step.written):
        return DeploymentPlace.MACHINE
    if tool in ("curl", "wget", "http") and not _HOOK.search(_asked_for(step)):
        return DeploymentPlace.MACHINE
    return DeploymentPlace.PLATFORM


def is_for_clusters(action: Action) -> bool:
    """Whether an action deploys into the cluster that its job is set to."""
    return _CLUSTER_ACTIONS.match(action.name.lower()) is not None


def takes_down(step: Step) -> bool:
    """Whether a command takes down what a job deployed: its service, function or stack, not old versions of it."""
    return _TAKES_DOWN.match(plain_words(step)) is not None


def _is_left_running(step: Step) -> bool:
    """Whether `docker run` goes on when the pipeline does: one in the foreground, `--rm`, is a test or a task."""
    options = step.arguments if step.program in _CONTAINERS and "run" in step.arguments else ("--detach",)
    return step.background or any(
        word is not None and (_DETACHED.match(word) or word.startswith(("--detach", "--restart"))) for word in options
    )


@cache
def _first_words() -> dict[str, StepKind]:
    """The kinds by the words that a command begins with."""
    return {
        " ".join(words): kind
        for kind, listed in _COMMANDS.items()
        for entry in listed
        for words in product(*(part.split("|") for part in entry.split()))
    }


def _kind_by_words(text: str) -> StepKind | None:
    words = text.split()
    if words[:2] == ["git", "push"]:
        return StepKind.DEPLOY if re.search(r"\b(heroku|dokku)\b", text) else None
    known = _first_words()
    begun = (" ".join(words[:count]) for count in range(min(len(words), _LONGEST), 0, -1))
    return next((known[one] for one in begun if one in known), None)


def _by_url(step: Step) -> StepKind:
    """What a transfer does, by where it goes: a deploy hook, a health check, an upload."""
    if step.program in ("curl", "wget", "http"):
        asked = _asked_for(step)
        if any(sign in asked.lower() for sign in ("deploy", "_hook", "api.heroku.com/apps/")):
            return StepKind.DEPLOY
        if _HEALTH_PATH.search(asked):
            return StepKind.HEALTH_CHECK
        if step.program == "curl" and _sends_a_package(step):
            return StepKind.PACKAGE
    if step.program in ("scp", "rsync", "sftp", "lftp") and ":" in step.written:
        return StepKind.UPLOAD
    return StepKind.OTHER


def _asked_for(step: Step) -> str:
    """The words of a transfer, without the names by which it calls itself and what it gets."""
    return " ".join(
        word
        for before, word in pairwise(map(str, step.argv))
        if not _is_named_behind(before) and not word.startswith(("--user-agent=", "--output="))
    )


def _is_named_behind(option: str) -> bool:
    is_short = option[:1] == "-" and option[-1] in "Ao" and _WITHOUT_VALUE.issuperset(option[1:-1])
    return is_short or option in _NAMES


def _sends_a_package(step: Step) -> bool:
    """Whether a curl sends a file that is built for others to install, as to a package index."""
    words = [str(word) for word in step.argv]
    for option, value in pairwise(words):
        name, _, joined = option.partition("=")
        if name in _SENDS and _BUILT_FILE.search(joined or value):
            return True
    return False
