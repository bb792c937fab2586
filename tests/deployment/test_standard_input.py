"""Commands that come on the standard input of a shell or of ssh: what is run, by whom, with which variables."""

import os
import shutil
import string
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from maps import of

from prodlint.deployment import Deployment, Environment
from prodlint.deployment.command import Execution, shell_form
from prodlint.deployment.execution.place import Place
from prodlint.deployment.execution.steps import execute
from prodlint.deployment.filemap import CHECKOUT
from prodlint.deployment.releases.release import carried_by
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import NO
from prodlint.deployment.variables.table import Variables
from prodlint.inspection import inspect
from prodlint.source import Source, Text
from prodlint.tree import MemoryTree

NOTHING = Variables(is_open=NO)
COMMANDS = 'show "${1:-none}" "$#" "${X:-unset}"\n'


def run(script: str, variables: Variables = NOTHING, **files: str) -> Execution:
    held = {f"{name}.sh": text.encode() for name, text in files.items()}
    repository = Repository(held, held.__getitem__)
    return execute(shell_form(Source("Procfile", script).content), Place(CHECKOUT, "/", {}, variables), repository)


def bash(folder: Path, script: str, files: dict[str, str]) -> list[str]:
    """What the programs `show` and `ssh` print one after the other, when bash runs a script."""
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    for name, text in (("show", 'printf "%s|" "$@"; echo'), ("ssh", "cat")):
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)
    for name, text in files.items():
        (folder / f"{name}.sh").write_text(text)
    environment = {"PATH": f"{programs}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=20
    )
    return done.stdout.splitlines(keepends=True)


@pytest.mark.real
@pytest.mark.parametrize(
    "script",
    [
        f"bash -s prod <<'EOF'\n{COMMANDS}EOF",
        f"bash -es -- prod b <<'EOF'\n{COMMANDS}EOF",
        f"bash -x -o pipefail -s prod <<'EOF'\n{COMMANDS}EOF",
        f"bash <<EOF\n{COMMANDS}EOF",
        f"X=1; sh <<EOF\n{COMMANDS}EOF",
        f"export X=1; sh -s a <<'EOF'\n{COMMANDS}EOF",
        f"sh - <<-'EOF'\n\t{COMMANDS}\tEOF",
        "bash -s a b < deploy.sh",
        "bash < ./deploy.sh",
        "bash /dev/stdin a < deploy.sh",
        "cat deploy.sh | bash -s a",
        "cat < deploy.sh | (bash -s a)",
        f"cat <<'EOF' | env X=2 bash -s a\n{COMMANDS}EOF",
        "echo 'show a' | bash",
        "bash <<< 'show b'",
        "NAME=c; bash <<< \"show $NAME '$NAME'\"",
        'f() { bash -s "$1"; }; f a < deploy.sh',
        "{ bash -s a < deploy.sh; } && show end",
        "bash other.sh a < deploy.sh",
        "bash -s a < deploy.sh; bash -s b < deploy.sh",
        "bash -s a < deploy.sh </dev/null",
        "f() { bash -s a; bash -s b; }; f < deploy.sh",
        "bash -c 'bash -s a' < deploy.sh",
    ],
)
def test_bash_runs_what_the_walk_says_that_it_reads(script: str, tmp_path: Path) -> None:
    files = {"deploy": COMMANDS, "other": 'show other "$1"\n'}
    steps = [step for step in run(script, **files).steps if step.program == "show"]
    assert all(None not in step.arguments for step in steps)
    told = ["".join(f"{argument}|" for argument in step.arguments) + "\n" for step in steps]
    assert told == bash(tmp_path, script, files)


PIECES = st.sampled_from(
    ("$A", "${A}", "\\$A", "${B:-x y}", "'", '"', "\\\\", "\\`", "\\x", "\\\n", "\n", "$ ", "a", "#", " ", "${A}'$A'")
)


