"""The environment of a service: who sets a variable, who wins, and whether more may be set elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.cli import main
from prodlint.deployment.model import Deployment
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, UNKNOWN, YES, EnvDriven, Known, Unknown, Value
from prodlint.deployment.variable import Variables
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

DOCKERFILE = 'FROM python:3.13-slim\nCMD ["gunicorn", "app:app"]\n'
SERVICE = "services:\n  web:\n    build: .\n    restart: always\n"


def deployment(files: Mapping[str, str]) -> Deployment:
    inspection = inspect(MemoryTree(files), ())
    assert inspection.crashes == ()
    return inspection.deployment


def service(files: Mapping[str, str], name: str = "web") -> Service:
    return next(one for one in deployment(files).services if one.name == name)


def variables(files: Mapping[str, str], name: str = "web") -> Variables:
    return service(files, name).variables


def compose(environment: str = "", dockerfile: str = DOCKERFILE, **files: str) -> Variables:
    """The variables of `web` in a compose file with these lines; `dotenv` is the `.env` beside it."""
    lines = "".join(f"    {line}\n" for line in environment.strip("\n").split("\n") if environment)
    held = {"compose.yml": SERVICE + lines, "Dockerfile": dockerfile}
    held.update({".env" if name == "dotenv" else name.replace("_", "."): text for name, text in files.items()})
    return variables(held)


def shown(value: Value[str] | None) -> object:
    """A value in short: the text, `$NAME`, `$NAME else text`, `?` or None."""
    if isinstance(value, Known):
        return value.value
    if isinstance(value, EnvDriven):
        return f"${value.name}" if value.default is None else f"${value.name} else {value.default}"
    return value if value is None else "?"


# --- compose -------------------------------------------------------------------------------------


def test_environment_wins_over_env_file_and_env_file_over_the_image() -> None:
    found = compose(
        "env_file: [a.env, b.env]\nenvironment:\n  X: environment",
        DOCKERFILE + "ENV X=image Y=image Z=image W=image\n",
        a_env="X=a\nY=a\nZ=a\n",
        b_env="Y=b\n",
    )
    assert {name: shown(found.get(name)) for name in "XYZW"} == {
        "X": "environment",
        "Y": "b",
        "Z": "a",
        "W": "image",
    }
    assert [(one.origin, shown(one.value)) for one in found.definitions("X")] == [
        ("ENV in Dockerfile", "image"),
        ("env_file a.env", "a"),
        ("environment of web in compose.yml", "environment"),
    ]
    assert [str(one.span) for one in found.definitions("Y")] == ["Dockerfile:3", "a.env:2", "b.env:1"]


def test_the_list_form_of_environment_is_read_alike() -> None:
    found = compose("environment:\n  - A=1\n  - B=x=y\n  - C=\n  - D")
    assert [shown(found.get(name)) for name in "ABCD"] == ["1", "x=y", "", "$D"]
    assert found.is_set("A") is YES
    assert found.is_set("D") is UNKNOWN


def test_a_later_file_of_the_set_lays_its_variables_over_an_earlier_one() -> None:
    files = {
        "compose.yml": SERVICE + "    env_file: a.env\n    environment: {A: base, B: base}\n",
        "compose.prod.yml": "services:\n  web:\n    env_file: [b.env]\n    environment: [B=prod]\n",
        "Dockerfile": DOCKERFILE,
        "deploy.sh": "docker compose -f compose.yml -f compose.prod.yml up -d\n",
        "a.env": "C=a\nD=a\n",
        "b.env": "D=b\n",
    }
    found = next(
        one.variables for one in deployment(files).services if one.variables.definitions("D")[-1].span.path == "b.env"
    )
    assert [shown(found.get(name)) for name in "ABCD"] == ["base", "prod", "a", "b"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("plain", "plain"),
        ("a$$b", "a$b"),
        ("${OUTSIDE:-x}", "$OUTSIDE else x"),
        ("${OUTSIDE-${OTHER:-y}}", "$OUTSIDE else y"),
        ("${OUTSIDE}", "?"),
        ("${OUTSIDE:?must be set}", "?"),
        ("http://$HOST:${PORT:-80}/", "$HOST else http://db.example:80/"),
        ("${HOST:-x}", "$HOST else db.example"),
        ("${EMPTY:-x}", "$EMPTY else x"),
        ("${EMPTY-x}", "$EMPTY else "),
        ("${LATER}", "$LATER else db.example/1"),
    ],
)
def test_interpolation_asks_the_shell_and_then_the_dotenv_beside_the_file(written: str, expected: str) -> None:
    found = compose(f"environment:\n  V: '{written}'", dotenv="HOST=db.example\nEMPTY=\nLATER=${HOST}/1\n")
    assert shown(found.get("V")) == expected
    assert found.is_set("V") is YES


def test_a_dotenv_reaches_commands_but_not_the_container_by_itself() -> None:
    held = {
        "compose.yml": SERVICE + "    command: gunicorn --bind 0.0.0.0:${PORT} app:app\n",
        "Dockerfile": DOCKERFILE,
        ".env": "PORT=8100\nSECRET=x\n",
    }
    found = service(held)
    assert found.step is not None
    assert "8100" in str(found.server.settings["bind"].value if found.server is not None else "")
    assert found.variables.get("SECRET") is None


def test_a_bare_name_is_handed_on_and_hides_what_env_file_says() -> None:
    found = compose("env_file: a.env\nenvironment:\n  A:\n  B:", a_env="A=file\nB=file\n", dotenv="B=dotenv\n")
    assert shown(found.get("A")) == "$A"
    assert shown(found.get("B")) == "$B else dotenv"
    assert found.lacks("A") is UNKNOWN


def test_a_bare_name_in_an_env_file_leaves_what_is_there() -> None:
    found = compose("env_file: a.env", DOCKERFILE + "ENV A=image\n", a_env="A\nB\n")
    assert shown(found.get("A")) == "$A else image"
    assert found.is_set("A") is YES
    assert shown(found.get("B")) == "$B"
    assert found.is_set("B") is UNKNOWN


def test_values_of_an_env_file_are_expanded_unless_it_is_raw() -> None:
    text = "A='$B'\nB=1\nC=$B-${D}\nE=\"x\" # c\n"
    found = compose("env_file: a.env\nenvironment: {D: d}", a_env=text)
    assert [shown(found.get(name)) for name in "ACE"] == ["$B", "$B else 1-d", "x"]
    raw = compose("env_file:\n  - path: a.env\n    format: raw", a_env=text)
    assert [shown(raw.get(name)) for name in "ACE"] == ["'$B'", "$B-${D}", '"x" # c']


def test_an_env_file_that_is_not_in_the_repository_leaves_the_environment_open() -> None:
    for entry in ("env_file: prod.env", "env_file:\n  - path: prod.env\n    required: false", "env_file: ${F}"):
        found = compose(entry)
        assert found.is_open is YES, entry
        assert found.lacks("SECRET_KEY") is UNKNOWN
        assert "takes variables from" in found.openings[0].note
        assert found.openings[0].span.path == "compose.yml"


def test_an_env_file_that_a_variable_names_is_a_guess() -> None:
    found = compose("env_file: ${ENV_FILE:-a.env}", a_env="A=1\n")
    assert shown(found.get("A")) == "$A else 1"
    assert found.is_open is YES
    assert found.is_set("A") is UNKNOWN


def test_a_compose_service_of_an_official_image_is_closed() -> None:
    found = compose("environment: {A: 1}")
    assert (found.is_open, found.lacks("SECRET_KEY"), found.lacks("A"), found.get("SECRET_KEY")) == (NO, YES, NO, None)
    assert found.lacks("PATH") is UNKNOWN
    assert found.lacks("PYTHON_VERSION") is UNKNOWN


def test_an_outside_image_may_set_more() -> None:
    found = compose("environment: {A: 1}", "FROM registry.example.com/base:1\nCMD gunicorn app:app\n")
    assert (found.is_open, found.lacks("SECRET_KEY")) == (UNKNOWN, UNKNOWN)


def test_what_compose_refuses_is_not_guessed_at() -> None:
    found = compose("env_file: a.env", a_env='A=1\nB="open\n')
    assert found.definitions("A") == ()
    assert found.lacks("A") is UNKNOWN
    assert "the quote is not closed" in found.openings[0].note


def test_build_arguments_reach_variables_of_the_image() -> None:
    dockerfile = "FROM python:3.13-slim\nARG MODE=prod\nARG KIND\nENV MODE=$MODE KIND=$KIND\nCMD gunicorn app:app\n"
    files = {
        "compose.yml": SERVICE.replace("build: .", "build:\n      context: .\n      args: {KIND: big}"),
        "Dockerfile": dockerfile,
    }
    found = variables(files)
    assert [shown(found.get(name)) for name in ("MODE", "KIND")] == ["prod", "big"]


def test_a_default_of_arg_holds_unless_the_build_is_given_another() -> None:
    dockerfile = "FROM python:3.13-slim\nARG MODE=prod\nENV MODE=$MODE PATH=/venv/bin:$PATH\nCMD gunicorn app:app\n"
    (image,) = [one.variables for one in deployment({"Dockerfile": dockerfile}).services]
    assert [shown(image.get(name)) for name in ("MODE", "PATH")] == ["$MODE else prod", "?"]
    assert image.is_set("MODE") is YES
    assert image.is_open is YES


def test_extends_brings_the_variables_of_its_base() -> None:
    files = {
        "compose.yml": "services:\n  web:\n    extends: {service: base, file: common/base.yml}\n    restart: always\n"
        "    environment: {A: top}\n  worker:\n    extends: web\n    command: celery -A app worker\n"
        "  loop:\n    extends: loop\n    image: python:3.13\n    command: python x.py\n",
        "common/base.yml": "services:\n  base:\n    build: ..\n    env_file: base.env\n"
        "    environment: {A: base, B: base}\n",
        "common/base.env": "C=file\n",
        "Dockerfile": DOCKERFILE,
    }
    for name in ("web", "worker"):
        found = variables(files, name)
        assert [shown(found.get(one)) for one in "ABC"] == ["top", "base", "file"], name
        assert found.lacks("D") is YES
    assert variables(files, "loop").lacks("D") is UNKNOWN


def test_what_extends_something_unknown_may_be_given_more() -> None:
    found = compose("extends: {service: base, file: ../other/compose.yml}\nenvironment: {A: 1}")
    assert shown(found.get("A")) == "1"
    assert found.lacks("B") is UNKNOWN


# --- other platforms -----------------------------------------------------------------------------


def test_heroku_sets_what_its_documentation_promises() -> None:
    found = variables({"Procfile": "web: gunicorn app:app\nworker: celery -A app worker\n"})
    assert shown(found.get("PORT")) == "$PORT"
    assert found.is_set("PORT") is YES
    assert [one.origin for one in found.definitions("PORT")] == ["set by Heroku"]
    assert shown(found.get("FORWARDED_ALLOW_IPS")) == "*"
    assert isinstance(found.get("WEB_CONCURRENCY"), Unknown)
    assert (found.is_open, found.lacks("SECRET_KEY")) == (YES, UNKNOWN)
    worker = variables({"Procfile": "web: gunicorn app:app\nworker: celery -A app worker\n"}, "worker")
    assert worker.is_set("PORT") is UNKNOWN
    assert worker.is_set("DYNO") is YES


def test_a_command_sets_variables_for_its_program() -> None:
    found = variables({"Procfile": "web: A=1 B=$A/${C:-c} DJANGO_SETTINGS_MODULE=shop.prod gunicorn app:app\n"})
    assert shown(found.get("DJANGO_SETTINGS_MODULE")) == "shop.prod"
    assert [one.origin for one in found.definitions("A")] == ["the command in Procfile"]


def test_an_export_in_an_entrypoint_wins_and_a_conditional_one_is_unknown() -> None:
    files = {
        "compose.yml": SERVICE + "    environment: {A: environment, B: environment, C: environment}\n",
        "Dockerfile": "FROM python:3.13-slim\nCOPY . /app\nWORKDIR /app\n"
        'ENTRYPOINT ["./entrypoint.sh"]\nCMD ["gunicorn", "app:app"]\n',
        "entrypoint.sh": "#!/bin/sh\nexport A=script\n"
        'if [ -f /x ]; then\n  export B=script\nfi\n[ -f /y ] && export C=script\nexec "$@"\n',
    }
    found = variables(files)
    assert [shown(found.get(name)) for name in "ABC"] == ["script", "?", "?"]
    assert [one.origin for one in found.definitions("A")] == [
        "environment of web in compose.yml",
        "the command in entrypoint.sh",
    ]


def test_a_keeper_of_secrets_in_front_of_the_command_opens_a_closed_environment() -> None:
    files = {
        "compose.yml": SERVICE + "    command: doppler run -- gunicorn app:app\n",
        "Dockerfile": "FROM python:3.13-slim\n",
    }
    found = variables(files)
    assert (found.is_open, found.lacks("SECRET_KEY")) == (YES, UNKNOWN)


def test_render_keeps_secrets_and_its_dashboard_may_set_more() -> None:
    found = variables(
        {
            "render.yaml": "services:\n  - type: web\n    name: web\n    runtime: python\n"
            "    startCommand: gunicorn app:app\n    envVars:\n      - {key: A, value: x}\n"
            "      - {key: SECRET_KEY, generateValue: true}\n      - {key: PORT, value: '8000'}\n"
        }
    )
    assert [shown(found.get(name)) for name in ("A", "SECRET_KEY", "RENDER", "PORT")] == ["x", "?", "true", "8000"]
    assert [one.origin for one in found.definitions("PORT")] == ["set by Render", "envVars of web in render.yaml"]
    assert found.is_set("SECRET_KEY") is YES
    assert found.lacks("B") is UNKNOWN


KUBERNETES = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      enableServiceLinks: LINKS
      containers:
        - name: web
          image: python:3.13-slim
          command: [gunicorn, app:app]
          envFrom:
            - configMapRef: {name: settings}
          env:
            - {name: B, value: env}
            - {name: URL, value: "http://$(B)/$(C)/$(NOT)"}
            - name: SECRET_KEY
              valueFrom: {secretKeyRef: {name: keys, key: secret}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {A: map, B: map, C: map}
"""


