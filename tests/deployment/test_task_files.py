"""Commands that another file holds under a name: make targets, Procfiles of honcho, scripts of pyproject.toml."""

import pytest

from prodlint.deployment.command import Execution, shell_form
from prodlint.deployment.execution.place import Place
from prodlint.deployment.execution.steps import execute
from prodlint.deployment.filemap import CHECKOUT
from prodlint.deployment.repository import Repository
from prodlint.source import Source


def run(command: str, files: dict[str, str]) -> Execution:
    held = {path: text.encode() for path, text in files.items()}
    source = Source("start", command)
    return execute(shell_form(source.content), Place(CHECKOUT, "/"), Repository(held, held.__getitem__))


def steps(command: str, files: dict[str, str]) -> list[str]:
    return [step.written for step in run(command, files).steps]


MAKEFILE = """
PORT ?= 8000
.PHONY: run
run: migrate
	@echo starting
	gunicorn -b :$(PORT) app:app
migrate:
	python manage.py migrate
deploy:
	cd infra && ./up.sh
"""


def test_a_target_is_its_recipe_behind_those_that_it_needs() -> None:
    found = run("make run", {"Makefile": MAKEFILE})
    assert [step.program for step in found.steps] == ["python", "gunicorn"]
    assert [step.program for step in found.processes] == ["gunicorn"]
    assert found.steps[0].guarded
    assert str(found.steps[1].span) == "Makefile:6"
    assert [link.note for link in found.steps[1].chain] == ["starts", "runs Makefile"]


@pytest.mark.parametrize(
    ("command", "files", "expected"),
    [
        ("make", {"Makefile": MAKEFILE}, ["python manage.py migrate"]),
        ("make migrate", {"GNUmakefile": "migrate:\n\ta\n", "Makefile": "migrate:\n\tb\n"}, ["a"]),
        ("make -C api migrate", {"api/Makefile": MAKEFILE}, ["python manage.py migrate"]),
        ("make -f ops.mk migrate", {"ops.mk": MAKEFILE}, ["python manage.py migrate"]),
        ("make -s -j4 migrate", {"Makefile": MAKEFILE}, ["python manage.py migrate"]),
        ("make serve APP=shop:app", {"Makefile": "serve:\n\tgunicorn $(APP)\n"}, ["gunicorn shop:app"]),
        ("make missing", {"Makefile": MAKEFILE}, ["make missing"]),
        ("make run", {}, ["make run"]),
        ("make a", {"Makefile": "a: b\nb: a\n\tone\n"}, ["one"]),
        (
            "make a",
            {"Makefile": "DAY = mon\na:\n\t$(eval DAY = $(shell date +%F)) one\n\ttwo $(DAY)\n"},
            ["one", "two ${DAY}"],
        ),
        ("make a", {"Makefile": "a:\n\tmake a\n\ttwo\n"}, None),
        ("make all", {"Makefile": "all:\n\t$(MAKE) -C x\n", "x/Makefile": "all:\n\tone\n"}, ["one"]),
    ],
)
def test_make_finds_its_file_and_target(command: str, files: dict[str, str], expected: list[str] | None) -> None:
    found = steps(command, files)
    if expected is None:
        assert len(found) < 100
    else:
        assert [step for step in found if not step.startswith("gunicorn -b")] == expected


PROCFILE = "web: gunicorn app:app\nworker: celery -A app worker\n# no\nclock: python clock.py\n"


@pytest.mark.parametrize(
    ("command", "processes", "found"),
    [
        ("honcho start web", ["gunicorn app:app"], ["gunicorn app:app"]),
        ("honcho start", [], ["gunicorn app:app", "celery -A app worker", "python clock.py"]),
        ("foreman start -f Procfile web", ["gunicorn app:app"], ["gunicorn app:app"]),
        ("honcho start web worker", [], ["gunicorn app:app", "celery -A app worker"]),
        ("hivemind", [], ["gunicorn app:app", "celery -A app worker", "python clock.py"]),
        ("honcho -f Procfile start worker", ["celery -A app worker"], ["celery -A app worker"]),
        ("honcho check", ["honcho check"], ["honcho check"]),
        ("honcho -f Other start", ["honcho -f Other start"], ["honcho -f Other start"]),
    ],
)
def test_a_manager_starts_the_processes_of_its_procfile(command: str, processes: list[str], found: list[str]) -> None:
    result = run(command, {"Procfile": PROCFILE})
    assert [step.written for step in result.steps] == found
    assert [step.written for step in result.processes] == processes


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("pdm run serve", {"pyproject.toml": "[tool.pdm.scripts]\nserve = 'gunicorn app:app'\n"}),
        ("pdm run serve", {"pyproject.toml": "[tool.pdm.scripts.serve]\nshell = 'true && gunicorn app:app'\n"}),
        ("pdm run serve", {"pyproject.toml": "[tool.pdm.scripts]\nserve = {cmd = 'gunicorn app:app'}\n"}),
        ("hatch run serve", {"pyproject.toml": "[tool.hatch.envs.default.scripts]\nserve = 'gunicorn app:app'\n"}),
        ("hatch run prod:serve", {"hatch.toml": "[envs.prod.scripts]\nserve = 'gunicorn app:app'\n"}),
        ("pipenv run web", {"Pipfile": "[scripts]\nweb = 'gunicorn app:app'\n"}),
        ("rye run web", {"pyproject.toml": "[tool.rye.scripts]\nweb = 'gunicorn app:app'\n"}),
        ("poetry run poe web", {"pyproject.toml": "[tool.poe.tasks]\nweb = 'gunicorn app:app'\n"}),
        ("task web", {"pyproject.toml": "[tool.taskipy.tasks]\nweb = 'gunicorn app:app'\n"}),
        ("pdm run gunicorn app:app", {"pyproject.toml": "[tool.pdm.scripts]\ngunicorn2 = 'x'\n"}),
    ],
)
def test_a_script_of_the_project_stands_for_its_command(command: str, files: dict[str, str]) -> None:
    assert [step.written for step in run(command, files).processes] == ["gunicorn app:app"]


def test_tasks_that_start_each_other_end() -> None:
    scripts = "".join(f"t{n}:\n" + f"\tmake t{n + 1}\n" * 40 for n in range(12))
    assert len(run("make t0", {"Makefile": scripts}).steps) <= 2_000
    loop = {"pyproject.toml": "[tool.pdm.scripts]\na = 'pdm run a'\n"}
    assert len(run("pdm run a", loop).steps) <= 1


@pytest.mark.parametrize(
    "guard",
    [
        "check:\nifndef PROJECT\n\t$(error PROJECT is undefined)\nendif\n",
        "check:\n\t@$(if $(PROJECT),,$(error set $(PROJECT) (the name of it), please))\n",
        "check:\n\t$(info $(PROJECT))$(warning it is deployed)\n",
    ],
)
def test_what_make_itself_says_is_no_program(guard: str) -> None:
    found = run("make deploy", {"Makefile": f"deploy: check\n\tkubectl apply -f k8s/\n{guard}"})
    assert [step.written for step in found.steps] == ["kubectl apply -f k8s/"]
    assert found.unread == ()


def test_a_function_of_make_that_is_computed_stays_unread() -> None:
    found = run("make deploy", {"Makefile": "deploy:\n\t$(if $(X),one,two) --now\n\t$(errors) go\n"})
    assert found.unread
