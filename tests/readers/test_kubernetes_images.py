"""Images that manifests run: those that are built here, and those of others."""

import pytest
from manifests import deployment

from prodlint.deployment.environment import Environment
from prodlint.deployment.link import link
from prodlint.deployment.model import Deployment
from prodlint.deployment.repository import Repository
from prodlint.readers import declare


def linked(files: dict[str, str]) -> Deployment:
    held = {path: text.encode() for path, text in files.items()}
    repository = Repository(held, held.__getitem__)
    return link(declare(repository)[0], repository)


DOCKERFILE = 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nCMD ["gunicorn", "shop.wsgi"]\n'


@pytest.mark.parametrize(
    ("image", "files"),
    [
        ("ghcr.io/acme/shop:1.2", {"compose.yaml": "services:\n  x:\n    build: .\n    image: ghcr.io/acme/shop\n"}),
        (
            "ghcr.io/acme/shop:${TAG}",
            {
                ".github/workflows/ci.yml": "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
                "    - uses: docker/build-push-action@v6\n      with:\n"
                "        tags: ghcr.io/acme/shop:${{ github.sha }}\n"
            },
        ),
        (
            "registry.example.com/acme/shop",
            {"deploy.sh": "docker build -t registry.example.com/acme/shop:latest .\ndocker push x\n"},
        ),
        ("example.com/x/shop-server", {"pyproject.toml": "[project]\nname = 'shop'\n"}),
        ("${IMAGE}", {}),
    ],
)
def test_an_image_that_is_built_here_runs_in_production_with_the_command_of_its_dockerfile(
    image: str, files: dict[str, str]
) -> None:
    model = linked({"Dockerfile": DOCKERFILE, "k8s/web.yaml": deployment(f"image: {image}"), **files})
    service = next(one for one in model.services if one.process.path == "k8s/web.yaml")
    assert service.environment is Environment.PRODUCTION
    assert service.written == "gunicorn shop.wsgi"


WORKFLOW = """on: push
env: {NAME: shop/web, OTHER: x}
jobs:
  ship:
    runs-on: ubuntu-latest
    steps:
      - env: {REGISTRY: "${{ steps.login.outputs.registry }}"}
        run: |
          docker build -t $REGISTRY/$NAME:latest .
          docker push $REGISTRY/$NAME:latest
"""


def test_an_image_of_a_pipeline_whose_registry_only_its_run_knows_runs_in_production() -> None:
    image = "123.dkr.ecr.eu-west-1.amazonaws.com/shop/web:1"
    files = {"k8s/web.yaml": deployment(f"image: {image}"), ".github/workflows/cd.yml": WORKFLOW}
    model = linked({"Dockerfile": DOCKERFILE, **files})
    [service] = [one for one in model.services if one.process.path == "k8s/web.yaml"]
    assert service.written == "gunicorn shop.wsgi"


def test_a_name_that_the_pipeline_fills_in_is_that_of_what_the_pipelines_build() -> None:
    files = {
        "Dockerfile": DOCKERFILE,
        "node.Dockerfile": "FROM node:24\n",
        "k8s/web.yaml": deployment('image: "{{ .Values.image }}"'),
    }
    more = WORKFLOW + "          docker build -t $REGISTRY/node -f node.Dockerfile .\n"
    for workflow, expected in ((WORKFLOW, ["gunicorn shop.wsgi"]), (more, [])):
        model = linked({**files, ".github/workflows/cd.yml": workflow})
        assert [one.written for one in model.services if one.process.path == "k8s/web.yaml"] == expected


def test_an_image_of_two_builds_is_not_guessed() -> None:
    model = linked(
        {
            "a/Dockerfile": DOCKERFILE,
            "b/Dockerfile": DOCKERFILE,
            "compose.yaml": "services:\n  a: {build: a, image: acme/shop}\n  b: {build: b, image: other/shop}\n",
            "k8s/web.yaml": deployment("image: registry.example.com/shop"),
        }
    )
    assert all(one.process.path != "k8s/web.yaml" for one in model.services)
    assert any("which is not known to be ours" in one.note for one in model.open)


