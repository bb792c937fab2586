"""Conditions of workflows: steps that never run, steps of a release, and those of which nothing is known."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.deployment import Deployment
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

MAIN = "{push: {branches: [main]}}"
BOTH = "{push: {branches: [main]}, pull_request: {}}"


def deployment_of(on: str, steps: str, job: str = "") -> Deployment:
    text = f"on: {on}\njobs:\n  ship:\n{job}    runs-on: ubuntu-latest\n    steps:\n{steps}"
    return inspect(MemoryTree({".github/workflows/deploy.yml": text}), []).deployment


def released(on: str, condition: str) -> str:
    """How the release tells of a step under a condition: not at all, as always, or with what it asks for."""
    quoted = condition.replace('"', '\\"')
    found = deployment_of(on, f'    - run: alembic upgrade head\n      if: "{quoted}"\n    - run: fly deploy\n')
    [release] = found.releases
    told = {one.written: one.own_condition for one in release.steps}
    assert told.pop("fly deploy") == ""
    if not told:
        return "not there"
    return "with its condition" if told["alembic upgrade head"] else "always"


@pytest.mark.parametrize(
    ("on", "condition", "told"),
    [
        ("push", "false", "not there"),
        ("push", "${{ false }}", "not there"),
        ("push", "true", "always"),
        ("push", "always()", "always"),
        ("push", "success() && github.event_name == 'push'", "always"),
        ("push", "failure()", "with its condition"),
        ("push", "github.event_name == 'pull_request'", "not there"),
        ("push", "github.event_name != 'pull_request'", "always"),
        ("push", "GitHub.Event_Name == 'PUSH'", "always"),
        (MAIN, "github.ref == 'refs/heads/main'", "always"),
        (MAIN, "${{ github.ref_name == 'main' }}", "always"),
        (MAIN, "github.ref == 'refs/heads/production'", "not there"),
        (MAIN, "startsWith(github.ref, 'refs/tags/')", "not there"),
        (MAIN, "!startsWith(github.ref, 'refs/tags/')", "always"),
        ("{push: {branches: [main], tags: ['v*']}}", "startsWith(github.ref, 'refs/tags/v')", "with its condition"),
        ("{push: {tags: ['v*']}}", "startsWith(github.ref, 'refs/tags/v')", "always"),
        ("{push: {tags: ['v*']}}", "startsWith(github.ref_name, 'v2')", "with its condition"),
        ("{push: {branches-ignore: [gh-pages]}}", "startsWith(github.ref, 'refs/tags/')", "not there"),
        ("{push: {branches: ['release/**']}}", "github.ref == 'refs/heads/main'", "not there"),
        ("{push: {branches: ['release/**']}}", "github.ref == 'refs/heads/release/2'", "with its condition"),
        ("push", "github.ref == 'refs/heads/main'", "with its condition"),
        (BOTH, "github.event.pull_request.merged == true", "with its condition"),
        (MAIN, "github.event.pull_request == null", "always"),
        ("push", "github.repository == 'shop/shop'", "with its condition"),
        ("push", "github.repository == 'shop/shop' && github.event_name == 'schedule'", "not there"),
        ("push", "github.repository == 'shop/shop' || github.event_name == 'push'", "always"),
        ("push", "vars.ON || secrets.TOKEN != ''", "with its condition"),
        ("push", "contains(fromJSON('[1]'), matrix['version'])", "with its condition"),
        ("workflow_call", "github.event_name == 'push'", "with its condition"),
        ("push", "github.event_name == ", "with its condition"),
        ("push", "${{ github.event_name }} == 'x'", "with its condition"),
    ],
)
def test_a_condition_is_answered_where_the_triggers_tell(on: str, condition: str, told: str) -> None:
    assert released(on, condition) == told


def test_a_variable_of_the_workflow_decides_a_step() -> None:
    steps = "    - run: alembic upgrade head\n      if: env.MIGRATE == 'yes'\n    - run: fly deploy\n"
    for value, written in (("yes", ["alembic upgrade head", "fly deploy"]), ("no", ["fly deploy"])):
        found = deployment_of("push", steps, job=f"    env: {{MIGRATE: '{value}'}}\n")
        assert [one.written for one in found.pipeline_steps] == written


def test_what_runs_for_pull_requests_alone_is_no_part_of_the_release() -> None:
    steps = (
        "    - run: python manage.py makemigrations --check\n      if: github.event_name == 'pull_request'\n"
        "    - run: fly deploy\n      if: github.event_name == 'push'\n"
    )
    found = deployment_of(BOTH, steps)
    [release] = found.releases
    assert [one.written for one in release.steps] == ["fly deploy"]
    assert release.steps[0].own_condition == ""
    assert release.triggers == ("push to main",)
    assert len(found.pipeline_steps) == 2


def test_a_job_that_never_runs_releases_nothing() -> None:
    found = deployment_of("push", "    - run: fly deploy\n", job="    if: false\n")
    assert found.releases == ()
    assert found.pipeline_steps == ()


def test_the_condition_of_a_call_holds_for_the_steps_of_the_action() -> None:
    files = {
        ".github/workflows/deploy.yml": "on: push\njobs:\n  ship:\n    steps:\n    - uses: ./.github/ship\n"
        "      if: github.actor != 'bot'\n",
        ".github/ship/action.yml": "runs:\n  using: composite\n  steps:\n    - run: fly deploy\n"
        "      if: ${{ inputs.deploy }}\n    - run: fly deploy --app never\n      if: false\n",
    }
    [release] = inspect(MemoryTree(files), []).deployment.releases
    assert [(one.written, one.own_condition) for one in release.steps] == [
        ("fly deploy", "(github.actor != 'bot') && (inputs.deploy)")
    ]


PIECES = ["github.ref", "env.A", "'x'", "(", ")", "&&", "||", "!", "==", "contains(", ",", "[", "]", "${{", "}}", "1"]


@given(st.lists(st.sampled_from(PIECES), max_size=60).map(" ".join) | st.text(max_size=40))
@settings(deadline=None, max_examples=100)
def test_any_text_may_stand_as_a_condition(text: str) -> None:
    from prodlint.deployment.pipeline import Occasion
    from prodlint.deployment.releases.pipeline_condition import condition_of

    found = condition_of(text, (Occasion("push"),), lambda name: None)
    assert set(found.does) <= set(found.may)


def test_a_condition_that_is_nested_without_end_is_not_known() -> None:
    assert released("push", "!" * 900 + "true") == "with its condition"
    assert released("push", "(" * 900 + "true" + ")" * 900) == "with its condition"
