"""Commands that apply migrations, and whether one of them lies on the way to production."""

import pytest

from prodlint.deployment import Deployment, Environment
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

MANAGE = "from django.core.management import execute_from_command_line\nexecute_from_command_line()\n"
MIGRATION = "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    operations = []\n"
WSGI = "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"
DJANGO = {
    "manage.py": MANAGE,
    "shop/wsgi.py": WSGI,
    "orders/migrations/__init__.py": "",
    "orders/migrations/0001_initial.py": MIGRATION,
    "orders/migrations/0002_email.py": MIGRATION,
}
ALEMBIC = {
    "alembic.ini": "[alembic]\nscript_location = alembic\n",
    "alembic/env.py": "from alembic import context\ncontext.run_migrations()\n",
    "alembic/versions/1_first.py": 'revision = "1"\ndown_revision = None\n',
    "app.py": "from fastapi import FastAPI\napp = FastAPI()\n",
}
FLASK_MIGRATE = {
    "migrations/env.py": "from alembic import context\nfrom flask import current_app\ncontext.run_migrations()\n",
    "migrations/versions/1_first.py": 'revision = "1"\ndown_revision = None\n',
    "app.py": "from flask import Flask\napp = Flask(__name__)\n",
}
WEB = {"django": "web: gunicorn shop.wsgi\n", "other": "web: gunicorn app:app\n"}


def deployment_of(files: dict[str, str]) -> Deployment:
    return inspect(MemoryTree(files), []).deployment


def labels(files: dict[str, str]) -> list[str]:
    """The migration systems of a repository, each with its folder and the place of its newest migration."""
    return [f"{one.label} in {one.root or '.'} ({one.span})" for one in deployment_of(files).migration_systems]


def migrated(files: dict[str, str]) -> Answer:
    deployment = deployment_of(files)
    assert len(deployment.migration_systems) == 1
    return deployment.is_migrated(deployment.migration_systems[0])


@pytest.mark.parametrize(
    ("files", "label"),
    [
        (DJANGO, "2 Django migrations in . (orders/migrations/0002_email.py:4)"),
        (
            {f"backend/{path}": text for path, text in DJANGO.items()},
            "2 Django migrations in backend (backend/orders/migrations/0002_email.py:4)",
        ),
        (ALEMBIC, "1 Alembic revision in . (alembic/versions/1_first.py:1)"),
        (FLASK_MIGRATE, "1 Flask-Migrate revision in . (migrations/versions/1_first.py:1)"),
        (
            {
                "pyproject.toml": '[tool.aerich]\ntortoise_orm = "app.ORM"\n',
                "migrations/models/1_init.py": "async def upgrade(db):\n    return ''\n",
            },
            "1 aerich migration in . (migrations/models/1_init.py:1)",
        ),
    ],
)
def test_a_migration_tool_is_known_by_its_files(files: dict[str, str], label: str) -> None:
    assert labels(files) == [label]


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"orders/migrations/0001_initial.py": MIGRATION}, id="a reusable app without a project"),
        pytest.param({"tests/manage.py": MANAGE, "tests/a/migrations/0001_x.py": MIGRATION}, id="the project of tests"),
        pytest.param({"example/manage.py": MANAGE, "example/a/migrations/0001_x.py": MIGRATION}, id="an example"),
        pytest.param({"manage.py": MANAGE, "a/migrations/0001_x.py": "# nothing\n"}, id="a file without a migration"),
        pytest.param({"env.py": "import os\n", "versions/1.py": 'down_revision = "x"\n'}, id="another env.py"),
    ],
)
def test_what_has_no_schema_of_its_own_has_no_migration_tool(files: dict[str, str]) -> None:
    assert labels(files) == []


@pytest.mark.parametrize(
    "command",
    [
        "python manage.py migrate",
        "python manage.py migrate --noinput",
        "python3 ./manage.py migrate --settings shop.production",
        "./manage.py migrate",
        "django-admin migrate",
        "python -m django migrate",
        "poetry run python manage.py migrate",
        "sh -c 'python manage.py migrate'",
        "python manage.py migrate_schemas --shared",
        "python manage.py collectstatic && python manage.py migrate",
        "bash release.sh",
    ],
)
def test_a_release_phase_migrates_django(command: str) -> None:
    files = {
        "Procfile": f"release: {command}\n{WEB['django']}",
        "release.sh": "set -e\npython manage.py migrate\n",
        **DJANGO,
    }
    assert migrated(files) is YES


