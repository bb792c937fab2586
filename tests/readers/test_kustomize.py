"""What a kustomization comes to, compared with `kubectl kustomize`, and which files are read with which."""

import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.deployment.environment import Environment
from prodlint.deployment.process import Process, UnreadDeployment
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import Known
from prodlint.engine import built_in_rules
from prodlint.readers import declare
from prodlint.readers.kubernetes_manifest import Manifest, manifests_of
from prodlint.readers.kustomization import build
from prodlint.source import Source
from prodlint.syntax.yaml import Mapping, Node, Scalar, Sequence, parse_yaml
from prodlint.testing import check_project

BASE = """apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, labels: {app: shop}}
spec:
  replicas: 1
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
      - name: web
        image: shop:1
        args: [gunicorn, shop.wsgi]
        ports: [{containerPort: 8000}]
        env:
        - {name: DEBUG, value: "1"}
        - {name: LEVEL, value: info}
        envFrom: [{configMapRef: {name: shop}}]
      - {name: logs, image: fluentd}
"""
PATCH = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\n"


def repository_of(files: dict[str, str]) -> Repository:
    held = {path: text.encode() for path, text in files.items()}
    return Repository(held, held.__getitem__)


def plain(node: Node) -> object:
    if isinstance(node, Mapping):
        return {key.value: plain(value) for key, value in node.items() if isinstance(key, Scalar)}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return None if node.is_null else node.value


def compared(manifests: Iterable[Manifest]) -> list[str]:
    """What both sides must agree on: pods and their number, and the data of ConfigMaps."""
    found = []
    for one in manifests:
        body = plain(one.body)
        assert isinstance(body, dict)
        if one.kind == "ConfigMap":
            found.append((one.kind, body.get("data")))
        else:
            found.append((one.kind, body["spec"].get("replicas"), body["spec"]["template"]["spec"]))
    return sorted(json.dumps(one, sort_keys=True) for one in found)


CASES = {
    "resources": {"base/kustomization.yaml": "resources: [web.yaml]\n"},
    "an overlay with a patch in a file": {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "prod/kustomization.yaml": "resources: [../base]\npatches:\n- path: patch.yaml\n",
        "prod/patch.yaml": PATCH + "spec:\n  replicas: 3\n  template:\n    spec:\n      containers:\n"
        "      - name: web\n        args: [uvicorn, shop.asgi]\n        env:\n"
        '        - {name: DEBUG, value: "0"}\n        - {name: NEW, value: x}\n      - {name: proxy, image: envoy}\n',
    },
    "deletions": {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "prod/kustomization.yaml": "resources: [../base]\npatchesStrategicMerge: [patch.yaml]\n",
        "prod/patch.yaml": PATCH + "spec:\n  replicas: null\n  template:\n    spec:\n      containers:\n"
        "      - {name: logs, $patch: delete}\n      - name: web\n        env: [{name: LEVEL, $patch: delete}]\n",
    },
    "a patch that replaces a list": {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "prod/kustomization.yaml": "resources: [../base]\npatches: [{path: patch.yaml}]\n",
        "prod/patch.yaml": PATCH + "spec:\n  template:\n    spec:\n      containers:\n      - $patch: replace\n"
        "      - {name: only, image: x}\n",
    },
    "an inline patch with a target": {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "prod/kustomization.yaml": "resources: [../base]\npatches:\n- target: {kind: Deployment, name: sh.*}\n"
        "  patch: |-\n    - op: replace\n      path: /spec/replicas\n      value: 5\n"
        "    - op: add\n      path: /spec/template/spec/containers/0/args/-\n      value: --reload\n"
        "    - op: add\n      path: /spec/template/spec/containers/0/env/0\n      value: {name: FIRST, value: a}\n"
        "    - op: remove\n      path: /spec/template/spec/containers/1\n",
    },
    "JSON 6902 that moves and copies": {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "prod/kustomization.yaml": "resources: [../base]\npatchesJson6902:\n"
        "- {target: {version: v1, group: apps, kind: Deployment, name: shop}, path: p.yaml}\n",
        "prod/p.yaml": "- {op: copy, from: /spec/template/spec/containers/0/image, "
        "path: /spec/template/spec/containers/1/image}\n"
        "- {op: move, from: /spec/template/spec/containers/0/args, path: /spec/template/spec/containers/0/command}\n"
        "- {op: test, path: /spec/replicas, value: 1}\n",
    },
    "images and replicas": {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "prod/kustomization.yaml": "resources: [../base]\nreplicas: [{name: shop, count: 4}]\n"
        "images:\n- {name: shop, newName: ghcr.io/acme/shop, newTag: '2'}\n"
        f"- {{name: fluentd, digest: 'sha256:{'0' * 64}'}}\n",
    },
    "generators": {
        "base/kustomization.yaml": "resources: [web.yaml]\ngeneratorOptions: {disableNameSuffixHash: true}\n"
        "configMapGenerator:\n- name: shop\n  literals: [A=1, 'B=\"two\"', C=x=y]\n  envs: [a.env]\n  files: [f.txt]\n",
        "base/a.env": "# note\nD=4\n\n  E = five \nF='six'\n",
        "base/f.txt": "text\n",
        "prod/kustomization.yaml": "resources: [../base]\nconfigMapGenerator:\n"
        "- {name: shop, behavior: merge, literals: [A=2, G=7]}\n",
    },
    "prefixes": {
        "base/kustomization.yaml": "resources: [web.yaml]\nnamePrefix: a-\n",
        "prod/kustomization.yaml": "resources: [../base]\nnameSuffix: -b\npatches: [{path: patch.yaml}]\n",
        "prod/patch.yaml": PATCH.replace("name: shop", "name: a-shop") + "spec: {replicas: 6}\n",
    },
    "components": {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "more/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
        "patches:\n- target: {kind: Deployment}\n  patch: |-\n    - {op: replace, path: /spec/replicas, value: 9}\n",
        "prod/kustomization.yaml": "resources: [../base]\ncomponents: [../more]\n",
    },
    "one base under two names": {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "one/kustomization.yaml": "resources: [../base]\nnamePrefix: one-\n",
        "two/kustomization.yaml": "resources: [../base]\nnamePrefix: two-\nreplicas: [{name: shop, count: 2}]\n",
        "prod/kustomization.yaml": "resources: [../one, ../two]\n",
    },
}


