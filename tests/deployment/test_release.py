"""Pipelines, run in thought: what their jobs carry to other machines, where they deploy, what is not followed."""

import pytest

from prodlint.deployment import Deployment, Environment
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree


def deployment_of(files: dict[str, str]) -> Deployment:
    return inspect(MemoryTree(files), []).deployment


def gitlab(*lines: str, before: str = "") -> Deployment:
    """A project whose GitLab job for production runs some lines."""
    script = "".join(f"    - |\n      {line}\n" for line in lines)
    text = f"production:\n  stage: deploy\n  environment: production\n{before}  script:\n{script}"
    return deployment_of({".gitlab-ci.yml": text})


def steps(deployment: Deployment) -> list[str]:
    """Kind and command of each step that production sees."""
    return [
        f"{one.kind.value}: {one.step.written if one.step else one.written}"
        for one in deployment.pipeline_steps
        if one.environment is Environment.PRODUCTION
    ]


@pytest.mark.parametrize(
    ("line", "carried"),
    [
        ("ssh deploy@host 'docker compose up -d'", "deploy: docker compose up -d"),
        ('ssh deploy@host "docker compose up -d"', "deploy: docker compose up -d"),
        ("ssh deploy@host docker compose up -d", "deploy: docker compose up -d"),
        ('ssh -i key -o StrictHostKeyChecking=no deploy@host "cd /srv && git pull"', "deploy: git pull"),
        ('ssh $USER@$HOST "IMAGE=$CI_COMMIT_SHA docker compose up -d"', "deploy: docker compose up -d"),
        ('ssh host "sudo systemctl restart shop"', "restart: systemctl restart shop"),
        ('ssh host "cd /srv/$APP && docker compose up -d"', "deploy: docker compose up -d"),
        ('fly ssh console -C "python manage.py migrate"', "other: python manage.py migrate"),
        ('az webapp ssh --name shop --command "flask db upgrade"', "other: flask db upgrade"),
        ('az containerapp exec -n shop --command "flask db upgrade"', "other: flask db upgrade"),
        ("zappa manage production migrate --noinput", "other: manage.py migrate --noinput"),
        ('zappa manage production "migrate --noinput"', "other: manage.py migrate --noinput"),
        ('sls wsgi manage --stage prod -c "migrate shop"', "other: manage.py migrate shop"),
        ('gcloud compute ssh web --zone=a --command="docker compose up -d"', "deploy: docker compose up -d"),
        ("aws ecs execute-command --task $T --command 'flask db upgrade'", "other: flask db upgrade"),
        ('eb ssh shop-prod -c "flask db upgrade"', "other: flask db upgrade"),
        ("heroku run --app shop -- python manage.py migrate", "other: python manage.py migrate"),
        ("kubectl exec deploy/web -- python manage.py migrate", "other: python manage.py migrate"),
        ("docker compose run --rm web python manage.py migrate", "other: python manage.py migrate"),
        ("docker-compose -f prod.yml exec -T web python manage.py migrate", "other: python manage.py migrate"),
        ("docker run --rm -e A=b shop:latest python manage.py migrate", "other: python manage.py migrate"),
        ('sh -c "python manage.py migrate --database=$NAME"', "other: python manage.py migrate --database=$NAME"),
    ],
)
def test_a_command_for_another_place_is_a_step(line: str, carried: str) -> None:
    assert carried in steps(gitlab(line))


def test_what_zappa_runs_for_developers_is_no_step_of_production() -> None:
    assert "other: manage.py migrate" not in steps(gitlab("zappa manage dev migrate"))


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("docker compose -f prod.yml run --name w -e A=b -d web", "deploy"),
        ('docker-compose run --detach "$SERVICE"', "deploy"),
        ("docker compose run --rm web", "other"),
        ("docker compose run -d web python manage.py sync", "other"),
        ("docker compose run --rm web sort -d", "other"),
    ],
)
def test_a_service_that_compose_runs_detached_is_started(line: str, kind: str) -> None:
    assert f"{kind}: {line.replace(chr(34), '')}" in [
        one.replace('"', "") for one in steps(gitlab(f"ssh host <<'EOF'\n      {line}\n      EOF"))
    ]


RUN_TASK = 'aws ecs run-task --cluster "$CLUSTER" --task-definition shop --overrides '


def test_a_task_of_ecs_carries_the_command_of_its_overrides() -> None:
    overrides = '{"containerOverrides": [{"name": "web", "command": ["python", "manage.py", "migrate"]}]}'
    deployment = gitlab(f"{RUN_TASK}'{overrides}'")
    assert "other: python manage.py migrate" in steps(deployment)
    assert deployment.open == ()