@pytest.mark.parametrize(
    "command",
    [
        "python manage.py makemigrations",
        "python manage.py migrate --plan",
        "python manage.py showmigrations",
        "alembic upgrade head",
    ],
)
def test_other_commands_do_not_migrate_django(command: str) -> None:
    assert migrated({"Procfile": f"release: {command}\n{WEB['django']}", **DJANGO}) is NO


@pytest.mark.parametrize(
    ("files", "command", "answer"),
    [
        (ALEMBIC, "alembic upgrade head", YES),
        (ALEMBIC, "python -m alembic upgrade head", YES),
        (ALEMBIC, "alembic -c alembic.ini upgrade heads", YES),
        (ALEMBIC, "uv run alembic upgrade head", YES),
        (ALEMBIC, "flask db upgrade", YES),
        (ALEMBIC, "alembic upgrade head --sql", NO),
        (ALEMBIC, "alembic current", NO),
        (ALEMBIC, "alembic revision --autogenerate", NO),
        (ALEMBIC, "python manage.py migrate", NO),
        (FLASK_MIGRATE, "flask db upgrade", YES),
        (FLASK_MIGRATE, "flask --app app db upgrade", YES),
        (FLASK_MIGRATE, "python -m flask db upgrade", YES),
        (FLASK_MIGRATE, "alembic upgrade head", YES),
        (FLASK_MIGRATE, "flask db migrate", NO),
        (FLASK_MIGRATE, "flask db stamp head", NO),
        (FLASK_MIGRATE, "flask run", NO),
    ],
)
def test_a_release_phase_migrates_by_the_command_of_its_tool(
    files: dict[str, str], command: str, answer: Answer
) -> None:
    assert migrated({"Procfile": f"release: {command}\n{WEB['other']}", **files}) is answer


PROCFILE = {"Procfile": WEB["django"]}
IMAGE = 'FROM python:3.13\nWORKDIR /app\nCOPY . .\nENTRYPOINT ["./entrypoint.sh"]\nCMD ["gunicorn", "shop.wsgi"]\n'
ENTRYPOINT = '#!/bin/sh\npython manage.py migrate\nexec "$@"\n'
RENDER = "services:\n- type: web\n  name: shop\n  runtime: python\n  startCommand: gunicorn shop.wsgi\n"


def workflow(*steps: str, job: str = "deploy") -> dict[str, str]:
    lines = "".join(f"    - run: |\n        {step}\n" for step in steps)
    return {
        ".github/workflows/deploy.yml": f"on: push\njobs:\n  {job}:\n    runs-on: ubuntu-latest\n    steps:\n{lines}"
    }


@pytest.mark.parametrize(
    ("files", "answer"),
    [
        pytest.param({"Procfile": "web: python manage.py migrate && gunicorn shop.wsgi\n"}, YES, id="start command"),
        pytest.param({"Dockerfile": IMAGE, "entrypoint.sh": ENTRYPOINT}, YES, id="entrypoint"),
        pytest.param({"Dockerfile": IMAGE, "entrypoint.sh": 'exec "$@"\n'}, NO, id="entrypoint without"),
        pytest.param(
            {
                "Dockerfile": IMAGE,
                "entrypoint.sh": 'if [ "$MIGRATE" = 1 ]; then python manage.py migrate; fi\nexec "$@"\n',
            },
            YES,
            id="entrypoint on a condition",
        ),
        pytest.param(
            {"render.yaml": f"{RENDER}  preDeployCommand: python manage.py migrate\n"}, YES, id="Render, before"
        ),
        pytest.param(
            {"render.yaml": f"{RENDER}  buildCommand: ./build.sh\n", "build.sh": ENTRYPOINT}, YES, id="Render, build"
        ),
        pytest.param({"render.yaml": RENDER}, NO, id="Render, nothing"),
        pytest.param(
            {
                "fly.toml": '[deploy]\nrelease_command = "python manage.py migrate"\n'
                '[processes]\nweb = "gunicorn shop.wsgi"\n'
            },
            YES,
            id="Fly",
        ),
        pytest.param(
            {**PROCFILE, **workflow("heroku run python manage.py migrate", "git push heroku main")}, YES, id="workflow"
        ),
        pytest.param(
            {**PROCFILE, **workflow("ssh host 'cd /srv && python manage.py migrate'", "ssh host systemctl restart x")},
            YES,
            id="ssh",
        ),
        pytest.param(
            {**PROCFILE, **workflow("kubectl exec deploy/web -- python manage.py migrate", "kubectl apply -f k")},
            YES,
            id="kubectl",
        ),
        pytest.param({**PROCFILE, **workflow("python manage.py migrate", "pytest", job="test")}, NO, id="test job"),
        pytest.param(
            {**PROCFILE, "deploy.sh": "git pull\npython manage.py migrate\nsystemctl restart shop\n"}, YES, id="script"
        ),
        pytest.param(
            {
                **PROCFILE,
                "docker-compose.yml": "services:\n  web:\n    build: .\n    volumes: ['.:/app']\n"
                "    command: sh -c 'python manage.py migrate && python manage.py runserver'\n",
                "Dockerfile.dev": "FROM x\n",
            },
            NO,
            id="development alone",
        ),
        pytest.param(
            {**PROCFILE, "shop/apps.py": "from django.core.management import call_command\ncall_command('migrate')\n"},
            UNKNOWN,
            id="code",
        ),
        pytest.param(
            {"Procfile": "web: ./missing.sh && gunicorn shop.wsgi\n"}, UNKNOWN, id="a script that is not here"
        ),
        pytest.param({**PROCFILE, "Jenkinsfile": "sh 'deploy'\n"}, UNKNOWN, id="a system that is not read"),
    ],
)
def test_whether_production_migrates_is_answered_from_every_way_there(files: dict[str, str], answer: Answer) -> None:
    assert migrated({**DJANGO, **files}) is answer


