"""What pipelines publish: the stages of a Dockerfile under their names, and whether anything deploys them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from maps import drawn

from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

DOCKERFILE = 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nCMD ["gunicorn", "app:app"]\n'


STAGES = """FROM python:3.13-slim AS shop
COPY . /app
WORKDIR /app
CMD ["gunicorn", "app:app"]
FROM shop AS shop-plus
ENV PLUS=1
FROM shop AS shop-jobs
CMD ["python", "jobs.py"]
FROM shop AS test
CMD ["pytest"]
"""
PUSHES = "".join(
    "    - uses: docker/build-push-action@v6\n      with:\n        push: true\n"
    f"        target: {stage}\n        tags: |\n          acme/{stage}:latest\n          acme/{stage}:1\n"
    for stage in ("shop", "shop-plus", "shop-jobs", "test")
)


def pushing(event: str) -> dict[str, str]:
    return {
        "Dockerfile": STAGES,
        "app.py": "",
        ".github/workflows/cd.yml": f"on: {event}\njobs:\n  cd:\n    steps:\n{PUSHES}",
    }


def test_the_stages_that_are_published_and_that_nothing_deploys_are_told() -> None:
    deployed = {"compose.prod.yml": "services:\n  web:\n    image: acme/shop\n"}
    nobodys = "which nothing that is read deploys"
    [web, jobs] = drawn({**pushing("push"), **deployed}).services
    found = web.fact("published")
    assert found is not None
    assert found.text == f"stage shop-plus as acme/shop-plus:latest and 1 more, {nobodys}"
    assert [one.span.line for one in found.sources if one.span] == [12]
    # A stage that starts something else is a service of its own.
    own = jobs.fact("published")
    assert own is not None
    assert (jobs.label, jobs.environment) == ("shop-jobs: python jobs.py", "unknown")
    assert own.text == f"as acme/shop-jobs:latest and 1 more, {nobodys}"


def test_an_image_that_only_a_pipeline_names_is_told_with_its_name() -> None:
    one = {**pushing("push"), "Dockerfile": DOCKERFILE}
    one[".github/workflows/cd.yml"] = "on: push\njobs:\n  cd:\n    steps:\n    - run: docker build -t acme/shop .\n"
    one[".github/workflows/cd.yml"] += "    - run: docker push acme/shop\n"
    [web] = drawn(one).services
    found = web.fact("published")
    assert found is not None
    assert found.text == "as acme/shop, which nothing that is read deploys"
    computed = {path: text.replace("acme/shop", "$REGISTRY/shop:1") for path, text in one.items()}
    [web] = drawn(computed).services
    found = web.fact("published")
    assert found is not None
    # Somebody may ask for it by the name that it has then.
    assert found.text == "as $REGISTRY/shop:1"


RUNS = (
    'ssh host "docker pull acme/shop:latest && docker run -d acme/shop:latest"',
    "docker run -d acme/shop:latest",
    "gcloud run deploy shop --image docker.io/acme/shop:latest",
    "kubectl set image deployment/shop shop=acme/shop@sha256:0",
    "helm upgrade shop chart --set image=acme/shop:latest",
    "flyctl deploy --image acme/shop",
    "docker service update --image acme/shop:latest shop",
    "az webapp config container set --name shop --container-image-name acme/shop:latest",
    "docker run -d $REGISTRY/shop",
    "echo 'docker run -d acme/shop:latest' | ssh host sh",
    "printf 'image: acme/shop:latest' > values.yml && helm upgrade shop chart -f values.yml",
)
PUSH = "    - uses: docker/build-push-action@v6\n      with: {push: true, tags: 'acme/shop:latest'}\n"


def published(step: str, more: Mapping[str, str]) -> str:
    workflow = f"on: push\njobs:\n  cd:\n    steps:\n{PUSH}{step}"
    files = {"Dockerfile": DOCKERFILE, "app.py": "", ".github/workflows/cd.yml": workflow, **more}
    [web] = drawn(files).services
    found = web.fact("published")
    assert found is not None
    return found.text


@pytest.mark.parametrize("command", RUNS)
def test_an_image_that_a_step_or_a_script_names_is_not_called_undeployed(command: str) -> None:
    # In the pipeline that pushes, in another one, in a script that nobody reads.
    assert published(f"    - run: >-\n        {command}\n", {}) == "as acme/shop:latest"
    other = f"on: workflow_dispatch\njobs:\n  go:\n    steps:\n    - run: >-\n        {command}\n"
    assert published("", {".github/workflows/go.yml": other}) == "as acme/shop:latest"
    assert published("", {"ops/go.sh": f"set -e\n{command}\n"}) == "as acme/shop:latest"


def test_an_action_that_deploys_an_image_runs_it() -> None:
    azure = "    - uses: azure/webapps-deploy@v3\n      with: {app-name: shop, images: 'acme/shop:latest'}\n"
    assert published(azure, {}) == "as acme/shop:latest"


@pytest.mark.parametrize(
    "step",
    [
        "docker pull acme/shop:latest",
        "trivy image acme/shop:latest",
        "docker run acme/shop-tools:1 check",
        "docker run acme/shop:local",
        "echo pushed acme/shop:latest >&2",
        "echo pushed acme/shop:latest",
    ],
)
def test_who_only_looks_at_an_image_or_runs_another_one_deploys_nothing(step: str) -> None:
    scripts = {"ops/look.sh": f"{step}\n"}
    assert published("", scripts) == "as acme/shop:latest, which nothing that is read deploys"


def test_an_image_that_a_file_for_users_names_is_not_called_undeployed() -> None:
    compose = "services:\n  shop:\n    image: acme/shop\n    restart: always\n"
    assert published("", {"docs/install/compose.yml": compose}) == "as acme/shop:latest"
    # A desk that builds it by itself deploys nothing.
    built = "services:\n  shop:\n    build: .\n    image: acme/shop\n"
    told = "as acme/shop:latest, which nothing that is read deploys"
    assert published("", {"compose.dev.yml": built}) == told


def test_what_pull_requests_push_is_published_to_nobody() -> None:
    assert all(one.fact("published") is None for one in drawn(pushing("pull_request")).services)


def test_an_image_is_that_of_the_build_whose_tag_is_open_not_of_one_for_another_tag() -> None:
    build = "    - uses: docker/build-push-action@v6\n      with: {{push: true, file: {0}, tags: 'acme/shop:{1}'}}\n"
    steps = build.format("Dockerfile.alpine", "alpine") + build.format("Dockerfile", "${{ github.ref_name }}")
    files = {
        "Dockerfile": DOCKERFILE,
        "Dockerfile.alpine": DOCKERFILE,
        "app.py": "",
        ".github/workflows/cd.yml": f"on: push\njobs:\n  cd:\n    steps:\n{steps}",
        "compose.prod.yml": "services:\n  web:\n    image: acme/shop:1.2\n",
    }
    [web] = [one for one in drawn(files).services if one.name == "web"]
    image = web.fact("image")
    assert image is not None
    assert image.text == "acme/shop:1.2, a build of Dockerfile at 1.2"


def test_docker_tag_gives_a_built_image_the_name_under_which_production_runs_it() -> None:
    files = {
        "Dockerfile": DOCKERFILE,
        "app.py": "",
        "compose.build.yml": "services:\n  web:\n    image: acme/shop:latest\n    build: .\n",
        "compose.prod.yml": "services:\n  web:\n    image: 127.0.0.1:5000/web\n"
        "  cache:\n    image: 127.0.0.1:5000/cache\n",
        "deploy.sh": "docker compose -f compose.build.yml build\ndocker tag acme/shop 127.0.0.1:5000/web\n"
        "docker tag redis:8 127.0.0.1:5000/cache\ndocker push 127.0.0.1:5000/web\n"
        "docker compose -f compose.prod.yml up -d\n",
    }
    found = {one.process.path: one for one in inspect(MemoryTree(files), ()).deployment.services}
    service = found["compose.prod.yml"]
    assert service.step is not None
    assert service.step.written == "gunicorn app:app"
    assert [one.name for one in drawn(files).beside] == ["cache"]


def test_an_image_that_is_called_like_a_product_is_ours_below_the_name_that_a_build_gives_it() -> None:
    front = {"front/Dockerfile": "FROM nginx:1.29\nCOPY site.conf /etc/nginx/conf.d/default.conf\n"}
    build = "on: push\njobs:\n  cd:\n    steps:\n    - run: docker build -t NAME front\n    - run: docker push NAME\n"
    compose = "services:\n  front:\n    image: ghcr.io/acme/nginx\n"
    files = {**front, "compose.prod.yml": compose}
    [ours] = drawn({**files, ".github/workflows/cd.yml": build.replace("NAME", "ghcr.io/acme/nginx")}).services
    assert str(ours.fact("image")).count("front/Dockerfile on nginx:1.29") == 1
    assert ours.fact("published") is None
    product = {**files, "compose.prod.yml": compose.replace("ghcr.io/acme/", "")}
    whole = drawn({**product, ".github/workflows/cd.yml": build.replace("NAME", "nginx")})
    assert [one.name for one in whole.beside] == ["front"]


OWNED = """on: push
env: {REGISTRY: ghcr.io}
jobs:
  cd:
    steps:
    - uses: docker/build-push-action@v6
      with: {push: true, context: ./shop, tags: "${{ secrets.OWNER }}/shop:latest"}
    - uses: docker/build-push-action@v6
      with: {push: true, context: ./jobs, tags: "${{ env.REGISTRY }}/${{ secrets.OWNER }}/jobs:${{ github.sha }}"}
