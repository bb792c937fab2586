"""Images of manifests that scripts, Makefiles, manuals and charts tell of: which are ours, and which need not be."""

import pytest
from manifests import deployment

from prodlint.deployment.environment import Environment
from prodlint.deployment.model import Deployment
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

DOCKERFILE = 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nCMD ["gunicorn", "shop.wsgi"]\n'
BUILD = "docker build -t acme/web ."
HERE = 'cd "$(dirname "$0")/.."\n'
CHART = "apiVersion: v2\nname: {}\nversion: 1.0.0\n"


def modelled(image: str, files: dict[str, str]) -> Deployment:
    return inspect(MemoryTree({"k8s/web.yaml": deployment(f"image: {image}"), **files}), []).deployment


def joined(image: str, files: dict[str, str]) -> list[tuple[str | None, Environment]]:
    """Which Dockerfile the service of the manifest is built from, and where it runs; empty where it is not joined."""
    services = [one for one in modelled(image, files).services if one.process.path == "k8s/web.yaml"]
    return [(one.process.build and one.process.build.dockerfile, one.environment) for one in services]


@pytest.mark.parametrize(
    ("image", "files"),
    [
        ("acme/web", {"Makefile": f"image:\n\t@{BUILD}\n"}),
        ("docker.io/acme/web:3", {"Makefile": f"image:\n\t@{BUILD}\n"}),
        ("acme/web:1", {"Makefile": "NAME ?= acme/web\nimage:\n\tdocker build -t $(NAME):$(TAG) .\n"}),
        ("eu.gcr.io/acme-1/web:1", {"Makefile": "image:\n\tdocker build -t $(REGISTRY)/web:$(TAG) .\n"}),
        ("quay.io/acme/web", {"Makefile": "image:\n\tdocker build -t w .\n\tdocker tag w quay.io/acme/web\n"}),
        ("acme/web", {"justfile": f"image:\n  {BUILD}\n"}),
        ("acme/web", {"scripts/build.sh": f"set -e\n{HERE}NAME=acme/web\ndocker build -t $NAME:${{1:-latest}} .\n"}),
        ("acme/web", {"scripts/build.sh": f"# from the root\n{BUILD}\n"}),
    ],
)
def test_an_image_that_a_script_or_a_makefile_builds_runs_in_production(image: str, files: dict[str, str]) -> None:
    assert joined(image, {"Dockerfile": DOCKERFILE, **files}) == [("Dockerfile", Environment.PRODUCTION)]


@pytest.mark.parametrize(
    ("image", "files"),
    [
        # Not with another owner, another registry, another name.
        ("othercorp/web", {"Makefile": f"image:\n\t{BUILD}\n"}),
        ("registry.corp.example/acme/web", {"Makefile": f"image:\n\t{BUILD}\n"}),
        ("registry.corp.example/platform/web", {"Makefile": "image:\n\tdocker build -t web .\n"}),
        ("acme/api", {"Makefile": "image:\n\tdocker build -t $(NAME) .\n"}),
        # Nobody runs this.
        ("acme/web", {"Makefile": f"# we used to: {BUILD}\nall:\n\techo hi\n"}),
        ("acme/web", {"Makefile": f'all:\n\t# {BUILD}\n\techo "{BUILD}"\n'}),
        ("acme/web", {"build.sh": f"#!/bin/sh\n# {BUILD}\necho '{BUILD}'\n"}),
        # Elsewhere than where the Dockerfile lies, or nobody knows where.
        ("acme/web", {"hack/x/build.sh": f"cd ../../other\n{BUILD}\n"}),
        ("acme/web", {"build.sh": f'cd "$1"\n{BUILD}\n'}),
        ("acme/web", {"Makefile": f"image:\n\tcd other && {BUILD}\n"}),
        # For desks and for tests.
        ("acme/web", {"Makefile": f"dev:\n\t{BUILD}\n"}),
        ("acme/web", {"tests/run.sh": f"{BUILD}\n"}),
        ("acme/web", {"scripts/e2e.sh": f"{BUILD}\n"}),
        # Two Dockerfiles, according to where the script is started.
        ("acme/web", {"srv/build.sh": f"{BUILD}\n", "srv/Dockerfile": DOCKERFILE}),
        # An image of others, whatever a script calls its own.
        ("postgres:17", {"Makefile": "image:\n\tdocker build -t postgres .\n"}),
        ("python:3.13", {"Makefile": "image:\n\tdocker build -t python .\n"}),
        # What a manual tells may be about anything.
        ("acme/web", {"README.md": f"For play:\n\n```sh\n{BUILD}\n```\n"}),
        ("ghcr.io/othercorp/web:1.4", {"README.md": "    docker build -t web .\n"}),
        ("acme/web", {"docs/howto.rst": f"Imagine a project like this: ``{BUILD}``\n"}),
    ],
)
def test_an_image_that_nothing_certain_calls_ours_is_not_joined(image: str, files: dict[str, str]) -> None:
    assert joined(image, {"Dockerfile": DOCKERFILE, **files}) == []


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("gcr.io/project-1/bazaar-api", "bazaar"),
        ("gcr.io/project-1/bazaar", '"bazaar-chart"  # of the shop'),
        ("bazaar:latest", "&name bazaar"),
        ("registry.example.com/team/big-bazaar-web", "big-bazaar"),
        ("ghcr.io/${OWNER}/bazaar", "bazaar"),
    ],
)
def test_an_image_in_a_registry_of_ones_own_that_bears_the_name_of_the_chart_is_ours(image: str, name: str) -> None:
    files = {"Dockerfile": DOCKERFILE, "chart/Chart.yaml": CHART.format(name)}
    assert joined(image, files) == [("Dockerfile", Environment.PRODUCTION)]


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("apache/airflow:2.9", "my-airflow"),
        ("apache/airflow:2.9", "airflow"),
        ("registry.example.com/hub/apache/airflow:2.9", "airflow"),
        ("apache/superset:3.1", "superset-tools"),
        ("registry.example.com/team/superset:3.1", "superset-tools"),
        ("bitnami/wordpress", "wordpress"),
        ("n8nio/n8n", "n8n"),
        ("zammad/zammad", "zammad"),
        ("ghcr.io/othercorp/bazaar", "bazaar"),
        ("node:24", "node"),
        ("wordpress:6", "wordpress"),
        ("mongo-express:1", "mongo-express"),
        ("gcr.io/project-1/web-api", "web"),
    ],
)
def test_the_name_of_a_chart_takes_no_image_of_others(image: str, name: str) -> None:
    assert joined(image, {"Dockerfile": DOCKERFILE, "chart/Chart.yaml": CHART.format(name)}) == []


