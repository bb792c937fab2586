"""GitHub workflows: jobs in their order, what their steps run and where, what lies in other repositories."""

import pytest

from prodlint.deployment import Deployment, Environment, Job
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

PATH = ".github/workflows/main.yml"


def deployment_of(workflow: str, **others: str) -> Deployment:
    files = {PATH: workflow, **{name.replace("__", "/"): text for name, text in others.items()}}
    return inspect(MemoryTree(files), []).deployment


def job(body: str, **others: str) -> Job:
    """One job, with its lines as given."""
    deployment = deployment_of(f"on: push\njobs:\n  one:\n{body}", **others)
    assert [len(one.jobs) for one in deployment.pipelines] == [1]
    return deployment.pipelines[0].jobs[0]


def written(deployment: Deployment) -> list[str]:
    return [one.written for one in deployment.pipeline_steps]


@pytest.mark.parametrize(
    ("on", "triggers"),
    [
        ("on: push", {"push"}),
        ("on: [push, pull_request]", {"push", "pull_request"}),
        ("on:\n  push:\n    branches: [main]\n  workflow_dispatch:", {"push", "workflow_dispatch"}),
        ('"on": push', {"push"}),
    ],
)
def test_on_is_read_although_yaml_takes_it_for_a_truth_value(on: str, triggers: set[str]) -> None:
    (pipeline,) = deployment_of(f"name: Main\n{on}\njobs: {{}}\n").pipelines
    assert set(pipeline.triggers) >= triggers
    assert pipeline.name == "Main"


@pytest.mark.parametrize(
    ("needs", "waits"), [("needs: test", ("test",)), ("needs: [test, build]", ("test", "build")), ("if: always()", ())]
)
def test_a_job_waits_for_what_it_needs(needs: str, waits: tuple[str, ...]) -> None:
    assert job(f"    {needs}\n    steps: []\n").needs == waits


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ("environment: production", "production"),
        ("environment: {name: live, url: 'https://example.com'}", "live"),
        ("timeout-minutes: 5", None),
    ],
)
def test_a_job_names_its_environment(environment: str, name: str | None) -> None:
    assert job(f"    {environment}\n    steps: []\n").environment == name


@pytest.mark.parametrize(
    ("jobs", "environments"),
    [
        ("  deploy:\n    steps:\n    - run: fly deploy\n", {"fly deploy": "production"}),
        ("  x:\n    environment: staging\n    steps:\n    - run: fly deploy\n", {"fly deploy": "production"}),
        ("  x:\n    environment: development\n    steps:\n    - run: fly deploy\n", {"fly deploy": "development"}),
        ("  preview:\n    steps:\n    - run: fly deploy\n", {"fly deploy": "development"}),
        ("  review-app:\n    steps:\n    - run: fly deploy\n", {"fly deploy": "development"}),
        ("  checks:\n    steps:\n    - run: pytest\n", {"pytest": "test"}),
        (
            "  a:\n    steps:\n    - run: pytest\n    - run: fly deploy\n",
            {"pytest": "production", "fly deploy": "production"},
        ),
        ("  a:\n    steps:\n    - run: echo $X\n    - run: npm run lint\n", {"npm run lint": "unknown"}),
    ],
)
def test_what_a_job_does_and_its_names_tell_where_it_works(jobs: str, environments: dict[str, str]) -> None:
    deployment = deployment_of(f"on: push\njobs:\n{jobs}")
    assert {one.written: one.environment.value for one in deployment.pipeline_steps} == environments


@pytest.mark.parametrize(
    ("file", "job", "environment"),
    [
        ("ci.yml", "deploy", "production"),
        ("ci.yml", "smoke-test", "test"),
        ("ci.yml", "roll", "production"),
        ("main.yml", "roll", "production"),
        ("deploy.yml", "test", "test"),
        ("deploy-dev.yml", "deploy", "development"),
        ("docs.yml", "deploy", "development"),
        ("deploy-dev.yml", "roll", "development"),
    ],
)
def test_the_names_of_a_job_and_of_its_file_tell_where_it_deploys(file: str, job: str, environment: str) -> None:
    files = {f".github/workflows/{file}": f"on: push\njobs:\n  {job}:\n    steps:\n    - run: kubectl apply -f k\n"}
    steps = inspect(MemoryTree(files), []).deployment.pipeline_steps
    assert [one.environment.value for one in steps] == [environment]


