"""Routes of proxies, joined to what stands behind them: whole small projects in, destinations out."""

import pytest

from prodlint.deployment import Environment
from prodlint.deployment.model import Deployment
from prodlint.deployment.proxies.passage import Destination, Passage
from prodlint.deployment.value import NO, UNKNOWN, YES, Known
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

APP = "from flask import Flask\n\napplication = Flask(__name__)\n"
DOCKERFILE = 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nCMD ["gunicorn", "--bind=0.0.0.0:8000", "shop.wsgi"]\n'
WEB = {"shop/wsgi.py": APP, "Dockerfile": DOCKERFILE}
NGINX = "FROM nginx:1.29\nCOPY nginx.conf /etc/nginx/conf.d/default.conf\n"
COMPOSE = "services:\n  web:\n    build: .\n    restart: always\n  edge:\n    build: ./nginx\n    restart: always\n"


def model(files: dict[str, str]) -> Deployment:
    return inspect(MemoryTree(files), []).deployment


def passed(body: str, files: dict[str, str] | None = None, compose: str = COMPOSE) -> list[Destination]:
    """The destinations of a server of nginx beside a `web` that listens on 8000."""
    held = {**WEB, "compose.yml": compose, "nginx/Dockerfile": NGINX, "nginx/nginx.conf": body, **(files or {})}
    return [end for passage in model(held).passages for end in passage.destinations]


def only(body: str, files: dict[str, str] | None = None, compose: str = COMPOSE) -> Destination:
    (end,) = passed(body, files, compose)
    return end


def location(directive: str) -> str:
    return f"server {{\n  listen 80;\n  location / {{\n    {directive};\n  }}\n}}\n"


def told(end: Destination) -> str:
    """What a destination is, in a word."""
    if end.service is not None:
        return end.service.name
    if end.backing is not None:
        return end.backing.name
    return end.outside or f"? {end.unknown.reason if end.unknown is not None else ''}"


def hops(end: Destination) -> list[str]:
    return [f"{link.span.path}:{link.span.line}" for link in end.chain]


# Compose.


def test_a_name_is_the_service_of_the_compose_file_that_runs_the_proxy() -> None:
    end = only(location("proxy_pass http://web:8000"))
    assert (told(end), end.listens, end.certain) == ("web", YES, YES)
    assert hops(end) == ["nginx/nginx.conf:3", "nginx/nginx.conf:4", "compose.yml:2", "Dockerfile:4"]


@pytest.mark.parametrize(("port", "listens"), [(8080, YES), (9000, UNKNOWN)])
def test_a_proxy_inside_of_a_container_listens_for_the_service(port: int, listens: object) -> None:
    inner = "server {\n  listen 8080;\n  location / { proxy_pass http://127.0.0.1:8000; }\n}\n"
    files = {
        "Dockerfile": DOCKERFILE.replace("CMD", "COPY inside/nginx.conf /etc/nginx/conf.d/default.conf\nCMD").replace(
            '["gunicorn", "--bind=0.0.0.0:8000", "shop.wsgi"]', "nginx && exec gunicorn --bind=127.0.0.1:8000 shop.wsgi"
        ),
        "inside/nginx.conf": inner,
    }
    ends = passed(location(f"proxy_pass http://web:{port}"), files)
    assert [(told(end), end.listens) for end in ends if end.upstream.host == "web"] == [("web", listens)]


def test_a_passage_knows_who_runs_its_proxy_and_in_which_environment() -> None:
    files = {**WEB, "compose.yml": COMPOSE, "nginx/Dockerfile": NGINX, "nginx/nginx.conf": location("return 204")}
    (passage,) = model(files).passages
    assert passage.holder is not None
    assert (passage.holder.name, passage.environment) == ("edge", Environment.PRODUCTION)
    assert passage.route.answer == "204"


def test_an_upstream_block_lies_between_the_route_and_the_service() -> None:
    end = only("upstream app {\n  server web:8000;\n}\n" + location("proxy_pass http://app"))
    assert hops(end)[:3] == ["nginx/nginx.conf:6", "nginx/nginx.conf:7", "nginx/nginx.conf:2"]
    assert told(end) == "web"


