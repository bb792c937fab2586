"""`prodlint map` as its users meet it: a small project in, the map out."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from prodlint.cli import main

SCHEMA = json.loads(
    (Path(__file__).resolve().parent.parent / "prodlint" / "map" / "map.schema.json").read_text(encoding="utf-8")
)
SHOP = {
    "shop/wsgi.py": "from flask import Flask\n\napplication = Flask(__name__)\n",
    "requirements.txt": "flask==3.1.3\ngunicorn==23.0.0\n",
    "Dockerfile": """\
FROM python:3.13-slim AS runtime
WORKDIR /app
ENV SHOP_MODE=live
COPY . .
RUN pip install -r requirements.txt
ENTRYPOINT ["./entrypoint.sh"]
CMD ["gunicorn", "shop.wsgi"]
""",
    "entrypoint.sh": '#!/bin/sh\nset -e\nflask db upgrade\nexec "$@"\n',
    "compose.prod.yml": "services:\n  web:\n    build: .\n    restart: always\n",
    "compose.yml": "services:\n  web:\n    build: .\n    command: flask run --debug\n    volumes: ['.:/app']\n",
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write(tmp_path, SHOP)


def write(folder: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


@dataclass(frozen=True)
class Done:
    """A run of the command that ended."""

    returncode: int
    stdout: str
    stderr: str


def run(folder: Path, *arguments: str) -> Done:
    """`prodlint map` in a folder, within this process, as a start of the interpreter takes longer than most maps."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        result = CliRunner().invoke(main, ["map", *arguments], catch_exceptions=False)
    finally:
        os.chdir(before)
    return Done(result.exit_code, result.stdout, result.stderr)


def run_alone(folder: Path, *arguments: str) -> Done:
    """`prodlint map` in a folder, as a process of its own."""
    command = [sys.executable, "-m", "prodlint", "map", *arguments]
    done = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8", check=False
    )
    return Done(done.returncode, done.stdout, done.stderr)


def drawn(folder: Path, *arguments: str) -> dict:
    done = run(folder, "--output-format", "json", *arguments)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    jsonschema.validate(document, SCHEMA)
    return document


def facts(document: dict) -> dict[str, str]:
    [project] = document["projects"]
    [service] = project["services"]
    return {fact["name"]: fact["value"] for fact in service["facts"]}


def test_a_service_is_told_with_its_command_server_app_image_and_python(shop: Path) -> None:
    found = facts(drawn(shop))
    assert found["command"] == "gunicorn shop.wsgi"
    assert found["server"] == "gunicorn 23.0.0"
    assert found["app"] == "shop.wsgi → shop/wsgi.py:3, Flask, WSGI"
    assert found["image"] == "Dockerfile, stage runtime on python:3.13-slim"
    assert found["python"] == "3.13"


def test_the_other_side_is_shown_when_it_is_asked_for(shop: Path) -> None:
    production = drawn(shop)
    assert production["other_environments"] == {"development": 1}
    development = drawn(shop, "--environment", "development")
    assert facts(development)["command"] == "flask run --debug"
    assert development["releases"] == []


def test_a_release_is_a_list_of_steps_in_their_order(shop: Path) -> None:
    [release] = drawn(shop)["releases"]
    assert release["name"] == "compose.prod.yml"
    assert [(step["kind"], step["text"], step["owner"]) for step in release["steps"]] == [
        ("migrate", "flask db upgrade", "web"),
        ("start", "gunicorn shop.wsgi", "web"),
    ]


WORKFLOW = """\
on: {push: {branches: [main]}}
jobs:
  deploy:
    needs: [build, test]
    runs-on: ubuntu-latest
    environment: production
    steps:
      - run: python manage.py migrate
      - run: flyctl deploy
  build:
    needs: lint
    runs-on: ubuntu-latest
    steps: [{run: docker build -t shop .}]
  lint:
    runs-on: ubuntu-latest
    steps: [{run: make test}]
  test:
    runs-on: ubuntu-latest
    steps: [{run: pytest}]
"""


def test_the_jobs_of_a_release_come_in_the_order_that_their_needs_impose(tmp_path: Path) -> None:
    write(tmp_path, {".github/workflows/deploy.yml": WORKFLOW})
    [release] = drawn(tmp_path)["releases"]
    assert [(step["owner"], step["kind"]) for step in release["steps"]] == [
        ("lint", "test"),
        ("build", "build"),
        ("test", "test"),
        ("deploy", "migrate"),
        ("deploy", "deploy"),
    ]


