"""Which variables `prodlint map` says a service needs: those that its code certainly reads and nobody here sets."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from maps import DOCKERFILE, drawn, of

from prodlint.deployment.environment import Environment
from prodlint.map.document import MappedService, State
from prodlint.map.text import render
from prodlint.map.why import why
from prodlint.report.terminal import Terminal

PROCFILE = {"Procfile": "web: gunicorn app:app\n"}
APP = "from flask import Flask\napp = Flask(__name__)\n"
PYDANTIC = "from pydantic_settings import BaseSettings\nclass Config(BaseSettings):\n    DATABASE_URL: str\n"


def service_of(files: Mapping[str, str], environment: Environment = Environment.PRODUCTION) -> MappedService:
    [service] = drawn(files, environment).services
    return service


def needs(app: str, **others: str) -> str | None:
    """What the only service is said to need; `others` are modules by their names."""
    files = {**PROCFILE, "app.py": app, **{f"{name}.py": text for name, text in others.items()}}
    fact = service_of(files).fact("needs")
    return None if fact is None else fact.text


@pytest.mark.parametrize(
    ("app", "others", "told"),
    [
        (f"import os\n{APP}KEY = os.environ['KEY']\n", {}, "KEY (app.py:4)"),
        (f"import config\n{APP}", {"config": "import os\nA = os.environ['A']\nB = int(os.getenv('B'))\n"},
         "A (config.py:2), B (:3)"),
        (f"from config import settings\n{APP}", {"config": f"{PYDANTIC}settings = Config()\n"},
         "DATABASE_URL (config.py:3)"),
        (f"from config import get\n{APP}CONFIG = get()\n", {"config": f"{PYDANTIC}def get():\n    return Config()\n"},
         "DATABASE_URL (config.py:3)"),
        ("import os\nfrom flask import Flask\ndef make():\n    app = Flask(__name__)\n"
         "    app.secret_key = os.environ['KEY']\n    return app\napp = make()\n", {}, "KEY (app.py:5)"),
        (f"import environ\n{APP}env = environ.Env()\nKEY = env('KEY')\n", {}, "KEY (app.py:5)"),
        (f"import os\n# os.environ['KEY'] = 'x'\n{APP}KEY = os.environ['KEY']\n", {}, "KEY (app.py:5)"),
        (f"import os\n# As in os.environ.update(found):\n{APP}KEY = os.environ['KEY']\n", {}, "KEY (app.py:5)"),
        (f"import os\n{APP}get = lambda name: os.environ[name]\nKEY = os.environ['KEY']\n", {}, "KEY (app.py:5)"),
        (f"import os\n{APP}'A' in os.environ\nB = {{**os.environ}}\nC = [one for one in os.environ]\n"
         "KEY = os.environ['KEY']\n", {}, "KEY (app.py:7)"),
    ],
)  # fmt: skip
def test_a_variable_that_code_certainly_reads_without_a_default_is_needed(
    app: str, others: dict[str, str], told: str
) -> None:
    assert needs(app, **others) == told


@pytest.mark.parametrize(
    ("app", "others"),
    [
        (f"import os\n{APP}KEY = os.environ.get('KEY')\n", {}),
        (f"import os\n{APP}try:\n    KEY = os.environ['KEY']\nexcept KeyError:\n    KEY = ''\n", {}),
        (f"import os\n{APP}if os.getenv('MODE') == 'x':\n    KEY = os.environ['KEY']\n", {}),
        (f"import os\n{APP}def never():\n    return os.environ['KEY']\n", {}),
        (f"import os\n{APP}if os.getenv('MODE'):\n    import config\n", {"config": "import os\nK = os.environ['K']\n"}),
        (APP, {"config": "import os\nK = os.environ['K']\n"}),
        (f"import os\n{APP}os.environ.setdefault('KEY', 'x')\nKEY = os.environ['KEY']\n", {}),
        (f"import os, names\n{APP}os.environ.update(names.all())\nKEY = os.environ['KEY']\n", {"names": ""}),
        (f"import os, names\n{APP}for name in names.all():\n    os.environ[name] = 'x'\nKEY = os.environ['KEY']\n",
         {"names": ""}),
        (f"from os import environ as held\n{APP}held.setdefault('KEY', 'x')\nKEY = held['KEY']\n", {}),
        (f"import os\n{APP}os.environ |= {{'KEY': 'x'}}\nKEY = os.environ['KEY']\n", {}),
        (f"import os\n{APP}HOME = os.environ['HOME']\nPORT = os.environ['PORT']\n", {}),
        (f"import os\nfrom own import strtobool\n{APP}A = strtobool(os.getenv('A'))\n",
         {"own": "def strtobool(text):\n    return bool(text)\n"}),
        (f"import os, own\n{APP}own.load()\nKEY = os.environ['KEY']\n",
         {"own": "import os\ndef load(env=os.environ):\n    env['K' + 'EY'] = 'x'\n"}),
        *((f"import os, own\n{APP}own.load()\nKEY = os.environ['KEY']\n", {"own": f"import os\n{given}\n"})
          for given in (
            "def load():\n    return os.environ",
            "load = lambda: os.environ",
            "def load():\n    yield os.environ",
            "HELD = {'env': os.environ}\ndef load(): pass",
            "def load(env=None):\n    env = env or os.environ\n    env['KEY'] = 'x'",
        )),
        (f"from config import Config\n{APP}", {"config": PYDANTIC}),
        (f"from config import get\n{APP}", {"config": f"{PYDANTIC}def get():\n    return Config()\n"}),
        ("import os\nfrom flask import Flask\ndef make():\n    app = Flask(__name__)\n    def inner():\n"
         "        return os.environ['KEY']\n    return app\napp = make()\n", {}),
        ("import os\nfrom flask import Flask\ndef make():\n    app = Flask(__name__)\n    if app.testing:\n"
         "        return app\n    app.secret_key = os.environ['KEY']\n    return app\napp = make()\n", {}),
    ],
)  # fmt: skip
def test_what_may_not_be_read_or_may_be_set_is_not_called_needed(app: str, others: dict[str, str]) -> None:
    assert needs(app, **others) is None


def test_what_the_repository_sets_or_hands_on_is_not_needed_again() -> None:
    compose = (
        "services:\n  web:\n    build: .\n    restart: always\n    environment:\n      - FIRST=1\n      - SECOND\n"
        "    env_file: web.env\n"
    )
    reads = "".join(f"{name} = os.environ['{name}']\n" for name in ("FIRST", "SECOND", "THIRD", "FOURTH", "FIFTH"))
    files = {
        "compose.prod.yml": compose,
        "web.env": "THIRD=3\n",
        "Dockerfile": 'FROM python:3.13-slim\nENV FOURTH=4\nWORKDIR /app\nCOPY . .\nCMD ["gunicorn", "app:app"]\n',
        "app.py": f"import os\n{APP}{reads}",
    }
    fact = service_of(files).fact("needs")
    assert fact is not None
    assert (fact.text, fact.state) == ("FIFTH (app.py:8)", State.ENVIRONMENT)


def test_a_committed_file_that_the_code_loads_gives_what_it_sets() -> None:
    app = f"import os\nfrom dotenv import load_dotenv\nload_dotenv()\n{APP}A = os.environ['A']\nB = os.environ['B']\n"
    held = {**PROCFILE, "app.py": app, ".env": "A=1\n", ".env.example": "B=\n"}
    fact = service_of(held).fact("needs")
    assert fact is not None
    assert fact.text == "B (app.py:7)"


def test_the_settings_module_of_django_that_is_used_tells_what_is_needed() -> None:
    files = {
        "Procfile": "web: gunicorn shop.wsgi\n",
        "manage.py": "",
        "shop/__init__.py": "",
        "shop/wsgi.py": "import os\nfrom django.core.wsgi import get_wsgi_application\n"
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'shop.settings.production'\napplication = get_wsgi_application()\n",
        "shop/settings/__init__.py": "",
        "shop/settings/base.py": "import os\nSECRET_KEY = os.environ['SECRET_KEY']\n",
        "shop/settings/production.py": "from .base import *\n",
        "shop/settings/local.py": "import os\nfrom .base import *\nLOCAL = os.environ['LOCAL']\n",
    }
    fact = service_of(files).fact("needs")
    assert fact is not None
    assert fact.text == "SECRET_KEY (shop/settings/base.py:2)"


def test_many_are_counted_in_the_text_and_all_are_told_to_whoever_asks() -> None:
    reads = "".join(f"V{number} = os.environ['V{number}']\n" for number in range(9))
    whole = drawn({**PROCFILE, "app.py": f"import os\n{APP}{reads}"})
    fact = whole.services[0].fact("needs")
    assert fact is not None
    assert fact.text.endswith("V5 (:9) and 3 more")
    assert [one.text for one in fact.sources] == [f"V{number}" for number in range(9)]
    told = why(whole, "web.needs", Terminal(False))
    assert "V8" in told
    assert "decides" not in told
    assert "needs        V0 (app.py:4)" in render(whole, Terminal(False))


def test_what_desks_need_is_not_told() -> None:
    compose = "services:\n  web:\n    build: .\n    command: flask run --debug\n    volumes: ['.:/app']\n"
    files = {
        "compose.yml": compose,
        "Dockerfile": "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\n",
        "app.py": f"import os\n{APP}KEY = os.environ['KEY']\n",
    }
    assert service_of(files, Environment.DEVELOPMENT).fact("needs") is None


def test_only_what_overrules_something_is_said_to_decide() -> None:
    files = {
        **PROCFILE,
        "app.py": APP,
        "gunicorn.conf.py": "workers = 3\n",
        "requirements.txt": "gunicorn==23.0.0\nflask==3.1.3\n",
    }
    whole = drawn(files)
    assert "decides" in why(whole, "web.workers", Terminal(False))
    told = why(whole, "web.server", Terminal(False))
    assert "fixes its version" in told
    assert "decides" not in told


def test_the_steps_to_a_command_do_not_decide_against_one_another() -> None:
    files = {"Procfile": "web: ./start.sh\n", "start.sh": "#!/bin/sh\nexec gunicorn app:app\n", "app.py": APP}
    told = why(drawn(files), "web.command", Terminal(False))
    assert "start.sh" in told
    assert "decides" not in told


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("infra/main.tf", 'environment = [{ name = "KEY", value = "x" }]\n'),
        ("infra/stack.ts", "new Task({ environment: { KEY: queue.url } })\n"),
        ("infra/stack.py", "import aws_cdk\nenvironment = {'KEY': 'x'}\n"),
        ("flow.asl.json", '{"Environment": [{"Name": "KEY", "Value.$": "$.x"}]}\n'),
        ("deploy.sh", "gcloud run deploy shop --set-env-vars KEY=x\n"),
    ],
)
def test_what_infrastructure_that_is_not_read_may_set_is_not_called_needed(path: str, text: str) -> None:
    files = {
        **PROCFILE,
        "app.py": f"import os\n{APP}KEY = os.environ['KEY']\nOTHER = os.environ['OTHER']\n",
        path: text,
    }
    fact = service_of(files).fact("needs")
    assert fact is not None
    assert fact.text == "OTHER (app.py:5)"


MODEL = (
    "from pydantic import AliasChoices, Field, model_validator\nfrom pydantic_settings import BaseSettings\n"
    "class Config(BaseSettings):\n    MODE: str = 'prod'\n    A: str\n"
)
AFTER = "    @model_validator(mode='after')\n    def check(self):\n"
RAISES = "            raise ValueError('no')\n        return self\n"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (
            f"    D: str | None = None\n{AFTER}        if self.MODE == 'prod' and not self.D:\n{RAISES}",
            "perhaps D (:9)",
        ),
        (f"    D: str = ''\n{AFTER}        if self.D is None or not self.D:\n{RAISES}", "D (:9)"),
        (
            "    D: str = ''\n    @model_validator(mode='before')\n    @classmethod\n    def check(cls, values):\n"
            "        if not values.get('D'):\n            raise ValueError\n        return values\n",
            "D (:10)",
        ),
        # What the repository sets decides a test of another field.
        (
            f"    K: str = 'a'\n    D: str = ''\n{AFTER}        if self.K == 'b' and not self.D:\n{RAISES}",
            "perhaps D (:10)",
        ),
        (f"    D: str = ''\n{AFTER}        if self.A == 'x' and not self.D:\n{RAISES}", "perhaps D (:9)"),
        (
            f"    D: str = ''\n{AFTER}        if self.A:\n            return self\n        if not self.D:\n{RAISES}",
            "perhaps D (:11)",
        ),
        (
            f"    D: str = ''\n{AFTER}        if not self.D:\n            self.D = self.A\n"
            f"        if not self.D:\n{RAISES}",
            "perhaps D (:11)",
        ),
        (f"    D: str = 'd'\n{AFTER}        if not self.D:\n{RAISES}", ""),
        (f"    D: str = ''\n{AFTER}        if self.D:\n{RAISES}", ""),
        (f"    D: str = ''\n{AFTER}        if not self.D:\n            self.D = 'd'\n        return self\n", ""),
        (f"    D: str = ''\n    def check(self):\n        if not self.D:\n{RAISES}", ""),
        ("    E: str = Field(validation_alias=AliasChoices('E1', 'E2'))\n", "E1 or E2 (:6)"),
    ],
)
def test_a_field_that_a_validator_asks_for_is_needed_at_least_perhaps(fields: str, told: str) -> None:
    found = needs(f"from config import settings\n{APP}", config=f"{MODEL}{fields}settings = Config()\n")
    assert found == ", ".join(filter(None, ("A (config.py:5)", told)))


def test_a_read_whose_name_is_computed_says_nothing_against_others() -> None:
    app = f"import os\n{APP}KEY = os.environ['KEY']\n"
    assert needs(f"{app}MORE = [os.environ[name] for name in ('A', 'B')]\n") == "KEY (app.py:4)"
    assert needs(f"{app}for name in ('A', 'B'):\n    os.environ[name] = 'x'\n") is None


@pytest.mark.parametrize(("base", "is_told"), [("python:3.13-slim", True), ("shop/base:1", False), ("$BASE", False)])
def test_a_base_image_of_ones_own_may_set_what_code_needs(base: str, is_told: bool) -> None:
    image = f'ARG BASE\nFROM {base}\nWORKDIR /app\nCOPY . .\nCMD ["gunicorn", "app:app"]\n'
    compose = "services:\n  web:\n    build: .\n    restart: always\n"
    app = f"import os\n{APP}KEY = os.environ['KEY']\n"
    fact = service_of({"Dockerfile": image, "compose.prod.yml": compose, "app.py": app}).fact("needs")
    assert (fact is not None) is is_told


@pytest.mark.parametrize(
    ("mode", "test", "told"),
    [
        ("local", "self.MODE == 'prod' and not self.D", ""),
        ("prod", "self.MODE == 'prod' and not self.D", "D (:9)"),
        ("prod", "not self.D and self.MODE != 'local'", "D (:9)"),
        ("local", "self.MODE in ('prod', 'stage') and self.D is None", ""),
        ("stage", "self.MODE in ('prod', 'stage') and not self.D", "D (:9)"),
        ("local", "self.MODE.upper() == 'PROD' and not self.D", "perhaps D (:9)"),
        ("local", "self.MODE == 'prod' or not self.D", "D (:9)"),
    ],
)
def test_a_variable_that_the_repository_sets_decides_what_a_validator_asks_for(mode: str, test: str, told: str) -> None:
    files = {
        "compose.prod.yml": f"services:\n  web:\n    build: .\n    environment: {{MODE: {mode}, A: a}}\n",
        "Dockerfile": DOCKERFILE,
        "app.py": f"from config import settings\n{APP}",
        "config.py": f"{MODEL}    D: str = ''\n{AFTER}        if {test}:\n{RAISES}settings = Config()\n",
    }
    assert of(files, "web").get("needs", "").replace("config.py", "") == told
