"""Flask apps and their configuration: what `app.config` holds once the code around it ran.

Methods and defaults were read in Flask 3.1.3 (`flask/config.py`, `flask/app.py`); the catalogue's configuration
page, 2.5. Extensions are given the app all the time and add keys of their own by `setdefault`: only the ones that
are known to do more make other keys unknown.
"""

from __future__ import annotations

import ast
import json
import posixpath
from collections.abc import Callable, Iterator

from prodlint.deployment.evaluation.config import config_item, open_config, put_key, set_config_item, spoil_config
from prodlint.deployment.evaluation.domain import (
    ABSENT,
    APP_CLASSES,
    RAISES,
    AppValue,
    ClassValue,
    ConfigValue,
    DictValue,
    Driven,
    External,
    FunctionValue,
    Gap,
    InstanceValue,
    LoadedObject,
    ModuleValue,
    Opaque,
    Raised,
    is_marked,
)
from prodlint.deployment.evaluation.environment import read_variable, repository_file
from prodlint.deployment.evaluation.imports import find_module, locate
from prodlint.deployment.evaluation.join import Decision
from prodlint.deployment.evaluation.lists import reason_of
from prodlint.deployment.evaluation.machine import Call, Machine
from prodlint.deployment.evaluation.objects import is_open_class
from prodlint.deployment.repository import normal_path
from prodlint.source import Span

__all__ = ["call_flask", "config_method", "make_app", "told_of_app"]

_DEFAULTS: dict[str, object] = {
    "TESTING": False,
    "PROPAGATE_EXCEPTIONS": None,
    "SECRET_KEY": None,
    "USE_X_SENDFILE": False,
    "SERVER_NAME": None,
    "APPLICATION_ROOT": "/",
    "SESSION_COOKIE_NAME": "session",
    "SESSION_COOKIE_DOMAIN": None,
    "SESSION_COOKIE_PATH": None,
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SECURE": False,
    "SESSION_COOKIE_SAMESITE": None,
    "SESSION_REFRESH_EACH_REQUEST": True,
    "MAX_CONTENT_LENGTH": None,
    "TRAP_HTTP_EXCEPTIONS": False,
    "EXPLAIN_TEMPLATE_LOADING": False,
    "PREFERRED_URL_SCHEME": "http",
    "TEMPLATES_AUTO_RELOAD": None,
}
# Keys of newer or older versions, or of a type that is not followed.
_UNSURE = (
    "ENV MAX_FORM_MEMORY_SIZE MAX_FORM_PARTS MAX_COOKIE_SIZE SECRET_KEY_FALLBACKS TRUSTED_HOSTS "
    "SESSION_COOKIE_PARTITIONED PROVIDE_AUTOMATIC_OPTIONS PERMANENT_SESSION_LIFETIME SEND_FILE_MAX_AGE_DEFAULT "
    "TRAP_BAD_REQUEST_ERRORS PRESERVE_CONTEXT_ON_EXCEPTION JSON_AS_ASCII JSON_SORT_KEYS JSONIFY_PRETTYPRINT_REGULAR "
    "JSONIFY_MIMETYPE"
).split()
# Extensions that write keys which the app may have set itself.
_LOUD = ("flask_talisman", "dynaconf", "flask_appconfig", "flask_env", "configparser", "flask_seasurf")
# Packages that are told of an app, or given its configuration to read.
_QUIET = frozenset(
    "builtins logging sentry_sdk newrelic celery werkzeug whitenoise prometheus_flask_exporter prometheus_client "
    "socketio elasticapm ddtrace opentelemetry dash redis sqlalchemy a2wsgi asgiref raven rollbar "
    "bugsnag authlib pprint".split()
)
_READING = frozenset({"update", "from_object", "config_from_object"})


def call_flask(machine: Machine, name: str, call: Call) -> object:
    """`Flask(__name__)`, with the configuration that it starts with; `get_debug_flag()`."""
    return _made(machine, call, None) if name in APP_CLASSES else _debug(machine, call.node)


