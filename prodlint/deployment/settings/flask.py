"""The configuration of a Flask service: what `app.config` holds once its app is made, and which object filled it.

The code that makes the app is evaluated as the server runs it: the module of the target, and the factory with the
arguments that the target gives it (configuration page, 2.5).
"""

from __future__ import annotations

from prodlint.deployment.evaluation.domain import LoadedObject
from prodlint.deployment.evaluation.interpreter import ConfigNames, Interpreter
from prodlint.deployment.service import Service
from prodlint.deployment.settings.found import AppSettings, SettingsSource
from prodlint.deployment.settings.start import Start
from prodlint.deployment.value import EnvDriven, Known, Unknown, Value

__all__ = ["flask_settings"]


def flask_settings(service: Service, start: Start, interpreter: Interpreter) -> AppSettings | None:
    """The configuration of the app that a service serves or works for; None when no app of Flask is made."""
    names = None
    for one in start.modules:
        names = interpreter.run(one.path, one.dotted)
    called = _factory_call(service)
    if names is not None and called is not None:
        interpreter.call(names, called)
    app = service.app
    config = interpreter.flask_config(app.span if app is not None and not app.others else None)
    if config is None:
        return None
    module, path = _module(config)
    sources = tuple(SettingsSource(_named(one), one.span, f"from_object in {one.span.path}") for one in config.loaded)
    decided = sources[-1] if sources else SettingsSource(module, config.span, f"app in {config.span.path}")
    return AppSettings("Flask", module, path, decided.origin, decided.span, sources or (decided,), config, start.roots)


def _factory_call(service: Service) -> str | None:
    """`create_app("production")` of a target, None for one that names an app."""
    server = service.server
    target = server.target if server is not None and not server.in_code else None
    text = target.value if isinstance(target, Known) else target.default if isinstance(target, EnvDriven) else None
    name = (text or "").partition(":")[2].strip()
    return name if name.endswith(")") else None


def _module(config: ConfigNames) -> tuple[Value[str], str | None]:
    """The object that filled the configuration last, and its file; the app itself where none did."""
    if not config.loaded:
        return Known("app.config", config.span), config.span.path
    last = config.loaded[-1]
    return _named(last), last.path or None


def _named(one: LoadedObject) -> Value[str]:
    if one.label is None and one.names:
        return EnvDriven(min(one.names), None, one.span, form=None)
    if one.label is None:
        return Unknown("the object that fills app.config is not known", one.span)
    return EnvDriven(min(one.names), one.label, one.span, form=None) if one.names else Known(one.label, one.span)
