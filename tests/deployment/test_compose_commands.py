"""What the command that starts compose files gives them: variables of its shell, arguments of builds."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from compose_projects import DOCKERFILE, WEB, composed, value

from prodlint.deployment.service import Service
from prodlint.deployment.value import Unknown

SHELL = "services:\n  web:\n    build: .\n    environment:\n      A: ${A:-dflt}\n      U: 'x://${A}/${B-b}'\n      B:\n"


def deployed(commands: str, env: str = "", files: Mapping[str, str] | None = None) -> Service:
    workflow = (
        "on: push\njobs:\n  deploy:\n    environment: production\n    runs-on: self-hosted\n"
        f"    env: {{{env}}}\n    steps:\n      - run: |\n          {commands}\n"
    )
    held = {"compose.yml": SHELL, ".env": "A=file\nB=${A}/b\n", ".github/workflows/deploy.yml": workflow}
    (web,) = [one for one in composed({**held, **(files or {})}) if one.name == "web"]
    return web


def reason(service: Service, name: str) -> str | None:
    found = service.variables.get(name)
    return found.reason if isinstance(found, Unknown) else None


def test_what_a_pipeline_gives_to_the_command_wins_over_files_and_defaults() -> None:
    web = deployed("docker compose up -d", "A: prod")
    assert [value(web, name) for name in "AUB"] == ["prod", "$B else x://prod/prod/b", "$B else prod/b"]


def test_a_secret_of_a_pipeline_is_not_known_and_says_where_it_is_kept() -> None:
    web = deployed("docker compose up -d", "A: '${{ secrets.A }}', B: '${{ vars.B }}'")
    assert reason(web, "A") == "secrets.A of .github/workflows/deploy.yml:6"
    assert reason(web, "U") == "secrets.A of .github/workflows/deploy.yml:6"
    assert reason(web, "B") == "vars.B of .github/workflows/deploy.yml:6"


@pytest.mark.parametrize(
    "command",
    [
        "A=prod docker compose up -d",
        "export A=prod; docker compose up -d",
        "A=prod docker stack deploy -c compose.yml s",
    ],
)
def test_what_a_command_line_or_its_script_sets_wins_too(command: str) -> None:
    assert value(deployed(command), "A") == "prod"
    assert value(deployed("ssh host bash -s < deploy.sh", files={"deploy.sh": f"{command}\n"}), "A") == "prod"


def test_commands_that_do_not_agree_leave_a_variable_unknown_and_what_one_alone_sets_a_default() -> None:
    web = deployed("A=one B=one docker compose up -d; A=two docker compose up -d")
    assert reason(web, "A") == "several commands set it to different values"
    assert reason(web, "B") == "several commands set it to different values"
    assert value(deployed("B=one docker compose up -d; docker compose up -d"), "B") == "$B else file/b"


def test_a_command_that_makes_no_container_says_nothing_of_variables() -> None:
    assert value(deployed("A=other docker compose pull; docker compose up -d"), "A") == "$A else file"


def test_the_operators_of_a_variable_hold_for_what_the_shell_sets() -> None:
    text = (
        "services:\n  web:\n    build: .\n    environment: {C: '${A:-d}', D: '${A-d}', E: '${A:+d}', F: '${A+d}', "
        "G: '${B:+d}', H: '${B:?no}', I: '${V:-d}'}\n    env_file: web.env\n"
    )
    files = {"compose.yml": text, "web.env": "J=${B}\nB\n"}
    web = deployed("export A=; export B=b; export V=${1:-v}; docker compose up -d", files=files)
    assert [value(web, name) for name in "CDEFGHJB"] == ["d", "", "", "d", "d", "b", "b", "b"]


REVISION = DOCKERFILE + "ARG REVISION=unknown\nENV REVISION=$REVISION\n"


def revision(command: str, services: str = WEB) -> str | None:
    """The variable of the web service of a compose file that a workflow builds with a command, and starts."""
    workflow = (
        f"on: push\njobs:\n  deploy:\n    runs-on: self-hosted\n    steps:\n      - run: |\n          {command}\n"
    )
    workflow += "      - run: docker compose -f compose.prod.yml up -d\n"
    files = {"Dockerfile": REVISION, "compose.prod.yml": services, ".github/workflows/deploy.yml": workflow}
    [web] = [one for one in composed(files) if one.name == "web"]
    found = web.variables.get("REVISION")
    return found.reason if isinstance(found, Unknown) else value(web, "REVISION")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("docker compose -f compose.prod.yml build", "unknown"),
        ("docker compose -f compose.prod.yml build --build-arg REVISION=7", "7"),
        ("docker compose -f compose.prod.yml build --build-arg=REVISION=7 --pull web", "7"),
        ("docker compose -f compose.prod.yml build --build-arg REVISION=7 worker", "unknown"),
        (
            'docker compose -f compose.prod.yml build --build-arg REVISION="${COMMIT}" --build-arg A=b',
            "$COMMIT is not set in this repository",
        ),
        ("docker compose -f compose.prod.yml build --build-arg REVISION", "$REVISION is not set in this repository"),
        (
            'docker compose -f "compose.$WHERE.yml" build --build-arg REVISION=7',
            "the build in .github/workflows/deploy.yml:7 may give it",
        ),
        ('docker compose -f "compose.$WHERE.yml" build --build-arg OTHER=7', "unknown"),
    ],
)
def test_what_a_command_gives_to_a_build_counts_before_the_default_of_its_argument(command: str, expected: str) -> None:
    assert revision(command) == expected


def test_what_a_command_gives_to_a_build_counts_before_what_the_file_gives() -> None:
    services = WEB.replace("build: .", "build: {context: ., args: {REVISION: file}}")
    assert revision("docker compose -f compose.prod.yml build", services) == "file"
    assert revision("docker compose -f compose.prod.yml build --build-arg REVISION=7", services) == "7"
