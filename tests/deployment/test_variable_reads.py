"""Which variables Python code reads, and what a missing one does: the libraries are asked themselves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from prodlint.deployment.repository import Repository
from prodlint.deployment.value import NO, UNKNOWN, YES, Known, Unknown
from prodlint.deployment.variable import reads_in
from prodlint.deployment.variables.env_read import EnvRead
from prodlint.deployment.variables.reads import env_files_in

OS = "import os, json\nfrom os import environ, getenv\nfrom pathlib import Path\n"
ENVIRON = "import environ\nenv = environ.Env(DEBUG=(bool, False), HOSTS=list, LEVEL=(int, 3))\n"
DECOUPLE = "from decouple import Csv, config\n"
STARLETTE = "from starlette.config import Config\nconfig = Config(env_prefix='APP_')\n"
DOTENV = "import os\nfrom dotenv import dotenv_values\nconfig = {**dotenv_values('none'), **os.environ}\n"


def reads(text: str, files: dict[str, str] | None = None, path: str = "app/settings.py") -> tuple[EnvRead, ...]:
    held = {path: text.encode(), **{other: code.encode() for other, code in (files or {}).items()}}
    return reads_in(Repository(held, held.__getitem__), path)


def read(text: str, files: dict[str, str] | None = None) -> EnvRead:
    (found,) = reads(text, files)
    return found


def default(one: EnvRead) -> object:
    return one.default.value if isinstance(one.default, Known) else one.default


# Code, the variable, its cast, and a text that the cast takes.
CASES = [
    (OS, 'os.environ["X"]', "X", "str", "a"),
    (OS, 'environ["X"]', "X", "str", "a"),
    (OS, 'os.environ.get("X")', "X", "str", "a"),
    (OS, 'os.environ.get("X", "d")', "X", "str", "a"),
    (OS, 'os.getenv("X", default="d")', "X", "str", "a"),
    (OS, 'getenv("X", False)', "X", "str", "a"),
    (OS, 'os.environ.pop("X")', "X", "str", "a"),
    (OS, 'os.environ.pop("X", "d")', "X", "str", "a"),
    (OS, 'os.environ.setdefault("X", "d")', "X", "str", "a"),
    (OS, '"X" in os.environ', "X", "presence", "a"),
    (OS, 'int(os.environ["X"])', "X", "int", "7"),
    (OS, 'int(os.environ.get("X"))', "X", "int", "7"),
    (OS, 'int(os.environ.get("X", 5))', "X", "int", "7"),
    (OS, 'int(os.environ.get("X") or 5)', "X", "int", "7"),
    (OS, 'bool(os.environ.get("X"))', "X", "bool", "a"),
    (OS, 'not os.environ.get("X")', "X", "truth", "a"),
    (OS, 'os.environ.get("X").split(",")', "X", "list", "a,b"),
    (OS, 'os.environ.get("X", "").lower() == "true"', "X", "comparison", "true"),
    (OS, 'os.environ.get("X").lower() == "true"', "X", "comparison", "true"),
    (OS, 'os.environ.get("X") in ("1", "true")', "X", "comparison", "1"),
    (OS, 'json.loads(os.environ.get("X"))', "X", "loads", "[1]"),
    (OS, 'Path(os.environ.get("X"))', "X", "Path", "/x"),
    (OS, 'os.environ.get("X") or "d"', "X", "str", "a"),
    (OS + 'NAME = "X"\n', "os.environ[NAME]", "X", "str", "a"),
    (OS + "get = os.environ.get\n", 'get("X", "d")', "X", "str", "a"),
    (ENVIRON, 'env("X")', "X", "str", "a"),
    (ENVIRON, 'env("X", default="d")', "X", "str", "a"),
    (ENVIRON, 'env("X", default=None)', "X", "str", "a"),
    (ENVIRON, 'env("X", bool, True)', "X", "bool", "off"),
    (ENVIRON, 'env("X", default=False)', "X", "bool", "on"),
    (ENVIRON, 'env("X", cast=int, default=5)', "X", "int", "7"),
    (ENVIRON, 'env("DEBUG")', "DEBUG", "bool", "on"),
    (ENVIRON, 'env("HOSTS")', "HOSTS", "list", "a,b"),
    (ENVIRON, 'env("LEVEL")', "LEVEL", "int", "7"),
    (ENVIRON, 'env("LEVEL", default=4)', "LEVEL", "int", "7"),
    (ENVIRON, 'env.bool("X")', "X", "bool", "on"),
    (ENVIRON, 'env.bool("X", True)', "X", "bool", "off"),
    (ENVIRON, 'env.list("X", default=["d"])', "X", "list", "a,b"),
    (ENVIRON, 'env.list("X", int, [1])', "X", "list", "7"),
    (ENVIRON, "env.db()", "DATABASE_URL", "db", "sqlite:////x"),
    (ENVIRON, 'env.db("X", default="sqlite:////y")', "X", "db", "sqlite:////x"),
    (ENVIRON, 'env.cache_url("X")', "X", "cache", "locmemcache://"),
    (ENVIRON, "env.email()", "EMAIL_URL", "email", "consolemail://"),
    (ENVIRON, 'env.path("X")', "X", "path", "/x"),
    (ENVIRON, 'env.get_value("X", int, 5)', "X", "int", "7"),
    (ENVIRON, 'env.json("X", default={})', "X", "json", '{"a": 1}'),
    (ENVIRON + 'env.prefix = "APP_"\n', 'env.int("X")', "APP_X", "int", "7"),
    (DECOUPLE, 'config("X")', "X", "str", "a"),
    (DECOUPLE, 'config("X", default="d")', "X", "str", "a"),
    (DECOUPLE, 'config("X", "d")', "X", "str", "a"),
    (DECOUPLE, 'config("X", default=True, cast=bool)', "X", "bool", "off"),
    (DECOUPLE, 'config("X", cast=Csv())', "X", "Csv", "a, b"),
    (DECOUPLE, 'config("X", cast=lambda text: text.split())', "X", "function", "a b"),
    (DECOUPLE + "from decouple import AutoConfig\nconf = AutoConfig('/')\n", 'conf("X", default=1)', "X", "str", "a"),
    (STARLETTE, 'config("X")', "APP_X", "str", "a"),
    (STARLETTE, 'config("X", cast=bool, default=False)', "APP_X", "bool", "true"),
    (STARLETTE, 'config.get("X", int, 5)', "APP_X", "int", "7"),
    (STARLETTE, 'config("X", default=None)', "APP_X", "str", "a"),
    (DOTENV, 'config["X"]', "X", "str", "a"),
    (DOTENV, 'config.get("X", "d")', "X", "str", "a"),
]

_WORKER = """
import json, os, sys, types
for line in sys.stdin:
    code, variables = json.loads(line)
    os.environ.clear()
    os.environ.update(variables)
    sys.modules["settings"] = types.ModuleType("settings")
    scope = vars(sys.modules["settings"])
    try:
        exec(code, scope)
    except Exception as error:
        print(json.dumps(["raised", f"{type(error).__name__}: {error}"]), flush=True)
    else:
        print(json.dumps(["value", repr(scope["VALUE"])]), flush=True)
