"""What a script puts together and evaluates: `cmd="gunicorn …"; if …; then cmd="su app -c '$cmd'"; fi; eval "$cmd"`."""

import os
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from maps import drawn, of

from prodlint.deployment.command import Execution, shell_form
from prodlint.deployment.execution.place import Place
from prodlint.deployment.execution.steps import execute
from prodlint.deployment.filemap import CHECKOUT
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import Known
from prodlint.map.document import State
from prodlint.source import Source


def run(script: str, arguments: str = "", **environment: str) -> Execution:
    """Execute a script that stands in a repository, where some variables are known."""
    held = {"start.sh": f"#!/bin/sh\n{script}\n".encode()}
    repository = Repository(held, held.__getitem__)
    source = Source("Procfile", f"./start.sh {arguments}")
    values = {name: Known(value, source.span) for name, value in environment.items()}
    return execute(shell_form(source.content), Place(CHECKOUT, "/", values), repository)


def started(script: str, arguments: str = "", **environment: str) -> list[str]:
    return [step.written for step in run(script, arguments, **environment).processes]


@pytest.mark.parametrize(
    ("script", "process"),
    [
        ("eval gunicorn app:app", "gunicorn app:app"),
        ("eval 'gunicorn' 'a b:app'", "gunicorn a b:app"),
        ('eval "exec gunicorn app:app"', "gunicorn app:app"),
        ('eval "migrate; exec gunicorn app:app"', "gunicorn app:app"),
        ('eval "$@"', "gunicorn -w 2 app:app"),
        ('eval "exec $@"', "gunicorn -w 2 app:app"),
        ('eval "exec $*"', "gunicorn -w 2 app:app"),
        ('eval exec "$1" --preload "$4"', "gunicorn --preload app:app"),
        ('builtin eval "$@"', "gunicorn -w 2 app:app"),
        ('C="exec gunicorn \\\n  app:app \\\n  $4"; eval "$C"', "gunicorn app:app app:app"),
        ('C="gunicorn app:app"; C="exec $C"; eval "$C"', "gunicorn app:app"),
        ('C="gunicorn app:app"; C="$C --preload"; eval $C', "gunicorn app:app --preload"),
        ('C="gunicorn"; C+=" app:app"; eval "$C"', "gunicorn app:app"),
        ('C=\'exec gunicorn "a b"\'; eval "$C"', "gunicorn a b"),
        ("C='exec gunicorn app:app'; C=\"su - app -c '$C'\"; eval \"$C\"", "gunicorn app:app"),
        ('C="gunicorn app:app"; f() { eval "$C"; }; f', "gunicorn app:app"),
        ('eval "serve() { gunicorn app:app; }"; serve', "gunicorn app:app"),
        ('eval "cd src"; gunicorn app:app', "gunicorn app:app"),
        ('C="eval \\"\\$D\\""; D="gunicorn app:app"; eval "$C"', "gunicorn app:app"),
        ('N=S; S="gunicorn app:app"; eval "exec \\$$N"', "gunicorn app:app"),
        ('C="nginx & gunicorn app:app"; eval "$C"', "gunicorn app:app"),
    ],
)
def test_what_is_evaluated_is_run_as_shell(script: str, process: str) -> None:
    assert started(script, "gunicorn -w 2 app:app") == [process]


def test_a_variable_of_the_platform_stays_one_in_what_is_evaluated() -> None:
    for bind in ("$PORT", "${PORT}", "0.0.0.0:$PORT", "0.0.0.0:${PORT:-80}"):
        for wrapper in ("", "C=\"env sh -c '$C'\"\n"):
            script = f'C="exec gunicorn -b {bind} app:app"\n{wrapper}eval "$C"'
            [step] = run(script).processes
            assert [str(word) for word in step.argv] == ["gunicorn", "-b", bind, "app:app"], script
            assert str(step.span) == "start.sh:2"
            assert step.argv[2].literal is None


def test_where_a_condition_puts_a_wrapper_around_a_command_both_ways_start_it() -> None:
    script = """cmd="exec gunicorn -b 0.0.0.0:$PORT app:app"
if [ "$ID" != 0 ]; then
  usermod -u "$ID" app
  cmd="su - app -c '$cmd'"
fi
eval "$cmd"
"""
    execution = run(script)
    assert [(step.written, step.layers, step.when) for step in execution.processes] == [
        ("gunicorn -b 0.0.0.0:$PORT app:app", ("exec",), "$ID is 0"),
        ("gunicorn -b 0.0.0.0:$PORT app:app", ("su", "exec"), "$ID is not 0"),
    ]
    assert not execution.lost
    assert not execution.unread
    [step] = run(script, ID="0").processes
    assert (step.layers, step.conditional) == (("exec",), False)


