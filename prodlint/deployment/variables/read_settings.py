"""Settings classes of pydantic: which variable each field reads, in pydantic-settings 2 and in pydantic 1.

Rules: pydantic-settings' documentation, "Environment variable names", "Parsing environment variable values"; the
catalogue's configuration page, 2.5 (measured). The fields are asked of pydantic itself in the tests.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from itertools import islice

from prodlint.deployment.repository import Repository
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, Known, Unknown, Value
from prodlint.deployment.variables.env_read import EnvFileRead, EnvRead, argument
from prodlint.deployment.variables.read_objects import module_file
from prodlint.record import Entity, field, replace
from prodlint.syntax.env_dialect import Dialect
from prodlint.syntax.python import NOT_LITERAL, PythonModule, literal
from prodlint.syntax.python_tree import nodes_in

__all__ = ["SettingsClass", "SettingsField", "settings_class", "settings_classes", "settings_files", "settings_reads"]

# Far above what real code holds: a hostile file shall not take long.
_DEPTH = 5
_MOST_BASES = 4
_MOST_CLASSES = 200
_MOST_READS = 2_000
_READER = "pydantic-settings"
_CURRENT = ("pydantic_settings.BaseSettings", "pydantic_settings.main.BaseSettings")
_OLD = ("pydantic.BaseSettings", "pydantic.v1.BaseSettings", "pydantic.env_settings.BaseSettings")
_MODELS = ("pydantic.BaseModel", "pydantic.main.BaseModel", "pydantic.v1.BaseModel")
_COLLECTIONS = frozenset(
    "list List set Set frozenset FrozenSet tuple Tuple dict Dict Sequence Mapping Iterable deque defaultdict".split()
)
_TEXTS = frozenset("str bool int float bytes Path Decimal datetime date time timedelta UUID".split())


class _Class(Entity):
    """A class of the repository, its bases that are of the repository too, and the library under it."""

    node: ast.ClassDef
    module: PythonModule
    bases: tuple[_Class, ...] = ()
    is_settings: bool = False
    is_model: bool = False
    is_old: bool = False

    def lineage(self) -> Iterator[_Class]:
        """Its bases and then itself, so that later ones overrule."""
        for base in reversed(self.bases):
            yield from base.lineage()
        yield self


class _Field(Entity):
    """A field of a class as it is written."""

    name: str
    annotation: ast.expr | None
    value: ast.expr | None
    owner: _Class
    statement: ast.stmt


class _Type(Entity):
    """What an annotation says: the cast, whether None is one of its values, a model, and its `Annotated` parts."""

    cast: str
    optional: bool = False
    model: _Class | None = None
    extra: tuple[ast.expr, ...] = ()


class _Config(Entity):
    """The configuration of a settings class, of its bases too."""

    values: Mapping[str, ast.expr] = field(default_factory=dict)
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def text(self, key: str) -> str:
        value = literal(self.values[key]) if key in self.values else ""
        return value if isinstance(value, str) else ""

    def is_on(self, key: str) -> bool:
        return key in self.values and literal(self.values[key]) is True


class SettingsField(Entity):
    """A field of a settings class: the variables that it reads, and how it is annotated and written."""

    name: str
    read: EnvRead
    annotation: ast.expr | None
    value: ast.expr | None


class SettingsClass(Entity):
    """A settings class that a module makes objects of; `nodes` are those of its bases and then its own.

    `config` are the entries of its configuration.
    """

    node: ast.ClassDef
    module: PythonModule
    fields: tuple[SettingsField, ...]
    nodes: tuple[tuple[ast.ClassDef, PythonModule], ...]
    config: Mapping[str, ast.expr]
    files: tuple[EnvFileRead, ...]
    is_old: bool


def settings_classes(module: PythonModule, repository: Repository) -> Iterator[SettingsClass]:
    """The settings classes of a module; those that are only there to be extended are left out."""
    nodes = [node for node in module.nodes if isinstance(node, ast.ClassDef)]
    for one in _settings_classes(nodes, module, repository):
        yield _described(one, repository)


def settings_class(node: ast.ClassDef, module: PythonModule, repository: Repository) -> SettingsClass | None:
    """One class of a module; None for one that is no settings class."""
    one = _class(node, module, repository, 0)
    return _described(one, repository) if one.is_settings else None


def _described(one: _Class, repository: Repository) -> SettingsClass:
    config = _config(one)
    every = islice(_reads(one, config, repository, UNKNOWN), _MOST_READS)
    reads = {read.owner.partition(".")[2]: read for read in every}
    fields = [
        SettingsField(name, reads[name], part.annotation, part.value)
        for name, part in _fields(one).items()
        if name in reads
    ]
    files = tuple(_files_of(one, config))
    lineage = tuple((base.node, base.module) for base in one.lineage())
    return SettingsClass(one.node, one.module, tuple(fields), lineage, config.values, files, one.is_old)


def settings_reads(classes: list[ast.ClassDef], module: PythonModule, repository: Repository) -> Iterator[EnvRead]:
    """The variables that the settings classes among the classes of a module read."""
    for one in _settings_classes(classes, module, repository):
        config = _config(one)
        # Models that hold one another are read to some depth, and no further.
        yield from islice(_reads(one, config, repository, _instantiated(one)), _MOST_READS)


def settings_files(classes: list[ast.ClassDef], module: PythonModule, repository: Repository) -> Iterator[EnvFileRead]:
    """The `.env` files that the settings classes of a module load; those of a tuple in its order."""
    for one in _settings_classes(classes, module, repository):
        yield from _files_of(one, _config(one))


def _files_of(one: _Class, config: _Config) -> Iterator[EnvFileRead]:
    node = config.values.get("env_file")
    owner = next((base for base in reversed([*one.lineage()]) if node is not None and _holds(base, node)), one)
    for item in node.elts if isinstance(node, ast.Tuple | ast.List) else [node]:
        if item is None or literal(item) is None:
            continue
        value = literal(item)
        span = owner.module.span(item)
        path: Value[str] = Known(value, span) if isinstance(value, str) else Unknown("it is computed", span)
        yield EnvFileRead(path, Dialect.PYTHON_DOTENV, NO, span, _READER)


def _holds(one: _Class, node: ast.expr) -> bool:
    return any(child is node for child in nodes_in(one.node))


def _settings_classes(nodes: list[ast.ClassDef], module: PythonModule, repository: Repository) -> Iterator[_Class]:
    """The settings classes of a module; one that is only there to be extended is left out."""
    found = [
        one
        for node in islice((node for node in nodes if node.bases), _MOST_CLASSES)
        if (one := _class(node, module, repository, 0)).is_settings
    ]
    extended = {base.node for one in found for base in one.bases}
    for one in found:
        if one.node not in extended or _is_made(one, module.tree):
            yield one


def _class(node: ast.ClassDef, module: PythonModule, repository: Repository, depth: int) -> _Class:
    bases: list[_Class] = []
    is_settings = is_model = is_old = False
    for base in node.bases[:_MOST_BASES] if depth < _DEPTH else []:
        name = _dotted(base, module)
        if name in _CURRENT or name in _OLD:
            is_settings, is_old = True, is_old or name in _OLD
        elif name in _MODELS:
            is_model = True
        elif _may_be_settings(base):
            other = _class_named(base, module, repository, depth + 1)
            if other is not None and other.node is not node:
                bases.append(other)
    return _Class(
        node,
        module,
        tuple(bases),
        is_settings or any(base.is_settings for base in bases),
        is_model or any(base.is_model for base in bases),
        is_old or any(base.is_old for base in bases),
    )


def _may_be_settings(base: ast.expr) -> bool:
    """Whether a base is worth a look: a class of settings says so, a model of one's own has any name."""
    name = base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
    return isinstance(base, ast.Name) or any(word in name.lower() for word in ("settings", "config", "model"))


