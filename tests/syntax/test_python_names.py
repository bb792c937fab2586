"""Names of a module: what they resolve to, what binds them, and what else may."""

from __future__ import annotations

import ast

import pytest
from python_modules import expression, module

from prodlint.syntax.python import PythonModule, is_main_guard


def named(parsed: PythonModule, text: str) -> str | None:
    """The qualified name of the last expression that is spelled so."""
    found = [
        node
        for node in ast.walk(parsed.tree)
        if isinstance(node, (ast.Name, ast.Attribute)) and parsed.span(node).text == text
    ]
    assert found, text
    return parsed.qualified_name(max(found, key=lambda node: (node.lineno, node.col_offset)))


def test_names_are_resolved_through_the_imports() -> None:
    parsed = module(
        """
        import flask as f
        import os.path
        import xml.dom as dom
        from flask import Flask as F, request
        f.Flask; os.path.join; os.environ; dom.Node; F.x; request; F().y; unknown.z; print
        """
    )
    assert named(parsed, "f.Flask") == "flask.Flask"
    assert named(parsed, "os.path.join") == "os.path.join"
    assert named(parsed, "os.environ") == "os.environ"
    assert named(parsed, "dom.Node") == "xml.dom.Node"
    assert named(parsed, "F.x") == "flask.Flask.x"
    assert named(parsed, "request") == "flask.request"
    assert named(parsed, "F().y") is None
    assert named(parsed, "unknown.z") is None
    assert named(parsed, "print") is None
    assert parsed.qualified_name(expression("f.Flask")) == "flask.Flask"


@pytest.mark.parametrize(
    ("statement", "package", "expected"),
    [
        ("from . import db", "shop.web", "shop.web.db"),
        ("from .models import db", "shop.web", "shop.web.models.db"),
        ("from .. import db", "shop.web", "shop.db"),
        ("from ..core import db", "shop.web", "shop.core.db"),
        ("from ... import db", "shop.web", None),
        ("from . import db", "", None),
    ],
)
def test_relative_imports_start_from_the_package(statement: str, package: str, expected: str | None) -> None:
    parsed = module(f"{statement}\ndb\n", package)
    assert named(parsed, "db") == expected
    assert (parsed.imports[0].target) == expected


def test_a_name_that_something_else_binds_too_is_not_resolved() -> None:
    assert named(module("from flask import Flask\nclass Flask: pass\nFlask\n"), "Flask") is None
    assert named(module("import app\napp = app.create()\napp\n"), "app") is None
    assert named(module("import a\ndel a\na\n"), "a") is None
    assert named(module("if x:\n    import a as c\nelse:\n    import b as c\nc\n"), "c") is None
    assert named(module("import a\ndef f():\n    global a\n    a = 1\na\n"), "a") is None
    assert named(module("import a\nprint(a := 1)\na\n"), "a") is None
    assert named(module("import a\nfor a in b: pass\na.c\n"), "a.c") is None


def test_imports_that_agree_are_resolved() -> None:
    assert named(module("import a.b\nimport a.c\na.c.d\n"), "a.c.d") == "a.c.d"
    assert named(module("if x:\n    import a\nelse:\n    import a\na\n"), "a") == "a"


def test_of_an_import_and_its_fallback_the_first_counts() -> None:
    text = """
        try:
            import ujson as json
        except ImportError:
            import json
        try:
            from redis import Redis
        except ImportError:
            Redis = None
        try:
            from flask import Flask
        except ImportError:
            class Flask: pass
        json.loads; Redis.from_url; Flask
        """
    assert named(module(text), "json.loads") == "ujson.loads"
    assert named(module(text), "Redis.from_url") == "redis.Redis.from_url"
    assert named(module(text), "Flask") is None


def test_an_import_in_a_function_counts_inside_of_it() -> None:
    parsed = module(
        """
        def f():
            import flask
            def g():
                return flask.Flask
            return [flask.request for x in y]
        flask.abort
        """
    )
    assert named(parsed, "flask.Flask") == "flask.Flask"
    assert named(parsed, "flask.request") == "flask.request"
    assert named(parsed, "flask.abort") is None


def test_a_local_variable_hides_the_import() -> None:
    parsed = module(
        """
        import app, flask
        def parameter(app): return app.a
        def local():
            app = 1
            return app.b
        def other(x=app.default): return app.c
        y = [app.d for app in app.e]
        z = lambda app: app.f
        w = lambda x=app.g: app.h
        async def walrus():
            if (app := 1): return app.i
        def nested(app):
            def inner(): return app.j
        def declared(app):
            def inner():
                global app
                return app.k
        {k: v for k, app in x if app.l}
        """
    )
    names = {letter: named(parsed, f"app.{letter}") for letter in "abcdefghijkl"}
    visible = {letter for letter, name in names.items() if name == f"app.{letter}"}
    assert visible == {"c", "e", "g", "h", "k"}
    assert all(name is None for letter, name in names.items() if letter not in visible)
    assert named(parsed, "app.default") == "app.default"


def test_names_of_a_class_are_seen_in_its_body_and_not_in_its_methods() -> None:
    parsed = module(
        """
        import app
        class C:
            app = 1
            x = app.a
            @app.b
            def m(self): return app.c
        """
    )
    assert named(parsed, "app.a") is None
    assert named(parsed, "app.b") is None
    assert named(parsed, "app.c") == "app.c"


