"""Helm itself as the judge: whatever prodlint calls known of a chart must be what Helm makes of it."""

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from helm_charts import charts
from hypothesis import given, settings

from prodlint.deployment.process import Process, UnreadDeployment
from prodlint.deployment.repository import Repository
from prodlint.readers import declare

RELEASE = "helm upgrade --install live chart --namespace shop\n"
# What the repository does not tell: the name of the release where no command gives it, and whether there is one yet.
WAYS = (("live", False), ("live", True), ("an-other", True))
# Answers with what Helm writes, by template; by the helm binary, or by the library that the package
# helm-python-sdk brings.
SERVER = r"""
import json, re, subprocess, sys
def by_binary(chart, release, is_upgrade):
    words = ["helm", "template", release, chart, "-n", "shop", *["--is-upgrade"][:is_upgrade]]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        return None
    parts = re.split(r"(?m)^# Source: (.*)\n", done.stdout)
    written = {}
    for name, text in zip(parts[1::2], parts[2::2]):
        written[name] = written.get(name, "") + "---\n" + text
    return written
def by_library(chart, release, is_upgrade):
    from helm_python import Chart
    try:
        with Chart.load(chart) as loaded:
            return loaded.render(name=release, namespace="shop", is_upgrade=is_upgrade)
    except Exception:
        return None
render = by_binary if sys.argv[1] == "binary" else by_library
for line in sys.stdin:
    print(json.dumps(render(*json.loads(line))), flush=True)
"""


