"""Chartpress: which Dockerfile builds the image that a chart names."""

import pytest

from prodlint.deployment import Environment
from prodlint.deployment.process import Build, BuiltImage, Platform
from prodlint.deployment.repository import Repository
from prodlint.inspection import inspect
from prodlint.map.document import Map
from prodlint.map.draw import draw
from prodlint.readers import declare
from prodlint.tree import MemoryTree

DOCKERFILE = 'FROM python:3.13-slim AS live\nWORKDIR /app\nCOPY . .\nENTRYPOINT ["python", "-m", "shop"]\n'
TEMPLATE = """apiVersion: apps/v1
kind: Deployment
metadata: {name: till}
spec:
  template:
    spec:
      containers:
      - name: till
        image: {{ .Values.image.name }}:{{ .Values.image.tag }}
        args:
          - --serve
"""
CHART = {
    "helm/till/Chart.yaml": "apiVersion: v2\nname: till\nversion: 0.0.1\n",
    "helm/till/values.yaml": "image:\n  name: registry.example.org/shop/k8s-till\n  tag: set-by-chartpress\n",
    "helm/till/templates/deployment.yaml": TEMPLATE,
}
PREFIX = "charts:\n  - name: till\n    imagePrefix: registry.example.org/shop/k8s-\n    images:\n      till:\n"
PLACED = f"{PREFIX}        contextPath: ..\n        dockerfilePath: images/server/Dockerfile\n"
PLACE = "helm/images/server/Dockerfile"
# With two of them, no name but that of chartpress says which one a chart runs.
BOTH = {PLACE: DOCKERFILE, "helm/images/printer/Dockerfile": DOCKERFILE.replace("shop", "printer")}


def map_of(files: dict[str, str]) -> Map:
    return draw(inspect(MemoryTree({**CHART, **files}), ()).deployment, Environment.PRODUCTION)


def told(files: dict[str, str]) -> dict[str, str]:
    """What the map tells of the service of the chart."""
    [service] = [one for one in map_of(files).services if one.platform == "Kubernetes"]
    return {fact.name: fact.text for fact in service.facts}


def builds(text: str, *dockerfiles: str) -> list[tuple[str, Build]]:
    held = {"helm/chartpress.yaml": text.encode(), **dict.fromkeys(dockerfiles, DOCKERFILE.encode())}
    facts = declare(Repository(held, held.__getitem__))[0]
    return [(one.name, one.build) for one in facts if isinstance(one, BuiltImage)]


def test_a_chart_runs_the_dockerfile_that_chartpress_builds_for_it() -> None:
    files = {"helm/chartpress.yaml": PLACED, **BOTH}
    facts = told(files)
    assert facts["command"] == "python -m shop --serve"
    assert facts["image"].startswith(PLACE)
    assert sorted(one.name for one in map_of(files).services) == ["printer", "till"]


def test_the_chart_and_the_dockerfile_are_two_where_nothing_joins_them() -> None:
    assert sorted(one.name for one in map_of(BOTH).services) == ["printer", "server", "till"]
    assert told(BOTH)["image"].startswith("registry.example.org/shop/k8s-till")


def test_places_start_from_the_folder_of_the_file() -> None:
    [(name, build)] = builds(PLACED, PLACE)
    assert name == "registry.example.org/shop/k8s-till"
    assert (build.dockerfile, build.context) == (PLACE, "")


@pytest.mark.parametrize(
    ("options", "dockerfile", "context"),
    [
        ("        valuesPath: image\n", "helm/images/till/Dockerfile", "helm/images/till"),
        ("", "helm/images/till/Dockerfile", "helm/images/till"),
        ("        contextPath: ../server\n", "server/Dockerfile", "server"),
        ("        dockerfilePath: Dockerfile.till\n", "helm/Dockerfile.till", "helm/images/till"),
    ],
)
def test_a_dockerfile_lies_in_the_context_and_that_in_a_folder_of_its_name(
    options: str, dockerfile: str, context: str
) -> None:
    [(_, build)] = builds(PREFIX + options, dockerfile)
    assert (build.dockerfile, build.context) == (dockerfile, context)


def test_a_name_of_its_own_takes_the_place_of_the_prefix() -> None:
    [(name, _)] = builds(f"{PLACED}        imageName: shop/till\n", PLACE)
    assert name == "shop/till"


def test_each_image_of_each_chart_is_read() -> None:
    text = "charts:\n  - images: {a: {}, b: {}}\n  - imagePrefix: x-\n    images: {c: {}}\n  - name: bare\n"
    found = builds(text, *(f"helm/images/{one}/Dockerfile" for one in "abc"))
    assert [name for name, _ in found] == ["a", "b", "x-c"]


@pytest.mark.parametrize("text", [PLACED, f"{PREFIX}        imageName: {{{{ registry }}}}/till\n", "charts: []\n"])
def test_what_is_not_here_or_has_no_name_is_no_build(text: str) -> None:
    assert builds(text, "helm/images/other/Dockerfile") == []


def test_an_image_of_another_name_is_not_joined() -> None:
    values = CHART["helm/till/values.yaml"].replace("k8s-till", "cashier")
    files = {"helm/chartpress.yaml": PLACED, "helm/till/values.yaml": values, **BOTH}
    assert sorted(one.name for one in map_of(files).services) == ["printer", "server", "till"]
    [doubt] = [one for one in map_of(files).doubts if "not known to be ours" in one.reason]
    assert str(doubt.span) == "helm/till/templates/deployment.yaml:9"


def test_the_options_of_a_build_count() -> None:
    options = (
        "        buildArgs: {SHOP_MODE: live, BUILT: '{TAG}'}\n"
        "        extraBuildCommandOptions: [--rm, '--target=live']\n"
    )
    [(_, build)] = builds(PLACED + options, PLACE)
    assert build.target == "live"
    assert [(one.name, str(one.value) if one.value is not None else None) for one in build.arguments] == [
        ("SHOP_MODE", "live"),
        ("BUILT", None),
    ]


@pytest.mark.parametrize(
    ("tag", "reset", "is_pinned"),
    [
        ("set-by-chartpress", "", False),
        ("latest-release", "    resetTag: latest-release\n", False),
        ("set-by-chartpress", "    resetTag: other\n", True),
        ("1.2.3", "", True),
    ],
)
def test_a_tag_that_a_release_fills_in_is_no_other_version(tag: str, reset: str, is_pinned: bool) -> None:
    values = CHART["helm/till/values.yaml"].replace("set-by-chartpress", tag)
    files = {"helm/chartpress.yaml": PLACED + reset, **BOTH, "helm/till/values.yaml": values}
    services = inspect(MemoryTree({**CHART, **files}), ()).deployment.services
    [service] = [one for one in services if one.process.platform is Platform.KUBERNETES]
    assert service.is_of_another_version is is_pinned
    assert (f":{tag}, a build of {PLACE}" in told(files)["image"]) is is_pinned


def test_an_image_of_others_is_placed_where_it_is_named() -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: a\n    image: x.io/y/z:1\n"
    served = pod.replace("a\n    image", "b\n    args: [serve]\n    image")
    tree = MemoryTree({"k8s/pod.yaml": pod, "k8s/with.yaml": served})
    places = [str(link.span) for link in inspect(tree, ()).deployment.open]
    assert places == ["k8s/pod.yaml:7", "k8s/with.yaml:8"]
