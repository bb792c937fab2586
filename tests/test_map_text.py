"""The map as text: what is shared is told once, what is long by its beginning, and all fits on a screen."""

from __future__ import annotations

import re
from pathlib import Path

from map_command import MANIFEST, SHOP, WORKERS, WORKFLOW, drawn, text_of, write


def test_what_services_share_is_told_once(tmp_path: Path) -> None:
    files = {**SHOP, "compose.prod.yml": WORKERS}
    files["Dockerfile"] = SHOP["Dockerfile"].replace("ENV SHOP", "ENV PIP_NO_CACHE_DIR=1 PATH=/venv/bin:$PATH SHOP")
    text = text_of(write(tmp_path, files))
    assert "  mail: celery -A shop worker -Q mail (worker, Compose, profile jobs, compose.prod.yml:7)\n" in text
    assert text.count("\n    the same     image, python, variables, set outside as web\n") == 1
    assert text.count("\n    the same     server, app, image, python, variables, set outside as mail\n") == 1
    assert text.count("SHOP_MODE=live") == 1
    assert "    set outside  SHOP_KEY\n" in text
    assert "PATH" not in text
    assert "PIP_NO_CACHE_DIR" not in text
    [web, *_] = drawn(tmp_path)["projects"][0]["services"]
    assert {"PATH", "PIP_NO_CACHE_DIR"} <= {one["name"] for one in web["variables"]}


def test_steps_that_services_share_are_told_once_and_starts_are_one_line(tmp_path: Path) -> None:
    text = text_of(write(tmp_path, {**SHOP, "compose.prod.yml": WORKERS}))
    lines = text[text.index("release compose.prod.yml") :].splitlines()
    assert lines[1] == "   1. migrate    [web, mail, slow] flask db upgrade  (entrypoint.sh:3)"
    assert lines[2] == "   2. start      web, mail (if profile jobs), slow"


def test_a_release_that_only_starts_what_is_told_above_is_told_by_its_name(tmp_path: Path) -> None:
    write(tmp_path, {**SHOP, "entrypoint.sh": '#!/bin/sh\nexec "$@"\n'})
    assert [len(one["steps"]) for one in drawn(tmp_path)["releases"]] == [1]
    assert "\nrelease compose.prod.yml: only starts what is told above\n" in text_of(tmp_path)


def test_long_preparations_are_told_by_their_beginning(tmp_path: Path) -> None:
    entrypoint = (
        "#!/bin/sh\n" + "".join(f"mkdir /{name}\n" for name in "abcdefgh") + "flask db upgrade\n" + 'exec "$@"\n'
    )
    text = text_of(write(tmp_path, {**SHOP, "entrypoint.sh": entrypoint}))
    assert "   3. prepare    mkdir /c" in text
    assert "mkdir /d" not in text
    assert "… and 5 more of this kind" in text
    assert "   9. migrate    flask db upgrade" in text


def test_of_long_preparations_those_are_told_that_do_more_than_make_folders(tmp_path: Path) -> None:
    entrypoint = "#!/bin/sh\n" + "mkdir /a\n" * 4 + 'flask seed\nflask db upgrade\nexec "$@"\n'
    text = text_of(write(tmp_path, {**SHOP, "entrypoint.sh": entrypoint}))
    assert "mkdir" not in text
    told = [line.strip() for line in text[text.index("\nrelease compose.prod.yml") :].splitlines()[2:5]]
    assert told == [
        "… [web] 4 of this kind before (all of them: --output-format json)",
        "5. prepare    flask seed  (entrypoint.sh:6)",
        "6. migrate    flask db upgrade  (entrypoint.sh:7)",
    ]
    write(tmp_path, {"entrypoint.sh": '#!/bin/sh\nmkdir /a\nexec "$@"\n'})
    assert "release compose.prod.yml: only starts what is told above" in text_of(tmp_path)


def test_steps_are_told_at_their_places_among_those_that_are_left_out(tmp_path: Path) -> None:
    steps = ["mkdir a", "mkdir b", "flask one", "mkdir c", "flask two", "mkdir d", "mkdir e", "flask three"]
    more = [f"flask more{number}" for number in range(4)]
    entrypoint = "\n".join(["#!/bin/sh", *steps, *more, "flask db upgrade", 'exec "$@"', ""])
    text = text_of(write(tmp_path, {**SHOP, "entrypoint.sh": entrypoint}))
    told = [line.strip() for line in text[text.index("\nrelease compose.prod.yml") :].splitlines()[2:10]]
    assert [line.rpartition("  (entry")[0] or line for line in told] == [
        "… [web] 2 of this kind before",
        "3. prepare    flask one",
        # It takes as much room as to say that it is left out.
        "4. prepare    mkdir c",
        "5. prepare    flask two",
        "… and 2 more of this kind",
        "8. prepare    flask three",
        "… and 4 more of this kind (all of them: --output-format json)",
        "13. migrate    flask db upgrade",
    ]


def test_services_that_only_differ_by_their_file_are_one_with_all_places(tmp_path: Path) -> None:
    stages = {f"k8s/production/{name}/shop.yaml": MANIFEST for name in "abcdef"}
    text = text_of(write(tmp_path, stages))
    [heading] = re.findall(r"^  shop.*\n(?:      .*\n)*", text, re.MULTILINE)
    assert heading.count("shop.yaml:") == 4
    assert " and 2 more)" in heading
    assert text.count("replicas") == 1


