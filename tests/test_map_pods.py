"""Pods of several containers in a map: what stands beside, which jobs run."""

from __future__ import annotations

from textwrap import indent

import pytest
from maps import DOCKERFILE, drawn

from prodlint.deployment.environment import Environment

APP = "from flask import Flask\n\napp = Flask('x')\n"
BINDING = "{name: web, image: shop, command: [gunicorn, -b, ':8000', 'app:app']}"
SQL = "{name: sql, image: gcr.io/cloudsql-docker/gce-proxy}"


def manifest(*containers: str, port: str = "{port: 80, targetPort: 8000}", first: str = "") -> dict[str, str]:
    """A Deployment with some containers, `first` of them started before the others, and its Service."""
    listed = indent("".join(f"- {one}\n" for one in containers), "      ")
    sidecars = f"      initContainers:\n      - {first}\n" if first else ""
    service = f"spec: {{selector: {{app: shop}}, ports: [{port}]}}\n" if port else "spec: {ports: [{port: 80}]}\n"
    return {
        "Dockerfile": DOCKERFILE,
        "app.py": APP,
        "compose.yml": "services:\n  web: {build: ., image: shop}\n",
        "k8s/shop.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec:\n  template:\n"
        f"    metadata: {{labels: {{app: shop}}}}\n    spec:\n{sidecars}      containers:\n{listed}---\n"
        f"apiVersion: v1\nkind: Service\nmetadata: {{name: shop}}\n{service}",
    }


# What stands beside.


def test_a_sidecar_is_told_wherever_its_pod_is() -> None:
    for port in ("{port: 80}", ""):
        whole = drawn(manifest(BINDING, SQL, port=port))
        assert [(one.name, one.text) for one in whole.beside] == [("shop/sql", "gcr.io/cloudsql-docker/gce-proxy")]
    # As that of a pod whose other container is in another language.
    jib = "apiVersion: skaffold/v4beta1\nkind: Config\nbuild:\n  artifacts:\n  - image: ledger\n    jib: {project: l}\n"
    files = {**manifest("{name: ledger, image: ledger}", SQL), "skaffold.yaml": jib}
    assert [one.name for one in drawn(files).beside] == ["shop/ledger", "shop/sql"]


def test_a_pod_of_others_is_told_as_before() -> None:
    agents = manifest("{name: mailer, image: acme/mailer}", SQL, port="")
    assert drawn(agents).beside == ()


def test_a_sidecar_is_in_the_environment_of_its_pod() -> None:
    files = manifest(BINDING, SQL)
    files["k8s/development/shop.yaml"] = files.pop("k8s/shop.yaml")
    assert drawn(files).beside == ()
    assert [one.name for one in drawn(files, Environment.DEVELOPMENT).beside] == ["shop/sql"]


def test_what_else_runs_in_a_pod_of_ours_runs_in_production() -> None:
    other = "{name: other, image: acme/mailer, command: [mailer, run]}"
    whole = drawn(manifest(BINDING, other))
    assert {one.name: one.environment for one in whole.services}["shop/other"] == "production"
    whole = drawn(manifest(other))
    assert {one.name: one.environment for one in whole.services}["shop"] == "unknown"


# Jobs.


def job(container: str, more: str = "", kind: str = "Job") -> str:
    """A Job, or a CronJob at night, with a container and perhaps more."""
    pods = f"template: {{spec: {{containers: [{container}{more}]}}}}"
    pods = f"{{{pods}}}" if kind == "Job" else f"{{schedule: 0 3 * * *, jobTemplate: {{spec: {{{pods}}}}}}}"
    return f"apiVersion: batch/v1\nkind: {kind}\nmetadata: {{name: night}}\nspec: {pods}\n"


@pytest.mark.parametrize("kind", ["Job", "CronJob"])
def test_a_job_in_the_image_of_others_is_told_by_what_it_runs(kind: str) -> None:
    text = job("{name: load, image: 'postgres:17', command: [psql, -f, /schema.sql]}", kind=kind)
    whole = drawn({"Dockerfile": DOCKERFILE, "app.py": APP, "k8s/job.yaml": text})
    [service] = [one for one in whole.services if one.platform == "Kubernetes"]
    assert (service.label, service.role) == ("night: psql -f /schema.sql", "release" if kind == "Job" else "worker")
    assert whole.beside == ()
    assert [one.subject for one in whole.doubts] == ["Dockerfile.routes"]


def test_the_jobs_of_a_component_are_told_for_each_kustomization_that_brings_it() -> None:
    component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [job.yaml]\n"
    overlay = "components: [../jobs]\n"
    files = {
        "Dockerfile": DOCKERFILE,
        "app.py": APP,
        "k8s/jobs/kustomization.yaml": component,
        "k8s/jobs/job.yaml": job("{name: load, image: 'postgres:17', command: [psql, -f, /schema.sql]}"),
        "k8s/production/kustomization.yaml": overlay,
        "k8s/development/kustomization.yaml": overlay,
    }
    for environment in (Environment.PRODUCTION, Environment.DEVELOPMENT):
        [service] = [one for one in drawn(files, environment).services if one.platform == "Kubernetes"]
        assert (service.label, service.environment) == ("night: psql -f /schema.sql", environment.value)


def test_a_database_that_is_told_no_command_of_its_own_is_no_job() -> None:
    text = job("{name: db, image: 'postgres:17', args: [-c, fsync=off]}")
    whole = drawn({"Dockerfile": DOCKERFILE, "app.py": APP, "k8s/job.yaml": text})
    assert [one.platform for one in whole.services] == ["Docker"]


def test_the_sidecar_of_a_job_stands_beside_it() -> None:
    sql = ", {name: sql, image: gcr.io/cloudsql-docker/gce-proxy, command: [/cloud_sql_proxy]}"
    text = job("{name: load, image: 'postgres:17', command: [psql, -f, /schema.sql]}", sql)
    whole = drawn({"Dockerfile": DOCKERFILE, "app.py": APP, "k8s/production/job.yaml": text})
    assert [one.name for one in whole.services if one.platform == "Kubernetes"] == ["night/load"]
    assert [one.name for one in whole.beside] == ["night/sql"]


def test_an_init_container_that_waits_in_the_image_of_others_is_not_told() -> None:
    waiting = "{name: wait, image: 'busybox:1', command: [sh, -c, 'until nc -z db 5432; do sleep 1; done']}"
    whole = drawn(manifest(BINDING, first=waiting))
    assert [one.name for one in whole.services if one.platform == "Kubernetes"] == ["shop"]
    assert whole.beside == ()
