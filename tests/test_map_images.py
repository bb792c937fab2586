"""What the map tells of images: which of them are services, and what they start."""

from __future__ import annotations

import pytest
from maps import DOCKERFILE, drawn, of, pod

from prodlint.deployment.environment import Environment
from prodlint.deployment.value import YES
from prodlint.inspection import inspect
from prodlint.map.document import State
from prodlint.map.text import render
from prodlint.map.why import UnknownSubject, why
from prodlint.report.terminal import Terminal
from prodlint.tree import MemoryTree


def test_what_a_script_installs_before_a_command_that_is_computed_does_not_stay() -> None:
    files = {
        "Dockerfile": 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nCMD ["./start.sh"]\n',
        "start.sh": '#!/bin/bash\nfor one in a b; do commands+="celery -A shop worker -Q $one &"; done\n'
        'python manage.py migrate\npip install tenacity\neval "$commands"\nwait\n',
        "manage.py": "import django\n",
    }
    [service] = drawn(files).services
    command = service.fact("command")
    assert command is not None
    assert command.text == "evaluates what is computed"


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
    own = {"start.sh": files["start.sh"].replace("exec", "python manage.py import_shapes\nexec")}
    assert of({**files, **own}, service.name)["command"] == command.text
    dashed = {"Dockerfile": files["Dockerfile"].replace('sh"', 'sh", "--"')}
    assert of({**files, **dashed}, service.name)["command"] == command.text
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


SHOP = {
    "shop/settings.py": "ROOT_URLCONF = 'shop.urls'\n"
    "DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'NAME': 'shop'}}\n",
    "shop/urls.py": "from django.urls import path\n\nurlpatterns = [path('up/', print)]\n",
}


def test_a_function_of_zappa_runs_the_django_of_the_settings_that_its_file_names() -> None:
    found = of({**SHOP, "zappa_settings.json": '{"live": {"django_settings": "shop.settings"}}'}, "live")
    assert found["app"] == "Zappa makes it of these settings, Django, WSGI"
    assert found["settings"] == "shop.settings (variables of live in zappa_settings.json:1)"
    assert (found["database"], found["routes"]) == ("PostgreSQL shop", "/up/")
    assert "command" not in found


def test_the_settings_of_a_function_are_those_that_its_handler_chooses() -> None:
    template = "Resources:\n  Web:\n    Type: AWS::Serverless::Function\n    Properties:\n"
    files = {
        **SHOP,
        "template.yaml": f"{template}      Handler: shop.asgi.handler\n      Runtime: python3.13\n",
        "shop/asgi.py": "import os\nfrom django.core.asgi import get_asgi_application\nfrom mangum import Mangum\n\n"
        "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\nhandler = Mangum(get_asgi_application())\n",
    }
    found = of(files, "Web")
    assert found["settings"] == "shop.settings (setdefault in shop/asgi.py:5)"
    assert (found["database"], found["routes"]) == ("PostgreSQL shop", "/up/")


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


def test_an_image_of_python_without_a_command_is_no_production_beside_another_of_its_project() -> None:
    files = {
        "Dockerfile": "FROM python:3.13\nCOPY . .\nRUN pip install flask\n",
        "app.py": "from flask import Flask\n\napp = Flask('x')\n",
        "deploy/web.service": "[Service]\nExecStart=/srv/.venv/bin/gunicorn app:app\n",
    }
    told = {one.name: one.environment for one in drawn(files).services}
    assert told == {"web": "production", "Dockerfile": "unknown"}
    heroku = {**files, "Procfile": "web: gunicorn app:app\n"}
    del heroku["deploy/web.service"]
    assert {one.name: one.environment for one in drawn(heroku).services} == told
    nothing = "python3 of the base image python:3.13, which is given nothing to run"
    assert of(heroku, "Dockerfile")["command"] == nothing
    # Nothing else is known to run, or production of another project does.
    alone = {path: text for path, text in files.items() if not path.startswith("deploy")}
    assert {one.name: one.environment for one in drawn(alone).services} == {"Dockerfile": "production"}
    # Developers give it the command that it lacks.
    desk = {**files, "docker-compose.yml": "services:\n  api:\n    build: .\n    command: flask run --debug\n"}
    assert [one.name for one in drawn(desk).services] == ["web"]


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