def test_every_server_of_an_upstream_is_a_destination() -> None:
    body = "upstream app {\n  server web:8000;\n  server api.example.com:443;\n}\n"
    ends = passed(body + location("proxy_pass http://app"))
    assert [told(end) for end in ends] == ["web", "api.example.com"]


@pytest.mark.parametrize(
    ("port", "listens"),
    [(":8000", YES), (":8001", NO), ("", NO)],
)
def test_a_port_that_nobody_listens_on_still_leads_to_the_service_of_the_name(port: str, listens: object) -> None:
    end = only(location(f"proxy_pass http://web{port}"))
    assert (told(end), end.listens) == ("web", listens)


def test_a_service_that_binds_its_loopback_is_not_reached_from_another_container() -> None:
    loopback = DOCKERFILE.replace("0.0.0.0", "127.0.0.1")
    end = only(location("proxy_pass http://web:8000"), {"Dockerfile": loopback})
    assert (told(end), end.listens) == ("web", NO)


def test_whether_a_server_listens_is_unknown_when_its_port_is_computed() -> None:
    dockerfile = DOCKERFILE.replace(
        '["gunicorn", "--bind=0.0.0.0:8000", "shop.wsgi"]', "gunicorn -b :$(cat port) shop.wsgi"
    )
    end = only(location("proxy_pass http://web:8000"), {"Dockerfile": dockerfile})
    assert (told(end), end.listens) == ("web", UNKNOWN)


@pytest.mark.parametrize(
    ("extra", "host"),
    [
        ("    container_name: shop_web\n", "shop_web"),
        ("    networks:\n      default:\n        aliases: [backend]\n", "backend"),
        ("", "shop-web-1"),
        ("", "shop_web_1"),
    ],
)
def test_other_names_of_a_service_lead_to_it(extra: str, host: str) -> None:
    compose = COMPOSE.replace("    build: .\n", "    build: .\n" + extra)
    assert told(only(location(f"proxy_pass http://{host}:8000"), compose=compose)) == "web"


def test_a_link_gives_a_service_another_name_for_the_proxy_alone() -> None:
    linked = COMPOSE + "    links: ['web:app']\n"
    assert told(only(location("proxy_pass http://app:8000"), compose=linked)) == "web"
    assert told(only(location("proxy_pass http://app:8000"))).startswith("? nothing that is read")


def test_a_backing_service_is_a_destination_too() -> None:
    compose = COMPOSE + "  minio:\n    image: minio/minio\n"
    end = only(location("proxy_pass http://minio:9000"), compose=compose)
    assert (told(end), end.service, end.listens) == ("minio", None, UNKNOWN)


def test_a_name_that_no_service_bears_is_unknown_and_a_host_of_the_internet_is_outside() -> None:
    assert told(only(location("proxy_pass http://wbe:8000"))) == "? nothing that is read in compose.yml is called wbe"
    assert told(only(location("proxy_pass https://api.example.com"))) == "api.example.com"


def test_a_name_of_another_compose_file_is_not_taken() -> None:
    other = {"other/compose.yml": "services:\n  api:\n    build: ..\n    restart: always\n"}
    assert told(only(location("proxy_pass http://api:8000"), other)).startswith("? nothing that is read in compose.yml")


def test_the_file_that_a_backing_nginx_mounts_is_its_own() -> None:
    compose = COMPOSE.replace(
        "    build: ./nginx\n", "    image: nginx:1.29\n    volumes: ['./nginx:/etc/nginx/conf.d']\n"
    )
    end = only(location("proxy_pass http://web:8000"), {"nginx/Dockerfile": ""}, compose)
    assert (told(end), end.certain) == ("web", YES)