"""


def ask(questions: list[tuple[str, dict[str, str]]], folder: Path) -> list[tuple[str, str]]:
    """What each piece of code makes of VALUE with some variables set: one real Python answers all."""
    asked = "".join(json.dumps(one) + "\n" for one in questions)
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _WORKER],
        input=asked,
        capture_output=True,
        text=True,
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    return [tuple(json.loads(line)) for line in ended.stdout.splitlines()]


@pytest.mark.real
def test_the_libraries_read_the_same_variables_and_miss_them_alike(tmp_path: Path) -> None:
    questions: list[tuple[str, dict[str, str]]] = []
    for setup, expression, name, _, sample in CASES:
        code = f"{setup}VALUE = {expression}\n"
        questions += [(code, {}), (code, {name: sample})]
    answers = ask(questions, tmp_path)
    for index, (setup, expression, *_) in enumerate(CASES):
        found = read(f"{setup}VALUE = {expression}\n")
        without, given = answers[2 * index : 2 * index + 2]
        assert (found.required is YES) == (without[0] == "raised"), (expression, without)
        assert given[0] == "value", (expression, given)
        assert given != without, expression
        if found.required is NO and found.cast == "str":
            assert without[1] == repr(default(found)), expression


@pytest.mark.parametrize(("setup", "expression", "name", "cast", "sample"), CASES)
def test_a_read_has_the_name_and_the_cast_of_its_library(
    setup: str, expression: str, name: str, cast: str, sample: str
) -> None:
    code = f"{setup}VALUE = {expression}\n"
    found = read(code)
    assert (found.name, found.cast, found.required) == (name, cast, found.required)
    assert found.span.text in expression
    assert found.at_import is YES


# --- settings classes ----------------------------------------------------------------------------

V2 = "from pydantic import AliasChoices, AnyUrl, BaseModel, Field, SecretStr\n"
V2 += "from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict\n"
V2 += "from typing import Annotated, ClassVar, List, Literal, Optional, Union\n"
SETTINGS = {
    "fields": """
