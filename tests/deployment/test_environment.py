"""Production, development, test or unknown: what names, references, neighbours and contents decide."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.deployment.environment import Environment, environment_of
from prodlint.inspection import Policy, inspect
from prodlint.tree import MemoryTree

PRODUCTION = Environment.PRODUCTION
DEVELOPMENT = Environment.DEVELOPMENT
TEST = Environment.TEST
UNKNOWN = Environment.UNKNOWN

DOCKERFILE = 'FROM python:3.13\nWORKDIR /app\nCOPY . .\nCMD ["gunicorn", "app:app"]\n'
COMPOSE = "services:\n  web:\n    build: .\n    command: gunicorn app:app\n"
WORDS = {
    PRODUCTION: "prod production live staging stage deploy release preprod",
    DEVELOPMENT: "dev develop development local localhost devcontainer debug example examples sample demo docs",
    TEST: "test tests testing ci e2e pytest loadtest",
}
WORD = {word: environment for environment, words in WORDS.items() for word in words.split()}


def environments(files: dict[str, str], policy: Policy | None = None) -> dict[str, Environment]:
    """The environment of each service, by its name and the file that declares it."""
    services = inspect(MemoryTree(files), [], policy).deployment.services
    return {f"{one.name} {one.process.path}": one.environment for one in services}


@given(st.sampled_from(sorted(WORD)), st.sampled_from("._-/"), st.sampled_from(["compose", "web", "app2", "x"]))
@settings(deadline=None, max_examples=200)
def test_a_whole_word_of_a_name_decides(word: str, separator: str, other: str) -> None:
    for name in (f"{other}{separator}{word}", f"{word}{separator}{other}", word, word.upper()):
        assert environment_of(name) is WORD[word]
    assert environment_of(f"{other}{word}x") is None


@given(st.lists(st.sampled_from(sorted(WORD)), min_size=1, max_size=4))
@settings(deadline=None, max_examples=100)
def test_development_beats_test_and_test_beats_production(words: list[str]) -> None:
    found = {WORD[word] for word in words}
    strongest = next(one for one in (DEVELOPMENT, TEST, PRODUCTION) if one in found)
    assert environment_of("/".join(words)) is strongest


@pytest.mark.parametrize("name", ["docker-compose.live-reload.yml", "compose/hot_reload.yml", "livereload/web.yml"])
def test_what_reloads_code_is_for_developers(name: str) -> None:
    assert environment_of(name) is DEVELOPMENT


@pytest.mark.parametrize("name", ["live/reload.sh", "deploy/reload-nginx.sh", "prod/livereloader.yml"])
def test_reloading_by_itself_is_not(name: str) -> None:
    assert environment_of(name) is PRODUCTION


@pytest.mark.parametrize("name", ["", "Dockerfile", "products/api", "developers", "latest", "protest.yml", "contest/x"])
def test_a_part_of_a_word_says_nothing(name: str) -> None:
    assert environment_of(name) is None


@pytest.mark.parametrize(
    ("path", "environment"),
    [
        ("Procfile", PRODUCTION),
        ("backend/Procfile", PRODUCTION),
        ("Procfile.dev", DEVELOPMENT),
        ("Procfile.windows", DEVELOPMENT),
        ("Procfile.test", TEST),
        ("examples/heroku/Procfile", DEVELOPMENT),
        ("tests/site/Procfile", TEST),
        ("docs/Procfile", DEVELOPMENT),
    ],
)
def test_a_procfile_is_for_production_unless_its_name_or_folder_says_otherwise(
    path: str, environment: Environment
) -> None:
    assert environments({path: "web: gunicorn app:app\n"}) == {f"web {path}": environment}


@pytest.mark.parametrize(
    ("line", "environment"),
    [
        ("css: npx tailwindcss --watch", DEVELOPMENT),
        ("db: docker compose up db", DEVELOPMENT),
        ("assets: npm run watch", DEVELOPMENT),
        ("scss: make watch-scss", DEVELOPMENT),
        ("css: sass --watch site.scss", DEVELOPMENT),
        ("watcher: python manage.py watch_mail", PRODUCTION),
        ("worker: celery -A shop worker", PRODUCTION),
        ("assets: npm run watch\nrelease: python manage.py migrate", PRODUCTION),
    ],
)
def test_a_procfile_that_starts_a_developers_tools_is_for_development(line: str, environment: Environment) -> None:
    assert environments({"Procfile": f"web: gunicorn app:app\n{line}\n"})["web Procfile"] is environment


@pytest.mark.parametrize(
    ("path", "environment"),
    [
        ("Dockerfile", PRODUCTION),
        ("backend/Dockerfile", PRODUCTION),
        ("dockerfile.prod", PRODUCTION),
        ("Dockerfile_prod", PRODUCTION),
        ("shop.Containerfile", PRODUCTION),
        ("Dockerfile.dev", DEVELOPMENT),
        ("dev.Dockerfile", DEVELOPMENT),
        ("docker/local/Dockerfile", DEVELOPMENT),
        ("docker/production/Dockerfile", PRODUCTION),
        (".devcontainer/Dockerfile", DEVELOPMENT),
        ("tests/Dockerfile", TEST),
        ("Dockerfile.ci", TEST),
    ],
)
def test_the_only_image_is_for_production_unless_its_path_says_otherwise(path: str, environment: Environment) -> None:
    found = environments({path: DOCKERFILE, "app.py": "", "backend/app.py": ""})
    assert set(found.values()) == {environment}


@pytest.mark.parametrize(
    ("stage", "environment"),
    [("development", DEVELOPMENT), ("test", TEST), ("runtime", PRODUCTION), ("prod", PRODUCTION)],
)
def test_the_name_of_the_last_stage_decides_for_the_only_image(stage: str, environment: Environment) -> None:
    dockerfile = DOCKERFILE.replace("FROM python:3.13", f"FROM python:3.13 AS {stage}")
    assert environments({"Dockerfile": dockerfile}) == {"Dockerfile Dockerfile": environment}


@pytest.mark.parametrize(
    ("path", "environment"),
    [
        ("compose.prod.yml", PRODUCTION),
        ("docker-compose.production.yaml", PRODUCTION),
        ("docker-compose-prod.yml", PRODUCTION),
        ("production.yml", PRODUCTION),
        ("compose.staging.yml", PRODUCTION),
        ("deploy/compose.yml", PRODUCTION),
        ("docker-compose.dev.yml", DEVELOPMENT),
        ("docker-compose.override.yml", DEVELOPMENT),
        ("local.yml", DEVELOPMENT),
        ("examples/compose.yml", DEVELOPMENT),
        ("examples/production/compose.yml", DEVELOPMENT),
        ("docker-compose.test.yml", TEST),
        ("tests/compose.yml", TEST),
    ],
)
def test_the_name_of_a_compose_file_decides(path: str, environment: Environment) -> None:
    found = environments({path: COMPOSE})
    assert found == {f"web {path}": environment}


@pytest.mark.parametrize(
    ("service", "environment"),
    [
        pytest.param("    command: gunicorn app:app\n", PRODUCTION, id="an application server"),
        pytest.param("    command: uvicorn app:app\n", PRODUCTION, id="an ASGI server without reloading"),
        pytest.param("    command: ./start\n    restart: always\n", PRODUCTION, id="it is started again"),
        pytest.param("    command: ./start\n  proxy:\n    image: nginx:1.29\n", PRODUCTION, id="a proxy before it"),
        pytest.param("    command: flask run\n", DEVELOPMENT, id="a development server"),
        pytest.param("    command: python manage.py runserver\n", DEVELOPMENT, id="Django's development server"),
        pytest.param("    command: uvicorn app:app --reload\n", DEVELOPMENT, id="it reloads"),
        pytest.param(
            "    command: uvicorn app:app --reload\n    restart: always\n    volumes: ['data:/data']\n",
            PRODUCTION,
            id="it reloads files that nobody can change",
        ),
        pytest.param(
            "    command: uvicorn app:app --reload\n    restart: always\n    volumes: ['${CODE}:/app/shop']\n",
            DEVELOPMENT,
            id="it reloads what lies over a folder of its code",
        ),
        pytest.param(
            "    command: uvicorn app:app --reload\n    restart: always\n    volumes: ['/srv:/']\n",
            DEVELOPMENT,
            id="it reloads what lies over everything",
        ),
        pytest.param(
            "    command: uvicorn app:app --reload\n    restart: always\n"
            "    develop: {watch: [{action: sync, path: ., target: /app}]}\n",
            DEVELOPMENT,
            id="it reloads what compose brings in",
        ),
        pytest.param(
            "    command: gunicorn app:app\n    restart: always\n    volumes: ['.:/app']\n",
            DEVELOPMENT,
            id="mounted code",
        ),
        pytest.param("    command: ./start\n", UNKNOWN, id="nothing that tells"),
        pytest.param("    command: ./start\n    restart: 'no'\n", UNKNOWN, id="it is not started again"),
    ],
)
def test_what_a_lone_compose_file_does_decides(service: str, environment: Environment) -> None:
    files = {
        "docker-compose.yml": f"services:\n  web:\n    build: .\n{service}",
        "Dockerfile": "FROM python:3.13\nWORKDIR /app\n",
        "app.py": "",
    }
    assert environments(files)["web docker-compose.yml"] is environment


@pytest.mark.parametrize(("stage", "environment"), [("development", DEVELOPMENT), ("runtime", PRODUCTION)])
def test_a_stage_for_developers_counts_more_than_a_proxy_before_a_server_that_restarts(
    stage: str, environment: Environment
) -> None:
    web = f"  web:\n    build: {{context: ., target: {stage}}}\n    command: gunicorn app:app\n    restart: always\n"
    files = {
        "docker-compose.yml": f"services:\n{web}  proxy:\n    image: nginx:1.29\n",
        "Dockerfile": "FROM python:3.13 AS runtime\nWORKDIR /app\nFROM runtime AS development\n",
        "app.py": "",
    }
    assert environments(files)["web docker-compose.yml"] is environment


@pytest.mark.parametrize(
    "beside",
    [
        {"Procfile": "web: gunicorn app:app\n"},
        {"compose.prod.yml": COMPOSE},
        {"fly.toml": '[processes]\nweb = "gunicorn app:app"\n'},
        {"render.yaml": "services:\n- {type: web, name: shop, runtime: python, startCommand: gunicorn app:app}\n"},
        {".github/workflows/d.yml": "on: push\njobs:\n  ship:\n    steps:\n    - run: kubectl apply -f k8s\n"},
    ],
    ids=["Procfile", "compose.prod.yml", "fly.toml", "render.yaml", "workflow"],
)
def test_a_plain_compose_file_beside_production_is_for_development(beside: dict[str, str]) -> None:
    found = environments({"docker-compose.yml": COMPOSE, "Dockerfile": "FROM x\n", **beside})
    assert found["web docker-compose.yml"] is DEVELOPMENT


@pytest.mark.parametrize(
    ("script", "environment"),
    [
        ("docker compose up -d", PRODUCTION),
        ("docker-compose -f docker-compose.yml up -d --build", PRODUCTION),
        ("docker compose -f compose/shop.yml up -d", DEVELOPMENT),
    ],
)
def test_the_compose_file_that_a_deploy_script_starts_is_for_production(script: str, environment: Environment) -> None:
    files = {
        "deploy.sh": f"#!/bin/sh\ngit pull\n{script}\n",
        "docker-compose.yml": COMPOSE,
        "compose/shop.yml": COMPOSE,
        "Dockerfile": "FROM x\n",
    }
    assert environments(files)["web docker-compose.yml"] is environment


def test_a_compose_file_that_comes_up_for_tests_is_not_deployed() -> None:
    workflow = "on: push\njobs:\n  test:\n    steps:\n    - run: docker compose up -d\n    - run: pytest\n"
    files = {
        ".github/workflows/ci.yml": workflow,
        "docker-compose.yml": "services:\n  web:\n    build: .\n    command: flask run\n",
        "Dockerfile": "FROM x\n",
    }
    assert environments(files)["web docker-compose.yml"] is DEVELOPMENT


def test_a_profile_for_development_is_not_production() -> None:
    text = (
        f"{COMPOSE}  shell:\n    build: .\n    command: flask run\n    profiles: [dev]\n"
        "  jobs:\n    build: .\n    command: celery -A x worker\n    profiles: [jobs]\n"
    )
    found = environments({"compose.prod.yml": text, "Dockerfile": "FROM x\n"})
    assert found["web compose.prod.yml"] is PRODUCTION
    assert found["shell compose.prod.yml"] is DEVELOPMENT


def test_the_image_that_production_overrides_is_judged_by_what_replaces_its_command() -> None:
    files = {"Dockerfile": DOCKERFILE.replace("gunicorn", "uvicorn"), "compose.prod.yml": COMPOSE, "app.py": ""}
    assert environments(files) == {"web compose.prod.yml": PRODUCTION}


def test_the_command_of_an_image_that_only_development_replaces_is_production() -> None:
    development = COMPOSE.replace("gunicorn app:app", "flask run")
    found = environments({"Dockerfile": DOCKERFILE, "docker-compose.yml": development, "app.py": ""})
    assert found == {"web docker-compose.yml": DEVELOPMENT, "Dockerfile Dockerfile": PRODUCTION}


def test_several_images_of_one_folder_are_unknown() -> None:
    found = environments({"Dockerfile": DOCKERFILE, "Dockerfile.worker": DOCKERFILE, "app.py": ""})
    assert set(found.values()) == {UNKNOWN}


def test_images_of_different_folders_are_production() -> None:
    found = environments({"api/Dockerfile": DOCKERFILE, "web/Dockerfile": DOCKERFILE})
    assert found == {"api api/Dockerfile": PRODUCTION, "web web/Dockerfile": PRODUCTION}


@pytest.mark.parametrize("said", [PRODUCTION, DEVELOPMENT, TEST])
def test_the_settings_have_the_last_word(said: Environment) -> None:
    policy = Policy(environment_of=lambda path: said if path != "app.py" else None)
    files = {
        "Procfile.dev": "web: flask run\n",
        "docker-compose.test.yml": COMPOSE,
        "compose.prod.yml": COMPOSE.replace("web", "shop"),
        "Dockerfile": "FROM python:3.13\nCMD flask run\n",
    }
    found = environments(files, policy)
    assert set(found.values()) == {said}


def test_an_image_that_only_developers_run_by_its_name_is_not_certainly_production() -> None:
    image = 'FROM quay.io/keycloak/keycloak:26\nCOPY start.sh /start.sh\nENTRYPOINT ["/start.sh"]\n'
    compose = (
        "services:\n  keycloak:\n    image: shop-keycloak\n    command: start-dev\n    entrypoint: [/start.sh]\n"
        "  web:\n    build: ..\n    command: flask run --debug\n"
    )
    files = {"keycloak/Dockerfile.keycloak": image, "keycloak/start.sh": "", "Dockerfile": DOCKERFILE, "app.py": ""}
    lone = "keycloak keycloak/Dockerfile.keycloak"
    assert environments(files)[lone] is PRODUCTION
    assert environments({**files, "keycloak/docker-compose.dev.yml": compose})[lone] is UNKNOWN
    other = compose.replace("shop-keycloak", "shop-mailer")
    assert environments({**files, "keycloak/docker-compose.dev.yml": other})[lone] is PRODUCTION
    # A pipeline that builds it does so for somebody.
    push = (
        "on: push\njobs:\n  image:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - run: docker build -f keycloak/Dockerfile.keycloak -t shop-keycloak keycloak\n"
        "      - run: docker push shop-keycloak\n"
    )
    built = {**files, "keycloak/docker-compose.dev.yml": compose, ".github/workflows/image.yml": push}
    assert PRODUCTION in {value for name, value in environments(built).items() if name.startswith("keycloak")}
