"""What the fields of settings classes hold in a service, as pydantic-settings itself computes them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from real_python import RealPython, agrees

from prodlint.deployment.condition import NOWHERE, from_outside
from prodlint.deployment.evaluation.interpreter import namespace
from prodlint.deployment.repository import Repository
from prodlint.deployment.settings.found import AppSettings
from prodlint.deployment.settings_module import settings_classes_of
from prodlint.deployment.value import EnvDriven, Known, Unknown
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

MAIN = "from fastapi import FastAPI\nfrom app.config import settings\n\napp = FastAPI(title=settings.name)\n"
HEAD = "from pydantic import Field\nfrom pydantic_settings import BaseSettings, SettingsConfigDict\n\n\n"


def classes(files: Mapping[str, str], **environment: str) -> tuple[AppSettings, ...]:
    """The settings classes of a systemd service: its environment is known as a whole."""
    lines = "".join(f"Environment={json.dumps(f'{name}={value}')}\n" for name, value in environment.items())
    unit = (
        f"[Service]\nWorkingDirectory=/srv/app\n{lines}ExecStart=/usr/bin/env uvicorn app.main:app\n"
        "[Install]\nWantedBy=multi-user.target\n"
    )
    held = {"app/__init__.py": "", "app/main.py": MAIN, **files, "app.service": unit}
    deployment = inspect(MemoryTree(held), []).deployment
    [service] = [one for one in deployment.services if one.step is not None]
    return settings_classes_of(service, deployment.repository)


def used(body: str, **environment: str) -> AppSettings:
    """One class of settings with some lines."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    text = f"{HEAD}class Settings(BaseSettings):\n{lines}\n\nsettings = Settings()\n"
    [found] = classes({"app/config.py": text}, **environment)
    return found


def known(found: AppSettings, name: str) -> object:
    value = found.get(name)
    assert isinstance(value, Known), value
    return value.value


def test_the_class_that_the_app_imports_is_found_with_its_place() -> None:
    found = used("name: str = 'shop'")
    assert (found.framework, found.path, found.origin) == (
        "pydantic-settings",
        "app/config.py",
        "class in app/config.py",
    )
    assert found.module == Known("app.config.Settings", found.span)
    assert found.names == ("name",)


def test_a_class_that_the_app_does_not_import_is_of_another_program() -> None:
    text = f"{HEAD}class Settings(BaseSettings):\n    name: str = 'x'\n"
    assert classes({"app/config.py": "class S:\n    name = 1\nsettings = S()\n", "app/other.py": text}) == ()


@pytest.mark.parametrize(
    ("field", "environment", "value"),
    [
        ("debug: bool = False", {}, False),
        ("debug: bool = False", {"DEBUG": "yes"}, True),
        ("debug: bool = False", {"debug": "on"}, True),
        ("port: int = 80", {"PORT": " 8000 "}, 8000),
        ("rate: float = 1", {}, 1.0),
        ("name: str = 'a'", {"NAME": ""}, ""),
        ("name: str | None = None", {}, None),
        ("hosts: list[str] = []", {"HOSTS": '["a", "b"]'}, ["a", "b"]),
        ("hosts: list[str] = Field(default_factory=list)", {}, []),
        ("name: str = Field('a', validation_alias='SHOP')", {"SHOP": "b", "NAME": "c"}, "b"),
        (
            "model_config = SettingsConfigDict(env_prefix='SHOP_')\nname: str = 'a'",
            {"SHOP_NAME": "b", "NAME": "c"},
            "b",
        ),
        ("model_config = SettingsConfigDict(env_ignore_empty=True)\nname: str = 'a'", {"NAME": ""}, "a"),
        ("debug: bool = 'yes'", {}, True),
    ],
)
def test_a_field_holds_its_variable_or_its_default_cast(field: str, environment: dict[str, str], value: object) -> None:
    name = field.splitlines()[-1].partition(":")[0]
    assert known(used(field, **environment), name) == value


def test_a_field_without_default_and_variable_is_required() -> None:
    value = used("secret: str").get("secret")
    assert isinstance(value, EnvDriven)
    assert (value.name, value.is_required) == ("SECRET", True)


def test_a_default_of_the_environment_is_evaluated() -> None:
    found = used("import os\nname: str = os.getenv('SHOP', 'a') + '!'", SHOP="b")
    assert known(found, "name") == "b!"