@pytest.mark.real
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(body="$A\\\na \\\\\n$A\\\n", delimiter="EOF")
@given(body=st.lists(PIECES, min_size=1, max_size=8).map("".join), delimiter=st.sampled_from(("EOF", "'EOF'")))
def test_ssh_is_given_the_text_that_the_walk_says(body: str, delimiter: str, tmp_path: Path) -> None:
    script = f"A='a b' B=\nssh host <<{delimiter}\n{body}\nEOF\n"
    (step,) = run(script).steps
    assert isinstance(step.fed, Text)
    assert step.fed.value == "".join(bash(tmp_path, script, {}))


@pytest.mark.real
@pytest.mark.skipif(shutil.which("ssh") is None, reason="there is no ssh here")
def test_ssh_takes_a_value_for_the_options_that_the_model_says(tmp_path: Path) -> None:
    asked = 0
    for letter in string.ascii_letters:
        for options in (f"-{letter} 22", f"-A{letter} 22"):
            words = f"{options} host show"
            done = subprocess.run(
                ["ssh", "-F", "none", "-G", *words.split()],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
                timeout=20,
            )
            names = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("hostname ")]
            # `-P` took nothing before OpenSSH 9.4.
            if done.returncode or not names or letter in "NWOQVGsP":
                continue
            asked += 1
            carried = carried_by(run(f"ssh {words}").steps[0])
            assert carried is not None
            assert (carried.command.written == "show") == (names == ["host"]), words
    assert asked > 50


def gitlab(*lines: str, **files: str) -> Deployment:
    """A project whose GitLab job for production runs a script."""
    script = "".join(f"      {line}\n" for line in "\n".join(lines).split("\n"))
    text = f"production:\n  stage: deploy\n  environment: production\n  script:\n    - |\n{script}"
    held = {f"{name}.sh": text for name, text in files.items()}
    return inspect(MemoryTree({".gitlab-ci.yml": text, **held}), []).deployment


def steps(deployment: Deployment) -> list[str]:
    """Kind and command of each step that production sees, the carriers left out."""
    told = [
        f"{one.kind.value}: {one.step.written if one.step else one.written}"
        for one in deployment.pipeline_steps
        if one.environment is Environment.PRODUCTION
    ]
    return [one for one in told if not one.startswith(("other: ssh", "other: cat", "other: docker"))]


REMOTE = "cd /srv\ngit pull\ndocker compose up -d\n"
CARRIED = ["deploy: git pull", "deploy: docker compose up -d"]


@pytest.mark.parametrize(
    "script",
    [
        f"ssh host <<ENDSSH\n{REMOTE}ENDSSH",
        f"ssh -T deploy@host -p 2222 <<'EOF'\n{REMOTE}EOF",
        f"ssh $SSH_OPTS $USER@$HOST <<'EOF'\n{REMOTE}EOF",
        f'ssh "${{SSH_OPTS[@]}}" host bash -s <<EOF\n{REMOTE}EOF',
        f"ssh host 'bash -s' <<'EOF'\n{REMOTE}EOF",
        f"ssh host sudo -u app bash -es <<'EOF'\n{REMOTE}EOF",
        f"ssh host sudo -i <<'EOF'\n{REMOTE}EOF",
        f"ssh host sudo su - app <<'EOF'\n{REMOTE}EOF",
        f"ssh host <<'EOF'\nsu - app <<'END'\n{REMOTE}END\nEOF",
        "ssh host 'bash -s' < remote.sh",
        "ssh host bash -s -- prod < ./remote.sh",
        "cat remote.sh | ssh host",
        'sshpass -p "$PASSWORD" ssh host < remote.sh',
        "cat remote.sh | ssh -i key host 'sudo bash'",
        "ssh host < remote.sh",
        'ssh host <<< "cd /srv; git pull; docker compose up -d"',
        "on() { ssh host bash -s; }\non < remote.sh",
        f"docker run --rm -i -v key:/key ssh ssh host <<'EOF'\n{REMOTE}EOF",
        f"kubectl exec -i deploy/web -- bash <<'EOF'\n{REMOTE}EOF",
        f"docker compose exec -T web bash <<'EOF'\n{REMOTE}EOF",
    ],
)
def test_what_ssh_reads_are_steps_of_the_release(script: str) -> None:
    found = steps(gitlab(script, remote=REMOTE))
    assert [one for one in found if one in CARRIED] == CARRIED


