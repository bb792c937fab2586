"""Systems that may migrate: whether their files are read or only recognised, nobody says that nothing migrates."""

import pytest

from prodlint.deployment.value import NO, YES, Answer
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

PROJECT = {
    "Procfile": "web: gunicorn shop.wsgi\n",
    "manage.py": "from django.core.management import execute_from_command_line\nexecute_from_command_line()\n",
    "shop/wsgi.py": "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
    "orders/migrations/0001_initial.py": "class Migration:\n    pass\n",
}
MIGRATE = "python manage.py migrate --noinput"
JOB = (
    "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate}\nspec:\n  template:\n    spec:\n      containers:\n"
    "      - name: migrate\n        image: example.com/shop:1\n        command: [python, manage.py, migrate]\n"
)
FILES = {
    "Bitbucket": {
        "bitbucket-pipelines.yml": f"pipelines:\n  default:\n  - step: {{deployment: live, script: ['{MIGRATE}']}}\n"
    },
    "Ansible": {"playbook.yml": "- hosts: web\n  tasks:\n  - django_manage: {command: migrate, app_path: /srv/shop}\n"},
    "App Engine": {"app.yaml": f"runtime: python313\nentrypoint: {MIGRATE} && gunicorn shop.wsgi\n"},
    "App Runner": {
        "apprunner.yaml": f"version: 1.0\nruntime: python311\nrun:\n  pre-run: ['{MIGRATE}']\n  command: gunicorn x\n"
    },
    "Azure Pipelines": {"azure-pipelines.yml": f"steps:\n- script: {MIGRATE}\n- script: az webapp deploy\n"},
    "CircleCI": {
        ".circleci/config.yml": f"version: 2.1\njobs:\n  deploy:\n    steps: [{{run: {MIGRATE}}}, {{run: ./deploy}}]\n"
    },
    "Cloud Build": {"cloudbuild.yaml": "steps:\n- name: python\n  entrypoint: python\n  args: [manage.py, migrate]\n"},
    "CodeBuild": {"buildspec.yml": f"version: 0.2\nphases:\n  post_build:\n    commands: ['{MIGRATE}']\n"},
    "CodeDeploy": {
        "appspec.yml": "hooks:\n  AfterInstall:\n  - location: scripts/migrate.sh\n",
        "scripts/migrate.sh": f"{MIGRATE}\n",
    },
    "DigitalOcean": {
        ".do/app.yaml": f"name: shop\njobs:\n- {{name: migrate, kind: PRE_DEPLOY, run_command: {MIGRATE}}}\n"
    },
    "Elastic Beanstalk": {
        ".ebextensions/01.config": f"container_commands:\n  01_migrate: {{command: '{MIGRATE}', leader_only: true}}\n"
    },
    "Elastic Beanstalk, hooks": {".platform/hooks/predeploy/01_migrate.sh": f"#!/bin/bash\n{MIGRATE}\n"},
    "Fabric": {"fabfile.py": f"from fabric import task\n\n@task\ndef deploy(c):\n    c.run('{MIGRATE}')\n"},
    "Helm": {
        "charts/shop/Chart.yaml": "name: shop\nversion: 1.0.0\n",
        "charts/shop/templates/migrate.yaml": JOB.replace("shop:1", "{{ .Values.image }}"),
    },
    "Jenkins": {"Jenkinsfile": f"pipeline {{ stages {{ stage('deploy') {{ steps {{ sh '{MIGRATE}' }} }} }} }}\n"},
    "Kubernetes": {"k8s/migrate.yaml": JOB},
    "Railway": {"railway.json": f'{{"deploy": {{"preDeployCommand": "{MIGRATE}"}}}}\n'},
    "Terraform": {
        "main.tf": f'resource "null_resource" "x" {{\n  provisioner "local-exec" {{ command = "{MIGRATE}" }}\n}}\n'
    },
    "Travis": {".travis.yml": f"script: pytest\nafter_success: {MIGRATE}\ndeploy: {{provider: heroku}}\n"},
    "just": {"justfile": f"deploy:\n    ssh host {MIGRATE}\n"},
    "make": {"Makefile": f"deploy:\n\tssh host {MIGRATE}\n"},
    "supervisor": {"supervisord.conf": f"[program:web]\ncommand=sh -c '{MIGRATE} && gunicorn shop.wsgi'\n"},
    "systemd": {"shop.service": f"[Service]\nExecStartPre={MIGRATE}\nExecStart=gunicorn shop.wsgi\n"},
}


def migrated(files: dict[str, str]) -> Answer:
    deployment = inspect(MemoryTree({**PROJECT, **files}), []).deployment
    (system,) = deployment.migration_systems
    return deployment.is_migrated(system)


def test_nothing_else_migrates_the_project() -> None:
    assert migrated({}) is NO


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_system_that_migrates_is_not_overlooked(name: str) -> None:
    assert migrated(FILES[name]) is not NO


@pytest.mark.parametrize("name", ["Jenkins", "Kubernetes", "make", "systemd", "CodeBuild"])
@pytest.mark.parametrize("folder", ["examples", "tests", "docs/deployment"])
def test_examples_and_tests_of_a_system_migrate_nothing(name: str, folder: str) -> None:
    assert migrated({f"{folder}/{path}": text for path, text in FILES[name].items()}) is not YES


@pytest.mark.parametrize(
    "files",
    [
        {"Makefile": "test:\n\tpytest\n\nmigrate:\n\tpython manage.py makemigrations\n"},
        {".travis.yml": "script: pytest\n"},
        {"Jenkinsfile": "pipeline { stages { stage('test') { steps { sh 'pytest' } } } }\n"},
        {"k8s/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\ndata: {A: b}\n"},
        {"config.yml": "a: b\n"},
    ],
    ids=lambda files: next(iter(files)),
)
def test_files_that_deploy_nothing_leave_no_doubt(files: dict[str, str]) -> None:
    assert migrated(files) is NO