def make_app(machine: Machine, cls: ClassValue, call: Call) -> object:
    """`Shop(__name__)` of a class that extends Flask's."""
    app = _made(machine, call, cls)
    own = [one for one in cls.lineage if isinstance(one, ClassValue) and "__init__" in one.cells]
    initial = own[0].cells["__init__"] if own else None
    if isinstance(initial, FunctionValue):
        machine.call(initial, Call(call.node, (app, *call.arguments), call.keywords, call.is_open))
    return app


def _made(machine: Machine, call: Call, cls: ClassValue | None) -> AppValue:
    node = call.node
    config = ConfigValue(machine.born())
    config.cells.update(_DEFAULTS)
    for name in _UNSURE:
        config.cells[name] = Opaque("depends on the version of Flask", machine.span(node))
    config.cells["DEBUG"] = _debug(machine, node)
    folder = posixpath.dirname(machine.frame.module.path)
    is_relative = call.keywords.get("instance_relative_config", False) is not False
    app = AppValue(config, folder, is_relative, machine.span(node), cls)
    machine.apps.append(app)
    return app


def _debug(machine: Machine, node: ast.AST) -> object:
    value = read_variable(machine, "FLASK_DEBUG", node)
    if value is ABSENT:
        return False
    if isinstance(value, str):
        return value.lower() not in ("", "0", "false", "no")
    if isinstance(value, Driven):
        default = value.default
        text = default if isinstance(default, str) else ""
        return machine.driven(value.names, text.lower() not in ("", "0", "false", "no"), node)
    return value


def told_of_app(machine: Machine, function: object, call: Call) -> None:
    """Code outside of the repository is given an app or its configuration."""
    for value in call.values:
        config = value.config if isinstance(value, AppValue) else value
        if not isinstance(config, ConfigValue):
            continue
        written = call.node.func if isinstance(call.node, ast.Call) else None
        method = written.attr if isinstance(written, ast.Attribute) else ""
        reason = function.reason if isinstance(function, Opaque) else ""
        name = function.name if isinstance(function, External) else ""
        package = name.partition(".")[0]
        if any(loud in f"{reason} {name}" for loud in _LOUD):
            spoil_config(machine, config, f"may be set by {name or 'an extension'}", call.node)
        elif isinstance(value, ConfigValue) and (method in _READING or package in _QUIET):
            continue
        elif method == "init_app" or package.startswith("flask") or package in _QUIET or "flask" in reason:
            open_config(machine, config, "may be set by an extension", call.node)
        else:
            spoil_config(machine, config, f"may be set by {name or 'code that is not known'}", call.node)


# Methods of the configuration


def config_method(machine: Machine, config: ConfigValue, name: str, call: Call) -> object:
    """`app.config.from_object(…)` and the others."""
    method = _METHODS.get(name)
    if method is not None and not call.is_open:
        return method(machine, config, call)
    machine.risk()
    if name not in ("items", "keys", "values", "copy", "get_namespace"):
        spoil_config(machine, config, f"may be set by {name}()", call.node)
    return machine.unknown(f"is what {name}() of a configuration returns", call.node)


def _get(machine: Machine, config: ConfigValue, call: Call) -> object:
    key, default = call.get(0, "key"), call.get(1, "default", None)
    if isinstance(key, str) and key not in config.cells and config.rest is None:
        return default
    return config_item(machine, config, key, call.node)


def _setdefault(machine: Machine, config: ConfigValue, call: Call) -> object:
    key, default = call.get(0, "key"), call.get(1, "default", None)
    if isinstance(key, str) and key in config.cells:
        return config.cells[key]
    if config.rest is not None:
        default = machine.unknown("may have been set before", call.node, config.rest)
    set_config_item(machine, config, key, default, call.node)
    return default