@pytest.mark.parametrize(
    "script",
    [
        f"ssh -n host <<'EOF'\n{REMOTE}EOF",
        f"ssh -N -L 5432:db:5432 host <<'EOF'\n{REMOTE}EOF",
        f"ssh host uptime <<'EOF'\n{REMOTE}EOF",
        f"ssh host python3 - <<'EOF'\n{REMOTE}EOF",
        f"docker exec web bash <<'EOF'\n{REMOTE}EOF",
        f"cat > remote.sh <<'EOF'\n{REMOTE}EOF",
        "ssh host bash other.sh < remote.sh",
        "ssh host </dev/null",
    ],
)
def test_what_nobody_reads_is_no_step(script: str) -> None:
    assert not set(CARRIED) & set(steps(gitlab(script, remote=REMOTE)))


def test_ssh_with_n_carries_its_command() -> None:
    assert "deploy: docker compose up -d" in steps(gitlab("ssh -n host docker compose up -d"))


def test_steps_on_standard_input_run_on_the_host() -> None:
    text = """\
on: {push: {branches: [main]}}
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - run: |
          ssh host <<'EOF'
          docker compose up -d
          EOF
"""
    found = inspect(MemoryTree({".github/workflows/deploy.yml": text}), []).deployment.pipeline_steps
    assert [(one.written, one.remote) for one in found] == [("ssh host", False), ("docker compose up -d", True)]


def carried(script: str) -> list[str]:
    """The programs that an ssh of a script starts, with what the model knows of their words."""
    (ssh,) = [step for step in run(script, Variables()).steps if step.program == "ssh"]
    handed = carried_by(ssh)
    assert handed is not None
    nothing = Repository({}, {}.__getitem__)
    found = execute(handed.command, Place(CHECKOUT, "/", {}), nothing, fed=handed.fed).steps
    return [" ".join(word if word is not None else "?" for word in (step.program, *step.arguments)) for step in found]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("show $TAG", "show v1"),
        ("show \\$TAG", "show ?"),
        ("TAG=v2\nshow $TAG \\$TAG", "show v1 v2"),
        ("show $OUTSIDE", "show ?"),
        ("show '$OUTSIDE'", "show ?"),
        ("# don't\nshow '$OUTSIDE'", "show ?"),
        ("show '$TAG'", "show v1"),
        ("OUTSIDE=v2\nshow $OUTSIDE", "show ?"),
        ("OTHER=v2\nshow \\$OTHER $OTHER", "show v2 ?"),
        ("show $(git rev-parse HEAD)", "show ?"),
        ("show ${TAG:-$OUTSIDE}", "show v1"),
        ("show ${TAG#v} ${TAG/v/w}", "show 1 ?"),
    ],
)
def test_the_near_shell_replaces_variables_and_the_far_one_what_is_escaped(body: str, found: str) -> None:
    assert carried(f"TAG=v1\nssh host <<EOF\n{body}\nEOF")[-1:] == [found]


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("bash <<EOF\nshow 0:$PORT app\nEOF", "show 0:$PORT app"),
        ("PORT=${PORT:-80}; bash <<EOF\nshow 0:$PORT app\nEOF", "show 0:$PORT app"),
        ("bash <<EOF\nshow '0:$PORT'\nEOF", "show '0:$PORT'"),
        ("N=$(nproc); bash <<EOF\nshow -w$N\nEOF", "show -w$N"),
    ],
)
def test_what_the_near_shell_fills_in_is_told_as_it_is_written(script: str, told: str) -> None:
    *_, step = run(script, Variables()).steps
    assert step.written == told


