"""How `prodlint map` tells values that a variable decides, or only has a say in."""

from __future__ import annotations

import pytest

from prodlint.deployment.environment import Environment
from prodlint.inspection import inspect
from prodlint.map.document import Map
from prodlint.map.draw import draw
from prodlint.map.text import render
from prodlint.report.terminal import Terminal
from prodlint.tree import MemoryTree


def text(whole: Map) -> str:
    return " ".join(render(whole, Terminal(False)).split())


def told(files: dict[str, str]) -> dict[str, str]:
    """Everything that the map says of the only service of a project, by name."""
    whole = draw(inspect(MemoryTree(files), []).deployment, Environment.PRODUCTION)
    [service] = whole.services
    return {fact.name: fact.text for fact in (*service.facts, *service.settings, *service.variables)}


def test_what_a_variable_only_has_a_say_in_is_not_told_as_the_variable() -> None:
    compose = (
        "services:\n  web:\n    image: shop\n    restart: always\n    command: gunicorn --threads ${MANY:-1} app:app\n"
        "    environment:\n      DATABASE_URL: postgres://shop:${DB_PASSWORD:-s3cret}@${DB:-db}/shop\n"
        "      API_KEY: key-${KEY:-s3cret}\n"
    )
    values = told({"compose.prod.yml": compose})
    assert values["threads"] == "$MANY, else 1"
    assert values["worker_class"] == "sync, unless $MANY changes it"
    assert values["DATABASE_URL"] == "postgres://shop:$DB_PASSWORD@$DB/shop, else postgres://shop:***@db/shop"
    assert values["API_KEY"] == "***, unless $KEY changes it"


def test_a_port_that_the_platform_certainly_gives_is_told_without_what_would_be_else() -> None:
    conf = "import os\nbind = '0.0.0.0:{}'.format(os.getenv('PORT'))\n"
    values = told({"Procfile": "web: gunicorn -c conf.py app:app\n", "conf.py": conf, "app.py": ""})
    assert values["bind"] == "0.0.0.0:$PORT"


def test_workers_by_the_cpus_are_told_as_a_formula() -> None:
    conf = "import os\nfrom multiprocessing import cpu_count\nworkers = {}\n"
    files = {"Procfile": "web: gunicorn -c conf.py app:app\n", "app.py": ""}
    known = told({**files, "conf.py": conf.format("cpu_count() * 2 + 1")})
    assert known["workers"] == "CPUs × 2 + 1"
    driven = told({**files, "conf.py": conf.format("int(os.environ.get('WORKERS', cpu_count() * 2 + 1))")})
    assert driven["workers"] == "$WORKERS, else CPUs × 2 + 1"


@pytest.mark.parametrize(
    ("workers", "told_as"),
    [
        ("os.environ.get('WEB_CONCURRENCY', 1)", "2 or more, Heroku chooses it by the size of the dyno"),
        ("int(os.getenv('WEB_CONCURRENCY', '1'))", "2 or more, Heroku chooses it by the size of the dyno"),
        ("int(os.environ['WEB_CONCURRENCY'])", "2 or more, Heroku chooses it by the size of the dyno"),
        ("int(os.environ['WEB_CONCURRENCY']) * 2", "Heroku chooses it by the size of the dyno"),
    ],
)
def test_workers_that_heroku_chooses_are_told_with_their_least_number(workers: str, told_as: str) -> None:
    conf = f"import os\nworkers = {workers}\n"
    files = {"Procfile": "web: gunicorn app:app\n", "app.py": "", "requirements.txt": "gunicorn==23.0.0\n"}
    assert told({**files, "gunicorn.conf.py": conf})["workers"] == told_as


