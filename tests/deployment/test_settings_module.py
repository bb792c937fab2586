"""Which settings module a service runs with, who decided so, and what its names hold there: small projects in."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.deployment import Deployment, Service
from prodlint.deployment.routes.of_service import routes_of
from prodlint.deployment.settings.found import AppSettings
from prodlint.deployment.settings_module import settings_of, settings_of_pipeline_step, settings_of_step
from prodlint.deployment.value import NO, UNKNOWN, YES, EnvDriven, Known, Unknown
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

WSGI = """\
import os
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
application = get_wsgi_application()
"""
MANAGE = """\
#!/usr/bin/env python
import os
import sys


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    try:
        from django.core.management import execute_from_command_line
    except ImportError as exc:
        raise ImportError("no Django") from exc
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
"""
SHOP = {
    "manage.py": MANAGE,
    "config/__init__.py": "",
    "config/wsgi.py": WSGI,
    "config/urls.py": "urlpatterns = []\n",
    "config/settings/__init__.py": "",
    "config/settings/base.py": 'DEBUG = True\nROOT_URLCONF = "config.urls"\nALLOWED_HOSTS = []\n',
    "config/settings/local.py": "from .base import *\n",
    "config/settings/production.py": "import os\nfrom .base import *\n"
    'DEBUG = os.environ.get("DEBUG", "") == "1"\nSECRET_KEY = os.environ["SECRET_KEY"]\n',
}
LOCAL, PRODUCTION = "config.settings.local", "config.settings.production"


def deployment_of(files: Mapping[str, str]) -> Deployment:
    return inspect(MemoryTree({**SHOP, **files}), []).deployment


def services(files: Mapping[str, str]) -> tuple[Deployment, dict[str, Service]]:
    deployment = deployment_of(files)
    return deployment, {service.name: service for service in deployment.services}


def used(files: Mapping[str, str], name: str = "web") -> AppSettings:
    deployment, found = services(files)
    known = settings_of(found[name], deployment.repository)
    assert known is not None
    return known


def unit(command: str, *lines: str) -> dict[str, str]:
    """A systemd unit: its environment is known as a whole."""
    text = "\n".join(
        (
            "[Service]",
            "WorkingDirectory=/srv/shop",
            *lines,
            f"ExecStart=/usr/bin/env {command}",
            "[Install]",
            "WantedBy=multi-user.target",
        )
    )
    return {"deploy/production/web.service": text + "\n"}


def compose(command: str, environment: str = "", dockerfile: str = "", **files: str) -> dict[str, str]:
    """A compose service with an image that holds the shop; nothing else sets its variables."""
    return {
        "Dockerfile": f"FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\n{dockerfile}\n",
        "compose.prod.yml": f"services:\n  web:\n    build: .\n    command: {command}\n{environment}",
        **files,
    }


# Who decides


def test_the_default_of_the_entry_module_holds_when_nothing_else_sets_the_variable() -> None:
    found = used(compose("gunicorn config.wsgi"))
    assert isinstance(found.module, EnvDriven | Known)
    assert (found.path, found.origin, found.span.line) == (
        "config/settings/local.py",
        "setdefault in config/wsgi.py",
        4,
    )


def test_the_environment_of_the_image_wins_over_the_default_of_the_entry_module() -> None:
    found = used(compose("gunicorn config.wsgi", dockerfile=f"ENV DJANGO_SETTINGS_MODULE={PRODUCTION}"))
    assert found.module == Known(PRODUCTION, found.span)
    assert (found.origin, str(found.span)) == ("ENV in Dockerfile", "Dockerfile:4")
    assert [source.origin for source in found.sources] == ["setdefault in config/wsgi.py", "ENV in Dockerfile"]
    assert found.is_certain is YES


def test_the_service_wins_over_its_image() -> None:
    files = compose(
        "gunicorn config.wsgi",
        f"    environment:\n      DJANGO_SETTINGS_MODULE: {PRODUCTION}\n",
        "ENV DJANGO_SETTINGS_MODULE=config.settings.base",
    )
    found = used(files)
    assert isinstance(found.module, Known)
    assert (found.module.value, found.span.path) == (PRODUCTION, "compose.prod.yml")


@pytest.mark.parametrize(
    "command",
    [
        f"gunicorn config.wsgi --env DJANGO_SETTINGS_MODULE={PRODUCTION}",
        f"env DJANGO_SETTINGS_MODULE={PRODUCTION} gunicorn config.wsgi",
        f"sh -c 'DJANGO_SETTINGS_MODULE={PRODUCTION} gunicorn config.wsgi'",
        f"sh -c 'export DJANGO_SETTINGS_MODULE={PRODUCTION} && exec gunicorn config.wsgi'",
        f"python manage.py runserver --settings={PRODUCTION}",
        f"python manage.py runserver --settings {PRODUCTION}",
        f"./manage.py qcluster --settings={PRODUCTION}",
    ],
)
def test_the_command_wins_over_the_environment(command: str) -> None:
    found = used(compose(command, "    environment:\n      DJANGO_SETTINGS_MODULE: config.settings.base\n"))
    assert isinstance(found.module, Known)
    assert (found.module.value, found.path) == (PRODUCTION, "config/settings/production.py")


def test_raw_env_of_gunicorns_configuration_wins_over_the_environment() -> None:
    files = compose(
        "gunicorn config.wsgi",
        "    environment:\n      DJANGO_SETTINGS_MODULE: config.settings.base\n",
        **{"gunicorn.conf.py": f'raw_env = ["DJANGO_SETTINGS_MODULE={PRODUCTION}"]\n'},
    )
    found = used(files)
    assert isinstance(found.module, Known)
    assert (found.module.value, found.origin) == (PRODUCTION, "raw_env in gunicorn.conf.py")


def test_an_assignment_in_the_entry_module_wins_over_the_environment() -> None:
    entry = WSGI.replace('os.environ.setdefault("DJANGO_SETTINGS_MODULE", ', 'os.environ["DJANGO_SETTINGS_MODULE"] = (')
    files = compose("gunicorn config.wsgi", f"    environment:\n      DJANGO_SETTINGS_MODULE: {PRODUCTION}\n")
    found = used({**files, "config/wsgi.py": entry})
    assert isinstance(found.module, Known)
    assert (found.module.value, found.origin) == (LOCAL, "os.environ in config/wsgi.py")


def test_of_two_defaults_the_first_one_that_runs_holds() -> None:
    package = f'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "{PRODUCTION}")\n'
    found = used({**compose("gunicorn config.wsgi"), "config/__init__.py": package})
    assert found.path == "config/settings/production.py"
    assert found.origin == "setdefault in config/__init__.py"


def test_a_module_whose_name_is_computed_is_known_with_the_variables_of_the_service() -> None:
    entry = WSGI.replace('"config.settings.local"', "f\"config.settings.{os.environ.get('STAGE', 'local')}\"")
    files = compose("gunicorn config.wsgi", "    environment:\n      STAGE: production\n")
    found = used({**files, "config/wsgi.py": entry})
    assert found.path == "config/settings/production.py"


def test_a_celery_worker_has_the_module_that_its_app_names() -> None:
    app = f"""\
