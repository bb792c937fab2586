"""A chart of a small shop, and what is declared by charts."""

from prodlint.deployment.process import Process, UnreadDeployment
from prodlint.deployment.repository import Repository
from prodlint.readers import declare

__all__ = [
    "CHART",
    "DEPLOYMENT",
    "DJANGO",
    "JOB",
    "VALUES",
    "WORKFLOW",
    "chart_of",
    "declared",
    "pod",
    "processes",
    "unread",
    "variables",
    "with_command",
    "words",
]


HELPERS = """\
{{- define "shop.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "shop.labels" -}}
app: {{ include "shop.name" . }}
release: {{ .Release.Name }}
{{- end }}
"""
DEPLOYMENT = """\
{{- if .Values.enabled }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "shop.name" . }}
spec:
  {{- if not .Values.autoscaling.enabled }}
  replicas: {{ .Values.replicaCount }}
  {{- end }}
  template:
    metadata:
      labels:
        {{- include "shop.labels" . | nindent 8 }}
    spec:
      containers:
        - name: web
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          command: ["gunicorn", "shop.wsgi"]
          args:
            - --bind
            - {{ printf "0.0.0.0:%v" .Values.port | quote }}
          {{- with .Values.extraArgs }}
            {{- toYaml . | nindent 12 }}
          {{- end }}
          env:
            {{- range $name, $value := .Values.env }}
            - name: {{ $name }}
              value: {{ $value | quote }}
            {{- end }}
          ports:
            - name: http
              containerPort: {{ .Values.port }}
          {{- if .Values.probe }}
          livenessProbe:
            httpGet: {path: {{ .Values.probe }}, port: http}
          {{- end }}
{{- end }}
"""
VALUES = """\
enabled: true
replicaCount: 2
image: {repository: ghcr.io/me/shop, tag: ""}
port: 8000
probe: /healthz
autoscaling: {enabled: false}
extraArgs: [--workers, "3"]
env: {LOG_LEVEL: info, DEBUG: "false"}
"""
CHART = {
    "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\nappVersion: 1.4.0\n",
    "chart/values.yaml": VALUES,
    "chart/templates/_helpers.tpl": HELPERS,
    "chart/templates/web.yaml": DEPLOYMENT,
}
JOB = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-migrate
  annotations: {helm.sh/hook: "pre-install,pre-upgrade"}
spec:
  template:
    spec:
      containers:
      - {name: migrate, image: "shop:1", command: [python, manage.py, migrate]}
"""


def declared(files: dict[str, str]) -> tuple[object, ...]:
    """What the files of a repository declare, without a problem."""
    held = {path: text.encode() for path, text in files.items()}
    repository = Repository(held, held.__getitem__)
    facts = declare(repository)[0]
    assert not repository.problems
    return facts


def processes(files: dict[str, str]) -> dict[str, Process]:
    """The processes of a repository by their names."""
    return {fact.name: fact for fact in declared(files) if isinstance(fact, Process)}


def unread(files: dict[str, str]) -> list[str]:
    """What of a deployment is not read."""
    return [fact.system for fact in declared(files) if isinstance(fact, UnreadDeployment)]


def variables(process: Process) -> dict[str, str | None]:
    """The variables of a process, None for what is not known."""
    return {one.name: None if one.value is None else one.value.literal for one in process.variables}


def words(process: Process) -> list[str | None]:
    """The words of the command of a process, None for what is not known."""
    return [word.literal for line in (process.entrypoint, process.command) if line is not None for word in line.words]


def chart_of(template: str, values: str = "", more: str = "") -> dict[str, str]:
    """A chart with one template, values, and further lines of its description."""
    return {
        "chart/Chart.yaml": f"name: shop\nversion: 1.0.0\nappVersion: '2'\n{more}",
        "chart/values.yaml": values,
        "chart/templates/web.yaml": template,
    }


def pod(container: str) -> str:
    """A template of a Deployment with one container, whose lines are given."""
    lines = "\n".join(f"        {line}" if line else "" for line in container.strip("\n").splitlines())
    return (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n"
        f"      containers:\n      - name: web\n        image: shop\n{lines}\n"
    )


DJANGO = {
    "manage.py": "import os, django\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
    "shop/__init__.py": "",
    "shop/settings.py": "INSTALLED_APPS = ['orders']\n",
    "orders/__init__.py": "",
    "orders/migrations/__init__.py": "",
    "orders/migrations/0001_initial.py": (
        "from django.db import migrations\nclass Migration(migrations.Migration):\n    operations = []\n"
    ),
    "Dockerfile": "FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN pip install django==5.0 gunicorn==22.0\n",
    "requirements.txt": "django==5.0\ngunicorn==22.0\n",
}


WORKFLOW = """\
on: {push: {branches: [main]}}
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
    - run: |
        helm upgrade --install live ./chart \\
          --namespace shop-prod \\
          COMMAND
"""


def with_command(command: str) -> dict[str, str]:
    """The chart of the shop, installed by a pipeline whose command goes on so."""
    return {**CHART, ".github/workflows/deploy.yml": WORKFLOW.replace("COMMAND", command)}
