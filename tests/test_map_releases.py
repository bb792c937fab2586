"""The roads to production as a map tells them: what a pipeline starts of a compose file is a part of its road."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from maps import MIGRATED

from prodlint.deployment.environment import Environment
from prodlint.inspection import inspect, understood
from prodlint.map.draw import draw
from prodlint.map.graph import render_mermaid
from prodlint.map.text import render
from prodlint.report.terminal import Terminal
from prodlint.tree import MemoryTree

COMPOSE = """\
services:
  web:
    build: .
    restart: always
  mail:
    build: .
    command: celery -A app worker
    restart: always
    depends_on: [web]
  slow:
    build: .
    command: celery -A app worker -Q slow
    restart: always
    depends_on: {mail: {condition: service_started}}
  assets:
    build: .
    command: node watch.js
    profiles: [assets]
"""
DOCKERFILE = 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nENTRYPOINT ["./boot.sh"]\nCMD ["gunicorn", "app:app"]\n'
FILES = {
    "Dockerfile": DOCKERFILE,
    "boot.sh": '#!/bin/sh\nif [ "$1" = gunicorn ]; then flask db upgrade; fi\nexec "$@"\n',
    "app.py": "",
}
SHIP = "on: push\njobs:\n  ship:\n    steps:\n"


def told(files: Mapping[str, str]) -> str:
    deployment = inspect(MemoryTree(files), ()).deployment
    return render(draw(deployment, Environment.PRODUCTION), Terminal(False))


def starts(files: Mapping[str, str]) -> list[str]:
    return [line.split(maxsplit=2)[2] for line in told(files).splitlines() if line[6:14] == "start   "]


def shipped(command: str, compose: str = COMPOSE, path: str = "compose.prod.yml") -> dict[str, str]:
    return {**FILES, path: compose, ".github/workflows/cd.yml": f"{SHIP}    - run: ssh host '{command}'\n"}


@pytest.mark.parametrize(
    ("command", "started", "left"),
    [
        # Nobody asks for the profile of assets.
        ("up -d", "web, mail, slow", ""),
        ("--profile assets up -d", "assets; web, mail, slow", ""),
        ("up -d --build --force-recreate web", "web", "mail, slow"),
        ("up -d mail", "web, mail", "slow"),
        ("up -d slow", "web, mail, slow", ""),
        ("up -d --no-deps slow", "slow", "web, mail"),
        ("up -d -t 30 web", "web", "mail, slow"),
        ("up -d --scale web=3", "web, mail, slow", ""),
        ("run -d --rm --name one mail", "web, mail", "slow, assets (if profile assets)"),
    ],
)
def test_a_pipeline_starts_the_services_that_it_names_and_what_they_need(command: str, started: str, left: str) -> None:
    files = shipped(f"docker compose -f compose.prod.yml {command}")
    assert starts(files) == [*started.split("; "), *([left] if left else [])]
    assert ("release compose.prod.yml (what no pipeline is known to start)" in told(files)) is bool(left)


def test_the_file_of_a_set_that_a_pipeline_starts_is_no_road_of_its_own() -> None:
    files = shipped("docker compose -f compose.prod.yml up -d")
    deployment = inspect(MemoryTree(files), ()).deployment
    drawn = draw(deployment, Environment.PRODUCTION)
    assert [one.name for one in drawn.releases] == [".github/workflows/cd.yml"]
    assert "1 release path: .github/workflows/cd.yml" in understood(deployment)
    lines = [line.strip() for line in told(files).splitlines()]
    first = lines.index("release .github/workflows/cd.yml (push; on the machine that serves)")
    assert lines[first + 1 : first + 4] == [
        "1. deploy     [ship] docker compose -f compose.prod.yml up -d  (.github/workflows/cd.yml:5)",
        "2. migrate    [web] flask db upgrade  (boot.sh:2)",
        "3. start      web, mail, slow",
    ]
    [migrating] = [one for one in drawn.releases[0].steps if one.kind == "migrate"]
    assert str(migrating.started_by) == ".github/workflows/cd.yml:5"


@pytest.mark.parametrize("command", ["up -d $SERVICE", "up -d ${FLAGS}", "pull", "restart web", "exec web flask seed"])
def test_a_command_of_which_it_is_not_known_what_it_starts_leaves_the_road_of_the_file(command: str) -> None:
    files = shipped(f"docker compose -f compose.prod.yml {command}")
    assert starts(files) == ["assets (if profile assets)", "web, mail, slow"]
    assert "release compose.prod.yml\n" in told(files)


def test_what_a_service_does_that_no_pipeline_starts_is_told_as_such() -> None:
    compose = (
        "services:\n  web:\n    build: .\n    entrypoint: gunicorn app:app\n"
        "  worker:\n    build: .\n    entrypoint: sh -c 'alembic upgrade head && exec python worker.py'\n"
    )
    migrations = {
        "alembic.ini": "[alembic]\nscript_location = versions\n",
        "versions/env.py": "from alembic import context\n",
        "versions/versions/0001_a.py": "from alembic import op\nrevision = '1'\ndown_revision = None\n\n\n"
        "def upgrade():\n    op.execute('select 1')\n",
    }
    files = {**shipped("docker compose -f compose.prod.yml up -d web", compose), **migrations}
    lines = [" ".join(line.split()) for line in told(files).splitlines()]
    by_hand = "when worker starts, which no pipeline is known to do"
    assert f"migrations 1 Alembic revision, applied by compose.prod.yml:7 {by_hand}" in lines
    first = lines.index("release compose.prod.yml (what no pipeline is known to start)")
    assert lines[first + 1 : first + 3] == [
        "1. migrate [worker] alembic upgrade head (compose.prod.yml:7)",
        "2. start worker",
    ]
    # The road that is travelled stands before it.
    assert first > lines.index("release .github/workflows/cd.yml (push; on the machine that serves)")
    deployment = inspect(MemoryTree(files), ()).deployment
    whole = draw(deployment, Environment.PRODUCTION)
    assert [one.part_of for one in whole.releases] == ["", ".github/workflows/cd.yml"]
    assert sum("brings" in line for line in render_mermaid(whole, Terminal(False)).splitlines()) == 2
    # So it is where the worker is only perhaps of production: it may be what applies them.
    renamed = {**shipped("docker compose up -d web", compose, "compose.yml"), **migrations}
    assert f"migrations 1 Alembic revision, applied by compose.yml:7 {by_hand}" in " ".join(told(renamed).split())
    # Where a road starts the worker it is the one that applies them.
    files = {**shipped("docker compose -f compose.prod.yml up -d", compose), **migrations}
    assert by_hand not in told(files)


def test_a_file_that_a_variable_chooses_is_one_of_those_that_are_called_so() -> None:
    files = shipped("docker compose -f compose.$TARGET.yml up -d slow web")
    assert starts(files) == ["web, mail, slow"]
    assert "release compose.prod.yml" not in told(files)
    # Of two that may be meant only what both start is certain.
    other = "services:\n  web:\n    build: .\n    restart: always\n"
    assert starts({**files, "compose.live.yml": other}) == ["web", "mail, slow, assets (if profile assets)"]
    # A name of which nothing is written may be any file.
    unknown = shipped('docker compose -f "$FILE" up -d web')
    assert starts(unknown) == ["assets (if profile assets)", "web, mail, slow"]


@pytest.mark.parametrize(
    ("command", "is_joined"),
    [
        ("cd /srv && docker compose -f ops/compose.prod.yml up -d", True),
        ("cd /srv && docker compose -f ./ops/compose.prod.yml up -d", True),
        # Either of the two may lie there.
        ("cd /srv && docker compose -f compose.prod.yml up -d", False),
        ("cd /srv && docker compose -f other/compose.prod.yml up -d", False),
    ],
)
def test_a_file_is_found_by_the_end_of_its_path_where_the_checkout_may_lie_anywhere(
    command: str, is_joined: bool
) -> None:
    files = shipped(command, COMPOSE.replace("build: .", "build: .."), "ops/compose.prod.yml")
    other = "services:\n  other:\n    build: .\n    restart: always\n"
    text = told({**files, "compose.prod.yml": other})
    assert ("release ops/compose.prod.yml" not in text) is is_joined
    assert ("release .github/workflows/cd.yml" in text) is True


def test_what_a_step_starts_stays_under_its_condition() -> None:
    workflow = (
        "on: push\njobs:\n  ship:\n    if: github.actor != 'bot'\n    runs-on: self-hosted\n    steps:\n"
        "    - run: if [ $FULL ]; then docker compose -f compose.prod.yml up -d web; fi\n"
        "    - run: docker compose -f compose.prod.yml restart\n"
    )
    files = {**FILES, "compose.prod.yml": COMPOSE, ".github/workflows/cd.yml": workflow}
    release, _ = draw(inspect(MemoryTree(files), ()).deployment, Environment.PRODUCTION).releases
    assert [(one.kind, one.condition, one.own_condition) for one in release.steps] == [
        ("deploy", "github.actor != 'bot'", "$FULL is set"),
        ("migrate", "github.actor != 'bot'", "$FULL is set"),
        ("start", "github.actor != 'bot'", "$FULL is set"),
        ("restart", "github.actor != 'bot'", ""),
    ]
    lines = [" ".join(line.split()) for line in told(files).splitlines()]
    assert "3. start [if $FULL is set] web" in lines
    # The condition of the job is told once.
    assert sum("github.actor" in line for line in lines) == 1


def test_roads_that_only_start_what_is_told_are_named_together() -> None:
    files = {f"{name}/Procfile": "web: gunicorn app:app\n" for name in "abcdef"}
    text = told({**files, **{f"{name}/app.py": "" for name in "abcdef"}})
    assert "release a/Procfile, b/Procfile, c/Procfile, d/Procfile and 2 more: only start what is told above\n" in text


def test_a_service_whose_command_is_not_known_is_started_all_the_same() -> None:
    files = shipped(
        "docker compose -f compose.prod.yml up -d", COMPOSE + "  api:\n    build: api\n    restart: always\n"
    )
    files["api/Dockerfile"] = "FROM shop/base:1\nCOPY . /app\n"
    assert starts(files) == ["web, mail, slow, api"]


def test_a_file_of_services_tells_as_started_also_those_whose_command_is_not_known() -> None:
    engine = "  engine:\n    build: engine\n    restart: always\n"
    files = {**MIGRATED, "engine/Dockerfile": "FROM hasura/graphql-engine:v2.45.6\n"}
    files["compose.prod.yml"] = MIGRATED["compose.prod.yml"] + engine
    assert " start      web, engine" in told(files)


def test_of_a_long_command_the_options_are_told_that_say_what_goes_live() -> None:
    long = " ".join(f"--label key{number}=value{number}" for number in range(12))
    command = f"gcloud run deploy web {long} --no-traffic --image europe-docker.pkg.dev/p/r/web:1 --quiet"
    text = " ".join(told({".github/workflows/ship.yml": f"{SHIP}      - run: {command}\n"}).split())
    assert "--label key6=value6 … --no-traffic --image europe-docker.pkg.dev/p/r/web:1 (.github" in text
    assert "--quiet" not in text


def test_a_long_command_is_cut_behind_a_word_and_the_value_of_its_option() -> None:
    long = " ".join(f"--label=key{number}" for number in range(14))
    text = told({".github/workflows/ship.yml": f"{SHIP}      - run: gcloud run deploy web {long} --tag a\n"})
    assert "--label=key11… (.github" in " ".join(text.split())


def test_a_switch_of_traffic_is_a_step_of_its_own() -> None:
    steps = [
        "gcloud run deploy web --no-traffic",
        "gcloud run services update-traffic web --to-latest",
        "gcloud app services set-traffic default --splits=v1=1",
        "aws lambda update-alias --function-name web --name live",
    ]
    text = told({".github/workflows/ship.yml": SHIP + "".join(f"      - run: {one}\n" for one in steps)})
    assert [line.split()[1] for line in text.splitlines() if "ship.yml:" in line] == ["deploy"] * 4


def test_a_script_that_a_pipeline_runs_is_no_road_of_its_own() -> None:
    files = {"bin/deploy.sh": "#!/bin/sh\nfly deploy\n"}
    assert "release bin/deploy.sh" in told(files)
    text = told({**files, ".github/workflows/ship.yml": f"{SHIP}      - run: ./bin/deploy.sh\n"})
    assert "release bin/deploy.sh" not in text
    assert "fly deploy (bin/deploy.sh:2)" in " ".join(text.split())
    tested = "on: push\njobs:\n  test:\n    steps:\n      - run: ./bin/deploy.sh\n      - run: fly destroy\n"
    only_tested = f"{tested}".replace("      - run: fly", "      - run: pytest\n      - run: fly")
    assert "release bin/deploy.sh" in told({**files, ".github/workflows/ci.yml": only_tested})


def test_a_script_that_a_job_runs_twice_is_told_twice() -> None:
    workflow = (
        "on: {push: {branches: [main]}}\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - uses: actions/checkout@v5\n"
        "      - run: ./migrate.sh\n        env: {DATABASE_URL: '${{ secrets.STAGING }}'}\n"
        "      - run: gcloud run deploy web-staging --source .\n"
        "      - run: ./migrate.sh\n        env: {DATABASE_URL: '${{ secrets.PRODUCTION }}'}\n"
        "      - run: gcloud run deploy web --source .\n"
    )
    files = {**FILES, ".github/workflows/deploy.yml": workflow, "migrate.sh": "#!/bin/sh\nflask db upgrade\n"}
    drawn = draw(inspect(MemoryTree(files), ()).deployment, Environment.PRODUCTION)
    [release] = [one for one in drawn.releases if one.name == ".github/workflows/deploy.yml"]
    assert [step.kind for step in release.steps] == ["migrate", "deploy", "migrate", "deploy"]


BOOT = "#!/bin/sh\nwhile true; do\n  flask db upgrade\n  if [ $? = 0 ]; then break; fi\ndone\nexec gunicorn app:app\n"


def test_a_worker_of_a_procfile_does_not_wait_for_what_the_web_process_prepares() -> None:
    procfile = "web: flask db upgrade; gunicorn app:app\nworker: rq worker\n"
    files = {"Procfile": procfile, "app.py": "from flask import Flask\napp = Flask(__name__)\n"}
    lines = [" ".join(line.split()) for line in told(files).splitlines()]
    first = lines.index("release Procfile")
    assert lines[first + 1 : first + 4] == [
        "1. start worker",
        "2. migrate [web] flask db upgrade (Procfile:1)",
        "3. start web",
    ]
    # For a release phase everything waits.
    phased = {**files, "Procfile": "release: flask db upgrade\nweb: gunicorn app:app\nworker: rq worker\n"}
    lines = [" ".join(line.split()) for line in told(phased).splitlines()]
    first = lines.index("release Procfile")
    assert lines[first + 1 : first + 3] == [
        "1. migrate [release] flask db upgrade (Procfile:1)",
        "2. start web, worker",
    ]


def test_a_service_of_compose_waits_for_those_that_are_started_before_it() -> None:
    compose = (
        "services:\n  web:\n    build: .\n    command: sh boot.sh\n"
        "  front:\n    build: .\n    command: gunicorn front:app\n{}"
        "  worker:\n    build: .\n    command: rq worker\n"
    )
    files = {"Dockerfile": "FROM python:3.13\nCOPY . .\n", "boot.sh": BOOT, "app.py": "app = object()\n"}
    for needed, order in (
        ("", ["1. start front, worker", "3. start web"]),
        ("[web]", ["1. start worker", "3. start web, front"]),
    ):
        written = compose.format(f"    depends_on: {needed}\n" if needed else "")
        lines = [" ".join(line.split()) for line in told({**files, "compose.prod.yml": written}).splitlines()]
        assert [line for line in lines if " start " in line] == order


def test_every_place_that_applies_migrations_is_named() -> None:
    files = {
        "Procfile": "web: flask db upgrade; gunicorn app:app\n",
        "Dockerfile": 'FROM python:3.13\nCOPY . .\nCMD ["./boot.sh"]\n',
        "boot.sh": BOOT,
        "app.py": "from flask import Flask\nfrom flask_migrate import Migrate\napp = Flask('a')\nMigrate(app, None)\n",
        "migrations/alembic.ini": "",
        "migrations/env.py": "from alembic import context\n",
        "migrations/versions/0001_a.py": "revision = '1'\ndown_revision = None\n\n\ndef upgrade():\n    pass\n",
    }
    lines = [" ".join(line.split()) for line in told(files).splitlines()]
    assert "migrations 1 Flask-Migrate revision, applied by Procfile:1, boot.sh:3" in lines
    # The loop ends when it has migrated: that is certain.
    assert "1. migrate [Dockerfile] flask db upgrade (boot.sh:3)" in lines


def test_the_database_of_a_job_that_tests_is_not_what_a_release_migrates() -> None:
    push = "    - uses: docker/build-push-action@v6\n      with: {push: true, tags: 'acme/shop:latest'}\n"
    jobs = "on: push\njobs:\n  check:\n    steps:\n    - run: alembic upgrade head\n    - run: {run}\n"
    ship = f"  ship:\n    needs: check\n    steps:\n{push}"
    files = {"Dockerfile": DOCKERFILE, "app.py": ""}
    for run, kind in (("pytest", "prepare"), ("echo done", "migrate")):
        workflow = {".github/workflows/cd.yml": jobs.replace("{run}", run) + ship}
        assert f" 1. {kind:10} [check] alembic upgrade head" in told({**files, **workflow})


def test_the_summary_tells_what_is_perhaps_in_production_where_nothing_certainly_is() -> None:
    def summary(files: Mapping[str, str]) -> str:
        return understood(inspect(MemoryTree(files), ()).deployment)

    app = {"app.py": "from flask import Flask\napp = Flask('a')\n"}
    container = "[{name: web, image: acme/web, command: [gunicorn, 'app:app']}]"
    manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: "
    files = {**app, "k8s/web.yaml": f"{manifest}{container}}}}}}}\n"}
    assert summary(files).startswith("perhaps in production, 1 service: web: gunicorn app:app (Kubernetes)")
    certain = {**files, "Procfile": "web: gunicorn app:app\n"}
    assert summary(certain).startswith("1 service: web: gunicorn app:app (Procfile); ")
    assert summary(app) == "nothing here is deployed as far as the files tell"


DJANGO = {
    "Procfile": "web: gunicorn shop.wsgi\n",
    "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
    "shop/settings.py": "DEBUG = False\n",
    "shop/wsgi.py": "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
}
FLASK = "from flask import Flask\napplication = Flask('a')\n"


@pytest.mark.parametrize(
    ("more", "collects"),
    [
        ({}, True),
        ({"app.json": "{}"}, True),
        ({"app.json": '{"env": {"DISABLE_COLLECTSTATIC": "1"}}'}, False),
        ({"nixpacks.toml": "[phases.setup]\n"}, False),
        ({"shop/wsgi.py": FLASK}, False),
        ({"Procfile": "web: gunicorn shop.wsgi\n", "manage.py": None}, False),
    ],
)
def test_the_buildpack_of_heroku_collects_the_static_files_of_django(
    more: Mapping[str, str | None], collects: bool
) -> None:
    files = {path: text for path, text in {**DJANGO, **more}.items() if text is not None}
    step = "collect static [if $DISABLE_COLLECTSTATIC is not set] python manage.py collectstatic --noinput"
    assert (step in " ".join(told(files).split())) is collects