def test_the_images_of_others_are_no_services() -> None:
    model = linked({"Dockerfile": DOCKERFILE, "k8s/db.yaml": deployment("image: postgres:17\nargs: [-c, x=y]")})
    assert [one.process.path for one in model.services] == ["Dockerfile"]
    assert not model.open


@pytest.mark.parametrize(
    ("image", "is_asked"),
    [
        ("python:3.13-bullseye@sha256:f58f33e0", False),
        ("docker.io/library/node:22", False),
        ("acme/python:3.13", True),
        ("python-shop:3.13", True),
    ],
)
def test_whose_an_official_image_with_a_command_is_is_not_asked(image: str, is_asked: bool) -> None:
    model = linked({"k8s/web.yaml": deployment(f"image: {image}\ncommand: [gunicorn, 'shop.wsgi']")})
    assert any("which is not known to be ours" in one.note for one in model.open) is is_asked
    assert [one.written for one in model.services] == ["gunicorn shop.wsgi"]


def test_whose_an_official_image_is_stays_open_where_builds_bear_its_name_or_nothing_tells_what_runs() -> None:
    builds = {
        "a/Dockerfile": DOCKERFILE,
        "b/Dockerfile": DOCKERFILE,
        "compose.yaml": "services:\n  a: {build: a, image: acme/python}\n  b: {build: b, image: other/python}\n",
    }
    written = "image: python:3.13\ncommand: [gunicorn, 'shop.wsgi']"
    for files in ({"k8s/web.yaml": deployment(written), **builds}, {"k8s/web.yaml": deployment("image: python:3.13")}):
        assert any("which is not known to be ours" in one.note for one in linked(files).open)


def test_an_image_in_a_folder_of_its_name_is_that_of_the_folder() -> None:
    model = linked(
        {
            "api/Dockerfile": DOCKERFILE,
            "worker/Dockerfile": DOCKERFILE.replace("gunicorn", "celery"),
            "k8s/worker.yaml": deployment("image: acme/worker:1"),
        }
    )
    service = next(one for one in model.services if one.process.path == "k8s/worker.yaml")
    assert service.written == "celery shop.wsgi"


@pytest.mark.parametrize("folder", [".devcontainer", "tools/.gitpod"])
def test_an_image_that_an_editor_builds_is_none_of_production(folder: str) -> None:
    compose = f"services:\n  shop:\n    image: shop\n    build: {{context: ., dockerfile: {folder}/Dockerfile}}\n"
    model = linked(
        {
            f"{folder}/Dockerfile": DOCKERFILE.replace("gunicorn", "flask"),
            f"{folder}/compose.yml": compose,
            "Dockerfile": DOCKERFILE,
            "shop/__init__.py": "",
            "k8s/shop.yaml": deployment("image: registry.example.com/acme/shop:1"),
        }
    )
    (service,) = [one for one in model.services if one.process.path == "k8s/shop.yaml"]
    assert service.written == "gunicorn shop.wsgi"


def test_a_family_of_images_is_built_in_the_folders_that_they_are_called_after() -> None:
    files = {
        "api/Dockerfile": DOCKERFILE,
        "worker/Dockerfile": DOCKERFILE.replace("gunicorn", "celery"),
        "k8s/api.yaml": deployment("image: acme/shop-api:1", "api"),
        "k8s/worker.yaml": deployment("image: acme/shop-worker:1", "worker"),
        "k8s/other.yaml": deployment("image: other/thing-worker:1\nargs: [x]", "other"),
    }
    written = {one.process.path: one.written for one in linked(files).services}
    assert written["k8s/api.yaml"] == "gunicorn shop.wsgi"
    assert written["k8s/worker.yaml"] == "celery shop.wsgi"
    assert written["k8s/other.yaml"] == "x"


def test_one_image_that_ends_like_a_folder_is_not_enough() -> None:
    files = {
        "api/Dockerfile": DOCKERFILE,
        "worker/Dockerfile": DOCKERFILE,
        "k8s/api.yaml": deployment("image: other/thing-api:1"),
    }
    assert all(one.process.path != "k8s/api.yaml" for one in linked(files).services)
