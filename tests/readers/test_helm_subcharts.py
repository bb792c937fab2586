"""Charts in charts: values, conditions and tags of those that a chart brings."""

import pytest
from helm_shop import CHART, declared, pod, processes, unread, words

from prodlint.deployment.process import Process


@pytest.mark.parametrize(("name", "said"), [("postgresql", []), ("redis", []), ("jupyterhub", ["jupyterhub"])])
def test_a_chart_that_brings_another_is_read_when_that_is_a_backing_service(name: str, said: list[str]) -> None:
    files = {
        **CHART,
        "chart/Chart.yaml": CHART["chart/Chart.yaml"] + f"dependencies: [{{name: {name}, version: 1.0.0}}]\n",
    }
    assert unread(files) == [f"a part of a Helm chart: it brings the chart {one}" for one in said]


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


def test_charts_that_bring_one_another_end() -> None:
    files = {
        f"{one}/Chart.yaml": f"name: {one}\ndependencies: [{{name: {other}, repository: 'file://../{other}'}}]\n"
        for one, other in (("a", "b"), ("b", "a"))
    }
    assert processes({**files, "deploy.sh": "helm install x ./a\n"}) == {}
