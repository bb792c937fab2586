"""Which files each reader reads: a reader is loaded when a repository has one of them."""

from __future__ import annotations

import fnmatch

from prodlint.record import Record

__all__ = ["READS", "UNREAD_NAMES", "UNREAD_PATHS", "Files", "fits"]


_WILD = frozenset("?[")


class Files(Record):
    """Which files a reader reads.

    `names` are patterns for the last part of the path, `paths` for the whole path; `contains`
    are byte strings of which one must occur when it is given. `reads_as` is what `--show-files`
    calls such a file.
    """

    reads_as: str
    names: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    contains: tuple[bytes, ...] = ()

    def match(self, path: str, name: str) -> bool:
        """Whether a path, whose last part is the name, is one of these files as far as patterns tell."""
        return any(fits(name, pattern) for pattern in self.names) or any(fits(path, pattern) for pattern in self.paths)


def fits(text: str, pattern: str) -> bool:
    """As `fnmatch.fnmatchcase`, which compiles each pattern: most have stars alone."""
    if not _WILD.isdisjoint(pattern):
        return fnmatch.fnmatchcase(text, pattern)
    first, *others = pattern.split("*")
    if not others:
        return text == pattern
    last = others.pop()
    at, end = len(first), len(text) - len(last)
    if at > end or not text.startswith(first) or not text.endswith(last):
        return False
    for part in others:
        at = text.find(part, at, end) + len(part)
        if at < len(part):
            return False
    return True


# What is not read, by pattern, and what to call it.
UNREAD_NAMES = {
    "Dockerrun.aws.json": "Elastic Beanstalk",
    "buildspec.yml": "CodeBuild",
    "appspec.yml": "CodeDeploy",
    "helmfile.yaml": "Helmfile",
    "cdk.json": "AWS CDK",
    "Pulumi.yaml": "Pulumi",
    ".platform.app.yaml": "Platform.sh",
    "*.nomad": "Nomad",
    "Jenkinsfile": "Jenkins",
    "azure-pipelines*.y*ml": "Azure Pipelines",
    "bitbucket-pipelines.yml": "Bitbucket Pipelines",
    ".travis.yml": "Travis CI",
    ".drone.yml": "Drone",
    ".woodpecker.y*ml": "Woodpecker CI",
    "fabfile.py": "Fabric",
    "tasks.py": "Invoke",
    "dokku.json": "Dokku",
    "captain-definition": "CapRover",
    "Earthfile": "Earthly",
    "docker-bake.hcl": "Buildx Bake",
    "vercel.json": "Vercel",
}
UNREAD_PATHS = {
    ".circleci/config.yml": "CircleCI",
    ".azure-pipelines/*.y*ml": "Azure Pipelines",
    "azure-pipelines/*.y*ml": "Azure Pipelines",
    ".azuredevops/*.y*ml": "Azure Pipelines",
    ".woodpecker/*.y*ml": "Woodpecker CI",
    ".forgejo/workflows/*.y*ml": "Forgejo Actions",
    ".gitea/workflows/*.y*ml": "Gitea Actions",
    ".buildkite/*.y*ml": "Buildkite",
    ".semaphore/*.y*ml": "Semaphore",
    "config/deploy.yml": "Kamal",
    "copilot/*/manifest.yml": "AWS Copilot",
    ".platform/hooks/*": "Elastic Beanstalk",
    "bin/post_compile": "Heroku's post_compile hook",
    "*.tf": "Terraform",
    "*playbook*.yml": "Ansible",
    "*playbook*.yaml": "Ansible",
    "*/tasks/main.yml": "Ansible",
    "ansible/*.y*ml": "Ansible",
    "*/ansible/*.y*ml": "Ansible",
    "clevercloud/*.json": "Clever Cloud",
}

