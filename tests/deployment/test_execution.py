"""What a start command comes down to: the steps, in order, and the one that stays."""

import os
import shlex
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prodlint.deployment.command import Execution, exec_form, shell_form
from prodlint.deployment.execution.place import Place
from prodlint.deployment.execution.steps import execute
from prodlint.deployment.filemap import CHECKOUT
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import Known
from prodlint.inspection import inspect
from prodlint.source import Source, Text
from prodlint.syntax.word import Expansion, Word
from prodlint.tree import MemoryTree


def run(script: str, files: dict[str, str] | None = None, **environment: str) -> Execution:
    """Execute a shell command of a Procfile that stands in a repository with some files."""
    held = {path: text.encode() for path, text in (files or {}).items()}
    repository = Repository(held, held.__getitem__)
    source = Source("Procfile", script)
    values = {name: Known(value, source.span) for name, value in environment.items()}
    return execute(shell_form(source.content), Place(CHECKOUT, "/", values), repository)


def processes(script: str, files: dict[str, str] | None = None, **environment: str) -> list[str]:
    return [step.written for step in run(script, files, **environment).processes]


@pytest.mark.parametrize(
    ("script", "process"),
    [
        ("gunicorn app:app", "gunicorn app:app"),
        ("exec gunicorn app:app", "gunicorn app:app"),
        ("A=b C=d gunicorn app:app", "gunicorn app:app"),
        ("env -u X A=b gunicorn app:app", "gunicorn app:app"),
        ("sh -c 'gunicorn app:app'", "gunicorn app:app"),
        ("bash -lc 'exec gunicorn app:app'", "gunicorn app:app"),
        ("tini -g -- gunicorn app:app", "gunicorn app:app"),
        ("/usr/bin/dumb-init -c gunicorn app:app", "gunicorn app:app"),
        ("gosu app:app gunicorn app:app", "gunicorn app:app"),
        ("su app -c 'gunicorn app:app'", "gunicorn app:app"),
        ("timeout -k 5 1h nice -n 5 gunicorn app:app", "gunicorn app:app"),
        ("poetry -C api run gunicorn app:app", "gunicorn app:app"),
        ("uv run --no-sync --group prod gunicorn app:app", "gunicorn app:app"),
        ("uv run -m gunicorn app:app", "python -m gunicorn app:app"),
        ("uv run serve.py --port 80", "python serve.py --port 80"),
        ("pipenv run python manage.py runserver", "python manage.py runserver"),
        ("hatch -e prod run gunicorn app:app", "gunicorn app:app"),
        ("opentelemetry-instrument --traces_exporter console gunicorn app:app", "gunicorn app:app"),
        ("newrelic-admin run-program gunicorn app:app", "gunicorn app:app"),
        ("ddtrace-run gunicorn app:app", "gunicorn app:app"),
        ("doppler run --project shop -- gunicorn app:app", "gunicorn app:app"),
        ("chamber exec shop -- gunicorn app:app", "gunicorn app:app"),
        ("./wait-for-it.sh db:5432 -t 60 -- gunicorn app:app", "gunicorn app:app"),
        ("dockerize -wait tcp://db:5432 -timeout 60s gunicorn app:app", "gunicorn app:app"),
        ("python -m debugpy --listen 0.0.0.0:5678 manage.py runserver", "python manage.py runserver"),
        ("python manage.py migrate && gunicorn app:app", "gunicorn app:app"),
        ("python manage.py migrate; gunicorn app:app", "gunicorn app:app"),
        ("gunicorn app:app || exit 1", "gunicorn app:app"),
        ("gunicorn app:app | tee /var/log/web", "gunicorn app:app"),
        ("nginx & gunicorn app:app", "gunicorn app:app"),
        ("python manage.py migrate; gunicorn app:app & wait", "gunicorn app:app"),
        ("gunicorn app:app & PID=$!; trap 'kill $PID' TERM; wait $PID; exit $?", "gunicorn app:app"),
        ("python warm.py & wait; gunicorn app:app", "gunicorn app:app"),
        ("gunicorn app:app & wait -n; kill 0", "gunicorn app:app"),
        ("gunicorn app:app; echo stopped", "gunicorn app:app"),
        ("( cd src && gunicorn app:app )", "gunicorn app:app"),
        ("S=gunicorn; $S app:app", "gunicorn app:app"),
        ("S='gunicorn app:app'; exec $S", "gunicorn app:app"),
        ("serve() { gunicorn app:app; }; serve", "gunicorn app:app"),
        ("while ! nc -z db 5432; do sleep 1; done; gunicorn app:app", "gunicorn app:app"),
        ("while true; do gunicorn app:app; done", "gunicorn app:app"),
        ("gunicorn app:app; while :; do if curl db; then break; fi; sleep 1; done", "gunicorn app:app"),
        ("set -- gunicorn; gunicorn app:app", "gunicorn app:app"),
        ("watchmedo auto-restart --recursive -- celery -A shop worker", "celery -A shop worker"),
    ],
)
def test_the_process_is_found_inside_of_what_starts_it(script: str, process: str) -> None:
    assert processes(script) == [process]


