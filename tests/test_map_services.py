"""What the map tells of a service: its contract with the platform, its routes, settings, image and variables."""

from __future__ import annotations

from pathlib import Path

import pytest
from map_command import MANIFEST, SHOP, drawn, facts, run, text_of, write
from maps import of, pod


def test_the_contract_of_a_platform_is_told(tmp_path: Path) -> None:
    write(tmp_path, {"k8s/production/shop.yaml": MANIFEST})
    found = facts(drawn(tmp_path))
    assert found["replicas"] == "3"
    assert found["ports"] == "8000"
    assert found["readiness"] == "GET :8000/healthz"
    write(tmp_path, {"k8s/production/shop.yaml": MANIFEST.replace("port: 8000}}", "port: 8000, scheme: HTTPS}}")})
    assert facts(drawn(tmp_path))["readiness"] == "GET https://:8000/healthz"


HEALTHY = """\
from flask import Flask

application = Flask(__name__)


@application.get("/health")
def health():
    return ""
"""


def test_a_probe_that_no_route_answers_is_told_unless_served_code_writes_its_path(tmp_path: Path) -> None:
    manifest = MANIFEST.replace("shop.wsgi", "shop.wsgi:application").replace("registry.example.org/shop:1.4", "shop")
    dockerfile = "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\n"
    shop = write(tmp_path, {"k8s/production/shop.yaml": manifest, "Dockerfile": dockerfile, "shop/__init__.py": ""})
    write(shop, {"shop/wsgi.py": HEALTHY})
    assert facts(drawn(shop))["readiness"] == "GET :8000/healthz, which no route answers"
    write(shop, {"shop/wsgi.py": f"{HEALTHY}\n\napplication.wsgi_app = Probes(application.wsgi_app, '/healthz')\n"})
    assert facts(drawn(shop))["readiness"] == "GET :8000/healthz"


def test_the_routes_of_an_app_are_told(tmp_path: Path) -> None:
    write(tmp_path, {**SHOP, "shop/wsgi.py": HEALTHY})
    assert facts(drawn(tmp_path))["routes"] == "/health"
    assert "shop/wsgi.py:6" in run(tmp_path, "--why", "web.routes").stdout


DJANGO = {
    "shop/__init__.py": "",
    "shop/wsgi.py": "import os\nfrom django.core.wsgi import get_wsgi_application\n\n"
    'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings.dev")\napplication = get_wsgi_application()\n',
    "shop/settings/__init__.py": "",
    "shop/settings/base.py": 'ROOT_URLCONF = "shop.urls"\n',
    "shop/settings/dev.py": "from .base import *\n",
    "shop/settings/live.py": "from .base import *\n",
    "shop/urls.py": "from django.urls import path\n\nurlpatterns = [path('health/', view)]\n",
    "Dockerfile": "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nENV DJANGO_SETTINGS_MODULE=shop.settings.live\n"
    'CMD ["gunicorn", "shop.wsgi"]\n',
}


def test_the_settings_of_a_service_are_told_with_the_line_that_chose_them_and_the_routes_behind_them(
    tmp_path: Path,
) -> None:
    shop = write(tmp_path, DJANGO)
    found = facts(drawn(shop))
    assert found["settings"] == "shop.settings.live (ENV in Dockerfile:4)"
    assert found["routes"] == "/health/"
    why = run(shop, "--why", f"{drawn(shop)['projects'][0]['services'][0]['name']}.settings").stdout.splitlines()
    assert why[0].endswith(".settings: shop.settings.live (ENV in Dockerfile:4)")
    assert why[1].strip() == "shop.settings.dev  setdefault in shop/wsgi.py"
    assert why[4].strip() == "shop.settings.live  ENV in Dockerfile"


def test_settings_that_may_be_others_are_told_with_what_may_change_them(tmp_path: Path) -> None:
    files = {**DJANGO, "Procfile": "web: gunicorn shop.wsgi\n"}
    del files["Dockerfile"]
    [fact] = [
        one for one in drawn(write(tmp_path, files))["projects"][0]["services"][0]["facts"] if one["name"] == "settings"
    ]
    assert fact["state"] == "environment"
    assert fact["value"] == (
        "shop.settings.dev (setdefault in shop/wsgi.py:4) unless DJANGO_SETTINGS_MODULE is set outside"
    )


def test_the_settings_classes_that_an_app_imports_are_told(tmp_path: Path) -> None:
    files = {
        "app/__init__.py": "",
        "app/main.py": "from fastapi import FastAPI\nfrom app.config import settings\n\napp = FastAPI()\n",
        "app/config.py": "from pydantic_settings import BaseSettings\n\n\nclass Settings(BaseSettings):\n"
        "    debug: bool = False\n\n\nsettings = Settings()\n",
        "Procfile": "web: uvicorn app.main:app\n",
    }
    assert facts(drawn(write(tmp_path, files)))["settings"] == "app.config.Settings (class in app/config.py:4)"


