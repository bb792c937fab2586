"""What audits of maps of real repositories found wrong or misleading, each as a small project."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from prodlint.deployment.environment import Environment
from prodlint.deployment.value import UNKNOWN, Formed
from prodlint.inspection import inspect
from prodlint.map.document import Fact, Map, State
from prodlint.map.draw import draw
from prodlint.map.text import render
from prodlint.map.why import UnknownSubject, why
from prodlint.report.terminal import Terminal
from prodlint.tree import MemoryTree

DOCKERFILE = 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nCMD ["gunicorn", "app:app"]\n'


def drawn(files: Mapping[str, str], environment: Environment = Environment.PRODUCTION) -> Map:
    inspection = inspect(MemoryTree(files), ())
    assert inspection.crashes == ()
    return draw(inspection.deployment, environment)


def variables(lines: str) -> dict[str, Fact]:
    text = f"services:\n  web:\n    build: .\n    environment:\n{lines}"
    [service] = drawn({"Dockerfile": DOCKERFILE, "app.py": "", "compose.prod.yml": text}).services
    return {one.name: one for one in service.variables}


def test_a_text_that_is_known_but_for_a_variable_is_told_with_the_variable_in_its_place() -> None:
    found = variables("      HOST: https://$DOMAIN/x\n      PLAIN: $OTHER\n      PAIR: $A-${B:-b}\n")
    assert (found["HOST"].text, found["HOST"].state) == ("https://$DOMAIN/x", State.ENVIRONMENT)
    assert (found["PLAIN"].text, found["PLAIN"].state) == ("$OTHER is not set in this repository", State.UNKNOWN)
    assert found["PAIR"].text == "$A-$B"


def test_the_known_part_of_a_secret_is_hidden() -> None:
    found = variables(
        "      DB_PASSWORD: hunter2-$X\n      URL: postgres://u:hunter2@$HOST/d\n      OK: pg://u:$P@db\n"
    )
    assert not any("hunter2" in one.text for one in found.values())
    assert found["OK"].text == "pg://u:$P@db"


def test_a_value_that_is_known_but_for_variables_is_still_unknown_to_rules() -> None:
    text = "services:\n  web:\n    build: .\n    environment: {HOST: 'https://$DOMAIN'}\n"
    files = {"Dockerfile": DOCKERFILE, "app.py": "", "compose.prod.yml": text}
    [service] = inspect(MemoryTree(files), ()).deployment.services
    value = service.variables.get("HOST")
    assert isinstance(value, Formed)
    assert (value.form, value.names) == ("https://$DOMAIN", ("DOMAIN",))


def test_a_variable_of_uwsgi_that_its_platform_sets_is_decided_by_it() -> None:
    files = {
        "Dockerfile": "FROM python:3.13-slim\nENV PORT=8000\nCOPY . /app\nWORKDIR /app\nCMD uwsgi uwsgi.ini\n",
        "uwsgi.ini": "[uwsgi]\nhttp-socket = :$(PORT)\nmodule = app:app\n",
        "app.py": "from flask import Flask\n\napp = Flask('x')\n",
        "heroku.yml": "build:\n  docker:\n    web: Dockerfile\n",
    }
    assert [one.subject for one in drawn(files).doubts if "socket" in one.subject] == []


MIGRATED = {
    "Dockerfile": DOCKERFILE,
    "app.py": "from django.core.wsgi import get_wsgi_application\n\napp = get_wsgi_application()\n",
    "manage.py": "import django\n",
    "shop/migrations/0001_initial.py": "from django.db import migrations\n\n\nclass Migration("
    "migrations.Migration):\n    dependencies = []\n    operations = []\n",
    "compose.prod.yml": "services:\n  web:\n    build: .\n    command: sh -c 'python manage.py migrate && "
    "gunicorn app'\n  db:\n    image: postgres:17\n    env_file: .env.prod.db\n",
    "compose.dev.yml": "services:\n  web:\n    build: .\n    command: python manage.py runserver\n",
}


def test_a_map_of_development_does_not_tell_what_production_applies() -> None:
    [project] = drawn(MIGRATED).projects
    assert [one.text for one in project.migrations] == ["1 Django migration, applied by compose.prod.yml:4"]
    [project] = drawn(MIGRATED, Environment.DEVELOPMENT).projects
    assert [one.text for one in project.migrations] == ["1 Django migration"]


def test_what_runs_beside_the_app_tells_the_files_of_variables_that_it_lacks() -> None:
    [database] = drawn(MIGRATED).beside
    assert database.text == "PostgreSQL 17, env from .env.prod.db, which is not in this repository"


def test_the_router_of_heroku_answers_without_tls_too() -> None:
    files = {"Procfile": "web: gunicorn app:app\n", "app.py": "", "app.json": "{}", "runtime.txt": "python-3.13.1\n"}
    [passage] = inspect(MemoryTree(files), ()).deployment.passages
    assert [one.tls for one in passage.proxy.listens] == [False, True]


def test_a_worker_has_its_program_with_its_version_and_the_app_that_it_loads() -> None:
    files = {
        "Dockerfile": "FROM python:3.13-slim\nWORKDIR /app\nCOPY requirements.txt .\n"
        "RUN pip install -r requirements.txt\nCOPY . .\n",
        "requirements.txt": "celery==5.6.3\n",
        "shop/__init__.py": "",
        "shop/celery.py": "from celery import Celery\n\napp = Celery('shop')\n",
        "compose.prod.yml": "services:\n  worker:\n    build: .\n    command: celery -A shop worker\n"
        "  other:\n    build: .\n    command: celery -A shop.celery:app beat\n"
        "  lost:\n    build: .\n    command: celery -A nowhere.app worker\n"
        "  imported:\n    build: .\n    command: celery -A tasks.queue worker\n"
        "  named:\n    build: .\n    command: celery -A shop.jobs worker\n"
        "  moved:\n    build: .\n    command: celery --workdir src --app site.celery worker\n",
        "src/site/__init__.py": "",
        "src/site/celery/__init__.py": "from .app import app\n",
        "src/site/celery/app.py": "from celery import Celery\n\napp = Celery('site')\n",
        "tasks/__init__.py": "from tasks.queue import queue\n",
        "tasks/queue.py": "from celery import Celery\n\nqueue = Celery('tasks')\n",
        "shop/jobs.py": "from celery import Celery\n\njobs = Celery('jobs')\n",
    }
    found = {one.name: {fact.name: fact.text for fact in one.facts} for one in drawn(files).services}
    assert [found["worker"][name] for name in ("server", "app")] == [
        "celery worker, celery 5.6.3",
        "shop → shop/celery.py:3, Celery",
    ]
    assert found["other"]["app"] == "shop.celery:app → shop/celery.py:3, Celery"
    assert found["lost"]["app"] == "nowhere.app was not found"
    assert found["imported"]["app"] == "tasks.queue → tasks/queue.py:3, Celery"
    assert found["moved"]["app"] == "site.celery → src/site/celery/app.py:3, Celery"
    assert found["named"]["app"] == "shop.jobs → shop/jobs.py:3, Celery"


def test_files_of_several_package_managers_that_heroku_refuses_are_told() -> None:
    files = {"Procfile": "web: gunicorn app:app\n", "app.py": "", "requirements.txt": "gunicorn==23.0.0\n"}
    assert not any("refuses" in one.text for one in drawn(files).projects[0].dependencies)
    lock = '{"_meta": {"requires": {"python_version": "3.13"}}, "default": {}, "develop": {}}'
    [project] = drawn({**files, "Pipfile": "", "Pipfile.lock": lock}).projects
    [told] = [one.text for one in project.dependencies if "refuses" in one.text]
    assert told.endswith("side by side: Pipfile.lock, requirements.txt")
    others = [one.text for one in project.dependencies if "refuses" not in one.text]
    assert others == ["Pipfile: perhaps 0 packages, locked by Pipfile.lock", "requirements.txt: perhaps 1 package"]


def test_the_release_steps_of_a_service_with_a_profile_ask_for_it() -> None:
    compose = MIGRATED["compose.prod.yml"] + "  assets:\n    build: .\n    command: sh -c 'make all && node build.js'\n"
    [release] = drawn({**MIGRATED, "compose.prod.yml": compose + "    profiles: [assets]\n"}).releases
    assert {(one.owner, one.condition) for one in release.steps} == {("web", ""), ("assets", "profile assets")}


def test_a_number_that_something_outside_decides_is_told_with_its_limits() -> None:
    text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec:\n  template:\n    spec:\n      "
    text += "containers: [{name: shop, image: shop, command: [gunicorn, 'app:app']}]\n---\n"
    text += "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: load}\nspec:\n"
    text += "  {scaleTargetRef: {kind: Deployment, name: shop}, minReplicas: 2, maxReplicas: 5}\n"
    files = {
        "k8s/production/shop.yaml": text,
        "Dockerfile": DOCKERFILE,
        "app.py": "",
        "build.sh": "docker build -t shop .",
    }
    [service] = [one for one in drawn(files).services if one.name == "shop"]
    found = {one.name: one for one in service.facts}
    told = "2 to 5, the HorizontalPodAutoscaler load decides how many run"
    assert (found["replicas"].text, found["replicas"].state) == (told, State.ENVIRONMENT)


def of(files: Mapping[str, str], name: str, environment: Environment = Environment.PRODUCTION) -> dict[str, str]:
    """What a map tells of one service, by the names of the facts."""
    [service] = [one for one in drawn(files, environment).services if one.name == name]
    return {fact.name: fact.text for fact in (*service.facts, *service.settings)}


UWSGI = {
    "Dockerfile": DOCKERFILE.replace('"gunicorn", "app:app"', '"uwsgi", "u.ini"'),
    "app.py": "from flask import Flask\n\napp = Flask('x')\n",
    "compose.prod.yml": "services:\n  web:\n    build: .\n    environment: [QUIET, PORT_IN]\n",
}


def test_a_condition_of_uwsgi_on_one_value_of_a_variable_leaves_what_holds_without_it() -> None:
    lines = "[uwsgi]\nmodule = app:app\nif-env = QUIET=true\ndisable-logging = true\nendif =\n"
    assert of({**UWSGI, "u.ini": lines}, "web")["disable_logging"] == "False, unless $QUIET changes it"
    quiet = {"compose.prod.yml": UWSGI["compose.prod.yml"].replace("QUIET", "QUIET=true")}
    assert of({**UWSGI, "u.ini": lines, **quiet}, "web")["disable_logging"] == "True"


def test_the_placeholder_of_a_condition_of_uwsgi_is_told_as_its_variable() -> None:
    lines = "[uwsgi]\nmodule = app:app\nif-env = PORT_IN\nattach-daemon = ./mail --port=%(_) -v\nendif =\n"
    assert of({**UWSGI, "u.ini": lines}, "web")["daemons"] == "perhaps ./mail --port=$PORT_IN -v"
    told = why(drawn({**UWSGI, "u.ini": lines}), "web.daemons", Terminal(False))
    assert "  ./mail --port=$PORT_IN -v  is started beside it" in told


def test_a_script_of_others_that_is_left_running_is_a_daemon() -> None:
    files = {
        "Dockerfile": DOCKERFILE.replace('"gunicorn", "app:app"', '"./start.sh"'),
        "start.sh": "#!/bin/sh\n/opt/broker.sh serve &\n/opt/wait.sh\nexec gunicorn app:app\n",
        "compose.prod.yml": UWSGI["compose.prod.yml"],
    }
    assert of(files, "web")["daemons"] == "/opt/broker.sh serve"


def test_a_variable_of_windows_is_a_port_of_runserver() -> None:
    files = {**MIGRATED, "Procfile.windows": "web: python manage.py runserver %PORT%\n", "app.json": "{}"}
    files.pop("compose.dev.yml")
    assert of(files, "web", Environment.DEVELOPMENT)["bind"] == "127.0.0.1:$PORT"


def test_a_database_whose_file_of_variables_has_a_sample_is_told_with_it() -> None:
    [database] = drawn({**MIGRATED, ".env.prod.db-sample": "POSTGRES_USER=x\n"}).beside
    missing = ".env.prod.db, which is not in this repository: .env.prod.db-sample lists what it sets"
    assert database.text == f"PostgreSQL 17, env from {missing}"


def test_a_plain_env_file_that_is_missing_is_told_with_the_sample_beside_it() -> None:
    compose = "services:\n  web:\n    build: .\n    env_file: .env\n"
    files = {**UWSGI, "compose.prod.yml": compose, ".env.example": "DEBUG=1\n"}
    missing = ".env, which is not in this repository"
    assert of(files, "web")["env from"] == f"{missing} (.env.example is a sample of it)"
    # What developers set is nothing that is set in production.
    assert "DEBUG" not in of(files, "web").get("set outside", "")
    assert of({**UWSGI, "compose.prod.yml": compose}, "web")["env from"] == missing


def test_a_package_that_curl_sends_to_an_index_is_a_step_and_its_password_is_not_printed() -> None:
    makefile = "publish:\n\tcurl -F p=@dist/shop-1.tar.gz https://0123abcd@push.example/shop/\n"
    steps = "jobs:\n  cd:\n    steps:\n    - run: make publish\n    - run: kubectl apply -f k8s\n"
    files = {"Makefile": makefile, ".github/workflows/cd.yml": f"on: push\n{steps}"}
    [release] = drawn(files).releases
    assert [(one.kind, one.text) for one in release.steps] == [
        ("package release", "curl -F p=@dist/shop-1.tar.gz https://***@push.example/shop/"),
        ("deploy", "kubectl apply -f k8s"),
    ]
    assert "   1. publish    [cd] curl" in render(drawn(files), Terminal(False))


def test_alembic_without_a_revision_is_told_and_no_fault() -> None:
    files = {
        "Dockerfile": DOCKERFILE,
        "app.py": "",
        "compose.prod.yml": UWSGI["compose.prod.yml"],
        "alembic.ini": "[alembic]\nscript_location = db\n",
        "db/env.py": "from alembic import context\n",
        "db/script.py.mako": "",
    }
    [project] = drawn(files).projects
    told = ["Alembic is set up (db/env.py:1), no revision is in the repository"]
    assert [one.text for one in project.migrations] == told
    deployment = inspect(MemoryTree(files), ()).deployment
    assert [deployment.is_migrated(one) for one in deployment.migration_systems] == [UNKNOWN]
    revised = {**files, "db/versions/1_first.py": "revision = '1'\ndown_revision = None\n"}
    assert drawn(revised).projects[0].migrations[0].text == "1 Alembic revision, applied by nothing in production"


def test_an_entrypoint_that_is_given_no_command_does_not_stay_with_what_it_prepares() -> None:
    files = {
        "Dockerfile": 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nENTRYPOINT ["./start.sh"]\n',
        "start.sh": '#!/bin/sh\npython manage.py migrate\nexec "$@"\n',
        "manage.py": "import django\n",
    }
    [service] = drawn(files).services
    command = service.fact("command")
    assert command is not None
    assert command.state is State.UNKNOWN
    assert command.text == "ends with the command that it is given, and no file names one"
    named = {"Dockerfile": files["Dockerfile"] + 'CMD ["gunicorn", "app:app"]\n'}
    assert of({**files, **named}, service.name)["command"] == "gunicorn app:app"


def test_services_of_one_place_are_told_apart_by_their_images() -> None:
    files = {f"docker/{name}.Dockerfile": DOCKERFILE for name in ("a", "b")}
    files |= {
        "app.py": "",
        "compose.prod.yml": "x-web: &web\n  restart: always\nservices:\n  one:\n    build: {context: ., dockerfile: "
        "docker/a.Dockerfile}\n    command: supervisord -n -c s.conf\n  two:\n    build: {context: ., dockerfile: "
        "docker/b.Dockerfile}\n    command: supervisord -n -c s.conf\n",
        "s.conf": "[supervisord]\nnodaemon=true\n[program:jobs]\ncommand=python run.py\n",
    }
    whole = drawn(files)
    with pytest.raises(UnknownSubject) as caught:
        why(whole, "jobs.image", Terminal(False))
    assert "jobs@docker/a.Dockerfile" in str(caught.value)
    assert "stage" not in why(whole, "jobs@docker/b.Dockerfile.image", Terminal(False))
    assert "docker/b.Dockerfile on" in why(whole, "jobs@s.conf@docker/b.Dockerfile.image", Terminal(False))


SERVERLESS = """\
service: a-shop-with-a-name-that-is-long
plugins: [serverless-lift]
provider: {name: aws, runtime: python3.13}
constructs:
  jobs: {type: queue, worker: {handler: app.work}}
