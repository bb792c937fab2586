"""The evaluator itself: what calls and attributes give, and modules run once each."""

from __future__ import annotations

import ast
import posixpath
from typing import Any

from prodlint.deployment.evaluation.binding import put_item
from prodlint.deployment.evaluation.concrete import on_defaults
from prodlint.deployment.evaluation.domain import (
    ABSENT,
    APP_CLASSES,
    RAISES,
    AppValue,
    BoundMethod,
    ClassValue,
    ConfigValue,
    DictValue,
    Driven,
    External,
    Fresh,
    FunctionValue,
    Gap,
    InstanceValue,
    IteratorValue,
    ListValue,
    Method,
    ModuleValue,
    NamespaceValue,
    Opaque,
    PathValue,
    Raised,
    ReaderValue,
    SetValue,
    is_plain,
    marked,
)
from prodlint.deployment.evaluation.environment import outside_variable
from prodlint.deployment.evaluation.expressions import expression
from prodlint.deployment.evaluation.fresh import SPELLINGS
from prodlint.deployment.evaluation.imports import external_attribute, module_attribute
from prodlint.deployment.evaluation.join import Decision
from prodlint.deployment.evaluation.library import CONSTANTS, library_function
from prodlint.deployment.evaluation.lists import reason_of
from prodlint.deployment.evaluation.machine import MOST_STEPS_OF_A_MODULE, Call, Exhausted, Frame, Machine
from prodlint.deployment.evaluation.methods import call_method
from prodlint.deployment.evaluation.objects import (
    class_attribute,
    instance_attribute,
    is_enumeration,
    make_instance,
    run_function,
)
from prodlint.deployment.evaluation.paths import path_attribute
from prodlint.deployment.evaluation.statements import block

__all__ = ["WRITES_VARIABLES", "Evaluator"]

_HOLD_READERS = frozenset({"environ", "environs", "decouple", "starlette", "dj_database_url"})
"""The packages whose classes and functions read the environment for their callers."""


def _has_attribute(owner: object, name: str) -> bool:
    """Whether a value of one of Python's own types has an attribute."""
    kinds: dict[type, type] = {ListValue: list, DictValue: dict, SetValue: set}
    kind = kinds.get(type(owner), type(owner))
    return not (is_plain(owner) or kind in (list, dict, set, tuple)) or hasattr(kind, name)