def test_what_several_variables_decide_is_told_with_what_holds_without_them() -> None:
    conf = "from os import environ, cpu_count\nhost = environ.get('HOST', '0.0.0.0')\n"
    conf += "bind = f\"{host}:{environ.get('PORT', '80')}\"\n"
    conf += "workers = int(environ.get('WORKERS', 0)) or int(environ.get('EACH', 1)) * 2 + cpu_count()\n"
    conf += "timeout = int(environ.get('LONG', 2)) * int(environ.get('TIMES', 3))\n"
    values = told({"Procfile": "web: gunicorn app:app\n", "app.py": "", "gunicorn.conf.py": conf})
    assert values["bind"] == "0.0.0.0:80, unless $HOST or $PORT changes it"
    assert values["timeout"] == "6, unless $LONG or $TIMES changes it"
    assert values["workers"] == "CPUs + 2, unless $EACH or $WORKERS changes it"


def test_what_runs_beside_the_app_is_told() -> None:
    ini = "[uwsgi]\nmodule = app:app\nattach-daemon = ./send\nif-env = MAIL\nattach-daemon = ./mail\nendif =\n"
    values = told({"Procfile": "web: uwsgi --ini uwsgi.ini\n", "app.py": "", "uwsgi.ini": ini})
    assert values["daemons"] == "./send, perhaps ./mail"
    assert "daemons" not in told({"Procfile": "web: gunicorn app:app\n", "app.py": ""})


def test_a_published_port_is_no_variable_because_a_part_of_it_is() -> None:
    compose = (
        "services:\n  web:\n    image: shop\n    restart: always\n    command: gunicorn app:app\n"
        "    ports: ['80${NUMBER:-80}:8000']\n"
    )
    assert told({"compose.prod.yml": compose})["ports"] == "80$NUMBER (else 8080) → 8000"


DOCKERFILE = """\
FROM python:3.13-slim AS runtime
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
CMD ["sh", "start.sh"]
"""
FILES = {
    "Dockerfile": DOCKERFILE,
    "requirements.txt": "flask==3.1.3\ngunicorn==23.0.0\n",
    "shop.py": "from flask import Flask\n\napp = Flask(__name__)\n",
    "start.sh": "exec gunicorn shop:app\n",
}


@pytest.mark.parametrize(
    ("reference", "version"), [("shop:1.4", "1.4"), (f"shop@sha256:{'0123456789abcdef' * 4}", "that version")]
)
def test_what_the_files_install_today_is_not_told_of_an_image_of_another_version(reference: str, version: str) -> None:
    container = f"containers: [{{name: web, image: 'registry.example.org/{reference}'}}]"
    manifest = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec:\n"
        f"  template:\n    spec:\n      {container}\n"
    )
    build = "on: push\njobs:\n  build:\n    steps:\n      - run: docker build -t registry.example.org/shop .\n"
    values = told({**FILES, "k8s/production/shop.yaml": manifest, ".github/workflows/build.yml": build})
    assert values["image"] == f"registry.example.org/{reference}, a build of Dockerfile, stage runtime at {version}"
    assert values["server"] == "gunicorn"
    assert "python" not in values


def test_the_tag_that_a_compose_file_gives_to_what_it_builds_is_of_today() -> None:
    compose = "services:\n  web:\n    build: .\n    image: shop:1.4\n    restart: always\n"
    values = told({**FILES, "compose.prod.yml": compose})
    assert values["image"] == "shop:1.4, a build of Dockerfile, stage runtime on python:3.13-slim"
    assert (values["server"], values["python"]) == ("gunicorn 23.0.0", "3.13")


def test_a_script_in_the_background_is_told_by_what_stays_of_it() -> None:
    relay = 'if [ "$(whoami)" = root ]; then\n  grep -q alpine /etc/os-release\nfi\ntor -f /etc/torrc\n'
    values = told({**FILES, "relay.sh": relay, "start.sh": "sh ./relay.sh &\nexec gunicorn shop:app\n"})
    assert values["daemons"] == "tor -f /etc/torrc"