@pytest.mark.parametrize(
    ("script", "processes"),
    [
        ('C="gunicorn a"; [ -n "$X" ] && C="$C --reload"; eval "$C"', ["gunicorn a", "gunicorn a --reload"]),
        ('case "$X" in a) C="gunicorn a";; *) C="celery b";; esac; eval "exec $C"', ["gunicorn a", "celery b"]),
        ('if [ -n "$X" ]; then P="nice "; fi; P=$P; eval "${P}gunicorn a"', None),
        ('P=; if [ -n "$X" ]; then P="nice"; fi; eval "$P gunicorn a"', ["gunicorn a", "gunicorn a"]),
        # More ways than are worth telling.
        (
            'C=gunicorn; for o in "$A" "$B" "$D"; do :; done\n'
            + "".join(f'[ -n "${o}" ] && C="$C -{o}"\n' for o in "ABD")
            + 'eval "$C"',
            None,
        ),
        # What one of them is, is not known.
        ('C="gunicorn a"; [ -n "$X" ] && C=$X; eval "$C"', None),
        ('C="gunicorn a"; [ -n "$X" ] && C=$(cat x); eval "$C"', None),
    ],
)
def test_each_text_that_a_condition_may_leave_is_one_that_may_run(script: str, processes: list[str] | None) -> None:
    execution = run(f"prepare\n{script}")
    found = [step.written for step in execution.processes]
    if processes is None:
        assert execution.lost
        assert found in ([], ["prepare"])
        assert [link.note for link in execution.unread] == ["evaluates what is computed"]
    else:
        assert sorted(found) == sorted(processes)


@pytest.mark.parametrize(
    "script",
    [
        'eval "$COMMAND"',
        'eval "$COMMAND gunicorn"',
        'eval "$(cat command)"',
        'C=$(cat command); eval "$C"',
        'for c in a b; do C="$C $c"; done; eval "$C"',
        'C="gunicorn $APP"; APP=other; eval "$C"',
        'APP=${APP:-a}; C="gunicorn $APP"; read APP; eval "$C"',
        "C='gunicorn\na'; eval $C",
        'C=gunicorn eval "$C"',
        # The inner shell would look up another variable than the one that is told.
        'B=:$PORT; C="gunicorn -b0$B a"; C="sh -c \'$C\'"; eval "$C"',
        'read X; C="gunicorn $X"; X=a; C="sh -c \'$C\'"; eval "$C"',
    ],
)
def test_what_is_not_known_is_not_evaluated(script: str) -> None:
    execution = run(script)
    assert execution.processes == ()
    assert [link.note for link in execution.unread] == ["evaluates what is computed"]


def test_a_variable_whose_name_is_not_known_holds_what_nobody_knows() -> None:
    for name in ("$N", "$(cat n)"):
        [step] = run(f'eval "show \\${name}"').processes
        assert (step.program, step.arguments) == ("show", (None,))
    [step] = run('for n in A B; do eval "export X=\\$${n}_S"; done\nshow "$X"').processes
    assert step.arguments == (None,)
    assert step.environment["X"] is None


def test_a_text_that_evaluates_itself_ends() -> None:
    execution = run('C=\'eval "$C"\'; eval "$C"')
    assert [link.note for link in execution.unread] == ["is nested too deeply to follow"]


@pytest.mark.parametrize(
    "script",
    [
        'C="show"\n' + 'C="$C$C"\n' * 60,
        'C="show $X"\n' + 'C="$C$X$C"\n' * 60,
        'C="show $X' + "$X" * 20_000 + '"\n',
        'C="show $X"\n' + 'C="$C' + "$C" * 20_000 + '"\n',
        'C=\'eval "$C"; eval "$C"\'\n',
        'C=\'if [ -n "$X" ]; then C="$C a"; fi; eval "$C"; eval "$C"\'\n',
    ],
)
def test_texts_that_grow_without_end_are_given_up(script: str) -> None:
    execution = run(f'{script}eval "$C"')
    assert execution.unread
    assert len(execution.steps) <= 2_000


def test_many_evaluations_do_not_count_as_nested() -> None:
    assert started('C="prepare"\n' + 'eval "$C"\n' * 40 + "gunicorn app:app") == ["gunicorn app:app"]


_START = """#!/bin/sh
PUID=${PUID:-0}
cmd="exec gunicorn app:app \\
     -b 0.0.0.0:$PORT \\
     $@"
if [ "$PUID" != 0 ]; then
  usermod -o -u "$PUID" abc
  cmd="su abc -s /bin/sh -c '$cmd'"
fi
eval "$cmd"
"""
_FILES = {
    "Dockerfile": 'FROM python:3.13-slim\nENV PORT=8000\nCOPY . .\nENTRYPOINT ["./start.sh"]\n',
    "app.py": "from flask import Flask\n\napp = Flask(__name__)\n",
    "start.sh": _START,
}


