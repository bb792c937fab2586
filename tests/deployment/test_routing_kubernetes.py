"""Ingresses, gateways and proxies of pods in a cluster, joined to what stands behind them."""

import pytest
from routings import COMPOSE, INGRESS, MANIFEST, WEB, cluster, hops, model, told

from prodlint.deployment.proxies.passage import Passage
from prodlint.deployment.value import NO, YES, Known


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


def test_an_image_of_others_is_told_where_its_service_has_another_port() -> None:
    files = {
        "nginx/nginx.conf": "server {\n  listen 80;\n  location / { proxy_pass http://wiki:8000; }\n}\n",
        "k8s/wiki.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: wiki}\nspec:\n  template:\n"
        "    metadata: {labels: {app: wiki}}\n    spec:\n      containers: [{name: wiki, image: mediawiki:1.43}]\n---\n"
        "apiVersion: v1\nkind: Service\nmetadata: {name: wiki}\nspec: {selector: {app: wiki}, ports: [{port: 80}]}\n",
    }
    ((end,),) = [one.destinations for one in model(files).passages]
    assert end.backing is not None
    assert (end.backing.name, end.listens) == ("wiki", NO)
