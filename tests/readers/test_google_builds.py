"""Cloud Build's steps as a pipeline, and the images that Skaffold builds."""

import pytest

from prodlint.deployment.environment import Environment
from prodlint.deployment.link import link
from prodlint.deployment.model import Deployment
from prodlint.deployment.pipeline import StepKind
from prodlint.deployment.process import BuiltImage, UnreadDeployment
from prodlint.deployment.repository import Repository
from prodlint.readers import declare

DOCKERFILE = 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nCMD ["gunicorn", "shop.wsgi"]\n'
BUILD = """steps:
- name: gcr.io/cloud-builders/docker
  args: [build, -t, gcr.io/$PROJECT_ID/shop, api]
- name: python:3.13
  entrypoint: bash
  dir: api
  args:
  - -c
  - |
    pip install -r requirements.txt
    pytest
- name: gcr.io/google.com/cloudsdktool/cloud-sdk
  entrypoint: gcloud
  args: [run, deploy, shop, --image, gcr.io/$PROJECT_ID/shop]
- name: gcr.io/x/own
  script: python manage.py migrate
- name: gcr.io/cloud-builders/kubectl
  args: apply -f k8s/
  env: ["CLOUDSDK_COMPUTE_ZONE=x", "A=$_B"]
  secretEnv: [KEY]
"""
MANIFEST = """apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  template:
    spec:
      containers: [{name: web, image: IMAGE, ports: [{containerPort: 8000}]}]
"""


def repository_of(files: dict[str, str]) -> Repository:
    held = {path: text.encode() for path, text in files.items()}
    return Repository(held, held.__getitem__)


def linked(files: dict[str, str]) -> Deployment:
    repository = repository_of(files)
    return link(declare(repository)[0], repository)


def test_the_steps_of_cloud_build_are_typed_in_their_order() -> None:
    model = linked({"cloudbuild.yaml": BUILD, "api/Dockerfile": DOCKERFILE})
    kinds = [(one.kind, one.written) for one in model.pipeline_steps]
    assert kinds[0][0] is StepKind.BUILD
    assert [kind for kind, _ in kinds[1:3]] == [StepKind.INSTALL, StepKind.TEST]
    assert kinds[3][0] is StepKind.DEPLOY
    assert kinds[4][1] == "python manage.py migrate"
    assert kinds[5] == (StepKind.DEPLOY, "kubectl apply -f k8s/")
    (pipeline,) = [one for one in model.pipelines if one.path == "cloudbuild.yaml"]
    assert [one.span.line for one in pipeline.jobs[0].steps] == [2, 5, 13, 16, 17]
    assert [
        (one.name, one.value and str(one.value), one.is_secret) for one in pipeline.jobs[0].steps[-1].variables
    ] == [
        ("CLOUDSDK_COMPUTE_ZONE", "x", False),
        ("A", None, False),
        ("KEY", None, True),
    ]


def test_an_image_of_cloud_build_is_known_by_its_name() -> None:
    model = linked(
        {
            "cloudbuild.yaml": BUILD,
            "api/Dockerfile": DOCKERFILE,
            "other/Dockerfile": DOCKERFILE,
            "k8s/web.yaml": MANIFEST.replace("IMAGE", "gcr.io/p/shop"),
        }
    )
    (service,) = [one for one in model.services if one.process.path == "k8s/web.yaml"]
    assert service.image is not None
    assert (service.image.path, service.environment) == ("api/Dockerfile", Environment.PRODUCTION)


@pytest.mark.parametrize(
    "text", ["steps: x\n", "- a\n", "steps: [{args: [x]}]\n", "steps: [{name: 5, args: {}}]\n", "steps"]
)
def test_a_malformed_build_is_survived(text: str) -> None:
    assert linked({"cloudbuild.yaml": text}).pipeline_steps == ()


SKAFFOLD = """apiVersion: skaffold/v4beta6
kind: Config
build:
  artifacts:
  - image: shop
    context: services/shop
    docker: {dockerfile: docker/Dockerfile, target: prod}
  - {image: java, jib: {}}
  - {image: gone, context: gone}
---
apiVersion: skaffold/v4beta6
profiles:
- name: x
  build: {artifacts: [{image: plain}]}
deploy:
  helm:
    releases: [{name: db, remoteChart: postgresql}, {name: own, chartPath: chart}]
"""


def test_skaffold_tells_which_folder_builds_an_image() -> None:
    files = {"skaffold.yaml": SKAFFOLD, "services/shop/docker/Dockerfile": DOCKERFILE, "Dockerfile": DOCKERFILE}
    facts = declare(repository_of(files))[0]
    built = [fact for fact in facts if isinstance(fact, BuiltImage)]
    assert [(one.name, one.build.dockerfile, one.build.context, one.build.target) for one in built] == [
        ("shop", "services/shop/docker/Dockerfile", "services/shop", "prod"),
        ("plain", "Dockerfile", "", None),
    ]
    assert [fact.system for fact in facts if isinstance(fact, UnreadDeployment)] == ["a Helm chart from elsewhere"]


def test_an_image_of_skaffold_is_known_by_its_name() -> None:
    model = linked(
        {
            "skaffold.yaml": SKAFFOLD,
            "services/shop/docker/Dockerfile": DOCKERFILE.replace("python:3.13-slim", "python:3.13-slim AS prod"),
            "Dockerfile": DOCKERFILE,
            "k8s/web.yaml": MANIFEST.replace("IMAGE", "shop"),
        }
    )
    (service,) = [one for one in model.services if one.process.path == "k8s/web.yaml"]
    assert service.image is not None
    assert service.image.path == "services/shop/docker/Dockerfile"