def test_a_server_that_a_script_evaluates_is_told_with_its_port() -> None:
    [service] = drawn(_FILES).services
    facts = of(_FILES, service.name)
    assert (facts["command"], facts["bind"]) == ("gunicorn app:app -b 0.0.0.0:8000", "0.0.0.0:8000")
    assert facts["app"] == "app:app → app.py:3, Flask, WSGI"
    certain = {**_FILES, "compose.prod.yml": "services:\n  web:\n    build: .\n    environment: {PUID: 0}\n"}
    assert of(certain, "web")["command"] == "gunicorn app:app -b 0.0.0.0:8000"
    given = {**_FILES, "compose.prod.yml": "services:\n  web:\n    build: .\n    command: --workers 3\n"}
    assert of(given, "web")["workers"].startswith("3")


def test_a_command_that_cannot_be_told_is_not_what_stands_before_it() -> None:
    for end in ('eval "$COMMAND"', "$COMMAND", "./elsewhere.sh"):
        files = {**_FILES, "start.sh": _START.replace('eval "$cmd"', end)}
        [service] = drawn(files).services
        command = service.fact("command")
        assert command is not None
        assert command.state is State.UNKNOWN
        assert "usermod" not in command.text


# --- bash decides --------------------------------------------------------------------------------

_TEXT = st.sampled_from(["p1 a", "exec p1 b", "p1 'c d'", "p1 $V", "p1 \\$V", "p1 $B", "p1 \\$W", "p1 a; p2", "p1 $*"])
_CHANGE = st.sampled_from(
    [
        "C=\"sh -c '$C'\"",
        'C="$C e"',
        'C="true; $C"',
        'C="p2 f; $C"',
        'C="$C; p2 $V"',
        "V=2",
        'W="$V"',
        'C="$C $B"',
        'D="$C"; C="$D"',
    ]
)
_CONDITION = st.sampled_from(['[ "$A" = x ]', '[ -n "$A" ]', '[ -z "$B" ]', "p3"])
_STATEMENT = st.one_of(
    _CHANGE,
    st.tuples(_CONDITION, _CHANGE).map(lambda t: f"if {t[0]}; then {t[1]}; fi"),
    st.tuples(_CONDITION, _CHANGE, _CHANGE).map(lambda t: f"if {t[0]}; then {t[1]}; else {t[2]}; fi"),
    st.tuples(_CONDITION.filter(lambda one: one != "p3"), _CHANGE).map(lambda t: f"{t[0]} && {t[1]}"),
)


@pytest.mark.real
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_TEXT, st.lists(_STATEMENT, max_size=4), st.sampled_from(["x", ""]), st.sampled_from(["y", ""]), st.booleans())
@example("exec p1 $B", ["if p3; then C=\"sh -c '$C'\"; fi"], "", "y", True)
@example("p1 $V", ["V=2", 'C="$C; p2 $V"'], "", "", True)
def test_what_bash_evaluates_is_among_the_steps(
    tmp_path: Path, text: str, statements: list[str], a: str, b: str, quoted: bool
) -> None:
    """Whatever the variables and the programs say that nobody knows before."""
    # Quotes within quotes leave words to `sh` that it does not run.
    assume(sum("sh -c" in one for one in statements) < 2)
    programs, log = tmp_path / "bin", tmp_path / "log"
    if not programs.exists():
        programs.mkdir()
        for name in ("p1", "p2", "p3"):
            path = programs / name
            path.write_text(f'#!/bin/sh\necho {name} "$@" >> "{log}"\n[ {name} != p3 ] || [ -n "$A" ]\n')
            path.chmod(path.stat().st_mode | stat.S_IEXEC)
    log.write_text("")
    end = 'eval "$C"' if quoted else "eval $C"
    script = "\n".join(["export V=1 W=w", f'C="{text}"', *statements, end])
    (tmp_path / "start.sh").write_text(f"#!/bin/bash\n{script}\n")
    environment = {"PATH": f"{programs}:{os.environ['PATH']}", "A": a, "B": b, "LC_ALL": "C.UTF-8"}
    subprocess.run(
        ["bash", "start.sh", "g"], env=environment, cwd=tmp_path, check=False, capture_output=True, timeout=20
    )
    lines = [line.split() for line in log.read_text().splitlines()]
    execution = run(script, "g")
    if execution.unread:
        return
    found = [[word.literal for word in step.argv] for step in execution.steps]
    for words in lines:
        assert any(_may_be(one, words) for one in found), (script, words, found)
    last = [[word.literal for word in step.argv] for step in execution.processes]
    assert not lines or any(_may_be(one, lines[-1]) for one in last), (script, lines, last)


def _may_be(told: list[str | None], words: list[str]) -> bool:
    """Whether a step that is told may be the one with these words, of which blanks are not told apart."""
    if None in told:
        known = [word for word in told if word is not None]
        return known[:1] == words[:1] and all(part in words for word in known for part in word.split())
    return " ".join(word or "" for word in told).split() == words