def test_wait_stays_for_all_that_was_started_before() -> None:
    found = run("migrate; gunicorn app:app & celery worker & wait -n")
    assert [(step.written, step.background) for step in found.processes] == [
        ("gunicorn app:app", True),
        ("celery worker", True),
    ]


def test_a_script_of_the_repository_is_followed() -> None:
    files = {"start.sh": "#!/bin/sh\nset -e\npython manage.py migrate\nexec gunicorn app:app\n"}
    found = run("./start.sh", files)
    assert [step.written for step in found.steps] == ["python manage.py migrate", "gunicorn app:app"]
    assert [str(step.span) for step in found.steps] == ["start.sh:3", "start.sh:4"]
    assert found.steps[0].guarded
    assert [link.note for link in found.steps[1].chain] == ["starts", "runs start.sh"]


def test_the_arguments_of_a_script_reach_its_last_line() -> None:
    files = {"entrypoint.sh": 'echo hello\nexec "$@"\n'}
    found = run("sh entrypoint.sh gunicorn app:app", files)
    assert [(step.written, str(step.span)) for step in found.processes] == [("gunicorn app:app", "Procfile:1")]


def test_a_script_that_is_not_there_is_told() -> None:
    found = run("./start.sh && gunicorn app:app")
    assert [link.note for link in found.unread] == ["runs ./start.sh, which is not in this repository"]


def test_a_script_that_an_image_may_not_hold_is_not_told_to_be_missing() -> None:
    def told(command: str) -> list[str]:
        compose = f"services:\n  web: {{image: other, command: {command}}}\n"
        files = {"compose.prod.yml": compose, "docker/start.sh": "exec gunicorn app:app\n"}
        (service,) = inspect(MemoryTree(files), []).deployment.services
        return [link.note for link in service.execution.unread]

    perhaps = "which is in this repository, but not certainly where it runs"
    assert told("docker/start.sh") == [f"runs docker/start.sh, {perhaps}"]
    assert told("./start.sh") == [f"runs ./start.sh, {perhaps}"]
    assert told("/srv/docker/start.sh") == ["runs /srv/docker/start.sh, which is not in this repository"]
    # Images of others bring a script of that name, too.
    assert told("/start.sh") == ["runs /start.sh, which is not in this repository"]


def test_scripts_that_call_each_other_end() -> None:
    assert processes("sh a.sh", {"a.sh": "sh b.sh\n", "b.sh": "sh a.sh\nsh b.sh\n"}) == []


@pytest.mark.parametrize(("mode", "process"), [("web", "gunicorn a"), ("worker", "celery b"), ("other", "other")])
def test_an_entrypoint_chooses_by_its_argument(mode: str, process: str) -> None:
    script = 'case "$1" in\n  web) exec gunicorn a ;;\n  worker) exec celery b ;;\n  *) exec "$@" ;;\nesac\n'
    assert processes(f"sh run.sh {mode}", {"run.sh": script}) == [process]