def test_each_run_tells_its_place_and_its_environment() -> None:
    files = {
        **DJANGO,
        "Procfile": f"release: python manage.py migrate\n{WEB['django']}",
        **workflow("python manage.py migrate", "pytest", job="test"),
    }
    runs = deployment_of(files).migration_runs
    assert {(str(one.span), one.environment) for one in runs} == {
        ("Procfile:1", Environment.PRODUCTION),
        (".github/workflows/deploy.yml:7", Environment.TEST),
    }


RESET = (
    "from django.core.management import call_command\n"
    "from django.core.management.base import BaseCommand\n\n\n"
    "class Command(BaseCommand):\n"
    "    def handle(self, *args, **options):\n"
    "        call_command({})\n"
)
COMMAND = {"orders/management/commands/reset.py": RESET.format("'migrate', interactive=False")}
TASK = "from django.core.management import call_command\n\n\ndef nightly():\n    call_command('reset')\n"


@pytest.mark.parametrize(
    ("files", "answer"),
    [
        pytest.param(PROCFILE, NO, id="nothing runs it"),
        pytest.param({"Procfile": f"release: python manage.py reset --now\n{WEB['django']}"}, YES, id="a release"),
        pytest.param(
            {"Procfile": "web: ./start.sh\n", "start.sh": "django-admin reset\nexec gunicorn shop.wsgi\n"},
            YES,
            id="a script of the service",
        ),
        pytest.param({**PROCFILE, **workflow("python manage.py reset", "pytest", job="test")}, NO, id="tests alone"),
        pytest.param({**PROCFILE, "orders/tasks.py": TASK}, UNKNOWN, id="other code"),
        pytest.param(
            {**PROCFILE, "orders/tasks.py": "import os\nos.system('python manage.py reset')\n"}, UNKNOWN, id="a child"
        ),
        pytest.param({**PROCFILE, "bin/update.sh": "python manage.py reset\n"}, UNKNOWN, id="a script for people"),
        pytest.param(
            {
                "Procfile": f"release: python manage.py setup\n{WEB['django']}",
                "orders/management/commands/setup.py": RESET.format("'reset'"),
            },
            YES,
            id="a command that calls it",
        ),
        pytest.param(
            {**PROCFILE, "orders/management/commands/setup.py": RESET.format("'reset'")},
            NO,
            id="a command that calls it and that nothing runs",
        ),
    ],
)
def test_a_command_of_manage_py_applies_migrations_where_something_runs_it(
    files: dict[str, str], answer: Answer
) -> None:
    assert migrated({**DJANGO, **COMMAND, **files}) is answer


def test_commands_that_call_each_other_in_a_ring_end() -> None:
    ring = {
        "orders/management/commands/one.py": RESET.format("'two'"),
        "orders/management/commands/two.py": RESET.format("'one'"),
    }
    assert migrated({**DJANGO, **COMMAND, **ring, **PROCFILE}) is NO


@pytest.mark.parametrize(
    "call",
    [
        "call_command('migrate', check_unapplied=True)",
        "call_command('migrate', '--plan')",
        "call_command('migrate', 'orders', '0001')",
        "MigrationExecutor(connection).migration_plan([])",
    ],
)
def test_code_that_looks_or_goes_to_one_migration_applies_none(call: str) -> None:
    code = (
        "from django.core.management import call_command\n"
        "from django.db.migrations.executor import MigrationExecutor\n"
        f"from django.db import connection\n{call}\n"
    )
    assert migrated({**DJANGO, **PROCFILE, "shop/apps.py": code}) is NO


