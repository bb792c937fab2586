"""The objects by which a module reads its environment: `env = environ.Env()`, here or in a module that it imports."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Mapping

from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository
from prodlint.record import Entity, field
from prodlint.regex import regex
from prodlint.syntax.python import NOT_LITERAL, PythonModule, literal

__all__ = ["ReaderObject", "Roots", "module_file", "object_of"]

_DEPTH = 4
_OBJECTS = {
    "os.environ": "os.environ",
    "os.environb": "os.environ",
    "starlette.config.environ": "os.environ",
    "decouple.config": "python-decouple",
}
_CLASSES = {
    "environ.Env": "django-environ",
    "environ.FileAwareEnv": "django-environ",
    "environ.environ.Env": "django-environ",
    "environs.Env": "environs",
    "environs.FileAwareEnv": "environs",
    "decouple.Config": "python-decouple",
    "decouple.AutoConfig": "python-decouple",
    "starlette.config.Config": "Starlette",
    "dotenv.dotenv_values": "python-dotenv",
    "dotenv.main.dotenv_values": "python-dotenv",
}


class ReaderObject(Entity):
    """What reads the environment: the library, the beginning of all its names, and what it knows of some.

    `scheme` holds the cast and the default of names (`Env(DEBUG=(bool, False))`), as they are written.
    """

    reader: str
    prefix: str = ""
    scheme: Mapping[str, tuple[ast.expr, ast.expr | None]] = field(default_factory=dict)
    is_class: bool = False


class Roots:
    """The names of a module that may lead to a reader, so that all else is passed over without a closer look."""

    def __init__(self, module: PythonModule) -> None:
        self.module = module
        self.known: dict[str, bool] = {}

    def lead_to_a_reader(self, node: ast.expr, depth: int = 0) -> bool:
        """Whether an expression may read the environment, by the name that it begins with."""
        attributes: list[str] = []
        while not isinstance(node, ast.Name):
            if isinstance(node, ast.Attribute):
                attributes.append(node.attr)
                node = node.value
            elif isinstance(node, ast.Call):
                node = node.func
            else:
                return isinstance(node, ast.Dict)
        if node.id == "os":
            return not {"environ", "environb", "getenv"}.isdisjoint(attributes)
        if node.id not in self.known:
            self.known[node.id] = False
            self.known[node.id] = _speaks_of_one(node.id) or (depth <= _DEPTH and self._is_bound_to_one(node.id, depth))
        return self.known[node.id]

    def _is_bound_to_one(self, name: str, depth: int) -> bool:
        for binding in self.module.bindings(name):
            if binding.target is not None and _speaks_of_one(binding.target):
                return True
            value = binding.value
            if isinstance(value, ast.expr) and self.lead_to_a_reader(value, depth + 1):
                return True
            if isinstance(binding.node, ast.ClassDef):
                return any(self.lead_to_a_reader(base, depth + 1) for base in binding.node.bases)
        return False


_SPEAKING = regex(r"(?i)env|conf|settings|decouple|dj_database_url|\bos\b")


def _speaks_of_one(name: str) -> bool:
    return _SPEAKING.search(name) is not None


def object_of(
    expression: ast.expr, module: PythonModule, repository: Repository, depth: int = 0
) -> ReaderObject | None:
    """The reader that an expression names, None when it names none."""
    if depth > _DEPTH:
        return None
    if isinstance(expression, ast.Call):
        return _made(expression, module, repository, depth)
    if isinstance(expression, ast.Dict):
        return _united(expression, module, repository, depth)
    name = module.qualified_name(expression)
    if name in _OBJECTS:
        return ReaderObject(_OBJECTS[name])
    if name in _CLASSES:
        # Its own methods read: `environ.Env.read_env()`.
        return ReaderObject(_CLASSES[name], is_class=True)
    if name is not None:
        return _imported(name, module, repository, depth)
    if not isinstance(expression, ast.Name):
        return None
    bindings = module.bindings(expression.id)
    if bindings:
        value = bindings[-1].value
        return object_of(value, module, repository, depth + 1) if isinstance(value, ast.expr) else None
    for star in module.star_imports:
        found = _imported(f"{star}.{expression.id}", module, repository, depth)
        if found is not None:
            return found
    return None


def _made(call: ast.Call, module: PythonModule, repository: Repository, depth: int) -> ReaderObject | None:
    reader = _class_of(call.func, module, repository, depth)
    if reader is None:
        return None
    if reader == "django-environ":
        scheme = {one.arg: _pair(one.value) for one in call.keywords if one.arg is not None}
        return ReaderObject(reader, _prefix_set(call, module), scheme)
    if reader == "environs":
        return ReaderObject(reader, _text(call, "prefix"))
    return ReaderObject(reader, _text(call, "env_prefix") if reader == "Starlette" else "")


def _class_of(function: ast.expr, module: PythonModule, repository: Repository, depth: int) -> str | None:
    """The library whose reader a call makes; a class of the module may extend one."""
    name = module.qualified_name(function)
    if name in _CLASSES:
        return _CLASSES[name]
    if isinstance(function, ast.Name) and depth <= _DEPTH:
        for binding in module.bindings(function.id):
            if isinstance(binding.node, ast.ClassDef):
                for base in binding.node.bases:
                    found = _class_of(base, module, repository, depth + 1)
                    if found is not None:
                        return found
    return None


def _pair(node: ast.expr) -> tuple[ast.expr, ast.expr | None]:
    if isinstance(node, ast.Tuple) and len(node.elts) == 2:
        return node.elts[0], node.elts[1]
    return node, None


def _text(call: ast.Call, keyword: str) -> str:
    value = next((literal(one.value) for one in call.keywords if one.arg == keyword), NOT_LITERAL)
    return value if isinstance(value, str) else ""


def _prefix_set(call: ast.Call, module: PythonModule) -> str:
    """`env.prefix = "DJANGO_"` at the top of the module that makes `env`."""
    for statement in module.tree.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            value = literal(statement.value) if isinstance(target, ast.Attribute) and target.attr == "prefix" else None
            if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and isinstance(value, str):
                bindings = module.bindings(target.value.id)
                if bindings and bindings[-1].value is call:
                    return value
    return ""


def _united(node: ast.Dict, module: PythonModule, repository: Repository, depth: int) -> ReaderObject | None:
    """`{**dotenv_values(".env"), **os.environ}`."""
    parts = [value for key, value in zip(node.keys, node.values, strict=True) if key is None]
    found = [object_of(part, module, repository, depth + 1) for part in parts[:8]]
    readers = {one.reader for one in found if one is not None}
    return ReaderObject("python-dotenv") if "python-dotenv" in readers else None


def _imported(dotted: str, module: PythonModule, repository: Repository, depth: int) -> ReaderObject | None:
    """An object of another module of the repository."""
    owner, _, attribute = dotted.rpartition(".")
    if not owner or not any(word in attribute.lower() for word in ("env", "config", "conf", "settings")):
        return None
    path = module_file(repository, owner, module.source.path)
    other = repository.python(path) if path is not None and path != module.source.path else None
    return object_of(_name(attribute), other, repository, depth + 1) if other is not None else None


def _name(identifier: str) -> ast.Name:
    return ast.Name(identifier, ast.Load())


@per_repository
def _by_name(repository: Repository) -> dict[str, list[str]]:
    """The Python files of a repository by the last part of their dotted name."""
    found: dict[str, list[str]] = {}
    for path in sorted(repository.paths):
        if path.endswith(".py"):
            folder, _, name = path.removesuffix(".py").rpartition("/")
            found.setdefault(folder.rpartition("/")[2] if name == "__init__" else name, []).append(path)
    return found


@per_repository
def module_file(repository: Repository, dotted: str, near: str) -> str | None:
    """The file of a module by its dotted name, that which is nearest to another file where several end alike."""
    if not dotted or dotted.startswith("."):
        return None
    relative = dotted.replace(".", "/")
    for candidate in (f"{relative}.py", f"{relative}/__init__.py"):
        if candidate in repository.paths:
            return candidate
    ends = (f"/{relative}.py", f"/{relative}/__init__.py")
    found = [path for path in _by_name(repository).get(dotted.rpartition(".")[2], ()) if path.endswith(ends)]
    return max(found, key=lambda path: len(posixpath.commonprefix([path, near])), default=None)