class Evaluator(Machine):
    """A machine that knows Python."""

    def expression(self, node: ast.expr) -> object:
        return expression(self, node)

    def block(self, body: list[ast.stmt], then: object = None) -> object:
        return block(self, body, then)  # type: ignore[arg-type]

    def outside(self, name: str) -> object:
        return outside_variable(self, name)

    # Calls

    def call(self, function: object, call: Call) -> object:
        self.charge()
        if isinstance(function, (External, Opaque)) and self.apps:
            from prodlint.deployment.evaluation.flask import told_of_app

            told_of_app(self, function, call)
        if isinstance(function, FunctionValue):
            return run_function(self, function, call)
        if isinstance(function, BoundMethod):
            inner = Call(call.node, (function.owner, *call.arguments), call.keywords, call.is_open)
            return run_function(self, function.function, inner)
        if isinstance(function, Method):
            return self._method(function, call)
        if isinstance(function, ReaderValue):
            from prodlint.deployment.evaluation.readers import call_reader

            return call_reader(self, function, "", call)
        if isinstance(function, External):
            return self._external(function, call)
        if isinstance(function, ClassValue):
            if is_enumeration(function):
                return self.unknown("is a member of an enumeration", call.node)
            if any(isinstance(base, External) and base.name in APP_CLASSES for base in function.lineage):
                from prodlint.deployment.evaluation.flask import make_app

                return make_app(self, function, call)
            return make_instance(self, function, call)
        if isinstance(function, Fresh):
            return function
        if isinstance(function, InstanceValue):
            return self.call(self.attribute(function, "__call__", call.node), call)
        if isinstance(function, Driven) and function.default not in (RAISES, ABSENT):
            decision = Decision(reason_of(function.names), self.span(call.node), function.names, True)
            default = function.default
            other = self.unknown(decision.reason, call.node, *function.holds)
            return self.fork(decision, lambda: self.call(default, call), lambda: self.call(other, call))
        if is_plain(function) or isinstance(function, (ListValue, DictValue, SetValue, tuple)):
            raise Raised("TypeError")
        self.risk()
        self.taint("was given to a function that is not known", call.node, function, *call.values)
        return self.unknown("is what a function returns that is not known", call.node, function)

    def _external(self, function: External, call: Call) -> object:
        if function.name == "builtins.super" and not call.values:
            instance = next(iter(self.frame.cells.values()), None)
            return self.unknown("is what the class above does", call.node, instance)
        if function.name.startswith("builtins.") and function.name.count(".") == 2 and call.arguments:
            inner = Call(call.node, call.arguments[1:], call.keywords, call.is_open)
            return call_method(self, call.arguments[0], function.name.rpartition(".")[2], inner)
        if function.name.partition(".")[0] in _HOLD_READERS:
            from prodlint.deployment.evaluation.readers import is_reader, make_reader

            if is_reader(function.name):
                return make_reader(self, function.name, call)
        if function.name in APP_CLASSES or function.name == "flask.helpers.get_debug_flag":
            from prodlint.deployment.evaluation.flask import call_flask

            return call_flask(self, function.name, call)
        if function.name in ("django_heroku.settings", "django_on_heroku.settings"):
            return self._heroku(call)
        if function.name == "builtins.setattr" and len(call.arguments) == 3:
            return self._setattr(call)
        return library_function(self, function.name, call)

    def _setattr(self, call: Call) -> object:
        owner, name, value = call.arguments
        if isinstance(owner, (InstanceValue, ClassValue, ModuleValue)) and isinstance(name, str):
            if isinstance(owner, ModuleValue):
                put_item(self, call.node, NamespaceValue(owner), name, value)
            else:
                self.put(owner.cells, name, value)
        else:
            self.risk()
            names = NamespaceValue(owner) if isinstance(owner, ModuleValue) else owner
            self.taint("has attributes that are computed", call.node, names, value)
        return None

    def _heroku(self, call: Call) -> object:
        """`django_heroku.settings(locals())` (its own code, version 0.3.1)."""
        names = next((value for value in call.arguments if isinstance(value, NamespaceValue)), None)
        self.risk()
        if names is None or call.is_open:
            self.taint("was given to django_heroku.settings()", call.node, *call.values)
            return None
        written = {
            "databases": ("DATABASES",),
            "test_runner": ("TEST_RUNNER",),
            "staticfiles": ("STATIC_ROOT", "STATIC_URL", "STATICFILES_STORAGE", "MIDDLEWARE", "MIDDLEWARE_CLASSES"),
            "allowed_hosts": (),
            "logging": ("LOGGING",),
            "secret_key": ("SECRET_KEY",),
        }
        for keyword, settings in written.items():
            if call.keywords.get(keyword, True) is False:
                continue
            for name in settings:
                old = names.module.cells.get(name, ABSENT)
                unknown = self.unknown("may be replaced by django_heroku.settings()", call.node, old)
                put_item(self, call.node, names, name, unknown)
            if keyword == "allowed_hosts":
                put_item(self, call.node, names, "ALLOWED_HOSTS", self.list(("*",)))
        return None

    def _method(self, method: Method, call: Call) -> object:
        owner = method.owner
        if isinstance(owner, ReaderValue):
            from prodlint.deployment.evaluation.readers import call_reader

            return call_reader(self, owner, method.name, call)
        if isinstance(owner, NamespaceValue):
            return self._namespace_method(owner, method.name, call)
        if isinstance(owner, ConfigValue):
            from prodlint.deployment.evaluation.flask import config_method

            return config_method(self, owner, method.name, call)
        return call_method(self, owner, method.name, call)

    def _namespace_method(self, owner: NamespaceValue, name: str, call: Call) -> object:
        if name == "get" and isinstance(key := call.get(0, "key"), str):
            value = owner.module.cells.get(key, ABSENT)
            if value is not ABSENT or owner.module.rest is None:
                return call.get(1, "default", None) if value is ABSENT else value
        elif name == "update" and not call.is_open:
            content: dict[Any, object] = dict(call.keywords)
            for value in call.arguments:
                if not isinstance(value, DictValue) or not isinstance(value.content, dict):
                    break
                content.update(value.content)
            else:
                if all(isinstance(key, str) for key in content):
                    for key, value in content.items():
                        put_item(self, call.node, owner, key, value)
                    return None
        elif name == "setdefault" and isinstance(key := call.get(0, "key"), str) and key not in owner.module.cells:
            put_item(self, call.node, owner, key, call.get(1, "default", None))
            return call.get(1, "default", None)
        self.risk()
        if name not in ("get", "keys", "values", "items", "copy"):
            self.taint("has names that are computed", call.node, owner, *call.values)
        return self.unknown("are the names of a module", call.node)

    # Attributes

    def attribute(self, owner: object, name: str, node: ast.expr) -> object:
        self.charge()
        if isinstance(owner, External):
            return self._external_attribute(owner, name, node)
        if isinstance(owner, ModuleValue):
            return module_attribute(self, owner, name, node)
        if isinstance(owner, ClassValue):
            if is_enumeration(owner):
                return self.unknown("is a member of an enumeration", node)
            return class_attribute(self, owner, name, node)
        if isinstance(owner, InstanceValue):
            return instance_attribute(self, owner, name, node)
        if isinstance(owner, PathValue):
            return path_attribute(self, owner, name, node)
        if isinstance(owner, Driven):
            if isinstance(owner.default, (PathValue, InstanceValue, ClassValue, ModuleValue)):
                return on_defaults(self, node, lambda one: self.attribute(one, name, node), owner)
            return Method(owner, name)
        if isinstance(owner, ReaderValue) and name in owner.options:
            return owner.options[name]
        if isinstance(owner, AppValue):
            from prodlint.deployment.evaluation.config import app_attribute

            return app_attribute(self, owner, name, node)
        if owner is None:
            raise Raised("AttributeError")
        if isinstance(owner, (FunctionValue, BoundMethod)):
            return self.unknown("is an attribute of a function", node)
        if isinstance(owner, Fresh) and name in SPELLINGS:
            return owner
        if isinstance(owner, Opaque):
            self.risk()
            return self.unknown("is not known", node, owner)
        if isinstance(owner, Gap | IteratorValue):
            return self.unknown("is not known", node, owner)
        if not _has_attribute(owner, name):
            raise Raised("AttributeError")
        return Method(owner, name)

    def _external_attribute(self, owner: External, name: str, node: ast.expr) -> object:
        dotted = f"{owner.name}.{name}"
        if dotted in CONSTANTS:
            return CONSTANTS[dotted]
        if dotted == "sys.argv":
            return self._arguments(node)
        return external_attribute(self, owner, name)

    def _arguments(self, node: ast.AST) -> object:
        if self.argv is None:
            return self.unknown("depends on the command that imports it", node)
        if "argv" not in self.system:
            words = [self.unknown("is an argument that is not known", node) if w is None else w for w in self.argv]
            self.put(self.system, "argv", self.list(words))
        return self.system["argv"]

    # Modules

    def load(self, path: str, dotted: str) -> ModuleValue | None:
        known = self.modules.get(path)
        if isinstance(known, ModuleValue):
            return known
        self._load_packages(path, dotted)
        module = self.repository.python(path)
        if module is None:
            return None
        made = ModuleValue(path, dotted, module, self.born())
        made.cells["__name__"] = dotted
        made.cells["__file__"] = marked(path)
        made.cells["__doc__"] = ast.get_docstring(module.tree, clean=False)
        self.put(self.modules, path, made)
        steps = self.steps
        outer = getattr(self, "frame", None)
        # An import may take a part of what is left: what stands behind it counts too.
        allowed = self.steps = steps if outer is None else min(steps // 2, MOST_STEPS_OF_A_MODULE)
        reads, self.reads = self.reads, set()
        self.frame = Frame(made, made.cells)
        made.state = "running"
        try:
            with self.deeper:
                self.block(module.tree.body)
            rewritten = self.held.rewritten(path)
            if rewritten is not None:
                self.open_module(made, rewritten.reason, rewritten.span)
        except Raised as error:
            if outer is not None:
                raise
            self.open_module(made, f"{path} raises {error.kind}", module.source.span)
        except (Exhausted, RecursionError):
            self.open_module(made, f"{path} is too much to evaluate", module.source.span)
            if outer is None or steps - (allowed - self.steps) <= 0:
                made.state = "done"
                self.steps = 0
                if outer is not None:
                    raise Exhausted from None
        finally:
            made.state = "done"
            self.reads = reads
            if outer is not None:
                self.frame = outer
                self.steps = steps - (allowed - self.steps)
        return made

    def _load_packages(self, path: str, dotted: str) -> None:
        """Run the packages around a module, where they write variables: the rest of what they do is left out.

        A package often imports the whole project (`from .celery import app`), which would cost too much.
        """
        folder = posixpath.dirname(path.removesuffix("/__init__.py"))
        name = dotted.rpartition(".")[0]
        found: list[tuple[str, str]] = []
        while name and folder:
            package = f"{folder}/__init__.py"
            data = self.repository.data(package) or b""
            if package not in self.modules and any(word in data for word in WRITES_VARIABLES):
                found.append((package, name))
            folder, name = posixpath.dirname(folder), name.rpartition(".")[0]
        for package, name in reversed(found):
            self.load(package, name)


WRITES_VARIABLES = (b"dotenv", b"read_env", b"environ[", b"environ.setdefault", b"environ.update")
"""What stands in the text of a module that writes variables."""
