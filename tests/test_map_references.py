"""The map calls services of one name by words that tell them apart, and that `--why` understands."""

from __future__ import annotations

import re

from maps import drawn

from prodlint.map.document import Map
from prodlint.map.text import render
from prodlint.map.why import why
from prodlint.report.terminal import Terminal

SUPERVISED = 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nENV X=%s\nCMD ["supervisord", "-c", "supervisord.conf"]\n'
TWO_IMAGES = {
    "a.Dockerfile": SUPERVISED % "a",
    "b.Dockerfile": SUPERVISED % "b",
    "app.py": "from flask import Flask\n\napp = Flask(__name__)\n",
    "jobs.py": "",
    "supervisord.conf": "[supervisord]\nnodaemon=true\n[program:web]\ncommand=gunicorn -w 2 app:app\n"
    "[program:jobs]\ncommand=python jobs.py\n",
}


def flat(whole: Map) -> str:
    return " ".join(render(whole, Terminal(False)).split())


def test_a_service_that_shares_its_name_and_place_is_referred_to_by_its_image() -> None:
    text = flat(drawn(TWO_IMAGES))
    assert "as web@a.Dockerfile" in text
    assert "as web (supervisord.conf" not in text


def test_places_that_tell_services_of_one_name_apart_stay_in_brackets() -> None:
    files = {name: text for name, text in TWO_IMAGES.items() if name != "b.Dockerfile"}
    files["a.Dockerfile"] = files["a.Dockerfile"].replace("supervisord.conf", "start.sh").replace("-c", "now")
    files["a.Dockerfile"] = files["a.Dockerfile"].replace('"supervisord", "now", "start.sh"', '"sh", "start.sh"')
    files["start.sh"] = "if [ $A ]; then exec supervisord -c supervisord.conf; fi\nexec supervisord -c other.conf\n"
    files["other.conf"] = files["supervisord.conf"]
    assert "as web (supervisord.conf:4)" in flat(drawn(files))


def test_the_command_that_shows_more_variables_works() -> None:
    many = ", ".join(f"VARIABLE_{number}=a-value-of-some-length" for number in range(40))
    service = f"services:\n  web:\n    build: .\n    environment: [{many}]\n"
    files = {
        "Dockerfile": 'FROM python:3.13-slim\nCOPY . .\nCMD ["gunicorn", "app:app"]\n',
        "app.py": "",
        "compose.prod.yml": service,
        "deploy/compose.prod.yml": service.replace("build: .", "build: ..").replace("=a-", "=b-"),
    }
    whole = drawn(files)
    subjects = re.findall(r"\(--why (\S+\.variables)\)", flat(whole))
    assert len(subjects) == 2
    told = [" ".join(why(whole, one, Terminal(False)).split()) for one in subjects]
    assert ["VARIABLE_39 a-value" in one for one in told] == [True, False]
    assert ["VARIABLE_39 b-value" in one for one in told] == [False, True]