def test_an_env_file_may_hold_what_is_not_set() -> None:
    text = f"{HEAD}class Settings(BaseSettings):\n    model_config = SettingsConfigDict(env_file='.env')\n"
    text += "    name: str = 'a'\n    port: int = 1\n\nsettings = Settings()\n"
    [found] = classes({"app/config.py": text, ".env": "NAME=b\n"}, PORT="2")
    name = found.get("name")
    assert isinstance(name, EnvDriven)
    assert (name.name, name.default) == ("NAME", "b")
    assert known(found, "port") == 2


@pytest.mark.parametrize(
    "lines",
    [
        "@field_validator('name')\n@classmethod\ndef check(cls, value):\n    return value + '!'",
        "@model_validator(mode='before')\n@classmethod\ndef check(cls, held):\n    held['name'] = 1\n    return held",
        "@model_validator(mode='after')\ndef check(self):\n    self.name = 'other'\n    return self",
        "@classmethod\ndef settings_customise_sources(cls, settings_cls, **sources):\n    return ()",
        "def __init__(self):\n    super().__init__(name='other')",
    ],
)
def test_what_code_of_the_class_may_change_is_not_known(lines: str) -> None:
    assert isinstance(used(f"name: str = 'a'\n{lines}").get("name"), Unknown)


def test_a_validator_leaves_the_fields_alone_that_it_does_not_write() -> None:
    body = "    if not self.name:\n        self.name = 'x'\n    return self"
    after = f"@model_validator(mode='after')\ndef check(self):\n{body}"
    found = used(f"name: str = 'a'\nport: int = 1\n{after}")
    assert known(found, "port") == 1
    assert isinstance(found.get("name"), Unknown)


def test_fields_that_share_a_name_are_not_known() -> None:
    first = "b: int = Field(1, validation_alias=AliasChoices('A', 'B'))"
    second = "c: int = Field(1, validation_alias='A')"
    found = used(f"from pydantic import AliasChoices\n{first}\n{second}\nd: int = 2", B="5")
    assert isinstance(found.get("c"), Unknown)
    assert known(found, "d") == 2


def test_arguments_of_the_call_that_makes_the_object_may_overrule() -> None:
    fields = "    name: str = 'a'\n    port: int = 1\n"
    text = f"{HEAD}class Settings(BaseSettings):\n{fields}\nsettings = Settings(name='b')\n"
    [found] = classes({"app/config.py": text})
    assert isinstance(found.get("name"), Unknown)
    assert known(found, "port") == 1


# Real pydantic as the judge

VALUES = {
    "TEXT": ("", "a", " x ", "1"),
    "FLAG": ("1", "0", "True", "off", "t", "Yes", "2", ""),
    "NUMBER": ("1", " 2 ", "-3", "+4", "007", "1.0", "x", "1_0"),
    "RATE": ("1", "0.5", ".5", "1e3", "x"),
    "ITEMS": ('["a"]', "[]", "a,b", '["a", 1]'),
    "SHOP_TEXT": ("p",),
    "ALIAS0": ("1",),
}


