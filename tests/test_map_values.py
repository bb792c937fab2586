"""How `prodlint map` tells values that a variable decides, or only has a say in."""

from __future__ import annotations

from prodlint.deployment.environment import Environment
from prodlint.inspection import inspect
from prodlint.map.draw import draw
from prodlint.tree import MemoryTree


def told(files: dict[str, str]) -> dict[str, str]:
    """Everything that the map says of the only service of a project, by name."""
    whole = draw(inspect(MemoryTree(files), []).deployment, Environment.PRODUCTION)
    [service] = whole.services
    return {fact.name: fact.text for fact in (*service.facts, *service.settings, *service.variables)}


def test_what_a_variable_only_has_a_say_in_is_not_told_as_the_variable() -> None:
    compose = (
        "services:\n  web:\n    image: shop\n    restart: always\n    command: gunicorn --threads ${MANY:-1} app:app\n"
        "    environment:\n      DATABASE_URL: postgres://shop:${DB_PASSWORD:-s3cret}@${DB:-db}/shop\n"
        "      API_KEY: key-${KEY:-s3cret}\n"
    )
    values = told({"compose.prod.yml": compose})
    assert values["threads"] == "$MANY, else 1"
    assert values["worker_class"] == "sync, unless $MANY changes it"
    assert values["DATABASE_URL"] == "postgres://shop:$DB_PASSWORD@$DB/shop, else postgres://shop:***@db/shop"
    assert values["API_KEY"] == "***, unless $KEY changes it"


def test_workers_by_the_cpus_are_told_as_a_formula() -> None:
    conf = "import os\nfrom multiprocessing import cpu_count\nworkers = {}\n"
    files = {"Procfile": "web: gunicorn -c conf.py app:app\n", "app.py": ""}
    known = told({**files, "conf.py": conf.format("cpu_count() * 2 + 1")})
    assert known["workers"] == "CPUs × 2 + 1"
    driven = told({**files, "conf.py": conf.format("int(os.environ.get('WORKERS', cpu_count() * 2 + 1))")})
    assert driven["workers"] == "$WORKERS, else CPUs × 2 + 1"


def test_what_runs_beside_the_app_is_told() -> None:
    ini = "[uwsgi]\nmodule = app:app\nattach-daemon = ./send\nif-env = MAIL\nattach-daemon = ./mail\nendif =\n"
    values = told({"Procfile": "web: uwsgi --ini uwsgi.ini\n", "app.py": "", "uwsgi.ini": ini})
    assert values["daemons"] == "./send, perhaps ./mail"
    assert "daemons" not in told({"Procfile": "web: gunicorn app:app\n", "app.py": ""})


def test_a_published_port_is_no_variable_because_a_part_of_it_is() -> None:
    compose = (
        "services:\n  web:\n    image: shop\n    restart: always\n    command: gunicorn app:app\n"
        "    ports: ['80${NUMBER:-80}:8000']\n"
    )
    assert told({"compose.prod.yml": compose})["ports"] == "80$NUMBER (else 8080) → 8000"