def test_an_image_of_another_language_that_a_function_runs_is_no_service() -> None:
    files = {
        "serverless.yml": "service: s\nprovider: {name: aws, ecr: {images: {own: {path: ./}}}}\n"
        "functions:\n  hello: {image: {name: own}}\n",
        "Dockerfile": 'FROM public.ecr.aws/lambda/nodejs:20\nCOPY app.js ./\nCMD ["app.handler"]\n',
    }
    assert drawn(files).services == ()


def test_the_image_of_somebody_else_is_told_where_it_is_named_and_not_where_its_command_is() -> None:
    container = (
        "name: web\n        image: acme/base:1\n        env: [{name: A, value: b}]\n"
        "        command: [gunicorn, 'app:app']"
    )
    whole = drawn({"k8s/web.yaml": pod(container)})
    assert [str(one.span) for one in whole.services[0].facts if one.name == "image"] == ["k8s/web.yaml:10"]
    assert "image: acme/base:1" in why(whole, "web.image", Terminal(False))


def test_the_code_of_a_function_lies_where_the_image_for_lambda_says() -> None:
    copies = {"COPY src/ ${LAMBDA_TASK_ROOT}/": "src/api/handler.py", "COPY src/api/handler.py ./api/": ""}
    for copy, path in copies.items():
        files = {
            "Dockerfile": f'FROM public.ecr.aws/lambda/python:3.13\n{copy}\nCMD ["api.handler.main"]\n',
            "src/api/handler.py": "def main(event, context):\n    return {}\n",
        }
        [service] = drawn(files).services
        told = {fact.name: fact.text for fact in service.facts}
        assert told["handler"] == "api.handler.main → src/api/handler.py:1", path


def test_what_is_built_before_an_image_and_never_committed_says_nothing_of_its_context() -> None:
    files = {
        "Dockerfile": "FROM python:3.13-slim\nWORKDIR /app\nCOPY dist/*.whl ./\nRUN pip install *.whl\n"
        'COPY config/ ./\nCMD ["gunicorn", "shop.wsgi:app"]\n',
        "config/gunicorn.conf.py": 'bind = "0.0.0.0:9000"\n',
    }
    [service] = drawn(files).services
    assert {fact.name: fact.text for fact in service.facts}["bind"] == "0.0.0.0:9000"
    dockerfile = files["Dockerfile"].replace("dist/*.whl", "vendor/lib.txt vendor/a.txt")
    command = 'CMD ["gunicorn", "-c", "gunicorn.conf.py", "shop.wsgi:app"]\n'
    dockerfile = dockerfile[: dockerfile.index("CMD")] + command
    [service] = drawn({**files, "Dockerfile": dockerfile}).services
    told = {fact.name: fact.text for fact in service.facts}["bind"]
    assert told == "the configuration file gunicorn.conf.py is in this repository, but not certainly where it runs"


@pytest.mark.parametrize(
    ("steps", "environment"),
    [
        ("- run: heroku container:push web -a shop && heroku container:release web -a shop", "unknown"),
        ("- uses: gonuit/heroku-docker-deploy@v1.3.3", "unknown"),
        ("- {uses: akhileshns/heroku-deploy@v3.13.15, with: {usedocker: true}}", "unknown"),
        ("- uses: akhileshns/heroku-deploy@v3.13.15", "production"),
        ("- run: git push https://git.heroku.com/shop.git main", "production"),
        ("- run: heroku container:release web -a shop\n    - run: git push heroku main", "production"),
    ],
)
def test_heroku_reads_no_procfile_beside_the_images_that_pipelines_release(steps: str, environment: str) -> None:
    files = {
        "Procfile": "web: gunicorn app:app\n",
        "Dockerfile": DOCKERFILE,
        "app.py": "from flask import Flask\n\napp = Flask('x')\n",
        ".github/workflows/deploy.yml": f"on: push\njobs:\n  deploy:\n    steps:\n    {steps}\n",
    }
    assert [one.environment for one in drawn(files).services if one.name == "web"] == [environment]