class SettingsClass:
    """A class with a field for each seed."""

    def __init__(self, seeds: Sequence[int]) -> None:
        self.lines: list[str] = []
        for number, seed in enumerate(seeds):
            self._chance = Random(seed)
            self.lines.append(self.field(number))
        self._chance = Random(sum(seeds))
        if self.pick("", "", "config"):
            option = self.pick("env_prefix='SHOP_'", "env_ignore_empty=True", "case_sensitive=True", "extra='ignore'")
            self.lines.insert(0, f"model_config = SettingsConfigDict({option})")
        files = ("_env_file='.env'", "_env_file=None, _secrets_dir=None", "_secrets_dir='.'")
        self.given = self.pick(*[""] * 6, *files, "**{'text': 'given'}", "_env_file='.env', text='given'")

    def pick(self, *choices: str) -> str:
        return self._chance.choice(choices)

    def field(self, number: int) -> str:
        name, kind, *defaults = self._chance.choice(
            [
                ("text", "str", "'d'", "''", "'1'"),
                ("flag", "bool", "True", "False", "'yes'", "0"),
                ("number", "int", "3", "'4'", "True"),
                ("rate", "float", "1", "0.5", "'2.5'"),
                ("items", "list[str]", "[]", "['d']"),
                ("text", "str | None", "None", "'d'"),
                ("number", "int | None", "None", "5"),
            ]
        )
        default = self.pick(*defaults)
        written = self.pick(
            default,
            f"Field({default})",
            f"Field(default={default})",
            f"Field({default}, validation_alias='{name.upper()}')",
            f"Field({default}, validation_alias=AliasChoices('ALIAS{number}', '{name.upper()}'))",
        )
        return f"{name if self.pick('', '', 'x') == '' else f'own{number}'}: {kind} = {written}"

    def uses(self) -> Iterator[str]:
        """Lines in which the fields are asked for, directly and through a property and a method."""
        fields = [line.partition(":")[0] for line in self.lines if ":" in line]
        for number, name in enumerate(dict.fromkeys(fields)):
            yield f"FIELD{number} = settings.{name}\n"
            yield f"TOLD{number} = settings.told\nEITHER{number} = settings.either(settings.{name})\n"

    @property
    def text(self) -> str:
        head = (
            "from pydantic import AliasChoices, Field\nfrom pydantic_settings import BaseSettings, SettingsConfigDict\n"
        )
        fields = [line.partition(":")[0] for line in self.lines if ":" in line]
        first, last = fields[0], fields[-1]
        methods = (
            f"@property\n    def told(self):\n        return f'{{self.{first}}}:{{self.{last}}}'\n",
            f"def either(self, one):\n        return one if one else self.{last}\n",
        )
        body = "".join(f"    {line}\n" for line in (*self.lines, *methods))
        made = f"settings = Settings({self.given})\nRESULT = settings.model_dump()\n" + "".join(self.uses())
        return f"{head}\n\nclass Settings(BaseSettings):\n{body}\n\n{made}"


@pytest.fixture(scope="module")
def python() -> Iterator[RealPython]:
    real = RealPython(seconds=5)
    yield real
    real.close()


@pytest.mark.real
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seeds=st.lists(st.integers(0, 1 << 40), min_size=1, max_size=5),
    environment=st.fixed_dictionaries({}, optional={name: st.sampled_from(held) for name, held in VALUES.items()}),
)
def test_what_is_known_of_a_class_is_what_pydantic_computes(
    python: RealPython, seeds: list[int], environment: dict[str, str]
) -> None:
    files = {"app/config.py": SettingsClass(seeds).text}
    real = python.run({"app/__init__.py": "", **files}, "app.config", environment)
    if isinstance(real, str):
        return
    computed = {name: value for (_, name), value in real["RESULT"][1]}
    [found] = classes(files, **environment)
    assert list(found.names) == list(computed)
    for name, value in computed.items():
        claimed = found.get(name)
        assert not isinstance(claimed, EnvDriven)
        assert agrees(claimed, value, environment), f"{name} is {value}, claimed {claimed}"


@pytest.mark.real
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seeds=st.lists(st.integers(0, 1 << 40), min_size=1, max_size=5),
    environment=st.fixed_dictionaries({}, optional={name: st.sampled_from(held) for name, held in VALUES.items()}),
)
def test_what_code_makes_of_an_object_is_what_python_makes_of_it(
    python: RealPython, seeds: list[int], environment: dict[str, str]
) -> None:
    text = SettingsClass(seeds).text
    files = {"config.py": text, ".env": "TEXT=of a file\n", "flag": "on", "number": "8"}
    real = python.run(files, "config", environment)
    if isinstance(real, str):
        return
    repository = Repository(files, lambda path: files[path].encode())

    def closed(name: str) -> Known[str] | None:
        return Known(environment[name], NOWHERE) if name in environment else None

    for lookup in (closed, from_outside):
        names = namespace(repository, ("",), "config.py", lookup)
        made = {name: value for name, value in real.items() if name.startswith(("FIELD", "TOLD", "EITHER"))}
        assert made.keys() <= names.keys()
        for name, value in made.items():
            assert agrees(names[name], value, environment), f"{name} is {value}, claimed {names[name]}"


# --- Which class is made ----------------------------------------------------------------------------------------------