class Helm:
    """Asks a process that waits for charts."""

    def __init__(self, kind: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER, kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def written(self, files: dict[str, str], release: str, is_upgrade: bool) -> dict[str, str] | None:
        """What Helm makes of each template of a chart, None when it refuses."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with tempfile.TemporaryDirectory() as folder:
            for path, text in files.items():
                place = Path(folder, path)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text, encoding="utf-8")
            self.process.stdin.write(json.dumps([f"{folder}/chart", release, is_upgrade]) + "\n")
            self.process.stdin.flush()
            answer: dict[str, str] | None = json.loads(self.process.stdout.readline())
            return answer


@pytest.fixture(scope="module")
def helm() -> Iterator[Helm]:
    kind = "binary" if shutil.which("helm") else "library"
    if (
        kind == "library"
        and subprocess.run([sys.executable, "-c", "import helm_python"], capture_output=True).returncode
    ):
        pytest.skip("neither the binary helm nor the package helm-python-sdk is installed")
    asked = Helm(kind)
    yield asked
    with contextlib.suppress(OSError):
        asked.process.communicate(timeout=10)


def facts(files: dict[str, str]) -> tuple[dict[str, Process], list[str]]:
    held = {path: text.encode() for path, text in files.items()}
    found = declare(Repository(held, held.__getitem__))[0]
    processes = {one.name: one for one in found if isinstance(one, Process)}
    return processes, [one.system for one in found if isinstance(one, UnreadDeployment)]


def told(process: Process) -> dict[str, object]:
    """What a process says, by a name for each part."""
    said: dict[str, object] = {"image": process.image}
    for name, line in (("command", process.entrypoint), ("args", process.command)):
        words = line.words if line is not None else ()
        said[f"number of {name}"] = len(words)
        said.update({f"{name} {index}": word.literal for index, word in enumerate(words)})
    said.update({f"variable {one.name}": one.value and one.value.literal for one in process.variables})
    said.update({f"port {index}": str(getattr(one.number, "value", None)) for index, one in enumerate(process.ports)})
    said.update({f"probe {one.kind}": getattr(one.path, "value", None) for one in process.probes})
    return said


def is_hidden(value: object) -> bool:
    return value is None or (isinstance(value, str) and "{{" in value)


def _comparable(said: dict[str, object]) -> list[str]:
    """The parts that can be compared: where a word is not told, none may be there, or several."""
    parts = list(said)
    for list_name in ("command", "args"):
        places = [part for part in parts if part.startswith(f"{list_name} ")]
        first = next((part for part in places if is_hidden(said[part])), None)
        if first is not None:
            parts = [
                one for one in parts if one not in places[places.index(first) :] and one != f"number of {list_name}"
            ]
    return parts


def judged(helm: Helm, files: dict[str, str], release: str, is_upgrade: bool) -> tuple[int, int]:
    """How many parts of a chart are known, as Helm has them, and how many are not."""
    ours, unread = facts(files)
    written = helm.written(files, release, is_upgrade)
    if written is None:
        assert unread, "Helm refuses the chart"
        return 0, 0
    plain = {
        f"k8s/{index}.yaml": text for index, (name, text) in enumerate(written.items()) if not name.endswith("txt")
    }
    theirs, _ = facts(plain)
    known = hidden = 0
    for name, process in ours.items():
        if "{{" in name:
            continue
        said, expected = told(process), told(theirs[name])
        if process.complete:
            assert set(said) == set(expected)
        for part in _comparable(said):
            if is_hidden(said[part]) and not is_hidden(expected.get(part)):
                hidden += 1
            else:
                assert said[part] == expected.get(part), part
                known += 1
    if not unread:
        assert set(ours) == set(theirs)
    return known, hidden


@pytest.mark.real
@pytest.mark.parametrize("ways", [WAYS[:1], WAYS], ids=["as far as it is told", "in every way that is not told"])
def test_whatever_is_known_of_a_generated_chart_is_what_helm_makes_of_it(
    helm: Helm, ways: tuple[tuple[str, bool], ...]
) -> None:
    is_told = len(ways) == 1
    total = [0, 0]

    @settings(deadline=None, max_examples=60 if is_told else 30, database=None)
    @given(charts(is_told))
    def check(files: dict[str, str]) -> None:
        for release, is_upgrade in ways:
            known, hidden = judged(helm, {**files, "deploy.sh": RELEASE} if is_told else files, release, is_upgrade)
            total[0] += known
            total[1] += hidden

    check()
    assert total[0] > total[1] * (1_000 if is_told else 2), f"{total[0]} parts are known and {total[1]} are not"


POD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME}
spec:
  template:
    spec:
      containers:
      - name: NAME
        image: shop
        args: [{{ .Chart.Name }}, {{ .Template.Name }}, '{{ toJson .Values }}', '{{ include "name" . }}']
"""
CHARTS = """\
apiVersion: v2
name: all
version: 1.0.0
dependencies:
- {name: web, version: 0.1.0, condition: web.on}
- {name: jobs, version: 0.1.0, alias: work, tags: [back]}
- {name: extra, version: 0.1.0, condition: extra.on}
"""


@pytest.mark.real
def test_a_chart_of_charts_is_what_helm_makes_of_it(helm: Helm) -> None:
    files = {
        "chart/Chart.yaml": CHARTS,
        "chart/values.yaml": "web: {port: 9000}\nglobal: {a: 1, b: {c: 2}}\nextra: {on: false}\ntags: {back: true}\n",
        "chart/templates/_x.tpl": '{{ define "name" }}outer{{ end }}',
        "chart/templates/all.yaml": POD.replace("NAME", "all"),
    }
    for name in ("web", "jobs", "extra"):
        files[f"chart/charts/{name}/Chart.yaml"] = f"apiVersion: v2\nname: {name}\nversion: 0.1.0\n"
        files[f"chart/charts/{name}/values.yaml"] = "port: 8000\nn: null\nglobal: {b: {d: 3}, a: 5}\n"
        files[f"chart/charts/{name}/templates/_x.tpl"] = '{{ define "name" }}' + name + "{{ end }}"
        files[f"chart/charts/{name}/templates/x.yaml"] = POD.replace("NAME", name)
    known, hidden = judged(helm, {**files, "deploy.sh": RELEASE}, "live", False)
    assert known > 15
    assert hidden == 0
