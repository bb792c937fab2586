"""What Flask's `app.config` holds in a service, and which object filled it; real Flask is asked in the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from real_python import RealPython, agrees

from prodlint.deployment.settings.found import AppSettings
from prodlint.deployment.settings_module import settings_of
from prodlint.deployment.value import UNKNOWN, YES, EnvDriven, Known, Unknown
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

CONFIG = """\
import os


class Config:
    SECRET_KEY = os.environ.get("SECRET_KEY") or "hard to guess"
    PAGES = 20

    @staticmethod
    def init_app(app):
        pass


class DevelopmentConfig(Config):
    DEBUG = True


class ProductionConfig(Config):
    SESSION_COOKIE_SECURE = True


config = {"development": DevelopmentConfig, "production": ProductionConfig, "default": DevelopmentConfig}
"""
FACTORY = """\
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from config import config

db = SQLAlchemy()


def create_app(config_name):
    app = Flask(__name__)
    app.config.from_object(config[config_name])
    config[config_name].init_app(app)
    db.init_app(app)
    return app
"""
WSGI = 'import os\nfrom shop import create_app\n\napp = create_app(os.getenv("FLASK_CONFIG") or "default")\n'
SHOP = {"config.py": CONFIG, "shop/__init__.py": FACTORY, "wsgi.py": WSGI}


def used(command: str, files: Mapping[str, str], **environment: str) -> AppSettings:
    """The settings of a systemd service: its environment is known as a whole."""
    lines = "".join(f'Environment="{name}={value}"\n' for name, value in environment.items())
    unit = (
        f"[Service]\nWorkingDirectory=/srv/shop\n{lines}ExecStart=/usr/bin/env {command}\n"
        "[Install]\nWantedBy=multi-user.target\n"
    )
    deployment = inspect(MemoryTree({**files, "shop.service": unit}), []).deployment
    [service] = [one for one in deployment.services if one.step is not None]
    found = settings_of(service, deployment.repository)
    assert found is not None
    return found


def known(found: AppSettings, name: str) -> object:
    value = found.get(name)
    assert isinstance(value, Known), value
    return value.value


def app(*lines: str) -> dict[str, str]:
    """One module that makes an app and configures it."""
    return {"shop.py": "\n".join(("import os", "from flask import Flask", "app = Flask(__name__)", *lines)) + "\n"}


# Which object


def test_the_variable_that_names_a_configuration_chooses_its_class() -> None:
    found = used("gunicorn wsgi:app", SHOP, FLASK_CONFIG="production")
    assert found.module == Known("config.ProductionConfig", found.span)
    assert (found.path, found.origin, found.span.line) == ("config.py", "from_object in shop/__init__.py", 10)
    assert (known(found, "SESSION_COOKIE_SECURE"), known(found, "DEBUG"), known(found, "PAGES")) == (True, False, 20)


def test_without_the_variable_the_default_of_the_map_is_used() -> None:
    found = used("gunicorn wsgi:app", SHOP)
    assert found.module == Known("config.DevelopmentConfig", found.span)
    debug = found.get("DEBUG")
    assert isinstance(debug, Known)
    assert (debug.value, debug.span.path, debug.span.line) == (True, "config.py", 14)


def test_a_panel_that_may_set_the_variable_leaves_the_default_uncertain() -> None:
    deployment = inspect(MemoryTree({**SHOP, "Procfile": "web: gunicorn wsgi:app\n"}), []).deployment
    found = settings_of(deployment.services[0], deployment.repository)
    assert found is not None
    assert isinstance(found.module, EnvDriven)
    assert (found.module.name, found.module.default) == ("FLASK_CONFIG", "config.DevelopmentConfig")
    assert found.is_certain is UNKNOWN
    assert not isinstance(found.get("DEBUG"), Known)


@pytest.mark.parametrize(
    "command", ["gunicorn \"shop:create_app('production')\"", "gunicorn 'shop:create_app(config_name=\"production\")'"]
)
def test_the_argument_that_the_target_gives_its_factory_chooses(command: str) -> None:
    found = used(command, SHOP)
    assert found.module == Known("config.ProductionConfig", found.span)


def test_an_object_may_be_named_by_text() -> None:
    files = {"config.py": CONFIG, **app('app.config.from_object("config.ProductionConfig")')}
    assert known(used("gunicorn shop:app", files), "SESSION_COOKIE_SECURE") is True


def test_a_module_may_fill_the_configuration() -> None:
    files = {**app('app.config.from_object("settings")'), "settings.py": "PAGES = 3\nlower = 1\n"}
    found = used("gunicorn shop:app", files)
    assert found.module == Known("settings", found.span)
    assert known(found, "PAGES") == 3
    assert found.get("lower") is None


def test_an_object_that_only_a_variable_names_leaves_everything_unknown() -> None:
    files = app(
        'app.config["PAGES"] = 1', 'app.config.from_object(os.environ["APP_SETTINGS"])', 'app.config["LAST"] = 2'
    )
    deployment = inspect(MemoryTree({**files, "Procfile": "web: gunicorn shop:app\n"}), []).deployment
    found = settings_of(deployment.services[0], deployment.repository)
    assert found is not None
    assert isinstance(found.module, EnvDriven)
    assert (found.module.name, found.module.default) == ("APP_SETTINGS", None)
    assert isinstance(found.get("PAGES"), Unknown)
    assert isinstance(found.get("ANYTHING"), Unknown)
    assert known(found, "LAST") == 2


def test_an_app_without_objects_is_configured_by_its_own_lines() -> None:
    found = used("gunicorn shop:app", app('app.config["PAGES"] = 1', 'app.secret_key = "x"', "app.config.update(A=1)"))
    assert (found.module, found.path) == (Known("app.config", found.span), "shop.py")
    assert (known(found, "PAGES"), known(found, "SECRET_KEY"), known(found, "A")) == (1, "x", 1)
    assert found.names == ("PAGES", "SECRET_KEY", "A")
    assert found.is_certain is YES


# What its keys hold


def test_what_nobody_sets_has_flasks_default() -> None:
    found = used("gunicorn shop:app", app())
    assert [known(found, name) for name in ("SECRET_KEY", "SESSION_COOKIE_SECURE", "DEBUG")] == [None, False, False]
    assert found.get("SQLALCHEMY_DATABASE_URI") is None


def test_an_app_of_a_class_that_extends_flasks_is_followed_through_its_own_methods() -> None:
    text = """\
