"""The variables without which the code of a service fails, and that nothing in the repository sets.

Only reads that certainly run count: at the level of modules that the process imports whatever happens, in functions
that its start calls without a condition, and the fields of settings classes that are made there. Where the code sets a
variable itself, or a committed `.env` that it may load does, nothing is needed from outside.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator

from prodlint.deployment.apps.import_order import surely_imported
from prodlint.deployment.apps.index import CodeFunction, code_index
from prodlint.deployment.apps.names import Defined
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository
from prodlint.deployment.served.asking_validators import AskedField, asked_by_validators, decided
from prodlint.deployment.served.code import ServedCode, served_code
from prodlint.deployment.service import Service
from prodlint.deployment.settings.found import AppSettings
from prodlint.deployment.settings.start import MAIN, Start, agreed_start
from prodlint.deployment.settings_module import settings_classes_of, settings_of
from prodlint.deployment.value import NO, UNKNOWN, YES, EnvDriven, Known, Unknown
from prodlint.deployment.variable import Variables
from prodlint.deployment.variables.env_read import EnvRead
from prodlint.deployment.variables.reads import env_files_in, reads_in
from prodlint.record import Record, replace
from prodlint.regex import regex
from prodlint.source import Span, SyntaxProblem
from prodlint.syntax.dotenv_dialects import read_env_file
from prodlint.syntax.env_dialect import Dialect
from prodlint.syntax.python import PythonModule
from prodlint.syntax.python_tree import nodes_in

__all__ = ["Need", "needed_variables"]

_PYDANTIC = "pydantic-settings"
# The class that is used decides what of these is read.
_OF_CLASSES = (_PYDANTIC, "django-configurations")
_NEEDLES = (b"environ", b"getenv", b"env(", b"env.", b"config(", b"Config(")
_MOST_FILES = 300
# Which names a file sets is the same in all dialects.
_DIALECT = Dialect.PYTHON_DOTENV


class Need(Record):
    """A variable that has to be set outside, or one of several, and the first place that asks for it.

    `asked_by` names a validator that asks for it under a condition which is not decided here.
    """

    name: str
    span: Span
    others: tuple[str, ...] = ()
    asked_by: str = ""


def needed_variables(service: Service, repository: Repository) -> tuple[Need, ...]:
    """What a service needs from outside, in the order of files and lines; empty where nothing certain is known."""
    start = agreed_start(service, repository)
    if start is None or not start.modules or _may_be_set_below(service):
        return ()
    code = served_code(service, repository)
    sure = _sure(code, start, settings_of(service, repository))
    held = _held(code, start, repository)
    if held is None:
        return ()
    found: dict[str, Need] = {}
    elsewhere: dict[str, bool] = {}
    for read in _reads(code, sure, service, repository):
        names = (read.name, *read.alternatives)
        if read.name in found or any(_is_given(one, read, start, held) for one in names):
            continue
        for one in names:
            if one not in elsewhere:
                elsewhere[one] = _is_set_elsewhere(one, repository)
        if not any(elsewhere[one] for one in names):
            found[read.name] = Need(read.name, read.span, read.alternatives)
    for read, asked in _asked(code, sure, service, repository):
        names = (read.name, *read.alternatives)
        is_told = any(one in found or _is_given(one, read, start, held) for one in names)
        if not is_told and not any(_is_set_elsewhere(one, repository) for one in names):
            found[read.name] = Need(read.name, asked.span, read.alternatives, asked.validator)
    return tuple(found.values())


def _may_be_set_below(service: Service) -> bool:
    """Whether the image stands on one of somebody's own, which may set any variable."""
    image = service.image
    return image is not None and (image.base is None or image.base_brings_servers is not NO)


def _sure(code: ServedCode, start: Start, settings: AppSettings | None) -> frozenset[str]:
    """The files that the process certainly runs: from its entries on, and from what its settings name."""
    script = next((one.path for one in start.modules if one.dotted == MAIN), None)
    entries = list(code.graph.entries)
    if settings is not None and settings.path is not None:
        entries.append(settings.path)
    return surely_imported(code.graph, tuple(entries), script)


