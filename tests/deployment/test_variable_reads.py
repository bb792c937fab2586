"""Which variables Python code reads, and where: functions, conditions, other modules, what only looks like a read."""

from __future__ import annotations

import time
from typing import Any

from variable_reads import V2, default, read, reads

from prodlint.deployment.repository import Repository
from prodlint.deployment.value import NO, UNKNOWN, YES, Known, Unknown
from prodlint.deployment.variable import reads_in
from prodlint.deployment.variables.reads import env_files_in


def test_a_caught_error_makes_a_read_harmless() -> None:
    text = """
import os
from contextlib import suppress
try:
    A = os.environ["A"]
except KeyError:
    A = os.environ["B"]
try:
    C = int(os.environ["C"])
except (ValueError, TypeError):
    C = 1
with suppress(KeyError):
    D = os.environ["D"]
try:
    E = os.environ["E"]
except:
    pass
"""
    assert {one.name: (one.required, one.conditional) for one in reads(text)} == {
        "A": (NO, False),
        "B": (YES, True),
        "C": (YES, False),
        "D": (NO, False),
        "E": (NO, False),
    }


def test_reads_of_functions_conditions_and_main_blocks_are_told_apart() -> None:
    text = """
import os
from typing import TYPE_CHECKING
A = os.environ["A"]
if A:
    B = os.environ["B"]
C = os.environ["C"] if A else os.environ.get("D")
def load(default=os.environ["E"]):
    return os.environ["F"]
class Config:
    G = os.environ["G"]
if __name__ == "__main__":
    H = os.environ["H"]
if TYPE_CHECKING:
    I = os.environ["I"]
J = [os.environ[name] for name in "XY"]
K = lambda: os.environ["K"]
"""
    assert {one.name: (one.at_import, one.conditional) for one in reads(text)} == {
        "A": (YES, False),
        "B": (YES, True),
        "C": (YES, True),
        "D": (YES, True),
        "E": (YES, False),
        "F": (UNKNOWN, False),
        "G": (YES, False),
        "H": (NO, True),
        "*": (YES, True),
        "K": (UNKNOWN, False),
    }


def test_what_only_looks_like_a_read_is_none() -> None:
    text = """
import os
from django.utils.translation import gettext as env
os.environ["A"] = "1"
del os.environ["B"]
config = {"C": 1}
config["C"]; config.get("C"); env("D"); print("E" in config)
os.environ.copy(); dict(os.environ); os.path.join("x", "y")
class environ:
    pass
environ.get("F")
def handler(environ, start_response):
    return environ["PATH_INFO"]
"""
    assert reads(text) == ()


def test_a_reader_of_another_module_is_followed() -> None:
    base = "import environ\nenv = environ.Env(DEBUG=(bool, False))\nROOT = environ.Path(__file__)\n"
    files = {"app/config/base.py": base, "app/config/__init__.py": ""}
    for line in ("from config.base import *", "from config.base import env", "from .config.base import env"):
        found = read(f'{line}\nDEBUG = env("DEBUG")\n', files)
        assert (found.name, found.cast, found.reader, found.required) == ("DEBUG", "bool", "django-environ", NO), line
    assert reads('from elsewhere.base import *\nDEBUG = env("DEBUG")\n', files) == ()


def test_names_behind_a_prefix_are_whole() -> None:
    text = """
from environs import Env
env = Env()
with env.prefixed("APP_"):
    with env.prefixed("DB_"):
        HOST = env("HOST", "localhost")
    PORT = env.int("PORT")
NAME = env.list("NAME", default=None)
"""
    assert [(one.name, one.cast, one.required, default(one)) for one in reads(text)] == [
        ("APP_DB_HOST", "str", NO, "localhost"),
        ("APP_PORT", "int", YES, None),
        ("NAME", "list", NO, None),
    ]