def test_kubernetes_lays_env_over_env_from() -> None:
    found = variables({"k8s/web.yaml": KUBERNETES.replace("LINKS", "false")})
    assert [shown(found.get(name)) for name in ("A", "B", "URL")] == ["map", "env", "http://env/map/$(NOT)"]
    assert [str(one.span) for one in found.definitions("B")] == ["k8s/web.yaml:25", "k8s/web.yaml:17"]
    assert found.is_set("SECRET_KEY") is YES
    assert found.is_secret("SECRET_KEY")
    assert found.lacks("D") is YES


def test_kubernetes_may_set_a_variable_for_a_service_beside_the_pod() -> None:
    for links, expected in (("false", YES), ("true", UNKNOWN)):
        found = variables({"k8s/web.yaml": KUBERNETES.replace("LINKS", links)})
        assert found.lacks("REDIS_PORT") is expected
        assert found.lacks("REDIS_URL") is YES


def test_systemd_lays_its_files_over_its_environment() -> None:
    unit = "[Service]\nWorkingDirectory=/srv/shop\nEnvironmentFile=/srv/shop/shop.env\nEnvironment=A=unit B=unit\n"
    unit += "ExecStart=/srv/shop/venv/bin/gunicorn app:app\n"
    found = variables({"shop.service": unit, "shop.env": "A=file # c\n", "app.py": ""}, "shop")
    assert [shown(found.get(name)) for name in "AB"] == ["file # c", "unit"]
    assert [one.origin for one in found.definitions("A")] == ["Environment in shop.service", "EnvironmentFile shop.env"]


