"""Maps of small projects, as objects."""

from __future__ import annotations

from collections.abc import Mapping

from prodlint.deployment.environment import Environment
from prodlint.inspection import inspect
from prodlint.map.document import Map
from prodlint.map.draw import draw
from prodlint.tree import MemoryTree

__all__ = ["DOCKERFILE", "MIGRATED", "UWSGI", "drawn", "of", "pod"]


DOCKERFILE = 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nCMD ["gunicorn", "app:app"]\n'


def drawn(files: Mapping[str, str], environment: Environment = Environment.PRODUCTION) -> Map:
    """The map of an environment of a project in memory."""
    inspection = inspect(MemoryTree(files), ())
    assert inspection.crashes == ()
    return draw(inspection.deployment, environment)


MIGRATED = {
    "Dockerfile": DOCKERFILE,
    "app.py": "from django.core.wsgi import get_wsgi_application\n\napp = get_wsgi_application()\n",
    "manage.py": "import django\n",
    "shop/migrations/0001_initial.py": "from django.db import migrations\n\n\nclass Migration("
    "migrations.Migration):\n    dependencies = []\n    operations = []\n",
    "compose.prod.yml": "services:\n  web:\n    build: .\n    command: sh -c 'python manage.py migrate && "
    "gunicorn app'\n  db:\n    image: postgres:17\n    env_file: .env.prod.db\n",
    "compose.dev.yml": "services:\n  web:\n    build: .\n    command: python manage.py runserver\n",
}


def of(files: Mapping[str, str], name: str, environment: Environment = Environment.PRODUCTION) -> dict[str, str]:
    """What a map tells of one service, by the names of the facts."""
    [service] = [one for one in drawn(files, environment).services if one.name == name]
    return {fact.name: fact.text for fact in (*service.facts, *service.settings)}


UWSGI = {
    "Dockerfile": DOCKERFILE.replace('"gunicorn", "app:app"', '"uwsgi", "u.ini"'),
    "app.py": "from flask import Flask\n\napp = Flask('x')\n",
    "compose.prod.yml": "services:\n  web:\n    build: .\n    environment: [QUIET, PORT_IN]\n",
}


def pod(container: str, name: str = "web") -> str:
    """A Deployment with one container, and its Service."""
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  template:\n"
        f"    metadata: {{labels: {{app: {name}}}}}\n    spec:\n      containers:\n      - {container}\n---\n"
        f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\n"
        f"spec: {{selector: {{app: {name}}}, ports: [{{port: 80}}]}}\n"
    )