import os
from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{PRODUCTION}")
app = Celery("config")
app.config_from_object("django.conf:settings", namespace="CELERY")
"""
    files = {"config/celery.py": app, "config/__init__.py": "from .celery import app as celery_app\n"}
    for command in ("celery -A config worker", "celery --app=config beat", "celery -A config.celery flower"):
        assert used({**compose(command), **files}).path == "config/settings/production.py"


@pytest.mark.parametrize(
    "command",
    ["celery -A $$(cat app) worker", "sh -c 'celery -A $${APP:-$$(x)} beat'", "env CELERY_APP=$$(x) celery worker"],
)
def test_a_celery_app_that_is_computed_names_no_module(command: str) -> None:
    deployment, found = services(compose(command))
    (worker,) = found.values()
    settings = settings_of(worker, deployment.repository)
    assert settings is None or settings.path != "config/settings/production.py"


def test_a_step_before_the_server_has_settings_of_its_own() -> None:
    files = compose(
        "sh /app/start.sh",
        **{"start.sh": f"python manage.py migrate --settings={PRODUCTION}\nexec gunicorn config.wsgi\n"},
    )
    deployment, found = services(files)
    web = found["web"]
    migrate = next(step for step in web.execution.steps if "migrate" in step.written)
    own = settings_of(web, deployment.repository)
    before = settings_of_step(web, migrate, deployment.repository)
    assert own is not None
    assert before is not None
    assert (own.path, before.path) == ("config/settings/local.py", "config/settings/production.py")


def test_a_release_process_is_judged_by_itself() -> None:
    web = f"web: DJANGO_SETTINGS_MODULE={PRODUCTION} gunicorn config.wsgi\n"
    files = {"Procfile": f"{web}release: python manage.py migrate\n"}
    assert used(files, "web").path == "config/settings/production.py"
    release = used(files, "release")
    assert (release.path, release.origin) == ("config/settings/local.py", "setdefault in manage.py")


def test_a_step_of_a_pipeline_has_the_variables_of_its_job() -> None:
    workflow = f"""\
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    env:
      DJANGO_SETTINGS_MODULE: {PRODUCTION}
    steps:
      - run: python manage.py migrate
      - run: python manage.py check --deploy --settings config.settings.base
  test:
    runs-on: ubuntu-latest
    steps:
      - run: python manage.py test
      - run: ruff check .