def _dotted(node: ast.expr, module: PythonModule) -> str | None:
    """The dotted name of an expression; of two imports that stand for each other, pydantic-settings wins."""
    name = module.qualified_name(node)
    if name is None and isinstance(node, ast.Name):
        found = [f"{one.module}.{one.name}" for one in module.imports if (one.asname or one.name) == node.id]
        known = [one for one in (*_CURRENT, *_OLD, *_MODELS) if one in found]
        return known[0] if known else None
    return name


def _class_named(node: ast.expr, module: PythonModule, repository: Repository, depth: int) -> _Class | None:
    """The class of the repository that an expression names."""
    if isinstance(node, ast.Name):
        for binding in module.bindings(node.id):
            if isinstance(binding.node, ast.ClassDef):
                return _class(binding.node, module, repository, depth)
    name = module.qualified_name(node)
    owner, _, last = (name or "").rpartition(".")
    path = module_file(repository, owner, module.source.path) if owner and depth < _DEPTH else None
    other = repository.python(path) if path is not None and path != module.source.path else None
    return _class_named(ast.Name(last, ast.Load()), other, repository, depth + 1) if other is not None else None


def _instantiated(one: _Class) -> Answer:
    """Whether the module makes an object of the class when it is imported."""
    plain = ast.Assign | ast.AnnAssign | ast.Expr
    return YES if any(_is_made(one, part) for part in one.module.tree.body if isinstance(part, plain)) else UNKNOWN