def test_databases_and_proxies_run_beside_the_app(tmp_path: Path) -> None:
    compose = SHOP["compose.prod.yml"] + "  db:\n    image: postgres:18\n  cache:\n    image: redis\n"
    write(tmp_path, {**SHOP, "compose.prod.yml": compose})
    beside = {fact["name"]: fact["value"] for fact in drawn(tmp_path)["backing_services"]}
    assert beside == {"db": "PostgreSQL 18", "cache": "Redis"}


def test_a_compose_file_of_databases_alone_runs_beside_nobody_in_production(tmp_path: Path) -> None:
    files = {
        "Dockerfile": 'FROM python:3.13\nWORKDIR /app\nCOPY . .\nCMD ["gunicorn", "app:app"]\n',
        "docker-compose.yml": "services:\n  db:\n    image: postgres:18\n    ports: ['127.0.0.1:5432:5432']\n",
        "app.py": "from flask import Flask\napp = Flask(__name__)\n",
    }
    write(tmp_path, files)
    assert drawn(tmp_path)["backing_services"] == []


def test_a_file_of_variables_that_only_the_host_has_is_told(tmp_path: Path) -> None:
    compose = SHOP["compose.prod.yml"].replace("build: .", "build: .\n    env_file: .env.prod")
    write(tmp_path, {**SHOP, "compose.prod.yml": compose})
    assert any(
        line.split()
        == ["env", "from", ".env.prod,", "which", "is", "not", "in", "this", "repository", "(compose.prod.yml:4)"]
        for line in run(tmp_path).stdout.splitlines()
    )


def test_text_fits_on_a_screen_and_names_places(shop: Path) -> None:
    done = run(shop)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) < 40
    assert "  web: gunicorn shop.wsgi (web, Compose, compose.prod.yml:2)" in lines
    assert any("shop/wsgi.py:3" in line for line in lines)
    assert "SHOP_MODE=live" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("arguments", [(), ("--output-format", "json"), ("--why", "nothing")])
def test_a_process_of_its_own_tells_the_same(shop: Path, arguments: tuple[str, ...]) -> None:
    assert run_alone(shop, *arguments) == run(shop, *arguments)


def test_what_is_not_known_is_told_with_its_reason(tmp_path: Path) -> None:
    write(tmp_path, {"Procfile": "web: gunicorn $APP\n", "requirements.txt": "gunicorn==23.0.0\n"})
    document = drawn(tmp_path)
    doubts = {doubt["subject"]: doubt["reason"] for doubt in document["undecided"]}
    assert "APP" in doubts["web.app"]
    assert "python" in doubts["web.python"].lower()


def test_why_tells_which_lines_decided(shop: Path) -> None:
    done = run(shop, "--why", "web.command")
    assert done.returncode == 0, done.stderr
    assert re.search(r"runs entrypoint.sh\n +--> Dockerfile:6:\d+\n +6 \| ENTRYPOINT", done.stdout)
    assert "gunicorn shop.wsgi" in done.stdout


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("wbe.command", 'did you mean "web"'),
        ("web.comand", 'did you mean "command"'),
        ("nothing", "there is no service"),
    ],
)
def test_a_question_about_nothing_is_an_error_that_names_what_there_is(shop: Path, subject: str, said: str) -> None:
    done = run(shop, "--why", subject)
    assert done.returncode == 2
    assert said in done.stderr
    assert not done.stdout


def test_a_picture_holds_services_apps_images_and_releases(shop: Path) -> None:
    mermaid = run(shop, "--output-format", "mermaid").stdout
    assert mermaid.startswith("flowchart LR\n")
    assert 'n1["web: gunicorn shop.wsgi"]' in mermaid
    assert '|"brings"|' in mermaid
    dot = run(shop, "--output-format", "dot").stdout
    assert dot.startswith("digraph deployment {\n")
    assert dot.rstrip().endswith("}")
    assert 'label="web: gunicorn shop.wsgi"' in dot


