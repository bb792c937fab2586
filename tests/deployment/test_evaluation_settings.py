"""Objects of pydantic-settings classes in evaluated code: gunicorn's file asks its own class for its settings."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

import pytest

from prodlint.deployment.servers.server import Server
from prodlint.deployment.value import UNKNOWN, EnvDriven, JointlyDriven, Known, PerCpu, Unknown, Value

Serve = Callable[..., Server]
HEAD = """from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, computed_field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


"""
COMPUTED = """import multiprocessing

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    host: str = "0.0.0.0"
    port: int = 8000
    bind: str | None = None
    per_core: int = 1
    most: int | None = None
    workers: int | None = None
    timeout: int = 120

    @property
    def address(self) -> str:
        return self.bind if self.bind else f"{self.host}:{self.port}"

    @property
    def processes(self) -> int:
        if self.workers:
            assert self.workers > 0
            return self.workers
        count = max(self.per_core * multiprocessing.cpu_count() + 1, 2)
        return min(count, self.most) if self.most else count


settings = Settings()
bind = settings.address
workers = settings.processes
timeout = settings.timeout
"""


def serving(serve: Serve, text: str, files: Mapping[str, str] | None = None, **environment: str) -> Server:
    return serve("gunicorn app:app", {"gunicorn.conf.py": text, **(files or {})}, **environment)


def asked(serve: Serve, body: str, expression: str = "settings.number", **environment: str) -> Value[object]:
    """What an expression of a file is, as the number of workers."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    text = f"{HEAD}class Settings(BaseSettings):\n{lines}\n\nsettings = Settings()\nworkers = {expression}\n"
    return serving(serve, text, **environment).settings.value("workers")


def test_what_several_variables_decide_is_told_with_what_holds_without_them(serve: Serve) -> None:
    server = serving(serve, COMPUTED)
    [bind] = server.binds
    assert str(bind) == "0.0.0.0:8000, unless $BIND, $HOST or $PORT changes it"
    assert (bind.is_everywhere, bind.is_loopback) == (UNKNOWN, UNKNOWN)
    workers = server.settings.value("workers")
    assert isinstance(workers, JointlyDriven)
    assert (str(workers.default), workers.names) == ("CPUs + 1", ("MOST", "PER_CORE", "WORKERS"))
    timeout = server.settings.value("timeout")
    assert isinstance(timeout, EnvDriven)
    assert (timeout.name, timeout.default, timeout.is_variable) == ("TIMEOUT", 120, True)


def test_variables_that_the_repository_sets_decide(serve: Serve) -> None:
    server = serving(serve, COMPUTED, BIND="127.0.0.1:81", WORKERS="3", TIMEOUT="7")
    assert str(server.binds[0]) == "127.0.0.1:81"
    assert [server.settings.known(name) for name in ("workers", "timeout")] == [3, 7]
    per_core = serving(serve, COMPUTED, WORKERS="0", PER_CORE="2", MOST="0").settings.value("workers")
    assert isinstance(per_core, PerCpu)
    assert per_core.formula == "CPUs × 2 + 1"


def test_a_file_of_variables_that_the_class_reads_has_a_say(serve: Serve) -> None:
    server = serving(serve, COMPUTED, {".env": "TIMEOUT=30\n"})
    timeout = server.settings.value("timeout")
    assert isinstance(timeout, EnvDriven)
    assert timeout.default == 30


@pytest.mark.parametrize(
    ("body", "expression", "environment", "value"),
    [
        ("number: int = 2", "settings.number + 1", {"NUMBER": "4"}, 5),
        ("number: int = 2", "settings.number", {"number": "4"}, 4),
        ("number: int = 2", "settings.number", {"Number": "4", "NUMBER": "5"}, 5),
        ("number: int = Field(2, validation_alias='COUNT')", "settings.number", {"COUNT": "4"}, 4),
        (
            "kind: Literal['a', 'b'] = 'a'",
            "{'a': 1, 'b': 2}[settings.kind]",
            {"KIND": "b"},
            2,
        ),
        (
            "model_config = SettingsConfigDict(env_prefix='WEB_')\nnumber: int = 2",
            "settings.number",
            {"WEB_NUMBER": "4"},
            4,
        ),
        ("number: int = 2\ndef twice(self):\n    return self.number * 2", "settings.twice()", {"NUMBER": "4"}, 8),
        (
            "number: int = 2\n@cached_property\ndef twice(self):\n    return self.number * 2",
            "settings.twice",
            {"NUMBER": "4"},
            8,
        ),
        (
            "number: int = 2\n@computed_field\n@property\ndef twice(self) -> int:\n    return self.number * 2",
            "settings.twice",
            {"NUMBER": "4"},
            8,
        ),
    ],
)
def test_fields_properties_and_methods_are_evaluated(
    serve: Serve, body: str, expression: str, environment: dict[str, str], value: object
) -> None:
    found = asked(serve, body, expression, **environment)
    assert isinstance(found, Known), found
    assert found.value == value


