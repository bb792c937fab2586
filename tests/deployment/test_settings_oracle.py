"""Django settings by chance, run by real Python: a base, a production module over it, casts of three libraries.

Whatever is called known of the module that a service uses must be what Python computed with the service's
variables, by the road that a user takes: a project in, `settings_of` out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from real_python import RealPython, agrees

from prodlint.deployment.settings_module import AppSettings, settings_of
from prodlint.deployment.value import EnvDriven, Known, Unknown
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

pytestmark = pytest.mark.real

_TRUTHS = ("", "0", "1", "True", "false", "on", "off", "yes", "t", "2")
_TEXTS = ("", "a.org", "a.org,b.org", " x , y ", "1")
VALUES: Mapping[str, Sequence[str]] = {
    "DEBUG": _TRUTHS,
    "FLAG": _TRUTHS,
    "ALLOWED_HOSTS": _TEXTS,
    "SITE": _TEXTS,
    "SECRET_KEY": _TEXTS,
    "WORKERS": ("3", "0", "60"),
    "DATABASE_URL": ("postgres://u:p@db:5432/shop", "sqlite:////srv/x.db", "mysql://u@h/d?a=1"),
}
WSGI = """\
import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings.production")
def get_wsgi_application(): return None
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
"""
BASE = """\
import os
from pathlib import Path
import environ
import dj_database_url
from decouple import Csv, config

