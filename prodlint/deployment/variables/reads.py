"""Every environment variable, and every `.env` file, that a Python file reads."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import NO, UNKNOWN, Answer, Known, Unknown, Value, answer
from prodlint.deployment.variables.env_read import EnvFileRead, EnvRead, Nodes, Place, argument
from prodlint.deployment.variables.read_calls import read_at
from prodlint.deployment.variables.read_objects import Roots, object_of
from prodlint.deployment.variables.read_settings import settings_files, settings_reads
from prodlint.regex import regex
from prodlint.syntax.env_dialect import Dialect
from prodlint.syntax.python import NOT_LITERAL, PythonModule, literal

__all__ = ["env_files_in", "reads_in"]

# A file without one of these reads nothing: it is not parsed.
_TELLING = regex(
    rb"environ|getenv|decouple|BaseSettings|starlette\.config|dj_database_url|dotenv|from_envvar|from_prefixed_env"
    rb"|configurations|\b(?:env|config)\s*\(\s*['\"]|\benv\.\w+\(|\bclass\s+(?:\w*Settings\w*\s*\(|\w+\s*\([^)]{0,200}(?:Settings|Config))"
)
_FLASK = ("from_envvar", "from_prefixed_env")
_LOADERS = ("dotenv.load_dotenv", "dotenv.main.load_dotenv", "dotenv.dotenv_values", "dotenv.main.dotenv_values")


@per_repository
def reads_in(repository: Repository, path: str) -> tuple[EnvRead, ...]:
    """The variables that a Python file reads, in the order of the text; none for a file that is no Python."""
    module = _module(repository, path)
    if module is None:
        return ()
    roots = Roots(module)

    def is_wanted(node: ast.expr) -> bool:
        if isinstance(node, ast.Call):
            function = node.func
            by_name = isinstance(function, ast.Attribute) and function.attr in _FLASK
            return by_name or roots.lead_to_a_reader(function)
        if isinstance(node, ast.Compare):
            return roots.lead_to_a_reader(node.comparators[0])
        return isinstance(node, ast.Subscript) and roots.lead_to_a_reader(node.value)

    nodes = Nodes(module)
    found = [read for place in nodes.places(is_wanted) for read in read_at(place, module, repository)]
    found.extend(settings_reads(nodes.classes, module, repository))
    unique = {(read.name, read.span, read.owner): read for read in found}
    return tuple(sorted(unique.values(), key=lambda read: (read.span.path != path, read.span.start)))


@per_repository
def env_files_in(repository: Repository, path: str) -> tuple[EnvFileRead, ...]:
    """The `.env` files that a Python file loads."""
    module = _module(repository, path)
    if module is None:
        return ()
    nodes = Nodes(module)
    found = [file for place in nodes.places(_may_load) for file in _loaded(place, module, repository)]
    found.sort(key=lambda file: file.span.start)
    return (*found, *settings_files(nodes.classes, module, repository))


def _may_load(node: ast.expr) -> bool:
    function = node.func if isinstance(node, ast.Call) else None
    name = str(function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", ""))
    return any(word in name.lower() for word in ("env", "config"))


def _module(repository: Repository, path: str) -> PythonModule | None:
    data = repository.data(path) if path.endswith((".py", ".pyw")) else None
    return repository.python(path) if data is not None and _TELLING.search(data) else None


def _loaded(place: Place, module: PythonModule, repository: Repository) -> Iterator[EnvFileRead]:
    call = place.node
    if not isinstance(call, ast.Call):
        return
    function = call.func
    name = module.qualified_name(function)
    span = module.span(call)
    if name in _LOADERS:
        override = _answer(argument(call, None, "override")) if name.endswith("load_dotenv") else NO
        path = _path(argument(call, 0, "dotenv_path"), module)
        yield EnvFileRead(path, Dialect.PYTHON_DOTENV, override, span, "python-dotenv")
    elif name in ("decouple.RepositoryEnv", "starlette.config.Config"):
        dialect = Dialect.DECOUPLE if name == "decouple.RepositoryEnv" else Dialect.STARLETTE
        node = argument(call, 0, "source", "env_file")
        if node is not None and literal(node) is not None:
            yield EnvFileRead(_path(node, module), dialect, NO, span, dialect.value)
    elif isinstance(function, ast.Attribute) and function.attr == "read_env":
        found = object_of(function.value, module, repository)
        if found is not None and found.reader == "django-environ":
            path = _path(argument(call, 0, "env_file"), module)
            override = _answer(argument(call, 1, "overwrite"))
            yield EnvFileRead(path, Dialect.DJANGO_ENVIRON, override, span, "django-environ")
        elif found is not None and found.reader == "environs":
            path = _path(argument(call, 0, "path"), module)
            override = _answer(argument(call, None, "override"))
            yield EnvFileRead(path, Dialect.PYTHON_DOTENV, override, span, "environs")


def _path(node: ast.expr | None, module: PythonModule) -> Value[str] | None:
    if node is None or (isinstance(node, ast.Constant) and node.value is None):
        return None
    value = literal(node)
    span = module.span(node)
    return Known(value, span) if isinstance(value, str) else Unknown("the path is computed", span)


def _answer(node: ast.expr | None) -> Answer:
    if node is None:
        return NO
    value = literal(node)
    return UNKNOWN if value is NOT_LITERAL else answer(bool(value))
