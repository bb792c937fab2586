"""Databases, caches and queues that a platform runs, and the variables whose values they give."""

import json

import pytest

from prodlint.deployment import Deployment
from prodlint.deployment.environment import Environment
from prodlint.deployment.settings_module import settings_of
from prodlint.deployment.value import UNKNOWN, Known, Unknown
from prodlint.inspection import inspect
from prodlint.map.draw import draw
from prodlint.map.text import render
from prodlint.report.terminal import Terminal
from prodlint.tree import MemoryTree

BLUEPRINT = """databases:
  - name: shop-db
    postgresMajorVersion: "16"
services:
  - type: keyvalue
    name: cache
  - type: redis
    name: old-cache
  - type: web
    name: shop
    startCommand: gunicorn app:app
    envVars:
      - {key: DATABASE_URL, fromDatabase: {name: shop-db, property: connectionString}}
      - {key: DB_HOST, fromDatabase: {name: shop-db, property: host}}
      - {key: CACHE, fromService: {type: keyvalue, name: cache, property: connectionString}}
      - {key: SECRET_KEY, generateValue: true}
      - {key: TOKEN, sync: false}
      - {key: PLAIN, value: x}
"""
SPEC = """name: shop
databases:
  - {name: db, engine: PG, version: "16"}
  - {name: cache, engine: valkey}
  - {name: plain}
  - {name: odd, engine: COBOL}
services:
  - name: web
    run_command: gunicorn app:app
    envs:
      - {key: DATABASE_URL, value: "${db.DATABASE_URL}"}
      - {key: TOKEN, type: SECRET, value: "EV[1:x:y]"}
"""


def deployment(files: dict[str, str]) -> Deployment:
    return inspect(MemoryTree({"x.txt": "", **files}), []).deployment


def beside(files: dict[str, str]) -> list[tuple[str, str, str, str, str]]:
    found = deployment(files).backing_services
    return [(one.name, one.product, one.version, one.managed_by, str(one.span)) for one in found]


def reasons(files: dict[str, str]) -> dict[str, str]:
    values = deployment(files).services[0].variables.values
    return {name: one.reason for name, one in values.items() if isinstance(one, Unknown) and name.isupper()}


def test_a_blueprint_tells_its_databases_and_caches() -> None:
    assert beside({"render.yaml": BLUEPRINT}) == [
        ("shop-db", "PostgreSQL", "16", "Render", "render.yaml:2"),
        ("cache", "Valkey", "", "Render", "render.yaml:6"),
        ("old-cache", "Redis", "", "Render", "render.yaml:8"),
    ]


def test_a_variable_of_a_blueprint_says_who_gives_its_value() -> None:
    assert reasons({"render.yaml": BLUEPRINT}) == {
        "DATABASE_URL": "from the database shop-db",
        "DB_HOST": "from the database shop-db, host",
        "CACHE": "from the service cache",
        "SECRET_KEY": "Render generates it",
        "TOKEN": "set in Render's dashboard",
        "WEB_CONCURRENCY": "Render chooses it by the plan",
    }
    plain = deployment({"render.yaml": BLUEPRINT}).services[0].variables.get("PLAIN")
    assert isinstance(plain, Known)


def test_databases_of_an_environment_of_a_project_belong_to_it() -> None:
    text = "projects:\n- name: a\n  environments:\n  - {name: development, databases: [{name: db}]}\n"
    (found,) = deployment({"render.yaml": text}).backing_services
    assert (found.name, found.environment) == ("db", Environment.DEVELOPMENT)


def test_an_app_spec_tells_its_databases() -> None:
    assert beside({".do/app.yaml": SPEC}) == [
        ("db", "PostgreSQL", "16", "DigitalOcean", ".do/app.yaml:3"),
        ("cache", "Valkey", "", "DigitalOcean", ".do/app.yaml:4"),
        ("plain", "PostgreSQL", "", "DigitalOcean", ".do/app.yaml:5"),
        ("odd", "COBOL", "", "DigitalOcean", ".do/app.yaml:6"),
    ]
    told = reasons({".do/app.yaml": SPEC})
    assert told == {
        "DATABASE_URL": "App Platform fills in ${db.DATABASE_URL}",
        "TOKEN": "kept as a secret of the app",
    }


ADDONS = {
    "addons": [
        "heroku-postgresql:essential-0",
        {"plan": "heroku-redis:mini", "as": "CACHE"},
        {"plan": "heroku-postgresql", "as": "REPORTS", "options": {"version": "16"}},
        "papertrail",
        7,
        {"as": "nothing"},
    ]
}


def test_add_ons_of_heroku_stand_beside_the_app_and_set_its_variables() -> None:
    files = {"Procfile": "web: gunicorn app:app\n", "app.json": json.dumps(ADDONS, indent=1)}
    assert [one[:4] for one in beside(files)] == [
        ("heroku-postgresql", "PostgreSQL", "", "Heroku"),
        ("cache", "Redis", "", "Heroku"),
        ("reports", "PostgreSQL", "16", "Heroku"),
        ("papertrail", "", "", "Heroku"),
    ]
    told = reasons(files)
    assert told.pop("WEB_CONCURRENCY")
    assert told == {
        "DATABASE_URL": "from the add-on heroku-postgresql",
        "CACHE_URL": "from the add-on heroku-redis",
        "REPORTS_URL": "from the add-on heroku-postgresql",
    }


