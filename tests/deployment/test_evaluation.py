"""What names of a Python module hold, as far as the repository tells."""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping

import pytest

from prodlint.deployment.condition import NOWHERE, Lookup, from_outside
from prodlint.deployment.evaluation.interpreter import ROOT, Namespace, Rest, evaluate, has_item, is_whole, namespace
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import NO, UNKNOWN, YES, EnvDriven, Known, Reading, Unknown, Value
from prodlint.source import Source
from prodlint.syntax.python import parse_python


def _namespace(
    files: str | Mapping[str, str], lookup: Lookup = from_outside, path: str = "shop/settings.py", **options: object
) -> Namespace:
    texts = {path: files} if isinstance(files, str) else dict(files)
    repository = Repository(texts, lambda name: texts[name].encode())
    return namespace(repository, ("",), path, lookup, **options)  # type: ignore[arg-type]


def _environment(**variables: str) -> Lookup:
    return lambda name: Known(variables[name], NOWHERE) if name in variables else None


def _value(text: str, name: str = "X", lookup: Lookup = from_outside) -> Value[object]:
    return _namespace(text, lookup)[name]


def _known(text: str, name: str = "X", lookup: Lookup = from_outside) -> object:
    value = _value(text, name, lookup)
    assert isinstance(value, Known), value
    return value.value


@pytest.mark.parametrize(
    "body",
    [
        "try:\n        if Path('/kb').exists():\n            return 1\n    except OSError:\n        return 2",
        "try:\n        load()\n    except OSError:\n        if Path('/kb').exists():\n            return 1",
        "try:\n        load()\n    finally:\n        if Path('/kb').exists():\n            return 1",
    ],
)
def test_a_function_that_may_return_within_try_leaves_the_rest_of_its_module_known(body: str) -> None:
    names = _namespace(f"from pathlib import Path\ndef f():\n    {body}\n    return 3\nX = f()\nY = 4\n")
    assert isinstance(names["X"], Unknown)
    assert names["Y"] == Known(4, names["Y"].span)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("60 * 60 * 24", 86400),
        ('"a" + "b"', "ab"),
        ("f\"{1 + 1}/{'x':>3}\"", "2/  x"),
        ('"%s:%d" % ("h", 80)', "h:80"),
        ('"{}-{b}".format(1, b=2)', "1-2"),
        ("[1, *[2, 3], 4][1:3]", [2, 3]),
        ('{**{"a": 1}, "b": 2} | {"c": 3}', {"a": 1, "b": 2, "c": 3}),
        ('" a, b ".strip().split(", ")', ["a", "b"]),
        ("1 < 2 < 3 and not 4 == 5", True),
        ('"a" if [] else ("b",)', ("b",)),
        ("sorted({3, 1, 2})", [1, 2, 3]),
        ("[x.upper() for x in 'ab' if x != 'b']", ["A"]),
        ("{k: v * 2 for k, v in {'a': 1}.items()}", {"a": 2}),
        ("list(filter(None, map(str.strip, [' a', ' '])))", ["a"]),
        ("(lambda x, y=2: x * y)(3)", 6),
        ("any(x > 1 for x in [1, 2])", True),
        ("[1, 2].index(2)", 1),
    ],
)
def test_an_expression_of_constants_is_known(expression: str, value: object) -> None:
    assert _known(f"X = {expression}") == value


@pytest.mark.parametrize(
    "expression",
    [
        "10 ** 10 ** 10",
        '"x" * 10 ** 9',
        "[0] * 10 ** 9",
        "1 << 10 ** 9",
        "'%1000000000d' % 1",
        "'{:1000000000}'.format(1)",
        "f'{1:1000000000}'",
        "'x'.ljust(10 ** 9)",
        "list(range(10 ** 12))",
        "'a'.replace('', 'x' * 99999).replace('x', 'y' * 99999)",
        "[x for x in range(10 ** 9) for y in range(10 ** 9)]",
        "(lambda f: f(f))(lambda f: f(f))",
        "(" * 90 + "1" + ",)" * 90,
    ],
)
def test_what_would_cost_too_much_is_unknown(expression: str) -> None:
    assert not is_whole(_value(f"x = 1\nX = {expression}"))


def test_a_sum_of_thousands_is_unknown_or_right() -> None:
    # Newer Pythons have room for the depth of its tree.
    value = _value("x = 1\nX = " + "+".join(["1"] * 5_000) + "-x")
    assert not is_whole(value) or (isinstance(value, Known) and value.value == 4_999)


