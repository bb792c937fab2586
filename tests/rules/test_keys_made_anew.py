"""Each function that makes a key is found, however a module names it: the text of files is asked first."""

from __future__ import annotations

import pytest

from prodlint.deployment.evaluation import fresh
from prodlint.engine import built_in_rules
from prodlint.testing import check_project

RULE = next(rule for rule in built_in_rules() if rule.name == "random-secret-key")
ARGUMENTS = {"choice": '"abc"', "choices": '"abc", k=50', "sample": '"abc", 3'}
WITHOUT = ("uuid1", "uuid4", "generate_key", "get_random_secret_key")


def written(maker: str) -> list[tuple[str, str]]:
    """Two ways to import a maker, each with its call."""
    module, _, name = maker.rpartition(".")
    call = f"{name}({'' if name in WITHOUT else ARGUMENTS.get(name, '24')})"
    package, _, owner = module.rpartition(".")
    if owner[:1].isupper():
        owner = f"{owner}()" if owner == "SystemRandom" else owner
        imported = owner.removesuffix("()")
        return [
            (f"from {package} import {imported}", f"{owner}.{call}"),
            (f"import {package} as p", f"p.{owner}.{call}"),
        ]
    return [(f"from {module} import {name}", call), (f"import {module} as m", f"m.{call}")]


@pytest.mark.parametrize(("imports", "key"), [one for maker in fresh._MAKERS for one in written(maker)])
def test_a_key_is_found_by_whatever_it_is_made(imports: str, key: str) -> None:
    files = {
        "Procfile": "web: gunicorn --workers=4 shop:app\n",
        "requirements.txt": "flask==3.1.3\ngunicorn==27.0.1\n",
        "shop.py": f"from flask import Flask, session\n{imports}\n\napp = Flask(__name__)\n"
        f"app.secret_key = str({key})\n"
        '@app.get("/")\ndef index():\n    session["a"] = 1\n    return "x"\n',
    }
    assert [one.rule for one in check_project(files, [RULE])] == ["random-secret-key"]