"""
    deployment = deployment_of({".github/workflows/deploy.yml": workflow})
    found = {step.written: settings_of_pipeline_step(step, deployment.repository) for step in deployment.pipeline_steps}
    paths = {written.split()[-1]: one.path if one is not None else None for written, one in found.items()}
    assert paths == {
        "migrate": "config/settings/production.py",
        "config.settings.base": "config/settings/base.py",
        "test": "config/settings/local.py",
        ".": None,
    }


@pytest.mark.parametrize(
    "text",
    [
        "while True:\n    pass\n",
        "from .production import *\n",
        "X = " + "[" * 80 + "]" * 80 + "\n",
        "X = [0]\nfor _ in range(10 ** 9):\n    X += X\n",
        "def f():\n    return f()\nX = f()\n",
        "X = (\n",
        "\0",
        "raise SystemExit\n",
        "globals().update(locals())\nimport sys\nsys.modules.clear()\n",
    ],
)
def test_settings_that_cannot_be_evaluated_end_nothing(text: str) -> None:
    files = {"config/settings/production.py": text, "config/wsgi.py": WSGI.replace(LOCAL, PRODUCTION)}
    found = used({**compose("gunicorn config.wsgi"), **files})
    assert found.path == "config/settings/production.py"
    assert all(found.get(name) is not None for name in found.names)


def test_an_env_file_that_the_entry_module_loads_comes_before_its_default() -> None:
    entry = WSGI.replace("import os\n", "import os\nfrom dotenv import load_dotenv\nload_dotenv()\n")
    found = used(
        {**compose("gunicorn config.wsgi"), "config/wsgi.py": entry, ".env": f"DJANGO_SETTINGS_MODULE={PRODUCTION}\n"}
    )
    # Nobody knows whether the file is there in production.
    assert found.is_certain is UNKNOWN
    assert (found.path, found.origin) == ("config/settings/production.py", ".env file that is loaded")


def test_a_platform_with_a_panel_may_set_another_module() -> None:
    found = used({"Procfile": "web: gunicorn config.wsgi\n"})
    assert isinstance(found.module, EnvDriven)
    assert (found.module.name, found.module.default, found.is_certain) == ("DJANGO_SETTINGS_MODULE", LOCAL, UNKNOWN)


def test_a_closed_environment_leaves_the_default_of_the_entry_module_certain() -> None:
    found = used({**unit("gunicorn config.wsgi"), "config/wsgi.py": WSGI})
    assert found.module == Known(LOCAL, found.span)


def test_what_nothing_names_is_not_known_and_says_so() -> None:
    entry = "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"
    found = used({"Procfile": "web: gunicorn config.wsgi\n", "config/wsgi.py": entry})
    assert isinstance(found.module, Unknown)
    assert found.module.reason == "nothing in the repository sets DJANGO_SETTINGS_MODULE"
    assert isinstance(found.get("DEBUG"), Unknown)


def test_an_empty_variable_is_set_and_wins() -> None:
    found = used(compose("gunicorn config.wsgi", '    environment:\n      DJANGO_SETTINGS_MODULE: ""\n'))
    assert isinstance(found.module, Known)
    assert (found.module.value, found.path) == ("", None)
    value = found.get("DEBUG")
    assert isinstance(value, Unknown)
    assert "does not start" in value.reason


def test_a_module_that_is_not_here_leaves_every_name_unknown() -> None:
    found = used(compose("gunicorn config.wsgi", "    environment:\n      DJANGO_SETTINGS_MODULE: company.settings\n"))
    assert found.path is None
    value = found.get("DEBUG")
    assert isinstance(value, Unknown)
    assert value.reason == "the module company.settings is not in this repository"


def test_a_process_without_django_has_no_settings() -> None:
    deployment, found = services({"Procfile": "web: python -m http.server\nworker: rq worker\n"})
    assert [settings_of(service, deployment.repository) for service in found.values()] == [None, None]


# What its names hold


def test_the_values_are_those_that_the_environment_of_the_service_gives() -> None:
    environment = f"    environment:\n      DJANGO_SETTINGS_MODULE: {PRODUCTION}\n      DEBUG: '1'\n"
    found = used(compose("gunicorn config.wsgi", environment))
    debug = found.get("DEBUG")
    assert isinstance(debug, Known)
    assert debug.value is True
    assert (debug.span.path, debug.span.line) == ("config/settings/production.py", 3)
    assert found.names == ("DEBUG", "ROOT_URLCONF", "ALLOWED_HOSTS", "SECRET_KEY")


def test_a_variable_that_nothing_sets_leaves_the_default_in_a_closed_environment() -> None:
    found = used(unit("gunicorn config.wsgi", f"Environment=DJANGO_SETTINGS_MODULE={PRODUCTION} SECRET_KEY=x"))
    debug = found.get("DEBUG")
    assert isinstance(debug, Known)
    assert debug.value is False
    assert found.get("SESSION_COOKIE_SECURE") is None


def test_what_the_entry_module_writes_into_the_environment_is_seen_by_the_settings() -> None:
    entry = WSGI.replace("import os\n", "import os\nos.environ['DEBUG'] = '1'\n").replace(LOCAL, PRODUCTION)
    debug = used({**compose("gunicorn config.wsgi"), "config/wsgi.py": entry}).get("DEBUG")
    assert isinstance(debug, Known)
    assert debug.value is True


def test_the_arguments_are_those_of_the_process() -> None:
    files = {"config/settings/local.py": "import sys\nfrom .base import *\nSERVING = 'runserver' in sys.argv\n"}
    serving = used({**compose("gunicorn config.wsgi"), **files}).get("SERVING")
    developing = used({**compose("python manage.py runserver"), **files}).get("SERVING")
    assert isinstance(serving, Known)
    assert isinstance(developing, Known)
    assert (serving.value, developing.value) == (False, True)


def test_the_class_that_django_configurations_is_told_gives_the_settings() -> None:
    text = """\
