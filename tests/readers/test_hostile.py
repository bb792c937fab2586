"""Files that nobody meant well: whatever stands in them, readers and the linker raise nothing and end soon."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.deployment.link import link
from prodlint.deployment.repository import Repository
from prodlint.readers import declare

DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, labels: {environment: production}}
spec:
  replicas: 2
  template:
    metadata: {labels: {app: shop}}
    spec:
      initContainers: [{name: a, image: b}]
      containers:
      - name: web
        image: shop
        command: [gunicorn]
        args: ["-b", "$(PORT)"]
        env: [{name: PORT, value: "8000"}, {name: X, valueFrom: {secretKeyRef: {name: s, key: k}}}]
        envFrom: [{configMapRef: {name: c}}]
        ports: [{name: http, containerPort: 8000}]
        livenessProbe: {httpGet: {path: /, port: http}}
        volumeMounts: [{name: v, mountPath: /v}]
      volumes: [{name: v, emptyDir: {}}]
"""
SAMPLES = {
    "k8s/web.yaml": DEPLOYMENT,
    "k8s/service.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\n"
    "spec: {selector: {app: shop}, ports: [{port: 80, targetPort: http}]}\n",
    "k8s/ingress.yaml": "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: x}\nspec:\n"
    "  rules: [{host: h, http: {paths: [{path: /, backend: {service: {name: s, port: {number: 1}}}}]}}]\n",
    "over/kustomization.yaml": "resources: [../k8s/web.yaml]\nimages: [{name: shop, newTag: '2'}]\n"
    "patches: [{path: p.yaml}, {target: {kind: Deployment}, patch: '[{op: remove, path: /spec/replicas}]'}]\n"
    "configMapGenerator: [{name: c, literals: [A=1], envs: [e.env]}]\n",
    "over/p.yaml": "kind: Deployment\nmetadata: {name: shop}\nspec: {replicas: 3}\n",
    "shop.service": "[Service]\nEnvironment=A=1 'B=2'\nEnvironmentFile=-/etc/x\nExecStartPre=/bin/a\n"
    "ExecStart=-/usr/bin/gunicorn \\\n  -b ${PORT} %i $OPTS shop.wsgi\n",
    "sv.conf": '[supervisord]\nenvironment=A="1"\n[include]\nfiles=*.conf\n[program:web]\ncommand=gunicorn %(ENV_X)s\n',
    "railway.json": '{"build": {"builder": "x"}, "deploy": {"startCommand": "a", "preDeployCommand": ["b"], '
    '"numReplicas": 1}}',
    "fly.toml": "[env]\nA = 1\n[processes]\nweb = 'a b'\n[[services]]\ninternal_port = 1\n[[services.ports]]\n"
    "port = 2\n[[vm]]\nsize = 'x'\n[mounts]\ndestination = '/d'\n",
    "render.yaml": "services: [{type: web, name: a, startCommand: x, envVars: [{key: A, value: b}, {fromGroup: g}]}]\n",
    ".do/app.yaml": "name: a\nservices: [{name: b, run_command: c, envs: [{key: A, value: b}], http_port: 1}]\n",
    "app.yaml": "runtime: python312\nentrypoint: gunicorn x\nenv_variables: {A: b}\n",
    "run.yaml": "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a}\n"
    "spec: {template: {spec: {containers: [{image: x, ports: [{containerPort: 1}]}]}}}\n",
    "template.yaml": "Parameters: {P: {Default: x}}\nResources:\n  F:\n    Type: AWS::Serverless::Function\n"
    "    Properties: {Handler: a.b, Runtime: python3.12, Timeout: !Ref P, Events: {E: {Type: Api}}}\n",
    "serverless.yml": "provider: {name: aws, runtime: python3.12}\ncustom: {a: x}\n"
    "functions: {f: {handler: '${self:custom.a}.h', events: [{http: x}], environment: {A: b}}}\n",
    "zappa_settings.json": '{"production": {"app_function": "a.b", "extends": "x"}, '
    '"x": {"environment_variables": {"A": "b"}}}',
    "manifest.yml": "applications:\n- {name: a, memory: 1G, path: ., buildpacks: [python_buildpack], env: {A: ((b))},\n"
    "   processes: [{type: web, command: gunicorn x, instances: 2}, {type: worker}], services: [x]}\n",
    ".chalice/config.json": '{"stages": {"prod": {"environment_variables": {"A": "b"}}}}',
    "task.json": '{"family": "f", "containerDefinitions": [{"name": "a", "image": "b", "command": ["c"], '
    '"environment": [{"name": "A", "value": "b"}], "healthCheck": {"command": ["CMD", "x"]}}]}',
    ".ebextensions/a.config": "option_settings: {'aws:elasticbeanstalk:container:python': {WSGIPath: a:b}}\n"
    "container_commands: {a: {command: b}}\n",
    "apprunner.yaml": "runtime: python3\nbuild: {commands: {build: [a]}}\n"
    "run: {command: b, env: [{name: A, value: b}]}\n",
    "nginx/default.conf": "upstream app { server a:1; }\nserver { listen 80 ssl; include b.conf;\n"
    " location ~ x { try_files $uri @y; } location @y { proxy_pass http://app/x; } }\n",
    "cloudbuild.yaml": "steps: [{name: gcr.io/cloud-builders/docker, args: [build, -t, x, .], env: [A=b]}]\n",
    "skaffold.yaml": "build: {artifacts: [{image: a, context: b, docker: {dockerfile: c}}]}\n",
    "chartpress.yaml": "charts: [{name: a, images: {b: {dockerfilePath: Dockerfile, buildArgs: {c: d}}}}]\n",
    "Procfile": "web: a\n",
    "app.json": '{"formation": {"web": {"quantity": 1, "size": "x"}}}',
    "Dockerfile": 'FROM x\nCOPY sv.conf /etc/supervisord.conf\nCMD ["supervisord"]\n',
}