def test_an_executor_that_migrates_applies_migrations_where_nobody_knows() -> None:
    code = "from django.db.migrations.executor import MigrationExecutor\nMigrationExecutor(None).migrate([])\n"
    assert migrated({**DJANGO, **PROCFILE, "shop/apps.py": code}) is UNKNOWN


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        ("os.system('cd app && python manage.py migrate --noinput')", UNKNOWN),
        ("subprocess.run([sys.executable, 'manage.py', 'migrate'])", UNKNOWN),
        ("subprocess.run(['bash', '-c', f'cd {home} && python manage.py migrate'])", UNKNOWN),
        ("os.execvp('python', ['python', 'manage.py', 'migrate'])", UNKNOWN),
        ("os.system(f'{sys.executable} manage.py migrate')", UNKNOWN),
        ("subprocess.run('python manage.py migrate'.split())", UNKNOWN),
        ("os.system('echo run python manage.py migrate')", NO),
        ("os.system('notify \\'run python manage.py migrate\\'')", NO),
        ("subprocess.run(['git', 'commit', '-m', 'Run manage.py migrate'])", NO),
        ("subprocess.run(['notify', 'now: python manage.py migrate'])", NO),
    ],
)
def test_what_a_child_says_of_migrations_applies_none(call: str, answer: Answer) -> None:
    code = f"import os\nimport subprocess\nimport sys\nhome = '/'\n{call}\n"
    assert migrated({**DJANGO, **PROCFILE, "shop/apps.py": code}) is answer


def test_an_executor_beside_a_comment_on_migrating_applies_none() -> None:
    code = "from django.db.migrations.executor import MigrationExecutor\nMigrationExecutor(None).loader\n"
    assert migrated({**DJANGO, **PROCFILE, "shop/apps.py": f"{code}# not executor.migrate([])\n"}) is NO


PLAIN_ENV = "# There is no current_app of flask_migrate here.\nfrom alembic import context\ncontext.run_migrations()\n"
REVISION = 'revision = "1"\ndown_revision = None\n'
APP = "from flask import Flask\napp = Flask(__name__)\n"
WITH_FLASK_MIGRATE = "from flask_migrate import Migrate\n" + APP + "Migrate(app)\n"


@pytest.mark.parametrize(
    ("files", "label"),
    [
        pytest.param(
            {"db/env.py": PLAIN_ENV, "db/versions/1_first.py": REVISION, "app.py": APP},
            "1 Alembic revision",
            id="a comment decides nothing",
        ),
        pytest.param(
            {"db/env.py": PLAIN_ENV, "db/script.py.mako": "", "app.py": APP}, "0 Alembic revisions", id="no revision"
        ),
        pytest.param(
            {"db/env.py": PLAIN_ENV, "db/alembic.ini": "", "db/versions/1_first.py": REVISION, "app.py": APP},
            "1 Alembic revision",
            id="its configuration beside it",
        ),
        pytest.param(
            {
                "db/env.py": PLAIN_ENV,
                "db/alembic.ini": "",
                "db/versions/1_first.py": REVISION,
                "app.py": WITH_FLASK_MIGRATE,
            },
            "1 Flask-Migrate revision",
            id="its configuration beside it, in an app with Flask-Migrate",
        ),
        pytest.param(
            {
                "db/env.py": "import flask\nfrom alembic import context\nurl = flask.current_app.config['URL']\n",
                "db/versions/1_first.py": REVISION,
                "app.py": APP,
            },
            "1 Flask-Migrate revision",
            id="current_app as an attribute",
        ),
    ],
)
def test_what_the_code_names_tells_alembic_from_flask_migrate(files: dict[str, str], label: str) -> None:
    [system] = deployment_of({**files, "Procfile": WEB["other"]}).migration_systems
    assert system.label == label


def test_an_env_py_that_only_speaks_of_alembic_is_none_of_it() -> None:
    files = {"conf/env.py": "# alembic reads this\nDEBUG = True\n", "conf/versions/1.py": REVISION, "app.py": APP}
    assert not deployment_of({**files, "Procfile": WEB["other"]}).migration_systems


@pytest.mark.parametrize(
    ("line", "count"), [("db.create_all()", 0), ("# db.create_all() is not called: see Migrate", 1)]
)
def test_only_a_call_makes_the_tables_of_an_app_with_flask_migrate(line: str, count: int) -> None:
    models = "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\n\n\nclass User(db.Model):\n    pass\n\n\n"
    files = {"app.py": WITH_FLASK_MIGRATE, "models.py": f"{models}{line}\n", "Procfile": WEB["other"]}
    assert len(deployment_of(files).migration_systems) == count
