"""Routes of proxies in sets of compose files and on one machine, joined to what stands behind them."""

import pytest
from routings import APP, COMPOSE, DOCKERFILE, INGRESS, MANIFEST, WEB, cluster, hops, model, told

from prodlint.deployment import Environment
from prodlint.deployment.proxies.passage import Destination
from prodlint.deployment.value import NO, UNKNOWN, YES, Known

NGINX = "FROM nginx:1.29\nCOPY nginx.conf /etc/nginx/conf.d/default.conf\n"


def passed(body: str, files: dict[str, str] | None = None, compose: str = COMPOSE) -> list[Destination]:
    """The destinations of a server of nginx beside a `web` that listens on 8000."""
    held = {**WEB, "compose.yml": compose, "nginx/Dockerfile": NGINX, "nginx/nginx.conf": body, **(files or {})}
    return [end for passage in model(held).passages for end in passage.destinations]


def only(body: str, files: dict[str, str] | None = None, compose: str = COMPOSE) -> Destination:
    (end,) = passed(body, files, compose)
    return end


def location(directive: str) -> str:
    return f"server {{\n  listen 80;\n  location / {{\n    {directive};\n  }}\n}}\n"


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


def test_a_name_that_only_developers_use_is_told_as_theirs() -> None:
    service = "services:\n  web:\n    build: .\n    command: flask run\n"
    files = {"nginx/Dockerfile": "", "docs/compose.yml": service}
    end = only(location("proxy_pass http://web:8000"), files, "services: {}\n")
    assert told(end) == "? what is called web runs in development alone (docs/compose.yml)"


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


def test_the_programs_of_a_container_that_may_listen_on_a_port_are_told_without_proxies() -> None:
    programs = SUPERVISOR.format("127.0.0.1:8000") + "[program:{}]\ncommand=/srv/{}\n"
    files = {"shop/wsgi.py": APP, "Dockerfile": BOTH, "supervisord.conf": programs.format("chat", "chat")}
    files["nginx/nginx.conf"] = location("proxy_pass http://127.0.0.1:9000")
    (passage,) = model(files).passages
    assert told(passage.destinations[0]) == "? where chat listens is not known"
    files["supervisord.conf"] += "[program:mail]\ncommand=/srv/mail\n"
    (passage,) = model(files).passages
    assert told(passage.destinations[0]) == "? which of chat, mail listens on port 9000 is not known"


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
