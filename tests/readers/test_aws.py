"""Files of AWS: Lambda by SAM, Serverless, Zappa and Chalice; ECS, Elastic Beanstalk and App Runner."""

import json

import pytest

from prodlint.deployment.environment import Environment
from prodlint.deployment.link import link
from prodlint.deployment.process import Platform, Process, Role, UnreadDeployment
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import EnvDriven, Known, Unknown
from prodlint.readers import declare


def declared(files: dict[str, str]) -> tuple[object, ...]:
    held = {path: text.encode() for path, text in files.items()}
    return declare(Repository(held, held.__getitem__))[0]


def processes(files: dict[str, str]) -> dict[str, Process]:
    return {fact.name: fact for fact in declared(files) if isinstance(fact, Process)}


def values(process: Process) -> dict[str, str | None]:
    return {one.name: None if one.value is None else str(one.value) for one in process.variables}


def settings_of(process: Process) -> dict[str, object]:
    return {one.name: getattr(one.value, "value", getattr(one.value, "default", None)) for one in process.settings}


def handler_of(process: Process) -> object:
    value = process.handler
    return value.value if isinstance(value, Known) else value.default if isinstance(value, EnvDriven) else None


SAM = """Transform: [AWS::Serverless-2016-10-31]
Parameters:
  Level: {Type: String, Default: info}
  Secret: {Type: String}
Globals:
  Function:
    Runtime: python3.12
    Timeout: 10
    Environment:
      Variables: {SHARED: "1", LEVEL: !Ref Level}
Resources:
  Api:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/
      Handler: app.handler
      Timeout: !Ref Seconds
      Environment:
        Variables:
          SECRET: !Ref Secret
          NAME: !Sub "${AWS::StackName}-x"
          PLAIN: !Sub plain
      Layers: [!Sub "arn:aws:lambda:x:layer:LambdaAdapterLayerX86:1"]
      Events:
        Any: {Type: HttpApi}
  Queue:
    Type: AWS::Serverless::Function
    Properties:
      Handler: queue.handler
      Events: {Job: {Type: SQS}}
  Node:
    Type: AWS::Serverless::Function
    Properties: {Handler: index.handler, Runtime: nodejs20.x}
  Image:
    Type: AWS::Serverless::Function
    Properties:
      PackageType: Image
      ImageConfig: {Command: [app.handler]}
    Metadata: {Dockerfile: Dockerfile, DockerContext: ./image, DockerTag: x}
  Plain:
    Type: AWS::Lambda::Function
    Properties: {Handler: !If [A, a.b, c.d], Runtime: python3.12}
  Table: {Type: AWS::DynamoDB::Table}
"""


def test_functions_of_a_template_have_handlers_over_what_they_share() -> None:
    found = processes({"infra/template.yaml": SAM, "infra/src/app.py": ""})
    assert {name: (one.role, handler_of(one)) for name, one in found.items()} == {
        "Api": (Role.WEB, "app.handler"),
        "Queue": (Role.WORKER, "queue.handler"),
        "Image": (Role.WORKER, None),
        "Plain": (Role.WORKER, None),
    }
    api = found["Api"]
    assert (api.platform, api.root, str(api.span)) == (Platform.LAMBDA, "infra/src", "infra/template.yaml:16")
    assert values(api) == {"SHARED": "1", "LEVEL": None, "SECRET": None, "NAME": None, "PLAIN": "plain"}
    assert settings_of(api)["Runtime"] == "python3.12"
    assert settings_of(api)["Timeout"] is None
    assert "LambdaAdapterLayer" in str(settings_of(api)["Layers"])
    assert settings_of(found["Queue"])["Timeout"] == "10"
    image = found["Image"]
    assert image.build is not None
    assert image.command is not None
    assert (image.build.dockerfile, image.command.written) == ("infra/image/Dockerfile", "app.handler")
    assert isinstance(found["Plain"].handler, Unknown)
    assert not found["Plain"].complete or found["Plain"].handler is not None


