"""Migrations: which tool a project uses, how its files follow one another, and where they are applied."""

from __future__ import annotations

import pytest

from prodlint.deployment import Deployment, Environment
from prodlint.deployment.migrations.graph import graph_of
from prodlint.deployment.value import NO, UNKNOWN, YES
from prodlint.inspection import Policy, load
from prodlint.tree import MemoryTree

MIGRATION = """\
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [{needs}]
    operations = []
"""
REVISION = 'revision = "{revision}"\ndown_revision = {down}\n\n\ndef upgrade():\n    pass\n'


def model(files: dict[str, str]) -> Deployment:
    return load(MemoryTree({path: text.encode() for path, text in files.items()}), Policy())[0]


def django(needs: dict[str, str], folder: str = "") -> dict[str, str]:
    """A Django project with the app `blog`: its migrations by name, each with what it needs."""
    files = {f"{folder}blog/migrations/{name}.py": MIGRATION.format(needs=text) for name, text in needs.items()}
    return {f"{folder}manage.py": "import django\n", f"{folder}requirements.txt": "django==5.2\n", **files}


def ends(files: dict[str, str]) -> dict[str, list[str]]:
    deployment = model(files)
    [system] = deployment.migration_systems
    graph = graph_of(system, deployment.repository)
    assert graph.unread == ()
    return {app: sorted(node.migration.name for node in nodes) for app, nodes in graph.ends.items()}


def test_the_end_of_a_chain_is_the_migration_that_nothing_follows():
    assert ends(django({"0001_initial": "", "0002_title": "('blog', '0001_initial')"})) == {"blog": ["0002_title"]}


def test_two_branches_have_two_ends_until_a_merge_joins_them():
    branches = {
        "0001_initial": "",
        "0002_a": "('blog', '0001_initial')",
        "0002_b": "('blog', '0001_initial')",
    }
    assert ends(django(branches)) == {"blog": ["0002_a", "0002_b"]}
    merged = {**branches, "0003_merge": "('blog', '0002_a'), ('blog', '0002_b')"}
    assert ends(django(merged)) == {"blog": ["0003_merge"]}


def test_what_another_app_needs_is_still_an_end_of_its_own():
    files = django({"0001_initial": ""})
    files["shop/migrations/0001_initial.py"] = MIGRATION.format(needs="('blog', '0001_initial')")
    assert ends(files) == {"blog": ["0001_initial"], "shop": ["0001_initial"]}


def test_a_squashed_migration_stands_for_those_that_it_replaces():
    files = django({"0001_initial": "", "0002_title": "('blog', '0001_initial')"})
    squash = MIGRATION.format(needs="") + "    replaces = [('blog', '0001_initial'), ('blog', '0002_title')]\n"
    files["blog/migrations/0001_squashed_0002_title.py"] = squash
    files["blog/migrations/0003_text.py"] = MIGRATION.format(needs="('blog', '0002_title')")
    assert ends(files) == {"blog": ["0003_text"]}


def test_dependencies_on_a_swappable_model_lead_to_another_app():
    files = django({"0001_initial": "migrations.swappable_dependency(settings.AUTH_USER_MODEL)"})
    assert ends(files) == {"blog": ["0001_initial"]}


def test_computed_dependencies_leave_a_migration_unread():
    files = django({"0001_initial": "*more()"})
    deployment = model(files)
    [system] = deployment.migration_systems
    assert [one.name for one in graph_of(system, deployment.repository).unread] == ["0001_initial"]


@pytest.mark.parametrize(
    ("downs", "heads"),
    [
        ({"a": "None", "b": '"a"'}, ["b"]),
        ({"a": "None", "b": '"a"', "c": '"a"'}, ["b", "c"]),
        ({"a": "None", "b": '"a"', "c": '"a"', "d": '("b", "c")'}, ["d"]),
    ],
)
def test_the_heads_of_alembic_are_the_revisions_that_no_other_one_names(downs, heads):
    files = {
        f"migrations/versions/{name}.py": REVISION.format(revision=name, down=down) for name, down in downs.items()
    }
    files |= {"migrations/env.py": "from alembic import context\n", "alembic.ini": "[alembic]\n"}
    deployment = model(files)
    [system] = deployment.migration_systems
    assert sorted(node.key[1] for node in graph_of(system, deployment.repository).ends[""]) == heads