def test_frameworks_that_read_by_themselves_are_known() -> None:
    text = """
import dj_database_url
from configurations import Configuration, values
DATABASES = {"default": dj_database_url.config(default="sqlite:///x", conn_max_age=600)}
app.config.from_envvar("SHOP_SETTINGS")
app.config.from_envvar("SHOP_EXTRA", silent=True)
app.config.from_prefixed_env("SHOP")
class Prod(Configuration):
    DEBUG = values.BooleanValue(False)
    SECRET_KEY = values.SecretValue()
    DATABASES = values.DatabaseURLValue("sqlite://x")
    OTHER = values.Value("x", environ_name="THING", environ_prefix=None)
"""
    assert [(one.name, one.cast, one.required) for one in reads(text)] == [
        ("DATABASE_URL", "db", NO),
        ("SHOP_SETTINGS", "path", YES),
        ("SHOP_EXTRA", "path", NO),
        ("SHOP_*", "json", NO),
        ("DJANGO_DEBUG", "bool", NO),
        ("DJANGO_SECRET_KEY", "str", YES),
        ("DATABASE_URL", "databaseurl", NO),
        ("THING", "str", NO),
    ]


def test_a_computed_default_is_unknown() -> None:
    found = read("import os\nA = os.environ.get('A', make())\n")
    assert isinstance(found.default, Unknown)
    assert found.required is NO


def test_env_files_that_code_loads_are_known() -> None:
    text = """
import os, environ
from dotenv import load_dotenv, dotenv_values
from decouple import Config, RepositoryEnv
from pydantic_settings import BaseSettings, SettingsConfigDict
load_dotenv()
load_dotenv(".env.prod", override=True)
env = environ.Env()
env.read_env(os.path.join(BASE, ".env"))
environ.Env.read_env("env/prod.env")
config = Config(RepositoryEnv("conf.env"))
class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=(".env", ".env.local"))
"""
    held = {"app.py": text.encode()}
    found = env_files_in(Repository(held, held.__getitem__), "app.py")
    assert [
        (one.reader, one.path.value if isinstance(one.path, Known) else type(one.path).__name__, one.overrides)
        for one in found
    ] == [
        ("python-dotenv", "NoneType", NO),
        ("python-dotenv", ".env.prod", YES),
        ("django-environ", "Unknown", NO),
        ("django-environ", "env/prod.env", NO),
        ("python-decouple", "conf.env", NO),
        ("pydantic-settings", ".env", NO),
        ("pydantic-settings", ".env.local", NO),
    ]


def test_hostile_modules_end_in_a_moment() -> None:
    bases = "".join(
        f"class A{n}({', '.join(f'A{m}' for m in range(n)) or 'BaseSettings'}): x{n}: int\n" for n in range(40)
    )
    models = "".join(f"class M{n}(BaseModel):\n" + "".join(f"  a{m}: M{m}\n" for m in range(8)) for n in range(8))
    nested = models + "class S(BaseSettings, env_nested_delimiter='_'):\n  a: M0\n"
    texts = [
        V2 + bases,
        V2 + nested,
        "import os\nA = " + " + ".join(["os.environ['A']"] * 1500) + "\n",
        "import os\n" + "os.environ['A']\n" * 3000,
        "env = a\na = env\nenv('A')\n",
        "from .settings import *\nenv('A')\n",
        "import os\nA = os.environ[" * 50 + "'A'" + "]" * 50 + "\n",
    ]
    for text in texts:
        started = time.process_time()
        reads(text)
        assert time.process_time() - started < 3, text[:60]


def test_files_without_a_telling_word_are_not_parsed() -> None:
    held: dict[str, Any] = {"a.py": b"x = 1\n", "b.txt": b"import os\nos.environ['A']\n", "c.py": b"os.environ[\n"}
    repository = Repository(held, held.__getitem__)
    assert [reads_in(repository, path) for path in ("a.py", "b.txt", "c.py", "missing.py")] == [()] * 4
    assert "a.py" not in repository.read_paths