def test_imports_for_type_checkers_resolve_names_but_bind_none() -> None:
    parsed = module(
        """
        import typing
        if typing.TYPE_CHECKING:
            from flask import Flask
        else:
            import late
        if not TYPE_CHECKING:
            import always
        def f(app: Flask): ...
        """
    )
    assert named(parsed, "Flask") == "flask.Flask"
    assert parsed.bindings("Flask") == ()
    assert [found.module for found in parsed.imports] == ["typing", "late", "always"]
    assert not parsed.bindings("late")[0].conditional


def test_bindings_come_in_source_order_with_their_conditions() -> None:
    parsed = module(
        """
        app = None
        if DEBUG:
            app = make()
        elif __name__ == "__main__":
            def app(): pass
        else:
            class app: pass
        for app in apps:
            with open(x) as app: pass
        app += 1
        app: int
        app: int = 2
        import app
        from a import b as app
        (x, [app, y]), *app = (1, [2, 3]), 4
        x, app = 5, 6
        try:
            pass
        except E as app:
            pass
        match z:
            case {"k": app, **rest}: pass
        del app
        """
    )
    found = parsed.bindings("app")
    assert [binding.kind for binding in found] == [
        "assignment", "assignment", "function", "class", "loop", "with", "other", "assignment", "import", "import",
        "assignment", "assignment", "assignment", "other", "other", "delete",
    ]  # fmt: skip
    values = [parsed.span(binding.value).text if binding.value else None for binding in found]
    assert values[0] == "None"
    assert values[1] == "make()"
    assert values[10:13] == [None, None, "6"]
    assert [binding.conditional for binding in found][:7] == [False, True, True, True, False, True, False]
    guards = [[(parsed.span(test).text, branch) for test, branch in binding.guards] for binding in found]
    assert guards[1] == [("DEBUG", True)]
    assert guards[2] == [("DEBUG", False), ('__name__ == "__main__"', True)]
    assert guards[3] == [("DEBUG", False), ('__name__ == "__main__"', False)]
    assert [binding.target for binding in found if binding.kind == "import"] == ["app", "a.b"]
    assert all(binding.node in ast.walk(parsed.tree) for binding in found)
    assert [binding.kind for binding in parsed.bindings("rest")] == ["other"]


def test_a_function_that_declares_a_name_global_binds_it_on_condition() -> None:
    parsed = module("app = None\ndef init():\n    global app\n    app = make()\ndef other():\n    app = 3\n")
    assert [(binding.kind, binding.conditional) for binding in parsed.bindings("app")] == [
        ("assignment", False),
        ("other", True),
    ]
    assert parsed.bound_names == ("app", "init", "other")


def test_imports_are_those_that_run_with_the_module() -> None:
    parsed = module(
        """
        import a, b.c as d
        from . import e
        from .f import *
        from g import *
        class C:
            import h
            def m(self): import i
        if x:
            try: import j
            except ImportError: pass
        """,
        "pkg",
    )
    assert [(found.module, found.name, found.asname, found.level) for found in parsed.imports] == [
        ("a", None, None, 0), ("b.c", None, "d", 0), ("pkg", "e", None, 1), ("pkg.f", "*", None, 1),
        ("g", "*", None, 0), ("h", None, None, 0), ("j", None, None, 0),
    ]  # fmt: skip
    assert parsed.star_imports == ("pkg.f", "g")
    assert [found.conditional for found in parsed.imports] == [False] * 6 + [True]
    assert parsed.span(parsed.imports[1].alias).text == "b.c as d"


@pytest.mark.parametrize(
    "text",
    [
        "def __getattr__(name): ...",
        "globals()['x'] = 1",
        "globals().update(x=1)",
        "def f():\n    globals()[name] = 1",
        "exec(open('x').read())",
        "vars()['x'] = 1",
        "if x:\n    locals().update(load())",
        "setattr(sys.modules[__name__], 'x', 1)",
        "import sys\nthis = sys.modules[__name__]\nthis.x = 1",
        "load(globals())",
    ],
)
def test_a_module_may_gain_names_that_it_does_not_spell(text: str) -> None:
    assert module(text).has_dynamic_names


@pytest.mark.parametrize(
    "text",
    [
        "class C:\n    def __getattr__(self, name): ...",
        "x = globals()['y']",
        "x = 'y' in globals()",
        "def f(): return locals()",
        "def f(): exec('x', {})",
        "x = vars(obj)",
        "cursor.exec('x')",
        "# globals()['x'] = 1",
        "x = sys.modules['os']",
        "x = globals().get('y')",
    ],
)
def test_looking_into_a_namespace_adds_no_name(text: str) -> None:
    assert not module(text).has_dynamic_names


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("__name__ == '__main__'", True),
        ("'__main__' == __name__", True),
        ("__name__ in {'__main__', '__mp_main__'}", True),
        ("__name__ == '__main__' and x", True),
        ("__name__ == '__main__' or x", False),
        ("__name__ != '__main__'", False),
        ("__name__ == 'app'", False),
        ("__name__ in ('__main__', 'app')", False),
        ("__name__ in x", False),
        ("__name__ in ('__main__', x)", False),
        ("name == '__main__'", False),
        ("__name__ == '__main__' == x", False),
    ],
)
def test_main_guards_are_known_either_way_round(test: str, expected: bool) -> None:
    assert is_main_guard(expression(test)) is expected