def _is_made(one: _Class, within: ast.AST) -> bool:
    """Whether some code calls the class by its name."""
    calls = (node.func for node in nodes_in(within) if isinstance(node, ast.Call))
    return any(isinstance(called, ast.Name) and called.id == one.node.name for called in calls)


def _config(one: _Class) -> _Config:
    values: dict[str, ast.expr] = {}
    names: dict[str, tuple[str, ...]] = {}
    for part in one.lineage():
        for statement in part.node.body:
            if isinstance(statement, ast.ClassDef) and statement.name == "Config":
                for inner in statement.body:
                    if isinstance(inner, ast.Assign) and isinstance(inner.targets[0], ast.Name):
                        values[inner.targets[0].id] = inner.value
            elif isinstance(statement, ast.Assign | ast.AnnAssign) and _target(statement) == "model_config":
                values.update(_entries(statement.value))
        values.update({one.arg: one.value for one in part.node.keywords if one.arg is not None})
    fields = values.get("fields")
    for name, entry in _entries(fields).items():
        names[name] = _texts(_entries(entry).get("env", entry))
    return _Config(values, names)


def _target(statement: ast.Assign | ast.AnnAssign) -> str:
    target = statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[0]
    return target.id if isinstance(target, ast.Name) else ""


def _entries(node: ast.expr | None) -> dict[str, ast.expr]:
    """The entries of `SettingsConfigDict(a=1)` and of `{"a": 1}`."""
    if isinstance(node, ast.Call):
        return {one.arg: one.value for one in node.keywords if one.arg is not None}
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return {
            key.value: value for key, value in pairs if isinstance(key, ast.Constant) and isinstance(key.value, str)
        }
    return {}


def _texts(node: ast.expr | None) -> tuple[str, ...]:
    """The names that an alias gives: a text, several, `AliasChoices("a", "b")`, `AliasPath("a", 0)`."""
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        wanted = node.args[:1] if called == "AliasPath" else node.args
        return tuple(name for one in wanted for name in _texts(one))
    value = literal(node) if node is not None else None
    if isinstance(value, str):
        return (value,)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list | tuple | set) else ()


def _fields(one: _Class) -> dict[str, _Field]:
    """The fields of a class and of its bases; a later one of a name replaces an earlier one."""
    found: dict[str, _Field] = {}
    for part in one.lineage():
        for statement in part.node.body:
            if isinstance(statement, ast.AnnAssign):
                name, annotation, value = _target(statement), statement.annotation, statement.value
            elif isinstance(statement, ast.Assign) and part.is_old:
                name, annotation, value = _target(statement), None, statement.value
            else:
                continue
            if name and not name.startswith("_") and name != "model_config" and not _is_class_variable(annotation):
                found[name] = _Field(name, annotation, value, part, statement)
    return found


def _is_class_variable(annotation: ast.expr | None) -> bool:
    return annotation is not None and "ClassVar" in ast.unparse(annotation)[:30]


def _reads(one: _Class, config: _Config, repository: Repository, at_import: Answer) -> Iterator[EnvRead]:
    sensitive = config.is_on("case_sensitive")
    for held in _fields(one).values():
        kind = _type(held.annotation, held.owner.module, repository, 0)
        info = _info(held, kind)
        names = _names(held, info, config, one.is_old)
        names = tuple(dict.fromkeys(name if sensitive else name.upper() for name in names))
        default = _default(held, info, kind, one.is_old)
        read = EnvRead(
            name=names[0],
            default=default,
            cast="json" if kind.model is not None else kind.cast,
            required=YES if default is None else NO,
            span=held.owner.module.span(held.statement),
            reader=_READER,
            at_import=at_import,
            alternatives=names[1:],
            case_sensitive=sensitive,
            owner=f"{one.node.name}.{held.name}",
        )
        delimiter = config.text("env_nested_delimiter")
        if kind.model is None or not delimiter:
            yield read
            continue
        # Its parts may stand in for the whole.
        yield replace(read, required=UNKNOWN if read.required is YES else NO)
        yield from _nested(read, kind.model, delimiter, sensitive, repository, 0)


def _nested(
    outer: EnvRead, model: _Class, delimiter: str, sensitive: bool, repository: Repository, depth: int
) -> Iterator[EnvRead]:
    for held in _fields(model).values():
        kind = _type(held.annotation, held.owner.module, repository, 0)
        info = _info(held, kind)
        default = _default(held, info, kind, model.is_old)
        own = delimiter + held.name
        read = replace(
            outer,
            name=outer.name + (own if sensitive else own.upper()),
            default=default,
            cast="json" if kind.model is not None else kind.cast,
            # The whole may be given as JSON instead.
            required=NO if outer.default is not None or default is not None else UNKNOWN,
            span=held.owner.module.span(held.statement),
            alternatives=(),
            owner=f"{outer.owner}.{held.name}",
        )
        yield read
        if kind.model is not None and depth < _DEPTH:
            yield from _nested(read, kind.model, delimiter, sensitive, repository, depth + 1)