def test_a_server_that_bears_the_name_of_its_distribution_is_named_once() -> None:
    code = "import uvicorn\nfrom fastapi import FastAPI\n\napp = FastAPI()\nuvicorn.run(app)\n"
    files = {"Procfile": "web: python main.py\n", "main.py": code, "requirements.txt": "uvicorn==0.28.0\nfastapi\n"}
    assert told(files)["server"] == "uvicorn 0.28.0"


def test_variables_of_a_makefile_are_told_as_a_shell_writes_them() -> None:
    make = (
        'BASE := $(or $(BASE), "python:3.13")\nTAG := $(shell git describe)\nrelease:\n'
        "\tdocker build --build-arg BASE=$(BASE) --build-arg B=$(OTHER) -t shop/shop:$(TAG) .\n"
    )
    workflow = "on: push\njobs:\n  release:\n    steps:\n      - run: make release && docker push shop/shop\n"
    files = {**FILES, "Makefile": make, ".github/workflows/release.yml": workflow}
    whole = draw(inspect(MemoryTree(files), []).deployment, Environment.PRODUCTION)
    [release] = [one for one in whole.releases if one.triggers]
    assert release.steps[0].text == (
        "docker build --build-arg BASE=${BASE:-python:3.13} --build-arg B=${OTHER} -t shop/shop:$(TAG) ."
    )


SUPERVISOR = (
    "[program:web]\ncommand=gunicorn shop:app\nautostart=%(ENV_ENABLE_WEB)s\n"
    "[program:worker]\ncommand=celery -A shop worker\nautostart=false\n"
    "[program:beat]\ncommand=celery -A shop beat\nautostart=true\n"
)


@pytest.mark.parametrize(
    ("variables", "told"),
    [("", "when $ENABLE_WEB"), ("ENV ENABLE_WEB=true\n", None), ("ENV ENABLE_WEB=false\n", "off")],
)
def test_a_program_that_supervisor_may_not_start_is_told_so(variables: str, told: str | None) -> None:
    start = 'CMD ["supervisord", "-n", "-c", "supervisord.conf"]\n'
    dockerfile = DOCKERFILE.replace('CMD ["sh", "start.sh"]\n', f"{variables}{start}")
    files = {**FILES, "Dockerfile": dockerfile, "supervisord.conf": SUPERVISOR}
    whole = draw(inspect(MemoryTree(files), []).deployment, Environment.PRODUCTION)
    held = {one.name: one.fact("autostart") for one in whole.services if one.name != "Dockerfile"}
    found = {name: fact.text if fact is not None else None for name, fact in held.items()}
    off = "not started by itself"
    assert found == {"web": off if told == "off" else told, "worker": off, "beat": None}
    assert ("web: gunicorn shop:app (web, supervisor, when $ENABLE_WEB, " in text(whole)) is (not variables)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("shop.py", "perhaps applied by the code in shop.py:4"),
        ("jobs/upgrade.py", "perhaps applied by the code in jobs/upgrade.py:4"),
        # What only tests do, and no code at all.
        ("tests/test_shop.py", "applied by nothing in production"),
        ("", "applied by nothing in production"),
    ],
)
def test_code_that_applies_migrations_does_so_perhaps(path: str, told: str) -> None:
    code = "from alembic import command\n\ndef up(config):\n    command.upgrade(config, 'head')\n"
    files = {
        **FILES,
        "shop.py": "app = print\n",
        "alembic.ini": "[alembic]\nscript_location = versions\n",
        "versions/env.py": "from alembic import context\n",
        "versions/versions/0001_a.py": "revision = '1'\ndown_revision = None\n\n\ndef upgrade():\n    pass\n",
        **({path: code} if path else {}),
    }
    [project] = draw(inspect(MemoryTree(files), []).deployment, Environment.PRODUCTION).projects
    assert [fact.text for fact in project.migrations] == [f"1 Alembic revision, {told}"]


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("RUN python manage.py migrate\nCMD [", "applied by Dockerfile:4 while the image is built"),
        ("CMD [", "applied by nothing in production"),
    ],
)
def test_migrations_of_a_build_are_told_apart(step: str, told: str) -> None:
    files = {
        **FILES,
        "Dockerfile": DOCKERFILE.replace("RUN pip install -r requirements.txt\nCMD [", step),
        "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'conf')\n",
        "conf.py": "INSTALLED_APPS = ['orders']\n",
        "requirements.txt": "django==5.2\ngunicorn==23.0.0\n",
        "orders/__init__.py": "",
        "orders/migrations/__init__.py": "",
        "orders/migrations/0001_initial.py": (
            "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    operations = []\n"
        ),
    }
    whole = draw(inspect(MemoryTree(files), []).deployment, Environment.PRODUCTION)
    [project] = whole.projects
    assert [fact.text.partition(", ")[2] for fact in project.migrations] == [told]


