"""What a map says of commands that end: release phases, jobs, and what prepares for the rest of a pod."""

from __future__ import annotations

from textwrap import indent

import pytest
from maps import MIGRATED, drawn

from prodlint.map.document import Map, MappedService

MIGRATE, COLLECT = "python manage.py migrate", "python manage.py collectstatic --noinput"
CRON = "  schedule: 0 3 * * *\n  jobTemplate:\n    spec:\n"


def job(script: str, kind: str = "Job", **more: str) -> Map:
    """The map of a project whose job runs a script by `sh -c`."""
    pods = "template:\n  spec:\n    containers:\n    - name: night\n      image: shop\n      command:\n      - sh\n"
    pods += "      - -c\n      - |\n" + indent(script.strip("\n") + "\n", " " * 8)
    pods = indent(pods, "  ") if kind == "Job" else CRON + indent(pods, "      ")
    text = f"apiVersion: batch/v1\nkind: {kind}\nmetadata: {{name: night}}\nspec:\n{pods}"
    named = {"compose.yml": "services:\n  web: {build: ., image: shop}\n"}
    return drawn({**MIGRATED, **named, "k8s/job.yaml": text, **more})


def night(whole: Map) -> MappedService:
    [service] = [one for one in whole.services if one.name == "night"]
    return service


def command(script: str, kind: str = "Job", **more: str) -> str:
    """What the map tells of the job's command."""
    fact = night(job(script, kind, **more)).fact("command")
    assert fact is not None
    return fact.text


def test_what_a_job_does_is_told_in_its_order() -> None:
    assert command(f"set -e\necho begin\n{MIGRATE}\n{COLLECT}\necho done") == f"{MIGRATE}; {COLLECT}"
    assert command(MIGRATE) == MIGRATE


@pytest.mark.parametrize("kind", ["Job", "CronJob"])
def test_of_many_steps_those_are_told_that_matter(kind: str) -> None:
    script = f"""
mkdir -p /data
{MIGRATE}
chown -R 1:1 /data
{COLLECT}
find /data -type d | xargs -r chmod 755
"""
    assert command(script, kind) == f"{MIGRATE}; {COLLECT}; … and 3 more"


def test_of_housekeeping_alone_the_first_steps_are_told() -> None:
    assert command("mkdir /a\nmkdir /b\nmkdir /c\nmkdir /d") == "mkdir /a; mkdir /b; … and 2 more"
    assert command("mkdir /a\nmkdir /b\nmkdir /c") == "mkdir /a; mkdir /b; mkdir /c"


def test_a_long_step_leaves_room_for_the_others() -> None:
    long = f"python load.py {'x' * 300}"
    told = command(f"{long}\n{MIGRATE}")
    assert told == f"{long[:99]}…; {MIGRATE}"


def test_the_programs_of_a_pipeline_are_one_step() -> None:
    pipe = "find /data -type f | xargs chmod 644"
    assert command(pipe) == pipe
    service = night(job(f"{pipe}\n{pipe}"))
    fact = service.fact("command")
    assert fact is not None
    assert fact.text == f"{pipe}; {pipe}"
    assert service.label == f"night: {f'{pipe}; {pipe}'[:69]}…"
    assert [one.text for one in fact.sources if one.text] == [pipe, pipe]


def test_the_parts_of_a_pipeline_are_told_as_they_are_joined() -> None:
    assert command(f"({MIGRATE}; mkdir /a) | sort | gzip") == f"{MIGRATE}; mkdir /a | sort | gzip"
    # What a script of the repository does is told, as it is elsewhere.
    assert command("./all.sh | tee log", **{"all.sh": f"#!/bin/sh\n{MIGRATE}\n{COLLECT}\n"}) == (
        f"{MIGRATE}; {COLLECT}; tee log"
    )
    assert command(f"f() {{ {MIGRATE}; }}\nf | tee log") == f"{MIGRATE}; tee log"


def test_what_only_asks_whether_something_is_there_is_left_out() -> None:
    for question in ("pg_isready -h db", "nc -z db 5432", "psql -h db -c '\\q'", "mysqladmin ping"):
        assert command(f"until {question}; do sleep 1; done\n{MIGRATE}") == MIGRATE
        assert command(question) == question.replace("'", "")
    assert command(f"psql -f schema.sql\n{MIGRATE}") == f"psql -f schema.sql; {MIGRATE}"


def test_a_step_that_a_condition_decides_is_told_as_perhaps() -> None:
    assert command(f"if test -f /first; then {MIGRATE}; fi\n{COLLECT}") == f"perhaps {MIGRATE}; {COLLECT}"
    # No step is certain: each of them may be all that is done.
    assert command(f"if test -f /first; then {MIGRATE}; else {COLLECT}; fi") == f"perhaps {MIGRATE}; perhaps {COLLECT}"


def test_the_facts_are_those_of_the_last_step_that_matters() -> None:
    whole = job(f"export DJANGO_SETTINGS_MODULE=app\n{MIGRATE}\nchown -R 1:1 /data\nfind /data | xargs chmod 644")
    fact = night(whole).fact("settings")
    assert fact is not None
    assert fact.text.startswith("app ")


def test_a_job_that_only_runs_a_file_of_which_nothing_is_known_is_told_as_it_is_written() -> None:
    assert command(". /scripts/load.sh shop") == "sh -c . /scripts/load.sh shop"


def test_a_job_of_which_the_end_is_not_followed_says_why() -> None:
    fact = night(job("mkdir /a\n./lost.sh")).fact("command")
    assert fact is not None
    assert fact.text == "runs ./lost.sh, which is not in this repository"


def test_what_stays_is_told_alone_whatever_prepares_for_it() -> None:
    text = f"services:\n  web:\n    build: .\n    command: sh -c '{MIGRATE} && {COLLECT} && gunicorn app'\n"
    [service] = [one for one in drawn({**MIGRATED, "compose.prod.yml": text}).services if one.platform == "Compose"]
    assert service.label == "web: gunicorn app"
    # Nor does a job end that serves.
    assert command(f"{MIGRATE}\nexec gunicorn app") == "gunicorn app"


def test_a_release_phase_is_told_in_its_order() -> None:
    files = {**MIGRATED, "Procfile": f"web: gunicorn app\nrelease: {MIGRATE} && {COLLECT} | tee log\n"}
    whole = drawn({path: files[path] for path in files if not path.startswith("compose")})
    [service] = [one for one in whole.services if one.name == "release"]
    assert service.label == f"release: {f'{MIGRATE}; {COLLECT} |'[:69]}…"
    [release] = [one for one in whole.releases if one.name == "Procfile"]
    assert [(step.kind, step.text) for step in release.steps if step.owner == "release"] == [
        ("migrate", MIGRATE),
        ("release phase", f"{COLLECT} | tee log"),
    ]