CHOOSING = {
    "app/base.py": "from enum import Enum\n"
    + HEAD
    + "class Kind(Enum):\n    prod: str = 'prod'\n    stage = 'stage'\n\n\n"
    "class RootSettings(BaseSettings):\n    app_env: Kind = Kind.prod\n\n\n"
    "class CommonSettings(RootSettings):\n    name: str = 'common'\n",
    "app/live.py": "from app.base import CommonSettings\n\n\nclass Live(CommonSettings):\n    name: str = 'live'\n\n"
    "    class Config(CommonSettings.Config):\n        env_file = 'live.env'\n",
    "app/stage.py": "from app.base import CommonSettings\n\n\nclass Stage(CommonSettings):\n    name: str = 'stage'\n",
    "app/config.py": "from app.base import RootSettings, CommonSettings, Kind\nfrom app.live import Live\n"
    "from app.stage import Stage\n\n"
    "table: dict[Kind, type[CommonSettings]] = {Kind.prod: Live, Kind.stage: Stage}\n\n\n"
    "def get() -> CommonSettings:\n    kind = RootSettings().app_env\n    made = table[kind]\n    return made()\n\n\n"
    "settings = get()\n",
}


@pytest.mark.parametrize(("environment", "name"), [({}, "app.live.Live"), ({"APP_ENV": "stage"}, "app.stage.Stage")])
def test_a_table_chooses_the_class_by_the_field_that_it_asks(environment: dict[str, str], name: str) -> None:
    [found] = classes(CHOOSING, **environment)
    assert isinstance(found.module, Known)
    assert found.module.value == name


def test_where_the_environment_is_open_the_variable_of_the_field_may_choose_another() -> None:
    files = {"app/__init__.py": "", "app/main.py": MAIN, **CHOOSING, "Procfile": "web: uvicorn app.main:app\n"}
    deployment = inspect(MemoryTree(files), []).deployment
    [found] = settings_classes_of(deployment.services[0], deployment.repository)
    assert isinstance(found.module, EnvDriven)
    assert (found.module.name, found.module.default) == ("APP_ENV", "app.live.Live")
    assert [one.path.value for one in found.missing_files if isinstance(one.path, Known)] == ["live.env"]


def test_a_base_that_no_code_makes_is_left_out_and_one_that_some_code_makes_is_kept() -> None:
    base = f"{HEAD}class RootSettings(BaseSettings):\n    name: str = 'x'\n"
    config = "from app.base import RootSettings\n\n\nclass Settings(RootSettings):\n    more: int = 1\n\n\n"
    config += "settings = Settings()\n"
    told = [one.module for one in classes({"app/base.py": base, "app/config.py": config})]
    assert [one.value for one in told if isinstance(one, Known)] == ["app.config.Settings"]
    both = classes({"app/base.py": base, "app/config.py": config + "plain = RootSettings()\n"})
    assert sorted(one.module.value for one in both if isinstance(one.module, Known)) == [
        "app.base.RootSettings",
        "app.config.Settings",
    ]


@pytest.mark.parametrize(
    ("imported", "extended"), [("from app.base import Base", "Base"), ("from app.base import Base as Root", "Root")]
)
def test_a_class_that_extends_one_of_another_file_is_found_whatever_its_name(imported: str, extended: str) -> None:
    base = f"{HEAD}class Base(BaseSettings):\n    name: str = 'x'\n"
    middle = f"{imported}\n\n\nclass Common({extended}):\n    most: int = 2\n"
    config = "from app.middle import Common\n\n\nclass Live(Common):\n    more: int = 1\n\n\nsettings = Live()\n"
    [found] = classes({"app/base.py": base, "app/middle.py": middle, "app/config.py": config}, NAME="y")
    assert isinstance(found.module, Known)
    assert found.module.value == "app.config.Live"
    assert known(found, "name") == "y"


def test_a_base_that_a_function_of_its_file_makes_is_told_and_the_class_for_tests_beside_it_is_not() -> None:
    text = (
        f"{HEAD}class Settings(BaseSettings):\n    name: str = 'shop'\n\n\n"
        "class TestEnvironment(Settings):\n    name: str = Settings().name\n\n\n"
        "def chosen(kind='default'):\n    return TestEnvironment() if kind == 'test' else Settings()\n\n\n"
        "settings = chosen()\n"
    )
    [found] = classes({"app/config.py": text})
    assert isinstance(found.module, Known)
    assert found.module.value == "app.config.Settings"