from flask import Flask


class Shop(Flask):
    pages = 4

    def __init__(self, *arguments, **keywords):
        super().__init__(__name__, *arguments, **keywords)
        self.config["PAGES"] = self.pages
        self.harden()

    def harden(self):
        self.config.update(SESSION_COOKIE_SECURE=True)


app = Shop()
"""
    found = used("gunicorn shop:app", {"shop.py": text})
    assert (known(found, "PAGES"), known(found, "SESSION_COOKIE_SECURE")) == (4, True)


def test_flask_debug_switches_debugging_on() -> None:
    assert known(used("gunicorn shop:app", app(), FLASK_DEBUG="1"), "DEBUG") is True
    assert known(used("gunicorn shop:app", app(), FLASK_DEBUG="0"), "DEBUG") is False


def test_a_file_of_the_repository_is_read_as_python() -> None:
    files = {**app('app.config.from_pyfile("shop.cfg")'), "shop.cfg": "PAGES = 2 + 1\n"}
    assert known(used("gunicorn shop:app", files), "PAGES") == 3


def test_a_file_of_the_instance_folder_may_set_anything() -> None:
    files = {
        "shop.py": "from flask import Flask\napp = Flask(__name__, instance_relative_config=True)\n"
        'app.config["PAGES"] = 1\napp.config.from_pyfile("config.py", silent=True)\n',
        "config.py": "PAGES = 5\n",
    }
    assert isinstance(used("gunicorn shop:app", files).get("PAGES"), Unknown)


def test_variables_with_a_prefix_overrule_what_was_set_before() -> None:
    found = used("gunicorn shop:app", app('app.config["PAGES"] = 1', "app.config.from_prefixed_env()"), FLASK_PAGES="7")
    assert known(found, "PAGES") == 7
    assert isinstance(found.get("OTHER"), Unknown)


def test_an_extension_may_add_keys_and_leaves_the_others() -> None:
    found = used(
        "gunicorn shop:app", app('app.config["PAGES"] = 1', "from flask_login import LoginManager", "LoginManager(app)")
    )
    assert known(found, "PAGES") == 1
    assert known(found, "SESSION_COOKIE_SECURE") is False
    assert isinstance(found.get("REMEMBER_COOKIE_SECURE"), Unknown)


def test_an_extension_that_writes_flasks_own_keys_leaves_nothing_known() -> None:
    for lines in (("Talisman(app)",), ("talisman = Talisman()", "talisman.init_app(app)")):
        found = used("gunicorn shop:app", app("from flask_talisman import Talisman", *lines))
        assert isinstance(found.get("SESSION_COOKIE_SECURE"), Unknown)


def test_a_configuration_that_is_given_to_celery_to_read_stays_known() -> None:
    lines = ("from celery import Celery", "celery = Celery(app.import_name)", "celery.conf.update(app.config)")
    assert known(used("gunicorn shop:app", app('app.config["PAGES"] = 1', *lines)), "PAGES") == 1


def test_code_that_is_not_known_may_do_anything_with_an_app() -> None:
    found = used("gunicorn shop:app", app('app.config["PAGES"] = 1', "import company", "company.configure(app)"))
    assert isinstance(found.get("PAGES"), Unknown)


# Real Flask as the judge

VARIABLES = {
    "FLASK_DEBUG": ("0", "1", "false", ""),
    "FLASK_CONFIG": ("development", "production", "none"),
    "FLASK_PAGES": ("7", '"x"', "text", "[1]"),
    "SECRET_KEY": ("", "s3"),
}


class ConfiguredApp:
    """An app with a statement for each seed."""

    def __init__(self, seeds: Sequence[int]) -> None:
        self.lines = ["import os", "from flask import Flask", "from config import *", "app = Flask(__name__)"]
        for seed in seeds:
            self._chance = Random(seed)
            self.lines += self.statement("")
        self.lines.append("RESULT = dict(app.config)")

    def pick(self, *choices: str) -> str:
        return self._chance.choice(choices)

    def key(self) -> str:
        return self.pick("DEBUG", "SECRET_KEY", "PAGES", "SESSION_COOKIE_SECURE", "A", "B")

    def value(self) -> str:
        return self.pick(
            "1", "'x'", "True", "None", "[1, 'a']", 'os.environ.get("SECRET_KEY", "d")', 'app.config.get("A")'
        )

    def statement(self, indent: str) -> list[str]:
        if not indent and self.pick("", "", "if"):
            condition = self.pick(
                'os.environ.get("FLASK_CONFIG") == "production"',
                "app.debug",
                'app.config["DEBUG"]',
                '"A" in app.config',
            )
            lines = [f"if {condition}:", *self.statement("    ")]
            return [*lines, "else:", *self.statement("    ")] if self.pick("", "else") else lines
        made = self.pick(
            f'app.config["{self.key()}"] = {self.value()}',
            f'app.config.setdefault("{self.key()}", {self.value()})',
            f"app.config.update({self.key()}={self.value()})",
            f'app.config.update({{"{self.key()}": {self.value()}, "lower": 1}})',
            f"app.config.from_mapping({self.key()}={self.value()}, lower=2)",
            f'app.config.from_mapping({{"{self.key()}": {self.value()}, "lower": 3}})',
            "app.config.from_object(ProductionConfig)",
            "app.config.from_object(ProductionConfig())",
            'app.config.from_object("config.DevelopmentConfig")',
            'app.config.from_object("extra")',
            'app.config.from_object(config[os.getenv("FLASK_CONFIG") or "default"])',
            'app.config.from_pyfile("extra.cfg")',
            'app.config.from_pyfile("missing.cfg", silent=True)',
            'app.config.from_envvar("SHOP_FILE", silent=True)',
            "app.config.from_prefixed_env()",
            'app.config.from_prefixed_env("SHOP")',
            f'app.config.pop("{self.pick("A", "B")}", None)',
            f"app.secret_key = {self.value()}",
            "app.debug = True",
            "app.testing = app.debug",
        )
        return [indent + made]


@pytest.fixture(scope="module")
def python() -> Iterator[RealPython]:
    pytest.importorskip("flask")
    real = RealPython()
    yield real
    real.close()


@pytest.mark.real
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seeds=st.lists(st.integers(0, 1 << 40), min_size=3, max_size=10),
    environment=st.fixed_dictionaries({}, optional={name: st.sampled_from(held) for name, held in VARIABLES.items()}),
)
def test_what_is_known_of_a_configuration_is_what_flask_holds(
    python: RealPython, seeds: list[int], environment: dict[str, str]
) -> None:
    files = {
        "config.py": CONFIG,
        "extra.py": "A = [2]\nPAGES = 9\nlower = 4\n",
        "extra.cfg": "B = 'cfg'\nDEBUG = bool(0)\n",
        "shop.py": "\n".join(ConfiguredApp(seeds).lines) + "\n",
    }
    real = python.run(files, "shop", environment)
    if isinstance(real, str):
        return
    kind, held = real["RESULT"]
    assert kind == "dict"
    computed = {name: value for (_, name), value in held}
    found = used("gunicorn shop:app", files, **environment)
    for name in dict.fromkeys((*found.names, *computed)):
        value = found.get(name)
        if isinstance(value, Unknown) or (isinstance(value, EnvDriven) and value.name in environment):
            continue
        assert value is not None or name not in computed, f"{name} is {computed.get(name)}, claimed to be missing"
        if value is not None:
            assert name in computed, f"{name} does not exist, claimed {value}"
            assert agrees(value, computed[name], environment), f"{name} is {computed[name]}, claimed {value}"