def test_a_configuration_among_the_files_that_a_site_serves_is_read_by_nobody() -> None:
    compose = COMPOSE.replace(
        "    build: ./nginx\n", "    image: nginx:1.29\n    volumes: ['.:/usr/share/nginx/html:ro']\n"
    )
    files = {
        "nginx/Dockerfile": "",
        "nginx/site.conf": "server { listen 80; location / { proxy_pass http://web:8000; } }",
    }
    assert [one.holder for one in model({"compose.prod.yml": compose, **files}).passages] == [None]


def test_a_proxy_that_no_file_runs_takes_a_name_only_perhaps() -> None:
    compose = "services:\n  web:\n    build: .\n    restart: always\n"
    end = only(location("proxy_pass http://web:8000"), {"nginx/Dockerfile": ""}, compose)
    assert (told(end), end.certain) == ("web", UNKNOWN)


def test_a_name_in_several_compose_files_is_unknown_when_none_of_them_runs_the_proxy() -> None:
    service = "services:\n  web:\n    build: .\n    restart: always\n"
    files = {"nginx/Dockerfile": "", "deploy/a.yml": service, "deploy/b.yml": service}
    assert "web is in several files" in told(only(location("proxy_pass http://web:8000"), files, "services: {}\n"))


def test_a_configuration_in_a_heredoc_belongs_to_the_image_that_is_built_with_it() -> None:
    dockerfile = "FROM nginx:1.29\nCOPY <<'END' /etc/nginx/conf.d/default.conf\n" + location(
        "proxy_pass http://web:8000"
    )
    files = {"nginx/Dockerfile": dockerfile + "END\n", "nginx/nginx.conf": ""}
    end = only("", files)
    assert (told(end), end.certain) == ("web", YES)
    assert hops(end)[:2] == ["nginx/Dockerfile:5", "nginx/Dockerfile:6"]


# Variables.


def test_a_variable_that_is_set_once_is_followed() -> None:
    assert told(only(location("set $app web; proxy_pass http://$app:8000"))) == "web"


@pytest.mark.parametrize(
    "body", ["set $app web; if ($host) { set $app other; } proxy_pass http://$app:8000", "proxy_pass http://$app:8000"]
)
def test_a_variable_that_may_hold_several_values_is_unknown(body: str) -> None:
    assert told(only(location(body))) == "? $app decides it"


def test_a_template_takes_its_variables_from_the_service_that_runs_it() -> None:
    compose = COMPOSE + "    environment: {APP_HOST: web, APP_PORT: '8000'}\n"
    files = {
        "nginx/Dockerfile": "FROM nginx:1.29\nCOPY nginx.conf /etc/nginx/templates/default.conf.template\n",
    }
    end = only(location("proxy_pass http://${APP_HOST}:${APP_PORT}"), files, compose)
    assert (told(end), end.listens) == ("web", YES)
    assert told(only(location("proxy_pass http://${APP_HOST}:${PORT}"), files, compose)) == "? $PORT decides it"


# One machine.


BOTH = """\
FROM python:3.13-slim
RUN apt-get update && apt-get install -y nginx supervisor
WORKDIR /app
COPY . .
COPY nginx/nginx.conf /etc/nginx/sites-enabled/default
COPY supervisord.conf /etc/supervisord.conf
CMD ["supervisord", "-c", "/etc/supervisord.conf"]
"""
SUPERVISOR = "[program:web]\ncommand=gunicorn --bind={} shop.wsgi\n[program:nginx]\ncommand=nginx\n"


@pytest.mark.parametrize(
    ("bind", "target", "listens"),
    [
        ("127.0.0.1:8000", "http://127.0.0.1:8000", YES),
        ("127.0.0.1:8000", "http://localhost:8000", YES),
        ("unix:/run/shop.sock", "http://unix:/run/shop.sock", YES),
        ("unix:/var/run/shop.sock", "http://unix:/run/shop.sock:/", YES),
    ],
)
def test_a_loopback_address_leads_to_the_program_of_the_same_container(bind: str, target: str, listens: object) -> None:
    files = {"shop/wsgi.py": APP, "Dockerfile": BOTH, "supervisord.conf": SUPERVISOR.format(bind)}
    files["nginx/nginx.conf"] = location(f"proxy_pass {target}")
    (passage,) = model(files).passages
    (end,) = passage.destinations
    assert (told(end), end.listens) == ("web", listens)
    assert hops(end)[-1] == "supervisord.conf:2"


