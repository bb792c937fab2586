"""Functions of Lambda: what is called for what, where it is made, on which Python, with which variables."""

import pytest

from prodlint.deployment import Deployment, Service
from prodlint.deployment.value import EnvDriven, Known, Unknown
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

FLASK = "from flask import Flask\n\napp = Flask(__name__)\n\n\n@app.get('/hello')\ndef hello():\n    return 'x'\n"


def deployment(files: dict[str, str]) -> Deployment:
    return inspect(MemoryTree({"x.txt": "", **files}), []).deployment


def only(files: dict[str, str]) -> Service:
    (service,) = deployment(files).services
    return service


def serverless(function: str, more: str = "", provider: str = "name: aws\n  runtime: python3.12") -> str:
    return f"service: shop\nprovider:\n  {provider}\n{more}functions:\n  api:\n    handler: {function}\n"


def sam(*properties: str) -> str:
    lines = "".join(f"      {one}\n" for one in properties)
    return f"Resources:\n  Api:\n    Type: AWS::Serverless::Function\n    Properties:\n{lines}"


@pytest.mark.parametrize(
    ("handler", "code", "made"),
    [
        ("app.handler", "def handler(event, context):\n    return 1\n", "app.py:1"),
        ("app.handler", "async def handler(event, context):\n    return 1\n", "app.py:1"),
        ("app.handler", "x = 1\nhandler = lambda event, context: x\n", "app.py:2"),
        ("app.handler", "from other import run as handler\n", "other.py:2"),
        ("app.missing", "def handler(event, context):\n    return 1\n", None),
        ("nowhere.handler", "", None),
        ("app", "def handler(event, context):\n    return 1\n", None),
        ("./app.handler", "def handler(event, context):\n    return 1\n", None),
    ],
)
def test_the_place_that_makes_a_handler_is_known(handler: str, code: str, made: str | None) -> None:
    other = "\ndef run(event, context):\n    return 1\n"
    service = only({"serverless.yml": serverless(handler), "app.py": code, "other.py": other})
    assert (str(service.handled_at) if service.handled_at is not None else None) == made
    assert (service.written, service.step) == (handler, None)


@pytest.mark.parametrize("handler", ["${ssm:/handler}", "${file(handlers.yml):api}", "${self:custom.none}.handler"])
def test_a_handler_that_is_kept_elsewhere_is_unknown(handler: str) -> None:
    service = only({"serverless.yml": serverless(handler)})
    assert isinstance(service.process.handler, Unknown)
    assert (service.handled_at, service.step) == (None, None)


@pytest.mark.parametrize(
    "body",
    [
        "import awsgi\n\n\ndef handler(event, context):\n    return awsgi.response(app, event, context)\n",
        "import serverless_wsgi\n\n\ndef handler(event, context):\n"
        "    return serverless_wsgi.handle_request(app, event, context)\n",
        "from a2wsgi import WSGIMiddleware\nfrom mangum import Mangum\n\n\ndef handler(event, context):\n"
        "    return Mangum(WSGIMiddleware(app))(event, context)\n",
        "from a2wsgi import WSGIMiddleware\nfrom mangum import Mangum\n\nasgi = Mangum(WSGIMiddleware(app))\n\n\n"
        "def handler(event, context):\n    return asgi(event, context)\n",
        "from apig_wsgi import make_lambda_handler\n\nhandler = make_lambda_handler(app)\n",
    ],
)
def test_the_app_that_a_handler_passes_its_events_to_is_known(body: str) -> None:
    service = only({"template.yaml": sam("Handler: app.handler", "Runtime: python3.12"), "app.py": FLASK + body})
    assert service.app is not None
    assert (service.app.framework, str(service.app.span), service.app.is_factory) == ("Flask", "app.py:3", False)


def test_a_function_that_only_answers_serves_no_app() -> None:
    code = FLASK + "\n\ndef handler(event, context):\n    return other(app, event)\n"
    assert only({"template.yaml": sam("Handler: app.handler", "Runtime: python3.12"), "app.py": code}).app is None


def test_the_handler_that_a_monitoring_wrapper_calls_is_the_one_that_counts() -> None:
    text = sam(
        "Handler: datadog_lambda.handler.handler",
        "Runtime: python3.12",
        "Environment: {Variables: {DD_LAMBDA_HANDLER: app.handler}}",
    )
    service = only({"template.yaml": text, "app.py": "def handler(event, context):\n    return 1\n"})
    assert (service.written, str(service.handled_at)) == ("app.handler", "app.py:1")