def _pop(machine: Machine, config: ConfigValue, call: Call) -> object:
    key = call.get(0, "key")
    value = _get(machine, config, Call(call.node, (key, call.get(1, "default", None))))
    if isinstance(key, str):
        machine.put(config.cells, key, ABSENT)
    else:
        spoil_config(machine, config, "may have been removed", call.node)
    return value


def _update(machine: Machine, config: ConfigValue, call: Call) -> object:
    _fill(machine, config, call, lambda key: True)
    return None


def _from_mapping(machine: Machine, config: ConfigValue, call: Call) -> object:
    _fill(machine, config, call, str.isupper)
    return True


def _fill(machine: Machine, config: ConfigValue, call: Call, is_wanted: Callable[[str], bool]) -> None:
    for value in call.arguments:
        content = value.content if isinstance(value, DictValue) else None
        if isinstance(value, ConfigValue):
            content = dict(value.cells)
        if value is None:
            continue
        if not isinstance(content, dict) or any(isinstance(key, Gap) for key in content):
            spoil_config(machine, config, "may be set by values that are not known", call.node)
            continue
        for key, part in content.items():
            if isinstance(key, str) and is_wanted(key):
                put_key(machine, config, key, part, machine.span(call.node))
    for key, part in call.keywords.items():
        if is_wanted(key):
            put_key(machine, config, key, part, machine.span(call.node))


def _from_object(machine: Machine, config: ConfigValue, call: Call) -> object:
    _load_object(machine, config, call.get(0, "obj"), call.node, frozenset())
    return None


def _load_object(machine: Machine, config: ConfigValue, held: object, node: ast.expr, names: frozenset[str]) -> None:
    span = machine.span(node)
    if isinstance(held, Driven) and held.default in (RAISES, ABSENT):
        config.loaded.append(LoadedObject(None, held.names, span))
        spoil_config(machine, config, f"is of an object that {reason_of(held.names)}", node)
        return
    if isinstance(held, Driven):
        driven, default = held.names, held.default
        decision = Decision(reason_of(driven), span, driven, True)
        machine.fork(
            decision,
            lambda: _load_object(machine, config, default, node, names | driven),
            lambda: spoil_config(machine, config, f"is of an object that {reason_of(driven)}", node),
        )
        return
    if isinstance(held, str) and not is_marked(held):
        held = _imported(machine, held, node)
    label, path = _label(held)
    config.loaded.append(LoadedObject(label, names, span, path))
    if label is None or _is_open(held):
        spoil_config(machine, config, "may be set by an object that is not known", node)
    if label is not None:
        for key, value, place in list(_attributes(machine, held, node)):
            put_key(machine, config, key, value, place or span)


def _imported(machine: Machine, text: str, node: ast.expr) -> object:
    """What `import_string` finds: a module, else an attribute of one."""
    text = text.replace(":", ".")
    if locate(machine, text) is not None or "." not in text:
        return find_module(machine, text, node)
    owner, _, name = text.rpartition(".")
    return machine.attribute(_imported(machine, owner, node), name, node)


def _label(held: object) -> tuple[str | None, str]:
    if isinstance(held, ModuleValue):
        return held.dotted, held.path
    cls = held.cls if isinstance(held, InstanceValue) else held
    return (f"{cls.module.dotted}.{cls.name}", cls.module.path) if isinstance(cls, ClassValue) else (None, "")


def _is_open(held: object) -> bool:
    if isinstance(held, ModuleValue):
        return held.rest is not None
    cls = held.cls if isinstance(held, InstanceValue) else held
    return isinstance(cls, ClassValue) and is_open_class(cls) is not None