def test_a_script_runs_where_the_nearest_working_directory_says() -> None:
    workflow = (
        "on: push\ndefaults: {run: {working-directory: all}}\njobs:\n"
        "  a:\n    steps:\n    - run: ./x.sh\n    - run: ./x.sh\n      working-directory: step\n"
        "  b:\n    defaults: {run: {working-directory: ./job/}}\n    steps:\n    - run: ./x.sh\n"
        "  c:\n    defaults: {run: {working-directory: '${{ matrix.folder }}'}}\n    steps:\n    - run: pytest\n"
    )
    scripts = {f"{folder}__x.sh": f"fly deploy --app {folder}\n" for folder in ("all", "step", "job")}
    found = written(deployment_of(workflow, **scripts))
    assert found == ["fly deploy --app all", "fly deploy --app step", "fly deploy --app job", "pytest"]


def test_the_innermost_variables_come_last() -> None:
    workflow = (
        "on: push\nenv: {A: workflow, B: workflow}\njobs:\n  a:\n    env: {A: job}\n"
        "    steps:\n    - run: pytest\n      env: {A: step}\n"
    )
    (step,) = deployment_of(workflow).pipelines[0].jobs[0].steps
    values = {one.name: one.value.literal for one in step.variables if one.value is not None}
    assert values == {"A": "step", "B": "workflow"}


def test_every_line_of_a_script_is_a_step_with_its_place() -> None:
    workflow = (
        "on: push\njobs:\n  a:\n    steps:\n    - name: All\n      run: |\n        pip install .\n\n        pytest -q\n"
    )
    steps = deployment_of(workflow).pipeline_steps
    assert [(one.written, str(one.span)) for one in steps] == [
        ("pip install .", f"{PATH}:7"),
        ("pytest -q", f"{PATH}:9"),
    ]


def test_the_steps_of_an_action_of_the_repository_are_those_of_the_job() -> None:
    action = (
        "runs:\n  using: composite\n  steps:\n  - run: pytest\n    shell: bash\n"
        "  - uses: ./.github/actions/inner\n  - uses: actions/cache@v4\n"
    )
    inner = "runs: {using: composite, steps: [{run: fly deploy, shell: bash}]}\n"
    workflow = "on: push\njobs:\n  a:\n    steps:\n    - uses: ./.github/actions/outer\n"
    others = {".github__actions__outer__action.yml": action, ".github__actions__inner__action.yaml": inner}
    deployment = deployment_of(workflow, **others)
    assert written(deployment) == ["pytest", "fly deploy", "actions/cache@v4"]
    assert deployment.open == ()


def test_an_action_that_calls_itself_ends() -> None:
    action = "runs: {using: composite, steps: [{uses: ./.github/actions/a}, {run: fly deploy}]}\n"
    workflow = "on: push\njobs:\n  a:\n    steps:\n    - uses: ./.github/actions/a\n"
    deployment = deployment_of(workflow, **{".github__actions__a__action.yml": action})
    assert "fly deploy" in written(deployment)
    assert deployment.open


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("    uses: shop/ci/.github/workflows/deploy.yml@main\n", 3),
        ("    steps:\n    - uses: ./.github/actions/missing\n    - run: fly deploy\n", 5),
    ],
)
def test_what_lies_elsewhere_is_told(body: str, line: int) -> None:
    deployment = deployment_of(f"on: push\njobs:\n  one:\n{body}")
    assert [str(one.span) for one in deployment.open] == [f"{PATH}:{line}"]


@pytest.mark.parametrize(
    ("inputs", "found"),
    [
        ("cf_command: push -f manifest.yml --strategy rolling", "cf push -f manifest.yml --strategy rolling"),
        ("cf_command: run-task web --command migrate", ""),
        ("command: cd infra && cf push shop", "cf push shop"),
        ("cf_manifest: infra/manifest.yml", "cf push -f infra/manifest.yml"),
        ("cf_org: shop", "cf push -f manifest.yml"),
        ('command: ""', "cf push -f manifest.yml"),
    ],
)
def test_the_action_of_cloud_gov_runs_what_it_is_handed_or_pushes(inputs: str, found: str) -> None:
    workflow = (
        "on: push\ndefaults:\n  run:\n    working-directory: web\njobs:\n  a:\n    environment: production\n"
        f"    steps:\n    - uses: cloud-gov/cg-cli-tools@main\n      with:\n        {inputs}\n"
    )
    deployment = deployment_of(workflow)
    deploys = [one for one in deployment.pipeline_steps if one.kind.value == "deploy"]
    assert [one.written for one in deploys] == ([found] if found else [])
    assert [one.step.directory for one in deploys if one.step is not None and "cd" not in inputs] in ([], ["/"])