def test_hostile_text_stays_inside_of_its_quotes(tmp_path: Path) -> None:
    write(tmp_path, {"Procfile": 'web: gunicorn "a\\"]; --> x" \x1b[31m<b>\n'})
    for form in ("text", "mermaid", "dot"):
        done = run(tmp_path, "--output-format", form)
        assert done.returncode == 0, done.stderr
        assert "\x1b" not in done.stdout
    dot = run(tmp_path, "--output-format", "dot").stdout
    for line in dot.splitlines():
        assert len(re.findall(r'(?<!\\)(?:\\\\)*"', line)) % 2 == 0


def test_an_empty_folder_has_an_empty_map(tmp_path: Path) -> None:
    assert run(tmp_path).stdout == "nothing runs in production as far as the files tell\n"
    assert drawn(tmp_path)["projects"] == []


MANIFEST = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - name: web
          image: registry.example.org/shop:1.4
          args: [gunicorn, "--bind=0.0.0.0:8000", shop.wsgi]
          ports: [{containerPort: 8000}]
          readinessProbe: {httpGet: {path: /healthz, port: 8000}}
"""


def test_the_contract_of_a_platform_is_told(tmp_path: Path) -> None:
    write(tmp_path, {"k8s/production/shop.yaml": MANIFEST})
    found = facts(drawn(tmp_path))
    assert found["replicas"] == "3"
    assert found["ports"] == "8000"
    assert found["readiness"] == "GET :8000/healthz"
    write(tmp_path, {"k8s/production/shop.yaml": MANIFEST.replace("port: 8000}}", "port: 8000, scheme: HTTPS}}")})
    assert facts(drawn(tmp_path))["readiness"] == "GET https://:8000/healthz"


HEALTHY = """\
from flask import Flask

application = Flask(__name__)


@application.get("/health")
def health():
    return ""
"""


def test_a_probe_that_no_route_answers_is_told_unless_served_code_writes_its_path(tmp_path: Path) -> None:
    manifest = MANIFEST.replace("shop.wsgi", "shop.wsgi:application").replace("registry.example.org/shop:1.4", "shop")
    dockerfile = "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\n"
    shop = write(tmp_path, {"k8s/production/shop.yaml": manifest, "Dockerfile": dockerfile, "shop/__init__.py": ""})
    write(shop, {"shop/wsgi.py": HEALTHY})
    assert facts(drawn(shop))["readiness"] == "GET :8000/healthz, which no route answers"
    write(shop, {"shop/wsgi.py": f"{HEALTHY}\n\napplication.wsgi_app = Probes(application.wsgi_app, '/healthz')\n"})
    assert facts(drawn(shop))["readiness"] == "GET :8000/healthz"


def test_the_routes_of_an_app_are_told(tmp_path: Path) -> None:
    write(tmp_path, {**SHOP, "shop/wsgi.py": HEALTHY})
    assert facts(drawn(tmp_path))["routes"] == "/health"
    assert "shop/wsgi.py:6" in run(tmp_path, "--why", "web.routes").stdout


DJANGO = {
    "shop/__init__.py": "",
    "shop/wsgi.py": "import os\nfrom django.core.wsgi import get_wsgi_application\n\n"
    'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings.dev")\napplication = get_wsgi_application()\n',
    "shop/settings/__init__.py": "",
    "shop/settings/base.py": 'ROOT_URLCONF = "shop.urls"\n',
    "shop/settings/dev.py": "from .base import *\n",
    "shop/settings/live.py": "from .base import *\n",
    "shop/urls.py": "from django.urls import path\n\nurlpatterns = [path('health/', view)]\n",
    "Dockerfile": "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nENV DJANGO_SETTINGS_MODULE=shop.settings.live\n"
    'CMD ["gunicorn", "shop.wsgi"]\n',
}


def test_the_settings_of_a_service_are_told_with_the_line_that_chose_them_and_the_routes_behind_them(
    tmp_path: Path,
) -> None:
    shop = write(tmp_path, DJANGO)
    found = facts(drawn(shop))
    assert found["settings"] == "shop.settings.live (ENV in Dockerfile:4)"
    assert found["routes"] == "/health/"
    why = run(shop, "--why", f"{drawn(shop)['projects'][0]['services'][0]['name']}.settings").stdout.splitlines()
    assert why[0].endswith(".settings: shop.settings.live (ENV in Dockerfile:4)")
    assert why[1].strip() == "shop.settings.dev  setdefault in shop/wsgi.py"
    assert why[4].strip() == "shop.settings.live  ENV in Dockerfile"


def test_settings_that_may_be_others_are_told_with_what_may_change_them(tmp_path: Path) -> None:
    files = {**DJANGO, "Procfile": "web: gunicorn shop.wsgi\n"}
    del files["Dockerfile"]
    [fact] = [
        one for one in drawn(write(tmp_path, files))["projects"][0]["services"][0]["facts"] if one["name"] == "settings"
    ]
    assert fact["state"] == "environment"
    assert fact["value"] == (
        "shop.settings.dev (setdefault in shop/wsgi.py:4) unless DJANGO_SETTINGS_MODULE is set outside"
    )


BEHIND_NGINX = {
    **SHOP,
    "Dockerfile": SHOP["Dockerfile"].replace('"shop.wsgi"', '"--bind=0.0.0.0:8000", "shop.wsgi"'),
    "compose.prod.yml": SHOP["compose.prod.yml"] + "  edge:\n    build: ./nginx\n    restart: always\n",
    "nginx/Dockerfile": "FROM nginx:1.29\nCOPY shop.conf /etc/nginx/conf.d/\n",
    "nginx/shop.conf": """\