class Settings(BaseSettings):
    name: str
    debug: bool = False
    port: int = Field(8000)
    needed: Optional[int]
    ratio: float | None = None
    hosts: List[str] = []
    tags: Annotated[list[str], NoDecode, Field(default_factory=list)]
    key: SecretStr = Field(...)
    mode: Literal["a", "b"] = "a"
    url: AnyUrl
    dotted: "Optional[bool]" = None
    kind: ClassVar[str] = "x"
    _private: int = 1
""",
    "prefix and aliases": """
class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="app_", extra="ignore")
    plain: str
    own: str = Field(validation_alias="OWN_NAME")
    either: str = Field(validation_alias=AliasChoices("one", "two"))
    alias: int = Field(5, alias="the_alias")
    ignored: str = Field("d", env="NEVER_READ")
""",
    "by name too": """
class Settings(BaseSettings):
    model_config = SettingsConfigDict(populate_by_name=True)
    own: str = Field(validation_alias="OWN_NAME")
""",
    "case": """
class Settings(BaseSettings, case_sensitive=True):
    Name: str
    lower: int = 1
""",
    "inherited": """
class Base(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="base_")
    name: str
    level: int = 1
class Settings(Base):
    model_config = SettingsConfigDict(env_prefix="top_")
    level: int
""",
    "nested": """
class Database(BaseModel):
    host: str
    port: int = 5432
class Cache(BaseModel):
    host: str = "x"
class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="app_", env_nested_delimiter="__")
    database: Database
    cache: Cache = Cache()
""",
    "nested without a delimiter": """
class Database(BaseModel):
    host: str = "h"
class Settings(BaseSettings):
    database: Database