def test_a_parameter_with_a_default_is_driven_by_the_stack() -> None:
    text = (
        "Parameters: {Entry: {Default: app.handler}}\nResources:\n  F:\n    Type: AWS::Lambda::Function\n"
        "    Properties: {Handler: !Ref Entry, Runtime: python3.12}\n"
    )
    handler = processes({"t.yaml": text})["F"].handler
    assert isinstance(handler, EnvDriven)
    assert (handler.name, handler.default) == ("Entry", "app.handler")


def test_the_default_of_an_ssm_parameter_is_the_name_of_a_place_and_not_a_value() -> None:
    text = (
        "Parameters:\n  DEBUG: {Type: 'AWS::SSM::Parameter::Value<String>', Default: DEBUG}\n"
        "  Level: {Type: String, Default: Level}\nResources:\n  F:\n    Type: AWS::Serverless::Function\n"
        "    Properties:\n      Handler: a.b\n      Runtime: python3.12\n      Environment:\n        Variables:\n"
        "          DEBUG: !Ref DEBUG\n          LEVEL: !Ref Level\n"
        "          KEY: '{{resolve:secretsmanager:shop:SecretString:key}}'\n"
    )
    given = {one.name: one.given for one in processes({"t.yaml": text})["F"].variables}
    assert [one.reason for one in given.values() if isinstance(one, Unknown)] == [
        "the SSM parameter DEBUG",
        "the value of {{resolve:secretsmanager:shop:SecretString:key}}",
    ]
    assert isinstance(given["LEVEL"], EnvDriven)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("template.yaml", Environment.PRODUCTION),
        ("sam-template.yml", Environment.PRODUCTION),
        ("infra/prod.template.yaml", Environment.PRODUCTION),
        ("template-dev.yaml", Environment.DEVELOPMENT),
        ("templates/template.yaml", Environment.DEVELOPMENT),
    ],
)
def test_the_name_of_a_template_does_not_make_it_a_sample(path: str, expected: Environment) -> None:
    text = "Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties: {Handler: a.b, Runtime: python3.12}\n"
    held = {path: text.encode(), "a.py": b"def b(event, context): ...\n"}
    repository = Repository(held, held.__getitem__)
    (service,) = link(declare(repository)[0], repository).services
    assert service.environment is expected


def test_a_template_in_json_is_read_alike() -> None:
    text = json.dumps(
        {
            "Resources": {
                "F": {"Type": "AWS::Lambda::Function", "Properties": {"Handler": "a.b", "Runtime": "python3.12"}}
            }
        },
        indent=2,
    )
    assert handler_of(processes({"cdk.out/template.json": text})["F"]) == "a.b"


SERVERLESS = """service: shop
provider:
  name: aws
  runtime: python3.12
  stage: ${opt:stage, 'dev'}
  environment: {STAGE: "${self:provider.stage}", PLAIN: x, REGION: "${ssm:/x}"}
plugins: [serverless-wsgi, serverless-python-requirements]
custom:
  wsgi: {app: shop.app.app}
  name: main
functions:
  web:
    handler: wsgi_handler.handler
    events: [http: ANY /]
  api:
    handler: ${self:custom.name}.handler
    timeout: 20
    environment: {OWN: "1"}
    events: [{httpApi: "*"}]
  job:
    handler: job.run
    events: [{schedule: rate(1 hour)}]
  other: {handler: "${file(x.yml):y}"}
  node: {handler: index.main, runtime: nodejs20.x}
"""


def test_functions_of_a_serverless_service_have_their_variables_filled_in() -> None:
    found = processes({"serverless.yml": SERVERLESS})
    assert {name: (one.role, handler_of(one)) for name, one in found.items()} == {
        "web": (Role.WEB, "shop.app.app"),
        "api": (Role.WEB, "main.handler"),
        "job": (Role.WORKER, "job.run"),
        "other": (Role.WORKER, None),
    }
    assert values(found["api"]) == {"STAGE": None, "PLAIN": "x", "REGION": None, "OWN": "1"}
    assert settings_of(found["api"])["timeout"] == "20"
    schedule = found["job"].schedule
    assert isinstance(schedule, Known)
    assert schedule.value == "rate(1 hour)"


