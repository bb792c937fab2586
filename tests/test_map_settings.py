"""Maps of projects whose server, pages and settings hang on an object of settings that another module makes."""

from __future__ import annotations

import pytest
from maps import drawn, of

CONFIG = """from functools import lru_cache

from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    host: str = "0.0.0.0"
    port: int = 9000
    pages: bool = True
    per_core: int = 1
    level: str = "INFO"

    @property
    def processes(self) -> int:
        return max(2, self.per_core * 1)

    @property
    def docs(self) -> str | None:
        return "/pages" if self.pages else None


@lru_cache
def get_settings() -> Settings:
    return Settings()
"""
FOLDER = """def folder():
    if not os.path.exists("/run/secrets"):
        return None
    return "/run/secrets"


"""
SECRET = "import os\n" + CONFIG.replace("return Settings()", "return Settings(_secrets_dir=folder())").replace(
    "@lru_cache", f"{FOLDER}@lru_cache"
)
# An app of which nobody runs all that it imports.
LARGE = {f"shop/part{number}.py": "value = 1\n" * 3_000 for number in range(6)}
IMPORTS = "".join(f"from shop.part{number} import value as v{number}\n" for number in range(6))
APP = f"from fastapi import FastAPI\nfrom shop.config import get_settings\n{IMPORTS}\nsettings = get_settings()\n"
MADE = "app = FastAPI(docs_url=settings.docs)\n"
RUN = (
    'uvicorn.run("app:app", host=settings.host, port=settings.port, workers=settings.processes, '
    "log_level=settings.level.lower())\n"
)
MAIN = f"import uvicorn\nfrom shop.app import settings\n\n{RUN}"
DOCKERFILE = (
    "FROM python:3.13-slim\nWORKDIR /srv\nRUN pip install fastapi uvicorn pydantic-settings\nCOPY shop /srv/shop\n"
    'CMD ["python", "shop/main.py"]\n'
)
COMPOSE = "services:\n  web:\n    build: .\n    environment:\n      LEVEL: DEBUG\n"


def told(main: str = MAIN, app: str = APP + MADE, config: str = CONFIG, compose: str = COMPOSE) -> dict[str, str]:
    """What the map tells of a program in a package that starts its own server."""
    files = {
        "shop/__init__.py": "",
        "shop/main.py": main,
        "shop/app.py": app,
        "shop/config.py": config,
        "Dockerfile": DOCKERFILE,
        "compose.prod.yml": compose,
    }
    return of({**LARGE, **files}, "web")


def test_an_object_that_the_app_takes_from_a_function_of_its_settings_tells_where_the_server_listens() -> None:
    facts = told()
    assert (facts["bind"], facts["workers"]) == ("0.0.0.0:9000", "2")
    assert facts["log_level"] == "debug"


def test_variables_of_the_service_decide_what_such_an_object_holds() -> None:
    compose = COMPOSE + "      PORT: '81'\n      PER_CORE: '5'\n      HOST: '::1'\n"
    facts = told(compose=compose)
    assert (facts["bind"], facts["workers"]) == ("[::1]:81", "5")


@pytest.mark.parametrize(
    ("main", "app"),
    [
        (MAIN, APP.replace("settings = get", "made = get") + "settings = made\napp = FastAPI()\n"),
        (MAIN.replace("import settings", "import settings as settings"), APP + MADE),
        (MAIN.replace("shop.app import settings", "shop.names import *"), APP + MADE),
        (f"import uvicorn\nfrom shop.config import get_settings\n\nsettings = get_settings()\n{RUN}", APP + MADE),
        (f"import uvicorn\nfrom shop.config import Settings\n\nsettings = Settings()\n{RUN}", APP + MADE),
        (f"import uvicorn\nfrom shop import config\n\nsettings = config.get_settings()\n{RUN}", APP + MADE),
    ],
)
def test_the_way_of_an_object_to_the_program_is_followed(main: str, app: str) -> None:
    names = {"shop/names.py": "from shop.app import settings\n"}
    files = {"shop/__init__.py": "", "shop/main.py": main, "shop/app.py": app, "shop/config.py": CONFIG}
    own = {"Dockerfile": DOCKERFILE, "compose.prod.yml": COMPOSE}
    facts = of({**LARGE, **names, **files, **own}, "web")
    assert (facts["bind"], facts["workers"]) == ("0.0.0.0:9000", "2")


