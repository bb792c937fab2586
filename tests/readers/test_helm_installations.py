"""Which values a chart is installed with: files for an environment, and the commands of pipelines and scripts."""

import pytest
from helm_shop import CHART, WORKFLOW, declared, processes, unread, variables, with_command, words

from prodlint.deployment.environment import Environment
from prodlint.deployment.link import link
from prodlint.deployment.model import Deployment
from prodlint.deployment.process import Process
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import Known
from prodlint.readers import declare


def linked(files: dict[str, str]) -> Deployment:
    held = {path: text.encode() for path, text in files.items()}
    repository = Repository(held, held.__getitem__)
    return link(declare(repository)[0], repository)


def test_values_for_production_lie_over_those_of_the_chart() -> None:
    files = {
        **CHART,
        "chart/values-prod.yaml": "replicaCount: 5\nenv: {LOG_LEVEL: warning}\nprobe: null\n",
        "chart/values-staging.yaml": "replicaCount: 3\n",
    }
    web = processes(files)["shop"]
    assert isinstance(web.replicas, Known)
    assert web.replicas.value == 5
    assert variables(web) == {"DEBUG": "false", "LOG_LEVEL": "warning"}
    assert web.probes == ()
    assert web.environment is Environment.PRODUCTION


def test_values_for_developers_make_processes_of_development() -> None:
    files = {**CHART, "chart/values-dev.yaml": "env: {DEBUG: 'true'}\n", "chart/values-prod.yaml": "replicaCount: 3\n"}
    found = [fact for fact in declared(files) if isinstance(fact, Process)]
    assert [(one.environment, variables(one)["DEBUG"]) for one in found] == [
        (Environment.PRODUCTION, "false"),
        (Environment.DEVELOPMENT, "true"),
    ]


def test_a_chart_in_a_folder_of_examples_is_for_developers() -> None:
    files = {path.replace("chart/", "examples/chart/"): text for path, text in CHART.items()}
    assert processes(files)["shop"].environment is Environment.DEVELOPMENT
    assert unread(files) == []


def test_templates_lie_in_a_folder_of_that_name_and_may_still_be_of_production() -> None:
    deployment = linked({**CHART, "Dockerfile": "FROM python:3.12\nCOPY . .\n", "shop/__init__.py": ""})
    assert [(one.name, one.environment) for one in deployment.services] == [("shop", Environment.PRODUCTION)]


def test_a_pipeline_says_which_values_files_and_settings_count() -> None:
    files = {
        **with_command("-f chart/values-live.yaml --set replicaCount=7,env.REGION=eu --set-string image.tag=12"),
        "chart/values-live.yaml": "env: {LOG_LEVEL: error}\nreplicaCount: 4\n",
        "chart/values-prod.yaml": "replicaCount: 9\n",
    }
    web = processes(files)["shop"]
    assert isinstance(web.replicas, Known)
    assert web.replicas.value == 7
    assert variables(web) == {"DEBUG": "false", "LOG_LEVEL": "error", "REGION": "eu"}
    assert web.image == "ghcr.io/me/shop:12"
    assert web.environment is Environment.PRODUCTION
    assert web.complete
    assert unread(files) == []


def test_what_a_pipeline_computes_is_unknown_and_the_rest_is_not() -> None:
    web = processes(with_command("--set image.tag=${{ github.sha }} --set env.KEY=$KEY"))["shop"]
    assert web.image is not None
    assert web.image.startswith("ghcr.io/me/shop:{{")
    assert variables(web) == {"DEBUG": "false", "LOG_LEVEL": "info", "KEY": None}
    assert web.complete


@pytest.mark.parametrize(
    "command", ["-f secrets.yaml", '-f "$VALUES"', "--set $KEY=1", "--post-renderer ./x.sh", "--reuse-values"]
)
def test_values_from_outside_of_the_repository_keep_the_chart_open(command: str) -> None:
    files = with_command(command)
    web = processes(files)["shop"]
    assert not web.complete
    assert unread(files) == ["values of a Helm chart"]