def test_a_server_that_is_started_from_a_here_document_listens_where_its_variable_says() -> None:
    start = "#!/bin/sh\nbash <<EOF\nexec gunicorn -b 0.0.0.0:$PORT app:app\nEOF\n"
    for told, before in (("0.0.0.0:$PORT", ""), ("0.0.0.0:?", "PORT=$(cat port)\n")):
        files = {"Procfile": "web: ./start.sh\n", "start.sh": start.replace("bash", f"{before}bash")}
        assert of(files, "web")["bind"] == told


def test_a_quoted_delimiter_leaves_the_variables_to_the_far_shell() -> None:
    assert carried("TAG=v1\nssh host <<'EOF'\nTAG=v2\nshow $TAG\nEOF") == ["show v2"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("ssh host bash -s < missing.sh", "runs missing.sh, which is not in this repository"),
        ("ssh host < $SCRIPT", "runs $SCRIPT, whose name is computed"),
        ("make script | ssh host", "hands a shell what make prints"),
    ],
)
def test_commands_that_cannot_be_read_are_told(line: str, told: str) -> None:
    assert told in [link.note for link in gitlab(line, "docker compose up -d").open]


def test_an_installer_that_is_fetched_is_not_told() -> None:
    assert gitlab("curl -sSL https://example.org | bash", "docker compose up -d").open == ()


def test_a_script_that_reads_itself_ends() -> None:
    assert len(run("bash -s < loop.sh", loop="show a\nbash -s < loop.sh\n").steps) == 1


@pytest.mark.parametrize(
    ("script", "conditions"),
    [
        ("if [ $FULL = yes ]; then\n  docker compose run web manage.py migrate\nfi", ["if $FULL is yes"]),
        ("docker compose run web sh -c 'if [ $FULL = yes ]; then manage.py migrate; fi'", ["if $FULL is yes"]),
        ("docker compose run web manage.py migrate", [""]),
    ],
)
def test_what_is_carried_runs_under_the_conditions_of_its_carrier(script: str, conditions: list[str]) -> None:
    carried = [one.step for one in gitlab(script).pipeline_steps if one.step is not None]
    found = [step for step in carried if step.program == "manage.py"]
    assert [f"if {one.when}" if one.when else "" for one in found] == conditions
    assert [one.conditional for one in found] == [bool(one) for one in conditions]


@pytest.mark.real
@pytest.mark.parametrize(
    "word",
    [
        '"a.\\${NOWHERE}.yml"',
        "\\$NOWHERE-b",
        "a\\`date\\`b",
        '"a\\\\\\\\\\$(date)"',
        '"\\${NOWHERE:-b}c"',
    ],
)
def test_a_step_that_is_handed_over_is_told_as_the_other_shell_gets_it(word: str, tmp_path: Path) -> None:
    script = f"ssh host bash <<EOF\nshow {word}\nEOF"
    (ssh,) = [one for one in run(script).steps if one.program == "ssh"]
    carried = carried_by(ssh)
    assert carried is not None
    repository = Repository({}, {}.__getitem__)
    steps = execute(carried.command, Place(CHECKOUT, "/", {}, Variables()), repository, fed=carried.fed).steps
    assert [f"{one.written}\n" for one in steps] == bash(tmp_path, script, {})


@pytest.mark.parametrize(
    "script",
    [
        'ssh host "show \\"a.\\${NOWHERE}.yml\\" b"',
        "ssh host 'show \"a.${NOWHERE}.yml\" b'",
        'ssh host <<EOF\nshow "a.\\${NOWHERE}.yml" b\nEOF\n',
        "ssh host <<'EOF'\nshow \"a.${NOWHERE}.yml\" b\nEOF\n",
    ],
)
def test_all_ways_to_hand_a_step_over_tell_it_alike(script: str) -> None:
    (ssh,) = run(script).steps
    carried = carried_by(ssh)
    assert carried is not None
    repository = Repository({}, {}.__getitem__)
    steps = execute(carried.command, Place(CHECKOUT, "/", {}, Variables()), repository, fed=carried.fed).steps
    assert [one.written for one in steps] == ['show "a.${NOWHERE}.yml" b']
