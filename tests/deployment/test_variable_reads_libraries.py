"""Which variables code reads, and what a missing one does: the libraries are asked themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from variable_reads import ask, default, read

from prodlint.deployment.value import NO, YES

OS = "import os, json\nfrom os import environ, getenv\nfrom pathlib import Path\n"
ENVIRON = "import environ\nenv = environ.Env(DEBUG=(bool, False), HOSTS=list, LEVEL=(int, 3))\n"
DECOUPLE = "from decouple import Csv, config\n"
STARLETTE = "from starlette.config import Config\nconfig = Config(env_prefix='APP_')\n"
DOTENV = "import os\nfrom dotenv import dotenv_values\nconfig = {**dotenv_values('none'), **os.environ}\n"


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
