"""The reads of variables in a text of Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from prodlint.deployment.repository import Repository
from prodlint.deployment.value import Known
from prodlint.deployment.variable import reads_in
from prodlint.deployment.variables.env_read import EnvRead

__all__ = ["V2", "ask", "default", "read", "reads"]


def reads(text: str, files: dict[str, str] | None = None, path: str = "app/settings.py") -> tuple[EnvRead, ...]:
    """The reads of a module, beside other files of its repository."""
    held = {path: text.encode(), **{other: code.encode() for other, code in (files or {}).items()}}
    return reads_in(Repository(held, held.__getitem__), path)


def read(text: str, files: dict[str, str] | None = None) -> EnvRead:
    """The only read of a module."""
    (found,) = reads(text, files)
    return found


def default(one: EnvRead) -> object:
    """The default of a read, by its value where that is known."""
    return one.default.value if isinstance(one.default, Known) else one.default


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


V2 = "from pydantic import AliasChoices, AnyUrl, BaseModel, Field, SecretStr\n"
V2 += "from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict\n"
V2 += "from typing import Annotated, ClassVar, List, Literal, Optional, Union\n"
