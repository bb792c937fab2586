"""Makefiles: rules, recipes and variables, with GNU make itself as the oracle of what is run."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prodlint.source import Source
from prodlint.syntax.make import Makefile, parse_make


def read(text: str) -> Makefile:
    return parse_make(Source("Makefile", text))


def lines(text: str, target: str, **given: str) -> list[str]:
    """The lines of a recipe as its shell gets them."""
    makefile = read(text)
    rule = makefile.rule(target)
    assert rule is not None
    return [makefile.expanded(line, rule, given).value for line in rule.recipe]


def test_a_comment_of_a_target_holds_no_recipe() -> None:
    text = "test: build ## all; what isn't done is skipped\n\tpytest\nbuild: ; echo '# none'; docker build .\n"
    assert (lines(text, "test"), lines(text, "build")) == (["pytest"], ["echo '# none'; docker build ."])
    assert [rule.needs for rule in read(text).rules] == [("build",), ()]


def test_a_recipe_is_its_lines_without_what_is_for_make() -> None:
    text = (
        "run: build # comment\n\t@echo hello\n\t-rm -f x\n\t+@  gunicorn app:app\n\n# done\nbuild: ; docker build .\n"
    )
    assert lines(text, "run") == ["echo hello", "rm -f x", "gunicorn app:app"]
    assert lines(text, "build") == ["docker build ."]
    makefile = read(text)
    assert makefile.first == "run"
    assert [rule.needs for rule in makefile.rules] == [("build",), ()]
    rule = makefile.rule("run")
    assert rule is not None
    assert str(rule.recipe[2].span) == "Makefile:4"


def test_variables_of_the_file_and_the_command_are_replaced() -> None:
    text = "APP = shop:app\nBIND := :$(PORT)\nFLAGS += --x\nFLAGS += --y\n"
    text += "run:\n\tgunicorn -b $(BIND) ${APP} $(FLAGS) $$HOME\n"
    assert lines(text, "run") == ["gunicorn -b :${PORT} shop:app --x --y $HOME"]
    assert lines(text, "run", APP="other:app")[0].split()[3] == "other:app"
    assert lines("N ?= 4\nrun:\n\tgunicorn -w $(N)\n", "run") == ["gunicorn -w ${N:-4}"]
    assert lines("run: a b\n\techo $@ $< $^\n", "run") == ["echo run a a b"]
    assert lines("run:\n\techo $(shell date) $(call x,y)\n", "run") == ["echo $(shell date) $(call x,y)"]


@pytest.mark.parametrize("default", ["quay.io/base:10", '"quay.io/base:10"', "'quay.io/base:10'"])
def test_the_first_of_a_variable_and_a_default_is_what_a_shell_writes_so(default: str) -> None:
    for assigned in (f"BASE := $(or $(BASE), {default})\n", f"BASE = $(or ${{GIVEN}},{default})\n"):
        name = "GIVEN" if "GIVEN" in assigned else "BASE"
        text = f"{assigned}run:\n\tdocker build --build-arg BASE=$(BASE) .\n"
        assert lines(text, "run") == [f"docker build --build-arg BASE=${{{name}:-quay.io/base:10}} ."]


def test_what_a_condition_decides_is_marked() -> None:
    text = "ifdef DEBUG\nW = 1\nrun:\n\tflask run\nelse\nrun:\n\tgunicorn app\nendif\nstop:\n\tkill 1\n"
    makefile = read(text)
    assert [(rule.target, rule.conditional) for rule in makefile.rules] == [
        ("run", True),
        ("run", True),
        ("stop", False),
    ]
    assert makefile.variables == {}


def test_lines_that_go_on_and_blocks_that_define_are_read_whole() -> None:
    text = "define BLOCK\nrun: no\nendef\nLONG = a \\\n  b\nrun:\n\tgunicorn \\\n\t  app:app\n"
    assert lines(text, "run") == ["gunicorn \\\n\t  app:app"]
    assert read("include other.mk\nx:\n").complete is False
    assert read(".ONESHELL:\nx:\n\tcd a\n\tb\n").one_shell


def test_what_a_function_of_make_comes_to_is_left_open() -> None:
    text = "GOALS = $(filter-out $@,$(MAKECMDGOALS)) $(MAKEFLAGS)\nHERE = $(shell pwd)\n"
    assert lines(f"{text}run:\n\tserve $(GOALS) $(HERE)\n", "run") == ["serve ${GOALS} $(shell pwd)"]


def test_a_variable_that_names_itself_ends() -> None:
    assert len(lines("A = $(A) $(A)\nrun:\n\techo $(A)\n", "run")[0]) < 30_000
    assert len(lines("A = $(B)$(B)\nB = $(C)$(C)\nC = $(A)$(A)\nrun:\n\t$(A)\n", "run")[0]) < 30_000


_VALUE = st.sampled_from(["a", "b c", "$(X)", "x$(Y)z", "$$HOME", "", "1"])
_NAMES = st.sampled_from(["X", "Y", "Z"])
_ASSIGNMENTS = st.lists(
    st.tuples(_NAMES, st.sampled_from(["=", "+="]), _VALUE), max_size=3, unique_by=lambda one: one[0]
)
_RECIPE = st.lists(
    st.sampled_from(["echo $(X)", "echo ${Y} $$1", "@echo $(Z)$@", "-echo a \\\n\t b", "echo $<"]), max_size=3
)


@pytest.mark.real
@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_ASSIGNMENTS, _RECIPE, _RECIPE)
def test_make_runs_the_same_lines(
    tmp_path: Path, assignments: list[tuple[str, str, str]], first: list[str], second: list[str]
) -> None:
    text = "".join(f"{name} {operator} {value}\n" for name, operator, value in assignments)
    text += (
        "run: need\n" + "".join(f"\t{line}\n" for line in first) + "need:\n" + "".join(f"\t{line}\n" for line in second)
    )
    (tmp_path / "Makefile").write_text(text)
    ran = subprocess.run(
        ["make", "-n", "run"], cwd=tmp_path, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"}
    )
    if ran.returncode:
        return
    expected = [line for line in ran.stdout.splitlines() if not line.startswith("make: ")]
    found = [part for target in ("need", "run") for line in lines(text, target) for part in line.split("\n")]
    # Make replaces a variable that nothing sets by nothing, which is what a shell does with it later.
    emptied = [part.replace("${X}", "").replace("${Y}", "").replace("${Z}", "") for part in found]
    assert [one.split() for one in emptied] == [one.split() for one in expected]
