"""Which variables settings classes read, and what a missing one does: pydantic is asked itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from variable_reads import V2, ask, default, read, reads

from prodlint.deployment.value import NO, UNKNOWN, YES
from prodlint.deployment.variables.env_read import EnvRead

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