def test_an_arm_is_chosen_by_the_environment() -> None:
    script = 'if [ "$MODE" = "web" ]; then gunicorn a; else celery b; fi'
    assert processes(script, MODE="web") == ["gunicorn a"]
    assert processes(script, MODE="x") == ["celery b"]
    assert processes(script) == ["gunicorn a", "celery b"]


def test_a_default_holds_while_nothing_sets_the_variable() -> None:
    assert processes("gunicorn ${APP:-app:app}", APP="") == ["gunicorn app:app"]
    assert processes("gunicorn ${APP:-app:app}", APP="shop:app") == ["gunicorn shop:app"]


def test_the_directory_follows_cd() -> None:
    assert [step.directory for step in run("cd src && gunicorn a; cd ..; gunicorn b").steps] == ["/src", "/"]


def test_an_exec_form_expands_nothing() -> None:
    source = Source("Dockerfile", "gunicorn $PORT")
    words = (Word.of(Text.verbatim(source.span).slice(0, 8)), Word.of(Text.verbatim(source.span).slice(9)))
    found = execute(exec_form(words, source.span), Place(CHECKOUT), Repository((), lambda path: b""))
    assert [step.written for step in found.processes] == ["gunicorn $PORT"]
    assert [step.arguments for step in found.processes] == [("$PORT",)]


_PROGRAM = st.sampled_from(["p1", "p2", "p3"])
_CONDITION = st.sampled_from(
    ['[ "$A" = x ]', '[ -n "$A" ]', '[ "$B" != y ]', '[ -z "$C" ]', "true", "! false", '! [ "$A" = x ]']
)


def _script(depth: int) -> st.SearchStrategy[str]:
    simple = st.one_of(
        _PROGRAM,
        _PROGRAM.map(lambda p: f"exec {p}"),
        _PROGRAM.map(lambda p: f"sh -c '{p}; p1'"),
        _PROGRAM.map(lambda p: f"env X=1 nice -n 1 {p}"),
        st.just("A=y"),
        st.just("exit 0"),
        st.just('B="$A"'),
        st.just("echo $A"),
    )
    if depth == 0:
        return simple
    inner = st.lists(_script(depth - 1), min_size=1, max_size=3).map("\n".join)
    return st.one_of(
        simple,
        st.tuples(_CONDITION, inner, inner).map(lambda t: f"if {t[0]}; then\n{t[1]}\nelse\n{t[2]}\nfi"),
        st.tuples(_CONDITION, inner).map(lambda t: f"if {t[0]}; then\n{t[1]}\nfi"),
        st.tuples(inner, inner).map(lambda t: f'case "$A" in\nx)\n{t[0]}\n;;\n*)\n{t[1]}\n;;\nesac'),
        st.tuples(_PROGRAM, _PROGRAM).map(" && ".join),
        st.tuples(_PROGRAM, _PROGRAM).map(" || ".join),
        st.tuples(_CONDITION, _PROGRAM).map(" && ".join),
        st.tuples(_CONDITION, _PROGRAM).map(" || ".join),
        inner.map(lambda body: f"(\n{body}\n)"),
        inner.map(lambda body: f"{{\n{body}\n}}"),
        inner.map(lambda body: f"f() {{\n{body}\n}}\nf"),
        inner.map(lambda body: f"eval {shlex.quote(body)}"),
        inner.map(lambda body: f'E={shlex.quote(body)}\nE="true\n$E"\neval "$E"'),
    )


def test_a_chain_without_an_end_is_not_followed() -> None:
    found = run("true && " * 5000 + "gunicorn app:app")
    assert [link.note for link in found.unread] == ["is nested too deeply to follow"]
    assert not found.processes


@pytest.mark.real
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_script(2), min_size=1, max_size=4).map("\n".join), st.sampled_from(["x", "y", ""]))
def test_bash_starts_the_same_programs_in_the_same_order(tmp_path: Path, script: str, a: str) -> None:
    """Where every variable is known, the unconditional steps are exactly what bash starts."""
    programs = tmp_path / "bin"
    log = tmp_path / "log"
    if not programs.exists():
        programs.mkdir()
        for name in ("p1", "p2", "p3"):
            path = programs / name
            path.write_text(f'#!/bin/sh\necho {name} >> "{log}"\n')
            path.chmod(path.stat().st_mode | stat.S_IEXEC)
    log.write_text("")
    environment = {"PATH": f"{programs}:{os.environ['PATH']}", "A": a, "B": "", "C": "", "LC_ALL": "C.UTF-8"}
    subprocess.run(["bash", "-c", script], env=environment, check=False, capture_output=True, timeout=20)
    found = run(script, A=a, B="", C="")
    assert [step.program for step in found.steps if not step.conditional] == log.read_text().split()