env = environ.Env(DEBUG=(bool, False), ALLOWED_HOSTS=(list, ["localhost"]))
BASE_DIR = Path(__file__).resolve().parent.parent
DEBUG = False
ALLOWED_HOSTS = []
INSTALLED_APPS = ["django.contrib.auth", "shop"]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
CACHES = {}
LOGGING = {"version": 1, "handlers": {"console": {"class": "logging.StreamHandler"}}, "root": {"level": "INFO"}}
SECRET_KEY = "insecure"
STATIC_URL = "/static/"
"""


class SettingsFile:
    """One module by chance, a statement for each seed."""

    def __init__(self, seeds: Sequence[int], first: str) -> None:
        self.lines = [first]
        for seed in seeds:
            self._chance = Random(seed)
            self.lines += self.statement("")

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    def pick(self, *choices: str) -> str:
        return self._chance.choice(choices)

    def statement(self, indent: str) -> list[str]:
        value = self.pick(*_TEXTS)
        name = self.pick("SITE", "SECRET_KEY")
        truth, hosts = self.pick("DEBUG", "FLAG"), self.pick("ALLOWED_HOSTS", "SITE")
        kind = self.pick(
            "boolean", "boolean", "hosts", "hosts", "number", "text", "change", "change", "if", "if", "try"
        )
        if kind == "if" and not indent:
            lines = [f"if {self.condition()}:", *self.statement("    "), *self.statement("    ")]
            return [*lines, "else:", *self.statement("    ")] if self.pick("", "else") else lines
        if kind == "try" and not indent:
            error = self.pick("KeyError", "Exception", "(KeyError, ValueError)")
            return ["try:", *self.statement("    "), f"except {error}:", *self.statement("    ")]
        if kind == "boolean":
            made = f"{self.pick('DEBUG', 'SECURE_SSL_REDIRECT', 'USE_TZ')} = {self.boolean(truth)}"
        elif kind == "hosts":
            made = f"{self.pick('ALLOWED_HOSTS', 'CSRF_TRUSTED_ORIGINS')} = {self.hosts(hosts)}"
        elif kind == "number":
            made = self.pick(
                'SECURE_HSTS_SECONDS = env.int("WORKERS", default=60)',
                'SECURE_HSTS_SECONDS = config("WORKERS", default=60, cast=int)',
                'SECURE_HSTS_SECONDS = int(os.environ.get("WORKERS", "60"))',
                'CONN_MAX_AGE = 60 if "WORKERS" in os.environ else 0',
            )
        elif kind == "text":
            made = self.pick(
                f'SECRET_KEY = os.environ["{name}"]',
                f'SECRET_KEY = env("{name}", default="{value}")',
                f'SECRET_KEY = config("{name}", default="{value}")',
                f"SITE_URL = f\"https://{{os.environ.get('{name}', 'shop.org')}}/\"",
                f'SECRET_KEY = os.environ.get("{name}") or "fallback"',
                'STATIC_ROOT = os.path.join(BASE_DIR, "static")',
                'MEDIA_ROOT = BASE_DIR / "media"',
            )
        else:
            made = self.change()
        return [indent + made]

    def change(self) -> str:
        return self.pick(
            'INSTALLED_APPS += ["debug_toolbar"]',
            'INSTALLED_APPS = ["first", *INSTALLED_APPS]',
            f'MIDDLEWARE.insert({self.pick("0", "1")}, "whitenoise.middleware.WhiteNoiseMiddleware")',
            'MIDDLEWARE = [one for one in MIDDLEWARE if "common" not in one]',
            'DATABASES["default"] = dj_database_url.config(default="sqlite:///db.sqlite3")',
            'DATABASES["default"]["CONN_MAX_AGE"] = 600',
            'DATABASES["default"].update(dj_database_url.parse("postgres://a:b@c/d", conn_max_age=5))',
            'DATABASES = {"default": env.db("DATABASE_URL", default="sqlite:///x.db")}',
            'CACHES = {"default": {"LOCATION": os.getenv("SITE", "redis://")}}',
            'LOGGING["root"]["level"] = "DEBUG" if DEBUG else "WARNING"',
            'LOGGING["handlers"].pop("console", None)',
            "X = 1; del X",
            f'os.environ.setdefault("{self.pick("DEBUG", "SITE")}", "1")',
        )

    def condition(self) -> str:
        name = self.pick("DEBUG", "FLAG")
        return self.pick(
            "DEBUG",
            "not DEBUG",
            f'"{name}" in os.environ',
            f'os.environ.get("{name}")',
            f'env.bool("{name}", default=False)',
            f'os.environ.get("{name}", "x") == "1"',
            '"runserver" in sys.argv',
        )

    def boolean(self, name: str) -> str:
        return self.pick(
            f'env("{name}")',
            f'env.bool("{name}", default={self.pick("True", "False")})',
            f'env("{name}", default={self.pick("True", "False")})',
            f'config("{name}", default={self.pick("True", "False")}, cast=bool)',
            f'config("{name}", default=True)',
            f'os.environ.get("{name}", "") == "1"',
            f'os.environ.get("{name}", "False").lower() in ("1", "true", "yes")',
            f'bool(os.environ.get("{name}"))',
            'bool(int(os.getenv("WORKERS", "0")))',
        )

    def hosts(self, name: str) -> str:
        return self.pick(
            f'env.list("{name}", default=["*"])',
            f'env("{name}")',
            f'config("{name}", default="a.org, b.org", cast=Csv())',
            f'os.environ.get("{name}", "").split(",")',
            f'[one.strip() for one in os.environ.get("{name}", "a,b").split(",") if one.strip()]',
            'ALLOWED_HOSTS + ["extra.org"]',
            f'list(filter(None, [os.environ.get("{name}"), "always.org"]))',
        )


@pytest.fixture(scope="module")
def python() -> Iterator[RealPython]:
    real = RealPython()
    yield real
    real.close()


def used(files: Mapping[str, str], environment: Mapping[str, str]) -> AppSettings:
    """The settings of a systemd service with exactly these variables."""
    lines = "".join(f'Environment="{name}={value}"\n' for name, value in environment.items())
    unit = (
        f"[Service]\nWorkingDirectory=/srv/shop\n{lines}ExecStart=/srv/shop/venv/bin/gunicorn shop.wsgi\n"
        "[Install]\nWantedBy=multi-user.target\n"
    )
    deployment = inspect(MemoryTree({**files, "shop.service": unit}), []).deployment
    [service] = [one for one in deployment.services if one.server is not None]
    found = settings_of(service, deployment.repository)
    assert found is not None
    return found


_environments = st.fixed_dictionaries({}, optional={name: st.sampled_from(held) for name, held in VALUES.items()})
_seeds = st.lists(st.integers(0, 1 << 40), min_size=6, max_size=16)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    base=_seeds,
    seeds=_seeds,
    environment=_environments,
    star=st.sampled_from(["from .base import *", "from shop.settings.base import *\nfrom shop.settings import base"]),
)
def test_what_is_known_of_the_settings_of_a_service_is_what_python_computes(
    python: RealPython, base: list[int], seeds: list[int], environment: dict[str, str], star: str
) -> None:
    files = {
        "shop/__init__.py": "",
        "shop/wsgi.py": WSGI,
        "shop/settings/__init__.py": "",
        "shop/settings/base.py": BASE + SettingsFile(base, "import sys").text,
        "shop/settings/production.py": SettingsFile(seeds, f"import os, sys\n{star}").text,
    }
    found = used(files, environment)
    assert isinstance(found.module, Known)
    assert found.module.value == "shop.settings.production"
    real = python.run(files, "shop.settings.production", environment, argv=["/srv/shop/venv/bin/gunicorn", "shop.wsgi"])
    if isinstance(real, str):
        return
    for name in dict.fromkeys((*found.names, *(one for one in real if one.isupper()))):
        value = found.get(name)
        if isinstance(value, Unknown) or (isinstance(value, EnvDriven) and value.name in environment):
            continue
        assert value is not None, f"{name} is {real[name]}, claimed to be missing"
        assert name in real, f"{name} does not exist, claimed {value}"
        assert agrees(value, real[name], environment), f"{name} is {real[name]}, claimed {value}"


def test_nearly_all_of_such_settings_is_known(python: RealPython) -> None:
    known = total = 0
    for seed in range(20):
        files = {
            "shop/__init__.py": "",
            "shop/wsgi.py": WSGI,
            "shop/settings/__init__.py": "",
            "shop/settings/base.py": BASE,
            "shop/settings/production.py": SettingsFile(
                range(seed, seed + 6), "import os, sys\nfrom .base import *"
            ).text,
        }
        environment = {"DEBUG": "0", "ALLOWED_HOSTS": "a.org"}
        real = python.run(files, "shop.settings.production", environment)
        if isinstance(real, dict):
            found = used(files, environment)
            total += len(found.names)
            known += sum(isinstance(found.get(name), Known) for name in found.names)
    assert total > 100
    assert known > total * 0.9