@pytest.mark.parametrize(
    ("uses", "script"),
    [
        ("appleboy/ssh-action@v1", "script"),
        ("appleboy/SSH-action@master", "script"),
        ("fifsky/ssh-action@v0", "command"),
    ],
)
def test_the_script_of_an_ssh_action_runs_on_the_host(uses: str, script: str) -> None:
    workflow = (
        f"on: push\njobs:\n  a:\n    steps:\n    - uses: {uses}\n      with:\n        host: example.com\n"
        f"        {script}: |\n          cd /srv/shop\n          git pull\n          sudo systemctl restart shop\n"
    )
    deployment = deployment_of(workflow)
    found = [(one.kind.value, one.written) for one in deployment.pipeline_steps if one.step is not None]
    assert found == [("deploy", "git pull"), ("restart", "systemctl restart shop")]
    assert all(one.environment is Environment.PRODUCTION for one in deployment.pipeline_steps)
    assert [one.name for one in deployment.releases] == [PATH]


def test_compose_on_a_runner_of_ones_own_deploys_and_elsewhere_prepares() -> None:
    steps = "    steps:\n    - run: docker compose up -d\n"
    own = deployment_of(f"on: push\njobs:\n  a:\n    runs-on: [self-hosted, linux]\n{steps}")
    rented = deployment_of(f"on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n{steps}")
    assert [one.kind.value for one in own.pipeline_steps] == ["deploy"]
    assert [one.kind.value for one in rented.pipeline_steps] == ["other"]


@pytest.mark.parametrize(
    ("uses", "kind"),
    [
        ("aws-actions/amazon-ecs-deploy-task-definition@v2", "deploy"),
        ("google-github-actions/deploy-cloudrun@v2", "deploy"),
        ("azure/webapps-deploy@v3", "deploy"),
        ("akhileshns/heroku-deploy@v3.13.15", "deploy"),
        ("superfly/flyctl-actions/setup-flyctl@master", "setup"),
        ("docker/build-push-action@v6", "build"),
        ("pypa/gh-action-pypi-publish@release/v1", "package release"),
        ("actions/deploy-pages@v4", "documentation"),
        ("appleboy/scp-action@v1", "upload"),
        ("actions/checkout@v5", "setup"),
    ],
)
def test_an_action_is_known_by_its_name(uses: str, kind: str) -> None:
    deployment = deployment_of(f"on: push\njobs:\n  a:\n    steps:\n    - uses: {uses}\n")
    assert [one.kind.value for one in deployment.pipeline_steps] == [kind]


@pytest.mark.parametrize(
    "path", [".github/workflows/sub/main.yml", "backend/.github/workflows/main.yml", ".github/main.yml"]
)
def test_workflows_lie_in_one_folder_alone(path: str) -> None:
    files = {path: "on: push\njobs:\n  a:\n    steps:\n    - run: fly deploy\n"}
    assert inspect(MemoryTree(files), []).deployment.pipelines == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "jobs: 7\n",
        "jobs:\n  a: 7\n",
        "jobs:\n  a:\n    steps: {x: y}\n",
        "jobs:\n  a:\n    steps: [7, [8]]\n",
        "a: [\n",
        "on: push\njobs:\n  a:\n    needs: {x: y}\n    steps:\n    - {run: [7], uses: {}}\n",
    ],
)
def test_a_workflow_of_another_shape_has_no_steps(text: str) -> None:
    assert deployment_of(text).pipeline_steps == ()


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (
            "{branches: [main], paths: [api/**, '!api/docs/**', .github/workflows/cd.yml]}",
            "push to main that changes api/**",
        ),
        ("{paths: [a, b, c, d]}", "push that changes a, b and 2 more"),
        ("{branches: [main], paths: ['**', .github/workflows/cd.yml]}", "push to main"),
        ("{branches: [main], paths: ['**', '!docs/**']}", "push to main that changes more than docs/**"),
        ("{paths-ignore: [docs/**, '*.md', x]}", "push that changes more than docs/**, *.md and 1 more"),
        ("{branches-ignore: [gh-pages]}", "push to all branches but gh-pages"),
        ("{branches: [main], tags: [v1], paths: [a]}", "push to main that changes a, push of tag v1"),
        ("{paths: [.github/workflows/cd.yml]}", "push that changes .github/workflows/cd.yml"),
        ("{branches: [main], paths-ignore: [docs/**]}", "push to main that changes more than docs/**"),
    ],
)
def test_the_files_that_a_push_has_to_change_are_told_with_what_sets_off_a_workflow(event: str, told: str) -> None:
    workflow = f"on: {{push: {event}}}\njobs:\n  deploy:\n    steps:\n    - run: fly deploy\n"
    files = {".github/workflows/cd.yml": workflow}
    (pipeline,) = inspect(MemoryTree(files), []).deployment.pipelines
    assert pipeline.events == (told,)
