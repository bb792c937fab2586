"""What audits of maps of real repositories found wrong or misleading, each as a small project."""

from __future__ import annotations

import pytest
from maps import DOCKERFILE, MIGRATED, UWSGI, drawn, of, pod

from prodlint.deployment.environment import Environment
from prodlint.deployment.value import NO, UNKNOWN, Answer
from prodlint.inspection import inspect
from prodlint.map.text import render
from prodlint.report.terminal import Terminal
from prodlint.tree import MemoryTree


def test_a_map_of_development_does_not_tell_what_production_applies() -> None:
    [project] = drawn(MIGRATED).projects
    assert [one.text for one in project.migrations] == ["1 Django migration, applied by compose.prod.yml:4"]
    [project] = drawn(MIGRATED, Environment.DEVELOPMENT).projects
    assert [one.text for one in project.migrations] == ["1 Django migration"]


def test_the_router_of_heroku_answers_without_tls_too() -> None:
    files = {"Procfile": "web: gunicorn app:app\n", "app.py": "", "app.json": "{}", "runtime.txt": "python-3.13.1\n"}
    [passage] = inspect(MemoryTree(files), ()).deployment.passages
    assert [one.tls for one in passage.proxy.listens] == [False, True]


def test_the_nginx_of_a_buildpack_may_listen_for_a_server_on_a_socket() -> None:
    procfile = "web: {}gunicorn --bind unix:///tmp/nginx.socket app:app\n"
    files = {"app.py": "", "app.json": "{}", "runtime.txt": "python-3.13.1\n"}

    def listens(start: str) -> list[Answer]:
        found = inspect(MemoryTree({**files, "Procfile": procfile.format(start)}), ()).deployment.passages
        return [end.listens for one in found for end in one.destinations]

    assert listens("bin/start-nginx ") == [UNKNOWN]
    assert listens("") == [NO]


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


def test_a_script_of_others_that_is_left_running_is_a_daemon() -> None:
    files = {
        "Dockerfile": DOCKERFILE.replace('"gunicorn", "app:app"', '"./start.sh"'),
        "start.sh": "#!/bin/sh\n/opt/broker.sh serve &\n/opt/wait.sh\nexec gunicorn app:app\n",
        "compose.prod.yml": UWSGI["compose.prod.yml"],
    }
    assert of(files, "web")["daemons"] == "/opt/broker.sh serve"


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


def test_the_programs_of_a_supervisor_that_a_condition_starts_say_where() -> None:
    files = {
        "Dockerfile": DOCKERFILE.replace('"gunicorn", "app:app"', '"./start.sh"'),
        "start.sh": '#!/bin/sh\nif [ "$ALL" = True ]; then\n  exec supervisord -c s.conf\nfi\nexec gunicorn app:app\n',
        "s.conf": "[supervisord]\nnodaemon=true\n[program:jobs]\ncommand=python jobs.py\n",
        "compose.prod.yml": "services:\n  web:\n    build: .\n    environment: [ALL]\n",
    }
    assert of(files, "jobs")["autostart"] == "when $ALL is True"
    web = of(files, "web")
    assert (web["command"], web["unless"]) == ("gunicorn app:app", "$ALL is True: supervisord -c s.conf")
    assert web["server"] == "gunicorn"
    swapped = 'if [ "$ALL" != True ]; then exec supervisord -c s.conf; else exec gunicorn app:app; fi\n'
    turned = {**files, "start.sh": f"#!/bin/sh\n{swapped}"}
    web = of(turned, "web")
    assert (web["command"], web["unless"]) == ("supervisord -c s.conf", "$ALL is True: gunicorn app:app")
    undecided = {**files, "start.sh": files["start.sh"].replace('[ "$ALL" = True ]', "grep -q x y")}
    either = "`supervisord -c s.conf`, `gunicorn app:app`"
    assert of(undecided, "web")["command"] == f"several commands may be the one that stays: {either}"
    asked = {**files, "start.sh": files["start.sh"].replace('[ "$ALL" = True ]', "grep -q x y")}
    assert of(asked, "jobs")["autostart"] == "if start.sh:3 is reached"
    files["compose.prod.yml"] = files["compose.prod.yml"].replace("ALL]", "ALL=True]")
    assert "autostart" not in of(files, "jobs")