def test_a_pipeline_that_tests_the_chart_does_not_install_it() -> None:
    command = WORKFLOW.replace("COMMAND", "--set replicaCount=1").replace("live ", "x ").replace("shop-prod", "x")
    files = {**CHART, ".github/workflows/chart-test.yml": command}
    web = processes(files)["shop"]
    assert isinstance(web.replicas, Known)
    assert web.replicas.value == 2


def test_a_workflow_called_ci_installs_the_chart_where_the_values_are_for_production() -> None:
    command = WORKFLOW.replace("COMMAND", "-f chart/values-prod.yaml --set replicaCount=5")
    files = {**CHART, "chart/values-prod.yaml": "port: 9000\n", ".github/workflows/ci.yml": command}
    web = processes(files)["shop"]
    assert isinstance(web.replicas, Known)
    assert (web.replicas.value, words(web)[3]) == (5, "0.0.0.0:9000")


def test_a_command_for_another_chart_says_nothing_about_this_one() -> None:
    files = with_command("").items()
    other = {path: text.replace("./chart", "bitnami/redis") for path, text in files}
    web = processes({**other, "chart/values-prod.yaml": "replicaCount: 6\n"})["shop"]
    assert isinstance(web.replicas, Known)
    assert web.replicas.value == 6


def test_scripts_and_makefiles_install_charts_as_pipelines_do() -> None:
    command = "helm upgrade --install shop chart --set replicaCount=8"
    for files in (
        {"bin/deploy.sh": f"#!/bin/sh\nset -e\n{command}\n"},
        {"Makefile": "deploy:\n\t@helm upgrade --install shop chart \\\n\t  --set replicaCount=8\n"},
    ):
        web = processes({**CHART, **files})["shop"]
        assert isinstance(web.replicas, Known), files
        assert web.replicas.value == 8, files


def test_a_list_may_be_set_and_the_same_command_twice_is_one_installation() -> None:
    command = "helm upgrade --install live chart --set extraArgs={--workers,5}\n"
    found = [fact for fact in declared({**CHART, "a.sh": command, "b.sh": command}) if isinstance(fact, Process)]
    assert [words(one)[4:] for one in found] == [["--workers", "5"]]


def test_two_releases_of_one_chart_are_two_installations() -> None:
    script = "".join(f"helm upgrade --install {name} chart --set nameOverride={name}\n" for name in ("api", "jobs"))
    assert set(processes({**CHART, "deploy.sh": script})) == {"api", "jobs"}


LOOP = """\
{{- range .Values.services }}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .name }}}
spec:
  template:
    metadata: {labels: {app: {{ .name }}}}
    spec:
      containers:
        - name: {{ .name }}
          image: {{ .image }}
---
apiVersion: v1
kind: Service
metadata: {name: {{ .name }}}
spec: {selector: {app: {{ .name }}}, ports: [{port: 80}]}
{{- end }}
"""


def test_a_loop_of_a_chart_declares_our_images_and_those_of_others_at_one_place() -> None:
    values = "services: [{name: shop, image: acme/shop}, {name: db, image: postgres:17}, {name: n8n, image: n8nio/n8n}]"
    deployment = linked(
        {
            "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
            "chart/values.yaml": values + "\n",
            "chart/templates/all.yaml": LOOP,
            "Dockerfile": "FROM python:3.12\nCOPY . .\nCMD gunicorn app:app\n",
            "Makefile": "release:\n\tdocker build -t acme/shop .\n\tdocker push acme/shop\n",
        }
    )
    assert [one.name for one in deployment.services] == ["shop"]
    assert [(one.name, one.product) for one in deployment.backing_services] == [("db", "PostgreSQL"), ("n8n", "")]


