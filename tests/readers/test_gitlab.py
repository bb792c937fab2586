"""GitLab CI: jobs with what they extend, include and refer to, in the order of their stages."""

import pytest

from prodlint.deployment import Deployment, Job
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree


def deployment_of(text: str, **others: str) -> Deployment:
    files = {".gitlab-ci.yml": text, **{name.replace("__", "/"): other for name, other in others.items()}}
    return inspect(MemoryTree(files), []).deployment


def jobs(text: str, **others: str) -> dict[str, Job]:
    return {one.name: one for one in deployment_of(text, **others).pipelines[0].jobs}


def steps(text: str, **others: str) -> list[str]:
    """Each step as `job: command`."""
    return [f"{one.job.name}: {one.written}" for one in deployment_of(text, **others).pipeline_steps]


def test_keys_that_are_no_jobs_are_none() -> None:
    text = (
        "stages: [a]\nvariables: {A: b}\nimage: python\ncache: {paths: [x]}\nworkflow: {rules: []}\n"
        "default: {image: x}\n.hidden: {script: fly deploy}\nreal: {script: pytest}\n"
    )
    assert list(jobs(text)) == ["real"]


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("script: pytest", ["a: pytest"]),
        ("script: [pip install ., pytest]", ["a: pip install .", "a: pytest"]),
        ("script:\n  - - pip install .\n    - [pytest]\n", ["a: pip install .", "a: pytest"]),
        ("script:\n  - |\n    pip install .\n    pytest\n", ["a: pip install .", "a: pytest"]),
        (
            "before_script: [pip install .]\n  script: [pytest]\n  after_script: [ls]",
            ["a: pip install .", "a: pytest", "a: ls"],
        ),
    ],
)
def test_a_script_is_a_text_or_nested_lists(script: str, found: list[str]) -> None:
    assert steps(f"a:\n  {script}\n") == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("before_script: [b]\na: {script: c}\n", ["a: b", "a: c"]),
        ("default: {before_script: [b]}\na: {script: c}\n", ["a: b", "a: c"]),
        ("before_script: [b]\na: {script: c, before_script: []}\n", ["a: c"]),
        ("before_script: [b]\na: {script: c, before_script: [d]}\n", ["a: d", "a: c"]),
        (".t: {before_script: [t]}\nbefore_script: [b]\na: {extends: .t, script: c}\n", ["a: t", "a: c"]),
    ],
)
def test_what_comes_before_is_the_jobs_own_or_the_default(text: str, found: list[str]) -> None:
    assert steps(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (".t: {script: x}\na: {extends: .t}\n", ["a: x"]),
        (".t: {script: x}\na: {extends: .t, script: y}\n", ["a: y"]),
        (".t: {script: x}\n.u: {script: y}\na: {extends: [.t, .u]}\n", ["a: y"]),
        (".t: {script: x}\n.u: {extends: .t}\na: {extends: .u}\n", ["a: x"]),
        ("a: {extends: b}\nb: {script: x}\n", ["a: x", "b: x"]),
        ("a: {extends: a, stage: x}\n", []),
        (".t: &t {script: x}\na: {<<: *t}\n", ["a: x"]),
        ("x: {script: [p, q]}\na: {script: [!reference [x, script], r]}\n", ["x: p", "x: q", "a: p", "a: q", "a: r"]),
        (".x: {before_script: [p]}\na: {script: [!reference [.x, before_script], r]}\n", ["a: p", "a: r"]),
    ],
)
def test_a_job_takes_over_what_it_extends_and_refers_to(text: str, found: list[str]) -> None:
    assert steps(text) == found


def test_jobs_wait_for_the_stages_before_theirs_or_for_what_they_need() -> None:
    text = (
        "stages: [check, ship]\nlint: {stage: check, script: x}\ntest: {stage: check, script: x}\n"
        "ship: {stage: ship, script: x}\nquick: {stage: ship, needs: [lint], script: x}\n"
        "now: {stage: ship, needs: [], script: x}\n"
        "other: {stage: ship, needs: [{job: test, optional: true}], script: x}\n"
    )
    assert {name: sorted(one.needs) for name, one in jobs(text).items()} == {
        "lint": [],
        "test": [],
        "ship": ["lint", "test"],
        "quick": ["lint"],
        "now": [],
        "other": ["test"],
    }