SERVICE = """\
  {name}:
    build: ./{name}
    restart: always
"""
DOCKERFILE = """\
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
CMD {command}
"""


def two_projects(shop: str, blog: str) -> Deployment:
    """Two Django projects side by side, each with the given start command."""
    files = {"compose.prod.yml": "services:\n" + SERVICE.format(name="shop") + SERVICE.format(name="news")}
    for folder, command in (("shop/", shop), ("news/", blog)):
        files |= django({"0001_initial": ""}, folder)
        files[f"{folder}Dockerfile"] = DOCKERFILE.format(command=command)
        files[f"{folder}site/wsgi.py"] = (
            "from django.core.wsgi import get_wsgi_application\n\napplication = get_wsgi_application()\n"
        )
    return model(files)


def test_migrating_one_project_of_a_repository_leaves_the_other_unmigrated():
    deployment = two_projects("python manage.py migrate && gunicorn site.wsgi", "gunicorn site.wsgi")
    answers = {system.root: deployment.is_migrated(system) for system in deployment.migration_systems}
    assert answers == {"shop": YES, "news": NO}


def test_each_project_has_its_own_services_and_migrations():
    deployment = two_projects("gunicorn site.wsgi", "gunicorn site.wsgi")
    assert [(one.root, [service.name for service in one.services]) for one in deployment.projects] == [
        ("news", ["news"]),
        ("shop", ["shop"]),
    ]
    assert [[system.root for system in one.migration_systems] for one in deployment.projects] == [["news"], ["shop"]]


def test_a_migration_that_runs_where_nobody_knows_keeps_the_answer_open():
    files = django({"0001_initial": ""})
    files["shop/start.py"] = "from django.core.management import call_command\n\ncall_command('migrate')\n"
    files["Procfile"] = "web: gunicorn site.wsgi\n"
    deployment = model(files)
    [system] = deployment.migration_systems
    assert deployment.is_migrated(system) is UNKNOWN
    assert {run.environment for run in deployment.runs_of(system)} == {Environment.UNKNOWN}


@pytest.mark.parametrize(
    ("command", "package", "kind", "label"),
    [
        ("flask db migrate", "flask-db==0.4.1", "migrate", "1 Alembic revision"),
        ("flask --app shop db migrate upgrade head", "Flask_DB>=0.4", "migrate", "1 Alembic revision"),
        ("flask db migrate revision", "flask-db==0.4.1", "release phase", "1 Alembic revision"),
        ("flask db migrate", "flask-migrate==4.1.0", "release phase", "1 Flask-Migrate revision"),
        ("flask db migrate", "alembic==1.16.1 # via flask-db", "release phase", "1 Flask-Migrate revision"),
        ("flask db upgrade", "flask-migrate==4.1.0", "migrate", "1 Flask-Migrate revision"),
    ],
)
def test_what_flask_db_migrate_does_is_a_matter_of_the_package_that_is_installed(command, package, kind, label):
    found = model(
        {
            "Procfile": f"release: {command}\nweb: gunicorn app:app\n",
            "requirements.txt": f"flask==3.1.3\n{package}\n",
            "app.py": "from flask import Flask\n\napp = Flask(__name__)\n",
            "alembic.ini": "[alembic]\n",
            "alembic/env.py": "from flask import current_app\n\nfrom alembic import context\n",
            "alembic/versions/1.py": REVISION.format(revision="1", down=None),
        }
    )
    [release] = found.releases
    [system] = found.migration_systems
    assert (release.steps[0].kind.value, system.label) == (kind, label)
    assert found.is_migrated(system) is (YES if kind == "migrate" else NO)
