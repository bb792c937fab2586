"""What a server is told to serve, written in any way at all."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.engine import built_in_rules
from prodlint.testing import check_project

ASKING = ("app-target-not-found", "app-factory-not-called", "factory-flag-missing", "uwsgi-starts-without-app")
RULES = [rule for rule in built_in_rules() if rule.name in ASKING]
APP = """
from flask import Flask

app = Flask(__name__)


def create_app(name, *, debug=False):
    return app
"""


def findings(command: list[str], files: dict[str, str]) -> list[tuple[str, str]]:
    dockerfile = f"FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nCMD {json.dumps(command)}\n"
    found = check_project({"Dockerfile": dockerfile, **files}, RULES)
    return [(one.rule, one.message) for one in found]


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["gunicorn", "uvicorn", "hypercorn", "granian", "daphne", "waitress-serve"]),
    st.text(alphabet="shop.:/()[]*'\"=,- é\0app_create", max_size=30),
)
def test_any_target_is_judged_without_a_crash(server: str, target: str) -> None:
    assert all(message for _, message in findings([server, target], {"shop.py": APP}))


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        ("create_app('shop')", None),
        ("create_app(name='shop', debug=True)", None),
        ("create_app(**{'name': 'shop'})", None),
        ("create_app()", "create_app() needs name"),
        ("create_app('shop', colour='red')", "create_app() takes no colour"),
        ("create_app('shop', True)", "create_app() takes 1 positional arguments, not 2"),
    ],
)
def test_a_call_is_held_against_the_parameters_of_the_factory(call: str, problem: str | None) -> None:
    found = findings(["gunicorn", f"shop:{call}"], {"shop.py": APP})
    assert [rule for rule, _ in found] == ([] if problem is None else ["app-factory-not-called"])
    assert problem is None or problem in found[0][1]


def test_names_that_import_each_other_in_a_circle_come_to_an_end() -> None:
    files = {
        "shop.py": "from more import app\nfrom more import *\n",
        "more.py": "from shop import app\nfrom shop import *\n",
    }
    assert findings(["gunicorn", "shop:app"], files) == []
    assert findings(["gunicorn", "shop:other"], files) == []
