"""What the commands and actions of a pipeline do, in the words of the delivery page."""

import pytest

from prodlint.deployment import Deployment
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

WORKFLOW = "on: {on}\njobs:\n  job:\n    steps:\n"


def deployment_of(step: str, on: str = "push") -> Deployment:
    files = {".github/workflows/cd.yml": WORKFLOW.format(on=on) + f"    - {step}\n"}
    return inspect(MemoryTree(files), []).deployment


@pytest.mark.parametrize(
    ("command", "kinds"),
    [
        ("pip install -r requirements.txt", ["install"]),
        ("uv sync --frozen", ["install"]),
        ("sudo apt-get install -y libpq-dev", ["install"]),
        ("python -m pytest -q", ["test"]),
        ("uv run pytest", ["test"]),
        ("python manage.py test", ["test"]),
        ("ruff check .", ["lint"]),
        ("poetry run mypy src", ["lint"]),
        ("python manage.py makemigrations --check", ["lint"]),
        ("pip-audit", ["scan"]),
        ("trivy image shop", ["scan"]),
        ("docker build -t shop .", ["build"]),
        ("docker compose -f compose.prod.yml build", ["build"]),
        ("docker buildx build --push -t shop .", ["build", "push"]),
        ("docker push registry/shop:1", ["push"]),
        ("docker image push registry/shop:1", ["push"]),
        ("docker compose push", ["push"]),
        ("skopeo copy docker://a docker://b", ["push"]),
        ("terraform apply -auto-approve", ["provision"]),
        ("terraform apply -var image_tag=$SHA", ["deploy"]),
        ("python manage.py collectstatic --noinput", ["collect static"]),
        ("kubectl apply -f k8s/", ["deploy"]),
        ("kubectl -n prod rollout restart deployment/web", ["deploy"]),
        ("kubectl rollout status deployment/web", ["health check"]),
        ("helm upgrade --install shop ./chart", ["deploy"]),
        ("cf push api -f manifests/api.yml", ["deploy"]),
        ("cf zero-downtime-push api -f manifest.yml", ["deploy"]),
        ("cf login -a https://api.example", ["other"]),
        ("flyctl deploy --remote-only", ["deploy"]),
        ("curl -X POST $RENDER_DEPLOY_HOOK", ["deploy"]),
        ("curl -sSo answer.json -w '%{http_code}' $RENDER_DEPLOY_HOOK", ["deploy"]),
        ("curl -A cg-deploy-action -Lo cf.deb https://packages.example/stable", ["other"]),
        ("curl -fsSLo deployer.tar.gz --user-agent=deployer https://x.example/stable", ["other"]),
        ("curl -dfoo https://x.example/deploy", ["deploy"]),
        ("curl --fail https://shop.example/healthz", ["health check"]),
        ("curl -o /tmp/status https://x.example/list", ["other"]),
        ("curl https://shop.example/statusbar", ["other"]),
        ("curl -F p1=@dist/shop-$VERSION.tar.gz -F lang=python https://$T@push.fury.io/shop/", ["package release"]),
        ("curl -u u:$P --upload-file dist/shop_1_all.deb https://apt.example/shop/", ["package release"]),
        ("curl --form=file=@dist/shop-1-py3-none-any.whl https://x.example", ["package release"]),
        ("curl -F file=@coverage.xml https://x.example", ["other"]),
        ("curl -o shop.tar.gz https://x.example/shop.tar.gz", ["other"]),
        ("rsync -az . host:/srv", ["upload"]),
        ("twine upload dist/*", ["package release"]),
        ("mkdocs gh-deploy", ["documentation"]),
        ("sentry-cli releases new 1", ["notify"]),
        ("docker compose up -d", ["other"]),
        ("ssh host docker compose up -d", ["other", "deploy"]),
        ("ssh host sudo systemctl restart shop", ["other", "restart"]),
        ("blackbox --x", ["other"]),
    ],
)
def test_a_command_is_known_by_what_it_does(command: str, kinds: list[str]) -> None:
    assert [step.kind.value for step in deployment_of(f"run: {command}").pipeline_steps] == kinds


@pytest.mark.parametrize(
    ("step", "kinds"),
    [
        ("uses: docker/build-push-action@v6\n      with: {push: true, tags: 'a/b:1'}", ["build", "push"]),
        ("uses: docker/build-push-action@v6\n      with: {push: '${{ github.event_name != 1 }}'}", ["build", "push"]),
        ("uses: docker/build-push-action@v6\n      with: {push: false}", ["build"]),
        ("uses: docker/build-push-action@v6\n      with: {load: true}", ["build"]),
        ("uses: docker/build-push-action@v6\n      with: {outputs: 'type=registry'}", ["build", "push"]),
        ("uses: aquasecurity/trivy-action@0.30.0", ["scan"]),
        ("uses: pre-commit/action@v3", ["lint"]),
        ("uses: slackapi/slack-github-action@v2", ["notify"]),
        ("uses: google-github-actions/deploy-cloudrun@v2", ["deploy"]),
        ("uses: someone/unknown@v1", ["other"]),
    ],
)
def test_an_action_is_known_by_its_name_and_inputs(step: str, kinds: list[str]) -> None:
    assert [one.kind.value for one in deployment_of(step).pipeline_steps] == kinds


def test_an_image_that_is_pushed_is_a_release_that_nobody_can_follow_to_its_end() -> None:
    (release,) = deployment_of("run: docker build -t a/b . && docker push a/b").releases
    assert [step.kind.value for step in release.steps] == ["build", "push"]
    assert not release.complete


def test_what_pull_requests_push_is_no_release() -> None:
    assert deployment_of("run: docker push a/b", on="pull_request").releases == ()


@pytest.mark.parametrize("name", ["e2e-tests.yml", "test-image.yml"])
def test_an_image_that_tests_push_is_no_release(name: str) -> None:
    text = WORKFLOW.format(on="push") + "    - run: docker push a/b\n"
    assert inspect(MemoryTree({f".github/workflows/{name}": text}), []).deployment.releases == ()


def test_checks_that_a_deployment_waits_for_do_not_make_their_compose_file_production() -> None:
    workflow = (
        "on: push\njobs:\n  checks:\n    steps:\n    - run: docker compose run web bash -c 'black --check .'\n"
        "    - run: docker compose run web ./prepare\n"
        "  deploy:\n    needs: checks\n    steps:\n    - run: kubectl apply -f k8s\n"
    )
    files = {
        ".github/workflows/cd.yml": workflow,
        "docker-compose.yml": "services:\n  web:\n    build: .\n    command: flask run\n    volumes: ['.:/app']\n",
        "Dockerfile": "FROM python:3.13\nWORKDIR /app\nCOPY . .\n",
        "app.py": "from flask import Flask\napp = Flask(__name__)\n",
    }
    services = inspect(MemoryTree(files), []).deployment.services
    assert [one.environment.value for one in services if one.process.path == "docker-compose.yml"] == ["development"]


@pytest.mark.parametrize(
    ("command", "is_deployment"),
    [
        ("docker run -d --name web shop", True),
        ("docker run -dp 80:80 shop", True),
        ("docker run --restart=always shop", True),
        ("docker run --rm --network=host shop check", False),
        ("docker run --rm shop pytest -q", False),
    ],
)
def test_a_container_is_deployed_where_it_is_left_running(command: str, is_deployment: bool) -> None:
    kinds = [step.kind.value for step in deployment_of(f"run: ssh host {command}").pipeline_steps]
    assert ("deploy" in kinds) is is_deployment
