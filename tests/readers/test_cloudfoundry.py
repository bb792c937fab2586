"""Cloud Foundry's app manifests, of any name: what runs, with which command, and what a Procfile beside them is."""

import pytest

from prodlint.deployment.environment import Environment
from prodlint.deployment.installed.runtime import python_of
from prodlint.deployment.process import Platform, Process, Role
from prodlint.deployment.repository import Repository
from prodlint.deployment.service import Service
from prodlint.deployment.value import Known, Unknown
from prodlint.inspection import inspect
from prodlint.readers import declare
from prodlint.tree import MemoryTree

MANIFEST = """\
applications:
- name: api
  instances: 12
  memory: 2G
  buildpacks: [python_buildpack]
  path: ../
  services: [creds, {name: cache}, queue]
  env: {PLAIN: x, PRODUCTION: True, QUOTED: 'True', KEY: ((key))}
"""
APP = {
    "shop/wsgi.py": "from flask import Flask\n\napplication = Flask(__name__)\n",
    "requirements.txt": "flask==3.1.0\ngunicorn==23.0.0\n",
    "Procfile": "web: gunicorn shop.wsgi\nworker: celery -A shop worker\nrelease: flask db upgrade\n",
    "runtime.txt": "python-3.12.x\n",
}


def processes(text: str, path: str = "manifests/api.yml", **more: str) -> dict[str, Process]:
    held = {name: body.encode() for name, body in {**APP, path: text, **more}.items()}
    facts = declare(Repository(held, held.__getitem__))[0]
    return {one.name: one for one in facts if isinstance(one, Process) and one.platform is Platform.CLOUD_FOUNDRY}


def services(files: dict[str, str]) -> list[Service]:
    return list(inspect(MemoryTree(files), []).deployment.services)


def written(process: Process) -> str | None:
    return process.command.written if process.command is not None else None


def test_a_manifest_of_any_name_has_its_processes() -> None:
    api = processes(MANIFEST)["api"]
    assert (written(api), api.role, api.root) == ("gunicorn shop.wsgi", Role.WEB, "")
    assert isinstance(api.replicas, Known)
    assert api.replicas.value == 12
    assert {one.name: getattr(one.value, "value", None) for one in api.settings} == {
        "memory": "2G",
        "services": "creds, queue",
    }


def test_truth_values_arrive_in_small_letters_and_what_the_push_fills_in_is_unknown() -> None:
    found = {one.name: one for one in processes(MANIFEST)["api"].variables}
    assert str(found["PLAIN"].value) == "x"
    assert isinstance(found["PRODUCTION"].given, Known)
    assert found["PRODUCTION"].given.value == "true"
    assert str(found["QUOTED"].value) == "True"
    assert isinstance(found["KEY"].given, Unknown)


def test_a_procfile_beside_a_manifest_is_not_of_heroku() -> None:
    found = services({**APP, "manifest.yml": MANIFEST.replace("../", ".")})
    assert [(one.name, one.process.platform) for one in found] == [("api", Platform.CLOUD_FOUNDRY)]


def test_a_procfile_is_of_heroku_too_where_an_app_json_says_so() -> None:
    found = services({**APP, "manifest.yml": MANIFEST.replace("../", "."), "app.json": "{}"})
    assert Platform.HEROKU in [one.process.platform for one in found]


def test_a_service_of_cloud_foundry_installs_listens_and_runs_as_its_buildpack_says() -> None:
    files = {**APP, "manifest.yml": MANIFEST.replace("../", ".")}
    (api,) = services(files)
    assert [one.written for one in api.installs] == ["pip install -r requirements.txt"]
    assert api.server is not None
    assert [str(one) for one in api.server.binds] == ["0.0.0.0:$PORT"]
    python = python_of(api, Repository(files, lambda path: files[path].encode()))
    assert isinstance(python, Known)
    assert python.value == "3.12"


@pytest.mark.parametrize(
    ("more", "role"),
    [
        ("", Role.WEB),
        ("  no-route: true\n", Role.WORKER),
        ("  health-check-type: process\n", Role.WORKER),
        ("  health-check-type: process\n  routes: [{route: shop.example}]\n", Role.WEB),
        ("  health-check-type: http\n", Role.WEB),
    ],
)
def test_an_application_without_a_route_is_a_worker(more: str, role: Role) -> None:
    text = f"applications:\n- name: job\n  memory: 1G\n  command: celery -A shop worker\n{more}"
    job = processes(text)["job"]
    assert (written(job), job.role) == ("celery -A shop worker", role)