from configurations import Configuration, values


class Base(Configuration):
    DEBUG = True
    TIME_ZONE = "UTC"


class Production(Base):
    DEBUG = False
    SECRET_KEY = values.SecretValue()
"""
    entry = WSGI.replace("django.core.wsgi", "configurations.wsgi").replace(
        "application =", 'os.environ.setdefault("DJANGO_CONFIGURATION", "Production")\napplication ='
    )
    found = used({**compose("gunicorn config.wsgi"), "config/wsgi.py": entry, "config/settings/local.py": text})
    debug, zone = found.get("DEBUG"), found.get("TIME_ZONE")
    assert isinstance(debug, Known)
    assert isinstance(zone, Known)
    assert (debug.value, zone.value) == (False, "UTC")
    assert isinstance(found.get("SECRET_KEY"), Unknown)


# What stands on it


def routed(urls: str, base: str = "", **files: str) -> tuple[Service, Deployment]:
    more = {"config/urls.py": urls, "config/settings/base.py": SHOP["config/settings/base.py"] + base, **files}
    deployment, found = services({**unit("gunicorn config.wsgi"), **more})
    return found["web"], deployment


URLS = """\
from django.urls import include, path

urlpatterns = [path("api/", include("shop.urls")), path("health/", view)]
"""
SHOP_URLS = "from django.urls import path\nurlpatterns = [path('orders/<int:pk>/', view)]\n"


def test_routes_of_django_come_from_the_root_urlconf_of_the_settings_with_their_prefixes() -> None:
    service, deployment = routed(URLS, **{"shop/__init__.py": "", "shop/urls.py": SHOP_URLS})
    routes = routes_of(service, deployment.repository)
    assert [route.path for route in routes.routes] == ["/api/orders/<int:pk>/", "/health/"]
    assert routes.answering("/api/orders/7/")[0] is YES
    assert routes.answering("/nowhere/")[0] is NO


def test_a_middleware_of_ones_own_may_answer_what_no_route_does() -> None:
    middleware = 'MIDDLEWARE = ["shop.middleware.Health", "django.middleware.common.CommonMiddleware"]\n'
    service, deployment = routed(URLS, middleware, **{"shop/urls.py": SHOP_URLS})
    assert routes_of(service, deployment.repository).answering("/healthz")[0] is UNKNOWN


def test_a_slash_is_appended_by_the_common_middleware_alone() -> None:
    common = 'MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]\n'
    for text, appends in ((common, YES), (common + "APPEND_SLASH = False\n", NO), ("", NO)):
        service, deployment = routed(URLS, text, **{"shop/urls.py": SHOP_URLS})
        assert routes_of(service, deployment.repository).appends_slash is appends


def test_routes_that_only_debugging_adds_are_there_only_when_it_is_on() -> None:
    urls = """\
