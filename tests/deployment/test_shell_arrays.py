"""Arrays and positional parameters of a shell: what a script adds to them reaches the program that it starts."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prodlint.deployment.command import Execution, shell_form
from prodlint.deployment.execution.place import Place
from prodlint.deployment.execution.steps import execute
from prodlint.deployment.filemap import CHECKOUT
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import NO, Known
from prodlint.deployment.variables.table import Definition, Variables
from prodlint.source import Source
from prodlint.syntax.word import Literal, Substitution


def run(script: str, **environment: str) -> Execution:
    """A script in an environment that holds these variables and no others."""
    source = Source("run", script)
    variables = Variables(is_open=NO).over(
        Definition(name, Known(value, source.span), source.span, "test") for name, value in environment.items()
    )
    place = Place(CHECKOUT, "/", variables.values, variables)
    return execute(shell_form(source.content), place, Repository({}, {}.__getitem__))


def arguments(script: str, **environment: str) -> list[str | None]:
    """The arguments of the program that a script starts at its end; None for one that is not known."""
    *_, step = [one for one in run(script, **environment).steps if one.program == "show"]
    return [word.literal for word in step.argv[1:]]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ('a=(--minify x); show "${a[@]}"', ["--minify", "x"]),
        ('a=(); show "${a[@]}" end', ["end"]),
        ('a=(1); a+=("2 3" 4); show "${a[@]}"', ["1", "2 3", "4"]),
        ('a=("2 3"); show "${a[*]}" ${a[@]} $a', ["2 3", "2", "3", "2", "3"]),
        ('a=(1 2); a=(0 "${a[@]}" 3); show "${a[@]}"', ["0", "1", "2", "3"]),
        ('local a=(1 2); show "${a[@]}"', ["1", "2"]),
        ('a=("$A" "${B:-b}" $C); show "${a[@]}"', ["prod", "b"]),
        ('a=(1); [ "$A" = prod ] && a+=(2); show "${a[@]}"', ["1", "2"]),
        ('if [ "$A" = dev ]; then a=(--watch); else a=(--minify); fi; show "${a[@]}"', ["--minify"]),
        ('a=(show 1); "${a[@]}"', ["1"]),
        ('a=(show 1); exec "${a[@]}" 2', ["1", "2"]),
        ('a=(1 2); a=3; show "${a[@]}"', ["3", "2"]),
        ('a=(1); f() { time "${@:-help}"; }; f show "${a[@]+"${a[@]}"}"', ["1"]),
        ('f() { "${@:-show}" x; }; f', ["x"]),
        ('f() { show "${@:-help}"; }; f', ["help"]),
        ('f() { show ${1+"$@"}; }; f 1 "2 3"', ["1", "2 3"]),
        ('set -- show 1; exec "$@"', ["1"]),
        ('set -e -- 1; set -- 0 "$@" 2; show "$@"', ["0", "1", "2"]),
        ('set -e; f() { show "$@"; }; f a', ["a"]),
        ('set -- 1 2; [ "${1#-}" != "$1" ] && set -- show "$@"; show "$@"', ["1", "2"]),
        ('set -- -b; if [ "${1#-}" != "$1" ]; then set -- 0 "$@"; fi; show "$@"', ["0", "-b"]),
        ('set -- 1; if curl db; then set -- 2; exit; fi; show "$@"', ["1"]),
        ('set -e -o pipefail 1 2; show "$@"', ["1", "2"]),
        ('set -- 1 2; set -euo pipefail; show "$@"', ["1", "2"]),
        ('set -- 1 2 3; shift 2; show "$@"', ["3"]),
        ('set -- 1; shift 2 || true; show "$@"', ["1"]),
    ],
)
def test_the_elements_are_the_arguments(script: str, expected: list[str | None]) -> None:
    assert arguments(script, A="prod") == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ('a=(1); if curl db; then a+=(2); fi; show "${a[@]}" end', ["1", None, "end"]),
        ('a=(1 2); if curl db; then a+=(3); else a+=(3 4); fi; show "${a[@]}"', ["1", "2", "3", None]),
        ('a=(1); if curl db; then a=(); fi; a+=(2); show "${a[@]}"', [None, "2"]),
        ('a=(1 $(date)); show "${a[@]}"', ["1", None]),
        ('a=([1]=x); show "${a[@]}"', [None]),
        ('a=(1 2); a[1]=x; show "${a[@]}"', [None]),
        ('a=(1 2); unset "a[0]"; show "${a[@]}"', [None]),
        ('if [ -n "$V" ]; then a+=(x); fi; a=y; show "${a[@]}"', [None]),
        ('a+=(x); a=y; show "${a[@]}"', [None]),
        ('declare -A a=([k]=v); show "${a[@]}"', [None]),
        ('read -a a; show "${a[@]}"', [None]),
        ('show "${given[@]}"', [None]),
        ('a=(1 2); show "x${a[@]}"', [None]),
        ('set -- 1 2; if curl db; then set -- 1 3; fi; show "$@" end', ["1", None, "end"]),
        ('set -- 1 2; if curl db; then shift; fi; show "$2" "$#"', [None, None]),
        ('set -- 1; if curl db; then set --; fi; shift; show "$@"', [None]),
        ('set -- 1 2 3; shift $(date); show "$@"', [None]),
        ('set -- 1 2; case $(date) in x) set -- 1 3;; esac; show "$1" "$2"', ["1", None]),
    ],
)
def test_what_is_not_certain_of_an_array_is_not_claimed(script: str, expected: list[str | None]) -> None:
    assert arguments(script) == expected


@pytest.mark.parametrize("script", ['a=(1); if curl db; then a+=(2); fi; show "${a[@]}"', 'read -a a; show "${a[@]}"'])
def test_elements_that_are_not_known_may_be_many_words_and_stand_at_their_expansion(script: str) -> None:
    *_, step = [one for one in run(script).steps if one.program == "show"]
    (part,) = step.argv[-1].parts
    assert isinstance(part, Substitution)
    assert not part.quoted
    assert step.argv[-1].span.text == '"${a[@]}"'


def test_words_that_double_with_every_line_end_somewhere() -> None:
    for line in ('set -- "$@" "$@" x', 'a+=("${a[@]}" x)'):
        found = run("\n".join([line] * 60 + ['show "$@" "${a[@]}"']))
        *_, step = [one for one in found.steps if one.program == "show"]
        assert len(step.argv) < 5_000
        assert any(not isinstance(part, Literal) for word in step.argv for part in word.parts)


# --- bash decides --------------------------------------------------------------------------------

_NAMES = st.sampled_from("ab")
_WORD = st.sampled_from(["x", "'y z'", "''", '"$V"', "$V", '"${a[@]}"', '"${b[@]}"', "${a[@]}", '"${b[*]}"', '"$@"'])
_WORDS = st.lists(_WORD, max_size=3).map(" ".join)
_STATEMENT = st.one_of(
    st.tuples(_NAMES, st.sampled_from(["=", "+="]), _WORDS).map(lambda t: f"{t[0]}{t[1]}({t[2]})"),
    st.tuples(_NAMES, _WORDS).map(lambda t: f"declare {t[0]}=({t[1]})"),
    st.tuples(_NAMES, st.sampled_from(["x", '"$V"'])).map("=".join),
    st.tuples(_NAMES, _WORDS, _WORDS).map(lambda t: f'if [ -n "$V" ]; then {t[0]}+=({t[1]}); else {t[0]}=({t[2]}); fi'),
    st.tuples(_NAMES, _WORDS).map(lambda t: f'[ "${t[0]}" = x ] && {t[0]}+=({t[1]})'),
    _NAMES.map(lambda name: f"unset {name}"),
    _WORDS.map(lambda words: f"set -- {words}"),
    st.just("shift || true"),
    st.just("shift 2 || true"),
    _WORDS.map(lambda words: f"set -e {words}; set +e"),
    _WORDS.map(lambda words: f'if [ "$(echo "$V")" ]; then set -- {words}; fi'),
    st.just('if [ "$(echo "$V")" ]; then shift || true; fi'),
)


@pytest.mark.real
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    statements=st.lists(_STATEMENT, max_size=6),
    variable=st.sampled_from(["", "v", "v w"]),
    last=st.sampled_from(
        ['"${a[@]}"', '"${b[@]}"', "${a[@]}", '"${a[*]}"', '"$@"', '"${@:-none}"', '${b[@]+"${b[@]}"}']
    ),
)
def test_bash_hands_over_the_words_that_the_walk_calls_known(
    tmp_path: Path, statements: list[str], variable: str, last: str
) -> None:
    (tmp_path / "show").write_text('#!/bin/sh\nfor a; do echo "<$a>"; done\n', encoding="utf-8")
    (tmp_path / "show").chmod(0o755)
    script = "\n".join([*statements, f"show {last}"])
    known = arguments(script, V=variable)
    done = subprocess.run(
        ["bash", "-c", script],
        env={"V": variable, "PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    printed = [line[1:-1] for line in done.stdout.splitlines()]
    if None in known:
        begun = known[: known.index(None)]
        assert printed[: len(begun)] == begun, script
    else:
        assert printed == known, script