def test_a_variable_that_the_code_sets_before_is_read(serve: Serve) -> None:
    text = f"{HEAD}import os\nos.environ['PORT'] = '81'\n\n\nclass Settings(BaseSettings):\n    port: int = 80\n\n\n"
    server = serving(serve, f"{text}bind = f':{{Settings().port}}'\n")
    assert str(server.binds[0].port) == str(Known(81, server.binds[0].span))


def test_a_base_of_another_module_and_an_old_class_are_followed(serve: Serve) -> None:
    base = f"{HEAD}class Base(BaseSettings):\n    number: int = 2\n    more: int = 1\n"
    text = "from base import Base\n\n\nclass Settings(Base):\n    more: int = 3\n\n\ns = Settings()\n"
    server = serving(serve, f"{text}workers = s.number + s.more\n", {"base.py": base}, NUMBER="4", MORE="5")
    assert server.settings.known("workers") == 9
    old = "from pydantic import BaseSettings\n\n\nclass Settings(BaseSettings):\n    number: int = 2\n\n"
    old += "    class Config:\n        env_prefix = 'web_'\n\n\nworkers = Settings().number\n"
    assert serving(serve, old, WEB_NUMBER="6").settings.known("workers") == 6


@pytest.mark.parametrize(
    ("body", "expression", "reason"),
    [
        (
            "@field_validator('number')\ndef more(cls, value):\n    return value + 1",
            "settings.number",
            "validator more",
        ),
        ("def __init__(self):\n    super().__init__(number=3)", "settings.number", "__init__ may set it"),
        ("model_config = SettingsConfigDict(secrets_dir='/run')\nunset: int = 1", "settings.unset", "file of secrets"),
        ("unset: int = 1", "Settings(_secrets_dir=open('x').read()).unset", "file of secrets"),
        ("model_config = SettingsConfigDict(cli_parse_args=True)", "settings.number", "command line"),
        ("other: Annotated[int, AfterValidator(abs)] = 1", "settings.other", "its annotation says"),
        ("if True:\n    more: int = 1", "settings.number", "is an object of Settings"),
        ("def __getattr__(self, name):\n    return 1", "settings.number", "is an object of Settings"),
        ("word: SecretStr = '5'", "int(settings.word)", "is a secret"),
        ("", "Settings(number=4).number", "is given where the object is made"),
        ("", "Settings(_cli_parse_args=['--number=4']).number", "is given where the object is made"),
        ("", "Settings(_env_file='x', **{'number': 4}).number", "is given where the object is made"),
        ("", "settings.model_dump()['number']", "may come from pydantic_settings.BaseSettings"),
    ],
)
def test_what_pydantic_does_beside_its_fields_is_not_known(
    serve: Serve, body: str, expression: str, reason: str
) -> None:
    found = asked(serve, f"number: int = 2\n{body}", expression, NUMBER="3", OTHER="3", WORD="3")
    assert isinstance(found, Unknown)
    assert reason.removeprefix("is ") in found.reason


@pytest.mark.parametrize(
    ("config", "call", "value"),
    [
        ("secrets_dir='/run/secrets'", "Settings()", 3),
        ("", "Settings(_secrets_dir='/run/secrets')", 3),
        ("", "Settings(_env_file=open('x').read(), _env_file_encoding='utf-8')", 3),
        ("", "Settings(_env_file='x', **{'other': 4})", 3),
        ("secrets_dir='/run/secrets'", "Settings(_secrets_dir=None)", 3),
    ],
)
def test_a_variable_wins_over_files_that_a_call_or_the_class_names(
    serve: Serve, config: str, call: str, value: int
) -> None:
    body = f"model_config = SettingsConfigDict({config})\nnumber: int = 2\nother: int = 1"
    found = asked(serve, body, f"{call}.number", NUMBER="3")
    assert isinstance(found, Known), found
    assert found.value == value