@pytest.mark.parametrize(
    "body",
    [
        "settings = get_settings()",
        "made = get_settings()\n    settings = made",
        "settings: Settings = get_settings()\n    print(settings.port)",
        "other = 1\n    settings = get_settings()\n    other.more = 2",
    ],
)
def test_a_variable_of_the_function_that_starts_the_server_holds_an_object(body: str) -> None:
    head = "import uvicorn\nfrom shop.config import Settings, get_settings\n"
    facts = told(f"{head}\n\ndef main():\n    {body}\n    {RUN}\n\nmain()\n")
    assert (facts["bind"], facts["workers"]) == ("0.0.0.0:9000", "2")


@pytest.mark.parametrize(
    "main",
    [
        f"def main():\n    import uvicorn\n    from shop.config import Settings as S\n    settings = S()\n    {RUN}\n",
        f"def main():\n    import uvicorn\n    from shop.app import settings\n    {RUN}\n",
        f"def main():\n    import uvicorn\n    from .app import settings as own\n    settings = own\n    {RUN}\n",
        f"if __name__ == '__main__':\n    import uvicorn\n    from shop.app import settings\n\n    {RUN}\n",
    ],
)
def test_what_a_function_imports_itself_is_followed(main: str) -> None:
    facts = told(f"{main}\nif __name__ == '__main__':\n    main()\n" if main.startswith("def") else main)
    assert (facts["bind"], facts["workers"]) == ("0.0.0.0:9000", "2")


def test_a_module_of_python_that_a_function_imports_reads_its_variables() -> None:
    run = "uvicorn.run('app:app', host=os.getenv('HOSTED', '::1'), port=int(os.environ['PORT']))"
    compose = COMPOSE + "      PORT: '82'\n"
    facts = told(f"def main():\n    import os, uvicorn\n\n    {run}\n\n\nmain()\n", compose=compose)
    assert facts["bind"] == "[::1]:82"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("from shop.app import settings\n    settings.port = 1", "settings may be changed here"),
        ("from shop.app import settings\n    change(settings)", "settings may be changed here"),
        ("from others import settings", "which is not of this repository"),
    ],
)
def test_what_a_function_imports_and_may_change_is_not_known(body: str, reason: str) -> None:
    facts = told(f"import uvicorn\n\n\ndef main():\n    {body}\n    {RUN}\n\nmain()\n")
    assert reason in facts["bind"]


@pytest.mark.parametrize(
    "body",
    [
        "settings = get_settings()\n    settings.port = 1",
        "settings = get_settings()\n    change(settings)",
        "settings = get_settings()\n    settings.change()",
        "settings = get_settings()\n    if change:\n        settings = change",
        "settings = change\n    get_settings()",
    ],
)
def test_an_object_that_the_function_may_change_is_not_known(body: str) -> None:
    head = "import uvicorn\nfrom others import change\nfrom shop.config import get_settings\n"
    facts = told(f"{head}\n\ndef main():\n    {body}\n    {RUN}\n\nmain()\n")
    assert "9000" not in facts["bind"]


@pytest.mark.parametrize(
    "app",
    [
        APP + MADE + "settings.port = 1\n",
        APP + MADE + "import others\nothers.change(settings)\n",
        APP + MADE + "settings.change()\n",
        APP + MADE + "if v1:\n    settings = Settings()\n",
        "import os\n\nos.environ['PORT'] = '1'\n" + APP + MADE,
        "from dotenv import load_dotenv\n\nload_dotenv(override=True)\n" + APP + MADE,
        APP.replace("get_settings()", "get_settings(v1)") + MADE,
    ],
)
def test_an_object_that_the_app_may_change_or_make_otherwise_is_not_known(app: str) -> None:
    bind = told(app=app)["bind"]
    assert "9000" not in bind
    assert "not of this repository" not in bind


def test_a_function_is_handed_on_without_being_changed() -> None:
    assert told(app=APP + MADE + "import others\nothers.depend(get_settings)\n")["bind"] == "0.0.0.0:9000"


def test_what_is_not_of_the_package_of_a_program_is_not_of_this_repository() -> None:
    main = MAIN.replace("shop.app", "shops.app")
    files = {"shop/__init__.py": "", "shop/main.py": main, "Dockerfile": DOCKERFILE, "compose.prod.yml": COMPOSE}
    assert "which is not of this repository" in of({**files, "other/shops/app.py": APP}, "web")["bind"]


