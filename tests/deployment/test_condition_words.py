"""The conditions of start scripts in words, against what a real shell does with them."""

from __future__ import annotations

import itertools
import subprocess

import pytest

from prodlint.deployment.environment import Environment
from prodlint.inspection import inspect
from prodlint.map.draw import draw
from prodlint.map.text import render
from prodlint.report.terminal import Terminal
from prodlint.tree import MemoryTree

DOCKERFILE = 'FROM python:3.13-slim\nCOPY . /app\nWORKDIR /app\nCMD ["./start.sh"]\n'
VALUES = (None, "", "x", "y", "z")

SCRIPTS = [
    ('if [ "$A" = x ]; then one; fi', ["$A is x"]),
    ('if [ "$A" != x ]; then one; else two; fi', ["$A is not x", "$A is x"]),
    ('if [ -n "$A" ]; then one; else two; fi', ["$A is set", "$A is not set"]),
    ('if [ "$A" ]; then one; fi', ["$A is set"]),
    ('if [ -z "$A" ]; then one; fi', ["$A is not set"]),
    ('if ! [ "$A" = x ]; then one; fi', ["$A is not x"]),
    ('if [ ! "$A" = x ]; then one; fi', ["$A is not x"]),
    ('if [ "${A:-x}" = x ]; then one; else two; fi', ["$A is x or not set", "$A is set to something else than x"]),
    ('A=${A:-x}; if [ "$A" != x ]; then one; fi', ["$A is set to something else than x"]),
    ('if [ "${A:-x}" = y ]; then one; fi', ["$A is y"]),
    ('if [ "$A" = x ] && [ "$B" = y ]; then one; else two; fi', ["$A is x and $B is y", ""]),
    ('if [ "$A" = x ] || [ "$B" = y ]; then one; else two; fi', ["", "$A is not x and $B is not y"]),
    ('if [ "$A" = x ]; then one; elif [ "$A" = y ]; then two; fi', ["$A is x", "$A is y"]),
    ('if [ "$A" = x ]; then one; elif [ "$B" = y ]; then two; fi', ["$A is x", "$A is not x and $B is y"]),
    ('if [ "$A" = x ]; then if [ "$B" != y ]; then one; fi; fi', ["$A is x and $B is not y"]),
    ('[ "$A" = x ] && one', ["$A is x"]),
    ('[ "$A" = x ] || one', ["$A is not x"]),
    (
        'case "$A" in x) one;; y|z) two;; *) three;; esac',
        ["$A is x", "$A is y or z", "$A is not x and $A is not y and $A is not z"],
    ),
    # What a program prints, another variable, a pattern and a file are not told.
    ('B=$A; if [ "$B" = x ]; then one; fi', [""]),
    ('if [ "$(id -u)" = 0 ]; then one; fi', [""]),
    ('case "$A" in x*) one;; *) two;; esac', ["", ""]),
    ("if [ -f /nowhere ]; then one; fi", [""]),
    ('if grep -q x /dev/null; then one; fi', [""]),
    ('for i in $B; do if [ "$A" = x ]; then one; fi; done', [""]),
    ('for i in 1 2; do if [ "$A" = x ]; then one; fi; done', ["$A is x"]),
    ('if [ "$A" = x ]; then if [ -f "$B" ]; then one; fi; fi', [""]),
]  # fmt: skip


def told(script: str) -> list[str]:
    """What the map says of the steps `one`, `two` and `three`."""
    inspection = inspect(MemoryTree({"Dockerfile": DOCKERFILE, "start.sh": f"#!/bin/sh\n{script}\n"}), ())
    [service] = inspection.deployment.services
    return [one.when for one in service.execution.steps if one.program in ("one", "two", "three")]


def holds(words: str, variables: dict[str, str]) -> bool:
    return all(_holds(part, variables) for part in words.split(" and "))


def _holds(part: str, variables: dict[str, str]) -> bool:
    name, _, rest = part.removeprefix("$").partition(" is ")
    held = variables.get(name, "")
    if rest in ("set", "not set"):
        return bool(held) == (rest == "set")
    other = rest.removeprefix("set to something else than ")
    if other != rest:
        return held not in ("", other)
    if rest.startswith("not "):
        return held != rest.removeprefix("not ")
    return held in ["" if one == "not set" else one for one in rest.split(" or ")]


@pytest.mark.parametrize(("script", "words"), SCRIPTS)
def test_a_condition_is_told_in_words(script: str, words: list[str]) -> None:
    assert told(script) == words


@pytest.mark.real
@pytest.mark.parametrize(("script", "words"), [one for one in SCRIPTS if any(one[1])])
def test_a_step_runs_just_where_its_words_hold(script: str, words: list[str]) -> None:
    for a, b in itertools.product(VALUES, VALUES):
        variables = {name: value for name, value in (("A", a), ("B", b)) if value is not None}
        functions = "one() { echo 0; }; two() { echo 1; }; three() { echo 2; };"
        run = subprocess.run(
            ["/bin/sh", "-c", f"{functions} {script}\n:"], env=variables, capture_output=True, text=True, check=True
        )
        for number, said in enumerate(words):
            if said:
                assert (str(number) in run.stdout.split()) is holds(said, variables), (variables, said)


def test_what_certainly_runs_has_no_condition() -> None:
    assert told("one; if true; then two; else three; fi") == ["", ""]


def test_a_step_of_a_release_says_which_variables_it_asks_for() -> None:
    script = (
        '#!/bin/sh\nif [ "$DATABASE" = postgres ]; then\n  nc -z db 5432\nfi\n[ -f x ] && ./y\nexec gunicorn app:app\n'
    )
    files = {
        "Dockerfile": DOCKERFILE,
        "start.sh": script,
        "compose.prod.yml": "services:\n  web:\n    build: .\n    env_file: .env.prod\n",
        ".env.prod.example": "DATABASE=postgres\n",
    }
    found = draw(inspect(MemoryTree(files), ()).deployment, Environment.PRODUCTION)
    lines = [line.strip() for line in render(found, Terminal(False)).splitlines()]
    assert "1. prepare    [web] [if $DATABASE is postgres] nc -z db 5432  (start.sh:3)" in lines
    assert "2. prepare    perhaps ./y  (start.sh:5)" in lines


def test_a_variable_that_the_script_takes_from_another_is_not_told_under_its_own_name() -> None:
    script = '#!/bin/sh\nKIND=$DATABASE\nif [ "$KIND" = postgres ]; then\n  one\nfi\n'
    files = {
        "Dockerfile": DOCKERFILE,
        "start.sh": script,
        "compose.prod.yml": "services:\n  web:\n    build: .\n    env_file: .env.prod\n",
        ".env.prod.example": "DATABASE=postgres\n",
    }
    [service] = inspect(MemoryTree(files), ()).deployment.services
    assert [one.when for one in service.execution.steps] == [""]