# --- property: merging equals the documented precedence -------------------------------------------

_names = st.sampled_from("ABCDE")
_texts = st.text("xyz", min_size=1, max_size=3)
_layers = st.dictionaries(_names, _texts, max_size=4)


@settings(deadline=None, max_examples=60)
@given(
    image=_layers,
    files=st.lists(_layers, max_size=3),
    base=st.dictionaries(_names, st.none() | _texts, max_size=3),
    top=st.dictionaries(_names, st.none() | _texts, max_size=3),
    dotenv=_layers,
)
def test_merging_is_the_documented_precedence(
    image: dict[str, str],
    files: list[dict[str, str]],
    base: dict[str, str | None],
    top: dict[str, str | None],
    dotenv: dict[str, str],
) -> None:
    held = {
        "Dockerfile": DOCKERFILE + "".join(f"ENV {name}=i{value}\n" for name, value in image.items()),
        "compose.yml": SERVICE + _entries(len(files), base, "b"),
        "compose.prod.yml": "services:\n  web:\n" + _entries(0, {**top, "TOP": "x"}, "t"),
        "deploy.sh": "docker compose -f compose.yml -f compose.prod.yml up -d\n",
        ".env": "".join(f"{name}=d{value}\n" for name, value in dotenv.items()),
    }
    held.update(
        {f"{index}.env": "".join(f"{n}={index}{v}\n" for n, v in one.items()) for index, one in enumerate(files)}
    )
    expected: dict[str, object] = {name: f"i{value}" for name, value in image.items()}
    for index, one in enumerate(files):
        expected.update({name: f"{index}{value}" for name, value in one.items()})
    for prefix, layer in (("b", base), ("t", top)):
        for name, text in layer.items():
            passed = f"${name} else d{dotenv[name]}" if name in dotenv else f"${name}"
            expected[name] = passed if text is None else f"{prefix}{text}"
    expected["TOP"] = "tx"
    (merged,) = [one.variables for one in deployment(held).services if "TOP" in one.variables.names]
    assert {name: shown(merged.get(name)) for name in merged.names} == expected
    assert {name for name in "ABCDE" if merged.lacks(name) is YES} == set("ABCDE") - set(expected)


