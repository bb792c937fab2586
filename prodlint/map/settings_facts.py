"""The settings that a service runs with, as the map tells them: which ones, and which line decided so."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.model import Deployment
from prodlint.deployment.service import Service
from prodlint.deployment.settings.found import AppSettings
from prodlint.deployment.value import EnvDriven, Known, Unknown, Value
from prodlint.map.database_fact import database_fact
from prodlint.map.document import Fact, Source, State
from prodlint.map.value_text import driven_text

__all__ = ["settings_facts"]

_CLASSES = 3


def settings_facts(service: Service, deployment: Deployment) -> Iterator[Fact]:
    """The settings module or object of a service, else the settings classes that it imports; nothing without any."""
    settings = deployment.settings_of(service)
    if settings is not None:
        told = _state(settings.module), settings.span, _sources(settings)
        yield Fact("settings", _text(settings), *told, quiet=_is_plain(settings, service), layered=True)
        database = deployment.settings_database_of(service)
        if database is not None:
            yield database_fact(database)
        return
    classes = deployment.settings_classes_of(service)
    if classes:
        sources = tuple(source for one in classes for source in _sources(one))
        more = f" and {len(classes) - _CLASSES} more" if len(classes) > _CLASSES else ""
        text = f"{', '.join(_text(one) for one in classes[:_CLASSES])}{more}"
        states = {_state(one.module) for one in classes}
        state = State.ENVIRONMENT if State.ENVIRONMENT in states else State.KNOWN
        yield Fact("settings", text, state, classes[0].span, sources)


def _is_plain(settings: AppSettings, service: Service) -> bool:
    """Whether a Flask app is configured by nothing but the lines around it."""
    app, module = service.app, settings.module
    plain = app is not None and isinstance(module, Known) and module.value == "app.config"
    return plain and app is not None and (settings.span.path, settings.span.line) == (app.path, app.span.line)


def _sources(settings: AppSettings) -> tuple[Source, ...]:
    return tuple(Source(_shown(one.value), one.span, one.origin) for one in settings.sources)


def _text(settings: AppSettings) -> str:
    module = settings.module
    if isinstance(module, Unknown):
        return module.reason
    if isinstance(module, EnvDriven) and module.default is None:
        return f"${module.name} names them"
    name = module.value if isinstance(module, Known) else module.default
    text = f"{name} ({_place(settings)})"
    if isinstance(module, EnvDriven):
        text += f" unless {module.name} is set outside"
    # That a desk keeps its `.env` for itself is usual.
    files = [one.path.value for one in settings.missing_files if isinstance(one.path, Known)]
    missing = [file for file in files if posixpath.basename(file) != ".env"]
    if missing:
        text += f"; reads {', '.join(missing)}, which is not in this repository"
    return text if settings.path is not None else f"{text}, which is not in this repository"


def _place(settings: AppSettings) -> str:
    if settings.origin.endswith(settings.span.path):
        return f"{settings.origin}:{settings.span.line}"
    return f"{settings.origin}, {settings.span}"


def _state(value: Value[str]) -> State:
    if isinstance(value, Known):
        return State.KNOWN
    return State.ENVIRONMENT if isinstance(value, EnvDriven) else State.UNKNOWN


def _shown(value: Value[object]) -> str:
    if isinstance(value, Known):
        return str(value.value)
    if isinstance(value, EnvDriven):
        return driven_text(value)
    return f"? ({value.reason})"