@pytest.mark.parametrize(
    ("value", "process"),
    [
        ("flask run --host 0.0.0.0", "flask run --host 0.0.0.0"),
        ("flask run --ho'st 0.0.0.0", "flask run --ho'st 0.0.0.0"),
        ("gunicorn 'shop:create_app()'", "gunicorn 'shop:create_app()'"),
        ("gunicorn app:app \\", "gunicorn app:app \\"),
    ],
)
def test_a_variable_that_holds_a_command_is_split_at_blanks_and_its_quotes_are_plain_text(
    value: str, process: str
) -> None:
    # As a shell has it: `A="'b c'"; printf '<%s>' $A` prints <'b><c'>.
    [step] = run("exec $SERVER", SERVER=value).processes
    assert [word.literal for word in step.argv] == process.split(" ")


@pytest.mark.parametrize(
    "end",
    [
        'if [ "$KIND" = a ]; then ARGS=-x; else ARGS=-y; fi\nSERVER="gunicorn $ARGS"\nexec $SERVER',
        "exec $SERVER",
        'exec gosu app "$@"',
        'if [ "$(id -u)" = 0 ]; then exec su-exec app "$@"; else exec gosu app "$@"; fi',
        "exec ./missing.sh",
    ],
)
def test_what_stands_before_an_end_that_is_not_followed_does_not_stay(end: str) -> None:
    script = f"#!/bin/sh\npython manage.py collectstatic\ncelery -A shop worker &\n{end}\n"
    execution = run("./start.sh", {"start.sh": script})
    assert execution.processes == ()
    assert execution.lost
    assert execution.unread


@pytest.mark.parametrize("end", ["$NOTIFY", "./missing.sh", "exit $CODE"])
def test_a_server_stays_whatever_stands_behind_it(end: str) -> None:
    files = {"start.sh": f"#!/bin/sh\ngunicorn app:app\n{end}\n"}
    assert processes("./start.sh", files) == ["gunicorn app:app"]


@pytest.mark.parametrize(
    "step",
    [
        'if [ "$ID" -ne 0 ]; then usermod -u "$ID" app; fi',
        '[ -n "$ID" ] && usermod -u "$ID" app',
        '[ -z "$ID" ] || python prepare.py',
        'if [ -n "$A" ]; then\n  if [ -n "$ID" ]; then python prepare.py; fi\nfi',
        'case "$ID" in 1) python prepare.py ;; 2) python other.py ;; esac',
        '(if [ -n "$ID" ]; then exec python prepare.py; fi)',
        'f() { if [ -n "$ID" ]; then python prepare.py; fi; }\nf',
        'if [ -n "$A" ]; then python prepare.py; elif [ -n "$ID" ]; then python other.py; else echo none; fi',
    ],
)
@pytest.mark.parametrize("end", ["$COMMAND", "./missing.sh", 'eval "$COMMAND"', "true && $COMMAND"])
def test_what_a_condition_may_start_does_not_stay_before_an_end_that_is_not_followed(step: str, end: str) -> None:
    execution = run("./start.sh", {"start.sh": f"#!/bin/sh\n{step}\n{end}\n"})
    assert execution.processes == ()
    assert execution.lost


def test_a_server_that_every_arm_starts_stays_whatever_stands_behind_it() -> None:
    script = 'if [ -n "$A" ]; then gunicorn a; else gunicorn b; fi\n$NOTIFY\n'
    assert processes("./start.sh", {"start.sh": script}) == ["gunicorn a", "gunicorn b"]
    skipping = script.replace("else gunicorn b; ", "")
    assert processes("./start.sh", {"start.sh": skipping}) == []
    assert processes("./start.sh", {"start.sh": skipping.replace("$NOTIFY", "echo started")}) == ["gunicorn a"]