def test_another_port_of_the_same_container_is_unknown() -> None:
    files = {"shop/wsgi.py": APP, "Dockerfile": BOTH, "supervisord.conf": SUPERVISOR.format("127.0.0.1:8000")}
    files["nginx/nginx.conf"] = location("proxy_pass http://127.0.0.1:9000")
    (passage,) = model(files).passages
    assert told(passage.destinations[0]).startswith("? ")


def test_the_loopback_of_one_container_is_not_that_of_another() -> None:
    assert (
        told(only(location("proxy_pass http://localhost:8000")))
        == "? nothing beside it is known to listen on port 8000"
    )


UNIT = "[Service]\nWorkingDirectory=/srv/shop\nExecStart=/srv/shop/venv/bin/gunicorn --bind {} shop.wsgi\n"


@pytest.mark.parametrize(
    ("bind", "target"),
    [("127.0.0.1:8000", "http://127.0.0.1:8000"), ("unix:/run/shop.sock", "http://unix:/run/shop.sock")],
)
def test_on_a_host_nginx_leads_to_the_unit_that_listens(bind: str, target: str) -> None:
    files = {"deploy/shop.service": UNIT.format(bind), "deploy/nginx.conf": location(f"proxy_pass {target}")}
    (passage,) = model(files).passages
    (end,) = passage.destinations
    assert (told(end), end.listens) == ("shop", YES)


def test_a_socket_that_systemd_opens_leads_to_its_service() -> None:
    files = {
        "deploy/shop.service": "[Service]\nExecStart=/usr/bin/gunicorn shop.wsgi\n",
        "deploy/shop.socket": "[Socket]\nListenStream=/run/shop.sock\n",
        "deploy/nginx.conf": location("proxy_pass http://unix:/run/shop.sock"),
    }
    (passage,) = model(files).passages
    assert told(passage.destinations[0]) == "shop"


def test_a_port_of_the_host_leads_to_the_container_that_publishes_it() -> None:
    compose = "services:\n  web:\n    build: .\n    restart: always\n    ports: ['127.0.0.1:8080:8000']\n"
    files = {**WEB, "compose.yml": compose, "deploy/nginx.conf": location("proxy_pass http://127.0.0.1:8080")}
    (passage,) = model(files).passages
    (end,) = passage.destinations
    assert (told(end), end.listens) == ("web", YES)
    assert isinstance(end.port, Known)
    assert end.port.value == 8000
    assert hops(end)[2] == "compose.yml:5"


def test_a_socket_in_a_shared_volume_leads_to_the_container_that_listens_on_it() -> None:
    compose = (
        "services:\n  web:\n    build: .\n    command: gunicorn --bind unix:/sockets/shop.sock shop.wsgi\n"
        "    restart: always\n    volumes: ['run:/sockets']\n"
        "  edge:\n    build: ./nginx\n    volumes: ['run:/run/shop']\n"
    )
    assert told(only(location("proxy_pass http://unix:/run/shop/shop.sock"), compose=compose)) == "web"
    apart = compose.replace("run:/run/shop", "other:/run/shop")
    assert told(only(location("proxy_pass http://unix:/run/shop/shop.sock"), compose=apart)).startswith(
        "? nothing beside"
    )


# What is not followed.


def test_a_location_that_includes_what_is_not_here_leads_nowhere_known() -> None:
    assert told(only(location("include /run/shop/pass.conf"))) == (
        "? it includes /run/shop/pass.conf, which is not in this repository"
    )


# Kubernetes.

MANIFEST = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - name: web
          image: shop/web
          command: [gunicorn, --bind, "0.0.0.0:8000", shop.wsgi]
          ports: [{name: http, containerPort: 8000}]
---
apiVersion: v1
kind: Service
metadata: {name: shop-web}
spec:
  selector: {app: shop}
  ports: [{name: web, port: 80, targetPort: http}]
