"""`prodlint map` run in a small project: what it prints, and the facts in it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import jsonschema
from click.testing import CliRunner

from prodlint.cli import main

__all__ = ["MANIFEST", "SHOP", "WORKERS", "WORKFLOW", "Done", "drawn", "facts", "run", "text_of", "write"]


SCHEMA = json.loads(
    (Path(__file__).resolve().parent.parent / "prodlint" / "map" / "map.schema.json").read_text(encoding="utf-8")
)
SHOP = {
    "shop/wsgi.py": "from flask import Flask\n\napplication = Flask(__name__)\n",
    "requirements.txt": "flask==3.1.3\ngunicorn==23.0.0\n",
    "Dockerfile": """\
FROM python:3.13-slim AS runtime
WORKDIR /app
ENV SHOP_MODE=live
COPY . .
RUN pip install -r requirements.txt
ENTRYPOINT ["./entrypoint.sh"]
CMD ["gunicorn", "shop.wsgi"]
""",
    "entrypoint.sh": '#!/bin/sh\nset -e\nflask db upgrade\nexec "$@"\n',
    "compose.prod.yml": "services:\n  web:\n    build: .\n    restart: always\n",
    "compose.yml": "services:\n  web:\n    build: .\n    command: flask run --debug\n    volumes: ['.:/app']\n",
}


def write(folder: Path, files: dict[str, str]) -> Path:
    """A folder, once a project is written into it."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


@dataclass(frozen=True)
class Done:
    """A run of the command that ended."""

    returncode: int
    stdout: str
    stderr: str


def run(folder: Path, *arguments: str) -> Done:
    """`prodlint map` in a folder, within this process, as a start of the interpreter takes longer than most maps."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        result = CliRunner().invoke(main, ["map", *arguments], catch_exceptions=False)
    finally:
        os.chdir(before)
    return Done(result.exit_code, result.stdout, result.stderr)


def drawn(folder: Path, *arguments: str) -> dict:
    """The map of a folder as JSON, which follows its schema."""
    done = run(folder, "--output-format", "json", *arguments)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    jsonschema.validate(document, SCHEMA)
    return document


def facts(document: dict) -> dict[str, str]:
    """The facts of the only service of a map."""
    [project] = document["projects"]
    [service] = project["services"]
    return {fact["name"]: fact["value"] for fact in service["facts"]}


WORKFLOW = """\
on: {push: {branches: [main]}}
jobs:
  deploy:
    needs: [build, test]
    runs-on: ubuntu-latest
    environment: production
    steps:
      - run: python manage.py migrate
      - run: flyctl deploy
  build:
    needs: lint
    runs-on: ubuntu-latest
    steps: [{run: docker build -t shop .}]
  lint:
    runs-on: ubuntu-latest
    steps: [{run: make test}]
  test:
    runs-on: ubuntu-latest
    steps: [{run: pytest}]
"""


MANIFEST = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - name: web
          image: registry.example.org/shop:1.4
          args: [gunicorn, "--bind=0.0.0.0:8000", shop.wsgi]
          ports: [{containerPort: 8000}]
          readinessProbe: {httpGet: {path: /healthz, port: 8000}}
"""


def text_of(folder: Path, *arguments: str) -> str:
    """The text of the map of a folder, or of an answer."""
    done = run(folder, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


WORKERS = """\
x-app: &app
  build: .
  restart: always
  environment: {SHOP_MAIL: "", SHOP_KEY: }
services:
  web: *app
  mail:
    <<: *app
    profiles: [jobs]
    command: celery -A shop worker -Q mail
  slow:
    <<: *app
    command: celery -A shop worker -Q slow
"""