@pytest.mark.parametrize(
    "overrides", ["file://task.json", "'{'", "'[]'", "'{\"containerOverrides\": [7]}'", '"$OVERRIDES"']
)
def test_a_task_of_ecs_whose_command_stands_elsewhere_is_told(overrides: str) -> None:
    assert gitlab(f"{RUN_TASK}{overrides}").open


def test_a_program_inside_of_a_substitution_is_a_step() -> None:
    deployment = gitlab("""task="$(aws ecs run-task --overrides '{}' --query "tasks[0]")"; echo $(fly deploy)""")
    assert [one.partition(" --")[0] for one in steps(deployment)] == ["other: aws ecs run-task", "deploy: fly deploy"]


def test_xargs_without_a_command_prints_what_it_reads() -> None:
    text = 'export "$(grep -v x .env | xargs -0)" "$(ls | xargs fly deploy)"; fly deploy'
    assert [one.partition(": ")[2] for one in steps(gitlab(text))] == ["xargs fly deploy", "fly deploy"]


@pytest.mark.parametrize(
    "line", ["$DEPLOY_COMMAND", "ssh host $COMMAND", "sh -c $COMMAND", "make deploy", "./ci/deploy.sh production"]
)
def test_what_cannot_be_followed_is_told(line: str) -> None:
    assert [str(link.span) for link in gitlab(line).open] == [".gitlab-ci.yml:6"]


def test_an_unread_deployment_beside_tests_is_told() -> None:
    text = (
        "on: push\njobs:\n"
        "  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: pytest\n"
        "  deploy:\n    needs: test\n    uses: shop/workflows/.github/workflows/rollout.yml@v1\n"
    )
    assert [str(link.span) for link in deployment_of({".github/workflows/main.yml": text}).open] == [
        ".github/workflows/main.yml:7"
    ]


@pytest.mark.parametrize(
    ("cluster", "is_production"),
    [
        ("- run: kind create cluster --name ci", False),
        ("- run: minikube start --driver=docker", False),
        ("- uses: helm/kind-action@v1", False),
        ("- run: aws eks update-kubeconfig --name shop", True),
        ("- run: |\n          kind create cluster\n          aws eks update-kubeconfig --name shop", True),
        ("- run: echo a kind of cluster", True),
        ("- run: sudo ./bin/kind create cluster", False),
        ("- run: bash -c 'minikube start'", False),
        ("- run: if true; then k3d cluster create ci; fi", False),
        ('- run: "echo to try at home, kind create cluster --name x"', True),
        ('- run: "# kind create cluster --name x"', True),
        ('- run: "kind create cluster && )"', False),
        ('- run: NOTE="kind create cluster --name x"', True),
        ('- run: curl -d "kind create cluster --name x" https://chat.example', True),
        ("- run: |\n          kind create cluster\n          echo then aws eks update-kubeconfig --name shop", False),
    ],
)
def test_a_cluster_that_a_job_starts_for_itself_is_not_production(cluster: str, is_production: bool) -> None:
    text = (
        f"on: push\njobs:\n  try:\n    runs-on: ubuntu-latest\n    steps:\n      {cluster}\n"
        "      - run: helm upgrade --install shop ./chart\n      - run: curl --fail http://localhost:8000/health\n"
    )
    found = steps(deployment_of({".github/workflows/main.yml": text}))
    assert ("deploy: helm upgrade --install shop ./chart" in found) is is_production


def test_what_is_unread_in_a_test_job_tells_nothing_of_production() -> None:
    job = "    runs-on: ubuntu-latest\n    steps:\n"
    text = (
        f"on: push\njobs:\n  test:\n{job}      - run: $PREPARE\n      - run: pytest\n"
        f"  deploy:\n{job}      - run: fly deploy\n"
    )
    assert deployment_of({".github/workflows/main.yml": text}).open == ()


@pytest.mark.parametrize("command", ["eval $(ssh-agent -s)", 'eval "$(pyenv init -)"', "eval `ssh-agent`"])
def test_preparing_a_shell_hides_nothing(command: str) -> None:
    deployment = gitlab(command, "fly deploy")
    assert deployment.open == ()
    assert steps(deployment)[-1] == "deploy: fly deploy"


