"""What the map tells of proxies: their routes, and where each leads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from map_command import MANIFEST, SHOP, drawn, run, text_of, write

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


@pytest.mark.parametrize(
    ("environment", "listens"),
    [("", "$EDGE_PORT"), ("    environment: {EDGE_PORT: 8443}\n", "8443"), ("    environment: [A=b]\n", "$EDGE_PORT")],
)
def test_a_port_that_envsubst_fills_in_is_told_as_its_variable_or_as_what_that_holds(
    environment: str, listens: str, tmp_path: Path
) -> None:
    conf = BEHIND_NGINX["nginx/shop.conf"].replace("listen 443 ssl", "listen ${EDGE_PORT}")
    compose = BEHIND_NGINX["compose.prod.yml"] + environment
    files = {**BEHIND_NGINX, "nginx/shop.conf": conf, "compose.prod.yml": compose}
    [proxy] = drawn(write(tmp_path, files))["proxies"]
    assert proxy["listens"] == [listens]


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


def test_what_a_platforms_container_supervises_is_found_behind_the_nginx_beside_it(tmp_path: Path) -> None:
    files = {
        "fly.toml": "app = 'shop'\n[http_service]\ninternal_port = 80\n",
        "Dockerfile": "FROM python:3.13-slim\nRUN apt-get install -y nginx supervisor\nWORKDIR /app\nCOPY shop.py .\n"
        "COPY nginx.conf /etc/nginx/conf.d/default.conf\nCOPY s.conf /etc/supervisor/conf.d/s.conf\n"
        'CMD ["supervisord", "-n"]\n',
        "s.conf": "[program:nginx]\ncommand=nginx -g 'daemon off;'\n"
        "[program:web]\ncommand=gunicorn shop:app -b 127.0.0.1:5000\n",
        "nginx.conf": "server { listen 80; location / { proxy_pass http://127.0.0.1:5000; } }\n",
        "shop.py": "app = print\n",
    }
    [proxy] = [one for one in drawn(write(tmp_path, files))["proxies"] if one["product"] == "nginx"]
    assert [end["value"] for one in proxy["routes"] for end in one["destinations"]] == [
        "web: gunicorn shop:app -b 127.0.0.1:5000"
    ]


def test_the_port_of_a_host_elsewhere_is_told_unless_it_is_the_usual_one(tmp_path: Path) -> None:
    passes = "location /a { proxy_pass http://mail.example.com:5555; }\n location /b { proxy_pass https://x.example; }"
    files = {**BEHIND_NGINX, "nginx/shop.conf": f"server {{ listen 80; {passes} }}"}
    [proxy] = drawn(write(tmp_path, files))["proxies"]
    ends = [end["value"] for one in proxy["routes"] for end in one["destinations"]]
    assert ends == ["mail.example.com:5555", "x.example"]


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


def test_routes_that_one_reason_keeps_from_being_known_are_one_line(tmp_path: Path) -> None:
    lost = "location /a { proxy_pass http://api:9000; }\n    location /b { proxy_pass http://api:9000; }\n"
    conf = BEHIND_NGINX["nginx/shop.conf"].replace("location /old", f"{lost}    location /old")
    text = text_of(write(tmp_path, {**BEHIND_NGINX, "nginx/shop.conf": conf}))
    assert "    3 routes     → ? nothing that is read in compose.prod.yml is called api  (nginx/shop.conf:6)\n" in text
    assert "/old         → answers 410" in text