def _reads(code: ServedCode, sure: frozenset[str], service: Service, repository: Repository) -> Iterator[EnvRead]:
    files = sorted({*sure, *code.graph.holding(*_NEEDLES)})[:_MOST_FILES]
    for path in files:
        for read in reads_in(repository, path):
            if read.required is not YES or read.conditional or read.is_pattern or read.reader in _OF_CLASSES:
                continue
            is_run = path in sure if read.at_import is YES else read.at_import is UNKNOWN and _is_called(code, read)
            if is_run:
                yield read
    for settings in settings_classes_of(service, repository):
        yield from _fields(settings, code, sure, repository)


def _own(settings: AppSettings, code: ServedCode, sure: frozenset[str], repository: Repository) -> list[EnvRead]:
    """The fields of a settings class that is certainly made."""
    path, module = settings.path, settings.module
    if path is None or not isinstance(module, Known):
        return []
    name = module.value.rpartition(".")[2]
    own = [one for one in reads_in(repository, path) if one.reader == _PYDANTIC and one.owner.startswith(f"{name}.")]
    is_made = path in sure and any(one.at_import is YES for one in own)
    return own if is_made or any(_makes(code, sure, name, path)) else []


def _asked(
    code: ServedCode, sure: frozenset[str], service: Service, repository: Repository
) -> Iterator[tuple[EnvRead, AskedField]]:
    """The fields that may be left out, but that a validator of their class asks for."""
    for settings in settings_classes_of(service, repository):
        module = repository.python(settings.path) if settings.path is not None else None
        if module is None or b"_validator" not in (repository.data(settings.path or "") or b""):
            continue
        own = {read.owner: read for read in _own(settings, code, sure, repository)}
        name = next(iter(own), "").partition(".")[0]
        for asked in asked_by_validators(module, name):
            read = own.get(f"{name}.{asked.name}")
            default = read.default if read is not None and read.required is not YES else None
            if read is None or not isinstance(default, Known) or default.value:
                continue
            answers = [decided(one, asked.held, settings.get) for one in asked.tests]
            if not any(one is NO for one in answers):
                # What something else may fill in is not known here.
                is_certain = all(one is YES for one in answers) and not isinstance(settings.get(asked.name), Unknown)
                yield read, replace(asked, validator="") if is_certain else asked


def _fields(settings: AppSettings, code: ServedCode, sure: frozenset[str], repository: Repository) -> Iterator[EnvRead]:
    """The fields without a value of a settings class that is certainly made."""
    for read in _own(settings, code, sure, repository):
        value = settings.get(read.owner.partition(".")[2]) if read.required is YES else None
        # What a validator or a committed `.env` gives is told by the class as it was worked out.
        if isinstance(value, EnvDriven) and value.is_required:
            yield read


def _makes(code: ServedCode, sure: frozenset[str], name: str, path: str) -> Iterator[bool]:
    """Whether each call of a class certainly runs, at import or in a function that start or requests reach."""
    for caller in code.graph.holding(name.encode()):
        index = code_index(code.repository, caller)
        for call in index.by_name.get(name, ()) if index is not None else ():
            if call.is_conditional or call.guards or call.is_deferred:
                continue
            meant = code.meaning(call.node.func, caller, call.function)
            if not isinstance(meant, Defined) or meant.is_instance or meant.path != path:
                continue
            yield caller in sure if call.function is None else _is_reached(code, call.function)