def _entries(files: int, layer: Mapping[str, str | None], prefix: str) -> str:
    lines = "".join(f"      - {index}.env\n" for index in range(files))
    text = f"    env_file:\n{lines}" if files else ""
    items = "".join(f"      {n}:{'' if v is None else f' {prefix}{v}'}\n" for n, v in layer.items())
    return text + (f"    environment:\n{items}" if layer else "")


def test_the_map_shows_no_secret_and_tells_which_lines_decide(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = {
        "compose.yml": SERVICE + "    env_file: a.env\n    environment:\n"
        "      SECRET_KEY: hunter2\n      DATABASE_URL: postgres://u:hunter2@db/x\n      MODE: top\n",
        "Dockerfile": DOCKERFILE,
        "a.env": "MODE=file\nSECRET_KEY=hunter2\n",
    }
    for path, text in held.items():
        (tmp_path / path).write_text(text, encoding="utf-8")
    printed = {}
    for name in ("MODE", "SECRET_KEY", "DATABASE_URL", ""):
        with pytest.raises(SystemExit):
            main(["map", str(tmp_path), *(["--why", f"web.{name}"] if name else ["--output-format", "json"])])
        printed[name] = capsys.readouterr().out
        assert "hunter2" not in printed[name]
    assert "file  env_file a.env" in printed["MODE"]
    assert "top  environment of web in compose.yml" in printed["MODE"]
    assert "***  env_file a.env" in printed["SECRET_KEY"]
    assert "postgres://u:***@db/x" in printed[""]