SKAFFOLD = """\
apiVersion: skaffold/v2beta16
kind: Config
build:
  artifacts:
  - {image: registry.example.org/me/shop, context: .}
profiles:
- name: dev
  deploy:
    helm: {releases: [{name: shop, chartPath: chart, valuesFiles: [ops/values/dev/main.yaml]}]}
- name: prod
  deploy:
    helm:
      releases:
      - name: shop
        chartPath: chart
        valuesFiles: [ops/values/prod/main.yaml]
"""
VALUES_OF_SKAFFOLD = {
    "ops/values/dev/main.yaml": "env: {DEBUG: 'true'}\n",
    "ops/values/prod/main.yaml": "replicaCount: 6\nenv: {LOG_LEVEL: error}\n",
    "Dockerfile": "FROM python:3.12\nCOPY . .\n",
}


@pytest.mark.parametrize(
    "given",
    [
        "artifactOverrides: {image.repository: registry.example.org/me/shop}",
        "artifactOverrides: {image: registry.example.org/me/shop}\n        imageStrategy: {helm: {}}",
        "setValueTemplates: {image.repository: '{{.IMAGE_REPO_registry_example_org_me_shop}}'}",
    ],
)
def test_a_profile_of_skaffold_says_with_which_values_and_images_a_chart_is_installed(given: str) -> None:
    files = {**CHART, **VALUES_OF_SKAFFOLD, "skaffold.yaml": f"{SKAFFOLD}        {given}\n"}
    (shop,) = linked(files).services
    assert (shop.environment, shop.process.replicas) == (Environment.PRODUCTION, Known(6, shop.process.replicas.span))
    assert variables(shop.process) == {"DEBUG": "false", "LOG_LEVEL": "error"}
    assert shop.image is not None
    assert shop.image.path == "Dockerfile"


def test_values_that_skaffold_takes_from_elsewhere_leave_a_chart_open() -> None:
    files = {
        **CHART,
        **VALUES_OF_SKAFFOLD,
        "skaffold.yaml": SKAFFOLD.replace("[ops/values/prod", "[secret.yaml, ops/values/prod"),
    }
    assert unread(files) == ["values of a Helm chart"]
    files["skaffold.yaml"] = SKAFFOLD + "        overrides: {replicaCount: 9}\n"
    assert unread(files) == ["values of a Helm chart"]


IN_CI = "on: push\njobs:\n cd:\n  runs-on: ubuntu-latest\n  steps:\n  - run: COMMAND\n"
OF_ITS_OWN = """\
apiVersion: skaffold/v4beta6
kind: Config
deploy:
  helm: {releases: [{name: shop, chartPath: chart, valuesFiles: [work.yaml]}]}
"""
PATCHED = "profiles: [{name: gke, patches: [{op: remove, path: /deploy/helm/releases/0/valuesFiles}]}]\n"


@pytest.mark.parametrize(
    ("profiles", "command", "replicas", "left"),
    [
        ("", "skaffold dev", 2, []),
        ("", "skaffold run", 9, []),
        (PATCHED, "skaffold run", 9, []),
        (PATCHED, "skaffold run -p gke", 9, ["values of a Helm chart"]),
        (PATCHED, "|\n     skaffold run \\\n       --tag $TAG -p gke", 9, ["values of a Helm chart"]),
        (PATCHED, ">\n     skaffold run\n     --profile gke", 9, ["values of a Helm chart"]),
        (PATCHED, "|\n     skaffold run\n     mkdir -p out", 9, []),
        (PATCHED.replace("gke,", "gke, activation: [{env: CI=true}],"), "skaffold run", 9, ["values of a Helm chart"]),
    ],
)
def test_what_skaffold_installs_is_of_developers_where_nothing_deploys_it(
    profiles: str, command: str, replicas: int, left: list[str]
) -> None:
    files = {
        **CHART,
        "work.yaml": "replicaCount: 9\n",
        "skaffold.yaml": OF_ITS_OWN + profiles,
        ".github/workflows/cd.yml": IN_CI.replace("COMMAND", command),
    }
    assert processes(files)["shop"].replicas.value == replicas  # type: ignore[union-attr]
    assert unread(files) == left


def test_a_value_that_a_pipeline_computes_is_shown_by_its_key() -> None:
    files = with_command("--set image.tag=$TAG --set-file cert=$FILE")
    assert processes(files)["shop"].image == "ghcr.io/me/shop:{{ image.tag }}"
