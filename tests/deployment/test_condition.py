"""Tests of shell scripts: what is known is decided as sh decides it, what is not leaves both ways open."""

import shlex
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

VALUES = st.sampled_from(["", "x", "y", "x y", "0", "3", "-n", "prod"])
TEXTS = st.sampled_from(['"$A"', '"$B"', '"${A:-x}"', '"${B-y}"', '"${A:+x}"', "x", '""', '"a$B"'])


NUMBERS = st.sampled_from(['"$A"', '"$B"', '"${A:-2}"', "0", "03", "-1"])
COMPARISONS = st.sampled_from(["-eq", "-ne", "-lt", "-le", "-gt", "-ge"])
NUMERIC = st.tuples(NUMBERS, COMPARISONS, NUMBERS).map(" ".join)
JOINED = st.one_of(
    NUMERIC,
    st.tuples(TEXTS, st.sampled_from(["=", "!="]), TEXTS).map(" ".join),
    st.tuples(st.sampled_from(["-n", "-z", "! -n"]), TEXTS).map(" ".join),
)


def simple() -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(TEXTS, st.sampled_from(["=", "!="]), TEXTS).map(lambda parts: f"[ {' '.join(parts)} ]"),
        st.tuples(st.sampled_from(["-n", "-z"]), TEXTS).map(lambda parts: f"test {' '.join(parts)}"),
        TEXTS.map(lambda text: f"[ {text} ]"),
        st.tuples(st.sampled_from(["-n", "-z"]), TEXTS).map(lambda parts: f"[ ! {' '.join(parts)} ]"),
        NUMERIC.map(lambda one: f"[ {one} ]"),
        st.tuples(JOINED, st.sampled_from(["-a", "-o"]), JOINED).map(lambda parts: f"[ {' '.join(parts)} ]"),
        st.tuples(JOINED, st.sampled_from(["-a", "-o"]), JOINED, st.sampled_from(["-a", "-o"]), JOINED).map(
            lambda parts: f"test {' '.join(parts)}"
        ),
        st.sampled_from(["true", "false", ":"]),
    )


CONDITIONS = st.recursive(
    simple(),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(" ".join),
        inner.map(
            lambda one: f"! {one}" if not one.startswith(("!", "(")) and "&&" not in one and "||" not in one else one
        ),
        inner.map(lambda one: f"( {one} )"),
        inner.map(lambda one: f"{{ {one}; }}"),
    ),
    max_leaves=4,
)


def started(script: str) -> list[str]:
    """What the web process of a Procfile may run."""
    (service,) = inspect(MemoryTree({"Procfile": f"web: {script}\n"}), []).deployment.services
    return [step.written for step in service.execution.processes]


@pytest.mark.real
@given(CONDITIONS, VALUES, VALUES)
@settings(deadline=None, max_examples=150)
def test_a_known_condition_is_decided_as_sh_decides_it(condition: str, a: str, b: str) -> None:
    script = f"A={shlex.quote(a)}; B={shlex.quote(b)}; if {condition}; then gunicorn yes; else gunicorn no; fi"
    asked = subprocess.run(["sh", "-c", script.replace("gunicorn", "echo")], capture_output=True, text=True)
    if asked.returncode == 0 and not asked.stderr:
        assert started(script) == [f"gunicorn {asked.stdout.strip()}"]


@pytest.mark.parametrize(
    "condition",
    ['[ "$UNKNOWN" = x ]', '[ -n "$UNKNOWN" ]', "[ -f /etc/x ]", "grep -q x y", '[ "$(id -u)" = 0 ]', '[ "$N" -gt 3 ]'],
)
def test_a_condition_that_the_host_decides_leaves_both_ways_open(condition: str) -> None:
    assert started(f"if {condition}; then gunicorn yes; else gunicorn no; fi") == ["gunicorn yes", "gunicorn no"]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ('[ "$UNKNOWN" = x ] && false', ["gunicorn no"]),
        ('[ "$UNKNOWN" = x ] || true', ["gunicorn yes"]),
        ('[ "$UNKNOWN" = x ] && true', ["gunicorn yes", "gunicorn no"]),
        ('! [ "$UNKNOWN" = x ]', ["gunicorn yes", "gunicorn no"]),
        ('[ "$UNKNOWN" = x -a 1 -ne 1 ]', ["gunicorn no"]),
        ("[ 1 -ne 1 -a ! 2 -ne 2 ]", ["gunicorn no"]),
        ('[ "$UNKNOWN" -ne 0 -o 1 -eq 1 ]', ["gunicorn yes", "gunicorn no"]),
        ("[ x -ne 0 ]", ["gunicorn yes", "gunicorn no"]),
        ("test $# -gt 3", ["gunicorn no"]),
    ],
)
def test_what_is_unknown_counts_only_where_it_matters(condition: str, found: list[str]) -> None:
    assert started(f"if {condition}; then gunicorn yes; else gunicorn no; fi") == found