@pytest.mark.parametrize(
    ("image", "is_ours"),
    [("acme/bazaar", True), ("acme/bazaar-api", False), ("acme/shop", False), ("bitnami/bazaar", False)],
)
def test_a_name_that_both_the_chart_and_a_package_bear_is_that_of_the_project(image: str, is_ours: bool) -> None:
    files = {"Dockerfile": DOCKERFILE, "chart/Chart.yaml": CHART.format("bazaar"), "bazaar/__init__.py": ""}
    assert bool(joined(image, files)) is is_ours


def test_where_there_are_several_charts_none_names_the_project() -> None:
    charts = {f"{name}/Chart.yaml": CHART.format(name) for name in ("bazaar", "cache")}
    image = "gcr.io/project-1/bazaar"
    assert joined(image, {"Dockerfile": DOCKERFILE, **charts}) == []
    own = {"chart/Chart.yaml": CHART.format("bazaar"), "chart/charts/cache/Chart.yaml": CHART.format("cache")}
    assert joined(image, {"Dockerfile": DOCKERFILE, **own}) == [("Dockerfile", Environment.PRODUCTION)]


@pytest.mark.parametrize(
    ("image", "is_ours"),
    [
        ("apache/airflow:2.9", False),
        ("othercorp/airflow", False),
        ("acme/airflow", True),
        ("registry.example.com/airflow", True),
        ("registry.example.com/hub/bitnami/airflow", False),
        # The whole name is that of the project, whoever owns it.
        ("othercorp/acme-airflow:1", True),
        ("othercorp/acme-airflow-ui:1", False),
        ("apache/acme-airflow:1", False),
    ],
)
def test_the_name_of_a_project_takes_no_image_below_anothers_name(image: str, is_ours: bool) -> None:
    files = {
        "Dockerfile": DOCKERFILE,
        "airflow/__init__.py": "",
        "pyproject.toml": '[project]\nname = "acme-airflow"\n',
    }
    assert bool(joined(image, files)) is is_ours


def test_an_owner_for_whom_builds_here_are_made_is_ours() -> None:
    files = {
        "Dockerfile": DOCKERFILE,
        "pyproject.toml": '[project]\nname = "shop"\n',
        "tools/Dockerfile.dev": "FROM python:3.13\n",
    }
    compose = "services:\n  tools:\n    image: acme/tools\n    build: {context: tools, dockerfile: Dockerfile.dev}\n"
    assert joined("acme/shop", files) == []
    assert joined("acme/shop", {**files, "compose.yaml": compose}) == [("Dockerfile", Environment.PRODUCTION)]


@pytest.mark.parametrize(
    ("image", "more", "environment"),
    [
        ("acme/web", {"README.md": "    docker build -t web .\n"}, Environment.UNKNOWN),
        ("acme/web-shop", {"pyproject.toml": '[project]\nname = "shop"\n'}, Environment.UNKNOWN),
        ("acme/web", {"README.md": "    docker build -t other .\n"}, Environment.PRODUCTION),
        ("acme/web", {}, Environment.PRODUCTION),
    ],
)
def test_a_command_for_what_may_be_an_image_of_ours_leaves_open_whether_its_own_runs(
    image: str, more: dict[str, str], environment: Environment
) -> None:
    services = modelled(f"{image}\ncommand: [gunicorn, 'shop.wsgi']", {"Dockerfile": DOCKERFILE, **more}).services
    assert [one.environment for one in services if one.process.path == "Dockerfile"] == [environment]