def test_routes_of_django_without_known_settings_are_told_as_not_read() -> None:
    wsgi = "from django.core.wsgi import get_wsgi_application\n\napp = get_wsgi_application()\n"
    files = {"Dockerfile": DOCKERFILE, "app.py": wsgi, "compose.prod.yml": UWSGI["compose.prod.yml"]}
    assert of(files, "web")["routes"] == "not read: ROOT_URLCONF, which the settings do not tell (app.py:3)"
    files["app.py"] = "import os\n\nos.environ['DJANGO_SETTINGS_MODULE'] = 'conf'\n" + files["app.py"]
    files |= {"conf.py": "ROOT_URLCONF = 'urls'\nMIDDLEWARE = []\n", "urls.py": PATHS}
    assert of(files, "web")["routes"] == "/a"


PATHS = "from django.urls import path\n\nurlpatterns = [path('a', lambda request: None)]\n"


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


def test_an_app_whose_module_is_here_and_not_where_it_is_started_is_told_so() -> None:
    files = {
        "Dockerfile": 'FROM python:3.13-slim\nCOPY dist/shop.whl /tmp/\nCMD ["gunicorn", "shop.wsgi:app"]\n',
        "shop/wsgi.py": "from shop import make\napp = make()\n",
    }
    [service] = drawn(files).services
    told = {fact.name: fact.text for fact in service.facts}
    assert told["app"] == "shop.wsgi:app is not found where it runs; shop/wsgi.py is in this repository"
    [service] = drawn({"Dockerfile": files["Dockerfile"]}).services
    told = {fact.name: fact.text for fact in service.facts}
    assert told["app"] == "shop.wsgi:app was not found in the repository"


def test_an_app_is_not_missing_where_nobody_knows_in_which_folder_or_image_it_is_looked_for() -> None:
    files = {
        "Dockerfile": 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nCMD ["sh", "run.sh"]\n',
        "run.sh": 'cd "$WHERE" && exec gunicorn wsgi:app\n',
        "srv/wsgi.py": "app = make()\n",
    }
    [service] = drawn(files).services
    told = {fact.name: fact.text for fact in service.facts}
    assert told["app"] == "the folder in which it starts is not known; srv/wsgi.py is in this repository"
    task = '{"family": "web", "containerDefinitions": [{"name": "web", "image": "acme/web:1", "command": %s}]}'
    files = {"task.json": task % '["gunicorn", "wsgi:app"]', "srv/wsgi.py": "app = make()\n"}
    [service] = drawn(files).services
    told = {fact.name: fact.text for fact in service.facts}
    assert told["app"] == "what the image acme/web:1 holds is not known; srv/wsgi.py is in this repository"


def test_a_script_of_which_nothing_is_known_to_stay_is_told_and_not_the_command_of_the_base() -> None:
    files = {
        "Dockerfile": 'FROM python:3.13-slim\nCOPY . .\nCMD ["./serve.sh"]\n',
        "serve.sh": "#!/bin/sh\nwhile true; do\n  gunicorn wsgi:app\n  code=$?\n  [ $code = 3 ] || exit $code\ndone\n",
    }
    [service] = drawn(files).services
    # The loop goes round once, and waits for the server.
    assert {fact.name: fact.text for fact in service.facts}["server"] == "gunicorn"
    [service] = drawn({**files, "serve.sh": "#!/bin/sh\nread line\n"}).services
    told = {fact.name: fact.text for fact in service.facts}
    assert told["command"] == "nothing that `./serve.sh` starts is known to stay"
    server = "#!/bin/bash\ngunicorn -b :8000 wsgi:app &\nfg %1\n"
    [service] = drawn({**files, "serve.sh": server}).services
    assert {fact.name: fact.text for fact in service.facts}["server"] == "gunicorn"


