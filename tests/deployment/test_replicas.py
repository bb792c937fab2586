"""How many processes of a service run at once: copies by its platform, workers by its server."""

import pytest

from prodlint.deployment import Environment
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

APP = {"shop.py": "from flask import Flask\n\napp = Flask(__name__)\n", "requirements.txt": "flask\ngunicorn\n"}
IMAGE = {
    "Dockerfile": 'FROM python:3.13\nCOPY . .\nRUN pip install -r requirements.txt\nCMD ["gunicorn", "shop:app"]\n'
}


def several(files: dict[str, str]) -> Answer:
    services = inspect(MemoryTree({**APP, **files}), []).deployment.services
    (found,) = [one for one in services if one.environment is Environment.PRODUCTION]
    return found.has_several_processes


def compose(service: str) -> dict[str, str]:
    return {**IMAGE, "compose.prod.yml": f"services:\n  web:\n    build: .\n{service}"}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (compose("    restart: always\n"), NO),
        (compose("    scale: 2\n"), YES),
        (compose("    deploy: {replicas: 3}\n"), YES),
        (compose("    deploy: {replicas: '${COPIES:-3}'}\n"), UNKNOWN),
        (compose("    command: gunicorn -w 2 shop:app\n"), YES),
        (compose("    environment: {WEB_CONCURRENCY: 4}\n"), YES),
        # Whoever runs the image decides.
        (IMAGE, UNKNOWN),
        # The buildpack sets WEB_CONCURRENCY to two or more; a server of one process asks nobody.
        ({"Procfile": "web: gunicorn shop:app\n"}, YES),
        ({"Procfile": "web: uvicorn shop:app\n"}, YES),
        ({"Procfile": "web: gunicorn -w 1 shop:app\n"}, UNKNOWN),
        ({"Procfile": "web: waitress-serve shop:app\n"}, UNKNOWN),
        (
            {"Procfile": "web: waitress-serve shop:app\n", "app.json": '{"formation": {"web": {"quantity": 2}}}'},
            UNKNOWN,
        ),
        ({"render.yaml": "services:\n- {type: web, name: w, runtime: python, startCommand: daphne a:b}\n"}, UNKNOWN),
        (
            {
                "render.yaml": "services:\n- {type: web, name: w, runtime: python, startCommand: daphne a:b, "
                "scaling: {minInstances: 2, maxInstances: 4}}\n"
            },
            YES,
        ),
    ],
)
def test_processes_are_several_when_copies_or_workers_are(files: dict[str, str], expected: Answer) -> None:
    assert several(files) is expected