def test_an_image_that_only_starts_its_base_and_that_nothing_builds_is_no_certain_production_beside_another() -> None:
    front = "FROM nginx:1.29\nCOPY site.conf /etc/nginx/conf.d/default.conf\n"
    files = {"front/Dockerfile": front, "Dockerfile": DOCKERFILE, "app.py": ""}
    compose = {"compose.prod.yml": "services:\n  web:\n    build: .\n"}

    def environment(files: dict[str, str]) -> str:
        return next(one.environment for one in drawn(files).services if one.name == "front")

    assert environment(files) == "production"
    assert environment({**files, **compose}) == "unknown"
    started = {"front/Dockerfile": front + 'CMD ["nginx", "-g", "daemon off;"]\n'}
    assert environment({**files, **compose, **started}) == "production"
    workflow = "on: push\njobs:\n  cd:\n    steps:\n    - run: docker build -t acme/front front\n"
    workflow += "    - run: docker push acme/front\n"
    assert environment({**files, **compose, ".github/workflows/cd.yml": workflow}) == "production"


@pytest.mark.parametrize(
    ("beside", "platform", "whose"),
    [
        ({}, "Heroku", "Heroku"),
        ({"nixpacks.toml": "[phases.setup]\n"}, "", "its platform"),
        ({".do/deploy.template.yaml": "spec: {name: x}\n"}, "", "its platform"),
        ({"nixpacks.toml": "[phases.setup]\n", "app.json": "{}\n"}, "Heroku", "Heroku"),
    ],
)
def test_a_procfile_beside_the_file_of_another_platform_need_not_be_herokus(
    beside: dict[str, str], platform: str, whose: str
) -> None:
    files = {"Procfile": "web: gunicorn app:app\n", "Dockerfile": DOCKERFILE, "app.py": "app = print\n", **beside}
    [service] = [one for one in drawn(files).services if one.name == "web"]
    assert service.platform == platform
    assert of(files, "web")["python"] == f"no file tells {whose} which Python to use"


def test_a_procfile_of_another_name_is_for_whoever_is_given_it() -> None:
    files = {"Procfile.dev": "web: flask run\n", "Procfile": "web: gunicorn app:app\n", "app.py": "app = print\n"}
    [service] = drawn(files, Environment.DEVELOPMENT).services
    assert service.platform == ""
    python = service.fact("python")
    assert python is not None
    assert python.text == "no file tells its platform which Python to use"


@pytest.mark.parametrize(
    ("manage", "root"),
    [
        ("import click\nfrom flask.cli import FlaskGroup\n", ""),
        ("from django.core.management import execute_from_command_line\n", "shop"),
        (None, ""),
    ],
)
def test_a_manage_py_in_a_package_makes_a_project_where_it_is_djangos(manage: str | None, root: str) -> None:
    files = {
        "Procfile": "web: gunicorn shop.wsgi:app\n",
        "shop/__init__.py": "",
        "shop/wsgi.py": "from flask import Flask\napp = Flask('a')\n",
        **({"shop/manage.py": manage} if manage is not None else {}),
    }
    assert [one.root for one in drawn(files).projects] == [root]


@pytest.mark.parametrize(
    ("dockerfile", "image", "certain"),
    [
        ("Dockerfile", "Dockerfile on python:3.13-slim", True),
        ("${DOCKERFILE:-Dockerfile}", "Dockerfile on python:3.13-slim", False),
        ("docker/${NAME-Dockerfile}", "docker/Dockerfile on python:3.13-slim", False),
        ("${DOCKERFILE}", None, False),
    ],
)
def test_a_dockerfile_that_a_variable_may_replace_is_told_and_not_certain(
    dockerfile: str, image: str | None, certain: bool
) -> None:
    compose = f"services:\n  web:\n    build: {{context: ., dockerfile: '{dockerfile}'}}\n    restart: always\n"
    files = {"Dockerfile": DOCKERFILE, "docker/Dockerfile": DOCKERFILE, "app.py": "app = print\n"}
    files["compose.prod.yml"] = compose
    assert of(files, "web").get("image") == image
    [service] = [one for one in inspect(MemoryTree(files), ()).deployment.services if one.name == "web"]
    assert (service.is_production is YES) is certain