def test_two_histories_of_one_tool_are_told_by_their_folders() -> None:
    files = {"Dockerfile": DOCKERFILE, "app.py": "", "compose.prod.yml": UWSGI["compose.prod.yml"]}
    for folder in ("db/v1", "db/v2"):
        files[f"{folder}/alembic.ini"] = "[alembic]\nscript_location = .\n"
        files[f"{folder}/env.py"] = "from alembic import context\n"
        files[f"{folder}/versions/1_first.py"] = "revision = '1'\ndown_revision = None\n"
    [project] = drawn(files).projects
    told = [f"1 Alembic revision in db/{one}, applied by nothing in production" for one in ("v1", "v2")]
    assert [one.text for one in project.migrations] == told


def test_a_server_whose_end_a_script_waits_for_is_what_stays_whatever_comes_behind_it() -> None:
    dockerfile = 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nRUN pip install gunicorn\nCMD ["./run.sh"]\n'
    server = "gunicorn -b 0.0.0.0:80 wsgi:app"
    scripts = {
        f"{server}\ncode=$?\nif [ $code != 0 ]; then python report.py $code; fi\nexit $code\n": True,
        f'trap stop TERM\n{server} &\npid=$!\nwait "$pid"\ncelery -A tasks control shutdown\n': True,
        f"{server} --check-config\npython work.py\n": False,
        f"{server} &\npid=$!\npython warm.py\nkill $pid; wait $pid\nexec python work.py\n": False,
        f"{server} &\npid=$!\npython warm.py\nkill $pid; wait $pid\npython work.py\n": False,
        f"{server} &\npython warm.py\nfuser -k 80/tcp\nwait\npython work.py\n": False,
        f"{server} &\npid=$!\nkill -0 $pid || exit 1\nwait $pid\npython report.py\n": True,
    }
    for script, is_server in scripts.items():
        files = {"Dockerfile": dockerfile, "run.sh": f"#!/bin/bash\n{script}", "wsgi.py": "app = make()\n"}
        [service] = drawn({**files, "work.py": "", "report.py": ""}).services
        assert ("server" in {fact.name for fact in service.facts}) is is_server, script


@pytest.mark.parametrize(
    ("variable", "files", "database"),
    [
        ("SERVERTYPE", {"zappa_settings.json": '{"live": {"django_settings": "shop"}}'}, "PostgreSQL"),
        ("LIVE", {"zappa_settings.json": '{"live": {"django_settings": "shop"}}'}, "SQLite"),
        ("LIVE", {"zappa_settings.json": '{"live": {"django_settings": "shop", "remote_env": "s3://a/b"}}'}, "unless"),
        ("LIVE", {"serverless.yml": "  environment: ${file(env.yml)}\n"}, "unless"),
        ("LIVE", {"serverless.yml": "plugins: [serverless-dotenv-plugin]\n"}, "unless"),
        ("AWS_LAMBDA_FUNCTION_VERSION", {"serverless.yml": ""}, "unless"),
    ],
)
def test_what_sets_variables_of_a_function_has_a_say_in_its_database(
    variable: str, files: dict[str, str], database: str
) -> None:
    settings = (
        f"import os\nif os.environ.get({variable!r}):\n    engine = 'django.db.backends.postgresql'\n"
        "else:\n    engine = 'django.db.backends.sqlite3'\n"
        "DATABASES = {'default': {'ENGINE': engine, 'NAME': 'shop'}}\n"
    )
    handler = "import os\nfrom django.core.wsgi import get_wsgi_application\nimport serverless_wsgi\n"
    handler += "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop')\napplication = get_wsgi_application()\n"
    handler += "def run(event, context):\n    return serverless_wsgi.handle_request(application, event, context)\n"
    service = "service: shop\nprovider:\n  name: aws\n  runtime: python3.13\n"
    functions = "functions:\n  web:\n    handler: main.run\n"
    files = {name: f"{service}{text}{functions}" if name.endswith("yml") else text for name, text in files.items()}
    [found] = drawn({**files, "shop.py": settings, "main.py": handler}).services
    [text] = [fact.text for fact in found.facts if fact.name == "database"]
    assert database in text
    assert ("unless" in text) == (database == "unless")