@pytest.mark.parametrize(
    "files",
    [
        {"serverless.ts": "export default {}"},
        {"serverless.yml": "provider: {runtime: python3.12}\nfunctions: ${file(functions.yml)}\n"},
        {"zappa_settings.py": "x = 1"},
    ],
)
def test_what_is_a_program_or_elsewhere_is_not_read(files: dict[str, str]) -> None:
    facts = declared(files)
    assert any(isinstance(fact, UnreadDeployment) for fact in facts)
    assert not any(isinstance(fact, Process) for fact in facts)


@pytest.mark.parametrize("provider", ["{name: google, runtime: python39}", "{name: azure}", "{name: openwhisk}"])
def test_a_service_of_another_cloud_is_named(provider: str) -> None:
    text = f"provider: {provider}\nfunctions:\n  f: {{handler: main.f}}\n"
    facts = declared({"serverless.yml": text})
    assert [type(one) for one in facts] == [UnreadDeployment]


def test_a_service_of_another_cloud_that_runs_no_python_is_not_named() -> None:
    text = "provider: {name: google, runtime: nodejs18}\nfunctions:\n  f: {handler: main.f}\n"
    assert not declared({"serverless.yml": text})


@pytest.mark.parametrize(
    ("written", "default"),
    [("${opt:stage, self:provider.stage}", "dev"), ("${opt:region, self:provider.region}", "us-east-1")],
)
def test_a_stage_and_a_region_that_are_not_written_have_the_defaults_of_serverless(written: str, default: str) -> None:
    provider = f"provider:\n  runtime: python3.12\n  environment: {{TABLE: 'shop-{written}'}}\n"
    text = f"{provider}functions:\n  f: {{handler: main.f}}\n"
    (variable,) = processes({"serverless.yml": text})["f"].variables
    assert isinstance(variable.given, EnvDriven)
    assert variable.given.default == f"shop-{default}"


def test_a_key_of_the_file_that_is_not_written_is_not_known_otherwise() -> None:
    text = "provider: {runtime: python3.12}\nfunctions:\n  f: {handler: '${opt:x, self:custom.y}'}\n"
    assert isinstance(processes({"serverless.yml": text})["f"].handler, Unknown)


def test_variables_that_refer_to_themselves_end() -> None:
    text = (
        "provider: {runtime: python3.12}\ncustom: {a: '${self:custom.b}', b: '${self:custom.a}'}\n"
        "functions:\n  f: {handler: '${self:custom.a}'}\n"
    )
    assert isinstance(processes({"serverless.yml": text})["f"].handler, Unknown)


ZAPPA = {
    "base": {"app_function": "shop.app", "timeout_seconds": 60, "environment_variables": {"A": "1", "B": "1"}},
    "production": {"extends": "base", "environment_variables": {"B": "2"}, "keep_warm": True},
    "dev": {"extends": "base"},
    "django": {"django_settings": "shop.settings"},
    "loop": {"extends": "loop"},
}


def test_stages_of_zappa_take_over_from_one_another() -> None:
    found = processes({"zappa_settings.json": json.dumps(ZAPPA, indent=1)})
    live = found["production"]
    assert handler_of(live) == "shop.app"
    assert [(one.name, str(one.value)) for one in live.variables] == [("A", "1"), ("B", "1"), ("B", "2")]
    assert settings_of(live) == {"timeout_seconds": "60", "keep_warm": "true"}
    assert (live.environment, found["dev"].environment) == (Environment.PRODUCTION, Environment.DEVELOPMENT)
    assert values(found["django"]) == {"DJANGO_SETTINGS_MODULE": "shop.settings"}
    assert not found["loop"].complete


def test_chalice_serves_the_app_beside_its_folder() -> None:
    config = {"environment_variables": {"A": "1"}, "stages": {"prod": {"environment_variables": {"B": "2"}}, "dev": {}}}
    found = processes({"api/.chalice/config.json": json.dumps(config)})
    assert (handler_of(found["prod"]), found["prod"].root, values(found["prod"])) == (
        "app.app",
        "api",
        {"A": "1", "B": "2"},
    )
    assert found["dev"].environment is Environment.DEVELOPMENT