def test_the_web_adapter_starts_a_script() -> None:
    variables = "Environment: {Variables: {AWS_LAMBDA_EXEC_WRAPPER: /opt/bootstrap, PORT: '8000'}}"
    text = sam("Handler: run.sh", "Runtime: python3.12", variables)
    service = only({"template.yaml": text, "run.sh": "exec uvicorn app:app --port $PORT\n", "app.py": FLASK})
    assert service.handler is None
    assert service.server is not None
    assert (service.written, str(service.server.span)) == ("uvicorn app:app --port 8000", "run.sh:1")


@pytest.mark.parametrize(
    ("base", "handler"),
    [
        ("public.ecr.aws/lambda/python:3.12", "app.handler"),
        ("amazon/aws-lambda-python:3.12", "app.handler"),
        # Another image starts its CMD.
        ("python:3.12", ""),
    ],
)
def test_the_command_of_a_base_image_of_lambda_is_a_handler(base: str, handler: str) -> None:
    files = {
        "Dockerfile": f'FROM {base}\nCOPY app.py /var/task/\nWORKDIR /var/task\nCMD ["app.handler"]\n',
        "app.py": "def handler(event, context):\n    return 1\n",
    }
    service = only(files)
    assert (service.handler.value if isinstance(service.handler, Known) else "") == handler
    assert (str(service.handled_at) if service.handled_at else "") == ("app.py:1" if handler else "")


def test_an_image_of_lambda_with_an_entrypoint_of_its_own_runs_that() -> None:
    lines = 'FROM public.ecr.aws/lambda/python:3.12\nENTRYPOINT ["gunicorn"]\nCMD ["app.handler"]\n'
    service = only({"Dockerfile": lines})
    assert (service.handler, service.written) == (None, "gunicorn app.handler")


@pytest.mark.parametrize(
    ("files", "python"),
    [
        ({"serverless.yml": serverless("app.handler")}, "3.12"),
        ({"template.yaml": sam("Handler: app.handler", "Runtime: python3.9")}, "3.9"),
        ({"app.yaml": "runtime: python313\nentrypoint: gunicorn app:app\n"}, "3.13"),
        (
            {
                "app.yaml": "runtime: python\nenv: flex\nentrypoint: gunicorn app:app\n"
                "runtime_config: {operating_system: ubuntu22, runtime_version: '3.11'}\n"
            },
            "3.11",
        ),
        ({"apprunner.yaml": "runtime: python311\nrun: {command: gunicorn app:app}\n"}, "3.11"),
        ({"apprunner.yaml": "runtime: python3\nrun: {command: gunicorn app:app, runtime-version: 3.8.5}\n"}, "3.8.5"),
        ({"apprunner.yaml": "runtime: python3\nrun: {command: gunicorn app:app}\n"}, None),
    ],
)
def test_the_runtime_of_a_platform_is_the_python_of_its_services(files: dict[str, str], python: str | None) -> None:
    from prodlint.deployment.installed.runtime import python_of

    found = deployment(files)
    value = python_of(found.services[0], found.repository)
    assert (value.value if isinstance(value, Known) else None) == python


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ("- httpApi: GET /orders", [("httpApi", "GET /orders")]),
        ("- httpApi: '*'", [("httpApi", "ANY /*")]),
        ("- http: {path: orders, method: post}", [("http", "POST /orders")]),
        ("- http: any /{proxy+}", [("http", "ANY /{proxy+}")]),
        ("- sqs: arn:aws:sqs:eu:1:jobs\n    - s3: photos", [("sqs", "arn:aws:sqs:eu:1:jobs"), ("s3", "photos")]),
        ("- stream: {arn: '${self:custom.arn}'}", [("stream", "arn:x")]),
        ("- http", [("http", "")]),
        ("- httpApi: ${ssm:/x}", [("httpApi", None)]),
        ("  nonsense", []),
    ],
)
def test_what_a_function_is_called_for_is_told(events: str, told: list[tuple[str, str]]) -> None:
    text = serverless("app.handler", "custom: {arn: 'arn:x'}\n") + f"    events:\n    {events}\n"
    found = [(one.name, getattr(one.value, "value", None)) for one in only({"serverless.yml": text}).process.events]
    assert found == told