def test_what_an_app_json_says_of_variables_holds_for_an_app_that_is_made_from_it() -> None:
    env = {
        "FLASK_ENV": "production",
        "LOG_LEVEL": {"description": "how much", "value": "INFO"},
        "API_TOKEN": "hunter2",
        "SECRET_KEY": {"generator": "secret"},
        "API_KEY": {"description": "of the other service"},
        "SENTRY_DSN": {"required": False},
        "no name": "7",
        "EMPTY": "",
        "WEB_CONCURRENCY": "3",
    }
    files = {"Procfile": "web: gunicorn app:app\n", "app.json": json.dumps({"env": env}, indent=1)}
    [service] = deployment(files).services
    when = " for an app that is made from it"
    assert reasons(files) == {
        "FLASK_ENV": f"app.json proposes production{when}",
        "LOG_LEVEL": f"app.json proposes INFO{when}",
        "API_TOKEN": f"app.json proposes ***{when}",
        "SECRET_KEY": f"app.json lets Heroku generate it{when}",
        "API_KEY": f"app.json asks for it{when}",
        "EMPTY": f"app.json asks for it{when}",
        "WEB_CONCURRENCY": f"app.json proposes 3{when}",
    }
    # An app of `heroku create` has none of them.
    assert {service.variables.is_set(name) for name in reasons(files)} == {UNKNOWN}
    assert {"SENTRY_DSN", "no name"}.isdisjoint(service.variables.values)


def test_an_app_json_chooses_neither_the_settings_that_it_proposes_nor_the_default() -> None:
    files = {
        "Procfile": "web: gunicorn app:app\n",
        "app.json": json.dumps({"env": {"FLASK_CONFIG": "production", "MODE": "x" * 99, "WEB_CONCURRENCY": "3"}}),
        "config.py": "class Production:\n    DEBUG = False\nclass Development:\n    DEBUG = True\n"
        "config = {'production': Production, 'default': Development}\n",
        "app.py": "import os\nfrom flask import Flask\nfrom config import config\napp = Flask(__name__)\n"
        "app.config.from_object(config[os.getenv('FLASK_CONFIG') or 'default'])\n"
        "if 'MODE' in os.environ:\n    app.config['MODE'] = 'certain'\n",
    }
    text = render(draw(deployment(files), Environment.PRODUCTION), Terminal(width=200))
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert not any(word in text for word in ("Production", "Development"))
    assert any(line.startswith("workers ? app.json proposes 3 for an app that is made from it") for line in lines)
    assert "settings ? the object that fills app.config is not known (app.py:5)" in lines
    assert any(line.startswith("set outside FLASK_CONFIG (app.json proposes production for an") for line in lines)
    # That it holds for such an app alone is said once in a list, and a long value is cut.
    assert text.count("made from it") == 2
    assert "WEB_CONCURRENCY (app.json proposes 3)" in text
    assert "x" * 61 not in text
    [service] = deployment(files).services
    mode = settings_of(service, deployment(files).repository)
    assert mode is not None
    assert not isinstance(mode.get("MODE"), Known)


@pytest.mark.parametrize(
    "files",
    [
        # A manifest of something else: Expo's app.json, Cloud Run's button.
        {"app.json": json.dumps(ADDONS)},
        {"Procfile": "web: x\n", "app.json": '{"addons": {"a": 1}}'},
        {"Procfile": "web: x\n", "app.json": "nonsense"},
        {"render.yaml": "databases: 7\nservices: [{type: redis}]\n"},
        {".do/app.yaml": "name: a\nservices: []\ndatabases: [{engine: PG}]\n"},
    ],
)
def test_what_names_no_service_of_a_platform_tells_of_none(files: dict[str, str]) -> None:
    assert beside(files) == []


def test_add_ons_of_a_container_stack_are_told() -> None:
    text = "setup:\n  addons:\n    - plan: heroku-postgresql\n      as: DATABASE\nbuild:\n  docker: {web: Dockerfile}\n"
    assert beside({"heroku.yml": text}) == [("database", "PostgreSQL", "", "Heroku", "heroku.yml:3")]


def test_tables_and_queues_of_a_template_stand_beside_its_functions() -> None:
    function = "  F: {Type: AWS::Serverless::Function, Properties: {Runtime: python3.12, Handler: a.b}}\n"
    resources = (
        "  Orders: {Type: AWS::DynamoDB::Table}\n"
        "  Db: {Type: AWS::RDS::DBInstance, Properties: {Engine: postgres, EngineVersion: '16.3'}}\n"
        "  Odd: {Type: AWS::RDS::DBInstance, Properties: {Engine: !If [A, b, c]}}\n"
        "  Jobs: {Type: AWS::SQS::Queue}\n"
    )
    expected = [("Orders", "DynamoDB", ""), ("Db", "PostgreSQL", "16.3"), ("Jobs", "Amazon SQS", "")]
    assert [one[:3] for one in beside({"template.yaml": f"Resources:\n{function}{resources}"})] == expected
    # Without a function of ours it is somebody else's template.
    assert beside({"template.yaml": f"# AWS::Lambda::Function\nResources:\n{resources}"}) == []
    inner = "".join(f"  {line}\n" for line in resources.splitlines())
    service = f"service: a\nprovider: {{name: aws, runtime: python3.12}}\nresources:\n  Resources:\n{inner}"
    assert [one[:3] for one in beside({"serverless.yml": f"{service}functions: {{f: {{handler: a.b}}}}\n"})] == expected


def test_the_map_says_who_runs_a_database_and_doubts_no_variable_that_it_gives() -> None:
    drawn = draw(deployment({"render.yaml": BLUEPRINT}), Environment.PRODUCTION)
    assert (drawn.beside[0].name, drawn.beside[0].text) == ("shop-db", "PostgreSQL 16, managed by Render")
    assert not {one.subject.rpartition(".")[2] for one in drawn.doubts} & {"DATABASE_URL", "SECRET_KEY", "TOKEN"}