def _is_called(code: ServedCode, read: EnvRead) -> bool:
    """Whether a read in a function certainly runs: the start calls the function, which does not return before it."""
    index = code_index(code.repository, read.span.path)
    inside = [one for one in index.functions if _holds(one, read.span)] if index is not None else []
    if not inside:
        return False
    function = max(inside, key=lambda one: one.node.lineno)
    node = function.node
    parts = nodes_in(node)
    returns = [one.lineno for one in parts if isinstance(one, ast.Return | ast.Raise)]
    # A function in a function, and a lambda, may never be called.
    if any(isinstance(one, ast.Lambda) and one.lineno <= read.span.line <= (one.end_lineno or 0) for one in parts):
        return False
    return all(line >= read.span.line for line in returns) and _starts(code, function)


def _holds(function: CodeFunction, span: Span) -> bool:
    node = function.node
    return bool(node.body) and node.body[0].lineno <= span.line <= (node.end_lineno or 0)


def _is_reached(code: ServedCode, function: CodeFunction) -> bool:
    return _starts(code, function) or code.requested(function) is not None


def _starts(code: ServedCode, function: CodeFunction) -> bool:
    """Whether the start calls a function through calls that all run whatever happens."""
    reached = code.started(function)
    return reached is not None and all(_is_unconditional(code, hop.span) for hop in reached.hops)


def _is_unconditional(code: ServedCode, span: Span) -> bool:
    index = code_index(code.repository, span.path)
    found = [one for one in index.calls if index.module.span(one.node) == span] if index is not None else []
    return bool(found) and not any(one.is_conditional or one.guards or one.is_deferred for one in found)


def _is_given(name: str, read: EnvRead, start: Start, held: frozenset[str]) -> bool:
    """Whether something of the repository or of the machine gives a variable, or says who does."""
    variables: Variables = start.variables
    spelt = [name] if read.case_sensitive else [one for one in variables.names if one.upper() == name.upper()]
    if any(variables.definitions(one) for one in spelt) or variables.comes_by_itself(name):
        return True
    given = {one for one, _ in start.given}
    if read.case_sensitive:
        return name in held or name in given
    return name.upper() in {one.upper() for one in (*held, *given)}


def _held(code: ServedCode, start: Start, repository: Repository) -> frozenset[str] | None:
    """The variables that the code sets itself or may load from committed files; None where these cannot be told."""
    names: set[str] = set()
    files: set[str] = set(start.env_files)
    for path in code.graph.files:
        data = repository.data(path) or b""
        if b"env" not in data:
            continue
        written = _written(repository, path) if b"environ" in data or b"putenv" in data else frozenset[str]()
        if written is None:
            return None
        names |= written
        if env_files_in(repository, path):
            files.update(_env_files(repository))
    for file in files:
        source = repository.source(file)
        try:
            lines = read_env_file(source, _DIALECT) if source is not None else ()
            names.update(line.name for line in lines if line.value is not None)
        except SyntaxProblem:
            return None
    return frozenset(names)


@per_repository
def _written(repository: Repository, path: str) -> frozenset[str] | None:
    """The variables that a file sets; None where it may set others, or hands all of them on to who knows what."""
    module = repository.python(path)
    if module is None:
        return frozenset()
    found: set[str] = set()
    read = {id(one) for node in module.nodes for one in _read_by(node)}
    for node in module.nodes:
        name = _set_by(node, module)
        if name == _ANY or (id(node) not in read and _is_whole(node, module)):
            return None
        if name:
            found.add(name)
    return frozenset(found)


_ANY = "*"


def _set_by(node: ast.AST, module: PythonModule) -> str:
    """The variable that a statement or a call sets; `*` where it may be any, nothing where it sets none."""
    key: ast.expr | None = None
    if isinstance(node, ast.Subscript):
        key = node.slice if isinstance(node.ctx, ast.Store) and _is_environment(node.value, module) else None
    elif isinstance(node, ast.AugAssign):
        return _ANY if _is_environment(node.target, module) else ""
    elif isinstance(node, ast.Call):
        called = node.func
        last = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        owner = called.value if isinstance(called, ast.Attribute) else None
        if last == "update" and _is_environment(owner, module):
            return _ANY
        if last == "putenv" or (last == "setdefault" and _is_environment(owner, module)):
            key = node.args[0] if node.args else None
    if key is None:
        return ""
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else _ANY


