"""The pydantic-settings classes that a service imports, with what their fields hold there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from prodlint.deployment.apps.import_graph import ImportGraph
from prodlint.deployment.apps.text import python_with
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.evaluation.pydantic_checks import sources_of
from prodlint.deployment.evaluation.pydantic_fields import Fields, Surroundings
from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.service import Service
from prodlint.deployment.settings.choice import Choice, made_classes
from prodlint.deployment.settings.found import AppSettings, SettingsSource
from prodlint.deployment.settings.start import Start
from prodlint.deployment.value import EnvDriven, Known, Value
from prodlint.deployment.variables.env_read import EnvFileRead
from prodlint.deployment.variables.read_settings import SettingsClass, settings_classes
from prodlint.regex import regex

if TYPE_CHECKING:
    from prodlint.deployment.evaluation.interpreter import Interpreter

__all__ = ["pydantic_settings"]

_TELLING = regex(rb"BaseSettings|\bclass\s+\w+\s*\(\s*[\w.]*Settings\b")
_CLASS = regex(rb"\bclass[ \t]+(\w+)[ \t]*\(([^()]{1,400})\)")
_RENAMED = regex(rb"\b(\w+)[ \t]+as[ \t]+(\w+)")
_WORD = regex(rb"\w+")
# Classes that extend one another across files, and their names: far above what real code holds.
_LONGEST_LINE = 5
_MOST_NAMES = 200


def pydantic_settings(service: Service, start: Start, repository: Repository) -> tuple[AppSettings, ...]:
    """The settings classes that the code of a service imports, each with what its fields hold."""
    telling = _telling_files(repository)
    found: list[SettingsClass] = []
    for path in _imported(start, telling, repository):
        module = repository.python(path)
        if module is not None:
            found += settings_classes(module, repository)
    choices = made_classes(found, repository, start.lookup)
    if len(choices) > 1:
        from prodlint.deployment.settings.unmade import is_unmade

        def interpreter() -> Interpreter:
            from prodlint.deployment.settings.installed import interpreter_of

            return interpreter_of(start, service, repository)

        choices = tuple(one for one in choices if not is_unmade(one.made, interpreter, repository))
    return tuple(_settings(one, service, start, repository) for one in choices)


@per_repository
def _telling_files(repository: Repository) -> frozenset[str]:
    """The files of production that may hold a settings class; `class Prod(Base)` of another file is one too."""
    telling = {path for path in python_with(repository, (b"Settings",)) if _tells(path, repository)}
    known: set[bytes] = set()
    for _ in range(_LONGEST_LINE if telling else 0):
        names = {name for path in telling for name in _heirs(repository.data(path) or b"", known)} - known
        if not names or len(known) > _MOST_NAMES:
            break
        known |= names
        for path in repository.python_files:
            data = repository.data(path)
            if data is None or path in telling or not any(name in data for name in names) or not _is_served(path):
                continue
            if any(_heirs(data, known)):
                telling.add(path)
    return frozenset(telling)


def _tells(path: str, repository: Repository) -> bool:
    """Whether a file of production may hold a settings class, as its own text says."""
    data = repository.data(path) or b""
    return b"Settings" in data and _TELLING.search(data) is not None and _is_served(path)


def _is_served(path: str) -> bool:
    return environment_of(path) not in (Environment.TEST, Environment.DEVELOPMENT)


def _heirs(data: bytes, known: set[bytes]) -> Iterator[bytes]:
    """The classes of a text that extend one whose name is known, or says that it is one of settings."""
    renamed = {other for name, other in _RENAMED.findall(data) if name in known}
    for name, bases in _CLASS.findall(data):
        words = _WORD.findall(bases)
        if any(word in known or word in renamed or word.endswith(b"Settings") for word in words):
            yield name


def _imported(start: Start, wanted: frozenset[str], repository: Repository) -> Iterator[str]:
    """Those of some files that a process imports, in the order in which they are found; not those of functions."""
    if wanted:
        graph = ImportGraph(repository, (*start.roots, ""), (module.path for module in start.modules))
        chains = {path: graph.chain(path) for path in sorted(wanted & graph.files)}
        found = [(len(chain), path) for path, chain in chains.items() if chain is not None]
        yield from (path for _, path in sorted(found))


def _settings(choice: Choice, service: Service, start: Start, repository: Repository) -> AppSettings:
    one = choice.made
    path = one.module.source.path
    root = next((root for root in start.roots if not root or path.startswith(f"{root}/")), "")
    dotted = path[len(root) :].lstrip("/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    span = one.module.span(one.node)
    name = f"{dotted}.{one.node.name}"
    computed = _defaults(one, path, dotted, service, start, repository)
    folder = start.roots[0] if start.roots else ""
    files = start.place.files
    around = Surroundings(repository, start.lookup, tuple(start.variables.names), folder, computed, files)
    values = Fields(one, around, sources_of(one))
    module: Value[str] = EnvDriven(choice.variable, name, span) if choice.variable else Known(name, span)
    source = SettingsSource(Known(name, span), span, f"class in {path}")
    missing = tuple(file for file in one.files if _is_nowhere(file, folder, repository))
    return AppSettings("pydantic-settings", module, path, source.origin, span, (source,), values, start.roots, missing)


def _is_nowhere(file: EnvFileRead, folder: str, repository: Repository) -> bool:
    path = file.path
    return isinstance(path, Known) and normal_path(folder, path.value) not in repository.paths


def _defaults(
    one: SettingsClass, path: str, dotted: str, service: Service, start: Start, repository: Repository
) -> Callable[[str], Value[object] | None]:
    """What the class holds under a name once its module ran, which it does when somebody asks."""
    held: list[Mapping[str, Value[object]]] = []

    def default(name: str) -> Value[object] | None:
        if not held:
            from prodlint.deployment.settings.installed import interpreter_of

            interpreter = interpreter_of(start, service, repository)
            held.append(interpreter.run(path, dotted).of_class(one.node.name) or {})
        return held[0].get(name)

    return default