def read_all(files: dict[str, str]) -> None:
    held = {path: text.encode() for path, text in files.items()}
    repository = Repository(held, held.__getitem__)
    link(declare(repository)[0], repository)


def test_the_samples_declare_something_each() -> None:
    held = {path: text.encode() for path, text in SAMPLES.items()}
    read_as = declare(Repository(held, held.__getitem__))[1]
    assert set(SAMPLES) - set(read_as) <= {"over/p.yaml", "k8s/web.yaml", "k8s/service.yaml", "app.json"}


# What takes the place of a part of a file: other kinds of values, marks of templates, noise.
_PARTS = st.sampled_from(
    [
        "",
        "[]",
        "{}",
        "null",
        "5",
        "-1",
        "''",
        "[[]]",
        "{a: [b]}",
        "${X}",
        "$(X)",
        "{{ x }}",
        "&a",
        "*a",
        "!Ref",
        "\t",
        "\0",
        "%",
        "'",
    ]
)
_BOUNDARIES = " \n:,[]{}\"'="


@settings(deadline=None, max_examples=100)
@given(path=st.sampled_from(sorted(SAMPLES)), data=st.data())
def test_a_damaged_file_is_survived(path: str, data: st.DataObject) -> None:
    text = SAMPLES[path]
    for _ in range(data.draw(st.integers(1, 4))):
        cuts = [index for index, character in enumerate(text) if character in _BOUNDARIES] or [0]
        start = data.draw(st.sampled_from(cuts))
        later = [cut for cut in cuts if cut > start][:6] or [len(text)]
        text = text[: start + 1] + data.draw(_PARTS) + text[data.draw(st.sampled_from(later)) :]
    read_all({**SAMPLES, path: text})


_MANY = {
    "deployments": {"k8s/a.yaml": "---\n".join([DEPLOYMENT] * 500)},
    "services for one pod": {
        "k8s/a.yaml": "---\n".join(
            [DEPLOYMENT, *([SAMPLES["k8s/service.yaml"]] * 3_000)],
        )
    },
    "kustomizations over one base": {
        **{f"o{n}/kustomization.yaml": "resources: [../base]\n" for n in range(200)},
        "base/kustomization.yaml": "resources: [a.yaml]\n",
        "base/a.yaml": "---\n".join([DEPLOYMENT] * 100),
    },
    "patches of many objects": {
        "kustomization.yaml": "resources: [a.yaml]\npatches:\n"
        + "- {target: {kind: Deployment}, patch: '[{op: replace, path: /spec/replicas, value: 1}]'}\n" * 300,
        "a.yaml": "---\n".join([DEPLOYMENT.replace("name: shop", f"name: s{n}") for n in range(100)]),
    },
    "programs": {
        "a.conf": "".join(f"[program:p{n}]\ncommand=x {n}\n" for n in range(5_000)),
        "Dockerfile": "FROM x\nCMD supervisord\n",
    },
    "variables of a unit": {"a.service": "[Service]\nExecStart=/bin/a\n" + "Environment=A=1\n" * 15_000},
    "a long command": {"a.service": "[Service]\nExecStart=/bin/a " + "$A ${B} %i " * 10_000},
    "locations": {"nginx/a.conf": "server {\n" + "location /a { proxy_pass http://b; }\n" * 3_000 + "}\n"},
    "includes": {
        "nginx/a.conf": "server {\n" + "include conf.d/*.conf;\n" * 5_000 + "}\n",
        **{f"nginx/conf.d/{n}.conf": "location /a { include conf.d/*.conf; }\n" * 20 for n in range(20)},
    },
    "functions": {
        "serverless.yml": "provider: {runtime: python3.12}\n"
        "custom: {a: '${self:custom.a}${self:custom.a}'}\nfunctions:\n"
        + "".join(f"  f{n}: {{handler: '${{self:custom.a}}'}}\n" for n in range(500))
    },
}


@pytest.mark.parametrize("name", _MANY)
def test_large_files_are_read_to_their_end(name: str) -> None:
    held = {path: text.encode() for path, text in _MANY[name].items()}
    assert declare(Repository(held, held.__getitem__))[0]
