"""Helm charts as their values make them: commands, images, variables, what is hidden, and what stays unread."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.deployment.environment import Environment
from prodlint.deployment.link import link
from prodlint.deployment.model import Deployment
from prodlint.deployment.process import ProbeKind, Process, Role, UnreadDeployment
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import NO, YES, Known, Unknown
from prodlint.inspection import inspect
from prodlint.map.draw import draw
from prodlint.readers import declare
from prodlint.tree import MemoryTree

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
    held = {path: text.encode() for path, text in files.items()}
    repository = Repository(held, held.__getitem__)
    facts = declare(repository)[0]
    assert not repository.problems
    return facts


def processes(files: dict[str, str]) -> dict[str, Process]:
    return {fact.name: fact for fact in declared(files) if isinstance(fact, Process)}


def unread(files: dict[str, str]) -> list[str]:
    return [fact.system for fact in declared(files) if isinstance(fact, UnreadDeployment)]


def linked(files: dict[str, str]) -> Deployment:
    held = {path: text.encode() for path, text in files.items()}
    repository = Repository(held, held.__getitem__)
    return link(declare(repository)[0], repository)


def variables(process: Process) -> dict[str, str | None]:
    return {one.name: None if one.value is None else one.value.literal for one in process.variables}


def words(process: Process) -> list[str | None]:
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


def test_a_deployment_of_a_chart_is_what_its_values_make_of_it() -> None:
    web = processes(CHART)["shop"]
    assert words(web) == ["gunicorn", "shop.wsgi", "--bind", "0.0.0.0:8000", "--workers", "3"]
    assert web.image == "ghcr.io/me/shop:1.4.0"
    assert variables(web) == {"DEBUG": "false", "LOG_LEVEL": "info"}
    assert [port.number for port in web.ports if isinstance(port.number, Known) and port.number.value == 8000]
    assert [(probe.kind, probe.path.value) for probe in web.probes if isinstance(probe.path, Known)] == [
        (ProbeKind.LIVENESS, "/healthz")
    ]
    assert isinstance(web.replicas, Known)
    assert web.replicas.value == 2
    assert web.complete
    assert unread(CHART) == []


def test_places_are_lines_of_the_template() -> None:
    web = processes(CHART)["shop"]
    lines = DEPLOYMENT.splitlines()
    assert web.entrypoint is not None
    assert web.command is not None
    assert web.entrypoint.words[1].span.text == "shop.wsgi"
    assert lines[web.command.words[1].span.line - 1].strip().startswith("- {{ printf")
    assert lines[web.command.words[2].span.line - 1].strip() == "{{- toYaml . | nindent 12 }}"
    assert [lines[one.span.line - 1].strip() for one in web.variables] == ["- name: {{ $name }}"] * 2
    assert lines[web.ports[0].span.line - 1].strip() == "containerPort: {{ .Values.port }}"


def test_a_shell_script_in_a_template_keeps_the_place_of_each_command() -> None:
    script = (
        "command: [sh, -c]\nargs:\n- |\n  python manage.py check\n  exec gunicorn -w {{ .Values.workers }} shop.wsgi\n"
    )
    (web,) = processes(chart_of(pod(script), "workers: 3\n")).values()
    assert web.command is not None
    text = web.command.words[0].content
    assert text is not None
    assert text.value == "python manage.py check\nexec gunicorn -w 3 shop.wsgi\n"
    assert text.span_of(0, 6).text == "python"
    assert text.span_of(text.value.index("shop.wsgi"), text.value.index("shop.wsgi") + 9).text == "shop.wsgi"
    action = text.span_of(text.value.index("3"), text.value.index("3") + 1)
    assert action.source.text.startswith("{{ .Values.workers }}", action.start)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("{{ .Values.port }}", "8000"),
        ("{{ .Values.big }}", "1e+06"),
        ("{{ .Values.big | int }}", "1000000"),
        ("{{ .Values.text | upper }}", "HELLO"),
        ("{{ .Values.missing | default 5 }}", "5"),
        ("{{ .Values.text | default 5 }}", "hello"),
        ('{{ coalesce .Values.missing "" "x" }}', "x"),
        ('{{ ternary "a" "b" (eq .Values.text "hello") }}', "a"),
        ("{{ if and .Values.yes (not .Values.no) }}a{{ else }}b{{ end }}", "a"),
        ('{{ if or .Values.no (ne .Values.text "hello") }}a{{ else if .Values.yes }}b{{ end }}', "b"),
        ("{{ with .Values.nested }}{{ .a }}-{{ $.Values.port }}{{ end }}", "1-8000"),
        ("{{ range $i, $x := .Values.list }}{{ if $i }},{{ end }}{{ $x }}{{ end }}", "p,q"),
        ("{{ range $k, $v := .Values.nested }}{{ $k }}={{ $v }};{{ end }}", "a=1;b=2;"),
        ("{{ $x := 1 }}{{ if .Values.yes }}{{ $x = 2 }}{{ end }}{{ $x }}", "2"),
        ("{{ (.Values.missing).deeper }}x", "x"),
        ('{{ index .Values.list 1 }}{{ len .Values.list }}{{ join "+" .Values.list }}', "q2p+q"),
        ('{{ get .Values.nested "a" }}{{ hasKey .Values.nested "c" }}', "1false"),
        ('{{ printf "%s:%v/%d" .Values.text .Values.port (int .Values.port) }}', "hello:8000/8000"),
        ("{{ .Chart.Name }}-{{ .Chart.Version }}-{{ .Chart.AppVersion }}", "shop-1.0.0-2"),
        ('{{ .Values.text | trunc 3 | trimSuffix "l" | b64enc }}', "aGU="),
        ("{{ tpl .Values.inner . }}", "port 8000"),
        ('{{ toJson .Values.nested | squote | trimAll "\'" }}', '{"a":1,"b":2}'),
        ("{{/* nothing */}}a{{- /* more */ -}}  b", "ab"),
        ('{{ add 1 2 }}{{ div 7 2 }}{{ contains "ell" .Values.text }}', "33true"),
        ('{{ list 1 2 | last }}{{ dict "k" "v" | toJson | len }}', "29"),
        ('{{ mergeOverwrite (dict) .Values.nested (dict "a" 5) | toJson }}', '{"a":5,"b":2}'),
    ],
)
def test_what_helm_writes_is_known(written: str, value: str) -> None:
    values = "port: 8000\nbig: 1000000\ntext: hello\nyes: true\nno: false\nnested: {a: 1, b: 2}\nlist: [p, q]\n"
    values = values.replace("yes:", '"yes":').replace("no:", '"no":') + "inner: 'port {{ .Values.port }}'\n"
    found = processes(chart_of(pod("args:\n- >-\n  " + written), values))
    assert words(found["web"]) == [value]


@pytest.mark.parametrize(
    "written",
    [
        "{{ randAlphaNum 8 }}",
        "{{ .Release.Name }}",
        "{{ .Release.Revision }}",
        '{{ lookup "v1" "Secret" "x" "y" }}',
        '{{ if .Capabilities.APIVersions.Has "batch/v1" }}a{{ else }}b{{ end }}',
        '{{ semverCompare ">=1.2" .Capabilities.KubeVersion.Version }}',
        '{{ required "a port is needed" .Values.missing }}',
        "{{ .Values.db.host }}",
        '{{ include "of.a.library" . }}',
        '{{ regexReplaceAll "a" "b" "c" }}',
        '{{ now | date "2006" }}',
        '{{ keys .Values.nested | join "," }}',
        "{{ sha256sum .Release.Name }}",
        '{{ default "x" .Values.db.host }}',
    ],
)
def test_what_the_repository_does_not_tell_is_unknown(written: str) -> None:
    more = "dependencies: [{name: postgresql, alias: db, version: 1.0.0}]\n"
    files = chart_of(
        pod(f"args: ['x', '{written}']\nenv:\n- {{name: A, value: '{written}'}}"), "nested: {a: 1, b: 2}\n", more
    )
    found = processes(files)["web"]
    assert variables(found) == {"A": None}
    assert not found.complete


def test_a_port_and_a_path_that_are_not_told_are_unknown() -> None:
    (web,) = processes(
        chart_of(
            pod("ports: [{containerPort: '{{ randNumeric 4 }}'}]\nlivenessProbe:\n  httpGet: {path: '/{{ uuidv4 }}'}")
        )
    ).values()
    assert isinstance(web.ports[0].number, Unknown)
    assert isinstance(web.probes[0].path, Unknown)


def test_variables_under_a_condition_that_is_not_told_keep_the_process_open() -> None:
    template = pod(
        "args: [web]\nenv:\n- {name: A, value: a}\n"
        '{{- if .Capabilities.APIVersions.Has "x" }}\n- {name: B, value: b}\n{{- end }}'
    )
    files = chart_of(template)
    web = processes(files)["web"]
    assert variables(web) == {"A": "a"}
    assert words(web) == ["web"]
    assert not web.complete
    assert web.variables_from
    assert unread(files) == ["a part of a Helm chart: the cluster tells it"]


def test_the_name_of_a_service_that_a_condition_makes_is_unknown_where_the_condition_is() -> None:
    named = (
        '{{- define "full" }}{{ if contains "shop" .Release.Name }}{{ .Release.Name }}{{ else }}'
        '{{ printf "%s-shop" .Release.Name }}{{ end }}{{ end }}'
    )
    service = (
        'apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ include "full" . }}-http\n'
        "spec:\n  selector: {app: shop}\n  ports: [{port: 80, targetPort: 8000}]\n"
    )
    template = pod("args: [web]").replace("  template:\n", "  template:\n    metadata: {labels: {app: shop}}\n")
    files = chart_of(template)
    files["chart/templates/service.yaml"] = service
    files["chart/templates/_full.tpl"] = named
    (exposure,) = processes(files)["web"].exposures
    assert exposure.owner == "the Service …-http"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ('{{ include "full" . }}-extra', "…-extra, which is not in this repository"),
        ('{{ include "full" . }}', "?, which is not in this repository"),
        ("{{ $full }}-extra", "…-extra, which is not in this repository"),
        ("{{ .Values.name }}-extra", "shop-extra, which is not in this repository"),
    ],
)
def test_the_map_tells_no_text_of_a_template_as_the_name_of_a_secret(name: str, told: str) -> None:
    named = (
        '{{- define "full" -}}{{- $name := default .Chart.Name .Values.other -}}{{- if contains $name .Release.Name -}}'
        '{{- .Release.Name -}}{{- else -}}{{- printf "%s-%s" .Release.Name $name -}}{{- end -}}{{- end -}}'
    )
    head = '{{- $full := include "full" . -}}\n'
    template = head + pod(f"args: [web]\nenvFrom:\n- secretRef:\n    name: {name}")
    files = chart_of(template, "name: shop\n")
    files["chart/templates/_full.tpl"] = named
    whole = draw(inspect(MemoryTree(files), []).deployment, Environment.PRODUCTION)
    (fact,) = [one for service in whole.services for one in service.facts if one.name == "env from"]
    assert fact.text == told


def test_a_key_under_a_condition_that_is_not_told_leaves_the_rest_known() -> None:
    template = pod("{{ if .Release.IsUpgrade -}}\nargs: [web]\n{{- end }}\nworkingDir: /srv")
    web = processes(chart_of(template))["web"]
    assert web.command is None
    assert web.directory == "/srv"
    assert not web.complete


def test_a_workload_that_only_the_cluster_decides_about_is_named() -> None:
    files = chart_of('{{- if .Capabilities.APIVersions.Has "batch/v1" }}\n' + JOB + "{{- end }}\n")
    assert processes(files) == {}
    assert unread(files) == ["a part of a Helm chart: the cluster tells it"]


def test_an_ingress_that_only_the_cluster_decides_about_leaves_the_chart_read() -> None:
    ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: x}\n"
    files = {
        **CHART,
        "chart/templates/ingress.yaml": '{{- if .Capabilities.APIVersions.Has "x" }}\n' + ingress + "{{- end }}",
    }
    assert unread(files) == []


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        (pod("{{ if }}"), "a value is missing"),
        (pod("{{ if .Values.x }}"), "`if` without `end`"),
        (pod("{{ end }}"), "`end` without an action that it belongs to"),
        (pod("args: [{{ .Values.a.b }}]"), "nothing is set that has a b"),
        (pod('{{ fail "set the host" }}'), "it fails with these values: set the host"),
        (pod('args: [{{ eq 1 "a" }}]'), "values of different types are compared"),
        (pod("args: ["), "what it writes is no YAML"),
        (pod('args: {{ template "nobody" }}: x'), "what it writes is no YAML"),
    ],
)
def test_a_template_that_helm_would_not_fill_in_is_a_part_that_is_not_read(template: str, reason: str) -> None:
    files = {**chart_of(template), "chart/templates/job.yaml": JOB}
    (system,) = unread(files)
    assert system.startswith(f"a part of a Helm chart: {reason}")
    assert "shop-migrate" in processes(files)


def test_a_file_of_the_chart_is_known_and_one_beside_it_is_not() -> None:
    template = pod(
        'env:\n- {name: A, value: "{{ .Files.Get "a.txt" }}"}\n- {name: B, value: "{{ .Files.Get "../b.txt" }}"}'
    )
    files = {**chart_of(template), "chart/a.txt": "inside", "b.txt": "outside"}
    assert variables(processes(files)["web"]) == {"A": "inside", "B": None}


def test_a_chart_without_templates_is_not_read() -> None:
    assert unread({"chart/Chart.yaml": "name: shop\n"}) == ["a Helm chart"]


@pytest.mark.parametrize(("name", "said"), [("postgresql", []), ("redis", []), ("jupyterhub", ["jupyterhub"])])
def test_a_chart_that_brings_another_is_read_when_that_is_a_backing_service(name: str, said: list[str]) -> None:
    files = {
        **CHART,
        "chart/Chart.yaml": CHART["chart/Chart.yaml"] + f"dependencies: [{{name: {name}, version: 1.0.0}}]\n",
    }
    assert unread(files) == [f"a part of a Helm chart: it brings the chart {one}" for one in said]


def test_hooks_before_an_upgrade_are_release_steps_and_tests_are_nothing() -> None:
    test = JOB.replace("pre-install,pre-upgrade", "test").replace("kind: Job", "kind: Pod")
    files = {**CHART, "chart/templates/migrate.yaml": JOB, "chart/templates/tests/test.yaml": test}
    found = processes(files)
    assert set(found) == {"shop", "shop-migrate"}
    assert found["shop-migrate"].role is Role.RELEASE
    assert words(found["shop-migrate"]) == ["python", "manage.py", "migrate"]


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


@pytest.mark.parametrize(
    ("files", "answer"), [({}, NO), ({"chart/templates/migrate.yaml": JOB}, YES)], ids=["nowhere", "in a hook"]
)
def test_a_chart_that_was_read_whole_answers_who_migrates(files: dict[str, str], answer: object) -> None:
    deployment = inspect(MemoryTree({**DJANGO, **CHART, **files}), []).deployment
    (system,) = deployment.migration_systems
    assert deployment.is_migrated(system) is answer
    assert not deployment.unread


def test_a_job_that_the_default_values_leave_out_keeps_it_unknown_who_migrates() -> None:
    hidden = "{{- if .Values.migrations.enabled }}\n" + JOB + "{{- end }}\n"
    files = {
        **CHART,
        "chart/templates/migrate.yaml": hidden,
        "chart/values.yaml": VALUES + "migrations: {enabled: false}\n",
    }
    assert unread(files) == ["a part of a Helm chart that other values would bring"]
    assert unread({**files, "chart/values-prod.yaml": "replicaCount: 3\n"}) == []
    assert "shop-migrate" in processes({**files, "chart/values-prod.yaml": "migrations: {enabled: true}\n"})


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
    return {**CHART, ".github/workflows/deploy.yml": WORKFLOW.replace("COMMAND", command)}


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


UMBRELLA = {
    "chart/Chart.yaml": (
        "name: all\nversion: 1.0.0\ndependencies:\n- {name: web, version: 0.1.0, condition: web.enabled}\n"
        "- {name: worker, version: 0.1.0, alias: jobs, condition: jobs.enabled, tags: [background]}\n"
        "- {name: redis, version: 1.0.0, repository: 'https://example.com'}\n"
    ),
    "chart/values.yaml": "web: {port: 9000}\nglobal: {registry: ghcr.io/me}\n",
    "chart/charts/web/Chart.yaml": "name: web\nversion: 0.1.0\n",
    "chart/charts/web/values.yaml": "port: 8000\nreplicas: 2\nglobal: {registry: docker.io/me, zone: b}\n",
    "chart/charts/web/templates/_helpers.tpl": '{{ define "name" }}inner{{ end }}',
    "chart/charts/web/templates/web.yaml": pod(
        "args: [{{ .Chart.Name }}, {{ .Values.port | quote }}, {{ .Values.global.registry }}, "
        '{{ .Values.global.zone }}, {{ include "name" . }}]'
    ),
    "chart/charts/worker/Chart.yaml": "name: worker\nversion: 0.1.0\n",
    "chart/charts/worker/templates/worker.yaml": pod("args: [{{ .Chart.Name }}, {{ .Template.Name }}]").replace(
        "name: web", "name: worker"
    ),
    "chart/templates/_helpers.tpl": '{{ define "name" }}outer{{ end }}',
    "chart/templates/all.yaml": pod("args: [{{ .Values.web.replicas | quote }}]").replace("name: web", "name: all"),
}


def test_charts_in_a_chart_take_their_values_from_it() -> None:
    found = processes(UMBRELLA)
    assert {name: words(one) for name, one in found.items()} == {
        "all": ["2"],
        "web": ["web", "9000", "ghcr.io/me", "b", "outer"],
        "worker": ["jobs", "all/charts/jobs/templates/worker.yaml"],
    }
    assert found["web"].span.path == "chart/charts/web/templates/web.yaml"
    assert unread(UMBRELLA) == []


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ("web: {enabled: false}\n", {"all", "worker"}),
        ("tags: {background: false}\n", {"all", "web"}),
        ("tags: {background: false}\njobs: {enabled: true}\n", {"all", "web", "worker"}),
    ],
)
def test_conditions_and_tags_switch_the_charts_of_a_chart(values: str, names: set[str]) -> None:
    template = pod("args: [all]").replace("name: web", "name: all")
    files = {**UMBRELLA, "chart/values-prod.yaml": values, "chart/templates/all.yaml": template}
    assert set(processes(files)) == names


def test_a_chart_of_another_folder_is_installed_with_the_one_that_names_it() -> None:
    files = {
        **{path.replace("chart/", "web/", 1): text for path, text in CHART.items()},
        "all/Chart.yaml": "name: all\nversion: 1.0.0\ndependencies: [{name: shop, repository: 'file://../web'}]\n",
        "all/values.yaml": "shop: {port: 9000}\n",
    }
    found = [fact for fact in declared(files) if isinstance(fact, Process)]
    assert [words(one)[3] for one in found] == ["0.0.0.0:9000"]
    example = {
        path.replace("all/", "examples/all/"): text.replace("../web", "../../web") for path, text in files.items()
    }
    assert {one.environment for one in processes(example).values()} == {None}
    alone = [*declared({**files, "deploy.sh": "helm upgrade --install x ./web\nhelm upgrade --install y ./all\n"})]
    assert [words(one)[3] for one in alone if isinstance(one, Process)] == ["0.0.0.0:9000", "0.0.0.0:8000"]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"chart/values.yaml": "port: [\n"}, "its values cannot be read"),
        ({"chart/values.yaml": "image: {{ image }}\nport: {{ port }}: x\n"}, "its values cannot be read"),
        ({"chart/values.yaml": "- port\n"}, "its values are no mapping"),
        ({"chart/values.yaml": "port: {{ port }}\n"}, "a part of it is filled in by another program"),
        ({"chart/values-prod.yaml": "port: [\n"}, "its values cannot be read"),
    ],
)
def test_values_that_cannot_be_read_leave_the_chart_open(more: dict[str, str], reason: str) -> None:
    deployment = inspect(MemoryTree({**DJANGO, **CHART, **more}), []).deployment
    assert [one.system for one in deployment.unread] == [f"a part of a Helm chart: {reason}"]
    assert all(one.is_production is not YES for one in deployment.services if one.process.span.path.startswith("chart"))


def test_charts_that_bring_one_another_end() -> None:
    files = {
        f"{one}/Chart.yaml": f"name: {one}\ndependencies: [{{name: {other}, repository: 'file://../{other}'}}]\n"
        for one, other in (("a", "b"), ("b", "a"))
    }
    assert processes({**files, "deploy.sh": "helm install x ./a\n"}) == {}


@pytest.mark.parametrize(
    "template",
    [
        '{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}',
        "".join(
            '{{ define "A" }}{{ include "B" . }}{{ include "B" . }}{{ end }}'.replace("A", f"{n}").replace(
                "B", f"{n + 1}"
            )
            for n in range(24)
        )
        + '{{ define "24" }}xxxxxxxxxx{{ end }}{{ include "0" . }}',
        "{{ range until 9999 }}{{ range until 9999 }}{{ range until 9999 }}x{{ end }}{{ end }}{{ end }}",
        '{{ $x := "aaaaaaaaaa" }}{{ range until 9999 }}{{ $x = printf "%s%s" $x $x }}{{ end }}{{ $x }}',
        '{{ repeat 99999999 "aaaaaaaaaa" }}',
        '{{ "a\\nb" | nindent 99999999 }}',
        '{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ toYaml $d }}',
        '{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ toJson $d }}{{ $d }}',
        '{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ deepCopy $d }}{{ merge $d $d }}',
        "{{ $l := list 1 2 }}{{ range until 99 }}{{ $l = concat $l $l }}{{ end }}{{ len $l }}",
        "{{ $l := list 1 }}{{ range until 60 }}{{ $l = list $l $l }}{{ end }}{{ toYaml $l }}",
        "{{ if .Values.x }}" * 200 + "{{ end }}" * 200,
        "{{ " + "(" * 500 + "1" + ")" * 500 + " }}",
        "{{ tpl .Values.me . }}",
        '{{ printf "%1000000000d" 1 }}{{ 99999999999999999999999 }}{{ 1e999 }}{{ add 9223372036854775807 1 }}',
        "{{ range $i, $x := .Values }}{{ break }}{{ end }}{{ break }}",
        '{{ index .Values.list 99999999999 }}{{ substr -5 -1 "abc" }}{{ trunc -99 "abc" }}',
        "{{ range .Release.Revision }}{{ range .Files }}{{ . }}{{ end }}{{ end }}{{ .Files.Get 5 }}{{ .Files }}",
        "\U000f0000\U000f0001",
        "{{ `\U000f0000` }}",
        "{{",
        "{{ /* ",
        '{{ "',
        "a: &a [*a]",
    ],
)
def test_a_hostile_template_ends_and_says_nothing(template: str) -> None:
    files = chart_of(pod("args: [web]") + template + "\n", "me: '{{ tpl .Values.me . }}'\nlist: [1]\n")
    for name in processes(files):
        assert name == "web"


def test_hostile_values_end() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]" for n in range(1, 5)]
    assert unread(chart_of(pod("args: [{{ toYaml .Values | quote }}]"), "\n".join(lines)))
    deep = "a: " + "[" * 150 + "]" * 150
    assert unread(chart_of(pod("args: [web]"), deep))


NOISE = [
    *"{{ }} {{- -}} ( ) | || := = $x $ . .Values {{/* */ ` \" ' \\n [ ] { } - : null -1 1e9 &a *a".split(),
    *"if |else |end|range |with |toYaml |toJson |fromYaml |set |merge |dict |list |index |trunc |nindent |tpl ".split(
        "|"
    ),
    *'define "a"|include "a" .|until 3|printf "%v" |default |lookup |.Release.IsUpgrade|break|\t|\0'.split("|"),
    "{{ .Values }}",
    "{{ . }}",
    "{{ $ }}",
]


@settings(deadline=None, max_examples=100)
@given(path=st.sampled_from(sorted({**CHART, ".github/workflows/deploy.yml": ""})), data=st.data())
def test_a_damaged_chart_is_survived(path: str, data: st.DataObject) -> None:
    files = with_command("-f chart/values.yaml --set a.b[0]=c,env={x}")
    text = files[path]
    for _ in range(data.draw(st.integers(1, 5))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 12)))
        text = text[:start] + data.draw(st.sampled_from(NOISE)) + text[end:]
    held = {name: written.encode() for name, written in {**files, path: text}.items()}
    repository = Repository(held, held.__getitem__)
    link(declare(repository)[0], repository)


@pytest.mark.parametrize("guard", [False, True])
def test_what_a_secret_of_the_chart_holds_is_not_set_outside(guard: bool) -> None:
    secret = (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: own}\nstringData:\n"
        "  key: {{ randAlphaNum 64 | quote }}\n  user: {{ .Values.user }}\n"
        "  given: {{ .Values.given | default (randAlphaNum 8) }}\ndata:\n  coded: {{ randAlphaNum 9 | b64enc }}\n"
        "  outside: {{ .Values.db.password | default (randAlphaNum 8) | b64enc }}\n"
    )
    if guard:
        secret = f'{{{{- if not (lookup "v1" "Secret" .Release.Namespace "own") }}}}\n{secret}{{{{- end }}}}\n'
    env = "".join(
        f"- {{name: {name.upper()}, valueFrom: {{secretKeyRef: {{name: own, key: {name}}}}}}}\n"
        for name in ("key", "user", "coded", "given", "outside")
    )
    more = "dependencies: [{name: postgresql, alias: db, version: 1.0.0}]\n"
    files = chart_of(pod(f"env:\n{env}"), "user: kiwi\ngiven: ''\n", more)
    path = next(one for one in files if one.endswith("Chart.yaml")).removesuffix("Chart.yaml")
    process = processes({**files, f"{path}templates/secret.yaml": secret})["web"]
    held = {one.name: one for one in process.variables}
    assert str(held["USER"].value) == "kiwi"
    made = [name for name, one in held.items() if isinstance(one.given, Unknown)]
    # An installation may give others, as for everything in values.yaml.
    assert made == ["KEY", "CODED", "GIVEN"]
    assert held["OUTSIDE"].value is held["OUTSIDE"].given is None


def test_what_values_yaml_does_not_set_is_set_outside_where_it_is_a_variable() -> None:
    secret = (
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: own\n  namespace: {{ .Values.api.space }}\nstringData:\n"
        "  absent: {{ .Values.api.password }}\n  quoted: {{ .Values.api.key | quote }}\n"
        '  written: {{ .Values.api.written | quote }}\n  default: {{ .Values.api.key | default "" | quote }}\n'
    )
    names = ("absent", "quoted", "written", "default")
    env = "- {name: A, value: x}\n" + "".join(
        f"- {{name: {name.upper()}, valueFrom: {{secretKeyRef: {{name: own, key: {name}}}}}}}\n" for name in names
    )
    env += "- name: TOKEN\n  value: {{ .Values.api.token }}\n- name: EMPTY\n  value: {{ .Values.api.written }}\n"
    files = chart_of(pod(f"env:\n{env}"), "api:\n  written: ''\n  # token:\n  key:\n")
    process = processes({**files, "chart/templates/secret.yaml": secret})["web"]
    held = {name: value for name, value in variables(process).items() if name != "A"}
    outside = dict.fromkeys(("ABSENT", "QUOTED", "TOKEN"))
    assert held == {**outside, **dict.fromkeys(("WRITTEN", "DEFAULT", "EMPTY"), "")}