@pytest.mark.parametrize(
    ("config", "argument", "default"),
    [
        ("", "'here.env'", 7),
        ("", "('.env', 'here.env')", 7),
        ("", "('here.env', '.env')", 5),
        ("", "Path(__file__).parent / 'here.env'", 7),
        ("", "'lacking.env'", 2),
        ("", "'/etc/here.env'", 2),
        ("env_file='.env'", "'here.env'", 7),
    ],
)
def test_a_file_that_a_call_names_may_hold_what_is_not_set(
    serve: Serve, config: str, argument: str, default: int
) -> None:
    text = f"from pathlib import Path\n{HEAD}class Settings(BaseSettings):\n"
    text += f"    model_config = SettingsConfigDict({config})\n    number: int = 2\n\n\n"
    text += f"workers = Settings(_env_file={argument}).number\n"
    found = serving(serve, text, {".env": "NUMBER=5\n", "here.env": "NUMBER=7\n"}).settings.value("workers")
    assert isinstance(found, EnvDriven), found
    assert (found.name, found.default) == ("NUMBER", default)


def test_a_call_may_say_that_there_are_no_files(serve: Serve) -> None:
    text = f"{HEAD}class Settings(BaseSettings):\n    model_config = SettingsConfigDict(env_file='.env')\n"
    text += "    number: int = 2\n\n\nworkers = Settings(_env_file=None).number\n"
    found = serving(serve, text, {".env": "NUMBER=5\n"}).settings.value("workers")
    assert isinstance(found, EnvDriven)
    assert found.default == 2


def test_an_object_that_cannot_be_made_may_leave_what_stands_behind_it(serve: Serve) -> None:
    text = f"{HEAD}class Settings(BaseSettings):\n    number: int = 2\n\n\ntry:\n    workers = Settings().number\n"
    text += "except ValueError:\n    workers = 9\n"
    assert isinstance(serving(serve, text).settings.value("workers"), Unknown)


def test_a_field_without_a_default_is_required(serve: Serve) -> None:
    found = asked(serve, "number: int")
    assert isinstance(found, EnvDriven)
    assert (found.name, found.is_required) == ("NUMBER", True)


# gunicorn itself as the judge

_ENVIRONMENTS: tuple[dict[str, str], ...] = (
    {"WORKERS": "2"},
    {"WORKERS": "3", "PORT": "81"},
    {"WORKERS": "3", "port": "82", "TIMEOUT": " 9 "},
    {"WORKERS": "3", "HOST": "::1", "BIND": ""},
    {"WORKERS": "5", "MOST": "1", "BIND": "unix:/run/x"},
    {"WORKERS": "+4", "BIND": "127.0.0.1:5"},
)
_ASK = """
import json, os, sys
import gunicorn.app.wsgiapp
start, answers = dict(os.environ), []
for environment in json.load(sys.stdin):
    os.environ.clear()
    os.environ.update(start, **environment)
    sys.argv = ["gunicorn", "shop:app"]
    held = gunicorn.app.wsgiapp.WSGIApplication().cfg.settings
    answers.append({name: held[name].get() for name in ("bind", "workers", "timeout")})
print(json.dumps(answers))
"""


@pytest.mark.real
@pytest.mark.skipif(
    any(find_spec(name) is None for name in ("gunicorn", "pydantic_settings")), reason="gunicorn is not installed"
)
def test_gunicorn_runs_with_what_is_known_of_its_file(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "gunicorn.conf.py").write_text(COMPUTED)
    ran = subprocess.run(
        [sys.executable, "-c", _ASK],
        input=json.dumps(_ENVIRONMENTS),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
        timeout=120,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(p for p in sys.path if p.endswith("-packages"))},
    )
    checked = 0
    for environment, answer in zip(_ENVIRONMENTS, json.loads(ran.stdout.splitlines()[-1]), strict=True):
        for name, expected in answer.items():
            value = serving(serve, COMPUTED, **environment).settings.value(name)
            assert isinstance(value, Known | EnvDriven | JointlyDriven)
            held = value.value if isinstance(value, Known) else value.default
            checked += isinstance(value, Known)
            assert (list(held) if isinstance(held, tuple) else held) == expected, (environment, name)
    assert checked >= len(_ENVIRONMENTS)
