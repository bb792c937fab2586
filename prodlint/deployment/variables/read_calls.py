"""Single reads: `os.environ["X"]`, `env.bool("X")`, `config("X", cast=int)` and their like.

Spellings and what a missing variable does: the catalogue's configuration page, 2.3.1 and 2.3.2 (measured).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from prodlint.deployment.repository import Repository
from prodlint.deployment.value import NO, YES, Answer, Known, Value
from prodlint.deployment.variables.env_read import COMPUTED, EnvRead, Place, argument, default_of, name_of
from prodlint.deployment.variables.read_objects import ReaderObject, object_of
from prodlint.record import replace
from prodlint.syntax.python import NOT_LITERAL, PythonModule, literal

__all__ = ["read_at"]

_FUNCTIONS = {"os.getenv": "os.getenv", "os.environ.get": "os.environ", "os.environ.setdefault": "os.environ"}
_CASTS = {
    "int",
    "float",
    "bool",
    "str",
    "list",
    "tuple",
    "set",
    "Path",
    "Decimal",
    "strtobool",
    "loads",
    "literal_eval",
}
# These refuse None; a function of one's own with such a name may not.
_BUILTINS_OF_TEXT = {"int", "float", "list"}
_NEEDS_TEXT = {
    "pathlib.Path",
    "decimal.Decimal",
    "distutils.util.strtobool",
    "setuptools.distutils.util.strtobool",
    "json.loads",
    "ast.literal_eval",
}
_METHODS_OF_TEXT = {
    "lower",
    "upper",
    "strip",
    "rstrip",
    "lstrip",
    "casefold",
    "replace",
    "title",
    "capitalize",
    "encode",
}
_MISSING = {
    "os.environ": ("KeyError", "LookupError"),
    "python-dotenv": ("KeyError", "LookupError"),
    "django-environ": ("ImproperlyConfigured",),
    "python-decouple": ("UndefinedValueError",),
    "Starlette": ("KeyError", "LookupError"),
    "environs": ("EnvError",),
}
# django-environ: the cast of a method, its own variable, and where its default stands.
_ENVIRON = {
    name: (cast, variable, index)
    for cast, names, variable, index in (
        ("", "__call__ get_value", "", 2),
        ("str", "str unicode", "", 1),
        ("bytes", "bytes", "", 1),
        ("bool", "bool", "", 1),
        ("int", "int", "", 1),
        ("float", "float", "", 1),
        ("json", "json", "", 1),
        ("list", "list", "", 2),
        ("tuple", "tuple", "", 2),
        ("dict", "dict", "", 2),
        ("url", "url", "", 1),
        ("path", "path", "", 1),
        ("db", "db db_url", "DATABASE_URL", 1),
        ("cache", "cache cache_url", "CACHE_URL", 1),
        ("email", "email email_url", "EMAIL_URL", 1),
        ("search", "search search_url", "SEARCH_URL", 1),
        ("channels", "channels channels_url", "CHANNELS_URL", 1),
    )
    for name in names.split()
}
_ENVIRONS = {"__call__": "str", "dj_db_url": "db", "dj_email_url": "email", "dj_cache_url": "cache"}
_ENVIRONS.update(
    (name, name)
    for name in (
        "str bool int float decimal list dict json date time datetime timedelta url uuid log_level path enum".split()
    )
)
_CONFIGURATIONS = {"DatabaseURLValue": "DATABASE_URL", "CacheURLValue": "CACHE_URL", "EmailURLValue": "EMAIL_URL"}


def read_at(place: Place, module: PythonModule, repository: Repository) -> Iterator[EnvRead]:
    """The read that an expression is, if it is one."""
    node = place.node
    if isinstance(node, ast.Subscript):
        if isinstance(node.ctx, ast.Load):
            yield from _subscript(node, place, module, repository)
    elif isinstance(node, ast.Compare):
        yield from _presence(node, place, module, repository)
    elif isinstance(node, ast.Call):
        yield from _call(node, place, module, repository)


def _read(
    place: Place,
    module: PythonModule,
    reader: str,
    name: str,
    default: Value[object] | None,
    cast: str,
    required: Answer,
) -> EnvRead:
    if place.catches(*_MISSING.get(reader, ())):
        required = NO
    span = module.span(place.node)
    return EnvRead(name, default, cast, required, span, reader, place.at_import, place.conditional)


def _subscript(node: ast.Subscript, place: Place, module: PythonModule, repository: Repository) -> Iterator[EnvRead]:
    found = object_of(node.value, module, repository)
    if found is not None and found.reader in ("os.environ", "python-dotenv"):
        read = _read(place, module, found.reader, name_of(node.slice, module), None, "str", YES)
        yield _in_its_expression(read, place, module)


def _presence(node: ast.Compare, place: Place, module: PythonModule, repository: Repository) -> Iterator[EnvRead]:
    """`"X" in os.environ`."""
    if len(node.ops) == 1 and isinstance(node.ops[0], ast.In | ast.NotIn):
        found = object_of(node.comparators[0], module, repository) if literal(node.left) is not NOT_LITERAL else None
        name = name_of(node.left, module)
        if found is not None and name != COMPUTED:
            yield _read(place, module, found.reader, found.prefix + name, None, "presence", NO)


def _call(node: ast.Call, place: Place, module: PythonModule, repository: Repository) -> Iterator[EnvRead]:
    function = node.func
    name = _function_name(function, module)
    if name in _FUNCTIONS:
        yield _plain(node, place, module, _FUNCTIONS[name], name)
    elif name == "dj_database_url.config":
        variable = argument(node, 0, "env")
        default = _default_or_none(node, module)
        key = "DATABASE_URL" if variable is None else name_of(variable, module)
        yield _read(place, module, "dj-database-url", key, default, "db", NO)
    elif name is not None and name.startswith("configurations.values.") and name.endswith("Value"):
        yield from _configuration(node, place, module, name.rpartition(".")[2])
    elif isinstance(function, ast.Attribute) and function.attr in ("from_envvar", "from_prefixed_env"):
        yield from _flask(node, place, module, function.attr)
    else:
        yield from _of_object(node, place, module, repository)


def _function_name(function: ast.expr, module: PythonModule) -> str | None:
    """The dotted name of what is called; `get = os.environ.get` is followed."""
    name = module.qualified_name(function)
    if name is None and isinstance(function, ast.Name):
        bindings = module.bindings(function.id)
        value = bindings[0].value if len(bindings) == 1 else None
        return module.qualified_name(value) if isinstance(value, ast.Attribute | ast.Name) else None
    return name


def _plain(node: ast.Call, place: Place, module: PythonModule, reader: str, name: str) -> EnvRead:
    """`os.getenv("X", d)`, `os.environ.get("X", d)`, `os.environ.setdefault("X", d)`."""
    default = _default_or_none(node, module)
    read = _read(place, module, reader, name_of(argument(node, 0, "key"), module), default, "str", NO)
    return _in_its_expression(read, place, module)


def _default_or_none(node: ast.Call, module: PythonModule) -> Value[object]:
    default = default_of(argument(node, 1, "default"), module)
    return Known(None, module.span(node)) if default is None else default


def _in_its_expression(read: EnvRead, place: Place, module: PythonModule) -> EnvRead:
    """A read of plain Python with what the expression around it makes of the text."""
    inner: ast.expr = place.node
    for parent in reversed(place.parents):
        nothing = isinstance(read.default, Known) and read.default.value is None
        if isinstance(parent, ast.BoolOp) and parent.values[0] is inner:
            if not isinstance(parent.op, ast.Or) or len(parent.values) != 2 or read.default is None:
                return replace(read, cast="truth")
            read = replace(read, default=default_of(parent.values[1], module))
        elif isinstance(parent, ast.Attribute):
            if parent.attr == "split":
                return replace(read, cast="list", required=_stops(read, nothing, place, "AttributeError"))
            if parent.attr not in _METHODS_OF_TEXT:
                return read
            read = replace(read, required=_stops(read, nothing, place, "AttributeError"))
        elif isinstance(parent, ast.Call) and parent.func is not inner:
            function = parent.func
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            if name not in _CASTS or not parent.args or parent.args[0] is not inner:
                return read
            needs = nothing and _needs_text(function, module)
            return replace(read, cast=name, required=_stops(read, needs, place, "TypeError", "AttributeError"))
        elif isinstance(parent, ast.Compare):
            return replace(read, cast="comparison")
        elif isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not):
            return replace(read, cast="truth")
        elif not isinstance(parent, ast.Call):
            return read
        inner = parent
    return read


def _needs_text(function: ast.expr, module: PythonModule) -> bool:
    """Whether a function refuses None where it wants a text."""
    if isinstance(function, ast.Name) and function.id in _BUILTINS_OF_TEXT:
        return not module.bindings(function.id)
    return module.qualified_name(function) in _NEEDS_TEXT


def _stops(read: EnvRead, needs: bool, place: Place, *errors: str) -> Answer:
    return YES if needs and not place.catches(*errors) else read.required


def _of_object(node: ast.Call, place: Place, module: PythonModule, repository: Repository) -> Iterator[EnvRead]:
    """A call of a reader, or of a method of one."""
    function = node.func
    if not node.args and not node.keywords and not isinstance(function, ast.Attribute):
        return
    found = object_of(function, module, repository) if not isinstance(function, ast.Call) else None
    method = "__call__"
    if found is None and isinstance(function, ast.Attribute):
        found, method = object_of(function.value, module, repository), function.attr
    if found is None or found.is_class:
        return
    reader = found.reader
    if reader in ("os.environ", "python-dotenv"):
        yield from _mapping(node, place, module, reader, method)
    elif reader == "django-environ":
        yield from _django_environ(node, place, module, found, method)
    elif reader == "environs" and method in _ENVIRONS:
        owner = ast.dump(function.value if isinstance(function, ast.Attribute) and method != "__call__" else function)
        inner = [name_of(call.args[0], module) for one, call in place.prefixes if ast.dump(one) == owner]
        prefix = found.prefix + "".join(inner)
        yield _accessed(node, place, module, reader, prefix, _ENVIRONS[method], argument(node, 1, "default", "missing"))
    elif reader == "python-decouple" and method in ("__call__", "get"):
        cast = _cast(argument(node, 2, "cast")) or "str"
        yield _accessed(node, place, module, reader, "", cast, argument(node, 1, "default"))
    elif reader == "Starlette" and method in ("__call__", "get"):
        cast = _cast(argument(node, 1, "cast")) or "str"
        yield _accessed(node, place, module, reader, found.prefix, cast, argument(node, 2, "default"))


def _mapping(node: ast.Call, place: Place, module: PythonModule, reader: str, method: str) -> Iterator[EnvRead]:
    if method in ("get", "setdefault"):
        yield _plain(node, place, module, reader, method)
    elif method in ("pop", "__getitem__") and node.args:
        default = default_of(argument(node, 1), module) if method == "pop" else None
        yield _read(
            place, module, reader, name_of(node.args[0], module), default, "str", YES if default is None else NO
        )


def _accessed(
    node: ast.Call,
    place: Place,
    module: PythonModule,
    reader: str,
    prefix: str,
    cast: str,
    default: ast.expr | None,
    variable: str = "",
) -> EnvRead:
    """A read by an accessor that refuses a missing variable unless it has a default."""
    given = argument(node, 0, "var", "option", "name", "key")
    name = variable if given is None and variable else name_of(given, module)
    required = YES if default is None else NO
    return _read(place, module, reader, prefix + name, default_of(default, module), cast, required)


def _django_environ(
    node: ast.Call, place: Place, module: PythonModule, found: ReaderObject, method: str
) -> Iterator[EnvRead]:
    if method not in _ENVIRON:
        return
    cast, variable, index = _ENVIRON[method]
    default = argument(node, index, "default")
    if default is not None and isinstance(default, ast.Attribute) and default.attr == "NOTSET":
        default = None
    read = _accessed(node, place, module, found.reader, found.prefix, cast, default, variable)
    if cast:
        yield read
        return
    asked = _cast(argument(node, 1, "cast"))
    scheme = found.scheme.get(read.name)
    if scheme is not None:
        asked = asked or _cast(scheme[0])
        if default is None and scheme[1] is not None:
            value = literal(scheme[1])
            given: Value[object] = Known(None if value is NOT_LITERAL else value, read.span)
            read = replace(read, default=given, required=NO)
    if asked is None and isinstance(read.default, Known) and read.default.value is not None:
        asked = type(read.default.value).__name__
    yield replace(read, cast=asked or "str")


def _cast(node: ast.expr | None) -> str | None:
    """A cast by its name: `bool`, `Csv` for `Csv()`."""
    if isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Constant) and node.value is None:
        return None
    return "function" if isinstance(node, ast.Lambda) else None if node is None else "computed"


def _configuration(node: ast.Call, place: Place, module: PythonModule, kind: str) -> Iterator[EnvRead]:
    """django-configurations: `DEBUG = values.BooleanValue(False)` reads DJANGO_DEBUG."""
    off = argument(node, None, "environ")
    if off is not None and literal(off) is False:
        return
    named, prefix = argument(node, None, "environ_name"), argument(node, None, "environ_prefix")
    own = _CONFIGURATIONS.get(kind)
    name = name_of(named, module) if named is not None else own or _assigned_name(node, module)
    start = literal(prefix) if prefix is not None else None if own else "DJANGO"
    if start is NOT_LITERAL:
        name, start = COMPUTED, None
    needed = argument(node, None, "environ_required")
    required = YES if kind == "SecretValue" or (needed is not None and literal(needed) is True) else NO
    default = None if required is YES else default_of(argument(node, 0, "default"), module)
    if default is None and required is NO:
        default = Known(None, module.span(node))
    full = f"{start}_{name}" if start else name
    cast = {"Boolean": "bool", "Integer": "int", "": "str", "Secret": "str"}.get(kind[:-5], kind[:-5].lower())
    yield _read(place, module, "django-configurations", full, default, cast, required)


def _assigned_name(call: ast.Call, module: PythonModule) -> str:
    """The name in a class that a value is given to."""
    for node in module.tree.body:
        for statement in node.body if isinstance(node, ast.ClassDef) else []:
            if isinstance(statement, ast.Assign) and statement.value is call and len(statement.targets) == 1:
                target = statement.targets[0]
                return target.id if isinstance(target, ast.Name) else COMPUTED
    return COMPUTED


def _flask(node: ast.Call, place: Place, module: PythonModule, method: str) -> Iterator[EnvRead]:
    """`app.config.from_envvar("SETTINGS")`, `app.config.from_prefixed_env()`."""
    nothing = Known[object](None, module.span(node))
    if method == "from_prefixed_env":
        prefix = argument(node, 0, "prefix")
        name = "FLASK" if prefix is None else name_of(prefix, module)
        yield _read(place, module, "Flask", f"{name}_{COMPUTED}" if name != COMPUTED else name, nothing, "json", NO)
    elif node.args or node.keywords:
        silent = argument(node, 1, "silent")
        is_silent = silent is not None and literal(silent) is not False
        name = name_of(argument(node, 0, "variable_name"), module)
        yield _read(place, module, "Flask", name, nothing if is_silent else None, "path", NO if is_silent else YES)