def test_a_validator_of_the_class_keeps_its_field_unknown() -> None:
    config = CONFIG.replace("import BaseSettings", "import BaseSettings\nfrom pydantic import field_validator")
    check = '\n    @field_validator("port")\n    @classmethod\n    def other(cls, value):\n        return value + 1\n'
    facts = told(
        config=config.replace("\n    @property\n    def processes", check + "\n    @property\n    def processes")
    )
    assert (facts["bind"], facts["workers"]) == ("0.0.0.0:?", "2")
    assert "validator other may change it" in facts["port"]


# --- Pages and routes of FastAPI --------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", [CONFIG, SECRET])
@pytest.mark.parametrize(
    ("pages", "expected"),
    [("", "/openapi.json, /pages, /redoc"), ("      PAGES: 'no'\n", "/openapi.json, /redoc")],
)
def test_a_property_of_the_settings_tells_where_the_pages_are(config: str, pages: str, expected: str) -> None:
    assert told(config=config, compose=COMPOSE + pages)["routes"] == expected


def test_a_property_that_asks_what_nobody_knows_leaves_the_page_out() -> None:
    config = CONFIG.replace("if self.pages", "if open('pages').read()")
    assert "not read: /docs (docs_url is not known)" in told(config=config)["routes"]


@pytest.mark.parametrize(
    ("parameter", "pages", "route"),
    [
        ("", "", "/more, "),
        ("", "      PAGES: 'no'\n", ""),
        ("settings", "", "/more (perhaps), "),
        ("settings", "      PAGES: 'no'\n", "/more (perhaps), "),
    ],
)
def test_a_property_decides_what_is_registered_and_a_parameter_of_its_name_does_not(
    parameter: str, pages: str, route: str
) -> None:
    more = f"def more({parameter}):\n    if settings.docs:\n        app.add_api_route('/more', more)\n\n\nmore(*v1)\n"
    routes = told(app=f"{APP}{MADE}\n\n{more}", compose=COMPOSE + pages)["routes"]
    assert routes.startswith(f"{route}/openapi.json, ")


# --- Files of secrets -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [
        "",
        "    volumes: ['data:/srv/data', './static:/srv/static', '${CERTS:-/etc/certs}:/certs:ro', '/srv/cache']\n",
        "    volumes: [{type: volume, source: data, target: /srv/data}]\n    tmpfs: /tmp\n",
        "    secrets: []\n    configs: [{source: nginx, target: /etc/nginx.conf}]\n    volumes:\n",
        "    volumes: ['data:/run/secretsuite']\n",
    ],
)
def test_a_container_without_secrets_holds_no_value_in_a_file(more: str) -> None:
    facts = told(config=SECRET, compose=COMPOSE + more)
    assert (facts["bind"], facts["workers"]) == ("0.0.0.0:9000", "2")


@pytest.mark.parametrize(
    "more",
    [
        "    secrets: [port]\n",
        "    secrets: [{source: web_port, target: port}]\n",
        "    configs: [{source: port, target: /run/secrets/port}]\n",
        "    volumes: ['./secrets:/run/secrets:ro']\n",
        "    volumes: ['run:/run']\n",
        "    volumes: ['run:/var/run']\n",
        "    volumes: ['data:${DATA}']\n",
        "    volumes: ['/run/secrets']\n",
        "    volumes: [{type: bind, source: ./secrets, target: /run/secrets}]\n",
        "    tmpfs: [/run]\n",
        "    volumes_from: [db]\n",
        "    extends: {file: ../common.yml, service: base}\n",
    ],
)
def test_a_container_that_is_given_files_may_hold_a_value_in_one(more: str) -> None:
    facts = told(config=SECRET, compose=COMPOSE + more)
    assert "may come from a file of secrets" in facts["bind"]
    assert facts["log_level"] == "debug"


def test_nobody_knows_what_an_image_by_itself_is_given() -> None:
    files = {"shop/__init__.py": "", "shop/main.py": MAIN, "shop/app.py": APP + MADE, "shop/config.py": SECRET}
    [only] = drawn({**LARGE, **files, "Dockerfile": DOCKERFILE}).services
    [bind] = [fact.text for fact in only.facts if fact.name == "bind"]
    assert "may come from a file of secrets" in bind