from django.conf import settings
from django.urls import path

urlpatterns = [path("health/", view)]
if settings.DEBUG and "debug_toolbar" in settings.INSTALLED_APPS:
    urlpatterns += [path("__debug__/", view)]
if not settings.DEBUG:
    urlpatterns = [path("live/", view), *urlpatterns]
"""
    apps = 'INSTALLED_APPS = ["debug_toolbar"]\n'
    for text, shown in ((apps, ["/health/", "/__debug__/"]), (apps + "DEBUG = False\n", ["/live/", "/health/"])):
        service, deployment = routed(urls, text)
        assert [route.path for route in routes_of(service, deployment.repository).routes] == shown


@pytest.mark.parametrize("imported", ["from django.conf import settings", "from config.settings.local import DEBUG"])
@pytest.mark.parametrize(
    ("debug", "shown"),
    [("False", ["/health/"]), ("True", ["/health/", "/404/"]), ("bool(os.environ['D'])", ["/health/", "/404/"])],
)
def test_settings_that_are_not_certain_leave_out_what_their_debug_switches_off(
    imported: str, debug: str, shown: list[str]
) -> None:
    test = "DEBUG" if "DEBUG" in imported else "settings.DEBUG"
    urls = (
        f"from django.urls import path\n{imported}\nurlpatterns = [path('health/', view)]\n"
        f"if {test}:\n    urlpatterns.append(path('404/', view))\n"
    )
    own = f'import os\nROOT_URLCONF = "config.urls"\nDEBUG = {debug}\n'
    files = {"Procfile": "web: gunicorn config.wsgi\n", "config/urls.py": urls}
    deployment, found = services(files | {"config/settings/local.py": own})
    routes = routes_of(found["web"], deployment.repository)
    assert [route.path for route in routes.routes] == shown
    assert routes.answering("/404/")[0] is not NO


def test_settings_that_are_not_certain_leave_the_routes_incomplete() -> None:
    deployment, found = services({"Procfile": "web: gunicorn config.wsgi\n", "config/urls.py": URLS})
    routes = routes_of(found["web"], deployment.repository)
    assert routes.answering("/health/")[0] is YES
    assert routes.answering("/nowhere/")[0] is UNKNOWN


# Precedence, by chance

_MODULES = {"command": "m.a", "prefix": "m.b", "raw_env": "m.c", "assigned": "m.d", "service": "m.e", "image": "m.f"}


@settings(max_examples=30, deadline=None)
@given(set_by=st.sets(st.sampled_from(sorted(_MODULES))))
def test_the_strongest_place_that_speaks_decides(set_by: set[str]) -> None:
    """`--settings` is of manage.py; the other places are of gunicorn."""
    manage = "command" in set_by
    named = {place: f"DJANGO_SETTINGS_MODULE={_MODULES[place]}" for place in set_by}
    command = f"python manage.py runserver --settings={_MODULES['command']}" if manage else "gunicorn config.wsgi"
    if "raw_env" in set_by and not manage:
        command += f" --env {named['raw_env']}"
    if "prefix" in set_by:
        command = f"env {named['prefix']} {command}"
    environment = f"    environment:\n      - {named['service']}\n" if "service" in set_by else ""
    files = compose(command, environment, f"ENV {named['image']}" if "image" in set_by else "")
    if "assigned" in set_by:
        line = f'os.environ["DJANGO_SETTINGS_MODULE"] = "{_MODULES["assigned"]}"'
        files["config/wsgi.py"] = f"import os\n{line}\n{WSGI}"
        files["manage.py"] = f"import os\n{line}\n{MANAGE}"
    order = ["command", "assigned", "raw_env", "prefix", "service", "image"]
    spoken = [place for place in order if place in set_by and not (manage and place == "raw_env")]
    module = used(files).module
    name = module.value if isinstance(module, Known) else module.default if isinstance(module, EnvDriven) else None
    assert name == (_MODULES[spoken[0]] if spoken else LOCAL)