functions:
  check: {handler: app.check}
  api:
    handler: app.api
    environment:
      QUEUE: ${construct:jobs.queueUrl}
      OTHER: ${construct:lost.queueUrl}
      TOKEN: "${file(./x.yml):TOKEN, ''}"
      TABLE: ${self:service}-${opt:stage, 'dev'}
    events:
      - http: {path: /a, method: get, authorizer: check}
"""


def test_functions_of_the_serverless_framework_that_others_call_are_told_with_these() -> None:
    code = "def work(a, b): ...\n\n\ndef check(a, b): ...\n\n\ndef api(a, b): ...\n"
    whole = drawn({"serverless.yml": SERVERLESS, "app.py": code})
    events = {one.name: fact.text for one in whole.services if (fact := one.fact("events")) is not None}
    assert events == {"check": "authorizer of api", "api": "GET /a", "jobsWorker": "queue jobs"}
    roles = {one.name: one.role for one in whole.services}
    assert roles == {"check": "unknown", "api": "web", "jobsWorker": "worker"}
    text = " ".join(render(whole, Terminal(False)).split())
    assert "QUEUE (it is made by the construct jobs)" in text
    assert "OTHER (it is ${construct:lost.queueUrl})" in text
    assert "TOKEN (it is ${file(./x.yml):TOKEN}, else empty)" in text
    assert "TABLE (a-shop-with-a-name-that-is-long-$stage, else …-dev)" in text


def test_what_listens_for_others_than_browsers_is_not_called_web() -> None:
    port = "ports: [{containerPort: 5432}]"
    containers = f"[{{name: db, image: our/db, command: [postgres], {port}}},"
    containers += f" {{name: ops, image: our/ops, command: [kopf, run, x.py], {port}}},"
    containers += f" {{name: app, image: our/app, command: [./serve], {port}}}]"
    text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec: {template: {spec: {containers: "
    files = {"k8s/production/a.yaml": f"{text}{containers}}}}}}}\n", "build.sh": ""}
    for name in ("db", "ops", "app"):
        files[f"{name}/Dockerfile"] = DOCKERFILE
        files["build.sh"] += f"docker build -t our/{name} {name}\ndocker push our/{name}\n"
    roles = {one.name: one.role for one in drawn(files).services}
    assert roles == {"shop/db": "unknown", "shop/ops": "worker", "shop/app": "web"}


def test_a_proxy_of_an_image_that_several_services_run_is_one() -> None:
    files = {
        "Dockerfile": "FROM python:3.13-slim\nCOPY nginx.conf /etc/nginx/nginx.conf\nCOPY . /app\nWORKDIR /app\n"
        'CMD ["gunicorn", "-b", ":8000", "app:app"]\n',
        "nginx.conf": "http { server { listen 80; location / { proxy_pass http://127.0.0.1:8000; } } }\n",
        "app.py": "",
        "compose.prod.yml": "services:\n  a:\n    build: .\n  b:\n    build: .\n",
    }
    text = " ".join(render(drawn(files), Terminal(False)).split())
    assert "proxy nginx (nginx.conf:1), run by a, b: 80, / → what runs it" in text
    assert text.count("proxy nginx") == 1


def test_the_programs_of_a_supervisor_that_a_condition_starts_say_where() -> None:
    files = {
        "Dockerfile": DOCKERFILE.replace('"gunicorn", "app:app"', '"./start.sh"'),
        "start.sh": '#!/bin/sh\nif [ "$ALL" = True ]; then\n  exec supervisord -c s.conf\nfi\nexec gunicorn app:app\n',
        "s.conf": "[supervisord]\nnodaemon=true\n[program:jobs]\ncommand=python jobs.py\n",
        "compose.prod.yml": "services:\n  web:\n    build: .\n    environment: [ALL]\n",
    }
    assert of(files, "jobs")["autostart"] == "when $ALL is True"
    either = "`supervisord -c s.conf` when $ALL is True, `gunicorn app:app`"
    assert of(files, "web")["command"] == f"several commands may be the one that stays: {either}"
    asked = {**files, "start.sh": files["start.sh"].replace('[ "$ALL" = True ]', "grep -q x y")}
    assert of(asked, "jobs")["autostart"] == "if start.sh:3 is reached"
    files["compose.prod.yml"] = files["compose.prod.yml"].replace("ALL]", "ALL=True]")
    assert "autostart" not in of(files, "jobs")


def test_a_function_of_the_serverless_framework_that_runs_an_image_of_ours_is_one_service() -> None:
    text = "service: s\nprovider: {name: aws, ecr: {images: {own: {path: ./}, far: {uri: x}}}}\n"
    files = {
        "serverless.yml": f"{text}functions:\n  hello: {{image: {{name: own}}}}\n  other: {{image: far}}\n",
        "Dockerfile": 'FROM public.ecr.aws/lambda/python:3.13\nCOPY app.py ./\nCMD ["app.handler"]\n',
        "app.py": "def handler(event, context): ...\n",
    }
    [service] = drawn(files).services
    assert (service.name, service.platform) == ("hello", "AWS Lambda")
    assert of(files, "hello")["handler"] == "app.handler → app.py:1"


def test_routes_of_django_without_known_settings_are_told_as_not_read() -> None:
    wsgi = "from django.core.wsgi import get_wsgi_application\n\napp = get_wsgi_application()\n"
    files = {"Dockerfile": DOCKERFILE, "app.py": wsgi, "compose.prod.yml": UWSGI["compose.prod.yml"]}
    assert of(files, "web")["routes"] == "not read: ROOT_URLCONF, which the settings do not tell (app.py:3)"
    files["app.py"] = "import os\n\nos.environ['DJANGO_SETTINGS_MODULE'] = 'conf'\n" + files["app.py"]
    files |= {"conf.py": "ROOT_URLCONF = 'urls'\nMIDDLEWARE = []\n", "urls.py": PATHS}
    assert of(files, "web")["routes"] == "/a"


PATHS = "from django.urls import path\n\nurlpatterns = [path('a', lambda request: None)]\n"


def test_databases_that_a_chart_brings_from_elsewhere_are_beside_the_services() -> None:
    chart = "apiVersion: v2\nname: shop\nversion: 1.0.0\ndependencies:\n"
    chart += "".join(
        f"- {{name: {name}, version: 1.0.0, repository: 'https://x', condition: {name}.enabled}}\n"
        for name in ("postgresql", "redis", "ingress-nginx")
    )
    files = {
        "chart/Chart.yaml": chart,
        "chart/values.yaml": "redis: {enabled: false}\n",
        "chart/templates/web.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"
        "spec: {template: {spec: {containers: [{name: web, image: shop, command: [gunicorn, 'app:app']}]}}}\n",
    }
    assert [(one.name, one.text) for one in drawn(files).beside] == [("postgresql", "PostgreSQL")]


def test_words_for_an_entrypoint_that_is_not_read_are_no_command_and_one_service() -> None:
    files = {
        "Dockerfile": 'FROM amazon/dynamodb-local\nCMD ["-jar", "Local.jar"]\n',
        "docker-compose.yml": "services:\n  db:\n    build: .\n    ports: ['8000:8000']\n",
    }
    [service] = drawn(files).services
    assert service.name == "db"
    told = "`-jar Local.jar` is handed to the entrypoint of the image amazon/dynamodb-local, which is not read"
    assert of(files, "db")["command"] == told


UNIT = "[Service]\nWorkingDirectory=/srv\nExecStart=/usr/bin/gunicorn app:app\n"


def test_an_image_that_starts_nothing_beside_another_production_is_a_workbench() -> None:
    files = {"deploy/app.service": UNIT, "build/Dockerfile": "FROM ubuntu:22.04\nCOPY . /src\n", "app.py": ""}
    assert [one.name for one in drawn(files).services] == ["app"]
    files["build/Dockerfile"] = files["build/Dockerfile"].replace("ubuntu:22.04", "python:3.13")
    assert [one.platform for one in drawn(files).services] == ["systemd", "Docker"]
    files["build/Dockerfile"] += "CMD gunicorn app:app\n"
    assert [one.platform for one in drawn(files).services] == ["systemd", "Docker"]


def test_an_image_that_may_start_what_its_base_does_is_perhaps_in_production() -> None:
    files = {"web/app.service": UNIT, "web/Dockerfile": "FROM acme/served\nCOPY . /src\n", "app.py": ""}
    assert [(one.name, one.environment) for one in drawn(files).services] == [
        ("app", "production"),
        ("web", "unknown"),
    ]
    files["web/requirements.txt"] = "gunicorn\n"
    files["far/app.service"] = files.pop("web/app.service")
    assert [(one.name, one.environment) for one in drawn(files).services] == [
        ("app", "production"),
        ("web", "production"),
    ]


def pod(container: str, name: str = "web") -> str:
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  template:\n"
        f"    metadata: {{labels: {{app: {name}}}}}\n    spec:\n      containers:\n      - {container}\n---\n"
        f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\n"
        f"spec: {{selector: {{app: {name}}}, ports: [{{port: 80}}]}}\n"
    )


def test_what_kubernetes_fills_in_is_told_as_what_it_is() -> None:
    fields = {
        "NS": "fieldRef: {fieldPath: metadata.namespace}",
        "TIER": "fieldRef: {fieldPath: \"metadata.labels['tier']\"}",
        "CPUS": "resourceFieldRef: {resource: limits.cpu}",
        "OWN": "fieldRef: {fieldPath: made.up}",
    }
    env = ", ".join(f"{{name: {name}, valueFrom: {{{source}}}}}" for name, source in fields.items())
    files = {
        "k8s/web.yaml": pod(f"{{name: web, image: shop, env: [{env}]}}"),
        "Dockerfile": DOCKERFILE,
        "app.py": "",
        "pyproject.toml": "[project]\nname = 'shop'\n",
    }
    text = " ".join(render(drawn(files), Terminal(False)).split())
    assert "CPUS (limits.cpu of the container)" in text
    assert "NS (the namespace of the pod)" in text
    assert "TIER (the label tier of the pod)" in text
    assert "OWN," in text


def test_an_image_that_jib_builds_is_ours_in_every_registry() -> None:
    artifact = "build:\n  artifacts:\n  - image: ledger\n    jib: {project: ledger}\n"
    files = {
        "skaffold.yaml": f"apiVersion: skaffold/v4beta1\nkind: Config\n{artifact}",
        "k8s/ledger.yaml": pod("{name: ledger, image: 'gcr.io/bank/ledger:1.0'}", "ledger"),
    }
    whole = drawn(files)
    told = "gcr.io/bank/ledger:1.0, built here by jib (skaffold.yaml:5), published on 80 of the Service ledger → 80"
    assert [one.text for one in whole.beside] == [told]
    assert whole.doubts == ()
    files["skaffold.yaml"] = files["skaffold.yaml"].replace("jib:", "buildpacks:")
    assert [one.reason for one in drawn(files).doubts] == [
        "runs the image gcr.io/bank/ledger:1.0, which is built by buildpacks: that is not read"
    ]


def test_a_name_that_several_files_have_is_not_told_as_run_by_none() -> None:
    route = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: v}\n"
    route += "spec: {hosts: ['*'], http: [{route: [{destination: {host: web}}]}]}\n"
    files = {
        "a/web.yaml": pod("{name: web, image: shop, command: [gunicorn, 'app:app']}"),
        "b/web.yaml": pod("{name: web, image: shop, command: [gunicorn, 'app:app']}"),
        "mesh/route.yaml": route,
    }
    [proxy] = drawn(files).proxies
    [end] = proxy.routes[0].destinations
    assert end.fact.text == "web is in several files (a/web.yaml, b/web.yaml); nothing says which is meant"


def test_no_router_stands_before_the_procfile_of_a_desk() -> None:
    files = {"manage.py": "", "Procfile": "web: gunicorn app:app\n", "app.py": "", "requirements.txt": "gunicorn\n"}
    files["Procfile.windows"] = "web: python manage.py runserver %PORT%\n"
    assert drawn(files, Environment.DEVELOPMENT).proxies == ()


def test_an_image_of_another_language_that_a_function_runs_is_no_service() -> None:
    files = {
        "serverless.yml": "service: s\nprovider: {name: aws, ecr: {images: {own: {path: ./}}}}\n"
        "functions:\n  hello: {image: {name: own}}\n",
        "Dockerfile": 'FROM public.ecr.aws/lambda/nodejs:20\nCOPY app.js ./\nCMD ["app.handler"]\n',
    }
    assert drawn(files).services == ()


def test_threads_are_told_beside_workers_that_only_the_command_shows() -> None:
    files = {
        "Dockerfile": 'FROM python:3.13-slim\nCOPY . /app\nWORKDIR /app\nCMD ["sh", "start.sh"]\n',
        "app.py": "",
        "start.sh": "if grep -q big /proc/cpuinfo; then N=3; fi\nexec uwsgi --ini uwsgi.ini --processes ${N}\n",
        "uwsgi.ini": "[uwsgi]\nmodule = app:app\nhttp-socket = :8000\nthreads = 2\n",
    }
    text = " ".join(render(drawn(files), Terminal(False)).split())
    assert "workers ? a condition decides it; threads 2" in text
    files["start.sh"] = 'if [ -z "$N" ]; then N=3; fi\nexec uwsgi --ini uwsgi.ini --processes ${N}\n'
    assert "workers $N, else 3; threads 2" in " ".join(render(drawn(files), Terminal(False)).split())
    files["start.sh"] = "exec uwsgi --ini uwsgi.ini --processes 4\n"
    assert "workers 4; threads 2" in " ".join(render(drawn(files), Terminal(False)).split())
    files["uwsgi.ini"] = files["uwsgi.ini"].replace("threads = 2", "")
    assert "workers 4" not in render(drawn(files), Terminal(False))


def test_a_file_of_variables_that_is_not_there_is_told_by_its_path_in_the_repository() -> None:
    compose = "services:\n  web:\n    build: .\n    restart: always\n    env_file: ./.env\n"
    files = {"compose.prod.yml": compose, "Dockerfile": DOCKERFILE, "app.py": "", ".env.example": "A=1\n"}
    fact = drawn(files).services[0].fact("env from")
    assert fact is not None
    assert fact.text == ".env, which is not in this repository (.env.example is a sample of it)"


def test_nobody_who_applies_the_migrations_of_django_alone_is_told_too() -> None:
    files = {
        "compose.prod.yml": "services:\n  web:\n    build: .\n    restart: always\n",
        "Dockerfile": DOCKERFILE.replace("app:app", "shop.wsgi"),
        "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"
        "from django.core.management import execute_from_command_line\n",
        "shop/__init__.py": "",
        "shop/wsgi.py": "import os\nfrom django.core.wsgi import get_wsgi_application\n"
        "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\napplication = get_wsgi_application()\n",
        "requirements.txt": "django==5.2\ngunicorn==23.0.0\npsycopg==3.2.1\n",
        "upload/__init__.py": "",
        "upload/migrations/__init__.py": "",
        "shop/settings.py": "INSTALLED_APPS = ['django.contrib.auth', 'django.contrib.contenttypes', 'upload']\n"
        "DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'NAME': 'shop'}}\n",
    }
    [project] = drawn(files).projects
    told = [one.text for one in project.migrations]
    assert told == ["none of its own; Django's own apps have some, applied by nothing in production"]