def test_a_condition_of_several_expressions_is_told_without_their_brackets() -> None:
    workflow = (
        "on: push\njobs:\n  release:\n    if: ${{ needs.a.result == 'success' }} || ${{ always() }}\n"
        "    steps:\n      - run: docker push shop/shop\n"
    )
    files = {**FILES, ".github/workflows/release.yml": workflow}
    whole = draw(inspect(MemoryTree(files), []).deployment, Environment.PRODUCTION)
    assert "[release, if needs.a.result == 'success' || always()]" in text(whole)


@pytest.mark.parametrize(
    ("database", "shown"),
    [
        ("{'ENGINE': 'django.db.backends.postgresql', 'NAME': 'shop'}", "PostgreSQL shop"),
        (
            "{'ENGINE': os.environ.get('ENGINE', 'django.db.backends.sqlite3'), 'NAME': BASE / 'db.sqlite3'}",
            "SQLite shop/db.sqlite3, unless $ENGINE changes it",
        ),
        ("{'ENGINE': 'django.db.backends.sqlite3', 'NAME': '/var/lib/shop/db'}", "SQLite /var/lib/shop/db"),
        ("{'ENGINE': os.environ['ENGINE'], 'NAME': 'shop'}", None),
        (
            "{'ENGINE': 'django.db.backends.postgresql', 'NAME': os.environ.get('NAME', 'shop')}",
            "PostgreSQL shop ($NAME)",
        ),
        ("{'ENGINE': 'django.db.backends.postgresql_psycopg2', 'NAME': 'shop'}", "PostgreSQL shop"),
        ("dj_database_url.config(conn_max_age=600)", "$DATABASE_URL"),
        # Heroku sets it: what holds without it is nobody's database.
        ("POSTGRES if 'DYNO' in os.environ else {'ENGINE': 'django.db.backends.sqlite3', 'NAME': 'db'}", None),
    ],
)
def test_the_database_of_the_settings_is_told_with_who_decides(database: str, shown: str | None) -> None:
    files = {
        "Procfile": "web: gunicorn shop.wsgi\n",
        "shop/wsgi.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"
        "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
        "shop/settings.py": "import os\nimport dj_database_url\nfrom pathlib import Path\n"
        "BASE = Path(__file__).parent\n"
        f"POSTGRES = {{'ENGINE': 'django.db.backends.postgresql'}}\nDATABASES = {{'default': {database}}}\n",
    }
    assert told(files).get("database") == shown


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("f\"postgresql+psycopg2://{env('U')}:{env('P')}@{env('H')}/{env('N')}\"", "PostgreSQL by $H, $N, $P and $U"),
        ("f\"mysql://shop@{env('HOST')}/shop\"", "MySQL by $HOST"),
        ("f\"mysql://shop@{env('HOST', 'db')}/shop\"", "mysql://***@db/shop, unless $HOST changes it"),
    ],
)
def test_an_address_that_is_none_without_its_variables_is_told_by_them(address: str, shown: str) -> None:
    app = "from os import getenv as env\nfrom flask import Flask\n\napp = Flask('x')\napp.config['X'] = 1\n"
    files = {
        "Procfile": "web: gunicorn app:app\n",
        "app.py": f"{app}app.config['SQLALCHEMY_DATABASE_URI'] = {address}\n",
    }
    assert told(files).get("database") == shown