def built_by_kubectl(folder: Path) -> list[str]:
    ran = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return compared(manifests_of(one.root for one in parse_yaml(Source("built.yaml", ran.stdout))))


@pytest.mark.real
@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
@pytest.mark.parametrize("name", CASES)
def test_a_kustomization_comes_to_what_kubectl_builds(name: str, tmp_path: Path) -> None:
    files = {"base/web.yaml": BASE, **CASES[name]}
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    folder = "prod" if "prod/kustomization.yaml" in files else "base"
    ours = build(f"{folder}/kustomization.yaml", repository_of(files))
    assert ours.unread == ()
    assert compared(ours.manifests) == built_by_kubectl(tmp_path / folder)


def processes(files: dict[str, str]) -> list[Process]:
    return [fact for fact in declare(repository_of(files))[0] if isinstance(fact, Process)]


def test_a_base_is_no_deployment_and_each_overlay_is_one() -> None:
    files = {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": BASE,
        "overlays/dev/kustomization.yaml": "resources: [../../base]\n",
        "overlays/prod/kustomization.yaml": "resources: [../../base]\nreplicas: [{name: shop, count: 3}]\n",
    }
    found = [one for one in processes(files) if one.name == "shop/web"]
    assert [one.environment for one in found] == [Environment.DEVELOPMENT, Environment.PRODUCTION]
    assert [one.replicas.value for one in found if isinstance(one.replicas, Known)] == [1, 3]
    assert {one.span.path for one in found} == {"base/web.yaml"}
    assert [fact for fact in declare(repository_of(files))[0] if isinstance(fact, UnreadDeployment)] == []


def test_labels_of_a_component_say_what_the_overlay_is_for() -> None:
    files = {
        "base/kustomization.yaml": "resources: [web.yaml]\ncomponents: [../live]\n",
        "base/web.yaml": BASE,
        "live/kustomization.yaml": "kind: Component\ncommonLabels: {environment: production}\n",
    }
    assert {one.environment for one in processes(files)} == {Environment.PRODUCTION}


