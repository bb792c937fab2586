"""Which stage and folder an image is built from: what a pipeline says counts."""

from __future__ import annotations

import pytest

from prodlint.deployment import Service
from prodlint.inspection import Policy, load
from prodlint.tree import MemoryTree

DOCKERFILE = """\
FROM python:3.13-slim AS base
WORKDIR /srv
COPY . .
FROM base AS alpha
CMD ["gunicorn", "app:app"]
FROM base AS omega
CMD ["flask", "run"]
"""
WORKFLOW = """\
on: {{push: {{branches: [main]}}}}
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
{step}
"""


def built(step: str, **files: str) -> Service:
    """The only service of a repository whose workflow has one step."""
    whole = {"Dockerfile": DOCKERFILE, **files, ".github/workflows/publish.yml": WORKFLOW.format(step=step)}
    deployment = load(MemoryTree({path: text.encode() for path, text in whole.items()}), Policy())[0]
    [service] = deployment.services
    return service


def test_without_a_word_in_a_pipeline_the_last_stage_is_built():
    assert built("      - run: pytest").written == "flask run"


@pytest.mark.parametrize(
    "step",
    [
        "      - run: docker build --target alpha -t shop .",
        "      - run: docker build --target=alpha --file Dockerfile --tag shop .",
        "      - run: docker buildx build --push --target alpha -t shop .",
        "      - run: docker image build --build-arg A=b --target alpha .",
        "      - uses: docker/build-push-action@v6\n        with: {context: ., target: alpha, push: true}",
        "      - uses: docker/build-push-action@v6\n        with: {target: alpha}",
    ],
)
def test_a_pipeline_chooses_the_stage(step):
    service = built(step)
    assert service.image is not None
    assert (service.image.stage, service.written) == ("alpha", "gunicorn app:app")


@pytest.mark.parametrize(
    "step",
    [
        "      - run: docker build --target alpha -t shop $CONTEXT",
        "      - run: docker build --target alpha https://example.org/shop.git",
        "      - run: docker build --target alpha -t shop ./other",
        "      - run: docker build --target ${{ matrix.stage }} -t shop .",
        "      - run: docker build $OPTIONS .",
    ],
)
def test_a_build_of_something_else_or_of_nobody_knows_what_chooses_nothing(step):
    assert built(step).written == "flask run"


def test_a_build_in_a_test_job_chooses_nothing():
    lines = ("docker build --target alpha -t shop .", "docker run shop pytest", "pytest")
    step = "".join(f"      - run: {line}\n" for line in lines)
    assert built(step).written == "flask run"


def test_the_context_of_a_pipeline_is_where_copied_files_come_from():
    dockerfile = 'FROM python:3.13\nCOPY shop /srv/shop\nWORKDIR /srv\nCMD ["gunicorn", "shop.app:app"]\n'
    files = {"docker/Dockerfile": dockerfile, "shop/app.py": "from flask import Flask\n\napp = Flask(__name__)\n"}
    step = "      - run: docker build -f docker/Dockerfile ."
    whole = {**files, ".github/workflows/publish.yml": WORKFLOW.format(step=step)}
    deployment = load(MemoryTree({path: text.encode() for path, text in whole.items()}), Policy())[0]
    [service] = deployment.services
    assert service.app is not None
    assert service.app.path == "shop/app.py"


STAGES = """\
FROM python:3.13-slim AS base
FROM base AS {first}
CMD ["gunicorn", "app:app"]
FROM base AS {last}
CMD ["flask", "run"]
"""


@pytest.mark.parametrize(
    ("first", "last", "command"),
    [
        ("production", "development", "gunicorn app:app"),
        ("final", "test", "gunicorn app:app"),
        ("builder", "development", "flask run"),
        ("production", "lambda", "flask run"),
    ],
)
def test_a_last_stage_for_developers_gives_way_to_one_that_is_named_as_the_product(first, last, command):
    service = built("      - run: ls", Dockerfile=STAGES.format(first=first, last=last))
    assert service.written == command


def test_the_build_that_is_pushed_counts_and_not_a_later_one_that_is_only_looked_at():
    step = """\
      - run: docker build --build-arg LEVEL=info -t acme/shop . && docker push acme/shop
  look:
    steps:
      - run: docker build --build-arg LEVEL=trace -t shop .
"""
    dockerfile = "FROM python:3.13\nARG LEVEL=\nENV LEVEL=$LEVEL\nCMD gunicorn app:app\n"
    level = built(step, Dockerfile=dockerfile).variables.get("LEVEL")
    assert getattr(level, "value", None) == "info"


@pytest.mark.parametrize(
    "options",
    ["-f $FILE -t shop", "--file=$FILE -t shop", "--target $STAGE -t shop", '--target="$STAGE" -t shop'],
)
def test_a_file_or_stage_that_is_computed_says_nothing_of_what_an_image_of_that_name_is(options):
    workflow = WORKFLOW.format(step=f"      - run: docker build {options} . && docker push shop")
    manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [\n"
    files = {
        "Dockerfile": DOCKERFILE,
        ".github/workflows/publish.yml": workflow,
        "k8s/web.yaml": manifest + '  {name: web, image: shop, command: [gunicorn, "app:app"]}]}}}\n',
    }
    deployment = load(MemoryTree({path: text.encode() for path, text in files.items()}), Policy())[0]
    [web] = [one for one in deployment.services if one.process.name == "web"]
    assert web.image is None