# By the name of the module.
READS = {
    "app_json": Files("Heroku app", names=("app.json",), contains=(b'"addons"',)),
    "appengine": Files("App Engine service", names=("*.yaml", "*.yml"), contains=(b"runtime:",)),
    "apprunner": Files("App Runner service", names=("apprunner.yaml", "apprunner.yml")),
    "beanstalk": Files(
        "Elastic Beanstalk configuration",
        paths=(
            ".ebextensions/*.config",
            "*/.ebextensions/*.config",
            ".elasticbeanstalk/config.yml",
            "*/.elasticbeanstalk/config.yml",
        ),
    ),
    "caddy": Files("Caddyfile", names=("Caddyfile", "Caddyfile.*", "Caddyfile-*", "*.Caddyfile", "*.caddyfile")),
    "chartpress": Files("Chartpress", names=("chartpress.yaml", "chartpress.yml"), contains=(b"charts:",)),
    "cloudbuild": Files(
        "Cloud Build",
        names=("cloudbuild.yaml", "cloudbuild.yml", "cloudbuild.json", "cloudbuild[.-]*.yaml", "*.cloudbuild.yaml"),
        contains=(b"steps",),
    ),
    "cloudfoundry": Files("Cloud Foundry manifest", names=("*.yml", "*.yaml"), contains=(b"applications:",)),
    "cloudrun": Files(
        "Cloud Run service",
        names=("*.yaml", "*.yml", "*.json"),
        contains=(b"serving.knative.dev", b"run.googleapis.com"),
    ),
    "compose": Files("Compose file", names=("*.yml", "*.yaml"), contains=(b"services:",)),
    "digitalocean": Files(
        "App Platform spec",
        names=("app.yaml", "app.yml"),
        paths=(".do/*.yaml", ".do/*.yml", "*/.do/*.yaml"),
        contains=(b"services:", b"workers:", b"jobs:"),
    ),
    "docker": Files(
        "Dockerfile",
        names=(
            "Dockerfile",
            "Containerfile",
            "dockerfile",
            "[Dd]ockerfile[-_.]*",
            "*.[Dd]ockerfile",
            "Containerfile[-_.]*",
            "*.Containerfile",
        ),
    ),
    "ecs": Files(
        "ECS task definition",
        names=("*.json", "*.yaml", "*.yml", "*.template"),
        contains=(b"containerDefinitions", b"ContainerDefinitions"),
    ),
    "fly": Files("Fly.io app", names=("fly.toml", "fly.*.toml")),
    "github": Files("GitHub workflow", paths=(".github/workflows/*.yml", ".github/workflows/*.yaml")),
    "gitlab": Files("GitLab CI", paths=(".gitlab-ci.yml",)),
    "helm": Files("Helm chart", names=("Chart.yaml",)),
    "heroku": Files("Heroku manifest", names=("heroku.yml",)),
    "kubernetes": Files("Kubernetes manifest", names=("*.yml", "*.yaml", "*.json"), contains=(b"apiVersion",)),
    "kustomize": Files("kustomization", names=("kustomization.yaml", "kustomization.yml", "Kustomization")),
    "nginx": Files(
        "nginx configuration",
        names=("nginx.conf", "*.nginx", "*nginx*.conf", "*nginx*.conf.*", "default.conf", "*.conf.template", "*.vhost"),
        paths=(
            "*nginx*/*.conf",
            "*nginx*/*.conf.*",
            "*conf.d/*.conf",
            "*conf.d/*.conf.*",
            "*sites-available/*",
            "*sites-enabled/*",
            "*nginx/*",
        ),
        contains=(b"server",),
    ),
    "procfile": Files("Procfile", names=("Procfile", "Procfile.*")),
    "railway": Files(
        "Railway service",
        names=("railway.json", "railway.toml", "railway.*.json", "railway.*.toml", "nixpacks.toml", "railpack.json"),
    ),
    "render": Files("Render blueprint", names=("render.yaml", "render.yml")),
    "sam": Files(
        "AWS template",
        names=("*.yaml", "*.yml", "*.json", "*.template"),
        contains=(b"AWS::Serverless::Function", b"AWS::Lambda::Function"),
    ),
    "serverless": Files(
        "Serverless Framework service",
        names=(
            "serverless.yml",
            "serverless.yaml",
            "serverless.*.yml",
            "serverless.ts",
            "serverless.js",
            "serverless.json",
        ),
    ),
    "skaffold": Files("Skaffold", names=("skaffold.yaml", "skaffold.yml", "skaffold.*.yaml")),
    "supervisor": Files(
        "supervisor configuration",
        names=("*.conf", "*.ini", "*.conf.j2", "*.conf.template", "*.conf.tmpl", "*.conf.erb"),
        contains=(b"[program:", b"[supervisord]", b"[fcgi-program:"),
    ),
    "systemd": Files(
        "systemd unit",
        names=("*.service", "*.service.j2", "*.service.jinja", "*.service.template", "*.service.erb", "*.service.in"),
        paths=("*.service.d/*.conf",),
        contains=(b"ExecStart",),
    ),
    "task_files": Files(
        "task file", names=("Makefile", "makefile", "GNUmakefile", "justfile", "Justfile", ".justfile", "JUSTFILE")
    ),
    "templates": Files(
        "template, not read",
        names=(
            "compose.yaml",
            "compose.yml",
            "docker-compose.yml",
            "docker-compose.*.yml",
            "render.yaml",
            "app.yaml",
            "serverless.yml",
            "template.yaml",
            "heroku.yml",
        ),
        contains=(b"{{", b"{%"),
    ),
    "unread": Files("deployment, not read", names=tuple(UNREAD_NAMES), paths=tuple(UNREAD_PATHS)),
    "zappa": Files(
        "Zappa or Chalice settings",
        names=(
            "zappa_settings.json",
            "zappa_settings.toml",
            "zappa_settings.py",
            "zappa_settings.yml",
            "zappa_settings.yaml",
        ),
        paths=(".chalice/config.json", "*/.chalice/config.json"),
    ),
}