---
"""
INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: SERVICE, port: {PORT}}}
"""


def cluster(service: str = "shop-web", port: str = "number: 80", **files: str) -> list[Passage]:
    ingress = INGRESS.replace("SERVICE", service).replace("PORT", port)
    return list(model({"k8s/shop.yaml": MANIFEST + ingress, **files}).passages)


@pytest.mark.parametrize("port", ["number: 80", "name: web"])
def test_an_ingress_leads_over_its_service_to_the_port_of_the_pod(port: str) -> None:
    ((end,),) = [one.destinations for one in cluster(port=port)]
    assert (told(end), end.listens, end.certain) == ("shop", YES, YES)
    assert isinstance(end.port, Known)
    assert end.port.value == 8000
    assert hops(end) == ["k8s/shop.yaml:29", "k8s/shop.yaml:31", "k8s/shop.yaml:19", "k8s/shop.yaml:11"]


@pytest.mark.parametrize("port", ["number: 81", "name: http"])
def test_a_port_that_the_service_does_not_have_is_listened_on_by_nobody(port: str) -> None:
    ((end,),) = [one.destinations for one in cluster(port=port)]
    assert (told(end), end.listens) == ("shop", NO)


def test_a_service_that_a_template_names_is_unknown() -> None:
    ((end,),) = [one.destinations for one in cluster('"${SERVICE}"')]
    assert told(end) == "? the address is filled in when it is deployed"


CHART = {
    "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "chart/values.yaml": "port: 80\n",
    "chart/templates/_helpers.tpl": '{{- define "full" -}}\n{{- $name := .Chart.Name }}\n'
    "{{- if contains $name .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-{{ $name }}{{ end }}\n"
    "{{- end }}\n",
}
NAMED = '{{ include "full" . }}'


def chart(service: str, ingress: str = NAMED) -> list[Passage]:
    manifest = MANIFEST.replace("name: shop-web", f"name: '{service}'") + INGRESS
    manifest = manifest.replace("SERVICE", f"'{ingress}'").replace("PORT", "number: 80")
    return list(model({**CHART, "chart/templates/all.yaml": manifest}).passages)


def test_a_name_that_a_chart_makes_of_its_release_twice_is_one_name() -> None:
    ((end,),) = [one.destinations for one in chart(NAMED)]
    assert (told(end), end.listens) == ("shop", YES)
    suffix = "{{ .Release.Name }}-web"
    ((end,),) = [one.destinations for one in chart(suffix, suffix)]
    assert (told(end), end.listens) == ("shop", YES)


def test_another_name_that_a_chart_makes_is_not_taken_for_that_of_its_service() -> None:
    for name in ("{{ .Release.Name }}-web", NAMED + "-api"):
        ((end,),) = [one.destinations for one in chart(name)]
        assert told(end) == "? the address is filled in when it is deployed"


def test_a_service_of_no_name_here_is_unknown() -> None:
    ((end,),) = [one.destinations for one in cluster("shop")]
    assert told(end) == "? nothing that is read is called shop"


def test_a_route_of_a_cluster_leads_to_no_service_of_compose() -> None:
    ingress = INGRESS.replace("SERVICE", "web").replace("PORT", "number: 8000")
    (passage,) = model({**WEB, "compose.yml": COMPOSE, "k8s/ingress.yaml": ingress}).passages
    assert told(passage.destinations[0]) == "? nothing that is read is called web"


def test_the_container_of_a_pod_that_listens_is_meant_whatever_the_others_declare() -> None:
    two = MANIFEST.replace("          ports: [{name: http, containerPort: 8000}]\n", "")
    two = two.replace(
        "      containers:\n",
        "      containers:\n        - name: sidecar\n          image: nginx\n"
        "          ports: [{name: http, containerPort: 8000}]\n",
    )
    ((end,),) = [
        one.destinations
        for one in model(
            {"k8s/shop.yaml": two + INGRESS.replace("SERVICE", "shop-web").replace("PORT", "number: 80")}
        ).passages
    ]
    assert (told(end), end.listens) == ("shop/web", YES)


