"""Every environment variable, and every `.env` file, that a Python file reads."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from prodlint.deployment.env_read import EnvFileRead, EnvRead, Place, argument, places
from prodlint.deployment.env_read_calls import read_at
from prodlint.deployment.env_read_objects import object_of
from prodlint.deployment.env_read_settings import settings_files, settings_reads
from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import NO, UNKNOWN, Answer, Known, Unknown, Value, answer
from prodlint.regex import regex
from prodlint.syntax.dotenv_dialects import Dialect
from prodlint.syntax.python import NOT_LITERAL, PythonModule, literal

__all__ = ["env_files_in", "reads_in"]

# A file without one of these reads nothing: it is not parsed.
_TELLING = regex(
    rb"environ|getenv|decouple|BaseSettings|starlette\.config|dj_database_url|dotenv|from_envvar|from_prefixed_env"
    rb"|configurations|\benvs?\b\s*[.(\[]|\bconfig\s*[(\[]|class\s+\w*(?:Settings|Config|Env)"
)
_LOADERS = ("dotenv.load_dotenv", "dotenv.main.load_dotenv", "dotenv.dotenv_values", "dotenv.main.dotenv_values")


@per_repository
def reads_in(repository: Repository, path: str) -> tuple[EnvRead, ...]:
    """The variables that a Python file reads, in the order of the text; none for a file that is no Python."""
    module = _module(repository, path)
    if module is None:
        return ()
    found = [read for place in places(module) for read in read_at(place, module, repository)]
    found.extend(settings_reads(module, repository))
    unique = {(read.name, read.span, read.owner): read for read in found}
    return tuple(sorted(unique.values(), key=lambda read: (read.span.path != path, read.span.start)))


@per_repository
def env_files_in(repository: Repository, path: str) -> tuple[EnvFileRead, ...]:
    """The `.env` files that a Python file loads."""
    module = _module(repository, path)
    if module is None:
        return ()
    found = [file for place in places(module) for file in _loaded(place, module, repository)]
    return (*found, *settings_files(module, repository))


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
