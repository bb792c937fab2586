"""Pods of several containers in a map: whose the ports are that lead to them, what stands beside, which jobs run."""

from __future__ import annotations

from textwrap import indent

import pytest
from maps import DOCKERFILE, drawn

from prodlint.deployment.environment import Environment
from prodlint.map.document import Map

APP = "from flask import Flask\n\napp = Flask('x')\n"
BINDING = "{name: web, image: shop, command: [gunicorn, -b, ':8000', 'app:app']}"
# Where it listens is computed by a program that nobody sees here.
OPEN = "{name: web, image: shop, command: [./start]}"
PROXY = "{name: proxy, image: nginx}"
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


def ports(whole: Map) -> dict[str, str]:
    """What a map tells of the ports of each container, those of others among them."""
    found: dict[str, str] = {}
    for service in whole.services:
        fact = service.fact("ports")
        found |= {service.name.removeprefix("shop/"): fact.text} if fact is not None else {}
    for one in whole.beside:
        _, published, text = one.text.partition(", published on ")
        found |= {one.name.removeprefix("shop/"): text} if published else {}
    return found


LED = "80 of the Service shop → 8000"


def declaring(container: str, number: int, name: str = "http") -> str:
    """A container that declares a port by a name."""
    return f"{container[:-1]}, ports: [{{containerPort: {number}, name: {name}}}]}}"


@pytest.mark.parametrize("port", ["{port: 80, targetPort: app}", "{port: 80, targetPort: 8000}"])
def test_a_port_belongs_to_the_container_that_binds_it_whoever_declares_it(port: str) -> None:
    whole = drawn(manifest(declaring(PROXY, 8000, "app"), BINDING, port=port))
    assert ports(whole) == {"web": LED}
    [service] = [one for one in whole.services if one.name == "shop/web"]
    assert service.role == "web"


def test_each_port_of_a_service_is_told_of_the_container_that_it_leads_to() -> None:
    both = "{port: 80, targetPort: http}, {port: 81, targetPort: app}"
    proxy = f"{PROXY[:-1]}, ports: [{{containerPort: 8080, name: http}}, {{containerPort: 8000, name: app}}]}}"
    found = ports(drawn(manifest(proxy, BINDING, port=both)))
    assert found == {"web": "81 of the Service shop → 8000", "proxy": "80 of the Service shop → 8080"}


def test_a_port_that_nobody_is_known_to_bind_belongs_to_the_container_that_declares_it() -> None:
    assert ports(drawn(manifest(declaring(PROXY, 8000), OPEN))) == {"proxy": LED}
    # What it binds is written here, and is another one.
    assert ports(drawn(manifest(declaring(PROXY, 9000), BINDING, port="{port: 80, targetPort: http}"))) == {
        "proxy": "80 of the Service shop → 9000"
    }


def test_a_port_that_nobody_declares_belongs_to_the_container_that_binds_it() -> None:
    assert ports(drawn(manifest(BINDING, PROXY))) == {"web": LED}
    assert ports(drawn(manifest(BINDING, SQL))) == {"web": LED}


def test_a_port_of_which_nothing_is_known_belongs_to_the_only_container_that_may_be_meant() -> None:
    assert ports(drawn(manifest(OPEN, SQL))) == {"web": LED}
    worker = "{name: worker, image: shop, command: [celery, -A, tasks, worker]}"
    assert ports(drawn(manifest(OPEN, worker))) == {"web": LED}
    # A database listens on a port of its own.
    assert ports(drawn(manifest(OPEN, "{name: cache, image: 'redis:8'}"))) == {"web": LED}
    assert ports(drawn(manifest(OPEN, "{name: cache, image: 'redis:8'}", port="{port: 6379}"))) == {
        "cache": "6379 of the Service shop → 6379"
    }


def test_a_port_that_several_containers_may_be_meant_by_stays_open() -> None:
    assert ports(drawn(manifest(OPEN, PROXY))) == {}
    assert ports(drawn(manifest(OPEN, PROXY, port="{port: 80, targetPort: http}"))) == {}
    # Both declare it, and one of them is known to listen elsewhere.
    both = (declaring(OPEN, 8000), declaring(PROXY, 8000))
    assert ports(drawn(manifest(*both))) == {"web": "8000"}
    elsewhere = BINDING.replace("8000", "9000")
    assert ports(drawn(manifest(declaring(elsewhere, 8000), declaring(PROXY, 8000)))) == {
        "web": "8000",
        "proxy": LED,
    }


def test_what_listens_for_its_own_pod_alone_is_not_what_a_service_leads_to() -> None:
    inside = BINDING.replace(":8000", "127.0.0.1:8000")
    assert ports(drawn(manifest(inside, PROXY))) == {"proxy": LED}
    # Nobody else may be meant: the Service leads to a port that refuses everybody.
    assert ports(drawn(manifest(inside, SQL))) == {"web": LED}


def test_a_port_that_a_container_is_probed_on_is_its_own() -> None:
    probed = f"{OPEN[:-1]}, readinessProbe: {{httpGet: {{path: /, port: 8000}}}}}}"
    assert ports(drawn(manifest(probed, PROXY))) == {"web": LED}
    assert ports(drawn(manifest(probed, PROXY, port="{port: 80, targetPort: 9000}"))) == {}


def test_a_port_that_is_bound_unless_a_variable_is_set_is_that_of_its_container() -> None:
    shell = "{name: web, image: shop, command: [sh, -c, 'exec gunicorn -b :${LISTEN:-8000} app:app'], ENV}"
    kept = "envFrom: [{secretRef: {name: kept}}]"
    assert ports(drawn(manifest(shell.replace("ENV", kept), PROXY))) == {"web": LED}


def test_a_sidecar_among_the_init_containers_shares_the_ports_of_its_pod() -> None:
    sidecar = declaring(PROXY, 8000).replace("}]", "}], restartPolicy: Always")
    assert ports(drawn(manifest(OPEN, first=sidecar))) == {"proxy": LED}
    # One that ends before the pod serves has no port that others dial.
    ending = declaring("{name: prepare, image: shop, command: [./prepare]}", 8000)
    assert ports(drawn(manifest(OPEN, first=ending)))["shop"] == LED


def test_an_ingress_finds_the_port_of_a_pod_although_nobody_knows_whose_it_is() -> None:
    ingress = (
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: shop}\nspec:\n  rules:\n  - http:\n"
        "      paths:\n      - {path: /, backend: {service: {name: shop, port: {number: 80}}}}\n"
    )

    def leads(files: dict[str, str]) -> list[str]:
        [proxy] = drawn({**files, "k8s/ingress.yaml": ingress}).proxies
        return [end.fact.text.partition(":")[0] for route in proxy.routes for end in route.destinations]

    assert leads(manifest(BINDING, PROXY)) == ["shop/web"]
    assert leads(manifest(OPEN, PROXY)) == ["shop is the name of shop/proxy, shop/web"]


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