"""
FOLDERS = {
    f"{name}/{path}": text for name in ("shop", "jobs") for path, text in (("Dockerfile", DOCKERFILE), ("app.py", ""))
}


def owned(image: str) -> dict[str, str]:
    """The image of each service, and what runs beside them, where a compose file runs an image."""
    files = {
        **FOLDERS,
        ".github/workflows/cd.yml": OWNED,
        "compose.prod.yml": f"services: {{web: {{image: {image}}}}}\n",
    }
    whole = drawn(files)
    found = {one.name: held.text for one in whole.services if (held := one.fact("image")) is not None}
    return found | {one.name: one.text for one in whole.beside}


@pytest.mark.parametrize(
    ("image", "told"),
    [
        ("acme/shop", "shop/Dockerfile on python:3.13-slim"),
        ("docker.io/acme/shop:latest", "shop/Dockerfile on python:3.13-slim"),
        ("ghcr.io/acme/jobs:1.2", "ghcr.io/acme/jobs:1.2, a build of jobs/Dockerfile"),
        # Another tag, another registry, a vendor's, nobody's.
        ("acme/shop:1.2", "acme/shop:1.2"),
        ("quay.io/acme/jobs:1.2", "quay.io/acme/jobs:1.2"),
        ("bitnami/shop", "bitnami/shop"),
        ("shop", "shop"),
    ],
)
def test_an_image_is_ours_whose_owner_the_pipeline_alone_knows(image: str, told: str) -> None:
    assert owned(image)["web"].startswith(told)


def test_an_image_with_a_name_that_many_have_is_nobodys_we_know() -> None:
    files = {
        "server/Dockerfile": DOCKERFILE,
        "server/app.py": "",
        ".github/workflows/cd.yml": OWNED.replace("shop", "server"),
        "compose.prod.yml": "services: {vault: {image: 'vaultwarden/server:latest'}}\n",
    }
    assert "vault" not in [one.name for one in drawn(files).services]


def test_the_names_of_actions_are_told_with_the_variables_of_the_workflow() -> None:
    whole = drawn({**FOLDERS, ".github/workflows/cd.yml": OWNED})
    [release] = whole.releases
    assert list(dict.fromkeys(one.text for one in release.steps)) == [
        "${{ secrets.OWNER }}/shop:latest",
        "ghcr.io/${{ secrets.OWNER }}/jobs:${{ github.sha }}",
    ]


@pytest.mark.parametrize(
    ("image", "project", "is_ours"),
    [
        ("shop/shop:latest", "shop", True),
        ("acme/my-shop", "my_shop", True),
        ("shop", "shop", True),
        ("acme/shop-tools", "shop", False),
        ("acme/shop", "shop-tools", False),
        ("bitnami/shop", "shop", False),
        ("redis:7", "redis", False),
        ("acme/other", "shop", False),
    ],
)
def test_an_image_called_like_the_project_is_what_it_publishes_under_a_name_that_nobody_tells(
    image: str, project: str, is_ours: bool
) -> None:
    step = "    - uses: docker/build-push-action@v6\n      with: {push: true, context: ., tags: '%s'}\n"
    workflow = "on: push\njobs:\n  cd:\n    steps:\n" + step
    files = {
        "Dockerfile": DOCKERFILE,
        "app.py": "",
        "pyproject.toml": f'[project]\nname = "{project}"\n',
        "compose.prod.yml": f"services: {{web: {{image: '{image}'}}}}\n",
        ".github/workflows/cd.yml": workflow % "${{ secrets.OWNER }}/${{ secrets.NAME }}",
    }
    assert ("web" in [one.name for one in drawn(files).services]) is is_ours
    # Where the pipeline tells the name, that is the one.
    files[".github/workflows/cd.yml"] = workflow % "acme/published"
    assert "web" not in [one.name for one in drawn(files).services]


@pytest.mark.parametrize(
    ("name", "is_ours"),
    [
        ("${{ env.HUB == 'true' && 'acme/shop' || format('ghcr.io/{0}', github.repository) }}", True),
        ("${{ github.ref_type == 'tag' && 'acme/shop' || 'acme/shop-next' }}", True),
        ("${{ (env.A && 'acme/shop') || env.B }}", True),
        # It is compared, or an argument, or a part.
        ("${{ env.NAME == 'acme/shop' && env.A || env.B }}", False),
        ("${{ env.A && format('acme/shop') || env.B }}", False),
        ("${{ env.A || 'acme/other' }}", False),
    ],
)
def test_a_name_between_which_an_expression_chooses_is_one_of_an_image(name: str, is_ours: bool) -> None:
    meta = f'    - id: meta\n      uses: docker/metadata-action@v5\n      with:\n        images: "{name}"\n'
    push = "{push: true, context: ., tags: '${{ steps.meta.outputs.tags }}'}"
    workflow = f"on: push\njobs:\n  cd:\n    steps:\n{meta}"
    workflow += f"    - uses: docker/build-push-action@v6\n      with: {push}\n"
    files = {
        "Dockerfile": DOCKERFILE,
        "app.py": "",
        "compose.yml": "services: {web: {image: 'acme/shop:latest', restart: always}}\n",
        ".github/workflows/cd.yml": workflow,
    }
    assert ("web" in [one.name for one in drawn(files).services]) is is_ours