def test_the_databases_between_which_a_variable_chooses_are_told_with_the_line_of_each() -> None:
    settings = (
        "import os\nDATABASES = {\n    'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': 'db'},\n}\n"
        "if os.getenv('DB') == 'postgres':\n"
        "    DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'NAME': 'shop'}}\n"
        "if os.getenv('DB') in ['mysql', 'mariadb']:\n"
        "    DATABASES = {'default': {'ENGINE': 'django.db.backends.mysql', 'NAME': 'shop'}}\n"
        "DATABASES['default']['OPTIONS'] = {}\n"
    )
    files = {
        "Procfile": "web: gunicorn shop.wsgi\n",
        "shop/wsgi.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"
        "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
    }

    def fact(settings: str) -> tuple[str, list[int]]:
        whole = draw(
            inspect(MemoryTree({**files, "shop/settings.py": settings}), []).deployment, Environment.PRODUCTION
        )
        [found] = [one for one in whole.services[0].facts if one.name == "database"]
        return found.text, [one.span.line for one in (found, *found.sources) if one.span is not None]

    both = "SQLite db, unless $DB chooses PostgreSQL shop or MySQL shop"
    assert fact(settings.rpartition("DATABASES[")[0]) == (both, [3, 6, 8, 3])
    plain = settings.partition("if os")[0]
    assert fact(f"{plain}DATABASES['default'].update(\n    A=1)\n") == ("SQLite db", [3])


def test_a_variable_is_told_by_the_name_that_decides_it_although_its_own_begins_so() -> None:
    compose = "services:\n  web:\n    build: .\n    environment:\n      DB: ${DBNAME:-shop}\n      ME: ${ME:-x}\n"
    files = {"compose.prod.yml": compose, "Dockerfile": "FROM python:3.13\nCOPY . .\nCMD gunicorn app:app\n"}
    whole = draw(inspect(MemoryTree(files), []).deployment, Environment.PRODUCTION)
    assert "set outside DB ($DBNAME, else shop), ME (else x)" in text(whole)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (
            "until psql $DATABASE_URL -c q; do sleep 1; done",
            "$DATABASE_URL (PostgreSQL: entrypoint.sh:2 asks for it before the start), else SQLite db.sqlite3",
        ),
        ('if [ -n "$CHECK" ]; then psql $DATABASE_URL -c q; fi', "SQLite db.sqlite3, unless $DATABASE_URL changes it"),
        ("psql $OTHER_URL -c q", "SQLite db.sqlite3, unless $DATABASE_URL changes it"),
    ],
)
def test_a_database_that_the_entrypoint_connects_to_stands_before_the_default_of_the_settings(
    line: str, shown: str
) -> None:
    files = {
        "Dockerfile": 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nENTRYPOINT ["./entrypoint.sh"]\n'
        'CMD ["gunicorn", "shop.wsgi"]\n',
        "entrypoint.sh": f'#!/bin/sh\n{line}\nexec "$@"\n',
        "shop/__init__.py": "",
        "shop/wsgi.py": "import os\nfrom django.core.wsgi import get_wsgi_application\n"
        "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\napplication = get_wsgi_application()\n",
        "shop/settings.py": "import os\nimport dj_database_url\nDATABASES = {'default': {'ENGINE': "
        "'django.db.backends.sqlite3', 'NAME': 'db.sqlite3'}}\n"
        "if 'DATABASE_URL' in os.environ:\n"
        "    DATABASES = {'default': dj_database_url.parse(os.environ['DATABASE_URL'])}\n",
    }
    assert told(files)["database"] == shown