def test_no_line_is_wider_than_the_terminal(tmp_path: Path) -> None:
    long = " ".join(f"--some-option-{number}=value" for number in range(40))
    files = {**SHOP, "compose.prod.yml": SHOP["compose.prod.yml"] + f"    command: gunicorn {long} shop.wsgi\n"}
    files[".github/workflows/deploy.yml"] = WORKFLOW.replace("flyctl deploy", f"flyctl deploy {long}")
    text = text_of(write(tmp_path, files))
    assert max(map(len, text.splitlines())) <= 120
    assert "--some-option-9=value" in text


def test_a_pipeline_is_told_with_what_sets_it_off_where_it_runs_and_what_it_asks_for(tmp_path: Path) -> None:
    workflow = """\
on: {push: {branches: [main], tags: ["v*"]}, workflow_dispatch: , schedule: [{cron: "0 3 * * *"}]}
jobs:
  deploy:
    if: ${{ github.repository == 'shop/shop' }}
    runs-on: self-hosted
    steps:
      - {run: docker compose up -d, if: github.actor != 'bot'}
      - {run: pytest, if: github.event_name == 'pull_request'}
"""
    write(tmp_path, {".github/workflows/deploy.yml": workflow})
    [release] = drawn(tmp_path)["releases"]
    assert release["triggers"] == ["push to main, push of tag v*", "by hand", "schedule 0 3 * * *"]
    assert [(step["condition"], step["own_condition"], step["on_host"]) for step in release["steps"]] == [
        ("${{ github.repository == 'shop/shop' }}", "github.actor != 'bot'", True)
    ]
    text = text_of(tmp_path)
    assert "on the machine that serves)" in " ".join(text.split())
    assert "[deploy, if github.repository == 'shop/shop'] [if github.actor != 'bot'] docker" in text


def test_what_is_not_decided_is_told_once_with_how_often(tmp_path: Path) -> None:
    playbooks = {f"ansible/playbook-{name}.yml": "- hosts: all\n  tasks: [{name: x, ping: }]\n" for name in "abcde"}
    write(tmp_path, {**playbooks, "Procfile": "web: gunicorn $APP\n", "requirements.txt": "gunicorn==23.0.0\n"})
    text = text_of(tmp_path)
    assert text.count("Ansible is not read") == 1
    assert " and 2 more)" in text
    assert text.count("$APP") == 2, "the heading and the app"
    assert len([one for one in drawn(tmp_path)["undecided"] if one["subject"] == "deployment"]) == 5


def test_what_a_loop_asks_first_is_asked_in_any_case(tmp_path: Path) -> None:
    entrypoint = '#!/bin/sh\nuntil pg_isready; do ./wait; done\nif flask db upgrade; then echo done; fi\nexec "$@"\n'
    [release] = drawn(write(tmp_path, {**SHOP, "entrypoint.sh": entrypoint}))["releases"]
    steps = {step["text"]: step["conditional"] for step in release["steps"]}
    assert (steps["pg_isready"], steps["./wait"], steps["flask db upgrade"]) == (False, True, False)


def test_variables_whose_values_come_from_outside_are_told_apart(tmp_path: Path) -> None:
    compose = SHOP["compose.prod.yml"] + (
        "    environment: {A_URL: 'https://${DOMAIN}/', B_KEY: , C_LEVEL: '${LEVEL:-}', D_HOST: shop}\n"
    )
    text = text_of(write(tmp_path, {**SHOP, "compose.prod.yml": compose}))
    assert "    variables    D_HOST=shop, SHOP_MODE=live\n" in text
    assert "    set outside  A_URL (" in text
    assert ", B_KEY, C_LEVEL ($LEVEL, else empty)\n" in text


def test_variables_that_differ_little_are_told_by_what_differs(tmp_path: Path) -> None:
    compose = """\
services:
  web:
    build: .
    restart: always
    environment: {A: a, B: b, C: c, D: d, E: e, F: f}
  mail:
    build: .
    restart: always
    command: celery -A shop worker
    environment: {A: a, B: b, C: c, D: d, E: e, G: g, H: h}
"""
    text = text_of(write(tmp_path, {**SHOP, "compose.prod.yml": compose}))
    assert "    variables    as web, without F, and G=g, H=h\n" in text


def test_sidecars_of_one_image_are_told_once(tmp_path: Path) -> None:
    sidecar = "        - {name: cache, image: 'redis:8'}\n"
    files = {
        f"k8s/production/{name}.yaml": MANIFEST.replace("name: shop", f"name: {name}") + sidecar
        for name in ("a", "b", "c")
    }
    text = text_of(write(tmp_path, files))
    assert text.count("a/cache      Redis 8, also as b/cache, c/cache") == 1


def test_options_that_one_reason_keeps_from_being_known_are_counted(tmp_path: Path) -> None:
    files = {**SHOP, "gunicorn.conf.py": "import os\n\nfor name in os.environ:\n    locals()[name] = 1\n"}
    text = text_of(write(tmp_path, files))
    assert re.search(r"    options      \d+ more \(\? ", text)
    assert max(map(len, text.splitlines())) <= 120
    assert len(text.splitlines()) < 30
