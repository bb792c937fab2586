"""The settings that a service really runs with: which module or class, who decided so, and what its names hold.

The question is never what `settings.py` says but what this process sees: the module that its command, its
environment and its entry module choose, evaluated with its own variables (configuration page, 2.1 to 2.3).
Nothing here is worked out before somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from prodlint.deployment.app import files_of_module, locate_module, module_at
from prodlint.deployment.command import Step
from prodlint.deployment.condition import NOWHERE, Lookup, from_outside
from prodlint.deployment.execution.place import Place
from prodlint.deployment.filemap import CHECKOUT
from prodlint.deployment.releases.release import PipelineStep
from prodlint.deployment.repository import Repository
from prodlint.deployment.service import Service
from prodlint.deployment.settings.found import AppSettings, SettingsSource
from prodlint.deployment.settings.start import Start, agreed_start, start_of, start_of_command
from prodlint.deployment.value import EnvDriven, Known, Unknown, Value
from prodlint.record import replace
from prodlint.source import Span

if TYPE_CHECKING:
    from prodlint.deployment.evaluation.interpreter import Interpreter, Namespace

__all__ = [
    "AppSettings",
    "SettingsSource",
    "opened",
    "settings_classes_of",
    "settings_of",
    "settings_of_pipeline_step",
    "settings_of_step",
    "settings_when_open",
]

_VARIABLE = "DJANGO_SETTINGS_MODULE"
_CLASS_VARIABLE = "DJANGO_CONFIGURATION"


_classes: WeakKeyDictionary[Repository, dict[int, tuple[object, tuple[AppSettings, ...]]]] = WeakKeyDictionary()
_known: WeakKeyDictionary[Repository, dict[tuple[int, int], tuple[object, AppSettings | None]]] = WeakKeyDictionary()


def settings_of(service: Service, repository: Repository) -> AppSettings | None:
    """The settings of a service's program; None when it is of no framework whose settings are read."""
    return _kept(service, service.step, repository)


def settings_when_open(service: Service, names: frozenset[str], repository: Repository) -> AppSettings | None:
    """The settings of a service as if some variables were left to whoever runs it: what they decide is to be seen."""
    return _settings(service, service.step, repository, names)


def settings_classes_of(service: Service, repository: Repository) -> tuple[AppSettings, ...]:
    """The settings classes of pydantic that a service's program imports, with what their fields hold there."""
    answers = _classes.setdefault(repository, {})
    if id(service) not in answers:
        from prodlint.deployment.settings.pydantic import pydantic_settings

        start = agreed_start(service, repository)
        found = () if start is None else pydantic_settings(service, start, repository)
        answers[id(service)] = (service, found)
    return answers[id(service)][1]


def settings_of_step(service: Service, step: Step, repository: Repository) -> AppSettings | None:
    """The settings that one step of a service runs with: `manage.py migrate` in front of the server has its own."""
    return _kept(service, step, repository)


def _kept(service: Service, step: Step | None, repository: Repository) -> AppSettings | None:
    """The settings of a step; without one, those of the function that a platform calls."""
    answers = _known.setdefault(repository, {})
    key = (id(service), id(step))
    if key not in answers:
        # What was asked about is kept with the answer: no other object gets its number.
        answers[key] = ((service, step), _settings(service, step, repository))
    return answers[key][1]


def settings_of_pipeline_step(step: PipelineStep, repository: Repository) -> AppSettings | None:
    """The Django settings of a step of a pipeline, with the variables of its job; None for one that has none."""
    if step.step is None or step.remote:
        return None
    start = start_of_command(step.step, Place(CHECKOUT, step.step.directory), step.variables, repository)
    if not (start.is_django or _mentions(start, repository)):
        return None
    names = tuple(start.variables.names)
    from prodlint.deployment.evaluation.interpreter import Interpreter

    interpreter = Interpreter(repository, start.roots, start.lookup, start.argv, names=names)
    return _django(start, interpreter, step.step.span, repository)


def _settings(
    service: Service, step: Step | None, repository: Repository, names: frozenset[str] = frozenset()
) -> AppSettings | None:
    is_own = step is None or step is service.step
    start = agreed_start(service, repository) if is_own or step is None else start_of(service, step, repository)
    if start is None:
        return None
    if names:
        start = replace(start, lookup=opened(start.lookup, names))
    is_django = start.is_django or _mentions(start, repository)
    if not is_django and not (is_own and _may_be_flask(service)):
        return None
    from prodlint.deployment.settings.installed import interpreter_of

    interpreter = interpreter_of(start, service, repository)
    for file in start.env_files:
        interpreter.load_env_file(file)
    if is_django:
        return _django(start, interpreter, service.span if step is None else step.span, repository)
    from prodlint.deployment.settings.flask import flask_settings

    return flask_settings(service, start, interpreter)


def opened(lookup: Lookup, names: frozenset[str]) -> Lookup:
    """The variables that a program finds, as if nothing were known of some of them."""
    return lambda name: from_outside(name) if name in names else lookup(name)