def _info(held: _Field, kind: _Type) -> ast.Call | None:
    """The call of `Field` that describes a field: its value, or a part of `Annotated`."""
    for node in (held.value, *kind.extra):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name == "Field":
                return node
    return None


def _names(held: _Field, info: ast.Call | None, config: _Config, is_old: bool) -> tuple[str, ...]:
    own = (config.text("env_prefix") + held.name,)
    if is_old:
        given = config.names.get(held.name, ()) or (_texts(argument(info, None, "env")) if info is not None else ())
        return given or own
    aliases = _texts(argument(info, None, "validation_alias")) if info is not None else ()
    aliases = aliases or (_texts(argument(info, None, "alias")) if info is not None else ())
    if not aliases:
        return own
    by_name = config.is_on("populate_by_name") or config.is_on("validate_by_name")
    return (*aliases, *own) if by_name else aliases


def _default(held: _Field, info: ast.Call | None, kind: _Type, is_old: bool) -> Value[object] | None:
    module = held.owner.module
    node = held.value
    if info is not None and node is info:
        factory = argument(info, None, "default_factory")
        if factory is not None:
            empty: dict[str, object] = {"list": [], "dict": {}, "set": set(), "tuple": ()}
            made = empty.get(getattr(factory, "id", ""))
            span = module.span(factory)
            return Unknown("the default is computed", span) if made is None else Known(made, span)
        node = argument(info, 0, "default")
    elif info is not None and node is None:
        node = argument(info, None, "default")
        if argument(info, None, "default_factory") is not None:
            return Unknown("the default is computed", module.span(info))
    if node is None or (isinstance(node, ast.Constant) and node.value is Ellipsis):
        nothing = Known[object](None, module.span(held.statement))
        return nothing if is_old and kind.optional and node is None else None
    value = literal(node)
    span = module.span(node)
    return Unknown("the default is computed", span) if value is NOT_LITERAL else Known(value, span)


def _type(annotation: ast.expr | None, module: PythonModule, repository: Repository, depth: int) -> _Type:
    if annotation is None or depth > _DEPTH:
        return _Type("str")
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            return _type(ast.parse(annotation.value, mode="eval").body, module, repository, depth + 1)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return _Type("unknown")
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        return _union([annotation.left, annotation.right], module, repository, depth)
    if isinstance(annotation, ast.Subscript):
        return _subscripted(annotation, module, repository, depth)
    name = annotation.attr if isinstance(annotation, ast.Attribute) else getattr(annotation, "id", "")
    if name in _TEXTS:
        return _Type(name)
    if name in _COLLECTIONS:
        return _Type("json")
    if name.startswith("Secret"):
        return _Type("str")
    if name.endswith(("Dsn", "Url")):
        return _Type("url")
    if name == "Json":
        return _Type("json")
    found = _class_named(annotation, module, repository, 0)
    if found is not None and (found.is_model or found.is_settings):
        return _Type("json", model=found)
    return _Type(name or "unknown")


def _subscripted(node: ast.Subscript, module: PythonModule, repository: Repository, depth: int) -> _Type:
    name = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
    inside = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if name == "Optional":
        return replace(_type(inside[0], module, repository, depth + 1), optional=True)
    if name == "Union":
        return _union(inside, module, repository, depth)
    if name == "Annotated" and inside:
        kind = _type(inside[0], module, repository, depth + 1)
        kept_as_text = any(getattr(one, "id", getattr(one, "attr", "")) == "NoDecode" for one in inside[1:])
        return replace(kind, cast="text" if kept_as_text else kind.cast, extra=(*kind.extra, *inside[1:]))
    if name == "Literal":
        return _Type("literal")
    return _Type("json" if name in _COLLECTIONS or name == "Json" else name or "unknown")


def _union(parts: list[ast.expr], module: PythonModule, repository: Repository, depth: int) -> _Type:
    kinds = []
    optional = False
    for part in parts:
        if isinstance(part, ast.Constant) and part.value is None:
            optional = True
        else:
            kinds.append(_type(part, module, repository, depth + 1))
    if not kinds:
        return _Type("None", True)
    first = kinds[0] if len({kind.cast for kind in kinds}) == 1 else _Type("|".join(kind.cast for kind in kinds))
    return replace(first, optional=optional or any(kind.optional for kind in kinds))
