"""`prodlint map` as its users meet it: a small project in; the map, an answer to a question or a picture out."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from map_command import MANIFEST, SHOP, WORKERS, WORKFLOW, Done, drawn, facts, run, text_of, write


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write(tmp_path, SHOP)


def run_alone(folder: Path, *arguments: str) -> Done:
    """`prodlint map` in a folder, as a process of its own."""
    command = [sys.executable, "-m", "prodlint", "map", *arguments]
    done = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8", check=False
    )
    return Done(done.returncode, done.stdout, done.stderr)


def test_a_service_is_told_with_its_command_server_app_image_and_python(shop: Path) -> None:
    found = facts(drawn(shop))
    assert found["command"] == "gunicorn shop.wsgi"
    assert found["server"] == "gunicorn 23.0.0"
    assert found["app"] == "shop.wsgi → shop/wsgi.py:3, Flask, WSGI"
    assert found["image"] == "Dockerfile, stage runtime on python:3.13-slim"
    assert found["python"] == "3.13"


def test_the_other_side_is_shown_when_it_is_asked_for(shop: Path) -> None:
    production = drawn(shop)
    assert production["other_environments"] == {"development": 1}
    development = drawn(shop, "--environment", "development")
    assert facts(development)["command"] == "flask run --debug"
    assert development["releases"] == []


def test_a_release_is_a_list_of_steps_in_their_order(shop: Path) -> None:
    [release] = drawn(shop)["releases"]
    assert release["name"] == "compose.prod.yml"
    assert [(step["kind"], step["text"], step["owner"]) for step in release["steps"]] == [
        ("migrate", "flask db upgrade", "web"),
        ("start", "gunicorn shop.wsgi", "web"),
    ]


def test_the_jobs_of_a_release_come_in_the_order_that_their_needs_impose(tmp_path: Path) -> None:
    write(tmp_path, {".github/workflows/deploy.yml": WORKFLOW})
    [release] = drawn(tmp_path)["releases"]
    assert [(step["owner"], step["kind"]) for step in release["steps"]] == [
        ("lint", "test"),
        ("build", "build"),
        ("test", "test"),
        ("deploy", "migrate"),
        ("deploy", "deploy"),
    ]


def test_databases_and_proxies_run_beside_the_app(tmp_path: Path) -> None:
    compose = SHOP["compose.prod.yml"] + "  db:\n    image: postgres:18\n  cache:\n    image: redis\n"
    write(tmp_path, {**SHOP, "compose.prod.yml": compose})
    beside = {fact["name"]: fact["value"] for fact in drawn(tmp_path)["backing_services"]}
    assert beside == {"db": "PostgreSQL 18", "cache": "Redis"}


def test_a_compose_file_of_databases_alone_runs_beside_nobody_in_production(tmp_path: Path) -> None:
    files = {
        "Dockerfile": 'FROM python:3.13\nWORKDIR /app\nCOPY . .\nCMD ["gunicorn", "app:app"]\n',
        "docker-compose.yml": "services:\n  db:\n    image: postgres:18\n    ports: ['127.0.0.1:5432:5432']\n",
        "app.py": "from flask import Flask\napp = Flask(__name__)\n",
    }
    write(tmp_path, files)
    assert drawn(tmp_path)["backing_services"] == []


def test_a_file_of_variables_that_only_the_host_has_is_told(tmp_path: Path) -> None:
    compose = SHOP["compose.prod.yml"].replace("build: .", "build: .\n    env_file: .env.prod")
    write(tmp_path, {**SHOP, "compose.prod.yml": compose})
    assert any(
        line.split()
        == ["env", "from", ".env.prod,", "which", "is", "not", "in", "this", "repository", "(compose.prod.yml:4)"]
        for line in run(tmp_path).stdout.splitlines()
    )


def test_text_fits_on_a_screen_and_names_places(shop: Path) -> None:
    done = run(shop)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) < 40
    assert "  web: gunicorn shop.wsgi (web, Compose, compose.prod.yml:2)" in lines
    assert any("shop/wsgi.py:3" in line for line in lines)
    assert "SHOP_MODE=live" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("arguments", [(), ("--output-format", "json"), ("--why", "nothing")])
def test_a_process_of_its_own_tells_the_same(shop: Path, arguments: tuple[str, ...]) -> None:
    assert run_alone(shop, *arguments) == run(shop, *arguments)


def test_what_is_not_known_is_told_with_its_reason(tmp_path: Path) -> None:
    write(tmp_path, {"Procfile": "web: gunicorn $APP\n", "requirements.txt": "gunicorn==23.0.0\n"})
    document = drawn(tmp_path)
    doubts = {doubt["subject"]: doubt["reason"] for doubt in document["undecided"]}
    assert "APP" in doubts["web.app"]
    assert "python" in doubts["web.python"].lower()


def test_why_tells_which_lines_decided(shop: Path) -> None:
    done = run(shop, "--why", "web.command")
    assert done.returncode == 0, done.stderr
    assert re.search(r"runs entrypoint.sh\n +--> Dockerfile:6:\d+\n +6 \| ENTRYPOINT", done.stdout)
    assert "gunicorn shop.wsgi" in done.stdout


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("wbe.command", 'did you mean "web"'),
        ("web.comand", 'did you mean "command"'),
        ("nothing", "there is no service"),
    ],
)
def test_a_question_about_nothing_is_an_error_that_names_what_there_is(shop: Path, subject: str, said: str) -> None:
    done = run(shop, "--why", subject)
    assert done.returncode == 2
    assert said in done.stderr
    assert not done.stdout


def test_a_picture_holds_services_apps_images_and_releases(shop: Path) -> None:
    mermaid = run(shop, "--output-format", "mermaid").stdout
    assert mermaid.startswith("flowchart LR\n")
    assert 'n1["web: gunicorn shop.wsgi"]' in mermaid
    assert '|"brings"|' in mermaid
    dot = run(shop, "--output-format", "dot").stdout
    assert dot.startswith("digraph deployment {\n")
    assert dot.rstrip().endswith("}")
    assert 'label="web: gunicorn shop.wsgi"' in dot


def test_hostile_text_stays_inside_of_its_quotes(tmp_path: Path) -> None:
    write(tmp_path, {"Procfile": 'web: gunicorn "a\\"]; --> x" \x1b[31m<b>\n'})
    for form in ("text", "mermaid", "dot"):
        done = run(tmp_path, "--output-format", form)
        assert done.returncode == 0, done.stderr
        assert "\x1b" not in done.stdout
    dot = run(tmp_path, "--output-format", "dot").stdout
    for line in dot.splitlines():
        assert len(re.findall(r'(?<!\\)(?:\\\\)*"', line)) % 2 == 0


def test_an_empty_folder_has_an_empty_map(tmp_path: Path) -> None:
    assert run(tmp_path).stdout == "nothing runs in production as far as the files tell\n"
    assert drawn(tmp_path)["projects"] == []


def test_what_is_not_shown_is_told_with_the_option_that_shows_it(shop: Path) -> None:
    assert text_of(shop).endswith("\nNot shown: 1 development service (--environment development).\n")


def test_a_name_that_several_services_have_asks_for_a_fuller_one(tmp_path: Path) -> None:
    write(tmp_path, {f"k8s/production/{name}/shop.yaml": MANIFEST for name in ("api", "site")})
    done = run(tmp_path, "--why", "shop.replicas")
    assert (done.returncode, done.stdout) == (2, "")
    fuller = re.findall(r"shop@\S+", done.stderr)
    assert fuller == ["shop@k8s/production/api/shop.yaml", "shop@k8s/production/site/shop.yaml"]
    assert "k8s/production/site/shop.yaml:5" in text_of(tmp_path, "--why", f"{fuller[1]}.replicas")


def test_all_variables_and_all_options_can_be_asked_for(tmp_path: Path) -> None:
    told = text_of(write(tmp_path, {**SHOP, "compose.prod.yml": WORKERS}), "--why", "web.variables").splitlines()
    assert told[0] == "web.variables"
    assert "  SHOP_MODE    live  (Dockerfile:3)" in told
    assert text_of(tmp_path, "--why", "web.options").startswith("web.options")


def test_a_question_about_an_unknown_fact_lists_what_can_be_asked(shop: Path) -> None:
    done = run(shop, "--why", "web.zzzzzz")
    assert done.returncode == 2
    assert "\nfacts:\n  declared" in done.stderr
    assert "\nsettings of its server:\n" in done.stderr
    assert max(map(len, done.stderr.splitlines())) <= 80


def test_services_of_several_overlays_are_told_apart_by_their_overlay(tmp_path: Path) -> None:
    base = MANIFEST.replace("replicas: 3", "replicas: 1")
    overlay = "resources: [../../base]\nreplicas: [{name: shop, count: %d}]\n"
    files = {"k8s/base/shop.yaml": base, "k8s/base/kustomization.yaml": "resources: [shop.yaml]\n"}
    for name, count in (("production", 4), ("production-eu", 2)):
        files[f"k8s/overlays/{name}/kustomization.yaml"] = overlay % count
    text = text_of(write(tmp_path, files))
    assert "k8s/base/shop.yaml:11 of k8s/overlays/production)" in " ".join(text.split())
    done = run(tmp_path, "--why", "shop.replicas")
    assert done.returncode == 2
    assert "  shop@k8s/overlays/production-eu  shop@" in done.stderr
    assert text_of(tmp_path, "--why", "shop@k8s/overlays/production.replicas").startswith("shop.replicas: 4\n")