def test_events_of_a_template_are_told() -> None:
    text = sam("Handler: app.handler", "Runtime: python3.12", "Events:") + (
        "        A: {Type: Api, Properties: {Path: /hello, Method: get}}\n"
        "        B: {Type: Schedule, Properties: {Schedule: rate(1 day)}}\n"
        "        C: {Type: SQS}\n        D: {Type: HttpApi}\n"
    )
    found = [(one.name, getattr(one.value, "value", None)) for one in only({"template.yaml": text}).process.events]
    assert found == [("http", "GET /hello"), ("Schedule", "rate(1 day)"), ("SQS", ""), ("http", "ANY /*")]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("${self:service}-${sls:stage}", ("stage", "shop-dev")),
        ("${self:service}-${opt:stage, self:provider.stage}", ("stage", "shop-dev")),
        ("${self:service}-${opt:stage, self:custom.other}", None),
        ("${opt:stage, self:custom.stage}", ("stage", "live")),
        ("${opt:stage, 'prod'}", ("stage", "prod")),
        ("${opt:stage, ${self:custom.stage}}", ("stage", "live")),
        ("${self:custom.tables.${self:custom.stage}}", "orders"),
        ("${self:custom.missing, 'none'}", "none"),
        ("${ssm:/key}", None),
        ("${file(x.yml):y}", None),
        ("${self:custom.loop}", None),
        ("plain", "plain"),
    ],
)
def test_variables_of_serverless_are_filled_in_as_far_as_the_file_tells(
    written: str, value: str | tuple[str, str] | None
) -> None:
    more = "custom: {stage: live, tables: {live: orders}, loop: '${self:custom.loop}'}\n"
    text = serverless("app.handler", more) + f'    environment: {{NAME: "{written}"}}\n'
    found = only({"serverless.yml": text}).variables.get("NAME")
    if isinstance(value, tuple):
        assert isinstance(found, EnvDriven)
        assert (found.name, found.default) == value
    else:
        assert (found.value if isinstance(found, Known) else None) == value
    if value is None:
        assert isinstance(found, Unknown)
        assert found.reason.startswith("it is ${")


def test_the_stage_of_the_provider_is_the_stage_by_default() -> None:
    provider = "name: aws\n  runtime: python3.12\n  stage: production"
    text = serverless("app.handler", provider=provider) + '    environment: {NAME: "${sls:stage}"}\n'
    found = only({"serverless.yml": text}).variables.get("NAME")
    assert isinstance(found, EnvDriven)
    assert found.default == "production"


@pytest.mark.parametrize("provider", ["google", "azure", "openwhisk", "kubeless", "spotinst"])
def test_providers_beside_aws_are_not_read_as_lambda(provider: str) -> None:
    found = deployment({"serverless.yml": serverless("app.handler", provider=f"name: {provider}\n  runtime: python3")})
    assert not found.services
    assert [one.system for one in found.unread] == [f"the Serverless Framework's provider {provider}"]


def test_a_provider_in_one_word_is_read() -> None:
    text = "service: shop\nprovider: aws\nfunctions:\n  api: {handler: app.handler, runtime: python3.12}\n"
    assert only({"serverless.yml": text}).written == "app.handler"


CLIENT = "FROM python:3.13-slim\nWORKDIR /function\nCOPY . .\nRUN pip install awslambdaric mangum fastapi\n"
ENTRY = """#!/bin/sh
if [ -z "${AWS_LAMBDA_RUNTIME_API}" ]; then
  exec /usr/local/bin/aws-lambda-rie python -m awslambdaric "$1"
else
  exec python -m awslambdaric "$1"
fi
"""
MANGUM = "from fastapi import FastAPI\nfrom mangum import Mangum\n\napp = FastAPI()\nhandler = Mangum(app)\n"


@pytest.mark.parametrize(
    ("start", "files"),
    [
        ('ENTRYPOINT ["/function/entry.sh"]\nCMD ["main.handler"]\n', {"entry.sh": ENTRY}),
        ('ENTRYPOINT ["/usr/local/bin/python", "-m", "awslambdaric"]\nCMD ["main.handler"]\n', {}),
        ("CMD awslambdaric main.handler\n", {}),
    ],
)
def test_an_image_with_the_client_of_the_runtime_has_the_handler_that_it_calls(
    start: str, files: dict[str, str]
) -> None:
    service = only({"Dockerfile": CLIENT + start, "main.py": MANGUM, **files})
    assert (service.written, str(service.handled_at)) == ("main.handler", "main.py:5")
    assert service.app is not None
    assert (service.app.framework, service.app.path) == ("FastAPI", "main.py")


@pytest.mark.parametrize(
    "start",
    [
        'ENTRYPOINT ["/function/entry.sh"]\nCMD ["main.handler"]\n',
        "CMD python -m awslambdaric\n",
        "CMD pip show awslambdaric main.handler && gunicorn app:app\n",
    ],
)
def test_commands_that_call_no_one_handler_have_none(start: str) -> None:
    entry = ENTRY.replace(
        'else\n  exec python -m awslambdaric "$1"', "else\n  exec python -m awslambdaric other.handler"
    )
    assert only({"Dockerfile": CLIENT + start, "main.py": MANGUM, "entry.sh": entry}).handler is None