def test_a_compose_file_is_started_where_a_carried_command_says_not_by_the_words_of_its_carrier() -> None:
    compose = "services:\n  web:\n    build: .\n    command: flask run\n"
    files = {
        "Dockerfile": "FROM python:3.13\n",
        "docker-compose.yml": compose,
        "compose.production.yml": "services:\n  web:\n    build: .\n    command: gunicorn app:app\n",
        ".gitlab-ci.yml": (
            "production:\n  environment: production\n  script:\n"
            '    - ssh host "cd /srv && TAG=$CI_COMMIT_SHA docker compose -f compose.production.yml up -d"\n'
        ),
    }
    services = deployment_of(files).services
    found = {one.written: one.environment for one in services}
    assert found == {"gunicorn app:app": Environment.PRODUCTION, "flask run": Environment.DEVELOPMENT}


@pytest.mark.parametrize(
    ("before", "after", "is_production"),
    [
        ("gcloud run deploy web --image europe-docker.pkg.dev/p/r/web", "", True),
        ("flyctl deploy --remote-only", "", True),
        ("ssh me@host 'git pull && systemctl restart web'", "", True),
        ("aws ecs update-service --service web", "aws ecs wait services-stable", True),
        ("aws eks update-kubeconfig --name shop && kubectl apply -f k8s", "", True),
        ("git push heroku main", "", True),
        ("gcloud run deploy web", "gcloud run services update-traffic web --to-latest", True),
        ("gcloud run deploy web", "gcloud run revisions delete web-1", True),
        ("sam deploy", "sam delete --no-prompts", False),
        ("gcloud run deploy web-$SHA", "gcloud run services delete web-$SHA", False),
        ("kubectl apply -f k8s", "", False),
        ("aws --endpoint-url http://localhost:4566 lambda update-function-code", "", False),
        ("docker stack deploy -c stack.yml web", "", False),
    ],
)
def test_tests_behind_a_deployment_that_stays_only_look_at_it(before: str, after: str, is_production: bool) -> None:
    last = f"      - run: {after}\n" if after else ""
    text = (
        "on: push\njobs:\n  web:\n    runs-on: ubuntu-latest\n    steps:\n"
        f"      - run: {before}\n      - run: pytest tests/smoke\n{last}"
    )
    found = steps(deployment_of({".github/workflows/main.yml": text}))
    assert any(one.startswith("deploy: ") for one in found) is is_production


def test_containers_of_a_daemon_beside_the_job_are_there_for_its_tests() -> None:
    text = (
        "web:\n  variables:\n    DOCKER_HOST: tcp://docker:2375\n  services: [docker:dind]\n"
        "  script:\n    - docker compose up -d\n    - pytest\n"
    )
    assert steps(deployment_of({".gitlab-ci.yml": text})) == []


@pytest.mark.parametrize(("host", "is_production"), [("tcp://docker:2375", False), ("ssh://deploy@shop", True)])
def test_a_daemon_of_the_job_ends_with_its_tests(host: str, is_production: bool) -> None:
    job = f"web:\n  services: [docker:dind]\n  script:\n    - docker -H {host} compose up -d\n    - pytest\n"
    found = steps(deployment_of({".gitlab-ci.yml": job}))
    assert any(one.startswith("deploy: ") for one in found) is is_production


@pytest.mark.parametrize(
    ("options", "is_elsewhere"),
    [
        ("-H ssh://deploy@shop", True),
        ("--host=ssh://deploy@shop", True),
        ("--context shop", True),
        ("--log-level error -c shop", True),
        ("--context=$TARGET", True),
        ("--context default-shop", True),
        ("--context default", False),
        ("--context rootless", False),
        ("-H unix:///run/docker.sock", False),
        ("--log-level error", False),
        ("-D", False),
    ],
)
@pytest.mark.parametrize("program", ["docker {} compose", "docker-compose {}"])
def test_options_of_docker_tell_whose_daemon_a_job_talks_to(program: str, options: str, is_elsewhere: bool) -> None:
    compose = program.format(options)
    text = (
        "on: push\njobs:\n  web:\n    runs-on: ubuntu-latest\n    steps:\n"
        f"      - run: {compose} -f compose.prod.yml run --rm web python manage.py migrate\n"
        f"      - run: {compose} -f compose.prod.yml up -d\n"
    )
    found = [one.split(":")[0] for one in steps(deployment_of({".github/workflows/main.yml": text}))]
    assert ("deploy" in found) is is_elsewhere
    # Whatever stands before the verb, a script on the host deploys, and what a container is handed is a step.
    script = f"{compose} -f compose.prod.yml run --rm web python manage.py migrate\n{compose} up -d\n"
    _, carried, last = steps(deployment_of({"deploy.sh": script}))
    assert (carried, last) == ("other: python manage.py migrate", f"deploy: {compose} up -d")