TASK = {
    "family": "shop",
    "containerDefinitions": [
        {
            "name": "web",
            "image": "1.dkr.ecr.eu-west-1.amazonaws.com/shop:latest",
            "command": ["gunicorn", "shop.wsgi"],
            "portMappings": [{"containerPort": 8000}],
            "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "${B}"}],
            "secrets": [{"name": "KEY", "valueFrom": "arn:x"}],
            "environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::x/y.env"}],
            "healthCheck": {"command": ["CMD-SHELL", "curl -f localhost:8000/up || exit 1"]},
            "mountPoints": [{"sourceVolume": "data", "containerPath": "/data", "readOnly": True}],
            "stopTimeout": 60,
            "user": "1000",
        },
        {"name": "proxy", "image": "nginx", "entryPoint": ["nginx"], "healthCheck": {"command": ["CMD", "true"]}},
    ],
}


@pytest.mark.parametrize("wrapped", [False, True])
def test_containers_of_a_task_definition_are_processes(wrapped: bool) -> None:
    text = json.dumps({"taskDefinition": TASK} if wrapped else TASK, indent=1)
    found = processes({"deploy/task-definition.json": text})
    web, proxy = found["shop/web"], found["shop/proxy"]
    assert web.command is not None
    assert proxy.entrypoint is not None
    assert (web.command.written, proxy.entrypoint.written) == ("gunicorn shop.wsgi", "nginx")
    assert (web.role, web.environment) == (Role.WEB, Environment.PRODUCTION)
    assert values(web) == {"A": "1", "B": None, "KEY": None}
    assert [one.name for one in web.variables if one.is_secret] == ["KEY"]
    assert len(web.variables_from) == 1
    assert [one.command and one.command.written for one in (*web.probes, *proxy.probes)] == [
        "curl -f localhost:8000/up || exit 1",
        "true",
    ]
    assert [(one.target, one.read_only) for one in web.volumes] == [("/data", True)]
    assert settings_of(web) == {"stopTimeout": "60", "user": "1000"}


def test_a_task_of_a_template_is_read_in_its_own_spelling() -> None:
    text = (
        "Resources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      ContainerDefinitions:\n"
        "      - Name: web\n        Image: !Ref Image\n        Command: [gunicorn, shop.wsgi]\n"
        "        PortMappings: [{ContainerPort: 8000}]\n        Environment: [{Name: A, Value: !Ref A}]\n"
    )
    web = processes({"stack.yaml": text})["web"]
    assert web.command is not None
    assert (web.command.written, values(web)) == ("gunicorn shop.wsgi", {"A": None})


EXTENSIONS = {
    ".ebextensions/01-app.config": """option_settings:
  aws:elasticbeanstalk:container:python: {WSGIPath: shop/wsgi.py, NumProcesses: 3}
  aws:elasticbeanstalk:application:environment: {A: "1", B: "${B}"}
  aws:elasticbeanstalk:environment:process:default: {HealthCheckPath: /up}
container_commands:
  02_static: {command: python manage.py collectstatic --noinput}
  01_migrate: {command: "python manage.py migrate", leader_only: true}
""",
    ".ebextensions/02-more.config": "option_settings:\n- {option_name: C, value: x}\n"
    "container_commands:\n  09_last: {command: [a, b]}\n",
}


def test_beanstalk_starts_the_app_of_its_settings_after_its_commands() -> None:
    web = processes(EXTENSIONS)["web"]
    assert web.command is not None
    assert web.command.written == "gunicorn --bind :8000 --workers 3 --threads 15 shop.wsgi:application"
    assert [line.written for line in web.before] == [
        "python manage.py migrate",
        "python manage.py collectstatic --noinput",
        "a b",
    ]
    assert values(web) == {"A": "1", "B": None, "C": "x"}
    assert [getattr(one.path, "value", None) for one in web.probes] == ["/up"]
    assert settings_of(web)["NumProcesses"] == "3"


