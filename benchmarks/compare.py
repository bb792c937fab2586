"""How long prodlint takes on a project of 100 files, as a ratio to the interpreter's own start."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

MODELS = """\
from django.db import models


class {name}(models.Model):
    title = models.CharField(max_length=200)
    owner = models.ForeignKey("auth.User", on_delete=models.CASCADE, related_name="+")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return self.title
"""

VIEWS = """\
import logging

from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404

from {app}.models import {name}

logger = logging.getLogger(__name__)


def index(request: HttpRequest) -> JsonResponse:
    found = {name}.objects.filter(owner=request.user)[:50]
    return JsonResponse({{"items": [item.title for item in found]}})


def detail(request: HttpRequest, key: int) -> JsonResponse:
    item = get_object_or_404({name}, pk=key, owner=request.user)
    logger.info("shows %s", item.pk)
    return JsonResponse({{"title": item.title, "created": item.created.isoformat()}})
"""

MIGRATION = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(name="{name}", fields=[("id", models.BigAutoField(primary_key=True))]),
    ]
"""

SETTINGS = """\
import os

SECRET_KEY = os.environ["SECRET_KEY"]
DEBUG = os.environ.get("DEBUG") == "1"
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "").split(",")
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
{apps}
]
DATABASES = {{"default": {{"ENGINE": "django.db.backends.postgresql", "NAME": "site", "HOST": "database"}}}}
WSGI_APPLICATION = "site_project.wsgi.application"
"""

WSGI = """\
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_project.settings")
application = get_wsgi_application()
"""

DEPLOYMENT = {
    "Dockerfile": """\
FROM python:3.13-slim
WORKDIR /srv
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
CMD ["gunicorn", "--bind=0.0.0.0:8000", "--workers=3", "site_project.wsgi:application"]
""",
    "requirements.txt": "Django==5.2.8\ngunicorn==23.0.0\npsycopg==3.2.12\n",
    "compose.production.yml": """\
services:
  web:
    build: .
    environment:
      SECRET_KEY: ${SECRET_KEY:?}
    restart: unless-stopped
  migrate:
    build: .
    command: python manage.py migrate --noinput
""",
    ".github/workflows/deploy.yml": """\
name: Deploy
on:
  push:
    branches: [main]
jobs:
  deploy:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v5
      - run: |
          docker compose -f compose.production.yml build
          docker compose -f compose.production.yml run --rm migrate
          docker compose -f compose.production.yml up --detach web
""",
    "manage.py": """\
import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_project.settings")
    execute_from_command_line(sys.argv)
""",
    "site_project/wsgi.py": WSGI,
    "site_project/urls.py": "urlpatterns = []\n",
}


def write_project(folder: Path, apps: int) -> int:
    """Write a Django project with that many apps, four files each; return how many files it has."""
    names = [f"app_{number:02}" for number in range(apps)]
    files = dict(DEPLOYMENT)
    files["site_project/settings.py"] = SETTINGS.format(apps="\n".join(f'    "{name}",' for name in names))
    for app in names:
        name = app.title().replace("_", "")
        files[f"{app}/models.py"] = MODELS.format(name=name)
        files[f"{app}/views.py"] = VIEWS.format(app=app, name=name)
        files[f"{app}/migrations/0001_initial.py"] = MIGRATION.format(name=name)
        files[f"{app}/tests.py"] = f"from {app}.models import {name}\n\n\ndef test_exists():\n    assert {name}\n"
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return len(files)


def medians(commands: Sequence[Sequence[str]], runs: int) -> list[float]:
    """Run the commands in turn, that many times each; return the median of each, in seconds.

    Raises SystemExit where a command fails to run: prodlint's exit status 1 says only that it found something.
    """
    times: list[list[float]] = [[] for _ in commands]
    for run in range(runs + 1):
        for command, measured in zip(commands, times, strict=True):
            begin = time.perf_counter()
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            seconds = time.perf_counter() - begin
            if done.returncode not in (0, 1) or not (done.stdout or command[1] == "-c"):
                raise SystemExit(f"{' '.join(command)} exits {done.returncode}:\n{done.stderr}")
            if run:  # the first round fills the caches of bytecode and disk
                measured.append(seconds)
    return [statistics.median(measured) for measured in times]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="how often each command runs (default: 15)")
    parser.add_argument(
        "--apps", type=int, default=23, help="Django apps of the project, four files each (default: 23)"
    )
    parser.add_argument("--project", type=Path, help="measure on this folder instead of a written project")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        if options.project is None:
            project = Path(temporary)
            title = f"a Django project of {write_project(project, options.apps)} files"
        else:
            project = options.project
            title = str(project)
        prodlint = [sys.executable, "-m", "prodlint"]
        rows = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "prodlint --version": [*prodlint, "--version"],
            "prodlint rules": [*prodlint, "rules"],
            "prodlint PROJECT": [*prodlint, str(project)],
        }
        measured = medians(list(rows.values()), options.runs)
    print(f"{title}; Python {sys.version.split()[0]}; median of {options.runs} runs")
    for name, seconds in zip(rows, measured, strict=True):
        print(f"{name:20} {seconds * 1000:8.0f} ms {seconds / measured[0]:8.1f} x")


if __name__ == "__main__":
    main()