@pytest.mark.parametrize(
    "route",
    [
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: shop}\nspec:\n  rules:\n"
        "    - backendRefs: [{name: shop-web, port: 80}]\n",
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: shop}\nspec:\n  hosts: ['*']\n"
        "  http:\n    - match: [{uri: {prefix: /}}]\n"
        "      route: [{destination: {host: shop-web.default.svc.cluster.local, port: {number: 80}}}]\n",
    ],
)
def test_gateways_and_istio_lead_to_services_too(route: str) -> None:
    (passage,) = model({"k8s/shop.yaml": MANIFEST + route}).passages
    (end,) = passage.destinations
    assert (told(end), end.listens) == ("shop", YES)


CONFIGURED = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: edge}
data:
  default.conf: |
    upstream app {
      server shop-web;
    }
    server {
      location / { proxy_pass http://app; }
      location /local { proxy_pass http://127.0.0.1:8000; }
    }
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: edge}
spec:
  template:
    metadata: {labels: {app: edge}}
    spec:
      containers:
        - name: nginx
          image: nginx:1.29
          volumeMounts: [{name: conf, mountPath: /etc/nginx/conf.d}]
      volumes: [{name: conf, configMap: {name: edge}}]
"""


def test_the_configuration_in_a_config_map_is_read_at_its_lines_and_run_by_the_pod_that_mounts_it() -> None:
    passages = model({"k8s/shop.yaml": MANIFEST, "k8s/edge.yaml": CONFIGURED}).passages
    (end,), (local,) = (one.destinations for one in passages)
    assert (told(end), end.listens, end.certain) == ("shop", YES, YES)
    assert hops(end)[:3] == ["k8s/edge.yaml:10", "k8s/edge.yaml:10", "k8s/edge.yaml:7"]
    assert end.chain[1].span.text == "http://app"
    assert end.chain[1].span.column == 31
    assert told(local) == "? nothing beside it is known to listen on port 8000"
    assert {one.holder.name for one in passages if one.holder is not None} == {"edge"}


def test_a_socket_in_a_folder_of_the_pod_leads_to_the_container_that_listens_on_it() -> None:
    pod = """\
      containers:
        - {name: nginx, image: "nginx:1.29", volumeMounts: [{name: run, mountPath: /run/shop},
           {name: conf, mountPath: /etc/nginx/conf.d}]}
        - name: web
          image: shop/web
          command: [gunicorn, --bind, "unix:/sockets/shop.sock", shop.wsgi]
          volumeMounts: [{name: run, mountPath: /sockets}]
      volumes: [{name: conf, configMap: {name: edge}}, {name: run, emptyDir: {}}]
"""
    text = CONFIGURED[: CONFIGURED.index("      containers:")] + pod
    text = text.replace("http://127.0.0.1:8000", "http://unix:/run/shop/shop.sock")
    ends = [end for one in model({"k8s/edge.yaml": text}).passages for end in one.destinations]
    assert told(ends[1]) == "edge/web"


def test_tls_is_told_by_what_the_proxy_listens_on() -> None:
    secured = INGRESS.replace("spec:\n", "spec:\n  tls: [{hosts: [shop.example.com]}]\n")
    text = (MANIFEST + secured).replace("SERVICE", "shop-web").replace("{PORT}", "{number: 80}")
    (passage,) = model({"k8s/shop.yaml": text}).passages
    assert passage.is_encrypted is YES
    assert [one.is_encrypted for one in cluster()] == [NO]


def test_the_routes_of_a_service_are_found_from_the_service() -> None:
    deployment = model(
        {"k8s/shop.yaml": MANIFEST + INGRESS.replace("SERVICE", "shop-web").replace("PORT", "number: 80")}
    )
    (service,) = deployment.services
    assert [one.route.path for one in deployment.passages_to(service)] == ["/"]


# Traefik.

TRAEFIK = """\
services:
  edge:
    image: traefik:3.6
    command: [--entrypoints.web.address=:80, --entrypoints.secure.address=:443]
    restart: always
  web:
    build: .
    restart: always
    labels:
"""


def routers(*labels: str, compose: str = TRAEFIK) -> list[Passage]:
    text = compose + "".join(f"      - {one}\n" for one in labels)
    return list(model({**WEB, "compose.yml": text}).passages)


RULE = "traefik.http.routers.shop.rule=Host(`shop.example`)"
PORT = "traefik.http.services.shop.loadbalancer.server.port=8000"


def test_a_router_of_traefik_leads_to_the_service_that_bears_its_labels() -> None:
    (passage,) = routers(RULE, PORT)
    (end,) = passage.destinations
    assert (told(end), end.listens) == ("web", YES)
    assert passage.proxy.names == ("shop.example",)
    assert passage.holder is not None
    assert passage.holder.name == "edge"
    assert hops(end) == ["compose.yml:10", "compose.yml:11", "compose.yml:6", "Dockerfile:4"]


def test_a_port_that_no_label_says_is_unknown() -> None:
    ((end,),) = [one.destinations for one in routers(RULE)]
    assert (told(end), end.listens) == ("web", UNKNOWN)


@pytest.mark.parametrize(
    ("rule", "paths"),
    [
        ("Host(`a`) && PathPrefix(`/api`)", [("", "/api")]),
        ("PathPrefix(`/api`, `/v1`)", [("", "/api"), ("", "/v1")]),
        ("Path(`/exact`)", [("=", "/exact")]),
        ("Host(`a`) && !PathPrefix(`/admin`)", [("", "/")]),
    ],
)
def test_a_rule_says_which_paths(rule: str, paths: list[tuple[str, str]]) -> None:
    found = routers(f"traefik.http.routers.shop.rule={rule}", PORT)
    assert [(one.route.modifier, one.route.path) for one in found] == paths


@pytest.mark.parametrize(
    ("label", "encrypted"),
    [
        ("traefik.http.routers.shop.entrypoints=web", NO),
        ("traefik.http.routers.shop.tls=true", YES),
        ("traefik.http.routers.shop.tls.certresolver=le", YES),
        ("traefik.http.routers.shop.entrypoints=other", UNKNOWN),
    ],
)
def test_a_router_is_encrypted_where_it_says_so(label: str, encrypted: object) -> None:
    (passage,) = routers(RULE, PORT, label)
    assert passage.is_encrypted is encrypted


def test_a_router_that_only_redirects_leads_to_nobody() -> None:
    redirect = "traefik.http.middlewares.up.redirectscheme.scheme=https"
    (passage,) = routers(RULE, PORT, redirect, "traefik.http.routers.shop.middlewares=up@docker")
    assert passage.destinations == ()
    assert passage.route.answer == "with a redirect to https"


FRONT = TRAEFIK.replace(":443]", ":443, --entryPoints.web.http.redirections.entryPoint.to=secure]")


def test_an_entry_point_that_redirects_leads_to_nobody() -> None:
    (passage,) = routers(RULE, PORT, "traefik.http.routers.shop.entrypoints=web", compose=FRONT)
    assert passage.destinations == ()
    assert passage.route.answer == "with a redirect to https"


@pytest.mark.parametrize("entries", ["secure", "web,secure"])
def test_a_router_behind_another_entry_point_than_the_redirecting_is_reached_there(entries: str) -> None:
    label = f"'traefik.http.routers.shop.entrypoints={entries}'"
    (passage,) = routers(RULE, PORT, label, compose=FRONT)
    assert [told(end) for end in passage.destinations] == ["web"]
    assert [getattr(one.port, "value", None) for one in passage.proxy.listens] == [443]


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("${DOMAIN:-localhost}", ("$DOMAIN, else localhost",)),
        ("api.${DOMAIN-localhost}", ("api.$DOMAIN, else api.localhost",)),
        ("$DOMAIN", ("$DOMAIN",)),
        ("${DOMAIN:?not set}", ("$DOMAIN",)),
    ],
)
def test_a_host_that_a_variable_decides_is_told_with_its_name(host: str, names: tuple[str, ...]) -> None:
    (passage,) = routers(f"'traefik.http.routers.shop.rule=Host(`{host}`)'", PORT)
    assert passage.proxy.names == names


def test_a_default_never_holds_where_another_file_of_the_set_requires_the_variable() -> None:
    rule = "traefik.http.routers.shop.rule=Host(`${DOMAIN:-localhost}`)"
    below = TRAEFIK + f"      - {rule}\n      - {PORT}\n"
    top = "services:\n  web:\n    environment:\n      HOST: https://${DOMAIN:?not set}\n"
    files = {
        **WEB,
        "compose.yml": below,
        "compose.deploy.yml": top,
        "deploy.sh": "docker compose -f compose.yml -f compose.deploy.yml up -d\n",
    }
    found = [one for one in model(files).passages if one.environment is Environment.PRODUCTION]
    assert [one.proxy.names for one in found] == [("$DOMAIN",)]


def test_labels_that_switch_traefik_off_declare_nothing() -> None:
    assert routers("traefik.enable=false", RULE, PORT) == []


# Platforms.

FLY = "app = 'shop'\n[http_service]\n  internal_port = {}\n"


@pytest.mark.parametrize(("port", "listens"), [(8000, YES), (8080, NO)])
def test_the_router_of_fly_dials_the_port_that_its_file_says(port: int, listens: object) -> None:
    (passage,) = model({**WEB, "fly.toml": FLY.format(port)}).passages
    (end,) = passage.destinations
    assert (passage.proxy.product, passage.is_encrypted) == ("router of Fly.io", YES)
    assert (told(end), end.listens) == ("app", listens)
    assert hops(end) == ["fly.toml:3", "Dockerfile:4"]


@pytest.mark.parametrize(
    ("files", "listens"),
    [
        ({"Procfile": "web: gunicorn shop.wsgi\n"}, YES),
        ({"Procfile": "web: gunicorn -b 0.0.0.0:8000 shop.wsgi\n"}, UNKNOWN),
        ({"Dockerfile": DOCKERFILE, "heroku.yml": "build:\n  docker:\n    web: Dockerfile\n"}, NO),
        ({"app.yaml": "runtime: python313\nentrypoint: gunicorn -b :$PORT shop.wsgi\n"}, YES),
        ({"app.yaml": "runtime: python313\nentrypoint: gunicorn -b :8000 shop.wsgi\n"}, NO),
        ({"app.yaml": "runtime: python313\nentrypoint: gunicorn -b :8080 shop.wsgi\n"}, YES),
        ({"app.yaml": "runtime: python313\nentrypoint: gunicorn -b 127.0.0.1:8080 shop.wsgi\n"}, NO),
    ],
)
def test_the_router_of_a_platform_dials_the_port_that_it_sets(files: dict[str, str], listens: object) -> None:
    ends = [end for one in model({"shop/wsgi.py": APP, **files}).passages for end in one.destinations]
    assert [end.listens for end in ends] == [listens]


def test_a_worker_has_no_router() -> None:
    assert model({"Procfile": "worker: celery -A shop worker\n"}).passages == ()


# Caddy.


def test_a_caddyfile_leads_to_the_services_beside_its_caddy() -> None:
    compose = (
        "services:\n  web:\n    build: .\n    restart: always\n  caddy:\n    image: caddy:2\n"
        "    environment: {APP: web}\n    volumes: ['./Caddyfile:/etc/caddy/Caddyfile']\n"
    )
    text = "shop.example {\n\treverse_proxy /api/* {$APP}:8000\n\treverse_proxy {$OTHER}:8000\n}\n"
    passages = model({**WEB, "compose.yml": compose, "Caddyfile": text}).passages
    assert [told(end) for one in passages for end in one.destinations] == ["web", "? $OTHER decides it"]
    assert {one.holder.name for one in passages if one.holder is not None} == {"caddy"}
