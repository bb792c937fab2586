"""Helm charts as their values make them: commands, images, variables, hooks and secrets."""

import pytest
from helm_shop import CHART, DEPLOYMENT, DJANGO, JOB, chart_of, pod, processes, unread, variables, words

from prodlint.deployment.process import ProbeKind, Role
from prodlint.deployment.value import NO, YES, Known, Unknown
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree


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


def test_hooks_before_an_upgrade_are_release_steps_and_tests_are_nothing() -> None:
    test = JOB.replace("pre-install,pre-upgrade", "test").replace("kind: Job", "kind: Pod")
    files = {**CHART, "chart/templates/migrate.yaml": JOB, "chart/templates/tests/test.yaml": test}
    found = processes(files)
    assert set(found) == {"shop", "shop-migrate"}
    assert found["shop-migrate"].role is Role.RELEASE
    assert words(found["shop-migrate"]) == ["python", "manage.py", "migrate"]


@pytest.mark.parametrize(
    ("files", "answer"), [({}, NO), ({"chart/templates/migrate.yaml": JOB}, YES)], ids=["nowhere", "in a hook"]
)
def test_a_chart_that_was_read_whole_answers_who_migrates(files: dict[str, str], answer: object) -> None:
    deployment = inspect(MemoryTree({**DJANGO, **CHART, **files}), []).deployment
    (system,) = deployment.migration_systems
    assert deployment.is_migrated(system) is answer
    assert not deployment.unread


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