server {
    listen 443 ssl;
    server_name shop.example;
    location / { proxy_pass http://web:8000; }
    location /static/ { alias /srv/static/; }
    location /old { return 410; }
    location /api { proxy_pass http://api:9000; }
}
""",
}


def test_a_proxy_is_told_with_its_routes_and_where_they_lead(tmp_path: Path) -> None:
    [proxy] = drawn(write(tmp_path, BEHIND_NGINX))["proxies"]
    assert (proxy["product"], proxy["listens"], proxy["names"]) == ("nginx", ["443 (TLS)"], ["shop.example"])
    assert (proxy["encrypted"], proxy["run_by"]["name"]) == ("yes", "edge")
    assert [(one["path"], end["kind"], end["value"]) for one in proxy["routes"] for end in one["destinations"]] == [
        ("/", "service", "web: gunicorn --bind=0.0.0.0:8000 shop.wsgi"),
        ("/static/", "files", "files of /srv/static/"),
        ("/old", "answer", "answers 410"),
        ("/api", "unknown", "nothing that is read in compose.prod.yml is called api"),
    ]


def test_a_proxy_as_text_has_a_line_for_each_route(tmp_path: Path) -> None:
    text = run(write(tmp_path, BEHIND_NGINX)).stdout
    lines = text[text.index("proxy nginx") :].splitlines()[:5]
    assert [line.rstrip() for line in lines] == [
        "proxy nginx (nginx/shop.conf:1), run by edge: 443 (TLS) for shop.example",
        "    /            → web  (nginx/shop.conf:4)",
        "    /static/     → files of /srv/static/  (nginx/shop.conf:5)",
        "    /old         → answers 410  (nginx/shop.conf:6)",
        "    /api         → ? nothing that is read in compose.prod.yml is called api  (nginx/shop.conf:7)",
    ]
    assert "not decided" not in text


def test_the_proxies_of_a_service_are_explained_hop_by_hop(tmp_path: Path) -> None:
    told = run(write(tmp_path, BEHIND_NGINX), "--why", "web.proxies").stdout
    assert told.startswith("web.proxies: nginx shop.example /")
    places = re.findall(r"--> (\S+):\d+$", told, re.MULTILINE)
    assert places == ["nginx/shop.conf:4", "nginx/shop.conf:4", "compose.prod.yml:2", "Dockerfile:7"]


def test_a_dialled_port_on_which_nobody_listens_is_told(tmp_path: Path) -> None:
    files = {**BEHIND_NGINX, "nginx/shop.conf": BEHIND_NGINX["nginx/shop.conf"].replace("web:8000", "web:8001")}
    [proxy] = drawn(write(tmp_path, files))["proxies"]
    assert proxy["routes"][0]["destinations"][0]["value"].endswith("shop.wsgi, which does not listen there (port 8001)")


@pytest.mark.parametrize(
    ("name", "arrow"), [("mermaid", r'n\d+ -->\|"/"\| n\d+'), ("dot", r'n\d+ -> n\d+ \[label="/"\];')]
)
def test_a_picture_leads_from_the_proxy_to_the_service(tmp_path: Path, name: str, arrow: str) -> None:
    picture = run(write(tmp_path, BEHIND_NGINX), "--output-format", name).stdout
    assert "nginx shop.example" in picture
    assert re.search(arrow, picture)


def test_the_settings_classes_that_an_app_imports_are_told(tmp_path: Path) -> None:
    files = {
        "app/__init__.py": "",
        "app/main.py": "from fastapi import FastAPI\nfrom app.config import settings\n\napp = FastAPI()\n",
        "app/config.py": "from pydantic_settings import BaseSettings\n\n\nclass Settings(BaseSettings):\n"
        "    debug: bool = False\n\n\nsettings = Settings()\n",
        "Procfile": "web: uvicorn app.main:app\n",
    }
    assert facts(drawn(write(tmp_path, files)))["settings"] == "app.config.Settings (class in app/config.py:4)"


def test_several_settings_classes_do_not_overrule_one_another(tmp_path: Path) -> None:
    one = "from pydantic_settings import BaseSettings\n\n\nclass {0}(BaseSettings):\n    x: int = 1\n\n\ns = {0}()\n"
    files = {
        "main.py": "import one, two\nfrom fastapi import FastAPI\n\napp = FastAPI()\n",
        "one.py": one.format("One"),
        "two.py": one.format("Two"),
        "Procfile": "web: uvicorn main:app\n",
    }
    told = text_of(write(tmp_path, files), "--why", "web.settings")
    assert "one.One" in told
    assert "The last of these decides." not in told


def text_of(folder: Path, *arguments: str) -> str:
    done = run(folder, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


WORKERS = """\
x-app: &app
  build: .
  restart: always
  environment: {SHOP_MAIL: "", SHOP_KEY: }
services:
  web: *app
  mail:
    <<: *app
    profiles: [jobs]
    command: celery -A shop worker -Q mail
  slow:
    <<: *app
    command: celery -A shop worker -Q slow
"""


def test_what_services_share_is_told_once(tmp_path: Path) -> None:
    files = {**SHOP, "compose.prod.yml": WORKERS}
    files["Dockerfile"] = SHOP["Dockerfile"].replace("ENV SHOP", "ENV PIP_NO_CACHE_DIR=1 PATH=/venv/bin:$PATH SHOP")
    text = text_of(write(tmp_path, files))
    assert "  mail: celery -A shop worker -Q mail (worker, Compose, profile jobs, compose.prod.yml:7)\n" in text
    assert text.count("\n    the same     image, python, variables, set outside as web\n") == 1
    assert text.count("\n    the same     server, app, image, python, variables, set outside as mail\n") == 1
    assert text.count("SHOP_MODE=live") == 1
    assert "    set outside  SHOP_KEY\n" in text
    assert "PATH" not in text
    assert "PIP_NO_CACHE_DIR" not in text
    [web, *_] = drawn(tmp_path)["projects"][0]["services"]
    assert {"PATH", "PIP_NO_CACHE_DIR"} <= {one["name"] for one in web["variables"]}


def test_steps_that_services_share_are_told_once_and_starts_are_one_line(tmp_path: Path) -> None:
    text = text_of(write(tmp_path, {**SHOP, "compose.prod.yml": WORKERS}))
    lines = text[text.index("release compose.prod.yml") :].splitlines()
    assert lines[1] == "   1. migrate    [web, mail, slow] flask db upgrade  (entrypoint.sh:3)"
    assert lines[2] == "   2. start      web, mail (if profile jobs), slow"


def test_a_release_that_only_starts_what_is_told_above_is_told_by_its_name(tmp_path: Path) -> None:
    write(tmp_path, {**SHOP, "entrypoint.sh": '#!/bin/sh\nexec "$@"\n'})
    assert [len(one["steps"]) for one in drawn(tmp_path)["releases"]] == [1]
    assert "\nrelease compose.prod.yml: only starts what is told above\n" in text_of(tmp_path)


def test_long_preparations_are_told_by_their_beginning(tmp_path: Path) -> None:
    entrypoint = (
        "#!/bin/sh\n" + "".join(f"mkdir /{name}\n" for name in "abcdefgh") + "flask db upgrade\n" + 'exec "$@"\n'
    )
    text = text_of(write(tmp_path, {**SHOP, "entrypoint.sh": entrypoint}))
    assert "   3. prepare    mkdir /c" in text
    assert "mkdir /d" not in text
    assert "… and 5 more of this kind" in text
    assert "   9. migrate    flask db upgrade" in text


def test_of_long_preparations_those_are_told_that_do_more_than_make_folders(tmp_path: Path) -> None:
    entrypoint = "#!/bin/sh\n" + "mkdir /a\n" * 4 + 'flask seed\nflask db upgrade\nexec "$@"\n'
    text = text_of(write(tmp_path, {**SHOP, "entrypoint.sh": entrypoint}))
    assert "mkdir" not in text
    assert "   1. prepare    [web] flask seed" in text
    assert "… and 4 more of this kind" in text
    write(tmp_path, {"entrypoint.sh": '#!/bin/sh\nmkdir /a\nexec "$@"\n'})
    assert "release compose.prod.yml: only starts what is told above" in text_of(tmp_path)


def test_services_that_only_differ_by_their_file_are_one_with_all_places(tmp_path: Path) -> None:
    stages = {f"k8s/production/{name}/shop.yaml": MANIFEST for name in "abcdef"}
    text = text_of(write(tmp_path, stages))
    [heading] = re.findall(r"^  shop.*\n(?:      .*\n)*", text, re.MULTILINE)
    assert heading.count("shop.yaml:") == 4
    assert " and 2 more)" in heading
    assert text.count("replicas") == 1


def test_no_line_is_wider_than_the_terminal(tmp_path: Path) -> None:
    long = " ".join(f"--some-option-{number}=value" for number in range(40))
    files = {**SHOP, "compose.prod.yml": SHOP["compose.prod.yml"] + f"    command: gunicorn {long} shop.wsgi\n"}
    files[".github/workflows/deploy.yml"] = WORKFLOW.replace("flyctl deploy", f"flyctl deploy {long}")
    text = text_of(write(tmp_path, files))
    assert max(map(len, text.splitlines())) <= 120
    assert "--some-option-9=value" in text


def test_a_pipeline_is_told_with_what_sets_it_off_where_it_runs_and_what_it_asks_for(tmp_path: Path) -> None:
    workflow = """\
on: {push: {branches: [main], tags: ["v*"]}, workflow_dispatch: , schedule: [{cron: "0 3 * * *"}]}
jobs:
  deploy:
    if: ${{ github.repository == 'shop/shop' }}
    runs-on: self-hosted
    steps:
      - {run: docker compose up -d, if: github.actor != 'bot'}
      - {run: pytest, if: github.event_name == 'pull_request'}
"""
    write(tmp_path, {".github/workflows/deploy.yml": workflow})
    [release] = drawn(tmp_path)["releases"]
    assert release["triggers"] == ["push to main, push of tag v*", "by hand", "schedule 0 3 * * *"]
    assert [(step["condition"], step["own_condition"], step["on_host"]) for step in release["steps"]] == [
        ("${{ github.repository == 'shop/shop' }}", "github.actor != 'bot'", True)
    ]
    text = text_of(tmp_path)
    assert "on the machine that serves)" in " ".join(text.split())
    assert "[deploy, if github.repository == 'shop/shop'] [if github.actor != 'bot'] docker" in text


def test_what_is_not_decided_is_told_once_with_how_often(tmp_path: Path) -> None:
    playbooks = {f"ansible/playbook-{name}.yml": "- hosts: all\n  tasks: [{name: x, ping: }]\n" for name in "abcde"}
    write(tmp_path, {**playbooks, "Procfile": "web: gunicorn $APP\n", "requirements.txt": "gunicorn==23.0.0\n"})
    text = text_of(tmp_path)
    assert text.count("Ansible is not read") == 1
    assert " and 2 more)" in text
    assert text.count("$APP") == 2, "the heading and the app"
    assert len([one for one in drawn(tmp_path)["undecided"] if one["subject"] == "deployment"]) == 5


def test_what_is_not_shown_is_told_with_the_option_that_shows_it(shop: Path) -> None:
    assert text_of(shop).endswith("\nNot shown: 1 development service (--environment development).\n")


def test_a_pinned_image_is_told_with_its_reference_and_a_short_digest(tmp_path: Path) -> None:
    reference = f"registry.example.org/shop:1.4@sha256:{'0123456789abcdef' * 4}"
    text = text_of(
        write(tmp_path, {"k8s/production/shop.yaml": MANIFEST.replace("registry.example.org/shop:1.4", reference)})
    )
    assert "    image        registry.example.org/shop:1.4@sha256:01234567…" in text
    compose = SHOP["compose.prod.yml"] + "    image: registry.example.org/shop:1.4\n"
    found = facts(drawn(write(tmp_path / "pinned", {**SHOP, "compose.prod.yml": compose})))
    assert found["image"] == ("registry.example.org/shop:1.4, a build of Dockerfile, stage runtime on python:3.13-slim")


def test_a_name_that_several_services_have_asks_for_a_fuller_one(tmp_path: Path) -> None:
    write(tmp_path, {f"k8s/production/{name}/shop.yaml": MANIFEST for name in ("api", "site")})
    done = run(tmp_path, "--why", "shop.replicas")
    assert (done.returncode, done.stdout) == (2, "")
    fuller = re.findall(r"shop@\S+", done.stderr)
    assert fuller == ["shop@k8s/production/api/shop.yaml", "shop@k8s/production/site/shop.yaml"]
    assert "k8s/production/site/shop.yaml:5" in text_of(tmp_path, "--why", f"{fuller[1]}.replicas")


def test_all_variables_and_all_options_can_be_asked_for(tmp_path: Path) -> None:
    told = text_of(write(tmp_path, {**SHOP, "compose.prod.yml": WORKERS}), "--why", "web.variables").splitlines()
    assert told[0] == "web.variables"
    assert "  SHOP_MODE    live  (Dockerfile:3)" in told
    assert text_of(tmp_path, "--why", "web.options").startswith("web.options")


def test_a_question_about_an_unknown_fact_lists_what_can_be_asked(shop: Path) -> None:
    done = run(shop, "--why", "web.zzzzzz")
    assert done.returncode == 2
    assert "\nfacts:\n  declared" in done.stderr
    assert "\nsettings of its server:\n" in done.stderr
    assert max(map(len, done.stderr.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "pages"),
    [
        ("", "/openapi.json, /docs, /redoc"),
        ("openapi_url='/api/v1/openapi.json', redoc_url=None", "/api/v1/openapi.json, /docs"),
        ("openapi_url=None", "not read: what registers any on the app was not found (main.py:6)"),
        ("**pages", "/schema, /docs, /redoc"),
        ("openapi_url=PREFIX + '/openapi.json'", "/v1/openapi.json, /docs, /redoc"),
        ("docs_url=somewhere()", "/openapi.json, /redoc; not read: /docs (docs_url is not known)"),
    ],
)
def test_the_pages_of_fastapi_stand_where_its_keywords_put_them(
    tmp_path: Path, arguments: str, pages: str | None
) -> None:
    code = f"""\
from elsewhere import somewhere
from fastapi import FastAPI

PREFIX = "/v1"
pages = {{"openapi_url": "/schema"}}
app = FastAPI({arguments})
"""
    write(tmp_path, {"main.py": code, "Procfile": "web: uvicorn main:app\n"})
    assert facts(drawn(tmp_path)).get("routes") == pages


def test_a_build_argument_with_a_default_from_outside_is_no_certain_value(tmp_path: Path) -> None:
    build = "build: {context: ., args: {SHOP_MODE: '${MODE:-live}', SHOP_KIND: fast}}"
    dockerfile = SHOP["Dockerfile"].replace(
        "ENV SHOP_MODE=live",
        "ARG SHOP_MODE=test SHOP_KIND SHOP_AGE=3\nENV SHOP_MODE=$SHOP_MODE SHOP_KIND=$SHOP_KIND SHOP_AGE=$SHOP_AGE",
    )
    files = {**SHOP, "Dockerfile": dockerfile, "compose.prod.yml": SHOP["compose.prod.yml"].replace("build: .", build)}
    text = text_of(write(tmp_path, files))
    assert "    set outside  SHOP_MODE ($MODE, else live)\n" in text
    assert "    variables    SHOP_AGE=3, SHOP_KIND=fast\n" in text


def test_what_a_loop_asks_first_is_asked_in_any_case(tmp_path: Path) -> None:
    entrypoint = '#!/bin/sh\nuntil pg_isready; do ./wait; done\nif flask db upgrade; then echo done; fi\nexec "$@"\n'
    [release] = drawn(write(tmp_path, {**SHOP, "entrypoint.sh": entrypoint}))["releases"]
    steps = {step["text"]: step["conditional"] for step in release["steps"]}
    assert (steps["pg_isready"], steps["./wait"], steps["flask db upgrade"]) == (False, True, False)


def test_variables_whose_values_come_from_outside_are_told_apart(tmp_path: Path) -> None:
    compose = SHOP["compose.prod.yml"] + (
        "    environment: {A_URL: 'https://${DOMAIN}/', B_KEY: , C_LEVEL: '${LEVEL:-}', D_HOST: shop}\n"
    )
    text = text_of(write(tmp_path, {**SHOP, "compose.prod.yml": compose}))
    assert "    variables    D_HOST=shop, SHOP_MODE=live\n" in text
    assert "    set outside  A_URL (" in text
    assert ", B_KEY, C_LEVEL ($LEVEL, else empty)\n" in text


def test_variables_that_differ_little_are_told_by_what_differs(tmp_path: Path) -> None:
    compose = """\
services:
  web:
    build: .
    restart: always
    environment: {A: a, B: b, C: c, D: d, E: e, F: f}
  mail:
    build: .
    restart: always
    command: celery -A shop worker
    environment: {A: a, B: b, C: c, D: d, E: e, G: g, H: h}
"""
    text = text_of(write(tmp_path, {**SHOP, "compose.prod.yml": compose}))
    assert "    variables    as web, without F, and G=g, H=h\n" in text


def test_proxies_that_differ_by_their_file_alone_are_one_and_a_single_route_is_on_the_line_of_its_proxy(
    tmp_path: Path,
) -> None:
    ingress = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  rules: [{host: shop.example, http: {paths: [{path: /, backend: {service: {name: shop, port: {number: 80}}}}]}}]
"""
    service = """\
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop}, ports: [{port: 80, targetPort: 8000}]}
"""
    files = {f"k8s/production/{name}/all.yaml": "---\n".join((MANIFEST, service, ingress)) for name in "ab"}
    text = text_of(write(tmp_path, files))
    [line] = re.findall(r"^proxy Ingress.*\n(?:      .*\n)*", text, re.MULTILINE)
    assert line.count("all.yaml") == 3
    assert "for shop.example, / → shop" in line


def test_services_of_several_overlays_are_told_apart_by_their_overlay(tmp_path: Path) -> None:
    base = MANIFEST.replace("replicas: 3", "replicas: 1")
    overlay = "resources: [../../base]\nreplicas: [{name: shop, count: %d}]\n"
    files = {"k8s/base/shop.yaml": base, "k8s/base/kustomization.yaml": "resources: [shop.yaml]\n"}
    for name, count in (("production", 4), ("production-eu", 2)):
        files[f"k8s/overlays/{name}/kustomization.yaml"] = overlay % count
    text = text_of(write(tmp_path, files))
    assert "k8s/base/shop.yaml:11 of k8s/overlays/production)" in " ".join(text.split())
    done = run(tmp_path, "--why", "shop.replicas")
    assert done.returncode == 2
    assert "  shop@k8s/overlays/production-eu  shop@" in done.stderr
    assert text_of(tmp_path, "--why", "shop@k8s/overlays/production.replicas").startswith("shop.replicas: 4\n")


def test_sidecars_of_one_image_are_told_once(tmp_path: Path) -> None:
    sidecar = "        - {name: cache, image: 'redis:8'}\n"
    files = {
        f"k8s/production/{name}.yaml": MANIFEST.replace("name: shop", f"name: {name}") + sidecar
        for name in ("a", "b", "c")
    }
    text = text_of(write(tmp_path, files))
    assert text.count("a/cache      Redis 8, also as b/cache, c/cache") == 1


def test_options_that_one_reason_keeps_from_being_known_are_counted(tmp_path: Path) -> None:
    files = {**SHOP, "gunicorn.conf.py": "import os\n\nfor name in os.environ:\n    locals()[name] = 1\n"}
    text = text_of(write(tmp_path, files))
    assert re.search(r"    options      \d+ more \(\? ", text)
    assert max(map(len, text.splitlines())) <= 120
    assert len(text.splitlines()) < 30


def test_routes_that_one_reason_keeps_from_being_known_are_one_line(tmp_path: Path) -> None:
    lost = "location /a { proxy_pass http://api:9000; }\n    location /b { proxy_pass http://api:9000; }\n"
    conf = BEHIND_NGINX["nginx/shop.conf"].replace("location /old", f"{lost}    location /old")
    text = text_of(write(tmp_path, {**BEHIND_NGINX, "nginx/shop.conf": conf}))
    assert "    3 routes     → ? nothing that is read in compose.prod.yml is called api  (nginx/shop.conf:6)\n" in text
    assert "/old         → answers 410" in text
