"""What a chart leaves open: what the repository does not tell, what the cluster decides, what is not read."""

import pytest
from helm_shop import CHART, DJANGO, JOB, VALUES, chart_of, pod, processes, unread, variables, words

from prodlint.deployment.environment import Environment
from prodlint.deployment.value import YES, Unknown
from prodlint.inspection import inspect
from prodlint.map.draw import draw
from prodlint.tree import MemoryTree


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
