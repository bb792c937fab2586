"""Functions and sourced files that a condition makes return before their end, beside what bash does."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from test_execution import processes, run

GUARDED = """\
as_user() {
  if whoami; then
    return 0
  fi
  if [ -w /etc/passwd ]; then
    cp /etc/group /tmp/group
    return 0
  fi
  echo "no user"
  exit 1
}
as_user
exec gunicorn app:app
"""
WAITING = """\
wait_for_database() {
  for turn in 1 2 3; do
    if pg_isready; then
      return
    fi
    sleep 1
  done
  exit 1
}
wait_for_database
gunicorn app:app
"""


@pytest.mark.parametrize(
    "script", [GUARDED, WAITING, "f() { pg_isready && return; exit 1; }\nf\nexec gunicorn app:app\n"]
)
def test_a_function_that_may_return_before_its_exit_does_not_end_the_script(script: str) -> None:
    assert "gunicorn app:app" in processes(script)


def test_a_sourced_file_that_may_return_before_its_exit_does_not_end_the_script() -> None:
    files = {"env.sh": '[ -n "$HOST" ] && return\nexit 1\n'}
    assert processes(". ./env.sh; exec gunicorn app:app", files) == ["gunicorn app:app"]


@pytest.mark.parametrize(
    ("body", "port"),
    [
        ("if [ -f a ]; then PORT=1; return; fi; PORT=2; exit 1", "1"),
        ("if [ -f a ]; then PORT=1; return; fi; PORT=2", None),
        ("if [ -f a ]; then PORT=1; return; else PORT=2; return; fi", None),
        ("[ -f a ] && return; PORT=2", None),
        ("for i in a b; do if [ -f $i ]; then PORT=1; return; fi; done; PORT=2", None),
        ("for i in a b; do PORT=1; return; done; PORT=2", "1"),
        ("for i in $A; do PORT=1; return; done; PORT=2", None),
    ],
)
def test_a_variable_holds_what_every_way_out_of_a_function_leaves(body: str, port: str | None) -> None:
    [step] = run(f"f() {{ {body}; }}\nPORT=0\nf\nexec gunicorn -p $PORT app:app").processes
    assert step.argv[2].literal == port


@pytest.mark.parametrize("call", ["f() { %s; }\nf\n", ". ./part.sh\n"])
def test_what_is_exported_and_where_a_way_out_goes_is_not_certain_behind_it(call: str) -> None:
    body = '[ -n "$A" ] && return; export PORT=2; cd sub; set -e'
    script = call % body if "%" in call else call
    [step] = run(f"export PORT=1\n{script}exec gunicorn app:app", {"part.sh": body}).processes
    assert (step.environment, step.directory, step.guarded) == ({"PORT": None}, None, False)


def test_what_a_sourced_file_sets_before_it_exits_is_not_what_its_returns_leave() -> None:
    body = 'PORT=1; [ -n "$A" ] && return; PORT=2; exit 1'
    [step] = run(". ./part.sh; exec gunicorn -p $PORT app:app", {"part.sh": body}).processes
    assert step.argv[2].literal == "1"


def test_a_return_in_a_pipeline_ends_its_own_shell() -> None:
    body = '{ serve; [ -n "$A" ] && return; } | tee log; exit 1'
    assert processes(f"f() {{ {body}; }}\nf\nexec gunicorn app:app") == ["serve"]


@pytest.mark.parametrize(
    ("script", "ports"),
    [
        ("P=1; for i in a b; do serve -p $P; P=2; done", [None]),
        ("P=1; for i in a b; do serve -p $P; done; serve -p $P", ["1", "1"]),
        ("P=1; for i in a b; do P=2; serve -p $P; done; serve -p $P", ["2", "2"]),
        ("P=1; for i in $A; do P=2; serve -p $P; done; serve -p $P", ["2", None]),
        ("P=1; for i in a b; do [ -f $i ] && continue; P=2; done; serve -p $P", [None]),
        ("P=1; until [ -f x ]; do P=2; serve -p $P; done; serve -p $P", ["2", None]),
        ("P=1; while true; do P=2; [ -f x ] && break; P=3; done; serve -p $P", [None]),
        ("P=1; while true; do if [ -f x ]; then P=3; fi; serve -p $P; done", [None]),
        ("P=1; for i in a b; do P=2 serve -p $P; done", ["1"]),
    ],
)
def test_what_a_turn_of_a_loop_sets_is_there_in_the_next_one(script: str, ports: list[str | None]) -> None:
    assert [step.argv[2].literal for step in run(script).steps] == ports


def test_what_a_turn_of_a_loop_exports_is_there_in_the_next_one() -> None:
    steps = run("export P=1 Q=1; while true; do serve; export P=2; done").steps
    assert [step.environment["P"] for step in steps] == [None]
    assert [str(step.environment["Q"]) for step in steps] == ["1"]


CONDITIONS = ['[ -n "$A" ]', '[ -z "$B" ]', "p1", "! p1", '[ "$V" = 1 ]']


def _body(depth: int) -> st.SearchStrategy[str]:
    simple = st.sampled_from(["V=1", "V=2", "return", "exit 0", "p2 $V", "W=$V", ":"])
    if depth == 0:
        return simple
    inner = st.lists(_body(depth - 1), min_size=1, max_size=3).map("\n".join)
    condition = st.sampled_from(CONDITIONS)
    # Of `program && …` it is taken that the program succeeds.
    test = condition.filter(lambda one: one.startswith("["))
    return st.one_of(
        simple,
        st.tuples(condition, inner).map(lambda t: f"if {t[0]}; then\n{t[1]}\nfi"),
        st.tuples(condition, inner, inner).map(lambda t: f"if {t[0]}; then\n{t[1]}\nelse\n{t[2]}\nfi"),
        st.tuples(test, simple).map(" && ".join),
        st.tuples(test, simple).map(" || ".join),
        inner.map(lambda body: f"for i in a b; do\n{body}\ndone"),
        inner.map(lambda body: f"for i in $NOTHING; do\n{body}\ndone"),
        inner.map(lambda body: f"while true; do\n{body}\nbreak\ndone"),
        st.tuples(test, inner).map(lambda t: f"for i in a b; do\n{t[0]} && continue\n{t[1]}\ndone"),
        inner.map(lambda body: f'case "$A" in\nx)\n{body}\n;;\nesac'),
    )


@pytest.mark.real
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(_body(2), min_size=1, max_size=4).map("\n".join),
    st.sampled_from(["x", ""]),
    st.sampled_from(["y", ""]),
    st.booleans(),
)
@example('if [ -n "$A" ]; then\nV=1\nreturn\nfi\nexit 0', "x", "", True)
def test_what_bash_starts_behind_a_call_is_among_the_steps(
    tmp_path: Path, body: str, a: str, b: str, is_sourced: bool
) -> None:
    """Whatever the variables and the programs say that nobody knows before."""
    programs, log = tmp_path / "bin", tmp_path / "log"
    if not programs.exists():
        programs.mkdir()
        for name in ("p1", "p2", "p3"):
            path = programs / name
            path.write_text(f'#!/bin/sh\necho {name} "$@" >> "{log}"\n[ {name} != p1 ] || [ -n "$A" ]\n')
            path.chmod(path.stat().st_mode | stat.S_IEXEC)
    log.write_text("")
    (tmp_path / "part.sh").write_text(body)
    call = ". ./part.sh" if is_sourced else f"f() {{\n{body}\n}}\nf"
    script = f"V=0\nW=0\n{call}\np3 $V $W\n"
    environment = {"PATH": f"{programs}:{os.environ['PATH']}", "A": a, "B": b, "LC_ALL": "C.UTF-8"}
    subprocess.run(["bash", "-c", script], env=environment, cwd=tmp_path, check=False, capture_output=True, timeout=20)
    started = [line.split() for line in log.read_text().splitlines()]
    found = [[word.literal for word in step.argv] for step in run(script, {"part.sh": body}).steps]
    for words in started:
        assert any(
            len(one) == len(words) and all(known in (None, word) for known, word in zip(one, words, strict=True))
            for one in found
        ), (words, found)