def _django(start: Start, interpreter: Interpreter, span: Span, repository: Repository) -> AppSettings | None:
    from prodlint.deployment.evaluation.machine import MOST_STEPS_OF_A_MODULE

    for one in start.modules:
        interpreter.run(one.path, one.dotted, MOST_STEPS_OF_A_MODULE)
    module, sources = _module(start, interpreter, span)
    if module is None:
        return None
    deciding = sources[-1] if sources else SettingsSource(module, span, "")
    name = module.value if isinstance(module, Known) else module.default if isinstance(module, EnvDriven) else None
    path = _path(start, name, repository) if name else None
    values = _nothing(module, name, deciding.span)
    if path is not None:
        values = _of_class(interpreter, interpreter.run(path, name or ""))
    return AppSettings("Django", module, path, deciding.origin, deciding.span, sources, values, start.roots)


def _may_be_flask(service: Service) -> bool:
    return service.worker is not None if service.app is None else service.app.framework in ("Flask", "Quart")


def _mentions(start: Start, repository: Repository) -> bool:
    """Whether anything that is run names a settings module: else nothing has to be evaluated."""
    if _VARIABLE in start.variables.by_name or any(name == _VARIABLE for name, _ in start.given):
        return True
    return any(_VARIABLE.encode() in (repository.data(module.path) or b"") for module in start.modules)


def _module(start: Start, interpreter: Interpreter, span: Span) -> tuple[Value[str] | None, tuple[SettingsSource, ...]]:
    """The name of the settings module, None for a process without one, and the places that had a say."""
    writes = interpreter.writes(_VARIABLE)
    # Of several defaults the first one holds.
    sources = [_written(one.value, one.span, "setdefault") for one in reversed(writes) if one.is_default]
    value = interpreter.variable(_VARIABLE)
    default = value.value if isinstance(value, Known) else value.default if isinstance(value, EnvDriven) else None
    if not sources or _text(sources[-1].value) != default:
        held = interpreter.env_file_values(_VARIABLE)
        sources += [SettingsSource(one, one.span or NOWHERE, ".env file that is loaded") for one in held]
    definitions = start.variables.definitions(_VARIABLE)
    sources += [SettingsSource(one.value, one.span, one.origin) for one in definitions]
    for name, given in start.given:
        if name == _VARIABLE:
            sources.append(SettingsSource(given.value, given.span, given.origin))
    sources += [_written(one.value, one.span, "os.environ") for one in writes if not one.is_default]
    if start.named is not None:
        sources.append(SettingsSource(start.named.value, start.named.span, start.named.origin))
        value = start.named.value
    found = tuple(sources)
    if value is None or (isinstance(value, EnvDriven) and value.default is None and not definitions):
        if not start.is_django:
            return None, found
        where = "" if value is None else " in the repository"
        return Unknown(f"nothing{where} sets {_VARIABLE}", span), found
    return _named(value, found), found


def _written(value: Value[object], span: Span, how: str) -> SettingsSource:
    return SettingsSource(value, span, f"{how} in {span.path}")


def _text(value: Value[object]) -> object:
    return value.value if isinstance(value, Known) else None


def _named(value: Value[object], sources: tuple[SettingsSource, ...]) -> Value[str]:
    span = sources[-1].span if sources else value.span or NOWHERE
    if isinstance(value, Known):
        if isinstance(value.value, str):
            return Known(value.value, span)
        return Unknown(f"{_VARIABLE} is no text", span)
    if isinstance(value, EnvDriven):
        default = value.default if isinstance(value.default, str) else None
        return EnvDriven(value.name, default, span, value.is_required, value.form)
    return Unknown(value.reason, value.span or span)


def _path(start: Start, name: str, repository: Repository) -> str | None:
    """The file of the settings module, where the process imports from; else the only one of that name."""
    found = locate_module(repository, start.roots, name) or module_at(start.place, (), name, repository)
    if found is not None:
        return found
    everywhere = files_of_module(repository, name)
    return everywhere[0] if len(everywhere) == 1 else None


class _Nothing(Mapping[str, Value[object]]):
    """The names of a module that cannot be read: any may be there, and none is known."""

    def __init__(self, reason: Unknown) -> None:
        self._reason = reason

    def __getitem__(self, name: str) -> Value[object]:
        return self._reason

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _nothing(module: Value[str], name: str | None, span: Span) -> Mapping[str, Value[object]]:
    if isinstance(module, Unknown):
        return _Nothing(module)
    if not name:
        return _Nothing(Unknown(f"{_VARIABLE} is empty: Django does not start", span))
    return _Nothing(Unknown(f"the module {name} is not in this repository", span))


def _of_class(interpreter: Interpreter, names: Namespace) -> Mapping[str, Value[object]]:
    """The class of the module that django-configurations takes the settings from, where a variable names one."""
    chosen = interpreter.variable(_CLASS_VARIABLE)
    if chosen is None or (isinstance(chosen, EnvDriven) and chosen.default is None):
        return names
    if isinstance(chosen, Unknown):
        return _Nothing(chosen)
    wanted = chosen.value if isinstance(chosen, Known) else chosen.default
    return names.of_class(str(wanted)) or names
