"""What the map tells of Dockerfiles that a program of an infrastructure tool builds, which is not read."""

from __future__ import annotations

import pytest
from maps import drawn, of

from prodlint.deployment import Environment
from prodlint.engine import built_in_rules
from prodlint.inspection import inspect, understood
from prodlint.tree import MemoryTree

CDK = '{"app": "python3 app.py"}\n'
PULUMI = "name: shop\nruntime: python\n"
START = 'FROM python:3.13\nWORKDIR /srv\nCOPY . .\nCMD ["flask", "--app", "app", "run", "--host=0.0.0.0"]\n'
APP = "from flask import Flask\n\napp = Flask('x')\n"
BELOW = {"infra/resize/Dockerfile": START, "infra/resize/app.py": APP}
DECIDED = "AWS CDK (infra/cdk.json) decides what runs in it, if anything"


@pytest.mark.parametrize(
    ("program", "text", "told"),
    [
        ("infra/cdk.json", CDK, DECIDED),
        ("infra/Pulumi.yaml", PULUMI, "Pulumi (infra/Pulumi.yaml) decides what runs in it, if anything"),
        ("infra/resize/cdk.json", CDK, "AWS CDK (infra/resize/cdk.json) decides what runs in it, if anything"),
    ],
)
def test_what_runs_in_an_image_of_an_infrastructure_program_is_decided_there(
    program: str, text: str, told: str
) -> None:
    [service] = drawn({**BELOW, program: text}).services
    facts = {fact.name: fact for fact in service.facts}
    assert facts["command"].text == told
    assert service.environment == Environment.UNKNOWN.value
    assert not {"server", "app", "bind"} & set(facts)
    assert facts["image"].text.startswith("infra/resize/Dockerfile")


def test_the_nearest_program_decides() -> None:
    files = {**BELOW, "infra/cdk.json": CDK, "infra/resize/Pulumi.yaml": PULUMI}
    assert of(files, "resize")["command"].startswith("Pulumi (infra/resize/Pulumi.yaml)")


def test_an_image_without_a_command_is_told_so_too() -> None:
    files = {"infra/cdk.json": CDK, "infra/layer/Dockerfile": "FROM python:3.13\nCOPY . /asset\n"}
    assert of(files, "layer")["command"] == DECIDED


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"other/cdk.json": CDK},
        {"infra/resize/lib/cdk.json": CDK},
        {"infra-x/cdk.json": CDK},
        {"infra/cdk.json": CDK, "compose.prod.yml": "services:\n  web:\n    build: infra/resize\n"},
    ],
)
def test_an_image_elsewhere_or_that_something_read_builds_runs_its_own_command(files: dict[str, str]) -> None:
    [service] = [one for one in drawn({**BELOW, **files}).services if one.name in ("web", "resize")]
    assert {fact.name: fact.text for fact in service.facts}["server"].startswith("flask")


def test_an_image_that_a_pipeline_builds_runs_its_own_command() -> None:
    pushed = "docker build -t shop/resize infra/resize && docker push shop/resize"
    workflow = f"on: {{push: {{branches: [main]}}}}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: {pushed}\n"
    files = {**BELOW, "infra/cdk.json": CDK, ".github/workflows/deploy.yml": workflow}
    assert of(files, "resize")["command"].startswith("flask --app app run")


@pytest.mark.parametrize(
    ("code", "is_decided"),
    [
        ({"stack.py": "lambda_.Code.from_docker_build('./infra/resize')\n"}, True),
        ({"lib/stack.ts": 'DockerImageCode.fromImageAsset("../infra/resize/Dockerfile")\n'}, True),
        ({"lib/stack.ts": 'Code.fromAsset("functions")\n'}, False),
        ({"lib/stack.ts": 'Code.fromAsset("../infra/resize-all")\n'}, False),
        ({"lib/stack.ts": 'console.log("infra/resize")\n'}, False),
        ({}, False),
    ],
)
def test_a_program_at_the_root_decides_for_the_folders_that_its_code_names(
    code: dict[str, str], is_decided: bool
) -> None:
    told = of({**BELOW, "cdk.json": CDK, **code}, "resize")["command"]
    assert (told == "AWS CDK (cdk.json) decides what runs in it, if anything") is is_decided


def test_a_program_at_the_root_does_not_decide_for_an_image_at_the_root() -> None:
    files = {"Dockerfile": START, "app.py": APP, "cdk.json": CDK, "stack.py": "ContainerImage.from_asset('.')\n"}
    [service] = drawn(files).services
    assert {fact.name: fact.text for fact in service.facts}["server"].startswith("flask")


def test_no_rule_finds_fault_with_a_command_that_is_decided_elsewhere() -> None:
    rules = built_in_rules()
    alone = inspect(MemoryTree(BELOW), rules)
    decided = inspect(MemoryTree({**BELOW, "infra/cdk.json": CDK}), rules)
    assert "dev-server-in-production" in {finding.rule for finding in alone.triaged.findings}
    assert not [finding for finding in decided.triaged.findings if finding.span.path.endswith("Dockerfile")]
    assert understood(alone.deployment).startswith("1 service: resize: flask")
    assert understood(decided.deployment).startswith("perhaps in production, 1 service: resize (Docker)")


def test_a_folder_for_tests_stays_one() -> None:
    files = {"infra/cdk.json": CDK, "infra/tests/Dockerfile": START, "infra/tests/app.py": APP}
    assert drawn(files).services == ()