def test_each_process_has_its_own_command_and_number() -> None:
    text = (
        "applications:\n- name: shop\n  processes:\n  - {type: web, command: gunicorn shop.wsgi, instances: 2}\n"
        "  - {type: worker, instances: 3}\n"
    )
    found = processes(text)
    told = [(name, written(one), getattr(one.replicas, "value", None), one.role) for name, one in found.items()]
    assert told == [
        ("shop", "gunicorn shop.wsgi", 2, Role.WEB),
        ("shop-worker", "celery -A shop worker", 3, Role.WORKER),
    ]


def test_each_manifest_that_runs_a_procfile_is_a_release_of_its_own() -> None:
    manifest = "applications:\n- name: shop\n  buildpacks: [python_buildpack]\n"
    procfile = "web: python manage.py migrate && gunicorn shop.wsgi\n"
    files = {**APP, "Procfile": procfile, "manifest_prod.yml": manifest, "manifest_staging.yml": manifest}
    releases = inspect(MemoryTree(files), []).deployment.releases
    assert {one.name: [step.kind.value for step in one.steps] for one in releases} == {
        "manifest_prod.yml": ["migrate", "start"],
        "manifest_staging.yml": ["migrate", "start"],
    }


def test_an_older_manifest_says_at_its_top_what_holds_for_all() -> None:
    text = "memory: 1G\ncommand: gunicorn shop.wsgi\nenv: {A: x}\napplications:\n- {name: a}\n- {name: b}\n"
    found = processes(text)
    assert {name: (written(one), [two.name for two in one.variables]) for name, one in found.items()} == {
        "a": ("gunicorn shop.wsgi", ["A"]),
        "b": ("gunicorn shop.wsgi", ["A"]),
    }


@pytest.mark.parametrize(
    "text",
    [
        MANIFEST.replace("python_buildpack", "nodejs_buildpack"),
        "applications:\n- {name: shop, namespace: argocd, path: charts/shop}\n",
        "applications: [api]\n",
        "applications: {memory: 1G}\n",
        "- applications: 1\n",
    ],
)
def test_what_is_no_manifest_or_runs_no_python_declares_nothing(text: str) -> None:
    assert processes(text, path="manifests/api.yml") == {}


@pytest.mark.parametrize(
    "text",
    [
        "applications:\n- {memory: 1G, env: &a {A: [1]}, processes: [{type: web, env: *a}], instances: -1}\n",
        "applications:\n- {memory: 1G, processes: [{type: [x]}, 1], env: [1], services: {a: b}, instances: {}}\n",
        "applications:\n- {memory: [], path: ../../../.., command: {a: b}, docker: 1, buildpack: '((b))'}\n",
    ],
)
def test_a_manifest_that_makes_no_sense_is_read_as_far_as_it_goes(text: str) -> None:
    assert [one.root for one in processes(text).values()] == [""]


@pytest.mark.parametrize(
    ("beside", "root"),
    [("docs/x.md", ""), ("site/requirements.txt", "site"), ("site/Procfile", None), ("site/Staticfile", None)],
)
def test_a_manifest_without_a_path_is_that_of_its_folder_or_of_the_repository(beside: str, root: str | None) -> None:
    text = "applications:\n- {name: site, memory: 1G}\n"
    found = processes(text, "site/manifest.yml", **{beside: ""})
    assert [one.root for one in found.values()] == ([] if root is None else [root])


@pytest.mark.parametrize(
    ("files", "environments"),
    [
        (["manifest.yml"], [Environment.PRODUCTION]),
        (["manifest-dev.yml"], [Environment.DEVELOPMENT]),
        (["cf/api_feature.yml", "cf/api_prod.yml"], [Environment.UNKNOWN, Environment.PRODUCTION]),
        (["a/api.yml", "b/api_prod.yml"], [Environment.PRODUCTION, Environment.PRODUCTION]),
    ],
)
def test_a_manifest_is_of_production_unless_its_name_or_another_says_otherwise(
    files: list[str], environments: list[Environment]
) -> None:
    held = {name: MANIFEST.replace("../", ".").encode() for name in files}
    facts = declare(Repository(held, held.__getitem__))[0]
    assert [one.environment for one in facts if isinstance(one, Process)] == environments
