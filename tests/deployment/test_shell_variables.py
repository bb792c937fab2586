"""The merged environment of a service reaches the walk through its shells, and what they set reaches their programs."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from prodlint.deployment.command import Execution, Step, shell_form
from prodlint.deployment.condition import word_value
from prodlint.deployment.execution.place import Place
from prodlint.deployment.execution.steps import execute
from prodlint.deployment.filemap import CHECKOUT
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import NO, EnvDriven, Known, Value
from prodlint.deployment.variables.table import Definition, Variables
from prodlint.source import Source


def closed(environment: Mapping[str, str]) -> Variables:
    """An environment that holds these variables and no others."""
    source = Source("environment", "x")
    return Variables(is_open=NO).over(
        Definition(name, Known(value, source.span), source.span, "test") for name, value in environment.items()
    )


def run(script: str, files: Mapping[str, str] | None = None, **environment: str) -> tuple[Execution, Place]:
    held = {path: text.encode() for path, text in (files or {}).items()}
    variables = closed(environment)
    place = Place(CHECKOUT, "/", variables.values, variables)
    return execute(shell_form(Source("Procfile", script).content), place, Repository(held, held.__getitem__)), place


def shown(value: Value[str] | None) -> str | None:
    if isinstance(value, Known):
        return value.value
    if isinstance(value, EnvDriven):
        return f"${value.name}" if value.default is None else f"${value.name} else {value.default}"
    return None if value is None else "?"


def arguments(script: str, files: Mapping[str, str] | None = None, **environment: str) -> list[str | None]:
    """The arguments of the one program that a script starts at its end."""
    execution, place = run(script, files, **environment)
    (step,) = execution.processes
    return [shown(word_value(word, place.variable)) for word in step.argv[1:]]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ('show "$A"', "a"),
        ('show "${B:-d}"', "d"),
        ('show "$B"', ""),
        ('show "${B:+x}"', ""),
        ('[ -n "$B" ] && B=x; show "$B"', ""),
        ('if [ -z "$B" ]; then C=1; else C=2; fi; show "$C"', "1"),
        (': "${B:=d}"; show "$B"', "d"),
        (': "${B:=${C:=d}}"; show "$C"', "d"),
        (': "${A:=${B:=q}}"; show "${B:-d}"', "d"),
        ('read A; : "${A:=${B:=q}}"; show "${B:-d}"', "?"),
        ('read A; B=b; : "${A:=${B:=q}}"; show "$B"', "b"),
        ('B=$A; B="$B$B"; show "$B"', "aa"),
        ('A=z show "$A"', "a"),
        ("A=z sh -c 'show \"$A\"'", "z"),
        ("env A=z sh -c 'show \"$A\"'", "z"),
        ("export A=z; sh -c 'show \"$A\"'", "z"),
        ("B=z; export B; sh -c 'show \"$B\"'", "z"),
        ('for B in 1 2; do true; done; show "$B"', "?"),
        ('read B; show "$B"', "?"),
        ('unset A; show "$A"', "?"),
        ('printf -v B x; show "$B"', "?"),
        ('B=$(date); show "$B"', "?"),
        ('. ./elsewhere.sh; show "${B:-d}"', "$B else d"),
        ('eval "$A"; show "${B:-d}"', "d"),
        ('read A; eval "$A"; show "${B:-d}"', "$B else d"),
        ('eval "B=$A"; show "$B"', "a"),
        ('C=B; eval "$C=x"; show "$B"', "x"),
        ('eval "show \\"\\$A\\""', "a"),
        ('read C; eval "B=$C"; show "${D:-d}"', "$D else d"),
        ('read C; eval "true $C"; show "$B"', "?"),
        ('eval "set -- z y"; show "$1"', "z"),
        ("eval 'set -- z y'; show $2", "y"),
        ('eval "set -- $(getopt x)"; show "${1:-d}"', "?"),
        ('export $(cat x.env | xargs); show "${B:-d}"', "$B else d"),
        ('((B = 1)); show "${B:-d}"', "$B else d"),
        ('. /venv/bin/activate; show "${B:-d}"', "d"),
    ],
)
def test_what_a_script_does_decides_what_it_expands(script: str, expected: str) -> None:
    assert arguments(script, A="a") == [expected]


def test_a_file_of_variables_that_is_sourced_counts_and_set_a_exports_it() -> None:
    files = {"app.env": "B=file\nC='x y'\n"}
    assert arguments('. ./app.env; show "$B" "$C"', files, A="a") == ["file", "x y"]
    for script, expected in (("set -a; . ./app.env; show", "file"), (". ./app.env; show", None)):
        execution, place = run(script, files)
        assert place.variables is not None
        assert shown(place.variables.seen_by(execution.processes[0]).get("B")) == expected, script


def test_after_a_file_that_cannot_be_read_nothing_is_certainly_unset() -> None:
    for script, expected in ((". ./secrets; show", "$B"), ("show", None)):
        execution, place = run(script)
        assert place.variables is not None
        seen = place.variables.seen_by(execution.processes[0])
        assert shown(seen.get("B")) == expected
        assert [link.note for link in seen.openings] == ([] if expected is None else ["takes variables from ./secrets"])


# --- bash decides --------------------------------------------------------------------------------

_NAMES = st.sampled_from("ABCD")
_WORD = st.one_of(
    st.sampled_from(["x", "y", "''", '"$A"', '"$B$C"', '"${C:-d}"', '"${D-$A}"', '"${A:+z}"', '"${B:=q}"', "$D"]),
)
_STATEMENT = st.one_of(
    st.tuples(_NAMES, _WORD).map("=".join),
    st.tuples(_NAMES, _WORD).map(lambda t: f"export {t[0]}={t[1]}"),
    _NAMES.map(lambda n: f"export {n}"),
    _NAMES.map(lambda n: f"unset {n}"),
    st.just("set -a"),
    st.just("set +a"),
    st.tuples(_NAMES, _WORD).map(lambda t: f'[ -n "${t[0]}" ] && {t[0]}={t[1]}'),
    st.tuples(_NAMES, _WORD, _WORD).map(lambda t: f'if [ "${t[0]}" = x ]; then C={t[1]}; else C={t[2]}; fi'),
    st.tuples(_NAMES, _WORD).map(lambda t: f"f() {{ {t[0]}={t[1]}; }}; f"),
    st.tuples(_NAMES, _WORD).map(lambda t: f"( {t[0]}={t[1]} )"),
    st.tuples(_NAMES, _WORD).map(lambda t: f"for {t[0]} in 1 {t[1]}; do true; done"),
    st.tuples(_NAMES, _WORD).map(lambda t: f': "${{{t[0]}:={t[1].strip(chr(34))}}}"'),
    _NAMES.map(lambda n: f"read {n} <<< 'r s'"),
)
_PREFIX = st.one_of(st.just(""), st.tuples(_NAMES, _WORD).map(lambda t: f"{t[0]}={t[1]} "))
_SHOW = '#!/bin/sh\nfor n in A B C D; do eval "echo $n=\\${$n-unset}"; done\nfor a; do echo "$a"; done\n'


@pytest.mark.real
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    statements=st.lists(_STATEMENT, max_size=5),
    prefix=_PREFIX,
    environment=st.dictionaries(_NAMES, st.sampled_from(["x", "y", ""]), max_size=3),
)
@example(statements=["read A <<< 'r s'", ': "${A:=${B:=q}}"'], prefix="", environment={})
def test_bash_gives_its_program_what_the_walk_calls_known(
    tmp_path: Path, statements: list[str], prefix: str, environment: dict[str, str]
) -> None:
    (tmp_path / "show").write_text(_SHOW, encoding="utf-8")
    (tmp_path / "show").chmod(0o755)
    script = "\n".join([*statements, f'{prefix}show "$A" "${{B:-d}}" "$C-$D"'])
    execution, place = run(script, **environment)
    command = ["bash", "-c", script]
    path = f"{tmp_path}:/usr/bin:/bin"
    done = subprocess.run(command, env={**environment, "PATH": path}, capture_output=True, text=True, check=True)
    *_, step = [one for one in execution.steps if one.program == "show"]
    assert _differences(step, place, done.stdout.split("\n")) == [], script


def _differences(step: Step, place: Place, printed: list[str]) -> list[tuple[str, object, str]]:
    """What the walk calls known or certainly unset, and bash does not."""
    assert place.variables is not None
    seen = place.variables.seen_by(step)
    claims = [(f"{name}=", seen.get(name)) for name in "ABCD"]
    claims += [("", word_value(word, place.variable)) for word in step.argv[1:]]
    found = []
    for (label, claim), line in zip(claims, printed, strict=False):
        text = "unset" if claim is None else claim.value if isinstance(claim, Known) else None
        if text is not None and line != f"{label}{text}":
            found.append((label, claim, line))
    return found


FILLS_IN = [
    'if [ -z "$N" ]; then export N=lit; fi',
    'if [ -n "$N" ]; then true; else export N=lit; fi',
    'if [ "$N" = "" ]; then export N=lit; elif [ "$M" = x ]; then exit 1; fi',
    '[ -n "${N:-}" ] || export N=lit',
    '[ -z "$N" ] && export N=lit',
    'case "$N" in "") export N=lit ;; esac',
]
DOES_NOT = [
    'if [ -z "$M" ]; then export N=lit; fi',
    'if [ -z "$N" ] && [ -z "$M" ]; then export N=lit; fi',
    'if [ -z "$N" ]; then export N=lit; else export N=other; fi',
    'if [ "$M" = x ]; then true; elif [ -z "$N" ]; then export N=lit; fi',
    'if [ -n "$N" ]; then export N=lit; fi',
    'if [ -z "$N" ]; then export N=$(date); fi',
    'for M in a b; do [ -z "$N" ] && break; export N=lit; done',
]


def found_by_show(script: str) -> list[str | None]:
    """What the argument and the environment of the program hold that stands behind a script."""
    place = Place(CHECKOUT, "/")
    command = shell_form(Source("Procfile", f'{script}; show "$N"').content)
    execution = execute(command, place, Repository({}, lambda _: b""))
    (step,) = [one for one in execution.steps if one.program == "show"]
    word = step.environment.get("N")
    return [None if one is None else shown(word_value(one, place.variable)) for one in (step.argv[1], word)]


@pytest.mark.parametrize("script", FILLS_IN)
def test_a_variable_that_a_script_fills_in_where_it_is_empty_has_a_default(script: str) -> None:
    assert found_by_show(script) == ["$N else lit", "$N else lit"]


@pytest.mark.parametrize("script", DOES_NOT)
def test_a_variable_that_a_script_sets_for_another_reason_is_not_known(script: str) -> None:
    assert "$N else lit" not in found_by_show(script)


@pytest.mark.real
@pytest.mark.parametrize("script", FILLS_IN)
@pytest.mark.parametrize("outside", [{}, {"N": ""}, {"N": "mine"}, {"M": "y", "N": "mine"}])
def test_bash_fills_a_variable_in_as_its_default_says(script: str, outside: dict[str, str]) -> None:
    done = subprocess.run(["bash", "-c", f"{script}; env"], env=outside, capture_output=True, text=True, check=True)
    assert f"N={outside.get('N') or 'lit'}\n" in done.stdout