def test_a_script_that_waits_for_a_host_starts_nothing_of_its_own() -> None:
    waits = "#!/bin/bash\ntimeout $FLAG $TIMEOUT $0 --quiet --child &\nwait $!\n"
    script = "#!/bin/sh\n./wait-for-it.sh --strict db:5432\ngunicorn app:app\n"
    execution = run("./start.sh", {"start.sh": script, "wait-for-it.sh": waits})
    assert [step.written for step in execution.steps] == ["gunicorn app:app"]


def test_a_script_that_another_text_calls_is_given_what_stands_behind_its_name() -> None:
    files = {"migrate.sh": '#!/bin/bash\n./manage.py migrate\nexec "$@"\n'}
    found = run("bash -c './migrate.sh'", files)
    assert [step.written for step in found.processes] == ["./manage.py migrate"]
    assert not found.unread
    given = run("bash -c './migrate.sh gunicorn app:app'", files)
    assert [step.written for step in given.processes] == ["gunicorn app:app"]


def test_an_entrypoint_that_ends_with_what_it_is_given_waits_for_a_command() -> None:
    held = {"migrate.sh": b'#!/bin/bash\n./manage.py migrate\nexec "$@"\n'}
    source = Source("Dockerfile", "./migrate.sh")
    words = (Word.of(Text.verbatim(source.span)),)
    found = execute(exec_form(words, source.span), Place(CHECKOUT, "/"), Repository(held, held.__getitem__))
    [lost] = found.unread
    assert lost.note == "ends with the command that it is given, and no file names one"


def test_a_sourced_file_has_the_words_behind_it_as_its_own() -> None:
    files = {"deploy.sh": "STAGE=$1\n", "web.sh": "#!/bin/bash\n. ./deploy.sh live\ngunicorn app.$STAGE:$1\n"}
    found = run("./web.sh app", files)
    assert [tuple(word.literal for word in step.argv) for step in found.processes] == [("gunicorn", "app.live:app")]


DRY = """run() {
  if [[ "${DRY:-0}" == "1" ]]; then
    printf '+ %s\\n' "$*"
    return 0
  fi
  "$@"
}
"""


@pytest.mark.parametrize(
    ("script", "started"),
    [
        ('if [[ "${DRY:-0}" == "1" ]]; then run make; exit 0; fi; run gunicorn app:app', ["gunicorn app:app"]),
        ('if [ "$DRY" = 1 ]; then run make; else run gunicorn app:app; fi', ["gunicorn app:app"]),
        ('case "$DRY" in 1) run make ;; *) run gunicorn app:app ;; esac', ["gunicorn app:app"]),
        # What stands beside it, or what the arm itself sets, is not told by it.
        ('if [ "$WET" = 1 ]; then run make; fi; run gunicorn app:app', ["make", "gunicorn app:app"]),
        ('if [ "$DRY" = 1 ]; then DRY=0; run make; fi; run gunicorn app:app', ["make", "gunicorn app:app"]),
        ('if [ "$DRY" != 1 ]; then run make; fi; run gunicorn app:app', ["make", "gunicorn app:app"]),
        ('if [[ "$DRY" == 1* ]]; then run make; fi; run gunicorn app:app', ["make", "gunicorn app:app"]),
    ],
)
def test_a_condition_tells_what_is_in_a_variable_within_its_arm(script: str, started: list[str]) -> None:
    assert [step.written for step in run(DRY + script).steps] == started


def test_what_a_condition_tells_ends_with_its_arm() -> None:
    script = 'if [ "$A" = 1 ]; then echo; fi; if [ "$A" = 1 ]; then one; else two; fi'
    assert [(step.written, step.conditional) for step in run(script).steps] == [("one", True), ("two", True)]


@pytest.mark.parametrize("held", ["f() { one; return 0; two; }; f; three", ". ./f.sh; three"])
def test_a_return_ends_the_function_or_the_sourced_file_alone(held: str) -> None:
    assert [step.written for step in run(held, {"f.sh": "one\nreturn\ntwo\n"}).steps] == ["one", "three"]