def test_the_procfile_of_beanstalk_is_not_herokus() -> None:
    found = [
        fact
        for fact in declared({**EXTENSIONS, "Procfile": "web: gunicorn x\nworker: y\n"})
        if isinstance(fact, Process)
    ]
    assert [(one.name, one.platform, one.command and one.command.written) for one in found] == [
        ("web", Platform.BEANSTALK, "gunicorn x"),
        ("worker", Platform.BEANSTALK, "y"),
    ]


def test_without_an_app_in_its_settings_beanstalk_is_open() -> None:
    web = processes({".elasticbeanstalk/config.yml": "global: {}\n"})["web"]
    assert (web.command, web.complete) == (None, False)


def test_app_runner_builds_prepares_and_starts() -> None:
    text = (
        "version: 1.0\nruntime: python311\nbuild:\n  commands:\n    build: [pip install -r requirements.txt]\n"
        "run:\n  pre-run: [python manage.py migrate]\n  command: gunicorn shop.wsgi\n"
        "  network: {port: 8000, env: APP_PORT}\n  env: [{name: A, value: '1'}]\n"
        "  secrets: [{name: K, value-from: x}]\n"
    )
    process = processes({"apprunner.yaml": text})["apprunner"]
    assert [line.written for line in process.before] == ["pip install -r requirements.txt", "python manage.py migrate"]
    assert values(process) == {"APP_PORT": "8000", "A": "1", "K": None}
    assert settings_of(process) == {"runtime": "python311"}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("t.yaml", "Resources: {F: {Type: AWS::Lambda::Function}}"),
        ("t.yaml", "Resources: [AWS::Lambda::Function]"),
        ("t.json", '{"containerDefinitions": [1, {"command": "x", "healthCheck": {"command": []}}]}'),
        ("t.json", '{"containerDefinitions": {'),
        ("serverless.yml", "provider: {runtime: python3.1}\nfunctions: {f: 1, g: {events: x}}"),
        ("zappa_settings.json", '{"a": 1, "b": {"extends": "c"}, "c": {"extends": "b"}}'),
        (".chalice/config.json", '{"stages": []}'),
        (".ebextensions/x.config", "option_settings: 5\ncontainer_commands: [x]\n"),
        (".ebextensions/x.config", "- a\n"),
        ("apprunner.yaml", "run: {command: [x]}\n"),
    ],
)
def test_malformed_files_are_survived(path: str, text: str) -> None:
    declared({path: text})


@pytest.mark.parametrize(
    ("handler", "code"),
    [
        (
            "app.handler",
            "from fastapi import FastAPI\nfrom mangum import Mangum\napi = FastAPI()\nhandler = Mangum(api)\n",
        ),
        (
            "app.handler",
            "from flask import Flask\nfrom apig_wsgi import make_lambda_handler\n"
            "site = Flask(__name__)\nhandler = make_lambda_handler(site)\n",
        ),
    ],
)
def test_the_app_behind_a_handler_is_found(handler: str, code: str) -> None:
    files = {
        "template.yaml": "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n"
        f"      Handler: {handler}\n      Runtime: python3.12\n      CodeUri: src\n",
        "src/app.py": code,
    }
    held = {path: text.encode() for path, text in files.items()}
    repository = Repository(held, held.__getitem__)
    (service,) = link(declare(repository)[0], repository).services
    assert service.app is not None
    assert str(service.app.span) == "src/app.py:3"


def test_a_task_without_an_image_runs_the_one_that_is_built_here() -> None:
    task = {**TASK, "containerDefinitions": [{"name": "web", "portMappings": [{"containerPort": 8000}]}]}
    files = {
        "deploy/task-definition.json": json.dumps(task),
        "Dockerfile": 'FROM python:3.13-slim\nCOPY . .\nCMD ["gunicorn", "shop.wsgi"]\n',
    }
    held = {path: text.encode() for path, text in files.items()}
    repository = Repository(held, held.__getitem__)
    (service,) = link(declare(repository)[0], repository).services
    assert (service.process.platform, service.written) == (Platform.ECS, "gunicorn shop.wsgi")
