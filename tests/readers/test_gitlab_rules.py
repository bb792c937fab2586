"""When jobs of GitLab CI run: rules, `only` and `except`, on each branch, tag and event that a file tells apart."""

from __future__ import annotations

import pytest

from prodlint.deployment.environment import Environment
from prodlint.inspection import inspect
from prodlint.map.draw import draw
from prodlint.map.text import render
from prodlint.report.terminal import Terminal
from prodlint.tree import MemoryTree

MAIN = "{if: '$CI_COMMIT_BRANCH == \"main\"'}"
DEFAULT = "{if: '$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH'}"
REVIEW = "{if: '$CI_PIPELINE_SOURCE == \"merge_request_event\"'}"
TAG = "{if: $CI_COMMIT_TAG}"


def files_of(deploy: str, migrate: str = "", more: str = "") -> dict[str, str]:
    jobs = f"deploy:\n  stage: deploy\n  environment: production\n  script: [ssh h systemctl restart shop]\n{deploy}"
    jobs += f"migrate:\n  stage: build\n  script: [ssh h python manage.py migrate]\n{migrate}" if migrate else ""
    return {".gitlab-ci.yml": f"{more}{jobs}"}


def triggers(deploy: str, more: str = "") -> list[str]:
    """What sets off the release that a job brings; nothing where it never runs."""
    found = [one.triggers for one in inspect(MemoryTree(files_of(deploy, "", more)), []).deployment.releases]
    return [*found[0]] if found else []


@pytest.mark.parametrize(
    ("deploy", "told"),
    [
        ("", ["push"]),
        (f"  rules: [{MAIN}]\n", ["push to main"]),
        (f"  rules: [{DEFAULT}]\n", ["push to the default branch"]),
        (f"  rules: [{TAG}]\n", ["push of a tag"]),
        ("  rules: [{if: '$CI_COMMIT_TAG =~ /^v/'}]\n", ["push of a tag"]),
        (f"  rules: [{MAIN}, {TAG}]\n", ["push to main", "push of a tag"]),
        (f"  rules: [{MAIN}, {{if: '$CI_COMMIT_BRANCH =~ /^v/'}}]\n", ["push to main", "push to another branch"]),
        (f"  rules: [{DEFAULT}, {{if: '$CI_COMMIT_BRANCH == \"x\"', when: never}}]\n", ["push to the default branch"]),
        (f"  rules: [{MAIN}, {{if: '$CI_PIPELINE_SOURCE == \"web\"', when: never}}]\n", ["push to main"]),
        (f"  rules: [{REVIEW}]\n", ["merge request"]),
        (
            "  rules: [{if: '$CI_COMMIT_BRANCH == \"main\"', when: never}, {when: on_success}]\n",
            ["push to another branch", "push of a tag"],
        ),
        ("  rules: [{if: '$CI_COMMIT_BRANCH == \"main\"', when: manual}]\n", ["push to main"]),
        (f"  rules: [{{when: never}}, {MAIN}]\n", []),
        ("  rules: [{if: '$CI_COMMIT_BRANCH == \"main\"', exists: [missing.txt]}]\n", []),
        ("  rules: [{if: '$CI_COMMIT_BRANCH == \"main\"', exists: [.gitlab-ci.yml]}]\n", ["push to main"]),
        ("  rules: [{if: '$CI_COMMIT_BRANCH == \"main\"', changes: [app/*]}]\n", ["push to main"]),
        ("  rules: [{if: '$CI_PIPELINE_SOURCE == \"schedule\"'}]\n", ["schedule"]),
        ("  rules: [{if: $DEPLOY}]\n", ["push"]),
        ("  rules: [!reference [.main, rules]]\n", ["push to main"]),
        ("  rules: [!reference [.missing, rules]]\n", ["push"]),
        ("  extends: .main\n", ["push to main"]),
        ("  only: [main]\n", ["push to main"]),
        ("  only: {refs: [main, tags]}\n", ["push to main", "push of a tag"]),
        ("  only: [branches]\n  except: [main]\n", ["push to another branch"]),
        ("  only: [/^release-.*$/]\n", ["push"]),
        ("  only: [merge_requests]\n", ["merge request"]),
        ("  only: [schedules]\n", ["schedule"]),
        ("  except: [branches, tags]\n", []),
        ("  when: manual\n", ["push"]),
    ],
)
def test_a_release_tells_what_sets_it_off(deploy: str, told: list[str]) -> None:
    used = f".main: {{rules: [{MAIN}]}}\n" if ".main" in deploy else ""
    assert sorted(triggers(deploy, used)) == sorted(told)