""",
}
_SAMPLES = {
    "bool": "true",
    "int": "7",
    "float": "1.5",
    "json": '["a"]',
    "text": '["a"]',
    "literal": "b",
    "url": "https://example.com/x",
}


def _sample(one: EnvRead) -> str:
    if one.owner in ("Settings.database", "Settings.cache"):
        return '{"host": "given"}'
    if one.owner == "Settings.tags":
        return '["a"]'
    return _SAMPLES.get(one.cast, "given")


@pytest.mark.real
@pytest.mark.parametrize("name", list(SETTINGS))
def test_pydantic_reads_the_same_variables_and_misses_them_alike(name: str, tmp_path: Path) -> None:
    code = V2 + SETTINGS[name]
    found = reads(code)
    if name == "fields":
        # A list that is not decoded has to be made of its text by a validator of the class.
        code = code.replace("NoDecode, ", "")
    names = [one.name for one in found]
    needed = {one.name: _sample(one) for one in found if one.required is YES}
    wholes = {one.name: _sample(one) for one in found if one.required is UNKNOWN and one.cast == "json"}
    complete = {**needed, **wholes}
    code += "VALUE = Settings()\n"
    questions = [(code, complete)]
    for one in found:
        without = {key: value for key, value in complete.items() if key != one.name}
        whole = one.name.rpartition("__")[0]
        if whole in complete:
            # A part is asked for where the other parts are given one by one.
            without.pop(whole, None)
            without.update({f"{whole}__{part}": "1" for part in ("HOST", "PORT") if f"{whole}__{part}" != one.name})
        questions.append((code, without))
        questions += [(code, {**without, key: _sample(one)}) for key in (one.name, *one.alternatives)]
    answers = ask(questions, tmp_path)
    assert answers[0][0] == "value", answers[0]
    index = 1
    for one in found:
        without_it = answers[index]
        stops = one.name in complete or one.name == "APP_DATABASE__HOST"
        assert (without_it[0] == "raised") == stops, (one.name, without_it)
        for key in (one.name, *one.alternatives):
            index += 1
            assert answers[index][0] == "value", (key, answers[index])
            assert answers[index] != without_it, (key, answers[index])
        index += 1
    assert len(names) == len(set(names))


def test_fields_tell_their_names_casts_and_defaults() -> None:
    found = {one.owner: one for one in reads(V2 + SETTINGS["fields"])}
    assert [one.removeprefix("Settings.") for one in found] == (
        "name debug port needed ratio hosts tags key mode url dotted".split()
    )
    assert {one.name: one.cast for one in found.values()} == {
        "NAME": "str",
        "DEBUG": "bool",
        "PORT": "int",
        "NEEDED": "int",
        "RATIO": "float",
        "HOSTS": "json",
        "TAGS": "text",
        "KEY": "str",
        "MODE": "literal",
        "URL": "url",
        "DOTTED": "bool",
    }
    assert [one.name for one in found.values() if one.required is YES] == ["NAME", "NEEDED", "KEY", "URL"]
    assert (default(found["Settings.debug"]), default(found["Settings.port"])) == (False, 8000)
    assert {one.case_sensitive for one in found.values()} == {False}


def test_aliases_stand_alone_and_nested_parts_stand_for_the_whole() -> None:
    found = {one.owner: one for one in reads(V2 + SETTINGS["prefix and aliases"])}
    assert {one.name: one.alternatives for one in found.values()} == {
        "APP_PLAIN": (),
        "OWN_NAME": (),
        "ONE": ("TWO",),
        "THE_ALIAS": (),
        "APP_IGNORED": (),
    }
    nested = {one.name: one.required for one in reads(V2 + SETTINGS["nested"])}
    assert nested == {
        "APP_DATABASE": UNKNOWN,
        "APP_DATABASE__HOST": UNKNOWN,
        "APP_DATABASE__PORT": NO,
        "APP_CACHE": NO,
        "APP_CACHE__HOST": NO,
    }


def test_pydantic_1_reads_env_and_takes_an_optional_as_none() -> None:
    text = """
from typing import Optional
from pydantic import BaseSettings, Field
class Settings(BaseSettings):
    dsn: str = Field(..., env="DATABASE_DSN")
    many: str = Field("d", env=["A_B", "C_D"])
    maybe: Optional[int]
    untyped = 5
    by_config: str
    aliased: str = Field("x", alias="nothing")
    class Config:
        env_prefix = "app_"
        env_file = ".env"
        fields = {"by_config": {"env": "BY_CONFIG"}}
settings = Settings()
"""
    found = reads(text)
    assert [(one.name, one.alternatives, one.required) for one in found] == [
        ("DATABASE_DSN", (), YES),
        ("A_B", ("C_D",), NO),
        ("APP_MAYBE", (), NO),
        ("APP_UNTYPED", (), NO),
        ("BY_CONFIG", (), YES),
        ("APP_ALIASED", (), NO),
    ]
    assert {one.at_import for one in found} == {YES}


def test_a_class_that_extends_settings_of_another_file_is_one() -> None:
    base = V2 + "class Common(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix='c_')\n    name: str\n"
    found = reads("from core.base import Common\nclass Settings(Common):\n    level: int\n", {"src/core/base.py": base})
    assert {one.name: str(one.span) for one in found} == {
        "C_NAME": "src/core/base.py:6",
        "C_LEVEL": "app/settings.py:3",
    }
    of_configs = reads(
        "from core.base import BaseConfigSet\nclass Shell(BaseConfigSet):\n    level: int\n",
        {"src/core/base.py": base.replace("Common", "BaseConfigSet")},
    )
    assert [one.name for one in of_configs] == ["C_LEVEL", "C_NAME"]
    either = "try:\n    from pydantic_settings import BaseSettings\nexcept ImportError:\n    from pydantic import "
    assert read(either + "BaseSettings\nclass S(BaseSettings):\n    x: int | None\n").required is YES


# --- where reads stand ---------------------------------------------------------------------------


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
