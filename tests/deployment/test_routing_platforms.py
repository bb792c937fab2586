"""Routers of platforms, and the ports that they dial."""

import pytest
from routings import APP, DOCKERFILE, WEB, hops, model, told

from prodlint.deployment.value import NO, UNKNOWN, YES

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