def test_a_secret_that_the_entrypoint_fills_in_is_told_with_both_answers_but_without_its_text() -> None:
    boot = '#!/bin/sh\nif [ -n "${KEY_SECRET}" ]; then\n  echo ok\nelse\n  export KEY_SECRET=s3cret\nfi\nexec "$@"\n'
    image = 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nENTRYPOINT ["./boot.sh"]\nCMD ["gunicorn", "app:app"]\n'
    whole = draw(
        inspect(MemoryTree({"Dockerfile": image, "boot.sh": boot, "app.py": ""}), []).deployment, Environment.PRODUCTION
    )
    assert "set outside KEY_SECRET (else ***)" in text(whole)


@pytest.mark.parametrize(
    ("script", "told_as"),
    [
        ('if [ "$MODE" = prod ]; then args=(--a 1); else args=(--b); fi\nexec gunicorn app:app "${args[@]}"',
         '"${args[@]}" is --a 1 if $MODE is prod or not set, --b if $MODE is set to something else than prod'),
        ('args=(-x)\nif [ "$MODE" != prod ]; then args+=(--b); fi\nexec gunicorn app:app "${args[@]}"',
         '"${args[@]}" is --b if $MODE is set to something else than prod, nothing if $MODE is prod or not set'),
        ('if [ "$MODE" = prod ]; then set -- --a; else set -- --b; fi\nexec gunicorn app:app "$@"',
         '"$@" is --a if $MODE is prod or not set, --b if $MODE is set to something else than prod'),
        ('if [ "$MODE" = prod ]; then args=(--a 1); else args=(--a 2); fi\nexec gunicorn app:app "${args[@]}"',
         '"${args[@]}" is --a 1 if $MODE is prod or not set, --a 2 if $MODE is set to something else than prod'),
        ('if grep x y; then args=(--a); else args=(--b); fi\nexec gunicorn app:app "${args[@]}"', None),
        ('if [ "$MODE" = prod ]; then args=(--a); else args=($(cat x)); fi\nexec gunicorn app:app "${args[@]}"', None),
        ('args=(--a)\nif [ "$MODE" = prod ]; then echo; fi\nexec gunicorn app:app "${args[@]}"', None),
    ],
)  # fmt: skip
def test_arguments_between_which_a_variable_chooses_are_told_with_what_it_has_to_be(
    script: str, told_as: str | None
) -> None:
    compose = "services:\n  web:\n    build: .\n    restart: always\n    environment: {MODE: '${MODE:-prod}'}\n"
    image = 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nCMD ["./boot.sh"]\n'
    files = {"Dockerfile": image, "compose.prod.yml": compose, "boot.sh": f"#!/bin/bash\n{script}\n", "app.py": ""}
    assert told(files).get("arguments") == told_as


@pytest.mark.parametrize(
    ("first", "second", "command"),
    [
        ("--workers 4", "--workers 2", 'gunicorn "${args[@]}" app:app'),
        ("--bind :80 --workers 4", "--bind :81", 'gunicorn "${args[@]}" app:app'),
        ("--preload --workers 4", "--preload --workers $N", 'gunicorn --preload "${args[@]}" app:app'),
        ("--preload --reload", "--preload", 'gunicorn --preload "${args[@]}" app:app'),
        ("--workers=4", "--workers=2", 'gunicorn "${args[@]}" app:app'),
    ],
)
def test_an_option_is_not_told_beside_the_array_that_holds_it(first: str, second: str, command: str) -> None:
    script = f'if [ -f /x ]; then args=({first}); else args=({second}); fi\nexec gunicorn "${{args[@]}}" app:app\n'
    dockerfile = 'FROM python:3.13-slim\nCOPY . .\nCMD ["bash", "run.sh"]\n'
    found = told({"Dockerfile": dockerfile, "run.sh": script, "app.py": ""})
    assert found["command"] == command
    # The server is given it all the same.
    assert (found["workers"] == "a condition decides it") is ("--workers 2" in second or "--workers $N" in second)