@pytest.mark.parametrize(
    "folder", ["os.environ.get('FOLDER', open('y'))", "open('x').read()", "'secrets'", "['/run/a', open('x')]"]
)
def test_a_folder_of_secrets_that_is_not_known_may_hold_anything(folder: str) -> None:
    config = SECRET.replace("folder())", f"{folder})")
    assert "may come from a file of secrets" in told(config=config)["bind"]


def test_a_file_that_the_build_puts_among_the_secrets_may_hold_a_value() -> None:
    files = {"shop/__init__.py": "", "shop/main.py": MAIN, "shop/app.py": APP + MADE, "shop/config.py": SECRET}
    dockerfile = DOCKERFILE.replace("COPY shop", "COPY secrets /run/secrets\nCOPY shop")
    own = {"Dockerfile": dockerfile, "compose.prod.yml": COMPOSE, "secrets/port": "81"}
    assert "may come from a file of secrets" in of({**LARGE, **files, **own}, "web")["bind"]


# --- Classes of which no object is made -------------------------------------------------------------------------------

STORES = """from pydantic_settings import BaseSettings


class Postgres(BaseSettings):
    name: str = "shop"


class File:
    pass


class Settings(BaseSettings):
    engine: str = "file"
    port: int = 9000


def store(engine, folder):
    if engine == "postgres":
        return Postgres()
    return File()


def made(folder):
    settings = Settings()
    store(settings.engine or "file", folder)
    return settings


def get_settings():
    return made("data")
"""


def classes(stores: str = STORES, more: str = "", engine: str = "      ENGINE: file\n") -> str:
    head = "from fastapi import FastAPI\nfrom config import get_settings\n\n"
    app = f"{head}settings = get_settings()\napp = FastAPI()\n{more}"
    dockerfile = 'FROM python:3.13-slim\nWORKDIR /srv\nCOPY . .\nCMD ["uvicorn", "app:app"]\n'
    files = {"app.py": app, "config.py": stores, "Dockerfile": dockerfile, "compose.prod.yml": COMPOSE + engine}
    return of(files, "web")["settings"]


def test_a_class_is_not_told_that_is_made_under_a_condition_that_does_not_hold() -> None:
    assert classes() == "config.Settings (class in config.py:12)"


@pytest.mark.parametrize("engine", ["      ENGINE: postgres\n", "      ENGINE: ${KIND}\n"])
def test_a_class_is_told_whose_condition_holds_or_may_hold(engine: str) -> None:
    assert "config.Postgres" in classes(engine=engine)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('    return made("data")\n', '    store("postgres", 1)\n    return made("data")\n'),
        ('    return made("data")\n', '    made("data")\n    return Postgres()\n'),
        ("    port: int = 9000\n", "    port: int = 9000\n    more: Postgres | None = None\n"),
        ("class File:\n    pass\n", "class File(Postgres):\n    pass\n"),
        ("class File:\n    pass\n", "class File:\n    def make(self):\n        return store('postgres', 1)\n"),
        ("def store(", "def more():\n    from others import call\n\n    call(store)\n\n\ndef store("),
        ("def store(", "def more(one: Annotated[Postgres, Depends()]):\n    pass\n\n\ndef store("),
        ("def store(", "@others\ndef store("),
        ("def made(", "async def more(folder):\n    store('postgres', folder)\n\n\ndef made("),
        ("        return Postgres()\n    return File()\n", "        pass\n    return [Postgres() for _ in others]\n"),
        ("def get_settings", "for one in ():\n    store('postgres', 1)\n\n\ndef get_settings"),
    ],
)
def test_a_class_is_told_that_other_code_may_make(old: str, new: str) -> None:
    assert STORES.count(old) == 1
    assert "config.Postgres" in classes(STORES.replace(old, new))


def test_another_module_that_calls_the_function_may_make_the_class() -> None:
    more = "from config import store\n\n\ndef later(kind):\n    return store(kind, 1)\n\n\nkeep = later\n"
    assert "config.Postgres" in classes(more=more)


def test_a_class_whose_object_every_condition_leads_to_is_told() -> None:
    stores = STORES.replace(
        '    if engine == "postgres":\n        return Postgres()\n', "    if engine:\n        folder = 1\n"
    )
    assert "config.Postgres" in classes(stores.replace("return File()", "return Postgres()"))