def test_several_settings_classes_do_not_overrule_one_another(tmp_path: Path) -> None:
    one = "from pydantic_settings import BaseSettings\n\n\nclass {0}(BaseSettings):\n    x: int = 1\n\n\ns = {0}()\n"
    files = {
        "main.py": "import one, two\nfrom fastapi import FastAPI\n\napp = FastAPI()\n",
        "one.py": one.format("One"),
        "two.py": one.format("Two"),
        "Procfile": "web: uvicorn main:app\n",
    }
    told = text_of(write(tmp_path, files), "--why", "web.settings")
    assert "one.One" in told
    assert "The last of these decides." not in told


def test_a_pinned_image_is_told_with_its_reference_and_a_short_digest(tmp_path: Path) -> None:
    reference = f"registry.example.org/shop:1.4@sha256:{'0123456789abcdef' * 4}"
    text = text_of(
        write(tmp_path, {"k8s/production/shop.yaml": MANIFEST.replace("registry.example.org/shop:1.4", reference)})
    )
    assert "    image        registry.example.org/shop:1.4@sha256:01234567…" in text
    compose = SHOP["compose.prod.yml"] + "    image: registry.example.org/shop:1.4\n"
    found = facts(drawn(write(tmp_path / "pinned", {**SHOP, "compose.prod.yml": compose})))
    assert found["image"] == ("registry.example.org/shop:1.4, a build of Dockerfile, stage runtime on python:3.13-slim")


@pytest.mark.parametrize(
    ("arguments", "pages"),
    [
        ("", "/openapi.json, /docs, /redoc"),
        ("openapi_url='/api/v1/openapi.json', redoc_url=None", "/api/v1/openapi.json, /docs"),
        ("openapi_url=None", "not read: what registers any on the app was not found (main.py:6)"),
        ("**pages", "/schema, /docs, /redoc"),
        ("openapi_url=PREFIX + '/openapi.json'", "/v1/openapi.json, /docs, /redoc"),
        ("docs_url=somewhere()", "/openapi.json, /redoc; not read: /docs (docs_url is not known)"),
    ],
)
def test_the_pages_of_fastapi_stand_where_its_keywords_put_them(
    tmp_path: Path, arguments: str, pages: str | None
) -> None:
    code = f"""\
from elsewhere import somewhere
from fastapi import FastAPI

PREFIX = "/v1"
pages = {{"openapi_url": "/schema"}}
app = FastAPI({arguments})
"""
    write(tmp_path, {"main.py": code, "Procfile": "web: uvicorn main:app\n"})
    assert facts(drawn(tmp_path)).get("routes") == pages


def test_a_build_argument_with_a_default_from_outside_is_no_certain_value(tmp_path: Path) -> None:
    build = "build: {context: ., args: {SHOP_MODE: '${MODE:-live}', SHOP_KIND: fast}}"
    dockerfile = SHOP["Dockerfile"].replace(
        "ENV SHOP_MODE=live",
        "ARG SHOP_MODE=test SHOP_KIND SHOP_AGE=3\nENV SHOP_MODE=$SHOP_MODE SHOP_KIND=$SHOP_KIND SHOP_AGE=$SHOP_AGE",
    )
    files = {**SHOP, "Dockerfile": dockerfile, "compose.prod.yml": SHOP["compose.prod.yml"].replace("build: .", build)}
    text = text_of(write(tmp_path, files))
    assert "    set outside  SHOP_MODE ($MODE, else live)\n" in text
    assert "    variables    SHOP_AGE=3, SHOP_KIND=fast\n" in text


def test_what_code_tells_a_server_that_it_starts_stands_below_the_service(tmp_path: Path) -> None:
    main = "import os\nos.execvp('gunicorn', ['gunicorn', '-b', ':8000', '-w', '5', 'shop.wsgi:application'])\n"
    shop = write(tmp_path, {"Procfile": "web: python run.py\n", "run.py": main, "shop/wsgi.py": HEALTHY})
    found = facts(drawn(shop))
    assert found["workers"] == "5"
    text = text_of(shop)
    assert "workers      5" in text
    assert "? the command names no app" not in text


@pytest.mark.parametrize("command", ["celery -A shop flower", "streamlit run shop.py"])
def test_no_app_is_asked_of_a_program_that_serves_its_own(tmp_path: Path, command: str) -> None:
    found = facts(drawn(write(tmp_path, {"Procfile": f"web: {command}\n"})))
    assert "server" in found
    assert "app" not in found


def test_options_for_the_entrypoint_of_an_image_are_no_command() -> None:
    container = "{name: probe, image: registry.example.org/probe, args: [--address=/run/probe.sock, -v]}"
    found = of({"k8s/production/pod.yaml": pod(container)}, "web")
    assert found["command"].startswith("`--address=/run/probe.sock -v` is handed to the entrypoint of the image")