def test_a_job_without_a_stage_is_a_test() -> None:
    found = jobs("a: {script: x}\nb: {stage: build, script: x}\nc: {stage: deploy, script: x}\n")
    assert sorted(found["a"].needs) == ["b"]
    assert sorted(found["c"].needs) == ["a", "b"]


@pytest.mark.parametrize(
    "include",
    ["ci/shared.yml", "/ci/shared.yml", "[ci/shared.yml]", "{local: ci/shared.yml}", "[{local: /ci/shared.yml}]"],
)
def test_a_file_of_the_repository_is_included(include: str) -> None:
    shared = ".t: {script: x}\ninner: {script: y}\na: {script: z}\n"
    text = f"include: {include}\na: {{extends: .t}}\n"
    deployment = deployment_of(text, ci__shared=shared, **{"ci__shared.yml": shared})
    assert sorted(f"{one.job.name}: {one.written}" for one in deployment.pipeline_steps) == ["a: x", "inner: y"]
    assert deployment.open == ()


@pytest.mark.parametrize(
    ("include", "is_open"),
    [
        ("https://example.com/ci.yml", True),
        ("{project: shop/ci, file: deploy.yml}", True),
        ("{template: Auto-DevOps.gitlab-ci.yml}", True),
        ("{component: example.com/deploy@1}", True),
        ("missing.yml", True),
        ("{template: Security/SAST.gitlab-ci.yml}", False),
        ("[{template: Jobs/Secret-Detection.gitlab-ci.yml}]", False),
    ],
)
def test_what_is_included_from_elsewhere_may_deploy(include: str, is_open: bool) -> None:
    deployment = deployment_of(f"include: {include}\ndeploy: {{script: fly deploy}}\n")
    assert bool(deployment.open) is is_open


@pytest.mark.parametrize("job", ["{trigger: shop/deploy}", "{script: [!reference [.missing, script]]}"])
def test_what_a_job_hands_on_is_told(job: str) -> None:
    deployment = deployment_of(f"deploy: {job}\nship: {{script: fly deploy}}\n")
    assert deployment.open


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ("production", "production"),
        ("{name: live}", "production"),
        ("staging", "production"),
        ("review/$CI_COMMIT_REF_SLUG", "development"),
        ("review", "development"),
        ("{name: dev}", "development"),
        ("production/$REGION", "production"),
        ("$TARGET", "production"),
    ],
)
def test_the_environment_of_a_job_decides_where_it_deploys(environment: str, found: str) -> None:
    deployment = deployment_of(f"roll:\n  environment: {environment}\n  script: [docker compose up -d]\n")
    assert [(one.kind.value, one.environment.value) for one in deployment.pipeline_steps] == [("deploy", found)]


@pytest.mark.parametrize(
    ("job", "found"),
    [("deploy", "production"), ("roll-out", "production"), ("deploy-dev", "development"), ("e2e", "test")],
)
def test_without_an_environment_the_name_of_the_job_decides(job: str, found: str) -> None:
    deployment = deployment_of(f"{job}:\n  script: [fly deploy]\n")
    assert [one.environment.value for one in deployment.pipeline_steps] == [found]


def test_steps_have_the_place_where_they_are_written() -> None:
    deployment = deployment_of(
        "include: {local: ci/t.yml}\na:\n  extends: .t\n  script:\n    - pytest\n",
        **{"ci__t.yml": ".t:\n  before_script:\n    - pip install .\n"},
    )
    assert [str(one.span) for one in deployment.pipeline_steps] == ["ci/t.yml:3", ".gitlab-ci.yml:5"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "a: 7\n",
        "a: {script: {x: y}}\n",
        "a: {extends: {x: y}, script: null}\n",
        "a: [\n",
        "include: {local: .gitlab-ci.yml}\n",
        "a: {script: !reference [a, script]}\n",
    ],
)
def test_a_file_of_another_shape_has_no_steps(text: str) -> None:
    assert deployment_of(text).pipeline_steps == ()
