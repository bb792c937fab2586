"""The variables of a workflow, a job and a step reach the commands of the step, and not those of another machine."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from prodlint.deployment.environment import Environment
from prodlint.deployment.model import Deployment
from prodlint.deployment.releases.release import PipelineStep
from prodlint.deployment.value import EnvDriven, Known, Unknown
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

WORKFLOW = ".github/workflows/deploy.yml"


def deployment(files: Mapping[str, str]) -> Deployment:
    inspection = inspect(MemoryTree(files), ())
    assert inspection.crashes == ()
    return inspection.deployment


def shown(step: PipelineStep, name: str) -> str | None:
    value = step.variables.get(name)
    if isinstance(value, Known):
        return value.value
    if isinstance(value, Unknown):
        return f"? {value.reason}"
    return f"${value.name}" if isinstance(value, EnvDriven) else None


def github(steps: str, job: str = "", workflow: str = "") -> list[PipelineStep]:
    text = (
        f"on: push\n{workflow}jobs:\n  deploy:\n    environment: production\n    runs-on: x\n{job}    steps:\n{steps}"
    )
    return list(deployment({WORKFLOW: text, "Dockerfile": "FROM python:3.13\n"}).pipeline_steps)


def test_the_innermost_of_workflow_job_and_step_wins() -> None:
    (step,) = github(
        "      - run: python manage.py migrate\n        env: {C: step}\n",
        "    env: {B: job, C: job}\n",
        "env: {A: workflow, B: workflow, C: workflow}\n",
    )
    assert [shown(step, name) for name in "ABC"] == ["workflow", "job", "step"]
    assert [one.span.line for one in step.variables.definitions("C")] == [2, 7, 10]


def test_an_expression_is_known_where_it_names_a_variable_of_the_workflow() -> None:
    (step,) = github(
        "      - run: gunicorn\n        env: {T: '${{ secrets.T }}', I: '${{ env.R }}/app', B: '${{ github.ref }}'}\n",
        workflow="env: {R: registry.example}\n",
    )
    assert shown(step, "I") == "registry.example/app"
    assert shown(step, "T") == "? secrets.T of .github/workflows/deploy.yml:9"
    assert shown(step, "B") == "? an expression of the pipeline decides it"
    assert step.variables.lacks("OTHER").value == "unknown"


def test_a_script_sees_the_variables_and_what_it_exports_itself() -> None:
    steps = github(
        '      - run: |\n          export B=$A-1\n          if [ "$A" = x ]; then first; else second; fi\n'
        "          C=3 third\n",
        "    env: {A: x}\n",
    )
    assert [step.written for step in steps] == ["first", "third"]
    assert [shown(steps[-1], name) for name in "ABC"] == ["x", "x-1", "3"]


def test_an_expression_in_a_script_is_replaced_as_text() -> None:
    (step,) = github("      - run: deploy --app=${{ env.APP }} ${{ github.sha }}\n", "    env: {APP: shop}\n")
    assert step.step is not None
    assert step.step.argv[1].literal == "--app=shop"


def test_what_a_step_writes_for_later_ones_is_not_known() -> None:
    steps = github('      - run: echo "A=2" >> "$GITHUB_ENV"\n      - run: show\n', "    env: {A: '1', B: '1'}\n")
    assert [shown(steps[-1], name) for name in "AB"] == ["? a step of the job writes it", "1"]


def test_another_machine_finds_none_of_them() -> None:
    remote = github(
        "      - uses: appleboy/ssh-action@v1\n        with: {script: 'python manage.py migrate'}\n"
        "      - run: ssh host 'show $A'\n",
        "    env: {A: x}\n",
    )
    inner = [step for step in remote if step.written.startswith(("python", "show"))]
    assert [shown(step, "A") for step in inner] == ["$A", "$A"]


def test_a_container_finds_what_its_command_line_hands_on() -> None:
    steps = github(
        "      - run: docker compose run --rm -e A -e B=$A-1 --env=C=c web python manage.py migrate\n",
        "    env: {A: x, D: d}\n",
    )
    inner = next(step for step in steps if step.written.startswith("python"))
    assert [shown(inner, name) for name in "ABCD"] == ["x", "x-1", "c", "$D"]


def test_gitlab_merges_what_a_job_extends_and_expands_what_names_another() -> None:
    text = (
        "variables: {A: top, B: top, R: 'registry/$A', S: {value: 'x$A', expand: false}}\n"
        ".base: {variables: {B: base, C: base}}\n.more: {variables: {C: more}}\n"
        "deploy:\n  stage: deploy\n  environment: production\n  extends: [.base, .more]\n"
        "  variables: {D: '${R}/app'}\n  rules:\n    - if: $X\n      variables: {E: rule}\n  script: [show]\n"
    )
    (step,) = deployment({".gitlab-ci.yml": text}).pipeline_steps
    found = {name: shown(step, name) for name in "ABCDERS"}
    assert found == {
        "A": "top",
        "B": "base",
        "C": "more",
        "D": "registry/top/app",
        "E": "$E",
        "R": "registry/top",
        "S": "x$A",
    }


def test_variables_that_name_each_other_end() -> None:
    text = "variables: {A: '$B', B: '$A', C: '$C'}\ndeploy:\n  stage: deploy\n  script: [show]\n"
    (step,) = deployment({".gitlab-ci.yml": text}).pipeline_steps
    assert [str(shown(step, name))[0] for name in "ABC"] == ["?", "?", "?"]


def test_jobs_that_extend_each_other_in_many_ways_end_soon() -> None:
    jobs = "".join(f".j{n}: {{extends: [{', '.join([f'.j{n + 1}'] * 9)}]}}\n" for n in range(12))
    text = jobs + "deploy:\n  stage: deploy\n  extends: .j0\n  script: [show]\n"
    (step,) = deployment({".gitlab-ci.yml": text}).pipeline_steps
    assert step.written == "show"


@pytest.mark.parametrize("place", ["workflow", "script"])
def test_compose_file_of_a_workflow_chooses_the_files(place: str) -> None:
    setting = "    env: {COMPOSE_FILE: 'docker/a.yml:docker/b.yml'}\n" if place == "workflow" else ""
    script = "" if setting else "COMPOSE_FILE=docker/a.yml:docker/b.yml "
    text = f"on: push\njobs:\n  deploy:\n    environment: production\n    runs-on: self-hosted\n{setting}    steps:\n"
    text += f"      - run: {script}docker compose up -d\n"
    files = {
        WORKFLOW: text,
        "docker/a.yml": "services:\n  web:\n    build: ..\n",
        "docker/b.yml": "services:\n  web:\n    image: x\n    environment: {B: b}\n",
        "Dockerfile": 'FROM python:3.13-slim\nCMD ["gunicorn", "app:app"]\n',
    }
    found = [one for one in deployment(files).services if one.environment is Environment.PRODUCTION]
    (web,) = [one for one in found if one.process.platform.value == "Compose"]
    held = web.variables.get("B")
    assert isinstance(held, Known)
    assert held.value == "b"
