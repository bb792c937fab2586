"""justfiles: their recipes and variables, and what just itself would hand to a shell."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prodlint.deployment.command import shell_form
from prodlint.deployment.execution.just_recipes import just_tasks
from prodlint.deployment.execution.place import Place
from prodlint.deployment.execution.steps import execute
from prodlint.deployment.filemap import CHECKOUT
from prodlint.deployment.repository import Repository
from prodlint.source import Source
from prodlint.syntax.just import parse_just
from prodlint.syntax.shell import split_words


def lines(justfile: str, command: str = "") -> list[str] | None:
    """What `just COMMAND` runs, line by line."""
    repository = Repository(["justfile"], lambda path: justfile.encode())
    words = split_words(Source("start", command).content)
    tasks = just_tasks(tuple(words), lambda name: name if name == "justfile" else None, repository)
    return None if tasks is None else [task.text.value for task in tasks]


@pytest.mark.parametrize(
    ("justfile", "command", "expected"),
    [
        ("deploy:\n  @echo x\n  -ssh host up\n", "deploy", ["echo x", "ssh host up"]),
        ("a: b\n  one\nb:\n  two\n", "a", ["two", "one"]),
        ("a: && b\n  one\nb:\n  two\n", "a", ["one", "two"]),
        ("default: b\nb:\n  two\n", "", ["two"]),
        ("x:\n  one\ny:\n  two\n", "", ["one"]),
        ("x:\n  one\ny:\n  two\n", "x y", ["one", "two"]),
        ("tag := 'v1'\nd:\n  docker push shop:{{tag}}\n", "d", ["docker push shop:v1"]),
        ("tag := 'v1'\nd:\n  docker push shop:{{ tag }}\n", "tag=v2 d", ["docker push shop:v2"]),
        ("host := 'a' + \".b\"\nd:\n  ssh {{host / 'c'}}\n", "d", ["ssh a.b/c"]),
        ("d env='prod':\n  ./up {{env}}\n", "d", ["./up prod"]),
        ("d env='prod':\n  ./up {{env}}\n", "d stage", ["./up stage"]),
        ("d *args:\n  ./up {{args}}\n", "d -f x", ["./up -f x"]),
        ("d +args:\n  ./up {{args}}\n", "d a b", ["./up a b"]),
        ("d a: (e a 'y')\ne p q:\n  {{p}} {{q}}\n", "d x", ["x y"]),
        ("t := env('TAG', 'latest')\nd:\n  push {{t}}\n", "d", ["push ${TAG-latest}"]),
        ("t := `git rev-parse HEAD`\nd:\n  push {{t}}\n", "d", ["push ${just}"]),
        ("d:\n  echo {{{{x}}\n", "d", ["echo {{x}}"]),
        ("alias p := push\npush:\n  one\n", "p", ["one"]),
        ("d:\n  one \\\n    two\n", "d", ["one \\\n    two"]),
        ("d:\n  # nothing\n  one\n\n\n  two\n\ne:\n  three\n", "d", ["one", "two"]),
        ("[private]\n[group('x')]\nd:\n  one\n", "d", ["one"]),
        ("d:\n  #!/usr/bin/env bash\n  set -e\n  if x; then\n    y\n  fi\n", "d", None),
        ("set dotenv-load\nexport A := 'x'\nd:\n  one\n", "d", ["one"]),
        ("a: b c\nb: c\n  b\nc:\n  c\n", "a", ["c", "b"]),
        ("a: b\nb: a\n  b\n", "a", ["b"]),
    ],
)
def test_a_recipe_is_its_lines_behind_what_it_needs(justfile: str, command: str, expected: list[str] | None) -> None:
    found = lines(justfile, command)
    if expected is None:
        assert found is not None
        assert found[0].startswith("#!/usr/bin/env bash\nset -e\nif x; then\n  y\nfi\n")
    else:
        assert found == expected


@pytest.mark.parametrize("command", ["missing", "$TARGET", "-f other d"])
def test_a_recipe_that_is_not_here_is_not_known(command: str) -> None:
    assert lines("d:\n  one\n", command) is None


def test_a_script_for_another_program_is_one_step_of_that_program() -> None:
    assert lines("d:\n  #!/usr/bin/env python3\n  import this\n", "d") == ["python3 d"]


def test_a_line_keeps_its_place_and_the_way_to_it() -> None:
    held = {
        "justfile": b"app := 'shop:app'\n\nserve: migrate\n    gunicorn {{app}}\n\nmigrate:\n    alembic upgrade head\n"
    }
    start = Source("start", "just serve")
    found = execute(shell_form(start.content), Place(CHECKOUT, "/"), Repository(held, held.__getitem__))
    assert [(step.written, str(step.span)) for step in found.steps] == [
        ("alembic upgrade head", "justfile:7"),
        ("gunicorn shop:app", "justfile:4"),
    ]
    assert [step.written for step in found.processes] == ["gunicorn shop:app"]
    assert [link.note for link in found.processes[0].chain] == ["starts", "runs justfile"]


def test_a_file_that_takes_in_others_is_not_complete() -> None:
    assert not parse_just(Source("justfile", "import 'other.just'\nd:\n  one\n")).complete
    assert parse_just(Source("justfile", "d:\n  one\n")).complete


@given(text=st.text("ab:=(){}'\"`@*+$&\\\n\t #[]!", max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_text_is_read(text: str) -> None:
    justfile = parse_just(Source("justfile", text))
    for recipe in justfile.recipes.values():
        assert all(line.span.start >= recipe.span.start for line in recipe.lines)


_WORD = st.sampled_from(["a", "b", "c"])
_OPERAND = st.sampled_from(["'x'", '"y\\tz"', "v", "w", "('p' + 'q')", "env('HOME_OF_NOBODY', 'd')"])
_EXPRESSION = st.lists(_OPERAND, min_size=1, max_size=3).map(" + ".join)
_LINE = st.one_of(
    st.sampled_from(["one", "@two", "-three", "@-four", "five \\\n      six", "# seven"]),
    _EXPRESSION.map(lambda one: f"run {{{{{one}}}}} end"),
)


@st.composite
def _justfiles(draw: st.DrawFn) -> str:
    parts = ["v := 'a b'", f"w := {draw(_EXPRESSION.filter(lambda one: 'w' not in one))}"]
    for name in ("c", "b", "a"):
        later = {"a": ["b", "c"], "b": ["c"], "c": []}[name]
        needs = draw(st.lists(st.sampled_from(later), max_size=2, unique=True)) if later else []
        then = draw(st.lists(st.sampled_from(later), max_size=1)) if later else []
        header = f"{name} p='d':" + "".join(f" {need}" for need in needs) + (" &&" if then else "")
        body = draw(st.lists(st.one_of(_LINE, st.just("with {{p}}")), min_size=1, max_size=3))
        parts.append(header + "".join(f" {one}" for one in then) + "".join(f"\n    {line}" for line in body))
    return "\n\n".join(parts) + "\n"


JUST = shutil.which("just", path=str(Path(sys.executable).parent)) or shutil.which("just")


@pytest.mark.real
@pytest.mark.skipif(JUST is None, reason="just is not installed (the development extras bring it)")
@given(justfile=_justfiles(), recipe=st.sampled_from("abc"), argument=st.sampled_from(["", " given"]))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_recipe_runs_what_just_runs(
    tmp_path_factory: pytest.TempPathFactory, justfile: str, recipe: str, argument: str
) -> None:
    folder = tmp_path_factory.mktemp("just")
    (folder / "justfile").write_text(justfile)
    real = subprocess.run(
        [str(JUST), "--dry-run", recipe, *argument.split()], cwd=folder, capture_output=True, text=True, check=False
    )
    assert real.returncode == 0, real.stderr
    ours = "\n".join(lines(justfile, recipe + argument) or [])
    ours = re.sub(r"\$\{HOME_OF_NOBODY-(\w*)\}", r"\1", ours)
    assert _plain(ours) == _plain(real.stderr)


def _plain(text: str) -> list[str]:
    """The lines that start something: just prints a comment as it stands, and joins what goes on."""
    joined = re.sub(r"\\\n\s*", "", text).split("\n")
    return [line for line in joined if line and not line.startswith("#")]