def test_an_inline_patch_and_a_generated_variable_keep_their_places() -> None:
    text = (
        "resources: [web.yaml]\nconfigMapGenerator:\n- name: shop\n  literals:\n  - A=1\npatches:\n- patch: |-\n"
        + "".join(f"    {line}\n" for line in PATCH.splitlines())
        + "    spec:\n      template:\n        spec:\n          containers:\n"
        "          - name: web\n            args: [uvicorn, shop.asgi]\n"
    )
    web = next(one for one in processes({"kustomization.yaml": text, "web.yaml": BASE}) if one.name == "shop/web")
    assert web.command is not None
    assert str(web.command.span) == "kustomization.yaml:16"
    assert web.command.words[1].span.text == "shop.asgi"
    first = web.variables[0]
    assert (first.name, first.value and first.value.span.text, first.span.line) == ("A", "1", 5)


@pytest.mark.parametrize(
    "text",
    [
        "resources: [web.yaml, 'https://example.com/x?ref=1']\n",
        "resources: [web.yaml, gone.yaml]\n",
        "resources: [web.yaml]\nhelmCharts: [{name: x}]\n",
        "resources: [web.yaml]\ntransformers: [t.yaml]\n",
        "resources: [web.yaml]\npatches: [{path: gone.yaml}]\n",
        "resources: [web.yaml]\ncomponents: [../gone]\n",
    ],
)
def test_what_is_not_followed_leaves_the_kustomization_open(text: str) -> None:
    files = {"k8s/kustomization.yaml": text, "k8s/web.yaml": BASE}
    assert {one.complete for one in processes(files)} == {False}
    assert any(isinstance(fact, UnreadDeployment) for fact in declare(repository_of(files))[0])


@pytest.mark.parametrize(
    "files",
    [
        {"a/kustomization.yaml": "resources: [../a]\n"},
        {"a/kustomization.yaml": "resources: [../b]\n", "b/kustomization.yaml": "resources: [../a]\n"},
        {"kustomization.yaml": "resources: 5\npatches: [x]\nimages: {a: b}\nreplicas: [[]]\n"},
        {"kustomization.yaml": "resources: [web.yaml]\npatches: [{patch: '- {op: add, path: /a}', target: {}}]\n"},
        {"kustomization.yaml": "- a\n"},
        {
            **{f"{n}/kustomization.yaml": f"resources: [{', '.join([f'../{n + 1}'] * 9)}]\n" for n in range(30)},
            "30/kustomization.yaml": "resources: [web.yaml]\n",
            "30/web.yaml": BASE,
        },
    ],
)
def test_hostile_kustomizations_end_and_raise_nothing(files: dict[str, str]) -> None:
    processes({**files, "web.yaml": BASE})


_TEXT = st.sampled_from(
    ["name", "web", "shop", "containers", "spec", "$patch", "delete", "replace", "/spec/0", "-", ""]
)
_NODES = st.recursive(
    _TEXT | st.none() | st.integers(0, 9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None, max_examples=60)
@given(patch=_NODES, operations=st.lists(st.dictionaries(st.sampled_from(["op", "path", "from", "value"]), _NODES)))
def test_any_patch_is_survived(patch: object, operations: list[object]) -> None:
    files = {
        "kustomization.yaml": json.dumps(
            {
                "resources": ["web.yaml"],
                "patches": [
                    {"path": "a.json", "target": {"kind": "Deployment"}},
                    {"patch": json.dumps(operations), "target": {"name": "shop"}},
                ],
            }
        ),
        "web.yaml": BASE,
        "a.json": json.dumps(patch),
    }
    build("kustomization.yaml", repository_of(files))
    processes(files)


def test_a_fault_of_the_base_is_told_once_for_all_overlays() -> None:
    files = {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": BASE.replace("[gunicorn, shop.wsgi]", "[flask, run]"),
        "overlays/staging/kustomization.yaml": "resources: [../../base]\n",
        "overlays/prod/kustomization.yaml": "resources: [../../base]\n",
        "shop/Dockerfile": 'FROM python:3.13-slim\nCOPY . /app\nWORKDIR /app\nCMD ["flask", "run"]\n',
    }
    found = [one for one in check_project(files, built_in_rules()) if one.rule == "dev-server-in-production"]
    assert [str(one.span) for one in found] == ["base/web.yaml:12"]