def test_an_exit_within_a_function_ends_its_script() -> None:
    assert [step.written for step in run("f() { one; exit 0; }; f; two").steps] == ["one"]


_FROM_TWO_ARMS = """
up() { docker compose "$1"; PORT=$2; [ "$2" = 8000 ] || CHANGED=yes; cd "$3"; }
case "$HOST" in
a) up pull 8000 /srv ;;
b) up pull 8000 /srv ;;
*) PORT=1; up pull 9000 /srv ;;
esac
up push 8000 /opt
up push 8000 /opt
gunicorn --bind "0.0.0.0:$PORT" --chdir "$PWD" "$CHANGED"
"""


def test_a_function_that_is_called_again_from_an_equal_shell_does_the_same_again() -> None:
    steps = run(_FROM_TWO_ARMS, HOST="x").steps
    assert [step.written for step in steps[-3:]][:2] == ["docker compose push"] * 2
    steps = run(_FROM_TWO_ARMS).steps
    assert [step.written for step in steps[:5]] == ["docker compose pull"] * 3 + ["docker compose push"] * 2
    assert [step.when for step in steps[:2]] == ["$HOST is a", "$HOST is b"]
    assert [step.directory for step in steps] == ["/", "/", "/", "/srv", "/opt", "/opt"]
    assert steps[-1].written.startswith("gunicorn --bind 0.0.0.0:8000 --chdir /opt")


@pytest.mark.parametrize(
    ("script", "certain"),
    [
        ('while true; do migrate; if [ "$?" = 0 ]; then break; fi; sleep 5; again; done', ["migrate"]),
        ("while :; do migrate && break; again; done", ["migrate"]),
        ("until migrate; do again; done", ["migrate"]),
        ("while ! migrate; do again; done", ["migrate"]),
        ("until false; do first; second || continue; third; done", ["first", "second"]),
        ("for i in 1 2 3; do migrate && break; again; done", ["migrate"]),
        ("for i in {1..5}; do migrate && break; again; done", ["migrate"]),
        ("for i in $HOSTS; do migrate; done", []),
        ("for i in *.sql; do migrate; done", []),
        ("for i; do migrate; done", []),
        ("for ((i = 0; i < 3; i++)); do migrate; done", []),
        ("while false; do migrate; done", []),
        ("while read line; do migrate; done", []),
        ("for i in a; do [ -f $i ] || continue; migrate; done", []),
        ("for i in a; do break; migrate; done", []),
        ("f() { for i in a b; do migrate; return; done; again; }; f", ["migrate"]),
        ("f() { for i in $A; do migrate; return; done; again; }; f", ["again"]),
    ],
)
def test_a_loop_runs_for_sure_what_stands_before_its_first_way_out(script: str, certain: list[str]) -> None:
    found = run(f"{script}\nexec gunicorn app:app").steps
    assert [step.written for step in found if not step.conditional] == [*certain, "gunicorn app:app"]


@pytest.mark.parametrize(
    ("script", "exported"),
    [
        ('A="${A:-x}"; if [ "$A" != x ]; then export A; fi', "$A"),
        ('A="${A:-x}"; if [ "$A" = x ]; then export A; fi', None),
        ('A="${A:-x}"; if [ "$B" != x ]; then export A; fi', None),
        ('A="${A:-x}"; if [ "$A" != x ]; then export A=y; fi', None),
        ('A="${A:-x}"; if p; then export A; fi', None),
        ('A="${A:-x}"; if [ "$A" != x ]; then export A; else export A=z; fi', None),
        ('A="${A:-x}"; export A; if [ "$A" != x ]; then B=1; fi', "$A:-"),
    ],
)
def test_a_variable_that_is_exported_only_where_it_is_set_is_what_is_set(script: str, exported: str | None) -> None:
    [step] = run(f"{script}\nexec gunicorn app:app").processes
    held = step.environment["A"]
    parts = held.parts if held is not None else ()
    told = [f"${part.name}{part.operator}" for part in parts if isinstance(part, Expansion)]
    assert told == ([] if exported is None else [exported])