def _is_environment(node: ast.expr | None, module: PythonModule) -> bool:
    """`os.environ`, or what is called so."""
    if not isinstance(node, ast.Attribute | ast.Name):
        return False
    name = node.attr if isinstance(node, ast.Attribute) else node.id
    return name == "environ" or module.qualified_name(node) == "os.environ"


def _read_by(node: ast.AST) -> Iterator[ast.expr]:
    """What a node takes something from, or copies; all else gives it another name, under which it may be written to."""
    if isinstance(node, ast.Attribute | ast.Subscript):
        yield node.value
    elif isinstance(node, ast.Compare):
        yield from (
            one for how, one in zip(node.ops, node.comparators, strict=True) if isinstance(how, ast.In | ast.NotIn)
        )
    elif isinstance(node, ast.Call):
        yield from (one.value for one in node.keywords if one.arg is None)
    elif isinstance(node, ast.Dict):
        yield from (value for key, value in zip(node.keys, node.values, strict=True) if key is None)
    elif isinstance(node, ast.For | ast.comprehension):
        yield node.iter
    elif isinstance(node, ast.AugAssign):
        yield node.target


def _is_whole(node: ast.AST, module: PythonModule) -> bool:
    """Whether an expression is `os.environ` itself."""
    if isinstance(node, ast.Attribute):
        owner = getattr(node.value, "id", "")
        return node.attr == "environ" and (owner == "os" or module.qualified_name(node) == "os.environ")
    return isinstance(node, ast.Name) and module.qualified_name(node) == "os.environ"


# What others than the readers of this program may set variables with: infrastructure as code, templates, scripts.
_SETTERS = (".tf", ".tfvars", ".hcl", ".bicep", ".ts", ".js", ".json", ".yaml", ".yml", ".j2", ".sh", ".py")
_CODE_OF_MACHINES = regex(rb"aws_cdk|\bpulumi\b|\btroposphere\b|\bmodal\b")
_CHECKS = (".github/", ".circleci/", ".travis.yml", ".gitlab-ci.yml", "tox.ini")


@per_repository
def _setters(repository: Repository) -> tuple[bytes, ...]:
    """The files of production that may set variables and are not read as such; compose files are."""
    found: list[bytes] = []
    for path in repository.paths:
        name = posixpath.basename(path)
        if not name.endswith(_SETTERS) or "compose" in name or path.startswith(_CHECKS) or _SAMPLE.search(name):
            continue
        if environment_of(path) in (Environment.TEST, Environment.DEVELOPMENT):
            continue
        data = repository.data(path) or b""
        if data and (not name.endswith(".py") or _CODE_OF_MACHINES.search(data) is not None):
            found.append(data)
    return tuple(found)


def _is_set_elsewhere(name: str, repository: Repository) -> bool:
    """Whether a file looks as if it set a variable: `NAME=`, `"NAME":`, `name: NAME`, `"Name": "NAME"`."""
    own = name.encode("utf-8", "replace")
    holding = [data for data in _setters(repository) if own in data]
    if not holding:
        return False
    word = re.escape(own)
    sets = re.compile(
        rb"(?<![\w$])" + word + rb"\b['\"]?[ \t]*[:=](?!=)|(?i:name|key)['\"]?[ \t]*[:=][ \t]*['\"]?" + word + rb"\b"
    )
    return any(sets.search(data) is not None for data in holding)


_SAMPLE = regex(r"sample|example|template|dist|tmpl")


def _env_files(repository: Repository) -> Iterator[str]:
    """The committed files that code may load, wherever it runs; samples are loaded by nobody."""
    for path in repository.paths:
        name = posixpath.basename(path)
        if (name.startswith(".env") or name.endswith(".env")) and _SAMPLE.search(name) is None:
            yield path