@pytest.mark.parametrize(
    ("workflow", "told"),
    [
        (f"[{MAIN}]", ["push to main"]),
        (f"[{TAG}]", []),
        ("[{if: '$CI_COMMIT_BRANCH == \"main\"', when: never}, {when: always}]", []),
        ("[{if: $ANYTHING}]", ["push to main"]),
    ],
)
def test_no_job_runs_in_a_pipeline_that_is_not_made(workflow: str, told: list[str]) -> None:
    assert triggers(f"  rules: [{MAIN}]\n", f"workflow: {{rules: {workflow}}}\n") == told


@pytest.mark.parametrize(
    ("migrate", "told"),
    [
        (f"  rules: [{MAIN}]\n", "[migrate] "),
        ("  only: [main]\n", "[migrate] "),
        (f"  rules: [{REVIEW}]\n", ""),
        (f"  rules: [{TAG}]\n", ""),
        ("  rules: [{if: '$CI_COMMIT_BRANCH == \"develop\"'}]\n", ""),
        ("  only: [develop]\n", ""),
        ("  except: [main]\n", ""),
        ("  when: manual\n", "[migrate, if somebody starts it] "),
        ("  when: on_failure\n", "[migrate, if something failed before] "),
        ("  rules: [{changes: [app/migrations/*]}]\n", "[migrate, if app/migrations/* changes] "),
        ("  rules: [{if: $MIGRATE}]\n", "[migrate, if $MIGRATE] "),
        ("  rules: [{if: $SKIP, when: never}, {when: always}]\n", "[migrate, if not ($SKIP)] "),
        (
            "  only: {refs: [main], variables: [$MIGRATE]}\n",
            "[migrate, if it is for main and what else it asks for holds] ",
        ),
    ],
)
def test_the_steps_of_a_release_are_those_that_run_when_it_does(migrate: str, told: str) -> None:
    deployment = inspect(MemoryTree(files_of(f"  rules: [{MAIN}]\n", migrate)), []).deployment
    text = " ".join(render(draw(deployment, Environment.PRODUCTION), Terminal(False)).split())
    assert (f"migrate {told}python manage.py migrate" in text) is bool(told)
    assert ("manage.py" in text) is bool(told)


def test_a_runner_with_an_environment_is_not_told_as_the_machine_that_serves() -> None:
    files = {".gitlab-ci.yml": "deploy: {environment: production, script: [kubectl apply -f k], only: [main]}\n"}
    text = render(draw(inspect(MemoryTree(files), []).deployment, Environment.PRODUCTION), Terminal(False))
    assert "release .gitlab-ci.yml (push to main)" in "".join(text)


def test_jobs_that_do_the_same_under_other_conditions_are_told_apart() -> None:
    more = "staging: {stage: build, script: [ssh h systemctl restart shop], only: {refs: [main], variables: [$X]}}\n"
    deployment = inspect(MemoryTree(files_of("  only: [main]\n", "", more)), []).deployment
    text = " ".join(render(draw(deployment, Environment.PRODUCTION), Terminal(False)).split())
    assert "[deploy] systemctl restart shop" in text
    assert "[staging, if it is for main and what else it asks for holds] systemctl restart shop" in text


@pytest.mark.parametrize(
    "rules",
    ["x", "{a: b}", "[x, [y, [z]]]", "[{if: [a]}]", "[{if: '((('}]", "[{exists: {paths: [x]}}]", "[{when: [x]}]"],
)
def test_rules_that_are_none_leave_a_job_where_it_may_be(rules: str) -> None:
    assert triggers(f"  rules: {rules}\n") in (["push"], [])