def test_a_path_of_the_repository_lies_below_its_root() -> None:
    text = """
import os
from pathlib import Path
BASE_DIR = Path(__file__).resolve().parent.parent
HERE = os.path.dirname(os.path.abspath(__file__))
A = BASE_DIR / "db.sqlite3"
B = os.path.join(BASE_DIR, "static")
C = f"sqlite:///{HERE}/x"
D = BASE_DIR.parent
E = len(str(BASE_DIR))
"""
    names = _namespace(text)
    assert [names[name].value for name in "ABC"] == [  # type: ignore[union-attr]
        f"{ROOT}/db.sqlite3",
        f"{ROOT}/static",
        f"sqlite:///{ROOT}/shop/x",
    ]
    assert isinstance(names["D"], Unknown)
    assert isinstance(names["E"], Unknown)


def test_a_variable_decides_through_casts_and_its_default_is_what_holds_without_it() -> None:
    value = _value('import os\nX = os.environ.get("DEBUG", "False").lower() in ("1", "true")')
    assert isinstance(value, EnvDriven)
    assert (value.name, value.default, value.is_required) == ("DEBUG", False, False)


@pytest.mark.parametrize(
    ("expression", "reading"),
    [
        ('os.environ.get("X")', Reading.TEXT),
        ('os.environ["X"]', Reading.TEXT),
        ('os.getenv("X", "no").strip().lower()', Reading.TEXT),
        ('str(os.environ.get("X") or False)', Reading.TEXT),
        ('(lambda name: os.getenv(name, 0))("X")', Reading.TEXT),
        ('bool(os.getenv("X", False))', Reading.TRUTH),
        ('bool(os.environ["X"].upper())', Reading.TRUTH),
        ('int(os.environ.get("X", 0))', None),
        ('bool(int(os.environ.get("X", 0)))', None),
        ('os.environ.get("X") == "1"', None),
        ('os.environ.get("X", "").lower() in ("1", "true")', None),
        ('not os.environ.get("X")', None),
        ('"X" in os.environ', None),
        ('os.getenv("X", "").split(",")', None),
        ('os.getenv("X", "no").strip("no")', None),
        ("f\"/{os.getenv('X', '')}\"", None),
    ],
)
def test_what_is_taken_of_a_variable_as_it_is_is_told_and_python_takes_any_text_for_true(
    expression: str, reading: Reading | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = _value(f"import os\nX = {expression}")
    assert isinstance(value, EnvDriven)
    assert value.reading is reading
    assert (value.read_at is None) is (reading is None)
    for text in ("False", "0", "no", "off") if reading is not None else ():
        monkeypatch.setenv("X", text)
        assert eval(expression, {"os": os})


def test_a_variable_that_must_be_set_is_required() -> None:
    value = _value('import os\nX = int(os.environ["PORT"])')
    assert isinstance(value, EnvDriven)
    assert value.is_required


def test_the_environment_of_a_service_is_put_in_the_place_of_its_variables() -> None:
    text = 'import os\nX = os.getenv("DEBUG", "1") == "1"\nY = os.getenv("OTHER", "b")'
    names = _namespace(text, _environment(DEBUG="0"))
    assert names["X"].value is False  # type: ignore[union-attr]
    assert names["Y"].value == "b"  # type: ignore[union-attr]
    assert names.reads("X") == ("DEBUG",)


def test_two_variables_leave_a_value_unknown() -> None:
    value = _value('import os\nX = os.getenv("A", "a") + os.getenv("B", "b")')
    assert isinstance(value, Unknown)
    assert value.reason == "depends on A and B"


def test_a_branch_that_a_variable_decides_leaves_what_holds_without_it() -> None:
    text = """
import os
APPS = ["a"]
if os.environ.get("DEBUG"):
    APPS += ["toolbar"]
    X = 1
else:
    X = 2
APPS.append("z")
"""
    names = _namespace(text)
    value = names["X"]
    assert isinstance(value, EnvDriven)
    assert value.default == 2
    assert has_item(names["APPS"], "a") is YES
    assert has_item(names["APPS"], "z") is YES
    assert has_item(names["APPS"], "toolbar") is UNKNOWN
    assert not is_whole(names["APPS"])


def test_a_branch_that_nobody_can_decide_keeps_what_both_ways_share() -> None:
    text = """
import foo
A, B, D = 1, 1, {"x": 1}
E = D
if foo.bar():
    A, B = 2, 1
    D["y"] = 2
C = 1 if foo.bar() else 1
"""
    names = _namespace(text)
    assert isinstance(names["A"], Unknown)
    assert names["B"].value == 1  # type: ignore[union-attr]
    assert names["C"].value == 1  # type: ignore[union-attr]
    for name in "DE":
        value = names[name]
        assert isinstance(value, Known)
        assert value.value["x"] == 1  # type: ignore[index]
        assert any(isinstance(key, Rest) for key in value.value)  # type: ignore[attr-defined]


def test_two_names_of_one_list_see_the_same_changes() -> None:
    assert _known("A = [1]\nX = A\nA.append(2)") == [1, 2]
    assert _known("A = [1]\nX = A\nA = A + [2]") == [1]


def test_what_unknown_code_was_given_is_unknown_from_then_on() -> None:
    names = _namespace("import foo\nX = [1]\nY = {'x': X}\nZ = [1]\nfoo.change(Y)")
    assert isinstance(names["X"], Unknown)
    assert isinstance(names["Y"], Unknown)
    assert names["Z"].value == [1]  # type: ignore[union-attr]


def test_modules_of_the_repository_are_followed() -> None:
    files = {
        "shop/settings/__init__.py": "",
        "shop/settings/base.py": "DEBUG = True\nAPPS = ['a']\n_HIDDEN = 1\nfrom ..tool import flag\n",
        "shop/settings/production.py": "from .base import *\nfrom shop import tool\nDEBUG = False\n"
        "APPS += [tool.NAME, flag]\n",
        "shop/tool.py": "NAME = 'b'\nflag = 'c'\n",
    }
    names = _namespace(files, path="shop/settings/production.py")
    assert names["DEBUG"].value is False  # type: ignore[union-attr]
    assert names["APPS"].value == ["a", "b", "c"]  # type: ignore[union-attr]
    assert "_HIDDEN" not in names
    assert [str(span) for span in names.writes("APPS")] == [
        "shop/settings/base.py:2",
        "shop/settings/production.py:4",
    ]


def test_a_star_import_of_an_unknown_module_may_have_set_any_name() -> None:
    names = _namespace("A = 1\nfrom foo import *\nB = 2")
    assert isinstance(names["A"], Unknown)
    assert names["B"].value == 2  # type: ignore[union-attr]
    assert isinstance(names["C"], Unknown)
    assert names.rest is not None


def test_a_missing_module_that_an_import_error_is_expected_for_is_not_there() -> None:
    names = _namespace("X = 1\ntry:\n    from .local import *\nexcept ImportError:\n    Y = 2")
    assert names["X"].value == 1  # type: ignore[union-attr]
    assert names["Y"].value == 2  # type: ignore[union-attr]
    assert "Z" not in names


def test_a_library_that_may_be_missing_decides_nothing() -> None:
    value = _value("try:\n    import foo\n    X = 1\nexcept ImportError:\n    X = 2")
    assert isinstance(value, Unknown)


@pytest.mark.parametrize("writing", ["exec('X = 2')", "globals().update(foo.bar())", "locals()[foo.x] = 2"])
def test_names_that_are_written_without_a_statement_are_unknown(writing: str) -> None:
    names = _namespace(f"import foo\nX = 1\n{writing}\nY = 1")
    assert isinstance(names["X"], Unknown)
    assert names["Y"].value == 1  # type: ignore[union-attr]


def test_an_expression_is_evaluated_with_given_names() -> None:
    module = parse_python(Source("app.py", "import os\nrun(port=int(os.getenv('PORT', BASE)), host=HOST)"))
    call = module.tree.body[-1].value  # type: ignore[attr-defined]
    assert isinstance(call, ast.Call)
    names: dict[str, Value[object]] = {"BASE": Known("80", NOWHERE), "HOST": Unknown("secret", NOWHERE)}
    port = evaluate(call.keywords[0].value, module, names, from_outside)
    assert isinstance(port, EnvDriven)
    assert port.default == 80
    assert isinstance(evaluate(call.keywords[1].value, module, names, from_outside), Unknown)
    assert has_item(Known([1, 2], NOWHERE), 3) is NO


def test_a_folder_of_the_project_that_is_called_like_a_library_is_not_that_library() -> None:
    files = {
        "config/settings.py": "from config.toolbar.setup import HAS\n",
        "config/toolbar/setup.py": "try:\n    import toolbar\n    HAS = True\nexcept ImportError:\n    HAS = False\n",
    }
    repository = Repository(files, lambda path: files[path].encode())
    names = namespace(repository, ("",), "config/settings.py", from_outside, installed=lambda module: NO)
    value = names["HAS"]
    assert isinstance(value, Known)
    assert value.value is False