def _attributes(machine: Machine, held: object, node: ast.expr) -> Iterator[tuple[str, object, Span | None]]:
    """The attributes in capitals, each with the place of its last write."""
    if isinstance(held, ModuleValue):
        for name, value in held.cells.items():
            if isinstance(name, str) and name.isupper():
                yield name, value, held.writes.get(name, (None,))[-1]
        return
    cls = held.cls if isinstance(held, InstanceValue) else held
    names: dict[str, Span | None] = {}
    for base in reversed(cls.lineage if isinstance(cls, ClassValue) else ()):
        if isinstance(base, ClassValue):
            for name in base.cells:
                if isinstance(name, str) and name.isupper():
                    names[name] = base.place(name)
    if isinstance(held, InstanceValue):
        names.update({name: None for name in held.cells if isinstance(name, str) and name.isupper()})
    for name, place in names.items():
        yield name, machine.attribute(held, name, node), place


def _from_file(machine: Machine, config: ConfigValue, call: Call) -> object:
    """`from_pyfile`: a Python file below the app's folder, or somewhere that nobody here can see."""
    app = next((one for one in machine.apps if one.config is config), None)
    text = call.get(0, "filename")
    path = ""
    if isinstance(text, str) and not text.startswith("/") and app is not None:
        path = repository_file(machine, text) if is_marked(text) else normal_path(app.folder, text)
    is_hidden = app is None or app.is_relative or path not in machine.repository.paths
    module = None if is_hidden else machine.load(path, "config")
    if module is None:
        spoil_config(machine, config, "may be set by a file that is not known", call.node)
    else:
        _load_object(machine, config, module, call.node, frozenset())
    return machine.unknown("says whether there was a file", call.node)


def _from_envvar(machine: Machine, config: ConfigValue, call: Call) -> object:
    value = read_variable(machine, call.get(0, "variable_name"), call.node)
    silent = call.get(1, "silent", False)
    if value is ABSENT:
        if silent is False:
            raise Raised("RuntimeError")
        return False
    if isinstance(value, Driven) and value.default is ABSENT:
        decision = Decision(reason_of(value.names), machine.span(call.node), value.names, True)
        reason = f"may be set by the file that {reason_of(value.names)}"
        machine.fork(decision, lambda: None, lambda: spoil_config(machine, config, reason, call.node))
        return machine.unknown("says whether there was a file", call.node)
    if isinstance(value, str):
        return _from_file(machine, config, Call(call.node, (value,)))
    spoil_config(machine, config, "may be set by a file that is not known", call.node)
    return machine.unknown("says whether there was a file", call.node)


def _from_prefixed_env(machine: Machine, config: ConfigValue, call: Call) -> object:
    prefix = call.get(0, "prefix", "FLASK")
    if not isinstance(prefix, str) or call.get(1, "loads") is not ABSENT:
        spoil_config(machine, config, "may be set by a variable", call.node)
        return True
    for key in list(config.cells):
        value = read_variable(machine, f"{prefix}_{key}", call.node)
        if isinstance(value, Driven) and value.default is ABSENT:
            machine.put(config.cells, key, machine.driven(value.names, config.cells[key], call.node))
        elif value is not ABSENT:
            put_key(machine, config, key, _decoded(machine, value, call.node), machine.span(call.node))
    open_config(machine, config, f"may be set by a variable {prefix}_…", call.node)
    return True


def _decoded(machine: Machine, value: object, node: ast.AST) -> object:
    """JSON where the text is some, else the text."""
    if not isinstance(value, str):
        return machine.unknown("is decoded from a variable", node, value)
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return value
    is_plain = isinstance(found, str | int | float | bool | type(None))
    return found if is_plain else machine.unknown("is decoded from a variable", node)


_METHODS: dict[str, Callable[[Machine, ConfigValue, Call], object]] = {
    "get": _get,
    "setdefault": _setdefault,
    "pop": _pop,
    "update": _update,
    "from_mapping": _from_mapping,
    "from_object": _from_object,
    "from_pyfile": _from_file,
    "from_envvar": _from_envvar,
    "from_prefixed_env": _from_prefixed_env,
    "__getitem__": lambda machine, config, call: config_item(machine, config, call.get(0, "key"), call.node),
}
