"""What deploys in a way that is not modelled is named, so that nobody says "nothing does it"."""

import pytest

from prodlint.deployment.process import UnreadDeployment
from prodlint.deployment.repository import Repository
from prodlint.readers import declare


def systems(path: str, text: str) -> list[str]:
    held = {path: text.encode()}
    facts = declare(Repository(held, held.__getitem__))[0]
    return [fact.system for fact in facts if isinstance(fact, UnreadDeployment)]


@pytest.mark.parametrize(
    ("path", "text", "system"),
    [
        ("chart/Chart.yaml", "name: shop\n", "a Helm chart"),
        ("infra/main.tf", "resource x y {}\n", "Terraform"),
        ("cdk.json", "{}\n", "AWS CDK"),
        ("Pulumi.yaml", "name: shop\n", "Pulumi"),
        ("config/deploy.yml", "service: shop\n", "Kamal"),
        ("copilot/web/manifest.yml", "name: web\n", "AWS Copilot"),
        ("jobs/shop.nomad", "job x {}\n", "Nomad"),
        ("roles/web/tasks/main.yml", "- name: x\n", "Ansible"),
        ("ansible/deploy-to-node.yaml", "- name: x\n  hosts: all\n", "Ansible"),
        ("clevercloud/python.json", '{"deploy": {"module": "shop.wsgi"}}\n', "Clever Cloud"),
        (".circleci/config.yml", "jobs: {deploy: {}}\n", "CircleCI"),
        (".azure-pipelines/ci-cd.yml", "steps:\n- script: kubectl apply -f k8s\n", "Azure Pipelines"),
        ("azure-pipelines-release.yml", "steps:\n- script: docker push shop\n", "Azure Pipelines"),
        (".forgejo/workflows/live.yaml", "jobs: {deploy: {}}\n", "Forgejo Actions"),
        (".woodpecker/live.yaml", "steps:\n- commands: [ssh shop ./deploy]\n", "Woodpecker CI"),
        (".drone.yml", "steps:\n- commands: [ssh shop ./deploy]\n", "Drone"),
        (".buildkite/pipeline.yml", "steps:\n- command: ./deploy\n", "Buildkite"),
        ("tasks.py", "from invoke import task\n\n@task\ndef live(ctx):\n    ctx.run('cf push api')\n", "Invoke"),
        ("Dockerrun.aws.json", "{}\n", "Elastic Beanstalk"),
    ],
)
def test_a_system_that_is_not_read_is_named(path: str, text: str, system: str) -> None:
    assert systems(path, text) == [system]


@pytest.mark.parametrize("path", ["ansible/group_vars/web.yml", "infra/ansible/requirements.yml"])
def test_what_lies_beside_playbooks_deploys_nothing(path: str) -> None:
    assert systems(path, "port: 8000\n") == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Makefile", "test:\n\tpytest\n"),
        (".circleci/config.yml", "jobs: {test: {}}\n"),
        (".azure-pipelines/ci.yml", "steps:\n- script: pytest\n"),
        (".buildkite/pipeline.yml", "steps:\n- command: pytest\n"),
        ("examples/chart/Chart.yaml", "name: shop\n"),
        ("tasks.py", "from invoke import task\n\n@task\ndef lint(ctx):\n    ctx.run('manage.py migrate')\n"),
        ("shop/tasks.py", "from celery import shared_task\n\n@shared_task\ndef deploy():\n    migrate()\n"),
        ("render.yaml", "services: []\n"),
        ("infra/variables.tf", 'variable "region" {}\noutput "resource" {\n  value = var.region\n}\n'),
    ],
)
def test_what_deploys_nothing_or_is_read_is_not_named(path: str, text: str) -> None:
    assert systems(path, text) == []
