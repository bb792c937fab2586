"""Routers of Traefik that labels declare, joined to what stands behind them."""

import pytest
from routings import WEB, hops, model, told

from prodlint.deployment import Environment
from prodlint.deployment.proxies.passage import Passage
from prodlint.deployment.value import NO, UNKNOWN, YES

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
