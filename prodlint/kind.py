"""What kind of file a name promises: what every file is sorted by before anything is read."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import Enum
from functools import cache

__all__ = ["NAMES", "Kind", "classify"]


class Kind(str, Enum):
    """What a file is to a deployment; OTHER files only exist."""

    PYTHON = "python"
    REQUIREMENTS = "requirements"
    PYPROJECT = "pyproject"
    SETUP_CFG = "setup-cfg"
    SETUP_PY = "setup-py"
    PIPFILE = "pipfile"
    LOCK = "lock"
    CONDA = "conda"
    PYTHON_VERSION = "python-version"

    DOCKERFILE = "dockerfile"
    DOCKERIGNORE = "dockerignore"
    COMPOSE = "compose"
    BAKE = "bake"
    DEVCONTAINER = "devcontainer"
    SKAFFOLD = "skaffold"
    BUILDPACK = "buildpack"
    NIXPACKS = "nixpacks"
    RAILPACK = "railpack"

    PROCFILE = "procfile"
    HEROKU = "heroku"
    APP_JSON = "app-json"
    RAILWAY = "railway"
    RENDER = "render"
    FLY = "fly"
    APP_ENGINE = "app-engine"
    APP_RUNNER = "app-runner"
    BEANSTALK = "beanstalk"
    CHALICE = "chalice"
    CLOUDFORMATION = "cloudformation"
    DIGITALOCEAN = "digitalocean"
    ECS = "ecs"
    KAMAL = "kamal"
    SERVERLESS = "serverless"
    VERCEL = "vercel"
    ZAPPA = "zappa"

    KUBERNETES = "kubernetes"
    KUSTOMIZATION = "kustomization"
    HELM_CHART = "helm-chart"
    HELM_VALUES = "helm-values"
    HELM_TEMPLATE = "helm-template"

    GITHUB_WORKFLOW = "github-workflow"
    GITHUB_ACTION = "github-action"
    GITLAB_CI = "gitlab-ci"
    AZURE_PIPELINES = "azure-pipelines"
    BITBUCKET = "bitbucket"
    CIRCLECI = "circleci"
    CLOUD_BUILD = "cloud-build"
    CODEBUILD = "codebuild"
    CODEDEPLOY = "codedeploy"
    JENKINS = "jenkins"
    OTHER_CI = "other-ci"

    ANSIBLE = "ansible"
    CLOUD_INIT = "cloud-init"
    TERRAFORM = "terraform"
    NGINX = "nginx"
    CADDY = "caddy"
    SYSTEMD = "systemd"
    SUPERVISOR = "supervisor"
    UWSGI = "uwsgi"

    SHELL = "shell"
    MAKEFILE = "makefile"
    JUSTFILE = "justfile"
    ENV = "env"
    INI = "ini"
    JSON = "json"
    TOML = "toml"
    YAML = "yaml"
    TEMPLATE = "template"
    OTHER = "other"


NAMES: dict[str, Kind] = {
    "pyproject.toml": Kind.PYPROJECT,
    "setup.cfg": Kind.SETUP_CFG,
    "setup.py": Kind.SETUP_PY,
    "Pipfile": Kind.PIPFILE,
    "Pipfile.lock": Kind.LOCK,
    "poetry.lock": Kind.LOCK,
    "uv.lock": Kind.LOCK,
    "pdm.lock": Kind.LOCK,
    "pylock.toml": Kind.LOCK,
    "conda-lock.yml": Kind.LOCK,
    "pixi.lock": Kind.LOCK,
    "environment.yml": Kind.CONDA,
    "environment.yaml": Kind.CONDA,
    ".python-version": Kind.PYTHON_VERSION,
    "runtime.txt": Kind.PYTHON_VERSION,
    ".tool-versions": Kind.PYTHON_VERSION,
    "mise.toml": Kind.PYTHON_VERSION,
    ".mise.toml": Kind.PYTHON_VERSION,
    "Dockerfile": Kind.DOCKERFILE,
    "dockerfile": Kind.DOCKERFILE,
    "Containerfile": Kind.DOCKERFILE,
    ".dockerignore": Kind.DOCKERIGNORE,
    ".containerignore": Kind.DOCKERIGNORE,
    "devcontainer.json": Kind.DEVCONTAINER,
    ".devcontainer.json": Kind.DEVCONTAINER,
    "skaffold.yaml": Kind.SKAFFOLD,
    "skaffold.yml": Kind.SKAFFOLD,
    "project.toml": Kind.BUILDPACK,
    "nixpacks.toml": Kind.NIXPACKS,
    "nixpacks.json": Kind.NIXPACKS,
    "railpack.json": Kind.RAILPACK,
    "Procfile": Kind.PROCFILE,
    "heroku.yml": Kind.HEROKU,
    "app.json": Kind.APP_JSON,
    "railway.json": Kind.RAILWAY,
    "railway.toml": Kind.RAILWAY,
    "render.yaml": Kind.RENDER,
    "render.yml": Kind.RENDER,
    "apprunner.yaml": Kind.APP_RUNNER,
    "Dockerrun.aws.json": Kind.BEANSTALK,
    "samconfig.toml": Kind.CLOUDFORMATION,
    "serverless.yml": Kind.SERVERLESS,
    "serverless.yaml": Kind.SERVERLESS,
    "vercel.json": Kind.VERCEL,
    "zappa_settings.json": Kind.ZAPPA,
    "zappa_settings.toml": Kind.ZAPPA,
    "zappa_settings.yaml": Kind.ZAPPA,
    "zappa_settings.yml": Kind.ZAPPA,
    "kustomization.yaml": Kind.KUSTOMIZATION,
    "kustomization.yml": Kind.KUSTOMIZATION,
    "Kustomization": Kind.KUSTOMIZATION,
    "Chart.yaml": Kind.HELM_CHART,
    "action.yml": Kind.GITHUB_ACTION,
    "action.yaml": Kind.GITHUB_ACTION,
    "azure-pipelines.yml": Kind.AZURE_PIPELINES,
    "azure-pipelines.yaml": Kind.AZURE_PIPELINES,
    "bitbucket-pipelines.yml": Kind.BITBUCKET,
    "cloudbuild.yaml": Kind.CLOUD_BUILD,
    "cloudbuild.yml": Kind.CLOUD_BUILD,
    "cloudbuild.json": Kind.CLOUD_BUILD,
    "buildspec.yml": Kind.CODEBUILD,
    "buildspec.yaml": Kind.CODEBUILD,
    "appspec.yml": Kind.CODEDEPLOY,
    "appspec.yaml": Kind.CODEDEPLOY,
    "appspec.json": Kind.CODEDEPLOY,
    "Jenkinsfile": Kind.JENKINS,
    ".travis.yml": Kind.OTHER_CI,
    ".drone.yml": Kind.OTHER_CI,
    ".woodpecker.yml": Kind.OTHER_CI,
    ".woodpecker.yaml": Kind.OTHER_CI,
    "appveyor.yml": Kind.OTHER_CI,
    ".gitlab-ci.yml": Kind.GITLAB_CI,
    "Caddyfile": Kind.CADDY,
    "nginx.conf": Kind.NGINX,
    "Makefile": Kind.MAKEFILE,
    "makefile": Kind.MAKEFILE,
    "GNUmakefile": Kind.MAKEFILE,
    "justfile": Kind.JUSTFILE,
    "Justfile": Kind.JUSTFILE,
    ".justfile": Kind.JUSTFILE,
    ".flaskenv": Kind.ENV,
}

SUFFIXES: dict[str, Kind] = {
    "py": Kind.PYTHON,
    "pyw": Kind.PYTHON,
    "sh": Kind.SHELL,
    "bash": Kind.SHELL,
    "ksh": Kind.SHELL,
    "mk": Kind.MAKEFILE,
    "just": Kind.JUSTFILE,
    "nginx": Kind.NGINX,
    "service": Kind.SYSTEMD,
    "socket": Kind.SYSTEMD,
    "timer": Kind.SYSTEMD,
    "tf": Kind.TERRAFORM,
    "dockerignore": Kind.DOCKERIGNORE,
    "env": Kind.ENV,
    "ini": Kind.INI,
    "cfg": Kind.INI,
    "json": Kind.JSON,
    "toml": Kind.TOML,
    "yml": Kind.YAML,
    "yaml": Kind.YAML,
}

TEMPLATE_SUFFIXES = frozenset("j2 jinja jinja2 tmpl tpl template erb mustache in".split())
"""Files that another program fills in first: after the name of a Dockerfile, nothing is parsed."""

SOMETHING_ELSE = frozenset(
    "bak backup orig rej swp old off disabled md rst html txt asc gpg enc age vault keys lock log pem crt png svg am"
    " py sh bash js mjs ts tsx json yml yaml toml".split()
)
"""After a name such as `Dockerfile` or `.env` these say that the file is something else."""


# Expressions are kept as text and compiled when a file first asks: most runs need only a few.
PATH_RULES: tuple[tuple[str, str, Kind], ...] = (
    # The suffixes, the path without them (from any folder, or with ^ from the root), the kind.
    ("yml yaml", r"^\.github/workflows/[^/]+", Kind.GITHUB_WORKFLOW),
    ("yml yaml", r"\.gitlab/.+|[^/]*\.gitlab-ci", Kind.GITLAB_CI),
    ("yml yaml", r"^\.circleci/[^/]+", Kind.CIRCLECI),
    ("yml yaml", r"\.?azure[-_.]?pipelines?/.+|azure-pipelines[-.][^/]*", Kind.AZURE_PIPELINES),
    ("yml yaml json", r"cloudbuild[-_.][^/]+", Kind.CLOUD_BUILD),
    ("yml yaml", r"buildspec[-_.][^/]+", Kind.CODEBUILD),
    ("yml yaml", r"\.woodpecker/.+|\.(?:forgejo|gitea)/workflows/.+", Kind.OTHER_CI),
    ("yml yaml", r"(?:docker-)?compose(?:[-_.][^/]+)?|docker-stack[^/]*", Kind.COMPOSE),
    ("hcl json", r"docker-bake(?:\.[^/]+)?", Kind.BAKE),
    ("toml", r"fly(?:[-_.][^/]+)?", Kind.FLY),
    ("toml json", r"railway[-_.][^/]+", Kind.RAILWAY),
    ("yml yaml", r"render[-_.][^/]+", Kind.RENDER),
    ("yml yaml", r"serverless[-_.][^/]+", Kind.SERVERLESS),
    ("toml", r"pylock\.[^/]+", Kind.LOCK),
    ("yml yaml", r"\.do/[^/]+", Kind.DIGITALOCEAN),
    ("config yml yaml json", r"\.ebextensions/[^/]+", Kind.BEANSTALK),
    ("json", r"\.chalice/config", Kind.CHALICE),
    ("yml", r"config/deploy(?:\.\w+)?", Kind.KAMAL),
    ("json", r"(?:[^/]*[-_.])?task[-_]?def(?:inition)?s?(?:[-_.][^/]*)?", Kind.ECS),
    ("conf", r"[^/]+\.service\.d/[^/]+", Kind.SYSTEMD),
    ("conf ini", r"supervisord?[^/]*", Kind.SUPERVISOR),
    ("ini", r"[^/]*uwsgi[^/]*", Kind.UWSGI),
    ("txt in pip", r"(?:[^/]*[-_.])?(?:requirements?|constraints?)(?:[-_.][^/]*)?", Kind.REQUIREMENTS),
    ("txt in pip", r"(?:requirements|reqs?|constraints)/.+", Kind.REQUIREMENTS),
    ("conf template", r"[^/]*nginx[^/]*/.+|[^/]*nginx[^/]*|conf\.d/[^/]+", Kind.NGINX),
)

DOCKERFILE_NAME = r"(?:Dockerfile|Containerfile|dockerfile)[-_.](.+)|.+\.(?:[Dd]ockerfile|Containerfile)"
PROCFILE_NAME = r"Procfile[-_.]\w[\w.-]*"
MAKEFILE_NAME = r"(?:GNUm|M|m)akefile[-_.]\w[\w.-]*"
ENV_NAME = (
    r"\.env(?:[-_.].+)?|\.\w[\w.-]*\.env|env[-_.](?:example|sample|template|tpl|dist|docker|local|live|test|staging)"
    r"|env[-_.](?:dev|prod)\w*"
)
NGINX_SITE = r"(?:.*/)?sites-(?:available|enabled)/[^/]+"
HOOK = r"(?:.*/)?\.platform/hooks/.+"
SCRIPT_PATH = r"(?:.*/)?(?:bin|scripts?)/.+|(?:.*/)?(?:docker[-_])?(?:entrypoint|start|run|release|deploy)(?:[-_]\w+)*"


def classify(path: str) -> Kind | None:
    """The kind that the name of a file promises; None when the name says nothing."""
    name = path[path.rfind("/") + 1 :]
    if name in NAMES:
        return NAMES[name]
    stem, dot, suffix = name.rpartition(".")
    if stem and suffix in ("py", "pyw"):
        return Kind.PYTHON
    # The plain tests of substrings keep the expressions away from the thousands of other files.
    if ("env" in name and re.fullmatch(ENV_NAME, name)) or "/.envs/" in f"/{path}":
        return _named(Kind.ENV, suffix, templates=("j2", "jinja", "jinja2", "erb"))
    if "file" in name:
        if re.fullmatch(DOCKERFILE_NAME, name):
            return Kind.DOCKERIGNORE if suffix == "dockerignore" else _named(Kind.DOCKERFILE, suffix)
        if re.fullmatch(PROCFILE_NAME, name):
            return _named(Kind.PROCFILE, suffix)
        if re.fullmatch(MAKEFILE_NAME, name):
            return _named(Kind.MAKEFILE, suffix)
    if "sites-" in path and re.fullmatch(NGINX_SITE, path):
        return Kind.NGINX
    if ".platform/" in path and re.fullmatch(HOOK, path):
        return Kind.BEANSTALK
    if not dot:
        return Kind.SHELL if re.fullmatch(SCRIPT_PATH, path) else None
    if suffix in RULED_SUFFIXES:
        regex = _path_rules(suffix).fullmatch(path, 0, len(path) - len(suffix) - 1)
        if regex is not None and regex.lastgroup is not None:
            return Kind[regex.lastgroup]
    return Kind.TEMPLATE if suffix in TEMPLATE_SUFFIXES and suffix != "in" else SUFFIXES.get(suffix)


RULED_SUFFIXES = frozenset(suffix for suffixes, _, _ in PATH_RULES for suffix in suffixes.split())


@cache
def _path_rules(suffix: str) -> re.Pattern[str]:
    """The rules for a suffix as one expression, whose group is named for the kind."""
    rules: dict[Kind, list[str]] = {}
    for suffixes, stem, kind in PATH_RULES:
        if suffix in suffixes.split():
            rules.setdefault(kind, []).append(stem[1:] if stem.startswith("^") else f"(?:.*/)?(?:{stem})")
    return re.compile("|".join(f"(?P<{kind.name}>{'|'.join(stems)})" for kind, stems in rules.items()), re.IGNORECASE)


def _named(kind: Kind, suffix: str, templates: Collection[str] = TEMPLATE_SUFFIXES) -> Kind | None:
    """The kind of a file that has a telling name and this suffix behind it."""
    if suffix in templates:
        return Kind.TEMPLATE
    return SUFFIXES.get(suffix) if suffix in SOMETHING_ELSE else kind
