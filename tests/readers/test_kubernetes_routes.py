"""Ingresses and routes of Kubernetes: what they listen on, and where they lead."""

import pytest
from manifests import declared

from prodlint.deployment.network import Proxy
from prodlint.deployment.value import Known


def test_ingresses_and_http_routes_are_proxies() -> None:
    ingress = (
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: shop}\nspec:\n"
        "  tls:\n  - hosts: [shop.example.com]\n  rules:\n  - host: shop.example.com\n    http:\n      paths:\n"
        "      - path: /api\n        pathType: Exact\n        backend: {service: {name: api, port: {number: 80}}}\n"
        "      - backend: {serviceName: web, servicePort: 8080}\n"
    )
    route = (
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: shop}\nspec:\n"
        "  hostnames: [a.example.com]\n  rules:\n  - matches:\n    - path: {type: PathPrefix, value: /x}\n"
        "    backendRefs:\n    - {name: api, port: 80}\n"
    )
    first, second = [
        fact for fact in declared({"k8s/ingress.yaml": ingress, "k8s/route.yaml": route}) if isinstance(fact, Proxy)
    ]
    assert first.names == ("shop.example.com",)
    assert [one.tls for one in first.listens] == [False, True]
    assert [(one.modifier, one.path, one.upstreams[0].host) for one in first.routes] == [
        ("=", "/api", "api"),
        ("", "/", "web"),
    ]
    assert (second.names, second.routes[0].path) == (("a.example.com",), "/x")


def ingress_listens(annotations: str, spec: str, more: str = "") -> list[str]:
    text = (
        f"{more}apiVersion: networking.k8s.io/v1\nkind: Ingress\n"
        f"metadata: {{name: shop, annotations: {{{annotations}}}}}\nspec:\n  {spec}\n"
        "  rules: [{host: a.shop.example, http: {paths: [{path: /, backend: {service: {name: x}}}]}}]\n"
    )
    [proxy] = [fact for fact in declared({"k8s/ingress.yaml": text}) if isinstance(fact, Proxy)]
    return [
        f"{one.port.value}{'s' if one.tls else ''}{'>' if one.redirects else ''}"
        for one in proxy.listens
        if isinstance(one.port, Known)
    ]


FRONTEND = (
    "apiVersion: networking.gke.io/v1beta1\nkind: FrontendConfig\nmetadata: {name: f}\n"
    "spec: {redirectToHttps: {enabled: true}}\n---\n"
)
GOOGLE = "networking.gke.io/managed-certificates: x"
ALB = "alb.ingress.kubernetes.io"


@pytest.mark.parametrize(
    ("annotations", "spec", "listens"),
    [
        ("", "tls: []", ["80"]),
        ("", "tls: [{secretName: x}]", ["80", "443s"]),
        ("", "tls: [{hosts: ['*.shop.example']}]", ["80", "443s"]),
        ("", "tls: [{hosts: ['*.example', b.shop.example]}]", ["80"]),
        (GOOGLE, "x: y", ["80", "443s"]),
        (GOOGLE + ", kubernetes.io/ingress.allow-http: 'false'", "x: y", ["443s"]),
        (GOOGLE + ", networking.gke.io/v1beta1.FrontendConfig: f", "x: y", ["80>", "443s"]),
        (GOOGLE + ", networking.gke.io/v1beta1.FrontendConfig: g", "x: y", ["80", "443s"]),
        ("", "ingressClassName: nginx\n  tls: [{}]", ["80>", "443s"]),
        ("nginx.ingress.kubernetes.io/ssl-redirect: 'false'", "ingressClassName: nginx\n  tls: [{}]", ["80", "443s"]),
        ("", "ingressClassName: alb\n  tls: [{secretName: x}]", ["80"]),
        (f"{ALB}/certificate-arn: 'arn:x'", "x: y", ["443s"]),
        (
            f"{ALB}/listen-ports: '[{{\"HTTP\": 80}}, {{\"HTTPS\": 8443}}]', {ALB}/ssl-redirect: '8443'",
            "x: y",
            ["80>", "8443s"],
        ),
        (f"{ALB}/listen-ports: '[['", "x: y", []),
        ("traefik.ingress.kubernetes.io/router.entrypoints: websecure", "x: y", ["443s"]),
    ],
)
def test_an_ingress_listens_as_its_tls_and_the_annotations_of_its_controller_say(
    annotations: str, spec: str, listens: list[str]
) -> None:
    assert ingress_listens(annotations, spec, FRONTEND) == listens


def test_the_default_of_an_ingress_and_its_rules_for_every_host_are_one_proxy() -> None:
    text = (
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: shop}\nspec:\n"
        "  defaultBackend: {service: {name: web, port: {number: 80}}}\n  rules: [{http: {paths: PATHS}}]\n"
    )

    def paths(written: str) -> list[list[str]]:
        facts = declared({"k8s/ingress.yaml": text.replace("PATHS", written)})
        return [[route.path for route in fact.routes] for fact in facts if isinstance(fact, Proxy)]

    assert paths("[{path: '/*', backend: {service: {name: web, port: {number: 80}}}}]") == [["/*"]]
    assert paths("[{path: /api, backend: {service: {name: api, port: {number: 80}}}}]") == [["/api", "/"]]


def test_a_route_to_a_service_whose_pods_are_elsewhere_says_so() -> None:
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: shop}}\n---\n"
    ingress = (
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: shop}\nspec:\n"
        "  defaultBackend: {service: {name: web, port: {number: 80}}}\n"
    )
    [proxy] = [fact for fact in declared({"k8s/a.yaml": service + ingress}) if isinstance(fact, Proxy)]
    assert proxy.routes[0].unread == "the Service web (k8s/a.yaml:3) is for pods that are not read beside it"
