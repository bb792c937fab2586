"""In which view of the map the proxies of a cluster stand."""

from __future__ import annotations

from maps import DOCKERFILE, drawn, pod

from prodlint.deployment.environment import Environment
from prodlint.inspection import Policy, inspect
from prodlint.map.draw import draw
from prodlint.tree import MemoryTree

INGRESS = (
    "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\nspec:\n  rules:\n  - http:\n"
    "      paths:\n      - {path: /, backend: {service: {name: web, port: {number: 80}}}}\n"
)
IN_POD = "{name: web, image: shop, command: [gunicorn, 'app:app']}"
NGINX = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: nginx}\ndata:\n  nginx.conf: |\n    server {\n"
    "      listen 80;\n      location / { proxy_pass http://web; }\n    }\n"
)


def cluster(folder: str, **more: str) -> dict[str, list[str]]:
    """The products of the proxies in each view of a project whose manifests lie in a folder."""
    files = {
        "Dockerfile": DOCKERFILE,
        "app.py": "from flask import Flask\n\napp = Flask('x')\n",
        f"{folder}/web.yaml": pod(IN_POD),
        f"{folder}/ingress.yaml": INGRESS,
        **more,
    }
    environments = (Environment.PRODUCTION, Environment.DEVELOPMENT, Environment.TEST)
    return {one.value: [proxy.product for proxy in drawn(files, one).proxies] for one in environments}


def test_a_proxy_of_a_cluster_is_in_the_view_of_what_lies_beside_it() -> None:
    assert cluster("docs/k8s") == {"production": [], "development": ["Ingress"], "test": []}
    assert cluster("k8s/e2e") == {"production": [], "development": [], "test": ["Ingress"]}
    for folder in ("k8s", "deploy/k8s"):
        assert cluster(folder) == {"production": ["Ingress"], "development": [], "test": []}


def test_a_proxy_of_an_overlay_is_in_the_view_of_the_overlay() -> None:
    base = {"k8s/base/kustomization.yaml": "resources: [web.yaml, ingress.yaml, nginx.yaml]\n"}
    base["k8s/base/nginx.yaml"] = NGINX
    overlay = "resources: [../../base]\n"
    found = cluster("k8s/base", **{**base, "k8s/overlays/dev/kustomization.yaml": overlay})
    assert found == {"production": [], "development": ["Ingress", "nginx"], "test": []}
    found = cluster("k8s/base", **{**base, "k8s/overlays/prod/kustomization.yaml": overlay})
    assert found == {"production": ["Ingress", "nginx"], "development": [], "test": []}


def test_what_a_label_says_of_a_proxy_counts_but_in_files_for_developers() -> None:
    labelled = INGRESS.replace("{name: web}", "{name: web, labels: {environment: staging}}", 1)
    whole = drawn({"docs/k8s/web.yaml": pod(IN_POD) + "---\n" + labelled}, Environment.DEVELOPMENT)
    assert [one.environment for one in whole.proxies] == ["development"]
    whole = drawn({"k8s/web.yaml": pod(IN_POD) + "---\n" + labelled})
    assert [one.environment for one in whole.proxies] == ["production"]


def test_the_settings_say_where_a_proxy_is() -> None:
    files = {"docs/ingress.yaml": pod(IN_POD) + "---\n" + INGRESS}
    policy = Policy(environment_of=lambda path: Environment.PRODUCTION if path.startswith("docs/") else None)
    deployment = inspect(MemoryTree(files), (), policy).deployment
    assert [one.environment for one in draw(deployment, Environment.PRODUCTION).proxies] == ["production"]
